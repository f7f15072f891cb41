/* SPDX-License-Identifier: Apache-2.0 */
/* Kerberos messages of a KDC (see kerberos.h). */
#include "kerberos.h"

#include "cursor.h"

/* X.690 section 8.1.2: identifier octets, all of one octet here */
enum {
	TAG_INTEGER = 0x02,
	TAG_GENERAL_STRING = 0x1b, /* RFC 4120 section 5.2.1: KerberosString */
	TAG_SEQUENCE = 0x30,
	TAG_APPLICATION = 0x60, /* constructed, plus the number */
	TAG_CONTEXT = 0xa0,     /* constructed, plus the number */
	TAG_NUMBER = 0x1f,      /* all ones: the number follows in further octets, which no message here needs */
};

/* RFC 4120 section 5.9.1: KRB-ERROR; section 5.4.2: KDC-REP; section 5.3: Ticket; section 5.2.2: PrincipalName */
enum { FIELD_VERSION = 0, FIELD_TYPE = 1 };
enum { ERROR_CODE = 6, ERROR_SERVICE = 10 };
enum { REPLY_TICKET = 5, TICKET_APPLICATION = 1, TICKET_SERVICE = 2 };
enum { NAME_STRING = 1 };

enum { VERSION = 5, LENGTH_OCTETS_MAX = 4, FIELDS_MAX = 16, NUMBER_OCTETS_MAX = 4 };

/* An element: its tag, and a cursor over its content. A length that is not of the smallest form is malformed. */
static struct cursor element(struct cursor *cursor, uint8_t *tag)
{
	*tag = cursor_u8(cursor);
	uint32_t length = cursor_u8(cursor);

	if ((*tag & TAG_NUMBER) == TAG_NUMBER)
		cursor_fail(cursor);
	if (length & 0x80) {
		uint32_t octets = length & 0x7f;
		if (octets == 0 || octets > LENGTH_OCTETS_MAX)
			cursor_fail(cursor);
		length = 0;
		for (uint32_t i = 0; i < octets && cursor_ok(cursor); i++) {
			uint8_t octet = cursor_u8(cursor);
			if (i == 0 && octet == 0)
				cursor_fail(cursor);
			length = length << 8 | octet;
		}
		if (length < 0x80)
			cursor_fail(cursor);
	}
	return cursor_take(cursor, length);
}

/* The content of the next element, which has to have the tag. */
static struct cursor expect(struct cursor *cursor, uint8_t wanted)
{
	uint8_t tag;
	struct cursor content = element(cursor, &tag);

	if (cursor_ok(cursor) && tag != wanted) {
		cursor_fail(cursor);
		content.error = cursor->error;
	}
	return content;
}

/* X.690 section 8.3: two's complement, no more octets than it needs. */
static int32_t integer(struct cursor *cursor)
{
	struct cursor content = expect(cursor, TAG_INTEGER);
	uint32_t octets = cursor_left(&content), value = 0;

	if (cursor_ok(cursor) && (octets == 0 || octets > NUMBER_OCTETS_MAX))
		cursor_fail(cursor);
	for (uint32_t i = 0; i < octets && cursor_ok(cursor) && cursor_ok(&content); i++) {
		uint8_t octet = cursor_u8(&content);
		if (i == 0)
			value = octet & 0x80 ? UINT32_MAX : 0;
		value = value << 8 | octet;
		/* The first nine bits must not be alike. */
		if (i == 1 && (value >> 7 == UINT32_MAX >> 7 || value >> 7 == 0))
			cursor_fail(cursor);
	}
	if (!cursor_ok(&content))
		cursor->error = content.error;
	return cursor_ok(cursor) ? (int32_t)value : 0;
}

/*
 * Moves on to field `number` of a SEQUENCE, whose fields stand in ascending order; `last` is the number of the one before.
 * False if it is not there: `cursor` is sound if it was only left out.
 */
static bool field(struct cursor *cursor, int *last, int number, struct cursor *content)
{
	for (unsigned i = 0; i < FIELDS_MAX && cursor_left(cursor) > 0; i++) {
		struct cursor before = *cursor;
		uint8_t tag;
		*content = element(cursor, &tag);
		if (!cursor_ok(cursor))
			return false;
		int found = tag - TAG_CONTEXT;
		if (found <= *last || found > TAG_NUMBER) {
			cursor_fail(cursor);
			return false;
		}
		if (found > number) {
			*cursor = before;
			return false;
		}
		*last = found;
		if (found == number)
			return true;
	}
	return false;
}

static bool number_field(struct cursor *cursor, int *last, int number, int32_t *value)
{
	struct cursor content;

	if (!field(cursor, last, number, &content))
		return false;
	*value = integer(&content);
	if (!cursor_ok(&content))
		cursor->error = content.error;
	return cursor_ok(cursor);
}

/* RFC 4120 section 5.2.2. What is missing at the end of the capture leaves the name out. */
static void service_name(struct cursor *cursor, struct kerberos_message *message)
{
	struct cursor name = expect(cursor, TAG_SEQUENCE), strings;
	unsigned count = 0;
	int last = -1;

	if (!field(&name, &last, NAME_STRING, &strings))
		return;
	struct cursor list = expect(&strings, TAG_SEQUENCE);
	while (cursor_left(&list) > 0 && !message->more) {
		struct cursor component = expect(&list, TAG_GENERAL_STRING);
		uint32_t length = cursor_left(&component);
		const uint8_t *octets = cursor_bytes(&component, length);
		if (!octets)
			return;
		message->more = count == KERBEROS_COMPONENTS_MAX;
		if (!message->more)
			message->service[count++] = (struct kerberos_text){ octets, length };
	}
	message->component_count = (uint8_t)count;
}

static bool read_error(struct cursor *fields, int *last, struct kerberos_message *message)
{
	struct cursor name;

	if (!number_field(fields, last, ERROR_CODE, &message->error))
		return false;
	if (field(fields, last, ERROR_SERVICE, &name))
		service_name(&name, message);
	return fields->error != CURSOR_MALFORMED;
}

static bool read_reply(struct cursor *fields, int *last, struct kerberos_message *message)
{
	struct cursor content, name;
	int ticket_last = -1;

	if (!field(fields, last, REPLY_TICKET, &content))
		return fields->error != CURSOR_MALFORMED;
	struct cursor ticket = expect(&content, TAG_APPLICATION | TICKET_APPLICATION);
	struct cursor inside = expect(&ticket, TAG_SEQUENCE);
	if (field(&inside, &ticket_last, TICKET_SERVICE, &name))
		service_name(&name, message);
	return inside.error != CURSOR_MALFORMED;
}

/* Over TCP a message may go on in segments to come: those count as cut off. */
static bool unframe(struct cursor *cursor)
{
	uint32_t length = cursor_u32(cursor);

	if (!cursor_ok(cursor) || length == 0 || length > KERBEROS_LENGTH_MAX)
		return false;
	if (length > cursor_left(cursor))
		cursor_widen(cursor, length - cursor_left(cursor));
	cursor_narrow(cursor, length);
	return cursor_ok(cursor);
}

bool kerberos_read(struct cursor *cursor, bool stream, struct kerberos_message *message)
{
	int32_t version, type;
	int last = -1;
	uint8_t tag;

	*message = (struct kerberos_message){ 0 };
	if (stream && !unframe(cursor))
		return false;
	struct cursor whole = element(cursor, &tag);
	if (!cursor_ok(cursor))
		return false;
	switch (tag) {
	case TAG_APPLICATION | KERBEROS_AS_REQ:
	case TAG_APPLICATION | KERBEROS_TGS_REQ:
		message->type = tag & TAG_NUMBER;
		return true;
	case TAG_APPLICATION | KERBEROS_AS_REP:
	case TAG_APPLICATION | KERBEROS_TGS_REP:
	case TAG_APPLICATION | KERBEROS_ERROR:
		break;
	default:
		return false;
	}
	message->type = tag & TAG_NUMBER;
	struct cursor fields = expect(&whole, TAG_SEQUENCE);
	if (!number_field(&fields, &last, FIELD_VERSION, &version) ||
	    !number_field(&fields, &last, FIELD_TYPE, &type) || version != VERSION || type != message->type)
		return false;
	return message->type == KERBEROS_ERROR ? read_error(&fields, &last, message)
					       : read_reply(&fields, &last, message);
}

const char *kerberos_error_name(int32_t error)
{
	switch (error) {
#define X(number, name)                                                                                                \
	case number:                                                                                                   \
		return name;
		KERBEROS_ERRORS(X)
#undef X
	default:
		return NULL;
	}
}

bool kerberos_error_is_step(int32_t error)
{
	switch (error) {
	case KERBEROS_ERROR_PREAUTH_REQUIRED:
	case KERBEROS_ERROR_MUST_USE_USER2USER:
	case KERBEROS_ERROR_RESPONSE_TOO_BIG:
	case KERBEROS_ERROR_WRONG_REALM:
	case KERBEROS_ERROR_USER_TO_USER_REQUIRED:
		return true;
	default:
		return false;
	}
}
