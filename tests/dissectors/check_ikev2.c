/* SPDX-License-Identifier: Apache-2.0 */
/* Each IKEv2 payload, whole, cut and lying (RFC 7296 section 3, RFC 7383). */
#include "dissectors/ikev2.h"

#include "ike_build.h"
#include "../suite.h"

static struct ike_build build;
static struct ike_message message;

static void begin(void)
{
	ike_begin(&build, 0x20, IKEV2_EXCHANGE_IKE_SA_INIT, IKEV2_FLAG_INITIATOR);
}

static uint32_t put_sa(void)
{
	uint32_t sa = ike_open(&build, IKEV2_PAYLOAD_SA);
	uint32_t first = ike_open_proposal(&build, 2, 1, IKEV2_PROTOCOL_IKE, 8, 4);
	ike_put_v2_transform(&build, 3, IKEV2_TRANSFORM_ENCR, IKEV2_ENCR_AES_GCM_16, 256);
	ike_put_v2_transform(&build, 3, IKEV2_TRANSFORM_PRF, IKEV2_PRF_HMAC_SHA2_384, 0);
	ike_put_v2_transform(&build, 3, IKEV2_TRANSFORM_KE, IKE_GROUP_CURVE25519, 0);
	ike_put_v2_transform(&build, 0, IKEV2_TRANSFORM_ADDKE1, IKE_GROUP_ML_KEM_768, 0);
	ike_close(&build, first);
	uint32_t second = ike_open_proposal(&build, 0, 2, IKEV2_PROTOCOL_ESP, 0, 1);
	ike_put_v2_transform(&build, 0, IKEV2_TRANSFORM_ENCR, IKEV2_ENCR_3DES, 0);
	ike_close(&build, second);
	ike_close(&build, sa);
	return sa;
}

START_TEST(proposals)
{
	begin();
	uint32_t sa = put_sa();
	ike_end(&build);
	ck_assert(ike_read(&build, &message));
	ck_assert_int_eq(message.state, IKE_STATE_WHOLE);
	ck_assert_uint_eq(message.sa_count, 1);
	ck_assert_uint_eq(message.proposal_count, 2);
	ck_assert_uint_eq(message.transform_count, 5);
	const struct ike_proposal *first = &message.proposals[0], *second = &message.proposals[1];
	ck_assert(first->number == 1 && first->protocol == 1 && first->transforms_said == 4 && first->payload == 0);
	ck_assert(first->first == 0 && first->count == 4 && second->first == 4 && second->count == 1);
	ck_assert(ike_is_slice(first->spi, sa + 12, 8));
	ck_assert(second->number == 2 && second->protocol == IKEV2_PROTOCOL_ESP && second->spi.length == 0);
	const struct ikev2_transform *encr = ike_message_transform(&message, first, IKEV2_TRANSFORM_ENCR);
	ck_assert(encr && encr->id == IKEV2_ENCR_AES_GCM_16 && encr->key_length == 256 && !encr->other);
	ck_assert_uint_eq(encr->offset, sa + 20);
	const struct ikev2_transform *quantum = ike_message_transform(&message, first, IKEV2_TRANSFORM_ADDKE1);
	ck_assert(quantum && quantum->id == 36 && quantum->key_length == 0);
	ck_assert_ptr_null(ike_message_transform(&message, first, IKEV2_TRANSFORM_INTEG));
	ck_assert_ptr_null(ike_message_transform(&message, second, IKEV2_TRANSFORM_ADDKE1));
}
END_TEST

/* Each octet of the structure changed to lie: never more than is there, and a fault where the structure is hurt. */
START_TEST(proposals_that_lie)
{
	static const struct {
		uint32_t offset; /* from the SA payload's header */
		unsigned count, value, fault;
	} cases[] = {
		{ 4, 1, 0, IKE_FAULT_COUNT },     /* last proposal, and one follows */
		{ 4, 1, 3, IKE_FAULT_COUNT },     /* a transform where a proposal should be */
		{ 6, 2, 3, IKE_FAULT_BODY },      /* proposal shorter than its header */
		{ 6, 2, 7, IKE_FAULT_BODY },      /* ... than its fields */
		{ 6, 2, 0xffff, IKE_FAULT_BODY }, /* ... longer than the payload */
		{ 10, 1, 255, IKE_FAULT_BODY },   /* an SPI longer than the proposal */
		{ 11, 1, 3, IKE_FAULT_COUNT },    /* fewer transforms than there are */
		{ 11, 1, 5, IKE_FAULT_COUNT },    /* more */
		{ 11, 1, 255, IKE_FAULT_COUNT },
		{ 20, 1, 0, IKE_FAULT_COUNT },     /* last transform, and one follows */
		{ 20, 1, 2, IKE_FAULT_COUNT },     /* a proposal nested where a transform should be */
		{ 22, 2, 0, IKE_FAULT_BODY },      /* transform shorter than its header */
		{ 22, 2, 7, IKE_FAULT_BODY },      /* ... than its fields */
		{ 22, 2, 255, IKE_FAULT_BODY },    /* ... longer than its proposal */
		{ 28, 2, 0x000e, IKE_FAULT_BODY }, /* the long form of an attribute, with a length of 256 */
		{ 32, 1, 0, IKE_FAULT_COUNT },
		{ 56, 1, 2, IKE_FAULT_COUNT }, /* another proposal promised, and none follows */
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		uint32_t sa = put_sa();
		ike_put_payload(&build, IKEV2_PAYLOAD_NONCE, 8, 1);
		ike_end(&build);
		ike_set(&build, sa + cases[i].offset, cases[i].count, cases[i].value);
		ck_assert(ike_read(&build, &message));
		ck_assert_msg(message.state == IKE_STATE_MALFORMED, "case %u", i);
		ck_assert_msg(message.fault == cases[i].fault, "case %u: fault %u", i, message.fault);
		ck_assert_uint_eq(message.fault_payload, IKEV2_PAYLOAD_SA);
		/* The payload behind is read all the same. */
		ck_assert_uint_eq(message.nonce_count, 1);
	}
}
END_TEST

START_TEST(attributes)
{
	begin();
	uint32_t sa = ike_open(&build, IKEV2_PAYLOAD_SA);
	uint32_t proposal = ike_open_proposal(&build, 0, 1, 1, 0, 1);
	uint32_t transform = ike_open_part(&build, 0);
	ike_put(&build, 4, 0x01000000 | IKEV2_ENCR_AES_CBC);
	ike_put(&build, 8, 0x0012000401020304); /* another one, in the long form */
	ike_put(&build, 8, 0x000e0004000000c0); /* a key length in the long form */
	ike_close(&build, transform);
	ike_close(&build, proposal);
	ike_close(&build, sa);
	ike_end(&build);
	ck_assert(ike_read(&build, &message));
	ck_assert_int_eq(message.state, IKE_STATE_WHOLE);
	ck_assert_uint_eq(message.v2_transforms[0].key_length, 192);
	ck_assert(message.v2_transforms[0].other);
}
END_TEST

START_TEST(room)
{
	begin();
	uint32_t sa = ike_open(&build, IKEV2_PAYLOAD_SA);
	for (unsigned i = 0; i < IKE_PROPOSALS_MAX + 1; i++) {
		uint32_t proposal = ike_open_proposal(&build, i < IKE_PROPOSALS_MAX ? 2 : 0, i + 1, 1, 0, 1);
		ike_put_v2_transform(&build, 0, 1, 20, 128);
		ike_close(&build, proposal);
	}
	ike_close(&build, sa);
	ike_put_payload(&build, IKEV2_PAYLOAD_NONCE, 8, 1);
	ike_end(&build);
	ck_assert(ike_read(&build, &message));
	ck_assert(message.overflow && message.state == IKE_STATE_WHOLE);
	ck_assert_uint_eq(message.proposal_count, IKE_PROPOSALS_MAX);
	ck_assert_uint_eq(message.nonce_count, 1);

	begin();
	sa = ike_open(&build, IKEV2_PAYLOAD_SA);
	for (unsigned j = 0; j < 2; j++) {
		uint32_t proposal = ike_open_proposal(&build, j == 0 ? 2 : 0, 1, 1, 0, 129);
		for (unsigned i = 0; i < 129; i++)
			ike_put_v2_transform(&build, i < 128 ? 3 : 0, 4, i, 0);
		ike_close(&build, proposal);
	}
	ike_close(&build, sa);
	ike_end(&build);
	ck_assert(ike_read(&build, &message));
	ck_assert(message.overflow && message.state == IKE_STATE_WHOLE);
	ck_assert_uint_eq(message.transform_count, IKEV2_TRANSFORMS_MAX);
	ck_assert_uint_eq(message.proposals[1].count, IKEV2_TRANSFORMS_MAX - 129);
}
END_TEST

START_TEST(simple_payloads)
{
	begin();
	uint32_t ke = ike_put_payload(&build, IKEV2_PAYLOAD_KE, 8, 0x001f0000deadbeef);
	ike_expect_short(&build, &message, ke, 8);
	ck_assert(message.ke_group == 31 && ike_is_slice(message.ke, ke + 8, 4) && message.ke_count == 1);
	ike_put_payload(&build, IKEV2_PAYLOAD_KE, 6, 0x001300000001);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.ke_count == 2 && message.ke_group == 31);

	begin();
	uint32_t nonce = ike_put_payload(&build, IKEV2_PAYLOAD_NONCE, 8, 1);
	ike_expect_short(&build, &message, nonce, 4);
	ck_assert(ike_is_slice(message.nonce, nonce + 4, 8));

	begin();
	uint32_t initiator = ike_put_payload(&build, IKEV2_PAYLOAD_IDI, 8, 0x01000000c0000201);
	ike_expect_short(&build, &message, initiator, 8);
	ike_put_payload(&build, IKEV2_PAYLOAD_IDR, 5, 0x0200000061);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.identity_count == 2);
	ck_assert(message.identities[0].type == IKE_ID_IPV4_ADDR && message.identities[0].payload == 35);
	ck_assert(ike_is_slice(message.identities[0].data, initiator + 8, 4));
	ck_assert(message.identities[1].type == IKE_ID_FQDN && message.identities[1].payload == 36);

	begin();
	uint32_t auth = ike_put_payload(&build, IKEV2_PAYLOAD_AUTH, 8, 0x0e00000001020304);
	ike_expect_short(&build, &message, auth, 8);
	ike_put_payload(&build, IKEV2_PAYLOAD_AUTH, 4, 0x02000000);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.has_auth && message.auth_method == IKEV2_AUTH_SIGNATURE);
	ck_assert(ike_is_slice(message.auth, auth + 8, 4));

	begin();
	uint32_t vendor = ike_put_payload(&build, IKEV2_PAYLOAD_VENDOR, 4, 0x41424344);
	ike_expect_short(&build, &message, vendor, 4);
	ck_assert(message.vendor_count == 1 && ike_is_slice(message.vendors[0], vendor + 4, 4));

	begin();
	uint32_t certificate = ike_put_payload(&build, IKEV2_PAYLOAD_CERT, 3, 0x043082);
	ike_expect_short(&build, &message, certificate, 5);
	uint32_t request = ike_open(&build, IKEV2_PAYLOAD_CERTREQ);
	ike_put(&build, 1, 4);
	ike_put_data(&build, 40);
	ike_close(&build, request);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.certificate_count == 1 && message.certreq_count == 1);
	ck_assert(message.certificates[0].encoding == 4 &&
		  ike_is_slice(message.certificates[0].data, certificate + 5, 2));
	ck_assert(message.certreqs[0].payload == 1 && ike_is_slice(message.certreqs[0].data, request + 5, 40));
}
END_TEST

START_TEST(notifies_and_deletes)
{
	begin();
	uint32_t notify = ike_open(&build, IKEV2_PAYLOAD_NOTIFY);
	ike_put(&build, 4, 0x03040000 | IKEV2_NOTIFY_REKEY_SA);
	ike_put(&build, 4, 0xcafebabe);
	ike_put(&build, 2, 0x0102);
	ike_close(&build, notify);
	ike_expect_short(&build, &message, notify, 12);
	ck_assert(message.notify_count == 1 && message.notifies[0].protocol == 3);
	ck_assert(message.notifies[0].type == IKEV2_NOTIFY_REKEY_SA && message.notifies[0].payload == 0);
	ck_assert(ike_is_slice(message.notifies[0].spi, notify + 8, 4));
	ck_assert(ike_is_slice(message.notifies[0].data, notify + 12, 2));
	ck_assert_ptr_eq(ike_message_notify(&message, IKEV2_NOTIFY_REKEY_SA), &message.notifies[0]);
	ck_assert_ptr_null(ike_message_notify(&message, IKEV2_NOTIFY_COOKIE));

	begin();
	for (unsigned i = 0; i < 2; i++) {
		uint32_t hash = ike_open(&build, IKEV2_PAYLOAD_NOTIFY);
		ike_put(&build, 4, IKEV2_NOTIFY_NAT_DETECTION_SOURCE_IP + i);
		ike_put_data(&build, 20);
		ike_close(&build, hash);
	}
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.nat_hash_count == 2);
	ck_assert(message.nat_hashes[0].source && !message.nat_hashes[1].source);
	ck_assert(ike_is_slice(message.nat_hashes[1].hash, 28 + 28 + 8, 20));

	begin();
	uint32_t delete = ike_open(&build, IKEV2_PAYLOAD_DELETE);
	ike_put(&build, 4, 0x03040002);
	ike_put(&build, 8, 0x0102030405060708);
	ike_close(&build, delete);
	ike_expect_short(&build, &message, delete, 16);
	ck_assert(message.delete_count == 1 && message.deletes[0].protocol == 3 && message.deletes[0].count == 2);
	ck_assert(message.deletes[0].spi_length == 4 && ike_is_slice(message.deletes[0].spis, delete + 8, 8));
	ike_set(&build, delete + 6, 2, 0xffff);
	ck_assert(ike_read(&build, &message) && message.fault == IKE_FAULT_COUNT && message.delete_count == 0);

	begin();
	for (unsigned i = 0; i < IKE_NOTIFIES_MAX + 1; i++)
		ike_put_payload(&build, IKEV2_PAYLOAD_NOTIFY, 4, IKEV2_NOTIFY_NAT_DETECTION_SOURCE_IP);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.overflow && message.state == IKE_STATE_WHOLE);
	ck_assert(message.notify_count == IKE_NOTIFIES_MAX && message.nat_hash_count == IKE_NAT_HASHES_MAX);
	begin();
	for (unsigned i = 0; i < 35; i++)
		ike_put_payload(&build,
				i < 9    ? IKEV2_PAYLOAD_DELETE
				: i < 14 ? IKEV2_PAYLOAD_IDI
					 : IKEV2_PAYLOAD_CERT,
				4, 0);
	for (unsigned i = 0; i < 20; i++)
		ike_put_payload(&build, IKEV2_PAYLOAD_CERT, 4, 0);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.overflow && message.state == IKE_STATE_WHOLE);
	ck_assert(message.delete_count == IKE_DELETES_MAX && message.identity_count == IKE_IDENTITIES_MAX);
	ck_assert(message.certificate_count == IKE_CERTIFICATES_MAX);
	begin();
	for (unsigned i = 0; i < 33; i++)
		ike_put_payload(&build, IKEV2_PAYLOAD_CERTREQ, 4, 0);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.overflow && message.certreq_count == IKE_CERTREQS_MAX);
	begin();
	for (unsigned i = 0; i < 33; i++)
		ike_put_payload(&build, IKEV2_PAYLOAD_VENDOR, 4, 0);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.overflow && message.vendor_count == IKE_VENDORS_MAX);
}
END_TEST

START_TEST(selectors)
{
	begin();
	uint32_t ts = ike_open(&build, IKEV2_PAYLOAD_TSR);
	ike_put(&build, 4, 0x03000000);
	ike_put(&build, 8, 0x0706001001bb01bc);
	ike_put(&build, 8, 0xc0000200c00002ff);
	ike_put(&build, 8, 0x080000280000ffff);
	ike_put_data(&build, 32);
	ike_put(&build, 8, 0x0a00000861626364);
	ike_close(&build, ts);
	ike_expect_short(&build, &message, ts, build.length - ts);
	ck_assert_uint_eq(message.selector_count, 3);
	const struct ike_selector *first = &message.selectors[0];
	ck_assert(first->responder && first->type == 7 && first->protocol == 6);
	ck_assert(first->start_port == 443 && first->end_port == 444);
	ck_assert(ike_is_slice(first->start, ts + 16, 4) && ike_is_slice(first->end, ts + 20, 4));
	ck_assert(ike_is_slice(message.selectors[1].end, ts + 48, 16) && message.selectors[1].end_port == 0xffff);
	ck_assert(ike_is_slice(message.selectors[2].start, ts + 68, 4));
	ike_set(&build, ts + 4, 1, 2);
	ck_assert(ike_read(&build, &message) && message.fault == IKE_FAULT_COUNT);
	ike_set(&build, ts + 4, 1, 4);
	ck_assert(ike_read(&build, &message) && message.fault == IKE_FAULT_COUNT);
	ike_set(&build, ts + 4, 1, 3);
	ike_set(&build, ts + 10, 2, 7);
	ck_assert(ike_read(&build, &message) && message.fault == IKE_FAULT_BODY);
	ike_set(&build, ts + 10, 2, 0);
	ck_assert(ike_read(&build, &message) && message.fault == IKE_FAULT_BODY);
	ike_set(&build, ts + 10, 2, 20); /* four octets too many for addresses of version 4 */
	ck_assert(ike_read(&build, &message) && message.fault == IKE_FAULT_BODY);

	begin();
	ts = ike_open(&build, IKEV2_PAYLOAD_TSI);
	ike_put(&build, 4, 0x11000000);
	for (unsigned i = 0; i < 17; i++)
		ike_put(&build, 8, 0x0a00000861626364);
	ike_close(&build, ts);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.overflow && message.selector_count == IKE_SELECTORS_MAX);
	ck_assert(!message.selectors[0].responder);
}
END_TEST

START_TEST(configuration_and_eap)
{
	struct ike_attribute attribute;

	begin();
	uint32_t config = ike_open(&build, IKEV2_PAYLOAD_CP);
	ike_put(&build, 4, 0x01000000);
	ike_put(&build, 4, 0x00030000);
	ike_put(&build, 8, 0x8001000401020304);
	ike_close(&build, config);
	ike_expect_short(&build, &message, config, 8);
	ck_assert(message.has_config && message.config_type == IKE_CONFIG_REQUEST);
	struct ike_slice rest = message.config;
	ck_assert(ike_attribute_read(build.octets, &rest, false, &attribute));
	ck_assert(attribute.type == 3 && attribute.data.length == 0 && !attribute.brief);
	ck_assert(ike_attribute_read(build.octets, &rest, false, &attribute));
	ck_assert(attribute.type == 1 && attribute.value == 0x01020304 && !attribute.brief);
	ck_assert(!ike_attribute_read(build.octets, &rest, false, &attribute));
	ike_put_payload(&build, IKEV2_PAYLOAD_CP, 4, 0x02000000);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.config_type == IKE_CONFIG_REQUEST);

	begin();
	uint32_t eap = ike_put_payload(&build, IKEV2_PAYLOAD_EAP, 6, 0x01090006011a);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.state == IKE_STATE_WHOLE && message.has_eap);
	ck_assert(message.eap_code == EAP_CODE_REQUEST && message.eap_id == 9 && message.eap_type == 1);
	ike_expect_short(&build, &message, eap, 10);
	ike_set(&build, eap + 6, 2, 3);
	ck_assert(ike_read(&build, &message) && message.fault == IKE_FAULT_BODY && !message.has_eap);
	begin();
	ike_put_payload(&build, IKEV2_PAYLOAD_EAP, 4, 0x03070004);
	ike_put_payload(&build, IKEV2_PAYLOAD_EAP, 4, 0x04080004);
	ike_end(&build);
	ck_assert(ike_read(&build, &message) && message.eap_code == EAP_CODE_SUCCESS && message.eap_type == 0);
}
END_TEST

START_TEST(encrypted)
{
	begin();
	ike_put_payload(&build, IKEV2_PAYLOAD_NOTIFY, 4, IKEV2_NOTIFY_COOKIE);
	uint32_t sk = ike_open(&build, IKEV2_PAYLOAD_SK);
	build.octets[sk] = IKEV2_PAYLOAD_IDI;
	ike_put_data(&build, 100);
	ike_close(&build, sk);
	ike_end(&build);
	/* However much of what is encrypted was cut off, nothing readable is lost. */
	for (uint32_t captured = sk + 4; captured <= build.length; captured++) {
		ck_assert(ike_read_cut(&build, captured, build.length, &message));
		ck_assert_int_eq(message.state, IKE_STATE_WHOLE);
		ck_assert(message.protection == IKE_ENCRYPTED && message.first_inner == 35 && message.hidden == 100);
		ck_assert(message.payload_count == 2 && message.notify_count == 1);
	}
	ck_assert(ike_read_cut(&build, sk + 3, build.length, &message));
	ck_assert(message.state == IKE_STATE_TRUNCATED && message.protection == IKE_CLEAR);

	for (unsigned number = 0; number < 4; number++) {
		begin();
		sk = ike_open(&build, IKEV2_PAYLOAD_SKF);
		build.octets[sk] = number == 1 ? IKEV2_PAYLOAD_IDI : 0;
		ike_put(&build, 2, number);
		ike_put(&build, 2, 2);
		ike_put_data(&build, 30);
		ike_close(&build, sk);
		ike_end(&build);
		ck_assert(ike_read(&build, &message) && message.protection == IKE_ENCRYPTED_FRAGMENT);
		ck_assert(message.fragment_number == number && message.fragment_total == 2 && message.hidden == 30);
		ck_assert(message.first_inner == (number == 1 ? 35 : 0) && message.fragment_last == (number == 2));
		ck_assert((message.state == IKE_STATE_WHOLE) == (number == 1 || number == 2));
		ck_assert(ike_read_cut(&build, sk + 7, build.length, &message));
		ck_assert(message.state == IKE_STATE_TRUNCATED && message.fragment_total == 0);
	}
}
END_TEST

START_TEST(opaque_and_unknown)
{
	for (unsigned type = 1; type < 256; type++) {
		begin();
		uint32_t start = ike_put_payload(&build, type, 4, 0);
		build.octets[start + 1] = 0x80;
		ike_end(&build);
		ck_assert(ike_read(&build, &message) && message.payload_count == 1);
		ck_assert(message.payloads[0].type == type && message.payloads[0].critical);
		ck_assert(message.payloads[0].offset == 28 && message.payloads[0].length == 8);
		ck_assert_int_eq(message.payloads[0].known, type >= 33 && type <= 54);
		ck_assert_uint_eq(message.unknown_count, !message.payloads[0].known);
	}
}
END_TEST

SUITE_MAIN("ikev2", proposals, proposals_that_lie, attributes, room, simple_payloads, notifies_and_deletes, selectors,
	   configuration_and_eap, encrypted, opaque_and_unknown)
