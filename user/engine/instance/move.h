/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Follows an order that moves masterships to other nodes, until each instance has been taken over
 * or is known to stay. The state machine serves until a successor is heard, and becomes MASTER
 * again if there is none (vrrp_step.h). So a failed order changes nothing.
 */
#ifndef HF_ENGINE_MOVE_H
#define HF_ENGINE_MOVE_H

#include <stdbool.h>

#include "control/control.h"
#include "core/mono.h"

struct engine;
struct instance;

/* One order: its request, and the outcomes of its instances so far. */
struct move {
	struct control_request *req; /* NULL: this place is free */
	unsigned int asked, waiting, stayed;
	int64_t slowest_ns;			   /* the longest time until a takeover */
	char first_stayed[CONTROL_ERROR_TEXT / 2]; /* the first instance that stayed, and why */
};

struct moves {
	struct move all[CONTROL_MAX_LATE];
};

/* The move of one instance. */
struct instance_move {
	struct move *of;   /* its order; NULL: it does not move */
	struct mono since; /* when it resigned; MONO_NEVER: it has not yet */
	struct ipaddr by;  /* the successor; all zero: none has been heard */
	int64_t after_ns;  /* from `since` to the successor's first advert */
};

/*
 * Orders a handover of `in` and the instances that move with it; NULL: of every instance. Instances
 * that are not MASTER do not move. Returns the number of instances that move: if it is above 0, the
 * outcome follows by control_answer(). On -EBUSY or -ENOSPC the request is refused and nothing is
 * done.
 */
int move_begin(struct engine *engine, struct instance *in, struct control_request *req);
/* A step or a claim of `in` has been carried out. */
void move_follow(struct instance *in);
/* `in` is being destroyed. */
void move_leave(struct instance *in);
/* Drops all orders without an answer, because the daemon ends. */
void moves_forget(struct engine *engine);

#endif
