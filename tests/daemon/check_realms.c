/* SPDX-License-Identifier: Apache-2.0 */
/* Realms from one engine to the next: what has a name goes by it, what has none by its number. */
#include "../../daemon/realms.h"
#include "../suite.h"

#include <string.h>

static const char *const *names;

static const char *name_of(void *context, uint16_t interface)
{
	ck_assert_ptr_eq(context, &names);
	return names[interface];
}

static const char *const before[] = { "eth0", "eth1", "eth2" }, *const after[] = { "eth0", "eth2", "eth1" };
static struct track_interface interfaces[3];
static struct realms realms = { interfaces, 3, name_of, &names };

static void begin(enum track_realm first, enum track_realm others)
{
	interfaces[0].realm = first;
	interfaces[1].realm = interfaces[2].realm = others;
}

START_TEST(interfaces_go_by_name)
{
	struct record pair = { .type = RECORD_KNOWN_PAIR }, finding = { .type = RECORD_FINDING }, named;

	begin(TRACK_REALM_NONE, TRACK_REALM_INTERFACE);
	pair.known_pair.realm = 2;
	finding.finding.realm = 3;
	names = before;
	ck_assert(realms_name(&realms, &pair, &named));
	pair = named;
	ck_assert(realms_name(&realms, &finding, &named));
	finding = named;
	ck_assert_str_eq(pair.known_pair.interface, "eth1");
	ck_assert_str_eq(finding.finding.realm_interface, "eth2");
	struct record held = { .type = RECORD_HELD_ALERT };
	held.finding.realm = 2;
	ck_assert(realms_name(&realms, &held, &named));
	ck_assert_str_eq(named.finding.realm_interface, "eth1");
	/* What is told of pairs and SAs says whose they are. */
	struct record told = { .type = RECORD_PAIR };
	told.pair.realm = 3;
	ck_assert(realms_name(&realms, &told, &named));
	ck_assert_str_eq(named.pair.realm_interface, "eth2");
	told = (struct record){ .type = RECORD_SA };
	told.sa.realm = 2;
	ck_assert(realms_name(&realms, &told, &named));
	ck_assert_str_eq(named.sa.realm_interface, "eth1");
	told.sa.realm = 0;
	ck_assert(!realms_name(&realms, &told, &named));
	/* The next engine has them in another order. */
	names = after;
	ck_assert(realms_find(&realms, &pair));
	ck_assert_uint_eq(pair.known_pair.realm, 3);
	ck_assert(realms_find(&realms, &finding));
	ck_assert_uint_eq(finding.finding.realm, 2);
	/* Which are realms of their own no longer. */
	begin(TRACK_REALM_NONE, TRACK_REALM_VLAN);
	ck_assert(!realms_find(&realms, &pair));
	ck_assert(!realms_find(&realms, &finding));
}
END_TEST

START_TEST(others_go_by_number)
{
	struct record finding = { .type = RECORD_FINDING }, other = { .type = RECORD_KNOWN_HOST }, named;

	names = before;
	for (uint32_t realm = 0; realm < 5; realm++) {
		finding.finding.realm = realm;
		begin(TRACK_REALM_NONE, TRACK_REALM_VLAN);
		ck_assert(!realms_name(&realms, &finding, &named));
		ck_assert(realms_find(&realms, &finding));
		ck_assert_uint_eq(finding.finding.realm, realm);
		begin(TRACK_REALM_VNI, TRACK_REALM_INTERFACE);
		ck_assert(realms_find(&realms, &finding));
		ck_assert_uint_eq(finding.finding.realm, realm);
		/* Nothing is of a VLAN where none is a realm. */
		begin(TRACK_REALM_NONE, TRACK_REALM_INTERFACE);
		ck_assert_int_eq(realms_find(&realms, &finding), realm == 0);
	}
	ck_assert(!realms_name(&realms, &other, &named));
	ck_assert(realms_find(&realms, &other));
}
END_TEST

SUITE_MAIN("realms", interfaces_go_by_name, others_go_by_number)
