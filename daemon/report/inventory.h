/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inventory: which cryptography peers and pairs use and offer.
 *
 * It reads IKE messages (RECORD_IKE_MESSAGE) itself, takes from findings and pairs what the wire gives away about ESP and
 * AH, and tells it as text, as JSON lines or as a CycloneDX 1.6 bill of cryptography. Memory is bounded: at most
 * INVENTORY_SUBJECTS peers and pairs; where room is short, those of which nothing but offers was seen make way first, then those
 * that were silent for thirty days, and what made way is counted.
 *
 * JSON lines, of type "inventory": type, time (of the last message), sensor, subject {kind: peer, address | kind: pair, a,
 * b}, versions (["1.0", "2.0"]), modes (["main", "aggressive", "ikev2"]), selected and offered [{kind, name, id,
 * key_length, registry (1, 2)}], vendors [names], certificates (asked for in clear: true, false), esp (["encrypted",
 * "null", "64-bit-block", "ah"]; empty if there was none; "encrypted" only says that nothing else was told),
 * quantum_safe (yes, likely: a post-quantum pre-shared key was agreed to, no, unknown), first, last, messages. The last
 * line, of type "inventory_summary", has peers, pairs, certificates and unlisted. Between them, of type
 * "inventory_certificate", one line for each certificate in clear and host that showed it: type, time, sensor, address,
 * subject, issuer, serial, not_before, not_after, state (valid, expired, not-yet-valid, when it was last shown), key,
 * key_bits, signature, authority, digest (SHA-256), first, last.
 */
#ifndef ESPIAL_REPORT_INVENTORY_H
#define ESPIAL_REPORT_INVENTORY_H

#include "line.h"
#include "text_page.h"
#include "../audit/certificate_facts.h"
#include "../audit/record.h"

enum { INVENTORY_SUBJECTS = 8192, INVENTORY_USES = 48, INVENTORY_VENDORS = 12, INVENTORY_CERTIFICATES = 1024 };

enum inventory_esp {
	INVENTORY_ENCRYPTED = 1, /* ESP, and nothing below was told of it */
	INVENTORY_NULL = 2,
	INVENTORY_BLOCK64 = 4,
	INVENTORY_AH = 8
};

/* What JSON tells of a subject as a list of names. */
enum inventory_trait { INVENTORY_VERSIONS, INVENTORY_MODES, INVENTORY_ESP, INVENTORY_VENDORS_SEEN };

enum inventory_quantum { INVENTORY_UNKNOWN, INVENTORY_NOT_SAFE, INVENTORY_LIKELY_SAFE, INVENTORY_SAFE };

/* An algorithm of a subject. */
struct inventory_use {
	struct ike_algorithm algorithm;
	bool offered, selected;
};

/* A peer or a pair. */
struct inventory_subject {
	struct address a, b; /* of a pair lower first; of a peer b is unspecified */
	bool used, pair;
	bool more;                    /* had more algorithms than are kept */
	bool v1, v2;                  /* IKE versions */
	bool main, aggressive;        /* modes of IKEv1 */
	bool certificates;            /* certificate requests or certificates in clear */
	bool ppk_asked, ppk_answered; /* USE_PPK (RFC 8784), by initiator and responder */
	uint8_t esp;                  /* bits of enum inventory_esp */
	uint8_t use_count, vendor_count;
	struct inventory_use uses[INVENTORY_USES];
	const char *vendors[INVENTORY_VENDORS]; /* names in static storage, or the inventory's */
	int64_t first_ns, last_ns;              /* of IKE messages, or of the record that made it */
	uint64_t messages;
};

/* A certificate that a host showed in clear. */
struct inventory_certificate {
	struct address host;
	struct certificate_facts facts;
	int64_t first_ns, last_ns; /* when it was shown */
};

struct inventory;
struct json_t; /* of jansson */

/* NULL on lack of memory. Certificates are read by `certificate`, and left out if it is NULL. */
struct inventory *inventory_new(certificate_read_function *certificate, void *certificate_context);
void inventory_free(struct inventory *inventory);

/* A copy of what was gathered so far. NULL on lack of memory. */
struct inventory *inventory_copy(const struct inventory *inventory);

/* Any record; those that say nothing about cryptography are passed over. */
void inventory_add(struct inventory *inventory, const struct record *record);

/* Puts the subjects in order, pairs first, then by address. Call it before reading them or writing, and again where
 * records came since. */
void inventory_sort(struct inventory *inventory);
size_t inventory_count(const struct inventory *inventory);
const struct inventory_subject *inventory_subject(const struct inventory *inventory, size_t index);
size_t inventory_certificate_count(const struct inventory *inventory);
const struct inventory_certificate *inventory_certificate(const struct inventory *inventory, size_t index);
/* Peers, pairs and certificates that found no room. */
uint64_t inventory_unlisted(const struct inventory *inventory);

/* For inventory_reader.c: places to fill, all zero but for addresses, times and digest; NULL if there is no room, or one already. A
 * name of a vendor that lives as long as the inventory. */
struct inventory_subject *inventory_make_subject(struct inventory *inventory, const struct address *a,
						 const struct address *b, int64_t time_ns);
bool inventory_make_certificate(struct inventory *inventory, const struct inventory_certificate *certificate);
const char *inventory_keep_name(struct inventory *inventory, const char *name);
void inventory_add_unlisted(struct inventory *inventory, uint64_t count);

enum inventory_quantum inventory_quantum(const struct inventory_subject *subject);
const char *inventory_quantum_name(enum inventory_quantum quantum);
/* Whether the subject has an algorithm that was selected. */
bool inventory_has_selection(const struct inventory_subject *subject);

/* After inventory_sort(). */
void inventory_write_text(const struct inventory *inventory, const struct page *page);
/* A JSON line of the inventory, without its newline, to be freed: subjects, then certificates, then the summary, which is the
 * last. NULL behind that, and on lack of memory. */
char *inventory_json_line(const struct inventory *inventory, size_t at, const char *sensor);
/* The list, the caller's; NULL on lack of memory. */
struct json_t *inventory_json_names(const struct inventory_subject *subject, enum inventory_trait trait);
size_t inventory_json_count(const struct inventory *inventory);
/* Takes a subject or certificate out of such a line, and from the summary what had no room. It has to be exactly as it was
 * written: false otherwise, and where there is no room. */
bool inventory_take_line(struct inventory *inventory, const char *line, size_t length);
/* False on lack of memory; time_ns is that of the last record. */
bool inventory_write_json(const struct inventory *inventory, FILE *file, const char *sensor);
bool inventory_write_cyclonedx(const struct inventory *inventory, FILE *file, const char *sensor);

#endif
