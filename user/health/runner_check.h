/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the runner: a check, as the kinds of it see it. A script is run as a process; every other
 * kind is built in and needs none.
 */
#ifndef HF_RUNNER_CHECK_H
#define HF_RUNNER_CHECK_H

#include "health/runner_jobs.h"

struct check {
	struct runner *runner;
	struct command *cmd;
	const struct builtin *builtin; /* NULL: a script */
	void *job;		       /* the built-in kind's own, made by its create() */
	struct run *run;	       /* a script's; NULL: none going */
	struct loop_timer tick;
	struct mono counted_from; /* the next start is due an interval after it */
	bool start_due;		  /* as soon as the judged run is gone */
	uint32_t skipped;
};

struct builtin {
	/* Sets c->job from the message's argv. 0 or -errno; -EINVAL: the arguments are none. */
	int (*create)(struct check *c);
	/* A start is due. One that finds the last still going and not check_timed_out() counts it
	 * in c->skipped. */
	void (*start)(struct check *c);
	void (*destroy)(struct check *c);
};

extern const struct builtin builtin_file, builtin_exists, builtin_tcp, builtin_http,
    builtin_process;

/* Tells the engine how a run went. */
void check_report(const struct check *c, const struct run_verdict *verdict);

/*
 * Has the run that began at `began`, a c->counted_from, used up its timeout? With timeout =
 * interval this is so at the very turn of the next start, which then must not be lost to it.
 */
bool check_timed_out(const struct check *c, struct mono began);

#endif
