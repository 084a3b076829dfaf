/* SPDX-License-Identifier: BSD-2-Clause */
/* before_master: a claim waits for this command of an instance or a group before it adds addresses
 * and announces. */
#ifndef HF_ENGINE_BEFORE_MASTER_H
#define HF_ENGINE_BEFORE_MASTER_H

#include <stdbool.h>

#include "control/status.h"
#include "core/mono.h"

struct engine;
struct instance;
struct runner_done;

/* The before_master of one instance or one group. */
struct before_master {
	bool waiting;	      /* claims wait for it */
	struct mono until;    /* the end of the wait */
	bool begun;	      /* of a group: it has run for the present mastership */
	unsigned int running; /* commands at the runner */
	struct status_before last;
};

void before_master_init(struct instance *in);
/* Takes its timer out of the loop. */
void before_master_end(struct instance *in);
/* A claim of `in` begins: runs its command, and its group's unless another member has run it. */
void before_master_begin(struct instance *in);
/* The claim of `in` has ended, so it no longer waits. A running command is not killed. */
void before_master_cancel(struct instance *in);
/* True while the claim of `in` has to wait for a command. NEWS_PREPARED follows at the end. */
bool before_master_waits(const struct instance *in);
/* Handles the end of a command. False: `done` belongs to no before_master command. */
bool before_master_done(struct engine *engine, const struct runner_done *done);
/* Why a command was not run: the text of the errno value `status` of BEFORE_NOT_RUN. */
const char *before_master_why(int status);
/* The runner has died, and its running commands are lost. */
void before_master_runner_lost(struct engine *engine);

#endif
