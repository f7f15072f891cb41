/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge's view of pairs and hosts, for judge.c and the rules.
 *
 * A judged pair is made when the first transition about it comes: when a rule speaks of it and it is clear, or when it
 * speaks ESP, AH or IKE. Times are frame times; 0 means never.
 */
#ifndef ESPIAL_AUDIT_JUDGE_STATE_H
#define ESPIAL_AUDIT_JUDGE_STATE_H

#include "alert.h"
#include "alert_desk.h"
#include "capture_state.h"
#include "ike_pieces.h"
#include "ike_story.h"
#include "judge.h"
#include "services.h"
#include "table.h"
#include "../../config/policy.h"

/* The rules, in the order of rules.h. */
enum rule_number {
	RULE_IKE,
	RULE_LEAK,
	RULE_LOCKED,
	RULE_SPI,
	RULE_REKEY,
	RULE_CONTENT,
	RULE_SEQUENCE,
	RULE_CRYPTO,
	RULE_CERTIFICATE,
	RULE_LIFECYCLE,
	RULE_COUNT
};

/* What is to be seen to of a host, whatever becomes of its pairs, in the order of rules.h. */
enum host_rule_number { HOST_FLOOD, HOST_RESTART, HOST_OFFERED, HOST_CERTIFICATE, HOST_RULE_COUNT };

/* One direction's ESP or AH. */
struct judged_esp {
	int64_t first_ns;
	int64_t began_ns; /* of the present or last run of packets */
	int64_t last_ns;  /* of the last run once it ended; while running, at least two seconds ago */
	bool running;
	uint8_t rests;        /* times it rested and went on with the SPIs of before; counts to 255 */
	uint16_t interface;   /* of the last run's first packet */
	int64_t rest_ns;      /* how long these rests usually are: the longer ones, fading */
	int64_t woke_ns;      /* when an SPI of before last spoke again, 0: never */
	int64_t woke_born_ns; /* and since when that SPI had been there */
};

/* One side's IKE towards the other. */
struct judged_ike {
	int64_t opened_ns;  /* last first message (IKE_SA_INIT request, main or aggressive mode message 1) */
	int64_t message_ns; /* last message of any kind */
	/* What it asked and the other side has said nothing since: the first time and the last; 0: nothing. */
	int64_t asked_ns, asked_last_ns;
	bool beyond_init; /* sent IKE_AUTH or quick mode at some time */
};

enum { LEAK_SERVICES = 16 };

/* A service in clear, and whether it ran beside ESP before the leak at hand began. */
struct leak_service {
	struct transition_service service;
	int64_t first_ns, last_ns;
	bool beside; /* was there while ESP ran: ordinary for a learned pair */
};

struct leak {
	struct alert alert;
	bool running;     /* offending traffic since begin_ns: a leak, told (alert open) or not yet (learned pairs) */
	bool decided;     /* the cause will not change any more */
	bool idle_before; /* ESP was there, but long before */
	uint8_t first_direction;
	bool has_ports;
	uint16_t src_port, dst_port;
	uint16_t interface;
	uint8_t directions;                /* bit per direction that was clear since begin_ns */
	int64_t begin_ns;                  /* first offending packet */
	int64_t since_ns;                  /* first clear packet of that run, harmless ones included */
	uint64_t base_packets, base_bytes; /* the tracker's totals before it */
	uint64_t packets, bytes;           /* the tracker's totals */
	uint64_t told;                     /* packets of it, as people were told last */
	int64_t last_ns;
	int64_t esp_before_ns; /* last ESP known when the leak began */
	bool quiet;
	int64_t opened_by_ns[2]; /* IKE opened by this side since shortly before the leak, and when first */
	bool default_response;
	unsigned service_count;
	struct leak_service services[LEAK_SERVICES];
	int64_t rest_ns;       /* last packet of a service without a place here; 0: there was none */
	int64_t rest_plain_ns; /* and of one that is not encrypted */
	enum finding_cause cause;
	uint64_t carrier; /* hash of the pair whose ESP is taken to carry this one's traffic, 0: none */
	bool carrier_asked;
	unsigned fall_backs; /* how often the clear traffic began when hosts fall back */
};

/* Whether an SA is one that moved. */
enum move_state { MOVE_NONE, MOVE_LIKELY /* the other one has not ceased yet */, MOVE_SURE };

/* An SA, as the judge remembers it; oldest are forgotten first. */
struct judged_sa {
	struct table_link link; /* key: pair, direction, protocol, SPI */
	uint64_t pair;          /* hash of the pair's key */
	uint32_t older;         /* next older SA of the same pair and direction, 0: none */
	uint32_t spi;
	uint8_t protocol, direction;
	uint16_t ports[2]; /* of a, b, in UDP or TCP, as seen last; 0: in neither, or not known */
	bool quiet, stale;
	bool told_up, told_down; /* lifecycle */
	bool recalled;           /* an engine before this one saw it: its octets are not counted whole */
	bool unseen;             /* it may have been born while nobody looked */
	bool begun;              /* its birth was in view, by the number it began with; else born_ns is a bound */
	bool keyed;              /* likewise keyed_ns: it is no bound of when its keys came into use */
	bool counted;            /* as a rekey */
	bool bad_alive;          /* the receiver gave a sign of life while nothing came back on the SPI */
	uint32_t replaces, replaced_by; /* numbers of SAs; 0: none */
	int64_t born_ns, last_ns;
	int64_t woke_ns;         /* when it last spoke again after it was quiet; 0: never */
	int64_t pause_ns;        /* how long it usually is quiet before it speaks again: the longer pauses, fading */
	uint32_t stale_for_spi;  /* while stale: the SPI that replaced it */
	uint64_t packets, bytes; /* as of the last quiet, or count */
	/* Of an SA that moved here with its keys: its life before, under other addresses; move.c. */
	uint32_t came_from, went_to;           /* numbers of SAs; 0: none, or not known to be kept */
	struct address came_address;           /* of the end that has another one now */
	uint8_t came;                          /* enum move_state */
	bool came_end;                         /* which end: false the source, true the destination */
	int64_t keyed_ns;                      /* birth of the first of them: since when its keys are in use */
	uint64_t before_packets, before_bytes; /* what the others carried */
	uint32_t sequence_first, sequence; /* number of the first packet; of the last in order, as of the last quiet */
	struct alert bad_spi, replay, reset, near_wrap, overdue;
	int64_t replay_ns, reset_ns; /* last seen */
	/* bad-spi: the run of packets that nobody answers */
	int64_t bad_since_ns, bad_last_ns;
	uint32_t bad_packets, bad_told; /* so far, and when last told */
	uint64_t bad_bytes;
	enum finding_cause bad_cause;
	uint8_t bad_level;
	bool bad_counted;      /* by what the SA carries since base_ns, not by what is not answered */
	bool bad_again;        /* about what goes on of a run that an alert before it told of */
	bool stale_by_delete;  /* while stale: not a successor but a Delete says so */
	int64_t bad_opened_ns; /* when the alert was opened last */
	uint8_t bad_answered;  /* runs that were told, and answered on the same SPI after all */
	int64_t notified_ns;   /* the receiver said that it does not know it; 0: it did not */
	int64_t base_ns;       /* it went on after something that may have ended it, or spoke again; 0: never */
	uint64_t base_packets, base_bytes; /* what it had carried until then */
	/* the exchange it came of; 0: not in view */
	uint64_t ike_spi;
	uint8_t ike_major, exchange;
	uint8_t initiator; /* enum record_initiator */
	bool beside;       /* asked for beside others, not in the place of one, as far as IKEv2 shows */
};

enum { REKEY_REMEMBERED = KNOWN_REKEYS };

/* How SAs of one direction followed one another. */
struct judged_rekeys {
	uint32_t count;
	uint32_t habit;                        /* of these, since the pair last negotiated from the beginning */
	uint32_t at;                           /* next place below */
	uint32_t remembered;                   /* places before it that count still */
	int64_t interval_ns[REKEY_REMEMBERED]; /* birth to birth */
	uint64_t bytes[REKEY_REMEMBERED];      /* through the SA that was replaced; or KNOWN_BYTES_NOT */
	uint8_t initiator[REKEY_REMEMBERED];   /* enum record_initiator: who asked for the one that replaced it */
};

enum { EXCHANGES_REMEMBERED = 8 };

/* An exchange that agreed on SAs for traffic. */
struct judged_exchange {
	int64_t time_ns; /* of the answer; 0: none */
	uint64_t ispi;
	uint8_t major, exchange;
	uint8_t initiator; /* direction of the pair, from who asked */
	uint8_t seen;      /* SAs that came of it: a bit per direction of ESP, then of AH */
	bool may_be_ike;   /* it may have replaced the IKE SA instead */
};

/* What may go wrong in a negotiation; in the order in which a negotiation gets to it. */
enum trouble_kind {
	TROUBLE_UNANSWERED,
	TROUBLE_REFUSED,
	TROUBLE_STALLED,
	TROUBLE_PATH_MTU,
	TROUBLE_AUTH,
	TROUBLE_CHILD,
	TROUBLE_COUNT
};

/* One kind of trouble of a pair: since when, how often, and whether it was told. */
struct trouble {
	struct alert alert;
	int64_t first_ns;   /* first failure since the last success; 0: none */
	int64_t begun_ns;   /* when the attempt that failed first was begun */
	int64_t attempt_ns; /* when the last one was: the first of its `sends` */
	int64_t last_ns;
	uint64_t ispi; /* of the last IKE SA that failed */
	uint32_t count;
	uint32_t octets; /* of the message that is not answered */
	uint16_t sends;  /* of it */
	uint16_t gap_ds; /* last gap between them, tenths of a second */
	uint16_t notify; /* what was said in clear, 0: nothing */
	uint16_t port;   /* of an initiator behind a NAT, where others may have the same address; 0: it is not */
	uint8_t major, exchange;
	uint8_t direction; /* from initiator to responder */
	bool silent;       /* REFUSED: not by a word, but by silence */
	bool authip;       /* in AuthIP, which few take: the initiator falls back to IKE */
	bool beside;       /* CHILD: other SAs of the two are in use, which ends nothing */
	bool disowned;     /* by a side, after the last of the first proofs: that there are these ends nothing */
	bool by_responder; /* it was that side; otherwise the initiator */
	bool eap; /* with EAP: that the responder is believed, in the first answer to a proof, ends nothing; or XAUTH */
	enum trouble_kind kind;
	enum finding_cause cause;
};

/* What is told of a selection. */
enum selection_kind { SELECTION_WEAK, SELECTION_AGGRESSIVE, SELECTION_VERSION_1, SELECTION_QUANTUM, SELECTION_COUNT };

struct judged_selection {
	struct alert alert;
	uint64_t ispi; /* of the IKE SA that it was told of last */
	bool changed;  /* a later one was without it, and that it was told of may live on */
};

/* What the pair's IKE came to. */
struct judged_negotiation {
	struct trouble troubles[TROUBLE_COUNT];
	struct judged_selection selections[SELECTION_COUNT];
	struct alert authorities, notified;
	int64_t notified_ns, notified_first_ns; /* the last and the first notice that the alert is about */
	uint32_t notified_count;
	uint8_t notified_direction; /* of what they complain about */
	uint64_t notified_ispi;
	int64_t icmp_ns; /* last ICMP error about IKE of the pair */
	uint8_t icmp_type, icmp_code, icmp_version;
	uint8_t icmp_direction; /* of the message that it quotes */
	int64_t esp_icmp_ns;    /* last ICMP error about ESP or AH of the pair */
	uint8_t esp_icmp_type, esp_icmp_code, esp_icmp_version;
	uint64_t established_ispi;
	int64_t established_ns;
	uint64_t doubt_ispi; /* an IKE SA that may be up without a child, and since when; 0: looked at */
	int64_t doubt_ns;
	/* an IKE SA whose proofs may have come to nothing, by EAP or disowned, and since when; 0: looked at */
	uint64_t undone_ispi;
	int64_t undone_ns;
	int64_t disowned_ns; /* when the last one was that was disowned and brought no ESP */
	/* a new IKE SA beside one that is up: it may be that a host began again */
	uint64_t again_ispi;
	int64_t again_ns;
	int64_t again_counted_ns[2]; /* when it last counted for the restart of this end */
};

/* A client that knocks in clear at a secured host and gets no answer. */
struct judged_knock {
	struct alert alert;
	int64_t first_ns, last_ns;
	int64_t ended_ns; /* of the alert before; 0: there was none */
	uint32_t tries;
	uint16_t port;
	uint8_t direction; /* from client to server */
};

struct judged_pair {
	_Alignas(64) struct table_link link;
	uint32_t realm;
	struct address address[2];
	uint16_t vlan;
	uint32_t rule; /* policy rule + 1, 0: none */
	bool learnable, learned, nat;
	bool counted;          /* among the peers of its hosts */
	bool secured;          /* counted as such; judge_count_secured() */
	int64_t hosts_ns;      /* when its hosts were last told that they speak to each other */
	bool recalled;         /* an engine before this one knew it */
	bool known_queued;     /* what is known of it is about to be written */
	int64_t recalled_ns;   /* when that was taken over; silence counts from then on */
	uint8_t known_running; /* directions that were said to speak then, a bit each */
	int64_t known_ns;      /* when what is known was last written; 0: never, or it was forgotten */
	int64_t refuted_ns;    /* an ICMP error said that ESP is not spoken here */
	uint32_t sas;          /* births seen */
	struct judged_esp esp[2];
	struct judged_ike ike[2];
	struct judged_negotiation negotiation;
	struct leak leak;
	struct judged_knock knock;
	uint32_t newest_sa[2]; /* by direction */
	struct judged_rekeys rekeys[2];
	struct judged_exchange exchanges[EXCHANGES_REMEMBERED]; /* a ring */
	uint8_t exchange_at;
	struct alert rekey_often, readable, integrity, block64, unnegotiated;
	bool has_ah, has_esp;
	int64_t given_quiet_ns; /* when what ESP and AH give away was last over for want of packets; 0: it is not */
	struct transition_shape shape; /* as told last */
	uint32_t readable_spi[2];      /* the latest SA of each direction that can be read; 0: none */
	uint8_t readable_state;        /* enum readable_state of the last SA that was told */
	uint8_t readable_protocol, readable_icv;
	bool readable_named;
	uint16_t readable_port;
	bool hides_nothing; /* what was told to be readable was neither taken back nor replaced since */
	const char *readable_name;
	int64_t ah_first_ns;
	int64_t bad_spi_opened_ns[3]; /* the latest openings, for "three times an hour" */
	bool bad_spi_told;            /* one was at some time */
	/* the last Delete, as far as IKE lets it be told: by which side, of which IKE SA */
	int64_t deleted_ns;
	uint64_t deleted_ispi;
	uint8_t deleted_by;
	/* mirror-one-way: how the pair's ESP is counted, and when its IKE was */
	uint8_t esp_sides; /* enum esp_sides */
	uint16_t esp_sides_interface[2];
	uint8_t ike_sides; /* enum ike_sides: as what it was counted last, when, and where */
	uint16_t ike_sides_interface;
	int64_t ike_sides_ns;
	uint32_t ike_next_id;       /* that a side will use next if it gets its answer; 0: it cannot be told */
	int64_t ike_next_ns;        /* when the first message came that led to it */
	int64_t due_ns[RULE_COUNT]; /* of each rule's timer, 0: none */
};

enum ike_sides { IKE_SIDES_NONE, IKE_SIDES_ONE, IKE_SIDES_BOTH };
enum esp_sides { ESP_SIDES_NONE, ESP_SIDES_ALONE, ESP_SIDES_BOTH };

/* A host, and whether it speaks IPsec with more than one other. */
enum { HALF_OPEN_SECONDS = 64, JUDGE_PROOFS = 8 };

struct judged_host {
	struct table_link link;
	struct address address;
	struct address first_peer;
	struct address other_peer; /* one more: the latest; only if `more` */
	bool more;
	bool told_new;     /* lifecycle */
	bool known_queued; /* as in struct judged_pair */
	int64_t known_ns;
	uint32_t peers;  /* pairs in which both sides spoke IKE or ESP, and that are kept */
	int64_t last_ns; /* last sign of life that was worth a transition */
	int64_t esp_ns;  /* when ESP both ways with somebody last began; 0: never */
	uint64_t esp_in; /* in which realms: a bit for each, which some may share */
	uint8_t takes;   /* bit per enum ike_mode that it answered as responder */
	uint8_t proves;  /* bit per enum ike_auth by which a peer and it came to terms */
	/* IKE SAs that show what the host takes, as responder, and what it offers, as initiator */
	uint32_t realm;
	uint64_t chose_ispi, offered_ispi;
	struct alert offered;
	int64_t offered_ns; /* when it last did, weakly */
	/* half-open negotiations towards the host, by the second in which they were opened, a ring */
	int64_t half_open_second;
	uint16_t half_open[HALF_OPEN_SECONDS];
	struct alert flood;
	int64_t flood_ns;
	uint32_t flood_most; /* half-open at the height of it */
	/* ike-certificate-expired: the certificate that is outdated, when it was seen first and last */
	struct alert outdated;
	int64_t outdated_first_ns, outdated_ns;
	uint64_t outdated_subject; /* hash of the name */
	/* proofs by certificate: whether one ever held, since when all fail (0: they do not), and with which pairs */
	bool proof_held;
	uint8_t proof_failed_count;
	int64_t proofs_fail_ns;
	uint64_t proof_failed_with[JUDGE_PROOFS];
	/* peers with which it began again, since the first of them */
	int64_t again_first_ns;
	uint32_t again_count, again_ask; /* ask: the count at which its peers are counted next */
	struct alert restart, check;
	int64_t restart_ns, check_due_ns, check_told_ns;
	int64_t due_ns[HOST_RULE_COUNT]; /* of each timer, 0: none */
};

/* A network (IPv4 /24, IPv6 /64), and how many learned pairs have an end in it. */
struct learned_network {
	struct table_link link;
	uint32_t learned;
};

/* The living pairs that carry the traffic of a rule with gateways. */
enum { JUDGE_CARRIERS = 16 };
struct judged_rule {
	uint64_t carriers[JUDGE_CARRIERS]; /* hashes of their keys */
	unsigned count;
	/* of a rule without gateways: the pair whose ESP seems to carry its traffic, as looked for last */
	uint64_t inferred;
	int64_t inferred_ns;
};

/* A transition that waits for its turn. */
struct waiting {
	int64_t time_ns;
	uint32_t slot;
};

/* Of the same time, the sensor's first and the hosts' last: theirs rest on what the pairs came to. */
enum timer_owner { TIMER_SENSOR, TIMER_PAIR, TIMER_HOST };
struct timer {
	int64_t due_ns;
	uint32_t number; /* of the pair or host; of the sensor 0 */
	uint16_t owner;  /* enum timer_owner */
	uint16_t rule;   /* enum rule_number, enum host_rule_number or enum sensor_timer */
};

/* table-full, about the sensor: of all workers and of the judge's own table of IKE SAs. */
struct judged_fullness {
	struct alert alert;
	int64_t since_ns, last_ns;      /* when something first and last had to make room */
	struct transition_full workers; /* what had to since then, of the workers */
	uint64_t ike, ike_before;       /* IKE SAs likewise; of ike_stories_crowded_out(), what is counted already */
};

/* SAs by SPI and protocol, whatever their addresses: a few of each, the latest first. */
struct move_index {
	uint32_t *numbers; /* of SAs; owned */
	uint32_t mask;
};

/* What SAs lacked of their numbers in the last minute, and whether that is the span port's doing. */
enum { LOSS_SLOTS = 12 };
struct judged_loss {
	struct transition_loss slot[LOSS_SLOTS]; /* a ring, by time */
	int64_t slot_number[LOSS_SLOTS];
	int64_t seen_ns; /* when the span port last lost; 0: never */
	double share;    /* how much of all then */
};

/* What a host was seen to take, for longer than the IKE SAs last that showed it. */
struct judged_suites {
	struct table_link link; /* key: the host */
	int64_t last_ns;
	uint64_t offered_ispi;
	struct ike_suite chose, offered; /* as responder; as initiator of what was taken. major 0: not seen */
};

/* What waits to be written for the next engine, and what the one before saw. */
struct judged_known {
	uint32_t *
	    queue; /* a ring of numbers of pairs, and of hosts with a bit of their own; owned; NULL: nothing is written */
	uint32_t head, count;
	int64_t due_ns;
	uint32_t pair_hand, host_hand; /* where the round goes on */
	uint32_t beat_hand;
	int64_t written_ns; /* the last record */
	int64_t again_ns;   /* what was written before is to be written again */
	uint32_t again;     /* so many entries of the round are to be looked at soon */
	int64_t until_ns;   /* the engine before this one saw the traffic so long; 0: there was none */
	int64_t first_ns;   /* and this one since then; 0: it has not yet */
	int64_t claim_ns;   /* alerts that it left open wait until then to be come upon; 0: it left none */
};

struct judge {
	struct judge_settings settings;
	struct record_sink sink;
	struct alert_desk *desk; /* owned */
	struct judge_counters counters;
	struct table pairs, hosts, networks, sas, suites;
	struct move_index moves;
	struct judged_sensor sensor;
	struct judged_known known;
	struct judged_fullness fullness;
	struct judged_loss loss;
	struct judged_rule *rules; /* by rule; owned */
	uint32_t learned;
	int64_t now_ns;
	int64_t certificate_second; /* of frame time, and certificates read in it */
	unsigned certificates_read;
	struct services *services; /* owned */
	/* IKE: what the message of the transition at hand is in its story; message is only good while ike.story is set */
	struct ike_stories *stories;
	struct ike_message *message; /* owned */
	struct ike_pieces *pieces;   /* owned */
	struct ike_event ike;
	/* two heaps, owned */
	struct waiting *waiting;       /* a heap */
	struct transition *waiting_in; /* what waits, in slots that the heap's entries name */
	uint32_t *waiting_free;        /* slots that are free: those of places waiting_count and above */
	size_t waiting_count, waiting_room;
	struct timer *timers;
	size_t timer_count, timer_room;
};

/* judge_queue.c */
bool judge_queue_init(struct judge *judge); /* false on lack of memory */
void judge_queue_free(struct judge *judge);
/* Of what there has to be: the earliest. */
struct transition judge_take_transition(struct judge *judge);
/* False if nobody waits for it: who did may be gone, or have been given an earlier one since. */
bool judge_take_timer(struct judge *judge, struct timer *timer);

/* judge.c */
struct judged_pair *judge_pair(struct judge *judge, uint32_t realm, const struct address *a, const struct address *b);
/* The same, made if it is new. NULL if there is no room; `evict`: others may have to make it. */
struct judged_pair *judge_pair_obtain(struct judge *judge, uint32_t realm, const struct address *a,
				      const struct address *b, bool evict);
/* When the pair last spoke ESP, AH or IKE, as of now: what is running counts as in judge_pair_esp_last(). */
int64_t judge_pair_last(const struct judge *judge, const struct judged_pair *pair);
int64_t judge_esp_last(const struct judge *judge, const struct judged_esp *esp);
/* When it last spoke ESP or AH, as of now: a direction that is running counts as now less the quiet threshold. */
int64_t judge_pair_esp_last(const struct judge *judge, const struct judged_pair *pair);

/* What decides whether the pair counts as secured may have changed. */
void judge_count_secured(struct judge *judge, struct judged_pair *pair);

/* Whether both sides spoke IKE or ESP: a forger of addresses does not get the other side to answer. */
static inline bool judge_two_way(const struct judged_pair *pair)
{
	return (pair->esp[0].first_ns && pair->esp[1].first_ns) || (pair->ike[0].message_ns && pair->ike[1].message_ns);
}

/* Whether this engine began only a moment before: what it sees then may be older than it. */
static inline bool judge_just_began(const struct judge *judge, int64_t time_ns)
{
	return time_ns - judge->known.first_ns <= judge->settings.thresholds.recall_overlap_ns;
}

/* The later of the two: silence that nobody listened to does not count. */
static inline int64_t judge_silent_since(const struct judged_pair *pair, int64_t last_ns)
{
	return pair->recalled_ns > last_ns ? pair->recalled_ns : last_ns;
}
/*
 * Asks that the rule looks at the pair at `due_ns`, or before if it asked for an earlier time already: a rule has one timer
 * per pair, and asks again, when it looks, for what it is still waiting for.
 */
void judge_wake(struct judge *judge, struct judged_pair *pair, enum rule_number rule, int64_t due_ns);
/* The same for a host. */
void judge_wake_host(struct judge *judge, struct judged_host *host, enum host_rule_number rule, int64_t due_ns);
/* Asks that the sensor is looked at `due_ns`: its tables, or what is seen of its interfaces. */
enum sensor_timer { SENSOR_TABLES, SENSOR_SEEN };
void judge_wake_sensor(struct judge *judge, enum sensor_timer timer, int64_t due_ns);
/* Whether the host speaks IPsec with someone other than `peer`. */
bool judge_host_elsewhere(struct judge *judge, const struct address *host, const struct address *peer);
const struct policy_rule *judge_rule(const struct judge *judge, const struct judged_pair *pair);
/* Whose wishes count: those of the pair's rule, or, of two gateways that none speaks of, of the first whose traffic they carry; NULL
 * if there is none. */
const struct policy_rule *judge_rule_or_carried(const struct judge *judge, const struct judged_pair *pair);
/* What is known of the pair, its SAs and hosts goes on by the transition; then the rules are to look at it. */
void judge_note(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
void judge_ask_rules(struct judge *judge, struct judged_pair *pair, const struct transition *transition);

/* judge_ike.c: an IKE message, and the end of the capture. `pair` may be NULL. The message may be taken from the transition. */
void judge_ike(struct judge *judge, struct judged_pair *pair, struct transition *transition);
void judge_ike_finish(struct judge *judge);

/* The pair may be one of gateways: its IKE and ESP count for the rules that name it. */
void judge_note_protector(struct judge *judge, const struct judged_pair *pair);
const char *judge_interface(const struct judge *judge, uint16_t interface);

/* What is known of the ESP that protects a pair: its own, or that of its rule's gateways. */
struct protection {
	bool tunnelled;     /* taken from gateways: directions are not comparable with the pair's */
	bool any;           /* ESP was seen at all */
	int64_t first_ns;   /* of both directions */
	int64_t last_ns[2]; /* as of now; a running direction counts as now less the quiet threshold */
	int64_t began_ns[2];
	int64_t went_on_ns[2]; /* when an SPI of before the pair's leak spoke again since that began; 0: none did */
	int64_t rest_ns;       /* how long it usually rests and goes on with the same SPIs; 0: it does not */
	bool running[2];
};
/* Whether what carries the pair's traffic was only inferred. */
bool judge_carrier_inferred(struct judge *judge, const struct judged_pair *pair);
void judge_protection(struct judge *judge, const struct judged_pair *pair, struct protection *protection);
/* The pairs whose IKE and ESP protect this one: itself, or the carriers of its rule. Returns how many. */
unsigned judge_protectors(struct judge *judge, struct judged_pair *pair, struct judged_pair **protectors, unsigned max);

/* judge_alerts.c */
/* An alert that a rule keeps in a pair, an SA or a host. */
struct judged_alert {
	enum finding_id id;
	struct alert *alert;
	/* no traffic that goes on would tell it anew within minutes: an engine that is started anew has to take it over */
	bool lasting;
};
enum { JUDGED_ALERTS_MAX = 13 + TROUBLE_COUNT };
/* All there are; how many. */
unsigned judge_pair_alerts(struct judged_pair *pair, struct judged_alert alerts[JUDGED_ALERTS_MAX]);
unsigned judge_sa_alerts(struct judged_sa *sa, struct judged_alert alerts[JUDGED_ALERTS_MAX]);
unsigned judge_host_alerts(struct judged_host *host, struct judged_alert alerts[JUDGED_ALERTS_MAX]);
/* The pair with its SAs, the SA or the host is about to make room: what is open about it ends. */
void judge_forget_pair_alerts(struct judge *judge, struct judged_pair *pair);
void judge_forget_sa_alerts(struct judge *judge, const struct judged_pair *pair, struct judged_sa *sa);
void judge_forget_host_alerts(struct judge *judge, struct judged_host *host);

/* judge_host.c */
/* The hosts of a pair speak IPsec, and with whom. */
void judge_host_speaks(struct judge *judge, struct judged_pair *pair);
/* The hosts of a pair speak ESP both ways. */
void judge_host_secures(struct judge *judge, const struct judged_pair *pair);
/* The host spoke ESP both ways with somebody of this realm at that time; and whether it ever did. `host` may be NULL there. */
void judge_host_secured(struct judged_host *host, uint32_t realm, int64_t time_ns);
bool judge_host_speaks_esp(const struct judged_host *host, uint32_t realm);
/* The pair is forgotten. */
void judge_host_parts(struct judge *judge, const struct judged_pair *pair);
/* Whoever sent what the transition is about is alive. */
void judge_host_lives(struct judge *judge, const struct transition *transition);
/* Sends for what that will touch: its place in the index, and, when that is there, the host. */
void judge_host_fetch(const struct judge *judge, const struct transition *transition, bool entry);
/* The host's entry; NULL if it is not known. */
struct judged_host *judge_host(struct judge *judge, const struct address *host);

/* The same, made if it is new, with this first peer. NULL if it cannot be kept. */
struct judged_host *judge_host_obtain(struct judge *judge, const struct address *host, const struct address *peer);

/* Whether the host gave a sign of life after `since_ns`, or sends ESP to one of its peers without a pause, of which no transition tells. */
bool judge_host_alive(struct judge *judge, uint32_t realm, const struct address *host, int64_t since_ns);

/* rule_sensor.c */
/* Where the sensor does not see all, a finding that rests on what was not seen is less sure: its grade falls by one step, and the
 * reason is noted: `span_loss` and `capture_drops` with the share that is lost, `capture_blind` with the interface that is down or
 * silent, `mirror_one_way`. */
void judge_doubt_absence(const struct judge *judge, struct finding *finding);

/* lineage.c */
void lineage_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
/* Sends for the memory of the SA that a transition of a pair, by the hash of its key, is about: for its place in the index, and when that is
 * there (`found`), for the SA. */
void lineage_fetch(const struct judge *judge, uint64_t pair, const struct transition *transition, bool found);
struct judged_sa *lineage_find(struct judge *judge, const struct judged_pair *pair, unsigned direction,
			       uint8_t protocol, uint32_t spi);
/* The SA of a direction that was born last; NULL if there is none. */
static inline struct judged_sa *judge_newest_sa(const struct judge *judge, const struct judged_pair *pair,
						unsigned direction)
{
	return pair->newest_sa[direction] ? table_at(&judge->sas, pair->newest_sa[direction]) : NULL;
}
/* The SA replaced nothing after all. */
void lineage_part(struct judge *judge, struct judged_pair *pair, struct judged_sa *sa);
/* Whether two SAs of a pair may be of one line: of the same protocol, and of the same client where several are behind a NAT. */
bool lineage_may_follow(const struct judged_sa *one, const struct judged_sa *other);
/* An SA that an engine before this one saw. From the oldest to the newest. */
void lineage_recall(struct judge *judge, struct judged_pair *pair, unsigned direction, const struct known_spi *known,
		    int64_t now_ns);
/* Median time from birth to birth of replaced SAs, of the direction with more of them; negative without any. */
int64_t lineage_median_ns(const struct judged_pair *pair);

/* origin.c */
void origin_transition(const struct judge *judge, struct judged_pair *pair, const struct transition *transition);
/* Ties an SA that was just born to the exchange that it came of. */
void origin_find(struct judge *judge, struct judged_pair *pair, struct judged_sa *sa);
/* Who asked for the pair's latest rekeys. */
enum record_initiator origin_of_rekeys(const struct judged_pair *pair);
/* The same as evidence, `initiator`. */
void origin_note(const struct judged_pair *pair, struct finding *finding);

/* move.c */
bool move_index_init(struct move_index *index, uint32_t sas);
/* Octets of it for one SA, at most. */
size_t move_index_cost(void);
void move_index_destroy(struct move_index *index);
/* After lineage_transition(). */
void move_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
/* The message at hand belongs to an IKE SA that spoke between other addresses until now. */
void move_ike(struct judge *judge, struct judged_pair *pair);
/* Whether SAs of the pair moved here. */
enum move_state move_state_of(const struct judge *judge, const struct judged_pair *pair);
/* The hosts of the pair are nobody new: one has another address now. */
void move_known(struct judge *judge, const struct judged_pair *pair);
/* The SA is forgotten by those it came from and went to. */
void move_forget(struct judge *judge, uint32_t number);
/* known.c */
/* What is known of the pair or host changed. Nothing if it is not worth writing. */
void known_note_pair(struct judge *judge, struct judged_pair *pair);
void known_note_host(struct judge *judge, struct judged_host *host);
/* What the wire is found to be after the pair fell quiet: not after each silence. */
void known_note_quiet(struct judge *judge, struct judged_pair *pair);
/* The next engine need not know it any more. */
void known_forget_pair(struct judge *judge, struct judged_pair *pair);
/* The suites of the host; made if `make` is set and there is room, NULL if there are none. */
struct judged_suites *known_suites(struct judge *judge, const struct address *host, bool make);
/* False on lack of memory. */
bool known_init(struct judge *judge);
/* Writes what is due, and at the end all of it. */
void known_step(struct judge *judge);
void known_finish(struct judge *judge);

/* learn.c */
/* The pair is learned in the place of another one, which it was before it moved. */
void learn_move(struct judge *judge, struct judged_pair *from, struct judged_pair *to);
void learn_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
/* The pair is no longer learned: others may take its place. */
void learn_forget(struct judge *judge, struct judged_pair *pair);
/* An engine before this one had learned the pair. */
void learn_recall(struct judge *judge, struct judged_pair *pair);
bool learn_holds(const struct judge *judge, const struct judged_pair *pair, int64_t now_ns);

#endif
