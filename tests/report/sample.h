/* SPDX-License-Identifier: Apache-2.0 */
/* One finding with every member set, for the tests of this folder to take and change. */
#ifndef ESPIAL_TESTS_REPORT_SAMPLE_H
#define ESPIAL_TESTS_REPORT_SAMPLE_H

#include "../../daemon/audit/record.h"

#include <stdlib.h>

/* 2026-11-21T20:30:00.123456Z and 789 nanoseconds */
#define SAMPLE_TIME INT64_C(1795293000123456789)
#define SAMPLE_HOSTILE                                                                                                 \
	"a\"b\\c]d;e='f\n\x1b[31mg\x7f\xff\xc3\xbc\xe2\x80\xae"                                                        \
	"h"

static inline struct address sample_address(const char *text)
{
	struct address address;

	if (!address_parse(text, &address))
		abort();
	return address;
}

static inline struct record sample_finding(void)
{
	struct record record = { .type = RECORD_FINDING, .time_ns = SAMPLE_TIME };

	record.finding = (struct finding){
		.time_ns = SAMPLE_TIME,
		.alert = 0x0123456789abcdefULL,
		.id = FINDING_CLEARTEXT_LEAK,
		.cause = CAUSE_SA_LOST,
		.state = FINDING_OPEN,
		.severity = SEVERITY_HIGH,
		.grade = GRADE_OBSERVED,
		.subject = SUBJECT_PAIR,
		.has_pair = true,
		.has_flow = true,
		.has_ports = true,
		.a = sample_address("10.1.0.1"),
		.b = sample_address("10.2.0.2"),
		.src = sample_address("10.2.0.2"),
		.dst = sample_address("10.1.0.1"),
		.src_port = 40000,
		.dst_port = 80,
		.ip_protocol = 6,
		.interface = "eth1",
		.rule = "hq-branch",
		.protocol = "HTTP",
		.count = 17,
		.bytes = 12345,
		.first_ns = SAMPLE_TIME - 2500000000,
		.last_ns = SAMPLE_TIME,
		.text = "10.2.0.2 sends HTTP to 10.1.0.1 in clear since its SA ended.",
	};
	finding_note_integer(&record.finding, "packets", 17);
	finding_note_real(&record.finding, "seconds", 0.1);
	finding_note_boolean(&record.finding, "delete_seen", true);
	finding_note_text(&record.finding, "last_step", "quick mode");
	finding_note_address(&record.finding, "initiator", &record.finding.src);
	finding_note_time(&record.finding, "esp_until", SAMPLE_TIME - 3000000000);
	return record;
}

#endif
