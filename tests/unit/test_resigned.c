// SPDX-License-Identifier: BSD-2-Clause
/*
 * Priority 0 through the whole engine: when its event comes after a change of role, and when an
 * advert sent before it comes behind it.
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

#define INSTANCE                                                                                   \
	"global_defs {\n script_user root\n}\n"                                                    \
	"vrrp_instance one {\n interface eth0\n virtual_router_id 10\n version 3\n priority 100\n" \
	" advert_int 1\n virtual_ipaddress {\n 203.0.113.10/32 dev lo\n }\n}\n"
#define TAKEOVER_NS (3900 * NS_PER_MS) /* three intervals, the skew, and the addresses */

static void start(void)
{
	engine_begin(INSTANCE);
}

static void advert(const char *from, uint8_t priority)
{
	struct ipaddr source;

	ipaddr_parse(&source, from);
	fake_advert(10, &source, priority, 1000000);
}

/* Both adverts came while this node was MASTER: its kernel half has set no deadline. */
static void who_displaces_us_and_leaves_at_once_is_succeeded(void **state)
{
	(void)state;
	start();
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	fake_hold_events(true);
	advert("192.0.2.2", 200);
	advert("192.0.2.2", 0);
	fake_hold_events(false);
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	fake_run_for(NS_PER_S); /* more than the skew time, less than three intervals */
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_int_equal(named("one")->last_cause, VRRP_CAUSE_MASTER_RESIGNED);
}

/* The event waits in the ring while a new watch begins, as here for a new priority. */
static void a_resignation_counts_in_the_next_watch(void **state)
{
	(void)state;
	start();
	advert("192.0.2.2", 200);
	fake_run_for(100 * NS_PER_MS);
	fake_hold_events(true);
	advert("192.0.2.2", 0);
	inbox_priority(&named("one")->event, 90);
	fake_after_handler();
	assert_int_equal(named("one")->fsm.priority, 90);
	fake_hold_events(false);
	assert_true(named("one")->fsm.resigned);
	fake_run_for(NS_PER_S);
	assert_int_equal(state_of("one"), VRRP_MASTER);
}

static void another_master_heard_meanwhile_is_followed(void **state)
{
	(void)state;
	start();
	fake_run_for(TAKEOVER_NS);
	fake_hold_events(true);
	advert("192.0.2.2", 200);
	advert("192.0.2.2", 0);
	fake_run_for(NS_PER_MS);
	advert("192.0.2.3", 201);
	fake_hold_events(false);
	fake_run_for(2 * NS_PER_S);
	assert_int_equal(state_of("one"), VRRP_BACKUP);
}

static void a_late_advert_does_not_displace_the_successor(void **state)
{
	(void)state;
	start();
	advert("192.0.2.2", 200);
	advert("192.0.2.2", 0);
	fake_run_for(NS_PER_S - NS_PER_MS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	advert("192.0.2.2", 200);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	fake_run_for(NS_PER_MS); /* an interval after its priority 0: it has come back */
	advert("192.0.2.2", 200);
	assert_int_equal(state_of("one"), VRRP_BACKUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(who_displaces_us_and_leaves_at_once_is_succeeded, end),
	    cmocka_unit_test_teardown(a_resignation_counts_in_the_next_watch, end),
	    cmocka_unit_test_teardown(another_master_heard_meanwhile_is_followed, end),
	    cmocka_unit_test_teardown(a_late_advert_does_not_displace_the_successor, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
