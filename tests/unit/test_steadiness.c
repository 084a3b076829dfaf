// SPDX-License-Identifier: BSD-2-Clause
/*
 * when_all_fail and flap_hold in the whole engine: the reports of peers decide whether a bad check
 * is a fault, and too many moves stop the preemption.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_case.h"
#include "core/addr.h"
#include "core/log.h"
#include "engine/notify/notify.h"
#include "engine/state.h"
#include "engine/tracking/tracking.h"

#define INSTANCE(more)                                                                             \
	"vrrp_instance one {\n interface eth0\n virtual_router_id 10\n version 3\n priority 100\n" \
	" advert_int 1\n unicast_src_ip 192.0.2.1\n unicast_peer {\n 192.0.2.2\n }\n"              \
	" virtual_ipaddress {\n 203.0.113.10/32 dev lo\n }\n track_interface {\n eth9\n }\n" more  \
	"}\n"
#define SERVE INSTANCE("when_all_fail serve\n")
#define FLAPS INSTANCE("flap_hold 4 60\n")

static struct instance *one(void)
{
	return named("one");
}

static void start(const char *text)
{
	engine_fake_node(&machine);
	fake_add_link(9, "eth9", true);
	engine = engine_fake_start(text);
	fake_run_for(NS_PER_MS);
}

static void peer_says(uint8_t peer_state, bool ready)
{
	struct peer_report_instance said;

	reports_describe(one(), &said);
	said.state = peer_state;
	said.ready = ready;
	if (!ready)
		memcpy(said.reason, "check web is down", sizeof("check web is down"));
	engine_fake_peer_says("192.0.2.2", "192.0.2.1", &said);
}

static void check_is(bool good)
{
	struct netlink_link link = {.ifindex = 9, .name = "eth9", .up = good};

	tracking_link(engine, &link);
	fake_after_handler();
}

static void advert(uint8_t priority)
{
	struct ipaddr source;

	ipaddr_parse(&source, "192.0.2.2");
	fake_advert(10, &source, priority, 1000000);
}

/* As a peer that is MASTER. */
static void hear(int64_t ns, uint8_t priority)
{
	for (; ns > 0; ns -= NS_PER_S) {
		advert(priority);
		fake_run_for(ns < NS_PER_S ? ns : NS_PER_S);
	}
}

static void await(enum vrrp_state state)
{
	for (int ms = 0; ms < 20000 && one()->fsm.state != state; ms++)
		fake_run_for(NS_PER_MS);
	assert_int_equal(one()->fsm.state, state);
}

/* --- when_all_fail ----------------------------------------------------------------------------*/

static void a_master_serves_on_while_no_peer_is_ready(void **state)
{
	struct peer_report_instance said;

	(void)state;
	start(SERVE);
	await(VRRP_MASTER);
	peer_says(PEER_FAULT, false);
	check_is(false);
	assert_int_equal(one()->fsm.state, VRRP_MASTER);
	assert_true(engine_fake_has_alarm(engine, "degraded"));
	reports_describe(one(), &said);
	assert_false(said.ready);
	assert_string_equal(said.reason, "interface eth9 is down");
	fake_run_for(10 * NS_PER_S); /* the peer may even be silent */
	assert_int_equal(one()->fsm.state, VRRP_MASTER);
	check_is(true);
	assert_false(engine_fake_has_alarm(engine, "degraded"));
	assert_int_equal(one()->transitions, 2);
}

static void a_ready_peer_takes_over(void **state)
{
	(void)state;
	start(SERVE);
	await(VRRP_MASTER);
	peer_says(PEER_BACKUP, true);
	check_is(false);
	assert_int_equal(one()->fsm.state, VRRP_FAULT);
}

static void a_peer_that_gets_ready_is_given_it_without_a_gap(void **state)
{
	(void)state;
	start(SERVE);
	await(VRRP_MASTER);
	peer_says(PEER_FAULT, false);
	check_is(false);
	peer_says(PEER_BACKUP, true);
	assert_int_equal(one()->fsm.state, VRRP_BACKUP);
	assert_int_equal(one()->last_cause, VRRP_CAUSE_PEER_READY);
	assert_true(one()->fsm.claimed); /* it serves until the other one is heard */
	advert(90);
	fake_run_for(NS_PER_MS);
	assert_int_equal(one()->fsm.state, VRRP_FAULT);
	assert_false(one()->fsm.yielded); /* it may preempt when it is good again */
	assert_false(engine_fake_has_alarm(engine, "degraded"));
}

/* It has reported so, and does not take over. */
static void a_peer_that_is_ready_in_words_alone_costs_nothing(void **state)
{
	(void)state;
	start(SERVE);
	await(VRRP_MASTER);
	peer_says(PEER_FAULT, false);
	check_is(false);
	for (int i = 0; i < 20; i++) {
		peer_says(PEER_BACKUP, true);
		fake_run_for(NS_PER_S);
		assert_true(one()->fsm.claimed);
	}
	assert_true(one()->transitions <=
		    2 + 2 * 2); /* it does not offer the mastership all the time */
}

static void a_reload_without_it_makes_it_a_fault(void **state)
{
	(void)state;
	start(SERVE);
	await(VRRP_MASTER);
	peer_says(PEER_FAULT, false);
	check_is(false);
	assert_true(engine_fake_reload(engine, INSTANCE("")));
	assert_int_equal(one()->fsm.state, VRRP_FAULT);
	assert_false(engine_fake_has_alarm(engine, "degraded"));
}

static void nothing_is_held_where_peers_never_reported(void **state)
{
	(void)state;
	start(SERVE);
	await(VRRP_MASTER);
	check_is(false);
	assert_int_equal(one()->fsm.state, VRRP_FAULT);
}

static void without_it_a_bad_check_is_a_fault(void **state)
{
	(void)state;
	start(INSTANCE(""));
	await(VRRP_MASTER);
	peer_says(PEER_FAULT, false);
	check_is(false);
	assert_int_equal(one()->fsm.state, VRRP_FAULT);
}

/* Both nodes believed that the other one was ready. */
static void of_two_that_failed_together_one_comes_back(void **state)
{
	(void)state;
	start(SERVE);
	await(VRRP_MASTER);
	peer_says(PEER_BACKUP, true);
	check_is(false);
	assert_int_equal(one()->fsm.state, VRRP_FAULT);
	peer_says(PEER_FAULT, false);
	assert_int_equal(one()->fsm.state, VRRP_BACKUP);
	await(VRRP_MASTER);
	assert_true(engine_fake_has_alarm(engine, "degraded"));
}

static void who_comes_back_second_gives_way(void **state)
{
	(void)state;
	start(SERVE);
	hear(3 * NS_PER_S, 150); /* another one is MASTER all the time */
	peer_says(PEER_MASTER, true);
	check_is(false);
	assert_int_equal(one()->fsm.state, VRRP_FAULT);
	peer_says(PEER_MASTER, false); /* bad too, and it serves on */
	hear(2 * NS_PER_S, 150);
	assert_int_equal(one()->fsm.state, VRRP_FAULT);
	peer_says(PEER_FAULT, false);
	hear(NS_PER_S, 150); /* it is heard still */
	assert_int_equal(one()->fsm.state, VRRP_FAULT);
	fake_run_for(5 * NS_PER_S);
	peer_says(PEER_FAULT, false);
	assert_int_equal(one()->fsm.state, VRRP_BACKUP);
	peer_says(PEER_MASTER, false); /* it came back before us */
	assert_int_equal(one()->fsm.state, VRRP_FAULT);
}

static void a_node_that_never_was_good_does_not_serve(void **state)
{
	(void)state;
	engine_fake_node(&machine);
	fake_add_link(9, "eth9", false);
	engine = engine_fake_start(SERVE);
	fake_run_for(NS_PER_MS);
	peer_says(PEER_FAULT, false);
	fake_run_for(10 * NS_PER_S);
	assert_int_equal(one()->fsm.state, VRRP_FAULT);
}

/* --- flap_hold --------------------------------------------------------------------------------*/

/* The check fails, the peer takes over, the check recovers; 4 s. */
static void fail_once(void)
{
	check_is(false);
	hear(2 * NS_PER_S, 90);
	check_is(true);
	hear(2 * NS_PER_S, 90);
}

static void many_moves_end_the_preemption(void **state)
{
	(void)state;
	start(FLAPS);
	await(VRRP_MASTER); /* the first move */
	fail_once();
	await(VRRP_MASTER); /* the third */
	assert_false(one()->flap.held);
	fail_once();
	assert_true(one()->flap.held);
	assert_true(engine_fake_has_alarm(engine, "flap_hold"));
	hear(30 * NS_PER_S, 90);
	assert_int_equal(one()->fsm.state, VRRP_BACKUP);
	hear(40 * NS_PER_S, 90); /* it has not moved for a minute */
	assert_false(engine_fake_has_alarm(engine, "flap_hold"));
	assert_int_equal(one()->fsm.state, VRRP_MASTER);
}

static void a_dead_master_is_replaced_all_the_same(void **state)
{
	(void)state;
	start(FLAPS);
	await(VRRP_MASTER);
	fail_once();
	await(VRRP_MASTER);
	fail_once();
	assert_true(one()->flap.held);
	fake_run_for(5 * NS_PER_S);
	assert_int_equal(one()->fsm.state, VRRP_MASTER);
}

static void a_reload_keeps_it_and_one_without_it_ends_it(void **state)
{
	(void)state;
	start(FLAPS);
	await(VRRP_MASTER);
	fail_once();
	await(VRRP_MASTER);
	fail_once();
	assert_true(
	    engine_fake_reload(engine, INSTANCE("flap_hold 4 60\nnotify_priority_changes\n")));
	hear(5 * NS_PER_S, 90);
	assert_int_equal(one()->fsm.state, VRRP_BACKUP);
	assert_true(engine_fake_reload(engine, INSTANCE("")));
	hear(5 * NS_PER_S, 90);
	assert_int_equal(one()->fsm.state, VRRP_MASTER);
}

static void without_it_it_fails_back_each_time(void **state)
{
	(void)state;
	start(INSTANCE(""));
	for (int i = 0; i < 5; i++) {
		await(VRRP_MASTER);
		fail_once();
	}
	await(VRRP_MASTER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_master_serves_on_while_no_peer_is_ready, end),
	    cmocka_unit_test_teardown(a_ready_peer_takes_over, end),
	    cmocka_unit_test_teardown(a_peer_that_gets_ready_is_given_it_without_a_gap, end),
	    cmocka_unit_test_teardown(a_peer_that_is_ready_in_words_alone_costs_nothing, end),
	    cmocka_unit_test_teardown(a_reload_without_it_makes_it_a_fault, end),
	    cmocka_unit_test_teardown(nothing_is_held_where_peers_never_reported, end),
	    cmocka_unit_test_teardown(without_it_a_bad_check_is_a_fault, end),
	    cmocka_unit_test_teardown(of_two_that_failed_together_one_comes_back, end),
	    cmocka_unit_test_teardown(who_comes_back_second_gives_way, end),
	    cmocka_unit_test_teardown(a_node_that_never_was_good_does_not_serve, end),
	    cmocka_unit_test_teardown(many_moves_end_the_preemption, end),
	    cmocka_unit_test_teardown(a_dead_master_is_replaced_all_the_same, end),
	    cmocka_unit_test_teardown(a_reload_keeps_it_and_one_without_it_ends_it, end),
	    cmocka_unit_test_teardown(without_it_it_fails_back_each_time, end),
	};

	log_init("test", true, LOG_LV_ERROR);
	return cmocka_run_group_tests_name("steadiness", tests, NULL, NULL);
}
