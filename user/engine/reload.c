// SPDX-License-Identifier: BSD-2-Clause
/*
 * Puts a new configuration in force. What it removes is released first, as at the daemon's end:
 * meanwhile the old configuration holds as a whole. Then, in one turn of the loop, everything that
 * stays is led over to the new one, and what is new begins.
 *
 * Rejected: applying what can be applied at once and the rest later. An address or a prefix that
 * moves from an instance that leaves to another one would be taken away after it was given.
 */
#include "engine/reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_request.h"

/* --- what an instance of the old configuration becomes
 * ---------------------------------------------- */

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

/* --- changing places
 * -------------------------------------------------------------------------------- */

static bool same_command(const struct cfg_command *a, const struct cfg_command *b)
{
	bool same = a->argc == b->argc;

	for (int i = 0; same && i < a->argc; i++)
		same = strcmp(a->argv[i], b->argv[i]) == 0;
	return same;
}

/* May the runner go on as it does? */
static bool same_run(const struct check *a, const struct check *b)
{
	return a->refused == b->refused && a->user.uid == b->user.uid &&
	       a->user.gid == b->user.gid && a->cfg->interval_ns == b->cfg->interval_ns &&
	       a->cfg->timeout_ns == b->cfg->timeout_ns &&
	       same_command(&a->cfg->command, &b->cfg->command);
}

/* A check that is run in another way keeps its state until the new results have changed it. */
static void continue_check(struct engine *engine, const struct check *was, struct check *now)
{
	if (!was->refused && !now->refused)
		now->fsm = was->fsm;
	now->ran = was->ran;
	now->last = was->last;
	now->last_run_ms = was->last_run_ms;
	if (same_run(was, now)) {
		now->id = was->id;
		now->sent = was->sent;
		return;
	}
	now->id = engine->next_check_id++;
	checks_forget(engine, was);
}

static void continue_checks(struct engine *engine, struct reload *r)
{
	for (unsigned int i = 0; i < r->cfg->n_scripts; i++) {
		int was = r->diff->scripts[i].was;

		if (was >= 0)
			continue_check(engine, &engine->checks[was], &r->checks[i]);
		else
			r->checks[i].id = engine->next_check_id++;
	}
	for (unsigned int i = 0; i < engine->cfg->n_scripts; i++) {
		if (r->diff->script_now[i] < 0)
			checks_forget(engine, &engine->checks[i]);
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
	for (unsigned int i = 0; i < r->n_speakers; i++) {
		if (r->diff->bgp[i].was >= 0)
			r->speakers[i] = engine->speakers[r->diff->bgp[i].was];
	}
	memcpy(r->sockets, engine->sockets, engine->n_sockets * sizeof(*r->sockets));
	SWAP(engine->sockets, r->sockets);
	SWAP(engine->max_sockets, r->max_sockets);
	SWAP(engine->checks, r->checks);
	SWAP(engine->speakers, r->speakers);
	SWAP(engine->cfg, r->cfg);
	ENGINE_EACH_INSTANCE (engine, in)
		instance_rebind(in, &engine->cfg->instances[now[in->slot]],
				&r->instances[now[in->slot]]);
}

/* --- BGP instances
 * ---------------------------------------------------------------------------------- */

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

/* --- what is new, and what is left
 * ------------------------------------------------------------------ */

static void create_instances(struct engine *engine, const struct reload *r)
{
	struct instance *in;

	for (unsigned int i = 0; i < engine->cfg->n_instances; i++) {
		if (r->diff->instances[i].was >= 0)
			continue;
		in = instance_create(engine, &engine->cfg->instances[i]);
		if (!in) {
			log_error("%s: cannot be created: %s", engine->cfg->instances[i].name,
				  strerror(errno));
			continue;
		}
		memcpy(in->notifiers, r->instances[i].notifiers, sizeof(in->notifiers));
	}
	netlink_sync(engine->nl); /* reports every link: those that have begun know theirs */
	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++)
		announcer_on_sessions(engine->speakers[i], engine->speakers[i]->established);
	ENGINE_EACH_INSTANCE (engine, in) {
		if (!in->started)
			instance_start(in);
	}
}

static void count_vips(struct engine *engine, struct reload *r)
{
	for (unsigned int i = 0; i < r->n_gone_vips; i++)
		datapath_remove_vip(engine->dp, &r->gone_vips[i]);
	for (unsigned int i = 0; i < r->n_vips; i++) {
		struct counted_vip *vip = &r->vips[i];

		if (vip->vip == RELOAD_VIP_NEW &&
		    datapath_add_vip(engine->dp, &vip->address, &vip->vip) < 0)
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

/* --- the reload
 * ------------------------------------------------------------------------------------- */

static void destroy_released(struct engine *engine)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (!in->retiring)
			continue;
		log_info("%s: removed by the reload", in->cfg->name);
		instance_unprepare(in);
		instance_destroy(in);
	}
}

static void put_in_force(struct engine *engine, struct reload *r)
{
	struct status_limits limits;
	struct instance *in;

	destroy_released(engine);
	instance_sweep_sockets(engine);
	drop_gone(engine, r);
	change_places(engine, r);
	sync_groups_rebind(engine);
	reconfigure_speakers(engine, r);
	ENGINE_EACH_INSTANCE (engine, in) {
		unsigned int i = old_index(engine, in);

		if (r->diff->instances[i].changed)
			instance_reconfigure(in, &r->instances[i]);
	}
	destroy_gone_speakers(r);
	if (r->diff->added > 0)
		create_instances(engine, r);
	sync_groups_rebind(engine); /* with the new instances */
	ENGINE_EACH_INSTANCE (engine, in)
		checks_apply(in);
	checks_tell_runner(engine);
	count_vips(engine, r);
	instance_sweep_sockets(engine);
	release_interfaces(engine);
	snapshot_limits(engine, &limits);
	control_set_limits(engine->ctl, &limits);
	atomic_store(&engine->reloading, false);
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

static void on_released(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;
	struct reload *r = engine->reload;

	if (!r || engine->stopping || !all_released(engine))
		return;
	engine->reload = NULL;
	put_in_force(engine, r);
	log_info("reload: done");
	reload_free(r);
}

static void release_gone(struct engine *engine, const struct reload *r)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in)
		in->retiring = new_index(engine, r, in) < 0;
	ENGINE_EACH_INSTANCE (engine, in) {
		if (in->retiring)
			instance_stop(in);
	}
}

void reload_begin(struct engine *engine, struct control_request *req)
{
	struct reload *r = req->reload;
	int err;

	if (!r || engine->stopping || engine->reload) {
		control_request_refuse(req, "not now: the daemon is being stopped or reloaded");
		return;
	}
	if (!sync_groups_same(engine->cfg, r->cfg)) {
		control_request_refuse(req,
				       "a vrrp_sync_group has changed: restart the daemon for it, "
				       "which hands over without losing a packet");
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
	release_gone(engine, r);
	if (all_released(engine)) {
		put_in_force(engine, r);
		return;
	}
	snprintf(req->note + strlen(req->note), sizeof(req->note) - strlen(req->note),
		 "; in force as soon as those removed are released: see the log");
	engine->reload_timer =
	    (struct loop_timer){.fn = on_released, .ctx = engine, .name = "reload"};
	engine->reload = r;
	req->reload = NULL;
	atomic_store(&engine->reloading, true);
}

void reload_abort(struct engine *engine)
{
	struct reload *r = engine->reload;

	if (!r)
		return;
	loop_disarm(engine->loop, &engine->reload_timer);
	destroy_speakers(r);
	reload_free(r);
	engine->reload = NULL;
}
