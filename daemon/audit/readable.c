/* SPDX-License-Identifier: Apache-2.0 */
/* See readable.h. RFC 5879 section 8; ESP layout in RFC 4303 section 2. Called by the tracker. */
#include "readable.h"

#include "../../dissectors/cursor.h"

#include <string.h>

enum {
	ESP_HEADER = 8,
	TRAILER = 2, /* pad length, next header */
	ROW_DECIDES = 3,
	TRIES_MAX = 12, /* whole packets after which an SA that never fitted counts as encrypted */
	TEXT_MIN = 48,  /* octets of text that are worth a judgement */
	IP_IN_IP = 4,
	IPV6_IN_IP = 41,
	ICMP = 1,
	TCP = 6,
	UDP = 17,
	ICMPV6 = 58,
};

static const struct {
	uint8_t icv, iv;
} combinations[] = { { 12, 0 }, { 16, 0 }, { 24, 0 }, { 32, 0 }, { 0, 0 }, { 12, 8 }, { 16, 8 }, { 24, 8 }, { 32, 8 } };

enum { COMBINATIONS = sizeof(combinations) / sizeof(combinations[0]) };

/* The ten next headers that are at all likely behind ESP. */
static bool plausible(uint8_t next_header)
{
	switch (next_header) {
	case ICMP:
	case IP_IN_IP:
	case TCP:
	case UDP:
	case IPV6_IN_IP:
	case 47:  /* GRE */
	case 89:  /* OSPF */
	case 103: /* PIM */
	case 132: /* SCTP */
	case ICMPV6:
		return true;
	default:
		return false;
	}
}

/* TCP, UDP or ICMP whose own lengths agree with `length`. Other protocols have nothing to agree with. */
static bool transport_fits(uint8_t protocol, struct cursor cursor, struct readable_inner *inner)
{
	uint32_t length = cursor_left(&cursor);

	inner->protocol = protocol;
	if (protocol == TCP) {
		inner->src_port = cursor_u16(&cursor);
		inner->dst_port = cursor_u16(&cursor);
		cursor_skip(&cursor, 8);
		uint16_t offset_flags = cursor_u16(&cursor);
		uint32_t header = (uint32_t)(offset_flags >> 12) * 4;
		/* Reserved bits are zero, and no segment is without any flag. */
		return cursor_ok(&cursor) && header >= 20 && header <= length && (offset_flags & 0x0e00) == 0 &&
		       (offset_flags & 0x3f) != 0 && inner->src_port != 0 && inner->dst_port != 0;
	}
	if (protocol == UDP) {
		inner->src_port = cursor_u16(&cursor);
		inner->dst_port = cursor_u16(&cursor);
		uint16_t own = cursor_u16(&cursor);
		return cursor_ok(&cursor) && own == length && own >= 8;
	}
	if (protocol == ICMP || protocol == ICMPV6) {
		uint8_t type = cursor_u8(&cursor);
		uint8_t code = cursor_u8(&cursor);
		bool type_known =
		    protocol == ICMP ? type <= 18 : (type >= 1 && type <= 4) || (type >= 128 && type <= 161);
		return cursor_ok(&cursor) && length >= 8 && type_known && code <= 16;
	}
	return length > 0;
}

static bool ipv4_fits(struct cursor cursor, struct readable_inner *inner)
{
	uint32_t length = cursor_left(&cursor);
	uint8_t version_length = cursor_u8(&cursor);

	cursor_skip(&cursor, 1);
	uint16_t total = cursor_u16(&cursor);
	cursor_skip(&cursor, 2);
	uint16_t fragment = cursor_u16(&cursor);
	cursor_skip(&cursor, 1);
	uint8_t protocol = cursor_u8(&cursor);
	uint32_t header = (version_length & 0x0fu) * 4;
	if (!cursor_ok(&cursor) || version_length >> 4 != 4 || header < 20 || header > length || total != length)
		return false;
	cursor_skip(&cursor, header - 10);
	if (fragment & 0x3fff) {
		inner->protocol = protocol;
		return true;
	}
	return transport_fits(protocol, cursor, inner);
}

static bool ipv6_fits(struct cursor cursor, struct readable_inner *inner)
{
	uint32_t length = cursor_left(&cursor);
	uint32_t version = cursor_u32(&cursor);
	uint16_t payload = cursor_u16(&cursor);
	uint8_t next = cursor_u8(&cursor);

	cursor_skip(&cursor, 33);
	if (!cursor_ok(&cursor) || version >> 28 != 6 || payload + 40u != length)
		return false;
	if (next == TCP || next == UDP || next == ICMPV6)
		return transport_fits(next, cursor, inner);
	inner->protocol = next;
	return true;
}

static bool fits(const uint8_t *esp, uint32_t length, unsigned combination, struct readable_inner *inner)
{
	uint32_t icv = combinations[combination].icv, iv = combinations[combination].iv;

	if (length < ESP_HEADER + iv + TRAILER + icv)
		return false;
	uint32_t end = length - icv;
	uint8_t next_header = esp[end - 1], pad = esp[end - 2];
	uint32_t carried = end - TRAILER - ESP_HEADER - iv;
	if (!plausible(next_header) || pad > carried)
		return false;
	for (uint32_t i = 0; i < pad; i++)
		if (esp[end - TRAILER - pad + i] != i + 1)
			return false;
	memset(inner, 0, sizeof(*inner));
	inner->next_header = next_header;
	inner->icv = (uint8_t)icv;
	inner->iv = (uint8_t)iv;
	inner->offset = ESP_HEADER + iv;
	inner->length = carried - pad;
	struct cursor cursor = cursor_make(esp + inner->offset, inner->length, inner->length);
	if (next_header == IP_IN_IP)
		return ipv4_fits(cursor, inner);
	if (next_header == IPV6_IN_IP)
		return ipv6_fits(cursor, inner);
	/* What ESP carries is aligned to four octets (RFC 4303 section 2.4), which also thins out accidents. */
	return (carried + TRAILER) % 4 == 0 && transport_fits(next_header, cursor, inner);
}

/* Whether more than so many octets are 128 or above. Half of random ones are: eight at a time, they are told early. */
static bool has_high_octets(const uint8_t *octets, uint32_t length, uint32_t most)
{
	const uint64_t high = UINT64_C(0x8080808080808080), ones = UINT64_C(0x0101010101010101);
	uint64_t count = 0, eight;

	for (uint32_t i = 0; i + sizeof(eight) <= length && count <= most; i += sizeof(eight)) {
		memcpy(&eight, octets + i, sizeof(eight));
		count += ((eight & high) >> 7) * ones >> 56;
	}
	return count > most;
}

static bool is_text(const uint8_t *octets, uint32_t length)
{
	/* Of random octets 62 % are not printable; nine in ten of 48 or more that are do not happen by chance, and an
	 * encrypted packet is done with after a sixth of it. */
	uint32_t others_left = length / 10;

	if (has_high_octets(octets, length, others_left))
		return false;

	for (uint32_t i = 0; i < length; i++) {
		uint8_t octet = octets[i];
		bool printable = (octet >= 0x20 && octet <= 0x7e) || octet == '\r' || octet == '\n' || octet == '\t';
		if (!printable && others_left-- == 0)
			return false;
	}
	return true;
}

bool readable_look(const struct readable *readable, const uint8_t *esp, uint32_t length, struct readable_inner *inner)
{
	for (unsigned i = 0; i < COMBINATIONS; i++)
		if ((readable->fitting >> i & 1) && fits(esp, length, i, inner))
			return true;
	return false;
}

bool readable_packet(struct readable *readable, const uint8_t *esp, uint32_t length, struct readable_inner *inner)
{
	uint8_t before = readable->state;
	uint16_t fitting = 0;
	struct readable_inner candidate;

	if (length < ESP_HEADER + TRAILER)
		return false;
	for (unsigned i = 0; i < COMBINATIONS; i++) {
		if (!fits(esp, length, i, &candidate))
			continue;
		if (!(fitting & readable->fitting))
			*inner = candidate;
		fitting |= (uint16_t)(1u << i);
	}
	if (before == READABLE_NULL) {
		if (fitting & readable->fitting)
			return false;
		readable->state = READABLE_NO;
		readable->missed = 1;
		return true;
	}
	if (readable->row > 0)
		fitting &= readable->fitting;
	if (fitting) {
		readable->fitting = fitting;
		if (++readable->row >= ROW_DECIDES)
			readable->state = READABLE_NULL;
		return readable->state != before;
	}
	readable->row = 0;
	readable->fitting = 0;
	uint32_t carried = length - ESP_HEADER;
	readable->text_row = carried >= TEXT_MIN && is_text(esp + ESP_HEADER, carried) ? readable->text_row + 1 : 0;
	if (readable->text_row >= ROW_DECIDES)
		readable->state = READABLE_PLAIN;
	else if (readable->text_row == 0 && ++readable->tried >= TRIES_MAX)
		readable->state = READABLE_NO;
	return readable->state != before;
}
