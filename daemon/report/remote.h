/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to a log server over the network: UDP (RFC 5426), TCP with octet counting (RFC 6587 section 3.4.1) and TLS (RFC
 * 5425), in order, without ever blocking.
 *
 * Names are looked up by a thread of their own. A message is settled over UDP when it was sent, over TCP and TLS when the
 * other side's kernel has acknowledged its last octet; what was not is sent again over the next connection. What a server had
 * not read when it died is beyond that; health.outages tells of it. Called by syslog.c, as delivery.h is for local sockets.
 */
#ifndef ESPIAL_REPORT_REMOTE_H
#define ESPIAL_REPORT_REMOTE_H

#include "sink.h"
#include "tls.h"

enum {
	REMOTE_MESSAGES_MAX = 4096,
	REMOTE_BACKOFF_FIRST_MS = 200,
	REMOTE_BACKOFF_LAST_MS = 10000,
	REMOTE_PATIENCE_MS = 10000
};

enum remote_protocol { REMOTE_UDP, REMOTE_TCP, REMOTE_TLS };

struct remote_options {
	enum remote_protocol protocol;
	const char *host; /* name or address */
	unsigned port;
	const char *name;       /* that the certificate is to be good for; NULL: host */
	struct tls_files files; /* of TLS */
};

struct remote;

/* Copies the options. `health` is the owner's, kept true here, and must outlive the remote. NULL with one sentence, if a file
 * for TLS cannot be used or memory lacks. */
struct remote *remote_new(const struct remote_options *options, struct sink_health *health, char *problem,
			  size_t problem_size);

/* Queues the message and sends what can be sent; `cut` goes instead where a datagram of the whole would be too long. */
void remote_push(struct remote *remote, const char *whole, size_t whole_length, const char *cut, size_t cut_length);

/* Of the messages pushed, how many, from the first, are settled. */
uint64_t remote_settled(struct remote *remote);

void remote_tick(struct remote *remote, int64_t monotonic_ns);

/* Tries for at most a second to send what waits, and frees. */
void remote_free(struct remote *remote);

#endif
