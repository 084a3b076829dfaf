// SPDX-License-Identifier: BSD-2-Clause
/*
 * The world between the nodes: a network for adverts, a router that hears their routes over TCP,
 * and time. Adverts and routes take different ways, as they do between hosts and their gateway.
 */
#include "sim.h"

/* --- adverts ---------------------------------------------------------------------------------*/

static void deliver(struct sim *sim, struct sim_node *node, unsigned int to, uint8_t priority)
{
	int64_t most = mono_before(sim->now, sim->slow) ? sim->slow_ns : sim->delay_ns;

	sim_push(sim, (struct sim_event){
			  .at = mono_add(sim->now, sim_between(sim, 20 * NS_PER_US, most)),
			  .kind = SIM_PACKET,
			  .node = (uint8_t)to,
			  .from = (uint8_t)sim_index(sim, node),
			  .priority = priority,
			  .interval_us = (uint32_t)(node->cfg.interval_ns / NS_PER_US)});
}

void sim_send_advert(struct sim *sim, struct sim_node *node, uint8_t priority)
{
	unsigned int from = sim_index(sim, node);

	for (unsigned int to = 0; to < sim->n; to++) {
		if (to == from || mono_before(sim->now, sim->cut[from][to]))
			continue;
		if (mono_before(sim->now, sim->lossy) && sim_percent(sim, 40))
			continue;
		deliver(sim, node, to, priority);
		if (sim_percent(sim, sim->duplicated))
			deliver(sim, node, to, priority);
	}
}

/* --- the router ------------------------------------------------------------------------------*/

/* What the router hears of `node` keeps its order, as TCP does. */
static void push_to_router(struct sim *sim, struct sim_node *node, struct sim_event ev,
			   int64_t delay_ns)
{
	struct sim_path *path = &sim->paths[sim_index(sim, node)];

	ev.at = mono_add(sim->now, delay_ns + sim_between(sim, 20 * NS_PER_US, 2 * NS_PER_MS));
	if (mono_before(ev.at, path->in_flight))
		ev.at = path->in_flight;
	path->in_flight = ev.at;
	ev.node = (uint8_t)sim_index(sim, node);
	ev.serial = path->session;
	sim_push(sim, ev);
}

void sim_send_route(struct sim *sim, struct sim_node *node, enum announce_as as)
{
	sim_trace(sim, node, "announces itself as %s", announce_as_name(as));
	if (node->session)
		push_to_router(sim, node, (struct sim_event){.kind = SIM_ROUTE, .as = as}, 0);
}

void sim_close_session(struct sim *sim, struct sim_node *node, int64_t delay_ns)
{
	node->session = false;
	push_to_router(sim, node, (struct sim_event){.kind = SIM_GONE}, delay_ns);
}

/* The OPEN of a new session ends the old one, and with it the path that it left. */
void sim_open_session(struct sim *sim, struct sim_node *node)
{
	unsigned int i = sim_index(sim, node);

	node->session = true;
	sim->paths[i] = (struct sim_path){.session = sim->paths[i].session + 1};
}

static void hear_route(struct sim *sim, const struct sim_event *ev, enum announce_as as)
{
	struct sim_path *path = &sim->paths[ev->node];
	int before;

	if (ev->serial != path->session)
		return;
	before = sim_router_choice(sim);
	path->as = as;
	path->since = sim->now;
	if (sim_router_choice(sim) != before)
		sim->last_change = sim->now;
	sim_trace(sim, NULL, "router: node %d is %s, traffic goes to %d", ev->node,
		  announce_as_name(as), sim_router_choice(sim));
}

/* The best preference, among equals the oldest. */
int sim_router_choice(const struct sim *sim)
{
	int best = -1;

	for (unsigned int i = 0; i < sim->n; i++) {
		const struct sim_path *p = &sim->paths[i];

		if (p->as == ANNOUNCE_NONE)
			continue;
		if (best < 0 || p->as > sim->paths[best].as ||
		    (p->as == sim->paths[best].as && mono_before(p->since, sim->paths[best].since)))
			best = (int)i;
	}
	return best;
}

/* --- time ------------------------------------------------------------------------------------*/

static void dispatch(struct sim *sim, const struct sim_event *ev)
{
	struct sim_node *node = &sim->nodes[ev->node];

	switch (ev->kind) {
	case SIM_PACKET:
		if (node->up)
			sim_kernel_packet(sim, node, ev);
		break;
	case SIM_KERNEL_TIMER:
		if (node->up)
			sim_kernel_timer(sim, node, ev);
		break;
	case SIM_WAKE:
		if (node->running && node->wake.ns == ev->at.ns)
			sim_node_turn(sim, node);
		break;
	case SIM_BOOT:
		sim_node_boot(sim, node);
		break;
	case SIM_ROUTE:
		hear_route(sim, ev, ev->as);
		break;
	case SIM_GONE:
		hear_route(sim, ev, ANNOUNCE_NONE);
		break;
	case SIM_TROUBLE:
		sim_trouble(sim);
		break;
	}
}

/* A frozen host finds all that came meanwhile when it thaws, its timers among it. */
static bool is_frozen(struct sim *sim, struct sim_event ev)
{
	struct sim_node *node = &sim->nodes[ev.node];

	if (ev.kind > SIM_WAKE || !mono_before(sim->now, node->frozen))
		return false;
	if (ev.kind == SIM_WAKE && node->wake.ns != ev.at.ns)
		return true; /* stale */
	ev.at = mono_add(node->frozen, sim_between(sim, 0, 200 * NS_PER_US));
	if (ev.kind == SIM_WAKE)
		node->wake = ev.at;
	sim_push(sim, ev);
	return true;
}

void sim_run(struct sim *sim, struct mono until)
{
	struct sim_event ev;

	sim_check_moment(sim); /* what the caller has done counts from now on */
	while (!sim->failure[0] && sim->queued && !mono_before(until, sim->queue[0].at)) {
		sim_pop(sim, &ev);
		sim->now = ev.at;
		if (is_frozen(sim, ev))
			continue;
		dispatch(sim, &ev);
		sim_check_moment(sim);
	}
	sim->now = until;
	sim_check_moment(sim);
}
