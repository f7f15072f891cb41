/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the finding's enumerations, and the notes of evidence. Pure: no allocation, no clock, no log. Called by the
 * judge (notes) and by everything that writes or reads records (names). An enumerator out of range has the name "?",
 * so that a formatter never follows a wild pointer.
 */
#include "finding.h"

#include <stdlib.h>
#include <string.h>

static const char *const state_names[FINDING_STATE_COUNT] = {
	[FINDING_OPEN] = "open",
	[FINDING_UPDATE] = "update",
	[FINDING_CLEAR] = "clear",
};

static const char *const severity_names[SEVERITY_COUNT] = {
	[SEVERITY_CRITICAL] = "critical", [SEVERITY_HIGH] = "high", [SEVERITY_MEDIUM] = "medium",
	[SEVERITY_LOW] = "low",           [SEVERITY_INFO] = "info",
};

static const char *const grade_names[GRADE_COUNT] = {
	[GRADE_OBSERVED] = "observed",
	[GRADE_LIKELY] = "likely",
	[GRADE_POSSIBLE] = "possible",
};

static const char *const subject_names[SUBJECT_COUNT] = {
	[SUBJECT_PAIR] = "pair",
	[SUBJECT_HOST] = "host",
	[SUBJECT_SA] = "sa",
	[SUBJECT_SENSOR] = "sensor",
};

static const char *name_at(const char *const names[], size_t count, size_t index)
{
	return index < count ? names[index] : "?";
}

static int find_in(const char *const names[], size_t count, const char *name)
{
	if (!name)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

const char *finding_state_name(enum finding_state state)
{
	return name_at(state_names, FINDING_STATE_COUNT, state);
}

const char *finding_severity_name(enum finding_severity severity)
{
	return name_at(severity_names, SEVERITY_COUNT, severity);
}

const char *finding_grade_name(enum finding_grade grade)
{
	return name_at(grade_names, GRADE_COUNT, grade);
}

const char *finding_subject_name(enum finding_subject subject)
{
	return name_at(subject_names, SUBJECT_COUNT, subject);
}

int finding_state_find(const char *name)
{
	return find_in(state_names, FINDING_STATE_COUNT, name);
}

int finding_severity_find(const char *name)
{
	return find_in(severity_names, SEVERITY_COUNT, name);
}

int finding_grade_find(const char *name)
{
	return find_in(grade_names, GRADE_COUNT, name);
}

int finding_subject_find(const char *name)
{
	return find_in(subject_names, SUBJECT_COUNT, name);
}

bool finding_number_read(const char *text, uint64_t *number)
{
	enum { DIGITS = 16 };

	if (!text || strlen(text) != DIGITS || strspn(text, "0123456789abcdef") != DIGITS)
		return false;
	*number = strtoull(text, NULL, 16);
	return true;
}

bool finding_is_test(const struct finding *finding)
{
	for (size_t i = 0; i < finding->evidence_count; i++) {
		const struct finding_evidence *note = &finding->evidence[i];
		if (note->kind == EVIDENCE_BOOLEAN && note->integer && strcmp(note->key, FINDING_EVIDENCE_TEST) == 0)
			return true;
	}
	return false;
}

bool finding_is_grouped(const struct finding *finding)
{
	return finding->state == FINDING_CLEAR && finding->cleared_by &&
	       strcmp(finding->cleared_by, FINDING_GROUPED) == 0;
}

bool finding_has_capture(const struct finding *finding)
{
	return !catalogue_is_event(finding->id) && (finding->has_pair || finding->subject == SUBJECT_HOST);
}

/* The next free note, cleared, or NULL when there is no room. */
static struct finding_evidence *next_note(struct finding *finding, const char *key)
{
	struct finding_evidence *note;

	if (finding->evidence_count >= FINDING_EVIDENCE_MAX)
		return NULL;
	note = &finding->evidence[finding->evidence_count++];
	*note = (struct finding_evidence){ .key = key };
	return note;
}

void finding_note_integer(struct finding *finding, const char *key, int64_t value)
{
	struct finding_evidence *note = next_note(finding, key);

	if (note) {
		note->kind = EVIDENCE_INTEGER;
		note->integer = value;
	}
}

void finding_note_real(struct finding *finding, const char *key, double value)
{
	struct finding_evidence *note = next_note(finding, key);

	if (note) {
		note->kind = EVIDENCE_REAL;
		note->real = value;
	}
}

void finding_note_boolean(struct finding *finding, const char *key, bool value)
{
	struct finding_evidence *note = next_note(finding, key);

	if (note) {
		note->kind = EVIDENCE_BOOLEAN;
		note->integer = value;
	}
}

void finding_note_text(struct finding *finding, const char *key, const char *value)
{
	struct finding_evidence *note = next_note(finding, key);

	if (note) {
		note->kind = EVIDENCE_TEXT;
		note->text = value;
	}
}

void finding_note_spi(struct finding *finding, const char *key, uint32_t spi)
{
	struct finding_evidence *note = next_note(finding, key);

	if (note) {
		note->kind = EVIDENCE_SPI;
		note->integer = spi;
	}
}

void finding_mark_cut(char *text, size_t size)
{
	static const char mark[] = FINDING_CUT;
	size_t at = size > sizeof(mark) ? size - sizeof(mark) : 0;

	while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	if (size >= sizeof(mark))
		memcpy(text + at, mark, sizeof(mark));
}

void finding_note_words(struct finding *finding, const char *key, const char *value)
{
	size_t room = FINDING_WORDS_SIZE - finding->words_used;
	size_t length = strlen(value);
	bool cut = length > room - 1;

	if (room < 2)
		return;
	if (cut)
		length = room - 1;
	char *copy = finding->words + finding->words_used;
	memcpy(copy, value, length);
	copy[length] = '\0';
	if (cut)
		finding_mark_cut(copy, room);
	finding->words_used += length + 1;
	finding_note_text(finding, key, copy);
}

void finding_note_address(struct finding *finding, const char *key, const struct address *value)
{
	struct finding_evidence *note = next_note(finding, key);

	if (note) {
		note->kind = EVIDENCE_ADDRESS;
		note->address = *value;
	}
}

void finding_note_time(struct finding *finding, const char *key, int64_t time_ns)
{
	struct finding_evidence *note = next_note(finding, key);

	if (note) {
		note->kind = EVIDENCE_TIME;
		note->integer = time_ns;
	}
}
