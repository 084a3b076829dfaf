// SPDX-License-Identifier: BSD-2-Clause
/*
 * Many histories by chance, and a few on purpose.
 *
 * SIM_SEEDS=n runs n random histories, from SIM_FIRST (1) on; SIM_SEED=n only that one, with a trace
 * of all that happens. Up to twenty that fail are named, not the first alone.
 *
 * Links: user/vrrp/vrrp_step.c user/vrrp/vrrp_names.c user/announce/announce_step.c
 * Links: tests/unit/vrrp_text.c tests/sim/sim_queue.c tests/sim/sim_kernel.c tests/sim/sim_node.c
 * Links: tests/sim/sim_world.c tests/sim/sim_trouble.c tests/sim/sim_check.c
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

static struct sim sim; /* too large for the stack */

/* --- by chance -------------------------------------------------------------------------------*/

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
	if (!cfg->start_master && chance(50)) /* the parser drops it else */
		cfg->preempt_delay_ns = sim_between(&sim, 0, sim.preempt_delay_ns);
	node->priority = cfg->priority;
	node->announce_cfg =
	    (struct announce_cfg){.standby = chance(30), .settle_ns = sim.settle_ns};
	node->kernel.version = cfg->version;
	node->kernel.own_interval_us = (uint32_t)(cfg->interval_ns / NS_PER_US);
	if (chance(30))
		node->pending = mono_add(sim.now, sim_between(&sim, 1, sim.interval_ns));
	sim_push(&sim, (struct sim_event){
			   .at = mono_add(sim.now, sim_between(&sim, 0, 2 * sim.interval_ns)),
			   .kind = SIM_BOOT,
			   .node = (uint8_t)sim_index(&sim, node)});
}

/*
 * What all nodes have in common. Each throw of the dice is a statement of its own: the order within
 * an initialiser is the compiler's. A node whose own interval is shorter than the master's must
 * still outwait one advert of it: no two adverts alone with mixed intervals.
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
	sim.settle_ns = chance(10) ? 0 : sim_between(&sim, 1, 2) * sim.hold_ns;
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
 * The longest way back: the last freeze thaws and the router forgets who died, then somebody is
 * MASTER, then a better one displaces it, if it does so at once.
 */
static int64_t recovery_ns(void)
{
	int64_t freeze = 8 * sim.interval_ns;

	return (freeze > sim.hold_ns ? freeze : sim.hold_ns) + 2 * sim_down_ns(&sim) +
	       sim.preempt_delay_ns;
}

/* Returns how long the way back took; what failed is in sim.failure. */
static int64_t live(uint64_t seed)
{
	struct mono healed;
	unsigned int moves;
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
	if (master >= 0 && sim.paths[master].as != ANNOUNCE_SETTLED)
		sim_fail(&sim, &sim.nodes[master], "does not settle");
	if (sim.failure[0])
		print_message("# SIM_SEED=%llu: %s\n", (unsigned long long)seed, sim.failure);
	return mono_diff_ns(sim.last_change, healed);
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
	assert_true(moves > n); /* else nothing ever happened */
}

/* --- on purpose ------------------------------------------------------------------------------*/

enum deed {
	NOTHING,
	CRASH,
	KILL,
	STOP,
	HANDOVER,
	DRAIN,
	BREAK,
	PAUSE,
	FREEZE,
	DEAF, /* the master's adverts reach nobody */
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
			   .down_adverts = cfg.down_adverts,
			   .linger_ns = cfg.linger_ns};
	for (unsigned int i = 0; i < 2; i++) {
		struct sim_node *node = &sim.nodes[i];

		node->cfg = cfg;
		node->cfg.address = sim_address(i);
		node->cfg.priority = node->priority = i == 0 ? 150 : 100;
		node->announce_cfg.settle_ns = sim.settle_ns;
		node->kernel.version = 3;
		node->kernel.own_interval_us = 1000000;
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
	else if (deed == STOP)
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
	if (deed == PART)
		sim_cut(&sim, 1, 0, for_ns);
}

struct history {
	const char *why;
	enum deed deed;
	bool nopreempt;
	int for_s;
	int out_ms;	       /* at most so long is nobody served */
	int choice_meanwhile;  /* where traffic goes five seconds into it; -1: either */
	int master_in_the_end; /* -1: either */
	unsigned int moves;
};

static const struct history rows[] = {
    {"nothing happens", NOTHING, false, 20, 0, 0, 0, 0},
    {"the dead host's stale path is outranked at once; it comes back and preempts", CRASH, false,
     20, 3630, 1, 0, 2},
    {"the same, but what moved stays moved", CRASH, true, 20, 3630, 1, 1, 1},
    {"a killed daemon's routes go at once", KILL, false, 20, 3630, 1, 0, 2},
    {"a killed daemon that is back at once starts from the beginning", KILL, false, 1, 3630, -1, 0,
     2},
    {"a stop costs nothing", STOP, false, 20, 0, 1, 0, 2},
    {"a stop costs nothing", STOP, true, 20, 0, 1, 1, 1},
    {"a handover costs nothing and lasts", HANDOVER, false, 20, 0, 1, 1, 1},
    {"a drain costs nothing, and who is undrained preempts", DRAIN, false, 20, 0, 1, 0, 2},
    {"the same, but what moved stays moved", DRAIN, true, 20, 0, 1, 1, 1},
    {"a broken service costs the skew time", BREAK, false, 20, 630, 1, 0, 2},
    {"nopreempt does not keep a broken one", BREAK, true, 20, 630, 1, 1, 1},
    {"a session lost costs the skew time", NO_SESSION, false, 20, 630, 1, 0, 2},
    {"a daemon frozen serves on until replaced, and yields in silence", PAUSE, false, 20, 0, 1, 1,
     1},
    {"a short pause moves nothing", PAUSE, false, 2, 0, 0, 0, 0},
    {"a host frozen and thawed yields, or if its engine is quicker than its NIC, preempts", FREEZE,
     false, 20, 3630, 1, -1, 1},
    {"adverts lost one way: both are MASTER, traffic has one target; then the better one", DEAF,
     false, 20, 0, 1, 0, 1},
    {"lost both ways: the same, and the first one stays", PART, false, 20, 0, 1, 0, 1},
};

static void play(const struct history *h, uint64_t seed)
{
	int choice, master;

	make_pair(!h->nopreempt, seed);
	sim.moves = 0;
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
