/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See config_values.h: numbers with units, services, facilities, paths. Addresses are in config_addresses.c. Called by
 * config_build.c and config_rules.c; never by the engine.
 */
#include "config_values.h"
#include "config_document.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { INTERFACE_NAME_MAX = 15 }; /* Linux: IFNAMSIZ less the end */
enum { SERVICE_NAME_MAX = 63 };

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{ "", 1 },          { "B", 1 },           { "KB", 1000 },     { "kB", 1000 },
	{ "MB", 1000000 },  { "GB", 1000000000 }, { "KiB", 1 << 10 }, { "MiB", 1 << 20 },
	{ "GiB", 1 << 30 }, { NULL, 0 },
};

static const struct unit count_units[] = {
	{ "", 1 },
	{ "k", 1000 },
	{ "M", 1000000 },
	{ NULL, 0 },
};

static const struct unit duration_units[] = {
	{ "ms", 1000000 },      { "s", 1000000000 },     { "min", 60000000000 },
	{ "h", 3600000000000 }, { "d", 86400000000000 }, { NULL, 0 },
};

void config_reason_set(struct config_reason *reason, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason->text, sizeof(reason->text), format, arguments);
	va_end(arguments);
}

/* Digits, at most one space, a unit. */
static bool read_number(const char *text, const struct unit *units, const char *kind, const char *possible,
			const struct config_range *range, uint64_t *result, struct config_reason *reason)
{
	struct config_quoted quoted;
	const char *at = text;
	uint64_t number = 0;
	bool overflow = false;

	for (; isdigit((unsigned char)*at); at++) {
		overflow |= __builtin_mul_overflow(number, 10, &number);
		overflow |= __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number);
	}
	if (at > text && at[0] == ' ' && at[1])
		at++;
	for (; at > text && units->name; units++)
		if (strcmp(at, units->name) == 0)
			break;
	if (at == text || !units->name) {
		config_reason_set(reason, "'%s' is not a %s: %s", config_quote(&quoted, text), kind, possible);
		return false;
	}
	overflow |= __builtin_mul_overflow(number, units->factor, &number);
	if (overflow || number < range->min || number > range->max) {
		config_reason_set(reason, "'%s' is out of range: %s is possible", config_quote(&quoted, text),
				  range->text);
		return false;
	}
	*result = number;
	return true;
}

bool config_read_size(const char *text, const struct config_range *range, uint64_t *octets,
		      struct config_reason *reason)
{
	return read_number(text, size_units, "size",
			   "a whole number with KB, MB, GB, KiB, MiB, GiB or, for octets, nothing", range, octets,
			   reason);
}

bool config_read_count(const char *text, const struct config_range *range, uint32_t *count,
		       struct config_reason *reason)
{
	uint64_t number;

	if (!read_number(text, count_units, "count", "a whole number, as it is or with k or M", range, &number, reason))
		return false;
	*count = (uint32_t)number;
	return true;
}

bool config_read_duration(const char *text, const struct config_range *range, int64_t *ns, struct config_reason *reason)
{
	uint64_t number;

	if (!read_number(text, duration_units, "duration", "a whole number with ms, s, min, h or d", range, &number,
			 reason))
		return false;
	*ns = (int64_t)number;
	return true;
}

bool config_read_share(const char *text, const struct config_range *range, uint32_t *millionths,
		       struct config_reason *reason)
{
	enum { PLACES = 4, WHOLE_MAX = 1000 }; /* a percent is 10^4 millionths */
	struct config_quoted quoted;
	const char *at = text;
	uint32_t number = 0;
	unsigned places = 0;

	for (; isdigit((unsigned char)*at) && number <= WHOLE_MAX; at++)
		number = number * 10 + (uint32_t)(*at - '0');
	bool good = at > text;
	if (*at == '.') {
		for (at++; isdigit((unsigned char)*at) && places < PLACES; at++, places++)
			number = number * 10 + (uint32_t)(*at - '0');
		good &= places > 0;
	}
	if (!good || strcmp(at, "%") != 0) {
		config_reason_set(reason, "'%s' is not a share: a number and %%, as in 0.1%% or 25%%",
				  config_quote(&quoted, text));
		return false;
	}
	for (; places < PLACES; places++)
		number *= 10;
	if (number < range->min || number > range->max) {
		config_reason_set(reason, "'%s' is out of range: %s is possible", config_quote(&quoted, text),
				  range->text);
		return false;
	}
	*millionths = number;
	return true;
}

/* Digits only, up to the maximum; -1 otherwise. */
static long plain_number(const char *text, long max)
{
	long number = 0;

	if (!*text)
		return -1;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return -1;
		number = number * 10 + (*text - '0');
		if (number > max)
			return -1;
	}
	return number;
}

/* The protocols whose ports a service can name. */
static const struct transport {
	const char *name;
	uint8_t protocol;
} transports[] = { { "tcp", 6 }, { "udp", 17 }, { "dccp", 33 }, { "sctp", 132 } };

enum { TRANSPORT_COUNT = sizeof(transports) / sizeof(*transports) };

static bool read_numbered_service(const char *text, const char *slash, struct policy_service *service,
				  struct config_reason *reason)
{
	struct config_quoted quoted;
	size_t length = (size_t)(slash - text);
	long number;

	if (length == 5 && memcmp(text, "proto", 5) == 0) {
		number = plain_number(slash + 1, 255);
		if (number < 0) {
			config_reason_set(reason, "'%s' names no IP protocol: proto/0 to proto/255 are possible",
					  config_quote(&quoted, text));
			return false;
		}
		service->kind = POLICY_SERVICE_PROTOCOL;
		service->protocol = (uint8_t)number;
		return true;
	}
	for (size_t i = 0; i < TRANSPORT_COUNT; i++) {
		if (strlen(transports[i].name) != length || memcmp(text, transports[i].name, length) != 0)
			continue;
		number = plain_number(slash + 1, 65535);
		if (number < 1) {
			config_reason_set(reason, "'%s' names no port: %s/1 to %s/65535 are possible",
					  config_quote(&quoted, text), transports[i].name, transports[i].name);
			return false;
		}
		service->kind = POLICY_SERVICE_PORT;
		service->protocol = transports[i].protocol;
		service->port = (uint16_t)number;
		return true;
	}
	config_reason_set(reason, "'%s' is not a service: before '/' tcp, udp, sctp, dccp or proto is possible",
			  config_quote(&quoted, text));
	return false;
}

/* A name that the classifier can give. What looks like one but cannot be would silently allow nothing. */
static bool check_service_name(const char *text, struct config_reason *reason)
{
	static const char *const everything[] = { "any", "all", "none" };
	struct config_quoted quoted;
	size_t length = strlen(text);
	bool good = length > 0 && length <= SERVICE_NAME_MAX && isalnum((unsigned char)text[0]);

	for (size_t i = 0; i < TRANSPORT_COUNT; i++) {
		if (strcasecmp(text, transports[i].name) != 0)
			continue;
		config_reason_set(reason, "'%s' names no service: %s/PORT is possible, or proto/%u for all of it",
				  config_quote(&quoted, text), transports[i].name, transports[i].protocol);
		return false;
	}
	if (plain_number(text, 65535) >= 0) {
		config_reason_set(reason, "'%s' is not a service: tcp/%s, udp/%s or proto/NUMBER is possible", text,
				  text, text);
		return false;
	}
	for (size_t i = 0; i < sizeof(everything) / sizeof(*everything); i++)
		good = good && strcasecmp(text, everything[i]) != 0;
	for (size_t i = 0; good && i < length; i++)
		good = isalnum((unsigned char)text[i]) || strchr("._-+", text[i]);
	if (!good)
		config_reason_set(
		    reason, "'%s' is not a service: icmp, a name such as dns, tcp/22, udp/53 or proto/89 is possible",
		    config_quote(&quoted, text));
	return good;
}

bool config_read_service(const char *text, struct policy_service *service, struct config_reason *reason)
{
	const char *slash = strchr(text, '/');

	memset(service, 0, sizeof(*service));
	if (slash)
		return read_numbered_service(text, slash, service, reason);
	if (!check_service_name(text, reason))
		return false;
	service->name = strdup(text);
	if (!service->name) {
		config_reason_set(reason, "not enough memory");
		return false;
	}
	for (char *at = service->name; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	service->kind = strcmp(service->name, "icmp") == 0 ? POLICY_SERVICE_ICMP : POLICY_SERVICE_NAME;
	return true;
}

bool config_service_equal(const struct policy_service *one, const struct policy_service *other)
{
	if (one->kind != other->kind || one->protocol != other->protocol || one->port != other->port)
		return false;
	return !one->name || strcmp(one->name, other->name) == 0;
}

bool config_read_facility(const char *text, int *facility, struct config_reason *reason)
{
	/* RFC 5424 table 1 by the names of syslog(3); 12 to 15 have none there. */
	static const char *const names[24] = {
		"kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
		"uucp",   "cron",   "authpriv", "ftp",    NULL,     NULL,     NULL,     NULL,
		"local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7",
	};
	struct config_quoted quoted;

	for (int i = 0; i < 24; i++) {
		if (!names[i] || strcmp(names[i], text) != 0)
			continue;
		*facility = i;
		return true;
	}
	config_reason_set(
	    reason,
	    "'%s' is not a facility: kern, user, mail, daemon, auth, syslog, lpr, news, uucp, cron, authpriv, "
	    "ftp or local0 to local7 is possible",
	    config_quote(&quoted, text));
	return false;
}

bool config_check_path(const char *text, size_t max, struct config_reason *reason)
{
	struct config_quoted quoted;
	size_t length = strlen(text);

	if (text[0] != '/' || text[length - 1] == '/') {
		config_reason_set(reason,
				  "'%s' is not a usable path: an absolute one without '/' at its end is possible",
				  config_quote(&quoted, text));
		return false;
	}
	if (length > max) {
		config_reason_set(reason, "is a path of %zu octets: up to %zu are possible", length, max);
		return false;
	}
	return true;
}

bool config_check_interface(const char *text, struct config_reason *reason)
{
	struct config_quoted quoted;
	size_t length = strlen(text);
	bool good = length > 0 && length <= INTERFACE_NAME_MAX && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;

	for (size_t i = 0; good && i < length; i++)
		good = isgraph((unsigned char)text[i]) && text[i] != '/';
	if (!good)
		config_reason_set(
		    reason, "'%s' is not an interface name: up to %d characters without '/' and space are possible",
		    config_quote(&quoted, text), INTERFACE_NAME_MAX);
	return good;
}
