// SPDX-License-Identifier: BSD-2-Clause
/*
 * Services in the real engine with fakes: waiting at the start, failure and recovery, drain,
 * reload, stop, and the reports of each.
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
#include "engine/observe/recording.h"
#include "engine/service/service.h"
#include "engine/state.h"
#include "engine/tracking/check_results.h"
#include "engine/tracking/tracking.h"

#define ROOT                                                                                       \
	"global_defs {\n script_user root\n}\n"                                                    \
	"vrrp_tcp_check web {\n connect 127.0.0.1 80\n}\n"                                         \
	"vrrp_tcp_check dns {\n connect 127.0.0.1 53\n}\n"                                         \
	"bgp_instance fabric {\n local_as 65001\n router_id 1.1.1.1\n neighbor 192.0.2.9 {\n"      \
	" remote_as 65000\n }\n}\n"
#define SERVICE(name, prefix, more) "bgp_service " name " {\n prefix " prefix "\n" more "\n}\n"
#define TRACKS(check)		    "track_script {\n " check "\n }\n"
#define WWW_LINES		    TRACKS("web") "community 65000:7\n"
#define WWW			    ROOT SERVICE("www", "203.0.113.1/32", WWW_LINES)
#define LINGER_NS		    (200 * NS_PER_MS)

static void start(const char *text)
{
	fake_init(&machine);
	fake_add_link(1, "lo", true);
	fake_add_link(2, "eth0", true);
	engine = engine_fake_start(text);
	fake_sessions("fabric", 1);
	fake_run_for(NS_PER_MS);
}

static struct service *service_named(const char *name)
{
	struct service *svc;

	ENGINE_EACH_SERVICE (engine, svc) {
		if (strcmp(svc->cfg->name, name) == 0)
			return svc;
	}
	return NULL;
}

/* The check of that name has this result; `status`: the number of a file. */
static void file_result(const char *name, enum health_outcome outcome, int status)
{
	struct check *check;

	CHECK_REGISTRY_EACH (&engine->checks, check) {
		const struct runner_result got = {
		    .id = check->order.id, .outcome = outcome, .status = status};

		if (strcmp(check->name, name) == 0)
			check_results_take(engine, &got);
	}
	fake_after_handler();
}

static void result(const char *name, enum health_outcome outcome)
{
	file_result(name, outcome, 0);
}

#define expect_trace(text) assert_string_equal(fake_traced(), text)

static const struct record *last_record(void)
{
	return record_at(engine->records, engine->records->last);
}

/* --- health -----------------------------------------------------------------------------------*/

static void nothing_is_announced_before_the_first_result(void **state)
{
	(void)state;
	start(WWW);
	assert_int_equal(service_named("www")->fsm.state, SERVICE_INIT);
	fake_run_for(60 * NS_PER_S);
	expect_trace("");
	result("web", HEALTH_OK);
	assert_int_equal(service_named("www")->fsm.state, SERVICE_UP);
	expect_trace("announce 203.0.113.1/32 community fde80007");
}

static void a_failure_withdraws_and_says_why(void **state)
{
	(void)state;
	start(WWW);
	result("web", HEALTH_OK);
	fake_traced();
	result("web", HEALTH_CONNECT);
	expect_trace("withdraw 203.0.113.1/32");
	assert_int_equal(service_named("www")->fsm.state, SERVICE_DOWN);
	assert_int_equal(last_record()->subject, RECORD_OF_SERVICE);
	assert_string_equal(last_record()->instance, "www");
	assert_int_equal(last_record()->to, SERVICE_DOWN);
	assert_int_equal(last_record()->cause, VRRP_CAUSE_FAULT);
	assert_non_null(strstr(last_record()->detail, "check web: "));
	result("dns", HEALTH_OK); /* nobody's */
	expect_trace("");
	result("web", HEALTH_OK);
	expect_trace("announce 203.0.113.1/32 community fde80007");
	assert_int_equal(service_named("www")->transitions, 3);
}

static void a_bfd_session_decides_too(void **state)
{
	(void)state;
	start(ROOT "bfd_instance leaf {\n neighbor_ip 192.0.2.9\n}\n" SERVICE(
	    "www", "203.0.113.1/32", "track_bfd {\n leaf\n }\n"));
	expect_trace(""); /* it has not been Up yet */
	tracking_bfd(engine, 0, HEALTH_UP);
	fake_after_handler();
	expect_trace("announce 203.0.113.1/32 community 0");
	tracking_bfd(engine, 0, HEALTH_DOWN);
	fake_after_handler();
	expect_trace("withdraw 203.0.113.1/32");
	assert_string_equal(last_record()->detail, "tracked bfd leaf");
}

static void a_failed_one_may_stay_as_the_worse_choice(void **state)
{
	(void)state;
	start(
	    ROOT SERVICE("www", "203.0.113.1/32", TRACKS("web") "when_failed community 65000:9\n"));
	result("web", HEALTH_CONNECT);
	expect_trace("announce 203.0.113.1/32 community fde80009");
	result("web", HEALTH_OK);
	expect_trace("announce 203.0.113.1/32 community 0");
}

static void services_of_other_checks_stay(void **state)
{
	(void)state;
	start(WWW SERVICE("dns", "203.0.113.2/32", TRACKS("dns")));
	result("web", HEALTH_OK);
	result("dns", HEALTH_OK);
	fake_traced();
	result("dns", HEALTH_TIMEOUT);
	expect_trace("withdraw 203.0.113.2/32");
	assert_int_equal(service_named("www")->fsm.state, SERVICE_UP);
}

static void links_and_sessions_count(void **state)
{
	(void)state;
	start(ROOT SERVICE("www", "203.0.113.1/32",
			   "track_interface {\n eth0\n }\n track_bgp {\n fabric\n }\n"));
	expect_trace("announce 203.0.113.1/32 community 0");
	fake_set_link(2, false, false);
	expect_trace("withdraw 203.0.113.1/32");
	assert_string_equal(last_record()->detail, "tracked interface eth0");
	fake_set_link(2, true, false);
	expect_trace("announce 203.0.113.1/32 community 0");
	fake_run_for(10 * NS_PER_S); /* at start a session is awaited */
	fake_sessions("fabric", 0);
	expect_trace("withdraw 203.0.113.1/32");
}

static void commands_are_told_each_state(void **state)
{
	(void)state;
	start(ROOT SERVICE("www", "203.0.113.1/32",
			   TRACKS("web") "notify_up \"/bin/true up\"\n"
					 "notify_down \"/bin/true down\"\n"
					 "notify_drained \"/bin/true drained\"\n"
					 "notify \"/bin/true\"\n"));
	fake_traced();
	result("web", HEALTH_OK);
	expect_trace("announce 203.0.113.1/32 community 0; notify up; notify 0");
	result("web", HEALTH_CONNECT);
	expect_trace("withdraw 203.0.113.1/32; notify down; notify 0");
	engine_fake_request(engine, CONTROL_DRAIN, "www");
	expect_trace("notify drained; notify 0");
	assert_string_equal(service_named("www")->notice.state, "DRAINED");
}

/* The answer of a new runner belongs to the state that it was told of. */
static void a_command_that_dies_with_the_runner_gets_no_answer(void **state)
{
	struct runner_done done = {.outcome = HEALTH_OK};
	const struct record *up;

	(void)state;
	start(ROOT SERVICE("www", "203.0.113.1/32",
			   TRACKS("web") "notify_up \"/bin/true up\"\n"
					 "notify_down \"/bin/true down\"\n"));
	result("web", HEALTH_OK);
	up = last_record();
	assert_int_equal(up->to, SERVICE_UP);
	recording_runner_lost(engine);
	notify_runner_lost(engine);
	result("web", HEALTH_CONNECT);
	assert_int_equal(last_record()->to, SERVICE_DOWN);
	done.owner = fake_notify_owner("down");
	notify_done(engine, &done);
	assert_null(record_step_of(up, RECORD_NOTIFY_ENDED));
	assert_non_null(record_step_of(last_record(), RECORD_NOTIFY_ENDED));
}

/* --- drain ------------------------------------------------------------------------------------*/

static void a_drained_one_is_the_last_choice_first(void **state)
{
	(void)state;
	start(WWW);
	result("web", HEALTH_OK);
	fake_traced();
	assert_true(engine_fake_request(engine, CONTROL_DRAIN, "www"));
	expect_trace("announce 203.0.113.1/32 community ffff0000");
	fake_run_for(LINGER_NS - NS_PER_MS);
	expect_trace("");
	fake_run_for(NS_PER_MS);
	expect_trace("withdraw 203.0.113.1/32");
	assert_int_equal(last_record()->to, SERVICE_DRAINED);
	assert_string_equal(last_record()->detail, "by the operator");
	result("web", HEALTH_CONNECT);
	expect_trace("");
	assert_int_equal(engine->drains.set.n, 1);
	assert_true(engine_fake_request(engine, CONTROL_UNDRAIN, "www"));
	assert_int_equal(service_named("www")->fsm.state, SERVICE_DOWN);
	assert_int_equal(engine->drains.set.n, 0);
	result("web", HEALTH_OK);
	expect_trace("announce 203.0.113.1/32 community fde80007");
}

static void all_are_drained_and_one_is_taken_out_of_that(void **state)
{
	(void)state;
	start(WWW SERVICE("dns", "203.0.113.2/32", TRACKS("dns")));
	assert_true(engine_fake_request(engine, CONTROL_DRAIN, ""));
	assert_int_equal(service_named("www")->fsm.state, SERVICE_DRAINED);
	assert_int_equal(service_named("dns")->fsm.state, SERVICE_DRAINED);
	assert_true(engine_fake_request(engine, CONTROL_UNDRAIN, "dns"));
	assert_int_equal(service_named("dns")->fsm.state, SERVICE_INIT);
	assert_int_equal(service_named("www")->fsm.state, SERVICE_DRAINED);
	assert_int_equal(engine->drains.set.n, 1);
	assert_string_equal(engine->drains.set.keys[0].name, "www");
	assert_false(engine_fake_request(engine, CONTROL_DRAIN, "nobody"));
}

static void a_disable_file_is_looked_for_first(void **state)
{
	(void)state;
	start(ROOT SERVICE("www", "203.0.113.1/32",
			   TRACKS("web") "disable_file /run/out-of-service\n"));
	result("web", HEALTH_OK);
	assert_int_equal(service_named("www")->fsm.state, SERVICE_INIT);
	file_result("/run/out-of-service", HEALTH_OK, 0); /* it is not there */
	assert_int_equal(service_named("www")->fsm.state, SERVICE_UP);
	file_result("/run/out-of-service", HEALTH_OK, 1);
	assert_int_equal(service_named("www")->fsm.state, SERVICE_DRAINED);
	assert_string_equal(last_record()->detail, "its disable_file exists");
	assert_false(engine_fake_request(engine, CONTROL_UNDRAIN, "www"));
	file_result("/run/out-of-service", HEALTH_OK, 0);
	assert_int_equal(service_named("www")->fsm.state, SERVICE_UP);
}

/* --- reload -----------------------------------------------------------------------------------*/

static void a_reload_changes_adds_and_removes(void **state)
{
	(void)state;
	start(WWW SERVICE("dns", "203.0.113.2/32", TRACKS("dns")));
	result("web", HEALTH_OK);
	result("dns", HEALTH_OK);
	fake_traced();
	assert_true(engine_fake_reload(engine,
				       ROOT SERVICE("www", "203.0.113.3/32", TRACKS("web"))
					   SERVICE("dns2", "203.0.113.2/32", TRACKS("dns"))));
	/* Removed services leave first. Until then the old configuration is in force. What is gone
	 * is withdrawn before and after the new one replaces it. */
	expect_trace("announce 203.0.113.2/32 community ffff0000");
	fake_run_for(LINGER_NS);
	expect_trace("withdraw 203.0.113.2/32; withdraw 203.0.113.1/32; withdraw 203.0.113.1/32; "
		     "announce 203.0.113.3/32 community 0; announce 203.0.113.2/32 community 0");
	assert_null(service_named("dns"));
	assert_int_equal(service_named("www")->fsm.state, SERVICE_UP);
	assert_int_equal(service_named("dns2")->fsm.state, SERVICE_UP);
	assert_null(engine->reload);
}

static void a_reload_without_a_change_is_no_news(void **state)
{
	(void)state;
	start(WWW);
	result("web", HEALTH_OK);
	fake_traced();
	assert_true(engine_fake_reload(engine, WWW));
	expect_trace("");
	result("web", HEALTH_CONNECT);
	expect_trace("withdraw 203.0.113.1/32");
}

/* Until its first result the last state holds. */
static void a_check_that_a_reload_adds_is_waited_for_in_place(void **state)
{
	(void)state;
	start(WWW);
	result("web", HEALTH_OK);
	assert_true(
	    engine_fake_reload(engine, ROOT SERVICE("www", "203.0.113.1/32", TRACKS("web\n dns"))));
	assert_int_equal(service_named("www")->fsm.state, SERVICE_UP);
	result("dns", HEALTH_CONNECT);
	assert_int_equal(service_named("www")->fsm.state, SERVICE_DOWN);
}

/* --- the end ----------------------------------------------------------------------------------*/

static void a_stop_leaves_without_loss(void **state)
{
	(void)state;
	start(WWW);
	result("web", HEALTH_OK);
	fake_traced();
	engine_fake_begin_stop(engine);
	expect_trace("announce 203.0.113.1/32 community ffff0000");
	assert_false(engine_fake_is_stopped(engine));
	fake_run_for(LINGER_NS);
	expect_trace("withdraw 203.0.113.1/32");
	assert_true(engine_fake_is_stopped(engine));
	assert_int_equal(last_record()->cause, VRRP_CAUSE_STOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(nothing_is_announced_before_the_first_result, end),
	    cmocka_unit_test_teardown(a_failure_withdraws_and_says_why, end),
	    cmocka_unit_test_teardown(a_bfd_session_decides_too, end),
	    cmocka_unit_test_teardown(a_failed_one_may_stay_as_the_worse_choice, end),
	    cmocka_unit_test_teardown(services_of_other_checks_stay, end),
	    cmocka_unit_test_teardown(links_and_sessions_count, end),
	    cmocka_unit_test_teardown(commands_are_told_each_state, end),
	    cmocka_unit_test_teardown(a_command_that_dies_with_the_runner_gets_no_answer, end),
	    cmocka_unit_test_teardown(a_drained_one_is_the_last_choice_first, end),
	    cmocka_unit_test_teardown(all_are_drained_and_one_is_taken_out_of_that, end),
	    cmocka_unit_test_teardown(a_disable_file_is_looked_for_first, end),
	    cmocka_unit_test_teardown(a_reload_changes_adds_and_removes, end),
	    cmocka_unit_test_teardown(a_reload_without_a_change_is_no_news, end),
	    cmocka_unit_test_teardown(a_check_that_a_reload_adds_is_waited_for_in_place, end),
	    cmocka_unit_test_teardown(a_stop_leaves_without_loss, end),
	};

	log_init("test", true, LOG_LV_ERROR);
	return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
