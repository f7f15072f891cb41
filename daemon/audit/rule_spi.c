/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bad-spi: a sender goes on with an SPI that its receiver does not have.
 *
 *   one-way     what used to be answered no longer is (dialogue.h): open after 5 s as possible, likely after 10 s or with
 *               unanswered IKE or ICMP as evidence. Once it was answered on the same SPI after all, it takes 10 s to open
 *               there again, then 20 s. Not while the receiver answers in clear: that is a leak; nor while its answers
 *               have numbers of before: that is a replay, or a standby that took over.
 *   stale       an SA goes on past the grace after its successor came, while its partner in the other direction has
 *               ceased and the successor's lives: parallel SAs have living partners, and SAs that IKE says were asked for
 *               beside others have none to succeed. Or it goes on after its receiver deleted the only child there was.
 *               Partners are two that began together while none else of the pair did, both in view from their first
 *               packets on. It ends when the partner speaks again.
 *   notified    its receiver says so in clear.
 *   recovering  either side opened IKE anew meanwhile or right after.
 *
 * What is lost: of one-way, the packets of the run that nobody answers; of the others, what the SA carries since its
 * successor, the Delete or the notice came (in the grace, some of it may still have been taken).
 *
 * It is info while it can heal; medium once it lasts 20 s or comes three times an hour (not counting what was answered on the
 * same SPI), and only if the receiver was seen
 * alive meanwhile: a host that is down loses packets too, but has no bad SPI. A successor alone does not make it medium,
 * for a child may turn one-way just when another one comes: a Delete has to go with it. Nor does a notice alone, which
 * anyone can forge, while ESP comes back.
 */
#include "rules.h"

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)

#define RECOVER_BEFORE_NS (3 * SECOND) /* IKE opened so shortly before the last stray packet, */
#define RECOVER_AFTER_NS (5 * SECOND)  /* or so shortly after it, is the recovery */
#define SIGN_OF_LIFE_NS (5 * SECOND)   /* how often one of the receiver is looked for */
#define PROBE_NS (2 * SECOND)          /* an answer to IKE takes no longer */
#define QUIET_NS (2 * SECOND)          /* what the trackers use, track.h */
#define PARTNER_NS (2 * SECOND)        /* the two directions of a negotiation begin within this */
#define LASTS_NS (20 * SECOND)         /* for so long it cannot be said to heal; dialogue.h has the same for runs */
#define DELETE_NS (5 * SECOND)         /* a Delete so shortly before a successor's first packet belongs to the rekey */

enum {
	LEVEL_POSSIBLE = 1,
	LEVEL_LIKELY = 2,
	LEVEL_LASTS = 3,
	OPENINGS_ALARM = 3, /* within an hour */
};

static bool receiver_alive(struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa)
{
	return judge_host_alive(judge, pair->realm, &pair->address[!sa->direction], sa->bad_since_ns);
}

static bool comes_often(const struct judge *judge, const struct judged_pair *pair)
{
	for (unsigned i = 0; i < OPENINGS_ALARM; i++)
		if (!pair->bad_spi_opened_ns[i] || judge->now_ns - pair->bad_spi_opened_ns[i] > 60 * MINUTE)
			return false;
	return true;
}

/* The sender asked the receiver something in IKE, its DPD perhaps, and the time for an answer is over. */
static bool probes_unanswered(const struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa)
{
	const struct judged_ike *sender = &pair->ike[sa->direction];

	return sender->asked_last_ns > sa->bad_since_ns && judge->now_ns - sender->asked_ns >= PROBE_NS;
}

/* The SPI that took the SA's place, 0 if none is known to have. */
static uint32_t successor_of(const struct judge *judge, const struct judged_sa *sa)
{
	if (sa->stale && !sa->stale_by_delete)
		return sa->stale_for_spi;
	return sa->replaced_by ? ((const struct judged_sa *)table_at(&judge->sas, sa->replaced_by))->spi : 0;
}

static void describe(struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa,
		     struct finding *finding)
{
	struct address_text sender, receiver;
	bool probes = probes_unanswered(judge, pair, sa);
	bool lasts = sa->bad_level >= LEVEL_LASTS || comes_often(judge, pair);

	alert_begin_sa(judge, pair, sa->direction, sa->spi, FINDING_BAD_SPI, finding);
	finding->cause = sa->bad_cause;
	finding->ip_protocol = sa->protocol;
	finding->severity = lasts && sa->bad_alive ? SEVERITY_MEDIUM : SEVERITY_INFO;
	finding->grade = sa->bad_level >= LEVEL_LIKELY || probes ? GRADE_LIKELY : GRADE_POSSIBLE;
	finding->first_ns = sa->bad_since_ns;
	finding->last_ns = sa->bad_last_ns;
	if (sa->bad_packets) {
		finding->count = sa->bad_packets;
		finding->bytes = sa->bad_bytes;
	}
	address_text(&finding->src, &sender);
	address_text(&finding->dst, &receiver);
	if (sa->bad_cause == CAUSE_NOTIFIED)
		finding_say(finding, "%s sends ESP on SPI 0x%08x to %s, which says in clear that it does not know it",
			    sender.text, sa->spi, receiver.text);
	else if (sa->bad_cause == CAUSE_STALE && sa->stale_by_delete)
		finding_say(finding, "%s goes on with SPI 0x%08x to %s, which deleted it", sender.text, sa->spi,
			    receiver.text);
	else if (sa->bad_cause == CAUSE_STALE)
		finding_say(finding, "%s goes on with SPI 0x%08x to %s", sender.text, sa->spi, receiver.text);
	else
		finding_say(finding,
			    "%s sends ESP on SPI 0x%08x to %s, which gives no answer to what it used to answer",
			    sender.text, sa->spi, receiver.text);
	finding_note_integer(finding, "packets_lost_into_it", (int64_t)sa->bad_packets);
	finding_note_integer(finding, "octets_lost_into_it", (int64_t)sa->bad_bytes);
	finding_note_boolean(finding, "ike_probes_unanswered", probes);
	finding_note_boolean(finding, "receiver_alive", sa->bad_alive);
	/* Who knows better and does not act on it is the sender; else the receiver has lost what it should have. */
	bool senders = sa->bad_cause == CAUSE_STALE || sa->bad_cause == CAUSE_NOTIFIED;
	finding_note_address(finding, "side_to_fix", senders ? &finding->src : &finding->dst);
	uint32_t successor = successor_of(judge, sa);
	if (successor) {
		finding_note_spi(finding, "replaced_by", successor);
		finding_say(finding, ", %s SPI 0x%08x",
			    sa->bad_cause == CAUSE_STALE ? "though it was replaced by" : "and was replaced by",
			    successor);
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
		pair->bad_spi_opened_ns[0] = sa->bad_opened_ns = judge->now_ns;
		pair->bad_spi_told = true;
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
	sa->bad_counted = sa->bad_again = false;
}

/* The receiver answers, but in clear: its policy is gone, not its SA. */
static bool answers_in_clear(const struct judged_pair *pair, const struct judged_sa *sa)
{
	const struct leak *leak = &pair->leak;

	return leak->last_ns > sa->bad_since_ns && (leak->directions & (1u << !sa->direction)) != 0;
}

/* What comes back has numbers of before: a standby that took over goes on from an older count. The receiver answers, and it is its
 * answers that are dropped; esp-replay says so. */
static bool answers_by_old_numbers(const struct judge *judge, const struct judged_pair *pair,
				   const struct judged_sa *sa)
{
	enum { WALK_MAX = 16 };
	uint32_t number = pair->newest_sa[!sa->direction];

	for (unsigned i = 0; number && i < WALK_MAX; i++) {
		const struct judged_sa *other = table_at(&judge->sas, number);
		number = other->older;
		if (other->replay.open && other->replay_ns >= sa->bad_since_ns - MINUTE)
			return true;
	}
	return false;
}

/* Whether an alert before may have told of the run: of one that has ended since, or that had to make room. */
static bool was_told(const struct judged_sa *sa, const struct transition_run *run)
{
	return run->first_ns < sa->born_ns || (sa->bad_opened_ns && run->first_ns <= sa->bad_opened_ns);
}

static void note_run(struct judged_sa *sa, const struct transition_run *run)
{
	if (!sa->bad_spi.open || !sa->bad_again)
		sa->bad_since_ns = run->first_ns;
	sa->bad_last_ns = run->last_ns;
	sa->bad_packets = run->packets;
	sa->bad_bytes = run->bytes;
	sa->bad_counted = false;
}

/* What was lost of an SA that is known to be bad since `bad_since_ns`, as of when its totals were last told. */
static void note_totals(struct judged_sa *sa, int64_t last_ns)
{
	if (sa->base_ns < sa->bad_since_ns)
		return;
	sa->bad_packets = (uint32_t)(sa->packets - sa->base_packets);
	sa->bad_bytes = sa->bytes - sa->base_bytes;
	if (last_ns > sa->bad_last_ns)
		sa->bad_last_ns = last_ns;
}

/* When the SA last sent into the void: what was told of that is old while it goes on. */
static int64_t last_stray(const struct judge *judge, const struct judged_sa *sa)
{
	int64_t last = sa->quiet ? sa->last_ns : judge->now_ns;

	return last > sa->bad_last_ns ? last : sa->bad_last_ns;
}

static bool recovered(const struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa,
		      int64_t last_ns)
{
	/* What made an SA stale, a negotiation from the beginning perhaps, is not its recovery. */
	int64_t from = sa->stale ? sa->bad_since_ns + judge->settings.thresholds.stale_grace_ns
				 : sa->bad_since_ns - RECOVER_BEFORE_NS;

	for (unsigned side = 0; side < 2; side++) {
		int64_t opened = pair->ike[side].opened_ns;
		if (opened && opened >= from && opened <= last_ns + RECOVER_AFTER_NS)
			return true;
	}
	return false;
}

/* An SA of the pair goes on between other addresses. */
static bool moved(const struct judge *judge, const struct judged_pair *pair)
{
	for (unsigned d = 0; d < 2; d++) {
		const struct judged_sa *sa = judge_newest_sa(judge, pair, d);
		if (sa && sa->went_to)
			return true;
	}
	return false;
}

void rule_spi_moved(struct judge *judge, struct judged_pair *pair)
{
	for (unsigned d = 0; d < 2; d++)
		for (uint32_t number = pair->newest_sa[d]; number;) {
			struct judged_sa *sa = table_at(&judge->sas, number);
			number = sa->older;
			end(judge, pair, sa, "moved");
		}
}

/* One SPI may carry what several hosts behind the receiver are asked, and one of them may be down. What was told and then
 * answered on the same SPI is no SPI that the receiver lacks: it does not count for how often, and the next has to last. */
static void note_answered(struct judged_pair *pair, struct judged_sa *sa)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < OPENINGS_ALARM; i++)
		if (pair->bad_spi_opened_ns[i] != sa->bad_opened_ns)
			pair->bad_spi_opened_ns[kept++] = pair->bad_spi_opened_ns[i];
	while (kept < OPENINGS_ALARM)
		pair->bad_spi_opened_ns[kept++] = 0;
	if (sa->bad_answered < LEVEL_LASTS - LEVEL_POSSIBLE)
		sa->bad_answered++;
}

static void unanswered(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	struct judged_sa *sa = lineage_find(judge, pair, transition->direction, 50, transition->run.spi);

	/* What is stale is known to be so since before its packets went without an answer. */
	if (!sa || sa->stale)
		return;
	note_run(sa, &transition->run);
	/* A run that is over opens nothing: it was told when it reached its levels. */
	bool over = transition->time_ns > transition->run.last_ns;
	if (!sa->bad_spi.open && (over || transition->run.level < LEVEL_POSSIBLE + sa->bad_answered))
		return;
	/* No new level: the run is over, and all that is news is what was lost. */
	if (answers_in_clear(pair, sa) || answers_by_old_numbers(judge, pair, sa) || moved(judge, pair) ||
	    (sa->bad_spi.open && sa->bad_level == transition->run.level))
		return;
	sa->bad_level = transition->run.level;
	sa->bad_alive = receiver_alive(judge, pair, sa);
	if (!sa->bad_spi.open) {
		sa->bad_cause = CAUSE_ONE_WAY; /* what the receiver itself said is better than this */
		/* What goes on behind the end of an alert is another one. */
		sa->bad_again = was_told(sa, &transition->run);
		if (sa->bad_again)
			sa->bad_since_ns = transition->time_ns;
	}
	if (recovered(judge, pair, sa, sa->bad_last_ns))
		sa->bad_cause = CAUSE_RECOVERING;
	tell(judge, pair, sa);
}

static void answered(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	struct judged_sa *sa = lineage_find(judge, pair, transition->direction, 50, transition->run.spi);

	if (!sa || sa->stale || !sa->bad_spi.open)
		return;
	note_run(sa, &transition->run);
	if (sa->bad_cause != CAUSE_RECOVERING && recovered(judge, pair, sa, sa->bad_last_ns)) {
		sa->bad_cause = CAUSE_RECOVERING;
		tell(judge, pair, sa);
	}
	end(judge, pair, sa, "answered");
	if (sa->bad_cause == CAUSE_ONE_WAY)
		note_answered(pair, sa);
}

/* The SA of the other direction that began when this one did; NULL if none did, or more than one. Of an SA that was there
 * before anybody looked nobody knows when it began. */
static struct judged_sa *began_with(struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa)
{
	enum { WALK_MAX = 64 };
	struct judged_sa *found = NULL;
	uint32_t number = sa->begun ? pair->newest_sa[!sa->direction] : 0;

	for (unsigned i = 0; number && i < WALK_MAX; i++) {
		struct judged_sa *other = table_at(&judge->sas, number);
		int64_t gap =
		    other->born_ns > sa->born_ns ? other->born_ns - sa->born_ns : sa->born_ns - other->born_ns;
		number = other->older;
		if (!other->begun || !lineage_may_follow(sa, other) || gap > PARTNER_NS)
			continue;
		if (found)
			return NULL;
		found = other;
	}
	return found;
}

/* The other half of the child: each has to have begun with the other alone, for of children that begin together nobody can
 * tell whose halves are whose. NULL if it is not known. */
static struct judged_sa *partner(struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa)
{
	struct judged_sa *other = began_with(judge, pair, sa);

	return other && began_with(judge, pair, other) == sa ? other : NULL;
}

/* A silence of so long is more than the partner's usual ones. */
static int64_t silence_ns(const struct judge *judge, const struct judged_sa *old_partner)
{
	int64_t grace = judge->settings.thresholds.stale_grace_ns, twice = 2 * old_partner->pause_ns;

	return twice > grace ? twice : grace;
}

static void tell_stale(struct judge *judge, struct judged_pair *pair, struct judged_sa *sa, int64_t since_ns)
{
	sa->stale = true;
	sa->bad_cause = CAUSE_STALE;
	sa->bad_level = LEVEL_POSSIBLE;
	sa->bad_since_ns = sa->bad_last_ns = since_ns;
	sa->bad_packets = 0;
	sa->bad_bytes = 0;
	sa->bad_counted = true;
	sa->bad_alive = true; /* the other side's new SA is in use, or it said so */
	note_totals(sa, judge->now_ns);
	tell(judge, pair, sa);
	judge_wake(judge, pair, RULE_SPI, since_ns + judge->settings.thresholds.stale_grace_ns + LASTS_NS);
}

/*
 * Looks for SAs that go on past the grace after a younger one of their direction came. A younger SA is taken for the
 * successor only if the old one's partner has ceased with that, and for good, and its own is alive. SAs that take turns
 * (parallel children, those of each processor) wake and fall quiet all the time; one that is stale goes on. A partner that
 * speaks rarely has not ceased before its usual pauses are over, and one that had been silent before, while the SA went on,
 * has nothing to do with the successor: that is one-way traffic.
 */
static void look_for_stale(struct judge *judge, struct judged_pair *pair, unsigned direction)
{
	enum { WALK_MAX = 16 };
	int64_t grace = judge->settings.thresholds.stale_grace_ns;
	uint32_t number = pair->newest_sa[direction];
	const struct judged_sa *young = number ? table_at(&judge->sas, number) : NULL;

	for (unsigned i = 1; young && young->beside; i++)
		young = young->older && i < WALK_MAX ? table_at(&judge->sas, young->older) : NULL;
	if (!young || young->quiet)
		return;
	number = young->older;
	const struct judged_sa *young_partner = partner(judge, pair, young);
	if (!young_partner || young_partner->quiet)
		return;
	for (unsigned i = 0; number && i < WALK_MAX; i++) {
		struct judged_sa *old = table_at(&judge->sas, number);
		number = old->older;
		if (old->quiet || old->stale || !lineage_may_follow(old, young) || old->bad_spi.open)
			continue;
		const struct judged_sa *old_partner = partner(judge, pair, old);
		if (!old_partner || old_partner == young_partner || !old_partner->quiet ||
		    old_partner->last_ns > young->born_ns + grace)
			continue;
		int64_t silence = silence_ns(judge, old_partner);
		if (old_partner->last_ns < young->born_ns - silence && old->woke_ns < young->born_ns - grace)
			continue;
		int64_t since = young->born_ns > old->woke_ns ? young->born_ns : old->woke_ns;
		/* One that ceased within the grace is not noticed to be quiet before two seconds more. */
		int64_t due = (since > old_partner->last_ns ? since : old_partner->last_ns) + silence + QUIET_NS;
		if (judge->now_ns < due) {
			judge_wake(judge, pair, RULE_SPI, due);
			continue;
		}
		old->stale_for_spi = young->spi;
		old->stale_by_delete = false;
		tell_stale(judge, pair, old, since);
	}
}

/* Whether it is all that the pair speaks in that direction. */
static bool alone(const struct judge *judge, const struct judged_sa *sa)
{
	for (uint32_t number = sa->older; number;) {
		const struct judged_sa *other = table_at(&judge->sas, number);
		if (!other->quiet)
			return false;
		number = other->older;
	}
	return true;
}

/* The Delete was that of the SA and its partner: of the only child that its IKE SA ever had, or, after the partner was
 * replaced, of what it replaced. */
static bool was_deleted(struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa,
			const struct judged_sa *old_partner)
{
	const struct ike_story *story = ike_story_find(judge->stories, pair->realm, pair->deleted_ispi);

	if (old_partner->replaced_by) {
		const struct judged_sa *next = table_at(&judge->sas, old_partner->replaced_by);
		return !next->beside && pair->deleted_ns >= next->born_ns - DELETE_NS;
	}
	return story && pair->deleted_by == !sa->direction && story->child_exchanges == 0 &&
	       sa->ike_spi == pair->deleted_ispi;
}

/* Looks for an SA that goes on past the grace after its receiver deleted it, and is the youngest of its direction. */
static void look_for_deleted(struct judge *judge, struct judged_pair *pair, unsigned direction)
{
	struct judged_sa *sa = judge_newest_sa(judge, pair, direction);
	int64_t since = pair->deleted_ns;

	if (!sa || !since || sa->quiet || sa->stale || sa->bad_spi.open || sa->born_ns > since || sa->woke_ns > since)
		return;
	const struct judged_sa *old_partner = partner(judge, pair, sa);
	if (!old_partner || !old_partner->quiet || old_partner->last_ns > since + QUIET_NS || !alone(judge, sa) ||
	    !was_deleted(judge, pair, sa, old_partner))
		return;
	int64_t due = since + silence_ns(judge, old_partner) + QUIET_NS;
	if (judge->now_ns < due) {
		judge_wake(judge, pair, RULE_SPI, due);
		return;
	}
	sa->stale_by_delete = true;
	tell_stale(judge, pair, sa, since);
}

/* The partner of an SA that was taken for stale speaks again: it had not ceased. */
static void partner_woke(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	const struct judged_sa *sa =
	    lineage_find(judge, pair, transition->direction, transition->esp.protocol, transition->esp.spi);
	struct judged_sa *other = sa && pair->bad_spi_told ? partner(judge, pair, sa) : NULL;

	if (other && other->stale)
		end(judge, pair, other, "partner-speaks");
}

/* The notice is not authenticated, so what was seen of the SA itself goes before it. */
void rule_spi_notified(struct judge *judge, struct judged_pair *pair, struct judged_sa *sa)
{
	sa->notified_ns = judge->now_ns;
	if (sa->bad_spi.open && sa->bad_cause == CAUSE_RECOVERING)
		return;
	if (!sa->bad_spi.open) {
		sa->bad_since_ns = judge->now_ns;
		sa->bad_packets = 0;
		sa->bad_bytes = 0;
		sa->bad_counted = true;
		sa->bad_again = false;
		sa->bad_level = LEVEL_POSSIBLE;
		judge_wake(judge, pair, RULE_SPI, judge->now_ns + LASTS_NS);
	}
	sa->bad_last_ns = judge->now_ns;
	sa->bad_cause = CAUSE_NOTIFIED;
	tell(judge, pair, sa);
}

/* An SA goes on after something that may have ended it, or speaks again: what it had carried until then. */
static void goes_on(struct judge *judge, const struct judged_pair *pair, const struct transition *transition)
{
	struct judged_sa *sa =
	    lineage_find(judge, pair, transition->direction, transition->esp.protocol, transition->esp.spi);
	uint32_t newest = pair->newest_sa[transition->direction];

	if (!sa || (sa->bad_spi.open && (!sa->bad_counted || sa->base_ns >= sa->bad_since_ns)))
		return;
	int64_t change = pair->deleted_ns > sa->notified_ns ? pair->deleted_ns : sa->notified_ns;
	const struct judged_sa *young = newest ? table_at(&judge->sas, newest) : sa;
	if (young != sa && young->born_ns > change)
		change = young->born_ns;
	if (transition->kind == TRANSITION_SA_GOES_ON && sa->base_ns && sa->base_ns >= change)
		return;
	sa->base_ns = transition->time_ns;
	/* What wakes is told with its packet, and had carried what it had when it fell quiet. */
	sa->base_packets = sa->packets;
	sa->base_bytes = sa->bytes;
}

/* The SA's totals were told. */
static void counted(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	struct judged_sa *sa =
	    lineage_find(judge, pair, transition->direction, transition->esp.protocol, transition->esp.spi);

	if (sa && sa->bad_spi.open && sa->bad_counted)
		note_totals(sa, transition->esp.last_ns);
}

/* Whether what is bad by its totals lasts, and something bears it out. */
static bool lasts(const struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa)
{
	int64_t last = last_stray(judge, sa), since = sa->bad_since_ns;

	if (sa->stale)
		return last - since >= judge->settings.thresholds.stale_grace_ns + LASTS_NS &&
		       pair->deleted_ns >= since - DELETE_NS;
	return last - since >= LASTS_NS && !pair->esp[!sa->direction].running;
}

/* What was not so when an alert was last told: IKE was opened anew, or, while the sender goes on, the receiver has turned
 * out to be alive. The latter is looked for at times only: whoever comes back to life opens IKE or answers just then. */
static void look_again(struct judge *judge, struct judged_pair *pair, bool for_life)
{
	enum { WALK_MAX = 16 };

	/* Nearly every pair: its SAs stay out of the cache. */
	if (!pair->bad_spi_told)
		return;
	for (unsigned d = 0; d < 2; d++) {
		uint32_t number = pair->newest_sa[d];
		/* Whoever sends IKE and SPIs at will does not choose how long each message takes: those behind wait for
		 * the timer. */
		for (unsigned i = 0; number && (for_life || i < WALK_MAX); i++) {
			struct judged_sa *sa = table_at(&judge->sas, number);
			number = sa->older;
			if (!sa->bad_spi.open || sa->bad_cause == CAUSE_RECOVERING)
				continue;
			if (recovered(judge, pair, sa, last_stray(judge, sa))) {
				sa->bad_cause = CAUSE_RECOVERING;
				tell(judge, pair, sa);
			} else if (sa->bad_counted && sa->bad_level < LEVEL_LASTS && lasts(judge, pair, sa)) {
				sa->bad_level = LEVEL_LASTS;
				sa->bad_alive |= sa->bad_cause == CAUSE_NOTIFIED;
				tell(judge, pair, sa);
			} else if (for_life && !sa->bad_alive && !sa->quiet && receiver_alive(judge, pair, sa)) {
				sa->bad_alive = true;
				tell(judge, pair, sa);
			}
		}
	}
}

static void note_delete(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	const struct ike_story *story = judge->ike.story;

	if (!story || story->deleted_ns != transition->time_ns)
		return;
	pair->deleted_ns = transition->time_ns;
	pair->deleted_ispi = story->ispi;
	pair->deleted_by = transition->direction;
	judge_wake(judge, pair, RULE_SPI, transition->time_ns + judge->settings.thresholds.stale_grace_ns + QUIET_NS);
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
	case TRANSITION_SA_WOKE:
		partner_woke(judge, pair, transition);
		goes_on(judge, pair, transition);
		break;
	case TRANSITION_SA_GOES_ON:
		goes_on(judge, pair, transition);
		break;
	case TRANSITION_SA_COUNT:
		counted(judge, pair, transition);
		break;
	case TRANSITION_SA_QUIET:
		counted(judge, pair, transition);
		/* A partner that ceases may leave the other direction's SA stale. */
		look_for_stale(judge, pair, !transition->direction);
		break;
	case TRANSITION_IKE_MESSAGE:
		note_delete(judge, pair, transition);
		look_again(judge, pair, false);
		break;
	default:
		break;
	}
}

void rule_spi_due(struct judge *judge, struct judged_pair *pair)
{
	int64_t hold = judge->settings.thresholds.bad_spi_hold_ns;

	look_again(judge, pair, true);
	for (unsigned d = 0; d < 2; d++) {
		const struct judged_sa *young = judge_newest_sa(judge, pair, d);
		int64_t grace_ends = young ? young->born_ns + judge->settings.thresholds.stale_grace_ns + QUIET_NS : 0;
		if (grace_ends > judge->now_ns)
			judge_wake(judge, pair, RULE_SPI, grace_ends);
		look_for_stale(judge, pair, d);
		look_for_deleted(judge, pair, d);
		/* However many came after it, what is open is looked at until it ends. */
		for (uint32_t number = pair->bad_spi_told ? pair->newest_sa[d] : 0; number;) {
			struct judged_sa *sa = table_at(&judge->sas, number);
			number = sa->older;
			if (!sa->bad_spi.open)
				continue;
			int64_t last = sa->quiet && sa->last_ns > sa->bad_last_ns ? sa->last_ns : sa->bad_last_ns;
			bool heeded = sa->bad_cause == CAUSE_NOTIFIED && pair->esp[!d].running && !sa->quiet;
			if (sa->quiet && judge->now_ns - last >= hold)
				end(judge, pair, sa, "sender-stopped");
			else if (heeded && judge->now_ns - sa->notified_ns >= hold)
				end(judge, pair, sa, "answered");
			else if (judge->now_ns - sa->bad_spi.told_ns >= judge->settings.thresholds.update_ns)
				tell(judge, pair, sa);
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
