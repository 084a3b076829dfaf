// SPDX-License-Identifier: BSD-2-Clause
/*
 * flap_hold: how many moves in which time stop the preemption, and for how long.
 *
 * Links: user/vrrp/flap_step.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vrrp/flap_step.h"

static const struct flap_cfg three_in_ten = {3, 10 * NS_PER_S};

static struct mono at(int64_t s)
{
	return (struct mono){s * NS_PER_S};
}

static void each_row_is_counted(void **state)
{
	static const struct {
		const char *why;
		int64_t moves[6]; /* seconds; 0: the end */
		bool held;
	} rows[] = {
	    {"one is none", {100}, false},
	    {"two are not three", {100, 101}, false},
	    {"three within the time", {100, 101, 102}, true},
	    {"the time includes its end", {100, 105, 110}, true},
	    {"three in more time", {100, 105, 111}, false},
	    {"the last three count", {100, 120, 125, 130}, true},
	    {"whatever was before", {100, 101, 120, 121, 140}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flap_fsm fsm = {0};

		print_message("# %s\n", rows[i].why);
		for (size_t k = 0; rows[i].moves[k]; k++)
			flap_move(&three_in_ten, &fsm, at(rows[i].moves[k]));
		assert_int_equal(fsm.held, rows[i].held);
	}
}

static void it_is_news_once(void **state)
{
	struct flap_fsm fsm = {0};

	(void)state;
	assert_false(flap_move(&three_in_ten, &fsm, at(100)));
	assert_false(flap_move(&three_in_ten, &fsm, at(101)));
	assert_true(flap_move(&three_in_ten, &fsm, at(102)));
	assert_false(flap_move(&three_in_ten, &fsm, at(103)));
}

static void it_lasts_until_nothing_has_moved_for_so_long(void **state)
{
	struct flap_fsm fsm = {0};

	(void)state;
	for (int64_t s = 100; s < 103; s++)
		flap_move(&three_in_ten, &fsm, at(s));
	assert_int_equal(fsm.until.ns, at(112).ns);
	assert_false(flap_time(&three_in_ten, &fsm, at(111)));
	flap_move(&three_in_ten, &fsm, at(111)); /* it moves again */
	assert_int_equal(fsm.until.ns, at(121).ns);
	assert_false(flap_time(&three_in_ten, &fsm, at(120)));
	assert_true(fsm.held);
	assert_true(flap_time(&three_in_ten, &fsm, at(121)));
	assert_false(fsm.held);
	assert_false(flap_time(&three_in_ten, &fsm, at(121)));
	flap_move(&three_in_ten, &fsm, at(122)); /* the earlier moves no longer count */
	assert_false(fsm.held);
}

static void a_reload_without_it_ends_it(void **state)
{
	static const struct flap_cfg off;
	struct flap_fsm fsm = {0};

	(void)state;
	for (int64_t s = 100; s < 103; s++)
		flap_move(&three_in_ten, &fsm, at(s));
	assert_true(flap_time(&off, &fsm, at(103)));
	for (int64_t s = 200; s < 300; s++)
		assert_false(flap_move(&off, &fsm, at(s)));
}

static void as_many_as_can_be_configured_are_kept(void **state)
{
	static const struct flap_cfg most = {FLAP_MOVES_MAX, 1000 * NS_PER_S};
	struct flap_fsm fsm = {0};

	(void)state;
	for (int64_t s = 1; s < FLAP_MOVES_MAX; s++)
		assert_false(flap_move(&most, &fsm, at(s)));
	assert_true(flap_move(&most, &fsm, at(FLAP_MOVES_MAX)));
}

static void orders_and_other_changes_are_no_moves(void **state)
{
	(void)state;
	assert_true(flap_counts(VRRP_MASTER, VRRP_FAULT, VRRP_CAUSE_FAULT));
	assert_true(flap_counts(VRRP_MASTER, VRRP_BACKUP, VRRP_CAUSE_HIGHER_PRIORITY));
	assert_true(flap_counts(VRRP_BACKUP, VRRP_MASTER, VRRP_CAUSE_PREEMPT));
	assert_true(flap_counts(VRRP_BACKUP, VRRP_MASTER, VRRP_CAUSE_MASTER_DOWN));
	assert_false(flap_counts(VRRP_FAULT, VRRP_BACKUP, VRRP_CAUSE_FAULT_CLEARED));
	assert_false(flap_counts(VRRP_INIT, VRRP_MASTER, VRRP_CAUSE_START));
	assert_false(flap_counts(VRRP_MASTER, VRRP_INIT, VRRP_CAUSE_STOP));
	assert_false(flap_counts(VRRP_MASTER, VRRP_BACKUP, VRRP_CAUSE_HANDOVER));
	assert_false(flap_counts(VRRP_MASTER, VRRP_BACKUP, VRRP_CAUSE_DRAIN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_row_is_counted),
	    cmocka_unit_test(it_is_news_once),
	    cmocka_unit_test(it_lasts_until_nothing_has_moved_for_so_long),
	    cmocka_unit_test(a_reload_without_it_ends_it),
	    cmocka_unit_test(as_many_as_can_be_configured_are_kept),
	    cmocka_unit_test(orders_and_other_changes_are_no_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
