/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clear services that authentication leans on, for services.h: what a KDC answers (port 88, UDP and TCP), and connections
 * to where revocation lists are fetched that come to nothing.
 *
 * Called by track.c and track_flow.c for clear packets. Any host can be asked for by any peer later, so none is left out;
 * the judge decides what matters.
 */
#include "track.h"

#include "hash.h"
#include "track_state.h"
#include "../../dissectors/cursor.h"
#include "../../dissectors/kerberos.h"

enum {
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PORT_HTTP = 80, /* revocation lists (RFC 5280 section 4.2.1.13) and OCSP (RFC 6960 appendix A) */
	PORT_LDAP = 389,
	PORT_LDAP_GLOBAL = 3268, /* the global catalogue of a Windows domain */
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_ACK = 0x10,
};

static void put(struct track *track, struct transition *transition, const struct packet *packet,
		const struct track_key *key)
{
	bool lower = key->direction == 0;

	transition->time_ns = key->time_ns;
	transition->serial = ++track->serial;
	transition->realm = key->realm;
	transition->vlan = packet->vlan;
	transition->interface = packet->interface;
	transition->direction = key->direction;
	transition->a = lower ? packet->src : packet->dst;
	transition->b = lower ? packet->dst : packet->src;
	track->sink.put(track->sink.context, transition);
}

/* "host/bob.example": printable ASCII, what does not fit is left out. */
static void name_service(const struct kerberos_message *message, struct transition_kerberos *kerberos)
{
	size_t length = 0;

	for (unsigned i = 0; i < message->component_count; i++) {
		const struct kerberos_text *component = &message->service[i];
		if (i > 0 && length + 1 < TRANSITION_SERVICE_SIZE)
			kerberos->name[length++] = '/';
		for (uint32_t j = 0; j < component->length && length + 1 < TRANSITION_SERVICE_SIZE; j++) {
			uint8_t octet = component->octets[j];
			kerberos->name[length++] = octet > 0x20 && octet < 0x7f ? (char)octet : '?';
		}
		kerberos->service ^= hash_octets(component->octets, component->length, i + 1);
	}
	kerberos->name[length] = '\0';
}

void track_kerberos(struct track *track, const struct packet *packet, const struct track_key *key)
{
	struct kerberos_message message;
	struct cursor cursor = cursor_make(packet->payload, packet->payload_captured, packet->payload_length);

	if (!packet->payload_captured || !kerberos_read(&cursor, packet->protocol == PROTOCOL_TCP, &message) ||
	    message.type == KERBEROS_AS_REQ || message.type == KERBEROS_TGS_REQ)
		return;
	struct transition transition = { .kind = TRANSITION_KERBEROS };
	transition.kerberos = (struct transition_kerberos){ .type = message.type, .error = message.error };
	name_service(&message, &transition.kerberos);
	put(track, &transition, packet, key);
}

static bool fetches_from(uint16_t port)
{
	return port == PORT_HTTP || port == PORT_LDAP || port == PORT_LDAP_GLOBAL;
}

void track_fetch(struct track *track, const struct flow *flow, const struct packet *packet, const struct track_key *key)
{
	unsigned d = key->direction;
	bool to = fetches_from(packet->dst_port), from = fetches_from(packet->src_port);

	if (!to && !from)
		return;
	struct transition transition = { .kind = TRANSITION_FETCH };
	bool asks = to && (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	if (asks && flow_packets(flow, d) == TRACK_FETCH_TRIES && flow_packets(flow, !d) == 0) {
		transition.fetch = (struct transition_fetch){ FETCH_UNANSWERED, packet->dst_port };
		put(track, &transition, packet, key);
	} else if (from && flow_packets(flow, d) == 1 && flow_packets(flow, !d) > 0) {
		struct track_key asked = *key;
		struct packet request = *packet;
		bool refused = (packet->tcp_flags & TCP_RST) != 0;
		if (!refused && flow_packets(flow, !d) < TRACK_FETCH_TRIES)
			return; /* answered as it should be: nothing was told of it */
		request.src = packet->dst;
		request.dst = packet->src;
		asked.direction = !d;
		transition.fetch =
		    (struct transition_fetch){ refused ? FETCH_REFUSED : FETCH_ANSWERED, packet->src_port };
		put(track, &transition, &request, &asked);
	}
}
