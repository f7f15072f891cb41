/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an alert: open, update, clear.
 *
 * An alert is (id, subject); cause, grade and severity are attributes that updates change. A rule keeps a struct alert
 * where it keeps what the alert is about, describes the present state in a struct finding, and calls alert_tell(), which
 * decides whether that is news: open at first, update when an attribute changed or the last word is long ago. What is news
 * goes over the desk (alert_desk.h), which knows what people asked for: quiet while a host is worked on, one alert for many
 * of one origin, no more than so many a minute.
 */
#ifndef ESPIAL_AUDIT_ALERT_H
#define ESPIAL_AUDIT_ALERT_H

#include "finding.h"
#include "../../config/policy.h"

struct judge;

/* What a rate is set for: the parts of the catalogue. */
enum alert_class {
	ALERT_CLEARTEXT,
	ALERT_NEGOTIATION,
	ALERT_CRYPTOGRAPHY,
	ALERT_SPI,
	ALERT_LIFECYCLE,
	ALERT_SENSOR,
	ALERT_CLASS_COUNT
};
enum alert_class alert_class(enum finding_id id);
/* "cleartext", "negotiation", ... */
const char *alert_class_name(enum alert_class class);

/* A time in which nothing is told about some hosts, since people work on them. */
struct alert_maintenance {
	const char *name;                  /* borrowed */
	const struct policy_prefix *hosts; /* borrowed; none: all hosts */
	size_t host_count;
	int64_t from_ns, until_ns; /* frame time; until is after from */
	int64_t every_ns;          /* and again each so long after, earlier too; 0: once */
};

/* What people asked for. All zero: everything is told, one by one, as it comes. */
struct alert_settings {
	bool off[FINDING_ID_COUNT];             /* never told */
	unsigned per_minute[ALERT_CLASS_COUNT]; /* alerts opened; 0: no limit */
	unsigned group_members;                 /* so many pairs of one host or gateway with the same finding are one
						    alert; 0: never */
	int64_t group_wait_ns;                  /* an alert of a host with as many peers waits so long for others */
	int64_t group_window_ns;                /* alerts that open within this may become a group */
	int64_t group_join_ns;                  /* a group takes further members so long after the latest one */
	int64_t group_update_ns;                /* a group that changes is told at most so often */
	const struct alert_maintenance *maintenance; /* borrowed */
	size_t maintenance_count;
};
/* Groups of five or more, 300 alerts a minute of each class but the sensor's own. */
struct alert_settings alert_default_settings(void);

struct alert {
	bool open;
	uint32_t place;  /* at the desk, 0: none */
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

/* The same for the alert that speaks for many pairs of the host in a realm: alert_group.c. */
void alert_tell_group(struct judge *judge, struct alert *alert, struct finding *finding, uint32_t realm);

/* Tells of an event: once, with nothing that stays open. The finding is begun as for the other alerts. */
void alert_event_pair(struct judge *judge, const struct judged_pair *pair, struct finding *finding);
void alert_event_host(struct judge *judge, struct finding *finding);
void alert_event_sensor(struct judge *judge, struct finding *finding);

/* Appends to finding->text, as printf does; what does not fit is left out. */
__attribute__((format(printf, 2, 3))) void finding_say(struct finding *finding, const char *format, ...);

/* An update although no attribute changed, because something else worth a record did. */
void alert_update(struct judge *judge, struct alert *alert, struct finding *finding);

/* Ends the alert if it is open; finding.cleared_by says why. */
void alert_clear(struct judge *judge, struct alert *alert, struct finding *finding);

/* Puts into the finding, begun as for the alert, what was told of it before: since when and until when, count, octets, cause,
 * severity, grade. For the end of what is no longer there to be described. Nothing if it is not open. */
void alert_recall(const struct judge *judge, const struct alert *alert, struct finding *finding);

/* Ends the alert by what was told of it before, with one sentence about why. The finding is begun as for the alert. */
void alert_end(struct judge *judge, struct alert *alert, struct finding *finding, const char *cleared_by,
	       const char *sentence);

/* What the alert is about is forgotten, to make room or since it is none of ours any more: whether it lasts nobody will know.
 * The finding is begun as for the alert. */
void alert_forget(struct judge *judge, struct alert *alert, struct finding *finding);

#endif
