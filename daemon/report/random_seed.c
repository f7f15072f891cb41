/* SPDX-License-Identifier: Apache-2.0 */
/* See random_seed.h. */
#include "random_seed.h"

#include <sys/random.h>
#include <unistd.h>

uint64_t random_seed(void)
{
	uint64_t seed = 0;

	/* Without randomness, which Linux always has once it has booted, the tables still work. */
	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		seed = (uint64_t)getpid() * UINT64_C(0x9e3779b97f4a7c15);
	return seed;
}
