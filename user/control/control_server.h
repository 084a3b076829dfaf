/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control thread: clients on one side, the engine behind a socket pair on the other. What
 * crosses that pair is a ticket: a pointer to a request that the engine fills in and sends back.
 */
#ifndef HF_CONTROL_SERVER_H
#define HF_CONTROL_SERVER_H

#include <stdatomic.h>
#include <stdint.h>

#include "control/control.h"
#include "control/control_socket.h"

#define CONTROL_DOORBELL                                                                           \
	UINT64_MAX /* the number of a ticket without a request: there are new records */

struct control_ticket {
	uint64_t number;
	struct control_request *req; /* the engine's until it has sent the ticket back; NULL, and
					sent by the engine: the thread is to see to a reload */
};

/* How long the thread bears with whom; tests shorten them. */
struct control_timeouts {
	int64_t idle_ns;   /* a client without a whole request */
	int64_t slow_ns;   /* a client that has not read its answer */
	int64_t engine_ns; /* the engine's answer: longer, and its loop is stuck */
};

/* struct status_limits, written by the engine and read by the thread. A mixture of an old and a new
 * one is harmless: status.room says what was allocated. So is the loader. */
struct control_room {
	atomic_uint instances, checks, bgp, neighbors, interfaces, vips;
	_Atomic(const struct control_loader *) loader;
	_Atomic(const char *) record_path; /* NULL: records are not kept */
	atomic_bool rung;		   /* a doorbell is on its way */
};

struct control_server;

/* `sockets` and `room` must outlive the server; `engine_fd` (SOCK_SEQPACKET) becomes its own. NULL
 * with errno. */
struct control_server *control_server_create(const struct control_sockets *sockets, int engine_fd,
					     struct control_room *room,
					     const struct control_timeouts *timeouts);
/* Only when the thread has ended: closes clients and frees all, also what the engine never took. */
void control_server_destroy(struct control_server *s);
/* The thread: serves until the other end of `engine_fd` is closed. `arg`: the server. */
void *control_server_run(void *arg);

/* control_create() with timeouts of the caller's choice: for tests. */
struct control *control_create_timed(struct loop *loop, const char *run_dir,
				     const struct status_limits *limits,
				     const struct control_timeouts *timeouts, control_handler_fn fn,
				     void *ctx);

#endif
