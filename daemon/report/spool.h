/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spool: findings on their way to the sinks, in order, on disk before they are sent (DESIGN section 9).
 *
 * Every record gets a number, one more than that before it, also across restarts. A thread writes what waits and asks the
 * disk to keep it, all that came meanwhile at once; a record is released to be sent when that is done, or when it has
 * taken SPOOL_PATIENCE_MS or failed: then it is marked as not durable. Nothing here waits for the disk but that thread.
 *
 * Each sink reads at its own pace with a cursor, and settles what needs no second telling; how far it came outlives the
 * process. What a sink has not got yet is read from memory, or from disk when memory has let it go. Segments that all
 * sinks have settled are deleted; when the spool is larger than its bound the oldest goes in any case, and is counted.
 * A segment that cannot be read is neither written over nor deleted nor taken for an empty one: a lack of memory or descriptors is
 * waited out, and what a disk does not give after two seconds is set aside and told (spool_tell()), while what is behind it goes on.
 * On a disk that is full, read-only or absent records live in memory, bounded, and are written when there is room again;
 * with spool_shelter() the next process goes on with them.
 *
 * Called by outbox.c, in one thread. Knows nothing of what a record says.
 */
#ifndef ESPIAL_REPORT_SPOOL_H
#define ESPIAL_REPORT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SPOOL_PATIENCE_MS = 150,
	SPOOL_MEMORY_RECORDS = 16384,   /* that are kept in memory at most */
	SPOOL_MEMORY_OCTETS = 32 << 20, /* likewise */
	SPOOL_REMEMBERED = 512,         /* of the last records before a start, spool_recalls() knows so many */
	SPOOL_PROBLEM = 160,
	SPOOL_TOLD = 400,
};

struct spool;

/* How the spool fares. */
struct spool_health {
	bool up;                     /* what was written last is on disk; true where no folder was asked for */
	char problem[SPOOL_PROBLEM]; /* while not up */
	uint64_t lost;               /* records that went before every sink had settled them */
	uint64_t octets;             /* of all segments */
};

/*
 * A folder of the spool's own, made with mode 0750 if it is not there but its parent is; NULL: memory only. size_max in octets.
 * A new spool counts from `first`. NULL with errno for want of memory, a thread or descriptors, when nobody can say what is in the
 * folder. A folder that cannot be used for another reason is tried again, and health says why; if it then holds records that were not
 * sent, they and what is known of them are left to the next start.
 */
struct spool *spool_open(const char *folder, uint64_t size_max, uint64_t first);

/* Whether another process has it: two would number alike, and each would take for settled what the other's sinks have not got. */
bool spool_is_taken(const char *folder);

/* Takes up what the process before left in the refuge (spool_refuge.h, whose descriptor stays the caller's), and leaves
 * there what is released and not on disk. To be called before anything else. False, and nothing is sheltered, where the
 * spool has no folder or memory is short. */
bool spool_shelter(struct spool *spool, int memory);

/* Hands over every record behind this number that is on disk or in memory, in order. False if not all of them could be read, for
 * want of memory or descriptors. */
struct spool_item;
bool spool_replay(struct spool *spool, uint64_t after, void (*each)(void *context, const struct spool_item *item),
		  void *context);

/* Waits at most a second for what is not on disk yet, and frees. */
void spool_close(struct spool *spool);

/* Takes a copy of the record. Returns its number, 0 if it is longer than SPOOL_RECORD_MAX. */
uint64_t spool_append(struct spool *spool, const char *octets, size_t length, int64_t monotonic_ns);

/* The number up to which records are released; to be asked when spool_descriptor() becomes readable, and about every 10 ms
 * while something is not. */
uint64_t spool_released(struct spool *spool, int64_t monotonic_ns);

/* Becomes readable when something was committed; spool_released() empties it. */
int spool_descriptor(const struct spool *spool);

/* Number of the last record appended, also before a restart; 0 if none ever was. */
uint64_t spool_last(const struct spool *spool);

/* Whether the record is, octet by octet, one of the last before the start. */
bool spool_recalls(const struct spool *spool, const char *octets, size_t length);

/* ---- sinks ---- */

struct spool_cursor;

/* The place of a sink of this name: where it was before the restart; after the last record if it is new. A sink that is
 * not `kept` always begins after the last record. NULL on lack of memory, or with more than SPOOL_MARKS_MAX sinks. */
struct spool_cursor *spool_cursor_new(struct spool *spool, const char *name, bool kept);
void spool_cursor_free(struct spool_cursor *cursor);

/* The next released record; false if there is none now, or the disk does not give it now, which health says. It lives until the next call with any cursor. */
struct spool_item {
	uint64_t number;
	const char *octets;
	size_t length;
	bool not_durable;
};
bool spool_next(struct spool_cursor *cursor, struct spool_item *item);

/* All up to the number is settled for this cursor's sink. */
void spool_settle(struct spool_cursor *cursor, uint64_t number);

void spool_read_health(struct spool *spool, struct spool_health *health);

/* What people are to know of the folder and were not told yet: a sentence. False if there is nothing. */
bool spool_tell(struct spool *spool, char text[SPOOL_TOLD]);

#endif
