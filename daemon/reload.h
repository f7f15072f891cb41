/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new configuration on its way from the monitor, which may read files, to the engine, which may not.
 *
 * The monitor sends the text; the engine reads it anew, since nothing but octets can pass between them, and answers with
 * one line. Between them is a packet socket, so that what is not sent whole is not mistaken for the beginning of something else.
 * Packets to the engine: "c" and "NUMBER LENGTH" begin an order, "t" and octets are the next of its LENGTH: the name for
 * messages, the interfaces that were named on the command line one a line, an empty line, the YAML. "w" takes back the order that was
 * sent last, if nothing came of it yet. Answer: "+NUMBER", or "-NUMBER" and a space and a sentence.
 */
#ifndef ESPIAL_DAEMON_RELOAD_H
#define ESPIAL_DAEMON_RELOAD_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct loop;
struct reload_reader;

/* Of an order: the largest file, and the names before it. */
enum { RELOAD_TEXT_MAX = (4 << 20) + (64 << 10), RELOAD_PROBLEM_SIZE = 512 };

/* ---- the monitor's side ---- */

enum reload_outcome { RELOAD_WAITING, RELOAD_TAKEN, RELOAD_REFUSED };

/* Sends an order. False if the engine did not make room for all of it within five seconds: then nothing comes of it. */
bool reload_send(int descriptor, unsigned number, const char *text, size_t length);

/* Waits so long for the answer to this order, and passes over those to others. RELOAD_REFUSED with one sentence. */
enum reload_outcome reload_hear(int descriptor, unsigned number, int wait_ms, char *problem, size_t problem_size);

/* The order is to count for nothing. An engine that was about to heed it still may: its answer says so. */
void reload_withdraw(int descriptor);

/* An engine ended: what it left unread is not for the next, and what it answered is of no use. Both ends of the socket. */
void reload_drain(const int descriptors[2]);

/* The engine's side: `take` is given each configuration that can be used, sealed, and owns it; it returns whether it is in
 * force, or false with one sentence. NULL on lack of memory. */
struct reload_reader *reload_reader_new(struct loop *loop, int descriptor,
					bool (*take)(void *context, struct config *config, char *problem,
						     size_t problem_size),
					void *context);
void reload_reader_free(struct reload_reader *reader);

#endif
