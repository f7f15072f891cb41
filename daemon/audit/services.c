/* SPDX-License-Identifier: Apache-2.0 */
/* See services.h. */
#include "services.h"

#include "hash.h"
#include "table.h"
#include "../../dissectors/kerberos.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { REFUSALS = 4, CANDIDATES = 16 };

struct service_host {
	struct table_link link; /* key: address, realm */
	int64_t last_ns;
	struct service_refusal refusals[REFUSALS];
	struct service_fetch fetch;
};

struct services {
	struct table hosts;
	uint64_t seed;
};

struct services *services_new(uint64_t seed)
{
	struct services *services = calloc(1, sizeof(*services));

	if (!services)
		return NULL;
	services->seed = seed;
	if (table_init(&services->hosts, sizeof(struct service_host), SERVICES_HOSTS))
		return services;
	free(services);
	return NULL;
}

void services_free(struct services *services)
{
	if (!services)
		return;
	table_destroy(&services->hosts);
	free(services);
}

static uint64_t host_hash(const struct services *services, uint32_t realm, const struct address *host)
{
	struct {
		uint8_t address[16];
		uint32_t realm, zero;
	} key = { .realm = realm };

	memcpy(key.address, host->bytes, sizeof(key.address));
	return hash_octets(&key, sizeof(key), services->seed);
}

static struct service_host *find(const struct services *services, uint32_t realm, const struct address *host)
{
	uint32_t number = table_find(&services->hosts, host_hash(services, realm, host));

	return number ? table_at(&services->hosts, number) : NULL;
}

/* The longest silent of a few makes room. */
static void evict_one(struct services *services)
{
	uint32_t victim = 0;

	for (unsigned i = 0; i < CANDIDATES; i++) {
		uint32_t number = table_sample(&services->hosts);
		const struct service_host *candidate = table_at(&services->hosts, number);
		const struct service_host *oldest = table_at(&services->hosts, victim);
		if (number && (!victim || candidate->last_ns < oldest->last_ns))
			victim = number;
	}
	if (victim)
		table_evict(&services->hosts, victim);
}

static struct service_host *obtain(struct services *services, uint32_t realm, const struct address *host)
{
	struct service_host *known = find(services, realm, host);

	if (known)
		return known;
	uint64_t hash = host_hash(services, realm, host);
	uint32_t number = table_insert(&services->hosts, hash);
	if (!number) {
		evict_one(services);
		number = table_insert(&services->hosts, hash);
	}
	return number ? table_at(&services->hosts, number) : NULL;
}

/* The place of an error about the service: its own, a free one, or the oldest. */
static struct service_refusal *place(struct service_host *host, uint64_t service)
{
	struct service_refusal *oldest = &host->refusals[0];

	for (unsigned i = 0; i < REFUSALS; i++)
		if (host->refusals[i].time_ns && host->refusals[i].service == service)
			return &host->refusals[i];
	for (unsigned i = 1; i < REFUSALS; i++)
		if (host->refusals[i].time_ns < oldest->time_ns)
			oldest = &host->refusals[i];
	return oldest;
}

static void note_refused(struct services *services, const struct transition *transition, const struct address *client,
			 const struct address *kdc)
{
	const struct transition_kerberos *kerberos = &transition->kerberos;
	struct service_host *host = obtain(services, transition->realm, client);

	if (!host)
		return;
	host->last_ns = transition->time_ns;
	struct service_refusal *refusal = place(host, kerberos->service);
	*refusal = (struct service_refusal){
		.time_ns = transition->time_ns, .error = kerberos->error, .service = kerberos->service, .kdc = *kdc
	};
	memcpy(refusal->name, kerberos->name, sizeof(refusal->name));
}

static void note_given(struct services *services, const struct transition *transition, const struct address *client)
{
	struct service_host *host = find(services, transition->realm, client);

	for (unsigned i = 0; host && i < REFUSALS; i++)
		if (host->refusals[i].service == transition->kerberos.service)
			host->refusals[i].time_ns = 0;
}

static void note_fetch(struct services *services, const struct transition *transition, const struct address *client,
		       const struct address *server)
{
	const struct transition_fetch *fetch = &transition->fetch;

	if (fetch->what == FETCH_ANSWERED) {
		struct service_host *host = find(services, transition->realm, client);
		if (host && host->fetch.port == fetch->port && address_equal(&host->fetch.server, server))
			host->fetch.time_ns = 0;
		return;
	}
	struct service_host *host = obtain(services, transition->realm, client);
	if (!host)
		return;
	host->last_ns = transition->time_ns;
	host->fetch = (struct service_fetch){
		.time_ns = transition->time_ns,
		.server = *server,
		.port = fetch->port,
		.refused = fetch->what == FETCH_REFUSED,
	};
}

void services_note(struct services *services, const struct transition *transition)
{
	const struct address *from = transition->direction ? &transition->b : &transition->a;
	const struct address *to = transition->direction ? &transition->a : &transition->b;

	if (transition->kind == TRANSITION_FETCH)
		note_fetch(services, transition, from, to);
	else if (transition->kerberos.type != KERBEROS_ERROR)
		note_given(services, transition, to);
	else if (!kerberos_error_is_step(transition->kerberos.error))
		note_refused(services, transition, to, from);
}

/*
 * Whether IPsec needs the service: tickets for tickets, or for a host by name or by its account, whose name ends in '$'.
 * Without a name in view it may be.
 */
static bool proves_hosts(const char *name)
{
	size_t length = strlen(name);

	return length == 0 || strncasecmp(name, "krbtgt/", 7) == 0 || strncasecmp(name, "host/", 5) == 0 ||
	       name[length - 1] == '$';
}

bool services_refusal(const struct services *services, uint32_t realm, const struct address *address, int64_t since_ns,
		      struct service_refusal *refusal)
{
	const struct service_host *host = find(services, realm, address);

	refusal->time_ns = 0;
	for (unsigned i = 0; host && i < REFUSALS; i++) {
		const struct service_refusal *one = &host->refusals[i];
		if (one->time_ns && one->time_ns >= since_ns && one->time_ns > refusal->time_ns &&
		    proves_hosts(one->name))
			*refusal = *one;
	}
	return refusal->time_ns != 0;
}

bool services_fetch(const struct services *services, uint32_t realm, const struct address *address, int64_t since_ns,
		    struct service_fetch *fetch)
{
	const struct service_host *host = find(services, realm, address);

	if (!host || !host->fetch.time_ns || host->fetch.time_ns < since_ns)
		return false;
	*fetch = host->fetch;
	return true;
}
