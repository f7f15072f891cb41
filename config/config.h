/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: one YAML file (DESIGN section 6) as one immutable struct.
 *
 * config_load() parses with libcyaml and then checks what a schema cannot: prefixes, duplicate names, units, rules that
 * contradict each other. Every error, syntax and meaning alike, is one sentence that begins with file:line and names
 * the key by its path, as in
 *
 *   espial.yaml:14: policy.rules[2].between[1]: '10.2.0.0/33' is not a prefix: IPv4 prefix lengths go up to 32
 */
#ifndef ESPIAL_CONFIG_CONFIG_H
#define ESPIAL_CONFIG_CONFIG_H

#include "policy.h"

enum config_side { CONFIG_SIDE_OUTSIDE, CONFIG_SIDE_INSIDE, CONFIG_SIDE_HOST };
enum config_realm { CONFIG_REALM_NONE, CONFIG_REALM_VLAN, CONFIG_REALM_VNI, CONFIG_REALM_INTERFACE };
enum config_classify { CONFIG_CLASSIFY_POLICY, CONFIG_CLASSIFY_ALL };
enum config_payload { CONFIG_PAYLOAD_HEADERS, CONFIG_PAYLOAD_IKE };
enum config_shape {
	CONFIG_SHAPE_EVENTLOG,
	CONFIG_SHAPE_RFC5424,
	CONFIG_SHAPE_CEF,
	CONFIG_SHAPE_ECS,
	CONFIG_SHAPE_OCSF
};

/* The bits of config_interface.decapsulate; the order is that of DESIGN section 6. */
enum {
	CONFIG_TUNNEL_VLAN = 1 << 0,
	CONFIG_TUNNEL_MPLS = 1 << 1,
	CONFIG_TUNNEL_PPPOE = 1 << 2,
	CONFIG_TUNNEL_GRE = 1 << 3,
	CONFIG_TUNNEL_ERSPAN = 1 << 4,
	CONFIG_TUNNEL_VXLAN = 1 << 5,
	CONFIG_TUNNEL_GENEVE = 1 << 6,
	CONFIG_TUNNEL_IPIP = 1 << 7,
	CONFIG_TUNNEL_GTP = 1 << 8,
	CONFIG_TUNNEL_OTHER = 1 << 9,
	CONFIG_TUNNEL_ALL = (1 << 10) - 1,
};

/* Processors that stand in one entry of a list, and the line they stand on. */
enum { CONFIG_PROCESSOR_MAX = 1023 };
struct config_processors {
	uint16_t first, last;
	unsigned line;
};

struct config_interface {
	char *name;
	enum config_side side;
	enum config_realm realm;
	unsigned workers;              /* 0: auto */
	unsigned entry;                /* its place under `capture` in the file */
	struct config_processors *pin; /* where its workers run, in the order of the file; owned; none: anywhere */
	size_t pin_count;
	uint64_t buffer; /* octets of the capture ring */
	/* So long without a frame, and the sensor says that it is blind here; 0: by the interface's habit; negative: never. */
	int64_t silent_after_ns;
	uint16_t decapsulate; /* CONFIG_TUNNEL_ bits */
};

/* Bits of config_limits.named. */
enum {
	CONFIG_LIMIT_FLOWS = 1 << 0,
	CONFIG_LIMIT_SAS = 1 << 1,
	CONFIG_LIMIT_IKE = 1 << 2,
	CONFIG_LIMIT_PAIRS = 1 << 3,
	CONFIG_LIMIT_LEARNED = 1 << 4,
};

struct config_limits {
	uint32_t flows, sas, ike, pairs, learned;
	uint64_t memory; /* octets of all tables together */
	uint8_t named;   /* CONFIG_LIMIT_ bits of those that the file names: the others may be made smaller to fit */
};

struct config_rekey {
	int64_t min_lifetime_ns;
	uint64_t min_volume; /* octets */
	int64_t stale_grace_ns;
};

/* When the sensor says of itself that it is blind or sees less than it should. */
struct config_health {
	int64_t down_after_ns;   /* an interface that cannot be captured on for so long is down */
	int64_t silent_after_ns; /* the shortest silence that is told of an interface that is judged by its habit */
	uint32_t drops;          /* frames lost of a million, at least; 0: never */
	uint32_t merged_frames;  /* frames longer than the link carries, within a minute; 0: never */
	uint32_t one_way;        /* conversations of which one direction is seen, at least; 0: never */
	int64_t clock_step_ns;   /* the wall clock against the steady one */
	int64_t over_after_ns;   /* so long without drops, or with room in all tables, and that is over */
};

/* Lifecycle events that can be switched off: bits of config_alerts.off. */
enum {
	CONFIG_EVENT_PEER_NEW = 1 << 0,
	CONFIG_EVENT_SA_UP = 1 << 1,
	CONFIG_EVENT_SA_REKEYED = 1 << 2,
	CONFIG_EVENT_SA_DOWN = 1 << 3,
	CONFIG_EVENT_SECURED_AGAIN = 1 << 4,
	CONFIG_EVENT_POLICY_RELOADED = 1 << 5,
};

/* A time in which people work on some hosts; nanoseconds since the epoch, UTC. */
struct config_maintenance {
	char *name;
	struct policy_prefix *hosts; /* owned; none: all */
	size_t host_count;
	int64_t from_ns, until_ns;
	int64_t every_ns; /* and again each so long after, and before; 0: once */
};

struct config_alerts {
	uint16_t off;                           /* CONFIG_EVENT_ bits */
	uint32_t per_minute;                    /* of each class; 0: no limit */
	uint32_t group_of;                      /* pairs of one host that make one alert; 0: never */
	struct config_maintenance *maintenance; /* owned */
	size_t maintenance_count;
};

enum config_transport { CONFIG_TRANSPORT_SOCKET, CONFIG_TRANSPORT_UDP, CONFIG_TRANSPORT_TCP, CONFIG_TRANSPORT_TLS };

struct config_syslog {
	bool enabled;
	enum config_transport transport;
	char *to; /* path of a datagram or stream socket, or host (name or address); in the file, `none` disables */
	unsigned port; /* of the host */
	/* Of TLS; NULL: the system's authorities, the host's name, and no certificate of our own */
	char *ca, *name, *certificate, *key;
	int facility; /* 0 to 23; authpriv is 10 */
	enum config_shape shape;
};

/* Where `espial status` and its like ask, unless the configuration says otherwise. */
#define CONFIG_CONTROL_SOCKET "/run/espial/control.sock"

struct config_json {
	char *file; /* NULL: no JSON sink */
};

/* What keeps findings on their way safe from crashes. */
struct config_spool {
	bool disabled;
	char *dir;     /* a folder of its own; NULL: beside the store, or where the service manager says, or none */
	uint64_t size; /* octets */
};

struct config_store {
	char *path;      /* of the database; NULL: no history */
	int64_t keep_ns; /* how long an alert stays in it */
	uint64_t size;   /* octets; the oldest goes before it is larger */
};

struct config_http {
	char *listen;     /* path of a Unix socket, ADDRESS:PORT, [ADDRESS]:PORT or localhost:PORT; NULL: no page */
	char *token_file; /* path; NULL only where `listen` is a Unix socket or loopback */
};

/* A small capture for each alert. */
struct config_evidence {
	char *dir;                   /* path of a folder of its own; NULL: no captures of alerts */
	enum config_payload payload; /* what is kept of a frame: headers, or IKE messages whole besides */
	uint64_t file_size;          /* octets of one capture */
	uint64_t size;               /* octets of the folder; the oldest goes before it is larger */
	uint32_t files;              /* captures in it at most; likewise */
	int64_t keep_ns;             /* how long a capture stays in it */
	uint64_t memory;             /* octets of frames that are remembered, of each interface */
};

struct config {
	char *path;   /* of the file, NULL if there was none */
	char *sensor; /* name of this sensor; the host's name by default */
	struct config_interface *interfaces;
	size_t interface_count;
	enum config_classify classify;
	struct policy policy;
	struct config_rekey rekey;
	struct config_health health;
	struct config_limits limits;
	struct config_alerts alerts;
	struct config_syslog syslog;
	struct config_json json;
	char *control; /* path of the control socket; NULL: none; in the file, `none` */
	struct config_spool spool;
	struct config_store store;
	struct config_http http;
	struct config_evidence evidence;
};

/* A message ready for a person. */
struct config_error {
	char text[512];
};

/* The configuration without any file: DESIGN section 6, last paragraph. NULL on lack of memory. */
struct config *config_default(void);

/* Reads and checks a file. NULL, with the error set, if it cannot be used. The policy is not sealed yet. */
struct config *config_load(const char *path, struct config_error *error);

/* The text of a file, for config_parse(): whoever hands it on as well hands on what was read. Owned by the caller. NULL, with the
 * error set, if it cannot be read; more than is possible is for config_parse() to refuse. */
char *config_read(const char *path, size_t *length, struct config_error *error);

/* The same from memory; `name` stands for the file in messages. */
struct config *config_parse(const char *name, const char *yaml, size_t length, struct config_error *error);

/*
 * Adds one rule from the command line: "A,B" or "A,B,via=G,H" or "A,B,via=G,H,I", each an address or (A, B) a prefix,
 * level `require`, named by its own text. False with the error set if it cannot be read. The message says which part.
 */
bool config_add_secured(struct config *config, const char *text, struct config_error *error);

/* Adds an interface with default settings if it is not there yet. False on lack of memory. */
bool config_add_interface(struct config *config, const char *name);

/* Leaves just the named interfaces, with their settings where the file has some, with defaults where not. False on lack of
 * memory. */
bool config_only_interfaces(struct config *config, const char *const *names, size_t count);

/* Seals the policy; to be called once after the last addition. False on lack of memory. */
bool config_seal(struct config *config);

void config_free(struct config *config);

#endif
