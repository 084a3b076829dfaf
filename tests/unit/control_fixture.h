/* SPDX-License-Identifier: BSD-2-Clause */
/* The control thread with real sockets below a directory of the test. */
#ifndef TESTS_CONTROL_FIXTURE_H
#define TESTS_CONTROL_FIXTURE_H

#include <stdbool.h>
#include "control_home.h"
#include "control/control_server.h"

#define PATIENCE_NS   (10 * NS_PER_S) /* a test that waits longer has failed */
#define ANSWER_SIZE   (4 << 20)
#define MANY	      2000 /* instances: their status is larger than a socket buffer */
#define STATUS_LINE   "{\"command\":\"status\"}\n"
#define RELOAD_LINE   "{\"command\":\"reload\"}\n"
#define HANDOVER_LINE "{\"command\":\"handover\",\"instance\":\"example\"}\n"

struct fixture {
	struct control_home home;      /* first */
	unsigned int calls, instances; /* calls of the handler; instances it reports */
	unsigned int slices;	       /* a status takes this number of additional turns */
	struct control_request *unfinished;
	struct loop_timer slice;
	struct status_limits room; /* as in the last call of the handler */
	char *answer;
};

extern const struct control_timeouts long_timeouts;

/* cmocka's; *state becomes the fixture, whose thread does not run yet. */
int control_setup(void **state);
int control_teardown(void **state);
void start(struct fixture *f, const struct control_timeouts *timeouts);
/* The engine's end: answers a request, and counts it. */
void handle(void *ctx, struct control_request *req);

void say(int fd, const char *text);
struct mono patience(void);
/*
 * Turns the loop (if `turning`) until a line has come, which is returned without its newline, or
 * the other end has closed: NULL.
 */
const char *hear_line(struct fixture *f, int fd, bool turning);
void assert_hears(struct fixture *f, int fd, const char *part);
void assert_closed(struct fixture *f, int fd);

#endif
