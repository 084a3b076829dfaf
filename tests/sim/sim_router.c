// SPDX-License-Identifier: BSD-2-Clause
/*
 * The router receives the nodes' routes over TCP, keeps the route of a dead host until its hold
 * timer ends, and chooses the best one (best_path.h).
 */
#include "sim.h"

/* Packets from `node` to the router keep their order, because they use TCP. */
static void push_to_router(struct sim *sim, struct sim_node *node, struct sim_event ev,
			   int64_t delay_ns)
{
	struct sim_path *path = &sim->paths[sim_index(sim, node)];

	ev.at = mono_add(sim->now, delay_ns + sim_between(sim, 20 * NS_PER_US, SIM_ROUTE_NS));
	if (mono_before(ev.at, path->in_flight))
		ev.at = path->in_flight;
	path->in_flight = ev.at;
	ev.node = (uint8_t)sim_index(sim, node);
	ev.serial = path->session;
	sim_push(sim, ev);
}

void sim_send_route(struct sim *sim, struct sim_node *node, enum announce_level level)
{
	sim_trace(sim, node, "announces itself as %s", announce_level_name(level));
	if (node->session)
		push_to_router(
		    sim, node,
		    (struct sim_event){.kind = SIM_ROUTE, .level = level, .epoch = node->epoch}, 0);
}

void sim_close_session(struct sim *sim, struct sim_node *node, int64_t delay_ns)
{
	node->session = false;
	push_to_router(sim, node, (struct sim_event){.kind = SIM_GONE}, delay_ns);
}

/* The OPEN of a new session ends the old session and removes its path. */
void sim_open_session(struct sim *sim, struct sim_node *node)
{
	unsigned int i = sim_index(sim, node);

	node->session = true;
	sim->paths[i] = (struct sim_path){.session = sim->paths[i].session + 1};
}

void sim_hear_route(struct sim *sim, const struct sim_event *ev, enum announce_level level)
{
	struct sim_path *path = &sim->paths[ev->node];
	int before;

	if (ev->serial != path->session)
		return;
	before = sim_router_choice(sim);
	path->level = level;
	path->since = sim->now;
	if (level != ANNOUNCE_NONE)
		announce_attrs(&sim->site, level, ev->epoch, &path->attrs);
	if (sim_router_choice(sim) != before)
		sim->last_change = sim->now;
	sim_trace(sim, NULL, "router: node %d is %s, traffic goes to %d", ev->node,
		  announce_level_name(level), sim_router_choice(sim));
}

/* --- the best path ---------------------------------------------------------------------------*/

static bool is_better(const struct sim *sim, const struct sim_path *a, const struct sim_path *b)
{
	struct offer one = {&a->attrs, a->since}, other = {&b->attrs, b->since};

	return best_path_is_better(&sim->router, &one, &other);
}

int sim_router_choice(const struct sim *sim)
{
	int best = -1;

	for (unsigned int i = 0; i < sim->n; i++) {
		const struct sim_path *p = &sim->paths[i];

		if (p->level == ANNOUNCE_NONE)
			continue;
		if (best < 0 || is_better(sim, p, &sim->paths[best]))
			best = (int)i;
	}
	return best;
}
