// SPDX-License-Identifier: BSD-2-Clause
/*
 * Runs before_master and ends the wait of the claims: when the command has ended, when the timeout
 * has passed, or when the runner cannot run the command. It owns the instances' timers. A takeover
 * never waits longer than the timeout, even if the runner hangs. A late command is not killed at
 * the timeout, because work that is half done is worse than work that is done late.
 *
 * A group's command runs once for all members: the first member that claims starts it, and each
 * member waits for it. Rejected: queueing the command while the runner is full or dead, because it
 * would run after the traffic has moved.
 */
#include "engine/notify/before_master.h"

#include <errno.h>
#include <string.h>

#include "core/log.h"
#include "engine/group/sync_group.h"
#include "engine/instance/instance.h"
#include "engine/observe/recording.h"
#include "engine/state.h"
#include "runner/outcome.h"

/*
 * The owner numbers of these commands at the runner. Those of notify.c for an instance are twice
 * its id, so they do not have both bits of OWNER_INSTANCE. There are never 2^28 groups.
 */
#define OWNER_BIT      (UINT32_C(1) << 29)
#define OWNER_KIND     UINT32_C(0xe0000000)
#define OWNER_INSTANCE (UINT32_C(0x80000000) | OWNER_BIT)
#define OWNER_GROUP    (UINT32_C(0x40000000) | OWNER_BIT)

_Static_assert(INSTANCE_ID_MAX <= OWNER_BIT, "an instance's id stands below the bit");

/* One command: an instance's, or its group's. */
struct subject {
	struct engine *engine;
	const char *name;
	const struct cfg_notify *cfg;
	const struct notifier *notifier;
	uint32_t owner;
	struct before_master *before;
};

static struct subject of_instance(struct instance *in)
{
	return (struct subject){
	    .engine = in->engine,
	    .name = in->cfg->name,
	    .cfg = &in->cfg->notify,
	    .notifier = &in->notifiers[NOTIFY_BEFORE],
	    .owner = OWNER_INSTANCE | in->id,
	    .before = &in->before,
	};
}

static struct subject of_group(struct sync_group *group)
{
	return (struct subject){
	    .engine = group->engine,
	    .name = group->cfg->name,
	    .cfg = &group->cfg->notify,
	    .notifier = &group->notifiers[NOTIFY_BEFORE],
	    .owner = OWNER_GROUP | group->id,
	    .before = &group->before,
	};
}

bool before_master_waits(const struct instance *in)
{
	return in->before.waiting || (in->group && in->group->before.waiting);
}

const char *before_master_why(int status)
{
	switch (status) {
	case EPERM:
		return "holdfastd -t says why it may not run";
	case EPIPE:
		return "the runner has ended";
	case EAGAIN:
		return "the runner takes no more commands";
	default:
		return strerror(status);
	}
}

/* The wait is over; the command may still run. */
static void stop_waiting(struct before_master *b, enum status_before_state state)
{
	b->waiting = false;
	b->last.state = state;
	b->last.waited_ns = mono_diff_ns(loop_clock(), b->last.asked_at);
}

static void refuse(struct subject *s, int err)
{
	struct before_master *b = s->before;

	stop_waiting(b, BEFORE_NOT_RUN);
	b->last.outcome = HEALTH_SPAWN;
	b->last.status = -err;
	log_error("%s: before_master is not run, the takeover goes on without it: %s", s->name,
		  before_master_why(-err));
}

static void ask(struct subject s)
{
	struct before_master *b = s.before;
	struct runner_notify msg = {.owner = s.owner,
				    .timeout_ns = NOTIFY_TIMEOUT_NS,
				    .user = s.notifier->user,
				    .argv = s.cfg->before.argv};
	int fd = s.engine->runner.fd, err;

	if (s.cfg->before.argc == 0 || b->waiting)
		return;
	b->last = (struct status_before){.state = BEFORE_RUNNING, .asked_at = loop_clock()};
	b->until = mono_add(loop_now(s.engine->loop), s.cfg->before_timeout_ns);
	b->waiting = true;
	if (!s.notifier->command) /* refused at start; holdfastd -t shows the reason */
		err = -EPERM;
	else
		err = fd < 0 ? -EPIPE : runner_send_notify(fd, &msg);
	if (err < 0)
		refuse(&s, err);
	else
		b->running++;
}

static void arm(struct instance *in)
{
	struct mono until = in->before.waiting ? in->before.until : MONO_NEVER;

	if (in->group && in->group->before.waiting)
		until = mono_earliest(until, in->group->before.until);
	if (mono_is_set(until))
		loop_arm(in->engine->loop, &in->before_timer, until);
	else
		loop_disarm(in->engine->loop, &in->before_timer);
}

void before_master_begin(struct instance *in)
{
	struct sync_group *group = in->group;
	bool asked = in->cfg->notify.before.argc > 0;

	ask(of_instance(in));
	if (group && group->cfg->notify.before.argc > 0) {
		asked = true;
		if (!group->before.begun)
			ask(of_group(group));
		group->before.begun = true;
	}
	if (asked)
		recording_note(&in->recording, RECORD_BEFORE_ASKED, 0, NULL);
	arm(in);
}

/* Nobody waits any more; the next claim runs the command again. */
static void cancel(struct before_master *b)
{
	b->waiting = false;
	if (b->last.state == BEFORE_RUNNING && b->running == 0)
		b->last.state = BEFORE_NEVER;
}

static bool is_awaited(const struct sync_group *group)
{
	for (unsigned int i = 0; i < group->n_members; i++) {
		if (group->members[i]->claim.phase == CLAIM_PREPARING)
			return true;
	}
	return false;
}

void before_master_cancel(struct instance *in)
{
	struct sync_group *group = in->group;

	cancel(&in->before);
	if (group) {
		group->before.begun = false;
		if (!is_awaited(group))
			cancel(&group->before);
	}
	loop_disarm(in->engine->loop, &in->before_timer);
}

/* Posts NEWS_PREPARED if nothing is left to wait for. */
static void wake(struct instance *in)
{
	arm(in);
	if (!before_master_waits(in))
		inbox_post(&in->event, NEWS_PREPARED);
}

/* --- timeout --- */

static void expire(const struct subject *s)
{
	struct before_master *b = s->before;

	if (!b->waiting || !mono_is_due(b->until, loop_now(s->engine->loop)))
		return;
	stop_waiting(b, BEFORE_LATE);
	log_error("%s: before_master has not ended in %lld ms, the takeover goes on", s->name,
		  (long long)(s->cfg->before_timeout_ns / NS_PER_MS));
}

static void on_timer(struct loop_timer *timer)
{
	struct instance *in = timer->ctx;
	struct subject own = of_instance(in), group;

	expire(&own);
	if (in->group) {
		group = of_group(in->group);
		expire(&group);
		inbox_group_news(&in->event); /* the group's notify_master waits, too */
	}
	recording_note(&in->recording, RECORD_BEFORE_LATE, 0, NULL);
	wake(in);
}

void before_master_init(struct instance *in)
{
	in->before_timer = (struct loop_timer){.fn = on_timer, .ctx = in, .name = "before_master"};
}

void before_master_end(struct instance *in)
{
	loop_disarm(in->engine->loop, &in->before_timer);
}

/* --- end of a command --- */

static void record_end(struct instance *in, const struct runner_done *done)
{
	recording_before_ended(&in->recording, done->outcome, done->status);
}

static void end_run(const struct subject *s, const struct runner_done *done)
{
	struct before_master *b = s->before;
	bool good = done->outcome == HEALTH_OK;
	char ended[OUTCOME_TEXT];

	b->last.outcome = done->outcome;
	b->last.status = done->status;
	b->last.duration_ns = done->duration_ns;
	if (b->last.state == BEFORE_RUNNING)
		stop_waiting(b, good ? BEFORE_OK : BEFORE_FAILED);
	if (good)
		return;
	log_error("%s: before_master: %s%s%s", s->name,
		  outcome_text(done->outcome, done->status, ended), done->detail[0] ? ": " : "",
		  done->detail);
}

/* False: the answer is about an earlier run, and a newer one is still at the runner. */
static bool is_last(struct before_master *b, const struct runner_done *done)
{
	b->running -= b->running > 0;
	return b->running == 0 && !done->superseded;
}

static void instance_done(struct instance *in, const struct runner_done *done)
{
	struct subject s = of_instance(in);

	if (!is_last(s.before, done))
		return;
	end_run(&s, done);
	record_end(in, done);
	wake(in);
}

static void group_done(struct sync_group *group, const struct runner_done *done)
{
	struct subject s = of_group(group);

	if (!is_last(s.before, done))
		return;
	end_run(&s, done);
	for (unsigned int i = 0; i < group->n_members; i++) {
		record_end(group->members[i], done);
		wake(group->members[i]);
		inbox_group_news(&group->members[i]->event);
	}
}

bool before_master_done(struct engine *engine, const struct runner_done *done)
{
	uint32_t kind = done->owner & OWNER_KIND, id = done->owner & ~OWNER_KIND;
	struct instance *in;

	if (kind == OWNER_INSTANCE) {
		in = instance_find(engine, id);
		if (in)
			instance_done(in, done);
		return true;
	}
	for (unsigned int i = 0; kind == OWNER_GROUP && i < engine->cfg->n_groups; i++) {
		if (engine->groups[i].id == id)
			group_done(&engine->groups[i], done);
	}
	return kind == OWNER_GROUP;
}

static void lose(struct subject s)
{
	s.before->running = 0;
	if (s.before->last.state == BEFORE_RUNNING)
		refuse(&s, -EPIPE);
}

void before_master_runner_lost(struct engine *engine)
{
	struct instance *in;

	for (unsigned int i = 0; i < engine->cfg->n_groups; i++) {
		lose(of_group(&engine->groups[i]));
		engine->inbox.group_news = true;
	}
	ENGINE_EACH_INSTANCE (engine, in) {
		bool waited = before_master_waits(in);

		lose(of_instance(in));
		if (waited || in->claim.phase == CLAIM_PREPARING)
			wake(in);
	}
}
