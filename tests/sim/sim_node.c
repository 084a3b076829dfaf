// SPDX-License-Identifier: BSD-2-Clause
/*
 * The daemon of a node: a short form of its engine's turn. vrrp_step() and announce_step() make all
 * decisions.
 */
#include "sim.h"

#include "../unit/vrrp_text.h"

struct ipaddr sim_address(unsigned int index)
{
	return (struct ipaddr){
	    {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = (uint8_t)(11 + index)}};
}

void sim_node_wake(struct sim *sim, struct sim_node *node, struct mono at)
{
	if (mono_is_set(node->wake) && !mono_before(at, node->wake))
		return;
	node->wake = at;
	sim_push(sim, (struct sim_event){
			  .at = at, .kind = SIM_WAKE, .node = (uint8_t)sim_index(sim, node)});
}

/* --- actions ---------------------------------------------------------------------------------*/

static void announce(struct sim *sim, struct sim_node *node, enum announce_event_type ev)
{
	if (ev == ANNOUNCE_EV_CLAIM)
		node->epoch = node->known_epoch =
		    epoch_next(node->known_epoch, sim_wall_ms(sim, node));
	if (announce_step(&node->announce_cfg, &node->announce, ev, sim->now)) {
		sim_send_route(sim, node, node->announce.level);
		sim_send_report(sim, node);
	}
}

static void on_state(struct sim *sim, struct sim_node *node, const struct vrrp_action *a)
{
	node->state_since = sim->last_change = sim->now;
	if (a->to == VRRP_FAULT)
		announce(sim, node, ANNOUNCE_EV_FAULT);
	if (a->from == VRRP_FAULT)
		announce(sim, node, ANNOUNCE_EV_CLEARED);
	sim_send_report(sim, node);
}

static void on_stopped(struct sim *sim, struct sim_node *node)
{
	announce(sim, node, ANNOUNCE_EV_STOP);
	sim_close_session(sim, node, 0);
	node->running = false;
	sim_push(sim, (struct sim_event){.at = mono_add(sim->now, node->back_ns),
					 .kind = SIM_BOOT,
					 .node = (uint8_t)sim_index(sim, node)});
}

static void carry_out(struct sim *sim, struct sim_node *node, const struct vrrp_action *a,
		      bool preempting)
{
	switch (a->type) {
	case VRRP_ACT_CLAIM:
		node->last_advert = MONO_NEVER;
		announce(sim, node, ANNOUNCE_EV_CLAIM);
		break;
	case VRRP_ACT_RELEASE:
		announce(sim, node, ANNOUNCE_EV_RELEASE);
		break;
	case VRRP_ACT_SEND:
		sim_check_send(sim, node, a->priority);
		sim_send_advert(sim, node, a->priority);
		break;
	case VRRP_ACT_GARP:
		break;
	case VRRP_ACT_WATCH:
		sim_kernel_watch(sim, node, &a->self, a->delay_ns);
		break;
	case VRRP_ACT_STATE:
		sim_check_transition(sim, node, a, preempting);
		on_state(sim, node, a);
		break;
	case VRRP_ACT_STOPPED:
		on_stopped(sim, node);
		break;
	}
}

/* A yield that was caused by a drain ends with the drain. */
static bool is_undrained(const struct sim_node *node, const struct vrrp_event *ev)
{
	return ev->type == VRRP_EV_FAULTS && node->fsm.state == VRRP_FAULT &&
	       node->fsm.faults & ~ev->faults & VRRP_FAULT_DRAIN;
}

static void step(struct sim *sim, struct sim_node *node, struct vrrp_event ev)
{
	static const char *const names[] = {"start",	"advert",   "down",  "timer", "faults",
					    "priority", "handover", "yield", "stop",  "config"};
	bool preempting = node->cfg.preempt && (!node->fsm.yielded || is_undrained(node, &ev));
	struct vrrp_actions out;

	ev.now = sim->now;
	ev.heard.ns = (int64_t)node->kernel.state.last_rx_ns;
	ev.deadline.ns = (int64_t)node->kernel.state.deadline_ns;
	vrrp_step(&node->cfg, &node->fsm, &ev, &out);
	sim_trace(sim, node, "%s priority %d faults 0x%x: %s", names[ev.type], ev.priority,
		  ev.faults, vrrp_actions_text(&out));
	for (unsigned int i = 0; i < out.n; i++)
		carry_out(sim, node, &out.a[i], preempting);
	if (vrrp_has_successor(&node->fsm))
		announce(sim, node, ANNOUNCE_EV_LEAVE);
}

/* --- a turn ----------------------------------------------------------------------------------*/

static void hear(struct sim *sim, struct sim_node *node, const struct hf_event *ev)
{
	bool resigns = ev->type == HF_EV_ADVERT && ev->advert.priority == VRRP_PRIO_STOP;

	if (ev->generation != node->kernel.cfg.generation && !resigns)
		return;
	if (ev->type == HF_EV_MASTER_DOWN)
		step(sim, node, (struct vrrp_event){.type = VRRP_EV_MASTER_DOWN});
	else
		step(sim, node,
		     (struct vrrp_event){.type = VRRP_EV_ADVERT,
					 .arrived = {(int64_t)ev->at_ns},
					 .source = ev->advert.source,
					 .priority = ev->advert.priority,
					 .interval_ns = ev->advert.interval_us * NS_PER_US});
}

/* A lost event may have been MASTER_DOWN. So it is repeated and judged by the deadline. */
static void drain_ring(struct sim *sim, struct sim_node *node)
{
	struct sim_kernel *k = &node->kernel;

	for (unsigned int i = 0; i < k->queued; i++)
		hear(sim, node, &k->ring[i]);
	k->queued = 0;
	if (k->state.events_lost != node->lost_seen) {
		node->lost_seen = k->state.events_lost;
		step(sim, node, (struct vrrp_event){.type = VRRP_EV_MASTER_DOWN});
	}
}

static uint32_t faults_now(const struct sim *sim, const struct sim_node *node)
{
	return (mono_before(sim->now, node->pending) ? VRRP_FAULT_PENDING : 0u) |
	       (mono_before(sim->now, node->broken) ? VRRP_FAULT_TRACK : 0u) |
	       (mono_before(sim->now, node->drained) ? VRRP_FAULT_DRAIN : 0u) |
	       (node->session ? 0u : VRRP_FAULT_SESSION);
}

/* As in the engine: first the data path is changed, then the step is told. */
static void reload(struct sim *sim, struct sim_node *node)
{
	struct vrrp_cfg before = node->cfg;

	node->reload = false;
	node->resigned_at = MONO_NEVER; /* the wait shifts by what changes */
	node->cfg = node->next_cfg;
	node->kernel.cfg.interval_us = (uint32_t)(node->cfg.interval_ns / NS_PER_US);
	step(sim, node,
	     (struct vrrp_event){
		 .type = VRRP_EV_CONFIG, .before = &before, .priority = node->priority});
}

static void obey(struct sim *sim, struct sim_node *node)
{
	uint32_t faults;

	if (node->reload)
		reload(sim, node);
	if (!node->session && !mono_before(sim->now, node->sessionless)) {
		sim_open_session(sim, node);
		sim_send_route(sim, node, node->announce.level);
	}
	faults = faults_now(sim, node);
	if (faults != node->fsm.faults)
		step(sim, node, (struct vrrp_event){.type = VRRP_EV_FAULTS, .faults = faults});
	if (node->priority != node->fsm.priority)
		step(sim, node,
		     (struct vrrp_event){.type = VRRP_EV_PRIORITY, .priority = node->priority});
	if (node->handover)
		step(sim, node, (struct vrrp_event){.type = VRRP_EV_HANDOVER});
	if (node->yield)
		step(sim, node, (struct vrrp_event){.type = VRRP_EV_YIELD});
	if (node->stop)
		step(sim, node, (struct vrrp_event){.type = VRRP_EV_STOP});
	node->handover = node->yield = node->stop = false;
}

static void run_timers(struct sim *sim, struct sim_node *node)
{
	if (mono_is_due(vrrp_due(&node->fsm), sim->now))
		step(sim, node, (struct vrrp_event){.type = VRRP_EV_TIMER});
	if (mono_is_due(announce_due(&node->announce), sim->now))
		announce(sim, node, ANNOUNCE_EV_TIMER);
}

static void sleep_until_due(struct sim *sim, struct sim_node *node)
{
	struct mono next = mono_earliest(vrrp_due(&node->fsm), announce_due(&node->announce));
	const struct mono ends[] = {node->pending, node->broken, node->drained, node->sessionless};

	for (unsigned int i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (mono_before(sim->now, ends[i]))
			next = mono_earliest(next, ends[i]);
	}
	if (!mono_is_set(next))
		return;
	if (mono_before(next, sim->now))
		next = sim->now;
	sim_node_wake(sim, node, mono_add(next, sim_between(sim, 1, SIM_LATENCY_NS)));
}

void sim_node_turn(struct sim *sim, struct sim_node *node)
{
	uint64_t first = sim_random(sim, 3);

	node->wake = MONO_NEVER;
	if (mono_before(sim->now, node->paused)) {
		sim_node_wake(sim, node, node->paused);
		return;
	}
	for (uint64_t i = first; i < first + 3 && node->running; i++) {
		if (i % 3 == 0)
			drain_ring(sim, node);
		else if (i % 3 == 1)
			obey(sim, node);
		else
			run_timers(sim, node);
	}
	if (node->running)
		sleep_until_due(sim, node);
}

void sim_node_boot(struct sim *sim, struct sim_node *node)
{
	if (node->running)
		return;
	node->up = node->running = true;
	node->fsm = (struct vrrp_fsm){0};
	node->announce = (struct announce_fsm){0};
	node->epoch = node->known_epoch = 0; /* in the worst case its record is lost */
	node->last_advert = node->wake = node->resigned_at = MONO_NEVER;
	node->handover = node->yield = node->stop = false;
	if (node->reload) /* it has read the file when it starts */
		node->cfg = node->next_cfg;
	node->reload = false;
	node->kernel.cfg.interval_us = (uint32_t)(node->cfg.interval_ns / NS_PER_US);
	node->lost_seen = node->kernel.state.events_lost;
	node->kernel.queued = 0;
	node->state_since = node->booted = sim->now;
	sim_open_session(sim, node);
	announce(sim, node, ANNOUNCE_EV_START);
	step(sim, node,
	     (struct vrrp_event){.type = VRRP_EV_START,
				 .faults = faults_now(sim, node),
				 .priority = node->priority});
	sleep_until_due(sim, node);
}
