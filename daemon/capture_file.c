/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture files: opening, telling formats apart, the window, and what is said about damage.
 *
 * The formats themselves are in capture_file_pcap.c and capture_file_pcapng.c, decompression in capture_file_stream.c.
 * Called by workers that read files and by tests. It must not write to the file, nor keep more of a stream than one
 * bounded buffer.
 *
 * Files are read into a buffer that stays in the second level of the cache, so that neither the walk nor who reads the
 * frames waits for memory. Against a memory map that saves the page tables, and the fault (SIGBUS) when somebody
 * truncates the file meanwhile; docs/performance.md has the figures.
 */
#include "capture_file_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BUFFER_ROOM = 256 * 1024, /* at first; grows for larger records */
	PCAP_HEADER = 24,         /* what a pcap file has at least */
	SECTION_HEADER = 28,      /* what a pcapng file has at least */
	HEX_OCTETS = 8,           /* shown of an unknown file */
};

static void explain(const char *path, struct capture_file_error *error, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void explain(const char *path, struct capture_file_error *error, const char *format, va_list arguments)
{
	size_t length = strlen(path);
	/* Of a very long path the end says most. */
	int used = length <= 200 ? snprintf(error->text, sizeof(error->text), "%s: ", path)
				 : snprintf(error->text, sizeof(error->text), "...%s: ", path + length - 200);

	vsnprintf(error->text + used, sizeof(error->text) - (size_t)used, format, arguments);
}

void capture_file_explain(const char *path, struct capture_file_error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	explain(path, error, format, arguments);
	va_end(arguments);
}

void capture_file_damage(struct capture_file *file, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	explain(file->path, &file->fault, format, arguments);
	va_end(arguments);
	file->damaged = true;
	file->ended = true;
}

bool capture_file_add_interface(struct capture_file *file, const struct capture_file_interface *interface,
				const uint8_t *name, size_t length)
{
	char numbered[sizeof("interface 4294967295")];
	struct capture_file_interface *added;

	if (file->interface_count == CAPTURE_FILE_INTERFACES) {
		capture_file_damage(file, "has more than %d interfaces", CAPTURE_FILE_INTERFACES);
		return false;
	}
	if (file->interface_count == file->interface_room) {
		uint32_t room = file->interface_room ? 2 * file->interface_room : 4;
		struct capture_file_interface *grown = realloc(file->interfaces, room * sizeof(*grown));

		if (!grown)
			goto no_memory;
		file->interfaces = grown;
		file->interface_room = room;
	}
	if (length == 0 && file->is_pcapng) {
		length = (size_t)snprintf(numbered, sizeof(numbered), "interface %u", file->interface_count);
		name = (const uint8_t *)numbered;
	}
	added = &file->interfaces[file->interface_count];
	*added = *interface;
	added->name = strndup((const char *)name, length < CAPTURE_FILE_NAME ? length : CAPTURE_FILE_NAME);
	if (!added->name)
		goto no_memory;
	file->interface_count++;
	return true;
no_memory:
	capture_file_damage(file, "no memory for its interfaces");
	return false;
}

/* Says of a file that is no capture what it seems to be. */
static void explain_foreign(const char *path, const uint8_t *octets, size_t length, struct capture_file_error *error)
{
	char advice[320], hex[3 * HEX_OCTETS + 1] = "";
	const char *remedy = NULL, *name = capture_file_foreign(octets, length, &remedy);

	if (name) {
		const char *place = strstr(remedy, "%s");

		if (place)
			snprintf(advice, sizeof(advice), "%.*s%.200s%s", (int)(place - remedy), remedy, path,
				 place + 2);
		else
			snprintf(advice, sizeof(advice), "%s", remedy);
		capture_file_explain(path, error, "is not pcap or pcapng but %s; %s", name, advice);
		return;
	}
	for (size_t i = 0; i < length && i < HEX_OCTETS; i++)
		snprintf(hex + 3 * i, 4, " %02x", octets[i]);
	capture_file_explain(
	    path, error,
	    "is in no format known here: it starts with%s, where pcap has d4 c3 b2 a1 or 4d 3c b2 a1 and "
	    "pcapng 0a 0d 0d 0a; if Wireshark can open it, save it from there as pcapng",
	    hex);
}

/* Decides by the window's first octets which walk is to be used. */
static bool recognise(struct capture_file *file, struct capture_file_error *error)
{
	const uint8_t *octets = file->window;
	size_t length = file->filled;

	if (length == 0) {
		capture_file_explain(file->path, error,
				     capture_file_stream_compression(file->stream) ? "is empty once it is decompressed"
										   : "is empty");
		return false;
	}
	if (length >= 4 && capture_file_is_pcap(octets)) {
		if (length >= PCAP_HEADER)
			return capture_file_pcap_start(file, error);
		capture_file_explain(file->path, error,
				     "ends inside the pcap file header, which has %d octets, at octet %zu", PCAP_HEADER,
				     length);
		return false;
	}
	if (length >= 4 && capture_file_is_pcapng(octets)) {
		file->is_pcapng = true;
		if (length >= SECTION_HEADER)
			return capture_file_pcapng_start(file, error);
		capture_file_explain(
		    file->path, error,
		    "ends inside the pcapng section header, which has at least %d octets, at octet %zu", SECTION_HEADER,
		    length);
		return false;
	}
	explain_foreign(file->path, octets, length < CAPTURE_FILE_PEEK ? length : CAPTURE_FILE_PEEK, error);
	return false;
}

/* Moves what is not yet taken to the start of the buffer and reads on until `need` octets are there. False if the
 * stream ends before. */
static bool refill(struct capture_file *file, size_t need)
{
	size_t left = file->filled - file->position;

	if (left > 0)
		memmove(file->buffer, file->buffer + file->position, left);
	file->window_offset += file->position;
	file->position = 0;
	file->filled = left;
	if (need > file->room) {
		/* A walk has checked `need`: at most one frame or block of the largest kind. */
		uint8_t *grown = realloc(file->buffer, need + BUFFER_ROOM);

		if (!grown) {
			capture_file_damage(file, "no memory for a record of %zu octets at octet %llu", need,
					    (unsigned long long)capture_file_offset(file));
			return false;
		}
		file->buffer = grown;
		file->room = need + BUFFER_ROOM;
		file->window = grown;
	}
	while (file->filled < need) {
		size_t got =
		    capture_file_stream_read(file->stream, file->buffer + file->filled, file->room - file->filled);

		if (got == 0)
			return false;
		file->filled += got;
	}
	return true;
}

static bool open_stream(struct capture_file *file, struct capture_file_error *error)
{
	const uint8_t *octets;
	const char *fault;
	size_t length;

	file->stream = capture_file_stream_open(file->descriptor);
	file->buffer = malloc(BUFFER_ROOM);
	file->room = BUFFER_ROOM;
	file->window = file->buffer;
	if (!file->stream || !file->buffer)
		goto no_memory;
	if (!capture_file_stream_peek(file->stream, &octets, &length, &fault)) {
		capture_file_explain(file->path, error, "%s", fault);
		return false;
	}
	if (!capture_file_stream_begin(file->stream))
		goto no_memory;
	if (!refill(file, CAPTURE_FILE_PEEK)) {
		fault = capture_file_stream_fault(file->stream);
		/* Fewer octets than a file header: the damage is what there is to say, not the shortness. */
		if (fault && file->filled < PCAP_HEADER) {
			capture_file_explain(file->path, error, "%s", fault);
			return false;
		}
	}
	return true;
no_memory:
	capture_file_explain(file->path, error, "no memory to read it");
	return false;
}

static bool open_descriptor(struct capture_file *file, struct capture_file_error *error)
{
	struct stat status;

	if (fstat(file->descriptor, &status) < 0) {
		capture_file_explain(file->path, error, "cannot be examined: %s", strerror(errno));
		return false;
	}
	if (S_ISDIR(status.st_mode)) {
		capture_file_explain(file->path, error, "is a directory; name the capture files in it");
		return false;
	}
	if (isatty(file->descriptor)) {
		capture_file_explain(file->path, error, "is a terminal; name a capture file, or pipe one in");
		return false;
	}
	/* Standard input may be a file that somebody has read from already. */
	if (S_ISREG(status.st_mode) && lseek(file->descriptor, 0, SEEK_CUR) == 0)
		file->size = (uint64_t)status.st_size;
	/* Advice only. */
	(void)posix_fadvise(file->descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
	return open_stream(file, error) && recognise(file, error);
}

struct capture_file *capture_file_open(const char *path, struct capture_file_error *error)
{
	struct capture_file *file = calloc(1, sizeof(*file));

	if (!file) {
		capture_file_explain(path, error, "no memory to read it");
		return NULL;
	}
	file->descriptor = -1;
	file->standard_input = strcmp(path, "-") == 0;
	file->path = strdup(file->standard_input ? "standard input" : path);
	if (!file->path) {
		capture_file_explain(path, error, "no memory to read it");
		goto fail;
	}
	file->descriptor = file->standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (file->descriptor < 0) {
		capture_file_explain(path, error, "cannot be opened: %s", strerror(errno));
		goto fail;
	}
	if (open_descriptor(file, error))
		return file;
fail:
	capture_file_close(file);
	return NULL;
}

void capture_file_widen(struct capture_file *file, size_t octets)
{
	uint8_t *wider = octets > file->room ? realloc(file->buffer, octets) : NULL;

	/* Without memory it stays as it is. */
	if (!wider)
		return;
	file->buffer = wider;
	file->window = wider;
	file->room = octets;
}

/* The window has no further whole record and cannot be refilled: either that is the end, or it is inside a record. */
static void finish(struct capture_file *file)
{
	const char *fault = capture_file_stream_fault(file->stream);
	const char *of = capture_file_stream_compression(file->stream) ? " of the decompressed data" : "";
	uint64_t read = capture_file_stream_consumed(file->stream);
	const char *record = file->is_pcapng ? "block" : "record";
	uint64_t end = file->window_offset + file->filled, start = capture_file_offset(file);

	file->ended = true;
	if (file->damaged)
		return;
	if (file->is_pcapng && file->pcapng.trailer)
		start = file->pcapng.block_offset;
	if (read < file->size)
		capture_file_damage(file,
				    "the file shrank while it was read: it had %llu octets and now has %llu; all after "
				    "octet %llu was left out",
				    (unsigned long long)file->size, (unsigned long long)read,
				    (unsigned long long)start);
	else if (fault && start < end)
		capture_file_damage(file, "%s; the last %llu octets, inside %s %llu, were left out", fault,
				    (unsigned long long)(end - start), record, (unsigned long long)(file->records + 1));
	else if (fault)
		capture_file_damage(file, "%s, after %s %llu", fault, record, (unsigned long long)file->records);
	else if (start < end)
		capture_file_damage(
		    file, "ends inside %s %llu, which starts at octet %llu%s: the last %llu octets were left out",
		    record, (unsigned long long)(file->records + 1), (unsigned long long)start, of,
		    (unsigned long long)(end - start));
}

unsigned capture_file_next(struct capture_file *file, struct frame *frames, unsigned max)
{
	while (!file->ended && max > 0) {
		unsigned count;

		count = file->is_pcapng ? capture_file_pcapng_walk(file, frames, max)
					: capture_file_pcap_walk(file, frames, max);
		if (count > 0)
			return count;
		if (!file->damaged && !refill(file, file->need))
			finish(file);
	}
	return 0;
}

bool capture_file_sound(const struct capture_file *file, struct capture_file_error *error)
{
	if (file->damaged)
		*error = file->fault;
	return !file->damaged;
}

unsigned capture_file_interfaces(const struct capture_file *file)
{
	return file->interface_count;
}

const char *capture_file_interface_name(const struct capture_file *file, unsigned interface)
{
	return interface < file->interface_count ? file->interfaces[interface].name : "";
}

double capture_file_progress(const struct capture_file *file)
{
	struct stat status;
	uint64_t done;

	if (fstat(file->descriptor, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size == 0)
		return -1.0;
	done = capture_file_stream_consumed(file->stream);
	return done < (uint64_t)status.st_size ? (double)done / (double)status.st_size : 1.0;
}

void capture_file_close(struct capture_file *file)
{
	if (!file)
		return;
	capture_file_stream_close(file->stream);
	free(file->buffer);
	if (!file->standard_input && file->descriptor >= 0)
		close(file->descriptor);
	for (uint32_t i = 0; i < file->interface_count; i++)
		free(file->interfaces[i].name);
	free(file->interfaces);
	free(file->path);
	free(file);
}
