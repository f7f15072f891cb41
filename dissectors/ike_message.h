/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An IKE message: everything that one IKEv1 or IKEv2 message says in clear.
 *
 * ike_message_read() walks the payload chain behind the header (RFC 2408 section 3, RFC 7296 section 3) and puts what
 * it finds into a struct of fixed size. It is a pure function of the octets: no state, no allocation, no clock, no log,
 * no cryptography. What needs an earlier message (whether a hash proves NAT, which proposal was chosen, joining
 * fragments) is the tracker's work. ikev1.c and ikev2.c read the payloads of their version; ike_message.c holds what
 * both share. Callers: the IKE SA tracker, the IKE log and the inventory.
 *
 * Octets of variable length are not copied: a slice is an offset and a length within the message given. Every slice
 * lies within the octets captured. The entries of `payloads` alone give the lengths that the payload headers promise.
 *
 * A message that contradicts itself or was cut says so in `state`, and where in `fault`; all that was read stays valid.
 * A fault inside one payload does not keep the payloads behind it from being read, for the chain does not depend on it.
 *
 * Entries of an array at or behind its count are undefined: the struct is large and is not cleared for each message.
 */
#ifndef ESPIAL_DISSECTORS_IKE_MESSAGE_H
#define ESPIAL_DISSECTORS_IKE_MESSAGE_H

#include "ike.h"

#include <stdbool.h>
#include <stdint.h>

/* What is kept of one message. More than that sets `overflow` and is passed over. */
enum {
	IKE_PAYLOADS_MAX = 64, /* payloads behind these are not read at all: IKE_FAULT_TOO_MANY */
	IKE_PROPOSALS_MAX = 32,
	IKEV1_TRANSFORMS_MAX = 128, /* of all proposals together */
	IKEV2_TRANSFORMS_MAX = 256, /* of all proposals together */
	IKE_NOTIFIES_MAX = 32,
	IKE_DELETES_MAX = 8,
	IKE_VENDORS_MAX = 32,
	IKE_CERTIFICATES_MAX = 16,
	IKE_CERTREQS_MAX = 32,
	IKE_IDENTITIES_MAX = 4,
	IKE_NAT_HASHES_MAX = 16,
	IKE_SELECTORS_MAX = 16,
};

/* The longest message that is read: what UDP, and the length field of RFC 9329, can carry. Longer is malformed. */
enum { IKE_LENGTH_MAX = 65535 };

enum ike_state {
	IKE_STATE_WHOLE,     /* all that is in clear was read */
	IKE_STATE_TRUNCATED, /* the capture ended before */
	IKE_STATE_MALFORMED, /* the octets contradict themselves */
	IKE_STATE_COUNT
};

/* What the first thing wrong was. */
enum ike_fault {
	IKE_FAULT_NONE,
	IKE_FAULT_HEADER,   /* fewer than 28 octets: nothing was read */
	IKE_FAULT_VERSION,  /* major version neither 1 nor 2: only the header was read */
	IKE_FAULT_LENGTH,   /* the header's length is below 28 (only the header was read), or more than was sent */
	IKE_FAULT_CHAIN,    /* a payload that does not fit, or whose length is below 4: the walk stopped */
	IKE_FAULT_BODY,     /* fields within a payload contradict its length: the walk went on behind it */
	IKE_FAULT_COUNT,    /* a count within a payload contradicts what is there: the walk went on */
	IKE_FAULT_TOO_MANY, /* more than IKE_PAYLOADS_MAX payloads: the walk stopped */
	IKE_FAULT_COUNT_OF  /* number of faults */
};

struct ike_slice {
	uint16_t offset; /* from the first octet of the IKE header */
	uint16_t length; /* octets; 0 if there is none, and then offset means nothing */
};

struct ike_payload {
	uint16_t offset; /* of its generic header */
	uint16_t length; /* octets that its header claims, the header included */
	uint8_t type;    /* enum ikev1_payload or ikev2_payload (ike_names.h), or any other number */
	uint8_t next;    /* its Next Payload field; for SK and SKF the first payload inside */
	bool critical;   /* IKEv2's critical bit */
	bool known;      /* this type has a body that was looked into, or is known to be opaque */
};

/* RFC 2408 section 3.5; RFC 7296 section 3.3.1 */
struct ike_proposal {
	struct ike_slice spi;    /* of an IKE SA rekeying, or of ESP or AH; mostly none in clear */
	uint16_t first;          /* its first transform: index into v1_transforms or v2_transforms */
	uint16_t count;          /* its transforms kept */
	uint8_t number;          /* IKEv1: proposals of one number belong together ("and") */
	uint8_t protocol;        /* enum ikev1_protocol or ikev2_protocol */
	uint8_t transforms_said; /* the number its header claims */
	uint8_t payload;         /* index of its SA payload */
};

/* One IKEv1 transform, a whole suite (RFC 2408 section 3.6, RFC 2409 appendix A, RFC 2407 section 4.5).
 * 0 is in no registry used here: it stands for "not said". */
struct ikev1_transform {
	struct ike_slice attributes; /* all of them, for ike_attribute_read() */
	uint32_t life_seconds;       /* UINT32_MAX if more than fits */
	uint32_t life_kilobytes;
	uint16_t encryption;     /* phase 1: enum ikev1_encryption */
	uint16_t hash;           /* phase 1: enum ikev1_hash */
	uint16_t auth;           /* phase 1: enum ikev1_auth, which has values that several vendors took */
	uint16_t group;          /* enum ike_group */
	uint16_t group_type;     /* phase 1: 1 MODP, 2 ECP, 3 EC2N */
	uint16_t prf;            /* phase 1: private use only */
	uint16_t key_length;     /* bits */
	uint16_t encapsulation;  /* phase 2: enum ikev1_encapsulation */
	uint16_t authentication; /* phase 2: enum ikev1_integrity */
	uint16_t esn;            /* phase 2: 1 for 64-bit sequence numbers */
	uint8_t number;          /* as numbered by the sender */
	uint8_t id;              /* phase 1: 1 KEY_IKE; phase 2: ESP, AH or IPCOMP transform */
	bool phase2;             /* the attributes are those of the IPsec DOI */
	bool other;              /* has attributes that are none of the above */
};

/* One IKEv2 transform, a choice of one kind (RFC 7296 section 3.3.2). */
struct ikev2_transform {
	uint16_t id; /* enum ikev2_encryption, _prf, _integrity, ike_group or _esn by type; ADDKE1..7: ike_group */
	uint16_t key_length; /* bits; 0 if not said */
	uint16_t offset;     /* where it stands in the message */
	uint8_t type;        /* enum ikev2_transform_type */
	bool other;          /* has attributes that are not a key length */
};

/* RFC 2408 section 3.14; RFC 7296 section 3.10 */
struct ike_notify {
	struct ike_slice spi;
	struct ike_slice data;
	uint16_t type;    /* enum ikev1_notify or ikev2_notify */
	uint8_t protocol; /* enum ikev1_protocol or ikev2_protocol; 0 if it concerns none */
	uint8_t payload;  /* index of its payload */
};

/* RFC 2408 section 3.15; RFC 7296 section 3.11 */
struct ike_delete {
	struct ike_slice spis; /* count times spi_length octets */
	uint16_t count;
	uint8_t protocol;
	uint8_t spi_length; /* octets of each: 4, or 16 in IKEv1 for an IKE SA; IKEv2 for the IKE SA itself: 0 */
};

/* A certificate, or what a certificate request names (RFC 2408 section 3.9, 3.10; RFC 7296 section 3.6, 3.7). */
struct ike_certificate {
	struct ike_slice data; /* IKEv2 request: SHA-1 hashes of CA keys, 20 octets each; IKEv1 request: a DER name */
	uint8_t encoding;      /* enum ike_certificate_encoding */
	uint8_t payload;       /* index of its payload */
};

/* Whether its encoding is one of those that hold X.509: by itself, or in PKCS #7. */
bool ike_certificate_is_x509(const struct ike_certificate *certificate);

/* RFC 2407 section 4.6.2; RFC 7296 section 3.5 */
struct ike_identity {
	struct ike_slice data;
	uint8_t type;     /* enum ike_identity_type */
	uint8_t payload;  /* enum ikev1_payload or ikev2_payload: 5, 35 or 36 */
	uint8_t protocol; /* IKEv1 only: IP protocol */
	uint16_t port;    /* IKEv1 only */
};

/* What shows NAT: SHA-1 or the negotiated hash of SPIs, address and port (RFC 7296 section 2.23, RFC 3947 section 3.2).
 * ike_nat.h says what was hashed. */
struct ike_nat_hash {
	struct ike_slice hash;
	bool source; /* of the sender's own address; else of the address it sends to */
};

/* RFC 7296 section 3.13.1 */
struct ike_selector {
	struct ike_slice start, end; /* addresses, 4 or 16 octets; other types: the whole body in start */
	uint16_t start_port, end_port;
	uint8_t type;     /* enum ikev2_selector_type */
	uint8_t protocol; /* 0: any */
	bool responder;   /* from TSr, else TSi */
};

enum ike_protection {
	IKE_CLEAR,
	IKE_ENCRYPTED,          /* IKEv1: flag E, nothing behind the header was read; IKEv2: SK */
	IKE_ENCRYPTED_FRAGMENT, /* IKEv2: SKF (RFC 7383) */
	IKE_CLEAR_FRAGMENT      /* IKEv1: payload 132 of Cisco and Microsoft; what is joined may be encrypted */
};

struct ike_message {
	struct ike_header header; /* all zero if not even this was there (IKE_FAULT_HEADER) */

	/* How far the reading came. */
	uint8_t state;         /* enum ike_state */
	uint8_t fault;         /* enum ike_fault: the first */
	uint8_t fault_payload; /* type of the payload where the fault, or else the cut, is; 0 in the header */
	bool overflow;         /* more of something than its array holds */
	uint32_t fault_offset; /* where, from the first octet of the header */
	uint16_t fault_count;  /* faults in all */
	uint32_t trailing;     /* octets of the datagram behind the length that the header claims */

	/* What is hidden. */
	uint8_t protection; /* enum ike_protection */
	/* type of the first encrypted payload: SK, first SKF; IKEv1: the header's. 0: none, unknown */
	uint8_t first_inner;
	uint16_t hidden;          /* octets of encrypted body, IV and integrity value included */
	uint16_t fragment_number; /* SKF, payload 132: from 1; 0 if no fragment */
	uint16_t fragment_total;  /* SKF; 0 otherwise */
	uint16_t fragment_id;     /* payload 132: which message it is a piece of */
	bool fragment_last;       /* payload 132: no piece has a higher number; SKF: number equals total */
	/* payload 132: its octets of the message to be joined, which begins with an IKE header */
	struct ike_slice fragment;

	/* The chain, in order. */
	uint8_t payload_count;
	uint8_t unknown_count; /* of them, with `known` false */
	struct ike_payload payloads[IKE_PAYLOADS_MAX];

	/* SA. A selection is a message with one proposal, in IKEv1 of one transform. */
	uint8_t sa_count; /* SA payloads */
	uint8_t proposal_count;
	uint16_t transform_count; /* in v1_transforms or v2_transforms, by header.major */
	uint32_t doi;             /* IKEv1, of the first SA: 1 IPsec, 0 ISAKMP, 2 GDOI */
	uint32_t situation;       /* IKEv1, of the first SA: bits of RFC 2407 section 4.2 */
	struct ike_proposal proposals[IKE_PROPOSALS_MAX];
	union {
		struct ikev1_transform v1_transforms[IKEV1_TRANSFORMS_MAX];
		struct ikev2_transform v2_transforms[IKEV2_TRANSFORMS_MAX];
	};

	/* KE and NONCE: the first of each. */
	uint8_t ke_count, nonce_count;
	uint16_t ke_group;   /* IKEv2: enum ike_group; IKEv1 does not say it here */
	struct ike_slice ke; /* public value */
	struct ike_slice nonce;

	uint8_t notify_count;
	uint8_t delete_count;
	uint8_t vendor_count;
	uint8_t certificate_count;
	uint8_t certreq_count;
	uint8_t identity_count;
	uint8_t nat_hash_count;
	uint8_t selector_count;
	struct ike_notify notifies[IKE_NOTIFIES_MAX];
	struct ike_delete deletes[IKE_DELETES_MAX];
	struct ike_slice vendors[IKE_VENDORS_MAX]; /* for ike_vendor_identify() */
	struct ike_certificate certificates[IKE_CERTIFICATES_MAX];
	struct ike_certificate certreqs[IKE_CERTREQS_MAX];
	struct ike_identity identities[IKE_IDENTITIES_MAX];
	struct ike_nat_hash nat_hashes[IKE_NAT_HASHES_MAX];
	struct ike_selector selectors[IKE_SELECTORS_MAX]; /* TS; never in clear from a sound sender */

	/* Authentication: presence is what counts; the first of each. */
	bool has_hash;       /* IKEv1 HASH, in clear in aggressive mode and in unprotected informational messages */
	bool has_signature;  /* IKEv1 SIG */
	bool has_auth;       /* IKEv2 AUTH */
	uint8_t auth_method; /* IKEv2 AUTH: enum ikev2_auth */
	struct ike_slice hash;
	struct ike_slice signature;
	struct ike_slice auth;

	/* Configuration: IKEv2 CP, IKEv1 attribute payload of XAUTH and mode config. */
	bool has_config;
	uint8_t config_type;     /* enum ike_config_type */
	uint16_t config_id;      /* IKEv1 only */
	struct ike_slice config; /* its attributes, for ike_attribute_read() (IKEv2: no short form) */

	/* EAP (RFC 3748), as one message carries it. */
	bool has_eap;
	uint8_t eap_code; /* enum eap_code */
	uint8_t eap_id;
	uint8_t eap_type; /* enum eap_type; 0 for success and failure */
};

/*
 * Reads the message at `message`, of which `captured` octets are there and `length` were sent: for UDP the payload
 * behind a non-ESP marker, for TCP what packet.h's framing gave. True if the header could be read: `out` then speaks of
 * a message, however damaged its rest is. False leaves only `state`, `fault` and zeros and empty arrays.
 */
bool ike_message_read(const uint8_t *message, uint32_t captured, uint32_t length, struct ike_message *out);

/* The octets of a slice of `message`; NULL if it is empty. */
static inline const uint8_t *ike_slice_bytes(const uint8_t *message, struct ike_slice slice)
{
	return slice.length > 0 ? message + slice.offset : 0;
}

/* One data attribute (RFC 2408 section 3.3, RFC 7296 section 3.3.5). */
struct ike_attribute {
	struct ike_slice data; /* offsets count as in the slice it was read from; also set for the short form */
	uint32_t value;        /* the octets as a number, UINT32_MAX if it does not fit; 0 if there are none */
	uint16_t type;         /* without the format bit */
	bool brief;            /* the short form: type and value */
};

/*
 * Reads the attribute at the start of `rest`, a slice of `message`, and moves `rest` behind it. False at its end, or
 * when what is left is no attribute. `formats` says whether the top bit of the type tells the short form from the long
 * one (SA attributes, IKEv1 mode config) or is reserved (IKEv2 CP).
 */
bool ike_attribute_read(const uint8_t *message, struct ike_slice *rest, bool formats, struct ike_attribute *attribute);

/* Selected where `proposal` names its transform of `type`: NULL if it has none. For IKEv2. */
const struct ikev2_transform *ike_message_transform(const struct ike_message *message,
						    const struct ike_proposal *proposal, uint8_t type);

/* The first notify of `type`; NULL if there is none. */
const struct ike_notify *ike_message_notify(const struct ike_message *message, uint16_t type);

/* "whole", "truncated", "malformed"; "header", "version", ...: for counters and messages. "?" out of range. */
const char *ike_state_name(enum ike_state state);
const char *ike_fault_name(enum ike_fault fault);

#endif
