/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the sensor saw nothing: put together from the looks of the store and from what the sensor told of itself.
 *
 * An engine sees from its beginning to its last look, or to the last word that was heard of it. What lies between two engines
 * is blind time: as long as the second one's `engine-restarted` says, where there is one, else all of it. An interface that is
 * down, or silent where it is not used to be, is blind from the alert's beginning to its end. Pure but for memory.
 */
#ifndef ESPIAL_REPORT_BLIND_TIME_H
#define ESPIAL_REPORT_BLIND_TIME_H

#include "store.h"
#include "../audit/finding.h"

enum blind_why { BLIND_SENSOR_DOWN, BLIND_ENGINE_RESTARTED, BLIND_CAPTURE_DOWN, BLIND_CAPTURE_SILENT, BLIND_WHY_COUNT };

struct blind_period {
	int64_t from_ns, until_ns;
	enum blind_why why;
	char interface[32]; /* of CAPTURE_; "" if it is not known */
};

/* Periods beyond this many are left out, and counted. */
enum { BLIND_PERIODS_MAX = 4096 };

struct blind_time;

/* NULL on lack of memory. */
struct blind_time *blind_time_new(const struct store_span *span);
void blind_time_free(struct blind_time *blind);

/* What was told of the sensor, in order of time: all of it before the first look. */
void blind_time_told(struct blind_time *blind, const struct finding *finding);

/* The looks, in order of time; the last one before the span among them. */
void blind_time_look(struct blind_time *blind, const struct store_look *look);

/* When all was given: the periods within the span, by their beginning. */
const struct blind_period *blind_time_periods(struct blind_time *blind, size_t *count);
uint64_t blind_time_left_out(const struct blind_time *blind);

/* How long it was in all: where periods overlap, once. */
int64_t blind_time_total_ns(struct blind_time *blind);

/* When the sensor was first heard of; 0: never. Before that nothing is known. */
int64_t blind_time_begin_ns(const struct blind_time *blind);

const char *blind_why_name(enum blind_why why);

#endif
