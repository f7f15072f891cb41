/* SPDX-License-Identifier: Apache-2.0 */
/* See control_request.h. */
#include "control_request.h"

#include "report/timestamp.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define DAY (86400 * INT64_C(1000000000))

const char *control_kind_name(enum control_kind kind)
{
	static const char *const names[CONTROL_KINDS] = {
		[CONTROL_STATUS] = "status",   [CONTROL_PAIRS] = "pairs",           [CONTROL_SAS] = "sas",
		[CONTROL_IKE] = "ike",         [CONTROL_IKE_LOG] = "ike-log",       [CONTROL_ALERTS] = "alerts",
		[CONTROL_ALERT] = "alert",     [CONTROL_EVIDENCE] = "evidence",     [CONTROL_ACK] = "ack",
		[CONTROL_RELOAD] = "reload",   [CONTROL_TEST_ALERT] = "test-alert", [CONTROL_REPORT] = "report",
		[CONTROL_HISTORY] = "history", [CONTROL_INVENTORY] = "inventory",
	};
	return (size_t)kind < CONTROL_KINDS ? names[kind] : "?";
}

static bool refuse(struct control_request *request, const char *key, const char *why)
{
	snprintf(request->problem, sizeof(request->problem), "'%.40s' %.100s", key, why);
	/* The key is the client's. */
	for (char *at = request->problem; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return false;
}

/* Text without a NUL inside, NULL if it is none. */
static const char *text_of(const json_t *value)
{
	const char *text = json_string_value(value);

	return text && strlen(text) == json_string_length(value) ? text : NULL;
}

static bool read_pair(struct control_request *request, const json_t *value)
{
	const char *a = text_of(json_array_get(value, 0)), *b = text_of(json_array_get(value, 1));
	size_t count = json_array_size(value);

	if (count < 1 || count > 2 || !a || !address_parse(a, &request->a) ||
	    (count == 2 && (!b || !address_parse(b, &request->b))))
		return refuse(request, "pair", "is not a list of one or two addresses");
	request->has_pair = count == 2;
	request->has_peer = count == 1;
	return true;
}

static bool read_alert(struct control_request *request, const json_t *value)
{
	if (!finding_number_read(text_of(value), &request->alert))
		return refuse(request, "alert", "is not the sixteen hexadecimal digits of an alert");
	return true;
}

static bool read_time(struct control_request *request, const char *key, const json_t *value, int64_t *time_ns)
{
	const char *text = text_of(value);

	if (json_is_null(value))
		return true;
	return (text && timestamp_parse(text, time_ns)) || refuse(request, key, "is not a time in RFC 3339, UTC");
}

static bool read_day(struct control_request *request, const json_t *value)
{
	const char *text = text_of(value);
	char whole[TIMESTAMP_SIZE];
	int64_t time_ns;

	snprintf(whole, sizeof(whole), "%.10sT00:00:00.000000Z", text ? text : "");
	if (!text || strlen(text) != strlen("2026-11-21") || !timestamp_parse(whole, &time_ns))
		return refuse(request, "day", "is not a day, as in 2026-11-21");
	request->day = time_ns / DAY;
	return true;
}

/* A name into room for it. */
static bool read_name(struct control_request *request, const char *key, const json_t *value, char *name, size_t size)
{
	const char *text = text_of(value);

	if (!text || strlen(text) >= size)
		return refuse(request, key, "is not a name, or too long");
	snprintf(name, size, "%s", text);
	return true;
}

static bool read_key(struct control_request *request, const char *key, const json_t *value)
{
	if (strcmp(key, "request") == 0)
		return true;
	if (strcmp(key, "pair") == 0)
		return read_pair(request, value);
	if (strcmp(key, "alert") == 0)
		return read_alert(request, value);
	if (strcmp(key, "since") == 0)
		return read_time(request, key, value, &request->since_ns);
	if (strcmp(key, "until") == 0)
		return read_time(request, key, value, &request->until_ns);
	if (strcmp(key, "day") == 0)
		return read_day(request, value);
	if (strcmp(key, "rule") == 0)
		return read_name(request, key, value, request->rule, sizeof(request->rule));
	if (strcmp(key, "id") == 0)
		return (text_of(value) && catalogue_find_id(text_of(value)) >= 0)
			   ? read_name(request, key, value, request->id, sizeof(request->id))
			   : refuse(request, key, "is no finding; 'espial explain' lists them");
	if (strcmp(key, "open") == 0) {
		request->open = json_is_true(value);
		return json_is_boolean(value) || refuse(request, key, "is neither true nor false");
	}
	if (strcmp(key, "limit") == 0) {
		json_int_t limit = json_integer_value(value);
		request->limit = (uint64_t)limit;
		return (limit > 0 && limit <= 100000) || refuse(request, key, "is not a number from 1 to 100000");
	}
	if (strcmp(key, "severity") == 0) {
		const char *text = text_of(value);
		int severity = text ? finding_severity_find(text) : -1;
		request->severity = (enum finding_severity)severity;
		return severity >= 0 || refuse(request, key, "is not critical, high, medium, low or info");
	}
	return refuse(request, key, "is no key of a request");
}

static bool read_request(struct control_request *request, json_t *object)
{
	const char *name = text_of(json_object_get(object, "request")), *key;
	json_t *value;

	if (!name)
		return refuse(request, "request", "is missing, or no text");
	request->kind = CONTROL_STATUS;
	while (request->kind < CONTROL_KINDS && strcmp(name, control_kind_name(request->kind)) != 0)
		request->kind++;
	if (request->kind == CONTROL_KINDS)
		return refuse(request, name, "is no request");
	json_object_foreach(object, key, value) if (!read_key(request, key, value)) return false;
	bool about_one =
	    request->kind == CONTROL_ALERT || request->kind == CONTROL_EVIDENCE || request->kind == CONTROL_ACK;
	if (about_one && !json_object_get(object, "alert"))
		return refuse(request, "alert", "is missing");
	if (request->kind == CONTROL_HISTORY && !json_object_get(object, "day"))
		return refuse(request, "day", "is missing");
	return true;
}

bool control_request_read(const char *line, size_t length, struct control_request *request)
{
	json_error_t error;

	*request = (struct control_request){ .severity = SEVERITY_INFO };
	if (length > CONTROL_REQUEST_MAX)
		return refuse(request, "request", "is too long");
	json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
	bool read =
	    json_is_object(object) ? read_request(request, object) : refuse(request, "request", "is no JSON object");
	json_decref(object);
	return read;
}
