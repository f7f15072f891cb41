/* SPDX-License-Identifier: Apache-2.0 */
/* ike_sa.c: who initiated, how far it came, what goes when the table is full, in which order it is written. */
#include "../../daemon/audit/ike_sa.h"

#include "suite.h"
#include "story.h"

#include <string.h>

enum { KEPT = 64 };

struct written {
	struct record_ike_sa sa[KEPT];
	unsigned count;
};

static void keep(void *context, const struct record *record)
{
	struct written *written = context;

	ck_assert_int_eq(record->type, RECORD_IKE_SA);
	if (written->count < KEPT)
		written->sa[written->count++] = record->ike_sa;
}

static struct written write_all(const struct ike_sas *sas)
{
	struct written written = { .count = 0 };
	ck_assert(ike_sas_write(sas, &(struct record_sink){ keep, &written }));
	return written;
}

struct message {
	bool from_b;
	uint64_t responder_spi;
	uint8_t major, exchange, flags;
};

static struct record_ike_sa after(const struct message *messages, unsigned count)
{
	struct ike_sas *sas = ike_sas_new(4, 1);
	struct address a = story_host("192.0.2.1"), b = story_host("198.51.100.1");

	for (unsigned i = 0; i < count; i++) {
		struct ike_header header = { .initiator_spi = 0x11,
					     .responder_spi = messages[i].responder_spi,
					     .major = messages[i].major,
					     .exchange = messages[i].exchange,
					     .flags = messages[i].flags };
		bool born = ike_sas_message(sas, 0, messages[i].from_b ? &b : &a, messages[i].from_b ? &a : &b, &header,
					    STORY_EPOCH + i);
		ck_assert_int_eq(born, i == 0);
	}
	struct written written = write_all(sas);
	ck_assert_uint_eq(written.count, 1);
	ike_sas_free(sas);
	return written.sa[0];
}

START_TEST(how_far_it_came)
{
	static const struct {
		struct message messages[4];
		unsigned count;
		enum ike_mode mode;
		enum ike_outcome outcome;
		const char *step;
		bool roles_known, a_initiates;
	} cases[] = {
		{ { { 0, 0, 2, 34, 8 } }, 1, IKE_MODE_IKEV2, IKE_OUTCOME_IN_PROGRESS, "IKE_SA_INIT", 1, 1 },
		{ { { 0, 0, 2, 34, 8 }, { 0, 0, 2, 34, 8 } },
		  2,
		  IKE_MODE_IKEV2,
		  IKE_OUTCOME_IN_PROGRESS,
		  "IKE_SA_INIT",
		  1,
		  1 },
		{ { { 0, 0, 2, 34, 8 }, { 0, 0, 2, 34, 8 }, { 0, 0, 2, 34, 8 } },
		  3,
		  IKE_MODE_IKEV2,
		  IKE_OUTCOME_UNANSWERED,
		  "IKE_SA_INIT",
		  1,
		  1 },
		{ { { 0, 0, 2, 34, 8 }, { 1, 7, 2, 34, 32 }, { 0, 7, 2, 35, 8 } },
		  3,
		  IKE_MODE_IKEV2,
		  IKE_OUTCOME_IN_PROGRESS,
		  "IKE_AUTH",
		  1,
		  1 },
		/* The response is the first in view: its Initiator flag is not set. */
		{ { { 1, 7, 2, 34, 32 } }, 1, IKE_MODE_IKEV2, IKE_OUTCOME_IN_PROGRESS, "IKE_SA_INIT", 1, 1 },
		{ { { 1, 7, 2, 37, 0 } }, 1, IKE_MODE_IKEV2, IKE_OUTCOME_ESTABLISHED, "INFORMATIONAL", 1, 1 },
		{ { { 0, 7, 2, 36, 8 } }, 1, IKE_MODE_IKEV2, IKE_OUTCOME_ESTABLISHED, "CREATE_CHILD_SA", 1, 1 },
		{ { { 0, 7, 2, 43, 8 } }, 1, IKE_MODE_IKEV2, IKE_OUTCOME_IN_PROGRESS, "IKE_INTERMEDIATE", 1, 1 },
		{ { { 0, 7, 2, 99, 8 } }, 1, IKE_MODE_IKEV2, IKE_OUTCOME_IN_PROGRESS, NULL, 1, 1 },
		{ { { 0, 0, 1, 2, 0 }, { 1, 7, 1, 2, 0 } },
		  2,
		  IKE_MODE_MAIN,
		  IKE_OUTCOME_IN_PROGRESS,
		  "main mode",
		  1,
		  1 },
		{ { { 0, 0, 1, 4, 0 } }, 1, IKE_MODE_AGGRESSIVE, IKE_OUTCOME_IN_PROGRESS, "aggressive mode", 1, 1 },
		/* IKEv1 from the middle: the first sender stands for the initiator, and it is said to be a guess. */
		{ { { 1, 7, 1, 5, 0 } }, 1, IKE_MODE_UNKNOWN, IKE_OUTCOME_IN_PROGRESS, "informational", 0, 0 },
		{ { { 0, 7, 1, 6, 0 } }, 1, IKE_MODE_UNKNOWN, IKE_OUTCOME_IN_PROGRESS, "transaction", 0, 1 },
		{ { { 1, 7, 1, 32, 0 }, { 0, 7, 1, 32, 0 } },
		  2,
		  IKE_MODE_UNKNOWN,
		  IKE_OUTCOME_ESTABLISHED,
		  "quick mode",
		  0,
		  0 },
		{ { { 0, 7, 1, 77, 0 } }, 1, IKE_MODE_UNKNOWN, IKE_OUTCOME_IN_PROGRESS, NULL, 0, 1 },
	};
	struct address a = story_host("192.0.2.1");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct record_ike_sa sa = after(cases[i].messages, cases[i].count);
		ck_assert_msg(sa.mode == cases[i].mode, "case %zu: mode %s", i, ike_mode_name(sa.mode));
		ck_assert_msg(sa.outcome == cases[i].outcome, "case %zu: outcome %s", i, ike_outcome_name(sa.outcome));
		ck_assert_msg((sa.step && cases[i].step) ? strcmp(sa.step, cases[i].step) == 0
							 : sa.step == cases[i].step,
			      "case %zu: step %s", i, sa.step ? sa.step : "none");
		ck_assert_msg(sa.roles_known == cases[i].roles_known, "case %zu: roles", i);
		ck_assert_msg(address_equal(&sa.initiator, &a) == cases[i].a_initiates, "case %zu: initiator", i);
	}
}
END_TEST

START_TEST(the_same_spi_in_another_realm)
{
	struct ike_sas *sas = ike_sas_new(4, 1);
	struct address a = story_host("192.0.2.1"), b = story_host("198.51.100.1");
	struct ike_header header = { .initiator_spi = 5, .major = 2, .exchange = 34, .flags = IKEV2_FLAG_INITIATOR };

	/* Two at one time are written by realm, whichever came first. */
	ck_assert(ike_sas_message(sas, 2, &b, &a, &header, 7));
	ck_assert(ike_sas_message(sas, 1, &a, &b, &header, 7));
	struct written written = write_all(sas);
	ck_assert_uint_eq(written.count, 2);
	ck_assert(address_equal(&written.sa[0].initiator, &a));
	ck_assert_uint_gt(ike_sas_memory(sas), 0);
	ike_sas_free(sas);
}
END_TEST

START_TEST(written_by_first_message)
{
	struct ike_sas *sas = ike_sas_new(8, 1);
	struct address a = story_host("192.0.2.1"), b = story_host("198.51.100.1");
	static const uint64_t spis[] = { 9, 3, 8, 1 };
	static const int64_t times[] = { 5, 7, 5, 9 };

	ck_assert_uint_eq(write_all(sas).count, 0);
	for (unsigned i = 0; i < 4; i++)
		ike_sas_message(sas, 0, &a, &b, &(struct ike_header){ .initiator_spi = spis[i], .major = 2 }, times[i]);
	struct written written = write_all(sas);
	ck_assert_uint_eq(written.sa[0].ispi, 8);
	ck_assert_uint_eq(written.sa[1].ispi, 9);
	ck_assert_uint_eq(written.sa[2].ispi, 3);
	ck_assert_uint_eq(written.sa[3].ispi, 1);
	ike_sas_free(sas);
	ike_sas_free(NULL);
}
END_TEST

START_TEST(a_flood_of_first_messages)
{
	struct ike_sas *sas = ike_sas_new(16, 1);
	struct address a = story_host("192.0.2.1"), b = story_host("198.51.100.1");
	struct ike_header header = { .initiator_spi = 1, .major = 2, .exchange = 34, .flags = IKEV2_FLAG_INITIATOR };
	uint64_t born = 1;

	ike_sas_message(sas, 0, &a, &b, &header, 1);
	header.flags = IKEV2_FLAG_RESPONSE;
	ike_sas_message(sas, 0, &b, &a, &header, 2);
	for (uint32_t i = 0; i < 100000; i++) {
		struct address from = story_host_number(i);
		header = (struct ike_header){
			.initiator_spi = 100 + i, .major = 2, .exchange = 34, .flags = IKEV2_FLAG_INITIATOR
		};
		born += ike_sas_message(sas, 0, &from, &b, &header, 3 + i);
	}
	struct written written = write_all(sas);
	ck_assert_uint_eq(written.count, 16);
	ck_assert_uint_eq(written.sa[0].ispi, 1);
	ck_assert_uint_eq(born, 100001);
	ck_assert_uint_eq(ike_sas_evicted(sas), born - 16);
	ike_sas_free(sas);
}
END_TEST

SUITE_MAIN("ike_sa", how_far_it_came, the_same_spi_in_another_realm, written_by_first_message,
	   a_flood_of_first_messages)
