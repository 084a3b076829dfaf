// SPDX-License-Identifier: BSD-2-Clause
/*
 * Troubles. Each trouble lasts until a time and ends by itself. `clean` is the time since when no
 * trouble affects adverts and the nodes that answer them.
 */
#include "sim.h"

static void disturb(struct sim *sim, struct mono until)
{
	if (mono_before(sim->clean, until))
		sim->clean = until;
}

static void prolong(struct mono *end, struct mono until)
{
	if (mono_before(*end, until))
		*end = until;
}

static void nudge(struct sim *sim, struct sim_node *node)
{
	sim_node_wake(sim, node, mono_add(sim->now, sim_between(sim, 1, SIM_LATENCY_NS)));
}

static void boot_after(struct sim *sim, struct sim_node *node, int64_t for_ns)
{
	sim_push(sim, (struct sim_event){.at = mono_add(sim->now, for_ns),
					 .kind = SIM_BOOT,
					 .node = (uint8_t)sim_index(sim, node)});
}

void sim_pause(struct sim *sim, struct sim_node *node, int64_t for_ns)
{
	prolong(&node->paused, mono_add(sim->now, for_ns));
	disturb(sim, node->paused);
	sim_trace(sim, node, "daemon pauses for %lld us", (long long)(for_ns / NS_PER_US));
}

void sim_freeze(struct sim *sim, struct sim_node *node, int64_t for_ns)
{
	prolong(&node->frozen, mono_add(sim->now, for_ns));
	disturb(sim, mono_add(node->frozen, NS_PER_MS)); /* until all waiting packets are handled */
	sim_trace(sim, node, "host freezes for %lld us", (long long)(for_ns / NS_PER_US));
}

/* The host closes the daemon's sockets, so the router knows at once. */
void sim_kill(struct sim *sim, struct sim_node *node, int64_t for_ns)
{
	if (!node->running)
		return;
	node->running = false;
	sim_close_session(sim, node, 0);
	boot_after(sim, node, for_ns);
	sim_trace(sim, node, "daemon is killed");
}

/* The router is not told: it waits for its hold timer. */
void sim_crash(struct sim *sim, struct sim_node *node, int64_t for_ns)
{
	if (!node->up)
		return;
	if (node->running)
		sim_close_session(sim, node, sim->hold_ns);
	node->up = node->running = false;
	node->kernel.queued = 0;
	boot_after(sim, node, for_ns);
	sim_trace(sim, node, "host dies");
}

void sim_stop(struct sim *sim, struct sim_node *node, int64_t for_ns)
{
	node->stop = node->running;
	node->back_ns = for_ns;
	nudge(sim, node);
	sim_trace(sim, node, "daemon is asked to stop");
}

void sim_break(struct sim *sim, struct sim_node *node, int64_t for_ns)
{
	prolong(&node->broken, mono_add(sim->now, for_ns));
	nudge(sim, node);
	sim_trace(sim, node, "service fails");
}

void sim_drain(struct sim *sim, struct sim_node *node, int64_t for_ns)
{
	prolong(&node->drained, mono_add(sim->now, for_ns));
	nudge(sim, node);
	sim_trace(sim, node, "is drained");
}

void sim_handover(struct sim *sim, struct sim_node *node)
{
	node->handover = true;
	nudge(sim, node);
	sim_trace(sim, node, "is to hand over");
}

void sim_reset_session(struct sim *sim, struct sim_node *node, int64_t for_ns)
{
	if (!node->running || !node->session)
		return;
	prolong(&node->sessionless, mono_add(sim->now, for_ns));
	sim_close_session(sim, node, 0);
	nudge(sim, node);
	sim_trace(sim, node, "loses its BGP session");
}

void sim_set_priority(struct sim *sim, struct sim_node *node, uint8_t priority)
{
	if (node->cfg.priority == VRRP_PRIO_OWNER)
		return;
	node->priority = priority;
	disturb(sim, mono_add(sim->now, SIM_LATENCY_NS));
	nudge(sim, node);
	sim_trace(sim, node, "priority becomes %d", priority);
}

/* Another member of its sync group is no longer MASTER. */
void sim_yield(struct sim *sim, struct sim_node *node)
{
	node->yield = true;
	nudge(sim, node);
	sim_trace(sim, node, "is to leave with its group");
}

void sim_reload(struct sim *sim, struct sim_node *node, const struct vrrp_cfg *cfg)
{
	node->next_cfg = *cfg;
	node->reload = true;
	node->priority = cfg->priority;
	disturb(sim, mono_add(sim->now, SIM_LATENCY_NS));
	nudge(sim, node);
	sim_trace(sim, node,
		  "reloads: priority %d, preempt %d after %lld us, %d adverts of %lld us, linger "
		  "%lld us",
		  cfg->priority, cfg->preempt, (long long)(cfg->preempt_delay_ns / NS_PER_US),
		  cfg->down_adverts, (long long)(cfg->interval_ns / NS_PER_US),
		  (long long)(cfg->linger_ns / NS_PER_US));
}

/* One to three lines of the file have changed. */
static void random_reload(struct sim *sim, struct sim_node *node)
{
	struct vrrp_cfg cfg = node->reload ? node->next_cfg : node->cfg;
	bool owner = cfg.priority == VRRP_PRIO_OWNER;

	for (int64_t n = sim_between(sim, 1, 3); n > 0; n--) {
		switch (sim_random(sim, 7)) {
		case 0:
			cfg.priority = owner ? cfg.priority : (uint8_t)sim_between(sim, 1, 254);
			break;
		case 1:
			cfg.preempt = owner || !cfg.preempt;
			break;
		case 2:
			cfg.down_adverts =
			    (uint8_t)sim_between(sim, sim->mixed ? 3 : 2, sim->down_adverts);
			break;
		case 3:
			cfg.linger_ns = sim_between(sim, 0, sim->linger_ns);
			break;
		case 4:
			cfg.preempt_delay_ns = sim_between(sim, 0, sim->preempt_delay_ns);
			break;
		case 5:
			cfg.lower_prio_no_advert = !cfg.lower_prio_no_advert;
			break;
		default:
			if (sim->mixed)
				cfg.interval_ns = sim->interval_ns / sim_between(sim, 1, 2);
			break;
		}
	}
	sim_reload(sim, node, &cfg);
}

void sim_cut(struct sim *sim, unsigned int from, unsigned int to, int64_t for_ns)
{
	prolong(&sim->cut[from][to], mono_add(sim->now, for_ns));
	disturb(sim, sim->cut[from][to]);
	sim_trace(sim, NULL, "no advert from %u reaches %u", from, to);
}

static void partition(struct sim *sim, int64_t for_ns)
{
	uint64_t side = sim_random(sim, 1u << sim->n);

	for (unsigned int i = 0; i < sim->n; i++) {
		for (unsigned int j = 0; j < sim->n; j++) {
			if ((side >> i & 1) != (side >> j & 1))
				sim_cut(sim, i, j, for_ns);
		}
	}
}

static void lose(struct sim *sim, int64_t for_ns)
{
	prolong(&sim->lossy, mono_add(sim->now, for_ns));
	disturb(sim, sim->lossy);
	sim_trace(sim, NULL, "adverts get lost");
}

static void slow_down(struct sim *sim, int64_t for_ns)
{
	prolong(&sim->slow, mono_add(sim->now, for_ns));
	disturb(sim, mono_add(sim->slow, sim->slow_ns));
	sim_trace(sim, NULL, "adverts are late and overtake each other");
}

static void network_trouble(struct sim *sim, int64_t for_ns)
{
	unsigned int from = (unsigned int)sim_random(sim, sim->n);
	unsigned int to = (unsigned int)sim_random(sim, sim->n);

	switch (sim_random(sim, 4)) {
	case 0:
		sim_cut(sim, from, to, for_ns);
		break;
	case 1:
		partition(sim, for_ns);
		break;
	case 2:
		lose(sim, for_ns);
		break;
	default:
		slow_down(sim, for_ns);
		break;
	}
}

static void node_trouble(struct sim *sim, struct sim_node *node, int64_t for_ns)
{
	switch (sim_random(sim, 12)) {
	case 0:
		sim_pause(sim, node, for_ns);
		break;
	case 1:
		sim_freeze(sim, node, for_ns);
		break;
	case 2:
		sim_kill(sim, node, for_ns);
		break;
	case 3:
		sim_crash(sim, node, for_ns);
		break;
	case 4:
		sim_stop(sim, node, for_ns);
		break;
	case 5:
		sim_break(sim, node, for_ns);
		break;
	case 6:
		sim_drain(sim, node, for_ns);
		break;
	case 7:
		sim_handover(sim, node);
		break;
	case 8:
		sim_reset_session(sim, node, for_ns);
		break;
	case 9:
		sim_yield(sim, node);
		break;
	case 10:
		random_reload(sim, node);
		break;
	default:
		sim_set_priority(sim, node, (uint8_t)sim_between(sim, 1, 254));
		break;
	}
}

/* Troubles last up to eight intervals. In some histories they overlap, in others they do not. */
void sim_trouble(struct sim *sim)
{
	int64_t for_ns = sim_between(sim, NS_PER_MS, 8 * sim->interval_ns);

	if (!sim->calm_ns)
		return;
	if (sim_percent(sim, 35))
		network_trouble(sim, for_ns);
	else
		node_trouble(sim, &sim->nodes[sim_random(sim, sim->n)], for_ns);
	sim_push(sim,
		 (struct sim_event){.at = mono_add(sim->now, sim_between(sim, 1, sim->calm_ns)),
				    .kind = SIM_TROUBLE});
}

static void end_now(struct sim *sim, struct mono *end)
{
	if (mono_before(sim->now, *end))
		*end = sim->now;
}

void sim_heal(struct sim *sim)
{
	sim->calm_ns = 0;
	end_now(sim, &sim->lossy);
	end_now(sim, &sim->slow);
	sim->clean = mono_add(sim->now, sim->slow_ns + NS_PER_MS);
	for (unsigned int i = 0; i < sim->n; i++) {
		struct sim_node *node = &sim->nodes[i];
		struct mono *ends[] = {&node->paused, &node->pending, &node->broken, &node->drained,
				       &node->sessionless};

		/* Packets for a frozen host wait. The host thaws by itself. */
		disturb(sim, mono_add(node->frozen, NS_PER_MS));
		for (unsigned int j = 0; j < sizeof(ends) / sizeof(ends[0]); j++)
			end_now(sim, ends[j]);
		for (unsigned int j = 0; j < sim->n; j++)
			end_now(sim, &sim->cut[i][j]);
		node->back_ns = 0;
		if (!node->running)
			boot_after(sim, node, 0);
		nudge(sim, node);
	}
	sim_trace(sim, NULL, "all troubles end");
}
