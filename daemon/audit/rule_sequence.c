/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Oddities of sequence numbers: esp-replay, esp-sequence-reset, esp-sequence-near-wrap. The tracker has
 * seen them in the packets; here they become findings, and end:
 *
 *   replay     when none came for replay_hold_ns; the tracker tells of replays that go on once a minute
 *   reset      when the SA was replaced, or for sequence_hold_ns the count did not begin anew: by then it is far beyond the
 *              numbers that were used twice
 *   near-wrap  when the SA was replaced, or went past its end, or was silent for sequence_hold_ns
 */
#include "rules.h"

#include <stdio.h>

enum { WALK_MAX = 64 /* SAs of a direction that are looked at, newest first */ };

/* What an oddity is found to be. */
static const enum finding_id oddities[] = {
	[ODDITY_REPLAY] = FINDING_ESP_REPLAY,
	[ODDITY_RESET] = FINDING_ESP_SEQUENCE_RESET,
	[ODDITY_NEAR_WRAP] = FINDING_ESP_SEQUENCE_NEAR_WRAP,
};

static void end(struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa, enum finding_id id,
		struct alert *alert, const char *why)
{
	struct address_text src, dst;
	char sentence[160];
	struct finding finding;

	if (!alert->open)
		return;
	alert_begin_sa(judge, pair, sa->direction, sa->spi, id, &finding);
	finding.ip_protocol = sa->protocol;
	snprintf(sentence, sizeof(sentence), "%s of SPI 0x%08x from %s to %s %s.",
		 id == FINDING_ESP_REPLAY ? "The replays" : "The sequence numbers", sa->spi,
		 address_text(&finding.src, &src), address_text(&finding.dst, &dst),
		 id == FINDING_ESP_REPLAY               ? "have ceased"
		 : id == FINDING_ESP_SEQUENCE_NEAR_WRAP ? "matter no longer"
							: "go on in order");
	alert_end(judge, alert, &finding, why, sentence);
}

static void wake(struct judge *judge, struct judged_pair *pair, int64_t due_ns)
{
	judge_wake(judge, pair, RULE_SEQUENCE, due_ns);
}

static void tell(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	const struct transition_sequence *odd = &transition->sequence;
	struct judged_sa *sa = lineage_find(judge, pair, transition->direction, odd->protocol, odd->spi);
	struct address_text src, dst;
	struct finding finding;

	if (odd->what == ODDITY_DOUBLED)
		rule_mirror_doubled(judge, pair, transition);
	if (sa && odd->what == ODDITY_WRAPPED)
		end(judge, pair, sa, FINDING_ESP_SEQUENCE_NEAR_WRAP, &sa->near_wrap, "wrapped");
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
		sa->replay_ns = judge->now_ns;
		finding_say(&finding,
			    "Old packets of SPI 0x%08x from %s to %s come again: %u so far, a second or more after the "
			    "first time.",
			    odd->spi, src.text, dst.text, odd->count);
		alert_tell_pair(judge, pair, &sa->replay, &finding);
		wake(judge, pair, sa->replay_ns + thresholds->replay_hold_ns);
		break;
	case ODDITY_RESET:
		sa->reset_ns = judge->now_ns;
		end(judge, pair, sa, FINDING_ESP_SEQUENCE_NEAR_WRAP, &sa->near_wrap, "counts-anew");
		finding_say(&finding,
			    "%s counts from the beginning again on SPI 0x%08x to %s: with counter modes that repeats "
			    "the keystream.",
			    src.text, odd->spi, dst.text);
		alert_tell_pair(judge, pair, &sa->reset, &finding);
		wake(judge, pair, sa->reset_ns + thresholds->sequence_hold_ns);
		break;
	default:
		finding_say(&finding,
			    "The sequence number of SPI 0x%08x from %s to %s is near its end (0x%08x): without "
			    "extended numbers the SA stops there.",
			    odd->spi, src.text, dst.text, odd->high);
		alert_tell_pair(judge, pair, &sa->near_wrap, &finding);
		wake(judge, pair, judge->now_ns + thresholds->sequence_hold_ns);
		break;
	}
}

static void look(struct judge *judge, struct judged_pair *pair, struct judged_sa *sa)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	int64_t now = judge->now_ns, hold = thresholds->sequence_hold_ns;

	if (sa->replay.open && now - sa->replay_ns >= thresholds->replay_hold_ns)
		end(judge, pair, sa, FINDING_ESP_REPLAY, &sa->replay, "quiet");
	if (sa->replay.open)
		wake(judge, pair, sa->replay_ns + thresholds->replay_hold_ns);
	if (!sa->reset.open && !sa->near_wrap.open)
		return;
	bool rekeyed = sa->quiet && sa->replaced_by;
	if (rekeyed || now - sa->reset_ns >= hold)
		end(judge, pair, sa, FINDING_ESP_SEQUENCE_RESET, &sa->reset, rekeyed ? "rekeyed" : "quiet");
	if (rekeyed || (sa->quiet && now - sa->last_ns >= hold))
		end(judge, pair, sa, FINDING_ESP_SEQUENCE_NEAR_WRAP, &sa->near_wrap,
		    rekeyed ? "rekeyed" : "sender-stopped");
	if (sa->reset.open)
		wake(judge, pair, sa->reset_ns + hold);
	if (sa->near_wrap.open)
		wake(judge, pair, sa->quiet ? sa->last_ns + hold : now + hold);
}

void rule_sequence_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	struct judged_sa *sa;

	switch (transition->kind) {
	case TRANSITION_SEQUENCE:
		tell(judge, pair, transition);
		break;
	case TRANSITION_SA_BORN:
	case TRANSITION_SA_QUIET:
		sa = lineage_find(judge, pair, transition->direction, transition->esp.protocol, transition->esp.spi);
		if (sa && transition->kind == TRANSITION_SA_BORN)
			sa = sa->replaces ? table_at(&judge->sas, sa->replaces) : NULL;
		/* Whether it was replaced is known by now. */
		if (sa && (sa->reset.open || sa->near_wrap.open))
			look(judge, pair, sa);
		break;
	default:
		break;
	}
}

void rule_sequence_due(struct judge *judge, struct judged_pair *pair)
{
	for (unsigned d = 0; d < 2; d++) {
		uint32_t number = pair->newest_sa[d];
		for (unsigned i = 0; number && i < WALK_MAX; i++) {
			struct judged_sa *sa = table_at(&judge->sas, number);
			number = sa->older;
			look(judge, pair, sa);
		}
	}
}
