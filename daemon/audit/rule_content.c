/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ESP and AH give away: readable-esp, integrity-only, esp-64-bit-block, esp-unnegotiated. The tracker has seen it in the
 * packets; here it becomes findings.
 *
 * They end when what they say is no longer so (ESP joins AH, IKE comes into view, what could be read is replaced by what
 * cannot, lengths contradict), or when ESP and AH of the pair were quiet for content_hold_ns. The tracker tells what it
 * found once, so what comes back after such quiet is told out of what was kept of it.
 */
#include "rules.h"

#include "dialogue.h"
#include "readable.h"

#include <stdio.h>
#include <string.h>

enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

static void tell_readable(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	const struct transition_readable *readable = &transition->readable;
	struct address_text src, dst;
	struct finding finding;
	char inner[32];

	pair->readable_state = readable->state;
	pair->hides_nothing = readable->state != READABLE_NO;
	if (readable->state != READABLE_NO)
		pair->readable_spi[transition->direction] = readable->spi;
	else if (pair->readable_spi[transition->direction] == readable->spi)
		pair->readable_spi[transition->direction] = 0;
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
		alert_recall(judge, &pair->readable, &finding);
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

	pair->shape = *shape;
	alert_begin(judge, pair, FINDING_ESP_64_BIT_BLOCK, &finding);
	if (shape->shape != DIALOGUE_SHAPE_64_BIT_POSSIBLE && shape->shape != DIALOGUE_SHAPE_64_BIT_LIKELY) {
		alert_recall(judge, &pair->block64, &finding);
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

/* ---- ends ---- */

/* Packets and octets of what spoke this protocol, as far as SAs that fell quiet tell; of all of them if it is 0. */
static void add_volume(const struct judge *judge, const struct judged_pair *pair, uint8_t protocol,
		       struct finding *finding)
{
	enum { WALK_MAX = 64 };
	uint64_t packets = 0, bytes = 0;

	for (unsigned d = 0; d < 2; d++) {
		uint32_t number = pair->newest_sa[d];
		for (unsigned i = 0; number && i < WALK_MAX; i++) {
			const struct judged_sa *sa = table_at(&judge->sas, number);
			number = sa->older;
			if (protocol && sa->protocol != protocol)
				continue;
			packets += sa->packets;
			bytes += sa->bytes;
		}
	}
	if (packets > finding->count)
		finding->count = packets;
	if (bytes > finding->bytes)
		finding->bytes = bytes;
}

static void end(struct judge *judge, const struct judged_pair *pair, enum finding_id id, struct alert *alert,
		const char *why)
{
	enum { PROTOCOL_AH = 51 };
	const char *sentence = strcmp(why, "quiet") == 0        ? "sent neither ESP nor AH for long."
			       : id == FINDING_INTEGRITY_ONLY   ? "speak ESP now."
			       : id == FINDING_ESP_UNNEGOTIATED ? "speak IKE, so their ESP is negotiated."
								: "have replaced what could be read by what cannot.";
	struct address_text a, b;
	char text[192];
	struct finding finding;

	if (!alert->open)
		return;
	alert_begin(judge, pair, id, &finding);
	int64_t last = judge_pair_esp_last(judge, pair);
	snprintf(text, sizeof(text), "%s and %s %s", address_text(&finding.a, &a), address_text(&finding.b, &b),
		 sentence);
	alert_recall(judge, alert, &finding);
	/* Its SAs may have had to make room, or be of a life before this one: then it lasted for as long as was told. */
	if (last > finding.last_ns)
		finding.last_ns = last;
	add_volume(judge, pair, id == FINDING_INTEGRITY_ONLY ? PROTOCOL_AH : 0, &finding);
	finding.cleared_by = why;
	finding_say(&finding, "%s", text);
	alert_clear(judge, alert, &finding);
}

/* When each SA that could be read will have been quiet for long, if it stays as it is. */
static int64_t unread_ns(struct judge *judge, const struct judged_pair *pair)
{
	enum { PROTOCOL_ESP = 50 };
	int64_t hold = judge->settings.thresholds.content_hold_ns, latest = judge->now_ns;

	/* Of an alert that was taken over nobody knows the SAs until they speak, which may take a while. */
	int64_t taken_over = judge_silent_since(pair, 0) + hold;
	latest = taken_over > latest ? taken_over : latest;
	for (unsigned d = 0; d < 2; d++) {
		const struct judged_sa *sa =
		    pair->readable_spi[d] ? lineage_find(judge, pair, d, PROTOCOL_ESP, pair->readable_spi[d]) : NULL;
		int64_t then = !sa ? 0 : (sa->quiet ? sa->last_ns : judge->now_ns) + hold;
		latest = then > latest ? then : latest;
	}
	return latest;
}

/* Ends what is over; when to look again, 0 if nothing is open. */
static int64_t look_for_ends(struct judge *judge, struct judged_pair *pair)
{
	int64_t last = judge_silent_since(pair, judge_pair_esp_last(judge, pair));
	bool running = pair->esp[0].running || pair->esp[1].running;
	int64_t quiet_ns = (running ? judge->now_ns : last) + judge->settings.thresholds.content_hold_ns;

	if (pair->has_esp)
		end(judge, pair, FINDING_INTEGRITY_ONLY, &pair->integrity, "encrypted");
	if (pair->ike[0].message_ns || pair->ike[1].message_ns)
		end(judge, pair, FINDING_ESP_UNNEGOTIATED, &pair->unnegotiated, "negotiated");
	if (quiet_ns > judge->now_ns && unread_ns(judge, pair) <= judge->now_ns) {
		end(judge, pair, FINDING_READABLE_ESP, &pair->readable, "rekeyed");
		pair->hides_nothing = false;
	}
	if (!pair->integrity.open && !pair->unnegotiated.open && !pair->readable.open && !pair->block64.open)
		return 0;
	if (quiet_ns > judge->now_ns) {
		int64_t unread = pair->readable.open ? unread_ns(judge, pair) : quiet_ns;
		return unread < quiet_ns ? unread : quiet_ns;
	}
	pair->given_quiet_ns = judge->now_ns;
	end(judge, pair, FINDING_READABLE_ESP, &pair->readable, "quiet");
	end(judge, pair, FINDING_INTEGRITY_ONLY, &pair->integrity, "quiet");
	end(judge, pair, FINDING_ESP_64_BIT_BLOCK, &pair->block64, "quiet");
	end(judge, pair, FINDING_ESP_UNNEGOTIATED, &pair->unnegotiated, "quiet");
	return 0;
}

/* What was over for want of packets, and is so again. */
static void resume(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	struct transition again = *transition;

	if (transition->kind == TRANSITION_SA_WOKE && !pair->readable.open &&
	    transition->esp.spi == pair->readable_spi[transition->direction]) {
		again.readable =
		    (struct transition_readable){ .spi = transition->esp.spi, .state = pair->readable_state };
		tell_readable(judge, pair, &again);
	}
	if (transition->kind == TRANSITION_ESP_BEGAN && pair->given_quiet_ns && pair->shape.packets) {
		struct transition_shape shape = pair->shape;
		tell_shape(judge, pair, &shape);
	}
}

/* ---- begins ---- */

/* When both directions, or just one, of what was quiet for long began again; 0: not yet. */
static int64_t resumed_ns(const struct judged_pair *pair, bool both)
{
	int64_t first = pair->esp[0].began_ns, second = pair->esp[1].began_ns, quiet = pair->given_quiet_ns;

	if (both)
		return first > quiet && second > quiet ? (first > second ? first : second) : 0;
	return first > quiet ? first : second > quiet ? second : 0;
}

/* Both of these return when they want to look again, 0 if not. What was told before it was quiet for long is told again as
 * soon as it is so. */

static int64_t consider_ah(struct judge *judge, struct judged_pair *pair)
{
	const struct policy_rule *rule = judge_rule(judge, pair);
	struct address_text a, b;
	struct finding finding;
	int64_t first = pair->given_quiet_ns ? resumed_ns(pair, false) : pair->ah_first_ns;
	int64_t due = pair->given_quiet_ns ? first : first + judge->settings.thresholds.integrity_ns;

	if (!pair->has_ah || pair->has_esp || pair->integrity.open || !first || address_is_group(&pair->address[0]) ||
	    address_is_group(&pair->address[1]))
		return 0;
	if (judge->now_ns < due)
		return due;
	alert_begin(judge, pair, FINDING_INTEGRITY_ONLY, &finding);
	if (rule && rule->level == POLICY_REQUIRE)
		finding.severity = SEVERITY_MEDIUM;
	finding.first_ns = first;
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
	if (pair->given_quiet_ns)
		first = resumed_ns(pair, true);
	int64_t due = pair->given_quiet_ns ? first : first + judge->settings.thresholds.unnegotiated_ns;
	/* An engine before this one may have seen IKE, and had its time to tell if it did not. */
	bool known = pair->recalled_ns && !pair->given_quiet_ns;

	if (known || pair->unnegotiated.open || !pair->esp[0].first_ns || !pair->esp[1].first_ns || !first ||
	    pair->ike[0].message_ns || pair->ike[1].message_ns)
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
	int64_t due[] = { consider_ah(judge, pair), consider_unnegotiated(judge, pair), look_for_ends(judge, pair) };

	for (unsigned i = 0; i < sizeof(due) / sizeof(due[0]); i++)
		if (due[i])
			judge_wake(judge, pair, RULE_CONTENT, due[i]);
	judge_count_secured(judge, pair);
}

void rule_content_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	switch (transition->kind) {
	case TRANSITION_READABLE:
		tell_readable(judge, pair, transition);
		look(judge, pair);
		break;
	case TRANSITION_SHAPE:
		tell_shape(judge, pair, &transition->shape);
		look(judge, pair);
		break;
	case TRANSITION_SA_BORN:
	case TRANSITION_SA_WOKE:
	case TRANSITION_ESP_BEGAN:
		resume(judge, pair, transition);
		look(judge, pair);
		break;
	case TRANSITION_SA_QUIET:
		if (pair->readable.open)
			look(judge, pair);
		break;
	case TRANSITION_IKE_MESSAGE:
		if (pair->unnegotiated.open)
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
