/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration when memory ends: each of our own allocations fails once, in turn, and all later ones with it.
 * Nothing may crash or leak, and whoever asked is told. The linker puts the functions below in the place of malloc and
 * its kin where config/ calls them, and in that of libcyaml's memory, which config/ hands to it.
 */
#include "config/config.h"
#include "../suite.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);
int __wrap_asprintf(char **text, const char *format, ...);
int __wrap___asprintf_chk(char **text, int flag, const char *format, ...);

/* How many more allocations succeed; negative: all. Check runs each test in a process of its own. */
static long remaining = -1;

static bool granted(void)
{
	if (remaining < 0)
		return true;
	if (remaining == 0)
		return false;
	remaining--;
	return true;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return granted() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *block, size_t size)
{
	return granted() ? __real_realloc(block, size) : NULL;
}

char *__wrap_strdup(const char *text)
{
	return granted() ? __real_strdup(text) : NULL;
}

int __wrap_asprintf(char **text, const char *format, ...)
{
	va_list arguments;
	int length;

	if (!granted())
		return -1;
	va_start(arguments, format);
	length = vasprintf(text, format, arguments);
	va_end(arguments);
	return length;
}

/* What _FORTIFY_SOURCE makes of asprintf. */
int __wrap___asprintf_chk(char **text, int flag, const char *format, ...)
{
	va_list arguments;
	int length;

	(void)flag;
	if (!granted())
		return -1;
	va_start(arguments, format);
	length = vasprintf(text, format, arguments);
	va_end(arguments);
	return length;
}

static const char yaml[] = "sensor: a\n"
			   "capture: [{interface: b, decapsulate: [vlan], buffer: 1MiB}, {interface: c}]\n"
			   "policy:\n"
			   "  allow: [dns, tcp/22]\n"
			   "  rules:\n"
			   "    - name: d\n"
			   "      between: [[10.0.0.1, 10.0.0.2], any]\n"
			   "      gateways: [192.0.2.1, 192.0.2.2]\n"
			   "      allow: [ssh]\n"
			   "      deny: [icmp]\n"
			   "    - {name: e, between: [10.0.0.0/8], crypto: cnsa-2.0}\n"
			   "alerts: {off: [sa-up], maintenance: [{name: f, hosts: [10.0.0.0/8], at: daily 02:00-04:00}]}\n"
			   "report:\n"
			   "  syslog: {to: /dev/log}\n"
			   "  json: {file: /f}\n"
			   "  spool: {dir: /s}\n"
			   "  store: {}\n"
			   "  http: {listen: /g}\n"
			   "  evidence: {}\n";

/* Generous: the number of allocations is a few hundred. */
enum { MOST = 20000 };

START_TEST(parsing)
{
	long failures = 0;

	for (long allowed = 0;; allowed++) {
		struct config_error error = { "" };
		struct config *config;

		ck_assert_int_lt(allowed, MOST);
		remaining = allowed;
		config = config_parse("t.yaml", yaml, sizeof(yaml) - 1, &error);
		remaining = -1;
		if (config) {
			config_free(config);
			break;
		}
		failures++;
		ck_assert_msg(strstr(error.text, "not enough memory") != NULL, "after %ld: %s", allowed, error.text);
	}
	ck_assert_int_gt(failures, 50);
}
END_TEST

START_TEST(defaults)
{
	struct config *config = NULL;
	long allowed;

	for (allowed = 0; !config; allowed++) {
		ck_assert_int_lt(allowed, MOST);
		remaining = allowed;
		config = config_default();
		remaining = -1;
	}
	ck_assert_int_gt(allowed, 4);
	config_free(config);
}
END_TEST

START_TEST(additions)
{
	struct config *config = config_default();
	bool done = false;

	for (long allowed = 0; !done; allowed++) {
		struct config_error error = { "" };
		ck_assert_int_lt(allowed, MOST);
		remaining = allowed;
		done = config_add_secured(config, "10.0.0.1,10.0.0.2,via=192.0.2.1,192.0.2.2", &error);
		remaining = -1;
		ck_assert(done || strstr(error.text, "not enough memory"));
		ck_assert_uint_eq(config->policy.rule_count, done);
	}
	done = false;
	for (long allowed = 0; !done; allowed++) {
		ck_assert_int_lt(allowed, MOST);
		remaining = allowed;
		done = config_add_interface(config, "eth0");
		remaining = -1;
		ck_assert_uint_eq(config->interface_count, done);
	}
	done = false;
	for (long allowed = 0; !done; allowed++) {
		ck_assert_int_lt(allowed, MOST);
		remaining = allowed;
		done = config_seal(config);
		remaining = -1;
		ck_assert(done == (config->policy.index != NULL));
	}
	config_free(config);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_memory");
	TCase *tests = tcase_create("config_memory");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, parsing);
	tcase_add_test(tests, defaults);
	tcase_add_test(tests, additions);
	suite_add_tcase(suite, tests);
	return suite_end(suite);
}
