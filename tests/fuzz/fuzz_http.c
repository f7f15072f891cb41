/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request to the page says of itself: the token file, the Authorization and Host headers, the path and the
 * parameters. The input is lines: token, Authorization, Host, then the name of a resource as in the path, then
 * "name=value" each.
 */
#include "fuzz.h"

#include "daemon/http_guard.h"
#include "daemon/report/api.h"

#include <string.h>

static void check_sentence(const char *problem)
{
	DEMAND(problem && problem[0]);
	for (const char *at = problem; *at; at++)
		DEMAND(*at >= ' ' && *at <= '~');
}

/* A token that was taken opens the door, and one octet more or less does not. */
static void check_token(const struct http_token *token, const char *authorization)
{
	char header[HTTP_TOKEN_MAX + 16];

	DEMAND(token->length >= HTTP_TOKEN_MIN && token->length <= HTTP_TOKEN_MAX);
	DEMAND(strlen(token->text) == token->length);
	snprintf(header, sizeof(header), "bearer %s", token->text);
	DEMAND(http_token_matches(token, header));
	header[strlen(header) - 1] = '\0';
	DEMAND(!http_token_matches(token, header));
	snprintf(header, sizeof(header), "Bearer %sx", token->text);
	DEMAND(!http_token_matches(token, header));
	DEMAND(!http_token_matches(token, NULL));
	if (http_token_matches(token, authorization) && (authorization[1] | 0x20) == 'e')
		DEMAND(strcmp(authorization + strlen(authorization) - token->length, token->text) == 0);
}

/* No name but localhost, and no address that does not begin as loopback's do. */
static void check_host(const char *host)
{
	if (!http_host_is_local(host))
		return;
	DEMAND((host[0] | 0x20) == 'l' || strncmp(host, "127.", 4) == 0 || strncmp(host, "[::1]", 5) == 0);
	DEMAND(strpbrk(host, "/@ \t,%") == NULL && strlen(host) <= sizeof("127.255.255.255:65535") - 1);
}

static void check_query(char *name, char *rest)
{
	struct api_query query = api_query_all(api_resource_find(name));
	const char *problem = NULL;
	char *line;
	bool good = true;

	if (query.resource == API_RESOURCE_COUNT)
		return;
	while (good && (line = strsep(&rest, "\n")) != NULL) {
		char *value = line;
		strsep(&value, "=");
		good = api_query_add(&query, line, value ? value : "", &problem);
	}
	good = good && api_query_complete(&query, &problem);
	if (good)
		DEMAND(query.has_a == query.has_b && query.limit > 0 && query.limit <= API_LIMIT_MAX);
	else
		check_sentence(problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
	char *text = malloc(length + 1), *rest = text;
	const char *problem = NULL;
	struct http_token token;

	DEMAND(text != NULL);
	memcpy(text, octets, length);
	text[length] = '\0';
	char *first = strsep(&rest, "\n"), *authorization = strsep(&rest, "\n"), *host = strsep(&rest, "\n");
	if (http_token_read(&token, first, strlen(first), &problem)) {
		if (authorization)
			check_token(&token, authorization);
	} else {
		check_sentence(problem);
	}
	/* As a file holds it, with whatever is behind the first line. */
	http_token_read(&token, (const char *)octets, length, &problem);
	if (host)
		check_host(host);
	char *name = strsep(&rest, "\n");
	if (name)
		check_query(name, rest);
	free(text);
	return 0;
}
