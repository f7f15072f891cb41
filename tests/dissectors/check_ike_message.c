/* SPDX-License-Identifier: Apache-2.0 */
/* The walk along an IKE message: header, chain, lengths that lie, cuts, bounds (RFC 7296 sections 3.1 and 3.2). */
#include "dissectors/ike_message.h"

#include "ike_build.h"
#include "../suite.h"

static struct ike_build build;
static struct ike_message message;

/* SA, KE, NONCE, two notifies, a vendor ID. */
static void build_init(void)
{
	ike_begin(&build, 0x20, IKEV2_EXCHANGE_IKE_SA_INIT, IKEV2_FLAG_INITIATOR);
	uint32_t sa = ike_open(&build, IKEV2_PAYLOAD_SA);
	uint32_t proposal = ike_open_proposal(&build, 0, 1, IKEV2_PROTOCOL_IKE, 0, 2);
	ike_put_v2_transform(&build, 3, IKEV2_TRANSFORM_ENCR, IKEV2_ENCR_AES_CBC, 128);
	ike_put_v2_transform(&build, 0, IKEV2_TRANSFORM_PRF, IKEV2_PRF_HMAC_SHA1, 0);
	ike_close(&build, proposal);
	ike_close(&build, sa);
	for (unsigned type = IKEV2_PAYLOAD_NONCE; type <= IKEV2_PAYLOAD_VENDOR; type++) {
		uint32_t start = ike_open(&build, type);
		ike_put(&build, 8, type == IKEV2_PAYLOAD_DELETE ? 0x0304000100000001 : 0x0000400600000001);
		ike_close(&build, start);
	}
	ike_end(&build);
}

START_TEST(whole)
{
	build_init();
	ck_assert(ike_read(&build, &message));
	ck_assert_int_eq(message.state, IKE_STATE_WHOLE);
	ck_assert(message.fault == IKE_FAULT_NONE && message.fault_count == 0 && message.trailing == 0);
	ck_assert_uint_eq(message.header.initiator_spi, 0x1122334455667788);
	ck_assert_uint_eq(message.header.message_id, 7);
	ck_assert(message.payload_count == 5 && message.unknown_count == 0 && message.protection == IKE_CLEAR);
	ck_assert(message.payloads[0].type == 33 && message.payloads[0].next == 40 && message.payloads[4].next == 0);
	ck_assert(message.notify_count == 1 && message.delete_count == 1 && message.vendor_count == 1);
	ck_assert(!message.overflow && !message.has_auth && !message.has_eap && !message.has_config);
	ck_assert(message.first_inner == 0 && message.hidden == 0 && message.selector_count == 0);
}
END_TEST

/* Cut at every octet: truncated, what stood before the cut is as in the whole message, nothing behind it is there. */
START_TEST(cut_anywhere)
{
	static struct ike_message all;

	build_init();
	ck_assert(ike_read(&build, &all));
	for (uint32_t captured = 0; captured < build.length; captured++) {
		ck_assert_int_eq(ike_read_cut(&build, captured, build.length, &message), captured >= IKE_HEADER_SIZE);
		ck_assert_msg(message.state == IKE_STATE_TRUNCATED, "%u: %s", captured, ike_fault_name(message.fault));
		ck_assert_uint_eq(message.fault_count, 0);
		ck_assert_uint_le(message.fault_offset, captured);
		unsigned complete = 0;
		for (unsigned i = 0; i < all.payload_count; i++)
			complete += all.payloads[i].offset + all.payloads[i].length <= captured;
		ck_assert_uint_ge(message.payload_count, complete);
		ck_assert_uint_le(message.payload_count, complete + 1);
		ck_assert_uint_eq(message.notify_count, complete >= 3);
		ck_assert_uint_eq(message.vendor_count, 0);
		unsigned transforms = captured < 28 + 24 ? 0 : captured < 28 + 32 ? 1 : 2;
		ck_assert_uint_eq(message.transform_count, transforms);
	}
	/* Sent as short as that: the header claims more, and the chain does not fit. */
	for (uint32_t sent = 0; sent < build.length; sent++) {
		ck_assert_int_eq(ike_read_cut(&build, sent, sent, &message), sent >= IKE_HEADER_SIZE);
		ck_assert_int_eq(message.state, IKE_STATE_MALFORMED);
		ck_assert_int_eq(message.fault, sent < IKE_HEADER_SIZE ? IKE_FAULT_HEADER : IKE_FAULT_LENGTH);
	}
}
END_TEST

START_TEST(header_lengths)
{
	build_init();
	for (uint32_t length = 0; length < IKE_HEADER_SIZE; length++) {
		ike_set(&build, 24, 4, length);
		ck_assert(ike_read(&build, &message));
		ck_assert(message.fault == IKE_FAULT_LENGTH && message.payload_count == 0);
		ck_assert_uint_eq(message.header.length, length);
	}
	static const uint32_t long_ones[] = { 1, 1000, 65535, 0x7fffffff, 0xffffff00 };
	for (unsigned i = 0; i < 5; i++) {
		ike_set(&build, 24, 4, long_ones[i] > 1000 ? long_ones[i] : build.length + long_ones[i]);
		ck_assert(ike_read(&build, &message));
		ck_assert(message.fault == IKE_FAULT_LENGTH && message.fault_offset == 24);
		ck_assert(message.payload_count == 5 && message.fault_count == 1);
	}
	ike_end(&build);
	ck_assert(ike_read_cut(&build, build.length + 9, build.length + 9, &message));
	ck_assert(message.state == IKE_STATE_WHOLE && message.trailing == 9);
	/* Inside the chain. */
	ike_set(&build, 24, 4, build.length - 1);
	ck_assert(ike_read(&build, &message));
	ck_assert(message.fault == IKE_FAULT_CHAIN && message.payload_count == 4 && message.trailing == 1);
}
END_TEST

START_TEST(versions)
{
	for (unsigned version = 0; version < 256; version++) {
		build_init();
		build.octets[17] = (uint8_t)version;
		ck_assert(ike_read(&build, &message));
		ck_assert_uint_eq(message.header.major, version >> 4);
		ck_assert_int_eq(message.fault == IKE_FAULT_VERSION, version >> 4 != 1 && version >> 4 != 2);
		ck_assert_int_eq(message.payload_count > 0, version >> 4 == 1 || version >> 4 == 2);
	}
}
END_TEST

/* A payload's length below its header, or beyond the message: the walk stops there, and what came before stays. */
START_TEST(payload_lengths)
{
	build_init();
	ck_assert(ike_read(&build, &message));
	uint32_t at = message.payloads[2].offset;
	uint32_t left = build.length - at;
	for (uint32_t length = 0; length < 0x10000; length += length < 200 ? 1 : 997) {
		ike_set(&build, at + 2, 2, length);
		ck_assert(ike_read(&build, &message));
		if (length < 4 || length > left) {
			ck_assert(message.fault == IKE_FAULT_CHAIN && message.fault_offset == at);
			ck_assert(message.fault_payload == IKEV2_PAYLOAD_NOTIFY && message.payload_count == 2);
		} else {
			ck_assert(message.payload_count >= 3);
		}
		ck_assert_uint_eq(message.nonce_count, 1);
	}
	/* Nothing promised, and octets left over; a payload promised, and none left. */
	build_init();
	build.octets[at] = 0;
	ck_assert(ike_read(&build, &message));
	ck_assert(message.fault == IKE_FAULT_CHAIN && message.payload_count == 3 && message.fault_payload == 0);
	build_init();
	build.octets[build.next] = IKEV2_PAYLOAD_NOTIFY;
	ck_assert(ike_read(&build, &message));
	ck_assert(message.fault == IKE_FAULT_CHAIN && message.payload_count == 5 && message.vendor_count == 1);
}
END_TEST

START_TEST(many_payloads)
{
	for (unsigned version = 0x10; version <= 0x20; version += 0x10) {
		ike_begin(&build, version, version == 0x10 ? 2 : 34, 0);
		for (unsigned i = 0; i < 10000; i++) {
			uint32_t start = ike_open(&build, 200);
			ike_close(&build, start);
			if (i == IKE_PAYLOADS_MAX - 1) {
				ike_end(&build);
				ck_assert(ike_read(&build, &message) && message.state == IKE_STATE_WHOLE);
				ck_assert(message.unknown_count == IKE_PAYLOADS_MAX);
			}
		}
		ike_end(&build);
		ck_assert(ike_read(&build, &message) && message.fault == IKE_FAULT_TOO_MANY);
		ck_assert(message.payload_count == IKE_PAYLOADS_MAX && message.fault_payload == 200);
		ck_assert_uint_eq(message.fault_offset, 28 + 4 * IKE_PAYLOADS_MAX);
	}
}
END_TEST

/* Longer than UDP carries: read as far as IKE_LENGTH_MAX, so that slices hold. */
START_TEST(longest)
{
	ike_begin(&build, 0x20, 34, 0);
	uint32_t first = ike_open(&build, IKEV2_PAYLOAD_NONCE);
	ike_put_data(&build, 60000);
	ike_close(&build, first);
	uint32_t second = ike_open(&build, IKEV2_PAYLOAD_VENDOR);
	ike_put_data(&build, IKE_LENGTH_MAX - build.length);
	ike_close(&build, second);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.state == IKE_STATE_WHOLE && message.vendor_count == 1);
	ck_assert_uint_eq(message.vendors[0].offset + message.vendors[0].length, IKE_LENGTH_MAX);
	ike_put_data(&build, 1);
	ike_close(&build, second);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.fault == IKE_FAULT_LENGTH && message.nonce_count == 1);
	ck_assert(message.vendor_count == 0 && message.fault_count == 2);
}
END_TEST

/* More faults than a small count holds are still one message. */
START_TEST(many_faults)
{
	ike_begin(&build, 0x20, 34, 0);
	uint32_t sa = ike_open(&build, IKEV2_PAYLOAD_SA);
	uint32_t proposal = ike_open_proposal(&build, 0, 1, 1, 0, 3);
	for (unsigned i = 0; i < 3; i++) {
		uint32_t transform = ike_open_part(&build, i < 2 ? 3 : 0);
		ike_put(&build, 3, 1);
		ike_close(&build, transform);
	}
	ike_close(&build, proposal);
	ike_close(&build, sa);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.fault == IKE_FAULT_BODY);
	ck_assert(message.fault_count == 3 && message.proposal_count == 1 && message.transform_count == 0);
	ck_assert_uint_eq(message.fault_offset, sa + 4 + 8 + 4 + 2);
}
END_TEST

START_TEST(attributes)
{
	static const uint8_t octets[] = { 9, 9, 0x80, 1, 0, 7, 0, 2, 0, 1, 5, 0x80, 3, 0 };
	struct ike_slice rest = { 2, 12 };
	struct ike_attribute attribute;

	ck_assert(ike_attribute_read(octets, &rest, true, &attribute));
	ck_assert(attribute.type == 1 && attribute.value == 7 && attribute.brief);
	ck_assert(attribute.data.offset == 4 && attribute.data.length == 2);
	ck_assert(ike_attribute_read(octets, &rest, true, &attribute));
	ck_assert(attribute.type == 2 && attribute.value == 5 && !attribute.brief && attribute.data.offset == 10);
	ck_assert(!ike_attribute_read(octets, &rest, true, &attribute));
	ck_assert(rest.length == 3 && rest.offset == 11);
	rest = (struct ike_slice){ 14, 0 };
	ck_assert(!ike_attribute_read(octets, &rest, true, &attribute));
	ck_assert_ptr_null(ike_slice_bytes(octets, rest));
	ck_assert_ptr_eq(ike_slice_bytes(octets, (struct ike_slice){ 3, 1 }), octets + 3);
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(ike_state_name(IKE_STATE_TRUNCATED), "truncated");
	ck_assert_str_eq(ike_state_name(IKE_STATE_COUNT), "?");
	ck_assert_str_eq(ike_fault_name(IKE_FAULT_TOO_MANY), "too-many");
	ck_assert_str_eq(ike_fault_name(IKE_FAULT_COUNT_OF), "?");
	ck_assert_uint_le(sizeof(struct ike_message), 16384);
}
END_TEST

SUITE_MAIN("ike_message", whole, cut_anywhere, header_lengths, versions, payload_lengths, many_payloads, longest,
	   many_faults, attributes, names)
