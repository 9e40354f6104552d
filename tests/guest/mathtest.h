/*
 * mathtest.h - a Math Server and its clients, for the tests of both.
 *
 * Each test has a server of its own, whose segment is program.h's.
 */
#ifndef MATHTEST_H
#define MATHTEST_H

#include "mathwire.h"
#include "program.h"

#define NSLOTS 4 /* of a server, unless a test says otherwise */

extern int server_pid; /* 0 if there is none */

/* Both return when the server is ready. */
void server_start(void);
void server_start_with(uint nslots);
/* Waits until the header of its segment is in order, or it has ended: a client waits for a few seconds alone. */
void server_await(void);
/* The server's segment, when there is one and the server has filled it in. */
struct mathwire_header *server_attach(void);
/* Ends it.  Its segment goes with it, unless another process has it attached. */
void server_stop(void);
/* Ends it, and its segment must be gone. */
void server_end(void);
/* Kills it, if there is one: the cleanup of failed tests. */
void server_clean_up(void);

/* option, value: one of mathclient's; NULL: none.  in: as program_start() takes it. */
struct program client_start(char *option, char *value, int in);
/* Waits for its end: it must have printed this, and end with this status. */
void client_expect_finish(struct program *client, const char *want, int want_status);
/* Runs a client with one option. */
void client_expect(char *option, char *value, const char *want, int want_status);

/* A slot of the server's for this process, which it must get. */
void wire_open(struct mathwire *wire);

#endif
