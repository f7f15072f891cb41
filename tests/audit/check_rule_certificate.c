/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates in clear. The core reads none itself: here a certificate is text, "SUBJECT FROM UNTIL" in days from the
 * start of the script.
 */
#include "../suite.h"
#include "ike_script.h"

#define DAY_MS INT64_C(86400000)

static unsigned read_count;

static bool read_text(void *context, const uint8_t *octets, uint32_t length, struct certificate_facts *facts)
{
	char text[64], subject[32];
	int from, until;

	(void)context;
	read_count++;
	snprintf(text, sizeof(text), "%.*s", (int)length, (const char *)octets);
	if (sscanf(text, "%31s %d %d", subject, &from, &until) != 3)
		return false;
	*facts = (struct certificate_facts){ .not_before_ns = START + from * DAY_MS * MS,
					     .not_after_ns = START + until * DAY_MS * MS,
					     .issuer = "CN=Lab CA",
					     .key = "RSA",
					     .key_bits = 2048 };
	strcpy(facts->subject, subject);
	return true;
}

static struct script *begin(void)
{
	read_count = 0;
	return script_new_reading(100, read_text);
}

static void certificate(struct script *script, unsigned encoding, const char *text)
{
	uint32_t start = payload(script, IKEV1_PAYLOAD_CERT);

	put(script, 1, encoding);
	for (const char *at = text; *at; at++)
		put(script, 1, (uint8_t)*at);
	ends(script, start);
}

/* Aggressive mode with signatures: both show their certificate. */
static void aggressive(struct script *script, uint64_t ispi, const char *initiators, const char *responders)
{
	v1_sa(script, ispi, 0, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, 3, 14);
	say(script, 1000, 0);
	v1_sa(script, ispi, ispi + 1, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, 3, 14);
	certificate(script, 4, responders);
	say(script, 50, 1);
	header(script, ispi, ispi + 1, 0x10, IKEV1_EXCHANGE_AGGRESSIVE, 0, 0);
	certificate(script, 4, initiators);
	say(script, 50, 0);
}

static const struct seen *outdated(const struct script *script)
{
	return last_of(script, FINDING_IKE_CERTIFICATE_EXPIRED);
}

static bool mentions(const struct seen *seen, const char *words)
{
	return strstr(seen->evidence, words) != NULL;
}

START_TEST(expired)
{
	struct script *script = begin();
	aggressive(script, 7, "CN=alice -10 10", "CN=bob -700 -3");
	const struct seen *seen = outdated(script);
	ck_assert_ptr_nonnull(seen);
	ck_assert_int_eq(seen->severity, SEVERITY_MEDIUM);
	ck_assert_int_eq(seen->grade, GRADE_OBSERVED);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_CERTIFICATE_EXPIRED), 1);
	ck_assert_str_eq(seen->text, "10.0.0.2 shows a certificate that expired 3 days ago.");
	ck_assert(mentions(seen, " state=expired"));
	ck_assert(mentions(seen, " subject=CN=bob"));
	ck_assert(mentions(seen, " key_bits=2048"));
	script_free(script);
}
END_TEST

START_TEST(not_yet_valid)
{
	struct script *script = begin();
	aggressive(script, 7, "CN=alice 2 10", "CN=bob -10 10");
	const struct seen *seen = outdated(script);
	ck_assert_ptr_nonnull(seen);
	ck_assert(mentions(seen, " state=not-yet-valid"));
	ck_assert_ptr_nonnull(strstr(seen->text, "10.0.0.1 shows"));
	script_free(script);
}
END_TEST

/* Valid, also by a clock that is two minutes off; no certificate; another encoding; what cannot be read. */
START_TEST(sound)
{
	struct script *script = begin();
	aggressive(script, 7, "CN=alice -10 10", "CN=bob -10 0");
	pass(script, 60000);
	aggressive(script, 9, "CN=alice -10 10", "CN=bob -10 0");
	aggressive(script, 11, "nonsense", "");
	v1_sa(script, 13, 0, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, 3, 14);
	certificate(script, 7, "CN=alice -10 -5"); /* a revocation list */
	say(script, 1000, 0);
	ck_assert_ptr_null(outdated(script));
	script_free(script);
	/* Without anything to read certificates with, nothing is told. */
	script = script_new(100);
	aggressive(script, 7, "CN=alice -10 10", "CN=bob -700 -3");
	ck_assert_ptr_null(outdated(script));
	script_free(script);
}
END_TEST

/* One alert however often it is shown; over when the name has a new certificate, not when another name is shown. */
START_TEST(life)
{
	struct script *script = begin();
	for (unsigned i = 0; i < 20; i++)
		aggressive(script, 100 + 2 * i, "CN=alice -10 10", "CN=bob -700 -3");
	aggressive(script, 7, "CN=alice -10 10", "CN=other -10 10");
	ck_assert_int_ne(outdated(script)->state, FINDING_CLEAR);
	aggressive(script, 9, "CN=alice -10 10", "CN=bob -1 700");
	ck_assert_int_eq(outdated(script)->state, FINDING_CLEAR);
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_CERTIFICATE_EXPIRED), 1);
	aggressive(script, 11, "CN=alice -10 10", "CN=bob -700 -3");
	ck_assert_uint_eq(opens_of(script, FINDING_IKE_CERTIFICATE_EXPIRED), 2);
	pass(script, DAY_MS + 1000);
	ck_assert_int_eq(outdated(script)->state, FINDING_CLEAR);
	script_free(script);
}
END_TEST

/* Anybody can send a certificate: seen from one side alone it is likely. */
START_TEST(one_sided)
{
	struct script *script = begin();
	v1_sa(script, 7, 0, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, 3, 14);
	certificate(script, 4, "CN=alice -700 -3");
	say(script, 1000, 0);
	ck_assert_int_eq(outdated(script)->grade, GRADE_LIKELY);
	script_free(script);
}
END_TEST

/* A thousand messages of one second are not all read, and those of the next second are again. */
START_TEST(flood)
{
	struct script *script = begin();
	for (unsigned i = 0; i < 1000; i++) {
		v1_sa(script, 1000 + i, 0, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, 3, 14);
		certificate(script, 4, "CN=alice -10 10");
		say(script, 0, 0);
	}
	ck_assert_uint_eq(read_count, 256);
	aggressive(script, 7, "CN=alice -10 10", "CN=bob -700 -3");
	ck_assert_ptr_nonnull(outdated(script));
	script_free(script);
}
END_TEST

/* The proof then fails: the hint is what was seen. */
START_TEST(hint)
{
	struct script *script = begin();
	v1_sa(script, 7, 0, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, 3, 14);
	say(script, 1000, 0);
	v1_sa(script, 7, 8, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, 3, 14);
	certificate(script, 4, "CN=bob -700 -3");
	say(script, 50, 1);
	v1_refusal(script, 7, IKEV1_NOTIFY_INVALID_CERTIFICATE);
	say(script, 50, 0);
	pass(script, 6000);
	const struct seen *seen = last_of(script, FINDING_IKE_AUTH_FAILED);
	ck_assert_ptr_nonnull(seen);
	ck_assert_int_eq(seen->cause, CAUSE_CERTIFICATE);
	ck_assert(mentions(seen, " certificate_hint=expired-likely"));
	script_free(script);
}
END_TEST

SUITE_MAIN("rule_certificate", expired, not_yet_valid, sound, life, one_sided, flood, hint)
