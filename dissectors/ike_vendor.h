/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vendor IDs: who and what a peer says it is (RFC 2408 section 3.16, RFC 7296 section 3.12).
 *
 * Most are a hash of a string that their author published, some carry a version behind it, some are plain text. The
 * table in ike_vendor.c gives the octets and, where it is known, the string and the hash that made them: a test
 * recomputes these. Pure; called by whoever shows or tracks a peer. A vendor ID is a claim, never proof.
 */
#ifndef ESPIAL_DISSECTORS_IKE_VENDOR_H
#define ESPIAL_DISSECTORS_IKE_VENDOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ike_vendor_kind {
	IKE_VENDOR_PRODUCT,   /* names an implementation */
	IKE_VENDOR_EXTENSION, /* names something it can do */
};

/* What several rules ask for; everything else is only a name. */
enum ike_vendor_feature {
	IKE_VENDOR_OTHER,
	IKE_VENDOR_WINDOWS,       /* `version` is Microsoft's number: 2 Windows 2000, 3 XP SP1, 4 2003, ... */
	IKE_VENDOR_GSSAPI,        /* authentication method 65001 means Kerberos here */
	IKE_VENDOR_XAUTH,         /* authentication methods 65001 to 65010 mean XAUTH here */
	IKE_VENDOR_UNITY,         /* Cisco Unity */
	IKE_VENDOR_DPD,           /* RFC 3706 */
	IKE_VENDOR_NAT_T,         /* RFC 3947 or one of its drafts */
	IKE_VENDOR_FRAGMENTATION, /* IKEv1 payload 132 */
	IKE_VENDOR_STRONGSWAN,
	IKE_VENDOR_LIBRESWAN, /* Libreswan, Openswan, FreeS/WAN */
	IKE_VENDOR_FEATURE_COUNT
};

enum ike_vendor_hash { IKE_VENDOR_PLAIN, IKE_VENDOR_MD5, IKE_VENDOR_SHA1 };

/* How the octets behind the known ones are to be read. */
enum ike_vendor_rest {
	IKE_VENDOR_REST_NONE, /* there are none: the length must be equal */
	IKE_VENDOR_REST_ANY,  /* there may be any; they say nothing that is understood */
	IKE_VENDOR_REST_U8_2, /* major and minor, one octet each */
	IKE_VENDOR_REST_U32,  /* one number of four octets */
	IKE_VENDOR_REST_TEXT, /* printable text */
};

struct ike_vendor {
	const char *name;     /* "strongSwan", "RFC 3947 NAT-Traversal"; static storage, never NULL */
	const char *detail;   /* what the version number stands for ("Windows 7"); NULL if nothing is known */
	uint8_t kind;         /* enum ike_vendor_kind */
	uint8_t feature;      /* enum ike_vendor_feature */
	bool has_version;     /* `version` was read */
	uint32_t version;     /* IKE_VENDOR_REST_U32: the number; IKE_VENDOR_REST_U8_2: major << 8 | minor */
	uint16_t text;        /* offset within the vendor ID of text that may be shown, hostile as any octets */
	uint16_t text_length; /* octets of it, all printable ASCII; 0 if there is none */
};

/* Names the vendor ID of `length` octets at `octets`. False if it is unknown: `vendor` then has the name "unknown" and,
 * if every octet is printable ASCII, the whole of it as text. */
bool ike_vendor_identify(const uint8_t *octets, uint32_t length, struct ike_vendor *vendor);

/* A row of the table, for tests and documents. */
struct ike_vendor_row {
	const char *name;    /* as in struct ike_vendor */
	const char *string;  /* what was hashed; NULL if that is not known */
	uint8_t octets[24];  /* the known octets, from the first on */
	uint8_t octet_count; /* of them; may be fewer than the hash has */
	uint8_t hash;        /* enum ike_vendor_hash, of string */
	uint8_t kind, feature, rest;
};

/* All rows and their number. */
const struct ike_vendor_row *ike_vendor_rows(size_t *count);

#endif
