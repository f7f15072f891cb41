/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue: one row for each id and each cause that espial reports.
 *
 * It answers, for every finding alike, what it means, what to do, how bad it is by default, what it is about, and which
 * event a Windows host logs for the like. tests/audit/check_catalogue.c holds it equal to the written catalogue. Pure
 * constants: nothing here allocates, logs or depends on the time. Called by the judge, the sinks and `espial explain`.
 *
 * How the Windows numbers were chosen. One finding names one event, the one a person would search for on the host:
 *   4963       the host dropped clear text its policy wants secured: what a leak looks like from inside, and what the
 *              server of a locked-out client logs
 *   4653, 4652 main mode failed, without and with certificate or Kerberos detail: 4653 for refusals, silence and stalls
 *              (older systems: 547), 4652 for failed authentication
 *   4654       quick mode failed: IKE is up and no SA came
 *   544        the peer's certificate could not be trusted: expired, or issued by another CA
 *   4655       a main mode SA ended: what a restart leaves on the other hosts
 *   4650       a main mode SA came up: the event that lists the algorithms that were chosen
 *   4965       a packet with an unknown SPI (the old driver's 4283)
 *   541, 542   an SA came up, an SA ended (543 is the same for the IKE SA; the row holds one number)
 * Where no event fits, the number is 0: cryptography, rekey figures and the sensor itself are nothing a host logs.
 */
#include "finding.h"

static const struct catalogue_row rows[FINDING_ID_COUNT] = {
	/* A. cleartext */
	[FINDING_CLEARTEXT_LEAK] = {
		"cleartext-leak", SEVERITY_HIGH, SUBJECT_PAIR, 4963,
		"Two peers that should be secured exchange readable packets.",
		"Compare the IPsec policy of both peers: rules, selectors and whether clear traffic is allowed as a fall-back. "
		"On Windows look at the connection security rules, on strongSwan at swanctl --list-conns and --list-sas, on "
		"Libreswan at ipsec trafficstatus.",
	},
	[FINDING_READABLE_ESP] = {
		"readable-esp", SEVERITY_MEDIUM, SUBJECT_SA, 0,
		"ESP carries its content unencrypted, so that anyone on the path can read it.",
		"Take the NULL cipher out of the ESP proposals of both peers and have the SA negotiated anew; keep it only where "
		"integrity without secrecy is the written intent.",
	},
	[FINDING_INTEGRITY_ONLY] = {
		"integrity-only", SEVERITY_LOW, SUBJECT_PAIR, 0,
		"The pair authenticates its packets with AH and encrypts nothing.",
		"If secrecy is wanted, replace AH by ESP with an AEAD cipher such as AES-GCM on both peers.",
	},
	[FINDING_LOCKED_OUT] = {
		"locked-out", SEVERITY_LOW, SUBJECT_PAIR, 4963,
		"A client knocks in clear on a peer that takes secured traffic only, and gets no answer.",
		"Give the client a rule that asks for security towards this server, or let the server accept clear requests and "
		"answer them secured.",
	},
	/* B. negotiation */
	[FINDING_IKE_UNANSWERED] = {
		"ike-unanswered", SEVERITY_MEDIUM, SUBJECT_PAIR, 4653,
		"A peer opens IKE again and again and nobody answers.",
		"See that the IKE service runs on the silent peer (IKEEXT on Windows, the ipsec or strongswan unit elsewhere) and "
		"that UDP 500 and 4500 pass every firewall between the two, both ways.",
	},
	[FINDING_IKE_REFUSED] = {
		"ike-refused", SEVERITY_MEDIUM, SUBJECT_PAIR, 4653,
		"The responder refused the IKE negotiation.",
		"Put the IKE settings of both peers side by side: version, encryption, integrity, PRF, key exchange group and the "
		"address or identity the connection is bound to.",
	},
	[FINDING_IKE_AUTH_FAILED] = {
		"ike-auth-failed", SEVERITY_HIGH, SUBJECT_PAIR, 4652,
		"The peers agreed on algorithms and then failed to prove who they are.",
		"Read the responder's log for the reason: it alone knows which key, certificate or ticket it did not accept. Check "
		"that both ends use the same method and that the identities match.",
	},
	[FINDING_IKE_CA_MISMATCH] = {
		"ike-ca-mismatch", SEVERITY_MEDIUM, SUBJECT_PAIR, 544,
		"The two peers ask for certificates of different certificate authorities.",
		"Import the root that issued the other peer's certificate on each side and name it in the authentication settings.",
	},
	[FINDING_IKE_CERTIFICATE_EXPIRED] = {
		"ike-certificate-expired", SEVERITY_MEDIUM, SUBJECT_HOST, 544,
		"A peer shows a certificate that is outside its period of validity.",
		"Renew the certificate and switch on automatic enrolment; check the clock of the host too.",
	},
	[FINDING_IKE_CHILD_REFUSED] = {
		"ike-child-refused", SEVERITY_MEDIUM, SUBJECT_PAIR, 4654,
		"IKE itself came up, but the peers did not agree on an SA for the traffic, or on a further one.",
		"Compare the ESP proposals first and the traffic selectors second (filter lists on Windows, local_ts and remote_ts "
		"on strongSwan, leftsubnet and rightsubnet on Libreswan, the crypto ACL on routers); where SAs are in use beside it, "
		"the key exchange groups too (PFS), which are first compared when one is replaced.",
	},
	[FINDING_IKE_STALLED] = {
		"ike-stalled", SEVERITY_LOW, SUBJECT_PAIR, 4653,
		"A negotiation began, got answers and stopped half-way.",
		"Look at the step named here in both logs; when it stops at the first message on port 4500, open UDP 4500.",
	},
	[FINDING_IKE_PATH_MTU] = {
		"ike-path-mtu", SEVERITY_LOW, SUBJECT_PAIR, 4653,
		"Only the large IKE messages are lost on the way.",
		"Switch IKE fragmentation on at both ends (RFC 7383), or let IP fragments and ICMP fragmentation-needed pass the "
		"firewalls between them.",
	},
	[FINDING_IKE_RESTART] = {
		"ike-restart", SEVERITY_LOW, SUBJECT_HOST, 4655,
		"All negotiations of a host begin again at once: its IPsec service or the host itself was restarted.",
		"Nothing if it was planned. If not, look for the crash in the host's log; a check of its pairs follows within a "
		"minute.",
	},
	[FINDING_RESTART_CHECK] = {
		"restart-check", SEVERITY_INFO, SUBJECT_HOST, 0,
		"What became of the pairs of a host after its restart.",
		"For each pair that is still clear, start the connection from one side and see what its negotiation reports.",
	},
	[FINDING_IKE_FLOOD] = {
		"ike-flood", SEVERITY_MEDIUM, SUBJECT_HOST, 0,
		"A host receives far more opened negotiations than are ever completed.",
		"Keep the cookie challenge of the responder on, limit half-open SAs, and filter the senders at the edge if they "
		"are not peers.",
	},
	/* C. cryptography */
	[FINDING_WEAK_IKE_SELECTED] = {
		"weak-ike-selected", SEVERITY_MEDIUM, SUBJECT_PAIR, 4650,
		"The peers chose an algorithm for IKE that is broken or retired.",
		"Allow only current algorithms on both peers, for instance AES-GCM or AES-CBC with SHA-2 and group 19 or 14 and "
		"above; upgrade a peer that cannot do better.",
	},
	[FINDING_WEAK_IKE_OFFERED] = {
		"weak-ike-offered", SEVERITY_INFO, SUBJECT_HOST, 0,
		"A peer still offers weak algorithms, which invites a downgrade.",
		"Remove the weak entries from the proposal list once no peer needs them.",
	},
	[FINDING_AGGRESSIVE_PSK] = {
		"aggressive-psk", SEVERITY_MEDIUM, SUBJECT_PAIR, 0,
		"Aggressive mode with a pre-shared key lets a listener guess the key offline.",
		"Move to IKEv2, or at least to main mode; until then use a long random key and change it now.",
	},
	[FINDING_IKE_VERSION_1] = {
		"ike-version-1", SEVERITY_LOW, SUBJECT_PAIR, 0,
		"The pair negotiates with IKEv1, which RFC 9395 has retired.",
		"Configure IKEv2 on both peers and switch IKEv1 off.",
	},
	[FINDING_ESP_64_BIT_BLOCK] = {
		"esp-64-bit-block", SEVERITY_INFO, SUBJECT_PAIR, 0,
		"The lengths of the ESP packets fit a cipher with a block of 64 bits, such as DES or 3DES.",
		"Check the ESP proposals of both peers and replace DES, 3DES or Blowfish by AES; a host without strong ciphers "
		"needs an upgrade.",
	},
	[FINDING_NOT_QUANTUM_SAFE] = {
		"not-quantum-safe", SEVERITY_INFO, SUBJECT_PAIR, 0,
		"The key exchange has no post-quantum part, so that recorded traffic may be readable one day.",
		"Plan for an additional key exchange with ML-KEM (RFC 9370) where both peers offer it.",
	},
	/* D. SPI */
	[FINDING_BAD_SPI] = {
		"bad-spi", SEVERITY_INFO, SUBJECT_PAIR, 4965,
		"A peer sends into an SA that its receiver no longer has, and the packets are lost.",
		"It mostly heals by itself. If it lasts, delete the SA on the sender (swanctl --terminate, ipsec whack --terminate, "
		"clear crypto sa peer), switch dead peer detection on, and lengthen the lifetimes if it comes often.",
	},
	[FINDING_REKEY_TOO_OFTEN] = {
		"rekey-too-often", SEVERITY_LOW, SUBJECT_PAIR, 0,
		"The pair replaces its keys so often that rekeying itself costs traffic.",
		"Set the lifetime of the SA above five minutes and above 50 megabytes on both peers.",
	},
	[FINDING_REKEY_OVERDUE] = {
		"rekey-overdue", SEVERITY_LOW, SUBJECT_SA, 0,
		"An SA lives on far beyond the interval at which this pair used to rekey.",
		"See whether rekeying is switched off or fails on one side, and set a lifetime on both.",
	},
	[FINDING_ESP_REPLAY] = {
		"esp-replay", SEVERITY_MEDIUM, SUBJECT_SA, 0,
		"Packets of an SA come again, by their numbers, long after the first time.",
		"Keep the anti-replay window of the receiver on and find who sends the copies; look at the mirror port first if it "
		"was changed lately.",
	},
	[FINDING_ESP_SEQUENCE_RESET] = {
		"esp-sequence-reset", SEVERITY_MEDIUM, SUBJECT_SA, 0,
		"The sequence numbers of an SA began again under the same key, which breaks counter-mode ciphers.",
		"Have the SA negotiated anew at once, and look for a restored snapshot, a manual key or a failover that lost its "
		"counters on the sender.",
	},
	[FINDING_ESP_SEQUENCE_NEAR_WRAP] = {
		"esp-sequence-near-wrap", SEVERITY_LOW, SUBJECT_SA, 0,
		"The sequence numbers of an SA are nearly used up; without a rekey it will stop.",
		"Rekey the SA now, and enable extended sequence numbers or a limit by volume on fast links.",
	},
	[FINDING_ESP_UNNEGOTIATED] = {
		"esp-unnegotiated", SEVERITY_INFO, SUBJECT_PAIR, 0,
		"There is ESP and no IKE in view: it was negotiated earlier, elsewhere, or keyed by hand.",
		"Nothing if the capture began late. Replace manual keys by IKE: they are never changed and allow replay.",
	},
	/* E. lifecycle */
	[FINDING_PEER_NEW] = {
		"peer-new", SEVERITY_INFO, SUBJECT_HOST, 0,
		"An address speaks IKE, ESP or AH for the first time.",
		"Check that this peer is meant to be there.",
	},
	[FINDING_SA_UP] = {
		"sa-up", SEVERITY_INFO, SUBJECT_SA, 541,
		"A new SA carries traffic.",
		"Nothing to do; it is recorded for the audit.",
	},
	[FINDING_SA_REKEYED] = {
		"sa-rekeyed", SEVERITY_INFO, SUBJECT_SA, 541,
		"A new SA took over from an older one of the same pair.",
		"Nothing to do; it is recorded for the audit.",
	},
	[FINDING_SA_DOWN] = {
		"sa-down", SEVERITY_INFO, SUBJECT_SA, 542,
		"An SA ended or fell silent.",
		"Nothing to do if the pair has nothing to say; clear traffic after it is reported by itself.",
	},
	[FINDING_SECURED_AGAIN] = {
		"secured-again", SEVERITY_INFO, SUBJECT_PAIR, 541,
		"A pair that had lost its protection is secured again.",
		"Find out what was sent in clear meanwhile: the alert that this one follows has the figures.",
	},
	[FINDING_POLICY_RELOADED] = {
		"policy-reloaded", SEVERITY_INFO, SUBJECT_SENSOR, 0,
		"The sensor applied a new configuration.",
		"Check that the change was intended.",
	},
	/* F. the sensor */
	[FINDING_SENSOR_ALIVE] = {
		"sensor-alive", SEVERITY_INFO, SUBJECT_SENSOR, 0,
		"The sensor lives and says how it fares.",
		"Raise an alarm in the SIEM when this message stays away for more than ten minutes.",
	},
	[FINDING_CAPTURE_SILENT] = {
		"capture-silent", SEVERITY_HIGH, SUBJECT_SENSOR, 0,
		"No packet arrives any more: the sensor is blind.",
		"Check the span session on the switch, the cable and the interface.",
	},
	[FINDING_CAPTURE_DROPS] = {
		"capture-drops", SEVERITY_MEDIUM, SUBJECT_SENSOR, 0,
		"The kernel or the card dropped packets before the sensor could read them.",
		"Enlarge capture.buffer, add workers, or mirror less; see that the mirror port is not slower than its sources.",
	},
	[FINDING_CAPTURE_DOWN] = {
		"capture-down", SEVERITY_HIGH, SUBJECT_SENSOR, 0,
		"The capture interface is down or gone.",
		"Bring the interface up again; the sensor returns to it by itself.",
	},
	[FINDING_MIRROR_ONE_WAY] = {
		"mirror-one-way", SEVERITY_LOW, SUBJECT_SENSOR, 0,
		"The mirror shows one direction of the traffic only.",
		"Have the switch mirror both directions, or attach both legs of the tap.",
	},
	[FINDING_MIRROR_DOUBLED] = {
		"mirror-doubled", SEVERITY_LOW, SUBJECT_SENSOR, 0,
		"The mirror shows packets twice.",
		"Mirror each packet once: either on entry or on exit, or either the VLAN or its ports.",
	},
	[FINDING_CAPTURE_OFFLOAD] = {
		"capture-offload", SEVERITY_LOW, SUBJECT_SENSOR, 0,
		"The card hands over merged packets, so that lengths are not those on the wire.",
		"Switch GRO and LRO off on the capture interface: ethtool -K INTERFACE gro off lro off.",
	},
	[FINDING_TABLE_FULL] = {
		"table-full", SEVERITY_MEDIUM, SUBJECT_SENSOR, 0,
		"A table of the sensor is full and old entries had to make room.",
		"Raise limits.memory or the limit named here, or find out who floods the network with new addresses or ports.",
	},
	[FINDING_SINK_DOWN] = {
		"sink-down", SEVERITY_MEDIUM, SUBJECT_SENSOR, 0,
		"Alerts cannot be passed on through one of the sinks.",
		"Bring the receiver back (syslog service, disk space, permissions); what waits is sent then.",
	},
	[FINDING_CLOCK_JUMP] = {
		"clock-jump", SEVERITY_LOW, SUBJECT_SENSOR, 0,
		"The clock that gives frames their time was set, by two seconds or more.",
		"Let chrony or ntpd keep the sensor's clock, and let it slew rather than step.",
	},
	[FINDING_ENGINE_RESTARTED] = {
		"engine-restarted", SEVERITY_MEDIUM, SUBJECT_SENSOR, 0,
		"The capture engine was started again; the seconds in between were not seen.",
		"Read the sensor's log for the reason and report it with the version if it comes again.",
	},
};

static const struct catalogue_cause causes[CAUSE_COUNT] = {
	[CAUSE_NONE] = { "", "This finding has no further cause.", NULL },
	[CAUSE_UNKNOWN] = { "unknown", "The reason is not known yet, or the wire does not tell it.", NULL },
	[CAUSE_NOBODY_INITIATES] = {
		"nobody-initiates",
		"Neither side opens IKE with the other: both wait to be asked, have no policy, or the service is not running.",
		"Make at least one side initiate: a connection security rule that requests security on Windows, start_action "
		"or auto=start on strongSwan and Libreswan; then see that a domain policy does not override it and that the IPsec "
		"service runs.",
	},
	[CAUSE_UNANSWERED] = {
		"unanswered", "One side opens IKE, gets no answer, and the traffic goes in clear.",
		"Start the IPsec service on the silent peer and let UDP 500, UDP 4500 and ESP pass on the path; require security "
		"instead of requesting it if clear must never happen.",
	},
	[CAUSE_SOFT_SA] = {
		"soft-sa", "Security was asked for, nobody answered in time, and the sender fell back to clear on purpose.",
		"Switch the fall-back off (require instead of request in the Windows rule, no passthrough shunt on Libreswan), "
		"or make the silent peer answer IKE.",
	},
	[CAUSE_REFUSED] = {
		"refused", "IKE was answered with a refusal and the traffic goes in clear.",
		"Align key exchange, authentication and security methods of the two peers; the refusal is reported by itself with "
		"what differs.",
	},
	[CAUSE_AUTH_FAILED] = {
		"auth-failed", "The peers could not authenticate each other and the traffic goes in clear.",
		"Repair the pre-shared key, certificate or Kerberos account named by the negotiation's own alert.",
	},
	[CAUSE_CHILD_REFUSED] = {
		"child-refused", "IKE is up, no SA came of it, and the traffic goes in clear.",
		"Compare the ESP proposals and the traffic selectors (filter lists) of the two peers.",
	},
	[CAUSE_BEFORE_SA] = {
		"before-sa", "The pair spoke in clear before its first SA was there.",
		"Give the peer that speaks first a rule that initiates before it sends, or a trap policy (start_action=trap, "
		"auto=ondemand) that holds the first packets back.",
	},
	[CAUSE_AFTER_IDLE] = {
		"after-idle", "The SA had timed out for lack of traffic and the next packets went in clear.",
		"Do not rely on a default response rule: give the client its own rule that initiates, or keep the SA alive.",
	},
	[CAUSE_SA_LOST] = {
		"sa-lost", "ESP was flowing, ended, and clear traffic took its place.",
		"Find what removed the SA: a restarted service, a flushed or unassigned policy, an interface change. Then have "
		"the policy block what it cannot secure.",
	},
	[CAUSE_SELECTOR_GAP] = {
		"selector-gap", "Some ports or protocols of the pair are not covered by its selectors and go in clear.",
		"Widen the selectors (filter list, local_ts and remote_ts, crypto ACL) to the protocols named here, on both "
		"peers, or allow them in espial's policy if they are meant to be clear.",
	},
	[CAUSE_ONE_WAY] = {
		"one-way", "One direction is protected and the other is not, or goes unanswered.",
		"Look at the peer named as sender in clear: its outbound policy is missing or was unassigned. Put it back, and have it "
		"block what it cannot secure.",
	},
	[CAUSE_NOT_INITIATING] = {
		"not-initiating", "The client can do IPsec but does not open IKE with this server.",
		"Give the client a rule that asks for security towards this server; a respond-only policy is not enough.",
	},
	[CAUSE_NOT_CAPABLE] = {
		"not-capable", "The client was never seen to speak IKE, ESP or AH.",
		"Install and enable IPsec on the client, or exempt it on the server if it may talk in clear.",
	},
	[CAUSE_NO_PROPOSAL] = {
		"no-proposal", "No offered combination of algorithms is acceptable to the responder.",
		"Add a common proposal to both peers; the attribute that differs is named in the evidence.",
	},
	[CAUSE_UNKNOWN_PEER] = {
		"unknown-peer", "The algorithms would do, but the responder has no connection for this initiator.",
		"Add a connection for the initiator's address and identity on the responder, or correct the one it has.",
	},
	[CAUSE_KEY_EXCHANGE_GROUP] = {
		"key-exchange-group", "The peers do not agree on the key exchange (Diffie-Hellman) group.",
		"Configure the same group on both peers, 19 or 14 and above, and put it first in the initiator's list.",
	},
	[CAUSE_VERSION] = {
		"version", "One peer speaks IKEv1 and the other IKEv2.",
		"Set both to IKEv2 (keyexchange, version = 2).",
	},
	[CAUSE_MODE] = {
		"mode", "One peer wants main mode and the other aggressive mode.",
		"Use main mode on both, or better IKEv2, which has no modes.",
	},
	[CAUSE_OTHER] = {
		"other", "The responder refused for a reason that is none of the usual ones; the evidence has its code.",
		"Look the notify code up in the responder's log at the time given.",
	},
	[CAUSE_PRE_SHARED_KEY] = {
		"pre-shared-key", "The pre-shared keys, or the identities they are filed under, differ.",
		"Type the key anew on both peers, without trailing spaces, and check the identity it is bound to.",
	},
	[CAUSE_CERTIFICATE] = {
		"certificate", "A certificate is missing, expired, not trusted, or its revocation could not be checked.",
		"Check validity, chain and issuing authority on both peers, and that the CRL or OCSP server can be reached; relax "
		"a strict revocation check, or try a shared key between the two, only to split the problem.",
	},
	[CAUSE_KERBEROS] = {
		"kerberos", "Kerberos did not give the peers a ticket for each other.",
		"Reset or re-enable the computer account, synchronise the clocks, and exempt traffic to the domain controllers "
		"from IPsec; if a shared key between the two works for a try, the fault is in Kerberos alone.",
	},
	[CAUSE_STALE] = {
		"stale", "The sender goes on with an SPI that was replaced, deleted or forgotten by its receiver.",
		"Delete the old SA on the sender and have it negotiate anew; switch dead peer detection on.",
	},
	[CAUSE_NOTIFIED] = {
		"notified", "The receiver itself says that it does not know the SPI.",
		"Let the sender act on the notice (invalid SPI recovery on routers), or delete its old SA by hand.",
	},
	[CAUSE_RECOVERING] = {
		"recovering", "A new negotiation follows the lost packets: the pair is healing itself.",
		"Wait a moment; look at lifetimes and dead peer detection only if it comes again and again.",
	},
	[CAUSE_TIME] = {
		"time", "The SAs are replaced after less than five minutes.",
		"Raise the lifetime in seconds (life_time, salifetime, quick mode key lifetime) above 300 on both peers; one hour "
		"is usual.",
	},
	[CAUSE_VOLUME] = {
		"volume", "The SAs are replaced after less than 50 megabytes.",
		"Raise the lifetime in kilobytes (life_bytes, salifebytes, quick mode data lifetime) well above 50 megabytes, or "
		"remove it.",
	},
};

/* The causes of the ids that have any, ended by CAUSE_NONE. */
struct catalogue_causes {
	enum finding_id id;
	enum finding_cause causes[13];
};
static const struct catalogue_causes allowed[] = {
	{ FINDING_CLEARTEXT_LEAK,
	  { CAUSE_UNKNOWN, CAUSE_NOBODY_INITIATES, CAUSE_UNANSWERED, CAUSE_SOFT_SA, CAUSE_REFUSED, CAUSE_AUTH_FAILED,
	    CAUSE_CHILD_REFUSED, CAUSE_BEFORE_SA, CAUSE_AFTER_IDLE, CAUSE_SA_LOST, CAUSE_SELECTOR_GAP,
	    CAUSE_ONE_WAY } },
	{ FINDING_LOCKED_OUT, { CAUSE_NOT_INITIATING, CAUSE_NOT_CAPABLE } },
	{ FINDING_IKE_REFUSED,
	  { CAUSE_NO_PROPOSAL, CAUSE_UNKNOWN_PEER, CAUSE_KEY_EXCHANGE_GROUP, CAUSE_VERSION, CAUSE_MODE, CAUSE_OTHER } },
	{ FINDING_IKE_AUTH_FAILED, { CAUSE_PRE_SHARED_KEY, CAUSE_CERTIFICATE, CAUSE_KERBEROS, CAUSE_UNKNOWN } },
	{ FINDING_BAD_SPI, { CAUSE_STALE, CAUSE_NOTIFIED, CAUSE_ONE_WAY, CAUSE_RECOVERING } },
	{ FINDING_REKEY_TOO_OFTEN, { CAUSE_TIME, CAUSE_VOLUME } },
};

/* Where what is to be done depends on the finding too. */
static const struct {
	enum finding_id id;
	enum finding_cause cause;
	const char *advice;
} advices[] = {
	{ FINDING_BAD_SPI, CAUSE_ONE_WAY,
	  "See whether the receiver still has this SA (ip xfrm state, swanctl --list-sas, Get-NetIPsecQuickModeSA, "
	  "show crypto "
	  "ipsec sa). If not, delete it on the sender, so that the two negotiate anew, and switch dead peer detection "
	  "on." },
};

/* What an enumerator out of range gets, so that no caller has to test for NULL. */
static const struct catalogue_row no_row = { "?", SEVERITY_INFO,           SUBJECT_SENSOR,
					     0,   "Not in the catalogue.", "Report this to the maintainers." };
static const struct catalogue_cause no_cause = { "?", "Not in the catalogue.", NULL };

const struct catalogue_row *catalogue_row(enum finding_id id)
{
	return (size_t)id < FINDING_ID_COUNT ? &rows[id] : &no_row;
}

const struct catalogue_cause *catalogue_cause(enum finding_cause cause)
{
	return (size_t)cause < CAUSE_COUNT ? &causes[cause] : &no_cause;
}

bool catalogue_is_event(enum finding_id id)
{
	switch (id) {
	case FINDING_PEER_NEW:
	case FINDING_SA_UP:
	case FINDING_SA_REKEYED:
	case FINDING_SA_DOWN:
	case FINDING_SECURED_AGAIN:
	case FINDING_POLICY_RELOADED:
	case FINDING_SENSOR_ALIVE:
	case FINDING_CLOCK_JUMP:
		return true;
	default:
		return false;
	}
}

bool catalogue_adds_up(enum finding_id id)
{
	switch (id) {
	case FINDING_CLEARTEXT_LEAK:
	case FINDING_LOCKED_OUT:
	case FINDING_IKE_UNANSWERED:
	case FINDING_IKE_REFUSED:
	case FINDING_IKE_AUTH_FAILED:
	case FINDING_IKE_CHILD_REFUSED:
	case FINDING_IKE_STALLED:
	case FINDING_IKE_PATH_MTU:
	case FINDING_BAD_SPI:
	case FINDING_CAPTURE_DROPS:
	case FINDING_MIRROR_DOUBLED:
		return true;
	default:
		return false;
	}
}

bool catalogue_allows(enum finding_id id, enum finding_cause cause)
{
	if ((size_t)id >= FINDING_ID_COUNT)
		return false;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (allowed[i].id != id)
			continue;
		for (size_t j = 0; allowed[i].causes[j] != CAUSE_NONE; j++) {
			if (allowed[i].causes[j] == cause)
				return true;
		}
		return false;
	}
	return cause == CAUSE_NONE;
}

const char *catalogue_advice(enum finding_id id, enum finding_cause cause)
{
	const char *advice = catalogue_cause(cause)->advice;

	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (advices[i].id == id && advices[i].cause == cause)
			return advices[i].advice;
	return advice ? advice : catalogue_row(id)->advice;
}

int catalogue_find_id(const char *name)
{
	if (!name)
		return -1;
	for (size_t i = 0; i < FINDING_ID_COUNT; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

int catalogue_find_cause(const char *name)
{
	if (!name)
		return -1;
	for (size_t i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
		if (strcmp(causes[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}
