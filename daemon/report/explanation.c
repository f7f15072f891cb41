/* SPDX-License-Identifier: Apache-2.0 */
/* The findings explained, see explanation.h. The causes are explanation_cause.c. */
#include "explanation.h"

static const struct explanation rows[FINDING_ID_COUNT] = {
	/* A. cleartext */
	[FINDING_CLEARTEXT_LEAK] = {
		.evidence = "Readable packets between two addresses for which a rule asks security, or which were seen to speak ESP "
			    "both ways; their protocol, packets and octets; and what IKE and ESP of the pair did before and beside.",
		.lookalike = "A copy of decapsulated traffic on the same port or host; a gateway's own services beside its tunnel; "
			     "exempted protocols (ICMP, neighbour discovery, IKE); a NAT that lets two hosts share an address. Learned "
			     "pairs are graded possible for that reason.",
		.windows = "Event 4963 (clear text that should have been secured), 4653 and 4654 (negotiation failed), 5451 and 5452 "
			   "(quick mode SA up, ended). Commands: Get-NetIPsecRule, Get-NetIPsecQuickModeSA, netsh ipsec dynamic show all.",
		.strongswan = "swanctl --list-pols and --list-sas show what should be protected and what is; 'closing CHILD_SA' and "
			      "'failed to establish CHILD_SA, keeping IKE_SA' in the log; ip xfrm policy shows what the kernel was told.",
		.libreswan = "ipsec trafficstatus and ipsec shuntstatus (a bare shunt means clear or dropped); 'deleting state' in the "
			     "log; failureshunt= and negotiationshunt= in the configuration.",
		.unseen = "Which policy a host has assigned, and whether clear traffic was meant: tell espial with a rule or with allow.",
	},
	[FINDING_READABLE_ESP] = {
		.evidence = "Several packets of one SA whose ESP trailer makes sense without decryption: next header, padding 1, 2, 3 and "
			    "the lengths of the packet inside agree at one size of the integrity value (RFC 5879).",
		.lookalike = "Hardly anything: random octets pass this on a run of packets less than once in thousands of millions. A "
			     "test tool that writes plain text behind an ESP header is told apart by name.",
		.windows = "Event 5451 lists the quick mode ESP cipher; Get-NetIPsecQuickModeSA shows EncryptionAlgorithm None.",
		.strongswan = "'selected proposal: ESP:NULL/...' in the log; swanctl --list-sas shows the cipher of each child.",
		.libreswan = "'IPsec SA established ... xfrm=NULL' in the log; ipsec trafficstatus.",
		.unseen = "Whether somebody wanted integrity without secrecy, for instance for an inspecting firewall.",
	},
	[FINDING_INTEGRITY_ONLY] = {
		.evidence = "AH (protocol 51) between the pair for a while and no ESP.",
		.lookalike = "AH around ESP: then the traffic is encrypted, and this is not reported. Routing protocols that use AH on "
			     "purpose.",
		.windows = "Event 5451 names AH as the protocol; Get-NetIPsecQuickModeCryptoSet shows Encapsulation AH.",
		.strongswan = "'selected proposal: AH:' in the log; ah_proposals in swanctl.conf.",
		.libreswan = "phase2=ah in the connection; 'IPsec SA established ... {AH=>' in the log.",
		.unseen = "Whether policy wants secrecy for this pair: set a rule of level require and the severity follows.",
	},
	[FINDING_LOCKED_OUT] = {
		.evidence = "At least three clear connection attempts to a peer that is known to be secured, no answer to any of them, and "
			    "no IKE from either side.",
		.lookalike = "An ordinary packet filter, a closed service behind a silent firewall, a host that is down.",
		.windows = "On the server event 4963 and 5152 (packet dropped by the filtering platform); on the client whether a "
			   "connection security rule covers the server: Get-NetIPsecRule.",
		.strongswan = "On the client swanctl --list-pols: is there a trap for the server? On the server ip xfrm policy and the "
			      "counter XfrmInNoPols in /proc/net/xfrm_stat.",
		.libreswan = "On the client ipsec status: is there a connection, and auto=ondemand? On the server /proc/net/xfrm_stat.",
		.unseen = "Why the server stays silent: a drop by IPsec policy and one by a firewall look alike.",
	},
	/* B. negotiation */
	[FINDING_IKE_UNANSWERED] = {
		.evidence = "At least three tries of one request on the sender's schedule and nothing back; ICMP errors that quote them.",
		.lookalike = "A mirror that shows one direction only; the answer takes another path; the peer is switched off.",
		.windows = "Event 4653 with 'no response from peer'; Get-Service IKEEXT on the silent host; the firewall rule for UDP 500 "
			   "and 4500.",
		.strongswan = "'retransmit N of request with message ID 0', 'giving up after N retransmits', 'establishing IKE_SA failed, "
			      "peer not responding'; on the other host nothing at all, or 'received packet' without an answer.",
		.libreswan = "'retransmission; will wait N seconds for response', 'exceeded maximum retransmits'; ss -ulpn on the silent "
			     "host: does pluto listen?",
		.unseen = "Whether the request arrived: a filter before the peer and a peer that ignores it look alike without ICMP.",
	},
	[FINDING_IKE_REFUSED] = {
		.evidence = "A clear notify that refuses the first exchange, and what was offered; where the responder was seen to accept "
			    "or offer something before, the attribute that differs.",
		.lookalike = "A forged notify, for it is not authenticated: followed by success it is taken back. INVALID_KE_PAYLOAD and "
			     "COOKIE are no refusals unless they go round in circles.",
		.windows = "Event 4653 (main mode failed) with the failure reason on both hosts; older systems 547.",
		.strongswan = "'received proposals unacceptable', 'received NO_PROPOSAL_CHOSEN notify error', 'no IKE config found for "
			      "A...B, sending NO_PROPOSAL_CHOSEN'; raise the cfg log to 2 to see both proposal lists.",
		.libreswan = "'no local proposal matches remote proposals', 'no connection has been authorized with policy'; ipsec status "
			     "lists the proposals of each connection.",
		.unseen = "Why, when the responder gives one code for two reasons: no common algorithm and unknown peer both read "
			  "NO_PROPOSAL_CHOSEN.",
	},
	[FINDING_IKE_AUTH_FAILED] = {
		.evidence = "The first exchange went well; the authentication step was repeated or answered by a message whose first "
			    "hidden payload is a notify, no SA followed, and the cycle began anew.",
		.lookalike = "EAP in progress, large messages lost on the way, a wrong identity rather than a wrong secret, a refused child "
			     "SA.",
		.windows = "Event 4652 (main mode failed, with certificate or Kerberos detail), 4653; before Vista 544 and 545.",
		.strongswan = "'received AUTHENTICATION_FAILED notify error' on the initiator; the reason stands in the responder's log.",
		.libreswan = "'authentication failed' and 'AUTHENTICATION_FAILED' with the reason on the side that refused.",
		.unseen = "The notify itself is encrypted, and so are identities and certificates in IKEv2: only the responder's log "
			  "says what it did not accept.",
	},
	[FINDING_IKE_CA_MISMATCH] = {
		.evidence = "Certificate requests in clear from both sides that have no authority in common.",
		.lookalike = "Cross-signed authorities; peers that authenticate with a key although they ask for certificates.",
		.windows = "Event 4652 or 544: the certificate's trust; certlm.msc under trusted root authorities, and the authority named "
			   "in the rule.",
		.strongswan = "'received cert request for unknown ca', 'no issuer certificate found for'; swanctl --list-certs.",
		.libreswan = "ipsec auto --listcacerts, ipsec auto --listall; 'no valid CA' and 'certificate not trusted' in the log.",
		.unseen = "Which certificate each side has in the end: it is sent encrypted.",
	},
	[FINDING_IKE_CERTIFICATE_EXPIRED] = {
		.evidence = "A certificate in clear (IKEv1 with signatures in aggressive mode) whose period of validity does not hold the "
			    "time of the packet.",
		.lookalike = "A wrong clock on the sensor, or an old capture whose clock was set wrong.",
		.windows = "Event 544 or 4652; certlm.msc: personal certificates and their end.",
		.strongswan = "'subject certificate invalid (valid from ... to ...)'; swanctl --list-certs shows the end of validity.",
		.libreswan = "'certificate has expired'; ipsec auto --listcerts.",
		.unseen = "Certificates of IKEv2 and of main mode are encrypted: there an expiry shows only as failed authentication.",
	},
	[FINDING_IKE_CHILD_REFUSED] = {
		.evidence = "IKE came up; the answer about the child SA was short, or quick mode got no third message, and no new SPI "
			    "followed within 30 s: likely with a further try that is refused, possible without, observed where a notify "
			    "in clear says it. While SAs are in use: the third refusal in a row, over 10 s at least, of severity low.",
		.lookalike = "IKE without a child by intent (RFC 6023), a trap that waits for traffic, a second authentication; beside SAs "
			     "in use, a peer that is long busy with a rekeying of its own.",
		.windows = "Event 4654 (quick mode failed) with both proposals and selectors.",
		.strongswan = "'received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built', 'traffic selectors A === B unacceptable', 'failed to "
			      "establish CHILD_SA, keeping IKE_SA'.",
		.libreswan = "'no proposal chosen', 'TS_UNACCEPTABLE', 'No acceptable traffic selectors' in the log of the side that refused.",
		.unseen = "Whether proposals or selectors differ, unless the notify is in clear: both refusals are of one size.",
	},
	[FINDING_IKE_STALLED] = {
		.evidence = "Answers up to one step, then repeated requests without any; the step is named.",
		.lookalike = "Packets lost by the mirror; a user who is asked for a password.",
		.windows = "Event 4653 or 4654 with the state in which it failed.",
		.strongswan = "'retransmit N of request with message ID N', 'deleting half open IKE_SA with A after timeout'.",
		.libreswan = "'retransmission; will wait N seconds for response' with the name of the state.",
		.unseen = "Whether the request or the answer was lost, where one direction only is in view.",
	},
	[FINDING_IKE_PATH_MTU] = {
		.evidence = "Small messages of an exchange are answered, the large one is sent again and again; its size, IP fragments and "
			    "ICMP fragmentation-needed are named where seen.",
		.lookalike = "A failure at the step that happens to be the large one, such as a responder that hangs on a certificate check.",
		.windows = "Event 4653 after the certificate step; ping -f -l SIZE shows what passes.",
		.strongswan = "'splitting IKE message (N bytes) into N fragments' tells that fragmentation is on; 'retransmit' for the large "
			      "message.",
		.libreswan = "fragmentation=yes in the connection; 'retransmission' in the state of authentication.",
		.unseen = "Which hop drops the fragments.",
	},
	[FINDING_IKE_RESTART] = {
		.evidence = "New IKE SAs with at least three peers, or all of a host's SAs replaced, within half a minute.",
		.lookalike = "A link that came back, dead peer detection that fired everywhere at once, failover to a second gateway.",
		.windows = "System log 7036 (IKEEXT or PolicyAgent stopped, started), event 4655 on the peers.",
		.strongswan = "'Starting IKE charon daemon' in the log; journalctl -u strongswan.",
		.libreswan = "'Starting Pluto' in the log; journalctl -u ipsec.",
		.unseen = "Why it restarted, and who asked for it.",
	},
	[FINDING_RESTART_CHECK] = {
		.evidence = "Each pair of the restarted host: whether ESP came back both ways within a minute, or clear traffic took over.",
		.lookalike = "Pairs that simply have nothing to say yet count as neither.",
		.windows = "Get-NetIPsecQuickModeSA on the host that restarted.",
		.strongswan = "swanctl --list-sas on the host that restarted; start_action decides who comes back by itself.",
		.libreswan = "ipsec trafficstatus on the host that restarted; auto=start or ondemand decides.",
		.unseen = "Pairs that passed another path before the restart.",
	},
	[FINDING_IKE_FLOOD] = {
		.evidence = "Many first messages with ever new SPIs to one host, most without a third message, or cookie requests in a row.",
		.lookalike = "Very many clients after a restart or a power cut.",
		.windows = "Event 4653 in masses; netsh ipsec dynamic show stats, and the IKE DoS counters of the performance monitor.",
		.strongswan = "'ignoring IKE_SA setup from A, per-IP half-open limit', N(COOKIE) in the log; cookie_threshold and "
			      "block_threshold in strongswan.conf.",
		.libreswan = "ipsec whack --globalstatus: half-open states; ddos-mode= in the configuration.",
		.unseen = "Who it is: the sender addresses may be forged.",
	},
	/* C. cryptography */
	[FINDING_WEAK_IKE_SELECTED] = {
		.evidence = "The responder's selection in clear, held against the verdict table of the rule.",
		.lookalike = "None as to what was selected; the verdict is policy and can be another one.",
		.windows = "Event 4650 and 4651 list the algorithms of main mode; Get-NetIPsecMainModeSA.",
		.strongswan = "'selected proposal: IKE:...' in the log; swanctl --list-sas.",
		.libreswan = "'IKE SA established {auth=... cipher=... integ=... group=...}' in the log.",
		.unseen = "What ESP selected: quick mode and the child SA exchange are encrypted.",
	},
	[FINDING_WEAK_IKE_OFFERED] = {
		.evidence = "The initiator's offers in clear, held against the verdict table.",
		.lookalike = "An offer is not a use: many products offer everything they can.",
		.windows = "Get-NetIPsecMainModeCryptoSet lists what is offered.",
		.strongswan = "proposals in swanctl.conf; swanctl --list-conns.",
		.libreswan = "ike= in the connection; 'IKE SA proposals (connection add)' in the log.",
		.unseen = "Which of them a peer would accept.",
	},
	[FINDING_AGGRESSIVE_PSK] = {
		.evidence = "An aggressive mode exchange in which a pre-shared key was selected: the responder's hash is in clear.",
		.lookalike = "XAUTH or Kerberos under a private number: told apart by vendor IDs.",
		.windows = "Windows itself does not use aggressive mode; look at the peer.",
		.strongswan = "'initiating Aggressive Mode IKE_SA'; aggressive = yes and i_dont_care_about_security_and_use_aggressive_mode_psk.",
		.libreswan = "aggressive=yes in the connection; 'initiating IKEv1 Aggressive Mode'.",
		.unseen = "How strong the key is, and whether somebody recorded the exchange.",
	},
	[FINDING_IKE_VERSION_1] = {
		.evidence = "IKE headers of major version 1 in a completed negotiation.",
		.lookalike = "A peer that tries version 1 after version 2 failed: the pair is then reported for that too.",
		.windows = "Get-NetIPsecRule: KeyModule IKEv1 or Default; connection security rules need KeyModule IKEv2.",
		.strongswan = "version = 1 in swanctl.conf, keyexchange=ikev1 in ipsec.conf.",
		.libreswan = "ikev2=no or keyexchange=ikev1 in the connection.",
		.unseen = "Whether the other peer could do better.",
	},
	[FINDING_ESP_64_BIT_BLOCK] = {
		.evidence = "The lengths of all ESP packets of the pair, modulo 16, leave only the residues that a block of 64 bits leaves, "
			    "over many different lengths.",
		.lookalike = "Traffic of few and regular lengths; padding for traffic flow confidentiality. Hence possible or likely, never "
			     "observed.",
		.windows = "Event 5451: the quick mode cipher; Get-NetIPsecQuickModeSA.",
		.strongswan = "'selected proposal: ESP:3DES_CBC/...' in the log.",
		.libreswan = "'IPsec SA established ... xfrm=3DES_CBC' in the log.",
		.unseen = "Which cipher of that block size it is: DES, 3DES, Blowfish, CAST and IDEA look alike.",
	},
	[FINDING_NOT_QUANTUM_SAFE] = {
		.evidence = "The selected key exchange, and no additional one with ML-KEM (RFC 9370).",
		.lookalike = "A post-quantum pre-shared key (RFC 8784) protects too: both sides then say USE_PPK in clear.",
		.windows = "Not configurable in Windows at this time; use a gateway that can.",
		.strongswan = "ke1_mlkem768 in proposals (version 6 and above); 'selected proposal' shows KE1_ML_KEM_768.",
		.libreswan = "ppk=insist where both peers have the key; 'PPK' in the log.",
		.unseen = "For how long the content has to stay secret.",
	},
	/* D. SPI */
	[FINDING_BAD_SPI] = {
		.evidence = "ESP to an SPI that its receiver shows it does not have: replaced, deleted, notified, or no longer answered; "
			    "packets and octets lost into it.",
		.lookalike = "Parallel child SAs, make-before-break in a rekey, reordering, one-way applications, a host that is down, "
			     "loss on the mirror. The grade and the waiting times hold these off.",
		.windows = "Event 4965 (packet with an unknown SPI); the older driver event 4283 'bad SPI'.",
		.strongswan = "'received DELETE for ESP CHILD_SA with SPI', 'closing CHILD_SA'; the counter XfrmInNoStates in "
			      "/proc/net/xfrm_stat of the receiver counts these very packets.",
		.libreswan = "'received Delete SA payload'; XfrmInNoStates in /proc/net/xfrm_stat; ipsec trafficstatus on both.",
		.unseen = "The receiver's table of SAs: a receiver owes no answer to an unknown SPI.",
	},
	[FINDING_REKEY_TOO_OFTEN] = {
		.evidence = "The interval from SPI to SPI and the octets through each, over several of them.",
		.lookalike = "Rekey collisions, many parallel children, repeated authentication, a flapping peer.",
		.windows = "Events 5451 and 5452 in pairs; quick mode lifetimes in Get-NetIPsecQuickModeCryptoSet.",
		.strongswan = "'creating rekey job for CHILD_SA'; rekey_time, life_time, rekey_bytes in swanctl.conf.",
		.libreswan = "'responder rekeyed Child SA'; salifetime= and ipsec-max-bytes=.",
		.unseen = "The configured lifetime: IKEv2 never tells it, IKEv1 encrypts that of ESP. The figure is inferred.",
	},
	[FINDING_REKEY_OVERDUE] = {
		.evidence = "An SA that carries traffic several times as long as the pair's usual interval.",
		.lookalike = "A lifetime by volume on a quiet line; a changed configuration.",
		.windows = "Get-NetIPsecQuickModeSA: remaining lifetime.",
		.strongswan = "swanctl --list-sas: 'rekeying in' and 'expires in'; ip -s xfrm state.",
		.libreswan = "ipsec status: the time of the next event of the state.",
		.unseen = "What the host has configured.",
	},
	[FINDING_ESP_REPLAY] = {
		.evidence = "Packets of an SA with sequence numbers seen before, later than a doubled mirror would bring them.",
		.lookalike = "A mirror port that shows packets twice, retransmission below IP (radio links), per-processor SAs; a standby that took over and counts on from an older number, whose packets are dropped until it is past the highest.",
		.windows = "Event 4961 (replay check failed) on the receiver.",
		.strongswan = "XfrmInStateSeqError in /proc/net/xfrm_stat; replay_window in swanctl.conf.",
		.libreswan = "XfrmInStateSeqError in /proc/net/xfrm_stat; replay-window=.",
		.unseen = "Whether the receiver dropped the copies, and whether they were: octets are compared at the beginning of an SA alone.",
	},
	[FINDING_ESP_SEQUENCE_RESET] = {
		.evidence = "The same SPI between the same addresses, and sequence numbers that begin again at a small number.",
		.lookalike = "A new SA that drew an SPI used before; a failover that goes on with a jump; a capture put together from two.",
		.windows = "Event 5451: was a new SA made at this time?",
		.strongswan = "ip -s xfrm state: oseq of the SA; journal of the failover software.",
		.libreswan = "ip -s xfrm state: oseq of the SA; manual keys in a script.",
		.unseen = "Whether the key stayed the same: if not, nothing is broken.",
	},
	[FINDING_ESP_SEQUENCE_NEAR_WRAP] = {
		.evidence = "A sequence number close to 2^32 and no sign of a rekey.",
		.lookalike = "Extended sequence numbers, of which only the lower half is on the wire.",
		.windows = "Event 4961 and dropped packets once it has wrapped; quick mode lifetime by volume.",
		.strongswan = "swanctl --list-sas: packets of the child, and ESN; rekey_packets.",
		.libreswan = "ip -s xfrm state: oseq, flag esn; esn= in the connection.",
		.unseen = "Whether extended sequence numbers were agreed: the exchange is encrypted.",
	},
	[FINDING_ESP_UNNEGOTIATED] = {
		.evidence = "ESP both ways for a while and not one IKE message between the two.",
		.lookalike = "A capture that began later than the SA, IKE on another path or through another address.",
		.windows = "Get-NetIPsecMainModeSA: is there an IKE SA for the pair?",
		.strongswan = "swanctl --list-sas against ip xfrm state: an SA only the kernel knows was keyed by hand.",
		.libreswan = "ipsec trafficstatus against ip xfrm state.",
		.unseen = "Where the key came from.",
	},
	/* E. lifecycle */
	[FINDING_PEER_NEW] = {
		.evidence = "The first IKE, ESP or AH packet of an address since the sensor began to remember.",
		.lookalike = "A known peer behind a new address.",
		.windows = "Event 4650 on its partner: who it says it is.",
		.strongswan = "'IKE_SA established between' on its partner: identities.",
		.libreswan = "'authenticated peer using' on its partner: identity.",
		.unseen = "Its identity, which IKE sends encrypted.",
	},
	[FINDING_SA_UP] = {
		.evidence = "The first packet of an SPI.",
		.lookalike = "An SA that began before the capture: its first number then is not 1.",
		.windows = "Event 541, today 5451.",
		.strongswan = "'CHILD_SA established with SPIs ..._i ..._o'.",
		.libreswan = "'IPsec SA established', 'established Child SA'.",
		.unseen = "Which selectors it has.",
	},
	[FINDING_SA_REKEYED] = {
		.evidence = "A new SPI took over the direction of an older one of the pair.",
		.lookalike = "A second child SA that begins as the first falls quiet.",
		.windows = "Events 5451 and 5452 close together.",
		.strongswan = "'inbound CHILD_SA established' after 'creating rekey job for CHILD_SA'.",
		.libreswan = "'responder rekeyed Child SA', 'initiator rekeyed Child SA'.",
		.unseen = "Which child SA of several it replaces, where they run in parallel.",
	},
	[FINDING_SA_DOWN] = {
		.evidence = "No packet of an SPI for its time, or a successor that took over.",
		.lookalike = "A quiet application; loss on the mirror.",
		.windows = "Events 542 and 543, today 5452 and 4655.",
		.strongswan = "'closing CHILD_SA', 'received DELETE for ESP CHILD_SA'.",
		.libreswan = "'deleting state', 'received Delete SA'.",
		.unseen = "A Delete: it is encrypted, so an end and a silence look alike.",
	},
	[FINDING_SECURED_AGAIN] = {
		.evidence = "ESP both ways again and no more clear traffic of the pair for its time.",
		.lookalike = "None worth naming.",
		.windows = "Event 541, today 5451.",
		.strongswan = "'CHILD_SA established'.",
		.libreswan = "'IPsec SA established'.",
		.unseen = "What repaired it.",
	},
	[FINDING_POLICY_RELOADED] = {
		.evidence = "The sensor itself read a new configuration; the hash of the policy is named.",
		.lookalike = "None.",
		.sensor = "journalctl -u espiald; espiald --check-config tells whether a file is good.",
		.unseen = "Who changed the file.",
	},
	/* F. the sensor */
	[FINDING_SENSOR_ALIVE] = {
		.evidence = "The sensor's own counters.",
		.lookalike = "None.",
		.sensor = "systemctl status espiald; the absence of this message is the alarm.",
		.unseen = "Traffic that the mirror does not bring.",
	},
	[FINDING_CAPTURE_SILENT] = {
		.evidence = "No frame at all on the interface for its time.",
		.lookalike = "A network at rest, where even ARP and neighbour discovery are missing.",
		.sensor = "ip -s link show dev INTERFACE, tcpdump -c 5 -i INTERFACE; then the span session of the switch.",
		.unseen = "What passed meanwhile.",
	},
	[FINDING_CAPTURE_DROPS] = {
		.evidence = "The drop counters of the kernel's ring and of the card.",
		.lookalike = "Drops on the switch's mirror port, which no counter here shows.",
		.sensor = "ethtool -S INTERFACE, ip -s link; top shows whether a processor is full.",
		.unseen = "Which packets were lost.",
	},
	[FINDING_CAPTURE_DOWN] = {
		.evidence = "The interface is down, or the kernel says that it is gone.",
		.lookalike = "None.",
		.sensor = "ip link show dev INTERFACE, dmesg.",
		.unseen = "Everything, until it is back.",
	},
	[FINDING_MIRROR_ONE_WAY] = {
		.evidence = "Most conversations show one direction only.",
		.lookalike = "Asymmetric routing; one-way applications.",
		.sensor = "tcpdump for one TCP connection: are both directions there? Then the span session or the second leg of the tap.",
		.unseen = "The other direction; findings that rest on it are graded down.",
	},
	[FINDING_MIRROR_DOUBLED] = {
		.evidence = "ESP packets with one SPI and sequence number twice within milliseconds.",
		.lookalike = "A replay, which comes later; a decapsulated copy.",
		.sensor = "tcpdump -e: do the copies differ in VLAN or hardware address? Then the span session.",
		.unseen = "Which of the two copies was on the wire.",
	},
	[FINDING_CAPTURE_OFFLOAD] = {
		.evidence = "Packets larger than the link can carry.",
		.lookalike = "Jumbo frames on a network that has them.",
		.sensor = "ethtool -k INTERFACE shows generic-receive-offload and large-receive-offload.",
		.unseen = "The true lengths, on which the guess of the ESP cipher rests.",
	},
	[FINDING_TABLE_FULL] = {
		.evidence = "A table of the sensor reached its limit and evicted what still lived.",
		.lookalike = "None; the cause is growth or a flood.",
		.sensor = "journalctl -u espiald shows the tables at start; limits in the configuration.",
		.unseen = "The stories of what was evicted.",
	},
	[FINDING_SINK_DOWN] = {
		.evidence = "A sink could not pass on for its time; its error is named.",
		.lookalike = "A receiver that is only slow.",
		.sensor = "systemctl status syslog-ng or rsyslog, df, ls -l of the file or socket.",
		.unseen = "Whether the receiver took what was sent before.",
	},
	[FINDING_CLOCK_JUMP] = {
		.evidence = "The sensor's clock went two seconds or more against its steady one; in a file: frames go back. "
			    "behind_seconds is what the times of findings are behind the clock while they follow it.",
		.lookalike = "A capture put together from several.",
		.sensor = "chronyc tracking or timedatectl.",
		.unseen = "Which of the two times was right.",
	},
	[FINDING_ENGINE_RESTARTED] = {
		.evidence = "The monitor started the engine anew; the seconds unseen are named.",
		.lookalike = "None.",
		.sensor = "journalctl -u espiald, coredumpctl list espiald.",
		.unseen = "What passed in these seconds.",
	},
};

const struct explanation *explanation_of(enum finding_id id)
{
	return (size_t)id < FINDING_ID_COUNT ? &rows[id] : NULL;
}

/* Of a leak that a rule of level request allows. */
static const char allowed_leak[] =
    "high under a rule of level require, critical with credentials in clear; medium for learned pairs; low under "
    "request, which allows it, and under respond, and where all that is in clear is encrypted by itself (TLS, SSH)";

/* What the rules decide beyond the catalogue's severity: of a finding (CAUSE_NONE) and of those of its causes that differ. */
static const struct {
	enum finding_id id;
	enum finding_cause cause;
	const char *text;
} severities[] = {
	{ FINDING_CLEARTEXT_LEAK, CAUSE_NONE,
	  "high under a rule of level require, critical with credentials in clear; medium under request and for "
	  "learned pairs; low under respond, and where all that is in clear is encrypted by itself (TLS, SSH)" },
	{ FINDING_CLEARTEXT_LEAK, CAUSE_SOFT_SA, allowed_leak },
	{ FINDING_CLEARTEXT_LEAK, CAUSE_BEFORE_SA, allowed_leak },
	{ FINDING_CLEARTEXT_LEAK, CAUSE_SELECTOR_GAP,
	  "high under a rule of level require, critical with credentials in clear; medium under request; low for "
	  "learned pairs, under respond, and where all that is in clear is encrypted by itself (TLS, SSH)" },
	{ FINDING_INTEGRITY_ONLY, CAUSE_NONE, "low; medium under a rule of level require" },
	{ FINDING_RESTART_CHECK, CAUSE_NONE, "info; medium if a pair is in clear" },
	{ FINDING_WEAK_IKE_SELECTED, CAUSE_NONE,
	  "medium for what the table of algorithms forbids, low for what it discourages" },
	{ FINDING_ESP_64_BIT_BLOCK, CAUSE_NONE, "info while it is possible, low once it is likely" },
	{ FINDING_BAD_SPI, CAUSE_NONE,
	  "info while it can heal; medium once it lasts, or comes three times an hour, and the receiver is seen "
	  "alive" },
	{ FINDING_BAD_SPI, CAUSE_NOTIFIED,
	  "info while it can heal, and where the notice names no SA that is known; medium once it lasts, or comes "
	  "three times an hour, and the receiver is seen alive" },
};

const char *explanation_severity(enum finding_id id, enum finding_cause cause)
{
	const char *text = NULL;

	for (size_t i = 0; i < sizeof(severities) / sizeof(severities[0]); i++)
		if (severities[i].id == id &&
		    (severities[i].cause == cause || (!text && severities[i].cause == CAUSE_NONE)))
			text = severities[i].text;
	return text;
}
