/* SPDX-License-Identifier: Apache-2.0 */
/* config_alerts.c: switches, limits, maintenance windows, and what they may not be. */
#include "config/config.h"
#include "config/config_values.h"
#include "../suite.h"

#include <check.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

static struct config *parse(const char *yaml, struct config_error *error)
{
	return config_parse("t.yaml", yaml, strlen(yaml), error);
}

START_TEST(all_of_it)
{
	struct config_error error;
	struct config *config = parse("alerts:\n"
				      "  off: [sa-up, sa-down]\n"
				      "  per-minute: 1k\n"
				      "  group-of: none\n"
				      "  maintenance:\n"
				      "    - { name: night, hosts: [10.1.0.0/16, 192.0.2.9], at: daily 23:00-01:30 }\n"
				      "    - { name: all, at: 2026-02-28 00:00 to 2026-03-01 00:00 }\n",
				      &error);

	ck_assert_msg(config != NULL, "%s", error.text);
	ck_assert_uint_eq(config->alerts.off, CONFIG_EVENT_SA_UP | CONFIG_EVENT_SA_DOWN);
	ck_assert_uint_eq(config->alerts.per_minute, 1000);
	ck_assert_uint_eq(config->alerts.group_of, 0);
	ck_assert_uint_eq(config->alerts.maintenance_count, 2);
	const struct config_maintenance *windows = config->alerts.maintenance;
	ck_assert_str_eq(windows[0].name, "night");
	ck_assert_uint_eq(windows[0].host_count, 2);
	ck_assert_uint_eq(windows[0].hosts[0].length, 112);
	ck_assert_int_eq(windows[0].from_ns, 23 * HOUR);
	ck_assert_int_eq(windows[0].until_ns, 25 * HOUR + HOUR / 2);
	ck_assert_int_eq(windows[0].every_ns, DAY);
	ck_assert_uint_eq(windows[1].host_count, 0);
	ck_assert_int_eq(windows[1].from_ns, INT64_C(1772236800) * SECOND);
	ck_assert_int_eq(windows[1].until_ns - windows[1].from_ns, DAY);
	ck_assert_int_eq(windows[1].every_ns, 0);
	config_free(config);
}
END_TEST

START_TEST(nothing_of_it)
{
	static const char *const files[] = { "sensor: s\n", "alerts:\n", "alerts:\n  off:\n  maintenance:\n" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct config_error error;
		struct config *config = parse(files[i], &error);
		ck_assert_msg(config != NULL, "%s", error.text);
		ck_assert_uint_eq(config->alerts.off, 0);
		ck_assert_uint_eq(config->alerts.per_minute, 300);
		ck_assert_uint_eq(config->alerts.group_of, 5);
		ck_assert_uint_eq(config->alerts.maintenance_count, 0);
		config_free(config);
	}
}
END_TEST

START_TEST(windows)
{
	static const struct {
		const char *text;
		int64_t from, until, every; /* seconds; until 0: not a time */
	} cases[] = {
		{ "daily 02:00-04:00", 7200, 14400, 86400 },
		{ "daily 00:00-24:00", 0, 86400, 86400 },
		{ "daily 22:00-02:00", 79200, 93600, 86400 },
		{ "thu 00:00-00:01", 0, 60, 604800 },
		{ "wed 12:00-13:00", 6 * 86400 + 43200, 6 * 86400 + 46800, 604800 },
		{ "sun 02:00-04:00", 3 * 86400 + 7200, 3 * 86400 + 14400, 604800 },
		{ "1970-01-01 00:00 to 1970-01-02 00:00", 0, 86400, 0 },
		{ "2000-02-29 12:00 to 2000-03-01 12:00", 951825600, 951912000, 0 },
		{ "2026-11-22 02:00 to 2026-11-22 04:00", 1795312800, 1795320000, 0 },
		{ "daily 02:00", 0, 0, 0 },
		{ "daily 25:00-26:00", 0, 0, 0 },
		{ "daily 02:60-04:00", 0, 0, 0 },
		{ "daily 02:00-04:00 ", 0, 0, 0 },
		{ "daily", 0, 0, 0 },
		{ "sunday 02:00-04:00", 0, 0, 0 },
		{ "02:00-04:00", 0, 0, 0 },
		{ "2026-02-29 00:00 to 2026-03-01 00:00", 0, 0, 0 },
		{ "2026-13-01 00:00 to 2027-01-01 00:00", 0, 0, 0 },
		{ "2026-11-22 04:00 to 2026-11-22 02:00", 0, 0, 0 },
		{ "2026-11-22 04:00 to 2026-11-22 04:00", 0, 0, 0 },
		{ "2026-11-22 02:00 to ", 0, 0, 0 },
		{ "2026-11-22 02:00", 0, 0, 0 },
		{ "", 0, 0, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_reason reason = { "" };
		int64_t from = 0, until = 0, every = 0;
		bool read = config_read_window(cases[i].text, &from, &until, &every, &reason);
		ck_assert_msg(read == (cases[i].until != 0), "'%s': %s", cases[i].text, reason.text);
		if (!read) {
			ck_assert_ptr_nonnull(strstr(reason.text, cases[i].text));
			continue;
		}
		ck_assert_msg(from == cases[i].from * SECOND && until == cases[i].until * SECOND &&
				  every == cases[i].every * SECOND,
			      "'%s': %lld to %lld every %lld", cases[i].text, (long long)(from / SECOND),
			      (long long)(until / SECOND), (long long)(every / SECOND));
	}
}
END_TEST

START_TEST(mistakes)
{
	static const struct {
		const char *yaml, *says;
	} cases[] = {
		{ "alerts: { off: [sa-dwon] }\n", "did you mean 'sa-down'" },
		{ "alerts: { off: [cleartext-leak] }\n", "t.yaml:1: alerts.off" },
		{ "alerts: { per-minute: 0 }\n", "alerts.per-minute" },
		{ "alerts: { group-of: 1 }\n", "alerts.group-of" },
		{ "alerts: { group-of: 17 }\n", "2 to 16" },
		{ "alerts:\n  maintenance:\n    - { name: x }\n", "'at'" },
		{ "alerts:\n  maintenance:\n    - { at: daily 02:00-04:00 }\n", "'name'" },
		{ "alerts:\n  maintenance:\n    - { name: x, at: nightly }\n",
		  "t.yaml:3: alerts.maintenance[0].at: 'nightly'" },
		{ "alerts:\n  maintenance:\n    - { name: x, at: daily 02:00-04:00, hosts: [10.0.0.0/33] }\n",
		  "alerts.maintenance[0].hosts[0]" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_error error;
		ck_assert_ptr_null(parse(cases[i].yaml, &error));
		ck_assert_msg(strstr(error.text, cases[i].says) != NULL, "%s", error.text);
	}
}
END_TEST

SUITE_MAIN("config_alerts", all_of_it, nothing_of_it, windows, mistakes)
