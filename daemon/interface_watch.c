/* SPDX-License-Identifier: Apache-2.0 */
/* See interface_watch.h. rtnetlink(7): RTM_GETLINK asks for one interface, the group RTNLGRP_LINK tells of changes. */
#include "interface_watch.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ANSWER_SIZE = 64 << 10, /* octets; of an interface with many virtual functions */
	LOOKS_MAX = 64,         /* answers passed over before the one that was asked for */
	LOWER_UP = 1 << 16,     /* IFF_LOWER_UP of linux/if.h, which cannot be had beside net/if.h */
};

struct interface_watch {
	int asks, hears; /* sockets: for questions, for what is told; owned */
	uint32_t sequence;
	union {
		struct nlmsghdr header; /* for its alignment */
		char octets[ANSWER_SIZE];
	} answer;
};

/* -1 with errno set. */
static int open_socket(uint32_t groups)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (descriptor >= 0 && bind(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0)
		return descriptor;
	if (descriptor >= 0)
		close(descriptor);
	return -1;
}

struct interface_watch *interface_watch_new(void)
{
	struct interface_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->asks = open_socket(0);
	watch->hears = open_socket(RTMGRP_LINK);
	if (watch->asks >= 0 && watch->hears >= 0)
		return watch;
	interface_watch_free(watch);
	return NULL;
}

void interface_watch_free(struct interface_watch *watch)
{
	if (!watch)
		return;
	if (watch->asks >= 0)
		close(watch->asks);
	if (watch->hears >= 0)
		close(watch->hears);
	free(watch);
}

int interface_watch_descriptor(const struct interface_watch *watch)
{
	return watch->hears;
}

bool interface_watch_changed(struct interface_watch *watch)
{
	bool changed = false;

	/* What it says is asked for anew: here it counts that there was something, even if it was too much to be kept. */
	for (unsigned i = 0; i < LOOKS_MAX; i++) {
		ssize_t length = recv(watch->hears, watch->answer.octets, ANSWER_SIZE, MSG_DONTWAIT);
		if (length < 0 && errno != ENOBUFS && errno != EINTR)
			break;
		changed = true;
	}
	return changed;
}

/* ---- a question ---- */

struct question {
	struct nlmsghdr header;
	struct ifinfomsg interface;
	struct rtattr attribute;
	char name[IFNAMSIZ];
};

static bool ask(struct interface_watch *watch, unsigned number, const char *name)
{
	struct question question = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			    .nlmsg_type = RTM_GETLINK,
			    .nlmsg_flags = NLM_F_REQUEST,
			    .nlmsg_seq = ++watch->sequence },
		.interface = { .ifi_family = AF_UNSPEC, .ifi_index = (int)number },
	};
	size_t length = strlen(name);

	if (!number) {
		if (length >= IFNAMSIZ)
			return false;
		memcpy(question.name, name, length + 1);
		question.attribute.rta_type = IFLA_IFNAME;
		question.attribute.rta_len = (unsigned short)RTA_LENGTH(length + 1);
		question.header.nlmsg_len =
		    (uint32_t)(NLMSG_ALIGN(question.header.nlmsg_len) + RTA_ALIGN(question.attribute.rta_len));
	}
	return send(watch->asks, &question, question.header.nlmsg_len, 0) >= 0;
}

static void take_name(struct interface_facts *facts, const struct rtattr *attribute)
{
	size_t length = RTA_PAYLOAD(attribute);

	if (length >= sizeof(facts->name))
		length = sizeof(facts->name) - 1;
	memcpy(facts->name, RTA_DATA(attribute), length);
	facts->name[length] = '\0';
}

/* A copy, since the kernel aligns to four octets only; of a kernel that knows fewer counters, as many as there are. */
static void take_counters(struct interface_facts *facts, const struct rtattr *attribute)
{
	struct rtnl_link_stats64 counters = { 0 };
	size_t length = RTA_PAYLOAD(attribute);

	memcpy(&counters, RTA_DATA(attribute), length < sizeof(counters) ? length : sizeof(counters));
	facts->missed = counters.rx_missed_errors + counters.rx_fifo_errors;
}

static void take_facts(struct interface_facts *facts, const struct nlmsghdr *header)
{
	const struct ifinfomsg *interface = NLMSG_DATA(header);
	size_t left = IFLA_PAYLOAD(header);

	*facts = (struct interface_facts){ .number = (unsigned)interface->ifi_index,
					   .on = (interface->ifi_flags & IFF_UP) != 0,
					   .carrier = (interface->ifi_flags & LOWER_UP) != 0,
					   .kind = interface->ifi_type };
	for (const struct rtattr *attribute = IFLA_RTA(interface); RTA_OK(attribute, left);
	     attribute = RTA_NEXT(attribute, left)) {
		if (attribute->rta_type == IFLA_IFNAME)
			take_name(facts, attribute);
		else if (attribute->rta_type == IFLA_MTU && RTA_PAYLOAD(attribute) >= sizeof(facts->mtu))
			memcpy(&facts->mtu, RTA_DATA(attribute), sizeof(facts->mtu));
		else if (attribute->rta_type == IFLA_STATS64)
			take_counters(facts, attribute);
	}
}

enum interface_answer interface_watch_ask(struct interface_watch *watch, unsigned number, const char *name,
					  struct interface_facts *facts)
{
	if (!watch || !ask(watch, number, name))
		return INTERFACE_UNKNOWN;
	for (unsigned i = 0; i < LOOKS_MAX; i++) {
		ssize_t length = recv(watch->asks, watch->answer.octets, ANSWER_SIZE, MSG_DONTWAIT);
		const struct nlmsghdr *header = &watch->answer.header;
		if (length < 0 && errno == EINTR)
			continue;
		if (length < (ssize_t)sizeof(*header) || !NLMSG_OK(header, (size_t)length))
			return INTERFACE_UNKNOWN;
		/* An answer to an earlier question that was given up. */
		if (header->nlmsg_seq != watch->sequence)
			continue;
		if (header->nlmsg_type == RTM_NEWLINK && header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg))) {
			take_facts(facts, header);
			return INTERFACE_THERE;
		}
		if (header->nlmsg_type != NLMSG_ERROR || header->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr)))
			return INTERFACE_UNKNOWN;
		const struct nlmsgerr *error = NLMSG_DATA(header);
		return error->error == -ENODEV ? INTERFACE_MISSING : INTERFACE_UNKNOWN;
	}
	return INTERFACE_UNKNOWN;
}

/* ---- from look to look ---- */

static bool same_facts(const struct interface_facts *one, const struct interface_facts *other)
{
	return one->number == other->number && one->on == other->on && one->carrier == other->carrier &&
	       one->mtu == other->mtu && one->kind == other->kind && strcmp(one->name, other->name) == 0;
}

bool interface_view_look(struct interface_view *view, struct interface_watch *watch, unsigned number, const char *name)
{
	enum interface_answer before = view->answer;
	struct interface_facts facts = view->facts;

	view->answer = interface_watch_ask(watch, number, name, &view->facts);
	if (view->answer != INTERFACE_THERE)
		return view->answer != before;
	if (view->number == view->facts.number && view->facts.missed > view->last_missed)
		view->missed += view->facts.missed - view->last_missed;
	view->number = view->facts.number;
	view->last_missed = view->facts.missed;
	return view->answer != before || !same_facts(&facts, &view->facts);
}
