/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transition: a change that a worker saw and the judge has to know.
 *
 * Workers count packets; the judge decides. Between them pass only changes: clear traffic of a watched pair began, a
 * service was added, ESP fell quiet, an IKE message, an ICMP error. Each carries the frame time at which it became true,
 * not the time it was noticed, so that the judge, which takes transitions in order of that time, comes to the same
 * findings whatever the batches, the number of workers, or whether a wire or a file was read.
 */
#ifndef ESPIAL_AUDIT_TRANSITION_H
#define ESPIAL_AUDIT_TRANSITION_H

#include "../../dissectors/address.h"
#include "../../dissectors/ike.h"
#include "../../dissectors/packet.h"

#include <stdbool.h>
#include <stdint.h>

enum transition_kind {
	TRANSITION_SA_BORN,  /* first packet of an SPI */
	TRANSITION_SA_WOKE,  /* a packet of an SPI that was quiet */
	TRANSITION_SA_QUIET, /* no packet of an SPI for TRACK_QUIET_NS */
	TRANSITION_SA_GOES_ON, /* a packet of an SPI that something may have ended since the one before: a younger SPI, or IKE */
	TRANSITION_SA_COUNT, /* of one that goes on so: totals, every two seconds for half a minute, then every minute */
	TRANSITION_SEQUENCE,   /* an oddity of an SA's sequence numbers */
	TRANSITION_UNANSWERED, /* ESP that used to be answered is not, for so long as the level says */
	TRANSITION_ANSWERED,   /* that is over */
	TRANSITION_READABLE,   /* an SA's ESP can be read, or, against what was told, cannot */
	TRANSITION_SHAPE,      /* the cipher class of a pair's ESP became known, or another one */
	TRANSITION_ESP_BEGAN,  /* first ESP or AH packet of a direction ever, or after it was quiet */
	TRANSITION_LEARNABLE,  /* ESP both ways passed the guards for a learned pair */
	TRANSITION_NAT,        /* one of the two addresses stands for a NAT */
	TRANSITION_IKE_MESSAGE,
	TRANSITION_ICMP_ERROR,     /* an ICMP error that quotes ESP, AH or IKE of the pair */
	TRANSITION_CLEAR_BEGAN,    /* an offending packet, the first ever or after quiet */
	TRANSITION_CLEAR_SERVICE,  /* offending traffic of a service not seen before, or whose name became known */
	TRANSITION_CLEAR_PROGRESS, /* at most once a second while offending packets pass: totals */
	TRANSITION_CLEAR_QUIET,    /* no offending packet for TRACK_QUIET_NS */
	TRANSITION_KNOCK,      /* a client repeats its first packet to a secured host in vain; or is answered at last */
	TRANSITION_KERBEROS,   /* a KDC answered a host, for services.h: about no pair */
	TRANSITION_FETCH,      /* a host could not fetch, or could after all, where revocation lists are: likewise */
	TRANSITION_ESP_QUIET,  /* no ESP or AH packet of a direction for TRACK_QUIET_NS */
	TRANSITION_TABLE_FULL, /* about no pair: entries had to make room for others in the last second */
	TRANSITION_LOSS, /* about no pair: what SAs lacked of their sequence numbers, while all of them are looked at */
	TRANSITION_SEEN, /* about an interface: what its frames of a second were like */
	TRANSITION_CAPTURE, /* about an interface: how the capture on it stands, once a second while it is live */
	TRANSITION_CLOCK,   /* about the sensor, or the file of an interface: the clock was set */
};

/* One service in clear: what `selector-gap` names. */
struct transition_service {
	uint8_t protocol; /* IANA number */
	uint16_t port;    /* the side that listens; 0 if none */
	const char *name; /* the classifier's name, NULL while or if not known; lives as long as the classifier */
	bool encrypted;   /* the protocol is itself encrypted, by its name, or by its port while there is no name */
	bool credentials; /* credentials were seen in clear */
};

/*
 * How a service that is kept fits one that was seen. A service without a name yet is taken for the one kept on its port,
 * and one kept without a name is the place of the first name that comes.
 */
enum service_fit { SERVICE_OTHER, SERVICE_NAMELESS, SERVICE_SAME };
enum service_fit transition_service_fit(const struct transition_service *kept, const struct transition_service *seen);
/* Same protocol and port, whatever they are called. */
bool transition_service_shares_port(const struct transition_service *left, const struct transition_service *right);

/* Totals of a pair's offending clear packets; index 0: lower address to higher, 1: the other way. */
struct transition_clear {
	struct transition_service service; /* that the packet at hand belongs to */
	uint16_t src_port, dst_port;       /* of the packet at hand */
	uint32_t octets;                   /* of the IP packet at hand; 0: CLEAR_QUIET */
	uint64_t packets[2];
	uint64_t bytes;
	int64_t last_ns[2]; /* 0: none yet */
	/* When the run of clear packets began that the packet at hand belongs to, harmless ones included; 0: CLEAR_QUIET. */
	int64_t since_ns;
};

struct transition_esp {
	uint32_t spi;
	uint8_t protocol;  /* 50 or 51 */
	uint8_t encap;     /* enum packet_encap */
	uint16_t ports[2]; /* of a, b, in UDP or TCP: SA_BORN, SA_WOKE; else 0 */
	uint32_t sequence; /* of the SA's last packet in order; SA_BORN: of its first */
	int64_t last_ns;   /* of the direction or SA: QUIET; of the packet before: SA_GOES_ON, SA_COUNT */
	uint64_t packets,
	    bytes; /* of the SA so far: SA_QUIET, SA_WOKE; without the packet at hand: SA_GOES_ON, SA_COUNT */
};

/* SEQUENCE */
struct transition_sequence {
	uint32_t spi;
	uint8_t protocol;
	uint8_t what; /* enum transition_oddity */
	uint32_t number, high;
	uint32_t count;   /* of such packets so far */
	uint64_t packets; /* of the SA so far */
};
/* WRAPPED: past its end, after NEAR_WRAP. */
enum transition_oddity { ODDITY_REPLAY, ODDITY_RESET, ODDITY_NEAR_WRAP, ODDITY_DOUBLED, ODDITY_WRAPPED };

/* UNANSWERED, ANSWERED */
struct transition_run {
	uint32_t spi;
	uint8_t level;    /* 1 to DIALOGUE_LEVELS */
	int64_t first_ns; /* first packet without an answer */
	int64_t last_ns;
	int64_t reverse_ns; /* last packet of the other side, 0: never */
	uint32_t packets, answerable;
	uint64_t bytes; /* octets of IP packets */
};

/* READABLE */
struct transition_readable {
	uint32_t spi;
	uint8_t state; /* enum readable_state */
	uint8_t icv;
	uint8_t protocol; /* of the packet inside; 0 where only the name is news */
	uint16_t src_port, dst_port;
	const char *name; /* the classifier's name of what is inside, NULL if not known */
};

/* SHAPE */
struct transition_shape {
	uint8_t shape; /* enum dialogue_shape */
	uint16_t residues;
	uint8_t lengths;
	uint32_t packets;
};

/* KNOCK */
struct transition_knock {
	uint16_t port;    /* that is knocked at */
	uint32_t tries;   /* so far, on the same two ports; 0: it was answered */
	int64_t first_ns; /* first knock that had no answer */
};

/* TABLE_FULL: what had to make room since the tracker last told. */
struct transition_full {
	uint64_t flows, sas, pairs;
	uint64_t untracked; /* packets that found no place all the same */
};

/* LOSS: the SAs whose numbers were looked at since the tracker last told; index: direction within the SA's pair. Each SA is
 * looked at once a minute at most, and only over 64 packets or more. */
struct transition_loss {
	uint32_t sas[2], lossy[2];      /* SAs, and those of them that lack packets */
	uint64_t passed[2], missing[2]; /* numbers that came, and that should have */
};

/* SEEN: of one interface within one second of frame time, by one worker; the sums over workers count. */
struct transition_seen {
	uint32_t frames;
	uint32_t esp, doubled;  /* ESP packets, and those of them that came twice within milliseconds */
	uint32_t over_ethernet; /* frames longer than any with an MTU of 1500, tags and labels included */
	uint32_t over_jumbo;    /* of these, longer than any with an MTU of 9216; what stays within a host left out */
	uint32_t longest;       /* octets of the longest frame */
	uint64_t talkers;       /* a bit per conversation that had a packet, by its hash */
	int32_t one_way,
	    two_way; /* TCP conversations that prove to have two sides: seen one way, both ways; less than 0: the
				     other side of some turned up after all */
};

/* CAPTURE: an interface that is captured on; totals never fall. The sums over all handles on it. */
enum transition_capture_state {
	CAPTURE_UP,
	CAPTURE_MISSING,    /* there is no such interface */
	CAPTURE_OFF,        /* it is switched off */
	CAPTURE_NO_CARRIER, /* it is on, and nothing is at the other end */
	CAPTURE_FAILED,     /* it is there, and cannot be captured on */
	CAPTURE_ENDED,      /* the configuration does not name it any more: the last word about it */
};
struct transition_capture {
	int64_t monotonic_ns;    /* when this was so; how long something lasts is measured by it, not by frame time */
	int64_t silent_after_ns; /* as config_interface has it */
	uint64_t received;       /* frames the kernel had for the capture, those that it dropped included */
	uint64_t dropped;        /* of these, lost since nobody took them in time */
	uint64_t missed;         /* frames that card or driver lost before */
	uint32_t mtu;            /* 0: it has none, or it is not known */
	uint8_t state;           /* enum transition_capture_state */
};

/* CLOCK */
struct transition_clock {
	int64_t step_ns; /* what it was set forward by; less than 0: back */
	/* what the time of frames is behind the clock by since then, while it follows; less than 0: ahead */
	int64_t apart_ns;
	int64_t agree_ns; /* and how long it follows until they agree */
	bool of_file;     /* frames of a capture file say so */
};

/* KERBEROS: from the KDC to the host */
enum { TRANSITION_SERVICE_SIZE = 64 };
struct transition_kerberos {
	uint8_t type; /* enum kerberos_type: AS-REP, TGS-REP, KRB-ERROR */
	int32_t error;
	uint64_t service;                   /* hash of the service's name */
	char name[TRANSITION_SERVICE_SIZE]; /* printable; "" if it was not in view */
};

/* FETCH: from the host to the server */
struct transition_fetch {
	uint8_t what; /* enum transition_fetched */
	uint16_t port;
};
enum transition_fetched { FETCH_UNANSWERED, FETCH_REFUSED, FETCH_ANSWERED };

struct transition_ike {
	struct ike_header header;
	uint16_t src_port, dst_port;
	uint8_t encap;     /* enum packet_encap */
	bool marker;       /* behind the non-ESP marker */
	uint32_t octets;   /* of the datagram's IKE message */
	uint32_t captured; /* of these, octets at `message` */
	/* from the IKE header on; owned by the transition: transition_discard(); NULL without memory */
	uint8_t *message;
};

struct transition_icmp {
	uint8_t version; /* 4 or 6 */
	uint8_t type, code;
	uint8_t protocol; /* quoted: 17, 50, 51 */
	uint16_t src_port, dst_port;
	uint32_t spi;
	struct address sender; /* of the error */
};

struct transition {
	int64_t time_ns;
	uint64_t serial;   /* counts up within a worker */
	uint8_t kind;      /* enum transition_kind */
	uint8_t direction; /* of the packet: 0 from a to b, 1 from b to a */
	uint16_t interface;
	uint16_t vlan;
	uint32_t realm;
	struct address a, b; /* lower first */
	union {
		struct transition_clear clear;
		struct transition_esp esp;
		struct transition_ike ike;
		struct transition_icmp icmp;
		struct transition_sequence sequence;
		struct transition_run run;
		struct transition_readable readable;
		struct transition_shape shape;
		struct transition_full full;
		struct transition_loss loss;
		struct transition_knock knock;
		struct transition_kerberos kerberos;
		struct transition_fetch fetch;
		struct transition_seen seen;
		struct transition_capture capture;
		struct transition_clock clock;
	};
};

/* Frees what the transition owns. Whoever takes a transition last calls it. */
void transition_discard(struct transition *transition);

/* Where a tracker puts them; what the transition owns goes with it. Never blocks. */
struct transition_sink {
	void (*put)(void *context, const struct transition *transition);
	void *context;
};

/* The order of judgement: time, pair, silence before everything else (by kind and direction), then the order in which the
 * worker that owns the pair saw them. */
bool transition_before(const struct transition *left, const struct transition *right);

#endif
