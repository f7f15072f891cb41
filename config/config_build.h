/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the file as libcyaml read it to the configuration: meaning, units, contradictions. Between config.c and the
 * files that build the parts; nobody else calls this.
 */
#ifndef ESPIAL_CONFIG_CONFIG_BUILD_H
#define ESPIAL_CONFIG_CONFIG_BUILD_H

#include "config_document.h"
#include "config_schema.h"
#include "config_values.h"

/*
 * Overwrites the defaults in `config` with what the file says. Strings are moved out of `file`. False, with the error
 * set, at the first thing that cannot be; the configuration is then only good for config_free().
 */
bool config_build(struct config *config, const struct config_document *document, struct config_file *file,
		  struct config_error *error);

/* The same for the policy section. */
bool config_build_policy(struct policy *policy, const struct config_document *document, struct config_file_policy *file,
			 struct config_error *error);

/* The same for the section about alerts: config_alerts.c. */
bool config_build_alerts(struct config_alerts *alerts, const struct config_document *document,
			 struct config_file_alerts *file, struct config_error *error);

/* The same for the section about the sensor itself: config_health.c. */
bool config_build_health(struct config_health *health, const struct config_document *document,
			 const struct config_file_health *file, struct config_error *error);

/* `silent-after` of an interface: a duration, `auto` or `never`. */
bool config_read_silence(const char *text, int64_t *silent_after_ns, struct config_reason *reason);

/* Frees what it owns. */
void config_alerts_clear(struct config_alerts *alerts);

/* An interface with the defaults of DESIGN section 6, without a name. */
struct config_interface config_interface_default(void);

/*
 * The first rule that is named as this one, or brings the same prefixes together; NULL if none does. `rule` may stand
 * in the policy itself; it is not compared with itself. `same_name` says which of the two.
 */
const struct policy_rule *config_rule_twin(const struct policy *policy, const struct policy_rule *rule,
					   bool *same_name);

#endif
