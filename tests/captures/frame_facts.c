/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the dissectors say of each frame of a capture, a line a frame, for check_mutated.py to hold against another reader:
 *
 *   class reason source destination SPI sequence AH-source AH-destination AH-SPI
 *   initiator-SPI responder-SPI version exchange message-ID
 *
 * parted by tabs; what a frame does not have is "-". SPIs and numbers are hexadecimal without a prefix.
 */
#include "../../daemon/capture_file.h"
#include "../../dissectors/cursor.h"
#include "../../dissectors/ike.h"
#include "../../dissectors/packet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 32 };

static void write_frame(const struct frame *frame)
{
	struct packet_options options = { .decapsulate = TUNNEL_ALL };
	struct address_text src, dst;
	struct packet packet;

	packet_read(frame, &options, &packet);
	printf("%s\t%s", packet_class_name((enum packet_class)packet.class),
	       packet_reason_name((enum packet_reason)packet.reason));
	if (packet.has_ip)
		printf("\t%s\t%s", address_text(&packet.src, &src), address_text(&packet.dst, &dst));
	else
		printf("\t-\t-");
	if (packet.class == PACKET_ESP)
		printf("\t%08" PRIx32 "\t%" PRIx32, packet.spi, packet.sequence);
	else
		printf("\t-\t-");
	if (packet.flags & PACKET_HAS_AH)
		printf("\t%s\t%s\t%08" PRIx32, address_text(&packet.ah.src, &src), address_text(&packet.ah.dst, &dst),
		       packet.ah.spi);
	else
		printf("\t-\t-\t-");
	struct ike_header header;
	struct cursor cursor = cursor_make(packet.payload, packet.payload_captured, packet.payload_length);
	if (packet.class == PACKET_IKE && ike_header_read(&cursor, &header))
		printf("\t%016" PRIx64 "\t%016" PRIx64 "\t%u.%u\t%u\t%08" PRIx32 "\n", header.initiator_spi,
		       header.responder_spi, header.major, header.minor, header.exchange, header.message_id);
	else
		printf("\t-\t-\t-\t-\t-\n");
}

int main(int argc, char **argv)
{
	struct capture_file_error error;
	struct frame frames[BATCH];
	unsigned count;

	if (argc != 2)
		return EXIT_FAILURE;
	struct capture_file *file = capture_file_open(argv[1], &error);
	if (!file) {
		fprintf(stderr, "%s\n", error.text);
		return EXIT_FAILURE;
	}
	while ((count = capture_file_next(file, frames, BATCH)) > 0)
		for (unsigned i = 0; i < count; i++)
			write_frame(&frames[i]);
	bool sound = capture_file_sound(file, &error);
	if (!sound)
		fprintf(stderr, "%s\n", error.text);
	capture_file_close(file);
	return sound ? EXIT_SUCCESS : EXIT_FAILURE;
}
