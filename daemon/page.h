/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of the page (daemon/page/, and D3), as they were when this was built: the reporter serves them from memory,
 * since it sees no files. The table is written by daemon/page/embed.py at build time. Called by http.c.
 */
#ifndef ESPIAL_DAEMON_PAGE_H
#define ESPIAL_DAEMON_PAGE_H

#include <stddef.h>

struct page_file {
	const char *path; /* "/page.css"; "/" is the document */
	const char *type; /* Content-Type */
	const unsigned char *octets;
	size_t size;
};

extern const struct page_file page_files[];
extern const size_t page_file_count;

#endif
