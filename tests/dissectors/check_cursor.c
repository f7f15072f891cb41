/* SPDX-License-Identifier: Apache-2.0 */
/* The cursor against a plain model of itself: every length captured and promised, every position, every request. */
#include "dissectors/cursor.h"

#include "../suite.h"

enum { SIZE = 10 };

static const uint8_t octets[SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };

static enum cursor_error expected(uint32_t captured, uint32_t promised, uint32_t at, uint32_t wanted)
{
	if (at + wanted > promised)
		return CURSOR_MALFORMED;
	return wanted > 0 && at + wanted > captured ? CURSOR_TRUNCATED : CURSOR_OK;
}

START_TEST(reads_agree_with_the_model)
{
	for (uint32_t captured = 0; captured <= SIZE; captured++)
		for (uint32_t promised = captured; promised <= SIZE + 3; promised++)
			for (uint32_t at = 0; at <= promised; at++)
				for (uint32_t wanted = 1; wanted <= 8; wanted *= 2) {
					struct cursor cursor = cursor_make(octets, captured, promised);
					uint64_t value = 0, want = 0;
					cursor_skip(&cursor, at);
					ck_assert(cursor_ok(&cursor));
					enum cursor_error error = expected(captured, promised, at, wanted);
					switch (wanted) {
					case 1:
						value = cursor_u8(&cursor);
						break;
					case 2:
						value = cursor_u16(&cursor);
						break;
					case 4:
						value = cursor_u32(&cursor);
						break;
					default:
						value = cursor_u64(&cursor);
						break;
					}
					if (error == CURSOR_OK)
						for (uint32_t i = 0; i < wanted; i++)
							want = want << 8 | octets[at + i];
					ck_assert_int_eq(cursor.error, error);
					ck_assert_uint_eq(value, want);
					ck_assert_uint_eq(cursor.at, error == CURSOR_OK ? at + wanted : at);
				}
}
END_TEST

START_TEST(bytes_need_and_left_agree_with_the_model)
{
	for (uint32_t captured = 0; captured <= SIZE; captured++)
		for (uint32_t promised = captured; promised <= SIZE + 3; promised++)
			for (uint32_t at = 0; at <= promised; at++)
				for (uint32_t wanted = 1; wanted <= SIZE + 4; wanted++) {
					struct cursor cursor = cursor_make(octets, captured, promised);
					cursor_skip(&cursor, at);
					ck_assert_uint_eq(cursor_left(&cursor), promised - at);
					ck_assert_uint_eq(cursor_here(&cursor), at < captured ? captured - at : 0);
					struct cursor asked = cursor;
					enum cursor_error error = expected(captured, promised, at, wanted);
					ck_assert_int_eq(cursor_need(&asked, wanted), error == CURSOR_OK);
					ck_assert_int_eq(asked.error, error);
					ck_assert_uint_eq(asked.at, at);
					const uint8_t *p = cursor_bytes(&cursor, wanted);
					ck_assert_ptr_eq(p, error == CURSOR_OK ? octets + at : NULL);
					ck_assert_int_eq(cursor.error, error);
				}
}
END_TEST

START_TEST(take_and_narrow_agree_with_the_model)
{
	for (uint32_t captured = 0; captured <= SIZE; captured++)
		for (uint32_t promised = captured; promised <= SIZE + 3; promised++)
			for (uint32_t at = 0; at <= promised; at++)
				for (uint32_t wanted = 0; wanted <= SIZE + 4; wanted++) {
					struct cursor cursor = cursor_make(octets, captured, promised);
					cursor_skip(&cursor, at);
					struct cursor narrowed = cursor;
					struct cursor child = cursor_take(&cursor, wanted);
					cursor_narrow(&narrowed, wanted);
					if (at + wanted > promised) {
						ck_assert_int_eq(cursor.error, CURSOR_MALFORMED);
						ck_assert_int_eq(child.error, CURSOR_MALFORMED);
						ck_assert_int_eq(narrowed.error, CURSOR_MALFORMED);
						ck_assert_uint_eq(cursor_left(&child), 0);
						continue;
					}
					uint32_t here = at < captured ? captured - at : 0;
					ck_assert_uint_eq(cursor.at, at + wanted);
					ck_assert_uint_eq(cursor_left(&child), wanted);
					ck_assert_uint_eq(cursor_here(&child), here < wanted ? here : wanted);
					ck_assert_uint_eq(cursor_left(&narrowed), wanted);
					ck_assert_uint_eq(cursor_here(&narrowed), here < wanted ? here : wanted);
					ck_assert(narrowed.captured <= narrowed.promised);
					if (cursor_here(&child) > 0)
						ck_assert_uint_eq(cursor_u8(&child), octets[at]);
				}
}
END_TEST

START_TEST(the_first_failure_stays)
{
	struct cursor cursor = cursor_make(octets, 2, 4);
	cursor_u32(&cursor);
	ck_assert_int_eq(cursor.error, CURSOR_TRUNCATED);
	cursor_fail(&cursor);
	cursor_skip(&cursor, 100);
	cursor_narrow(&cursor, 100);
	ck_assert_int_eq(cursor.error, CURSOR_TRUNCATED);
	ck_assert_uint_eq(cursor_u8(&cursor), 0);
	ck_assert_uint_eq(cursor_u16(&cursor), 0);
	ck_assert_ptr_null(cursor_bytes(&cursor, 1));
	ck_assert_uint_eq(cursor_left(&cursor), 0);
	ck_assert_uint_eq(cursor_here(&cursor), 0);
	ck_assert_int_eq(cursor_take(&cursor, 0).error, CURSOR_TRUNCATED);
	ck_assert_uint_eq(cursor.at, 0);

	cursor = cursor_make(octets, 2, 2);
	cursor_fail(&cursor);
	ck_assert_int_eq(cursor.error, CURSOR_MALFORMED);
	ck_assert(!cursor_need(&cursor, 1));
}
END_TEST

START_TEST(widening_turns_malformed_into_truncated)
{
	struct cursor cursor = cursor_make(octets, 2, 2);
	cursor_widen(&cursor, 2);
	ck_assert_uint_eq(cursor_left(&cursor), 4);
	cursor_u32(&cursor);
	ck_assert_int_eq(cursor.error, CURSOR_TRUNCATED);
	cursor = cursor_make(octets, 2, UINT32_MAX - 1);
	cursor_widen(&cursor, 5);
	ck_assert_uint_eq(cursor.promised, UINT32_MAX);
}
END_TEST

START_TEST(largest_requests_do_not_wrap)
{
	struct cursor cursor = cursor_make(octets, SIZE, UINT32_MAX);
	cursor_skip(&cursor, 3);
	struct cursor skipped = cursor, bytes = cursor, taken = cursor;
	cursor_skip(&skipped, UINT32_MAX);
	ck_assert_int_eq(skipped.error, CURSOR_MALFORMED);
	ck_assert_ptr_null(cursor_bytes(&bytes, UINT32_MAX - 3));
	ck_assert_int_eq(bytes.error, CURSOR_TRUNCATED);
	ck_assert_int_eq(cursor_take(&taken, UINT32_MAX).error, CURSOR_MALFORMED);
	cursor_skip(&cursor, UINT32_MAX - 3);
	ck_assert(cursor_ok(&cursor));
	ck_assert_uint_eq(cursor_left(&cursor), 0);
	/* A promise below what was captured is raised: the bytes are there. */
	ck_assert_uint_eq(cursor_make(octets, 5, 3).promised, 5);
}
END_TEST

SUITE_MAIN("cursor", reads_agree_with_the_model, bytes_need_and_left_agree_with_the_model,
	   take_and_narrow_agree_with_the_model, the_first_failure_stays, widening_turns_malformed_into_truncated,
	   largest_requests_do_not_wrap)
