/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Meaning of the section `alerts`: switches, limits, maintenance. Called by config_build.c.
 *
 * Times are UTC: a sensor that moves with its network, or a summer time that begins, changes no window.
 */
#include "config_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)
#define DAY (24 * 60 * MINUTE)

enum { GROUP_MAX = 16, EPOCH_WEEKDAY = 4 /* 1970-01-01 was a Thursday; Sunday is 0 */ };

static const struct config_range rate_range = { 1, 1000000, "1 to 1M, or 'none'" };
static const struct config_range group_range = { 2, GROUP_MAX, "2 to 16, or 'none'" };
static const char *const weekdays[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

/* Days from 1970-01-01 to a day of the Gregorian calendar, counted in eras of 400 years from 1 March. */
static int64_t days_from_civil(int year, int month, int day)
{
	int64_t shifted = month <= 2 ? year - 1 : year;
	int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	int64_t of_era = shifted - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* "YYYY-MM-DD HH:MM", all of the text that is left up to `end`. */
static bool read_moment(const char *text, size_t length, int64_t *ns)
{
	int year, month, day, hour, minute, used = 0;
	char copy[32];

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (sscanf(copy, "%4d-%2d-%2d %2d:%2d%n", &year, &month, &day, &hour, &minute, &used) != 5 ||
	    (size_t)used != length)
		return false;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > month_days(year, month) || hour < 0 ||
	    hour > 23 || minute < 0 || minute > 59)
		return false;
	*ns = days_from_civil(year, month, day) * DAY + (hour * 60 + minute) * MINUTE;
	return true;
}

/* "HH:MM-HH:MM"; the end may be 24:00. */
static bool read_times(const char *text, int64_t *from_ns, int64_t *until_ns)
{
	int hours[2], minutes[2], used = 0;

	if (sscanf(text, "%2d:%2d-%2d:%2d%n", &hours[0], &minutes[0], &hours[1], &minutes[1], &used) != 4 || text[used])
		return false;
	for (unsigned i = 0; i < 2; i++)
		if (hours[i] < 0 || hours[i] > 23 + (int)i || minutes[i] < 0 || minutes[i] > 59 ||
		    (hours[i] == 24 && minutes[i]))
			return false;
	*from_ns = (hours[0] * 60 + minutes[0]) * MINUTE;
	*until_ns = (hours[1] * 60 + minutes[1]) * MINUTE;
	if (*until_ns <= *from_ns)
		*until_ns += DAY;
	return *until_ns > *from_ns;
}

bool config_read_window(const char *text, int64_t *from_ns, int64_t *until_ns, int64_t *every_ns,
			struct config_reason *reason)
{
	const char *to = strstr(text, " to ");
	struct config_quoted quoted;

	*every_ns = 0;
	if (to && read_moment(text, (size_t)(to - text), from_ns) && read_moment(to + 4, strlen(to + 4), until_ns)) {
		if (*until_ns > *from_ns)
			return true;
		config_reason_set(reason, "'%s' ends before it begins", config_quote(&quoted, text));
		return false;
	}
	if (strncmp(text, "daily ", 6) == 0 && read_times(text + 6, from_ns, until_ns)) {
		*every_ns = DAY;
		return true;
	}
	for (int weekday = 0; weekday < 7; weekday++) {
		if (strncmp(text, weekdays[weekday], 3) != 0 || text[3] != ' ' ||
		    !read_times(text + 4, from_ns, until_ns))
			continue;
		int64_t days = (weekday - EPOCH_WEEKDAY + 7) % 7;
		*from_ns += days * DAY;
		*until_ns += days * DAY;
		*every_ns = 7 * DAY;
		return true;
	}
	config_reason_set(
	    reason,
	    "'%s' is not a time: 'daily 02:00-04:00', 'sun 02:00-04:00' and '2026-11-22 02:00 to 2026-11-22 "
	    "04:00' are possible, in UTC",
	    config_quote(&quoted, text));
	return false;
}

void config_alerts_clear(struct config_alerts *alerts)
{
	for (size_t i = 0; i < alerts->maintenance_count; i++) {
		free(alerts->maintenance[i].name);
		free(alerts->maintenance[i].hosts);
	}
	free(alerts->maintenance);
}

/* What a step needs. */
struct place {
	const struct config_document *document;
	struct config_error *error;
	struct config_path path;
};

static bool fail(const struct place *place, const char *key, const struct config_reason *reason)
{
	struct config_path path = config_path_key(&place->path, key);

	return config_document_fail(place->document, place->error, &path, "%s", reason->text);
}

static bool fail_memory(const struct place *place)
{
	config_error_at(place->error, place->document->name, 0, "", "not enough memory for the maintenance windows");
	return false;
}

static bool build_window(const struct place *place, struct config_file_maintenance *file,
			 struct config_maintenance *window)
{
	struct config_reason reason;

	if (!config_read_window(file->at, &window->from_ns, &window->until_ns, &window->every_ns, &reason))
		return fail(place, "at", &reason);
	window->hosts = calloc(file->hosts_count + 1, sizeof(*window->hosts));
	if (!window->hosts)
		return fail_memory(place);
	for (unsigned i = 0; i < file->hosts_count; i++) {
		struct config_path hosts = config_path_key(&place->path, "hosts"), item = config_path_index(&hosts, i);
		if (!config_read_prefix(file->hosts[i], &window->hosts[i], &reason))
			return config_document_fail(place->document, place->error, &item, "%s", reason.text);
		window->host_count++;
	}
	window->name = file->name;
	file->name = NULL;
	return true;
}

/* A count, or `none`, which is 0. */
static bool read_or_none(const char *text, const struct config_range *range, uint32_t *count,
			 struct config_reason *reason)
{
	if (strcmp(text, "none") == 0) {
		*count = 0;
		return true;
	}
	return config_read_count(text, range, count, reason);
}

bool config_build_alerts(struct config_alerts *alerts, const struct config_document *document,
			 struct config_file_alerts *file, struct config_error *error)
{
	struct place place = { document, error, { "alerts" } };
	struct config_reason reason;

	if (file->off)
		alerts->off = *file->off;
	if (file->per_minute && !read_or_none(file->per_minute, &rate_range, &alerts->per_minute, &reason))
		return fail(&place, "per-minute", &reason);
	if (file->group_of && !read_or_none(file->group_of, &group_range, &alerts->group_of, &reason))
		return fail(&place, "group-of", &reason);
	if (!file->maintenance_count)
		return true;
	alerts->maintenance = calloc(file->maintenance_count, sizeof(*alerts->maintenance));
	if (!alerts->maintenance)
		return fail_memory(&place);
	struct config_path list = config_path_key(&place.path, "maintenance");
	for (unsigned i = 0; i < file->maintenance_count; i++) {
		place.path = config_path_index(&list, i);
		alerts->maintenance_count++;
		if (!build_window(&place, &file->maintenance[i], &alerts->maintenance[i]))
			return false;
	}
	return true;
}
