// SPDX-License-Identifier: BSD-2-Clause
/*
 * The runner's client: tells it what to run and counts what comes back by health_step(); tracking.c
 * turns that into faults and priorities. A runner that dies is started again and told
 * everything anew; until then the last results stand.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/engine_state.h"
#include "health/forker.h"

#define RUNNER_RESTART_NS (500 * NS_PER_MS)
#define RUNNER_RETRY_NS	  (20 * NS_PER_MS)
#define STOP_WAIT_NS	  (10 * NS_PER_S) /* for the last notifications, when the daemon ends */
#define FIRST_RUNNER_MS	  5000		  /* to start, at start: it takes a fork */
#define FORKER_WAIT_MS	  1000		  /* to end; it has nothing to do any more */

/* The forker and its first runner. 0 or -errno. */
static int start_runner(struct engine *engine)
{
	struct pollfd pfd = {.events = POLLIN};
	int err = forker_start(&engine->forker_fd, &engine->forker_pid);

	if (err == 0)
		err = forker_order(engine->forker_fd);
	if (err < 0)
		return err;
	pfd.fd = engine->forker_fd;
	if (poll(&pfd, 1, FIRST_RUNNER_MS) != 1)
		return -ETIMEDOUT;
	err = forker_receive(engine->forker_fd, &engine->runner_fd);
	return err < 0 ? err : 0;
}

int checks_init(struct engine *engine)
{
	struct script_users users;
	struct instance *in;
	int err;

	checks_find_users(engine->cfg, &users);
	engine->checks = checks_create(&users);
	if (!engine->checks)
		return -ENOMEM;
	engine->n_checks = checks_count(engine->cfg);
	for (unsigned int i = 0; i < engine->n_checks; i++)
		engine->checks[i].order.id = engine->next_check_id++;
	ENGINE_EACH_INSTANCE (engine, in)
		checks_resolve_notifiers(&users, in->cfg->name, &in->cfg->notify, in->notifiers);
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++)
		checks_resolve_notifiers(&users, engine->cfg->groups[i].name,
					 &engine->cfg->groups[i].notify,
					 engine->groups[i].notifiers);
	err = fifos_create(&users, engine->fifos);
	return err < 0 ? err : start_runner(engine);
}

/* --- results --- */

static struct check *find_check(struct engine *engine, uint32_t id)
{
	for (unsigned int i = 0; i < engine->n_checks; i++) {
		if (engine->checks[i].order.id == id)
			return &engine->checks[i];
	}
	return NULL;
}

static int64_t wanted_pace(const struct check *check)
{
	return health_in_doubt(&check->fsm) ? check->fast_interval_ns : check->interval_ns;
}

/* If the socket is full, the next result tries again. */
static void set_pace(struct engine *engine, struct check *check)
{
	int64_t want_ns = wanted_pace(check);

	if (want_ns != check->order.interval_ns &&
	    runner_send_pace(engine->runner_fd, check->order.id, want_ns) == 0)
		check->order.interval_ns = want_ns;
}

static void on_result(struct engine *engine, const struct runner_result *result)
{
	struct check *check = find_check(engine, result->id);
	struct instance *in;
	bool changed;

	if (!check)
		return;
	check->ran = true;
	check->stale = false;
	check->last = *result;
	check->last_run_ms = engine_wall_ms();
	changed = health_step(&check->hcfg, &check->fsm, result->outcome);
	set_pace(engine, check);
	if (!changed && check->order.kind != RUNNER_FILE && check->order.kind != RUNNER_EXISTS)
		return; /* of a file only news are told */
	log_with(LOG_LV_INFO,
		 LOG_FIELDS({"HF_CHECK", check->name},
			    {"HF_STATE", health_state_name(check->fsm.state)},
			    {"HF_DETAIL", result->detail}),
		 "%s %s: %s (%s %d)%s%s", runner_kind_name(check->order.kind), check->name,
		 health_state_name(check->fsm.state), health_outcome_text(result->outcome),
		 result->status, result->detail[0] ? ": " : "", result->detail);
	ENGINE_EACH_INSTANCE (engine, in)
		checks_apply(in);
}

static void on_runner_lost(struct engine *engine)
{
	log_error("the runner has ended; starting it again, checks keep their last results");
	loop_remove(engine->loop, &engine->runner_source);
	recording_runner_lost(engine);
	notify_runner_lost(engine);
	close(engine->runner_fd);
	engine->runner_fd = -1;
	engine->runner_source.fd = -1;
	for (unsigned int i = 0; i < engine->n_checks; i++)
		engine->checks[i].stale = engine->checks[i].ran;
	loop_arm(engine->loop, &engine->runner_restart,
		 mono_add(loop_now(engine->loop), RUNNER_RESTART_NS));
}

static void on_runner_ready(struct loop_source *src, uint32_t ready)
{
	struct engine *engine = src->ctx;
	struct runner_answer answer;
	int what;

	(void)ready;
	while ((what = runner_receive(src->fd, &answer)) != RUNNER_NO_ANSWER) {
		if (what == RUNNER_GOT_RESULT)
			on_result(engine, &answer.result);
		else if (what == RUNNER_GOT_DONE)
			notify_done(engine, &answer.done);
		else if (what == RUNNER_GOT_FIFO)
			fifos_on_state(engine, &answer.fifo);
		else if (what != -EBADMSG)
			break;
	}
	if (what < 0)
		on_runner_lost(engine);
}

static int send_check(struct engine *engine, struct check *check)
{
	int err;

	check->order.interval_ns = wanted_pace(check);
	err = runner_send_check(engine->runner_fd, &check->order);
	if (err == -EAGAIN || err == -EPIPE)
		return err;
	if (err < 0)
		log_error("%s %s is never run: %s", runner_kind_name(check->order.kind),
			  check->name, strerror(-err));
	check->sent = err == 0;
	check->refused = err < 0;
	if (check->refused)
		check->fsm.state = HEALTH_DOWN;
	return 0;
}

void checks_tell_runner(struct engine *engine)
{
	int err = engine->runner_fd < 0 ? -EPIPE : 0;

	while (engine->n_gone_checks > 0 && err == 0) {
		err = runner_send_remove(engine->runner_fd,
					 engine->gone_checks[engine->n_gone_checks - 1]);
		if (err == 0)
			engine->n_gone_checks--;
	}
	for (unsigned int i = 0; i < engine->n_checks && err == 0; i++) {
		if (!engine->checks[i].refused && !engine->checks[i].sent)
			err = send_check(engine, &engine->checks[i]);
	}
	if (err == 0)
		err = fifos_tell(engine);
	if (err == -EAGAIN) /* it reads as fast as it can start what it has read */
		checks_retry(engine);
}

void checks_retry(struct engine *engine)
{
	loop_arm(engine->loop, &engine->runner_retry,
		 mono_add(loop_now(engine->loop), RUNNER_RETRY_NS));
}

static void on_retry(struct loop_timer *timer)
{
	checks_tell_runner(timer->ctx);
	notify_repeat(timer->ctx);
}

void checks_forget(struct engine *engine, const struct check *check)
{
	if (check->sent && engine->n_gone_checks < RUNNER_MAX_CHECKS)
		engine->gone_checks[engine->n_gone_checks++] = check->order.id;
}

static int register_runner(struct engine *engine)
{
	int err;

	engine->runner_source = (struct loop_source){
	    .fd = engine->runner_fd, .fn = on_runner_ready, .ctx = engine, .name = "runner"};
	err = loop_add(engine->loop, &engine->runner_source, EPOLLIN);
	if (err < 0)
		return err;
	engine->n_gone_checks = 0; /* a new runner knows none */
	for (unsigned int i = 0; i < engine->n_checks; i++)
		engine->checks[i].sent = false;
	fifos_forget(engine);
	checks_tell_runner(engine);
	notify_repeat(engine);
	return 0;
}

static void retry_runner(struct engine *engine, int err)
{
	log_error("cannot start the runner: %s", strerror(-err));
	loop_arm(engine->loop, &engine->runner_restart,
		 mono_add(loop_now(engine->loop), RUNNER_RESTART_NS));
}

static void on_restart(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;
	int err = engine->forker_fd < 0 ? 0 : forker_order(engine->forker_fd);

	if (err < 0)
		retry_runner(engine, err);
}

static void on_forker_lost(struct engine *engine)
{
	log_error("the forker has ended: a runner that ends is not replaced; restart holdfastd");
	loop_remove(engine->loop, &engine->forker_source);
	close(engine->forker_fd);
	engine->forker_fd = engine->forker_source.fd = -1;
	waitpid(engine->forker_pid, NULL, WNOHANG);
}

static void on_forker_ready(struct loop_source *src, uint32_t ready)
{
	struct engine *engine = src->ctx;
	int err = forker_receive(src->fd, &engine->runner_fd);

	(void)ready;
	if (err == -EPIPE)
		on_forker_lost(engine);
	else if (err == 1)
		err = register_runner(engine);
	if (err < 0 && err != -EPIPE)
		retry_runner(engine, err);
}

int checks_start(struct engine *engine)
{
	int err;

	engine->runner_restart =
	    (struct loop_timer){.fn = on_restart, .ctx = engine, .name = "runner restart"};
	engine->runner_retry =
	    (struct loop_timer){.fn = on_retry, .ctx = engine, .name = "runner retry"};
	engine->forker_source = (struct loop_source){
	    .fd = engine->forker_fd, .fn = on_forker_ready, .ctx = engine, .name = "forker"};
	err = loop_add(engine->loop, &engine->forker_source, EPOLLIN);
	return err < 0 ? err : register_runner(engine);
}

/* Until the runner has ended: it lets running notifications finish. Here the loop runs no more. */
static void await_runner(int fd)
{
	struct mono until = mono_add(loop_clock(), STOP_WAIT_NS);
	struct runner_answer answer;
	int what = 0;

	while (what >= 0 || what == -EBADMSG) {
		struct pollfd pfd = {.fd = fd, .events = POLLIN};
		int64_t left_ns = mono_diff_ns(until, loop_clock());

		if (left_ns <= 0 || poll(&pfd, 1, (int)(left_ns / NS_PER_MS) + 1) < 0)
			return;
		what = runner_receive(fd, &answer);
	}
}

/* It ends at once when the runner has. */
static void stop_forker(struct engine *engine)
{
	struct pollfd pfd = {.fd = engine->forker_fd};

	if (engine->forker_fd < 0)
		return;
	loop_remove(engine->loop, &engine->forker_source);
	shutdown(engine->forker_fd, SHUT_WR);
	poll(&pfd, 1, FORKER_WAIT_MS); /* for POLLHUP */
	close(engine->forker_fd);
	engine->forker_fd = -1;
	waitpid(engine->forker_pid, NULL, WNOHANG);
}

void checks_stop(struct engine *engine)
{
	loop_disarm(engine->loop, &engine->runner_restart);
	loop_disarm(engine->loop, &engine->runner_retry);
	if (engine->runner_fd >= 0) {
		loop_remove(engine->loop, &engine->runner_source);
		shutdown(engine->runner_fd, SHUT_WR);
		await_runner(engine->runner_fd);
		close(engine->runner_fd);
		engine->runner_fd = -1;
	}
	stop_forker(engine);
}
