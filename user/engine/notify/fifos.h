/* SPDX-License-Identifier: BSD-2-Clause */
/* The FIFOs for state changes: notify_fifo and vrrp_notify_fifo. */
#ifndef HF_ENGINE_FIFOS_H
#define HF_ENGINE_FIFOS_H

#include "engine/notify/commands.h"
#include "runner/runner.h"

struct engine;

/* One of the FIFOs for state changes. */
struct event_fifo {
	struct runner_fifo order;
	char **argv; /* of the order; NULL: none is configured */
	bool sent;   /* the runner has the present order, or its end */
	struct runner_fifo_state state;
};

/* Fills `fifos` by users->cfg. 0 or -ENOMEM. */
int fifos_create(const struct script_users *users, struct event_fifo fifos[RUNNER_MAX_FIFOS]);
void fifos_free(struct event_fifo fifos[RUNNER_MAX_FIFOS]);
/* `now` replaces `was`: copies the state of each FIFO whose order is the same. */
void fifos_continue(const struct event_fifo was[RUNNER_MAX_FIFOS],
		    struct event_fifo now[RUNNER_MAX_FIFOS]);
/* A new runner has started: all orders must be sent again. */
void fifos_forget(struct engine *engine);
/* Sends the orders that the runner does not have yet. 0 or -errno of sending. */
int fifos_tell(struct engine *engine);
void fifos_on_state(struct engine *engine, const struct runner_fifo_state *state);

#endif
