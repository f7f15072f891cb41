/* SPDX-License-Identifier: Apache-2.0 */
/* See memory_limits.h. What an entry costs say the tracker and the judge, which have the tables. */
#include "memory_limits.h"

#include "audit/judge.h"
#include "audit/track.h"
#include "report/standing.h"
#include "report/text_page.h"
#include "sandbox.h"
#include "workers.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum { PARTS = 4, ENTRIES_MIN = 1024, PAGE_OCTETS = 4096, MEGABYTE = 1000000 };

/* Learned pairs are pairs that are marked: they cost nothing of their own. */
struct part {
	const char *name;
	uint8_t bit;
	uint32_t *entries;
	uint64_t cost; /* octets of one */
};

static void list_parts(struct config_limits *limits, struct part parts[PARTS])
{
	struct track_costs track = track_costs();
	struct judge_costs judge = judge_costs();

	parts[0] = (struct part){ "flows", CONFIG_LIMIT_FLOWS, &limits->flows, track.flow };
	parts[1] = (struct part){ "sas", CONFIG_LIMIT_SAS, &limits->sas, track.sa + judge.sa };
	parts[2] = (struct part){ "ike", CONFIG_LIMIT_IKE, &limits->ike, judge.ike };
	parts[3] = (struct part){ "pairs", CONFIG_LIMIT_PAIRS, &limits->pairs, track.pair + judge.pair };
}

/* Frames that are remembered for captures of alerts. */
static uint64_t evidence_of(const struct config *config)
{
	return config->evidence.dir ? config->interface_count * config->evidence.memory : 0;
}

/* Of alerts that may be open, as many as pairs up to a bound. */
static uint64_t alerts_of(uint32_t pairs)
{
	struct judge_costs judge = judge_costs();

	return (pairs < judge.alerts_max ? pairs : judge.alerts_max) * judge.alert;
}

/* What the reporter keeps at most of pairs and hosts that are known, beside the tables. */
static uint64_t known_of(const struct config *config)
{
	uint64_t pairs = config->limits.pairs < STANDING_KNOWN_MAX ? config->limits.pairs : STANDING_KNOWN_MAX;

	return pairs * (STANDING_PAIR_OCTETS + STANDING_HOST_OCTETS);
}

/* What the tables take, behind `start`; with what lies beside them where that was said to be all. */
static void say_parts(const struct part parts[PARTS], const struct config *config, struct limits_outcome *outcome,
		      const char *start, bool beside)
{
	struct page_figure figure;
	size_t used = (size_t)snprintf(outcome->text, LIMITS_TEXT_SIZE, "%s", start);

	for (unsigned i = 0; i < PARTS && used < LIMITS_TEXT_SIZE; i++)
		used += (size_t)snprintf(outcome->text + used, LIMITS_TEXT_SIZE - used, "%s%u %s %s", i ? ", " : "",
					 *parts[i].entries, parts[i].name,
					 page_octets(*parts[i].entries * parts[i].cost, &figure));
	if (used < LIMITS_TEXT_SIZE)
		used += (size_t)snprintf(outcome->text + used, LIMITS_TEXT_SIZE - used, ", alerts %s",
					 page_octets(alerts_of(config->limits.pairs), &figure));
	if (used < LIMITS_TEXT_SIZE && evidence_of(config))
		used +=
		    (size_t)snprintf(outcome->text + used, LIMITS_TEXT_SIZE - used,
				     ", and frames for report.evidence %s", page_octets(evidence_of(config), &figure));
	if (used < LIMITS_TEXT_SIZE && beside)
		used += (size_t)snprintf(outcome->text + used, LIMITS_TEXT_SIZE - used,
					 "; besides, the reporter's memory of pairs and hosts of at most %s",
					 page_octets(known_of(config), &figure));
	if (used < LIMITS_TEXT_SIZE)
		snprintf(outcome->text + used, LIMITS_TEXT_SIZE - used, "; limits.memory is %s",
			 page_octets(config->limits.memory, &figure));
}

/* Entries of a part, if those that the file does not name have this share of what they have above the least. */
static uint32_t entries_at(const struct part *part, uint8_t named, double share)
{
	if ((part->bit & named) || *part->entries <= ENTRIES_MIN)
		return *part->entries;
	return ENTRIES_MIN + (uint32_t)(share * (*part->entries - ENTRIES_MIN));
}

static uint64_t sum_at(const struct part parts[PARTS], const struct config *config, double share)
{
	uint64_t sum = evidence_of(config);

	for (unsigned i = 0; i < PARTS; i++) {
		uint32_t entries = entries_at(&parts[i], config->limits.named, share);
		sum += entries * parts[i].cost;
		if (parts[i].bit == CONFIG_LIMIT_PAIRS)
			sum += alerts_of(entries);
	}
	return sum;
}

/* The largest share with which all fits. */
static double share_that_fits(const struct part parts[PARTS], const struct config *config)
{
	enum { HALVINGS = 40 };
	double fits = 0, too_much = 1;

	for (unsigned i = 0; i < HALVINGS; i++) {
		double middle = (fits + too_much) / 2;
		if (sum_at(parts, config, middle) <= config->limits.memory)
			fits = middle;
		else
			too_much = middle;
	}
	return fits;
}

bool limits_fit(struct config *config, struct limits_outcome *outcome)
{
	struct config_limits *limits = &config->limits;
	struct part parts[PARTS];
	char text[LIMITS_TEXT_SIZE];

	*outcome = (struct limits_outcome){ .scaled = false };
	list_parts(limits, parts);
	if (sum_at(parts, config, 0) > limits->memory) {
		/* As the file takes it, to be copied. What it does not name is told at its least, as it was counted. */
		snprintf(text, sizeof(text),
			 "the tables do not fit into limits.memory: raise it to %lluMB, or lower what is named: ",
			 (unsigned long long)(sum_at(parts, config, 0) / MEGABYTE + 1));
		for (unsigned i = 0; i < PARTS; i++)
			*parts[i].entries = entries_at(&parts[i], limits->named, 0);
		say_parts(parts, config, outcome, text, false);
		return false;
	}
	if (sum_at(parts, config, 1) > limits->memory) {
		double share = share_that_fits(parts, config);
		for (unsigned i = 0; i < PARTS; i++)
			*parts[i].entries = entries_at(&parts[i], limits->named, share);
		outcome->scaled = true;
	}
	if (limits->learned > limits->pairs)
		limits->learned = limits->pairs;
	say_parts(parts, config, outcome, "memory: tables of at most ", true);
	return true;
}

void limits_hold_process(const struct config *config)
{
	FILE *file = SANDBOX_SANITIZED ? NULL : fopen("/proc/self/statm", "re");
	unsigned long pages;
	struct rlimit limit;

	if (file && fscanf(file, "%lu", &pages) == 1 && getrlimit(RLIMIT_AS, &limit) == 0) {
		/* Tables, which each worker maps whole and all together use once, a copy of them while somebody asks, and as
		 * much for all else; arenas of threads and rings map much more than they use. */
		uint64_t more = (2 + workers_wanted(config)) * config->limits.memory + (UINT64_C(2) << 30);
		rlim_t ceiling = (rlim_t)pages * PAGE_OCTETS + more;
		if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > ceiling) {
			limit.rlim_cur = ceiling;
			(void)setrlimit(RLIMIT_AS, &limit);
		}
	}
	if (file)
		fclose(file);
}

/* cgroups(7), version 2: the group's name stands behind "0::". 0: no bound, or none that is known. */
static uint64_t bound_of_group(const char *proc, const char *groups)
{
	char name[PATH_MAX], path[2 * PATH_MAX];
	unsigned long long bound = 0;
	FILE *file = fopen(proc, "re");
	bool found = false;

	while (file && !found && fgets(name, sizeof(name), file))
		found = strncmp(name, "0::", 3) == 0;
	if (file)
		fclose(file);
	if (!found)
		return 0;
	name[strcspn(name, "\n")] = '\0';
	snprintf(path, sizeof(path), "%s%s/memory.max", groups, name + 3);
	file = fopen(path, "re");
	if (file && fscanf(file, "%llu", &bound) != 1)
		bound = 0; /* "max" */
	if (file)
		fclose(file);
	return bound;
}

bool limits_exceed_service(const struct config *config, char text[LIMITS_TEXT_SIZE])
{
	uint64_t bound = bound_of_group("/proc/self/cgroup", "/sys/fs/cgroup"), memory = config->limits.memory;
	struct page_figure allowed, wanted;

	/* A quarter more for all that is no table, or, where that is more, what the reporter remembers. */
	uint64_t more = memory / 4 > known_of(config) ? memory / 4 : known_of(config);
	if (!bound || bound >= memory + more)
		return false;
	snprintf(text, LIMITS_TEXT_SIZE,
		 "limits.memory is %s, but the service manager allows %s for all of espiald: the kernel would end it "
		 "before its "
		 "tables are full; raise MemoryMax ('systemctl edit espiald'), or lower limits.memory",
		 page_octets(memory, &wanted), page_octets(bound, &allowed));
	return true;
}
