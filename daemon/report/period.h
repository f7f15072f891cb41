/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a span of time was like: the content of `espial report`.
 *
 * It is gathered from the lines of the control socket (docs/control-protocol.md), which are read exactly or refused, and told as
 * text, as one HTML file that needs nothing else, and as CSV. Names in it come from packets and configurations: each writer
 * escapes them for where they go. Pure but for memory.
 */
#ifndef ESPIAL_REPORT_PERIOD_H
#define ESPIAL_REPORT_PERIOD_H

#include "blind_time.h"
#include "text_page.h"
#include "../audit/record.h"

/* Octets and packets of a rule. */
struct period_volumes {
	uint64_t secured, integrity, offending, clear; /* octets; `clear` is all of it, what offends included */
};

/* Rules whose traffic cannot be told apart, since they name the same gateways, are one row. */
struct period_rule {
	char *name; /* "a, b"; "learned pairs", "no rule" */
	bool none;  /* of traffic that no rule speaks of */
	unsigned names;
	struct period_volumes volumes;
};

struct period_day {
	char day[12]; /* "2026-11-21" */
	struct period_volumes volumes;
};

struct period_leak {
	struct finding finding; /* its texts are `protocol`, `rule` and `interface`, kept below; evidence is left out */
	char *rule, *protocol;
};

/* What a verdict table says of a selection. */
enum period_verdict { PERIOD_FINE, PERIOD_DISCOURAGED, PERIOD_FORBIDDEN, PERIOD_UNKNOWN };
enum { PERIOD_TABLES = 3 };

struct period_selection {
	struct address initiator, responder;
	char *rules;    /* "a, b" */
	char *selected; /* "AES_CBC_256 / HMAC_SHA2_256_128 / MODP_2048" */
	unsigned version;
	int64_t first_ns, last_ns;
	enum period_verdict verdicts[PERIOD_TABLES];
	bool quantum_safe;
};

struct period_watched {
	int64_t from_ns, until_ns;
	uint64_t packets, dropped;
};

struct period {
	bool complete; /* the last line came */
	char *sensor;
	int64_t since_ns, until_ns;
	int64_t begin_ns; /* of the history; 0: there is none yet */
	int64_t blind_ns;
	uint64_t blind_left_out, beyond_pairs, beyond_bytes;
	/* Lists, owned; in the order of the lines, leaks from the oldest. */
	struct period_rule *rules;
	struct period_day *days;
	struct period_leak *leaks;
	struct blind_period *blinds;
	struct period_selection *selections;
	struct period_watched *watched;
	size_t rule_count, day_count, leak_count, blind_count, selection_count, watched_count;
};

/* Judges what IKE selected by each verdict table. */
struct period_judge {
	const char *tables[PERIOD_TABLES]; /* names */
	void (*judge)(void *context, unsigned version, const char *const *names, size_t count,
		      struct period_selection *selection);
	void *context;
};

struct period_reader; /* gathers */

/* NULL on lack of memory. The judge is borrowed. */
struct period_reader *period_reader_new(const struct period_judge *judge);
/* A line of `report` or of `alerts`. False if it is neither, or not as it should be. */
bool period_reader_line(struct period_reader *reader, const char *line, size_t length);
/* Whether the last line was the alert of a test, which is no part of the period. */
bool period_reader_is_test(const struct period_reader *reader);
/* What was gathered so far, complete when the line `report` came; lives as long as the reader. */
const struct period *period_reader_finish(struct period_reader *reader);
void period_reader_free(struct period_reader *reader);

/* What share of the octets that rules speak of was encrypted: false where there were none. */
bool period_share(const struct period_volumes *volumes, double *share);
/* "99.998", of a hundred: as many digits as it takes to tell it from all and from nothing. */
enum { PERIOD_SHARE_SIZE = 16 };
void period_share_text(double share, char text[PERIOD_SHARE_SIZE]);
/* All rules together, without what no rule speaks of. */
struct period_volumes period_total(const struct period *period);
uint64_t period_dropped(const struct period *period, uint64_t *packets);
/* From when on anything is known, where that is later than the period begins, as that of a history that is younger; 0: all of it. */
int64_t period_known_from(const struct period *period);
const char *period_verdict_name(enum period_verdict verdict);

void period_write_text(const struct period *period, const struct period_judge *judge, const struct page *page);
void period_write_html(const struct period *period, const struct period_judge *judge, FILE *file);
/* RFC 4180, with one head for rows of all kinds. */
void period_write_csv(const struct period *period, const struct period_judge *judge, FILE *file);

#endif
