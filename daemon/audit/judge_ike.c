/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge's reading of IKE messages: each is passed on to whoever wants to see it, joined where it is in pieces, read, and made
 * a part of its IKE SA's story; then the rules look. See judge.h.
 */
#include "judge.h"

#include "judge_state.h"
#include "rules.h"

static void tell_message(const struct judge *judge, const struct transition *transition, unsigned joined)
{
	struct record record = { .type = RECORD_IKE_MESSAGE, .time_ns = transition->time_ns };
	const struct transition_ike *ike = &transition->ike;

	if (!judge->settings.ike_messages)
		return;
	record.ike_message = (struct record_ike_message){
		.src = transition->direction ? transition->b : transition->a,
		.dst = transition->direction ? transition->a : transition->b,
		.src_port = ike->src_port,
		.dst_port = ike->dst_port,
		.encap = (enum packet_encap)ike->encap,
		.message = ike->message,
		.captured = ike->message ? ike->captured : 0,
		.length = ike->octets,
		.joined = joined,
	};
	record_write(&judge->sink, &record);
}

static bool read_message(struct judge *judge, const struct transition *transition)
{
	const struct transition_ike *ike = &transition->ike;

	judge->ike = (struct ike_event){ .kind = IKE_EVENT_NONE };
	return ike->message && ike_message_read(ike->message, ike->captured, ike->octets, judge->message);
}

/* The message that was read last goes into its story. */
static void note_message(struct judge *judge, const struct judged_pair *pair, const struct transition *transition,
			 uint32_t largest)
{
	const struct transition_ike *ike = &transition->ike;
	struct ike_arrival arrival = {
		.time_ns = transition->time_ns,
		.realm = transition->realm,
		.pair = pair->link.hash,
		.direction = transition->direction,
		.src = pair->address[transition->direction],
		.dst = pair->address[!transition->direction],
		.src_port = ike->src_port,
		.dst_port = ike->dst_port,
		.octets = ike->message,
		.captured = ike->captured,
		.length = ike->octets,
		.largest = largest,
	};

	/* The first fragment of an IP datagram tells of the rest. */
	if (ike->header.length > arrival.length && ike->header.length <= IKE_LENGTH_MAX)
		arrival.length = ike->header.length;
	judge->ike = ike_story_message(judge->stories, &arrival, judge->message);
	if (judge->ike.born)
		judge->counters.ike_sas++;
	rule_sensor_ike(judge);
}

/* A piece whose others did not come, or not in time: for what it is alone. That it came was noted then. */
static void go_on_alone(struct judge *judge, struct transition *piece)
{
	struct judged_pair *pair = judge_pair(judge, piece->realm, &piece->a, &piece->b);

	if (pair && read_message(judge, piece)) {
		note_message(judge, pair, piece, 0);
		move_ike(judge, pair);
		judge_ask_rules(judge, pair, piece);
	}
	transition_discard(piece);
}

/* The whole of what was in pieces. */
static void go_on_whole(struct judge *judge, struct judged_pair *pair, struct ike_pieces_joined *joined)
{
	struct transition *transition = &joined->transition;

	tell_message(judge, transition, joined->count);
	if (read_message(judge, transition))
		note_message(judge, pair, transition, joined->largest);
	judge_note(judge, pair, transition);
	judge_ask_rules(judge, pair, transition);
	transition_discard(transition);
}

void judge_ike(struct judge *judge, struct judged_pair *pair, struct transition *transition)
{
	struct ike_pieces_joined joined;
	struct transition piece;

	/* Before the rules speak: a message stands above the finding that it leads to. */
	tell_message(judge, transition, 0);
	if (!pair)
		return;
	bool read = read_message(judge, transition);
	while (read && ike_pieces_give_back(judge->pieces, transition, judge->message, &piece)) {
		go_on_alone(judge, &piece);
		read = read_message(judge, transition);
	}
	enum ike_pieces_result result =
	    read ? ike_pieces_take(judge->pieces, transition, judge->message, &joined) : IKE_PIECES_ALONE;
	if (result == IKE_PIECES_ALONE) {
		if (read)
			note_message(judge, pair, transition, 0);
		judge_note(judge, pair, transition);
		judge_ask_rules(judge, pair, transition);
		return;
	}
	/* The octets are the pieces' now. */
	transition->ike.message = NULL;
	if (result == IKE_PIECES_WHOLE) {
		go_on_whole(judge, pair, &joined);
	} else {
		judge_note(judge, pair, transition);
		judge_ask_rules(judge, pair, transition);
	}
}

void judge_ike_finish(struct judge *judge)
{
	struct transition piece;

	while (ike_pieces_give_back(judge->pieces, NULL, NULL, &piece))
		go_on_alone(judge, &piece);
}
