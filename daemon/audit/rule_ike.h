/* SPDX-License-Identifier: Apache-2.0 */
/* What rule_ike.c, rule_ike_auth.c, rule_ike_words.c and rule_ike_host.c have from one another. */
#ifndef ESPIAL_AUDIT_RULE_IKE_H
#define ESPIAL_AUDIT_RULE_IKE_H

#include "judge_state.h"

/* rule_ike_words.c: the finding of a trouble: id, cause, grade, text, evidence. */
void rule_ike_describe(struct judge *judge, const struct judged_pair *pair, enum trouble_kind kind,
		       struct finding *finding);

/* rule_ike_words.c: why the responder refused, from what it said, and from what it is known to take. */
enum finding_cause rule_ike_refusal(struct judge *judge, const struct judged_pair *pair, const struct ike_story *story,
				    uint16_t notify);

/* rule_ike_auth.c: a proof was not accepted, and by which method; a proof was. */
enum finding_cause rule_ike_proof_failed(struct judge *judge, struct judged_pair *pair, const struct ike_story *story);
void rule_ike_proof_held(struct judge *judge, struct judged_pair *pair, struct ike_story *story);

/* rule_ike_auth.c: it was not the last proof, and what was concluded of it is taken back. */
void rule_ike_proof_continued(struct judge *judge, struct judged_pair *pair, struct ike_story *story);

/* rule_ike_auth.c: after each message, whether its EAP may have come to nothing, or its initiator disowned it; and, when it is time or a later
 * negotiation takes its place, the IKE SA of which that is so, else NULL. */
const struct ike_story *rule_ike_undone_replaced(struct judge *judge, struct judged_pair *pair,
						 const struct ike_story *story);
const struct ike_story *rule_ike_undone_due(struct judge *judge, struct judged_pair *pair);

/* rule_ike_auth.c: whether the peers are to prove themselves by Kerberos, and one was refused a ticket for it. */
bool rule_ike_lacks_ticket(struct judge *judge, const struct judged_pair *pair, const struct ike_story *story);

/* rule_ike_auth.c: sentence, grade and evidence of ike-auth-failed. `story` may be NULL. */
void rule_ike_describe_proof(struct judge *judge, const struct judged_pair *pair, const struct ike_story *story,
			     struct finding *finding);

/* rule_ike_silence.c: the responder has chosen; from now on it is known to take that version and mode. */
void rule_ike_takes(struct judge *judge, const struct ike_story *story);

/* rule_ike_silence.c: what the host is known to take of others, or by what it proves itself to them, as evidence by this key. */
void rule_ike_note_takes(struct judge *judge, const struct address *host, struct finding *finding, const char *key);
void rule_ike_note_proves(struct judge *judge, const struct address *host, struct finding *finding, const char *key);

/* rule_ike_silence.c: CAUSE_VERSION or CAUSE_MODE if that may be why the opening is not answered, else CAUSE_NONE. */
enum finding_cause rule_ike_silence(struct judge *judge, const struct judged_pair *pair, const struct ike_story *story,
				    const struct ike_request *request);
void rule_ike_describe_silence(struct judge *judge, const struct judged_pair *pair, const struct trouble *trouble,
			       const struct ike_story *story, struct finding *finding);

/* rule_ike_silence.c: the IKE SA may be up without a child; and, when it is time, the one that still is, else NULL. */
void rule_ike_doubt_child(struct judge *judge, struct judged_pair *pair, const struct ike_story *story);
const struct ike_story *rule_ike_childless(struct judge *judge, struct judged_pair *pair);

/* rule_ike_host.c: what the message at hand means for the two hosts; whether one of them began again, some seconds later. */
void rule_ike_host_event(struct judge *judge, struct judged_pair *pair);
void rule_ike_again_due(struct judge *judge, struct judged_pair *pair);

#endif
