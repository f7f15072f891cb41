/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reload has to do, from what differs between two configurations.
 *
 * Every member counts that is not named in config_changes.c as somebody else's, also one that is added later: at worst a
 * process is started anew, or a person told to start espiald, without need. Of what config_same() looks into, that holds too.
 */
#ifndef ESPIAL_CONFIG_CONFIG_CHANGES_H
#define ESPIAL_CONFIG_CONFIG_CHANGES_H

#include "config.h"

/* Whether all is the same but where in the file it stands. */
bool config_same(const struct config *one, const struct config *other);

/* Whether the reporter, who is started anew for another configuration, would do the same by both. */
bool config_same_report(const struct config *one, const struct config *other);

/* Whether both want the same of what is laid out at the start and not changed by a reload: the sensor's name, tables, rings. */
bool config_same_start(const struct config *one, const struct config *other);

/* The keys of that in which they differ, in the words of the file: "limits, classify"; empty if they want the same. The number of names. */
enum { CONFIG_START_NAMES_SIZE = 160 };
unsigned config_start_names(const struct config *one, const struct config *other, char names[CONFIG_START_NAMES_SIZE]);

#endif
