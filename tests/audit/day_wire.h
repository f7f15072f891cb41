/* SPDX-License-Identifier: Apache-2.0 */
/* The network of day.c: its peers, chance, the order of events, and what peers send. Packets are not yet made here. */
#ifndef ESPIAL_TESTS_AUDIT_DAY_WIRE_H
#define ESPIAL_TESTS_AUDIT_DAY_WIRE_H

#include "ike_script.h"
#include "../suite.h"

#include "../../config/config.h"
#include "../../daemon/audit/track.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define MIDNIGHT (INT64_C(1795305600) * SECOND)
#define STEP_NS (SECOND / 5)

enum {
	HUBS = 10,
	STRANGERS = 20, /* of which one is curious */
	FAULTS = 20,
	ESP_OCTETS_MAX = 1400,
	RANDOM_OCTETS = 1 << 16,
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ESP = 50,
	PORT_IKE = 500,
	SYN = 2,
	ACK = 16,
};

/* What goes wrong, and what is to be said of it. */
enum fault_kind {
	NO_FAULT,
	POLICY_FLUSHED,
	POLICY_ONE_SIDED,
	FILTER_GAP,
	NEVER_ASKED,
	SERVICE_STOPPED,
	OFFER_REFUSED,
	KEY_CHANGED,
	CHILD_REFUSED,
	SA_FORGOTTEN,
	REKEY_STORM,
	HUB_RESTARTED,
	HUB_FLUSHED,
	CLIENT_LOCKED_OUT,
};

struct fault {
	enum fault_kind kind;
	unsigned pair; /* or hub */
	int64_t from_ns, until_ns;
	enum finding_id ids[4]; /* the first has to be told; the others may be, of the same fault */
	unsigned id_count;
	unsigned opens[4];
	enum finding_cause cause, told; /* of the first; CAUSE_NONE if it has none */
};

struct speaker {
	struct address host[2];
	uint32_t spi[2], sequence[2];
	uint32_t salt;
	uint64_t ispi;
	uint32_t message;
	int64_t rekey_ns, rest_ns; /* next rekey; end of the present session */
	int64_t silent_ns;         /* nothing before then: shut down, or waiting for a new negotiation */
	bool up;                   /* has SAs */
	struct fault *fault;       /* that it is part of, if any */
	unsigned tries;
};

enum event_kind { EVENT_WAKE, EVENT_PACKET };

struct event {
	int64_t time_ns;
	uint64_t serial;
	uint32_t speaker;
	uint8_t kind;
	/* of a packet */
	uint8_t protocol, direction, tcp_flags;
	uint16_t src_port, dst_port, octets;
	uint32_t spi, sequence;
	uint8_t *message; /* IKE; owned */
};

struct day {
	unsigned pairs;
	int64_t hours;
	uint64_t state;
	int64_t now_ns, stepped_ns;
	struct track *track;
	struct judge *judge;
	struct script *ike; /* builder */
	struct speaker *speakers;
	struct fault faults[FAULTS];
	struct event *events;
	size_t event_count, event_room;
	uint64_t serial;
	uint8_t noise[RANDOM_OCTETS];
	struct packet packets[TRACK_BATCH];
	struct track_key keys[TRACK_BATCH];
	unsigned batch;
	/* what came out */
	uint64_t packets_seen;
	unsigned others, advice, missed, misnamed, doubled;
};

/* ---- chance ---- */

static inline uint64_t draw(struct day *day)
{
	day->state ^= day->state << 13;
	day->state ^= day->state >> 7;
	day->state ^= day->state << 17;
	return day->state;
}

static inline int64_t below(struct day *day, int64_t bound)
{
	return (int64_t)(draw(day) % (uint64_t)bound);
}

static inline bool once_in(struct day *day, unsigned count)
{
	return draw(day) % count == 0;
}

/* Exponential, of this mean, at most ten times it. */
static inline int64_t about(struct day *day, int64_t mean_ns)
{
	double part = (double)(draw(day) >> 11) / 9007199254740992.0;
	double value = -log(1 - part);

	return (int64_t)((value < 10 ? value : 10) * (double)mean_ns) + 1;
}

/* ---- events: a heap, earliest first ---- */

static inline bool earlier(const struct event *left, const struct event *right)
{
	return left->time_ns != right->time_ns ? left->time_ns < right->time_ns : left->serial < right->serial;
}

static inline void put_event(struct day *day, struct event event)
{
	if (day->event_count == day->event_room) {
		day->event_room = day->event_room ? 2 * day->event_room : 4096;
		day->events = realloc(day->events, day->event_room * sizeof(*day->events));
		ck_assert_ptr_nonnull(day->events);
	}
	event.serial = ++day->serial;
	size_t at = day->event_count++;
	while (at > 0 && earlier(&event, &day->events[(at - 1) / 2])) {
		day->events[at] = day->events[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	day->events[at] = event;
}

static inline struct event take_event(struct day *day)
{
	struct event first = day->events[0], last = day->events[--day->event_count];
	size_t at = 0;

	for (size_t child = 1; child < day->event_count; child = 2 * at + 1) {
		if (child + 1 < day->event_count && earlier(&day->events[child + 1], &day->events[child]))
			child++;
		if (!earlier(&day->events[child], &last))
			break;
		day->events[at] = day->events[child];
		at = child;
	}
	if (day->event_count)
		day->events[at] = last;
	return first;
}

/* ---- what is sent ---- */

static inline uint32_t number_of(const struct day *day, const struct speaker *speaker)
{
	return (uint32_t)(speaker - day->speakers);
}

static inline void send_esp(struct day *day, struct speaker *speaker, unsigned direction, int64_t time_ns,
			    unsigned octets)
{
	uint32_t sequence = ++speaker->sequence[direction];

	/* The span port loses one of five hundred, and a few overtake. */
	if (once_in(day, 500))
		return;
	if (once_in(day, 2000))
		time_ns += 2 * SECOND / 1000;
	put_event(day, (struct event){ .time_ns = time_ns,
				       .speaker = number_of(day, speaker),
				       .kind = EVENT_PACKET,
				       .protocol = PROTOCOL_ESP,
				       .direction = (uint8_t)direction,
				       .octets = (uint16_t)octets,
				       .spi = speaker->spi[direction],
				       .sequence = sequence });
}

static inline void send_clear(struct day *day, struct speaker *speaker, unsigned direction, int64_t time_ns,
			      uint16_t port, bool from_server, uint8_t flags, unsigned octets)
{
	put_event(day, (struct event){ .time_ns = time_ns,
				       .speaker = number_of(day, speaker),
				       .kind = EVENT_PACKET,
				       .protocol = PROTOCOL_TCP,
				       .direction = (uint8_t)direction,
				       .tcp_flags = flags,
				       .src_port = from_server ? port : (uint16_t)(40000 + speaker->salt % 20000),
				       .dst_port = from_server ? (uint16_t)(40000 + speaker->salt % 20000) : port,
				       .octets = (uint16_t)octets });
}

static inline void send_ping(struct day *day, struct speaker *speaker, unsigned direction, int64_t time_ns)
{
	put_event(day, (struct event){ .time_ns = time_ns,
				       .speaker = number_of(day, speaker),
				       .kind = EVENT_PACKET,
				       .protocol = PROTOCOL_ICMP,
				       .direction = (uint8_t)direction,
				       .octets = 56 });
}

/* Sends the message built last. */
static inline void send_ike(struct day *day, struct speaker *speaker, unsigned direction, int64_t time_ns)
{
	struct script *ike = day->ike;
	uint8_t *copy = malloc(ike->length);

	ck_assert_ptr_nonnull(copy);
	ike->octets[26] = (uint8_t)(ike->length >> 8);
	ike->octets[27] = (uint8_t)ike->length;
	memcpy(copy, ike->octets, ike->length);
	put_event(day, (struct event){ .time_ns = time_ns,
				       .speaker = number_of(day, speaker),
				       .kind = EVENT_PACKET,
				       .protocol = PROTOCOL_UDP,
				       .direction = (uint8_t)direction,
				       .src_port = PORT_IKE,
				       .dst_port = PORT_IKE,
				       .octets = (uint16_t)ike->length,
				       .message = copy });
}

static inline void new_sas(struct day *day, struct speaker *speaker)
{
	for (unsigned d = 0; d < 2; d++) {
		speaker->spi[d] = (uint32_t)draw(day) | 0x10000;
		speaker->sequence[d] = 0;
	}
	speaker->up = true;
}

/* A whole negotiation; now and then another group is wanted first, or a message is sent twice. Returns when it is done. */
static inline int64_t negotiate(struct day *day, struct speaker *speaker, unsigned opener, int64_t time_ns)
{
	speaker->ispi = draw(day) | 1;
	speaker->message = 2;
	v2_init(day->ike, speaker->ispi, GOOD);
	send_ike(day, speaker, opener, time_ns);
	if (once_in(day, 20)) {
		v2_refusal(day->ike, speaker->ispi, IKEV2_NOTIFY_INVALID_KE_PAYLOAD, 2, 14);
		send_ike(day, speaker, !opener, time_ns += 20 * MS);
		v2_init(day->ike, speaker->ispi, GOOD);
		send_ike(day, speaker, opener, time_ns += 5 * MS);
	} else if (once_in(day, 20)) {
		send_ike(day, speaker, opener, time_ns += 2 * SECOND);
	}
	v2_answer(day->ike, speaker->ispi, GOOD, false);
	send_ike(day, speaker, !opener, time_ns += 20 * MS);
	v2_secret(day->ike, speaker->ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
	send_ike(day, speaker, opener, time_ns += 10 * MS);
	v2_secret(day->ike, speaker->ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_IDR, 240);
	send_ike(day, speaker, !opener, time_ns += 20 * MS);
	new_sas(day, speaker);
	speaker->rekey_ns = time_ns + HOUR - below(day, 6 * MINUTE);
	return time_ns;
}

/* Request and answer about the IKE SA: a rekey of the child, a Delete, or whether the other lives. */
static inline int64_t inform(struct day *day, struct speaker *speaker, unsigned exchange, unsigned inner,
			     unsigned octets, int64_t time_ns)
{
	unsigned side = (unsigned)(draw(day) & 1), id = speaker->message++;

	/* Each side counts its own requests; this day only one of them asks. */
	side = exchange == IKEV2_EXCHANGE_CREATE_CHILD_SA ? 0 : side & 0;
	v2_secret(day->ike, speaker->ispi, exchange, V2_REQUEST, id, inner, octets);
	send_ike(day, speaker, side, time_ns);
	v2_secret(day->ike, speaker->ispi, exchange, V2_RESPONSE, id,
		  exchange == IKEV2_EXCHANGE_CREATE_CHILD_SA ? IKEV2_PAYLOAD_SA : 0,
		  exchange == IKEV2_EXCHANGE_CREATE_CHILD_SA ? octets : 80);
	send_ike(day, speaker, !side, time_ns + 20 * MS);
	return time_ns + 20 * MS;
}

#endif
