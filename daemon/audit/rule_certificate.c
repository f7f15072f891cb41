/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates in clear that are outside their period of validity: ike-certificate-expired, about the host that shows one.
 *
 * IKEv1 shows certificates in aggressive mode with signatures, and in main mode without encryption; everything else hides
 * them. The time is that of the frame, and neither clock is perfect, so the period is taken wider by certificate_skew_ns
 * on both sides. The alert ends when the host shows a valid certificate for the same name, or none for long.
 *
 * To read a certificate takes long, and strangers may send any number: so many a second are read and no more.
 */
#include "hash.h"

#include "finding.h"
#include "rules.h"

#include <string.h>

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)

enum { READ_PER_SECOND = 256 };

static bool may_read(struct judge *judge)
{
	int64_t second = judge->now_ns / SECOND;

	if (judge->certificate_second != second) {
		judge->certificate_second = second;
		judge->certificates_read = 0;
	}
	if (judge->certificates_read >= READ_PER_SECOND)
		return false;
	judge->certificates_read++;
	return true;
}

static void begin(struct judge *judge, const struct judged_host *host, struct finding *finding)
{
	alert_begin_host(judge, &host->address, FINDING_IKE_CERTIFICATE_EXPIRED, finding);
	finding->first_ns = host->outdated_first_ns;
	finding->last_ns = host->outdated_ns;
}

static void clear(struct judge *judge, struct judged_host *host, const char *why, const char *sentence)
{
	struct finding finding;
	struct address_text text;

	if (!host->outdated.open)
		return;
	begin(judge, host, &finding);
	finding.cleared_by = why;
	finding_say(&finding, "%s %s.", address_text(&host->address, &text), sentence);
	alert_clear(judge, &host->outdated, &finding);
}

static void tell(struct judge *judge, struct judged_host *host, const struct certificate_facts *facts, bool expired)
{
	const struct ike_story *story = judge->ike.story;
	int64_t days = (expired ? judge->now_ns - facts->not_after_ns : facts->not_before_ns - judge->now_ns) / DAY;
	struct finding finding;
	struct address_text text;

	if (!host->outdated.open)
		host->outdated_first_ns = judge->now_ns;
	host->outdated_ns = judge->now_ns;
	begin(judge, host, &finding);
	finding.has_ike_spi = true;
	finding.ike_spi = story->ispi;
	/* Without the other side's part anybody may have sent it. */
	finding.grade = story->two_way ? GRADE_OBSERVED : GRADE_LIKELY;
	finding_say(&finding, "%s shows a certificate%s that %s %lld day%s%s.", address_text(&host->address, &text),
		    facts->authority ? " of an authority" : "", expired ? "expired" : "becomes valid only in",
		    (long long)days, finding_plural((uint64_t)days), expired ? " ago" : "");
	finding_note_text(&finding, "state", expired ? "expired" : "not-yet-valid");
	finding_note_integer(&finding, "days", days);
	finding_note_time(&finding, "not_before", facts->not_before_ns);
	finding_note_time(&finding, "not_after", facts->not_after_ns);
	finding_note_words(&finding, "subject", facts->subject);
	finding_note_words(&finding, "issuer", facts->issuer);
	finding_note_words(&finding, "serial", facts->serial);
	finding_note_words(&finding, "key", facts->key);
	finding_note_integer(&finding, "key_bits", facts->key_bits);
	finding_note_words(&finding, "signature", facts->signature);
	finding_note_boolean(&finding, "authority", facts->authority);
	alert_tell_host(judge, &host->outdated, &finding);
	judge_wake_host(judge, host, HOST_CERTIFICATE, judge->now_ns + judge->settings.thresholds.certificate_hold_ns);
}

static void look_at(struct judge *judge, struct judged_host *host, const struct certificate_facts *facts)
{
	int64_t skew = judge->settings.thresholds.certificate_skew_ns;
	bool expired = certificate_validity(facts, judge->now_ns - skew) == CERTIFICATE_EXPIRED;
	bool early = certificate_validity(facts, judge->now_ns + skew) == CERTIFICATE_NOT_YET_VALID;
	uint64_t subject = hash_octets(facts->subject, strlen(facts->subject), 0);

	if (expired || early) {
		judge->ike.story->certificate_outdated = true;
		host->outdated_subject = subject;
		tell(judge, host, facts, expired);
	} else if (host->outdated_subject == subject) {
		clear(judge, host, "renewed", "shows a valid certificate for the same name now");
	}
}

void rule_certificate_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	const struct ike_message *message = judge->message;
	const struct judge_settings *settings = &judge->settings;

	if (transition->kind != TRANSITION_IKE_MESSAGE || !judge->ike.story || message->certificate_count == 0 ||
	    !settings->certificate || judge->ike.kind == IKE_EVENT_NONE || judge->ike.kind == IKE_EVENT_REPEATED)
		return;
	struct judged_host *host = judge_host(judge, &pair->address[transition->direction]);
	for (unsigned i = 0; host && i < message->certificate_count; i++) {
		const struct ike_certificate *certificate = &message->certificates[i];
		const uint8_t *octets = ike_slice_bytes(transition->ike.message, certificate->data);
		struct certificate_facts facts;
		if (octets && ike_certificate_is_x509(certificate) && may_read(judge) &&
		    settings->certificate(settings->certificate_context, octets, certificate->data.length, &facts))
			look_at(judge, host, &facts);
	}
}

void rule_certificate_host_due(struct judge *judge, struct judged_host *host)
{
	int64_t ends_ns = host->outdated_ns + judge->settings.thresholds.certificate_hold_ns;

	if (host->outdated.open && judge->now_ns < ends_ns)
		judge_wake_host(judge, host, HOST_CERTIFICATE, ends_ns);
	else
		clear(judge, host, "quiet", "has not shown it for long");
}
