/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the runner: a check, as the kinds of check see it. A script runs as a process. All other
 * kinds are built in and start no process.
 */
#ifndef HF_RUNNER_CHECK_H
#define HF_RUNNER_CHECK_H

#include "runner/runner_jobs.h"

struct check {
	struct runner *runner;
	struct command *cmd;
	const struct builtin *builtin; /* NULL: a script */
	void *job;		       /* data of the built-in kind, from its create() */
	struct run *run;	       /* of a script; NULL: none */
	struct loop_timer tick;
	struct mono counted_from; /* the last start; the next is due one interval later */
	bool start_due;		  /* start as soon as the judged run has ended */
	uint32_t skipped;
	bool told; /* builtin_remote: it was sent to the present probe */
};

struct builtin {
	/* Sets c->job from the argv of the message. Returns 0 or -errno; -EINVAL: invalid
	 * arguments. */
	int (*create)(struct check *c);
	/* A start is due. If the previous run has not ended and is not check_timed_out(), counts
	 * the start in c->skipped. */
	void (*start)(struct check *c);
	void (*destroy)(struct check *c);
};

extern const struct builtin builtin_file, builtin_exists, builtin_tcp, builtin_http,
    builtin_process;
/* A check that the probe makes (runner_probe.h). The interval timer is in that process. */
extern const struct builtin builtin_remote;

/* Reports the result of a run to the engine. */
void check_report(const struct check *c, const struct run_verdict *verdict);

/*
 * True if the run that began at `began` (c->counted_from of that time) has exceeded its timeout. If
 * the timeout equals the interval, this becomes true in the turn of the next start, which must not
 * be skipped.
 */
bool check_timed_out(const struct check *c, struct mono began);

#endif
