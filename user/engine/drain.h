/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drained instances: out of service until somebody says otherwise. Two things drain one, each by
 * itself: the operator's order, which outlives the daemon, and the instance's disable_file. The
 * members of a sync group are drained together.
 */
#ifndef HF_ENGINE_DRAIN_H
#define HF_ENGINE_DRAIN_H

#include "control/control.h"
#include "core/loop.h"
#include "core/state_file.h"
#include "record/drain_file.h"

struct engine;
struct instance;

/* The engine's part. It changes in the loop, by what the control thread asks alone. */
struct drains {
	struct drain_set set;
	char path[STATE_PATH];
	struct loop_timer timer; /* the rest of an order's instances */
	uint32_t at;		 /* slots before it know the order */
};

/* Reads what the operator has drained. Before the loop runs. */
void drain_open(struct engine *engine);
/* Was `in`, which begins, drained before? */
void drain_begin(struct instance *in);
/* Has the runner looked for its disable_file? True if it has none. */
bool drain_is_known(const struct instance *in);
/* Drains or undrains `in` by all that bears on it, as it is. */
void drain_judge(struct instance *in);
/* CONTROL_DRAIN and CONTROL_UNDRAIN; `in` NULL: all. */
void drain_order(struct engine *engine, struct instance *in, struct control_request *req);
/* What was ordered outlives the daemon: called by the control thread, which may block. */
void drain_keep(struct engine *engine, struct control_request *req);

#endif
