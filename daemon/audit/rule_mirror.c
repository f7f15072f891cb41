/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the judge finds of the mirror that brings the traffic: mirror-one-way, mirror-doubled, capture-offload. Live and from
 * files alike: the workers tell, second by second, what the frames of an interface are like (TRANSITION_SEEN), and ESP and IKE
 * come with the pairs.
 *
 * mirror-one-way. A TCP side that acknowledges again and again, or a peer that goes from one IKE exchange to the next, has
 * somebody who answers. Where these answers are never seen, while hardly any conversation and no ESP or IKE at all is seen both
 * ways, the mirror copies one direction only; or the other direction takes another path, which the finding says too. Each leg of
 * a tap brings one direction, but both come together here: a conversation is seen both ways wherever its packets come in.
 */
#include "rules.h"

#include "track.h"

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)

enum {
	EXCHANGE_V1_MAIN = 2, /* RFC 2408 section 3.1 */
	PAYLOAD_V1_SA = 1,
	TALKERS_SLOT_S = 30,
	IKE_WITHIN_S = 60, /* an answer that is this late is none */
	DOUBLED_SHARE = 10,
	MTU_JUMBO = 9216,
	MTU_ETHERNET = 1500,
};

static struct judged_capture *capture_of(struct judge *judge, uint16_t interface)
{
	return &judge->sensor.captures[capture_place(interface)];
}

static const char *name_of(const struct judge *judge, uint16_t interface)
{
	const char *name = judge_interface(judge, interface);

	return name ? name : "the capture";
}

static struct mirror_minute *minute_of(struct judged_mirror *mirror, int64_t time_ns)
{
	int64_t number = time_ns / MINUTE;
	struct mirror_minute *minute = &mirror->minutes[number % MIRROR_MINUTES];

	if (minute->number != number)
		*minute = (struct mirror_minute){ .number = number };
	return minute;
}

/* ---- capture-offload ---- */

static void describe_merged(const struct judge *judge, uint16_t interface, const struct judged_capture *capture,
			    struct finding *finding)
{
	const struct judged_merged *merged = &capture->merged;
	const char *name = judge_interface(judge, interface);

	rule_sensor_begin(judge, interface, FINDING_CAPTURE_OFFLOAD, finding);
	finding->first_ns = merged->first_ns;
	finding->last_ns = merged->last_ns;
	finding->count = merged->count;
	if (!merged->over_jumbo)
		finding->grade = GRADE_LIKELY;
	finding_say(finding, "%s brings frames of up to %u octets, longer than ", name ? name : "The capture",
		    merged->longest);
	if (capture->last.mtu)
		finding_say(finding, "its MTU of %u allows: they were merged, and lengths are not those on the wire. ",
			    capture->last.mtu);
	else
		finding_say(finding, "any link carries: they were merged, and lengths are not those on the wire. ");
	if (name)
		finding_say(finding,
			    "On the sensor: ethtool -K %s gro off lro off; tso off gso off too if it sends there.",
			    name);
	else
		finding_say(finding, "Where it was captured: ethtool -K INTERFACE gro off lro off tso off gso off.");
	finding_note_integer(finding, "longest_frame", merged->longest);
	finding_note_integer(finding, "mtu", capture->last.mtu);
	finding_note_integer(finding, "frames", (int64_t)merged->count);
}

static void end_merged(struct judge *judge, uint16_t interface, struct judged_capture *capture, const char *cleared_by)
{
	struct finding finding;

	if (!capture->merged.alert.open)
		return;
	describe_merged(judge, interface, capture, &finding);
	finding.cleared_by = cleared_by;
	alert_clear(judge, &capture->merged.alert, &finding);
	capture->merged = (struct judged_merged){ 0 };
}

/* Frames of this second that are longer than the link carries, as far as that is known. */
static uint32_t too_long(const struct judged_capture *capture, const struct transition_seen *seen)
{
	if (capture->last.mtu > MTU_JUMBO)
		return 0;
	return capture->last.mtu && capture->last.mtu <= MTU_ETHERNET ? seen->over_ethernet : seen->over_jumbo;
}

static void note_merged(struct judge *judge, struct judged_capture *capture, const struct transition_seen *seen)
{
	struct judged_merged *merged = &capture->merged;
	uint32_t count = too_long(capture, seen);

	if (count == 0)
		return;
	if (judge->now_ns / MINUTE != merged->minute)
		merged->in_minute = 0;
	merged->minute = judge->now_ns / MINUTE;
	if (merged->count == 0)
		merged->first_ns = judge->now_ns;
	merged->in_minute += count;
	merged->count += count;
	merged->last_ns = judge->now_ns;
	merged->over_jumbo |= seen->over_jumbo > 0;
	if (seen->longest > merged->longest)
		merged->longest = seen->longest;
}

static void look_at_merged(struct judge *judge, uint16_t interface, struct judged_capture *capture)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	struct judged_merged *merged = &capture->merged;
	struct finding finding;

	if (merged->alert.open && judge->now_ns - merged->last_ns >= thresholds->merged_hold_ns)
		end_merged(judge, interface, capture, "no-more-merged");
	if (!thresholds->merged_frames || merged->count == 0 ||
	    (!merged->alert.open && merged->in_minute < thresholds->merged_frames))
		return;
	describe_merged(judge, interface, capture, &finding);
	rule_sensor_tell(judge, &merged->alert, &finding);
}

/* ---- mirror-one-way ---- */

static void count_esp(struct judge *judge, const struct judged_pair *pair, int by)
{
	const uint16_t *interface = pair->esp_sides_interface;

	for (unsigned d = 0; d < 2; d++) {
		struct judged_mirror *mirror = &capture_of(judge, interface[d])->mirror;
		if (d == 1 && interface[1] == interface[0])
			break;
		if (pair->esp_sides == ESP_SIDES_BOTH)
			mirror->esp_both += (uint32_t)by;
		else if (pair->esp_sides == ESP_SIDES_ALONE)
			mirror->esp_alone += (uint32_t)by;
	}
}

static void note_esp(struct judge *judge, struct judged_pair *pair)
{
	const struct judged_esp *esp = pair->esp;

	count_esp(judge, pair, -1);
	pair->esp_sides = ESP_SIDES_NONE;
	if (esp[0].running && esp[1].running) {
		pair->esp_sides = ESP_SIDES_BOTH;
		pair->esp_sides_interface[0] = esp[0].interface;
		pair->esp_sides_interface[1] = esp[1].interface;
	} else if (esp[0].running != esp[1].running && !esp[esp[0].running].first_ns) {
		pair->esp_sides = ESP_SIDES_ALONE;
		pair->esp_sides_interface[0] = pair->esp_sides_interface[1] = esp[!esp[0].running].interface;
	}
	count_esp(judge, pair, 1);
}

void rule_mirror_forget(struct judge *judge, struct judged_pair *pair)
{
	count_esp(judge, pair, -1);
	pair->esp_sides = ESP_SIDES_NONE;
}

/*
 * A side that is seen alone proves the other one by what it goes on to: with version 2 to the next request or answer, whose number
 * is one higher and which it may not send before; with version 1 to a third message of main mode, which is the first that has the
 * other's SPI and no proposal. Not where the other was seen since, at `other_ns`: what it goes on from is in view then, however long
 * ago that was.
 */
static bool proves_other(const struct judge *judge, struct judged_pair *pair, const struct ike_header *header,
			 int64_t other_ns)
{
	uint32_t next_id = header->major >= 2 ? header->message_id + 1 : 0;
	bool next = pair->ike_next_id && header->message_id == pair->ike_next_id && other_ns < pair->ike_next_ns;

	/* Since the first of them, if it comes again. */
	if (next_id != pair->ike_next_id)
		pair->ike_next_ns = judge->now_ns;
	pair->ike_next_id = next_id;
	if (!header->responder_spi)
		return false;
	if (header->major >= 2)
		return next;
	return header->exchange == EXCHANGE_V1_MAIN && header->next_payload != PAYLOAD_V1_SA &&
	       !(judge->ike.story && judge->ike.story->two_way);
}

static void note_ike(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	struct mirror_minute *minute = minute_of(&capture_of(judge, transition->interface)->mirror, judge->now_ns);
	int64_t other = pair->ike[!transition->direction].message_ns, last = pair->ike_sides_ns;
	bool answered = other && judge->now_ns - other < IKE_WITHIN_S * SECOND;
	bool proves = proves_other(judge, pair, &transition->ike.header, other);

	/* It was told from the other side that this one was not seen, and it comes after all. */
	if (answered && pair->ike_sides == IKE_SIDES_ONE && judge->now_ns - last < MIRROR_MINUTES * MINUTE)
		minute_of(&capture_of(judge, pair->ike_sides_interface)->mirror, judge->now_ns)->ike_one_way--;
	else if (pair->ike_sides != IKE_SIDES_NONE && judge->now_ns - last < MINUTE)
		return;
	if (!answered && !(proves && judge->now_ns > 0))
		return;
	pair->ike_sides = answered ? IKE_SIDES_BOTH : IKE_SIDES_ONE;
	pair->ike_sides_interface = transition->interface;
	pair->ike_sides_ns = judge->now_ns;
	if (answered)
		minute->ike_two_way++;
	else
		minute->ike_one_way++;
}

void rule_mirror_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition)
{
	if (transition->kind == TRANSITION_ESP_BEGAN || transition->kind == TRANSITION_ESP_QUIET)
		note_esp(judge, pair);
	else if (transition->kind == TRANSITION_IKE_MESSAGE)
		note_ike(judge, pair, transition);
}

static struct mirror_minute sum_of(const struct judged_mirror *mirror, int64_t now_ns)
{
	struct mirror_minute sum = { .number = now_ns / MINUTE };

	for (unsigned i = 0; i < MIRROR_MINUTES; i++) {
		const struct mirror_minute *minute = &mirror->minutes[i];
		if (minute->number <= sum.number - MIRROR_MINUTES)
			continue;
		sum.one_way += minute->one_way;
		sum.two_way += minute->two_way;
		sum.ike_one_way += minute->ike_one_way;
		sum.ike_two_way += minute->ike_two_way;
	}
	return sum;
}

/* Whether one direction is all that is seen. */
static bool looks_one_way(const struct judge *judge, const struct judged_mirror *mirror,
			  const struct mirror_minute *sum)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	int64_t one = (int64_t)sum->one_way + sum->ike_one_way;

	if (!thresholds->one_way || mirror->esp_both || sum->ike_two_way > 0)
		return false;
	/* A sensor of one tunnel has no more than that to see. */
	if (sum->ike_one_way > 0 && mirror->esp_alone && sum->two_way <= 0)
		return true;
	return one >= (int64_t)thresholds->one_way && (int64_t)sum->two_way * thresholds->one_way_share <= one;
}

/* Conversations of which one side was seen. */
static int64_t one_way_of(const struct mirror_minute *sum)
{
	return (int64_t)(sum->one_way > 0 ? sum->one_way : 0) + (sum->ike_one_way > 0 ? sum->ike_one_way : 0);
}

static void describe_one_way(const struct judge *judge, uint16_t interface, const struct judged_mirror *mirror,
			     const struct mirror_minute *sum, struct finding *finding)
{
	rule_sensor_begin(judge, interface, FINDING_MIRROR_ONE_WAY, finding);
	finding->grade = GRADE_LIKELY;
	finding->first_ns = mirror->one_way_since_ns;
	finding->last_ns = mirror->one_way_ns;
	finding->count = (uint64_t)one_way_of(sum);
	finding_note_integer(finding, "one_way", sum->one_way);
	finding_note_integer(finding, "two_way", sum->two_way);
	finding_note_integer(finding, "ike_one_way", sum->ike_one_way);
	finding_note_integer(finding, "esp_one_way", mirror->esp_alone);
}

static void end_one_way(struct judge *judge, uint16_t interface, const char *cleared_by)
{
	struct judged_mirror *mirror = &capture_of(judge, interface)->mirror;
	struct finding finding;

	if (mirror->one_way.open) {
		/* The window at the end holds little of it, or nothing. */
		describe_one_way(judge, interface, mirror, &mirror->one_way_most, &finding);
		finding.cleared_by = cleared_by;
		finding_say(&finding, "%s no longer shows one direction of the traffic only.",
			    name_of(judge, interface));
		alert_clear(judge, &mirror->one_way, &finding);
	}
	mirror->one_way_since_ns = 0;
}

static void look_one_way(struct judge *judge, uint16_t interface, bool at_end)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	struct judged_mirror *mirror = &capture_of(judge, interface)->mirror;
	struct mirror_minute sum = sum_of(mirror, judge->now_ns);
	struct finding finding;

	if (!looks_one_way(judge, mirror, &sum)) {
		bool both = mirror->esp_both || sum.ike_two_way > 0 || sum.two_way > 0;
		if (!mirror->one_way.open)
			mirror->one_way_since_ns = 0;
		else if (both || judge->now_ns - mirror->one_way_ns >= thresholds->mirror_hold_ns)
			end_one_way(judge, interface, both ? "both-directions" : "quiet");
		return;
	}
	if (!mirror->one_way_since_ns) {
		mirror->one_way_since_ns = judge->now_ns;
		mirror->one_way_most = sum;
	}
	mirror->one_way_ns = judge->now_ns;
	if (one_way_of(&sum) >= one_way_of(&mirror->one_way_most))
		mirror->one_way_most = sum;
	if (!at_end && !mirror->one_way.open &&
	    judge->now_ns - mirror->one_way_since_ns < thresholds->one_way_settle_ns)
		return;
	judge->sensor.one_way_ns = judge->now_ns;
	describe_one_way(judge, interface, mirror, &sum, &finding);
	finding_say(
	    &finding,
	    "%s shows one direction of the traffic only: of %lld conversations whose answers must exist none was "
	    "seen, and of %d both sides were; unless the answers take another path.",
	    name_of(judge, interface), (long long)sum.one_way + sum.ike_one_way, sum.two_way);
	rule_sensor_tell(judge, &mirror->one_way, &finding);
}

/* ---- mirror-doubled ---- */

void rule_mirror_doubled(struct judge *judge, const struct judged_pair *pair, const struct transition *transition)
{
	const struct transition_sequence *odd = &transition->sequence;
	struct judged_sensor *sensor = &judge->sensor;
	struct finding finding;

	/* Once for the sensor, not once for every SA that passes it. */
	if (sensor->doubled.open)
		return;
	sensor->doubled_first_ns = sensor->doubled_ns = judge->now_ns;
	sensor->doubled_count = odd->count;
	sensor->doubled_spi = odd->spi;
	sensor->doubled_interface = transition->interface;
	rule_sensor_begin(judge, transition->interface, FINDING_MIRROR_DOUBLED, &finding);
	finding.grade = GRADE_LIKELY;
	finding.count = odd->count;
	finding.ip_protocol = odd->protocol;
	finding.has_flow = finding.has_spi = true;
	finding.src = pair->address[transition->direction];
	finding.dst = pair->address[!transition->direction];
	finding.spi = odd->spi;
	finding_say(
	    &finding,
	    "The mirror brings packets twice: %u copies among %llu packets of SPI 0x%08x, each within milliseconds.",
	    odd->count, (unsigned long long)odd->packets, odd->spi);
	finding_note_integer(&finding, "sequence", odd->number);
	finding_note_integer(&finding, "highest_sequence", odd->high);
	rule_sensor_tell(judge, &sensor->doubled, &finding);
}

static void note_doubled(struct judge *judge, const struct transition_seen *seen)
{
	struct judged_sensor *sensor = &judge->sensor;
	struct finding finding;

	if (!sensor->doubled.open || seen->esp == 0)
		return;
	sensor->doubled_count += seen->doubled;
	if ((uint64_t)seen->doubled * DOUBLED_SHARE >= seen->esp)
		sensor->doubled_ns = judge->now_ns;
	if (judge->now_ns - sensor->doubled_ns < judge->settings.thresholds.mirror_hold_ns)
		return;
	rule_sensor_begin(judge, sensor->doubled_interface, FINDING_MIRROR_DOUBLED, &finding);
	finding.grade = GRADE_LIKELY;
	finding.first_ns = sensor->doubled_first_ns;
	finding.last_ns = sensor->doubled_ns;
	finding.count = sensor->doubled_count;
	finding.cleared_by = "no-more-copies";
	finding_say(&finding, "The mirror no longer brings packets twice; %llu cop%s came in all.",
		    (unsigned long long)sensor->doubled_count, sensor->doubled_count == 1 ? "y" : "ies");
	alert_clear(judge, &sensor->doubled, &finding);
}

/* ---- what the workers tell ---- */

static void note_talkers(struct capture_habit *habit, const struct transition *transition)
{
	int64_t slot = transition->time_ns / (TALKERS_SLOT_S * SECOND);

	if (slot != habit->talkers_slot) {
		habit->talkers[1] = habit->talkers[0];
		habit->talkers[0] = 0;
		habit->talkers_slot = slot;
	}
	habit->talkers[0] |= transition->seen.talkers;
}

void rule_mirror_seen(struct judge *judge, const struct transition *transition)
{
	struct judged_capture *capture = capture_of(judge, transition->interface);
	const struct transition_seen *seen = &transition->seen;
	struct mirror_minute *minute = minute_of(&capture->mirror, transition->time_ns);

	if (capture_place(transition->interface) >= judge->sensor.count)
		judge->sensor.count = capture_place(transition->interface) + 1u;
	minute->one_way += seen->one_way;
	minute->two_way += seen->two_way;
	note_talkers(&capture->habit, transition);
	note_merged(judge, capture, seen);
	note_doubled(judge, seen);
	/* Once all workers have told of this second: what they tell in which order must not matter. */
	if (judge->sensor.look_ns <= transition->time_ns) {
		judge->sensor.look_ns = transition->time_ns + 1;
		judge_wake_sensor(judge, SENSOR_SEEN, judge->sensor.look_ns);
	}
}

void rule_mirror_due(struct judge *judge)
{
	for (unsigned i = 0; i < judge->sensor.count; i++) {
		look_at_merged(judge, (uint16_t)i, capture_of(judge, (uint16_t)i));
		look_one_way(judge, (uint16_t)i, false);
	}
}

void rule_mirror_finish(struct judge *judge)
{
	for (unsigned i = 0; i < judge->sensor.count; i++) {
		look_at_merged(judge, (uint16_t)i, capture_of(judge, (uint16_t)i));
		look_one_way(judge, (uint16_t)i, true);
	}
}

void rule_mirror_end(struct judge *judge, uint16_t interface)
{
	static const char why[] = "not-captured-any-more";
	struct judged_capture *capture = capture_of(judge, interface);

	end_merged(judge, interface, capture, why);
	end_one_way(judge, interface, why);
}
