/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records that come by the hundred thousand, sa and pair, to JSON lines and back without a tree in between: at a tenth
 * of the cost, so that a state of 100 000 SAs is told and read within a second.
 *
 * The lines are those of json.h, octet by octet. Reading takes only what was written here and is plain, and is exact about
 * it; for anything else the caller goes the long way (record_reader.c), which also says what is wrong. Pure but for memory.
 */
#ifndef ESPIAL_REPORT_BULK_LINE_H
#define ESPIAL_REPORT_BULK_LINE_H

#include "record_reader.h"

/* The line of an sa or pair record, to be freed; NULL for other types, and for a name that is not plain. */
char *bulk_line_write(const struct record *record, const char *sensor);

/* Reads such a line; of the record it sets type, time, and sa or pair. Its texts live in the reader, as those of
 * record_from_json(). False: it was not such a line, and the record is not to be used. */
bool bulk_line_read(const char *text, size_t length, struct record_reader *reader, struct record *record);

#endif
