// SPDX-License-Identifier: BSD-2-Clause
/*
 * Puts a new configuration in force. What it removes is released first, as at the daemon's end:
 * meanwhile the old configuration holds as a whole. Then the new one takes its place in one turn of
 * the loop; what changes an instance, or makes one, follows in as many turns as it takes.
 *
 * Rejected: applying what can be applied at once and the rest later. An address or a prefix that
 * moves from an instance that leaves to another one would be taken away after it was given.
 */
#include "engine/reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_request.h"
#include "core/addr.h"

#define RELOAD_A_TURN 12 /* instances: each is some 20 to 40 us of system calls */

/* --- what an instance of the old configuration becomes --- */

static unsigned int old_index(const struct engine *engine, const struct instance *in)
{
	return (unsigned int)(in->cfg - engine->cfg->instances);
}

/* Its index in the new configuration, -1 if it is gone. Before the configurations change places. */
static int new_index(const struct engine *engine, const struct reload *r, const struct instance *in)
{
	return r->diff->instance_now[old_index(engine, in)];
}

static bool keeps_speaker(const struct reload *r, const struct instance *in,
			  const struct cfg_instance *next)
{
	int bgp = in->cfg->announce.bgp;

	return bgp >= 0 && r->diff->bgp_now[bgp] == next->announce.bgp;
}

static void drop_gone(struct engine *engine, const struct reload *r)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		int now = new_index(engine, r, in);

		if (r->diff->instances[now].changed)
			instance_drop_gone(in, &r->cfg->instances[now],
					   keeps_speaker(r, in, &r->cfg->instances[now]));
	}
}

/* --- changing places --- */

static bool same_words(char *const *a, char *const *b)
{
	while (*a && *b && strcmp(*a, *b) == 0) {
		a++;
		b++;
	}
	return !*a && !*b;
}

/* May the runner go on as it does? Of a fast_interval it is told with the next result. */
static bool same_run(const struct check *a, const struct check *b)
{
	return a->refused == b->refused && a->order.kind == b->order.kind &&
	       a->order.user.uid == b->order.user.uid && a->order.user.gid == b->order.user.gid &&
	       a->order.new_privileges == b->order.new_privileges &&
	       a->interval_ns == b->interval_ns && a->order.timeout_ns == b->order.timeout_ns &&
	       same_words(a->order.argv, b->order.argv);
}

/* A check that is run in another way keeps its state until the new results have changed it. */
static void continue_check(struct engine *engine, const struct check *was, struct check *now)
{
	if (!was->refused && !now->refused)
		now->fsm = was->fsm;
	now->ran = was->ran;
	now->stale = was->stale;
	now->last = was->last;
	now->last_run_ms = was->last_run_ms;
	if (same_run(was, now)) {
		now->order.id = was->order.id;
		now->order.interval_ns = was->order.interval_ns;
		now->sent = was->sent;
		return;
	}
	now->order.id = engine->next_check_id++;
	checks_forget(engine, was);
}

/* How the blocks of one kind continue. */
struct kind_of_check {
	const struct config_match *to;
	const int *now;
	unsigned int n_new, n_old;
};

/* `was` and `now` begin with those of the kind. */
static void continue_kind(struct engine *engine, const struct kind_of_check *kind,
			  struct check *was, struct check *now)
{
	for (unsigned int i = 0; i < kind->n_new; i++) {
		if (kind->to[i].was >= 0)
			continue_check(engine, &was[kind->to[i].was], &now[i]);
		else
			now[i].order.id = engine->next_check_id++;
	}
	for (unsigned int i = 0; i < kind->n_old; i++) {
		if (kind->now[i] < 0)
			checks_forget(engine, &was[i]);
	}
}

static void continue_checks(struct engine *engine, struct reload *r)
{
	const struct config *old = engine->cfg, *new = r->cfg;
	const struct config_diff *d = r->diff;
	const struct kind_of_check kinds[] = {
	    {d->scripts, d->script_now, new->n_scripts, old->n_scripts},
	    {d->files, d->file_now, new->n_files, old->n_files},
	    {d->processes, d->process_now, new->n_processes, old->n_processes},
	};
	struct check *was = engine->checks, *now = r->checks;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		continue_kind(engine, &kinds[i], was, now);
		was += kinds[i].n_old;
		now += kinds[i].n_new;
	}
}

#define SWAP(a, b)                                                                                 \
	do {                                                                                       \
		__typeof__(a) swap_ = (a);                                                         \
		(a) = (b);                                                                         \
		(b) = swap_;                                                                       \
	} while (0)

/* The old ones go to `r`, to be freed with it. */
static void change_places(struct engine *engine, struct reload *r)
{
	struct instance *in;
	int now[HF_MAX_INSTANCES];

	ENGINE_EACH_INSTANCE (engine, in)
		now[in->slot] = new_index(engine, r, in);
	continue_checks(engine, r);
	r->asks_links = sync_groups_continue(engine, r->diff, r->groups, r->cfg->n_groups);
	fifos_continue(engine->fifos, r->fifos);
	for (unsigned int i = 0; i < r->n_speakers; i++) {
		if (r->diff->bgp[i].was >= 0)
			r->speakers[i] = engine->speakers[r->diff->bgp[i].was];
	}
	memcpy(r->sockets, engine->sockets, engine->n_sockets * sizeof(*r->sockets));
	SWAP(engine->sockets, r->sockets);
	SWAP(engine->max_sockets, r->max_sockets);
	SWAP(engine->checks, r->checks);
	SWAP(engine->n_checks, r->n_checks);
	for (unsigned int i = 0; i < RUNNER_MAX_FIFOS; i++)
		SWAP(engine->fifos[i], r->fifos[i]);
	SWAP(engine->speakers, r->speakers);
	SWAP(engine->groups, r->groups);
	r->n_groups = engine->cfg->n_groups;
	SWAP(engine->cfg, r->cfg);
	ENGINE_EACH_INSTANCE (engine, in) {
		if (instance_rebind(in, &engine->cfg->instances[now[in->slot]],
				    &r->instances[now[in->slot]]))
			r->asks_links = true;
	}
	sync_groups_join(engine);
}

/* --- BGP instances --- */

static int create_speakers(struct engine *engine, struct reload *r)
{
	bool any = false;

	for (unsigned int i = 0; i < r->n_speakers; i++) {
		if (r->diff->bgp[i].was >= 0)
			continue;
		r->speakers[i] = speaker_create(engine, r->cfg, i);
		if (!r->speakers[i])
			return -errno;
		any = true;
	}
	if (any)
		engine_await_sessions(engine);
	return 0;
}

/* Those that no configuration has taken over. */
static void destroy_speakers(struct reload *r)
{
	for (unsigned int i = 0; i < r->n_speakers; i++) {
		if (r->diff->bgp[i].was < 0)
			speaker_destroy(r->speakers[i], NULL);
	}
}

/* All neighbors point into the old configuration, whether they have changed or not. */
static void reconfigure_speakers(struct engine *engine, struct reload *r)
{
	for (unsigned int i = 0; i < r->n_speakers; i++) {
		struct speaker *speaker = engine->speakers[i];
		const struct cfg_bgp *cfg = &engine->cfg->bgp[i];
		uint32_t id = cfg->router_id;

		speaker->cfg = cfg;
		if (id == 0) /* found once, it stays: a new one would end every session */
			id = bgp_speaker_router_id(speaker->sp);
		if (r->diff->bgp[i].was < 0 || bgp_speaker_reconfigure(speaker->sp, cfg, id) == 0)
			continue;
		log_error("bgp %s: no memory for other neighbors: it keeps those it had",
			  cfg->name);
		r->cfg_is_used = true;
	}
}

static void destroy_gone_speakers(struct reload *r)
{
	/* Now the old ones are in `r`. */
	for (unsigned int i = 0; i < r->cfg->n_bgp; i++) {
		if (r->diff->bgp_now[i] < 0)
			speaker_destroy(r->speakers[i], "removed from the configuration");
	}
}

/* --- what is new, and what is left --- */

static bool create_instance(struct engine *engine, const struct reload *r, unsigned int i)
{
	struct instance *in;

	if (r->diff->instances[i].was >= 0)
		return false;
	in = instance_create(engine, &engine->cfg->instances[i]);
	if (in)
		memcpy(in->notifiers, r->instances[i].notifiers, sizeof(in->notifiers));
	else
		log_error("%s: cannot be created: %s", engine->cfg->instances[i].name,
			  strerror(errno));
	return true;
}

static void start_created(struct engine *engine)
{
	struct instance *in;

	netlink_sync(engine->nl); /* reports every link: those that have begun know theirs */
	links_flush(engine);
	checks_links_told(engine);
	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++)
		announcer_on_sessions(engine->speakers[i], engine->speakers[i]->established);
	sync_groups_join(engine);
	ENGINE_EACH_INSTANCE (engine, in) {
		if (!in->started)
			instance_start(in);
	}
}

/* One address, `i` counted through those that are gone and those that there are. False if there was
 * nothing to do. */
static bool count_vip(struct engine *engine, struct reload *r, unsigned int i)
{
	struct counted_vip *vip = i < r->n_gone_vips ? NULL : &r->vips[i - r->n_gone_vips];
	char text[IPADDR_TEXT];

	if (vip && vip->vip != RELOAD_VIP_NEW)
		return false;
	if (!vip)
		datapath_remove_vip(engine->dp, &r->gone_vips[i]);
	else if (datapath_add_vip(engine->dp, &vip->address, &vip->vip) < 0)
		log_warn("traffic of %s is not counted", ipaddr_format(&vip->address, text));
	return true;
}

static void take_vips(struct engine *engine, struct reload *r)
{
	for (unsigned int i = 0; i < r->n_vips; i++) {
		if (r->vips[i].vip == RELOAD_VIP_NEW)
			r->vips[i--] = r->vips[--r->n_vips];
	}
	SWAP(engine->vips, r->vips);
	SWAP(engine->n_vips, r->n_vips);
}

static bool uses_interface(const struct engine *engine, uint32_t ifindex)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (in->ifindex == ifindex)
			return true;
	}
	return false;
}

static void release_interfaces(struct engine *engine)
{
	struct datapath_interface ifc;

	for (unsigned int i = 0; i < datapath_interfaces(engine->dp); i++) {
		datapath_interface_status(engine->dp, i, &ifc);
		if (!uses_interface(engine, ifc.ifindex))
			datapath_release_interface(engine->dp, ifc.ifindex);
	}
}

/* --- the reload --- */

static void swap_configurations(struct engine *engine, struct reload *r)
{
	instance_sweep_sockets(engine);
	drop_gone(engine, r);
	change_places(engine, r);
	refusals_tell_unknown(engine->refusals, engine->cfg->globals.log_unknown_vrids);
	r->asks_links |= link_delays_set(&engine->link_delays, engine->cfg);
	reconfigure_speakers(engine, r);
	if (r->asks_links && netlink_sync(engine->nl) == 0)
		checks_links_told(engine);
	links_flush(engine);
}

static void finish(struct engine *engine, struct reload *r)
{
	struct status_limits limits;
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in)
		checks_apply(in);
	sync_groups_settle(engine, r->diff);
	checks_tell_runner(engine);
	if (engine->cfg->globals.fifo_states_on_reload)
		notify_states(engine);
	take_vips(engine, r);
	instance_sweep_sockets(engine);
	release_interfaces(engine);
	snapshot_limits(engine, &limits);
	control_set_limits(engine->ctl, &limits);
}

static bool all_released(struct engine *engine)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (in->retiring && !in->stopped)
			return false;
	}
	return true;
}

/* The instance in that slot. False if there was nothing to do. */
static bool visit_slot(struct engine *engine, const struct reload *r, unsigned int slot)
{
	struct instance *in = engine->instances[slot];

	if (!in || (r->stage != RELOAD_CHANGE && !in->retiring))
		return false;
	if (r->stage == RELOAD_STOP) {
		instance_stop(in);
	} else if (r->stage == RELOAD_DESTROY) {
		log_info("%s: removed by the reload", in->cfg->name);
		instance_unprepare(in);
		instance_destroy(in);
	} else if (r->diff->instances[old_index(engine, in)].changed) {
		instance_reconfigure(in, &r->instances[old_index(engine, in)]);
	} else {
		return false;
	}
	return true;
}

static bool visit(struct engine *engine, struct reload *r, unsigned int i)
{
	if (r->stage == RELOAD_CREATE)
		return create_instance(engine, r, i);
	return r->stage == RELOAD_COUNT ? count_vip(engine, r, i) : visit_slot(engine, r, i);
}

/* As much of the stage as `budget` allows. True when it is complete. */
static bool work_at_stage(struct engine *engine, struct reload *r, int *budget)
{
	unsigned int n = r->stage == RELOAD_CREATE  ? engine->cfg->n_instances
			 : r->stage == RELOAD_COUNT ? r->n_gone_vips + r->n_vips
						    : engine->n_slots;
	int before = *budget;

	if (r->stage == RELOAD_AWAIT)
		return all_released(engine);
	if (r->stage == RELOAD_SWAP) {
		swap_configurations(engine, r);
		return true;
	}
	while (r->at<n && * budget> 0)
		*budget -= visit(engine, r, r->at++);
	if (r->stage == RELOAD_CREATE && *budget < before)
		start_created(engine);
	return r->at >= n;
}

/* One turn's share of a reload. The instances of a large configuration get theirs in many turns, so
 * that no advert waits for all of them. True when it is done. */
static bool work(struct engine *engine, struct reload *r)
{
	int budget = RELOAD_A_TURN;

	while (r->stage != RELOAD_DONE && budget > 0) {
		if (!work_at_stage(engine, r, &budget))
			break;
		if (r->stage == RELOAD_CHANGE)
			destroy_gone_speakers(r);
		r->at = 0;
		r->stage++;
	}
	if (r->stage != RELOAD_DONE) {
		if (r->stage != RELOAD_AWAIT || all_released(engine))
			loop_arm(engine->loop, &engine->reload_timer, loop_now(engine->loop));
		return false;
	}
	finish(engine, r);
	loop_disarm(engine->loop, &engine->reload_timer);
	engine->reload = NULL;
	atomic_store(&engine->reloading, false);
	return true;
}

static void on_turn(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;
	struct reload *r = engine->reload;

	if (!r || engine->stopping)
		return;
	engine->spent = r; /* freed by the control thread: it may take long */
	if (work(engine, r))
		log_info("reload: done");
	else
		engine->spent = NULL;
}

void reload_begin(struct engine *engine, struct control_request *req)
{
	struct reload *r = req->reload;
	struct instance *in;
	int err;

	if (!r || engine->stopping || engine->reload) {
		control_request_refuse(req, "not now: the daemon is being stopped or reloaded");
		return;
	}
	err = create_speakers(engine, r);
	if (err < 0) {
		control_request_refuse(
		    req, "a new bgp_instance cannot be started (%s); see the log", strerror(-err));
		destroy_speakers(r);
		return;
	}
	snprintf(req->note, sizeof(req->note), "%u instances added, %u changed, %u removed",
		 r->diff->added, r->diff->changed, r->diff->removed);
	if (r->diff->groups_changed > 0)
		snprintf(req->note + strlen(req->note), sizeof(req->note) - strlen(req->note),
			 ", %u sync groups changed", r->diff->groups_changed);
	ENGINE_EACH_INSTANCE (engine, in) {
		in->retiring = new_index(engine, r, in) < 0;
		if (in->retiring)
			sync_group_leave(in);
	}
	engine->reload_timer.fn = on_turn;
	engine->reload_timer.ctx = engine;
	engine->reload_timer.name = "reload";
	engine->reload = r;
	atomic_store(&engine->reloading, true);
	if (work(engine, r))
		return;
	snprintf(req->note + strlen(req->note), sizeof(req->note) - strlen(req->note),
		 "; under way: the log tells when it is done");
	req->reload = NULL;
}

void reload_abort(struct engine *engine)
{
	struct reload *r = engine->reload;

	reload_free(engine->spent);
	engine->spent = NULL;
	if (!r)
		return;
	loop_disarm(engine->loop, &engine->reload_timer);
	if (r->stage <= RELOAD_SWAP)
		destroy_speakers(r);
	else if (r->stage == RELOAD_CHANGE)
		destroy_gone_speakers(r);
	reload_free(r);
	engine->reload = NULL;
}
