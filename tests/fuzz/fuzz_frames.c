/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole path of a frame: octets that are a short capture go through engine, nDPI included, and every record that
 * comes of it is written as JSON and read back. Told again in single frames, with time passing between them, the capture
 * has to give the same findings.
 *
 * Octet 0: link type and policy. Then frames: a length in two octets, a pause in one (6 bits, and whether it is
 * milliseconds or seconds; the highest bit: longer on the wire than captured), the interface in one, octets.
 */
#include "fuzz.h"

#include "config/config.h"
#include "daemon/classify.h"
#include "daemon/engine.h"
#include "daemon/report/json.h"
#include "daemon/report/record_reader.h"
#include "dissectors/link.h"

#include <ndpi/ndpi_api.h>
#include <string.h>

enum { FRAMES_MAX = 200, OCTETS_MAX = 0x3fff, FRAME_HEAD = 4 };

#define START (INT64_C(1700000000) * 1000000000)

#define LIMITS "sensor: s\nlimits: { flows: 1000, sas: 1000, ike: 1000, pairs: 1000, learned: 100 }\n"
#define POLICY                                                                                                         \
	"policy:\n  rules:\n"                                                                                          \
	"    - { name: four, between: [0.0.0.0/1, 0.0.0.0/0], level: require, crypto: rfc8247 }\n"                     \
	"    - { name: rest, between: [any, any], level: request }\n"

/*
 * nDPI takes a hundred times as long to begin as an input takes to tell: the linker gives its beginning and its end to
 * these (--wrap), so that one beginning serves all. What it remembers of other flows is no ground for a name (classify.c).
 */
static struct ndpi_detection_module_struct *module;
static bool module_ready;

struct ndpi_detection_module_struct *__real_ndpi_init_detection_module(ndpi_init_prefs prefs);
struct ndpi_detection_module_struct *__wrap_ndpi_init_detection_module(ndpi_init_prefs prefs);
void __real_ndpi_set_protocol_detection_bitmask2(struct ndpi_detection_module_struct *ndpi,
						 const NDPI_PROTOCOL_BITMASK *enabled);
void __wrap_ndpi_set_protocol_detection_bitmask2(struct ndpi_detection_module_struct *ndpi,
						 const NDPI_PROTOCOL_BITMASK *enabled);
void __real_ndpi_finalize_initialization(struct ndpi_detection_module_struct *ndpi);
void __wrap_ndpi_finalize_initialization(struct ndpi_detection_module_struct *ndpi);
void __wrap_ndpi_exit_detection_module(struct ndpi_detection_module_struct *ndpi);

struct ndpi_detection_module_struct *__wrap_ndpi_init_detection_module(ndpi_init_prefs prefs)
{
	if (!module)
		module = __real_ndpi_init_detection_module(prefs);
	return module;
}

void __wrap_ndpi_set_protocol_detection_bitmask2(struct ndpi_detection_module_struct *ndpi,
						 const NDPI_PROTOCOL_BITMASK *enabled)
{
	if (!module_ready)
		__real_ndpi_set_protocol_detection_bitmask2(ndpi, enabled);
}

void __wrap_ndpi_finalize_initialization(struct ndpi_detection_module_struct *ndpi)
{
	if (!module_ready)
		__real_ndpi_finalize_initialization(ndpi);
	module_ready = true;
}

void __wrap_ndpi_exit_detection_module(struct ndpi_detection_module_struct *ndpi)
{
	DEMAND(ndpi == module);
}

/* Likewise room for twenty thousand flows, which a memory checker notes octet by octet. */
enum { CLASSIFY_SLOTS = 40 };

struct classifier *__real_classifier_new(uint32_t slots);
struct classifier *__wrap_classifier_new(uint32_t slots);

struct classifier *__wrap_classifier_new(uint32_t slots)
{
	(void)slots;
	return __real_classifier_new(CLASSIFY_SLOTS);
}

/* What all inputs share is made before the first. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct classifier *classifier = classifier_new(CLASSIFY_SLOTS);

	(void)argc, (void)argv;
	DEMAND(classifier && module_ready);
	classifier_free(classifier);
	return 0;
}

struct told {
	char *text;
	size_t length;
	FILE *file;
	int64_t last_ns;
};

static void hear(void *context, const struct record *record)
{
	struct told *told = context;
	struct record_reader reader = { .sensor = NULL };
	struct record again;
	char *line = record_to_json(record, "s");

	DEMAND(line != NULL);
	bool reads = record_from_json(line, strlen(line), &reader, &again);
	if (!reads)
		fprintf(stderr, "%s\n%s\n", line, reader.problem);
	DEMAND(reads);
	record_reader_clear(&reader);
	if (record->type == RECORD_FINDING) {
		DEMAND(record->finding.time_ns >= told->last_ns);
		told->last_ns = record->finding.time_ns;
		fprintf(told->file, "%s\n", line);
	}
	free(line);
}

static void tell(const struct config *config, const struct frame *frames, unsigned count, unsigned batch,
		 struct told *told)
{
	struct engine_settings settings = { .config = config, .offline = true };
	struct record_sink sink = { hear, told };
	struct engine *engine = engine_new(&settings, &sink);

	*told = (struct told){ .last_ns = 0 };
	told->file = open_memstream(&told->text, &told->length);
	DEMAND(engine && told->file);
	for (unsigned at = 0; at < count; at += batch) {
		engine_frames(engine, frames + at, count - at < batch ? count - at : batch);
		if (batch == 1)
			engine_advance(engine, frames[at].time_ns);
	}
	engine_finish(engine);
	engine_write_records(engine);
	struct engine_counters counters = engine_counters(engine);
	uint64_t classes = 0;
	for (unsigned i = 0; i < PACKET_CLASS_COUNT; i++)
		classes += counters.track.classes[i];
	DEMAND(counters.track.packets == count && classes == count && counters.transitions_lost == 0);
	engine_free(engine);
	fclose(told->file);
}

static unsigned take_frames(const uint8_t *data, size_t size, uint16_t link_type, struct frame *frames)
{
	int64_t now_ns = START;
	unsigned count = 0;

	while (count < FRAMES_MAX && size >= FRAME_HEAD) {
		uint32_t length = ((uint32_t)data[0] << 8 | data[1]) & OCTETS_MAX;
		if (length > size - FRAME_HEAD)
			length = (uint32_t)(size - FRAME_HEAD);
		now_ns += (int64_t)(data[2] & 0x3f) * (data[2] & 0x40 ? 1000000000 : 1000000);
		/* In a block of just its size. */
		uint8_t *octets = malloc(length ? length : 1);
		DEMAND(octets != NULL);
		memcpy(octets, data + FRAME_HEAD, length);
		frames[count++] = (struct frame){ .bytes = octets,
						  .captured = length,
						  .length = length + (data[2] & 0x80 ? 300 : 0),
						  .time_ns = now_ns,
						  .link_type = link_type,
						  .interface = data[3] & 3 };
		data += FRAME_HEAD + length;
		size -= FRAME_HEAD + length;
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t link_types[] = { LINK_TYPE_ETHERNET, LINK_TYPE_RAW, LINK_TYPE_LINUX_SLL,
					       LINK_TYPE_LINUX_SLL2 };
	static struct config *with_rules, *without;
	static struct frame frames[FRAMES_MAX];
	struct config_error error;
	struct told batches, single;

	if (size < 1)
		return 0;
	if (!with_rules) {
		with_rules = config_parse("policy", LIMITS POLICY, strlen(LIMITS POLICY), &error);
		without = config_parse("limits", LIMITS, strlen(LIMITS), &error);
		if (!with_rules)
			fprintf(stderr, "%s\n", error.text);
		DEMAND(with_rules && without && config_seal(with_rules) && config_seal(without));
	}
	const struct config *config = data[0] & 4 ? without : with_rules;
	unsigned count = take_frames(data + 1, size - 1, link_types[data[0] & 3], frames);
	tell(config, frames, count, 32, &batches);
	tell(config, frames, count, 1, &single);
	if (strcmp(batches.text, single.text) != 0)
		fprintf(stderr, "%s---- and\n%s", batches.text, single.text);
	DEMAND(strcmp(batches.text, single.text) == 0);
	free(batches.text);
	free(single.text);
	for (unsigned i = 0; i < count; i++)
		free((void *)frames[i].bytes);
	return 0;
}
