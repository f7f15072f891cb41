/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module espial_evtlog.so: the only code that calls libevtlog. It formats and never sends, see evtlog.h. Must not
 * keep anything between two records but the context.
 */
#include "evtlog.h"

#include <stdlib.h>
#include <syslog-ng/evtlog.h>

static void *module_open(const char *program, int facility)
{
	return evt_ctx_init(program, facility << 3);
}

static void module_close(void *context)
{
	evt_ctx_free(context);
}

static size_t module_format(void *context, int priority, const char *description, const struct evtlog_tag *tags,
			    size_t count, char *out, size_t size)
{
	EVTREC *record = evt_rec_init(context, priority, description);
	size_t length = 0;
	char *text;

	if (!record)
		return 0;
	for (size_t i = 0; i < count; i++) {
		EVTTAG *tag = evt_tag_str(tags[i].name, tags[i].value);

		if (tag)
			evt_rec_add_tag(record, tag); /* the record owns it from here on */
	}
	text = evt_format(record);
	if (text && strlen(text) < size) {
		length = strlen(text);
		memcpy(out, text, length + 1);
	}
	free(text);
	evt_rec_free(record);
	return length;
}

__attribute__((visibility("default"))) extern const struct evtlog_module espial_evtlog_module;
const struct evtlog_module espial_evtlog_module = {
	.version = EVTLOG_MODULE_VERSION,
	.open = module_open,
	.close = module_close,
	.format = module_format,
};
