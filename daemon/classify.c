/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for cleartext flows: the home of nDPI.
 *
 * Called by a worker for flows without a name. It must never be shown ESP, AH or IKE, which our own dissectors know
 * better, and it must not let nDPI guess by port or address: only what was found in the bytes is a name.
 *
 * nDPI believes the length in the IP header, refuses packets that were not captured whole, and now and then looks a few
 * octets behind the payload. So each packet is copied to a buffer with its length set to what was captured and zeros
 * behind it; beside the microseconds of the inspection that costs little.
 *
 * A flow that greets with TLS, HTTP or a question to a name server (dissectors/greeting.h) has its name by that, the same that
 * nDPI gives it: nDPI would take a hello apart for its fingerprint, try some of its dissectors of HTTP, and look whether the name
 * asked for is a brand's or a machine's making, for ten microseconds.
 */
#include "classify.h"

#include "audit/pages.h"
#include "report/memory_or_end.h"
#include "../config/spelling.h"
#include "../dissectors/cursor.h"
#include "../dissectors/greeting.h"

#include <ctype.h>
#include <ndpi/ndpi_api.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
	PACKETS = 8, /* looked at per flow */
	SLACK = 256, /* zeros behind the copy */
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	TCP_HEADER = 20,
	UDP_HEADER = 8,
	PORT_DNS = 53,
};

struct slot {
	uint32_t next_free;           /* number of the next free slot; SLOT_BUSY while a flow holds it */
	uint8_t packets;              /* looked at so far */
	uint8_t transport;            /* IP protocol number of the first packet that nDPI could read; 0: none yet */
	bool asked;                   /* nDPI has been, and keeps something in `flow` */
	bool credentials;             /* seen so far */
	uint16_t app;                 /* the name so far */
	struct ndpi_flow_struct flow; /* nDPI's, zero until it is asked; what it points to is freed with the slot */
};

static const uint32_t SLOT_BUSY = UINT32_MAX;

struct classifier {
	struct ndpi_detection_module_struct *ndpi; /* owned */
	struct slot *slots;                 /* owned; slot n is slots[n - 1], its memory is touched when first used */
	uint32_t slot_count;                /* of them all */
	uint32_t slot_fresh;                /* the first so many were used once */
	uint32_t used, allowed;             /* in use now, and at most */
	uint32_t free_slot;                 /* last one given back, 0: none */
	uint8_t packet[UINT16_MAX + SLACK]; /* the copy nDPI is shown */
	uint32_t packet_dirty;              /* octets of it that may differ from zero */
};

/*
 * Dissectors left out: our own of IPsec is better; games, swarms and what streams films or chats of phones is no traffic
 * between peers of a policy, costs every unknown flow its share of each look (BitTorrent's a fifth of it), and is told by
 * patterns so short that random octets meet them. Such a flow goes by its port.
 */
static const uint16_t left_out[] = {
	NDPI_PROTOCOL_IP_IPSEC,
	NDPI_PROTOCOL_BITTORRENT,
	NDPI_PROTOCOL_MINING,
	NDPI_PROTOCOL_WHATSAPP,
	NDPI_PROTOCOL_WHATSAPP_CALL,
	NDPI_PROTOCOL_TELEGRAM,
	NDPI_PROTOCOL_HANGOUT_DUO,
	NDPI_PROTOCOL_AMAZON_VIDEO,
	NDPI_PROTOCOL_APPLE_PUSH,
	NDPI_PROTOCOL_TEAMSPEAK,
	NDPI_PROTOCOL_ICECAST,
	NDPI_PROTOCOL_SHOUTCAST,
	NDPI_PROTOCOL_RTMP,
	NDPI_PROTOCOL_DIRECT_DOWNLOAD_LINK,
	NDPI_PROTOCOL_USENET,
	NDPI_PROTOCOL_WHOIS_DAS,
	NDPI_PROTOCOL_Z3950,
	NDPI_PROTOCOL_AVAST_SECUREDNS,
	NDPI_PROTOCOL_APPLEJUICE,
	NDPI_PROTOCOL_DIRECTCONNECT,
	NDPI_PROTOCOL_KONTIKI,
	NDPI_PROTOCOL_FASTTRACK,
	NDPI_PROTOCOL_GNUTELLA,
	NDPI_PROTOCOL_EDONKEY,
	NDPI_PROTOCOL_OPENFT,
	NDPI_PROTOCOL_XBOX,
	NDPI_PROTOCOL_QQ,
	NDPI_PROTOCOL_PPSTREAM,
	NDPI_PROTOCOL_ZATTOO,
	NDPI_PROTOCOL_SOPCAST,
	NDPI_PROTOCOL_TVUPLAYER,
	NDPI_PROTOCOL_QQLIVE,
	NDPI_PROTOCOL_THUNDER,
	NDPI_PROTOCOL_AMONG_US,
	NDPI_PROTOCOL_STEAM,
	NDPI_PROTOCOL_HALFLIFE2,
	NDPI_PROTOCOL_WORLDOFWARCRAFT,
	NDPI_PROTOCOL_STEALTHNET,
	NDPI_PROTOCOL_AIMINI,
	NDPI_PROTOCOL_ARMAGETRON,
	NDPI_PROTOCOL_CROSSFIRE,
	NDPI_PROTOCOL_DOFUS,
	NDPI_PROTOCOL_FIESTA,
	NDPI_PROTOCOL_FLORENSIA,
	NDPI_PROTOCOL_GUILDWARS,
	NDPI_PROTOCOL_MAPLESTORY,
	NDPI_PROTOCOL_WARCRAFT3,
	NDPI_PROTOCOL_NINTENDO,
	NDPI_PROTOCOL_WORLD_OF_KUNG_FU,
	NDPI_PROTOCOL_STARCRAFT,
	NDPI_PROTOCOL_CSGO,
	NDPI_PROTOCOL_GENSHIN_IMPACT,
	NDPI_PROTOCOL_ACTIVISION,
	NDPI_PROTOCOL_VHUA,
	NDPI_PROTOCOL_KAKAOTALK,
	NDPI_PROTOCOL_KAKAOTALK_VOICE,
	NDPI_PROTOCOL_IFLIX,
	NDPI_PROTOCOL_IMO,
	NDPI_PROTOCOL_EAQ,
	NDPI_PROTOCOL_TARGUS_GETDATA,
	NDPI_PROTOCOL_SNAPCHAT_CALL,
	NDPI_PROTOCOL_SPOTIFY,
	NDPI_PROTOCOL_NEST_LOG_SINK,
	NDPI_PROTOCOL_VIBER,
	NDPI_PROTOCOL_OOKLA,
	NDPI_PROTOCOL_PLAYSTATION,
};

static size_t slots_size(const struct classifier *classifier)
{
	return (classifier->slot_count ? classifier->slot_count : 1) * sizeof(*classifier->slots);
}

struct classifier *classifier_new(uint32_t slots)
{
	struct classifier *classifier;
	NDPI_PROTOCOL_BITMASK enabled;

	/* The flow struct is part of our slots: header and library have to agree. */
	if (ndpi_get_api_version() != NDPI_API_VERSION ||
	    ndpi_detection_get_sizeof_ndpi_flow_struct() != sizeof(struct ndpi_flow_struct) || slots == SLOT_BUSY)
		return NULL;
	classifier = calloc(1, sizeof(*classifier));
	if (!classifier)
		return NULL;
	/* It goes on with what it did not get, and falls. */
	set_ndpi_malloc(memory_or_end);
	set_ndpi_flow_malloc(memory_or_end);
	classifier->slot_count = classifier->allowed = slots;
	classifier->slots = pages_map(slots_size(classifier));
	classifier->ndpi = ndpi_init_detection_module(ndpi_dont_load_tor_hosts);
	if (!classifier->slots || !classifier->ndpi) {
		classifier_free(classifier);
		return NULL;
	}
	/* One flow after the other takes its slot, fills it and is done with it. */
	pages_keep_small(classifier->slots, slots_size(classifier));
	NDPI_BITMASK_SET_ALL(enabled);
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		enabled.fds_bits[left_out[i] / 32] &= ~((ndpi_ndpi_mask)1 << left_out[i] % 32);
	ndpi_set_protocol_detection_bitmask2(classifier->ndpi, &enabled);
	ndpi_set_log_level(classifier->ndpi, 0);
	/* Without this it would print a complaint for each packet. */
	ndpi_finalize_initialization(classifier->ndpi);
	return classifier;
}

uint32_t classifier_used(const struct classifier *classifier)
{
	return classifier->used;
}

void classifier_allow(struct classifier *classifier, uint32_t slots)
{
	classifier->allowed = slots;
}

uint32_t classifier_begin(struct classifier *classifier)
{
	uint32_t slot = classifier->free_slot;

	if (classifier->used >= classifier->allowed)
		return CLASSIFY_SLOT_NONE;
	if (slot != CLASSIFY_SLOT_NONE)
		classifier->free_slot = classifier->slots[slot - 1].next_free;
	else if (classifier->slot_fresh < classifier->slot_count)
		slot = ++classifier->slot_fresh;
	else
		return CLASSIFY_SLOT_NONE;
	classifier->slots[slot - 1].next_free = SLOT_BUSY;
	classifier->used++;
	return slot;
}

static struct slot *find_slot(struct classifier *classifier, uint32_t slot)
{
	if (slot == CLASSIFY_SLOT_NONE || slot > classifier->slot_fresh ||
	    classifier->slots[slot - 1].next_free != SLOT_BUSY)
		return NULL;
	return &classifier->slots[slot - 1];
}

void classifier_fetch(const struct classifier *classifier, uint32_t slot)
{
	pages_fetch_range(&classifier->slots[slot - 1], &classifier->slots[slot]);
}

void classifier_end(struct classifier *classifier, uint32_t slot)
{
	struct slot *held = find_slot(classifier, slot);

	if (!held)
		return;
	if (held->asked) {
		ndpi_free_flow_data(&held->flow);
		memset(&held->flow, 0, sizeof(held->flow));
	}
	memset(held, 0, offsetof(struct slot, flow));
	held->next_free = classifier->free_slot;
	classifier->free_slot = slot;
	classifier->used--;
}

/*
 * Copies the packet with its length set to what is there. Returns octets for nDPI, 0 if it is not IP. A packet that was
 * cut short is shown as a shorter one.
 */
static uint16_t copy_packet(struct classifier *classifier, const uint8_t *ip, uint16_t captured)
{
	uint8_t *copy = classifier->packet;
	uint32_t length, header;

	if (captured < IPV4_HEADER)
		return 0;
	if (ip[0] >> 4 == 4) {
		header = (ip[0] & 0x0fU) * 4;
		length = (uint32_t)ip[2] << 8 | ip[3];
		/* 0 where the network card was to cut a larger segment up. */
		if (length == 0 || length > captured)
			length = captured;
		if (header < IPV4_HEADER || length < header)
			return 0;
	} else if (ip[0] >> 4 == 6 && captured >= IPV6_HEADER) {
		header = IPV6_HEADER;
		length = IPV6_HEADER + ((uint32_t)ip[4] << 8 | ip[5]);
		/* A length of zero belongs to a jumbogram, or to offload. */
		if (length == IPV6_HEADER || length > captured)
			length = captured;
	} else {
		return 0;
	}
	memcpy(copy, ip, length);
	if (header == IPV6_HEADER && ip[0] >> 4 == 6) {
		copy[4] = (uint8_t)((length - IPV6_HEADER) >> 8);
		copy[5] = (uint8_t)(length - IPV6_HEADER);
	} else {
		copy[2] = (uint8_t)(length >> 8);
		copy[3] = (uint8_t)length;
	}
	if (classifier->packet_dirty > length)
		memset(copy + length, 0,
		       classifier->packet_dirty - length < SLACK ? classifier->packet_dirty - length : SLACK);
	classifier->packet_dirty = classifier->packet_dirty > length ? classifier->packet_dirty : length;
	return (uint16_t)length;
}

/* Whether what nDPI finds in this protocol is named after it: a host name makes the rest, and is a brand. */
static bool carries_brands(uint16_t protocol)
{
	switch (protocol) {
	case NDPI_PROTOCOL_DNS:
	case NDPI_PROTOCOL_MDNS:
	case NDPI_PROTOCOL_HTTP:
	case NDPI_PROTOCOL_HTTP_CONNECT:
	case NDPI_PROTOCOL_HTTP_PROXY:
	case NDPI_PROTOCOL_TLS:
	case NDPI_PROTOCOL_DTLS:
	case NDPI_PROTOCOL_QUIC:
	case NDPI_PROTOCOL_STUN:
	case NDPI_PROTOCOL_MAIL_SMTP:
	case NDPI_PROTOCOL_MAIL_SMTPS:
	case NDPI_PROTOCOL_MAIL_POP:
	case NDPI_PROTOCOL_MAIL_POPS:
	case NDPI_PROTOCOL_MAIL_IMAP:
	case NDPI_PROTOCOL_MAIL_IMAPS:
		return true;
	default:
		return false;
	}
}

/* The protocol on the wire. nDPI's "master" is the carrier (HTTP of a brand), save NetBIOS of SMB, which says less. */
static uint16_t wire_protocol(ndpi_protocol protocol)
{
	if (protocol.app_protocol == NDPI_PROTOCOL_UNKNOWN || carries_brands(protocol.master_protocol))
		return protocol.master_protocol;
	return protocol.app_protocol;
}

/* Encrypted by itself, by nDPI's table, which errs on a few. */
static bool is_encrypted(struct ndpi_detection_module_struct *ndpi, uint16_t app)
{
	switch (app) {
	case NDPI_PROTOCOL_TLS:
	case NDPI_PROTOCOL_DTLS:
	case NDPI_PROTOCOL_SSH:
	case NDPI_PROTOCOL_QUIC:
	case NDPI_PROTOCOL_WIREGUARD:
	case NDPI_PROTOCOL_OPENVPN:
	case NDPI_PROTOCOL_TINC:
	case NDPI_PROTOCOL_MAIL_IMAPS:
	case NDPI_PROTOCOL_MAIL_POPS:
	case NDPI_PROTOCOL_MAIL_SMTPS:
	case NDPI_PROTOCOL_TOR:
	case NDPI_PROTOCOL_DNSCRYPT:
	case NDPI_PROTOCOL_DOH_DOT:
	case NDPI_PROTOCOL_ANYDESK:
	case NDPI_PROTOCOL_TEAMVIEWER:
		return true;
	case NDPI_PROTOCOL_NATS:        /* clear by default */
	case NDPI_PROTOCOL_CITRIX:      /* likewise */
	case NDPI_PROTOCOL_SKYPE_TEAMS: /* told by a pattern of three octets: no ground to call a leak harmless */
	case NDPI_PROTOCOL_SKYPE_CALL:
		return false;
	default:
		return ndpi_is_encrypted_proto(ndpi, (ndpi_protocol){ .app_protocol = app }) != 0;
	}
}

/* Whether a flow of this protocol, though named, is worth its other packets: a login may follow. */
static bool may_log_in(uint16_t app)
{
	switch (app) {
	case NDPI_PROTOCOL_HTTP:
	case NDPI_PROTOCOL_FTP_CONTROL:
	case NDPI_PROTOCOL_TELNET:
	case NDPI_PROTOCOL_MAIL_SMTP:
	case NDPI_PROTOCOL_MAIL_POP:
	case NDPI_PROTOCOL_MAIL_IMAP:
		return true;
	default:
		return false;
	}
}

enum login { LOGIN_NONE, LOGIN_HIDDEN, LOGIN_CLEAR };

/*
 * How an HTTP request logs in. nDPI calls every Authorization clear credentials, Kerberos, NTLM and Digest too, which
 * keep the secret, and stops looking after the first answer, though a browser logs in only when it was refused once.
 */
static enum login http_login(const char *text, const char *end)
{
	static const char *const lines[] = { "Authorization:", "Proxy-Authorization:" };
	static const char *const hidden[] = { "Negotiate", "NTLM", "Digest", "Kerberos", "SCRAM", "AWS4", "HOBA" };
	const char *newline = memchr(text, '\n', (size_t)(end - text));

	if (!newline || !memmem(text, (size_t)(newline - text), " HTTP/1.", 8))
		return LOGIN_NONE;
	/* Behind the packet there are zeros, so that comparing ends in time. */
	for (; newline && newline[1] != '\r' && newline[1] != '\n';
	     newline = memchr(text, '\n', (size_t)(end - text))) {
		text = newline + 1;
		for (size_t line = 0; line < sizeof(lines) / sizeof(lines[0]); line++) {
			const char *scheme = text + strlen(lines[line]);

			if (strncasecmp(text, lines[line], strlen(lines[line])) != 0)
				continue;
			scheme += strspn(scheme, " \t");
			for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
				if (strncasecmp(scheme, hidden[i], strlen(hidden[i])) == 0)
					return LOGIN_HIDDEN;
			}
			return LOGIN_CLEAR;
		}
	}
	return LOGIN_NONE;
}

/* The name found in the bytes; nDPI also answers from ports, address lists and what it remembers of other flows. */
static uint16_t name_found(const struct slot *slot, ndpi_protocol protocol)
{
	uint16_t app = wire_protocol(protocol);

	return slot->flow.confidence == NDPI_CONFIDENCE_DPI && app != NDPI_PROTOCOL_IP_IPSEC ? app
											     : CLASSIFY_APP_UNKNOWN;
}

/* What nDPI says when it gets no more packets: taken only where the flow's own bytes were the reason. */
static uint16_t give_up(struct classifier *classifier, struct slot *slot)
{
	uint8_t guessed = 0;
	ndpi_protocol protocol = ndpi_detection_giveup(classifier->ndpi, &slot->flow, 0, &guessed);
	uint16_t app = name_found(slot, protocol);

	if (guessed && !(app == NDPI_PROTOCOL_STUN && slot->flow.stun.num_binding_requests > 0) &&
	    app != NDPI_PROTOCOL_TLS)
		return CLASSIFY_APP_UNKNOWN;
	return app;
}

/* nDPI names TLS by these ports after what it carries. */
static bool is_mail(const uint8_t *transport)
{
	static const uint16_t ports[] = { 465, 585, 587, 993, 995 };

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (cursor_be16(transport) == ports[i] || cursor_be16(transport + 2) == ports[i])
			return true;
	return false;
}

/* What a TCP segment carries; NULL if that is nothing. */
static const uint8_t *tcp_payload(const uint8_t *transport, uint16_t transport_length, uint32_t *length)
{
	uint32_t header = transport_length >= TCP_HEADER ? (transport[12] >> 4) * 4U : 0;

	if (header < TCP_HEADER || header >= transport_length)
		return NULL;
	*length = transport_length - header;
	return transport + header;
}

/* The name of a TCP flow whose first payload says it; CLASSIFY_APP_UNKNOWN: nDPI has to be asked. */
static uint16_t name_greeted(const uint8_t *transport, const uint8_t *payload, uint32_t length)
{
	struct cursor cursor = cursor_make(payload, length, length);

	switch (greeting_read(&cursor)) {
	case GREETING_TLS:
		return is_mail(transport) ? CLASSIFY_APP_UNKNOWN : NDPI_PROTOCOL_TLS;
	case GREETING_HTTP:
		return NDPI_PROTOCOL_HTTP;
	case GREETING_NONE:
	case GREETING_DNS:
		break;
	}
	return CLASSIFY_APP_UNKNOWN;
}

/* The same of a UDP flow. */
static uint16_t name_asked(const uint8_t *transport, uint16_t transport_length)
{
	if (transport_length < UDP_HEADER || cursor_be16(transport + 2) != PORT_DNS)
		return CLASSIFY_APP_UNKNOWN;
	uint32_t length = (uint32_t)transport_length - UDP_HEADER;
	struct cursor cursor = cursor_make(transport + UDP_HEADER, length, length);
	return greeting_read_question(&cursor) == GREETING_DNS ? NDPI_PROTOCOL_DNS : CLASSIFY_APP_UNKNOWN;
}

static bool is_text(uint8_t octet)
{
	return (octet >= ' ' && octet <= '~') || octet == '\t' || octet == '\r' || octet == '\n';
}

/*
 * Tells nDPI what a TCP flow is not that begins with these octets, which it would go on to look for: records of TLS, for which it
 * gathers all that comes in two kilobytes of memory, and the commands of FTP and RTSP, in each packet anew. What begins as text
 * may go over to TLS later, and RTSP carries media behind a dollar sign (RFC 7826 section 14).
 */
static void rule_out(struct slot *slot, const uint8_t *payload, uint32_t length)
{
	enum {
		LOOKED_AT = 4,
		RECORD_LOWEST = 20,
		RECORD_HIGHEST = 24,
		VERSION = 3,
		SHORT_HEADER = 0x80,
		CLIENT_HELLO = 1
	};
	NDPI_PROTOCOL_BITMASK *excluded = &slot->flow.excluded_protocol_bitmask;

	if (length < LOOKED_AT)
		return;
	bool record = payload[0] >= RECORD_LOWEST && payload[0] <= RECORD_HIGHEST && payload[1] == VERSION;
	bool record_2 = payload[0] & SHORT_HEADER && payload[2] == CLIENT_HELLO; /* of SSL 2 */
	if (is_text(payload[0]) && is_text(payload[1]) && is_text(payload[2]) && is_text(payload[3]))
		return;
	if (!record && !record_2)
		NDPI_ADD_PROTOCOL_TO_BITMASK(*excluded, NDPI_PROTOCOL_TLS);
	NDPI_ADD_PROTOCOL_TO_BITMASK(*excluded, NDPI_PROTOCOL_FTP_CONTROL);
	if (payload[0] != '$')
		NDPI_ADD_PROTOCOL_TO_BITMASK(*excluded, NDPI_PROTOCOL_RTSP);
}

/* Shows nDPI the copy and keeps in the slot what it finds. */
static void ask_ndpi(struct classifier *classifier, struct slot *slot, uint16_t length, int64_t time_ns)
{
	slot->asked = true;
	ndpi_protocol protocol = ndpi_detection_process_packet(classifier->ndpi, &slot->flow, classifier->packet,
							       length, time_ns > 0 ? (uint64_t)time_ns / 1000000 : 0);
	uint16_t app = name_found(slot, protocol);

	if (app != CLASSIFY_APP_UNKNOWN)
		slot->app = app;
}

/*
 * Inspects the copy, whose transport header and what follows are `transport`. HTTP keeps its name whatever follows, and its
 * logins are read here: nDPI, which would take responses and bodies apart, is not asked again.
 */
static void inspect(struct classifier *classifier, struct slot *slot, uint16_t length, int64_t time_ns,
		    const uint8_t *transport, uint16_t transport_length)
{
	static const ndpi_risk clear = 1ULL << NDPI_CLEAR_TEXT_CREDENTIALS;
	enum login login = LOGIN_NONE;
	uint32_t payload_length = 0;
	const uint8_t *payload =
	    slot->transport == IPPROTO_TCP ? tcp_payload(transport, transport_length, &payload_length) : NULL;

	if (!slot->asked && slot->app == CLASSIFY_APP_UNKNOWN) {
		if (payload)
			slot->app = name_greeted(transport, payload, payload_length);
		else if (slot->transport == IPPROTO_UDP)
			slot->app = name_asked(transport, transport_length);
		if (payload && slot->app == CLASSIFY_APP_UNKNOWN)
			rule_out(slot, payload, payload_length);
	}
	if (slot->app != NDPI_PROTOCOL_HTTP && slot->app != NDPI_PROTOCOL_TLS && slot->app != NDPI_PROTOCOL_DNS)
		ask_ndpi(classifier, slot, length, time_ns);
	if (slot->app == NDPI_PROTOCOL_HTTP && payload)
		login = http_login((const char *)payload, (const char *)payload + payload_length);
	if (login == LOGIN_HIDDEN)
		slot->flow.risk &= ~clear;
	if (login == LOGIN_CLEAR || (slot->flow.risk & clear))
		slot->credentials = true;
}

void classifier_packet(struct classifier *classifier, uint32_t slot, const uint8_t *ip, uint16_t captured,
		       int64_t time_ns, bool last, struct classify_result *result)
{
	struct slot *held = find_slot(classifier, slot);
	const uint8_t *transport;
	uint16_t length, transport_length;
	uint8_t protocol;
	bool other = false;

	*result = (struct classify_result){ .final = true };
	if (!held)
		return;
	held->packets++;
	length = copy_packet(classifier, ip, captured);
	if (length > 0 &&
	    ndpi_detection_get_l4(classifier->packet, length, &transport, &transport_length, &protocol, 0) == 0) {
		if (!held->transport)
			held->transport = protocol;
		other = held->transport != IPPROTO_TCP && held->transport != IPPROTO_UDP;
		/* nDPI keeps TCP's and UDP's state in one place: one flow must never show it both. */
		if (!other && protocol == held->transport)
			inspect(classifier, held, length, time_ns, transport, transport_length);
	}
	result->final = last || other || held->packets >= PACKETS ||
			(held->app != CLASSIFY_APP_UNKNOWN && (held->credentials || !may_log_in(held->app)));
	if (result->final && held->app == CLASSIFY_APP_UNKNOWN)
		held->app = give_up(classifier, held);
	result->app = held->app;
	result->encrypted = held->app != CLASSIFY_APP_UNKNOWN && is_encrypted(classifier->ndpi, held->app);
	/* A word like USER is taken for a login before nDPI knows the protocol; IRC's is none. */
	result->credentials = held->credentials && may_log_in(held->app);
	if (result->final)
		classifier_end(classifier, slot);
}

const char *classifier_name(const struct classifier *classifier, uint16_t app)
{
	return app == CLASSIFY_APP_UNKNOWN ? NULL : ndpi_get_proto_name(classifier->ndpi, app);
}

static bool is_left_out(uint16_t app)
{
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		if (left_out[i] == app)
			return true;
	return false;
}

/* The name of a number up to ndpi_get_num_supported_protocols(); NULL if nothing gets it. */
static const char *possible_name(const struct classifier *classifier, uint16_t app)
{
	return app == CLASSIFY_APP_UNKNOWN || is_left_out(app) ? NULL : ndpi_get_proto_name(classifier->ndpi, app);
}

bool classifier_can_say(const struct classifier *classifier, const char *name)
{
	uint16_t count = (uint16_t)ndpi_get_num_supported_protocols(classifier->ndpi);

	for (uint16_t app = 0; app < count; app++) {
		const char *possible = possible_name(classifier, app);
		if (possible && strcasecmp(possible, name) == 0)
			return true;
	}
	return false;
}

/* As it stands in a configuration; longer than any word that is compared, if it is too long. */
static void lower(const char *name, char lowered[SPELLING_WORD_MAX + 2])
{
	size_t length = strnlen(name, SPELLING_WORD_MAX + 1);

	for (size_t i = 0; i < length; i++)
		lowered[i] = (char)tolower((unsigned char)name[i]);
	lowered[length] = '\0';
}

const char *classifier_nearest(const struct classifier *classifier, const char *name)
{
	uint16_t count = (uint16_t)ndpi_get_num_supported_protocols(classifier->ndpi);
	char written[SPELLING_WORD_MAX + 2], word[SPELLING_WORD_MAX + 2];
	size_t least = strlen(name) > 4 ? 3 : 2; /* letters that are too many */
	const char *nearest = NULL;

	lower(name, written);
	for (uint16_t app = 0; app < count; app++) {
		const char *possible = possible_name(classifier, app);
		if (!possible)
			continue;
		lower(possible, word);
		size_t letters = spelling_distance(written, word);
		if (letters >= least)
			continue;
		least = letters;
		nearest = possible;
	}
	return nearest;
}

void classifier_free(struct classifier *classifier)
{
	if (!classifier)
		return;
	for (uint32_t slot = 1; slot <= classifier->slot_fresh; slot++)
		classifier_end(classifier, slot);
	if (classifier->ndpi)
		ndpi_exit_detection_module(classifier->ndpi);
	pages_unmap(classifier->slots, slots_size(classifier));
	free(classifier);
}

const char *classifier_library(void)
{
	return ndpi_revision();
}
