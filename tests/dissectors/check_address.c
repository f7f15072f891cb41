/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: text and back, order, and the kinds that matter. */
#include "dissectors/address.h"

#include "../suite.h"

#include <stdio.h>

static struct address parse(const char *text)
{
	struct address address;
	ck_assert_msg(address_parse(text, &address), "%s", text);
	return address;
}

START_TEST(text_comes_back)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "2001:DB8:0:0::1", "2001:db8::1" },
		{ "::", "::" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address address = parse(rows[i].in);
		struct address_text text;
		ck_assert_str_eq(address_text(&address, &text), rows[i].out);
	}
}
END_TEST

START_TEST(one_spelling_is_ours)
{
	static const char *const ours[] = { "0.0.0.0", "9.10.99.100", "255.255.255.255", "2001:db8::1", "::" };
	static const char *const others[] = {
		"",         "1.2.3",       "1.2.3.4.",      "1.2.3.4.5",        "01.2.3.4",
		"1.2.3.00", "1.2.3.256",   "1.2.3.1000",    "1..2.3",           "+1.2.3.4",
		"1.2.3.4 ", "2001:DB8::1", "2001:db8:0::1", "::ffff:192.0.2.1", "1.2.3.-4"
	};
	struct address address;

	for (unsigned i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		struct address same = parse(ours[i]);
		ck_assert_msg(address_parse_own(ours[i], &address) && address_equal(&address, &same), "%s", ours[i]);
	}
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert_msg(!address_parse_own(others[i], &address), "%s", others[i]);
	/* Each octet that there is, as the C library spells it. */
	for (unsigned i = 0; i < 256; i++) {
		const uint8_t octets[4] = { (uint8_t)i, (uint8_t)(255 - i), (uint8_t)(i / 10), (uint8_t)(i * 7) };
		char expected[ADDRESS_TEXT_SIZE];
		struct address_text text;
		address = address_from_ipv4(octets);
		snprintf(expected, sizeof(expected), "%u.%u.%u.%u", octets[0], octets[1], octets[2], octets[3]);
		ck_assert_str_eq(address_text(&address, &text), expected);
	}
}
END_TEST

START_TEST(what_is_no_address_changes_nothing)
{
	static const char *const rows[] = { "", "192.0.2", "192.0.2.256", "2001:db8", "::1/64", "host", " 192.0.2.1" };
	struct address before = parse("192.0.2.7"), address = before;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(!address_parse(rows[i], &address), "%s", rows[i]);
		ck_assert(address_equal(&before, &address));
	}
}
END_TEST

START_TEST(kinds)
{
	static const struct {
		const char *text;
		bool ipv4, unspecified, group, local;
	} rows[] = {
		{ "0.0.0.0", true, true, false, false },
		{ "0.0.0.1", true, false, false, false },
		{ "223.255.255.255", true, false, false, false },
		{ "224.0.0.0", true, false, true, false },
		{ "239.255.255.255", true, false, true, false },
		{ "240.0.0.0", true, false, false, false },
		{ "255.255.255.255", true, false, true, false },
		{ "169.254.0.1", true, false, false, true },
		{ "169.255.0.1", true, false, false, false },
		{ "::", false, true, false, false },
		{ "::1", false, false, false, false },
		{ "ff02::1", false, false, true, false },
		{ "fe80::1", false, false, false, true },
		{ "febf::1", false, false, false, true },
		{ "fec0::1", false, false, false, false },
		{ "fe00::1", false, false, false, false },
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address address = parse(rows[i].text);
		ck_assert_msg(address_is_ipv4(&address) == rows[i].ipv4, "%s", rows[i].text);
		ck_assert_msg(address_is_unspecified(&address) == rows[i].unspecified, "%s", rows[i].text);
		ck_assert_msg(address_is_group(&address) == rows[i].group, "%s", rows[i].text);
		ck_assert_msg(address_is_link_local(&address) == rows[i].local, "%s", rows[i].text);
	}
}
END_TEST

START_TEST(order)
{
	struct address low = parse("192.0.2.1"), high = parse("192.0.2.2"), six = parse("2001:db8::1");
	ck_assert_int_lt(address_compare(&low, &high), 0);
	ck_assert_int_lt(address_compare(&high, &six), 0);
	ck_assert_int_eq(address_compare(&six, &six), 0);
	ck_assert(!address_equal(&low, &high));
}
END_TEST

SUITE_MAIN("address", text_comes_back, one_spelling_is_ours, what_is_no_address_changes_nothing, kinds, order)
