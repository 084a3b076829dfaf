/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One run of a command: start, output, timeout, kill, reaping. Checks, notifications and FIFOs use
 * it.
 */
#ifndef HF_RUNNER_RUN_H
#define HF_RUNNER_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/loop.h"
#include "runner/runner.h"

/* Time from SIGTERM to SIGKILL, in which a script can clean up. It is short compared with the
 * interval of a check. */
#define RUN_TERM_GRACE_NS (500 * NS_PER_MS)
/* A process that has not ended within this time after SIGKILL hangs in the kernel. */
#define RUN_KILL_GRACE_NS (1000 * NS_PER_MS)
/* One run for each check and owner, and some that are being killed. Each has a timer, which
 * runs_create() reserves. */
#define RUN_MAX (RUNNER_MAX_CHECKS + RUNNER_MAX_OWNERS + 512)
/* Number of ended scripts whose background children still write output. The runner reads it,
 * because SIGPIPE would kill a child without a reader. The limit is for scripts that leave a child
 * at each run. */
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

/* Callbacks for the owner of a run. No function of this header calls them, except
 * run_check_timeout(). */
struct run_ops {
	/* Called once with the result, at the end of the process or at the timeout. */
	void (*verdict)(void *owner, const struct run_verdict *verdict);
	/* `reaped`: the process has ended, and the run does not exist any more. Otherwise the
	 * process survives SIGKILL, and this is called again when it ends, unless the owner
	 * abandons the run. */
	void (*ended)(void *owner, bool reaped);
};

/* NULL with errno. The loop must exist until runs_destroy(). */
struct runs *runs_create(struct loop *loop);
/* Frees all runs without killing processes. `runs` may be NULL. */
void runs_destroy(struct runs *runs);
/* Number of runs whose process has not ended, without processes that survive SIGKILL. */
unsigned int runs_alive(const struct runs *runs);

/* Starts a run. 0, or -errno: it could not be started. A missing file is not an error here, but the
 * result of the run. */
int run_start(struct runs *runs, const struct run_order *order, const struct run_ops *ops,
	      void *owner, struct run **out);
/* Kills the process with its group. The owner gets no callback any more. */
void run_abandon(struct run *run);
/* If the timeout is due, does now what the timer would do later in this turn. May free the run. */
void run_check_timeout(struct run *run);
bool run_is_judged(const struct run *run);
/* CLOCK_MONOTONIC, in ns. */
int64_t run_started_ns(const struct run *run);

#endif
