/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A spool whose files cannot be read, for a while or for good: nothing is written over, numbered twice or taken as sent.
 * read() is this program's own, and fails for the segment that a test names.
 */
#include "../../daemon/report/spool.h"
#include "../../daemon/report/spool_refuge.h"
#include "../../daemon/report/spool_segment.h"
#include "../suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 16 << 20, FIRST = 1000 };

static char parent[64], disk[80], folder[100]; /* disk stands in for a disk */

/* What read() does to a file of that name. */
static char failing_name[SPOOL_NAME_SIZE];
static _Atomic int failing_error, failing_times;

/* As the C library has it, which calls no other but this one. */
ssize_t read(int file, void *octets, size_t count)
{
	char link[40], path[200];
	ssize_t length;

	if (failing_error) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
		length = readlink(link, path, sizeof(path) - 1);
		path[length > 0 ? length : 0] = '\0';
		if (length > 0 && strstr(path, failing_name) && atomic_fetch_sub(&failing_times, 1) > 0) {
			errno = failing_error;
			return -1;
		}
	}
	return syscall(SYS_read, file, octets, count);
}

static void let_fail(uint64_t first, int error, int times)
{
	spool_segment_name(first, failing_name);
	failing_times = times;
	failing_error = error;
}

static void setup(void)
{
	snprintf(parent, sizeof(parent), P_tmpdir "/check_unread.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(parent));
	snprintf(disk, sizeof(disk), "%s/disk", parent);
	snprintf(folder, sizeof(folder), "%s/spool", disk);
	ck_assert_int_eq(mkdir(disk, 0755), 0);
}

static void teardown(void)
{
	char command[100];

	failing_error = 0;
	snprintf(command, sizeof(command), "rm -rf '%s'", parent);
	ck_assert_int_eq(system(command), 0);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uint64_t append(struct spool *spool, unsigned value)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "{\"value\":%u}", value);

	return spool_append(spool, text, (size_t)length, now_ns());
}

static void await_release(struct spool *spool)
{
	while (spool_released(spool, now_ns()) < spool_last(spool))
		poll(NULL, 0, 1);
}

/* What the cursor has next, -1 if nothing. */
static int next(struct spool_cursor *cursor)
{
	struct spool_item item;
	unsigned value = 0;
	char text[64];

	if (!spool_next(cursor, &item))
		return -1;
	ck_assert_uint_lt(item.length, sizeof(text));
	memcpy(text, item.octets, item.length);
	text[item.length] = '\0';
	ck_assert_int_eq(sscanf(text, "{\"value\":%u}", &value), 1);
	return (int)value;
}

static void expect(struct spool_cursor *cursor, int first, int end)
{
	for (int value = first; value < end; value++)
		ck_assert_int_eq(next(cursor), value);
}

/* A spool of 0 to count, of which the sink "one" has settled as many as said. */
static void fill(unsigned count, unsigned settled)
{
	struct spool *spool = spool_open(folder, SIZE, FIRST);
	struct spool_cursor *cursor = spool_cursor_new(spool, "one", true);

	for (unsigned value = 0; value < count; value++)
		append(spool, value);
	await_release(spool);
	expect(cursor, 0, (int)count);
	spool_settle(cursor, FIRST - 1 + settled);
	spool_cursor_free(cursor);
	spool_close(spool);
}

static size_t contents(const char *name, char *octets, size_t room)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int file = open(path, O_RDONLY);
	if (file < 0)
		return 0;
	long size = syscall(SYS_read, file, octets, room);
	close(file);
	return size > 0 ? (size_t)size : 0;
}

static void await_told(struct spool *spool, char text[SPOOL_TOLD])
{
	for (unsigned i = 0; i < 500; i++) {
		if (spool_tell(spool, text))
			return;
		poll(NULL, 0, 10);
	}
	ck_abort_msg("nothing is told");
}

/* The segment with the first records is not read at the start, and is as it was, under its other name. */
static void check_kept_and_told(const char *reason)
{
	static char before[4096], after[4096];
	char name[SPOOL_NAME_SIZE], aside[SPOOL_NAME_SIZE + 16], text[SPOOL_TOLD], expected[SPOOL_TOLD];
	struct spool_health health;

	spool_segment_name(FIRST, name);
	snprintf(aside, sizeof(aside), "%s.unreadable", name);
	int error = failing_error;
	failing_error = 0;
	size_t size = contents(name, before, sizeof(before));
	failing_error = error;
	/* The clock was set back: nothing but the folder says from where to go on. */
	struct spool *spool = spool_open(folder, SIZE, 5);
	ck_assert_ptr_nonnull(spool);
	ck_assert_uint_ge(spool_last(spool), FIRST + 9);
	struct spool_cursor *one = spool_cursor_new(spool, "one", true);
	uint64_t number = append(spool, 100);
	await_release(spool);
	ck_assert_int_eq(next(one), 100);
	ck_assert_int_eq(next(one), -1);
	await_told(spool, text);
	snprintf(expected, sizeof(expected),
		 "the findings in %s/%s cannot be read: %s; the file is kept as %s, and what was not sent yet is in it",
		 folder, name, reason, aside);
	ck_assert_str_eq(text, expected);
	ck_assert(!spool_tell(spool, text));
	spool_read_health(spool, &health);
	ck_assert(health.up);
	ck_assert_uint_eq(health.lost, 0);
	spool_settle(one, number);
	append(spool, 101);
	await_release(spool);
	spool_cursor_free(one);
	spool_close(spool);
	failing_error = 0;
	ck_assert_uint_eq(contents(name, after, sizeof(after)), 0);
	if (geteuid() == 0 || strcmp(reason, "Permission denied") != 0) {
		ck_assert_uint_eq(contents(aside, after, sizeof(after)), size);
		ck_assert_int_eq(memcmp(before, after, size), 0);
	}
	/* told once, and never in the way again */
	spool = spool_open(folder, SIZE, 5);
	ck_assert_uint_eq(spool_last(spool), number + 1);
	one = spool_cursor_new(spool, "one", true);
	append(spool, 102);
	await_release(spool);
	expect(one, 101, 103);
	ck_assert(!spool_tell(spool, text));
	spool_cursor_free(one);
	spool_close(spool);
}

START_TEST(a_disk_that_fails_costs_no_octet)
{
	fill(10, 5);
	let_fail(FIRST, EIO, INT_MAX);
	check_kept_and_told("Input/output error");
}
END_TEST

START_TEST(a_file_of_somebody_elses_costs_no_octet)
{
	char path[200], name[SPOOL_NAME_SIZE];
	int status;

	/* Permissions do not hold root. */
	pid_t child = fork();
	if (child == 0) {
		umask(0);
		if (geteuid() == 0 &&
		    (chmod(parent, 0777) != 0 || chmod(disk, 0777) != 0 || setresuid(65534, 65534, 65534) != 0))
			_exit(1);
		fill(10, 5);
		spool_segment_name(FIRST, name);
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		if (chmod(path, 0) != 0)
			_exit(2);
		check_kept_and_told("Permission denied");
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_disk_that_failed_once_is_asked_again)
{
	char text[SPOOL_TOLD];

	fill(10, 5);
	let_fail(FIRST, EIO, 1);
	struct spool *spool = spool_open(folder, SIZE, 5);
	ck_assert_int_le(failing_times, 0);
	ck_assert_uint_eq(spool_last(spool), FIRST + 9);
	struct spool_cursor *one = spool_cursor_new(spool, "one", true);
	expect(one, 5, 10);
	ck_assert(!spool_tell(spool, text));
	spool_cursor_free(one);
	spool_close(spool);
}
END_TEST

static const int lacks[] = { ENOMEM, EMFILE, ENFILE };

/* There is no telling what is in it: no start, rather than one that takes it for empty. */
START_TEST(a_lack_is_no_empty_segment)
{
	fill(10, 5);
	let_fail(FIRST, lacks[_i], INT_MAX);
	ck_assert_ptr_null(spool_open(folder, SIZE, UINT64_C(1) << 50)); /* numbers are of the clock, as a rule */
	ck_assert_int_eq(errno, lacks[_i]);
	failing_error = 0;
	struct spool *spool = spool_open(folder, SIZE, 5);
	struct spool_cursor *one = spool_cursor_new(spool, "one", true);
	ck_assert_uint_eq(spool_last(spool), FIRST + 9);
	expect(one, 5, 10);
	spool_cursor_free(one);
	spool_close(spool);
}
END_TEST

/* With n descriptors left, whatever n: it starts and knows all, or does not start. */
START_TEST(descriptors_run_out)
{
	struct rlimit limit;
	bool started = false;

	fill(10, 5);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	for (unsigned room = 0; room < 10; room++) {
		int lowest = dup(0);
		close(lowest);
		struct rlimit few = { (rlim_t)lowest + room, limit.rlim_max };
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
		struct spool *spool = spool_open(folder, SIZE, 5);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
		ck_assert(spool || !started);
		if (!spool)
			continue;
		started = true;
		struct spool_cursor *one = spool_cursor_new(spool, "one", true);
		ck_assert_uint_eq(spool_last(spool), FIRST + 9);
		/* without the file of marks all comes again */
		int value = next(one);
		ck_assert(value == 5 || value == 0);
		expect(one, value + 1, 10);
		spool_cursor_free(one);
		spool_close(spool);
	}
	ck_assert(started);
}
END_TEST

/* More than memory holds, in several segments. */
enum { COUNT = SPOOL_MEMORY_RECORDS * 4 };

static struct spool *outgrow(struct spool_cursor **cursor)
{
	static const char more[100] = "";
	struct spool *spool = spool_open(folder, SIZE, FIRST);
	char text[200];

	*cursor = spool_cursor_new(spool, "slow", true);
	for (unsigned value = 0; value < COUNT; value++) {
		int length = snprintf(text, 64, "%u", value);
		memcpy(text + length, more, 100);
		spool_append(spool, text, (size_t)length + 100, now_ns());
		if (value % 4096 == 0)
			await_release(spool);
	}
	await_release(spool);
	return spool;
}

static unsigned number_of(const struct spool_item *item)
{
	return (unsigned)strtoul(item->octets, NULL, 10);
}

START_TEST(a_sink_waits_for_descriptors)
{
	struct spool_health health;
	struct spool_cursor *cursor;
	struct spool_item item;
	char text[SPOOL_TOLD];
	struct spool *spool = outgrow(&cursor);

	let_fail(FIRST, EMFILE, INT_MAX);
	for (unsigned i = 0; i < 30; i++) {
		ck_assert(!spool_next(cursor, &item));
		poll(NULL, 0, 100);
	}
	spool_read_health(spool, &health);
	ck_assert(!health.up);
	ck_assert_msg(strstr(health.problem, ".spool: Too many open files"), "%s", health.problem);
	failing_error = 0;
	for (unsigned value = 0; value < COUNT; value++) {
		ck_assert(spool_next(cursor, &item));
		ck_assert_uint_eq(number_of(&item), value);
	}
	spool_read_health(spool, &health);
	ck_assert(health.up);
	ck_assert(!spool_tell(spool, text));
	spool_cursor_free(cursor);
	spool_close(spool);
}
END_TEST

START_TEST(a_sink_passes_what_a_disk_does_not_give)
{
	char name[SPOOL_NAME_SIZE + 16], text[SPOOL_TOLD], path[200];
	struct spool_health health;
	struct spool_cursor *cursor;
	struct spool_item item;
	struct stat status;
	struct spool *spool = outgrow(&cursor);

	let_fail(FIRST, EIO, INT_MAX);
	int64_t began = now_ns();
	while (!spool_next(cursor, &item)) {
		ck_assert_int_lt(now_ns() - began, INT64_C(5000000000));
		poll(NULL, 0, 20);
	}
	unsigned first = number_of(&item);
	ck_assert_uint_gt(first, 1000);
	for (unsigned value = first + 1; value < COUNT; value++) {
		ck_assert(spool_next(cursor, &item));
		ck_assert_uint_eq(number_of(&item), value);
	}
	await_told(spool, text);
	ck_assert(!spool_tell(spool, text));
	spool_settle(cursor, spool_last(spool));
	poll(NULL, 0, 100);
	spool_read_health(spool, &health);
	ck_assert(health.up);
	ck_assert_uint_eq(health.lost, 0);
	spool_cursor_free(cursor);
	spool_close(spool);
	spool_segment_name(FIRST, name);
	snprintf(path, sizeof(path), "%s/%s.unreadable", folder, name);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq((uint64_t)status.st_size > 100000, true);
}
END_TEST

static void count_item(void *context, const struct spool_item *item)
{
	unsigned *count = context;

	*count += item->length > 0;
}

/* What stands open is not learned from a part. */
START_TEST(a_replay_says_that_it_is_not_whole)
{
	struct spool_cursor *cursor;
	struct spool *spool = outgrow(&cursor);
	unsigned count = 0;

	let_fail(FIRST, ENOMEM, INT_MAX);
	ck_assert(!spool_replay(spool, 0, count_item, &count));
	failing_error = 0;
	count = 0;
	ck_assert(spool_replay(spool, 0, count_item, &count));
	ck_assert_uint_eq(count, COUNT);
	/* What a disk does not give is set aside at once: a start does not wait for it. */
	let_fail(FIRST, EIO, INT_MAX);
	count = 0;
	ck_assert(spool_replay(spool, 0, count_item, &count));
	ck_assert_uint_lt(count, COUNT - 1000);
	spool_cursor_free(cursor);
	spool_close(spool);
}
END_TEST

static void await_up(struct spool *spool)
{
	struct spool_health health = { .up = false };

	for (unsigned i = 0; i < 500 && !health.up; i++) {
		poll(NULL, 0, 10);
		spool_read_health(spool, &health);
	}
	ck_assert(health.up);
}

/* A disk that is there only now, with what was not sent before. */
static void come_late(unsigned settled, bool told, int next_first)
{
	char away[100], text[SPOOL_TOLD];
	int refuge = spool_refuge_new();

	fill(10, settled);
	snprintf(away, sizeof(away), "%s/away", parent);
	ck_assert_int_eq(rename(disk, away), 0);
	struct spool *spool = spool_open(folder, SIZE, 5 * FIRST);
	ck_assert_ptr_nonnull(spool);
	ck_assert(spool_shelter(spool, refuge));
	struct spool_cursor *one = spool_cursor_new(spool, "one", true);
	append(spool, 10);
	await_release(spool);
	ck_assert_int_eq(next(one), 10);
	ck_assert_int_eq(rename(away, disk), 0);
	await_up(spool);
	spool_settle(one, 5 * FIRST);
	append(spool, 11);
	await_release(spool);
	ck_assert_int_eq(next(one), 11);
	spool_settle(one, 5 * FIRST + 1);
	append(spool, 12);
	await_release(spool);
	ck_assert(spool_tell(spool, text) == told);
	if (told)
		ck_assert_ptr_nonnull(strstr(text, "holds findings from before"));
	ck_assert(!spool_tell(spool, text));
	spool_cursor_free(one);
	spool_close(spool);
	spool = spool_open(folder, SIZE, 6 * FIRST);
	ck_assert(spool_shelter(spool, refuge));
	one = spool_cursor_new(spool, "one", true);
	/* with a past, what was sent since then comes a second time, under the same numbers */
	for (int value = next_first; value < 13; value++)
		ck_assert_int_eq(next(one), value);
	ck_assert_int_eq(next(one), -1);
	ck_assert(!spool_tell(spool, text));
	spool_cursor_free(one);
	spool_close(spool);
	close(refuge);
}

START_TEST(a_late_folder_keeps_its_past)
{
	come_late(5, true, 5);
}
END_TEST

START_TEST(a_late_folder_without_debts_is_taken)
{
	come_late(10, false, 12);
}
END_TEST

/* What the refuge has may be in what cannot be read, or not: it is sent, and no number is given twice. */
START_TEST(refuge_beside_what_cannot_be_read)
{
	int memory = spool_refuge_new();

	fill(10, 5);
	struct spool_refuge *refuge = spool_refuge_open(memory, folder);
	for (unsigned value = 7; value < 15; value++) {
		char text[64];
		int length = snprintf(text, sizeof(text), "{\"value\":%u}", value);
		ck_assert(spool_refuge_put(refuge, FIRST + value, text, (size_t)length, 0));
	}
	spool_refuge_close(refuge);
	let_fail(FIRST, EIO, INT_MAX);
	struct spool *spool = spool_open(folder, SIZE, 5);
	ck_assert(spool_shelter(spool, memory));
	struct spool_cursor *one = spool_cursor_new(spool, "one", true);
	ck_assert_uint_gt(append(spool, 15), FIRST + 15);
	await_release(spool);
	expect(one, 7, 16);
	ck_assert_int_eq(next(one), -1);
	spool_cursor_free(one);
	spool_close(spool);
	close(memory);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spool_unreadable");
	TCase *cases = tcase_create("spool_unreadable");

	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, a_disk_that_fails_costs_no_octet);
	tcase_add_test(cases, a_file_of_somebody_elses_costs_no_octet);
	tcase_add_test(cases, a_disk_that_failed_once_is_asked_again);
	tcase_add_loop_test(cases, a_lack_is_no_empty_segment, 0, sizeof(lacks) / sizeof(lacks[0]));
	tcase_add_test(cases, descriptors_run_out);
	tcase_add_test(cases, a_sink_waits_for_descriptors);
	tcase_add_test(cases, a_sink_passes_what_a_disk_does_not_give);
	tcase_add_test(cases, a_replay_says_that_it_is_not_whole);
	tcase_add_test(cases, a_late_folder_keeps_its_past);
	tcase_add_test(cases, a_late_folder_without_debts_is_taken);
	tcase_add_test(cases, refuge_beside_what_cannot_be_read);
	suite_add_tcase(suite, cases);
	return suite_end(suite);
}
