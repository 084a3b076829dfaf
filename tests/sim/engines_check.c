// SPDX-License-Identifier: BSD-2-Clause
/*
 * The rules that must always hold, and the rules that must hold after a time without troubles.
 *
 * Safety: a route that draws traffic is announced only while the node has the address; the address
 * is removed only after the withdrawal; a node in FAULT announces nothing; a node that does not
 * serve yet announces nothing while its before_master runs; a BACKUP with BFD does not take over
 * while it is cut off; nobody takes over from a MASTER that it hears; two nodes that hear each
 * other are not both MASTER for longer than two adverts; while only operators act, each router
 * sends the traffic to a node that has the address; while one thing fails at a time, it does so
 * again soon (engines_outage.c). Liveness: after a time without troubles each virtual router has
 * one MASTER, each router sends its traffic there, no other node has the address, and the members
 * of a sync group have one state. Each router has the paths that the nodes have announced, also
 * whenever no UPDATE is on its way.
 */
#include "engine/instance/instance.h"
#include "engine/state.h"
#include "engines.h"

static bool has_address(unsigned int router)
{
	struct ipaddr address = {{[10] = 0xff, 0xff, 203, 0, 113, (uint8_t)(router + 1)}};

	return fake_holds_address(&address);
}

bool world_has_address(struct world *w, struct node *node, unsigned int router)
{
	world_enter(w, node);
	return has_address(router);
}

struct instance *world_instance(struct node *node, unsigned int router)
{
	static const char *const names[ROUTERS] = {"v1", "v2", "v3"};

	return engine_fake_instance(node->engine, names[router]);
}

int64_t world_down_ns(const struct world *w)
{
	return 4 * w->advert_ns; /* three adverts and the longest skew */
}

/* A standby path is used only if there is no other one. */
static bool draws_traffic(enum announce_level level)
{
	return level != ANNOUNCE_NONE && level != ANNOUNCE_STANDBY;
}

/* A node that claims again, without a release since, serves all the time. Its path of the earlier
 * claim may have found no room and come only now. */
static bool prepares(const struct instance *in)
{
	return before_master_waits(in) && !in->claim.holds;
}

void world_check_route(struct world *w, struct node *node, unsigned int router,
		       enum announce_level level)
{
	if (draws_traffic(level) && !has_address(router))
		world_fail(w, "%s announces %u without the address", node->name, router + 1);
	if (level == ANNOUNCE_ESCALATED && !draws_traffic(node->told[router].level) &&
	    prepares(world_instance(node, router)))
		world_fail(w, "%s announces %u before before_master has ended", node->name,
			   router + 1);
}

void world_check_removed(struct world *w, struct node *node, unsigned int router)
{
	if (draws_traffic(node->told[router].level))
		world_fail(w, "%s removes an address before the withdrawal", node->name);
}

/* --- takeovers --------------------------------------------------------------------------------*/

static bool hear_each_other(const struct world *w, const struct node *a, const struct node *b)
{
	return !world_is_silent(w, a) && !world_is_silent(w, b) && !world_is_paused(w, a) &&
	       !world_is_paused(w, b) && !a->stopping && !b->stopping;
}

static bool lasts(const struct world *w, struct mono since, int64_t ns)
{
	return mono_diff_ns(w->now, since) > ns && mono_diff_ns(w->now, w->clean) > ns;
}

static bool is_master_for(const struct world *w, struct node *node, unsigned int router, int64_t ns)
{
	const struct instance *in = node->engine ? world_instance(node, router) : NULL;

	return in && in->fsm.state == VRRP_MASTER && lasts(w, in->changed_at, ns);
}

static bool may_displace(const struct world *w, struct node *other, unsigned int router,
			 const struct instance *in)
{
	return !w->nopreempt && in->fsm.priority > world_instance(other, router)->fsm.priority;
}

/* Nobody takes over from a MASTER that it hears: only a preemption may do that. */
static void check_takeover(struct world *w, struct node *node, unsigned int router,
			   const struct instance *in)
{
	enum vrrp_cause why = in->last_cause;

	if (why != VRRP_CAUSE_MASTER_DOWN && why != VRRP_CAUSE_HOST_SILENT &&
	    why != VRRP_CAUSE_HOST_CLOSED)
		return;
	for (unsigned int i = 0; i < w->n_nodes; i++) {
		struct node *other = &w->nodes[i];

		if (why != VRRP_CAUSE_MASTER_DOWN && other->without_sbfd)
			continue; /* it no longer answers: docs/detection.md */
		if (other != node && hear_each_other(w, node, other) &&
		    is_master_for(w, other, router, world_down_ns(w) + 2 * w->advert_ns) &&
		    !may_displace(w, other, router, in))
			world_fail(w, "%s needlessly takes %u over from %s", node->name, router + 1,
				   other->name);
	}
}

static void check_masters(struct world *w, unsigned int router)
{
	struct node *one = NULL;

	for (unsigned int i = 0; i < w->n_nodes; i++) {
		struct node *node = &w->nodes[i];

		if (!is_master_for(w, node, router, 2 * w->advert_ns))
			continue;
		if (one && hear_each_other(w, one, node))
			world_fail(w, "%s and %s are both MASTER of %u", one->name, node->name,
				   router + 1);
		one = node;
	}
}

/* --- at every moment --------------------------------------------------------------------------*/

static void check_instance(struct world *w, struct node *node, unsigned int r,
			   const struct instance *in)
{
	if (draws_traffic(node->told[r].level) && !has_address(r))
		world_fail(w, "%s has removed %u before the withdrawal", node->name, r + 1);
	if (node->told[r].level != ANNOUNCE_NONE && in->fsm.state == VRRP_FAULT)
		world_fail(w, "%s announces %u in FAULT", node->name, r + 1);
	world_check_isolated(w, node, r, in);
	if (in->fsm.state == VRRP_MASTER && node->was[r] != VRRP_MASTER)
		check_takeover(w, node, r, in);
	node->was[r] = in->fsm.state;
}

void world_check_node(struct world *w, struct node *node)
{
	for (unsigned int r = 0; r < w->n_routers && node->engine; r++) {
		struct instance *in = world_instance(node, r);

		if (in)
			check_instance(w, node, r, in);
		else if (node->told[r].level != ANNOUNCE_NONE)
			world_fail(w, "%s announces %u without an instance", node->name, r + 1);
	}
}

/* The client of a virtual router behind one spine. */
static void check_served(struct world *w, unsigned int spine, unsigned int router)
{
	int choice = world_choice(w, spine, router);

	if (choice < 0) {
		world_fail(w, "spine %u has no path to %u", spine, router + 1);
		return;
	}
	if (w->spines[spine].paths[choice][router].level == ANNOUNCE_STANDBY &&
	    w->spines[spine].chooser.knows_shutdown)
		return; /* it prefers a standby to the MASTER that leaves */
	world_enter(w, &w->nodes[choice]);
	if (!has_address(router))
		world_fail(w,
			   "spine %u sends the traffic of %u to node %d, which lacks the address",
			   spine, router + 1, choice);
}

void world_check_moment(struct world *w)
{
	bool looks = mono_diff_ns(w->now, w->looked) >= w->advert_ns / 4;

	if (looks)
		w->looked = w->now;
	for (unsigned int r = 0; r < w->n_routers; r++) {
		if (looks)
			check_masters(w, r);
		for (unsigned int k = 0; w->planned && k < w->n_spines; k++)
			check_served(w, k, r);
	}
	if (w->single)
		world_check_outages(w);
}

/* --- at the end -------------------------------------------------------------------------------*/

static int check_states(struct world *w, unsigned int router)
{
	unsigned int masters = 0;
	int master = -1;

	for (unsigned int i = 0; i < w->n_nodes; i++) {
		struct instance *in = world_instance(&w->nodes[i], router);
		bool is_master = in->fsm.state == VRRP_MASTER;

		if (is_master) {
			masters++;
			master = (int)i;
		}
		world_enter(w, &w->nodes[i]);
		if (has_address(router) != is_master)
			world_fail(w, "after a calm %s is %s and %s %u", w->nodes[i].name,
				   vrrp_state_name(in->fsm.state), is_master ? "lacks" : "has",
				   router + 1);
	}
	if (masters != 1)
		world_fail(w, "after a calm %u nodes are MASTER of %u", masters, router + 1);
	return master;
}

static void check_router(struct world *w, unsigned int router)
{
	int master = check_states(w, router);

	for (unsigned int k = 0; k < w->n_spines; k++) {
		int choice = world_choice(w, k, router);

		if (choice != master)
			world_fail(w,
				   "after a calm %d is MASTER of %u and spine %u sends its "
				   "traffic to %d",
				   master, router + 1, k, choice);
	}
}

static void check_group(struct world *w)
{
	for (unsigned int i = 0; w->grouped && i < w->n_nodes; i++) {
		struct instance *first = world_instance(&w->nodes[i], 0);

		for (unsigned int r = 1; r < w->n_routers; r++) {
			struct instance *in = world_instance(&w->nodes[i], r);

			if (in->fsm.state != first->fsm.state)
				world_fail(w, "after a calm %s is %s of 1 and %s of %u",
					   w->nodes[i].name, vrrp_state_name(first->fsm.state),
					   vrrp_state_name(in->fsm.state), r + 1);
		}
	}
}

static bool all_are_back(struct world *w)
{
	for (unsigned int i = 0; i < w->n_nodes; i++) {
		struct node *node = &w->nodes[i];

		if (!node->engine)
			world_fail(w, "%s has not come back", node->name);
		for (unsigned int r = 0; node->engine && r < w->n_routers; r++) {
			if (!world_instance(node, r))
				world_fail(w, "%s lacks an instance after a calm", node->name);
		}
	}
	return !w->failure[0];
}

void world_check_calm(struct world *w)
{
	if (!all_are_back(w))
		return;
	for (unsigned int r = 0; r < w->n_routers; r++)
		check_router(w, r);
	check_group(w);
	for (unsigned int i = 0; i < w->n_nodes; i++) {
		world_check_last_notices(w, &w->nodes[i]);
		for (unsigned int k = 0; k < w->n_spines; k++)
			wire_check(w, &w->nodes[i], k);
	}
}

bool world_is_calm(struct world *w)
{
	bool calm;

	if (w->failure[0])
		return false;
	w->asks = true;
	world_check_calm(w);
	w->asks = false;
	calm = !w->failure[0];
	w->failure[0] = '\0';
	return calm;
}
