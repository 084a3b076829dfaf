// SPDX-License-Identifier: BSD-2-Clause
/*
 * Draining: the orders are stored as a set of instances, and the effect on each instance is
 * computed again after each change. The state machine leaves without loss (VRRP_FAULT_DRAIN).
 * Rejected: only a flag in the instance, which would be lost if a reload removes the instance and
 * another one adds it again.
 */
#include "engine/tracking/drain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/control_request.h"
#include "core/log.h"
#include "engine/group/sync_group.h"
#include "engine/instance/instance.h"
#include "engine/service/service.h"
#include "engine/state.h"

#define FILE_NAME  "drained"
#define COUNT_TEXT 80 /* octets of "all N instances and N services are" */

_Static_assert(DRAIN_NAME >= CFG_NAME_MAX && DRAIN_NAME >= IF_NAMESIZE, "names fit");
_Static_assert(DRAIN_MAX_SERVICES >= CFG_MAX_SERVICES, "all services can be drained");

static struct drain_key key_of(const struct instance *in)
{
	struct drain_key key = {.family = in->cfg->family, .vrid = in->cfg->vrid};

	memcpy(key.name, in->cfg->interface, sizeof(in->cfg->interface));
	return key;
}

static struct drain_key service_key(const struct service *svc)
{
	struct drain_key key = {.family = 0};

	memcpy(key.name, svc->cfg->name, strnlen(svc->cfg->name, sizeof(key.name) - 1));
	return key;
}

/* A file in the spare place is newer: it is written only if the lasting place could not be written.
 */
static int load(struct drains *drains, const char **path)
{
	int err = drain_file_load(drains->spare, &drains->set);

	*path = drains->spare;
	if (err != -ENOENT)
		return err;
	*path = drains->lasting;
	return drain_file_load(drains->lasting, &drains->set);
}

/* An undrained node needs no file in the lasting place. In the spare place it needs an empty one,
 * which takes precedence over an old file in the lasting place. */
static int save(const struct drains *drains)
{
	bool none = !drains->set.all && drains->set.n == 0;
	int err;

	if (!drains->lasts)
		return drain_file_save(drains->spare, &drains->set);
	err = none ? drain_file_remove(drains->lasting)
		   : drain_file_save(drains->lasting, &drains->set);
	return err < 0 ? err : drain_file_remove(drains->spare);
}

void drain_open(struct engine *engine)
{
	struct drains *drains = &engine->drains;
	char path[STATE_PATH];
	const char *read;
	int err;

	drains->lasts = state_file_path(engine->opt->name, engine->opt->run_dir, FILE_NAME, path);
	state_file_places(engine->opt->name, engine->opt->run_dir, FILE_NAME, drains->lasting,
			  drains->spare);
	err = load(drains, &read);
	if (err < 0 && err != -ENOENT) {
		drains->kept = DRAIN_DAMAGED;
		log_error("%s: %s: every instance counts as drained; holdfastctl undrain ends it",
			  read, err == -EBADMSG ? "the file is damaged" : strerror(-err));
	} else if (err == 0 && drains->lasts && read == drains->spare) {
		save(drains);
	}
}

/* --- the effect on an instance or a service --- */

/* The check of the disable_file; NULL: there is none. */
static const struct check *disable_file(const struct engine *engine, int disable)
{
	if (disable < 0)
		return NULL;
	return check_registry_at(&engine->checks, TRACKED_FILE, (unsigned int)disable);
}

bool drain_is_known(const struct engine *engine, int disable)
{
	const struct check *file = disable_file(engine, disable);

	return !file || file->ran || file->refused;
}

/* The last result of the runner, also while the runner is being replaced. A file that the runner
 * cannot watch drains nobody. */
static bool file_exists(const struct engine *engine, int disable)
{
	const struct check *file = disable_file(engine, disable);

	return file && file->ran && file->last.outcome == HEALTH_OK && file->last.status != 0;
}

/* What drains `in` without its sync group: enum status_drain bits. */
static uint32_t own_drains(const struct instance *in)
{
	return (in->ordered_out ? STATUS_DRAIN_OPERATOR : 0) |
	       (file_exists(in->engine, in->cfg->disable) ? STATUS_DRAIN_FILE : 0);
}

void drain_begin(struct instance *in)
{
	struct drain_key key = key_of(in);

	in->ordered_out = drain_set_has(&in->engine->drains.set, &key);
}

void drain_begin_service(struct service *svc)
{
	struct drain_key key = service_key(svc);

	svc->ordered_out = drain_set_has(&svc->engine->drains.set, &key);
}

void drain_judge_service(struct service *svc)
{
	svc->drained_by = (svc->ordered_out ? STATUS_DRAIN_OPERATOR : 0) |
			  (file_exists(svc->engine, svc->cfg->disable) ? STATUS_DRAIN_FILE : 0);
	inbox_fault(&svc->event, VRRP_FAULT_DRAIN, svc->drained_by != 0);
}

/* The same with its sync group. */
static uint32_t all_drains(const struct instance *in)
{
	uint32_t by = own_drains(in);

	return by == 0 && in->group && in->group->drained ? STATUS_DRAIN_GROUP : by;
}

void drain_judge_groups(struct engine *engine)
{
	struct instance *in;

	for (unsigned int i = 0; i < engine->cfg->n_groups; i++)
		engine->groups[i].drained = false;
	ENGINE_EACH_INSTANCE (engine, in) {
		if (in->group)
			in->group->drained |= own_drains(in) != 0;
	}
}

void drain_judge(struct instance *in)
{
	in->drained_by = all_drains(in);
	inbox_fault(&in->event, VRRP_FAULT_DRAIN, in->drained_by != 0);
}

/* Applies an order: first to `in` (NULL: none), because the answer is about it, then to all others.
 */
static void obey(struct engine *engine, struct instance *in)
{
	struct instance *other;
	struct service *svc;

	drain_judge_groups(engine);
	if (in)
		drain_judge(in);
	ENGINE_EACH_INSTANCE (engine, other)
		drain_judge(other);
	ENGINE_EACH_SERVICE (engine, svc)
		drain_judge_service(svc);
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

bool drain_moves_with(const struct instance *in, const struct instance *other)
{
	return in == other || (in->group && in->group == other->group);
}

/* Replaces "all" in the set by a key for each instance and service, so that one can be removed. */
static void spell_out(struct engine *engine)
{
	struct drain_set *set = &engine->drains.set;
	struct service *svc;
	struct instance *in;

	if (!set->all)
		return;
	*set = (struct drain_set){0};
	ENGINE_EACH_INSTANCE (engine, in)
		set->keys[set->n++] = key_of(in); /* no two are the same */
	ENGINE_EACH_SERVICE (engine, svc)
		set->keys[set->n++] = service_key(svc);
}

/* The number of keys that the set lacks, of `in` and its sync group. */
static unsigned int count_new(struct engine *engine, const struct instance *in)
{
	struct instance *other;
	unsigned int n = 0;

	ENGINE_EACH_INSTANCE (engine, other) {
		struct drain_key key = key_of(other);

		n += drain_moves_with(in, other) && !drain_set_has(&engine->drains.set, &key);
	}
	return n;
}

/* Drains (`out`) or undrains `in` and its sync group: all of them or none. 0 or -ENOSPC. */
static int order(struct engine *engine, struct instance *in, bool out)
{
	struct drain_set *set = &engine->drains.set;
	struct instance *other;

	if (out && !set->all && count_new(engine, in) > DRAIN_MAX_KEYS - set->n)
		return -ENOSPC;
	if (!out)
		spell_out(engine);
	ENGINE_EACH_INSTANCE (engine, other) {
		struct drain_key key = key_of(other);

		if (!drain_moves_with(in, other))
			continue;
		if (out)
			drain_set_add(set, &key);
		else
			drain_set_remove(set, &key);
		other->ordered_out = out;
	}
	return 0;
}

static void order_all(struct engine *engine, bool out)
{
	struct service *svc;
	struct instance *in;

	engine->drains.set = (struct drain_set){.all = out};
	ENGINE_EACH_INSTANCE (engine, in)
		in->ordered_out = out;
	ENGINE_EACH_SERVICE (engine, svc)
		svc->ordered_out = out;
}

/* How long it still serves at most, in seconds. */
static double leaves_in_s(const struct instance *in)
{
	struct mono now = loop_now(in->engine->loop);

	if (!mono_is_set(in->fsm.linger_until))
		return 0; /* the order has not been handled yet */
	return (double)mono_diff_ns(in->fsm.linger_until, now) / (double)NS_PER_S;
}

/* `in` has been drained; `before` is its state before. */
static void note_drained(struct control_request *req, const struct instance *in,
			 enum vrrp_state before)
{
	if (req->moved)
		note(req, "%s is drained. ", in->cfg->name);
	else if (in->fsm.claimed)
		note(req,
		     "%s is being drained: this node serves until another one is heard, at most "
		     "%.3f s, then withdraws even if there is none. ",
		     in->cfg->name, leaves_in_s(in));
	else
		note(req, "%s is drained; it was %s here. ", in->cfg->name,
		     vrrp_state_name(before));
	if (in->group)
		note(req, "So are all of its sync group %s. ", in->group->cfg->name);
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
		note(req, "%s is no longer drained, but has another fault: holdfastctl status",
		     in->cfg->name);
	else
		note(req, "%s takes part again: %s%s", in->cfg->name,
		     vrrp_state_name(in->fsm.state),
		     in->vcfg.preempt ? ", and preempts a master of lower priority"
				      : ", and does not preempt");
	if (in->group && in->drained_by == 0)
		note(req, ". So do all of its sync group %s", in->group->cfg->name);
}

static const char *plural(unsigned int n)
{
	return n == 1 ? "" : "s";
}

/* Writes for example "all 2 instances and 1 service are", or "1 instance is": the verb is `one` or
 * `more`. Returns `text`. */
static const char *count_text(const struct engine *engine, unsigned int instances, const char *one,
			      const char *more, char text[COUNT_TEXT])
{
	unsigned int services = engine->cfg->n_services, n = instances + services;
	int len = snprintf(text, COUNT_TEXT, "%s", n > 1 && instances != 1 ? "all " : "");

	if (instances > 0 || services == 0)
		len += snprintf(text + len, COUNT_TEXT - (size_t)len, "%u instance%s%s", instances,
				plural(instances), services > 0 ? " and " : " ");
	if (services > 0)
		len += snprintf(text + len, COUNT_TEXT - (size_t)len, "%u service%s ", services,
				plural(services));
	snprintf(text + len, COUNT_TEXT - (size_t)len, "%s", n == 1 ? one : more);
	return text;
}

static void note_all_undrained(const struct engine *engine, struct control_request *req,
			       unsigned int back, unsigned int drained, unsigned int faulty)
{
	char counted[COUNT_TEXT];

	note(req, "%s part again", count_text(engine, back, "takes", "take", counted));
	if (drained > 0)
		note(req, ", but %u that a disable_file drains: holdfastctl status", drained);
	if (faulty > 0)
		note(req, "; %u %s another fault: holdfastctl status", faulty,
		     faulty == 1 ? "has" : "have");
}

static void note_all(struct engine *engine, struct control_request *req, bool on)
{
	char counted[COUNT_TEXT], of[32] = "";
	unsigned int n = 0, leaving = 0, faulty = 0, drained = 0;
	double longest_s = 0;
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		n++;
		faulty +=
		    (in->event.faults & ~(uint32_t)(VRRP_FAULT_DRAIN | VRRP_FAULT_PENDING)) != 0;
		drained += all_drains(in) != 0;
		if (!on || !in->fsm.claimed)
			continue;
		leaving++;
		if (leaves_in_s(in) > longest_s)
			longest_s = leaves_in_s(in);
	}
	if (!on) {
		note_all_undrained(engine, req, n - drained, drained, faulty);
		return;
	}
	note(req, "%s drained. ", count_text(engine, n, "is", "are", counted));
	if (n > 1)
		snprintf(of, sizeof(of), "For %u of them this", leaving);
	if (leaving > 0)
		note(req,
		     "%s node serves until another one is heard, at most %.3f s, then withdraws "
		     "even if there is none. ",
		     n > 1 ? of : "This", longest_s);
}

/* 0, or refused. */
static int refuse_if_stopping(const struct engine *engine, struct control_request *req)
{
	if (!engine->stopping)
		return 0;
	control_request_refuse(req, "not now: the daemon is being stopped");
	return -ESHUTDOWN;
}

/* An order cannot undo the effect of a file. */
static int refuse_of_file(struct control_request *req, const char *name, const char *path)
{
	control_request_refuse(req, "%s is drained by its disable_file: remove %s", name, path);
	return -EBUSY;
}

static int refuse_full(const struct drains *drains, struct control_request *req)
{
	control_request_refuse(req,
			       "%s is full of removed instances: holdfastctl undrain clears it",
			       drains->lasts ? drains->lasting : drains->spare);
	return -ENOSPC;
}

int drain_order(struct engine *engine, struct instance *in, struct control_request *req)
{
	bool on = req->verb == CONTROL_DRAIN;

	if (refuse_if_stopping(engine, req) < 0)
		return -ESHUTDOWN;
	if (in && !on && in->drained_by & STATUS_DRAIN_FILE && !in->ordered_out)
		return refuse_of_file(req, in->cfg->name, in->cfg->disable_file);
	if (!in)
		order_all(engine, on);
	else if (order(engine, in, on) < 0)
		return refuse_full(&engine->drains, req);
	if (req->note[0])
		note(req, ". "); /* after the text about who took over */
	obey(engine, in);
	return 0;
}

int drain_order_service(struct service *svc, struct control_request *req)
{
	struct drain_key key = service_key(svc);
	struct engine *engine = svc->engine;
	bool on = req->verb == CONTROL_DRAIN;

	if (refuse_if_stopping(engine, req) < 0)
		return -ESHUTDOWN;
	if (!on && svc->drained_by & STATUS_DRAIN_FILE && !svc->ordered_out)
		return refuse_of_file(req, svc->cfg->name, svc->cfg->disable_file);
	if (on && !engine->drains.set.all && drain_set_add(&engine->drains.set, &key) < 0)
		return refuse_full(&engine->drains, req);
	if (!on) {
		spell_out(engine);
		drain_set_remove(&engine->drains.set, &key);
	}
	svc->ordered_out = on;
	drain_judge_service(svc);
	return 0;
}

void drain_answer(struct engine *engine, const struct instance *in,
		  const struct drain_before *before, struct control_request *req)
{
	bool on = req->verb == CONTROL_DRAIN;

	if (!in)
		note_all(engine, req, on);
	else if (on)
		note_drained(req, in, before->state);
	else
		note_undrained(req, in, before->drained_by);
}

void drain_answer_service(const struct service *svc, uint32_t drained_before,
			  struct control_request *req)
{
	const char *name = svc->cfg->name;

	if (req->verb == CONTROL_DRAIN && svc->fsm.level == ANNOUNCE_LEAVING)
		note(req, "%s is the routers' last choice now, and is withdrawn in %.3f s. ", name,
		     (double)svc->scfg.linger_ns / (double)NS_PER_S);
	else if (req->verb == CONTROL_DRAIN)
		note(req, "%s is drained; its prefixes are not announced. ", name);
	else if (svc->drained_by & STATUS_DRAIN_FILE)
		note(req, "%s stays drained by its disable_file: remove %s", name,
		     svc->cfg->disable_file);
	else
		note(req, "%s %s; it is %s", name,
		     drained_before & STATUS_DRAIN_OPERATOR ? "takes part again"
							    : "was not drained",
		     service_state_name(svc->fsm.state));
}

/* Adds to the answer how long the order lasts; `err`: of storing it. */
static void note_lasting(const struct drains *drains, struct control_request *req, int err)
{
	const char *path = drains->lasts ? drains->lasting : drains->spare;
	bool on = req->verb == CONTROL_DRAIN;

	if (on && err == 0 && drains->lasts)
		note(req,
		     req->instance[0]
			 ? "It stays out, also over restarts, until: holdfastctl undrain %s"
			 : "This node stays out, also over restarts, until: holdfastctl undrain%s",
		     req->instance);
	else if (on)
		note(req, "Out of service until: holdfastctl undrain %s", req->instance);
	if (err < 0)
		note(req, ". But a restart will not know it: %s: %s", path, strerror(-err));
	else if (!drains->lasts)
		note(req, ". But a restart of the host will not know it: %s cannot be written",
		     drains->lasting);
}

void drain_keep(struct engine *engine, struct control_request *req)
{
	struct drains *drains = &engine->drains;
	int err;

	if (req->verb != CONTROL_DRAIN && req->verb != CONTROL_UNDRAIN)
		return;
	err = save(drains);
	drains->kept = err < 0 ? DRAIN_NOT_KEPT : DRAIN_IS_KEPT;
	note_lasting(drains, req, err);
	if (err < 0)
		log_error("%s", req->note);
	else
		log_info("%s", req->note);
}
