/* SPDX-License-Identifier: Apache-2.0 */
/* pcapng: sections, interfaces, times, cut at every octet, and blocks that lie about their lengths. */
#include "capture_image.h"
#include "../suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void build_pcapng(struct image *image, size_t *ends)
{
	struct image body = { .big = image->big };

	image_put_section(image, NULL);
	ends[0] = 0;
	ends[1] = image->length;
	image_put_interface(image, 1, 0, "eth0", 9, 0);
	ends[2] = image->length;
	image_put_packet(image, 6, 0, 1700000000123456789, 61, 61, 1);
	ends[3] = image->length;
	image_put(&body, "whatever it means..", 20);
	image_put_block(image, 0x0bad, &body);
	ends[4] = image->length;
	image_put_packet(image, 3, 0, 0, 33, 33, 2);
	ends[5] = image->length;
	image_put_packet(image, 2, 0, 1700000000123456790, 34, 64, 3);
	ends[6] = image->length;
	image_clear(&body);
}

START_TEST(pcapng_cut_at_each_octet)
{
	struct image image = { .big = _i };
	size_t ends[7];
	static const unsigned counts[] = { 0, 0, 0, 1, 1, 2, 3 };

	build_pcapng(&image, ends);
	image_cut_everywhere(&image, 28, ends, counts, 7, "block");
	image_clear(&image);
}
END_TEST

START_TEST(pcapng_of_every_order_and_form)
{
	struct image image = { .big = _i / FORMS };
	size_t ends[7];
	struct outcome outcome;

	build_pcapng(&image, ends);
	for (unsigned batch = 1; batch <= 32; batch += 31) {
		outcome = image_read_form(&image, (enum form)(_i % FORMS), batch);
		ck_assert_msg(outcome.opened && outcome.sound, "%s", outcome.text);
		ck_assert_uint_eq(outcome.count, 3);
		image_expect_frame(&outcome, 0, 61, 61, 1700000000123456789, 1, 1);
		/* No time of its own: that of the frame before it. */
		image_expect_frame(&outcome, 1, 33, 33, 1700000000123456789, 1, 2);
		image_expect_frame(&outcome, 2, 34, 64, 1700000000123456790, 1, 3);
		ck_assert_str_eq(outcome.names[0], "eth0");
	}
	image_clear(&image);
}
END_TEST

START_TEST(sections_and_interfaces)
{
	struct image image = { 0 };
	char name[301];

	memset(name, 'n', 300);
	name[300] = '\0';
	image_put_section(&image, "first");
	image_put_interface(&image, 1, 0, "lan", -1, 0);
	image_put_interface(&image, 101, 20, NULL, -1, 0);
	image_put_packet(&image, 6, 1, 5, 10, 10, 1);
	image_put_packet(&image, 6, 0, 6, 10, 10, 2);
	image.big = true;
	image_put_section(&image, "second, of the other byte order");
	image_put_interface(&image, 113, 20, name, 3, 0);
	image_put_packet(&image, 6, 0, 7, 10, 10, 3);
	image_put_packet(&image, 3, 0, 0, 20, 100, 4);
	image.big = false;
	image_put_section(&image, NULL);
	for (int form = 0; form < FORMS; form++) {
		struct outcome outcome = image_read_form(&image, (enum form)form, 32);

		ck_assert_msg(outcome.sound, "%s", outcome.text);
		ck_assert_uint_eq(outcome.interfaces, 3);
		ck_assert_str_eq(outcome.names[0], "lan");
		ck_assert_str_eq(outcome.names[1], "interface 1");
		ck_assert_uint_eq(strlen(outcome.names[2]), 255);
		ck_assert_str_eq(outcome.names[3], "");
		ck_assert_uint_eq(outcome.count, 4);
		image_expect_frame(&outcome, 0, 10, 10, 5000, 101, 1);
		image_expect_frame(&outcome, 1, 10, 10, 6000, 1, 2);
		image_expect_frame(&outcome, 2, 10, 10, 7000000, 113, 3);
		/* A simple block cut to the interface's snap length. */
		image_expect_frame(&outcome, 3, 20, 100, 7000000, 113, 4);
		ck_assert_uint_eq(outcome.frames[0].interface, 1);
		ck_assert_uint_eq(outcome.frames[1].interface, 0);
		ck_assert_uint_eq(outcome.frames[2].interface, 2);
		ck_assert_uint_eq(outcome.frames[3].interface, 2);
	}
	image_clear(&image);
}
END_TEST

static const struct {
	int resolution;
	int64_t offset;
	uint64_t ticks;
	int64_t time_ns; /* negative: out of range */
} times[] = {
	{ -1, 0, 1700000000000001, 1700000000000001000 },
	{ 6, 0, 1, 1000 },
	{ 0, 0, 3, 3000000000 },
	{ 3, 0, 1001, 1001000000 },
	{ 9, 0, 9183110399999999999, 9183110399999999999 },
	{ 9, 0, 9183110400000000000, -1 },
	{ 9, 0, (uint64_t)INT64_MAX + 1, -1 },
	{ 10, 0, 19, 1 },
	{ 12, 0, 1700000000123456789, 1700000000123456 },
	{ 28, 0, UINT64_MAX, 1 },
	{ 29, 0, UINT64_MAX, 0 },
	{ 127, 0, UINT64_MAX, 0 },
	{ 0x80, 0, 7, 7000000000 },
	{ 0x80 | 1, 0, 3, 1500000000 },
	{ 0x80 | 10, 0, 1025, 1000976562 },
	{ 0x80 | 32, 0, 0x180000000, 1500000000 },
	{ 0x80 | 63, 0, UINT64_MAX, 1999999999 },
	{ 0x80 | 64, 0, UINT64_MAX, 999999999 },
	{ 0x80 | 94, 0, UINT64_MAX, 0 },
	{ 0xff, 0, UINT64_MAX, 0 },
	{ -1, 1700000000, 5, 1700000000000005000 },
	{ -1, -1, 1000000, 0 },
	{ -1, -1, 999999, -1 },
	{ -1, INT64_MIN, 0, -1 },
	{ -1, INT64_MAX, UINT64_MAX, -1 },
	{ 0, 0, UINT64_MAX, -1 },
	{ 0, -1000000000, 1000000000, 0 },
	{ 0, 9183110399, 0, 9183110399000000000 },
	{ 0, 9183110399, 1, -1 },
	{ 9, 0, INT64_MAX, -1 },
};

START_TEST(time_resolutions)
{
	struct image image = { .big = _i % 2 };
	struct outcome outcome;

	image_put_section(&image, NULL);
	image_put_interface(&image, 1, 0, NULL, times[_i].resolution, times[_i].offset);
	image_put_packet(&image, 6, 0, times[_i].ticks, 4, 4, 1);
	outcome = image_read_form(&image, PLAIN, 32);
	if (times[_i].time_ns >= 0) {
		ck_assert_msg(outcome.sound, "%s", outcome.text);
		image_expect_frame(&outcome, 0, 4, 4, times[_i].time_ns, 1, 1);
	} else {
		ck_assert(!outcome.sound);
		ck_assert_uint_eq(outcome.count, 0);
		image_expect_text(&outcome, "block 3 at octet");
		image_expect_text(&outcome, "before 1970 or after 2260");
	}
	image_clear(&image);
}
END_TEST

enum damage { LENGTH, TRAILER, CAPTURED, INTERFACE, SHORT, OPTION, MARK, MAJOR };

static const struct {
	enum damage damage;
	uint32_t value;
	const char *text;
} damages[] = {
	{ LENGTH, 0, "impossible length" },
	{ LENGTH, 8, "impossible length" },
	{ LENGTH, 13, "impossible length" },
	{ LENGTH, 0xfffffffc, "longer than 17 MiB" },
	{ LENGTH, 0x00fffffc, "ends inside block 4" },
	{ LENGTH, 12, "does not end with the length" },
	{ TRAILER, 0, "does not end with the length" },
	{ TRAILER, 0xffffffff, "does not end with the length" },
	{ CAPTURED, 21, "longer than the block" },
	{ CAPTURED, UINT32_MAX, "longer than the block" },
	{ INTERFACE, 1, "interface that the section does not describe" },
	{ INTERFACE, UINT32_MAX, "interface that the section does not describe" },
	{ SHORT, 1, "too short for an interface" },
	{ SHORT, 2, "too short for a packet" },
	{ SHORT, 3, "too short for a packet" },
	{ SHORT, 6, "too short for a packet" },
	{ OPTION, 9, "option of impossible length" },
	{ OPTION, 14, "option of impossible length" },
	{ OPTION, 2, "option of impossible length" },
	{ MARK, 0, "without a byte-order mark" },
	{ MAJOR, 2, "version other than 1" },
};

/* Overwrites a number at `offset` from the end. */
static void patch(struct image *image, size_t offset, uint32_t value)
{
	memcpy(image->octets + image->length - offset, &value, 4);
}

START_TEST(lying_blocks)
{
	struct image image = { 0 }, body = { 0 };

	image_put_section(&image, NULL);
	image_put_interface(&image, 1, 0, NULL, -1, 0);
	image_put_packet(&image, 6, 0, 1, 8, 8, 1);
	switch (damages[_i].damage) {
	case LENGTH:
		image_put_packet(&image, 2, 0, 2, 20, 20, 2);
		patch(&image, 48, damages[_i].value);
		break;
	case TRAILER:
		image_put_packet(&image, 2, 0, 2, 20, 20, 2);
		patch(&image, 4, damages[_i].value);
		break;
	case CAPTURED:
		image_put_packet(&image, 2, 0, 2, 20, 20, 2);
		patch(&image, 32, damages[_i].value);
		break;
	case INTERFACE:
		image_put_packet(&image, 6, damages[_i].value, 2, 20, 20, 2);
		break;
	case SHORT:
		/* One word less than the block needs; of the simple one, all of it. */
		image_put(&body, NULL, damages[_i].value == 1 ? 4 : damages[_i].value == 3 ? 0 : 16);
		image_put_block(&image, damages[_i].value, &body);
		break;
	case OPTION:
		image_put(&body, NULL, 8);
		image_put16(&body, (uint16_t)damages[_i].value);
		image_put16(&body, damages[_i].value == 2 ? 9 : 4);
		image_put(&body, NULL, damages[_i].value == 2 ? 8 : 4);
		image_put_block(&image, 1, &body);
		break;
	case MARK:
		image_put_section(&image, NULL);
		patch(&image, 20, 0);
		break;
	case MAJOR:
		image_put_section(&image, NULL);
		patch(&image, 16, damages[_i].value);
		break;
	}
	/* What follows must not be believed. */
	image_put_packet(&image, 6, 0, 3, 8, 8, 3);
	for (int form = 0; form < FORMS; form++) {
		struct outcome outcome = image_read_form(&image, (enum form)form, 32);

		ck_assert(outcome.opened && !outcome.sound);
		ck_assert_uint_eq(outcome.count, 1);
		image_expect_text(&outcome, damages[_i].text);
		image_expect_text(&outcome, "block 4");
	}
	image_clear(&body);
	image_clear(&image);
}
END_TEST

START_TEST(simple_packet_without_interface)
{
	struct image image = { 0 };
	struct outcome outcome;

	image_put_section(&image, NULL);
	image_put_packet(&image, 3, 0, 0, 4, 4, 1);
	outcome = image_read_form(&image, PLAIN, 1);
	ck_assert(!outcome.sound);
	image_expect_text(&outcome, "block 2 at octet 28 is a packet of an interface");
	image_clear(&image);
}
END_TEST

START_TEST(as_many_interfaces_as_can_be_numbered)
{
	struct image image = { 0 };
	struct outcome outcome;

	image_put_section(&image, NULL);
	for (unsigned i = 0; i < 65536; i++)
		image_put_interface(&image, 1, 0, NULL, -1, 0);
	image_put_packet(&image, 6, 65535, 1, 4, 4, 1);
	outcome = image_read_form(&image, PLAIN, 1);
	ck_assert_msg(outcome.sound, "%s", outcome.text);
	ck_assert_uint_eq(outcome.frames[0].interface, 65535);
	image_put_interface(&image, 1, 0, NULL, -1, 0);
	outcome = image_read_form(&image, PLAIN, 1);
	ck_assert(!outcome.sound);
	image_expect_text(&outcome, "more than 65536 interfaces");
	image_clear(&image);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
	Suite *suite = suite_create("capture_file_pcapng");
	TCase *tests = tcase_create("files");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, image_make_directory, image_remove_directory);
	tcase_add_loop_test(tests, pcapng_cut_at_each_octet, 0, 2);
	tcase_add_loop_test(tests, pcapng_of_every_order_and_form, 0, 2 * FORMS);
	tcase_add_test(tests, sections_and_interfaces);
	tcase_add_loop_test(tests, time_resolutions, 0, COUNT(times));
	tcase_add_loop_test(tests, lying_blocks, 0, COUNT(damages));
	tcase_add_test(tests, simple_packet_without_interface);
	tcase_add_test(tests, as_many_interfaces_as_can_be_numbered);
	suite_add_tcase(suite, tests);
	return suite_end(suite);
}
