/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPsec as it is deployed: clients behind NATs, gateways in pairs, hubs, group keys, TCP encapsulation. Each scene is sound, with a
 * rule for the two and without: nothing is told of it but what stands beside it. Where a failure of the same kind shows on the wire,
 * a scene has it, with what has to be told.
 */
#include "scene.h"

#define PAIR(level) "  rules:\n    - { name: peers, between: [192.0.2.0/24, 198.51.100.0/24], level: " level " }\n"

static uint16_t client_port = 4500;

/* An IKE message or ESP packet in UDP on port 4500. */
static void ike_4500(const char *from, const char *to, double after)
{
	bool to_server = strcmp(from, A) == 0;
	struct story_stream stream = story_stream(A, to_server ? to : from, 17, 4500);
	uint8_t octets[OCTETS_MAX + 4] = { 0 };

	stream.client_port = client_port;
	seconds(after);
	ike->octets[26] = (uint8_t)(ike->length >> 8);
	ike->octets[27] = (uint8_t)ike->length;
	memcpy(octets + 4, ike->octets, ike->length);
	story_payload(script, &stream, !to_server, octets, ike->length + 4);
}
static void natt(struct story_sa *sa, bool from_a)
{
	sa->in_udp = true;
	sa->src_port = from_a ? client_port : 4500;
	sa->dst_port = from_a ? 4500 : client_port;
}
static void in_udp(void)
{
	natt(&esp_out, true);
	natt(&esp_back, false);
}
static void keepalives(double lasts)
{
	struct address a = story_host(A), b = story_host(B);
	for (double t = 0; t < lasts; t += 20) {
		story_keepalive(script, &a, &b, client_port, 4500);
		seconds(20);
	}
}
static void dpd_4500(uint64_t ispi, uint32_t id)
{
	v2_secret(ike, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, id, 0, 80);
	ike_4500(A, B, 0);
	v2_secret(ike, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_RESPONSE, id, 0, 80);
	ike_4500(B, A, 0.02);
}
static uint64_t up_4500(void)
{
	uint64_t ispi = next_ispi += 2;
	v2_init(ike, ispi, GOOD);
	v2_behind_nat(ike);
	ike_send(A, B, 0);
	v2_answer(ike, ispi, GOOD, false);
	ike_send(B, A, 0.02);
	v2_secret(ike, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
	ike_4500(A, B, 0.02);
	v2_secret(ike, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_IDR, 240);
	ike_4500(B, A, 0.02);
	return ispi;
}

/* The proof is not answered, which goes to UDP port 4500, or to 500 as what came before it. */
static void proof_in_vain(bool to_4500)
{
	uint64_t ispi = next_ispi += 2;

	v2_init(ike, ispi, GOOD);
	ike_send(A, B, 0);
	v2_answer(ike, ispi, GOOD, false);
	ike_send(B, A, 0.02);
	for (unsigned i = 0; i < 5; i++) {
		v2_secret(ike, ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
		if (to_4500)
			ike_4500(A, B, i ? 8 : 0.02);
		else
			ike_send(A, B, i ? 8 : 0.02);
	}
}
static void port_4500_is_blocked(void)
{
	proof_in_vain(true);
}

static void nat_rebinds(void)
{
	client_port = 31000;
	uint64_t ispi = up_4500();
	in_udp();
	esp(60, BOTH);
	for (unsigned i = 0; i < 4; i++) {
		keepalives(120);
		client_port++;
		in_udp();
		/* The client does not know: its first packet has the new port, the gateway follows it. */
		esp(30, BOTH);
		dpd_4500(ispi, 2 + i);
		esp(30, BOTH);
	}
	client_port = 4500;
}

/* Clients of one office connect one after the other, for a minute or two each. */
static void clients_behind_a_nat(void)
{
	for (unsigned i = 0; i < 10; i++) {
		client_port = (uint16_t)(33000 + i);
		uint64_t ispi = up_4500();
		new_sas();
		in_udp();
		esp(100, BOTH);
		v2_secret(ike, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, 2, IKEV2_PAYLOAD_DELETE, 80);
		ike_4500(A, B, 0);
		v2_secret(ike, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_RESPONSE, 2, 0, 80);
		ike_4500(B, A, 0.02);
		seconds(i % 2 ? 0.5 : 4);
	}
	client_port = 4500;
}

/* The gateway does not follow a new port: its packets go to the old one until the client says something. */
static void nat_rebinds_and_the_gateway_is_slow(void)
{
	client_port = 31000;
	uint64_t ispi = up_4500();
	in_udp();
	esp(60, BOTH);
	for (unsigned i = 0; i < 3; i++) {
		client_port++;
		natt(&esp_out, true);
		esp(4, BOTH); /* back to the old port */
		dpd_4500(ispi, 2 + i);
		in_udp();
		esp(30, BOTH);
	}
	client_port = 4500;
}

static void ike_by(bool in_udp_4500, const char *from, const char *to)
{
	if (in_udp_4500)
		ike_4500(from, to, 0.02);
	else
		ike_send(from, to, 0.02);
}

static uint64_t v1_up(const char *from, const char *to, bool in_udp_4500)
{
	uint64_t ispi = ike1_opens(from, to, 7, 1, false);
	ike1_keys(from, to, ispi, 0, 0);
	v1_secret(ike, ispi, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 108);
	ike_by(in_udp_4500, from, to);
	v1_secret(ike, ispi, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 92);
	ike_by(in_udp_4500, to, from);
	return ispi;
}
static void v1_quick(const char *from, const char *to, uint64_t ispi, uint32_t id, bool in_udp_4500)
{
	for (unsigned i = 0; i < 3; i++) {
		v1_secret(ike, ispi, IKEV1_EXCHANGE_QUICK, id, IKEV1_PAYLOAD_HASH, 300 - 80 * i);
		ike_by(in_udp_4500, i % 2 ? to : from, i % 2 ? from : to);
	}
}

/* L2TP over IPsec: transport mode behind a NAT; hello every minute; disconnects. */
static void l2tp(void)
{
	client_port = 32000;
	for (unsigned i = 0; i < 3; i++) {
		uint64_t ispi = v1_up(A, B, true);
		v1_quick(A, B, ispi, 50, true);
		in_udp();
		esp(10, BOTH);
		for (unsigned n = 0; n < 5; n++) {
			esp(1, BOTH);
			seconds(59);
		}
		for (unsigned n = 0; n < 2; n++) {
			v1_secret(ike, ispi, IKEV1_EXCHANGE_INFORMATIONAL, 500 + n, IKEV1_PAYLOAD_HASH, 76 + 16 * n);
			ike_4500(A, B, 0.01);
		}
		seconds(60);
		new_sas();
	}
	client_port = 4500;
}

/* IKE_AUTH up, ESP idle, dead peer detection for an hour, then traffic. */
static void idle_with_dpd(void)
{
	uint64_t ispi = ike_up(A, B);
	esp(20, BOTH);
	for (uint32_t id = 2; id < 120; id++) {
		v2_secret(ike, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, id, 0, 80);
		ike_send(A, B, 30);
		v2_secret(ike, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_RESPONSE, id, 0, 80);
		ike_send(B, A, 0.02);
	}
	esp(60, BOTH);
}

/* IKE SA is rekeyed, child too, with collisions; ESP both ways all the time. */
static void child_collision(void)
{
	uint64_t ispi = ike_up(A, B);
	uint32_t a = 2, b = 0;
	esp(400, BOTH);
	for (unsigned i = 0; i < 4; i++) {
		v2_secret(ike, ispi, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_REQUEST, a, IKEV2_PAYLOAD_NOTIFY, 224);
		ike_send(A, B, 0);
		v2_secret(ike, ispi, IKEV2_EXCHANGE_CREATE_CHILD_SA, 0, b, IKEV2_PAYLOAD_NOTIFY, 224);
		ike_send(B, A, 0.005);
		v2_secret(ike, ispi, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_RESPONSE, a, IKEV2_PAYLOAD_SA, 208);
		ike_send(B, A, 0.01);
		v2_secret(ike, ispi, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_REQUEST | V2_RESPONSE, b, IKEV2_PAYLOAD_SA,
			  208);
		ike_send(A, B, 0.01);
		new_sas();
		struct story_sa first_out = esp_out;
		new_sas();
		/* A uses the one it made, B the one that B made, for a second; then the redundant one goes. */
		for (unsigned n = 0; n < 10; n++) {
			story_esp(script, &first_out, 120);
			seconds(0.02);
			story_esp(script, &esp_back, 184);
			seconds(0.08);
		}
		v2_secret(ike, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, ++a, IKEV2_PAYLOAD_DELETE, 80);
		ike_send(A, B, 0);
		v2_secret(ike, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_RESPONSE, a, IKEV2_PAYLOAD_DELETE, 80);
		ike_send(B, A, 0.02);
		a++, b++;
		esp(400, BOTH);
	}
}

/* Make before break: both children carry for some seconds. */
static void reauthenticates(double overlap, bool make_first)
{
	uint64_t ispi = ike_up(A, B);
	for (unsigned i = 0; i < 4; i++) {
		esp(400, BOTH);
		uint64_t old = ispi;
		if (!make_first) {
			ike_deleted(A, B, old, 2);
			seconds(0.2);
		}
		ispi = ike_up(A, B);
		struct story_sa old_out = esp_out, old_back = esp_back;
		new_sas();
		for (double t = 0; t < overlap; t += 0.5) {
			story_esp(script, &old_out, 120);
			story_esp(script, &esp_back, 184);
			if (t < overlap / 2)
				story_esp(script, &old_back, 184);
			seconds(0.5);
		}
		if (make_first)
			ike_deleted(A, B, old, 2);
	}
	esp(60, BOTH);
}
static void make_before_break(void)
{
	reauthenticates(8, true);
}
static void break_before_make(void)
{
	reauthenticates(0, false);
}

/* The standby takes over: a second or two of nothing, numbers far ahead, then message IDs are agreed on anew. */
static void failover(uint32_t by, double pause)
{
	uint64_t ispi = ike_up(A, B);
	esp(120, BOTH);
	for (unsigned i = 0; i < 3; i++) {
		esp(pause, OUT); /* the peer goes on */
		esp_back.sequence += by;
		v2_secret(ike, ispi, IKEV2_EXCHANGE_INFORMATIONAL, 0, 0, IKEV2_PAYLOAD_NOTIFY, 112);
		ike_send(B, A, 0);
		v2_secret(ike, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST | V2_RESPONSE, 0, IKEV2_PAYLOAD_NOTIFY,
			  96);
		ike_send(A, B, 0.02);
		esp(120, BOTH);
	}
}
static void failover_ahead(void)
{
	failover(1u << 14, 1.5);
}
static void failover_far_ahead(void)
{
	failover(1u << 30, 3);
}
/* It knows less than what was sent. */
static void failover_behind(void)
{
	failover((uint32_t)-150, 1.5);
}
static void failover_far_behind(void)
{
	ike_up(A, B);
	for (unsigned n = 0; n < 4000; n++) {
		story_esp(script, &esp_out, 120);
		story_esp(script, &esp_back, 184);
		seconds(0.02);
	}
	seconds(1.5);
	esp_back.sequence -= 1000;
	for (unsigned n = 0; n < 4000; n++) {
		story_esp(script, &esp_out, 120);
		story_esp(script, &esp_back, 184);
		seconds(0.02);
	}
}

/* RFC 9329 */
static struct story_stream tcp;
static void in_tcp(const uint8_t *message, uint32_t length, bool from_server, bool is_ike, bool prefix)
{
	uint8_t octets[OCTETS_MAX + 12] = "IKETCP";
	uint32_t at = prefix ? 6 : 0, total = length + 2 + (is_ike ? 4 : 0);
	octets[at] = (uint8_t)(total >> 8);
	octets[at + 1] = (uint8_t)total;
	if (is_ike)
		memset(octets + at + 2, 0, 4);
	memcpy(octets + at + 2 + (is_ike ? 4 : 0), message, length);
	story_payload(script, &tcp, from_server, octets, at + total);
}
static void ike_tcp(bool from_server, bool prefix)
{
	ike->octets[26] = (uint8_t)(ike->length >> 8);
	ike->octets[27] = (uint8_t)ike->length;
	in_tcp(ike->octets, ike->length, from_server, true, prefix);
	seconds(0.02);
}
static void esp_tcp(struct story_sa *sa, bool from_server, uint32_t length, bool split)
{
	uint8_t octets[2048];
	memset(octets, 0xe5, sizeof(octets));
	sa->sequence++;
	for (unsigned i = 0; i < 4; i++) {
		octets[i] = (uint8_t)(sa->spi >> (24 - 8 * i));
		octets[4 + i] = (uint8_t)(sa->sequence >> (24 - 8 * i));
	}
	if (!split) {
		in_tcp(octets, length, from_server, false, false);
		return;
	}
	uint8_t framed[2050];
	framed[0] = (uint8_t)((length + 2) >> 8);
	framed[1] = (uint8_t)(length + 2);
	memcpy(framed + 2, octets, length);
	story_payload(script, &tcp, from_server, framed, length / 2);
	story_payload(script, &tcp, from_server, framed + length / 2, length + 2 - length / 2);
}
static void over_tcp_with(bool split, uint16_t port)
{
	uint64_t ispi = next_ispi += 2;
	tcp = story_stream(A, B, 6, port);
	tcp.client_port = 50123;
	/* Nobody answers on UDP. */
	for (unsigned i = 0; i < 2; i++) {
		v2_init(ike, ispi, GOOD);
		ike_send(A, B, i ? 2 : 0);
	}
	seconds(4);
	story_tcp(script, &tcp, false, 2, 0);
	seconds(0.02);
	story_tcp(script, &tcp, true, 0x12, 0);
	seconds(0.02);
	story_tcp(script, &tcp, false, 0x10, 0);
	v2_init(ike, ispi + 4, GOOD);
	ike_tcp(false, true);
	story_tcp(script, &tcp, true, 0x10, 0);
	v2_answer(ike, ispi + 4, GOOD, false);
	ike_tcp(true, false);
	v2_secret(ike, ispi + 4, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
	ike_tcp(false, false);
	v2_secret(ike, ispi + 4, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_IDR, 240);
	ike_tcp(true, false);
	for (unsigned n = 0; n < 300; n++) {
		esp_tcp(&esp_out, false, 120 + 4 * (n % 5), false);
		seconds(0.05);
		esp_tcp(&esp_back, true, 1200 + 4 * (n % 7), split && n % 3 == 1);
		story_tcp(script, &tcp, false, 0x10, 0);
		seconds(0.05);
	}
	story_tcp(script, &tcp, false, 0x11, 0);
	story_tcp(script, &tcp, true, 0x11, 0);
	seconds(30);
	next_ispi += 8;
}
static void over_tcp(void)
{
	over_tcp_with(false, 4500);
}
static void over_tcp_split(void)
{
	over_tcp_with(true, 4500);
}
static void over_tcp_443(void)
{
	over_tcp_with(false, 443);
}

/* RFC 5685: the gateway sends its client to another one. */
static void redirected(void)
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t ispi = next_ispi += 2;
		v2_init(ike, ispi, GOOD);
		ike_send(A, B, 0);
		v2_refusal(ike, ispi, IKEV2_NOTIFY_REDIRECT, 6, 0x0104cb007103);
		ike_send(B, A, 0.02);
		ike_up(A, C);
		esp_of_others(A, C, 60);
		seconds(60);
	}
}

/* Phase 1 alone is begun anew, ESP rests: many spokes at about the same time. */
static void hub_phase_1_again(bool idle)
{
	static const char *const spokes[] = { "10.20.0.1", "10.20.0.2", "10.20.0.3", "10.20.0.4", "10.20.0.5" };
	struct story_sa out[5], back[5];
	uint64_t ispi[5];
	uint32_t id = 900;

	for (unsigned i = 0; i < 5; i++) {
		ispi[i] = v1_up(spokes[i], A, false);
		v1_quick(spokes[i], A, ispi[i], 50, false);
		out[i] = story_sa(spokes[i], A, 0x10000 + i);
		back[i] = story_sa(A, spokes[i], 0x20000 + i);
		seconds(1);
	}
	for (unsigned t = 0; t < 3600; t += 10) {
		for (unsigned i = 0; i < 5; i++) {
			if (!idle || t < 30) {
				story_esp(script, &out[i], 120);
				story_esp(script, &back[i], 120);
			}
			if (t % 60 == 0)
				for (unsigned n = 0; n < 2; n++) {
					v1_secret(ike, ispi[i], IKEV1_EXCHANGE_INFORMATIONAL, id++, IKEV1_PAYLOAD_HASH,
						  92);
					ike_send(n ? A : spokes[i], n ? spokes[i] : A, 0.01);
				}
			if (t == 1800)
				ispi[i] = v1_up(spokes[i], A, false);
			seconds(0.1);
		}
		seconds(9.5);
	}
}
static void phase_1_of_many_again(void)
{
	hub_phase_1_again(false);
}
static void phase_1_of_many_again_while_idle(void)
{
	hub_phase_1_again(true);
}

/* A power cut: hub and spokes come back together, and each side opens an IKE SA of its own; both are kept. */
static void both_sides_begin(void)
{
	static const char *const spokes[] = { "10.20.0.1", "10.20.0.2", "10.20.0.3", "10.20.0.4", "10.20.0.5" };
	struct story_sa out[5], back[5];

	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 5; i++) {
			if (round)
				ike_up(A, spokes[i]);
			else
				ike_up(spokes[i], A);
			out[i] = story_sa(spokes[i], A, 0x10000 + 0x100 * round + i);
			back[i] = story_sa(A, spokes[i], 0x20000 + 0x100 * round + i);
			seconds(0.5);
		}
	for (unsigned t = 0; t < 120; t++) {
		for (unsigned i = 0; i < 5; i++) {
			story_esp(script, &out[i], 120);
			story_esp(script, &back[i], 120);
		}
		seconds(1);
	}
}

/* GET VPN (RFC 6407): one SPI for all, everyone with everyone, by their own addresses; it is replaced all at once. */
static void group(void)
{
	static const char *const members[] = { "10.20.0.1", "10.20.1.2", "10.20.2.3", "10.20.3.4" };
	uint32_t sequence[4] = { 0 };
	for (unsigned k = 0; k < 3; k++)
		for (unsigned t = 0; t < 600; t++)
			for (unsigned i = 0; i < 4; i++)
				for (unsigned j = 0; j < 4; j++) {
					if (i == j || (t + i + j) % 3)
						continue;
					struct story_sa sa =
					    story_sa(members[i], members[j], 0xabcd0000 + k - (k && t < 30 + i));
					sa.sequence = sequence[i];
					story_esp(script, &sa, 120 + 8 * ((i + j + t) % 4));
					sequence[i] = sa.sequence;
					seconds(0.05);
				}
}

/* A VTI hub: spokes with children of their own clock. */
static void hub_of_many(void)
{
	enum { MANY = 60 };
	struct story_sa out[MANY], back[MANY];
	uint64_t ispi[MANY];
	char spoke[MANY][16];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(spoke[i], sizeof(spoke[i]), "10.21.0.%u", i + 1);
		ispi[i] = ike_up(spoke[i], A);
		out[i] = story_sa(spoke[i], A, 0x10000 + i);
		back[i] = story_sa(A, spoke[i], 0x20000 + i);
	}
	for (unsigned t = 0; t < 1800; t++) {
		for (unsigned i = 0; i < MANY; i++) {
			if ((t + i) % 10 == 0) {
				story_esp(script, &out[i], 120);
				story_esp(script, &back[i], 120);
			}
			/* All were born together, and rekey within a minute. */
			if (t > 600 && t % 600 == i) {
				ike_child(spoke[i], A, ispi[i], 2 + 2 * (t / 600), IKEV2_PAYLOAD_NOTIFY);
				out[i] = story_sa(spoke[i], A, out[i].spi + 0x1000);
				back[i] = story_sa(A, spoke[i], back[i].spi + 0x1000);
				ike_deleted(spoke[i], A, ispi[i], 3 + 2 * (t / 600));
			}
		}
		seconds(1);
	}
}

/* AH around ESP that is rekeyed as a bundle. */
static void bundle(void)
{
	ike_up(A, B);
	for (unsigned k = 0; k < 3; k++) {
		struct story_sa out = story_sa(A, B, 0xa000 + k), back = story_sa(B, A, 0xb000 + k);
		out.protocol = back.protocol = 51;
		for (unsigned i = 0; i < 1000; i++) {
			story_ah_over_esp(script, &out, &esp_out, 120);
			story_ah_over_esp(script, &back, &esp_back, 184);
			seconds(0.5);
		}
		new_sas();
	}
}

static void esn(void)
{
	ike_up(A, B);
	esp_out.sequence = 0xffffff00;
	esp_back.sequence = 0xfffffff0;
	esp(300, BOTH);
}

/* ---- what is told ---- */

#define NOTHING FINDING_ID_COUNT

static const struct scene {
	const char *name;
	void (*play)(void);
	enum finding_id told; /* NOTHING: nothing is */
} scenes[] = {
	{ "port 4500 is blocked", port_4500_is_blocked, FINDING_IKE_STALLED },
	{ "the port of a NAT changes", nat_rebinds, NOTHING },
	{ "the same, and the gateway is slow to follow", nat_rebinds_and_the_gateway_is_slow, NOTHING },
	{ "clients behind a NAT", clients_behind_a_nat, NOTHING },
	{ "L2TP", l2tp, NOTHING },
	{ "idle, with dead peer detection", idle_with_dpd, NOTHING },
	{ "both rekey at once", child_collision, NOTHING },
	{ "make before break", make_before_break, NOTHING },
	{ "break before make", break_before_make, NOTHING },
	{ "a standby takes over, ahead", failover_ahead, NOTHING },
	{ "a standby takes over, far ahead", failover_far_ahead, NOTHING },
	{ "a standby takes over, behind", failover_behind, FINDING_ESP_REPLAY },
	{ "a standby takes over, far behind", failover_far_behind, FINDING_ESP_REPLAY },
	{ "in TCP", over_tcp, NOTHING },
	{ "in TCP, segments begin within frames", over_tcp_split, NOTHING },
	{ "redirected", redirected, NOTHING },
	{ "phase 1 of many peers again", phase_1_of_many_again, NOTHING },
	{ "phase 1 of many idle peers again", phase_1_of_many_again_while_idle, NOTHING },
	{ "both sides begin", both_sides_begin, NOTHING },
	{ "group key", group, FINDING_ESP_UNNEGOTIATED },
	{ "a hub of many", hub_of_many, NOTHING },
	{ "AH around ESP, rekeyed", bundle, NOTHING },
	{ "extended sequence numbers", esn, FINDING_ESP_SEQUENCE_NEAR_WRAP },
};

static bool is_about_cryptography(enum finding_id id)
{
	return id == FINDING_NOT_QUANTUM_SAFE || id == FINDING_IKE_VERSION_1 || id == FINDING_WEAK_IKE_OFFERED ||
	       id == FINDING_WEAK_IKE_SELECTED;
}

static unsigned tell_scene(const struct scene *scene, const char *policy)
{
	bool told = scene->told == NOTHING;
	unsigned bad = 0;

	scene_begin(policy);
	options.ike = 1000;
	scene->play();
	seconds(30);
	later(10);
	tell();
	for (size_t i = 0; i < result->finding_count; i++) {
		const struct finding *finding = &result->finding[i];
		told |= finding->id == scene->told;
		if (finding->id == scene->told || is_about_cryptography(finding->id) || is_of_others(finding))
			continue;
		fprintf(stderr, "%s: %s %s\n", scene->name, catalogue_row(finding->id)->name, finding->text);
		bad++;
	}
	if (!told)
		fprintf(stderr, "%s: no %s\n", scene->name, catalogue_row(scene->told)->name);
	bad += !told;
	scene_end();
	return bad;
}

START_TEST(each_is_told_rightly)
{
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		bad += tell_scene(&scenes[i], PAIR("require"));
		bad += tell_scene(&scenes[i], NULL);
	}
	ck_assert_uint_eq(bad, 0);
}
END_TEST

/* A download: segments begin anywhere in a frame, and what is encrypted looks like anything, a length and an SPI too. */
START_TEST(in_tcp_out_of_step)
{
	uint8_t stream[1400 * 2];
	uint32_t state = 7, behind = 0;

	scene_begin(PAIR("require"));
	over_tcp();
	esp_back.sequence = 1000;
	for (unsigned n = 0; n < 6000; n++) {
		uint32_t length = 1360;
		uint8_t *frame = stream + behind;
		frame[0] = (uint8_t)((length + 2) >> 8);
		frame[1] = (uint8_t)(length + 2);
		esp_back.sequence++;
		for (unsigned i = 0; i < 4; i++) {
			frame[2 + i] = (uint8_t)(esp_back.spi >> (24 - 8 * i));
			frame[6 + i] = (uint8_t)(esp_back.sequence >> (24 - 8 * i));
		}
		for (uint32_t i = 10; i < length + 2; i++) {
			state = state * 1664525u + 1013904223u;
			frame[i] = (uint8_t)(state >> 24);
		}
		behind += length + 2;
		if (behind < 1400)
			continue;
		story_payload(script, &tcp, true, stream, 1400);
		behind -= 1400;
		memmove(stream, stream + 1400, behind);
		seconds(0.01);
	}
	tell();
	ck_assert_uint_eq(story_count(result->records, "sa "), 2);
	scene_end();
}
END_TEST

/* On a port of its own the handshake is clear, until what follows it is read; then the two are secured again. */
START_TEST(in_tcp_on_another_port)
{
	scene_begin(PAIR("require"));
	over_tcp_443();
	tell();
	const struct finding *leak = last_told(FINDING_CLEARTEXT_LEAK);
	ck_assert_ptr_nonnull(leak);
	ck_assert_int_eq(leak->severity, SEVERITY_LOW);
	ck_assert_int_eq(leak->state, FINDING_CLEAR);
	ck_assert_str_eq(leak->cleared_by, "secured-again");
	ck_assert_uint_eq(leak->count, 3);
	ck_assert_uint_eq(story_count(result->records, "sa "), 2);
	ck_assert_uint_eq(story_count(result->records, "established"), 1);
	scene_end();
}
END_TEST

START_TEST(the_port_is_named)
{
	for (unsigned to_4500 = 0; to_4500 < 2; to_4500++) {
		scene_begin(NULL);
		proof_in_vain(to_4500);
		tell();
		const struct finding *finding = last_word(FINDING_IKE_STALLED);
		ck_assert_ptr_nonnull(finding);
		const char *said =
		    strstr(finding->text, "the first to UDP port 4500, which may be blocked: port 500 was answered");
		ck_assert_msg((said != NULL) == to_4500, "%s", finding->text);
		scene_end();
	}
}
END_TEST

SUITE_MAIN("deployments", each_is_told_rightly, the_port_is_named, in_tcp_out_of_step, in_tcp_on_another_port)
