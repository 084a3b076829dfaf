// SPDX-License-Identifier: BSD-2-Clause
/* keepalived's weights: the effect of one tracked check, and of their sum, on an instance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "health/track_rules.h"

static void one_check_counts_by_its_state_weight_and_direction(void **state)
{
	static const struct {
		enum health_state state;
		int weight;
		bool reverse;
		struct track_sum want;
	} rows[] = {
	    {HEALTH_UP, 0, false, {0}},
	    {HEALTH_DOWN, 0, false, {.fault = true}},
	    {HEALTH_UNKNOWN, 0, false, {.pending = true}}, /* wait for the first result */
	    {HEALTH_UP, 0, true, {.fault = true}},
	    {HEALTH_DOWN, 0, true, {0}},
	    {HEALTH_UP, 10, false, {.weight = 10}},
	    {HEALTH_DOWN, 10, false, {0}},
	    {HEALTH_UP, -10, false, {0}},
	    {HEALTH_DOWN, -10, false, {.weight = -10}},
	    {HEALTH_UP, 10, true, {.weight = -10}},
	    {HEALTH_DOWN, -10, true, {.weight = 10}},
	    {HEALTH_UNKNOWN, 10, false, {0}}, /* a weighted check waits for nothing */
	    {HEALTH_UNKNOWN, -10, false, {0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct track_sum sum = {0};

		track_add(&sum, rows[i].state, rows[i].weight, rows[i].reverse);
		assert_int_equal(sum.weight, rows[i].want.weight);
		assert_int_equal(sum.fault, rows[i].want.fault);
		assert_int_equal(sum.pending, rows[i].want.pending);
	}
}

static void a_file_counts_by_its_number(void **state)
{
	static const struct {
		bool known;
		int value, weight;
		bool reverse;
		struct track_sum want;
	} rows[] = {
	    {false, 0, 1, false, {.pending = true}},
	    {false, 0, 0, false, {.pending = true}},
	    {true, 0, 0, false, {0}},
	    {true, 7, 0, false, {.fault = true}},
	    {true, -7, 0, false, {.fault = true}},
	    {true, 0, 0, true, {.fault = true}},
	    {true, 7, 0, true, {0}},
	    {true, 7, 3, false, {.weight = 21}},
	    {true, 7, 3, true, {.weight = -21}},
	    {true, -7, -3, false, {.weight = 21}},
	    {true, 300, 1, false, {.weight = 253}},
	    {true, -253, 1, false, {.weight = -253}},
	    {true, -254, 1, false, {.fault = true}},
	    {true, 1, -254, false, {.fault = true}},
	    {true, 1, 254, true, {.fault = true}},
	    {true, INT32_MIN, 254, false, {.fault = true}},
	    {true, INT32_MIN, -254, false, {.weight = 253}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct track_sum sum = {0};

		track_add_file(&sum, rows[i].known, rows[i].value, rows[i].weight, rows[i].reverse);
		if (sum.weight != rows[i].want.weight || sum.fault != rows[i].want.fault ||
		    sum.pending != rows[i].want.pending)
			fail_msg("row %zu: weight %d fault %d pending %d", i, sum.weight, sum.fault,
				 sum.pending);
	}
}

static void the_effective_priority_stays_between_1_and_254(void **state)
{
	static const struct {
		int weight;
		uint8_t base, want;
	} rows[] = {
	    {0, 100, 100},   {50, 100, 150},   {-50, 100, 50},	{-253, 100, 1},
	    {253, 100, 254}, {-253, 255, 255}, {253, 255, 255}, /* an owner never changes */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct track_sum sum = {.weight = rows[i].weight};

		assert_int_equal(track_priority(&sum, rows[i].base), rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_check_counts_by_its_state_weight_and_direction),
	    cmocka_unit_test(a_file_counts_by_its_number),
	    cmocka_unit_test(the_effective_priority_stays_between_1_and_254),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
