/* SPDX-License-Identifier: BSD-2-Clause */
/* Fills the daemon's status for `status`, one slice in each turn of the loop. */
#ifndef HF_ENGINE_SNAPSHOT_H
#define HF_ENGINE_SNAPSHOT_H

#include "control/status.h"
#include "core/loop.h"

struct config;
struct control_request;
struct engine;

/* The status that is being filled; one at a time. All zero: none. */
struct snapshot {
	struct loop_timer timer;     /* armed while places are left */
	struct control_request *req; /* its `status` is filled */
	const struct config *of;     /* the configuration that it describes */
	unsigned int stage, at;	     /* the next place */
};

/* Computes the room that the next status needs. */
void snapshot_limits(const struct engine *engine, struct status_limits *lim);
/*
 * Fills req->status with its alarms. If that takes more than one slice, req->unfinished is set;
 * later turns fill the rest and then call control_finish(). A newer request replaces an unfinished
 * one, because the control thread has only one request at a time.
 */
void snapshot_begin(struct engine *engine, struct control_request *req);

#endif
