/* SPDX-License-Identifier: Apache-2.0 */
/* Stories as ike_sa records (DESIGN section 7), see ike_story.h. Called when the engine writes its records. */
#include "ike_story_state.h"

#include "../../dissectors/ike_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNANSWERED_TRIES = 3, NOTIFY_NAME_SIZE = 48, CHILD_NAME_SIZE = 12 };

const char *ike_auth_name(enum ike_auth auth)
{
	static const char *const names[IKE_AUTH_COUNT] = {
		[IKE_AUTH_PRE_SHARED_KEY] = "pre-shared-key",
		[IKE_AUTH_CERTIFICATE] = "certificate",
		[IKE_AUTH_KERBEROS] = "kerberos",
		[IKE_AUTH_EAP] = "eap",
	};
	return (size_t)auth < IKE_AUTH_COUNT ? names[auth] : NULL;
}

const char *ike_story_step(unsigned major, unsigned exchange)
{
	if (major >= 2)
		return ikev2_exchange_name(exchange);
	switch (exchange) {
	case IKEV1_EXCHANGE_MAIN:
		return "main mode";
	case IKEV1_EXCHANGE_AGGRESSIVE:
		return "aggressive mode";
	case IKEV1_EXCHANGE_INFORMATIONAL:
		return "informational";
	case IKEV1_EXCHANGE_TRANSACTION:
		return "transaction";
	case IKEV1_EXCHANGE_QUICK:
		return "quick mode";
	default:
		return ikev1_exchange_name(exchange);
	}
}

enum ike_outcome ike_story_outcome(const struct ike_story *story)
{
	const struct ike_request *request = &story->request[0];

	if (story->established_ns)
		return IKE_OUTCOME_ESTABLISHED;
	if (story->rejected_ns)
		return IKE_OUTCOME_AUTH_FAILED;
	if (story->refused_ns && !story->answered_ns)
		return IKE_OUTCOME_REFUSED;
	if (story->opened && !request->answered && request->sends >= UNANSWERED_TRIES)
		return story->two_way ? IKE_OUTCOME_STALLED : IKE_OUTCOME_UNANSWERED;
	return IKE_OUTCOME_IN_PROGRESS;
}

static const char *nat_name(const struct ike_story *story)
{
	if (!story->nat_known)
		return NULL;
	if (story->nat_side[0] && story->nat_side[1])
		return "both";
	return story->nat_side[0] ? "initiator" : story->nat_side[1] ? "responder" : "none";
}

/* Room for the names of one record. */
struct names {
	char suite[2][IKE_SUITE_MAX][IKE_ALGORITHM_NAME_SIZE];
	const char *suites[2][IKE_SUITE_MAX];
	char notify[IKE_STORY_NOTIFIES][NOTIFY_NAME_SIZE];
	const char *notifies[IKE_STORY_NOTIFIES];
	char child[IKE_STORY_CHILDREN][CHILD_NAME_SIZE];
	const char *children[IKE_STORY_CHILDREN];
};

static size_t name_children(const struct ike_story *story, struct names *names)
{
	size_t count = story->child_count < IKE_STORY_CHILDREN ? story->child_count : IKE_STORY_CHILDREN;

	for (size_t i = 0; i < count; i++) {
		uint32_t spi = story->children[(story->child_count - 1 - i) % IKE_STORY_CHILDREN];
		snprintf(names->child[i], CHILD_NAME_SIZE, "0x%08x", spi);
		names->children[i] = names->child[i];
	}
	return count;
}

/* What an SA payload negotiates; how peers prove themselves is the record's `auth`. */
static size_t name_suite(const struct ike_suite *suite, char (*text)[IKE_ALGORITHM_NAME_SIZE], const char **names)
{
	size_t count = 0;

	for (unsigned i = 0; i < suite->count; i++) {
		if (suite->algorithms[i].kind == IKE_ALGORITHM_AUTHENTICATION)
			continue;
		names[count] = ike_algorithm_name(&suite->algorithms[i], text[count]);
		count++;
	}
	return count;
}

static void write_story(const struct ike_story *story, struct names *names, const struct record_sink *sink)
{
	struct record record = { .type = RECORD_IKE_SA, .time_ns = story->last_ns };

	record.ike_sa = (struct record_ike_sa){
		.initiator = story->initiator,
		.responder = story->responder,
		.roles_known = story->roles_known,
		.ispi = story->ispi,
		.rspi = story->rspi,
		.major = story->major,
		.minor = story->minor,
		.mode = story->mode,
		.step = ike_story_step(story->major, story->exchange),
		.outcome = ike_story_outcome(story),
		.offered = names->suites[0],
		.offered_count = name_suite(&story->offered, names->suite[0], names->suites[0]),
		.selected = names->suites[1],
		.selected_count = name_suite(&story->selected, names->suite[1], names->suites[1]),
		.auth = ike_auth_name(ike_story_auth(story)),
		.vendors = story->vendors,
		.vendor_count = story->vendor_count,
		.notifies = names->notifies,
		.notify_count = story->notify_count,
		.children = names->children,
		.child_count = name_children(story, names),
		.retransmissions = story->repeated,
		.schedule_count = story->schedule_count,
		.schedule_responder = story->schedule_responder,
		.nat = nat_name(story),
	};
	_Static_assert((int)RECORD_GAPS == (int)IKE_STORY_GAPS, "a record has room for a schedule");
	memcpy(record.ike_sa.schedule_ds, story->schedule_ds, sizeof(story->schedule_ds));
	for (unsigned i = 0; i < story->notify_count; i++) {
		const char *name = ike_notify_name(story->major, story->notifies[i]);
		if (name)
			snprintf(names->notify[i], NOTIFY_NAME_SIZE, "%s", name);
		else
			snprintf(names->notify[i], NOTIFY_NAME_SIZE, "NOTIFY_%u", story->notifies[i]);
		names->notifies[i] = names->notify[i];
	}
	record_write(sink, &record);
}

uint32_t ike_stories_count(const struct ike_stories *stories)
{
	return stories->table.used;
}

/* An entry of a walk. */
struct walked {
	int64_t first_ns;
	uint64_t ispi;
	uint32_t number;
};

struct ike_walk {
	struct walked *order; /* owned */
	size_t count, next;
	struct names names;
};

static int by_first(const void *left, const void *right)
{
	const struct walked *l = left, *r = right;

	if (l->first_ns != r->first_ns)
		return l->first_ns < r->first_ns ? -1 : 1;
	return l->ispi < r->ispi ? -1 : l->ispi > r->ispi;
}

struct ike_walk *ike_walk_new(const struct ike_stories *stories)
{
	const struct table *table = &stories->table;
	struct ike_walk *walk = calloc(1, sizeof(*walk));

	if (walk)
		walk->order = malloc(((size_t)table->used + 1) * sizeof(*walk->order));
	if (!walk || !walk->order) {
		free(walk);
		return NULL;
	}
	for (uint32_t number = 1; number <= table->fresh; number++) {
		const struct ike_story *story = table_at(table, number);
		if (!table_lives(table, number))
			continue;
		walk->order[walk->count].first_ns = story->first_ns;
		walk->order[walk->count].ispi = story->ispi;
		walk->order[walk->count++].number = number;
	}
	qsort(walk->order, walk->count, sizeof(*walk->order), by_first);
	return walk;
}

bool ike_walk_write(struct ike_walk *walk, const struct ike_stories *stories, unsigned count,
		    const struct record_sink *sink)
{
	for (; walk->next < walk->count && count > 0; walk->next++, count--) {
		const struct ike_story *story = table_at(&stories->table, walk->order[walk->next].number);
		/* Meanwhile it may have made room for another one. */
		if (table_lives(&stories->table, walk->order[walk->next].number) &&
		    story->ispi == walk->order[walk->next].ispi)
			write_story(story, &walk->names, sink);
	}
	return walk->next == walk->count;
}

void ike_walk_free(struct ike_walk *walk)
{
	if (!walk)
		return;
	free(walk->order);
	free(walk);
}
