/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the traces that the benchmark reads: deterministic, one packet mix per preset, no octet of anybody's data.
 *
 *   generate_trace PRESET PACKETS FILE
 *   generate_trace scale PACKETS FILE FLOWS SAS PAIRS
 *
 *   esp-only  10 000 SAs (RFC 4303) of 5 000 pairs, every fifth in UDP (RFC 3948), sequence numbers in order
 *   mixed     as on a span port: 60 % ESP as above; 35 % clear packets of 85 000 flows between the same hosts; 5 % IKE,
 *             ICMP echo and AH
 *   flows-1m  clear flows of 2 to 10 packets between 50 000 pairs, 100 000 of them active at a time; 6 000 000 packets
 *             have a million flows
 *   ike       negotiations of 1 000 pairs (ike_dialogue.h), one message every ten milliseconds and nothing else
 *   scale     a packet of each of so many flows and SAs, half of the pairs have these and half those; then PACKETS of any of
 *             them, ESP and clear by turns
 *
 * Clear flows are HTTP, TLS, DNS, and TCP and UDP that nobody knows, with handshake, request and answer. Frames have
 * 64, 576 or 1500 octets, 7 to 4 to 1, where a dialogue does not say otherwise, and are a microsecond apart. Addresses
 * are from 198.18.0.0/15 (RFC 2544). Called by bench_audit.py; not part of espial.
 */
#include "ike_dialogue.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ETHERNET = 14,
	IPV4 = 20,
	FRAME_MAX = 1514,
	FRAME_MIN = 60,
	SAS = 10000,
	PAIRS = 5000,
	OTHERS = 5000, /* IKE, ICMP, AH */
	MIXED_FLOWS = 85000,
	FLOW_PAIRS = 50000,
	FLOWS_ACTIVE = 100000,
	IKE_PAIRS = 1000,
	NET_HOSTS = 60000, /* addresses used of each half of the network, at most */
	NET_OFFSET = 256,
	IKE_GAP_US = 10000,
	NOISE = 1 << 20,
	FIN_NEVER = 0xffff,
};

enum { TCP_SYN = 0x02, TCP_PUSH = 0x08, TCP_ACK = 0x10 };

#define BEGIN_SECONDS UINT32_C(1800000000)

enum kind { ESP, ESP_IN_UDP, AH, IKE, ECHO, HTTP, TLS, DNS, OTHER_TCP, OTHER_UDP };

struct flow {
	uint32_t id;
	uint32_t a, b; /* addresses: the opener's, the other's */
	uint16_t port; /* the opener's */
	uint16_t left; /* packets it still has; FIN_NEVER: it never ends */
	bool back;     /* an SA's: from the other to the opener */
	uint32_t packets;
	enum kind kind;
};

struct trace {
	FILE *file;
	uint64_t random; /* state of the generator, never 0 */
	uint64_t number; /* of the next frame */
	uint32_t gap_us; /* between two frames */
	uint8_t noise[NOISE];
	uint8_t frame[FRAME_MAX];
	struct flow others[OTHERS];
	struct flow *sas, *flows; /* owned */
	uint32_t sa_count, flow_count;
	uint32_t next_id;
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

static uint32_t below(struct trace *trace, uint32_t bound)
{
	return (uint32_t)((next_random(trace) >> 32) * bound >> 32);
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

/* Octets of a frame without its checksum. */
static uint32_t frame_size(struct trace *trace)
{
	uint32_t dice = below(trace, 12);

	return dice < 7 ? FRAME_MIN : dice < 11 ? 576 : FRAME_MAX;
}

static void put_noise(struct trace *trace, uint8_t *at, uint32_t length)
{
	memcpy(at, trace->noise + below(trace, NOISE - FRAME_MAX), length);
}

/* Where the IP payload goes. */
static uint8_t *payload_at(struct trace *trace)
{
	return trace->frame + ETHERNET + IPV4;
}

/* Writes the frame, of whose IP packet `length` octets of payload are in place. `back`: from the other to the opener. */
static bool write_packet(struct trace *trace, struct flow *flow, bool back, uint8_t protocol, uint32_t length)
{
	uint8_t *ip = trace->frame + ETHERNET;
	uint32_t frame = ETHERNET + IPV4 + length;
	uint32_t captured = frame < FRAME_MIN ? FRAME_MIN : frame;
	uint64_t time_us = trace->number * trace->gap_us;
	uint32_t record[4] = { BEGIN_SECONDS + (uint32_t)(time_us / 1000000), (uint32_t)(time_us % 1000000), captured,
			       captured };

	memcpy(trace->frame, back ? "\2\0\0\0\0\1\2\0\0\0\0\2" : "\2\0\0\0\0\2\2\0\0\0\0\1", 12);
	put16(trace->frame + 12, 0x0800);
	memset(ip, 0, IPV4);
	ip[0] = 0x45;
	put16(ip + 2, IPV4 + length);
	put16(ip + 4, flow->packets);
	ip[8] = 64;
	ip[9] = protocol;
	put32(ip + 12, back ? flow->b : flow->a);
	put32(ip + 16, back ? flow->a : flow->b);
	if (captured > frame)
		memset(trace->frame + frame, 0, captured - frame);
	trace->number++;
	flow->packets++;
	return fwrite(record, sizeof(record), 1, trace->file) == 1 &&
	       fwrite(trace->frame, captured, 1, trace->file) == 1;
}

static bool write_udp(struct trace *trace, struct flow *flow, bool back, uint16_t port, uint32_t length)
{
	uint8_t *udp = payload_at(trace);

	put16(udp, back ? port : flow->port);
	put16(udp + 2, back ? flow->port : port);
	put16(udp + 4, 8 + length);
	put16(udp + 6, 0);
	return write_packet(trace, flow, back, 17, 8 + length);
}

static bool write_tcp(struct trace *trace, struct flow *flow, bool back, uint16_t port, uint8_t flags, uint32_t length)
{
	uint8_t *tcp = payload_at(trace);

	put16(tcp, back ? port : flow->port);
	put16(tcp + 2, back ? flow->port : port);
	put32(tcp + 4, 1000 * flow->packets);
	put32(tcp + 8, flags & TCP_ACK ? 1000 * flow->packets : 0);
	tcp[12] = 0x50;
	tcp[13] = flags;
	put16(tcp + 14, 65000);
	put32(tcp + 16, 0);
	return write_packet(trace, flow, back, 6, 20 + length);
}

static bool write_esp(struct trace *trace, struct flow *flow)
{
	bool in_udp = flow->kind == ESP_IN_UDP;
	uint32_t before = in_udp ? 8 : 0;
	uint32_t length = frame_size(trace) - ETHERNET - IPV4 - before;
	uint8_t *esp = payload_at(trace) + before;

	put_noise(trace, esp, length);
	put32(esp, UINT32_C(0x1000) + flow->id);
	put32(esp + 4, flow->packets + 1);
	return in_udp ? write_udp(trace, flow, flow->back, 4500, length)
		      : write_packet(trace, flow, flow->back, 50, length);
}

static bool write_other(struct trace *trace, struct flow *flow)
{
	uint8_t *at = payload_at(trace);
	bool back = flow->packets & 1;

	switch (flow->kind) {
	case AH:
		put_noise(trace, at, 96);
		memcpy(at, "\6\4\0\0", 4);
		put32(at + 4, UINT32_C(0x1000) + flow->id);
		put32(at + 8, flow->packets + 1);
		return write_packet(trace, flow, false, 51, 96);
	case IKE: {
		/* INFORMATIONAL of an IKE SA that was there before (RFC 7296 section 3.1). */
		enum { LENGTH = 80 };
		uint8_t *ike = at + 8;
		put_noise(trace, ike, LENGTH);
		put32(ike, UINT32_C(0x80000000) | flow->id);
		put32(ike + 4, flow->id);
		put32(ike + 8, UINT32_C(0x40000000) | flow->id);
		put32(ike + 12, flow->id);
		memcpy(ike + 16, back ? "\56\40\45\40" : "\56\40\45\10", 4);
		put32(ike + 20, flow->packets / 2);
		put32(ike + 24, LENGTH);
		put32(ike + 28, LENGTH - 28);
		return write_udp(trace, flow, back, 500, LENGTH);
	}
	default:
		put_noise(trace, at, 64);
		put32(at, back ? 0 : UINT32_C(0x08000000));
		put32(at + 4, flow->id << 16 | (flow->packets / 2 & 0xffff));
		return write_packet(trace, flow, back, 1, 64);
	}
}

/* First words of a dialogue; their length. */
static uint32_t put_words(struct trace *trace, const struct flow *flow, uint8_t *at, bool answer)
{
	/* ClientHello and ServerHello (RFC 8446 section 4.1) without extensions but SNI. */
	static const uint8_t client[] = { 22, 3, 1, 0, 69, 1, 0, 0, 65, 3, 3 };
	static const uint8_t server[] = { 22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3 };
	static const uint8_t suites[] = { 0, 0, 2,  0x13, 1,   1,   0,   0,   22,  0,   0,   0,   18,  0,   16,
					  0, 0, 13, 'h',  'o', 's', 't', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e' };

	switch (flow->kind) {
	case HTTP:
		return (uint32_t)sprintf((char *)at,
					 answer ? "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Length: 100000\r\n\r\n"
						: "GET /%u HTTP/1.1\r\nHost: host.example\r\nUser-Agent: bench\r\n\r\n",
					 flow->id);
	case TLS:
		memcpy(at, answer ? server : client, sizeof(client));
		put_noise(trace, at + 11, 32);
		if (answer) {
			memcpy(at + 43, "\0\x13\1\0", 4);
			return 47;
		}
		memcpy(at + 43, suites, sizeof(suites));
		return 43 + (uint32_t)sizeof(suites);
	case DNS:
		put16(at, flow->id);
		memcpy(at + 2, answer ? "\x81\x80\0\1\0\0\0\0\0\0" : "\1\0\0\1\0\0\0\0\0\0", 10);
		memcpy(at + 12, "\4host\7example\0\0\1\0\1", 18);
		return 30;
	default:
		put_noise(trace, at, 200);
		return 200;
	}
}

/* SYN, SYN with ACK, ACK, request, answer, then data of the other side and empty segments of the opener. */
static bool write_clear(struct trace *trace, struct flow *flow)
{
	static const uint16_t ports[] = {
		[HTTP] = 80, [TLS] = 443, [DNS] = 53, [OTHER_TCP] = 9999, [OTHER_UDP] = 9999
	};
	uint16_t port = ports[flow->kind];
	uint8_t *data = payload_at(trace) + 20;
	uint32_t size;

	if (flow->kind == DNS || flow->kind == OTHER_UDP) {
		bool back = flow->packets & 1;
		size = put_words(trace, flow, payload_at(trace) + 8, back);
		return write_udp(trace, flow, back, port, size);
	}
	switch (flow->packets) {
	case 0:
		return write_tcp(trace, flow, false, port, TCP_SYN, 0);
	case 1:
		return write_tcp(trace, flow, true, port, TCP_SYN | TCP_ACK, 0);
	case 2:
		return write_tcp(trace, flow, false, port, TCP_ACK, 0);
	case 3:
	case 4:
		size = put_words(trace, flow, data, flow->packets == 4);
		return write_tcp(trace, flow, flow->packets == 4, port, TCP_ACK | TCP_PUSH, size);
	default:
		size = frame_size(trace);
		if (size == FRAME_MIN)
			return write_tcp(trace, flow, false, port, TCP_ACK, 0);
		size -= ETHERNET + IPV4 + 20;
		put_noise(trace, data, size);
		return write_tcp(trace, flow, true, port, TCP_ACK, size);
	}
}

static void open_flow(struct trace *trace, struct flow *flow, enum kind kind, uint32_t pairs)
{
	uint32_t pair = below(trace, pairs);

	*flow = (struct flow){ .id = trace->next_id++, .kind = kind, .left = FIN_NEVER };
	flow->a = UINT32_C(0xc6120100) + pair;
	flow->b = UINT32_C(0xc6130100) + pair * 7 % 65000;
	flow->port = kind == ESP_IN_UDP ? 4500 : kind == IKE ? 500 : (uint16_t)(1024 + below(trace, 64000));
}

static void open_clear(struct trace *trace, struct flow *flow, uint32_t pairs, bool ends)
{
	static const enum kind kinds[20] = { HTTP, HTTP, HTTP, HTTP, TLS, TLS, TLS, TLS,       TLS,       TLS,
					     TLS,  DNS,  DNS,  DNS,  DNS, DNS, DNS, OTHER_TCP, OTHER_TCP, OTHER_UDP };

	open_flow(trace, flow, kinds[below(trace, 20)], pairs);
	if (ends)
		flow->left = (uint16_t)(2 + below(trace, 9));
}

static bool write_frame(struct trace *trace, uint32_t esp, uint32_t clear)
{
	uint32_t dice = below(trace, 100);

	if (dice < esp)
		return write_esp(trace, &trace->sas[below(trace, trace->sa_count)]);
	if (dice >= esp + clear)
		return write_other(trace, &trace->others[below(trace, OTHERS)]);
	struct flow *flow = &trace->flows[below(trace, trace->flow_count)];
	bool good = write_clear(trace, flow);
	if (flow->left != FIN_NEVER && --flow->left == 0)
		open_clear(trace, flow, FLOW_PAIRS, true);
	return good;
}

static bool write_negotiation(struct trace *trace, uint64_t number)
{
	struct flow *flow = &trace->flows[number / 2 % IKE_PAIRS]; /* an answer follows what it answers */
	uint8_t *ike = payload_at(trace) + 8;
	const uint8_t *noise = trace->noise + below(trace, NOISE - IKE_DIALOGUE_NOISE);
	uint32_t length = ike_dialogue_message(flow->id, flow->packets, noise, ike);

	if (length == 0) {
		/* The next one of the same pair. */
		flow->id += IKE_PAIRS;
		flow->packets = 0;
		length = ike_dialogue_message(flow->id, 0, noise, ike);
	}
	return write_udp(trace, flow, flow->packets & 1, 500, length);
}

static void prepare_negotiations(struct trace *trace)
{
	trace->gap_us = IKE_GAP_US;
	for (uint32_t i = 0; i < IKE_PAIRS; i++)
		trace->flows[i] =
		    (struct flow){ .id = i, .a = UINT32_C(0xc6120100) + i, .b = UINT32_C(0xc6130100) + i, .port = 500 };
}

static void prepare(struct trace *trace, bool ends)
{
	for (uint32_t i = 0; i < trace->sa_count; i++)
		open_flow(trace, &trace->sas[i], i % 5 == 0 ? ESP_IN_UDP : ESP, PAIRS);
	for (uint32_t i = 0; i < OTHERS; i++)
		open_flow(trace, &trace->others[i], i % 5 < 2 ? IKE : i % 5 < 4 ? ECHO : AH, PAIRS);
	for (uint32_t i = 0; i < trace->flow_count; i++)
		open_clear(trace, &trace->flows[i], ends ? FLOW_PAIRS : PAIRS, ends);
}

/* The addresses of a pair of its own. */
static void place(struct flow *flow, uint32_t pair)
{
	flow->a = UINT32_C(0xc6120000) + NET_OFFSET + pair % NET_HOSTS;
	flow->b = UINT32_C(0xc6130000) + NET_OFFSET + (pair % NET_HOSTS * 7 + pair / NET_HOSTS) % NET_HOSTS;
}

static void prepare_scale(struct trace *trace, uint32_t pairs)
{
	uint32_t half = pairs / 2;

	for (uint32_t i = 0; i < trace->sa_count; i++) {
		trace->sas[i] = (struct flow){ .id = i, .kind = ESP, .left = FIN_NEVER, .back = i / half % 2 };
		place(&trace->sas[i], i % half);
	}
	for (uint32_t i = 0; i < trace->flow_count; i++) {
		trace->flows[i] = (struct flow){ .id = i, .kind = OTHER_TCP, .left = FIN_NEVER };
		place(&trace->flows[i], half + i % half);
		trace->flows[i].port = (uint16_t)(1024 + i / half % 64000);
	}
}

/* A packet of everything there is. */
static bool write_all(struct trace *trace)
{
	bool good = true;

	for (uint32_t i = 0; i < trace->sa_count && good; i++)
		good = write_esp(trace, &trace->sas[i]);
	for (uint32_t i = 0; i < trace->flow_count && good; i++)
		good = write_clear(trace, &trace->flows[i]);
	return good;
}

enum { PRESET_ARGUMENTS = 4, SCALE_ARGUMENTS = 7 };

struct preset {
	const char *name;
	uint32_t esp, clear; /* in a hundred */
	uint32_t flows;
	bool ends;
	int arguments;
};

/* What the command line asks for; NULL if it asks for nothing that there is. */
static const struct preset *find_preset(int count, char **arguments)
{
	static const struct preset presets[] = {
		{ "esp-only", 100, 0, MIXED_FLOWS, false, PRESET_ARGUMENTS },
		{ "mixed", 60, 35, MIXED_FLOWS, false, PRESET_ARGUMENTS },
		{ "flows-1m", 0, 100, FLOWS_ACTIVE, true, PRESET_ARGUMENTS },
		{ "ike", 0, 0, MIXED_FLOWS, false, PRESET_ARGUMENTS },
		{ "scale", 50, 50, 0, false, SCALE_ARGUMENTS },
	};

	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		if (count == presets[i].arguments && strcmp(arguments[1], presets[i].name) == 0)
			return &presets[i];
	return NULL;
}

static struct trace *trace_new(const struct preset *preset, char **arguments)
{
	bool scale = preset->arguments == SCALE_ARGUMENTS;
	uint32_t pairs = scale ? (uint32_t)strtoul(arguments[6], NULL, 10) : 0;
	struct trace *trace = calloc(1, sizeof(*trace));

	if (!trace)
		return NULL;
	trace->flow_count = scale ? (uint32_t)strtoul(arguments[4], NULL, 10) : preset->flows;
	trace->sa_count = scale ? (uint32_t)strtoul(arguments[5], NULL, 10) : SAS;
	trace->flows = calloc((size_t)trace->flow_count + 1, sizeof(*trace->flows));
	trace->sas = calloc((size_t)trace->sa_count + 1, sizeof(*trace->sas));
	if (trace->flows && trace->sas && trace->flow_count > 0 && trace->sa_count > 0 &&
	    (!scale || (pairs > 1 && pairs <= 2 * NET_HOSTS)))
		trace->file = fopen(arguments[3], "wb");
	trace->gap_us = 1;
	trace->random = UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = 0; i + 8 <= NOISE; i += 8) {
		uint64_t noise = next_random(trace);
		memcpy(trace->noise + i, &noise, sizeof(noise));
	}
	if (!trace->file)
		return trace;
	if (scale)
		prepare_scale(trace, pairs);
	else
		prepare(trace, preset->ends);
	if (preset->esp + preset->clear == 0)
		prepare_negotiations(trace);
	return trace;
}

static void trace_free(struct trace *trace)
{
	free(trace->flows);
	free(trace->sas);
	free(trace);
}

static bool write_trace(struct trace *trace, const struct preset *preset, uint64_t wanted)
{
	static const uint32_t header[6] = { UINT32_C(0xa1b2c3d4), 2 | 4 << 16, 0, 0, 65535, 1 };
	bool negotiations = preset->esp + preset->clear == 0;
	bool good = fwrite(header, sizeof(header), 1, trace->file) == 1;

	if (good && preset->arguments == SCALE_ARGUMENTS) {
		good = write_all(trace);
		wanted += trace->number;
	}
	while (good && trace->number < wanted)
		good = negotiations ? write_negotiation(trace, trace->number)
				    : write_frame(trace, preset->esp, preset->clear);
	return fclose(trace->file) == 0 && good;
}

int main(int count, char **arguments)
{
	const struct preset *preset = find_preset(count, arguments);
	struct trace *trace = preset ? trace_new(preset, arguments) : NULL;
	int status = 2;

	if (!trace || !trace->file) {
		fprintf(stderr, "usage: generate_trace esp-only|mixed|flows-1m|ike PACKETS FILE\n"
				"       generate_trace scale PACKETS FILE FLOWS SAS PAIRS (2 to 120000)\n");
	} else if (!write_trace(trace, preset, strtoull(arguments[2], NULL, 10))) {
		fprintf(stderr, "generate_trace: the file cannot be written\n");
	} else {
		status = 0;
	}
	if (trace)
		trace_free(trace);
	return status;
}
