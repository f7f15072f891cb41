/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Meaning of everything in the file but the policy: interfaces, limits, rekeying, sinks. Called by config.c after the
 * schema has accepted the file; rules are in config_rules.c.
 */
#include "config_build.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_OCTETS_MAX = 4095, SOCKET_OCTETS_MAX = 107, WORKERS_MAX = 8 };
enum { CAPTURE_OCTETS = 32 }; /* of the name of a capture behind that of its folder */

#define SECONDS(count) ((uint64_t)(count)*1000000000)
#define DAYS(count) SECONDS((count)*86400)

static const struct config_range buffer_range = { 1 << 20, 1 << 30, "1MiB to 1GiB" };
static const struct config_range memory_range = { 16 << 20, 1ULL << 40, "16MiB to 1024GiB" };
static const struct config_range flows_range = { 16, 100000000, "16 to 100M" };
static const struct config_range table_range = { 16, 10000000, "16 to 10M" };
static const struct config_range lifetime_range = { SECONDS(1), DAYS(30), "1s to 30d" };
static const struct config_range volume_range = { 1, 1ULL << 40, "1 octet to 1024GiB" };
static const struct config_range grace_range = { 1000000, SECONDS(3600), "1ms to 1h" };
static const struct config_range keep_range = { DAYS(1), DAYS(3650), "1d to 3650d" };

/* Files of 4 MiB, of which the spool lists 4096 (daemon/report/spool_state.h). */
static const struct config_range spool_range = { 1 << 20, 16ULL << 30, "1MiB to 16GiB" };
static const struct config_range store_range = { 1 << 20, 1ULL << 40, "1MiB to 1024GiB" };
static const struct config_range capture_range = { 16 << 10, 4 << 20, "16KiB to 4MiB" };
static const struct config_range captures_range = { 1 << 20, 1ULL << 40, "1MiB to 1024GiB" };
static const struct config_range files_range = { 16, 1000000, "16 to 1M" };
static const struct config_range frames_range = { 1 << 20, 1 << 30, "1MiB to 1GiB" };

static const char store_path[] = "/var/lib/espial/espial.db";
static const char evidence_dir[] = "/var/lib/espial/evidence";

/* What every step needs. */
struct build {
	struct config *config;
	const struct config_document *document;
	struct config_file *file;
	struct config_error *error;
};

/* Moves a string of the file over one of the configuration, if the file has it. */
static void move_text(char **from, char **to)
{
	if (!*from)
		return;
	free(*to);
	*to = *from;
	*from = NULL;
}

static bool fail(const struct build *build, const char *path, const struct config_reason *reason)
{
	struct config_path place;

	snprintf(place.text, sizeof(place.text), "%s", path);
	return config_document_fail(build->document, build->error, &place, "%s", reason->text);
}

static bool fail_memory(const struct build *build)
{
	config_error_at(build->error, build->document->name, 0, "", "not enough memory for the configuration");
	return false;
}

static bool copy_text(const struct build *build, const char *text, char **to)
{
	char *copy = strdup(text);

	if (!copy)
		return fail_memory(build);
	free(*to);
	*to = copy;
	return true;
}

struct config_interface config_interface_default(void)
{
	return (struct config_interface){
		.side = CONFIG_SIDE_OUTSIDE,
		.realm = CONFIG_REALM_NONE,
		.workers = 0,
		.buffer = 64 << 20,
		.decapsulate = CONFIG_TUNNEL_VLAN | CONFIG_TUNNEL_MPLS | CONFIG_TUNNEL_PPPOE | CONFIG_TUNNEL_GRE |
			       CONFIG_TUNNEL_ERSPAN | CONFIG_TUNNEL_VXLAN | CONFIG_TUNNEL_GENEVE | CONFIG_TUNNEL_IPIP,
	};
}

static bool read_workers(const char *text, unsigned *workers, struct config_reason *reason)
{
	struct config_quoted quoted;
	char *end;
	unsigned long number;

	if (strcmp(text, "auto") == 0) {
		*workers = 0;
		return true;
	}
	number = isdigit((unsigned char)text[0]) ? strtoul(text, &end, 10) : 0;
	if (number < 1 || number > WORKERS_MAX || *end) {
		config_reason_set(reason, "'%s' is not a number of workers: auto or 1 to %d is possible",
				  config_quote(&quoted, text), WORKERS_MAX);
		return false;
	}
	*workers = (unsigned)number;
	return true;
}

/* "3" or "4-7". */
static bool read_processors(const char *text, struct config_processors *processors, struct config_reason *reason)
{
	struct config_quoted quoted;
	unsigned long ends[2] = { 0, 0 };
	const char *at = text;
	char *end = NULL;
	bool good = true;

	for (unsigned i = 0; good && i < 2; i++) {
		good = isdigit((unsigned char)*at) != 0;
		ends[i] = good ? strtoul(at, &end, 10) : 0;
		if (good && i == 0 && !*end) {
			ends[1] = ends[0];
			break;
		}
		good = good && *end == (i == 0 ? '-' : '\0');
		at = good ? end + 1 : at;
	}
	if (!good || ends[0] > ends[1] || ends[1] > CONFIG_PROCESSOR_MAX) {
		config_reason_set(reason,
				  "'%s' is not a processor: a number such as 3, or from one to another such as "
				  "4-7, up to %d is possible",
				  config_quote(&quoted, text), CONFIG_PROCESSOR_MAX);
		return false;
	}
	processors->first = (uint16_t)ends[0];
	processors->last = (uint16_t)ends[1];
	return true;
}

static bool build_pin(const struct build *build, const struct config_path *item, struct config_interface *interface)
{
	const struct config_file_interface *file = &build->file->capture[interface->entry];
	struct config_path list = config_path_key(item, "pin");
	struct config_reason reason;

	if (file->pin_count == 0)
		return true;
	interface->pin = calloc(file->pin_count, sizeof(*interface->pin));
	if (!interface->pin)
		return fail_memory(build);
	for (size_t i = 0; i < file->pin_count; i++) {
		struct config_path place = config_path_index(&list, i);
		struct config_processors *one = &interface->pin[i];
		if (!read_processors(file->pin[i], one, &reason))
			return fail(build, place.text, &reason);
		one->line = config_document_line(build->document, place.text);
		for (size_t k = 0; k < i; k++) {
			const struct config_processors *other = &interface->pin[k];
			if (one->first > other->last || other->first > one->last)
				continue;
			config_reason_set(&reason, "'%s' is in pin[%zu] already: name each processor once",
					  file->pin[i], k);
			return fail(build, place.text, &reason);
		}
		interface->pin_count++;
	}
	return true;
}

static bool build_interface(const struct build *build, size_t index, struct config_interface *interface)
{
	struct config_file_interface *file = &build->file->capture[index];
	struct config_path item = config_path_index(&(struct config_path){ "capture" }, index);
	struct config_path place;
	struct config_reason reason;

	*interface = config_interface_default();
	interface->entry = (unsigned)index;
	interface->side = file->side;
	interface->realm = file->realm;
	if (file->decapsulate)
		interface->decapsulate = *file->decapsulate;

	place = config_path_key(&item, "interface");
	if (!config_check_interface(file->interface, &reason))
		return fail(build, place.text, &reason);
	for (size_t i = 0; i < index; i++) {
		if (strcmp(build->config->interfaces[i].name, file->interface) != 0)
			continue;
		config_reason_set(&reason, "'%s' is capture[%zu] already: name each interface once", file->interface,
				  i);
		return fail(build, place.text, &reason);
	}
	place = config_path_key(&item, "workers");
	if (file->workers && !read_workers(file->workers, &interface->workers, &reason))
		return fail(build, place.text, &reason);
	place = config_path_key(&item, "buffer");
	if (file->buffer && !config_read_size(file->buffer, &buffer_range, &interface->buffer, &reason))
		return fail(build, place.text, &reason);
	place = config_path_key(&item, "silent-after");
	if (file->silent_after && !config_read_silence(file->silent_after, &interface->silent_after_ns, &reason))
		return fail(build, place.text, &reason);
	/* The last: an interface that failed is nobody's to free. */
	if (!build_pin(build, &item, interface)) {
		free(interface->pin);
		return false;
	}
	move_text(&file->interface, &interface->name);
	return true;
}

static bool build_capture(const struct build *build)
{
	struct config *config = build->config;

	if (build->file->capture_count == 0)
		return true;
	config->interfaces = calloc(build->file->capture_count, sizeof(*config->interfaces));
	if (!config->interfaces)
		return fail_memory(build);
	for (size_t i = 0; i < build->file->capture_count; i++) {
		if (!build_interface(build, i, &config->interfaces[i]))
			return false;
		config->interface_count++;
	}
	return true;
}

static bool build_sensor(const struct build *build)
{
	struct config_reason reason;

	if (build->file->sensor && strchr(build->file->sensor, ' ')) {
		config_reason_set(&reason, "'%s' has a space in it: one word is possible", build->file->sensor);
		return fail(build, "sensor", &reason);
	}
	move_text(&build->file->sensor, &build->config->sensor);
	return true;
}

static bool build_rekey(const struct build *build)
{
	struct config_rekey *rekey = &build->config->rekey;
	const struct config_file_rekey *file = &build->file->rekey;
	struct config_reason reason;

	if (file->min_lifetime &&
	    !config_read_duration(file->min_lifetime, &lifetime_range, &rekey->min_lifetime_ns, &reason))
		return fail(build, "rekey.min-lifetime", &reason);
	if (file->min_volume && !config_read_size(file->min_volume, &volume_range, &rekey->min_volume, &reason))
		return fail(build, "rekey.min-volume", &reason);
	if (file->stale_grace &&
	    !config_read_duration(file->stale_grace, &grace_range, &rekey->stale_grace_ns, &reason))
		return fail(build, "rekey.stale-grace", &reason);
	return true;
}

static bool build_limits(const struct build *build)
{
	struct config_limits *limits = &build->config->limits;
	const struct config_file_limits *file = &build->file->limits;
	const struct {
		const char *path, *text;
		const struct config_range *range;
		uint32_t *count;
		uint8_t bit;
	} counts[] = {
		{ "limits.flows", file->flows, &flows_range, &limits->flows, CONFIG_LIMIT_FLOWS },
		{ "limits.sas", file->sas, &table_range, &limits->sas, CONFIG_LIMIT_SAS },
		{ "limits.ike", file->ike, &table_range, &limits->ike, CONFIG_LIMIT_IKE },
		{ "limits.pairs", file->pairs, &table_range, &limits->pairs, CONFIG_LIMIT_PAIRS },
		{ "limits.learned", file->learned, &table_range, &limits->learned, CONFIG_LIMIT_LEARNED },
	};
	struct config_reason reason;

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		if (!counts[i].text)
			continue;
		if (!config_read_count(counts[i].text, counts[i].range, counts[i].count, &reason))
			return fail(build, counts[i].path, &reason);
		limits->named |= counts[i].bit;
	}
	if (file->memory && !config_read_size(file->memory, &memory_range, &limits->memory, &reason))
		return fail(build, "limits.memory", &reason);
	return true;
}

/* Whether the file has the section, and something in it. */
static bool has_section(const struct build *build, const char *path)
{
	unsigned line;
	const yaml_node_t *node = config_document_find(build->document, path, &line);

	return node && !config_document_is_null(node);
}

/* "udp://HOST[:PORT]" and the like; the port's default is that of RFC 5426, RFC 6587 and RFC 5425. */
static bool build_server(const struct build *build, const char *text, bool *is_server)
{
	static const struct {
		const char *scheme;
		enum config_transport transport;
		unsigned port;
	} schemes[] = {
		{ "udp://", CONFIG_TRANSPORT_UDP, 514 },
		{ "tcp://", CONFIG_TRANSPORT_TCP, 601 },
		{ "tls://", CONFIG_TRANSPORT_TLS, 6514 },
	};
	struct config_syslog *syslog = &build->config->syslog;
	struct config_reason reason;
	size_t which = 0;

	while (which < 3 && strncmp(text, schemes[which].scheme, 6) != 0)
		which++;
	*is_server = which < 3;
	if (!*is_server)
		return true;
	char *host = NULL;
	if (!config_read_server(text + 6, schemes[which].port, &host, &syslog->port, &reason))
		return fail(build, "report.syslog.to", &reason);
	if (!host)
		return fail_memory(build);
	syslog->transport = schemes[which].transport;
	free(syslog->to);
	syslog->to = host;
	return true;
}

static bool build_tls(const struct build *build)
{
	struct config_file_report *file = &build->file->report;
	struct config_syslog *syslog = &build->config->syslog;
	const struct {
		const char *path;
		char **text, **to;
		bool is_file;
	} keys[] = {
		{ "report.syslog.ca", &file->syslog.ca, &syslog->ca, true },
		{ "report.syslog.name", &file->syslog.name, &syslog->name, false },
		{ "report.syslog.certificate", &file->syslog.certificate, &syslog->certificate, true },
		{ "report.syslog.key", &file->syslog.key, &syslog->key, true },
	};
	struct config_reason reason;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (!*keys[i].text)
			continue;
		if (syslog->transport != CONFIG_TRANSPORT_TLS) {
			config_reason_set(&reason, "is of use with TLS only: write 'to: tls://HOST', or leave it out");
			return fail(build, keys[i].path, &reason);
		}
		if (keys[i].is_file && !config_check_path(*keys[i].text, PATH_OCTETS_MAX, &reason))
			return fail(build, keys[i].path, &reason);
		move_text(keys[i].text, keys[i].to);
	}
	if (syslog->key && !syslog->certificate) {
		config_reason_set(&reason, "is of no use without its certificate: add 'certificate'");
		return fail(build, "report.syslog.key", &reason);
	}
	return true;
}

/* The path of a socket; of what is none, as https://x, all that is possible is said. */
static bool check_local(const char *text, struct config_reason *reason)
{
	struct config_quoted quoted;

	if (text[0] == '/')
		return config_check_path(text, SOCKET_OCTETS_MAX, reason);
	config_reason_set(reason,
			  "'%s' is not a place for alerts: udp://HOST, tcp://HOST, tls://HOST, the absolute path of a "
			  "socket, or none is possible",
			  config_quote(&quoted, text));
	return false;
}

static bool build_syslog(const struct build *build)
{
	struct config_file_report *file = &build->file->report;
	struct config_syslog *syslog = &build->config->syslog;
	struct config_reason reason;

	syslog->shape = file->syslog.shape;
	if (file->syslog.facility && !config_read_facility(file->syslog.facility, &syslog->facility, &reason))
		return fail(build, "report.syslog.facility", &reason);
	if (file->syslog.to && strcmp(file->syslog.to, "none") == 0) {
		syslog->enabled = false;
		return true;
	}
	bool is_server = false;
	if (file->syslog.to && !build_server(build, file->syslog.to, &is_server))
		return false;
	if (file->syslog.to && !is_server && !check_local(file->syslog.to, &reason))
		return fail(build, "report.syslog.to", &reason);
	if (!is_server)
		move_text(&file->syslog.to, &syslog->to);
	if (is_server && syslog->shape == CONFIG_SHAPE_EVENTLOG) {
		/* The records of libevtlog are for local sockets; by default a server gets what every server reads. */
		if (has_section(build, "report.syslog.shape")) {
			config_reason_set(&reason,
					  "'eventlog' is for a local socket: a server takes rfc5424, cef, ecs or ocsf");
			return fail(build, "report.syslog.shape", &reason);
		}
		syslog->shape = CONFIG_SHAPE_RFC5424;
	}
	return build_tls(build);
}

static bool build_spool(const struct build *build)
{
	struct config_file_report *file = &build->file->report;
	struct config_spool *spool = &build->config->spool;
	struct config_reason reason;

	if (file->spool.size && !config_read_size(file->spool.size, &spool_range, &spool->size, &reason))
		return fail(build, "report.spool.size", &reason);
	if (file->spool.dir && strcmp(file->spool.dir, "none") == 0) {
		spool->disabled = true;
		return true;
	}
	if (file->spool.dir && !config_check_path(file->spool.dir, PATH_OCTETS_MAX, &reason))
		return fail(build, "report.spool.dir", &reason);
	move_text(&file->spool.dir, &spool->dir);
	return true;
}

static bool build_store(const struct build *build)
{
	struct config_file_report *file = &build->file->report;
	struct config_store *store = &build->config->store;
	struct config_reason reason;

	if (!has_section(build, "report.store"))
		return true;
	if (file->store.path && !config_check_path(file->store.path, PATH_OCTETS_MAX, &reason))
		return fail(build, "report.store.path", &reason);
	if (file->store.keep && !config_read_duration(file->store.keep, &keep_range, &store->keep_ns, &reason))
		return fail(build, "report.store.keep", &reason);
	if (file->store.size && !config_read_size(file->store.size, &store_range, &store->size, &reason))
		return fail(build, "report.store.size", &reason);
	move_text(&file->store.path, &store->path);
	return store->path || copy_text(build, store_path, &store->path);
}

static bool build_http(const struct build *build)
{
	struct config_file_report *file = &build->file->report;
	struct config_http *http = &build->config->http;
	struct config_reason reason;
	bool local;

	if (!file->http.listen)
		return true;
	if (!config_check_listen(file->http.listen, &local, &reason))
		return fail(build, "report.http.listen", &reason);
	if (file->http.token_file && !config_check_path(file->http.token_file, PATH_OCTETS_MAX, &reason))
		return fail(build, "report.http.token-file", &reason);
	if (!local && !file->http.token_file) {
		struct config_quoted quoted;
		config_reason_set(
		    &reason,
		    "'%s' can be reached by others: add token-file, or use a Unix socket or a loopback address",
		    config_quote(&quoted, file->http.listen));
		return fail(build, "report.http.listen", &reason);
	}
	move_text(&file->http.listen, &http->listen);
	move_text(&file->http.token_file, &http->token_file);
	return true;
}

static bool build_evidence(const struct build *build)
{
	struct config_file_report *file = &build->file->report;
	struct config_evidence *evidence = &build->config->evidence;
	const struct {
		const char *path, *text;
		const struct config_range *range;
		uint64_t *octets;
	} sizes[] = {
		{ "report.evidence.file-size", file->evidence.file_size, &capture_range, &evidence->file_size },
		{ "report.evidence.size", file->evidence.size, &captures_range, &evidence->size },
		{ "report.evidence.memory", file->evidence.memory, &frames_range, &evidence->memory },
	};
	struct config_reason reason;

	if (!has_section(build, "report.evidence"))
		return true;
	if (file->evidence.dir && !config_check_path(file->evidence.dir, PATH_OCTETS_MAX - CAPTURE_OCTETS, &reason))
		return fail(build, "report.evidence.dir", &reason);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (sizes[i].text && !config_read_size(sizes[i].text, sizes[i].range, sizes[i].octets, &reason))
			return fail(build, sizes[i].path, &reason);
	if (file->evidence.files && !config_read_count(file->evidence.files, &files_range, &evidence->files, &reason))
		return fail(build, "report.evidence.files", &reason);
	if (file->evidence.keep && !config_read_duration(file->evidence.keep, &keep_range, &evidence->keep_ns, &reason))
		return fail(build, "report.evidence.keep", &reason);
	evidence->payload = file->evidence.payload;
	move_text(&file->evidence.dir, &evidence->dir);
	return evidence->dir || copy_text(build, evidence_dir, &evidence->dir);
}

static bool build_control(const struct build *build)
{
	struct config_file_report *file = &build->file->report;
	struct config *config = build->config;
	struct config_reason reason;

	if (!file->control.socket)
		return true;
	free(config->control);
	config->control = NULL;
	if (strcmp(file->control.socket, "none") == 0)
		return true;
	if (!config_check_path(file->control.socket, SOCKET_OCTETS_MAX, &reason))
		return fail(build, "report.control.socket", &reason);
	move_text(&file->control.socket, &config->control);
	return true;
}

static bool build_report(const struct build *build)
{
	struct config_file_report *file = &build->file->report;
	struct config_reason reason;

	if (!build_syslog(build))
		return false;
	if (file->json.file && !config_check_path(file->json.file, PATH_OCTETS_MAX, &reason))
		return fail(build, "report.json.file", &reason);
	move_text(&file->json.file, &build->config->json.file);
	return build_control(build) && build_spool(build) && build_store(build) && build_http(build) &&
	       build_evidence(build);
}

bool config_build(struct config *config, const struct config_document *document, struct config_file *file,
		  struct config_error *error)
{
	const struct build build = { .config = config, .document = document, .file = file, .error = error };

	config->classify = file->classify;
	return build_sensor(&build) && build_capture(&build) &&
	       config_build_policy(&config->policy, document, &file->policy, error) && build_rekey(&build) &&
	       config_build_health(&config->health, document, &file->health, error) && build_limits(&build) &&
	       config_build_alerts(&config->alerts, document, &file->alerts, error) && build_report(&build);
}
