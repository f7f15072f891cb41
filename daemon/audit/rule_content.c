/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ESP and AH give away: readable-esp, integrity-only, esp-64-bit-block, esp-unnegotiated; and oddities of sequence
 * numbers: esp-replay, esp-sequence-reset, esp-sequence-near-wrap, mirror-doubled. The tracker has seen all of it in the
 * packets; here it becomes findings.
 */
#include "rules.h"

#include "dialogue.h"
#include "readable.h"

#include <stdio.h>

enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

static void tell_readable(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	const struct transition_readable *readable = &transition->readable;
	struct address_text src, dst;
	struct finding finding;
	char inner[32];

	pair->readable_state = readable->state;
	if (readable->name)
		pair->readable_name = readable->name;
	if (readable->protocol) {
		pair->readable_protocol = readable->protocol;
		pair->readable_port = readable->src_port < readable->dst_port ? readable->src_port : readable->dst_port;
		pair->readable_icv = readable->icv;
	}
	alert_begin_sa(judge, pair, transition->direction, readable->spi, FINDING_READABLE_ESP, &finding);
	finding.subject = SUBJECT_PAIR;
	finding.ip_protocol = pair->readable_protocol;
	address_text(&finding.src, &src);
	address_text(&finding.dst, &dst);
	if (readable->state == READABLE_NO) {
		finding.cleared_by = "not-confirmed";
		finding_say(&finding,
			    "A further packet of ESP from %s to %s cannot be read: it was not NULL encryption.",
			    src.text, dst.text);
		alert_clear(judge, &pair->readable, &finding);
		return;
	}
	uint8_t protocol = pair->readable_protocol;
	if (pair->readable_name)
		snprintf(inner, sizeof(inner), "%s", pair->readable_name);
	else if (protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP)
		snprintf(inner, sizeof(inner), "%s/%u", protocol == PROTOCOL_TCP ? "tcp" : "udp", pair->readable_port);
	else
		snprintf(inner, sizeof(inner), "IP protocol %u", protocol);
	finding.protocol = pair->readable_name;
	if (readable->state == READABLE_NULL) {
		finding_say(&finding,
			    "ESP from %s to %s has NULL encryption: %s can be read, integrity value of %u octets.",
			    src.text, dst.text, inner, pair->readable_icv);
		finding_note_text(&finding, "inner", inner);
		finding_note_integer(&finding, "icv_octets", pair->readable_icv);
	} else {
		finding_say(&finding, "Behind an ESP header %s sends plain text to %s.", src.text, dst.text);
	}
	finding.grade = GRADE_LIKELY;
	/* The name of what is inside is worth a word of its own. */
	bool news = readable->name && pair->readable.open && !pair->readable_named;
	pair->readable_named |= readable->name != NULL;
	if (news)
		alert_update(judge, &pair->readable, &finding);
	else
		alert_tell_pair(judge, pair, &pair->readable, &finding);
}

static void tell_shape(struct judge *judge, struct judged_pair *pair, const struct transition_shape *shape)
{
	struct address_text a, b;
	struct finding finding;

	alert_begin(judge, pair, FINDING_ESP_64_BIT_BLOCK, &finding);
	if (shape->shape != DIALOGUE_SHAPE_64_BIT_POSSIBLE && shape->shape != DIALOGUE_SHAPE_64_BIT_LIKELY) {
		finding.cleared_by = "other-lengths";
		finding_say(&finding, "ESP between %s and %s has lengths that no 64-bit block cipher makes.",
			    address_text(&finding.a, &a), address_text(&finding.b, &b));
		alert_clear(judge, &pair->block64, &finding);
		return;
	}
	if (pair->readable_state == READABLE_NULL || pair->readable_state == READABLE_PLAIN)
		return;
	bool likely = shape->shape == DIALOGUE_SHAPE_64_BIT_LIKELY;
	finding.severity = likely ? SEVERITY_LOW : SEVERITY_INFO;
	finding.grade = likely ? GRADE_LIKELY : GRADE_POSSIBLE;
	finding.count = shape->packets;
	finding_say(&finding,
		    "The lengths of ESP between %s and %s fit a 64-bit block cipher (DES, 3DES) and no other.",
		    address_text(&finding.a, &a), address_text(&finding.b, &b));
	finding_note_integer(&finding, "distinct_lengths", shape->lengths);
	finding_note_integer(&finding, "packets", shape->packets);
	alert_tell_pair(judge, pair, &pair->block64, &finding);
}

/* What an oddity is found to be. */
static const enum finding_id oddities[] = {
	[ODDITY_REPLAY] = FINDING_ESP_REPLAY,
	[ODDITY_RESET] = FINDING_ESP_SEQUENCE_RESET,
	[ODDITY_NEAR_WRAP] = FINDING_ESP_SEQUENCE_NEAR_WRAP,
	[ODDITY_DOUBLED] = FINDING_MIRROR_DOUBLED,
};

static void tell_sequence(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	const struct transition_sequence *odd = &transition->sequence;
	struct judged_sa *sa = lineage_find(judge, pair, transition->direction, odd->protocol, odd->spi);
	struct address_text src, dst;
	struct finding finding;

	if (!sa || odd->what >= sizeof(oddities) / sizeof(oddities[0]))
		return;
	alert_begin_sa(judge, pair, transition->direction, odd->spi, oddities[odd->what], &finding);
	finding.interface = judge_interface(judge, transition->interface);
	finding.ip_protocol = odd->protocol;
	finding.count = odd->count;
	address_text(&finding.src, &src);
	address_text(&finding.dst, &dst);
	finding_note_integer(&finding, "sequence", odd->number);
	finding_note_integer(&finding, "highest_sequence", odd->high);
	switch (odd->what) {
	case ODDITY_REPLAY:
		finding_say(&finding,
			    "Old packets of SPI 0x%08x from %s to %s come again: %u so far, a second or more after the "
			    "first time.",
			    odd->spi, src.text, dst.text, odd->count);
		alert_tell_pair(judge, pair, &sa->replay, &finding);
		break;
	case ODDITY_RESET:
		finding_say(&finding,
			    "%s counts from the beginning again on SPI 0x%08x to %s: with counter modes that repeats "
			    "the keystream.",
			    src.text, odd->spi, dst.text);
		alert_tell_pair(judge, pair, &sa->reset, &finding);
		break;
	case ODDITY_NEAR_WRAP:
		finding_say(&finding,
			    "The sequence number of SPI 0x%08x from %s to %s is near its end (0x%08x): without "
			    "extended numbers the SA stops there.",
			    odd->spi, src.text, dst.text, odd->high);
		alert_tell_pair(judge, pair, &sa->near_wrap, &finding);
		break;
	default:
		/* Once for the sensor, not once for every SA that passes it. */
		if (judge->doubled.open)
			break;
		finding.subject = SUBJECT_SENSOR;
		finding.grade = GRADE_LIKELY;
		finding_say(&finding,
			    "The mirror brings packets twice: %u copies among %llu packets of SPI 0x%08x, each within "
			    "milliseconds.",
			    odd->count, (unsigned long long)odd->packets, odd->spi);
		alert_tell_pair(judge, pair, &judge->doubled, &finding);
		break;
	}
}

/* Both of these return when they want to look again, 0 if not. */

static int64_t consider_ah(struct judge *judge, struct judged_pair *pair)
{
	const struct policy_rule *rule = judge_rule(judge, pair);
	struct address_text a, b;
	struct finding finding;
	int64_t due = pair->ah_first_ns + judge->settings.thresholds.integrity_ns;

	if (!pair->has_ah || pair->has_esp || pair->integrity.open || address_is_group(&pair->address[0]) ||
	    address_is_group(&pair->address[1]))
		return 0;
	if (judge->now_ns < due)
		return due;
	alert_begin(judge, pair, FINDING_INTEGRITY_ONLY, &finding);
	if (rule && rule->level == POLICY_REQUIRE)
		finding.severity = SEVERITY_MEDIUM;
	finding.first_ns = pair->ah_first_ns;
	finding_say(&finding,
		    "%s and %s speak AH without ESP: what they say is authenticated, and can be read by anyone.",
		    address_text(&finding.a, &a), address_text(&finding.b, &b));
	alert_tell_pair(judge, pair, &pair->integrity, &finding);
	return 0;
}

static int64_t consider_unnegotiated(struct judge *judge, struct judged_pair *pair)
{
	struct address_text a, b;
	struct finding finding;
	int64_t first = pair->esp[0].first_ns > pair->esp[1].first_ns ? pair->esp[0].first_ns : pair->esp[1].first_ns;
	int64_t due = first + judge->settings.thresholds.unnegotiated_ns;

	if (pair->unnegotiated.open || !pair->esp[0].first_ns || !pair->esp[1].first_ns || pair->ike[0].message_ns ||
	    pair->ike[1].message_ns)
		return 0;
	if (judge->now_ns < due)
		return due;
	alert_begin(judge, pair, FINDING_ESP_UNNEGOTIATED, &finding);
	finding.grade = GRADE_POSSIBLE;
	finding.first_ns = first;
	finding_say(&finding,
		    "%s and %s speak ESP, and no IKE between them was in view: manual keys, or negotiated before.",
		    address_text(&finding.a, &a), address_text(&finding.b, &b));
	alert_tell_pair(judge, pair, &pair->unnegotiated, &finding);
	return 0;
}

static void look(struct judge *judge, struct judged_pair *pair)
{
	int64_t ah = consider_ah(judge, pair), unnegotiated = consider_unnegotiated(judge, pair);

	if (ah)
		judge_wake(judge, pair, RULE_CONTENT, ah);
	if (unnegotiated)
		judge_wake(judge, pair, RULE_CONTENT, unnegotiated);
}

void rule_content_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	switch (transition->kind) {
	case TRANSITION_READABLE:
		tell_readable(judge, pair, transition);
		break;
	case TRANSITION_SHAPE:
		tell_shape(judge, pair, &transition->shape);
		break;
	case TRANSITION_SEQUENCE:
		tell_sequence(judge, pair, transition);
		break;
	case TRANSITION_SA_BORN:
	case TRANSITION_ESP_BEGAN:
		look(judge, pair);
		break;
	default:
		break;
	}
}

void rule_content_due(struct judge *judge, struct judged_pair *pair)
{
	look(judge, pair);
}
