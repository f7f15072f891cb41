/* SPDX-License-Identifier: Apache-2.0 */
/* See reporter_files.h. */
#include "reporter_files.h"

#include "loop.h"
#include "report/evtlog.h"
#include "report/nat_hash.h"
#include "reporter_sinks.h"
#include "../config/config.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct reporter_files *list, const char *path, enum sandbox_use use)
{
	if (path && list->files.count < REPORTER_PLACES_MAX)
		list->places[list->files.count++] = (struct sandbox_place){ path, use };
}

/* The folder that a file is in. */
static const char *folder_of(const char *path, char folder[PATH_MAX])
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!path || slash == path)
		return path; /* in / there is only the file itself */
	snprintf(folder, PATH_MAX, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	return folder;
}

/* What a log server's name and certificate are looked up with. */
static void add_server(struct reporter_files *list, const struct config_syslog *syslog)
{
	static const char *const names[] = { "/etc/hosts",       "/etc/resolv.conf", "/etc/nsswitch.conf",
					     "/etc/host.conf",   "/etc/gai.conf",    "/etc/services",
					     "/etc/ld.so.cache", "/usr/lib",         "/run/systemd/resolve",
					     "/run/resolvconf" };
	static const char *const authorities[] = { "/etc/ssl", "/usr/share/ca-certificates" };
	enum { DOMAIN_PORT = 53 };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add(list, names[i], SANDBOX_READ);
	if (syslog->transport == CONFIG_TRANSPORT_TLS) {
		for (size_t i = 0; i < sizeof(authorities) / sizeof(authorities[0]); i++)
			add(list, authorities[i], SANDBOX_READ);
		add(list, syslog->ca, SANDBOX_READ);
		add(list, syslog->certificate, SANDBOX_READ);
		add(list, syslog->key, SANDBOX_READ);
	}
	list->ports[list->files.port_count++] = DOMAIN_PORT;
	if (syslog->transport != CONFIG_TRANSPORT_UDP)
		list->ports[list->files.port_count++] = (uint16_t)syslog->port;
}

void reporter_files_list(const struct config *config, struct reporter_files *list)
{
	*list = (struct reporter_files){ .files = { .count = 0 } };
	list->files.places = list->places;
	list->files.ports = list->ports;
	add(list, folder_of(config->store.path, list->folders[0]), SANDBOX_KEEP);
	add(list, reporter_spool_folder(config, list->folders[1]) ? list->folders[1] : NULL, SANDBOX_KEEP);
	add(list, folder_of(config->json.file, list->folders[2]), SANDBOX_KEEP);
	add(list, config->evidence.dir, SANDBOX_KEEP);
	add(list, folder_of(config->http.listen, list->folders[3]), SANDBOX_REMOVE);
	if (config->syslog.enabled && config->syslog.transport != CONFIG_TRANSPORT_SOCKET)
		add_server(list, &config->syslog);
}

void reporter_confine_files(const struct config *config, const struct record_sink *notices)
{
	struct reporter_files list;
	struct sandbox_error error;
	struct record record = { .type = RECORD_NOTICE, .time_ns = loop_wall_ns() };

	setlocale(LC_CTYPE, "");
	nat_hash_prepare(); /* OpenSSL reads a configuration of its own */
	if (config->syslog.enabled && config->syslog.shape == CONFIG_SHAPE_EVENTLOG)
		evtlog_preload(getenv("ESPIAL_EVTLOG_MODULE"));
	reporter_files_list(config, &list);
	enum sandbox_files_state state = sandbox_confine_files(&list.files, &error);
	if (state == SANDBOX_FILES_CONFINED)
		return;
	record.notice =
	    (struct record_notice){ state == SANDBOX_FILES_NOT_HERE ? NOTICE_INFO : NOTICE_WARNING, error.text };
	record_write(notices, &record);
}
