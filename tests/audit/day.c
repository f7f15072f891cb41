/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A day of a network: pairs that speak ESP as people work, negotiate, rekey and rest, and the noise that belongs to it; and
 * twenty faults in it. Each fault has to be told, with one alert, and nothing else has to be.
 *
 *   day [HOURS, 1] [PAIRS, 200]        24 2000 is a whole day; figures in docs/day.md
 *
 * Packets are made as the dissector leaves them and given to the tracker, one by one in order of time; there are no frames and
 * no files. All comes from one seed: the same arguments make the same day.
 */
#include "day_wire.h"

static unsigned wanted_hours = 1, wanted_pairs = 200;

/* ---- what a pair does: a burst of requests, a pause, and at times a rest ---- */

/* People work from 8 to 18; at night there are backups and monitors. */
static int64_t pause_of(struct day *day, int64_t time_ns)
{
	int64_t hour = (time_ns - MIDNIGHT) / HOUR % 24;

	if (day->hours < 24)
		return about(day, 40 * SECOND);
	return about(day, hour >= 8 && hour < 18 ? 60 * SECOND : 8 * MINUTE);
}

static int64_t burst(struct day *day, struct speaker *speaker, int64_t time_ns)
{
	unsigned client = speaker->salt & 1;
	int64_t requests = 3 + below(day, 12);

	for (int64_t i = 0; i < requests; i++) {
		unsigned octets = 88 + 16 * (unsigned)below(day, 6);
		send_esp(day, speaker, client, time_ns, octets);
		send_esp(day, speaker, !client, time_ns + (2 + below(day, 38)) * MS,
			 200 + 4 * (unsigned)below(day, 200));
		time_ns += (100 + below(day, 200)) * MS;
	}
	/* Syslog and the like, which nobody answers. */
	if (speaker->salt % 7 == 0)
		for (unsigned i = 0; i < 4; i++)
			send_esp(day, speaker, client, time_ns += 300 * MS, 600 + 4 * (unsigned)below(day, 100));
	return time_ns;
}

static int64_t clear_burst(struct day *day, struct speaker *speaker, int64_t time_ns, unsigned ways, uint16_t port)
{
	unsigned client = speaker->salt & 1;

	for (unsigned i = 0; i < 8; i++) {
		if (ways & 1)
			send_clear(day, speaker, client, time_ns, port, false, ACK, 200);
		if (ways & 2)
			send_clear(day, speaker, !client, time_ns + 10 * MS, port, true, ACK, 900);
		time_ns += (200 + below(day, 100)) * MS;
	}
	return time_ns;
}

/* What may be clear beside ESP: the administrator's SSH, and pings. */
static void allowed_beside(struct day *day, struct speaker *speaker, int64_t time_ns)
{
	unsigned client = speaker->salt & 1;

	for (unsigned i = 0; i < 5; i++) {
		send_clear(day, speaker, client, time_ns, 22, false, i ? ACK : SYN, i ? 80 : 0);
		send_clear(day, speaker, !client, time_ns + 5 * MS, 22, true, i ? ACK : SYN | ACK, i ? 120 : 0);
		send_ping(day, speaker, client, time_ns + 10 * MS);
		send_ping(day, speaker, !client, time_ns + 15 * MS);
		time_ns += 400 * MS;
	}
}

/* Hosts that speak no IPsec, and one who tries all doors of a hub. */
static int64_t stranger(struct day *day, struct speaker *speaker, int64_t now)
{
	if (speaker->salt % STRANGERS == 0) {
		for (uint16_t port = 1; port < 100; port++)
			send_clear(day, speaker, 0, now + port * 20 * MS, port, false, SYN, 0);
		speaker->salt += STRANGERS;
		return now + 20 * MINUTE;
	}
	now = clear_burst(day, speaker, now, 3, 443);
	return now + about(day, MINUTE);
}

static int64_t healthy(struct day *day, struct speaker *speaker, int64_t now)
{
	if (now < speaker->silent_ns)
		return speaker->silent_ns;
	if (!speaker->up) {
		now = negotiate(day, speaker, speaker->salt & 1, now);
		/* The first packet is late at times. */
		return now + 50 * MS + (once_in(day, 4) ? below(day, 8 * SECOND) : 0);
	}
	if (now >= speaker->rekey_ns) {
		inform(day, speaker, IKEV2_EXCHANGE_CREATE_CHILD_SA, IKEV2_PAYLOAD_NOTIFY, 208, now);
		new_sas(day, speaker);
		speaker->rekey_ns = now + HOUR - below(day, 6 * MINUTE);
		return now + 100 * MS;
	}
	/* Once in a while a host is shut down in order, and comes back. */
	if (once_in(day, 3000)) {
		inform(day, speaker, IKEV2_EXCHANGE_INFORMATIONAL, IKEV2_PAYLOAD_DELETE, 80, now);
		speaker->up = false;
		speaker->silent_ns = now + 5 * MINUTE + below(day, HOUR);
		return speaker->silent_ns;
	}
	if (once_in(day, 12))
		inform(day, speaker, IKEV2_EXCHANGE_INFORMATIONAL, 0, 80, now);
	if (once_in(day, 60))
		allowed_beside(day, speaker, now);
	now = burst(day, speaker, now);
	return now + SECOND / 2 + pause_of(day, now);
}

/* ---- faults ---- */

static void recover(struct day *day, struct speaker *speaker, int64_t now)
{
	(void)day;
	speaker->up = false;
	speaker->silent_ns = now + SECOND;
	speaker->fault = NULL;
}

static int64_t faulty(struct day *day, struct speaker *speaker, int64_t now)
{
	const struct fault *fault = speaker->fault;

	if (now >= fault->until_ns) {
		recover(day, speaker, now);
		return now + SECOND;
	}
	/* Work is under way as it begins: after hours of rest, lost and idled out look alike. */
	bool lost = fault->kind == POLICY_FLUSHED || fault->kind == HUB_FLUSHED || fault->kind == SERVICE_STOPPED;
	if (speaker->tries++ == 0 && lost) {
		if (speaker->up)
			burst(day, speaker, now);
		return fault->from_ns + 10 * SECOND + below(day, SECOND);
	}
	switch (fault->kind) {
	case POLICY_FLUSHED:
	case HUB_FLUSHED:
	case NEVER_ASKED:
		return clear_burst(day, speaker, now, 3, 80) + 5 * SECOND + below(day, 10 * SECOND);
	case POLICY_ONE_SIDED:
		for (unsigned i = 0; i < 8; i++) {
			send_esp(day, speaker, speaker->salt & 1, now + i * 250 * MS, 120);
			send_clear(day, speaker, !(speaker->salt & 1), now + i * 250 * MS + 10 * MS, 80, true, ACK,
				   900);
		}
		return now + 3 * SECOND + below(day, 5 * SECOND);
	case FILTER_GAP:
		clear_burst(day, speaker, now, 3, 445);
		for (unsigned i = 0; i < 3; i++)
			now = burst(day, speaker, now);
		return now + 3 * SECOND;
	case SERVICE_STOPPED:
		speaker->ispi = draw(day) | 1;
		for (unsigned i = 0; i < 4; i++) {
			v2_init(day->ike, speaker->ispi, GOOD);
			send_ike(day, speaker, 0, now);
			now += (2 + i) * SECOND;
		}
		return clear_burst(day, speaker, now, 3, 80) + 20 * SECOND;
	case OFFER_REFUSED:
		speaker->ispi = draw(day) | 1;
		v2_init(day->ike, speaker->ispi, GOOD);
		send_ike(day, speaker, 0, now);
		v2_refusal(day->ike, speaker->ispi, IKEV2_NOTIFY_NO_PROPOSAL_CHOSEN, 0, 0);
		send_ike(day, speaker, 1, now + 20 * MS);
		return now + 30 * SECOND;
	case SA_FORGOTTEN:
		for (unsigned i = 0; i < 10; i++)
			send_esp(day, speaker, speaker->salt & 1, now + i * 400 * MS, 104);
		return now + 4 * SECOND;
	case REKEY_STORM:
		inform(day, speaker, IKEV2_EXCHANGE_CREATE_CHILD_SA, IKEV2_PAYLOAD_NOTIFY, 208, now);
		new_sas(day, speaker);
		for (unsigned i = 0; i < 5; i++)
			burst(day, speaker, now + SECOND + i * 18 * SECOND);
		return now + 95 * SECOND;
	case CLIENT_LOCKED_OUT:
		for (unsigned i = 0; i < 5; i++)
			send_clear(day, speaker, 0, now + ((1 << i) - 1) * SECOND, 445, false, SYN, 0);
		speaker->salt++;
		return now + 40 * SECOND;
	default:
		return now + SECOND;
	}
}

/* The proof is refused, or the child: the answer says so by its first payload and its length. */
static int64_t failing(struct day *day, struct speaker *speaker, int64_t now)
{
	bool proof = speaker->fault->kind == KEY_CHANGED;

	if (now >= speaker->fault->until_ns) {
		recover(day, speaker, now);
		return now + SECOND;
	}
	speaker->ispi = draw(day) | 1;
	v2_init(day->ike, speaker->ispi, GOOD);
	send_ike(day, speaker, 0, now);
	v2_answer(day->ike, speaker->ispi, GOOD, false);
	send_ike(day, speaker, 1, now + 20 * MS);
	v2_secret(day->ike, speaker->ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_REQUEST, 1, IKEV2_PAYLOAD_IDI, 288);
	send_ike(day, speaker, 0, now + 30 * MS);
	v2_secret(day->ike, speaker->ispi, IKEV2_EXCHANGE_IKE_AUTH, V2_RESPONSE, 1,
		  proof ? IKEV2_PAYLOAD_NOTIFY : IKEV2_PAYLOAD_IDR, proof ? 80 : 144);
	send_ike(day, speaker, 1, now + 50 * MS);
	if (!proof)
		for (unsigned i = 0; i < 3; i++) {
			v2_secret(day->ike, speaker->ispi, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_REQUEST, 2 + i,
				  IKEV2_PAYLOAD_NOTIFY, 208);
			send_ike(day, speaker, 0, now + (5 + 10 * i) * SECOND);
			v2_secret(day->ike, speaker->ispi, IKEV2_EXCHANGE_CREATE_CHILD_SA, V2_RESPONSE, 2 + i,
				  IKEV2_PAYLOAD_NOTIFY, 80);
			send_ike(day, speaker, 1, now + (5 + 10 * i) * SECOND + 20 * MS);
		}
	return now + 60 * SECOND;
}

static void wake(struct day *day, struct speaker *speaker)
{
	int64_t now = day->now_ns, next;

	if (number_of(day, speaker) >= day->pairs) {
		next = stranger(day, speaker, now);
		put_event(day,
			  (struct event){ .time_ns = next, .speaker = number_of(day, speaker), .kind = EVENT_WAKE });
		return;
	}
	if (speaker->fault && now >= speaker->fault->from_ns) {
		enum fault_kind kind = speaker->fault->kind;
		if (kind == HUB_RESTARTED) {
			/* Nothing comes back for some seconds, then all begin anew. */
			recover(day, speaker, now);
			speaker->silent_ns = now + 2 * SECOND + below(day, 15 * SECOND);
			next = speaker->silent_ns;
		} else if (kind == KEY_CHANGED || kind == CHILD_REFUSED) {
			next = failing(day, speaker, now);
		} else {
			next = faulty(day, speaker, now);
		}
	} else {
		bool waits = speaker->fault && speaker->fault->kind == NEVER_ASKED;
		next = waits ? speaker->fault->from_ns : healthy(day, speaker, now);
		if (speaker->fault && speaker->fault->kind == CLIENT_LOCKED_OUT)
			next = speaker->fault->from_ns;
		/* What begins for a whole hub begins for all at once. */
		if (speaker->fault && next > speaker->fault->from_ns)
			next = speaker->fault->from_ns + below(day, SECOND);
	}
	put_event(day, (struct event){ .time_ns = next > now ? next : now + 1,
				       .speaker = number_of(day, speaker),
				       .kind = EVENT_WAKE });
}

/* ---- the set ---- */

static struct address ipv4(uint32_t number)
{
	const uint8_t octets[4] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
				    (uint8_t)number };
	return address_from_ipv4(octets);
}

static const char policy[] = "policy:\n  allow: [icmp, tcp/22]\n  rules:\n"
			     "    - { name: spokes, between: [10.20.0.0/16, 192.0.2.0/24] }\n"
			     "    - { name: peers, between: [10.30.0.0/16, 10.31.0.0/16] }\n";

/* Half of the pairs are spokes of ten hubs; of the others half are named by a rule, and half have to be learned. */
static void set_hosts(struct day *day)
{
	unsigned spokes = day->pairs / 2;

	for (unsigned i = 0; i < day->pairs; i++) {
		struct speaker *speaker = &day->speakers[i];
		uint32_t net = i < spokes ? 0x0a140000 : i < spokes + spokes / 2 ? 0x0a1e0000 : 0x0a280000;
		speaker->host[0] = ipv4(net + 1 + i);
		speaker->host[1] = i < spokes ? ipv4(0xc0000201 + i * HUBS / spokes) : ipv4(net + 0x10000 + 1 + i);
		speaker->salt = (uint32_t)draw(day);
		put_event(day,
			  (struct event){ .time_ns = MIDNIGHT + below(day, MINUTE), .speaker = i, .kind = EVENT_WAKE });
	}
	for (unsigned i = 0; i < STRANGERS; i++) {
		struct speaker *speaker = &day->speakers[day->pairs + i];
		speaker->host[0] = ipv4(0x0a320001 + i);
		speaker->host[1] = ipv4(i ? 0x0a330001 + i : 0xc0000205);
		speaker->salt = i;
		put_event(day, (struct event){ .time_ns = MIDNIGHT + 5 * MINUTE + below(day, MINUTE),
					       .speaker = day->pairs + i,
					       .kind = EVENT_WAKE });
	}
}

static void add_fault(struct day *day, unsigned number, enum fault_kind kind, unsigned pair, unsigned lasts_s,
		      enum finding_cause cause, enum finding_id first, enum finding_id second, enum finding_id third)
{
	struct fault *fault = &day->faults[number];
	/* Not at the very beginning: pairs have to be learned. */
	int64_t span = day->hours * HOUR - 25 * MINUTE;

	*fault = (struct fault){
		.kind = kind, .pair = pair, .ids = { first, second, third }, .id_count = 3, .cause = cause
	};
	fault->from_ns = MIDNIGHT + 10 * MINUTE + span * number / FAULTS;
	fault->until_ns = fault->from_ns + lasts_s * SECOND;
	if (kind != HUB_FLUSHED && kind != HUB_RESTARTED) {
		day->speakers[pair].fault = fault;
		return;
	}
	for (unsigned i = 0; i < day->pairs / 2; i++)
		if (i * HUBS / (day->pairs / 2) == pair)
			day->speakers[i].fault = fault;
}

static void set_faults(struct day *day)
{
	unsigned n = day->pairs, mesh = n / 2, learned = n * 3 / 4;
	const enum finding_id leak = FINDING_CLEARTEXT_LEAK, none = FINDING_ID_COUNT;

	add_fault(day, 0, POLICY_FLUSHED, mesh + 1, 300, CAUSE_SA_LOST, leak, none, none);
	add_fault(day, 1, POLICY_FLUSHED, learned + 1, 300, CAUSE_SA_LOST, leak, none, none);
	add_fault(day, 2, POLICY_FLUSHED, 0, 120, CAUSE_SA_LOST, leak, none, none);
	add_fault(day, 3, POLICY_ONE_SIDED, mesh + 3, 200, CAUSE_ONE_WAY, leak, none, none);
	add_fault(day, 4, POLICY_ONE_SIDED, mesh + 5, 100, CAUSE_ONE_WAY, leak, none, none);
	add_fault(day, 5, FILTER_GAP, mesh + 7, 600, CAUSE_SELECTOR_GAP, leak, none, none);
	add_fault(day, 6, FILTER_GAP, mesh + 9, 200, CAUSE_SELECTOR_GAP, leak, none, none);
	add_fault(day, 7, NEVER_ASKED, mesh + 11, 400, CAUSE_NOBODY_INITIATES, leak, none, none);
	add_fault(day, 8, SERVICE_STOPPED, mesh + 13, 300, CAUSE_SA_LOST, leak, FINDING_IKE_UNANSWERED, none);
	add_fault(day, 9, SERVICE_STOPPED, mesh + 15, 200, CAUSE_SA_LOST, leak, FINDING_IKE_UNANSWERED, none);
	add_fault(day, 10, OFFER_REFUSED, mesh + 17, 400, CAUSE_UNKNOWN_PEER, FINDING_IKE_REFUSED, none, none);
	add_fault(day, 11, KEY_CHANGED, mesh + 19, 400, CAUSE_PRE_SHARED_KEY, FINDING_IKE_AUTH_FAILED, none, none);
	add_fault(day, 12, KEY_CHANGED, learned + 3, 300, CAUSE_PRE_SHARED_KEY, FINDING_IKE_AUTH_FAILED, none, none);
	add_fault(day, 13, CHILD_REFUSED, mesh + 21, 400, CAUSE_NONE, FINDING_IKE_CHILD_REFUSED, none, none);
	add_fault(day, 14, SA_FORGOTTEN, mesh + 22, 60, CAUSE_RECOVERING, FINDING_BAD_SPI, none, none);
	add_fault(day, 15, SA_FORGOTTEN, learned + 5, 40, CAUSE_RECOVERING, FINDING_BAD_SPI, none, none);
	add_fault(day, 16, REKEY_STORM, learned + 7, 900, CAUSE_TIME, FINDING_REKEY_TOO_OFTEN, none, none);
	add_fault(day, 17, HUB_RESTARTED, 3, 60, CAUSE_NONE, FINDING_IKE_RESTART, FINDING_RESTART_CHECK, none);
	add_fault(day, 18, HUB_FLUSHED, 7, 200, CAUSE_SA_LOST, leak, FINDING_IKE_RESTART, FINDING_RESTART_CHECK);
	add_fault(day, 19, CLIENT_LOCKED_OUT, mesh + 23, 200, CAUSE_NOT_CAPABLE, FINDING_LOCKED_OUT, leak, none);
	/* Who is locked out wants to reach a hub. */
	day->speakers[mesh + 23].host[0] = ipv4(0x0a14fffe);
	day->speakers[mesh + 23].host[1] = ipv4(0xc0000202);
}

/* ---- the tracker, and what comes of it ---- */

static void put_to_judge(void *context, const struct transition *transition)
{
	judge_put(((struct day *)context)->judge, transition);
}

static void flush(struct day *day)
{
	if (day->batch == 0)
		return;
	track_prepare(day->track, day->packets, day->keys, day->batch);
	for (unsigned i = 0; i < day->batch; i++) {
		struct track_handle handle = track_packet(day->track, &day->packets[i], &day->keys[i]);
		if (!handle.flow)
			continue;
		if (handle.wants_name) {
			struct track_named named = { .final = true, .no_slot = true };
			track_name(day->track, handle.flow, &named);
		}
		if (handle.watched)
			track_clear(day->track, handle.flow, &day->packets[i], &day->keys[i]);
	}
	while (track_freed_slot(day->track))
		;
	day->batch = 0;
}

static void take_packet(struct day *day, const struct event *event)
{
	const struct speaker *speaker = &day->speakers[event->speaker];
	struct packet *packet = &day->packets[day->batch++];
	unsigned header = event->protocol == PROTOCOL_ESP ? 20 : event->protocol == PROTOCOL_TCP ? 40 : 28;

	*packet = (struct packet){
		.time_ns = event->time_ns,
		.frame_length = 14 + header + event->octets,
		.class = event->protocol == PROTOCOL_ESP    ? PACKET_ESP
			 : event->protocol == PROTOCOL_ICMP ? PACKET_ICMP
			 : event->message                   ? PACKET_IKE
							    : PACKET_CLEARTEXT,
		.icmp_type = event->protocol == PROTOCOL_ICMP ? 8 : 0,
		.has_ip = true,
		.protocol = event->protocol,
		.ttl = 64,
		.tcp_flags = event->tcp_flags,
		.src_port = event->src_port,
		.dst_port = event->dst_port,
		.src = speaker->host[event->direction],
		.dst = speaker->host[!event->direction],
		.length = header + event->octets,
		.spi = event->spi,
		.sequence = event->sequence,
		.payload = event->message ? event->message : day->noise + draw(day) % (RANDOM_OCTETS - ESP_OCTETS_MAX),
		.payload_captured = event->octets,
		.payload_length = event->octets,
	};
	day->packets_seen++;
	/* An IKE message is only there until it was taken. */
	if (event->message || day->batch == TRACK_BATCH)
		flush(day);
	free(event->message);
}

static void step(struct day *day, int64_t now_ns)
{
	flush(day);
	track_advance(day->track, now_ns);
	while (track_freed_slot(day->track))
		;
	judge_advance(day->judge, now_ns - 1);
	day->stepped_ns = now_ns;
}

static bool about_fault(const struct day *day, const struct fault *fault, const struct finding *finding)
{
	const struct speaker *speaker = &day->speakers[fault->pair];
	struct address hub = ipv4(0xc0000201 + fault->pair);

	if (finding->time_ns < fault->from_ns || finding->time_ns > fault->until_ns + 10 * MINUTE)
		return false;
	if (fault->kind == HUB_FLUSHED || fault->kind == HUB_RESTARTED)
		return address_equal(&finding->a, &hub) || (finding->has_pair && address_equal(&finding->b, &hub));
	bool first = address_equal(&finding->a, &speaker->host[0]) || address_equal(&finding->b, &speaker->host[0]);
	bool second = address_equal(&finding->a, &speaker->host[1]) || address_equal(&finding->b, &speaker->host[1]);
	return finding->has_pair && first && second;
}

static void hear(void *context, const struct record *record)
{
	struct day *day = context;
	const struct finding *finding = &record->finding;

	if (record->type != RECORD_FINDING || finding->state == FINDING_CLEAR)
		return;
	for (unsigned i = 0; i < FAULTS; i++)
		for (unsigned k = 0; k < day->faults[i].id_count; k++)
			if (day->faults[i].ids[k] == finding->id && about_fault(day, &day->faults[i], finding)) {
				day->faults[i].opens[k] += finding->state == FINDING_OPEN;
				if (finding->state == FINDING_OPEN && day->faults[i].opens[k] > 1)
					fprintf(stderr, "fault %u again: %.1f s, %s\n", i,
						(double)(finding->time_ns - day->faults[i].from_ns) / 1e9,
						finding->text);
				if (k == 0)
					day->faults[i].told = finding->cause;
				return;
			}
	if (finding->state != FINDING_OPEN)
		return;
	/* Advice about algorithms is no alarm. */
	if (finding->severity == SEVERITY_INFO) {
		day->advice++;
		return;
	}
	day->others++;
	fprintf(stderr, "not a fault: %.1f s, %s/%s %s: %s\n", (double)(finding->time_ns - MIDNIGHT) / 1e9,
		catalogue_row(finding->id)->name, catalogue_cause(finding->cause)->name,
		finding_severity_name(finding->severity), finding->text);
}

static void begin(struct day *day, const struct config *config)
{
	struct record_sink sink = { hear, day };
	struct judge_settings judging = { .policy = &config->policy,
					  .thresholds = judge_default_thresholds(),
					  .alerts = alert_default_settings(),
					  .pairs = 20000,
					  .sas = 100000,
					  .ike = 20000,
					  .learned = 20000 };
	struct track_settings tracking = { .policy = &config->policy,
					   .flows = 50000,
					   .sas = 100000,
					   .pairs = 20000,
					   .learn_packets = 20,
					   .learn_span_ns = MINUTE };

	day->judge = judge_new(&judging, &sink);
	day->track = track_new(&tracking, &(struct transition_sink){ put_to_judge, day });
	day->ike = calloc(1, sizeof(*day->ike));
	day->speakers = calloc(day->pairs + STRANGERS, sizeof(*day->speakers));
	ck_assert(day->judge && day->track && day->ike && day->speakers);
	for (unsigned i = 0; i < RANDOM_OCTETS; i++)
		day->noise[i] = (uint8_t)(draw(day) >> 32);
	day->stepped_ns = MIDNIGHT;
	set_hosts(day);
	set_faults(day);
}

static void run(struct day *day)
{
	int64_t end = MIDNIGHT + day->hours * HOUR;

	while (day->event_count && day->events[0].time_ns < end) {
		struct event event = take_event(day);
		day->now_ns = event.time_ns;
		if (day->now_ns - day->stepped_ns >= STEP_NS)
			step(day, day->now_ns);
		if (event.kind == EVENT_PACKET)
			take_packet(day, &event);
		else
			wake(day, &day->speakers[event.speaker]);
	}
	step(day, end);
	judge_finish(day->judge, end);
}

static void end(struct day *day)
{
	for (size_t i = 0; i < day->event_count; i++)
		free(day->events[i].message);
	free(day->events);
	free(day->speakers);
	free(day->ike);
	track_free(day->track);
	judge_free(day->judge);
}

START_TEST(a_day)
{
	static struct day day;
	struct config_error error;
	struct config *config = config_parse("day", policy, sizeof(policy) - 1, &error);

	ck_assert_msg(config != NULL, "%s", error.text);
	ck_assert(config_seal(config));
	day = (struct day){ .pairs = wanted_pairs, .hours = wanted_hours, .state = 88172645463325252 };
	begin(&day, config);
	run(&day);
	for (unsigned i = 0; i < FAULTS; i++) {
		const struct fault *fault = &day.faults[i];
		if (!fault->opens[0])
			fprintf(stderr, "fault %u (%s of %u) is not told\n", i, catalogue_row(fault->ids[0])->name,
				fault->pair);
		day.missed += !fault->opens[0];
		if (fault->opens[0] && fault->told != fault->cause) {
			fprintf(stderr, "fault %u: %s/%s, not %s\n", i, catalogue_row(fault->ids[0])->name,
				catalogue_cause(fault->told)->name, catalogue_cause(fault->cause)->name);
			day.misnamed++;
		}
		for (unsigned k = 0; k < fault->id_count; k++)
			if (fault->opens[k] > 1) {
				fprintf(stderr, "fault %u: %s opened %u times\n", i, catalogue_row(fault->ids[k])->name,
					fault->opens[k]);
				day.doubled++;
			}
	}
	printf("%u pairs, %" PRId64 " h, %" PRIu64
	       " packets: %u of %u faults told, %u with another cause, %u twice, %u other alerts, %u of advice\n",
	       day.pairs, day.hours, day.packets_seen, FAULTS - day.missed, FAULTS, day.misnamed, day.doubled,
	       day.others, day.advice);
	ck_assert_uint_eq(day.missed, 0);
	ck_assert_uint_eq(day.misnamed, 0);
	ck_assert_uint_eq(day.doubled, 0);
	ck_assert_uint_eq(day.others, 0);
	end(&day);
	config_free(config);
}
END_TEST

int main(int count, char **arguments)
{
	Suite *suite = suite_create("day");
	TCase *tcase = tcase_create("day");

	if (count > 1)
		wanted_hours = (unsigned)strtoul(arguments[1], NULL, 10);
	if (count > 2)
		wanted_pairs = (unsigned)strtoul(arguments[2], NULL, 10);
	if (wanted_hours < 1 || wanted_hours > 240 || wanted_pairs < 200 || wanted_pairs > 5000) {
		fprintf(stderr, "usage: day [HOURS, 1 to 240] [PAIRS, 200 to 5000]\n");
		return EXIT_FAILURE;
	}
	tcase_add_test(tcase, a_day);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
