// SPDX-License-Identifier: BSD-2-Clause
/*
 * How long the client of a virtual router behind a spine is not served while one thing fails at a
 * time. The bound is that of the configuration: the down time, and what the takeover itself takes;
 * also the time until a dead path is dropped, if nothing outranks it, or if only the path between
 * the MASTER and the spine fails, which the nodes learn by the end of the session.
 *
 * A node serves if its host runs and is reached, and has the address. Its daemon need not run.
 * Nobody can serve behind a spine that has lost its session with the MASTER.
 */
#include "engine/instance/instance.h"
#include "engines.h"

#define TAKEOVER_NS                                                                                \
	(400 * NS_PER_MS) /* before_master, addresses, UPDATE, and a member that waits */

/* Is, or was until not long ago, a node cut off from this spine alone? */
static bool was_cut(const struct world *w, unsigned int spine)
{
	for (unsigned int i = 0; i < w->n_nodes; i++) {
		struct mono cut = w->nodes[i].sessions[spine].cut;

		if (mono_is_set(cut) && mono_diff_ns(w->now, cut) < 2 * HOLD_S * NS_PER_S)
			return true;
	}
	return false;
}

static int64_t bound_ns(const struct world *w, unsigned int spine)
{
	int64_t dead_path_ns = w->bfd ? NS_PER_S : (HOLD_S + 2) * NS_PER_S;
	bool waits = w->takeover == TAKEOVER_NONE || was_cut(w, spine);

	return world_down_ns(w) + TAKEOVER_NS + (waits ? dead_path_ns : 0);
}

static bool is_served(struct world *w, unsigned int spine, unsigned int router)
{
	int choice = world_choice(w, spine, router);
	struct node *node = choice < 0 ? NULL : &w->nodes[choice];

	if (!node || mono_before(w->now, node->frozen) || !world_reaches_spine(w, node, spine))
		return false;
	return w->spines[spine].paths[choice][router].level == ANNOUNCE_STANDBY ||
	       world_has_address(w, node, router);
}

/* Has the spine sessions with all nodes that run? */
static bool is_connected(const struct world *w, unsigned int spine)
{
	for (unsigned int i = 0; i < w->n_nodes; i++) {
		const struct node *node = &w->nodes[i];

		if (node->engine && !node->stopping && !world_is_paused(w, node) &&
		    !world_is_silent(w, node) && !node->sessions[spine].known)
			return false;
	}
	return true;
}

static void check(struct world *w, unsigned int spine, unsigned int router, bool counts)
{
	struct mono *since = &w->spines[spine].unserved[router];

	if (!counts || is_served(w, spine, router))
		*since = MONO_NEVER;
	else if (!mono_is_set(*since))
		*since = w->now;
	else if (mono_diff_ns(w->now, *since) > bound_ns(w, spine))
		world_fail(w, "spine %u has no service of %u for longer than %lld ms", spine,
			   router + 1, (long long)(bound_ns(w, spine) / NS_PER_MS));
}

void world_check_outages(struct world *w)
{
	for (unsigned int k = 0; k < w->n_spines; k++) {
		bool counts = is_connected(w, k);

		for (unsigned int r = 0; r < w->n_routers; r++)
			check(w, k, r, counts);
	}
}
