// SPDX-License-Identifier: BSD-2-Clause
/*
 * The periodic checks. A check owns its command, its interval timer and its present run.
 *
 * Interval and timeout count from the start of a run. With the default of keepalived (timeout =
 * interval) a timeout and the next start happen at the same time. The killed run must not prevent
 * this start, so the start follows when the run has ended. A script that hangs in the kernel is
 * reported as a timeout in each interval.
 *
 * Rejected: to start a new run while the previous one is being killed. Scripts are written to run
 * alone, and a dead file server would cause one more hanging process in each interval.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runner/runner_probe.h"

static const struct builtin *const builtins[RUNNER_KINDS] = {
    [RUNNER_FILE] = &builtin_file,     [RUNNER_TCP] = &builtin_tcp,
    [RUNNER_HTTP] = &builtin_http,     [RUNNER_PROCESS] = &builtin_process,
    [RUNNER_EXISTS] = &builtin_exists,
};

void check_report(const struct check *c, const struct run_verdict *verdict)
{
	struct runner_message msg = {.type = RUNNER_RESULT};

	msg.result = (struct runner_result){
	    .id = c->cmd->msg.check.id,
	    .outcome = verdict->outcome,
	    .status = verdict->status,
	    .duration_ns = verdict->duration_ns,
	    .started_ns = verdict->started_ns,
	    .skipped = c->skipped,
	};
	memcpy(msg.result.detail, verdict->detail,
	       strnlen(verdict->detail, sizeof(msg.result.detail) - 1));
	outbox_put(&c->runner->outbox, &msg);
}

bool check_timed_out(const struct check *c, struct mono began)
{
	return !mono_before(loop_now(c->runner->loop),
			    mono_add(began, c->cmd->msg.check.timeout_ns));
}

static void check_on_verdict(void *owner, const struct run_verdict *verdict)
{
	check_report(owner, verdict);
}

static void check_on_ended(void *owner, bool reaped);

static const struct run_ops check_ops = {check_on_verdict, check_on_ended};

/* Arms the timer: the next start is due one interval after `from`. */
static void check_arm(struct check *c, struct mono from)
{
	c->counted_from = from;
	loop_arm(c->runner->loop, &c->tick, mono_add(from, c->cmd->msg.check.interval_ns));
}

static void check_start(struct check *c)
{
	const struct runner_check *check = &c->cmd->msg.check;
	struct run_order order = {check->argv, check->user, check->timeout_ns, true,
				  !check->new_privileges};
	int err;

	if (c->builtin) {
		if (c->builtin != &builtin_remote)
			check_arm(c, loop_clock());
		c->builtin->start(c);
		return;
	}
	err = run_start(c->runner->runs, &order, &check_ops, c, &c->run);

	c->start_due = false;
	if (err == 0) {
		check_arm(c, (struct mono){run_started_ns(c->run)});
		return;
	}
	c->run = NULL;
	check_arm(c, loop_clock());
	check_report(c, &(struct run_verdict){.outcome = HEALTH_SPAWN,
					      .status = -err,
					      .started_ns = loop_clock().ns,
					      .detail = ""});
}

static void check_on_ended(void *owner, bool reaped)
{
	struct check *c = owner;

	if (!reaped)
		return;
	c->run = NULL;
	if (c->start_due)
		check_start(c);
}

/* A start is due, but the previous run, whose result was reported, has not ended. */
static void check_dying(struct check *c)
{
	int64_t started_ns = run_started_ns(c->run);

	if (c->start_due)
		check_report(c,
			     &(struct run_verdict){.outcome = HEALTH_TIMEOUT,
						   .started_ns = started_ns,
						   .duration_ns = loop_clock().ns - started_ns,
						   .detail = "the previous run has not ended yet"});
	c->start_due = true;
}

static void check_on_tick(struct loop_timer *timer)
{
	struct check *c = timer->ctx;

	if (c->run)
		run_check_timeout(c->run);
	if (!c->run) {
		check_start(c);
		return;
	}
	check_arm(c, loop_now(c->runner->loop));
	if (run_is_judged(c->run))
		check_dying(c);
	else
		c->skipped++;
}

/* NULL: a script. */
static const struct builtin *builtin_of(const struct runner *runner, enum runner_check_kind kind)
{
	bool faces_network = kind == RUNNER_TCP || kind == RUNNER_HTTP;

	return faces_network && runner->probe.main ? &builtin_remote : builtins[kind];
}

static struct check *check_create(struct runner *runner, struct command *cmd)
{
	struct check *c = calloc(1, sizeof(*c)); /* owner: runner->checks */
	int err;

	if (!c)
		return NULL;
	*c = (struct check){.runner = runner, .cmd = cmd};
	c->builtin = builtin_of(runner, cmd->msg.check.kind);
	c->tick = (struct loop_timer){.fn = check_on_tick, .ctx = c, .name = "check"};
	err = c->builtin ? c->builtin->create(c) : 0;
	if (err == 0)
		return c;
	free(c);
	errno = -err;
	return NULL;
}

static void check_destroy(struct check *c)
{
	loop_disarm(c->runner->loop, &c->tick);
	if (c->builtin)
		c->builtin->destroy(c);
	if (c->run)
		run_abandon(c->run);
	free(c->cmd);
	free(c);
}

static void refuse(struct runner *runner, struct command *cmd, int err)
{
	struct runner_message msg = {.type = RUNNER_RESULT};

	msg.result =
	    (struct runner_result){.id = cmd->msg.check.id, .outcome = HEALTH_SPAWN, .status = err};
	outbox_put(&runner->outbox, &msg);
	free(cmd);
}

void checks_add(struct runner *runner, struct command *cmd)
{
	struct check *c;

	checks_remove(runner, cmd->msg.check.id);
	errno = ENOSPC;
	c = runner->n_checks < RUNNER_MAX_CHECKS ? check_create(runner, cmd) : NULL;
	if (!c) {
		refuse(runner, cmd, errno);
		return;
	}
	runner->checks[runner->n_checks++] = c;
	check_start(c);
}

static void remove_at(struct runner *runner, unsigned int at)
{
	check_destroy(runner->checks[at]);
	runner->checks[at] = runner->checks[--runner->n_checks];
}

void checks_remove(struct runner *runner, uint32_t id)
{
	for (unsigned int i = 0; i < runner->n_checks; i++) {
		if (runner->checks[i]->cmd->msg.check.id == id) {
			remove_at(runner, i);
			return;
		}
	}
}

void checks_pace(struct runner *runner, uint32_t id, int64_t interval_ns)
{
	for (unsigned int i = 0; i < runner->n_checks; i++) {
		struct check *c = runner->checks[i];

		if (c->cmd->msg.check.id != id)
			continue;
		c->cmd->msg.check.interval_ns = interval_ns;
		if (c->builtin == &builtin_remote)
			probe_pace(c);
		else
			check_arm(c, c->counted_from);
	}
}

void checks_remove_all(struct runner *runner)
{
	while (runner->n_checks > 0)
		remove_at(runner, runner->n_checks - 1);
}
