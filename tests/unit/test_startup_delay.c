// SPDX-License-Identifier: BSD-2-Clause
/*
 * How long instances wait at the start.
 *
 * Links:
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/startup_delay.h"

static void the_longer_one_counts(void **state)
{
	static const struct {
		int64_t startup, after_boot, uptime, delay;
	} cases[] = {
	    {0, 0, 50, 0},  {7, 0, 50, 7},  {0, 60, 50, 10}, {7, 60, 50, 10}, {12, 60, 50, 12},
	    {0, 60, 60, 0}, {0, 60, 61, 0}, {3, 60, 61, 3},  {0, 60, 0, 60},  {0, 60, 1 << 30, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    startup_delay_ns(cases[i].startup, cases[i].after_boot, cases[i].uptime),
		    cases[i].delay);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_longer_one_counts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
