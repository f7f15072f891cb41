/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of pairs in the report: which come first, and how the columns adapt to the width of the page. Called by
 * text_report.c, which gathers the rows. Pure but for what it writes.
 */
#ifndef ESPIAL_REPORT_TEXT_PAIRS_H
#define ESPIAL_REPORT_TEXT_PAIRS_H

#include "../audit/record.h"
#include "text_page.h"

enum { PAIR_PROTOCOLS = 3, PAIR_NAME_SIZE = 48 };

/* One pair, as much of it as is told. */
struct pair_row {
	struct address a, b;                            /* lower first */
	enum pair_verdict verdict;                      /* in range */
	char rule[PAIR_NAME_SIZE];                      /* plain; empty: none */
	uint64_t esp_packets, esp_bytes;                /* ESP and AH */
	uint64_t clear_packets, clear_bytes;            /* of all protocols */
	char protocols[PAIR_PROTOCOLS][PAIR_NAME_SIZE]; /* plain, most octets first */
	size_t protocol_count;                          /* of all, told or not */
	uint32_t rekeys;
};

/* For qsort(): worst first. */
int pair_row_compare(const void *left, const void *right);

/* A head and one line for each row; two where the addresses are long. */
void pair_rows_write(const struct pair_row *pairs, size_t count, const struct page *page);

#endif
