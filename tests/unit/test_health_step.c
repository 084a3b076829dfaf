// SPDX-License-Identifier: BSD-2-Clause
/*
 * Rise and fall, from the first result to the n-th.
 * Links: user/health/health_step.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "health/health_step.h"

static const struct {
	const char *why;
	struct health_cfg cfg;
	const char *results; /* '+': success, '-': failure */
	const char *states;  /* after each: U unknown, u UP, d DOWN */
} rows[] = {
    {"the first success decides alone", {3, 3, false}, "+", "u"},
    {"the first failure decides alone", {3, 3, false}, "-", "d"},
    {"with 1 and 1 every result counts", {1, 1, false}, "+-+-", "udud"},
    {"fall 3 takes three in a row", {1, 3, false}, "+---", "uuud"},
    {"a success between starts the count again", {1, 3, false}, "+--+--+---", "uuuuuuuuud"},
    {"rise 2 takes two in a row", {2, 1, false}, "-++", "ddu"},
    {"a failure between starts the count again", {3, 1, false}, "-++-++-+++", "dddddddddu"},
    {"init_fail starts DOWN and takes rise", {2, 3, true}, "++", "du"},
    {"init_fail: the first failure changes nothing", {2, 1, true}, "-+-++", "ddddu"},
    {"after a fall rise starts at nothing", {2, 2, false}, "+--+-++", "uuddddu"},
    {"a configuration of zeros acts as 1 and 1", {0, 0, false}, "+-+", "udu"},
};

static enum health_state state_of(char c)
{
	return c == 'u' ? HEALTH_UP : c == 'd' ? HEALTH_DOWN : HEALTH_UNKNOWN;
}

static void rise_and_fall_count_in_a_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct health_fsm fsm;
		enum health_state before;

		health_init(&rows[i].cfg, &fsm);
		assert_int_equal(fsm.state, rows[i].cfg.init_fail ? HEALTH_DOWN : HEALTH_UNKNOWN);
		for (size_t k = 0; rows[i].results[k]; k++) {
			bool changed;

			before = fsm.state;
			changed = health_step(&rows[i].cfg, &fsm,
					      rows[i].results[k] == '+' ? HEALTH_OK : HEALTH_EXIT);
			if (fsm.state != state_of(rows[i].states[k]))
				fail_msg("%s: state %s after result %zu", rows[i].why,
					 health_state_name(fsm.state), k);
			assert_int_equal(changed, before != fsm.state);
		}
	}
}

static void only_ok_is_a_success(void **state)
{
	static const struct health_cfg cfg = {1, 1, false};

	(void)state;
	for (int outcome = HEALTH_OK; outcome <= HEALTH_SPAWN; outcome++) {
		struct health_fsm fsm;

		health_init(&cfg, &fsm);
		assert_true(health_step(&cfg, &fsm, (enum health_outcome)outcome));
		assert_int_equal(fsm.state, outcome == HEALTH_OK ? HEALTH_UP : HEALTH_DOWN);
	}
}

static void doubt_lasts_until_results_agree_with_the_state(void **state)
{
	static const struct health_cfg cfg = {2, 3, false};
	static const enum health_outcome results[] = {HEALTH_OK,   HEALTH_OK,	HEALTH_EXIT,
						      HEALTH_OK,   HEALTH_EXIT, HEALTH_EXIT,
						      HEALTH_EXIT, HEALTH_OK,	HEALTH_OK};
	static const bool doubt[] = {false, false, true, false, true, true, false, true, false};
	struct health_fsm fsm;

	(void)state;
	health_init(&cfg, &fsm);
	assert_true(health_in_doubt(&fsm));
	for (size_t i = 0; i < sizeof(doubt) / sizeof(doubt[0]); i++) {
		health_step(&cfg, &fsm, results[i]);
		if (health_in_doubt(&fsm) != doubt[i])
			fail_msg("after result %zu", i);
	}
}

static void each_name_is_its_own(void **state)
{
	(void)state;
	assert_string_equal(health_state_name(HEALTH_UNKNOWN), "UNKNOWN");
	assert_string_equal(health_state_name(HEALTH_UP), "UP");
	assert_string_equal(health_state_name(HEALTH_DOWN), "DOWN");
	for (int a = HEALTH_OK; a <= HEALTH_SPAWN; a++) {
		assert_string_not_equal(health_outcome_text((enum health_outcome)a), "?");
		for (int b = HEALTH_OK; b < a; b++)
			assert_string_not_equal(health_outcome_text((enum health_outcome)a),
						health_outcome_text((enum health_outcome)b));
	}
	assert_string_equal(health_outcome_text((enum health_outcome)99), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rise_and_fall_count_in_a_row),
	    cmocka_unit_test(only_ok_is_a_success),
	    cmocka_unit_test(doubt_lasts_until_results_agree_with_the_state),
	    cmocka_unit_test(each_name_is_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
