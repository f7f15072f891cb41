/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as JSON lines (DESIGN section 7), and the sink that appends them to a file.
 *
 * Every documented key is always there, in the order of DESIGN; what is not known is null. Output is ASCII: any other
 * character is escaped, control characters with it, and invalid UTF-8 reads U+FFFD, so that a hostile name can neither
 * break a line nor steer a terminal. The order of keys is stable but carries no meaning. Two liberties: `subject` holds,
 * beside `kind`, a and b for a pair, address for a host, src, dst, spi and proto for an SA, and name for the sensor;
 * a notice, which is for logs and between the processes, is {type, time, sensor, level, text}. What the next engine is to
 * know stands in known_json.h. A finding that went through the reporter has two more keys: `record`, a number by which a
 * copy is known, and, only where it is so, `durable`: false.
 *
 * Called by `audit --json`, by the engine and the reporter to speak with each other, and by the control socket.
 */
#ifndef ESPIAL_REPORT_JSON_H
#define ESPIAL_REPORT_JSON_H

#include "sink.h"

/* Lets what writes and reads JSON end the process where memory is short (memory_or_end.h), instead of leaving a record out. To be
 * called before anything else of JSON. */
void json_memory_or_end(void);

/* One line without its newline; free() it. NULL on lack of memory, and for an IKE message: ike_log.h writes these. */
char *record_to_json(const struct record *record, const char *sensor);

/* Bounds of what the file sink keeps while the file cannot be written: the newest lines are given up. */
enum { JSON_SINK_LINES_MAX = 65536, JSON_SINK_OCTETS_MAX = 64 << 20 };

/*
 * A sink that appends lines to the file, created with mode 0640 where missing, and opened again when it was rotated
 * (looked at in tick()). The file may come later: what cannot be written waits in memory, up to the bounds above.
 * "-" is standard output, and the one exception to "never blocks": it belongs to a person's command, where a slow reader
 * must slow the command down and not lose lines. NULL on lack of memory only.
 */
struct sink *json_sink_new(const char *path, const char *sensor);

#endif
