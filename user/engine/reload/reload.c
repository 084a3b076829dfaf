// SPDX-License-Identifier: BSD-2-Clause
/*
 * Puts a new configuration in force. Removed instances are released first, as at the daemon's end;
 * meanwhile the whole old configuration stays in force. Then the new one replaces it in one turn of
 * the loop. Changed and new instances follow in as many turns as necessary.
 *
 * Rejected: applying some parts at once and the rest later. If an address or a prefix moves from a
 * removed instance to another one, it would be removed after it was added.
 */
#include "engine/reload/reload.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_request.h"
#include "core/addr.h"
#include "datapath/datapath.h"
#include "engine/instance/attachment.h"
#include "engine/instance/bfd_clients.h"
#include "engine/instance/executor.h"
#include "engine/instance/found_neighbors.h"
#include "engine/instance/routes.h"
#include "engine/instance/speakers.h"
#include "engine/instance/statics.h"
#include "engine/observe/refusals.h"
#include "engine/peer/life.h"
#include "engine/peer/reports.h"
#include "engine/status/snapshot.h"
#include "engine/tracking/tracking.h"
#include "engine/tracking/traffic_watch.h"
#include "kernel/netlink.h"

/* How long a reload waits until the runner has accepted the last notifications of removed
 * instances, and how often it checks that. */
#define LAST_WORD_NS	  (2 * NS_PER_S)
#define LAST_WORD_POLL_NS (20 * NS_PER_MS)

/* --- what an instance of the old configuration becomes --- */

static unsigned int old_index(const struct engine *engine, const struct instance *in)
{
	return (unsigned int)(in->cfg - engine->cfg->instances);
}

/* Its index in the new configuration; -1: it is removed. Only valid before RELOAD_SWAP. */
static int new_index(const struct engine *engine, const struct reload *r, const struct instance *in)
{
	return r->diff->instance_now[old_index(engine, in)];
}

static void drop_gone(struct engine *engine, const struct reload *r)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		int now = new_index(engine, r, in);

		if (!r->diff->instances[now].changed)
			continue;
		routes_drop_gone(in->routes, &r->cfg->instances[now]);
		addresses_drop_gone(in->addresses, &r->cfg->instances[now]);
	}
}

/* --- replacing the configuration --- */

#define SWAP(a, b)                                                                                 \
	do {                                                                                       \
		__typeof__(a) swap_ = (a);                                                         \
		(a) = (b);                                                                         \
		(b) = swap_;                                                                       \
	} while (0)

/* Swaps the parts of the engine with those in `r`, which are freed with it. */
static void change_places(struct engine *engine, struct reload *r)
{
	struct instance *in;
	int now[HF_MAX_INSTANCES];

	ENGINE_EACH_INSTANCE (engine, in)
		now[in->index] = new_index(engine, r, in);
	check_registry_continue(&r->checks, &engine->checks, r->diff, &engine->check_ids);
	traffic_watch_stop(engine->traffic);
	traffic_watch_continue(r->traffic, engine->traffic, r->diff);
	SWAP(engine->traffic, r->traffic);
	r->asks_links = sync_groups_continue(engine, r->diff, r->groups, r->cfg->n_groups);
	fifos_continue(engine->fifos, r->fifos);
	for (unsigned int i = 0; i < r->n_speakers; i++) {
		if (r->diff->bgp[i].was >= 0)
			r->speakers[i] = engine->speakers[r->diff->bgp[i].was];
	}
	reload_take_services(engine, r);
	socket_pool_move(&r->sockets, &engine->sockets);
	SWAP(engine->sockets, r->sockets);
	SWAP(engine->checks, r->checks);
	for (unsigned int i = 0; i < RUNNER_MAX_FIFOS; i++)
		SWAP(engine->fifos[i], r->fifos[i]);
	SWAP(engine->speakers, r->speakers);
	SWAP(engine->bfd_states, r->bfd_states);
	SWAP(engine->groups, r->groups);
	SWAP(engine->services, r->services);
	r->n_groups = engine->cfg->n_groups;
	SWAP(engine->cfg, r->cfg);
	engine->config_errors = r->config_errors;
	ENGINE_EACH_INSTANCE (engine, in) {
		struct reload_instance *part = &r->instances[now[in->index]];

		part->exists = true;
		if (instance_rebind(in, &engine->cfg->instances[now[in->index]], part))
			r->asks_links = true;
	}
	statics_replace(engine, &r->static_addresses, &r->static_routes);
	reload_rebind_services(engine, r);
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
		speakers_await_sessions(engine);
	return 0;
}

/* Destroys the new speakers of a reload that is not put in force. */
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
		if (id == 0) /* a derived id is kept, because a new one would end every session */
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
	/* After the swap `r` has the old speakers. */
	for (unsigned int i = 0; i < r->cfg->n_bgp; i++) {
		if (r->diff->bgp_now[i] < 0)
			speaker_destroy(r->speakers[i], "removed from the configuration");
	}
}

/* --- new instances, addresses, interfaces --- */

/* Creates instance `i` of the configuration, if it does not exist: it is new, or an earlier reload
 * could not create it. False if it exists. */
static bool create_instance(struct engine *engine, const struct reload *r, unsigned int i)
{
	struct instance *in;

	if (r->instances[i].exists)
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
	netlink_sync(engine->nl); /* reports every link, which the new instances need */
	tracking_links_reported(engine);
	speakers_judge(engine);
	sync_groups_judge(engine); /* sync_groups_join() forgets which members have moved */
	sync_groups_join(engine);
	executor_start(engine);
}

/* Ends or begins the counting of one address. `i` counts through r->gone_vips, then r->vips. False
 * if there was nothing to do. */
static bool count_vip(struct engine *engine, struct reload *r, unsigned int i)
{
	struct counted_vip *vip = i < r->n_gone_vips ? NULL : &r->vips->all[i - r->n_gone_vips];

	if (vip && vip->vip != COUNTED_VIP_NONE)
		return false;
	if (!vip)
		datapath_remove_vip(engine->dp, &r->gone_vips[i]);
	else if (datapath_add_vip(engine->dp, &vip->address, &vip->vip) < 0 &&
		 r->n_uncounted++ == 0)
		r->uncounted = vip->address;
	return true;
}

static bool uses_interface(const struct engine *engine, uint32_t ifindex)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (in->uplinks.n > 0 ? uplinks_find(&in->uplinks, ifindex) != NULL
				      : in->ifindex == ifindex)
			return true;
	}
	return false;
}

static void release_interfaces(struct engine *engine)
{
	struct datapath_interface ifc;

	for (unsigned int i = 0; i < datapath_interfaces(engine->dp); i++) {
		datapath_interface_status(engine->dp, i, &ifc);
		if (!uses_interface(engine, ifc.ifindex) &&
		    !cfg_traffic_uses(engine->cfg, ifc.name))
			datapath_release_interface(engine->dp, ifc.ifindex);
	}
}

/* --- the reload --- */

static void swap_configurations(struct engine *engine, struct reload *r)
{
	socket_pool_sweep(engine);
	sync_groups_judge(engine); /* sync_groups_join() forgets which members have moved */
	drop_gone(engine, r);
	change_places(engine, r);
	refusals_tell_unknown(engine->refusals, engine->cfg->globals.log_unknown_vrids);
	r->asks_links |= link_delays_set(&engine->link_delays, engine->cfg);
	reconfigure_speakers(engine, r);
	bfd_clients_replace(engine, &r->bfd);
	if (r->asks_links && netlink_sync(engine->nl) == 0)
		tracking_links_reported(engine);
}

/* True if `in` is in FAULT and was not before the reload. */
static bool went_fault(const struct instance *in)
{
	return in->fsm.state == VRRP_FAULT && !in->was_fault;
}

static void finish(struct engine *engine, struct reload *r)
{
	struct status_limits limits;
	char text[IPADDR_TEXT];
	struct instance *in;

	if (r->n_uncounted > 0)
		log_warn("traffic of %s and %u more is not counted",
			 ipaddr_format(&r->uncounted, text), r->n_uncounted - 1);
	drain_judge_groups(engine);
	tracking_judge_all(engine);
	sync_groups_settle(engine, r->diff);
	ENGINE_EACH_INSTANCE (engine, in) {
		instance_settle(in); /* so that its new state is known below */
		if (went_fault(in))
			log_warn("%s: went FAULT by the reload", in->cfg->name);
	}
	runner_client_update(&engine->runner);
	if (engine->cfg->globals.fifo_states_on_reload)
		notify_states(engine);
	life_judge(engine);
	SWAP(engine->vips, r->vips);
	traffic_watch_start(engine);
	socket_pool_sweep(engine);
	release_interfaces(engine);
	reports_configure(engine);
	found_neighbors_configure(engine);
	routes_configure(engine);
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
	return reload_services_released(engine);
}

/* True if the runner has accepted the last notification of each removed instance and service, or
 * LAST_WORD_NS have passed. */
static bool all_told(struct engine *engine, struct reload *r)
{
	struct mono now = loop_now(engine->loop);
	struct instance *in;

	if (!mono_is_set(r->told_until))
		r->told_until = mono_add(now, LAST_WORD_NS);
	if (!mono_before(now, r->told_until))
		return true;
	ENGINE_EACH_INSTANCE (engine, in) {
		if (in->retiring && in->notice.due)
			return false;
	}
	return reload_services_told(engine);
}

/* Does the work of the stage for the instance at place `at` of the table. False if there was
 * nothing to do. */
static bool visit_instance(struct engine *engine, const struct reload *r, unsigned int at)
{
	struct instance *in = engine->instances[at];

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

/* Does one piece of work: `i` counts through the instances, then the services. False if there was
 * nothing to do. */
static bool visit(struct engine *engine, struct reload *r, unsigned int i)
{
	unsigned int instances =
	    r->stage == RELOAD_CREATE ? engine->cfg->n_instances : engine->n_slots;

	if (r->stage == RELOAD_COUNT)
		return count_vip(engine, r, i);
	if (r->stage == RELOAD_CREATE)
		return i < instances ? create_instance(engine, r, i)
				     : reload_create_service(engine, r, i - instances);
	return i < instances ? visit_instance(engine, r, i)
			     : reload_visit_service(engine, r, i - instances);
}

/* Does as much of the stage as *budget allows. True when the stage is complete. */
static bool work_at_stage(struct engine *engine, struct reload *r, int *budget)
{
	unsigned int services = engine->cfg->n_services;
	unsigned int n = r->stage == RELOAD_CREATE  ? engine->cfg->n_instances + services
			 : r->stage == RELOAD_COUNT ? r->n_gone_vips + r->vips->n
						    : engine->n_slots + services;
	int before = *budget;

	if (r->stage == RELOAD_AWAIT)
		return all_released(engine) && all_told(engine, r);
	if (r->stage == RELOAD_WITHDRAW || r->stage == RELOAD_WITHDRAW_AGAIN)
		return withdraw_some(engine, r, budget);
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

/* Does one turn's share of a reload. A large configuration takes many turns, so that no advert
 * waits for all of its instances. True when the reload is done. */
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
		if (r->stage != RELOAD_AWAIT)
			loop_arm(engine->loop, &engine->reload_timer, loop_now(engine->loop));
		else if (all_released(engine))
			loop_arm(engine->loop, &engine->reload_timer,
				 mono_add(loop_now(engine->loop), LAST_WORD_POLL_NS));
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
	engine->spent = r; /* the loading thread frees it, because that may take long */
	if (work(engine, r))
		log_info("reload: done");
	else
		engine->spent = NULL;
}

/* --- reporting it --- */

static void LOG_PRINTF(2, 3) note(struct control_request *req, const char *fmt, ...)
{
	size_t len = strlen(req->note);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(req->note + len, sizeof(req->note) - len, fmt, ap);
	va_end(ap);
}

static void note_changes(const struct config_diff *d, struct control_request *req)
{
	const struct {
		unsigned int n;
		const char *what;
	} others[] = {
	    {d->groups_changed, "sync groups"}, {d->services_changed, "services"},
	    {d->checks_changed, "checks"},	{d->bfds_changed, "BFD instances"},
	    {d->bgp_changed, "BGP instances"},	{d->neighbors_changed, "neighbors"},
	};

	note(req, "%u instances added, %u changed, %u removed", d->added, d->changed, d->removed);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (others[i].n > 0)
			note(req, ", %u %s changed", others[i].n, others[i].what);
	}
	if (d->globals_changed)
		note(req, ", global_defs changed");
}

static void note_faults(const struct engine *engine, struct control_request *req)
{
	const struct instance *in, *first = NULL;
	unsigned int n = 0;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (went_fault(in) && n++ == 0)
			first = in;
	}
	if (n == 1)
		note(req, "; %s went FAULT by it: holdfastctl status", first->cfg->name);
	else if (n > 1)
		note(req, "; %s and %u more went FAULT by it: holdfastctl status", first->cfg->name,
		     n - 1);
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
	note_changes(r->diff, req);
	ENGINE_EACH_INSTANCE (engine, in) {
		in->was_fault = in->fsm.state == VRRP_FAULT;
		in->retiring = new_index(engine, r, in) < 0;
		if (in->retiring)
			sync_group_leave(in);
	}
	reload_retire_services(engine, r);
	engine->reload_timer.fn = on_turn;
	engine->reload_timer.ctx = engine;
	engine->reload_timer.name = "reload";
	engine->reload = r;
	atomic_store(&engine->reloading, true);
	if (work(engine, r)) {
		note_faults(engine, req);
		return;
	}
	note(req, "; under way: the log tells when it is done");
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
	else if (r->stage <= RELOAD_CHANGE)
		destroy_gone_speakers(r);
	reload_free(r);
	engine->reload = NULL;
}
