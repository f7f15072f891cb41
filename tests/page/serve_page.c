/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serves the page, the API and the metrics from a file of records, as the reporter does from its engine's.
 *
 * serve_page LISTEN FILE [TOKEN [CONNECTIONS REQUEST_MS ANSWER_MS]]
 *
 * The file holds JSON lines; while there is none, no state has been told; "-" for the token is none. SIGHUP reads the file again and publishes what it says now, as another
 * snapshot. It ends on SIGTERM. One line "ready" goes out once it listens. For check_page.py and check_api.py.
 */
#include "../../daemon/http.h"
#include "../../daemon/loop.h"
#include "../../daemon/report/snapshot.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct served {
	const char *path;
	struct http *http;
	struct loop *loop;
	const struct snapshot *snapshot; /* the last, held */
};

static const struct snapshot *read_snapshot(const char *path, const struct snapshot *before)
{
	static const struct snapshot_sink sinks[] = {
		{ "syslog", { .up = true, .delivered = 812 } },
		{ "json", { .up = true, .delivered = 812 } },
	};
	struct snapshot_builder *builder = snapshot_builder_new();
	struct snapshot_surroundings surroundings = {
		.time_ns = loop_wall_ns(), .before = before, .sinks = sinks, .sink_count = 2
	};
	FILE *file = fopen(path, "r");
	size_t room = 0;
	char *line = NULL;
	ssize_t length;

	while (file && (length = getline(&line, &room, file)) > 0)
		if (!snapshot_builder_line(builder, line, (size_t)length - 1))
			fprintf(stderr, "refused: %s\n", snapshot_builder_problem(builder));
	free(line);
	if (file)
		fclose(file);
	return snapshot_builder_finish(builder, &surroundings);
}

static void publish(void *context)
{
	struct served *served = context;
	const struct snapshot *next = read_snapshot(served->path, served->snapshot);

	if (!next)
		abort();
	http_publish(served->http, next);
	for (size_t i = 0; i < next->alert_count; i++)
		http_count(served->http, &next->alerts[i]->finding);
	snapshot_let_go(served->snapshot);
	served->snapshot = next;
	puts("published");
	fflush(stdout);
}

static void end(void *context)
{
	loop_stop(((struct served *)context)->loop);
}

int main(int argc, char **argv)
{
	struct served served = { .path = argc > 2 ? argv[2] : NULL, .loop = loop_new() };
	const char *problem;
	char text[256];
	struct http_door door;
	struct http_settings settings = { .door = &door };

	if (argc < 3 || !served.loop)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	if (!http_open(&door, argv[1], NULL, text, sizeof(text))) {
		fprintf(stderr, "%s\n", text);
		return 2;
	}
	if (argc > 3 && strcmp(argv[3], "-") != 0) {
		door.has_token = true;
		if (!http_token_read(&door.token, argv[3], strlen(argv[3]), &problem)) {
			fprintf(stderr, "%s\n", problem);
			return 2;
		}
	}
	if (argc > 6) {
		settings.connections_max = (unsigned)atoi(argv[4]);
		settings.request_ms = (unsigned)atoi(argv[5]);
		settings.answer_ms = (unsigned)atoi(argv[6]);
	}
	served.http = http_new(served.loop, &settings);
	if (!served.http)
		return 2;
	if (access(served.path, R_OK) == 0)
		publish(&served);
	loop_on_signal(served.loop, SIGHUP, publish, &served);
	loop_on_signal(served.loop, SIGTERM, end, &served);
	puts("ready");
	fflush(stdout);
	loop_run(served.loop);
	http_free(served.http);
	snapshot_let_go(served.snapshot);
	loop_free(served.loop);
	return 0;
}
