// SPDX-License-Identifier: BSD-2-Clause
/*
 * Draining: the order is kept as a set of instances, and what it means to each one is worked out
 * anew whenever something has changed. Leaving without loss is the state machine's work
 * (VRRP_FAULT_DRAIN). Rejected: a flag in the instance alone, which a reload that removes it and
 * another that brings it back would lose.
 */
#include "engine/drain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/control_request.h"
#include "engine/engine_state.h"

#define FILE_NAME    "drained"
#define DRAIN_A_TURN 12 /* instances: each is some 30 us of system calls */

static struct drain_key key_of(const struct instance *in)
{
	struct drain_key key = {.family = in->cfg->family, .vrid = in->cfg->vrid};

	memcpy(key.interface, in->cfg->interface, sizeof(key.interface));
	return key;
}

static void on_turn(struct loop_timer *timer);

void drain_open(struct engine *engine)
{
	struct drains *drains = &engine->drains;
	int err;

	drains->timer = (struct loop_timer){.fn = on_turn, .ctx = engine, .name = "drain"};
	state_file_path(engine->opt->name, engine->opt->run_dir, FILE_NAME, drains->path);
	err = drain_file_load(drains->path, &drains->set);
	if (err < 0 && err != -ENOENT)
		log_error("%s: what was drained may take part again: %s", drains->path,
			  err == -EBADMSG ? "the file is damaged" : strerror(-err));
}

/* --- what it means to an instance --- */

/* NULL: it has none. */
static const struct check *disable_file(const struct instance *in)
{
	const struct engine *engine = in->engine;

	if (in->cfg->disable < 0)
		return NULL;
	return &engine->checks[engine->cfg->n_scripts + (unsigned int)in->cfg->disable];
}

bool drain_is_known(const struct instance *in)
{
	const struct check *file = disable_file(in);

	return !file || file->ran || file->refused;
}

/* The runner's last word, also while it is being started again. A file that it cannot watch, say
 * for want of room, drains nobody. */
static bool file_exists(const struct instance *in)
{
	const struct check *file = disable_file(in);

	return file && file->ran && file->last.outcome == HEALTH_OK && file->last.status != 0;
}

/* What drains `in`, its sync group left aside: enum status_drain bits. */
static uint32_t own_drains(const struct instance *in)
{
	return (in->ordered_out ? STATUS_DRAIN_OPERATOR : 0) |
	       (file_exists(in) ? STATUS_DRAIN_FILE : 0);
}

static bool is_drained_by_group(const struct instance *in)
{
	const struct instance *other;

	if (!in->group)
		return false;
	ENGINE_EACH_INSTANCE (in->engine, other) {
		if (other->group == in->group && own_drains(other) != 0)
			return true;
	}
	return false;
}

void drain_begin(struct instance *in)
{
	struct drain_key key = key_of(in);

	in->ordered_out = drain_set_has(&in->engine->drains.set, &key);
}

/* What drains `in`, its group included. */
static uint32_t all_drains(const struct instance *in)
{
	uint32_t by = own_drains(in);

	return by == 0 && is_drained_by_group(in) ? STATUS_DRAIN_GROUP : by;
}

void drain_judge(struct instance *in)
{
	in->drained_by = all_drains(in);
	instance_fault(in, VRRP_FAULT_DRAIN, in->drained_by != 0);
}

/* As many instances as fit into a turn; the next turns see to the rest. */
static void on_turn(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;
	struct drains *drains = &engine->drains;
	int budget = DRAIN_A_TURN;

	for (; drains->at < engine->n_slots && budget > 0; drains->at++) {
		struct instance *in = engine->instances[drains->at];

		if (!in || (!in->group && all_drains(in) == in->drained_by))
			continue;
		drain_judge(in);
		budget--;
	}
	if (drains->at < engine->n_slots)
		loop_arm(engine->loop, timer, loop_now(engine->loop));
}

/* An order was given: `in` first, which the answer speaks of; NULL: all alike. */
static void obey(struct engine *engine, struct instance *in)
{
	if (in)
		drain_judge(in);
	engine->drains.at = 0;
	on_turn(&engine->drains.timer);
}

/* --- the operator's orders --- */

static void LOG_PRINTF(2, 3) note(struct control_request *req, const char *fmt, ...)
{
	size_t len = strlen(req->note);
	va_list args;

	va_start(args, fmt);
	vsnprintf(req->note + len, sizeof(req->note) - len, fmt, args);
	va_end(args);
}

static bool moves_with(const struct instance *in, const struct instance *other)
{
	return in == other || (in->group && in->group == other->group);
}

/* From all instances to each of them by name, so that one can be taken out. */
static void spell_out(struct engine *engine)
{
	struct drain_set *set = &engine->drains.set;
	struct instance *in;

	if (!set->all)
		return;
	*set = (struct drain_set){0};
	ENGINE_EACH_INSTANCE (engine, in)
		set->keys[set->n++] = key_of(in); /* no two are the same */
}

/* Orders `in`, and those that move with it, out or in. 0 or -ENOSPC. */
static int order(struct engine *engine, struct instance *in, bool out)
{
	struct drain_set *set = &engine->drains.set;
	struct instance *other;
	int err = 0;

	if (!out)
		spell_out(engine);
	ENGINE_EACH_INSTANCE (engine, other) {
		struct drain_key key = key_of(other);

		if (!moves_with(in, other))
			continue;
		if (!out)
			drain_set_remove(set, &key);
		else
			err = drain_set_add(set, &key);
		if (err < 0)
			return err;
		other->ordered_out = out;
	}
	return 0;
}

static void order_all(struct engine *engine, bool out)
{
	struct instance *in;

	engine->drains.set = (struct drain_set){.all = out};
	ENGINE_EACH_INSTANCE (engine, in)
		in->ordered_out = out;
}

/* How long it serves on at most, in seconds. */
static double leaves_in_s(const struct instance *in)
{
	struct mono now = loop_now(in->engine->loop);

	if (!mono_is_set(in->fsm.linger_until))
		return 0; /* its turn has not come */
	return (double)mono_diff_ns(in->fsm.linger_until, now) / (double)NS_PER_S;
}

/* `in` has been drained; `before`: what it was. */
static void note_drained(struct control_request *req, const struct instance *in,
			 enum vrrp_state before)
{
	if (in->fsm.claimed)
		note(req,
		     "%s is being drained: this node serves until another one is heard, at most "
		     "%.3f s, then withdraws even if there is none. ",
		     in->cfg->name, leaves_in_s(in));
	else
		note(req, "%s is drained; it was %s here. ", in->cfg->name,
		     vrrp_state_name(before));
	if (in->group)
		note(req, "So are all of its sync group %s. ", in->group->cfg->name);
	note(req, "It stays out, also over restarts, until: holdfastctl undrain %s", in->cfg->name);
}

static void note_undrained(struct control_request *req, const struct instance *in, uint32_t before)
{
	if (in->drained_by & STATUS_DRAIN_FILE)
		note(req, "%s stays drained by its disable_file: remove %s", in->cfg->name,
		     in->cfg->disable_file);
	else if (in->drained_by != 0)
		note(req, "%s stays drained with its sync group: holdfastctl status",
		     in->cfg->name);
	else if (!(before & STATUS_DRAIN_OPERATOR))
		note(req, "%s was not drained; it is %s", in->cfg->name,
		     vrrp_state_name(in->fsm.state));
	else if (in->fsm.state == VRRP_FAULT)
		note(req, "%s is drained no more, but has another fault: holdfastctl status",
		     in->cfg->name);
	else
		note(
		    req, "%s takes part again: %s%s", in->cfg->name, vrrp_state_name(in->fsm.state),
		    in->vcfg.preempt ? ", and preempts a lesser master" : ", and does not preempt");
	if (in->group && in->drained_by == 0)
		note(req, ". So do all of its sync group %s", in->group->cfg->name);
}

static void note_all(struct engine *engine, struct control_request *req, bool on)
{
	unsigned int n = 0, leaving = 0, faulty = 0, drained = 0;
	double longest_s = 0;
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		n++;
		faulty += (in->faults & ~(uint32_t)(VRRP_FAULT_DRAIN | VRRP_FAULT_PENDING)) != 0;
		drained += all_drains(in) != 0;
		if (!on || !in->fsm.claimed)
			continue;
		leaving++;
		if (leaves_in_s(in) > longest_s)
			longest_s = leaves_in_s(in);
	}
	if (!on) {
		note(req, "all %u instances take part again", n - drained);
		if (drained > 0)
			note(req, ", but %u that a disable_file drains: holdfastctl status",
			     drained);
		if (faulty > 0)
			note(req, "; %u have another fault: holdfastctl status", faulty);
		return;
	}
	note(req, "all %u instances are drained. ", n);
	if (leaving > 0)
		note(req,
		     "For %u of them this node serves until another one is heard, at most %.3f s, "
		     "then withdraws even if there is none. ",
		     leaving, longest_s);
	note(req, "They stay out, also over restarts, until: holdfastctl undrain");
}

void drain_order(struct engine *engine, struct instance *in, struct control_request *req)
{
	bool on = req->verb == CONTROL_DRAIN;
	enum vrrp_state state = in ? in->fsm.state : VRRP_INIT;
	uint32_t before = in ? in->drained_by : 0;

	if (engine->stopping) {
		control_request_refuse(req, "not now: the daemon is being stopped");
		return;
	}
	if (!in)
		order_all(engine, on);
	else if (order(engine, in, on) < 0)
		control_request_refuse(req,
				       "%s is full of instances that are gone: holdfastctl "
				       "undrain clears it",
				       engine->drains.path);
	obey(engine, in);
	if (!on && in && in->drained_by & STATUS_DRAIN_FILE && !(before & STATUS_DRAIN_OPERATOR))
		control_request_refuse(req, "%s is drained by its disable_file: remove %s",
				       in->cfg->name, in->cfg->disable_file);
	if (req->refused)
		return;
	if (!in)
		note_all(engine, req, on);
	else if (on)
		note_drained(req, in, state);
	else
		note_undrained(req, in, before);
}

void drain_keep(struct engine *engine, struct control_request *req)
{
	const struct drains *drains = &engine->drains;
	int err;

	if (req->verb != CONTROL_DRAIN && req->verb != CONTROL_UNDRAIN)
		return;
	log_info("%s", req->note);
	err = drain_file_save(drains->path, &drains->set);
	if (err == 0)
		return;
	log_error("%s: %s: a restart will not know it", drains->path, strerror(-err));
	note(req, ". But a restart will not know it: %s: %s", drains->path, strerror(-err));
}
