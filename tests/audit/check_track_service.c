/* SPDX-License-Identifier: Apache-2.0 */
/* track_service.c: what a KDC answers, over UDP and TCP, and which fetches come to nothing. */
#include "story_fixture.h"

#include <string.h>

#define HOST "192.0.2.1"
#define SERVER "198.51.100.88"

/* KRB_AP_ERR_SKEW about krbtgt/LAB.EXAMPLE, of a KDC of MIT krb5, in a laboratory. */
static const uint8_t skew[] = {
	0x7e, 0x81, 0x92, 0x30, 0x81, 0x8f, 0xa0, 0x03, 0x02, 0x01, 0x05, 0xa1, 0x03, 0x02, 0x01, 0x1e, 0xa4,
	0x11, 0x18, 0x0f, 0x32, 0x30, 0x32, 0x36, 0x31, 0x31, 0x32, 0x32, 0x30, 0x30, 0x30, 0x31, 0x33, 0x37,
	0x5a, 0xa5, 0x05, 0x02, 0x03, 0x00, 0xac, 0x38, 0xa6, 0x03, 0x02, 0x01, 0x25, 0xa7, 0x0d, 0x1b, 0x0b,
	0x4c, 0x41, 0x42, 0x2e, 0x45, 0x58, 0x41, 0x4d, 0x50, 0x4c, 0x45, 0xa8, 0x12, 0x30, 0x10, 0xa0, 0x03,
	0x02, 0x01, 0x01, 0xa1, 0x09, 0x30, 0x07, 0x1b, 0x05, 0x61, 0x6c, 0x69, 0x63, 0x65, 0xa9, 0x0d, 0x1b,
	0x0b, 0x4c, 0x41, 0x42, 0x2e, 0x45, 0x58, 0x41, 0x4d, 0x50, 0x4c, 0x45, 0xaa, 0x20, 0x30, 0x1e, 0xa0,
	0x03, 0x02, 0x01, 0x02, 0xa1, 0x17, 0x30, 0x15, 0x1b, 0x06, 0x6b, 0x72, 0x62, 0x74, 0x67, 0x74, 0x1b,
	0x0b, 0x4c, 0x41, 0x42, 0x2e, 0x45, 0x58, 0x41, 0x4d, 0x50, 0x4c, 0x45, 0xab, 0x10, 0x1b, 0x0e, 0x50,
	0x52, 0x45, 0x41, 0x55, 0x54, 0x48, 0x5f, 0x46, 0x41, 0x49, 0x4c, 0x45, 0x44,
};

enum { SYN = 0x02, SYN_ACK = 0x12, RST_ACK = 0x14, ACK = 0x10 };

static void begin(void)
{
	fixture_begin(NULL);
	options.keep_transitions = true;
}

START_TEST(kerberos)
{
	static const uint8_t protocols[] = { 17, 6 };

	for (unsigned i = 0; i < 2; i++) {
		uint8_t framed[4 + sizeof(skew)] = { 0, 0, 0, sizeof(skew) };
		memcpy(framed + 4, skew, sizeof(skew));
		bool tcp = protocols[i] == 6;
		begin();
		struct story_stream kdc = story_stream(HOST, SERVER, protocols[i], 88);
		story_payload(script, &kdc, true, tcp ? framed : skew, tcp ? sizeof(framed) : sizeof(skew));
		tell();
		has_times(result->transitions, " type=30 error=37 service=krbtgt/LAB.EXAMPLE", 1);
		end();
	}
}
END_TEST

/* What a client sends, what comes from another port, and damage. */
START_TEST(no_kerberos)
{
	uint8_t damaged[sizeof(skew)];

	begin();
	struct story_stream kdc = story_stream(HOST, SERVER, 17, 88), other = story_stream(HOST, SERVER, 17, 89);
	story_payload(script, &kdc, false, skew, sizeof(skew));
	story_payload(script, &other, true, skew, sizeof(skew));
	for (unsigned at = 0; at < 20; at++) {
		memcpy(damaged, skew, sizeof(skew));
		damaged[at] ^= 0xff;
		/* From octet 10 on the message type, and then the time: that may be anything. */
		if (at < 12)
			story_payload(script, &kdc, true, damaged, sizeof(damaged));
	}
	tell();
	has_times(result->transitions, "kerberos", 0);
	end();
}
END_TEST

static void syns(const struct story_stream *web, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		story_tcp(script, web, false, SYN, 0);
		story_wait(script, STORY_SECOND);
	}
}

START_TEST(fetch_unanswered)
{
	static const uint16_t ports[] = { 80, 389, 3268 };

	for (unsigned i = 0; i < 3; i++) {
		begin();
		struct story_stream web = story_stream(HOST, SERVER, 6, ports[i]);
		syns(&web, 5);
		tell();
		has_times(result->transitions, "fetch", 1);
		has_times(result->transitions, " unanswered port=", 1);
		end();
	}
}
END_TEST

START_TEST(fetch_refused)
{
	begin();
	struct story_stream web = story_stream(HOST, SERVER, 6, 80);
	syns(&web, 1);
	story_tcp(script, &web, true, RST_ACK, 0);
	tell();
	has_times(result->transitions, " refused port=80", 1);
	end();
}
END_TEST

START_TEST(fetch_after_all)
{
	begin();
	struct story_stream web = story_stream(HOST, SERVER, 6, 80);
	syns(&web, 4);
	story_tcp(script, &web, true, SYN_ACK, 0);
	tell();
	has_times(result->transitions, " unanswered port=80", 1);
	has_times(result->transitions, " answered port=80", 1);
	end();
}
END_TEST

/* That somebody looks at what is known, as the page does every second, changes nothing of what is told. */
START_TEST(while_somebody_looks)
{
	begin();
	options.look_ns = STORY_SECOND / 2;
	options.batch = 1;
	struct story_stream web = story_stream(HOST, SERVER, 6, 80);
	syns(&web, 5);
	tell();
	has_times(result->transitions, "fetch", 1);
	has_times(result->transitions, " unanswered port=80", 1);
	end();

	/* A connection that was answered, and is reset in the end. */
	begin();
	options.look_ns = STORY_SECOND / 2;
	options.batch = 1;
	syns(&web, 1);
	story_tcp(script, &web, true, SYN_ACK, 0);
	story_wait(script, STORY_SECOND);
	for (unsigned i = 0; i < 3; i++)
		story_tcp(script, &web, false, ACK, 100);
	story_tcp(script, &web, true, RST_ACK, 0);
	tell();
	has_times(result->transitions, "fetch", 0);
	end();

	/* Who knocks at a host that only takes secured traffic. */
	fixture_begin("  rules: [{ name: r, between: [" HOST ", " SERVER "] }]\n");
	options.keep_transitions = true;
	options.look_ns = STORY_SECOND / 2;
	options.batch = 1;
	web = story_stream(HOST, SERVER, 6, 445);
	syns(&web, 6);
	tell();
	has_times(result->transitions, "knock", 4);
	end();
}
END_TEST

/* Answered at once, or late; of another service; from one direction of a mirror alone. */
START_TEST(no_fetch)
{
	begin();
	struct story_stream web = story_stream(HOST, SERVER, 6, 80), late = story_stream("192.0.2.2", SERVER, 6, 80);
	struct story_stream secure = story_stream(HOST, SERVER, 6, 443),
			    half = story_stream("192.0.2.3", SERVER, 6, 80);
	syns(&web, 1);
	story_tcp(script, &web, true, SYN_ACK, 0);
	story_tcp(script, &web, false, ACK, 100);
	story_tcp(script, &web, true, ACK, 1000);
	syns(&late, 2);
	story_tcp(script, &late, true, SYN_ACK, 0);
	syns(&secure, 5);
	syns(&half, 1);
	for (unsigned i = 0; i < 5; i++)
		story_tcp(script, &half, false, ACK, 100);
	tell();
	has_times(result->transitions, "fetch", 0);
	end();
}
END_TEST

SUITE_MAIN("track_service", kerberos, no_kerberos, fetch_unanswered, fetch_refused, fetch_after_all, no_fetch,
	   while_somebody_looks)
