/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAT detection by an observer: the hashes that peers send of the addresses they see can be computed again from what is
 * on the wire (IKEv2: RFC 7296 section 2.23; IKEv1: RFC 3947 section 3.2). A hash that differs from that of the
 * packet's own address and port means that a NAT rewrote them between the sender and this point of observation.
 *
 * No cryptography here: the caller brings the hash as a function, so this folder needs no library. IKEv2 always hashes
 * with SHA-1; IKEv1 with the hash the SA negotiated, which the tracker knows from the responder's SA payload.
 */
#ifndef ESPIAL_DISSECTORS_IKE_NAT_H
#define ESPIAL_DISSECTORS_IKE_NAT_H

#include "address.h"

#include <stdbool.h>
#include <stdint.h>

struct ike_message;

enum { IKE_NAT_INPUT_MAX = 34, IKE_NAT_DIGEST_MAX = 64 };

/* The octets to hash: SPIi, SPIr, address (4 or 16 octets), port. */
struct ike_nat_input {
	uint8_t octets[IKE_NAT_INPUT_MAX];
	uint8_t length;
};

void ike_nat_input(uint64_t initiator_spi, uint64_t responder_spi, const struct address *address, uint16_t port,
		   struct ike_nat_input *input);

enum ike_nat_algorithm {
	IKE_NAT_UNKNOWN, /* not to be computed */
	IKE_NAT_MD5,
	IKE_NAT_SHA1,
	IKE_NAT_SHA256,
	IKE_NAT_SHA384,
	IKE_NAT_SHA512,
};

/* The algorithm for IKEv1's hash attribute (enum ikev1_hash). */
enum ike_nat_algorithm ike_nat_algorithm(uint16_t ikev1_hash);

/* Octets of its digest; 0 for IKE_NAT_UNKNOWN. */
uint32_t ike_nat_digest_size(enum ike_nat_algorithm algorithm);

/* Hashes `length` octets at `octets` into `digest`, which has room for IKE_NAT_DIGEST_MAX. False if it cannot. */
typedef bool ike_nat_hash_function(void *context, enum ike_nat_algorithm algorithm, const uint8_t *octets,
				   uint32_t length, uint8_t *digest);

enum ike_nat_verdict {
	IKE_NAT_NOT_SAID,   /* the message has no such hash, or it cannot be computed */
	IKE_NAT_UNCHANGED,  /* one of the hashes is that of the packet's address and port */
	IKE_NAT_TRANSLATED, /* none is */
};

struct ike_nat_result {
	uint8_t source;      /* enum ike_nat_verdict: the sender's address and port */
	uint8_t destination; /* enum ike_nat_verdict: the address and port it was sent to */
};

/*
 * Compares the hashes of `message` (its octets at `octets`) with the addresses and ports of the packet that carried it.
 * `algorithm` matters for IKEv1 only. Some senders state a random source hash to force UDP encapsulation: TRANSLATED at
 * the source alone, with every sender address private or not, is therefore likely rather than sure.
 * The responder SPI is the message's own; an IKEv1 sender hashes with the cookies of the message that carries the hash.
 */
struct ike_nat_result ike_nat_compare(const struct ike_message *message, const uint8_t *octets,
				      const struct address *source, uint16_t source_port,
				      const struct address *destination, uint16_t destination_port,
				      enum ike_nat_algorithm algorithm, ike_nat_hash_function *hash, void *context);

#endif
