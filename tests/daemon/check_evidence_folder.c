/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures of alerts from the parcel to the folder: what was handed over is read back by our own reader of captures, octet by octet, and the
 * bounds of file and folder hold, whatever the disk does.
 */
#include "../../daemon/evidence_keeper.h"
#include "../../daemon/evidence_post.h"
#include "../../daemon/report/evidence_folder.h"
#include "../../daemon/report/evidence_parcel.h"
#include "../../daemon/report/json.h"
#include "../../daemon/report/pcapng.h"
#include "evidence_captures.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- tests ---- */

START_TEST(parcels)
{
	static struct evidence_parcel parcel;
	struct evidence_unpacking unpacking;
	char name[EVIDENCE_NAME_MAX];
	enum evidence_mark mark;
	struct frame frame;
	uint8_t octets[256];
	static uint8_t large[UINT16_MAX + 1];
	unsigned count = 0;

	evidence_parcel_begin(&parcel, ALERT, 77);
	for (struct frame next = numbered(0, octets);
	     evidence_parcel_put(&parcel, &next, (enum evidence_mark)(count % EVIDENCE_MARK_COUNT), "eth0");
	     next = numbered(++count, octets))
		;
	ck_assert_uint_gt(count, 100);
	ck_assert_uint_eq(parcel.frames, count);
	ck_assert(evidence_parcel_open(&unpacking, parcel.octets, parcel.used));
	ck_assert_uint_eq(unpacking.alert, ALERT);
	ck_assert_uint_eq(unpacking.lost, 77);
	for (unsigned n = 0; n < count; n++) {
		struct frame expected = numbered(n, octets);
		ck_assert(evidence_parcel_next(&unpacking, &frame, &mark, name));
		ck_assert_uint_eq(frame.captured, expected.captured);
		ck_assert_int_eq(memcmp(frame.bytes, octets, frame.captured), 0);
		ck_assert_int_eq(mark, n % EVIDENCE_MARK_COUNT);
		ck_assert_str_eq(name, "eth0");
	}
	ck_assert(!evidence_parcel_next(&unpacking, &frame, &mark, name));
	/* What is too large for any parcel is refused; of a long name the start is kept. */
	frame = (struct frame){ .bytes = large, .captured = sizeof(large), .length = sizeof(large) };
	evidence_parcel_begin(&parcel, ALERT, 0);
	ck_assert(!evidence_parcel_put(&parcel, &frame, EVIDENCE_MARK_NONE, NULL));
	frame.captured = 1;
	memset(large, 'x', 200);
	ck_assert(evidence_parcel_put(&parcel, &frame, EVIDENCE_MARK_NONE, (const char *)large));
	ck_assert(evidence_parcel_open(&unpacking, parcel.octets, parcel.used));
	ck_assert(evidence_parcel_next(&unpacking, &frame, &mark, name));
	ck_assert_uint_eq(strlen(name), EVIDENCE_NAME_MAX - 1);
	/* Cut anywhere: fewer frames, never others. */
	for (size_t length = 0; length < parcel.used; length++) {
		if (!evidence_parcel_open(&unpacking, parcel.octets, length))
			continue;
		ck_assert(!evidence_parcel_next(&unpacking, &frame, &mark, name));
	}
}
END_TEST

START_TEST(read_back)
{
	struct evidence_folder *folder = begin(NULL);
	static struct evidence_parcel parcel;

	/* Nobody said anything of the alert: it is not known under which name to keep it. */
	evidence_parcel_begin(&parcel, ALERT, 0);
	ck_assert(!evidence_folder_add(folder, ALERT, parcel.octets, parcel.used, NOW));
	tell(folder, ALERT, FINDING_OPEN);
	ck_assert(!evidence_folder_add(folder, ALERT, (const uint8_t *)"x", 1, NOW));
	add_numbered(folder, ALERT, 0, 40);
	check_numbered(ALERT, 0, 40);
	add_numbered(folder, ALERT, 40, 25);
	check_numbered(ALERT, 0, 65);
	ck_assert_uint_eq(evidence_folder_health(folder)->delivered, 1);
	ck_assert_uint_eq(evidence_folder_health(folder)->dropped, 0);
	ck_assert(evidence_folder_health(folder)->up);
	const char *text = text_of(ALERT);
	ck_assert_ptr_nonnull(
	    strstr(text, "alert 00000000000000a1: cleartext-leak/sa-lost, high, observed, open\nsentence 0"));
	ck_assert_ptr_nonnull(strstr(text, "sensor edge-1"));
	ck_assert_ptr_nonnull(strstr(text, "cleartext-leak: in clear, which the policy does not allow"));
	ck_assert_ptr_nonnull(strstr(text, "espial "));
	struct stat status;
	char path[256];
	path_of(ALERT, path);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0007, 0);
	evidence_folder_free(folder);
	remove_all();
}
END_TEST

/* The comment follows what is told; the frames stay, and more can come. */
START_TEST(told_again)
{
	struct evidence_folder *folder = begin(NULL);

	tell(folder, ALERT, FINDING_OPEN);
	add_numbered(folder, ALERT, 0, 10);
	tell(folder, ALERT, FINDING_UPDATE);
	ck_assert_ptr_nonnull(strstr(text_of(ALERT), "open\nsentence 1"));
	ck_assert_ptr_null(strstr(text_of(ALERT), "sentence 0"));
	add_numbered(folder, ALERT, 10, 10);
	tell(folder, ALERT, FINDING_CLEAR);
	ck_assert_ptr_nonnull(strstr(text_of(ALERT), "cleared by secured-again\nsentence 1\nsentence 2"));
	add_numbered(folder, ALERT, 20, 10);
	check_numbered(ALERT, 0, 30);
	/* Of an alert without frames nothing is made. */
	tell(folder, ALERT + 1, FINDING_OPEN);
	tell(folder, ALERT + 1, FINDING_CLEAR);
	ck_assert(!is_there(ALERT + 1));
	evidence_folder_free(folder);
	remove_all();
}
END_TEST

/* Another process goes on with the file, also where the one before was killed while it wrote. */
START_TEST(taken_over)
{
	for (unsigned cut = 0; cut < 60; cut += 7) {
		struct evidence_folder *folder = begin(NULL);
		char path[256];
		tell(folder, ALERT, FINDING_OPEN);
		add_numbered(folder, ALERT, 0, 10);
		size_t whole = size_of(ALERT);
		evidence_folder_free(folder);
		path_of(ALERT, path);
		int file = open(path, O_WRONLY | O_APPEND);
		static const uint8_t torn[] = { 6, 0, 0, 0, 64, 0, 0, 0 };
		for (unsigned i = 0; i < cut; i++)
			ck_assert_int_eq(write(file, i < sizeof(torn) ? &torn[i] : (const uint8_t *)"", 1), 1);
		close(file);
		size_t length;
		char problem[256];
		free(evidence_folder_read(folder_path, ALERT, &length, problem, sizeof(problem)));
		ck_assert_uint_eq(length, whole);
		folder = begin(NULL);
		tell(folder, ALERT, FINDING_UPDATE);
		add_numbered(folder, ALERT, 10, 10);
		check_numbered(ALERT, 0, 20);
		evidence_folder_free(folder);
		remove_all();
	}
	/* Unless what is there is of another run. */
	struct evidence_folder_settings anew = usual();
	anew.anew = true;
	for (unsigned i = 0; i < 2; i++) {
		struct evidence_folder *folder = begin(&anew);
		tell(folder, ALERT, FINDING_OPEN);
		add_numbered(folder, ALERT, 0, 10);
		add_numbered(folder, ALERT, 10, 10);
		check_numbered(ALERT, 0, 20);
		evidence_folder_free(folder);
	}
	remove_all();
}
END_TEST

START_TEST(one_file_has_a_bound)
{
	struct evidence_folder_settings settings = usual();
	struct evidence_folder *folder;
	char path[256];

	settings.file_size = 16 << 10;
	folder = begin(&settings);
	tell(folder, ALERT, FINDING_OPEN);
	for (unsigned i = 0; i < 20; i++)
		add_numbered(folder, ALERT, 0, 40);
	ck_assert_uint_le(size_of(ALERT), 16 << 10);
	ck_assert_uint_ge(size_of(ALERT), 15 << 10);
	path_of(ALERT, path);
	struct capture_file_error error;
	static struct frame frames[READ_MAX];
	struct capture_file *file = capture_file_open(path, &error);
	ck_assert_ptr_nonnull(file);
	while (capture_file_next(file, frames, READ_MAX) > 0)
		;
	ck_assert(capture_file_sound(file, &error));
	capture_file_close(file);
	ck_assert_uint_eq(evidence_folder_health(folder)->dropped, 0);
	evidence_folder_free(folder);
	remove_all();
}
END_TEST

static void make_foreign(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", folder_path, name);
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(ftruncate(file, 4 << 20), 0);
	close(file);
}

static bool is_foreign_there(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", folder_path, name);
	return access(path, F_OK) == 0;
}

/* The oldest goes first, by size and by age, and only what is a capture of ours. */
START_TEST(the_folder_has_bounds)
{
	static const char *const others[] = { "keys.pcapng", "0123456789abcdeX.pcapng", "0123456789abcdef.pcapng.bak",
					      "0123456789abcdef", "notes" };
	struct evidence_folder_settings settings = usual();
	struct evidence_folder *folder;
	uint64_t total = 0;

	for (unsigned i = 0; i < 5; i++)
		make_foreign(others[i]);
	make_foreign("0123456789abcdef.new"); /* left over by a writer that was killed */
	settings.size = 64 << 10;
	folder = begin(&settings);
	ck_assert(!is_foreign_there("0123456789abcdef.new"));
	for (unsigned i = 0; i < 40; i++) {
		static struct evidence_parcel parcel;
		uint8_t octets[256];
		tell(folder, 1 + (i * 7) % 40, FINDING_OPEN);
		evidence_parcel_begin(&parcel, 1, 0);
		for (unsigned n = 0; n < 30; n++) {
			struct frame frame = numbered(n, octets);
			evidence_parcel_put(&parcel, &frame, EVIDENCE_MARK_NONE, "eth0");
		}
		ck_assert(evidence_folder_add(folder, 1 + (i * 7) % 40, parcel.octets, parcel.used, NOW + i * DAY));
	}
	unsigned kept = 0;
	for (unsigned i = 0; i < 40; i++) {
		bool there = is_there(1 + (i * 7) % 40);
		/* Those that are left are the latest. */
		ck_assert(there || kept == 0);
		kept += there;
		total += there ? size_of(1 + (i * 7) % 40) : 0;
	}
	ck_assert_uint_gt(kept, 5);
	ck_assert_uint_lt(kept, 40);
	ck_assert_uint_le(total, 64 << 10);
	evidence_folder_tick(folder, NOW + (39 + 29) * DAY);
	ck_assert(is_there(1 + (39 * 7) % 40));
	ck_assert(!is_there(1 + (37 * 7) % 40));
	evidence_folder_tick(folder, NOW + (39 + 31) * DAY);
	ck_assert(!is_there(1 + (39 * 7) % 40));
	for (unsigned i = 0; i < 5; i++)
		ck_assert(is_foreign_there(others[i]));
	evidence_folder_free(folder);
	remove_all();
}
END_TEST

/* Small captures are many before they are large: their number has a bound too, also for those that are there at the start. */
START_TEST(so_many_files)
{
	static struct evidence_parcel parcel;
	struct evidence_folder_settings settings = usual();
	uint8_t octets[256];

	for (unsigned turn = 0; turn < 2; turn++) {
		settings.files = turn ? 3 : 10;
		struct evidence_folder *folder = begin(&settings);
		for (unsigned i = 1; i <= (turn ? 1 : 30); i++) {
			uint64_t alert = turn * 100 + i;
			struct frame frame = numbered(i, octets);
			tell(folder, alert, FINDING_OPEN);
			evidence_parcel_begin(&parcel, alert, 0);
			evidence_parcel_put(&parcel, &frame, EVIDENCE_MARK_NONE, "eth0");
			ck_assert(
			    evidence_folder_add(folder, alert, parcel.octets, parcel.used, NOW + (int64_t)alert * DAY));
		}
		evidence_folder_free(folder);
		for (unsigned i = 1; i <= 30; i++)
			ck_assert_int_eq(is_there(i), turn ? i > 28 : i > 20);
	}
	ck_assert(is_there(101));
	remove_all();
}
END_TEST

/* A disk that takes no more, in the middle of a block: the file stays whole, one notice says so, and one that it is mended. */
START_TEST(full_disk)
{
	struct evidence_folder *folder = begin(NULL);
	struct rlimit before, small;

	signal(SIGXFSZ, SIG_IGN);
	tell(folder, ALERT, FINDING_OPEN);
	add_numbered(folder, ALERT, 0, 10);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ size_of(ALERT) + 100, before.rlim_max };
	bool limited = setrlimit(RLIMIT_FSIZE, &small) == 0;
	bool taken = add_quietly(folder, ALERT, 10, 10) && add_quietly(folder, ALERT, 10, 10);
	tell(folder, ALERT + 1, FINDING_OPEN);
	small.rlim_cur = 100;
	limited &= setrlimit(RLIMIT_FSIZE, &small) == 0;
	taken &= add_quietly(folder, ALERT + 1, 0, 10);
	tell(folder, ALERT, FINDING_UPDATE); /* the former comment has to do */
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert(limited && taken);
	check_numbered(ALERT, 0, 10);
	ck_assert(!is_there(ALERT + 1));
	ck_assert_uint_eq(notices, 1);
	ck_assert_ptr_nonnull(strstr(notice, "captures of alerts cannot be written"));
	ck_assert(!evidence_folder_health(folder)->up);
	ck_assert_uint_eq(evidence_folder_health(folder)->dropped, 30);
	add_numbered(folder, ALERT, 10, 10);
	check_numbered(ALERT, 0, 20);
	ck_assert_uint_eq(notices, 2);
	ck_assert(evidence_folder_health(folder)->up);
	evidence_folder_free(folder);
	remove_all();
}
END_TEST

START_TEST(no_folder)
{
	struct evidence_folder_settings settings = usual();
	char path[64], problem[256];
	size_t length;

	snprintf(path, sizeof(path), "%s/none", folder_path);
	settings.path = path;
	struct evidence_folder *folder = begin(&settings);
	tell(folder, ALERT, FINDING_OPEN);
	add_numbered(folder, ALERT, 0, 3);
	ck_assert_uint_eq(notices, 1);
	ck_assert_ptr_null(evidence_folder_read(path, ALERT, &length, problem, sizeof(problem)));
	ck_assert_ptr_nonnull(strstr(problem, "there is no capture of this alert"));
	ck_assert_int_eq(mkdir(path, 0700), 0);
	add_numbered(folder, ALERT, 0, 3);
	ck_assert_uint_eq(notices, 2);
	evidence_folder_free(folder);
	snprintf(problem, sizeof(problem), "%s/00000000000000a1.pcapng", path);
	ck_assert_int_eq(unlink(problem), 0);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

/* What lies there under the name of a capture and is none is not handed out, and a link is not followed. */
START_TEST(foreign_files)
{
	char problem[256], path[256];
	size_t length;

	make_foreign("00000000000000a1.pcapng");
	ck_assert_ptr_null(evidence_folder_read(folder_path, ALERT, &length, problem, sizeof(problem)));
	ck_assert_ptr_nonnull(strstr(problem, "damaged"));
	path_of(ALERT + 1, path);
	ck_assert_int_eq(symlink("00000000000000a1.pcapng", path), 0);
	ck_assert_ptr_null(evidence_folder_read(folder_path, ALERT + 1, &length, problem, sizeof(problem)));
	/* And what is damaged makes room. */
	struct evidence_folder *folder = begin(NULL);
	tell(folder, ALERT, FINDING_OPEN);
	add_numbered(folder, ALERT, 0, 10);
	check_numbered(ALERT, 0, 10);
	tell(folder, ALERT + 1, FINDING_OPEN);
	add_numbered(folder, ALERT + 1, 0, 10);
	ck_assert_uint_eq(notices, 1);
	evidence_folder_free(folder);
	remove_all();
}
END_TEST

/* ---- the post, and the keeper ---- */

struct office {
	unsigned refuses; /* so many times */
	bool gaps;        /* some were lost: which frame comes is not known */
	unsigned parcels, frames;
	uint64_t lost;
};

static bool deliver(void *context, const uint8_t *parcel, size_t length)
{
	struct office *office = context;
	struct evidence_unpacking unpacking;
	char name[EVIDENCE_NAME_MAX];
	enum evidence_mark mark;
	struct frame frame;

	if (office->refuses) {
		office->refuses--;
		return false;
	}
	ck_assert(evidence_parcel_open(&unpacking, parcel, length));
	office->parcels++;
	office->lost = unpacking.lost;
	while (evidence_parcel_next(&unpacking, &frame, &mark, name)) {
		uint8_t octets[256];
		numbered(office->frames, octets);
		if (!office->gaps)
			ck_assert_int_eq(memcmp(frame.bytes, octets, frame.captured), 0);
		office->frames++;
	}
	return true;
}

static const char *post_name(void *context, uint16_t interface)
{
	(void)context;
	return name_of(interface);
}

START_TEST(post_waits)
{
	enum { MANY = 500 };
	static uint8_t octets[MANY][256];
	static struct evidence_frame frames[MANY];
	struct office office = { .refuses = 3 };
	struct evidence_post_settings settings = { deliver, &office, post_name, NULL };
	struct evidence_post *post = evidence_post_new(&settings);

	for (unsigned n = 0; n < MANY; n++)
		frames[n] = (struct evidence_frame){ numbered(n, octets[n]), EVIDENCE_MARK_NONE };
	/* Nobody takes it at first; order is kept, nothing is lost. */
	evidence_post_give(post, ALERT, frames, MANY);
	for (unsigned i = 0; i < 3; i++)
		evidence_post_try(post, 0);
	ck_assert_uint_eq(office.frames, MANY);
	ck_assert_uint_gt(office.parcels, 1);
	evidence_post_free(post);
}
END_TEST

/* Nobody takes anything: it does not grow for ever, and what is lost is told. */
START_TEST(post_counts_what_it_loses)
{
	static uint8_t octets[100][256];
	static struct evidence_frame frames[100];
	struct office office = { .refuses = 1000000, .gaps = true };
	struct evidence_post_settings settings = { deliver, &office, post_name, NULL };
	struct evidence_post *post = evidence_post_new(&settings);
	enum { ROUNDS = 500 };

	for (unsigned n = 0; n < 100; n++)
		frames[n] = (struct evidence_frame){ numbered(n, octets[n]), EVIDENCE_MARK_NONE };
	for (unsigned i = 0; i < ROUNDS; i++)
		evidence_post_give(post, ALERT, frames, 100);
	office.refuses = 0;
	evidence_post_try(post, 7);
	unsigned arrived = office.frames;
	ck_assert_uint_lt(arrived, ROUNDS * 100);
	evidence_post_give(post, ALERT, frames, 1);
	ck_assert_uint_eq(office.lost, ROUNDS * 100 - arrived + 7);
	evidence_post_free(post);
}
END_TEST

static void tell_keeper(struct evidence_keeper *keeper, uint64_t alert, enum finding_state state)
{
	struct record record = { .type = RECORD_FINDING, .time_ns = NOW };

	record.finding = leak(alert, state);
	char *line = record_to_json(&record, "edge-1");
	evidence_keeper_tell(keeper, line, strlen(line));
	free(line);
}

static void await_frames(uint64_t alert, unsigned count)
{
	for (unsigned tries = 0; tries < 500; tries++) {
		char problem[256];
		size_t length;
		struct pcapng_extent extent = { 0 };
		uint8_t *octets = evidence_folder_read(folder_path, alert, &length, problem, sizeof(problem));
		if (octets)
			pcapng_measure(octets, length, &extent, NULL, NULL);
		free(octets);
		if (extent.frames == count)
			return;
		poll(NULL, 0, 20);
	}
	ck_abort_msg("the frames of alert %llx did not come", (unsigned long long)alert);
}

/* Frames that come before the word on their alert, and of an engine that calls an alert by another number. */
START_TEST(keeper)
{
	static struct evidence_parcel parcel;
	struct evidence_folder_settings settings = usual();
	int ends[2];
	uint8_t octets[256];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	struct evidence_keeper *kept = evidence_keeper_new(&settings, ends[1]);
	ck_assert_ptr_nonnull(kept);
	struct frame frame = numbered(1, octets);
	evidence_parcel_begin(&parcel, 0xee, 4);
	evidence_parcel_put(&parcel, &frame, EVIDENCE_MARK_CLEAR, "eth0");
	ck_assert(evidence_post_send(&ends[0], parcel.octets, parcel.used));
	poll(NULL, 0, 100);
	tell_keeper(kept, ALERT, FINDING_UPDATE);
	poll(NULL, 0, 100);
	ck_assert(!is_there(ALERT));
	evidence_keeper_name(kept, 0xee, ALERT);
	await_frames(ALERT, 1);
	ck_assert(evidence_post_send(&ends[0], parcel.octets, parcel.used));
	await_frames(ALERT, 2);
	/* Its own number, as most have it; and what is no parcel, and of nobody. */
	ck_assert_int_eq(send(ends[0], "rubbish", 7, 0), 7);
	tell_keeper(kept, 0xef, FINDING_OPEN);
	evidence_parcel_begin(&parcel, 0xef, 4);
	evidence_parcel_put(&parcel, &frame, EVIDENCE_MARK_CLEAR, "eth0");
	ck_assert(evidence_post_send(&ends[0], parcel.octets, parcel.used));
	await_frames(0xef, 1);
	tell_keeper(kept, 0xef, FINDING_CLEAR);
	for (unsigned tries = 0; tries < 500 && !strstr(text_of(0xef), "cleared by secured-again"); tries++)
		poll(NULL, 0, 20);
	ck_assert_ptr_nonnull(strstr(text_of(0xef), "cleared by secured-again"));
	struct sink_health health = evidence_keeper_health(kept);
	ck_assert_uint_eq(health.delivered, 2);
	ck_assert_uint_eq(health.dropped, 4);
	/* What was sent before the end is written at the end. */
	tell_keeper(kept, 0xf0, FINDING_OPEN);
	evidence_parcel_begin(&parcel, 0xf0, 4);
	evidence_parcel_put(&parcel, &frame, EVIDENCE_MARK_CLEAR, "eth0");
	ck_assert(evidence_post_send(&ends[0], parcel.octets, parcel.used));
	evidence_keeper_free(kept);
	ck_assert(is_there(0xf0));
	close(ends[0]);
	close(ends[1]);
	evidence_keeper_free(NULL);
	remove_all();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { parcels,
				       read_back,
				       told_again,
				       taken_over,
				       one_file_has_a_bound,
				       the_folder_has_bounds,
				       so_many_files,
				       full_disk,
				       no_folder,

				       foreign_files,
				       post_waits,
				       post_counts_what_it_loses,
				       keeper };

	if (!mkdtemp(folder_path))
		return EXIT_FAILURE;
	int status = suite_run("evidence_folder", tests, sizeof(tests) / sizeof(tests[0]));
	remove_all();
	rmdir(folder_path);
	return status;
}
