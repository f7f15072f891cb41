/* SPDX-License-Identifier: Apache-2.0 */
/* What ECS and OCSF say of a finding, where the schemas that check_siem.py holds them to leave a choice. */
#include "../../daemon/report/siem_json.h"
#include "sample.h"
#include "../suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void expect_in_ocsf(const struct finding *finding, const char *wanted)
{
	char *line = siem_json_ocsf(finding, "edge-1", true);

	ck_assert_ptr_nonnull(line);
	ck_assert_msg(strstr(line, wanted) != NULL, "no %s in %s", wanted, line);
	free(line);
}

static struct finding weak(const char *table)
{
	struct record record = sample_finding();
	struct finding finding = record.finding;

	finding.id = FINDING_WEAK_IKE_SELECTED;
	finding.cause = CAUSE_NONE;
	finding.evidence_count = 0;
	if (table)
		finding_note_text(&finding, "table", table);
	return finding;
}

/* It is the table that the rule names. */
START_TEST(compliance_names_the_standard)
{
	static const struct {
		const char *table, *wanted;
	} rows[] = { { "rfc8247", "\"standards\":[\"RFC 8247\"]" },
		     { "cnsa-2.0", "\"standards\":[\"CNSA 2.0\"]" },
		     { "nist-800-77r1", "\"standards\":[\"NIST SP 800-77r1\"]" },
		     { NULL, "\"standards\":[]" } };
	static const struct {
		enum finding_id id;
		const char *wanted;
	} others[] = { { FINDING_IKE_VERSION_1, "\"standards\":[\"RFC 9395\"]" },
		       { FINDING_AGGRESSIVE_PSK, "\"standards\":[\"RFC 9395\"]" },
		       { FINDING_ESP_64_BIT_BLOCK, "\"standards\":[\"RFC 8221\"]" },
		       { FINDING_NOT_QUANTUM_SAFE, "\"standards\":[\"RFC 9370\"]" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct finding finding = weak(rows[i].table);
		expect_in_ocsf(&finding, rows[i].wanted);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct finding finding = weak("cnsa-2.0");
		finding.id = others[i].id;
		expect_in_ocsf(&finding, others[i].wanted);
	}
}
END_TEST

/* What is over fails no longer. */
START_TEST(compliance_status_follows)
{
	struct finding finding = weak("rfc8247");

	expect_in_ocsf(&finding, "\"control\":\"weak-ike-selected\",\"status_id\":3,");
	finding.state = FINDING_CLEAR;
	finding.cleared_by = "changed";
	expect_in_ocsf(&finding, "\"control\":\"weak-ike-selected\",\"status_id\":1,");
	finding.cleared_by = "quiet";
	expect_in_ocsf(&finding, "\"control\":\"weak-ike-selected\",\"status_id\":2,");
}
END_TEST

SUITE_MAIN("siem_json", compliance_names_the_standard, compliance_status_follows)
