// SPDX-License-Identifier: BSD-2-Clause
/*
 * All sequences of up to ENGINE_LENGTH (3) of the ten commonest events, in the real engines of two
 * nodes: see engines.h. test_engines.c finds by chance what needs more. ENGINE_BEGINS=digits runs
 * those that begin so, ENGINE_SEQUENCE=digits only this one, with a trace.
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
#include <string.h>

#include <cmocka.h>

#include "core/log.h"
#include "engines.h"

#define LENGTH	     3
#define LONGEST	     9
#define MAX_FAILURES 10

static struct world world; /* too large for the stack */

static bool is_good(const char *digits, bool trace)
{
	struct history h = history_of_sequence(digits);

	history_run(&world, &h, trace);
	if (world.failure[0])
		print_error("ENGINE_SEQUENCE=%s: %s\n", digits, world.failure);
	return !world.failure[0];
}

static void all_short_sequences_end_well(void **state)
{
	const char *only = getenv("ENGINE_SEQUENCE"), *given = getenv("ENGINE_LENGTH");
	const char *begins = getenv("ENGINE_BEGINS") ? getenv("ENGINE_BEGINS") : "";
	unsigned int length = given ? (unsigned int)atoi(given) : LENGTH, failures = 0;
	char digits[LONGEST + 1] = "";

	(void)state;
	log_init("engines", true, only ? LOG_LV_INFO : LOG_LV_ERROR);
	if (only) {
		assert_true(is_good(only, true));
		return;
	}
	assert_true(length <= LONGEST);
	for (unsigned int n = 0, limit = 1; n <= length; n++, limit *= 10) {
		for (unsigned int i = 0; i < limit && failures < MAX_FAILURES; i++) {
			if (n > 0)
				snprintf(digits, sizeof(digits), "%0*u", (int)n, i);
			if (strncmp(digits, begins, strlen(begins)) == 0)
				failures += !is_good(digits, false);
		}
	}
	assert_int_equal(failures, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(all_short_sequences_end_well)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
