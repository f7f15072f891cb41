/* SPDX-License-Identifier: Apache-2.0 */
/* See processors.h. */
#include "processors.h"

#include "../config/config.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Static_assert((int)PROCESSORS_MAX <= (int)CPU_SETSIZE, "a set of the system has to hold them all");
_Static_assert((int)CONFIG_PROCESSOR_MAX < (int)PROCESSORS_MAX, "what can be asked for has to have room");

static void put(struct processors *processors, unsigned number)
{
	for (unsigned i = 0; i < processors->count; i++)
		if (processors->list[i] == number)
			return;
	processors->list[processors->count++] = (uint16_t)number;
}

void processors_asked(const struct config *config, struct processors *asked)
{
	asked->count = 0;
	for (size_t i = 0; i < config->interface_count; i++)
		for (size_t k = 0; k < config->interfaces[i].pin_count; k++) {
			const struct config_processors *some = &config->interfaces[i].pin[k];
			for (unsigned number = some->first; number <= some->last; number++)
				put(asked, number);
		}
}

void processors_share(const struct processors *all, unsigned index, unsigned count, struct processors *share)
{
	share->count = 0;
	if (all->count == 0)
		return;
	if (index >= all->count)
		index %= all->count;
	for (unsigned i = index; i < all->count; i += count)
		share->list[share->count++] = all->list[i];
}

static void to_set(const struct processors *processors, cpu_set_t *set)
{
	CPU_ZERO(set);
	for (unsigned i = 0; i < processors->count; i++)
		CPU_SET(processors->list[i], set);
}

bool processors_take(const struct processors *processors)
{
	cpu_set_t set;

	if (processors->count == 0)
		return false;
	to_set(processors, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}

void processors_of(pid_t thread, struct processors *processors)
{
	cpu_set_t set;

	processors->count = 0;
	CPU_ZERO(&set);
	if (sched_getaffinity(thread, sizeof(set), &set) != 0)
		return;
	for (unsigned number = 0; number < PROCESSORS_MAX; number++)
		if (CPU_ISSET(number, &set))
			processors->list[processors->count++] = (uint16_t)number;
}

bool processors_same(const struct processors *one, const struct processors *other)
{
	cpu_set_t sets[2];

	to_set(one, &sets[0]);
	to_set(other, &sets[1]);
	return CPU_EQUAL(&sets[0], &sets[1]);
}

const char *processors_text(const struct processors *processors, char text[PROCESSORS_TEXT_SIZE])
{
	enum { LONGEST = sizeof(",1022-1023") };
	size_t used = 0;
	cpu_set_t set;

	to_set(processors, &set);
	text[0] = '\0';
	for (unsigned first = 0; first < PROCESSORS_MAX; first++) {
		unsigned last = first;
		if (!CPU_ISSET(first, &set))
			continue;
		if (used + LONGEST + sizeof(",...") > PROCESSORS_TEXT_SIZE) {
			snprintf(text + used, PROCESSORS_TEXT_SIZE - used, ",...");
			break;
		}
		while (last + 1 < PROCESSORS_MAX && CPU_ISSET(last + 1, &set))
			last++;
		used += (size_t)snprintf(text + used, PROCESSORS_TEXT_SIZE - used, last > first ? "%s%u-%u" : "%s%u",
					 used ? "," : "", first, last);
		first = last;
	}
	return text;
}

/* ---- whether they are there ---- */

struct trial {
	const struct config *config;
	char *problem; /* empty while all is well */
	size_t problem_size;
	struct processors before;
};

static void explain(const struct trial *trial, const struct config_interface *interface, size_t item, unsigned number)
{
	const struct config *config = trial->config;
	char there[PROCESSORS_TEXT_SIZE];
	long known = sysconf(_SC_NPROCESSORS_CONF);

	processors_text(&trial->before, there);
	if (known > 0 && number >= (unsigned long)known)
		snprintf(trial->problem, trial->problem_size,
			 "%s:%u: capture[%u].pin[%zu]: there is no processor %u here; espiald may run on %s",
			 config->path, interface->pin[item].line, interface->entry, item, number, there);
	else
		snprintf(
		    trial->problem, trial->problem_size,
		    "%s:%u: capture[%u].pin[%zu]: processor %u is switched off, or espiald is not allowed to run there "
		    "(AllowedCPUs= of its unit, a container's cpuset); it may on %s",
		    config->path, interface->pin[item].line, interface->entry, item, number, there);
}

static bool try_some(struct trial *trial, const struct config_interface *interface, size_t item)
{
	const struct config_processors *some = &interface->pin[item];

	for (unsigned number = some->first; number <= some->last; number++) {
		struct processors one = { { (uint16_t)number }, 1 };
		if (processors_take(&one))
			continue;
		explain(trial, interface, item, number);
		return false;
	}
	return true;
}

static void *try_all(void *context)
{
	struct trial *trial = context;

	processors_of(0, &trial->before);
	for (size_t i = 0; i < trial->config->interface_count; i++)
		for (size_t item = 0; item < trial->config->interfaces[i].pin_count; item++)
			if (!try_some(trial, &trial->config->interfaces[i], item))
				return NULL;
	return NULL;
}

bool processors_check(const struct config *config, char *problem, size_t problem_size)
{
	struct trial trial = { .config = config, .problem = problem, .problem_size = problem_size };
	struct processors asked;
	pthread_t thread;

	problem[0] = '\0';
	processors_asked(config, &asked);
	/* A thread of its own, so that this one goes on wherever it may. Without one nobody can say. */
	if (asked.count == 0 || pthread_create(&thread, NULL, try_all, &trial) != 0)
		return true;
	pthread_join(thread, NULL);
	return problem[0] == '\0';
}
