/* SPDX-License-Identifier: Apache-2.0 */
/* See evidence_folder.h. */
#include "evidence_folder.h"

#include "evidence_parcel.h"
#include "evidence_shelf.h"
#include "pcapng.h"
#include "read_whole.h"
#include "timestamp.h"
#include "write_whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	TOLD_MAX = 1024,     /* alerts whose frames may still come */
	INTERFACES_MAX = 64, /* of one file */
	COMMENT_MAX = 1536,  /* of the section */
	COMMENT_SHORT = 96,  /* of a frame */
	FRAME_SMALLEST = 20, /* octets of a parcel for one frame */
	FRAME_BLOCK = 36,    /* octets of its block, but for the frame and the comment */
	PATH_SIZE = 4096,
	/* Of any parcel all blocks have room, and those before them. */
	BLOCKS_ROOM = EVIDENCE_PARCEL_MAX + EVIDENCE_PARCEL_MAX / FRAME_SMALLEST * (FRAME_BLOCK + COMMENT_SHORT + 12) +
		      (32 << 10),
};

static const char application[] = "espial " ESPIAL_VERSION;

struct interface {
	char name[EVIDENCE_NAME_MAX];
	uint16_t link_type;
};

/* What is known of an alert. */
struct told {
	uint64_t alert; /* 0: nothing */
	uint64_t turn;  /* when it was used last */
	enum finding_id id;
	char sentence[FINDING_TEXT_SIZE]; /* what was wrong; the word that it is over does not say it again */
	char comment[COMMENT_MAX];
	bool measured; /* the next two are those of the file */
	uint32_t interface_count;
	uint64_t octets;
	struct interface *interfaces; /* INTERFACES_MAX, owned; NULL before there was need */
};

struct evidence_folder {
	struct evidence_folder_settings settings;
	char *path, *sensor; /* owned */
	struct evidence_shelf *shelf;
	struct told *told; /* TOLD_MAX, owned */
	uint64_t turn;
	uint8_t *blocks; /* of BLOCKS_ROOM, owned */
	struct sink_health health;
	int64_t ticked_ns;
};

struct evidence_folder *evidence_folder_new(const struct evidence_folder_settings *settings)
{
	struct evidence_folder *folder = calloc(1, sizeof(*folder));

	if (!folder)
		return NULL;
	folder->settings = *settings;
	folder->path = strdup(settings->path);
	folder->sensor = strdup(settings->sensor);
	folder->told = calloc(TOLD_MAX, sizeof(struct told));
	folder->blocks = malloc(BLOCKS_ROOM);
	folder->shelf = folder->path ? evidence_shelf_new(folder->path) : NULL;
	folder->health.up = true;
	if (folder->path && folder->sensor && folder->told && folder->blocks && folder->shelf)
		return folder;
	evidence_folder_free(folder);
	return NULL;
}

void evidence_folder_free(struct evidence_folder *folder)
{
	if (!folder)
		return;
	for (unsigned i = 0; folder->told && i < TOLD_MAX; i++)
		free(folder->told[i].interfaces);
	evidence_shelf_free(folder->shelf);
	free(folder->told);
	free(folder->blocks);
	free(folder->path);
	free(folder->sensor);
	free(folder);
}

/* ---- how it fares ---- */

static void say(const struct evidence_folder *folder, enum notice_level level, const char *text)
{
	struct record record = { .type = RECORD_NOTICE };

	record.notice = (struct record_notice){ level, text };
	record_write(&folder->settings.notices, &record);
}

static void went_wrong(struct evidence_folder *folder, const char *what)
{
	char text[512];
	bool was_up = folder->health.up;

	folder->health.up = false;
	snprintf(folder->health.problem, sizeof(folder->health.problem), "%.80s in %.60s", what, folder->path);
	if (!was_up)
		return;
	snprintf(text, sizeof(text),
		 "captures of alerts cannot be written: %s in %.200s; alerts go out without them until that is mended",
		 what, folder->path);
	say(folder, NOTICE_WARNING, text);
}

static void went_well(struct evidence_folder *folder)
{
	if (!folder->health.up)
		say(folder, NOTICE_INFO, "captures of alerts are written again");
	folder->health.up = true;
	folder->health.problem[0] = '\0';
}

const struct sink_health *evidence_folder_health(const struct evidence_folder *folder)
{
	return &folder->health;
}

void evidence_folder_lost(struct evidence_folder *folder, uint64_t count)
{
	folder->health.dropped += count;
}

/* ---- what was told ---- */

static struct told *find(struct evidence_folder *folder, uint64_t alert)
{
	for (unsigned i = 0; alert && i < TOLD_MAX; i++)
		if (folder->told[i].alert == alert)
			return &folder->told[i];
	return NULL;
}

/* A place for one that was not told of: that of the one that was not used for longest. */
static struct told *place_for(struct evidence_folder *folder, uint64_t alert)
{
	struct told *oldest = &folder->told[0];

	for (unsigned i = 1; i < TOLD_MAX; i++)
		if (folder->told[i].turn < oldest->turn)
			oldest = &folder->told[i];
	struct interface *interfaces = oldest->interfaces;
	*oldest = (struct told){ .alert = alert, .interfaces = interfaces };
	return oldest;
}

/* The comment of the file: what, why, since when. */
static void describe(const struct evidence_folder *folder, const struct told *told, const struct finding *finding,
		     char comment[COMMENT_MAX])
{
	bool cleared = finding->state == FINDING_CLEAR;
	struct timestamp_text first, last;
	size_t used;

	snprintf(comment, COMMENT_MAX, "alert %016llx: %s%s%s, %s, %s, %s%s%s\n%s", (unsigned long long)told->alert,
		 catalogue_row(finding->id)->name, finding->cause == CAUSE_NONE ? "" : "/",
		 finding->cause == CAUSE_NONE ? "" : catalogue_cause(finding->cause)->name,
		 finding_severity_name(finding->severity), finding_grade_name(finding->grade),
		 cleared ? "cleared" : "open", cleared && finding->cleared_by ? " by " : "",
		 cleared && finding->cleared_by ? finding->cleared_by : "", told->sentence);
	used = strlen(comment);
	if (cleared)
		used += (size_t)snprintf(comment + used, COMMENT_MAX - used, "%s%s", *told->sentence ? "\n" : "",
					 finding->text);
	snprintf(comment + used, COMMENT_MAX - used, "\nsensor %.200s; first %s, last %s; %llu packets, %llu octets",
		 folder->sensor, timestamp_text(finding->first_ns, &first), timestamp_text(finding->last_ns, &last),
		 (unsigned long long)finding->count, (unsigned long long)finding->bytes);
}

static const char *comment_of(enum evidence_mark mark, enum finding_id id, char comment[COMMENT_SHORT])
{
	static const char *const reasons[EVIDENCE_MARK_COUNT] = {
		[EVIDENCE_MARK_CLEAR] = "in clear, which the policy does not allow",
		[EVIDENCE_MARK_KNOCK] = "the client tries in clear",
		[EVIDENCE_MARK_AH] = "authenticated, and readable by anyone on the path",
		[EVIDENCE_MARK_SPI] = "of the SA that the alert is about",
		[EVIDENCE_MARK_IKE] = "of the negotiation that the alert is about",
	};

	if (mark >= EVIDENCE_MARK_COUNT || !reasons[mark])
		return NULL;
	snprintf(comment, COMMENT_SHORT, "%s: %s", catalogue_row(id)->name, reasons[mark]);
	return comment;
}

/* ---- files ---- */

static void path_of(const struct evidence_folder *folder, uint64_t alert, const char *ending, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/%016llx.%s", folder->path, (unsigned long long)alert, ending);
}

/*
 * What is in the file, to be freed. NULL with errno if it cannot be read now; NULL with errno 0 if it cannot be a capture: it is no file, or
 * larger than any.
 */
static uint8_t *read_capture(int file, size_t *length)
{
	enum { MOST = EVIDENCE_FILE_MAX + (64 << 10) };
	struct stat status;

	if (fstat(file, &status) != 0)
		return NULL;
	errno = 0;
	if (!S_ISREG(status.st_mode) || status.st_size > MOST)
		return NULL;
	uint8_t *octets = malloc((size_t)status.st_size + 1);
	ssize_t used = octets ? read_whole(file, octets, (size_t)status.st_size) : -1;
	if (used < 0) {
		int reason = errno;
		free(octets);
		errno = reason;
		return NULL;
	}
	*length = (size_t)used;
	return octets;
}

uint8_t *evidence_folder_read(const char *path, uint64_t alert, size_t *length, char *problem, size_t problem_size)
{
	struct pcapng_extent extent = { 0 };
	uint8_t *octets = NULL;
	char name[PATH_SIZE];

	snprintf(problem, problem_size,
		 "there is no capture of this alert: it was not kept, or is older than the folder holds");
	if (snprintf(name, sizeof(name), "%s/%016llx.pcapng", path, (unsigned long long)alert) >= (int)sizeof(name))
		return NULL;
	int file = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	if (file < 0 && errno != ENOENT)
		snprintf(problem, problem_size, "the capture of this alert cannot be read: %s", strerror(errno));
	if (file < 0)
		return NULL;
	octets = read_capture(file, length);
	int reason = errno;
	close(file);
	if (!octets && reason) {
		snprintf(problem, problem_size, "the capture of this alert cannot be read: %s", strerror(reason));
		return NULL;
	}
	if (octets)
		pcapng_measure(octets, *length, &extent, NULL, NULL);
	if (extent.section > 0) {
		*length = extent.whole; /* what is being written now is left out */
		return octets;
	}
	free(octets);
	snprintf(problem, problem_size, "the capture of this alert is damaged, or too large to be one");
	return NULL;
}

static void note_interface(void *context, uint16_t link_type, const char *name, size_t name_length)
{
	struct told *told = context;

	if (told->interface_count == INTERFACES_MAX)
		return;
	struct interface *interface = &told->interfaces[told->interface_count++];
	interface->link_type = link_type;
	snprintf(interface->name, sizeof(interface->name), "%.*s", (int)name_length, name);
}

/* Takes over a file of a reporter before this one, less what that did not write whole. False with errno if that cannot be now, and with 0 if there
 * is nothing in it to take over. */
static bool take_over(struct told *told, int file)
{
	struct pcapng_extent extent;
	size_t length;
	uint8_t *octets = read_capture(file, &length);

	told->interface_count = 0;
	if (!octets)
		return false;
	pcapng_measure(octets, length, &extent, note_interface, told);
	free(octets);
	told->octets = extent.whole;
	errno = 0;
	return extent.section > 0 && ftruncate(file, (off_t)extent.whole) == 0;
}

/* Opens the alert's file for what is to be added, and makes it if there is none. -1 if that cannot be. */
static int open_file(struct evidence_folder *folder, struct told *told, bool *is_new)
{
	char path[PATH_SIZE];
	int file;

	path_of(folder, told->alert, "pcapng", path);
	if (!told->interfaces && !(told->interfaces = calloc(INTERFACES_MAX, sizeof(struct interface)))) {
		errno = ENOMEM;
		return -1;
	}
	*is_new = false;
	file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_APPEND);
	if (file < 0 && errno != ENOENT)
		return -1;
	errno = 0;
	if (file >= 0 && (told->measured || (!folder->settings.anew && take_over(told, file)))) {
		told->measured = true;
		return file;
	}
	int reason = errno;
	if (file >= 0)
		close(file);
	/* What a disk does not give for a moment is not written over. */
	if (reason) {
		errno = reason;
		return -1;
	}
	file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_APPEND | O_CREAT | O_TRUNC, 0640);
	*is_new = true;
	told->octets = 0;
	told->interface_count = 0;
	return file;
}

/* The interface's number in the file; it is put into the file when it is new. False if there is no room. */
static bool number_of(struct told *told, const struct frame *frame, const char *name, struct pcapng_buffer *blocks,
		      uint32_t *number)
{
	for (*number = 0; *number < told->interface_count; ++*number)
		if (told->interfaces[*number].link_type == frame->link_type &&
		    strcmp(told->interfaces[*number].name, name) == 0)
			return true;
	if (told->interface_count == INTERFACES_MAX || !pcapng_put_interface(blocks, frame->link_type, name))
		return false;
	note_interface(told, frame->link_type, name, strlen(name));
	return true;
}

/* Puts blocks for the frame, unless the file would be larger than it may. */
static void put_frame(const struct evidence_folder *folder, struct told *told, const struct frame *frame,
		      enum evidence_mark mark, const char *name, struct pcapng_buffer *blocks)
{
	size_t before = blocks->used;
	uint32_t interfaces = told->interface_count, number;
	char comment[COMMENT_SHORT];

	if (number_of(told, frame, name, blocks, &number) &&
	    pcapng_put_frame(blocks, number, frame, comment_of(mark, told->id, comment)) &&
	    told->octets + blocks->used <= folder->settings.file_size)
		return;
	blocks->used = before;
	told->interface_count = interfaces;
}

/* Adds what is in the parcel to the file. False, and the file is as it was, if that cannot be. */
static bool add_frames(struct evidence_folder *folder, struct told *told, int file, bool is_new,
		       struct evidence_unpacking *unpacking)
{
	struct pcapng_buffer blocks = { folder->blocks, 0, BLOCKS_ROOM };
	char name[EVIDENCE_NAME_MAX];
	enum evidence_mark mark;
	struct frame frame;

	if (is_new)
		(void)pcapng_put_section(&blocks, told->comment, application);
	while (evidence_parcel_next(unpacking, &frame, &mark, name))
		put_frame(folder, told, &frame, mark, name, &blocks);
	if (write_whole(file, blocks.octets, blocks.used)) {
		told->octets += blocks.used;
		told->measured = true;
		return true;
	}
	int reason = errno;
	(void)!ftruncate(file, (off_t)told->octets);
	told->measured = false; /* interfaces that were numbered are not all there */
	errno = reason;
	return false;
}

static uint64_t frames_in(struct evidence_unpacking unpacking)
{
	char name[EVIDENCE_NAME_MAX];
	enum evidence_mark mark;
	struct frame frame;
	uint64_t count = 0;

	while (evidence_parcel_next(&unpacking, &frame, &mark, name))
		count++;
	return count;
}

bool evidence_folder_add(struct evidence_folder *folder, uint64_t alert, const uint8_t *parcel, size_t length,
			 int64_t wall_ns)
{
	struct evidence_unpacking unpacking;
	struct told *told = find(folder, alert);
	char path[PATH_SIZE];
	bool is_new;

	if (!told || !evidence_parcel_open(&unpacking, parcel, length))
		return false;
	told->turn = ++folder->turn;
	uint64_t frames = frames_in(unpacking);
	int file = open_file(folder, told, &is_new);
	if (file >= 0 && add_frames(folder, told, file, is_new, &unpacking)) {
		folder->health.delivered += is_new;
		went_well(folder);
	} else {
		folder->health.dropped += frames;
		went_wrong(folder, strerror(errno));
	}
	if (file >= 0 && told->octets == 0) {
		path_of(folder, alert, "pcapng", path);
		(void)unlink(path);
		evidence_shelf_forget(folder->shelf, alert);
	} else if (file >= 0) {
		evidence_shelf_note(folder->shelf, alert, told->octets, wall_ns);
	}
	if (file >= 0)
		close(file);
	evidence_shelf_bound(folder->shelf, folder->settings.size, folder->settings.files, alert);
	return true;
}

/* The file of the alert with another comment. As the file may be read just now, it is replaced. */
static void begin_anew(struct evidence_folder *folder, struct told *told)
{
	char path[PATH_SIZE], next[PATH_SIZE];
	struct pcapng_buffer head = { folder->blocks, 0, BLOCKS_ROOM };
	struct pcapng_extent extent;
	size_t length;

	path_of(folder, told->alert, "pcapng", path);
	path_of(folder, told->alert, "new", next);
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	if (file < 0) {
		if (errno != ENOENT)
			went_wrong(folder, strerror(errno));
		return;
	}
	uint8_t *octets = read_capture(file, &length);
	struct stat status;
	bool good = octets && fstat(file, &status) == 0;
	int reason = good ? 0 : errno;
	close(file);
	if (good) {
		pcapng_measure(octets, length, &extent, NULL, NULL);
		good = extent.section > 0 && pcapng_put_section(&head, told->comment, application);
	}
	if (!good) {
		if (reason)
			went_wrong(folder, strerror(reason));
		free(octets);
		return; /* what is damaged is made anew with the next frames */
	}
	file = open(next, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_CREAT | O_TRUNC, 0640);
	/* Its age is that of its frames. */
	good = file >= 0 && write_whole(file, head.octets, head.used) &&
	       write_whole(file, octets + extent.section, extent.whole - extent.section) &&
	       futimens(file, (const struct timespec[2]){ status.st_atim, status.st_mtim }) == 0 &&
	       rename(next, path) == 0;
	if (good) {
		told->octets = head.used + extent.whole - extent.section;
		evidence_shelf_resize(folder->shelf, told->alert, told->octets);
		went_well(folder);
	} else {
		went_wrong(folder, strerror(errno)); /* the former comment has to do */
		if (file >= 0)
			(void)unlink(next);
	}
	if (file >= 0)
		close(file);
	free(octets);
}

void evidence_folder_tell(struct evidence_folder *folder, uint64_t alert, const struct finding *finding)
{
	char comment[COMMENT_MAX];
	struct told *told = find(folder, alert);

	if (!finding_has_capture(finding))
		return;
	if (!told)
		told = place_for(folder, alert);
	told->turn = ++folder->turn;
	told->id = finding->id;
	if (finding->state != FINDING_CLEAR)
		memcpy(told->sentence, finding->text, sizeof(told->sentence));
	describe(folder, told, finding, comment);
	bool changed = strcmp(told->comment, comment) != 0;
	memcpy(told->comment, comment, sizeof(comment));
	if (changed && finding->state != FINDING_OPEN && evidence_shelf_has(folder->shelf, alert))
		begin_anew(folder, told);
}

void evidence_folder_tick(struct evidence_folder *folder, int64_t wall_ns)
{
	if (folder->settings.keep_ns)
		evidence_shelf_expire(folder->shelf, wall_ns - folder->settings.keep_ns);
	evidence_shelf_bound(folder->shelf, folder->settings.size, folder->settings.files, 0);
}
