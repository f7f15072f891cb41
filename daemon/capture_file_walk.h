/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the capture file reader, shared by capture_file*.c and by nobody else.
 *
 * A walk (pcap, pcapng) sees one stretch of contiguous octets, the window: a bounded
 * buffer. It takes whole records from the window's position on, and says how many octets it needs
 * when the next record is not all there. What a length in the file says is compared with what the window holds, never
 * added to a pointer first.
 */
#ifndef ESPIAL_DAEMON_CAPTURE_FILE_WALK_H
#define ESPIAL_DAEMON_CAPTURE_FILE_WALK_H

#include "capture_file.h"

#include <stddef.h>
#include <string.h>

enum {
	CAPTURE_FILE_FRAME_USUAL = 256 * 1024,         /* octets a frame may have in any file */
	CAPTURE_FILE_FRAME_LARGEST = 16 * 1024 * 1024, /* ... in a file whose own snap length is larger than usual */
	CAPTURE_FILE_BLOCK_EXTRA = 1024 * 1024, /* octets of options and the like a pcapng block may have besides */
	CAPTURE_FILE_INTERFACES = 65536,        /* what frame.interface can number */
	CAPTURE_FILE_NAME = 255,                /* octets of an interface's name that are kept */
	CAPTURE_FILE_PEEK = 32,                 /* octets that are enough to tell any format we know */
};

struct capture_file_stream;

struct capture_file_interface {
	char *name;           /* owned; "" for pcap */
	uint64_t multiplier;  /* time in nanoseconds = (ticks * multiplier / divisor) >> shift */
	uint64_t divisor;     /* 1 save for decimal resolutions finer than a nanosecond; 0: always at the offset */
	int64_t offset;       /* if_tsoffset, seconds */
	uint32_t limit;       /* octets a frame may have */
	uint32_t snap_length; /* as the file says, 0: unlimited */
	uint16_t link_type;   /* LINKTYPE_ number */
	uint8_t shift;        /* binary digits of a binary resolution, else 0 */
};

struct capture_file_pcap {
	uint32_t multiplier;  /* nanoseconds per unit of the fraction */
	uint32_t limit;       /* octets a frame may have */
	uint16_t link_type;   /* LINKTYPE_ number */
	uint8_t header;       /* octets before the frame's bytes: 16, or 24 (modified by Kuznetzov) */
	bool swapped;         /* the file's byte order is not ours */
	bool lengths_swapped; /* before version 2.3 the wire length stood first */
	bool lengths_unsure;  /* version 2.3: either order */
};

struct capture_file_pcapng {
	uint64_t pass;         /* octets of the present block still to pass over, its last four not counted */
	uint64_t block_offset; /* where the block that is passed over starts */
	int64_t last_time;     /* of the last frame, nanoseconds: simple packet blocks have no time of their own */
	uint32_t trailer;      /* the total length its end has to repeat; 0: no block is being passed over */
	uint32_t section_base; /* number of the section's first interface */
	bool swapped;          /* the section's byte order is not ours */
};

struct capture_file {
	char *path;                         /* owned; "standard input" for "-" */
	const uint8_t *window;              /* the octets at hand: the buffer */
	size_t position;                    /* in the window: first octet not yet taken */
	size_t filled;                      /* octets in the window */
	size_t need;                        /* octets from position on that the next record takes, as far as is known */
	uint64_t window_offset;             /* where the window starts in the (decompressed) capture */
	uint64_t records;                   /* whole records (pcap) or blocks (pcapng) taken */
	uint8_t *buffer;                    /* owned */
	size_t room;                        /* octets of buffer */
	struct capture_file_stream *stream; /* owned */
	int descriptor;                     /* owned unless standard input */
	uint64_t size;                             /* octets of a regular file when it was opened, else 0 */
	struct capture_file_interface *interfaces; /* owned */
	uint32_t interface_count;                  /* used entries */
	uint32_t interface_room;                   /* allocated entries */
	struct capture_file_pcap pcap;             /* used where !pcapng */
	struct capture_file_pcapng pcapng;         /* used where is_pcapng */
	bool standard_input;                       /* the descriptor is not ours to close */
	bool is_pcapng;                            /* which of the walks */
	bool ended;                                /* there is nothing more to take */
	bool damaged;                              /* fault is set */
	struct capture_file_error fault;           /* what capture_file_sound() says */
};

/* Unaligned reads in the file's byte order. */
static inline uint16_t capture_file_load16(const uint8_t *octets, bool swapped)
{
	uint16_t value;

	memcpy(&value, octets, sizeof(value));
	return swapped ? __builtin_bswap16(value) : value;
}

static inline uint32_t capture_file_load32(const uint8_t *octets, bool swapped)
{
	uint32_t value;

	memcpy(&value, octets, sizeof(value));
	return swapped ? __builtin_bswap32(value) : value;
}

static inline uint64_t capture_file_load64(const uint8_t *octets, bool swapped)
{
	uint64_t value;

	memcpy(&value, octets, sizeof(value));
	return swapped ? __builtin_bswap64(value) : value;
}

/* Octets a frame may have in a file or interface with this snap length. */
static inline uint32_t capture_file_limit(uint32_t snap_length)
{
	if (snap_length <= CAPTURE_FILE_FRAME_USUAL)
		return CAPTURE_FILE_FRAME_USUAL;
	return snap_length < CAPTURE_FILE_FRAME_LARGEST ? snap_length : CAPTURE_FILE_FRAME_LARGEST;
}

/* Sets `error` to "path: " and the text. */
void capture_file_explain(const char *path, struct capture_file_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Ends the file at damage; the text is put behind the file's name. */
void capture_file_damage(struct capture_file *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Where the window's position is in the (decompressed) capture. */
static inline uint64_t capture_file_offset(const struct capture_file *file)
{
	return file->window_offset + file->position;
}

/* Adds an interface (a copy of `interface`, which owns no name) named by `length` octets, or by its number if there are
 * none. False, with the file damaged, if there are too many or no memory. */
bool capture_file_add_interface(struct capture_file *file, const struct capture_file_interface *interface,
				const uint8_t *name, size_t length);

/* capture_file_pcap.c. The magic has 4 octets. start reads the file header from the window, which has at least 24
 * octets; false with the error set. walk takes whole records, at most `max` frames of them, and sets need, or damages
 * the file. */
bool capture_file_is_pcap(const uint8_t *octets);
bool capture_file_pcap_start(struct capture_file *file, struct capture_file_error *error);
unsigned capture_file_pcap_walk(struct capture_file *file, struct frame *frames, unsigned max);

/* capture_file_pcapng.c, likewise; start takes the first section header, of which at least 28 octets are there. */
bool capture_file_is_pcapng(const uint8_t *octets);
bool capture_file_pcapng_start(struct capture_file *file, struct capture_file_error *error);
unsigned capture_file_pcapng_walk(struct capture_file *file, struct frame *frames, unsigned max);

/* capture_file_foreign.c: name of a format that we do not read but know ("snoop (Solaris)"), or NULL; *remedy says what
 * to do with it, where `%s` in it stands for the file's name. */
const char *capture_file_foreign(const uint8_t *octets, size_t length, const char **remedy);

/* capture_file_stream.c: octets from a descriptor, decompressed if they start as gzip or zstd does. */
struct capture_file_stream *capture_file_stream_open(int descriptor);
/* The first octets as they are in the file, before decompression; CAPTURE_FILE_PEEK of them unless the file is shorter.
 * False with *fault set if they cannot be read. */
bool capture_file_stream_peek(struct capture_file_stream *stream, const uint8_t **octets, size_t *length,
			      const char **fault);
/* Starts decompression if the peeked octets ask for it. False if there is no memory. */
bool capture_file_stream_begin(struct capture_file_stream *stream);
bool capture_file_is_compressed(const uint8_t *octets, size_t length);
/* At least one and at most `room` octets; 0 at the end. */
size_t capture_file_stream_read(struct capture_file_stream *stream, uint8_t *octets, size_t room);
/* After 0: what went wrong, at which octet of the file; NULL if the stream ended as it should. */
const char *capture_file_stream_fault(const struct capture_file_stream *stream);
/* "gzip", "zstd", or NULL for octets as they are. */
const char *capture_file_stream_compression(const struct capture_file_stream *stream);
/* Octets of the file read so far. */
uint64_t capture_file_stream_consumed(const struct capture_file_stream *stream);
void capture_file_stream_close(struct capture_file_stream *stream);

#endif
