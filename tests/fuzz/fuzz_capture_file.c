/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile capture files. Each input is read twice, mapped and streamed, and both must see the same frames and the same
 * damage.
 */
#include "fuzz.h"

#include "daemon/capture_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIPE_ROOM = 1024 * 1024, MAX_OUTPUT = 8 * 1024 * 1024 };

struct account {
	uint64_t frames, hash;
	unsigned interfaces;
	bool opened, sound;
	char text[512]; /* what is wrong, behind the file's name */
};

static void mix(struct account *account, uint64_t value)
{
	account->hash = (account->hash ^ value) * 1099511628211ULL;
}

static void keep_text(struct account *account, const struct capture_file_error *error)
{
	const char *reason = strstr(error->text, ": ");

	if (!reason)
		abort();
	snprintf(account->text, sizeof(account->text), "%s", reason);
}

static struct account read_all(const char *path, unsigned batch)
{
	struct account account = { .hash = 14695981039346656037ULL };
	struct capture_file_error error = { "" };
	struct capture_file *file = capture_file_open(path, &error);
	struct frame frames[32];
	uint64_t octets = 0;
	unsigned count;

	account.opened = file != NULL;
	if (!file) {
		keep_text(&account, &error);
		return account;
	}
	while ((count = capture_file_next(file, frames, batch)) > 0 && octets < MAX_OUTPUT) {
		if (count > batch)
			abort();
		for (unsigned i = 0; i < count; i++) {
			const struct frame *frame = &frames[i];

			if (frame->captured > frame->length || frame->time_ns < 0 ||
			    frame->interface >= capture_file_interfaces(file))
				abort();
			for (uint32_t at = 0; at < frame->captured; at++)
				mix(&account, frame->bytes[at]);
			mix(&account, frame->length);
			mix(&account, (uint64_t)frame->time_ns);
			mix(&account, (uint64_t)frame->link_type << 16 | frame->interface);
			octets += frame->captured + 16;
		}
		account.frames += count;
	}
	account.sound = capture_file_sound(file, &error);
	if (!account.sound)
		keep_text(&account, &error);
	account.interfaces = capture_file_interfaces(file);
	for (unsigned i = 0; i < account.interfaces; i++)
		mix(&account, strlen(capture_file_interface_name(file, i)));
	capture_file_close(file);
	return account;
}

static struct account read_mapped(const uint8_t *octets, size_t length)
{
	int descriptor = memfd_create("fuzz", MFD_CLOEXEC);
	struct account account;
	char path[40];

	if (descriptor < 0 || write(descriptor, octets, length) != (ssize_t)length)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	account = read_all(path, 32);
	close(descriptor);
	return account;
}

static struct account read_streamed(const uint8_t *octets, size_t length)
{
	struct account account;
	int ends[2];

	if (pipe(ends) < 0 || fcntl(ends[0], F_SETPIPE_SZ, PIPE_ROOM) < 0 ||
	    write(ends[1], octets, length) != (ssize_t)length)
		abort();
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	account = read_all("-", 7);
	return account;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
	struct account mapped, streamed;
	const char *advice;

	if (length > PIPE_ROOM / 2)
		return 0;
	mapped = read_mapped(octets, length);
	streamed = read_streamed(octets, length);
	/* The advice names the file. */
	advice = strchr(mapped.text, ';');
	if (mapped.opened != streamed.opened || mapped.sound != streamed.sound || mapped.frames != streamed.frames ||
	    mapped.hash != streamed.hash || mapped.interfaces != streamed.interfaces ||
	    strncmp(mapped.text, streamed.text, advice ? (size_t)(advice - mapped.text) : sizeof(mapped.text)) != 0)
		abort();
	return 0;
}
