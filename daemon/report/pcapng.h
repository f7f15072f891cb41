/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pcapng format (draft-ietf-opsawg-pcapng) as far as captures of evidence need it: blocks are put into a buffer, and blocks
 * that were written are measured. Reading captures of others is capture_file.h's.
 *
 * Times are in nanoseconds, numbers in the byte order of this machine, texts in UTF-8 without control characters. Pure.
 */
#ifndef ESPIAL_REPORT_PCAPNG_H
#define ESPIAL_REPORT_PCAPNG_H

#include "../../dissectors/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for blocks. What does not fit whole is left out. */
struct pcapng_buffer {
	uint8_t *octets; /* borrowed */
	size_t used, room;
};

/* A section begins: the comment and the program that writes it, each may be NULL. All return false if there was no room. */
bool pcapng_put_section(struct pcapng_buffer *buffer, const char *comment, const char *application);

/* An interface of the section, numbered from 0 in their order. */
bool pcapng_put_interface(struct pcapng_buffer *buffer, uint16_t link_type, const char *name);

/* A frame of the section's interface number `interface`; the comment may be NULL. */
bool pcapng_put_frame(struct pcapng_buffer *buffer, uint32_t interface, const struct frame *frame, const char *comment);

/* What is in octets that were put by the above. */
struct pcapng_extent {
	size_t section; /* octets of the section's header; 0: there is no such section */
	size_t whole;   /* octets of whole blocks, that included: what follows was cut off when it was written */
	uint64_t frames;
};

/* Measures, and calls `interface` for each, unless NULL. A name is not terminated. */
void pcapng_measure(const uint8_t *octets, size_t length, struct pcapng_extent *extent,
		    void (*interface)(void *context, uint16_t link_type, const char *name, size_t name_length),
		    void *context);

#endif
