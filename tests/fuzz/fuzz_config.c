/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzing of the configuration: any text either becomes a configuration that can be sealed and asked, or is refused by
 * one line that names the file. The first octet chooses: even, a YAML file; odd, the argument of --secured.
 */
#include "fuzz.h"

#include "config/config.h"

#include <string.h>

static void check_message(const struct config_error *error, const char *begin)
{
	demand(strncmp(error->text, begin, strlen(begin)) == 0, "the message does not begin with its place");
	demand(!strchr(error->text, '\n') && !strchr(error->text, '\x1b'), "the message is more than one line");
	demand(memchr(error->text, '\0', sizeof(error->text)) != NULL, "the message has no end");
}

static void count_rule(size_t rule, void *context)
{
	(void)rule;
	++*(size_t *)context;
}

/* Asks about the addresses that the first rules name; every rule must find itself or a better one. */
static void ask(struct config *config)
{
	const struct policy *policy = &config->policy;
	size_t count = policy->rule_count < 8 ? policy->rule_count : 8;

	demand(config_seal(config), "a policy that was accepted cannot be sealed");
	for (size_t i = 0; i < count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		struct policy_traffic traffic = { .protocol = 6, .port = 22, .name_pending = true };
		size_t carried = 0;

		demand(rule->between_count[0] && rule->between_count[1] && rule->name && rule->crypto,
		       "a rule lacks a part");
		demand(policy_match(policy, rule->between[0][0].address, rule->between[1][0].address) != NULL,
		       "a rule does not match its own prefixes");
		if (rule->gateway_count)
			policy_gateway_rules(policy, rule->gateways[0], rule->gateways[1], count_rule, &carried);
		demand(!rule->gateway_count || carried, "a rule does not know its own gateways");
		policy_may_be_clear(policy, rule, &traffic);
	}
}

static void fuzz_yaml(const char *text, size_t length)
{
	struct config_error error = { "" };
	struct config *config = config_parse("t.yaml", text, length, &error);

	if (!config) {
		check_message(&error, "t.yaml:");
		return;
	}
	demand(config->sensor && config->syslog.to, "a configuration lacks a part");
	ask(config);
	config_free(config);
}

static void fuzz_secured(const char *data, size_t length)
{
	struct config_error error = { "" };
	struct config *config = config_default();
	char *text = strndup(data, length);

	if (config && text) {
		if (config_add_secured(config, text, &error))
			ask(config);
		else
			check_message(&error, "--secured:");
	}
	free(text);
	config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] % 2)
		fuzz_secured((const char *)data + 1, size - 1);
	else
		fuzz_yaml((const char *)data + 1, size - 1);
	return 0;
}
