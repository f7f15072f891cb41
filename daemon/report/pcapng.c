/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See pcapng.h. Sections 3.1, 4.1 to 4.3 of the draft:
 *
 *  block:   type (4) | total length (4) | body, padded to 4 | total length (4)
 *  option:  code (2) | length (2) | value, padded to 4; the last has code and length 0
 */
#include "pcapng.h"

#include "utf8.h"

#include <string.h>

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_FRAME = 6,
	BLOCK_HEAD = 8,
	BLOCK_TAIL = 4,
	BLOCK_SMALLEST = BLOCK_HEAD + BLOCK_TAIL,
	BYTE_ORDER_MARK = 0x1a2b3c4d,
	OPTION_COMMENT = 1,
	OPTION_NAME = 2,
	OPTION_APPLICATION = 4,
	OPTION_TIME_RESOLUTION = 9,
	NANOSECONDS = 9, /* digits behind the point */
	TEXT_MAX = 4096, /* octets of a comment */
	INTERFACE_BODY = 8,
};

/* A block as it grows. */
struct block {
	struct pcapng_buffer *buffer;
	size_t start;
	bool full;
};

static void put(struct block *block, const void *octets, size_t count)
{
	static const uint8_t padding[4];
	struct pcapng_buffer *buffer = block->buffer;
	size_t pad = (4 - count % 4) % 4;

	if (block->full || count > buffer->room - buffer->used || pad > buffer->room - buffer->used - count) {
		block->full = true;
		return;
	}
	memcpy(buffer->octets + buffer->used, octets, count);
	memcpy(buffer->octets + buffer->used + count, padding, pad);
	buffer->used += count + pad;
}

static void put_u32(struct block *block, uint32_t value)
{
	put(block, &value, sizeof(value));
}

static struct block begin(struct pcapng_buffer *buffer, uint32_t type)
{
	struct block block = { buffer, buffer->used, false };

	put_u32(&block, type);
	put_u32(&block, 0);
	return block;
}

static void put_option(struct block *block, uint16_t code, const void *value, size_t length)
{
	uint16_t head[2] = { code, (uint16_t)length };

	put(block, head, sizeof(head));
	put(block, value, length);
}

/* What could do something to a reader does not stay. */
static void put_name(struct block *block, uint16_t code, const char *text)
{
	char plain[TEXT_MAX];
	size_t length = text ? utf8_plain(text, sizeof(plain), plain, sizeof(plain)) : 0;

	if (length > 0)
		put_option(block, code, plain, length);
}

/* The same, but line breaks of a comment are ours and stay. */
static void put_comment(struct block *block, const char *text)
{
	char plain[TEXT_MAX];
	size_t length = 0;

	while (text && *text && length + 1 < sizeof(plain)) {
		size_t line = strcspn(text, "\n");
		char part[TEXT_MAX];
		size_t count = line < sizeof(part) ? line : sizeof(part) - 1;
		memcpy(part, text, count);
		part[count] = '\0';
		length += utf8_plain(part, sizeof(part), plain + length, sizeof(plain) - length);
		text += line;
		if (*text == '\n') {
			if (length + 1 < sizeof(plain))
				plain[length++] = '\n';
			text++;
		}
	}
	if (length > 0)
		put_option(block, OPTION_COMMENT, plain, length);
}

/* False, and nothing is left of it, if the block did not fit. */
static bool end(struct block *block)
{
	struct pcapng_buffer *buffer = block->buffer;
	uint32_t total = (uint32_t)(buffer->used - block->start) + BLOCK_TAIL;

	put_u32(block, total);
	if (block->full) {
		buffer->used = block->start;
		return false;
	}
	memcpy(buffer->octets + block->start + 4, &total, sizeof(total));
	return true;
}

bool pcapng_put_section(struct pcapng_buffer *buffer, const char *comment, const char *application)
{
	static const uint16_t version[2] = { 1, 0 };
	static const int64_t length = -1; /* not known: blocks are added later */
	struct block block = begin(buffer, BLOCK_SECTION);

	put_u32(&block, BYTE_ORDER_MARK);
	put(&block, version, sizeof(version));
	put(&block, &length, sizeof(length));
	put_comment(&block, comment);
	put_name(&block, OPTION_APPLICATION, application);
	put_u32(&block, 0);
	return end(&block);
}

bool pcapng_put_interface(struct pcapng_buffer *buffer, uint16_t link_type, const char *name)
{
	static const uint8_t resolution = NANOSECONDS;
	struct block block = begin(buffer, BLOCK_INTERFACE);
	uint16_t head[2] = { link_type, 0 };

	put(&block, head, sizeof(head));
	put_u32(&block, 0); /* no limit: each frame says how much of it is there */
	put_name(&block, OPTION_NAME, name);
	put_option(&block, OPTION_TIME_RESOLUTION, &resolution, sizeof(resolution));
	put_u32(&block, 0);
	return end(&block);
}

bool pcapng_put_frame(struct pcapng_buffer *buffer, uint32_t interface, const struct frame *frame, const char *comment)
{
	struct block block = begin(buffer, BLOCK_FRAME);
	uint64_t time = frame->time_ns > 0 ? (uint64_t)frame->time_ns : 0;

	put_u32(&block, interface);
	put_u32(&block, (uint32_t)(time >> 32));
	put_u32(&block, (uint32_t)time);
	put_u32(&block, frame->captured);
	put_u32(&block, frame->length > frame->captured ? frame->length : frame->captured);
	put(&block, frame->bytes, frame->captured);
	if (comment) {
		put_comment(&block, comment);
		put_u32(&block, 0);
	}
	return end(&block);
}

/* ---- measuring ---- */

static uint32_t u32_at(const uint8_t *octets)
{
	uint32_t value;

	memcpy(&value, octets, sizeof(value));
	return value;
}

static uint16_t u16_at(const uint8_t *octets)
{
	uint16_t value;

	memcpy(&value, octets, sizeof(value));
	return value;
}

/* The interface's name among `count` octets of options; empty if there is none. */
static const char *name_in(const uint8_t *options, size_t count, size_t *length)
{
	while (count >= 4) {
		uint16_t code = u16_at(options), octets = u16_at(options + 2);
		size_t padded = ((size_t)octets + 3) & ~(size_t)3;
		if (code == 0 || padded > count - 4)
			break;
		if (code == OPTION_NAME) {
			*length = octets;
			return (const char *)options + 4;
		}
		options += 4 + padded;
		count -= 4 + padded;
	}
	*length = 0;
	return "";
}

void pcapng_measure(const uint8_t *octets, size_t length, struct pcapng_extent *extent,
		    void (*interface)(void *context, uint16_t link_type, const char *name, size_t name_length),
		    void *context)
{
	enum { SECTION_SMALLEST = BLOCK_SMALLEST + 16, INTERFACE_SMALLEST = BLOCK_SMALLEST + INTERFACE_BODY };

	*extent = (struct pcapng_extent){ 0 };
	while (length - extent->whole >= BLOCK_SMALLEST) {
		const uint8_t *block = octets + extent->whole;
		uint32_t type = u32_at(block), total = u32_at(block + 4);
		if (total < BLOCK_SMALLEST || total % 4 != 0 || total > length - extent->whole ||
		    u32_at(block + total - BLOCK_TAIL) != total)
			return;
		if (extent->whole == 0) {
			if (type != BLOCK_SECTION || total < SECTION_SMALLEST || u32_at(block + 8) != BYTE_ORDER_MARK)
				return;
			extent->section = total;
		} else if (type == BLOCK_SECTION) {
			return; /* none that was put here has two */
		}
		if (type == BLOCK_INTERFACE && total >= INTERFACE_SMALLEST) {
			size_t name_length;
			const char *name =
			    name_in(block + BLOCK_HEAD + INTERFACE_BODY, total - INTERFACE_SMALLEST, &name_length);
			if (interface)
				interface(context, u16_at(block + BLOCK_HEAD), name, name_length);
		} else if (type == BLOCK_FRAME) {
			extent->frames++;
		}
		extent->whole += total;
	}
}
