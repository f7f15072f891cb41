/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X.509 certificates that peers show in clear, read by OpenSSL. Only what a certificate says of itself: no chain is built,
 * no signature is checked, nothing is fetched. Called by the engine's judge, the IKE log and the inventory through
 * certificate_facts.h.
 */
#ifndef ESPIAL_DAEMON_CERTIFICATE_H
#define ESPIAL_DAEMON_CERTIFICATE_H

#include "audit/certificate_facts.h"

/* Makes libcrypto load what it needs, for a process that will not be able to later. */
void certificate_prepare(void);

/* A certificate_read_function; `context` is not used. Octets behind the certificate make it none. Of a bundle in PKCS #7 the
 * certificate is read that issued none of the others. */
bool certificate_read(void *context, const uint8_t *octets, uint32_t length, struct certificate_facts *facts);

#endif
