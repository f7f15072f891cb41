/* SPDX-License-Identifier: Apache-2.0 */
/* Each IKEv1 payload, whole, cut and lying (RFC 2408 section 3, RFC 2407, RFC 3947, Cisco's fragments, AuthIP). */
#include "dissectors/ikev1.h"

#include "ike_build.h"
#include "../suite.h"

static struct ike_build build;
static struct ike_message message;

static void begin(void)
{
	ike_begin(&build, 0x10, IKEV1_EXCHANGE_MAIN, 0);
}

/* An SA of one proposal for `protocol` with one transform of `count` attributes, each type << 16 | value, short form. */
static uint32_t put_sa(unsigned protocol, unsigned transforms, const uint32_t *attributes, unsigned count)
{
	uint32_t sa = ike_open(&build, IKEV1_PAYLOAD_SA);
	ike_put(&build, 4, 1);
	ike_put(&build, 4, 1);
	uint32_t proposal = ike_open_proposal(&build, 0, 1, protocol, 4, transforms);
	for (unsigned i = 0; i < transforms; i++) {
		uint32_t transform = ike_open_part(&build, i + 1 < transforms ? 3 : 0);
		ike_put(&build, 4, (i + 1) << 24 | 0x010000);
		for (unsigned j = 0; j < count; j++)
			ike_put(&build, 4, 0x80000000 | attributes[j]);
		ike_close(&build, transform);
	}
	ike_close(&build, proposal);
	ike_close(&build, sa);
	return sa;
}

START_TEST(phase1)
{
	static const uint32_t attributes[] = { 0x00010007, 0x000e0100, 0x00020004, 0x0003fde9, 0x0004000e, 0x00050001,
					       0x000d0009, 0x000b0001, 0x000c0e10, 0x000b0002, 0x000c1000 };
	begin();
	uint32_t sa = put_sa(IKEV1_PROTOCOL_ISAKMP, 2, attributes, 11);
	ike_end(&build);
	ck_assert(ike_read(&build, &message));
	ck_assert_int_eq(message.state, IKE_STATE_WHOLE);
	ck_assert(message.sa_count == 1 && message.doi == 1 && message.situation == 1);
	ck_assert(message.proposal_count == 1 && message.transform_count == 2);
	ck_assert(message.proposals[0].count == 2 && ike_is_slice(message.proposals[0].spi, sa + 20, 4));
	const struct ikev1_transform *second = &message.v1_transforms[1];
	ck_assert(second->number == 2 && second->id == 1 && !second->phase2 && !second->other);
	ck_assert(second->encryption == 7 && second->key_length == 256 && second->hash == 4 && second->auth == 65001);
	ck_assert(second->group == 14 && second->group_type == 1 && second->prf == 9);
	ck_assert(second->life_seconds == 3600 && second->life_kilobytes == 4096);
	ck_assert_uint_eq(second->attributes.length, 44);
	ck_assert_ptr_null(ike_message_transform(&message, &message.proposals[0], 1));
}
END_TEST

START_TEST(phase2)
{
	static const uint32_t attributes[] = { 0x00010002, 0x00021000, 0x0003000e, 0x0004f004,
					       0x00050005, 0x00060100, 0x000b0001, 0x00070009 };
	begin();
	put_sa(IKEV1_PROTOCOL_ESP, 1, attributes, 8);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.state == IKE_STATE_WHOLE);
	const struct ikev1_transform *transform = &message.v1_transforms[0];
	ck_assert(transform->phase2 && transform->other && transform->life_kilobytes == 4096);
	ck_assert(transform->life_seconds == 0 && transform->group == 14 && transform->encapsulation == 61444);
	ck_assert(transform->authentication == 5 && transform->key_length == 256 && transform->esn == 1);
}
END_TEST

/* The long form of a duration: of no octets, of four, of more than a number holds; then one that is longer than it is. */
START_TEST(long_attributes)
{
	static const struct {
		unsigned count;
		uint64_t octets;
		uint32_t seconds;
	} cases[] = { { 0, 0, 0 },           { 4, 0x00015180, 86400 },        { 3, 0x015180, 86400 },
		      { 8, 0x15180, 86400 }, { 5, 0x0100000000, UINT32_MAX }, { 4, 0xffffffff, UINT32_MAX } };

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned lie = 0; lie < 2; lie++) {
			begin();
			uint32_t sa = ike_open(&build, IKEV1_PAYLOAD_SA);
			ike_put(&build, 8, 0x0000000100000001);
			uint32_t proposal = ike_open_proposal(&build, 0, 1, 1, 0, 1);
			uint32_t transform = ike_open_part(&build, 0);
			ike_put(&build, 4, 0x01010000);
			ike_put(&build, 4, 0xc0000001); /* a type unknown: Microsoft's */
			ike_put(&build, 4, 0x000c0000 | (cases[i].count + lie));
			ike_put(&build, cases[i].count, cases[i].octets);
			ike_close(&build, transform);
			ike_close(&build, proposal);
			ike_close(&build, sa);
			ike_end(&build);
			ck_assert(ike_read(&build, &message));
			ck_assert_int_eq(message.state, lie ? IKE_STATE_MALFORMED : IKE_STATE_WHOLE);
			ck_assert_int_eq(message.fault, lie ? IKE_FAULT_BODY : IKE_FAULT_NONE);
			ck_assert(message.v1_transforms[0].other);
			ck_assert_uint_eq(message.v1_transforms[0].life_seconds, lie ? 0 : cases[i].seconds);
		}
	}
}
END_TEST

START_TEST(proposals_that_lie)
{
	static const uint32_t attribute[] = { 0x00010007 };
	static const struct {
		uint32_t offset;
		unsigned count, value, fault;
	} cases[] = {
		{ 12, 1, 2, IKE_FAULT_COUNT }, { 12, 1, 3, IKE_FAULT_COUNT },     { 14, 2, 0, IKE_FAULT_BODY },
		{ 14, 2, 3, IKE_FAULT_BODY },  { 14, 2, 0x4000, IKE_FAULT_BODY }, { 18, 1, 200, IKE_FAULT_BODY },
		{ 19, 1, 0, IKE_FAULT_COUNT }, { 19, 1, 1, IKE_FAULT_COUNT },     { 19, 1, 255, IKE_FAULT_COUNT },
		{ 24, 1, 0, IKE_FAULT_COUNT }, { 24, 1, 2, IKE_FAULT_COUNT },     { 26, 2, 2, IKE_FAULT_BODY },
		{ 26, 2, 6, IKE_FAULT_BODY },  { 26, 2, 0xffff, IKE_FAULT_BODY }, { 32, 2, 0x0001, IKE_FAULT_BODY },
		{ 36, 1, 1, IKE_FAULT_COUNT }, { 36, 1, 3, IKE_FAULT_COUNT },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		uint32_t sa = put_sa(1, 2, attribute, 1);
		ike_put_payload(&build, IKEV1_PAYLOAD_NONCE, 8, 1);
		ike_end(&build);
		ike_set(&build, sa + cases[i].offset, cases[i].count, cases[i].value);
		ck_assert(ike_read(&build, &message));
		ck_assert_msg(message.fault == cases[i].fault, "case %u: fault %u", i, message.fault);
		ck_assert_uint_eq(message.fault_payload, IKEV1_PAYLOAD_SA);
		ck_assert_uint_eq(message.nonce_count, 1);
	}
}
END_TEST

START_TEST(sa_edges)
{
	begin();
	uint32_t sa = ike_put_payload(&build, IKEV1_PAYLOAD_SA, 8, 0x0000000100000001);
	ike_expect_short(&build, &message, sa, 12);
	/* Another domain: only its number is understood. */
	begin();
	sa = ike_put_payload(&build, IKEV1_PAYLOAD_SA, 8, 0x00000002ffffffff);
	ike_put_payload(&build, IKEV1_PAYLOAD_SA, 8, 0x0000000100000001);
	ike_expect_short(&build, &message, sa + 12, 12);
	ck_assert(message.doi == 2 && message.situation == 0 && message.sa_count == 2 && message.proposal_count == 0);
	begin();
	put_sa(1, IKEV1_TRANSFORMS_MAX + 1, NULL, 0);
	ike_put_payload(&build, IKEV1_PAYLOAD_NONCE, 8, 1);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.overflow && message.state == IKE_STATE_WHOLE);
	ck_assert(message.transform_count == IKEV1_TRANSFORMS_MAX && message.nonce_count == 1);
	/* A transform may not have more attributes than ATTRIBUTES_MAX of ikev1.c. */
	uint32_t attributes[65];
	for (unsigned i = 0; i < 65; i++)
		attributes[i] = 0x00010001;
	begin();
	put_sa(1, 1, attributes, 64);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.state == IKE_STATE_WHOLE);
	begin();
	put_sa(1, 1, attributes, 65);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.fault == IKE_FAULT_BODY);
}
END_TEST

START_TEST(simple_payloads)
{
	begin();
	uint32_t ke = ike_put_payload(&build, IKEV1_PAYLOAD_KE, 8, 1);
	ike_expect_short(&build, &message, ke, 4);
	ck_assert(message.ke_group == 0 && ike_is_slice(message.ke, ke + 4, 8));
	begin();
	uint32_t identity = ike_put_payload(&build, IKEV1_PAYLOAD_ID, 8, 0x021101f461626364);
	ike_expect_short(&build, &message, identity, 8);
	ck_assert(message.identity_count == 1 && message.identities[0].type == IKE_ID_FQDN);
	ck_assert(message.identities[0].protocol == 17 && message.identities[0].port == 500);
	ck_assert(message.identities[0].payload == 5 && ike_is_slice(message.identities[0].data, identity + 8, 4));
	begin();
	uint32_t certificate = ike_put_payload(&build, IKEV1_PAYLOAD_CERT, 3, 0x043082);
	ike_expect_short(&build, &message, certificate, 5);
	ike_put_payload(&build, IKEV1_PAYLOAD_CERTREQ, 1, 4);
	ike_put_payload(&build, IKEV1_PAYLOAD_HASH, 4, 1);
	ike_put_payload(&build, IKEV1_PAYLOAD_SIGNATURE, 4, 1);
	ike_put_payload(&build, IKEV1_PAYLOAD_VENDOR, 8, 0x09002689dfd6b712);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.state == IKE_STATE_WHOLE);
	ck_assert(message.certificate_count == 1 && message.certreq_count == 1 && message.certreqs[0].data.length == 0);
	ck_assert(message.has_hash && message.hash.length == 4 && message.has_signature &&
		  message.signature.length == 4);
	ck_assert(message.vendor_count == 1 && message.vendors[0].length == 8);
}
END_TEST

START_TEST(notifies_and_deletes)
{
	begin();
	uint32_t notify = ike_open(&build, IKEV1_PAYLOAD_NOTIFY);
	ike_put(&build, 8, 0x000000010304000e);
	ike_put(&build, 6, 0x0102030405ff);
	ike_close(&build, notify);
	ike_expect_short(&build, &message, notify, 16);
	ck_assert(message.notify_count == 1 && message.notifies[0].type == IKEV1_NOTIFY_NO_PROPOSAL_CHOSEN);
	ck_assert(ike_is_slice(message.notifies[0].spi, notify + 12, 4) && message.notifies[0].protocol == 3);
	ck_assert(ike_is_slice(message.notifies[0].data, notify + 16, 2));
	/* AuthIP has flags where the size of the SPI stood, and no SPI. */
	build.octets[18] = IKEV1_EXCHANGE_AUTHIP_NOTIFY;
	ck_assert(ike_read(&build, &message) && message.notify_count == 1);
	ck_assert(message.notifies[0].spi.length == 0 && ike_is_slice(message.notifies[0].data, notify + 12, 6));

	begin();
	uint32_t delete = ike_open(&build, IKEV1_PAYLOAD_DELETE);
	ike_put(&build, 8, 0x0000000101100001);
	ike_put_data(&build, 16);
	ike_close(&build, delete);
	ike_expect_short(&build, &message, delete, 28);
	ck_assert(message.delete_count == 1 && message.deletes[0].spi_length == 16 && message.deletes[0].count == 1);
	ck_assert(ike_is_slice(message.deletes[0].spis, delete + 12, 16));
}
END_TEST

START_TEST(nat_hashes)
{
	static const struct {
		unsigned type, exchange;
		bool counts;
	} cases[] = { { 20, 2, true },   { 130, 2, true }, { 15, 2, true },  { 15, 4, true },  { 15, 1, true },
		      { 15, 32, false }, { 15, 5, false }, { 21, 2, false }, { 131, 2, false } };

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ike_begin(&build, 0x10, cases[i].exchange, 0);
		for (unsigned j = 0; j < 3; j++)
			ike_put_payload(&build, cases[i].type, 8, j);
		ike_end(&build);
		ck_assert(ike_read(&build, &message) && message.unknown_count == 0);
		ck_assert_uint_eq(message.nat_hash_count, cases[i].counts ? 3 : 0);
		for (unsigned j = 0; j < message.nat_hash_count; j++) {
			ck_assert_int_eq(message.nat_hashes[j].source, j > 0);
			ck_assert(ike_is_slice(message.nat_hashes[j].hash, 28 + 12 * j + 4, 8));
		}
	}
}
END_TEST

START_TEST(fragments)
{
	begin();
	uint32_t fragment = ike_put_payload(&build, IKEV1_PAYLOAD_FRAGMENT, 8, 0x1234020101020304);
	ike_expect_short(&build, &message, fragment, 8);
	ck_assert(message.protection == IKE_CLEAR_FRAGMENT && message.fragment_id == 0x1234);
	ck_assert(message.fragment_number == 2 && message.fragment_last && message.fragment_total == 0);
	ck_assert(ike_is_slice(message.fragment, fragment + 8, 4));
	ike_set(&build, fragment + 6, 2, 0x0300);
	ck_assert(ike_read(&build, &message) && message.fragment_number == 3 && !message.fragment_last);
	ike_set(&build, fragment + 6, 1, 0);
	ck_assert(ike_read(&build, &message) && message.fault == IKE_FAULT_BODY && message.protection == IKE_CLEAR);
}
END_TEST

START_TEST(configuration)
{
	begin();
	uint32_t config = ike_open(&build, IKEV1_PAYLOAD_ATTRIBUTES);
	ike_put(&build, 4, 0x0100beef);
	ike_put(&build, 4, 0xc0880000);
	ike_close(&build, config);
	ike_expect_short(&build, &message, config, 8);
	ck_assert(message.has_config && message.config_type == 1 && message.config_id == 0xbeef);
	struct ike_slice rest = message.config;
	struct ike_attribute attribute;
	ck_assert(ike_attribute_read(build.octets, &rest, true, &attribute));
	ck_assert(attribute.brief && attribute.type == IKE_CONFIG_ATTRIBUTE_XAUTH_TYPE);
	ike_put_payload(&build, IKEV1_PAYLOAD_ATTRIBUTES, 4, 0x02000001);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.config_id == 0xbeef);
}
END_TEST

START_TEST(encrypted)
{
	ike_begin(&build, 0x10, IKEV1_EXCHANGE_QUICK, IKEV1_FLAG_ENCRYPTION);
	build.octets[16] = IKEV1_PAYLOAD_HASH;
	ike_put_data(&build, 48);
	ike_end(&build);
	for (uint32_t captured = 28; captured <= build.length; captured++) {
		ck_assert(ike_read_cut(&build, captured, build.length, &message));
		ck_assert(message.state == IKE_STATE_WHOLE && message.protection == IKE_ENCRYPTED);
		ck_assert(message.first_inner == 8 && message.hidden == 48 && message.payload_count == 0);
	}
}
END_TEST

START_TEST(opaque_and_unknown)
{
	for (unsigned type = 1; type < 256; type++) {
		begin();
		ike_put_payload(&build, type, 8, type == IKEV1_PAYLOAD_FRAGMENT ? 0x0000010000000000 : 0);
		ike_end(&build);
		bool known = (type >= 1 && type <= 22 && type != 2 && type != 3) || (type >= 129 && type <= 135);
		ck_assert(ike_read(&build, &message) && message.payload_count == 1);
		ck_assert_msg(message.payloads[0].known == known, "type %u", type);
		ck_assert(!message.payloads[0].critical);
	}
}
END_TEST

SUITE_MAIN("ikev1", phase1, phase2, long_attributes, proposals_that_lie, sa_edges, simple_payloads,
	   notifies_and_deletes, nat_hashes, fragments, configuration, encrypted, opaque_and_unknown)
