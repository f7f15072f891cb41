/* SPDX-License-Identifier: Apache-2.0 */
/* Vendor IDs: every hash in the table computed again from its string, versions, text, and what must not match. */
#include "dissectors/ike_vendor.h"

#include "../suite.h"

#include <openssl/evp.h>
#include <string.h>

START_TEST(hashes)
{
	size_t count;
	const struct ike_vendor_row *rows = ike_vendor_rows(&count);
	unsigned hashed = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned char digest[EVP_MAX_MD_SIZE];
		unsigned size = 0;
		ck_assert(rows[i].octet_count > 0 && rows[i].octet_count <= sizeof(rows[i].octets));
		ck_assert_int_eq(rows[i].string != NULL, rows[i].hash != IKE_VENDOR_PLAIN);
		if (!rows[i].string)
			continue;
		const EVP_MD *hash = rows[i].hash == IKE_VENDOR_MD5 ? EVP_md5() : EVP_sha1();
		ck_assert_int_eq(EVP_Digest(rows[i].string, strlen(rows[i].string), digest, &size, hash, NULL), 1);
		ck_assert_msg(rows[i].octet_count <= size && memcmp(digest, rows[i].octets, rows[i].octet_count) == 0,
			      "%s", rows[i].string);
		hashed++;
	}
	ck_assert_uint_ge(hashed, 50);
}
END_TEST

/* Each row is found by its own octets, with whatever it wants behind them: none stands hidden behind another. */
START_TEST(every_row)
{
	size_t count;
	const struct ike_vendor_row *rows = ike_vendor_rows(&count);

	for (size_t i = 0; i < count; i++) {
		uint8_t octets[64];
		struct ike_vendor vendor;
		uint32_t rest = rows[i].rest == IKE_VENDOR_REST_NONE ? 0 : rows[i].rest == IKE_VENDOR_REST_U8_2 ? 2 : 4;
		memcpy(octets, rows[i].octets, rows[i].octet_count);
		memset(octets + rows[i].octet_count, 'z', rest);
		ck_assert_msg(ike_vendor_identify(octets, rows[i].octet_count + rest, &vendor), "%s", rows[i].name);
		ck_assert_str_eq(vendor.name, rows[i].name);
		ck_assert(vendor.kind == rows[i].kind && vendor.feature == rows[i].feature);
		ck_assert(vendor.feature < IKE_VENDOR_FEATURE_COUNT);
		/* One octet short is not it, whatever else it may be. */
		ike_vendor_identify(octets, rows[i].octet_count - 1u, &vendor);
		ck_assert_msg(strcmp(vendor.name, rows[i].name) != 0, "%s", rows[i].name);
	}
}
END_TEST

static struct ike_vendor identify(const char *octets, uint32_t length)
{
	struct ike_vendor vendor;

	ike_vendor_identify((const uint8_t *)octets, length, &vendor);
	return vendor;
}

#define WINDOWS "\x1e\x2b\x51\x69\x05\x99\x1c\x7d\x7c\x96\xfc\xbf\xb5\x87\xe4\x61"
#define FRAGMENTATION "\x40\x48\xb7\xd5\x6e\xbc\xe8\x85\x25\xe7\xde\x7f\x00\xd6\xc2\xd3"

START_TEST(versions)
{
	struct ike_vendor vendor = identify(WINDOWS "\x00\x00\x00\x04\x0d\x00\x00\x14", 24);
	ck_assert(vendor.feature == IKE_VENDOR_WINDOWS && vendor.has_version && vendor.version == 4);
	ck_assert_str_eq(vendor.detail, "Windows Server 2003 or XP SP2");
	vendor = identify(WINDOWS "\x00\x00\x00\x09", 20);
	ck_assert_str_eq(vendor.detail, "Windows 8, Server 2012 or later");
	for (unsigned version = 0; version < 12; version++) {
		char octets[21] = WINDOWS;
		octets[19] = (char)version;
		vendor = identify(octets, 20);
		ck_assert(vendor.has_version && vendor.version == version);
		ck_assert_int_eq(vendor.detail != NULL, version >= 2 && version <= 9);
	}
	vendor = identify(WINDOWS, 16);
	ck_assert(vendor.feature == IKE_VENDOR_WINDOWS && !vendor.has_version);
	ck_assert_str_eq(identify(WINDOWS "\x00\x00", 18).name, "unknown");
	vendor = identify("\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57\x01\x00", 16);
	ck_assert(vendor.feature == IKE_VENDOR_DPD && vendor.version == 0x0100 && vendor.kind == IKE_VENDOR_EXTENSION);
	vendor = identify("\x12\xf5\xf2\x8c\x45\x71\x68\xa9\x70\x2d\x9f\xe2\x74\xcc\x01\x00", 16);
	ck_assert(vendor.feature == IKE_VENDOR_UNITY && vendor.version == 0x0100);
	vendor = identify(FRAGMENTATION "\xc0\x00\x00\x00", 20);
	ck_assert(vendor.feature == IKE_VENDOR_FRAGMENTATION && vendor.version == 0xc0000000 && !vendor.detail);
	ck_assert(!identify(FRAGMENTATION, 16).has_version);
	ck_assert_int_eq(identify("\x09\x00\x26\x89\xdf\xd6\xb7\x12", 8).feature, IKE_VENDOR_XAUTH);
}
END_TEST

START_TEST(text)
{
	struct ike_vendor vendor = identify("OE-Libreswan-4.10", 17);
	ck_assert_str_eq(vendor.name, "Libreswan");
	ck_assert(vendor.text == 13 && vendor.text_length == 4 && vendor.kind == IKE_VENDOR_PRODUCT);
	vendor = identify("OEplutounit0", 12);
	ck_assert(vendor.feature == IKE_VENDOR_LIBRESWAN && vendor.text == 2 && vendor.text_length == 10);
	ck_assert_str_eq(identify("OSWkSOYfHxf]", 12).name, "Openswan");
	/* Text that is not printable is not taken for it. */
	ck_assert_str_eq(identify("OE-Libreswan-4\n", 15).name, "unknown");
	vendor = identify("somebody 1.0", 12);
	ck_assert_str_eq(vendor.name, "unknown");
	ck_assert(vendor.text == 0 && vendor.text_length == 12);
	vendor = identify("some\x80ody", 8);
	ck_assert(vendor.text_length == 0);
	vendor = identify("", 0);
	ck_assert_str_eq(vendor.name, "unknown");
	ck_assert_uint_eq(vendor.text_length, 0);
}
END_TEST

SUITE_MAIN("ike_vendor", hashes, every_row, versions, text)
