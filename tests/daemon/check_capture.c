/* SPDX-License-Identifier: Apache-2.0 */
/* Live capture over a pair of virtual interfaces in a network namespace of the test's own. Skipped unless root. */
#include "../../daemon/capture.h"
#include "../suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SKIPPED = 77, BUFFER = 8 * 1024 * 1024, TEST_TYPE = 0x88b5 /* for local experiments */, HEADER = 18 };

/* What came, of the frames that are ours. */
struct tally {
	unsigned frames, batches, largest_batch;
	uint32_t next; /* the number the next frame must have */
	uint64_t octets;
	int64_t last_time;
	uint16_t link_type, interface;
};

static void run(const char *command)
{
	ck_assert_msg(system(command) == 0, "%s", command);
}

static bool make_namespace(void)
{
	return unshare(CLONE_NEWNET) == 0 &&
	       system("ip link add near type veth peer name far 2>/dev/null && ip link set near mtu 9000 up && "
		      "ip link set far mtu 9000 up") == 0;
}

/* Each test is a process of its own; its namespace goes away with it. */
static void enter_namespace(void)
{
	ck_assert(make_namespace());
}

static void send_frames(uint32_t first, unsigned count, size_t length)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("far") };
	int sender = socket(AF_PACKET, SOCK_RAW, 0);
	uint8_t octets[9014];

	ck_assert_int_ge(sender, 0);
	memset(octets, 0xff, 6);
	memset(octets + 6, 2, 6);
	octets[12] = TEST_TYPE >> 8;
	octets[13] = TEST_TYPE & 0xff;
	for (uint32_t i = first; i < first + count; i++) {
		memcpy(octets + 14, &i, sizeof(i));
		memset(octets + HEADER, (int)i, length - HEADER);
		ck_assert_int_eq(sendto(sender, octets, length, 0, (struct sockaddr *)&to, sizeof(to)),
				 (ssize_t)length);
	}
	close(sender);
}

static void count_frames(void *context, const struct frame *frames, unsigned count)
{
	struct tally *tally = context;

	ck_assert_uint_ge(count, 1);
	ck_assert_uint_le(count, 32);
	tally->batches++;
	tally->largest_batch = count > tally->largest_batch ? count : tally->largest_batch;
	for (unsigned i = 0; i < count; i++) {
		const struct frame *frame = &frames[i];
		uint32_t number;

		ck_assert_uint_ge(frame->length, frame->captured);
		if (frame->link_type == 1) {
			if (frame->captured < HEADER || frame->bytes[12] != TEST_TYPE >> 8 ||
			    frame->bytes[13] != (TEST_TYPE & 0xff))
				continue;
			memcpy(&number, frame->bytes + 14, sizeof(number));
			ck_assert_uint_eq(number, tally->next);
			tally->next++;
			/* The first octet behind the header is right, and each other is like the one before it. */
			if (frame->captured > HEADER) {
				ck_assert_uint_eq(frame->bytes[HEADER], (uint8_t)number);
				ck_assert_int_eq(memcmp(frame->bytes + HEADER, frame->bytes + HEADER + 1,
							frame->captured - HEADER - 1),
						 0);
			}
		}
		ck_assert_int_ge(frame->time_ns, tally->last_time);
		tally->last_time = frame->time_ns;
		tally->frames++;
		tally->octets += frame->captured;
		tally->link_type = frame->link_type;
		tally->interface = frame->interface;
	}
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Asks for up to `milliseconds` until there are `frames`; the last answer. */
static int collect(struct capture *capture, struct tally *tally, unsigned frames, unsigned budget, int milliseconds,
		   struct capture_error *error)
{
	int64_t end = now_ns() + (int64_t)milliseconds * 1000000;
	int got = 0;

	while (got >= 0 && tally->frames < frames && now_ns() < end) {
		poll(&(struct pollfd){ .fd = capture_descriptor(capture), .events = POLLIN }, 1, 20);
		got = capture_dispatch(capture, budget, count_frames, tally, error);
	}
	return got;
}

static const struct {
	size_t length;
	unsigned count, budget;
} loads[] = {
	{ 60, 1, 1000 }, { 60, 1000, 1000 }, { 1514, 1000, 7 }, { 9014, 500, 1000 }, { 333, 2000, 0 },
};

START_TEST(all_frames_come_whole_and_in_order)
{
	struct capture_error error;
	struct capture_stats stats;
	struct tally tally = { 0 };
	int64_t before = now_ns();
	struct capture *capture = capture_open("near", 5, BUFFER, &error);

	ck_assert_msg(capture, "%s", error.text);
	ck_assert_int_ge(capture_descriptor(capture), 0);
	send_frames(0, loads[_i].count, loads[_i].length);
	ck_assert_int_ge(collect(capture, &tally, loads[_i].count, loads[_i].budget, 5000, &error), 0);
	ck_assert_uint_eq(tally.frames, loads[_i].count);
	ck_assert_uint_eq(tally.octets, (uint64_t)loads[_i].count * loads[_i].length);
	ck_assert_uint_eq(tally.interface, 5);
	ck_assert_uint_eq(tally.link_type, 1);
	ck_assert(tally.last_time >= before && tally.last_time <= now_ns());
	capture_read_stats(capture, &stats);
	ck_assert_uint_ge(stats.received, loads[_i].count);
	ck_assert_uint_eq(stats.dropped, 0);
	capture_close(capture);
}
END_TEST

START_TEST(counters_never_run_back)
{
	struct capture_error error;
	struct capture_stats last = { 0 }, stats;
	struct tally tally = { 0 };
	struct capture *capture = capture_open("near", 0, 1024 * 1024, &error);

	ck_assert_ptr_nonnull(capture);
	/* More than the ring holds, and nobody reads. */
	for (unsigned round = 0; round < 5; round++) {
		send_frames(round * 1000, 1000, 1514);
		capture_read_stats(capture, &stats);
		ck_assert_uint_ge(stats.received, last.received + 1000);
		ck_assert_uint_ge(stats.dropped, last.dropped);
		ck_assert_uint_ge(stats.interface_dropped, last.interface_dropped);
		last = stats;
	}
	ck_assert_uint_gt(stats.dropped, 0);
	tally.next = 0;
	collect(capture, &tally, (unsigned)(5000 - stats.dropped), 1000, 500, &error);
	ck_assert_uint_ge(tally.frames, 1);
	capture_close(capture);
}
END_TEST

/* What waits is told once it was taken out; of a ring that ran over, that it did. */
START_TEST(how_full_the_ring_was)
{
	enum { WAITING = 400, LENGTH = 1000 };
	struct capture_error error;
	struct capture_stats stats;
	struct tally tally = { 0 };
	struct capture *capture = capture_open("near", 0, BUFFER, &error);

	ck_assert_ptr_nonnull(capture);
	capture_read_stats(capture, &stats);
	ck_assert_uint_eq(stats.ring, BUFFER);
	ck_assert_uint_eq(stats.ring_used, 0);
	/* Until these are out of their block all the others have come. */
	send_frames(0, WAITING, LENGTH);
	usleep(50000);
	ck_assert_int_ge(collect(capture, &tally, WAITING, 1000000, 5000, &error), 0);
	capture_read_stats(capture, &stats);
	ck_assert_uint_ge(stats.ring_used, WAITING * LENGTH);
	ck_assert_uint_le(stats.ring_used, WAITING * (LENGTH + 128));
	ck_assert_uint_eq(stats.ring_peak, stats.ring_used);
	ck_assert_uint_eq(stats.ring_full, 0);
	/* The first batch is timed, and each 61st; one that had to share its processor is no sample. */
	for (unsigned round = 0; round < 50 && stats.read.packets == 0; round++) {
		tally = (struct tally){ 0 };
		send_frames(0, 61 * 32, 100);
		ck_assert_int_ge(collect(capture, &tally, 61 * 32, 1000000, 5000, &error), 0);
		capture_read_stats(capture, &stats);
	}
	ck_assert_uint_ge(stats.read.packets, 1);
	ck_assert_int_gt(stats.read.ns, 0);
	capture_close(capture);

	capture = capture_open("near", 0, 1024 * 1024, &error);
	ck_assert_ptr_nonnull(capture);
	for (unsigned round = 0; round < 3; round++)
		send_frames(round * 1000, 1000, 1514);
	tally = (struct tally){ 0 };
	collect(capture, &tally, UINT32_MAX, 1000000, 200, &error);
	capture_read_stats(capture, &stats);
	ck_assert_uint_gt(stats.dropped, 0);
	ck_assert_uint_ge(stats.received, 3000);
	ck_assert_uint_ge(stats.ring_full, 1);
	ck_assert_uint_gt(stats.ring_peak, 700000);
	ck_assert_uint_le(stats.ring_peak, stats.ring);
	capture_close(capture);
}
END_TEST

START_TEST(idle_link_does_not_block)
{
	struct capture_error error;
	struct tally tally = { 0 };
	struct capture *capture = capture_open("near", 0, BUFFER, &error);
	int64_t before;

	ck_assert_ptr_nonnull(capture);
	/* What the kernel says by itself (IPv6) has come by then. */
	collect(capture, &tally, UINT32_MAX, 1000, 100, &error);
	before = now_ns();
	for (unsigned i = 0; i < 100; i++)
		ck_assert_int_ge(capture_dispatch(capture, 32, count_frames, &tally, &error), 0);
	ck_assert_int_lt(now_ns() - before, 1000000000);
	capture_close(capture);
}
END_TEST

START_TEST(interface_that_goes_away)
{
	static const char *const commands[] = {
		"ip link set near down", "ip link del near",
		"ip link del near; ip link add near type veth peer name other; ip link set near up"
	};
	struct capture_error error;
	struct tally tally = { 0 };
	struct capture *capture = capture_open("near", 0, BUFFER, &error);

	ck_assert_ptr_nonnull(capture);
	send_frames(0, 10, 100);
	ck_assert_int_ge(collect(capture, &tally, 10, 1000, 2000, &error), 0);
	ck_assert_uint_eq(tally.frames, 10);
	run(commands[_i]);
	ck_assert_int_eq(collect(capture, &tally, UINT32_MAX, 1000, 4000, &error), -1);
	ck_assert(error.missing && !error.permission);
	ck_assert_ptr_nonnull(strstr(error.text, "near: "));
	capture_close(capture);
}
END_TEST

START_TEST(interface_that_cannot_be_opened)
{
	static const char *const names[] = { "nothing0", "a-name-that-is-longer-than-any-interface-has", "" };
	struct capture_error error;

	for (unsigned i = 0; i < 3; i++) {
		ck_assert_ptr_null(capture_open(names[i], 0, BUFFER, &error));
		ck_assert(error.missing && !error.permission);
		ck_assert_ptr_nonnull(strstr(error.text, "there is no such interface; there are: lo, "));
		ck_assert_ptr_nonnull(strstr(error.text, "near"));
	}
	run("for i in 0 1 2 3 4; do ip link add fifteen-octets$i type veth peer name fifteen_octets$i; done");
	ck_assert_ptr_null(capture_open("nothing0", 0, BUFFER, &error));
	ck_assert_ptr_nonnull(strstr(error.text, " and more"));
	ck_assert_ptr_null(strstr(error.text, "fifteen-octets4"));
	run("ip link set near down");
	ck_assert_ptr_null(capture_open("near", 0, BUFFER, &error));
	ck_assert(error.missing);
	ck_assert_ptr_nonnull(strstr(error.text, "near: "));
}
END_TEST

/* As in the sandbox, which makes no socket for the list. */
START_TEST(interface_that_is_missing_where_none_can_be_listed)
{
	struct rlimit before, none;
	struct capture_error error;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	struct capture *capture = capture_open("nothing0", 0, BUFFER, &error);
	/* What looks for lost memory at the end opens files. */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_ptr_null(capture);
	ck_assert(error.missing && !error.permission);
	ck_assert_str_eq(error.text, "nothing0: there is no such interface");
}
END_TEST

START_TEST(no_permission)
{
	struct capture_error error;

	ck_assert_int_eq(setuid(65534), 0);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_ptr_null(capture_open(i ? "any" : "near", 0, BUFFER, &error));
		ck_assert(error.permission && !error.missing);
		ck_assert_ptr_nonnull(strstr(error.text, "CAP_NET_RAW"));
		ck_assert_ptr_nonnull(strstr(error.text, "sudo setcap cap_net_raw=ep '/"));
	}
}
END_TEST

START_TEST(any_interface)
{
	struct capture_error error;
	struct tally tally = { 0 };
	struct capture *capture = capture_open("any", 3, BUFFER, &error);

	ck_assert_msg(capture, "%s", error.text);
	send_frames(0, 50, 100);
	/* Seen going out of one end and coming in at the other. */
	ck_assert_int_ge(collect(capture, &tally, 100, 1000, 3000, &error), 0);
	ck_assert_uint_ge(tally.frames, 100);
	ck_assert(tally.link_type == 113 || tally.link_type == 276);
	ck_assert_uint_eq(tally.interface, 3);
	/* There is always something: one interface that goes away is no failure. */
	run("ip link del near");
	ck_assert_int_ge(collect(capture, &tally, UINT32_MAX, 1000, 1500, &error), 0);
	capture_close(capture);
}
END_TEST

static void keep_frame(void *context, const struct frame *frames, unsigned count)
{
	struct frame *kept = context;
	static const uint8_t start[] = { 0x45, 0, 0, 28 };

	for (unsigned i = 0; i < count; i++) {
		if (frames[i].captured == 28 && memcmp(frames[i].bytes, start, sizeof(start)) == 0)
			*kept = frames[i];
	}
}

START_TEST(interface_without_link_header)
{
	/* A UDP datagram without content, of 192.0.2.2 to 192.0.2.1. */
	static const uint8_t packet[28] = { 0x45, 0, 0,   28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0,
					    2,    2, 192, 0,  2, 1, 0, 9, 0,  9,  0, 8, 0,   0 };
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = "tunnel" };
	int tunnel = open("/dev/net/tun", O_RDWR);
	struct capture_error error;
	struct frame kept = { 0 };
	struct capture *capture;

	ck_assert_int_ge(tunnel, 0);
	ck_assert_int_eq(ioctl(tunnel, TUNSETIFF, &request), 0);
	run("ip link set tunnel up");
	capture = capture_open("tunnel", 0, BUFFER, &error);
	ck_assert_msg(capture, "%s", error.text);
	ck_assert_int_eq(write(tunnel, packet, sizeof(packet)), sizeof(packet));
	for (unsigned i = 0; i < 50 && kept.captured == 0; i++) {
		poll(&(struct pollfd){ .fd = capture_descriptor(capture), .events = POLLIN }, 1, 20);
		ck_assert_int_ge(capture_dispatch(capture, 10, keep_frame, &kept, &error), 0);
	}
	ck_assert_uint_eq(kept.captured, sizeof(packet));
	ck_assert_uint_eq(kept.length, sizeof(packet));
	/* libpcap says 12, files say 101. */
	ck_assert_uint_eq(kept.link_type, 101);
	capture_close(capture);
	capture_close(NULL);
	close(tunnel);
	ck_assert_ptr_nonnull(strstr(capture_library(), "libpcap version "));
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
	Suite *suite = suite_create("capture");
	TCase *tests = tcase_create("live");

	/* In this process too: what may be done here the tests can do. */
	if (geteuid() != 0 || !make_namespace()) {
		fprintf(stderr, "skipped: network namespaces and capture need root\n");
		return SKIPPED;
	}
	tcase_set_timeout(tests, 30);
	tcase_add_checked_fixture(tests, enter_namespace, NULL);
	tcase_add_loop_test(tests, all_frames_come_whole_and_in_order, 0, COUNT(loads));
	tcase_add_test(tests, counters_never_run_back);
	tcase_add_test(tests, how_full_the_ring_was);
	tcase_add_test(tests, idle_link_does_not_block);
	tcase_add_loop_test(tests, interface_that_goes_away, 0, 3);
	tcase_add_test(tests, interface_that_cannot_be_opened);
	tcase_add_test(tests, interface_that_is_missing_where_none_can_be_listed);
	tcase_add_test(tests, no_permission);
	tcase_add_test(tests, any_interface);
	tcase_add_test(tests, interface_without_link_header);
	suite_add_tcase(suite, tests);
	return suite_end(suite);
}
