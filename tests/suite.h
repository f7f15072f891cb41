/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of every check program. SUITE_MAIN is a whole main() for tests that need no process of their own; a program
 * with fixtures, loops or time limits builds its suite itself and ends with suite_end().
 */
#ifndef ESPIAL_TESTS_SUITE_H
#define ESPIAL_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

/* After each assertion that holds Check would write where it was, to have a place to name if the next lines crash: half a million
 * writes of some programs, most of their time. A sanitizer or a debugger names that place better. */
static inline void suite_mark(void)
{
	/* As a call would, it may have changed anything. */
	__asm__ volatile("" ::: "memory");
}
#define _mark_point(file, line) suite_mark()

/* Runs the suite as `fork` says (CK_FORK_GETENV: each test in a process of its own unless CK_FORK=no) and frees it.
 * Returns what main() has to. */
static inline int suite_end_as(Suite *suite, enum fork_status fork)
{
	SRunner *runner = srunner_create(suite);

	srunner_set_fork_status(runner, fork);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline int suite_end(Suite *suite)
{
	return suite_end_as(suite, CK_FORK_GETENV);
}

/* One suite of one case, without forking, so that sanitizers and debuggers see it all. */
static inline int suite_run(const char *name, const TTest *const *tests, unsigned count)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);

	for (unsigned i = 0; i < count; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite_end_as(suite, CK_NOFORK);
}

#define SUITE_MAIN(name, ...)                                                                                          \
	int main(void)                                                                                                 \
	{                                                                                                              \
		const TTest *const tests[] = { __VA_ARGS__ };                                                          \
		return suite_run(name, tests, sizeof(tests) / sizeof(tests[0]));                                       \
	}

#endif
