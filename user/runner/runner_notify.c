// SPDX-License-Identifier: BSD-2-Clause
/*
 * Notifications. Each owner has at most one that runs and one that waits. An owner exists as long
 * as it has one of them. It owns both commands and the run.
 *
 * The waiting notification is about the present state. An older one that has not started does not
 * run, because the newer one would undo its effect. keepalived starts all of them immediately, so a
 * slow script of an old state may end last. Rejected: a queue that runs all in order. After a
 * flapping link the script of the present state would start late.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runner/runner_jobs.h"

struct notify_owner {
	struct runner *runner;
	uint32_t id;
	struct command *running, *waiting; /* NULL: none */
	struct run *run;
	struct notify_owner *next; /* of the same bucket */
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

/* Returns the place of the pointer to owner `id`, or of the NULL at the end of its bucket. */
static struct notify_owner **owner_place(struct runner *runner, uint32_t id)
{
	/* The two highest bits are the kind of owner (engine/notify/); the hash includes them. */
	struct notify_owner **at = &runner->owners[(id ^ id >> 30) % NOTIFY_BUCKETS];

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

static void owner_destroy(struct notify_owner *o)
{
	struct notify_owner **at = owner_place(o->runner, o->id);

	*at = o->next;
	o->runner->n_owners--;
	free(o->running);
	free(o->waiting);
	free(o);
}

/* Starts the waiting notification. If there is none, frees the owner. */
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

	/* A command that survives SIGKILL must not delay later notifications of the owner. */
	if (!reaped)
		run_abandon(o->run);
	o->run = NULL;
	owner_next(o);
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
	*owner_place(runner, id) = o;
	runner->n_owners++;
	return o;
}

void notify_add(struct runner *runner, struct command *cmd)
{
	uint32_t id = cmd->msg.notify.owner;
	struct notify_owner *o = *owner_place(runner, id);

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
	for (unsigned int i = 0; i < NOTIFY_BUCKETS; i++) {
		while (runner->owners[i])
			owner_destroy(runner->owners[i]);
	}
}
