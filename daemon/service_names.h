/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in `allow` and `deny` that no flow is ever called by. A slip of the pen would allow nothing, and nobody would say why an
 * alert goes on. It is no mistake that keeps from starting: another version of nDPI may know other names.
 */
#ifndef ESPIAL_DAEMON_SERVICE_NAMES_H
#define ESPIAL_DAEMON_SERVICE_NAMES_H

struct policy;

/* Tells each of them, with its place and, where there is one, the name that was probably meant. Returns how many there are. */
unsigned service_names_check(const struct policy *policy, void (*tell)(void *context, const char *text), void *context);

/* The same, told on standard error by a program with a configuration at that path. */
void service_names_complain(const struct policy *policy, const char *program, const char *path);

#endif
