/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an IP service is spelled, in records and in the lists of a policy: "tcp/22", "udp/53", "sctp/5060", and "proto/1" where
 * there is no port. Pure.
 */
#ifndef ESPIAL_REPORT_IP_SERVICE_H
#define ESPIAL_REPORT_IP_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

enum { IP_SERVICE_SIZE = 16 };

struct ip_service_text {
	char text[IP_SERVICE_SIZE];
};

/* NULL where the protocol is 0: it is not known. */
const char *ip_service_text(uint8_t protocol, uint16_t port, struct ip_service_text *buffer);

/* Only what ip_service_text() spells. False leaves both 0. */
bool ip_service_parse(const char *text, uint8_t *protocol, uint16_t *port);

#endif
