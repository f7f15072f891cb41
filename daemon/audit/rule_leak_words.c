/* SPDX-License-Identifier: Apache-2.0 */
/* See rule_leak.h. One sentence per cause, with the figures that led to it; the same figures again as evidence. */
#include "rule_leak.h"

#include "finding.h"

#include <stdio.h>
#include <string.h>

#define SECOND_S 1e9
#define ICMP_BEFORE_NS (30 * INT64_C(1000000000)) /* an error so shortly before the clear traffic explains it */
#define RESTARTED_NS (600 * INT64_C(1000000000))  /* a restart so long ago may be why an SA was lost */

enum {
	PROTOCOL_ICMP = 1,
	PROTOCOL_IGMP = 2,
	PROTOCOL_RSVP = 46,
	PROTOCOL_OSPF = 89,
	PROTOCOL_VRRP = 112,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_SCTP = 132,
	PROTOCOL_ICMPV6 = 58,
	NAME_SIZE = 48,
	SERVICES_SIZE = 256
};

static const char *service_name(const struct transition_service *service, char buffer[NAME_SIZE])
{
	const char *transport = service->protocol == PROTOCOL_TCP    ? "tcp"
				: service->protocol == PROTOCOL_UDP  ? "udp"
				: service->protocol == PROTOCOL_SCTP ? "sctp"
								     : NULL;

	if (transport && service->name)
		snprintf(buffer, NAME_SIZE, "%s (%s/%u)", service->name, transport, service->port);
	else if (transport)
		snprintf(buffer, NAME_SIZE, "%s/%u", transport, service->port);
	else if (service->protocol == PROTOCOL_ICMP || service->protocol == PROTOCOL_ICMPV6)
		snprintf(buffer, NAME_SIZE, "ICMP");
	else
		snprintf(buffer, NAME_SIZE, "IP protocol %u", service->protocol);
	return buffer;
}

/* "HTTP (tcp/80), DNS (udp/53) and 3 more" */
static void list_services(const struct leak *leak, char *buffer, size_t size)
{
	enum { LISTED_MAX = 4 };
	unsigned listed = 0, more = 0;
	char name[NAME_SIZE];

	buffer[0] = '\0';
	for (unsigned i = 0; i < leak->service_count; i++) {
		if (!rule_leak_has_service(leak, i))
			continue;
		if (listed == LISTED_MAX) {
			more++;
			continue;
		}
		size_t length = strlen(buffer);
		snprintf(buffer + length, size - length, "%s%s", listed ? ", " : "",
			 service_name(&leak->services[i].service, name));
		listed++;
	}
	if (more) {
		size_t length = strlen(buffer);
		snprintf(buffer + length, size - length, " and %u more", more);
	}
}

static double seconds(int64_t ns)
{
	return (double)ns / SECOND_S;
}

static void say_elsewhere(struct judge *judge, const struct judged_pair *pair, struct finding *finding)
{
	bool a = judge_host_elsewhere(judge, &pair->address[0], &pair->address[1]);
	bool b = judge_host_elsewhere(judge, &pair->address[1], &pair->address[0]);
	struct address_text text;

	finding_note_boolean(finding, "a_speaks_ipsec_elsewhere", a);
	finding_note_boolean(finding, "b_speaks_ipsec_elsewhere", b);
	if (a && b)
		finding_say(finding, ", though each of them speaks IPsec with others");
	else if (a || b)
		finding_say(finding, ", though %s speaks IPsec with others",
			    address_text(&pair->address[a ? 0 : 1], &text));
	else
		finding_say(finding, ", and neither was seen to speak IPsec with anyone");
}

/* ICMP that explains the silence, of those who protect the pair: about IKE, or about ESP itself. */
static void say_icmp(struct judge *judge, struct judged_pair *pair, struct finding *finding)
{
	struct judged_pair *protectors[JUDGE_CARRIERS];
	unsigned count = judge_protectors(judge, pair, protectors, JUDGE_CARRIERS);
	char icmp[48];

	for (unsigned i = 0; i < count; i++) {
		const struct judged_negotiation *negotiation = &protectors[i]->negotiation;
		int64_t since = pair->leak.since_ns - ICMP_BEFORE_NS;
		bool ike = negotiation->icmp_ns >= since && negotiation->icmp_ns > 0;
		bool esp = negotiation->esp_icmp_ns >= since && negotiation->esp_icmp_ns > 0;
		if (!ike && !esp)
			continue;
		unsigned version = ike ? negotiation->icmp_version : negotiation->esp_icmp_version;
		unsigned type = ike ? negotiation->icmp_type : negotiation->esp_icmp_type;
		unsigned code = ike ? negotiation->icmp_code : negotiation->esp_icmp_code;
		const char *means = version == 6 ? type == 1 && code == 4 ? "nothing listens there"
						   : type == 4            ? "the protocol is not spoken there"
									  : "it is not let through"
				    : code == 3  ? "nothing listens there"
				    : code == 2  ? "the protocol is not spoken there"
				    : code == 13 ? "a filter forbids it"
						 : "it is not let through";
		snprintf(icmp, sizeof(icmp), "ICMP%s %u/%u", version == 6 ? "v6" : "", type, code);
		finding_say(finding, ", and %s to its %s says that %s", icmp, ike ? "IKE" : "ESP", means);
		finding_note_words(finding, "icmp", icmp);
		return;
	}
}

/* IKE that failed; the negotiation has its own alert, with what it was. */
static void say_trouble(struct judge *judge, struct judged_pair *pair, struct finding *finding)
{
	const struct leak *leak = &pair->leak;
	const struct trouble *trouble = rule_leak_trouble(judge, pair);

	switch (leak->cause) {
	case CAUSE_UNANSWERED:
		finding_say(finding, ": IKE was opened and nobody answers");
		break;
	case CAUSE_SOFT_SA:
		finding_say(finding, ": IKE was opened, nobody answers, and the sender fell back to clear traffic");
		break;
	case CAUSE_REFUSED:
		finding_say(finding, ": IKE was opened and is refused");
		break;
	case CAUSE_AUTH_FAILED:
		finding_say(finding, ": the two do not authenticate each other");
		break;
	default:
		finding_say(finding, ": IKE is up, and the SA for traffic is refused");
		break;
	}
	if (leak->cause == CAUSE_UNANSWERED || leak->cause == CAUSE_SOFT_SA) {
		struct address_text text;
		say_icmp(judge, pair, finding);
		if (leak->cause == CAUSE_SOFT_SA)
			finding_note_integer(finding, "fall_backs", leak->fall_backs);
		if (trouble) {
			/* Of gateways there may be several pairs; their own alert names them. */
			const struct address *silent = &pair->address[!trouble->direction];
			bool elsewhere = !(judge_rule(judge, pair) && judge_rule(judge, pair)->gateway_count) &&
					 judge_host_elsewhere(judge, silent, &pair->address[trouble->direction]);
			if (elsewhere)
				finding_say(finding, ", though %s speaks IPsec with others",
					    address_text(silent, &text));
			finding_note_boolean(finding, "silent_peer_speaks_ipsec_elsewhere", elsewhere);
		}
	}
	if (!trouble)
		return;
	finding_note_time(finding, "ike_first", trouble->begun_ns);
	finding_note_real(finding, "ike_to_clear", seconds(leak->since_ns - trouble->begun_ns));
	finding_note_integer(finding, "ike_attempts", trouble->count);
}

/* One of those who protect the pair was restarted lately, as its other peers show. */
static void say_restart(struct judge *judge, struct judged_pair *pair, struct finding *finding)
{
	struct judged_pair *protectors[JUDGE_CARRIERS];
	unsigned count = judge_protectors(judge, pair, protectors, JUDGE_CARRIERS);
	struct address_text text;

	for (unsigned i = 0; i < count; i++)
		for (unsigned side = 0; side < 2; side++) {
			const struct judged_host *host = judge_host(judge, &protectors[i]->address[side]);
			if (!host || !host->restart_ns || judge->now_ns - host->restart_ns > RESTARTED_NS)
				continue;
			finding_say(finding, ", after %s was restarted", address_text(&host->address, &text));
			finding_note_address(finding, "restarted", &host->address);
			return;
		}
}

/* Protocols that many a policy lets pass in clear: where nothing else is clear, the alert may be an exemption to write. */
static const char *exemption_of(const struct transition_service *service)
{
	static const struct {
		uint8_t protocol;
		uint16_t port;
		const char *what;
	} known[] = {
		{ PROTOCOL_TCP, 88, "Kerberos (or exempt: windows-2000)" },
		{ PROTOCOL_UDP, 88, "Kerberos (or exempt: windows-2000)" },
		{ PROTOCOL_RSVP, 0, "RSVP (or exempt: windows-2000)" },
		{ PROTOCOL_UDP, 53, "DNS" },
		{ PROTOCOL_TCP, 53, "DNS" },
		{ PROTOCOL_UDP, 123, "NTP" },
		{ PROTOCOL_UDP, 389, "the search for domain controllers" },
		{ PROTOCOL_IGMP, 0, "IGMP" },
		{ PROTOCOL_OSPF, 0, "OSPF" },
		{ PROTOCOL_VRRP, 0, "VRRP" },
		{ PROTOCOL_UDP, 1985, "HSRP" },
		{ PROTOCOL_UDP, 3784, "BFD" },
		{ PROTOCOL_TCP, 179, "BGP" },
		{ PROTOCOL_ICMP, 0, "ICMP beyond what `icmp` allows" },
		{ PROTOCOL_ICMPV6, 0, "ICMP beyond what `icmp` allows" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].protocol == service->protocol && known[i].port == service->port)
			return known[i].what;
	return NULL;
}

static void say_exemption(const struct judged_pair *pair, struct finding *finding)
{
	const struct leak *leak = &pair->leak;
	const char *what = NULL;

	for (unsigned i = 0; i < leak->service_count; i++) {
		if (!rule_leak_has_service(leak, i))
			continue;
		const char *one = exemption_of(&leak->services[i].service);
		if (!one || (what && one != what))
			return;
		what = one;
	}
	if (!what)
		return;
	finding_say(finding, "; if it may be clear here, allow %s", what);
	finding_note_words(finding, "could_be_exempt", what);
}

/* Who opened IKE first, from shortly before the leak until ESP began, of those who protect the pair: itself or gateways. NULL if nobody. */
static const struct address *opener_of(struct judge *judge, struct judged_pair *pair, bool tunnelled, int64_t esp_ns)
{
	const struct leak *leak = &pair->leak;
	struct judged_pair *protectors[JUDGE_CARRIERS];
	unsigned count = judge_protectors(judge, pair, protectors, JUDGE_CARRIERS);
	const struct address *opener = NULL;
	int64_t first_ns = INT64_MAX;

	if (!tunnelled) {
		unsigned side =
		    leak->opened_by_ns[1] && (!leak->opened_by_ns[0] || leak->opened_by_ns[1] < leak->opened_by_ns[0]);
		return leak->opened_by_ns[side] ? &pair->address[side] : NULL;
	}
	for (unsigned i = 0; i < count; i++)
		for (unsigned side = 0; side < 2; side++) {
			int64_t opened_ns = protectors[i]->ike[side].opened_ns;
			if (opened_ns < leak->begin_ns - EXCHANGE_OPENED_BEFORE_S * INT64_C(1000000000) ||
			    opened_ns > esp_ns || opened_ns >= first_ns)
				continue;
			first_ns = opened_ns;
			opener = &protectors[i]->address[side];
		}
	return opener;
}

static void say_cause(struct judge *judge, struct judged_pair *pair, struct finding *finding)
{
	const struct leak *leak = &pair->leak;
	struct protection protection;
	struct address_text text;
	const char *whose;

	judge_protection(judge, pair, &protection);
	whose = protection.tunnelled ? "the gateways" : "them";
	char inferred[96];
	if (judge_carrier_inferred(judge, pair)) {
		const struct judged_pair *carrier = table_at(&judge->pairs, table_find(&judge->pairs, leak->carrier));
		struct address_text a, b;
		snprintf(inferred, sizeof(inferred), "%s and %s", address_text(&carrier->address[0], &a),
			 address_text(&carrier->address[1], &b));
		finding_note_words(finding, "gateways_inferred", inferred);
		whose = inferred;
	}
	int64_t silence = leak->begin_ns - leak->esp_before_ns;
	if (leak->esp_before_ns && (leak->cause == CAUSE_SA_LOST || leak->cause == CAUSE_AFTER_IDLE)) {
		finding_note_time(finding, "esp_last", leak->esp_before_ns);
		finding_note_real(finding, "esp_to_clear", seconds(silence));
	}
	switch (leak->cause) {
	case CAUSE_NOBODY_INITIATES:
		finding_say(finding, ": neither opened IKE with the other");
		say_elsewhere(judge, pair, finding);
		break;
	case CAUSE_UNANSWERED:
	case CAUSE_SOFT_SA:
	case CAUSE_REFUSED:
	case CAUSE_AUTH_FAILED:
	case CAUSE_CHILD_REFUSED:
		say_trouble(judge, pair, finding);
		break;
	case CAUSE_SA_LOST:
		finding_say(finding, ": ESP between %s ended %.1f s before, and clear traffic took over", whose,
			    seconds(silence));
		say_restart(judge, pair, finding);
		break;
	case CAUSE_SELECTOR_GAP:
		finding_say(finding,
			    ": ESP between %s goes on at the same time, so this traffic is outside the filters", whose);
		break;
	case CAUSE_ONE_WAY:
		finding_say(finding, ": %s sends in clear while %s still sends ESP, so one side has lost its policy",
			    address_text(&finding->src, &text),
			    address_text(&finding->dst, &(struct address_text){ { 0 } }));
		break;
	case CAUSE_BEFORE_SA:
	case CAUSE_AFTER_IDLE: {
		int64_t esp =
		    protection.began_ns[0] < protection.began_ns[1] ? protection.began_ns[0] : protection.began_ns[1];
		const struct address *opener = opener_of(judge, pair, protection.tunnelled, esp);
		finding_say(finding, ": clear for %.1f s before ESP %s", seconds(esp - leak->begin_ns),
			    leak->cause == CAUSE_BEFORE_SA ? "began" : "came back after a long silence");
		finding_note_integer(finding, "clear_packets", (int64_t)finding->count);
		finding_note_real(finding, "clear_seconds", seconds(leak->last_ns - leak->begin_ns));
		if (opener) {
			finding_say(finding, ", and %s opened IKE", address_text(opener, &text));
			finding_note_address(finding, "initiator", opener);
		}
		finding_note_boolean(finding, "default_response", leak->default_response);
		break;
	}
	default:
		finding_say(finding, ", and why is not known yet");
		break;
	}
}

/* The service whose name the finding carries: the first that is not itself encrypted, else the first. */
static const struct leak_service *main_service(const struct leak *leak)
{
	const struct leak_service *first = NULL;

	for (unsigned i = 0; i < leak->service_count; i++) {
		if (!rule_leak_has_service(leak, i))
			continue;
		if (!leak->services[i].service.encrypted)
			return &leak->services[i];
		if (!first)
			first = &leak->services[i];
	}
	return first;
}

void rule_leak_explain(struct judge *judge, struct judged_pair *pair, struct finding *finding)
{
	const struct leak *leak = &pair->leak;
	const struct leak_service *service = main_service(leak);
	struct address_text a, b;
	char services[SERVICES_SIZE];

	if (service) {
		finding->ip_protocol = service->service.protocol;
		finding->protocol = service->service.name;
	}
	list_services(leak, services, sizeof(services));
	address_text(&finding->src, &a);
	address_text(&finding->dst, &b);
	if (pair->rule)
		finding_say(finding, "%s sends %s to %s in clear, though rule \"%s\" wants it secured", a.text,
			    services, b.text, finding->rule);
	else
		finding_say(finding, "%s sends %s to %s in clear, though the two used to speak ESP", a.text, services,
			    b.text);
	finding_note_words(finding, "services", services);
	finding_note_boolean(finding, "both_directions", leak->directions == 3);
	say_cause(judge, pair, finding);
	say_exemption(pair, finding);
	finding_say(finding, ".");
}

void rule_leak_explain_clear(struct finding *finding)
{
	struct address_text a, b;

	finding->text[0] = '\0';
	if (strcmp(finding->cleared_by, "policy-changed") == 0) {
		finding_say(
		    finding,
		    "%s and %s: another configuration is in force, by which this is judged anew; until then it was in "
		    "clear for %.1f s, %llu packet%s and %llu octets.",
		    address_text(&finding->a, &a), address_text(&finding->b, &b),
		    seconds(finding->last_ns - finding->first_ns), (unsigned long long)finding->count,
		    finding_plural(finding->count), (unsigned long long)finding->bytes);
		return;
	}
	finding_say(finding, "%s and %s: the clear traffic ended after %.1f s, %llu packet%s and %llu octets%s.",
		    address_text(&finding->a, &a), address_text(&finding->b, &b),
		    seconds(finding->last_ns - finding->first_ns), (unsigned long long)finding->count,
		    finding_plural(finding->count), (unsigned long long)finding->bytes,
		    strcmp(finding->cleared_by, "secured-again") == 0 ? ", and they speak ESP both ways again" : "");
}
