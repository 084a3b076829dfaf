/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread that may wait where the engine's loop must not wait: for the kernel's RTNL lock, which
 * other processes sometimes hold for a tenth of a second (measured while network namespaces are
 * created and deleted), or for a driver that resets its queues. Jobs run one after the other, in
 * the order in which they were submitted. Independent users have separate workers, so that they do
 * not wait for each other.
 */
#ifndef HF_CORE_WORKER_H
#define HF_CORE_WORKER_H

#include "core/loop.h"

/* Part of its owner, which must not move it in memory until it is done. */
struct worker_job {
	/* Called in the thread. The thread owns what it writes until `done` is called. */
	void (*run)(struct worker_job *job);
	/* Called in the loop. The job may be submitted again at once. */
	void (*done)(struct worker_job *job);
	struct worker_job *next;
};

struct worker;

/* Starts the thread; `name` is a string constant of at most 15 characters. NULL with errno. */
struct worker *worker_create(struct loop *loop, const char *name);
/* Ends the thread after its present job. Jobs that have not begun are dropped, and `done` is not
 * called any more. NULL is fine. */
void worker_destroy(struct worker *worker);
void worker_give(struct worker *worker, struct worker_job *job);
/* Waits up to `wait_ns` nanoseconds until a job is done, and calls `done` of the jobs that are
 * done. For use after the loop has ended. */
void worker_wait(struct worker *worker, int64_t wait_ns);
/* Puts the thread into the real-time class, at `priority` of SCHED_RR. 0 or -errno. */
int worker_set_priority(struct worker *worker, int priority);

#endif
