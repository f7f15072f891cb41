/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See capture_filter.h. The machine is that of the kernel's Documentation/networking/filter.rst. A load beyond the frame ends the
 * program with "nothing of it", so short frames are let through whole before anything is loaded.
 *
 * Steps are written in order, with labels for what they jump to, which are resolved at the end.
 */
#include "capture_filter.h"

#include "../dissectors/ip.h"
#include "../dissectors/link.h"
#include "../dissectors/tunnel.h"

#include <linux/filter.h>
#include <stdbool.h>

enum {
	ETHERNET_HEADER = 14,
	PORT_KERBEROS = 88,
	PORT_IKE = 500,
	PORT_NAT_T = 4500,
	IKE_LENGTH = 24, /* where an IKE header has the message's length (RFC 7296 section 3.1) */
	MARKER = 4,      /* RFC 3948 section 2.2 */
	UDP_HEADER = 8,
	/* Whatever is loaded lies within so many octets: Ethernet, an IPv4 header with all options, UDP, marker, IKE's length. */
	SHORT = 128,
	/* Scratch memory */
	MEMORY_HEADER = 0, /* octets of IP header */
	MEMORY_LENGTH = 1, /* octets of UDP payload */
};

enum label {
	NEXT, /* the step that follows */
	WHOLE,
	SHORT_ESP,
	CLEAR,
	OTHER,
	IPV4,
	IPV6,
	TRANSPORT,
	ESP,
	UDP,
	TCP,
	NAT_T,
	MAYBE_IKE,
	NO_MARKER,
	LABELS,
};

struct writer {
	struct capture_filter_step *steps;
	size_t count;
	bool full;
	uint8_t jumps[CAPTURE_FILTER_STEPS_MAX][2]; /* labels of when_true, when_false */
	uint8_t places[LABELS];                     /* steps that they stand before */
};

static void put(struct writer *writer, uint16_t code, uint32_t value, enum label when_true, enum label when_false)
{
	if (writer->count == CAPTURE_FILTER_STEPS_MAX) {
		writer->full = true;
		return;
	}
	writer->jumps[writer->count][0] = (uint8_t)when_true;
	writer->jumps[writer->count][1] = (uint8_t)when_false;
	writer->steps[writer->count++] = (struct capture_filter_step){ .code = code, .value = value };
}

static void load(struct writer *writer, uint16_t size, uint32_t offset)
{
	put(writer, (uint16_t)(BPF_LD | BPF_ABS | size), offset, NEXT, NEXT);
}

/* Behind the IP header, whose length is the index register. */
static void load_behind(struct writer *writer, uint16_t size, uint32_t offset)
{
	put(writer, (uint16_t)(BPF_LD | BPF_IND | size), offset, NEXT, NEXT);
}

static void if_equal(struct writer *writer, uint32_t value, enum label label)
{
	put(writer, BPF_JMP | BPF_JEQ | BPF_K, value, label, NEXT);
}

static void go(struct writer *writer, enum label label)
{
	/* Always true. */
	put(writer, BPF_JMP | BPF_JGE | BPF_K, 0, label, label);
}

static void here(struct writer *writer, enum label label)
{
	writer->places[label] = (uint8_t)writer->count;
}

static void give(struct writer *writer, enum label label, uint32_t octets)
{
	here(writer, label);
	put(writer, BPF_RET | BPF_K, octets, NEXT, NEXT);
}

/* Labels become distances. */
static void resolve(struct writer *writer)
{
	for (size_t i = 0; i < writer->count; i++) {
		uint8_t *jumps = writer->jumps[i];
		struct capture_filter_step *step = &writer->steps[i];
		step->when_true = jumps[0] == NEXT ? 0 : (uint8_t)(writer->places[jumps[0]] - i - 1);
		step->when_false = jumps[1] == NEXT ? 0 : (uint8_t)(writer->places[jumps[1]] - i - 1);
	}
}

/* Ports of tunnels are those that the dissector knows. */
static void look_at_port(struct writer *writer, uint32_t offset, bool destination)
{
	load_behind(writer, BPF_H, offset);
	if_equal(writer, PORT_IKE, WHOLE);
	if_equal(writer, PORT_NAT_T, NAT_T);
	if_equal(writer, PORT_KERBEROS, WHOLE);
	for (uint32_t port = 1; port <= UINT16_MAX; port++)
		if (tunnel_has_port(destination ? 0 : (uint16_t)port, destination ? (uint16_t)port : 0))
			if_equal(writer, port, WHOLE);
}

static void write_esp(struct writer *writer, uint32_t sequence)
{
	load_behind(writer, BPF_W, sequence);
	put(writer, BPF_JMP | BPF_JGT | BPF_K, CAPTURE_FILTER_ESP_YOUNG, NEXT, WHOLE);
	put(writer, BPF_JMP | BPF_JSET | BPF_K, CAPTURE_FILTER_ESP_EVERY - 1, SHORT_ESP, WHOLE);
}

/* UDP on ports that promise nothing: IKE if its own length stands in the right place, with or without marker. */
static void write_maybe_ike(struct writer *writer, uint32_t udp)
{
	uint32_t payload = udp + UDP_HEADER;

	put(writer, BPF_STX, MEMORY_HEADER, NEXT, NEXT);
	load_behind(writer, BPF_H, udp + 4);
	put(writer, BPF_ALU | BPF_SUB, UDP_HEADER, NEXT, NEXT);
	put(writer, BPF_ST, MEMORY_LENGTH, NEXT, NEXT);
	load_behind(writer, BPF_W, payload + IKE_LENGTH);
	put(writer, BPF_LDX | BPF_MEM, MEMORY_LENGTH, NEXT, NEXT);
	put(writer, BPF_JMP | BPF_JEQ | BPF_X, 0, WHOLE, NEXT);
	put(writer, BPF_LDX | BPF_MEM, MEMORY_HEADER, NEXT, NEXT);
	load_behind(writer, BPF_W, payload);
	put(writer, BPF_JMP | BPF_JEQ | BPF_K, 0, NEXT, NO_MARKER);
	load_behind(writer, BPF_W, payload + MARKER + IKE_LENGTH);
	put(writer, BPF_ALU | BPF_ADD, MARKER, NEXT, NEXT);
	put(writer, BPF_LDX | BPF_MEM, MEMORY_LENGTH, NEXT, NEXT);
	put(writer, BPF_JMP | BPF_JEQ | BPF_X, 0, WHOLE, NEXT);
	here(writer, NO_MARKER);
	go(writer, CLEAR);
}

/* What stands behind an IP header that begins at `ip`. */
static void write_transport(struct writer *writer, uint32_t ip)
{
	here(writer, ESP);
	write_esp(writer, ip + 4);
	here(writer, UDP);
	look_at_port(writer, ip, false);
	look_at_port(writer, ip + 2, true);
	write_maybe_ike(writer, ip);
	here(writer, NAT_T);
	load_behind(writer, BPF_W, ip + UDP_HEADER);
	if_equal(writer, 0, WHOLE);
	write_esp(writer, ip + UDP_HEADER + 4);
	here(writer, TCP);
	for (unsigned side = 0; side < 2; side++) {
		load_behind(writer, BPF_H, ip + 2 * side);
		if_equal(writer, PORT_NAT_T, WHOLE);
		if_equal(writer, PORT_KERBEROS, WHOLE);
	}
	go(writer, CLEAR);
}

/* All of a packet that begins at `ip`; the jumps before it lead to IPV4 and IPV6. */
static void write_ip(struct writer *writer, uint32_t ip)
{
	here(writer, IPV4);
	load(writer, BPF_H, ip + 6);
	put(writer, BPF_JMP | BPF_JSET | BPF_K, 0x3fff, WHOLE, NEXT); /* offset, or more fragments */
	put(writer, BPF_LDX | BPF_B | BPF_MSH, ip, NEXT, NEXT);
	load(writer, BPF_B, ip + 9);
	go(writer, TRANSPORT);
	here(writer, IPV6);
	put(writer, BPF_LDX | BPF_IMM, 40, NEXT, NEXT);
	load(writer, BPF_B, ip + 6);
	here(writer, TRANSPORT);
	if_equal(writer, IP_PROTOCOL_ESP, ESP);
	if_equal(writer, IP_PROTOCOL_TCP, TCP);
	if_equal(writer, IP_PROTOCOL_UDP, UDP);
	if_equal(writer, IP_PROTOCOL_ICMP, OTHER);
	if_equal(writer, IP_PROTOCOL_ICMPV6, OTHER);
	go(writer, WHOLE); /* tunnels, AH, extension headers, fragments of IPv6, what is rare */
	write_transport(writer, ip);
	give(writer, WHOLE, CAPTURE_FILTER_WHOLE);
	give(writer, SHORT_ESP, CAPTURE_FILTER_ESP);
	give(writer, CLEAR, CAPTURE_FILTER_CLEAR);
	give(writer, OTHER, CAPTURE_FILTER_OTHER);
	resolve(writer);
}

/* Frames that are shorter than what is loaded need no cutting. */
static void let_short_pass(struct writer *writer)
{
	put(writer, BPF_LD | BPF_W | BPF_LEN, 0, NEXT, NEXT);
	put(writer, BPF_JMP | BPF_JGE | BPF_K, SHORT, NEXT, WHOLE);
}

static void write_ethernet(struct writer *writer)
{
	enum { TYPE = ETHERNET_HEADER - 2 };

	let_short_pass(writer);
	load(writer, BPF_H, TYPE);
	if_equal(writer, LINK_ETHERTYPE_IPV4, IPV4);
	if_equal(writer, LINK_ETHERTYPE_IPV6, IPV6);
	go(writer, WHOLE); /* tags that the kernel left in the frame, labels, PPPoE, ARP, control protocols */
	write_ip(writer, ETHERNET_HEADER);
}

static void write_raw(struct writer *writer)
{
	let_short_pass(writer);
	load(writer, BPF_B, 0);
	put(writer, BPF_ALU | BPF_AND | BPF_K, 0xf0, NEXT, NEXT);
	if_equal(writer, 0x40, IPV4);
	if_equal(writer, 0x60, IPV6);
	go(writer, WHOLE);
	write_ip(writer, 0);
}

size_t capture_filter(uint16_t link_type, struct capture_filter_step steps[CAPTURE_FILTER_STEPS_MAX])
{
	struct writer writer = { .steps = steps };

	if (link_type == LINK_TYPE_ETHERNET)
		write_ethernet(&writer);
	else if (link_type == LINK_TYPE_RAW)
		write_raw(&writer);
	return writer.full ? 0 : writer.count;
}
