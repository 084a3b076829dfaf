// SPDX-License-Identifier: BSD-2-Clause
/*
 * Notifications: for each owner one running and one waiting. An owner exists while it has either;
 * it owns both commands and the run.
 *
 * What waits is what the owner's state is now; an older one that has not begun is not worth
 * running, for the newer one would undo it. keepalived starts them all at once, and a slow script
 * of an old state may then be the last to finish. Rejected: a queue that runs them all in order,
 * which after a flapping link is late by as many scripts as it flapped.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "health/runner_jobs.h"

struct notify_owner {
	struct runner *runner;
	uint32_t id;
	struct command *running, *waiting; /* NULL: none */
	struct run *run;
};

static void report(struct runner *runner, struct runner_done done, const char *detail)
{
	struct runner_message msg = {.type = RUNNER_DONE};

	memcpy(done.detail, detail, strnlen(detail, sizeof(done.detail) - 1));
	msg.done = done;
	outbox_put(&runner->outbox, &msg);
}

static void owner_on_verdict(void *owner, const struct run_verdict *verdict)
{
	const struct notify_owner *o = owner;

	report(o->runner,
	       (struct runner_done){.owner = o->id,
				    .outcome = verdict->outcome,
				    .status = verdict->status,
				    .duration_ns = verdict->duration_ns},
	       verdict->detail);
}

static void owner_on_ended(void *owner, bool reaped);

static const struct run_ops notify_ops = {owner_on_verdict, owner_on_ended};

static void owner_destroy(struct notify_owner *o)
{
	struct runner *runner = o->runner;

	for (unsigned int i = 0; i < runner->n_owners; i++) {
		if (runner->owners[i] == o) {
			runner->owners[i] = runner->owners[--runner->n_owners];
			break;
		}
	}
	free(o->running);
	free(o->waiting);
	free(o);
}

/* Starts what waits; without anything to run, the owner is no longer needed. */
static void owner_next(struct notify_owner *o)
{
	const struct runner_notify *notify;
	struct run_order order;
	int err;

	free(o->running);
	o->running = o->waiting;
	o->waiting = NULL;
	if (!o->running) {
		owner_destroy(o);
		return;
	}
	notify = &o->running->msg.notify;
	order = (struct run_order){notify->argv, notify->user, notify->timeout_ns, false, false};
	err = run_start(o->runner->runs, &order, &notify_ops, o, &o->run);
	if (err < 0) {
		report(
		    o->runner,
		    (struct runner_done){.owner = o->id, .outcome = HEALTH_SPAWN, .status = -err},
		    "");
		owner_destroy(o);
	}
}

static void owner_on_ended(void *owner, bool reaped)
{
	struct notify_owner *o = owner;

	/* One that not even SIGKILL ends must not hold up the owner's later states. */
	if (!reaped)
		run_abandon(o->run);
	o->run = NULL;
	owner_next(o);
}

static struct notify_owner *owner_find(const struct runner *runner, uint32_t id)
{
	for (unsigned int i = 0; i < runner->n_owners; i++) {
		if (runner->owners[i]->id == id)
			return runner->owners[i];
	}
	return NULL;
}

static struct notify_owner *owner_create(struct runner *runner, uint32_t id)
{
	struct notify_owner *o;

	if (runner->n_owners == RUNNER_MAX_OWNERS) {
		errno = ENOSPC;
		return NULL;
	}
	o = calloc(1, sizeof(*o)); /* owner: runner->owners */
	if (!o)
		return NULL;
	*o = (struct notify_owner){.runner = runner, .id = id};
	runner->owners[runner->n_owners++] = o;
	return o;
}

void notify_add(struct runner *runner, struct command *cmd)
{
	uint32_t id = cmd->msg.notify.owner;
	struct notify_owner *o = owner_find(runner, id);

	if (o) {
		if (o->waiting)
			report(runner, (struct runner_done){.owner = id, .superseded = true}, "");
		free(o->waiting);
		o->waiting = cmd;
		return;
	}
	o = owner_create(runner, id);
	if (!o) {
		report(runner,
		       (struct runner_done){.owner = id, .outcome = HEALTH_SPAWN, .status = errno},
		       "");
		free(cmd);
		return;
	}
	o->waiting = cmd;
	owner_next(o);
}

void notify_forget_all(struct runner *runner)
{
	while (runner->n_owners > 0)
		owner_destroy(runner->owners[runner->n_owners - 1]);
}
