// SPDX-License-Identifier: BSD-2-Clause
/*
 * What must never happen, whatever goes wrong, and what must be true once nothing does any more.
 * The checks know the rules of RFC 9568 and of the design, not how the step functions keep them.
 */
#include "sim.h"

int64_t sim_down_ns(const struct sim *sim)
{
	int64_t skew = sim->nodes[0].cfg.version == 2 ? NS_PER_S : sim->interval_ns;

	return sim->down_adverts * sim->interval_ns + skew;
}

static bool is_master(const struct sim_node *node)
{
	return node->running && node->fsm.state == VRRP_MASTER;
}

/* Nanoseconds for which `since`, and a clean world, have lasted. */
static int64_t lasted_ns(const struct sim *sim, struct mono since)
{
	struct mono both = mono_before(since, sim->clean) ? sim->clean : since;

	return mono_diff_ns(sim->now, both);
}

/* The same for two nodes' states. */
static int64_t both_lasted_ns(const struct sim *sim, const struct sim_node *a,
			      const struct sim_node *b)
{
	struct mono later =
	    mono_before(a->state_since, b->state_since) ? b->state_since : a->state_since;

	return lasted_ns(sim, later);
}

/* A MASTER that was silent while its peers lost patience, and replaced: fenced, it says nothing. */
void sim_check_send(struct sim *sim, struct sim_node *node, uint8_t priority)
{
	struct mono heard = {(int64_t)node->kernel.state.last_rx_ns};
	int64_t patience_ns = node->cfg.down_adverts * node->cfg.interval_ns;

	if (mono_is_set(node->last_advert) && mono_before(node->last_advert, heard) &&
	    mono_diff_ns(sim->now, node->last_advert) >= patience_ns)
		sim_fail(sim, node, "sends priority %d though it was replaced", priority);
	if (priority)
		node->last_advert = sim->now;
}

/* Nobody takes over from one that is MASTER, heard and not of lower priority. */
static void check_needed(struct sim *sim, struct sim_node *node, bool preempting)
{
	for (unsigned int i = 0; i < sim->n; i++) {
		const struct sim_node *other = &sim->nodes[i];

		if (other == node || !is_master(other) ||
		    lasted_ns(sim, other->state_since) < sim_down_ns(sim) + 2 * sim->interval_ns)
			continue;
		if (!preempting || node->fsm.priority <= other->fsm.priority)
			sim_fail(sim, node, "needlessly takes over from node %u", i);
	}
}

void sim_check_transition(struct sim *sim, struct sim_node *node, const struct vrrp_action *a,
			  bool preempting)
{
	if (a->to != VRRP_MASTER)
		return;
	sim->moves++;
	if (node->fsm.faults & ~(uint32_t)VRRP_FAULT_PENDING)
		sim_fail(sim, node, "becomes MASTER though faulty (0x%x)", node->fsm.faults);
	/* `state MASTER` at start waits for one advert: a late one makes a short mistake. */
	if (a->cause == VRRP_CAUSE_MASTER_RESIGNED || node->cfg.start_master)
		return;
	check_needed(sim, node, preempting);
}

/*
 * Two masters hear each other: the lesser yields when the better one's next advert, or its answer
 * to the lesser one's first, has arrived and the engine has woken.
 */
static void check_two_masters(struct sim *sim, const struct sim_node *a, const struct sim_node *b)
{
	int64_t bound_ns = sim->interval_ns + 2 * sim->delay_ns + 4 * SIM_LATENCY_NS;

	if (both_lasted_ns(sim, a, b) > bound_ns)
		sim_fail(sim, a, "and node %u are both MASTER for %lld us", sim_index(sim, b),
			 (long long)(both_lasted_ns(sim, a, b) / NS_PER_US));
}

static void check_node(struct sim *sim, const struct sim_node *node)
{
	const struct vrrp_fsm *fsm = &node->fsm;
	int64_t keep_ns = sim_down_ns(sim) + sim->interval_ns + sim->linger_ns + NS_PER_MS;

	if (fsm->state == VRRP_MASTER && !fsm->claimed)
		sim_fail(sim, node, "is MASTER without a claim");
	if (fsm->claimed && fsm->state != VRRP_MASTER && fsm->state != VRRP_BACKUP)
		sim_fail(sim, node, "keeps its claim in %s", vrrp_state_name(fsm->state));
	if (fsm->claimed && fsm->state == VRRP_BACKUP &&
	    lasted_ns(sim, node->state_since) > keep_ns)
		sim_fail(sim, node, "keeps its claim for ever");
	if (node->announce.as > ANNOUNCE_STANDBY && !fsm->claimed)
		sim_fail(sim, node, "announces what it does not claim");
}

static bool is_served(const struct sim *sim)
{
	int choice = sim_router_choice(sim);
	const struct sim_node *node = choice < 0 ? NULL : &sim->nodes[choice];

	/* A paused daemon's host serves on; a standby's has the address, too. */
	return node && node->up && !mono_before(sim->now, node->frozen) &&
	       !mono_before(sim->now, node->broken);
}

/*
 * A successor that is heard frees its predecessor, be it by its first advert or its second: the
 * first one may meet the predecessor's deadline, and is then told under a watch that has been
 * replaced. Its first one comes when it becomes MASTER, or an interval after the world is clean.
 */
static void check_kept_claim(struct sim *sim, const struct sim_node *node,
			     const struct sim_node *master)
{
	int adverts = mono_before(master->state_since, sim->clean) ? 2 : 1;
	int64_t keep_ns = adverts * sim->interval_ns + sim->delay_ns + sim->linger_ns;

	if (node->fsm.state == VRRP_BACKUP && node->fsm.claimed &&
	    both_lasted_ns(sim, node, master) > keep_ns + 4 * SIM_LATENCY_NS)
		sim_fail(sim, node, "keeps its claim beside node %u", sim_index(sim, master));
}

static void check_pair(struct sim *sim, const struct sim_node *a, const struct sim_node *b)
{
	if (is_master(a) && is_master(b))
		check_two_masters(sim, a, b);
	else if (is_master(a))
		check_kept_claim(sim, b, a);
	else if (is_master(b))
		check_kept_claim(sim, a, b);
}

void sim_check_moment(struct sim *sim)
{
	bool served = is_served(sim);

	if (mono_is_set(sim->out))
		sim->outage_ns += mono_diff_ns(sim->now, sim->out);
	sim->out = served ? MONO_NEVER : sim->now;
	for (unsigned int i = 0; i < sim->n; i++) {
		if (!sim->nodes[i].running)
			continue;
		check_node(sim, &sim->nodes[i]);
		for (unsigned int j = 0; j < i; j++) {
			if (sim->nodes[j].running)
				check_pair(sim, &sim->nodes[i], &sim->nodes[j]);
		}
	}
}

/* The one that should not be MASTER, because a better one that preempts is there. */
static void check_election(struct sim *sim, const struct sim_node *master)
{
	for (unsigned int i = 0; i < sim->n; i++) {
		const struct sim_node *node = &sim->nodes[i];

		if (node->cfg.preempt && !node->fsm.yielded &&
		    node->fsm.priority > master->fsm.priority)
			sim_fail(sim, node, "should have preempted node %u",
				 sim_index(sim, master));
	}
}

int sim_check_settled(struct sim *sim)
{
	int master = -1;

	for (unsigned int i = 0; i < sim->n; i++) {
		const struct sim_node *node = &sim->nodes[i];

		if (!node->running)
			sim_fail(sim, node, "has not come back");
		if (is_master(node) && master >= 0)
			sim_fail(sim, node, "is a second MASTER beside node %d", master);
		if (is_master(node))
			master = (int)i;
		else if (node->fsm.state != VRRP_BACKUP || node->fsm.claimed)
			sim_fail(sim, node, "is %s, claimed %d", vrrp_state_name(node->fsm.state),
				 node->fsm.claimed);
	}
	if (master < 0)
		sim_fail(sim, NULL, "no MASTER");
	else
		check_election(sim, &sim->nodes[master]);
	if (sim_router_choice(sim) != master)
		sim_fail(sim, NULL, "traffic goes to node %d, node %d is MASTER",
			 sim_router_choice(sim), master);
	return sim->failure[0] ? -1 : master;
}
