/* SPDX-License-Identifier: Apache-2.0 */
/* See known_json.h. */
#include "known_json.h"

#include "timestamp.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1e9
#define YEARS_NS (INT64_C(100) * 365 * 86400 * 1000000000) /* nothing lasts so long */

enum { PROTOCOL_ESP = 50, PROTOCOL_AH = 51 };

bool known_json_is(enum record_type type)
{
	return type == RECORD_KNOWN_PAIR || type == RECORD_KNOWN_HOST || type == RECORD_KNOWN_ALERT;
}

/* ---- writing ---- */

static json_t *time_of(int64_t time_ns)
{
	struct timestamp_text text;

	return time_ns ? json_string(timestamp_text(time_ns, &text)) : json_null();
}

static json_t *address_of(const struct address *address)
{
	struct address_text text;

	return json_string(address_text(address, &text));
}

static json_t *text_of(const char *text)
{
	json_t *value = text ? json_string(text) : json_null();

	return value ? value : json_null(); /* no UTF-8: no name that can be looked for */
}

static json_t *rekey_of(const struct known_rekey *rekey)
{
	json_t *bytes = rekey->bytes == KNOWN_BYTES_NOT ? json_null() : json_integer((json_int_t)rekey->bytes);

	return json_pack("[f,o,o]", (double)rekey->interval_ns / SECOND, bytes,
			 text_of(record_initiator_name(rekey->initiator)));
}

static json_t *sa_of(const struct known_spi *sa)
{
	char spi[16];

	snprintf(spi, sizeof(spi), "0x%08x", sa->spi);
	return json_pack("[s,s,o,o,o,b]", spi, sa->protocol == PROTOCOL_AH ? "ah" : "esp", time_of(sa->keyed_ns),
			 time_of(sa->born_ns), time_of(sa->last_ns), sa->ended);
}

static json_t *direction_of(const struct known_direction *direction)
{
	json_t *intervals = json_array(), *sas = json_array();

	for (unsigned i = 0; i < direction->rekey_count && i < KNOWN_REKEYS; i++)
		json_array_append_new(intervals, rekey_of(&direction->rekey[i]));
	for (unsigned i = 0; i < direction->sa_count && i < KNOWN_SAS; i++)
		json_array_append_new(sas, sa_of(&direction->sa[i]));
	return json_pack("{s:o,s:o,s:b,s:I,s:I,s:I,s:o,s:o}", "first", time_of(direction->first_ns), "last",
			 time_of(direction->last_ns), "running", direction->running, "rekeys",
			 (json_int_t)direction->rekeys, "habit", (json_int_t)direction->habit, "remembered",
			 (json_int_t)direction->remembered, "intervals", intervals, "sas", sas);
}

static json_t *suite_of(const struct ike_suite *suite)
{
	json_t *list;

	if (!suite->major)
		return json_null();
	list = json_array();
	for (unsigned i = 0; i < suite->count && i < IKE_SUITE_MAX; i++) {
		const struct ike_algorithm *algorithm = &suite->algorithms[i];
		json_array_append_new(list, json_pack("[s,i,i]", ike_algorithm_kind_name(algorithm->kind),
						      algorithm->id, algorithm->key_length));
	}
	return json_pack("{s:i,s:o}", "major", suite->major, "algorithms", list);
}

static json_t *modes_of(uint8_t takes)
{
	json_t *list = json_array();

	for (unsigned mode = IKE_MODE_UNKNOWN + 1; mode < IKE_MODE_COUNT; mode++)
		if (takes & 1u << mode)
			json_array_append_new(list, json_string(ike_mode_name((enum ike_mode)mode)));
	return list;
}

static json_t *services_of(const struct record_known_pair *pair)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < pair->beside_count && i < KNOWN_SERVICES; i++)
		json_array_append_new(list, json_pack("[i,i,b]", pair->beside[i].protocol, pair->beside[i].port,
						      pair->beside[i].encrypted));
	return list;
}

static json_t *pair_object(const struct record_known_pair *pair)
{
	return json_pack("{s:o,s:o,s:I,s:o,s:i,s:b,s:b,s:o,s:o}", "a", address_of(&pair->a), "b", address_of(&pair->b),
			 "realm", (json_int_t)pair->realm, "interface", text_of(pair->interface), "vlan", pair->vlan,
			 "learned", pair->learned, "forgotten", pair->forgotten, "directions",
			 json_pack("[o,o]", direction_of(&pair->direction[0]), direction_of(&pair->direction[1])),
			 "beside", services_of(pair));
}

static json_t *host_object(const struct record_known_host *host)
{
	return json_pack("{s:o,s:o,s:b,s:b,s:b,s:b,s:o,s:o,s:o,s:o}", "address", address_of(&host->address),
			 "first_peer", address_of(&host->first_peer), "more", host->more, "told_new", host->told_new,
			 "proof_held", host->proof_held, "forgotten", host->forgotten, "takes", modes_of(host->takes),
			 "last", time_of(host->last_ns), "chose", suite_of(&host->chose), "offered",
			 suite_of(&host->offered));
}

bool known_json_put(json_t *object, const struct record *record)
{
	char alert[24];
	json_t *own;

	snprintf(alert, sizeof(alert), "%016llx", (unsigned long long)record->known_alert.alert);
	own = record->type == RECORD_KNOWN_PAIR   ? pair_object(&record->known_pair)
	      : record->type == RECORD_KNOWN_HOST ? host_object(&record->known_host)
						  : json_pack("{s:s}", "alert", alert);
	if (!own)
		return false;
	bool done = json_object_update(object, own) == 0;
	json_decref(own);
	return done;
}

/* ---- reading: each returns whether the value is as it should be ---- */

static bool take_time(const json_t *value, int64_t *time_ns)
{
	const char *text = json_string_value(value);

	*time_ns = 0;
	if (json_is_null(value))
		return true;
	return text && timestamp_parse(text, time_ns) && *time_ns > 0;
}

static bool take_address(const json_t *value, struct address *address)
{
	const char *text = json_string_value(value);

	return text && address_parse_own(text, address);
}

static bool take_count(const json_t *value, uint32_t *count)
{
	json_int_t number = json_integer_value(value);

	*count = (uint32_t)number;
	return json_is_integer(value) && number >= 0 && number <= UINT32_MAX;
}

static bool take_flag(const json_t *value, bool *flag)
{
	*flag = json_is_true(value);
	return json_is_boolean(value);
}

static bool take_initiator(const json_t *value, enum record_initiator *initiator)
{
	const char *text = json_string_value(value);

	*initiator = INITIATOR_UNKNOWN;
	if (json_is_null(value))
		return true;
	for (int i = INITIATOR_UNKNOWN + 1; text && i < INITIATOR_COUNT; i++)
		if (strcmp(text, record_initiator_name((enum record_initiator)i)) == 0)
			*initiator = (enum record_initiator)i;
	return *initiator != INITIATOR_UNKNOWN;
}

static bool take_rekey(const json_t *value, struct known_rekey *rekey)
{
	const json_t *interval = json_array_get(value, 0), *bytes = json_array_get(value, 1);
	double seconds = json_number_value(interval);

	if (json_array_size(value) != 3 || !json_is_number(interval) || !isfinite(seconds) || seconds <= 0 ||
	    seconds >= (double)YEARS_NS / SECOND || (!json_is_null(bytes) && !json_is_integer(bytes)) ||
	    json_integer_value(bytes) < 0)
		return false;
	rekey->interval_ns = (int64_t)(seconds * SECOND + 0.5);
	rekey->bytes = json_is_null(bytes) ? KNOWN_BYTES_NOT : (uint64_t)json_integer_value(bytes);
	return take_initiator(json_array_get(value, 2), &rekey->initiator);
}

static bool take_sa(const json_t *value, struct known_spi *sa)
{
	const char *spi = json_string_value(json_array_get(value, 0)), *protocol;
	char *end = NULL;

	protocol = json_string_value(json_array_get(value, 1));
	if (json_array_size(value) != 6 || !spi || strlen(spi) != 10 || strncmp(spi, "0x", 2) != 0 ||
	    strspn(spi + 2, "0123456789abcdef") != 8 || !protocol)
		return false;
	sa->spi = (uint32_t)strtoul(spi + 2, &end, 16);
	sa->protocol = strcmp(protocol, "esp") == 0 ? PROTOCOL_ESP : strcmp(protocol, "ah") == 0 ? PROTOCOL_AH : 0;
	return sa->protocol && take_time(json_array_get(value, 2), &sa->keyed_ns) &&
	       take_time(json_array_get(value, 3), &sa->born_ns) && take_time(json_array_get(value, 4), &sa->last_ns) &&
	       take_flag(json_array_get(value, 5), &sa->ended) && sa->keyed_ns && sa->born_ns >= sa->keyed_ns &&
	       sa->last_ns >= sa->born_ns;
}

static const char *take_direction(json_t *value, struct known_direction *direction)
{
	json_t *first, *last, *running, *rekeys, *habit, *remembered, *intervals, *sas;

	if (json_unpack_ex(value, NULL, JSON_STRICT, "{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "first", &first, "last",
			   &last, "running", &running, "rekeys", &rekeys, "habit", &habit, "remembered", &remembered,
			   "intervals", &intervals, "sas", &sas) != 0)
		return "directions: not with the keys of one";
	if (!take_time(first, &direction->first_ns) || !take_time(last, &direction->last_ns) ||
	    !take_flag(running, &direction->running) || (direction->first_ns == 0) != (direction->last_ns == 0) ||
	    direction->last_ns < direction->first_ns)
		return "first, last, running: no times, or out of order";
	direction->rekey_count = (unsigned)json_array_size(intervals);
	direction->sa_count = (unsigned)json_array_size(sas);
	if (!take_count(rekeys, &direction->rekeys) || !take_count(habit, &direction->habit) ||
	    direction->habit > direction->rekeys || !json_is_array(intervals) ||
	    direction->rekey_count > KNOWN_REKEYS || direction->rekey_count > direction->rekeys ||
	    !take_count(remembered, &direction->remembered) || direction->remembered > direction->rekey_count)
		return "rekeys, habit, remembered, intervals: contradict one another";
	if (!json_is_array(sas) || direction->sa_count > KNOWN_SAS)
		return "sas: not a list of its size";
	for (unsigned i = 0; i < direction->rekey_count; i++)
		if (!take_rekey(json_array_get(intervals, i), &direction->rekey[i]))
			return "intervals: not seconds, octets and who asked";
	for (unsigned i = 0; i < direction->sa_count; i++)
		if (!take_sa(json_array_get(sas, i), &direction->sa[i]) ||
		    (i && direction->sa[i].born_ns > direction->sa[i - 1].born_ns))
			return "sas: not SPI, protocol and times, newest first";
	return NULL;
}

static bool take_services(const json_t *list, struct record_known_pair *pair)
{
	if (!json_is_array(list) || json_array_size(list) > KNOWN_SERVICES)
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *row = json_array_get(list, i);
		struct known_service *service = &pair->beside[pair->beside_count++];
		uint32_t protocol, port;
		if (json_array_size(row) != 3 || !take_count(json_array_get(row, 0), &protocol) || protocol > 255 ||
		    !take_count(json_array_get(row, 1), &port) || port > 65535 ||
		    !take_flag(json_array_get(row, 2), &service->encrypted))
			return false;
		service->protocol = (uint8_t)protocol;
		service->port = (uint16_t)port;
	}
	return true;
}

static const char *take_pair(json_t *object, struct record_known_pair *pair)
{
	json_t *type, *time, *sensor, *a, *b, *realm, *interface, *vlan, *learned, *forgotten, *directions, *beside;
	uint32_t tag;

	if (json_unpack_ex(object, NULL, JSON_STRICT, "{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "type",
			   &type, "time", &time, "sensor", &sensor, "a", &a, "b", &b, "realm", &realm, "interface",
			   &interface, "vlan", &vlan, "learned", &learned, "forgotten", &forgotten, "directions",
			   &directions, "beside", &beside) != 0)
		return "record: not with the keys of a known pair";
	if (!take_address(a, &pair->a) || !take_address(b, &pair->b) || address_compare(&pair->a, &pair->b) >= 0)
		return "a, b: not two addresses, lower first";
	if (!take_count(realm, &pair->realm) || (!json_is_null(interface) && !json_is_string(interface)))
		return "realm, interface: not a number and a name";
	pair->interface = json_string_value(interface);
	if (!take_count(vlan, &tag) || tag > 4095)
		return "vlan: not a tag";
	pair->vlan = (uint16_t)tag;
	if (!take_flag(learned, &pair->learned) || !take_flag(forgotten, &pair->forgotten))
		return "learned, forgotten: not true or false";
	if (!take_services(beside, pair))
		return "beside: not protocols and ports";
	if (json_array_size(directions) != 2)
		return "directions: not two";
	for (unsigned d = 0; d < 2; d++) {
		const char *why = take_direction(json_array_get(directions, d), &pair->direction[d]);
		if (why)
			return why;
	}
	return NULL;
}

static bool take_suite(json_t *value, struct ike_suite *suite)
{
	json_t *list;
	int major;

	if (json_is_null(value))
		return true;
	if (json_unpack_ex(value, NULL, JSON_STRICT, "{s:i,s:o}", "major", &major, "algorithms", &list) != 0 ||
	    major < 1 || major > 2 || json_array_size(list) < 1 || json_array_size(list) > IKE_SUITE_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct ike_algorithm *algorithm = &suite->algorithms[suite->count++];
		const char *name;
		int id, bits;
		if (json_unpack_ex(json_array_get(list, i), NULL, JSON_STRICT, "[s,i,i]", &name, &id, &bits) != 0 ||
		    id < 0 || id > UINT16_MAX || bits < 0 || bits > UINT16_MAX)
			return false;
		unsigned kind = 0;
		while (kind < IKE_ALGORITHM_KIND_COUNT && strcmp(ike_algorithm_kind_name(kind), name) != 0)
			kind++;
		if (kind == IKE_ALGORITHM_KIND_COUNT)
			return false;
		*algorithm = (struct ike_algorithm){ (uint8_t)kind, kind == IKE_ALGORITHM_GROUP ? 2 : (uint8_t)major,
						     (uint16_t)id, (uint16_t)bits };
	}
	suite->major = (uint8_t)major;
	return true;
}

static bool take_modes(const json_t *list, uint8_t *takes)
{
	if (!json_is_array(list) || json_array_size(list) >= IKE_MODE_COUNT)
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		unsigned mode = IKE_MODE_UNKNOWN + 1;
		while (text && mode < IKE_MODE_COUNT && strcmp(ike_mode_name((enum ike_mode)mode), text) != 0)
			mode++;
		if (!text || mode == IKE_MODE_COUNT)
			return false;
		*takes |= (uint8_t)(1u << mode);
	}
	return true;
}

static const char *take_host(json_t *object, struct record_known_host *host)
{
	json_t *type, *time, *sensor, *address, *peer, *more, *told, *held, *forgotten, *takes, *last, *chose, *offered;

	if (json_unpack_ex(object, NULL, JSON_STRICT, "{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "type",
			   &type, "time", &time, "sensor", &sensor, "address", &address, "first_peer", &peer, "more",
			   &more, "told_new", &told, "proof_held", &held, "forgotten", &forgotten, "takes", &takes,
			   "last", &last, "chose", &chose, "offered", &offered) != 0)
		return "record: not with the keys of a known host";
	if (!take_address(address, &host->address) || !take_address(peer, &host->first_peer))
		return "address, first_peer: not addresses";
	if (!take_flag(more, &host->more) || !take_flag(told, &host->told_new) || !take_flag(held, &host->proof_held) ||
	    !take_flag(forgotten, &host->forgotten))
		return "more, told_new, proof_held, forgotten: not true or false";
	if (!take_modes(takes, &host->takes) || !take_time(last, &host->last_ns))
		return "takes, last: not modes and a time";
	if (!take_suite(chose, &host->chose) || !take_suite(offered, &host->offered))
		return "chose, offered: not suites";
	return NULL;
}

static const char *take_alert(json_t *object, struct record_known_alert *alert)
{
	const char *number;
	json_t *type, *time, *sensor;

	if (json_unpack_ex(object, NULL, JSON_STRICT, "{s:o,s:o,s:o,s:s}", "type", &type, "time", &time, "sensor",
			   &sensor, "alert", &number) != 0 ||
	    !finding_number_read(number, &alert->alert))
		return "alert: not sixteen hexadecimal digits";
	return NULL;
}

const char *known_json_take(json_t *object, struct record *record)
{
	switch (record->type) {
	case RECORD_KNOWN_PAIR:
		return take_pair(object, &record->known_pair);
	case RECORD_KNOWN_HOST:
		return take_host(object, &record->known_host);
	default:
		return take_alert(object, &record->known_alert);
	}
}
