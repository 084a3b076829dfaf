// SPDX-License-Identifier: BSD-2-Clause
/*
 * Priority 0 by the kernel half: a late advert of its sender behind it, and a watch that begins
 * while the daemon has not heard of it yet.
 * Links: user/datapath/ user/core/secret.c user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include "fixture.h"

#define LONG_NS (20 * NS_PER_S)

static const volatile struct hf_inst_state *begin(uint8_t role)
{
	fixture_open();
	fixture_instance(UNICAST_V3, TEST_LO, role);
	return datapath_state(fx.in[0]);
}

/* The interval is in hundredths of a second. */
static void advert(uint8_t priority, uint16_t interval)
{
	run_advert((struct advert){ADVERT_V3, .priority = priority, .interval = interval});
}

static unsigned int told(void)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(loop_turn(fx.loop, 0), 0);
	return fx.n_events;
}

static void a_late_advert_displaces_no_successor(void **state)
{
	const volatile struct hf_inst_state *st = begin(VRRP_ROLE_BACKUP);
	uint64_t heard_ns;

	(void)state;
	advert(200, 1000);
	advert(0, 1000);
	assert_int_equal(told(), 2);
	heard_ns = st->last_rx_ns;
	assert_int_equal(datapath_watch(fx.in[0], VRRP_ROLE_MASTER, 100, true, 0), 0);
	advert(200, 1000);
	assert_int_equal(told(), 2);
	assert_true(st->last_rx_ns == heard_ns);
	for (int i = 0; i < 1000 && told() < 3; i++) {
		usleep(1000);
		advert(200, 1); /* of an interval that passes: it has come back */
	}
	assert_int_equal(fx.n_events, 3);
	assert_int_equal(fx.events[2].advert.judgement, VRRP_STEP_DOWN);
}

static void a_resignation_that_met_the_watch_before_is_told(void **state)
{
	(void)state;
	begin(VRRP_ROLE_MASTER);
	advert(200, 100);
	advert(0, 100);
	assert_int_equal(datapath_watch(fx.in[0], VRRP_ROLE_BACKUP, 100, true, LONG_NS), 0);
	assert_int_equal(told(), 1); /* not what it said before, which is no longer true */
	assert_int_equal(fx.events[0].advert.judgement, VRRP_RIVAL_RESIGNED);
	assert_true(fx.events[0].generation != fx.dp->slots[0].cfg.generation);
}

static void a_resignation_before_its_instance_was_published_is_not_told(void **state)
{
	(void)state;
	begin(VRRP_ROLE_MASTER);
	advert(0, 100);
	assert_int_equal(datapath_remove_instance(fx.in[0]), 0);
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_MASTER);
	assert_int_equal(told(), 0);
	advert(0, 100); /* republished, it goes on */
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_MASTER);
	assert_int_equal(told(), 1);
}

#define CASE(name) cmocka_unit_test_teardown(name, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_late_advert_displaces_no_successor),
	    CASE(a_resignation_that_met_the_watch_before_is_told),
	    CASE(a_resignation_before_its_instance_was_published_is_not_told),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
