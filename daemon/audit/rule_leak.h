/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a leak: text and evidence, for rule_leak.c. */
#ifndef ESPIAL_AUDIT_RULE_LEAK_H
#define ESPIAL_AUDIT_RULE_LEAK_H

#include "judge_state.h"

enum {
	EXCHANGE_OPENED_BEFORE_S = 1
}; /* IKE opened so shortly before the first clear packet belongs to the same attempt */

/* Ends the pair's leak, if it runs, for a reason that is not in its traffic. */
void rule_leak_end(struct judge *judge, struct judged_pair *pair, const char *why);

/* Whether the service was seen since the leak began. */
bool rule_leak_has_service(const struct leak *leak, unsigned index);

/* What failed between those who protect the pair, if it explains the leak; NULL if nothing did. */
const struct trouble *rule_leak_trouble(struct judge *judge, struct judged_pair *pair);

/* rule_leak_carrier.c: the hash of the one pair whose ESP ended as the leak began, so that it seems to have carried the
 * traffic; 0 if there is none, or more than one. */
uint64_t rule_leak_carrier(struct judge *judge, const struct judged_pair *pair);

/* Fills in protocol, text and evidence of the present state. */
void rule_leak_explain(struct judge *judge, struct judged_pair *pair, struct finding *finding);

/* Makes the text that of the end; finding->cleared_by is set. */
void rule_leak_explain_clear(struct finding *finding);

#endif
