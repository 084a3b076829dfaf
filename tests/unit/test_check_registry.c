// SPDX-License-Identifier: BSD-2-Clause
/*
 * The registry of checks in the real engine: lookups, and which checks survive a reload that
 * removes, adds, reorders and changes checks.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_case.h"
#include "engine/state.h"
#include "engine/tracking/check_results.h"
#include "engine/tracking/stale.h"
#include "engine/tracking/tracking.h"

#define ROOT		  "global_defs {\n script_user root\n}\n"
#define SCRIPT(name)	  "vrrp_script " name " {\n script \"/bin/true\"\n init_fail\n}\n"
#define FILE_(name)	  "track_file " name " {\n file \"/" name "\"\n weight 1\n}\n"
#define PROCESS(name, of) "vrrp_track_process " name " {\n process " of "\n}\n"
#define INSTANCE(more)                                                                             \
	"vrrp_instance one {\n interface eth0\n virtual_router_id 10\n priority 100\n"             \
	" virtual_ipaddress {\n 203.0.113.10/32 dev lo\n }\n" more "}\n"
#define OLD                                                                                        \
	ROOT SCRIPT("a") SCRIPT("b") SCRIPT("c") FILE_("f") FILE_("g") PROCESS("p", "x")           \
	    PROCESS("q", "x") INSTANCE("disable_file /off\n")
/* b, f and the disable_file are gone, d and h are new, p checks another process. */
#define NEW                                                                                        \
	ROOT SCRIPT("c") SCRIPT("d") SCRIPT("a") FILE_("g") FILE_("h") PROCESS("q", "x")           \
	    PROCESS("p", "y") INSTANCE("")

static int start(void **state)
{
	(void)state;
	engine_fake_node(&machine);
	engine = engine_fake_start(OLD);
	return 0;
}

static struct check *at(enum tracked_kind kind, unsigned int index)
{
	return check_registry_at(&engine->checks, kind, index);
}

/* NULL: there is none of that name. */
static struct check *check_named(const char *name)
{
	struct check *check;

	CHECK_REGISTRY_EACH (&engine->checks, check) {
		if (strcmp(check->name, name) == 0)
			return check;
	}
	return NULL;
}

static void result(uint32_t id, enum health_outcome outcome)
{
	check_results_take(engine, &(struct runner_result){.id = id, .outcome = outcome});
}

static bool is_gone(uint32_t id)
{
	for (unsigned int i = 0; i < engine->check_ids.n_gone; i++) {
		if (engine->check_ids.gone[i] == id)
			return true;
	}
	return false;
}

static void a_check_is_found_by_kind_and_index_and_by_id(void **state)
{
	struct check *check;
	unsigned int n = 0;

	(void)state;
	assert_string_equal(at(TRACKED_SCRIPT, 2)->name, "c");
	assert_string_equal(at(TRACKED_FILE, 0)->name, "f");
	assert_int_equal(at(TRACKED_FILE, 2)->order.kind, RUNNER_EXISTS);
	assert_string_equal(at(TRACKED_PROCESS, 1)->name, "q");
	assert_int_equal(check_registry_count(&engine->checks), 8);
	CHECK_REGISTRY_EACH (&engine->checks, check) {
		assert_ptr_equal(check_registry_find(&engine->checks, check->order.id), check);
		n++;
	}
	assert_int_equal(n, 8);
	assert_null(check_registry_find(&engine->checks, engine->check_ids.next));
}

static void an_id_outlives_a_reload_wherever_the_block_stands(void **state)
{
	static const char *const kept[] = {"a", "c", "g", "q"};
	uint32_t ids[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		ids[i] = check_named(kept[i])->order.id;
	result(check_named("a")->order.id, HEALTH_OK);
	fake->runner_is_full = true; /* so that nothing is sent to it again */
	assert_true(engine_fake_reload(engine, NEW));
	fake->runner_is_full = false;
	assert_string_equal(at(TRACKED_SCRIPT, 0)->name, "c");
	assert_string_equal(at(TRACKED_PROCESS, 0)->name, "q");
	for (int i = 0; i < 4; i++) {
		assert_int_equal(check_named(kept[i])->order.id, ids[i]);
		assert_true(check_named(kept[i])->sent);
	}
	assert_int_equal(check_named("a")->fsm.state, HEALTH_UP);
	assert_int_equal(check_named("c")->fsm.state, HEALTH_DOWN);
}

static void the_runner_forgets_what_is_gone_or_run_in_another_way(void **state)
{
	uint32_t b = check_named("b")->order.id, f = check_named("f")->order.id,
		 p = check_named("p")->order.id;

	(void)state;
	result(p, HEALTH_OK);
	fake->runner_is_full = true; /* it is still to be told */
	assert_true(engine_fake_reload(engine, NEW));
	assert_int_equal(engine->check_ids.n_gone, 4);
	assert_true(is_gone(b) && is_gone(f) && is_gone(p));
	assert_int_equal(check_named("p")->fsm.state, HEALTH_UP); /* until another result comes */
	result(p, HEALTH_QUORUM);				  /* of the process it was */
	assert_int_equal(check_named("p")->fsm.state, HEALTH_UP);
	result(check_named("p")->order.id, HEALTH_QUORUM);
	assert_int_equal(check_named("p")->fsm.state, HEALTH_DOWN);
	fake->runner_is_full = false;
}

static void no_id_is_used_twice(void **state)
{
	uint32_t b = check_named("b")->order.id, next = engine->check_ids.next;

	(void)state;
	assert_true(engine_fake_reload(engine, NEW));
	assert_true(check_named("d")->order.id >= next && check_named("h")->order.id >= next);
	assert_int_not_equal(check_named("d")->order.id, check_named("h")->order.id);
	next = engine->check_ids.next;
	assert_true(engine_fake_reload(engine, OLD));
	assert_true(check_named("b")->order.id >= next);
	assert_null(check_registry_find(&engine->checks, b));
}

static void a_tracker_is_judged_by_the_check_it_names_after_a_reload(void **state)
{
	static const char text[] = ROOT SCRIPT("z") SCRIPT("c") FILE_("g") PROCESS("y", "y")
	    PROCESS("q", "x") INSTANCE("track_script {\n c\n }\n track_process {\n q\n }\n");
	struct status_culprit culprits[STATUS_MAX_CULPRITS];
	struct instance *one;

	(void)state;
	result(check_named("c")->order.id, HEALTH_OK);
	result(check_named("q")->order.id, HEALTH_QUORUM);
	assert_true(engine_fake_reload(engine, text));
	one = engine_fake_instance(engine, "one");
	assert_int_equal(tracking_culprits(one, culprits, STATUS_MAX_CULPRITS), 1);
	assert_string_equal(culprits[0].name, "q");
	result(check_named("q")->order.id, HEALTH_OK);
	result(check_named("z")->order.id, HEALTH_EXIT); /* it is not tracked */
	assert_int_equal(tracking_culprits(one, culprits, STATUS_MAX_CULPRITS), 0);
}

/* Before, `status` named no cause of this fault. */
static void a_check_that_is_down_for_want_of_results_is_to_blame(void **state)
{
	static const char text[] =
	    ROOT "vrrp_script s {\n script \"/bin/true\"\n stale down\n}\n" INSTANCE(
		"track_script {\n s\n }\n");
	struct status_culprit culprits[STATUS_MAX_CULPRITS];
	struct instance *one;

	(void)state;
	assert_true(engine_fake_reload(engine, text));
	result(check_named("s")->order.id, HEALTH_OK);
	stale_begin_all(engine);
	fake_run_for(60 * NS_PER_S);
	one = engine_fake_instance(engine, "one");
	assert_true(one->event.faults & VRRP_FAULT_TRACK);
	assert_int_equal(tracking_culprits(one, culprits, STATUS_MAX_CULPRITS), 1);
	assert_string_equal(culprits[0].name, "s");
}

/* The status says since when. Neither the same result again nor a reload changes it. */
static void the_time_of_the_last_change_is_kept(void **state)
{
	static const char text[] =
	    ROOT "vrrp_script s {\n script \"/bin/true\"\n stale down\n}\n" INSTANCE(
		"track_script {\n s\n }\n");
	int64_t up, down;

	(void)state;
	assert_true(engine_fake_reload(engine, text));
	assert_int_equal(check_named("s")->changed_ms, 0);
	result(check_named("s")->order.id, HEALTH_OK);
	up = check_named("s")->changed_ms;
	assert_int_equal(up, wall_clock_ms());
	fake_run_for(NS_PER_S);
	result(check_named("s")->order.id, HEALTH_OK);
	assert_true(engine_fake_reload(engine, text));
	assert_int_equal(check_named("s")->changed_ms, up);
	stale_begin_all(engine);
	fake_run_for(60 * NS_PER_S);
	down = check_named("s")->changed_ms;
	assert_int_equal(check_state(check_named("s")), HEALTH_DOWN);
	assert_true(down > up && down < wall_clock_ms());
	fake_run_for(NS_PER_S);
	stale_end_all(engine);
	assert_int_equal(check_state(check_named("s")), HEALTH_UP);
	assert_int_equal(check_named("s")->changed_ms, wall_clock_ms());
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, start, end)
	const struct CMUnitTest tests[] = {
	    TEST(a_check_is_found_by_kind_and_index_and_by_id),
	    TEST(an_id_outlives_a_reload_wherever_the_block_stands),
	    TEST(the_runner_forgets_what_is_gone_or_run_in_another_way),
	    TEST(no_id_is_used_twice),
	    TEST(a_tracker_is_judged_by_the_check_it_names_after_a_reload),
	    TEST(a_check_that_is_down_for_want_of_results_is_to_blame),
	    TEST(the_time_of_the_last_change_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
