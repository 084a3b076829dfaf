// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a node has of its own, in the real engine: there from the start to the end, whatever the
 * instances are, put back, changed in place by a reload, and handed to and from instances.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_case.h"
#include "control/status.h"
#include "core/addr.h"
#include "engine/instance/addresses.h"
#include "engine/instance/routes.h"

#define INSTANCE(more)                                                                             \
	"vrrp_instance one {\n interface eth0\n virtual_router_id 10\n version 3\n priority 100\n" \
	" advert_int 1\n virtual_ipaddress {\n 203.0.113.10/32 dev lo\n }\n" more "}\n"
#define ADDRESS "198.51.100.5/24"
#define VIA	"10.1.0.0/16 via 192.0.2.9 dev eth0"
#define OTHER	"10.2.0.0/16 via 192.0.2.9 dev eth0"
#define RULE	"50: from 10.1.0.0/16 table 100"
#define ADDRS	"static_ipaddress {\n " ADDRESS " dev eth0\n}\n"
#define ROUTES	"static_routes {\n " VIA "\n}\n"
#define RULES	"static_rules {\n from 10.1.0.0/16 table 100 priority 50\n}\n"
#define ALL	ADDRS ROUTES RULES
#define SOON_NS (300 * NS_PER_MS)

static void start(const char *text)
{
	engine_fake_node(&machine);
	engine = engine_fake_start(text);
	fake_run_for(NS_PER_MS);
}

/* To the very end of the process. */
static void stop(void)
{
	engine_fake_stop(engine);
	engine_fake_free(engine);
	engine = NULL;
}

static int end_rest(void **state)
{
	return engine ? end(state) : 0;
}

static bool has_all(void)
{
	return fake_has_address(ADDRESS) && fake_has_route(VIA) && fake_has_route(RULE);
}

static void they_are_there_on_a_backup(void **state)
{
	const char *trace, *address, *route;

	(void)state;
	start(ALL INSTANCE(""));
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	assert_true(has_all());
	trace = fake_traced();
	address = strstr(trace, "add " ADDRESS);
	route = strstr(trace, "add " VIA);
	assert_true(address && route && address < route);
	fake_run_for(4 * NS_PER_S);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	fake_set_link(2, false, false);
	fake_run_for(SOON_NS);
	assert_int_equal(state_of("one"), VRRP_FAULT);
	assert_true(has_all());
}

/* An address that a dead daemon has left is told if nobody here has it, on that interface. It stays,
 * because a daemon of another name may serve it. */
static void what_a_dead_daemon_has_left_is_told(void **state)
{
	static const struct {
		const char *why, *prefix;
		uint32_t ifindex;
		bool ours;
		unsigned int told;
	} rows[] = {
	    {"of an instance of the configuration", "203.0.113.10/32", 1, true, 0},
	    {"of static_ipaddress", ADDRESS, 2, true, 0},
	    {"of an instance that was removed", "203.0.113.11/32", 1, true, 1},
	    {"on an interface that the instance no longer names", "203.0.113.10/32", 2, true, 1},
	    {"of another length", "203.0.113.10/24", 1, true, 1},
	    {"of somebody else", "203.0.113.11/32", 1, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].why);
		engine_fake_node(&machine);
		fake_add_address(rows[i].ifindex, rows[i].prefix, rows[i].ours);
		engine = engine_fake_start(ALL INSTANCE(""));
		assert_int_equal(addresses_tell_left(engine), rows[i].told);
		if (rows[i].told > 0)
			assert_true(fake_has_address(rows[i].prefix));
		end(NULL);
	}
	engine = NULL;
}

static void the_end_removes_them(void **state)
{
	const char *trace, *address, *route;

	(void)state;
	start(ALL INSTANCE(""));
	fake_traced();
	stop();
	assert_false(fake_has_address(ADDRESS));
	assert_int_equal(fake->n_routes, 0);
	trace = fake_traced();
	address = strstr(trace, "remove " ADDRESS);
	route = strstr(trace, "remove " VIA);
	assert_true(address && route && route < address);
}

static void what_others_remove_is_put_back(void **state)
{
	(void)state;
	start(ALL INSTANCE(""));
	fake_remove_address(2, ADDRESS);
	fake_remove_route(VIA, false);
	fake_remove_route(RULE, false);
	fake_run_for(NS_PER_MS);
	assert_true(has_all());
	fake_remove_route(VIA, true);
	fake_set_link(1, true, false);
	fake_run_for(SOON_NS);
	assert_true(has_all());
}

static void a_dead_daemons_are_taken_over(void **state)
{
	(void)state;
	engine_fake_node(&machine);
	fake_add_address(2, ADDRESS, true);
	engine = engine_fake_start(ALL INSTANCE(""));
	fake_run_for(NS_PER_MS);
	assert_true(has_all());
	stop();
	assert_false(fake_has_address(ADDRESS));
}

static void what_was_there_before_stays(void **state)
{
	(void)state;
	engine_fake_node(&machine);
	fake_add_address(2, ADDRESS, false);
	engine = engine_fake_start(ALL INSTANCE(""));
	fake_run_for(NS_PER_MS);
	stop();
	assert_true(fake_has_address(ADDRESS));
}

static void a_reload_changes_them_in_place(void **state)
{
	(void)state;
	start(ALL INSTANCE(""));
	fake_traced();
	assert_true(engine_fake_reload(engine, ADDRS "static_routes {\n " VIA "\n " OTHER
						     "\n}\n" INSTANCE("")));
	fake_run_for(NS_PER_MS);
	assert_true(fake_has_route(VIA));
	assert_true(fake_has_route(OTHER));
	assert_false(fake_has_route(RULE));
	assert_null(strstr(fake_traced(), VIA));
	fake_remove_route(OTHER, false);
	fake_run_for(NS_PER_MS);
	assert_true(fake_has_route(OTHER));
	assert_true(engine_fake_reload(engine, INSTANCE("")));
	fake_run_for(NS_PER_MS);
	assert_false(fake_has_address(ADDRESS));
	assert_int_equal(fake->n_routes, 0);
	assert_null(engine->gone_routes);
	assert_null(engine->gone_addresses);
}

/* The one gives it up before the other takes it. */
static void a_reload_hands_one_to_an_instance_and_back(void **state)
{
	(void)state;
	start(ROUTES INSTANCE(""));
	fake_run_for(4 * NS_PER_S);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	for (int i = 0; i < 4; i++) {
		assert_true(engine_fake_reload(
		    engine,
		    i % 2 ? ROUTES INSTANCE("") : INSTANCE("virtual_routes {\n " VIA "\n}\n")));
		fake_run_for(NS_PER_MS);
		assert_true(fake_has_route(VIA));
		assert_int_equal(fake->n_routes, 1);
	}
}

static void one_that_cannot_be_added_is_an_alarm_and_no_fault(void **state)
{
	struct status *st;

	(void)state;
	engine_fake_node(&machine);
	machine.route_err = -ENETUNREACH;
	engine = engine_fake_start(ALL INSTANCE(""));
	fake_run_for(NS_PER_MS);
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	st = engine_fake_status(engine);
	assert_int_equal(st->n_alarms, 1);
	assert_string_equal(st->alarms[0].reason, "route_missing");
	assert_string_equal(st->alarms[0].subject, "static");
	status_free(st);
	machine.route_err = 0;
	fake_run_for(11 * NS_PER_S);
	assert_true(has_all());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(they_are_there_on_a_backup, end_rest),
	    cmocka_unit_test_teardown(what_a_dead_daemon_has_left_is_told, end_rest),
	    cmocka_unit_test_teardown(the_end_removes_them, end_rest),
	    cmocka_unit_test_teardown(what_others_remove_is_put_back, end_rest),
	    cmocka_unit_test_teardown(a_dead_daemons_are_taken_over, end_rest),
	    cmocka_unit_test_teardown(what_was_there_before_stays, end_rest),
	    cmocka_unit_test_teardown(a_reload_changes_them_in_place, end_rest),
	    cmocka_unit_test_teardown(a_reload_hands_one_to_an_instance_and_back, end_rest),
	    cmocka_unit_test_teardown(one_that_cannot_be_added_is_an_alarm_and_no_fault, end_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
