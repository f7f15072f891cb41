/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of the control socket: each kind as it is documented, and what has to be refused. */
#include "../../daemon/control_request.h"
#include "../suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static bool reads(const char *line, struct control_request *request)
{
	return control_request_read(line, strlen(line), request);
}

START_TEST(each_kind_is_read)
{
	struct control_request request;

	for (int kind = 0; kind < CONTROL_KINDS; kind++) {
		char line[160];
		snprintf(line, sizeof(line),
			 "{\"request\":\"%s\",\"alert\":\"0123456789abcdef\",\"day\":\"2026-11-21\"}",
			 control_kind_name((enum control_kind)kind));
		ck_assert_msg(reads(line, &request), "%s: %s", line, request.problem);
		ck_assert_int_eq((int)request.kind, kind);
	}
	ck_assert(reads("{\"request\":\"alerts\",\"open\":true,\"since\":\"2026-11-21T20:30:00.000000Z\","
			"\"severity\":\"high\",\"pair\":[\"10.0.0.1\",\"2001:db8::1\"],\"limit\":7}",
			&request));
	ck_assert(request.open && request.has_pair && !request.has_peer);
	ck_assert_int_eq(request.severity, SEVERITY_HIGH);
	ck_assert_uint_eq(request.limit, 7);
	ck_assert_int_eq(request.since_ns, INT64_C(1795293000000000000));
	ck_assert(reads("{\"request\":\"ack\",\"alert\":\"00000000000000ff\",\"until\":null}", &request));
	ck_assert_uint_eq(request.alert, 255);
	ck_assert_int_eq(request.until_ns, 0);
	ck_assert(reads("{\"request\":\"sas\",\"pair\":[\"10.0.0.1\"]}", &request));
	ck_assert(request.has_peer && !request.has_pair);
}
END_TEST

START_TEST(all_else_is_refused)
{
	static const char *const lines[] = {
		"",
		"{",
		"[]",
		"null",
		"\"status\"",
		"{}",
		"{\"request\":1}",
		"{\"request\":\"Status\"}",
		"{\"request\":\"status\"} x",
		"{\"request\":\"status\",\"request\":\"status\"}",
		"{\"request\":\"status\",\"more\":1}",
		"{\"request\":\"stat\\u0000us\"}",
		"{\"request\":\"alert\"}",
		"{\"request\":\"ack\",\"until\":null}",
		"{\"request\":\"alert\",\"alert\":\"123\"}",
		"{\"request\":\"alert\",\"alert\":\"0123456789ABCDEF\"}",
		"{\"request\":\"alert\",\"alert\":1}",
		"{\"request\":\"sas\",\"pair\":[]}",
		"{\"request\":\"sas\",\"pair\":[\"10.0.0.1\",\"10.0.0.2\",\"10.0.0.3\"]}",
		"{\"request\":\"sas\",\"pair\":[\"host\"]}",
		"{\"request\":\"sas\",\"pair\":\"10.0.0.1\"}",
		"{\"request\":\"alerts\",\"since\":\"yesterday\"}",
		"{\"request\":\"alerts\",\"open\":1}",
		"{\"request\":\"alerts\",\"severity\":\"terrible\"}",
		"{\"request\":\"alerts\",\"limit\":0}",
		"{\"request\":\"alerts\",\"limit\":100001}",
		"{\"request\":\"alerts\",\"limit\":-1}",
	};
	struct control_request request;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		ck_assert_msg(!reads(lines[i], &request), "%s", lines[i]);
		ck_assert_msg(request.problem[0] != '\0', "%s", lines[i]);
	}
	char longest[CONTROL_REQUEST_MAX + 2];
	memset(longest, ' ', sizeof(longest));
	memcpy(longest, "{\"request\":\"status\"}", 20);
	ck_assert(control_request_read(longest, CONTROL_REQUEST_MAX, &request));
	ck_assert(!control_request_read(longest, CONTROL_REQUEST_MAX + 1, &request));
}
END_TEST

SUITE_MAIN("control_request", each_kind_is_read, all_else_is_refused)
