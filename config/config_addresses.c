/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prefixes, gateways and listening addresses as text (config_values.h). IPv4 is held as ::ffff:a.b.c.d, as policy.h
 * says (RFC 4291 section 2.5.5.2). Called by config_build.c, config_rules.c and for `--secured`.
 */
#include "config_values.h"
#include "config_document.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IPV4_BITS = 96 }; /* bits before the IPv4 address in the sixteen octets */
enum { SOCKET_PATH_MAX = 107 };

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct text_address {
	char text[INET6_ADDRSTRLEN];
};

static bool is_ipv4(const uint8_t address[16])
{
	return memcmp(address, mapped, sizeof(mapped)) == 0;
}

static bool parse_address(const char *text, uint8_t address[16])
{
	uint8_t octets[4];

	if (inet_pton(AF_INET, text, octets) == 1) {
		memcpy(address, mapped, sizeof(mapped));
		memcpy(address + sizeof(mapped), octets, sizeof(octets));
		return true;
	}
	return inet_pton(AF_INET6, text, address) == 1;
}

static const char *write_address(const uint8_t address[16], struct text_address *buffer)
{
	if (is_ipv4(address))
		inet_ntop(AF_INET, address + sizeof(mapped), buffer->text, sizeof(buffer->text));
	else
		inet_ntop(AF_INET6, address, buffer->text, sizeof(buffer->text));
	return buffer->text;
}

/* The number behind the slash; -1 if it is none. */
static int parse_length(const char *text)
{
	int length = 0;

	if (!isdigit((unsigned char)text[0]) || strlen(text) > 3)
		return -1;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return -1;
		length = length * 10 + (*text - '0');
	}
	return length;
}

/* Zeroes what lies beyond the length; true if all of that was zero already. */
static bool clear_host_bits(uint8_t address[16], unsigned length)
{
	bool clean = true;

	for (unsigned octet = 0; octet < 16; octet++) {
		unsigned bits = length > 8 * octet ? length - 8 * octet : 0; /* of the prefix, in this octet or later */
		uint8_t keep = (uint8_t)(0xff00 >> (bits < 8 ? bits : 8));
		clean = clean && (address[octet] & ~keep) == 0;
		address[octet] &= keep;
	}
	return clean;
}

/* A prefix of IPv6 shorter than 96 bits that would contain all IPv4 addresses too, as they are held here. */
static bool holds_ipv4(const struct policy_prefix *prefix)
{
	uint8_t masked[16] = { 0 };

	if (prefix->length >= IPV4_BITS)
		return false;
	memcpy(masked, mapped, sizeof(mapped));
	clear_host_bits(masked, prefix->length);
	return memcmp(masked, prefix->address, sizeof(masked)) == 0;
}

/* The message for what was no prefix, by its likeliest cause. */
static void explain_prefix(const char *text, const char *part, struct config_reason *reason)
{
	struct config_quoted quoted;
	const char *possible = "an IPv4 or IPv6 address, ADDRESS/LENGTH or 'any' is possible";

	if (strspn(part, "0123456789.") == strlen(part) && strchr(part, '.'))
		possible = "an IPv4 address has four numbers of 0 to 255, without leading zeros";
	else if (strchr(part, '%'))
		possible = "an address without its zone is possible";
	else if (strchr(part, '-'))
		possible = "a range has to be written as prefixes";
	config_reason_set(reason, "'%s' is not a prefix: %s", config_quote(&quoted, text), possible);
}

bool config_read_prefix(const char *text, struct policy_prefix *prefix, struct config_reason *reason)
{
	struct config_quoted quoted;
	struct text_address host, network;
	const char *slash = strchr(text, '/');
	char part[INET6_ADDRSTRLEN + 1];
	uint8_t address[16];
	bool ipv4;
	int length, most;

	if (strcmp(text, "any") == 0) {
		memset(prefix, 0, sizeof(*prefix));
		return true;
	}
	snprintf(part, sizeof(part), "%.*s", slash ? (int)(slash - text) : (int)strlen(text), text);
	if (!parse_address(part, address)) {
		explain_prefix(text, part, reason);
		return false;
	}
	/* ::ffff:10.0.0.0/104 is written in IPv6 and counted so. */
	ipv4 = is_ipv4(address) && !strchr(part, ':');
	most = ipv4 ? 32 : 128;
	length = slash ? parse_length(slash + 1) : most;
	if (length < 0 || length > most) {
		config_reason_set(reason, "'%s' is not a prefix: IPv%c prefix lengths go up to %d",
				  config_quote(&quoted, text), ipv4 ? '4' : '6', most);
		return false;
	}

	memcpy(prefix->address, address, sizeof(prefix->address));
	prefix->length = (uint8_t)(ipv4 ? length + IPV4_BITS : length);
	if (!clear_host_bits(prefix->address, prefix->length)) {
		config_reason_set(reason, "'%s' has host bits set: %s/%d is the network, %s the host",
				  config_quote(&quoted, text), write_address(prefix->address, &network), length,
				  write_address(address, &host));
		return false;
	}
	if (holds_ipv4(prefix)) {
		config_reason_set(reason,
				  "'%s' would hold IPv4 too: 'any' says that, 2000::/3 and fc00::/7 are IPv6 alone",
				  config_quote(&quoted, text));
		return false;
	}
	return true;
}

enum config_family config_prefix_family(const struct policy_prefix *prefix)
{
	if (prefix->length == 0)
		return CONFIG_FAMILY_ANY;
	return prefix->length >= IPV4_BITS && is_ipv4(prefix->address) ? CONFIG_FAMILY_IPV4 : CONFIG_FAMILY_IPV6;
}

bool config_read_gateway(const char *text, uint8_t address[16], struct config_reason *reason)
{
	static const uint8_t zero[16];
	struct config_quoted quoted;
	bool group, none;

	if (!parse_address(text, address)) {
		config_reason_set(reason, "'%s' is not an address: a gateway is one IPv4 or IPv6 address",
				  config_quote(&quoted, text));
		return false;
	}
	if (is_ipv4(address)) {
		none = memcmp(address + 12, zero, 4) == 0;
		group = address[12] >= 224;
	} else {
		none = memcmp(address, zero, 16) == 0;
		group = address[0] == 0xff;
	}
	if (none || group) {
		config_reason_set(reason, "'%s' is no host's address: a gateway is one IPv4 or IPv6 address",
				  config_quote(&quoted, text));
		return false;
	}
	return true;
}

/* 127.0.0.0/8 (RFC 1122 section 3.2.1.3) and ::1. */
static bool is_loopback(const uint8_t address[16])
{
	static const uint8_t one[16] = { [15] = 1 };

	return is_ipv4(address) ? address[12] == 127 : memcmp(address, one, sizeof(one)) == 0;
}

bool config_check_listen(const char *text, bool *local, struct config_reason *reason)
{
	struct config_quoted quoted;
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 3];
	size_t length;
	uint8_t address[16];
	bool good = false;

	if (text[0] == '/') {
		*local = true;
		return config_check_path(text, SOCKET_PATH_MAX, reason);
	}
	if (colon) {
		const char *digits = colon + 1;
		size_t count = strspn(digits, "0123456789");
		unsigned long port = count <= 5 ? strtoul(digits, NULL, 10) : 0;

		good = count > 0 && !digits[count] && port >= 1 && port <= 65535;
		length = (size_t)(colon - text);
		good = good && length < sizeof(host);
	}
	if (good) {
		bool brackets = text[0] == '[' && length > 2 && text[length - 1] == ']';

		snprintf(host, sizeof(host), "%.*s", (int)length - (brackets ? 2 : 0), text + brackets);
		if (strcmp(host, "localhost") == 0 && !brackets) {
			*local = true;
			return true;
		}
		good = parse_address(host, address) && brackets == (strchr(host, ':') != NULL);
	}
	if (!good) {
		config_reason_set(
		    reason,
		    "'%s' is not a place to listen: /PATH, ADDRESS:PORT, [IPv6 ADDRESS]:PORT or localhost:PORT "
		    "is possible",
		    config_quote(&quoted, text));
		return false;
	}
	*local = is_loopback(address);
	return true;
}

bool config_read_server(const char *text, unsigned otherwise, char **host, unsigned *port, struct config_reason *reason)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	struct config_quoted quoted;
	bool brackets = text[0] == '[';
	const char *begin = text + brackets;
	size_t length = brackets ? strcspn(begin, "]") : strcspn(begin, ":");
	const char *rest = begin + length + (brackets && begin[length] == ']');
	uint8_t address[16];
	bool good = length > 0 && length < 254;

	*port = otherwise;
	*host = good ? strndup(begin, length) : NULL;
	if (good && !*host)
		return true; /* the caller sees that there was no memory */
	good = good && (brackets ? begin[length] == ']' && strchr(*host, ':') && parse_address(*host, address)
				 : strspn(*host, letters) == length && (*host)[0] != '-' && (*host)[0] != '.');
	if (good && *rest) {
		size_t digits = *rest == ':' ? strspn(rest + 1, "0123456789") : 0;
		unsigned long number = digits > 0 && digits <= 5 ? strtoul(rest + 1, NULL, 10) : 0;
		good = number >= 1 && number <= 65535 && !rest[1 + digits];
		*port = (unsigned)number;
	}
	if (good)
		return true;
	free(*host);
	*host = NULL;
	config_reason_set(reason,
			  "'%s' is not a server: HOST, HOST:PORT, ADDRESS:PORT or [IPv6 ADDRESS]:PORT is possible",
			  config_quote(&quoted, text));
	return false;
}
