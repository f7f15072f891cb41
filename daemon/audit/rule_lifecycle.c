/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens where all is well, for those who keep a record of it: peer-new, sa-up, sa-rekeyed, sa-down, secured-again.
 *
 * These are events, not alerts: told once, over at once. Only what both sides take part in counts, so that forged packets of
 * one side tell nothing. Whether a new SA is another one or took over from an older is known only when the older one has
 * fallen quiet, so an SA is told of some seconds after its first packet, with the time of that packet as `first`.
 */
#include "rules.h"

#include "finding.h"

#define SECOND INT64_C(1000000000)
#define SETTLE_NS (5 * SECOND)    /* from an SA's first packet until it is told of: its predecessor is quiet by then */
#define DOWN_NS (5 * 60 * SECOND) /* an SA silent for so long ended, as its record says too */

enum { WALK_MAX = 64 /* SAs of a direction that are looked at, newest first */ };

static bool is_two_way(const struct judged_pair *pair)
{
	return pair->esp[0].first_ns && pair->esp[1].first_ns;
}

static const char *name_of(const struct judged_sa *sa)
{
	return sa->protocol == 51 ? "AH" : "ESP";
}

static void begin(struct judge *judge, const struct judged_pair *pair, const struct judged_sa *sa, enum finding_id id,
		  struct finding *finding)
{
	struct address_text src, dst;

	alert_begin_sa(judge, pair, sa->direction, sa->spi, id, finding);
	finding->ip_protocol = sa->protocol;
	finding->first_ns = sa->born_ns;
	finding_say(finding, "%s from %s to %s: SPI 0x%08x ", name_of(sa), address_text(&finding->src, &src),
		    address_text(&finding->dst, &dst), sa->spi);
}

/* One that was told to be down without having been quiet, since its peer moved, never woke. */
static int64_t awake_since(const struct judged_sa *sa)
{
	return sa->told_down && sa->woke_ns > sa->born_ns ? sa->woke_ns : sa->born_ns;
}

static void tell_up(struct judge *judge, const struct judged_pair *pair, struct judged_sa *sa)
{
	const struct judged_sa *older = sa->replaces ? table_at(&judge->sas, sa->replaces) : NULL;
	bool resumed = sa->told_down;
	int64_t since_ns = awake_since(sa);
	struct finding finding;

	sa->told_up = true;
	sa->told_down = false;
	if (older && !resumed) {
		begin(judge, pair, sa, FINDING_SA_REKEYED, &finding);
		finding_say(&finding, "took over from 0x%08x after %.0f s.", older->spi,
			    (double)(sa->born_ns - older->keyed_ns) / (double)SECOND);
		finding_note_spi(&finding, "replaces", older->spi);
		finding_note_real(&finding, "age", (double)(sa->born_ns - older->keyed_ns) / (double)SECOND);
		finding_note_integer(&finding, "packets", (int64_t)(older->before_packets + older->packets));
		finding_note_integer(&finding, "bytes", (int64_t)(older->before_bytes + older->bytes));
	} else {
		begin(judge, pair, sa, FINDING_SA_UP, &finding);
		finding.first_ns = since_ns;
		finding_say(&finding, resumed ? "carries traffic again." : "carries traffic.");
	}
	alert_event_pair(judge, pair, &finding);
}

static void tell_down(struct judge *judge, const struct judged_pair *pair, struct judged_sa *sa)
{
	struct finding finding;

	sa->told_down = true;
	begin(judge, pair, sa, FINDING_SA_DOWN, &finding);
	finding.last_ns = sa->last_ns;
	finding.count = sa->packets;
	finding.bytes = sa->bytes;
	finding_say(&finding, "has been silent for %.0f s and nothing took its place.",
		    (double)(judge->now_ns - sa->last_ns) / (double)SECOND);
	alert_event_pair(judge, pair, &finding);
}

/* Tells what is due about the SA. When it has to be looked at again; 0: not for itself. */
static int64_t look(struct judge *judge, const struct judged_pair *pair, struct judged_sa *sa)
{
	int64_t now = judge->now_ns;
	int64_t settled = awake_since(sa) + SETTLE_NS;

	if (!sa->quiet && (!sa->told_up || sa->told_down)) {
		if (now < settled)
			return settled;
		tell_up(judge, pair, sa);
	}
	/* One of a few packets, quiet before it was settled, came and went: it was there all the same. */
	if (sa->quiet && !sa->told_up && now >= settled)
		tell_up(judge, pair, sa);
	if (!sa->quiet || sa->told_down || sa->replaced_by || sa->went_to)
		return 0;
	if (now < sa->last_ns + DOWN_NS)
		return sa->told_up ? sa->last_ns + DOWN_NS : settled;
	tell_down(judge, pair, sa);
	return 0;
}

void rule_lifecycle_due(struct judge *judge, struct judged_pair *pair)
{
	int64_t next = 0;

	for (unsigned direction = 0; direction < 2 && is_two_way(pair); direction++) {
		uint32_t number = pair->newest_sa[direction];
		for (unsigned i = 0; number && i < WALK_MAX; i++) {
			struct judged_sa *sa = table_at(&judge->sas, number);
			int64_t due = look(judge, pair, sa);
			if (due && (!next || due < next))
				next = due;
			number = sa->older;
		}
	}
	if (next)
		judge_wake(judge, pair, RULE_LIFECYCLE, next);
}

static void tell_peer(struct judge *judge, const struct judged_pair *pair, unsigned side)
{
	struct judged_host *host = judge_host(judge, &pair->address[side]);
	struct address_text text, other;
	struct finding finding;

	if (!host || host->told_new)
		return;
	host->told_new = true;
	known_note_host(judge, host);
	alert_begin_host(judge, &host->address, FINDING_PEER_NEW, &finding);
	finding_say(&finding, "%s speaks IPsec for the first time in view, with %s.",
		    address_text(&host->address, &text), address_text(&pair->address[!side], &other));
	finding_note_address(&finding, "with", &pair->address[!side]);
	alert_event_host(judge, &finding);
}

void rule_lifecycle_peers(struct judge *judge, const struct judged_pair *pair)
{
	if (!judge->settings.lifecycle || (!is_two_way(pair) && !(pair->ike[0].message_ns && pair->ike[1].message_ns)))
		return;
	enum move_state moved = move_state_of(judge, pair);
	if (moved == MOVE_SURE)
		move_known(judge, pair);
	if (moved != MOVE_NONE)
		return;
	tell_peer(judge, pair, 0);
	tell_peer(judge, pair, 1);
}

void rule_lifecycle_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	if (!judge->settings.lifecycle)
		return;
	switch (transition->kind) {
	case TRANSITION_IKE_MESSAGE:
	case TRANSITION_ESP_BEGAN:
		if (!is_two_way(pair) && !(pair->ike[0].message_ns && pair->ike[1].message_ns))
			break;
		rule_lifecycle_peers(judge, pair);
		if (transition->kind == TRANSITION_ESP_BEGAN)
			judge_wake(judge, pair, RULE_LIFECYCLE, judge->now_ns + SETTLE_NS);
		break;
	case TRANSITION_SA_BORN:
	case TRANSITION_SA_WOKE:
	case TRANSITION_SA_QUIET:
		if (is_two_way(pair))
			judge_wake(judge, pair, RULE_LIFECYCLE, judge->now_ns + SETTLE_NS);
		break;
	default:
		break;
	}
}

void rule_lifecycle_secured_again(struct judge *judge, const struct judged_pair *pair, const struct finding *leak)
{
	struct address_text a, b;
	struct finding finding;

	if (!judge->settings.lifecycle)
		return;
	alert_begin(judge, pair, FINDING_SECURED_AGAIN, &finding);
	finding.first_ns = leak->first_ns;
	finding.last_ns = leak->last_ns;
	finding.count = leak->count;
	finding.bytes = leak->bytes;
	finding_say(&finding, "%s and %s are secured again; %llu packet%s went in clear meanwhile.",
		    address_text(&pair->address[0], &a), address_text(&pair->address[1], &b),
		    (unsigned long long)leak->count, finding_plural(leak->count));
	alert_event_pair(judge, pair, &finding);
}
