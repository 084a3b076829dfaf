// SPDX-License-Identifier: BSD-2-Clause
/*
 * The world between the nodes: a network for adverts and reports, and time. Adverts and routes have
 * different paths, as between hosts and their gateway.
 */
#include "sim.h"

#define WALL_MS		   INT64_C(1800000000000) /* the begin of a history */
#define THAW_NS		   (200 * NS_PER_US)	  /* by then a thawed host has read everything */
#define SIM_REPORT_LATE_NS (10 * NS_PER_MS)	  /* the largest delay of a report */

/* --- adverts ---------------------------------------------------------------------------------*/

static void deliver(struct sim *sim, struct sim_node *node, unsigned int to, uint8_t priority)
{
	int64_t most = mono_before(sim->now, sim->slow) ? sim->slow_ns : sim->delay_ns;
	struct mono at = mono_add(sim->now, sim_between(sim, 20 * NS_PER_US, most));

	sim_push(sim,
		 (struct sim_event){.at = at,
				    .kind = SIM_PACKET,
				    .node = (uint8_t)to,
				    .from = (uint8_t)sim_index(sim, node),
				    .priority = priority,
				    .sent = sim->now,
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

/* --- peer reports ----------------------------------------------------------------------------*/

int64_t sim_wall_ms(const struct sim *sim, const struct sim_node *node)
{
	return WALL_MS + sim->now.ns / NS_PER_MS + node->clock_ms;
}

/* Reports are sent once a second and at each change. They have the same troubles as adverts. */
void sim_send_report(struct sim *sim, struct sim_node *node)
{
	unsigned int from = sim_index(sim, node);

	for (unsigned int to = 0; to < sim->n; to++) {
		if (to == from || mono_before(sim->now, sim->cut[from][to]) ||
		    (mono_before(sim->now, sim->lossy) && sim_percent(sim, 40)))
			continue;
		sim_push(sim, (struct sim_event){
				  .at = mono_add(sim->now, sim_between(sim, 20 * NS_PER_US,
								       SIM_REPORT_LATE_NS)),
				  .kind = SIM_REPORT,
				  .node = (uint8_t)to,
				  .epoch = node->known_epoch});
	}
}

/* A node that knows a later takeover than the sender of a report answers at once. */
static void hear_report(struct sim *sim, struct sim_node *node, uint32_t epoch)
{
	if (!node->running)
		return;
	if (epoch < node->known_epoch)
		sim_send_report(sim, node);
	node->known_epoch = epoch_learn(node->known_epoch, epoch, sim_wall_ms(sim, node));
}

static void report_again(struct sim *sim, struct sim_node *node)
{
	if (node->running && !mono_before(sim->now, node->paused) &&
	    !mono_before(sim->now, node->frozen))
		sim_send_report(sim, node);
	sim_push(sim, (struct sim_event){.at = mono_add(sim->now, SIM_REPORT_NS),
					 .kind = SIM_TO_REPORT,
					 .node = (uint8_t)sim_index(sim, node)});
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
	case SIM_REPORT:
		hear_report(sim, node, ev->epoch);
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
		sim_hear_route(sim, ev, ev->level);
		break;
	case SIM_GONE:
		sim_hear_route(sim, ev, ANNOUNCE_NONE);
		break;
	case SIM_TO_REPORT:
		report_again(sim, node);
		break;
	case SIM_TROUBLE:
		sim_trouble(sim);
		break;
	}
}

/* A host that thaws finds all packets and timers of the time in which it was frozen. It reads the
 * packets in their order, at one time. */
static bool is_frozen(struct sim *sim, struct sim_event ev)
{
	struct sim_node *node = &sim->nodes[ev.node];
	int64_t read_ns = node->frozen.ns % THAW_NS;

	if (ev.kind > SIM_WAKE || !mono_before(sim->now, node->frozen))
		return false;
	if (ev.kind == SIM_WAKE && node->wake.ns != ev.at.ns)
		return true; /* stale */
	if (ev.kind != SIM_PACKET)
		read_ns = sim_between(sim, 0, THAW_NS);
	ev.at = mono_add(node->frozen, read_ns);
	if (ev.kind == SIM_WAKE)
		node->wake = ev.at;
	sim_push(sim, ev);
	return true;
}

void sim_run(struct sim *sim, struct mono until)
{
	struct sim_event ev;

	sim_check_moment(sim); /* the caller's changes are checked from now on */
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
