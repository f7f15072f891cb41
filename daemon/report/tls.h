/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS to a log server (RFC 5425): the client's side, over a connected non-blocking socket. No call waits.
 *
 * TLS 1.2 or newer. The server's certificate must be good for a name that the configuration says, under the authorities it
 * names or the system's; there is no way to leave that out. The home of OpenSSL's TLS. Called by remote.c.
 */
#ifndef ESPIAL_REPORT_TLS_H
#define ESPIAL_REPORT_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_context;
struct tls;

struct tls_files {
	const char *ca;          /* PEM file of authorities; NULL: those of the system */
	const char *certificate; /* PEM file of our own chain; NULL: none */
	const char *key;         /* its key; NULL: in the same file */
};

/* NULL, with one sentence that names the file, if one cannot be used. */
struct tls_context *tls_context_new(const struct tls_files *files, char *problem, size_t problem_size);
void tls_context_free(struct tls_context *context);

/* A session on the socket, which stays the caller's. `name` is a host name or an address. NULL on lack of memory. */
struct tls *tls_new(struct tls_context *context, int socket, const char *name);
void tls_free(struct tls *tls);

enum tls_result { TLS_DONE, TLS_AGAIN, TLS_FAILED };

/* FAILED sets the problem; AGAIN: call again when the socket is ready. */
enum tls_result tls_handshake(struct tls *tls, char *problem, size_t problem_size);

/* Writes some; *written is how many octets of these. */
enum tls_result tls_write(struct tls *tls, const char *octets, size_t count, size_t *written, char *problem,
			  size_t problem_size);

/* Whether the server still talks to us; what it says is dropped. */
bool tls_is_alive(struct tls *tls);

/* Octets that went into the socket since the session began, in all. */
uint64_t tls_octets(const struct tls *tls);

#endif
