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
	struct config *a = &both.one, *b = &both.other;
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
