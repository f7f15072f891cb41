/* SPDX-License-Identifier: Apache-2.0 */
/* See pins.h. */
#include "pins.h"

#include "engine.h"
#include "../config/config.h"

#include <stdio.h>
#include <string.h>

static void pin(struct pins *pins)
{
	engine_pin(pins->engine, &pins->asked, &pins->home);
	if (pins->asked.count > 0)
		pins->before = pins->home;
	else
		pins->before.count = 0;
}

void pins_begin(struct pins *pins, struct engine *engine, const struct config *config)
{
	*pins = (struct pins){ .engine = engine };
	processors_of(0, &pins->home);
	processors_asked(config, &pins->asked);
	if (pins->asked.count > 0)
		pin(pins);
}

void pins_reload(struct pins *pins, const struct config *config)
{
	unsigned before = pins->asked.count;

	processors_asked(config, &pins->asked);
	memset(pins->told, 0, sizeof(pins->told));
	if (pins->asked.count > 0 || before > 0)
		pin(pins);
}

static void explain(unsigned worker, bool lost, const struct processors *should, const struct processors *now,
		    struct pins_news *news)
{
	char wanted[PROCESSORS_TEXT_SIZE], actual[PROCESSORS_TEXT_SIZE];

	news->lost = lost;
	processors_text(should, wanted);
	processors_text(now, actual);
	if (lost)
		snprintf(news->text, sizeof(news->text),
			 "capture.pin: worker %u cannot run on %.60s, which is switched off or not allowed to espiald; "
			 "it runs on %.60s",
			 worker + 1, wanted, actual);
	else
		snprintf(news->text, sizeof(news->text), "capture.pin: worker %u runs on %.60s again", worker + 1,
			 wanted);
}

bool pins_look(struct pins *pins, struct pins_news *news)
{
	struct processors now;

	for (unsigned i = 0; i < engine_workers(pins->engine) && pins->asked.count > 0; i++) {
		const struct processors *should = engine_pinned(pins->engine, i, &now);
		bool lost = !processors_same(should, &now);
		if (lost) {
			pin(pins);
			should = engine_pinned(pins->engine, i, &now);
			lost = !processors_same(should, &now);
		}
		if (lost == pins->told[i])
			continue;
		pins->told[i] = lost;
		explain(i, lost, should, &now, news);
		return true;
	}
	return false;
}
