/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bad-spi against its nearest neighbours: healthy children side by side that look as if one of them were stale, and those
 * that are.
 */
#include "scene.h"

/* A child: an SA each way. */
struct child {
	struct story_sa out, back;
};

static struct child child(uint32_t spi)
{
	return (struct child){ story_sa(A, B, spi), story_sa(B, A, spi + 1) };
}

static void begin(void)
{
	scene_begin("  learn: false\n");
	options.step_ns = STORY_SECOND;
}

static unsigned opened(void)
{
	unsigned count = 0;

	for (size_t i = 0; i < result->finding_count; i++)
		count += result->finding[i].id == FINDING_BAD_SPI && result->finding[i].state == FINDING_OPEN;
	return count;
}

static void opens(unsigned times)
{
	tell();
	ck_assert_msg(opened() == times, "%u alerts, not %u\n%.4000s", opened(), times, result->findings);
}

/* What passes in a step of half a second. */
enum { FIRST_OUT = 1, FIRST_BACK = 2, SECOND_BOTH = 4 };

static void step(struct child *first, struct child *second, unsigned passes)
{
	if (passes & FIRST_OUT)
		story_esp(script, &first->out, 1300);
	if (passes & SECOND_BOTH)
		story_esp(script, &second->out, 120);
	seconds(0.02);
	if (passes & FIRST_BACK)
		story_esp(script, &first->back, 100);
	if (passes & SECOND_BOTH)
		story_esp(script, &second->back, 184);
	seconds(0.48);
}

/* The second child is replaced, and its old SAs deleted. */
static void replace(struct child *second, uint64_t ispi, uint32_t id)
{
	ike_child(A, B, ispi, id, IKEV2_PAYLOAD_NOTIFY);
	*second = child(second->out.spi + 0x100);
	seconds(0.1);
	ike_deleted(A, B, ispi, id + 1);
}

/* ---- children side by side ---- */

/* A stream with a report every so many seconds beside a dialogue that is rekeyed: `apart` seconds lie between their first
 * packets. */
static void stream_beside(double apart, unsigned report_s)
{
	uint64_t ispi;

	begin();
	ispi = ike_up(A, B);
	struct child stream = child(0x1000), dialogue = child(0x2000);
	for (unsigned i = 0; i < 1200; i++) {
		if (i == 600)
			replace(&dialogue, ispi, 2);
		bool report = i == 0 || i % (2 * report_s) == 2 * report_s - 1;
		bool talks = i >= 2 * apart;
		step(&stream, &dialogue, FIRST_OUT | (report ? FIRST_BACK : 0u) | (talks ? SECOND_BOTH : 0u));
	}
	opens(0);
	scene_end();
}

START_TEST(a_stream_that_is_answered_rarely)
{
	static const double apart[] = { 0, 0.5, 1.5, 20 };

	for (unsigned i = 0; i < sizeof(apart) / sizeof(apart[0]); i++) {
		stream_beside(apart[i], 5);
		stream_beside(apart[i], 30);
	}
}
END_TEST

/* The first answer is the last: from then on it is one-way, and no successor of another child ended that. */
START_TEST(a_stream_that_was_answered_once)
{
	begin();
	uint64_t ispi = ike_up(A, B);
	struct child stream = child(0x1000), dialogue = child(0x2000);
	for (unsigned i = 0; i < 1200; i++) {
		if (i == 600)
			replace(&dialogue, ispi, 2);
		step(&stream, &dialogue, FIRST_OUT | (i == 0 ? FIRST_BACK : 0u) | (i >= 40 ? SECOND_BOTH : 0u));
	}
	opens(0);
	scene_end();
}
END_TEST

/* Dialogues that were there before anybody looked are rekeyed one after the other: who belongs to whom nobody can tell. */
START_TEST(children_of_before_the_capture)
{
	begin();
	uint64_t ispi = ike_up(A, B);
	struct child first = child(0x1000), second = child(0x2000), third = child(0x3000);
	struct child *all[] = { &first, &second, &third };
	for (unsigned i = 0; i < 3; i++)
		all[i]->out.sequence = all[i]->back.sequence = 1000 * (i + 1);
	for (unsigned i = 0; i < 1000; i++) {
		if (i % 240 == 200 && i / 240 < 3)
			replace(all[i / 240], ispi, 2 + i / 120);
		story_esp(script, &third.out, 120);
		seconds(0.01);
		story_esp(script, &third.back, 120);
		step(&first, &second, SECOND_BOTH | FIRST_OUT | FIRST_BACK);
	}
	opens(0);
	scene_end();
}
END_TEST

/* ---- and one that is stale ---- */

/* Beside another child that goes on, the one that was replaced goes on too, one way; `rests` seconds later its other half
 * speaks again, if at all. */
static void goes_on(unsigned report_s, unsigned rests)
{
	begin();
	uint64_t ispi = ike_up(A, B);
	struct child beside = child(0x1000), old = child(0x2000);
	for (unsigned i = 0; i < 40; i++)
		step(&beside, &beside, SECOND_BOTH);
	for (unsigned i = 0; i < 400; i++) {
		step(&old, &beside, SECOND_BOTH | FIRST_OUT | (i % (2 * report_s) == 0 ? FIRST_BACK : 0u));
	}
	struct child young = child(0x3000);
	ike_child(A, B, ispi, 2, IKEV2_PAYLOAD_NOTIFY);
	seconds(0.1);
	ike_deleted(A, B, ispi, 3);
	for (unsigned i = 0; i < 200; i++) {
		story_esp(script, &beside.out, 120);
		story_esp(script, &beside.back, 120);
		step(&old, &young, SECOND_BOTH | FIRST_OUT | (rests && i >= 2 * rests ? FIRST_BACK : 0u));
	}
}

START_TEST(one_that_was_replaced)
{
	goes_on(1, 0);
	opens(1);
	ck_assert_int_eq(last_told(FINDING_BAD_SPI)->cause, CAUSE_STALE);
	ck_assert_int_eq(last_told(FINDING_BAD_SPI)->severity, SEVERITY_MEDIUM);
	ck_assert_uint_eq(last_told(FINDING_BAD_SPI)->spi, 0x2000);
	scene_end();
	/* One that was answered every eight seconds has ceased after sixteen. */
	goes_on(8, 0);
	opens(1);
	ck_assert_int_eq(last_told(FINDING_BAD_SPI)->severity, SEVERITY_MEDIUM);
	scene_end();
}
END_TEST

/* It had not ceased: it only paused longer than it used to. */
START_TEST(its_other_half_speaks_again)
{
	goes_on(1, 50);
	opens(1);
	ck_assert_int_eq(last_told(FINDING_BAD_SPI)->state, FINDING_CLEAR);
	ck_assert_str_eq(last_told(FINDING_BAD_SPI)->cleared_by, "partner-speaks");
	scene_end();
}
END_TEST

/* ---- what is not answered ---- */

static enum finding_severity worst(void)
{
	enum finding_severity severity = SEVERITY_COUNT;

	for (size_t i = 0; i < result->finding_count; i++)
		if (result->finding[i].id == FINDING_BAD_SPI && result->finding[i].severity < severity)
			severity = result->finding[i].severity;
	return severity;
}

/* A question of one side, in IKEv2 or IKEv1; answered after 20 ms, if it is. */
static void question(const char *from, const char *to, uint64_t ispi, uint32_t id, bool v2, bool answered)
{
	bool opener = strcmp(from, A) == 0;

	for (unsigned i = 0; i < 1u + answered; i++) {
		if (v2)
			v2_secret(ike, ispi, IKEV2_EXCHANGE_INFORMATIONAL,
				  (opener == (i == 0) ? V2_REQUEST : 0u) | (i ? V2_RESPONSE : 0u), id, 0, 80);
		else
			v1_secret(ike, ispi, IKEV1_EXCHANGE_INFORMATIONAL, 5 + id + i, IKEV1_PAYLOAD_HASH, 92);
		ike_send(i ? to : from, i ? from : to, i ? 0.02 : 0);
	}
}

/* A asks whether B lives, and it does. */
static void probe(uint64_t ispi, uint32_t id)
{
	question(A, B, ispi, id, true, true);
}

/* Two hosts behind B are asked through one SA, and one of them is down: what the other answers shows that B has the SPI. */
START_TEST(one_host_behind_the_receiver_is_down)
{
	begin();
	uint64_t ispi = ike_up(A, B);
	esp(60, BOTH);
	for (unsigned i = 0; i < 15; i++) {
		esp(8, OUT);
		probe(ispi, 2 + i);
		esp(0.5, BOTH);
	}
	esp(30, BOTH);
	opens(1);
	ck_assert_int_eq(worst(), SEVERITY_INFO);
	scene_end();
	/* Rarer answers: it opens once more, after ten seconds, and for the last time if it lasts for less than twenty. */
	begin();
	ispi = ike_up(A, B);
	esp(60, BOTH);
	for (unsigned i = 0; i < 10; i++) {
		esp(14, OUT);
		probe(ispi, 2 + i);
		esp(0.5, BOTH);
	}
	esp(30, BOTH);
	opens(2);
	ck_assert_int_eq(worst(), SEVERITY_INFO);
	scene_end();
}
END_TEST

/* An SPI that was answered after all can be lost later. */
START_TEST(lost_after_it_was_answered)
{
	begin();
	uint64_t ispi = ike_up(A, B);
	esp(60, BOTH);
	for (unsigned i = 0; i < 3; i++) {
		esp(14, OUT);
		esp(5, BOTH);
	}
	esp(25, OUT);
	probe(ispi, 2);
	esp(30, OUT);
	opens(3);
	ck_assert_int_eq(worst(), SEVERITY_MEDIUM);
	scene_end();
}
END_TEST

/* Each time B lost its SAs, and negotiates anew when it notices. */
START_TEST(lost_three_times_an_hour)
{
	begin();
	uint64_t ispi = ike_up(A, B);
	for (unsigned i = 0; i < 3; i++) {
		esp(60, BOTH);
		esp(3, OUT);
		probe(ispi, 2);
		esp(6, OUT);
		ispi = ike_up(A, B);
		new_sas();
	}
	esp(60, BOTH);
	opens(3);
	ck_assert_int_eq(worst(), SEVERITY_MEDIUM);
	scene_end();
}
END_TEST

/* Whose question was answered while A's ESP was not: only what A asked, and B did not answer in time, says more. */
START_TEST(whose_probes)
{
	static const struct {
		const char *from, *to;
		bool v2, answered;
		double before; /* the alert opens at the latest */
		bool unanswered;
	} rows[] = { { B, A, true, true, 3, false },  { B, A, false, true, 3, false },  { A, B, true, true, 3, false },
		     { A, B, false, true, 3, false }, { A, B, true, false, 3, true },   { A, B, false, false, 3, true },
		     { B, A, true, false, 3, false }, { A, B, true, false, 0.5, false } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		uint64_t ispi = ike_up(A, B);
		esp(60, BOTH);
		esp(5.5 - rows[i].before, OUT);
		question(rows[i].from, rows[i].to, ispi, 2, rows[i].v2, rows[i].answered);
		esp(rows[i].before, OUT);
		esp(1, OUT);
		opens(1);
		const struct finding *finding = last_word(FINDING_BAD_SPI);
		char line[2048];
		line_of(finding, line, sizeof(line));
		ck_assert_msg((strstr(line, "IKE probes are not answered either") != NULL) == rows[i].unanswered,
			      "row %u: %s", i, line);
		ck_assert_int_eq(finding->grade, rows[i].unanswered ? GRADE_LIKELY : GRADE_POSSIBLE);
		scene_end();
	}
}
END_TEST

SUITE_MAIN("rule_spi", a_stream_that_is_answered_rarely, a_stream_that_was_answered_once,
	   children_of_before_the_capture, one_that_was_replaced, its_other_half_speaks_again,
	   one_host_behind_the_receiver_is_down, lost_after_it_was_answered, lost_three_times_an_hour, whose_probes)
