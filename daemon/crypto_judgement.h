/* SPDX-License-Identifier: Apache-2.0 */
/* What verdict tables (audit/crypto_table.h) say of algorithms that are known by their names only: those of records and of the
 * store. For the commands of espial. */
#ifndef ESPIAL_DAEMON_CRYPTO_JUDGEMENT_H
#define ESPIAL_DAEMON_CRYPTO_JUDGEMENT_H

#include "report/period.h"

/* By all tables, for a report. It remembers suites that it judged: one at a time, and to be freed. */
struct crypto_judgement;
struct crypto_judgement *crypto_judgement_new(void); /* NULL on lack of memory */
void crypto_judgement_free(struct crypto_judgement *judgement);
struct period_judge crypto_judgement_judge(struct crypto_judgement *judgement);

/* By the table of this name (NULL: the usual one): the worst verdict, PERIOD_UNKNOWN if there is nothing that is known. `weak`
 * gets "NAME (why), NAME (why)" of what is not fine. */
enum period_verdict crypto_judgement_of(const char *table, unsigned version, const char *const *names, size_t count,
					char *weak, size_t size);

/* Whether a key exchange among them withstands a quantum computer. */
bool crypto_judgement_quantum_safe(unsigned version, const char *const *names, size_t count);

#endif
