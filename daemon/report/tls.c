/* SPDX-License-Identifier: Apache-2.0 */
/* See tls.h. */
#include "tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls_context {
	SSL_CTX *context;
};

struct tls {
	SSL *session;
};

/* "what: reason", by the oldest of OpenSSL's errors; the others are dropped. */
static void explain(const char *what, char *problem, size_t problem_size)
{
	unsigned long error = ERR_get_error();
	char text[64];
	/* What is the system's error has no text of OpenSSL's own. */
	const char *reason = error && ERR_SYSTEM_ERROR(error) ? strerror_r(ERR_GET_REASON(error), text, sizeof(text))
			     : error                          ? ERR_reason_error_string(error)
							      : NULL;

	snprintf(problem, problem_size, "%s: %s", what, reason ? reason : "the connection broke");
	ERR_clear_error();
}

static bool load(SSL_CTX *context, const struct tls_files *files, char *problem, size_t problem_size)
{
	const char *key = files->key ? files->key : files->certificate;

	if (files->ca ? SSL_CTX_load_verify_locations(context, files->ca, NULL) != 1
		      : SSL_CTX_set_default_verify_paths(context) != 1) {
		explain(files->ca ? files->ca : "the system's authorities", problem, problem_size);
		return false;
	}
	if (!files->certificate)
		return true;
	if (SSL_CTX_use_certificate_chain_file(context, files->certificate) != 1) {
		explain(files->certificate, problem, problem_size);
		return false;
	}
	if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(context) != 1) {
		explain(key, problem, problem_size);
		return false;
	}
	return true;
}

struct tls_context *tls_context_new(const struct tls_files *files, char *problem, size_t problem_size)
{
	struct tls_context *context = calloc(1, sizeof(*context));

	snprintf(problem, problem_size, "not enough memory for TLS");
	if (!context)
		return NULL;
	context->context = SSL_CTX_new(TLS_client_method());
	if (context->context && SSL_CTX_set_min_proto_version(context->context, TLS1_2_VERSION) == 1 &&
	    load(context->context, files, problem, problem_size)) {
		SSL_CTX_set_verify(context->context, SSL_VERIFY_PEER, NULL);
		/* What is left of a record may lie elsewhere when it is written on; and part of a message is progress. */
		SSL_CTX_set_mode(context->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		problem[0] = '\0';
		return context;
	}
	tls_context_free(context);
	return NULL;
}

void tls_context_free(struct tls_context *context)
{
	if (!context)
		return;
	SSL_CTX_free(context->context);
	free(context);
}

struct tls *tls_new(struct tls_context *context, int socket, const char *name)
{
	struct tls *tls = calloc(1, sizeof(*tls));
	struct in6_addr address;

	if (!tls)
		return NULL;
	tls->session = SSL_new(context->context);
	bool is_address = inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
	if (tls->session && SSL_set_fd(tls->session, socket) == 1 &&
	    (is_address
		 ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->session), name) == 1
		 : SSL_set1_host(tls->session, name) == 1 && SSL_set_tlsext_host_name(tls->session, name) == 1)) {
		SSL_set_connect_state(tls->session);
		return tls;
	}
	tls_free(tls);
	return NULL;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	if (tls->session && SSL_is_init_finished(tls->session))
		(void)SSL_shutdown(tls->session);
	SSL_free(tls->session);
	free(tls);
	ERR_clear_error();
}

/* Whether nothing is wrong but that the connection has to be waited for. */
static bool waits(const struct tls *tls, int code)
{
	int error = SSL_get_error(tls->session, code);

	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static enum tls_result result_of(struct tls *tls, int code, char *problem, size_t problem_size)
{
	long verified = SSL_get_verify_result(tls->session);

	if (waits(tls, code))
		return TLS_AGAIN;
	if (verified != X509_V_OK)
		snprintf(problem, problem_size, "its certificate is refused: %s",
			 X509_verify_cert_error_string(verified));
	else
		explain("TLS", problem, problem_size);
	ERR_clear_error();
	return TLS_FAILED;
}

enum tls_result tls_handshake(struct tls *tls, char *problem, size_t problem_size)
{
	ERR_clear_error();
	int code = SSL_do_handshake(tls->session);

	return code == 1 ? TLS_DONE : result_of(tls, code, problem, problem_size);
}

enum tls_result tls_write(struct tls *tls, const char *octets, size_t count, size_t *written, char *problem,
			  size_t problem_size)
{
	*written = 0;
	ERR_clear_error();
	int code = SSL_write_ex(tls->session, octets, count, written);

	return code == 1 ? TLS_DONE : result_of(tls, code, problem, problem_size);
}

bool tls_is_alive(struct tls *tls)
{
	char octets[256];
	size_t count;
	int code;

	do {
		ERR_clear_error();
		code = SSL_read_ex(tls->session, octets, sizeof(octets), &count);
	} while (code == 1);
	bool alive = waits(tls, code);
	ERR_clear_error();
	return alive;
}

uint64_t tls_octets(const struct tls *tls)
{
	return BIO_number_written(SSL_get_wbio(tls->session));
}
