/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the evtlog module and hands findings to it, see evtlog.h. The home of dlopen(). */
#include "evtlog.h"

#include "finding_fields.h"
#include "rfc5424.h"
#include "utf8.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

struct evtlog {
	void *library; /* of dlopen() */
	const struct evtlog_module *module;
	void *context; /* of the module */
};

struct evtlog *evtlog_open(const char *path, const char *program, int facility, char *problem, size_t problem_size)
{
	struct evtlog *evtlog = calloc(1, sizeof(*evtlog));

	if (!evtlog) {
		snprintf(problem, problem_size, "no memory");
		return NULL;
	}
	evtlog->library = dlopen(path ? path : ESPIAL_EVTLOG_MODULE, RTLD_NOW | RTLD_LOCAL);
	if (!evtlog->library) {
		const char *reason = dlerror();

		snprintf(problem, problem_size, "%s", reason ? reason : "cannot be loaded");
		evtlog_close(evtlog);
		return NULL;
	}
	evtlog->module = dlsym(evtlog->library, EVTLOG_MODULE_SYMBOL);
	if (!evtlog->module || evtlog->module->version != EVTLOG_MODULE_VERSION) {
		snprintf(problem, problem_size, "the module is not of this version of espial");
		evtlog->module = NULL;
		evtlog_close(evtlog);
		return NULL;
	}
	evtlog->context = evtlog->module->open(program, facility);
	if (!evtlog->context) {
		snprintf(problem, problem_size, "libevtlog gives no context");
		evtlog_close(evtlog);
		return NULL;
	}
	return evtlog;
}

void evtlog_preload(const char *path)
{
	/* If it cannot be loaded now, evtlog_open() will say so. */
	(void)dlopen(path ? path : ESPIAL_EVTLOG_MODULE, RTLD_NOW | RTLD_LOCAL);
}

void evtlog_close(struct evtlog *evtlog)
{
	if (!evtlog)
		return;
	if (evtlog->context)
		evtlog->module->close(evtlog->context);
	if (evtlog->library)
		dlclose(evtlog->library);
	free(evtlog);
}

/* libevtlog escapes quotes, semicolons and controls but not its own escape. With that doubled, its output can be read
 * back without doubt. */
static void double_backslashes(const char *text, char *out, size_t size)
{
	size_t used = 0;

	for (; *text && used + 2 < size; text++) {
		if (*text == '\\')
			out[used++] = '\\';
		out[used++] = *text;
	}
	out[*text ? utf8_cut(out, used) : used] = '\0';
}

size_t evtlog_format(struct evtlog *evtlog, const struct finding *finding, const char *sensor, bool whole, char *out,
		     size_t size)
{
	struct evtlog_tag tags[FINDING_FIELDS_MAX + 1];
	char values[FINDING_FIELDS_MAX][2 * FINDING_FIELD_MAX + 3];
	char plain[FINDING_TEXT_SIZE * 3], text[2 * sizeof(plain)];
	struct finding_fields fields;
	size_t count = 0;

	finding_fields_set(finding, sensor, &fields);
	for (size_t i = 0; i < (whole ? fields.count : fields.evidence_begin); i++) {
		double_backslashes(fields.fields[i].value, values[i], sizeof(values[i]));
		tags[count++] = (struct evtlog_tag){ fields.fields[i].name, values[i] };
	}
	if (!whole)
		tags[count++] = (struct evtlog_tag){ "cut", "evidence,advice" };
	else if (finding->state != FINDING_CLEAR)
		tags[count++] = (struct evtlog_tag){ "advice", catalogue_advice(finding->id, finding->cause) };
	utf8_plain(finding->text, whole ? SIZE_MAX : 120, plain, sizeof(plain));
	double_backslashes(plain, text, sizeof(text));
	return evtlog->module->format(evtlog->context, rfc5424_severity(finding->severity), text, tags, count, out,
				      size);
}
