/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an alert: open, update, clear.
 *
 * An alert is (id, subject); cause, grade and severity are attributes that updates change. A rule keeps a struct alert
 * where it keeps what the alert is about, describes the present state in a struct finding, and calls alert_tell(), which
 * decides whether that is news: open at first, update when an attribute changed or the last word is long ago.
 */
#ifndef ESPIAL_AUDIT_ALERT_H
#define ESPIAL_AUDIT_ALERT_H

#include "finding.h"

struct judge;

struct alert {
	bool open;
	uint64_t number; /* finding.alert */
	int64_t told_ns; /* of the last record */
	enum finding_cause cause;
	enum finding_severity severity;
	enum finding_grade grade;
};

/*
 * Tells of the finding if it is news. The rule sets everything but alert and state; time_ns is the time of the record.
 * `subject` and its length are the octets that, with id and first_ns, make the alert's number.
 */
void alert_tell(struct judge *judge, struct alert *alert, struct finding *finding, const void *subject,
		size_t subject_length);

/* Starts a finding of this id about a pair: time, default severity, grade observed, addresses, rule, VLAN. `pair` has a
 * name that keeps this header free of the judge's inside. */
struct judged_pair;
void alert_begin(struct judge *judge, const struct judged_pair *pair, enum finding_id id, struct finding *finding);

/* The same about one SA of the pair: source and destination by `direction`, and the SPI. */
void alert_begin_sa(struct judge *judge, const struct judged_pair *pair, unsigned direction, uint32_t spi,
		    enum finding_id id, struct finding *finding);

/* alert_tell() for a finding whose subject is what alert_begin() or alert_begin_sa() was given. */
void alert_tell_pair(struct judge *judge, const struct judged_pair *pair, struct alert *alert, struct finding *finding);

/* The same about a host; the address is the whole subject. */
void alert_begin_host(struct judge *judge, const struct address *host, enum finding_id id, struct finding *finding);
void alert_tell_host(struct judge *judge, struct alert *alert, struct finding *finding);

/* Appends to finding->text, as printf does; what does not fit is left out. */
__attribute__((format(printf, 2, 3))) void finding_say(struct finding *finding, const char *format, ...);

/* An update although no attribute changed, because something else worth a record did. */
void alert_update(struct judge *judge, struct alert *alert, struct finding *finding);

/* table-full, about the sensor: entries of a worker's tables had to make room, or, with all counts 0, no longer have to. */
struct transition_full;
void alert_table_full(struct judge *judge, const struct transition_full *full);

/* Ends the alert if it is open; finding.cleared_by says why. */
void alert_clear(struct judge *judge, struct alert *alert, struct finding *finding);

#endif
