/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the services that authentication leans on did for each host: tickets that Kerberos refused it, and revocation lists
 * that it could not fetch.
 *
 * A negotiation hides why a proof was not accepted. The reason often stands in clear beside it: an error on port 88
 * (RFC 4120), or a connection to where the certificate's revocation list or OCSP responder is, without an answer. Nothing
 * here is a finding of its own: both are ordinary on any network. rule_ike_auth.c asks for them when a proof has failed.
 *
 * Memory is bounded: SERVICES_HOSTS hosts, the one unheard of for longest makes room; of a host the last few errors.
 * Called by the judge with transitions in order of time.
 */
#ifndef ESPIAL_AUDIT_SERVICES_H
#define ESPIAL_AUDIT_SERVICES_H

#include "transition.h"

enum { SERVICES_HOSTS = 4096 };

/* An error of a KDC that no ticket for the same service has made good since. */
struct service_refusal {
	int64_t time_ns; /* 0: none */
	int32_t error;
	uint64_t service;
	struct address kdc;
	char name[TRANSITION_SERVICE_SIZE]; /* "host/bob.example"; hostile, printable */
};

/* A connection to a port of HTTP or LDAP that came to nothing. */
struct service_fetch {
	int64_t time_ns; /* 0: none */
	struct address server;
	uint16_t port;
	bool refused; /* the server said no; else nothing came back */
};

struct services;

/* NULL on lack of memory. */
struct services *services_new(uint64_t seed);
void services_free(struct services *services);

/* A transition of kind KERBEROS or FETCH. */
void services_note(struct services *services, const struct transition *transition);

/*
 * What the host was refused at or after `since_ns` that it needs to prove itself by Kerberos: a ticket to ask for tickets,
 * or one for the host it talks to. The latest; false if there is none.
 */
bool services_refusal(const struct services *services, uint32_t realm, const struct address *host, int64_t since_ns,
		      struct service_refusal *refusal);

/* What the host last could not fetch, at or after `since_ns`. False if there is none. */
bool services_fetch(const struct services *services, uint32_t realm, const struct address *host, int64_t since_ns,
		    struct service_fetch *fetch);

#endif
