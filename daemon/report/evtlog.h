/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event records of libevtlog, syslog-ng's client library, through a module that is loaded at start.
 *
 * The library's name carries syslog-ng's version and its package excludes other syslog daemons, so espial does not link
 * it: the module espial_evtlog.so does, and is loaded where it can be. It only formats (evt_rec_init, evt_rec_add_tag,
 * evt_tag_str, evt_format): evt_log() would open /dev/log itself, block, and lose the record without a word when nobody
 * listens. Called by syslog.c. The lower half of this file is the contract with the module, evtlog_module.c.
 */
#ifndef ESPIAL_REPORT_EVTLOG_H
#define ESPIAL_REPORT_EVTLOG_H

#include "../audit/finding.h"

struct evtlog;

/*
 * Loads the module from the path, or from where it was installed if path is NULL. NULL, with the problem as a sentence,
 * if that cannot be done; facility is 0 to 23.
 */
struct evtlog *evtlog_open(const char *path, const char *program, int facility, char *problem, size_t problem_size);
void evtlog_close(struct evtlog *evtlog);

/* Loads the library for good, so that evtlog_open() needs no file any more. */
void evtlog_preload(const char *path);

/*
 * "sentence; alert='...', id='...', ...": the text of a message without its header. `whole` adds advice and evidence,
 * otherwise there is the tag cut='evidence,advice'. Returns the length, or 0 if it has no room or no memory.
 */
size_t evtlog_format(struct evtlog *evtlog, const struct finding *finding, const char *sensor, bool whole, char *out,
		     size_t size);

/* What the module exports under this name: one constant struct. */
#define EVTLOG_MODULE_SYMBOL "espial_evtlog_module"
enum { EVTLOG_MODULE_VERSION = 1 };

struct evtlog_tag {
	const char *name, *value;
};

struct evtlog_module {
	unsigned version;                                 /* EVTLOG_MODULE_VERSION; first, whatever changes behind it */
	void *(*open)(const char *program, int facility); /* a context, or NULL */
	void (*close)(void *context);
	/* Formats into out; the length, or 0 if it does not fit. priority is 0 to 7. */
	size_t (*format)(void *context, int priority, const char *description, const struct evtlog_tag *tags,
			 size_t count, char *out, size_t size);
};

#endif
