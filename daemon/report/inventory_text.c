/* SPDX-License-Identifier: Apache-2.0 */
/* The inventory for a person, see inventory.h. */
#include "inventory.h"

#include "../audit/finding.h"
#include "timestamp.h"

enum { INDENT = 2, LABEL = 15 };

static void part(const struct page *page, const char *label, const char *text)
{
	page_spaces(page, INDENT);
	page_put_left(page, STYLE_QUIET, label, LABEL - INDENT);
	page_wrap(page, STYLE_PLAIN, LABEL, LABEL, text);
}

/* Selected ones, or those that were only offered. */
static bool algorithms(const struct inventory_subject *subject, bool selected, struct line *line)
{
	const char *separator = "";

	line_clear(line);
	for (unsigned i = 0; i < subject->use_count; i++) {
		const struct inventory_use *use = &subject->uses[i];
		if (use->selected != selected)
			continue;
		line_add(line, "%s%s", separator,
			 use->algorithm.kind == IKE_ALGORITHM_PRF && use->algorithm.major == 2 ? "PRF " : "");
		line_add_algorithm(line, &use->algorithm);
		separator = ", ";
	}
	if (!selected && subject->more)
		line_add(line, "%sand more", separator);
	return line->used > 0;
}

static void versions(const struct inventory_subject *subject, struct line *line)
{
	line_clear(line);
	if (subject->v1)
		line_add(line, "IKEv1%s%s", subject->main ? " main mode" : "",
			 subject->aggressive ? (subject->main ? " and aggressive mode" : " aggressive mode") : "");
	if (subject->v2)
		line_add(line, "%sIKEv2", subject->v1 ? ", " : "");
	if (subject->certificates)
		line_add(line, ", certificates asked for");
}

static void esp(const struct inventory_subject *subject, struct line *line)
{
	line_clear(line);
	if (subject->esp & INVENTORY_NULL)
		line_add(line, "NULL: ESP without encryption");
	else if (subject->esp & INVENTORY_BLOCK64)
		line_add(line, "a cipher with a block of 64 bits, by its lengths");
	else if (subject->esp & INVENTORY_ENCRYPTED)
		line_add(line, "encrypted; the wire does not tell the cipher");
	if (subject->esp & INVENTORY_AH)
		line_add(line, "%sAH", line->used ? ", and " : "");
}

static void write_subject(const struct inventory_subject *subject, const struct page *page)
{
	static const char *const quantum[] = { NULL, "no", "likely: a post-quantum pre-shared key was agreed to",
					       "yes" };
	struct address_text a, b;
	struct line line;
	enum inventory_quantum safe = inventory_quantum(subject);

	line_clear(&line);
	line_add(&line, "%s", address_text(&subject->a, &a));
	if (subject->pair)
		line_add(&line, "%s%s", page_both_ways(page), address_text(&subject->b, &b));
	page_put(page, STYLE_HEADING, line.text);
	page_newline(page);
	versions(subject, &line);
	if (line.used)
		part(page, "IKE", line.text);
	if (algorithms(subject, true, &line))
		part(page, "selected", line.text);
	if (algorithms(subject, false, &line))
		part(page, inventory_has_selection(subject) ? "offered too" : "offered", line.text);
	esp(subject, &line);
	if (line.used)
		part(page, "ESP and AH", line.text);
	if (quantum[safe])
		part(page, "quantum-safe", quantum[safe]);
	line_clear(&line);
	for (unsigned i = 0; i < subject->vendor_count; i++)
		line_add(&line, "%s%s", i ? ", " : "", subject->vendors[i]);
	if (line.used)
		part(page, "vendors", line.text);
}

/* The texts of a certificate are printable: certificate_facts.h. */
static void write_certificate(const struct inventory_certificate *shown, const struct page *page)
{
	const struct certificate_facts *facts = &shown->facts;
	enum certificate_validity validity = certificate_validity(facts, shown->last_ns);
	struct timestamp_text from, until;
	struct address_text address;
	struct line line;

	line_clear(&line);
	line_add(&line, "%s", address_text(&shown->host, &address));
	page_put(page, STYLE_HEADING, line.text);
	page_newline(page);
	part(page, facts->authority ? "authority" : "certificate", facts->subject);
	part(page, "issued by", facts->issuer);
	line_clear(&line);
	line_add(&line, "%.10s to %.10s%s", timestamp_text(facts->not_before_ns, &from),
		 timestamp_text(facts->not_after_ns, &until),
		 validity == CERTIFICATE_EXPIRED         ? ", expired when it was shown"
		 : validity == CERTIFICATE_NOT_YET_VALID ? ", not valid yet when it was shown"
							 : "");
	part(page, "valid", line.text);
	line_clear(&line);
	line_add(&line, "%s", facts->key[0] ? facts->key : "not known");
	if (facts->key_bits)
		line_add(&line, ", %u bits", facts->key_bits);
	if (facts->signature[0])
		line_add(&line, ", signed with %s", facts->signature);
	part(page, "key", line.text);
}

void inventory_write_text(const struct inventory *inventory, const struct page *page)
{
	size_t count = inventory_count(inventory), pairs = 0;
	struct line line;

	while (pairs < count && inventory_subject(inventory, pairs)->pair)
		pairs++;
	line_clear(&line);
	if (count == 0)
		line_add(&line, "No IKE, ESP or AH was seen: there is nothing to list.");
	else
		line_add(&line, "Cryptography of %zu pair%s and %zu peer%s, as far as IKE shows it in clear.", pairs,
			 finding_plural(pairs), count - pairs, finding_plural(count - pairs));
	page_wrap(page, STYLE_PLAIN, 0, 0, line.text);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 && pairs > 0)
			page_heading(page, "Pairs");
		else if (i == pairs)
			page_heading(page, "Peers");
		write_subject(inventory_subject(inventory, i), page);
	}
	for (size_t i = 0; i < inventory_certificate_count(inventory); i++) {
		if (i == 0)
			page_heading(page, "Certificates in clear");
		write_certificate(inventory_certificate(inventory, i), page);
	}
	if (inventory_unlisted(inventory)) {
		line_clear(&line);
		line_add(&line,
			 inventory_unlisted(inventory) == 1 ? "%llu peer, pair or certificate more had no room."
							    : "%llu peers, pairs and certificates more had no room.",
			 (unsigned long long)inventory_unlisted(inventory));
		page_newline(page);
		page_wrap(page, STYLE_PLAIN, 0, 0, line.text);
	}
}
