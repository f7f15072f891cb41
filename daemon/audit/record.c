/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the record's enumerations, as DESIGN section 7 spells them. Pure. Called by the sinks and by the reader of
 * JSON lines; an enumerator out of range has the name "?".
 */
#include "record.h"

#include <string.h>

const char *record_stage_name(enum record_stage stage)
{
	static const char *const names[RECORD_STAGE_COUNT] = {
		[RECORD_STAGE_READ] = "read", [RECORD_STAGE_DECODE] = "decode", [RECORD_STAGE_TRACK] = "track",
		[RECORD_STAGE_NAME] = "name", [RECORD_STAGE_JUDGE] = "judge",   [RECORD_STAGE_RECORDS] = "records",
	};
	return (size_t)stage < RECORD_STAGE_COUNT ? names[stage] : "?";
}

const char *pair_verdict_name(enum pair_verdict verdict)
{
	static const char *const names[PAIR_VERDICT_COUNT] = {
		[PAIR_SECURED] = "secured",         [PAIR_MIXED] = "mixed",
		[PAIR_CLEARTEXT] = "cleartext",     [PAIR_INTEGRITY_ONLY] = "integrity-only",
		[PAIR_NEGOTIATING] = "negotiating", [PAIR_IDLE] = "idle",
	};
	return (size_t)verdict < PAIR_VERDICT_COUNT ? names[verdict] : "?";
}

const char *sa_state_name(enum sa_record_state state)
{
	static const char *const names[SA_STATE_COUNT] = {
		[SA_ACTIVE] = "active",
		[SA_SUPERSEDED] = "superseded",
		[SA_ENDED] = "ended",
		[SA_STALE] = "stale",
	};
	return (size_t)state < SA_STATE_COUNT ? names[state] : "?";
}

const char *record_initiator_name(enum record_initiator initiator)
{
	static const char *const names[INITIATOR_COUNT] = {
		[INITIATOR_A] = "a", [INITIATOR_B] = "b", [INITIATOR_BOTH] = "both"
	};
	return (size_t)initiator < INITIATOR_COUNT ? names[initiator] : NULL;
}

const char *ike_mode_name(enum ike_mode mode)
{
	static const char *const names[IKE_MODE_COUNT] = {
		[IKE_MODE_UNKNOWN] = "unknown",
		[IKE_MODE_MAIN] = "main",
		[IKE_MODE_AGGRESSIVE] = "aggressive",
		[IKE_MODE_IKEV2] = "ikev2",
	};
	return (size_t)mode < IKE_MODE_COUNT ? names[mode] : "?";
}

const char *ike_outcome_name(enum ike_outcome outcome)
{
	static const char *const names[IKE_OUTCOME_COUNT] = {
		[IKE_OUTCOME_IN_PROGRESS] = "in-progress", [IKE_OUTCOME_ESTABLISHED] = "established",
		[IKE_OUTCOME_REFUSED] = "refused",         [IKE_OUTCOME_UNANSWERED] = "unanswered",
		[IKE_OUTCOME_AUTH_FAILED] = "auth-failed", [IKE_OUTCOME_STALLED] = "stalled",
	};
	return (size_t)outcome < IKE_OUTCOME_COUNT ? names[outcome] : "?";
}

int pair_verdict_find(const char *name)
{
	int i = PAIR_VERDICT_COUNT - 1;

	while (i >= 0 && strcmp(pair_verdict_name((enum pair_verdict)i), name) != 0)
		i--;
	return i;
}

int record_initiator_find(const char *name)
{
	for (int i = INITIATOR_UNKNOWN + 1; i < INITIATOR_COUNT; i++) {
		const char *one = record_initiator_name((enum record_initiator)i);
		if (one && strcmp(one, name) == 0)
			return i;
	}
	return -1;
}

int sa_state_find(const char *name)
{
	int i = SA_STATE_COUNT - 1;

	while (i >= 0 && strcmp(sa_state_name((enum sa_record_state)i), name) != 0)
		i--;
	return i;
}

int ike_mode_find(const char *name)
{
	int i = IKE_MODE_COUNT - 1;

	while (i > IKE_MODE_UNKNOWN && strcmp(ike_mode_name((enum ike_mode)i), name) != 0)
		i--;
	return i > IKE_MODE_UNKNOWN ? i : -1;
}

int ike_outcome_find(const char *name)
{
	int i = IKE_OUTCOME_COUNT - 1;

	while (i >= 0 && strcmp(ike_outcome_name((enum ike_outcome)i), name) != 0)
		i--;
	return i;
}
