/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Octets of a capture from a descriptor, decompressed on the way: the home of zlib and libzstd.
 *
 * gzip (RFC 1952, any number of members) and zstd (RFC 8878, any number of frames) are told by their first octets.
 * Called by capture_file.c. What is decompressed goes into the caller's bounded buffer, so a small file that unpacks to
 * a huge one costs time and no memory; zstd's own window is at most 128 MiB, as much as its tool allows too.
 */
#include "capture_file_walk.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { RAW_ROOM = 128 * 1024, ZSTD_WINDOW_LOG = 27 };

enum compression { PLAIN, GZIP, ZSTD };

struct capture_file_stream {
	int descriptor; /* borrowed */
	enum compression compression;
	size_t raw_position;   /* first octet of raw that was not used yet */
	size_t raw_filled;     /* octets in raw */
	uint64_t consumed;     /* octets read from the descriptor */
	z_stream inflater;     /* used where GZIP */
	ZSTD_DStream *zstd;    /* owned; used where ZSTD */
	bool inside;           /* a gzip member or zstd frame has begun and not ended */
	bool full;             /* the caller's buffer ran full, so the decompressor may hold more without new input */
	bool ended;            /* the descriptor has no more */
	char fault[256];       /* what went wrong; "" while nothing did */
	uint8_t raw[RAW_ROOM]; /* as read */
};

static void set_fault(struct capture_file_stream *stream, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void set_fault(struct capture_file_stream *stream, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(stream->fault, sizeof(stream->fault), format, arguments);
	va_end(arguments);
}

/* One read; 0 at the end or, with the fault set, at an error. */
static size_t read_descriptor(struct capture_file_stream *stream, uint8_t *octets, size_t room)
{
	while (!stream->ended && !stream->fault[0]) {
		ssize_t got = read(stream->descriptor, octets, room);

		if (got > 0) {
			stream->consumed += (uint64_t)got;
			return (size_t)got;
		}
		if (got == 0) {
			stream->ended = true;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			/* Standard input may be somebody's non-blocking pipe. */
			poll(&(struct pollfd){ .fd = stream->descriptor, .events = POLLIN }, 1, -1);
		} else if (errno != EINTR) {
			set_fault(stream, "cannot be read after octet %llu: %s", (unsigned long long)stream->consumed,
				  strerror(errno));
		}
	}
	return 0;
}

struct capture_file_stream *capture_file_stream_open(int descriptor)
{
	struct capture_file_stream *stream = malloc(sizeof(*stream));

	if (!stream)
		return NULL;
	/* Not the large member raw, which needs no value. */
	memset(stream, 0, offsetof(struct capture_file_stream, raw));
	stream->descriptor = descriptor;
	return stream;
}

bool capture_file_stream_peek(struct capture_file_stream *stream, const uint8_t **octets, size_t *length,
			      const char **fault)
{
	while (stream->raw_filled < CAPTURE_FILE_PEEK) {
		size_t got = read_descriptor(stream, stream->raw + stream->raw_filled, RAW_ROOM - stream->raw_filled);

		if (got == 0)
			break;
		stream->raw_filled += got;
	}
	*octets = stream->raw;
	*length = stream->raw_filled;
	*fault = capture_file_stream_fault(stream);
	return !*fault;
}

static enum compression tell_compression(const uint8_t *octets, size_t length)
{
	if (length >= 3 && octets[0] == 0x1f && octets[1] == 0x8b && octets[2] == 8)
		return GZIP;
	/* A zstd frame, or a skippable one before it. */
	if (length >= 4 && octets[1] == 0xb5 && octets[2] == 0x2f && octets[3] == 0xfd && octets[0] == 0x28)
		return ZSTD;
	if (length >= 4 && (octets[0] & 0xf0) == 0x50 && octets[1] == 0x2a && octets[2] == 0x4d && octets[3] == 0x18)
		return ZSTD;
	return PLAIN;
}

bool capture_file_is_compressed(const uint8_t *octets, size_t length)
{
	return tell_compression(octets, length) != PLAIN;
}

bool capture_file_stream_begin(struct capture_file_stream *stream)
{
	enum compression compression = tell_compression(stream->raw, stream->raw_filled);

	if (compression == GZIP && inflateInit2(&stream->inflater, 16 + MAX_WBITS) != Z_OK)
		return false;
	if (compression == ZSTD) {
		stream->zstd = ZSTD_createDStream();
		if (!stream->zstd)
			return false;
		ZSTD_DCtx_setParameter(stream->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	}
	stream->compression = compression;
	stream->inside = compression != PLAIN;
	return true;
}

/* Where in the file the next octet of raw is. */
static unsigned long long raw_offset(const struct capture_file_stream *stream)
{
	return stream->consumed - (stream->raw_filled - stream->raw_position);
}

static void refill_raw(struct capture_file_stream *stream)
{
	stream->raw_position = 0;
	stream->raw_filled = read_descriptor(stream, stream->raw, RAW_ROOM);
	if (stream->raw_filled == 0 && stream->inside && !stream->fault[0])
		set_fault(stream, "the %s data ends too soon, at octet %llu of the file",
			  capture_file_stream_compression(stream), (unsigned long long)stream->consumed);
}

/* Between two gzip members. False at the end of the file, where zeros may fill up the last block of a tape. */
static bool begin_member(struct capture_file_stream *stream)
{
	bool zeros = false;

	for (;;) {
		if (stream->raw_position == stream->raw_filled) {
			refill_raw(stream);
			if (stream->raw_filled == 0)
				return false;
		}
		if (stream->raw[stream->raw_position] != 0)
			break;
		zeros = true;
		stream->raw_position++;
	}
	if (zeros || stream->raw[stream->raw_position] != 0x1f) {
		set_fault(stream, "something else follows the gzip data, at octet %llu of the file",
			  raw_offset(stream));
		return false;
	}
	inflateReset(&stream->inflater);
	stream->inside = true;
	return true;
}

static size_t read_gzip(struct capture_file_stream *stream, uint8_t *octets, size_t room)
{
	z_stream *inflater = &stream->inflater;
	unsigned wanted = room < UINT32_MAX ? (unsigned)room : UINT32_MAX;

	inflater->next_out = octets;
	inflater->avail_out = wanted;
	while (inflater->avail_out == wanted && !stream->fault[0]) {
		int result;

		if (!stream->inside && !begin_member(stream))
			break;
		if (stream->raw_position == stream->raw_filled && !stream->full) {
			refill_raw(stream);
			continue;
		}
		inflater->next_in = stream->raw + stream->raw_position;
		inflater->avail_in = (unsigned)(stream->raw_filled - stream->raw_position);
		result = inflate(inflater, Z_NO_FLUSH);
		stream->raw_position = stream->raw_filled - inflater->avail_in;
		stream->full = inflater->avail_out == 0;
		if (result == Z_STREAM_END)
			stream->inside = false;
		else if (result != Z_OK && result != Z_BUF_ERROR)
			set_fault(stream, "the gzip data is damaged (%s) near octet %llu of the file",
				  inflater->msg ? inflater->msg : zError(result), raw_offset(stream));
	}
	return wanted - inflater->avail_out;
}

static size_t read_zstd(struct capture_file_stream *stream, uint8_t *octets, size_t room)
{
	ZSTD_outBuffer output = { octets, room, 0 };

	while (output.pos == 0 && !stream->fault[0]) {
		ZSTD_inBuffer input;
		size_t left;

		/* Behind a whole frame the decompressor holds nothing more, even if the caller's buffer ran full with it. */
		if (stream->raw_position == stream->raw_filled && !(stream->full && stream->inside)) {
			refill_raw(stream);
			if (stream->raw_filled == 0)
				break;
		}
		input = (ZSTD_inBuffer){ stream->raw, stream->raw_filled, stream->raw_position };
		left = ZSTD_decompressStream(stream->zstd, &output, &input);
		stream->raw_position = input.pos;
		stream->full = output.pos == room;
		if (ZSTD_isError(left))
			set_fault(stream, "the zstd data cannot be unpacked (%s) near octet %llu of the file",
				  ZSTD_getErrorName(left), raw_offset(stream));
		else
			stream->inside = left != 0;
	}
	return output.pos;
}

size_t capture_file_stream_read(struct capture_file_stream *stream, uint8_t *octets, size_t room)
{
	size_t left = stream->raw_filled - stream->raw_position;

	if (stream->compression == GZIP)
		return read_gzip(stream, octets, room);
	if (stream->compression == ZSTD)
		return read_zstd(stream, octets, room);
	if (left > 0) {
		left = left < room ? left : room;
		memcpy(octets, stream->raw + stream->raw_position, left);
		stream->raw_position += left;
		return left;
	}
	return read_descriptor(stream, octets, room);
}

const char *capture_file_stream_fault(const struct capture_file_stream *stream)
{
	return stream->fault[0] ? stream->fault : NULL;
}

const char *capture_file_stream_compression(const struct capture_file_stream *stream)
{
	switch (stream->compression) {
	case GZIP:
		return "gzip";
	case ZSTD:
		return "zstd";
	case PLAIN:
		break;
	}
	return NULL;
}

uint64_t capture_file_stream_consumed(const struct capture_file_stream *stream)
{
	return stream->consumed;
}

void capture_file_stream_close(struct capture_file_stream *stream)
{
	if (!stream)
		return;
	if (stream->compression == GZIP)
		inflateEnd(&stream->inflater);
	ZSTD_freeDStream(stream->zstd);
	free(stream);
}
