/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A finding: a failed verdict, as a value. And the catalogue: what kinds there are.
 *
 * The judge fills a struct finding and hands it to the record sink (record.h). Text that is the same for all findings of
 * a kind (meaning, advice, default severity, Windows event) stands in the catalogue, one row per id and per cause, in
 * catalogue.c; what is particular is in the finding. Strings in a finding are borrowed: they live as long as the call
 * that hands it on, and come from packets only where the member says "hostile".
 */
#ifndef ESPIAL_AUDIT_FINDING_H
#define ESPIAL_AUDIT_FINDING_H

#include "../../dissectors/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum finding_id {
	/* A. cleartext */
	FINDING_CLEARTEXT_LEAK,
	FINDING_READABLE_ESP,
	FINDING_INTEGRITY_ONLY,
	FINDING_LOCKED_OUT,
	/* B. negotiation */
	FINDING_IKE_UNANSWERED,
	FINDING_IKE_REFUSED,
	FINDING_IKE_AUTH_FAILED,
	FINDING_IKE_CA_MISMATCH,
	FINDING_IKE_CERTIFICATE_EXPIRED,
	FINDING_IKE_CHILD_REFUSED,
	FINDING_IKE_STALLED,
	FINDING_IKE_PATH_MTU,
	FINDING_IKE_RESTART,
	FINDING_RESTART_CHECK,
	FINDING_IKE_FLOOD,
	/* C. cryptography */
	FINDING_WEAK_IKE_SELECTED,
	FINDING_WEAK_IKE_OFFERED,
	FINDING_AGGRESSIVE_PSK,
	FINDING_IKE_VERSION_1,
	FINDING_ESP_64_BIT_BLOCK,
	FINDING_NOT_QUANTUM_SAFE,
	/* D. SPI */
	FINDING_BAD_SPI,
	FINDING_REKEY_TOO_OFTEN,
	FINDING_REKEY_OVERDUE,
	FINDING_ESP_REPLAY,
	FINDING_ESP_SEQUENCE_RESET,
	FINDING_ESP_SEQUENCE_NEAR_WRAP,
	FINDING_ESP_UNNEGOTIATED,
	/* E. lifecycle */
	FINDING_PEER_NEW,
	FINDING_SA_UP,
	FINDING_SA_REKEYED,
	FINDING_SA_DOWN,
	FINDING_SECURED_AGAIN,
	FINDING_POLICY_RELOADED,
	/* F. the sensor */
	FINDING_SENSOR_ALIVE,
	FINDING_CAPTURE_SILENT,
	FINDING_CAPTURE_DROPS,
	FINDING_CAPTURE_DOWN,
	FINDING_MIRROR_ONE_WAY,
	FINDING_MIRROR_DOUBLED,
	FINDING_CAPTURE_OFFLOAD,
	FINDING_TABLE_FULL,
	FINDING_SINK_DOWN,
	FINDING_CLOCK_JUMP,
	FINDING_ENGINE_RESTARTED,
	FINDING_ID_COUNT
};

enum finding_cause {
	CAUSE_NONE, /* the id has no causes; null in JSON */
	CAUSE_UNKNOWN,
	/* cleartext-leak */
	CAUSE_NOBODY_INITIATES,
	CAUSE_UNANSWERED,
	CAUSE_SOFT_SA,
	CAUSE_REFUSED,
	CAUSE_AUTH_FAILED,
	CAUSE_CHILD_REFUSED,
	CAUSE_BEFORE_SA,
	CAUSE_AFTER_IDLE,
	CAUSE_SA_LOST,
	CAUSE_SELECTOR_GAP,
	CAUSE_ONE_WAY, /* bad-spi too */
	/* locked-out */
	CAUSE_NOT_INITIATING,
	CAUSE_NOT_CAPABLE,
	/* ike-refused */
	CAUSE_NO_PROPOSAL,
	CAUSE_UNKNOWN_PEER,
	CAUSE_KEY_EXCHANGE_GROUP,
	CAUSE_VERSION,
	CAUSE_MODE,
	CAUSE_OTHER,
	/* ike-auth-failed */
	CAUSE_PRE_SHARED_KEY,
	CAUSE_CERTIFICATE,
	CAUSE_KERBEROS,
	/* bad-spi */
	CAUSE_STALE,
	CAUSE_NOTIFIED,
	CAUSE_RECOVERING,
	/* rekey-too-often */
	CAUSE_TIME,
	CAUSE_VOLUME,
	CAUSE_COUNT
};

enum finding_state { FINDING_OPEN, FINDING_UPDATE, FINDING_CLEAR, FINDING_STATE_COUNT };

/* From bad to harmless. */
enum finding_severity {
	SEVERITY_CRITICAL,
	SEVERITY_HIGH,
	SEVERITY_MEDIUM,
	SEVERITY_LOW,
	SEVERITY_INFO,
	SEVERITY_COUNT
};

/* How sure. */
enum finding_grade { GRADE_OBSERVED, GRADE_LIKELY, GRADE_POSSIBLE, GRADE_COUNT };

enum finding_subject { SUBJECT_PAIR, SUBJECT_HOST, SUBJECT_SA, SUBJECT_SENSOR, SUBJECT_COUNT };

/* One figure or word of evidence. */
struct finding_evidence {
	const char *key; /* constant */
	enum {
		EVIDENCE_INTEGER,
		EVIDENCE_REAL,
		EVIDENCE_BOOLEAN,
		EVIDENCE_TEXT,
		EVIDENCE_ADDRESS,
		EVIDENCE_TIME,
		EVIDENCE_SPI
	} kind;
	int64_t integer;        /* INTEGER, BOOLEAN, TIME (nanoseconds since the epoch) */
	double real;            /* REAL */
	const char *text;       /* TEXT; hostile */
	struct address address; /* ADDRESS */
};

enum { FINDING_EVIDENCE_MAX = 16, FINDING_TEXT_SIZE = 384, FINDING_WORDS_SIZE = 640 };

struct finding {
	int64_t time_ns; /* of this record */
	/* The next two are the reporter's, and not in its input: a number of its own for each record of a finding, rising, by
	 * which a copy that came twice is known (0: none yet); and whether the record went out before it was on disk. */
	uint64_t record;
	bool not_durable;
	uint64_t alert; /* stable through open, updates and clear of one alert */
	enum finding_id id;
	enum finding_cause cause;
	enum finding_state state;
	enum finding_severity severity;
	enum finding_grade grade;
	enum finding_subject subject;
	bool has_pair, has_flow, has_spi, has_ike_spi; /* which of the next groups are set; null in JSON otherwise */
	bool has_ports;
	struct address a, b;         /* the pair, lower address first; for SUBJECT_HOST a is the host, b unspecified */
	struct address src, dst;     /* who emitted, towards whom */
	uint16_t src_port, dst_port; /* null in JSON unless has_ports */
	uint8_t ip_protocol;         /* of the flow; IANA number */
	uint32_t spi;
	uint64_t ike_spi;
	const char *interface;       /* NULL if not known */
	uint16_t vlan;               /* 0: untagged, null in JSON */
	uint32_t realm;              /* of the pair, as the tracker numbers it; 0: none */
	const char *realm_interface; /* whose realm it is, if each interface is one; NULL otherwise, and in the judge */
	const char *rule;            /* rule name, "learned", or NULL */
	const char *protocol;        /* the classifier's name, NULL if not known */
	uint64_t count, bytes;       /* offending packets and octets so far; without octets: how often */
	int64_t first_ns, last_ns;
	const char *cleared_by;       /* "secured-again", "quiet", ...; NULL unless state is clear */
	char text[FINDING_TEXT_SIZE]; /* one sentence; hostile parts are names from the classifier only */
	struct finding_evidence evidence[FINDING_EVIDENCE_MAX];
	size_t evidence_count;
	char words[FINDING_WORDS_SIZE]; /* texts of evidence that live nowhere else: finding_note_words() */
	size_t words_used;
};

/* A row of the catalogue. */
struct catalogue_row {
	const char *name;               /* "cleartext-leak" */
	enum finding_severity severity; /* default */
	enum finding_subject subject;
	unsigned windows_event; /* number the Windows logs use for the like, 0 if none */
	const char *meaning;    /* one sentence */
	const char *advice;     /* what to do */
};
struct catalogue_cause {
	const char *name; /* "sa-lost" */
	const char *meaning;
	const char *advice; /* NULL: the advice of the id */
};

const struct catalogue_row *catalogue_row(enum finding_id id);
const struct catalogue_cause *catalogue_cause(enum finding_cause cause);
/* What is told once and has no end: there is nothing that could be open. */
bool catalogue_is_event(enum finding_id id);
/* Whether count and bytes grow from its beginning to its end, so that those of several engines add up. Of others they are a
 * height, a state, or one. */
bool catalogue_adds_up(enum finding_id id);
/* Whether the catalogue allows the cause for the id (CAUSE_NONE only for ids without causes). */
bool catalogue_allows(enum finding_id id, enum finding_cause cause);
/* The advice for a finding of this id and cause. Never NULL. */
const char *catalogue_advice(enum finding_id id, enum finding_cause cause);

/* Numbers of the names; -1 if there is none such. */
int catalogue_find_id(const char *name);
int catalogue_find_cause(const char *name);

const char *finding_state_name(enum finding_state state);
const char *finding_severity_name(enum finding_severity severity);
const char *finding_grade_name(enum finding_grade grade);
const char *finding_subject_name(enum finding_subject subject);
int finding_state_find(const char *name);
int finding_severity_find(const char *name);
int finding_grade_find(const char *name);
int finding_subject_find(const char *name);

/* The number of an alert, or of a record, as it is written: sixteen hexadecimal digits, lower case. False, and untouched, for
 * anything else, NULL included. */
bool finding_number_read(const char *text, uint64_t *number);

/* What makes the noun behind a count a plural, in whatever sentence espial says: "s", or nothing behind 1. */
static inline const char *finding_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* Evidence, true, of the alert that `espial test-alert` raises: it goes the way of all alerts and is none. */
#define FINDING_EVIDENCE_TEST "test"
/* Whether it is that alert. Whoever counts what was found on the network leaves it out. */
bool finding_is_test(const struct finding *finding);

/* Evidence, figures: so much of count and bytes was counted by engines before the one that tells of it. */
#define FINDING_EVIDENCE_COUNT_BEFORE "count_before"
#define FINDING_EVIDENCE_BYTES_BEFORE "bytes_before"

/* cleared_by of an alert that another one speaks for from then on: its packets count with that one. */
#define FINDING_GROUPED "grouped"
/* Whether it ended so. Whoever counts alerts leaves it out, or it counts twice. */
bool finding_is_grouped(const struct finding *finding);

/* Whether frames can be kept for it: it lasts, and is about a pair or a host. */
bool finding_has_capture(const struct finding *finding);

/* What ends a text that was cut. */
#define FINDING_CUT "…"
/* Ends a text that did not fit into its `size` octets with it, behind a whole character. */
void finding_mark_cut(char *text, size_t size);

/* Adds evidence; beyond FINDING_EVIDENCE_MAX it is left out. Texts are borrowed, and have to live until the finding is told. */
void finding_note_integer(struct finding *finding, const char *key, int64_t value);
void finding_note_real(struct finding *finding, const char *key, double value);
void finding_note_boolean(struct finding *finding, const char *key, bool value);
void finding_note_text(struct finding *finding, const char *key, const char *value);
/* The same for a text that does not outlive the caller: a copy is kept in the finding; of what does not fit, the start. The
 * copy is good as long as this very finding, which must not be moved before it is handed on. */
void finding_note_words(struct finding *finding, const char *key, const char *value);
void finding_note_address(struct finding *finding, const char *key, const struct address *value);
void finding_note_spi(struct finding *finding, const char *key, uint32_t spi);
void finding_note_time(struct finding *finding, const char *key, int64_t time_ns);

#endif
