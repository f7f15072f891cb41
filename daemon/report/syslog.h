/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syslog sink: findings and notices to the local log daemon.
 *
 * A shape decides how a finding reads; shapes are rows of one table in syslog.c. `eventlog` writes what libevtlog makes
 * of it, behind the header of syslog(3), for syslog-ng; where its module cannot be loaded, one notice says so and
 * `rfc5424` serves. rfc5424.h explains the headers and what to configure for structured data. In syslog-ng,
 *   parser { kv-parser(value-separator("=") pair-separator(", ")); };
 * takes the tags of the eventlog shape apart. `cef`, `ecs` and `ocsf` are the text behind either header. Delivery never
 * blocks, keeps order, and outlives restarts: delivery.h for sockets, remote.h for servers.
 *
 * Called by the reporter (and by `audit` where asked). Records other than findings and notices pass by.
 */
#ifndef ESPIAL_REPORT_SYSLOG_H
#define ESPIAL_REPORT_SYSLOG_H

#include "remote.h"
#include "sink.h"

enum syslog_shape {
	SYSLOG_SHAPE_EVENTLOG,
	SYSLOG_SHAPE_RFC5424,
	SYSLOG_SHAPE_CEF,
	SYSLOG_SHAPE_ECS,
	SYSLOG_SHAPE_OCSF,
	SYSLOG_SHAPE_COUNT
};

enum syslog_header {
	SYSLOG_HEADER_AUTO, /* local for the system's own socket (syslog_is_system_socket), full for any other */
	SYSLOG_HEADER_LOCAL,
	SYSLOG_HEADER_FULL
};

struct syslog_options {
	const char *to;                      /* path of the socket */
	const struct remote_options *remote; /* a server instead; NULL: the socket */
	const char *sensor;                  /* name of this sensor */
	int facility;                        /* 0 to 23; authpriv is 10 */
	enum syslog_shape shape;
	enum syslog_header header;         /* of the rfc5424 shape; eventlog always has the local one */
	const char *module;                /* path of espial_evtlog.so; NULL: where it is installed */
	const struct record_sink *notices; /* where the one notice goes; may be NULL */
};

/* Whether the path is one on which log daemons expect what syslog(3) sends. */
bool syslog_is_system_socket(const char *path);

/* Strings of the options are copied. NULL on lack of memory, or if `to` is too long for a socket's path. */
struct sink *syslog_sink_new(const struct syslog_options *options);

#endif
