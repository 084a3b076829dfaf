/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks, each with its state. The runner makes scripts, files and processes by their orders;
 * traffic is judged by traffic_watch.c. */
#ifndef HF_ENGINE_CHECKS_H
#define HF_ENGINE_CHECKS_H

#include "core/loop.h"
#include "core/mono.h"
#include "engine/notify/commands.h"
#include "health/health_step.h"
#include "runner/runner.h"

struct check {
	const char *name;
	/* The order for the runner. Its id is never reused; its interval is the present pace. */
	struct runner_check order;
	char *argv[2];		   /* argv of a file's order */
	struct process_order *own; /* argv of a process's order; else NULL */
	int64_t interval_ns, fast_interval_ns;
	bool passive;	 /* of traffic: there is no order */
	bool alarm_only; /* of traffic: it counts as good for everything that tracks it */
	bool refused;	 /* its user or its file is refused: never run, counts as down */
	bool sent;	 /* the runner has the order */
	struct health_cfg hcfg;
	struct health_fsm fsm;
	bool ran;
	bool stale;	      /* the last result is out of date */
	struct mono stale_at; /* since when it is */
	bool down_if_stale;   /* as configured */
	bool stale_down;      /* stale for so long that it counts as down */
	struct runner_result last;
	int64_t last_run_ms;
	int64_t changed_ms; /* Unix time of the last change of check_state(); 0: none */
};

/* The state that counts: that of the last results, or DOWN if it is stale for too long. */
static inline enum health_state check_state(const struct check *check)
{
	return check->stale_down ? HEALTH_DOWN : check->fsm.state;
}

/* To be called after everything that may change the state, which was `before`. */
static inline void check_note_change(struct check *check, enum health_state before)
{
	if (check_state(check) != before)
		check->changed_ms = wall_clock_ms();
}

/* "script", "file", ..., "traffic" */
static inline const char *check_kind_name(const struct check *check)
{
	return check->passive ? "traffic" : runner_kind_name(check->order.kind);
}

/* A file's status is a number for the priority, or tells whether the file exists. */
static inline bool check_is_file(const struct check *check)
{
	return !check->passive &&
	       (check->order.kind == RUNNER_FILE || check->order.kind == RUNNER_EXISTS);
}

struct check_registry;

/* Fills the empty `reg` with the checks of users->cfg, without ids. 0 or -ENOMEM; the caller frees
 * `reg` in both cases. */
int checks_create(const struct script_users *users, struct check_registry *reg);

#endif
