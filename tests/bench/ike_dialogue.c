/* SPDX-License-Identifier: Apache-2.0 */
/* See ike_dialogue.h. */
#include "ike_dialogue.h"

#include <string.h>

enum { HEADER = 28, KEY_OCTETS = 256, NONCE_OCTETS = 32, HASH_OCTETS = 20, VENDOR_OCTETS = 16 };
/* RFC 7296 section 3.2, RFC 2408 section 3.1 */
enum { V2_SA = 33, V2_KE = 34, V2_NONCE = 40, V2_NOTIFY = 41, V2_VENDOR = 43, V2_SK = 46 };
enum { V1_SA = 1, V1_KE = 4, V1_ID = 5, V1_HASH = 8, V1_NONCE = 10, V1_VENDOR = 13, V1_NAT_D = 20 };
enum { SA_INIT = 34, AUTH = 35, INFORMATIONAL = 37, MAIN_MODE = 2, QUICK_MODE = 32 };
enum { FROM_INITIATOR = 0x08, RESPONSE = 0x20, ENCRYPTED = 1 };

struct message {
	uint8_t *octets;
	uint32_t length;
	uint32_t next; /* where the type of the next payload goes */
	const uint8_t *noise;
};

static void put(struct message *message, unsigned octets, uint64_t value)
{
	while (octets-- > 0)
		message->octets[message->length++] = (uint8_t)(value >> 8 * octets);
}

static void put_noise(struct message *message, uint32_t octets)
{
	memcpy(message->octets + message->length, message->noise, octets);
	message->noise += octets;
	message->length += octets;
}

static uint32_t open_payload(struct message *message, uint8_t type)
{
	uint32_t start = message->length;

	message->octets[message->next] = type;
	message->next = start;
	put(message, 4, 0);
	return start;
}

static void close_part(struct message *message, uint32_t start)
{
	uint32_t length = message->length - start;

	message->octets[start + 2] = (uint8_t)(length >> 8);
	message->octets[start + 3] = (uint8_t)length;
}

/* A payload of `head` in so many octets and noise. */
static void payload(struct message *message, uint8_t type, unsigned head_octets, uint64_t head, uint32_t noise)
{
	uint32_t start = open_payload(message, type);

	put(message, head_octets, head);
	put_noise(message, noise);
	close_part(message, start);
}

static void transform(struct message *message, bool more, uint8_t type, uint16_t number, uint16_t bits)
{
	put(message, 4, (more ? UINT32_C(3) << 24 : 0) | (bits ? 12 : 8));
	put(message, 4, (uint32_t)type << 24 | number);
	if (bits)
		put(message, 4, UINT32_C(0x800e0000) | bits);
}

/* RFC 7296 section 3.3: AES-CBC with HMAC, and AES-GCM; an answer has the first choice of the first. */
static void proposals(struct message *message, bool answer)
{
	uint32_t start = open_payload(message, V2_SA), proposal = message->length;

	put(message, 8, (answer ? 0 : UINT64_C(2) << 56) | UINT64_C(0x01010000) | (answer ? 4 : 5));
	transform(message, true, 1, 12, 256);
	if (!answer)
		transform(message, true, 1, 12, 128);
	transform(message, true, 3, 12, 0);
	transform(message, true, 2, 5, 0);
	transform(message, false, 4, 14, 0);
	close_part(message, proposal);
	if (!answer) {
		proposal = message->length;
		put(message, 8, UINT64_C(0x02010004));
		transform(message, true, 1, 20, 256);
		transform(message, true, 2, 5, 0);
		transform(message, true, 4, 14, 0);
		transform(message, false, 4, 19, 0);
		close_part(message, proposal);
	}
	close_part(message, start);
}

/* Numbers, types of RFC 7296 section 3.10.1 and RFC 7383, RFC 7427. */
static void put_init(struct message *message, bool answer)
{
	proposals(message, answer);
	payload(message, V2_KE, 4, 14 << 16, KEY_OCTETS);
	payload(message, V2_NONCE, 0, 0, NONCE_OCTETS);
	payload(message, V2_NOTIFY, 4, 16388, HASH_OCTETS);
	payload(message, V2_NOTIFY, 4, 16389, HASH_OCTETS);
	payload(message, V2_NOTIFY, 4, 16430, 0);
	payload(message, V2_NOTIFY, 8, UINT64_C(16431) << 32 | 0x00020003, 0);
	if (!answer)
		payload(message, V2_VENDOR, 0, 0, VENDOR_OCTETS);
}

/* RFC 2409 appendix A: AES-CBC, SHA, pre-shared key, group 14, three hours; an answer has the first choice. */
static void put_main_offer(struct message *message, bool answer)
{
	unsigned count = answer ? 1 : 4;
	uint32_t start = open_payload(message, V1_SA);

	put(message, 8, UINT64_C(1) << 32 | 1); /* DOI, situation */
	uint32_t proposal = message->length;
	put(message, 8, UINT64_C(0x01010000) | count);
	for (unsigned i = 0; i < count; i++) {
		put(message, 4, (i + 1 < count ? UINT32_C(3) << 24 : 0) | 36);
		put(message, 4, (i + 1) << 24 | 1 << 16);
		put(message, 8, UINT64_C(0x80010007800e0000) | (i & 1 ? 128 : 256));
		put(message, 8, UINT64_C(0x8002000280030001) | (i & 2 ? UINT64_C(4) << 32 : 0));
		put(message, 8, UINT64_C(0x8004000e800b0001));
		put(message, 4, UINT32_C(0x800c2a30));
	}
	close_part(message, proposal);
	close_part(message, start);
	for (unsigned i = 0; i < (answer ? 2U : 4U); i++)
		payload(message, V1_VENDOR, 0, 0, VENDOR_OCTETS);
}

static void put_main_keys(struct message *message)
{
	payload(message, V1_KE, 0, 0, KEY_OCTETS);
	payload(message, V1_NONCE, 0, 0, NONCE_OCTETS);
	payload(message, V1_NAT_D, 0, 0, HASH_OCTETS);
	payload(message, V1_NAT_D, 0, 0, HASH_OCTETS);
}

static bool put_v2(struct message *message, unsigned step)
{
	static const uint16_t hidden[] = { [2] = 340, [3] = 196, [4] = 52, [5] = 52 };

	if (step >= 6)
		return false;
	if (step < 2)
		put_init(message, step == 1);
	else
		payload(message, V2_SK, 0, 0, hidden[step]);
	/* What is inside begins with an identity, in a liveness check there is nothing. */
	if (step >= 2)
		message->octets[HEADER] = step == 2 ? 35 : step == 3 ? 36 : 0;
	message->octets[17] = 0x20;
	message->octets[18] = step < 2 ? SA_INIT : step < 4 ? AUTH : INFORMATIONAL;
	message->octets[19] = step & 1 ? RESPONSE : FROM_INITIATOR;
	message->octets[23] = (uint8_t)(step / 2);
	return true;
}

static bool put_v1(struct message *message, unsigned step)
{
	static const uint16_t hidden[] = { [4] = 64, [5] = 64, [6] = 160, [7] = 160, [8] = 48 };

	if (step >= 9)
		return false;
	if (step < 2)
		put_main_offer(message, step == 1);
	else if (step < 4)
		put_main_keys(message);
	else
		put_noise(message, hidden[step]);
	if (step >= 4)
		message->octets[16] = step < 6 ? V1_ID : V1_HASH;
	message->octets[17] = 0x10;
	message->octets[18] = step < 6 ? MAIN_MODE : QUICK_MODE;
	message->octets[19] = step < 4 ? 0 : ENCRYPTED;
	if (step >= 6)
		message->octets[20] = 0x5a; /* message id, not 0 */
	return true;
}

uint32_t ike_dialogue_message(uint32_t id, unsigned step, const uint8_t *noise, uint8_t *out)
{
	struct message message = { .octets = out, .length = HEADER, .next = 16, .noise = noise };

	memset(out, 0, HEADER);
	if (!(id % 4 == 0 ? put_v1(&message, step) : put_v2(&message, step)))
		return 0;
	uint32_t length = message.length;
	message.length = 0;
	put(&message, 8, UINT64_C(0x8000000100000000) | id);
	put(&message, 8, step == 0 ? 0 : UINT64_C(0x4000000100000000) | id);
	message.length = 24;
	put(&message, 4, length);
	return length;
}
