/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 5424 messages, see rfc5424.h. */
#include "rfc5424.h"

#include "finding_fields.h"
#include "timestamp.h"
#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/* The message so far. What does not fit is not written at all. */
struct message {
	char *out;
	size_t size, used;
};

static bool put_octets(struct message *message, const char *octets, size_t length)
{
	if (message->used >= message->size || length >= message->size - message->used)
		return false;
	memcpy(message->out + message->used, octets, length);
	message->used += length;
	message->out[message->used] = '\0';
	return true;
}

static bool put(struct message *message, const char *text)
{
	return put_octets(message, text, strlen(text));
}

/* Header fields are PRINTUSASCII of a bounded length (RFC 5424 section 6); "-" stands for nothing. */
static void put_name(struct message *message, const char *name, size_t limit)
{
	size_t count = 0;

	for (; name && *name && count < limit; name++, count++) {
		char octet = *name > 0x20 && *name < 0x7f ? *name : '_';
		put_octets(message, &octet, 1);
	}
	if (count == 0)
		put(message, "-");
}

int rfc5424_severity(enum finding_severity severity)
{
	static const int numbers[SEVERITY_COUNT] = {
		[SEVERITY_CRITICAL] = 2, [SEVERITY_HIGH] = 3, [SEVERITY_MEDIUM] = 4,
		[SEVERITY_LOW] = 5,      [SEVERITY_INFO] = 6,
	};
	return (size_t)severity < SEVERITY_COUNT ? numbers[severity] : 6;
}

static void put_local_header(struct message *message, const struct rfc5424_origin *origin, int64_t time_ns)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(timestamp_microseconds(time_ns) / 1000000);
	struct tm parts = { 0 };
	char text[48];

	/* Local time and no year: what syslog(3) writes and RFC 3164 section 4.1.2 wants. Month names never in the locale. */
	localtime_r(&seconds, &parts);
	snprintf(text, sizeof(text), "%s %2d %02d:%02d:%02d ", months[parts.tm_mon % 12], parts.tm_mday, parts.tm_hour,
		 parts.tm_min, parts.tm_sec);
	put(message, text);
	put_name(message, origin->program, 32);
	snprintf(text, sizeof(text), "[%ld]: ", (long)origin->pid);
	put(message, text);
}

static void put_full_header(struct message *message, const struct rfc5424_origin *origin, int64_t time_ns,
			    const char *msgid)
{
	struct timestamp_text time;
	char text[32];

	put(message, "1 ");
	put(message, timestamp_text(time_ns, &time));
	put(message, " ");
	put_name(message, origin->sensor, 255);
	put(message, " ");
	put_name(message, origin->program, 48);
	snprintf(text, sizeof(text), " %ld ", (long)origin->pid);
	put(message, text);
	put_name(message, msgid, 32);
	put(message, " ");
}

static void put_header(struct message *message, const struct rfc5424_origin *origin, int severity, int64_t time_ns,
		       const char *msgid)
{
	char text[16];

	snprintf(text, sizeof(text), "<%d>", (origin->facility & 31) * 8 + (severity & 7));
	put(message, text);
	if (origin->header == RFC5424_HEADER_FULL)
		put_full_header(message, origin, time_ns, msgid);
	else
		put_local_header(message, origin, time_ns);
}

size_t rfc5424_put_header(const struct rfc5424_origin *origin, int severity, int64_t time_ns, const char *msgid,
			  char *out, size_t size)
{
	struct message message = { out, size, 0 };

	put_header(&message, origin, severity, time_ns, msgid);
	return message.used;
}

/* One SD-PARAM, whole or not at all; section 6.3.3 escapes three characters and no other. */
static bool put_parameter(struct message *message, const struct finding_field *field)
{
	char text[FINDING_FIELD_NAME_MAX + 2 * FINDING_FIELD_MAX + 8];
	size_t used = (size_t)snprintf(text, sizeof(text), " %s=\"", field->name);

	for (const char *at = field->value; *at; at++) {
		if (*at == '"' || *at == '\\' || *at == ']')
			text[used++] = '\\';
		text[used++] = *at;
	}
	text[used++] = '"';
	return put_octets(message, text, used);
}

/* The fields from begin to end as one SD-ELEMENT; room for what follows is kept free. */
static void put_element(struct message *message, const char *id, const struct finding_fields *fields, size_t begin,
			size_t end, size_t reserve, const char *last)
{
	size_t size = message->size;

	if (message->used + reserve + sizeof(RFC5424_SD_ID_EVIDENCE) > size)
		return;
	message->size -= reserve;
	put(message, "[");
	put(message, id);
	for (size_t i = begin; i < end; i++)
		put_parameter(message, &fields->fields[i]);
	message->size = size;
	put(message, last);
	put(message, "]");
}

/* Text in UTF-8, cut at a code point where it does not fit; the full frame marks it with a BOM (section 6.4). */
static void put_text(struct message *message, const char *text, size_t limit)
{
	size_t room = message->size - message->used;

	message->used += utf8_plain(text, limit, message->out + message->used, room);
}

size_t rfc5424_format(const struct finding *finding, const struct rfc5424_origin *origin, enum rfc5424_extent extent,
		      char *out, size_t size)
{
	struct message message = { out, extent == RFC5424_CUT && size > RFC5424_CUT_MAX ? RFC5424_CUT_MAX : size, 0 };
	const struct catalogue_row *row = catalogue_row(finding->id);
	struct finding_fields fields;
	bool whole = extent == RFC5424_WHOLE;

	finding_fields_set(finding, origin->sensor, &fields);
	put_header(&message, origin, rfc5424_severity(finding->severity), finding->time_ns, row->name);
	put_element(&message, RFC5424_SD_ID, &fields, 0, fields.evidence_begin, 512,
		    whole ? "" : " cut=\"evidence,advice\"");
	if (whole && fields.evidence_begin < fields.count)
		put_element(&message, RFC5424_SD_ID_EVIDENCE, &fields, fields.evidence_begin, fields.count,
			    FINDING_TEXT_SIZE + 512, "");
	put(&message, origin->header == RFC5424_HEADER_FULL ? " \xef\xbb\xbf" : " ");
	put_text(&message, finding->text, whole ? SIZE_MAX : 120);
	if (whole && finding->state != FINDING_CLEAR) {
		put(&message, " ");
		put_text(&message, catalogue_advice(finding->id, finding->cause), SIZE_MAX);
	}
	return message.used;
}

size_t rfc5424_format_text(const char *text, int severity, int64_t time_ns, const struct rfc5424_origin *origin,
			   char *out, size_t size)
{
	struct message message = { out, size, 0 };

	put_header(&message, origin, severity, time_ns, "notice");
	put(&message, origin->header == RFC5424_HEADER_FULL ? "- \xef\xbb\xbf" : "");
	put_text(&message, text, 1024);
	return message.used;
}
