/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends frames of a trace over an interface, as fast as it goes: send_trace INTERFACE FILE FROM TO, of which the last two are
 * shares of the trace, 0 to 1. Reads what generate_trace.c writes (pcap, microseconds, Ethernet). Prints how many frames were
 * sent, and in how many seconds. For bench_live.py, in a network of its own; not part of espial.
 */
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { FILE_HEADER = 24, RECORD_HEADER = 16, AT_ONCE = 64, FRAMES_MAX = 1 << 24 };

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *octets = NULL;

	if (file && fseek(file, 0, SEEK_END) == 0) {
		long end = ftell(file);
		*size = end > 0 ? (size_t)end : 0;
		octets = malloc(*size + 1);
		rewind(file);
		if (octets && fread(octets, 1, *size, file) != *size) {
			free(octets);
			octets = NULL;
		}
	}
	if (file)
		fclose(file);
	return octets;
}

static size_t list_frames(uint8_t *octets, size_t size, struct iovec *frames)
{
	size_t count = 0, at = FILE_HEADER;

	while (at + RECORD_HEADER <= size && count < FRAMES_MAX) {
		uint32_t captured;
		memcpy(&captured, octets + at + 8, sizeof(captured));
		if (captured > size - at - RECORD_HEADER)
			break;
		frames[count++] = (struct iovec){ octets + at + RECORD_HEADER, captured };
		at += RECORD_HEADER + captured;
	}
	return count;
}

int main(int argument_count, char **arguments)
{
	size_t size = 0;
	uint8_t *octets = argument_count == 5 ? read_file(arguments[2], &size) : NULL;
	struct iovec *frames = malloc(FRAMES_MAX * sizeof(*frames));
	size_t count = octets && frames ? list_frames(octets, size, frames) : 0;
	int descriptor = socket(AF_PACKET, SOCK_RAW, 0);

	if (count == 0 || descriptor < 0) {
		fprintf(stderr, "send_trace INTERFACE FILE FROM TO: needs a trace, and CAP_NET_RAW\n");
		return 2;
	}
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(arguments[1]) };
	if (bind(descriptor, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror(arguments[1]);
		return 2;
	}
	int bypass = 1; /* no queue between us and the other end */
	setsockopt(descriptor, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof(bypass));
	static struct mmsghdr messages[AT_ONCE];
	uint64_t sent = 0;
	size_t at = (size_t)((double)count * atof(arguments[3])), end = (size_t)((double)count * atof(arguments[4]));
	double begin = now();
	while (at < end) {
		unsigned some = 0;
		for (; some < AT_ONCE && at < end; some++, at++)
			messages[some].msg_hdr = (struct msghdr){ .msg_iov = &frames[at], .msg_iovlen = 1 };
		for (unsigned done = 0; done < some;) {
			int passed = sendmmsg(descriptor, messages + done, some - done, 0);
			if (passed <= 0)
				break;
			done += (unsigned)passed;
			sent += (uint64_t)passed;
		}
	}
	printf("%" PRIu64 " %.3f\n", sent, now() - begin);
	return 0;
}
