/* SPDX-License-Identifier: Apache-2.0 */
/* See engine_wishes.h. */
#include "engine_wishes.h"

#include <stdlib.h>

struct alert_maintenance *engine_alerts(const struct config_alerts *config, bool offline, struct alert_settings *alerts)
{
	static const struct {
		uint16_t bit;
		enum finding_id id;
	} events[] = {
		{ CONFIG_EVENT_PEER_NEW, FINDING_PEER_NEW },
		{ CONFIG_EVENT_SA_UP, FINDING_SA_UP },
		{ CONFIG_EVENT_SA_REKEYED, FINDING_SA_REKEYED },
		{ CONFIG_EVENT_SA_DOWN, FINDING_SA_DOWN },
		{ CONFIG_EVENT_SECURED_AGAIN, FINDING_SECURED_AGAIN },
		{ CONFIG_EVENT_POLICY_RELOADED, FINDING_POLICY_RELOADED },
	};
	struct alert_maintenance *windows = calloc(config->maintenance_count + 1, sizeof(*windows));

	if (!windows)
		return NULL;
	*alerts = alert_default_settings();
	alerts->group_members = config->group_of;
	/* An audit is read when it is over: there is nobody to spare. */
	for (unsigned class = 0; class < ALERT_SENSOR; class ++)
		alerts->per_minute[class] = offline ? 0 : config->per_minute;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		alerts->off[events[i].id] = (config->off & events[i].bit) != 0;
	for (size_t i = 0; i < config->maintenance_count; i++) {
		const struct config_maintenance *window = &config->maintenance[i];
		windows[i] = (struct alert_maintenance){ window->name,    window->hosts,    window->host_count,
							 window->from_ns, window->until_ns, window->every_ns };
	}
	alerts->maintenance = windows;
	alerts->maintenance_count = config->maintenance_count;
	return windows;
}

void engine_thresholds(struct judge_thresholds *thresholds, const struct config *config)
{
	thresholds->rekey_min_lifetime_ns = config->rekey.min_lifetime_ns;
	thresholds->rekey_min_volume = config->rekey.min_volume;
	thresholds->stale_grace_ns = config->rekey.stale_grace_ns;
	thresholds->down_after_ns = config->health.down_after_ns;
	thresholds->silent_after_ns = config->health.silent_after_ns;
	thresholds->drops = config->health.drops;
	thresholds->merged_frames = config->health.merged_frames;
	thresholds->one_way = config->health.one_way;
	thresholds->drops_hold_ns = thresholds->full_hold_ns = config->health.over_after_ns;
}
