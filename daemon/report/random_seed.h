/* SPDX-License-Identifier: Apache-2.0 */
/* A seed that outsiders do not know, for tables whose keys they choose (audit/hash.h). */
#ifndef ESPIAL_REPORT_RANDOM_SEED_H
#define ESPIAL_REPORT_RANDOM_SEED_H

#include <stdint.h>

uint64_t random_seed(void);

#endif
