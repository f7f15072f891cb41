/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask the page: tokens as a file holds them and as requests carry them, and names of this machine. */
#include "../../daemon/http_guard.h"
#include "../suite.h"

#include <stdio.h>
#include <string.h>

static const char good[] = "0123456789abcdef-XYZ~!";

START_TEST(test_token_file)
{
	static const char *const bad[] = { "",
					   "\n",
					   "fifteen-letters",
					   "with spaces in between",
					   "two\nlines of text here",
					   "\x80\x81-0123456789abcdef" };
	struct http_token token;
	const char *problem;
	char room[300];

	ck_assert(http_token_read(&token, good, strlen(good), &problem));
	ck_assert_uint_eq(token.length, strlen(good));
	snprintf(room, sizeof(room), "%s\r\n", good);
	ck_assert(http_token_read(&token, room, strlen(room), &problem));
	ck_assert_str_eq(token.text, good);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		problem = NULL;
		ck_assert_msg(!http_token_read(&token, bad[i], strlen(bad[i]), &problem), "'%s' was taken", bad[i]);
		ck_assert_ptr_nonnull(problem);
	}
	memset(room, 'a', sizeof(room));
	ck_assert(http_token_read(&token, room, HTTP_TOKEN_MIN, &problem));
	ck_assert(http_token_read(&token, room, HTTP_TOKEN_MAX, &problem));
	ck_assert(!http_token_read(&token, room, HTTP_TOKEN_MAX + 1, &problem));
	ck_assert(!http_token_read(&token, room, HTTP_TOKEN_MIN - 1, &problem));
}
END_TEST

START_TEST(test_token_in_a_request)
{
	/* "user:0123456789abcdef-XYZ~!", ":0123456789abcdef-XYZ~!", and with one letter less. */
	static const char *const right[] = { "Bearer 0123456789abcdef-XYZ~!", "bearer   0123456789abcdef-XYZ~!",
					     "Basic dXNlcjowMTIzNDU2Nzg5YWJjZGVmLVhZWn4h",
					     "Basic OjAxMjM0NTY3ODlhYmNkZWYtWFlafiE=" };
	static const char *const wrong[] = { "",
					     "Bearer",
					     "Bearer ",
					     "Bearer 0123456789abcdef-XYZ~",
					     "Bearer 0123456789abcdef-XYZ~!!",
					     "Bearer 0123456789abcdef-XYZ~! ",
					     "0123456789abcdef-XYZ~!",
					     "Basic",
					     "Basic =",
					     "Basic ====",
					     "Basic dXNlcjowMTIzNDU2Nzg5YWJjZGVmLVhZWn4",
					     "Basic dXNlcg==",
					     "Digest 0123456789abcdef-XYZ~!",
					     "Basic dXNlcjowMTIzNDU2Nzg5YWJjZGVmLVhZWn4h=x",
					     "BearerX0123456789abcdef-XYZ~!" };
	struct http_token token;
	const char *problem;
	char longest[1200];

	ck_assert(http_token_read(&token, good, strlen(good), &problem));
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++)
		ck_assert_msg(http_token_matches(&token, right[i]), "'%s' was refused", right[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ck_assert_msg(!http_token_matches(&token, wrong[i]), "'%s' was taken", wrong[i]);
	ck_assert(!http_token_matches(&token, NULL));
	memset(longest, 'A', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memcpy(longest, "Basic ", 6);
	ck_assert(!http_token_matches(&token, longest));
	memcpy(longest, "Bearer ", 7);
	ck_assert(!http_token_matches(&token, longest));
}
END_TEST

/* Of the same start, and as long as the room is: what is behind the room must not be looked at, nor be taken for equal. */
START_TEST(test_longest_token)
{
	struct http_token token;
	const char *problem;
	char text[HTTP_TOKEN_MAX + 2], header[HTTP_TOKEN_MAX + 20];

	memset(text, 'k', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert(http_token_read(&token, text, HTTP_TOKEN_MAX, &problem));
	snprintf(header, sizeof(header), "Bearer %s", text);
	ck_assert(!http_token_matches(&token, header));
	header[7 + HTTP_TOKEN_MAX] = '\0';
	ck_assert(http_token_matches(&token, header));
	header[7 + HTTP_TOKEN_MAX - 1] = '\0';
	ck_assert(!http_token_matches(&token, header));
}
END_TEST

START_TEST(test_hosts)
{
	static const char *const ours[] = { "localhost",       "LocalHost", "localhost:1",
					    "localhost:65535", "127.0.0.1", "127.0.0.1:8080",
					    "127.255.255.254", "[::1]",     "[::1]:9" };
	static const char *const foreign[] = { "",
					       "localhos",
					       "localhost.",
					       "localhost.example",
					       "xlocalhost",

					       "localhost:x",
					       "localhost:123456",
					       "localhost:80:80",
					       "127.0.0",
					       "127.0.0.1.",
					       "127.0.0.256",
					       "127.0.0.1.2",
					       "127..0.1",
					       "127.0.0.1x",
					       "128.0.0.1",
					       "[::1",
					       "[::1]x",
					       "[::2]",
					       "::1",

					       "[]",
					       "0.0.0.0",
					       "127.0.0.0001",
					       "@localhost" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		ck_assert_msg(http_host_is_local(ours[i]), "'%s' was refused", ours[i]);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		ck_assert_msg(!http_host_is_local(foreign[i]), "'%s' was taken", foreign[i]);
	ck_assert(!http_host_is_local(NULL));
}
END_TEST

SUITE_MAIN("http_guard", test_token_file, test_token_in_a_request, test_longest_token, test_hosts)
