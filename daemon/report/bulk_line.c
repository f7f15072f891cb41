/* SPDX-License-Identifier: Apache-2.0 */
/* See bulk_line.h. */
#include "bulk_line.h"

#include "ip_service.h"
#include "memory_or_end.h"
#include "timestamp.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SA_LINE_MAX = 1024, /* of an SA, without the sensor's name */
	PAIR_LINE_MAX = 1024,
	PROTOCOL_LINE_MAX = 128, /* of an entry of `cleartext`, without its name */
	CARRIED_LINE_MAX = 3,    /* of an entry of `carries`, likewise */
	DIGITS_MAX = 18,         /* of a number that surely fits */
	SA_PROTOCOLS = 2,
};

static const char *const encapsulations[] = { "none", "udp", "tcp" };

/* Whether JSON needs to escape nothing of it. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			return false;
	return true;
}

/* ---- writing ---- */

struct out {
	char *at; /* there is always room: callers allot it */
};

/* Inline, so that the compiler counts what is spelled here. */
static inline void put(struct out *out, const char *text)
{
	size_t length = strlen(text);

	memcpy(out->at, text, length);
	out->at += length;
}

static void put_count(struct out *out, uint64_t count)
{
	char digits[24];
	size_t used = sizeof(digits);

	if (count > INT64_MAX)
		count = INT64_MAX;
	do
		digits[--used] = (char)('0' + count % 10);
	while (count /= 10);
	memcpy(out->at, digits + used, sizeof(digits) - used);
	out->at += sizeof(digits) - used;
}

static void put_count_or_null(struct out *out, int64_t count)
{
	if (count < 0)
		put(out, "null");
	else
		put_count(out, (uint64_t)count);
}

/* The lowest `bits` of the number, as an SPI is spelled. */
static void put_hexadecimal(struct out *out, uint64_t number, int bits)
{
	static const char digits[] = "0123456789abcdef";

	put(out, "\"0x");
	for (int shift = bits - 4; shift >= 0; shift -= 4)
		*out->at++ = digits[number >> shift & 15];
	*out->at++ = '"';
}

static void put_spi(struct out *out, uint32_t spi)
{
	put_hexadecimal(out, spi, 32);
}

static void put_address(struct out *out, const struct address *address)
{
	struct address_text text;

	*out->at++ = '"';
	put(out, address_text(address, &text));
	*out->at++ = '"';
}

static void put_time(struct out *out, int64_t time_ns)
{
	struct timestamp_text text;

	*out->at++ = '"';
	put(out, timestamp_text(time_ns, &text));
	*out->at++ = '"';
}

static void put_start(struct out *out, const char *type, int64_t time_ns, const char *sensor)
{
	put(out, "{\"type\":\"");
	put(out, type);
	put(out, "\",\"time\":");
	put_time(out, time_ns);
	put(out, ",\"sensor\":\"");
	put(out, sensor);
	put(out, "\"");
}

/* The exchange that an SA came of. */
static void put_origin(struct out *out, const struct record_sa *sa)
{
	put(out, ",\"ike_spi\":");
	if (sa->has_ike)
		put_hexadecimal(out, sa->ike_spi, 64);
	else
		put(out, "null");
	put(out, sa->exchange ? ",\"exchange\":\"" : ",\"exchange\":null");
	put(out, sa->exchange ? sa->exchange : "");
	put(out, sa->exchange ? "\",\"initiator\":" : ",\"initiator\":");
	if (sa->has_initiator)
		put_address(out, &sa->initiator);
	else
		put(out, "null");
}

static char *write_sa(const struct record *record, const char *sensor)
{
	const struct record_sa *sa = &record->sa;

	if (sa->realm || sa->realm_interface || (sa->exchange && !is_plain(sa->exchange)))
		return NULL;
	char *line = memory_or_end(SA_LINE_MAX + strlen(sensor) + (sa->exchange ? strlen(sa->exchange) : 0));
	struct out out = { line };
	put_start(&out, "sa", record->time_ns, sensor);
	put(&out, ",\"src\":");
	put_address(&out, &sa->src);
	put(&out, ",\"dst\":");
	put_address(&out, &sa->dst);
	put(&out, ",\"spi\":");
	put_spi(&out, sa->spi);
	put(&out, sa->protocol == 50 ? ",\"proto\":\"esp\",\"encap\":\"" : ",\"proto\":\"ah\",\"encap\":\"");
	put(&out, (size_t)sa->encap < 3 ? encapsulations[sa->encap] : "none");
	put(&out, "\",\"first\":");
	put_time(&out, sa->first_ns);
	put(&out, ",\"last\":");
	put_time(&out, sa->last_ns);
	put(&out, ",\"packets\":");
	put_count(&out, sa->packets);
	put(&out, ",\"bytes\":");
	put_count(&out, sa->bytes);
	put(&out, ",\"seq_first\":");
	put_count(&out, sa->seq_first);
	put(&out, ",\"seq_last\":");
	put_count(&out, sa->seq_last);
	put(&out, ",\"lost\":");
	put_count_or_null(&out, sa->lost);
	put(&out, ",\"replayed\":");
	put_count_or_null(&out, sa->replayed);
	put(&out, ",\"replaces\":");
	if (sa->has_replaces)
		put_spi(&out, sa->replaces);
	else
		put(&out, "null");
	put(&out, ",\"continues\":");
	if (sa->has_continues) {
		put(&out, "{\"src\":");
		put_address(&out, &sa->continues_src);
		put(&out, ",\"dst\":");
		put_address(&out, &sa->continues_dst);
		put(&out, ",\"spi\":");
		put_spi(&out, sa->continues_spi);
		put(&out, "}");
	} else {
		put(&out, "null");
	}
	put_origin(&out, sa);
	put(&out, ",\"state\":\"");
	put(&out, sa_state_name(sa->state));
	put(&out, "\"}");
	*out.at = '\0';
	return line;
}

static void put_carries(struct out *out, const struct record_pair *pair)
{
	for (size_t i = 0; i < pair->carries_count; i++) {
		put(out, i ? ",\"" : "[\"");
		put(out, pair->carries[i]);
		put(out, "\"");
	}
	put(out, pair->carries_count ? "]" : "null");
}

static void put_volume(struct out *out, uint64_t packets, uint64_t bytes)
{
	put(out, "{\"packets\":");
	put_count(out, packets);
	put(out, ",\"bytes\":");
	put_count(out, bytes);
	put(out, "}");
}

static char *write_pair(const struct record *record, const char *sensor)
{
	const struct record_pair *pair = &record->pair;
	size_t room = PAIR_LINE_MAX + strlen(sensor);

	/* A realm, and a median, is for the long way, which knows how to spell reals; who initiates is known of those that have one. */
	if (pair->realm || pair->realm_interface || pair->rekey_initiator != INITIATOR_UNKNOWN ||
	    pair->rekey_interval_median >= 0 || !isfinite(pair->rekey_interval_median) ||
	    (pair->rule && !is_plain(pair->rule)))
		return NULL;
	room += pair->rule ? strlen(pair->rule) : 0;
	for (size_t i = 0; i < pair->carries_count; i++) {
		if (!is_plain(pair->carries[i]))
			return NULL;
		room += strlen(pair->carries[i]) + CARRIED_LINE_MAX;
	}
	for (size_t i = 0; i < pair->cleartext_count; i++) {
		if (!pair->cleartext[i].name || !is_plain(pair->cleartext[i].name))
			return NULL;
		room += PROTOCOL_LINE_MAX + strlen(pair->cleartext[i].name);
	}
	char *line = memory_or_end(room);
	struct out out = { line };
	put_start(&out, "pair", record->time_ns, sensor);
	put(&out, ",\"a\":");
	put_address(&out, &pair->a);
	put(&out, ",\"b\":");
	put_address(&out, &pair->b);
	put(&out, ",\"verdict\":\"");
	put(&out, pair_verdict_name(pair->verdict));
	put(&out, pair->rule ? "\",\"rule\":\"" : "\",\"rule\":null");
	put(&out, pair->rule ? pair->rule : "");
	put(&out, pair->rule ? "\",\"carries\":" : ",\"carries\":");
	put_carries(&out, pair);
	put(&out, ",\"esp\":");
	put_volume(&out, pair->esp_packets, pair->esp_bytes);
	put(&out, ",\"offending\":");
	put_volume(&out, pair->offending_packets, pair->offending_bytes);
	put(&out, ",\"cleartext\":[");
	for (size_t i = 0; i < pair->cleartext_count; i++) {
		struct ip_service_text buffer;
		const char *service = ip_service_text(pair->cleartext[i].ip_protocol, pair->cleartext[i].port, &buffer);
		put(&out, i ? ",{\"protocol\":\"" : "{\"protocol\":\"");
		put(&out, pair->cleartext[i].name);
		put(&out, service ? "\",\"service\":\"" : "\",\"service\":null");
		put(&out, service ? service : "");
		put(&out, service ? "\",\"packets\":" : ",\"packets\":");
		put_count(&out, pair->cleartext[i].packets);
		put(&out, ",\"bytes\":");
		put_count(&out, pair->cleartext[i].bytes);
		put(&out, "}");
	}
	put(&out, "],\"rekeys\":");
	put_count(&out, pair->rekeys);
	put(&out, ",\"rekey_interval_median\":null,\"rekey_initiator\":null}");
	*out.at = '\0';
	return line;
}

char *bulk_line_write(const struct record *record, const char *sensor)
{
	if (!sensor || !is_plain(sensor))
		return NULL;
	switch (record->type) {
	case RECORD_SA:
		return record->sa.protocol == 50 || record->sa.protocol == 51 ? write_sa(record, sensor) : NULL;
	case RECORD_PAIR:
		return write_pair(record, sensor);
	default:
		return NULL;
	}
}

/* ---- reading ---- */

/* The line in a copy of the reader's, in which the ends of texts become NULs. */
struct in {
	char *at;
	bool failed;
};

/* Inline, so that the compiler counts the literal. strncmp() stops at the end of the line. */
static inline bool follows(const struct in *in, const char *literal)
{
	return strncmp(in->at, literal, strlen(literal)) == 0;
}

static inline void skip(struct in *in, const char *literal)
{
	if (follows(in, literal))
		in->at += strlen(literal);
	else
		in->failed = true;
}

/* A text behind its opening quote, up to the closing one. */
static const char *take_text(struct in *in)
{
	skip(in, "\"");
	const char *start = in->at;
	while (*in->at >= ' ' && *in->at <= '~' && *in->at != '"' && *in->at != '\\')
		in->at++;
	if (in->failed || *in->at != '"') {
		in->failed = true;
		return "";
	}
	*in->at++ = '\0';
	return start;
}

static uint64_t take_count(struct in *in, uint64_t most)
{
	const char *start = in->at;
	uint64_t count = 0;

	while (*in->at >= '0' && *in->at <= '9' && in->at - start <= DIGITS_MAX)
		count = count * 10 + (uint64_t)(*in->at++ - '0');
	if (in->at == start || in->at - start > DIGITS_MAX || (*start == '0' && in->at - start > 1) || count > most)
		in->failed = true;
	return count;
}

static int64_t take_count_or_null(struct in *in)
{
	if (!follows(in, "null"))
		return (int64_t)take_count(in, INT64_MAX);
	in->at += 4;
	return -1;
}

static void take_address(struct in *in, struct address *address)
{
	const char *text = take_text(in);

	if (in->failed || !address_parse_own(text, address))
		in->failed = true;
}

static int64_t take_time(struct in *in)
{
	int64_t time_ns = 0;
	const char *text = take_text(in);

	if (in->failed || !timestamp_parse(text, &time_ns))
		in->failed = true;
	return time_ns;
}

/* "0x" and so many digits. */
static uint64_t take_hexadecimal(struct in *in, size_t digits)
{
	const char *text = take_text(in);
	uint64_t number = 0;
	size_t count = 0;

	in->failed |= text[0] != '0' || text[1] != 'x';
	for (text += in->failed ? 0 : 2; !in->failed && *text; text++, count++) {
		bool letter = *text >= 'a' && *text <= 'f';
		in->failed |= count == digits || !(letter || (*text >= '0' && *text <= '9'));
		number = number << 4 | (unsigned)(letter ? *text - 'a' + 10 : *text - '0');
	}
	in->failed |= count != digits;
	return in->failed ? 0 : number;
}

static uint32_t take_spi(struct in *in)
{
	return (uint32_t)take_hexadecimal(in, 8);
}

static uint64_t take_ike_spi(struct in *in)
{
	return take_hexadecimal(in, 16);
}

static unsigned take_word(struct in *in, const char *const *words, unsigned count)
{
	const char *text = take_text(in);

	for (unsigned i = 0; i < count && !in->failed; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	in->failed = true;
	return 0;
}

static void read_sa(struct in *in, struct record_sa *sa)
{
	static const char *const protocols[SA_PROTOCOLS] = { "esp", "ah" };
	const char *states[SA_STATE_COUNT];

	for (int i = 0; i < SA_STATE_COUNT; i++)
		states[i] = sa_state_name((enum sa_record_state)i);
	skip(in, ",\"src\":");
	take_address(in, &sa->src);
	skip(in, ",\"dst\":");
	take_address(in, &sa->dst);
	skip(in, ",\"spi\":");
	sa->spi = take_spi(in);
	skip(in, ",\"proto\":");
	sa->protocol = (uint8_t)(50 + take_word(in, protocols, SA_PROTOCOLS));
	skip(in, ",\"encap\":");
	sa->encap = (enum packet_encap)take_word(in, encapsulations, 3);
	skip(in, ",\"first\":");
	sa->first_ns = take_time(in);
	skip(in, ",\"last\":");
	sa->last_ns = take_time(in);
	skip(in, ",\"packets\":");
	sa->packets = take_count(in, INT64_MAX);
	skip(in, ",\"bytes\":");
	sa->bytes = take_count(in, INT64_MAX);
	skip(in, ",\"seq_first\":");
	sa->seq_first = (uint32_t)take_count(in, UINT32_MAX);
	skip(in, ",\"seq_last\":");
	sa->seq_last = (uint32_t)take_count(in, UINT32_MAX);
	skip(in, ",\"lost\":");
	sa->lost = take_count_or_null(in);
	skip(in, ",\"replayed\":");
	sa->replayed = take_count_or_null(in);
	skip(in, ",\"replaces\":");
	sa->has_replaces = !follows(in, "null");
	if (sa->has_replaces)
		sa->replaces = take_spi(in);
	else
		skip(in, "null");
	/* SAs that moved are few: they go the long way. */
	skip(in, ",\"continues\":null,\"ike_spi\":");
	sa->has_ike = !follows(in, "null");
	if (sa->has_ike)
		sa->ike_spi = take_ike_spi(in);
	else
		skip(in, "null");
	skip(in, ",\"exchange\":");
	if (follows(in, "null"))
		in->at += 4;
	else
		sa->exchange = take_text(in);
	skip(in, ",\"initiator\":");
	sa->has_initiator = !follows(in, "null");
	if (sa->has_initiator)
		take_address(in, &sa->initiator);
	else
		skip(in, "null");
	skip(in, ",\"state\":");
	sa->state = (enum sa_record_state)take_word(in, states, SA_STATE_COUNT);
	skip(in, "}");
}

static void take_service(struct in *in, struct record_protocol *protocol)
{
	if (follows(in, "null"))
		in->at += 4;
	else if (!ip_service_parse(take_text(in), &protocol->ip_protocol, &protocol->port))
		in->failed = true;
}

static void read_carries(struct in *in, struct record_reader *reader, struct record_pair *pair)
{
	if (follows(in, "null")) {
		in->at += 4;
		return;
	}
	reader->names[0] = calloc(RECORD_CARRIES_MAX, sizeof(*reader->names[0]));
	in->failed |= !reader->names[0];
	while (!in->failed && pair->carries_count < RECORD_CARRIES_MAX && *in->at != ']') {
		skip(in, pair->carries_count ? "," : "[");
		reader->names[0][pair->carries_count++] = take_text(in);
	}
	skip(in, "]");
	pair->carries = reader->names[0];
	in->failed |= pair->carries_count == 0;
}

static void read_volume(struct in *in, uint64_t *packets, uint64_t *bytes)
{
	skip(in, "{\"packets\":");
	*packets = take_count(in, INT64_MAX);
	skip(in, ",\"bytes\":");
	*bytes = take_count(in, INT64_MAX);
	skip(in, "}");
}

static void read_protocols(struct in *in, struct record_reader *reader, struct record_pair *pair)
{
	size_t count = 0;

	for (const char *at = in->at; *at && *at != ']'; at++)
		count += *at == '{';
	if (count > RECORD_PROTOCOLS_MAX) {
		in->failed = true;
		return;
	}
	reader->cleartext = memory_zeroed_or_end(count ? count : 1, sizeof(*reader->cleartext));
	for (size_t i = 0; i < count && !in->failed; i++) {
		skip(in, i ? ",{\"protocol\":" : "{\"protocol\":");
		reader->cleartext[i].name = take_text(in);
		skip(in, ",\"service\":");
		take_service(in, &reader->cleartext[i]);
		skip(in, ",\"packets\":");
		reader->cleartext[i].packets = take_count(in, INT64_MAX);
		skip(in, ",\"bytes\":");
		reader->cleartext[i].bytes = take_count(in, INT64_MAX);
		skip(in, "}");
	}
	pair->cleartext = reader->cleartext;
	pair->cleartext_count = count;
}

static void read_pair(struct in *in, struct record_reader *reader, struct record_pair *pair)
{
	const char *verdicts[PAIR_VERDICT_COUNT];

	for (int i = 0; i < PAIR_VERDICT_COUNT; i++)
		verdicts[i] = pair_verdict_name((enum pair_verdict)i);
	skip(in, ",\"a\":");
	take_address(in, &pair->a);
	skip(in, ",\"b\":");
	take_address(in, &pair->b);
	skip(in, ",\"verdict\":");
	pair->verdict = (enum pair_verdict)take_word(in, verdicts, PAIR_VERDICT_COUNT);
	skip(in, ",\"rule\":");
	if (follows(in, "null"))
		in->at += 4;
	else
		pair->rule = take_text(in);
	skip(in, ",\"carries\":");
	read_carries(in, reader, pair);
	skip(in, ",\"esp\":");
	read_volume(in, &pair->esp_packets, &pair->esp_bytes);
	skip(in, ",\"offending\":");
	read_volume(in, &pair->offending_packets, &pair->offending_bytes);
	skip(in, ",\"cleartext\":[");
	if (!in->failed)
		read_protocols(in, reader, pair);
	skip(in, "],\"rekeys\":");
	pair->rekeys = (uint32_t)take_count(in, UINT32_MAX);
	pair->rekey_interval_median = -1;
	skip(in, ",\"rekey_interval_median\":null,\"rekey_initiator\":null}");
}

bool bulk_line_read(const char *text, size_t length, struct record_reader *reader, struct record *record)
{
	static const char sa_start[] = "{\"type\":\"sa\",\"time\":", pair_start[] = "{\"type\":\"pair\",\"time\":";
	struct in in = { .failed = false };

	if (length > RECORD_LINE_MAX || length < sizeof(pair_start) ||
	    (memcmp(text, sa_start, sizeof(sa_start) - 1) != 0 &&
	     memcmp(text, pair_start, sizeof(pair_start) - 1) != 0))
		return false;
	if (length + 1 > reader->copy_room) {
		char *copy = realloc(reader->copy, length + SA_LINE_MAX);
		if (!copy)
			return false;
		reader->copy = copy;
		reader->copy_room = length + SA_LINE_MAX;
	}
	memcpy(reader->copy, text, length);
	reader->copy[length] = '\0';
	in.at = reader->copy;
	/* No more of the record is cleared than is set: most of it is room for findings. */
	if (follows(&in, sa_start)) {
		record->type = RECORD_SA;
		record->sa = (struct record_sa){ .spi = 0 };
	} else {
		record->type = RECORD_PAIR;
		record->pair = (struct record_pair){ .rekeys = 0 };
	}
	skip(&in, record->type == RECORD_SA ? sa_start : pair_start);
	record->time_ns = take_time(&in);
	skip(&in, ",\"sensor\":");
	reader->sensor = take_text(&in);
	if (!in.failed && record->type == RECORD_SA)
		read_sa(&in, &record->sa);
	else if (!in.failed)
		read_pair(&in, reader, &record->pair);
	if (in.failed || (size_t)(in.at - reader->copy) != length) {
		free(reader->cleartext);
		free(reader->names[0]);
		reader->cleartext = NULL;
		reader->names[0] = NULL;
		reader->sensor = NULL;
		return false;
	}
	return true;
}
