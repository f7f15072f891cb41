/* SPDX-License-Identifier: Apache-2.0 */
/* More scenes of check_diagnosis.c: SPIs and their sequence numbers, what ESP hides, and events for the record. */
#ifndef ESPIAL_TESTS_AUDIT_DIAGNOSIS_SPI_SCENES_H
#define ESPIAL_TESTS_AUDIT_DIAGNOSIS_SPI_SCENES_H

#include "scene.h"

/* ---- SPIs that are replaced or deleted ---- */

/* After a rekey, two-way on the new child, while A goes on with the old SPI for so long. */
static void goes_on_after_rekey(double lasts, unsigned inner, bool deleted, bool both)
{
	uint64_t ispi = ike_up(A, B);

	esp(60, BOTH);
	struct story_sa old_out = esp_out, old_back = esp_back;
	ike_child(A, B, ispi, 2, inner);
	new_sas();
	if (deleted) {
		seconds(0.1);
		ike_deleted(A, B, ispi, 3);
	}
	for (double t = 0; t < lasts + 60; t += 0.5) {
		esp(0.5, BOTH);
		if (t < lasts) {
			story_esp(script, &old_out, 420);
			if (both)
				story_esp(script, &old_back, 420);
		}
	}
}
static void goes_on_with_what_was_replaced(void)
{
	goes_on_after_rekey(60, IKEV2_PAYLOAD_NOTIFY, true, false);
}
static void goes_on_without_a_delete(void)
{
	goes_on_after_rekey(60, IKEV2_PAYLOAD_NOTIFY, false, false);
}
static void goes_on_within_the_grace(void)
{
	goes_on_after_rekey(8, IKEV2_PAYLOAD_NOTIFY, true, false);
}
/* The second was asked for beside the first, not in its place. */
static void goes_on_beside_a_second_child(void)
{
	goes_on_after_rekey(60, IKEV2_PAYLOAD_SA, false, false);
}
static void two_children_in_use(void)
{
	goes_on_after_rekey(60, IKEV2_PAYLOAD_NOTIFY, false, true);
}
/* B deletes the only child there is, and A does not care. */
static void goes_on_after_delete(double lasts)
{
	uint64_t ispi = ike_up(A, B);

	esp(60, BOTH);
	v2_secret(ike, ispi, IKEV2_EXCHANGE_INFORMATIONAL, 0, 0, IKEV2_PAYLOAD_DELETE, 80);
	ike_send(B, A, 0);
	v2_secret(ike, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST | V2_RESPONSE, 0, 0, 80);
	ike_send(A, B, 0.02);
	for (double t = 0; t < lasts; t += 0.5) {
		story_esp(script, &esp_out, 420);
		seconds(0.5);
	}
	esp_of_others(B, C, 60);
}
static void goes_on_with_what_was_deleted(void)
{
	goes_on_after_delete(60);
}
static void ends_with_the_delete(void)
{
	goes_on_after_delete(3);
}

/* ---- SPIs that are complained of ---- */

static void notice(unsigned type, unsigned count, uint64_t data)
{
	header(ike, 0x99, 0, 0x20, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, 0);
	v2_notify(ike, type, count, data);
	ike_send(B, A, 0.1);
}
static void receiver_notifies_and_is_not_heard(void)
{
	ike_up(A, B);
	esp(20, BOTH);
	for (unsigned i = 0; i < 40; i++) {
		story_esp(script, &esp_out, 420);
		if (i % 10 == 0)
			notice(IKEV2_NOTIFY_INVALID_SPI, 4, esp_out.spi);
		seconds(1);
	}
}
static void notice_of_another_kind(void)
{
	ike_up(A, B);
	esp(20, BOTH);
	notice(IKEV2_NOTIFY_INITIAL_CONTACT, 0, 0);
	esp(20, BOTH);
}
/* A single notice that anybody may have sent, and all goes on. */
static void forged_notice(void)
{
	ike_up(A, B);
	esp(20, BOTH);
	notice(IKEV2_NOTIFY_INVALID_SPI, 4, esp_out.spi);
	esp(120, BOTH);
}

/* ---- SPIs without an answer ---- */

/* So long in vain; then what is negotiated, if anything, by the side that lost its SA. */
static void in_vain_then(double lasts, bool negotiated)
{
	ike_up(A, B);
	esp(60, BOTH);
	for (double t = 0; t < lasts; t += 2) {
		esp(2, OUT);
		esp_of_others(B, C, 0.5);
	}
	if (negotiated) {
		ike_up(B, A);
		new_sas();
		esp(20, BOTH);
	} else {
		esp_of_others(B, C, 60);
	}
}
static void in_vain_then_negotiated(void)
{
	in_vain_then(14, true);
}
static void in_vain_then_given_up(void)
{
	in_vain_then(14, false);
}

/* ---- lifetimes ---- */

/* Even volumes, and intervals that go with the traffic. */
static void rekeyed_every_megabyte(void)
{
	ike_up(A, B);
	for (unsigned i = 0; i < 9; i++) {
		double gap = 0.05 + 0.05 * (i % 4);
		for (unsigned n = 0; n < 600; n++) {
			story_esp(script, &esp_out, 1400);
			if (n % 10 == 0)
				story_esp(script, &esp_back, 120 + 4 * (i % 3));
			seconds(gap);
		}
		new_sas();
	}
}
static void habit(unsigned times)
{
	ike_up(A, B);
	for (unsigned i = 0; i < times; i++) {
		for (unsigned t = 0; t < 30 * (1 + i % 3); t++) {
			story_esp(script, &esp_out, 200);
			story_esp(script, &esp_back, 120);
			seconds(1.0 / (1 + i % 3));
		}
		new_sas();
	}
}
static void goes_on_past_its_habit(void)
{
	habit(6);
	esp(200, BOTH);
}
static void rests_past_its_habit(void)
{
	habit(6);
	esp(5, BOTH);
	seconds(3600);
	new_sas();
	esp(20, BOTH);
}

/* ---- sequence numbers ---- */

static void copies(double gap, unsigned count, bool all)
{
	ike_up(A, B);
	for (unsigned i = 0; i < 200; i++) {
		struct story_sa before = esp_out;
		story_esp(script, &esp_out, 120);
		if (all) {
			seconds(0.001);
			story_esp(script, &before, 120);
		}
		story_esp(script, &esp_back, 184);
		seconds(0.1);
	}
	struct story_sa again = esp_out;
	again.sequence -= 100;
	seconds(gap);
	for (unsigned i = 0; i < count; i++)
		story_esp(script, &again, 120);
	esp(5, BOTH);
}
static void old_packets_come_again(void)
{
	copies(2, 20, false);
}
static void every_packet_comes_twice(void)
{
	copies(0, 0, true);
}
static void counts_again(uint32_t to)
{
	uint8_t noise[112];

	ike_up(A, B);
	esp(60, BOTH);
	esp_out.sequence = to;
	/* The octets are others than those of the first time. */
	for (unsigned i = 0; i < 60; i++) {
		for (unsigned k = 0; k < sizeof(noise); k++)
			noise[k] = (uint8_t)(i * 31 + k * 7 + 13);
		story_esp_with(script, &esp_out, noise, 120);
		story_esp(script, &esp_back, 184);
		seconds(0.5);
	}
}
static void counts_from_the_beginning(void)
{
	counts_again(0);
}
static void counts_on_from_far_ahead(void)
{
	counts_again(1000000);
}
static void numbers_run_out(void)
{
	ike_up(A, B);
	esp_out.sequence = 0xf0000010;
	esp(10, BOTH);
}
static void numbers_run_high(void)
{
	ike_up(A, B);
	esp_out.sequence = 0xe0000010;
	esp(10, BOTH);
}

/* ---- what ESP hides ---- */

/* NULL encryption, transport mode: a datagram, no pad, 12 octets of integrity value. */
static void null_esp(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint8_t behind[140] = { 0x9c, 0x40, 2, 2, 0, 126 };
		for (unsigned k = 8; k < 126; k++)
			behind[k] = (uint8_t)(k * 3 + i);
		behind[126] = 0;
		behind[127] = 17;
		for (unsigned k = 128; k < 140; k++)
			behind[k] = (uint8_t)(k * 167 + i * 59);
		story_esp_with(script, &esp_out, behind, 8 + sizeof(behind));
		story_esp(script, &esp_back, 184);
		seconds(0.2);
	}
}
static void readable(void)
{
	ike_up(A, B);
	null_esp(20);
}
static void authentication_alone(void)
{
	struct story_sa out = esp_out, back = esp_back;

	out.protocol = back.protocol = 51;
	for (unsigned i = 0; i < 40; i++) {
		story_esp(script, &out, 120);
		story_esp(script, &back, 184);
		seconds(0.5);
	}
}
static void authentication_around_esp(void)
{
	struct story_sa out = esp_out, back = esp_back;

	out.protocol = back.protocol = 51;
	out.spi += 0x100;
	back.spi += 0x100;
	for (unsigned i = 0; i < 40; i++) {
		story_ah_over_esp(script, &out, &esp_out, 120);
		story_ah_over_esp(script, &back, &esp_back, 184);
		seconds(0.5);
	}
}
static void esp_without_ike(void)
{
	esp(60, BOTH);
}

/* ---- for the record ---- */

static void records(void)
{
	options.lifecycle = true;
}
static void comes_and_goes(void)
{
	records();
	ike_up(A, B);
	esp(30, BOTH);
	later(400);
}
static void pauses(void)
{
	records();
	ike_up(A, B);
	esp(30, BOTH);
	later(200);
	esp(30, BOTH);
}
static void forged_from_one_side(void)
{
	records();
	esp(30, OUT);
}
static void replaced(void)
{
	records();
	ike_up(A, B);
	esp(30, BOTH);
	new_sas();
	esp(30, BOTH);
}
static void a_second_beside_it(void)
{
	records();
	ike_up(A, B);
	esp(30, BOTH);
	struct story_sa out = story_sa(A, B, 0xee000001), back = story_sa(B, A, 0xee000002);
	for (unsigned i = 0; i < 60; i++) {
		story_esp(script, &out, 120);
		story_esp(script, &back, 120);
		esp(0.5, BOTH);
	}
}
static void clear_and_secured_again(void)
{
	records();
	lost();
	ike_up(A, B);
	new_sas();
	esp(20, BOTH);
}
static void clear_and_silent(void)
{
	records();
	lost();
	later(400);
}

/* ---- the sensor ---- */

static void more_spis_than_fit(void)
{
	struct story_sa sa = esp_out;

	options.sas = 8;
	options.batch = 1;
	for (unsigned i = 0; i < 100; i++) {
		sa.spi++;
		story_esp(script, &sa, 100);
		seconds(0.25);
	}
}
static void as_many_spis_as_fit(void)
{
	struct story_sa sa = esp_out;

	options.sas = 128;
	options.batch = 1;
	for (unsigned i = 0; i < 100; i++) {
		sa.spi++;
		story_esp(script, &sa, 100);
		seconds(0.25);
	}
}

#endif
