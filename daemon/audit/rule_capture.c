/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the judge finds of the capture on an interface: capture-down, capture-silent, capture-drops. Once a second it is told how
 * each interface stands (TRANSITION_CAPTURE), and that is the only clock of this file: what the capture of a file has no such.
 *
 * When silence means something. Span sessions die without a word, and so do evenings. An interface for which somebody said how
 * long it may be silent is held to that. For all others the sensor goes by habit: it was busy nearly every second of its last ten
 * minutes, so its traffic did not fade away but broke off; it never paused for a quarter of that time since it is remembered; and
 * it either had many conversations, which do not all end in the same second, or is watched for a whole day, nights included. A
 * lab link with one transfer that ends is none of these.
 *
 * An engine that is started anew has no habits to go by, so it would take a dead mirror for a quiet one. The silence that was told
 * before goes on, under its number, until frames come (rule_capture_recall()).
 */
#include "rules.h"

#include <string.h>

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)
#define DAY (24 * 60 * MINUTE)

/* How alerts end. */
static const char up_again[] = "up-again", frames_again[] = "frames-again", no_more_drops[] = "no-more-drops",
		  not_captured[] = "not-captured-any-more";

static double seconds_of(int64_t ns)
{
	return (double)ns / (double)SECOND;
}

static const char *name_of(const struct judge *judge, uint16_t interface)
{
	const char *name = judge_interface(judge, interface);

	return name ? name : "The interface";
}

/* ---- capture-down ---- */

/* By enum transition_capture_state. */
static const struct {
	const char *reason, *why;
} downs[] = {
	[CAPTURE_MISSING] = { "missing", "there is no such interface" },
	[CAPTURE_OFF] = { "switched-off", "it is switched off" },
	[CAPTURE_NO_CARRIER] = { "no-carrier", "it has no carrier" },
	[CAPTURE_FAILED] = { "failed", "the capture failed" },
};

static void tell_down(struct judge *judge, uint16_t interface, struct judged_capture *capture)
{
	struct finding finding;

	rule_sensor_begin(judge, interface, FINDING_CAPTURE_DOWN, &finding);
	finding.first_ns = capture->down_time_ns;
	finding_say(&finding, "%s is not captured on: %s. Nothing of it is seen.", name_of(judge, interface),
		    downs[capture->last.state].why);
	finding_note_text(&finding, "reason", downs[capture->last.state].reason);
	finding_note_real(&finding, "unseen_seconds", seconds_of(capture->last.monotonic_ns - capture->down_ns));
	rule_sensor_tell(judge, &capture->down, &finding);
}

static void end_down(struct judge *judge, uint16_t interface, struct judged_capture *capture, const char *cleared_by)
{
	double unseen = seconds_of(capture->last.monotonic_ns - capture->down_ns);
	struct finding finding;

	capture->is_down = false;
	if (!capture->down.open)
		return;
	rule_sensor_begin(judge, interface, FINDING_CAPTURE_DOWN, &finding);
	finding.first_ns = capture->down_time_ns;
	finding.cleared_by = cleared_by;
	finding_say(&finding, "%s is %s after %.1f seconds in which nothing of it was seen.", name_of(judge, interface),
		    cleared_by == up_again ? "captured on again" : "no longer to be captured on", unseen);
	finding_note_text(&finding, "reason", downs[capture->down_state].reason);
	finding_note_real(&finding, "unseen_seconds", unseen);
	alert_clear(judge, &capture->down, &finding);
}

static void look_at_state(struct judge *judge, uint16_t interface, struct judged_capture *capture)
{
	int64_t now = capture->last.monotonic_ns;

	if (capture->last.state == CAPTURE_UP) {
		if (capture->is_down)
			end_down(judge, interface, capture, up_again);
		return;
	}
	if (!capture->is_down) {
		capture->is_down = true;
		capture->down_ns = now;
		capture->down_time_ns = judge->now_ns;
	}
	capture->down_state = capture->last.state;
	if (now - capture->down_ns >= judge->settings.thresholds.down_after_ns)
		tell_down(judge, interface, capture);
}

/* ---- capture-silent ---- */

static void note_pause(struct capture_habit *habit, int64_t now_ns)
{
	int64_t pause = now_ns - habit->last_ns, day = now_ns / DAY;

	for (; habit->day < day; habit->day++)
		habit->pause_ns[(habit->day + 1) % CAPTURE_DAYS] = 0;
	if (pause > habit->pause_ns[day % CAPTURE_DAYS])
		habit->pause_ns[day % CAPTURE_DAYS] = pause;
}

static void note_minute(struct capture_habit *habit, int64_t now_ns)
{
	int64_t minute = now_ns / MINUTE, passed = (now_ns - habit->last_ns + SECOND / 2) / SECOND;

	if (minute - habit->minute >= CAPTURE_MINUTES)
		memset(habit->minutes, 0, sizeof(habit->minutes));
	else
		for (int64_t next = habit->minute + 1; next <= minute; next++)
			habit->minutes[next % CAPTURE_MINUTES].seconds = habit->minutes[next % CAPTURE_MINUTES].busy =
			    0;
	habit->minute = minute;
	habit->minutes[minute % CAPTURE_MINUTES].seconds += (uint32_t)(passed < 3600 ? passed : 3600);
	habit->minutes[minute % CAPTURE_MINUTES].busy++;
}

static void note_frames(const struct judge *judge, struct judged_capture *capture)
{
	struct capture_habit *habit = &capture->habit;
	int64_t now = capture->last.monotonic_ns;

	if (habit->any) {
		note_pause(habit, now);
		note_minute(habit, now);
	} else {
		habit->any = true;
		habit->since_ns = now;
		habit->minute = now / MINUTE;
		habit->day = now / DAY;
	}
	habit->last_ns = now;
	habit->last_time_ns = judge->now_ns;
}

static int64_t longest_pause(const struct capture_habit *habit)
{
	int64_t longest = 0;

	for (unsigned i = 0; i < CAPTURE_DAYS; i++)
		if (habit->pause_ns[i] > longest)
			longest = habit->pause_ns[i];
	return longest;
}

static unsigned talkers_of(const struct capture_habit *habit)
{
	return (unsigned)__builtin_popcountll(habit->talkers[0] | habit->talkers[1]);
}

/* The silence from which on it means something; 0: none does. */
static int64_t silence_by_habit(const struct judge *judge, const struct capture_habit *habit)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	int64_t pauses = (int64_t)thresholds->silent_pauses * longest_pause(habit);
	unsigned seconds = 0, busy = 0;

	for (unsigned i = 0; i < CAPTURE_MINUTES; i++) {
		seconds += habit->minutes[i].seconds;
		busy += habit->minutes[i].busy;
	}
	bool steady = seconds >= (CAPTURE_MINUTES - 1) * 60 && busy * 100 >= seconds * thresholds->silent_busy;
	bool known = habit->last_ns - habit->since_ns >= thresholds->silent_watch_ns;
	if (!habit->any || !steady || (!known && talkers_of(habit) < thresholds->silent_talkers))
		return 0;
	return pauses > thresholds->silent_after_ns ? pauses : thresholds->silent_after_ns;
}

static void describe_silence(const struct judge *judge, uint16_t interface, const struct judged_capture *capture,
			     struct finding *finding)
{
	rule_sensor_begin(judge, interface, FINDING_CAPTURE_SILENT, finding);
	finding->first_ns = capture->habit.last_time_ns;
	if (capture->last.silent_after_ns <= 0)
		finding->grade = GRADE_LIKELY;
}

static void tell_silent(struct judge *judge, uint16_t interface, struct judged_capture *capture, int64_t limit_ns)
{
	const struct capture_habit *habit = &capture->habit;
	int64_t silence = capture->last.monotonic_ns - habit->last_ns;
	struct finding finding;

	describe_silence(judge, interface, capture, &finding);
	finding_say(&finding, "%s brought no frame for %.0f seconds", name_of(judge, interface), seconds_of(silence));
	if (capture->last.silent_after_ns > 0)
		finding_say(&finding, "; it is never to be silent for more than %.0f.", seconds_of(limit_ns));
	else
		finding_say(&finding,
			    ", after it was busy all the time with %u conversations or more, and never silent for more "
			    "than %.0f since it is remembered.",
			    talkers_of(habit), seconds_of(longest_pause(habit)));
	finding_note_real(&finding, "unseen_seconds", seconds_of(silence));
	finding_note_real(&finding, "silent_after", seconds_of(limit_ns));
	if (habit->any) {
		finding_note_real(&finding, "longest_pause", seconds_of(longest_pause(habit)));
		finding_note_integer(&finding, "conversations", talkers_of(habit));
		finding_note_real(&finding, "watched_seconds", seconds_of(habit->last_ns - habit->since_ns));
	}
	finding_note_integer(&finding, "frames", (int64_t)capture->last.received);
	/* What was not seen until now is known only now. */
	if (!capture->silent.open)
		capture->blind_ns += silence;
	rule_sensor_tell(judge, &capture->silent, &finding);
}

static void end_silent(struct judge *judge, uint16_t interface, struct judged_capture *capture, const char *cleared_by)
{
	double silence = seconds_of(capture->last.monotonic_ns - capture->habit.last_ns);
	struct finding finding;

	if (!capture->silent.open)
		return;
	describe_silence(judge, interface, capture, &finding);
	finding.cleared_by = cleared_by;
	if (cleared_by == frames_again)
		finding_say(&finding, "%s brings frames again, after %.1f seconds without any.",
			    name_of(judge, interface), silence);
	else
		finding_say(&finding, "%s: its silence of %.1f seconds is told no further.", name_of(judge, interface),
			    silence);
	finding_note_real(&finding, "unseen_seconds", silence);
	alert_clear(judge, &capture->silent, &finding);
}

static void look_at_frames(struct judge *judge, uint16_t interface, struct judged_capture *capture, uint64_t received)
{
	struct capture_habit *habit = &capture->habit;

	if (capture->last.state != CAPTURE_UP) {
		end_silent(judge, interface, capture, downs[capture->last.state].reason);
		/* When it is back, its silence begins anew. */
		habit->last_ns = capture->last.monotonic_ns;
		habit->last_time_ns = judge->now_ns;
		return;
	}
	if (received > 0) {
		end_silent(judge, interface, capture, frames_again);
		note_frames(judge, capture);
		return;
	}
	int64_t limit = capture->last.silent_after_ns;
	if (limit == 0)
		limit = silence_by_habit(judge, habit);
	if (limit > 0 && capture->last.monotonic_ns - habit->last_ns >= limit)
		tell_silent(judge, interface, capture, limit);
	else if (limit < 0)
		end_silent(judge, interface, capture, "policy-changed");
}

/* ---- capture-drops ---- */

static void describe_drops(const struct judge *judge, uint16_t interface, const struct judged_capture *capture,
			   struct finding *finding)
{
	const struct capture_loss *loss = &capture->loss;
	uint64_t lost = loss->dropped + loss->missed;

	rule_sensor_begin(judge, interface, FINDING_CAPTURE_DROPS, finding);
	finding->first_ns = loss->first_time_ns;
	finding->last_ns = loss->last_time_ns;
	finding->count = lost;
	finding_say(
	    finding,
	    "%s: %llu of %llu frames (%.2g %%) %s lost before they could be read: %llu since the ring was full, "
	    "%llu by the card.",
	    name_of(judge, interface), (unsigned long long)lost, (unsigned long long)loss->all,
	    loss->all ? 100.0 * (double)lost / (double)loss->all : 0, lost == 1 ? "was" : "were",
	    (unsigned long long)loss->dropped, (unsigned long long)loss->missed);
	finding_note_integer(finding, "dropped", (int64_t)loss->dropped);
	finding_note_integer(finding, "interface_dropped", (int64_t)loss->missed);
	finding_note_integer(finding, "frames", (int64_t)loss->all);
	finding_note_real(finding, "share", loss->all ? (double)lost / (double)loss->all : 0);
	finding_note_real(finding, "worst_share", loss->worst);
}

static void end_drops(struct judge *judge, uint16_t interface, struct judged_capture *capture, const char *cleared_by)
{
	struct finding finding;

	if (capture->drops.open) {
		describe_drops(judge, interface, capture, &finding);
		finding.cleared_by = cleared_by;
		alert_clear(judge, &capture->drops, &finding);
	}
	capture->loss = (struct capture_loss){ 0 };
}

/* Adds what a second brought, and sums up the last ten. */
static struct capture_second add_loss(struct judged_capture *capture, const struct capture_second *add)
{
	struct capture_second *seconds = capture->loss.seconds, sum = { .number = add->number };
	unsigned place = (unsigned)(add->number % CAPTURE_SECONDS);

	if (seconds[place].number != add->number)
		seconds[place] = (struct capture_second){ .number = add->number };
	seconds[place].all += add->all;
	seconds[place].dropped += add->dropped;
	seconds[place].missed += add->missed;
	for (unsigned i = 0; i < CAPTURE_SECONDS; i++) {
		if (seconds[i].number <= add->number - CAPTURE_SECONDS)
			continue;
		sum.all += seconds[i].all;
		sum.dropped += seconds[i].dropped;
		sum.missed += seconds[i].missed;
	}
	return sum;
}

static bool is_too_much(const struct judge *judge, const struct capture_second *sum)
{
	const struct judge_thresholds *thresholds = &judge->settings.thresholds;
	uint64_t lost = sum->dropped + sum->missed;

	return thresholds->drops && lost >= thresholds->drops_least && lost * 1000000 >= sum->all * thresholds->drops;
}

static void tell_drops(struct judge *judge, uint16_t interface, struct judged_capture *capture,
		       const struct capture_second *sum)
{
	struct capture_loss *loss = &capture->loss;
	double share = (double)(sum->dropped + sum->missed) / (double)sum->all;
	struct finding finding;

	if (!capture->drops.open) {
		loss->first_time_ns = judge->now_ns;
		loss->all = sum->all;
		loss->dropped = sum->dropped;
		loss->missed = sum->missed;
	}
	if (share > loss->worst)
		loss->worst = share;
	loss->last_time_ns = judge->now_ns;
	loss->over_ns = capture->last.monotonic_ns;
	judge->sensor.drops_ns = judge->now_ns;
	judge->sensor.drops_share = loss->worst;
	describe_drops(judge, interface, capture, &finding);
	rule_sensor_tell(judge, &capture->drops, &finding);
}

static void look_at_loss(struct judge *judge, uint16_t interface, struct judged_capture *capture,
			 const struct transition_capture *before)
{
	const struct transition_capture *now = &capture->last;
	struct capture_loss *loss = &capture->loss;
	struct capture_second add = { .number = now->monotonic_ns / SECOND,
				      .all = now->received - before->received + now->missed - before->missed,
				      .dropped = now->dropped - before->dropped,
				      .missed = now->missed - before->missed };
	struct capture_second sum = add_loss(capture, &add);

	if (capture->drops.open) {
		loss->all += add.all;
		loss->dropped += add.dropped;
		loss->missed += add.missed;
	}
	if (is_too_much(judge, &sum))
		tell_drops(judge, interface, capture, &sum);
	else if (capture->drops.open && now->monotonic_ns - loss->over_ns >= judge->settings.thresholds.drops_hold_ns)
		end_drops(judge, interface, capture, no_more_drops);
}

/* ---- once a second ---- */

static void end(struct judge *judge, uint16_t interface, struct judged_capture *capture)
{
	if (capture->is_down)
		end_down(judge, interface, capture, not_captured);
	end_silent(judge, interface, capture, not_captured);
	end_drops(judge, interface, capture, not_captured);
	rule_mirror_end(judge, interface);
	*capture = (struct judged_capture){ .mirror = capture->mirror };
}

void rule_capture_look(struct judge *judge, const struct transition *transition)
{
	uint16_t interface = capture_place(transition->interface);
	struct judged_capture *capture = &judge->sensor.captures[interface];
	const struct transition_capture *now = &transition->capture;
	struct transition_capture before = capture->live ? capture->last : *now;

	if (!capture->live) {
		/* A silence that was told already began before. */
		int64_t since = capture->silent.open ? capture->habit.last_time_ns : judge->now_ns;
		capture->live = true;
		capture->habit.last_ns = now->monotonic_ns - (judge->now_ns - since);
		capture->habit.last_time_ns = since;
	}
	capture->last = *now;
	if (now->state == CAPTURE_ENDED) {
		end(judge, interface, capture);
		return;
	}
	capture->watched_ns += now->monotonic_ns - before.monotonic_ns;
	if (now->state != CAPTURE_UP || capture->silent.open)
		capture->blind_ns += now->monotonic_ns - before.monotonic_ns;
	look_at_state(judge, interface, capture);
	look_at_frames(judge, interface, capture, now->received - before.received);
	look_at_loss(judge, interface, capture, &before);
	if (capture->down.open || capture->silent.open) {
		judge->sensor.blind_ns = judge->now_ns;
		judge->sensor.blind_interface = interface;
	}
}

struct alert *rule_capture_recall(struct judge *judge, const char *interface, int64_t since_ns)
{
	for (uint16_t i = 0; i < JUDGE_INTERFACES; i++) {
		struct judged_capture *capture = &judge->sensor.captures[i];
		const char *name = judge_interface(judge, i);
		if (!name || strcmp(name, interface) != 0)
			continue;
		if (!capture->live)
			capture->habit.last_time_ns = since_ns;
		return &capture->silent;
	}
	return NULL;
}
