/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk over a pcap file (draft-ietf-opsawg-pcap, and what older programs wrote).
 *
 * Called by capture_file.c for each batch. It must not read outside the window and must not trust a length.
 */
#include "capture_file_walk.h"

enum {
	FILE_HEADER = 24,
	RECORD_HEADER = 16,
	RECORD_HEADER_MODIFIED = 24, /* interface index, protocol and packet type behind the lengths */
	LINK_TYPE_BITS = 0x03ffffff, /* above: whether frames end in a checksum, and how long it is */
};

static const uint32_t MAGIC_MICROSECONDS = 0xa1b2c3d4, MAGIC_NANOSECONDS = 0xa1b23c4d, MAGIC_MODIFIED = 0xa1b2cd34;

static bool known_magic(uint32_t magic)
{
	return magic == MAGIC_MICROSECONDS || magic == MAGIC_NANOSECONDS || magic == MAGIC_MODIFIED;
}

bool capture_file_is_pcap(const uint8_t *octets)
{
	return known_magic(capture_file_load32(octets, false)) || known_magic(capture_file_load32(octets, true));
}

bool capture_file_pcap_start(struct capture_file *file, struct capture_file_error *error)
{
	const uint8_t *header = file->window + file->position;
	bool swapped = !known_magic(capture_file_load32(header, false));
	uint32_t magic = capture_file_load32(header, swapped);
	uint16_t major = capture_file_load16(header + 4, swapped), minor = capture_file_load16(header + 6, swapped);
	uint32_t link_type = capture_file_load32(header + 20, swapped) & LINK_TYPE_BITS;
	/* 543.0 was written by one vendor's tcpdump, in the old order of lengths. */
	bool vendor = major == 543 && minor == 0;
	struct capture_file_interface interface = { 0 };

	if (!vendor && (major != 2 || minor > 4)) {
		capture_file_explain(file->path, error, "is pcap of version %u.%u; versions 2.0 to 2.4 can be read",
				     major, minor);
		return false;
	}
	if (link_type > UINT16_MAX) {
		capture_file_explain(file->path, error, "is pcap with link type %u, which does not exist (largest: %u)",
				     link_type, UINT16_MAX);
		return false;
	}
	file->pcap = (struct capture_file_pcap){
		.multiplier = magic == MAGIC_NANOSECONDS ? 1 : 1000,
		.limit = capture_file_limit(capture_file_load32(header + 16, swapped)),
		.link_type = (uint16_t)link_type,
		.header = magic == MAGIC_MODIFIED ? RECORD_HEADER_MODIFIED : RECORD_HEADER,
		.swapped = swapped,
		.lengths_swapped = vendor || minor < 3,
		.lengths_unsure = !vendor && minor == 3,
	};
	file->position += FILE_HEADER;
	interface.link_type = file->pcap.link_type;
	if (!capture_file_add_interface(file, &interface, (const uint8_t *)"", 0)) {
		*error = file->fault;
		return false;
	}
	return true;
}

static inline __attribute__((always_inline)) unsigned walk(struct capture_file *file,
							   const struct capture_file_pcap pcap, struct frame *frames,
							   unsigned max)
{
	const uint8_t *window = file->window;
	const size_t filled = file->filled;
	size_t position = file->position;
	unsigned count = 0;

	while (count < max) {
		const uint8_t *record = window + position;
		uint32_t captured, length;

		if (filled - position < pcap.header) {
			file->need = pcap.header;
			break;
		}
		captured = capture_file_load32(record + 8, pcap.swapped);
		length = capture_file_load32(record + 12, pcap.swapped);
		if (pcap.lengths_swapped || (pcap.lengths_unsure && captured > length)) {
			uint32_t first = captured;

			captured = length;
			length = first;
		}
		if (captured > pcap.limit) {
			file->position = position;
			capture_file_damage(
			    file,
			    "record %llu at octet %llu says that it holds %u octets, but no frame of this "
			    "file can have more than %u: the file is damaged from there on",
			    (unsigned long long)(file->records + count + 1),
			    (unsigned long long)capture_file_offset(file), captured, pcap.limit);
			break;
		}
		if (filled - position - pcap.header < captured) {
			file->need = pcap.header + captured;
			break;
		}
		frames[count++] = (struct frame){
			.bytes = record + pcap.header,
			.captured = captured,
			.length = length < captured ? captured : length,
			/* Two 32-bit numbers: at most the year 2106, and 4295 s of an absurd fraction. */
			.time_ns = (int64_t)capture_file_load32(record, pcap.swapped) * 1000000000 +
				   (int64_t)capture_file_load32(record + 4, pcap.swapped) * pcap.multiplier,
			.link_type = pcap.link_type,
		};
		position += pcap.header + captured;
		/* The record after the next one, if that is as long: where each begins is said by the one before. */
		__builtin_prefetch((const void *)((uintptr_t)window + position + pcap.header + captured));
	}
	file->position = position;
	file->records += count;
	return count;
}

unsigned capture_file_pcap_walk(struct capture_file *file, struct frame *frames, unsigned max)
{
	struct capture_file_pcap pcap = file->pcap;

	if (pcap.swapped || pcap.lengths_swapped || pcap.lengths_unsure || pcap.header != RECORD_HEADER)
		return walk(file, pcap, frames, max);
	/* As nearly every file is: the compiler leaves the questions out. */
	pcap.swapped = pcap.lengths_swapped = pcap.lengths_unsure = false;
	pcap.header = RECORD_HEADER;
	return walk(file, pcap, frames, max);
}
