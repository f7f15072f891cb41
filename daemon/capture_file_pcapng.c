/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk over a pcapng file (draft-ietf-opsawg-pcapng): sections, interfaces and packets; everything else is passed
 * over.
 *
 * Called by capture_file.c for each batch. It must not read outside the window and must not trust a length. A block
 * that is passed over may be longer than the window: what is left of it is kept in struct capture_file_pcapng.
 */
#include "capture_file_walk.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET_OBSOLETE = 2,
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,

	OPTION_END = 0,
	OPTION_NAME = 2,
	OPTION_TIME_RESOLUTION = 9,
	OPTION_TIME_OFFSET = 14,

	BLOCK_HEAD = 8, /* type, total length */
	BLOCK_TAIL = 4, /* total length again */
	BLOCK_SMALLEST = BLOCK_HEAD + BLOCK_TAIL,
	SECTION_HEAD = 24,   /* byte-order mark, version and section length too */
	INTERFACE_HEAD = 16, /* link type, snap length too */
	PACKET_HEAD = 28,    /* of both kinds with a time */
	SIMPLE_HEAD = 12,

	BYTE_ORDER_MARK = 0x1a2b3c4d,
	RESOLUTION_USUAL = 6,     /* microseconds */
	RESOLUTION_BINARY = 0x80, /* the other bits are a power of two */
};

static const int64_t SECOND = 1000000000;
static const int64_t TIME_END_S = 9183110400; /* 2261-01-01 */

static void damage_block(struct capture_file *file, const char *what)
{
	capture_file_damage(file, "block %llu at octet %llu %s: the file is damaged from there on",
			    (unsigned long long)(file->records + 1), (unsigned long long)capture_file_offset(file),
			    what);
}

bool capture_file_is_pcapng(const uint8_t *octets)
{
	/* Reads the same in both byte orders. */
	return capture_file_load32(octets, false) == BLOCK_SECTION;
}

static uint64_t power_of_ten(unsigned exponent)
{
	uint64_t power = 1;

	while (exponent-- > 0)
		power *= 10;
	return power;
}

static void set_resolution(struct capture_file_interface *interface, uint8_t resolution)
{
	unsigned digits = resolution & (RESOLUTION_BINARY - 1);

	interface->multiplier = 1;
	interface->divisor = 1;
	interface->shift = 0;
	if (resolution & RESOLUTION_BINARY) {
		interface->multiplier = (uint64_t)SECOND;
		interface->shift = (uint8_t)digits;
	} else if (digits <= 9) {
		interface->multiplier = power_of_ten(9 - digits);
	} else {
		/* 2^64 ticks of 10^-29 s are less than a nanosecond. */
		interface->divisor = digits - 9 <= 19 ? power_of_ten(digits - 9) : 0;
	}
}

static bool frame_time(const struct capture_file_interface *interface, uint64_t ticks, int64_t *time_ns)
{
	/* 64 bits of ticks times at most 30 bits: neither product nor sum can overflow 128. */
	unsigned __int128 since;
	__int128 time;

	if (interface->divisor == 1)
		since = (unsigned __int128)ticks * interface->multiplier >> interface->shift;
	else
		since = interface->divisor ? ticks / interface->divisor : 0;
	time = (__int128)since + (__int128)interface->offset * SECOND;
	if (time < 0 || time >= TIME_END_S * SECOND)
		return false;
	*time_ns = (int64_t)time;
	return true;
}

/* An interface block, all of it at hand. False: damaged. */
static bool take_interface(struct capture_file *file, const uint8_t *block, uint32_t total)
{
	const bool swapped = file->pcapng.swapped;
	struct capture_file_interface interface = { 0 };
	const uint8_t *name = NULL, *option = block + INTERFACE_HEAD;
	size_t name_length = 0, left;

	if (total < INTERFACE_HEAD + BLOCK_TAIL) {
		damage_block(file, "is too short for an interface");
		return false;
	}
	interface.link_type = capture_file_load16(block + 8, swapped);
	interface.snap_length = capture_file_load32(block + 12, swapped);
	interface.limit = capture_file_limit(interface.snap_length);
	set_resolution(&interface, RESOLUTION_USUAL);
	for (left = total - INTERFACE_HEAD - BLOCK_TAIL; left >= 4;) {
		uint16_t code = capture_file_load16(option, swapped), length = capture_file_load16(option + 2, swapped);
		size_t padded = ((size_t)length + 3) & ~(size_t)3;

		if (code == OPTION_END)
			break;
		if (padded > left - 4 || (code == OPTION_TIME_RESOLUTION && length != 1) ||
		    (code == OPTION_TIME_OFFSET && length != 8)) {
			damage_block(file, "is an interface with an option of impossible length");
			return false;
		}
		switch (code) {
		case OPTION_NAME:
			name = option + 4;
			name_length = length;
			break;
		case OPTION_TIME_RESOLUTION:
			set_resolution(&interface, option[4]);
			break;
		case OPTION_TIME_OFFSET:
			interface.offset = (int64_t)capture_file_load64(option + 4, swapped);
			break;
		default:
			break;
		}
		option += 4 + padded;
		left -= 4 + padded;
	}
	return capture_file_add_interface(file, &interface, name, name_length);
}

static const struct capture_file_interface *find_interface(struct capture_file *file, uint32_t number)
{
	if (number >= file->interface_count - file->pcapng.section_base) {
		damage_block(file, "is a packet of an interface that the section does not describe");
		return NULL;
	}
	return &file->interfaces[file->pcapng.section_base + number];
}

/* An enhanced packet block, or its obsolete forerunner, all of it at hand. False: damaged. */
static bool take_packet(struct capture_file *file, const uint8_t *block, uint32_t total, bool obsolete,
			struct frame *frame)
{
	const bool swapped = file->pcapng.swapped;
	const struct capture_file_interface *interface;
	uint32_t number, captured, length;
	uint64_t ticks;

	if (total < PACKET_HEAD + BLOCK_TAIL) {
		damage_block(file, "is too short for a packet");
		return false;
	}
	/* The obsolete block has a count of drops in the other half. */
	number = obsolete ? capture_file_load16(block + 8, swapped) : capture_file_load32(block + 8, swapped);
	interface = find_interface(file, number);
	if (!interface)
		return false;
	ticks = (uint64_t)capture_file_load32(block + 12, swapped) << 32 | capture_file_load32(block + 16, swapped);
	captured = capture_file_load32(block + 20, swapped);
	length = capture_file_load32(block + 24, swapped);
	if (captured > interface->limit || captured > total - PACKET_HEAD - BLOCK_TAIL) {
		damage_block(file, "says that its packet is longer than the block or than its interface allows");
		return false;
	}
	if (!frame_time(interface, ticks, &file->pcapng.last_time)) {
		damage_block(file, "has a time before 1970 or after 2260");
		return false;
	}
	*frame = (struct frame){
		.bytes = block + PACKET_HEAD,
		.captured = captured,
		.length = length < captured ? captured : length,
		.time_ns = file->pcapng.last_time,
		.link_type = interface->link_type,
		.interface = (uint16_t)(file->pcapng.section_base + number),
	};
	return true;
}

/* A simple packet block, all of it at hand: of the section's first interface, at the time of the frame before it. */
static bool take_simple(struct capture_file *file, const uint8_t *block, uint32_t total, struct frame *frame)
{
	const struct capture_file_interface *interface;
	uint32_t captured, length;

	if (total < SIMPLE_HEAD + BLOCK_TAIL) {
		damage_block(file, "is too short for a packet");
		return false;
	}
	interface = find_interface(file, 0);
	if (!interface)
		return false;
	length = capture_file_load32(block + 8, file->pcapng.swapped);
	captured = interface->snap_length && length > interface->snap_length ? interface->snap_length : length;
	if (captured > interface->limit || captured > total - SIMPLE_HEAD - BLOCK_TAIL) {
		damage_block(file, "says that its packet is longer than the block or than its interface allows");
		return false;
	}
	*frame = (struct frame){
		.bytes = block + SIMPLE_HEAD,
		.captured = captured,
		.length = length,
		.time_ns = file->pcapng.last_time,
		.link_type = interface->link_type,
		.interface = (uint16_t)file->pcapng.section_base,
	};
	return true;
}

/* Starts to pass over the block at the window's position, of which `taken` octets were read. */
static void pass_block(struct capture_file *file, uint32_t total, uint32_t taken)
{
	file->pcapng.block_offset = capture_file_offset(file);
	file->pcapng.trailer = total;
	file->pcapng.pass = total - taken - BLOCK_TAIL;
	file->position += taken;
}

/* Passes over what the window has of a block; true when the block is behind us. */
static bool continue_passing(struct capture_file *file)
{
	struct capture_file_pcapng *pcapng = &file->pcapng;
	size_t left = file->filled - file->position;
	size_t step = pcapng->pass < left ? (size_t)pcapng->pass : left;

	file->position += step;
	pcapng->pass -= step;
	file->need = BLOCK_TAIL;
	if (pcapng->pass > 0 || left - step < BLOCK_TAIL)
		return false;
	if (capture_file_load32(file->window + file->position, pcapng->swapped) != pcapng->trailer) {
		capture_file_damage(
		    file,
		    "block %llu at octet %llu does not end with the length it started with: the file is "
		    "damaged from there on",
		    (unsigned long long)(file->records + 1), (unsigned long long)pcapng->block_offset);
		return false;
	}
	file->position += BLOCK_TAIL;
	file->records++;
	pcapng->trailer = 0;
	return true;
}

/* The section header at the window's position, with at least SECTION_HEAD octets. False: damaged. */
static bool take_section(struct capture_file *file)
{
	const uint8_t *block = file->window + file->position;
	bool swapped = capture_file_load32(block + 8, false) != BYTE_ORDER_MARK;
	uint32_t total = capture_file_load32(block + 4, swapped);

	if (swapped && capture_file_load32(block + 8, true) != BYTE_ORDER_MARK) {
		damage_block(file, "is a section without a byte-order mark");
		return false;
	}
	if (total < SECTION_HEAD + BLOCK_TAIL || total % 4 != 0) {
		damage_block(file, "has an impossible length");
		return false;
	}
	if (capture_file_load16(block + 12, swapped) != 1) {
		damage_block(file, "is a section of a version other than 1, which cannot be read");
		return false;
	}
	file->pcapng.swapped = swapped;
	file->pcapng.section_base = file->interface_count;
	pass_block(file, total, SECTION_HEAD);
	return true;
}

bool capture_file_pcapng_start(struct capture_file *file, struct capture_file_error *error)
{
	if (take_section(file))
		return true;
	*error = file->fault;
	return false;
}

unsigned capture_file_pcapng_walk(struct capture_file *file, struct frame *frames, unsigned max)
{
	unsigned count = 0;

	while (count < max && !file->damaged) {
		const uint8_t *block = file->window + file->position;
		size_t left = file->filled - file->position;
		uint32_t type, total;
		bool whole;

		if (file->pcapng.trailer) {
			if (!continue_passing(file))
				break;
			continue;
		}
		if (left < BLOCK_SMALLEST) {
			file->need = BLOCK_SMALLEST;
			break;
		}
		type = capture_file_load32(block, file->pcapng.swapped);
		if (type == BLOCK_SECTION) {
			file->need = SECTION_HEAD;
			if (left < SECTION_HEAD || !take_section(file))
				break;
			continue;
		}
		total = capture_file_load32(block + 4, file->pcapng.swapped);
		if (total < BLOCK_SMALLEST || total % 4 != 0) {
			damage_block(file, "has an impossible length");
			break;
		}
		if (type != BLOCK_INTERFACE && type != BLOCK_ENHANCED && type != BLOCK_SIMPLE &&
		    type != BLOCK_PACKET_OBSOLETE) {
			pass_block(file, total, BLOCK_HEAD);
			continue;
		}
		if (total > CAPTURE_FILE_FRAME_LARGEST + CAPTURE_FILE_BLOCK_EXTRA) {
			damage_block(file, "is longer than 17 MiB");
			break;
		}
		file->need = total;
		if (left < total)
			break;
		if (capture_file_load32(block + total - BLOCK_TAIL, file->pcapng.swapped) != total) {
			damage_block(file, "does not end with the length it started with");
			break;
		}
		switch (type) {
		case BLOCK_INTERFACE:
			whole = take_interface(file, block, total);
			break;
		case BLOCK_SIMPLE:
			whole = take_simple(file, block, total, &frames[count]);
			break;
		default:
			whole = take_packet(file, block, total, type == BLOCK_PACKET_OBSOLETE, &frames[count]);
			break;
		}
		if (!whole)
			break;
		if (type != BLOCK_INTERFACE)
			count++;
		file->position += total;
		file->records++;
	}
	return count;
}
