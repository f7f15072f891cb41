/* SPDX-License-Identifier: Apache-2.0 */
/* What alert_desk.c and alert_group.c have from one another; nobody else includes this. */
#ifndef ESPIAL_AUDIT_ALERT_DESK_STATE_H
#define ESPIAL_AUDIT_ALERT_DESK_STATE_H

#include "alert_desk.h"

enum desk_state {
	DESK_NEW,
	DESK_TOLD,        /* a record opened it */
	DESK_WAITING,     /* for others that would make a group */
	DESK_LIMITED,     /* for the rate */
	DESK_MAINTENANCE, /* for the end of work on a host */
	DESK_GROUPED,     /* a group speaks for it */
};

/* An open alert. */
struct desk_entry {
	struct table_link link; /* key: the alert's number */
	uint8_t state;          /* enum desk_state */
	enum finding_id id;
	enum finding_cause cause;
	enum finding_severity severity;
	enum finding_grade grade;
	enum finding_subject subject;
	bool has_pair;
	bool claimed; /* held, and a HELD_ALERT record said so */
	struct address a, b;
	uint32_t realm;
	const char *rule; /* lives as long as the policy */
	int64_t first_ns, last_ns, opened_ns;
	uint64_t count, bytes;
	int64_t until_ns;        /* WAITING, MAINTENANCE: until when */
	uint32_t previous, next; /* in the list of what is held, by order of opening */
	uint32_t copy;           /* of the finding, while held; 0: none */
	uint32_t window;         /* MAINTENANCE: which; DESK_NO_WINDOW: none any more */
	uint32_t group;          /* GROUPED: place of the group */
};

#define DESK_NO_WINDOW UINT32_MAX

enum { GROUP_RECENT = 16, GROUP_NAMED = 8, GROUP_PLACES = 3 };

/* A host, or gateway, and a kind of alert that opens about its pairs. */
struct alert_group {
	struct table_link link; /* key: id, realm, host */
	enum finding_id id;
	uint32_t realm;
	struct address host;
	bool gateway; /* the pairs are behind it */
	/* the latest alerts that opened and have no group, oldest overwritten */
	uint64_t recent[GROUP_RECENT]; /* numbers of alerts; 0: none */
	int64_t recent_ns[GROUP_RECENT];
	unsigned recent_at;
	/* the group's own alert, and what is known of its members */
	struct alert alert;
	uint32_t next_open; /* in the desk's list of open groups */
	uint32_t members, members_ever, members_told;
	uint32_t by_cause[CAUSE_COUNT], by_severity[SEVERITY_COUNT], by_grade[GRADE_COUNT];
	int64_t first_ns, last_ns, joined_ns, look_ns; /* look: when to tell again, 0: nothing is new */
	uint64_t count, bytes;                         /* of all members, those that left too */
	struct address named[GROUP_NAMED][2];
	unsigned named_count;
	uint32_t named_left; /* a bit for each of these that left: who joins may take its place */
	const char *rule;
};

enum { DESK_COPIES = 1024, DESK_SHARES = 16384 };

struct alert_desk {
	struct alert_settings settings;
	struct table entries, groups;
	/* lists of what is held: first what waits for a time, then what the rate held back, by class */
	struct desk_list {
		uint32_t first, last;
	} held[1 + ALERT_CLASS_COUNT];
	uint32_t open_groups; /* list */
	int64_t due_ns;       /* no later than the next time something has to be done; 0: nothing */
	/* rate: what is left of the minute, as of when; and what was held back */
	int64_t credit_ns[ALERT_CLASS_COUNT], credited_ns[ALERT_CLASS_COUNT];
	uint32_t limited[ALERT_CLASS_COUNT], limited_ever[ALERT_CLASS_COUNT], limited_over[ALERT_CLASS_COUNT];
	uint32_t untold[ALERT_CLASS_COUNT]; /* events, since one was told last */
	/* what is kept for those that others crowd out: alert_reserve.c */
	int64_t reserve_ns[ALERT_CLASS_COUNT], reserved_ns[ALERT_CLASS_COUNT];
	struct desk_share {
		int64_t since_ns;
		uint32_t told; /* within a minute of that */
	} shares[DESK_SHARES];
	/* maintenance: by window; owned */
	struct desk_maintenance {
		uint32_t ever, over; /* held back; of these, ended meanwhile */
	} * maintenance;
	struct finding *copies; /* DESK_COPIES of them, owned; number 1 is the first */
	uint32_t free_copies[DESK_COPIES];
	unsigned free_count;
};

static inline void desk_wake(struct alert_desk *desk, int64_t due_ns)
{
	if (!desk->due_ns || due_ns < desk->due_ns)
		desk->due_ns = due_ns;
}

/* alert_desk.c */
/* Tells what is held, by its copy, at the judge's time; the rate is asked unless `at_end`. */
void desk_release(struct judge *judge, uint32_t place, bool at_end);
/* Takes the entry off the list of what is held, and its copy from it. */
void desk_unhold(struct alert_desk *desk, uint32_t place);
/* One that the rate held back is told, by itself or with its group, or `over`. */
void desk_unlimit(struct judge *judge, enum alert_class class, bool over);
/* A finding with what the entry knows, and no more. */
void desk_describe(const struct judge *judge, const struct desk_entry *entry, struct finding *finding);
void desk_write(struct judge *judge, struct finding *finding);
/* The alert, which was not told, is over as the finding says. */
void desk_end_held(struct judge *judge, struct desk_entry *entry, const struct finding *finding);

/* alert_reserve.c */
/* Whether the entry's alert, which the rate does not allow, may be told in spite of it; it is counted then. */
bool desk_reserves(struct judge *judge, const struct desk_entry *entry);

/* alert_group.c */
/* Whether a group, open or made just now, takes the new alert of the pair. */
bool alert_group_takes(struct judge *judge, uint32_t place, const struct judged_pair *pair);
/* Whether an alert of the pair should wait for others. */
bool alert_group_waits(struct judge *judge, const struct desk_entry *entry, const struct judged_pair *pair);
/* A member changed to these attributes, or left. */
void alert_group_changed(struct judge *judge, struct desk_entry *entry, const struct finding *finding);
void alert_group_left(struct judge *judge, struct desk_entry *entry, const char *cleared_by);
/* Tells of the groups that changed and may be told. */
void alert_group_look(struct judge *judge);

#endif
