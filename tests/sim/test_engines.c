// SPDX-License-Identifier: BSD-2-Clause
/*
 * Random histories of the real engines of two to five nodes: see engines.h.
 *
 * ENGINE_SEEDS=n runs n histories of each kind, from ENGINE_FIRST (1) on. A history that fails is
 * shortened and printed as the variables that repeat it with a trace: ENGINE_SEED, ENGINE_ORDERS
 * or ENGINE_FAULTS, ENGINE_KEEP (one bit for each trouble) and ENGINE_PLAIN (what the site goes
 * without).
 *
 * Links: tests/fakes/engine_fake.c tests/sim/engines_world.c tests/sim/engines_trouble.c
 * Links: tests/sim/engines_check.c tests/sim/engines_bfd.c tests/sim/engines_queue.c
 * Links: tests/sim/engines_net.c tests/sim/engines_spine.c tests/sim/engines_site.c
 * Links: tests/sim/engines_notices.c tests/sim/engines_history.c tests/sim/best_path.c
 * Links: tests/sim/engines_outage.c tests/sim/engines_wire.c tests/sim/engines_window.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/log.h"
#include "engines.h"

#ifdef __SANITIZE_ADDRESS__ /* five times as slow */
#define SEEDS  100
#define ORDERS 30
#define FAULTS 30
#else
#define SEEDS  600
#define ORDERS 150
#define FAULTS 150
#endif
#define MAX_FAILURES 10

static struct world world; /* too large for the stack */

static uint64_t number(const char *name, int base, uint64_t usual)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, base) : usual;
}

/* Runs one history again, as it was printed. */
static void repeat(struct history h)
{
	h.kept = (uint32_t)number("ENGINE_KEEP", 16, h.kept);
	h.plain = (unsigned int)number("ENGINE_PLAIN", 16, 0);
	log_init("engines", true, LOG_LV_INFO);
	history_run(&world, &h, true);
	history_print(&h);
	assert_string_equal(world.failure, "");
}

/* `only`: the variable that names a single history. `usual`: the number of them without
 * ENGINE_SEEDS. */
static void run_many(struct history (*make)(uint64_t seed), const char *only, uint64_t usual)
{
	uint64_t first = number("ENGINE_FIRST", 10, 1), n = number("ENGINE_SEEDS", 10, usual);
	unsigned int failures = 0;
	int64_t slowest_ns = 0;

	if (getenv(only)) {
		repeat(make(number(only, 10, 1)));
		return;
	}
	if (getenv("ENGINE_SEED") || getenv("ENGINE_ORDERS") || getenv("ENGINE_FAULTS"))
		skip();
	log_init("engines", true, LOG_LV_ERROR);
	for (uint64_t seed = first; seed < first + n && failures < MAX_FAILURES; seed++) {
		struct history h = make(seed);

		history_run(&world, &h, false);
		if (world.slowest_ns > slowest_ns)
			slowest_ns = world.slowest_ns;
		if (!world.failure[0])
			continue;
		history_shorten(&world, &h);
		history_print(&h);
		print_error("%s=%llu: %s\n", only, (unsigned long long)seed, world.failure);
		failures++;
	}
	print_message("# the slowest recovery took %.1f s\n",
		      (double)slowest_ns / (double)NS_PER_S);
	assert_int_equal(failures, 0);
}

static void histories_by_chance_end_well(void **state)
{
	(void)state;
	run_many(history_by_chance, "ENGINE_SEED", SEEDS);
}

static void planned_moves_lose_nothing(void **state)
{
	(void)state;
	run_many(history_of_orders, "ENGINE_ORDERS", ORDERS);
}

static void faults_cost_no_more_than_their_bound(void **state)
{
	(void)state;
	run_many(history_of_faults, "ENGINE_FAULTS", FAULTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(histories_by_chance_end_well),
	    cmocka_unit_test(planned_moves_lose_nothing),
	    cmocka_unit_test(faults_cost_no_more_than_their_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
