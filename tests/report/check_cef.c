/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CEF as a parser sees it that knows the format's rules alone: seven fields behind bars, then keys, each behind a space, whose values
 * escape '=' and '\\'. Through the real syslog-ng: check_siem.py.
 */
#include "../../daemon/report/cef.h"
#include "sample.h"
#include "../suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_SIZE = 8192 };

/* The value of the key as it stands there, cut off behind it; NULL if there is none. A key stands behind a space or the header. */
static char *value_of(char *message, const char *key)
{
	char *at = message, mark[40];

	for (unsigned bars = 0; bars < 7; at++)
		bars += *at == '|';
	snprintf(mark, sizeof(mark), "%s=", key);
	while (strncmp(at, mark, strlen(mark)) != 0)
		if (!(at = strchr(at, ' ')) || !*++at)
			return NULL;
	at += strlen(mark);
	/* It ends before the space of the next key, and what is no key in it has its '=' escaped. */
	for (char *end = at, *space = NULL; *end; end++) {
		space = *end == ' ' ? end : space;
		if (*end != '=' || end[-1] == '\\')
			continue;
		ck_assert_ptr_nonnull(space);
		*space = '\0';
		break;
	}
	return at;
}

static void expect_value(const struct finding *finding, const char *sensor, const char *key, const char *value)
{
	char message[MESSAGE_SIZE], *found;

	ck_assert_uint_eq(cef_format(finding, sensor, true, message, sizeof(message)), strlen(message));
	found = value_of(message, key);
	ck_assert_msg(found && strcmp(found, value) == 0, "%s is '%s'", key, found ? found : "(absent)");
}

/* A bar that ends a value is not the one that ends the header. */
START_TEST(value_may_end_with_a_bar)
{
	struct record record = sample_finding();

	record.finding.rule = "a|";
	record.finding.interface = "eth|";
	expect_value(&record.finding, "edge|", "cs3", "a|");
	expect_value(&record.finding, "edge|", "cs3Label", "rule");
	expect_value(&record.finding, "edge|", "dvchost", "edge|");
	expect_value(&record.finding, "edge|", "externalId", "0123456789abcdef");
	expect_value(&record.finding, "edge|", "deviceInboundInterface", "eth|");
	expect_value(&record.finding, "edge|", "rt", "1795293000123");
}
END_TEST

START_TEST(evidence_reads_as_elsewhere)
{
	struct record record = sample_finding();

	record.finding.evidence_count = 0;
	finding_note_boolean(&record.finding, "seen", true);
	finding_note_boolean(&record.finding, "heard", false);
	finding_note_spi(&record.finding, "replaces", 0xc0ffee);
	expect_value(&record.finding, "edge-1", "cs6", "seen: true; heard: false; replaces: 0x00c0ffee");
}
END_TEST

SUITE_MAIN("cef", value_may_end_with_a_bar, evidence_reads_as_elsewhere)
