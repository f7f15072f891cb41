/* SPDX-License-Identifier: Apache-2.0 */
/* The sink of JSON lines: its file is appended to, rotated, opened while there is nothing to write, and waited for. */
#include "../../daemon/report/json.h"
#include "../../daemon/report/open_failure.h"
#include "sample.h"
#include "../suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[32];
static char path[64], rotated[64];

static void make_directory(void)
{
	strcpy(directory, P_tmpdir "/check_json.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/alerts.jsonl", directory);
	snprintf(rotated, sizeof(rotated), "%s/alerts.jsonl.1", directory);
}

static void remove_directory(void)
{
	unlink(path);
	unlink(rotated);
	rmdir(directory);
}

static size_t lines_in(const char *name)
{
	FILE *file = fopen(name, "r");
	size_t count = 0;
	int octet;

	if (!file)
		return 0;
	while ((octet = getc(file)) != EOF)
		count += octet == '\n';
	fclose(file);
	return count;
}

START_TEST(file_is_appended_and_reopened)
{
	struct sink *sink = json_sink_new(path, "edge-1");
	struct record record = sample_finding();
	struct stat status;

	umask(0077); /* as the unit has it */
	sink_write(sink, &record);
	sink_write(sink, &record);
	ck_assert_uint_eq(lines_in(path), 2);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
	ck_assert_int_eq(rename(path, rotated), 0);
	sink_write(sink, &record); /* not looked at yet: goes behind the others */
	sink_tick(sink, 0);
	sink_write(sink, &record);
	ck_assert_uint_eq(lines_in(rotated), 3);
	ck_assert_uint_eq(lines_in(path), 1);
	ck_assert(sink->health.up);
	ck_assert_uint_eq(sink->health.delivered, 4);
	sink_close(sink);
}
END_TEST

START_TEST(failed_writes_wait_in_order)
{
	struct sink *sink;
	struct record record = sample_finding();

	ck_assert_int_eq(rmdir(directory), 0); /* the folder comes later */
	sink = json_sink_new(path, "edge-1");
	for (int i = 0; i < 10; i++)
		sink_write(sink, &record);
	ck_assert(!sink->health.up);
	ck_assert_msg(strstr(sink->health.problem, "No such file") != NULL, "%s", sink->health.problem);
	ck_assert_uint_eq(sink->health.queued, 10);
	ck_assert_int_eq(mkdir(directory, 0700), 0);
	sink_tick(sink, 1);
	ck_assert(sink->health.up);
	ck_assert_uint_eq(sink->health.queued, 0);
	ck_assert_uint_eq(lines_in(path), 10);
	sink_close(sink);
}
END_TEST

/* That it cannot be opened is known before there is something to write. */
START_TEST(file_is_opened_while_idle)
{
	const int64_t second = INT64_C(1000000000);
	struct sink *sink;
	struct record record = sample_finding();
	struct stat status;

	ck_assert_int_eq(rmdir(directory), 0);
	sink = json_sink_new(path, "edge-1");
	sink_tick(sink, second);
	ck_assert(!sink->health.up);
	ck_assert_msg(strstr(sink->health.problem, "No such file") != NULL, "%s", sink->health.problem);
	ck_assert_int_eq(mkdir(directory, 0700), 0);
	sink_tick(sink, second + 1);
	ck_assert(sink->health.up);
	ck_assert_str_eq(sink->health.problem, "");
	ck_assert_int_eq(stat(path, &status), 0);
	/* Whoever rotates makes the next file, and has the time to. */
	ck_assert_int_eq(rename(path, rotated), 0);
	sink_tick(sink, 2 * second);
	sink_tick(sink, 3 * second);
	ck_assert_int_ne(stat(path, &status), 0);
	sink_tick(sink, 5 * second);
	ck_assert_int_eq(stat(path, &status), 0);
	sink_write(sink, &record);
	ck_assert_uint_eq(lines_in(path), 1);
	sink_close(sink);
}
END_TEST

START_TEST(a_right_that_is_missing_names_the_user)
{
	char text[OPEN_FAILURE_SIZE], wanted[OPEN_FAILURE_SIZE];

	snprintf(wanted, sizeof(wanted), "Permission denied to user %u", (unsigned)geteuid());
	ck_assert_str_eq(open_failure(EACCES, text), wanted);
	ck_assert_str_eq(open_failure(ENOENT, text), "No such file or directory");
}
END_TEST

START_TEST(queue_is_bounded)
{
	struct sink *sink = json_sink_new("/nonexistent/espial", "edge-1");
	struct record record = { .type = RECORD_NOTICE, .notice = { NOTICE_INFO, "x" } };

	for (int i = 0; i < JSON_SINK_LINES_MAX + 5; i++)
		sink_write(sink, &record);
	ck_assert_uint_eq(sink->health.queued, JSON_SINK_LINES_MAX);
	ck_assert_uint_eq(sink->health.dropped, 5);
	sink_close(sink);
}
END_TEST

START_TEST(partial_writes_go_on)
{
	struct sink *sink;
	struct record record = sample_finding();
	char *line = record_to_json(&record, "edge-1"), buffer[65536];
	size_t length = strlen(line) + 1, count = 200, total = 0;
	int reader;
	ssize_t got;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	ck_assert_int_ge(reader, 0);
	ck_assert_int_ge(fcntl(reader, F_SETPIPE_SZ, 4096), 0);
	sink = json_sink_new(path, "edge-1");
	for (size_t i = 0; i < count; i++)
		sink_write(sink, &record);
	ck_assert_uint_gt(sink->health.queued, 0);
	while (sink->health.queued > 0) {
		/* An odd number, so that lines are cut anywhere. */
		while ((got = read(reader, buffer, 777)) > 0) {
			for (ssize_t i = 0; i < got; i++, total++) {
				char wanted = total % length == length - 1 ? '\n' : line[total % length];
				ck_assert_msg(buffer[i] == wanted, "octet %zu", total);
			}
		}
		sink_tick(sink, 0);
	}
	while ((got = read(reader, buffer, sizeof(buffer))) > 0)
		total += (size_t)got;
	ck_assert_uint_eq(total, length * count);
	sink_close(sink);
	close(reader);
	free(line);
}
END_TEST
int main(void)
{
	Suite *suite = suite_create("json file");
	TCase *files = tcase_create("files");

	tcase_add_checked_fixture(files, make_directory, remove_directory);
	tcase_add_test(files, file_is_appended_and_reopened);
	tcase_add_test(files, failed_writes_wait_in_order);
	tcase_add_test(files, file_is_opened_while_idle);
	tcase_add_test(files, a_right_that_is_missing_names_the_user);
	tcase_add_test(files, queue_is_bounded);
	tcase_add_test(files, partial_writes_go_on);
	tcase_set_timeout(files, 30);
	suite_add_tcase(suite, files);
	return suite_end(suite);
}
