/* SPDX-License-Identifier: Apache-2.0 */
/* transition.c: the order of judgement is total, and does not depend on when a silence was noticed. */
#include "../../daemon/audit/transition.h"

#include "../suite.h"

enum { COUNT = 160 };

/* All combinations of few values of everything that orders. */
static unsigned make(struct transition transitions[COUNT])
{
	static const uint8_t kinds[] = { TRANSITION_SA_BORN, TRANSITION_CLEAR_BEGAN, TRANSITION_ESP_QUIET,
					 TRANSITION_CLEAR_QUIET, TRANSITION_IKE_MESSAGE };
	unsigned count = 0;

	for (unsigned i = 0; i < COUNT; i++) {
		struct transition *t = &transitions[count++];
		*t = (struct transition){ .time_ns = 1 + i % 2,
					  .realm = i / 2 % 2,
					  .kind = kinds[i / 32],
					  .direction = (uint8_t)(i / 16 % 2),
					  .serial = 1 + (i * 7) % COUNT };
		t->a.bytes[15] = (uint8_t)(1 + i / 4 % 2);
		t->b.bytes[15] = (uint8_t)(3 + i / 8 % 2);
	}
	return count;
}

START_TEST(total)
{
	struct transition t[COUNT];
	unsigned count = make(t);

	for (unsigned i = 0; i < count; i++) {
		ck_assert(!transition_before(&t[i], &t[i]));
		for (unsigned j = 0; j < count; j++) {
			if (i != j)
				ck_assert(transition_before(&t[i], &t[j]) != transition_before(&t[j], &t[i]));
			for (unsigned k = 0; k < count; k++)
				if (transition_before(&t[i], &t[j]) && transition_before(&t[j], &t[k]))
					ck_assert(transition_before(&t[i], &t[k]));
		}
	}
}
END_TEST

START_TEST(what_counts_first)
{
	struct transition early = { .time_ns = 1, .realm = 9, .serial = 9 }, late = { .time_ns = 2 };
	ck_assert(transition_before(&early, &late));
	late.time_ns = 1;
	late.realm = 10;
	ck_assert(transition_before(&early, &late));
	late.realm = 9;
	late.a.bytes[0] = 1;
	ck_assert(transition_before(&early, &late));
	late.a.bytes[0] = 0;
	late.b.bytes[0] = 1;
	ck_assert(transition_before(&early, &late));
	late.b.bytes[0] = 0;
	late.serial = 10;
	ck_assert(transition_before(&early, &late));
}
END_TEST

/* A silence ends before what happens at the same time, though it may be noticed after it. */
START_TEST(silence_comes_first)
{
	for (unsigned kind = 0; kind <= TRANSITION_ESP_QUIET; kind++) {
		struct transition quiet = { .time_ns = 5, .kind = TRANSITION_ESP_QUIET, .serial = 100 };
		struct transition other = { .time_ns = 5, .kind = (uint8_t)kind, .serial = 1 };
		if (kind == TRANSITION_ESP_QUIET)
			continue;
		if (kind == TRANSITION_CLEAR_QUIET || kind == TRANSITION_SA_QUIET) {
			/* Two silences: by kind, whichever was noticed first. */
			ck_assert(transition_before(&other, &quiet));
			other.serial = 200;
			ck_assert(transition_before(&other, &quiet));
			continue;
		}
		ck_assert(transition_before(&quiet, &other));
		ck_assert(!transition_before(&other, &quiet));
	}
}
END_TEST

/* What a place for services makes of a service seen. */
START_TEST(services_that_fit)
{
	static const char named[] = "HTTP", other[] = "DNS";
	static const struct {
		const char *kept, *seen;
		uint16_t seen_port;
		enum service_fit fit;
	} rows[] = { { NULL, NULL, 80, SERVICE_SAME },    { named, named, 80, SERVICE_SAME },
		     { named, NULL, 80, SERVICE_SAME },   { NULL, named, 80, SERVICE_NAMELESS },
		     { named, other, 80, SERVICE_OTHER }, { named, named, 81, SERVICE_OTHER },
		     { NULL, named, 81, SERVICE_OTHER } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct transition_service kept = { .protocol = 6, .port = 80, .name = rows[i].kept };
		struct transition_service seen = { .protocol = 6, .port = rows[i].seen_port, .name = rows[i].seen };
		ck_assert_int_eq(transition_service_fit(&kept, &seen), rows[i].fit);
		ck_assert(transition_service_shares_port(&kept, &seen) == (rows[i].seen_port == 80));
		seen.protocol = 17;
		ck_assert_int_eq(transition_service_fit(&kept, &seen), SERVICE_OTHER);
	}
}
END_TEST

SUITE_MAIN("transition", total, what_counts_first, silence_comes_first, services_that_fit)
