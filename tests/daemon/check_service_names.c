/* SPDX-License-Identifier: Apache-2.0 */
/* Names that no flow is ever called by: which are told, where they stand, and what was probably meant. */
#include "../../daemon/service_names.h"

#include "../suite.h"
#include "../../config/config.h"
#include "../../daemon/classify.h"

#include <stdio.h>
#include <string.h>

enum { TOLD_MAX = 8, TEXT_SIZE = 512 };

static char told[TOLD_MAX][TEXT_SIZE];
static unsigned told_count;

static void note(void *context, const char *text)
{
	(void)context;
	if (told_count < TOLD_MAX)
		snprintf(told[told_count++], TEXT_SIZE, "%s", text);
}

static unsigned check_text(const char *text)
{
	struct config_error error;
	struct config *config = config_parse("test", text, strlen(text), &error);

	ck_assert_msg(config != NULL, "%s", error.text);
	told_count = 0;
	unsigned count = service_names_check(&config->policy, note, NULL);
	config_free(config);
	ck_assert_uint_eq(count, told_count);
	return count;
}

/* Every name that is possible passes, in whichever case, and so does all that is no name. */
START_TEST(good_names_are_not_told)
{
	ck_assert_uint_eq(check_text("policy:\n"
				     "  allow: [icmp, DNS, http, Kerberos, smbv23, proto/89, tcp/443]\n"
				     "  rules:\n"
				     "    - { name: a, between: [10.0.0.0/8], allow: [ntp, TLS], deny: [telnet] }\n"),
			  0);
	ck_assert_uint_eq(check_text("policy: { learn: true }\n"), 0);
}
END_TEST

START_TEST(slips_are_told_with_what_was_meant)
{
	ck_assert_uint_eq(
	    check_text("policy:\n"
		       "  allow: [dsn]\n"
		       "  rules:\n"
		       "    - { name: a, between: [10.0.0.0/8], allow: [dns, kerebros], deny: [telnt] }\n"),
	    3);
	ck_assert_str_eq(told[0], "policy.allow: no flow is ever called 'dsn': did you mean 'DNS'?");
	ck_assert_str_eq(told[1],
			 "line 4: rule 'a': allow: no flow is ever called 'kerebros': did you mean 'Kerberos'?");
	ck_assert_str_eq(told[2], "line 4: rule 'a': deny: no flow is ever called 'telnt': did you mean 'Telnet'?");
}
END_TEST

/* What nobody could have meant, and what is not looked for here. */
START_TEST(others_are_told)
{
	ck_assert_uint_eq(check_text("policy: { allow: [our-own-protocol, BitTorrent] }\n"), 2);
	ck_assert_str_eq(told[0], "policy.allow: no flow is ever called 'our-own-protocol': nDPI has no such name, so "
				  "that it changes nothing");
	ck_assert(strstr(told[1], "'bittorrent'") != NULL);
}
END_TEST

START_TEST(nearest_is_near)
{
	struct classifier *classifier = classifier_new(0);

	ck_assert_ptr_nonnull(classifier);
	ck_assert_str_eq(classifier_nearest(classifier, "htpp"), "HTTP");
	ck_assert_str_eq(classifier_nearest(classifier, "posgresql"), "PostgreSQL");
	ck_assert_ptr_null(classifier_nearest(classifier, "zzzzzzzzzzzz"));
	ck_assert_ptr_null(
	    classifier_nearest(classifier, "a-name-that-is-longer-than-any-that-the-library-has-for-a-flow"));
	classifier_free(classifier);
}
END_TEST

SUITE_MAIN("service_names", good_names_are_not_told, slips_are_told_with_what_was_meant, others_are_told,
	   nearest_is_near)
