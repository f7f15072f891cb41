/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures of alerts: parcels as an engine that was taken over could pack them, and a folder in which files of the right names
 * hold anything. What has to hold: a file that only espial wrote to is a whole capture within its bound, with the frames that
 * were put in, names and comments without control characters; what is handed out is a capture in any case; files of other
 * names stay as they are.
 *
 * Operations: what, which alert, and by operation more octets; see operate().
 */
#include "fuzz.h"

#include "daemon/capture_file.h"
#include "daemon/report/evidence_folder.h"
#include "daemon/report/evidence_parcel.h"
#include "daemon/report/utf8.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define WALL (INT64_C(1795293000) * 1000000000)

/* Of 2261: no frame comes later (capture_file.h), and what is written of one would not be read. */
#define TIME_END_NS (UINT64_C(9183110400) * 1000000000)

enum { ALERTS = 3, OPERATIONS_MAX = 40, FILE_SIZE = 16384, BYTES_MAX = 600, FRAMES_MAX = 12, TEXT_MAX = 200 };

struct input {
	const uint8_t *data;
	size_t left;
};

struct world {
	struct evidence_folder *folder;
	int64_t wall_ns;
	bool touched[ALERTS]; /* somebody else wrote to its file */
	uint64_t put[ALERTS]; /* frames that were handed over, at most */
	bool anew;
};

static char folder_path[64];

static uint64_t take(struct input *input, unsigned octets)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < octets && input->left; i++, input->left--)
		value = value << 8 | *input->data++;
	return value;
}

static const uint8_t *take_octets(struct input *input, size_t count, size_t *got)
{
	const uint8_t *octets = input->data;

	*got = count < input->left ? count : input->left;
	input->data += *got;
	input->left -= *got;
	return octets;
}

static void file_of(unsigned alert, const char *ending, char path[96])
{
	snprintf(path, 96, "%s/%016x.%s", folder_path, alert + 1, ending);
}

static void remove_files(void)
{
	static const char *const endings[] = { "pcapng", "new" };
	char path[96];

	for (unsigned alert = 0; alert < ALERTS; alert++)
		for (unsigned i = 0; i < 2; i++) {
			file_of(alert, endings[i], path);
			unlink(path);
		}
	snprintf(path, sizeof(path), "%s/letter.pcapng", folder_path);
	unlink(path);
}

static void remove_folder(void)
{
	remove_files();
	rmdir(folder_path);
}

static void begin(struct world *world)
{
	struct evidence_folder_settings settings = {
		.path = folder_path,
		.sensor = "edge-1",
		.file_size = FILE_SIZE,
		.size = 3 * FILE_SIZE,
		.keep_ns = INT64_C(3600) * 1000000000,
		.anew = world->anew,
	};

	world->folder = evidence_folder_new(&settings);
	DEMAND(world->folder != NULL);
}

/* ---- what is in a file ---- */

struct account {
	bool opened, sound;
	uint64_t frames;
};

static struct account read_capture(const uint8_t *octets, size_t length, bool ours)
{
	struct account account = { false, false, 0 };
	struct capture_file_error error = { "" };
	int descriptor = memfd_create("fuzz", MFD_CLOEXEC);
	struct frame frames[16];
	char path[40];

	DEMAND(descriptor >= 0 && write(descriptor, octets, length) == (ssize_t)length);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	struct capture_file *file = capture_file_open(path, &error);
	account.opened = file != NULL;
	if (file) {
		for (unsigned count; (count = capture_file_next(file, frames, 16)) > 0; account.frames += count)
			;
		account.sound = capture_file_sound(file, &error);
		for (unsigned i = 0; ours && i < capture_file_interfaces(file); i++) {
			const char *name = capture_file_interface_name(file, i), *end = name + strlen(name);
			while (name < end)
				DEMAND(!utf8_is_control(utf8_next(&name, end)));
		}
		capture_file_close(file);
	}
	close(descriptor);
	return account;
}

static void check_files(const struct world *world)
{
	for (unsigned alert = 0; alert < ALERTS; alert++) {
		char problem[200] = "";
		size_t length;
		uint8_t *octets = evidence_folder_read(folder_path, alert + 1, &length, problem, sizeof(problem));
		if (!octets) {
			DEMAND(problem[0] && memchr(problem, '\0', sizeof(problem)));
			continue;
		}
		struct account account = read_capture(octets, length, !world->touched[alert]);
		if (!world->touched[alert])
			DEMAND(account.opened && account.sound && length <= FILE_SIZE &&
			       account.frames <= world->put[alert]);
		free(octets);
	}
}

/* ---- operations ---- */

static void tell(struct world *world, unsigned alert, struct input *input)
{
	uint8_t flags = (uint8_t)take(input, 1);
	struct finding finding = { .time_ns = world->wall_ns,
				   .alert = alert + 1,
				   .id = (enum finding_id)(take(input, 1) % FINDING_ID_COUNT),
				   .state = (enum finding_state)(flags % 3),
				   .severity = (enum finding_severity)(flags % SEVERITY_COUNT),
				   .grade = (enum finding_grade)(flags % GRADE_COUNT),
				   .subject = (enum finding_subject)(flags >> 2 & 3) % SUBJECT_COUNT,
				   .has_pair = flags & 16,
				   .first_ns = world->wall_ns,
				   .last_ns = world->wall_ns,
				   .count = take(input, 2) };
	size_t length;

	const uint8_t *text = take_octets(input, take(input, 1) % TEXT_MAX, &length);
	memcpy(finding.text, text, length);
	for (size_t i = 0; i < length; i++)
		if (!finding.text[i])
			finding.text[i] = ' ';
	if (finding.state == FINDING_CLEAR)
		finding.cleared_by = "quiet";
	evidence_folder_tell(world->folder, alert + 1, &finding);
}

static void pack(struct world *world, unsigned alert, struct input *input)
{
	static struct evidence_parcel parcel;
	unsigned count = (unsigned)take(input, 1) % FRAMES_MAX;

	evidence_parcel_begin(&parcel, alert + 1, take(input, 1));
	for (unsigned i = 0; i < count; i++) {
		uint8_t flags = (uint8_t)take(input, 1);
		char name[EVIDENCE_NAME_MAX + 8] = "";
		size_t length, name_length;
		const uint8_t *octets = take_octets(input, take(input, 1), &length);
		const uint8_t *from = take_octets(input, take(input, 1) % sizeof(name), &name_length);
		memcpy(name, from, name_length);
		name[sizeof(name) - 1] = '\0';
		struct frame frame = { .bytes = octets,
				       .captured = (uint32_t)length,
				       .length = (uint32_t)(length + (flags & 1 ? take(input, 4) >> 1 : 0)),
				       .time_ns = flags & 2 ? (int64_t)(take(input, 8) % TIME_END_NS) : world->wall_ns,
				       .link_type = flags & 4 ? (uint16_t)take(input, 2) : 1,
				       .interface = flags & 8 };
		DEMAND(evidence_parcel_put(&parcel, &frame, (enum evidence_mark)(flags >> 4) % EVIDENCE_MARK_COUNT,
					   flags & 128 ? NULL : name));
	}
	if (evidence_folder_add(world->folder, alert + 1, parcel.octets, parcel.used, world->wall_ns))
		world->put[alert] += count;
}

/* The head of a parcel, and anything behind it; or not even that. */
static void pack_nonsense(struct world *world, unsigned alert, struct input *input)
{
	struct evidence_parcel *parcel = malloc(sizeof(*parcel));
	size_t length;

	DEMAND(parcel != NULL);
	evidence_parcel_begin(parcel, alert + 1, 0);
	bool headless = take(input, 1) % 8 == 0;
	const uint8_t *octets = take_octets(input, take(input, 2) % BYTES_MAX, &length);
	size_t head = headless ? 0 : parcel->used;
	uint8_t *exact = malloc(head + length + 1); /* so that a sanitizer sees what is behind */
	DEMAND(exact != NULL);
	memcpy(exact, parcel->octets, head);
	memcpy(exact + head, octets, length);
	struct evidence_unpacking unpacking;
	if (evidence_parcel_open(&unpacking, exact, head + length)) {
		char name[EVIDENCE_NAME_MAX];
		enum evidence_mark mark;
		struct frame frame;
		while (evidence_parcel_next(&unpacking, &frame, &mark, name)) {
			DEMAND(frame.captured <= frame.length && mark < EVIDENCE_MARK_COUNT && frame.time_ns >= 0);
			DEMAND(memchr(name, '\0', sizeof(name)) != NULL);
			world->put[alert]++;
		}
		evidence_folder_add(world->folder, alert + 1, exact, head + length, world->wall_ns);
	}
	free(exact);
	free(parcel);
}

static void plant(struct world *world, unsigned alert, struct input *input)
{
	size_t length;
	const uint8_t *octets = take_octets(input, take(input, 2) % BYTES_MAX, &length);
	char path[96];

	file_of(alert, "pcapng", path);
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	DEMAND(file >= 0 && write(file, octets, length) == (ssize_t)length);
	close(file);
	world->touched[alert] = true;
}

/* An octet changed, or the end cut off. */
static void damage(struct world *world, unsigned alert, struct input *input)
{
	uint32_t at = (uint32_t)take(input, 2);
	uint8_t octet = (uint8_t)take(input, 1);
	struct stat status;
	char path[96];

	file_of(alert, "pcapng", path);
	int file = open(path, O_RDWR | O_CLOEXEC);
	if (file < 0)
		return;
	DEMAND(fstat(file, &status) == 0);
	off_t place = status.st_size ? at % status.st_size : 0;
	if (octet & 1)
		DEMAND(ftruncate(file, place) == 0);
	else
		DEMAND(pwrite(file, &octet, 1, place) == 1);
	close(file);
	world->touched[alert] = true;
}

static void operate(struct world *world, struct input *input)
{
	uint8_t what = (uint8_t)take(input, 1);
	unsigned alert = what / 8 % ALERTS;

	switch (what % 8) {
	case 0:
	case 1:
		tell(world, alert, input);
		break;
	case 2:
	case 3:
		pack(world, alert, input);
		break;
	case 4:
		pack_nonsense(world, alert, input);
		break;
	case 5:
		if (what & 128)
			plant(world, alert, input);
		else
			damage(world, alert, input);
		break;
	case 6:
		evidence_folder_free(world->folder);
		world->anew = what & 128;
		begin(world);
		break;
	default:
		world->wall_ns += (int64_t)take(input, 1) * 60 * 1000000000;
		evidence_folder_tick(world->folder, world->wall_ns);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world = { .wall_ns = WALL };
	struct input input = { data, size };
	char letter[96], left[8] = "";

	if (!folder_path[0]) {
		snprintf(folder_path, sizeof(folder_path), "%s/espial-fuzz-evidence.%d",
			 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
		DEMAND(mkdir(folder_path, 0700) == 0);
		atexit(remove_folder);
	}
	snprintf(letter, sizeof(letter), "%s/letter.pcapng", folder_path);
	int file = open(letter, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	DEMAND(file >= 0 && write(file, "mine", 4) == 4);
	begin(&world);
	for (unsigned i = 0; i < OPERATIONS_MAX && input.left > 1; i++) {
		operate(&world, &input);
		check_files(&world);
	}
	evidence_folder_free(world.folder);
	DEMAND(pread(file, left, sizeof(left), 0) == 4 && strcmp(left, "mine") == 0 && access(letter, F_OK) == 0);
	close(file);
	remove_files();
	return 0;
}
