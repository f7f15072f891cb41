/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenes: stories of story.h with ESP, IKE and clear traffic together, told in the words of the people who have the trouble.
 *
 * A scene is one story about two peers, A and B, and whoever else there is. Each call moves the clock on. IKE messages are
 * those of ike_script.h, sent in UDP. Used by the programs that hold diagnoses against their nearest neighbours.
 */
#ifndef ESPIAL_TESTS_AUDIT_SCENE_H
#define ESPIAL_TESTS_AUDIT_SCENE_H

#include "ike_script.h"
#include "story_fixture.h"

#define A "192.0.2.1"
#define B "198.51.100.1"
#define C "203.0.113.3" /* somebody else */
#define KDC "203.0.113.88"
#define WEB_SERVER "203.0.113.80"

enum { OUT = 1, BACK = 2, BOTH = 3 }; /* OUT: from A to B */

/* The builder of IKE messages, and what the SAs between A and B are. */
static struct script *ike;
static uint64_t next_ispi;
static struct story_sa esp_out, esp_back;
/* And those between others. */
enum { OTHERS_MAX = 64 };
static struct others {
	struct story_sa out, back;
} others[OTHERS_MAX];
static uint16_t next_port;

static inline void scene_begin(const char *policy)
{
	fixture_begin(policy);
	options.leaks_only = false;
	options.alerts = alert_default_settings();
	ike = calloc(1, sizeof(*ike));
	ck_assert_ptr_nonnull(ike);
	next_ispi = 0x1000;
	next_port = 40000;
	esp_out = story_sa(A, B, 0xc0010001);
	esp_back = story_sa(B, A, 0xc0020002);
	memset(others, 0, sizeof(others));
}

static inline void scene_end(void)
{
	free(ike);
	end();
}

static inline void seconds(double count)
{
	story_wait(script, (int64_t)(count * 1e9));
}

/* ---- traffic, every half second ---- */

static inline void traffic_between(const char *a, const char *b, struct story_sa *out, struct story_sa *back,
				   double lasts, unsigned esp, unsigned clear, uint16_t port)
{
	struct story_stream stream = story_stream(a, b, port ? 6 : 89, port);

	stream.client_port = next_port;
	for (int i = 0; i < (int)(lasts * 2); i++) {
		if (esp & OUT)
			story_esp(script, out, 120);
		if (clear & OUT)
			story_send(script, &stream, false, 500);
		story_wait(script, 20 * STORY_MILLISECOND);
		if (esp & BACK)
			story_esp(script, back, 184);
		if (clear & BACK)
			story_send(script, &stream, true, 700);
		story_wait(script, STORY_SECOND / 2 - 20 * STORY_MILLISECOND);
	}
}

static inline void esp(double lasts, unsigned ways)
{
	traffic_between(A, B, &esp_out, &esp_back, lasts, ways, 0, 0);
}

/* UDP in clear behind an ESP header, with a trailer and an integrity value: NULL encryption. */
static inline void esp_readable(double lasts)
{
	uint8_t octets[8 + 20 + 4 + 12] = { 0x30, 0x39, 0x00, 0x35, 0, 28 };
	static const uint8_t trailer[] = { 1, 2, 2, 17 };

	memcpy(octets + 28, trailer, sizeof(trailer));
	for (int i = 0; i < (int)(lasts * 2); i++) {
		for (unsigned k = 32; k < sizeof(octets); k++)
			octets[k] = (uint8_t)((unsigned)i * 13 + k * 31);
		story_esp_with(script, &esp_out, octets, sizeof(octets) + 8);
		seconds(0.5);
	}
}

static inline void clear(double lasts, unsigned ways)
{
	traffic_between(A, B, NULL, NULL, lasts, 0, ways, 80);
}

/* ESP and clear packets of a service together. */
static inline void beside(double lasts, unsigned esp_ways, unsigned clear_ways, uint16_t port)
{
	traffic_between(A, B, &esp_out, &esp_back, lasts, esp_ways, clear_ways, port);
}

/* New SPIs. */
static inline void new_sas(void)
{
	esp_out = story_sa(A, B, esp_out.spi + 0x10);
	esp_back = story_sa(B, A, esp_back.spi + 0x10);
}

/* SAs that live so long, one after the other, in use all the time; uneven: they carry different amounts. */
static inline void rekeys(unsigned count, double lives, bool uneven)
{
	double step = lives < 1000 ? 1 : 30;

	for (unsigned i = 0; i < count; i++) {
		for (double t = 0; t < lives; t += step) {
			story_esp(script, &esp_out, 80 + 4 * (i % 5) + (uint32_t)t % 7 * 16 + uneven * (i % 3) * 500);
			story_esp(script, &esp_back, 120 + uneven * (i * 7 % 4) * 300);
			seconds(step);
		}
		new_sas();
	}
}

/* Two others speak ESP, on the same SAs each time. */
static inline void esp_of_others(const char *a, const char *b, double lasts)
{
	for (unsigned i = 0; i < OTHERS_MAX; i++) {
		struct others *known = &others[i];
		struct address src = story_host(a), dst = story_host(b);
		if (known->out.spi && !(address_equal(&known->out.src, &src) && address_equal(&known->out.dst, &dst)))
			continue;
		if (!known->out.spi)
			*known = (struct others){ story_sa(a, b, 0xd0010001 + i), story_sa(b, a, 0xd0020002 + i) };
		traffic_between(a, b, &known->out, &known->back, lasts, BOTH, 0, 0);
		return;
	}
	ck_abort_msg("too many others");
}

/* Somebody else's packets, so that time goes on for so long. */
static inline void later(double lasts)
{
	esp_of_others(KDC, WEB_SERVER, lasts);
}

/* A client's first packet, as often as it is sent: after 1, 2, 4 ... seconds. */
static inline void knock(const char *client, const char *server, uint16_t port, unsigned tries)
{
	struct story_stream stream = story_stream(client, server, 6, port);

	stream.client_port = next_port++;
	for (unsigned i = 0; i < tries; i++) {
		story_tcp(script, &stream, false, 2, 0);
		story_wait(script, STORY_SECOND << i);
	}
}

static inline void icmp_about_ike(const char *sender, const char *src, const char *dst, uint8_t code)
{
	struct address by = story_host(sender), from = story_host(src), to = story_host(dst);

	story_icmp_error(script, &by, &from, &to, 3, code, 17);
}

/* ---- IKE ---- */

/* Sends the message built last. */
static inline void ike_send(const char *from, const char *to, double after)
{
	struct story_stream stream = story_stream(from, to, 17, 500);

	stream.client_port = 500;
	seconds(after);
	ike->octets[26] = (uint8_t)(ike->length >> 8);
	ike->octets[27] = (uint8_t)ike->length;
	story_payload(script, &stream, false, ike->octets, ike->length);
}

/* The first message of this IKE SA, once. */
static inline void ike_try(const char *from, const char *to, uint64_t ispi)
{
	v2_init(ike, ispi, GOOD);
	ike_send(from, to, 0);
}

/* The first message, `tries` times without an answer, `gap` seconds apart; the clock stands at the last of them. */
static inline void ike_unanswered(const char *from, const char *to, unsigned tries, double gap)
{
	uint64_t ispi = next_ispi += 2;

	for (unsigned i = 0; i < tries; i++) {
		v2_init(ike, ispi, GOOD);
		ike_send(from, to, i ? gap : 0);
	}
}

static inline void ike_refused(const char *from, const char *to, unsigned notify)
{
	uint64_t ispi = next_ispi += 2;

	v2_init(ike, ispi, GOOD);
	ike_send(from, to, 0);
	v2_refusal(ike, ispi, notify, notify == IKEV2_NOTIFY_INVALID_KE_PAYLOAD ? 2 : 0, 19);
	ike_send(to, from, 0.05);
}

/* IKE_SA_INIT and IKE_AUTH; what the answer to the proof begins with, and how long it is, say what came of it. */
static inline uint64_t ike_proof(const char *from, const char *to, struct choice choice, bool certificates,
				 unsigned inner, unsigned octets)
{
	uint64_t ispi = next_ispi += 2;

	v2_init(ike, ispi, choice);
	ike_send(from, to, 0);
	v2_answer(ike, ispi, choice, certificates);
	ike_send(to, from, 0.02);
	v2_secret(ike, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, certificates ? 1400 : 288);
	ike_send(from, to, 0.02);
	v2_secret(ike, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, inner, octets);
	ike_send(to, from, 0.02);
	return ispi;
}

static inline uint64_t ike_up(const char *from, const char *to)
{
	return ike_proof(from, to, GOOD, false, IKEV2_PAYLOAD_IDR, 240);
}

static inline void ike_auth_failed(const char *from, const char *to, bool certificates)
{
	ike_proof(from, to, GOOD, certificates, IKEV2_PAYLOAD_NOTIFY, 80);
}

static inline void ike_child_refused(const char *from, const char *to)
{
	uint64_t ispi = ike_proof(from, to, GOOD, false, IKEV2_PAYLOAD_IDR, 144);

	v2_secret(ike, ispi, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_REQUEST, 2, IKEV2_PAYLOAD_NOTIFY, 208);
	ike_send(from, to, 5);
	v2_secret(ike, ispi, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_RESPONSE, 2, IKEV2_PAYLOAD_NOTIFY, 80);
	ike_send(to, from, 0.05);
}

/* By the initiator of the IKE SA. */
static inline void ike_deleted(const char *from, const char *to, uint64_t ispi, uint32_t id)
{
	v2_secret(ike, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, id, IKEV2_PAYLOAD_DELETE, 80);
	ike_send(from, to, 0);
	v2_secret(ike, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_RESPONSE, id, 0, 80);
	ike_send(to, from, 0.02);
}

/* IKEv1 main mode by this method up to message 5, which is refused in an encrypted message. */
static inline void ike1_auth_failed(const char *from, const char *to, unsigned method)
{
	uint64_t ispi = next_ispi += 2;

	v1_sa(ike, ispi, 0, IKEV1_EXCHANGE_MAIN, 7, 4, method, 14);
	ike_send(from, to, 0);
	v1_sa(ike, ispi, ispi + 1, IKEV1_EXCHANGE_MAIN, 7, 4, method, 14);
	ike_send(to, from, 0.02);
	v1_clear(ike, ispi, IKEV1_PAYLOAD_KE, 64);
	ike_send(from, to, 0.02);
	v1_clear(ike, ispi, IKEV1_PAYLOAD_KE, 65);
	ike_send(to, from, 0.02);
	v1_secret(ike, ispi, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 108);
	ike_send(from, to, 0.02);
	v1_secret(ike, ispi, IKEV1_EXCHANGE_INFORMATIONAL, 5, IKEV1_PAYLOAD_HASH, 92);
	ike_send(to, from, 0.02);
}

/* ---- IKE, message by message ---- */

/* A child is asked for in this IKE SA, and given; what the request begins with says whether in the place of another. */
static inline void ike_child(const char *from, const char *to, uint64_t ispi, uint32_t id, unsigned inner)
{
	v2_secret(ike, ispi, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_REQUEST, id, inner, 208);
	ike_send(from, to, 0);
	v2_secret(ike, ispi, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_RESPONSE, id, IKEV2_PAYLOAD_SA, 208);
	ike_send(to, from, 0.02);
}

/* A vendor ID of two words. */
static inline void ike_vendor(uint64_t high, uint64_t low)
{
	uint32_t start = payload(ike, IKEV1_PAYLOAD_VENDOR);

	put(ike, 8, high);
	put(ike, 8, low);
	ends(ike, start);
}
#define VENDOR_GSSAPI 0xad2c0dd0b9c32083, 0xccba25b8861ec455

/* Main mode up to its second message; by Kerberos with the vendor ID that goes with it. */
static inline uint64_t ike1_opens(const char *from, const char *to, unsigned cipher, unsigned method, bool gssapi)
{
	uint64_t ispi = next_ispi += 2;

	v1_sa(ike, ispi, 0, IKEV1_EXCHANGE_MAIN, cipher, 4, method, 14);
	if (gssapi)
		ike_vendor(VENDOR_GSSAPI);
	ike_send(from, to, 0);
	v1_sa(ike, ispi, ispi + 1, IKEV1_EXCHANGE_MAIN, cipher, 4, method, 14);
	if (gssapi)
		ike_vendor(VENDOR_GSSAPI);
	ike_send(to, from, 0.02);
	return ispi;
}

/* Messages 3 and 4 of it; each asks for a certificate of the authority of this name, if it is not 0. */
static inline void ike1_keys(const char *from, const char *to, uint64_t ispi, unsigned ours, unsigned theirs)
{
	v1_clear(ike, ispi, IKEV1_PAYLOAD_KE, 64);
	if (ours)
		v1_certreq(ike, ours);
	ike_send(from, to, 0.02);
	v1_clear(ike, ispi, IKEV1_PAYLOAD_KE, 65);
	if (theirs)
		v1_certreq(ike, theirs);
	ike_send(to, from, 0.02);
}

/* Messages 5 and what comes back: message 6 and quick mode, or a refusal that is encrypted too. */
static inline void ike1_proof(const char *from, const char *to, uint64_t ispi, unsigned octets, bool accepted)
{
	v1_secret(ike, ispi, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, octets);
	ike_send(from, to, 0.02);
	if (!accepted) {
		v1_secret(ike, ispi, IKEV1_EXCHANGE_INFORMATIONAL, 5, IKEV1_PAYLOAD_HASH, 92);
		ike_send(to, from, 0.02);
		return;
	}
	v1_secret(ike, ispi, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, octets - 16);
	ike_send(to, from, 0.02);
	for (unsigned i = 0; i < 3; i++) {
		v1_secret(ike, ispi, IKEV1_EXCHANGE_QUICK, 99, IKEV1_PAYLOAD_HASH, 300 - 80 * i);
		ike_send(i % 2 ? to : from, i % 2 ? from : to, 0.02);
	}
}

/* ---- Kerberos, revocation lists ---- */

/* DER (X.690): a value behind its tag, for values of less than 128 octets. */
static inline uint32_t der(uint8_t *at, uint8_t tag, const uint8_t *value, uint32_t length)
{
	memmove(at + 2, value, length);
	at[0] = tag;
	at[1] = (uint8_t)length;
	return length + 2;
}

/* KRB-ERROR (RFC 4120 section 5.9.1) of a KDC to a host, about a service of two names. */
static inline void kdc_refuses(const char *kdc, const char *host, uint8_t error, const char *service, const char *name)
{
	static const uint8_t version[] = { 2, 1, 5 }, type[] = { 2, 1, 30 }, micro[] = { 2, 1, 0 };
	const uint8_t code[] = { 2, 1, error };
	uint8_t octets[256], names[128], part[128];
	uint32_t length = 0, count = 0;

	length += der(octets + length, 0xa0, version, 3);
	length += der(octets + length, 0xa1, type, 3);
	length += der(octets + length, 0xa4, part, der(part, 0x18, (const uint8_t *)"20260101000000Z", 15));
	length += der(octets + length, 0xa5, micro, 3);
	length += der(octets + length, 0xa6, code, 3);
	length += der(octets + length, 0xa9, part, der(part, 0x1b, (const uint8_t *)"LAB", 3));
	count += der(names + count, 0x1b, (const uint8_t *)service, (uint32_t)strlen(service));
	count += der(names + count, 0x1b, (const uint8_t *)name, (uint32_t)strlen(name));
	count = der(names, 0x30, names, count);
	count = der(names, 0xa1, names, count);
	memcpy(part, (const uint8_t[]){ 0xa0, 3, 2, 1, 2 }, 5);
	memcpy(part + 5, names, count);
	count = der(part, 0x30, part, count + 5);
	length += der(octets + length, 0xaa, part, count);
	length = der(octets, 0x30, octets, length);
	length = der(octets, 0x7e, octets, length);
	struct story_stream stream = story_stream(host, kdc, 17, 88);
	story_payload(script, &stream, true, octets, length);
}

/* A host asks a web server for a revocation list, and is not answered. */
static inline void fetch_in_vain(const char *host, const char *server)
{
	struct story_stream stream = story_stream(host, server, 6, 80);

	stream.client_port = next_port++;
	for (unsigned i = 0; i < 4; i++) {
		story_tcp(script, &stream, false, 2, 0);
		seconds(1);
	}
}

/* ---- what came of it ---- */

/* The line of this finding in the result, with its evidence. */
static inline void line_of(const struct finding *finding, char *line, size_t size)
{
	const char *at = result->findings;

	for (size_t i = 0; i < (size_t)(finding - result->finding); i++)
		at = strchr(at, '\n') + 1;
	snprintf(line, size, "%.*s", (int)strcspn(at, "\n"), at);
}

/* The last record about the finding; NULL if there is none. */
static inline const struct finding *last_told(enum finding_id id)
{
	for (size_t i = result->finding_count; i > 0; i--)
		if (result->finding[i - 1].id == id)
			return &result->finding[i - 1];
	return NULL;
}

/* What is said of those who only let time go on. */
static inline bool is_of_others(const struct finding *finding)
{
	struct address kdc = story_host(KDC), web = story_host(WEB_SERVER);

	return address_equal(&finding->a, &kdc) || address_equal(&finding->a, &web);
}

/* The last that was told before its end. */
static inline const struct finding *last_word(enum finding_id id)
{
	for (size_t i = result->finding_count; i > 0; i--) {
		const struct finding *finding = &result->finding[i - 1];
		if (finding->id == id && finding->state != FINDING_CLEAR && !is_of_others(finding))
			return finding;
	}
	return NULL;
}

#endif
