/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge: transitions in, findings out.
 *
 * One judge serves all workers. It takes their transitions, puts them in order of frame time, and works through them up
 * to a watermark below which no worker will bring any more. All that crosses pairs (gateways and the subnets behind them,
 * what a host does with others) is decided here, by one thread, in one order: so the same traffic gives the same findings
 * however it came in.
 *
 *   judge_put()       any number of transitions, in any order, none older than the last watermark
 *   judge_advance()   works through what is at or below the watermark, timers included
 *   judge_finish()    the capture ends: the last word of what can still be told
 *
 * Rules live in rule_*.c, one theme each; rules.h lists them. The judge owns the pairs and hosts they look at.
 */
#ifndef ESPIAL_AUDIT_JUDGE_H
#define ESPIAL_AUDIT_JUDGE_H

#include "alert.h"
#include "certificate_facts.h"
#include "record.h"
#include "transition.h"
#include "../../dissectors/ike_nat.h"

#include <stdbool.h>
#include <stdint.h>

struct policy;
struct judge;

/* Waiting times and bounds of the rules; nanoseconds. */
struct judge_thresholds {
	int64_t leak_decide_ns;        /* after the first clear packet, before ESP's part in it can be told */
	int64_t leak_nobody_ns;        /* clear traffic without any IKE for so long: nobody initiates */
	int64_t leak_secured_ns;       /* quiet of clear traffic that, with ESP both ways, ends a leak */
	int64_t leak_gap_hold_ns;      /* quiet that ends a leak beside which ESP runs all the time */
	int64_t leak_hold_ns;          /* quiet that ends any leak */
	int64_t leak_before_sa_ns;     /* ESP so soon after the first clear packet: it was first contact */
	int64_t leak_after_idle_ns;    /* clear so long after ESP and before new ESP: after-idle */
	int64_t rekey_min_lifetime_ns; /* shorter-lived SAs are rekeyed too often */
	uint64_t rekey_min_volume;     /* octets; likewise */
	int64_t stale_grace_ns;        /* how long an SA may go on after its successor came */
	int64_t bad_spi_hold_ns;       /* quiet of a bad SPI after which it is over */
	/* without a rekeying for so long, none is too often; at least twice the lifetime above */
	int64_t rekey_hold_ns;
	int64_t unnegotiated_ns;  /* ESP both ways for so long without any IKE */
	int64_t integrity_ns;     /* AH for so long without ESP */
	int64_t content_hold_ns;  /* quiet of ESP and AH that ends what they were found to give away */
	int64_t replay_hold_ns;   /* without a replay for so long: over */
	int64_t sequence_hold_ns; /* a count that began anew, or is near its end: over after so long without the like */
	int64_t selection_gone_ns; /* an IKE SA, and its ESP, silent for so long beside a later one: it is gone */
	int64_t selection_hold_ns; /* without a word, or ESP, of who negotiated weakly for so long: over */
	int64_t ike_silence_ns;    /* a first message without any answer for so long, repeated: unanswered */
	int64_t ike_stall_ns;      /* a later message likewise: stalled; answers to proofs take their time */
	int64_t ike_settle_ns;     /* after a refusal or failure, for a success that makes it none */
	int64_t ike_fallback_ns;   /* after an opening that is not answered, for another version or mode to be tried */
	int64_t child_doubt_ns;    /* after IKE is up, apparently without a child, for ESP or another try */
	int64_t auth_tie_ns;       /* how long before a failed proof what explains it may have been */
	int64_t ike_hold_ns;       /* quiet that ends what is told of a negotiation */
	int64_t certificate_skew_ns; /* what two clocks may differ by */
	int64_t certificate_hold_ns; /* without sight of an outdated certificate: over */
	int64_t again_settle_ns;     /* after a new IKE SA, for signs that the old one lives */
	int64_t restart_ns;          /* peers that begin again within this belong together */
	int64_t restart_check_ns;    /* after a restart, until its pairs are looked at */
	unsigned restart_peers;      /* at least so many peers begin again */
	unsigned flood_half_open;    /* half-open negotiations of a minute that make a flood */
	int64_t full_hold_ns;        /* without evictions for so long, tables are no longer full */
	int64_t down_after_ns;       /* an interface that is not captured on for so long is down */
	int64_t silent_after_ns;     /* the shortest silence of an interface, judged by its habit, that is told */
	int64_t silent_watch_ns;     /* it has to be watched for so long, */
	unsigned silent_talkers;     /* or to have had so many conversations at once */
	unsigned silent_busy;        /* and to have brought frames in so many of a hundred seconds */
	unsigned silent_pauses;      /* a silence of so many times its longest pause is told */
	uint32_t drops;              /* frames lost of a million, within ten seconds; 0: never told */
	uint32_t drops_least;        /* and so many at least */
	int64_t drops_hold_ns;       /* without such losses for so long: over */
	uint32_t merged_frames;      /* frames of a minute that are longer than the link carries; 0: never told */
	int64_t merged_hold_ns;      /* without such frames for so long: over */
	uint32_t one_way;            /* conversations seen one way that make the mirror one; 0: never told */
	unsigned one_way_share;      /* while at most one of so many is seen both ways */
	int64_t one_way_settle_ns;   /* and that lasts so long */
	int64_t mirror_hold_ns;      /* without signs of it for so long, a mirror is neither one-way nor doubled */
	int64_t clock_tell_ns;       /* clock-jump is told once in so long */
	int64_t blind_doubt_ns;      /* so long after the sensor was blind, absence is still in doubt */
	int64_t update_ns;           /* at most so often an update for the count alone */
	/* without ESP for so long a learned pair is forgotten, and what else is known of pairs */
	int64_t forget_learned_ns;
	int64_t remember_ns;      /* what changed of what the next engine is to know is written so often */
	int64_t remember_idle_ns; /* of a pair that falls quiet again and again, so often */
	/* what was written of each pair and host is compared with what is so once in so long */
	int64_t remember_round_ns;
	int64_t remember_fresh_ns; /* and what only went on is written so often */
	/* while nothing changes, one of all is written so often: a sign that this engine lives */
	int64_t remember_beat_ns;
	/* whoever keeps alerts of an engine before this one waits so long for each to be come upon, or less */
	int64_t claim_ns;
	int64_t recall_overlap_ns; /* SAs first seen so soon after the first packet may have been born before it */
};

/* The defaults of FINDINGS and DESIGN section 6. */
struct judge_thresholds judge_default_thresholds(void);

struct judge_settings {
	const struct policy *policy; /* borrowed, sealed */
	struct judge_thresholds thresholds;
	struct alert_settings alerts;
	uint32_t pairs;   /* limit of pairs the judge keeps in mind */
	uint32_t sas;     /* limit of SAs */
	uint32_t ike;     /* limit of IKE SAs */
	uint32_t learned; /* limit of learned pairs; per IPv4 /24 or IPv6 /64 a 32nd part of it, at least 64 */
	uint64_t seed;
	bool lifecycle; /* tell of peers and SAs that come and go */
	bool last_word; /* at the end tell of leaks that are open how much they came to: of a file nobody else will */
	bool remember;  /* write what an engine that is started anew is to know: known_pair and known_host records */
	bool ike_messages; /* pass every IKE message on as a record, in order of time */
	const char *(*interface_name)(void *context, uint16_t interface); /* NULL or "" if it has none */
	void *interface_context;
	ike_nat_hash_function *nat_hash; /* NULL: NAT is not recomputed */
	void *nat_hash_context;
	certificate_read_function *certificate; /* NULL: certificates are not looked into */
	void *certificate_context;
};

/* NULL on lack of memory. */
struct judge *judge_new(const struct judge_settings *settings, const struct record_sink *sink);
void judge_free(struct judge *judge);

void judge_put(struct judge *judge, const struct transition *transition);
void judge_advance(struct judge *judge, int64_t watermark_ns);
void judge_finish(struct judge *judge, int64_t end_ns);

/*
 * Another policy, thresholds and wishes about alerts from now on; between two calls of judge_advance(). What is known of
 * pairs, SAs and IKE SAs stays, and so do their alerts; but where what is asked of a pair changed, or all that leaks is
 * allowed now, its leak ends ("policy-changed") and is judged anew. The policy before, and what the settings of alerts
 * borrow, must live as long as the judge: what was told is known by its names. False, and nothing changed, on lack of
 * memory.
 */
bool judge_set_policy(struct judge *judge, const struct policy *policy, const struct judge_thresholds *thresholds,
		      const struct alert_settings *alerts);

/*
 * What an engine before this one knew, as records of settings.remember, in any order but pairs before findings, and the
 * findings that are open as sinks know them: known_pair, known_host, finding. `now_ns` is the time of frames now. What is too
 * old is forgotten, what there is no room for is left out, what this judge knows better stays. A finding that the traffic
 * would not tell anew within minutes is taken over: a known_alert record says so. Of others that this judge comes upon and
 * nobody is told of, for maintenance, for the rate or since a group speaks for them, held_alert records say that they last,
 * or ended.
 */
void judge_know(struct judge *judge, const struct record *record, int64_t now_ns);

/* Until when that engine saw the traffic; before the first of its records. 0: nobody knows. */
void judge_know_until(struct judge *judge, int64_t until_ns);

/* Somebody lost what was written: all that is known is written again, within minutes at most. */
void judge_tell_known(struct judge *judge);

/* What pair records call the pair's rule: a rule's name, "learned", or NULL. */
const char *judge_pair_rule(struct judge *judge, uint32_t realm, const struct address *a, const struct address *b);

/* Completes what a record says of an SA, and of a pair: its rule, those that it carries, for whose names there is a list, and
 * how its SAs followed one another. */
void judge_complete_sa(struct judge *judge, uint32_t realm, struct record_sa *sa);
void judge_complete_pair(struct judge *judge, uint32_t realm, struct record_pair *pair,
			 const char *carries[RECORD_CARRIES_MAX]);

/* Writes the ike_sa records, in order of first message. False on lack of memory. */
bool judge_write_ike_sas(const struct judge *judge, const struct record_sink *sink);

/* The stories of IKE SAs, for ike_walk_new(); they change whenever the judge works. */
struct ike_stories;
const struct ike_stories *judge_ike_stories(const struct judge *judge);

/* Octets that the stories of IKE SAs make resident, and how many of them had to make room. */
uint64_t judge_ike_memory(const struct judge *judge);
uint64_t judge_ike_evicted(const struct judge *judge);

/* Octets that one more of a limit costs here, where all of them are used. */
struct judge_costs {
	uint64_t sa, pair, ike;
	uint64_t alert;      /* of one that may be open; as many as pairs, */
	uint32_t alerts_max; /* and no more than these */
};
struct judge_costs judge_costs(void);

/* What the judge keeps, as rows of a health record: ike, learned, and what its rules look at. */
enum { JUDGE_TABLES = 3 };
void judge_tables(const struct judge *judge, struct record_table tables[JUDGE_TABLES]);

struct judge_counters {
	uint64_t opened;        /* findings opened */
	uint64_t open;          /* alerts open now */
	uint64_t in_progress;   /* set by judge_finish(): matters that were not decided when the capture ended */
	uint64_t lost;          /* transitions, timers and IKE messages in pieces that found no memory */
	uint64_t secured_pairs; /* with ESP both ways, of which nothing is known that lets it be read */
	uint64_t clear_pairs;   /* with an open leak */
	uint64_t ike_sas;       /* IKE SAs ever seen */
};

const struct judge_counters *judge_counters(const struct judge *judge);

#endif
