/* SPDX-License-Identifier: Apache-2.0 */
/* alert.c: open, update and clear; what is news; the number. */
#include "../../daemon/audit/alert.h"

#include "../suite.h"
#include "story.h"
#include "../../daemon/audit/judge_state.h"

enum { KEPT = 32 };

struct heard {
	struct finding finding[KEPT];
	unsigned count;
};

static void hear(void *context, const struct record *record)
{
	struct heard *heard = context;

	ck_assert_int_eq(record->type, RECORD_FINDING);
	ck_assert_int_eq(record->time_ns, record->finding.time_ns);
	ck_assert_uint_lt(heard->count, KEPT);
	heard->finding[heard->count++] = record->finding;
}

static struct heard heard;
static struct config *config;
static struct judge *judge;

static void begin(void)
{
	heard.count = 0;
	config = story_policy(NULL);
	struct judge_settings settings = { .policy = story_policy_of(config),
					   .thresholds = judge_default_thresholds(),
					   .pairs = 16,
					   .sas = 64,
					   .ike = 64,
					   .learned = 16 };
	judge = judge_new(&settings, &(struct record_sink){ hear, &heard });
	ck_assert_ptr_nonnull(judge);
}

static void end(void)
{
	judge_free(judge);
	story_policy_free(config);
}

static struct finding at(int64_t seconds)
{
	return (struct finding){ .time_ns = seconds * STORY_SECOND,
				 .first_ns = STORY_SECOND,
				 .id = FINDING_CLEARTEXT_LEAK,
				 .cause = CAUSE_UNKNOWN,
				 .severity = SEVERITY_HIGH };
}

static void tell(struct alert *alert, struct finding finding, char subject)
{
	alert_tell(judge, alert, &finding, &subject, 1);
}

START_TEST(only_news_is_told)
{
	struct alert alert = { 0 };
	struct finding finding;

	begin();
	tell(&alert, at(1), 'a');
	tell(&alert, at(2), 'a');
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.finding[0].state, FINDING_OPEN);
	finding = at(3);
	finding.cause = CAUSE_SA_LOST;
	tell(&alert, finding, 'a');
	finding.time_ns = 4 * STORY_SECOND;
	finding.severity = SEVERITY_LOW;
	tell(&alert, finding, 'a');
	finding.time_ns = 5 * STORY_SECOND;
	finding.grade = GRADE_POSSIBLE;
	tell(&alert, finding, 'a');
	tell(&alert, finding, 'a');
	ck_assert_uint_eq(heard.count, 4);
	for (unsigned i = 1; i < 4; i++) {
		ck_assert_int_eq(heard.finding[i].state, FINDING_UPDATE);
		ck_assert_uint_eq(heard.finding[i].alert, heard.finding[0].alert);
	}
	ck_assert_uint_eq(judge_counters(judge)->opened, 1);
	ck_assert_uint_eq(judge_counters(judge)->open, 1);
	end();
}
END_TEST

START_TEST(the_hourly_word)
{
	struct alert alert = { 0 };

	begin();
	tell(&alert, at(1), 'a');
	tell(&alert, at(3600), 'a');
	ck_assert_uint_eq(heard.count, 1);
	tell(&alert, at(3601), 'a');
	ck_assert_uint_eq(heard.count, 2);
	tell(&alert, at(7200), 'a');
	ck_assert_uint_eq(heard.count, 2);
	tell(&alert, at(7201), 'a');
	ck_assert_uint_eq(heard.count, 3);
	end();
}
END_TEST

START_TEST(cleared_once_and_opened_anew)
{
	struct alert alert = { 0 };
	struct finding finding = at(9);

	begin();
	alert_clear(judge, &alert, &finding);
	ck_assert_uint_eq(heard.count, 0);
	tell(&alert, at(1), 'a');
	alert_clear(judge, &alert, &finding);
	alert_clear(judge, &alert, &finding);
	ck_assert_uint_eq(heard.count, 2);
	ck_assert_int_eq(heard.finding[1].state, FINDING_CLEAR);
	ck_assert_uint_eq(heard.finding[1].alert, heard.finding[0].alert);
	ck_assert_uint_eq(judge_counters(judge)->open, 0);
	finding = at(20);
	finding.first_ns = 20 * STORY_SECOND;
	tell(&alert, finding, 'a');
	ck_assert_int_eq(heard.finding[2].state, FINDING_OPEN);
	ck_assert_uint_ne(heard.finding[2].alert, heard.finding[0].alert);
	end();
}
END_TEST

START_TEST(the_number_is_of_id_subject_and_beginning)
{
	struct alert alerts[5] = { 0 };
	struct finding finding = at(1);

	begin();
	tell(&alerts[0], finding, 'a');
	tell(&alerts[1], finding, 'a');
	tell(&alerts[2], finding, 'b');
	finding.first_ns++;
	tell(&alerts[3], finding, 'a');
	finding.first_ns--;
	finding.id = FINDING_BAD_SPI;
	tell(&alerts[4], finding, 'a');
	ck_assert_uint_eq(alerts[0].number, alerts[1].number);
	for (unsigned i = 1; i < 5; i++)
		for (unsigned j = i + 1; j < 5; j++)
			ck_assert_uint_ne(alerts[i].number, alerts[j].number);
	end();
}
END_TEST

/* A sentence, and words of evidence, that are too long end with a mark, behind a whole character. */
START_TEST(what_is_cut_says_so)
{
	for (unsigned shift = 0; shift < 4; shift++) {
		struct finding finding = at(0);
		char names[FINDING_WORDS_SIZE + 100];

		finding.text[0] = '\0';
		finding_say(&finding, "%.*s", (int)shift, "xxx");
		for (unsigned i = 0; i < 100; i++)
			finding_say(&finding, "\xf0\x9f\x98\x80");
		finding_say(&finding, " and more.");
		size_t length = strlen(finding.text);
		ck_assert_uint_lt(length, sizeof(finding.text));
		ck_assert_uint_ge(length, sizeof(finding.text) - 4);
		ck_assert_str_eq(finding.text + length - 3, "\xe2\x80\xa6");
		ck_assert_uint_eq((length - 3 - shift) % 4, 0);
		memset(names, 'n', sizeof(names) - 1);
		names[sizeof(names) - 1] = '\0';
		finding.evidence_count = finding.words_used = 0;
		finding_note_words(&finding, "names", names);
		finding_note_words(&finding, "others", names);
		ck_assert_uint_eq(finding.evidence_count, 1);
		length = strlen(finding.evidence[0].text);
		ck_assert_uint_eq(length, FINDING_WORDS_SIZE - 1);
		ck_assert_str_eq(finding.evidence[0].text + length - 3, "\xe2\x80\xa6");
	}
}
END_TEST

SUITE_MAIN("alert", what_is_cut_says_so, only_news_is_told, the_hourly_word, cleared_once_and_opened_anew,
	   the_number_is_of_id_subject_and_beginning)
