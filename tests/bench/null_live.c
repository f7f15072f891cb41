/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libpcap alone costs on an interface: takes every packet from a ring of 64 MiB, looks at one octet, counts. The measure
 * that the live benchmark holds espiald against. null_live INTERFACE, until SIGTERM; then prints received and dropped.
 */
#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>

enum { SNAP_LENGTH = 262144, RING = 64 << 20, TIMEOUT_MS = 20, BUDGET = 8192 };

struct count {
	uint64_t packets, octets;
	uint8_t seen; /* so that the packets are touched */
};

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

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
	char error[PCAP_ERRBUF_SIZE] = "usage: null_live INTERFACE";
	struct count count = { 0 };
	struct pcap_stat stat = { 0 };
	pcap_t *pcap = argument_count == 2 ? pcap_create(arguments[1], error) : NULL;

	if (!pcap) {
		fprintf(stderr, "null_live: %s\n", error);
		return 2;
	}
	pcap_set_snaplen(pcap, SNAP_LENGTH);
	pcap_set_timeout(pcap, TIMEOUT_MS);
	pcap_set_buffer_size(pcap, RING);
	pcap_set_promisc(pcap, 1);
	if (pcap_activate(pcap) < 0 || pcap_setnonblock(pcap, 1, error) < 0) {
		fprintf(stderr, "null_live: %s\n", pcap_geterr(pcap));
		return 2;
	}
	signal(SIGTERM, on_signal);
	puts("ready");
	fflush(stdout);
	struct pollfd ready = { .fd = pcap_get_selectable_fd(pcap), .events = POLLIN };
	while (!ended) {
		if (poll(&ready, 1, TIMEOUT_MS) < 0 && errno != EINTR)
			break;
		pcap_dispatch(pcap, BUDGET, on_packet, (u_char *)&count);
	}
	while (pcap_dispatch(pcap, BUDGET, on_packet, (u_char *)&count) > 0)
		;
	pcap_stats(pcap, &stat);
	printf("received %" PRIu64 " dropped %u\n", count.packets, stat.ps_drop);
	pcap_close(pcap);
	return 0;
}
