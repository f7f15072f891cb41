/* SPDX-License-Identifier: Apache-2.0 */
/* See ip_service.h. */
#include "ip_service.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	uint8_t protocol; /* IANA number */
	const char *name;
} with_ports[] = { { 6, "tcp" }, { 17, "udp" }, { 132, "sctp" } };

enum { WITH_PORTS = sizeof(with_ports) / sizeof(with_ports[0]) };

const char *ip_service_text(uint8_t protocol, uint16_t port, struct ip_service_text *buffer)
{
	unsigned i = 0;

	if (!protocol)
		return NULL;
	while (port && i < WITH_PORTS && with_ports[i].protocol != protocol)
		i++;
	if (port && i < WITH_PORTS)
		snprintf(buffer->text, sizeof(buffer->text), "%s/%u", with_ports[i].name, port);
	else
		snprintf(buffer->text, sizeof(buffer->text), "proto/%u", protocol);
	return buffer->text;
}

bool ip_service_parse(const char *text, uint8_t *protocol, uint16_t *port)
{
	const char *slash = strchr(text, '/');
	struct ip_service_text again;

	*protocol = 0;
	*port = 0;
	if (!slash || strlen(text) >= IP_SERVICE_SIZE)
		return false;
	unsigned long number = strtoul(slash + 1, NULL, 10);
	if (strncmp(text, "proto/", 6) == 0)
		*protocol = (uint8_t)number;
	for (unsigned i = 0; i < WITH_PORTS; i++)
		if (strncmp(text, with_ports[i].name, (size_t)(slash - text)) == 0 &&
		    !with_ports[i].name[slash - text]) {
			*protocol = with_ports[i].protocol;
			*port = (uint16_t)number;
		}
	/* One spelling each: what does not come out again was another. */
	const char *spelled = ip_service_text(*protocol, *port, &again);
	if (spelled && strcmp(spelled, text) == 0)
		return true;
	*protocol = 0;
	*port = 0;
	return false;
}
