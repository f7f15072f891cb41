/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules, one row each. A rule looks at every transition of a pair, at the times it asked for with judge_wake(), and
 * once more when the capture ends. It keeps its state in the pair (judge_state.h) and speaks through alert.h. What is said of
 * a host has timers of its own, since the host outlives its pairs.
 */
#ifndef ESPIAL_AUDIT_RULES_H
#define ESPIAL_AUDIT_RULES_H

#include "judge_state.h"

/* cleartext-leak: rule_leak.c */
void rule_leak_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
void rule_leak_due(struct judge *judge, struct judged_pair *pair);
void rule_leak_finish(struct judge *judge, struct judged_pair *pair);

/* locked-out: rule_locked.c */
void rule_locked_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
void rule_locked_due(struct judge *judge, struct judged_pair *pair);

/* unanswered, refused and failed negotiations, restarts, floods: rule_ike.c, rule_ike_words.c, rule_ike_host.c */
void rule_ike_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
void rule_ike_due(struct judge *judge, struct judged_pair *pair);
void rule_ike_finish(struct judge *judge, struct judged_pair *pair);
void rule_ike_flood_due(struct judge *judge, struct judged_host *host);
void rule_ike_restart_due(struct judge *judge, struct judged_host *host);
void rule_ike_restart_finish(struct judge *judge, struct judged_host *host);

/* algorithms and versions: rule_crypto.c */
void rule_crypto_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
void rule_crypto_due(struct judge *judge, struct judged_pair *pair);
void rule_crypto_host_due(struct judge *judge, struct judged_host *host);

/* certificates in clear: rule_certificate.c */
void rule_certificate_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
void rule_certificate_host_due(struct judge *judge, struct judged_host *host);

/* bad-spi: rule_spi.c */
void rule_spi_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
void rule_spi_due(struct judge *judge, struct judged_pair *pair);
void rule_spi_finish(struct judge *judge, struct judged_pair *pair);
/* The receiver of the SA says in clear that it does not know it. */
void rule_spi_notified(struct judge *judge, struct judged_pair *pair, struct judged_sa *sa);

/* Its SAs go on between other addresses: what is sent to the old ones until that is known there is no bad SPI. */
void rule_spi_moved(struct judge *judge, struct judged_pair *pair);

/* rekey-too-often, rekey-overdue: rule_rekey.c */
/* Its SAs go on between other addresses. */
void rule_rekey_moved(struct judge *judge, struct judged_pair *pair);
void rule_rekey_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
void rule_rekey_due(struct judge *judge, struct judged_pair *pair);

/* readable-esp, integrity-only, esp-64-bit-block, esp-unnegotiated: rule_content.c */
void rule_content_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
void rule_content_due(struct judge *judge, struct judged_pair *pair);

/* esp-replay, esp-sequence-reset, esp-sequence-near-wrap: rule_sequence.c */
void rule_sequence_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
void rule_sequence_due(struct judge *judge, struct judged_pair *pair);

/* peer-new, sa-up, sa-rekeyed, sa-down: rule_lifecycle.c */
void rule_lifecycle_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
void rule_lifecycle_due(struct judge *judge, struct judged_pair *pair);
/* The pair's hosts are told of, if they are new: it was not known until now. */
void rule_lifecycle_peers(struct judge *judge, const struct judged_pair *pair);
/* secured-again: the leak of the finding, which is told as over, ended since ESP came back. */
void rule_lifecycle_secured_again(struct judge *judge, const struct judged_pair *pair, const struct finding *leak);

/* capture-down, capture-silent, capture-drops: rule_capture.c */
void rule_capture_look(struct judge *judge, const struct transition *transition);
/* The alert of the interface that is called so, which an engine before this one told to be silent since then; NULL if it is not
 * captured on. */
struct alert *rule_capture_recall(struct judge *judge, const char *interface, int64_t since_ns);

/* capture-offload, mirror-one-way, mirror-doubled: rule_mirror.c */
void rule_mirror_seen(struct judge *judge, const struct transition *transition);
void rule_mirror_due(struct judge *judge);
void rule_mirror_finish(struct judge *judge);
/* A pair's ESP began or fell quiet, or it spoke IKE; after the judge has noted it. */
void rule_mirror_transition(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
/* Packets of an SA come twice. */
void rule_mirror_doubled(struct judge *judge, const struct judged_pair *pair, const struct transition *transition);
/* The pair is forgotten. */
void rule_mirror_forget(struct judge *judge, struct judged_pair *pair);
/* The interface is not captured on any more. */
void rule_mirror_end(struct judge *judge, uint16_t interface);

/* clock-jump: rule_sensor.c */
void rule_sensor_clock(struct judge *judge, const struct transition *transition);
/* Begins a finding about the sensor, and where `interface` has a name, about that interface; and tells of it. */
void rule_sensor_begin(const struct judge *judge, uint16_t interface, enum finding_id id, struct finding *finding);
void rule_sensor_tell(struct judge *judge, struct alert *alert, struct finding *finding);

/* table-full, which is about no pair: rule_sensor.c */
void rule_sensor_tables_full(struct judge *judge, const struct transition_full *full);
/* What SAs lack of their sequence numbers. */
void rule_sensor_loss(struct judge *judge, const struct transition_loss *loss);
/* After an IKE message, which may have pushed an IKE SA out. */
void rule_sensor_ike(struct judge *judge);
void rule_sensor_due(struct judge *judge);

/* transition is always there; due if the rule asks for timers; finish may be NULL. */
struct rule {
	void (*transition)(struct judge *judge, struct judged_pair *pair, const struct transition *transition);
	void (*due)(struct judge *judge, struct judged_pair *pair);
	void (*finish)(struct judge *judge, struct judged_pair *pair);
};

static const struct rule rules[RULE_COUNT] = {
	[RULE_IKE] = { rule_ike_transition, rule_ike_due, rule_ike_finish },
	[RULE_LEAK] = { rule_leak_transition, rule_leak_due, rule_leak_finish },
	[RULE_LOCKED] = { rule_locked_transition, rule_locked_due, NULL },
	[RULE_SPI] = { rule_spi_transition, rule_spi_due, rule_spi_finish },
	[RULE_REKEY] = { rule_rekey_transition, rule_rekey_due, NULL },
	[RULE_CONTENT] = { rule_content_transition, rule_content_due, NULL },
	[RULE_SEQUENCE] = { rule_sequence_transition, rule_sequence_due, NULL },
	[RULE_CRYPTO] = { rule_crypto_transition, rule_crypto_due, NULL },
	[RULE_CERTIFICATE] = { rule_certificate_transition, NULL, NULL },
	[RULE_LIFECYCLE] = { rule_lifecycle_transition, rule_lifecycle_due, NULL },
};

/* finish may be NULL. */
struct host_rule {
	void (*due)(struct judge *judge, struct judged_host *host);
	void (*finish)(struct judge *judge, struct judged_host *host);
};

static const struct host_rule host_rules[HOST_RULE_COUNT] = {
	[HOST_FLOOD] = { rule_ike_flood_due, NULL },
	[HOST_RESTART] = { rule_ike_restart_due, rule_ike_restart_finish },
	[HOST_OFFERED] = { rule_crypto_host_due, NULL },
	[HOST_CERTIFICATE] = { rule_certificate_host_due, NULL },
};

#endif
