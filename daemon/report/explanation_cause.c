/* SPDX-License-Identifier: Apache-2.0 */
/* The causes explained, one row for each pair of finding and cause that the catalogue allows; see explanation.h. */
#include "explanation.h"

struct row {
	enum finding_id id;
	enum finding_cause cause;
	struct cause_explanation text;
};

static const struct row rows[] = {
	{ FINDING_CLEARTEXT_LEAK,
	  CAUSE_UNKNOWN,
	  { "Clear packets only; what IKE and ESP do about them is not seen yet.",
	    "Any of the other causes: within seconds an update names it.",
	    "Wait for the update; then look where it says.",
	    "Why, when neither IKE nor ESP of the pair ever comes into view." } },
	{ FINDING_CLEARTEXT_LEAK,
	  CAUSE_NOBODY_INITIATES,
	  { "Clear traffic both ways for ten seconds and no IKE between the two; whether each speaks IKE with others.",
	    "An SA that was set up before the capture, manual keys, IKE on another path.",
	    "Windows: is a rule assigned (Get-NetIPsecRule), does it request security outbound, does a domain policy "
	    "override it, "
	    "does IKEEXT run? strongSwan: swanctl --list-conns, start_action. Libreswan: ipsec status, auto=.",
	    "Respond-only on both sides, no policy at all and a stopped service look alike." } },
	{ FINDING_CLEARTEXT_LEAK,
	  CAUSE_UNANSWERED,
	  { "First messages of IKE from one side, none back, ICMP errors where there are any, then clear traffic.",
	    "The way back is not mirrored: then the clear traffic would still be seen both ways.",
	    "Windows: event 4653 on the sender, service IKEEXT and the firewall on the silent one. strongSwan: 'giving "
	    "up after N "
	    "retransmits'. Libreswan: 'retransmission; will wait'.",
	    "Whether the peer got the request." } },
	{ FINDING_CLEARTEXT_LEAK,
	  CAUSE_SOFT_SA,
	  { "No answer to IKE, and clear traffic that begins at a fall-back time after the first try: about three "
	    "seconds, or half "
	    "a second with the newer setting.",
	    "An application that happens to begin then; hence the pattern has to repeat for a better grade.",
	    "Windows: 'allow unsecured communication' in the filter action, request instead of require in the rule; "
	    "event 541 with a "
	    "soft SA on old systems. Libreswan: failureshunt=passthrough, ipsec shuntstatus.",
	    "The setting itself." } },
	{ FINDING_CLEARTEXT_LEAK,
	  CAUSE_REFUSED,
	  { "A clear refusal to the first IKE exchange, then clear traffic.",
	    "A forged refusal; a fall-back to another version that is still under way.",
	    "Windows: event 4653. strongSwan: 'received NO_PROPOSAL_CHOSEN notify error'. Libreswan: 'no local "
	    "proposal matches'. The "
	    "finding ike-refused says what differs.",
	    "Why it was refused, where one code has two meanings." } },
	{ FINDING_CLEARTEXT_LEAK,
	  CAUSE_AUTH_FAILED,
	  { "The first exchange succeeded, authentication did not, clear traffic followed.",
	    "Authentication still in progress, such as EAP with a person at the keyboard.",
	    "Windows: event 4652. strongSwan: the responder's line above 'generating IKE_AUTH response N [ "
	    "N(AUTH_FAILED) ]'. Libreswan: "
	    "'authentication failed'.",
	    "What was not accepted: the notify is encrypted." } },
	{ FINDING_CLEARTEXT_LEAK,
	  CAUSE_CHILD_REFUSED,
	  { "IKE came up, no new SPI followed, clear traffic did.",
	    "A childless IKE SA on purpose; a first SA that is late.",
	    "Windows: event 4654. strongSwan: 'failed to establish CHILD_SA, keeping IKE_SA'. Libreswan: "
	    "'TS_UNACCEPTABLE', 'no proposal "
	    "chosen'.",
	    "Whether proposals or selectors differ." } },
	{ FINDING_CLEARTEXT_LEAK,
	  CAUSE_BEFORE_SA,
	  { "Clear packets, then IKE from either side, then ESP; packets and seconds in clear; whether the receiver "
	    "opened IKE within two "
	    "seconds (the default response rule).",
	    "A capture that began in the middle; a gateway whose trap holds packets sends nothing in clear at all.",
	    "Windows: is only the default response rule active on the client? strongSwan: start_action = trap; "
	    "Libreswan: auto=ondemand.",
	    "Which rule made the receiver open IKE." } },
	{ FINDING_CLEARTEXT_LEAK,
	  CAUSE_AFTER_IDLE,
	  { "ESP, five minutes or more of silence, clear packets, then IKE and ESP again.",
	    "A peer that restarted during the silence.",
	    "Windows: the quick mode idle time (300 s by default) and the default response rule. strongSwan: "
	    "inactivity and close_action. "
	    "Libreswan: auto=ondemand.",
	    "Whether the SA was deleted or timed out." } },
	{ FINDING_CLEARTEXT_LEAK,
	  CAUSE_SA_LOST,
	  { "ESP until shortly before, then clear traffic of the same pair.",
	    "A tunnel that moved to another gateway while the sensor sees the inside of the new one.",
	    "Windows: events 5452, 4655 and 5460 to 5478 (policy changes) at that time. strongSwan: 'closing "
	    "CHILD_SA', 'deleting IKE_SA', "
	    "ip xfrm policy. Libreswan: 'deleting state', ipsec shuntstatus.",
	    "Who removed the SA: a flush on the host leaves no trace on the wire." } },
	{ FINDING_CLEARTEXT_LEAK,
	  CAUSE_SELECTOR_GAP,
	  { "ESP and clear packets of certain ports or protocols at the same time; the ports are named.",
	    "A gateway's own services; protocols exempted on purpose; a decapsulated copy.",
	    "Windows: the filter list or the rule's ports (Get-NetFirewallPortFilter). strongSwan: local_ts and "
	    "remote_ts, bypass policies "
	    "in swanctl --list-pols. Libreswan: leftprotoport, rightprotoport, leftsubnet.",
	    "The negotiated selectors: they are encrypted." } },
	{ FINDING_CLEARTEXT_LEAK,
	  CAUSE_ONE_WAY,
	  { "ESP from one side, clear packets from the other.", "A one-way mirror of the ESP direction only.",
	    "Look at the sender of the clear packets: Windows Get-NetIPsecQuickModeSA, else ip xfrm policy dir out; "
	    "strongSwan "
	    "swanctl --list-pols, Libreswan ipsec trafficstatus.",
	    "Whether its outbound policy is missing or its SA." } },
	{ FINDING_LOCKED_OUT,
	  CAUSE_NOT_INITIATING,
	  { "The client speaks IKE with other hosts, but not with this server.",
	    "Another host behind the same address does the speaking.",
	    "The client's rules: Get-NetIPsecRule, swanctl --list-conns, ipsec status: is the server among the remote "
	    "addresses?",
	    "Whether the client has a rule that only responds." } },
	{ FINDING_LOCKED_OUT,
	  CAUSE_NOT_CAPABLE,
	  { "The client was never seen with IKE, ESP or AH.", "A client that is new, or whose IPsec passes elsewhere.",
	    "Does an IPsec service exist and run on the client: Get-Service IKEEXT, systemctl status strongswan or "
	    "ipsec?",
	    "What is installed on the client." } },
	{ FINDING_IKE_REFUSED,
	  CAUSE_NO_PROPOSAL,
	  { "NO_PROPOSAL_CHOSEN to an offer that has nothing in common with what this responder was seen to accept or "
	    "offer.",
	    "An unknown peer gets the same code; the comparison tells them apart only once the responder has shown its "
	    "taste.",
	    "Windows: event 4653, both crypto sets. strongSwan: 'received proposals unacceptable', 'received "
	    "proposals' above 'configured "
	    "proposals'. Libreswan: 'no local proposal matches remote proposals'.",
	    "The responder's own list, until it selects or offers." } },
	{ FINDING_IKE_REFUSED,
	  CAUSE_UNKNOWN_PEER,
	  { "A refusal of an offer that this responder has accepted from others.",
	    "A list that depends on the peer's address.",
	    "strongSwan: 'no IKE config found for A...B, sending NO_PROPOSAL_CHOSEN'. Libreswan: 'no connection has "
	    "been authorized with "
	    "policy'. Windows: does a rule cover the initiator's address?",
	    "The responder's list of peers." } },
	{ FINDING_IKE_REFUSED,
	  CAUSE_KEY_EXCHANGE_GROUP,
	  { "INVALID_KE_PAYLOAD again and again, or an offer whose group alone differs.",
	    "One INVALID_KE_PAYLOAD and a retry with the wanted group is ordinary.",
	    "strongSwan: 'peer didn't accept DH group A, it requested B'. Libreswan: 'INVALID_KE_PAYLOAD'. Windows: "
	    "DHGroup of the main "
	    "mode crypto set.",
	    "Why the initiator does not take up the wanted group." } },
	{ FINDING_IKE_REFUSED,
	  CAUSE_VERSION,
	  { "INVALID_MAJOR_VERSION, an answer of the other version, or silence to one while the other works.",
	    "A client that tries both in turn.",
	    "Windows: KeyModule of the rule. strongSwan: version in swanctl.conf, 'IKE major version N not supported'. "
	    "Libreswan: "
	    "keyexchange= or ikev2=.",
	    "The configuration." } },
	{ FINDING_IKE_REFUSED,
	  CAUSE_MODE,
	  { "INVALID-EXCHANGE-TYPE, or silence to aggressive mode from a host that answers main mode.",
	    "A filter that drops the large first message of aggressive mode.",
	    "strongSwan: aggressive = yes on one side only; 'aggressive mode disabled'. Libreswan: aggressive=.",
	    "The configuration." } },
	{ FINDING_IKE_REFUSED,
	  CAUSE_OTHER,
	  { "Another error code in clear, named in the evidence.", "A forged notify.",
	    "The responder's log at that second: Windows event 4653, strongSwan and Libreswan 'sending' or "
	    "'generating' with the notify.",
	    "More than the code." } },
	{ FINDING_IKE_AUTH_FAILED,
	  CAUSE_PRE_SHARED_KEY,
	  { "The method selected (IKEv1) or the size of the request and missing certificate requests (IKEv2) say "
	    "shared key; "
	    "authentication fails at the same step each time.",
	    "A wrong identity under the right key; a damaged message.",
	    "strongSwan: 'tried N shared key for A - B, but MAC mismatched', IKEv1 'invalid HASH_V1 payload length, "
	    "decryption failed?'. "
	    "Libreswan: 'AUTHENTICATION_FAILED', 'malformed payload in packet; probable authentication failure'. "
	    "Windows: event 4652, 4653.",
	    "Which side has the typing error; fails for one peer only: there, fails for all: here." } },
	{ FINDING_IKE_AUTH_FAILED,
	  CAUSE_CERTIFICATE,
	  { "The method selected or certificate requests and large messages say certificate; the hint names what else "
	    "was seen: an "
	    "unanswered CRL or OCSP fetch, failure with all peers from one moment, no common authority, lost "
	    "fragments.",
	    "A wrong identity; a private key that is not there.",
	    "strongSwan: 'no trusted RSA public key found for', 'no issuer certificate found for', 'subject "
	    "certificate invalid (valid from "
	    "... to ...)'. Libreswan: 'certificate rejected', ipsec auto --listcerts. Windows: event 4652 or 544, "
	    "certlm.msc, certutil "
	    "-verify -urlfetch.",
	    "The certificates, which are encrypted." } },
	{ FINDING_IKE_AUTH_FAILED,
	  CAUSE_KERBEROS,
	  { "GSS-API was selected and the step failed; KRB_ERROR messages on port 88 shortly before are named (18 "
	    "revoked, 24 wrong "
	    "secret, 37 clock skew, 7 unknown server).",
	    "XAUTH uses the same private number: vendor IDs tell.",
	    "Windows: event 4652, 545 on old systems, 4768 to 4771 on the domain controller; klist; nltest "
	    "/sc_query:DOMAIN; w32tm /query "
	    "/status. strongSwan and Libreswan do not speak it.",
	    "The state of the computer account." } },
	{ FINDING_IKE_AUTH_FAILED,
	  CAUSE_UNKNOWN,
	  { "Authentication failed and nothing in clear says by which method.",
	    "EAP with a wrong password, a refused child SA.",
	    "The responder's log: Windows event 4652, strongSwan 'parsed IKE_AUTH request' and what follows, Libreswan "
	    "'authentication "
	    "failed'.",
	    "The method: IKEv2 sends it encrypted." } },
	{ FINDING_BAD_SPI,
	  CAUSE_STALE,
	  { "ESP to an SPI whose successor is in use, or whose receiver restarted, beyond the grace of ten seconds.",
	    "Parallel child SAs; a successor that belongs to another child.",
	    "strongSwan: on the sender ip -s xfrm state, 'closing expired CHILD_SA'. Libreswan: ipsec trafficstatus. "
	    "Windows: event 4965 on "
	    "the receiver, Get-NetIPsecQuickModeSA on both.",
	    "Whether a Delete was sent: it is encrypted." } },
	{ FINDING_BAD_SPI,
	  CAUSE_NOTIFIED,
	  { "INVALID_SPI, INVALID-COOKIE or INVALID_IKE_SPI from the receiver in clear.",
	    "A forged notice; a late packet of an SA just deleted.",
	    "The sender's log: strongSwan 'received INVALID_SPI', 'ignored'; Libreswan 'INVALID_IKE_SPI'; routers "
	    "'%CRYPTO-4-RECVD_PKT_INV_SPI'; "
	    "Windows event 4965.",
	    "Whether the sender believes it: the notice is not authenticated." } },
	{ FINDING_BAD_SPI,
	  CAUSE_ONE_WAY,
	  { "Packets of lengths that used to be answered are not any more, while the sender goes on; nothing comes "
	    "back in clear; IKE "
	    "probes that are not answered either strengthen it.",
	    "An application that turned one-way, a peer that is down, loss on the way.",
	    "On the receiver: XfrmInNoStates in /proc/net/xfrm_stat (strongSwan and Libreswan), event 4965 (Windows).",
	    "The receiver's table: Linux drops such packets without a word." } },
	{ FINDING_BAD_SPI,
	  CAUSE_RECOVERING,
	  { "Either side opened IKE right after the lost packets.", "A rekey that was due anyway.",
	    "strongSwan: 'giving up after N retransmits' and 'initiating IKE_SA'. Libreswan: 'liveness action'. "
	    "Windows: events 4655, 4650.",
	    "What made it open IKE." } },
	{ FINDING_REKEY_TOO_OFTEN,
	  CAUSE_TIME,
	  { "A median interval under five minutes while the pair is active, of narrow spread.",
	    "Repeated authentication, a flapping line; several children taken for one.",
	    "strongSwan: 'creating rekey job for CHILD_SA', rekey_time. Libreswan: salifetime=. Windows: quick mode "
	    "lifetime in minutes.",
	    "The configured figure; the one named is inferred." } },
	{ FINDING_REKEY_TOO_OFTEN,
	  CAUSE_VOLUME,
	  { "Fewer than 50 megabytes through each SA, of narrow spread, at any interval.",
	    "A limit by packets; a lifetime by time under steady load.",
	    "strongSwan: rekey_bytes, life_bytes. Libreswan: ipsec-max-bytes=. Windows: quick mode lifetime in "
	    "kilobytes (100 MB by "
	    "default).",
	    "The configured figure; the one named is inferred." } },
};

const struct cause_explanation *explanation_of_cause(enum finding_id id, enum finding_cause cause)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].id == id && rows[i].cause == cause)
			return &rows[i].text;
	return NULL;
}
