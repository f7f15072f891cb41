/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 (RFC 3629) from hands we do not trust.
 *
 * Names on the wire and in certificates reach every sink. What leaves espial is always valid UTF-8 in shortest form;
 * what goes to a terminal or into a line of syslog holds no control character either. Called by all sinks; pure but
 * for the allocation of results. Must not know any output format.
 */
#ifndef ESPIAL_REPORT_UTF8_H
#define ESPIAL_REPORT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UTF8_REPLACEMENT = 0xfffd };

/*
 * Reads the code point at *at, which must lie before end, and moves *at behind it. Overlong forms, surrogates, numbers
 * above U+10FFFF and stray octets give UTF8_REPLACEMENT and move by one octet.
 */
uint32_t utf8_next(const char **at, const char *end);

/* Writes a code point; returns the octets written, 1 to 4. */
size_t utf8_put(uint32_t code, char out[4]);

/* Whether a code point would do something to a terminal or a reader other than show itself: C0 and C1 controls, DEL,
 * line separators, bidirectional overrides, invisible characters, noncharacters. */
bool utf8_is_control(uint32_t code);

/* A copy with every invalid octet replaced by U+FFFD. Controls stay. free() it. */
char *utf8_repair(const char *text);

/*
 * Copies text into out, of size octets, as valid UTF-8 without controls (each becomes U+FFFD), at most `limit` code
 * points; what does not fit is cut at a code point. Always terminated when size is not 0. Returns the octets written.
 */
size_t utf8_plain(const char *text, size_t limit, char *out, size_t size);

/* The same without a limit; what was cut ends with "…". */
size_t utf8_plain_marked(const char *text, char *out, size_t size);

/* Code points in a valid text: its width in a terminal, as far as espial goes into that. */
size_t utf8_width(const char *text);

/* The largest length, up to `length`, that does not cut a code point of a valid text in two. */
size_t utf8_cut(const char *text, size_t length);

#endif
