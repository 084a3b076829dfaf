// SPDX-License-Identifier: BSD-2-Clause
/* Creates and destroys an instance: its place in the engine's table, and what it owns. */
#include <errno.h>
#include <stdlib.h>

#include "datapath/datapath.h"
#include "engine/instance/addresses.h"
#include "engine/instance/executor.h"
#include "engine/instance/flap.h"
#include "engine/instance/probes.h"
#include "engine/instance/routes.h"
#include "engine/instance/vmac.h"
#include "engine/observe/transition_log.h"
#include "engine/state.h"

#define RATE_LIMITED_PER_S 1

/* 0, -ENOSPC or -ENOMEM. */
static int take_place(struct engine *engine, struct instance *in)
{
	uint32_t at = 0, used;

	while (at < HF_MAX_INSTANCES && engine->instances[at])
		at++;
	if (at == HF_MAX_INSTANCES)
		return -ENOSPC;
	if (loop_reserve(engine->loop, INSTANCE_TIMERS) < 0)
		return -ENOMEM;
	used = engine->times_taken[at]++ % (INSTANCE_ID_MAX / HF_MAX_INSTANCES);
	in->id = used * HF_MAX_INSTANCES + at;
	in->index = at;
	engine->instances[at] = in;
	if (at >= engine->n_slots)
		engine->n_slots = at + 1;
	return 0;
}

struct vrrp_cfg instance_vrrp_cfg(const struct cfg_instance *cfg)
{
	int64_t prepare_ns = cfg->notify.before.argc > 0 ? cfg->notify.before_timeout_ns : 0;

	return (struct vrrp_cfg){
	    .version = cfg->version,
	    .vrid = cfg->vrid,
	    .priority = cfg->priority,
	    .down_adverts = cfg->down_adverts,
	    .preempt = cfg->preempt,
	    .start_master = cfg->start_master,
	    .lower_prio_no_advert = cfg->lower_prio_no_advert,
	    .higher_prio_send_advert = cfg->higher_prio_send_advert,
	    .interval_ns = cfg->interval_ns,
	    .preempt_delay_ns = cfg->preempt_delay_ns,
	    .linger_ns = prepare_ns + (cfg->announce.bgp >= 0 ? cfg->announce.linger_ns : 0),
	    .prepare_ns = prepare_ns,
	    .address = cfg->source,
	};
}

struct instance *instance_create(struct engine *engine, const struct cfg_instance *cfg)
{
	struct instance *in = calloc(1, sizeof(*in)); /* owner: the engine */
	int err;

	if (!in)
		return NULL;
	*in = (struct instance){.engine = engine, .cfg = cfg, .socket = -1, .group_socket = -1};
	uplinks_rename(&in->uplinks, cfg);
	in->event.faults = VRRP_FAULT_LINK; /* until the interface has been seen */
	inbox_join(&engine->inbox, &in->event);
	if (engine->delayed)
		inbox_pending(&in->event, PENDING_DELAY, true);
	in->send_limit = (struct log_limit)LOG_LIMIT(RATE_LIMITED_PER_S, NS_PER_S);
	in->lower_limit = (struct log_limit)LOG_LIMIT(RATE_LIMITED_PER_S, NS_PER_S);
	transition_log_init(in);
	in->vcfg = instance_vrrp_cfg(cfg);
	in->timer = (struct loop_timer){.fn = executor_on_timer, .ctx = in, .name = "vrrp timer"};
	in->addresses = addresses_create(engine, cfg); /* owner: in, then itself */
	in->routes = routes_create(engine, cfg);       /* the same */
	in->links = calloc(cfg->track.n_interfaces + 1, sizeof(*in->links)); /* owner: in */
	if (cfg->vmac.name[0])
		in->vmac = vmac_create(engine, cfg);
	err = in->addresses && in->routes && in->links && (in->vmac || !cfg->vmac.name[0])
		  ? take_place(engine, in)
		  : -ENOMEM;
	if (err < 0) {
		inbox_leave(&in->event);
		free(in->addresses);
		routes_free(in->routes);
		vmac_destroy(in->vmac);
		free(in->links);
		free(in);
		errno = -err;
		return NULL;
	}
	in->addresses->instance = in;
	in->routes->instance = in;
	if (in->vmac)
		in->vmac->instance = in;
	in->recording.engine = engine;
	announcer_init(in);
	before_master_init(in);
	flap_init(in);
	old_master_init(in);
	return in;
}

void instance_destroy(struct instance *in)
{
	move_leave(in);
	inbox_leave(&in->event);
	loop_disarm(in->engine->loop, &in->timer);
	announcer_end(in);
	before_master_end(in);
	flap_end(in);
	old_master_destroy(in);
	in->engine->instances[in->index] = NULL;
	loop_reserve(in->engine->loop, -INSTANCE_TIMERS);
	routes_destroy(in->routes);
	addresses_destroy(in->addresses);
	vmac_destroy(in->vmac);
	datapath_destroy_instance(in->datapath);
	reports_drop(in);
	probes_drop(in);
	free(in->links);
	free(in);
}
