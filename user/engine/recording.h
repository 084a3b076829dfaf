/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flight recorder's pen: collects what one step of an instance does, and files it when that
 * step turns out to be a transition; what follows later (the notify command's end, the settling)
 * is added to the instance's last record.
 */
#ifndef HF_ENGINE_RECORDING_H
#define HF_ENGINE_RECORDING_H

#include "core/loop.h"
#include "health/runner.h"
#include "record/record.h"

/* An old master is asked for so long after a takeover, and the answer read so much later. */
#define RECORDING_ASK_NS    (200 * NS_PER_MS)
#define RECORDING_ANSWER_NS (4500 * NS_PER_MS) /* the kernel asks three times, a second apart */
#define RECORDING_SPREAD_NS NS_PER_MS	       /* from instance to instance */

struct engine;
struct instance;
struct vrrp_action;

#define RECORDING_NOTIFIES 4 /* of one owner: running, waiting, and answers on their way */

/* One instance's part. */
struct recording {
	uint64_t number;      /* of its last record; 0: none yet */
	bool filed;	      /* a record was begun in this step */
	struct record before; /* the step's draft: what was there before it, and its first steps */
	struct loop_timer peer_timer; /* asks for the old master's host, then reads the answer */
	bool peer_asked;
	struct ipaddr peer;
	/* Which records the runner's next answers belong to, for each of the two owners. */
	uint64_t notifies[2][RECORDING_NOTIFIES];
	unsigned int n_notifies[2];
};

/* Reads what an earlier daemon kept, so that numbers go on. Before the loop runs. 0 or -ENOMEM. */
int recording_open(struct engine *engine);
/* Keeps all and frees it. After the loop has ended. */
void recording_close(struct engine *engine);

void recording_init(struct instance *in);
void recording_destroy(struct instance *in);
/* A step begins: forgets the draft. */
void recording_start_step(struct instance *in);
/* The state machine has decided: the stamps up to here. */
void recording_decided(struct instance *in);
/* The step is a transition. */
void recording_file(struct instance *in, const struct vrrp_action *act);
/* A step ends: what it did without being a transition belongs to the last one. */
void recording_end_step(struct instance *in);

/* Something was done, now. `address` may be NULL. */
void recording_note(struct instance *in, enum record_kind kind, uint8_t value,
		    const struct ipaddr *address);
/* An UPDATE has gone to each neighbor that was written to since `since`, and all is now `as`. */
void recording_announced(struct instance *in, struct mono since, uint8_t as);
/* A notify command was handed to the runner; `generic`: as the second owner. */
void recording_notify(struct instance *in, bool generic);
void recording_notify_done(struct instance *in, const struct runner_done *done);
/* The runner has died: it answers for nothing any more. */
void recording_runner_lost(struct engine *engine);

#endif
