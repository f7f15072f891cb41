/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture-down, capture-silent, capture-drops: an interface told second by second, as live capture tells it. What must not alarm
 * stands beside each: a short break, a quiet lab link at night, one transfer that ends, a clock that is set, a trickle of drops.
 */
#include "../suite.h"
#include "story.h"

#include <stdlib.h>
#include <string.h>

#define S STORY_SECOND
#define HOUR (3600 * S)

enum { HEARD_MAX = 256, INTERFACES = 4, MANY = 40, FEW = 3 };

static struct config *config;
static struct judge *judge;
static struct judge_thresholds thresholds;
static struct finding heard[HEARD_MAX];
static unsigned heard_count;
static struct transition_capture captures[INTERFACES];
static int64_t now_ns, monotonic_ns; /* frame time; the steady clock */

static void hear(void *context, const struct record *record)
{
	(void)context;
	if (record->type != RECORD_FINDING)
		return;
	ck_assert_uint_lt(heard_count, HEARD_MAX);
	heard[heard_count++] = record->finding;
}

static const char *interface_name(void *context, uint16_t interface)
{
	static const char *const names[INTERFACES] = { "eth0", "eth1", "eth2", "eth3" };

	(void)context;
	return interface < INTERFACES ? names[interface] : NULL;
}

static void begin(void)
{
	config = story_policy("  rules:\n    - { name: r, between: [10.9.0.1, 10.9.0.2], level: require }\n");
	thresholds = judge_default_thresholds();
	struct judge_settings settings = { .policy = story_policy_of(config),
					   .thresholds = thresholds,
					   .pairs = 64,
					   .sas = 64,
					   .ike = 64,
					   .learned = 16,
					   .interface_name = interface_name };
	judge = judge_new(&settings, &(struct record_sink){ hear, NULL });
	heard_count = 0;
	memset(captures, 0, sizeof(captures));
	now_ns = STORY_EPOCH;
	monotonic_ns = 1000 * S; /* no round number of minutes */
}

static void end(void)
{
	judge_free(judge);
	story_policy_free(config);
}

/* One second of the interface: so many frames of so many conversations. */
static void tick(uint16_t interface, unsigned frames, unsigned conversations)
{
	struct transition_capture *capture = &captures[interface];
	struct transition seen = { .time_ns = now_ns, .kind = TRANSITION_SEEN, .interface = interface };
	struct transition told = { .time_ns = now_ns, .kind = TRANSITION_CAPTURE, .interface = interface };

	capture->received += frames;
	capture->monotonic_ns = monotonic_ns;
	seen.seen.frames = frames;
	seen.seen.talkers = conversations < 64 ? (UINT64_C(1) << conversations) - 1 : UINT64_MAX;
	told.capture = *capture;
	if (frames)
		judge_put(judge, &seen);
	judge_put(judge, &told);
	judge_advance(judge, now_ns);
}

static void pass(int64_t ns)
{
	now_ns += ns;
	monotonic_ns += ns;
}

/* Seconds in which the one interface brings frames. */
static void run(unsigned seconds, unsigned frames, unsigned conversations)
{
	for (unsigned i = 0; i < seconds; i++) {
		pass(S);
		tick(0, frames, conversations);
	}
}

static void silence(unsigned seconds)
{
	run(seconds, 0, 0);
}

/* The n-th record of the id; NULL if there are not so many. */
static const struct finding *told(enum finding_id id, unsigned number)
{
	for (unsigned i = 0; i < heard_count; i++)
		if (heard[i].id == id && number-- == 0)
			return &heard[i];
	return NULL;
}

static const struct finding_evidence *evidence(const struct finding *finding, const char *key)
{
	for (size_t i = 0; i < finding->evidence_count; i++)
		if (strcmp(finding->evidence[i].key, key) == 0)
			return &finding->evidence[i];
	ck_abort_msg("no %s in: %s", key, finding->text);
	return NULL;
}

static void about(const struct finding *finding, enum finding_state state, const char *interface)
{
	ck_assert_ptr_nonnull(finding);
	ck_assert_int_eq(finding->state, state);
	ck_assert_int_eq(finding->subject, SUBJECT_SENSOR);
	ck_assert_str_eq(finding->interface, interface);
	ck_assert_ptr_eq(strstr(finding->text, interface), finding->text);
}

/* ---- capture-down ---- */

START_TEST(down_opens_once_and_ends)
{
	static const struct {
		uint8_t state;
		const char *reason;
	} cases[] = { { CAPTURE_MISSING, "missing" },
		      { CAPTURE_OFF, "switched-off" },
		      { CAPTURE_NO_CARRIER, "no-carrier" },
		      { CAPTURE_FAILED, "failed" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		run(10, 100, MANY);
		captures[0].state = cases[i].state;
		int64_t since = now_ns + S;
		silence(2);
		ck_assert_uint_eq(heard_count, 0);
		silence(100);
		const struct finding *open = told(FINDING_CAPTURE_DOWN, 0);
		about(open, FINDING_OPEN, "eth0");
		ck_assert_int_eq(open->severity, SEVERITY_HIGH);
		ck_assert_int_eq(open->grade, GRADE_OBSERVED);
		ck_assert_str_eq(evidence(open, "reason")->text, cases[i].reason);
		ck_assert_int_eq(open->first_ns, since);
		captures[0].state = CAPTURE_UP;
		run(1, 100, MANY);
		const struct finding *clear = told(FINDING_CAPTURE_DOWN, 1);
		about(clear, FINDING_CLEAR, "eth0");
		ck_assert_str_eq(clear->cleared_by, "up-again");
		ck_assert_double_eq(evidence(clear, "unseen_seconds")->real, 102);
		ck_assert_uint_eq(clear->alert, open->alert);
		run(100, 100, MANY);
		ck_assert_uint_eq(heard_count, 2);
		ck_assert_uint_eq(judge_counters(judge)->open, 0);
		end();
	}
}
END_TEST

START_TEST(a_short_break_is_none)
{
	begin();
	for (unsigned i = 0; i < 20; i++) {
		captures[0].state = CAPTURE_MISSING;
		silence(2);
		captures[0].state = CAPTURE_UP;
		run(3, 100, MANY);
	}
	ck_assert_uint_eq(heard_count, 0);
	end();
}
END_TEST

START_TEST(down_from_the_start)
{
	begin();
	captures[0].state = CAPTURE_MISSING;
	silence(5);
	about(told(FINDING_CAPTURE_DOWN, 0), FINDING_OPEN, "eth0");
	ck_assert_uint_eq(heard_count, 1);
	end();
}
END_TEST

/* Others go on meanwhile, and one that is taken out of the configuration leaves no alert behind. */
START_TEST(each_by_itself)
{
	begin();
	for (unsigned i = 0; i < 30; i++) {
		pass(S);
		captures[1].state = CAPTURE_OFF;
		tick(0, 10, FEW);
		tick(1, 0, 0);
	}
	about(told(FINDING_CAPTURE_DOWN, 0), FINDING_OPEN, "eth1");
	captures[1].state = CAPTURE_ENDED;
	pass(S);
	tick(1, 0, 0);
	about(told(FINDING_CAPTURE_DOWN, 1), FINDING_CLEAR, "eth1");
	ck_assert_str_eq(told(FINDING_CAPTURE_DOWN, 1)->cleared_by, "not-captured-any-more");
	ck_assert_uint_eq(heard_count, 2);
	end();
}
END_TEST

/* ---- capture-silent ---- */

START_TEST(a_busy_mirror_that_breaks_off)
{
	begin();
	run(1200, 500, MANY);
	int64_t last = now_ns;
	silence(59);
	ck_assert_uint_eq(heard_count, 0);
	silence(600);
	const struct finding *open = told(FINDING_CAPTURE_SILENT, 0);
	about(open, FINDING_OPEN, "eth0");
	ck_assert_int_eq(open->severity, SEVERITY_HIGH);
	ck_assert_int_eq(open->grade, GRADE_LIKELY);
	ck_assert_int_eq(open->first_ns, last);
	ck_assert_int_eq(open->time_ns - last, 60 * S);
	ck_assert_double_eq(evidence(open, "unseen_seconds")->real, 60);
	ck_assert_int_eq(evidence(open, "conversations")->integer, MANY);
	run(1, 1, 1);
	const struct finding *clear = told(FINDING_CAPTURE_SILENT, 1);
	about(clear, FINDING_CLEAR, "eth0");
	ck_assert_str_eq(clear->cleared_by, "frames-again");
	ck_assert_double_eq(evidence(clear, "unseen_seconds")->real, 660);
	ck_assert_uint_eq(heard_count, 2);
	end();
}
END_TEST

/* One transfer after another, some minutes each, for a day; and at night nothing at all. */
START_TEST(a_lab_link_at_night)
{
	begin();
	for (unsigned day = 0; day < 3; day++) {
		for (unsigned transfer = 0; transfer < 20; transfer++) {
			run(900, 1000, FEW);
			silence(300);
		}
		silence(14 * 3600);
	}
	ck_assert_uint_eq(heard_count, 0);
	end();
}
END_TEST

/* People leave one after the other: the last of them is not a break. */
START_TEST(an_office_in_the_evening)
{
	begin();
	srand(1);
	run(4 * 3600, 200, MANY);
	for (unsigned left = 30; left > 0; left--)
		for (unsigned minute = 0; minute < 5; minute++)
			for (unsigned second = 0; second < 60; second++)
				run(1, (unsigned)rand() % 30 < left ? 5 : 0, left);
	silence(12 * 3600);
	ck_assert_uint_eq(heard_count, 0);
	end();
}
END_TEST

/* A tunnel alone on its link: after a day, its nights are known. */
START_TEST(few_conversations_after_a_day)
{
	begin();
	run(23 * 3600, 20, FEW);
	silence(200);
	ck_assert_uint_eq(heard_count, 0);
	run(2 * 3600, 20, FEW);
	silence(799);
	ck_assert_uint_eq(heard_count, 0); /* it paused for 200 seconds before */
	silence(10);
	about(told(FINDING_CAPTURE_SILENT, 0), FINDING_OPEN, "eth0");
	ck_assert_double_eq(evidence(told(FINDING_CAPTURE_SILENT, 0), "longest_pause")->real, 201);
	end();
}
END_TEST

/* It is not watched for long enough to know whether it is busy all the time. */
START_TEST(a_new_mirror)
{
	begin();
	run(300, 500, MANY);
	silence(3600);
	ck_assert_uint_eq(heard_count, 0);
	end();
}
END_TEST

START_TEST(by_order)
{
	begin();
	captures[0].silent_after_ns = 30 * S;
	silence(29);
	ck_assert_uint_eq(heard_count, 0);
	silence(2); /* none ever came */
	about(told(FINDING_CAPTURE_SILENT, 0), FINDING_OPEN, "eth0");
	ck_assert_int_eq(told(FINDING_CAPTURE_SILENT, 0)->grade, GRADE_OBSERVED);
	run(10, 1, 1);
	silence(29);
	ck_assert_uint_eq(heard_count, 2);
	silence(1);
	about(told(FINDING_CAPTURE_SILENT, 2), FINDING_OPEN, "eth0");
	captures[0].silent_after_ns = -1;
	silence(1);
	about(told(FINDING_CAPTURE_SILENT, 3), FINDING_CLEAR, "eth0");
	ck_assert_str_eq(told(FINDING_CAPTURE_SILENT, 3)->cleared_by, "policy-changed");
	silence(3600);
	ck_assert_uint_eq(heard_count, 4);
	end();
}
END_TEST

START_TEST(never_by_order)
{
	begin();
	captures[0].silent_after_ns = -1;
	run(1200, 500, MANY);
	silence(3600);
	ck_assert_uint_eq(heard_count, 0);
	end();
}
END_TEST

/* What is down is not silent too, and its silence begins when it is back. */
START_TEST(down_is_not_silent)
{
	begin();
	captures[0].silent_after_ns = 30 * S;
	run(10, 500, MANY);
	captures[0].state = CAPTURE_OFF;
	silence(100);
	captures[0].state = CAPTURE_UP;
	silence(29);
	ck_assert_ptr_null(told(FINDING_CAPTURE_SILENT, 0));
	silence(1);
	about(told(FINDING_CAPTURE_SILENT, 0), FINDING_OPEN, "eth0");
	captures[0].state = CAPTURE_OFF;
	silence(1);
	about(told(FINDING_CAPTURE_SILENT, 1), FINDING_CLEAR, "eth0");
	ck_assert_str_eq(told(FINDING_CAPTURE_SILENT, 1)->cleared_by, "switched-off");
	end();
}
END_TEST

/* Frame time leaps with the clock of the system; a silence is as long as the steady clock says. */
START_TEST(a_clock_that_is_set)
{
	begin();
	captures[0].silent_after_ns = 30 * S;
	run(1200, 500, MANY);
	silence(10);
	now_ns += HOUR;
	silence(10);
	ck_assert_uint_eq(heard_count, 0);
	run(10, 500, MANY);
	ck_assert_uint_eq(heard_count, 0);
	end();
}
END_TEST

/* ---- clock-jump ---- */

static void tell_clock(const struct transition_clock *clock)
{
	struct transition step = { .time_ns = now_ns, .kind = TRANSITION_CLOCK, .clock = *clock };

	judge_put(judge, &step);
	judge_advance(judge, now_ns);
}

static void step_clock(int64_t ns)
{
	tell_clock(&(struct transition_clock){ .step_ns = ns });
}

/* Told once a minute, with those that were not told; an event, which nothing has to end. */
START_TEST(clock_steps_are_told_now_and_then)
{
	begin();
	run(10, 500, MANY);
	step_clock(-90 * S);
	const struct finding *first = told(FINDING_CLOCK_JUMP, 0);
	ck_assert_ptr_nonnull(first);
	ck_assert_int_eq(first->state, FINDING_OPEN);
	ck_assert_int_eq(first->severity, SEVERITY_LOW);
	ck_assert_int_eq(first->subject, SUBJECT_SENSOR);
	ck_assert_ptr_null(first->interface);
	ck_assert_ptr_nonnull(strstr(first->text, "back by 90.0 seconds"));
	ck_assert_double_eq(evidence(first, "step_seconds")->real, -90);
	ck_assert_ptr_null(strstr(first->text, "follow it slowly"));
	for (unsigned i = 0; i < 5; i++) {
		run(5, 500, MANY);
		step_clock(3 * S);
	}
	ck_assert_uint_eq(heard_count, 1);
	run(61, 500, MANY);
	step_clock(3 * S);
	ck_assert_uint_eq(heard_count, 2);
	ck_assert_ptr_nonnull(strstr(told(FINDING_CLOCK_JUMP, 1)->text, "forward by 3.0 seconds"));
	ck_assert_int_eq(evidence(told(FINDING_CLOCK_JUMP, 1), "steps_before")->integer, 5);
	end();
}
END_TEST

/* Findings bear a time that is not the clock's yet. */
START_TEST(what_follows_the_clock_says_so)
{
	struct transition_clock ahead = { .step_ns = -3600 * S, .apart_ns = -3600 * S, .agree_ns = 8 * 3600 * S },
				behind = { .step_ns = 30 * S, .apart_ns = 30 * S, .agree_ns = 240 * S };

	begin();
	run(10, 500, MANY);
	tell_clock(&ahead);
	const struct finding *told_first = told(FINDING_CLOCK_JUMP, 0);
	ck_assert_ptr_nonnull(
	    strstr(told_first->text, "they are 3600.0 seconds ahead now, and agree with it in 8.0 hours."));
	ck_assert_double_eq(evidence(told_first, "behind_seconds")->real, -3600);
	run(61, 500, MANY);
	tell_clock(&behind);
	ck_assert_ptr_nonnull(
	    strstr(told(FINDING_CLOCK_JUMP, 1)->text, "30.0 seconds behind now, and agree with it in 4.0 minutes."));
	end();
}
END_TEST

/* ---- capture-drops ---- */

static void lossy(unsigned seconds, unsigned frames, unsigned dropped, unsigned missed)
{
	for (unsigned i = 0; i < seconds; i++) {
		captures[0].dropped += dropped;
		captures[0].missed += missed;
		run(1, frames, MANY);
	}
}

START_TEST(drops_open_once_and_end)
{
	begin();
	run(60, 10000, MANY);
	lossy(30, 10000, 100, 50);
	const struct finding *open = told(FINDING_CAPTURE_DROPS, 0);
	about(open, FINDING_OPEN, "eth0");
	ck_assert_int_eq(open->severity, SEVERITY_MEDIUM);
	run(5, 10000, MANY);
	lossy(5, 10000, 100, 0);
	ck_assert_uint_eq(heard_count, 1);
	run(60, 10000, MANY);
	ck_assert_uint_eq(heard_count, 1);
	run(10, 10000, MANY);
	const struct finding *clear = told(FINDING_CAPTURE_DROPS, 1);
	about(clear, FINDING_CLEAR, "eth0");
	ck_assert_str_eq(clear->cleared_by, "no-more-drops");
	ck_assert_int_eq(evidence(clear, "dropped")->integer, 3500);
	ck_assert_int_eq(evidence(clear, "interface_dropped")->integer, 1500);
	ck_assert_uint_eq(clear->count, 5000);
	ck_assert_double_ge(evidence(clear, "worst_share")->real, 0.0149);
	ck_assert_double_le(evidence(clear, "worst_share")->real, 0.015);
	/* What comes later is counted anew. */
	lossy(10, 1000, 10, 0);
	about(told(FINDING_CAPTURE_DROPS, 2), FINDING_OPEN, "eth0");
	ck_assert_uint_le(told(FINDING_CAPTURE_DROPS, 2)->count, 20);
	end();
}
END_TEST

START_TEST(few_drops_are_none)
{
	static const struct {
		unsigned frames, dropped;
	} cases[] = { { 100000, 99 }, { 5, 0 }, { 1000000, 900 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		lossy(600, cases[i].frames, cases[i].dropped, 0);
		ck_assert_uint_eq(heard_count, 0);
		end();
	}
	/* Now and then one of a few: a share that means nothing. */
	begin();
	for (unsigned i = 0; i < 100; i++) {
		lossy(1, 3, 1, 0);
		run(5, 3, FEW);
	}
	ck_assert_uint_eq(heard_count, 0);
	end();
}
END_TEST

START_TEST(drops_switched_off)
{
	begin();
	struct alert_settings alerts = { .group_members = 0 };
	thresholds.drops = 0;
	ck_assert(judge_set_policy(judge, story_policy_of(config), &thresholds, &alerts));
	lossy(100, 1000, 900, 100);
	ck_assert_uint_eq(heard_count, 0);
	end();
}
END_TEST

/* ---- what the others make of it ---- */

/* A leak of half a minute, whose cause is that nobody opens IKE: as far as can be seen. The evidence of that, or NULL. */
static const struct finding_evidence *leak(const char *key, enum finding_grade *grade)
{
	struct transition clear = { .kind = TRANSITION_CLEAR_BEGAN,
				    .a = story_host("10.9.0.1"),
				    .b = story_host("10.9.0.2") };
	const struct finding *finding = NULL;

	clear.clear.service.protocol = 6;
	clear.clear.service.port = clear.clear.dst_port = 80;
	clear.clear.since_ns = now_ns;
	for (unsigned i = 0; i < 30; i++) {
		clear.time_ns = clear.clear.last_ns[0] = clear.clear.last_ns[1] = now_ns;
		clear.clear.packets[0] = clear.clear.packets[1] = i + 1;
		clear.clear.bytes = 1000 * (i + 1);
		judge_put(judge, &clear);
		clear.kind = TRANSITION_CLEAR_PROGRESS;
		run(1, 1000, MANY);
	}
	for (unsigned i = 0; i < heard_count; i++)
		if (heard[i].id == FINDING_CLEARTEXT_LEAK && heard[i].cause == CAUSE_NOBODY_INITIATES)
			finding = &heard[i];
	ck_assert_ptr_nonnull(finding);
	*grade = finding->grade;
	for (size_t i = 0; i < finding->evidence_count; i++)
		if (strcmp(finding->evidence[i].key, key) == 0)
			return &finding->evidence[i];
	return NULL;
}

START_TEST(absence_is_in_doubt)
{
	enum finding_grade grade;

	begin();
	run(60, 1000, MANY);
	ck_assert_ptr_null(leak("capture_drops", &grade));
	ck_assert_int_eq(grade, GRADE_OBSERVED);
	end();

	begin();
	lossy(60, 1000, 100, 0);
	const struct finding_evidence *drops = leak("capture_drops", &grade);
	ck_assert_ptr_nonnull(drops);
	ck_assert_double_ge(drops->real, 0.09);
	ck_assert_double_le(drops->real, 0.11);
	ck_assert_int_eq(grade, GRADE_LIKELY);
	end();

	/* One leg of a tap is down: what the other one does not show is not known. */
	begin();
	captures[1].state = CAPTURE_NO_CARRIER;
	for (unsigned i = 0; i < 10; i++) {
		tick(1, 0, 0);
		run(1, 1000, MANY);
	}
	const struct finding_evidence *blind = leak("capture_blind", &grade);
	ck_assert_ptr_nonnull(blind);
	ck_assert_str_eq(blind->text, "eth1");
	ck_assert_int_eq(grade, GRADE_LIKELY);
	end();
}
END_TEST

SUITE_MAIN("rule_capture", down_opens_once_and_ends, a_short_break_is_none, down_from_the_start, each_by_itself,
	   a_busy_mirror_that_breaks_off, a_lab_link_at_night, an_office_in_the_evening, few_conversations_after_a_day,
	   a_new_mirror, by_order, never_by_order, down_is_not_silent, a_clock_that_is_set,
	   clock_steps_are_told_now_and_then, what_follows_the_clock_says_so, drops_open_once_and_end,
	   few_drops_are_none, drops_switched_off, absence_is_in_doubt)
