/* SPDX-License-Identifier: Apache-2.0 */
/* Life stories of SAs: what must raise an alarm, and what must not. */
#include "sa_fixture.h"

#include <stdio.h>
#include <string.h>

/* The last record of the only alert of this id; NULL if there is none. */
static const struct finding *only(enum finding_id id)
{
	const struct finding *last = NULL;

	ck_assert_msg(opened(id) == 1, "%u alerts in:\n%.6000s", opened(id), result->findings);
	for (size_t i = 0; i < result->finding_count; i++)
		if (result->finding[i].id == id)
			last = &result->finding[i];
	return last;
}

static void nothing(void)
{
	for (size_t i = 0; i < result->finding_count; i++)
		ck_assert_msg(!concerns(result->finding[i].id) && result->finding[i].severity > SEVERITY_MEDIUM,
			      "an alarm in:\n%.6000s", result->findings);
}

/* ---- what must not trigger ---- */

START_TEST(one_way_datagrams_for_an_hour)
{
	for (unsigned sender = A; sender <= B; sender++) {
		begin(1);
		sa_story_stream(story, sender, HOUR, S);
		tell();
		nothing();
		end();
	}
}
END_TEST

/* Syslog that ran all the while goes on when the dialogue is over: it never was what was answered. */
START_TEST(a_stream_beside_a_dialogue_outlives_it)
{
	for (int64_t period = 100 * MS; period <= 1100 * MS; period += 250 * MS) {
		begin(2);
		int64_t from = sa_story_now(story);
		sa_story_talk(story, A, 2 * MINUTE, 700 * MS);
		sa_story_set(story, from + 13 * MS);
		sa_story_stream(story, A, 10 * MINUTE, period);
		tell();
		nothing();
		end();
	}
}
END_TEST

/* Whoever asks it cannot know whether the host is down or has lost its SA. Retried as TCP does it, the question is dropped
 * before that matters; repeated without end it is told, as something that can heal, and never becomes an alarm. */
START_TEST(a_host_that_is_down)
{
	begin(3);
	for (int64_t pause = 200 * MS; pause < 2 * MINUTE; pause *= 2) {
		sa_story_in_vain(story, A, 1, 1);
		sa_story_wait(story, pause);
	}
	tell();
	ck_assert_msg(worst(FINDING_BAD_SPI, 0) >= SEVERITY_INFO, "%.6000s", result->findings);
	end();
	begin(4);
	sa_story_in_vain(story, A, 10 * MINUTE, S);
	tell();
	ck_assert_msg(worst(FINDING_BAD_SPI, 0) == SEVERITY_INFO, "%.6000s", result->findings);
	for (size_t i = 0; i < result->finding_count; i++)
		ck_assert_int_gt(result->finding[i].severity, SEVERITY_MEDIUM);
	end();
}
END_TEST

START_TEST(parallel_children)
{
	begin(5);
	sa_story_wait(story, 5 * S);
	unsigned other = sa_story_child(story);
	for (unsigned turn = 0; turn < 200; turn++) {
		sa_story_use(story, A, turn % 3 ? other : 0);
		sa_story_use(story, B, turn % 3 ? other : 0);
		sa_story_talk(story, turn % 2 ? A : B, 1 + turn % 7 * S, 400 * MS);
	}
	tell();
	nothing();
	end();
}
END_TEST

START_TEST(make_before_break)
{
	begin(6);
	for (unsigned i = 0; i < 3; i++) {
		sa_story_talk(story, A, 8 * MINUTE, S);
		unsigned old = sa_story_in_use(story, A);
		sa_story_rekey(story);
		/* The peer goes on with its old one for nine seconds. */
		unsigned young = sa_story_in_use(story, B);
		sa_story_use(story, B, old);
		sa_story_talk(story, A, 9 * S, 200 * MS);
		sa_story_use(story, B, young);
		sa_story_talk(story, A, MINUTE, S);
	}
	tell();
	nothing();
	ck_assert_uint_ge(story_count(result->records, "sa "), 8);
	end();
}
END_TEST

START_TEST(both_sides_rekey_at_once)
{
	begin(7);
	for (unsigned i = 0; i < 4; i++) {
		sa_story_talk(story, A, 6 * MINUTE, S);
		/* Two children, of which each side uses its own for a moment; then one is dropped. */
		unsigned mine = sa_story_child(story), its = sa_story_child(story);
		sa_story_use(story, A, mine);
		sa_story_use(story, B, its);
		sa_story_talk(story, A, S, 100 * MS);
		sa_story_use(story, A, its);
		sa_story_talk(story, A, 30 * S, 300 * MS);
	}
	tell();
	nothing();
	end();
}
END_TEST

/* Eight SAs each way that begin as packets are first sent from each CPU, and are used at once, or in bursts. */
START_TEST(sas_of_each_cpu)
{
	enum { CPUS = 8 };
	for (unsigned bursts = 0; bursts < 2; bursts++) {
		begin(8 + bursts);
		unsigned first = sa_story_child(story);
		for (unsigned i = 1; i < CPUS; i++)
			sa_story_child(story);
		for (unsigned turn = 0; turn < 600; turn++) {
			sa_story_use(story, A, first + sa_story_draw(story, CPUS));
			sa_story_use(story, B, first + sa_story_draw(story, CPUS));
			sa_story_talk(story, A, 150 * MS, 50 * MS);
			if (bursts && turn % 60 == 59)
				sa_story_wait(story, 40 * S);
		}
		tell();
		nothing();
		end();
	}
}
END_TEST

START_TEST(children_of_many_subnets_begin_together)
{
	enum { SUBNETS = 6 };
	begin(10);
	sa_story_wait(story, 20 * S);
	unsigned first = sa_story_child(story);
	for (unsigned i = 1; i < SUBNETS; i++)
		sa_story_child(story);
	for (unsigned turn = 0; turn < 60; turn++) {
		sa_story_use(story, A, first + turn % SUBNETS);
		sa_story_use(story, B, first + turn % SUBNETS);
		sa_story_talk(story, A, 100 * MS, 100 * MS);
	}
	sa_story_wait(story, 5 * MINUTE);
	tell();
	nothing();
	end();
}
END_TEST

START_TEST(five_percent_lost_on_the_span)
{
	for (uint64_t seed = 11; seed < 16; seed++) {
		begin(seed);
		view.loss = 50;
		sa_story_talk(story, A, 20 * MINUTE, 300 * MS);
		sa_story_talk(story, B, 10 * MINUTE, 500 * MS);
		tell();
		nothing();
		end();
	}
}
END_TEST

START_TEST(three_percent_reordered)
{
	begin(16);
	view.reorder = 30;
	sa_story_talk(story, A, 30 * S, 5 * MS);
	sa_story_stream(story, B, 30 * S, 5 * MS);
	tell();
	nothing();
	end();
}
END_TEST

START_TEST(every_packet_twice)
{
	begin(17);
	view.doubled = true;
	for (unsigned i = 0; i < 3; i++) {
		sa_story_talk(story, A, 6 * MINUTE, 300 * MS);
		sa_story_rekey(story);
	}
	tell();
	const struct finding *finding = only(FINDING_MIRROR_DOUBLED);
	ck_assert_int_eq(finding->subject, SUBJECT_SENSOR);
	ck_assert_int_eq(finding->severity, SEVERITY_LOW);
	for (size_t i = 0; i < result->finding_count; i++)
		ck_assert(!concerns(result->finding[i].id) || result->finding[i].id == FINDING_MIRROR_DOUBLED);
	end();
}
END_TEST

START_TEST(one_direction_invisible)
{
	for (unsigned side = 0; side < 2; side++) {
		begin(18);
		view.hidden[side] = true;
		sa_story_talk(story, A, 5 * MINUTE, 300 * MS);
		sa_story_rekey(story);
		sa_story_talk(story, A, 5 * MINUTE, 300 * MS);
		tell();
		nothing();
		end();
	}
}
END_TEST

START_TEST(idle_for_an_hour_and_then_used)
{
	begin(19);
	for (unsigned i = 0; i < 4; i++) {
		sa_story_wait(story, HOUR);
		sa_story_talk(story, i % 2 ? A : B, 20 * S, 300 * MS);
	}
	sa_story_wait(story, HOUR);
	sa_story_stream(story, A, 5 * MINUTE, S);
	tell();
	nothing();
	ck_assert_uint_eq(story_count(result->records, "sa "), 2);
	end();
}
END_TEST

START_TEST(another_address_by_mobike)
{
	begin(20);
	for (unsigned i = 0; i < 3; i++) {
		sa_story_talk(story, A, MINUTE, 300 * MS);
		sa_story_informational(story, A);
		sa_story_move(story, A);
		sa_story_informational(story, B);
	}
	sa_story_talk(story, A, MINUTE, 300 * MS);
	tell();
	nothing();
	end();
}
END_TEST

START_TEST(a_failover_jumps_ahead)
{
	begin(21);
	for (unsigned i = 0; i < 4; i++) {
		sa_story_jump(story, A, 1u << (6 + 5 * i));
		sa_story_jump(story, B, 1u << 20);
		sa_story_talk(story, A, MINUTE, 300 * MS);
	}
	tell();
	nothing();
	end();
}
END_TEST

/* ---- what must trigger ---- */

static const struct finding *bad_spi_of(uint32_t spi, int64_t since_ns)
{
	const struct finding *finding = only(FINDING_BAD_SPI);

	ck_assert_uint_eq(finding->spi, spi);
	ck_assert_msg(finding->first_ns >= since_ns - 2 * S && finding->first_ns <= since_ns + 2 * S, "%.6000s",
		      result->findings);
	return finding;
}

START_TEST(the_peer_lost_its_sa)
{
	begin(30);
	uint32_t spi = sa_story_spi(story, A, sa_story_in_use(story, A));
	int64_t since = sa_story_now(story);
	sa_story_in_vain(story, A, 15 * S, 300 * MS);
	tell();
	const struct finding *finding = bad_spi_of(spi, since);
	ck_assert_int_eq(finding->cause, CAUSE_ONE_WAY);
	ck_assert_int_eq(worst(FINDING_BAD_SPI, 0), SEVERITY_INFO);
	ck_assert_int_eq(finding->state, FINDING_CLEAR);
	ck_assert_str_eq(finding->cleared_by, "sender-stopped");
	end();
}
END_TEST

/* When the receiver gives its sign of life: nothing for a receiver that gives none, an alarm for one that does, also when
 * it comes only after the twenty seconds. */
START_TEST(an_alarm_needs_a_receiver_that_lives)
{
	static const struct {
		int64_t sign_ns; /* after the loss; 0: none */
		int64_t lasts_ns;
		enum finding_severity worst;
	} rows[] = { { 0, 60 * S, SEVERITY_INFO },
		     { 8 * S, 30 * S, SEVERITY_MEDIUM },
		     { 8 * S, 17 * S, SEVERITY_INFO },
		     { 25 * S, 60 * S, SEVERITY_MEDIUM },
		     { 42 * S, 60 * S, SEVERITY_MEDIUM } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(31);
		uint32_t spi = sa_story_spi(story, A, 0);
		int64_t since = sa_story_now(story);
		sa_story_in_vain(story, A, rows[i].lasts_ns, 400 * MS);
		if (rows[i].sign_ns) {
			sa_story_set(story, since + rows[i].sign_ns);
			sa_story_informational(story, B);
		}
		tell();
		bad_spi_of(spi, since);
		ck_assert_msg(worst(FINDING_BAD_SPI, 0) == rows[i].worst, "row %u:\n%.6000s", i, result->findings);
		end();
	}
}
END_TEST

START_TEST(negotiated_anew)
{
	for (unsigned initiator = A; initiator <= B; initiator++) {
		begin(32);
		uint32_t spi = sa_story_spi(story, A, 0);
		int64_t since = sa_story_now(story);
		sa_story_in_vain(story, A, 12 * S, 300 * MS);
		sa_story_negotiate(story, initiator);
		sa_story_talk(story, A, 20 * S, 300 * MS);
		tell();
		const struct finding *finding = bad_spi_of(spi, since);
		ck_assert_int_eq(finding->cause, CAUSE_RECOVERING);
		ck_assert_int_eq(finding->state, FINDING_CLEAR);
		end();
	}
}
END_TEST

/* An SA of two is lost, and it is the older one: what is negotiated then counts for it too. */
START_TEST(the_older_of_two_recovers)
{
	begin(33);
	sa_story_wait(story, 5 * S);
	unsigned other = sa_story_child(story);
	sa_story_use(story, A, other);
	sa_story_use(story, B, other);
	sa_story_talk(story, A, 20 * S, 300 * MS);
	sa_story_use(story, A, 0);
	sa_story_use(story, B, 0);
	sa_story_talk(story, A, 20 * S, 300 * MS);
	int64_t since = sa_story_now(story);
	sa_story_in_vain(story, A, 12 * S, 300 * MS);
	sa_story_negotiate(story, B);
	sa_story_talk(story, A, 20 * S, 300 * MS);
	tell();
	ck_assert_int_eq(bad_spi_of(sa_story_spi(story, A, 0), since)->cause, CAUSE_RECOVERING);
	end();
}
END_TEST

START_TEST(answers_come_again)
{
	begin(34);
	uint32_t spi = sa_story_spi(story, B, 0);
	sa_story_talk(story, B, 30 * S, 300 * MS);
	int64_t since = sa_story_now(story);
	sa_story_in_vain(story, B, 9 * S, 300 * MS);
	sa_story_talk(story, B, 20 * S, 300 * MS);
	tell();
	ck_assert_str_eq(bad_spi_of(spi, since)->cleared_by, "answered");
	end();
}
END_TEST

/* Packets of this SA that the capture shows so far. */
static uint64_t shown_so_far(unsigned sender, unsigned child)
{
	story_free(sa_story_script(story, &view));
	return sa_story_shown(story, sender, child);
}

/* Its partner has ceased, its successor is in use both ways, and it goes on: what it carries from then on is lost, whether
 * or not the capture sees the end of it. Without a Delete in view it never is an alarm. */
START_TEST(goes_on_with_a_stale_one)
{
	for (unsigned sender = A; sender <= B; sender++)
		for (unsigned ends = 0; ends < 2; ends++) {
			begin(35 + sender);
			sa_story_talk(story, A, 5 * MINUTE, S);
			sa_story_rekey(story);
			unsigned young = sa_story_in_use(story, A);
			int64_t replaced = sa_story_now(story);
			uint64_t before = shown_so_far(sender, 0);
			sa_story_talk(story, A, (ends ? 4 : 3) * MINUTE, 500 * MS);
			sa_story_set(story, replaced + 50 * MS);
			sa_story_use(story, sender, 0);
			sa_story_stream(story, sender, 3 * MINUTE, 500 * MS);
			sa_story_use(story, sender, young);
			tell();
			const struct finding *finding = bad_spi_of(sa_story_spi(story, sender, 0), replaced);
			ck_assert_int_eq(finding->cause, CAUSE_STALE);
			ck_assert_int_eq(finding->severity, SEVERITY_INFO);
			ck_assert_uint_eq(finding->count, sa_story_shown(story, sender, 0) - before);
			ck_assert_uint_gt(finding->count, 100);
			ck_assert_uint_ge(finding->bytes, 612 * finding->count);
			end();
		}
}
END_TEST

START_TEST(old_packets_come_again)
{
	begin(36);
	sa_story_talk(story, A, 30 * S, 300 * MS);
	sa_story_replay(story, A, 20, 5 * S);
	sa_story_talk(story, A, 10 * S, 300 * MS);
	tell();
	const struct finding *finding = only(FINDING_ESP_REPLAY);
	ck_assert_uint_eq(finding->spi, sa_story_spi(story, A, 0));
	ck_assert_int_eq(finding->severity, SEVERITY_MEDIUM);
	ck_assert_uint_eq(opened(FINDING_ESP_SEQUENCE_RESET) + opened(FINDING_MIRROR_DOUBLED), 0);
	end();
}
END_TEST

/* From the first packets of the SA too: it is their octets that tell a replay from a restart. */
START_TEST(the_first_packets_come_again)
{
	begin(37);
	sa_story_replay(story, A, 90, 2 * S);
	tell();
	only(FINDING_ESP_REPLAY);
	ck_assert_uint_eq(opened(FINDING_ESP_SEQUENCE_RESET), 0);
	end();
}
END_TEST

START_TEST(counts_from_the_beginning)
{
	begin(38);
	sa_story_wait(story, 5 * S);
	sa_story_restart(story, A);
	sa_story_talk(story, A, 20 * S, 300 * MS);
	tell();
	const struct finding *finding = only(FINDING_ESP_SEQUENCE_RESET);
	ck_assert_uint_eq(finding->spi, sa_story_spi(story, A, 0));
	ck_assert_uint_eq(opened(FINDING_ESP_REPLAY), 0);
	end();
}
END_TEST

START_TEST(rekeys_by_time)
{
	begin(39);
	for (unsigned i = 0; i < 8; i++) {
		sa_story_talk(story, A, 30 * S, (200 + 90 * i) * MS);
		sa_story_rekey(story);
	}
	tell();
	const struct finding *finding = only(FINDING_REKEY_TOO_OFTEN);
	ck_assert_int_eq(finding->cause, CAUSE_TIME);
	ck_assert_int_eq(finding->severity, SEVERITY_LOW);
	ck_assert_ptr_nonnull(strstr(result->findings, "above 300 s"));
	end();
}
END_TEST

START_TEST(rekeys_by_volume)
{
	begin(40);
	for (unsigned i = 0; i < 8; i++) {
		/* The same number of packets in very different times. */
		int64_t period = (i % 2 ? 40 : 300 + 20 * i) * MS;
		sa_story_stream(story, A, 100 * period, period);
		sa_story_rekey(story);
	}
	sa_story_talk(story, A, 5 * S, 300 * MS);
	tell();
	ck_assert_int_eq(only(FINDING_REKEY_TOO_OFTEN)->cause, CAUSE_VOLUME);
	end();
}
END_TEST

START_TEST(null_encryption)
{
	begin(41);
	unsigned child = sa_story_child(story);
	sa_story_null(story, child);
	sa_story_use(story, A, child);
	sa_story_use(story, B, child);
	sa_story_talk(story, A, 10 * S, 500 * MS);
	tell();
	ck_assert_int_eq(only(FINDING_READABLE_ESP)->severity, SEVERITY_MEDIUM);
	ck_assert_ptr_nonnull(strstr(result->findings, "[udp/514]"));
	end();
}
END_TEST

SUITE_MAIN("sa_stories", one_way_datagrams_for_an_hour, a_stream_beside_a_dialogue_outlives_it, a_host_that_is_down,
	   parallel_children, make_before_break, both_sides_rekey_at_once, sas_of_each_cpu,
	   children_of_many_subnets_begin_together, five_percent_lost_on_the_span, three_percent_reordered,
	   every_packet_twice, one_direction_invisible, idle_for_an_hour_and_then_used, another_address_by_mobike,
	   a_failover_jumps_ahead, the_peer_lost_its_sa, an_alarm_needs_a_receiver_that_lives, negotiated_anew,
	   the_older_of_two_recovers, answers_come_again, goes_on_with_a_stale_one, old_packets_come_again,
	   the_first_packets_come_again, counts_from_the_beginning, rekeys_by_time, rekeys_by_volume, null_encryption)
