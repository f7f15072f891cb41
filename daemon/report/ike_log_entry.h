/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry of the IKE log, for the files that write it: the message, read, with what is known around it.
 * Called by ike_log.c only; ike_log_tree.c writes the text of the payloads, ike_log_json.c the JSON line.
 */
#ifndef ESPIAL_REPORT_IKE_LOG_ENTRY_H
#define ESPIAL_REPORT_IKE_LOG_ENTRY_H

#include "ike_words.h"
#include "text_page.h"
#include "../audit/certificate_facts.h"
#include "../audit/record.h"
#include "../../dissectors/ike_nat.h"

struct ike_log_entry {
	const struct record *record;
	const struct ike_message *message;
	const uint8_t *octets;          /* of the message */
	struct ike_words_before before; /* of this message */
	enum ike_words_outcome outcome;
	const struct line *step, *meaning; /* in words */
	struct ike_nat_result nat;
	certificate_read_function *certificate; /* NULL: not to be read */
	void *certificate_context;
};

/* Writes the payload tree below the line of the message: nothing below level 3. */
void ike_log_tree(const struct page *page, const struct ike_log_entry *entry, unsigned level);

/* The JSON line without its newline; free() it. NULL on lack of memory. */
char *ike_log_json(const struct ike_log_entry *entry, const char *sensor, unsigned level);

/* "not-said", "unchanged", "translated" */
const char *ike_log_nat_name(unsigned verdict);

/* Reads a certificate of the message. False where it cannot be read, or is not to be. */
bool ike_log_certificate(const struct ike_log_entry *entry, const struct ike_certificate *certificate,
			 struct certificate_facts *facts);

/* Whether the slice lies within the payload. */
bool ike_log_within(const struct ike_payload *payload, struct ike_slice slice);

#endif
