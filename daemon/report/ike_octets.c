/* SPDX-License-Identifier: Apache-2.0 */
/* See ike_octets.h. */
#include "ike_octets.h"

#include "hex.h"
#include "json_line.h"
#include "timestamp.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const encaps[] = {
	[PACKET_ENCAP_NONE] = "none", [PACKET_ENCAP_UDP] = "udp", [PACKET_ENCAP_TCP] = "tcp"
};
enum { ENCAPS = sizeof(encaps) / sizeof(encaps[0]) };

char *ike_octets_line(const struct record *record, const char *sensor)
{
	const struct record_ike_message *ike = &record->ike_message;
	struct timestamp_text time;
	struct address_text src, dst;

	if (!ike->message || ike->captured > IKE_OCTETS_MAX || (unsigned)ike->encap >= ENCAPS)
		return NULL;
	char *hex = malloc(2 * (size_t)ike->captured + 1);
	if (!hex)
		return NULL;
	hex_put(hex, ike->message, ike->captured);
	hex[2 * (size_t)ike->captured] = '\0';
	json_t *line = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:I, s:i, s:s}", "type", "ike_octets",
				 "time", timestamp_text(record->time_ns, &time), "sensor", sensor, "src",
				 address_text(&ike->src, &src), "dst", address_text(&ike->dst, &dst), "src_port",
				 (int)ike->src_port, "dst_port", (int)ike->dst_port, "encap", encaps[ike->encap],
				 "length", (json_int_t)ike->length, "joined", (int)ike->joined, "hex", hex);
	free(hex);
	return json_line(line);
}

static bool read_line(json_t *line, struct record *record, struct ike_octets *octets)
{
	const char *type, *time, *sensor, *src, *dst, *encap, *hex;
	size_t hex_length;
	json_int_t src_port, dst_port, length, joined;
	struct record_ike_message *ike = &record->ike_message;
	unsigned at = 0;

	if (json_unpack(line, "{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:I, s:I, s:s% !}", "type", &type, "time",
			&time, "sensor", &sensor, "src", &src, "dst", &dst, "src_port", &src_port, "dst_port",
			&dst_port, "encap", &encap, "length", &length, "joined", &joined, "hex", &hex,
			&hex_length) != 0)
		return false;
	while (at < ENCAPS && strcmp(encap, encaps[at]) != 0)
		at++;
	if (strcmp(type, "ike_octets") != 0 || at == ENCAPS || !timestamp_parse(time, &record->time_ns) ||
	    !address_parse(src, &ike->src) || !address_parse(dst, &ike->dst) || src_port < 0 || src_port > UINT16_MAX ||
	    dst_port < 0 || dst_port > UINT16_MAX || length < 0 || length > UINT32_MAX || joined < 0 ||
	    joined > UINT8_MAX || hex_length % 2 || hex_length / 2 > IKE_OCTETS_MAX ||
	    hex_length / 2 > (size_t)length || !hex_read(hex, hex_length / 2, octets->octets))
		return false;
	record->type = RECORD_IKE_MESSAGE;
	ike->src_port = (uint16_t)src_port;
	ike->dst_port = (uint16_t)dst_port;
	ike->encap = (enum packet_encap)at;
	snprintf(octets->sensor, sizeof(octets->sensor), "%s", sensor);
	ike->message = octets->octets;
	ike->captured = (uint32_t)(hex_length / 2);
	ike->length = (uint32_t)length;
	ike->joined = (unsigned)joined;
	return true;
}

bool ike_octets_read(const char *line, size_t length, struct record *record, struct ike_octets *octets)
{
	json_error_t error;
	json_t *value = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);

	*record = (struct record){ .time_ns = 0 };
	bool read = json_is_object(value) && read_line(value, record, octets);
	json_decref(value);
	if (!read)
		*record = (struct record){ .time_ns = 0 };
	return read;
}
