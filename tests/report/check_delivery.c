/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery against a log daemon of our own in the same process: absent, slow, full, killed with mail in its queue,
 * restarted, replaced; as datagrams and as a stream. Time is an argument, so no test waits.
 */
#include "../../daemon/report/delivery.h"
#include "../../daemon/report/syslog.h"
#include "sample.h"
#include "../suite.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MILLISECOND INT64_C(1000000)

static char directory[32], path[64];
static struct sink_health health;
static struct delivery *delivery;
static int64_t now;

/* The log daemon: a listening socket, and for streams the accepted connection. */
static int listener, connection;
static char stream_text[1 << 16];
static size_t stream_used;

static void start_daemon(int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, path);
	unlink(path);
	listener = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(listener, 8), 0);
	connection = -1;
	stream_used = 0;
}

/* As kill -9 does it: what is in the queue is gone, the socket file stays. */
static void kill_daemon(void)
{
	close(listener);
	if (connection >= 0)
		close(connection);
	listener = connection = -1;
}

/* The next datagram's text, or the next terminated message of the stream; NULL if there is none now. */
static const char *receive(bool stream)
{
	static char message[1 << 16];
	ssize_t got;

	if (!stream) {
		got = recv(listener, message, sizeof(message) - 1, 0);
		if (got < 0)
			return NULL;
		message[got] = '\0';
		return message;
	}
	if (connection < 0)
		connection = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	got = connection < 0 ? -1 : recv(connection, stream_text + stream_used, sizeof(stream_text) - stream_used, 0);
	if (got > 0)
		stream_used += (size_t)got;
	char *end = memchr(stream_text, '\0', stream_used);
	if (!end)
		return NULL;
	memcpy(message, stream_text, (size_t)(end - stream_text) + 1);
	stream_used -= (size_t)(end - stream_text) + 1;
	memmove(stream_text, end + 1, stream_used);
	return message;
}

static void push(int number, enum finding_severity severity)
{
	char text[128];
	int length = snprintf(text, sizeof(text), "message %d", number);

	delivery_push(delivery, severity, text, (size_t)length, "cut", 3);
}

static int number_of(const char *message)
{
	int number = -1;

	ck_assert_msg(sscanf(message, "message %d", &number) == 1, "'%s'", message);
	return number;
}

static void tick_after(int milliseconds)
{
	now += milliseconds * MILLISECOND;
	delivery_tick(delivery, now);
}

static void setup(void)
{
	strcpy(directory, P_tmpdir "/check_delivery.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/log", directory);
	memset(&health, 0, sizeof(health));
	now = 1000 * MILLISECOND;
	listener = connection = -1;
	delivery = delivery_new(path, &health);
	ck_assert_ptr_nonnull(delivery);
}

static void teardown(void)
{
	delivery_free(delivery);
	kill_daemon();
	unlink(path);
	rmdir(directory);
}

/* _i: 0 datagram, 1 stream */
static int type_of(int i)
{
	return i ? SOCK_STREAM : SOCK_DGRAM;
}

START_TEST(messages_arrive_in_order)
{
	start_daemon(type_of(_i));
	for (int i = 0; i < 20; i++) {
		const char *message;

		push(i, (enum finding_severity)(i % SEVERITY_COUNT));
		message = receive(_i);
		ck_assert_ptr_nonnull(message);
		ck_assert_int_eq(number_of(message), i);
	}
	ck_assert(health.up);
	ck_assert_uint_eq(health.delivered, 20);
	ck_assert_uint_eq(health.queued, 0);
	ck_assert_uint_eq(health.dropped, 0);
}
END_TEST

START_TEST(absent_daemon_is_waited_for)
{
	int64_t last = 0;
	int attempts = 0;

	push(0, SEVERITY_HIGH);
	push(1, SEVERITY_INFO);
	ck_assert(!health.up);
	ck_assert_msg(strstr(health.problem, "No such file") != NULL, "%s", health.problem);
	ck_assert_uint_eq(health.queued, 2);
	/* Back-off: every attempt overwrites the problem; they come after 100, 200, 400, ... 2000 ms. */
	for (int i = 0; i < 1000; i++) {
		health.problem[0] = '\0';
		tick_after(10);
		if (health.problem[0]) {
			int64_t gap = (now - last) / MILLISECOND;
			if (attempts > 0)
				ck_assert_int_le(gap, DELIVERY_BACKOFF_LAST_MS + 10);
			last = now;
			attempts++;
		}
	}
	ck_assert_int_ge(attempts, 7);
	ck_assert_int_le(attempts, 11);
	start_daemon(type_of(_i));
	tick_after(DELIVERY_BACKOFF_LAST_MS);
	ck_assert(health.up);
	ck_assert_str_eq(health.problem, "");
	ck_assert_int_eq(number_of(receive(_i)), 0);
	ck_assert_int_eq(number_of(receive(_i)), 1);
	ck_assert_uint_eq(health.queued, 0);
}
END_TEST

START_TEST(full_daemon_is_waited_for)
{
	int count = 5000, wanted = 0;

	start_daemon(type_of(_i));
	for (int i = 0; i < count; i++)
		push(i, SEVERITY_MEDIUM);
	ck_assert_uint_gt(health.queued, 0);
	ck_assert(health.up); /* slow is not down */
	while (wanted < count) {
		const char *message = receive(_i);

		if (message)
			ck_assert_int_eq(number_of(message), wanted++);
		else
			tick_after(100);
	}
	ck_assert_uint_eq(health.delivered, (uint64_t)count);
	ck_assert_uint_eq(health.queued, 0);
	ck_assert_uint_eq(health.dropped, 0);
}
END_TEST

/* The daemon dies with unread messages in its socket: they come again, nothing is missing, order holds. */
START_TEST(killed_daemon_loses_nothing)
{
	int read_before = 3, count = 30, wanted = 0, repeated = 0;
	const char *message;

	start_daemon(type_of(_i));
	for (int i = 0; i < 10; i++)
		push(i, SEVERITY_MEDIUM);
	for (int i = 0; i < read_before; i++)
		ck_assert_int_eq(number_of(receive(_i)), i);
	if (_i == 0)
		tick_after(100); /* confirms what was read */
	kill_daemon();
	for (int i = 10; i < 20; i++)
		push(i, SEVERITY_MEDIUM);
	ck_assert(!health.up);
	tick_after(100);
	start_daemon(type_of(_i));
	tick_after(DELIVERY_BACKOFF_LAST_MS);
	for (int i = 20; i < count; i++)
		push(i, SEVERITY_MEDIUM);
	wanted = read_before;
	for (int idle = 0; idle < 3;) {
		message = receive(_i);
		if (!message) {
			tick_after(100);
			idle++;
		} else if (number_of(message) < wanted) {
			repeated++;
		} else {
			ck_assert_int_eq(number_of(message), wanted++);
		}
	}
	ck_assert_int_eq(wanted, count);
	/* Of datagrams the kernel tells which were read; of a stream our daemon took all octets at once. */
	if (_i == 0)
		ck_assert_int_eq(repeated, 0);
	ck_assert(health.up);
	ck_assert_uint_eq(health.delivered, (uint64_t)count);
	ck_assert_uint_eq(health.queued, 0);
}
END_TEST

/* Dies while we are idle, restarted before the next message: the next tick already sends again what was not read. */
START_TEST(idle_loss_is_noticed)
{
	start_daemon(type_of(_i));
	push(0, SEVERITY_HIGH);
	kill_daemon();
	tick_after(100);
	ck_assert_uint_eq(health.queued, 1);
	start_daemon(type_of(_i));
	tick_after(DELIVERY_BACKOFF_LAST_MS);
	ck_assert_int_eq(number_of(receive(_i)), 0);
}
END_TEST

/* That nobody listens is known before there is something to say, and the first that there is does not wait for it. */
START_TEST(absent_daemon_is_known_while_idle)
{
	tick_after(10);
	ck_assert(!health.up);
	ck_assert_msg(strstr(health.problem, "No such file") != NULL, "%s", health.problem);
	ck_assert_uint_eq(health.outages, 0);
	for (int i = 0; i < 1000; i++)
		tick_after(10);
	start_daemon(type_of(_i));
	push(0, SEVERITY_HIGH);
	ck_assert(health.up);
	ck_assert_int_eq(number_of(receive(_i)), 0);
}
END_TEST

START_TEST(late_daemon_is_found_while_idle)
{
	tick_after(10);
	ck_assert(!health.up);
	start_daemon(type_of(_i));
	tick_after(DELIVERY_BACKOFF_LAST_MS);
	ck_assert(health.up);
	ck_assert_str_eq(health.problem, "");
}
END_TEST

/* A new socket under the same name while the old reader lives: the old one is not written to any more. */
START_TEST(replaced_socket_is_followed)
{
	int old;

	start_daemon(SOCK_DGRAM);
	push(0, SEVERITY_HIGH);
	ck_assert_int_eq(number_of(receive(false)), 0);
	tick_after(100);
	old = listener;
	start_daemon(SOCK_DGRAM);
	tick_after(100);
	push(1, SEVERITY_HIGH);
	ck_assert_int_eq(number_of(receive(false)), 1);
	ck_assert_int_lt(recv(old, stream_text, sizeof(stream_text), 0), 0);
	close(old);
}
END_TEST

START_TEST(datagram_becomes_stream)
{
	start_daemon(SOCK_DGRAM);
	push(0, SEVERITY_HIGH);
	ck_assert_int_eq(number_of(receive(false)), 0);
	tick_after(100);
	kill_daemon();
	start_daemon(SOCK_STREAM);
	push(1, SEVERITY_HIGH);
	tick_after(100);
	ck_assert_int_eq(number_of(receive(true)), 1);
}
END_TEST

START_TEST(least_severe_is_given_up_first)
{
	int expected = 0;
	const char *message;

	/* One info among a queue full of medium, then 9 more medium: the info goes first, then the oldest. */
	for (int i = 0; i < DELIVERY_MESSAGES_MAX; i++)
		push(i, i == 5 ? SEVERITY_INFO : SEVERITY_MEDIUM);
	ck_assert_uint_eq(health.dropped, 0);
	push(DELIVERY_MESSAGES_MAX, SEVERITY_MEDIUM);
	push(DELIVERY_MESSAGES_MAX + 1, SEVERITY_MEDIUM);
	push(DELIVERY_MESSAGES_MAX + 2, SEVERITY_INFO); /* itself the least */
	push(DELIVERY_MESSAGES_MAX + 3, SEVERITY_CRITICAL);
	ck_assert_uint_eq(health.dropped, 4);
	ck_assert_uint_eq(health.queued, DELIVERY_MESSAGES_MAX);
	start_daemon(SOCK_DGRAM);
	tick_after(DELIVERY_BACKOFF_LAST_MS);
	expected = 2;
	while (expected < DELIVERY_MESSAGES_MAX + 4) {
		message = receive(false);
		if (!message) {
			tick_after(10);
			continue;
		}
		if (expected == 5 || expected == DELIVERY_MESSAGES_MAX + 2)
			expected++;
		ck_assert_int_eq(number_of(message), expected++);
	}
	ck_assert_uint_eq(health.queued, 0);
}
END_TEST

START_TEST(octets_are_bounded)
{
	size_t length = 1 << 20;
	char *text = calloc(1, length);

	memset(text, 'x', length);
	for (int i = 0; i < 40; i++)
		delivery_push(delivery, SEVERITY_HIGH, text, length, NULL, 0);
	ck_assert_uint_lt(health.queued, 17);
	ck_assert_uint_eq(health.queued + health.dropped, 40);
	free(text);
}
END_TEST

START_TEST(too_long_is_cut)
{
	size_t length = 1 << 20;
	char *text = calloc(1, length);

	start_daemon(SOCK_DGRAM);
	memset(text, 'x', length);
	delivery_push(delivery, SEVERITY_HIGH, text, length, "short", 5);
	ck_assert_str_eq(receive(false), "short");
	/* Nothing shorter to offer: counted, and no stop for what follows. */
	delivery_push(delivery, SEVERITY_HIGH, text, length, NULL, 0);
	push(7, SEVERITY_HIGH);
	ck_assert_int_eq(number_of(receive(false)), 7);
	ck_assert_uint_eq(health.dropped, 1);
	free(text);
}
END_TEST

START_TEST(long_path_is_refused)
{
	char long_path[200];

	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	ck_assert_ptr_null(delivery_new(long_path, &health));
	long_path[107] = '\0';
	delivery_free(delivery);
	delivery = delivery_new(long_path, &health);
	ck_assert_ptr_nonnull(delivery);
}
END_TEST

/* The sink as a whole: shape by name, and one notice when the module is not there. */
static int notices;

static void count_notice(void *context, const struct record *record)
{
	(void)context;
	ck_assert_int_eq(record->type, RECORD_NOTICE);
	ck_assert_msg(strstr(record->notice.text, "/nonexistent/module.so") != NULL, "%s", record->notice.text);
	notices++;
}

START_TEST(missing_module_gives_one_notice_and_rfc5424)
{
	struct record_sink notice_sink = { .write = count_notice };
	struct syslog_options options = { .to = path,
					  .sensor = "edge-1",
					  .facility = 10,
					  .shape = SYSLOG_SHAPE_EVENTLOG,
					  .module = "/nonexistent/module.so",
					  .notices = &notice_sink };
	struct record record = sample_finding();
	struct record other = { .type = RECORD_SUMMARY };
	struct sink *sink;
	const char *message;

	start_daemon(SOCK_DGRAM);
	sink = syslog_sink_new(&options);
	sink_write(sink, &record);
	sink_write(sink, &other);
	sink_write(sink, &record);
	for (int i = 0; i < 2; i++) {
		message = receive(false);
		ck_assert_ptr_nonnull(message);
		ck_assert_msg(strncmp(message, "<83>1 2026-11-21T20:30:00.123456Z edge-1 espiald ", 49) == 0, "%s",
			      message);
	}
	ck_assert_ptr_null(receive(false));
	ck_assert_int_eq(notices, 1);
	ck_assert_uint_eq(sink->health.delivered, 2);
	sink_close(sink);
}
END_TEST

START_TEST(system_sockets_are_known)
{
	ck_assert(syslog_is_system_socket("/dev/log"));
	ck_assert(syslog_is_system_socket("/run/systemd/journal/dev-log"));
	ck_assert(!syslog_is_system_socket("/dev/log2"));
	ck_assert(!syslog_is_system_socket("/run/espial-log"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("delivery");
	TCase *sockets = tcase_create("sockets");

	tcase_add_checked_fixture(sockets, setup, teardown);
	tcase_add_loop_test(sockets, messages_arrive_in_order, 0, 2);
	tcase_add_loop_test(sockets, absent_daemon_is_waited_for, 0, 2);
	tcase_add_loop_test(sockets, full_daemon_is_waited_for, 0, 2);
	tcase_add_loop_test(sockets, killed_daemon_loses_nothing, 0, 2);
	tcase_add_loop_test(sockets, idle_loss_is_noticed, 0, 2);
	tcase_add_loop_test(sockets, absent_daemon_is_known_while_idle, 0, 2);
	tcase_add_loop_test(sockets, late_daemon_is_found_while_idle, 0, 2);
	tcase_add_test(sockets, replaced_socket_is_followed);
	tcase_add_test(sockets, datagram_becomes_stream);
	tcase_add_test(sockets, least_severe_is_given_up_first);
	tcase_add_test(sockets, octets_are_bounded);
	tcase_add_test(sockets, too_long_is_cut);
	tcase_add_test(sockets, long_path_is_refused);
	tcase_add_test(sockets, missing_module_gives_one_notice_and_rfc5424);
	tcase_add_test(sockets, system_sockets_are_known);
	tcase_set_timeout(sockets, 60);
	suite_add_tcase(suite, sockets);
	return suite_end(suite);
}
