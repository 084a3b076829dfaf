// SPDX-License-Identifier: BSD-2-Clause
/* Passes the runner's answers on, and sends all orders to a new runner. Owns nothing. */
#include "engine/runner_events.h"

#include <errno.h>

#include "engine/group/sync_group.h"
#include "engine/instance/instance.h"
#include "engine/notify/notify.h"
#include "engine/observe/recording.h"
#include "engine/service/service.h"
#include "engine/state.h"
#include "engine/tracking/check_results.h"
#include "engine/tracking/checks.h"
#include "engine/tracking/stale.h"

static void on_runner_answer(void *ctx, int what, const struct runner_answer *answer)
{
	struct engine *engine = ctx;

	if (what == RUNNER_GOT_RESULT)
		check_results_take(engine, &answer->result);
	else if (what == RUNNER_GOT_DONE)
		notify_done(engine, &answer->done);
	else if (what == RUNNER_GOT_FIFO)
		fifos_on_state(engine, &answer->fifo);
}

/* Sends what the runner does not know yet, and what its full socket did not accept. */
static void tell_runner(void *ctx)
{
	struct engine *engine = ctx;
	int err = check_results_order(engine);

	if (err == 0)
		err = fifos_tell(engine);
	if (err == 0)
		err = runner_client_beat(&engine->runner, check_registry_fastest(&engine->checks));
	if (err == -EAGAIN) /* its socket is full until it has started earlier orders */
		runner_client_retry(&engine->runner);
	notify_repeat(engine);
}

static void on_runner_new(void *ctx)
{
	check_results_runner_new(ctx);
	fifos_forget(ctx);
	tell_runner(ctx);
}

static void on_runner_lost(void *ctx)
{
	recording_runner_lost(ctx);
	notify_runner_lost(ctx);
	stale_begin_all(ctx);
}

static void on_runner_late(void *ctx, bool late)
{
	if (late)
		stale_begin_all(ctx);
	else
		stale_end_all(ctx);
}

int runner_events_start(struct engine *engine)
{
	struct script_users users;
	struct service *svc;
	struct instance *in;
	int err;

	commands_find_users(engine->cfg, &users);
	err = checks_create(&users, &engine->checks);
	if (err < 0)
		return err;
	check_registry_begin(&engine->checks, &engine->check_ids);
	ENGINE_EACH_INSTANCE (engine, in)
		notify_resolve(&users, &in->cfg->notify, in->notifiers);
	ENGINE_EACH_SERVICE (engine, svc)
		notify_resolve(&users, &svc->cfg->notify, svc->notifiers);
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++)
		notify_resolve(&users, &engine->cfg->groups[i].notify, engine->groups[i].notifiers);
	err = fifos_create(&users, engine->fifos);
	return err < 0 ? err : runner_client_start(&engine->runner);
}

int runner_events_open(struct engine *engine)
{
	static const struct runner_client_events events = {
	    .on_answer = on_runner_answer,
	    .on_new = on_runner_new,
	    .on_lost = on_runner_lost,
	    .on_late = on_runner_late,
	    .on_retry = tell_runner,
	};

	stale_init(engine);
	return runner_client_open(&engine->runner, engine->loop, &events, engine);
}
