/* SPDX-License-Identifier: Apache-2.0 */
/* See ike_log.h. This file remembers what went before and writes the line of each message. */
#include "ike_log.h"

#include "../../dissectors/ike_algorithm.h"
#include "ike_log_entry.h"
#include "nat_hash.h"
#include "../../dissectors/ike_names.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	RECENT = 8, /* messages of an IKE SA that a repetition is known by */
	QUICK = 4,  /* quick modes and CREATE_CHILD_SA exchanges followed at a time */
	SILENT_TRIES = 3,
	TIME_COLUMNS = 16, /* "20:30:00.123456 " */
	WIDTH_UNBOUNDED = 1 << 20,
};

struct recent_message {
	uint64_t digest; /* 0: free */
	int64_t time_ns; /* when it last came */
	uint32_t count;  /* repetitions */
};

struct quick_mode {
	uint32_t message_id; /* 0: free */
	unsigned step;
};

/* A CREATE_CHILD_SA request that waits for its answer. */
struct child_request {
	uint32_t message_id, octets; /* octets 0: free */
	bool from_initiator;
};

/* What is remembered of an IKE SA. */
struct known_sa {
	uint64_t ispi;  /* 0: free */
	uint64_t heard; /* number of the last message */
	struct address initiator;
	bool initiator_known;
	bool told_silence, answered; /* answered: to whatever was asked */
	unsigned answers;            /* IKEv2: IKE_SA_INIT responses; IKEv1: messages by the responder */
	uint16_t v1_auth, v1_hash;   /* as selected */
	struct recent_message recent[RECENT];
	unsigned recent_at;
	struct quick_mode quick[QUICK];
	unsigned quick_at;
	struct child_request children[QUICK];
	unsigned child_at;
};

struct ike_log {
	struct ike_log_settings settings;
	struct page page;
	uint64_t messages;
	bool wrote, findings, block; /* a line; a finding came by; and nothing since */
	int64_t day;                 /* since the epoch, of the last line; -1 before the first */
	struct known_sa sas[IKE_LOG_SAS];
	struct ike_message message; /* the one at hand */
	struct line step, meaning, text;
};

/* ---- memory ---- */

/* FNV-1a; a collision costs one wrong word in a log. */
static uint64_t digest_of(const uint8_t *octets, uint32_t count, const struct address *from)
{
	uint64_t digest = 0xcbf29ce484222325ULL;

	for (uint32_t i = 0; i < count; i++)
		digest = (digest ^ octets[i]) * 0x100000001b3ULL;
	for (unsigned i = 0; i < sizeof(from->bytes); i++)
		digest = (digest ^ from->bytes[i]) * 0x100000001b3ULL;
	return digest ? digest : 1;
}

/* The IKE SA in its bucket, or the place of the one there that was silent longest. */
static struct known_sa *sa_of(struct ike_log *log, uint64_t ispi)
{
	enum { WAYS = 8 };
	size_t bucket = (size_t)((ispi * 0x9e3779b97f4a7c15ULL) >> 40) % (IKE_LOG_SAS / WAYS) * WAYS;
	struct known_sa *oldest = &log->sas[bucket];

	for (size_t i = bucket; i < bucket + WAYS; i++) {
		if (log->sas[i].ispi == ispi && ispi != 0)
			return &log->sas[i];
		if (log->sas[i].heard < oldest->heard)
			oldest = &log->sas[i];
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->ispi = ispi;
	return oldest;
}

static unsigned repetition(struct known_sa *sa, uint64_t digest, int64_t now_ns, int64_t *gap_ns)
{
	for (unsigned i = 0; i < RECENT; i++)
		if (sa->recent[i].digest == digest) {
			*gap_ns = now_ns - sa->recent[i].time_ns;
			sa->recent[i].time_ns = now_ns;
			return ++sa->recent[i].count;
		}
	sa->recent[sa->recent_at] = (struct recent_message){ digest, now_ns, 0 };
	sa->recent_at = (sa->recent_at + 1) % RECENT;
	return 0;
}

static unsigned quick_step(struct known_sa *sa, uint32_t message_id, bool repeated)
{
	for (unsigned i = 0; i < QUICK; i++) {
		if (sa->quick[i].message_id != message_id)
			continue;
		if (repeated)
			return 0; /* which of the three it is was not kept */
		return sa->quick[i].step < 3 ? ++sa->quick[i].step : 0;
	}
	if (repeated)
		return 0;
	sa->quick[sa->quick_at] = (struct quick_mode){ message_id, 1 };
	sa->quick_at = (sa->quick_at + 1) % QUICK;
	return 1;
}

/* For a request: keeps its size, and returns 0. For a response: the size of its request, 0 if that was not seen. */
static uint32_t child_request_octets(struct known_sa *sa, const struct ike_header *header)
{
	bool from_initiator = header->flags & IKEV2_FLAG_INITIATOR;

	if (!(header->flags & IKEV2_FLAG_RESPONSE)) {
		sa->children[sa->child_at] =
		    (struct child_request){ header->message_id, header->length, from_initiator };
		sa->child_at = (sa->child_at + 1) % QUICK;
		return 0;
	}
	for (unsigned i = 0; i < QUICK; i++)
		if (sa->children[i].octets && sa->children[i].message_id == header->message_id &&
		    sa->children[i].from_initiator != from_initiator)
			return sa->children[i].octets;
	return 0;
}

/* What went before, for this message; and what comes after is told of it. */
static struct ike_words_before remember(struct ike_log *log, struct known_sa *sa,
					const struct record_ike_message *record, int64_t now_ns)
{
	const struct ike_message *message = &log->message;
	const struct ike_header *header = &message->header;
	struct ike_words_before before = { 0 };
	bool v2 = header->major == 2;

	before.retransmission =
	    repetition(sa, digest_of(record->message, record->captured, &record->src), now_ns, &before.gap_ns);
	if (!v2 && !sa->initiator_known && message->sa_count > 0) {
		sa->initiator = header->responder_spi ? record->dst : record->src;
		sa->initiator_known = true;
	}
	before.roles_known = v2 || sa->initiator_known;
	before.from_initiator = v2 ? header->flags & IKEV2_FLAG_INITIATOR : address_equal(&sa->initiator, &record->src);
	if (!v2 && (header->exchange == IKEV1_EXCHANGE_QUICK || header->exchange == IKEV1_EXCHANGE_AUTHIP_QUICK))
		before.quick_step = quick_step(sa, header->message_id, before.retransmission > 0);
	if (v2 && header->exchange == IKEV2_EXCHANGE_CREATE_CHILD_SA)
		before.request_octets = child_request_octets(sa, header);
	if (!v2 && message->transform_count > 0 && ike_algorithm_selects(message)) {
		sa->v1_auth = message->v1_transforms[0].auth;
		sa->v1_hash = message->v1_transforms[0].hash;
	}
	before.auth = sa->v1_auth;
	before.answers = sa->answers;
	sa->answered |= v2 ? header->flags & IKEV2_FLAG_RESPONSE : before.roles_known && !before.from_initiator;
	if (v2 ? header->exchange == IKEV2_EXCHANGE_IKE_SA_INIT && (header->flags & IKEV2_FLAG_RESPONSE)
	       : before.roles_known && !before.from_initiator)
		sa->answers++;
	return before;
}

/* ---- NAT ---- */

const char *ike_log_nat_name(unsigned verdict)
{
	return verdict == IKE_NAT_UNCHANGED ? "unchanged" : verdict == IKE_NAT_TRANSLATED ? "translated" : "not-said";
}

/* ---- the line ---- */

static void write_day(struct ike_log *log, int64_t time_ns)
{
	int64_t day = time_ns / (86400 * INT64_C(1000000000)) - (time_ns < 0);
	struct page_figure figure;

	if (day == log->day)
		return;
	log->day = day;
	page_time(time_ns, &figure);
	figure.text[10] = '\0'; /* behind the date */
	line_clear(&log->text);
	line_add(&log->text, "%s (times are UTC)", figure.text);
	page_put(&log->page, STYLE_QUIET, log->text.text);
	page_newline(&log->page);
}

static void add_address(struct line *line, const struct address *address, uint16_t port)
{
	struct address_text text;

	address_text(address, &text);
	if (port == 500)
		line_add(line, "%s", text.text);
	else if (address_is_ipv4(address))
		line_add(line, "%s:%u", text.text, port);
	else
		line_add(line, "[%s]:%u", text.text, port);
}

static void write_line(struct ike_log *log, const struct ike_log_entry *entry)
{
	static const enum page_style styles[] = { STYLE_PLAIN, STYLE_GOOD, STYLE_HIGH, STYLE_LOW };
	const struct record_ike_message *record = &entry->record->ike_message;
	const struct ike_message *message = entry->message;
	struct line *text = &log->text;
	int64_t micro = entry->record->time_ns / 1000 % 1000000;
	struct page_figure figure;

	if (log->block)
		page_newline(&log->page);
	log->block = false;
	log->wrote = true;
	write_day(log, entry->record->time_ns);
	line_clear(text);
	line_add(text, "%s.%06u ", page_time(entry->record->time_ns, &figure) + 11,
		 (unsigned)(micro < 0 ? micro + 1000000 : micro));
	page_put(&log->page, STYLE_QUIET, text->text);
	line_clear(text);
	add_address(text, &record->src, record->src_port);
	line_add(text, " > ");
	add_address(text, &record->dst, record->dst_port);
	line_add(text, "%s IKEv%u ", record->encap == PACKET_ENCAP_TCP ? " tcp" : "", message->header.major);
	line_add(text, "%s", entry->step->text);
	if (entry->before.retransmission)
		line_add(text, ", retransmission %u after %.1f s", entry->before.retransmission,
			 (double)entry->before.gap_ns / 1e9);
	line_add(text, ": %s", entry->meaning->text);
	if (message->protection == IKE_ENCRYPTED || message->protection == IKE_ENCRYPTED_FRAGMENT) {
		line_add(text, " [");
		ike_words_hidden(message, text);
		line_add(text, "]");
	}
	if (record->joined)
		line_add(text, " [%u octets joined from %u fragments]", record->length, record->joined);
	if (message->state == IKE_STATE_TRUNCATED)
		line_add(text, " [%u of %u octets captured]", record->captured, record->length);
	else if (message->state == IKE_STATE_MALFORMED)
		line_add(text, " [malformed: %s at octet %u]", ike_fault_name((enum ike_fault)message->fault),
			 message->fault_offset);
	page_wrap(&log->page, styles[entry->outcome], TIME_COLUMNS, TIME_COLUMNS, text->text);
}

/* The log cannot wait for what does not come: the third try of a request without an answer says it. */
static bool is_silence(struct known_sa *sa, const struct ike_header *header, const struct ike_words_before *before)
{
	bool asks = header->major == 2 ? !(header->flags & IKEV2_FLAG_RESPONSE)
				       : !before->roles_known || before->from_initiator;

	if (!asks || sa->told_silence || sa->answered || before->retransmission + 1 < SILENT_TRIES)
		return false;
	sa->told_silence = true;
	return true;
}

static void write_message(struct ike_log *log, const struct record *record)
{
	const struct record_ike_message *ike = &record->ike_message;
	struct known_sa *sa = sa_of(log, log->message.header.initiator_spi);
	struct ike_log_entry entry = { .record = record, .message = &log->message, .octets = ike->message };

	sa->heard = ++log->messages;
	entry.before = remember(log, sa, ike, record->time_ns);
	line_clear(&log->step);
	line_clear(&log->meaning);
	ike_words_step(&log->message, &entry.before, &log->step);
	entry.outcome = ike_words_meaning(&log->message, ike->message, &entry.before, &log->meaning);
	bool silence = is_silence(sa, &log->message.header, &entry.before);
	if (silence) {
		line_add(&log->meaning, "; no answer so far");
		entry.outcome = IKE_WORDS_FAILURE;
	}
	entry.certificate = log->settings.certificate;
	entry.certificate_context = log->settings.certificate_context;
	entry.step = &log->step;
	entry.meaning = &log->meaning;
	entry.nat = ike_nat_compare(&log->message, ike->message, &ike->src, ike->src_port, &ike->dst, ike->dst_port,
				    ike_nat_algorithm(sa->v1_hash), nat_hash, NULL);
	if (log->settings.level == 1 && (entry.outcome == IKE_WORDS_STEP || (entry.before.retransmission && !silence)))
		return;
	if (log->settings.json) {
		char *text = ike_log_json(&entry, log->settings.sensor, log->settings.level);
		if (text)
			fprintf(log->settings.file, "%s\n", text);
		free(text);
	} else {
		write_line(log, &entry);
		ike_log_tree(&log->page, &entry, log->settings.level);
	}
	fflush(log->settings.file);
}

/* The text sink leaves a line between what it writes itself; between that and the log, it is left here. */
static void leave_line(struct ike_log *log, const struct record *record)
{
	bool finding = record->type == RECORD_FINDING;

	if (log->settings.json || (!finding && record->type != RECORD_SUMMARY))
		return;
	if (log->wrote && !log->findings)
		page_newline(&log->page);
	log->findings = true;
	log->block = finding;
}

void ike_log_write(struct ike_log *log, const struct record *record)
{
	leave_line(log, record);
	if (record->type != RECORD_IKE_MESSAGE || !record->ike_message.message)
		return;
	const struct record_ike_message *ike = &record->ike_message;
	if (ike_message_read(ike->message, ike->captured, ike->length, &log->message))
		write_message(log, record);
}

struct ike_log *ike_log_new(const struct ike_log_settings *settings)
{
	struct ike_log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->settings = *settings;
	log->page = (struct page){
		.file = settings->file,
		.width = settings->width ? settings->width : WIDTH_UNBOUNDED,
		.colour = settings->colour,
	};
	log->day = -1;
	return log;
}

void ike_log_free(struct ike_log *log)
{
	free(log);
}
