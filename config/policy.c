/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy as the engine asks it: defaults, ownership, and whether a packet may be clear. Which rule speaks of two
 * addresses is policy_index.c. Called by config.c to build, by the judge and the workers to ask. Asking allocates
 * nothing and changes nothing.
 */
#include "policy.h"
#include "policy_index.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* IANA protocol and port numbers that the presets and the always-allowed services name. */
enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_RSVP = 46 };
enum { PORT_DHCP_SERVER = 67, PORT_DHCP_CLIENT = 68, PORT_DHCPV6_CLIENT = 546, PORT_DHCPV6_SERVER = 547 };
enum { PORT_KERBEROS = 88, PORT_IKE_NAT = 4500 };

enum service_answer { SERVICE_NO, SERVICE_PENDING, SERVICE_YES };

void policy_init(struct policy *policy)
{
	struct policy_service *icmp = calloc(1, sizeof(*icmp));
	char *name = strdup("icmp");

	memset(policy, 0, sizeof(*policy));
	policy->learn = true;
	policy->exempt = POLICY_EXEMPT_WINDOWS_2003;
	if (!icmp || !name) {
		/* Without memory nothing is allowed, which only says too much, never too little. */
		free(icmp);
		free(name);
		return;
	}
	icmp->kind = POLICY_SERVICE_ICMP;
	icmp->name = name;
	policy->allow.entries = icmp;
	policy->allow.count = 1;
}

void policy_services_clear(struct policy_services *services)
{
	for (size_t i = 0; i < services->count; i++)
		free(services->entries[i].name);
	free(services->entries);
	services->entries = NULL;
	services->count = 0;
}

void policy_rule_clear(struct policy_rule *rule)
{
	free(rule->name);
	if (rule->between[1] != rule->between[0])
		free(rule->between[1]);
	free(rule->between[0]);
	free(rule->gateways);
	free(rule->crypto);
	policy_services_clear(&rule->allow);
	policy_services_clear(&rule->deny);
	memset(rule, 0, sizeof(*rule));
}

void policy_clear(struct policy *policy)
{
	policy_index_free(policy->index);
	for (size_t i = 0; i < policy->rule_count; i++)
		policy_rule_clear(&policy->rules[i]);
	free(policy->rules);
	policy_services_clear(&policy->allow);
	memset(policy, 0, sizeof(*policy));
}

bool policy_is_gateway(const struct policy_rule *rule, const uint8_t a[16])
{
	for (size_t i = 0; i < rule->gateway_count; i++)
		if (memcmp(rule->gateways[i], a, 16) == 0)
			return true;
	return false;
}

/* Whether an entry of the list speaks of the traffic; pending if only a name that is still sought could say so. */
static enum service_answer services_ask(const struct policy_services *services, const struct policy_traffic *traffic)
{
	enum service_answer answer = SERVICE_NO;

	for (size_t i = 0; i < services->count; i++) {
		const struct policy_service *service = &services->entries[i];
		bool match = false;

		switch (service->kind) {
		case POLICY_SERVICE_ICMP:
			match = traffic->icmp_harmless;
			break;
		case POLICY_SERVICE_NAME:
			if (traffic->name)
				match = strcasecmp(service->name, traffic->name) == 0;
			else if (traffic->name_pending)
				answer = SERVICE_PENDING;
			break;
		case POLICY_SERVICE_PORT:
			match = traffic->port != 0 && service->protocol == traffic->protocol &&
				service->port == traffic->port;
			break;
		case POLICY_SERVICE_PROTOCOL:
			match = service->protocol == traffic->protocol;
			break;
		}
		if (match)
			return SERVICE_YES;
	}
	return answer;
}

/* What no policy can forbid: without it there is no address to secure and no way to secure it. */
static bool always_allowed(const struct policy_traffic *traffic)
{
	switch (traffic->port) {
	case PORT_DHCP_SERVER:
	case PORT_DHCP_CLIENT:
	case PORT_DHCPV6_CLIENT:
	case PORT_DHCPV6_SERVER:
		return traffic->protocol == PROTOCOL_UDP;
	default:
		return false;
	}
}

static bool preset_allows(enum policy_exempt exempt, const struct policy_traffic *traffic)
{
	if (exempt == POLICY_EXEMPT_NONE)
		return false;
	if (traffic->group)
		return true;
	if (exempt != POLICY_EXEMPT_WINDOWS_2000)
		return false;
	if (traffic->protocol == PROTOCOL_RSVP)
		return true;
	/* The Windows exemption goes by port, so it is not for the classifier to decide. */
	return traffic->port == PORT_KERBEROS &&
	       (traffic->protocol == PROTOCOL_TCP || traffic->protocol == PROTOCOL_UDP);
}

enum policy_allowed policy_may_be_clear(const struct policy *policy, const struct policy_rule *rule,
					const struct policy_traffic *traffic)
{
	enum service_answer denied = SERVICE_NO;
	enum service_answer allowed = SERVICE_NO;

	if (always_allowed(traffic))
		return POLICY_CLEAR_ALLOWED;
	/* IKE and ESP in TCP (RFC 9329) show in the stream's first octets: a handshake on its port may be theirs. */
	if (traffic->protocol == PROTOCOL_TCP && traffic->port == PORT_IKE_NAT && traffic->name_pending &&
	    !traffic->name)
		return POLICY_CLEAR_PENDING;
	if (rule)
		denied = services_ask(&rule->deny, traffic);
	if (denied == SERVICE_YES)
		return POLICY_CLEAR_DENIED;

	if (preset_allows(policy->exempt, traffic))
		allowed = SERVICE_YES;
	else
		allowed = services_ask(&policy->allow, traffic);
	if (rule && allowed != SERVICE_YES) {
		enum service_answer by_rule = services_ask(&rule->allow, traffic);
		if (by_rule > allowed)
			allowed = by_rule;
	}

	/* What nothing could allow is denied at once: the name would not change it. */
	if (allowed == SERVICE_NO)
		return POLICY_CLEAR_DENIED;
	if (allowed == SERVICE_PENDING || denied == SERVICE_PENDING)
		return POLICY_CLEAR_PENDING;
	return POLICY_CLEAR_ALLOWED;
}

const char *policy_level_name(enum policy_level level)
{
	switch (level) {
	case POLICY_REQUIRE:
		return "require";
	case POLICY_REQUEST:
		return "request";
	case POLICY_RESPOND:
		return "respond";
	}
	return "unknown";
}
