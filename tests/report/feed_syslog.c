/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends numbered findings through the real syslog sink, for check_syslog_ng.sh: feed_syslog SOCKET SHAPE MODULE COMMANDS.
 * SHAPE is one of the configuration, or "local"; "-local" behind it gives it the header of local sockets. SOCKET is a path or udp://, tcp:// or tls://ADDRESS:PORT, with TLS_CA, TLS_NAME, TLS_CERTIFICATE and TLS_KEY in the
 * environment. COMMANDS is a FIFO; each line is "send FIRST COUNT", "hostile HEX" (a finding whose texts are all these octets), "flush" (ticks until all is delivered, at most 10 s),
 * "tick", "health" (answers "up", or the problem) or "end".
 * Answers "ok" or what is wrong, one line each.
 */
#include "../../daemon/report/syslog.h"
#include "sample.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_SIZE = 1 << 16 };

static int64_t clock_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void tell(void *context, const struct record *record)
{
	(void)context;
	fprintf(stderr, "notice: %s\n", record->notice.text);
}

static void tick_for(struct sink *sink, int ticks)
{
	for (int i = 0; i < ticks; i++) {
		sink_tick(sink, clock_now());
		usleep(20000);
	}
}

static void send_numbered(struct sink *sink, unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++) {
		struct record record = sample_finding();

		record.finding.alert = i;
		record.finding.protocol = i % 2 ? "HTTP" : SAMPLE_HOSTILE;
		record.finding.realm = i % 3 == 1 ? i + 1 : 0;
		record.finding.realm_interface = i % 3 == 2 ? SAMPLE_HOSTILE : NULL;
		record.finding.severity = (enum finding_severity)(i % SEVERITY_COUNT);
		sink_write(sink, &record);
		usleep(1000);
	}
}

/* The octets as text, of at most so many: what a finding may have there. */
static const char *start_of(const char *text, size_t limit, char *room)
{
	size_t length = strnlen(text, limit);

	memcpy(room, text, length);
	room[length] = '\0';
	return room;
}

static void send_hostile(struct sink *sink, const char *hex)
{
	struct record record = sample_finding();
	static char text[LINE_SIZE], rule[128], name[64], interface[16];
	unsigned octet;
	size_t length = 0;

	for (; sscanf(hex, "%2x", &octet) == 1; hex += 2)
		text[length++] = (char)octet;
	text[length] = '\0';
	record.finding.state = FINDING_CLEAR;
	record.finding.rule = start_of(text, sizeof(rule) - 1, rule);
	record.finding.protocol = start_of(text, sizeof(name) - 1, name);
	record.finding.interface = record.finding.realm_interface = start_of(text, sizeof(interface) - 1, interface);
	record.finding.cleared_by = record.finding.interface;
	start_of(text, sizeof(record.finding.text) - 1, record.finding.text);
	record.finding.evidence_count = 0;
	finding_note_words(&record.finding, "note", text);
	finding_note_integer(&record.finding, "last_note", 7);
	sink_write(sink, &record);
}

int main(int argc, char **argv)
{
	static char line[LINE_SIZE];
	static const char *const shapes[SYSLOG_SHAPE_COUNT] = { "eventlog", "rfc5424", "cef", "ecs", "ocsf" };
	struct record_sink notices = { .write = tell };
	struct syslog_options options = { .sensor = "edge-1", .facility = 10, .notices = &notices };
	struct remote_options remote = { .port = 0 };
	char scheme[4], host[64];
	unsigned first, count;
	struct sink *sink;
	FILE *commands;

	if (argc != 5 || !(commands = fopen(argv[4], "r")))
		return 2;
	options.to = argv[1];
	if (sscanf(argv[1], "%3[a-z]://%60[^:]:%u", scheme, host, &remote.port) == 3) {
		remote.protocol = *scheme == 'u' ? REMOTE_UDP : scheme[1] == 'c' ? REMOTE_TCP : REMOTE_TLS;
		remote.host = host;
		remote.name = getenv("TLS_NAME");
		remote.files = (struct tls_files){ getenv("TLS_CA"), getenv("TLS_CERTIFICATE"), getenv("TLS_KEY") };
		options.remote = &remote;
	}
	options.shape = SYSLOG_SHAPE_RFC5424;
	for (unsigned i = 0; i < SYSLOG_SHAPE_COUNT; i++)
		if (strncmp(argv[2], shapes[i], strlen(shapes[i])) == 0)
			options.shape = (enum syslog_shape)i;
	options.header = strstr(argv[2], "local") ? SYSLOG_HEADER_LOCAL : SYSLOG_HEADER_FULL;
	options.module = argv[3];
	sink = syslog_sink_new(&options);
	if (!sink)
		return 2;
	while (fgets(line, sizeof(line), commands)) {
		if (sscanf(line, "send %u %u", &first, &count) == 2)
			send_numbered(sink, first, count);
		if (strncmp(line, "hostile ", 8) == 0) { /* whoever waits has it by now */
			send_hostile(sink, line + 8);
			puts("ok");
			fflush(stdout);
			continue;
		}
		for (int i = 0; strncmp(line, "flush", 5) == 0 && sink->health.queued > 0 && i < 500; i++)
			tick_for(sink, 1);
		tick_for(sink, 3);
		if (strncmp(line, "health", 6) == 0) {
			printf("%s\n", sink->health.up ? "up" : sink->health.problem);
			fflush(stdout);
			continue;
		}
		if (strncmp(line, "flush", 5) == 0 && (sink->health.queued > 0 || !sink->health.up))
			printf("%llu still queued: %s\n", (unsigned long long)sink->health.queued,
			       sink->health.problem);
		else
			puts("ok");
		fflush(stdout);
		if (strncmp(line, "end", 3) == 0)
			break;
	}
	sink_close(sink);
	fclose(commands);
	return 0;
}
