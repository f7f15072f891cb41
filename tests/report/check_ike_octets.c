/* SPDX-License-Identifier: Apache-2.0 */
/* An IKE message to a line and back, and lines that are none. */
#include "../../daemon/report/ike_octets.h"
#include "../suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t message[] = { 0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff };
static struct ike_octets octets;

static struct record sample(void)
{
	struct record record = { .type = RECORD_IKE_MESSAGE, .time_ns = INT64_C(1795293000123456000) };

	record.ike_message = (struct record_ike_message){ .src_port = 500,
							  .dst_port = 4500,
							  .encap = PACKET_ENCAP_UDP,
							  .message = message,
							  .captured = sizeof(message),
							  .length = 1500,
							  .joined = 3 };
	ck_assert(address_parse("10.0.0.1", &record.ike_message.src));
	ck_assert(address_parse("2001:db8::1", &record.ike_message.dst));
	return record;
}

START_TEST(comes_back_as_it_went)
{
	struct record record = sample(), back;
	char *line = ike_octets_line(&record, "station-7");

	ck_assert_ptr_nonnull(line);
	ck_assert(ike_octets_read(line, strlen(line), &back, &octets));
	const struct record_ike_message *a = &record.ike_message, *b = &back.ike_message;
	ck_assert_int_eq(back.type, RECORD_IKE_MESSAGE);
	ck_assert_int_eq(back.time_ns, record.time_ns);
	ck_assert(address_equal(&a->src, &b->src) && address_equal(&a->dst, &b->dst));
	ck_assert(a->src_port == b->src_port && a->dst_port == b->dst_port && a->encap == b->encap);
	ck_assert(a->captured == b->captured && a->length == b->length && a->joined == b->joined);
	ck_assert_str_eq(octets.sensor, "station-7");
	ck_assert_mem_eq(message, b->message, sizeof(message));
	free(line);
	record.ike_message.message = NULL;
	record.ike_message.captured = 0;
	ck_assert_ptr_null(ike_octets_line(&record, "station-7"));
}
END_TEST

/* Each is the good line with one thing put in the place of another. */
START_TEST(others_are_refused)
{
	static const struct {
		const char *what, *instead;
	} changes[] = {
		{ "ike_octets", "ike_message" },
		{ "\"10.0.0.1\"", "\"10.0.0\"" },
		{ "500,", "65536," },
		{ "500,", "-1," },
		{ "\"udp\"", "\"sctp\"" },
		{ "00017f", "0001f" },
		{ "00017f", "00017g" },
		{ "1500", "5" },
		{ "1500", "\"1500\"" },
		{ "}", "" },
		{ "}", ",\"more\":1}" },
		{ "{", "[" },
	};
	struct record record = sample(), back;
	char *line = ike_octets_line(&record, "station-7"), changed[1024];

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *at = strstr(line, changes[i].what);
		ck_assert_ptr_nonnull(at);
		snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - line), line, changes[i].instead,
			 at + strlen(changes[i].what));
		ck_assert_msg(!ike_octets_read(changed, strlen(changed), &back, &octets), "%s", changed);
		ck_assert_ptr_null(back.ike_message.message);
	}
	ck_assert(ike_octets_read(line, strlen(line), &back, &octets));
	free(line);
}
END_TEST

SUITE_MAIN("ike_octets", comes_back_as_it_went, others_are_refused)
