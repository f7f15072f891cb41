/* SPDX-License-Identifier: Apache-2.0 */
/* See promote_command.h. */
#include "promote_command.h"

#include "audit/finding.h"
#include "control_client.h"
#include "report/ip_service.h"
#include "report/record_reader.h"
#include "report/text_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_OCTETS_MAX = 127 /* of a rule's, as the configuration has it */ };

/* In clear beside IPsec whatever a rule says, or by default: no line of `allow` is wanted for it. */
enum { PROTOCOL_ICMP = 1, PROTOCOL_UDP = 17, PROTOCOL_ICMPV6 = 58, PORT_IKE = 500, PORT_IKE_NAT = 4500 };

struct promotion {
	const char *name;
	bool named; /* two addresses: whatever stands between them is to become a rule */
	struct record_reader reader;
	struct address last[2]; /* of the rule before; the same pair of another realm needs no second one */
	unsigned rules;
	char ruled[NAME_OCTETS_MAX + 1]; /* the rule that the named pair has already */
	bool refused;
};

static void write_name(const char *a, const char *b)
{
	for (const char *at = a; *at; at++)
		putchar(*at == '.' || *at == ':' ? '_' : *at);
	putchar('-');
	for (const char *at = b; *at; at++)
		putchar(*at == '.' || *at == ':' ? '_' : *at);
}

static void write_quoted(const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
}

/* Names come from the wire, by way of espiald: one line, and nothing that a terminal obeys. */
static const char *plain(const char *text, struct page_text *buffer)
{
	static const struct page ascii = { .unicode = false };

	return page_plain(&ascii, text, 60, buffer);
}

static bool needs_allowing(const struct record_protocol *protocol)
{
	switch (protocol->ip_protocol) {
	case 0:
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		return false;
	case PROTOCOL_UDP:
		return protocol->port != PORT_IKE && protocol->port != PORT_IKE_NAT;
	default:
		return true;
	}
}

static void write_clear(const struct record_pair *pair)
{
	struct ip_service_text service;
	struct page_figure figure;
	struct page_text buffer;
	unsigned allowed = 0;

	for (size_t i = 0; i < pair->cleartext_count; i++) {
		const struct record_protocol *protocol = &pair->cleartext[i];
		const char *text = ip_service_text(protocol->ip_protocol, protocol->port, &service);
		printf("      # in clear: %s", plain(protocol->name ? protocol->name : "?", &buffer));
		if (text)
			printf(" (%s)", text);
		printf(", %s\n", page_octets(protocol->bytes, &figure));
	}
	for (size_t i = 0; i < pair->cleartext_count; i++) {
		if (!needs_allowing(&pair->cleartext[i]))
			continue;
		const char *text = ip_service_text(pair->cleartext[i].ip_protocol, pair->cleartext[i].port, &service);
		if (text)
			printf("%s%s", allowed++ ? ", " : "      # allow: [", text);
	}
	if (allowed)
		printf("]  # if that is meant to be in clear; it is a leak otherwise\n");
}

static void write_rule(struct promotion *promotion, const struct record_pair *pair, bool learned)
{
	struct address_text a, b;
	struct page_figure packets, octets;
	struct page_text buffer;

	if (promotion->rules++ == 0)
		fputs("# For policy.rules of the configuration: what is in clear between these hosts is a leak from "
		      "then on.\n"
		      "# 'espial check-config FILE --replay' tells what that would have raised, 'espial reload' "
		      "applies it.\n",
		      stdout);
	address_text(&pair->a, &a);
	address_text(&pair->b, &b);
	fputs("    - name: \"", stdout);
	if (promotion->name)
		write_quoted(promotion->name);
	else
		write_name(a.text, b.text);
	printf("\"\n      between: [\"%s\", \"%s\"]\n      level: require\n", a.text, b.text);
	if (pair->esp_packets == 0)
		fputs("      # no ESP or AH was seen between them: this rests on your word alone\n", stdout);
	else
		printf("      # %s: %s packet%s of ESP and AH, %s, %u rekey%s\n",
		       learned ? "learned" : "not learned yet", page_count(pair->esp_packets, &packets),
		       finding_plural(pair->esp_packets), page_octets(pair->esp_bytes, &octets), pair->rekeys,
		       finding_plural(pair->rekeys));
	for (size_t i = 0; i < pair->carries_count; i++)
		printf("      # they are gateways of the rule '%s': their ESP is what it asks for\n",
		       plain(pair->carries[i], &buffer));
	write_clear(pair);
	promotion->last[0] = pair->a;
	promotion->last[1] = pair->b;
}

static void take_line(void *context, const char *line, size_t length)
{
	struct promotion *promotion = context;
	struct record record;

	if (!record_from_json(line, length, &promotion->reader, &record) || record.type != RECORD_PAIR) {
		promotion->refused = true;
		return;
	}
	const struct record_pair *pair = &record.pair;
	bool learned = pair->rule && strcmp(pair->rule, "learned") == 0;
	if (pair->rule && !learned) {
		struct page_text buffer;
		snprintf(promotion->ruled, sizeof(promotion->ruled), "%s", plain(pair->rule, &buffer));
	} else if ((promotion->named || (learned && pair->carries_count == 0)) &&
		   (promotion->rules == 0 || !address_equal(&promotion->last[0], &pair->a) ||
		    !address_equal(&promotion->last[1], &pair->b))) {
		write_rule(promotion, pair, learned);
	}
}

/* What the configuration would refuse is refused here, so that what is written can be pasted. */
static bool check_name(const char *name)
{
	size_t length = strlen(name);
	bool control = false;

	for (const char *at = name; *at; at++)
		control |= (*at & 0x80) == 0 && (*at < ' ' || *at > '~');
	if (length > 0 && length <= NAME_OCTETS_MAX && !control && name[0] != ' ' && name[length - 1] != ' ' &&
	    strcmp(name, "learned") != 0)
		return true;
	complain("--name: a rule's name has 1 to %d octets of text, no space at its ends, and is not 'learned'",
		 NAME_OCTETS_MAX);
	return false;
}

static void say_why_not(const struct promotion *promotion, const struct address *addresses)
{
	struct address_text a, b;

	if (!promotion->named) {
		fputs(
		    "espiald has learned no pair that has no rule yet. It learns one from 20 packets of ESP or AH each "
		    "way "
		    "over a\n"
		    "minute, or at once where ESP both ways follows an IKE exchange that it saw; 'espial pairs' lists "
		    "what it sees\n",
		    stderr);
		return;
	}
	address_text(&addresses[0], &a);
	address_text(&addresses[1], &b);
	if (promotion->ruled[0])
		complain("%s and %s have a rule already: '%s'", a.text, b.text, promotion->ruled);
	else
		complain("espiald has not seen %s and %s together; 'espial pairs %s' lists whom it saw", a.text, b.text,
			 a.text);
}

int promote_pairs(const char *socket, const struct address *addresses, unsigned count, const char *name)
{
	struct promotion promotion = { .name = name, .named = count == 2 };
	struct control_client_error error;
	char request[PAIR_REQUEST_SIZE];

	if (name && count != 2) {
		complain("--name is of one rule: name the two addresses of its pair\nTry 'espial pairs --help'.");
		return EXIT_TROUBLE;
	}
	if (name && !check_name(name))
		return EXIT_TROUBLE;
	control_client_pair_request(request, "pairs", addresses, count);
	bool answered = control_client_ask(socket, request, take_line, &promotion, &error);
	record_reader_clear(&promotion.reader);
	if (!answered)
		return ask_failed(&error);
	if (promotion.refused) {
		complain("some lines could not be read: this espial and espiald are of different versions");
		return EXIT_TROUBLE;
	}
	if (promotion.rules == 0)
		say_why_not(&promotion, addresses);
	return promotion.rules || !promotion.named ? EXIT_DONE : EXIT_TROUBLE;
}
