/* SPDX-License-Identifier: Apache-2.0 */
/* The scenes of check_diagnosis.c: what A, B and others do, each one thing apart from its nearest neighbour. */
#ifndef ESPIAL_TESTS_AUDIT_DIAGNOSIS_SCENES_H
#define ESPIAL_TESTS_AUDIT_DIAGNOSIS_SCENES_H

#include "scene.h"

/* ---- clear traffic and what IPsec did ---- */

static void clear_one_way(void)
{
	clear(20, OUT);
}
static void clear_both_ways(void)
{
	clear(20, BOTH);
}
static void clear_though_others_are_secured(void)
{
	esp_of_others(A, C, 20);
	clear(20, BOTH);
}
static void clear_since_long(void)
{
	ike_unanswered(A, B, 4, 2);
	clear(20, BOTH);
}
static void fall_back_after_three_seconds(void)
{
	ike_try(A, B, 7);
	seconds(1);
	ike_try(A, B, 7);
	seconds(2);
	ike_try(A, B, 7);
	clear(20, BOTH);
}
static void fall_back_after_half_a_second(void)
{
	ike_try(A, B, 7);
	seconds(0.5);
	clear(0.5, BOTH);
	ike_try(A, B, 7);
	clear(2, BOTH);
	ike_try(A, B, 7);
	clear(10, BOTH);
}
static void refused_then_clear_after_three_seconds(void)
{
	ike_refused(A, B, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN);
	seconds(3);
	clear(20, BOTH);
}
static void proof_failed_then_clear(void)
{
	ike_auth_failed(A, B, false);
	seconds(2);
	clear(20, BOTH);
}
static void child_refused_then_clear(void)
{
	ike_child_refused(A, B);
	seconds(2);
	clear(20, BOTH);
}
static void unreachable_then_clear(void)
{
	for (unsigned i = 0; i < 3; i++) {
		ike_try(A, B, 7);
		icmp_about_ike(B, A, B, 3);
		seconds(2);
	}
	clear(20, BOTH);
}
static void filtered_then_clear(void)
{
	for (unsigned i = 0; i < 3; i++) {
		ike_try(A, B, 7);
		icmp_about_ike(C, A, B, 13);
		seconds(2);
	}
	clear(20, BOTH);
}
static void silent_though_alive(void)
{
	ike_up(B, C);
	seconds(5);
	clear_since_long();
}
static void clear_until_secured(void)
{
	clear(8, BOTH);
	ike_up(A, B);
	esp(20, BOTH);
}
static void repaired_after_long(void)
{
	clear(120, BOTH);
	ike_up(A, B);
	esp(20, BOTH);
}
static void another_group_after_long(void)
{
	clear(120, BOTH);
	ike_refused(A, B, IKEV2_NOTIFY_INVALID_KE_PAYLOAD);
	clear(1, BOTH);
	ike_up(A, B);
	esp(20, BOTH);
}
static void receiver_opens(void)
{
	clear(1, OUT);
	ike_up(B, A);
	esp(20, BOTH);
}
static void idle_then_clear_then_secured(void)
{
	ike_up(A, B);
	esp(20, BOTH);
	seconds(400);
	clear(2, OUT);
	ike_up(B, A);
	new_sas();
	esp(20, BOTH);
}
static void short_pause_then_clear(void)
{
	ike_up(A, B);
	esp(20, BOTH);
	seconds(30);
	clear(5, BOTH);
	ike_up(B, A);
	new_sas();
	esp(20, BOTH);
}
static void lost(void)
{
	ike_up(A, B);
	esp(30, BOTH);
	clear(20, BOTH);
}
static void lost_by_delete(void)
{
	uint64_t ispi = ike_up(A, B);

	esp(30, BOTH);
	ike_deleted(A, B, ispi, 2);
	seconds(1);
	clear(20, BOTH);
}
/* They speak for half a minute and rest for as long, and again. */
static void rests(void)
{
	for (unsigned i = 0; i < 3; i++) {
		esp(30, BOTH);
		seconds(i < 2 ? 30 : 1);
	}
}
static void lost_by_delete_after_rests(void)
{
	uint64_t ispi = ike_up(A, B);

	rests();
	ike_deleted(A, B, ispi, 2);
	clear(20, BOTH);
}
static void lost_and_begun_anew_after_rests(void)
{
	ike_up(A, B);
	rests();
	ike_up(B, A);
	clear(20, BOTH);
}
static void clear_while_it_rests(void)
{
	ike_up(A, B);
	rests();
	clear(20, BOTH);
}
static void gap(void)
{
	ike_up(A, B);
	esp(30, BOTH);
	beside(20, BOTH, BOTH, 445);
}
static void gap_of_name_service(void)
{
	struct story_stream dns = story_stream(A, B, 17, 53);

	ike_up(A, B);
	esp(30, BOTH);
	for (unsigned i = 0; i < 20; i++) {
		beside(0.5, BOTH, 0, 0);
		story_send(script, &dns, false, 40);
		story_send(script, &dns, true, 120);
	}
}
static void one_side_clear(void)
{
	ike_up(A, B);
	esp(30, BOTH);
	beside(20, OUT, BACK, 80);
}
static void one_side_silent(void)
{
	ike_up(A, B);
	esp(60, BOTH);
	esp(15, OUT);
}
static void only_secured(void)
{
	ike_up(A, B);
	esp(60, BOTH);
	seconds(200);
	esp(30, BOTH);
}

/* Hosts behind gateways that the policy does not name. */
static void tunnel_lost(void)
{
	esp_of_others(A, B, 60);
	seconds(3);
	traffic_between("10.1.0.5", "10.2.0.7", NULL, NULL, 20, 0, BOTH, 80);
}
static void tunnel_goes_on(void)
{
	struct story_stream inner = story_stream("10.1.0.5", "10.2.0.7", 6, 80);

	esp_of_others(A, B, 60);
	for (unsigned i = 0; i < 40; i++) {
		esp(0.5, BOTH);
		story_send(script, &inner, i & 1, 900);
	}
}
static void tunnel_rests(void)
{
	/* It speaks and rests by turns, as it always did. */
	for (unsigned i = 0; i < 6; i++) {
		esp(8, BOTH);
		seconds(20);
	}
	esp(8, BOTH);
	seconds(3);
	traffic_between("10.1.0.5", "10.2.0.7", NULL, NULL, 20, 0, BOTH, 80);
}
static void tunnel_comes_back(void)
{
	struct story_stream inner = story_stream("10.1.0.5", "10.2.0.7", 6, 80);

	esp(60, BOTH);
	seconds(3);
	traffic_between("10.1.0.5", "10.2.0.7", NULL, NULL, 20, 0, BOTH, 80);
	for (unsigned i = 0; i < 40; i++) {
		esp(0.5, BOTH);
		story_send(script, &inner, i & 1, 900);
	}
}
static void two_tunnels_lost(void)
{
	struct story_sa out = story_sa(A, C, 0xe0010001), back = story_sa(C, A, 0xe0020002);

	for (unsigned i = 0; i < 120; i++) {
		esp(0.5, BOTH);
		story_esp(script, &out, 120);
		story_esp(script, &back, 120);
	}
	seconds(3);
	traffic_between("10.1.0.5", "10.2.0.7", NULL, NULL, 20, 0, BOTH, 80);
}

/* ---- clients that are locked out ---- */

static void knocks_of_a_stranger(void)
{
	esp_of_others(B, C, 20);
	knock(A, B, 445, 4);
}
static void knocks_of_a_secured_client(void)
{
	esp_of_others(B, C, 20);
	ike_up(A, C);
	knock(A, B, 445, 4);
}
static void knocks_answered(void)
{
	struct story_stream stream = story_stream(A, B, 6, 445);

	esp_of_others(B, C, 20);
	knock(A, B, 445, 2);
	stream.client_port = (uint16_t)(next_port - 1);
	story_tcp(script, &stream, true, 0x12, 0);
	story_tcp(script, &stream, false, 2, 0);
	story_tcp(script, &stream, false, 2, 0);
}
static void knocks_at_a_dead_host(void)
{
	esp_of_others(B, C, 20);
	seconds(300);
	knock(A, B, 445, 5);
}
static void knocks_at_nobody_secured(void)
{
	knock(A, B, 445, 5);
}
static void knocks_at_all_doors(void)
{
	esp_of_others(B, C, 20);
	for (uint16_t port = 1; port < 200; port++) {
		struct story_stream stream = story_stream(A, B, 6, port);
		story_tcp(script, &stream, false, 2, 0);
		seconds(0.01);
	}
}
static void knocks_and_ike(void)
{
	esp_of_others(B, C, 20);
	knock(A, B, 445, 2);
	ike_unanswered(A, B, 3, 2);
	knock(A, B, 445, 4);
}
static void knocks_then_let_in(void)
{
	knocks_of_a_stranger();
	ike_up(A, B);
	esp(10, BOTH);
}

/* ---- negotiations ---- */

static void refused_with_another_offer(void)
{
	v2_init(ike, 0x77, (struct choice){ 12, 256, 12, 5, 19, 0 });
	ike_send(C, B, 0);
	v2_answer(ike, 0x77, (struct choice){ 12, 256, 12, 5, 19, 0 }, false);
	ike_send(B, C, 0.02);
	seconds(3);
	ike_refused(A, B, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN);
	seconds(10);
	story_keepalive(script, &(struct address){ { 1 } }, &(struct address){ { 2 } }, 9, 9);
}
static void refused_with_the_same_offer(void)
{
	ike_up(C, B);
	seconds(3);
	ike_refused(A, B, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN);
	seconds(10);
	esp_of_others(C, B, 1);
}
static void refused_for_its_version(void)
{
	ike_refused(A, B, IKEV2_NOTIFY_INVALID_MAJOR_VERSION);
	seconds(10);
	esp_of_others(C, B, 1);
}
static void refused_for_its_group(void)
{
	for (unsigned i = 0; i < 3; i++) {
		ike_refused(A, B, IKEV2_NOTIFY_INVALID_KE_PAYLOAD);
		seconds(6);
	}
}
static void group_taken_up(void)
{
	ike_refused(A, B, IKEV2_NOTIFY_INVALID_KE_PAYLOAD);
	ike_up(A, B);
	esp(20, BOTH);
}
static void keys_differ(void)
{
	for (unsigned i = 0; i < 3; i++) {
		ike_auth_failed(A, B, false);
		seconds(10);
	}
}
static void certificates_fail(void)
{
	for (unsigned i = 0; i < 3; i++) {
		ike_auth_failed(A, B, true);
		seconds(10);
	}
}
static void certificates_work(void)
{
	ike_proof(A, B, GOOD, true, IKEV2_PAYLOAD_IDR, 1400);
	esp(20, BOTH);
}
static void keys_differ_in_main_mode(void)
{
	ike1_auth_failed(A, B, 1);
	seconds(10);
	esp_of_others(A, C, 1);
}
static void certificates_fail_in_main_mode(void)
{
	ike1_auth_failed(A, B, 3);
	seconds(10);
	esp_of_others(A, C, 1);
}
static void child_refused(void)
{
	ike_child_refused(A, B);
	seconds(10);
	esp_of_others(A, C, 1);
}
static void child_comes_late(void)
{
	ike_proof(A, B, GOOD, false, IKEV2_PAYLOAD_IDR, 240);
	seconds(14);
	esp(20, BOTH);
}
static void nobody_answers(void)
{
	ike_unanswered(A, B, 5, 3);
	seconds(5);
	esp_of_others(A, C, 1);
}
static void answers_late(void)
{
	uint64_t ispi = next_ispi += 2;

	v2_init(ike, ispi, GOOD);
	ike_send(A, B, 0);
	ike_send(A, B, 1);
	v2_answer(ike, ispi, GOOD, false);
	ike_send(B, A, 1);
	seconds(10);
	ike_up(A, B);
	esp(20, BOTH);
}

/* ---- algorithms ---- */

static void single_des(void)
{
	ike_proof(A, B, (struct choice){ 2, 0, 12, 5, 14, 0 }, false, IKEV2_PAYLOAD_IDR, 240);
	esp(5, BOTH);
}
static void sound_cipher(void)
{
	ike_up(A, B);
	esp(5, BOTH);
}
static void blocks(uint32_t step)
{
	ike_up(A, B);
	for (unsigned i = 0; i < 120; i++) {
		story_esp(script, &esp_out, 28 + step * (i % 12));
		story_esp(script, &esp_back, 60 + step * (i % 9));
		seconds(0.1);
	}
}
static void blocks_of_eight(void)
{
	blocks(8);
}
static void blocks_of_four(void)
{
	blocks(4);
}

/* ---- SPIs ---- */

static void lost_into_nothing(void)
{
	ike_up(A, B);
	esp(60, BOTH);
	/* B lives: it speaks with others, but what it used to answer it does not. */
	for (unsigned i = 0; i < 15; i++) {
		esp(2, OUT);
		esp_of_others(B, C, 0.5);
	}
}
static void nothing_to_answer(void)
{
	struct story_sa out = story_sa(A, B, 0xc0010001), back = story_sa(B, A, 0xc0020002);

	ike_up(A, B);
	traffic_between(A, B, &out, &back, 20, BOTH, 0, 0);
	/* Syslog: lengths that never had an answer. */
	for (unsigned i = 0; i < 120; i++) {
		story_esp(script, &out, 400 + 4 * (i % 7));
		seconds(0.5);
	}
}
static void receiver_notifies(void)
{
	ike_up(A, B);
	esp(20, BOTH);
	header(ike, 0x99, 0, 0x20, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, 0);
	v2_notify(ike, IKEV2_NOTIFY_INVALID_SPI, 4, 0xc0010001);
	ike_send(B, A, 0.1);
}
/* Traffic differs from SA to SA, so that the clock shows as what they go by. */
static void rekeyed_every(double interval, uint32_t octets)
{
	ike_up(A, B);
	for (unsigned i = 0; i < 9; i++) {
		for (double t = 0; t < interval; t += 1) {
			story_esp(script, &esp_out, octets / (1 + i % 3));
			story_esp(script, &esp_back, 120);
			seconds(1);
		}
		new_sas();
	}
}
static void rekeyed_every_two_minutes(void)
{
	rekeyed_every(120, 1000);
}
static void rekeyed_every_hour(void)
{
	rekeyed_every(3600, 120);
}

/* ---- a hub that restarts ---- */

static const char *const spokes[] = { "10.20.0.1", "10.20.0.2", "10.20.0.3", "10.20.0.4", "10.20.0.5", "10.20.0.6" };
enum { SPOKES = 6 };

static void hub(bool restarts, unsigned clear_after)
{
	struct story_sa out[SPOKES], back[SPOKES];

	for (unsigned round = 0; round < 1 + (unsigned)restarts; round++) {
		for (unsigned i = 0; i < SPOKES; i++) {
			if (round && i < clear_after)
				continue;
			ike_up(spokes[i], A);
			out[i] = story_sa(spokes[i], A, 0x10000 + 0x100 * round + i);
			back[i] = story_sa(A, spokes[i], 0x20000 + 0x100 * round + i);
			seconds(0.3);
		}
		for (unsigned t = 0; t < 60; t++) {
			for (unsigned i = 0; i < SPOKES; i++) {
				if (round && i < clear_after) {
					struct story_stream stream = story_stream(spokes[i], A, 6, 80);
					story_send(script, &stream, t & 1, 300);
					continue;
				}
				story_esp(script, &out[i], 120);
				story_esp(script, &back[i], 120);
			}
			seconds(1);
		}
		seconds(5);
	}
	esp_of_others(B, C, 30);
}
static void hub_restarts(void)
{
	hub(true, 0);
}
static void hub_restarts_and_one_is_clear(void)
{
	hub(true, 1);
}
static void hub_goes_on(void)
{
	hub(false, 0);
}
/* All spokes but one lose their SAs with the hub. */
static void hub_loses_all(void)
{
	struct story_sa out[SPOKES], back[SPOKES];

	for (unsigned i = 0; i < SPOKES; i++) {
		ike_up(spokes[i], A);
		out[i] = story_sa(spokes[i], A, 0x10000 + i);
		back[i] = story_sa(A, spokes[i], 0x20000 + i);
	}
	for (unsigned t = 0; t < 60; t++) {
		for (unsigned i = 0; i < SPOKES; i++) {
			struct story_stream stream = story_stream(spokes[i], A, 6, 80);
			if (t < 30) {
				story_esp(script, &out[i], 120);
				story_esp(script, &back[i], 120);
			} else {
				story_send(script, &stream, t & 1, 300);
			}
		}
		seconds(1);
	}
}

#endif
