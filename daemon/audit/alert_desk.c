/* SPDX-License-Identifier: Apache-2.0 */
/* See alert_desk.h. What is told, held and let go; groups are alert_group.c. */
#include "alert_desk_state.h"

#include "judge_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)
#define WAIT_STEP_NS (SECOND / 10) /* waits end together, so that a crowd of them is looked at once */
#define PLACE_OFF UINT32_MAX       /* the place of an alert that is never told */

struct alert_settings alert_default_settings(void)
{
	struct alert_settings settings = {
		.group_members = 5,
		.group_wait_ns = SECOND,
		.group_window_ns = MINUTE,
		.group_join_ns = 10 * MINUTE,
		.group_update_ns = 10 * SECOND,
	};

	for (unsigned class = 0; class < ALERT_SENSOR; class ++)
		settings.per_minute[class] = 300;
	return settings;
}

enum alert_class alert_class(enum finding_id id)
{
	return id < FINDING_IKE_UNANSWERED      ? ALERT_CLEARTEXT
	       : id < FINDING_WEAK_IKE_SELECTED ? ALERT_NEGOTIATION
	       : id < FINDING_BAD_SPI           ? ALERT_CRYPTOGRAPHY
	       : id < FINDING_PEER_NEW          ? ALERT_SPI
	       : id < FINDING_SENSOR_ALIVE      ? ALERT_LIFECYCLE
						: ALERT_SENSOR;
}

const char *alert_class_name(enum alert_class class)
{
	static const char *const names[ALERT_CLASS_COUNT] = { "cleartext", "negotiation", "cryptography",
							      "spi",       "lifecycle",   "sensor" };

	return (size_t) class < ALERT_CLASS_COUNT ? names[class] : "?";
}

static void take_settings(struct alert_desk *desk, const struct alert_settings *settings)
{
	desk->settings = *settings;
	if (desk->settings.group_members > GROUP_RECENT)
		desk->settings.group_members = GROUP_RECENT;
}

uint64_t alert_desk_cost(void)
{
	return table_cost(sizeof(struct desk_entry)) + table_cost(sizeof(struct alert_group));
}

struct alert_desk *alert_desk_new(const struct alert_settings *settings, uint32_t capacity)
{
	struct alert_desk *desk = calloc(1, sizeof(*desk));

	if (!desk)
		return NULL;
	if (capacity > ALERT_DESK_MAX)
		capacity = ALERT_DESK_MAX;
	take_settings(desk, settings);
	desk->maintenance = calloc(settings->maintenance_count + 1, sizeof(*desk->maintenance));
	/* Mapped, and resident only as it is used. */
	desk->copies = calloc(DESK_COPIES, sizeof(*desk->copies));
	if (!desk->maintenance || !desk->copies || !table_init(&desk->entries, sizeof(struct desk_entry), capacity) ||
	    !table_init(&desk->groups, sizeof(struct alert_group), capacity)) {
		alert_desk_free(desk);
		return NULL;
	}
	for (unsigned i = 0; i < DESK_COPIES; i++)
		desk->free_copies[desk->free_count++] = DESK_COPIES - i;
	for (unsigned class = 0; class < ALERT_CLASS_COUNT; class ++)
		desk->credit_ns[class] = desk->reserve_ns[class] = MINUTE;
	return desk;
}

void alert_desk_free(struct alert_desk *desk)
{
	if (!desk)
		return;
	table_destroy(&desk->entries);
	table_destroy(&desk->groups);
	free(desk->maintenance);
	free(desk->copies);
	free(desk);
}

static struct desk_entry *entry_at(const struct alert_desk *desk, uint32_t place)
{
	return table_at(&desk->entries, place);
}

static void say(const struct judge *judge, enum notice_level level, const char *text)
{
	struct record record = { .type = RECORD_NOTICE, .time_ns = judge->now_ns };

	record.notice = (struct record_notice){ level, text };
	record_write(&judge->sink, &record);
}

void desk_write(struct judge *judge, struct finding *finding)
{
	struct record record = { .type = RECORD_FINDING, .time_ns = finding->time_ns };

	if (finding->state == FINDING_OPEN) {
		judge->counters.opened++;
		judge->counters.open++;
	} else if (finding->state == FINDING_CLEAR) {
		judge->counters.open--;
	}
	record.finding = *finding;
	record_write(&judge->sink, &record);
}

static void refresh(struct desk_entry *entry, const struct finding *finding)
{
	entry->cause = finding->cause;
	entry->severity = finding->severity;
	entry->grade = finding->grade;
	entry->last_ns = finding->last_ns;
	entry->count = finding->count;
	entry->bytes = finding->bytes;
}

void desk_describe(const struct judge *judge, const struct desk_entry *entry, struct finding *finding)
{
	memset(finding, 0, sizeof(*finding));
	finding->time_ns = judge->now_ns;
	finding->alert = entry->link.hash;
	finding->id = entry->id;
	finding->cause = entry->cause;
	finding->severity = entry->severity;
	finding->grade = entry->grade;
	finding->subject = entry->subject;
	finding->has_pair = entry->has_pair;
	finding->a = entry->a;
	finding->b = entry->b;
	finding->realm = entry->realm;
	finding->rule = entry->rule;
	finding->first_ns = entry->first_ns;
	finding->last_ns = entry->last_ns;
	finding->count = entry->count;
	finding->bytes = entry->bytes;
}

/* ---- what is held ---- */

/* Texts that the finding borrows from elsewhere may be gone when it is told. */
static void keep(struct finding *to, const struct finding *from)
{
	*to = *from;
	for (size_t i = 0; i < to->evidence_count; i++) {
		struct finding_evidence *note = &to->evidence[i];
		if (note->kind != EVIDENCE_TEXT || !note->text)
			continue;
		if (note->text >= from->words && note->text < from->words + FINDING_WORDS_SIZE) {
			note->text = to->words + (note->text - from->words);
			continue;
		}
		size_t length = strlen(note->text) + 1;
		bool fits = length <= FINDING_WORDS_SIZE - to->words_used;
		char *copy = to->words + to->words_used;
		if (fits) {
			memcpy(copy, note->text, length);
			to->words_used += length;
		}
		note->text = fits ? copy : "";
	}
}

static struct desk_list *list_of(struct alert_desk *desk, const struct desk_entry *entry)
{
	return &desk->held[entry->state == DESK_LIMITED ? 1 + alert_class(entry->id) : 0];
}

static void hold(struct alert_desk *desk, uint32_t place, enum desk_state state, int64_t until_ns,
		 const struct finding *finding)
{
	struct desk_entry *entry = entry_at(desk, place);

	entry->state = (uint8_t)state;
	entry->until_ns = until_ns;
	if (desk->free_count > 0) {
		entry->copy = desk->free_copies[--desk->free_count];
		keep(&desk->copies[entry->copy - 1], finding);
	}
	struct desk_list *list = list_of(desk, entry);
	entry->next = 0;
	entry->previous = list->last;
	if (list->last)
		entry_at(desk, list->last)->next = place;
	else
		list->first = place;
	list->last = place;
}

void desk_unhold(struct alert_desk *desk, uint32_t place)
{
	struct desk_entry *entry = entry_at(desk, place);

	if (entry->state == DESK_NEW || entry->state == DESK_TOLD || entry->state == DESK_GROUPED)
		return;
	struct desk_list *list = list_of(desk, entry);
	if (entry->previous)
		entry_at(desk, entry->previous)->next = entry->next;
	else
		list->first = entry->next;
	if (entry->next)
		entry_at(desk, entry->next)->previous = entry->previous;
	else
		list->last = entry->previous;
	if (entry->copy)
		desk->free_copies[desk->free_count++] = entry->copy;
	entry->previous = entry->next = entry->copy = 0;
}

/* ---- what the engine before this one told, and this one holds back ---- */

static void write_held(const struct judge *judge, const struct finding *finding, enum finding_state state)
{
	struct record record = { .type = RECORD_HELD_ALERT, .time_ns = judge->now_ns };

	record.finding = *finding;
	record.finding.state = state;
	record_write(&judge->sink, &record);
}

/* Whoever knows the alert from the engine before would take it for over, since nobody hears of it. */
static void claim(const struct judge *judge, struct desk_entry *entry, const struct finding *finding)
{
	if (entry->claimed || judge->now_ns >= judge->known.claim_ns)
		return;
	entry->claimed = true;
	write_held(judge, finding, FINDING_OPEN);
}

void desk_end_held(struct judge *judge, struct desk_entry *entry, const struct finding *finding)
{
	if (entry->claimed || judge->now_ns < judge->known.claim_ns)
		write_held(judge, finding, FINDING_CLEAR);
	entry->claimed = false;
}

/* ---- rate: an alert costs its part of a minute, and a minute's worth can be saved up ---- */

static int64_t cost_ns(const struct alert_desk *desk, enum alert_class class)
{
	return desk->settings.per_minute[class] ? MINUTE / desk->settings.per_minute[class] : 0;
}

static bool affords(struct alert_desk *desk, enum alert_class class, int64_t now_ns)
{
	int64_t credit = desk->credit_ns[class] + (now_ns - desk->credited_ns[class]);

	desk->credit_ns[class] = credit < MINUTE ? credit : MINUTE;
	desk->credited_ns[class] = now_ns;
	return desk->credit_ns[class] >= cost_ns(desk, class);
}

static void limit(struct judge *judge, uint32_t place, const struct finding *finding)
{
	struct alert_desk *desk = judge->desk;
	enum alert_class class = alert_class(finding->id);
	char text[160];

	if (!desk->limited[class]++) {
		snprintf(text, sizeof(text),
			 "more than %u %s alerts a minute: further ones are told as the limit allows",
			 desk->settings.per_minute[class], alert_class_name(class));
		say(judge, NOTICE_WARNING, text);
	}
	desk->limited_ever[class]++;
	hold(desk, place, DESK_LIMITED, 0, finding);
	claim(judge, entry_at(desk, place), finding);
	desk_wake(desk, judge->now_ns + cost_ns(desk, class) - desk->credit_ns[class]);
}

void desk_unlimit(struct judge *judge, enum alert_class class, bool over)
{
	struct alert_desk *desk = judge->desk;
	char text[160];

	desk->limited_over[class] += over;
	if (--desk->limited[class])
		return;
	snprintf(text, sizeof(text), "%u %s alert%s held back by the limit; %u of them ended before they were told",
		 desk->limited_ever[class], alert_class_name(class), desk->limited_ever[class] == 1 ? " was" : "s were",
		 desk->limited_over[class]);
	say(judge, NOTICE_INFO, text);
	desk->limited_ever[class] = desk->limited_over[class] = 0;
}

static void admit(struct judge *judge, uint32_t place, struct finding *finding, bool at_end)
{
	struct alert_desk *desk = judge->desk;
	enum alert_class class = alert_class(finding->id);

	if (!at_end && affords(desk, class, judge->now_ns)) {
		desk->credit_ns[class] -= cost_ns(desk, class);
	} else if (!at_end && !desk_reserves(judge, entry_at(desk, place))) {
		limit(judge, place, finding);
		return;
	}
	entry_at(desk, place)->state = DESK_TOLD;
	desk_write(judge, finding);
}

void desk_release(struct judge *judge, uint32_t place, bool at_end)
{
	struct alert_desk *desk = judge->desk;
	struct desk_entry *entry = entry_at(desk, place);
	enum desk_state state = entry->state;
	struct finding finding;

	if (entry->copy) {
		keep(&finding, &desk->copies[entry->copy - 1]);
		finding.time_ns = judge->now_ns;
		finding.alert = entry->link.hash;
	} else {
		struct address_text a, b;
		desk_describe(judge, entry, &finding);
		finding_say(&finding, "%s", address_text(&entry->a, &a));
		if (entry->has_pair)
			finding_say(&finding, " and %s", address_text(&entry->b, &b));
		finding_say(&finding, ": %s", catalogue_row(entry->id)->meaning);
	}
	finding.state = FINDING_OPEN;
	if (state != DESK_WAITING)
		finding_note_real(&finding, "held_back", (double)(judge->now_ns - entry->opened_ns) / 1e9);
	desk_unhold(desk, place);
	admit(judge, place, &finding, at_end);
	if (state == DESK_LIMITED)
		desk_unlimit(judge, alert_class(finding.id), false);
}

/* ---- maintenance ---- */

static bool prefix_holds(const struct policy_prefix *prefix, const struct address *address)
{
	unsigned octets = prefix->length / 8, bits = prefix->length % 8;

	if (memcmp(prefix->address, address->bytes, octets) != 0)
		return false;
	return bits == 0 || ((prefix->address[octets] ^ address->bytes[octets]) >> (8 - bits)) == 0;
}

/* When the window that the time is in ends; 0: it is in none. */
static int64_t window_end(const struct alert_maintenance *window, int64_t now_ns)
{
	int64_t since = now_ns - window->from_ns;

	if (window->every_ns)
		since = (since % window->every_ns + window->every_ns) % window->every_ns;
	int64_t lasts = window->until_ns - window->from_ns;
	return since >= 0 && since < lasts ? now_ns - since + lasts : 0;
}

/* The window of the latest end that speaks of the alert's hosts; NULL if there is none. */
static const struct alert_maintenance *worked_on(const struct alert_desk *desk, const struct desk_entry *entry,
						 int64_t now_ns, int64_t *until_ns)
{
	const struct alert_maintenance *found = NULL;

	*until_ns = 0;
	for (size_t i = 0; i < desk->settings.maintenance_count && entry->subject != SUBJECT_SENSOR; i++) {
		const struct alert_maintenance *window = &desk->settings.maintenance[i];
		int64_t end = window_end(window, now_ns);
		bool ours = window->host_count == 0;
		for (size_t k = 0; end > *until_ns && !ours && k < window->host_count; k++)
			ours = prefix_holds(&window->hosts[k], &entry->a) ||
			       (entry->has_pair && prefix_holds(&window->hosts[k], &entry->b));
		if (ours && end > *until_ns) {
			*until_ns = end;
			found = window;
		}
	}
	return found;
}

static bool hold_for_maintenance(struct judge *judge, uint32_t place, const struct finding *finding)
{
	struct alert_desk *desk = judge->desk;
	struct desk_entry *entry = entry_at(desk, place);
	int64_t until;
	const struct alert_maintenance *window = worked_on(desk, entry, judge->now_ns, &until);

	if (!window)
		return false;
	entry->window = (uint32_t)(window - desk->settings.maintenance);
	desk->maintenance[entry->window].ever++;
	hold(desk, place, DESK_MAINTENANCE, until, finding);
	claim(judge, entry, finding);
	desk_wake(desk, until);
	return true;
}

static void say_held_back(struct judge *judge, const char *name, const char *what, const struct desk_maintenance *kept)
{
	char text[256];

	snprintf(text, sizeof(text), "maintenance '%s' %s: %u alert%s held back, %u of them ended meanwhile", name,
		 what, kept->ever, kept->ever == 1 ? " was" : "s were", kept->over);
	say(judge, NOTICE_INFO, text);
}

/* Says of windows that ended what they held back. */
static void end_windows(struct judge *judge, bool at_end)
{
	struct alert_desk *desk = judge->desk;

	for (size_t i = 0; i < desk->settings.maintenance_count; i++) {
		const struct alert_maintenance *window = &desk->settings.maintenance[i];
		struct desk_maintenance *kept = &desk->maintenance[i];
		int64_t end = window_end(window, judge->now_ns);
		if (!kept->ever)
			continue;
		if (end && !at_end) {
			desk_wake(desk, end);
			continue;
		}
		say_held_back(judge, window->name, end ? "goes on" : "is over", kept);
		kept->ever = kept->over = 0;
	}
}

/* The window that is called so; NULL if there is none any more. */
static struct desk_maintenance *window_named(const struct alert_settings *settings, struct desk_maintenance *kept,
					     const char *name)
{
	for (size_t i = 0; i < settings->maintenance_count; i++)
		if (strcmp(settings->maintenance[i].name, name) == 0)
			return &kept[i];
	return NULL;
}

/* Where what is held for a window belongs by the windows of now. */
static void hold_anew(struct judge *judge, struct desk_entry *entry, const char *former)
{
	struct alert_desk *desk = judge->desk;
	const struct alert_maintenance *window = worked_on(desk, entry, judge->now_ns, &entry->until_ns);

	if (!window) {
		entry->window = DESK_NO_WINDOW;
		entry->until_ns = judge->now_ns;
		return;
	}
	entry->window = (uint32_t)(window - desk->settings.maintenance);
	if (strcmp(window->name, former) != 0)
		desk->maintenance[entry->window].ever++;
}

bool alert_desk_set(struct judge *judge, const struct alert_settings *settings)
{
	struct alert_desk *desk = judge->desk;
	struct alert_settings former = desk->settings;
	struct desk_maintenance *before = desk->maintenance,
				*kept = calloc(settings->maintenance_count + 1, sizeof(*kept));

	if (!kept)
		return false;
	take_settings(desk, settings);
	desk->maintenance = kept;
	for (size_t i = 0; i < former.maintenance_count; i++) {
		const char *name = former.maintenance[i].name;
		struct desk_maintenance *same = window_named(settings, kept, name);
		if (same)
			*same = before[i];
		else if (before[i].ever)
			say_held_back(judge, name, "was taken out", &before[i]);
	}
	for (uint32_t place = desk->held[0].first; place; place = entry_at(desk, place)->next) {
		struct desk_entry *entry = entry_at(desk, place);
		if (entry->state == DESK_MAINTENANCE)
			hold_anew(judge, entry,
				  entry->window == DESK_NO_WINDOW ? "" : former.maintenance[entry->window].name);
	}
	free(before);
	/* A limit may be wider now, a window narrower. */
	desk_wake(desk, judge->now_ns);
	return true;
}

/* ---- open, update, clear ---- */

static void begin_entry(const struct judge *judge, struct desk_entry *entry, const struct finding *finding,
			const struct judged_pair *pair)
{
	entry->id = finding->id;
	entry->subject = finding->subject;
	entry->has_pair = finding->has_pair;
	entry->a = finding->a;
	entry->b = finding->b;
	entry->realm = pair ? pair->realm : 0;
	entry->rule = finding->rule;
	entry->first_ns = finding->first_ns;
	entry->opened_ns = judge->now_ns;
	refresh(entry, finding);
}

void alert_desk_open(struct judge *judge, struct alert *alert, struct finding *finding, const struct judged_pair *pair)
{
	struct alert_desk *desk = judge->desk;
	uint64_t key = finding->alert ? finding->alert : 1;

	alert->place = 0;
	if (desk->settings.off[finding->id]) {
		alert->place = PLACE_OFF;
		return;
	}
	uint32_t place = table_find(&desk->entries, key) ? 0 : table_insert(&desk->entries, key);
	if (!place) {
		desk_write(judge, finding);
		return;
	}
	struct desk_entry *entry = entry_at(desk, place);
	alert->place = place;
	begin_entry(judge, entry, finding, pair);
	if (hold_for_maintenance(judge, place, finding) || (pair && alert_group_takes(judge, place, pair)))
		return;
	if (pair && alert_group_waits(judge, entry, pair)) {
		int64_t until = judge->now_ns + desk->settings.group_wait_ns + WAIT_STEP_NS - 1;
		hold(desk, place, DESK_WAITING, until - until % WAIT_STEP_NS, finding);
		desk_wake(desk, until - until % WAIT_STEP_NS);
		return;
	}
	admit(judge, place, finding, false);
}

void alert_desk_know(struct judge *judge, struct alert *alert, const struct finding *finding,
		     const struct judged_pair *pair)
{
	struct alert_desk *desk = judge->desk;
	uint64_t key = finding->alert ? finding->alert : 1;
	uint32_t place = table_find(&desk->entries, key) ? 0 : table_insert(&desk->entries, key);

	judge->counters.open++;
	alert->place = place;
	if (!place)
		return;
	struct desk_entry *entry = entry_at(desk, place);
	begin_entry(judge, entry, finding, pair);
	entry->rule = NULL; /* its name lives in the record only */
	entry->state = DESK_TOLD;
}

void alert_desk_event(struct judge *judge, struct finding *finding)
{
	struct alert_desk *desk = judge->desk;
	enum alert_class class = alert_class(finding->id);
	struct record record = { .type = RECORD_FINDING, .time_ns = finding->time_ns };
	char text[160];

	if (desk->settings.off[finding->id])
		return;
	if (!affords(desk, class, judge->now_ns)) {
		if (!desk->untold[class]++) {
			snprintf(text, sizeof(text), "more than %u %s events a minute: further ones are only counted",
				 desk->settings.per_minute[class], alert_class_name(class));
			say(judge, NOTICE_WARNING, text);
		}
		return;
	}
	desk->credit_ns[class] -= cost_ns(desk, class);
	if (desk->untold[class]) {
		snprintf(text, sizeof(text), "%u %s events were not told: there were too many", desk->untold[class],
			 alert_class_name(class));
		say(judge, NOTICE_INFO, text);
		desk->untold[class] = 0;
	}
	finding->state = FINDING_OPEN;
	judge->counters.opened++;
	record.finding = *finding;
	record_write(&judge->sink, &record);
}

void alert_desk_note(struct judge *judge, struct alert *alert, struct finding *finding)
{
	struct alert_desk *desk = judge->desk;

	if (!alert->place || alert->place == PLACE_OFF)
		return;
	struct desk_entry *entry = entry_at(desk, alert->place);
	/* What a rule saw last is no younger than the alert. */
	if (finding->first_ns > entry->first_ns)
		finding->first_ns = entry->first_ns;
	if (entry->state == DESK_GROUPED)
		alert_group_changed(judge, entry, finding);
	refresh(entry, finding);
	if (entry->copy)
		keep(&desk->copies[entry->copy - 1], finding);
}

void alert_desk_update(struct judge *judge, struct alert *alert, struct finding *finding)
{
	struct alert_desk *desk = judge->desk;

	if (desk->settings.off[finding->id])
		return;
	if (alert->place == PLACE_OFF) {
		finding->state = FINDING_OPEN; /* it was switched on meanwhile */
		alert_desk_open(judge, alert, finding, NULL);
		return;
	}
	alert_desk_note(judge, alert, finding);
	if (!alert->place) {
		desk_write(judge, finding);
		return;
	}
	if (entry_at(desk, alert->place)->state == DESK_TOLD)
		desk_write(judge, finding);
}

/* The entry of an alert that ended: what was held back is counted. */
static void leave(struct judge *judge, uint32_t place, const char *cleared_by)
{
	struct alert_desk *desk = judge->desk;
	struct desk_entry *entry = entry_at(desk, place);
	enum desk_state state = entry->state;
	enum alert_class class = alert_class(entry->id);

	desk_unhold(desk, place);
	if (state == DESK_MAINTENANCE && entry->window != DESK_NO_WINDOW)
		desk->maintenance[entry->window].over++;
	else if (state == DESK_GROUPED)
		alert_group_left(judge, entry, cleared_by);
	table_remove(&desk->entries, place);
	if (state == DESK_LIMITED)
		desk_unlimit(judge, class, true);
}

void alert_desk_clear(struct judge *judge, struct alert *alert, struct finding *finding)
{
	struct alert_desk *desk = judge->desk;
	uint32_t place = alert->place;

	alert->place = 0;
	if (place == PLACE_OFF)
		return;
	if (place) {
		struct desk_entry *entry = entry_at(desk, place);
		if (finding->first_ns > entry->first_ns)
			finding->first_ns = entry->first_ns;
		if (entry->state == DESK_WAITING)
			desk_release(judge, place, true);
		if (entry->state == DESK_GROUPED)
			alert_group_changed(judge, entry, finding);
		refresh(entry, finding);
		bool told = entry->state == DESK_TOLD;
		if (!told && entry->state != DESK_GROUPED)
			desk_end_held(judge, entry, finding);
		leave(judge, place, finding->cleared_by);
		if (!told)
			return;
	}
	desk_write(judge, finding);
}

void alert_desk_recall(const struct judge *judge, const struct alert *alert, struct finding *finding)
{
	if (!alert->place || alert->place == PLACE_OFF)
		return;
	const struct desk_entry *entry = entry_at(judge->desk, alert->place);
	finding->first_ns = entry->first_ns;
	finding->last_ns = entry->last_ns;
	finding->count = entry->count;
	finding->bytes = entry->bytes;
}

/* ---- time ---- */

int64_t alert_desk_due(const struct alert_desk *desk)
{
	return desk->due_ns;
}

static void look_at(struct judge *judge, uint32_t place)
{
	struct alert_desk *desk = judge->desk;
	struct desk_entry *entry = entry_at(desk, place);

	if (entry->until_ns > judge->now_ns) {
		desk_wake(desk, entry->until_ns);
		return;
	}
	if (entry->state == DESK_MAINTENANCE) {
		const struct alert_maintenance *window = worked_on(desk, entry, judge->now_ns, &entry->until_ns);
		if (window) {
			entry->window = (uint32_t)(window - desk->settings.maintenance);
			desk->maintenance[entry->window].ever++;
			desk_wake(desk, entry->until_ns);
			return;
		}
		const struct judged_pair *pair =
		    entry->has_pair ? judge_pair(judge, entry->realm, &entry->a, &entry->b) : NULL;
		if (pair && alert_group_takes(judge, place, pair))
			return;
	}
	desk_release(judge, place, false);
}

/* As many of those that the rate held back as it allows now: not one more is looked at, for they may be many. */
static void tell_limited(struct judge *judge, enum alert_class class)
{
	struct alert_desk *desk = judge->desk;
	struct desk_list *list = &desk->held[1 + class];

	while (list->first && affords(desk, class, judge->now_ns))
		desk_release(judge, list->first, false);
	if (list->first)
		desk_wake(desk, judge->now_ns + cost_ns(desk, class) - desk->credit_ns[class]);
}

void alert_desk_look(struct judge *judge)
{
	struct alert_desk *desk = judge->desk;
	struct desk_list *list = &desk->held[0];
	uint32_t last = list->last;

	desk->due_ns = 0;
	/* What is held anew goes behind the last of now. An alert that is told may take others off the list, but none of
	 * those that follow it is removed without being looked at: a group takes them from here. */
	for (uint32_t place = list->first, next; place; place = next) {
		next = place == last ? 0 : entry_at(desk, place)->next;
		look_at(judge, place);
		if (next && (entry_at(desk, next)->state == DESK_TOLD || entry_at(desk, next)->state == DESK_GROUPED)) {
			/* A group took the next one, and the list with it: begin again. */
			next = list->first;
			last = list->last;
		}
	}
	for (unsigned class = 0; class < ALERT_CLASS_COUNT; class ++)
		tell_limited(judge, (enum alert_class) class);
	alert_group_look(judge);
	end_windows(judge, false);
}

void alert_desk_finish(struct judge *judge)
{
	struct alert_desk *desk = judge->desk;

	for (unsigned list = 0; list <= ALERT_CLASS_COUNT; list++)
		for (uint32_t place = desk->held[list].first, next; place; place = next) {
			next = entry_at(desk, place)->next;
			if (entry_at(desk, place)->state != DESK_MAINTENANCE)
				desk_release(judge, place, true);
		}
	end_windows(judge, true);
}
