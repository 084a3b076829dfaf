// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel half of a node by include/vrrp_watch.h, with a lazy timer and a ring of events. It
 * works while the daemon is paused or dead. After its timer has reported that the master is down,
 * it reports nothing until the next watch, even if an advert moves the deadline. The daemon must
 * tolerate this.
 */
#include <string.h>

#include "sim.h"

static void start_timer(struct sim *sim, struct sim_node *node, struct mono at)
{
	struct sim_kernel *k = &node->kernel;

	k->armed = true;
	k->expiry = at;
	sim_push(sim, (struct sim_event){.at = at,
					 .kind = SIM_KERNEL_TIMER,
					 .node = (uint8_t)sim_index(sim, node),
					 .serial = ++k->timer});
}

void sim_kernel_watch(struct sim *sim, struct sim_node *node, const struct vrrp_self *self,
		      int64_t delay_ns)
{
	struct sim_kernel *k = &node->kernel;

	k->cfg.role = self->role;
	k->cfg.priority = self->priority;
	k->cfg.preempt = self->preempt;
	k->cfg.down_adverts = self->down_adverts;
	k->cfg.address = self->address;
	k->cfg.generation++;
	if (self->role != VRRP_ROLE_BACKUP)
		return;
	vrrp_watch_begin(&k->state, k->cfg.generation);
	k->state.deadline_ns = (uint64_t)mono_add(sim->now, delay_ns).ns;
	start_timer(sim, node, mono_add(sim->now, delay_ns));
}

static void tell(struct sim *sim, struct sim_node *node, const struct hf_event *ev)
{
	struct sim_kernel *k = &node->kernel;

	if (k->queued == SIM_RING) {
		k->state.events_lost++;
		node->resigned_at = MONO_NEVER; /* of what is lost only a deadline is found again */
	} else {
		k->ring[k->queued++] = *ev;
	}
	sim_node_wake(sim, node, mono_add(sim->now, sim_between(sim, 1, SIM_LATENCY_NS)));
}

static void move_deadline(struct sim *sim, struct sim_node *node, uint64_t deadline_ns)
{
	struct sim_kernel *k = &node->kernel;
	struct mono deadline = {(int64_t)deadline_ns};

	k->state.deadline_ns = deadline_ns;
	if (mono_before(deadline, k->expiry))
		start_timer(sim, node, deadline);
}

void sim_kernel_packet(struct sim *sim, struct sim_node *node, const struct sim_event *ev)
{
	struct sim_kernel *k = &node->kernel;
	struct ipaddr source = sim_address(ev->from);
	/* Version 2 refuses another interval. Here such an advert counts with our interval. */
	struct vrrp_heard heard = {.priority = ev->priority,
				   .interval_us = k->cfg.version == 3 && ev->interval_us
						      ? ev->interval_us
						      : k->cfg.interval_us};
	uint64_t now_ns = (uint64_t)sim->now.ns;
	struct vrrp_watch_orders orders;
	struct hf_event told;

	if (k->cfg.role == VRRP_ROLE_OFF)
		return;
	sim_check_heard(sim, node, ev);
	vrrp_watch_advert(&k->state, &k->cfg, &source, &heard, now_ns, &orders);
	if (orders.move_deadline)
		move_deadline(sim, node, orders.deadline_ns);
	if (!orders.tell_advert)
		return;
	told = vrrp_event_advert(0, &k->cfg, &k->state, &source, &heard, orders.judgement, now_ns);
	tell(sim, node, &told);
}

void sim_kernel_timer(struct sim *sim, struct sim_node *node, const struct sim_event *ev)
{
	struct sim_kernel *k = &node->kernel;
	uint64_t now_ns = (uint64_t)sim->now.ns;
	struct hf_event told;
	int64_t left_ns;

	if (ev->serial != k->timer)
		return;
	k->armed = false;
	if (k->state.generation != k->cfg.generation || k->cfg.role != VRRP_ROLE_BACKUP)
		return;
	left_ns =
	    vrrp_watch_left_ns(k->state.deadline_ns, (uint64_t)k->expiry.ns, now_ns, &k->grace);
	if (left_ns > 0) {
		start_timer(sim, node, mono_add(sim->now, left_ns));
		return;
	}
	k->state.down_ns = now_ns;
	told = vrrp_event_master_down(0, &k->cfg, &k->state, k->state.deadline_ns, now_ns);
	tell(sim, node, &told);
}
