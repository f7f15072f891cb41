/* SPDX-License-Identifier: Apache-2.0 */
/* What holds of every struct ike_message that was read, whatever the octets were: check_message() of fuzz targets. */
#ifndef ESPIAL_TESTS_FUZZ_IKE_DEMANDS_H
#define ESPIAL_TESTS_FUZZ_IKE_DEMANDS_H

#include "fuzz.h"

#include "dissectors/ike_message.h"
#include "dissectors/ike_names.h"
#include "dissectors/ike_vendor.h"

#include <string.h>

static inline void check_slice(struct ike_slice slice, uint32_t captured)
{
	DEMAND(slice.length == 0 || (uint32_t)slice.offset + slice.length <= captured);
}

static inline void check_attributes(const uint8_t *octets, struct ike_slice rest, bool formats, uint32_t captured)
{
	struct ike_attribute attribute;
	uint32_t before = rest.length;

	check_slice(rest, captured);
	while (ike_attribute_read(octets, &rest, formats, &attribute)) {
		check_slice(attribute.data, captured);
		DEMAND(rest.length + 4u <= before);
		before = rest.length;
	}
}

static inline void check_proposals(const struct ike_message *message, const uint8_t *octets, uint32_t captured)
{
	unsigned most = message->header.major == 1 ? IKEV1_TRANSFORMS_MAX : IKEV2_TRANSFORMS_MAX, sum = 0;

	DEMAND(message->proposal_count <= IKE_PROPOSALS_MAX && message->transform_count <= most);
	for (unsigned i = 0; i < message->proposal_count; i++) {
		const struct ike_proposal *proposal = &message->proposals[i];
		check_slice(proposal->spi, captured);
		DEMAND(proposal->payload < message->payload_count);
		DEMAND(proposal->first == sum);
		sum += proposal->count;
	}
	DEMAND(sum == message->transform_count);
	for (unsigned i = 0; message->header.major == 1 && i < sum; i++)
		check_attributes(octets, message->v1_transforms[i].attributes, true, captured);
	for (unsigned i = 0; message->header.major == 2 && i < sum; i++)
		DEMAND(message->v2_transforms[i].offset + 8u <= captured);
}

static inline void check_lists(const struct ike_message *message, const uint8_t *octets, uint32_t captured)
{
	struct ike_vendor vendor;

	DEMAND(message->payload_count <= IKE_PAYLOADS_MAX && message->notify_count <= IKE_NOTIFIES_MAX);
	DEMAND(message->delete_count <= IKE_DELETES_MAX && message->vendor_count <= IKE_VENDORS_MAX);
	DEMAND(message->certificate_count <= IKE_CERTIFICATES_MAX && message->certreq_count <= IKE_CERTREQS_MAX);
	DEMAND(message->identity_count <= IKE_IDENTITIES_MAX && message->nat_hash_count <= IKE_NAT_HASHES_MAX);
	DEMAND(message->selector_count <= IKE_SELECTORS_MAX);
	for (unsigned i = 0; i < message->payload_count; i++)
		DEMAND(message->payloads[i].length >= 4);
	for (unsigned i = 0; i < message->notify_count; i++) {
		check_slice(message->notifies[i].spi, captured);
		check_slice(message->notifies[i].data, captured);
	}
	for (unsigned i = 0; i < message->delete_count; i++) {
		const struct ike_delete *delete = &message->deletes[i];
		check_slice(delete->spis, captured);
		DEMAND(delete->spis.length == (uint32_t) delete->count * delete->spi_length);
	}
	for (unsigned i = 0; i < message->vendor_count; i++) {
		check_slice(message->vendors[i], captured);
		ike_vendor_identify(octets + message->vendors[i].offset, message->vendors[i].length, &vendor);
		DEMAND(vendor.text + vendor.text_length <= message->vendors[i].length);
	}
	for (unsigned i = 0; i < message->certificate_count; i++)
		check_slice(message->certificates[i].data, captured);
	for (unsigned i = 0; i < message->certreq_count; i++)
		check_slice(message->certreqs[i].data, captured);
	for (unsigned i = 0; i < message->identity_count; i++)
		check_slice(message->identities[i].data, captured);
	for (unsigned i = 0; i < message->nat_hash_count; i++)
		check_slice(message->nat_hashes[i].hash, captured);
	for (unsigned i = 0; i < message->selector_count; i++) {
		check_slice(message->selectors[i].start, captured);
		check_slice(message->selectors[i].end, captured);
	}
}

static inline void check_message(const struct ike_message *message, const uint8_t *octets, uint32_t captured,
				 uint32_t sent)
{
	DEMAND(message->state < IKE_STATE_COUNT && message->fault < IKE_FAULT_COUNT_OF);
	DEMAND((message->state == IKE_STATE_MALFORMED) == (message->fault != IKE_FAULT_NONE));
	DEMAND((message->fault_count > 0) == (message->fault != IKE_FAULT_NONE));
	DEMAND(message->state != IKE_STATE_TRUNCATED || captured < sent);
	DEMAND(message->fault_offset <= sent);
	check_proposals(message, octets, captured);
	check_lists(message, octets, captured);
	check_slice(message->ke, captured);
	check_slice(message->nonce, captured);
	check_slice(message->fragment, captured);
	check_slice(message->auth, captured);
	const struct ike_notify *cookie = ike_message_notify(message, IKEV2_NOTIFY_COOKIE);
	DEMAND(!cookie || cookie->type == IKEV2_NOTIFY_COOKIE);
	for (unsigned i = 0; i < message->proposal_count; i++) {
		const struct ikev2_transform *transform =
		    ike_message_transform(message, &message->proposals[i], IKEV2_TRANSFORM_KE);
		DEMAND(!transform || transform->type == IKEV2_TRANSFORM_KE);
	}
	DEMAND(ike_state_name(message->state)[0] != '?' && ike_fault_name(message->fault)[0] != '?');
	if (message->has_hash)
		check_slice(message->hash, captured);
	if (message->has_signature)
		check_slice(message->signature, captured);
	if (message->has_config)
		check_attributes(octets, message->config, message->header.major == 1, captured);
}

/* Reads the message twice, over different rubbish: what is said must come from the message. `message` is the result. */
static inline void check_reading(const uint8_t *octets, uint32_t captured, uint32_t sent, struct ike_message *message)
{
	static struct ike_message second;

	memset(message, 0x00, sizeof(*message));
	memset(&second, 0xff, sizeof(second));
	bool read = ike_message_read(octets, captured, sent, message);
	DEMAND(read == ike_message_read(octets, captured, sent, &second));
	DEMAND(read == (captured >= IKE_HEADER_SIZE));
	check_message(message, octets, captured, sent);
	check_message(&second, octets, captured, sent);
	DEMAND(message->state == second.state && message->fault == second.fault);
	DEMAND(message->overflow == second.overflow && message->protection == second.protection);
	DEMAND(message->payload_count == second.payload_count && message->notify_count == second.notify_count);
	DEMAND(message->transform_count == second.transform_count);
	DEMAND(message->payload_count == 0 ||
	       memcmp(message->payloads, second.payloads, message->payload_count * sizeof(message->payloads[0])) == 0);
}

#endif
