/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration refuses, with the exact sentence: file, line, key, what is wrong, what is possible. */
#include "config/config.h"
#include "../suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RULE "policy:\n  rules:\n    - name: r\n      between: [10.1.0.0/16, 10.2.0.0/16]\n"
#define BETWEEN(sides) "policy:\n  rules:\n    - name: r\n      between: " sides "\n"
#define SERVICES "icmp, a name such as dns, tcp/22, udp/53 or proto/89 is possible"
#define LISTEN "/PATH, ADDRESS:PORT, [IPv6 ADDRESS]:PORT or localhost:PORT is possible"
#define PROCESSORS "a number such as 3, or from one to another such as 4-7, up to 1023 is possible"
#define SIZES "a whole number with KB, MB, GB, KiB, MiB, GiB or, for octets, nothing"
#define DURATIONS "a whole number with ms, s, min, h or d"
#define FACILITIES                                                                                                     \
	"kern, user, mail, daemon, auth, syslog, lpr, news, uucp, cron, authpriv, ftp or local0 to local7 is possible"
#define PLACES "udp://HOST, tcp://HOST, tls://HOST, the absolute path of a socket, or none is possible"
#define PATHS "an absolute one without '/' at its end is possible"
#define LENGTH_16 "0123456789abcdef"
#define LENGTH_128 LENGTH_16 LENGTH_16 LENGTH_16 LENGTH_16 LENGTH_16 LENGTH_16 LENGTH_16 LENGTH_16

/* The message is what follows "t.yaml:". */
static const struct refusal {
	const char *yaml, *message;
} refusals[] = {
	/* Not YAML, or not YAML that means anything here. */
	{ "a: [1", "2: column 1: is not YAML: did not find expected ',' or ']': close the list with ']'" },
	{ "a: {b: 1", "2: column 1: is not YAML: did not find expected ',' or '}': close the mapping with '}'" },
	{ "sensor: 'x\n", "2: column 1: is not YAML: found unexpected end of stream: close the quotes" },
	{ "policy:\n\tlearn: true\n", "2: column 1: is not YAML: found character that cannot start any token: "
				      "indent with spaces, and put the value in quotes" },
	{ "sensor: a\n\tclassify: all\n", "2: column 1: is not YAML: found a tab character that violates indentation: "
					  "indent with spaces" },
	{ "sensor: a: b\n", "1: column 10: is not YAML: mapping values are not allowed in this context: "
			    "check the indentation, and put values with ': ' in quotes" },
	{ "sensor: a\n  classify: all\n", "2: column 11: is not YAML: mapping values are not allowed in this context: "
					  "check the indentation, and put values with ': ' in quotes" },
	{ "sensor: *host\n", "1: column 9: is not YAML: found undefined alias: name it with &NAME before *NAME" },
	{ "policy:\n  allow: [&a dns, &a ssh]\n",
	  "2: column 19: is not YAML: found an anchor for the second time: give each anchor a name of its own" },
	{ "sensor: \"\x01\"\n", "1: is not YAML: control characters are not allowed: only UTF-8 text is possible" },
	{ "# one\n# two\nsensor: \xff\n", "3: is not YAML: invalid leading UTF-8 octet: only UTF-8 text is possible" },
	{ "%ESPIAL 1\n---\n{}\n", "1: column 8: is not YAML: found unknown directive name: remove the line" },
	{ "- a\n", "1: is a list: a mapping is needed, with 'KEY: VALUE' on each line" },
	{ "\nedge\n", "2: is a single value: a mapping is needed, with 'KEY: VALUE' on each line" },
	{ "sensor: a\n---\nsensor: b\n", "3: a second document begins here: one is possible, remove the line '---'" },
	{ "sensor: \"a\\0b\"\n", "1: sensor: holds a control character or a line break: write it on one line" },
	{ "sensor: \"a\\x1b[2J\"\n", "1: sensor: holds a control character or a line break: write it on one line" },
	{ "sensor: \"a\\x9b2J\"\n", "1: sensor: holds a control character or a line break: write it on one line" },
	{ "sensor: |\n  a\n  b\n", "1: sensor: holds a control character or a line break: write it on one line" },
	{ "\"a\\x07\": b\n", "1: has a control character in a key: a key is a word" },
	{ "? [a]\n: b\n", "1: has a list or a mapping for a key: a key is a word" },
	{ "sensor: !secret a\n", "1: sensor: has the tag '!secret', which means nothing here: remove it" },
	{ "limits:\n  <<: {flows: 1M}\n", "2: limits.<<: is a merge key, which is not supported: "
					  "write the keys out, or use an alias for each value" },
	{ "sensor: a\nclassify: all\nsensor: b\n",
	  "3: sensor: stands here twice, first on line 1: keep one of the two" },
	{ "limits:\n  sas: 1k\n  ike: 1k\n  sas: 2k\n",
	  "4: limits.sas: stands here twice, first on line 2: keep one of the two" },

	/* Keys, kinds of value, words. */
	{ "sensr: a\n", "1: sensr: 'sensr' is not a known key: did you mean 'sensor'?" },
	{ "colour: red\n", "1: colour: 'colour' is not a known key: "
			   "sensor, capture, classify, policy, rekey, health, limits, alerts, report are possible" },
	{ "policy:\n  rules:\n    - name: r\n      betwene: [10.0.0.0/8]\n",
	  "4: policy.rules[0].betwene: 'betwene' is not a known key: did you mean 'between'?" },
	{ "report:\n  syslog:\n    shpae: cef\n",
	  "3: report.syslog.shpae: 'shpae' is not a known key: did you mean 'shape'?" },
	{ "crypto:\n  own: {}\n",
	  "1: crypto: 'crypto' is not a known key: "
	  "sensor, capture, classify, policy, rekey, health, limits, alerts, report are possible" },
	{ "policy:\n  rules:\n    - between: [10.0.0.0/8]\n", "3: policy.rules[0]: has no 'name': it is needed" },
	{ "policy:\n  rules:\n    -\n", "3: policy.rules[0]: has no 'name': it is needed" },
	{ RULE "    - name: s\n      level: require\n", "5: policy.rules[1]: has no 'between': it is needed" },
	{ "capture:\n  - side: inside\n", "2: capture[0]: has no 'interface': it is needed" },
	{ "report:\n  json:\n", "2: report.json: has no 'file': it is needed" },
	{ "sensor: [a]\n", "1: sensor: is a list: a single value is possible" },
	{ "sensor:\n", "1: sensor: is empty: a value is needed, or no such key" },
	{ "sensor: ''\n", "1: sensor: is empty: a value is needed, or no such key" },
	{ "sensor: ~\n", "1: sensor: is empty: a value is needed, or no such key" },
	{ "sensor: " LENGTH_16 LENGTH_16 LENGTH_16 LENGTH_16 "\n",
	  "1: sensor: is 64 octets long: up to 63 are possible" },
	{ "classify:\n", "1: classify: is empty: a word is needed, or no such key" },
	{ "policy: require\n", "1: policy: is a single value: a mapping is needed, with 'KEY: VALUE' on each line" },
	{ "policy:\n  rules:\n    name: r\n",
	  "2: policy.rules: is a mapping: a list is needed, as in [ONE, TWO] or with '- ' on each line" },
	{ "policy:\n  allow: icmp\n",
	  "2: policy.allow: is a single value: a list is needed, as in [ONE, TWO] or with '- ' on each line" },
	{ "classify: everything\n", "1: classify: 'everything' is not a known word: policy, all are possible" },
	{ "policy:\n  learn: maybe\n",
	  "2: policy.learn: 'maybe' is not a known word: true, yes, on, false, no, off are possible" },
	{ "policy:\n  exempt: windows-2002\n",
	  "2: policy.exempt: 'windows-2002' is not a known word: did you mean 'windows-2003'?" },
	{ RULE "      level: requrie\n",
	  "5: policy.rules[0].level: 'requrie' is not a known word: did you mean 'require'?" },
	{ "capture:\n  - interface: a\n    side: 1\n",
	  "3: capture[0].side: '1' is not a known word: outside, inside, host are possible" },
	{ "capture:\n  - interface: a\n    decapsulate: [gre, vxlna]\n",
	  "3: capture[0].decapsulate[1]: 'vxlna' is not a known word: did you mean 'vxlan'?" },
	{ "capture:\n  - interface: a\n    decapsulate:\n      - gre\n      - [vlan]\n",
	  "5: capture[0].decapsulate[1]: is a list: a word is possible" },
	{ "report:\n  syslog: {shape: xml}\n", "2: report.syslog.shape: 'xml' is not a known word: "
					       "eventlog, rfc5424, cef, json, ecs, ocsf are possible" },
	{ "report:\n  evidence: {payload: full}\n",
	  "2: report.evidence.payload: 'full' is not a known word: headers, ike are possible" },

	/* Capture and sensor. */
	{ "sensor: edge one\n", "1: sensor: 'edge one' has a space in it: one word is possible" },
	{ "capture:\n  - interface: eth1\n  - interface: eth2\n  - interface: eth1\n",
	  "4: capture[2].interface: 'eth1' is capture[0] already: name each interface once" },
	{ "capture:\n  - interface: 0123456789abcdef\n",
	  "2: capture[0].interface: '0123456789abcdef' is not an interface "
	  "name: up to 15 characters without '/' and space are possible" },
	{ "capture:\n  - interface: eth/1\n", "2: capture[0].interface: 'eth/1' is not an interface name: "
					      "up to 15 characters without '/' and space are possible" },
	{ "capture:\n  - interface: a\n    workers: 0\n",
	  "3: capture[0].workers: '0' is not a number of workers: auto or 1 to 8 is possible" },
	{ "capture:\n  - interface: a\n    workers: 9\n",
	  "3: capture[0].workers: '9' is not a number of workers: auto or 1 to 8 is possible" },
	{ "capture:\n  - interface: a\n    workers: 2x\n",
	  "3: capture[0].workers: '2x' is not a number of workers: auto or 1 to 8 is possible" },
	{ "capture:\n  - interface: a\n    pin: 1\n",
	  "3: capture[0].pin: is a single value: a list is needed, as in [ONE, TWO] or with '- ' on each line" },
	{ "capture:\n  - interface: a\n    pin:\n      - 0\n      - cpu1\n",
	  "5: capture[0].pin[1]: 'cpu1' is not a processor: " PROCESSORS },
	{ "capture:\n  - interface: a\n    pin: [-1]\n", "3: capture[0].pin[0]: '-1' is not a processor: " PROCESSORS },
	{ "capture:\n  - interface: a\n    pin: [1-]\n", "3: capture[0].pin[0]: '1-' is not a processor: " PROCESSORS },
	{ "capture:\n  - interface: a\n    pin: [1-2-3]\n",
	  "3: capture[0].pin[0]: '1-2-3' is not a processor: " PROCESSORS },
	{ "capture:\n  - interface: a\n    pin: [4-3]\n",
	  "3: capture[0].pin[0]: '4-3' is not a processor: " PROCESSORS },
	{ "capture:\n  - interface: a\n    pin: [1024]\n",
	  "3: capture[0].pin[0]: '1024' is not a processor: " PROCESSORS },
	{ "capture:\n  - interface: a\n    pin: [99999999999999999999]\n",
	  "3: capture[0].pin[0]: '99999999999999999999' is not a processor: " PROCESSORS },
	{ "capture:\n  - interface: a\n    pin: [0, 2-5, 4]\n",
	  "3: capture[0].pin[2]: '4' is in pin[1] already: name each processor once" },
	{ "capture:\n  - interface: a\n    buffer: 1023KiB\n",
	  "3: capture[0].buffer: '1023KiB' is out of range: 1MiB to 1GiB is possible" },
	{ "capture:\n  - interface: a\n    buffer: 64M\n", "3: capture[0].buffer: '64M' is not a size: " SIZES },

	/* Prefixes. */
	{ BETWEEN("[10.1.0.0/16, 10.2.0.0/33]"), "4: policy.rules[0].between[1]: '10.2.0.0/33' is not a prefix: "
						 "IPv4 prefix lengths go up to 32" },
	{ BETWEEN("['2001:db8::/129']"), "4: policy.rules[0].between[0]: '2001:db8::/129' is not a prefix: "
					 "IPv6 prefix lengths go up to 128" },
	{ BETWEEN("[10.1.0.0/]"), "4: policy.rules[0].between[0]: '10.1.0.0/' is not a prefix: "
				  "IPv4 prefix lengths go up to 32" },
	{ BETWEEN("[10.1.0.0/255.255.0.0]"), "4: policy.rules[0].between[0]: '10.1.0.0/255.255.0.0' is not a prefix: "
					     "IPv4 prefix lengths go up to 32" },
	{ BETWEEN("[10.1.0.5/16]"), "4: policy.rules[0].between[0]: '10.1.0.5/16' has host bits set: "
				    "10.1.0.0/16 is the network, 10.1.0.5 the host" },
	{ BETWEEN("['2001:db8::5/64']"), "4: policy.rules[0].between[0]: '2001:db8::5/64' has host bits set: "
					 "2001:db8::/64 is the network, 2001:db8::5 the host" },
	{ BETWEEN("[10.1.256.0/24]"), "4: policy.rules[0].between[0]: '10.1.256.0/24' is not a prefix: "
				      "an IPv4 address has four numbers of 0 to 255, without leading zeros" },
	{ BETWEEN("[gateway]"), "4: policy.rules[0].between[0]: 'gateway' is not a prefix: "
				"an IPv4 or IPv6 address, ADDRESS/LENGTH or 'any' is possible" },
	{ BETWEEN("[10.0.0.1-10.0.0.9]"), "4: policy.rules[0].between[0]: '10.0.0.1-10.0.0.9' is not a prefix: "
					  "a range has to be written as prefixes" },
	{ BETWEEN("['fe80::1%eth0']"), "4: policy.rules[0].between[0]: 'fe80::1%eth0' is not a prefix: "
				       "an address without its zone is possible" },
	{ BETWEEN("['::/0']"), "4: policy.rules[0].between[0]: '::/0' would hold IPv4 too: "
			       "'any' says that, 2000::/3 and fc00::/7 are IPv6 alone" },
	{ BETWEEN("\n        - 10.1.0.0/16\n        - [10.2.0.0/16, 10.3.0.0/15]"),
	  "6: policy.rules[0].between[1][1]: '10.3.0.0/15' has host bits set: 10.2.0.0/15 is the network, 10.3.0.0 the "
	  "host" },
	{ BETWEEN("[10.1.0.0/16, '2001:db8::/32']"),
	  "4: policy.rules[0].between[1]: '2001:db8::/32' is IPv6 and the rule "
	  "began with IPv4: make a rule for each family" },
	{ BETWEEN("[any, ['2001:db8::/32', 10.0.0.1]]"),
	  "4: policy.rules[0].between[1][1]: '10.0.0.1' is IPv4 and the rule "
	  "began with IPv6: make a rule for each family" },
	{ BETWEEN("[]"), "4: policy.rules[0].between: has 0 entries: at least 1 is needed" },
	{ BETWEEN("[10.0.0.1, 10.0.0.2, 10.0.0.3]"),
	  "4: policy.rules[0].between: has 3 entries: up to 2 are possible" },
	{ BETWEEN("[10.0.0.1, []]"), "4: policy.rules[0].between[1]: has 0 entries: at least 1 is needed" },
	{ BETWEEN("[10.0.0.1, ]\n      level:"),
	  "5: policy.rules[0].level: is empty: a word is needed, or no such key" },
	{ BETWEEN("[10.0.0.1, '']"), "4: policy.rules[0].between[1]: is empty: a value is needed, or no such key" },
	{ BETWEEN("10.0.0.0/8"), "4: policy.rules[0].between: is a single value: "
				 "a list is needed, as in [ONE, TWO] or with '- ' on each line" },
	{ BETWEEN("[{a: b}]"), "4: policy.rules[0].between[0]: is a mapping: "
			       "a prefix, a list of prefixes or 'any' is possible; IPv6 may need quotes" },
	{ BETWEEN("[2001:db8::, 2001:db8::1]"), "4: column 26: is not YAML: found unexpected ':': "
						"put an IPv6 address in quotes" },

	/* Rules. */
	{ RULE "    - name: s\n      between: [10.3.0.1]\n    - name: r\n      between: [10.4.0.1]\n",
	  "7: policy.rules[2].name: 'r' is the name of the rule on line 3 too: give each rule a name of its own" },
	{ RULE "    - name: s\n      between: [10.2.0.0/16, 10.1.0.0/16]\n",
	  "6: policy.rules[1].between: is the same as that of rule 'r' on line 3: keep one of the two" },
	{ BETWEEN("[[10.0.0.1, 10.0.0.2], any]") "    - name: s\n      between: [any, [10.0.0.2, 10.0.0.1]]\n",
	  "6: policy.rules[1].between: is the same as that of rule 'r' on line 3: keep one of the two" },
	{ BETWEEN("[10.0.0.0/8]") "    - name: s\n      between: [10.0.0.0/8, 10.0.0.0/8]\n",
	  "6: policy.rules[1].between: is the same as that of rule 'r' on line 3: keep one of the two" },
	{ "policy:\n  rules:\n    - name: learned\n      between: [10.0.0.0/8]\n",
	  "3: policy.rules[0].name: 'learned' is what alerts call learned pairs: give the rule another name" },
	{ "policy:\n  rules:\n    - name: 'a '\n      between: [10.0.0.0/8]\n",
	  "3: policy.rules[0].name: 'a ' begins or ends with a space: remove it" },
	{ "policy:\n  rules:\n    - name: " LENGTH_128 "\n      between: [10.0.0.0/8]\n",
	  "3: policy.rules[0].name: is 128 octets long: up to 127 are possible" },
	{ RULE "      gateways: [192.0.2.1]\n", "5: policy.rules[0].gateways: has 1 entry: at least 2 are needed" },
	{ RULE "      gateways: []\n", "5: policy.rules[0].gateways: has 0 entries: at least 2 are needed" },
	{ RULE "      gateways: [192.0.2.1, 192.0.2.0/24]\n",
	  "5: policy.rules[0].gateways[1]: '192.0.2.0/24' is not an "
	  "address: a gateway is one IPv4 or IPv6 address" },
	{ RULE "      gateways: [192.0.2.1, 224.0.0.5]\n", "5: policy.rules[0].gateways[1]: '224.0.0.5' is no host's "
							   "address: a gateway is one IPv4 or IPv6 address" },
	{ RULE "      gateways: ['::', 192.0.2.1]\n", "5: policy.rules[0].gateways[0]: '::' is no host's "
						      "address: a gateway is one IPv4 or IPv6 address" },
	{ RULE "      gateways: [192.0.2.1, 192.0.2.1]\n",
	  "5: policy.rules[0].gateways[1]: '192.0.2.1' is a gateway of "
	  "this rule already: name each one once" },
	{ RULE "      gateways: [192.0.2.1, '2001:db8::1', 192.0.2.2]\n",
	  "5: policy.rules[0].gateways[1]: '2001:db8::1' is the only IPv6 gateway of the rule: "
	  "at least two of a family are needed" },
	{ RULE "      crypto: rfc8221\n", "5: policy.rules[0].crypto: 'rfc8221' is not a known table: "
					  "rfc8247, cnsa-2.0 and nist-800-77r1 are possible" },

	/* Services. */
	{ "policy:\n  allow: [icmp, tcp/0]\n",
	  "2: policy.allow[1]: 'tcp/0' names no port: tcp/1 to tcp/65535 are possible" },
	{ "policy:\n  allow: [udp/65536]\n",
	  "2: policy.allow[0]: 'udp/65536' names no port: udp/1 to udp/65535 are possible" },
	{ "policy:\n  allow: [proto/256]\n",
	  "2: policy.allow[0]: 'proto/256' names no IP protocol: proto/0 to proto/255 are possible" },
	{ "policy:\n  allow: [icmp/8]\n",
	  "2: policy.allow[0]: 'icmp/8' is not a service: before '/' tcp, udp, sctp, dccp or proto is possible" },
	{ "policy:\n  allow: [tcp]\n",
	  "2: policy.allow[0]: 'tcp' names no service: tcp/PORT is possible, or proto/6 for all of it" },
	{ "policy:\n  allow: [22]\n",
	  "2: policy.allow[0]: '22' is not a service: tcp/22, udp/22 or proto/NUMBER is possible" },
	{ "policy:\n  allow: [any]\n", "2: policy.allow[0]: 'any' is not a service: " SERVICES },
	{ "policy:\n  allow: ['a b']\n", "2: policy.allow[0]: 'a b' is not a service: " SERVICES },
	{ RULE "      deny:\n        - icmp\n        - '*'\n",
	  "7: policy.rules[0].deny[1]: '*' is not a service: " SERVICES },
	{ RULE "      allow: [ssh, dns]\n      deny: [icmp, DNS]\n",
	  "6: policy.rules[0].deny[1]: 'DNS' is allow[1] of the same rule: keep one of the two" },

	/* Numbers. */
	{ "rekey: {min-lifetime: 5}\n", "1: rekey.min-lifetime: '5' is not a duration: " DURATIONS },
	{ "rekey: {min-lifetime: 0s}\n", "1: rekey.min-lifetime: '0s' is out of range: 1s to 30d is possible" },
	{ "rekey: {min-lifetime: 31d}\n", "1: rekey.min-lifetime: '31d' is out of range: 1s to 30d is possible" },
	{ "rekey: {min-volume: 0}\n", "1: rekey.min-volume: '0' is out of range: 1 octet to 1024GiB is possible" },
	{ "rekey: {stale-grace: 0ms}\n", "1: rekey.stale-grace: '0ms' is out of range: 1ms to 1h is possible" },
	{ "rekey: {stale-grace: -1s}\n", "1: rekey.stale-grace: '-1s' is not a duration: " DURATIONS },
	{ "rekey: {stale-grace: 1.5s}\n", "1: rekey.stale-grace: '1.5s' is not a duration: " DURATIONS },
	{ "limits: {flows: 15}\n", "1: limits.flows: '15' is out of range: 16 to 100M is possible" },
	{ "limits: {flows: 101M}\n", "1: limits.flows: '101M' is out of range: 16 to 100M is possible" },
	{ "limits:\n  sas: 1MiB\n", "2: limits.sas: '1MiB' is not a count: a whole number, as it is or with k or M" },
	{ "limits: {pairs: 10000001}\n", "1: limits.pairs: '10000001' is out of range: 16 to 10M is possible" },
	{ "limits: {learned: 99999999999999999999}\n",
	  "1: limits.learned: '99999999999999999999' is out of range: 16 to 10M is possible" },
	{ "limits: {ike: 18446744073709551615M}\n",
	  "1: limits.ike: '18446744073709551615M' is out of range: 16 to 10M is possible" },
	{ "limits: {memory: 1MiB}\n", "1: limits.memory: '1MiB' is out of range: 16MiB to 1024GiB is possible" },
	{ "limits: {memory: lots}\n", "1: limits.memory: 'lots' is not a size: " SIZES },

	/* Sinks. */
	{ "report:\n  syslog:\n    to: ''\n", "3: report.syslog.to: is empty: a value is needed, or no such key" },
	{ "report: {syslog: {to: log}}\n", "1: report.syslog.to: 'log' is not a place for alerts: " PLACES },
	{ "report: {syslog: {facility: local8}}\n",
	  "1: report.syslog.facility: 'local8' is not a facility: " FACILITIES },
	{ "report: {json: {file: /var/log/}}\n", "1: report.json.file: '/var/log/' is not a usable path: " PATHS },
	{ "report: {store: {keep: 23h}}\n", "1: report.store.keep: '23h' is out of range: 1d to 3650d is possible" },
#define SERVERS "is not a server: HOST, HOST:PORT, ADDRESS:PORT or [IPv6 ADDRESS]:PORT is possible"
	{ "report: {syslog: {to: 'tcp://'}}\n", "1: report.syslog.to: '' " SERVERS },
	{ "report: {syslog: {to: 'udp://a b'}}\n", "1: report.syslog.to: 'a b' " SERVERS },
	{ "report: {syslog: {to: 'tcp://logs:0'}}\n", "1: report.syslog.to: 'logs:0' " SERVERS },
	{ "report: {syslog: {to: 'tcp://logs:65536'}}\n", "1: report.syslog.to: 'logs:65536' " SERVERS },
	{ "report: {syslog: {to: 'tcp://logs:514x'}}\n", "1: report.syslog.to: 'logs:514x' " SERVERS },
	{ "report: {syslog: {to: 'tls://2001:db8::1'}}\n", "1: report.syslog.to: '2001:db8::1' " SERVERS },
	{ "report: {syslog: {to: 'tls://[2001:db8::g]:1'}}\n", "1: report.syslog.to: '[2001:db8::g]:1' " SERVERS },
	{ "report: {syslog: {to: 'tls://-x'}}\n", "1: report.syslog.to: '-x' " SERVERS },
	{ "report: {syslog: {to: 'sctp://logs'}}\n",
	  "1: report.syslog.to: 'sctp://logs' is not a place for alerts: " PLACES },
	{ "report: {syslog: {to: 'https://x'}}\n",
	  "1: report.syslog.to: 'https://x' is not a place for alerts: " PLACES },
	{ "report: {syslog: {to: '/dev/log/'}}\n", "1: report.syslog.to: '/dev/log/' is not a usable path: " PATHS },
	{ "report:\n  syslog:\n    to: tcp://logs\n    ca: /ca.pem\n",
	  "4: report.syslog.ca: is of use with TLS only: write 'to: tls://HOST', or leave it out" },
	{ "report:\n  syslog:\n    name: logs\n",
	  "3: report.syslog.name: is of use with TLS only: write 'to: tls://HOST', or leave it out" },
	{ "report:\n  syslog:\n    to: tls://logs\n    ca: ca.pem\n",
	  "4: report.syslog.ca: 'ca.pem' is not a usable path: " PATHS },
	{ "report:\n  syslog:\n    to: tls://logs\n    key: /k.pem\n",
	  "4: report.syslog.key: is of no use without its certificate: add 'certificate'" },
	{ "report:\n  syslog:\n    to: tls://logs\n    shape: eventlog\n",
	  "4: report.syslog.shape: 'eventlog' is for a local socket: a server takes rfc5424, cef, ecs or ocsf" },
	{ "report: {store: {size: 1KiB}}\n",
	  "1: report.store.size: '1KiB' is out of range: 1MiB to 1024GiB is possible" },
	{ "report: {spool: {size: 1KiB}}\n",
	  "1: report.spool.size: '1KiB' is out of range: 1MiB to 16GiB is possible" },
	{ "report: {spool: {dir: s}}\n", "1: report.spool.dir: 's' is not a usable path: " PATHS },
	{ "report: {store: {path: x.db}}\n", "1: report.store.path: 'x.db' is not a usable path: " PATHS },
	{ "report: {evidence: {dir: x}}\n", "1: report.evidence.dir: 'x' is not a usable path: " PATHS },
	{ "report: {evidence: {file-size: 1KiB}}\n",
	  "1: report.evidence.file-size: '1KiB' is out of range: 16KiB to 4MiB is possible" },
	{ "report: {evidence: {size: 1KiB}}\n",
	  "1: report.evidence.size: '1KiB' is out of range: 1MiB to 1024GiB is possible" },
	{ "report: {evidence: {files: 1}}\n", "1: report.evidence.files: '1' is out of range: 16 to 1M is possible" },
	{ "report: {evidence: {memory: 1KiB}}\n",
	  "1: report.evidence.memory: '1KiB' is out of range: 1MiB to 1GiB is possible" },
	{ "report:\n  evidence:\n    keep: 1h\n",
	  "3: report.evidence.keep: '1h' is out of range: 1d to 3650d is possible" },
	{ "report: {http: {token-file: /t}}\n", "1: report.http: has no 'listen': it is needed" },
	{ "report: {http: {listen: '0.0.0.0:8080'}}\n",
	  "1: report.http.listen: '0.0.0.0:8080' can be reached by others: "
	  "add token-file, or use a Unix socket or a loopback address" },
	{ "report: {http: {listen: '[2001:db8::1]:80'}}\n",
	  "1: report.http.listen: '[2001:db8::1]:80' can be reached by others: "
	  "add token-file, or use a Unix socket or a loopback address" },
	{ "report: {http: {listen: '192.0.2.1:80', token-file: t}}\n",
	  "1: report.http.token-file: 't' is not a usable path: " PATHS },
	{ "report: {http: {listen: '127.0.0.1'}}\n",
	  "1: report.http.listen: '127.0.0.1' is not a place to listen: " LISTEN },
	{ "report: {http: {listen: '127.0.0.1:0'}}\n",
	  "1: report.http.listen: '127.0.0.1:0' is not a place to listen: " LISTEN },
	{ "report: {http: {listen: '127.0.0.1:65536'}}\n",
	  "1: report.http.listen: '127.0.0.1:65536' is not a place to listen: " LISTEN },
	{ "report: {http: {listen: '::1:80'}}\n", "1: report.http.listen: '::1:80' is not a place to listen: " LISTEN },
};

enum { REFUSALS = sizeof(refusals) / sizeof(*refusals) };

static void check_refused(const char *yaml, size_t length, const char *expected)
{
	struct config_error error = { "" };
	struct config *config = config_parse("t.yaml", yaml, length, &error);

	ck_assert_msg(!config, "taken: %s", yaml);
	ck_assert_str_eq(error.text, expected);
}

START_TEST(refused)
{
	const struct refusal *one = &refusals[_i];
	char expected[sizeof(struct config_error)];

	snprintf(expected, sizeof(expected), "t.yaml:%s", one->message);
	check_refused(one->yaml, strlen(one->yaml), expected);
}
END_TEST

/* CRLF and a byte order mark change neither lines nor keys. */
START_TEST(refused_from_windows)
{
	const struct refusal *one = &refusals[_i];
	char expected[sizeof(struct config_error)];
	char text[4096] = "\xef\xbb\xbf";
	size_t used = 3;

	for (const char *at = one->yaml; *at; at++) {
		if (*at == '\n')
			text[used++] = '\r';
		text[used++] = *at;
	}
	snprintf(expected, sizeof(expected), "t.yaml:%s", one->message);
	check_refused(text, used, expected);
}
END_TEST

START_TEST(nul_octets)
{
	static const char inside[] = "sensor: a\nclassify: \0all\n";
	static const char utf16[] = "\xff\xfes\0e\0n\0s\0o\0r\0:\0 \0a\0\n";

	check_refused(inside, sizeof(inside) - 1,
		      "t.yaml:2: is not YAML: control characters are not allowed: only UTF-8 text is possible");
	check_refused(utf16, sizeof(utf16) - 1,
		      "t.yaml:1: is not YAML: invalid leading UTF-8 octet: only UTF-8 text is possible");
}
END_TEST

/* Writes the piece `count` times between the two ends. The caller frees it. */
static char *repeat(const char *begin, const char *piece, size_t count, const char *end)
{
	size_t step = strlen(piece);
	char *text = malloc(strlen(begin) + step * count + strlen(end) + 1);
	char *at = stpcpy(text, begin);

	for (size_t i = 0; i < count; i++)
		at = stpcpy(at, piece);
	strcpy(at, end);
	return text;
}

START_TEST(too_much)
{
	static const struct {
		const char *begin, *piece, *end, *message;
		size_t count;
	} cases[] = {
		{ "", "#", "", "t.yaml: is too large: up to 4 MiB are possible", (4 << 20) + 1 },
		{ "a: ", "[", "", "t.yaml:1: is nested too deeply: 16 levels are possible", 17 },
		{ "a: ", "[", "", "t.yaml:1: is nested too deeply: 16 levels are possible", 100000 },
		{ "a: [", "1,", "]", "t.yaml:1: holds too much: 1000000 values are possible", 1000000 },
		{ "a: [", "&a 1,", "]", "t.yaml:1: has too many anchors: 1000 are possible", 1001 },
		{ "? ", "a", "\n: b\n",
		  "t.yaml:1: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...: "
		  "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...' is not a "
		  "known key: sensor, capture, classify, policy, rekey, health, limits, alerts, report are possible",
		  100000 },
		{ "policy: {allow: [", "a, ", "]}", "t.yaml:1: policy.allow: has 257 entries: up to 256 are possible",
		  257 },
		{ "capture: [", "{interface: a}, ", "]", "t.yaml:1: capture: has 65 entries: up to 64 are possible",
		  65 },
		{ "report: {json: {file: /", "x", "}}",
		  "t.yaml:1: report.json.file: is 4096 octets long: up to 4095 are possible", 4095 },
		{ "report: {syslog: {to: /", "x", "}}",
		  "t.yaml:1: report.syslog.to: is a path of 108 octets: up to 107 are possible", 107 },
		{ "sensor: ", "\xc3\xa9", "x y", "t.yaml:1: sensor: is 81 octets long: up to 63 are possible", 39 },
	};
	char *text = repeat(cases[_i].begin, cases[_i].piece, cases[_i].count, cases[_i].end);

	check_refused(text, strlen(text), cases[_i].message);
	free(text);
}
END_TEST

START_TEST(quoted_whole_characters)
{
	/* A long text is cut between two characters, never within one. */
	char *text = repeat("policy: {allow: ['", "\xe2\x82\xac", 60, "']}");
	char *expected = repeat("t.yaml:1: policy.allow[0]: '", "\xe2\x82\xac", 25, "...' is not a service: " SERVICES);

	check_refused(text, strlen(text), expected);
	free(text);
	free(expected);
}
END_TEST

START_TEST(alias_bomb)
{
	static const char *const bombs[][2] = {
		{ "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
		  "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
		  "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n",
		  "t.yaml:1: f[7][8][8][8][8][3]: holds too much once its aliases are followed: 1000000 values are "
		  "possible" },
		{ "capture: &a [*a]\n", "t.yaml:1: capture[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]: "
					"is nested too deeply, perhaps by an alias to itself" },
		{ "&a policy: &b {*a : *b}\n",
		  "t.yaml:1: policy.policy.policy.policy.policy.policy.policy.policy.policy.policy."
		  "policy.policy.policy.policy.policy.policy: "
		  "is nested too deeply, perhaps by an alias to itself" },
	};

	check_refused(bombs[_i][0], strlen(bombs[_i][0]), bombs[_i][1]);
}
END_TEST

START_TEST(too_many_prefix_pairs)
{
	/* 1001 x 1001 is one million and more; each side alone is fine. */
	char *text = malloc(64 << 10);
	char *at = stpcpy(text, "policy:\n  rules:\n    - name: r\n      between:\n");

	for (int side = 0; side < 2; side++) {
		at = stpcpy(at, "        - [");
		for (int i = 0; i < 1001; i++)
			at += sprintf(at, "10.%d.%d.%d,", side, i / 256, i % 256);
		at = stpcpy(at, "]\n");
	}
	check_refused(text, strlen(text),
		      "t.yaml:4: policy.rules[0].between: makes 1002001 pairs of prefixes up to here: "
		      "1000000 in all rules are possible");
	free(text);
}
END_TEST

/* Writes a file of its own for the test; `path` must hold the template. */
static void write_file(char *path, const char *text, size_t length)
{
	int file = mkstemp(path);

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(write(file, text, length), (ssize_t)length);
	close(file);
}

static void check_load(const char *path, const char *expected)
{
	struct config_error error = { "" };
	char message[sizeof(error)];

	snprintf(message, sizeof(message), "%s%s", path, expected);
	ck_assert_ptr_null(config_load(path, &error));
	ck_assert_str_eq(error.text, message);
}

START_TEST(files)
{
	char path[] = "check-config-XXXXXX", large[] = "check-config-XXXXXX";
	char *text = repeat("", "#", (4 << 20) + 1, "");
	struct config_error error;
	struct config *config;

	check_load("no-such-file.yaml", ": cannot be read: No such file or directory");
	check_load(".", ": cannot be read: Is a directory");
	write_file(path, "sensor: a\n\nclasify: all\n", 24);
	check_load(path, ":3: clasify: 'clasify' is not a known key: did you mean 'classify'?");
	if (geteuid() != 0) {
		chmod(path, 0);
		check_load(path, ": cannot be read: Permission denied");
	}
	unlink(path);
	write_file(large, text, (4 << 20) + 1);
	check_load(large, ": is too large: up to 4 MiB are possible");
	ck_assert_int_eq(truncate(large, 4 << 20), 0);
	config = config_load(large, &error);
	ck_assert_msg(config != NULL, "%s", error.text);
	ck_assert_str_eq(config->path, large);
	config_free(config);
	unlink(large);
	free(text);
}
END_TEST

START_TEST(long_names_of_files)
{
	/* However long the parts are, a message ends within its room. */
	char *name = repeat("", "n", 1000, "");
	struct config_error error;

	ck_assert_ptr_null(config_parse(name, "policy:\n  allow: [tcp]\n", 23, &error));
	ck_assert_uint_lt(strlen(error.text), sizeof(error.text));
	ck_assert_ptr_nonnull(strstr(error.text, "nnn:2: policy.allow[0]: 'tcp' names no service"));
	free(name);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tests = tcase_create("config");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, refused, 0, REFUSALS);
	tcase_add_loop_test(tests, refused_from_windows, 0, REFUSALS);
	tcase_add_test(tests, nul_octets);
	tcase_add_loop_test(tests, too_much, 0, 11);
	tcase_add_test(tests, quoted_whole_characters);
	tcase_add_loop_test(tests, alias_bomb, 0, 3);
	tcase_add_test(tests, too_many_prefix_pairs);
	tcase_add_test(tests, files);
	tcase_add_test(tests, long_names_of_files);
	suite_add_tcase(suite, tests);
	return suite_end(suite);
}
