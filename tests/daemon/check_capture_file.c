/* SPDX-License-Identifier: Apache-2.0 */
/* Capture files: pcap of every variant in every form, cut at every octet; compression; what is no capture. */
#include "capture_image.h"
#include "../suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	uint32_t magic;
	int64_t unit;
	unsigned extra;
} pcap_kinds[] = {
	{ 0xa1b2c3d4, 1000, 0 },
	{ 0xa1b23c4d, 1, 0 },
	{ 0xa1b2cd34, 1000, 8 },
};

static void build_pcap(struct image *image, unsigned kind)
{
	static const uint32_t captured[] = { 60, 0, 65, 40 }, length[] = { 60, 1500, 65, 30 };

	image_put_pcap_header(image, pcap_kinds[kind].magic, 2, 4, 65535, 0x30000000 | 113);
	for (unsigned i = 0; i < 4; i++) {
		image_put_record(image, 1700000000 + i, 999999, captured[i], length[i]);
		image_put(image, NULL, pcap_kinds[kind].extra);
		image_put_pattern(image, (uint8_t)(i + 1), captured[i]);
	}
}

START_TEST(pcap_of_every_kind_order_and_form)
{
	unsigned kind = (unsigned)_i / 2 / FORMS;
	struct image image = { .big = _i / FORMS % 2 };

	build_pcap(&image, kind);
	for (unsigned batch = 1; batch <= 32; batch += 31) {
		struct outcome outcome = image_read_form(&image, (enum form)(_i % FORMS), batch);
		int64_t fraction = 999999 * pcap_kinds[kind].unit;

		ck_assert_msg(outcome.opened && outcome.sound, "%s", outcome.text);
		ck_assert_uint_eq(outcome.count, 4);
		image_expect_frame(&outcome, 0, 60, 60, 1700000000000000000 + fraction, 113, 1);
		image_expect_frame(&outcome, 1, 0, 1500, 1700000001000000000 + fraction, 113, 2);
		image_expect_frame(&outcome, 2, 65, 65, 1700000002000000000 + fraction, 113, 3);
		/* More captured than there was: the length is put right. */
		image_expect_frame(&outcome, 3, 40, 40, 1700000003000000000 + fraction, 113, 4);
		ck_assert_uint_eq(outcome.interfaces, 1);
		ck_assert_str_eq(outcome.names[0], "");
		ck_assert(_i % FORMS == PIPE ? outcome.progress < 0 : outcome.progress == 1.0);
	}
	image_clear(&image);
}
END_TEST

static const struct {
	uint16_t major, minor;
	uint32_t first, second; /* the record's two lengths */
	const char *error;      /* NULL: read, with 20 octets of 30 */
} versions[] = {
	{ 2, 4, 20, 30, NULL },          { 2, 3, 20, 30, NULL },          { 2, 3, 30, 20, NULL },
	{ 2, 2, 30, 20, NULL },          { 543, 0, 30, 20, NULL },        { 2, 5, 20, 30, "version 2.5" },
	{ 1, 2, 20, 30, "version 1.2" }, { 3, 0, 20, 30, "version 3.0" },
};

START_TEST(pcap_versions)
{
	struct image image = { 0 };
	struct outcome outcome;

	image_put_pcap_header(&image, 0xa1b2c3d4, versions[_i].major, versions[_i].minor, 0, 1);
	image_put_record(&image, 5, 6, versions[_i].first, versions[_i].second);
	image_put_pattern(&image, 9, 20);
	outcome = image_read_form(&image, PLAIN, 32);
	if (versions[_i].error) {
		ck_assert(!outcome.opened);
		image_expect_text(&outcome, versions[_i].error);
	} else {
		ck_assert(outcome.sound);
		image_expect_frame(&outcome, 0, 20, 30, 5000006000, 1, 9);
	}
	image_clear(&image);
}
END_TEST

START_TEST(pcap_link_types)
{
	struct image image = { 0 };
	struct outcome outcome;

	/* A checksum of 4 octets at the end of each frame is marked above the link type. */
	image_put_pcap_header(&image, 0xa1b2c3d4, 2, 4, 0, 0x24000000 | 65535);
	image_put_record(&image, 0, 0, 1, 1);
	image_put_pattern(&image, 0, 1);
	outcome = image_read_form(&image, PLAIN, 1);
	ck_assert(outcome.sound);
	ck_assert_uint_eq(outcome.frames[0].link_type, 65535);
	image.length = 0;
	image_put_pcap_header(&image, 0xa1b2c3d4, 2, 4, 0, 65536);
	outcome = image_read_form(&image, PLAIN, 1);
	ck_assert(!outcome.opened);
	image_expect_text(&outcome, "link type 65536");
	image_clear(&image);
}
END_TEST

static const struct {
	uint32_t snap_length, captured;
	bool taken;
} limits[] = {
	{ 0, 262144, true },
	{ 0, 262145, false },
	{ 65535, 262144, true },
	{ 300000, 300000, true },
	{ 300000, 300001, false },
	{ UINT32_MAX, 16 * 1024 * 1024, true },
	{ UINT32_MAX, 16 * 1024 * 1024 + 1, false },
	{ 65535, UINT32_MAX, false },
};

START_TEST(frames_of_the_greatest_length)
{
	struct image image = { 0 };
	struct outcome outcome;
	uint32_t present = limits[_i].taken ? limits[_i].captured : 100;

	image_put_pcap_header(&image, 0xa1b2c3d4, 2, 4, limits[_i].snap_length, 1);
	image_put_record(&image, 1, 1, 10, 10);
	image_put_pattern(&image, 3, 10);
	image_put_record(&image, 1, 1, limits[_i].captured, limits[_i].captured);
	image_put(&image, NULL, present);
	for (int form = 0; form < 2; form++) {
		outcome = image_read_form(&image, form ? GZIP : PLAIN, 32);
		ck_assert_uint_eq(outcome.count, limits[_i].taken ? 2 : 1);
		ck_assert(outcome.sound == limits[_i].taken);
		if (!limits[_i].taken)
			image_expect_text(&outcome, "record 2 at octet 50 says");
	}
	image_clear(&image);
}
END_TEST

START_TEST(pcap_cut_at_each_octet)
{
	struct image image = { .big = true };
	static const size_t ends[] = { 24, 24 + 16 + 60, 24 + 32 + 60, 24 + 48 + 125 };
	static const unsigned counts[] = { 0, 1, 2, 3 };

	build_pcap(&image, 1);
	image_cut_everywhere(&image, 24, ends, counts, 4, "record");
	image_clear(&image);
}
END_TEST

START_TEST(captures_without_packets)
{
	struct image image = { .big = true };
	struct outcome outcome;

	image_put_pcap_header(&image, 0xa1b2c3d4, 2, 4, 0, 1);
	outcome = image_read_form(&image, (enum form)_i, 32);
	ck_assert(outcome.sound && outcome.count == 0);
	image.length = 0;
	image_put_section(&image, NULL);
	outcome = image_read_form(&image, (enum form)_i, 32);
	ck_assert(outcome.sound && outcome.count == 0);
	ck_assert_uint_eq(outcome.interfaces, 0);
	image_clear(&image);
}
END_TEST

/* A block of 64 MiB of zeros is a few octets in a compressed file; reading it must not take 64 MiB of memory. */
START_TEST(bombs_take_no_memory)
{
	struct image image = { 0 }, packed = { 0 };
	uint32_t huge = 64 * 1024 * 1024;
	struct rusage before, after;
	struct outcome outcome;

	image_put_section(&image, NULL);
	image_put_interface(&image, 1, 0, NULL, -1, 0);
	image_put32(&image, 0x0bad);
	image_put32(&image, huge + 12);
	image_put(&image, NULL, huge);
	image_put32(&image, huge + 12);
	image_put_packet(&image, 6, 0, 1, 8, 8, 1);
	if (_i)
		image_put_gzip(&packed, image.octets, image.length);
	else
		image_put_zstd(&packed, image.octets, image.length);
	ck_assert_uint_lt(packed.length, 100000);
	image_write_file(packed.octets, packed.length);
	image_clear(&packed);
	image_clear(&image);
	/* The peak so far is that of the building; a child starts its own. */
	if (fork() == 0) {
		getrusage(RUSAGE_SELF, &before);
		outcome = image_read_path(image_path, 32);
		getrusage(RUSAGE_SELF, &after);
		_exit(outcome.sound && outcome.count == 1 && after.ru_maxrss - before.ru_maxrss < 16 * 1024 ? 0 : 1);
	} else {
		int status;

		wait(&status);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

/* As many octets as the reader's buffer has room for at first, and one more or less: the end of the packed data and that of the buffer
 * coincide in one of them. */
START_TEST(packed_to_the_end_of_the_buffer)
{
	enum { BUFFER = 256 * 1024, FRAME = 1000, RECORD = 16 + FRAME };
	struct image image = { 0 };
	uint32_t frames = (BUFFER - 24) / RECORD, last = (BUFFER - 24) % RECORD + FRAME + (uint32_t)_i - 1;

	image_put_pcap_header(&image, 0xa1b2c3d4, 2, 4, 65535, 1);
	for (uint32_t i = 0; i < frames; i++) {
		uint32_t length = i + 1 < frames ? FRAME : last;
		image_put_record(&image, i, 0, length, length);
		image_put(&image, NULL, length);
	}
	ck_assert_uint_eq(image.length, BUFFER + (uint32_t)_i - 1);
	for (unsigned gzip = 0; gzip < 2; gzip++) {
		struct image packed = { 0 };
		if (gzip)
			image_put_gzip(&packed, image.octets, image.length);
		else
			image_put_zstd(&packed, image.octets, image.length);
		image_write_file(packed.octets, packed.length);
		struct outcome outcome = image_read_path(image_path, 32);
		ck_assert_msg(outcome.opened && outcome.sound, "%s", outcome.text);
		ck_assert_uint_eq(outcome.count, frames);
		image_clear(&packed);
	}
	image_clear(&image);
}
END_TEST

START_TEST(damaged_compression)
{
	struct image image = { 0 }, packed = { 0 };
	struct outcome outcome;
	size_t whole;
	bool gzip = _i;

	image_put_pcap_header(&image, 0xa1b2c3d4, 2, 4, 0, 1);
	for (unsigned i = 0; i < 10; i++) {
		image_put_record(&image, i, i * 12345, 100, 100);
		image_put_pattern(&image, (uint8_t)(i * 7), 100);
	}
	if (gzip)
		image_put_gzip(&packed, image.octets, image.length);
	else
		image_put_zstd(&packed, image.octets, image.length);
	whole = packed.length;
	/* Cut at each octet: never sound, never more than there was. */
	for (size_t length = 4; length < whole; length++) {
		image_write_file(packed.octets, length);
		outcome = image_read_path(image_path, 32);
		ck_assert(!outcome.opened || !outcome.sound);
		ck_assert_uint_le(outcome.count, 10);
		image_expect_text(&outcome, gzip ? "the gzip data ends too soon" : "the zstd data ends too soon");
	}
	/* Each octet changed: no crash, and the reader either notices or the octet does not matter. */
	for (size_t at = 4; at < whole; at++) {
		packed.octets[at] ^= 0x41;
		image_write_file(packed.octets, whole);
		outcome = image_read_path(image_path, 32);
		ck_assert(!outcome.opened || !outcome.sound || outcome.count == 10);
		packed.octets[at] ^= 0x41;
	}
	image_put(&packed, "something else", 14);
	image_write_file(packed.octets, packed.length);
	outcome = image_read_path(image_path, 32);
	ck_assert(outcome.opened && !outcome.sound);
	ck_assert_uint_eq(outcome.count, 10);
	image_expect_text(&outcome, gzip ? "something else follows the gzip data" : "the zstd data cannot be unpacked");
	/* Packed twice. */
	packed.length = whole;
	image.length = 0;
	image_put_gzip(&image, packed.octets, packed.length);
	image_write_file(image.octets, image.length);
	outcome = image_read_path(image_path, 32);
	ck_assert(!outcome.opened);
	image_expect_text(&outcome, "inside another compression");
	image_clear(&packed);
	image_clear(&image);
}
END_TEST

static const struct {
	const char *octets;
	size_t length;
	const char *text;
} others[] = {
	{ "", 0, "is empty" },
	{ "snoop\0\0\0\0\0\0\2\0\0\0\4", 16, "snoop (Solaris); convert it to pcapng first: editcap -F pcapng '" },
	{ "GMBU....", 8, "Microsoft Network Monitor 2" },
	{ "\x1c\x00\x01\xac....", 8, "IXIA" },
	{ "\xfd"
	  "7zXZ\0..",
	  8, "xz; unpack it first: xz -dk '" },
	{ "PK\3\4....", 8, "zip" },
	{ "10:00:00 IP 10.0.0.1 > 10.0.0.2: ICMP\n", 38, "text; if it is a hex dump" },
	{ "\1\2\3\4\5\6\7\x80\x90", 9, "it starts with 01 02 03 04 05 06 07 80, where" },
	{ "\1", 1, "it starts with 01, where" },
	/* ERF has no magic: a time in 2003, type Ethernet, 96 octets of record, 78 of frame. */
	{ "\x00\xd7\xd3\xd6\xec\x7a\x45\x3f\x02\x05\x00\x60\x00\x00\x00\x4e", 16, "ERF" },
	{ "\x0a\x0d\x0d\x0a\x1c\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\x1c\0\0\0", 28, "without a byte-order mark" },
};

START_TEST(other_files)
{
	struct outcome outcome;

	image_write_file(others[_i].octets, others[_i].length);
	outcome = image_read_path(image_path, 32);
	ck_assert(!outcome.opened);
	image_expect_text(&outcome, image_path);
	image_expect_text(&outcome, others[_i].text);
	outcome = image_read_pipe((const uint8_t *)others[_i].octets, others[_i].length, 32);
	ck_assert(!outcome.opened);
	image_expect_text(&outcome, "standard input: ");
}
END_TEST

START_TEST(files_that_cannot_be_opened)
{
	struct outcome outcome = image_read_path(image_directory, 1);
	char *nowhere = malloc(1000);

	ck_assert(!outcome.opened);
	image_expect_text(&outcome, "is a directory");
	outcome = image_read_path(image_path, 1);
	ck_assert(!outcome.opened);
	image_expect_text(&outcome, "No such file or directory");
	outcome = image_read_path("/dev/null", 1);
	ck_assert(!outcome.opened);
	image_expect_text(&outcome, "is empty");
	/* The reason has to fit behind a long name. */
	memset(nowhere, 'x', 999);
	nowhere[999] = '\0';
	outcome = image_read_path(nowhere, 1);
	ck_assert(!outcome.opened);
	image_expect_text(&outcome, "...xxx");
	image_expect_text(&outcome, "too long");
	free(nowhere);
	image_write_file("", 0);
	ck_assert_int_eq(chmod(image_directory, 0755), 0);
	ck_assert_int_eq(chmod(image_path, 0), 0);
	/* The superuser may read anything. */
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	outcome = image_read_path(image_path, 1);
	ck_assert(!outcome.opened);
	image_expect_text(&outcome, "Permission denied");
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

/* Large enough for several checks of the size. */
static void build_large(struct image *image, unsigned records)
{
	image_put_pcap_header(image, 0xa1b2c3d4, 2, 4, 0, 1);
	for (unsigned i = 0; i < records; i++) {
		image_put_record(image, i, 0, 1000, 1000);
		image_put(image, NULL, 1000);
	}
}

START_TEST(file_that_shrinks_while_it_is_read)
{
	struct image image = { 0 };
	struct capture_file_error error;
	struct frame frames[32];
	struct capture_file *file;
	unsigned count = 0, got;

	build_large(&image, 8000);
	image_write_file(image.octets, image.length);
	file = capture_file_open(image_path, &error);
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(capture_file_next(file, frames, 32), 32);
	ck_assert_int_eq(truncate(image_path, 4 * 1024 * 1024), 0);
	while ((got = capture_file_next(file, frames, 32)) > 0) {
		for (unsigned i = 0; i < got; i++)
			ck_assert_uint_eq(image_sum_of(&frames[i]) != 0, 1);
		count += got;
	}
	ck_assert_uint_gt(count, 0);
	ck_assert_uint_lt(count, 8000);
	ck_assert(!capture_file_sound(file, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "the file shrank while it was read"));
	capture_file_close(file);
	image_clear(&image);
}
END_TEST

START_TEST(progress_rises)
{
	struct image image = { 0 }, packed = { 0 };
	struct capture_file_error error;
	struct frame frames[32];
	struct capture_file *file;
	unsigned count = 0, got;
	double last = 0;

	build_large(&image, 20000);
	if (_i == 0)
		image_put(&packed, image.octets, image.length);
	else
		image_put_gzip(&packed, image.octets, image.length);
	image_write_file(packed.octets, packed.length);
	file = capture_file_open(image_path, &error);
	ck_assert_ptr_nonnull(file);
	while ((got = capture_file_next(file, frames, 32)) > 0) {
		double progress = capture_file_progress(file);

		ck_assert(progress >= last && progress <= 1.0);
		last = progress;
		count += got;
	}
	ck_assert_uint_eq(count, 20000);
	ck_assert(last == 1.0);
	ck_assert(capture_file_sound(file, &error));
	capture_file_close(file);
	image_clear(&packed);
	image_clear(&image);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
	Suite *suite = suite_create("capture_file");
	TCase *tests = tcase_create("files");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, image_make_directory, image_remove_directory);
	tcase_add_loop_test(tests, pcap_of_every_kind_order_and_form, 0, COUNT(pcap_kinds) * 2 * FORMS);
	tcase_add_loop_test(tests, pcap_versions, 0, COUNT(versions));
	tcase_add_test(tests, pcap_link_types);
	tcase_add_loop_test(tests, frames_of_the_greatest_length, 0, COUNT(limits));
	tcase_add_test(tests, pcap_cut_at_each_octet);
	tcase_add_loop_test(tests, captures_without_packets, 0, FORMS);
	tcase_add_loop_test(tests, bombs_take_no_memory, 0, 2);
	tcase_add_loop_test(tests, packed_to_the_end_of_the_buffer, 0, 3);
	tcase_add_loop_test(tests, damaged_compression, 0, 2);
	tcase_add_loop_test(tests, other_files, 0, COUNT(others));
	tcase_add_test(tests, files_that_cannot_be_opened);
	tcase_add_test(tests, file_that_shrinks_while_it_is_read);
	tcase_add_loop_test(tests, progress_rises, 0, 2);
	suite_add_tcase(suite, tests);
	return suite_end(suite);
}
