// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sync groups of the largest size and number: 2,048 members in one group, and the cost of one. The
 * test counts operations, not time.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_case.h"
#include "core/addr.h"
#include "core/log.h"
#include "engine/group/sync_group.h"
#include "engine/state.h"

#define PER_LINK    228 /* VRIDs */
#define LINKS	    9
#define TEXT	    (1024 * 1024)
#define TAKEOVER_NS (4 * NS_PER_S)

static char text[TEXT];
static size_t at;

static void put(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void put(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	at += (size_t)vsnprintf(text + at, TEXT - at, fmt, ap);
	va_end(ap);
	assert_true(at < TEXT);
}

/* `n` instances, all of them in one group. */
static const char *configuration(unsigned int n)
{
	at = 0;
	for (unsigned int i = 0; i < n; i++)
		put("vrrp_instance i%u {\n interface fake%u\n virtual_router_id %u\n version 3\n"
		    " priority 100\n advert_int 1\n garp_master_repeat 1\n"
		    " virtual_ipaddress {\n  203.%u.%u.1/32 dev lo\n }\n}\n",
		    i, i / PER_LINK, 1 + i % PER_LINK, i / 256, i % 256);
	put("vrrp_sync_group all {\n group {\n");
	for (unsigned int i = 0; i < n; i++)
		put("  i%u\n", i);
	put(" }\n}\n");
	return text;
}

static void start(unsigned int n)
{
	fake_init(&machine);
	machine.quiet = true;
	fake_add_link(1, "lo", true);
	for (uint32_t i = 0; i < LINKS; i++) {
		char name[IF_NAMESIZE], address[32];

		snprintf(name, sizeof(name), "fake%u", i);
		snprintf(address, sizeof(address), "192.0.%u.1/24", i);
		fake_add_link(10 + i, name, true);
		fake_add_address(10 + i, address, false);
	}
	engine = engine_fake_start(configuration(n));
}

/* The number of instances in that state, each after `transitions` transitions. */
static unsigned int count(enum vrrp_state state, uint64_t transitions)
{
	struct instance *in;
	unsigned int n = 0;

	ENGINE_EACH_INSTANCE (engine, in)
		n += in->fsm.state == state && in->transitions == transitions;
	return n;
}

/* Each instance reads the state of its own for each step, and once more to be granted the state. */
static void a_group_of_all_instances_takes_over_as_a_whole(void **state)
{
	(void)state;
	start(HF_MAX_INSTANCES);
	assert_int_equal(count(VRRP_BACKUP, 1), HF_MAX_INSTANCES);
	machine.n_state_reads = 0;
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(count(VRRP_MASTER, 2), HF_MAX_INSTANCES);
	assert_true(machine.n_state_reads < 20 * HF_MAX_INSTANCES);
}

static void the_fault_of_one_link_is_judged_once(void **state)
{
	(void)state;
	start(HF_MAX_INSTANCES);
	fake_run_for(TAKEOVER_NS);
	machine.n_state_reads = 0;
	fake_set_link(10, false, false);
	assert_int_equal(count(VRRP_FAULT, 3), HF_MAX_INSTANCES);
	assert_true(machine.n_state_reads < 20 * HF_MAX_INSTANCES);
	fake_set_link(10, true, false);
	assert_int_equal(count(VRRP_BACKUP, 4), HF_MAX_INSTANCES);
}

static void a_group_that_loses_and_gains_members_counts_each_once(void **state)
{
	static const unsigned int sizes[] = {3, 5, 2, 6};

	(void)state;
	start(4);
	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_true(engine_fake_reload(engine, configuration(sizes[i])));
		fake_run_for(3 * TAKEOVER_NS);
		assert_int_equal(engine->groups[0].n_members, sizes[i]);
		assert_int_equal(engine->groups[0].fsm.n, sizes[i]);
		assert_int_equal(engine->groups[0].fsm.in_state[VRRP_MASTER], sizes[i]);
	}
}

/* The turn in which one member has yielded to a better master has no time left for the group. */
static void a_move_before_a_reload_is_not_forgotten(void **state)
{
	struct ipaddr better;

	(void)state;
	start(2);
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(count(VRRP_MASTER, 2), 2);
	ipaddr_parse(&better, "192.0.0.2");
	machine.clock_step_ns = NS_PER_S;
	fake_advert(1, &better, 200, 1000000);
	assert_int_equal(engine_fake_instance(engine, "i0")->fsm.state, VRRP_BACKUP);
	assert_int_equal(engine_fake_instance(engine, "i1")->fsm.state, VRRP_MASTER);
	assert_true(engine_fake_reload(engine, configuration(2)));
	machine.clock_step_ns = 0;
	fake_run_for(NS_PER_MS);
	assert_int_equal(engine_fake_instance(engine, "i1")->fsm.state, VRRP_BACKUP);
}

/* The last member takes the place of the one that leaves. */
static void members_that_leave_are_not_visited(void **state)
{
	struct sync_group *group;

	(void)state;
	start(4);
	group = &engine->groups[0];
	sync_group_leave(engine_fake_instance(engine, "i1"));
	sync_group_leave(engine_fake_instance(engine, "i3"));
	assert_int_equal(group->n_members, 2);
	assert_ptr_equal(group->members[0], engine_fake_instance(engine, "i0"));
	assert_ptr_equal(group->members[1], engine_fake_instance(engine, "i2"));
	assert_int_equal(group->members[1]->place, 1);
	sync_group_leave(engine_fake_instance(engine, "i0"));
	sync_group_leave(engine_fake_instance(engine, "i2"));
	assert_int_equal(group->n_members, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_group_of_all_instances_takes_over_as_a_whole, end),
	    cmocka_unit_test_teardown(the_fault_of_one_link_is_judged_once, end),
	    cmocka_unit_test_teardown(a_group_that_loses_and_gains_members_counts_each_once, end),
	    cmocka_unit_test_teardown(a_move_before_a_reload_is_not_forgotten, end),
	    cmocka_unit_test_teardown(members_that_leave_are_not_visited, end),
	};

	log_init("test", true, LOG_LV_ERROR);
	return cmocka_run_group_tests_name("sync_group", tests, NULL, NULL);
}
