/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is shown of IKE messages: the IKE log at every level, as text and as JSON, and the inventory in its three forms. A
 * terminal gets printable text, line ends and, where asked for, colours; JSON is JSON.
 *
 * Octet 0: level, colour, width. Then messages: a length in two octets (its highest bits: direction, longer than
 * captured), ports and pause in one, and octets.
 */
#include "fuzz.h"

#include "daemon/certificate.h"
#include "daemon/report/ike_log.h"
#include "daemon/report/inventory.h"
#include "daemon/report/utf8.h"

#include <jansson.h>
#include <string.h>

enum { MESSAGES_MAX = 64, OCTETS_MAX = 0x1fff };

#define START INT64_C(1700000000000000000)

struct output {
	FILE *file;
	char *text;
	size_t length;
};

static void open_output(struct output *output)
{
	output->file = open_memstream(&output->text, &output->length);
	DEMAND(output->file != NULL);
}

static void check_text(struct output *output, bool colour)
{
	fclose(output->file);
	DEMAND(strlen(output->text) == output->length);
	for (size_t i = 0; i < output->length; i++) {
		unsigned char octet = (unsigned char)output->text[i];
		DEMAND(octet >= ' ' || octet == '\n' || (octet == 0x1b && colour));
		DEMAND(octet != 0x7f);
		/* All colours we set are ESC [ digits m. */
		if (octet == 0x1b)
			DEMAND(output->text[i + 1] == '[' && strspn(output->text + i + 2, "0123456789;") < 8);
	}
	char *plain = malloc(output->length * 3 + 1);
	DEMAND(plain != NULL);
	/* Valid UTF-8 stays as it is, but for line ends and colours. */
	for (size_t i = 0; i < output->length; i++)
		if (output->text[i] == '\n' || output->text[i] == 0x1b)
			output->text[i] = ' ';
	size_t length = utf8_plain(output->text, output->length, plain, output->length * 3 + 1);
	DEMAND(length == output->length && memcmp(plain, output->text, length) == 0);
	free(plain);
	free(output->text);
}

/* `lines`: one document a line, else one in all. */
static void check_json(struct output *output, bool lines)
{
	fclose(output->file);
	char *rest = output->text;
	for (char *line = lines ? strsep(&rest, "\n") : rest; line && (*line || !lines);
	     line = lines ? strsep(&rest, "\n") : NULL) {
		json_error_t error;
		json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, &error);
		if (!root)
			fprintf(stderr, "%s: %s\n", line, error.text);
		DEMAND(json_is_object(root));
		json_decref(root);
	}
	free(output->text);
}

struct readers {
	struct ike_log *text, *json;
	struct inventory *inventory;
};

static void read_message(const struct readers *readers, const uint8_t *data, uint32_t length, uint8_t flags,
			 uint8_t how, int64_t time_ns)
{
	static const uint16_t ports[] = { 500, 4500, 6000, 1 };
	uint8_t *octets = malloc(length ? length : 1);
	struct record record = { .type = RECORD_IKE_MESSAGE, .time_ns = time_ns };
	struct address ends[2];

	DEMAND(octets && address_parse(how & 16 ? "2001:db8::1" : "192.0.2.1", &ends[0]));
	DEMAND(address_parse(how & 16 ? "2001:db8::2" : "198.51.100.2", &ends[1]));
	memcpy(octets, data, length);
	record.ike_message = (struct record_ike_message){ .src = ends[flags & 1],
							  .dst = ends[!(flags & 1)],
							  .src_port = ports[how & 3],
							  .dst_port = ports[how >> 2 & 3],
							  .encap = how & 32 ? PACKET_ENCAP_TCP : PACKET_ENCAP_UDP,
							  .message = octets,
							  .captured = length,
							  .length = length + (flags & 2 ? 100 : 0) };
	ike_log_write(readers->text, &record);
	ike_log_write(readers->json, &record);
	inventory_add(readers->inventory, &record);
	free(octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct output text, json;
	int64_t now_ns = START;

	if (size < 1)
		return 0;
	open_output(&text);
	open_output(&json);
	struct ike_log_settings settings = { .file = text.file,
					     .level = 1 + data[0] % IKE_LOG_LEVEL_MAX,
					     .width = data[0] & 16 ? 0 : 100,
					     .colour = data[0] & 32,
					     .sensor = "s",
					     .certificate = certificate_read };
	struct readers readers = { .text = ike_log_new(&settings), .inventory = inventory_new(certificate_read, NULL) };
	settings.file = json.file;
	settings.json = true;
	readers.json = ike_log_new(&settings);
	DEMAND(readers.text && readers.json && readers.inventory);
	bool colour = data[0] & 32;
	data++, size--;
	for (unsigned i = 0; i < MESSAGES_MAX && size >= 3; i++) {
		uint32_t length = ((uint32_t)data[0] << 8 | data[1]) & OCTETS_MAX;
		if (length > size - 3)
			length = (uint32_t)size - 3;
		now_ns += (int64_t)(data[2] >> 6) * 3000000000;
		read_message(&readers, data + 3, length, data[0] >> 6, data[2], now_ns);
		data += 3 + length;
		size -= 3 + length;
	}
	ike_log_free(readers.text);
	ike_log_free(readers.json);
	check_text(&text, colour);
	check_json(&json, true);
	inventory_sort(readers.inventory);
	open_output(&text);
	struct page page = { .file = text.file, .width = 100, .unicode = colour };
	inventory_write_text(readers.inventory, &page);
	check_text(&text, false);
	open_output(&json);
	DEMAND(inventory_write_json(readers.inventory, json.file, "s"));
	check_json(&json, true);
	open_output(&json);
	DEMAND(inventory_write_cyclonedx(readers.inventory, json.file, "s"));
	check_json(&json, false);
	inventory_free(readers.inventory);
	return 0;
}
