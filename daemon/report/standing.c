/* SPDX-License-Identifier: Apache-2.0 */
/* See standing.h. Lists in order of a 64-bit key: the alert's number, or a hash of the pair or host. */
#include "standing.h"

#include "fnv.h"
#include "memory_or_end.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct place {
	uint64_t key;
	int64_t told_ns; /* monotonic */
	/* Of alerts: id and subject; the engine that told of it last; and what that engine calls it. */
	uint64_t subject;
	unsigned engine;
	uint64_t other_name;
	bool own; /* the reporter's: no engine tells of it */
	/* And as it was told last; when first; until when it is acknowledged (0: not), and how severe it was then. */
	enum finding_cause cause;
	enum finding_severity severity, seen_severity;
	enum finding_grade grade;
	int64_t opened_ns, acknowledged_ns;
	int64_t first_ns;
	uint64_t count, bytes;               /* as it was told last; and of that: */
	uint64_t count_before, bytes_before; /* what engines counted before the one that told of it last */
	/* Of what is known: whether it is a learned pair, and when it was last heard of. */
	bool learned;
	int64_t last_ns;
	char *line; /* owned */
};

struct shelf {
	struct place **places; /* owned, as is each of them; by rising key */
	size_t count, room, most;
	size_t hand; /* where to draw from next */
};

struct standing {
	struct shelf alerts, pairs, hosts;
	unsigned engine;    /* counts engines; more than there were */
	bool saw_start;     /* of the last of them */
	int64_t started_ns; /* the last of them; monotonic */
	int64_t until_ns;   /* time of the last word of one */
};

/* Index of the key, or where it would be. Thousands come in no order: what is moved to make room are pointers. */
static size_t find(const struct shelf *shelf, uint64_t key)
{
	size_t low = 0, high = shelf->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (shelf->places[middle]->key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct shelf *shelf, size_t at, uint64_t key)
{
	return at < shelf->count && shelf->places[at]->key == key;
}

static void free_place(struct place *place)
{
	free(place->line);
	free(place);
}

static void remove_key(struct shelf *shelf, uint64_t key)
{
	size_t at = find(shelf, key);

	if (!is_at(shelf, at, key))
		return;
	free_place(shelf->places[at]);
	shelf->count--;
	memmove(shelf->places + at, shelf->places + at + 1, (shelf->count - at) * sizeof(*shelf->places));
}

static bool make_room(struct shelf *shelf)
{
	size_t room = shelf->room ? shelf->room * 2 : 64;
	struct place **places;

	if (shelf->count >= shelf->most)
		return false;
	if (shelf->count < shelf->room)
		return true;
	places = realloc(shelf->places, room * sizeof(*places));
	if (!places)
		return false;
	shelf->places = places;
	shelf->room = room;
	return true;
}

/* The place of the key, with this line; NULL: there is no room. */
static struct place *put(struct shelf *shelf, uint64_t key, const char *line, size_t length, int64_t now_ns)
{
	size_t at = find(shelf, key);

	if (!is_at(shelf, at, key)) {
		if (!make_room(shelf))
			return NULL;
		struct place *anew = memory_zeroed_or_end(1, sizeof(*anew));
		anew->key = key;
		memmove(shelf->places + at + 1, shelf->places + at, (shelf->count - at) * sizeof(*shelf->places));
		shelf->places[at] = anew;
		shelf->count++;
	}
	struct place *place = shelf->places[at];
	char *copy = memory_or_end(length + 1);
	memcpy(copy, line, length);
	copy[length] = '\0';
	free(place->line);
	place->line = copy;
	place->told_ns = now_ns;
	return place;
}

/* Id and subject: an alert is these two. Of a pair in no realm the VLAN is that of whichever packet an engine saw first. */
static uint64_t subject_of(const struct finding *finding)
{
	uint32_t kinds[4] = { finding->id, finding->subject, finding->realm, 0 };
	uint64_t hash = FNV_BASIS;

	if (finding->subject == SUBJECT_SA && finding->has_spi)
		kinds[3] = finding->spi;
	hash = fnv_octets(hash, kinds, sizeof(kinds));
	if (finding->realm_interface)
		hash = fnv_octets(hash, finding->realm_interface, strlen(finding->realm_interface));
	if (finding->has_pair || finding->subject == SUBJECT_HOST)
		hash = fnv_octets(hash, finding->a.bytes, sizeof(finding->a.bytes));
	if (finding->has_pair && finding->subject != SUBJECT_HOST)
		hash = fnv_octets(hash, finding->b.bytes, sizeof(finding->b.bytes));
	if (finding->subject == SUBJECT_SENSOR && finding->interface)
		hash = fnv_octets(hash, finding->interface, strlen(finding->interface));
	if (finding->subject == SUBJECT_SA && finding->has_flow)
		hash = fnv_octets(hash, finding->src.bytes, sizeof(finding->src.bytes));
	return hash;
}

/* What the reporter tells of itself, and no engine knows of. */
static bool is_own(const struct finding *finding)
{
	return finding->id == FINDING_SINK_DOWN;
}

/* A figure of the evidence; 0 if there is none. */
static uint64_t figure_of(const struct finding *finding, const char *key)
{
	for (size_t i = 0; i < finding->evidence_count; i++) {
		const struct finding_evidence *note = &finding->evidence[i];
		if (note->kind == EVIDENCE_INTEGER && note->integer > 0 && strcmp(note->key, key) == 0)
			return (uint64_t)note->integer;
	}
	return 0;
}

static void put_alert(struct standing *standing, const struct finding *finding, const char *line, size_t length,
		      int64_t now_ns)
{
	struct place *place = put(&standing->alerts, finding->alert, line, length, now_ns);

	if (!place)
		return;
	place->subject = subject_of(finding);
	place->engine = standing->engine;
	place->own = is_own(finding);
	place->cause = finding->cause;
	place->severity = finding->severity;
	place->grade = finding->grade;
	place->first_ns = finding->first_ns;
	place->count = finding->count;
	place->bytes = finding->bytes;
	place->count_before = figure_of(finding, FINDING_EVIDENCE_COUNT_BEFORE);
	place->bytes_before = figure_of(finding, FINDING_EVIDENCE_BYTES_BEFORE);
	if (!place->opened_ns)
		place->opened_ns = finding->time_ns;
}

static struct place *alert_at(const struct standing *standing, uint64_t alert)
{
	size_t at = find(&standing->alerts, alert);

	return is_at(&standing->alerts, at, alert) ? standing->alerts.places[at] : NULL;
}

/* From bad to harmless: smaller is worse. */
enum standing_word standing_word(const struct standing *standing, const struct finding *finding, bool anew)
{
	const struct place *place = alert_at(standing, finding->alert);
	bool seen = place && place->acknowledged_ns > finding->time_ns;

	if (!place || finding->state == FINDING_OPEN)
		return STANDING_NEWS;
	if (finding->state == FINDING_CLEAR)
		return seen ? STANDING_ENDING : STANDING_NEWS;
	/* The first word of an engine that knows little yet is no reason to wake anybody. */
	if (seen)
		return finding->severity < place->seen_severity && !anew ? STANDING_WORSE : STANDING_QUIET;
	bool same =
	    finding->cause == place->cause && finding->severity == place->severity && finding->grade == place->grade;
	return anew && same ? STANDING_KNOWN : STANDING_NEWS;
}

bool standing_acknowledge(struct standing *standing, uint64_t alert, int64_t until_ns)
{
	struct place *place = alert_at(standing, alert);

	if (!place)
		return false;
	place->acknowledged_ns = until_ns;
	place->seen_severity = place->severity;
	return true;
}

int64_t standing_acknowledged(const struct standing *standing, uint64_t alert, int64_t now_ns)
{
	const struct place *place = alert_at(standing, alert);

	return place && place->acknowledged_ns > now_ns ? place->acknowledged_ns : 0;
}

void standing_opened(struct standing *standing, uint64_t alert, int64_t opened_ns)
{
	struct place *place = alert_at(standing, alert);

	if (place && opened_ns < place->opened_ns)
		place->opened_ns = opened_ns;
}

void standing_recalled(struct standing *standing)
{
	standing->engine++;
}

void standing_engine_started(struct standing *standing, int64_t monotonic_ns)
{
	standing->engine++;
	standing->saw_start = true;
	standing->started_ns = monotonic_ns;
	for (size_t i = 0; i < standing->alerts.count; i++)
		standing->alerts.places[i]->other_name = 0;
}

/* The alert that the finding is about under another number; see standing_adopt(). */
static struct place *find_heir(const struct standing *standing, const struct finding *finding, enum standing_turn turn)
{
	const struct shelf *shelf = &standing->alerts;
	struct place *found = NULL;
	uint64_t subject = subject_of(finding);

	if (is_own(finding) || alert_at(standing, finding->alert))
		return NULL;
	for (size_t i = 0; i < shelf->count; i++) {
		struct place *place = shelf->places[i];
		if (place->other_name == finding->alert ||
		    (!found && place->subject == subject &&
		     (place->engine != standing->engine || finding->state != FINDING_OPEN)))
			found = place;
	}
	if (!found)
		return NULL;
	/* It counted less than was told: that was told of another one. */
	bool less = found->other_name != finding->alert && found->count_before + finding->count < found->count;
	found->other_name = finding->alert;
	if (turn == STANDING_FIRST || (turn == STANDING_LATER && less)) {
		found->count_before = found->count;
		found->bytes_before = found->bytes;
	}
	return found;
}

bool standing_adopt(struct standing *standing, struct finding *finding, enum standing_turn turn)
{
	const struct place *place = find_heir(standing, finding, turn);

	if (!place)
		return false;
	finding->alert = place->key;
	if (place->first_ns < finding->first_ns)
		finding->first_ns = place->first_ns;
	if (!catalogue_adds_up(finding->id))
		return true;
	finding->count += place->count_before;
	finding->bytes += place->bytes_before;
	if (place->count_before)
		finding_note_integer(finding, FINDING_EVIDENCE_COUNT_BEFORE, (int64_t)place->count_before);
	if (place->bytes_before)
		finding_note_integer(finding, FINDING_EVIDENCE_BYTES_BEFORE, (int64_t)place->bytes_before);
	return true;
}

const char *standing_overdue(const struct standing *standing, int64_t monotonic_ns)
{
	if (!standing->saw_start || monotonic_ns - standing->started_ns < STANDING_PATIENCE_NS)
		return NULL;
	for (size_t i = 0; i < standing->alerts.count; i++) {
		const struct place *place = standing->alerts.places[i];
		if (place->engine != standing->engine && !place->own)
			return place->line;
	}
	return NULL;
}

/* What can best be missed of a few drawn from the shelf: what is not learned first, then what was silent longest. */
static struct place *least_of(struct shelf *shelf)
{
	enum { DRAWN = 32 };
	struct place *least = NULL;

	for (size_t i = 0; i < DRAWN; i++) {
		shelf->hand = (shelf->hand + shelf->count / DRAWN + 1) % shelf->count;
		struct place *place = shelf->places[shelf->hand];
		if (!least || place->learned < least->learned ||
		    (place->learned == least->learned && place->last_ns < least->last_ns))
			least = place;
	}
	return least;
}

static void put_known(struct shelf *shelf, const struct place *known, const char *line, size_t length, int64_t now_ns)
{
	size_t at = find(shelf, known->key);

	if (!is_at(shelf, at, known->key) && shelf->count >= shelf->most) {
		const struct place *least = least_of(shelf);
		if (least->learned > known->learned ||
		    (least->learned == known->learned && least->last_ns >= known->last_ns))
			return;
		remove_key(shelf, least->key);
	}
	struct place *place = put(shelf, known->key, line, length, now_ns);
	if (!place)
		return;
	place->learned = known->learned;
	place->last_ns = known->last_ns;
}

static void take_pair(struct standing *standing, const struct record_known_pair *pair, const char *line, size_t length,
		      int64_t now_ns)
{
	struct place place = { .key = fnv_octets(FNV_BASIS, &pair->realm, sizeof(pair->realm)),
			       .learned = pair->learned };

	place.key = fnv_octets(place.key, pair->a.bytes, sizeof(pair->a.bytes));
	place.key = fnv_octets(place.key, pair->b.bytes, sizeof(pair->b.bytes));
	for (unsigned d = 0; d < 2; d++)
		if (pair->direction[d].last_ns > place.last_ns)
			place.last_ns = pair->direction[d].last_ns;
	if (pair->forgotten)
		remove_key(&standing->pairs, place.key);
	else
		put_known(&standing->pairs, &place, line, length, now_ns);
}

static void take_host(struct standing *standing, const struct record_known_host *host, const char *line, size_t length,
		      int64_t now_ns)
{
	struct place place = { .key = fnv_octets(FNV_BASIS, host->address.bytes, sizeof(host->address.bytes)),
			       .last_ns = host->last_ns };

	if (host->forgotten)
		remove_key(&standing->hosts, place.key);
	else
		put_known(&standing->hosts, &place, line, length, now_ns);
}

/* An engine came upon what is open already, and holds it back. */
static void take_held(struct standing *standing, const struct finding *finding)
{
	struct place *place = find_heir(standing, finding, STANDING_FIRST);

	if (place)
		place->engine = standing->engine;
}

void standing_take(struct standing *standing, const struct record *record, const char *line, size_t length,
		   int64_t monotonic_ns)
{
	/* The reporter's own finding says nothing of the engine. */
	bool own = record->type == RECORD_FINDING && is_own(&record->finding);

	if (!own && record->type != RECORD_NOTICE && record->time_ns > standing->until_ns)
		standing->until_ns = record->time_ns;
	if (record->type == RECORD_FINDING && record->finding.state == FINDING_CLEAR)
		remove_key(&standing->alerts, record->finding.alert);
	else if (record->type == RECORD_FINDING && !catalogue_is_event(record->finding.id))
		put_alert(standing, &record->finding, line, length, monotonic_ns);
	else if (record->type == RECORD_KNOWN_PAIR)
		take_pair(standing, &record->known_pair, line, length, monotonic_ns);
	else if (record->type == RECORD_KNOWN_HOST)
		take_host(standing, &record->known_host, line, length, monotonic_ns);
	else if (record->type == RECORD_KNOWN_ALERT && alert_at(standing, record->known_alert.alert))
		alert_at(standing, record->known_alert.alert)->engine = standing->engine;
	else if (record->type == RECORD_HELD_ALERT)
		take_held(standing, &record->finding);
}

static void hand_over(const struct shelf *shelf, int64_t since_ns, void (*each)(void *context, const char *line),
		      void *context)
{
	for (size_t i = 0; i < shelf->count; i++)
		if (shelf->places[i]->told_ns >= since_ns)
			each(context, shelf->places[i]->line);
}

void standing_each_alert(const struct standing *standing, int64_t since_ns,
			 void (*each)(void *context, const char *line), void *context)
{
	hand_over(&standing->alerts, since_ns, each, context);
}

void standing_each_open(const struct standing *standing,
			void (*each)(void *context, const char *line, int64_t opened_ns, int64_t acknowledged_ns),
			void *context)
{
	for (size_t i = 0; i < standing->alerts.count; i++) {
		const struct place *place = standing->alerts.places[i];
		each(context, place->line, place->opened_ns, place->acknowledged_ns);
	}
}

void standing_each_known(const struct standing *standing, void (*each)(void *context, const char *line), void *context)
{
	hand_over(&standing->pairs, INT64_MIN, each, context);
	hand_over(&standing->hosts, INT64_MIN, each, context);
}

size_t standing_known(const struct standing *standing)
{
	return standing->pairs.count + standing->hosts.count;
}

int64_t standing_until(const struct standing *standing)
{
	return standing->until_ns;
}

struct standing *standing_new(void)
{
	struct standing *standing = calloc(1, sizeof(*standing));

	if (!standing)
		return NULL;
	standing->alerts.most = STANDING_ALERTS_MAX;
	standing->pairs.most = standing->hosts.most = STANDING_KNOWN_MAX;
	return standing;
}

static void empty(struct shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++)
		free_place(shelf->places[i]);
	free(shelf->places);
}

void standing_free(struct standing *standing)
{
	if (!standing)
		return;
	empty(&standing->alerts);
	empty(&standing->pairs);
	empty(&standing->hosts);
	free(standing);
}
