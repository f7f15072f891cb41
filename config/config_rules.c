/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Meaning of the policy section: services, rules, and rules that contradict themselves or each other. Called by
 * config_build.c; config.c asks config_rule_twin() for rules of the command line.
 */
#include "config_build.h"
#include "policy_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verdict_tables[] = { "rfc8247", "cnsa-2.0", "nist-800-77r1" };

/* Where the rules come from and where complaints go. */
struct rules {
	const struct config_document *document;
	struct config_error *error;
};

static bool fail_memory(const struct rules *rules)
{
	config_error_at(rules->error, rules->document->name, 0, "", "not enough memory for the policy");
	return false;
}

static bool fail(const struct rules *rules, const struct config_path *path, const struct config_reason *reason)
{
	return config_document_fail(rules->document, rules->error, path, "%s", reason->text);
}

static bool build_services(const struct rules *rules, const struct config_path *path, char *const *texts, size_t count,
			   struct policy_services *services)
{
	struct config_reason reason;

	if (count == 0)
		return true;
	services->entries = calloc(count, sizeof(*services->entries));
	if (!services->entries)
		return fail_memory(rules);
	for (size_t i = 0; i < count; i++) {
		struct config_path place = config_path_index(path, i);
		if (!config_read_service(texts[i], &services->entries[i], &reason))
			return fail(rules, &place, &reason);
		services->count++;
	}
	return true;
}

/* A prefix's path: an entry of `between`, or an entry of a list that is an entry of `between`. */
static struct config_path prefix_path(const struct rules *rules, const struct config_path *between, size_t side,
				      size_t index)
{
	struct config_path place = config_path_index(between, side);
	unsigned line;
	const yaml_node_t *node = config_document_find(rules->document, place.text, &line);

	return node && node->type == YAML_SEQUENCE_NODE ? config_path_index(&place, index) : place;
}

static bool build_between(const struct rules *rules, const struct config_path *path,
			  const struct config_file_rule *file, struct policy_rule *rule)
{
	enum config_family family = CONFIG_FAMILY_ANY;
	struct config_reason reason;

	for (size_t side = 0; side < file->between_count; side++) {
		const struct config_file_side *from = &file->between[side];
		struct policy_prefix *prefixes = calloc(from->prefixes_count, sizeof(*prefixes));

		if (!prefixes)
			return fail_memory(rules);
		rule->between[side] = prefixes;
		rule->between_count[side] = from->prefixes_count;
		for (size_t i = 0; i < from->prefixes_count; i++) {
			enum config_family its;
			struct config_quoted quoted;
			struct config_path place;

			if (config_read_prefix(from->prefixes[i], &prefixes[i], &reason)) {
				its = config_prefix_family(&prefixes[i]);
				if (family == CONFIG_FAMILY_ANY)
					family = its;
				if (its == CONFIG_FAMILY_ANY || its == family)
					continue;
				config_reason_set(
				    &reason, "'%s' is IPv%c and the rule began with IPv%c: make a rule for each family",
				    config_quote(&quoted, from->prefixes[i]), its == CONFIG_FAMILY_IPV4 ? '4' : '6',
				    family == CONFIG_FAMILY_IPV4 ? '4' : '6');
			}
			place = prefix_path(rules, path, side, i);
			return fail(rules, &place, &reason);
		}
	}
	if (file->between_count == 1) {
		rule->between[1] = rule->between[0];
		rule->between_count[1] = rule->between_count[0];
	}
	return true;
}

static bool gateway_is_ipv4(const uint8_t address[16])
{
	const struct policy_prefix prefix = { .length = 128 };
	struct policy_prefix copy = prefix;

	memcpy(copy.address, address, sizeof(copy.address));
	return config_prefix_family(&copy) == CONFIG_FAMILY_IPV4;
}

static bool build_gateways(const struct rules *rules, const struct config_path *path,
			   const struct config_file_rule *file, struct policy_rule *rule)
{
	struct config_reason reason;
	size_t of_family[2] = { 0, 0 };

	if (file->gateways_count == 0)
		return true;
	rule->gateways = calloc(file->gateways_count, sizeof(*rule->gateways));
	if (!rule->gateways)
		return fail_memory(rules);
	for (size_t i = 0; i < file->gateways_count; i++) {
		struct config_path place = config_path_index(path, i);
		if (!config_read_gateway(file->gateways[i], rule->gateways[i], &reason))
			return fail(rules, &place, &reason);
		if (policy_is_gateway(rule, rule->gateways[i])) {
			struct config_quoted quoted;
			config_reason_set(&reason, "'%s' is a gateway of this rule already: name each one once",
					  config_quote(&quoted, file->gateways[i]));
			return fail(rules, &place, &reason);
		}
		rule->gateway_count++;
		of_family[gateway_is_ipv4(rule->gateways[i])]++;
	}
	/* ESP runs between two addresses of one family, whatever it carries. */
	for (size_t i = 0; i < file->gateways_count; i++) {
		struct config_path place = config_path_index(path, i);
		bool ipv4 = gateway_is_ipv4(rule->gateways[i]);
		if (of_family[ipv4] != 1)
			continue;
		config_reason_set(&reason,
				  "'%s' is the only IPv%c gateway of the rule: at least two of a family are needed",
				  file->gateways[i], ipv4 ? '4' : '6');
		return fail(rules, &place, &reason);
	}
	return true;
}

static bool build_crypto(const struct rules *rules, const struct config_path *path, char **text, char **crypto)
{
	struct config_quoted quoted;

	if (!*text) {
		*crypto = strdup(verdict_tables[0]);
		return *crypto || fail_memory(rules);
	}
	for (size_t i = 0; i < sizeof(verdict_tables) / sizeof(*verdict_tables); i++) {
		if (strcmp(*text, verdict_tables[i]) != 0)
			continue;
		*crypto = *text;
		*text = NULL;
		return true;
	}
	return config_document_fail(rules->document, rules->error, path,
				    "'%s' is not a known table: rfc8247, cnsa-2.0 and nist-800-77r1 are possible",
				    config_quote(&quoted, *text));
}

static bool check_name(const struct rules *rules, const struct config_path *path, const char *name)
{
	struct config_quoted quoted;

	if (name[0] == ' ' || name[strlen(name) - 1] == ' ')
		return config_document_fail(rules->document, rules->error, path,
					    "'%s' begins or ends with a space: remove it", config_quote(&quoted, name));
	if (strcmp(name, "learned") == 0)
		return config_document_fail(rules->document, rules->error, path,
					    "'learned' is what alerts call learned pairs: give the rule another name");
	return true;
}

static bool check_deny(const struct rules *rules, const struct config_path *path, const struct config_file_rule *file,
		       const struct policy_rule *rule)
{
	for (size_t i = 0; i < rule->deny.count; i++) {
		for (size_t j = 0; j < rule->allow.count; j++) {
			struct config_path place = config_path_index(path, i);
			struct config_quoted quoted;

			if (!config_service_equal(&rule->deny.entries[i], &rule->allow.entries[j]))
				continue;
			return config_document_fail(rules->document, rules->error, &place,
						    "'%s' is allow[%zu] of the same rule: keep one of the two",
						    config_quote(&quoted, file->deny[i]), j);
		}
	}
	return true;
}

static bool build_rule(const struct rules *rules, const struct config_path *path, struct config_file_rule *file,
		       struct policy_rule *rule)
{
	struct config_path name = config_path_key(path, "name"), between = config_path_key(path, "between");
	struct config_path gateways = config_path_key(path, "gateways"), crypto = config_path_key(path, "crypto");
	struct config_path allow = config_path_key(path, "allow"), deny = config_path_key(path, "deny");

	rule->level = file->level;
	rule->line = (int)config_document_line(rules->document, path->text);
	if (!check_name(rules, &name, file->name) || !build_between(rules, &between, file, rule) ||
	    !build_gateways(rules, &gateways, file, rule) ||
	    !build_crypto(rules, &crypto, &file->crypto, &rule->crypto) ||
	    !build_services(rules, &allow, file->allow, file->allow_count, &rule->allow) ||
	    !build_services(rules, &deny, file->deny, file->deny_count, &rule->deny) ||
	    !check_deny(rules, &deny, file, rule))
		return false;
	rule->name = file->name;
	file->name = NULL;
	return true;
}

/* A sum over a side's prefixes, so that their order does not matter. */
static uint64_t side_sum(const struct policy_prefix *prefixes, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t hash = prefixes[i].length + 0x9e3779b97f4a7c15U;
		for (size_t octet = 0; octet < 16; octet++)
			hash = (hash ^ prefixes[i].address[octet]) * 0x100000001b3U;
		sum += hash ^ hash >> 32;
	}
	return sum;
}

static bool side_within(const struct policy_rule *one, int side, const struct policy_rule *other, int its_side)
{
	for (size_t i = 0; i < one->between_count[side]; i++) {
		const struct policy_prefix *prefix = &one->between[side][i];
		bool found = false;

		for (size_t j = 0; !found && j < other->between_count[its_side]; j++)
			found = memcmp(prefix, &other->between[its_side][j], sizeof(*prefix)) == 0;
		if (!found)
			return false;
	}
	return true;
}

static bool sides_equal(const struct policy_rule *one, int side, const struct policy_rule *other, int its_side)
{
	return one->between_count[side] == other->between_count[its_side] && side_within(one, side, other, its_side) &&
	       side_within(other, its_side, one, side);
}

static bool same_between(const struct policy_rule *one, const struct policy_rule *other)
{
	return (sides_equal(one, 0, other, 0) && sides_equal(one, 1, other, 1)) ||
	       (sides_equal(one, 0, other, 1) && sides_equal(one, 1, other, 0));
}

const struct policy_rule *config_rule_twin(const struct policy *policy, const struct policy_rule *rule, bool *same_name)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *other = &policy->rules[i];
		if (other == rule)
			continue;
		*same_name = strcmp(other->name, rule->name) == 0;
		if (*same_name || same_between(other, rule))
			return other;
	}
	return NULL;
}

/* A rule by what makes it a duplicate; sorting brings the duplicates together. */
struct rule_key {
	const struct policy_rule *rule;
	uint64_t sum; /* over both sides, whichever comes first */
};

static int compare_order(const struct policy_rule *one, const struct policy_rule *other)
{
	return (one > other) - (one < other);
}

static int compare_names(const void *left, const void *right)
{
	const struct rule_key *one = left, *other = right;
	int order = strcmp(one->rule->name, other->rule->name);

	return order ? order : compare_order(one->rule, other->rule);
}

static int compare_sums(const void *left, const void *right)
{
	const struct rule_key *one = left, *other = right;

	if (one->sum != other->sum)
		return one->sum < other->sum ? -1 : 1;
	return compare_order(one->rule, other->rule);
}

/* Of the sorted keys, the duplicate that comes first in the file and the rule it repeats. */
static bool find_duplicate(const struct rule_key *keys, size_t count, bool by_name, const struct policy_rule **first,
			   const struct policy_rule **second)
{
	*second = NULL;
	for (size_t i = 1; i < count; i++) {
		const struct policy_rule *one = keys[i - 1].rule, *other = keys[i].rule;
		bool same = by_name ? strcmp(one->name, other->name) == 0
				    : keys[i - 1].sum == keys[i].sum && same_between(one, other);

		if (!same || (*second && *second < other))
			continue;
		*first = one;
		*second = other;
	}
	return *second != NULL;
}

static bool check_duplicates(const struct rules *rules, const struct policy *policy)
{
	static const struct config_path root = { "policy.rules" };
	struct rule_key *keys = calloc(policy->rule_count, sizeof(*keys));
	const struct policy_rule *first = NULL, *second = NULL;
	struct config_path place;
	struct config_quoted quoted;
	bool good = true;

	if (!keys)
		return fail_memory(rules);
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		keys[i].rule = rule;
		keys[i].sum = side_sum(rule->between[0], rule->between_count[0]) +
			      side_sum(rule->between[1], rule->between_count[1]);
	}
	qsort(keys, policy->rule_count, sizeof(*keys), compare_names);
	if (find_duplicate(keys, policy->rule_count, true, &first, &second)) {
		place = config_path_index(&root, (size_t)(second - policy->rules));
		place = config_path_key(&place, "name");
		good = config_document_fail(
		    rules->document, rules->error, &place,
		    "'%s' is the name of the rule on line %d too: give each rule a name of its own",
		    config_quote(&quoted, second->name), first->line);
	} else {
		qsort(keys, policy->rule_count, sizeof(*keys), compare_sums);
		if (find_duplicate(keys, policy->rule_count, false, &first, &second)) {
			place = config_path_index(&root, (size_t)(second - policy->rules));
			place = config_path_key(&place, "between");
			good = config_document_fail(rules->document, rules->error, &place,
						    "is the same as that of rule '%s' on line %d: keep one of the two",
						    config_quote(&quoted, first->name), first->line);
		}
	}
	free(keys);
	return good;
}

static bool build_rules(const struct rules *rules, struct policy *policy, struct config_file_policy *file)
{
	static const struct config_path root = { "policy.rules" };
	uint64_t pairs = 0;

	if (file->rules_count == 0)
		return true;
	policy->rules = calloc(file->rules_count, sizeof(*policy->rules));
	if (!policy->rules)
		return fail_memory(rules);
	for (size_t i = 0; i < file->rules_count; i++) {
		struct config_path path = config_path_index(&root, i);

		/* Counted first, so that policy_clear() frees what a refused rule already holds. */
		policy->rule_count++;
		if (!build_rule(rules, &path, &file->rules[i], &policy->rules[i]))
			return false;
		pairs += policy_rule_pairs(&policy->rules[i]);
		if (pairs > POLICY_PAIRS_MAX) {
			path = config_path_key(&path, "between");
			return config_document_fail(
			    rules->document, rules->error, &path,
			    "makes %llu pairs of prefixes up to here: %d in all rules are possible",
			    (unsigned long long)pairs, POLICY_PAIRS_MAX);
		}
	}
	return check_duplicates(rules, policy);
}

bool config_build_policy(struct policy *policy, const struct config_document *document, struct config_file_policy *file,
			 struct config_error *error)
{
	const struct rules rules = { .document = document, .error = error };
	const yaml_node_t *allow;
	unsigned line;

	policy->learn = file->learn != CONFIG_SWITCH_OFF;
	policy->exempt = file->exempt;
	/* A list that is written replaces the default, `[]` too; a key with nothing behind it is not a list. */
	allow = config_document_find(document, "policy.allow", &line);
	if (allow && !config_document_is_null(allow)) {
		policy_services_clear(&policy->allow);
		if (!build_services(&rules, &(struct config_path){ "policy.allow" }, file->allow, file->allow_count,
				    &policy->allow))
			return false;
	}
	return build_rules(&rules, policy, file);
}
