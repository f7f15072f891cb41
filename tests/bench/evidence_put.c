/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs to remember a packet for captures of evidence: evidence_put FRAMES.
 *
 * Frames of a span port's kinds, in memory that is walked as a capture ring is, are read in batches as a worker reads them, in turns without and with a
 * call of evidence_put() behind. Prints the least of the rounds of each, in nanoseconds per packet.
 */
#include "../../daemon/audit/evidence.h"
#include "../../dissectors/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 32, ROOM = 2048, SLOTS = 32768, ROUNDS = 9, ETHERNET = 1 };

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Ethernet, IPv4, and ESP, TCP or UDP of `length` octets in all. */
static void make_frame(uint8_t *octets, unsigned number, uint16_t length)
{
	static const uint8_t protocols[] = { 50, 50, 6, 17 };
	uint8_t protocol = protocols[number % 4];
	uint16_t ip = (uint16_t)(length - 14);

	memset(octets, 0, 64);
	memcpy(octets, "\x52\x54\0\0\0\2\x52\x54\0\0\0\1\x08\0\x45\0", 16);
	octets[16] = (uint8_t)(ip >> 8);
	octets[17] = (uint8_t)ip;
	octets[22] = 64;
	octets[23] = protocol;
	memcpy(octets + 26, (uint8_t[]){ 10, 1, (uint8_t)(number >> 8), (uint8_t)number }, 4);
	memcpy(octets + 30, (uint8_t[]){ 10, 2, (uint8_t)(number >> 8), (uint8_t)number }, 4);
	memcpy(octets + 34, (uint8_t[]){ 0xc0, 1, 0x1f, 0x90 }, 4);
	if (protocol == 6)
		octets[46] = 0x50;
	if (protocol == 17) {
		octets[38] = (uint8_t)((ip - 20) >> 8);
		octets[39] = (uint8_t)(ip - 20);
	}
}

static void drop(void *context, uint64_t alert, const struct evidence_frame *frames, size_t count)
{
	(void)context;
	(void)alert;
	(void)frames;
	(void)count;
}

static double round_of(struct evidence *evidence, const uint8_t *memory, unsigned long count)
{
	static const struct packet_options options = { .decapsulate = TUNNEL_ALL };
	struct frame frames[BATCH];
	struct packet packets[BATCH];
	double began = now();

	for (unsigned long done = 0; done < count; done += BATCH) {
		for (unsigned i = 0; i < BATCH; i++) {
			unsigned slot = (unsigned)(done + i) % SLOTS;
			frames[i] =
			    (struct frame){ memory + (size_t)slot * ROOM, 200, 200, (int64_t)done, ETHERNET, 0 };
			packet_read(&frames[i], &options, &packets[i]);
		}
		for (unsigned i = 0; i < BATCH; i++)
			evidence_put(evidence, &frames[i], &packets[i], 0, false);
	}
	return (now() - began) / (double)count;
}

int main(int argc, char **argv)
{
	unsigned long count = argc == 2 ? strtoul(argv[1], NULL, 10) / BATCH * BATCH : 0;
	struct evidence_settings settings = { .octets = 8 << 20, .give = drop };
	uint8_t *memory = malloc((size_t)SLOTS * ROOM);
	struct evidence *evidence = evidence_new(&settings);
	double off = 1e9, on = 1e9;

	if (!count) {
		fputs("usage: evidence_put FRAMES\n", stderr);
		return 2;
	}
	if (!memory || !evidence || !evidence_interface(evidence, 0)) {
		fputs("evidence_put: not enough memory\n", stderr);
		return 1;
	}
	for (unsigned slot = 0; slot < SLOTS; slot++)
		make_frame(memory + (size_t)slot * ROOM, slot, 200);
	for (unsigned i = 0; i < ROUNDS; i++) {
		double without = round_of(NULL, memory, count), with = round_of(evidence, memory, count);
		off = without < off ? without : off;
		on = with < on ? with : on;
	}
	printf("read %.1f ns, read and remembered %.1f ns: %.1f ns per packet for evidence\n", off, on, on - off);
	evidence_free(evidence);
	free(memory);
	return 0;
}
