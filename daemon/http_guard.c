/* SPDX-License-Identifier: Apache-2.0 */
/* See http_guard.h. */
#include "http_guard.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { CREDENTIALS_MAX = 512 };

bool http_token_read(struct http_token *token, const char *content, size_t length, const char **problem)
{
	memset(token, 0, sizeof(*token));
	while (length > 0 && (content[length - 1] == '\n' || content[length - 1] == '\r'))
		length--;
	if (length < HTTP_TOKEN_MIN) {
		*problem = "the token is shorter than 16 characters";
		return false;
	}
	if (length > HTTP_TOKEN_MAX) {
		*problem = "the token is longer than 255 characters";
		return false;
	}
	for (size_t i = 0; i < length; i++) {
		if (content[i] <= ' ' || content[i] > '~') {
			*problem = "it is not one line of printable characters without spaces";
			return false;
		}
	}
	memcpy(token->text, content, length);
	token->length = length;
	return true;
}

/* Every octet of the room is compared, whatever the lengths are. */
static bool equal_in_constant_time(const struct http_token *token, const char *text, size_t length)
{
	char given[HTTP_TOKEN_MAX + 1] = { 0 };
	volatile size_t difference = token->length ^ length;

	memcpy(given, text, length < HTTP_TOKEN_MAX ? length : HTTP_TOKEN_MAX);
	for (size_t i = 0; i <= HTTP_TOKEN_MAX; i++)
		difference |= (unsigned char)token->text[i] ^ (unsigned char)given[i];
	return difference == 0;
}

static int base64_value(char letter)
{
	if (letter >= 'A' && letter <= 'Z')
		return letter - 'A';
	if (letter >= 'a' && letter <= 'z')
		return letter - 'a' + 26;
	if (letter >= '0' && letter <= '9')
		return letter - '0' + 52;
	return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

/* RFC 4648 section 4. False for what is no base64 or does not fit. */
static bool base64_read(const char *text, char out[CREDENTIALS_MAX], size_t *length)
{
	uint32_t bits = 0;
	unsigned held = 0;

	*length = 0;
	for (; *text && *text != '='; text++) {
		int value = base64_value(*text);
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		if (*length == CREDENTIALS_MAX)
			return false;
		out[(*length)++] = (char)(bits >> held & 0xff);
	}
	return text[strspn(text, "=")] == '\0';
}

/* The rest of the value behind the scheme, NULL if it is another scheme. */
static const char *behind_scheme(const char *value, const char *scheme)
{
	size_t length = strlen(scheme);

	if (strncasecmp(value, scheme, length) != 0 || value[length] != ' ')
		return NULL;
	return value + length + strspn(value + length, " ");
}

bool http_token_matches(const struct http_token *token, const char *authorization)
{
	char credentials[CREDENTIALS_MAX];
	size_t length;
	const char *given, *colon;

	if (!authorization)
		return false;
	given = behind_scheme(authorization, "Bearer");
	if (given)
		return equal_in_constant_time(token, given, strlen(given));
	given = behind_scheme(authorization, "Basic");
	if (!given || !base64_read(given, credentials, &length))
		return false;
	colon = memchr(credentials, ':', length);
	return colon && equal_in_constant_time(token, colon + 1, length - (size_t)(colon + 1 - credentials));
}

/* 127.0.0.0/8 with four plain numbers. */
static bool is_loopback4(const char *text, size_t length)
{
	unsigned parts = 1, value = 0, digits = 0;

	if (length < 4 || strncmp(text, "127.", 4) != 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '.' && digits > 0) {
			parts++;
			value = digits = 0;
		} else if (text[i] >= '0' && text[i] <= '9' && digits < 3) {
			value = value * 10 + (unsigned)(text[i] - '0');
			digits++;
		} else {
			return false;
		}
		if (value > 255)
			return false;
	}
	return parts == 4 && digits > 0;
}

bool http_host_is_local(const char *host)
{
	size_t length, port;

	if (!host)
		return false;
	length = host[0] == '[' ? strcspn(host, "]") + (strchr(host, ']') ? 1 : 0) : strcspn(host, ":");
	port = strlen(host + length);
	if (port && (host[length] != ':' || port > 6 || strspn(host + length + 1, "0123456789") != port - 1))
		return false;
	return (length == 9 && strncasecmp(host, "localhost", 9) == 0) ||
	       (length == 5 && strncmp(host, "[::1]", 5) == 0) || is_loopback4(host, length);
}
