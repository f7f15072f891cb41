/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known.c and recall.c: an engine is killed in the middle of a story, and the next one goes on. What was learned, counted and
 * told is neither forgotten nor repeated, and a restart alone raises nothing. Each story is also told forgetfully, so that
 * it shows something.
 */
#include "scene.h"
#include "../../daemon/audit/judge_state.h"

static unsigned restarts;

static void begin(const char *policy)
{
	restarts = 0;
	scene_begin(policy);
	options.step_ns = STORY_SECOND;
}

/* Here the engine is killed; the next one sees what comes `unseen` seconds later. */
static void killed(double unseen)
{
	options.restart_ns[restarts++] = story_now(script) - STORY_EPOCH + 1;
	options.unseen_ns = (int64_t)(unseen * 1e9);
	seconds(unseen + 0.01);
}

static unsigned told(enum finding_id id, enum finding_state state, size_t from)
{
	unsigned count = 0;

	for (size_t i = from; i < result->finding_count; i++)
		count += result->finding[i].id == id && result->finding[i].state == state;
	return count;
}

/* Openings after the last restart. */
static unsigned opened(enum finding_id id)
{
	return told(id, FINDING_OPEN, result->restarted_at[restarts - 1]);
}

static void forgetfully(void)
{
	options.forgetful = true;
	tell();
	options.forgetful = false;
}

/* ---- who should be secured ---- */

/* A pair that was learned leaks after the restart, and never spoke ESP again. */
START_TEST(learned)
{
	begin(NULL);
	esp(40, BOTH);
	seconds(2);
	killed(1);
	seconds(5);
	clear(20, BOTH);
	tell();
	ck_assert_uint_eq(opened(FINDING_CLEARTEXT_LEAK), 1);
	const struct finding *leak = last_word(FINDING_CLEARTEXT_LEAK);
	ck_assert_int_eq(leak->cause, CAUSE_SA_LOST);
	ck_assert_int_eq(leak->severity, SEVERITY_MEDIUM);
	ck_assert_uint_gt(result->known, 0);
	forgetfully();
	ck_assert_uint_eq(opened(FINDING_CLEARTEXT_LEAK), 0);
	scene_end();
}
END_TEST

/* Killed while ESP ran: that it was not written since does not make it old. */
START_TEST(learned_and_killed_in_the_middle)
{
	begin(NULL);
	esp(50 * 60, BOTH);
	killed(2);
	clear(20, BOTH);
	tell();
	ck_assert_int_eq(last_word(FINDING_CLEARTEXT_LEAK)->cause, CAUSE_SA_LOST);
	scene_end();
}
END_TEST

START_TEST(named_by_a_rule)
{
	for (unsigned how = 0; how < 2; how++) {
		begin("  rules:\n    - name: both\n      between: [" A ", " B "]\n");
		if (how == 0)
			esp(30, BOTH);
		clear(0.5, BOTH);
		seconds(3);
		esp(how == 0 ? 10 : 0, BOTH);
		seconds(8);
		killed(1);
		clear(40, BOTH);
		tell();
		/* Who never spoke ESP is told from who lost it. */
		ck_assert_int_eq(last_word(FINDING_CLEARTEXT_LEAK)->cause,
				 how == 0 ? CAUSE_SA_LOST : CAUSE_NOBODY_INITIATES);
		forgetfully();
		ck_assert_int_eq(last_word(FINDING_CLEARTEXT_LEAK)->cause, CAUSE_NOBODY_INITIATES);
		scene_end();
	}
}
END_TEST

/* Two weeks without ESP; and before they are over. */
START_TEST(forgotten_in_time)
{
	for (int days = 13; days < 16; days += 2) {
		begin(NULL);
		options.step_ns = STORY_MINUTE;
		esp(600, BOTH);
		seconds(days * 86400.0);
		esp_of_others("203.0.113.9", "203.0.113.8", 15 * 60);
		killed(1);
		clear(20, BOTH);
		tell();
		has_times(result->records, "cleartext rule=learned", days < 14);
		scene_end();
	}
}
END_TEST

/* A gateway's own service beside its tunnel is told once, not once after each start. */
START_TEST(beside_its_tunnel)
{
	begin(NULL);
	esp(30, BOTH);
	beside(30, BOTH, BOTH, 443);
	seconds(0.1);
	esp(120, BOTH);
	tell();
	ck_assert_uint_eq(told(FINDING_CLEARTEXT_LEAK, FINDING_OPEN, 0), 1);
	killed(1);
	esp(10, BOTH);
	beside(30, BOTH, BOTH, 443);
	esp(10, BOTH);
	tell();
	ck_assert_msg(opened(FINDING_CLEARTEXT_LEAK) == 0, "%s", result->findings);
	forgetfully();
	ck_assert_uint_eq(opened(FINDING_CLEARTEXT_LEAK), 1);
	scene_end();
}
END_TEST

/* What anybody can make up is not written. */
START_TEST(strangers_are_not_remembered)
{
	begin(NULL);
	options.learn_packets = 20;
	options.learn_span_ns = STORY_MINUTE;
	for (unsigned i = 0; i < 50; i++) {
		char address[32];
		snprintf(address, sizeof(address), "10.66.0.%u", i + 1);
		esp_of_others(address, B, 3);
		ike_try(address, B, 0x9000 + i);
	}
	seconds(20);
	clear(5, OUT);
	killed(1);
	clear(5, OUT);
	tell();
	/* Hosts that were answered are, but no pair. */
	size_t hosts = result->known;
	ck_assert_uint_le(hosts, 2 * 51);
	for (size_t i = 0; i < result->finding_count; i++)
		ck_assert_int_ne(result->finding[i].id, FINDING_CLEARTEXT_LEAK);
	scene_end();
}
END_TEST

/* ---- rekeying ---- */

START_TEST(too_often_by_both_lives)
{
	begin("  learn: false\n");
	rekeys(2, 95, false);
	esp(8, BOTH);
	killed(1);
	esp(86, BOTH);
	new_sas();
	rekeys(1, 95, false);
	esp(5, BOTH);
	tell();
	ck_assert_uint_eq(told(FINDING_REKEY_TOO_OFTEN, FINDING_OPEN, 0), 1);
	ck_assert_uint_eq(opened(FINDING_REKEY_TOO_OFTEN), 1);
	ck_assert_uint_ge(last_word(FINDING_REKEY_TOO_OFTEN)->count, 3);
	forgetfully();
	ck_assert_uint_eq(opened(FINDING_REKEY_TOO_OFTEN), 0);
	scene_end();
}
END_TEST

/* Told before: it is taken over under its number, not opened again, and ends when it is over. */
START_TEST(too_often_goes_on)
{
	begin("  learn: false\n");
	rekeys(8, 95, false);
	esp(10, BOTH);
	killed(1);
	rekeys(3, 95, false);
	tell();
	ck_assert_uint_eq(told(FINDING_REKEY_TOO_OFTEN, FINDING_OPEN, 0), 1);
	uint64_t number = last_told(FINDING_REKEY_TOO_OFTEN)->alert;
	esp(20 * 60, BOTH);
	tell();
	ck_assert_int_eq(last_told(FINDING_REKEY_TOO_OFTEN)->state, FINDING_CLEAR);
	ck_assert_uint_eq(last_told(FINDING_REKEY_TOO_OFTEN)->alert, number);
	ck_assert_uint_eq(told(FINDING_REKEY_TOO_OFTEN, FINDING_OPEN, 0), 1);
	scene_end();
}
END_TEST

/* Lifetimes that are long enough, cut by a restart each: what was cut is not taken for short. Also while keys change in the
 * very moment that nobody looks. */
START_TEST(restarts_do_not_make_it_too_often)
{
	static const double unseen[] = { 1, 4 };

	for (unsigned how = 0; how < 2; how++) {
		begin("  learn: false\n");
		rekeys(2, 330, false);
		for (unsigned i = 0; i < 4; i++) {
			esp(how ? 329 : 130, BOTH);
			killed(unseen[how]);
			esp(how ? 0 : 199, BOTH);
			new_sas();
		}
		rekeys(4, 330, false);
		tell();
		for (size_t i = 0; i < result->finding_count; i++)
			ck_assert_msg(result->finding[i].id != FINDING_REKEY_TOO_OFTEN &&
					  result->finding[i].id != FINDING_REKEY_OVERDUE,
				      "%s", result->finding[i].text);
		scene_end();
	}
}
END_TEST

/* A pair that kept a clock goes on with one SA, and the engine is killed in its middle. */
START_TEST(overdue_by_both_lives)
{
	begin("  learn: false\n");
	rekeys(7, 60, true);
	esp(100, BOTH);
	killed(1);
	esp(100, BOTH);
	tell();
	ck_assert_uint_eq(told(FINDING_REKEY_OVERDUE, FINDING_OPEN, 0), 0);
	esp(60, BOTH);
	tell();
	ck_assert_uint_eq(opened(FINDING_REKEY_OVERDUE), 2); /* one each way */
	forgetfully();
	ck_assert_uint_eq(opened(FINDING_REKEY_OVERDUE), 0);
	scene_end();
}
END_TEST

/* ---- negotiations ---- */

/* What a responder took from others names the attribute that differs, also after a restart. */
START_TEST(known_to_be_taken)
{
	struct choice other = GOOD;
	uint64_t ispi;

	begin(NULL);
	other.cipher = 3;
	other.bits = 0;
	ike_up(C, B);
	esp_of_others(C, B, 10);
	seconds(20);
	killed(1);
	seconds(2);
	for (unsigned i = 0; i < 2; i++) {
		ispi = next_ispi += 2;
		v2_init(ike, ispi, other);
		ike_send(A, B, 1);
		v2_refusal(ike, ispi, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN, 0, 0);
		ike_send(B, A, 0.05);
	}
	seconds(10);
	esp_of_others(C, B, 1);
	tell();
	const struct finding *refused = last_word(FINDING_IKE_REFUSED);
	ck_assert_ptr_nonnull(refused);
	ck_assert_int_eq(refused->cause, CAUSE_NO_PROPOSAL);
	ck_assert_msg(strstr(refused->text, "the encryption differs: offered"), "%s", refused->text);
	forgetfully();
	refused = last_word(FINDING_IKE_REFUSED);
	ck_assert_ptr_nonnull(refused);
	ck_assert_msg(strstr(refused->text, "which attribute differs is not known"), "%s", refused->text);
	scene_end();
}
END_TEST

/* What it takes of others leaves little doubt why it does not answer. */
START_TEST(known_version)
{
	struct story_sa out = story_sa(C, B, 0xd0010001), back = story_sa(B, C, 0xd0020002);
	uint64_t ispi;

	begin(NULL);
	ispi = next_ispi += 2;
	v1_sa(ike, ispi, 0, IKEV1_EXCHANGE_MAIN, 7, 4, 1, 14);
	ike_send(C, B, 0);
	v1_sa(ike, ispi, ispi + 1, IKEV1_EXCHANGE_MAIN, 7, 4, 1, 14);
	ike_send(B, C, 0.02);
	traffic_between(C, B, &out, &back, 20, BOTH, 0, 0);
	killed(1);
	traffic_between(C, B, &out, &back, 5, BOTH, 0, 0);
	ispi = next_ispi += 2;
	for (unsigned i = 0; i < 12; i++) {
		ike_try(A, B, ispi);
		seconds(3);
		traffic_between(C, B, &out, &back, 1, BOTH, 0, 0);
	}
	tell();
	const struct finding *refused = last_word(FINDING_IKE_REFUSED);
	ck_assert_msg(refused, "%s", result->findings);
	ck_assert_int_eq(refused->cause, CAUSE_VERSION);
	forgetfully();
	ck_assert_ptr_null(last_word(FINDING_IKE_REFUSED));
	ck_assert_ptr_nonnull(last_word(FINDING_IKE_UNANSWERED));
	scene_end();
}
END_TEST

/* A selection is weak until another one is made, and the IKE SA that came of it is gone. */
START_TEST(weak_selection)
{
	struct choice weak = GOOD;

	begin(NULL);
	weak.group = 2;
	ike_proof(A, B, weak, false, IKEV2_PAYLOAD_IDR, 240);
	esp(60, BOTH);
	killed(1);
	esp(60, BOTH);
	uint64_t ispi = ike_proof(A, B, weak, false, IKEV2_PAYLOAD_IDR, 240);
	esp(60, BOTH);
	tell();
	ck_assert_uint_eq(told(FINDING_WEAK_IKE_SELECTED, FINDING_OPEN, 0), 1);
	ck_assert_uint_eq(told(FINDING_NOT_QUANTUM_SAFE, FINDING_OPEN, 0), 1);
	uint64_t number = last_told(FINDING_WEAK_IKE_SELECTED)->alert;
	ike_up(A, B);
	ike_deleted(A, B, ispi, 2);
	esp(20, BOTH);
	tell();
	ck_assert_int_eq(last_told(FINDING_WEAK_IKE_SELECTED)->state, FINDING_CLEAR);
	ck_assert_uint_eq(last_told(FINDING_WEAK_IKE_SELECTED)->alert, number);
	forgetfully();
	ck_assert_uint_eq(opened(FINDING_WEAK_IKE_SELECTED), 1);
	scene_end();
}
END_TEST

/* What could be read goes on: it was not replaced because an engine began. It is over once that is so. */
START_TEST(readable_goes_on)
{
	begin(NULL);
	ike_up(A, B);
	esp(60, BACK);
	esp_readable(60);
	killed(1);
	esp(5, BACK);
	esp_readable(60);
	tell();
	ck_assert_msg(told(FINDING_READABLE_ESP, FINDING_CLEAR, 0) == 0, "%s", result->findings);
	ck_assert_uint_eq(told(FINDING_READABLE_ESP, FINDING_OPEN, 0), 1);
	uint64_t number = last_told(FINDING_READABLE_ESP)->alert;
	new_sas();
	esp(20 * 60, BOTH);
	tell();
	ck_assert_uint_eq(last_told(FINDING_READABLE_ESP)->alert, number);
	ck_assert_int_eq(last_told(FINDING_READABLE_ESP)->state, FINDING_CLEAR);
	ck_assert_str_eq(last_told(FINDING_READABLE_ESP)->cleared_by, "rekeyed");
	forgetfully();
	ck_assert_uint_eq(opened(FINDING_READABLE_ESP), 1);
	scene_end();
}
END_TEST

/* It was replaced while nobody looked: nothing that can be read comes, and after the usual time it is over. */
/* That IKE was in view an engine before may have seen; what it had to tell is told, and goes on under its number. */
START_TEST(negotiated_before)
{
	begin(NULL);
	ike_up(A, B);
	esp(60, BOTH);
	killed(1);
	esp(120, BOTH);
	tell();
	ck_assert_uint_eq(opened(FINDING_ESP_UNNEGOTIATED), 0);
	forgetfully();
	ck_assert_uint_eq(opened(FINDING_ESP_UNNEGOTIATED), 1);
	scene_end();
	begin(NULL);
	esp(60, BOTH);
	killed(1);
	esp(120, BOTH);
	tell();
	ck_assert_uint_eq(told(FINDING_ESP_UNNEGOTIATED, FINDING_OPEN, 0), 1);
	ck_assert_uint_eq(opened(FINDING_ESP_UNNEGOTIATED), 0);
	ike_up(A, B);
	esp(20, BOTH);
	tell();
	ck_assert_uint_eq(told(FINDING_ESP_UNNEGOTIATED, FINDING_CLEAR, result->restarted_at[0]), 1);
	scene_end();
}
END_TEST

/* AH that goes on beside ESP is no AH alone, whoever saw the ESP. */
START_TEST(ah_beside_esp)
{
	struct story_sa ah = story_sa(A, B, 0x77);

	ah.protocol = 51;
	begin(NULL);
	esp(40, BOTH);
	for (unsigned i = 0; i < 20; i++) {
		story_esp(script, &ah, 120);
		seconds(1);
		if (i == 9)
			killed(0.5);
	}
	tell();
	ck_assert_uint_eq(told(FINDING_INTEGRITY_ONLY, FINDING_OPEN, 0), 0);
	forgetfully();
	ck_assert_uint_eq(opened(FINDING_INTEGRITY_ONLY), 1);
	scene_end();
}
END_TEST

/* Who speaks ESP one way is not remembered: a client that knocks beside it, right behind a restart, is not locked out until it
 * turns out that there is no ESP any more. */
START_TEST(knocks_beside_esp)
{
	for (unsigned ceased = 0; ceased < 2; ceased++) {
		struct story_stream stream = story_stream(A, B, 6, 445);

		begin("  rules:\n    - name: both\n      between: [" A ", " B "]\n");
		esp(20, BACK);
		killed(0.1);
		for (unsigned i = 0; i < 3; i++) {
			story_tcp(script, &stream, false, 2, 0);
			seconds(0.2);
		}
		if (ceased) {
			seconds(3);
			story_tcp(script, &stream, false, 2, 0);
		} else {
			esp(10, BACK);
		}
		tell();
		ck_assert_uint_eq(opened(FINDING_LOCKED_OUT), ceased);
		scene_end();
	}
}
END_TEST

START_TEST(readable_replaced_unseen)
{
	begin(NULL);
	ike_up(A, B);
	esp(60, BACK);
	esp_readable(60);
	killed(1);
	new_sas();
	esp(14 * 60, BOTH);
	tell();
	ck_assert_uint_eq(told(FINDING_READABLE_ESP, FINDING_CLEAR, 0), 0);
	esp(2 * 60, BOTH);
	tell();
	ck_assert_uint_eq(told(FINDING_READABLE_ESP, FINDING_CLEAR, 0), 1);
	scene_end();
}
END_TEST

/* ---- events ---- */

START_TEST(events_are_told_once)
{
	begin(NULL);
	options.lifecycle = true;
	ike_up(A, B);
	rekeys(2, 60, false);
	esp(60, BOTH);
	tell();
	ck_assert_uint_eq(told(FINDING_PEER_NEW, FINDING_OPEN, 0), 2);
	killed(1);
	esp(60, BOTH);
	tell();
	ck_assert_uint_eq(opened(FINDING_PEER_NEW), 0);
	ck_assert_uint_eq(opened(FINDING_SA_UP), 0);
	ck_assert_uint_eq(opened(FINDING_SA_REKEYED), 0);
	ck_assert_uint_eq(opened(FINDING_SA_DOWN), 0);
	/* The next one took over from an SA of the life before. */
	new_sas();
	esp(60, BOTH);
	tell();
	ck_assert_uint_eq(opened(FINDING_SA_REKEYED), 2);
	ck_assert_uint_eq(opened(FINDING_SA_UP), 0);
	forgetfully();
	ck_assert_uint_eq(opened(FINDING_PEER_NEW), 2);
	scene_end();
}
END_TEST

START_TEST(what_was_down_speaks_again)
{
	begin(NULL);
	options.lifecycle = true;
	ike_up(A, B);
	esp(60, BOTH);
	later(600);
	tell();
	ck_assert_uint_eq(told(FINDING_SA_DOWN, FINDING_OPEN, 0), 2);
	killed(1);
	later(60);
	esp(60, BOTH);
	tell();
	ck_assert_uint_eq(opened(FINDING_SA_UP), 2);
	for (size_t i = 0; i < result->finding_count; i++)
		ck_assert_int_ge(result->finding[i].first_ns, STORY_EPOCH);
	scene_end();
}
END_TEST

/* ---- what comes back is not believed blindly ---- */

static unsigned records;

static void count(void *context, const struct record *record)
{
	(void)context;
	records += record->type == RECORD_KNOWN_PAIR || record->type == RECORD_KNOWN_ALERT;
}

START_TEST(nonsense)
{
	enum { PAIRS = 64 };
	struct config *policy = story_policy(NULL);
	struct judge_settings settings = { .policy = story_policy_of(policy),
					   .thresholds = judge_default_thresholds(),
					   .pairs = PAIRS,
					   .sas = PAIRS,
					   .ike = PAIRS,
					   .learned = PAIRS,
					   .remember = true };
	struct judge *judge = judge_new(&settings, &(struct record_sink){ count, NULL });
	struct record record = { .type = RECORD_KNOWN_PAIR, .time_ns = INT64_MAX };
	struct record_known_pair *known = &record.known_pair;

	judge_know_until(judge, INT64_MAX);
	for (unsigned i = 0; i < 1000; i++) {
		memset(known, 0, sizeof(*known));
		known->a = story_host("10.0.0.1");
		known->b = story_host_number(1000 + i);
		known->learned = true;
		for (unsigned d = 0; d < 2; d++) {
			struct known_direction *direction = &known->direction[d];
			*direction = (struct known_direction){ .first_ns = 1,
							       .last_ns = INT64_MAX,
							       .running = i & 1,
							       .rekeys = UINT32_MAX,
							       .habit = UINT32_MAX,
							       .rekey_count = KNOWN_REKEYS,
							       .sa_count = KNOWN_SAS };
			for (unsigned k = 0; k < KNOWN_REKEYS; k++)
				direction->rekey[k] = (struct known_rekey){ INT64_MAX - k, KNOWN_BYTES_NOT, 3 };
			for (unsigned k = 0; k < KNOWN_SAS; k++)
				direction->sa[k] = (struct known_spi){ i * 8 + k, 50, k & 1, INT64_MAX - k, INT64_MAX };
		}
		judge_know(judge, &record, STORY_EPOCH);
	}
	/* Room is left, and nothing lies in the time to come. */
	ck_assert_uint_le(judge->pairs.used, PAIRS * 3 / 4);
	ck_assert_uint_le(judge->sas.used, PAIRS * 3 / 4);
	for (uint32_t number = 1; number <= judge->pairs.fresh; number++) {
		const struct judged_pair *pair = table_at(&judge->pairs, number);
		for (unsigned d = 0; d < 2; d++)
			ck_assert_int_le(pair->esp[d].last_ns, STORY_EPOCH);
	}
	for (uint32_t number = 1; number <= judge->sas.fresh; number++)
		ck_assert_int_le(((const struct judged_sa *)table_at(&judge->sas, number))->born_ns, STORY_EPOCH);
	/* Alerts of what is not there, and of what no engine takes over. */
	records = 0;
	for (unsigned id = 0; id < FINDING_ID_COUNT; id++)
		for (unsigned subject = 0; subject < SUBJECT_COUNT; subject++) {
			struct record alert = { .type = RECORD_FINDING };
			alert.finding.id = (enum finding_id)id;
			alert.finding.subject = (enum finding_subject)subject;
			alert.finding.alert = id * 16 + subject;
			alert.finding.has_pair = subject != SUBJECT_HOST;
			alert.finding.a = story_host("172.16.0.9");
			alert.finding.b = story_host("172.16.0.7"); /* the lower one */
			alert.finding.state = FINDING_UPDATE;
			judge_know(judge, &alert, STORY_EPOCH);
		}
	ck_assert_uint_eq(records, 0);
	ck_assert_uint_eq(judge_counters(judge)->open, 0);
	/* And it works on. */
	for (unsigned i = 0; i < 1000; i++) {
		struct transition transition = { .time_ns = STORY_EPOCH + i * STORY_SECOND,
						 .kind = i & 1 ? TRANSITION_SA_BORN : TRANSITION_ESP_BEGAN };
		transition.a = story_host("10.0.0.1");
		transition.b = story_host_number(1000 + i % 100);
		transition.esp = (struct transition_esp){ .spi = i, .protocol = 50 };
		judge_put(judge, &transition);
		judge_advance(judge, transition.time_ns);
	}
	judge_finish(judge, STORY_EPOCH + STORY_HOUR);
	judge_free(judge);
	story_policy_free(policy);
}
END_TEST

static struct finding last_heard;

static void hear(void *context, const struct record *record)
{
	(void)context;
	if (record->type == RECORD_FINDING)
		last_heard = record->finding;
}

/* A clock that was ahead leaves alerts that begin in the time to come, and somebody may write intervals of centuries. */
START_TEST(times_beyond_all_others)
{
	struct config *policy = story_policy(NULL);
	struct judge_settings settings = { .policy = story_policy_of(policy),
					   .thresholds = judge_default_thresholds(),
					   .pairs = 64,
					   .sas = 64,
					   .ike = 64,
					   .learned = 64 };
	struct judge *judge = judge_new(&settings, &(struct record_sink){ hear, NULL });
	struct record record = { .type = RECORD_KNOWN_PAIR, .time_ns = STORY_EPOCH };
	struct record_known_pair *known = &record.known_pair;

	known->a = story_host("10.0.0.1");
	known->b = story_host("10.0.0.2");
	for (unsigned d = 0; d < 2; d++) {
		struct known_direction *direction = &known->direction[d];
		*direction = (struct known_direction){ .first_ns = STORY_EPOCH - STORY_DAY,
						       .last_ns = STORY_EPOCH - STORY_SECOND,
						       .rekeys = 16,
						       .habit = 16,
						       .rekey_count = KNOWN_REKEYS,
						       .remembered = KNOWN_REKEYS,
						       .sa_count = 1 };
		for (unsigned k = 0; k < KNOWN_REKEYS; k++)
			direction->rekey[k] =
			    (struct known_rekey){ 100 * 365 * STORY_DAY, (k + 1) * 1000000, INITIATOR_A };
		direction->sa[0] = (struct known_spi){ 0x1000 + d,
						       50,
						       false,
						       STORY_EPOCH - STORY_DAY,
						       STORY_EPOCH - STORY_SECOND,
						       STORY_EPOCH - STORY_DAY };
	}
	judge_know(judge, &record, STORY_EPOCH);
	struct record alert = { .type = RECORD_FINDING, .time_ns = STORY_EPOCH + STORY_DAY };
	alert.finding = (struct finding){ .time_ns = STORY_EPOCH + STORY_DAY,
					  .alert = 7,
					  .id = FINDING_WEAK_IKE_SELECTED,
					  .subject = SUBJECT_PAIR,
					  .has_pair = true,
					  .a = known->a,
					  .b = known->b,
					  .first_ns = STORY_EPOCH + 3 * STORY_HOUR,
					  .last_ns = STORY_EPOCH + 4 * STORY_HOUR };
	judge_know(judge, &alert, STORY_EPOCH);
	judge_advance(judge, STORY_EPOCH + STORY_SECOND);
	ck_assert_uint_eq(judge_counters(judge)->open, 1);
	judge_finish(judge, STORY_EPOCH + 30 * STORY_HOUR);
	ck_assert_uint_eq(last_heard.alert, 7);
	ck_assert_int_eq(last_heard.state, FINDING_CLEAR);
	ck_assert_int_le(last_heard.first_ns, STORY_EPOCH);
	ck_assert_int_le(last_heard.first_ns, last_heard.last_ns);
	judge_free(judge);
	story_policy_free(policy);
}
END_TEST

/* Whoever lost what was written gets all of it again. */
START_TEST(told_again)
{
	struct config *policy = story_policy(NULL);
	struct judge_settings settings = { .policy = story_policy_of(policy),
					   .thresholds = judge_default_thresholds(),
					   .pairs = 16384,
					   .sas = 16384,
					   .ike = 64,
					   .learned = 16384,
					   .remember = true };
	struct judge *judge = judge_new(&settings, &(struct record_sink){ count, NULL });
	struct record record = { .type = RECORD_KNOWN_PAIR, .time_ns = STORY_EPOCH };
	struct record_known_pair *known = &record.known_pair;

	for (unsigned i = 0; i < 9000; i++) {
		known->a = story_host_number(i);
		known->b = story_host("192.0.2.1");
		for (unsigned d = 0; d < 2; d++)
			known->direction[d] = (struct known_direction){ .first_ns = STORY_EPOCH - STORY_HOUR,
									.last_ns = STORY_EPOCH - STORY_MINUTE,
									.rekeys = 1 };
		judge_know(judge, &record, STORY_EPOCH);
	}
	records = 0;
	judge_advance(judge, STORY_EPOCH + STORY_SECOND);
	for (unsigned i = 0; i < 100; i++)
		judge_advance(judge, STORY_EPOCH + i * STORY_MINUTE);
	ck_assert_uint_le(records, 100); /* nothing is new: a sign of life now and then */
	judge_tell_known(judge);
	for (unsigned i = 0; i < 60; i++)
		judge_advance(judge, STORY_EPOCH + 100 * STORY_MINUTE + i * STORY_SECOND);
	ck_assert_uint_ge(records, 9000);
	records = 0;
	for (unsigned i = 0; i < 100; i++)
		judge_advance(judge, STORY_EPOCH + (102 + i) * STORY_MINUTE);
	ck_assert_uint_le(records, 100);
	judge_free(judge);
	story_policy_free(policy);
}
END_TEST

SUITE_MAIN("recall", learned, learned_and_killed_in_the_middle, named_by_a_rule, forgotten_in_time, beside_its_tunnel,
	   strangers_are_not_remembered, too_often_by_both_lives, too_often_goes_on, restarts_do_not_make_it_too_often,
	   overdue_by_both_lives, known_to_be_taken, known_version, weak_selection, readable_goes_on, negotiated_before,
	   ah_beside_esp, knocks_beside_esp, readable_replaced_unseen, events_are_told_once, what_was_down_speaks_again,
	   nonsense, times_beyond_all_others, told_again)
