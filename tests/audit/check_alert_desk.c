/* SPDX-License-Identifier: Apache-2.0 */
/* alert_desk.c and alert_group.c: maintenance, rates, groups, switches; and that nothing is lost by them. */
#include "../../daemon/audit/alert_desk.h"

#include "../suite.h"
#include "story.h"
#include "../../daemon/audit/rules.h"

#include <stdio.h>
#include <string.h>

enum { KEPT = 8192 };

/* What a sink hears. */
struct heard {
	struct finding finding[KEPT];
	unsigned count;
	char notices[2048];
};

static struct heard heard;
static struct config *config;
static struct judge *judge;
static struct alert_settings settings;

static void hear(void *context, const struct record *record)
{
	struct heard *all = context;

	ck_assert_int_eq(record->time_ns, judge->now_ns);
	if (record->type == RECORD_NOTICE) {
		size_t length = strlen(all->notices);
		snprintf(all->notices + length, sizeof(all->notices) - length, "%s\n", record->notice.text);
		return;
	}
	ck_assert_int_eq(record->type, RECORD_FINDING);
	ck_assert_uint_lt(all->count, KEPT);
	all->finding[all->count++] = record->finding;
}

static void begin(void)
{
	heard.count = 0;
	heard.notices[0] = '\0';
	config = story_policy(NULL);
	struct judge_settings judging = { .policy = story_policy_of(config),
					  .thresholds = judge_default_thresholds(),
					  .alerts = settings,
					  .pairs = 4096,
					  .sas = 64,
					  .ike = 64,
					  .learned = 16 };
	judge = judge_new(&judging, &(struct record_sink){ hear, &heard });
	ck_assert_ptr_nonnull(judge);
	judge->now_ns = STORY_EPOCH;
}

static void end(void)
{
	judge_free(judge);
	story_policy_free(config);
}

static void pass(int64_t ns)
{
	judge_advance(judge, judge->now_ns + ns);
}

/* ---- alerts about pairs of a hub, by number of the spoke ---- */

enum { SPOKES = 1100 };
static struct judged_pair pairs[SPOKES];
static struct alert alerts[SPOKES];
static int64_t since[SPOKES];

static bool long_names; /* the spokes' */

static struct judged_pair *spoke(unsigned number)
{
	struct judged_pair *pair = &pairs[number];

	if (long_names) {
		char text[64];

		snprintf(text, sizeof(text), "2001:db8:aaaa:bbbb:cccc:dddd:eeee:%x", 0x1000 + number);
		pair->address[0] = story_host(text);
		pair->address[1] = story_host("2001:db8:1111:2222:3333:4444:5555:6666");
		return pair;
	}
	pair->address[0] = story_host_number(number + 1);
	pair->address[1] = story_host("192.0.2.1");
	return pair;
}

/* Both ends of the pair speak IKE. */
static void speak(unsigned i)
{
	struct judged_pair *pair = spoke(i);

	pair->ike[0].message_ns = pair->ike[1].message_ns = judge->now_ns + 1;
	judge_host_speaks(judge, pair);
}

static void tell_as(unsigned number, enum finding_id id, enum finding_cause cause, enum finding_severity severity)
{
	struct finding finding;

	alert_begin(judge, spoke(number), id, &finding);
	finding.cause = cause;
	finding.severity = severity;
	if (!alerts[number].open)
		since[number] = judge->now_ns;
	finding.first_ns = since[number];
	finding.count = 3;
	finding.bytes = 300;
	finding_say(&finding, "Trouble of spoke %u.", number);
	finding_note_words(&finding, "which", "of several");
	alert_tell_pair(judge, &pairs[number], &alerts[number], &finding);
}

static void tell(unsigned number)
{
	tell_as(number, FINDING_CLEARTEXT_LEAK, CAUSE_SA_LOST, SEVERITY_HIGH);
}

static void clear(unsigned number)
{
	struct finding finding;

	alert_begin(judge, spoke(number), FINDING_CLEARTEXT_LEAK, &finding);
	finding.cause = alerts[number].cause;
	finding.severity = alerts[number].severity;
	finding.grade = alerts[number].grade;
	finding.count = 5;
	finding.bytes = 500;
	finding.cleared_by = "secured-again";
	finding_say(&finding, "Spoke %u is well.", number);
	alert_clear(judge, &alerts[number], &finding);
}

static void forget(unsigned number)
{
	struct finding finding;

	alert_begin(judge, spoke(number), FINDING_CLEARTEXT_LEAK, &finding);
	alert_forget(judge, &alerts[number], &finding);
}

static unsigned count_of(enum finding_state state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < heard.count; i++)
		count += heard.finding[i].state == state;
	return count;
}

static const struct finding *last(void)
{
	ck_assert_uint_gt(heard.count, 0);
	return &heard.finding[heard.count - 1];
}

static int64_t noted(const struct finding *finding, const char *key)
{
	for (size_t i = 0; i < finding->evidence_count; i++)
		if (strcmp(finding->evidence[i].key, key) == 0)
			return finding->evidence[i].integer;
	return -1;
}

/* Every open has at most one clear after it, nothing comes before the open or after the clear, and the counter agrees. */
static void is_consistent(void)
{
	unsigned open = 0;

	for (unsigned i = 0; i < heard.count; i++) {
		const struct finding *finding = &heard.finding[i];
		bool is_open = false;
		for (unsigned k = 0; k < i; k++)
			if (heard.finding[k].alert == finding->alert)
				is_open = heard.finding[k].state != FINDING_CLEAR;
		ck_assert_msg(is_open == (finding->state != FINDING_OPEN), "record %u: %s", i, finding->text);
		open += finding->state == FINDING_OPEN;
		open -= finding->state == FINDING_CLEAR;
		ck_assert(catalogue_allows(finding->id, finding->cause));
		ck_assert(finding->text[0] != '\0');
	}
	ck_assert_uint_eq(judge_counters(judge)->open, open);
	ck_assert_uint_eq(judge_counters(judge)->opened, count_of(FINDING_OPEN));
}

static void set_up(void)
{
	memset(&settings, 0, sizeof(settings));
	memset(pairs, 0, sizeof(pairs));
	memset(alerts, 0, sizeof(alerts));
}

/* ---- groups ---- */

START_TEST(a_thousand_pairs_are_one_alert)
{
	set_up();
	settings = alert_default_settings();
	begin();
	/* The hub is known to have many peers, so that the first does not go out alone. */
	for (unsigned i = 0; i < 8; i++)
		speak(i);
	for (unsigned i = 0; i < 1000; i++) {
		tell(i);
		pass(20 * STORY_MILLISECOND);
	}
	ck_assert_uint_eq(count_of(FINDING_OPEN), 1);
	ck_assert_uint_eq(count_of(FINDING_CLEAR), 0);
	ck_assert_uint_le(heard.count, 4);
	pass(61 * STORY_SECOND);
	const struct finding *group = last();
	ck_assert_int_eq(group->subject, SUBJECT_HOST);
	ck_assert(!group->has_pair);
	ck_assert_int_eq(group->id, FINDING_CLEARTEXT_LEAK);
	ck_assert_int_eq(group->cause, CAUSE_SA_LOST);
	ck_assert_int_eq(group->severity, SEVERITY_HIGH);
	ck_assert_int_eq(noted(group, "pairs"), 1000);
	ck_assert_uint_eq(group->count, 3000);
	ck_assert_ptr_nonnull(strstr(group->text, "1000 pairs of 192.0.2.1"));
	ck_assert_ptr_nonnull(strstr(group->text, "10.0.0.1, 10.0.0.2, "));
	ck_assert_ptr_nonnull(strstr(group->text, "and 992 more"));
	uint64_t number = group->alert;
	for (unsigned i = 0; i < 999; i++)
		clear(i);
	pass(11 * STORY_SECOND);
	ck_assert_uint_eq(count_of(FINDING_CLEAR), 0);
	clear(999);
	ck_assert_int_eq(last()->state, FINDING_CLEAR);
	ck_assert_uint_eq(last()->alert, number);
	ck_assert_str_eq(last()->cleared_by, "secured-again");
	ck_assert_uint_eq(last()->count, 5000);
	ck_assert_uint_eq(last()->bytes, 500000);
	is_consistent();
	end();
}
END_TEST

/* Of a host that nobody knew to be a hub: the first few go out at once, and are taken over. */
START_TEST(a_group_takes_over)
{
	set_up();
	settings = alert_default_settings();
	begin();
	for (unsigned i = 0; i < 20; i++) {
		tell(i);
		pass(STORY_SECOND);
	}
	ck_assert_uint_eq(count_of(FINDING_OPEN), 5);
	ck_assert_uint_eq(count_of(FINDING_CLEAR), 4);
	for (unsigned i = 0; i < heard.count; i++)
		if (heard.finding[i].state == FINDING_CLEAR)
			ck_assert_str_eq(heard.finding[i].cleared_by, "grouped");
	ck_assert_uint_eq(judge_counters(judge)->open, 1);
	is_consistent();
	end();
}
END_TEST

/* What is no group: too few, too far apart, of different kinds, of one pair, of hosts that have nothing in common. */
START_TEST(no_group)
{
	for (unsigned how = 0; how < 5; how++) {
		set_up();
		settings = alert_default_settings();
		begin();
		for (unsigned i = 0; i < (how ? 8 : 4); i++) {
			enum finding_id id = how == 2 && i & 1 ? FINDING_IKE_UNANSWERED : FINDING_CLEARTEXT_LEAK;
			if (how == 3)
				pairs[i].address[0] = story_host("10.9.9.9");
			struct finding finding;
			struct judged_pair *pair = spoke(how == 3 ? 0 : i);
			if (how == 4)
				pair->address[1] = story_host_number(5000 + i);
			alert_begin(judge, pair, id, &finding);
			finding.cause = id == FINDING_CLEARTEXT_LEAK ? CAUSE_SA_LOST : CAUSE_NONE;
			finding.first_ns += i;
			finding_say(&finding, "Trouble.");
			alert_tell_pair(judge, pair, &alerts[i], &finding);
			pass(how == 1 ? 20 * STORY_SECOND : STORY_SECOND);
		}
		for (unsigned i = 0; i < heard.count; i++)
			ck_assert_int_eq(heard.finding[i].subject, SUBJECT_PAIR);
		ck_assert_uint_eq(count_of(FINDING_OPEN), how == 2 ? 8 : how ? 8 : 4);
		is_consistent();
		end();
	}
}
END_TEST

/* The cause of most, the severity of the worst; told when it changes, and not for each member. */
START_TEST(a_group_sharpens)
{
	set_up();
	settings = alert_default_settings();
	begin();
	for (unsigned i = 0; i < 10; i++)
		tell_as(i, FINDING_CLEARTEXT_LEAK, CAUSE_UNKNOWN, SEVERITY_MEDIUM);
	unsigned before = heard.count;
	ck_assert_int_eq(last()->cause, CAUSE_UNKNOWN);
	pass(STORY_SECOND);
	for (unsigned i = 0; i < 10; i++)
		tell_as(i, FINDING_CLEARTEXT_LEAK, i < 8 ? CAUSE_SA_LOST : CAUSE_UNANSWERED,
			i == 3 ? SEVERITY_CRITICAL : SEVERITY_MEDIUM);
	ck_assert_uint_eq(heard.count, before);
	pass(10 * STORY_SECOND);
	ck_assert_uint_eq(heard.count, before + 1);
	ck_assert_int_eq(last()->state, FINDING_UPDATE);
	ck_assert_int_eq(last()->cause, CAUSE_SA_LOST);
	ck_assert_int_eq(last()->severity, SEVERITY_CRITICAL);
	/* Long after, a new member is told by itself. */
	pass(30 * STORY_MINUTE);
	tell(20);
	ck_assert_int_eq(last()->subject, SUBJECT_PAIR);
	is_consistent();
	end();
}
END_TEST

/* Who is well again is named no more while others are not; who joins takes the place; the end names all there is room for. */
START_TEST(a_group_names_who_is_in_it)
{
	set_up();
	settings = alert_default_settings();
	begin();
	for (unsigned i = 0; i < 10; i++)
		tell(i);
	pass(61 * STORY_SECOND);
	ck_assert_ptr_nonnull(strstr(last()->text, "10 pairs of 192.0.2.1 have the same trouble at once: 10.0.0.1, "));
	ck_assert_ptr_nonnull(strstr(last()->text, ", 10.0.0.8 and 2 more."));
	clear(0);
	clear(1);
	tell(10);
	tell_as(4, FINDING_CLEARTEXT_LEAK, CAUSE_SA_LOST, SEVERITY_CRITICAL);
	pass(11 * STORY_SECOND);
	ck_assert_msg(strstr(last()->text, "9 pairs of 192.0.2.1 have the same trouble at once: 10.0.0.11, 10.0.0.3, "),
		      "%s", last()->text);
	ck_assert_ptr_nonnull(strstr(last()->text, ", 10.0.0.8 and 2 more."));
	/* Only those are left that found no place. */
	for (unsigned i = 2; i < 8; i++)
		clear(i);
	clear(10);
	tell_as(8, FINDING_CLEARTEXT_LEAK, CAUSE_UNKNOWN, SEVERITY_LOW);
	tell_as(9, FINDING_CLEARTEXT_LEAK, CAUSE_UNKNOWN, SEVERITY_LOW);
	pass(11 * STORY_SECOND);
	ck_assert_str_eq(last()->text, "2 pairs of 192.0.2.1 have the same trouble at once.");
	clear(8);
	clear(9);
	ck_assert_int_eq(last()->state, FINDING_CLEAR);
	ck_assert_msg(
	    strstr(last()->text, "11 pairs of 192.0.2.1 have the same trouble at once: 10.0.0.11, 10.0.0.2, "), "%s",
	    last()->text);
	ck_assert_ptr_nonnull(strstr(last()->text, " and 3 more."));
	is_consistent();
	end();
}
END_TEST

/* A sentence that has no room for all names says how many more there are; no address is cut to another one. */
START_TEST(a_group_with_long_names)
{
	char names[FINDING_WORDS_SIZE], *rest = names, *name;
	struct address address;
	unsigned named = 0, more = 0;

	set_up();
	settings = alert_default_settings();
	long_names = true;
	begin();
	for (unsigned i = 0; i < 12; i++)
		tell(i);
	pass(61 * STORY_SECOND);
	long_names = false;
	/* The text of the evidence lay in the finding that this is a copy of; it was the first there. */
	snprintf(names, sizeof(names), "%s", last()->words);
	for (; (name = strsep(&rest, ",")); named++)
		ck_assert_msg(address_parse(name + (*name == ' '), &address), "'%s'", name);
	ck_assert_msg(strrchr(last()->text, 'd') && sscanf(strrchr(last()->text, 'a'), "and %u more.", &more) == 1,
		      "%s", last()->text);
	ck_assert_uint_eq(named + more, 12);
	end();
}
END_TEST

START_TEST(the_hourly_word_of_a_group)
{
	set_up();
	settings = alert_default_settings();
	begin();
	for (unsigned i = 0; i < 5; i++)
		tell(i);
	unsigned before = heard.count;
	for (unsigned i = 0; i < 3 * 60 + 1; i++) {
		pass(STORY_MINUTE);
		for (unsigned k = 0; k < 5; k++)
			tell(k);
	}
	ck_assert_uint_eq(heard.count, before + 3);
	is_consistent();
	end();
}
END_TEST

/* A member whose pair is forgotten leaves like one that ended. */
START_TEST(forgotten_members)
{
	set_up();
	settings = alert_default_settings();
	begin();
	for (unsigned i = 0; i < 6; i++)
		tell(i);
	for (unsigned i = 0; i < 6; i++)
		forget(i);
	ck_assert_int_eq(last()->state, FINDING_CLEAR);
	ck_assert_str_eq(last()->cleared_by, "forgotten");
	is_consistent();
	end();
}
END_TEST

/* ---- rate ---- */

START_TEST(so_many_a_minute)
{
	set_up();
	settings.per_minute[ALERT_CLEARTEXT] = 60;
	begin();
	for (unsigned i = 0; i < 100; i++)
		tell(i);
	ck_assert_uint_eq(count_of(FINDING_OPEN), 60);
	ck_assert_ptr_nonnull(strstr(heard.notices, "more than 60 cleartext alerts a minute"));
	/* Another class has its own. */
	tell_as(200, FINDING_IKE_UNANSWERED, CAUSE_NONE, SEVERITY_MEDIUM);
	ck_assert_uint_eq(count_of(FINDING_OPEN), 61);
	/* Two that are held back end before they are told. */
	clear(98);
	clear(99);
	ck_assert_uint_eq(count_of(FINDING_CLEAR), 0);
	pass(10 * STORY_SECOND);
	ck_assert_uint_eq(count_of(FINDING_OPEN), 71);
	ck_assert_str_eq(last()->text, "Trouble of spoke 69.");
	pass(60 * STORY_SECOND);
	ck_assert_uint_eq(count_of(FINDING_OPEN), 99);
	ck_assert_ptr_nonnull(
	    strstr(heard.notices, "40 cleartext alerts were held back by the limit; 2 of them ended"));
	is_consistent();
	end();
}
END_TEST

/* What the rate held back may be told by a group: then it is held back no more, and the next time says so again. */
START_TEST(held_back_and_grouped)
{
	set_up();
	settings = alert_default_settings();
	settings.group_wait_ns = 0;
	settings.per_minute[ALERT_CLEARTEXT] = 2;
	begin();
	for (unsigned round = 0; round < 2; round++) {
		heard.notices[0] = '\0';
		for (unsigned i = 0; i < 8; i++)
			tell(i);
		ck_assert_ptr_nonnull(strstr(heard.notices, "more than 2 cleartext alerts a minute"));
		pass(STORY_HOUR);
		ck_assert_ptr_nonnull(strstr(heard.notices, "held back by the limit; 0 of them"));
		for (unsigned i = 0; i < 8; i++)
			clear(i);
		pass(STORY_HOUR);
	}
	is_consistent();
	end();
}
END_TEST

/* More than there are copies for: told all the same, and at the end of the capture at once. */
START_TEST(nothing_is_lost)
{
	static struct judged_pair many[3000];
	static struct alert their[3000];

	set_up();
	memset(their, 0, sizeof(their));
	settings.per_minute[ALERT_CLEARTEXT] = 10;
	begin();
	for (unsigned i = 0; i < 3000; i++) {
		struct finding finding;
		many[i].address[0] = story_host_number(i + 1);
		many[i].address[1] = story_host_number(i + 10000);
		alert_begin(judge, &many[i], FINDING_CLEARTEXT_LEAK, &finding);
		finding.cause = CAUSE_UNKNOWN;
		finding_say(&finding, "Trouble.");
		alert_tell_pair(judge, &many[i], &their[i], &finding);
	}
	ck_assert_uint_eq(count_of(FINDING_OPEN), 10);
	pass(STORY_MINUTE);
	ck_assert_uint_eq(count_of(FINDING_OPEN), 20);
	judge_finish(judge, judge->now_ns);
	ck_assert_uint_eq(count_of(FINDING_OPEN), 3000);
	ck_assert_uint_eq(judge_counters(judge)->open, 3000);
	end();
}
END_TEST

/* ---- maintenance ---- */

static const struct policy_prefix spokes = { { [10] = 0xff, [11] = 0xff, [12] = 10 }, 104 };

START_TEST(maintenance_holds_back)
{
	/* from and until are seconds after the epoch of stories; daily ones began long ago */
	static const struct alert_maintenance windows[] = {
		{ "once", &spokes, 1, STORY_EPOCH + 10 * STORY_SECOND, STORY_EPOCH + 70 * STORY_SECOND, 0 },
		{ "daily", &spokes, 1, STORY_EPOCH - 5 * STORY_DAY + 10 * STORY_SECOND,
		  STORY_EPOCH - 5 * STORY_DAY + 70 * STORY_SECOND, STORY_DAY },
		{ "later", &spokes, 1, STORY_EPOCH + 7 * STORY_DAY + 10 * STORY_SECOND,
		  STORY_EPOCH + 7 * STORY_DAY + 70 * STORY_SECOND, 7 * STORY_DAY },
		{ "all", NULL, 0, STORY_EPOCH + 10 * STORY_SECOND, STORY_EPOCH + 70 * STORY_SECOND, 0 },
	};
	for (unsigned i = 0; i < 4; i++) {
		set_up();
		settings.maintenance = &windows[i];
		settings.maintenance_count = 1;
		begin();
		pass(9 * STORY_SECOND);
		tell(0);
		ck_assert_uint_eq(heard.count, 1);
		pass(2 * STORY_SECOND);
		tell(1);
		tell(2);
		/* What was told before is told on. */
		clear(0);
		ck_assert_uint_eq(heard.count, 2);
		pass(30 * STORY_SECOND);
		clear(2);
		tell_as(1, FINDING_CLEARTEXT_LEAK, CAUSE_ONE_WAY, SEVERITY_CRITICAL);
		ck_assert_uint_eq(heard.count, 2);
		pass(28 * STORY_SECOND);
		ck_assert_uint_eq(heard.count, 2);
		pass(2 * STORY_SECOND);
		/* It lasts, so it is told, as it is by now. */
		ck_assert_uint_eq(heard.count, 3);
		ck_assert_int_eq(last()->state, FINDING_OPEN);
		ck_assert_int_eq(last()->cause, CAUSE_ONE_WAY);
		ck_assert_int_eq(last()->time_ns, STORY_EPOCH + 70 * STORY_SECOND);
		ck_assert_int_eq(last()->first_ns, STORY_EPOCH + 11 * STORY_SECOND);
		ck_assert_ptr_nonnull(
		    strstr(heard.notices, "is over: 2 alerts were held back, 1 of them ended meanwhile"));
		is_consistent();
		end();
	}
}
END_TEST

/* Other hosts, another day, and the sensor's own alerts. */
START_TEST(maintenance_of_others)
{
	static const struct policy_prefix others = { { [10] = 0xff, [11] = 0xff, [12] = 11 }, 104 };
	static const struct alert_maintenance windows[] = {
		{ "others", &others, 1, STORY_EPOCH, STORY_EPOCH + STORY_DAY, 0 },
		{ "past", &spokes, 1, STORY_EPOCH - STORY_DAY, STORY_EPOCH, 0 },
		{ "weekly", &spokes, 1, STORY_EPOCH - STORY_DAY, STORY_EPOCH, 7 * STORY_DAY },
		{ "future", &spokes, 1, STORY_EPOCH + STORY_DAY, STORY_EPOCH + 2 * STORY_DAY, 0 },
	};

	set_up();
	settings.maintenance = windows;
	settings.maintenance_count = 4;
	begin();
	pass(STORY_SECOND);
	tell(0);
	ck_assert_uint_eq(heard.count, 1);
	rule_sensor_tables_full(judge, &(struct transition_full){ .sas = 1 });
	ck_assert_uint_eq(heard.count, 2);
	end();
}
END_TEST

/* ---- switches ---- */

START_TEST(switched_off)
{
	set_up();
	settings.off[FINDING_CLEARTEXT_LEAK] = true;
	begin();
	tell(0);
	tell_as(0, FINDING_CLEARTEXT_LEAK, CAUSE_ONE_WAY, SEVERITY_CRITICAL);
	clear(0);
	tell(1);
	forget(1);
	ck_assert_uint_eq(heard.count, 0);
	tell_as(2, FINDING_IKE_UNANSWERED, CAUSE_NONE, SEVERITY_MEDIUM);
	ck_assert_uint_eq(heard.count, 1);
	is_consistent();
	end();
}
END_TEST

/* ---- other settings while alerts are open ---- */

static void change(const struct alert_maintenance *windows, size_t count)
{
	settings.maintenance = windows;
	settings.maintenance_count = count;
	ck_assert(alert_desk_set(judge, &settings));
	pass(1);
}

/* A window that is edited in place: made shorter, renamed, taken out, or one more is added. */
START_TEST(windows_change)
{
	static const struct alert_maintenance night = { "night", &spokes, 1, STORY_EPOCH, STORY_EPOCH + STORY_HOUR, 0 };
	static const struct alert_maintenance shorter = { "night", &spokes, 1, STORY_EPOCH, STORY_EPOCH + STORY_MINUTE,
							  0 };
	static const struct alert_maintenance renamed = {
		"move", &spokes, 1, STORY_EPOCH, STORY_EPOCH + STORY_HOUR, 0
	};
	static const struct alert_maintenance both[] = {
		{ "other", NULL, 0, STORY_EPOCH + STORY_DAY, STORY_EPOCH + 2 * STORY_DAY, 0 },
		{ "night", &spokes, 1, STORY_EPOCH, STORY_EPOCH + STORY_HOUR, 0 },
	};

	for (unsigned how = 0; how < 5; how++) {
		set_up();
		settings.maintenance = how < 4 ? &night : NULL;
		settings.maintenance_count = how < 4;
		begin();
		pass(STORY_SECOND);
		tell(0);
		tell(1);
		ck_assert_uint_eq(heard.count, how < 4 ? 0 : 2);
		switch (how) {
		case 0:
			change(&shorter, 1);
			ck_assert_uint_eq(heard.count, 0);
			pass(STORY_MINUTE);
			ck_assert_uint_eq(heard.count, 2);
			ck_assert_ptr_nonnull(strstr(heard.notices, "'night' is over: 2 alerts were held back, 0 of"));
			break;
		case 1:
			change(NULL, 0);
			ck_assert_uint_eq(heard.count, 2);
			ck_assert_ptr_nonnull(
			    strstr(heard.notices, "'night' was taken out: 2 alerts were held back, 0 of"));
			clear(0);
			ck_assert_int_eq(last()->state, FINDING_CLEAR);
			break;
		case 2:
			change(&renamed, 1);
			clear(0);
			pass(2 * STORY_HOUR);
			ck_assert_uint_eq(heard.count, 1);
			ck_assert_ptr_nonnull(strstr(heard.notices, "'move' is over: 2 alerts were held back, 1 of"));
			break;
		case 3:
			/* Its place in the list is another one. */
			change(both, 2);
			ck_assert_uint_eq(heard.count, 0);
			pass(2 * STORY_HOUR);
			ck_assert_uint_eq(heard.count, 2);
			ck_assert_ptr_nonnull(strstr(heard.notices, "'night' is over: 2 alerts were held back, 0 of"));
			break;
		default:
			/* What was told goes on, what comes is held. */
			change(&night, 1);
			tell(2);
			ck_assert_uint_eq(heard.count, 2);
			clear(1);
			ck_assert_uint_eq(heard.count, 3);
			pass(2 * STORY_HOUR);
			ck_assert_uint_eq(heard.count, 4);
		}
		is_consistent();
		end();
	}
}
END_TEST

START_TEST(rates_and_switches_change)
{
	set_up();
	settings.per_minute[ALERT_CLEARTEXT] = 60;
	begin();
	for (unsigned i = 0; i < 100; i++)
		tell(i);
	ck_assert_uint_eq(heard.count, 60);
	settings.per_minute[ALERT_CLEARTEXT] = 0;
	change(NULL, 0);
	ck_assert_uint_eq(heard.count, 100);
	/* Off: no word about what is open but its end, none of what comes. */
	settings.off[FINDING_CLEARTEXT_LEAK] = true;
	change(NULL, 0);
	tell_as(0, FINDING_CLEARTEXT_LEAK, CAUSE_ONE_WAY, SEVERITY_HIGH);
	tell(200);
	ck_assert_uint_eq(heard.count, 100);
	clear(1);
	ck_assert_uint_eq(heard.count, 101);
	/* And on again: what began meanwhile is told when there is news of it. */
	settings.off[FINDING_CLEARTEXT_LEAK] = false;
	change(NULL, 0);
	tell_as(200, FINDING_CLEARTEXT_LEAK, CAUSE_ONE_WAY, SEVERITY_HIGH);
	ck_assert_uint_eq(heard.count, 102);
	ck_assert_int_eq(last()->state, FINDING_OPEN);
	clear(200);
	ck_assert_uint_eq(heard.count, 103);
	is_consistent();
	end();
}
END_TEST

START_TEST(groups_change)
{
	set_up();
	settings = alert_default_settings();
	begin();
	for (unsigned i = 0; i < 5; i++)
		tell(i);
	unsigned before = heard.count;
	ck_assert_int_eq(last()->subject, SUBJECT_HOST);
	settings.group_members = 0;
	change(NULL, 0);
	tell(6);
	ck_assert_uint_eq(heard.count, before + 1);
	ck_assert_int_eq(last()->subject, SUBJECT_PAIR);
	/* Those that are in the group leave it as they end. */
	for (unsigned i = 0; i < 5; i++)
		clear(i);
	ck_assert_int_eq(last()->state, FINDING_CLEAR);
	ck_assert_int_eq(last()->subject, SUBJECT_HOST);
	is_consistent();
	end();
}
END_TEST

/* Anything in any order: what is heard stays a story. */
START_TEST(any_order)
{
	static const struct alert_maintenance window = {
		"often", &spokes, 1, STORY_EPOCH, STORY_EPOCH + 20 * STORY_SECOND, STORY_MINUTE
	};
	uint32_t seed = 7;

	set_up();
	settings = alert_default_settings();
	settings.per_minute[ALERT_CLEARTEXT] = 20;
	settings.maintenance = &window;
	settings.maintenance_count = 1;
	begin();
	for (unsigned i = 0; i < 8; i++)
		speak(i);
	for (unsigned step = 0; step < 4000; step++) {
		seed = seed * 1664525 + 1013904223;
		if (step % 97 == 0) {
			settings.maintenance_count ^= 1;
			settings.group_members = seed >> 9 & 1 ? 5 : 0;
			settings.per_minute[ALERT_CLEARTEXT] = 10 + (seed >> 16) % 20;
			ck_assert(alert_desk_set(judge, &settings));
		}
		unsigned who = (seed >> 8) % 40, what = (seed >> 20) % 16;
		if (what < 7)
			tell_as(who, FINDING_CLEARTEXT_LEAK, what & 1 ? CAUSE_SA_LOST : CAUSE_UNKNOWN, SEVERITY_HIGH);
		else if (what < 13 && alerts[who].open)
			clear(who);
		else
			pass((seed >> 10) % 5 * STORY_SECOND);
	}
	is_consistent();
	for (unsigned i = 0; i < 40; i++)
		if (alerts[i].open)
			clear(i);
	ck_assert_uint_eq(judge_counters(judge)->open, 0);
	is_consistent();
	end();
}
END_TEST

SUITE_MAIN("alert_desk", a_thousand_pairs_are_one_alert, a_group_takes_over, no_group, a_group_sharpens,
	   a_group_names_who_is_in_it, a_group_with_long_names, the_hourly_word_of_a_group, forgotten_members,
	   so_many_a_minute, held_back_and_grouped, nothing_is_lost, maintenance_holds_back, maintenance_of_others,
	   switched_off, windows_change, rates_and_switches_change, groups_change, any_order)
