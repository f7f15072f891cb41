/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spool: order, restarts, kill -9 at any moment, torn and changed files, its bound, a disk that takes nothing.
 */
#include "../../daemon/report/spool.h"
#include "../../daemon/report/spool_refuge.h"
#include "../../daemon/report/spool_segment.h"
#include "../suite.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 1 << 20, FIRST = 1000 };

static char parent[64], folder[80];

static void setup(void)
{
	snprintf(parent, sizeof(parent), P_tmpdir "/check_spool.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(parent));
	snprintf(folder, sizeof(folder), "%s/spool", parent);
}

static void teardown(void)
{
	char command[100];

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
	while (spool_released(spool, now_ns()) < spool_last(spool)) {
		struct pollfd ready = { .fd = spool_descriptor(spool), .events = POLLIN };
		ck_assert_int_ge(poll(&ready, 1, 10), 0);
	}
}

static unsigned value_of(const struct spool_item *item)
{
	unsigned value = 0;
	char text[64];

	ck_assert_uint_lt(item->length, sizeof(text));
	memcpy(text, item->octets, item->length);
	text[item->length] = '\0';
	ck_assert_int_eq(sscanf(text, "{\"value\":%u}", &value), 1);
	return value;
}

/* The cursor gives exactly these values next. */
static void expect(struct spool_cursor *cursor, unsigned first, unsigned end)
{
	struct spool_item item;

	for (unsigned value = first; value < end; value++) {
		ck_assert_msg(spool_next(cursor, &item), "nothing instead of %u", value);
		ck_assert_uint_eq(value_of(&item), value);
	}
}

START_TEST(goes_on_where_it_was)
{
	struct spool *spool = spool_open(folder, SIZE, FIRST);
	struct spool_cursor *one = spool_cursor_new(spool, "one", true), *two = spool_cursor_new(spool, "two", true);
	struct spool_item item;

	for (unsigned value = 0; value < 100; value++)
		ck_assert_uint_eq(append(spool, value), FIRST + value);
	await_release(spool);
	expect(one, 0, 100);
	ck_assert(!spool_next(one, &item));
	spool_settle(one, FIRST + 39);
	expect(two, 0, 100);
	spool_settle(two, FIRST + 99);
	spool_cursor_free(one);
	spool_cursor_free(two);
	spool_close(spool);

	spool = spool_open(folder, SIZE, 5);
	ck_assert_uint_eq(spool_last(spool), FIRST + 99);
	one = spool_cursor_new(spool, "one", true);
	two = spool_cursor_new(spool, "two", true);
	struct spool_cursor *fresh = spool_cursor_new(spool, "new", true);
	struct spool_cursor *passing = spool_cursor_new(spool, "text", false);
	spool_settle(two, FIRST + 99);
	ck_assert_uint_eq(append(spool, 100), FIRST + 100);
	await_release(spool);
	expect(one, 40, 101);
	expect(two, 100, 101);
	expect(fresh, 100, 101);
	expect(passing, 100, 101);
	ck_assert(spool_recalls(spool, "{\"value\":99}", 12));
	ck_assert(!spool_recalls(spool, "{\"value\":100}", 13));
	spool_cursor_free(one);
	spool_cursor_free(two);
	spool_cursor_free(fresh);
	spool_cursor_free(passing);
	spool_close(spool);
}
END_TEST

/* What memory lets go is read from disk, in order, while more is appended. */
START_TEST(outgrows_memory)
{
	enum { COUNT = SPOOL_MEMORY_RECORDS + 3000 };
	struct spool *spool = spool_open(folder, 16 << 20, FIRST);
	struct spool_cursor *cursor = spool_cursor_new(spool, "slow", true);
	unsigned appended = 0;

	for (; appended < COUNT; appended++) {
		append(spool, appended);
		if (appended % 4096 == 0)
			await_release(spool);
	}
	await_release(spool);
	expect(cursor, 0, 1500);
	for (; appended < COUNT + 500; appended++)
		append(spool, appended);
	await_release(spool);
	expect(cursor, 1500, COUNT + 500);
	spool_settle(cursor, FIRST + COUNT + 499);
	for (; appended < COUNT + 600; appended++)
		append(spool, appended);
	await_release(spool);
	expect(cursor, COUNT + 500, COUNT + 600);
	spool_settle(cursor, FIRST + COUNT + 599);
	spool_cursor_free(cursor);
	spool_close(spool);
}
END_TEST

static unsigned count_segments(uint64_t *last)
{
	DIR *listing = opendir(folder);
	const struct dirent *entry;
	unsigned count = 0;
	uint64_t number;

	*last = 0;
	while ((entry = readdir(listing)))
		if (spool_segment_number(entry->d_name, &number)) {
			count++;
			*last = number > *last ? number : *last;
		}
	closedir(listing);
	return count;
}

START_TEST(deletes_what_is_settled)
{
	struct spool *spool = spool_open(folder, SIZE, FIRST);
	struct spool_cursor *cursor = spool_cursor_new(spool, "one", true);
	uint64_t last;

	for (unsigned value = 0; value < 8000; value++) {
		append(spool, value);
		if (value % 500 == 0)
			await_release(spool);
	}
	await_release(spool);
	ck_assert_uint_gt(count_segments(&last), 3);
	spool_settle(cursor, spool_last(spool));
	for (unsigned i = 0; i < 200 && count_segments(&last) > 1; i++)
		poll(NULL, 0, 10);
	ck_assert_uint_eq(count_segments(&last), 1);
	spool_cursor_free(cursor);
	spool_close(spool);
}
END_TEST

START_TEST(keeps_its_bound)
{
	enum { COUNT = 60000 };
	struct spool *spool = spool_open(folder, SIZE, FIRST);
	struct spool_cursor *cursor = spool_cursor_new(spool, "down", true);
	struct spool_health health;
	struct spool_item item;
	unsigned count = 0, last = 0;

	for (unsigned value = 0; value < COUNT; value++) {
		append(spool, value);
		if (value % 1000 == 0)
			await_release(spool);
	}
	await_release(spool);
	append(spool, COUNT); /* the writer looks at the bound once more */
	await_release(spool);
	spool_read_health(spool, &health);
	ck_assert_uint_le(health.octets, SIZE + (64 << 10));
	ck_assert_uint_gt(health.lost, COUNT / 4);
	/* the newest, in order, and together with the lost all of them */
	while (spool_next(cursor, &item)) {
		ck_assert(count == 0 || value_of(&item) == last + 1);
		last = value_of(&item);
		count++;
	}
	ck_assert_uint_eq(last, COUNT);
	ck_assert_uint_eq(count + health.lost, COUNT + 1);
	spool_cursor_free(cursor);
	spool_close(spool);
}
END_TEST

/* As many files as the list of them holds, each with a record that a sink wants still: one of them makes room for the next. */
START_TEST(as_many_segments_as_are_listed)
{
	enum { SEGMENTS = 4096 };
	char path[128], name[SPOOL_NAME_SIZE], octets[128], text[32];
	unsigned count = 0, last = 0;
	struct spool_item item;
	struct spool_health health;

	ck_assert_int_eq(mkdir(folder, 0750), 0);
	for (unsigned value = 0; value < SEGMENTS; value++) {
		int length = snprintf(text, sizeof(text), "{\"value\":%u}", value);
		size_t size = spool_segment_put(octets, FIRST + value, text, (size_t)length);
		spool_segment_name(FIRST + value, name);
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		int file = open(path, O_WRONLY | O_CREAT, 0640);
		ck_assert_int_eq(write(file, octets, size), (ssize_t)size);
		close(file);
	}
	struct spool *spool = spool_open(folder, SIZE, FIRST);
	struct spool_cursor *cursor = spool_cursor_new(spool, "down", true);
	append(spool, SEGMENTS);
	await_release(spool);
	while (spool_next(cursor, &item)) {
		ck_assert(count == 0 || value_of(&item) == last + 1);
		last = value_of(&item);
		count++;
	}
	spool_read_health(spool, &health);
	ck_assert_uint_eq(last, SEGMENTS);
	ck_assert_uint_ge(count, SEGMENTS - 1);
	ck_assert_uint_eq(count + health.lost, SEGMENTS + 1);
	spool_cursor_free(cursor);
	spool_close(spool);
}
END_TEST

/* Writes values and says on the pipe up to which they were released as durable. */
static void write_until_killed(int report)
{
	struct spool *spool = spool_open(folder, SIZE, FIRST);
	uint64_t before = spool_last(spool);

	for (;;) {
		for (unsigned i = 0; i < 7; i++)
			append(spool, (unsigned)(spool_last(spool) + 1 - FIRST));
		await_release(spool);
		uint64_t released = spool_last(spool);
		if (released > before && write(report, &released, sizeof(released)) != sizeof(released))
			_exit(1);
	}
}

START_TEST(survives_kill_at_any_moment)
{
	uint64_t promised = FIRST - 1;
	unsigned seed = 7;

	for (unsigned round = 0; round < 25; round++) {
		int report[2];
		uint64_t released;

		ck_assert_int_eq(pipe(report), 0);
		pid_t child = fork();
		if (child == 0)
			write_until_killed(report[1]);
		close(report[1]);
		/* However slow the disk: it dies after something was promised. */
		struct pollfd first = { .fd = report[0], .events = POLLIN };
		ck_assert_int_eq(poll(&first, 1, 10000), 1);
		poll(NULL, 0, rand_r(&seed) % 30);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (read(report[0], &released, sizeof(released)) == sizeof(released))
			promised = released;
		close(report[0]);

		struct spool *spool = spool_open(folder, SIZE, FIRST);
		ck_assert_uint_ge(spool_last(spool), promised);
		struct spool_cursor *cursor = spool_cursor_new(spool, "reader", true);
		struct spool_item item;
		uint64_t number = 0;
		while (spool_next(cursor, &item)) {
			ck_assert_uint_eq(value_of(&item), item.number - FIRST);
			ck_assert(number == 0 || item.number == number + 1);
			number = item.number;
		}
		if (number)
			spool_settle(cursor, number - number % 3);
		ck_assert(number == 0 || number == spool_last(spool));
		spool_cursor_free(cursor);
		spool_close(spool);
	}
	ck_assert_uint_ge(promised, FIRST + 25);
}
END_TEST

static void segment_path(char path[160])
{
	char name[SPOOL_NAME_SIZE];
	uint64_t last;

	ck_assert_uint_eq(count_segments(&last), 1);
	spool_segment_name(last, name);
	snprintf(path, 160, "%s/%s", folder, name);
}

static void fill(unsigned count)
{
	struct spool *spool = spool_open(folder, SIZE, FIRST);
	struct spool_cursor *cursor = spool_cursor_new(spool, "one", true);

	for (unsigned value = 0; value < count; value++)
		append(spool, value);
	await_release(spool);
	spool_cursor_free(cursor);
	spool_close(spool);
}

/* _i octets are missing at the end: of the last record, nothing else. */
START_TEST(torn_tail_is_cut)
{
	char path[160];
	struct stat status;
	struct spool_item item;

	fill(10);
	segment_path(path);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(truncate(path, status.st_size - _i), 0);
	struct spool *spool = spool_open(folder, SIZE, FIRST);
	struct spool_cursor *cursor = spool_cursor_new(spool, "one", true);
	ck_assert_uint_eq(append(spool, 9), FIRST + 9);
	await_release(spool);
	expect(cursor, 0, 10);
	ck_assert(!spool_next(cursor, &item));
	spool_cursor_free(cursor);
	spool_close(spool);
	spool = spool_open(folder, SIZE, FIRST);
	cursor = spool_cursor_new(spool, "one", true);
	expect(cursor, 0, 10);
	spool_cursor_free(cursor);
	spool_close(spool);
}
END_TEST

/* An octet in the middle is another: one record is gone, those around it are not. */
START_TEST(changed_octet_costs_one_record)
{
	struct spool_item item;
	char path[160];
	unsigned count = 0;
	struct stat status;

	fill(10);
	segment_path(path);
	ck_assert_int_eq(stat(path, &status), 0);
	int file = open(path, O_RDWR);
	off_t at = status.st_size / 10 * 4 + _i; /* in the fifth of ten equal records */
	char octet;
	ck_assert_int_eq(pread(file, &octet, 1, at), 1);
	octet ^= 0x20;
	ck_assert_int_eq(pwrite(file, &octet, 1, at), 1);
	close(file);
	struct spool *spool = spool_open(folder, SIZE, FIRST);
	struct spool_cursor *cursor = spool_cursor_new(spool, "one", true);
	while (spool_next(cursor, &item)) {
		ck_assert_uint_ne(value_of(&item), 4);
		count++;
	}
	ck_assert_uint_eq(count, 9);
	spool_cursor_free(cursor);
	spool_close(spool);
}
END_TEST

START_TEST(without_a_folder_memory_serves)
{
	struct spool *spool = spool_open(NULL, SIZE, FIRST);
	struct spool_cursor *cursor = spool_cursor_new(spool, "one", true);
	struct spool_health health;
	struct spool_item item;

	append(spool, 0);
	ck_assert_uint_eq(spool_released(spool, now_ns()), FIRST);
	ck_assert(spool_next(cursor, &item));
	ck_assert(!item.not_durable);
	spool_read_health(spool, &health);
	ck_assert(health.up);
	spool_cursor_free(cursor);
	spool_close(spool);
}
END_TEST

START_TEST(late_folder_is_taken)
{
	char hidden[100], inner[120];
	struct spool_health health;
	struct spool_item item;

	snprintf(hidden, sizeof(hidden), "%s/mount", parent);
	snprintf(inner, sizeof(inner), "%s/spool", hidden);
	struct spool *spool = spool_open(inner, SIZE, FIRST);
	struct spool_cursor *cursor = spool_cursor_new(spool, "one", true);
	append(spool, 0);
	await_release(spool);
	ck_assert(spool_next(cursor, &item));
	ck_assert(item.not_durable);
	spool_read_health(spool, &health);
	ck_assert(!health.up);
	ck_assert_msg(strstr(health.problem, "No such file"), "%s", health.problem);
	ck_assert_int_eq(mkdir(hidden, 0755), 0);
	for (unsigned i = 0; i < 300 && !health.up; i++) {
		poll(NULL, 0, 10);
		spool_read_health(spool, &health);
	}
	ck_assert(health.up);
	append(spool, 1);
	await_release(spool);
	ck_assert(spool_next(cursor, &item));
	ck_assert(!item.not_durable);
	spool_settle(cursor, FIRST);
	spool_cursor_free(cursor);
	spool_close(spool);
	spool = spool_open(inner, SIZE, FIRST);
	cursor = spool_cursor_new(spool, "one", true);
	expect(cursor, 1, 2);
	spool_cursor_free(cursor);
	spool_close(spool);
}
END_TEST

/* What another espiald keeps is let alone until that has ended. */
START_TEST(folder_of_another_is_let_alone)
{
	struct spool_health health;

	ck_assert(!spool_is_taken(folder));
	struct spool *other = spool_open(folder, SIZE, FIRST);
	struct spool_cursor *cursor = spool_cursor_new(other, "one", true);
	append(other, 0);
	await_release(other);
	ck_assert(spool_is_taken(folder));
	struct spool *spool = spool_open(folder, SIZE, FIRST + 10);
	append(spool, 7);
	await_release(spool);
	spool_read_health(spool, &health);
	ck_assert(!health.up);
	ck_assert_msg(strstr(health.problem, "another process has ") != NULL, "%s", health.problem);
	expect(cursor, 0, 1);
	spool_cursor_free(cursor);
	spool_close(other);
	for (unsigned i = 0; i < 300 && !health.up; i++) {
		poll(NULL, 0, 10);
		spool_read_health(spool, &health);
	}
	ck_assert(health.up);
	spool_close(spool);
	ck_assert(!spool_is_taken(folder));
}
END_TEST

/* A limit on the size of files stands in for a disk that is full. */
START_TEST(full_disk_delays_nothing)
{
	struct rlimit limit;
	struct spool_item item;
	struct stat status;
	char path[160];
	unsigned value = 0;

	signal(SIGXFSZ, SIG_IGN);
	struct spool *spool = spool_open(folder, SIZE, FIRST);
	struct spool_cursor *cursor = spool_cursor_new(spool, "one", true);
	for (; value < 10; value++)
		append(spool, value);
	await_release(spool);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	rlim_t before = limit.rlim_cur;
	segment_path(path);
	ck_assert_int_eq(stat(path, &status), 0);
	limit.rlim_cur = (rlim_t)status.st_size;
	/* Check's own messages go to a file: nothing is asserted until the limit is gone. */
	int64_t began = now_ns();
	int limited = setrlimit(RLIMIT_FSIZE, &limit);
	for (; value < 100; value++)
		append(spool, value);
	while (spool_released(spool, now_ns()) < spool_last(spool))
		poll(NULL, 0, 1);
	int64_t took = now_ns() - began;
	limit.rlim_cur = before;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(limited, 0);
	ck_assert_int_lt(took, (SPOOL_PATIENCE_MS + 100) * INT64_C(1000000));
	for (unsigned i = 0; i < 100; i++) {
		ck_assert(spool_next(cursor, &item));
		ck_assert_uint_eq(value_of(&item), i);
		ck_assert_msg(item.not_durable == (i >= 10), "%u", i);
	}
	/* there is room again: what is not settled gets onto the disk, behind what is there */
	struct spool_health health = { .up = false };
	for (unsigned i = 0; i < 300 && !health.up; i++) {
		poll(NULL, 0, 10);
		spool_read_health(spool, &health);
	}
	ck_assert(health.up);
	spool_settle(cursor, FIRST + 49);
	spool_cursor_free(cursor);
	spool_close(spool);
	spool = spool_open(folder, SIZE, FIRST);
	cursor = spool_cursor_new(spool, "one", true);
	expect(cursor, 50, 100);
	spool_cursor_free(cursor);
	spool_close(spool);
}
END_TEST

/* A folder that cannot be made stands in for a disk that takes nothing. */
static struct spool *begin_sheltered(const char *inner, int refuge, uint64_t clock)
{
	struct spool *spool = spool_open(inner, SIZE, clock);

	ck_assert(spool_shelter(spool, refuge));
	return spool;
}

START_TEST(refuge_outlives_the_process)
{
	char inner[120];
	struct spool_item item;
	int refuge = spool_refuge_new();

	ck_assert_int_ge(refuge, 0);
	snprintf(inner, sizeof(inner), "%s/spool", folder);
	pid_t child = fork();
	if (child == 0) {
		struct spool *spool = begin_sheltered(inner, refuge, FIRST);
		struct spool_cursor *one = spool_cursor_new(spool, "one", true);
		(void)spool_cursor_new(spool, "two", true);
		for (unsigned i = 0; i < 20; i++)
			append(spool, i);
		while (spool_released(spool, now_ns()) < spool_last(spool))
			poll(NULL, 0, 1);
		spool_settle(one, FIRST + 4);
		append(spool, 20); /* released it was not, and so it is not taken from the stream */
		raise(SIGKILL);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	/* the disk is there again, and the clock went on */
	ck_assert_int_eq(mkdir(folder, 0750), 0);
	struct spool *spool = begin_sheltered(inner, refuge, FIRST + 1000);
	struct spool_cursor *one = spool_cursor_new(spool, "one", true), *two = spool_cursor_new(spool, "two", true);
	ck_assert_uint_eq(spool_last(spool), FIRST + 19);
	ck_assert(spool_recalls(spool, "{\"value\":19}", 12));
	ck_assert(!spool_recalls(spool, "{\"value\":20}", 12));
	append(spool, 20);
	await_release(spool);
	for (unsigned i = 5; i < 21; i++) {
		ck_assert(spool_next(one, &item));
		ck_assert_uint_eq(item.number, FIRST + i);
		ck_assert_uint_eq(value_of(&item), i);
	}
	expect(two, 0, 21);
	spool_cursor_free(one);
	spool_cursor_free(two);
	spool_close(spool);
	/* on disk now: neither lost nor twice */
	spool = begin_sheltered(inner, refuge, FIRST + 5);
	two = spool_cursor_new(spool, "two", true);
	ck_assert_uint_eq(spool_last(spool), FIRST + 20);
	expect(two, 0, 21);
	spool_cursor_free(two);
	spool_close(spool);
	/* of another folder: nothing */
	snprintf(inner, sizeof(inner), "%s/other", folder);
	spool = begin_sheltered(inner, refuge, FIRST);
	ck_assert_uint_eq(spool_last(spool), FIRST - 1);
	spool_close(spool);
	close(refuge);
}
END_TEST

START_TEST(refuge_makes_room_in_order)
{
	static char octets[100000];
	struct spool_record record;
	int memory = spool_refuge_new();
	struct spool_refuge *refuge = spool_refuge_open(memory, "one");
	size_t offset = 0;
	uint64_t number = 1, expected;

	ck_assert_ptr_nonnull(refuge);
	while (spool_refuge_put(refuge, number, octets, sizeof(octets), 0))
		number++;
	ck_assert_uint_eq(number - 1, SPOOL_REFUGE_HALF / (sizeof(octets) + SPOOL_HEADER));
	ck_assert(!spool_refuge_put(refuge, number + 1, octets, 1, 0)); /* what follows a gap could not be numbered */
	ck_assert(spool_refuge_put(refuge, number, octets, sizeof(octets), 10));
	spool_refuge_close(refuge);
	refuge = spool_refuge_open(memory, "one");
	for (expected = 11; spool_refuge_next(refuge, &offset, &record); expected++)
		ck_assert_uint_eq(record.number, expected);
	ck_assert_uint_eq(expected, number + 1);
	ck_assert(spool_refuge_put(refuge, 1000, octets, 1, 999)); /* empty again */
	spool_refuge_close(refuge);
	ck_assert_ptr_null(spool_refuge_open(-1, "one"));
	close(memory);
}
END_TEST

START_TEST(commits_within_its_time)
{
	struct spool *spool = spool_open(folder, SIZE, FIRST);
	struct spool_cursor *cursor = spool_cursor_new(spool, "one", true);
	int64_t worst = 0;

	for (unsigned value = 0; value < 50; value++) {
		int64_t began = now_ns();
		append(spool, value);
		await_release(spool);
		if (now_ns() - began > worst)
			worst = now_ns() - began;
	}
	ck_assert_int_lt(worst, (SPOOL_PATIENCE_MS + 50) * INT64_C(1000000));
	spool_cursor_free(cursor);
	spool_close(spool);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spool");
	TCase *cases = tcase_create("spool");

	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, goes_on_where_it_was);
	tcase_add_test(cases, outgrows_memory);
	tcase_add_test(cases, deletes_what_is_settled);
	tcase_add_test(cases, keeps_its_bound);
	tcase_add_test(cases, as_many_segments_as_are_listed);
	tcase_add_test(cases, survives_kill_at_any_moment);
	tcase_add_loop_test(cases, torn_tail_is_cut, 1, SPOOL_HEADER + 12);
	tcase_add_loop_test(cases, changed_octet_costs_one_record, 0, SPOOL_HEADER + 11);
	tcase_add_test(cases, without_a_folder_memory_serves);
	tcase_add_test(cases, late_folder_is_taken);
	tcase_add_test(cases, folder_of_another_is_let_alone);
	tcase_add_test(cases, full_disk_delays_nothing);
	tcase_add_test(cases, refuge_outlives_the_process);
	tcase_add_test(cases, refuge_makes_room_in_order);
	tcase_add_test(cases, commits_within_its_time);
	suite_add_tcase(suite, cases);
	return suite_end(suite);
}
