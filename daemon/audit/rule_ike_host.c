/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What IKE tells of a whole host: ike-flood, ike-restart and the restart-check that follows. See rule_ike.h.
 *
 * flood    Negotiations opened towards the host that their initiators did nothing more for, not even repeat themselves, in
 *          FLOOD_WAIT_S: what a forged address cannot do, and a real peer, however slow the host, would: implementations
 *          begin to repeat themselves after half a second to ten. Counted by the second over a minute; a crowd of peers
 *          that come back after an outage does not count.
 * restart  A new IKE SA beside one that was up is one pair's beginning again if, some seconds after its first answer, one is
 *          up, the old one was neither deleted nor used, and the pair's ESP is new or gone, in IKEv1 with quick mode or new
 *          ESP: what nobody answers tells of no restart, only of a host that is gone. restart_peers such pairs of one host
 *          within restart_ns, and at least half of those it had, are its restart. A failing link with dead peer detection
 *          can look the same: likely.
 */
#include "rule_ike.h"

#include "../../dissectors/ike_names.h"
#include "finding.h"
#include "rules.h"

#include <string.h>

#define SECOND INT64_C(1000000000)
#define ACTIVE_NS (3600 * SECOND) /* a pair whose IKE or ESP was silent for longer is not counted */

enum { FLOOD_WAIT_S = 12, NAMES_SIZE = 256, NAMED_MAX = 6, FLOOD_END_PART = 4 };

/* ---- flood ---- */

static void half_open_advance(struct judged_host *host, int64_t second)
{
	if (second - host->half_open_second >= HALF_OPEN_SECONDS)
		memset(host->half_open, 0, sizeof(host->half_open));
	else
		for (int64_t s = host->half_open_second + 1; s <= second; s++)
			host->half_open[s % HALF_OPEN_SECONDS] = 0;
	if (second > host->half_open_second)
		host->half_open_second = second;
}

/* Of those that were opened `youngest` seconds ago or more. */
static unsigned half_open_count(const struct judged_host *host, int64_t second, int64_t youngest)
{
	unsigned count = 0;

	for (int64_t age = youngest; age < HALF_OPEN_SECONDS; age++)
		if (second - age >= 0)
			count += host->half_open[(second - age) % HALF_OPEN_SECONDS];
	return count;
}

/*
 * A burst may be over before it can be told from peers that go on, and nothing comes afterwards that would lead here. So where
 * so many came that they would do, the host is looked at again after `wait_ns`.
 */
static void look_for_flood(struct judge *judge, struct judged_host *host, int64_t wait_ns)
{
	int64_t second = judge->now_ns / SECOND;
	struct finding finding;
	struct address_text text;

	half_open_advance(host, second);
	unsigned count = half_open_count(host, second, FLOOD_WAIT_S);
	unsigned limit = judge->settings.thresholds.flood_half_open;
	if (!host->flood.open && count < limit) {
		if (half_open_count(host, second, 0) >= limit)
			judge_wake_host(judge, host, HOST_FLOOD, judge->now_ns + wait_ns);
		return;
	}
	if (!host->flood.open) {
		host->flood_ns = judge->now_ns;
		host->flood_most = 0;
	}
	if (count > host->flood_most)
		host->flood_most = count;
	bool over = count < limit / FLOOD_END_PART;
	alert_begin_host(judge, &host->address, FINDING_IKE_FLOOD, &finding);
	finding.first_ns = host->flood_ns;
	finding.count = host->flood_most;
	finding_say(&finding, "%u negotiations opened towards %s within a minute were never taken further%s.",
		    host->flood_most, address_text(&host->address, &text), over ? " at the height of it" : "");
	finding_note_integer(&finding, "half_open", count);
	finding_note_integer(&finding, "seconds", HALF_OPEN_SECONDS - FLOOD_WAIT_S);
	if (over) {
		finding.cleared_by = "quiet";
		alert_clear(judge, &host->flood, &finding);
		return;
	}
	alert_tell_host(judge, &host->flood, &finding);
	judge_wake_host(judge, host, HOST_FLOOD, judge->now_ns + HALF_OPEN_SECONDS * SECOND);
}

void rule_ike_flood_due(struct judge *judge, struct judged_host *host)
{
	look_for_flood(judge, host, SECOND);
}

/* The responder wants no more of it: it refuses, or sends the initiator to another host (RFC 5685 section 3). */
static bool turned_away(const struct judge *judge)
{
	return judge->ike.kind == IKE_EVENT_REFUSED || (judge->message->header.exchange == IKEV2_EXCHANGE_IKE_SA_INIT &&
							ike_message_notify(judge->message, IKEV2_NOTIFY_REDIRECT));
}

static void count_half_open(struct judge *judge, struct ike_story *story)
{
	enum ike_event_kind kind = judge->ike.kind;
	bool opens = kind == IKE_EVENT_OPENED && judge->ike.born;
	bool goes_on = story->counted && kind != IKE_EVENT_NONE && (judge->ike.from_initiator || turned_away(judge));
	struct judged_host *host = opens || goes_on ? judge_host(judge, &story->responder) : NULL;
	int64_t second = judge->now_ns / SECOND;

	if (!host)
		return;
	if (opens) {
		half_open_advance(host, second);
		uint16_t *bucket = &host->half_open[second % HALF_OPEN_SECONDS];
		*bucket = (uint16_t)(*bucket + (*bucket < UINT16_MAX));
		story->counted = true;
		story->counted_ns = judge->now_ns;
		/* All of a burst are to have had their time; later ones are looked for more often. */
		look_for_flood(judge, host, FLOOD_WAIT_S * SECOND);
		return;
	}
	story->counted = false;
	int64_t opened = story->counted_ns / SECOND;
	half_open_advance(host, second);
	uint16_t *bucket = &host->half_open[opened % HALF_OPEN_SECONDS];
	if (*bucket && second < opened + HALF_OPEN_SECONDS)
		(*bucket)--;
}

/* ---- restart ---- */

static bool is_end(const struct judged_pair *pair, const struct address *host)
{
	return address_equal(&pair->address[0], host) || address_equal(&pair->address[1], host);
}

static int64_t last_active(const struct judge *judge, const struct judged_pair *pair)
{
	int64_t last = judge_pair_last(judge, pair), established = pair->negotiation.established_ns;

	return established > last ? established : last;
}

/* Pairs of the host whose IKE was up and that were active lately. */
static unsigned peers_of(const struct judge *judge, const struct address *host)
{
	unsigned peers = 0;

	for (uint32_t number = 1; number <= judge->pairs.fresh; number++) {
		const struct judged_pair *pair = table_at(&judge->pairs, number);
		if (table_lives(&judge->pairs, number) && pair->negotiation.established_ns && is_end(pair, host) &&
		    judge->now_ns - last_active(judge, pair) < ACTIVE_NS)
			peers++;
	}
	return peers;
}

static void tell_restart(struct judge *judge, struct judged_host *host, unsigned again, unsigned peers,
			 int64_t first_ns)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	struct address_text text;
	struct finding finding;

	host->restart_ns = first_ns;
	host->check_due_ns = first_ns + thresholds->restart_check_ns;
	alert_begin_host(judge, &host->address, FINDING_IKE_RESTART, &finding);
	finding.grade = GRADE_LIKELY;
	finding.first_ns = first_ns;
	finding_say(&finding, "%u of the %u peers of %s begin their IKE SAs again within %.0f s: it was restarted.",
		    again, peers, address_text(&host->address, &text), (double)thresholds->restart_ns / 1e9);
	finding_note_integer(&finding, "peers_again", again);
	finding_note_integer(&finding, "peers", peers);
	alert_tell_host(judge, &host->restart, &finding);
	judge_wake_host(judge, host, HOST_RESTART, host->check_due_ns);
}

static void began_again(struct judge *judge, struct judged_pair *pair, struct judged_host *host, unsigned end,
			int64_t time_ns)
{
	int64_t *counted_ns = &pair->negotiation.again_counted_ns[end];
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;

	if (!host->again_first_ns || time_ns - host->again_first_ns > thresholds->restart_ns) {
		host->again_first_ns = time_ns;
		host->again_count = 0;
		host->again_ask = thresholds->restart_peers;
	}
	/* One pair that tries again and again is one still. */
	if (*counted_ns && *counted_ns >= host->again_first_ns)
		return;
	*counted_ns = time_ns;
	host->again_count++;
	/* While a restart is open, or its check still due, more peers are part of it. */
	if (host->again_count < host->again_ask || host->restart.open || host->check_due_ns)
		return;
	/* To count the peers takes long, so it is not done for each one that begins again. */
	host->again_ask = host->again_count + host->again_count / 4 + 1;
	unsigned peers = peers_of(judge, &host->address);
	if (host->again_count <= peers && 2 * host->again_count >= peers)
		tell_restart(judge, host, host->again_count, peers, host->again_first_ns);
}

static void answered(struct judge *judge, struct judged_pair *pair, const struct ike_story *story)
{
	struct judged_negotiation *negotiation = &pair->negotiation;

	if (!ike_story_begun(story) || !negotiation->established_ispi || negotiation->established_ispi == story->ispi)
		return;
	/* The first that is answered counts, and what is being waited for is not put off by a further one. */
	if (negotiation->again_ns)
		return;
	negotiation->again_ns = judge->now_ns;
	negotiation->again_ispi = negotiation->established_ispi;
	judge_wake(judge, pair, RULE_IKE, judge->now_ns + judge->settings.thresholds.again_settle_ns);
}

/* What the pair's ESP, and quick mode, say of a new IKE SA: what was before goes on, or there is no word of anything new. Phase 1 of
 * IKEv1 is negotiated anew in its own time, and leaves the SAs for traffic as they are. */
static bool children_stay(const struct judge *judge, const struct judged_pair *pair, const struct ike_story *young,
			  int64_t since_ns)
{
	int64_t settle = judge->settings.thresholds.again_settle_ns;
	bool none_new = true;

	for (unsigned d = 0; d < 2; d++) {
		const struct judged_sa *sa = judge_newest_sa(judge, pair, d);
		const struct judged_esp *esp = &pair->esp[d];
		if (!sa)
			continue;
		if (sa->born_ns >= since_ns - settle)
			none_new = false;
		else if (esp->running || esp->last_ns > since_ns + SECOND)
			return true;
	}
	return none_new && young && young->major == 1 && !ike_story_quick_began(young);
}

/* Some seconds after a new IKE SA was answered: whether one came up, and the old one, and its ESP, are gone without a word. */
void rule_ike_again_due(struct judge *judge, struct judged_pair *pair)
{
	struct judged_negotiation *negotiation = &pair->negotiation;
	int64_t settle = judge->settings.thresholds.again_settle_ns, since = negotiation->again_ns;
	const struct ike_story *old = ike_story_find(judge->stories, pair->realm, negotiation->again_ispi);

	if (!since)
		return;
	if (judge->now_ns - since < settle) {
		judge_wake(judge, pair, RULE_IKE, since + settle);
		return;
	}
	negotiation->again_ns = 0;
	if (negotiation->established_ns < since || negotiation->established_ispi == negotiation->again_ispi)
		return;
	bool parted = old && old->deleted_ns && old->deleted_ns >= since - settle;
	bool used = old && (old->said_ns[0] > since + SECOND || old->said_ns[1] > since + SECOND);
	if (!old || parted || used || judge->now_ns - old->last_ns > ACTIVE_NS)
		return;
	/* Both sides open one when they come up, and some keep both: that is one beginning. */
	if (since - old->established_ns < judge->settings.thresholds.restart_ns)
		return;
	if (children_stay(judge, pair, ike_story_find(judge->stories, pair->realm, negotiation->established_ispi),
			  since))
		return;
	for (unsigned d = 0; d < 2; d++) {
		struct judged_host *host = judge_host(judge, &pair->address[d]);
		if (host)
			began_again(judge, pair, host, d, since);
	}
}

/* ---- what became of its pairs ---- */

static void name_peer(const struct judged_pair *pair, const struct address *host, unsigned count, char *names)
{
	struct address_text text;
	size_t length = strlen(names);
	const char *peer = address_text(&pair->address[address_equal(&pair->address[0], host)], &text);

	if (count > NAMED_MAX || length + strlen(peer) + 3 > NAMES_SIZE)
		return;
	if (length) {
		memcpy(names + length, ", ", 3);
		length += 2;
	}
	memcpy(names + length, peer, strlen(peer) + 1);
}

static void check(struct judge *judge, struct judged_host *host)
{
	char secured_names[NAMES_SIZE] = "", clear_names[NAMES_SIZE] = "";
	unsigned secured = 0, clear = 0, silent = 0;
	struct address_text text;
	struct finding finding;

	for (uint32_t number = 1; number <= judge->pairs.fresh; number++) {
		const struct judged_pair *pair = table_at(&judge->pairs, number);
		if (!table_lives(&judge->pairs, number) || !pair->negotiation.established_ns ||
		    !is_end(pair, &host->address) || judge->now_ns - last_active(judge, pair) >= ACTIVE_NS)
			continue;
		if (pair->leak.alert.open || (pair->leak.running && !pair->leak.quiet))
			name_peer(pair, &host->address, ++clear, clear_names);
		else if ((pair->esp[0].running || pair->esp[0].last_ns > host->restart_ns) &&
			 (pair->esp[1].running || pair->esp[1].last_ns > host->restart_ns))
			name_peer(pair, &host->address, ++secured, secured_names);
		else
			silent++;
	}
	alert_begin_host(judge, &host->address, FINDING_RESTART_CHECK, &finding);
	if (clear)
		finding.severity = SEVERITY_MEDIUM;
	finding.first_ns = host->restart_ns;
	finding_say(&finding, "After the restart of %s: %u pair%s secured again, %u in clear%s%s, %u silent.",
		    address_text(&host->address, &text), secured, finding_plural(secured), clear, clear ? " with " : "",
		    clear_names, silent);
	finding_note_words(&finding, "secured_again", secured_names);
	finding_note_words(&finding, "clear", clear_names);
	finding_note_integer(&finding, "pairs_secured_again", secured);
	finding_note_integer(&finding, "pairs_clear", clear);
	finding_note_integer(&finding, "pairs_silent", silent);
	alert_tell_host(judge, &host->check, &finding);
	host->check_told_ns = judge->now_ns;
}

static void end_restart(struct judge *judge, struct judged_host *host)
{
	struct address_text text;
	struct finding finding;

	alert_begin_host(judge, &host->address, FINDING_IKE_RESTART, &finding);
	finding.first_ns = host->restart_ns;
	finding.grade = GRADE_LIKELY;
	finding.cleared_by = "checked";
	finding_say(&finding, "The restart of %s is over, and its pairs were looked at.",
		    address_text(&host->address, &text));
	alert_clear(judge, &host->restart, &finding);
}

static void end_check(struct judge *judge, struct judged_host *host)
{
	struct address_text text;
	struct finding finding;

	alert_begin_host(judge, &host->address, FINDING_RESTART_CHECK, &finding);
	alert_recall(judge, &host->check, &finding);
	finding.first_ns = host->restart_ns;
	finding.cleared_by = "quiet";
	finding_say(&finding, "What is still clear of the pairs of %s is told by its own alerts.",
		    address_text(&host->address, &text));
	alert_clear(judge, &host->check, &finding);
}

static void look_after_restart(struct judge *judge, struct judged_host *host)
{
	check(judge, host);
	end_restart(judge, host);
	host->check_due_ns = 0;
}

void rule_ike_restart_due(struct judge *judge, struct judged_host *host)
{
	int64_t hold = judge->settings.thresholds.ike_hold_ns;

	if (host->check_due_ns && judge->now_ns >= host->check_due_ns)
		look_after_restart(judge, host);
	else if (host->check_due_ns)
		judge_wake_host(judge, host, HOST_RESTART, host->check_due_ns);
	if (host->check.open && judge->now_ns - host->check_told_ns >= hold)
		end_check(judge, host);
	else if (host->check.open)
		judge_wake_host(judge, host, HOST_RESTART, host->check_told_ns + hold);
}

void rule_ike_restart_finish(struct judge *judge, struct judged_host *host)
{
	if (host->check_due_ns)
		look_after_restart(judge, host);
}

void rule_ike_host_event(struct judge *judge, struct judged_pair *pair)
{
	struct ike_story *story = judge->ike.story;

	count_half_open(judge, story);
	if (judge->ike.kind == IKE_EVENT_ANSWERED)
		answered(judge, pair, story);
}
