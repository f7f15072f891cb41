/* SPDX-License-Identifier: Apache-2.0 */
/* See sa_story.h. ESP: RFC 4303; NULL encryption: RFC 2410. */
#include "sa_story.h"

#include <stdlib.h>
#include <string.h>

enum {
	CHILDREN_MAX = 64,
	LENGTHS = 4,
	REQUEST = 100, /* octets of the shortest; the next ones 4, 8 and 12 more, as an AEAD makes them */
	ANSWER = 180,
	STREAM = 612,
	OCTETS_MAX = 1024,
	ESP_HEADER = 8,
	EXCHANGE_SA_INIT = 34,
	EXCHANGE_AUTH = 35,
	EXCHANGE_INFORMATIONAL = 37,
};

enum kind { OWN, COPY, IKE };

struct event {
	int64_t time_ns;
	uint32_t serial;   /* order of writing, for equal times */
	uint32_t jump;     /* the sender skips so many numbers first */
	uint32_t sequence; /* set when numbered */
	uint32_t original; /* COPY: serial of the packet that comes again */
	uint32_t octets;   /* from the SPI on */
	uint8_t kind, sender, child;
	uint8_t exchange;   /* IKE */
	uint8_t address[2]; /* of A and B */
	uint8_t life;       /* of the SA: how often it counted from the beginning */
	bool first_of_life;
};

struct child {
	uint32_t spi[2]; /* by sender */
	uint64_t shown[2];
	bool null;
};

struct sa_story {
	uint64_t state; /* of the generator */
	int64_t now_ns;
	struct event *events; /* owned */
	uint32_t count, room;
	struct child children[CHILDREN_MAX];
	unsigned child_count;
	unsigned use[2]; /* child, by sender */
	uint8_t address[2];
	uint8_t life[CHILDREN_MAX][2];
	bool restarts[CHILDREN_MAX][2]; /* the next packet counts from the beginning */
	uint32_t jump[CHILDREN_MAX][2]; /* before the next packet */
	uint64_t ike_spi;
	unsigned ike_initiator; /* of the IKE SA that was negotiated last */
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static uint64_t next(uint64_t *state)
{
	uint64_t mixed = (*state += UINT64_C(0x9e3779b97f4a7c15));

	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ mixed >> 31;
}

struct sa_story *sa_story_new(uint64_t seed)
{
	struct sa_story *story = must(calloc(1, sizeof(*story)));

	story->state = seed;
	story->now_ns = STORY_EPOCH;
	return story;
}

void sa_story_free(struct sa_story *story)
{
	if (!story)
		return;
	free(story->events);
	free(story);
}

uint32_t sa_story_draw(struct sa_story *story, uint32_t bound)
{
	return (uint32_t)(next(&story->state) % bound);
}

int64_t sa_story_now(const struct sa_story *story)
{
	return story->now_ns;
}

void sa_story_wait(struct sa_story *story, int64_t ns)
{
	story->now_ns += ns;
}

void sa_story_set(struct sa_story *story, int64_t now_ns)
{
	story->now_ns = now_ns;
}

static struct event *add(struct sa_story *story, enum kind kind, unsigned sender, int64_t time_ns)
{
	if (story->count == story->room) {
		story->room = story->room ? 2 * story->room : 256;
		story->events = must(realloc(story->events, story->room * sizeof(*story->events)));
	}
	struct event *event = &story->events[story->count];
	*event = (struct event){ .time_ns = time_ns,
				 .serial = story->count++,
				 .kind = (uint8_t)kind,
				 .sender = (uint8_t)sender,
				 .address = { story->address[0], story->address[1] } };
	return event;
}

static void send(struct sa_story *story, unsigned sender, int64_t time_ns, uint32_t octets)
{
	unsigned child = story->use[sender];
	struct event *event = add(story, OWN, sender, time_ns);

	event->child = (uint8_t)child;
	event->octets = octets;
	event->jump = story->jump[child][sender];
	event->first_of_life = story->restarts[child][sender];
	event->life = story->life[child][sender];
	story->jump[child][sender] = 0;
	story->restarts[child][sender] = false;
}

/* ---- SAs ---- */

unsigned sa_story_child(struct sa_story *story)
{
	unsigned child = story->child_count++;

	if (child >= CHILDREN_MAX)
		abort();
	for (unsigned sender = 0; sender < 2; sender++)
		story->children[child].spi[sender] = (uint32_t)next(&story->state) | 0x10000000;
	return child;
}

static void ike(struct sa_story *story, unsigned sender, uint8_t exchange, int64_t time_ns)
{
	add(story, IKE, sender, time_ns)->exchange = exchange;
}

void sa_story_negotiate(struct sa_story *story, unsigned initiator)
{
	for (unsigned i = 0; i < 4; i++) {
		ike(story, i % 2 ? !initiator : initiator, i < 2 ? EXCHANGE_SA_INIT : EXCHANGE_AUTH, story->now_ns);
		story->now_ns += 20 * STORY_MILLISECOND;
	}
	story->use[0] = story->use[1] = sa_story_child(story);
}

void sa_story_informational(struct sa_story *story, unsigned sender)
{
	ike(story, sender, EXCHANGE_INFORMATIONAL, story->now_ns);
}

void sa_story_use(struct sa_story *story, unsigned side, unsigned child)
{
	story->use[side] = child;
}

void sa_story_rekey(struct sa_story *story)
{
	unsigned first = sa_story_draw(story, 2), child = sa_story_child(story);
	int64_t lag = (int64_t)sa_story_draw(story, 1000) * STORY_MILLISECOND;

	story->use[first] = child;
	/* Until the other side follows, its answers still come through the old one. */
	for (int64_t end = story->now_ns + lag; story->now_ns < end; story->now_ns += 150 * STORY_MILLISECOND) {
		send(story, first, story->now_ns, REQUEST);
		send(story, !first, story->now_ns + 9 * STORY_MILLISECOND, ANSWER);
	}
	story->use[!first] = child;
	send(story, first, story->now_ns, REQUEST);
	send(story, !first, story->now_ns + 9 * STORY_MILLISECOND, ANSWER);
	story->now_ns += 20 * STORY_MILLISECOND;
}

unsigned sa_story_in_use(const struct sa_story *story, unsigned side)
{
	return story->use[side];
}

uint32_t sa_story_spi(const struct sa_story *story, unsigned sender, unsigned child)
{
	return story->children[child].spi[sender];
}

void sa_story_null(struct sa_story *story, unsigned child)
{
	story->children[child].null = true;
}

void sa_story_jump(struct sa_story *story, unsigned sender, uint32_t by)
{
	story->jump[story->use[sender]][sender] = by;
}

void sa_story_restart(struct sa_story *story, unsigned sender)
{
	unsigned child = story->use[sender];

	story->restarts[child][sender] = true;
	story->life[child][sender]++;
}

void sa_story_move(struct sa_story *story, unsigned side)
{
	story->address[side]++;
}

/* ---- traffic ---- */

static void ask(struct sa_story *story, unsigned client, int64_t lasts_ns, int64_t period_ns, bool answered)
{
	for (int64_t end = story->now_ns + lasts_ns; story->now_ns < end; story->now_ns += period_ns) {
		uint32_t length = 4 * sa_story_draw(story, LENGTHS);
		int64_t round_trip = (2 + sa_story_draw(story, 38)) * STORY_MILLISECOND;
		send(story, client, story->now_ns, REQUEST + length);
		if (answered)
			send(story, !client, story->now_ns + round_trip, ANSWER + length);
	}
}

void sa_story_talk(struct sa_story *story, unsigned client, int64_t lasts_ns, int64_t period_ns)
{
	ask(story, client, lasts_ns, period_ns, true);
}

void sa_story_in_vain(struct sa_story *story, unsigned client, int64_t lasts_ns, int64_t period_ns)
{
	ask(story, client, lasts_ns, period_ns, false);
}

void sa_story_stream(struct sa_story *story, unsigned sender, int64_t lasts_ns, int64_t period_ns)
{
	/* Not in step with anything: the pauses vary by a quarter. */
	for (int64_t end = story->now_ns + lasts_ns; story->now_ns < end;
	     story->now_ns += period_ns * (75 + sa_story_draw(story, 51)) / 100)
		send(story, sender, story->now_ns, STREAM + 4 * sa_story_draw(story, LENGTHS));
}

void sa_story_replay(struct sa_story *story, unsigned sender, unsigned count, int64_t ago_ns)
{
	int64_t until = story->now_ns - ago_ns;

	for (uint32_t i = story->count; i-- > 0 && count > 0;) {
		struct event old = story->events[i];
		if (old.kind != OWN || old.sender != sender || old.child != story->use[sender] || old.time_ns > until)
			continue;
		struct event *copy = add(story, COPY, sender, story->now_ns);
		uint32_t serial = copy->serial;
		*copy = old;
		copy->kind = COPY;
		copy->time_ns = story->now_ns;
		copy->serial = serial;
		copy->original = old.serial;
		story->now_ns += STORY_MILLISECOND;
		count--;
	}
}

/* ---- the capture ---- */

static int by_time(const void *left, const void *right)
{
	const struct event *l = left, *r = right;

	if (l->time_ns != r->time_ns)
		return l->time_ns < r->time_ns ? -1 : 1;
	return l->serial < r->serial ? -1 : l->serial > r->serial;
}

static void number(struct sa_story *story, struct event *events)
{
	uint32_t *by_serial = must(calloc((size_t)story->count + 1, sizeof(*by_serial)));
	uint32_t last[CHILDREN_MAX][2] = { 0 };

	for (uint32_t i = 0; i < story->count; i++) {
		struct event *event = &events[i];
		if (event->kind == COPY)
			event->sequence = by_serial[event->original];
		if (event->kind != OWN)
			continue;
		uint32_t *counter = &last[event->child][event->sender];
		if (event->first_of_life)
			*counter = 0;
		*counter += event->jump + 1;
		event->sequence = by_serial[event->serial] = *counter;
	}
	free(by_serial);
}

/* A packet that is reordered changes its time with the next one of its SA, if that is near. */
static void reorder(struct sa_story *story, struct event *events, const struct sa_story_view *view)
{
	enum { NEAR = 3 };

	for (uint32_t i = 0; i < story->count; i++) {
		if (events[i].kind != OWN || sa_story_draw(story, 1000) >= view->reorder)
			continue;
		for (uint32_t j = i + 1; j < story->count && j <= i + NEAR; j++) {
			if (events[j].kind != OWN || events[j].sender != events[i].sender ||
			    events[j].child != events[i].child ||
			    events[j].time_ns - events[i].time_ns > 100 * STORY_MILLISECOND)
				continue;
			int64_t earlier = events[i].time_ns;
			events[i].time_ns = events[j].time_ns;
			events[j].time_ns = earlier;
			break;
		}
	}
	qsort(events, story->count, sizeof(*events), by_time);
}

static void fill(const struct sa_story *story, const struct event *event, uint8_t *behind)
{
	uint64_t state = (uint64_t)story->children[event->child].spi[event->sender] << 32 | event->sequence;
	uint32_t length = event->octets - ESP_HEADER;

	state ^= (uint64_t)event->life << 60;
	for (uint32_t i = 0; i < length; i += 8) {
		uint64_t noise = next(&state);
		memcpy(behind + i, &noise, length - i < 8 ? length - i : 8);
	}
	if (!story->children[event->child].null)
		return;
	/* A datagram to port 514, no pad, next header UDP, 12 octets of ICV. */
	uint32_t datagram = length - 12 - 2;
	const uint8_t header[8] = { 0x9c, 0x40, 2, 2, (uint8_t)(datagram >> 8), (uint8_t)datagram, 0, 0 };
	memcpy(behind, header, sizeof(header));
	behind[datagram] = 0;
	behind[datagram + 1] = 17;
}

static void show_ike(struct sa_story *story, struct story_script *script, const struct event *event,
		     const struct address ends[2], unsigned *initiator)
{
	if (event->exchange == EXCHANGE_SA_INIT && *initiator == 2) {
		*initiator = event->sender;
		story->ike_spi++;
		story->ike_initiator = event->sender;
	}
	bool answer = *initiator < 2 && event->sender != *initiator;
	struct story_ike message = {
		.src = ends[event->sender],
		.dst = ends[!event->sender],
		.initiator_spi = story->ike_spi,
		.responder_spi = event->exchange == EXCHANGE_SA_INIT && !answer ? 0 : ~story->ike_spi,
		.major = 2,
		.exchange = event->exchange,
		.flags = event->exchange == EXCHANGE_INFORMATIONAL ? (event->sender == story->ike_initiator ? 0x08 : 0)
			 : answer                                  ? 0x20
								   : 0x08,
	};
	story_ike(script, &message);
	if (event->exchange == EXCHANGE_AUTH && answer)
		*initiator = 2;
}

struct story_script *sa_story_script(struct sa_story *story, const struct sa_story_view *view)
{
	struct story_script *script = story_new();
	struct event *events = must(malloc(((size_t)story->count + 1) * sizeof(*events)));
	uint8_t behind[OCTETS_MAX];
	unsigned initiator = 2;

	memcpy(events, story->events, story->count * sizeof(*events));
	qsort(events, story->count, sizeof(*events), by_time);
	number(story, events);
	reorder(story, events, view);
	for (unsigned child = 0; child < CHILDREN_MAX; child++)
		story->children[child].shown[0] = story->children[child].shown[1] = 0;
	story->ike_spi = UINT64_C(0x1122334455660000);
	for (uint32_t i = 0; i < story->count; i++) {
		const struct event *event = &events[i];
		struct address ends[2] = { story_host_number(0x010100u + event->address[0]),
					   story_host_number(0x020200u + event->address[1]) };
		story_at(script, event->time_ns - STORY_EPOCH);
		if (event->kind == IKE) {
			show_ike(story, script, event, ends, &initiator);
			continue;
		}
		if (view->hidden[event->sender] ||
		    (!view->spared[event->sender] && sa_story_draw(story, 1000) < view->loss))
			continue;
		fill(story, event, behind);
		for (unsigned copy = 0; copy < 1u + view->doubled; copy++) {
			struct story_sa sa = { .src = ends[event->sender],
					       .dst = ends[!event->sender],
					       .spi = story->children[event->child].spi[event->sender],
					       .sequence = event->sequence - 1,
					       .protocol = 50 };
			story_esp_with(script, &sa, behind, event->octets);
			story->children[event->child].shown[event->sender]++;
		}
	}
	free(events);
	return script;
}

uint64_t sa_story_shown(const struct sa_story *story, unsigned sender, unsigned child)
{
	return story->children[child].shown[sender];
}
