/* SPDX-License-Identifier: Apache-2.0 */
/* See evidence_case.h. Called by evidence.c, and for the making by the judge's thread. */
#include "evidence_case.h"

#include "alert.h"
#include "../../config/policy.h"
#include "../../dissectors/cursor.h"

#include <string.h>

enum { TCP_SYN = 0x02, TCP_ACK = 0x10, IKE_SPI_SIZE = 8 };

/* Whether it is one of the hosts, or of the others. */
static bool is_known(const struct evidence_case *evidence, const struct address *address)
{
	if (address_equal(address, &evidence->hosts[0]) || address_equal(address, &evidence->hosts[1]))
		return true;
	for (unsigned i = 0; i < evidence->other_count; i++)
		if (address_equal(address, &evidence->others[i]))
			return true;
	return false;
}

/* ---- making ---- */

static void add_other(struct evidence_case *evidence, const struct address *address)
{
	if (address_is_unspecified(address) || evidence->other_count == EVIDENCE_OTHERS_MAX ||
	    is_known(evidence, address))
		return;
	evidence->other_keys[evidence->other_count] = evidence_key(address);
	evidence->others[evidence->other_count++] = *address;
}

static void add_gateways(struct evidence_case *evidence, const struct policy *policy)
{
	const struct policy_rule *rule = policy_match(policy, evidence->hosts[0].bytes, evidence->hosts[1].bytes);

	for (size_t i = 0; rule && i < rule->gateway_count; i++) {
		struct address gateway;
		memcpy(gateway.bytes, rule->gateways[i], sizeof(gateway.bytes));
		add_other(evidence, &gateway);
	}
}

/* A tunnel that was inferred is told in words: "A and B". */
static void add_inferred(struct evidence_case *evidence, const char *words)
{
	char text[2 * ADDRESS_TEXT_SIZE + 8];
	struct address address;
	char *second;

	if (strlen(words) >= sizeof(text))
		return;
	memcpy(text, words, strlen(words) + 1);
	second = strstr(text, " and ");
	if (!second)
		return;
	*second = '\0';
	second += strlen(" and ");
	if (address_parse(text, &address))
		add_other(evidence, &address);
	if (address_parse(second, &address))
		add_other(evidence, &address);
}

bool evidence_case_make(struct evidence_case *evidence, const struct finding *finding, const struct policy *policy)
{
	bool about_host = finding->subject == SUBJECT_HOST;

	if (!finding_has_capture(finding))
		return false;
	*evidence = (struct evidence_case){
		.alert = finding->alert,
		.opened_ns = finding->time_ns,
		.first_ns = finding->first_ns < finding->time_ns ? finding->first_ns : finding->time_ns,
		.id = (uint8_t)finding->id,
		.about_host = about_host,
		.any_realm = about_host,
		.has_spi = finding->has_spi,
		.has_ike_spi = finding->has_ike_spi,
		.has_flow = finding->has_flow,
		.realm = finding->realm,
		.spi = finding->spi,
		.ike_spi = finding->ike_spi,
		.hosts = { finding->a, about_host ? finding->a : finding->b },
		.src = finding->src,
		.dst = finding->dst,
	};
	for (unsigned i = 0; i < 2; i++)
		evidence->host_keys[i] = evidence_key(&evidence->hosts[i]);
	if (!about_host)
		add_gateways(evidence, policy);
	if (finding->has_flow) {
		add_other(evidence, &finding->src);
		add_other(evidence, &finding->dst);
	}
	for (size_t i = 0; i < finding->evidence_count; i++) {
		const struct finding_evidence *note = &finding->evidence[i];
		if (note->kind == EVIDENCE_ADDRESS)
			add_other(evidence, &note->address);
		else if (note->kind == EVIDENCE_TEXT && note->text && strcmp(note->key, "gateways_inferred") == 0)
			add_inferred(evidence, note->text);
	}
	return true;
}

/* ---- what belongs ---- */

/* The two of a conversation, or one of the host's. */
static bool is_subject(const struct evidence_case *evidence, const struct address *src, const struct address *dst)
{
	const struct address *hosts = evidence->hosts;

	if (evidence->about_host)
		return address_equal(src, &hosts[0]) || address_equal(dst, &hosts[0]);
	return (address_equal(src, &hosts[0]) && address_equal(dst, &hosts[1])) ||
	       (address_equal(src, &hosts[1]) && address_equal(dst, &hosts[0]));
}

/* Among them. Who speaks to himself speaks to nobody. */
static bool are_known(const struct evidence_case *evidence, const struct address *src, const struct address *dst)
{
	return !address_equal(src, dst) && is_known(evidence, src) && is_known(evidence, dst);
}

static bool is_known_key(const struct evidence_case *evidence, uint32_t key)
{
	if (key == evidence->host_keys[0] || key == evidence->host_keys[1])
		return true;
	for (unsigned i = 0; i < evidence->other_count; i++)
		if (key == evidence->other_keys[i])
			return true;
	return false;
}

/* What gateways say to one another for those behind them. A message in fragments may be IKE, or ESP. */
static bool is_ipsec(uint8_t class)
{
	return class == PACKET_ESP || class == PACKET_AH || class == PACKET_IKE || class == PACKET_KEEPALIVE ||
	       class == PACKET_FRAGMENT;
}

bool evidence_case_may_hold(const struct evidence_case *evidence, const struct evidence_entry *entry)
{
	const uint32_t *keys = evidence->host_keys, *host = entry->host;

	if (!evidence->any_realm && entry->realm != evidence->realm)
		return false;
	if (evidence->about_host && (host[0] == keys[0] || host[1] == keys[0]))
		return true;
	if (!evidence->about_host &&
	    ((host[0] == keys[0] && host[1] == keys[1]) || (host[0] == keys[1] && host[1] == keys[0])))
		return true;
	/* Who sends an error need not be known, but it goes to one of them. */
	if (entry->class == PACKET_ICMP)
		return is_known_key(evidence, host[1]);
	return is_ipsec(entry->class) && is_known_key(evidence, host[0]) && is_known_key(evidence, host[1]);
}

static bool is_ike_of(const struct evidence_case *evidence, const struct packet *packet)
{
	const uint8_t *spi = packet->payload;

	if (!evidence->has_ike_spi)
		return true;
	return packet->payload_captured >= IKE_SPI_SIZE &&
	       ((uint64_t)cursor_be32(spi) << 32 | cursor_be32(spi + 4)) == evidence->ike_spi;
}

/* The tracker knows ESP in UDP on ports of which the packet alone says nothing. */
static uint32_t spi_of(const struct packet *packet)
{
	if (packet->class == PACKET_ESP || packet->class == PACKET_AH)
		return packet->spi;
	return packet->payload_captured >= 4 ? cursor_be32(packet->payload) : 0;
}

static bool is_spi_of(const struct evidence_case *evidence, const struct evidence_entry *entry,
		      const struct packet *packet)
{
	if (entry->class != PACKET_ESP && entry->class != PACKET_AH)
		return false;
	if (evidence->has_flow &&
	    (!address_equal(&packet->src, &evidence->src) || !address_equal(&packet->dst, &evidence->dst)))
		return false;
	return !evidence->has_spi || spi_of(packet) == evidence->spi;
}

/* Of a frame of the subject. */
static enum evidence_mark mark_of(const struct evidence_case *evidence, const struct evidence_entry *entry,
				  const struct packet *packet)
{
	switch (evidence->id) {
	case FINDING_CLEARTEXT_LEAK:
		return entry->offends ? EVIDENCE_MARK_CLEAR : EVIDENCE_MARK_NONE;
	case FINDING_LOCKED_OUT:
		return entry->class == PACKET_CLEARTEXT && (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN
			   ? EVIDENCE_MARK_KNOCK
			   : EVIDENCE_MARK_NONE;
	case FINDING_INTEGRITY_ONLY:
		return entry->class == PACKET_AH ? EVIDENCE_MARK_AH : EVIDENCE_MARK_NONE;
	default:
		break;
	}
	enum alert_class theme = alert_class((enum finding_id)evidence->id);
	if (entry->class == PACKET_IKE && (theme == ALERT_NEGOTIATION || theme == ALERT_CRYPTOGRAPHY))
		return is_ike_of(evidence, packet) ? EVIDENCE_MARK_IKE : EVIDENCE_MARK_NONE;
	bool about_esp = evidence->has_spi || evidence->id == FINDING_ESP_UNNEGOTIATED;
	return about_esp && is_spi_of(evidence, entry, packet) ? EVIDENCE_MARK_SPI : EVIDENCE_MARK_NONE;
}

bool evidence_case_holds(const struct evidence_case *evidence, const struct evidence_entry *entry,
			 const struct packet *packet, enum evidence_mark *mark)
{
	*mark = EVIDENCE_MARK_NONE;
	if (!packet->has_ip || (!evidence->any_realm && entry->realm != evidence->realm))
		return false;
	if (is_subject(evidence, &packet->src, &packet->dst)) {
		*mark = mark_of(evidence, entry, packet);
		return true;
	}
	if (is_ipsec(entry->class))
		return are_known(evidence, &packet->src, &packet->dst);
	/* An error belongs if what it quotes does, and it goes to one of them, as whose packet is quoted gets it; of the gateways that is IPsec
	 * at most, and what else is quoted is theirs. */
	if (entry->class != PACKET_ICMP || !(packet->flags & PACKET_QUOTES) || !is_known(evidence, &packet->dst))
		return false;
	const struct packet_quoted *quoted = &packet->quoted;
	return is_subject(evidence, &quoted->src, &quoted->dst) || are_known(evidence, &quoted->src, &quoted->dst);
}
