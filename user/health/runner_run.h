/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One run of a command, from its start until nothing of it is left: output, timeout, kill, reaping.
 * Checks and notifications stand on this.
 */
#ifndef HF_RUNNER_RUN_H
#define HF_RUNNER_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/loop.h"
#include "health/runner.h"

/* Between SIGTERM and SIGKILL: time for a script to clean up, short against a check's interval. */
#define RUN_TERM_GRACE_NS (500 * NS_PER_MS)
/* A process still there so long after SIGKILL hangs in the kernel: do not wait for it. */
#define RUN_KILL_GRACE_NS (1000 * NS_PER_MS)
/* Every check and owner can have its run, some more can be dying; with the checks' own timers this
 * stays below LOOP_MAX_TIMERS. */
#define RUN_MAX (RUNNER_MAX_CHECKS + RUNNER_MAX_OWNERS + 512)
/* Background children of scripts that have ended, whose output is still taken: without a reader
 * they would die of SIGPIPE. A script that leaves one behind each time must not use us up. */
#define RUN_MAX_LINGERING 256

struct run;
struct runs; /* all of them */

struct run_order {
	char *const *argv;
	struct runner_user user;
	int64_t timeout_ns;
	bool limited, confined; /* as in struct spawn_order */
};

struct run_verdict {
	enum health_outcome outcome;
	int status; /* as in struct runner_result */
	int64_t started_ns, duration_ns;
	const char *detail;
};

/* What the owner of a run is told; never from within a call that it makes itself, except
 * run_check_timeout(). */
struct run_ops {
	/* Once: how it went. At the timeout, if it was still going then. */
	void (*verdict)(void *owner, const struct run_verdict *verdict);
	/* `reaped`: the process is gone and the run no longer exists. Otherwise it withstands
	 * SIGKILL: once more, later, unless the owner abandons it. */
	void (*ended)(void *owner, bool reaped);
};

/* NULL with errno. The loop must outlive it. */
struct runs *runs_create(struct loop *loop);
/* Forgets what still runs, without killing it. NULL is fine. */
void runs_destroy(struct runs *runs);
/* How many have not ended, those that withstand SIGKILL not counted. */
unsigned int runs_alive(const struct runs *runs);

/* Starts one. 0, or -errno: it could not be started (a missing file is a verdict, later). */
int run_start(struct runs *runs, const struct run_order *order, const struct run_ops *ops,
	      void *owner, struct run **out);
/* The owner goes, or wants no more of it: it is killed with its group, and nobody is told. */
void run_abandon(struct run *run);
/* Judges it now if its timeout is due, as its timer would later in this turn; may end it. */
void run_check_timeout(struct run *run);
bool run_is_judged(const struct run *run);
/* CLOCK_MONOTONIC, ns. */
int64_t run_started_ns(const struct run *run);

#endif
