/* SPDX-License-Identifier: Apache-2.0 */
/* See outbox.h. */
#include "outbox.h"

#include "json.h"
#include "record_reader.h"
#include "../audit/finding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLISECOND INT64_C(1000000)

enum { WINDOW_MAX = 256 };

/* Whether something is down, and what was said of it. */
struct watch {
	bool down, told;
	int64_t since_ns;      /* monotonic */
	int64_t since_wall_ns; /* the same by the clock */
	uint64_t alert;
};

struct post {
	struct sink *sink;
	struct spool_cursor *cursor;
	unsigned window;
	uint64_t given, settled;      /* findings handed to the sink, and settled by it */
	uint64_t numbers[WINDOW_MAX]; /* of those between, by order of handing over */
	struct watch watch;
	uint64_t outages; /* of the sink, as last seen */
	bool owes;        /* it is to be told of open alerts again */
	int64_t since_ns; /* of those that something was told of since */
};

struct outbox {
	struct spool *spool;
	struct standing *standing;
	char *sensor; /* owned */
	struct record_sink notices;
	struct post posts[OUTBOX_SINKS_MAX];
	struct sink *sinks[OUTBOX_SINKS_MAX]; /* of the posts */
	size_t count;
	struct watch spool_watch;
	uint64_t spool_lost; /* as last told */
	uint64_t released;
	bool begun;                                                   /* the first tick is over */
	int64_t wall_ns;                                              /* of the last tick */
	void (*told)(void *context, const char *line, size_t length); /* NULL: nobody wants to know */
	void *told_context;
	struct record_reader reader;
};

struct outbox *outbox_new(struct spool *spool, struct standing *standing, const char *sensor,
			  const struct record_sink *notices)
{
	struct outbox *outbox = calloc(1, sizeof(*outbox));

	if (!outbox || !(outbox->sensor = strdup(sensor))) {
		free(outbox);
		return NULL;
	}
	outbox->spool = spool;
	outbox->standing = standing;
	outbox->notices = *notices;
	outbox->released = spool_last(spool);
	return outbox;
}

static void settle(struct post *post)
{
	uint64_t settled = post->sink->ops->settled ? post->sink->ops->settled(post->sink) : post->given;

	if (settled == post->settled)
		return;
	post->settled = settled;
	spool_settle(post->cursor, post->numbers[(settled - 1) % WINDOW_MAX]);
}

void outbox_free(struct outbox *outbox)
{
	if (!outbox)
		return;
	for (size_t i = 0; i < outbox->count; i++) {
		settle(&outbox->posts[i]);
		sink_close(outbox->posts[i].sink);
		spool_cursor_free(outbox->posts[i].cursor);
	}
	spool_close(outbox->spool);
	standing_free(outbox->standing);
	record_reader_clear(&outbox->reader);
	free(outbox->sensor);
	free(outbox);
}

bool outbox_add(struct outbox *outbox, struct sink *sink, unsigned window, bool kept)
{
	struct post *post = &outbox->posts[outbox->count];

	if (outbox->count == OUTBOX_SINKS_MAX || !(post->cursor = spool_cursor_new(outbox->spool, sink->name, kept))) {
		sink_close(sink);
		return false;
	}
	post->sink = outbox->sinks[outbox->count] = sink;
	post->window = window < 1 ? 1 : window > WINDOW_MAX ? WINDOW_MAX : window;
	outbox->count++;
	return true;
}

static void say(const struct outbox *outbox, enum notice_level level, int64_t time_ns, const char *text)
{
	struct record record = { .type = RECORD_NOTICE, .time_ns = time_ns };

	record.notice = (struct record_notice){ level, text };
	record_write(&outbox->notices, &record);
}

void outbox_observe(struct outbox *outbox, void (*told)(void *context, const char *line, size_t length), void *context)
{
	outbox->told = told;
	outbox->told_context = context;
}

bool outbox_acknowledge(struct outbox *outbox, uint64_t alert, int64_t until_ns)
{
	return standing_acknowledge(outbox->standing, alert, until_ns);
}

/* What is not for the sinks. */
static void keep_finding(struct outbox *outbox, const struct record *record, const char *line, size_t length,
			 int64_t monotonic_ns)
{
	standing_take(outbox->standing, record, line, length, monotonic_ns);
	if (outbox->told)
		outbox->told(outbox->told_context, line, length);
}

static void spool_finding(struct outbox *outbox, const struct record *record, const char *line, size_t length,
			  int64_t monotonic_ns)
{
	uint64_t number = spool_append(outbox->spool, line, length, monotonic_ns);

	keep_finding(outbox, record, line, length, monotonic_ns);
	if (!number)
		say(outbox, NOTICE_ERROR, record->time_ns, "a finding was lost: it is longer than the spool takes");
}

static void recall_item(void *context, const struct spool_item *item)
{
	struct outbox *outbox = context;
	struct record record;

	if (record_from_json(item->octets, item->length, &outbox->reader, &record) && record.type == RECORD_FINDING)
		standing_take(outbox->standing, &record, item->octets, item->length, 0);
}

bool outbox_recall(struct outbox *outbox, uint64_t after)
{
	bool whole = spool_replay(outbox->spool, after, recall_item, outbox);

	standing_recalled(outbox->standing);
	return whole;
}

/* A finding as it is to be told. */
struct wording {
	enum standing_word word;
	struct record record;
	char *line; /* owned; NULL: as the engine wrote it */
};

/* Says of an alert that was acknowledged why it speaks all the same. */
static void say_acknowledged(struct finding *finding, enum standing_word word, int64_t until_ns)
{
	size_t used = strlen(finding->text);

	finding_note_time(finding, "acknowledged_until", until_ns);
	if (word == STANDING_WORSE)
		snprintf(finding->text + used, sizeof(finding->text) - used,
			 " It was acknowledged, and is more severe since.");
}

/* What an engine that was started anew opens, if it is open already, is an update of that. */
static struct wording wording_of(struct outbox *outbox, const struct record *record, enum standing_turn turn)
{
	struct wording wording = { .record = *record };
	struct finding *finding = &wording.record.finding;
	bool adopted = standing_adopt(outbox->standing, finding, turn), anew = finding->state == FINDING_OPEN;

	if (adopted && anew)
		finding->state = FINDING_UPDATE;
	wording.word = standing_word(outbox->standing, finding, adopted && anew);
	bool explained = wording.word == STANDING_WORSE || wording.word == STANDING_ENDING;
	if (explained)
		say_acknowledged(finding, wording.word,
				 standing_acknowledged(outbox->standing, finding->alert, finding->time_ns));
	if (adopted || explained)
		wording.line = record_to_json(&wording.record, outbox->sensor);
	return wording;
}

/* Whether the spool has it in these words. */
static bool is_spooled(const struct outbox *outbox, const struct wording *wording, const char *line, size_t length)
{
	return spool_recalls(outbox->spool, wording->line ? wording->line : line,
			     wording->line ? strlen(wording->line) : length);
}

enum outbox_recall outbox_recalls(struct outbox *outbox, const struct record *record, const char *line, size_t length)
{
	struct wording wording = wording_of(outbox, record, STANDING_AGAIN);
	bool known = is_spooled(outbox, &wording, line, length);

	if (!known && record->finding.state == FINDING_OPEN) {
		free(wording.line);
		wording = wording_of(outbox, record, STANDING_FIRST);
	}
	bool left_out = wording.word == STANDING_KNOWN || wording.word == STANDING_QUIET;
	free(wording.line);
	return known ? OUTBOX_SPOOLED : left_out ? OUTBOX_PERHAPS : OUTBOX_NEW;
}

static uint64_t take_wording(struct outbox *outbox, struct wording *wording, const char *line, size_t length,
			     int64_t monotonic_ns)
{
	const struct record *record = &wording->record;
	uint64_t alert = record->finding.alert;

	if (wording->line) {
		line = wording->line;
		length = strlen(line);
	}
	if (wording->word == STANDING_KNOWN || wording->word == STANDING_QUIET) {
		keep_finding(outbox, record, line, length, monotonic_ns);
	} else {
		spool_finding(outbox, record, line, length, monotonic_ns);
		/* From now on that is how severe it is known to be. */
		if (wording->word == STANDING_WORSE)
			standing_acknowledge(outbox->standing, alert,
					     standing_acknowledged(outbox->standing, alert, record->time_ns));
	}
	free(wording->line);
	return alert;
}

static uint64_t take_finding(struct outbox *outbox, const struct record *record, const char *line, size_t length,
			     int64_t monotonic_ns)
{
	struct wording wording =
	    wording_of(outbox, record, record->finding.state == FINDING_OPEN ? STANDING_FIRST : STANDING_LATER);

	return take_wording(outbox, &wording, line, length, monotonic_ns);
}

/* What the engine holds back is nobody's to hear, unless it was told before: then that is open still, or over. */
static uint64_t take_held(struct outbox *outbox, const struct record *record, int64_t monotonic_ns)
{
	struct record ended = *record;

	if (record->finding.state != FINDING_CLEAR) {
		standing_take(outbox->standing, record, "", 0, monotonic_ns);
		return 0;
	}
	ended.type = RECORD_FINDING;
	struct wording wording = wording_of(outbox, &ended, STANDING_FIRST);
	return wording.line ? take_wording(outbox, &wording, "", 0, monotonic_ns) : 0;
}

uint64_t outbox_take(struct outbox *outbox, const struct record *record, const char *line, size_t length,
		     int64_t monotonic_ns)
{
	if (record->type == RECORD_FINDING)
		return take_finding(outbox, record, line, length, monotonic_ns);
	if (record->type == RECORD_HELD_ALERT)
		return take_held(outbox, record, monotonic_ns);
	if (record->type == RECORD_STARTED) {
		standing_engine_started(outbox->standing, monotonic_ns);
	} else {
		standing_take(outbox->standing, record, line, length, monotonic_ns);
		for (size_t i = 0; i < outbox->count; i++)
			sink_write(outbox->posts[i].sink, record);
	}
	return 0;
}

/* Hands one finding to the sink. */
static void hand(struct post *post, const struct record *record, uint64_t number)
{
	post->numbers[post->given++ % WINDOW_MAX] = number;
	sink_write(post->sink, record);
}

struct again {
	struct outbox *outbox;
	struct post *post;
	unsigned count;
};

static void tell_again(void *context, const char *line)
{
	struct again *again = context;
	struct record record;

	if (again->count >= OUTBOX_TOLD_AGAIN_MAX ||
	    !record_from_json(line, strlen(line), &again->outbox->reader, &record))
		return;
	again->count++;
	record.time_ns = record.finding.time_ns = again->outbox->wall_ns;
	record.finding.state = FINDING_UPDATE;
	record.finding.record = 0; /* a line from the store has that of its first telling, and this is no copy of it */
	record.finding.not_durable = false;
	finding_note_boolean(&record.finding, "told_again", true);
	/* It settles together with what was handed over last. */
	if (again->post->given - again->post->settled < WINDOW_MAX)
		hand(again->post, &record,
		     again->post->given ? again->post->numbers[(again->post->given - 1) % WINDOW_MAX] : 0);
}

/* After what waited for it, a sink that was down hears what is open: what its reader had taken may be lost with the
 * reader. */
static void tell_open_alerts(struct outbox *outbox, struct post *post)
{
	struct again again = { outbox, post, 0 };

	if (!post->owes)
		return;
	post->owes = false;
	standing_each_alert(outbox->standing, post->since_ns, tell_again, &again);
}

static void pump(struct outbox *outbox, struct post *post)
{
	struct spool_item item;
	struct record record;

	for (;;) {
		settle(post);
		if (post->given - post->settled >= post->window)
			return;
		if (!spool_next(post->cursor, &item)) {
			tell_open_alerts(outbox, post);
			return;
		}
		/* What was read once is read again without complaint, unless the disk changed it: then it is passed over. */
		if (record_from_json(item.octets, item.length, &outbox->reader, &record) &&
		    record.type == RECORD_FINDING) {
			record.finding.record = item.number;
			record.finding.not_durable = item.not_durable;
			hand(post, &record, item.number);
		}
	}
}

void outbox_pump(struct outbox *outbox, int64_t monotonic_ns)
{
	outbox->released = spool_released(outbox->spool, monotonic_ns);
	for (size_t i = 0; i < outbox->count; i++)
		pump(outbox, &outbox->posts[i]);
}

bool outbox_is_released(const struct outbox *outbox)
{
	return outbox->released >= spool_last(outbox->spool);
}

bool outbox_is_busy(const struct outbox *outbox)
{
	if (!outbox_is_released(outbox))
		return true;
	for (size_t i = 0; i < outbox->count; i++) {
		const struct post *post = &outbox->posts[i];
		if (post->given > post->settled && post->sink->health.up)
			return true;
	}
	return false;
}

/* ---- sinks that are down ---- */

/* A finding of the reporter's own goes the way of all findings. */
static void raise(struct outbox *outbox, const struct watch *watch, const char *name, const char *problem,
		  enum finding_state state, int64_t monotonic_ns, int64_t wall_ns)
{
	struct record record = { .type = RECORD_FINDING, .time_ns = wall_ns };
	struct finding *finding = &record.finding;
	char *line;

	finding->time_ns = finding->last_ns = wall_ns;
	finding->first_ns = watch->since_wall_ns < wall_ns ? watch->since_wall_ns : wall_ns;
	finding->alert = watch->alert;
	finding->id = FINDING_SINK_DOWN;
	finding->state = state;
	finding->severity = catalogue_row(FINDING_SINK_DOWN)->severity;
	finding->subject = SUBJECT_SENSOR;
	finding->count = 1;
	if (state == FINDING_CLEAR) {
		finding->cleared_by = "up-again";
		snprintf(finding->text, sizeof(finding->text), "The %s is up again after %.0f seconds.", name,
			 (double)(monotonic_ns - watch->since_ns) / 1e9);
	} else {
		snprintf(finding->text, sizeof(finding->text), "The %s is down: %.200s.", name, problem);
		finding_note_text(finding, "problem", problem);
	}
	finding_note_text(finding, "sink", name);
	line = record_to_json(&record, outbox->sensor);
	if (line)
		outbox_take(outbox, &record, line, strlen(line), monotonic_ns);
	free(line);
}

/* Notes whether it is up. True when it is up again after it was told to be down. */
static bool watch_over(struct outbox *outbox, struct watch *watch, const char *name, bool up, const char *problem,
		       int64_t monotonic_ns, int64_t wall_ns)
{
	char text[320];
	bool again = false;

	if (!up && !watch->down) {
		*watch = (struct watch){ .down = true, .since_ns = monotonic_ns, .since_wall_ns = wall_ns };
		snprintf(text, sizeof(text), "sink %s is down: %s; findings are kept for it", name, problem);
		say(outbox, NOTICE_WARNING, wall_ns, text);
	}
	if (!up && !watch->told && monotonic_ns - watch->since_ns >= OUTBOX_PATIENCE_MS * MILLISECOND) {
		watch->told = true;
		watch->alert = (uint64_t)watch->since_wall_ns;
		for (const char *at = name; *at; at++) /* two sinks may go down in the same instant */
			watch->alert = (watch->alert ^ (uint8_t)*at) * 0x100000001b3;
		raise(outbox, watch, name, problem, FINDING_OPEN, monotonic_ns, wall_ns);
	}
	if (up && watch->down) {
		snprintf(text, sizeof(text), "sink %s is up again", name);
		say(outbox, NOTICE_INFO, wall_ns, text);
		again = watch->told;
		if (again)
			raise(outbox, watch, name, problem, FINDING_CLEAR, monotonic_ns, wall_ns);
		watch->down = watch->told = false;
	}
	return again;
}

static void watch_spool(struct outbox *outbox, int64_t monotonic_ns, int64_t wall_ns)
{
	struct spool_health health;
	char text[SPOOL_TOLD];

	while (spool_tell(outbox->spool, text))
		say(outbox, NOTICE_WARNING, wall_ns, text);
	spool_read_health(outbox->spool, &health);
	watch_over(outbox, &outbox->spool_watch, "spool", health.up, health.problem, monotonic_ns, wall_ns);
	if (health.lost == outbox->spool_lost)
		return;
	snprintf(text, sizeof(text), "the spool had to give up %llu record%s that not every sink had got",
		 (unsigned long long)(health.lost - outbox->spool_lost),
		 finding_plural(health.lost - outbox->spool_lost));
	outbox->spool_lost = health.lost;
	say(outbox, NOTICE_WARNING, wall_ns, text);
}

/* Ends an alert of which only the line is left. */
static void end_alert(struct outbox *outbox, const char *line, const char *cleared_by, int64_t monotonic_ns,
		      int64_t wall_ns)
{
	struct record record;
	char *text;

	if (!record_from_json(line, strlen(line), &outbox->reader, &record) || record.type != RECORD_FINDING)
		return;
	record.time_ns = record.finding.time_ns = wall_ns;
	record.finding.state = FINDING_CLEAR;
	record.finding.cleared_by = cleared_by;
	record.finding.record = 0;
	record.finding.not_durable = false;
	text = record_to_json(&record, outbox->sensor);
	if (text)
		spool_finding(outbox, &record, text, strlen(text), monotonic_ns);
	free(text);
}

struct lines {
	char *lines[OUTBOX_SINKS_MAX + 1]; /* owned */
	size_t count;
};

static void note_sink_down(void *context, const char *line)
{
	struct lines *lines = context;

	if (lines->count <= OUTBOX_SINKS_MAX && strstr(line, "\"id\":\"sink-down\""))
		lines->lines[lines->count++] = strdup(line);
}

/* A reporter before this one said that a sink was down; if it still is, this one will say so in its turn. */
static void end_former_outages(struct outbox *outbox, int64_t monotonic_ns, int64_t wall_ns)
{
	struct lines found = { .count = 0 };

	standing_each_alert(outbox->standing, INT64_MIN, note_sink_down, &found);
	for (size_t i = 0; i < found.count; i++) {
		if (found.lines[i])
			end_alert(outbox, found.lines[i], "reporter-restarted", monotonic_ns, wall_ns);
		free(found.lines[i]);
	}
}

/* What a former engine told of and the present one did not come upon is over, as far as anyone can tell. */
static void end_overdue(struct outbox *outbox, int64_t monotonic_ns, int64_t wall_ns)
{
	for (unsigned i = 0; i < 64; i++) {
		const char *line = standing_overdue(outbox->standing, monotonic_ns);
		char *copy = line ? strdup(line) : NULL;

		if (!copy)
			return;
		end_alert(outbox, copy, "not-seen-again", monotonic_ns, wall_ns);
		free(copy);
	}
}

static void owe(struct post *post, int64_t since_ns)
{
	post->since_ns = post->owes && post->since_ns < since_ns ? post->since_ns : since_ns;
	post->owes = true;
}

void outbox_tick(struct outbox *outbox, int64_t monotonic_ns, int64_t wall_ns)
{
	outbox->wall_ns = wall_ns;
	for (size_t i = 0; i < outbox->count; i++) {
		struct post *post = &outbox->posts[i];

		sink_tick(post->sink, monotonic_ns);
		if (watch_over(outbox, &post->watch, post->sink->name, post->sink->health.up,
			       post->sink->health.problem, monotonic_ns, wall_ns))
			owe(post, INT64_MIN);
		else if (post->sink->health.outages != post->outages)
			owe(post, monotonic_ns - OUTBOX_DOUBT_MS * MILLISECOND);
		post->outages = post->sink->health.outages;
	}
	watch_spool(outbox, monotonic_ns, wall_ns);
	if (!outbox->begun)
		end_former_outages(outbox, monotonic_ns, wall_ns);
	outbox->begun = true;
	end_overdue(outbox, monotonic_ns, wall_ns);
	outbox_pump(outbox, monotonic_ns);
}

struct sink *const *outbox_sinks(const struct outbox *outbox)
{
	return outbox->sinks;
}

size_t outbox_count(const struct outbox *outbox)
{
	return outbox->count;
}

const struct spool *outbox_spool(const struct outbox *outbox)
{
	return outbox->spool;
}
