/* SPDX-License-Identifier: Apache-2.0 */
/* Why a frame in the capture of an alert is pointed out. A value that passes from the engine to what writes the capture. */
#ifndef ESPIAL_AUDIT_EVIDENCE_MARK_H
#define ESPIAL_AUDIT_EVIDENCE_MARK_H

enum evidence_mark {
	EVIDENCE_MARK_NONE,  /* it belongs to the picture */
	EVIDENCE_MARK_CLEAR, /* in clear, and policy does not let it */
	EVIDENCE_MARK_KNOCK, /* a client tries in clear */
	EVIDENCE_MARK_AH,    /* authenticated, and readable by anyone */
	EVIDENCE_MARK_SPI,   /* of the SA that the alert is about */
	EVIDENCE_MARK_IKE,   /* of the IKE SA that the alert is about */
	EVIDENCE_MARK_COUNT
};

#endif
