/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnoses against their nearest neighbours: for each cause a scene that has it, and one that differs in just what makes it
 * another cause, or none. And for each thing that administrators are told to look for when IPsec fails, what espial says.
 *
 * check_diagnosis            the suite
 * check_diagnosis --table    the rows with a problem as a table, for docs/troubleshooting.md (tests/audit/troubleshooting.py)
 */
#include "diagnosis_scenes.h"

#include <stdio.h>

#define PAIR(level) "  rules:\n    - { name: peers, between: [192.0.2.0/24, 198.51.100.0/24], level: " level " }\n"
#define SUBNETS "  rules:\n    - { name: sites, between: [10.1.0.0/16, 10.2.0.0/16], level: require }\n"
#define HUB "  rules:\n    - { name: spokes, between: [10.20.0.0/16, 192.0.2.1], level: require }\n"

/* One scene and what has to come of it. */
struct row {
	const char *problem; /* what people notice, for the table; NULL: a neighbour only */
	const char *wire;    /* what can be seen, one line */
	const char *policy;
	void (*play)(void);
	enum finding_id id;
	enum finding_cause cause;
	int severity; /* -1: nothing is said under this id */
	enum finding_grade grade;
	const char *says; /* a part of the sentence; NULL: any */
};

/* ---- the rows ---- */

#define LEAK FINDING_CLEARTEXT_LEAK
#define NOTHING -1, GRADE_OBSERVED, NULL
#define HIGH SEVERITY_HIGH, GRADE_OBSERVED
#define MEDIUM SEVERITY_MEDIUM
#define LOW SEVERITY_LOW
#define INFO SEVERITY_INFO
#define SURE GRADE_OBSERVED
#define LIKELY GRADE_LIKELY

static const struct row rows[] = {
	/* cleartext-leak, each beside its nearest neighbour */
	{ NULL, "clear packets one way", PAIR("require"), clear_one_way, LEAK, CAUSE_UNKNOWN, HIGH,
	  "why is not known" },
	{ "Every computer has a policy that only responds, so nobody asks for security",
	  "clear traffic both ways, no IKE", PAIR("require"), clear_both_ways, LEAK, CAUSE_NOBODY_INITIATES, HIGH,
	  "neither was seen to speak IPsec" },
	{ "The local policy is not used, or could not be assigned",
	  "clear traffic both ways, no IKE between the two, and one of them is secured with others", PAIR("require"),
	  clear_though_others_are_secured, LEAK, CAUSE_NOBODY_INITIATES, HIGH, A " speaks IPsec with others" },
	{ NULL, "IKE without an answer, then clear traffic", PAIR("require"), clear_since_long, LEAK, CAUSE_UNANSWERED,
	  HIGH, "nobody answers" },
	{ "Unsecured communication with computers that are not capable is allowed",
	  "IKE without an answer, and clear traffic three seconds after the first try", PAIR("require"),
	  fall_back_after_three_seconds, LEAK, CAUSE_SOFT_SA, HIGH, "fell back" },
	{ NULL, "the same after half a second", PAIR("require"), fall_back_after_half_a_second, LEAK, CAUSE_SOFT_SA,
	  HIGH, "fell back" },
	{ NULL, "refused, and clear traffic three seconds later", PAIR("require"),
	  refused_then_clear_after_three_seconds, LEAK, CAUSE_REFUSED, HIGH, "is refused" },
	{ NULL, "the proof failed, then clear traffic", PAIR("require"), proof_failed_then_clear, LEAK,
	  CAUSE_AUTH_FAILED, HIGH, "do not authenticate" },
	{ "IKE comes up and nothing is encrypted", "an SA for traffic refused, then clear traffic", PAIR("require"),
	  child_refused_then_clear, LEAK, CAUSE_CHILD_REFUSED, HIGH, "the SA for traffic is refused" },
	{ "The IPsec service of one side is stopped", "ICMP port unreachable to IKE, then clear traffic",
	  PAIR("require"), unreachable_then_clear, LEAK, CAUSE_UNANSWERED, HIGH,
	  "ICMP 3/3 to its IKE says that nothing listens there" },
	{ "A firewall between the two stops IKE", "ICMP administratively prohibited to IKE, then clear traffic",
	  PAIR("require"), filtered_then_clear, LEAK, CAUSE_UNANSWERED, HIGH, "a filter forbids it" },
	{ NULL, "no answer from a host that speaks IKE with others", PAIR("require"), silent_though_alive, LEAK,
	  CAUSE_UNANSWERED, HIGH, B " speaks IPsec with others" },
	{ NULL, "clear traffic, then IKE by the same side and ESP", PAIR("require"), clear_until_secured, LEAK,
	  CAUSE_BEFORE_SA, HIGH, A " opened IKE" },
	{ NULL, "clear traffic for two minutes before ESP", PAIR("require"), repaired_after_long, LEAK,
	  CAUSE_NOBODY_INITIATES, HIGH, NULL },
	{ NULL, "the same, and another group is wanted on the way", PAIR("require"), another_group_after_long, LEAK,
	  CAUSE_NOBODY_INITIATES, HIGH, NULL },
	{ "A client relies on the default response rule: first contact",
	  "a clear packet, IKE opened by its receiver within two seconds, then ESP", PAIR("request"), receiver_opens,
	  LEAK, CAUSE_BEFORE_SA, LOW, SURE, B " opened IKE" },
	{ "The same client after a pause", "ESP, six minutes of silence, clear packets, IKE and ESP again",
	  PAIR("request"), idle_then_clear_then_secured, LEAK, CAUSE_AFTER_IDLE, MEDIUM, SURE,
	  "came back after a long silence" },
	{ NULL, "the same after half a minute", PAIR("require"), short_pause_then_clear, LEAK, CAUSE_SA_LOST, HIGH,
	  NULL },
	{ "It fails silently: everything goes on working, in clear", "ESP ends and clear traffic takes its place",
	  PAIR("require"), lost, LEAK, CAUSE_SA_LOST, HIGH, "clear traffic took over" },
	{ NULL, "the same with a Delete between", PAIR("require"), lost_by_delete, LEAK, CAUSE_SA_LOST, HIGH, NULL },
	{ "The filter list is wrong", "ESP goes on, and one service is clear beside it", PAIR("require"), gap, LEAK,
	  CAUSE_SELECTOR_GAP, HIGH, "tcp/445" },
	{ NULL, "only name service is clear beside ESP", PAIR("require"), gap_of_name_service, LEAK, CAUSE_SELECTOR_GAP,
	  HIGH, "if it may be clear here, allow DNS" },
	{ "One peer has the policy and the other has not", "ESP one way, clear traffic the other", PAIR("require"),
	  one_side_clear, LEAK, CAUSE_ONE_WAY, HIGH, B " sends in clear while " A " still sends ESP" },
	{ NULL, "ESP one way, silence the other", PAIR("require"), one_side_silent, LEAK, CAUSE_ONE_WAY, NOTHING },
	{ NULL, "the same", PAIR("require"), one_side_silent, FINDING_BAD_SPI, CAUSE_ONE_WAY, INFO, LIKELY, NULL },
	{ NULL, "all of it secured, with pauses", PAIR("require"), only_secured, LEAK, CAUSE_NONE, NOTHING },
	{ "Hosts behind gateways are clear since their tunnel is gone",
	  "a tunnel's ESP ends, and hosts that no rule gives gateways are clear", SUBNETS, tunnel_lost, LEAK,
	  CAUSE_SA_LOST, SEVERITY_HIGH, LIKELY, "ESP between " A " and " B " ended" },
	{ NULL, "the tunnel goes on meanwhile", SUBNETS, tunnel_goes_on, LEAK, CAUSE_NOBODY_INITIATES, HIGH, NULL },
	{ NULL, "a tunnel that rests at times is silent", SUBNETS, tunnel_rests, LEAK, CAUSE_NOBODY_INITIATES, HIGH,
	  NULL },
	{ NULL, "the tunnel comes back, and the clear traffic goes on", SUBNETS, tunnel_comes_back, LEAK,
	  CAUSE_NOBODY_INITIATES, HIGH, NULL },
	{ NULL, "two tunnels end at once", SUBNETS, two_tunnels_lost, LEAK, CAUSE_NOBODY_INITIATES, HIGH, NULL },

	/* locked-out */
	{ "Some computers cannot reach secure computers: they are not capable",
	  "a client knocks in clear at a secured host, no answer, no IKE", NULL, knocks_of_a_stranger,
	  FINDING_LOCKED_OUT, CAUSE_NOT_CAPABLE, LOW, LIKELY, "was never seen to speak IPsec" },
	{ "Some computers cannot reach secure computers: they do not ask for security",
	  "a client that speaks IKE with others knocks in clear at a secured host, no answer", NULL,
	  knocks_of_a_secured_client, FINDING_LOCKED_OUT, CAUSE_NOT_INITIATING, LOW, LIKELY,
	  "speaks IPsec with others" },
	{ NULL, "the same: no leak of the server", NULL, knocks_of_a_stranger, LEAK, CAUSE_NONE, NOTHING },
	{ NULL, "answered at the third", NULL, knocks_answered, FINDING_LOCKED_OUT, CAUSE_NONE, NOTHING },
	{ NULL, "the host is silent towards all", NULL, knocks_at_a_dead_host, FINDING_LOCKED_OUT, CAUSE_NONE,
	  NOTHING },
	{ NULL, "the host was never secured", NULL, knocks_at_nobody_secured, FINDING_LOCKED_OUT, CAUSE_NONE, NOTHING },
	{ NULL, "a scan, one try each", NULL, knocks_at_all_doors, FINDING_LOCKED_OUT, CAUSE_NONE, NOTHING },
	{ NULL, "the client opens IKE too", NULL, knocks_and_ike, FINDING_LOCKED_OUT, CAUSE_NONE, NOTHING },
	{ NULL, "the client negotiates at last", NULL, knocks_then_let_in, FINDING_LOCKED_OUT, CAUSE_NOT_CAPABLE, LOW,
	  LIKELY, NULL },

	/* negotiations */
	{ "Negotiation fails: security methods do not match", "IKE refused by a responder that takes another offer",
	  NULL, refused_with_another_offer, FINDING_IKE_REFUSED, CAUSE_NO_PROPOSAL, MEDIUM, SURE,
	  "the key exchange group differs" },
	{ "Negotiation fails: the responder has no rule for this peer",
	  "IKE refused by a responder that takes the same offer of others", NULL, refused_with_the_same_offer,
	  FINDING_IKE_REFUSED, CAUSE_UNKNOWN_PEER, MEDIUM, LIKELY, NULL },
	{ NULL, "IKE refused for its version", NULL, refused_for_its_version, FINDING_IKE_REFUSED, CAUSE_VERSION,
	  MEDIUM, SURE, NULL },
	{ "Negotiation fails: key exchange groups do not match", "IKE refused for its group, again and again", NULL,
	  refused_for_its_group, FINDING_IKE_REFUSED, CAUSE_KEY_EXCHANGE_GROUP, MEDIUM, SURE, "wants group 19" },
	{ NULL, "the wanted group is taken up", NULL, group_taken_up, FINDING_IKE_REFUSED, CAUSE_NONE, NOTHING },
	{ "The pre-shared key was mistyped on one side", "small proofs without certificate requests, each refused",
	  NULL, keys_differ, FINDING_IKE_AUTH_FAILED, CAUSE_PRE_SHARED_KEY, SEVERITY_HIGH, LIKELY,
	  "the pre-shared keys differ" },
	{ "Negotiation fails with certificates", "large proofs with certificate requests, each refused", NULL,
	  certificates_fail, FINDING_IKE_AUTH_FAILED, CAUSE_CERTIFICATE, SEVERITY_HIGH, LIKELY,
	  "a certificate was not accepted" },
	{ NULL, "certificates that are accepted", NULL, certificates_work, FINDING_IKE_AUTH_FAILED, CAUSE_NONE,
	  NOTHING },
	{ NULL, "main mode with a key", NULL, keys_differ_in_main_mode, FINDING_IKE_AUTH_FAILED, CAUSE_PRE_SHARED_KEY,
	  SEVERITY_HIGH, LIKELY, NULL },
	{ NULL, "main mode with certificates", NULL, certificates_fail_in_main_mode, FINDING_IKE_AUTH_FAILED,
	  CAUSE_CERTIFICATE, SEVERITY_HIGH, LIKELY, NULL },
	{ "Filter lists or phase 2 methods differ", "IKE up, and each SA for traffic refused", NULL, child_refused,
	  FINDING_IKE_CHILD_REFUSED, CAUSE_NONE, MEDIUM, LIKELY, NULL },
	{ NULL, "the first ESP is late", NULL, child_comes_late, FINDING_IKE_CHILD_REFUSED, CAUSE_NONE, NOTHING },
	{ "The peer does not take part in IPsec at all", "IKE opened five times, no answer", NULL, nobody_answers,
	  FINDING_IKE_UNANSWERED, CAUSE_NONE, MEDIUM, SURE, NULL },
	{ NULL, "an answer to the second try", NULL, answers_late, FINDING_IKE_UNANSWERED, CAUSE_NONE, NOTHING },

	/* algorithms */
	{ "DES is used where 3DES or better is needed", "DES selected for IKE", NULL, single_des,
	  FINDING_WEAK_IKE_SELECTED, CAUSE_NONE, MEDIUM, SURE, NULL },
	{ NULL, "AES selected", NULL, sound_cipher, FINDING_WEAK_IKE_SELECTED, CAUSE_NONE, NOTHING },
	{ "DES or 3DES protects the traffic itself", "ESP lengths that only a 64-bit block makes", NULL,
	  blocks_of_eight, FINDING_ESP_64_BIT_BLOCK, CAUSE_NONE, LOW, LIKELY, NULL },
	{ NULL, "ESP lengths of all residues", NULL, blocks_of_four, FINDING_ESP_64_BIT_BLOCK, CAUSE_NONE, NOTHING },

	/* SPIs */
	{ "\"Bad SPI\": one peer lost its SA and the other goes on sending",
	  "what used to be answered is not, from a host that is alive", NULL, lost_into_nothing, FINDING_BAD_SPI,
	  CAUSE_ONE_WAY, MEDIUM, LIKELY, NULL },
	{ NULL, "one-way traffic of its own lengths", NULL, nothing_to_answer, FINDING_BAD_SPI, CAUSE_NONE, NOTHING },
	{ "\"Bad SPI\": the receiver says so", "INVALID_SPI in clear", NULL, receiver_notifies, FINDING_BAD_SPI,
	  CAUSE_NOTIFIED, INFO, GRADE_POSSIBLE, NULL },
	{ "\"Bad SPI\" again and again: lifetimes are too short", "a new SA every two minutes", NULL,
	  rekeyed_every_two_minutes, FINDING_REKEY_TOO_OFTEN, CAUSE_TIME, LOW, LIKELY, NULL },
	{ NULL, "a new SA every hour", NULL, rekeyed_every_hour, FINDING_REKEY_TOO_OFTEN, CAUSE_NONE, NOTHING },

	/* restarts */
	{ "The IPsec service was restarted to clear what had got stuck", "all peers of a host begin again", HUB,
	  hub_restarts, FINDING_IKE_RESTART, CAUSE_NONE, LOW, LIKELY, "it was restarted" },
	{ "After the restart: is everything secured again?", "all of its pairs speak ESP again", HUB, hub_restarts,
	  FINDING_RESTART_CHECK, CAUSE_NONE, INFO, SURE, "6 pairs secured again, 0 in clear" },
	{ NULL, "one of its pairs is clear", HUB, hub_restarts_and_one_is_clear, FINDING_RESTART_CHECK, CAUSE_NONE,
	  MEDIUM, SURE, "1 in clear with 10.20.0.1" },
	{ NULL, "nothing is restarted", HUB, hub_goes_on, FINDING_RESTART_CHECK, CAUSE_NONE, NOTHING },
	{ "All pairs of one gateway fail at once", "six pairs of a hub lose ESP and go on in clear", HUB, hub_loses_all,
	  LEAK, CAUSE_SA_LOST, HIGH, "6 pairs of " A },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void tell_row(const struct row *row)
{
	scene_begin(row->policy);
	row->play();
	tell();
}

/* What is wrong with the row's diagnosis; NULL: nothing. */
static const char *wrong(const struct row *row)
{
	const struct finding *last = last_word(row->id);

	if (row->severity < 0)
		return last ? "something is said" : NULL;
	if (!last)
		return "nothing is said";
	if (last->cause != row->cause)
		return "another cause";
	if ((int)last->severity != row->severity || last->grade != row->grade)
		return "another severity or grade";
	return row->says && !strstr(last->text, row->says) ? "other words" : NULL;
}

START_TEST(each_has_its_diagnosis)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < ROWS; i++) {
		tell_row(&rows[i]);
		const char *problem = wrong(&rows[i]);
		if (problem)
			fprintf(stderr, "%s: %s\nwanted %s/%s '%s' in\n%s\n", rows[i].wire, problem,
				catalogue_row(rows[i].id)->name, catalogue_cause(rows[i].cause)->name,
				rows[i].says ? rows[i].says : "", result->findings);
		bad += problem != NULL;
		scene_end();
	}
	ck_assert_uint_eq(bad, 0);
}
END_TEST

/* Of each finding and subject one alert at a time, and no number told of twice as open. */
START_TEST(one_alert_each)
{
	for (unsigned i = 0; i < ROWS; i++) {
		tell_row(&rows[i]);
		for (size_t k = 0; k < result->finding_count; k++) {
			const struct finding *finding = &result->finding[k];
			bool open = false;
			for (size_t j = 0; j < k; j++)
				if (result->finding[j].alert == finding->alert)
					open = result->finding[j].state != FINDING_CLEAR;
			ck_assert_msg(open == (finding->state != FINDING_OPEN), "%s: %s", rows[i].wire,
				      result->findings);
			ck_assert(catalogue_allows(finding->id, finding->cause));
			ck_assert_uint_gt(strlen(catalogue_advice(finding->id, finding->cause)), 10);
		}
		scene_end();
	}
}
END_TEST

/* Every cause of a leak and of being locked out has a scene. */
START_TEST(no_cause_is_left_out)
{
	static const enum finding_id ids[] = { FINDING_CLEARTEXT_LEAK, FINDING_LOCKED_OUT };

	for (unsigned i = 0; i < 2; i++)
		for (unsigned cause = CAUSE_UNKNOWN; cause < CAUSE_COUNT; cause++) {
			bool shown = !catalogue_allows(ids[i], (enum finding_cause)cause);
			for (unsigned k = 0; k < ROWS && !shown; k++)
				shown = rows[k].id == ids[i] && rows[k].severity >= 0 && rows[k].cause == cause;
			ck_assert_msg(shown, "%s/%s has no scene", catalogue_row(ids[i])->name,
				      catalogue_cause((enum finding_cause)cause)->name);
		}
}
END_TEST

/* ---- the table ---- */

START_TEST(table)
{
	printf("| what people notice | what the wire shows | espial says | how bad, how sure | what to do |\n"
	       "|---|---|---|---|---|\n");
	for (unsigned i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		if (!row->problem)
			continue;
		tell_row(row);
		const struct finding *last = last_word(row->id);
		ck_assert_ptr_nonnull(last);
		const char *cause = catalogue_cause(last->cause)->name;
		printf("| %s | %s | `%s%s%s` | %s, %s | %s |\n", row->problem, row->wire, catalogue_row(last->id)->name,
		       *cause ? "/" : "", cause, finding_severity_name(last->severity), finding_grade_name(last->grade),
		       catalogue_advice(last->id, last->cause));
		scene_end();
	}
}
END_TEST

/* A scene asserts, which only a running test may do. */
static int print_table(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = tcase_create("table");

	tcase_add_test(tcase, table);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_SILENT);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int count, char **arguments)
{
	const TTest *const tests[] = { each_has_its_diagnosis, one_alert_each, no_cause_is_left_out };

	if (count > 1 && strcmp(arguments[1], "--table") == 0)
		return print_table();
	return suite_run("diagnosis", tests, sizeof(tests) / sizeof(tests[0]));
}
