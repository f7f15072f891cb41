/* SPDX-License-Identifier: Apache-2.0 */
/* See capture_image.h. */
#include "capture_image.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { SUM_START = 17 };

char image_directory[200];
char image_path[sizeof(image_directory) + 16];

void image_make_directory(void)
{
	const char *place = getenv("TMPDIR");

	snprintf(image_directory, sizeof(image_directory), "%s/check_capture_file.XXXXXX", place ? place : P_tmpdir);
	ck_assert_ptr_nonnull(mkdtemp(image_directory));
	snprintf(image_path, sizeof(image_path), "%s/file", image_directory);
}

void image_remove_directory(void)
{
	unlink(image_path);
	rmdir(image_directory);
}

void image_put(struct image *image, const void *octets, size_t length)
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

static void image_put_number(struct image *image, uint64_t value, unsigned size)
{
	uint8_t octets[8];

	for (unsigned i = 0; i < size; i++)
		octets[image->big ? size - 1 - i : i] = (uint8_t)(value >> 8 * i);
	image_put(image, octets, size);
}

void image_put16(struct image *image, uint16_t value)
{
	image_put_number(image, value, 2);
}

void image_put32(struct image *image, uint32_t value)
{
	image_put_number(image, value, 4);
}

void image_clear(struct image *image)
{
	free(image->octets);
	*image = (struct image){ 0 };
}

void image_put_pattern(struct image *image, uint8_t first, size_t length)
{
	for (size_t i = 0; i < length; i++)
		image_put(image, &(uint8_t){ (uint8_t)(first + i) }, 1);
}

static uint32_t image_pattern_sum(uint8_t first, uint32_t length)
{
	uint32_t sum = SUM_START;

	for (uint32_t i = 0; i < length; i++)
		sum = sum * 31 + (uint8_t)(first + i);
	return sum;
}

void image_put_pcap_header(struct image *image, uint32_t magic, uint16_t major, uint16_t minor, uint32_t snap_length,
			   uint32_t link_type)
{
	image_put32(image, magic);
	image_put16(image, major);
	image_put16(image, minor);
	image_put(image, NULL, 8);
	image_put32(image, snap_length);
	image_put32(image, link_type);
}

void image_put_record(struct image *image, uint32_t seconds, uint32_t fraction, uint32_t captured, uint32_t length)
{
	image_put32(image, seconds);
	image_put32(image, fraction);
	image_put32(image, captured);
	image_put32(image, length);
}

void image_put_block(struct image *image, uint32_t type, const struct image *body)
{
	uint32_t total = (uint32_t)body->length + 12;

	image_put32(image, type);
	image_put32(image, total);
	image_put(image, body->octets, body->length);
	image_put32(image, total);
}

void image_put_option(struct image *image, uint16_t code, const void *octets, uint16_t length)
{
	image_put16(image, code);
	image_put16(image, length);
	image_put(image, octets, length);
	image_put(image, NULL, (size_t)(-length & 3));
}

void image_put_section(struct image *image, const char *comment)
{
	struct image body = { .big = image->big };

	image_put32(&body, 0x1a2b3c4d);
	image_put16(&body, 1);
	image_put16(&body, 0);
	image_put_number(&body, UINT64_MAX, 8);
	if (comment)
		image_put_option(&body, 1, comment, (uint16_t)strlen(comment));
	image_put_block(image, 0x0a0d0d0a, &body);
	image_clear(&body);
}

void image_put_interface(struct image *image, uint16_t link_type, uint32_t snap_length, const char *name,
			 int resolution, int64_t offset)
{
	struct image body = { .big = image->big };

	image_put16(&body, link_type);
	image_put16(&body, 0);
	image_put32(&body, snap_length);
	if (name)
		image_put_option(&body, 2, name, (uint16_t)strlen(name));
	if (resolution >= 0)
		image_put_option(&body, 9, &(uint8_t){ (uint8_t)resolution }, 1);
	if (offset) {
		image_put16(&body, 14);
		image_put16(&body, 8);
		image_put_number(&body, (uint64_t)offset, 8);
	}
	if (name || resolution >= 0 || offset)
		image_put_option(&body, 0, NULL, 0);
	image_put_block(image, 1, &body);
	image_clear(&body);
}

void image_put_packet(struct image *image, uint32_t type, uint32_t interface, uint64_t ticks, uint32_t captured,
		      uint32_t length, uint8_t first)
{
	struct image body = { .big = image->big };

	if (type == 2) {
		image_put16(&body, (uint16_t)interface);
		image_put16(&body, 77);
	} else if (type == 6) {
		image_put32(&body, interface);
	}
	if (type != 3) {
		image_put32(&body, (uint32_t)(ticks >> 32));
		image_put32(&body, (uint32_t)ticks);
		image_put32(&body, captured);
	}
	image_put32(&body, length);
	image_put_pattern(&body, first, captured);
	image_put(&body, NULL, -captured & 3);
	if (type == 6)
		image_put_option(&body, 1, "a comment", 9);
	image_put_block(image, type, &body);
	image_clear(&body);
}

void image_write_file(const void *octets, size_t length)
{
	int descriptor;

	/* Writing over the old one would wait for the disk on some file systems. */
	unlink(image_path);
	descriptor = open(image_path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	ck_assert_int_ge(descriptor, 0);
	ck_assert_int_eq(write(descriptor, octets, length), (ssize_t)length);
	close(descriptor);
}

void image_put_gzip(struct image *packed, const uint8_t *octets, size_t length)
{
	z_stream stream = { 0 };
	uint8_t *room = malloc(length + 1000);

	ck_assert_int_eq(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (uint8_t *)(uintptr_t)octets;
	stream.avail_in = (unsigned)length;
	stream.next_out = room;
	stream.avail_out = (unsigned)(length + 1000);
	ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	image_put(packed, room, stream.total_out);
	deflateEnd(&stream);
	free(room);
}

void image_put_zstd(struct image *packed, const uint8_t *octets, size_t length)
{
	size_t bound = ZSTD_compressBound(length), got;
	uint8_t *room = malloc(bound);

	got = ZSTD_compress(room, bound, octets, length, 3);
	ck_assert(!ZSTD_isError(got));
	image_put(packed, room, got);
	free(room);
}

uint32_t image_sum_of(const struct frame *frame)
{
	uint32_t sum = SUM_START;

	for (uint32_t i = 0; i < frame->captured; i++)
		sum = sum * 31 + frame->bytes[i];
	return sum;
}

struct outcome image_read_path(const char *name, unsigned batch)
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
					.sum = image_sum_of(&frames[i]),
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

struct outcome image_read_pipe(const uint8_t *octets, size_t length, unsigned batch)
{
	struct outcome outcome;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], octets, length), (ssize_t)length);
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	outcome = image_read_path("-", batch);
	return outcome;
}

struct outcome image_read_form(const struct image *image, enum form form, unsigned batch)
{
	struct image packed = { 0 };
	size_t half = image->length / 2;
	struct outcome outcome;
	int descriptor;

	switch (form) {
	case PIPE:
		return image_read_pipe(image->octets, image->length, batch);
	case GZIP:
		image_put_gzip(&packed, image->octets, image->length);
		break;
	case GZIP_MEMBERS:
		image_put_gzip(&packed, image->octets, half);
		image_put_gzip(&packed, image->octets, 0);
		image_put_gzip(&packed, image->octets + half, image->length - half);
		image_put(&packed, NULL, 100);
		break;
	case ZSTD:
		image_put_zstd(&packed, image->octets, image->length);
		break;
	case ZSTD_FRAMES:
		image_put(&packed, "\x50\x2a\x4d\x18\x04\0\0\0skip", 12);
		image_put_zstd(&packed, image->octets, half);
		image_put_zstd(&packed, image->octets + half, image->length - half);
		break;
	default:
		image_put(&packed, image->octets, image->length);
		break;
	}
	image_write_file(packed.octets, packed.length);
	image_clear(&packed);
	if (form != STANDARD_INPUT)
		return image_read_path(image_path, batch);
	descriptor = open(image_path, O_RDONLY);
	dup2(descriptor, STDIN_FILENO);
	close(descriptor);
	outcome = image_read_path("-", batch);
	return outcome;
}

void image_expect_frame(const struct outcome *outcome, unsigned number, uint32_t captured, uint32_t length,
			int64_t time_ns, uint16_t link_type, uint8_t first)
{
	const struct seen *frame = &outcome->frames[number];

	ck_assert_uint_lt(number, outcome->count);
	ck_assert_uint_eq(frame->captured, captured);
	ck_assert_uint_eq(frame->length, length);
	ck_assert_int_eq(frame->time_ns, time_ns);
	ck_assert_uint_eq(frame->link_type, link_type);
	ck_assert_uint_eq(frame->sum, image_pattern_sum(first, captured));
}

void image_expect_text(const struct outcome *outcome, const char *part)
{
	ck_assert_msg(strstr(outcome->text, part), "\"%s\" does not contain \"%s\"", outcome->text, part);
}

void image_cut_everywhere(const struct image *image, size_t header, const size_t *ends, const unsigned *counts,
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
			struct outcome outcome = image_read_form(&part, forms[form], form % 2 ? 1 : 32);

			if (length < header) {
				ck_assert_msg(!outcome.opened, "%zu", length);
				image_expect_text(&outcome, length == 0  ? "is empty"
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
			image_expect_text(&outcome, text);
			snprintf(text, sizeof(text), "the last %zu octets were left out", length - ends[whole]);
			image_expect_text(&outcome, text);
		}
	}
}
