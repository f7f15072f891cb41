/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of the check programs of this folder: one suite, one case, without forking, so that sanitizers see it all. */
#ifndef ESPIAL_TESTS_AUDIT_SUITE_H
#define ESPIAL_TESTS_AUDIT_SUITE_H

#include <check.h>
#include <stdlib.h>

static inline int suite_run(const char *name, const TTest *const *tests, unsigned count)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);

	for (unsigned i = 0; i < count; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define SUITE_MAIN(name, ...)                                                                                          \
	int main(void)                                                                                                 \
	{                                                                                                              \
		const TTest *const tests[] = { __VA_ARGS__ };                                                          \
		return suite_run(name, tests, sizeof(tests) / sizeof(tests[0]));                                       \
	}

#endif
