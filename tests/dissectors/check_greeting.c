/* SPDX-License-Identifier: Apache-2.0 */
/* Greetings: hellos and requests of every kind, each of them cut at every octet and changed, and what only begins like them. */
#include "dissectors/greeting.h"

#include "../suite.h"
#include "dissectors/cursor.h"

#include <stdint.h>
#include <string.h>

static enum greeting read_octets(const void *octets, size_t captured, size_t length)
{
	struct cursor cursor = cursor_make(octets, (uint32_t)captured, (uint32_t)length);
	return greeting_read(&cursor);
}

/* The smallest ClientHello that a client may send to be understood: two suites, no extension; the session ID as long as said. */
static size_t make_hello(uint8_t *octets, uint8_t session)
{
	size_t body = 2 + 32 + 1 + (size_t)session + 2 + 4 + 2;

	memset(octets, 0x5a, 9 + body);
	memcpy(octets, (uint8_t[]){ 22, 3, 1, 0, (uint8_t)(body + 4), 1, 0, 0, (uint8_t)body, 3, 3 }, 11);
	octets[43] = session;
	memcpy(octets + 44 + session, (uint8_t[]){ 0, 4, 0x13, 1, 0xc0, 0x2f, 1, 0 }, 8);
	return 9 + body;
}

START_TEST(hello)
{
	uint8_t octets[256];
	size_t length = make_hello(octets, (uint8_t)(_i * 16));

	ck_assert_int_eq(read_octets(octets, length, length), GREETING_TLS);
	/* Version 1.0 to 1.3, in the record and in the message. */
	for (uint8_t minor = 0; minor <= 4; minor++) {
		octets[2] = octets[10] = minor;
		ck_assert_int_eq(read_octets(octets, length, length), GREETING_TLS);
	}
	/* A hello may go on in the next record or segment. */
	octets[7] = 1;
	ck_assert_int_eq(read_octets(octets, length, length), GREETING_TLS);
}
END_TEST

START_TEST(hello_changed)
{
	static const struct {
		unsigned at;
		uint8_t octet;
	} changes[] = { { 0, 21 }, { 0, 23 }, { 1, 2 },  { 1, 4 },   { 2, 5 },    { 3, 0x41 }, { 5, 2 },  { 5, 0 },
			{ 8, 30 }, { 9, 2 },  { 10, 5 }, { 43, 33 }, { 43, 255 }, { 45, 3 },   { 45, 0 }, { 44, 1 } };
	uint8_t octets[256];
	size_t length = make_hello(octets, 0);

	octets[changes[_i].at] = changes[_i].octet;
	ck_assert_int_eq(read_octets(octets, length, length), GREETING_NONE);
}
END_TEST

/* Sure is only who saw the length of the suites. */
START_TEST(hello_cut)
{
	uint8_t octets[256];
	size_t length = make_hello(octets, 32);

	for (size_t captured = 0; captured <= length; captured++) {
		enum greeting expected = captured >= 44 + 32 + 2 ? GREETING_TLS : GREETING_NONE;
		ck_assert_int_eq(read_octets(octets, captured, length), expected);
	}
}
END_TEST

static const char *const requests[] = {
	"GET / HTTP/1.1\r\n",
	"GET /a/b?c=d&e=%20f HTTP/1.0\r\nHost: x\r\n\r\n",
	"POST /form HTTP/1.1\r\nContent-Length: 3\r\n\r\na=b",
	"HEAD / HTTP/1.1\r\n\r\n",
	"PUT /file HTTP/1.1\r\n\r\n",
	"OPTIONS / HTTP/1.1\r\n\r\n",
	"DELETE /file HTTP/1.1\r\n\r\n",
	"PATCH /file HTTP/1.1\r\n\r\n",
};

START_TEST(request)
{
	const char *text = requests[_i];
	size_t length = strlen(text), line = (size_t)(strchr(text, '\n') - text) + 1;

	for (size_t captured = 0; captured <= length; captured++)
		ck_assert_int_eq(read_octets(text, captured, length), captured >= line ? GREETING_HTTP : GREETING_NONE);
}
END_TEST

static const char *const others[] = {
	"",
	"GET",
	"GET  / HTTP/1.1\r\n",
	"GET / HTTP/1.1\n",
	"GET / HTTP/2.0\r\n",
	"GET / HTTP/1.x\r\n",
	"GET / RTSP/1.0\r\n",
	"GET /a b HTTP/1.1\r\n",
	"GET /a\tb HTTP/1.1\r\n",
	"GET /\xc3\xa4 HTTP/1.1\r\n",
	"get / HTTP/1.1\r\n",
	"GET http://proxy.example/ HTTP/1.1\r\n", /* a proxy's */
	"OPTIONS * HTTP/1.1\r\n",
	"CONNECT host.example:443 HTTP/1.1\r\n",
	"DESCRIBE /stream RTSP/1.0\r\n",
	"PRI * HTTP/2.0\r\n\r\n",
	"HTTP/1.1 200 OK\r\n",
	"HELO mail.example\r\n",
	"PASS secret\r\n",
	"SSH-2.0-OpenSSH_9.2\r\n",
};

START_TEST(no_greeting)
{
	ck_assert_int_eq(read_octets(others[_i], strlen(others[_i]), strlen(others[_i])), GREETING_NONE);
}
END_TEST

/* A target without end is somebody else's matter. */
START_TEST(long_target)
{
	static char text[4000];

	memset(text, 'a', sizeof(text));
	memcpy(text, "GET /", 5);
	memcpy(text + sizeof(text) - 12, " HTTP/1.1\r\n", 11);
	ck_assert_int_eq(read_octets(text, sizeof(text), sizeof(text)), GREETING_NONE);
	memcpy(text + 2000, " HTTP/1.1\r\n", 11);
	ck_assert_int_eq(read_octets(text, sizeof(text), sizeof(text)), GREETING_HTTP);
}
END_TEST

/* ---- questions ---- */

static enum greeting read_question(const void *octets, size_t captured, size_t length)
{
	struct cursor cursor = cursor_make(octets, (uint32_t)captured, (uint32_t)length);
	return greeting_read_question(&cursor);
}

/* host.example, type A, class IN; with or without what EDNS adds. */
static size_t make_question(uint8_t *octets, bool edns)
{
	static const uint8_t question[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\4host\7example\0\0\1\0\1";
	static const uint8_t additional[] = { 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0 };
	size_t length = sizeof(question) - 1;

	memcpy(octets, question, length);
	if (!edns)
		return length;
	octets[11] = 1;
	memcpy(octets + length, additional, sizeof(additional));
	return length + sizeof(additional);
}

START_TEST(question)
{
	uint8_t octets[64];
	size_t length = make_question(octets, _i != 0);

	ck_assert_int_eq(read_question(octets, length, length), GREETING_DNS);
	/* Recursion not desired, checking disabled: a standard query nevertheless. */
	octets[2] = 0;
	octets[3] = 0x10;
	ck_assert_int_eq(read_question(octets, length, length), GREETING_DNS);
	/* The root's name servers. */
	ck_assert_int_eq(read_question("\0\1\0\0\0\1\0\0\0\0\0\0\0\0\2\0\1", 17, 17), GREETING_DNS);
}
END_TEST

START_TEST(question_changed)
{
	static const struct {
		unsigned at;
		uint8_t octet;
	} changes[] = {
		{ 2, 0x81 },              /* an answer */
		{ 2, 0x29 },              /* an update */
		{ 3, 3 },                 /* a result */
		{ 5, 2 },                 /* two questions */
		{ 5, 0 },                 /* none */
		{ 7, 1 },                 /* an answer with it */
		{ 9, 1 },                 /* an authority */
		{ 11, 1 },                /* an additional record that is not there */
		{ 11, 3 },    { 12, 64 }, /* no label is so long */
		{ 12, 0xc0 },             /* compressed */
		{ 17, 0 },                /* the name ends too early: something is behind the question */
		{ 27, 0 },                /* no type */
		{ 29, 2 },                /* no class */
	};
	uint8_t octets[64];
	size_t length = make_question(octets, false);

	octets[changes[_i].at] = changes[_i].octet;
	ck_assert_int_eq(read_question(octets, length, length), GREETING_NONE);
}
END_TEST

START_TEST(question_cut)
{
	uint8_t octets[64];
	size_t length = make_question(octets, false);

	for (size_t captured = 0; captured < length; captured++)
		ck_assert_int_eq(read_question(octets, captured, length), GREETING_NONE);
	/* An additional record that was announced and is not there; something behind that was not. */
	octets[11] = 1;
	ck_assert_int_eq(read_question(octets, length, length), GREETING_NONE);
	octets[11] = 0;
	ck_assert_int_eq(read_question(octets, length + 1, length + 1), GREETING_NONE);
}
END_TEST

/* A name has 255 octets at most, its last zero among them. */
START_TEST(question_long)
{
	uint8_t octets[400] = { 0, 1, 1, 0, 0, 1 };
	size_t at = 12;

	for (unsigned label = 0; label < 4; label++) {
		octets[at] = label < 3 ? 63 : 61;
		memset(octets + at + 1, 'a', octets[at]);
		at += 1u + octets[at];
	}
	memcpy(octets + at, "\0\0\1\0\1", 5);
	ck_assert_int_eq(read_question(octets, at + 5, at + 5), GREETING_DNS);
	octets[at - 62] = 62;
	memcpy(octets + at + 1, "\0\0\1\0\1", 5);
	ck_assert_int_eq(read_question(octets, at + 6, at + 6), GREETING_NONE);
}
END_TEST

enum { QUESTIONS_CHANGED = 14 };

enum { CHANGES = 16, REQUESTS = sizeof(requests) / sizeof(requests[0]), OTHERS = sizeof(others) / sizeof(others[0]) };

int main(void)
{
	Suite *suite = suite_create("greeting");
	TCase *tests = tcase_create("greeting");

	tcase_add_loop_test(tests, hello, 0, 3);
	tcase_add_loop_test(tests, hello_changed, 0, CHANGES);
	tcase_add_test(tests, hello_cut);
	tcase_add_loop_test(tests, request, 0, REQUESTS);
	tcase_add_loop_test(tests, no_greeting, 0, OTHERS);
	tcase_add_test(tests, long_target);
	tcase_add_loop_test(tests, question, 0, 2);
	tcase_add_loop_test(tests, question_changed, 0, QUESTIONS_CHANGED);
	tcase_add_test(tests, question_cut);
	tcase_add_test(tests, question_long);
	suite_add_tcase(suite, tests);
	return suite_end_as(suite, CK_NOFORK);
}
