/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules, one row each. A rule looks at every transition of a pair, at the times it asked for with judge_wake(), and
 * once more when the capture ends. It keeps its state in the pair (judge_state.h) and speaks through alert.h.
 */
#ifndef ESPIAL_AUDIT_RULES_H
#define ESPIAL_AUDIT_RULES_H

#include "judge_state.h"

/* cleartext-leak: rule_leak.c */
void rule_leak_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
void rule_leak_due(struct judge *judge, struct judged_pair *pair);
void rule_leak_finish(struct judge *judge, struct judged_pair *pair);

struct rule {
	void (*transition)(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
	void (*due)(struct judge *judge, struct judged_pair *pair);
	void (*finish)(struct judge *judge, struct judged_pair *pair);
};

static const struct rule rules[] = {
	{ rule_leak_transition, rule_leak_due, rule_leak_finish },
};

enum { RULE_COUNT = sizeof(rules) / sizeof(rules[0]) };

#endif
