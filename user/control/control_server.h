/* SPDX-License-Identifier: BSD-2-Clause */
/* The control thread: clients on one side, the engine behind a socket pair on the other. */
#ifndef HF_CONTROL_SERVER_H
#define HF_CONTROL_SERVER_H

#include <stdint.h>

#include "control/control.h"
#include "control/control_room.h"
#include "control/control_socket.h"

/* Timeouts; tests shorten them. */
struct control_timeouts {
	int64_t idle_ns;   /* a client without a whole request */
	int64_t slow_ns;   /* a client that has not read its answer */
	int64_t engine_ns; /* for the engine's answer; then its loop is stuck */
	int64_t load_ns;   /* for reading the configuration; then a disk is stuck */
	int64_t end_ns;	   /* for the end of the control and the loading thread */
};

struct control_server;

/* `sockets` and `room` must outlive the server. It owns `engine_fd` (SOCK_SEQPACKET) from now on.
 * NULL: no memory or no descriptor. */
struct control_server *control_server_create(const struct control_sockets *sockets, int engine_fd,
					     struct control_room *room,
					     const struct control_timeouts *timeouts);
/* Must be called after the thread has ended. Closes the clients and frees everything, also requests
 * that the engine never received. False: the loading thread still runs, so the server is not freed
 * and the loader's context must not be freed. */
bool control_server_destroy(struct control_server *s);
/* The thread: serves until the other end of `engine_fd` is closed. `arg`: the server. */
void *control_server_run(void *arg);

/* control_create() with timeouts of the caller's choice: for tests. */
struct control *control_create_timed(struct loop *loop, const char *run_dir,
				     const struct status_limits *limits,
				     const struct control_timeouts *timeouts, control_handler_fn fn,
				     void *ctx);

#endif
