/* SPDX-License-Identifier: Apache-2.0 */
/*
 * That alerts end: each of those about what ESP, AH and selections give away clears when it is over, says why, for how long
 * it was so and how much it was, and does not clear before. What an alert is about may also have to make room.
 */
#include "scene.h"
#include "../../daemon/audit/judge_state.h"

#define AH 51

/* An alert's life: of the nth time that it opened. */
struct life {
	const struct finding *opened, *cleared; /* NULL: it did not */
	unsigned openings;
};

static struct life life_of(enum finding_id id, unsigned nth)
{
	struct life life = { NULL, NULL, 0 };

	for (size_t i = 0; i < result->finding_count; i++) {
		const struct finding *finding = &result->finding[i];
		if (finding->id != id)
			continue;
		life.openings += finding->state == FINDING_OPEN;
		if (life.openings == nth && finding->state == FINDING_OPEN)
			life.opened = finding;
		if (life.openings == nth && finding->state == FINDING_CLEAR)
			life.cleared = finding;
	}
	return life;
}

static void opens(enum finding_id id, unsigned times)
{
	struct life life = life_of(id, times);

	ck_assert_msg(life.openings == times, "%s opens %u times, not %u\n%.3000s", catalogue_row(id)->name,
		      life.openings, times, result->findings);
	ck_assert_ptr_nonnull(life.opened);
}

/* The story ends with the alert open, for the first time. */
static void lasts(enum finding_id id)
{
	opens(id, 1);
	ck_assert_msg(!life_of(id, 1).cleared, "%s ends too early\n%.3000s", catalogue_row(id)->name, result->findings);
}

/* It opened once and ended for this reason, so many seconds after the last thing that happened of it, give or take a few. */
static const struct finding *ended(enum finding_id id, const char *why, double after)
{
	struct life life = life_of(id, 1);

	ck_assert_msg(life.opened && life.cleared, "%s does not end\n%.3000s", catalogue_row(id)->name,
		      result->findings);
	ck_assert_str_eq(life.cleared->cleared_by, why);
	ck_assert_uint_eq(life.cleared->alert, life.opened->alert);
	ck_assert_int_le(life.cleared->first_ns, life.opened->first_ns);
	ck_assert_int_ge(life.cleared->last_ns, life.opened->last_ns);
	ck_assert(life.cleared->text[0] != '\0');
	double silence = (double)(life.cleared->time_ns - life.cleared->last_ns) / 1e9;
	ck_assert_msg(silence >= after - 0.1 && silence <= after + 5, "%s ends after %.1f s, not %.1f",
		      catalogue_row(id)->name, silence, after);
	return life.cleared;
}

/* A story of two who negotiated, if they are asked to. */
static void begin(bool negotiated)
{
	scene_begin("  learn: false\n");
	options.step_ns = STORY_SECOND;
	if (negotiated)
		ike_up(A, B);
}

/* So much later somebody else says something, and the story is told up to then. */
static void after(double count)
{
	struct address one = story_host("203.0.113.77"), other = story_host("203.0.113.78");

	seconds(count);
	story_echo(script, &one, &other, 8);
	seconds(1);
	story_echo(script, &one, &other, 8);
	tell();
}

/* Its nth life ended so. */
static void ended_by(enum finding_id id, unsigned nth, const char *why)
{
	struct life life = life_of(id, nth);

	ck_assert_msg(life.cleared, "%s does not end\n%.3000s", catalogue_row(id)->name, result->findings);
	ck_assert_str_eq(life.cleared->cleared_by, why);
}

/* ---- sequence numbers ---- */

/* Packets of long ago again, octet for octet, `period` seconds apart. */
static void replay(unsigned count, double period)
{
	struct story_sa again = esp_out;

	again.sequence = 30;
	for (unsigned i = 0; i < count; i++) {
		story_esp(script, &again, 120);
		seconds(period);
	}
}

START_TEST(replays_cease)
{
	begin(true);
	esp(40, BOTH);
	replay(4, 0.01);
	esp(4 * 60, BOTH);
	tell();
	lasts(FINDING_ESP_REPLAY);
	esp(70, BOTH);
	tell();
	const struct finding *cleared = ended(FINDING_ESP_REPLAY, "quiet", 300);
	ck_assert_uint_ge(cleared->count, 3);
	scene_end();
}
END_TEST

/* One a minute is no silence, however their number doubles; the end counts them all. */
START_TEST(slow_replays_go_on)
{
	begin(true);
	esp(60, BOTH);
	replay(30, 70);
	tell();
	lasts(FINDING_ESP_REPLAY);
	after(310);
	const struct finding *cleared = ended(FINDING_ESP_REPLAY, "quiet", 300);
	ck_assert_uint_eq(cleared->count, 30);
	ck_assert_int_ge(cleared->last_ns - cleared->first_ns, 25 * 70 * STORY_SECOND);
	scene_end();
}
END_TEST

/* The sender counts from the beginning, with other octets. */
static void restart_count(void)
{
	uint8_t octets[112];

	esp_out.sequence = 0;
	for (unsigned i = 0; i < 16; i++) {
		for (unsigned k = 0; k < sizeof(octets); k++)
			octets[k] = (uint8_t)(k * 7 + i);
		story_esp_with(script, &esp_out, octets, sizeof(octets) + 8);
		seconds(0.1);
	}
}

START_TEST(count_began_anew)
{
	begin(true);
	esp(40, BOTH);
	restart_count();
	esp(50 * 60, BOTH);
	tell();
	lasts(FINDING_ESP_SEQUENCE_RESET);
	esp(11 * 60, BOTH);
	tell();
	ended(FINDING_ESP_SEQUENCE_RESET, "quiet", 3600);
	scene_end();
}
END_TEST

START_TEST(count_of_an_sa_that_is_gone)
{
	begin(true);
	esp(40, BOTH);
	restart_count();
	new_sas();
	esp(20, BOTH);
	tell();
	ended_by(FINDING_ESP_SEQUENCE_RESET, 1, "rekeyed");
	/* Gone without a successor: only silence tells. */
	scene_end();
	begin(true);
	esp(40, BOTH);
	restart_count();
	after(50 * 60);
	lasts(FINDING_ESP_SEQUENCE_RESET);
	after(11 * 60);
	ended_by(FINDING_ESP_SEQUENCE_RESET, 1, "quiet");
	scene_end();
}
END_TEST

static void near_the_end(void)
{
	begin(true);
	esp_out.sequence = 0xefffffd0;
	esp(60, BOTH);
	tell();
	lasts(FINDING_ESP_SEQUENCE_NEAR_WRAP);
}

START_TEST(numbers_run_out)
{
	near_the_end();
	esp(2 * 3600, BOTH);
	tell();
	lasts(FINDING_ESP_SEQUENCE_NEAR_WRAP);
	new_sas();
	esp(10, BOTH);
	tell();
	ended_by(FINDING_ESP_SEQUENCE_NEAR_WRAP, 1, "rekeyed");
	scene_end();
	near_the_end();
	after(3700);
	ended_by(FINDING_ESP_SEQUENCE_NEAR_WRAP, 1, "sender-stopped");
	scene_end();
	/* Extended numbers go on beyond the end. */
	near_the_end();
	esp_out.sequence = 0xfffffff0;
	esp(30, BOTH);
	tell();
	ended_by(FINDING_ESP_SEQUENCE_NEAR_WRAP, 1, "wrapped");
	ck_assert_uint_eq(life_of(FINDING_ESP_SEQUENCE_NEAR_WRAP, 1).openings, 1);
	scene_end();
}
END_TEST

/* ---- what ESP and AH give away ---- */

START_TEST(integrity_alone)
{
	begin(false);
	esp_out.protocol = esp_back.protocol = AH;
	esp(30, BOTH);
	tell();
	lasts(FINDING_INTEGRITY_ONLY);
	after(14 * 60);
	lasts(FINDING_INTEGRITY_ONLY);
	after(120);
	const struct finding *cleared = ended(FINDING_INTEGRITY_ONLY, "quiet", 15 * 60);
	ck_assert_uint_eq(cleared->count, 120);
	ck_assert_uint_gt(cleared->bytes, 120 * 100);
	uint64_t number = cleared->alert;
	/* It comes back, as another one, and ends when ESP joins. */
	esp(30, BOTH);
	tell();
	opens(FINDING_INTEGRITY_ONLY, 2);
	ck_assert_uint_ne(life_of(FINDING_INTEGRITY_ONLY, 2).opened->alert, number);
	ck_assert(!life_of(FINDING_INTEGRITY_ONLY, 2).cleared);
	esp_out.protocol = esp_back.protocol = 50;
	esp(5, BOTH);
	tell();
	ended_by(FINDING_INTEGRITY_ONLY, 2, "encrypted");
	scene_end();
}
END_TEST

START_TEST(unnegotiated)
{
	begin(false);
	esp(60, BOTH);
	tell();
	lasts(FINDING_ESP_UNNEGOTIATED);
	/* A pause is no end. */
	seconds(14 * 60);
	esp(10, BOTH);
	after(14 * 60);
	lasts(FINDING_ESP_UNNEGOTIATED);
	esp(10, BOTH);
	ike_up(A, B);
	esp(5, BOTH);
	tell();
	ended_by(FINDING_ESP_UNNEGOTIATED, 1, "negotiated");
	scene_end();
	begin(false);
	esp(60, BOTH);
	after(16 * 60);
	const struct finding *cleared = ended(FINDING_ESP_UNNEGOTIATED, "quiet", 15 * 60);
	ck_assert_uint_eq(cleared->count, 240);
	esp(5, BOTH);
	tell();
	opens(FINDING_ESP_UNNEGOTIATED, 2);
	scene_end();
}
END_TEST

/* The verdict of the pair in its record; only as secured it is counted among those. */
static void counts_as(const char *verdict)
{
	char part[80];

	snprintf(part, sizeof(part), "pair " A " " B " %s", verdict);
	ck_assert_msg(story_count(result->records, part) == 1, "not %s in:\n%s", part, result->records);
	if (strcmp(verdict, "secured") != 0)
		ck_assert_uint_eq(result->judge.secured_pairs, 0);
}

START_TEST(readable_replaced)
{
	begin(true);
	esp_readable(60);
	tell();
	lasts(FINDING_READABLE_ESP);
	counts_as("integrity-only");
	new_sas();
	esp(14 * 60, BOTH);
	tell();
	lasts(FINDING_READABLE_ESP);
	counts_as("integrity-only");
	esp(2 * 60, BOTH);
	tell();
	ended_by(FINDING_READABLE_ESP, 1, "rekeyed");
	counts_as("secured");
	ck_assert_uint_eq(result->judge.secured_pairs, 1);
	/* The old SA speaks again. */
	esp_out.spi -= 0x10;
	esp_out.sequence = 500;
	esp_readable(2);
	tell();
	opens(FINDING_READABLE_ESP, 2);
	counts_as("integrity-only");
	scene_end();
	begin(true);
	esp_readable(60);
	after(16 * 60);
	ended(FINDING_READABLE_ESP, "quiet", 15 * 60);
	/* Silence hides nothing of what was said. */
	counts_as("integrity-only");
	/* What comes after it cannot be read. */
	new_sas();
	esp(60, BOTH);
	tell();
	counts_as("secured");
	ck_assert_uint_eq(result->judge.secured_pairs, 1);
	scene_end();
}
END_TEST

/* ---- rekeying ---- */

START_TEST(rekeyed_less_often)
{
	begin(true);
	rekeys(8, 95, false);
	tell();
	lasts(FINDING_REKEY_TOO_OFTEN);
	/* An hour more of the same. */
	rekeys(40, 95, false);
	tell();
	lasts(FINDING_REKEY_TOO_OFTEN);
	rekeys(1, 14 * 60, false);
	tell();
	lasts(FINDING_REKEY_TOO_OFTEN);
	rekeys(1, 16 * 60, false);
	tell();
	ended_by(FINDING_REKEY_TOO_OFTEN, 1, "slower");
	ck_assert_uint_ge(life_of(FINDING_REKEY_TOO_OFTEN, 1).cleared->count, 40);
	/* And what was before does not make it too often again. */
	rekeys(4, 16 * 60, false);
	tell();
	opens(FINDING_REKEY_TOO_OFTEN, 1);
	/* Until it is. */
	rekeys(14, 95, false);
	tell();
	opens(FINDING_REKEY_TOO_OFTEN, 2);
	scene_end();
}
END_TEST

START_TEST(rekeyed_no_more)
{
	begin(true);
	rekeys(8, 95, false);
	esp(2, BOTH);
	after(14 * 60);
	lasts(FINDING_REKEY_TOO_OFTEN);
	after(70);
	ended_by(FINDING_REKEY_TOO_OFTEN, 1, "quiet");
	scene_end();
	/* A pace that is just long enough is never silent for long. */
	begin(true);
	rekeys(6, 95, false);
	rekeys(20, 310, false);
	tell();
	ended_by(FINDING_REKEY_TOO_OFTEN, 1, "slower");
	opens(FINDING_REKEY_TOO_OFTEN, 1);
	scene_end();
}
END_TEST

/* ---- what was selected ---- */

START_TEST(weak_and_silent)
{
	struct choice weak = GOOD;

	begin(false);
	weak.group = 2;
	ike_proof(A, B, weak, false, IKEV2_PAYLOAD_IDR, 240);
	for (unsigned hour = 0; hour < 30; hour++) {
		esp(2, BOTH);
		seconds(3598);
	}
	tell();
	lasts(FINDING_WEAK_IKE_SELECTED);
	ended_by(FINDING_WEAK_IKE_OFFERED, 1, "quiet");
	after(24 * 3600);
	ended_by(FINDING_WEAK_IKE_SELECTED, 1, "quiet");
	ended_by(FINDING_NOT_QUANTUM_SAFE, 1, "quiet");
	scene_end();
}
END_TEST

START_TEST(weakly_offered)
{
	struct choice weak = GOOD;

	begin(false);
	weak.group = 2;
	for (unsigned i = 0; i < 3; i++) {
		uint64_t ispi = next_ispi += 2;
		v2_init(ike, ispi, weak);
		ike_send(A, B, 20 * 3600);
	}
	tell();
	lasts(FINDING_WEAK_IKE_OFFERED);
	after(25 * 3600);
	ended_by(FINDING_WEAK_IKE_OFFERED, 1, "quiet");
	scene_end();
}
END_TEST

/* ---- room ---- */

/* Whoever fills the table ends what is open about those that go, and says so. */
START_TEST(forgotten)
{
	unsigned opened = 0, cleared = 0;

	begin(false);
	options.judged_pairs = 64;
	for (unsigned i = 0; i < 200; i++) {
		char address[32];
		snprintf(address, sizeof(address), "10.7.%u.%u", i / 100, i % 100 + 1);
		struct story_sa ah = story_sa(address, B, 0x2000 + i);
		ah.protocol = AH;
		for (unsigned k = 0; k < 5; k++) {
			story_esp(script, &ah, 120);
			seconds(1);
		}
	}
	tell();
	for (size_t i = 0; i < result->finding_count; i++) {
		const struct finding *finding = &result->finding[i];
		if (finding->id != FINDING_INTEGRITY_ONLY)
			continue;
		opened += finding->state == FINDING_OPEN;
		if (finding->state != FINDING_CLEAR)
			continue;
		cleared++;
		ck_assert_str_eq(finding->cleared_by, "forgotten");
		ck_assert(finding->has_pair);
	}
	ck_assert_uint_eq(opened, 200);
	ck_assert_uint_eq(cleared, 200 - 64);
	ck_assert_uint_eq(result->judge.open, 64 + (size_t)(story_count(result->findings, "table-full") > 0));
	scene_end();
}
END_TEST

/* What is said of a host ends though the pair that showed it had to make room long before. */
START_TEST(host_outlives_its_pair)
{
	struct choice weak = GOOD;

	begin(false);
	options.judged_pairs = 64;
	weak.group = 2;
	v2_init(ike, next_ispi += 2, weak);
	ike_send(A, B, 1);
	for (unsigned i = 0; i < 2000; i++) {
		char address[32];
		snprintf(address, sizeof(address), "10.7.%u.%u", i / 100, i % 100 + 1);
		struct story_sa stranger = story_sa(address, B, 0x2000 + i);
		story_esp(script, &stranger, 120);
		seconds(0.1);
	}
	tell();
	lasts(FINDING_WEAK_IKE_OFFERED);
	after(25 * 3600);
	ended_by(FINDING_WEAK_IKE_OFFERED, 1, "quiet");
	scene_end();
}
END_TEST

static void swallow(void *context, const struct record *record)
{
	(void)context;
	(void)record;
}

/* ---- SPIs that the receiver complains of ---- */

static void notice(uint32_t spi)
{
	header(ike, 0x99, 0, 0x20, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, 0);
	v2_notify(ike, IKEV2_NOTIFY_INVALID_SPI, 4, spi);
	ike_send(B, A, 0.1);
}

/* However many SAs came after the one that is complained of, its end is told. */
START_TEST(many_sas_after_a_bad_one)
{
	begin(true);
	esp(10, BOTH);
	notice(esp_out.spi);
	for (unsigned i = 0; i < 40; i++) {
		new_sas();
		esp(1, BOTH);
	}
	esp(60, BOTH);
	tell();
	ended_by(FINDING_BAD_SPI, 1, "sender-stopped");
	scene_end();
}
END_TEST

/* What nobody answered and was told until its end is not told again by the next SPI, a day later. */
START_TEST(next_spi_behind_an_end)
{
	begin(true);
	esp(60, BOTH);
	esp(9, OUT);
	seconds(24 * 3600);
	new_sas();
	esp(1, OUT);
	esp(20, BOTH);
	tell();
	ended_by(FINDING_BAD_SPI, 1, "sender-stopped");
	ck_assert_uint_ge(life_of(FINDING_BAD_SPI, 1).cleared->count, 18);
	opens(FINDING_BAD_SPI, 1);
	scene_end();
}
END_TEST

/* Of an SPI that was never seen: the end says how many notices there were, of whom, about what, and when the last came. */
START_TEST(notices_about_nothing)
{
	begin(true);
	esp(10, BOTH);
	for (unsigned i = 0; i < 5; i++) {
		notice(0xdead0001);
		esp(5, BOTH);
	}
	esp(20, BOTH);
	tell();
	lasts(FINDING_BAD_SPI);
	esp(60, BOTH);
	tell();
	const struct finding *cleared = ended(FINDING_BAD_SPI, "quiet", 30);
	struct life life = life_of(FINDING_BAD_SPI, 1);
	ck_assert_uint_eq(cleared->count, 5);
	ck_assert_int_eq(cleared->first_ns, life.opened->first_ns);
	ck_assert_int_ge(cleared->last_ns - cleared->first_ns, 20 * STORY_SECOND);
	ck_assert_int_le(cleared->last_ns - cleared->first_ns, 22 * STORY_SECOND);
	struct address a = story_host(A), b = story_host(B);
	ck_assert(cleared->has_flow && cleared->has_ike_spi);
	ck_assert(address_equal(&cleared->src, &a) && address_equal(&cleared->dst, &b));
	ck_assert_uint_eq(cleared->ike_spi, life.opened->ike_spi);
	ck_assert_ptr_nonnull(strstr(cleared->text, B));
	/* The next ones are counted from the beginning. */
	notice(0xdead0001);
	esp(5, BOTH);
	tell();
	opens(FINDING_BAD_SPI, 2);
	ck_assert_uint_eq(life_of(FINDING_BAD_SPI, 2).opened->count, 1);
	scene_end();
}
END_TEST

/* ---- what was not so after all ---- */

START_TEST(not_readable_after_all)
{
	begin(true);
	esp_readable(60);
	esp(300, OUT); /* it looks again now and then only */
	tell();
	ended_by(FINDING_READABLE_ESP, 1, "not-confirmed");
	counts_as("secured");
	struct life life = life_of(FINDING_READABLE_ESP, 1);
	ck_assert_int_eq(life.cleared->first_ns, life.opened->first_ns);
	ck_assert_int_eq(life.cleared->grade, life.opened->grade);
	ck_assert_int_eq(life.cleared->severity, life.opened->severity);
	scene_end();
}
END_TEST

/* The lengths of a cipher of 64-bit blocks for a while, and then others. */
START_TEST(other_lengths)
{
	begin(true);
	for (unsigned i = 0; i < 4000; i++) {
		story_esp(script, &esp_out, 8 + 8 + 8 * (4 + i % 40) + 12);
		story_esp(script, &esp_back, 8 + 8 + 8 * (4 + i % 37) + 12);
		seconds(0.05);
	}
	tell();
	lasts(FINDING_ESP_64_BIT_BLOCK);
	for (unsigned i = 0; i < 400; i++) {
		story_esp(script, &esp_out, 100 + i % 50);
		seconds(0.05);
	}
	tell();
	ended_by(FINDING_ESP_64_BIT_BLOCK, 1, "other-lengths");
	struct life life = life_of(FINDING_ESP_64_BIT_BLOCK, 1);
	ck_assert_int_eq(life.cleared->first_ns, life.opened->first_ns);
	ck_assert_uint_ge(life.cleared->count, life.opened->count);
	ck_assert_int_eq(life.cleared->grade,
			 life.opened->grade == GRADE_POSSIBLE ? life.cleared->grade : GRADE_LIKELY);
	scene_end();
}
END_TEST

/* An hour and more with one set of keys, and nothing is left of the habit when it ends. */
START_TEST(overdue_and_no_habit_any_more)
{
	begin(true);
	rekeys(6, 60, true);
	esp(1300, BOTH);
	new_sas();
	esp(20, BOTH);
	tell();
	unsigned cleared = 0;
	for (size_t i = 0; i < result->finding_count; i++) {
		const struct finding *finding = &result->finding[i];
		if (finding->id != FINDING_REKEY_OVERDUE || finding->state != FINDING_CLEAR)
			continue;
		cleared++;
		ck_assert_str_eq(finding->cleared_by, "rekeyed");
		ck_assert_ptr_null(strstr(finding->text, "every"));
		for (size_t k = 0; k < finding->evidence_count; k++)
			ck_assert_str_ne(finding->evidence[k].key, "interval_median");
		bool found = false;
		for (size_t k = 0; k < i; k++)
			if (result->finding[k].alert == finding->alert && result->finding[k].state == FINDING_OPEN) {
				ck_assert_int_eq(finding->first_ns, result->finding[k].first_ns);
				found = true;
			}
		ck_assert(found);
	}
	ck_assert_msg(cleared == 2, "%u of 2 end\n%.3000s", cleared, result->findings);
	scene_end();
}
END_TEST

/* What is waited for of pairs that are gone takes no room. */
START_TEST(timers_of_those_that_went)
{
	enum { PAIRS = 256, SPRAYED = 200000 };
	struct config *policy = story_policy("  learn: false\n");
	struct judge_settings settings = { .policy = story_policy_of(policy),
					   .thresholds = judge_default_thresholds(),
					   .pairs = PAIRS,
					   .sas = PAIRS,
					   .ike = 64,
					   .learned = 16 };
	struct judge *judge = judge_new(&settings, &(struct record_sink){ swallow, NULL });

	for (uint32_t i = 0; i < SPRAYED; i++) {
		struct transition transition = { .time_ns = STORY_EPOCH + i * 10000, .kind = TRANSITION_SA_BORN };
		transition.a = story_host_number(i + 1);
		transition.b = story_host("192.0.2.1");
		transition.esp = (struct transition_esp){ .spi = 0x1000 + i, .protocol = AH };
		judge_put(judge, &transition);
		judge_advance(judge, transition.time_ns);
	}
	ck_assert_uint_le(judge->timer_room, 8 * PAIRS * RULE_COUNT);
	ck_assert_uint_eq(judge_counters(judge)->lost, 0);
	judge_free(judge);
	story_policy_free(policy);
}
END_TEST

SUITE_MAIN("ends", replays_cease, slow_replays_go_on, count_began_anew, count_of_an_sa_that_is_gone, numbers_run_out,
	   many_sas_after_a_bad_one, next_spi_behind_an_end, notices_about_nothing, not_readable_after_all,
	   other_lengths, overdue_and_no_habit_any_more, integrity_alone, unnegotiated, readable_replaced,
	   rekeyed_less_often, rekeyed_no_more, weak_and_silent, weakly_offered, forgotten, host_outlives_its_pair,
	   timers_of_those_that_went)
