/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A finding as a syslog message with structured data (RFC 5424), and the header that local log sockets read.
 *
 * Two headers, because /dev/log is older than RFC 5424. syslog-ng's system() and unix-dgram(), rsyslog's imuxsock and
 * journald all expect there what syslog(3) sends: <PRI>, a timestamp without year, program[pid], a colon. Given an RFC
 * 5424 frame they take "1" for the program and push the rest into the text (syslog-ng 3.38, measured; rsyslog issues 437
 * and 4749). So on the system's own socket the message has the local header and the structured data opens the text:
 *
 *   <83>Nov 21 20:30:00 espiald[4242]: [espial@32473 alert="..." ...] 10.1.0.1 sends http in clear ...
 *
 * and on a socket of its own the full frame:
 *
 *   <83>1 2026-11-21T20:30:00.123456Z edge-1 espiald 4242 cleartext-leak [espial@32473 alert="..." ...] BOM text
 *
 * For structured data as such, give espial a socket of its own and name it as `to`:
 *   syslog-ng:  source s_espial { unix-dgram("/run/espial-log" flags(syslog-protocol)); };
 *   rsyslog:    input(type="imuxsock" Socket="/run/espial-log" UseSpecialParser="off" ParseHostname="on")
 *
 * Called by syslog.c. Pure: it formats into the caller's memory and knows no socket and no clock.
 */
#ifndef ESPIAL_REPORT_RFC5424_H
#define ESPIAL_REPORT_RFC5424_H

#include "../audit/finding.h"

#include <sys/types.h>

/*
 * RFC 5424 section 7.2.2 wants an IANA private enterprise number behind the "@". 32473 is reserved for documentation (RFC
 * 5612); it is to be replaced here, once, when a number is registered for espial. Names inside never change meaning.
 */
#define RFC5424_SD_ID "espial@32473"
#define RFC5424_SD_ID_EVIDENCE "evidence@32473"

enum rfc5424_header {
	RFC5424_HEADER_LOCAL, /* what syslog(3) writes: for /dev/log and the like */
	RFC5424_HEADER_FULL   /* the frame of RFC 5424 section 6 */
};

/* Where a message comes from; the same for all of a sink. */
struct rfc5424_origin {
	int facility;       /* 0 to 23 */
	const char *sensor; /* HOSTNAME of the full frame and parameter `sensor` */
	const char *program;
	pid_t pid;
	enum rfc5424_header header;
};

/* How much of the message to write. */
enum rfc5424_extent {
	RFC5424_WHOLE,
	RFC5424_CUT /* without evidence and advice, the text short, and the parameter cut="evidence,advice" */
};

enum {
	RFC5424_MESSAGE_MAX = 8192, /* octets of a whole message, its end included; what rsyslog takes by default */
	RFC5424_CUT_MAX = 2048,     /* of one that was cut; what any receiver should take (RFC 5424 section 6.1) */
};

/* critical 2, high 3, medium 4, low 5, info 6. */
int rfc5424_severity(enum finding_severity severity);

/* <PRI> up to the text. Returns the octets written; `msgid` is for the full frame and may be NULL. */
size_t rfc5424_put_header(const struct rfc5424_origin *origin, int severity, int64_t time_ns, const char *msgid,
			  char *out, size_t size);

/*
 * The whole message, terminated. Returns its length. What would go beyond the size is left out in whole parameters, so
 * that the structured data is always well-formed; size must be at least RFC5424_CUT_MAX.
 */
size_t rfc5424_format(const struct finding *finding, const struct rfc5424_origin *origin, enum rfc5424_extent extent,
		      char *out, size_t size);

/* A plain message, for notices. */
size_t rfc5424_format_text(const char *text, int severity, int64_t time_ns, const struct rfc5424_origin *origin,
			   char *out, size_t size);

#endif
