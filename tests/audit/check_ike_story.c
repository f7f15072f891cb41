/* SPDX-License-Identifier: Apache-2.0 */
/* Stories of IKE SAs, by the events that messages make and the records that come of them. */
#include "../suite.h"
#include "ike_script.h"

#include "../../daemon/audit/ike_story.h"

#include <stdio.h>

/* A table of stories, fed with the messages that a script builds. */
struct tale {
	struct script *script;
	struct ike_stories *stories;
	struct ike_message *message;
	struct ike_event event; /* of the last message */
	uint8_t moved[2];       /* this end has another address: its last octet */
};

static struct tale tale_new(uint32_t capacity)
{
	struct ike_stories_settings settings = { .capacity = capacity };
	struct tale tale = {
		script_new(10), ike_stories_new(&settings), malloc(sizeof(struct ike_message)), { 0 }, { 0 }
	};

	ck_assert(tale.stories && tale.message);
	return tale;
}

static void tale_free(struct tale *tale)
{
	script_free(tale->script);
	ike_stories_free(tale->stories);
	free(tale->message);
}

/* Gives the message built last; only its first `captured` octets if not 0. */
static enum ike_event_kind hear_cut(struct tale *tale, int64_t milliseconds, unsigned direction, uint32_t captured)
{
	uint8_t addresses[2][4] = { { 10, 0, 0, 1 }, { 10, 0, 0, 2 } };
	struct script *script = tale->script;

	script->octets[26] = (uint8_t)(script->length >> 8);
	script->octets[27] = (uint8_t)script->length;
	script->now_ns += milliseconds * MS;
	for (unsigned end = 0; end < 2; end++)
		addresses[end][3] = tale->moved[end] ? tale->moved[end] : addresses[end][3];
	captured = captured ? captured : script->length;
	/* Memory of just that size, so that reading one octet too many is seen. */
	uint8_t *copy = malloc(captured);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, script->octets, captured);
	struct ike_arrival arrival = {
		.time_ns = script->now_ns,
		.pair = 1u + tale->moved[0] + tale->moved[1],
		.direction = (uint8_t)direction,
		.src = address_from_ipv4(addresses[direction]),
		.dst = address_from_ipv4(addresses[!direction]),
		.octets = copy,
		.captured = captured,
		.length = script->length,
	};
	tale->event = (struct ike_event){ .kind = IKE_EVENT_NONE };
	if (ike_message_read(copy, captured, script->length, tale->message))
		tale->event = ike_story_message(tale->stories, &arrival, tale->message);
	free(copy);
	return tale->event.kind;
}

static enum ike_event_kind hear(struct tale *tale, int64_t milliseconds, unsigned direction)
{
	return hear_cut(tale, milliseconds, direction, 0);
}

START_TEST(v2_whole)
{
	struct tale tale = tale_new(100);
	struct script *script = tale.script;
	v2_init(script, 7, GOOD);
	ck_assert_int_eq(hear(&tale, 0, 0), IKE_EVENT_OPENED);
	ck_assert(tale.event.born && tale.event.from_initiator);
	ck_assert_int_eq(hear(&tale, 10, 0), IKE_EVENT_NONE); /* a mirror's copy */
	ck_assert_int_eq(hear(&tale, 2000, 0), IKE_EVENT_REPEATED);
	ck_assert_uint_eq(tale.event.story->request[0].sends, 2);
	ck_assert_uint_eq(tale.event.story->request[0].gap_ds, 20);
	v2_answer(script, 7, GOOD, true);
	ck_assert_int_eq(hear(&tale, 10, 1), IKE_EVENT_ANSWERED);
	ck_assert(!tale.event.born && !tale.event.from_initiator);
	v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 900);
	ck_assert_int_eq(hear(&tale, 10, 0), IKE_EVENT_AUTH_SENT);
	v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_IDR, 800);
	ck_assert_int_eq(hear(&tale, 10, 1), IKE_EVENT_AUTH_ACCEPTED);
	ck_assert_int_eq(ike_story_auth(tale.event.story), IKE_AUTH_CERTIFICATE);
	ck_assert_int_eq(ike_story_outcome(tale.event.story), IKE_OUTCOME_ESTABLISHED);
	v2_secret(script, 7, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, 2, IKEV2_PAYLOAD_DELETE, 80);
	ck_assert_int_eq(hear(&tale, 10, 0), IKE_EVENT_PROGRESS);
	ck_assert_int_eq(tale.event.story->deleted_ns, script->now_ns);
	tale_free(&tale);
}
END_TEST

START_TEST(v2_fragments_count_once)
{
	struct tale tale = tale_new(100);
	struct script *script = tale.script;
	v2_init(script, 7, GOOD);
	hear(&tale, 0, 0);
	v2_answer(script, 7, GOOD, true);
	hear(&tale, 10, 1);
	for (unsigned round = 0; round < 2; round++)
		for (unsigned number = 1; number <= 2; number++) {
			header(script, 7, 8, 0x20, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1);
			uint32_t skf = payload(script, IKEV2_PAYLOAD_SKF);
			script->octets[skf] = number == 1 ? IKEV2_PAYLOAD_IDI : 0;
			put(script, 2, number);
			put(script, 2, 2);
			put_zeros(script, 500);
			ends(script, skf);
			enum ike_event_kind kind = hear(&tale, number == 1 ? 2000 : 1, 0);
			ck_assert_int_eq(kind, number == 2 ? IKE_EVENT_NONE
					       : round     ? IKE_EVENT_REPEATED
							   : IKE_EVENT_AUTH_SENT);
		}
	ck_assert_uint_eq(tale.event.story->auth_octets, 2 * script->length);
	ck_assert_uint_eq(tale.event.story->request[0].sends, 2);
	tale_free(&tale);
}
END_TEST

static enum ike_event_kind hear_fragment(struct tale *tale, bool answer, uint32_t id, unsigned number, unsigned inner)
{
	struct script *script = tale->script;

	header(script, 7, 8, 0x20, IKEV2_EXCHANGE_IKE_AUTH, answer ? V2_RESPONSE : V2_REQUEST, id);
	uint32_t skf = payload(script, IKEV2_PAYLOAD_SKF);
	script->octets[skf] = (uint8_t)(number == 1 ? inner : 0);
	put(script, 2, number);
	put(script, 2, 3);
	put_zeros(script, 500);
	ends(script, skf);
	return hear(tale, 5, answer);
}

/* RFC 7383 section 2.6: fragments come in any order, and only the first says what the message is. Behind IKE_INTERMEDIATE (RFC 9242)
 * the first proof is not message 1. */
START_TEST(v2_fragments_in_any_order)
{
	static const unsigned orders[][3] = { { 1, 2, 3 }, { 2, 1, 3 }, { 3, 2, 1 }, { 2, 3, 1 } };

	for (unsigned i = 0; i < 4; i++)
		for (uint32_t id = 1; id <= 2; id++) {
			struct tale tale = tale_new(100);
			v2_init(tale.script, 7, GOOD);
			hear(&tale, 0, 0);
			v2_answer(tale.script, 7, GOOD, true);
			hear(&tale, 10, 1);
			for (unsigned side = 0; side < 2 && id == 2; side++) {
				v2_secret(tale.script, 7, IKEV2_EXCHANGE_IKE_INTERMEDIATE,
					  side ? V2_RESPONSE : V2_REQUEST, 1, IKEV2_PAYLOAD_KE, 1200);
				ck_assert_int_eq(hear(&tale, 10, side), IKE_EVENT_PROGRESS);
			}
			for (unsigned n = 0; n < 3; n++)
				ck_assert_int_eq(hear_fragment(&tale, false, id, orders[i][n], IKEV2_PAYLOAD_IDI),
						 n ? IKE_EVENT_NONE : IKE_EVENT_AUTH_SENT);
			ck_assert_uint_eq(tale.event.story->auth_octets, 3 * tale.script->length);
			ck_assert_uint_eq(tale.event.story->request[0].first_inner, IKEV2_PAYLOAD_IDI);
			for (unsigned n = 0; n < 3; n++)
				ck_assert_int_eq(hear_fragment(&tale, true, id, orders[i][n], IKEV2_PAYLOAD_IDR),
						 orders[i][n] == 1 ? IKE_EVENT_AUTH_ACCEPTED : IKE_EVENT_NONE);
			ck_assert_int_eq(ike_story_outcome(tale.event.story), IKE_OUTCOME_ESTABLISHED);
			/* All of it once more, after a retransmission. */
			ck_assert_int_eq(hear_fragment(&tale, true, id, 1, IKEV2_PAYLOAD_IDR), IKE_EVENT_NONE);
			tale_free(&tale);
		}
}
END_TEST

START_TEST(v1_whole)
{
	struct tale tale = tale_new(100);
	struct script *script = tale.script;
	v1_sa(script, 7, 0, IKEV1_EXCHANGE_MAIN, 5, 2, 1, 2);
	ck_assert_int_eq(hear(&tale, 0, 1), IKE_EVENT_OPENED);
	v1_sa(script, 7, 8, IKEV1_EXCHANGE_MAIN, 5, 2, 1, 2);
	ck_assert_int_eq(hear(&tale, 10, 0), IKE_EVENT_ANSWERED);
	v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 108);
	ck_assert_int_eq(hear(&tale, 10, 1), IKE_EVENT_AUTH_SENT);
	ck_assert_int_eq(hear(&tale, 2000, 1), IKE_EVENT_REPEATED);
	v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 92);
	ck_assert_int_eq(hear(&tale, 10, 0), IKE_EVENT_AUTH_ACCEPTED);
	v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 5, IKEV1_PAYLOAD_HASH, 188);
	ck_assert_int_eq(hear(&tale, 10, 1), IKE_EVENT_PROGRESS);
	v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 5, IKEV1_PAYLOAD_HASH, 172);
	ck_assert_int_eq(hear(&tale, 10, 0), IKE_EVENT_CHILD_ACCEPTED);
	ck_assert_int_eq(ike_story_auth(tale.event.story), IKE_AUTH_PRE_SHARED_KEY);
	tale_free(&tale);
}
END_TEST

/* A NAT gives one end another address: who is who stays clear, and the IKE SA has moved once both sides spoke there. */
START_TEST(v1_behind_a_nat)
{
	for (unsigned end = 0; end < 2; end++) {
		struct tale tale = tale_new(100);
		struct script *script = tale.script;
		v1_sa(script, 7, 0, IKEV1_EXCHANGE_MAIN, 5, 2, 1, 2);
		hear(&tale, 0, 1);
		v1_sa(script, 7, 8, IKEV1_EXCHANGE_MAIN, 5, 2, 1, 2);
		hear(&tale, 10, 0);
		v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 108);
		hear(&tale, 10, 1);
		v1_secret(script, 7, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 92);
		ck_assert_int_eq(hear(&tale, 10, 0), IKE_EVENT_AUTH_ACCEPTED);
		tale.moved[end] = 77;
		v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 5, IKEV1_PAYLOAD_HASH, 188);
		ck_assert_int_eq(hear(&tale, 10, 1), IKE_EVENT_PROGRESS);
		ck_assert(tale.event.from_initiator);
		ck_assert_uint_eq(tale.event.moved_from, 0);
		v1_secret(script, 7, IKEV1_EXCHANGE_QUICK, 5, IKEV1_PAYLOAD_HASH, 172);
		ck_assert_int_eq(hear(&tale, 10, 0), IKE_EVENT_CHILD_ACCEPTED);
		ck_assert(!tale.event.from_initiator);
		ck_assert_uint_eq(tale.event.moved_from, 1);
		tale_free(&tale);
	}
}
END_TEST

/* From the middle, one side only: established where that is plain, and no events that need what was not seen. */
START_TEST(from_the_middle)
{
	struct tale tale = tale_new(100);
	struct script *script = tale.script;
	v2_secret(script, 7, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1, IKEV2_PAYLOAD_NOTIFY, 80);
	ck_assert_int_eq(hear(&tale, 0, 1), IKE_EVENT_PROGRESS);
	v2_secret(script, 8, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_RESPONSE, 4, IKEV2_PAYLOAD_NOTIFY, 80);
	ck_assert_int_eq(hear(&tale, 0, 1), IKE_EVENT_PROGRESS);
	ck_assert_int_ne(tale.event.story->established_ns, 0);
	v1_secret(script, 9, IKEV1_EXCHANGE_MAIN, 0, IKEV1_PAYLOAD_ID, 108);
	ck_assert_int_eq(hear(&tale, 0, 0), IKE_EVENT_PROGRESS);
	v1_secret(script, 9, IKEV1_EXCHANGE_INFORMATIONAL, 3, IKEV1_PAYLOAD_HASH, 92);
	ck_assert_int_eq(hear(&tale, 10, 1), IKE_EVENT_PROGRESS);
	/* The responder's proposal tells who is who. */
	v1_sa(script, 10, 11, IKEV1_EXCHANGE_MAIN, 7, 4, 1, 14);
	ck_assert_int_eq(hear(&tale, 0, 0), IKE_EVENT_ANSWERED);
	ck_assert_uint_eq(tale.event.story->responder.bytes[15], 1);
	tale_free(&tale);
}
END_TEST

/* A flood of initiator SPIs, twenty times what the table holds, does not cost the established story. */
START_TEST(flood_keeps_the_established)
{
	enum { CAPACITY = 512, FLOOD = 20 * CAPACITY };
	struct tale tale = tale_new(CAPACITY);
	struct script *script = tale.script;
	for (uint64_t ispi = 1; ispi < 20; ispi++) {
		v2_secret(script, ispi, IKEV2_EXCHANGE_INFORMATIONAL, V2_REQUEST, 9, 0, 80);
		hear(&tale, 10, 0);
	}
	for (uint64_t ispi = 1000; ispi < 1000 + FLOOD; ispi++) {
		v2_init(script, ispi, GOOD);
		ck_assert_int_eq(hear(&tale, 1, 0), IKE_EVENT_OPENED);
	}
	for (uint64_t ispi = 1; ispi < 20; ispi++)
		ck_assert_ptr_nonnull(ike_story_find(tale.stories, 0, ispi));
	ck_assert_uint_eq(ike_stories_evicted(tale.stories), FLOOD + 19 - CAPACITY);
	tale_free(&tale);
}
END_TEST

/* Every message, cut at every octet: no reading past the end, and a story with an outcome all the same. */
START_TEST(cut_anywhere)
{
	for (unsigned kind = 0; kind < 3; kind++)
		for (uint32_t captured = 1;; captured++) {
			struct tale tale = tale_new(10);
			if (kind == 0)
				v2_answer(tale.script, 7, GOOD, true);
			else if (kind == 1)
				v1_sa(tale.script, 7, 0, IKEV1_EXCHANGE_AGGRESSIVE, 7, 4, 1, 14);
			else
				v2_refusal(tale.script, 7, IKEV2_NOTIFY_INVALID_KE_PAYLOAD, 2, 14);
			bool whole = captured >= tale.script->length;
			hear_cut(&tale, 0, 1, captured);
			if (captured < IKE_HEADER_SIZE)
				ck_assert_ptr_null(tale.event.story);
			else
				ck_assert_int_lt(ike_story_outcome(tale.event.story), IKE_OUTCOME_COUNT);
			tale_free(&tale);
			if (whole)
				break;
		}
}
END_TEST

static void write_record(void *context, const struct record *record)
{
	char *line = context;
	const struct record_ike_sa *ike = &record->ike_sa;

	for (size_t i = 0; i < ike->offered_count; i++)
		strcat(strcat(line, ike->offered[i]), " ");
	strcat(line, "| ");
	for (size_t i = 0; i < ike->selected_count; i++)
		strcat(strcat(line, ike->selected[i]), " ");
	strcat(line, "| ");
	for (size_t i = 0; i < ike->notify_count; i++)
		strcat(strcat(line, ike->notifies[i]), " ");
	strcat(line, ike_outcome_name(ike->outcome));
}

START_TEST(records)
{
	struct tale tale = tale_new(10);
	char line[512] = "";
	struct record_sink sink = { write_record, line };
	v2_init(tale.script, 7, (struct choice){ 12, 128, 2, 2, 2, 36 });
	hear(&tale, 0, 0);
	v2_refusal(tale.script, 7, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN, 0, 0);
	hear(&tale, 10, 1);
	struct ike_walk *walk = ike_walk_new(tale.stories);
	ck_assert_ptr_nonnull(walk);
	while (!ike_walk_write(walk, tale.stories, 1, &sink))
		;
	ike_walk_free(walk);
	ck_assert_str_eq(line,
			 "AES_CBC_128 HMAC_SHA1_96 HMAC_SHA1 ML_KEM_768 MODP_1024 | | NO_PROPOSAL_CHOSEN refused");
	tale_free(&tale);
}
END_TEST

SUITE_MAIN("ike_story", v2_whole, v2_fragments_count_once, v2_fragments_in_any_order, v1_whole, v1_behind_a_nat,
	   from_the_middle, flood_keeps_the_established, cut_anywhere, records)
