// SPDX-License-Identifier: BSD-2-Clause
/*
 * A router that reads nothing for a time, and one that asks for all routes again, in the real
 * engines of two nodes: see engines.h. The rules are those of engines_window.c; test_engines.c lets
 * the same happen by chance. ENGINE_WIRE=n runs only row n, with a trace.
 *
 * Links: tests/fakes/engine_fake.c tests/sim/engines_world.c tests/sim/engines_trouble.c
 * Links: tests/sim/engines_check.c tests/sim/engines_bfd.c tests/sim/engines_queue.c
 * Links: tests/sim/engines_net.c tests/sim/engines_spine.c tests/sim/engines_site.c
 * Links: tests/sim/engines_notices.c tests/sim/engines_history.c tests/sim/best_path.c
 * Links: tests/sim/engines_outage.c tests/sim/engines_wire.c tests/sim/engines_window.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/log.h"
#include "engines.h"

/* These numbers make the router read nothing for 4.1 and for 11.7 seconds. */
#define SHORT 4
#define LONG  25

static struct world world; /* too large for the stack */

static const struct {
	const char *why;
	unsigned int n;
	struct trouble troubles[4];
} rows[] = {
    {"the MASTER is asked", 1, {{TROUBLE_ASK, 0, 1, 2000}}},
    {"the BACKUP is asked, which has no route", 1, {{TROUBLE_ASK, 1, 1, 2000}}},
    {"it is asked after each move",
     4,
     {{TROUBLE_HANDOVER, 0, 1, 2000},
      {TROUBLE_ASK, 1, 1, 2000},
      {TROUBLE_HANDOVER, 1, 1, 100},
      {TROUBLE_ASK, 0, 1, 2000}}},
    {"a router reads again before the time is over",
     3,
     {{TROUBLE_SHUT, 0, SHORT, 500},
      {TROUBLE_HANDOVER, 0, 1, 1500},
      {TROUBLE_HANDOVER, 1, 1, 8000}}},
    {"it reads nothing for longer",
     3,
     {{TROUBLE_SHUT, 0, LONG, 500},
      {TROUBLE_HANDOVER, 0, 1, 1500},
      {TROUBLE_HANDOVER, 1, 1, 14000}}},
    {"it asks while it reads nothing",
     4,
     {{TROUBLE_SHUT, 0, SHORT, 500},
      {TROUBLE_HANDOVER, 0, 1, 1500},
      {TROUBLE_HANDOVER, 1, 1, 500},
      {TROUBLE_ASK, 0, 1, 8000}}},
    {"the daemon is paused meanwhile",
     4,
     {{TROUBLE_SHUT, 0, SHORT, 500},
      {TROUBLE_HANDOVER, 0, 1, 1500},
      {TROUBLE_HANDOVER, 1, 1, 1000},
      {TROUBLE_PAUSE, 0, 13, 8000}}},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void run(unsigned int row, bool trace)
{
	struct history h = {.pair = true, .n = rows[row].n, .kept = (1u << rows[row].n) - 1};

	for (unsigned int i = 0; i < h.n; i++)
		h.troubles[i] = rows[row].troubles[i];
	history_run(&world, &h, trace);
	if (world.failure[0])
		fail_msg("ENGINE_WIRE=%u, %s: %s", row, rows[row].why, world.failure);
}

static void routers_have_the_present_routes(void **state)
{
	const char *only = getenv("ENGINE_WIRE");

	(void)state;
	log_init("engines", true, only ? LOG_LV_INFO : LOG_LV_ERROR);
	if (only)
		run((unsigned int)atoi(only) % ROWS, true);
	for (unsigned int row = 0; row < ROWS && !only; row++)
		run(row, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(routers_have_the_present_routes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
