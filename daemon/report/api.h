/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of the JSON API (docs/api.md) from a snapshot, in pieces.
 *
 * An answer holds its snapshot until it is freed and hands out text a bounded piece at a time, so that whoever sends it needs
 * little memory and never keeps the reporter from its work, however long the answer is and however slowly it is read.
 * Called by daemon/http.c.
 */
#ifndef ESPIAL_REPORT_API_H
#define ESPIAL_REPORT_API_H

#include "snapshot.h"

#include <stdbool.h>
#include <stddef.h>

enum api_resource { API_STATUS, API_PAIRS, API_SAS, API_IKE, API_ALERTS, API_INVENTORY, API_RESOURCE_COUNT };

enum { API_LIMIT_DEFAULT = 20000, API_LIMIT_MAX = 1000000 };

/* What was asked for. */
struct api_query {
	enum api_resource resource;
	bool has_a, has_b; /* both or none: only this pair, in any order */
	struct address a, b;
	size_t limit; /* records at most */
};

/* The resource of this name ("pairs"), API_RESOURCE_COUNT if there is none. */
enum api_resource api_resource_find(const char *name);

/* A query without conditions. */
struct api_query api_query_all(enum api_resource resource);
/* Adds a parameter. False, and why in `problem`, if the resource knows none of this name, or the value is not good. */
bool api_query_add(struct api_query *query, const char *name, const char *value, const char **problem);
/* To be asked after the last parameter: false likewise if they do not go together. */
bool api_query_complete(const struct api_query *query, const char **problem);

struct api_answer;

/* Holds the snapshot. NULL on lack of memory. */
struct api_answer *api_answer_new(const struct snapshot *snapshot, const struct api_query *query);
void api_answer_free(struct api_answer *answer);

/* The next piece, of some tens of kilobytes, to be freed by the caller. NULL when all was said, and when memory ran out, which
 * api_answer_failed() tells apart: an answer that failed must not look complete. */
char *api_answer_next(struct api_answer *answer, size_t *length);
bool api_answer_failed(const struct api_answer *answer);

#endif
