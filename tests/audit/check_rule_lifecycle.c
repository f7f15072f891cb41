/* SPDX-License-Identifier: Apache-2.0 */
/* Peers and SAs that come and go: each told once, and nothing of what one side alone says. */
#include "story_fixture.h"

#include <string.h>

#define S STORY_SECOND
#define ONE "192.0.2.1"
#define OTHER "198.51.100.1"

static struct story_sa there, back;

static void begin(void)
{
	fixture_begin("  rules:\n    - { name: site, between: [192.0.2.1/32, 198.51.100.1/32], level: require }\n");
	options.leaks_only = false;
	options.lifecycle = true;
	options.step_ns = S;
	options.end_ns = 20 * S;
	there = story_sa(ONE, OTHER, 0x1001);
	back = story_sa(OTHER, ONE, 0x2001);
}

/* ESP both ways, once a second. */
static void talk(unsigned seconds)
{
	while (seconds--) {
		story_esp(script, &there, 132);
		story_wait(script, 10 * STORY_MILLISECOND);
		story_esp(script, &back, 132);
		story_wait(script, S - 10 * STORY_MILLISECOND);
	}
}

static size_t told(enum finding_id id)
{
	size_t count = 0;

	for (size_t i = 0; i < result->finding_count; i++)
		count += result->finding[i].id == id;
	return count;
}

static const struct finding *first_of(enum finding_id id)
{
	for (size_t i = 0; i < result->finding_count; i++)
		if (result->finding[i].id == id)
			return &result->finding[i];
	ck_abort_msg("no %s", catalogue_row(id)->name);
	return NULL;
}

static void expect(size_t peers, size_t up, size_t rekeyed, size_t down)
{
	ck_assert_msg(told(FINDING_PEER_NEW) == peers && told(FINDING_SA_UP) == up &&
			  told(FINDING_SA_REKEYED) == rekeyed && told(FINDING_SA_DOWN) == down,
		      "%zu peers, %zu up, %zu rekeyed, %zu down wanted:\n%.4000s", peers, up, rekeyed, down,
		      result->findings);
	for (size_t i = 0; i < result->finding_count; i++)
		ck_assert_int_ge(result->finding[i].first_ns, STORY_EPOCH);
}

START_TEST(a_pair_comes_up)
{
	begin();
	talk(30);
	tell();
	expect(2, 2, 0, 0);
	const struct finding *up = first_of(FINDING_SA_UP);
	ck_assert_uint_eq(up->spi, 0x1001);
	ck_assert_int_eq(up->state, FINDING_OPEN);
	ck_assert_int_eq(up->severity, SEVERITY_INFO);
	ck_assert_int_eq(up->first_ns, STORY_EPOCH);
	/* Events are nothing that stays open. */
	ck_assert_uint_eq(result->judge.open, told(FINDING_ESP_UNNEGOTIATED));
	end();
}
END_TEST

START_TEST(a_rekey_is_no_new_sa)
{
	begin();
	talk(30);
	there = story_sa(ONE, OTHER, 0x1002);
	back = story_sa(OTHER, ONE, 0x2002);
	talk(30);
	tell();
	expect(2, 2, 2, 0);
	const struct finding *rekeyed = first_of(FINDING_SA_REKEYED);
	ck_assert_uint_eq(rekeyed->spi, 0x1002);
	ck_assert_int_eq(rekeyed->first_ns, STORY_EPOCH + 30 * S);
	end();
}
END_TEST

START_TEST(silence_is_an_end_and_may_end)
{
	begin();
	talk(10);
	story_wait(script, 400 * S);
	talk(10);
	tell();
	expect(2, 4, 0, 2);
	end();
}
END_TEST

/* A pause shorter than what counts as an end is none. */
START_TEST(a_pause_is_no_end)
{
	begin();
	for (unsigned i = 0; i < 5; i++) {
		talk(5);
		story_wait(script, 200 * S);
	}
	tell();
	expect(2, 2, 0, 0);
	end();
}
END_TEST

START_TEST(forged_packets_of_one_side_tell_nothing)
{
	begin();
	for (unsigned i = 0; i < 50; i++) {
		there.spi++;
		story_esp(script, &there, 132);
		story_wait(script, 100 * STORY_MILLISECOND);
	}
	tell();
	expect(0, 0, 0, 0);
	end();
}
END_TEST

START_TEST(secured_again_after_a_leak)
{
	begin();
	struct story_stream web = story_stream(ONE, OTHER, 6, 80);
	talk(20);
	for (unsigned i = 0; i < 10; i++) {
		story_send(script, &web, false, 300);
		story_wait(script, S);
	}
	there = story_sa(ONE, OTHER, 0x1002);
	back = story_sa(OTHER, ONE, 0x2002);
	talk(30);
	tell();
	ck_assert_uint_eq(told(FINDING_SECURED_AGAIN), 1);
	ck_assert_uint_eq(first_of(FINDING_SECURED_AGAIN)->count, 10);
	end();
}
END_TEST

START_TEST(each_can_be_switched_off)
{
	begin();
	options.alerts = alert_default_settings();
	options.alerts.off[FINDING_SA_UP] = true;
	talk(30);
	tell();
	expect(2, 0, 0, 0);
	options.lifecycle = false;
	tell();
	expect(0, 0, 0, 0);
	end();
}
END_TEST

/* Of too many, as many as the rate allows; the rest is counted. */
START_TEST(a_crowd_is_counted)
{
	begin();
	options.alerts = alert_default_settings();
	options.alerts.per_minute[ALERT_LIFECYCLE] = 10;
	for (unsigned i = 0; i < 40; i++) {
		there.spi++;
		story_esp(script, &there, 132);
		story_esp(script, &back, 132);
		story_wait(script, 10 * STORY_MILLISECOND);
	}
	tell();
	size_t all = told(FINDING_PEER_NEW) + told(FINDING_SA_UP) + told(FINDING_SA_REKEYED);
	ck_assert_uint_ge(all, 10);
	ck_assert_uint_le(all, 16);
	end();
}
END_TEST

/* In a VLAN of its own a server that was never secured has the address of one that is, in another. */
START_TEST(a_secured_host_is_one_in_its_own_network)
{
	for (unsigned apart = 0; apart < 2; apart++) {
		struct story_stream knock = story_stream("192.0.2.9", OTHER, 6, 445);
		struct story_stream web = story_stream("192.0.2.8", OTHER, 6, 80);
		fixture_begin(NULL);
		options.leaks_only = false;
		options.side.realm = TRACK_REALM_VLAN;
		there = story_sa(ONE, OTHER, 0x1001);
		back = story_sa(OTHER, ONE, 0x2001);
		story_tap(script, 0, 10, 0);
		talk(40);
		story_tap(script, 0, apart ? 20 : 10, 0);
		for (unsigned i = 0; i < 20; i++) {
			story_send(script, &web, i & 1, 100);
			story_wait(script, S / 2);
		}
		for (unsigned i = 0; i < 5; i++) {
			story_tcp(script, &knock, false, 2, 0);
			story_send(script, &web, i & 1, 100);
			story_wait(script, S << i);
		}
		options.end_ns = 20 * S;
		tell();
		ck_assert_msg(told(FINDING_LOCKED_OUT) == !apart, "apart %u:\n%s", apart, result->findings);
		end();
	}
}
END_TEST

SUITE_MAIN("rule_lifecycle", a_secured_host_is_one_in_its_own_network, a_pair_comes_up, a_rekey_is_no_new_sa,
	   silence_is_an_end_and_may_end, a_pause_is_no_end, forged_packets_of_one_side_tell_nothing,
	   secured_again_after_a_leak, each_can_be_switched_off, a_crowd_is_counted)
