/* SPDX-License-Identifier: Apache-2.0 */
/* See service_names.h. Called by who reads a configuration: espiald, espial audit, espial check-config. */
#include "service_names.h"

#include "classify.h"
#include "../config/policy.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_SIZE = 512 };

struct check {
	const struct classifier *classifier;
	void (*tell)(void *context, const char *text);
	void *context;
	unsigned count;
};

static void look(struct check *check, const struct policy_rule *rule, const char *key,
		 const struct policy_services *services)
{
	char place[TEXT_SIZE / 2], text[TEXT_SIZE];

	if (rule)
		snprintf(place, sizeof(place), "line %d: rule '%s': %s", rule->line, rule->name, key);
	else
		snprintf(place, sizeof(place), "policy.%s", key);
	for (size_t i = 0; i < services->count; i++) {
		const struct policy_service *service = &services->entries[i];
		if (service->kind != POLICY_SERVICE_NAME || classifier_can_say(check->classifier, service->name))
			continue;
		const char *meant = classifier_nearest(check->classifier, service->name);
		snprintf(text, sizeof(text), "%s: no flow is ever called '%s'%s%s%s", place, service->name,
			 meant ? ": did you mean '" : ": nDPI has no such name, so that it changes nothing",
			 meant ? meant : "", meant ? "'?" : "");
		check->count++;
		check->tell(check->context, text);
	}
}

static bool has_names(const struct policy_services *services)
{
	for (size_t i = 0; i < services->count; i++)
		if (services->entries[i].kind == POLICY_SERVICE_NAME)
			return true;
	return false;
}

static bool policy_has_names(const struct policy *policy)
{
	bool found = has_names(&policy->allow);

	for (size_t i = 0; i < policy->rule_count && !found; i++)
		found = has_names(&policy->rules[i].allow) || has_names(&policy->rules[i].deny);
	return found;
}

unsigned service_names_check(const struct policy *policy, void (*tell)(void *context, const char *text), void *context)
{
	/* It takes some megabytes and milliseconds to know them all. */
	struct classifier *classifier = policy_has_names(policy) ? classifier_new(0) : NULL;
	struct check check = { classifier, tell, context, 0 };

	if (!classifier)
		return 0;
	look(&check, NULL, "allow", &policy->allow);
	for (size_t i = 0; i < policy->rule_count; i++) {
		look(&check, &policy->rules[i], "allow", &policy->rules[i].allow);
		look(&check, &policy->rules[i], "deny", &policy->rules[i].deny);
	}
	classifier_free(classifier);
	return check.count;
}

struct complaint {
	const char *program, *path;
};

static void complain(void *context, const char *text)
{
	const struct complaint *complaint = context;

	fprintf(stderr, "%s%s: %s: %s\n", getenv("JOURNAL_STREAM") ? "<4>" : "", complaint->program, complaint->path,
		text);
}

void service_names_complain(const struct policy *policy, const char *program, const char *path)
{
	struct complaint complaint = { program, path };

	service_names_check(policy, complain, &complaint);
}
