/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values as text: prefixes, addresses, sizes, counts, durations, services, paths. Pure apart from the strings
 * they allocate.
 *
 * Each function returns true and sets its result, or returns false and says in one half sentence, without its place,
 * what is wrong and what is possible. The caller knows the place.
 */
#ifndef ESPIAL_CONFIG_CONFIG_VALUES_H
#define ESPIAL_CONFIG_CONFIG_VALUES_H

#include "policy.h"

/* "'10.2.0.0/33' is not a prefix: IPv4 prefix lengths go up to 32" */
struct config_reason {
	char text[320];
};

/* What a number may be. */
struct config_range {
	uint64_t min, max; /* in octets, pieces, nanoseconds or millionths */
	const char *text;  /* the same for a person: "16 to 10M" */
};

enum config_family { CONFIG_FAMILY_ANY, CONFIG_FAMILY_IPV4, CONFIG_FAMILY_IPV6 };

void config_reason_set(struct config_reason *reason, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An address (a prefix of all its bits), ADDRESS/LENGTH without host bits, or `any`: every address of both families. */
bool config_read_prefix(const char *text, struct policy_prefix *prefix, struct config_reason *reason);

/* Family of a prefix that config_read_prefix() read: `any` has none. */
enum config_family config_prefix_family(const struct policy_prefix *prefix);

/* The address of a gateway: one that a host can have. */
bool config_read_gateway(const char *text, uint8_t address[16], struct config_reason *reason);

/* Octets: "50MB", "64MiB", "4096". */
bool config_read_size(const char *text, const struct config_range *range, uint64_t *octets,
		      struct config_reason *reason);

/* Pieces: "200k", "1M", "5000". */
bool config_read_count(const char *text, const struct config_range *range, uint32_t *count,
		       struct config_reason *reason);

/* Nanoseconds: "250ms", "10s", "5min", "12h", "90d". */
bool config_read_duration(const char *text, const struct config_range *range, int64_t *ns,
			  struct config_reason *reason);

/* A share in parts of a million: "0.1%", "100%"; up to four places behind the point. */
bool config_read_share(const char *text, const struct config_range *range, uint32_t *millionths,
		       struct config_reason *reason);

/*
 * When something is done, UTC: "daily 02:00-04:00", "sun 02:00-04:00" (mon to sun), "2026-11-22 02:00 to 2026-11-22 04:00".
 * A time of day that ends before it begins goes over midnight. `every_ns` is 0 for the last form.
 */
bool config_read_window(const char *text, int64_t *from_ns, int64_t *until_ns, int64_t *every_ns,
			struct config_reason *reason);

/* An entry of an allow or deny list (policy.h). The name is allocated. */
bool config_read_service(const char *text, struct policy_service *service, struct config_reason *reason);

/* Whether two entries say the same. */
bool config_service_equal(const struct policy_service *one, const struct policy_service *other);

/* A syslog facility by its usual name: kern to ftp, local0 to local7. */
bool config_read_facility(const char *text, int *facility, struct config_reason *reason);

/* Whether the text is an absolute path, of at most `max` octets. */
bool config_check_path(const char *text, size_t max, struct config_reason *reason);

/* /PATH of a Unix socket, ADDRESS:PORT, [ADDRESS]:PORT or localhost:PORT. `local`: nobody else can reach it. */
bool config_check_listen(const char *text, bool *local, struct config_reason *reason);

/* HOST, HOST:PORT or [IPv6 ADDRESS]:PORT of a server; without a port the other one. *host is the caller's to free; true with
 * NULL there is lack of memory. */
bool config_read_server(const char *text, unsigned otherwise, char **host, unsigned *port,
			struct config_reason *reason);

/* The name of an interface as Linux allows it. */
bool config_check_interface(const char *text, struct config_reason *reason);

#endif
