// SPDX-License-Identifier: BSD-2-Clause
/*
 * Rules that must hold during all troubles, and rules that must hold after them. The checks contain
 * the rules of RFC 9568 and of the design, and do not depend on the step functions.
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

/* Nanoseconds since `since`, but not more than since the world is clean. */
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

/* A MASTER that was silent longer than the down time of its peers and was replaced sends nothing.
 */
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

/* No node takes over from a MASTER that is heard and does not have a lower priority. */
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
	/* `state MASTER` at start waits for one advert. A late advert causes a short mistake. */
	if (a->cause == VRRP_CAUSE_MASTER_RESIGNED || node->cfg.start_master)
		return;
	check_needed(sim, node, preempting);
}

/* `other` serves again soon after it said priority 0 to `node`: its adverts count as late for an
 * interval, and the next one comes an interval later. */
static int64_t deaf_ns(const struct sim *sim, const struct sim_node *node,
		       const struct sim_node *other)
{
	const struct hf_inst_state *st = &node->kernel.state;
	struct ipaddr address = sim_address(sim_index(sim, other));
	int64_t since_ns = sim->now.ns - (int64_t)st->resigned_ns;

	if (ipaddr_cmp(&st->resigned, &address) != 0 ||
	    since_ns > 2 * sim->interval_ns + 2 * sim->delay_ns)
		return 0;
	return sim->interval_ns;
}

/*
 * Two masters hear each other. The one of lower priority yields when the next advert of the other
 * one, or its answer to the first advert, has arrived and the engine has woken.
 */
static void check_two_masters(struct sim *sim, const struct sim_node *a, const struct sim_node *b)
{
	int64_t bound_ns = sim->interval_ns + 2 * sim->delay_ns + 4 * SIM_LATENCY_NS;

	bound_ns += deaf_ns(sim, a, b) + deaf_ns(sim, b, a);
	if (both_lasted_ns(sim, a, b) > bound_ns)
		sim_fail(sim, a, "and node %u are both MASTER for %lld us", sim_index(sim, b),
			 (long long)(both_lasted_ns(sim, a, b) / NS_PER_US));
}

static void check_node(struct sim *sim, const struct sim_node *node)
{
	const struct vrrp_fsm *fsm = &node->fsm;
	int64_t keep_ns = sim_down_ns(sim) + 3 * sim->interval_ns / 2 + sim->linger_ns + NS_PER_MS;

	if (fsm->state == VRRP_MASTER && !fsm->claimed)
		sim_fail(sim, node, "is MASTER without a claim");
	if (fsm->claimed && fsm->state != VRRP_MASTER && fsm->state != VRRP_BACKUP)
		sim_fail(sim, node, "keeps its claim in %s", vrrp_state_name(fsm->state));
	if (fsm->claimed && fsm->state == VRRP_BACKUP &&
	    lasted_ns(sim, node->state_since) > keep_ns)
		sim_fail(sim, node, "keeps its claim for ever");
	if (node->announce.level > ANNOUNCE_STANDBY && !fsm->claimed)
		sim_fail(sim, node, "announces what it does not claim");
}

/*
 * An advert sent before its sender's priority 0, and not an interval behind it, is known to be
 * late. One that comes later still may mislead: it comes only while adverts are slow.
 */
void sim_check_heard(const struct sim *sim, struct sim_node *node, const struct sim_event *ev)
{
	int64_t behind_ns = mono_diff_ns(sim->now, node->resigned_at);

	if (ev->priority == VRRP_PRIO_STOP) {
		node->resigned_at = sim->now;
		node->resigned_sent = ev->sent;
		node->resigned_by = ev->from;
	} else if (ev->from != node->resigned_by || !mono_before(ev->sent, node->resigned_sent) ||
		   behind_ns >= ev->interval_us * NS_PER_US) {
		node->resigned_at = MONO_NEVER;
	}
}

/* A BACKUP whose master has resigned waits for the skew time alone. */
static void check_resigned(struct sim *sim, const struct sim_node *node)
{
	const struct vrrp_fsm *fsm = &node->fsm;
	struct ipaddr by = sim_address(node->resigned_by);
	int64_t skew_ns = node->cfg.version == 2 ? NS_PER_S : sim->interval_ns;
	struct mono since = node->resigned_at;

	if (!mono_is_set(since) || fsm->state != VRRP_BACKUP || fsm->leaving != VRRP_STAY ||
	    ipaddr_cmp(&fsm->master, &by) != 0)
		return;
	if (mono_before(since, node->state_since))
		since = node->state_since;
	if (lasted_ns(sim, since) > skew_ns + 4 * SIM_LATENCY_NS)
		sim_fail(sim, node, "waits for node %u, which has resigned", node->resigned_by);
}

static bool is_served(const struct sim *sim)
{
	int choice = sim_router_choice(sim);
	const struct sim_node *node = choice < 0 ? NULL : &sim->nodes[choice];

	/* The host of a paused daemon still serves. The host of a standby also has the address. */
	return node && node->up && !mono_before(sim->now, node->frozen) &&
	       !mono_before(sim->now, node->broken);
}

/*
 * A successor that is heard ends the waiting of its predecessor, by its first or its second advert.
 * The first one may arrive at the predecessor's deadline, and is then reported for a watch that has
 * been replaced. It is sent when the successor becomes MASTER, or an interval after the world is
 * clean.
 */
static void check_kept_claim(struct sim *sim, const struct sim_node *node,
			     const struct sim_node *master)
{
	int adverts = mono_before(master->state_since, sim->clean) ? 2 : 1;
	int64_t keep_ns = adverts * sim->interval_ns + sim->delay_ns + sim->linger_ns;

	keep_ns += deaf_ns(sim, node, master);
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
		check_resigned(sim, &sim->nodes[i]);
		for (unsigned int j = 0; j < i; j++) {
			if (sim->nodes[j].running)
				check_pair(sim, &sim->nodes[i], &sim->nodes[j]);
		}
	}
}

/* A node that should not be MASTER, because a node of higher priority preempts. */
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
