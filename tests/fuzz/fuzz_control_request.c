/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests on the control socket: whatever a client sends is either a request with all that its kind needs, or refused with
 * a sentence in printable characters. The input is the line.
 */
#include "fuzz.h"

#include "daemon/control_request.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
	struct control_request request;

	if (control_request_read((const char *)octets, length, &request)) {
		DEMAND((size_t)request.kind < CONTROL_KINDS && length <= CONTROL_REQUEST_MAX);
		DEMAND((size_t)request.severity < SEVERITY_COUNT && request.limit <= 100000);
		DEMAND(!(request.has_pair && request.has_peer) && request.problem[0] == '\0');
	} else {
		for (const char *at = request.problem; *at; at++)
			DEMAND(*at >= ' ' && *at <= '~');
		DEMAND(request.problem[0] && memchr(request.problem, '\0', sizeof(request.problem)));
	}
	return 0;
}
