/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds out whether the old master's host is alive: after a takeover from a silent master the
 * kernel probes it, and some seconds later its state in the neighbor table is added to the record.
 */
#ifndef HF_ENGINE_OLD_MASTER_H
#define HF_ENGINE_OLD_MASTER_H

#include "core/loop.h"
#include "record/record.h"
#include "ipaddr.h"

/* The delay from the takeover to the probe, and from the probe to the reading of the result. */
#define OLD_MASTER_ASK_NS    (200 * NS_PER_MS)
#define OLD_MASTER_ANSWER_NS (4500 * NS_PER_MS) /* the kernel probes three times in 3 s */
#define OLD_MASTER_SPREAD_NS NS_PER_MS		/* added for each place in the instance table */

struct engine;
struct instance;

/* The old master of one instance. */
struct old_master {
	struct loop_timer timer; /* first orders the probe, then the reading of the result */
	bool asked;		 /* the probe has been ordered */
	struct ipaddr address;
	uint64_t number; /* of the record that gets the result */
};

/* Starts the thread that talks to the kernel. 0 or -errno. */
int old_masters_open(struct engine *engine);
/* Ends the thread. Results that are missing stay unknown. */
void old_masters_close(struct engine *engine);

void old_master_init(struct instance *in);
void old_master_destroy(struct instance *in);
/* `record` is the new record of `in`. If its cause is a silent master, the probe is scheduled. */
void old_master_on_record(struct instance *in, const struct record *record);

#endif
