/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel knows of the interfaces that are captured on, by rtnetlink(7): whether they are there, switched on, connected,
 * what they are called by now, what is the largest packet they carry, and what their cards lost.
 *
 * Needs no right, no file, and after interface_watch_new() no new socket, so it works inside the engine's sandbox, where what
 * libpcap reads of cards from files is out of reach. Nothing blocks: the kernel answers while it is asked.
 */
#ifndef ESPIAL_DAEMON_INTERFACE_WATCH_H
#define ESPIAL_DAEMON_INTERFACE_WATCH_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct interface_watch;

struct interface_facts {
	unsigned number;     /* of the interface in the system, as long as it lives */
	char name[IFNAMSIZ]; /* now */
	bool on, carrier;    /* switched on; something is at the other end, as far as it can tell */
	uint32_t mtu;
	uint16_t kind; /* ARPHRD_ number: a change of it changes the link type */
	/* frames that card and driver lost since it is there, as ps_ifdrop of pcap_stats(3PCAP) means it */
	uint64_t missed;
};

enum interface_answer { INTERFACE_THERE, INTERFACE_MISSING, INTERFACE_UNKNOWN /* the kernel could not be asked */ };

/* NULL if there is no netlink here: then nothing is known. */
struct interface_watch *interface_watch_new(void);
void interface_watch_free(struct interface_watch *watch);

/* For poll(): readable when some interface changed; then interface_watch_changed() takes what was said, and tells if it was
 * anything. */
int interface_watch_descriptor(const struct interface_watch *watch);
bool interface_watch_changed(struct interface_watch *watch);

/* Asks for the interface of this number or, if it is 0, of this name. `watch` may be NULL. */
enum interface_answer interface_watch_ask(struct interface_watch *watch, unsigned number, const char *name,
					  struct interface_facts *facts);

/*
 * One interface that is captured on, from look to look: what is known of it, and what its card lost in all, though cards count
 * from zero whenever they are made anew.
 */
struct interface_view {
	enum interface_answer answer; /* of the last look */
	struct interface_facts facts; /* good if it is there */
	uint64_t missed;              /* since the first look */
	unsigned number;              /* of the last look that found it, which counted `last_missed`; 0: none did */
	uint64_t last_missed;
};

/* Looks at the interface of this number, or, if it is 0, of this name. True if anything but counters is other than before. */
bool interface_view_look(struct interface_view *view, struct interface_watch *watch, unsigned number, const char *name);

#endif
