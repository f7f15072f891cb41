/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration asks of the judge, in the judge's own terms. Called by engine.c. */
#ifndef ESPIAL_DAEMON_ENGINE_WISHES_H
#define ESPIAL_DAEMON_ENGINE_WISHES_H

#include "audit/judge.h"
#include "../config/config.h"

/* About alerts; its windows are made here, and are the caller's to free. NULL on lack of memory. */
struct alert_maintenance *engine_alerts(const struct config_alerts *config, bool offline,
					struct alert_settings *alerts);

/* Those thresholds that it has a word for. */
void engine_thresholds(struct judge_thresholds *thresholds, const struct config *config);

#endif
