/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kerberos version 5 (RFC 4120): what a key distribution centre (KDC) answers, as far as it is in clear.
 *
 * Two peers that prove themselves by Kerberos (RFC 2409 with the GSS-API method) ask a domain controller for a ticket
 * first. A refusal there, in clear on port 88, says why the negotiation that follows fails. Read are the kind of
 * message, the error, and the name of the service that it is about; tickets and what they hold are not looked into.
 *
 * The encoding is DER (RFC 4120 section 5.1, X.690): lengths and integers of the smallest form, fields in their order.
 * Called by the tracker.
 */
#ifndef ESPIAL_DISSECTORS_KERBEROS_H
#define ESPIAL_DISSECTORS_KERBEROS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor;

enum { KERBEROS_PORT = 88 }; /* RFC 4120 section 7.2.1 */

/* RFC 4120 section 5.10: application tags, which are the message types too */
enum kerberos_type {
	KERBEROS_AS_REQ = 10,
	KERBEROS_AS_REP = 11,
	KERBEROS_TGS_REQ = 12,
	KERBEROS_TGS_REP = 13,
	KERBEROS_ERROR = 30
};

/* RFC 4120 section 7.5.9, RFC 4556 section 3.1.3, RFC 6806 section 7: codes of KRB-ERROR. X(number, name) */
#define KERBEROS_ERRORS(X)                                                                                             \
	X(0, "KDC_ERR_NONE")                                                                                           \
	X(1, "KDC_ERR_NAME_EXP")                                                                                       \
	X(2, "KDC_ERR_SERVICE_EXP")                                                                                    \
	X(3, "KDC_ERR_BAD_PVNO")                                                                                       \
	X(4, "KDC_ERR_C_OLD_MAST_KVNO")                                                                                \
	X(5, "KDC_ERR_S_OLD_MAST_KVNO")                                                                                \
	X(6, "KDC_ERR_C_PRINCIPAL_UNKNOWN")                                                                            \
	X(7, "KDC_ERR_S_PRINCIPAL_UNKNOWN")                                                                            \
	X(8, "KDC_ERR_PRINCIPAL_NOT_UNIQUE")                                                                           \
	X(9, "KDC_ERR_NULL_KEY")                                                                                       \
	X(10, "KDC_ERR_CANNOT_POSTDATE")                                                                               \
	X(11, "KDC_ERR_NEVER_VALID")                                                                                   \
	X(12, "KDC_ERR_POLICY")                                                                                        \
	X(13, "KDC_ERR_BADOPTION")                                                                                     \
	X(14, "KDC_ERR_ETYPE_NOSUPP")                                                                                  \
	X(15, "KDC_ERR_SUMTYPE_NOSUPP")                                                                                \
	X(16, "KDC_ERR_PADATA_TYPE_NOSUPP")                                                                            \
	X(17, "KDC_ERR_TRTYPE_NOSUPP")                                                                                 \
	X(18, "KDC_ERR_CLIENT_REVOKED")                                                                                \
	X(19, "KDC_ERR_SERVICE_REVOKED")                                                                               \
	X(20, "KDC_ERR_TGT_REVOKED")                                                                                   \
	X(21, "KDC_ERR_CLIENT_NOTYET")                                                                                 \
	X(22, "KDC_ERR_SERVICE_NOTYET")                                                                                \
	X(23, "KDC_ERR_KEY_EXPIRED")                                                                                   \
	X(24, "KDC_ERR_PREAUTH_FAILED")                                                                                \
	X(25, "KDC_ERR_PREAUTH_REQUIRED")                                                                              \
	X(26, "KDC_ERR_SERVER_NOMATCH")                                                                                \
	X(27, "KDC_ERR_MUST_USE_USER2USER")                                                                            \
	X(28, "KDC_ERR_PATH_NOT_ACCEPTED")                                                                             \
	X(29, "KDC_ERR_SVC_UNAVAILABLE")                                                                               \
	X(31, "KRB_AP_ERR_BAD_INTEGRITY")                                                                              \
	X(32, "KRB_AP_ERR_TKT_EXPIRED")                                                                                \
	X(33, "KRB_AP_ERR_TKT_NYV")                                                                                    \
	X(34, "KRB_AP_ERR_REPEAT")                                                                                     \
	X(35, "KRB_AP_ERR_NOT_US")                                                                                     \
	X(36, "KRB_AP_ERR_BADMATCH")                                                                                   \
	X(37, "KRB_AP_ERR_SKEW")                                                                                       \
	X(38, "KRB_AP_ERR_BADADDR")                                                                                    \
	X(39, "KRB_AP_ERR_BADVERSION")                                                                                 \
	X(40, "KRB_AP_ERR_MSG_TYPE")                                                                                   \
	X(41, "KRB_AP_ERR_MODIFIED")                                                                                   \
	X(42, "KRB_AP_ERR_BADORDER")                                                                                   \
	X(44, "KRB_AP_ERR_BADKEYVER")                                                                                  \
	X(45, "KRB_AP_ERR_NOKEY")                                                                                      \
	X(46, "KRB_AP_ERR_MUT_FAIL")                                                                                   \
	X(47, "KRB_AP_ERR_BADDIRECTION")                                                                               \
	X(48, "KRB_AP_ERR_METHOD")                                                                                     \
	X(49, "KRB_AP_ERR_BADSEQ")                                                                                     \
	X(50, "KRB_AP_ERR_INAPP_CKSUM")                                                                                \
	X(51, "KRB_AP_PATH_NOT_ACCEPTED")                                                                              \
	X(52, "KRB_ERR_RESPONSE_TOO_BIG")                                                                              \
	X(60, "KRB_ERR_GENERIC")                                                                                       \
	X(61, "KRB_ERR_FIELD_TOOLONG")                                                                                 \
	X(62, "KDC_ERR_CLIENT_NOT_TRUSTED")                                                                            \
	X(63, "KDC_ERR_KDC_NOT_TRUSTED")                                                                               \
	X(64, "KDC_ERR_INVALID_SIG")                                                                                   \
	X(65, "KDC_ERR_DH_KEY_PARAMETERS_NOT_ACCEPTED")                                                                \
	X(66, "KDC_ERR_CERTIFICATE_MISMATCH")                                                                          \
	X(67, "KRB_AP_ERR_NO_TGT")                                                                                     \
	X(68, "KDC_ERR_WRONG_REALM")                                                                                   \
	X(69, "KRB_AP_ERR_USER_TO_USER_REQUIRED")                                                                      \
	X(70, "KDC_ERR_CANT_VERIFY_CERTIFICATE")                                                                       \
	X(71, "KDC_ERR_INVALID_CERTIFICATE")                                                                           \
	X(72, "KDC_ERR_REVOKED_CERTIFICATE")                                                                           \
	X(73, "KDC_ERR_REVOCATION_STATUS_UNKNOWN")                                                                     \
	X(74, "KDC_ERR_REVOCATION_STATUS_UNAVAILABLE")                                                                 \
	X(75, "KDC_ERR_CLIENT_NAME_MISMATCH")                                                                          \
	X(76, "KDC_ERR_KDC_NAME_MISMATCH")

/* Those that are looked at by number. */
enum {
	KERBEROS_ERROR_C_PRINCIPAL_UNKNOWN = 6,
	KERBEROS_ERROR_S_PRINCIPAL_UNKNOWN = 7,
	KERBEROS_ERROR_CLIENT_REVOKED = 18,
	KERBEROS_ERROR_PREAUTH_FAILED = 24,
	KERBEROS_ERROR_PREAUTH_REQUIRED = 25,
	KERBEROS_ERROR_MUST_USE_USER2USER = 27,
	KERBEROS_ERROR_SKEW = 37,
	KERBEROS_ERROR_RESPONSE_TOO_BIG = 52,
	KERBEROS_ERROR_WRONG_REALM = 68,
	KERBEROS_ERROR_USER_TO_USER_REQUIRED = 69
};

enum { KERBEROS_COMPONENTS_MAX = 4, KERBEROS_LENGTH_MAX = 1 << 20 };

/* Octets in place, borrowed; hostile. */
struct kerberos_text {
	const uint8_t *octets;
	uint32_t length;
};

struct kerberos_message {
	uint8_t type;            /* enum kerberos_type */
	int32_t error;           /* KERBEROS_ERROR: the code; else 0 */
	uint8_t component_count; /* of `service`; 0: not said, or the capture ended before */
	bool more;               /* the service has more components than are kept */
	/* RFC 4120 section 5.2.2: sname, "host" and "bob.example", of an error or of the ticket given */
	struct kerberos_text service[KERBEROS_COMPONENTS_MAX];
};

/*
 * Reads the message at the cursor: over TCP (`stream`) behind its length (RFC 4120 section 7.2.2), which may promise more
 * than the segment holds. True if it is one of the types above and, of an error, the code could be read; requests are
 * told by their type alone. False: it is no such message, it contradicts itself, or the capture ended before.
 */
bool kerberos_read(struct cursor *cursor, bool stream, struct kerberos_message *message);

/* "KDC_ERR_S_PRINCIPAL_UNKNOWN"; NULL for a code without a name. */
const char *kerberos_error_name(int32_t error);

/* Whether the error is an ordinary step towards a ticket: the client asks again, differently. */
bool kerberos_error_is_step(int32_t error);

#endif
