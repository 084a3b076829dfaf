// SPDX-License-Identifier: BSD-2-Clause
/*
 * Traffic checks in the real engine over fakes: what a verdict does to those that track the check,
 * what is told of it, and what a reload keeps. The thread runs, but the fake kernel half counts
 * nothing; the verdicts are the test's.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_case.h"
#include "core/log.h"
#include "engine/state.h"
#include "engine/tracking/check_results.h"
#include "engine/tracking/stale.h"
#include "engine/tracking/tracking.h"

#define WEB(more)                                                                                  \
	"vrrp_traffic_check web {\n address 203.0.113.10\n port 80\n forget 30\n" more "}\n"
#define ONE(track)                                                                                 \
	"vrrp_instance one {\n interface eth0\n virtual_router_id 10\n version 3\n"                \
	" priority 100\n advert_int 1\n virtual_ipaddress {\n 203.0.113.10/32 dev lo\n }\n" track  \
	"}\n"
#define TRACKS	    " track_traffic {\n web\n }\n"
#define TAKEOVER_NS (4 * NS_PER_S)

static const struct traffic_cfg rules = {
    .window_ns = 500 * NS_PER_MS, .min_syn = 10, .forget_ns = 30 * NS_PER_S};

static void start(const char *text)
{
	engine_begin(text);
	fake_run_for(TAKEOVER_NS);
	fake_traced();
}

static void judge(enum traffic_verdict verdict, struct traffic_count window)
{
	const struct traffic_judged judged = {
	    .rules = &rules,
	    .state = verdict == TRAFFIC_NONE   ? HEALTH_UNKNOWN
		     : verdict == TRAFFIC_GOOD ? HEALTH_UP
					       : HEALTH_DOWN,
	    .verdict = verdict,
	    .window = window,
	};

	check_results_judged(engine, 0, &judged);
	fake_after_handler();
}

static void judge_bad(void)
{
	judge(TRAFFIC_UNANSWERED, (struct traffic_count){.syn = 120, .answered = 3});
}

static void expect_alarm(const char *text, bool there)
{
	if (engine_fake_has_alarm(engine, text) != there)
		fail_msg("the alarm '%s' is%s there", text, there ? " not" : "");
}

static void without_traffic_a_service_is_good(void **state)
{
	struct status *st;

	(void)state;
	start(WEB("") ONE(TRACKS));
	assert_int_equal(state_of("one"), VRRP_MASTER);
	st = engine_fake_status(engine);
	assert_int_equal(st->n_checks, 1);
	assert_string_equal(st->checks[0].kind, "traffic");
	assert_int_equal(st->checks[0].state, HEALTH_UP);
	assert_false(st->checks[0].ran);
	assert_true(st->checks[0].has_traffic);
	assert_int_equal(st->n_alarms, 0);
	status_free(st);
}

static void a_bad_one_is_a_fault_with_its_words(void **state)
{
	(void)state;
	start(WEB("") ONE(TRACKS));
	judge_bad();
	assert_int_equal(state_of("one"), VRRP_FAULT);
	assert_string_equal(record_at(engine->records, engine->records->last)->detail,
			    "web: 3 of 120 SYN answered in 0.5 s");
	expect_alarm("the check web is DOWN by its traffic: 3 of 120 SYN answered in 0.5 s", true);
	judge(TRAFFIC_GOOD, (struct traffic_count){.syn = 120, .answered = 120});
	assert_int_not_equal(state_of("one"), VRRP_FAULT);
	expect_alarm("by its traffic", false);
}

static void a_forgotten_verdict_ends_the_fault(void **state)
{
	(void)state;
	start(WEB("") ONE(TRACKS));
	judge_bad();
	judge(TRAFFIC_NONE, (struct traffic_count){0});
	assert_int_not_equal(state_of("one"), VRRP_FAULT);
	assert_string_equal(engine->checks.all[0].last.detail,
			    "no verdict for 30 s: the bad one is forgotten");
}

static void a_weight_changes_the_priority(void **state)
{
	(void)state;
	start(WEB("weight 20\n") ONE(TRACKS));
	assert_int_equal(named("one")->fsm.priority, 120); /* good without a verdict */
	judge_bad();
	assert_int_equal(named("one")->fsm.priority, 100);
	assert_int_equal(state_of("one"), VRRP_MASTER);
}

static void alarm_only_is_an_alarm_and_nothing_else(void **state)
{
	(void)state;
	start(WEB("alarm_only\n") ONE(TRACKS));
	judge_bad();
	assert_int_equal(state_of("one"), VRRP_MASTER);
	expect_alarm("by its traffic: 3 of 120 SYN answered in 0.5 s; nothing follows", true);
}

static void a_group_tracks_it_too(void **state)
{
	(void)state;
	start(WEB("") ONE("") "vrrp_instance two {\n interface eth0\n virtual_router_id 11\n"
			      " version 3\n advert_int 1\n virtual_ipaddress {\n"
			      " 203.0.113.11/32 dev lo\n }\n}\n"
			      "vrrp_sync_group both {\n group {\n one\n two\n }\n" TRACKS "}\n");
	assert_int_equal(state_of("two"), VRRP_MASTER);
	judge_bad();
	assert_int_equal(state_of("one"), VRRP_FAULT);
	assert_int_equal(state_of("two"), VRRP_FAULT);
}

/* It is no check of the runner, whose end makes it stale in no way. */
static void a_lost_runner_is_none_of_its_business(void **state)
{
	(void)state;
	start(WEB("") ONE(TRACKS));
	judge_bad();
	stale_begin_all(engine);
	assert_false(engine->checks.all[0].stale);
	check_results_runner_new(engine);
	assert_int_equal(check_results_order(engine), 0);
	assert_false(engine->checks.all[0].sent);
}

static void a_reload_keeps_the_verdict_of_a_check_that_stays(void **state)
{
	(void)state;
	start(WEB("") ONE(TRACKS));
	judge_bad();
	assert_true(engine_fake_reload(engine, WEB("window 2\n") ONE(TRACKS)));
	assert_int_equal(state_of("one"), VRRP_FAULT);
	assert_int_equal(engine->checks.all[0].fsm.state, HEALTH_DOWN);
	assert_true(engine_fake_reload(engine, ONE("")));
	fake_run_for(NS_PER_S);
	assert_int_not_equal(state_of("one"), VRRP_FAULT);
	assert_true(engine_fake_reload(engine, WEB("") ONE(TRACKS))); /* a new one, and good */
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, end)
	const struct CMUnitTest tests[] = {
	    CASE(without_traffic_a_service_is_good),
	    CASE(a_bad_one_is_a_fault_with_its_words),
	    CASE(a_forgotten_verdict_ends_the_fault),
	    CASE(a_weight_changes_the_priority),
	    CASE(alarm_only_is_an_alarm_and_nothing_else),
	    CASE(a_group_tracks_it_too),
	    CASE(a_lost_runner_is_none_of_its_business),
	    CASE(a_reload_keeps_the_verdict_of_a_check_that_stays),
	};

	log_init("test", true, LOG_LV_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
