// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel half of a node: judges adverts by the shared rules, moves the deadline, runs a lazy
 * timer, records what it saw and queues what the daemon must see. It goes on while the daemon is
 * paused or dead. Once its timer has told that the master is down it stays silent until the next
 * watch, even if an advert moves the deadline after all: the daemon must cope with that.
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

	k->self = *self;
	k->generation++;
	if (self->role != VRRP_ROLE_BACKUP)
		return;
	k->state.generation = k->generation;
	k->state.deadline_ns = (uint64_t)mono_add(sim->now, delay_ns).ns;
	k->state.master = (struct ipaddr){{0}};
	k->state.down_ns = 0;
	start_timer(sim, node, mono_add(sim->now, delay_ns));
}

static void tell(struct sim *sim, struct sim_node *node, struct hf_event ev)
{
	struct sim_kernel *k = &node->kernel;

	if (k->queued == SIM_RING) {
		k->state.events_lost++;
	} else {
		ev.at_ns = (uint64_t)sim->now.ns;
		ev.generation = k->generation;
		k->ring[k->queued++] = ev;
	}
	sim_node_wake(sim, node, mono_add(sim->now, sim_between(sim, 1, SIM_LATENCY_NS)));
}

static uint64_t wait_interval_ns(const struct sim_kernel *k, uint32_t interval_us)
{
	return (uint64_t)(k->version == 3 && interval_us ? interval_us : k->own_interval_us) * 1000;
}

static void move_deadline(struct sim *sim, struct sim_node *node, uint64_t wait_ns)
{
	struct sim_kernel *k = &node->kernel;
	struct mono deadline = mono_add(sim->now, (int64_t)wait_ns);

	k->state.deadline_ns = (uint64_t)deadline.ns;
	if (mono_before(deadline, k->expiry))
		start_timer(sim, node, deadline);
}

/* Returns whether anything but the arrival is new. */
static bool record(struct sim *sim, struct sim_kernel *k, const struct sim_event *ev,
		   const struct ipaddr *source)
{
	struct hf_inst_state *st = &k->state;
	bool news = memcmp(&st->master, source, sizeof(*source)) != 0 ||
		    st->priority != ev->priority || st->interval_us != ev->interval_us;

	st->last_rx_ns = (uint64_t)sim->now.ns;
	st->master = *source;
	st->priority = ev->priority;
	st->interval_us = ev->interval_us;
	return news;
}

void sim_kernel_packet(struct sim *sim, struct sim_node *node, const struct sim_event *ev)
{
	struct sim_kernel *k = &node->kernel;
	const struct vrrp_self *self = &k->self;
	struct ipaddr source = sim_address(ev->from);
	enum vrrp_judgement j = vrrp_judge(self, ev->priority, &source);
	uint64_t interval_ns = wait_interval_ns(k, ev->interval_us);
	int news = 1;

	if (j == VRRP_RESIGNED)
		move_deadline(sim, node, vrrp_skew_ns(k->version, self->priority, interval_ns));
	else if (j != VRRP_IGNORE)
		news = record(sim, k, ev, &source);
	if (j == VRRP_REFRESH)
		move_deadline(
		    sim, node,
		    vrrp_down_ns(k->version, self->priority, self->down_adverts, interval_ns));
	if (vrrp_wakes_user(j, news))
		tell(sim, node,
		     (struct hf_event){.type = HF_EV_ADVERT,
				       .judgement = (uint8_t)j,
				       .priority = ev->priority,
				       .interval_us = ev->interval_us,
				       .source = source});
}

void sim_kernel_timer(struct sim *sim, struct sim_node *node, const struct sim_event *ev)
{
	struct sim_kernel *k = &node->kernel;
	struct mono deadline = {(int64_t)k->state.deadline_ns};

	if (ev->serial != k->timer)
		return;
	k->armed = false;
	if (k->state.generation != k->generation || k->self.role != VRRP_ROLE_BACKUP)
		return;
	if (mono_before(sim->now, deadline)) {
		start_timer(sim, node, deadline);
		return;
	}
	k->state.down_ns = (uint64_t)sim->now.ns;
	tell(sim, node,
	     (struct hf_event){.type = HF_EV_MASTER_DOWN, .deadline_ns = k->state.deadline_ns});
}
