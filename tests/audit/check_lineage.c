/* SPDX-License-Identifier: Apache-2.0 */
/* Which SA replaced which, and how many rekeys that makes, as the judge is told of births and silences. */
#include "../suite.h"
#include "story.h"

#define MS STORY_MILLISECOND
#define S STORY_SECOND
#define FROM "192.0.2.1"
#define TO "198.51.100.1"

static struct config *config;
static struct judge *judge;
static uint64_t serial;

static void drop(void *context, const struct record *record)
{
	(void)context;
	(void)record;
}

/* Of each SA that is put from now on, its first packet has this number. */
static uint32_t first_number;

static void begin(void)
{
	config = story_policy(NULL);
	struct judge_settings settings = { .policy = story_policy_of(config),
					   .thresholds = judge_default_thresholds(),
					   .pairs = 16,
					   .sas = 16,
					   .ike = 16,
					   .learned = 16 };
	judge = judge_new(&settings, &(struct record_sink){ drop, NULL });
	ck_assert_ptr_nonnull(judge);
	first_number = 1;
}

static void end(void)
{
	judge_free(judge);
	story_policy_free(config);
}

static uint16_t from_port; /* 0: not in UDP */

static void put(enum transition_kind kind, unsigned direction, uint32_t spi, int64_t time_ns, int64_t last_ns)
{
	struct transition transition = { .time_ns = STORY_EPOCH + time_ns,
					 .serial = ++serial,
					 .kind = (uint8_t)kind,
					 .direction = (uint8_t)direction,
					 .a = story_host(FROM),
					 .b = story_host(TO) };
	transition.esp = (struct transition_esp){ .spi = spi,
						  .protocol = 50,
						  .sequence = first_number,
						  .ports = { from_port, from_port ? 4500 : 0 },
						  .last_ns = STORY_EPOCH + last_ns,
						  .packets = 100,
						  .bytes = 10000 };
	judge_put(judge, &transition);
	judge_advance(judge, STORY_EPOCH + time_ns);
}

/* An SA that speaks from its birth to `last`, told in order of time by the caller. */
static void born(uint32_t spi, int64_t at)
{
	put(TRANSITION_SA_BORN, 0, spi, at, at);
}

static void quiet(uint32_t spi, int64_t last)
{
	put(TRANSITION_SA_QUIET, 0, spi, last + 2 * S, last);
}

static void woke(uint32_t spi, int64_t at)
{
	put(TRANSITION_SA_WOKE, 0, spi, at, at);
}

/* The SPI that this one replaced; 0: none. */
static uint32_t replaced_by(uint32_t spi, enum sa_record_state *state)
{
	struct record_sa described = { .src = story_host(FROM), .dst = story_host(TO), .protocol = 50, .spi = spi };

	judge_complete_sa(judge, 0, &described);
	if (state)
		*state = described.state;
	return described.has_replaces ? described.replaces : 0;
}

static uint32_t rekeys(double *median)
{
	struct record_pair pair = { .a = story_host(FROM), .b = story_host(TO) };
	const char *carries[RECORD_CARRIES_MAX];

	judge_complete_pair(judge, 0, &pair, carries);
	if (median)
		*median = pair.rekey_interval_median;
	return pair.rekeys;
}

static void put_from_port(enum transition_kind kind, uint32_t spi, int64_t time_ns, uint16_t port)
{
	from_port = port;
	put(kind, 0, spi, time_ns, time_ns);
	from_port = 0;
}

/* Clients behind one NAT have ports of their own: one that comes as another ceases does not take its place. */
START_TEST(clients_behind_a_nat)
{
	static const struct {
		uint16_t first, second;
		uint32_t replaces;
	} cases[] = { { 40001, 40001, 1 }, { 40001, 40002, 0 }, { 40001, 0, 1 }, { 0, 0, 1 } };

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (unsigned quiet_first = 0; quiet_first < 2; quiet_first++) {
			begin();
			put_from_port(TRANSITION_SA_BORN, 1, 0, cases[i].first);
			if (quiet_first)
				quiet(1, 597 * S);
			put_from_port(TRANSITION_SA_BORN, 2, 600 * S, cases[i].second);
			if (!quiet_first)
				quiet(1, 600 * S - 100 * MS);
			ck_assert_uint_eq(replaced_by(2, NULL), cases[i].replaces);
			ck_assert_uint_eq(rekeys(NULL), cases[i].replaces != 0);
			end();
		}
	/* The port that the NAT gives changes, and the SAs stay. */
	begin();
	put_from_port(TRANSITION_SA_BORN, 1, 0, 40001);
	quiet(1, 100 * S);
	put_from_port(TRANSITION_SA_WOKE, 1, 200 * S, 40007);
	put_from_port(TRANSITION_SA_BORN, 2, 600 * S, 40007);
	quiet(1, 600 * S);
	ck_assert_uint_eq(replaced_by(2, NULL), 1);
	end();
}
END_TEST

START_TEST(a_rekey)
{
	enum sa_record_state state;
	double median;

	begin();
	ck_assert_uint_eq(rekeys(&median), 0);
	born(1, 0);
	born(2, 600 * S);
	quiet(1, 600 * S - 100 * MS);
	ck_assert_uint_eq(replaced_by(2, &state), 1);
	ck_assert_int_eq(state, SA_ACTIVE);
	ck_assert_uint_eq(replaced_by(1, &state), 0);
	ck_assert_int_eq(state, SA_SUPERSEDED);
	ck_assert_uint_eq(rekeys(&median), 1);
	ck_assert_double_eq_tol(median, 600, 1e-6);
	end();
}
END_TEST

/* The old one was there before anybody looked: it was replaced, after nobody knows how long. Who does not count never tells. */
START_TEST(a_rekey_of_an_older_one)
{
	static const struct {
		uint32_t number, rekeys;
	} rows[] = { { 0, 0 }, { 1, 1 }, { 32, 1 }, { 33, 0 }, { 3600, 0 } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		first_number = rows[i].number;
		born(1, 0);
		first_number = 1;
		born(2, 100 * S);
		quiet(1, 100 * S);
		ck_assert_uint_eq(replaced_by(2, NULL), 1);
		ck_assert_uint_eq(rekeys(NULL), rows[i].rekeys);
		born(3, 200 * S);
		quiet(2, 200 * S);
		ck_assert_uint_eq(rekeys(NULL), rows[i].rekeys + 1);
		end();
	}
}
END_TEST

START_TEST(a_chain_of_rekeys)
{
	double median;

	begin();
	born(1, 0);
	for (uint32_t spi = 2; spi <= 12; spi++) {
		born(spi, spi * 60 * S);
		quiet(spi - 1, spi * 60 * S + 300 * MS);
		ck_assert_uint_eq(replaced_by(spi, NULL), spi - 1);
	}
	ck_assert_uint_eq(rekeys(&median), 11);
	ck_assert_double_eq_tol(median, 60, 1e-6);
	end();
}
END_TEST

START_TEST(parallel_sas_replace_nothing)
{
	begin();
	born(1, 0);
	born(2, 100 * S);
	/* The first one goes on for longer than any overlap. */
	quiet(1, 160 * S);
	quiet(2, 170 * S);
	ck_assert_uint_eq(replaced_by(2, NULL), 0);
	ck_assert_uint_eq(rekeys(NULL), 0);
	end();
}
END_TEST

START_TEST(idle_and_then_rekeyed)
{
	begin();
	born(1, 0);
	quiet(1, 20 * S);
	/* An hour later traffic comes, on a new one. */
	born(2, 3600 * S);
	ck_assert_uint_eq(replaced_by(2, NULL), 1);
	ck_assert_uint_eq(rekeys(NULL), 1);
	end();
}
END_TEST

START_TEST(both_sides_at_once)
{
	begin();
	born(1, 0);
	born(2, 600 * S);
	born(3, 600 * S + 50 * MS);
	quiet(1, 600 * S - 10 * MS);
	quiet(2, 600 * S + 30 * MS);
	/* One of the two took its place, and the other is beside it. */
	ck_assert_uint_eq(replaced_by(2, NULL), 1);
	ck_assert_uint_eq(replaced_by(3, NULL), 0);
	ck_assert_uint_eq(rekeys(NULL), 1);
	end();
}
END_TEST

START_TEST(who_speaks_again_was_not_replaced)
{
	enum sa_record_state state;

	begin();
	born(1, 0);
	born(2, 100 * S);
	quiet(1, 100 * S);
	ck_assert_uint_eq(rekeys(NULL), 1);
	woke(1, 150 * S);
	ck_assert_uint_eq(replaced_by(2, NULL), 0);
	replaced_by(1, &state);
	ck_assert_int_eq(state, SA_ACTIVE);
	ck_assert_uint_eq(rekeys(NULL), 0);
	end();
}
END_TEST

START_TEST(directions_have_lines_of_their_own)
{
	begin();
	put(TRANSITION_SA_BORN, 0, 1, 0, 0);
	put(TRANSITION_SA_BORN, 1, 2, 600 * S, 600 * S);
	put(TRANSITION_SA_QUIET, 0, 1, 602 * S, 600 * S);
	ck_assert_uint_eq(rekeys(NULL), 0);
	end();
}
END_TEST

/* More SAs than there is room for: the oldest go, and nobody points at them. */
START_TEST(room_is_made)
{
	begin();
	born(1, 0);
	for (uint32_t spi = 2; spi <= 200; spi++) {
		born(spi, spi * 600 * S);
		quiet(spi - 1, spi * 600 * S);
	}
	ck_assert_uint_eq(replaced_by(200, NULL), 199);
	ck_assert_uint_eq(replaced_by(5, NULL), 0);
	ck_assert_uint_ge(rekeys(NULL), 190);
	end();
}
END_TEST

SUITE_MAIN("lineage", clients_behind_a_nat, a_rekey, a_rekey_of_an_older_one, a_chain_of_rekeys,
	   parallel_sas_replace_nothing, idle_and_then_rekeyed, both_sides_at_once, who_speaks_again_was_not_replaced,
	   directions_have_lines_of_their_own, room_is_made)
