/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensor's watch over itself, while it captures live: once a second, and whenever the kernel says that some interface changed,
 * the engine is told how each interface stands; and at once when the wall clock was set. What that means is the judge's business
 * (audit/rule_capture.c).
 *
 * It also looks after live.c: an interface that changed is tried again at once, one that changed its name is followed, one whose
 * frames are of another kind by now is opened anew. One thread, that of the loop.
 */
#ifndef ESPIAL_DAEMON_SENSOR_WATCH_H
#define ESPIAL_DAEMON_SENSOR_WATCH_H

#include "audit/record.h"

#include <stdint.h>

struct engine;
struct interface_watch;
struct live;
struct loop;
struct sensor_watch;

/* All are borrowed. `interfaces` may be NULL: then an interface is up while it is captured on. From `clock_step_ns` on the wall clock
 * counts as set. NULL on lack of memory. */
struct sensor_watch *sensor_watch_new(struct loop *loop, struct live *live, struct engine *engine,
				      struct interface_watch *interfaces, int64_t clock_step_ns,
				      const struct record_sink *notices);
void sensor_watch_free(struct sensor_watch *watch);

/* Another configuration: from what step on the clock counts as set. Interfaces are asked of `live` at each look. */
void sensor_watch_reload(struct sensor_watch *watch, int64_t clock_step_ns);

#endif
