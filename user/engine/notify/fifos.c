// SPDX-License-Identifier: BSD-2-Clause
/*
 * notify_fifo and vrrp_notify_fifo: the runner's orders to open them, and the states that it
 * reports. keepalived writes all events into the first and the VRRP events into the second. Here
 * all events are VRRP events, so both FIFOs get the same lines. Owns the argument vector of each
 * order, whose words belong to the configuration.
 */
#include "engine/notify/fifos.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "engine/state.h"
#include "runner/script_user.h"

static int resolve(const struct script_users *users, const struct cfg_fifo *cfg,
		   const struct cfg_command *script, struct event_fifo *fifo)
{
	struct runner_fifo *order = &fifo->order;
	char why[COMMANDS_WHY];
	int n = 0;

	if (!cfg->path)
		return 0;
	order->owner = users->user; /* host_check() reports an unknown user */
	if (cfg->user &&
	    script_user_resolve(cfg->user, cfg->group, &order->owner, why, sizeof(why)) < 0)
		order->owner = (struct runner_user){geteuid(), getegid()};
	fifo->argv = calloc((size_t)script->argc + 2, sizeof(*fifo->argv)); /* owner: fifo */
	if (!fifo->argv)
		return -ENOMEM;
	fifo->argv[n++] = cfg->path;
	if (script->argc > 0 && commands_may_run(users, script, &order->reader, why)) {
		for (int i = 0; i < script->argc; i++)
			fifo->argv[n++] = script->argv[i];
	}
	order->argv = fifo->argv;
	return 0;
}

int fifos_create(const struct script_users *users, struct event_fifo fifos[RUNNER_MAX_FIFOS])
{
	const struct cfg_globals *g = &users->cfg->globals;
	int err;

	for (unsigned int i = 0; i < RUNNER_MAX_FIFOS; i++)
		fifos[i] = (struct event_fifo){.order.id = i};
	err = resolve(users, &g->notify_fifo, &g->notify_fifo_script, &fifos[0]);
	if (err == 0)
		err = resolve(users, &g->vrrp_notify_fifo, &g->vrrp_notify_fifo_script, &fifos[1]);
	return err;
}

void fifos_free(struct event_fifo fifos[RUNNER_MAX_FIFOS])
{
	for (unsigned int i = 0; i < RUNNER_MAX_FIFOS; i++) {
		free(fifos[i].argv);
		fifos[i].argv = NULL;
	}
}

static bool same_user(const struct runner_user *a, const struct runner_user *b)
{
	return a->uid == b->uid && a->gid == b->gid;
}

static bool same_order(const struct event_fifo *a, const struct event_fifo *b)
{
	unsigned int i = 0;

	if (!a->argv || !b->argv)
		return a->argv == b->argv;
	while (a->argv[i] && b->argv[i] && strcmp(a->argv[i], b->argv[i]) == 0)
		i++;
	return !a->argv[i] && !b->argv[i] && same_user(&a->order.owner, &b->order.owner) &&
	       same_user(&a->order.reader, &b->order.reader);
}

void fifos_continue(const struct event_fifo was[RUNNER_MAX_FIFOS],
		    struct event_fifo now[RUNNER_MAX_FIFOS])
{
	for (unsigned int i = 0; i < RUNNER_MAX_FIFOS; i++) {
		if (!same_order(&was[i], &now[i]))
			continue;
		now[i].sent = was[i].sent;
		now[i].state = was[i].state;
	}
}

void fifos_forget(struct engine *engine)
{
	/* A new runner has no FIFO open, so it needs no order to close one. */
	for (unsigned int i = 0; i < RUNNER_MAX_FIFOS; i++)
		engine->fifos[i].sent = !engine->fifos[i].argv;
}

/* Sends the orders to close first: a FIFO may be opened under the path of a closed one. */
int fifos_tell(struct engine *engine)
{
	int err = 0;

	for (unsigned int i = 0; i < 2 * RUNNER_MAX_FIFOS && err == 0; i++) {
		struct event_fifo *fifo = &engine->fifos[i % RUNNER_MAX_FIFOS];

		if (fifo->sent || !fifo->argv != (i < RUNNER_MAX_FIFOS))
			continue;
		if (fifo->argv)
			err = runner_send_fifo(engine->runner.fd, &fifo->order);
		else
			err = runner_send_fifo_close(engine->runner.fd, fifo->order.id);
		fifo->sent = err == 0;
	}
	return err;
}

void fifos_on_state(struct engine *engine, const struct runner_fifo_state *state)
{
	struct event_fifo *fifo = &engine->fifos[state->id];

	if (fifo->argv)
		fifo->state = *state;
}
