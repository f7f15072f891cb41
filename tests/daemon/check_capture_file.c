/* SPDX-License-Identifier: Apache-2.0 */
/* Capture files, built octet by octet: every variant in every form, cut at every octet, and lying about its lengths. */
#include "../../daemon/capture_file.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { MAX_FRAMES = 16, SUM_START = 17 };

/* A file being built, in either byte order. */
struct image {
	uint8_t *octets;
	size_t length, room;
	bool big;
};

/* How the file reaches the reader. */
enum form { PLAIN, PIPE, STANDARD_INPUT, GZIP, GZIP_MEMBERS, ZSTD, ZSTD_FRAMES, FORMS };

struct seen {
	uint32_t captured, length, sum;
	int64_t time_ns;
	uint16_t link_type, interface;
};

struct outcome {
	bool opened, sound;
	unsigned count, interfaces;
	struct seen frames[MAX_FRAMES];
	char names[4][300];
	char text[512];
	double progress;
};

static char directory[200];
static char path[sizeof(directory) + 16];

static void make_directory(void)
{
	const char *place = getenv("TMPDIR");

	snprintf(directory, sizeof(directory), "%s/check_capture_file.XXXXXX", place ? place : P_tmpdir);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/file", directory);
}

static void remove_directory(void)
{
	unlink(path);
	rmdir(directory);
}

static void put(struct image *image, const void *octets, size_t length)
{
	if (length == 0)
		return;
	if (image->length + length > image->room) {
		image->room = 2 * (image->length + length);
		image->octets = realloc(image->octets, image->room);
		ck_assert_ptr_nonnull(image->octets);
	}
	if (octets)
		memcpy(image->octets + image->length, octets, length);
	else
		memset(image->octets + image->length, 0, length);
	image->length += length;
}

static void put_number(struct image *image, uint64_t value, unsigned size)
{
	uint8_t octets[8];

	for (unsigned i = 0; i < size; i++)
		octets[image->big ? size - 1 - i : i] = (uint8_t)(value >> 8 * i);
	put(image, octets, size);
}

static void put16(struct image *image, uint16_t value)
{
	put_number(image, value, 2);
}

static void put32(struct image *image, uint32_t value)
{
	put_number(image, value, 4);
}

static void clear(struct image *image)
{
	free(image->octets);
	*image = (struct image){ 0 };
}

static void put_pattern(struct image *image, uint8_t first, size_t length)
{
	for (size_t i = 0; i < length; i++)
		put(image, &(uint8_t){ (uint8_t)(first + i) }, 1);
}

static uint32_t pattern_sum(uint8_t first, uint32_t length)
{
	uint32_t sum = SUM_START;

	for (uint32_t i = 0; i < length; i++)
		sum = sum * 31 + (uint8_t)(first + i);
	return sum;
}

static void put_pcap_header(struct image *image, uint32_t magic, uint16_t major, uint16_t minor, uint32_t snap_length,
			    uint32_t link_type)
{
	put32(image, magic);
	put16(image, major);
	put16(image, minor);
	put(image, NULL, 8);
	put32(image, snap_length);
	put32(image, link_type);
}

static void put_record(struct image *image, uint32_t seconds, uint32_t fraction, uint32_t captured, uint32_t length)
{
	put32(image, seconds);
	put32(image, fraction);
	put32(image, captured);
	put32(image, length);
}

/* A block round `body`; the options and padding are the caller's. */
static void put_block(struct image *image, uint32_t type, const struct image *body)
{
	uint32_t total = (uint32_t)body->length + 12;

	put32(image, type);
	put32(image, total);
	put(image, body->octets, body->length);
	put32(image, total);
}

static void put_option(struct image *image, uint16_t code, const void *octets, uint16_t length)
{
	put16(image, code);
	put16(image, length);
	put(image, octets, length);
	put(image, NULL, (size_t)(-length & 3));
}

static void put_section(struct image *image, const char *comment)
{
	struct image body = { .big = image->big };

	put32(&body, 0x1a2b3c4d);
	put16(&body, 1);
	put16(&body, 0);
	put_number(&body, UINT64_MAX, 8);
	if (comment)
		put_option(&body, 1, comment, (uint16_t)strlen(comment));
	put_block(image, 0x0a0d0d0a, &body);
	clear(&body);
}

/* resolution < 0: the option is left out. */
static void put_interface(struct image *image, uint16_t link_type, uint32_t snap_length, const char *name,
			  int resolution, int64_t offset)
{
	struct image body = { .big = image->big };

	put16(&body, link_type);
	put16(&body, 0);
	put32(&body, snap_length);
	if (name)
		put_option(&body, 2, name, (uint16_t)strlen(name));
	if (resolution >= 0)
		put_option(&body, 9, &(uint8_t){ (uint8_t)resolution }, 1);
	if (offset) {
		put16(&body, 14);
		put16(&body, 8);
		put_number(&body, (uint64_t)offset, 8);
	}
	if (name || resolution >= 0 || offset)
		put_option(&body, 0, NULL, 0);
	put_block(image, 1, &body);
	clear(&body);
}

static void put_packet(struct image *image, uint32_t type, uint32_t interface, uint64_t ticks, uint32_t captured,
		       uint32_t length, uint8_t first)
{
	struct image body = { .big = image->big };

	if (type == 2) {
		put16(&body, (uint16_t)interface);
		put16(&body, 77);
	} else if (type == 6) {
		put32(&body, interface);
	}
	if (type != 3) {
		put32(&body, (uint32_t)(ticks >> 32));
		put32(&body, (uint32_t)ticks);
		put32(&body, captured);
	}
	put32(&body, length);
	put_pattern(&body, first, captured);
	put(&body, NULL, -captured & 3);
	if (type == 6)
		put_option(&body, 1, "a comment", 9);
	put_block(image, type, &body);
	clear(&body);
}

static void write_file(const void *octets, size_t length)
{
	int descriptor;

	/* Writing over the old one would wait for the disk on some file systems. */
	unlink(path);
	descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	ck_assert_int_ge(descriptor, 0);
	ck_assert_int_eq(write(descriptor, octets, length), (ssize_t)length);
	close(descriptor);
}

static void put_gzip(struct image *packed, const uint8_t *octets, size_t length)
{
	z_stream stream = { 0 };
	uint8_t *room = malloc(length + 1000);

	ck_assert_int_eq(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (uint8_t *)(uintptr_t)octets;
	stream.avail_in = (unsigned)length;
	stream.next_out = room;
	stream.avail_out = (unsigned)(length + 1000);
	ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	put(packed, room, stream.total_out);
	deflateEnd(&stream);
	free(room);
}

static void put_zstd(struct image *packed, const uint8_t *octets, size_t length)
{
	size_t bound = ZSTD_compressBound(length), got;
	uint8_t *room = malloc(bound);

	got = ZSTD_compress(room, bound, octets, length, 3);
	ck_assert(!ZSTD_isError(got));
	put(packed, room, got);
	free(room);
}

static uint32_t sum_of(const struct frame *frame)
{
	uint32_t sum = SUM_START;

	for (uint32_t i = 0; i < frame->captured; i++)
		sum = sum * 31 + frame->bytes[i];
	return sum;
}

static struct outcome read_path(const char *name, unsigned batch)
{
	struct capture_file_error error = { "" };
	struct capture_file *file = capture_file_open(name, &error);
	struct outcome outcome = { .opened = file != NULL };
	struct frame frames[32];
	unsigned count;

	if (!file) {
		ck_assert_str_ne(error.text, "");
		snprintf(outcome.text, sizeof(outcome.text), "%s", error.text);
		return outcome;
	}
	while ((count = capture_file_next(file, frames, batch)) > 0) {
		ck_assert_uint_le(count, batch);
		for (unsigned i = 0; i < count; i++, outcome.count++) {
			ck_assert_uint_le(frames[i].captured, frames[i].length);
			ck_assert_uint_lt(frames[i].interface, capture_file_interfaces(file));
			if (outcome.count < MAX_FRAMES)
				outcome.frames[outcome.count] = (struct seen){
					.captured = frames[i].captured,
					.length = frames[i].length,
					.sum = sum_of(&frames[i]),
					.time_ns = frames[i].time_ns,
					.link_type = frames[i].link_type,
					.interface = frames[i].interface,
				};
		}
	}
	ck_assert_uint_eq(capture_file_next(file, frames, batch), 0);
	outcome.sound = capture_file_sound(file, &error);
	if (!outcome.sound)
		snprintf(outcome.text, sizeof(outcome.text), "%s", error.text);
	outcome.interfaces = capture_file_interfaces(file);
	for (unsigned i = 0; i < 4; i++)
		snprintf(outcome.names[i], sizeof(outcome.names[i]), "%s", capture_file_interface_name(file, i));
	outcome.progress = capture_file_progress(file);
	capture_file_close(file);
	return outcome;
}

/* Only for images that a pipe holds without a reader. */
static struct outcome read_pipe(const uint8_t *octets, size_t length, unsigned batch)
{
	struct outcome outcome;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], octets, length), (ssize_t)length);
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	outcome = read_path("-", batch);
	return outcome;
}

static struct outcome read_form(const struct image *image, enum form form, unsigned batch)
{
	struct image packed = { 0 };
	size_t half = image->length / 2;
	struct outcome outcome;
	int descriptor;

	switch (form) {
	case PIPE:
		return read_pipe(image->octets, image->length, batch);
	case GZIP:
		put_gzip(&packed, image->octets, image->length);
		break;
	case GZIP_MEMBERS:
		put_gzip(&packed, image->octets, half);
		put_gzip(&packed, image->octets, 0);
		put_gzip(&packed, image->octets + half, image->length - half);
		put(&packed, NULL, 100);
		break;
	case ZSTD:
		put_zstd(&packed, image->octets, image->length);
		break;
	case ZSTD_FRAMES:
		put(&packed, "\x50\x2a\x4d\x18\x04\0\0\0skip", 12);
		put_zstd(&packed, image->octets, half);
		put_zstd(&packed, image->octets + half, image->length - half);
		break;
	default:
		put(&packed, image->octets, image->length);
		break;
	}
	write_file(packed.octets, packed.length);
	clear(&packed);
	if (form != STANDARD_INPUT)
		return read_path(path, batch);
	descriptor = open(path, O_RDONLY);
	dup2(descriptor, STDIN_FILENO);
	close(descriptor);
	outcome = read_path("-", batch);
	return outcome;
}

static void expect_frame(const struct outcome *outcome, unsigned number, uint32_t captured, uint32_t length,
			 int64_t time_ns, uint16_t link_type, uint8_t first)
{
	const struct seen *frame = &outcome->frames[number];

	ck_assert_uint_lt(number, outcome->count);
	ck_assert_uint_eq(frame->captured, captured);
	ck_assert_uint_eq(frame->length, length);
	ck_assert_int_eq(frame->time_ns, time_ns);
	ck_assert_uint_eq(frame->link_type, link_type);
	ck_assert_uint_eq(frame->sum, pattern_sum(first, captured));
}

static void expect_text(const struct outcome *outcome, const char *part)
{
	ck_assert_msg(strstr(outcome->text, part), "\"%s\" does not contain \"%s\"", outcome->text, part);
}

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

	put_pcap_header(image, pcap_kinds[kind].magic, 2, 4, 65535, 0x30000000 | 113);
	for (unsigned i = 0; i < 4; i++) {
		put_record(image, 1700000000 + i, 999999, captured[i], length[i]);
		put(image, NULL, pcap_kinds[kind].extra);
		put_pattern(image, (uint8_t)(i + 1), captured[i]);
	}
}

START_TEST(pcap_of_every_kind_order_and_form)
{
	unsigned kind = (unsigned)_i / 2 / FORMS;
	struct image image = { .big = _i / FORMS % 2 };

	build_pcap(&image, kind);
	for (unsigned batch = 1; batch <= 32; batch += 31) {
		struct outcome outcome = read_form(&image, (enum form)(_i % FORMS), batch);
		int64_t fraction = 999999 * pcap_kinds[kind].unit;

		ck_assert_msg(outcome.opened && outcome.sound, "%s", outcome.text);
		ck_assert_uint_eq(outcome.count, 4);
		expect_frame(&outcome, 0, 60, 60, 1700000000000000000 + fraction, 113, 1);
		expect_frame(&outcome, 1, 0, 1500, 1700000001000000000 + fraction, 113, 2);
		expect_frame(&outcome, 2, 65, 65, 1700000002000000000 + fraction, 113, 3);
		/* More captured than there was: the length is put right. */
		expect_frame(&outcome, 3, 40, 40, 1700000003000000000 + fraction, 113, 4);
		ck_assert_uint_eq(outcome.interfaces, 1);
		ck_assert_str_eq(outcome.names[0], "");
		ck_assert(_i % FORMS == PIPE ? outcome.progress < 0 : outcome.progress == 1.0);
	}
	clear(&image);
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

	put_pcap_header(&image, 0xa1b2c3d4, versions[_i].major, versions[_i].minor, 0, 1);
	put_record(&image, 5, 6, versions[_i].first, versions[_i].second);
	put_pattern(&image, 9, 20);
	outcome = read_form(&image, PLAIN, 32);
	if (versions[_i].error) {
		ck_assert(!outcome.opened);
		expect_text(&outcome, versions[_i].error);
	} else {
		ck_assert(outcome.sound);
		expect_frame(&outcome, 0, 20, 30, 5000006000, 1, 9);
	}
	clear(&image);
}
END_TEST

START_TEST(pcap_link_types)
{
	struct image image = { 0 };
	struct outcome outcome;

	/* A checksum of 4 octets at the end of each frame is marked above the link type. */
	put_pcap_header(&image, 0xa1b2c3d4, 2, 4, 0, 0x24000000 | 65535);
	put_record(&image, 0, 0, 1, 1);
	put_pattern(&image, 0, 1);
	outcome = read_form(&image, PLAIN, 1);
	ck_assert(outcome.sound);
	ck_assert_uint_eq(outcome.frames[0].link_type, 65535);
	image.length = 0;
	put_pcap_header(&image, 0xa1b2c3d4, 2, 4, 0, 65536);
	outcome = read_form(&image, PLAIN, 1);
	ck_assert(!outcome.opened);
	expect_text(&outcome, "link type 65536");
	clear(&image);
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

	put_pcap_header(&image, 0xa1b2c3d4, 2, 4, limits[_i].snap_length, 1);
	put_record(&image, 1, 1, 10, 10);
	put_pattern(&image, 3, 10);
	put_record(&image, 1, 1, limits[_i].captured, limits[_i].captured);
	put(&image, NULL, present);
	for (int form = 0; form < 2; form++) {
		outcome = read_form(&image, form ? GZIP : PLAIN, 32);
		ck_assert_uint_eq(outcome.count, limits[_i].taken ? 2 : 1);
		ck_assert(outcome.sound == limits[_i].taken);
		if (!limits[_i].taken)
			expect_text(&outcome, "record 2 at octet 50 says");
	}
	clear(&image);
}
END_TEST

/* Cuts `image` at each octet. `ends` are the offsets where it may end, with the frames there are until then. */
static void cut_everywhere(const struct image *image, size_t header, const size_t *ends, const unsigned *counts,
			   unsigned end_count, const char *unit)
{
	for (size_t length = 0; length < image->length; length++) {
		struct image part = { .octets = image->octets, .length = length };
		unsigned whole = 0;
		char text[100];

		while (whole + 1 < end_count && ends[whole + 1] <= length)
			whole++;
		for (int form = 0; form < 4; form++) {
			static const enum form forms[] = { PLAIN, PIPE, GZIP, ZSTD };
			struct outcome outcome = read_form(&part, forms[form], form % 2 ? 1 : 32);

			if (length < header) {
				ck_assert_msg(!outcome.opened, "%zu", length);
				expect_text(&outcome, length == 0  ? "is empty"
						      : length < 4 ? "it starts with"
								   : "ends inside the pcap");
				continue;
			}
			ck_assert_msg(outcome.opened, "%zu: %s", length, outcome.text);
			ck_assert_uint_eq(outcome.count, counts[whole]);
			ck_assert_msg(outcome.sound == (ends[whole] == length), "%zu: %s", length, outcome.text);
			if (outcome.sound)
				continue;
			snprintf(text, sizeof(text), "ends inside %s %u, which starts at octet %zu", unit, whole + 1,
				 ends[whole]);
			expect_text(&outcome, text);
			snprintf(text, sizeof(text), "the last %zu octets were left out", length - ends[whole]);
			expect_text(&outcome, text);
		}
	}
}

START_TEST(pcap_cut_at_each_octet)
{
	struct image image = { .big = true };
	static const size_t ends[] = { 24, 24 + 16 + 60, 24 + 32 + 60, 24 + 48 + 125 };
	static const unsigned counts[] = { 0, 1, 2, 3 };

	build_pcap(&image, 1);
	cut_everywhere(&image, 24, ends, counts, 4, "record");
	clear(&image);
}
END_TEST

static void build_pcapng(struct image *image, size_t *ends)
{
	struct image body = { .big = image->big };

	put_section(image, NULL);
	ends[0] = 0;
	ends[1] = image->length;
	put_interface(image, 1, 0, "eth0", 9, 0);
	ends[2] = image->length;
	put_packet(image, 6, 0, 1700000000123456789, 61, 61, 1);
	ends[3] = image->length;
	put(&body, "whatever it means..", 20);
	put_block(image, 0x0bad, &body);
	ends[4] = image->length;
	put_packet(image, 3, 0, 0, 33, 33, 2);
	ends[5] = image->length;
	put_packet(image, 2, 0, 1700000000123456790, 34, 64, 3);
	ends[6] = image->length;
	clear(&body);
}

START_TEST(pcapng_cut_at_each_octet)
{
	struct image image = { .big = _i };
	size_t ends[7];
	static const unsigned counts[] = { 0, 0, 0, 1, 1, 2, 3 };

	build_pcapng(&image, ends);
	cut_everywhere(&image, 28, ends, counts, 7, "block");
	clear(&image);
}
END_TEST

START_TEST(pcapng_of_every_order_and_form)
{
	struct image image = { .big = _i / FORMS };
	size_t ends[7];
	struct outcome outcome;

	build_pcapng(&image, ends);
	for (unsigned batch = 1; batch <= 32; batch += 31) {
		outcome = read_form(&image, (enum form)(_i % FORMS), batch);
		ck_assert_msg(outcome.opened && outcome.sound, "%s", outcome.text);
		ck_assert_uint_eq(outcome.count, 3);
		expect_frame(&outcome, 0, 61, 61, 1700000000123456789, 1, 1);
		/* No time of its own: that of the frame before it. */
		expect_frame(&outcome, 1, 33, 33, 1700000000123456789, 1, 2);
		expect_frame(&outcome, 2, 34, 64, 1700000000123456790, 1, 3);
		ck_assert_str_eq(outcome.names[0], "eth0");
	}
	clear(&image);
}
END_TEST

START_TEST(sections_and_interfaces)
{
	struct image image = { 0 };
	char name[301];

	memset(name, 'n', 300);
	name[300] = '\0';
	put_section(&image, "first");
	put_interface(&image, 1, 0, "lan", -1, 0);
	put_interface(&image, 101, 20, NULL, -1, 0);
	put_packet(&image, 6, 1, 5, 10, 10, 1);
	put_packet(&image, 6, 0, 6, 10, 10, 2);
	image.big = true;
	put_section(&image, "second, of the other byte order");
	put_interface(&image, 113, 20, name, 3, 0);
	put_packet(&image, 6, 0, 7, 10, 10, 3);
	put_packet(&image, 3, 0, 0, 20, 100, 4);
	image.big = false;
	put_section(&image, NULL);
	for (int form = 0; form < FORMS; form++) {
		struct outcome outcome = read_form(&image, (enum form)form, 32);

		ck_assert_msg(outcome.sound, "%s", outcome.text);
		ck_assert_uint_eq(outcome.interfaces, 3);
		ck_assert_str_eq(outcome.names[0], "lan");
		ck_assert_str_eq(outcome.names[1], "interface 1");
		ck_assert_uint_eq(strlen(outcome.names[2]), 255);
		ck_assert_str_eq(outcome.names[3], "");
		ck_assert_uint_eq(outcome.count, 4);
		expect_frame(&outcome, 0, 10, 10, 5000, 101, 1);
		expect_frame(&outcome, 1, 10, 10, 6000, 1, 2);
		expect_frame(&outcome, 2, 10, 10, 7000000, 113, 3);
		/* A simple block cut to the interface's snap length. */
		expect_frame(&outcome, 3, 20, 100, 7000000, 113, 4);
		ck_assert_uint_eq(outcome.frames[0].interface, 1);
		ck_assert_uint_eq(outcome.frames[1].interface, 0);
		ck_assert_uint_eq(outcome.frames[2].interface, 2);
		ck_assert_uint_eq(outcome.frames[3].interface, 2);
	}
	clear(&image);
}
END_TEST

static const struct {
	int resolution;
	int64_t offset;
	uint64_t ticks;
	int64_t time_ns; /* negative: out of range */
} times[] = {
	{ -1, 0, 1700000000000001, 1700000000000001000 },
	{ 6, 0, 1, 1000 },
	{ 0, 0, 3, 3000000000 },
	{ 3, 0, 1001, 1001000000 },
	{ 9, 0, INT64_MAX, INT64_MAX },
	{ 9, 0, (uint64_t)INT64_MAX + 1, -1 },
	{ 10, 0, 19, 1 },
	{ 12, 0, 1700000000123456789, 1700000000123456 },
	{ 28, 0, UINT64_MAX, 1 },
	{ 29, 0, UINT64_MAX, 0 },
	{ 127, 0, UINT64_MAX, 0 },
	{ 0x80, 0, 7, 7000000000 },
	{ 0x80 | 1, 0, 3, 1500000000 },
	{ 0x80 | 10, 0, 1025, 1000976562 },
	{ 0x80 | 32, 0, 0x180000000, 1500000000 },
	{ 0x80 | 63, 0, UINT64_MAX, 1999999999 },
	{ 0x80 | 64, 0, UINT64_MAX, 999999999 },
	{ 0x80 | 94, 0, UINT64_MAX, 0 },
	{ 0xff, 0, UINT64_MAX, 0 },
	{ -1, 1700000000, 5, 1700000000000005000 },
	{ -1, -1, 1000000, 0 },
	{ -1, -1, 999999, -1 },
	{ -1, INT64_MIN, 0, -1 },
	{ -1, INT64_MAX, UINT64_MAX, -1 },
	{ 0, 0, UINT64_MAX, -1 },
	{ 0, -1000000000, 1000000000, 0 },
	{ 0, 9223372036, 0, 9223372036000000000 },
	{ 0, 9223372036, 1, -1 },
};

START_TEST(time_resolutions)
{
	struct image image = { .big = _i % 2 };
	struct outcome outcome;

	put_section(&image, NULL);
	put_interface(&image, 1, 0, NULL, times[_i].resolution, times[_i].offset);
	put_packet(&image, 6, 0, times[_i].ticks, 4, 4, 1);
	outcome = read_form(&image, PLAIN, 32);
	if (times[_i].time_ns >= 0) {
		ck_assert_msg(outcome.sound, "%s", outcome.text);
		expect_frame(&outcome, 0, 4, 4, times[_i].time_ns, 1, 1);
	} else {
		ck_assert(!outcome.sound);
		ck_assert_uint_eq(outcome.count, 0);
		expect_text(&outcome, "block 3 at octet");
		expect_text(&outcome, "before 1970 or after 2262");
	}
	clear(&image);
}
END_TEST

enum damage { LENGTH, TRAILER, CAPTURED, INTERFACE, SHORT, OPTION, MARK, MAJOR };

static const struct {
	enum damage damage;
	uint32_t value;
	const char *text;
} damages[] = {
	{ LENGTH, 0, "impossible length" },
	{ LENGTH, 8, "impossible length" },
	{ LENGTH, 13, "impossible length" },
	{ LENGTH, 0xfffffffc, "longer than 17 MiB" },
	{ LENGTH, 0x00fffffc, "ends inside block 4" },
	{ LENGTH, 12, "does not end with the length" },
	{ TRAILER, 0, "does not end with the length" },
	{ TRAILER, 0xffffffff, "does not end with the length" },
	{ CAPTURED, 21, "longer than the block" },
	{ CAPTURED, UINT32_MAX, "longer than the block" },
	{ INTERFACE, 1, "interface that the section does not describe" },
	{ INTERFACE, UINT32_MAX, "interface that the section does not describe" },
	{ SHORT, 1, "too short for an interface" },
	{ SHORT, 2, "too short for a packet" },
	{ SHORT, 3, "too short for a packet" },
	{ SHORT, 6, "too short for a packet" },
	{ OPTION, 9, "option of impossible length" },
	{ OPTION, 14, "option of impossible length" },
	{ OPTION, 2, "option of impossible length" },
	{ MARK, 0, "without a byte-order mark" },
	{ MAJOR, 2, "version other than 1" },
};

/* Overwrites a number at `offset` from the end. */
static void patch(struct image *image, size_t offset, uint32_t value)
{
	memcpy(image->octets + image->length - offset, &value, 4);
}

START_TEST(lying_blocks)
{
	struct image image = { 0 }, body = { 0 };

	put_section(&image, NULL);
	put_interface(&image, 1, 0, NULL, -1, 0);
	put_packet(&image, 6, 0, 1, 8, 8, 1);
	switch (damages[_i].damage) {
	case LENGTH:
		put_packet(&image, 2, 0, 2, 20, 20, 2);
		patch(&image, 48, damages[_i].value);
		break;
	case TRAILER:
		put_packet(&image, 2, 0, 2, 20, 20, 2);
		patch(&image, 4, damages[_i].value);
		break;
	case CAPTURED:
		put_packet(&image, 2, 0, 2, 20, 20, 2);
		patch(&image, 32, damages[_i].value);
		break;
	case INTERFACE:
		put_packet(&image, 6, damages[_i].value, 2, 20, 20, 2);
		break;
	case SHORT:
		/* One word less than the block needs; of the simple one, all of it. */
		put(&body, NULL, damages[_i].value == 1 ? 4 : damages[_i].value == 3 ? 0 : 16);
		put_block(&image, damages[_i].value, &body);
		break;
	case OPTION:
		put(&body, NULL, 8);
		put16(&body, (uint16_t)damages[_i].value);
		put16(&body, damages[_i].value == 2 ? 9 : 4);
		put(&body, NULL, damages[_i].value == 2 ? 8 : 4);
		put_block(&image, 1, &body);
		break;
	case MARK:
		put_section(&image, NULL);
		patch(&image, 20, 0);
		break;
	case MAJOR:
		put_section(&image, NULL);
		patch(&image, 16, damages[_i].value);
		break;
	}
	/* What follows must not be believed. */
	put_packet(&image, 6, 0, 3, 8, 8, 3);
	for (int form = 0; form < FORMS; form++) {
		struct outcome outcome = read_form(&image, (enum form)form, 32);

		ck_assert(outcome.opened && !outcome.sound);
		ck_assert_uint_eq(outcome.count, 1);
		expect_text(&outcome, damages[_i].text);
		expect_text(&outcome, "block 4");
	}
	clear(&body);
	clear(&image);
}
END_TEST

START_TEST(simple_packet_without_interface)
{
	struct image image = { 0 };
	struct outcome outcome;

	put_section(&image, NULL);
	put_packet(&image, 3, 0, 0, 4, 4, 1);
	outcome = read_form(&image, PLAIN, 1);
	ck_assert(!outcome.sound);
	expect_text(&outcome, "block 2 at octet 28 is a packet of an interface");
	clear(&image);
}
END_TEST

START_TEST(as_many_interfaces_as_can_be_numbered)
{
	struct image image = { 0 };
	struct outcome outcome;

	put_section(&image, NULL);
	for (unsigned i = 0; i < 65536; i++)
		put_interface(&image, 1, 0, NULL, -1, 0);
	put_packet(&image, 6, 65535, 1, 4, 4, 1);
	outcome = read_form(&image, PLAIN, 1);
	ck_assert_msg(outcome.sound, "%s", outcome.text);
	ck_assert_uint_eq(outcome.frames[0].interface, 65535);
	put_interface(&image, 1, 0, NULL, -1, 0);
	outcome = read_form(&image, PLAIN, 1);
	ck_assert(!outcome.sound);
	expect_text(&outcome, "more than 65536 interfaces");
	clear(&image);
}
END_TEST

START_TEST(captures_without_packets)
{
	struct image image = { .big = true };
	struct outcome outcome;

	put_pcap_header(&image, 0xa1b2c3d4, 2, 4, 0, 1);
	outcome = read_form(&image, (enum form)_i, 32);
	ck_assert(outcome.sound && outcome.count == 0);
	image.length = 0;
	put_section(&image, NULL);
	outcome = read_form(&image, (enum form)_i, 32);
	ck_assert(outcome.sound && outcome.count == 0);
	ck_assert_uint_eq(outcome.interfaces, 0);
	clear(&image);
}
END_TEST

/* A block of 64 MiB of zeros is a few octets in a compressed file; reading it must not take 64 MiB of memory. */
START_TEST(bombs_take_no_memory)
{
	struct image image = { 0 }, packed = { 0 };
	uint32_t huge = 64 * 1024 * 1024;
	struct rusage before, after;
	struct outcome outcome;

	put_section(&image, NULL);
	put_interface(&image, 1, 0, NULL, -1, 0);
	put32(&image, 0x0bad);
	put32(&image, huge + 12);
	put(&image, NULL, huge);
	put32(&image, huge + 12);
	put_packet(&image, 6, 0, 1, 8, 8, 1);
	if (_i)
		put_gzip(&packed, image.octets, image.length);
	else
		put_zstd(&packed, image.octets, image.length);
	ck_assert_uint_lt(packed.length, 100000);
	write_file(packed.octets, packed.length);
	clear(&packed);
	clear(&image);
	/* The peak so far is that of the building; a child starts its own. */
	if (fork() == 0) {
		getrusage(RUSAGE_SELF, &before);
		outcome = read_path(path, 32);
		getrusage(RUSAGE_SELF, &after);
		_exit(outcome.sound && outcome.count == 1 && after.ru_maxrss - before.ru_maxrss < 16 * 1024 ? 0 : 1);
	} else {
		int status;

		wait(&status);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

START_TEST(damaged_compression)
{
	struct image image = { 0 }, packed = { 0 };
	struct outcome outcome;
	size_t whole;
	bool gzip = _i;

	put_pcap_header(&image, 0xa1b2c3d4, 2, 4, 0, 1);
	for (unsigned i = 0; i < 10; i++) {
		put_record(&image, i, i * 12345, 100, 100);
		put_pattern(&image, (uint8_t)(i * 7), 100);
	}
	if (gzip)
		put_gzip(&packed, image.octets, image.length);
	else
		put_zstd(&packed, image.octets, image.length);
	whole = packed.length;
	/* Cut at each octet: never sound, never more than there was. */
	for (size_t length = 4; length < whole; length++) {
		write_file(packed.octets, length);
		outcome = read_path(path, 32);
		ck_assert(!outcome.opened || !outcome.sound);
		ck_assert_uint_le(outcome.count, 10);
		expect_text(&outcome, gzip ? "the gzip data ends too soon" : "the zstd data ends too soon");
	}
	/* Each octet changed: no crash, and the reader either notices or the octet does not matter. */
	for (size_t at = 4; at < whole; at++) {
		packed.octets[at] ^= 0x41;
		write_file(packed.octets, whole);
		outcome = read_path(path, 32);
		ck_assert(!outcome.opened || !outcome.sound || outcome.count == 10);
		packed.octets[at] ^= 0x41;
	}
	put(&packed, "something else", 14);
	write_file(packed.octets, packed.length);
	outcome = read_path(path, 32);
	ck_assert(outcome.opened && !outcome.sound);
	ck_assert_uint_eq(outcome.count, 10);
	expect_text(&outcome, gzip ? "something else follows the gzip data" : "the zstd data cannot be unpacked");
	/* Packed twice. */
	packed.length = whole;
	image.length = 0;
	put_gzip(&image, packed.octets, packed.length);
	write_file(image.octets, image.length);
	outcome = read_path(path, 32);
	ck_assert(!outcome.opened);
	expect_text(&outcome, "inside another compression");
	clear(&packed);
	clear(&image);
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

	write_file(others[_i].octets, others[_i].length);
	outcome = read_path(path, 32);
	ck_assert(!outcome.opened);
	expect_text(&outcome, path);
	expect_text(&outcome, others[_i].text);
	outcome = read_pipe((const uint8_t *)others[_i].octets, others[_i].length, 32);
	ck_assert(!outcome.opened);
	expect_text(&outcome, "standard input: ");
}
END_TEST

START_TEST(files_that_cannot_be_opened)
{
	struct outcome outcome = read_path(directory, 1);
	char *nowhere = malloc(1000);

	ck_assert(!outcome.opened);
	expect_text(&outcome, "is a directory");
	outcome = read_path(path, 1);
	ck_assert(!outcome.opened);
	expect_text(&outcome, "No such file or directory");
	outcome = read_path("/dev/null", 1);
	ck_assert(!outcome.opened);
	expect_text(&outcome, "is empty");
	/* The reason has to fit behind a long name. */
	memset(nowhere, 'x', 999);
	nowhere[999] = '\0';
	outcome = read_path(nowhere, 1);
	ck_assert(!outcome.opened);
	expect_text(&outcome, "...xxx");
	expect_text(&outcome, "too long");
	free(nowhere);
	write_file("", 0);
	ck_assert_int_eq(chmod(directory, 0755), 0);
	ck_assert_int_eq(chmod(path, 0), 0);
	/* The superuser may read anything. */
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	outcome = read_path(path, 1);
	ck_assert(!outcome.opened);
	expect_text(&outcome, "Permission denied");
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

/* Large enough for several checks of the size. */
static void build_large(struct image *image, unsigned records)
{
	put_pcap_header(image, 0xa1b2c3d4, 2, 4, 0, 1);
	for (unsigned i = 0; i < records; i++) {
		put_record(image, i, 0, 1000, 1000);
		put(image, NULL, 1000);
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
	write_file(image.octets, image.length);
	file = capture_file_open(path, &error);
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(capture_file_next(file, frames, 32), 32);
	ck_assert_int_eq(truncate(path, 4 * 1024 * 1024), 0);
	while ((got = capture_file_next(file, frames, 32)) > 0) {
		for (unsigned i = 0; i < got; i++)
			ck_assert_uint_eq(sum_of(&frames[i]) != 0, 1);
		count += got;
	}
	ck_assert_uint_gt(count, 0);
	ck_assert_uint_lt(count, 8000);
	ck_assert(!capture_file_sound(file, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "the file shrank while it was read"));
	capture_file_close(file);
	clear(&image);
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
		put(&packed, image.octets, image.length);
	else
		put_gzip(&packed, image.octets, image.length);
	write_file(packed.octets, packed.length);
	file = capture_file_open(path, &error);
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
	clear(&packed);
	clear(&image);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
	Suite *suite = suite_create("capture_file");
	TCase *tests = tcase_create("files");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, make_directory, remove_directory);
	tcase_add_loop_test(tests, pcap_of_every_kind_order_and_form, 0, COUNT(pcap_kinds) * 2 * FORMS);
	tcase_add_loop_test(tests, pcap_versions, 0, COUNT(versions));
	tcase_add_test(tests, pcap_link_types);
	tcase_add_loop_test(tests, frames_of_the_greatest_length, 0, COUNT(limits));
	tcase_add_test(tests, pcap_cut_at_each_octet);
	tcase_add_loop_test(tests, pcapng_cut_at_each_octet, 0, 2);
	tcase_add_loop_test(tests, pcapng_of_every_order_and_form, 0, 2 * FORMS);
	tcase_add_test(tests, sections_and_interfaces);
	tcase_add_loop_test(tests, time_resolutions, 0, COUNT(times));
	tcase_add_loop_test(tests, lying_blocks, 0, COUNT(damages));
	tcase_add_test(tests, simple_packet_without_interface);
	tcase_add_test(tests, as_many_interfaces_as_can_be_numbered);
	tcase_add_loop_test(tests, captures_without_packets, 0, FORMS);
	tcase_add_loop_test(tests, bombs_take_no_memory, 0, 2);
	tcase_add_loop_test(tests, damaged_compression, 0, 2);
	tcase_add_loop_test(tests, other_files, 0, COUNT(others));
	tcase_add_test(tests, files_that_cannot_be_opened);
	tcase_add_test(tests, file_that_shrinks_while_it_is_read);
	tcase_add_loop_test(tests, progress_rises, 0, 2);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
