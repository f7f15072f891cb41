/* SPDX-License-Identifier: Apache-2.0 */
/* See story_words.h. */
#include "story_words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void story_say(struct story_text *text, const char *format, ...)
{
	char line[STORY_LINE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	int written = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	size_t length = written < STORY_LINE_SIZE ? (size_t)written : STORY_LINE_SIZE - 1;
	if (text->used + length + 1 > text->size) {
		text->size = 2 * (text->used + length + 1);
		text->octets = realloc(text->octets, text->size);
		if (!text->octets)
			abort();
	}
	memcpy(text->octets + text->used, line, length + 1);
	text->used += length;
}

char *story_text_take(struct story_text *text)
{
	if (!text->octets && !(text->octets = calloc(1, 1)))
		abort();
	return text->octets;
}

/* Seconds since the epoch of stories, exactly. */
static const char *moment(int64_t ns, char buffer[32])
{
	if (ns == 0)
		return "-";
	int64_t since = ns - STORY_EPOCH;
	snprintf(buffer, 32, "%s%" PRId64 ".%09" PRId64, since < 0 ? "-" : "", labs(since) / STORY_SECOND,
		 labs(since) % STORY_SECOND);
	return buffer;
}

void story_say_finding(struct story_text *text, const struct finding *finding)
{
	struct address_text a, b;
	char at[32], first[32], last[32];
	const struct catalogue_cause *cause = catalogue_cause(finding->cause);

	story_say(text, "%s %s %s/%s %s %s %016" PRIx64 " a=%s b=%s", moment(finding->time_ns, at),
		  finding_state_name(finding->state), catalogue_row(finding->id)->name,
		  finding->cause && cause ? cause->name : "-", finding_severity_name(finding->severity),
		  finding_grade_name(finding->grade), finding->alert, address_text(&finding->a, &a),
		  address_text(&finding->b, &b));
	story_say(text,
		  " from=%s ports=%u,%u rule=%s protocol=%s count=%" PRIu64 " bytes=%" PRIu64 " first=%s last=%s by=%s",
		  address_text(&finding->src, &a), finding->src_port, finding->dst_port,
		  finding->rule ? finding->rule : "-", finding->protocol ? finding->protocol : "-", finding->count,
		  finding->bytes, moment(finding->first_ns, first), moment(finding->last_ns, last),
		  finding->cleared_by ? finding->cleared_by : "-");
	for (size_t i = 0; i < finding->evidence_count; i++) {
		const struct finding_evidence *note = &finding->evidence[i];
		story_say(text, " %s=", note->key);
		switch (note->kind) {
		case EVIDENCE_INTEGER:
		case EVIDENCE_BOOLEAN:
			story_say(text, "%" PRId64, note->integer);
			break;
		case EVIDENCE_REAL:
			story_say(text, "%.9f", note->real);
			break;
		case EVIDENCE_TEXT:
			story_say(text, "[%s]", note->text);
			break;
		case EVIDENCE_ADDRESS:
			story_say(text, "%s", address_text(&note->address, &a));
			break;
		case EVIDENCE_TIME:
			story_say(text, "%s", moment(note->integer, at));
			break;
		case EVIDENCE_SPI:
			story_say(text, "%x", (unsigned)note->integer);
			break;
		}
	}
	story_say(text, " \"%s\"\n", finding->text);
}

void story_say_record(struct story_text *text, const struct record *record)
{
	struct address_text a, b;
	char first[32], last[32];

	switch (record->type) {
	case RECORD_SA: {
		const struct record_sa *sa = &record->sa;
		story_say(text, "sa %s %s %08x proto=%u encap=%d first=%s last=%s packets=%" PRIu64 " bytes=%" PRIu64,
			  address_text(&sa->src, &a), address_text(&sa->dst, &b), sa->spi, sa->protocol, (int)sa->encap,
			  moment(sa->first_ns, first), moment(sa->last_ns, last), sa->packets, sa->bytes);
		story_say(text, " seq=%u..%u lost=%" PRId64 " replayed=%" PRId64 " state=%s", sa->seq_first,
			  sa->seq_last, sa->lost, sa->replayed, sa_state_name(sa->state));
		if (sa->has_continues)
			story_say(text, " continues=%s > %s %08x", address_text(&sa->continues_src, &a),
				  address_text(&sa->continues_dst, &b), sa->continues_spi);
		story_say(text, "\n");
		break;
	}
	case RECORD_IKE_SA: {
		const struct record_ike_sa *ike = &record->ike_sa;
		story_say(text, "ike %s %s known=%d %" PRIx64 "/%" PRIx64 " %u.%u %s step=%s %s\n",
			  address_text(&ike->initiator, &a), address_text(&ike->responder, &b), ike->roles_known,
			  ike->ispi, ike->rspi, ike->major, ike->minor, ike_mode_name(ike->mode),
			  ike->step ? ike->step : "-", ike_outcome_name(ike->outcome));
		break;
	}
	case RECORD_PAIR: {
		const struct record_pair *pair = &record->pair;
		story_say(text, "pair %s %s %s rule=%s esp=%" PRIu64 "/%" PRIu64, address_text(&pair->a, &a),
			  address_text(&pair->b, &b), pair_verdict_name(pair->verdict), pair->rule ? pair->rule : "-",
			  pair->esp_packets, pair->esp_bytes);
		for (size_t i = 0; i < pair->cleartext_count; i++)
			story_say(text, " %s=%" PRIu64 "/%" PRIu64, pair->cleartext[i].name, pair->cleartext[i].packets,
				  pair->cleartext[i].bytes);
		if (pair->rekeys)
			story_say(text, " rekeys=%u", pair->rekeys);
		story_say(text, "\n");
		break;
	}
	default:
		abort();
	}
}

void story_transition_text(const struct transition *transition, char *buffer, size_t size)
{
	static const char *const names[] = {
		[TRANSITION_SA_BORN] = "sa-born",
		[TRANSITION_SA_WOKE] = "sa-woke",
		[TRANSITION_SA_QUIET] = "sa-quiet",
		[TRANSITION_SA_GOES_ON] = "sa-goes-on",
		[TRANSITION_SA_COUNT] = "sa-count",
		[TRANSITION_SEQUENCE] = "sequence",
		[TRANSITION_UNANSWERED] = "unanswered",
		[TRANSITION_ANSWERED] = "answered",
		[TRANSITION_READABLE] = "readable",
		[TRANSITION_SHAPE] = "shape",
		[TRANSITION_ESP_BEGAN] = "esp-began",
		[TRANSITION_LEARNABLE] = "learnable",
		[TRANSITION_NAT] = "nat",
		[TRANSITION_IKE_MESSAGE] = "ike",
		[TRANSITION_ICMP_ERROR] = "icmp-error",
		[TRANSITION_CLEAR_BEGAN] = "clear-began",
		[TRANSITION_CLEAR_SERVICE] = "clear-service",
		[TRANSITION_CLEAR_PROGRESS] = "clear-progress",
		[TRANSITION_CLEAR_QUIET] = "clear-quiet",
		[TRANSITION_ESP_QUIET] = "esp-quiet",
		[TRANSITION_KNOCK] = "knock",
		[TRANSITION_TABLE_FULL] = "table-full",
		[TRANSITION_KERBEROS] = "kerberos",
		[TRANSITION_FETCH] = "fetch",
		[TRANSITION_LOSS] = "loss",
		[TRANSITION_SEEN] = "seen",
		[TRANSITION_CAPTURE] = "capture",
		[TRANSITION_CLOCK] = "clock",
	};
	struct address_text a, b;
	char at[32], x[32], y[32], z[32];
	size_t kinds = sizeof(names) / sizeof(names[0]);

	int n = snprintf(buffer, size, "%s %s d=%u if=%u vlan=%u realm=%u %s %s", moment(transition->time_ns, at),
			 transition->kind < kinds ? names[transition->kind] : "?", transition->direction,
			 transition->interface, transition->vlan, transition->realm, address_text(&transition->a, &a),
			 address_text(&transition->b, &b));
	buffer += n;
	size -= (size_t)n;
	switch (transition->kind) {
	case TRANSITION_SA_BORN:
	case TRANSITION_ESP_BEGAN:
	case TRANSITION_ESP_QUIET:
	case TRANSITION_LEARNABLE:
		snprintf(buffer, size, " spi=%x proto=%u last=%s", transition->esp.spi, transition->esp.protocol,
			 moment(transition->esp.last_ns, x));
		break;
	case TRANSITION_CLEAR_BEGAN:
	case TRANSITION_CLEAR_SERVICE:
	case TRANSITION_CLEAR_PROGRESS:
	case TRANSITION_CLEAR_QUIET: {
		const struct transition_clear *clear = &transition->clear;
		snprintf(buffer, size,
			 " service=%u/%u %s enc=%d cred=%d ports=%u,%u packets=%" PRIu64 ",%" PRIu64 " bytes=%" PRIu64
			 " last=%s,%s since=%s",
			 clear->service.protocol, clear->service.port, clear->service.name ? clear->service.name : "-",
			 clear->service.encrypted, clear->service.credentials, clear->src_port, clear->dst_port,
			 clear->packets[0], clear->packets[1], clear->bytes, moment(clear->last_ns[0], x),
			 moment(clear->last_ns[1], y), moment(clear->since_ns, z));
		break;
	}
	case TRANSITION_IKE_MESSAGE:
		snprintf(buffer, size, " ispi=%" PRIx64 " exchange=%u octets=%u", transition->ike.header.initiator_spi,
			 transition->ike.header.exchange, transition->ike.octets);
		break;
	case TRANSITION_KERBEROS:
		snprintf(buffer, size, " type=%u error=%d service=%s", transition->kerberos.type,
			 (int)transition->kerberos.error, transition->kerberos.name);
		break;
	case TRANSITION_FETCH:
		snprintf(buffer, size, " %s port=%u",
			 transition->fetch.what == FETCH_UNANSWERED ? "unanswered"
			 : transition->fetch.what == FETCH_REFUSED  ? "refused"
								    : "answered",
			 transition->fetch.port);
		break;
	case TRANSITION_ICMP_ERROR:
		snprintf(buffer, size, " v%u %u/%u quoted=%u", transition->icmp.version, transition->icmp.type,
			 transition->icmp.code, transition->icmp.protocol);
		break;
	default:
		break;
	}
}
