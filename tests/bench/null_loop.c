/* SPDX-License-Identifier: Apache-2.0 */
/* What libpcap alone costs on a capture file: reads every packet, looks at one octet, counts. The measure that the
 * benchmark holds `espial audit` against. null_loop FILE */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>

struct count {
	uint64_t packets, octets;
	uint8_t seen; /* so that the packets are touched */
};

static void on_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *octets)
{
	struct count *count = (struct count *)(void *)user;

	count->packets++;
	count->octets += header->len;
	if (header->caplen > 0)
		count->seen ^= octets[0];
}

int main(int argument_count, char **arguments)
{
	char error[PCAP_ERRBUF_SIZE] = "usage: null_loop FILE";
	struct count count = { 0 };
	pcap_t *pcap = argument_count == 2 ? pcap_open_offline(arguments[1], error) : NULL;

	if (!pcap || pcap_loop(pcap, -1, on_packet, (u_char *)&count) < 0) {
		fprintf(stderr, "null_loop: %s\n", pcap ? pcap_geterr(pcap) : error);
		return 2;
	}
	pcap_close(pcap);
	printf("%" PRIu64 " packets, %" PRIu64 " octets, %u\n", count.packets, count.octets, count.seen);
	return 0;
}
