/* SPDX-License-Identifier: Apache-2.0 */
/* Capture files built octet by octet in memory, and what the reader makes of them; for the check_capture_file tests. */
#ifndef ESPIAL_TESTS_CAPTURE_IMAGE_H
#define ESPIAL_TESTS_CAPTURE_IMAGE_H

#include "../../daemon/capture_file.h"

#include <stdbool.h>
#include <stddef.h>

enum { MAX_FRAMES = 16 };

/* A file being built, in either byte order. */
struct image {
	uint8_t *octets; /* owned; image_clear() frees them */
	size_t length;   /* octets so far */
	size_t room;     /* octets allocated */
	bool big;        /* what follows is put most significant octet first */
};

/* How the file reaches the reader. */
enum form { PLAIN, PIPE, STANDARD_INPUT, GZIP, GZIP_MEMBERS, ZSTD, ZSTD_FRAMES, FORMS };

/* What is kept of a frame; the members are those of struct frame. */
struct seen {
	uint32_t captured, length;
	uint32_t sum; /* over the bytes */
	int64_t time_ns;
	uint16_t link_type, interface;
};

/* What came of reading a file. */
struct outcome {
	bool opened, sound;             /* what capture_file_open() and capture_file_sound() said */
	unsigned count;                 /* frames, all of them */
	unsigned interfaces;            /* at the end */
	struct seen frames[MAX_FRAMES]; /* the first of them */
	char names[4][300];             /* of the first interfaces */
	char text[512];                 /* the error, "" if there is none */
	double progress;                /* at the end */
};

extern char image_directory[200];
extern char image_path[sizeof(image_directory) + 16];

/* A scratch directory and in it, named by image_path, the file a test writes; for fixtures. */
void image_make_directory(void);
void image_remove_directory(void);

/* Appends octets, or zeros for NULL. */
void image_put(struct image *image, const void *octets, size_t length);

/* In the image's byte order. */
void image_put16(struct image *image, uint16_t value);
void image_put32(struct image *image, uint32_t value);

/* Frees the octets. */
void image_clear(struct image *image);

/* Octets that count up from `first`: what image_expect_frame() expects. */
void image_put_pattern(struct image *image, uint8_t first, size_t length);

/* Of pcap: the file header, and a record's header. */
void image_put_pcap_header(struct image *image, uint32_t magic, uint16_t major, uint16_t minor, uint32_t snap_length,
			   uint32_t link_type);
void image_put_record(struct image *image, uint32_t seconds, uint32_t fraction, uint32_t captured, uint32_t length);

/* Of pcapng: a block round `body`, whose options and padding are the caller's. */
void image_put_block(struct image *image, uint32_t type, const struct image *body);
void image_put_option(struct image *image, uint16_t code, const void *octets, uint16_t length);

/* With a comment if there is one. */
void image_put_section(struct image *image, const char *comment);

/* resolution < 0, no name, offset 0: the option is left out. */
void image_put_interface(struct image *image, uint16_t link_type, uint32_t snap_length, const char *name,
			 int resolution, int64_t offset);

/* Type 6, 3 (simple, without interface and time) or 2 (obsolete). */
void image_put_packet(struct image *image, uint32_t type, uint32_t interface, uint64_t ticks, uint32_t captured,
		      uint32_t length, uint8_t first);

/* To image_path. */
void image_write_file(const void *octets, size_t length);

/* Appends the octets compressed. */
void image_put_gzip(struct image *packed, const uint8_t *octets, size_t length);
void image_put_zstd(struct image *packed, const uint8_t *octets, size_t length);

/* What struct seen keeps of a frame's bytes. */
uint32_t image_sum_of(const struct frame *frame);

/* Reads a capture to its end in batches of at most `batch`. */
struct outcome image_read_path(const char *name, unsigned batch);

/* Only octets that a pipe holds without a reader. */
struct outcome image_read_pipe(const uint8_t *octets, size_t length, unsigned batch);

/* Brings the image into its form, and reads it. */
struct outcome image_read_form(const struct image *image, enum form form, unsigned batch);

/* Frame `number` is this one. */
void image_expect_frame(const struct outcome *outcome, unsigned number, uint32_t captured, uint32_t length,
			int64_t time_ns, uint16_t link_type, uint8_t first);

/* The error has this part. */
void image_expect_text(const struct outcome *outcome, const char *part);

/* Cuts `image` at each octet. `ends` are the offsets where it may end, with the frames there are until then. */
void image_cut_everywhere(const struct image *image, size_t header, const size_t *ends, const unsigned *counts,
			  unsigned end_count, const char *unit);

#endif
