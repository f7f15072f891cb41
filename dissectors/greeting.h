/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What most flows in clear begin with: the ClientHello of TLS, an HTTP request, or a question to a name server.
 *
 * All say what they are in their first octets, so clearly that nothing else has to be asked: who would tell all the protocols
 * there are from one another needs microseconds for the same answer. What is not beyond doubt is GREETING_NONE. Called by
 * the classifier for the first segment of a flow that has payload, and for its first datagram.
 *
 * TLS (RFC 8446 section 5.1, TLSPlaintext; section 4, Handshake; section 4.1.2, ClientHello; the same octets as in
 * RFC 5246 and before):
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +---------------+-------------------------------+---------------+
 *   | handshake, 22 | record version 3.0 to 3.4     | length of the |
 *   +---------------+---------------+---------------+---------------+
 *   | record        | client hello,1| length of the handshake ...   |
 *   +---------------+---------------+-------------------------------+
 *   | ...           | client version 3.0 to 3.4     | random, 32    |
 *   +---------------+-------------------------------+ octets ...    +
 *   |                                                               |
 *   +---------------+-----------------------------------------------+
 *   | octets of ID  | session ID, 0 to 32 octets ...                |
 *   +---------------+---------------+-------------------------------+
 *   | octets of suites, even        | suites ...                    |
 *   +-------------------------------+-------------------------------+
 *
 * HTTP (RFC 9112 section 3): method SP target SP "HTTP/1." digit CR LF, with the methods of RFC 9110 section 9 and RFC 5789 that
 * an origin server is asked by, and a target that begins with a slash.
 *
 * DNS (RFC 1035 section 4.1.1 and 4.1.2), a standard query of one question; additional records are EDNS (RFC 6891) and signatures:
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-------------------------------+-+-------+-+-+-+-+-----+-------+
 *   | identifier                    |0| 0     |A|T|R|R| Z   | 0     |
 *   +-------------------------------+-+-------+-+-+-+-+-----+-------+
 *   | questions: 1                  | answers: 0                    |
 *   +-------------------------------+-------------------------------+
 *   | authorities: 0                | additional records: 0 to 2    |
 *   +-------------------------------+-------------------------------+
 *   | name: labels of 1 to 63 octets, each behind its length, then 0; 255 octets at most ...
 *   +-------------------------------+-------------------------------+
 *   | type                          | class                         |
 *   +-------------------------------+-------------------------------+
 */
#ifndef ESPIAL_DISSECTORS_GREETING_H
#define ESPIAL_DISSECTORS_GREETING_H

struct cursor;

enum greeting { GREETING_NONE, GREETING_TLS, GREETING_HTTP, GREETING_DNS };

/* Reads at the cursor, which stands where the payload begins. GREETING_NONE too where the capture ended before it was sure. */
enum greeting greeting_read(struct cursor *cursor);

/* The same of a datagram to a port where name servers listen. */
enum greeting greeting_read_question(struct cursor *cursor);

#endif
