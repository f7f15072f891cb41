/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration as the programs use it (config.h): defaults, loading, what the command line adds, freeing. Called
 * by espiald and espial at start and on reload, never while packets are handled.
 */
#include "config.h"
#include "config_build.h"
#include "policy_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOST_NAME_OCTETS = 256, READ_STEP = 64 << 10 };
enum { FACILITY_AUTHPRIV = 10 };
enum { PARTS_MAX = 66 }; /* of --secured: two sides and 64 gateways */

static const char secured[] = "--secured"; /* stands for the file in messages about the command line */

struct config *config_default(void)
{
	struct config *config = calloc(1, sizeof(*config));
	char host[HOST_NAME_OCTETS + 1] = "";

	if (!config)
		return NULL;
	policy_init(&config->policy);
	if (gethostname(host, HOST_NAME_OCTETS) != 0 || !host[0])
		strcpy(host, "espial");
	config->sensor = strdup(host);
	config->classify = CONFIG_CLASSIFY_POLICY;
	config->rekey = (struct config_rekey){
		.min_lifetime_ns = 300LL * 1000000000,
		.min_volume = 50000000,
		.stale_grace_ns = 10LL * 1000000000,
	};
	config->health = (struct config_health){
		.down_after_ns = 2LL * 1000000000,
		.silent_after_ns = 60LL * 1000000000,
		.drops = 1000,
		.merged_frames = 10,
		.one_way = 5,
		.clock_step_ns = 2LL * 1000000000,
		.over_after_ns = 60LL * 1000000000,
	};
	config->limits = (struct config_limits){
		.flows = 1000000,
		.sas = 200000,
		.ike = 50000,
		.pairs = 200000,
		.learned = 50000,
		.memory = 1ULL << 30,
	};
	config->alerts.per_minute = 300;
	config->alerts.group_of = 5;
	config->syslog.enabled = true;
	config->syslog.to = strdup("/dev/log");
	config->syslog.facility = FACILITY_AUTHPRIV;
	config->syslog.shape = CONFIG_SHAPE_EVENTLOG;
	config->control = strdup(CONFIG_CONTROL_SOCKET);
	config->spool.size = 64 << 20;
	config->store.size = 1 << 30;
	config->store.keep_ns = 90LL * 86400 * 1000000000;
	config->evidence.file_size = 256 << 10;
	config->evidence.size = 256 << 20;
	config->evidence.files = 10000;
	config->evidence.keep_ns = 30LL * 86400 * 1000000000;
	config->evidence.memory = 8 << 20;
	if (!config->sensor || !config->syslog.to || !config->control || config->policy.allow.count == 0) {
		config_free(config);
		return NULL;
	}
	return config;
}

struct config *config_parse(const char *name, const char *yaml, size_t length, struct config_error *error)
{
	struct config *config;
	struct config_document document;
	struct config_file *file;
	bool good;

	error->text[0] = '\0';
	if (length > CONFIG_FILE_MAX) {
		config_error_at(error, name, 0, "", "is too large: up to %d MiB are possible", CONFIG_FILE_MAX >> 20);
		return NULL;
	}
	if (!config_document_read(&document, name, yaml, length, error))
		return NULL;
	config = config_default();
	if (config)
		config->path = strdup(name);
	if (!config || !config->path) {
		config_error_at(error, name, 0, "", "not enough memory for the configuration");
		config_free(config);
		config_document_free(&document);
		return NULL;
	}
	file = config_schema_load(&document, error);
	good = file && config_build(config, &document, file, error);
	config_schema_free(file);
	config_document_free(&document);
	if (good)
		return config;
	config_free(config);
	return NULL;
}

/* All of the file, one octet more than is allowed at most. NULL with errno set if it cannot be read. */
static char *read_all(int file, size_t *length)
{
	char *text = NULL;
	size_t used = 0, capacity = 0;

	for (;;) {
		ssize_t count;

		if (used == capacity) {
			char *larger = realloc(text, capacity + READ_STEP);
			if (!larger) {
				free(text);
				errno = ENOMEM;
				return NULL;
			}
			text = larger;
			capacity += READ_STEP;
		}
		count = read(file, text + used, capacity - used);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			int reason = errno;
			free(text);
			errno = reason;
			return NULL;
		}
		used += (size_t)count;
		if (count == 0 || used > CONFIG_FILE_MAX) {
			*length = used;
			return text;
		}
	}
}

char *config_read(const char *path, size_t *length, struct config_error *error)
{
	char *text = NULL;
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (file >= 0)
		text = read_all(file, length);
	if (!text)
		config_error_at(error, path, 0, "", "cannot be read: %s", strerrordesc_np(errno));
	if (file >= 0)
		close(file);
	return text;
}

struct config *config_load(const char *path, struct config_error *error)
{
	size_t length = 0;
	char *text = config_read(path, &length, error);
	struct config *config = text ? config_parse(path, text, length, error) : NULL;

	free(text);
	return config;
}

/* One side of --secured, or its reason. */
static bool add_side(struct policy_rule *rule, int side, const char *text, struct config_reason *reason)
{
	struct policy_prefix *prefix = calloc(1, sizeof(*prefix));

	if (!prefix) {
		config_reason_set(reason, "not enough memory");
		return false;
	}
	rule->between[side] = prefix;
	rule->between_count[side] = 1;
	if (strcmp(text, "any") == 0) {
		config_reason_set(reason, "'any' is not possible here: name an address or a prefix");
		return false;
	}
	return config_read_prefix(text, prefix, reason);
}

static bool add_gateway(struct policy_rule *rule, const char *text, struct config_reason *reason)
{
	struct config_quoted quoted;
	uint8_t address[16];
	uint8_t(*gateways)[16];

	if (!config_read_gateway(text, address, reason))
		return false;
	if (policy_is_gateway(rule, address)) {
		config_reason_set(reason, "'%s' is a gateway already: name each one once", config_quote(&quoted, text));
		return false;
	}
	gateways = realloc(rule->gateways, (rule->gateway_count + 1) * sizeof(*gateways));
	if (!gateways) {
		config_reason_set(reason, "not enough memory");
		return false;
	}
	rule->gateways = gateways;
	memcpy(gateways[rule->gateway_count++], address, sizeof(address));
	return true;
}

/* Reads the parts of "A,B,via=G,H" into the rule. `text` is cut at its commas. */
static bool read_secured(char *text, struct policy_rule *rule, struct config_error *error)
{
	struct config_reason reason;
	struct config_path place;
	enum config_family families[PARTS_MAX];
	size_t part = 0;

	for (char *next, *at = text; at; at = next, part++) {
		const char *value = at;
		bool good;

		next = strchr(at, ',');
		if (next)
			*next++ = '\0';
		snprintf(place.text, sizeof(place.text), "part %zu", part + 1);
		if (part == PARTS_MAX) {
			config_error_at(error, secured, 0, place.text,
					"is one too many: up to %d gateways are possible", PARTS_MAX - 2);
			return false;
		}
		if (part == 2 && strncmp(at, "via=", 4) != 0) {
			struct config_quoted quoted;
			config_error_at(error, secured, 0, place.text, "'%s' is not expected: after A,B comes via=G,H",
					config_quote(&quoted, at));
			return false;
		}
		if (part == 2)
			value += 4;
		if (!*value) {
			config_error_at(error, secured, 0, place.text, "is empty: %s is needed",
					part < 2 ? "an address or a prefix" : "the address of a gateway");
			return false;
		}
		good = part < 2 ? add_side(rule, (int)part, value, &reason) : add_gateway(rule, value, &reason);
		if (!good) {
			config_error_at(error, secured, 0, place.text, "%s", reason.text);
			return false;
		}
		if (part < 2) {
			families[part] = config_prefix_family(rule->between[part]);
		} else {
			struct policy_prefix host = { .length = 128 };
			memcpy(host.address, rule->gateways[part - 2], sizeof(host.address));
			families[part] = config_prefix_family(&host);
		}
		/* The two sides are of one family, and so are the gateways; ESP may carry one in the other. */
		if ((part == 1 || part > 2) && families[part] != families[part - 1]) {
			config_error_at(error, secured, 0, place.text,
					"is IPv%c and the one before is IPv%c: one family is possible",
					families[part] == CONFIG_FAMILY_IPV4 ? '4' : '6',
					families[part - 1] == CONFIG_FAMILY_IPV4 ? '4' : '6');
			return false;
		}
	}
	if (part < 2) {
		config_error_at(error, secured, 0, "part 2", "is missing: A,B or A,B,via=G,H is possible");
		return false;
	}
	if (part == 3) {
		config_error_at(error, secured, 0, "part 4", "is missing: via= needs at least two gateways");
		return false;
	}
	return true;
}

/* Gives the rule its name and verdict table, and makes sure that no other rule has the same name or sides. */
static bool complete_secured(const struct config *config, const char *text, struct policy_rule *rule,
			     struct config_error *error)
{
	const struct policy_rule *twin;
	struct config_quoted quoted;
	bool same_name;

	rule->name = strdup(text);
	rule->crypto = strdup("rfc8247");
	if (!rule->name || !rule->crypto) {
		config_error_at(error, secured, 0, "", "not enough memory for the rule");
		return false;
	}
	twin = config_rule_twin(&config->policy, rule, &same_name);
	if (twin) {
		config_error_at(error, secured, 0, "", "'%s' is there already, as rule '%.120s': keep one of the two",
				config_quote(&quoted, text), twin->name);
		return false;
	}
	return true;
}

bool config_add_secured(struct config *config, const char *text, struct config_error *error)
{
	struct policy *policy = &config->policy;
	struct policy_rule rule = { .level = POLICY_REQUIRE };
	struct policy_rule *rules;
	char *parts = strdup(text);
	bool good = parts && read_secured(parts, &rule, error);

	if (!parts)
		config_error_at(error, secured, 0, "", "not enough memory for the rule");
	free(parts);
	if (!good || !complete_secured(config, text, &rule, error)) {
		policy_rule_clear(&rule);
		return false;
	}
	rules = realloc(policy->rules, (policy->rule_count + 1) * sizeof(*rules));
	if (!rules) {
		config_error_at(error, secured, 0, "", "not enough memory for the rule");
		policy_rule_clear(&rule);
		return false;
	}
	policy->rules = rules;
	rules[policy->rule_count++] = rule;
	return true;
}

bool config_add_interface(struct config *config, const char *name)
{
	struct config_interface *interfaces;
	struct config_interface interface = config_interface_default();

	for (size_t i = 0; i < config->interface_count; i++)
		if (strcmp(config->interfaces[i].name, name) == 0)
			return true;
	interface.name = strdup(name);
	if (!interface.name)
		return false;
	interfaces = realloc(config->interfaces, (config->interface_count + 1) * sizeof(*interfaces));
	if (!interfaces) {
		free(interface.name);
		return false;
	}
	config->interfaces = interfaces;
	interfaces[config->interface_count++] = interface;
	return true;
}

bool config_only_interfaces(struct config *config, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!config_add_interface(config, names[i]))
			return false;
	for (size_t i = 0; i < config->interface_count;) {
		bool named = false;
		for (size_t n = 0; n < count && !named; n++)
			named = strcmp(config->interfaces[i].name, names[n]) == 0;
		if (named) {
			i++;
			continue;
		}
		free(config->interfaces[i].name);
		free(config->interfaces[i].pin);
		config->interface_count--;
		memmove(&config->interfaces[i], &config->interfaces[i + 1],
			(config->interface_count - i) * sizeof(*config->interfaces));
	}
	return true;
}

bool config_seal(struct config *config)
{
	return policy_seal(&config->policy);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->interface_count; i++) {
		free(config->interfaces[i].name);
		free(config->interfaces[i].pin);
	}
	free(config->interfaces);
	free(config->path);
	free(config->sensor);
	policy_clear(&config->policy);
	config_alerts_clear(&config->alerts);
	free(config->syslog.to);
	free(config->syslog.ca);
	free(config->syslog.name);
	free(config->syslog.certificate);
	free(config->syslog.key);
	free(config->json.file);
	free(config->control);
	free(config->spool.dir);
	free(config->store.path);
	free(config->http.listen);
	free(config->http.token_file);
	free(config->evidence.dir);
	free(config);
}
