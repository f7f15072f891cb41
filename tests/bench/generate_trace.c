/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the traces that the benchmark reads: deterministic, one packet mix per preset, no octet of anybody's data.
 *
 *   generate_trace PRESET OCTETS FILE
 *
 *   esp-only  1000 pairs, ESP both ways (RFC 4303), sequence numbers in order
 *   mixed     as on a span port: 60 % ESP of 200 pairs, 1 % IKE headers, 3 % small ICMP echo, 36 % clear TCP and UDP
 *             of 5000 flows
 *   flows     clear UDP of ever new flows, four packets each: table entries come and go
 *
 * Frames are of three sizes (90, 590, 1390 octets of IP), as the internet has them, and 2 microseconds apart. Called by
 * bench_audit.py; not part of espial.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ETHERNET = 14,
	IPV4 = 20,
	FRAME_MAX = ETHERNET + 1390,
	ESP_PAIRS = 1000,
	MIXED_PAIRS = 200,
	MIXED_FLOWS = 5000,
	FLOW_PACKETS = 4,
	STEP_MICROSECONDS = 2,
};

#define BEGIN_SECONDS UINT32_C(1800000000)

struct trace {
	FILE *file;
	uint64_t random; /* state of the generator, never 0 */
	uint64_t number; /* of the next frame */
	uint64_t octets; /* written */
	uint32_t sequence[2][ESP_PAIRS];
	uint8_t frame[FRAME_MAX];
};

/* xorshift64*: good enough to look like ciphertext, and the same everywhere. */
static uint64_t next_random(struct trace *trace)
{
	uint64_t x = trace->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	trace->random = x;
	return x * UINT64_C(2685821657736338717);
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static uint32_t size_of_packet(struct trace *trace)
{
	uint64_t dice = next_random(trace) % 10;

	return dice < 4 ? 90 : dice < 5 ? 590 : 1390;
}

/* Ethernet and IPv4 headers for `length` octets of IP; gives back where the payload goes. */
static uint8_t *begin_packet(struct trace *trace, uint32_t src, uint32_t dst, uint8_t protocol, uint32_t length)
{
	uint8_t *ip = trace->frame + ETHERNET;

	memset(trace->frame, 2, 12);
	put16(trace->frame + 12, 0x0800);
	memset(ip, 0, IPV4);
	ip[0] = 0x45;
	put16(ip + 2, length);
	ip[8] = 64;
	ip[9] = protocol;
	put32(ip + 12, src);
	put32(ip + 16, dst);
	return ip + IPV4;
}

static int end_packet(struct trace *trace, uint32_t length)
{
	uint64_t micros = trace->number++ * STEP_MICROSECONDS;
	uint32_t record[4] = { BEGIN_SECONDS + (uint32_t)(micros / 1000000), (uint32_t)(micros % 1000000),
			       ETHERNET + length, ETHERNET + length };

	trace->octets += sizeof(record) + ETHERNET + length;
	return fwrite(record, sizeof(record), 1, trace->file) == 1 &&
	       fwrite(trace->frame, ETHERNET + length, 1, trace->file) == 1;
}

static int write_esp(struct trace *trace, uint32_t pairs)
{
	uint32_t pair = (uint32_t)(next_random(trace) % pairs);
	unsigned back = (unsigned)(next_random(trace) & 1);
	uint32_t a = UINT32_C(0x0a010000) + pair, b = UINT32_C(0x0a020000) + pair;
	uint32_t length = size_of_packet(trace);
	uint8_t *payload = begin_packet(trace, back ? b : a, back ? a : b, 50, length);

	put32(payload, UINT32_C(0xc0000000) + pair * 2 + back);
	put32(payload + 4, ++trace->sequence[back][pair]);
	for (uint32_t i = 8; i + 8 <= length - IPV4; i += 8) {
		uint64_t noise = next_random(trace);
		memcpy(payload + i, &noise, sizeof(noise));
	}
	return end_packet(trace, length);
}

static int write_ike(struct trace *trace)
{
	uint32_t pair = (uint32_t)(next_random(trace) % MIXED_PAIRS);
	uint32_t length = IPV4 + 8 + 28 + 76;
	uint8_t *payload = begin_packet(trace, UINT32_C(0x0a010000) + pair, UINT32_C(0x0a020000) + pair, 17, length);

	memset(payload, 7, length - IPV4);
	put16(payload, 500);
	put16(payload + 2, 500);
	put16(payload + 4, length - IPV4);
	put16(payload + 6, 0);
	put32(payload + 8, UINT32_C(0x11110000) + pair);
	payload[24] = 46;   /* Encrypted and Authenticated */
	payload[25] = 0x20; /* version 2.0 */
	payload[26] = 37;   /* INFORMATIONAL */
	payload[27] = 8;    /* from the initiator */
	put32(payload + 28, 2);
	put32(payload + 32, 28 + 76);
	put32(payload + 36, 76);
	return end_packet(trace, length);
}

static int write_echo(struct trace *trace)
{
	uint32_t pair = (uint32_t)(next_random(trace) % MIXED_PAIRS);
	uint32_t length = IPV4 + 8 + 56;
	uint8_t *payload = begin_packet(trace, UINT32_C(0x0a010000) + pair, UINT32_C(0x0a020000) + pair, 1, length);

	memset(payload, 0x20, length - IPV4);
	payload[0] = 8;
	payload[1] = 0;
	return end_packet(trace, length);
}

/* UDP or, for even flows, a TCP segment of a connection that was there before. */
static int write_clear(struct trace *trace, uint64_t flow, int udp_only)
{
	uint32_t client = UINT32_C(0xac100000) + (uint32_t)(flow % 60000),
		 server = UINT32_C(0xc0a80000) + (uint32_t)(flow % 900);
	int tcp = !udp_only && flow % 2 == 0;
	uint32_t length = udp_only ? 90 : size_of_packet(trace);
	uint8_t *payload = begin_packet(trace, client, server, tcp ? 6 : 17, length);

	memset(payload, 'e', length - IPV4);
	put16(payload, 1024 + (uint32_t)(flow / 60000 % 60000));
	put16(payload + 2, tcp ? 8080 : 9000);
	if (tcp) {
		put32(payload + 4, (uint32_t)trace->number);
		payload[12] = 0x50;
		payload[13] = 0x18;
	} else {
		put16(payload + 4, length - IPV4);
	}
	return end_packet(trace, length);
}

static int write_mixed(struct trace *trace)
{
	uint64_t dice = next_random(trace) % 100;

	if (dice < 60)
		return write_esp(trace, MIXED_PAIRS);
	if (dice < 61)
		return write_ike(trace);
	if (dice < 64)
		return write_echo(trace);
	return write_clear(trace, next_random(trace) % MIXED_FLOWS, 0);
}

int main(int count, char **arguments)
{
	static const uint32_t header[6] = { UINT32_C(0xa1b2c3d4), 2 | 4 << 16, 0, 0, 65535, 1 };
	struct trace *trace = calloc(1, sizeof(*trace));
	int good = count == 4 && trace != NULL;

	if (good)
		trace->file = fopen(arguments[3], "wb");
	if (!good || !trace->file) {
		fprintf(stderr, "usage: generate_trace esp-only|mixed|flows OCTETS FILE\n");
		free(trace);
		return 2;
	}
	trace->random = UINT64_C(0x9e3779b97f4a7c15);
	good = fwrite(header, sizeof(header), 1, trace->file) == 1;
	uint64_t wanted = strtoull(arguments[2], NULL, 10);
	while (good && trace->octets < wanted) {
		if (strcmp(arguments[1], "esp-only") == 0)
			good = write_esp(trace, ESP_PAIRS);
		else if (strcmp(arguments[1], "mixed") == 0)
			good = write_mixed(trace);
		else if (strcmp(arguments[1], "flows") == 0)
			good = write_clear(trace, trace->number / FLOW_PACKETS, 1);
		else
			good = 0;
	}
	good = fclose(trace->file) == 0 && good;
	if (good)
		printf("%" PRIu64 "\n", trace->number);
	else
		fprintf(stderr, "generate_trace: no such preset, or the file cannot be written\n");
	free(trace);
	return good ? 0 : 2;
}
