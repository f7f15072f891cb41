/* SPDX-License-Identifier: Apache-2.0 */
/* Meaning of the section `health`: from when on the sensor says of itself that it is blind. Called by config_build.c. */
#include "config_build.h"

#include <string.h>

#define SECONDS(count) ((uint64_t)(count)*1000000000)
#define DAYS(count) SECONDS((count)*86400)

static const struct config_range down_range = { SECONDS(1), SECONDS(3600), "1s to 1h" };
static const struct config_range silence_range = { SECONDS(1), DAYS(30), "1s to 30d" };
static const struct config_range drops_range = { 1, 1000000, "0.0001% to 100%, or 'none'" };
static const struct config_range count_range = { 1, 1000000, "1 to 1M, or 'none'" };
static const struct config_range step_range = { 100000000, DAYS(1), "100ms to 1d" };
static const struct config_range over_range = { SECONDS(1), DAYS(1), "1s to 1d" };

bool config_read_silence(const char *text, int64_t *silent_after_ns, struct config_reason *reason)
{
	static const struct config_range range = { SECONDS(1), DAYS(30), "1s to 30d, 'auto' or 'never'" };

	if (strcmp(text, "auto") == 0)
		*silent_after_ns = 0;
	else if (strcmp(text, "never") == 0)
		*silent_after_ns = -1;
	else
		return config_read_duration(text, &range, silent_after_ns, reason);
	return true;
}

static bool read_count(const char *text, uint32_t *count, struct config_reason *reason)
{
	return config_read_count(text, &count_range, count, reason);
}

static bool read_drops(const char *text, uint32_t *millionths, struct config_reason *reason)
{
	return config_read_share(text, &drops_range, millionths, reason);
}

bool config_build_health(struct config_health *health, const struct config_document *document,
			 const struct config_file_health *file, struct config_error *error)
{
	const struct {
		const char *key, *text;
		const struct config_range *range;
		int64_t *ns;
	} durations[] = {
		{ "down-after", file->down_after, &down_range, &health->down_after_ns },
		{ "silent-after", file->silent_after, &silence_range, &health->silent_after_ns },
		{ "clock-step", file->clock_step, &step_range, &health->clock_step_ns },
		{ "over-after", file->over_after, &over_range, &health->over_after_ns },
	};
	const struct {
		const char *key, *text;
		bool (*read)(const char *text, uint32_t *value, struct config_reason *reason);
		uint32_t *value;
	} bounds[] = {
		{ "drops", file->drops, read_drops, &health->drops },
		{ "merged-frames", file->merged_frames, read_count, &health->merged_frames },
		{ "one-way", file->one_way, read_count, &health->one_way },
	};
	const struct config_path section = { "health" };
	struct config_path place;
	struct config_reason reason;

	for (size_t i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
		if (!durations[i].text ||
		    config_read_duration(durations[i].text, durations[i].range, durations[i].ns, &reason))
			continue;
		place = config_path_key(&section, durations[i].key);
		return config_document_fail(document, error, &place, "%s", reason.text);
	}
	for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
		if (!bounds[i].text)
			continue;
		if (strcmp(bounds[i].text, "none") == 0)
			*bounds[i].value = 0;
		else if (!bounds[i].read(bounds[i].text, bounds[i].value, &reason)) {
			place = config_path_key(&section, bounds[i].key);
			return config_document_fail(document, error, &place, "%s", reason.text);
		}
	}
	return true;
}
