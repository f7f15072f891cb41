/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libFuzzer need not hear of. It is told of each comparison, and keeps the two sides of those of four and of eight octets to try
 * them in inputs; of shorter ones it keeps nothing unless it is run with -use_value_profile, which tests/fuzz/campaign.py does not do. That
 * a pointer is not NULL and lies on its boundary the sanitizer compares with zero at each use of one, and that it did not run over with
 * another pointer: a third of the time of a target that runs the engine, and addresses among what was worth trying. The linker gives the calls to these (--wrap).
 */
#include <stdint.h>

void __real___sanitizer_cov_trace_cmp8(uint64_t one, uint64_t other);
void __real___sanitizer_cov_trace_const_cmp4(uint32_t constant, uint32_t value);
void __real___sanitizer_cov_trace_const_cmp8(uint64_t constant, uint64_t value);
void __wrap___sanitizer_cov_trace_cmp1(uint8_t one, uint8_t other);
void __wrap___sanitizer_cov_trace_cmp2(uint16_t one, uint16_t other);
void __wrap___sanitizer_cov_trace_cmp8(uint64_t one, uint64_t other);
void __wrap___sanitizer_cov_trace_const_cmp1(uint8_t constant, uint8_t value);
void __wrap___sanitizer_cov_trace_const_cmp2(uint16_t constant, uint16_t value);
void __wrap___sanitizer_cov_trace_const_cmp4(uint32_t constant, uint32_t value);
void __wrap___sanitizer_cov_trace_const_cmp8(uint64_t constant, uint64_t value);

/* These would report themselves. */
#define UNSEEN __attribute__((no_sanitize("coverage", "address", "undefined")))

UNSEEN void __wrap___sanitizer_cov_trace_cmp1(uint8_t one, uint8_t other)
{
	(void)one, (void)other;
}

UNSEEN void __wrap___sanitizer_cov_trace_cmp2(uint16_t one, uint16_t other)
{
	(void)one, (void)other;
}

UNSEEN void __wrap___sanitizer_cov_trace_const_cmp1(uint8_t constant, uint8_t value)
{
	(void)constant, (void)value;
}

UNSEEN void __wrap___sanitizer_cov_trace_const_cmp2(uint16_t constant, uint16_t value)
{
	(void)constant, (void)value;
}

/* Where programs have their memory; times and SPIs are larger, counts and octets smaller. */
#define IS_ADDRESS(value) ((value) >> 40 != 0 && (value) >> 47 == 0)

/* Tail calls: libFuzzer asks who called. */
UNSEEN void __wrap___sanitizer_cov_trace_cmp8(uint64_t one, uint64_t other)
{
	if (!IS_ADDRESS(one) || !IS_ADDRESS(other))
		__attribute__((musttail)) return __real___sanitizer_cov_trace_cmp8(one, other);
}

UNSEEN void __wrap___sanitizer_cov_trace_const_cmp4(uint32_t constant, uint32_t value)
{
	if (constant != 0)
		__attribute__((musttail)) return __real___sanitizer_cov_trace_const_cmp4(constant, value);
}

UNSEEN void __wrap___sanitizer_cov_trace_const_cmp8(uint64_t constant, uint64_t value)
{
	if (constant != 0)
		__attribute__((musttail)) return __real___sanitizer_cov_trace_const_cmp8(constant, value);
}
