/* SPDX-License-Identifier: Apache-2.0 */
/* evidence_case.c: what keys alone say of a frame never contradicts what the frame says. */
#include "../../daemon/audit/evidence_case.h"

#include "../../config/policy.h"
#include "../dissectors/build.h"
#include "../suite.h"

static struct finding about(enum finding_id id, enum finding_subject subject, unsigned a, unsigned b)
{
	return (struct finding){
		.time_ns = 1,
		.first_ns = 1,
		.alert = 0xa1,
		.id = id,
		.subject = subject,
		.has_pair = subject == SUBJECT_PAIR,
		.a = build_address4(a),
		.b = subject == SUBJECT_PAIR ? build_address4(b) : (struct address){ { 0 } },
	};
}

/* Of any frame and any alert: what belongs may belong. */
START_TEST(what_keys_deny)
{
	enum { CASES = 40, HOSTS = 7, KINDS = 6 };
	struct policy policy;
	unsigned held = 0, denied = 0;

	policy_init(&policy);
	ck_assert(policy_seal(&policy));
	for (unsigned i = 0; i < CASES; i++) {
		unsigned a = 1 + i % HOSTS, b = 1 + (i / HOSTS + i) % HOSTS;
		struct finding finding = i % 3 ? about(FINDING_CLEARTEXT_LEAK, SUBJECT_PAIR, a, b == a ? 20 : b)
					       : about(FINDING_IKE_FLOOD, SUBJECT_HOST, a, 0);
		struct evidence_case evidence;
		if (i % 4 == 1) {
			finding.has_flow = true;
			finding.src = build_address4(21);
			finding.dst = build_address4(22);
		}
		ck_assert(evidence_case_make(&evidence, &finding, &policy));
		for (unsigned n = 0; n < HOSTS * HOSTS * KINDS; n++) {
			static const uint8_t classes[] = { PACKET_ESP,      PACKET_IKE,       PACKET_CLEARTEXT,
							   PACKET_FRAGMENT, PACKET_KEEPALIVE, PACKET_ICMP };
			unsigned from = 1 + n % HOSTS, to = 1 + n / HOSTS % HOSTS;
			struct packet packet = { .class = classes[n / (HOSTS * HOSTS)],
						 .has_ip = true,
						 .src = build_address4(n % 2 ? from : 20 + n % 3),
						 .dst = build_address4(to) };
			struct evidence_entry entry = { .host = { evidence_key(&packet.src),
								  evidence_key(&packet.dst) },
							.realm = n % 11 == 0,
							.class = packet.class };
			enum evidence_mark mark;
			if (packet.class == PACKET_ICMP && n % 3) {
				packet.flags |= PACKET_QUOTES;
				packet.quoted.src = build_address4(1 + n * 3 % HOSTS);
				packet.quoted.dst = build_address4(1 + n / 2 % HOSTS);
			}
			bool may = evidence_case_may_hold(&evidence, &entry);
			denied += !may;
			if (!evidence_case_holds(&evidence, &entry, &packet, &mark))
				continue;
			held++;
			ck_assert_msg(may, "case %u, packet %u", i, n);
		}
	}
	ck_assert_uint_gt(held, CASES);
	ck_assert_uint_gt(denied, CASES);
	policy_clear(&policy);
}
END_TEST

SUITE_MAIN("evidence_case", what_keys_deny)
