/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 read and repaired, see utf8.h. The table of valid sequences is that of RFC 3629 section 4. */
#include "memory_or_end.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

uint32_t utf8_next(const char **at, const char *end)
{
	const unsigned char *octets = (const unsigned char *)*at;
	size_t left = (size_t)(end - *at);
	unsigned char lead = octets[0];
	unsigned char low = 0x80, high = 0xbf; /* bounds of the second octet */
	size_t length;
	uint32_t code;

	*at += 1;
	if (lead < 0x80)
		return lead;
	if (lead >= 0xc2 && lead <= 0xdf) {
		length = 2;
		code = lead & 0x1fU;
	} else if (lead >= 0xe0 && lead <= 0xef) {
		length = 3;
		code = lead & 0x0fU;
		if (lead == 0xe0)
			low = 0xa0;
		if (lead == 0xed)
			high = 0x9f;
	} else if (lead >= 0xf0 && lead <= 0xf4) {
		length = 4;
		code = lead & 0x07U;
		if (lead == 0xf0)
			low = 0x90;
		if (lead == 0xf4)
			high = 0x8f;
	} else {
		return UTF8_REPLACEMENT;
	}
	if (left < length || octets[1] < low || octets[1] > high)
		return UTF8_REPLACEMENT;
	for (size_t i = 1; i < length; i++) {
		if ((octets[i] & 0xc0) != 0x80)
			return UTF8_REPLACEMENT;
		code = code << 6 | (octets[i] & 0x3fU);
	}
	*at += length - 1;
	return code;
}

size_t utf8_put(uint32_t code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

bool utf8_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || /* C0, DEL, C1, soft hyphen */
	       (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) || /* zero width, lines, bidi */
	       (code >= 0x2060 && code <= 0x206f) || code == 0x061c || code == 0xfeff ||   /* isolates, marks, BOM */
	       (code >= 0xfff9 && code <= 0xfffb) || (code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code <= 0xfdef) ||
	       (code >= 0xe0000 && code <= 0xe0fff); /* tags and further invisible selectors */
}

char *utf8_repair(const char *text)
{
	const char *at = text;
	const char *end = text + strlen(text);
	char *copy = memory_or_end(3 * (size_t)(end - text) + 1); /* an octet becomes at most the three of U+FFFD */
	size_t used = 0;

	while (at < end)
		used += utf8_put(utf8_next(&at, end), copy + used);
	copy[used] = '\0';
	return copy;
}

/* What utf8_plain() says, and whether all of the text fitted. */
static size_t plain(const char *text, size_t limit, char *out, size_t size, bool *whole)
{
	const char *end = text + strlen(text);
	size_t used = 0;

	*whole = text == end;
	if (size == 0)
		return 0;
	for (size_t count = 0; text < end && count < limit; count++) {
		/* Nearly all there is. */
		if (*text >= ' ' && *text <= '~' && used + 1 < size) {
			out[used++] = *text++;
			continue;
		}
		const char *next = text;
		uint32_t code = utf8_next(&next, end);
		char octets[4];
		size_t length = utf8_put(utf8_is_control(code) ? UTF8_REPLACEMENT : code, octets);

		if (length > size - 1 - used)
			break;
		memcpy(out + used, octets, length);
		used += length;
		text = next;
	}
	out[used] = '\0';
	*whole = text == end;
	return used;
}

size_t utf8_plain(const char *text, size_t limit, char *out, size_t size)
{
	bool whole;

	return plain(text, limit, out, size, &whole);
}

size_t utf8_plain_marked(const char *text, char *out, size_t size)
{
	static const char mark[] = "…";
	bool whole;
	size_t used = plain(text, SIZE_MAX, out, size, &whole);

	if (whole || size < sizeof(mark))
		return used;
	used = utf8_cut(out, used < size - sizeof(mark) ? used : size - sizeof(mark));
	memcpy(out + used, mark, sizeof(mark));
	return used + sizeof(mark) - 1;
}

size_t utf8_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

size_t utf8_cut(const char *text, size_t length)
{
	while (length > 0 && (text[length] & 0xc0) == 0x80)
		length--;
	return length;
}
