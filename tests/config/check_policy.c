/* SPDX-License-Identifier: Apache-2.0 */
/* Policy without its index: defaults, gateways of a rule, and what may be clear. */
#include "config/policy.h"
#include "../suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { TCP = 6, UDP = 17, ICMP = 1, ICMPV6 = 58, OSPF = 89, RSVP = 46 };

/* Lists as literals; the policy under test never owns them. */
static struct policy_service icmp = { .kind = POLICY_SERVICE_ICMP, .name = (char *)"icmp" };
static struct policy_service dns = { .kind = POLICY_SERVICE_NAME, .name = (char *)"dns" };
static struct policy_service ssh = { .kind = POLICY_SERVICE_PORT, .protocol = TCP, .port = 22 };
static struct policy_service ospf = { .kind = POLICY_SERVICE_PROTOCOL, .protocol = OSPF };
static struct policy_service all_tcp = { .kind = POLICY_SERVICE_PROTOCOL, .protocol = TCP };
static struct policy_service all_udp = { .kind = POLICY_SERVICE_PROTOCOL, .protocol = UDP };

#define LIST(service)                                                                                                  \
	{                                                                                                              \
		.entries = &(service), .count = 1                                                                      \
	}
#define EMPTY                                                                                                          \
	{                                                                                                              \
		.entries = NULL, .count = 0                                                                            \
	}
#define NONE EMPTY, EMPTY, EMPTY

#define X3 POLICY_EXEMPT_WINDOWS_2003
#define X0 POLICY_EXEMPT_WINDOWS_2000
#define XN POLICY_EXEMPT_NONE
#define DENIED POLICY_CLEAR_DENIED
#define ALLOWED POLICY_CLEAR_ALLOWED
#define PENDING POLICY_CLEAR_PENDING

static const struct clear_case {
	const char *what;
	enum policy_exempt exempt;
	struct policy_services allow, rule_allow, rule_deny;
	struct policy_traffic traffic;
	enum policy_allowed expected;
} clear_cases[] = {
	{ "nothing allows http", X3, NONE, { .protocol = TCP, .port = 80, .name = "HTTP" }, DENIED },
	{ "nothing to wait for", X3, NONE, { .protocol = TCP, .port = 80, .name_pending = true }, DENIED },

	{ "what is no ike on its port", XN, NONE, { .protocol = UDP, .port = 500 }, DENIED },
	{ "what is no esp on port 4500", XN, NONE, { .protocol = UDP, .port = 4500 }, DENIED },
	{ "perhaps ike over tcp", XN, NONE, { .protocol = TCP, .port = 4500, .name_pending = true }, PENDING },
	{ "no ike over tcp", XN, NONE, { .protocol = TCP, .port = 4500, .name = "HTTP" }, DENIED },
	{ "tcp/500 is not ike", XN, NONE, { .protocol = TCP, .port = 500 }, DENIED },
	{ "dhcp server", XN, NONE, { .protocol = UDP, .port = 67 }, ALLOWED },
	{ "dhcp client", XN, NONE, { .protocol = UDP, .port = 68 }, ALLOWED },
	{ "dhcpv6 client", XN, NONE, { .protocol = UDP, .port = 546 }, ALLOWED },
	{ "dhcpv6 server", XN, NONE, { .protocol = UDP, .port = 547 }, ALLOWED },
	{ "tcp/67 is not dhcp", XN, NONE, { .protocol = TCP, .port = 67 }, DENIED },
	{ "udp/548 is beside dhcpv6", XN, NONE, { .protocol = UDP, .port = 548 }, DENIED },
	{ "dhcp cannot be denied", X3, EMPTY, EMPTY, LIST(all_udp), { .protocol = UDP, .port = 67 }, ALLOWED },

	{ "group", X3, NONE, { .protocol = UDP, .port = 5353, .group = true }, ALLOWED },
	{ "group, 2000", X0, NONE, { .protocol = UDP, .port = 5353, .group = true }, ALLOWED },
	{ "group, none", XN, NONE, { .protocol = UDP, .port = 5353, .group = true }, DENIED },
	{ "group, denied by the rule", X3, EMPTY, EMPTY, LIST(all_udp), { .protocol = UDP, .group = true }, DENIED },
	{ "kerberos", X0, NONE, { .protocol = UDP, .port = 88 }, ALLOWED },
	{ "kerberos over tcp", X0, NONE, { .protocol = TCP, .port = 88, .name_pending = true }, ALLOWED },
	{ "kerberos, 2003", X3, NONE, { .protocol = TCP, .port = 88 }, DENIED },
	{ "rsvp", X0, NONE, { .protocol = RSVP }, ALLOWED },
	{ "rsvp, 2003", X3, NONE, { .protocol = RSVP }, DENIED },
	{ "port 88 of another protocol", X0, NONE, { .protocol = 132, .port = 88 }, DENIED },

	{ "small echo", X3, LIST(icmp), EMPTY, EMPTY, { .protocol = ICMP, .icmp_harmless = true }, ALLOWED },
	{ "large echo", X3, LIST(icmp), EMPTY, EMPTY, { .protocol = ICMP }, DENIED },
	{ "icmpv6", X3, LIST(icmp), EMPTY, EMPTY, { .protocol = ICMPV6, .icmp_harmless = true }, ALLOWED },
	{ "icmp, denied by the rule",
	  X3,
	  LIST(icmp),
	  EMPTY,
	  LIST(icmp),
	  { .protocol = ICMP, .icmp_harmless = true },
	  DENIED },
	{ "icmp by the rule", XN, EMPTY, LIST(icmp), EMPTY, { .protocol = ICMP, .icmp_harmless = true }, ALLOWED },

	{ "name", X3, LIST(dns), EMPTY, EMPTY, { .protocol = UDP, .port = 53, .name = "DNS" }, ALLOWED },
	{ "name by the rule", X3, EMPTY, LIST(dns), EMPTY, { .protocol = UDP, .port = 5300, .name = "dns" }, ALLOWED },
	{ "other name", X3, LIST(dns), EMPTY, EMPTY, { .protocol = UDP, .port = 53, .name = "DNSX" }, DENIED },
	{ "shorter name", X3, LIST(dns), EMPTY, EMPTY, { .protocol = UDP, .port = 53, .name = "DN" }, DENIED },
	{ "name not known", X3, LIST(dns), EMPTY, EMPTY, { .protocol = UDP, .port = 53 }, DENIED },
	{ "name not known yet",
	  X3,
	  LIST(dns),
	  EMPTY,
	  EMPTY,
	  { .protocol = UDP, .port = 53, .name_pending = true },
	  PENDING },
	{ "name not known yet, of the rule",
	  X3,
	  EMPTY,
	  LIST(dns),
	  EMPTY,
	  { .protocol = UDP, .name_pending = true },
	  PENDING },
	{ "name may be denied",
	  X3,
	  LIST(ssh),
	  EMPTY,
	  LIST(dns),
	  { .protocol = TCP, .port = 22, .name_pending = true },
	  PENDING },
	{ "name is not denied",
	  X3,
	  LIST(ssh),
	  EMPTY,
	  LIST(dns),
	  { .protocol = TCP, .port = 22, .name = "SSH" },
	  ALLOWED },
	{ "name is denied", X3, LIST(ssh), EMPTY, LIST(dns), { .protocol = TCP, .port = 22, .name = "DNS" }, DENIED },
	{ "name may be denied, nothing allows",
	  X3,
	  EMPTY,
	  EMPTY,
	  LIST(dns),
	  { .protocol = TCP, .port = 80, .name_pending = true },
	  DENIED },
	{ "denied for sure, name might allow",
	  X3,
	  LIST(dns),
	  EMPTY,
	  LIST(all_tcp),
	  { .protocol = TCP, .port = 53, .name_pending = true },
	  DENIED },
	{ "the rule allows what the policy waits for",
	  X3,
	  LIST(dns),
	  LIST(ssh),
	  EMPTY,
	  { .protocol = TCP, .port = 22, .name_pending = true },
	  ALLOWED },
	{ "group may be denied",
	  X3,
	  EMPTY,
	  EMPTY,
	  LIST(dns),
	  { .protocol = UDP, .group = true, .name_pending = true },
	  PENDING },

	{ "port", X3, LIST(ssh), EMPTY, EMPTY, { .protocol = TCP, .port = 22 }, ALLOWED },
	{ "port of another protocol", X3, LIST(ssh), EMPTY, EMPTY, { .protocol = UDP, .port = 22 }, DENIED },
	{ "port one beside", X3, LIST(ssh), EMPTY, EMPTY, { .protocol = TCP, .port = 23 }, DENIED },
	{ "port not known", X3, LIST(ssh), EMPTY, EMPTY, { .protocol = TCP }, DENIED },
	{ "protocol", X3, LIST(ospf), EMPTY, EMPTY, { .protocol = OSPF }, ALLOWED },
	{ "protocol one beside", X3, LIST(ospf), EMPTY, EMPTY, { .protocol = OSPF + 1 }, DENIED },
	{ "protocol less a port", X3, LIST(all_tcp), EMPTY, LIST(ssh), { .protocol = TCP, .port = 22 }, DENIED },
	{ "protocol less another port", X3, LIST(all_tcp), EMPTY, LIST(ssh), { .protocol = TCP, .port = 23 }, ALLOWED },
};

enum { CLEAR_CASES = sizeof(clear_cases) / sizeof(*clear_cases) };

START_TEST(may_be_clear)
{
	const struct clear_case *one = &clear_cases[_i];
	struct policy policy = { .exempt = one->exempt, .allow = one->allow };
	struct policy_rule rule = { .allow = one->rule_allow, .deny = one->rule_deny };

	ck_assert_msg(policy_may_be_clear(&policy, &rule, &one->traffic) == one->expected, "%s", one->what);
	/* A learned pair has no rule: the same answer wherever the rule's own lists are empty. */
	if (one->rule_allow.count == 0 && one->rule_deny.count == 0)
		ck_assert_msg(policy_may_be_clear(&policy, NULL, &one->traffic) == one->expected, "%s, learned",
			      one->what);
}
END_TEST

START_TEST(many_entries)
{
	/* The entry that decides comes last, after one that would wait. */
	struct policy_service entries[] = { dns, ospf, ssh };
	struct policy policy = { .exempt = XN, .allow = { entries, 3 } };
	struct policy_traffic traffic = { .protocol = TCP, .port = 22, .name_pending = true };

	ck_assert_int_eq(policy_may_be_clear(&policy, NULL, &traffic), POLICY_CLEAR_ALLOWED);
	policy.allow.count = 2;
	ck_assert_int_eq(policy_may_be_clear(&policy, NULL, &traffic), POLICY_CLEAR_PENDING);
	policy.allow.count = 0;
	ck_assert_int_eq(policy_may_be_clear(&policy, NULL, &traffic), POLICY_CLEAR_DENIED);
}
END_TEST

START_TEST(defaults)
{
	struct policy policy;

	memset(&policy, 0xff, sizeof(policy));
	policy_init(&policy);
	ck_assert(policy.learn);
	ck_assert_int_eq(policy.exempt, POLICY_EXEMPT_WINDOWS_2003);
	ck_assert_uint_eq(policy.allow.count, 1);
	ck_assert_int_eq(policy.allow.entries[0].kind, POLICY_SERVICE_ICMP);
	ck_assert_str_eq(policy.allow.entries[0].name, "icmp");
	ck_assert_uint_eq(policy.rule_count, 0);
	ck_assert_ptr_null(policy.rules);
	ck_assert_ptr_null(policy.index);
	policy_clear(&policy);
	ck_assert_uint_eq(policy.allow.count, 0);
	policy_clear(&policy); /* of a cleared policy is fine */
}
END_TEST

START_TEST(gateways)
{
	uint8_t list[2][16] = { { 1, [15] = 1 }, { 1, [15] = 2 } };
	const uint8_t other[16] = { 1, [15] = 3 };
	struct policy_rule rule = { .gateways = list, .gateway_count = 2 };

	ck_assert(policy_is_gateway(&rule, list[0]));
	ck_assert(policy_is_gateway(&rule, list[1]));
	ck_assert(!policy_is_gateway(&rule, other));
	rule.gateway_count = 0;
	ck_assert(!policy_is_gateway(&rule, list[0]));
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(policy_level_name(POLICY_REQUIRE), "require");
	ck_assert_str_eq(policy_level_name(POLICY_REQUEST), "request");
	ck_assert_str_eq(policy_level_name(POLICY_RESPOND), "respond");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tests = tcase_create("policy");

	tcase_add_loop_test(tests, may_be_clear, 0, CLEAR_CASES);
	tcase_add_test(tests, many_entries);
	tcase_add_test(tests, defaults);
	tcase_add_test(tests, gateways);
	tcase_add_test(tests, names);
	suite_add_tcase(suite, tests);
	return suite_end(suite);
}
