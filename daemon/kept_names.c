/* SPDX-License-Identifier: Apache-2.0 */
/* See kept_names.h. */
#include "kept_names.h"

#include "../config/config.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *one, const void *other)
{
	return strcmp(one, other);
}

static bool keep(struct kept_names *names, char **name)
{
	char **kept = *name ? tsearch(*name, &names->root, compare) : name;

	if (!kept)
		return false;
	if (*kept != *name) {
		free(*name);
		*name = *kept;
	}
	return true;
}

/* Leaves the name to the tree, if it is there that it lives. */
static bool leave(struct kept_names *names, char **name)
{
	char **kept = *name ? tfind(*name, &names->root, compare) : NULL;

	if (kept && *kept == *name)
		*name = NULL;
	return true;
}

static bool each_name(struct config *config, struct kept_names *names,
		      bool (*each)(struct kept_names *names, char **name))
{
	bool done = true;

	for (size_t i = 0; done && i < config->policy.rule_count; i++)
		done = each(names, &config->policy.rules[i].name);
	for (size_t i = 0; done && i < config->interface_count; i++)
		done = each(names, &config->interfaces[i].name);
	for (size_t i = 0; done && i < config->alerts.maintenance_count; i++)
		done = each(names, &config->alerts.maintenance[i].name);
	return done;
}

bool kept_names_take(struct kept_names *names, struct config *config)
{
	return each_name(config, names, keep);
}

void kept_names_free_config(struct kept_names *names, struct config *config)
{
	if (!config)
		return;
	(void)each_name(config, names, leave);
	config_free(config);
}

void kept_names_clear(struct kept_names *names)
{
	tdestroy(names->root, free);
	names->root = NULL;
}
