/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's part in a capture: how much of each frame is worth copying into the ring.
 *
 * A classic BPF program's return value is the snap length. Most octets on a wire that carries IPsec are those of ESP, of
 * which the engine reads the SPI, the sequence number and the first of what follows; copying no more takes half of the
 * work of a packet off the capturing thread and makes a ring hold three times as long. What may be IKE, what is in pieces,
 * and what the program cannot tell comes whole, so that the wire gives the findings that a file of it would give.
 *
 * Pure: numbers in, numbers out. capture.c hands the program to libpcap.
 */
#ifndef ESPIAL_DAEMON_CAPTURE_FILTER_H
#define ESPIAL_DAEMON_CAPTURE_FILTER_H

#include <stddef.h>
#include <stdint.h>

/* Octets of a frame that are copied, from its first on. */
enum {
	CAPTURE_FILTER_ESP = 80,     /* ESP: link, IPv6, UDP and ESP headers, and what tells a replay */
	CAPTURE_FILTER_CLEAR = 1024, /* what the classifier reads of a clear packet */
	CAPTURE_FILTER_OTHER = 256,  /* ICMP with what it quotes */
	CAPTURE_FILTER_WHOLE = 262144,
	/* ESP comes whole while its sequence number is so low, and every 64th time: NULL is told by its trailer. */
	CAPTURE_FILTER_ESP_YOUNG = 32,
	CAPTURE_FILTER_ESP_EVERY = 64,
};

/* As struct sock_filter and struct bpf_insn have it. */
struct capture_filter_step {
	uint16_t code;
	uint8_t when_true, when_false; /* steps to skip */
	uint32_t value;
};

enum { CAPTURE_FILTER_STEPS_MAX = 128 };

/*
 * Writes the program for frames of a LINKTYPE_ into `steps`. Returns how many, 0 if there is none for it: all of each frame has
 * to be copied.
 */
size_t capture_filter(uint16_t link_type, struct capture_filter_step steps[CAPTURE_FILTER_STEPS_MAX]);

#endif
