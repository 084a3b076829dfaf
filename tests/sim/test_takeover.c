// SPDX-License-Identifier: BSD-2-Clause
/*
 * Takeovers as a router sees them: histories of hosts that die, come back and take over from each
 * other faster than paths settle, with clocks that differ by days. The announcing side is the real
 * code (announce_step, announce_attrs, epochs). The router keeps the path of a dead host until its
 * hold timer ends and chooses by local preference (from the community), AS path length, origin,
 * MED, age and router id. While a takeover is escalated and all nodes know the earlier takeovers,
 * its path must be the best one at once, even if paths of dead hosts still exist.
 *
 * Links: user/announce/announce_attrs.c user/announce/announce_step.c user/announce/epoch.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "announce/announce_attrs.h"
#include "core/mono.h"

enum { NODES = 3, HISTORIES = 20000, STEPS = 30 };

#define HOLD_NS	  (9 * NS_PER_S)
#define SETTLED	  0xfde80002u
#define ESCALATED 0xfde80001u
#define START_MS  INT64_C(1800000000000)
#define DAY_MS	  (INT64_C(24) * 3600 * 1000)

struct path {
	bool there;
	struct bgp_attrs attrs;
	struct mono since, expires; /* MONO_NEVER: its host lives */
};

struct node {
	bool up;
	int64_t clock_ms; /* ahead of true time */
	uint32_t known;
	struct announce_fsm fsm;
	struct path path;
};

struct world {
	unsigned int seed;
	struct mono now;
	struct cfg_announce cfg;
	struct announce_cfg acfg;
	struct node nodes[NODES];
	int master; /* -1: none */
	bool reports, always_missing_worst;
};

static int64_t between(struct world *w, int64_t from, int64_t to)
{
	return from + (int64_t)((double)rand_r(&w->seed) / RAND_MAX * (double)(to - from));
}

static int preference(const struct path *p)
{
	int pref = 100;

	for (int i = 0; i < p->attrs.n_communities; i++)
		pref = p->attrs.communities[i] == ESCALATED ? 200 : pref;
	return pref;
}

static int64_t med_of(const struct world *w, const struct path *p)
{
	if (p->attrs.has_med)
		return p->attrs.med;
	return w->always_missing_worst ? UINT32_MAX : 0;
}

/* RFC 4271 section 9.1, as in BIRD and FRR: the older path before the lower router id. */
static bool is_better(const struct world *w, const struct path *a, const struct path *b)
{
	if (preference(a) != preference(b))
		return preference(a) > preference(b);
	if (a->attrs.prepend != b->attrs.prepend)
		return a->attrs.prepend < b->attrs.prepend;
	if (a->attrs.origin != b->attrs.origin)
		return a->attrs.origin < b->attrs.origin;
	if (med_of(w, a) != med_of(w, b))
		return med_of(w, a) < med_of(w, b);
	return mono_before(a->since, b->since);
}

static int best(const struct world *w)
{
	int best = -1;

	for (int i = 0; i < NODES; i++) {
		const struct path *p = &w->nodes[i].path;

		if (p->there && (best < 0 || is_better(w, p, &w->nodes[best].path)))
			best = i;
	}
	return best;
}

static int64_t wall_ms(const struct world *w, const struct node *n)
{
	return START_MS + w->now.ns / NS_PER_MS + n->clock_ms;
}

static void announce(struct world *w, struct node *n, uint32_t epoch)
{
	n->path = (struct path){.there = n->fsm.level != ANNOUNCE_NONE, .since = w->now};
	if (n->path.there)
		announce_attrs(&w->cfg, n->fsm.level, epoch, &n->path.attrs);
}

static void take_over(struct world *w, int i)
{
	struct node *n = &w->nodes[i];

	announce_step(&w->acfg, &n->fsm, ANNOUNCE_EV_CLAIM, w->now);
	n->known = epoch_next(n->known, wall_ms(w, n));
	announce(w, n, n->known);
	w->master = i;
	for (int k = 0; w->reports && k < NODES; k++)
		w->nodes[k].known =
		    epoch_learn(w->nodes[k].known, n->known, wall_ms(w, &w->nodes[k]));
}

/* Time passes: hold timers end, paths settle. */
static void pass(struct world *w, int64_t ns)
{
	w->now = mono_add(w->now, ns);
	for (int i = 0; i < NODES; i++) {
		struct node *n = &w->nodes[i];

		if (n->path.there && mono_is_set(n->path.expires) &&
		    !mono_before(w->now, n->path.expires))
			n->path.there = false;
		if (n->up && mono_is_set(announce_due(&n->fsm)) &&
		    !mono_before(w->now, announce_due(&n->fsm)) &&
		    announce_step(&w->acfg, &n->fsm, ANNOUNCE_EV_TIMER, w->now))
			announce(w, n, n->known);
	}
}

static void die(struct world *w, int i)
{
	struct node *n = &w->nodes[i];

	n->up = false;
	n->path.expires = mono_add(w->now, HOLD_NS);
	if (w->master == i)
		w->master = -1;
}

/* A new session replaces the path that the host left. The host has lost its knowledge. */
static void boot(struct world *w, int i)
{
	struct node *n = &w->nodes[i];

	*n = (struct node){.up = true, .clock_ms = n->clock_ms};
	announce_step(&w->acfg, &n->fsm, ANNOUNCE_EV_START, w->now);
	for (int k = 0; w->reports && k < NODES; k++)
		n->known = epoch_learn(n->known, w->nodes[k].known, wall_ms(w, n));
}

static void fail_over(struct world *w)
{
	int heirs[NODES], n = 0;

	die(w, w->master);
	pass(w, between(w, 10 * NS_PER_MS, 100 * NS_PER_MS));
	for (int i = 0; i < NODES; i++) {
		if (w->nodes[i].up)
			heirs[n++] = i;
	}
	if (n > 0)
		take_over(w, heirs[between(w, 0, n - 1)]);
}

static void step(struct world *w)
{
	/* Nodes without each other's reports distinguish takeovers by the unit of the clock. */
	pass(w, between(w, (w->reports ? 1 : EPOCH_UNIT_MS) * NS_PER_MS, 4 * NS_PER_S));
	for (int i = 0; i < NODES; i++) {
		if (!w->nodes[i].up && between(w, 0, 3) == 0)
			boot(w, i);
	}
	if (w->master >= 0) {
		fail_over(w);
		return;
	}
	for (int i = 0; i < NODES && w->master < 0; i++) {
		if (w->nodes[i].up)
			take_over(w, i);
	}
}

static struct world begin(unsigned int seed, enum cfg_takeover mode)
{
	struct world w = {.seed = seed,
			  .now = {NS_PER_S},
			  .master = -1,
			  .cfg = {.takeover = mode,
				  .community_settled = SETTLED,
				  .community_escalated = ESCALATED,
				  .prepend = 1,
				  .med_settled = 4000000000u,
				  .med_escalated = 3000000000u},
			  .acfg = {.settle_ns = HOLD_NS + NS_PER_S}};

	return w;
}

static void run(enum cfg_takeover mode, bool reports, int64_t skew_ms)
{
	for (unsigned int seed = 1; seed <= HISTORIES; seed++) {
		struct world w = begin(seed, mode);

		w.reports = reports;
		w.always_missing_worst = seed % 2;
		w.acfg.standby = seed % 3 == 0;
		for (int i = 0; i < NODES; i++) {
			w.nodes[i].clock_ms = between(&w, -skew_ms, skew_ms);
			boot(&w, i);
		}
		for (int i = 0; i < STEPS; i++) {
			step(&w);
			if (w.master >= 0 && best(&w) != w.master)
				fail_msg(
				    "mode %d, seed %u, step %d: the best path is node %d's, not "
				    "node %d's",
				    mode, seed, i, best(&w), w.master);
		}
	}
}

static void takeovers_outrank_each_other_by_the_clock_alone(void **state)
{
	(void)state;
	run(TAKEOVER_COMMUNITY, false, 0);
	run(TAKEOVER_AS_PATH, false, 0);
	run(TAKEOVER_MED, false, 0);
}

static void clocks_a_day_apart_do_not_matter_to_nodes_that_report(void **state)
{
	(void)state;
	run(TAKEOVER_COMMUNITY, true, DAY_MS);
	run(TAKEOVER_AS_PATH, true, DAY_MS);
	run(TAKEOVER_MED, true, DAY_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takeovers_outrank_each_other_by_the_clock_alone),
	    cmocka_unit_test(clocks_a_day_apart_do_not_matter_to_nodes_that_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
