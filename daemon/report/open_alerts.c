/* SPDX-License-Identifier: Apache-2.0 */
/* See open_alerts.h. A hash table of pointers by alert number, which is itself a hash. */
#include "open_alerts.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1 << 16 }; /* at least twice OPEN_ALERTS_MAX, so that probing stays short */

/* One allocation: the alert, then its texts. */
struct held_alert {
	struct snapshot_alert alert; /* first: what others see */
	atomic_uint references;
	char texts[];
};

struct open_alerts {
	struct held_alert **slots; /* SLOTS of them, owned */
	size_t count;
	uint64_t given_up;
};

static struct held_alert *holder(const struct snapshot_alert *alert)
{
	return (struct held_alert *)(uintptr_t)alert;
}

void open_alert_let_go(const struct snapshot_alert *alert)
{
	if (alert && atomic_fetch_sub(&holder(alert)->references, 1) == 1)
		free(holder(alert));
}

/* Adds a text's length, or copies it to *at and points to the copy. */
static void place(const char **text, size_t *length, char **at)
{
	if (!*text)
		return;
	size_t size = strlen(*text) + 1;
	if (at) {
		memcpy(*at, *text, size);
		*text = *at;
		*at += size;
	}
	*length += size;
}

/* Octets that the finding's borrowed texts need; with `at`, they are copied there. */
static size_t place_texts(struct finding *finding, char *at)
{
	char **to = at ? &at : NULL;
	size_t length = 0;

	place(&finding->interface, &length, to);
	place(&finding->realm_interface, &length, to);
	place(&finding->rule, &length, to);
	place(&finding->protocol, &length, to);
	place(&finding->cleared_by, &length, to);
	for (size_t i = 0; i < finding->evidence_count && i < FINDING_EVIDENCE_MAX; i++) {
		place(&finding->evidence[i].key, &length, to);
		if (finding->evidence[i].kind == EVIDENCE_TEXT)
			place(&finding->evidence[i].text, &length, to);
	}
	return length;
}

static struct held_alert *hold_copy(const struct finding *finding)
{
	struct finding copy = *finding;
	struct held_alert *held = malloc(sizeof(*held) + place_texts(&copy, NULL));

	if (!held)
		return NULL;
	held->alert = (struct snapshot_alert){ .finding = copy, .opened_ns = finding->time_ns };
	atomic_init(&held->references, 1);
	place_texts(&held->alert.finding, held->texts);
	return held;
}

struct open_alerts *open_alerts_new(void)
{
	struct open_alerts *alerts = calloc(1, sizeof(*alerts));

	if (alerts)
		alerts->slots = calloc(SLOTS, sizeof(struct held_alert *));
	if (!alerts || !alerts->slots) {
		free(alerts);
		return NULL;
	}
	return alerts;
}

void open_alerts_free(struct open_alerts *alerts)
{
	if (!alerts)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		if (alerts->slots[i])
			open_alert_let_go(&alerts->slots[i]->alert);
	free(alerts->slots);
	free(alerts);
}

static size_t home_of(uint64_t number)
{
	return (size_t)(number * UINT64_C(0x9e3779b97f4a7c15) >> 48) % SLOTS;
}

/* The alert's slot, or the empty one where it belongs. */
static size_t find(const struct open_alerts *alerts, uint64_t number)
{
	size_t at = home_of(number);

	while (alerts->slots[at] && alerts->slots[at]->alert.finding.alert != number)
		at = (at + 1) % SLOTS;
	return at;
}

/* Empties a slot, and moves up those behind it that were put aside for it. */
static void drop(struct open_alerts *alerts, size_t at)
{
	open_alert_let_go(&alerts->slots[at]->alert);
	alerts->slots[at] = NULL;
	alerts->count--;
	for (size_t next = (at + 1) % SLOTS; alerts->slots[next]; next = (next + 1) % SLOTS) {
		size_t home = home_of(alerts->slots[next]->alert.finding.alert);
		/* Whether the empty slot lies on the way from its home to where it is. */
		if ((next - home) % SLOTS < (next - at) % SLOTS)
			continue;
		alerts->slots[at] = alerts->slots[next];
		alerts->slots[next] = NULL;
		at = next;
	}
}

/* Lets go of the oldest of those that matter least. */
static void make_room(struct open_alerts *alerts)
{
	size_t victim = SLOTS;

	for (size_t i = 0; i < SLOTS; i++) {
		if (!alerts->slots[i])
			continue;
		if (victim == SLOTS) {
			victim = i;
			continue;
		}
		const struct snapshot_alert *alert = &alerts->slots[i]->alert, *worst = &alerts->slots[victim]->alert;
		if (alert->finding.severity > worst->finding.severity ||
		    (alert->finding.severity == worst->finding.severity && alert->opened_ns < worst->opened_ns))
			victim = i;
	}
	if (victim == SLOTS)
		return;
	drop(alerts, victim);
	alerts->given_up++;
}

bool open_alerts_take(struct open_alerts *alerts, const struct finding *finding)
{
	if (catalogue_is_event(finding->id))
		return true;
	size_t at = find(alerts, finding->alert);

	if (finding->state == FINDING_CLEAR) {
		if (alerts->slots[at])
			drop(alerts, at);
		return true;
	}
	struct held_alert *held = hold_copy(finding);
	if (!held)
		return false;
	if (alerts->slots[at]) {
		held->alert.opened_ns = alerts->slots[at]->alert.opened_ns;
		held->alert.acknowledged_until_ns = alerts->slots[at]->alert.acknowledged_until_ns;
		open_alert_let_go(&alerts->slots[at]->alert);
	} else {
		if (alerts->count == OPEN_ALERTS_MAX) {
			make_room(alerts);
			at = find(alerts, finding->alert);
		}
		alerts->count++;
	}
	alerts->slots[at] = held;
	return true;
}

bool open_alerts_recall(struct open_alerts *alerts, const struct finding *finding, int64_t opened_ns,
			int64_t acknowledged_ns)
{
	if (finding->state == FINDING_CLEAR || !open_alerts_take(alerts, finding))
		return false;
	size_t at = find(alerts, finding->alert);
	if (!alerts->slots[at])
		return true; /* what is no alert is passed over */
	/* Nobody has seen this one yet: it was made just now. */
	alerts->slots[at]->alert.opened_ns = opened_ns;
	alerts->slots[at]->alert.acknowledged_until_ns = acknowledged_ns;
	return true;
}

bool open_alerts_holds(const struct open_alerts *alerts, uint64_t alert)
{
	return alerts->slots[find(alerts, alert)] != NULL;
}

bool open_alerts_acknowledge(struct open_alerts *alerts, uint64_t alert, int64_t until_ns)
{
	size_t at = find(alerts, alert);

	if (!alerts->slots[at])
		return false;
	struct held_alert *held = hold_copy(&alerts->slots[at]->alert.finding);
	if (!held)
		return false;
	held->alert.opened_ns = alerts->slots[at]->alert.opened_ns;
	held->alert.acknowledged_until_ns = until_ns;
	open_alert_let_go(&alerts->slots[at]->alert);
	alerts->slots[at] = held;
	return true;
}

size_t open_alerts_count(const struct open_alerts *alerts)
{
	return alerts->count;
}

uint64_t open_alerts_given_up(const struct open_alerts *alerts)
{
	return alerts->given_up;
}

static int worst_first(const void *left, const void *right)
{
	const struct snapshot_alert *l = *(const struct snapshot_alert *const *)left;
	const struct snapshot_alert *r = *(const struct snapshot_alert *const *)right;

	if (l->finding.severity != r->finding.severity)
		return l->finding.severity < r->finding.severity ? -1 : 1;
	if (l->opened_ns != r->opened_ns)
		return l->opened_ns > r->opened_ns ? -1 : 1;
	return l->finding.alert < r->finding.alert ? -1 : l->finding.alert > r->finding.alert;
}

const struct snapshot_alert **open_alerts_list(const struct open_alerts *alerts, size_t *count)
{
	const struct snapshot_alert **list = malloc((alerts->count + 1) * sizeof(*list));

	*count = 0;
	if (!list)
		return NULL;
	for (size_t i = 0; i < SLOTS; i++) {
		if (!alerts->slots[i])
			continue;
		atomic_fetch_add(&alerts->slots[i]->references, 1);
		list[(*count)++] = &alerts->slots[i]->alert;
	}
	qsort(list, *count, sizeof(*list), worst_first);
	return list;
}
