/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The story of each IKE SA: who opened it, what was said in clear, how far it came, and how it ended.
 *
 * One story per initiator SPI (IKEv1: initiator cookie) and realm; addresses may change under it (NAT, MOBIKE). A story
 * is told from what is in view: a capture that begins in the middle, shows one direction only or misses messages gives a
 * story with gaps, and no event that rests on what was not seen. RFC 2408, 2409, 7296, 7383, 9370; what the encrypted part
 * of an exchange means is inferred from the type of its first payload, lengths and order, and is never more than likely.
 *
 * ike_story_message() takes one message and says what it was; rules decide what to make of it. Octets that come again
 * within COPY_NS are a mirror's copies and count for nothing; later, they are a retransmission.
 *
 * The table is bounded. Whoever sends packets chooses initiator SPIs, so a full table gives up first what was opened and
 * never taken further, last what was established.
 */
#ifndef ESPIAL_AUDIT_IKE_STORY_H
#define ESPIAL_AUDIT_IKE_STORY_H

#include "ike_suite.h"
#include "record.h"
#include "table.h"
#include "../../dissectors/ike_nat.h"

enum ike_event_kind {
	IKE_EVENT_NONE,           /* a mirror's copy, or nothing of consequence */
	IKE_EVENT_OPENED,         /* first message of an initiator, new */
	IKE_EVENT_REPEATED,       /* a request came again */
	IKE_EVENT_RETRIED,        /* the initiator's first message again, changed: with a cookie, with another group */
	IKE_EVENT_CHALLENGED,     /* answered by a cookie */
	IKE_EVENT_ANSWERED,       /* the responder has chosen a proposal */
	IKE_EVENT_REFUSED,        /* answered by an error in clear, before anything was chosen or proven */
	IKE_EVENT_AUTH_SENT,      /* the initiator proves itself */
	IKE_EVENT_AUTH_ACCEPTED,  /* the IKE SA is up */
	IKE_EVENT_AUTH_CONTINUED, /* it is not up after all: the initiator has to prove itself further, as with EAP */
	IKE_EVENT_AUTH_REJECTED,  /* one side would not believe the other */
	IKE_EVENT_CHILD_ACCEPTED, /* an SA for traffic was agreed on */
	IKE_EVENT_CHILD_REFUSED,  /* it was asked for and not given */
	IKE_EVENT_NOTIFIED,       /* an error in clear about an SA that is, or is not, there */
	IKE_EVENT_PROGRESS,       /* anything else that is new */
};

enum { IKE_STORY_GAPS = 6 };

/* The last request of one side (IKEv1: its last message). */
struct ike_request {
	int64_t first_ns, last_ns; /* first sent, last repeated */
	uint64_t digest;           /* of its first datagram */
	uint64_t fragments;        /* bit per fragment number seen */
	uint32_t message_id;
	uint32_t octets;                  /* of all fragments */
	uint32_t largest;                 /* of the largest of them, as a message */
	uint16_t sends;                   /* 1 and repetitions */
	uint16_t gap_ds;                  /* last gap between them, tenths of a second */
	uint16_t gaps_ds[IKE_STORY_GAPS]; /* the first of them: the sender's schedule */
	uint8_t exchange;
	uint8_t first_inner; /* type of the first payload inside, 0: not known */
	bool answered;
	bool understood; /* so was the first fragment of the answer, which alone says what it is */
};

enum { IKE_STORY_CHILDREN = 8, IKE_STORY_QUICKS = 4, IKE_STORY_REFUSALS = 3 };
enum { IKE_STORY_NOTIFIES = 12, IKE_STORY_VENDORS = 8, IKE_STORY_AUTHORITIES = 8 };

enum ike_auth {
	IKE_AUTH_UNKNOWN,
	IKE_AUTH_PRE_SHARED_KEY,
	IKE_AUTH_CERTIFICATE,
	IKE_AUTH_KERBEROS,
	IKE_AUTH_EAP,
	IKE_AUTH_COUNT
};

/* One quick mode of IKEv1. Several run side by side where there are several networks behind a gateway. */
struct ike_quick {
	int64_t begun_ns; /* its first message, 0: there is none */
	uint64_t digest;  /* of that */
	uint32_t id;      /* message ID */
	uint8_t side;     /* who opened it */
	bool open;        /* no answer yet, neither of it nor what looked like a refusal */
	bool agreed;      /* it was answered by quick mode, or went on as if it was */
};

struct ike_story {
	struct table_link link; /* key: initiator SPI, realm */
	uint64_t ispi, rspi;
	uint64_t pair;      /* hash of the pair that speaks it */
	uint64_t next_pair; /* it may be another one now: of its two sides, a bit each, messages came on that */
	uint8_t next_sides;
	struct address initiator, responder;
	uint32_t realm;
	int64_t first_ns, last_ns;
	int64_t answered_ns;    /* the responder chose, 0: never seen */
	int64_t auth_sent_ns;   /* first proof of the initiator */
	int64_t established_ns; /* 0: not; mid-stream: when it was first known to be up */
	int64_t rejected_ns;
	/* the last answer was as short as one that ends EAP, and nothing followed; 0: it was not */
	int64_t eap_ended_ns;
	/* at once after it was up one side sent a lone notify, and nothing came of it since; 0: neither did */
	int64_t disowned_ns;
	int64_t transaction_ns; /* IKEv1: last message of XAUTH or of configuration, 0: none */
	int64_t refused_ns;
	int64_t deleted_ns; /* last Delete that was recognised, of this SA or of a child */
	/* IKEv2: a Delete was answered as that of the IKE SA itself is, and nothing came since; 0: not */
	int64_t closed_ns;
	int64_t said_ns[2]; /* last message of initiator, responder */
	struct ike_request request[2];
	struct ike_suite offered, selected;
	const char *vendors[IKE_STORY_VENDORS];         /* static names */
	uint16_t notifies[IKE_STORY_NOTIFIES];          /* types seen in clear */
	uint32_t authorities[2][IKE_STORY_AUTHORITIES]; /* hashes of what CERTREQ names, by side */
	struct ike_quick quick[IKE_STORY_QUICKS];       /* IKEv1: quick modes, a ring, the latest */
	uint32_t auth_octets;                           /* of the first proof, all fragments */
	uint32_t answer_octets;                         /* of the answer to it */
	int64_t
	    child_refused_ns[IKE_STORY_REFUSALS]; /* since the last child was agreed on, latest first; 0: not so many */
	uint16_t refusal;                         /* notify type of the last refusal */
	uint16_t wanted_group;                    /* of INVALID_KE_PAYLOAD */
	uint16_t group_refusals;                  /* INVALID_KE_PAYLOAD so far */
	uint8_t opened_direction;                 /* of the pair, from initiator to responder */
	uint16_t initiator_port;                  /* of its first message in view */
	/* of the responder: where the last message to it went, where its last came from */
	uint16_t asked_port, answered_port;
	uint8_t major, minor;
	uint8_t mode;     /* enum ike_mode */
	uint8_t exchange; /* of the last message */
	uint8_t vendor_count, notify_count, authority_count[2];
	uint8_t quick_latest;  /* place of the one that began last */
	uint8_t disowned_side; /* who sent the notify */
	bool judged;           /* for rules: its selection was looked at */
	uint8_t noted_auth;    /* for rules: enum ike_auth by which its peers were first known to prove themselves, */
	uint8_t noted_ends;    /* and which ends of the pair, a bit each */
	bool roles_known;
	bool opened;            /* its first message was in view */
	bool two_way;           /* messages of both sides were */
	bool progressed;        /* the initiator did more than send one first message */
	bool asked_certificate; /* CERTREQ from the responder in its first answer */
	bool eap, childless, gssapi, xauth;
	bool authip;                           /* Microsoft's AuthIP: peers fall back from it to IKE */
	bool fragments[2];                     /* initiator, responder announced that they take IKE fragments */
	bool certificate_outdated;             /* for rules: a certificate in clear is not valid now */
	bool child_doubted;                    /* the answer to the proof was as short as one that brings no child */
	bool child_agreed;                     /* a child SA, with its IKE_AUTH or later */
	bool nat_known, nat_side[2];           /* initiator, responder are behind a NAT */
	bool quantum_safe;                     /* ML-KEM was selected */
	uint32_t children[IKE_STORY_CHILDREN]; /* SPIs of SAs for traffic that came of it; a ring, the latest */
	uint32_t child_count;                  /* how many ever */
	uint32_t repeated;                     /* requests that came again, of both sides */
	uint16_t schedule_ds[IKE_STORY_GAPS];  /* gaps of the request that was repeated most */
	uint8_t schedule_count;                /* of them; 0: none was */
	bool schedule_responder;               /* whose it is */
	uint32_t child_exchanges;              /* IKEv2: CREATE_CHILD_SA, as far as they were in view */
	bool counted;                          /* for rules: half-open, in its responder's count */
	int64_t counted_ns;                    /* when it was */
};

struct ike_event {
	enum ike_event_kind kind;
	struct ike_story *story; /* NULL if there is no memory for it */
	bool from_initiator;
	bool born;           /* the story began with this message */
	uint64_t moved_from; /* hash of the pair that spoke it until now, 0: this one */
	uint16_t notify;     /* REFUSED, AUTH_REJECTED, NOTIFIED: its type if it was in clear, else 0 */
};

struct ike_stories;

struct ike_stories_settings {
	uint32_t capacity;
	uint64_t seed;
	ike_nat_hash_function *hash; /* NULL: NAT stays unknown */
	void *hash_context;
};

/* Sends for the memory of the IKE SA that an initiator SPI names: where it is found, and then, `found`, what is there. Changes
 * nothing but speed. */
void ike_stories_fetch(const struct ike_stories *stories, uint32_t realm, uint64_t ispi, bool found);

/* NULL on lack of memory. */
struct ike_stories *ike_stories_new(const struct ike_stories_settings *settings);
void ike_stories_free(struct ike_stories *stories);

/* One message, as the packet brought it. */
struct ike_arrival {
	int64_t time_ns;
	uint32_t realm;
	uint64_t pair;
	uint8_t direction;
	struct address src, dst;
	uint16_t src_port, dst_port;
	const uint8_t *octets; /* `captured` of `length` */
	uint32_t captured, length;
	uint32_t largest; /* joined from IKE fragments: octets of the largest; 0: it came as it is */
};

struct ike_event ike_story_message(struct ike_stories *stories, const struct ike_arrival *arrival,
				   const struct ike_message *message);

/* Its beginning was in view: the first message, or at least the answer to it. */
static inline bool ike_story_begun(const struct ike_story *story)
{
	return story->opened || story->answered_ns;
}

/* An SA for traffic came of it. */
void ike_story_child(struct ike_story *story, uint32_t spi);

struct ike_story *ike_story_find(struct ike_stories *stories, uint32_t realm, uint64_t ispi);

/* Quick mode of this phase 1 was in view. */
static inline bool ike_story_quick_began(const struct ike_story *story)
{
	return story->quick[story->quick_latest].begun_ns != 0;
}

/* The first message of quick mode that a side said last and that had no answer; NULL if there is none. */
const struct ike_request *ike_story_quick_unanswered(const struct ike_story *story);

/* Whether the initiator has to prove itself further, behind the first proofs: by EAP, or by XAUTH in IKEv1. */
bool ike_story_proves_further(const struct ike_story *story);

/* How the peers prove themselves, as far as the wire tells. */
enum ike_auth ike_story_auth(const struct ike_story *story);
const char *ike_auth_name(enum ike_auth auth); /* NULL for IKE_AUTH_UNKNOWN */

/* What the step that is under way is called: "IKE_AUTH", "main mode"; NULL if unknown. */
const char *ike_story_step(unsigned major, unsigned exchange);

enum ike_outcome ike_story_outcome(const struct ike_story *story);

uint64_t ike_stories_evicted(const struct ike_stories *stories);
/* The same without those that had been quiet for an hour: a table that has run for long is full of the past. */
uint64_t ike_stories_crowded_out(const struct ike_stories *stories);
uint64_t ike_stories_memory(const struct ike_stories *stories);
uint64_t ike_story_cost(void); /* octets of one more */
uint32_t ike_stories_count(const struct ike_stories *stories);

/*
 * The ike_sa records in order of first message, a few at a time, so that whoever else needs the stories does not wait long.
 * ike_walk_write() writes at most `count` and returns true when that was all. Stories may change between the calls: those
 * that begin meanwhile are not in the walk, and those that end are passed over.
 */
struct ike_walk;
struct ike_walk *ike_walk_new(const struct ike_stories *stories); /* NULL on lack of memory */
bool ike_walk_write(struct ike_walk *walk, const struct ike_stories *stories, unsigned count,
		    const struct record_sink *sink);
void ike_walk_free(struct ike_walk *walk);

#endif
