// SPDX-License-Identifier: BSD-2-Clause
/*
 * The routes and rules of an instance in the real engine: after the addresses on a takeover, before
 * them on a release, put back, retried, moved by a reload, and what others have is left alone.
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
#include "engine/instance/routes.h"

#define INSTANCE(name, vrid, more)                                                                 \
	"vrrp_instance " name " {\n interface eth0\n virtual_router_id " #vrid "\n version 3\n"    \
	" priority 100\n advert_int 1\n garp_master_repeat 1\n virtual_ipaddress {\n "             \
	"203.0.113." #vrid "/32 dev lo\n }\n" more "}\n"
#define ROUTES(lines) "virtual_routes {\n" lines "}\n"
#define RULES(lines)  "virtual_rules {\n" lines "}\n"
#define VIA	      "10.1.0.0/16 via 192.0.2.9 dev eth0"
#define OTHER	      "10.2.0.0/16 via 192.0.2.9 dev eth0"
#define RULE	      "50: from 10.1.0.0/16 table 100"
#define RULE_LINE     "from 10.1.0.0/16 table 100 priority 50\n"
#define BOTH	      ROUTES(VIA "\n") RULES(RULE_LINE)
#define FABRIC                                                                                     \
	"bgp_instance fabric {\n local_as 65001\n router_id 1.1.1.1\n neighbor 192.0.2.9 {\n"      \
	" remote_as 65000\n }\n}\n"
#define TAKEOVER_NS (3900 * NS_PER_MS)
#define SETTLED_NS  (300 * NS_PER_MS)

static void start(const char *text)
{
	engine_fake_node(&machine);
	engine = engine_fake_start(text);
	fake_run_for(NS_PER_MS);
	fake_traced();
}

static void become_master(const char *text)
{
	start(text);
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
}

/* The effects on addresses, routes and the router, in their order, "; " between. */
static void assert_order(const char *first, const char *second)
{
	const char *trace = fake_traced(), *a = strstr(trace, first), *b = strstr(trace, second);

	if (!a || !b || a >= b)
		fail_msg("'%s' before '%s' in: %s", first, second, trace);
}

static void a_takeover_adds_them_after_the_addresses(void **state)
{
	(void)state;
	become_master(INSTANCE("one", 10, BOTH));
	assert_true(fake_has_route(VIA));
	assert_true(fake_has_route(RULE));
	assert_order("add 203.0.113.10/32 lo", "add " VIA);
}

static void a_release_removes_them_before_the_addresses(void **state)
{
	(void)state;
	become_master(INSTANCE("one", 10, BOTH));
	fake_traced();
	engine_fake_begin_stop(engine);
	fake_run_for(20 * NS_PER_S);
	assert_int_equal(fake->n_routes, 0);
	assert_order("remove " VIA, "remove 203.0.113.10/32 lo");
}

static void an_announcement_waits_for_them(void **state)
{
	(void)state;
	start(FABRIC INSTANCE("one", 10, "bgp_announce {\n}\n" BOTH));
	machine.address_ns = 50 * NS_PER_MS;
	fake_sessions("fabric", 1);
	fake_run_for(TAKEOVER_NS + NS_PER_S);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_order("add " RULE, "announce 203.0.113.10/32");
}

/* The address that is still being removed is added before the route that has been removed by then.
 */
static void a_claim_that_undoes_a_release_keeps_the_order(void **state)
{
	struct ipaddr source;

	(void)state;
	become_master(INSTANCE("one", 10, ROUTES(VIA "\n")));
	machine.address_ns = 2 * NS_PER_S;
	ipaddr_parse(&source, "192.0.2.2");
	fake_advert(10, &source, 200, 1000000);
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	fake_advert(10, &source, 0, 1000000);
	fake_run_for(NS_PER_S);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	fake_traced();
	fake_run_for(20 * NS_PER_S);
	assert_order("add 203.0.113.10/32 lo", "add " VIA);
}

static void what_others_remove_is_put_back(void **state)
{
	(void)state;
	become_master(INSTANCE("one", 10, BOTH));
	fake_remove_route(VIA, false);
	fake_remove_route(RULE, false);
	fake_run_for(NS_PER_MS);
	assert_true(fake_has_route(VIA));
	assert_true(fake_has_route(RULE));
	assert_int_equal(named("one")->transitions, 2);
}

/* The kernel is silent about IPv4 routes that go with a link. */
static void what_has_gone_with_a_link_is_put_back_soon(void **state)
{
	(void)state;
	become_master(INSTANCE("one", 10, BOTH));
	fake_remove_route(VIA, true);
	fake_run_for(SETTLED_NS);
	assert_false(fake_has_route(VIA));
	fake_set_link(1, true, false); /* any link */
	fake_run_for(SETTLED_NS);
	assert_true(fake_has_route(VIA));
	fake_remove_route(VIA, true);
	fake_add_address(2, "192.0.2.77/24", false);
	fake_remove_address(2, "192.0.2.77/24");
	fake_run_for(SETTLED_NS);
	assert_true(fake_has_route(VIA));
}

static void one_that_is_not_tracked_stays_away(void **state)
{
	(void)state;
	become_master(INSTANCE("one", 10, ROUTES(VIA " no_track\n")));
	fake_remove_route(VIA, false);
	fake_run_for(NS_PER_S);
	assert_false(fake_has_route(VIA));
}

static void a_backups_are_not_there(void **state)
{
	(void)state;
	start(INSTANCE("one", 10, BOTH));
	assert_int_equal(fake->n_routes, 0);
	fake_remove_route(VIA, false);
	fake_set_link(1, true, false);
	fake_run_for(SETTLED_NS);
	assert_int_equal(fake->n_routes, 0);
}

/* VIA is there already. */
static void put_route(bool ours)
{
	struct fake_route *r = &machine.routes[machine.n_routes++];

	*r = (struct fake_route){.ours = ours};
	assert_int_equal(ipprefix_parse(&r->route.to, "10.1.0.0/16"), 0);
	r->route.table = 254;
	r->route.type = 1;
	r->route.proto = NET_ROUTE_PROTO;
	r->route.n_hops = 1;
	assert_int_equal(ipaddr_parse(&r->route.hops[0].gateway, "192.0.2.9"), 0);
	memcpy(r->route.hops[0].dev, "eth0", 5);
	r->route.hops[0].weight = 1;
	assert_true(fake_has_route(VIA));
}

static void a_dead_daemons_are_removed_at_the_start(void **state)
{
	(void)state;
	engine_fake_node(&machine);
	put_route(true);
	engine = engine_fake_start(INSTANCE("one", 10, BOTH));
	fake_run_for(NS_PER_MS);
	assert_int_equal(fake->n_routes, 0);
	fake_run_for(TAKEOVER_NS);
	assert_true(fake_has_route(VIA));
}

static void what_was_there_before_is_never_removed(void **state)
{
	(void)state;
	engine_fake_node(&machine);
	put_route(false);
	engine = engine_fake_start(INSTANCE("one", 10, BOTH));
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	engine_fake_begin_stop(engine);
	fake_run_for(20 * NS_PER_S);
	assert_true(fake_has_route(VIA));
	assert_int_equal(fake->n_routes, 1);
}

static bool is_alarmed(const char *reason)
{
	struct status *st = engine_fake_status(engine);
	bool found = false;

	for (unsigned int i = 0; i < st->n_alarms; i++)
		found |= strcmp(st->alarms[i].reason, reason) == 0;
	status_free(st);
	return found;
}

static void one_that_cannot_be_added_is_an_alarm_and_tried_again(void **state)
{
	(void)state;
	engine_fake_node(&machine);
	machine.route_err = -ENETUNREACH;
	engine = engine_fake_start(INSTANCE("one", 10, BOTH));
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_int_equal(named("one")->event.faults, 0);
	assert_true(is_alarmed("route_missing"));
	machine.route_err = 0;
	fake_run_for(11 * NS_PER_S);
	assert_true(fake_has_route(VIA));
	assert_true(fake_has_route(RULE));
	assert_false(is_alarmed("route_missing"));
	assert_int_equal(named("one")->routes->failing, 0);
}

static void a_reload_moves_them_in_place(void **state)
{
	(void)state;
	become_master(INSTANCE("one", 10, BOTH));
	fake_traced();
	assert_true(engine_fake_reload(engine, INSTANCE("one", 10, ROUTES(VIA "\n" OTHER "\n"))));
	fake_run_for(NS_PER_MS);
	assert_true(fake_has_route(VIA));
	assert_true(fake_has_route(OTHER));
	assert_false(fake_has_route(RULE));
	assert_null(strstr(fake_traced(), VIA)); /* what is the same is not touched */
	assert_int_equal(named("one")->transitions, 2);
	fake_remove_route(OTHER, false);
	fake_run_for(NS_PER_MS);
	assert_true(fake_has_route(OTHER));
	assert_true(engine_fake_reload(engine, INSTANCE("one", 10, "")));
	fake_run_for(NS_PER_MS);
	assert_int_equal(fake->n_routes, 0);
	assert_null(engine->gone_routes);
	assert_null(engine->route_watch); /* nothing is listened for any more */
}

static void a_reload_removes_them_before_the_addresses(void **state)
{
	const char excluded[] = "virtual_ipaddress_excluded {\n 203.0.113.77/32 dev lo\n}\n";
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), INSTANCE("one", 10, "%s%s"), excluded, ROUTES(VIA "\n"));
	become_master(text);
	fake_traced();
	assert_true(engine_fake_reload(engine, INSTANCE("one", 10, "")));
	fake_run_for(NS_PER_MS);
	assert_order("remove " VIA, "remove 203.0.113.77/32 lo");
}

/* While a job is under way, and back again before it ends. */
static void quick_reloads_end_with_the_last_one(void **state)
{
	(void)state;
	become_master(INSTANCE("one", 10, BOTH));
	machine.address_ns = 40 * NS_PER_MS;
	for (int i = 0; i < 9; i++) {
		assert_true(
		    engine_fake_reload(engine, i % 2 ? INSTANCE("one", 10, BOTH)
						     : INSTANCE("one", 10, ROUTES(OTHER "\n"))));
		fake_run_for(i % 3 * 25 * NS_PER_MS);
	}
	fake_run_for(NS_PER_S);
	assert_true(fake_has_route(OTHER));
	assert_int_equal(fake->n_routes, 1);
	assert_int_equal(named("one")->routes->busy, 0);
	assert_null(engine->gone_routes);
}

static void one_moves_from_an_instance_to_another(void **state)
{
	(void)state;
	become_master(INSTANCE("one", 10, ROUTES(VIA "\n")) INSTANCE("two", 11, ""));
	assert_true(engine_fake_reload(engine, INSTANCE("one", 10, "")
						   INSTANCE("two", 11, ROUTES(VIA "\n"))));
	fake_run_for(NS_PER_MS);
	assert_true(fake_has_route(VIA));
	assert_int_equal(fake->n_routes, 1);
}

static void status_shows_them(void **state)
{
	struct status *st;

	(void)state;
	become_master(INSTANCE("one", 10, BOTH));
	st = engine_fake_status(engine);
	assert_int_equal(st->instances[0].n_routes, 2);
	assert_string_equal(st->instances[0].routes[0].text, VIA);
	assert_true(st->instances[0].routes[0].held);
	assert_false(st->instances[0].routes[0].is_rule);
	assert_string_equal(st->instances[0].routes[1].text, RULE);
	assert_true(st->instances[0].routes[1].is_rule);
	status_free(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_takeover_adds_them_after_the_addresses, end),
	    cmocka_unit_test_teardown(a_release_removes_them_before_the_addresses, end),
	    cmocka_unit_test_teardown(an_announcement_waits_for_them, end),
	    cmocka_unit_test_teardown(a_claim_that_undoes_a_release_keeps_the_order, end),
	    cmocka_unit_test_teardown(what_others_remove_is_put_back, end),
	    cmocka_unit_test_teardown(what_has_gone_with_a_link_is_put_back_soon, end),
	    cmocka_unit_test_teardown(one_that_is_not_tracked_stays_away, end),
	    cmocka_unit_test_teardown(a_backups_are_not_there, end),
	    cmocka_unit_test_teardown(a_dead_daemons_are_removed_at_the_start, end),
	    cmocka_unit_test_teardown(what_was_there_before_is_never_removed, end),
	    cmocka_unit_test_teardown(one_that_cannot_be_added_is_an_alarm_and_tried_again, end),
	    cmocka_unit_test_teardown(a_reload_moves_them_in_place, end),
	    cmocka_unit_test_teardown(a_reload_removes_them_before_the_addresses, end),
	    cmocka_unit_test_teardown(quick_reloads_end_with_the_last_one, end),
	    cmocka_unit_test_teardown(one_moves_from_an_instance_to_another, end),
	    cmocka_unit_test_teardown(status_shows_them, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
