/* SPDX-License-Identifier: Apache-2.0 */
/* Captures of alerts for tests: a folder, what is told of alerts, numbered frames, and what a reader makes of them. */
#ifndef ESPIAL_TESTS_DAEMON_EVIDENCE_CAPTURES_H
#define ESPIAL_TESTS_DAEMON_EVIDENCE_CAPTURES_H

#include "../../daemon/capture_file.h"
#include "../../daemon/report/evidence_folder.h"
#include "../../daemon/report/evidence_parcel.h"
#include "../suite.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)
#define NOW (INT64_C(1800000000) * SECOND)

enum { ALERT = 0xa1, READ_MAX = 4096 };

static char folder_path[] = "check_evidence.XXXXXX";
static unsigned notices;
static char notice[512];

static inline void on_notice(void *context, const struct record *record)
{
	(void)context;
	notices++;
	snprintf(notice, sizeof(notice), "%s", record->notice.text);
}

static inline void remove_all(void)
{
	DIR *folder = opendir(folder_path);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
}

static inline struct evidence_folder_settings usual(void)
{
	return (struct evidence_folder_settings){ .path = folder_path,
						  .sensor = "edge-1",
						  .file_size = 64 << 10,
						  .size = 1 << 20,
						  .keep_ns = 30 * DAY,
						  .notices = { on_notice, NULL } };
}

static inline struct evidence_folder *begin(const struct evidence_folder_settings *settings)
{
	struct evidence_folder_settings defaults = usual();
	struct evidence_folder *folder = evidence_folder_new(settings ? settings : &defaults);

	ck_assert_ptr_nonnull(folder);
	notices = 0;
	return folder;
}

static inline struct finding leak(uint64_t alert, enum finding_state state)
{
	struct finding finding = { .alert = alert,
				   .id = FINDING_CLEARTEXT_LEAK,
				   .cause = CAUSE_SA_LOST,
				   .state = state,
				   .severity = SEVERITY_HIGH,
				   .subject = SUBJECT_PAIR,
				   .has_pair = true,
				   .first_ns = NOW,
				   .last_ns = NOW,
				   .time_ns = NOW,
				   .count = 3 };
	static const uint8_t a[] = { 192, 0, 2, 1 }, b[] = { 192, 0, 2, 2 };
	finding.a = address_from_ipv4(a);
	finding.b = address_from_ipv4(b);
	finding.cleared_by = state == FINDING_CLEAR ? "secured-again" : NULL;
	snprintf(finding.text, sizeof(finding.text), "sentence %d", (int)state);
	return finding;
}

static inline void tell(struct evidence_folder *folder, uint64_t alert, enum finding_state state)
{
	struct finding finding = leak(alert, state);
	evidence_folder_tell(folder, alert, &finding);
}

/* ---- frames ---- */

/* The n-th frame of the test; its octets are told from n. */
static inline struct frame numbered(unsigned n, uint8_t *octets)
{
	static const uint16_t links[] = { 1, 1, 113, 101, 276 };
	struct frame frame = { .bytes = octets,
			       .captured = n % 7 == 3 ? 0 : 14 + n * 13 % 180,
			       .time_ns = NOW + n * INT64_C(1000003),
			       .link_type = links[n % 5],
			       .interface = (uint16_t)(n % 3) };
	frame.length = frame.captured + n * 31 % 1400;
	for (uint32_t i = 0; i < frame.captured; i++)
		octets[i] = (uint8_t)(n * 7 + i);
	return frame;
}

static inline const char *name_of(uint16_t interface)
{
	static const char *const names[] = { "eth0", "tap \xff\n1", NULL };
	return names[interface];
}

/* Says nothing to libcheck, which writes down each assertion and could not while files may not grow. */
static inline bool add_quietly(struct evidence_folder *folder, uint64_t alert, unsigned first, unsigned count)
{
	static struct evidence_parcel parcel;
	uint8_t octets[256];
	bool good = true;

	evidence_parcel_begin(&parcel, alert, 0);
	for (unsigned n = first; n < first + count; n++) {
		struct frame frame = numbered(n, octets);
		good &= evidence_parcel_put(&parcel, &frame, n % 4 ? EVIDENCE_MARK_NONE : EVIDENCE_MARK_CLEAR,
					    name_of(frame.interface));
	}
	return evidence_folder_add(folder, alert, parcel.octets, parcel.used, NOW) && good;
}

static inline void add_numbered(struct evidence_folder *folder, uint64_t alert, unsigned first, unsigned count)
{
	ck_assert(add_quietly(folder, alert, first, count));
}

static inline void path_of(uint64_t alert, char path[256])
{
	snprintf(path, 256, "%s/%016llx.pcapng", folder_path, (unsigned long long)alert);
}

static inline bool is_there(uint64_t alert)
{
	char path[256];

	path_of(alert, path);
	return access(path, F_OK) == 0;
}

/* Reads the capture by capture_file.h and holds it to the numbered frames from `first` on. */
static inline void check_numbered(uint64_t alert, unsigned first, unsigned count)
{
	static struct frame frames[READ_MAX];
	struct capture_file_error error;
	uint8_t octets[256];
	char path[256];
	unsigned read = 0;

	path_of(alert, path);
	struct capture_file *file = capture_file_open(path, &error);
	ck_assert_msg(file != NULL, "%s", file ? "" : error.text);
	for (unsigned more; (more = capture_file_next(file, frames, READ_MAX)) > 0; read += more) {
		for (unsigned i = 0; i < more; i++) {
			struct frame expected = numbered(first + read + i, octets);
			ck_assert_uint_eq(frames[i].captured, expected.captured);
			ck_assert_uint_eq(frames[i].length, expected.length);
			ck_assert_int_eq(frames[i].time_ns, expected.time_ns);
			ck_assert_uint_eq(frames[i].link_type, expected.link_type);
			ck_assert_int_eq(memcmp(frames[i].bytes, octets, expected.captured), 0);
			const char *name = capture_file_interface_name(file, frames[i].interface);
			if (expected.interface == 0)
				ck_assert_str_eq(name, "eth0");
			else if (expected.interface == 1)
				ck_assert_ptr_nonnull(strstr(name, "tap "));
		}
	}
	ck_assert_msg(capture_file_sound(file, &error), "%s", error.text);
	ck_assert_uint_eq(read, count);
	capture_file_close(file);
}

static inline size_t size_of(uint64_t alert)
{
	struct stat status;
	char path[256];

	path_of(alert, path);
	ck_assert_int_eq(stat(path, &status), 0);
	return (size_t)status.st_size;
}

/* The whole file as text, NULs made spaces: for comments. */
static inline const char *text_of(uint64_t alert)
{
	static char text[256 << 10];
	char problem[256];
	size_t length;
	uint8_t *octets = evidence_folder_read(folder_path, alert, &length, problem, sizeof(problem));

	ck_assert_msg(octets != NULL, "%s", problem);
	ck_assert_uint_lt(length, sizeof(text));
	for (size_t i = 0; i < length; i++)
		text[i] = octets[i] ? (char)octets[i] : ' ';
	text[length] = '\0';
	free(octets);
	return text;
}

#endif
