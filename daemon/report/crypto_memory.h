/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's memory: its beginning falls without, and a digest that fails would be a finding that is not told. */
#ifndef ESPIAL_REPORT_CRYPTO_MEMORY_H
#define ESPIAL_REPORT_CRYPTO_MEMORY_H

/* Lets OpenSSL end the process where memory is short (memory_or_end.h). To be called before anything else of OpenSSL's. */
void crypto_memory_or_end(void);

#endif
