// SPDX-License-Identifier: BSD-2-Clause
/*
 * After a takeover the engine looks up the old master's host in the kernel's neighbor table. The
 * answer is an event, and may come after the instance was removed.
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
#include "core/addr.h"
#include "core/log.h"
#include "engine/instance/executor.h"
#include "engine/state.h"

static const char one[] =
    "vrrp_instance one {\n interface eth0\n virtual_router_id 10\n version 3\n"
    " priority 100\n advert_int 1\n virtual_ipaddress {\n"
    "  203.0.113.10/32 dev lo\n }\n}\n";

static struct instance *instance(void)
{
	return engine_fake_instance(engine, "one");
}

static enum record_peer peer_in_last_record(void)
{
	return record_find(engine->records, engine->records->last)->peer;
}

/* "one" has taken over from 192.0.2.2, and the kernel takes 79 ms for each question of its host. */
static void take_over_slowly(void)
{
	struct ipaddr source;

	engine_fake_node(&machine);
	engine = engine_fake_start(one);
	ipaddr_parse(&source, "192.0.2.2");
	fake_advert(10, &source, 200, 1000000);
	machine.neighbor_ns = 79 * NS_PER_MS;
	machine.neighbor.confirmed = true;
	while (instance()->fsm.state != VRRP_MASTER)
		fake_run_for(NS_PER_MS);
	fake_traced();
	fake_run_for(OLD_MASTER_ASK_NS);
	assert_non_null(strstr(fake_traced(), "probe 192.0.2.2"));
}

static void the_old_masters_host_is_asked_for_without_waiting(void **state)
{
	(void)state;
	take_over_slowly();
	fake_run_for(OLD_MASTER_ANSWER_NS);
	assert_non_null(strstr(fake_traced(), "read 192.0.2.2"));
	assert_int_equal(peer_in_last_record(), RECORD_PEER_UNKNOWN);
	fake_run_for(machine.neighbor_ns);
	assert_int_equal(peer_in_last_record(), RECORD_PEER_ANSWERS);
}

static void a_host_that_is_silent_is_told_from_one_that_is_unknown(void **state)
{
	(void)state;
	take_over_slowly();
	machine.neighbor = (struct neighbor){.failed = true};
	machine.neighbor_err = -ENOENT;
	fake_run_for(OLD_MASTER_ANSWER_NS + machine.neighbor_ns);
	assert_int_equal(peer_in_last_record(), RECORD_PEER_UNKNOWN);
	engine_fake_free(engine);

	take_over_slowly();
	machine.neighbor = (struct neighbor){.failed = true};
	fake_run_for(OLD_MASTER_ANSWER_NS + machine.neighbor_ns);
	assert_int_equal(peer_in_last_record(), RECORD_PEER_SILENT);
}

static void an_answer_outlives_the_instance(void **state)
{
	(void)state;
	take_over_slowly();
	fake_run_for(OLD_MASTER_ANSWER_NS);
	instance_destroy(instance());
	fake_run_for(machine.neighbor_ns);
	assert_int_equal(peer_in_last_record(), RECORD_PEER_ANSWERS);
}

/* It uses the place of a removed instance whose query is still open. */
static void one_question_at_a_time_is_asked(void **state)
{
	struct instance *in;

	(void)state;
	take_over_slowly();
	in = instance();
	machine.neighbor_ns = 0;
	in->old_master.asked = false;
	loop_arm(engine->loop, &in->old_master.timer, fake->now);
	fake_run_for(OLD_MASTER_ASK_NS - 1);
	assert_null(strstr(fake_traced(), "probe"));
	fake_run_for(1);
	assert_non_null(strstr(fake_traced(), "probe 192.0.2.2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(the_old_masters_host_is_asked_for_without_waiting, end),
	    cmocka_unit_test_teardown(a_host_that_is_silent_is_told_from_one_that_is_unknown, end),
	    cmocka_unit_test_teardown(an_answer_outlives_the_instance, end),
	    cmocka_unit_test_teardown(one_question_at_a_time_is_asked, end),
	};

	log_init("test", true, LOG_LV_ERROR);
	return cmocka_run_group_tests_name("old_master", tests, NULL, NULL);
}
