/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records: everything the engine says, as values (DESIGN section 7).
 *
 * The core fills a struct record and calls a record_sink; daemon/report/ turns records into JSON lines, text and syslog,
 * and JSON lines back into records. Strings are borrowed for the length of the call.
 */
#ifndef ESPIAL_AUDIT_RECORD_H
#define ESPIAL_AUDIT_RECORD_H

#include "finding.h"
#include "ike_suite.h"
#include "../../dissectors/packet.h"

enum record_type {
	RECORD_FINDING,
	RECORD_PAIR,
	RECORD_SA,
	RECORD_IKE_SA,
	RECORD_SUMMARY,
	RECORD_NOTICE, /* a message for the operator's log: not part of an audit's JSON lines */
	/* What the next engine is to know: for the store, and between the processes only. */
	RECORD_KNOWN_PAIR,
	RECORD_KNOWN_HOST,
	RECORD_KNOWN_ALERT, /* an engine that was started anew goes on with an alert that was open, under its number */
	RECORD_HEALTH,      /* how the running sensor fares: part of its state, not of an audit */
	RECORD_STARTED,     /* an engine began: it knows of nothing that was told before. Between the processes only */
	/* Of an alert that is held back or grouped, and that an engine before this one may have told: it lasts, or ended. Between
	 * the processes only */
	RECORD_HELD_ALERT,
	RECORD_IKE_MESSAGE, /* only where asked for; for the IKE log and the inventory, sinks pass it over */
};

enum pair_verdict {
	PAIR_SECURED,
	PAIR_MIXED,
	PAIR_CLEARTEXT,
	PAIR_INTEGRITY_ONLY,
	PAIR_NEGOTIATING,
	PAIR_IDLE,
	PAIR_VERDICT_COUNT
};

/* Who asked for something, of a pair's two. */
enum record_initiator { INITIATOR_UNKNOWN, INITIATOR_A, INITIATOR_B, INITIATOR_BOTH, INITIATOR_COUNT };

struct record_protocol {
	const char *name; /* the classifier's name or a guess by port, "icmp" for ICMP */
	uint64_t packets, bytes;
	uint8_t ip_protocol; /* IANA number; 0: several, or not known */
	uint16_t port;       /* of the service; 0: it has none, or several */
};

enum { RECORD_CARRIES_MAX = 16 };

struct record_pair {
	struct address a, b; /* lower first */
	enum pair_verdict verdict;
	const char *rule;                /* rule name, "learned", or NULL */
	const char *const *carries;      /* rules that name both as gateways: their traffic is in its ESP; borrowed */
	size_t carries_count;            /* at most RECORD_CARRIES_MAX */
	uint64_t esp_packets, esp_bytes; /* ESP and AH */
	uint64_t offending_packets, offending_bytes; /* in clear, and not allowed to be */
	const struct record_protocol *cleartext;     /* most octets first; borrowed */
	size_t cleartext_count;
	uint32_t rekeys;
	double rekey_interval_median; /* seconds; negative if not known */
	enum record_initiator rekey_initiator;
	/* Of several networks that have the same addresses: as the tracker numbers it, 0: none; and whose realm it is, if each interface is
	 * one, NULL otherwise. */
	uint32_t realm;
	const char *realm_interface;
};

enum sa_record_state { SA_ACTIVE, SA_SUPERSEDED, SA_ENDED, SA_STALE, SA_STATE_COUNT };

struct record_sa {
	struct address src, dst;
	uint32_t spi;
	uint8_t protocol; /* 50 or 51 */
	enum packet_encap encap;
	int64_t first_ns, last_ns;
	uint64_t packets, bytes;
	uint32_t seq_first, seq_last;
	int64_t lost, replayed;           /* negative: not known */
	uint32_t replaces, continues_spi; /* 0: none or not known */
	bool has_replaces, has_continues;
	struct address continues_src, continues_dst;
	bool has_ike;         /* the exchange that made it was seen */
	uint64_t ike_spi;     /* of the IKE SA's initiator */
	const char *exchange; /* "IKE_AUTH", "CREATE_CHILD_SA", "quick mode"; borrowed */
	bool has_initiator;
	struct address initiator; /* who asked for it */
	enum sa_record_state state;
	/* Of several networks that have the same addresses: as the tracker numbers it, 0: none; and whose realm it is, if each interface is
	 * one, NULL otherwise. */
	uint32_t realm;
	const char *realm_interface;
};

enum ike_mode { IKE_MODE_UNKNOWN, IKE_MODE_MAIN, IKE_MODE_AGGRESSIVE, IKE_MODE_IKEV2, IKE_MODE_COUNT };
enum ike_outcome {
	IKE_OUTCOME_IN_PROGRESS,
	IKE_OUTCOME_ESTABLISHED,
	IKE_OUTCOME_REFUSED,
	IKE_OUTCOME_UNANSWERED,
	IKE_OUTCOME_AUTH_FAILED,
	IKE_OUTCOME_STALLED,
	IKE_OUTCOME_COUNT
};

enum { RECORD_GAPS = 6 };

struct record_ike_sa {
	struct address initiator, responder;
	/* false: initiator and responder are only who sent and who received the first message in view */
	bool roles_known;
	uint64_t ispi, rspi;
	uint8_t major, minor;
	enum ike_mode mode;
	const char *step; /* last step seen, NULL if not known */
	enum ike_outcome outcome;
	const char *const *offered; /* names of algorithms, "AES_CBC_256"; borrowed, as are the lists below */
	size_t offered_count;       /* none: not seen, null in JSON; likewise below */
	const char *const *selected;
	size_t selected_count;
	const char *auth; /* "pre-shared-key", "certificate", "kerberos", "eap"; NULL if not known */
	const char *const *vendors;
	size_t vendor_count;
	const char *const *notifies; /* types seen in clear */
	size_t notify_count;
	const char *const *children; /* SPIs of SAs that came of it, latest first, as texts */
	size_t child_count;
	uint32_t retransmissions; /* of requests, of both sides */
	/* Gaps between the sendings of the request that was repeated most, tenths of a second; its first ones. */
	uint16_t schedule_ds[RECORD_GAPS];
	uint8_t schedule_count;  /* 0: nothing was repeated */
	bool schedule_responder; /* whose request it is */
	const char *nat;         /* who is behind one: "none", "initiator", "responder", "both"; NULL if not known */
};

/* One IKE message as it was on the wire. Hostile octets, whole as far as they were captured. */
struct record_ike_message {
	struct address src, dst;
	uint16_t src_port, dst_port;
	enum packet_encap encap;
	const uint8_t *message; /* from the IKE header on; borrowed; NULL if there was no memory to keep it */
	uint32_t captured;      /* octets at `message` */
	uint32_t length;        /* octets that were sent */
	unsigned joined; /* not on the wire as such, but in so many fragments of IKEv1 just before; 0: as it was */
};

struct record_summary {
	uint64_t packets, bytes; /* frames, octets on the wire */
	bool has_time;
	int64_t first_ns, last_ns;
	uint64_t classes[PACKET_CLASS_COUNT];
	uint64_t reasons[PACKET_REASON_COUNT]; /* for the text report; not in JSON section 7 */
	uint64_t copies; /* clear packets told to be decapsulated copies; for the text report, likewise */
	uint64_t sas, ike_sas, pairs, flows, findings, in_progress;
};

/* One direction of a known pair: how its SAs followed one another, and which there are. */
enum { KNOWN_REKEYS = 16, KNOWN_SAS = 4 };
#define KNOWN_BYTES_NOT UINT64_MAX /* octets that nobody counted whole */

struct known_rekey {
	int64_t interval_ns; /* from the birth of an SA to that of its successor */
	uint64_t bytes;      /* through the former; or KNOWN_BYTES_NOT */
	enum record_initiator initiator;
};

struct known_spi {
	uint32_t spi;
	uint8_t protocol; /* 50 or 51 */
	bool ended;       /* and that was told */
	int64_t born_ns, last_ns;
	int64_t keyed_ns; /* since when its keys are in use: before its birth if it moved here */
};

struct known_direction {
	int64_t first_ns, last_ns;              /* of ESP or AH; 0: never */
	bool running;                           /* it had not ceased at the time of the record */
	uint32_t rekeys, habit;                 /* in all; since the pair last negotiated from the beginning */
	uint32_t remembered;                    /* of the latest below: those that still tell of the habit */
	unsigned rekey_count, sa_count;         /* of those below */
	struct known_rekey rekey[KNOWN_REKEYS]; /* the latest, oldest first */
	struct known_spi sa[KNOWN_SAS];         /* newest first */
};

/* A service in clear that always ran beside the ESP of the pair. */
struct known_service {
	uint8_t protocol;
	uint16_t port;
	bool encrypted;
};

enum { KNOWN_SERVICES = 16 };

struct record_known_pair {
	struct address a, b;   /* lower first */
	uint32_t realm;        /* as the tracker numbers it; 0: none */
	const char *interface; /* whose realm it is, if each interface is one; NULL otherwise */
	uint16_t vlan;
	bool learned;
	bool forgotten; /* it is known no longer, and the rest is not set */
	struct known_direction direction[2];
	unsigned beside_count;
	struct known_service beside[KNOWN_SERVICES];
};

/* What a host showed of itself, to whomever. */
struct record_known_host {
	struct address address;
	struct address first_peer; /* with whom it spoke IPsec first */
	bool more;                 /* and with others */
	bool told_new;             /* peer-new was told */
	bool proof_held;           /* a proof by certificate was accepted */
	bool forgotten;            /* it is known no longer, and the rest is not set */
	uint8_t takes;             /* as responder: bit per enum ike_mode */
	int64_t last_ns;
	struct ike_suite chose, offered; /* as responder; as initiator of what was taken; major 0: not known */
};

struct record_known_alert {
	uint64_t alert;
};

/* An interface that is captured on. */
struct record_interface {
	const char *name;
	bool up;
	uint64_t received, dropped, interface_dropped; /* frames since the start; dropped by the kernel; before it */
	uint64_t ring;                                 /* octets of the capture ring that was asked for */
	uint64_t ring_used,
	    ring_peak;      /* octets that waited in it: the most within about ten seconds; since the start */
	uint64_t ring_full; /* times that the kernel found it full */
};

/* A thread that goes through the frames. Since the start. */
struct record_worker {
	uint64_t read, tracked; /* frames that it read, and that it tracked */
	/* How long all of them worked together, from the first that began until the last was done; and how much of that this one
	 * waited for the others. One alone never does. */
	int64_t together_ns, waited_ns;
	const char *processors; /* "2,4-5": where it may run; NULL: nobody pinned it */
};

/* The stages of the way of a packet, by what they cost. tests/bench/stages.c measures the same. */
enum record_stage {
	RECORD_STAGE_READ,    /* out of the ring */
	RECORD_STAGE_DECODE,  /* octets to facts */
	RECORD_STAGE_TRACK,   /* tables: flows, SAs, pairs; and what is kept for captures of alerts */
	RECORD_STAGE_NAME,    /* nDPI */
	RECORD_STAGE_JUDGE,   /* rules */
	RECORD_STAGE_RECORDS, /* alerts and other records, to where they are on their way to the sinks */
	RECORD_STAGE_COUNT
};

/* What a stage cost: so long for so many packets. */
struct record_cost {
	uint64_t packets;
	int64_t ns;
};

/* A table with a limit. */
struct record_table {
	const char *name; /* "flows", as in `limits` of the configuration; constant */
	uint64_t used, limit, evicted;
	uint64_t octets; /* resident */
};

/* Parts of the engine's state that are told on demand: bits. */
enum record_part {
	RECORD_PART_PAIRS = 1 << 0,
	RECORD_PART_SAS = 1 << 1,
	RECORD_PART_IKE_SAS = 1 << 2,
	RECORD_PART_INVENTORY = 1 << 3,
	RECORD_PARTS_USUAL = RECORD_PART_PAIRS | RECORD_PART_SAS | RECORD_PART_IKE_SAS,
	RECORD_PARTS_ALL = RECORD_PARTS_USUAL | RECORD_PART_INVENTORY,
};

/* How the engine fares, as of its own clock. */
struct record_health {
	const char *version;
	int64_t started_ns;                        /* wall clock */
	const struct record_interface *interfaces; /* borrowed, as is the next */
	size_t interface_count;
	const struct record_worker *workers;
	size_t worker_count;
	struct record_cost stages[RECORD_STAGE_COUNT];
	const struct record_table *tables;
	size_t table_count;
	uint64_t transitions_lost; /* that the judge was not told for want of room */
	uint64_t untracked;        /* packets that found no place in a table */
	uint64_t alerts_open;
	uint64_t verdicts[PAIR_VERDICT_COUNT]; /* living pairs by verdict */
};

enum notice_level { NOTICE_ERROR, NOTICE_WARNING, NOTICE_INFO };

struct record_notice {
	enum notice_level level;
	const char *text;
};

struct record {
	enum record_type type;
	int64_t time_ns; /* DESIGN section 7 `time` */
	union {
		struct finding finding; /* HELD_ALERT too */
		struct record_pair pair;
		struct record_sa sa;
		struct record_ike_sa ike_sa;
		struct record_ike_message ike_message;
		struct record_summary summary;
		struct record_notice notice;
		struct record_known_pair known_pair;
		struct record_known_host known_host;
		struct record_known_alert known_alert;
		struct record_health health;
	};
};

/* Where records go. The call must not block the caller for long and must not keep pointers into the record. */
struct record_sink {
	void (*write)(void *context, const struct record *record);
	void *context;
};

static inline void record_write(const struct record_sink *sink, const struct record *record)
{
	if (sink->write)
		sink->write(sink->context, record);
}

const char *record_stage_name(enum record_stage stage); /* "read" */
const char *pair_verdict_name(enum pair_verdict verdict);
const char *record_initiator_name(enum record_initiator initiator); /* "a", "b", "both"; NULL if not known */
const char *sa_state_name(enum sa_record_state state);
const char *ike_mode_name(enum ike_mode mode);
const char *ike_outcome_name(enum ike_outcome outcome);

/* Numbers of these names; -1 if there is none such, or if it stands for what is not known. */
int pair_verdict_find(const char *name);
int record_initiator_find(const char *name);
int sa_state_find(const char *name);
int ike_mode_find(const char *name);
int ike_outcome_find(const char *name);

#endif
