/* SPDX-License-Identifier: Apache-2.0 */
/* See crypto_judgement.h. */
#include "crypto_judgement.h"

#include "audit/crypto_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUITES_MAX = 256, SUITE_SIZE = 512 };

struct suite {
	unsigned version;
	char names[SUITE_SIZE];
	enum period_verdict verdicts[PERIOD_TABLES];
	bool quantum_safe;
};

struct crypto_judgement {
	struct suite suites[SUITES_MAX];
	size_t count;
};

static enum period_verdict verdict_of(enum crypto_verdict verdict)
{
	return verdict == CRYPTO_FINE          ? PERIOD_FINE
	       : verdict == CRYPTO_DISCOURAGED ? PERIOD_DISCOURAGED
					       : PERIOD_FORBIDDEN;
}

static enum period_verdict judge(enum crypto_table table, unsigned version, const char *const *names, size_t count,
				 char *weak, size_t size)
{
	enum crypto_verdict worst = CRYPTO_FINE;
	bool any = false;

	if (size)
		weak[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		struct ike_algorithm algorithm;
		const char *why;
		if (!ike_algorithm_find(version, names[i], &algorithm))
			continue;
		any = true;
		enum crypto_verdict verdict = crypto_verdict(table, version, &algorithm, &why);
		if (verdict > worst)
			worst = verdict;
		size_t used = size ? strlen(weak) : 0;
		if (verdict != CRYPTO_FINE && size)
			snprintf(weak + used, size - used, "%s%s (%s)", used ? ", " : "", names[i], why);
	}
	return any ? verdict_of(worst) : PERIOD_UNKNOWN;
}

enum period_verdict crypto_judgement_of(const char *table, unsigned version, const char *const *names, size_t count,
					char *weak, size_t size)
{
	return judge(crypto_table_find(table), version, names, count, weak, size);
}

bool crypto_judgement_quantum_safe(unsigned version, const char *const *names, size_t count)
{
	struct ike_algorithm algorithm;

	for (size_t i = 0; i < count; i++)
		if (ike_algorithm_find(version, names[i], &algorithm) && ike_algorithm_quantum_safe(&algorithm))
			return true;
	return false;
}

static void join(const char *const *names, size_t count, char *text)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count && used < SUITE_SIZE; i++)
		used += (size_t)snprintf(text + used, SUITE_SIZE - used, "%s/", names[i]);
}

/* Pairs are many, what they select is little. */
static void judge_selection(void *context, unsigned version, const char *const *names, size_t count,
			    struct period_selection *selection)
{
	struct crypto_judgement *judgement = context;
	char text[SUITE_SIZE];
	size_t i = 0;

	join(names, count, text);
	while (i < judgement->count &&
	       (judgement->suites[i].version != version || strcmp(judgement->suites[i].names, text) != 0))
		i++;
	if (i == judgement->count) {
		/* A full memory forgets the last one, again and again. */
		if (judgement->count < SUITES_MAX)
			judgement->count++;
		else
			i--;
		struct suite *suite = &judgement->suites[i];
		suite->version = version;
		memcpy(suite->names, text, sizeof(text));
		for (unsigned table = 0; table < PERIOD_TABLES; table++)
			suite->verdicts[table] = judge((enum crypto_table)table, version, names, count, NULL, 0);
		suite->quantum_safe = crypto_judgement_quantum_safe(version, names, count);
	}
	memcpy(selection->verdicts, judgement->suites[i].verdicts, sizeof(selection->verdicts));
	selection->quantum_safe = judgement->suites[i].quantum_safe;
}

_Static_assert((int)PERIOD_TABLES == (int)CRYPTO_TABLE_COUNT, "a report has a column for each table");

struct crypto_judgement *crypto_judgement_new(void)
{
	return calloc(1, sizeof(struct crypto_judgement));
}

void crypto_judgement_free(struct crypto_judgement *judgement)
{
	free(judgement);
}

struct period_judge crypto_judgement_judge(struct crypto_judgement *judgement)
{
	struct period_judge judge = { .judge = judge_selection, .context = judgement };

	for (unsigned table = 0; table < PERIOD_TABLES; table++)
		judge.tables[table] = crypto_table_name((enum crypto_table)table);
	return judge;
}
