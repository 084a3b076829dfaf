// SPDX-License-Identifier: BSD-2-Clause
/*
 * When a silent runner is late, and when it hangs.
 * Links: user/engine/notify/runner_watch.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/mono.h"
#include "engine/notify/runner_watch.h"

static void beats_follow_the_fastest_check(void **state)
{
	(void)state;
	assert_true(runner_watch_beat(NS_PER_S) == NS_PER_S / 2);
	assert_true(runner_watch_beat(10 * NS_PER_MS) == RUNNER_BEAT_MIN_NS);
	assert_true(runner_watch_beat(INT64_MAX) == RUNNER_BEAT_MAX_NS);
}

/* Results are stale within two intervals of the check: four beats, one of which was half over. */
static void silence_is_late_then_hung(void **state)
{
	struct runner_watch watch = {.beat_ns = runner_watch_beat(NS_PER_S)};

	(void)state;
	assert_int_equal(runner_watch_step(&watch), RUNNER_LIVES);
	assert_int_equal(runner_watch_step(&watch), RUNNER_LIVES);
	assert_false(runner_watch_is_late(&watch));
	assert_int_equal(runner_watch_step(&watch), RUNNER_IS_LATE);
	assert_true(runner_watch_is_late(&watch));
	assert_int_equal(runner_watch_step(&watch), RUNNER_LIVES); /* that is told once */
	assert_int_equal(runner_watch_step(&watch), RUNNER_LIVES);
	assert_int_equal(runner_watch_step(&watch), RUNNER_IS_HUNG); /* after 3 s */
}

static void a_sign_of_life_begins_anew(void **state)
{
	struct runner_watch watch = {.beat_ns = RUNNER_BEAT_MAX_NS};

	(void)state;
	runner_watch_step(&watch);
	runner_watch_step(&watch);
	assert_false(runner_watch_heard(&watch)); /* it was not late */
	runner_watch_step(&watch);
	runner_watch_step(&watch);
	assert_int_equal(runner_watch_step(&watch), RUNNER_IS_HUNG);
	assert_true(runner_watch_heard(&watch));
	assert_false(runner_watch_is_late(&watch));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(beats_follow_the_fastest_check),
	    cmocka_unit_test(silence_is_late_then_hung),
	    cmocka_unit_test(a_sign_of_life_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
