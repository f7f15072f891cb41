/* SPDX-License-Identifier: Apache-2.0 */
/* See crypto_judgement.h. */
#include "crypto_judgement.h"

#include "audit/crypto_table.h"

#include "../dissectors/ike_names.h"

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

/* A number from `text` on, up to its end or to a '_', where *end is. */
static bool number(const char *text, const char **end, uint16_t *value)
{
	char *after;
	unsigned long read = strtoul(text, &after, 10);

	*end = after;
	*value = (uint16_t)read;
	return *text >= '0' && *text <= '9' && read <= UINT16_MAX && (*after == '\0' || *after == '_');
}

/* What the registries have no name for: a number of theirs, as in "ENCRYPTION_1025_256" and "GROUP_1077". */
static bool find_number(unsigned version, const char *name, struct ike_algorithm *algorithm)
{
	static const struct {
		const char *name;
		enum ike_algorithm_kind kind;
	} kinds[] = { { "ENCRYPTION_", IKE_ALGORITHM_ENCRYPTION },
		      { "INTEGRITY_", IKE_ALGORITHM_INTEGRITY },
		      { "PRF_", IKE_ALGORITHM_PRF },
		      { "GROUP_", IKE_ALGORITHM_GROUP } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t length = strlen(kinds[i].name);
		const char *end;
		if (strncmp(name, kinds[i].name, length) != 0)
			continue;
		*algorithm = (struct ike_algorithm){ (uint8_t)kinds[i].kind, version >= 2 ? 2 : 1, 0, 0 };
		return number(name + length, &end, &algorithm->id) &&
		       (!*end || (number(end + 1, &end, &algorithm->key_length) && !*end));
	}
	return false;
}

/* As ike_algorithm_find(), with any key length, and what has no name. */
static bool find(unsigned version, const char *name, struct ike_algorithm *algorithm)
{
	const char *last = strrchr(name, '_'), *end;
	char cipher[IKE_ALGORITHM_NAME_SIZE];
	uint16_t bits;

	if (ike_algorithm_find(version, name, algorithm) || find_number(version, name, algorithm))
		return true;
	if (!last || !number(last + 1, &end, &bits) || (size_t)(last - name) >= sizeof(cipher))
		return false;
	snprintf(cipher, sizeof(cipher), "%.*s", (int)(last - name), name);
	if (!ike_algorithm_find(version, cipher, algorithm) || algorithm->kind != IKE_ALGORITHM_ENCRYPTION ||
	    algorithm->key_length)
		return false;
	algorithm->key_length = bits;
	return true;
}

/* RFC 8221 section 5, as in audit/rule_crypto.c: a cipher that does not protect integrity itself, without what does. */
static bool lacks_integrity(unsigned version, const char *const *names, size_t count)
{
	bool cipher = false, has[IKE_ALGORITHM_KIND_COUNT] = { false };
	struct ike_algorithm algorithm;

	for (size_t i = 0; i < count; i++) {
		if (!find(version, names[i], &algorithm))
			continue;
		if (algorithm.kind == IKE_ALGORITHM_ENCRYPTION && !has[IKE_ALGORITHM_ENCRYPTION])
			cipher = algorithm.id <= IKEV2_ENCR_AES_CTR;
		has[algorithm.kind] |= algorithm.kind != IKE_ALGORITHM_INTEGRITY || algorithm.id != IKEV2_INTEG_NONE;
	}
	return version == 2 && cipher && has[IKE_ALGORITHM_PRF] && has[IKE_ALGORITHM_GROUP] &&
	       !has[IKE_ALGORITHM_INTEGRITY];
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
		if (!find(version, names[i], &algorithm))
			continue;
		any = true;
		enum crypto_verdict verdict = crypto_verdict(table, version, &algorithm, &why);
		if (verdict > worst)
			worst = verdict;
		size_t used = size ? strlen(weak) : 0;
		if (verdict != CRYPTO_FINE && size)
			snprintf(weak + used, size - used, "%s%s (%s)", used ? ", " : "", names[i], why);
	}
	if (lacks_integrity(version, names, count)) {
		size_t used = size ? strlen(weak) : 0;
		worst = CRYPTO_FORBIDDEN;
		if (size)
			snprintf(weak + used, size - used, "%sno integrity protection", used ? ", " : "");
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
