/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs that are not accepted: ike-auth-failed with its causes and hints, and ike-ca-mismatch. See rule_ike.h.
 *
 * What a side did not like about a proof is encrypted. Its method is not (EVIDENCE-measured section 3), and what went on
 * beside the negotiation often says the rest:
 *
 *   (XAUTH)       cause unknown; phase 1 was ended behind it where quick mode should have followed
 *   (EAP)         cause unknown; it ended, and the initiator did not go on to the last proof, or that was not believed
 *   kerberos      a KDC refused one of the two a ticket, up to auth_tie_ns before
 *   certificate   certificate_hint: "ca-disjoint" the two ask for certificates of different authorities; "crl-unreachable"
 *                 one of them just failed to fetch over HTTP or LDAP; "expired-likely" the certificate is seen to be out of
 *                 date, or one host fails with every peer since one instant and held before; "fragment-loss" the proof is
 *                 large, was sent again, and the two do not both take it in fragments; "unknown"
 */
#include "rule_ike.h"

#include "../../dissectors/ike_names.h"
#include "../../dissectors/kerberos.h"

#include <stdio.h>
#include <string.h>

enum {
	LARGE_OCTETS = 1232, /* as rule_ike.c has it */
	EXPIRED_PEERS = 2,   /* so many fail with one host before it is the host */
};

static enum finding_cause cause_of(struct judge *judge, const struct judged_pair *pair, const struct ike_story *story,
				   uint16_t notify)
{
	if (story->major == 1)
		switch (notify) {
		case IKEV1_NOTIFY_INVALID_CERT_ENCODING:
		case IKEV1_NOTIFY_INVALID_CERTIFICATE:
		case IKEV1_NOTIFY_CERT_TYPE_UNSUPPORTED:
		case IKEV1_NOTIFY_INVALID_CERT_AUTHORITY:
		case IKEV1_NOTIFY_CERTIFICATE_UNAVAILABLE:
			return CAUSE_CERTIFICATE;
		default:
			break;
		}
	switch (ike_story_auth(story)) {
	case IKE_AUTH_PRE_SHARED_KEY:
		return CAUSE_PRE_SHARED_KEY;
	case IKE_AUTH_CERTIFICATE:
		return CAUSE_CERTIFICATE;
	case IKE_AUTH_KERBEROS:
		return CAUSE_KERBEROS;
	default:
		return rule_ike_lacks_ticket(judge, pair, story) ? CAUSE_KERBEROS : CAUSE_UNKNOWN;
	}
}

/* ---- Kerberos ---- */

/* The end of the pair that a KDC refused something, and what; -1 if neither was. */
static int refused_end(const struct judge *judge, const struct judged_pair *pair, int64_t begun_ns,
		       struct service_refusal *refusal)
{
	int64_t since = begun_ns - judge->settings.thresholds.auth_tie_ns;
	int found = -1;

	for (int end = 0; end < 2; end++) {
		struct service_refusal one;
		if (services_refusal(judge->services, pair->realm, &pair->address[end], since, &one) &&
		    (found < 0 || one.time_ns > refusal->time_ns)) {
			*refusal = one;
			found = end;
		}
	}
	return found;
}

bool rule_ike_lacks_ticket(struct judge *judge, const struct judged_pair *pair, const struct ike_story *story)
{
	enum ike_auth auth = ike_story_auth(story);
	struct service_refusal refusal;

	/* Where the choice is not in view, that Kerberos was offered has to do. */
	if (auth != IKE_AUTH_KERBEROS && (auth != IKE_AUTH_UNKNOWN || !story->gssapi))
		return false;
	return refused_end(judge, pair, story->first_ns, &refusal) >= 0;
}

/* What the errors mean for IPsec; others are named alone. */
static const char *meaning(int32_t error)
{
	switch (error) {
	case KERBEROS_ERROR_CLIENT_REVOKED:
		return "its computer account is locked or disabled";
	case KERBEROS_ERROR_PREAUTH_FAILED:
		return "the password of its computer account is not the domain's";
	case KERBEROS_ERROR_SKEW:
		return "its clock and the domain's differ by too much";
	case KERBEROS_ERROR_S_PRINCIPAL_UNKNOWN:
		return "the domain does not know the host it asks for";
	case KERBEROS_ERROR_C_PRINCIPAL_UNKNOWN:
		return "the domain does not know its computer account";
	default:
		return "the domain controller gives no ticket";
	}
}

static void describe_kerberos(const struct judge *judge, const struct judged_pair *pair, const struct trouble *trouble,
			      struct finding *finding)
{
	struct service_refusal refusal = { 0 };
	struct address_text host, kdc;
	int end = refused_end(judge, pair, trouble->begun_ns, &refusal);

	if (end < 0)
		return;
	const char *name = kerberos_error_name(refusal.error);
	finding_say(finding, ": %s was refused a ticket by %s, %s (%s)", address_text(&pair->address[end], &host),
		    address_text(&refusal.kdc, &kdc), meaning(refusal.error), name ? name : "an error without a name");
	finding_note_text(finding, "kerberos_error", name ? name : "");
	finding_note_integer(finding, "kerberos_code", refusal.error);
	finding_note_words(finding, "kerberos_service", refusal.name);
	finding_note_address(finding, "kerberos_host", &pair->address[end]);
	finding_note_address(finding, "kerberos_kdc", &refusal.kdc);
	finding_note_time(finding, "kerberos_time", refusal.time_ns);
}

/* ---- certificates ---- */

/* Both sides asked for certificates of named authorities, and no name is common; only told where the proof failed. */
static void compare_authorities(struct judge *judge, struct judged_pair *pair, const struct ike_story *story)
{
	struct judged_negotiation *negotiation = &pair->negotiation;
	unsigned ours = story->authority_count[0], theirs = story->authority_count[1];
	struct finding finding;

	if (!ours || !theirs || ours == IKE_STORY_AUTHORITIES || theirs == IKE_STORY_AUTHORITIES)
		return;
	for (unsigned i = 0; i < ours; i++)
		for (unsigned j = 0; j < theirs; j++)
			if (story->authorities[0][i] == story->authorities[1][j])
				return;
	alert_begin(judge, pair, FINDING_IKE_CA_MISMATCH, &finding);
	finding.has_ike_spi = true;
	finding.ike_spi = story->ispi;
	finding_say(
	    &finding,
	    "The two ask each other for certificates of different authorities (%u and %u names, none in common), and "
	    "authentication failed.",
	    ours, theirs);
	finding_note_integer(&finding, "initiator_authorities", ours);
	finding_note_integer(&finding, "responder_authorities", theirs);
	alert_tell_pair(judge, pair, &negotiation->authorities, &finding);
	judge_wake(judge, pair, RULE_CRYPTO, judge->now_ns + judge->settings.thresholds.selection_hold_ns);
}

static void end_authorities(struct judge *judge, struct judged_pair *pair)
{
	struct finding finding;

	if (!pair->negotiation.authorities.open)
		return;
	alert_begin(judge, pair, FINDING_IKE_CA_MISMATCH, &finding);
	alert_end(judge, &pair->negotiation.authorities, &finding, "established",
		  "The two authenticate each other now.");
}

/* A proof by certificate involved the host: it held, or it did not, with this peer. */
static void note_proof(struct judge *judge, const struct address *address, uint64_t pair, bool held)
{
	struct judged_host *host = judge_host(judge, address);

	if (!host)
		return;
	if (held) {
		if (!host->proof_held) {
			host->proof_held = true;
			known_note_host(judge, host);
		}
		host->proof_failed_count = 0;
		host->proofs_fail_ns = 0;
		return;
	}
	if (!host->proofs_fail_ns)
		host->proofs_fail_ns = judge->now_ns;
	for (unsigned i = 0; i < host->proof_failed_count; i++)
		if (host->proof_failed_with[i] == pair)
			return;
	if (host->proof_failed_count < JUDGE_PROOFS)
		host->proof_failed_with[host->proof_failed_count++] = pair;
}

/* The end that proved itself to others before and fails with every peer since; NULL if there is none such. */
static const struct judged_host *failing_end(struct judge *judge, const struct judged_pair *pair)
{
	const struct judged_host *found = NULL;

	for (unsigned end = 0; end < 2; end++) {
		const struct judged_host *host = judge_host(judge, &pair->address[end]);
		if (host && host->proof_held && host->proof_failed_count >= EXPIRED_PEERS &&
		    (!found || host->proof_failed_count > found->proof_failed_count))
			found = host;
	}
	return found;
}

static bool fragments_lost(const struct ike_story *story)
{
	const struct ike_request *proof = &story->request[0];

	return proof->largest > LARGE_OCTETS && proof->sends > 1 && !(story->fragments[0] && story->fragments[1]);
}

static void describe_certificate(struct judge *judge, const struct judged_pair *pair, const struct trouble *trouble,
				 const struct ike_story *story, struct finding *finding)
{
	int64_t since = trouble->last_ns - judge->settings.thresholds.auth_tie_ns;
	const struct judged_host *failing = failing_end(judge, pair);
	const char *hint = "unknown";
	struct service_fetch fetch;
	struct address_text text;

	if (pair->negotiation.authorities.open) {
		hint = "ca-disjoint";
		finding_say(finding, "; the two ask for certificates of different authorities");
	} else if (story->certificate_outdated) {
		hint = "expired-likely";
		finding_say(finding, "; the one that is in clear is out of date");
	} else if (services_fetch(judge->services, pair->realm, &pair->address[0], since, &fetch) ||
		   services_fetch(judge->services, pair->realm, &pair->address[1], since, &fetch)) {
		hint = "crl-unreachable";
		finding_say(finding, "; a fetch from %s port %u was %s just before, as of a revocation list",
			    address_text(&fetch.server, &text), fetch.port, fetch.refused ? "refused" : "not answered");
		finding_note_address(finding, "fetch_server", &fetch.server);
		finding_note_integer(finding, "fetch_port", fetch.port);
	} else if (failing) {
		hint = "expired-likely";
		finding_say(finding,
			    "; %s fails with every peer of late, and did not before: its certificate may have expired",
			    address_text(&failing->address, &text));
		finding_note_address(finding, "failing_host", &failing->address);
		finding_note_time(finding, "failing_since", failing->proofs_fail_ns);
		finding_note_integer(finding, "failing_peers", failing->proof_failed_count);
	} else if (fragments_lost(story)) {
		hint = "fragment-loss";
		finding_say(finding, "; the proof has %u octets and was sent %u times, so fragments of it may be lost",
			    story->request[0].octets, story->request[0].sends);
	}
	finding_note_text(finding, "certificate_hint", hint);
}

/* ---- both ---- */

enum finding_cause rule_ike_proof_failed(struct judge *judge, struct judged_pair *pair, const struct ike_story *story)
{
	enum finding_cause cause = cause_of(judge, pair, story, judge->ike.notify);

	compare_authorities(judge, pair, story);
	for (unsigned end = 0; end < 2 && cause == CAUSE_CERTIFICATE; end++)
		note_proof(judge, &pair->address[end], pair->link.hash, false);
	return cause;
}

void rule_ike_proof_held(struct judge *judge, struct judged_pair *pair, struct ike_story *story)
{
	enum ike_auth auth = ike_story_auth(story);

	end_authorities(judge, pair);
	for (unsigned end = 0; end < 2 && auth != IKE_AUTH_UNKNOWN; end++) {
		struct judged_host *host = judge_host(judge, &pair->address[end]);
		if (!host || (host->proves & 1u << auth))
			continue;
		host->proves |= (uint8_t)(1u << auth);
		story->noted_auth = (uint8_t)auth;
		story->noted_ends |= (uint8_t)(1u << end);
	}
	for (unsigned end = 0; end < 2 && ike_story_auth(story) == IKE_AUTH_CERTIFICATE; end++)
		note_proof(judge, &pair->address[end], pair->link.hash, true);
}

void rule_ike_proof_continued(struct judge *judge, struct judged_pair *pair, struct ike_story *story)
{
	struct judged_negotiation *negotiation = &pair->negotiation;

	for (unsigned end = 0; end < 2; end++) {
		struct judged_host *host =
		    story->noted_ends & 1u << end ? judge_host(judge, &pair->address[end]) : NULL;
		if (host)
			host->proves &= (uint8_t) ~(1u << story->noted_auth);
	}
	story->noted_ends = 0;
	if (negotiation->established_ispi != story->ispi)
		return;
	negotiation->established_ispi = 0;
	negotiation->established_ns = 0;
}

/* ---- what is undone behind the first answer ---- */

/*
 * EAP-Success and EAP-Failure look alike. After the one the initiator goes on at once, after the other it does not; but what it is
 * asked in as few octets may have to wait for somebody with a card. An initiator that does not believe the responder says so in a
 * notify, which others look like (and so either side in IKEv1, or who ends XAUTH): so that IKE SA may not bring ESP, nor say more, and it
 * has to happen again within ike_hold_ns.
 */
static const struct ike_story *came_to_nothing(struct judge *judge, struct judged_pair *pair)
{
	struct judged_negotiation *negotiation = &pair->negotiation;
	const struct ike_story *story = ike_story_find(judge->stories, pair->realm, negotiation->undone_ispi);

	negotiation->undone_ispi = 0;
	if (!story || story->rejected_ns || !(story->disowned_ns || (story->eap_ended_ns && !story->established_ns)))
		return NULL;
	/* In IKEv1 what follows a phase 1 is less telling: while ESP goes on, of another one, it was only to take its place. */
	if (story->major == 1 && (pair->esp[0].running || pair->esp[1].running))
		return NULL;
	int64_t since_ns = story->disowned_ns ? story->established_ns : story->eap_ended_ns;
	/* That it came up may have been out of view. */
	for (unsigned d = 0; d < 2; d++) {
		const struct judged_sa *sa = judge_newest_sa(judge, pair, d);
		if (sa && sa->born_ns >= since_ns)
			return NULL;
	}
	if (!story->disowned_ns)
		return story;
	bool again = negotiation->disowned_ns &&
		     story->disowned_ns - negotiation->disowned_ns < judge->settings.thresholds.ike_hold_ns;
	negotiation->disowned_ns = story->disowned_ns;
	return again ? story : NULL;
}

const struct ike_story *rule_ike_undone_replaced(struct judge *judge, struct judged_pair *pair,
						 const struct ike_story *story)
{
	struct judged_negotiation *negotiation = &pair->negotiation;
	const struct ike_story *failed = NULL;

	if (story->eap_ended_ns != judge->now_ns && story->disowned_ns != judge->now_ns)
		return NULL;
	/* Two clients behind one address may be at it at the same time. */
	if (negotiation->undone_ispi && negotiation->undone_ispi != story->ispi &&
	    judge->now_ns - negotiation->undone_ns >= judge->settings.thresholds.ike_settle_ns)
		failed = came_to_nothing(judge, pair);
	negotiation->undone_ispi = story->ispi;
	negotiation->undone_ns = judge->now_ns;
	judge_wake(judge, pair, RULE_IKE, judge->now_ns + judge->settings.thresholds.child_doubt_ns);
	return failed;
}

const struct ike_story *rule_ike_undone_due(struct judge *judge, struct judged_pair *pair)
{
	struct judged_negotiation *negotiation = &pair->negotiation;
	int64_t due = negotiation->undone_ns + judge->settings.thresholds.child_doubt_ns;

	if (!negotiation->undone_ispi)
		return NULL;
	if (judge->now_ns >= due)
		return came_to_nothing(judge, pair);
	judge_wake(judge, pair, RULE_IKE, due);
	return NULL;
}

void rule_ike_describe_proof(struct judge *judge, const struct judged_pair *pair, const struct ike_story *story,
			     struct finding *finding)
{
	const struct trouble *trouble = &pair->negotiation.troubles[TROUBLE_AUTH];
	const char *name = trouble->notify ? ike_notify_name(trouble->major, trouble->notify) : NULL;
	const char *what = finding->cause == CAUSE_PRE_SHARED_KEY
			       ? "the pre-shared keys differ, or the identities they are filed under"
			   : finding->cause == CAUSE_CERTIFICATE ? "a certificate was not accepted"
			   : finding->cause == CAUSE_KERBEROS    ? "Kerberos gave no proof"
			   : !trouble->eap                       ? "by which method is not to be seen"
			   : trouble->major == 1
			       ? "XAUTH, by which whoever is at the initiator was to prove themselves, came to nothing"
			       : "EAP, by which the initiator was to prove itself, came to nothing";
	struct address_text a, b;

	if (!trouble->notify)
		finding->grade = GRADE_LIKELY;
	finding_say(finding, "%s and %s agree on algorithms and fail to authenticate each other: %s",
		    address_text(&finding->src, &a), address_text(&finding->dst, &b), what);
	/* Who ends XAUTH is not who did not believe. */
	if (trouble->disowned && !(trouble->eap && trouble->major == 1))
		finding_say(finding, "; it seems to be %s that does not believe %s",
			    trouble->by_responder ? b.text : a.text, trouble->by_responder ? a.text : b.text);
	if (name) {
		finding_say(finding, ", said in clear: %s", name);
		finding_note_text(finding, "notify", name);
	}
	if (finding->cause == CAUSE_KERBEROS)
		describe_kerberos(judge, pair, trouble, finding);
	if (!story)
		return;
	if (finding->cause == CAUSE_KERBEROS && ike_story_auth(story) != IKE_AUTH_KERBEROS)
		finding->grade = GRADE_POSSIBLE;
	rule_ike_note_proves(judge, &finding->src, finding, "initiator_proves_by");
	rule_ike_note_proves(judge, &finding->dst, finding, "responder_proves_by");
	finding_note_integer(finding, "proof_octets", story->auth_octets);
	finding_note_boolean(finding, "certificate_requested", story->asked_certificate);
	if (finding->cause == CAUSE_CERTIFICATE)
		describe_certificate(judge, pair, trouble, story, finding);
}
