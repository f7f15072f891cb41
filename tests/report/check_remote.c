/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log server with two addresses, of which the first is of no use: it refuses, does not answer at all, or takes connections
 * and never speaks TLS. The second gets the message. Names are looked up here, so that no network is needed but the loopback.
 */
#include "../../daemon/report/remote.h"
#include "../suite.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static in_port_t port; /* in network order; of both */

static struct sockaddr_in address_of(const char *text)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = port };

	ck_assert_int_eq(inet_pton(AF_INET, text, &address.sin_addr), 1);
	return address;
}

/* What the program is linked with in the place of the resolver. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
	static const char *const texts[] = { "127.0.0.3", "127.0.0.2" }; /* the second before the first */
	struct addrinfo *list = NULL;

	(void)node;
	(void)service;
	for (unsigned i = 0; i < 2; i++) {
		struct addrinfo *one = calloc(1, sizeof(*one));
		struct sockaddr_in *address = calloc(1, sizeof(*address));
		ck_assert(one && address);
		*address = address_of(texts[i]);
		*one = (struct addrinfo){ .ai_family = AF_INET,
					  .ai_socktype = hints->ai_socktype,
					  .ai_addr = (struct sockaddr *)address,
					  .ai_addrlen = sizeof(*address),
					  .ai_next = list };
		list = one;
	}
	*found = list;
	return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
	while (list) {
		struct addrinfo *next = list->ai_next;
		free(list->ai_addr);
		free(list);
		list = next;
	}
}

static int listen_on(const char *text, int backlog)
{
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = address_of(text);
	socklen_t length = sizeof(address);

	ck_assert_int_ge(descriptor, 0);
	ck_assert_int_eq(bind(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(descriptor, backlog), 0);
	ck_assert_int_eq(getsockname(descriptor, (struct sockaddr *)&address, &length), 0);
	port = address.sin_port;
	return descriptor;
}

/* Its queue is full: the kernel drops what comes then, as a firewall would. */
static void fill(const char *text, int clients[4])
{
	struct sockaddr_in address = address_of(text);

	for (unsigned i = 0; i < 4; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(clients[i], (struct sockaddr *)&address, sizeof(address));
	}
	usleep(100000);
}

/* Whether somebody connects to it within so many seconds of the remote's clock, which goes faster than the wall's. */
static bool is_reached(struct remote *remote, int listening, unsigned seconds)
{
	for (unsigned i = 0; i < 10 * seconds; i++) {
		struct pollfd ready = { .fd = listening, .events = POLLIN };
		remote_tick(remote, i * SECOND / 10);
		if (poll(&ready, 1, 5) > 0)
			return true;
	}
	return false;
}

enum how { REFUSES, IS_SILENT, SPEAKS_NO_TLS };

static void try(enum how how)
{
	struct sink_health health = { .up = true };
	char problem[200] = "", text[64] = "";
	int clients[4] = { -1, -1, -1, -1 };

	port = 0;
	int second = listen_on("127.0.0.3", 16);
	int first = how == REFUSES ? -1 : listen_on("127.0.0.2", how == IS_SILENT ? 0 : 16);
	if (how == IS_SILENT)
		fill("127.0.0.2", clients);
	struct remote_options options = { .protocol = how == SPEAKS_NO_TLS ? REMOTE_TLS : REMOTE_TCP,
					  .host = "log.example",
					  .port = ntohs(port) };
	struct remote *remote = remote_new(&options, &health, problem, sizeof(problem));
	ck_assert_msg(remote != NULL, "%s", problem);
	remote_push(remote, "hello", 5, NULL, 0);
	ck_assert(is_reached(remote, second, 30));
	int server = accept(second, NULL, NULL);
	for (unsigned i = 0; how != SPEAKS_NO_TLS && i < 200 && recv(server, text, sizeof(text) - 1, MSG_DONTWAIT) <= 0;
	     i++) {
		remote_tick(remote, 40 * SECOND + i * SECOND / 10);
		usleep(5000);
	}
	ck_assert_str_eq(text, how == SPEAKS_NO_TLS ? "" : "5 hello");
	if (how != SPEAKS_NO_TLS)
		ck_assert(health.up);
	remote_free(remote);
	for (unsigned i = 0; i < 4; i++)
		if (clients[i] >= 0)
			close(clients[i]);
	close(server);
	close(second);
	if (first >= 0)
		close(first);
}

START_TEST(the_first_address_refuses)
{
	try(REFUSES);
}
END_TEST

START_TEST(the_first_address_is_silent)
{
	try(IS_SILENT);
}
END_TEST

START_TEST(the_first_address_speaks_no_tls)
{
	try(SPEAKS_NO_TLS);
}
END_TEST

SUITE_MAIN("remote", the_first_address_refuses, the_first_address_is_silent, the_first_address_speaks_no_tls)
