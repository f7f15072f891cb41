/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See config_changes.h. Copies of both are compared octet by octet, once what does not count was cleared in them: members
 * that are others' concern, texts that say the same, and what lies between members.
 */
#include "config_changes.h"

#include <stdio.h>
#include <string.h>

#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
#define CLEAR_PADDING(value) __builtin_clear_padding(value)
#endif
#endif
#ifndef CLEAR_PADDING
#define CLEAR_PADDING(value)                                                                                           \
	((void)(value)) /* configurations are made of zeroed memory, and all but always keep that */
#endif

/* Two configurations, as copies. Their texts and lists are borrowed. */
struct both {
	struct config one, other;
};

#define IGNORE(both, member)                                                                                           \
	do {                                                                                                           \
		memset(&(both)->one.member, 0, sizeof((both)->one.member));                                            \
		memset(&(both)->other.member, 0, sizeof((both)->other.member));                                        \
	} while (0)

static void take(struct both *both, const struct config *one, const struct config *other)
{
	both->one = *one;
	both->other = *other;
	CLEAR_PADDING(&both->one);
	CLEAR_PADDING(&both->other);
	IGNORE(both, path);
}

/* Texts that are equal are no difference. */
static void settle(char **one, char **other)
{
	if (*one && *other && strcmp(*one, *other) == 0)
		*one = *other = NULL;
}

static bool same(const struct both *both)
{
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): padding was cleared, and there are no floating-point numbers */
	return memcmp(&both->one, &both->other, sizeof(both->one)) == 0;
}

/* What only the engine has texts and lists of is left to config_same(). */
static void settle_report(struct config *a, struct config *b)
{
	settle(&a->sensor, &b->sensor);
	settle(&a->syslog.to, &b->syslog.to);
	settle(&a->syslog.ca, &b->syslog.ca);
	settle(&a->syslog.name, &b->syslog.name);
	settle(&a->syslog.certificate, &b->syslog.certificate);
	settle(&a->syslog.key, &b->syslog.key);
	settle(&a->json.file, &b->json.file);
	settle(&a->control, &b->control);
	settle(&a->spool.dir, &b->spool.dir);
	settle(&a->store.path, &b->store.path);
	settle(&a->http.listen, &b->http.listen);
	settle(&a->http.token_file, &b->http.token_file);
	settle(&a->evidence.dir, &b->evidence.dir);
}

bool config_same_report(const struct config *one, const struct config *other)
{
	struct both both;

	take(&both, one, other);
	/* The engine's. */
	IGNORE(&both, interfaces);
	IGNORE(&both, interface_count);
	IGNORE(&both, classify);
	IGNORE(&both, policy);
	IGNORE(&both, rekey);
	IGNORE(&both, health);
	IGNORE(&both, limits);
	IGNORE(&both, alerts);
	IGNORE(&both, evidence.payload);
	IGNORE(&both, evidence.memory);
	settle_report(&both.one, &both.other);
	return same(&both);
}

/* An interface that is captured on already keeps its ring. */
static bool same_rings(const struct config *one, const struct config *other)
{
	for (size_t i = 0; i < one->interface_count; i++)
		for (size_t j = 0; j < other->interface_count; j++) {
			const struct config_interface *a = &one->interfaces[i], *b = &other->interfaces[j];
			if (strcmp(a->name, b->name) == 0 && (a->buffer != b->buffer || a->workers != b->workers))
				return false;
		}
	return true;
}

/* Leaves what is laid out at the start, but the rings, which are compared by their names. */
static void take_start(struct both *both, const struct config *one, const struct config *other)
{
	take(both, one, other);
	/* What the engine heeds at once. */
	IGNORE(both, interfaces);
	IGNORE(both, interface_count);
	IGNORE(both, policy);
	IGNORE(both, rekey);
	IGNORE(both, health);
	IGNORE(both, alerts);
	/* And what the next reporter does. */
	IGNORE(both, syslog);
	IGNORE(both, json);
	IGNORE(both, control);
	IGNORE(both, spool);
	IGNORE(both, store);
	IGNORE(both, http);
	IGNORE(both, evidence.dir);
	IGNORE(both, evidence.file_size);
	IGNORE(both, evidence.size);
	IGNORE(both, evidence.files);
	IGNORE(both, evidence.keep_ns);
	settle(&both->one.sensor, &both->other.sensor);
}

bool config_same_start(const struct config *one, const struct config *other)
{
	char names[CONFIG_START_NAMES_SIZE];

	return config_start_names(one, other, names) == 0;
}

/* Notes the name if what was looked at differs. */
struct names {
	char *text;
	size_t used;
	unsigned count;
};

static void note(struct names *names, bool differs, const char *name)
{
	if (!differs)
		return;
	names->used += (size_t)snprintf(names->text + names->used, CONFIG_START_NAMES_SIZE - names->used, "%s%s",
					names->count ? ", " : "", name);
	names->count++;
}

unsigned config_start_names(const struct config *one, const struct config *other, char text[CONFIG_START_NAMES_SIZE])
{
	struct names names = { .text = text };
	struct both both;

	*text = '\0';
	take_start(&both, one, other);
	note(&names, both.one.sensor || both.other.sensor, "sensor");
	note(&names, one->classify != other->classify, "classify");
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): as in same() */
	note(&names, memcmp(&both.one.limits, &both.other.limits, sizeof(both.one.limits)) != 0, "limits");
	note(&names, !same_rings(one, other), "buffers and workers under capture");
	note(&names,
	     !one->evidence.dir != !other->evidence.dir || one->evidence.payload != other->evidence.payload ||
		 one->evidence.memory != other->evidence.memory,
	     "report.evidence");
	/* What was added to the configuration and has no name here. */
	IGNORE(&both, sensor);
	IGNORE(&both, classify);
	IGNORE(&both, limits);
	IGNORE(&both, evidence);
	note(&names, !same(&both), "other settings");
	return names.count;
}

/* ---- all of it ---- */

static bool same_octets(const void *one, const void *other, size_t count)
{
	return memcmp(one, other, count) == 0;
}

/* Two entries of lists, as copies; what lies between members does not count. */
#define SAME_ENTRIES(one, other) (CLEAR_PADDING(one), CLEAR_PADDING(other), same_octets((one), (other), sizeof(*(one))))

static bool same_prefixes(const struct policy_prefix *one, const struct policy_prefix *other, size_t count)
{
	return count == 0 || memcmp(one, other, count * sizeof(*one)) == 0; /* octets only */
}

static bool same_services(const struct policy_services *one, const struct policy_services *other)
{
	bool equal = one->count == other->count;

	for (size_t i = 0; equal && i < one->count; i++) {
		struct policy_service a = one->entries[i], b = other->entries[i];
		settle(&a.name, &b.name);
		equal = SAME_ENTRIES(&a, &b);
	}
	return equal;
}

static bool same_rule(const struct policy_rule *one, const struct policy_rule *other)
{
	struct policy_rule a = *one, b = *other;

	for (unsigned side = 0; side < 2; side++) {
		if (a.between_count[side] != b.between_count[side] ||
		    !same_prefixes(a.between[side], b.between[side], a.between_count[side]))
			return false;
		a.between[side] = b.between[side] = NULL;
	}
	if (a.gateway_count != b.gateway_count ||
	    (a.gateway_count && memcmp(a.gateways, b.gateways, a.gateway_count * sizeof(*a.gateways)) != 0) ||
	    !same_services(&a.allow, &b.allow) || !same_services(&a.deny, &b.deny))
		return false;
	a.gateways = b.gateways = NULL;
	a.allow = b.allow = a.deny = b.deny = (struct policy_services){ 0 };
	a.line = b.line = 0;
	settle(&a.name, &b.name);
	settle(&a.crypto, &b.crypto);
	return SAME_ENTRIES(&a, &b);
}

static bool same_policy(const struct policy *one, const struct policy *other)
{
	struct policy a = *one, b = *other;
	bool equal = a.rule_count == b.rule_count && same_services(&a.allow, &b.allow);

	for (size_t i = 0; equal && i < a.rule_count; i++)
		equal = same_rule(&a.rules[i], &b.rules[i]);
	a.allow = b.allow = (struct policy_services){ 0 };
	a.rules = b.rules = NULL;
	a.index = b.index = NULL;
	return equal && SAME_ENTRIES(&a, &b);
}

static bool same_interface(const struct config_interface *one, const struct config_interface *other)
{
	struct config_interface a = *one, b = *other;

	if (a.pin_count != b.pin_count)
		return false;
	for (size_t i = 0; i < a.pin_count; i++)
		if (a.pin[i].first != b.pin[i].first || a.pin[i].last != b.pin[i].last)
			return false;
	a.pin = b.pin = NULL;
	settle(&a.name, &b.name);
	return SAME_ENTRIES(&a, &b);
}

static bool same_alerts(const struct config_alerts *one, const struct config_alerts *other)
{
	struct config_alerts a = *one, b = *other;
	bool equal = a.maintenance_count == b.maintenance_count;

	for (size_t i = 0; equal && i < a.maintenance_count; i++) {
		struct config_maintenance c = a.maintenance[i], d = b.maintenance[i];
		equal = c.host_count == d.host_count && same_prefixes(c.hosts, d.hosts, c.host_count);
		c.hosts = d.hosts = NULL;
		settle(&c.name, &d.name);
		equal = equal && SAME_ENTRIES(&c, &d);
	}
	a.maintenance = b.maintenance = NULL;
	return equal && SAME_ENTRIES(&a, &b);
}

bool config_same(const struct config *one, const struct config *other)
{
	struct both both;
	bool equal = one->interface_count == other->interface_count && same_policy(&one->policy, &other->policy) &&
		     same_alerts(&one->alerts, &other->alerts);

	for (size_t i = 0; equal && i < one->interface_count; i++)
		equal = same_interface(&one->interfaces[i], &other->interfaces[i]);
	take(&both, one, other);
	IGNORE(&both, interfaces);
	IGNORE(&both, policy);
	IGNORE(&both, alerts);
	settle_report(&both.one, &both.other);
	return equal && same(&both);
}
