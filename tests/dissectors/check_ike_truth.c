/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ike_message_read() against what tshark says of the same messages: argument 1 is a table that ike_truth.py wrote, which
 * describes the words. Ends with the number of messages, and with failure at the first differences, which it prints.
 */
#include "dissectors/ike_message.h"
#include "dissectors/ike_names.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OCTETS_MAX = 65536, VIEW_MAX = 65536, LINE_MAX_OCTETS = 3 * OCTETS_MAX };

struct view {
	char text[VIEW_MAX];
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct view *view, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int written = vsnprintf(view->text + view->length, VIEW_MAX - view->length, format, arguments);
	va_end(arguments);
	if (written < 0 || (size_t)written >= VIEW_MAX - view->length)
		abort();
	view->length += (size_t)written;
}

static void add_v1_transform(struct view *view, const uint8_t *octets, const struct ikev1_transform *transform)
{
	struct ike_slice rest = transform->attributes;
	struct ike_attribute attribute;

	add(view, " p3");
	while (ike_attribute_read(octets, &rest, true, &attribute)) {
		static const char letters[] = {
			[IKEV1_ATTRIBUTE_ENCRYPTION] = 'e',    [IKEV1_ATTRIBUTE_HASH] = 'h',
			[IKEV1_ATTRIBUTE_AUTH] = 'a',          [IKEV1_ATTRIBUTE_GROUP] = 'g',
			[IKEV1_ATTRIBUTE_LIFE_DURATION] = 'l', [IKEV1_ATTRIBUTE_KEY_LENGTH] = 'k'
		};
		if (attribute.type < sizeof(letters) && letters[attribute.type])
			add(view, " %c%u", letters[attribute.type], attribute.value);
	}
}

static void add_proposals(struct view *view, const uint8_t *octets, const struct ike_message *message, unsigned payload)
{
	for (unsigned i = 0; i < message->proposal_count; i++) {
		const struct ike_proposal *proposal = &message->proposals[i];
		if (proposal->payload != payload)
			continue;
		add(view, " p2");
		for (unsigned j = proposal->first; j < (unsigned)proposal->first + proposal->count; j++) {
			if (message->header.major == 1) {
				add_v1_transform(view, octets, &message->v1_transforms[j]);
				continue;
			}
			const struct ikev2_transform *transform = &message->v2_transforms[j];
			add(view, " p3 T%u t%u", transform->type, transform->id);
			if (transform->key_length)
				add(view, " k%u", transform->key_length);
		}
	}
}

static void describe(struct view *view, const uint8_t *octets, const struct ike_message *message)
{
	const struct ike_header *header = &message->header;
	unsigned notify = 0, vendor = 0;

	view->length = 0;
	add(view, "%u %u %u %u %u", header->major << 4 | header->minor, header->exchange, header->flags,
	    header->message_id, header->length);
	for (unsigned i = 0; i < message->payload_count; i++) {
		const struct ike_payload *payload = &message->payloads[i];
		add(view, " p%u", payload->type);
		if (payload->type == IKEV1_PAYLOAD_SA || payload->type == IKEV2_PAYLOAD_SA)
			add_proposals(view, octets, message, i);
		else if (payload->type == IKEV2_PAYLOAD_KE)
			add(view, " d%u", message->ke_group);
		else if (payload->type == IKEV2_PAYLOAD_SK || payload->type == IKEV2_PAYLOAD_SKF)
			add(view, " i%u", payload->next);
		else if (payload->type == IKEV1_PAYLOAD_NOTIFY || payload->type == IKEV2_PAYLOAD_NOTIFY)
			add(view, " n%u", notify < message->notify_count ? message->notifies[notify++].type : 0);
		else if (payload->type == IKEV1_PAYLOAD_VENDOR || payload->type == IKEV2_PAYLOAD_VENDOR)
			add(view, " v%u", vendor < message->vendor_count ? message->vendors[vendor++].length : 0);
	}
}

static uint32_t from_hex(const char *hex, uint8_t *octets)
{
	uint32_t count = 0;
	unsigned octet;

	while (count < OCTETS_MAX && sscanf(hex + 2 * (size_t)count, "%2x", &octet) == 1)
		octets[count++] = (uint8_t)octet;
	return count;
}

int main(int argc, char **argv)
{
	FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
	static char line[LINE_MAX_OCTETS];
	static uint8_t room[OCTETS_MAX];
	static struct view view;
	static struct ike_message message;
	unsigned count = 0, different = 0;

	if (!file) {
		fprintf(stderr, "usage: check_ike_truth TABLE\n");
		return EXIT_FAILURE;
	}
	while (fgets(line, sizeof(line), file)) {
		char *fields[5] = { strtok(line, "\t") };
		for (unsigned i = 1; i < 5; i++)
			fields[i] = strtok(NULL, "\t\n");
		if (!fields[4])
			return EXIT_FAILURE;
		uint32_t captured = from_hex(fields[3], room);
		/* In memory of just its size, so that memory checkers see every octet too many. */
		uint8_t *octets = malloc(captured);
		if (!octets)
			return EXIT_FAILURE;
		memcpy(octets, room, captured);
		ike_message_read(octets, captured, (uint32_t)strtoul(fields[2], NULL, 10), &message);
		describe(&view, octets, &message);
		free(octets);
		count++;
		if (strcmp(view.text, fields[4]) == 0 && message.state == IKE_STATE_WHOLE)
			continue;
		different++;
		printf("%s frame %s (%s, %s at %u):\n  tshark %s\n  espial %s\n", fields[0], fields[1],
		       ike_state_name(message.state), ike_fault_name(message.fault), message.fault_offset, fields[4],
		       view.text);
	}
	fclose(file);
	printf("%u messages, %u differ\n", count, different);
	return count > 0 && different == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
