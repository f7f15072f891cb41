/* SPDX-License-Identifier: Apache-2.0 */
/* See greeting.h. */
#include "greeting.h"

#include "cursor.h"

#include <stddef.h>
#include <string.h>

enum {
	RECORD_HANDSHAKE = 22,
	RECORD_MAX = 1 << 14, /* RFC 8446 section 5.1 */
	HANDSHAKE_CLIENT_HELLO = 1,
	HANDSHAKE_HEADER = 4,
	VERSION_MAJOR = 3,
	VERSION_MINOR_MAX = 4,
	RANDOM = 32,
	SESSION_ID_MAX = 32,
	TARGET_MAX = 2048,      /* octets of a request's target that are looked through */
	DNS_NOT_QUERY = 0xf80f, /* bits of answer, operation and result, none of which a standard query has */
	DNS_ADDITIONAL_MAX = 2,
	DNS_LABEL_MAX = 63,
	DNS_NAME_MAX = 255,
	DNS_CLASS_IN = 1,
	DNS_CLASS_CH = 3,
	DNS_CLASS_ANY = 255,
};

static bool is_version(uint16_t version)
{
	return version >> 8 == VERSION_MAJOR && (version & 0xff) <= VERSION_MINOR_MAX;
}

static bool is_client_hello(struct cursor cursor)
{
	uint8_t type = cursor_u8(&cursor);
	uint16_t version = cursor_u16(&cursor), record = cursor_u16(&cursor);

	if (!cursor_ok(&cursor) || type != RECORD_HANDSHAKE || !is_version(version) || record > RECORD_MAX)
		return false;
	uint8_t handshake = cursor_u8(&cursor);
	uint32_t length = (uint32_t)cursor_u8(&cursor) << 16;
	length |= cursor_u16(&cursor);
	version = cursor_u16(&cursor);
	cursor_skip(&cursor, RANDOM);
	uint8_t session = cursor_u8(&cursor);
	cursor_skip(&cursor, session);
	uint16_t suites = cursor_u16(&cursor);
	/* Versions, random, both lengths, and a list of compression methods, which is never empty, are in it at least. A hello may
	 * need several records. */
	uint32_t least = 2 + RANDOM + 1 + (uint32_t)session + 2 + suites + 2;

	return cursor_ok(&cursor) && handshake == HANDSHAKE_CLIENT_HELLO && is_version(version) &&
	       session <= SESSION_ID_MAX && suites >= 2 && suites % 2 == 0 && length >= least &&
	       record > HANDSHAKE_HEADER;
}

/* Whether the text comes next; it is passed then. */
static bool comes_next(struct cursor *cursor, const char *text)
{
	struct cursor ahead = *cursor;
	size_t length = strlen(text);
	const uint8_t *octets = cursor_bytes(&ahead, (uint32_t)length);

	if (!octets || memcmp(octets, text, length) != 0)
		return false;
	*cursor = ahead;
	return true;
}

static bool is_request(struct cursor cursor)
{
	static const char *const methods[] = {
		"GET /", "POST /", "HEAD /", "PUT /", "OPTIONS /", "DELETE /", "PATCH /"
	};
	bool found = false;
	uint8_t octet = 0;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]) && !found; i++)
		found = comes_next(&cursor, methods[i]);
	if (!found)
		return false;
	for (unsigned i = 0; i <= TARGET_MAX; i++) {
		octet = cursor_u8(&cursor);
		if (octet <= ' ' || octet > '~')
			break;
	}
	if (octet != ' ' || !comes_next(&cursor, "HTTP/1."))
		return false;
	octet = cursor_u8(&cursor);
	return octet >= '0' && octet <= '9' && comes_next(&cursor, "\r\n");
}

enum greeting greeting_read(struct cursor *cursor)
{
	struct cursor ahead = *cursor;

	switch (cursor_u8(&ahead)) {
	case RECORD_HANDSHAKE:
		return is_client_hello(*cursor) ? GREETING_TLS : GREETING_NONE;
	case 'G':
	case 'P':
	case 'H':
	case 'O':
	case 'D':
		return is_request(*cursor) ? GREETING_HTTP : GREETING_NONE;
	default:
		return GREETING_NONE;
	}
}

/* Passes the name of a question, which is never compressed. False if it is none. */
static bool pass_name(struct cursor *cursor)
{
	for (unsigned octets = 1; octets <= DNS_NAME_MAX;) {
		uint8_t label = cursor_u8(cursor);
		if (label == 0 || label > DNS_LABEL_MAX)
			return cursor_ok(cursor) && label == 0;
		cursor_skip(cursor, label);
		octets += 1u + label;
	}
	return false;
}

enum greeting greeting_read_question(struct cursor *cursor)
{
	cursor_skip(cursor, 2);
	uint16_t flags = cursor_u16(cursor), questions = cursor_u16(cursor), answers = cursor_u16(cursor);
	uint16_t authorities = cursor_u16(cursor), additional = cursor_u16(cursor);

	if (!cursor_ok(cursor) || (flags & DNS_NOT_QUERY) != 0 || questions != 1 || answers != 0 || authorities != 0 ||
	    additional > DNS_ADDITIONAL_MAX || !pass_name(cursor))
		return GREETING_NONE;
	uint16_t type = cursor_u16(cursor), class = cursor_u16(cursor);
	bool known = class == DNS_CLASS_IN || class == DNS_CLASS_CH || class == DNS_CLASS_ANY;
	/* Without additional records the datagram ends here. */
	return cursor_ok(cursor) && type != 0 && known && (additional > 0) == (cursor_left(cursor) > 0) ? GREETING_DNS
													: GREETING_NONE;
}
