/* SPDX-License-Identifier: Apache-2.0 */
/* See ike_sa.h. Called by the tracker for each IKE message. */
#include "ike_sa.h"

#include "hash.h"
#include "table.h"

#include <stdlib.h>

/* IANA "Internet Key Exchange (IKEv2)" and RFC 2408 section 3.1, RFC 2409 appendix A: exchange types */
enum {
	EXCHANGE_V1_MAIN = 2,
	EXCHANGE_V1_AGGRESSIVE = 4,
	EXCHANGE_V1_INFORMATIONAL = 5,
	EXCHANGE_V1_TRANSACTION = 6,
	EXCHANGE_V1_QUICK = 32,
	EXCHANGE_V2_SA_INIT = 34,
	EXCHANGE_V2_AUTH = 35,
	EXCHANGE_V2_CREATE_CHILD = 36,
	EXCHANGE_V2_INFORMATIONAL = 37,
	EXCHANGE_V2_INTERMEDIATE = 43,
};

struct ike_sa {
	struct table_link link;
	uint32_t realm;
	struct address initiator, responder;
	uint64_t initiator_spi, responder_spi;
	int64_t first_ns, last_ns;
	uint32_t messages;
	uint8_t major, minor;
	uint8_t exchange; /* of the last message */
	bool roles_known;
	bool answered; /* a message from each side was seen */
	bool beyond;   /* an exchange that only an established IKE SA has */
	uint8_t mode;  /* enum ike_mode */
	struct address first_sender;
};

struct ike_sas {
	struct table table;
	uint64_t seed;
};

struct ike_sas *ike_sas_new(uint32_t capacity, uint64_t seed)
{
	struct ike_sas *sas = calloc(1, sizeof(*sas));
	if (!sas)
		return NULL;
	sas->seed = seed;
	if (!table_init(&sas->table, sizeof(struct ike_sa), capacity)) {
		free(sas);
		return NULL;
	}
	return sas;
}

void ike_sas_free(struct ike_sas *sas)
{
	if (!sas)
		return;
	table_destroy(&sas->table);
	free(sas);
}

/* Makes room: what was never answered goes first, then the longest silent. */
static void evict_one(struct ike_sas *sas)
{
	enum { CANDIDATES = 16 };
	uint32_t victim = 0;

	for (unsigned i = 0; i < CANDIDATES; i++) {
		uint32_t number = table_sample(&sas->table);
		if (!number)
			break;
		const struct ike_sa *candidate = table_at(&sas->table, number);
		const struct ike_sa *worst = table_at(&sas->table, victim);
		if (!victim || (!candidate->answered && worst->answered) ||
		    (candidate->answered == worst->answered && candidate->last_ns < worst->last_ns))
			victim = number;
	}
	if (victim)
		table_evict(&sas->table, victim);
}

static uint8_t mode_of(const struct ike_header *header)
{
	if (header->major >= 2)
		return IKE_MODE_IKEV2;
	if (header->exchange == EXCHANGE_V1_MAIN)
		return IKE_MODE_MAIN;
	if (header->exchange == EXCHANGE_V1_AGGRESSIVE)
		return IKE_MODE_AGGRESSIVE;
	return IKE_MODE_UNKNOWN;
}

bool ike_sas_message(struct ike_sas *sas, uint32_t realm, const struct address *src, const struct address *dst,
		     const struct ike_header *header, int64_t time_ns)
{
	struct {
		uint64_t spi;
		uint32_t realm, zero;
	} key = { header->initiator_spi, realm, 0 };
	uint64_t hash = hash_octets(&key, sizeof(key), sas->seed);
	uint32_t number = table_find(&sas->table, hash);
	bool born = number == 0;

	if (born) {
		number = table_insert(&sas->table, hash);
		if (!number) {
			evict_one(sas);
			number = table_insert(&sas->table, hash);
			if (!number)
				return false;
		}
		struct ike_sa *sa = table_at(&sas->table, number);
		sa->realm = realm;
		sa->initiator = *src;
		sa->responder = *dst;
		sa->first_sender = *src;
		sa->initiator_spi = header->initiator_spi;
		sa->first_ns = time_ns;
	}
	struct ike_sa *sa = table_at(&sas->table, number);
	sa->last_ns = time_ns;
	sa->messages++;
	sa->major = header->major;
	sa->minor = header->minor;
	sa->exchange = header->exchange;
	if (header->responder_spi)
		sa->responder_spi = header->responder_spi;
	if (!address_equal(src, &sa->first_sender))
		sa->answered = true;
	if (sa->mode == IKE_MODE_UNKNOWN)
		sa->mode = mode_of(header);
	if (!sa->roles_known) {
		bool from_initiator = false, known = false;
		if (header->major >= 2) {
			known = true;
			from_initiator = (header->flags & IKEV2_FLAG_INITIATOR) != 0;
		} else if (header->responder_spi == 0) {
			known = from_initiator = true;
		}
		if (known) {
			sa->roles_known = true;
			sa->initiator = from_initiator ? *src : *dst;
			sa->responder = from_initiator ? *dst : *src;
		}
	}
	if (header->major >= 2
		? header->exchange == EXCHANGE_V2_CREATE_CHILD || header->exchange == EXCHANGE_V2_INFORMATIONAL
		: header->exchange == EXCHANGE_V1_QUICK)
		sa->beyond = true;
	return born;
}

uint64_t ike_sas_evicted(const struct ike_sas *sas)
{
	return sas->table.evicted;
}

uint64_t ike_sas_memory(const struct ike_sas *sas)
{
	return table_resident(&sas->table);
}

static const char *step_name(const struct ike_sa *sa)
{
	if (sa->major >= 2) {
		switch (sa->exchange) {
		case EXCHANGE_V2_SA_INIT:
			return "IKE_SA_INIT";
		case EXCHANGE_V2_AUTH:
			return "IKE_AUTH";
		case EXCHANGE_V2_CREATE_CHILD:
			return "CREATE_CHILD_SA";
		case EXCHANGE_V2_INFORMATIONAL:
			return "INFORMATIONAL";
		case EXCHANGE_V2_INTERMEDIATE:
			return "IKE_INTERMEDIATE";
		default:
			return NULL;
		}
	}
	switch (sa->exchange) {
	case EXCHANGE_V1_MAIN:
		return "main mode";
	case EXCHANGE_V1_AGGRESSIVE:
		return "aggressive mode";
	case EXCHANGE_V1_INFORMATIONAL:
		return "informational";
	case EXCHANGE_V1_TRANSACTION:
		return "transaction";
	case EXCHANGE_V1_QUICK:
		return "quick mode";
	default:
		return NULL;
	}
}

static int by_first(const void *left, const void *right)
{
	const struct ike_sa *const *l = left, *const *r = right;
	if ((*l)->first_ns != (*r)->first_ns)
		return (*l)->first_ns < (*r)->first_ns ? -1 : 1;
	if ((*l)->initiator_spi != (*r)->initiator_spi)
		return (*l)->initiator_spi < (*r)->initiator_spi ? -1 : 1;
	return (*l)->realm < (*r)->realm ? -1 : (*l)->realm > (*r)->realm;
}

bool ike_sas_write(const struct ike_sas *sas, const struct record_sink *sink)
{
	if (sas->table.used == 0)
		return true;
	const struct ike_sa **order = malloc(sas->table.used * sizeof(*order));
	if (!order)
		return false;
	size_t count = 0;
	for (uint32_t number = 1; number <= sas->table.fresh; number++)
		if (table_lives(&sas->table, number))
			order[count++] = table_at(&sas->table, number);
	qsort(order, count, sizeof(*order), by_first);
	for (size_t i = 0; i < count; i++) {
		const struct ike_sa *sa = order[i];
		struct record record = { .type = RECORD_IKE_SA, .time_ns = sa->last_ns };
		record.ike_sa = (struct record_ike_sa){
			.initiator = sa->initiator,
			.responder = sa->responder,
			.roles_known = sa->roles_known,
			.ispi = sa->initiator_spi,
			.rspi = sa->responder_spi,
			.major = sa->major,
			.minor = sa->minor,
			.mode = sa->mode,
			.step = step_name(sa),
			.outcome = sa->beyond                           ? IKE_OUTCOME_ESTABLISHED
				   : !sa->answered && sa->messages >= 3 ? IKE_OUTCOME_UNANSWERED
									: IKE_OUTCOME_IN_PROGRESS,
		};
		record_write(sink, &record);
	}
	free(order);
	return true;
}
