// SPDX-License-Identifier: BSD-2-Clause
/*
 * Many random histories, and a few written ones.
 *
 * SIM_SEEDS=n runs n random histories, from SIM_FIRST (1) on. SIM_SEED=n runs only this one, with a
 * trace of all events. Up to twenty failed histories are named.
 *
 * Links: user/vrrp/vrrp_step.c user/vrrp/vrrp_names.c user/announce/announce_step.c
 * Links: tests/unit/vrrp_text.c tests/sim/sim_queue.c tests/sim/sim_kernel.c tests/sim/sim_node.c
 * Links: tests/sim/sim_world.c tests/sim/sim_router.c tests/sim/sim_trouble.c tests/sim/sim_check.c
 * Links: tests/sim/best_path.c user/announce/announce_attrs.c user/announce/epoch.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

#define SEEDS	     10000
#define MAX_FAILURES 20 /* then it stops */

#define EPOCH	     ((struct mono){100 * NS_PER_S}) /* a clock is never at 0 */

#define PACE_NS                                                                                    \
	(150 * NS_PER_MS) /* after a move or a start; then all nodes know the last takeover */
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static struct sim sim; /* too large for the stack */

/* --- random histories ------------------------------------------------------------------------*/

static bool chance(int percent)
{
	return sim_percent(&sim, percent);
}

static void make_node(struct sim_node *node, const struct vrrp_cfg *site)
{
	struct vrrp_cfg *cfg = &node->cfg;
	bool owner = node == &sim.nodes[0] && chance(5);

	*cfg = *site;
	cfg->address = sim_address(sim_index(&sim, node));
	cfg->priority = owner ? VRRP_PRIO_OWNER : (uint8_t)sim_between(&sim, 1, 254);
	if (!owner && chance(15))
		cfg->priority = 100; /* some of them equal */
	if (sim.mixed && chance(50))
		cfg->interval_ns *= 2;
	cfg->preempt = owner || (site->preempt && !chance(20)); /* RFC 9568 section 6.1 */
	cfg->start_master = cfg->preempt && chance(20);
	if (!cfg->start_master && chance(50)) /* otherwise the parser ignores it */
		cfg->preempt_delay_ns = sim_between(&sim, 0, sim.preempt_delay_ns);
	node->priority = cfg->priority;
	node->announce_cfg =
	    (struct announce_cfg){.standby = chance(30), .settle_ns = sim.settle_ns};
	node->clock_ms = chance(50) ? sim_between(&sim, -DAY_MS, DAY_MS) : 0;
	node->kernel.cfg.version = cfg->version;
	node->kernel.cfg.interval_us = (uint32_t)(cfg->interval_ns / NS_PER_US);
	if (chance(30))
		node->pending = mono_add(sim.now, sim_between(&sim, 1, sim.interval_ns));
	sim_push(&sim, (struct sim_event){
			   .at = mono_add(sim.now, sim_between(&sim, 0, 2 * sim.interval_ns)),
			   .kind = SIM_BOOT,
			   .node = (uint8_t)sim_index(&sim, node)});
	sim_push(&sim,
		 (struct sim_event){.at = mono_add(sim.now, sim_between(&sim, 0, SIM_REPORT_NS)),
				    .kind = SIM_TO_REPORT,
				    .node = (uint8_t)sim_index(&sim, node)});
}

/*
 * The common settings of all nodes. Each random number has its own statement, because the compiler
 * chooses the order within an initialiser. A node whose interval is shorter than that of the master
 * must still wait longer than one advert of the master, so mixed intervals need more than two
 * adverts.
 */
static struct vrrp_cfg make_protocol(void)
{
	static const int64_t v3_intervals[] = {10 * NS_PER_MS, 100 * NS_PER_MS, NS_PER_S};
	struct vrrp_cfg cfg = {.version = chance(40) ? 2 : 3, .vrid = 51};

	if (cfg.version == 2)
		cfg.interval_ns = sim_between(&sim, 1, 2) * NS_PER_S;
	else
		cfg.interval_ns = v3_intervals[sim_random(&sim, 3)];
	sim.mixed = cfg.version == 3 && chance(25);
	cfg.down_adverts = (uint8_t)sim_between(&sim, sim.mixed ? 3 : 2, 5);
	cfg.preempt = chance(70);
	cfg.lower_prio_no_advert = chance(20);
	cfg.higher_prio_send_advert = chance(20);
	cfg.linger_ns = sim_between(&sim, 0, cfg.interval_ns / 2);
	return cfg;
}

static struct cfg_announce announced_by(enum cfg_takeover mode)
{
	return (struct cfg_announce){.takeover = mode,
				     .community_settled = 0xfde80002u,
				     .community_escalated = 0xfde80001u,
				     .prepend = 1,
				     .med_settled = 4000000000u,
				     .med_escalated = 3000000000u};
}

/* The announcements of all nodes, and how the router chooses. */
static void make_router(void)
{
	static const enum cfg_takeover modes[] = {TAKEOVER_COMMUNITY, TAKEOVER_AS_PATH,
						  TAKEOVER_MED, TAKEOVER_NONE};

	sim.site = announced_by(modes[sim_random(&sim, 4)]);
	sim.router.preferred =
	    sim.site.takeover == TAKEOVER_COMMUNITY ? sim.site.community_escalated : 0;
	sim.router.missing_worst = chance(50);
	sim.router.oldest = chance(50);
	sim.router.knows_shutdown = chance(50);
}

static void make_site(uint64_t seed)
{
	static const int64_t calms[] = {4, 16, 64};
	struct vrrp_cfg site;

	sim = (struct sim){.chance = seed, .now = EPOCH};
	site = make_protocol();
	sim.n = (unsigned int)sim_between(&sim, 2, SIM_MAX_NODES);
	sim.interval_ns = sim.mixed ? 2 * site.interval_ns : site.interval_ns;
	sim.down_adverts = site.down_adverts;
	sim.linger_ns = site.linger_ns;
	sim.preempt_delay_ns = chance(20) ? sim_between(&sim, 1, 4 * sim.interval_ns) : 0;
	sim.delay_ns = site.interval_ns / 8;
	sim.slow_ns = 2 * site.interval_ns;
	sim.duplicated = chance(50) ? 5 : 0;
	sim.hold_ns = sim_between(&sim, 3, 12) * sim.interval_ns;
	sim.settle_ns = chance(10) ? 0 : sim_between(&sim, 1, 2) * sim.hold_ns + NS_PER_S;
	make_router();
	for (unsigned int i = 0; i < sim.n; i++)
		make_node(&sim.nodes[i], &site);
	sim.calm_ns = calms[sim_random(&sim, 3)] * sim.interval_ns;
	sim_push(&sim, (struct sim_event){.at = mono_add(sim.now, 6 * sim.interval_ns),
					  .kind = SIM_TROUBLE});
}

static void run_for(int64_t ns)
{
	sim_run(&sim, mono_add(sim.now, ns));
}

/*
 * The longest recovery: the last frozen node thaws, and the router removes the paths of dead nodes.
 * Then a node becomes MASTER, and a node of higher priority displaces it, if it preempts at once.
 */
static int64_t recovery_ns(void)
{
	int64_t freeze = 8 * sim.interval_ns;

	return (freeze > sim.hold_ns ? freeze : sim.hold_ns) + 2 * sim_down_ns(&sim) +
	       sim.preempt_delay_ns;
}

/* --- moves in a row --------------------------------------------------------------------------*/

static bool is_master(const struct sim_node *node)
{
	return node->running && node->fsm.state == VRRP_MASTER;
}

/* After this time no packet of the last move is in the network any more. */
static int64_t pace_ns(void)
{
	return PACE_NS + 2 * sim.delay_ns;
}

/* A node that has not heard the MASTER yet may take over at the moment when that one leaves. */
static bool may_take_over(const struct sim_node *node)
{
	return node->running && node->fsm.state == VRRP_BACKUP && !node->fsm.claimed &&
	       node->fsm.master_priority != 0 &&
	       mono_diff_ns(sim.now, node->state_since) > pace_ns();
}

/* The MASTER that leaves next, some time after the last move; NULL: not yet. */
static struct sim_node *next_to_go(void)
{
	int choice = sim_router_choice(&sim);
	unsigned int heirs = 0;

	if (choice < 0 || !is_master(&sim.nodes[choice]) ||
	    mono_diff_ns(sim.now, sim.last_change) <= pace_ns())
		return NULL;
	for (unsigned int i = 0; i < sim.n; i++) {
		const struct sim_node *node = &sim.nodes[i];

		if (node->running && !may_take_over(node) && (int)i != choice)
			return NULL;
		heirs += may_take_over(node);
	}
	return heirs > 0 ? &sim.nodes[choice] : NULL;
}

static struct sim_node *wait_for_next(void)
{
	struct mono until = mono_add(sim.now, 2 * pace_ns() + recovery_ns() + 4 * sim.hold_ns);
	struct sim_node *node = next_to_go();

	while (!node && !sim.failure[0] && mono_before(sim.now, until)) {
		run_for(sim_between(&sim, 1, sim.interval_ns));
		node = next_to_go();
	}
	if (!node)
		sim_fail(&sim, NULL, "nobody could take over from a MASTER for too long");
	return node;
}

/* The longest time without service: the delay of an UPDATE, and for a death also its detection. If
 * neither level nor epoch distinguishes two takeovers, the path of a dead host may stay until its
 * hold timer ends. */
static int64_t bound_ns(bool death)
{
	bool alike = sim.site.takeover == TAKEOVER_NONE ||
		     (sim.site.takeover == TAKEOVER_MED && sim.settle_ns == 0);
	int64_t found = sim_down_ns(&sim) + sim.delay_ns + 2 * SIM_LATENCY_NS;

	if (!death)
		return SIM_ROUTE_NS;
	return (alike && found < sim.hold_ns ? sim.hold_ns : found) + SIM_ROUTE_NS;
}

/* True if a running node started after that time. It may take over before it gets a report. */
static bool has_newcomer(struct mono began)
{
	for (unsigned int i = 0; i < sim.n; i++) {
		if (sim.nodes[i].running && mono_before(began, sim.nodes[i].booted))
			return true;
	}
	return false;
}

/*
 * Faults have ended, and now the masters leave one after the other, faster than paths settle. The
 * router is without the best path for the time of detection and of an UPDATE at most.
 */
static void go_in_a_row(void)
{
	struct mono began;
	int64_t away_ns;
	bool death;

	run_for(SIM_REPORT_NS + PACE_NS); /* lost reports are sent again */
	for (int n = 0; n < 5; n++) {
		struct sim_node *node = wait_for_next();

		if (!node)
			return;
		death = chance(60);
		away_ns = sim_between(&sim, sim.interval_ns, 2 * sim.hold_ns);
		sim.outage_ns = 0;
		if (death)
			sim_crash(&sim, node, away_ns);
		else if (chance(50))
			sim_stop(&sim, node, away_ns);
		else
			sim_handover(&sim, node);
		began = sim.now;
		run_for(bound_ns(true) + sim.interval_ns);
		if (!has_newcomer(began) && sim.outage_ns > bound_ns(death))
			sim_fail(&sim, node, "was missed for %lld us",
				 (long long)(sim.outage_ns / NS_PER_US));
	}
}

/* Returns the time of the recovery. A failure is in sim.failure. */
static int64_t live(uint64_t seed)
{
	struct mono healed;
	unsigned int moves;
	int64_t took_ns;
	int master;

	make_site(seed);
	sim.trace = getenv("SIM_SEED");
	run_for(200 * sim.interval_ns);
	sim_heal(&sim);
	healed = sim.now;
	run_for(recovery_ns());
	master = sim_check_settled(&sim);
	moves = sim.moves;
	run_for(sim.settle_ns + 8 * sim.interval_ns);
	if (sim_check_settled(&sim) != master || sim.moves != moves)
		sim_fail(&sim, NULL, "moves without a reason");
	if (master >= 0 && sim.paths[master].level != ANNOUNCE_SETTLED)
		sim_fail(&sim, &sim.nodes[master], "does not settle");
	took_ns = mono_diff_ns(sim.last_change, healed);
	if (!sim.failure[0])
		go_in_a_row();
	if (sim.failure[0])
		print_message("# SIM_SEED=%llu: %s\n", (unsigned long long)seed, sim.failure);
	return took_ns;
}

static void random_histories(void **state)
{
	const char *one = getenv("SIM_SEED"), *many = getenv("SIM_SEEDS");
	const char *first = getenv("SIM_FIRST");
	unsigned long from = first ? strtoul(first, NULL, 10) : 1, moves = 0, bad = 0;
	unsigned long n = many ? strtoul(many, NULL, 10) : SEEDS;
	int64_t worst = 0;

	(void)state;
	if (one) {
		live(strtoull(one, NULL, 10));
		assert_string_equal(sim.failure, "");
		return;
	}
	for (unsigned long seed = from; seed < from + n && bad < MAX_FAILURES; seed++) {
		int64_t took_ns = live(seed), percent = took_ns * 100 / recovery_ns();

		worst = percent > worst ? percent : worst;
		moves += sim.moves;
		bad += sim.failure[0] != '\0';
	}
	print_message("# seeds %lu to %lu: %lu promotions, the slowest recovery took %d %% of its "
		      "bound\n",
		      from, from + n - 1, moves, (int)worst);
	assert_int_equal(bad, 0);
	assert_true(moves > n); /* otherwise nothing has happened */
}

/* --- written histories -----------------------------------------------------------------------*/

enum deed {
	NOTHING,
	CRASH,
	KILL,
	STOP,
	STOP_UNHEARD, /* a stop whose advert of priority 0 is lost */
	HANDOVER,
	DRAIN,
	BREAK,
	PAUSE,
	FREEZE,
	DEAF, /* the master's adverts are lost */
	PART,
	NO_SESSION,
};

/* Two nodes, one second, priorities 150 and 100; node 0 is MASTER and settled. */
static void make_pair(bool preempt, uint64_t seed)
{
	struct vrrp_cfg cfg = {.version = 3,
			       .vrid = 51,
			       .down_adverts = 3,
			       .preempt = preempt,
			       .interval_ns = NS_PER_S,
			       .linger_ns = 200 * NS_PER_MS};

	sim = (struct sim){.chance = seed,
			   .now = EPOCH,
			   .n = 2,
			   .interval_ns = NS_PER_S,
			   .delay_ns = NS_PER_MS,
			   .hold_ns = 9 * NS_PER_S,
			   .settle_ns = 30 * NS_PER_S,
			   .site = announced_by(TAKEOVER_COMMUNITY),
			   .router.preferred = 0xfde80001u,
			   .down_adverts = cfg.down_adverts,
			   .linger_ns = cfg.linger_ns};
	for (unsigned int i = 0; i < 2; i++) {
		struct sim_node *node = &sim.nodes[i];

		node->cfg = cfg;
		node->cfg.address = sim_address(i);
		node->cfg.priority = node->priority = i == 0 ? 150 : 100;
		node->announce_cfg.settle_ns = sim.settle_ns;
		node->kernel.cfg.version = 3;
		node->kernel.cfg.interval_us = 1000000;
		sim_push(&sim, (struct sim_event){.at = mono_add(sim.now, i * NS_PER_S),
						  .kind = SIM_BOOT,
						  .node = (uint8_t)i});
	}
	run_for(60 * NS_PER_S);
	assert_int_equal(sim_check_settled(&sim), 0);
	assert_int_equal(sim.moves, 1);
	sim.outage_ns = 0;
}

static void do_deed(enum deed deed, int64_t for_ns)
{
	struct sim_node *node = &sim.nodes[0];

	if (deed == CRASH)
		sim_crash(&sim, node, for_ns);
	else if (deed == KILL)
		sim_kill(&sim, node, for_ns);
	else if (deed == STOP || deed == STOP_UNHEARD)
		sim_stop(&sim, node, for_ns);
	else if (deed == HANDOVER)
		sim_handover(&sim, node);
	else if (deed == DRAIN)
		sim_drain(&sim, node, for_ns);
	else if (deed == BREAK)
		sim_break(&sim, node, for_ns);
	else if (deed == PAUSE)
		sim_pause(&sim, node, for_ns);
	else if (deed == FREEZE)
		sim_freeze(&sim, node, for_ns);
	else if (deed == NO_SESSION)
		sim_reset_session(&sim, node, for_ns);
	else if (deed == DEAF || deed == PART)
		sim_cut(&sim, 0, 1, for_ns);
	if (deed == STOP_UNHEARD)
		sim_cut(&sim, 0, 1, 10 * NS_PER_MS);
	if (deed == PART)
		sim_cut(&sim, 1, 0, for_ns);
}

struct history {
	const char *why;
	enum deed deed;
	bool nopreempt;
	int for_s;
	int out_ms;	       /* the longest time without service */
	int choice_meanwhile;  /* the node of the route after five seconds; -1: any */
	int master_in_the_end; /* -1: any */
	unsigned int moves;
};

static const struct history rows[] = {
    {"nothing happens", NOTHING, false, 20, 0, 0, 0, 0},
    {"the dead host's stale path is outranked at once; it comes back and preempts", CRASH, false,
     20, 3630, 1, 0, 2},
    {"the same with nopreempt: the mastership stays", CRASH, true, 20, 3630, 1, 1, 1},
    {"a killed daemon's routes are removed at once", KILL, false, 20, 3630, 1, 0, 2},
    {"a killed daemon that is back at once starts again", KILL, false, 1, 3630, -1, 0, 2},
    {"a stop costs nothing", STOP, false, 20, 0, 1, 0, 2},
    {"also if its priority 0 is lost and the successor has the longer down time", STOP_UNHEARD,
     false, 20, 0, 1, 0, 2},
    {"a stop costs nothing", STOP, true, 20, 0, 1, 1, 1},
    {"a handover costs nothing and lasts", HANDOVER, false, 20, 0, 1, 1, 1},
    {"a drain costs nothing, and the undrained node preempts", DRAIN, false, 20, 0, 1, 0, 2},
    {"the same with nopreempt: the mastership stays", DRAIN, true, 20, 0, 1, 1, 1},
    {"a broken service costs the skew time", BREAK, false, 20, 630, 1, 0, 2},
    {"nopreempt does not keep a broken one", BREAK, true, 20, 630, 1, 1, 1},
    {"a lost session costs the skew time", NO_SESSION, false, 20, 630, 1, 0, 2},
    {"a frozen daemon serves until it is replaced, and yields without an advert", PAUSE, false, 20,
     0, 1, 1, 1},
    {"a short pause moves nothing", PAUSE, false, 2, 0, 0, 0, 0},
    {"a thawed host yields, or preempts if its engine is faster than its NIC", FREEZE, false, 20,
     3630, 1, -1, 1},
    {"adverts lost one way: both are MASTER, one gets the traffic; then the better one", DEAF,
     false, 20, 0, 1, 0, 1},
    {"lost both ways: the same, and the first one stays", PART, false, 20, 0, 1, 0, 1},
};

static void play(const struct history *h, uint64_t seed)
{
	int choice, master;

	make_pair(!h->nopreempt, seed);
	sim.moves = 0;
	run_for((int64_t)seed * 20 * NS_PER_MS); /* at any time between two adverts */
	do_deed(h->deed, h->for_s * NS_PER_S);
	run_for(5 * NS_PER_S);
	choice = sim_router_choice(&sim);
	run_for(55 * NS_PER_S);
	master = sim_check_settled(&sim);
	if (sim.failure[0] || sim.outage_ns > h->out_ms * NS_PER_MS ||
	    (h->choice_meanwhile >= 0 && choice != h->choice_meanwhile) ||
	    (h->master_in_the_end >= 0 && master != h->master_in_the_end) || sim.moves != h->moves)
		fail_msg("%s: %s; out for %lld us, meanwhile %d, in the end %d, %u moves", h->why,
			 sim.failure, (long long)(sim.outage_ns / NS_PER_US), choice, master,
			 sim.moves);
}

static void histories_on_purpose(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint64_t seed = 0; seed < 50; seed++)
			play(&rows[i], seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(histories_on_purpose),
	    cmocka_unit_test(random_histories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
