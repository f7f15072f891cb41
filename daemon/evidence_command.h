/* SPDX-License-Identifier: Apache-2.0 */
/* `espial alerts show ALERT --pcap FILE`: the capture of an alert, from espiald into a file or to standard output. */
#ifndef ESPIAL_DAEMON_EVIDENCE_COMMAND_H
#define ESPIAL_DAEMON_EVIDENCE_COMMAND_H

struct ask_options;

/* `alert`: its sixteen digits; `file`: a path, or "-". Returns the exit status; says what went wrong. */
int evidence_command_save(const struct ask_options *options, const char *alert, const char *file);

#endif
