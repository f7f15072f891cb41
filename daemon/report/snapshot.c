/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See snapshot.h. A builder gathers records in growing lists and their texts in an arena, where equal texts are kept
 * once: a hundred thousand pairs share a few hundred names of rules and protocols.
 */
#include "snapshot.h"

#include "../audit/hash.h"
#include "inventory.h"
#include "open_alerts.h"
#include "random_seed.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1e9

enum { PART_SIZE = 64 << 10, TEXTS_FIRST = 1024, ROOM_FIRST = 64 };

/* ---- the arena ---- */

struct part {
	struct part *before;
	size_t used, size;
	_Alignas(16) unsigned char octets[];
};

struct arena {
	struct part *parts; /* the newest first */
	const char **texts; /* hash table of texts, owned; NULL before the first */
	size_t text_count, text_slots;
	uint64_t seed; /* of that: names of algorithms, and SPIs, are chosen by whoever sends packets */
	bool failed;
};

static void *arena_take(struct arena *arena, size_t size)
{
	size = (size + 15) & ~(size_t)15;
	if (!arena->parts || arena->parts->size - arena->parts->used < size) {
		size_t room = size > PART_SIZE ? size : PART_SIZE;
		struct part *part = malloc(sizeof(*part) + room);
		if (!part) {
			arena->failed = true;
			return NULL;
		}
		*part = (struct part){ .before = arena->parts, .size = room };
		arena->parts = part;
	}
	void *place = arena->parts->octets + arena->parts->used;
	arena->parts->used += size;
	return place;
}

static void arena_free(struct arena *arena)
{
	while (arena->parts) {
		struct part *before = arena->parts->before;
		free(arena->parts);
		arena->parts = before;
	}
	free(arena->texts);
}

static size_t text_slot(const struct arena *arena, const char *text)
{
	size_t at = (size_t)hash_octets(text, strlen(text), arena->seed) & (arena->text_slots - 1);

	while (arena->texts[at] && strcmp(arena->texts[at], text) != 0)
		at = (at + 1) & (arena->text_slots - 1);
	return at;
}

static bool grow_texts(struct arena *arena)
{
	struct arena larger = *arena;

	larger.text_slots = arena->text_slots ? 2 * arena->text_slots : TEXTS_FIRST;
	larger.texts = calloc(larger.text_slots, sizeof(*larger.texts));
	if (!larger.texts)
		return false;
	for (size_t i = 0; i < arena->text_slots; i++)
		if (arena->texts[i])
			larger.texts[text_slot(&larger, arena->texts[i])] = arena->texts[i];
	free(arena->texts);
	*arena = larger;
	return true;
}

/* A text that lives as long as the arena; NULL stays NULL. */
static const char *keep_text(struct arena *arena, const char *text)
{
	if (!text)
		return NULL;
	if (2 * arena->text_count >= arena->text_slots && !grow_texts(arena)) {
		arena->failed = true;
		return NULL;
	}
	size_t at = text_slot(arena, text);
	if (!arena->texts[at]) {
		size_t size = strlen(text) + 1;
		char *copy = arena_take(arena, size);
		if (!copy)
			return NULL;
		arena->texts[at] = memcpy(copy, text, size);
		arena->text_count++;
	}
	return arena->texts[at];
}

static const char *const *keep_texts(struct arena *arena, const char *const *texts, size_t count)
{
	const char **copy = count ? arena_take(arena, count * sizeof(*copy)) : NULL;

	for (size_t i = 0; copy && i < count; i++)
		copy[i] = keep_text(arena, texts[i]);
	return copy;
}

/* ---- the builder ---- */

struct list {
	void *items; /* owned */
	size_t count, room;
};

struct snapshot_builder {
	struct arena arena;
	struct list pairs, sas, ike_sas;
	struct open_alerts *alerts;  /* owned; NULL: there were no findings */
	struct inventory *inventory; /* owned; NULL: there were no lines of one */
	const char *sensor;
	struct record_health health; /* its lists in the arena */
	struct record_summary summary;
	struct record_reader reader;
	bool failed;
};

struct kept {
	struct snapshot snapshot; /* first: what others see */
	atomic_uint references;
	struct arena arena;
	void *lists[5];                       /* owned: pairs, sas, ike_sas, interfaces, sinks */
	const struct snapshot_alert **alerts; /* owned list of held alerts */
	struct inventory *inventory;          /* owned */
};

struct snapshot_builder *snapshot_builder_new(void)
{
	struct snapshot_builder *builder = calloc(1, sizeof(*builder));

	if (builder)
		builder->arena.seed = random_seed();
	return builder;
}

void snapshot_builder_free(struct snapshot_builder *builder)
{
	if (!builder)
		return;
	arena_free(&builder->arena);
	free(builder->pairs.items);
	free(builder->sas.items);
	free(builder->ike_sas.items);
	open_alerts_free(builder->alerts);
	inventory_free(builder->inventory);
	record_reader_clear(&builder->reader);
	free(builder);
}

static void *add(struct snapshot_builder *builder, struct list *list, size_t size)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : ROOM_FIRST;
		void *more = realloc(list->items, room * size);
		if (!more) {
			builder->failed = true;
			return NULL;
		}
		list->items = more;
		list->room = room;
	}
	return (unsigned char *)list->items + list->count++ * size;
}

static void add_pair(struct snapshot_builder *builder, const struct record_pair *pair)
{
	struct snapshot_pair *row = add(builder, &builder->pairs, sizeof(*row));
	struct record_protocol *protocols;

	if (!row)
		return;
	*row = (struct snapshot_pair){ .pair = *pair, .worst = SEVERITY_COUNT };
	row->pair.rule = keep_text(&builder->arena, pair->rule);
	row->pair.realm_interface = keep_text(&builder->arena, pair->realm_interface);
	row->pair.carries = keep_texts(&builder->arena, pair->carries, pair->carries_count);
	row->pair.carries_count = row->pair.carries ? pair->carries_count : 0;
	row->pair.cleartext = protocols =
	    pair->cleartext_count ? arena_take(&builder->arena, pair->cleartext_count * sizeof(*protocols)) : NULL;
	row->pair.cleartext_count = protocols ? pair->cleartext_count : 0;
	for (size_t i = 0; i < row->pair.cleartext_count; i++) {
		protocols[i] = pair->cleartext[i];
		protocols[i].name = keep_text(&builder->arena, pair->cleartext[i].name);
	}
}

static void add_ike_sa(struct snapshot_builder *builder, int64_t last_ns, const struct record_ike_sa *ike)
{
	struct snapshot_ike_sa *row = add(builder, &builder->ike_sas, sizeof(*row));
	struct arena *arena = &builder->arena;

	if (!row)
		return;
	*row = (struct snapshot_ike_sa){ last_ns, *ike };
	row->ike_sa.step = keep_text(arena, ike->step);
	row->ike_sa.auth = keep_text(arena, ike->auth);
	row->ike_sa.nat = keep_text(arena, ike->nat);
	row->ike_sa.offered = keep_texts(arena, ike->offered, ike->offered_count);
	row->ike_sa.selected = keep_texts(arena, ike->selected, ike->selected_count);
	row->ike_sa.vendors = keep_texts(arena, ike->vendors, ike->vendor_count);
	row->ike_sa.notifies = keep_texts(arena, ike->notifies, ike->notify_count);
	row->ike_sa.children = keep_texts(arena, ike->children, ike->child_count);
}

static void add_health(struct snapshot_builder *builder, const struct record_health *health)
{
	struct arena *arena = &builder->arena;
	struct record_interface *interfaces = arena_take(arena, (health->interface_count + 1) * sizeof(*interfaces));
	struct record_table *tables = arena_take(arena, (health->table_count + 1) * sizeof(*tables));
	struct record_worker *workers = arena_take(arena, (health->worker_count + 1) * sizeof(*workers));

	if (!interfaces || !tables || !workers)
		return;
	for (size_t i = 0; i < health->interface_count; i++) {
		interfaces[i] = health->interfaces[i];
		interfaces[i].name = keep_text(arena, interfaces[i].name);
	}
	for (size_t i = 0; i < health->table_count; i++) {
		tables[i] = health->tables[i];
		tables[i].name = keep_text(arena, tables[i].name);
	}
	for (size_t i = 0; i < health->worker_count; i++) {
		workers[i] = health->workers[i];
		workers[i].processors = keep_text(arena, workers[i].processors);
	}
	builder->health = *health;
	builder->health.workers = workers;
	builder->health.version = keep_text(arena, health->version);
	builder->health.interfaces = interfaces;
	builder->health.tables = tables;
}

void snapshot_builder_add(struct snapshot_builder *builder, const struct record *record, const char *sensor)
{
	struct record_sa *sa;

	if (sensor && !builder->sensor)
		builder->sensor = keep_text(&builder->arena, sensor);
	switch (record->type) {
	case RECORD_PAIR:
		add_pair(builder, &record->pair);
		break;
	case RECORD_SA:
		sa = add(builder, &builder->sas, sizeof(*sa));
		if (!sa)
			break;
		*sa = record->sa;
		sa->exchange = keep_text(&builder->arena, record->sa.exchange);
		sa->realm_interface = keep_text(&builder->arena, record->sa.realm_interface);
		break;
	case RECORD_IKE_SA:
		add_ike_sa(builder, record->time_ns, &record->ike_sa);
		break;
	case RECORD_SUMMARY:
		builder->summary = record->summary;
		break;
	case RECORD_HEALTH:
		add_health(builder, &record->health);
		break;
	case RECORD_FINDING:
		if (!builder->alerts)
			builder->alerts = open_alerts_new();
		if (!builder->alerts || !open_alerts_take(builder->alerts, &record->finding))
			builder->failed = true;
		break;
	case RECORD_NOTICE:
	case RECORD_KNOWN_PAIR:
	case RECORD_KNOWN_HOST:
	case RECORD_KNOWN_ALERT:
	case RECORD_STARTED:
	case RECORD_HELD_ALERT:
	case RECORD_IKE_MESSAGE:
		break;
	}
}

static bool add_inventory(struct snapshot_builder *builder, const char *line, size_t length)
{
	if (!builder->inventory)
		builder->inventory = inventory_new(NULL, NULL);
	builder->failed |= !builder->inventory;
	if (builder->inventory && inventory_take_line(builder->inventory, line, length))
		return true;
	snprintf(builder->reader.problem, sizeof(builder->reader.problem),
		 "inventory: not as it is written, or more than there is room for");
	return false;
}

bool snapshot_builder_line(struct snapshot_builder *builder, const char *line, size_t length)
{
	static const char inventory[] = "{\"type\":\"inventory";
	struct record record;

	if (length > sizeof(inventory) && memcmp(line, inventory, sizeof(inventory) - 1) == 0)
		return add_inventory(builder, line, length);
	if (!record_from_json(line, length, &builder->reader, &record))
		return false;
	snapshot_builder_add(builder, &record, builder->reader.sensor);
	return true;
}

const char *snapshot_builder_problem(const struct snapshot_builder *builder)
{
	return builder->reader.problem;
}

/* ---- finishing ---- */

/* The two ends of an SA, lower first. */
static void ends_of(const struct record_sa *sa, const struct address **low, const struct address **high)
{
	bool upward = address_compare(&sa->src, &sa->dst) <= 0;

	*low = upward ? &sa->src : &sa->dst;
	*high = upward ? &sa->dst : &sa->src;
}

static int compare_ends(const struct record_sa *sa, const struct address *a, const struct address *b)
{
	const struct address *low, *high;

	ends_of(sa, &low, &high);
	int order = address_compare(low, a);
	return order ? order : address_compare(high, b);
}

/* An SA in the sort, with most of what decides where it comes: 32 octets move instead of 192, and few SAs are looked at. */
struct place {
	uint64_t low, high; /* digests of the two ends */
	int64_t first_ns;
	const struct record_sa *sa; /* where it stood before */
};

#define DIGEST_WHOLE (UINT64_C(1) << 48) /* below this a digest is of one address only, as that of any IPv4 is */

/* The higher address has a higher digest, or the same one. */
static uint64_t digest(const struct address *address)
{
	uint64_t halves[2] = { 0, 0 };

	for (int i = 0; i < 16; i++)
		halves[i / 8] = halves[i / 8] << 8 | address->bytes[i];
	if (halves[0] == 0 && halves[1] < DIGEST_WHOLE)
		return halves[1];
	return halves[0] > DIGEST_WHOLE ? halves[0] : DIGEST_WHOLE;
}

static int by_pair_and_time(const void *left, const void *right)
{
	const struct place *l = left, *r = right;
	const struct address *low, *high;

	if (l->low != r->low)
		return l->low < r->low ? -1 : 1;
	if (l->low < DIGEST_WHOLE && l->high != r->high)
		return l->high < r->high ? -1 : 1;
	ends_of(r->sa, &low, &high);
	int order = compare_ends(l->sa, low, high);
	if (order)
		return order;
	if (l->first_ns != r->first_ns)
		return l->first_ns < r->first_ns ? -1 : 1;
	return l->sa->spi < r->sa->spi ? -1 : l->sa->spi > r->sa->spi;
}

/* Brings each SA to its place; what stands there meanwhile goes round, one circle of them after the other. */
static void move_sas(struct record_sa *sas, struct place *places, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (places[i].sa == &sas[i])
			continue;
		struct record_sa first = sas[i];
		size_t at = i;
		while (places[at].sa != &sas[i]) {
			size_t from = (size_t)(places[at].sa - sas);
			sas[at] = sas[from];
			places[at].sa = &sas[at];
			at = from;
		}
		sas[at] = first;
		places[at].sa = &sas[at];
	}
}

static bool sort_sas(struct record_sa *sas, size_t count)
{
	struct place *places = calloc(count + 1, sizeof(*places));
	const struct address *low, *high;

	if (!places)
		return false;
	for (size_t i = 0; i < count; i++) {
		ends_of(&sas[i], &low, &high);
		places[i] = (struct place){ digest(low), digest(high), sas[i].first_ns, &sas[i] };
	}
	qsort(places, count, sizeof(*places), by_pair_and_time);
	move_sas(sas, places, count);
	free(places);
	return true;
}

static int compare_addresses(const struct snapshot_pair *pair, const struct address *a, const struct address *b)
{
	int order = address_compare(&pair->pair.a, a);
	return order ? order : address_compare(&pair->pair.b, b);
}

static int by_addresses(const void *left, const void *right)
{
	const struct snapshot_pair *r = right;
	return compare_addresses(left, &r->pair.a, &r->pair.b);
}

/* Counts the alerts into their pairs; where realms give several pairs the same addresses, into the first. One that somebody
 * raised to see it arrive is none of them. */
static void count_alerts(struct kept *kept, struct snapshot_pair *pairs)
{
	struct snapshot *snapshot = &kept->snapshot;

	for (size_t i = 0; i < snapshot->alert_count; i++) {
		const struct finding *finding = &kept->alerts[i]->finding;
		if (finding_is_test(finding))
			continue;
		snapshot->alerts_by_severity[finding->severity]++;
		if (!finding->has_pair || finding->subject == SUBJECT_HOST)
			continue;
		const struct snapshot_pair *found = snapshot_find_pair(snapshot, &finding->a, &finding->b);
		if (!found)
			continue;
		struct snapshot_pair *pair = pairs + (found - snapshot->pairs);
		pair->alerts++;
		if (finding->severity < pair->worst)
			pair->worst = finding->severity;
	}
}

static double per_second(uint64_t now, uint64_t before, double seconds)
{
	return now >= before && seconds > 0 ? (double)(now - before) / seconds : -1;
}

static uint64_t received_before(const struct snapshot *before, const char *name)
{
	for (size_t i = 0; before && name && i < before->interface_count; i++)
		if (strcmp(before->interfaces[i].interface.name, name) == 0)
			return before->interfaces[i].interface.received;
	return UINT64_MAX; /* so that there is no rate */
}

static uint64_t used_of(const struct record_health *health, const char *table)
{
	for (size_t i = 0; i < health->table_count; i++)
		if (strcmp(health->tables[i].name, table) == 0)
			return health->tables[i].used;
	return 0;
}

/* By the rows where there are some; else the engine has counted. */
static void count_living(struct snapshot *snapshot, const struct record_health *health)
{
	bool pairs = snapshot->parts & RECORD_PART_PAIRS;

	for (size_t i = 0; i < PAIR_VERDICT_COUNT && !pairs; i++)
		snapshot->verdicts[i] = health->verdicts[i];
	for (size_t i = 0; i < snapshot->pair_count && pairs; i++)
		snapshot->verdicts[snapshot->pairs[i].pair.verdict]++;
	snapshot->living_sas = snapshot->parts & RECORD_PART_SAS ? snapshot->sa_count : used_of(health, "sas");
	snapshot->living_ike_sas =
	    snapshot->parts & RECORD_PART_IKE_SAS ? snapshot->ike_sa_count : used_of(health, "ike");
}

static bool set_health(struct kept *kept, const struct record_health *health,
		       const struct snapshot_surroundings *surroundings)
{
	struct snapshot *snapshot = &kept->snapshot;
	const struct snapshot *before = surroundings->before;
	struct snapshot_interface *interfaces = calloc(health->interface_count + 1, sizeof(*interfaces));
	struct snapshot_sink *sinks = calloc(surroundings->sink_count + 1, sizeof(*sinks));
	/* Another engine counts from the beginning. */
	bool same = before && before->started_ns == health->started_ns;
	double seconds = same ? (double)(surroundings->time_ns - before->time_ns) / SECOND : 0;

	kept->lists[3] = interfaces;
	kept->lists[4] = sinks;
	if (!interfaces || !sinks)
		return false;
	count_living(snapshot, health);
	snapshot->number = before ? before->number + 1 : 1;
	snapshot->time_ns = surroundings->time_ns;
	snapshot->version = health->version;
	snapshot->started_ns = health->started_ns;
	snapshot->packets_per_second =
	    same ? per_second(snapshot->summary.packets, before->summary.packets, seconds) : -1;
	snapshot->bits_per_second = same ? per_second(snapshot->summary.bytes, before->summary.bytes, seconds / 8) : -1;
	for (size_t i = 0; i < health->interface_count; i++)
		interfaces[i] = (struct snapshot_interface){
			health->interfaces[i],
			same ? per_second(health->interfaces[i].received,
					  received_before(before, health->interfaces[i].name), seconds)
			     : -1,
		};
	snapshot->interfaces = interfaces;
	snapshot->interface_count = health->interface_count;
	snapshot->workers = health->workers;
	snapshot->worker_count = health->worker_count;
	memcpy(snapshot->stages, health->stages, sizeof(snapshot->stages));
	snapshot->tables = health->tables;
	snapshot->table_count = health->table_count;
	for (size_t i = 0; i < health->table_count; i++)
		snapshot->memory += health->tables[i].octets;
	snapshot->transitions_lost = health->transitions_lost;
	snapshot->untracked = health->untracked;
	for (size_t i = 0; i < surroundings->sink_count; i++) {
		sinks[i] = surroundings->sinks[i];
		sinks[i].name = keep_text(&kept->arena, sinks[i].name);
	}
	snapshot->sinks = sinks;
	snapshot->sink_count = surroundings->sink_count;
	return true;
}

static void free_kept(struct kept *kept)
{
	for (size_t i = 0; kept->alerts && i < kept->snapshot.alert_count; i++)
		open_alert_let_go(kept->alerts[i]);
	free(kept->alerts);
	for (size_t i = 0; i < sizeof(kept->lists) / sizeof(kept->lists[0]); i++)
		free(kept->lists[i]);
	inventory_free(kept->inventory);
	arena_free(&kept->arena);
	free(kept);
}

static bool fill(struct kept *kept, struct snapshot_builder *builder, const struct snapshot_surroundings *surroundings)
{
	struct snapshot *snapshot = &kept->snapshot;
	const struct open_alerts *alerts = surroundings->alerts ? surroundings->alerts : builder->alerts;

	if (builder->pairs.count)
		qsort(builder->pairs.items, builder->pairs.count, sizeof(struct snapshot_pair), by_addresses);
	if (!sort_sas(builder->sas.items, builder->sas.count))
		return false;
	snapshot->parts = (surroundings->partial ? surroundings->parts & RECORD_PARTS_USUAL : RECORD_PARTS_USUAL) |
			  (builder->inventory ? RECORD_PART_INVENTORY : 0u);
	snapshot->sensor = builder->sensor ? builder->sensor : keep_text(&builder->arena, "");
	snapshot->summary = builder->summary;
	snapshot->pairs = kept->lists[0] = builder->pairs.items;
	snapshot->sas = kept->lists[1] = builder->sas.items;
	snapshot->ike_sas = kept->lists[2] = builder->ike_sas.items;
	snapshot->pair_count = builder->pairs.count;
	snapshot->sa_count = builder->sas.count;
	snapshot->ike_sa_count = builder->ike_sas.count;
	builder->pairs.items = builder->sas.items = builder->ike_sas.items = NULL;
	if (builder->inventory)
		inventory_sort(builder->inventory);
	snapshot->inventory = kept->inventory = builder->inventory;
	builder->inventory = NULL;
	kept->arena = builder->arena;
	builder->arena = (struct arena){ .parts = NULL };
	if (alerts) {
		kept->alerts = open_alerts_list(alerts, &snapshot->alert_count);
		if (!kept->alerts)
			return false;
	}
	snapshot->alerts = kept->alerts;
	count_alerts(kept, kept->lists[0]);
	return set_health(kept, &builder->health, surroundings) && !kept->arena.failed;
}

const struct snapshot *snapshot_builder_finish(struct snapshot_builder *builder,
					       const struct snapshot_surroundings *surroundings)
{
	struct kept *kept = builder->failed ? NULL : calloc(1, sizeof(*kept));

	if (kept)
		atomic_init(&kept->references, 1);
	if (kept && !fill(kept, builder, surroundings)) {
		free_kept(kept);
		kept = NULL;
	}
	snapshot_builder_free(builder);
	return kept ? &kept->snapshot : NULL;
}

const struct snapshot *snapshot_from_lines(const char *lines)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	struct snapshot_surroundings surroundings = { .before = NULL };

	while (builder && *lines) {
		size_t length = strcspn(lines, "\n");
		if (length > 0 && !snapshot_builder_line(builder, lines, length)) {
			snapshot_builder_free(builder);
			return NULL;
		}
		lines += length + (lines[length] == '\n');
	}
	return builder ? snapshot_builder_finish(builder, &surroundings) : NULL;
}

/* ---- holding and looking ---- */

static struct kept *keeper_of(const struct snapshot *snapshot)
{
	return (struct kept *)(uintptr_t)snapshot;
}

const struct snapshot *snapshot_hold(const struct snapshot *snapshot)
{
	if (snapshot)
		atomic_fetch_add(&keeper_of(snapshot)->references, 1);
	return snapshot;
}

void snapshot_let_go(const struct snapshot *snapshot)
{
	if (snapshot && atomic_fetch_sub(&keeper_of(snapshot)->references, 1) == 1)
		free_kept(keeper_of(snapshot));
}

const struct record_sa *snapshot_sas_of(const struct snapshot *snapshot, const struct address *a,
					const struct address *b, size_t *count)
{
	bool upward = address_compare(a, b) <= 0;
	const struct address *one = upward ? a : b, *other = upward ? b : a;
	size_t low = 0, high = snapshot->sa_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_ends(&snapshot->sas[middle], one, other) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*count = 0;
	while (low + *count < snapshot->sa_count && compare_ends(&snapshot->sas[low + *count], one, other) == 0)
		++*count;
	return *count ? &snapshot->sas[low] : NULL;
}

const struct snapshot_pair *snapshot_find_pair(const struct snapshot *snapshot, const struct address *a,
					       const struct address *b)
{
	bool upward = address_compare(a, b) <= 0;
	const struct address *one = upward ? a : b, *other = upward ? b : a;
	size_t low = 0, high = snapshot->pair_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_addresses(&snapshot->pairs[middle], one, other) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	bool found = low < snapshot->pair_count && compare_addresses(&snapshot->pairs[low], one, other) == 0;
	return found ? &snapshot->pairs[low] : NULL;
}

const struct snapshot_alert *snapshot_find_alert(const struct snapshot *snapshot, uint64_t alert)
{
	for (size_t i = 0; i < snapshot->alert_count; i++)
		if (snapshot->alerts[i]->finding.alert == alert)
			return snapshot->alerts[i];
	return NULL;
}
