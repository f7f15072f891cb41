/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many alerts of one origin as one: when the same finding opens about group_members pairs of one host within
 * group_window_ns, or about so many behind one gateway, an alert about that host speaks for them. What was told of single
 * pairs before is cleared as `grouped`; those that come later join without a word of their own. The group changes with its
 * members, says so at most every group_update_ns, and ends when the last of them ends.
 *
 * Only findings that a host can cause for all its peers are grouped: leaks, failed negotiations, SPIs it lost. Which of a
 * pair's two hosts it is shows in the number: the one with whom the others are. See alert_desk.h.
 */
#include "alert_desk_state.h"

#include "hash.h"
#include "judge_state.h"
#include "finding.h"

#include <stdio.h>
#include <string.h>

enum {
	NAMES_SIZE = 240, /* with what is said around them they fit into a sentence */
	EVICT_TRIES = 16,
	SINGLE_HOST = 128
};

struct group_key {
	uint8_t address[16];
	uint32_t realm, id;
};

static bool groupable(enum finding_id id)
{
	switch (id) {
	case FINDING_CLEARTEXT_LEAK:
	case FINDING_IKE_UNANSWERED:
	case FINDING_IKE_REFUSED:
	case FINDING_IKE_AUTH_FAILED:
	case FINDING_IKE_CHILD_REFUSED:
	case FINDING_IKE_STALLED:
	case FINDING_IKE_PATH_MTU:
	case FINDING_BAD_SPI:
		return true;
	default:
		return false;
	}
}

static struct alert_group *group_at(const struct alert_desk *desk, uint32_t place)
{
	return table_at(&desk->groups, place);
}

static uint64_t group_hash(enum finding_id id, uint32_t realm, const struct address *host)
{
	struct group_key key = { .realm = realm, .id = (uint32_t)id };

	memcpy(key.address, host->bytes, 16);
	return hash_octets(&key, sizeof(key), 0);
}

/* The place of the host's alerts of this kind, made if it is new; 0 if none of the others can go. */
static uint32_t group_place(struct alert_desk *desk, enum finding_id id, uint32_t realm, const struct address *host)
{
	uint64_t hash = group_hash(id, realm, host);
	uint32_t place = table_find(&desk->groups, hash);

	if (place)
		return place;
	place = table_insert(&desk->groups, hash);
	for (unsigned i = 0; !place && i < EVICT_TRIES; i++) {
		uint32_t victim = table_sample(&desk->groups);
		if (!victim || group_at(desk, victim)->alert.open)
			continue;
		table_evict(&desk->groups, victim);
		place = table_insert(&desk->groups, hash);
	}
	if (!place)
		return 0;
	struct alert_group *group = group_at(desk, place);
	group->id = id;
	group->realm = realm;
	group->host = *host;
	return place;
}

/* Gateway first, then the two hosts: what may be behind an alert of the pair. */
static unsigned places_of(struct judge *judge, const struct desk_entry *entry, const struct judged_pair *pair,
			  uint32_t places[GROUP_PLACES])
{
	const struct policy_rule *rule = judge_rule(judge, pair);
	unsigned count = 0;
	uint32_t place;

	if (entry->id == FINDING_CLEARTEXT_LEAK && rule && rule->gateway_count > 0) {
		struct address gateway;
		memcpy(gateway.bytes, rule->gateways[0], 16);
		place = group_place(judge->desk, entry->id, entry->realm, &gateway);
		if (place) {
			group_at(judge->desk, place)->gateway = true;
			places[count++] = place;
		}
	}
	for (unsigned side = 0; side < 2; side++) {
		place = group_place(judge->desk, entry->id, entry->realm, side ? &entry->b : &entry->a);
		if (place)
			places[count++] = place;
	}
	return count;
}

/* ---- telling ---- */

static unsigned most(const uint32_t *counts, unsigned count)
{
	unsigned best = 0;

	for (unsigned i = 1; i < count; i++)
		if (counts[i] > counts[best])
			best = i;
	return best;
}

static enum finding_severity worst(const struct alert_group *group)
{
	for (unsigned severity = 0; severity < SEVERITY_COUNT; severity++)
		if (group->by_severity[severity])
			return (enum finding_severity)severity;
	return group->alert.severity;
}

/* Those of its members that have a name here; of a group that is over, all it ever had. How many there are. */
static unsigned list_members(const struct alert_group *group, char *names, size_t size)
{
	struct address_text a, b;
	unsigned listed = 0;
	size_t length = 0;

	names[0] = '\0';
	for (unsigned i = 0; i < group->named_count; i++) {
		const struct address *pair = group->named[i];
		bool first = address_equal(&pair[0], &group->host), second = address_equal(&pair[1], &group->host);
		const char *comma = listed ? ", " : "";
		int written;
		if (group->members && (group->named_left >> i & 1))
			continue;
		if (first || second)
			written = snprintf(names + length, size - length, "%s%s", comma,
					   address_text(&pair[first ? 1 : 0], &a));
		else
			written = snprintf(names + length, size - length, "%s%s - %s", comma,
					   address_text(&pair[0], &a), address_text(&pair[1], &b));
		if (written < 0 || (size_t)written >= size - length) {
			names[length] = '\0';
			break;
		}
		length += (size_t)written;
		listed++;
	}
	return listed;
}

static void list_causes(const struct alert_group *group, char *causes, size_t size)
{
	size_t length = 0;

	causes[0] = '\0';
	for (unsigned cause = CAUSE_NONE + 1; cause < CAUSE_COUNT && length + 1 < size; cause++)
		if (group->by_cause[cause])
			length +=
			    (size_t)snprintf(causes + length, size - length, "%s%u %s", length ? ", " : "",
					     group->by_cause[cause], catalogue_cause((enum finding_cause)cause)->name);
}

static void describe(struct judge *judge, struct alert_group *group, struct finding *finding)
{
	const struct judged_host *host = judge_host(judge, &group->host);
	char names[NAMES_SIZE], causes[NAMES_SIZE / 2];
	struct address_text text;

	alert_begin_host(judge, &group->host, group->id, finding);
	if (group->members) {
		finding->cause = (enum finding_cause)most(group->by_cause, CAUSE_COUNT);
		finding->severity = worst(group);
		finding->grade = (enum finding_grade)most(group->by_grade, GRADE_COUNT);
	} else {
		finding->cause = group->alert.cause;
		finding->severity = group->alert.severity;
		finding->grade = group->alert.grade;
	}
	finding->rule = group->rule;
	finding->first_ns = group->first_ns;
	finding->last_ns = group->last_ns;
	finding->count = group->count;
	finding->bytes = group->bytes;
	unsigned listed = list_members(group, names, sizeof(names));
	unsigned members = group->members ? group->members : group->members_ever;
	list_causes(group, causes, sizeof(causes));
	finding_say(finding, "%u pair%s %s %s %s the same trouble at once", members, finding_plural(members),
		    group->gateway ? "behind" : "of", address_text(&group->host, &text), members == 1 ? "has" : "have");
	bool restarted =
	    host && host->restart_ns && judge->now_ns - host->restart_ns < judge->settings.thresholds.update_ns;
	if (restarted)
		finding_say(finding, ", after it was restarted");
	if (!listed)
		finding_say(finding, ".");
	else if (listed < members)
		finding_say(finding, ": %s and %u more.", names, members - listed);
	else
		finding_say(finding, ": %s.", names);
	finding_note_integer(finding, "pairs", group->members);
	finding_note_integer(finding, "pairs_in_all", group->members_ever);
	finding_note_words(finding, "members", names);
	finding_note_words(finding, "causes", causes);
	finding_note_boolean(finding, "restarted", restarted);
}

static void tell(struct judge *judge, struct alert_group *group)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	bool open = group->alert.open;
	struct finding finding;

	describe(judge, group, &finding);
	/* What changes is most of all how many they are; that they are twice as many is news, and how many in the end. */
	int64_t settled = group->joined_ns + judge->desk->settings.group_window_ns;
	bool grown = group->members_ever >= 2 * group->members_told ||
		     (group->members_ever > group->members_told && judge->now_ns >= settled);
	if (open && grown)
		alert_update(judge, &group->alert, &finding);
	else
		alert_tell_group(judge, &group->alert, &finding, group->realm);
	if (!open || group->alert.told_ns == judge->now_ns)
		group->members_told = group->members_ever;
	group->look_ns = group->alert.told_ns + thresholds->update_ns;
	if (group->members_ever > group->members_told && settled < group->look_ns)
		group->look_ns = settled;
	desk_wake(judge->desk, group->look_ns);
}

static void changed(struct judge *judge, struct alert_group *group)
{
	int64_t at = group->alert.told_ns + judge->desk->settings.group_update_ns;

	if (at < judge->now_ns)
		at = judge->now_ns;
	if (group->look_ns && group->look_ns <= at)
		return;
	group->look_ns = at;
	desk_wake(judge->desk, at);
}

/* ---- members ---- */

static void count_in(struct alert_group *group, const struct desk_entry *entry)
{
	group->by_cause[entry->cause]++;
	group->by_severity[entry->severity]++;
	group->by_grade[entry->grade]++;
}

static void count_out(struct alert_group *group, const struct desk_entry *entry)
{
	group->by_cause[entry->cause]--;
	group->by_severity[entry->severity]--;
	group->by_grade[entry->grade]--;
}

/* The member gets a name in the list, while there is room, or in the place of one that left. */
static void name_member(struct alert_group *group, const struct desk_entry *entry)
{
	unsigned at = group->named_count;

	if (at == GROUP_NAMED)
		for (at = 0; at < GROUP_NAMED && !(group->named_left >> at & 1); at++)
			;
	if (at == GROUP_NAMED)
		return;
	if (at == group->named_count)
		group->named_count++;
	group->named_left &= ~(UINT32_C(1) << at);
	group->named[at][0] = entry->a;
	group->named[at][1] = entry->b;
}

static void unname_member(struct alert_group *group, const struct desk_entry *entry)
{
	for (unsigned i = 0; i < group->named_count; i++)
		if (!(group->named_left >> i & 1) && address_equal(&group->named[i][0], &entry->a) &&
		    address_equal(&group->named[i][1], &entry->b)) {
			group->named_left |= UINT32_C(1) << i;
			return;
		}
}

static void take(struct judge *judge, uint32_t group_place, uint32_t place)
{
	struct alert_desk *desk = judge->desk;
	struct alert_group *group = group_at(desk, group_place);
	struct desk_entry *entry = table_at(&desk->entries, place);
	struct finding finding;
	struct address_text text;

	desk_describe(judge, entry, &finding);
	finding.state = FINDING_CLEAR;
	finding.cleared_by = FINDING_GROUPED;
	finding_say(&finding, "Told together with others of %s from now on.", address_text(&group->host, &text));
	if (entry->state == DESK_TOLD)
		desk_write(judge, &finding);
	else
		desk_end_held(judge, entry, &finding);
	bool limited = entry->state == DESK_LIMITED;
	desk_unhold(desk, place);
	if (limited)
		desk_unlimit(judge, alert_class(entry->id), false);
	entry->state = DESK_GROUPED;
	entry->group = group_place;
	group->members++;
	group->members_ever++;
	group->joined_ns = judge->now_ns;
	if (!group->first_ns || entry->first_ns < group->first_ns)
		group->first_ns = entry->first_ns;
	if (entry->last_ns > group->last_ns)
		group->last_ns = entry->last_ns;
	group->count += entry->count;
	group->bytes += entry->bytes;
	group->rule = entry->rule;
	count_in(group, entry);
	name_member(group, entry);
}

static void begin(struct alert_desk *desk, uint32_t place)
{
	struct alert_group *group = group_at(desk, place);

	group->members = group->members_ever = group->members_told = group->named_count = 0;
	group->named_left = 0;
	memset(group->by_cause, 0, sizeof(group->by_cause));
	memset(group->by_severity, 0, sizeof(group->by_severity));
	memset(group->by_grade, 0, sizeof(group->by_grade));
	group->first_ns = group->last_ns = group->look_ns = 0;
	group->count = group->bytes = 0;
	group->next_open = desk->open_groups;
	desk->open_groups = place;
}

static void end(struct judge *judge, uint32_t place, const char *cleared_by)
{
	struct alert_desk *desk = judge->desk;
	struct alert_group *group = group_at(desk, place);
	uint32_t *from = &desk->open_groups;
	struct finding finding;

	while (*from && *from != place)
		from = &group_at(desk, *from)->next_open;
	if (*from)
		*from = group->next_open;
	describe(judge, group, &finding);
	finding.cleared_by = cleared_by;
	alert_clear(judge, &group->alert, &finding);
	group->look_ns = 0;
	memset(group->recent, 0, sizeof(group->recent));
}

/* The recent alerts of other pairs that are open still and have no group; at most GROUP_RECENT. */
static unsigned recent_of(struct judge *judge, const struct alert_group *group, const struct desk_entry *entry,
			  uint32_t found[GROUP_RECENT])
{
	struct alert_desk *desk = judge->desk;
	unsigned count = 0;

	for (unsigned i = 0; i < GROUP_RECENT; i++) {
		if (!group->recent[i] || judge->now_ns - group->recent_ns[i] > desk->settings.group_window_ns)
			continue;
		uint32_t place = table_find(&desk->entries, group->recent[i]);
		const struct desk_entry *other = place ? table_at(&desk->entries, place) : NULL;
		if (!other || other == entry || other->state == DESK_GROUPED || other->state == DESK_MAINTENANCE)
			continue;
		bool again = address_equal(&other->a, &entry->a) && address_equal(&other->b, &entry->b);
		for (unsigned k = 0; k < count && !again; k++) {
			const struct desk_entry *counted = table_at(&desk->entries, found[k]);
			again = address_equal(&other->a, &counted->a) && address_equal(&other->b, &counted->b);
		}
		if (!again)
			found[count++] = place;
	}
	return count;
}

static void remember(struct judge *judge, struct alert_group *group, uint64_t number)
{
	group->recent[group->recent_at] = number;
	group->recent_ns[group->recent_at] = judge->now_ns;
	group->recent_at = (group->recent_at + 1) % GROUP_RECENT;
}

bool alert_group_takes(struct judge *judge, uint32_t place, const struct judged_pair *pair)
{
	struct alert_desk *desk = judge->desk;
	const struct desk_entry *entry = table_at(&desk->entries, place);
	uint32_t places[GROUP_PLACES], found[GROUP_RECENT];

	if (!desk->settings.group_members || !groupable(entry->id))
		return false;
	unsigned count = places_of(judge, entry, pair, places);
	for (unsigned i = 0; i < count; i++) {
		struct alert_group *group = group_at(desk, places[i]);
		if (!group->alert.open || judge->now_ns - group->joined_ns > desk->settings.group_join_ns)
			continue;
		take(judge, places[i], place);
		changed(judge, group);
		return true;
	}
	for (unsigned i = 0; i < count; i++) {
		struct alert_group *group = group_at(desk, places[i]);
		unsigned others = group->alert.open ? 0 : recent_of(judge, group, entry, found);
		if (others + 1 < desk->settings.group_members || group->alert.open)
			continue;
		begin(desk, places[i]);
		for (unsigned k = 0; k < others; k++)
			take(judge, places[i], found[k]);
		take(judge, places[i], place);
		tell(judge, group);
		return true;
	}
	for (unsigned i = 0; i < count; i++)
		remember(judge, group_at(desk, places[i]), entry->link.hash);
	return false;
}

static bool hub(struct judge *judge, const struct address *address)
{
	const struct judged_host *host = judge_host(judge, address);

	return host && host->peers >= judge->desk->settings.group_members;
}

bool alert_group_waits(struct judge *judge, const struct desk_entry *entry, const struct judged_pair *pair)
{
	const struct alert_settings *settings = &judge->desk->settings;
	const struct policy_rule *rule = judge_rule(judge, pair);

	if (!settings->group_members || !settings->group_wait_ns || !groupable(entry->id))
		return false;
	if (entry->id == FINDING_CLEARTEXT_LEAK && rule && rule->gateway_count > 0)
		for (unsigned side = 0; side < 2; side++)
			if (rule->between_count[side] > 1 ||
			    (rule->between_count[side] && rule->between[side][0].length < SINGLE_HOST))
				return true;
	return hub(judge, &entry->a) || hub(judge, &entry->b);
}

void alert_group_changed(struct judge *judge, struct desk_entry *entry, const struct finding *finding)
{
	struct alert_group *group = group_at(judge->desk, entry->group);
	bool news =
	    finding->cause != entry->cause || finding->severity != entry->severity || finding->grade != entry->grade;

	count_out(group, entry);
	group->count += finding->count - entry->count;
	group->bytes += finding->bytes - entry->bytes;
	if (finding->last_ns > group->last_ns)
		group->last_ns = finding->last_ns;
	entry->cause = finding->cause;
	entry->severity = finding->severity;
	entry->grade = finding->grade;
	entry->count = finding->count;
	entry->bytes = finding->bytes;
	count_in(group, entry);
	if (news)
		changed(judge, group);
}

void alert_group_left(struct judge *judge, struct desk_entry *entry, const char *cleared_by)
{
	struct alert_group *group = group_at(judge->desk, entry->group);

	/* The last one's words are the group's. */
	if (group->members == 1) {
		group->alert.cause = entry->cause;
		group->alert.severity = entry->severity;
		group->alert.grade = entry->grade;
	}
	count_out(group, entry);
	unname_member(group, entry);
	group->members--;
	if (group->members)
		changed(judge, group);
	else
		end(judge, entry->group, cleared_by);
}

void alert_group_look(struct judge *judge)
{
	struct alert_desk *desk = judge->desk;

	for (uint32_t place = desk->open_groups; place; place = group_at(desk, place)->next_open) {
		struct alert_group *group = group_at(desk, place);
		if (!group->look_ns)
			continue;
		if (group->look_ns <= judge->now_ns)
			tell(judge, group);
		else
			desk_wake(desk, group->look_ns);
	}
}
