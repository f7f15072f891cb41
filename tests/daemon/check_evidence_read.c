/* SPDX-License-Identifier: Apache-2.0 */
/* Reading captures of alerts: a disk that fails for a moment, and what the control socket hands out. */
#include "../../daemon/control_evidence.h"
#include "evidence_captures.h"

#include <errno.h>
#include <sys/syscall.h>

/* Stands before that of the C library: while it is told so, a disk that fails once there were some octets. */
static bool disk_fails;

ssize_t read(int descriptor, void *octets, size_t room)
{
	static bool given;

	if (disk_fails && given) {
		given = false;
		errno = EIO;
		return -1;
	}
	ssize_t count = syscall(SYS_read, descriptor, octets, disk_fails && room > 100 ? 100 : room);
	given = disk_fails && count > 0;
	return count;
}

/* A disk that cannot be read for a moment costs the frames of that moment, and none of those before. */
START_TEST(a_disk_that_fails_to_read)
{
	struct evidence_folder *folder = begin(NULL);
	char problem[256];
	size_t length, before;

	tell(folder, ALERT, FINDING_OPEN);
	add_numbered(folder, ALERT, 0, 40);
	evidence_folder_free(folder);
	before = size_of(ALERT);
	disk_fails = true;
	uint8_t *octets = evidence_folder_read(folder_path, ALERT, &length, problem, sizeof(problem));
	/* The next reporter takes the file over, and cannot yet; nor can it say in it that all is over. */
	folder = begin(NULL);
	tell(folder, ALERT, FINDING_OPEN);
	bool added = add_quietly(folder, ALERT, 40, 5);
	tell(folder, ALERT, FINDING_CLEAR);
	disk_fails = false;
	ck_assert_ptr_null(octets);
	ck_assert_msg(strstr(problem, "cannot be read: Input/output error") != NULL, "%s", problem);
	ck_assert(added);
	ck_assert_uint_eq(size_of(ALERT), before);
	ck_assert(!evidence_folder_health(folder)->up);
	ck_assert_uint_eq(evidence_folder_health(folder)->dropped, 5);
	add_numbered(folder, ALERT, 40, 5);
	ck_assert(evidence_folder_health(folder)->up);
	check_numbered(ALERT, 0, 45);
	evidence_folder_free(folder);
	remove_all();
}
END_TEST

/* The lines of the control socket, put together again; and what is said where not all of them find room. */
struct lines {
	unsigned room;
	size_t used;
	char digits[1 << 20];
};

static bool take_line(void *context, char *line)
{
	struct lines *lines = context;
	const char *hex = strstr(line, "\"hex\":\"");

	ck_assert_ptr_nonnull(hex);
	hex += strlen("\"hex\":\"");
	size_t count = strcspn(hex, "\"");
	ck_assert_str_eq(hex + count, "\"}");
	memcpy(lines->digits + lines->used, hex, count);
	lines->used += count;
	free(line);
	return --lines->room > 0;
}

START_TEST(over_the_control_socket)
{
	static struct lines lines;
	struct control_evidence request = { .alert = ALERT, .put = take_line, .context = &lines };
	struct evidence_folder *folder = begin(NULL);
	char problem[256], digits[3];
	size_t length;

	ck_assert(!control_evidence(&request, problem, sizeof(problem)));
	ck_assert_ptr_nonnull(strstr(problem, "name a folder"));
	request.folder = folder_path;
	ck_assert(!control_evidence(&request, problem, sizeof(problem)));
	ck_assert_ptr_nonnull(strstr(problem, "there is no capture"));
	tell(folder, ALERT, FINDING_OPEN);
	add_numbered(folder, ALERT, 0, 150);
	add_numbered(folder, ALERT, 150, 150);
	uint8_t *octets = evidence_folder_read(folder_path, ALERT, &length, problem, sizeof(problem));
	ck_assert_ptr_nonnull(octets);
	ck_assert_uint_gt(length, 32 << 10);
	lines.room = 100;
	ck_assert(control_evidence(&request, problem, sizeof(problem)));
	ck_assert_uint_eq(lines.used, 2 * length);
	for (size_t i = 0; i < length; i++) {
		snprintf(digits, sizeof(digits), "%02x", octets[i]);
		ck_assert_int_eq(memcmp(lines.digits + 2 * i, digits, 2), 0);
	}
	free(octets);
	lines.used = 0;
	lines.room = 2;
	ck_assert(!control_evidence(&request, problem, sizeof(problem)));
	ck_assert_ptr_nonnull(strstr(problem, "not whole"));
	evidence_folder_free(folder);
	remove_all();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_disk_that_fails_to_read, over_the_control_socket };

	if (!mkdtemp(folder_path))
		return EXIT_FAILURE;
	int status = suite_run("evidence_read", tests, sizeof(tests) / sizeof(tests[0]));
	remove_all();
	rmdir(folder_path);
	return status;
}
