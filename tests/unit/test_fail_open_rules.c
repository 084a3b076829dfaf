// SPDX-License-Identifier: BSD-2-Clause
/* when_all_fail: which node serves on while its tracked objects are bad, and how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "health/fail_open_rules.h"

#define KNOWN .was_good = true, .peers_known = true

static const struct row {
	const char *why;
	struct fail_open before;
	bool bad, serves, holds;
	enum fail_open_action action;
} rows[] = {
    {"the last good node serves on", {KNOWN}, true, true, true, FAIL_OPEN_NOTHING},
    {"without a bad check nothing follows", {KNOWN}, false, true, false, FAIL_OPEN_NOTHING},
    {"a good check ends it", {KNOWN, .holds = true}, false, true, false, 0},
    {"a ready peer takes over from a node that fails",
     {KNOWN, .peer_ready = true},
     true,
     true,
     false,
     FAIL_OPEN_NOTHING},
    {"a peer that becomes ready takes over without a gap",
     {KNOWN, .holds = true, .peer_ready = true},
     true,
     true,
     true,
     FAIL_OPEN_PASS_ON},
    {"then it is a fault",
     {KNOWN, .holds = true, .peer_ready = true},
     true,
     false,
     false,
     FAIL_OPEN_NOTHING},
    {"nothing is known about peers that never reported",
     {.was_good = true},
     true,
     true,
     false,
     FAIL_OPEN_NOTHING},
    {"a node that serves on keeps serving when another peer appears",
     {.was_good = true, .holds = true},
     true,
     true,
     true,
     FAIL_OPEN_NOTHING},
    {"a node that was never good does not serve on",
     {.peers_known = true},
     true,
     true,
     false,
     FAIL_OPEN_NOTHING},
    {"if two failed at the same moment, one comes back",
     {KNOWN},
     true,
     false,
     true,
     FAIL_OPEN_NOTHING},
    {"but not if another node serves",
     {KNOWN, .other_serves = true},
     true,
     false,
     false,
     FAIL_OPEN_NOTHING},
    {"it leaves as soon as another node serves",
     {KNOWN, .holds = true, .other_serves = true},
     true,
     false,
     false,
     FAIL_OPEN_NOTHING},
    {"nor if a peer is ready", {KNOWN, .peer_ready = true}, true, false, false, 0},
    {"a master that hears another one continues until VRRP ends it",
     {KNOWN, .holds = true, .other_serves = true},
     true,
     true,
     true,
     FAIL_OPEN_NOTHING},
};

static void each_row_is_judged(void **state)
{

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail_open f = rows[i].before;

		print_message("# %s\n", rows[i].why);
		assert_int_equal(fail_open_judge(&f, rows[i].bad, rows[i].serves), rows[i].action);
		assert_int_equal(f.holds, rows[i].holds);
	}
}

static void one_good_moment_makes_it_the_last_good_node(void **state)
{
	struct fail_open f = {.peers_known = true};

	(void)state;
	fail_open_judge(&f, true, false);
	assert_false(f.holds);
	fail_open_judge(&f, false, false);
	fail_open_judge(&f, true, true);
	assert_true(f.holds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_row_is_judged),
	    cmocka_unit_test(one_good_moment_makes_it_the_last_good_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
