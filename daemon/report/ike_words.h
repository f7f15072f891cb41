/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an IKE message means, in words: the step of its exchange and what it says there.
 *
 * Only the message itself and a little of what went before (struct ike_words_before) go in; text comes out. Says nothing
 * about hidden content beyond what the header gives away, and says then that it is likely only. Pure. Called by the
 * IKE log.
 */
#ifndef ESPIAL_REPORT_IKE_WORDS_H
#define ESPIAL_REPORT_IKE_WORDS_H

#include "line.h"
#include "../../dissectors/ike_message.h"

/* What the log remembers of earlier messages of the IKE SA. */
struct ike_words_before {
	bool roles_known;        /* the first message was seen, or IKEv2's flag says it */
	bool from_initiator;     /* the message at hand; of IKEv1's phase 1 */
	unsigned retransmission; /* the message at hand is that repetition of an earlier one; 0: new */
	int64_t gap_ns;          /* since it last came; 0: new */
	unsigned quick_step;     /* IKEv1 quick mode: 1, 2, 3; 0: not known */
	unsigned answers;        /* IKE_SA_INIT answers so far: a request after one goes by its advice */
	uint32_t request_octets; /* CREATE_CHILD_SA response: of its request; 0: not seen */
	uint16_t auth;           /* IKEv1: selected authentication method, 0: not known */
};

enum ike_words_outcome {
	IKE_WORDS_STEP,     /* one step of many */
	IKE_WORDS_PROGRESS, /* a selection, an SA that is up: worth a line of its own */
	IKE_WORDS_FAILURE,  /* a refusal or what is likely one */
	IKE_WORDS_END,      /* something is deleted */
};

/* "IKE_SA_INIT request", "Main Mode message 2", "Informational": the exchange and the step. */
void ike_words_step(const struct ike_message *message, const struct ike_words_before *before, struct line *line);

/* "offers ...", "selects ...", "refused: ...": what it says. `octets` are the message's. */
enum ike_words_outcome ike_words_meaning(const struct ike_message *message, const uint8_t *octets,
					 const struct ike_words_before *before, struct line *line);

/* "214 octets are hidden; the first payload inside is IDi". Nothing if nothing is. */
void ike_words_hidden(const struct ike_message *message, struct line *line);

/* All of a proposal's algorithms: short for one line, or every one of them. */
void ike_words_v2_proposal(const struct ike_message *message, const struct ike_proposal *proposal, bool all,
			   struct line *line);
void ike_words_v1_transform(const struct ikev1_transform *transform, uint8_t protocol, struct line *line);

/* Whether a notify reports an error (IKEv1: below 8192, IKEv2: below 16384). */
bool ike_words_error(const struct ike_message *message, const struct ike_notify *notify);

/* The name of a notify, exchange or payload, or its number. */
void ike_words_notify(const struct ike_message *message, uint16_t type, struct line *line);
void ike_words_payload(const struct ike_message *message, uint8_t type, struct line *line);

#endif
