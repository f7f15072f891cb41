/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file as libcyaml reads it: every key of DESIGN section 6, words turned into enumerations, all other values still
 * text. config_build.c and config_rules.c give them meaning. A member that is NULL or zero was not in the file.
 */
#ifndef ESPIAL_CONFIG_CONFIG_SCHEMA_H
#define ESPIAL_CONFIG_CONFIG_SCHEMA_H

#include "config_document.h"

/* A switch: whether it was written matters, so that "not written" is zero. */
enum config_switch { CONFIG_SWITCH_DEFAULT, CONFIG_SWITCH_ON, CONFIG_SWITCH_OFF };

struct config_file_interface {
	char *interface;
	enum config_side side;
	enum config_realm realm;
	char *workers;
	char **pin;
	unsigned pin_count;
	char *buffer;
	char *silent_after;
	uint16_t *decapsulate; /* CONFIG_TUNNEL_ bits */
};

/* One side of `between`: in the file a prefix or a list of them. */
struct config_file_side {
	char **prefixes;
	unsigned prefixes_count;
};

struct config_file_rule {
	char *name;
	struct config_file_side *between;
	unsigned between_count;
	enum policy_level level;
	char **gateways;
	unsigned gateways_count;
	char *crypto;
	char **allow;
	unsigned allow_count;
	char **deny;
	unsigned deny_count;
};

struct config_file_policy {
	enum config_switch learn;
	enum policy_exempt exempt;
	char **allow; /* NULL: not written; an empty list is a pointer with count 0 */
	unsigned allow_count;
	struct config_file_rule *rules;
	unsigned rules_count;
};

struct config_file_rekey {
	char *min_lifetime, *min_volume, *stale_grace;
};

struct config_file_health {
	char *down_after, *silent_after, *drops, *merged_frames, *one_way, *clock_step, *over_after;
};

struct config_file_limits {
	char *flows, *sas, *ike, *pairs, *learned, *memory;
};

struct config_file_maintenance {
	char *name;
	char **hosts;
	unsigned hosts_count;
	char *at;
};

struct config_file_alerts {
	uint16_t *off; /* CONFIG_EVENT_ bits */
	char *per_minute, *group_of;
	struct config_file_maintenance *maintenance;
	unsigned maintenance_count;
};

struct config_file_report {
	struct {
		char *to, *facility, *ca, *name, *certificate, *key;
		enum config_shape shape;
	} syslog;
	struct {
		char *file;
	} json;
	struct {
		char *socket;
	} control;
	struct {
		char *dir, *size;
	} spool;
	struct {
		char *path, *keep, *size;
	} store;
	struct {
		char *listen, *token_file;
	} http;
	struct {
		char *dir, *file_size, *size, *files, *keep, *memory;
		enum config_payload payload;
	} evidence;
};

struct config_file {
	char *sensor;
	struct config_file_interface *capture;
	unsigned capture_count;
	enum config_classify classify;
	struct config_file_policy policy;
	struct config_file_rekey rekey;
	struct config_file_health health;
	struct config_file_limits limits;
	struct config_file_alerts alerts;
	struct config_file_report report;
};

/*
 * Checks the document against the schema and loads it. NULL, with the error set, if it does not fit or memory ends. A
 * document that says nothing is a file without any member set.
 */
struct config_file *config_schema_load(const struct config_document *document, struct config_error *error);

void config_schema_free(struct config_file *file);

#endif
