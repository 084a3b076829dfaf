// SPDX-License-Identifier: BSD-2-Clause
/*
 * Takeover epochs: clocks that differ, stand still and jump, and epochs that are not accepted.
 * Links: user/announce/epoch.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "announce/epoch.h"

#define NOW_MS INT64_C(1800000000000)
#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define DAY    (DAY_MS / EPOCH_UNIT_MS)

static void each_takeover_is_above_the_one_before(void **state)
{
	uint32_t now = epoch_of_clock(NOW_MS), known = 0;

	(void)state;
	assert_int_equal(epoch_next(0, NOW_MS), now);
	for (uint32_t i = 0; i < 5; i++) { /* within one unit of the clock */
		known = epoch_next(known, NOW_MS);
		assert_int_equal(known, now + i);
	}
	assert_int_equal(epoch_next(known, NOW_MS + DAY_MS), now + DAY);
	/* The clock has been set back by a day. */
	assert_int_equal(epoch_next(known, NOW_MS - DAY_MS), known + 1);
}

static void the_clock_s_ends_are_safe(void **state)
{
	(void)state;
	assert_int_equal(epoch_of_clock(0), 1);
	assert_int_equal(epoch_of_clock(-NOW_MS), 1);
	assert_int_equal(epoch_of_clock(INT64_C(1) << 50), UINT32_MAX);
	assert_int_equal(epoch_next(UINT32_MAX, NOW_MS), UINT32_MAX);
}

static void another_node_s_epoch_is_learnt_if_it_can_be_one(void **state)
{
	uint32_t now = epoch_of_clock(NOW_MS);

	(void)state;
	assert_int_equal(epoch_learn(0, now + DAY, NOW_MS), now + DAY);
	assert_int_equal(epoch_next(now + DAY, NOW_MS), now + DAY + 1);
	assert_int_equal(epoch_learn(now, now - 1, NOW_MS), now); /* an older one */
	/* The MED of a router with its own value, such as 0 or 100. */
	assert_int_equal(epoch_learn(now, epoch_of_med(UINT32_MAX - 1, 0), NOW_MS), now);
	assert_int_equal(epoch_learn(now, epoch_of_med(UINT32_MAX - 1, 100), NOW_MS), now);
	assert_int_equal(epoch_learn(now, now + EPOCH_AHEAD_MAX, NOW_MS), now + EPOCH_AHEAD_MAX);
	assert_int_equal(epoch_learn(now, now + EPOCH_AHEAD_MAX + 1, NOW_MS), now);
}

static void a_med_holds_an_epoch(void **state)
{
	(void)state;
	assert_int_equal(epoch_to_med(4000000000u, 7), 3999999993u);
	assert_int_equal(epoch_of_med(4000000000u, 3999999993u), 7);
	assert_int_equal(epoch_to_med(100, 100), 0);
	assert_int_equal(epoch_to_med(100, 200), 0);
	assert_int_equal(epoch_of_med(100, 100), 0);
	assert_int_equal(epoch_of_med(100, 200), 0); /* a standby's, a settled one's */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_takeover_is_above_the_one_before),
	    cmocka_unit_test(the_clock_s_ends_are_safe),
	    cmocka_unit_test(another_node_s_epoch_is_learnt_if_it_can_be_one),
	    cmocka_unit_test(a_med_holds_an_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
