/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracker: one worker's memory of the traffic.
 *
 * It counts packets into flows, SAs, IKE SAs and pairs, and tells the judge, by transitions, what changed. It never
 * judges: which traffic offends is asked of the policy, what an offence means is the judge's business.
 *
 * How a worker drives it, for each batch of frames in order of time:
 *
 *   packet_read() each frame
 *   track_prepare()                    keys, and the first cache lines on their way
 *   track_fetch_ahead(0, 1, 2)         the next ones, best between packets of the batch before
 *   for each packet:
 *     track_packet()                   counts it; for clear packets says whether a name is wanted, whether it is watched
 *     classifier, then track_name()    if a name is wanted
 *     track_clear()                    if the packet is watched: is it an offence, and is that news
 *   track_advance(time)                now and then: what fell quiet, what is to be forgotten
 *
 * Time is the frames' time. It never runs back here: a frame older than its predecessors is taken as simultaneous with
 * the latest of them.
 *
 * Memory is bounded by the limits in the settings, which are entries of tables that were sized at the start. A full table
 * evicts: first what never was answered, then from the network that holds most, then the oldest.
 */
#ifndef ESPIAL_AUDIT_TRACK_H
#define ESPIAL_AUDIT_TRACK_H

#include "record.h"
#include "transition.h"

#include <stdbool.h>
#include <stdint.h>

struct hosts;
struct policy;
struct track;

/* Silence after which ESP or offending clear traffic of a direction counts as quiet. */
#define TRACK_QUIET_NS (2 * INT64_C(1000000000))

enum track_side { TRACK_SIDE_OUTSIDE, TRACK_SIDE_INSIDE, TRACK_SIDE_HOST };
enum track_realm { TRACK_REALM_NONE, TRACK_REALM_VLAN, TRACK_REALM_VNI, TRACK_REALM_INTERFACE };

struct track_interface {
	enum track_side side;
	enum track_realm realm;
};

struct track_settings {
	const struct policy *policy;              /* borrowed, sealed */
	struct track_interface side;              /* of every interface without an entry below */
	const struct track_interface *interfaces; /* by frame.interface; borrowed */
	unsigned interface_count;
	uint32_t flows, sas, pairs; /* limits, entries */
	uint32_t learn_packets;     /* ESP packets each way before a pair may be learned */
	int64_t learn_span_ns;      /* and the time they must span */
	bool classify_all;          /* ask for the name of every clear flow */
	uint64_t seed;              /* of the hashes */
	/* of all workers, filled by who reads the frames (hosts.h); borrowed; NULL: the tracker's own */
	struct hosts *hosts;
};

/* Counters over all packets. */
struct track_counters {
	uint64_t packets, bytes;   /* frames; octets on the wire */
	int64_t first_ns, last_ns; /* of frames; 0 without any */
	uint64_t classes[PACKET_CLASS_COUNT];
	uint64_t reasons[PACKET_REASON_COUNT];
	uint64_t flows, sas, pairs; /* ever made */
	uint64_t flows_evicted, sas_evicted, pairs_evicted;
	uint64_t untracked;          /* packets that found no place in a table */
	uint64_t fragments_orphaned; /* later fragments whose first one was not seen */
	uint64_t copies;             /* clear packets told to be decapsulated copies */
	uint64_t unread;             /* IKE messages that found no memory, and were judged without their octets */
};

enum { TRACK_BATCH = 32 };

/* A packet's key, made once. */
struct track_key {
	uint64_t hash;   /* of the SA or flow; 0: there is none */
	int64_t time_ns; /* of the packet, made monotonic */
	uint32_t realm;
	uint32_t entry;    /* of the SA or flow, as it was when that was fetched ahead; 0: not known */
	uint8_t direction; /* 0 if src is the lower address */
	bool keyed;        /* there is an IP packet to track */
	bool of_sa;        /* it is ESP or AH, as it was read */
	bool second;       /* the entry is the second of its bucket */
	uint16_t slot;     /* of the classifier, of a flow that had one when its pair was sent for; 0: none */
	uint8_t parts;     /* what of the packet is this tracker's: bits below */
	uint8_t turn;      /* the packet of the batch whose memory is fetched when it is the turn of this one */
};

/*
 * A packet may speak of more pairs than its own: of the pair whose AH is around its ESP, the pair that an ICMP error quotes, the
 * pair of a tunnel that carries it in clear. With several workers each of them is dealt with by its owner.
 */
enum {
	TRACK_OWN = 1 << 0,
	TRACK_OUTER_AH = 1 << 1,
	TRACK_QUOTED = 1 << 2,
	TRACK_CARRIER = 1 << 3,
	TRACK_WHOLE = TRACK_OWN | TRACK_OUTER_AH | TRACK_QUOTED | TRACK_CARRIER,
};

/* What track_packet() says of a clear packet, or of an ESP packet that can be read. */
struct track_handle {
	uint32_t flow; /* 0: no clear packet */
	uint32_t sa;   /* 0: no readable ESP; else its inner packet wants a name */
	uint32_t slot; /* the classifier's slot that the flow holds, 0: none */
	bool wants_name;
	bool watched; /* call track_clear() */
};

/* What the classifier found; members as in classify.h. */
struct track_named {
	uint16_t app;
	const char *name; /* NULL: none yet; else constant */
	bool final, encrypted, credentials;
	uint32_t slot; /* the slot the flow holds from now on, 0: none */
	bool no_slot;  /* the classifier was full: the flow goes by its port */
};

/* NULL on lack of memory. */
struct track *track_new(const struct track_settings *settings, const struct transition_sink *sink);
void track_free(struct track *track);

/*
 * Another policy from now on, between two batches. All that was counted stays, but where nothing is asked of a pair any more, or
 * all that offended may be clear by now, its offending packets are counted anew. False, and nothing changed, on lack of memory.
 */
bool track_set_policy(struct track *track, const struct policy *policy);

/*
 * Forgets the pairs that `stays` says no to, as if they had to make room: another tracker has them from now on. `left` is told of
 * those among them that are watched. After track_set_policy().
 */
struct track_leaving {
	void *context;
	bool (*stays)(void *context, uint32_t realm, const struct address *a, const struct address *b);
	void (*left)(void *context, uint32_t realm, uint16_t vlan, const struct address *a, const struct address *b);
};
void track_leave(struct track *track, const struct track_leaving *leaving, int64_t now_ns);

/* A pair that spoke ESP before this tracker began: its clear packets are judged from now on. False if the table is too full to
 * take what may never speak again. */
bool track_know_pair(struct track *track, uint32_t realm, uint16_t vlan, const struct address *a,
		     const struct address *b);

/* Makes the keys of a batch. The next batch may be prepared before this one is worked through. */
void track_prepare(struct track *track, const struct packet *packets, struct track_key *keys, unsigned count);

/* The same for a worker among several: time_ns and parts of each key are set, and stay. */
void track_prepare_parts(struct track *track, const struct packet *packets, struct track_key *keys, unsigned count);

/* The parts that there are of a packet as it was read, and the addresses that a part but its own is about. */
unsigned track_parts(const struct packet *packet);
void track_part_ends(const struct packet *packet, unsigned part, const struct address *ends[2]);

/* The realm of the packet's pairs. */
uint32_t track_realm(const struct track *track, const struct packet *packet);

/* The number of the frame at hand, counted over all workers, before each packet of a worker among several. */
void track_at_frame(struct track *track, uint64_t frame);

/*
 * Sends for the memory that a prepared batch will need: entries, then what those point to, then what that points to. Each step
 * reads what the one before (step 0: track_prepare()) sent for, so something else should happen between them. Each may be done
 * in pieces, of the packets whose turns are `from` up to `to`; all of a step come before any of the next one. Changes nothing but
 * speed, and may be left out. True if one of the flows is under inspection: its key has the slot.
 */
enum { TRACK_FETCH_STEPS = 3 };
bool track_fetch_ahead(const struct track *track, const struct packet *packets, struct track_key *keys, unsigned from,
		       unsigned to, unsigned step);

/* The packet may be reclassified (ESP in UDP on ports that IKE proved). */
struct track_handle track_packet(struct track *track, struct packet *packet, const struct track_key *key);

void track_name(struct track *track, uint32_t flow, const struct track_named *named);

/* Room for an IP packet made of what readable ESP carries. */
enum { TRACK_INNER_MAX = 2048 };

/* The IP packet inside a readable ESP packet, for the classifier: in tunnel mode as it is, in transport mode behind the
 * outer header. Returns its length, 0 if there is none or it does not fit. */
uint32_t track_inner(struct track *track, uint32_t sa, const struct packet *packet, uint8_t inner[TRACK_INNER_MAX]);

/* The classifier's name of it; constant. Not called without one. */
void track_name_inner(struct track *track, uint32_t sa, const char *name, int64_t now_ns);

/* Whether the packet offends: it is in clear where policy does not let it, and no copy of what came as ESP. */
bool track_clear(struct track *track, uint32_t flow, const struct packet *packet, const struct track_key *key);

/* Notices what fell quiet up to `now_ns` and forgets idle flows. Transitions for all times up to now_ns have been put
 * when it returns. */
void track_advance(struct track *track, int64_t now_ns);

/* Puts what others saw of an interface or of the sensor among what the tracker saw itself, as of `now_ns`. */
void track_tell(struct track *track, const struct transition *transition, int64_t now_ns);

/* The capture ends at `now_ns`: what waits for more goes on as it is. Before the last track_advance(). */
void track_end(struct track *track, int64_t now_ns);

/* The next classifier slot whose flow was forgotten, 0 if there is none. To be drained after track_advance() and
 * track_packet(). */
uint32_t track_freed_slot(struct track *track);

const struct track_counters *track_counters(struct track *track);

/* The tables that have a limit of their own in the configuration: flows, sas, pairs. */
enum { TRACK_TABLES = 3 };
void track_tables(const struct track *track, struct record_table tables[TRACK_TABLES]);

/* Octets that one more of a limit costs here, where all of them are used. */
struct track_costs {
	uint64_t flow, sa, pair;
};
struct track_costs track_costs(void);

/* Octets resident in tables. */
uint64_t track_memory(const struct track *track);

/* Lets several trackers, which were made with the same limits, have as many entries together as one may: what is left is divided
 * anew. Between two batches. */
void track_share_limits(struct track *const *tracks, unsigned count);

/* Adds the counters of one more tracker. */
void track_counters_add(struct track_counters *sum, const struct track_counters *counters);

/* What others know of the things that records are written about. */
struct track_knowledge {
	void *context;
	/* The name of an app, NULL if it has none. */
	const char *(*app_name)(void *context, uint16_t app);
	/* Completes a pair record: verdict, rule, carries (into the list given), rekeys, rekey_interval_median. */
	void (*pair)(void *context, uint32_t realm, struct record_pair *pair, const char *carries[RECORD_CARRIES_MAX]);
	/* Completes an SA record: replaces, state. */
	void (*sa)(void *context, uint32_t realm, struct record_sa *sa);
	/* Writes the ike_sa records, which stand between those of SAs and pairs. NULL: there are none. */
	void (*ike_sas)(void *context, const struct record_sink *sink);
};

/*
 * The tracker's state, copied while packets go on: the owner of the tracker calls track_state_collect() between batches,
 * each time for at most `entries` table entries, until it returns true. Entries that come or go meanwhile may or may not
 * be in it. The copy can then be written by any thread. `parts` (enum record_part): what is wanted of pairs and SAs; the pairs'
 * verdicts are counted in any case, and to write the copy makes them those that the judge knows.
 */
struct track_state;
struct track_state *track_state_new(unsigned parts); /* NULL on lack of memory */
bool track_state_collect(struct track *track, struct track_state *state, uint32_t entries);
/* What was collected stays, and that of one more tracker comes to it. */
void track_state_go_on(struct track_state *state, const struct track *from);
void track_state_free(struct track_state *state);

/* Living pairs by verdict, when all was collected and written. */
const uint64_t *track_state_verdicts(const struct track_state *state);

/* Writes the sa, ike_sa and pair records; `sorted`: in an order that depends only on the traffic, for who does not sort them
 * again. Once. False, and nothing is written, if there was no memory for the copy. */
bool track_state_write(struct track_state *state, bool sorted, const struct track_knowledge *knowledge,
		       const struct record_sink *sink);

/* All of that at once, for a tracker that stands still. */
void track_write_records(struct track *track, const struct track_knowledge *knowledge, const struct record_sink *sink);

#endif
