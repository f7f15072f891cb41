/* SPDX-License-Identifier: Apache-2.0 */
/*
 * locked-out: a client knocks in clear at a host that takes secured traffic only.
 *
 * The tracker tells of first packets of a connection that come three times or more and have no answer (track_clear.c). That
 * they are locked out is likely if the host is secured, by a rule or since it was seen to speak ESP both ways with others, if
 * it is alive, and if neither side opens IKE with the other meanwhile. The same picture comes from a packet filter that says
 * nothing, hence never more than likely; a host that is down is told apart by its silence towards everybody.
 *
 * It is the client that is clear here: nothing of this counts as a leak of the host.
 */
#include "rules.h"

#include "finding.h"

#define SECOND INT64_C(1000000000)
#define ALIVE_NS (60 * SECOND)      /* the host gave a sign of life so shortly before the first knock, or since */
#define NEGOTIATED_NS (30 * SECOND) /* IKE so shortly before belongs to the knocks: another finding speaks of it */

static bool speaks(const struct judged_pair *pair, int64_t since_ns)
{
	for (unsigned side = 0; side < 2; side++)
		if (pair->ike[side].message_ns > since_ns - NEGOTIATED_NS || pair->esp[side].running ||
		    pair->esp[side].last_ns > since_ns)
			return true;
	return false;
}

static void describe(struct judge *judge, const struct judged_pair *pair, struct finding *finding)
{
	const struct judged_knock *knock = &pair->knock;
	struct address_text client, server;

	alert_begin(judge, pair, FINDING_LOCKED_OUT, finding);
	finding->has_flow = true;
	finding->src = pair->address[knock->direction];
	finding->dst = pair->address[!knock->direction];
	bool capable = judge_host_elsewhere(judge, &finding->src, &finding->dst);
	bool known = judge_host_alive(judge, pair->realm, &finding->dst, knock->first_ns - ALIVE_NS - 1);
	const struct judged_host *host = judge_host(judge, &finding->dst);
	finding->cause = capable ? CAUSE_NOT_INITIATING : CAUSE_NOT_CAPABLE;
	finding->grade = known ? GRADE_LIKELY : GRADE_POSSIBLE;
	finding->first_ns = knock->first_ns;
	finding->last_ns = knock->last_ns;
	finding->count = knock->tries;
	finding->ip_protocol = 6;
	finding_say(finding,
		    "%s knocks in clear on tcp/%u of %s, %u time%s without an answer, and neither opens IKE with "
		    "the other",
		    address_text(&finding->src, &client), knock->port, address_text(&finding->dst, &server),
		    knock->tries, finding_plural(knock->tries));
	finding_say(finding, capable ? ", though %s speaks IPsec with others" : "; %s was never seen to speak IPsec",
		    client.text);
	finding_say(finding, ".");
	finding_note_integer(finding, "tries", knock->tries);
	finding_note_integer(finding, "port", knock->port);
	finding_note_boolean(finding, "client_speaks_ipsec_elsewhere", capable);
	finding_note_boolean(finding, "server_alive", known);
	finding_note_boolean(finding, "server_speaks_esp_with_others", judge_host_speaks_esp(host, pair->realm));
}

static void tell(struct judge *judge, struct judged_pair *pair)
{
	struct finding finding;

	describe(judge, pair, &finding);
	alert_tell_pair(judge, pair, &pair->knock.alert, &finding);
	judge_wake(judge, pair, RULE_LOCKED, pair->knock.last_ns + judge->settings.thresholds.leak_hold_ns);
}

static void end(struct judge *judge, struct judged_pair *pair, const char *why)
{
	struct finding finding;

	if (pair->knock.alert.open) {
		describe(judge, pair, &finding);
		finding.cause = pair->knock.alert.cause;
		finding.grade = pair->knock.alert.grade;
		finding.cleared_by = why;
		alert_clear(judge, &pair->knock.alert, &finding);
		pair->knock.ended_ns = judge->now_ns;
	}
	pair->knock.first_ns = 0;
}

static void knocked(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	const struct transition_knock *news = &transition->knock;
	struct judged_knock *knock = &pair->knock;
	const struct address *server = &pair->address[!transition->direction];
	const struct judged_host *host = judge_host(judge, server);

	if (!news->tries) {
		end(judge, pair, "answered");
		return;
	}
	bool secured = pair->rule || judge_host_speaks_esp(host, pair->realm);
	/* What was heard of before and is silent now is down. */
	bool down = host ? !judge_host_alive(judge, pair->realm, server, news->first_ns - ALIVE_NS - 1) : !pair->rule;
	if (!secured || down || speaks(pair, news->first_ns))
		return;
	/* Who took over from another engine has not heard yet of all that speak ESP: the next try tells, if none came by then. */
	if (!knock->alert.open && judge->known.until_ns && judge_just_began(judge, transition->time_ns))
		return;
	/* Those of before an alert ended were told with it: what goes on behind it is another one. */
	bool told = knock->ended_ns && news->first_ns <= knock->ended_ns;
	if (!knock->alert.open && told && transition->time_ns <= knock->ended_ns)
		return;
	if (!knock->alert.open)
		knock->first_ns = told ? transition->time_ns : news->first_ns;
	knock->last_ns = transition->time_ns;
	knock->tries = news->tries;
	knock->port = news->port;
	knock->direction = transition->direction;
	tell(judge, pair);
}

void rule_locked_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	switch (transition->kind) {
	case TRANSITION_KNOCK:
		knocked(judge, pair, transition);
		break;
	case TRANSITION_IKE_MESSAGE:
		end(judge, pair, "negotiated");
		break;
	case TRANSITION_ESP_BEGAN:
		end(judge, pair, "secured-again");
		break;
	default:
		break;
	}
}

void rule_locked_due(struct judge *judge, struct judged_pair *pair)
{
	int64_t ends = pair->knock.last_ns + judge->settings.thresholds.leak_hold_ns;

	if (!pair->knock.alert.open)
		return;
	if (judge->now_ns >= ends)
		end(judge, pair, "quiet");
	else
		judge_wake(judge, pair, RULE_LOCKED, ends);
}
