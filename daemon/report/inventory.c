/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering, see inventory.h. What is written is in inventory_text.c, inventory_json.c and inventory_cyclonedx.c. */
#include "inventory.h"

#include "fnv.h"

#include "../../dissectors/ike_names.h"
#include "../../dissectors/ike_vendor.h"

#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define STALE_NS (30 * 86400 * SECOND) /* silent for so long, whoever is there now goes before it */

enum {
	WAYS = 8,
	NAMES_MAX = 4096,
	READ_PER_SECOND = 256, /* certificates: to read one takes long, and strangers may send any number */
};

struct inventory {
	struct inventory_subject *subjects; /* INVENTORY_SUBJECTS, in buckets of WAYS; owned */
	struct inventory_subject **order;   /* of inventory_sort(): into the above, room for all; owned */
	size_t count;                       /* of these */
	uint64_t unlisted;                  /* made way, or found no room */
	certificate_read_function *read;    /* NULL: certificates are left out */
	void *read_context;
	struct inventory_certificate *certificates; /* INVENTORY_CERTIFICATES; owned */
	size_t certificate_count;
	int64_t read_second; /* of record time, */
	unsigned reads;      /* and certificates that were read in it */
	char **names;        /* of inventory_keep_name(), NAMES_MAX; owned; NULL before the first */
	size_t name_count;
	struct ike_message message; /* the one at hand */
};

struct inventory *inventory_new(certificate_read_function *certificate, void *certificate_context)
{
	struct inventory *inventory = calloc(1, sizeof(*inventory));

	if (!inventory)
		return NULL;
	inventory->subjects = calloc(INVENTORY_SUBJECTS, sizeof(*inventory->subjects));
	inventory->order = calloc(INVENTORY_SUBJECTS, sizeof(struct inventory_subject *));
	inventory->certificates = calloc(INVENTORY_CERTIFICATES, sizeof(*inventory->certificates));
	inventory->read = certificate;
	inventory->read_context = certificate_context;
	if (inventory->subjects && inventory->order && inventory->certificates)
		return inventory;
	inventory_free(inventory);
	return NULL;
}

void inventory_free(struct inventory *inventory)
{
	if (!inventory)
		return;
	free(inventory->subjects);
	free(inventory->order);
	free(inventory->certificates);
	for (size_t i = 0; i < inventory->name_count; i++)
		free(inventory->names[i]);
	free(inventory->names);
	free(inventory);
}

struct inventory *inventory_copy(const struct inventory *inventory)
{
	struct inventory *copy = inventory_new(inventory->read, inventory->read_context);

	if (!copy)
		return NULL;
	/* Only what is used: the rest of the memory is not even touched. */
	for (size_t i = 0; i < INVENTORY_SUBJECTS; i++)
		if (inventory->subjects[i].used)
			copy->subjects[i] = inventory->subjects[i];
	memcpy(copy->certificates, inventory->certificates,
	       inventory->certificate_count * sizeof(*inventory->certificates));
	copy->certificate_count = inventory->certificate_count;
	copy->unlisted = inventory->unlisted;
	return copy;
}

/* ---- subjects ---- */

static uint64_t hash_addresses(const struct address *a, const struct address *b)
{
	uint64_t hash = fnv_octets(fnv_octets(FNV_BASIS, a->bytes, sizeof(a->bytes)), b->bytes, sizeof(b->bytes));

	return hash ^ hash >> 32;
}

bool inventory_has_selection(const struct inventory_subject *subject)
{
	for (unsigned i = 0; i < subject->use_count; i++)
		if (subject->uses[i].selected)
			return true;
	return false;
}

/* Who makes way for others: higher goes first, 0 stays. */
static unsigned rank_of(const struct inventory_subject *subject, int64_t time_ns)
{
	if (!subject->esp && !inventory_has_selection(subject))
		return 2;
	return time_ns - subject->last_ns > STALE_NS ? 1 : 0;
}

/* Its place, made where there is none. NULL where of a whole bucket more than offers was seen, and of late. */
static struct inventory_subject *obtain(struct inventory *inventory, const struct address *a, const struct address *b,
					int64_t time_ns)
{
	size_t bucket = (size_t)(hash_addresses(a, b) % (INVENTORY_SUBJECTS / WAYS)) * WAYS;
	struct inventory_subject *place = NULL;
	unsigned place_rank = 0;

	for (size_t i = bucket; i < bucket + WAYS; i++) {
		struct inventory_subject *subject = &inventory->subjects[i];
		if (subject->used && address_equal(&subject->a, a) && address_equal(&subject->b, b))
			return subject;
		if (!subject->used) {
			if (!place || place->used)
				place = subject;
			continue;
		}
		unsigned rank = place && !place->used ? 0 : rank_of(subject, time_ns);
		if (rank > place_rank || (rank && rank == place_rank && subject->last_ns < place->last_ns)) {
			place = subject;
			place_rank = rank;
		}
	}
	if (!place || place->used)
		inventory->unlisted++;
	if (!place)
		return NULL;
	memset(place, 0, sizeof(*place));
	place->used = true;
	place->a = *a;
	place->b = *b;
	place->pair = !address_is_unspecified(b);
	place->first_ns = place->last_ns = time_ns;
	return place;
}

struct inventory_subject *inventory_make_subject(struct inventory *inventory, const struct address *a,
						 const struct address *b, int64_t time_ns)
{
	uint64_t unlisted = inventory->unlisted;
	struct inventory_subject *subject = obtain(inventory, a, b, time_ns);

	/* Whoever has to make way here had room where it came from: the lines are not those of an inventory. */
	bool made = inventory->unlisted == unlisted;
	inventory->unlisted = unlisted;
	return made && subject && !subject->use_count && !subject->messages ? subject : NULL;
}

bool inventory_make_certificate(struct inventory *inventory, const struct inventory_certificate *certificate)
{
	if (inventory->certificate_count == INVENTORY_CERTIFICATES)
		return false;
	inventory->certificates[inventory->certificate_count++] = *certificate;
	return true;
}

const char *inventory_keep_name(struct inventory *inventory, const char *name)
{
	for (size_t i = 0; i < inventory->name_count; i++)
		if (strcmp(inventory->names[i], name) == 0)
			return inventory->names[i];
	if (!inventory->names)
		inventory->names = calloc(NAMES_MAX, sizeof(*inventory->names));
	char *copy = inventory->names && inventory->name_count < NAMES_MAX ? strdup(name) : NULL;
	if (copy)
		inventory->names[inventory->name_count++] = copy;
	return copy;
}

void inventory_add_unlisted(struct inventory *inventory, uint64_t count)
{
	inventory->unlisted += count;
}

static void use(struct inventory_subject *subject, const struct ike_algorithm *algorithm, bool selected)
{
	unsigned i = 0;

	if (!subject)
		return;
	while (i < subject->use_count && memcmp(&subject->uses[i].algorithm, algorithm, sizeof(*algorithm)) != 0)
		i++;
	if (i == INVENTORY_USES) {
		subject->more = true;
		return;
	}
	if (i == subject->use_count) {
		subject->uses[i] = (struct inventory_use){ .algorithm = *algorithm };
		subject->use_count++;
	}
	if (selected)
		subject->uses[i].selected = true;
	else
		subject->uses[i].offered = true;
}

static void add_vendors(struct inventory_subject *subject, const struct ike_message *message, const uint8_t *octets)
{
	for (unsigned i = 0; subject && i < message->vendor_count; i++) {
		const uint8_t *vendor_id = ike_slice_bytes(octets, message->vendors[i]);
		struct ike_vendor vendor;
		unsigned j = 0;
		if (!vendor_id || !ike_vendor_identify(vendor_id, message->vendors[i].length, &vendor) ||
		    vendor.kind != IKE_VENDOR_PRODUCT)
			continue;
		const char *name = vendor.detail ? vendor.detail : vendor.name;
		while (j < subject->vendor_count && strcmp(subject->vendors[j], name) != 0)
			j++;
		if (j == subject->vendor_count && j < INVENTORY_VENDORS)
			subject->vendors[subject->vendor_count++] = name;
	}
}

/* ---- messages ---- */

static void note_message(struct inventory_subject *subject, const struct ike_message *message, int64_t time_ns)
{
	if (!subject)
		return;
	subject->messages++;
	subject->last_ns = time_ns;
	if (message->header.major == 2) {
		subject->v2 = true;
		if (message->header.exchange == IKEV2_EXCHANGE_IKE_SA_INIT &&
		    ike_message_notify(message, IKEV2_NOTIFY_USE_PPK)) {
			if (message->header.flags & IKEV2_FLAG_RESPONSE)
				subject->ppk_answered = true;
			else
				subject->ppk_asked = true;
		}
	} else {
		subject->v1 = true;
		subject->main |= message->header.exchange == IKEV1_EXCHANGE_MAIN;
		subject->aggressive |= message->header.exchange == IKEV1_EXCHANGE_AGGRESSIVE;
	}
	if (message->certreq_count || message->certificate_count)
		subject->certificates = true;
}

/* Up to `max` algorithms of the message's offers or selection go to the subjects. */
static void note_algorithms(const struct ike_message *message, struct inventory_subject *const *subjects,
			    unsigned subject_count)
{
	bool selects = ike_algorithm_selects(message);
	/* What was selected both use; what was offered is the offerer's, and the pair's. */
	unsigned concerned = selects ? subject_count : subject_count - 1;

	for (unsigned i = 0; i < message->proposal_count; i++) {
		const struct ike_proposal *proposal = &message->proposals[i];
		for (unsigned j = 0; j < proposal->count; j++) {
			struct ike_algorithm algorithms[4];
			unsigned count;
			if (message->header.major == 2)
				count = ike_algorithm_of_v2(&message->v2_transforms[proposal->first + j], algorithms);
			else
				count = ike_algorithms_of_v1(&message->v1_transforms[proposal->first + j], algorithms);
			for (unsigned k = 0; k < count; k++)
				for (unsigned s = 0; s < concerned; s++)
					use(subjects[s], &algorithms[k], selects);
		}
	}
}

/* ---- certificates ---- */

static struct inventory_certificate *oldest_certificate(struct inventory *inventory)
{
	struct inventory_certificate *oldest = inventory->certificates;

	for (size_t i = 1; i < inventory->certificate_count; i++)
		if (inventory->certificates[i].last_ns < oldest->last_ns)
			oldest = &inventory->certificates[i];
	return oldest;
}

static bool may_read(struct inventory *inventory, int64_t time_ns)
{
	if (inventory->read_second != time_ns / SECOND) {
		inventory->read_second = time_ns / SECOND;
		inventory->reads = 0;
	}
	if (inventory->reads < READ_PER_SECOND) {
		inventory->reads++;
		return true;
	}
	inventory->unlisted++;
	return false;
}

static void add_certificate(struct inventory *inventory, const struct address *host,
			    const struct certificate_facts *facts, int64_t time_ns)
{
	for (size_t i = 0; i < inventory->certificate_count; i++) {
		struct inventory_certificate *known = &inventory->certificates[i];
		if (memcmp(known->facts.digest, facts->digest, sizeof(facts->digest)) == 0 &&
		    address_equal(&known->host, host)) {
			known->last_ns = time_ns;
			return;
		}
	}
	struct inventory_certificate *place = &inventory->certificates[inventory->certificate_count];
	if (inventory->certificate_count == INVENTORY_CERTIFICATES) {
		inventory->unlisted++;
		place = oldest_certificate(inventory);
		if (time_ns - place->last_ns <= STALE_NS)
			return;
	} else {
		inventory->certificate_count++;
	}
	*place = (struct inventory_certificate){ *host, *facts, time_ns, time_ns };
}

static void add_certificates(struct inventory *inventory, const struct record_ike_message *record, int64_t time_ns)
{
	const struct ike_message *message = &inventory->message;

	for (unsigned i = 0; inventory->read && i < message->certificate_count; i++) {
		const struct ike_certificate *certificate = &message->certificates[i];
		const uint8_t *octets = ike_slice_bytes(record->message, certificate->data);
		struct certificate_facts facts;
		if (octets && ike_certificate_is_x509(certificate) && may_read(inventory, time_ns) &&
		    inventory->read(inventory->read_context, octets, certificate->data.length, &facts))
			add_certificate(inventory, &record->src, &facts, time_ns);
	}
}

static bool negotiates_ike(const struct ike_message *message)
{
	uint8_t exchange = message->header.exchange;

	if (message->header.major == 2)
		return exchange == IKEV2_EXCHANGE_IKE_SA_INIT;
	return exchange == IKEV1_EXCHANGE_MAIN || exchange == IKEV1_EXCHANGE_AGGRESSIVE ||
	       exchange == IKEV1_EXCHANGE_BASE;
}

static void add_message(struct inventory *inventory, const struct record_ike_message *record, int64_t time_ns)
{
	static const struct address nobody;
	struct ike_message *message = &inventory->message;
	bool swap = address_compare(&record->src, &record->dst) > 0;

	if (!record->message || !ike_message_read(record->message, record->captured, record->length, message) ||
	    (message->header.major != 1 && message->header.major != 2))
		return;
	add_certificates(inventory, record, time_ns);
	struct inventory_subject *pair =
	    obtain(inventory, swap ? &record->dst : &record->src, swap ? &record->src : &record->dst, time_ns);
	struct inventory_subject *sender = obtain(inventory, &record->src, &nobody, time_ns);
	/* The receiver is told of only where it uses what was selected: to be asked proves nothing of a host. */
	bool selects = negotiates_ike(message) && ike_algorithm_selects(message);
	struct inventory_subject *receiver = selects ? obtain(inventory, &record->dst, &nobody, time_ns) : NULL;
	/* Another place may have been made where one of these was. */
	if (receiver && (receiver == sender || receiver == pair))
		return;
	if (sender && sender == pair)
		pair = NULL;
	note_message(pair, message, time_ns);
	note_message(sender, message, time_ns);
	add_vendors(sender, message, record->message);
	add_vendors(pair, message, record->message);
	if (negotiates_ike(message)) {
		struct inventory_subject *const subjects[] = { pair, sender, receiver };
		note_algorithms(message, subjects, 3);
	}
}

/* ---- ESP and AH ---- */

static void add_class(struct inventory *inventory, const struct address *a, const struct address *b, unsigned class,
		      int64_t time_ns)
{
	struct inventory_subject *pair = obtain(inventory, a, b, time_ns);

	if (pair)
		pair->esp |= (uint8_t) class;
}

static void add_finding(struct inventory *inventory, const struct finding *finding)
{
	if (!finding->has_pair || finding->state == FINDING_CLEAR)
		return;
	switch (finding->id) {
	case FINDING_READABLE_ESP:
		add_class(inventory, &finding->a, &finding->b, INVENTORY_NULL, finding->time_ns);
		break;
	case FINDING_ESP_64_BIT_BLOCK:
		add_class(inventory, &finding->a, &finding->b, INVENTORY_BLOCK64, finding->time_ns);
		break;
	default:
		break;
	}
}

static void add_sa(struct inventory *inventory, const struct record_sa *sa)
{
	bool swap = address_compare(&sa->src, &sa->dst) > 0;

	add_class(inventory, swap ? &sa->dst : &sa->src, swap ? &sa->src : &sa->dst,
		  sa->protocol == 51 ? INVENTORY_AH : INVENTORY_ENCRYPTED, sa->last_ns);
}

void inventory_add(struct inventory *inventory, const struct record *record)
{
	switch (record->type) {
	case RECORD_IKE_MESSAGE:
		add_message(inventory, &record->ike_message, record->time_ns);
		break;
	case RECORD_FINDING:
		add_finding(inventory, &record->finding);
		break;
	case RECORD_SA:
		add_sa(inventory, &record->sa);
		break;
	default:
		break;
	}
}

/* ---- reading ---- */

static int compare_subjects(const void *left_item, const void *right_item)
{
	const struct inventory_subject *left = *(struct inventory_subject *const *)left_item;
	const struct inventory_subject *right = *(struct inventory_subject *const *)right_item;

	if (left->pair != right->pair)
		return left->pair ? -1 : 1;
	int order = address_compare(&left->a, &right->a);
	return order ? order : address_compare(&left->b, &right->b);
}

static int compare_uses(const void *left_item, const void *right_item)
{
	const struct ike_algorithm *left = &((const struct inventory_use *)left_item)->algorithm;
	const struct ike_algorithm *right = &((const struct inventory_use *)right_item)->algorithm;

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	if (left->major != right->major)
		return left->major < right->major ? -1 : 1;
	if (left->id != right->id)
		return left->id < right->id ? -1 : 1;
	return left->key_length < right->key_length ? -1 : left->key_length > right->key_length;
}

static int compare_certificates(const void *left_item, const void *right_item)
{
	const struct inventory_certificate *left = left_item, *right = right_item;
	int order = address_compare(&left->host, &right->host);

	return order ? order : memcmp(left->facts.digest, right->facts.digest, sizeof(left->facts.digest));
}

void inventory_sort(struct inventory *inventory)
{
	inventory->count = 0;
	for (size_t i = 0; i < INVENTORY_SUBJECTS; i++) {
		struct inventory_subject *subject = &inventory->subjects[i];
		if (!subject->used)
			continue;
		inventory->order[inventory->count++] = subject;
		qsort(subject->uses, subject->use_count, sizeof(subject->uses[0]), compare_uses);
	}
	qsort(inventory->certificates, inventory->certificate_count, sizeof(inventory->certificates[0]),
	      compare_certificates);
	qsort(inventory->order, inventory->count, sizeof(struct inventory_subject *), compare_subjects);
}

size_t inventory_count(const struct inventory *inventory)
{
	return inventory->count;
}

const struct inventory_subject *inventory_subject(const struct inventory *inventory, size_t index)
{
	return inventory->order[index];
}

size_t inventory_certificate_count(const struct inventory *inventory)
{
	return inventory->certificate_count;
}

const struct inventory_certificate *inventory_certificate(const struct inventory *inventory, size_t index)
{
	return &inventory->certificates[index];
}

uint64_t inventory_unlisted(const struct inventory *inventory)
{
	return inventory->unlisted;
}

enum inventory_quantum inventory_quantum(const struct inventory_subject *subject)
{
	bool selection = false, safe = false, unsafe = false, additional = false;

	for (unsigned i = 0; i < subject->use_count; i++) {
		const struct inventory_use *one = &subject->uses[i];
		if (!one->selected)
			continue;
		selection = true;
		bool good = ike_algorithm_quantum_safe(&one->algorithm);
		safe |= good;
		additional |= good && one->algorithm.kind == IKE_ALGORITHM_ADDITIONAL;
		unsafe |= !good && one->algorithm.kind == IKE_ALGORITHM_GROUP;
	}
	/* A classical group beside an additional ML-KEM is how RFC 9370 is meant to be used. */
	if (safe && (!unsafe || additional))
		return INVENTORY_SAFE;
	if (subject->ppk_asked && subject->ppk_answered)
		return INVENTORY_LIKELY_SAFE;
	return selection ? INVENTORY_NOT_SAFE : INVENTORY_UNKNOWN;
}

const char *inventory_quantum_name(enum inventory_quantum quantum)
{
	static const char *const names[] = { "unknown", "no", "likely", "yes" };

	return (size_t)quantum < 4 ? names[quantum] : "?";
}
