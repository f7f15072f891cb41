/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bad-spi: a sender goes on with an SPI that its receiver does not have.
 *
 *   one-way     what used to be answered no longer is (dialogue.h): open after 5 s as possible, likely after 10 s or with
 *               unanswered IKE or ICMP as evidence. Not while the receiver answers in clear: that is a leak.
 *   stale       an SA goes on past the grace after its successor came, while its partner in the other direction has
 *               ceased and the successor's lives: parallel SAs have living partners.
 *   recovering  either side opened IKE anew meanwhile or right after.
 *
 * It is info while it can heal; medium once it lasts 20 s or comes three times an hour, and only if the receiver was seen
 * alive meanwhile: a host that is down loses packets too, but has no bad SPI.
 */
#include "rules.h"

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)

#define RECOVER_BEFORE_NS (3 * SECOND) /* IKE opened so shortly before the last stray packet, */
#define RECOVER_AFTER_NS (5 * SECOND)  /* or so shortly after it, is the recovery */
#define SIGN_OF_LIFE_NS (5 * SECOND)   /* how often one of the receiver is looked for */
#define QUIET_NS (2 * SECOND)          /* what the trackers use, track.h */
#define PARTNER_NS (2 * SECOND)        /* the two directions of a negotiation begin within this */

enum {
	LEVEL_POSSIBLE = 1,
	LEVEL_LIKELY = 2,
	LEVEL_LASTS = 3,
	OPENINGS_ALARM = 3, /* within an hour */
};

static bool receiver_alive(struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa)
{
	return judge_host_last(judge, &pair->address[!sa->direction]) > sa->bad_since_ns;
}

static bool comes_often(const struct judge *judge, const struct judged_pair *pair)
{
	for (unsigned i = 0; i < OPENINGS_ALARM; i++)
		if (!pair->bad_spi_opened_ns[i] || judge->now_ns - pair->bad_spi_opened_ns[i] > 60 * MINUTE)
			return false;
	return true;
}

/* The sender's IKE towards the receiver, with no answer since: its DPD is not answered either. */
static bool probes_unanswered(const struct judged_pair *pair, const struct judged_sa *sa)
{
	const struct judged_ike *sender = &pair->ike[sa->direction], *receiver = &pair->ike[!sa->direction];

	return sender->message_ns > sa->bad_since_ns && receiver->message_ns < sender->message_ns;
}

static void describe(struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa,
		     struct finding *finding)
{
	struct address_text sender, receiver;
	bool probes = probes_unanswered(pair, sa);
	bool lasts = sa->bad_level >= LEVEL_LASTS || comes_often(judge, pair);

	alert_begin_sa(judge, pair, sa->direction, sa->spi, FINDING_BAD_SPI, finding);
	finding->cause = sa->bad_cause;
	finding->ip_protocol = sa->protocol;
	finding->severity = lasts && sa->bad_alive ? SEVERITY_MEDIUM : SEVERITY_INFO;
	finding->grade = sa->bad_level >= LEVEL_LIKELY || probes ? GRADE_LIKELY : GRADE_POSSIBLE;
	finding->first_ns = sa->bad_since_ns;
	finding->last_ns = sa->bad_last_ns;
	/* Of an SA that is stale nobody counts apart what came after the grace. */
	if (sa->bad_packets) {
		finding->count = sa->bad_packets;
		finding->bytes = sa->bad_bytes;
	}
	address_text(&finding->src, &sender);
	address_text(&finding->dst, &receiver);
	if (sa->bad_cause == CAUSE_NOTIFIED)
		finding_say(finding, "%s sends ESP on SPI 0x%08x to %s, which says in clear that it does not know it",
			    sender.text, sa->spi, receiver.text);
	else if (sa->bad_cause == CAUSE_STALE)
		finding_say(finding, "%s goes on with SPI 0x%08x to %s", sender.text, sa->spi, receiver.text);
	else
		finding_say(finding,
			    "%s sends ESP on SPI 0x%08x to %s, which gives no answer to what it used to answer",
			    sender.text, sa->spi, receiver.text);
	if (sa->bad_packets) {
		finding_note_integer(finding, "packets_lost_into_it", (int64_t)sa->bad_packets);
		finding_note_integer(finding, "octets_lost_into_it", (int64_t)sa->bad_bytes);
	}
	finding_note_boolean(finding, "ike_probes_unanswered", probes);
	finding_note_boolean(finding, "receiver_alive", sa->bad_alive);
	finding_note_address(finding, "side_to_fix", &finding->dst);
	if (sa->stale || sa->replaced_by) {
		uint32_t spi = sa->stale ? sa->stale_for_spi
					 : ((const struct judged_sa *)table_at(&judge->sas, sa->replaced_by))->spi;
		finding_note_spi(finding, "replaced_by", spi);
		finding_say(finding, ", and was replaced by SPI 0x%08x", spi);
	}
	if (sa->bad_cause == CAUSE_RECOVERING)
		finding_say(finding, ", and IKE was opened anew since");
	else if (probes)
		finding_say(finding, ", and its IKE probes are not answered either");
	finding_say(finding, ".");
}

static void tell(struct judge *judge, struct judged_pair *pair, struct judged_sa *sa)
{
	struct finding finding;

	if (!sa->bad_spi.open) {
		for (unsigned i = OPENINGS_ALARM - 1; i > 0; i--)
			pair->bad_spi_opened_ns[i] = pair->bad_spi_opened_ns[i - 1];
		pair->bad_spi_opened_ns[0] = judge->now_ns;
	}
	describe(judge, pair, sa, &finding);
	alert_tell_pair(judge, pair, &sa->bad_spi, &finding);
	if (sa->bad_spi.told_ns == judge->now_ns)
		sa->bad_told = sa->bad_packets;
	judge_wake(judge, pair, RULE_SPI,
		   judge->now_ns +
		       (sa->bad_alive ? judge->settings.thresholds.bad_spi_hold_ns : (int64_t)SIGN_OF_LIFE_NS));
}

static void end(struct judge *judge, struct judged_pair *pair, struct judged_sa *sa, const char *why)
{
	struct finding finding;

	if (!sa->bad_spi.open)
		return;
	describe(judge, pair, sa, &finding);
	finding.cleared_by = why;
	alert_clear(judge, &sa->bad_spi, &finding);
	sa->stale = false;
	sa->bad_level = 0;
}

/* The receiver answers, but in clear: its policy is gone, not its SA. */
static bool answers_in_clear(const struct judged_pair *pair, const struct judged_sa *sa)
{
	const struct leak *leak = &pair->leak;

	return leak->last_ns > sa->bad_since_ns && (leak->directions & (1u << !sa->direction)) != 0;
}

static void note_run(struct judged_sa *sa, const struct transition_run *run)
{
	sa->bad_since_ns = run->first_ns;
	sa->bad_last_ns = run->last_ns;
	sa->bad_packets = run->packets;
	sa->bad_bytes = run->bytes;
}

/* When the SA last sent into the void: what was told of that is old while it goes on. */
static int64_t last_stray(const struct judge *judge, const struct judged_sa *sa)
{
	int64_t last = sa->quiet ? sa->last_ns : judge->now_ns;

	return last > sa->bad_last_ns ? last : sa->bad_last_ns;
}

static bool recovered(const struct judged_pair *pair, const struct judged_sa *sa, int64_t last_ns)
{
	for (unsigned side = 0; side < 2; side++) {
		int64_t opened = pair->ike[side].opened_ns;
		if (opened && opened >= sa->bad_since_ns - RECOVER_BEFORE_NS && opened <= last_ns + RECOVER_AFTER_NS)
			return true;
	}
	return false;
}

static void unanswered(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	struct judged_sa *sa = lineage_find(judge, pair, transition->direction, 50, transition->run.spi);

	if (!sa)
		return;
	note_run(sa, &transition->run);
	/* No new level: the run is over, and all that is news is what was lost. */
	if (answers_in_clear(pair, sa) || (sa->bad_spi.open && sa->bad_level == transition->run.level))
		return;
	sa->bad_level = transition->run.level;
	sa->bad_alive = receiver_alive(judge, pair, sa);
	if (!sa->bad_spi.open)
		sa->bad_cause = CAUSE_ONE_WAY; /* what the receiver itself said is better than this */
	if (recovered(pair, sa, sa->bad_last_ns))
		sa->bad_cause = CAUSE_RECOVERING;
	tell(judge, pair, sa);
}

static void answered(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	struct judged_sa *sa = lineage_find(judge, pair, transition->direction, 50, transition->run.spi);

	if (!sa || !sa->bad_spi.open)
		return;
	note_run(sa, &transition->run);
	if (sa->bad_cause != CAUSE_RECOVERING && recovered(pair, sa, sa->bad_last_ns)) {
		sa->bad_cause = CAUSE_RECOVERING;
		tell(judge, pair, sa);
	}
	end(judge, pair, sa, "answered");
}

/* The SA of the other direction that began with this one; NULL if none did. */
static const struct judged_sa *partner(struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa)
{
	enum { WALK_MAX = 64 };
	const struct judged_sa *nearest = NULL;
	int64_t nearest_gap = PARTNER_NS + 1;
	uint32_t number = pair->newest_sa[!sa->direction];

	for (unsigned i = 0; number && i < WALK_MAX; i++) {
		const struct judged_sa *other = table_at(&judge->sas, number);
		int64_t gap =
		    other->born_ns > sa->born_ns ? other->born_ns - sa->born_ns : sa->born_ns - other->born_ns;
		if (other->protocol == sa->protocol && gap < nearest_gap) {
			nearest = other;
			nearest_gap = gap;
		}
		number = other->older;
	}
	return nearest;
}

/*
 * Looks for SAs that go on past the grace after a younger one of their direction came. A younger SA is taken for the
 * successor only if the old one's partner has ceased since, and for good, and its own is alive. SAs that take turns
 * (parallel children, those of each processor) wake and fall quiet all the time; one that is stale goes on.
 */
static void look_for_stale(struct judge *judge, struct judged_pair *pair, unsigned direction)
{
	enum { WALK_MAX = 16 };
	int64_t grace = judge->settings.thresholds.stale_grace_ns;
	uint32_t number = pair->newest_sa[direction];
	if (!number)
		return;
	const struct judged_sa *young = table_at(&judge->sas, number);
	const struct judged_sa *young_partner = partner(judge, pair, young);

	if (young->quiet || !young_partner || young_partner->quiet)
		return;
	number = young->older;
	for (unsigned i = 0; number && i < WALK_MAX; i++) {
		struct judged_sa *old = table_at(&judge->sas, number);
		number = old->older;
		if (old->quiet || old->stale || old->protocol != young->protocol || old->bad_spi.open)
			continue;
		const struct judged_sa *old_partner = partner(judge, pair, old);
		if (!old_partner || old_partner == young_partner || !old_partner->quiet ||
		    old_partner->last_ns > young->born_ns + grace)
			continue;
		/* One that ceased within the grace is not noticed to be quiet before two seconds more. */
		int64_t since = young->born_ns > old_partner->last_ns ? young->born_ns : old_partner->last_ns;
		since = since > old->woke_ns ? since : old->woke_ns;
		if (judge->now_ns < since + grace + QUIET_NS) {
			judge_wake(judge, pair, RULE_SPI, since + grace + QUIET_NS);
			continue;
		}
		old->stale = true;
		old->stale_for_spi = young->spi;
		old->bad_cause = CAUSE_STALE;
		old->bad_level = LEVEL_POSSIBLE;
		old->bad_since_ns = young->born_ns + grace;
		old->bad_last_ns = judge->now_ns;
		old->bad_alive = true; /* its own new SA is in use */
		tell(judge, pair, old);
	}
}

/* The notice is not authenticated, so what was seen of the SA itself goes before it. */
void rule_spi_notified(struct judge *judge, struct judged_pair *pair, struct judged_sa *sa)
{
	if (sa->bad_spi.open && sa->bad_cause == CAUSE_RECOVERING)
		return;
	if (!sa->bad_spi.open) {
		sa->bad_since_ns = judge->now_ns;
		sa->bad_packets = 0;
		sa->bad_bytes = 0;
		sa->bad_level = LEVEL_POSSIBLE;
	}
	sa->bad_last_ns = judge->now_ns;
	sa->bad_cause = CAUSE_NOTIFIED;
	tell(judge, pair, sa);
}

/* What was not so when an alert was last told: IKE was opened anew, or, while the sender goes on, the receiver has turned
 * out to be alive. The latter is looked for at times only: whoever comes back to life opens IKE or answers just then. */
static void look_again(struct judge *judge, struct judged_pair *pair, bool for_life)
{
	enum { WALK_MAX = 16 };

	for (unsigned d = 0; d < 2; d++) {
		uint32_t number = pair->newest_sa[d];
		for (unsigned i = 0; number && i < WALK_MAX; i++) {
			struct judged_sa *sa = table_at(&judge->sas, number);
			number = sa->older;
			if (!sa->bad_spi.open || sa->bad_cause == CAUSE_RECOVERING)
				continue;
			if (recovered(pair, sa, last_stray(judge, sa))) {
				sa->bad_cause = CAUSE_RECOVERING;
				tell(judge, pair, sa);
			} else if (for_life && !sa->bad_alive && !sa->quiet && receiver_alive(judge, pair, sa)) {
				sa->bad_alive = true;
				tell(judge, pair, sa);
			}
		}
	}
}

void rule_spi_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	switch (transition->kind) {
	case TRANSITION_UNANSWERED:
		unanswered(judge, pair, transition);
		break;
	case TRANSITION_ANSWERED:
		answered(judge, pair, transition);
		break;
	case TRANSITION_SA_BORN:
		/* A first SA has none before it that could be stale; a flood of SPIs would leave a timer for each. */
		if (pair->newest_sa[transition->direction] &&
		    ((const struct judged_sa *)table_at(&judge->sas, pair->newest_sa[transition->direction]))->older)
			judge_wake(judge, pair, RULE_SPI,
				   transition->time_ns + judge->settings.thresholds.stale_grace_ns + QUIET_NS);
		break;
	case TRANSITION_SA_QUIET:
		/* A partner that ceases may leave the other direction's SA stale. */
		look_for_stale(judge, pair, !transition->direction);
		break;
	case TRANSITION_IKE_MESSAGE:
		look_again(judge, pair, false);
		break;
	default:
		break;
	}
}

void rule_spi_due(struct judge *judge, struct judged_pair *pair)
{
	enum { WALK_MAX = 16 };
	int64_t hold = judge->settings.thresholds.bad_spi_hold_ns;

	look_again(judge, pair, true);
	for (unsigned d = 0; d < 2; d++) {
		const struct judged_sa *young = pair->newest_sa[d] ? table_at(&judge->sas, pair->newest_sa[d]) : NULL;
		int64_t grace_ends = young ? young->born_ns + judge->settings.thresholds.stale_grace_ns + QUIET_NS : 0;
		if (grace_ends > judge->now_ns)
			judge_wake(judge, pair, RULE_SPI, grace_ends);
		look_for_stale(judge, pair, d);
		uint32_t number = pair->newest_sa[d];
		for (unsigned i = 0; number && i < WALK_MAX; i++) {
			struct judged_sa *sa = table_at(&judge->sas, number);
			number = sa->older;
			if (!sa->bad_spi.open)
				continue;
			int64_t last = sa->quiet && sa->last_ns > sa->bad_last_ns ? sa->last_ns : sa->bad_last_ns;
			if (sa->quiet && judge->now_ns - last >= hold)
				end(judge, pair, sa, "sender-stopped");
			else
				judge_wake(judge, pair, RULE_SPI,
					   judge->now_ns + (sa->quiet || sa->bad_alive ? hold : SIGN_OF_LIFE_NS));
		}
	}
}

/* The last word of what goes on: how much was lost until now. */
void rule_spi_finish(struct judge *judge, struct judged_pair *pair)
{
	for (unsigned d = 0; d < 2; d++) {
		for (uint32_t number = pair->newest_sa[d]; number;) {
			struct judged_sa *sa = table_at(&judge->sas, number);
			struct finding finding;
			number = sa->older;
			if (!sa->bad_spi.open || sa->bad_told == sa->bad_packets)
				continue;
			describe(judge, pair, sa, &finding);
			alert_update(judge, &sa->bad_spi, &finding);
			sa->bad_told = sa->bad_packets;
		}
	}
}
