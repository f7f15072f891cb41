/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An IP address as a value.
 *
 * IPv4 is held in its IPv4-mapped form ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), so that one comparison, one hash and
 * one prefix match serve both families. Everything here is inline and pure.
 */
#ifndef ESPIAL_DISSECTORS_ADDRESS_H
#define ESPIAL_DISSECTORS_ADDRESS_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct address {
	uint8_t bytes[16]; /* network byte order */
};

/* From four octets in network byte order. */
static inline struct address address_from_ipv4(const uint8_t octets[4])
{
	struct address address = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff } };
	memcpy(address.bytes + 12, octets, 4);
	return address;
}

/* From sixteen octets in network byte order. */
static inline struct address address_from_ipv6(const uint8_t octets[16])
{
	struct address address;
	memcpy(address.bytes, octets, 16);
	return address;
}

static inline bool address_is_ipv4(const struct address *address)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

/* Eight octets from a place on, as the number that they are in network byte order. Every packet is compared, and so no call. */
static inline uint64_t address_half(const struct address *address, unsigned from)
{
	uint64_t half;
	memcpy(&half, address->bytes + from, sizeof(half));
	return be64toh(half);
}

/* Order of the octets, as memcmp() has it: the lower address of a pair is the one that sorts first. */
static inline int address_compare(const struct address *left, const struct address *right)
{
	uint64_t l = address_half(left, 0), r = address_half(right, 0);

	if (l == r) {
		l = address_half(left, 8);
		r = address_half(right, 8);
	}
	return (l > r) - (l < r);
}

static inline bool address_equal(const struct address *left, const struct address *right)
{
	return address_half(left, 0) == address_half(right, 0) && address_half(left, 8) == address_half(right, 8);
}

/* All zero octets, or IPv4 0.0.0.0. */
static inline bool address_is_unspecified(const struct address *address)
{
	static const uint8_t zero[16];
	if (address_is_ipv4(address))
		return memcmp(address->bytes + 12, zero, 4) == 0;
	return memcmp(address->bytes, zero, 16) == 0;
}

/* IPv4 224.0.0.0/4 (RFC 5771), IPv6 ff00::/8 (RFC 4291 section 2.7), and the limited broadcast 255.255.255.255. */
static inline bool address_is_group(const struct address *address)
{
	static const uint8_t broadcast[4] = { 0xff, 0xff, 0xff, 0xff };
	if (address_is_ipv4(address))
		return (address->bytes[12] & 0xf0) == 0xe0 || memcmp(address->bytes + 12, broadcast, 4) == 0;
	return address->bytes[0] == 0xff;
}

/* IPv6 fe80::/10 (RFC 4291 section 2.5.6), IPv4 169.254.0.0/16 (RFC 3927). */
static inline bool address_is_link_local(const struct address *address)
{
	if (address_is_ipv4(address))
		return address->bytes[12] == 169 && address->bytes[13] == 254;
	return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

/* Room for any address as text, with its end. */
enum { ADDRESS_TEXT_SIZE = 46 };
struct address_text {
	char text[ADDRESS_TEXT_SIZE];
};

/* RFC 5952 text for IPv6, dotted quad for IPv4. In address.c. Returns buffer->text. */
const char *address_text(const struct address *address, struct address_text *buffer);

/* Reads what address_text() writes, and every other form inet_pton() takes. False, and untouched, if it is no address. */
bool address_parse(const char *text, struct address *address);

/* Reads only what address_text() writes: one spelling per address, so that text compares as the address does. False for
 * anything else; what is in *address is then not to be used. */
bool address_parse_own(const char *text, struct address *address);

#endif
