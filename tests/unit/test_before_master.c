// SPDX-License-Identifier: BSD-2-Clause
/*
 * before_master in the whole engine: a claim waits for the command, also for that of its group, and
 * never longer than the timeout, even if the runner fails. The status shows the outcome.
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
#include "engine/group/sync_group.h"
#include "engine/instance/instance.h"
#include "engine/notify/notify.h"
#include "engine/state.h"

#define ROOT "global_defs {\n script_user root\n}\n"
#define INSTANCE(name, vrid, more)                                                                 \
	"vrrp_instance " name " {\n interface eth0\n virtual_router_id " #vrid "\n version 3\n"    \
	" priority 100\n advert_int 1\n notify_master /bin/m\n virtual_ipaddress {\n "             \
	"203.0.113." #vrid "/32 dev eth0\n }\n" more "}\n"
#define BEFORE	"before_master /bin/before\n"
#define PATIENT BEFORE "before_master_timeout 2\n"
#define ONE	ROOT INSTANCE("one", 10, BEFORE)
#define GROUP(members)                                                                             \
	"vrrp_sync_group both {\n group {\n" members " }\n notify_master /bin/gm\n" BEFORE "}\n"
#define PAIR ROOT INSTANCE("one", 10, "") INSTANCE("two", 11, "") GROUP(" one\n two\n")
#define PATIENT_PAIR                                                                               \
	ROOT INSTANCE("one", 10, "")                                                               \
	    INSTANCE("two", 11, "") "vrrp_sync_group both {\n group {\n one\n two\n }\n "          \
				    "notify_master /bin/gm\n" PATIENT "}\n"
#define TRIO                                                                                       \
	ROOT INSTANCE("one", 10, "") INSTANCE("two", 11, "") INSTANCE("three", 12, "")             \
	    GROUP(" one\n two\n three\n")
#define FABRIC(more)                                                                               \
	ROOT "bgp_instance fabric {\n local_as 65001\n router_id 1.1.1.1\n neighbor 192.0.2.9 {\n" \
	     " remote_as 65000\n }\n}\n" INSTANCE(                                                 \
		 "one", 10,                                                                        \
		 "bgp_announce {\n takeover community 65000:2 65000:1\n linger 0.2\n}\n" more)
#define STANDBY                                                                                    \
	ROOT "bgp_instance fabric {\n local_as 65001\n router_id 1.1.1.1\n neighbor 192.0.2.9 {\n" \
	     " remote_as 65000\n }\n}\n" INSTANCE(                                                 \
		 "one", 10, "bgp_announce {\n takeover as_path 1\n standby announce\n}\n")
#define ESCALATED "announce 203.0.113.10/32 community fde80001"
#define LEAVING	  "announce 203.0.113.10/32 community ffff0000"

static void start(const char *text)
{
	engine_begin(text);
	fake_traced();
}

/* Runs until the instance is MASTER, and no further than that millisecond. */
static void await_master(const char *name)
{
	for (int ms = 0; ms < 10000 && named(name)->fsm.state != VRRP_MASTER; ms++)
		fake_run_for(NS_PER_MS);
	assert_int_equal(named(name)->fsm.state, VRRP_MASTER);
}

/* The command of `word` ends. */
static void ends_as(const char *word, enum health_outcome outcome, int status)
{
	struct runner_done done = {.owner = fake_notify_owner(word),
				   .outcome = outcome,
				   .status = status,
				   .duration_ns = 30 * NS_PER_MS};

	notify_done(engine, &done);
	fake_after_handler();
}

static bool has(const char *name)
{
	return fake_has_address(name);
}

/* The text of the alarm before_master; "": there is none. */
static const char *alarm_text(void)
{
	static char text[STATUS_ALARM_TEXT];
	struct status *st = engine_fake_status(engine);

	text[0] = '\0';
	for (unsigned int i = 0; i < st->n_alarms; i++) {
		if (strcmp(st->alarms[i].reason, "before_master") == 0)
			memcpy(text, st->alarms[i].text, sizeof(text));
	}
	status_free(st);
	return text;
}

/* The first step of that kind in its last record. */
static const struct record_step *step_of(const char *name, enum record_kind kind)
{
	const struct record *rec = record_find(engine->records, named(name)->recording.number);

	return rec ? record_step_of(rec, kind) : NULL;
}

/* --- the order --------------------------------------------------------------------------------*/

static void addresses_and_scripts_wait_for_it(void **state)
{
	const char *said;

	(void)state;
	start(ONE);
	await_master("one");
	fake_run_for(50 * NS_PER_MS);
	said = fake_traced();
	assert_non_null(strstr(said, "notify /bin/before"));
	assert_non_null(strstr(said, "advert 100")); /* so no other BACKUP takes over */
	assert_null(strstr(said, "notify /bin/m"));
	assert_null(strstr(said, "garp"));
	assert_false(has("203.0.113.10/32"));
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(NS_PER_MS);
	said = fake_traced();
	assert_true(has("203.0.113.10/32"));
	assert_non_null(strstr(said, "notify /bin/m"));
	assert_non_null(strstr(said, "garp"));
	assert_string_equal(alarm_text(), "");
	assert_int_equal(named("one")->before.last.state, BEFORE_OK);
	assert_true(step_of("one", RECORD_BEFORE_ASKED));
	assert_int_equal(step_of("one", RECORD_BEFORE_ENDED)->value, HEALTH_OK);
	assert_false(step_of("one", RECORD_BEFORE_LATE));
}

static void prefixes_wait_for_it(void **state)
{
	(void)state;
	start(FABRIC(BEFORE));
	fake_sessions("fabric", 1);
	await_master("one");
	assert_null(strstr(fake_traced(), "announce"));
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(NS_PER_MS);
	assert_non_null(strstr(fake_traced(), ESCALATED));
	assert_true(step_of("one", RECORD_ANNOUNCED));
}

static void prefixes_of_an_address_that_fails_are_not_announced(void **state)
{
	(void)state;
	start(FABRIC(""));
	machine.address_err = -ENOMEM;
	fake_sessions("fabric", 1);
	fake_run_for(5 * NS_PER_S);
	machine.address_err = 0;
	assert_int_equal(state_of("one"), VRRP_FAULT);
	assert_null(strstr(fake_traced(), "announce"));
}

/* A full speaker takes the standby path later. The fault then replaces it by a withdrawal. */
static void an_address_goes_when_a_withdrawal_replaces_a_path_that_found_no_room(void **state)
{
	(void)state;
	start(STANDBY);
	fake_sessions("fabric", 1);
	await_master("one");
	fake_run_for(NS_PER_S);
	assert_true(has("203.0.113.10/32"));
	machine.speaker_full = 1;
	fake_set_link(2, false, false);
	fake_run_for(NS_PER_S);
	assert_int_equal(state_of("one"), VRRP_FAULT);
	assert_false(has("203.0.113.10/32"));
}

/* --- no longer than the timeout ---------------------------------------------------------------*/

static void it_waits_no_longer_than_the_timeout(void **state)
{
	(void)state;
	start(ONE);
	await_master("one");
	fake_run_for(98 * NS_PER_MS);
	assert_false(has("203.0.113.10/32"));
	fake_run_for(4 * NS_PER_MS);
	assert_true(has("203.0.113.10/32"));
	assert_non_null(strstr(fake_traced(), "notify /bin/m"));
	assert_non_null(strstr(alarm_text(), "has not ended, the takeover waited for 100 ms"));
	assert_true(step_of("one", RECORD_BEFORE_LATE));
	ends_as("/bin/before", HEALTH_OK, 0); /* it was not killed, and its end is reported */
	assert_non_null(strstr(alarm_text(), "took 30 ms"));
	assert_true(step_of("one", RECORD_BEFORE_ENDED));
	assert_null(strstr(fake_traced(), "notify"));
}

static void a_failure_goes_on_at_once(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, PATIENT));
	await_master("one");
	fake_run_for(200 * NS_PER_MS);
	assert_false(has("203.0.113.10/32"));
	ends_as("/bin/before", HEALTH_EXIT, 3);
	fake_run_for(NS_PER_MS);
	assert_true(has("203.0.113.10/32"));
	assert_non_null(strstr(alarm_text(), "exit status 3"));
}

static void a_full_runner_does_not_hold_it(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, PATIENT));
	machine.runner_is_full = true;
	await_master("one");
	fake_run_for(NS_PER_MS);
	assert_true(has("203.0.113.10/32"));
	assert_non_null(strstr(alarm_text(), "takes no more"));
	machine.runner_is_full = false;
}

static void a_dead_runner_does_not_hold_it(void **state)
{
	int fd;

	(void)state;
	start(ROOT INSTANCE("one", 10, PATIENT));
	fd = engine->runner.fd;
	engine->runner.fd = -1;
	await_master("one");
	fake_run_for(NS_PER_MS);
	engine->runner.fd = fd;
	assert_true(has("203.0.113.10/32"));
	assert_non_null(strstr(alarm_text(), "runner has ended"));
}

static void a_runner_that_dies_meanwhile_does_not_hold_it(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, PATIENT));
	await_master("one");
	assert_false(has("203.0.113.10/32"));
	notify_runner_lost(engine);
	fake_after_handler();
	fake_run_for(NS_PER_MS);
	assert_true(has("203.0.113.10/32"));
	assert_int_equal(named("one")->before.last.state, BEFORE_NOT_RUN);
}

static void one_that_may_not_run_is_an_alarm(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, "before_master /bin/before nobody_at_all\n"));
	await_master("one");
	fake_run_for(NS_PER_MS);
	assert_true(has("203.0.113.10/32"));
	assert_non_null(strstr(alarm_text(), "may not run"));
}

/* --- the claim ends before the command --------------------------------------------------------*/

static void a_fault_meanwhile_ends_the_claim(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, PATIENT));
	await_master("one");
	fake_set_link(2, false, false);
	assert_int_equal(named("one")->fsm.state, VRRP_FAULT);
	fake_traced();
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(3 * NS_PER_S);
	assert_string_equal(fake_traced(), "");
	assert_false(has("203.0.113.10/32"));
}

/* A run of the previous claim ends. The run of this claim continues. */
static void an_earlier_run_is_not_taken_for_this_one(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, PATIENT));
	await_master("one");
	fake_set_link(2, false, false);
	fake_set_link(2, true, false);
	await_master("one");
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(NS_PER_MS);
	assert_false(has("203.0.113.10/32"));
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(NS_PER_MS);
	assert_true(has("203.0.113.10/32"));
}

/* --- planned moves ----------------------------------------------------------------------------*/

static void advert(uint8_t priority)
{
	struct ipaddr source;

	ipaddr_parse(&source, "192.0.2.2");
	fake_advert(10, &source, priority, 1000000);
}

static void the_old_master_serves_while_the_new_one_prepares(void **state)
{
	(void)state;
	start(FABRIC(BEFORE "before_master_timeout 0.5\n"));
	fake_sessions("fabric", 1);
	await_master("one");
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(NS_PER_S);
	assert_true(engine_fake_request(engine, CONTROL_HANDOVER, "one"));
	fake_traced();
	advert(90);
	fake_run_for(498 *
		     NS_PER_MS); /* no other node announces yet: its path is the first choice */
	assert_null(strstr(fake_traced(), LEAVING));
	fake_run_for(4 * NS_PER_MS);
	assert_non_null(strstr(fake_traced(), LEAVING));
	fake_run_for(190 * NS_PER_MS);
	assert_null(strstr(fake_traced(), "withdraw"));
	fake_run_for(10 * NS_PER_MS);
	assert_non_null(strstr(fake_traced(), "withdraw"));
}

/* Nobody takes over from a node that leaves: it claims once more, and gets traffic meanwhile. */
static void a_reload_while_it_prepares_again_keeps_the_address(void **state)
{
	(void)state;
	start(FABRIC(PATIENT));
	fake_sessions("fabric", 1);
	await_master("one");
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(NS_PER_S);
	assert_true(engine_fake_request(engine, CONTROL_HANDOVER, "one"));
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	await_master("one");
	assert_true(before_master_waits(named("one")));
	fake_traced();
	assert_true(engine_fake_reload(engine, FABRIC("priority 90\n" PATIENT)));
	fake_run_for(NS_PER_MS);
	assert_null(strstr(fake_traced(), "withdraw"));
	assert_true(before_master_waits(named("one")));
	assert_true(has("203.0.113.10/32"));
}

/* Its path found no room, and no other node announces: the first claim's path is tried on. */
static void a_path_that_found_no_room_is_tried_while_it_prepares_again(void **state)
{
	(void)state;
	start(FABRIC(PATIENT));
	fake_sessions("fabric", 1);
	await_master("one");
	machine.speaker_full = 1000;
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(NS_PER_S);
	assert_true(engine_fake_request(engine, CONTROL_HANDOVER, "one"));
	await_master("one");
	assert_true(before_master_waits(named("one")));
	assert_null(strstr(fake_traced(), ESCALATED));
	machine.speaker_full = 0;
	fake_run_for(200 * NS_PER_MS);
	assert_true(before_master_waits(named("one")));
	assert_non_null(strstr(fake_traced(), ESCALATED));
}

static uint32_t med; /* of the last announcement */

static void note_med(void *ctx, const struct ipprefix *prefix, const struct bgp_attrs *attrs)
{
	(void)ctx;
	(void)prefix;
	if (attrs)
		med = attrs->med;
}

/* The successor has announced and died before this node had left: only a newer epoch outranks its
 * path. */
static void a_claim_by_a_node_that_is_still_escalated_has_a_newer_epoch(void **state)
{
	uint32_t first;

	(void)state;
	start(FABRIC(BEFORE "before_master_timeout 5\n"));
	machine.route = note_med;
	fake_sessions("fabric", 1);
	await_master("one");
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(NS_PER_S);
	first = med;
	assert_true(engine_fake_request(engine, CONTROL_HANDOVER, "one"));
	advert(90);
	await_master("one");
	assert_int_equal(named("one")->announcer.fsm.level, ANNOUNCE_ESCALATED);
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(NS_PER_MS);
	assert_int_equal(named("one")->announcer.fsm.level, ANNOUNCE_ESCALATED);
	assert_true(med < first);
}

/* The first claim has added nothing yet. */
static void a_reload_while_it_prepares_adds_no_address(void **state)
{
	(void)state;
	start(FABRIC(PATIENT));
	fake_sessions("fabric", 1);
	await_master("one");
	assert_true(engine_fake_reload(engine, FABRIC("priority 90\n" PATIENT)));
	fake_run_for(NS_PER_MS);
	assert_true(before_master_waits(named("one")));
	assert_false(has("203.0.113.10/32"));
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(NS_PER_MS);
	assert_true(has("203.0.113.10/32"));
}

static void without_it_the_old_master_leaves_at_once(void **state)
{
	(void)state;
	start(FABRIC(""));
	fake_sessions("fabric", 1);
	await_master("one");
	fake_run_for(NS_PER_S);
	assert_true(engine_fake_request(engine, CONTROL_HANDOVER, "one"));
	fake_traced();
	advert(90);
	assert_non_null(strstr(fake_traced(), LEAVING));
}

/* --- sync groups ------------------------------------------------------------------------------*/

static unsigned int count(const char *text, const char *word)
{
	unsigned int n = 0;

	for (text = strstr(text, word); text; text = strstr(text + 1, word))
		n++;
	return n;
}

static void a_group_runs_it_once_for_all(void **state)
{
	const char *said;

	(void)state;
	start(PAIR);
	await_master("one");
	await_master("two");
	fake_run_for(50 * NS_PER_MS);
	said = fake_traced();
	assert_int_equal(count(said, "/bin/before"), 1);
	assert_int_equal(count(said, "/bin/m"), 0);
	assert_int_equal(count(said, "/bin/gm"), 0);
	assert_false(has("203.0.113.10/32") || has("203.0.113.11/32"));
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(NS_PER_MS);
	said = fake_traced();
	assert_true(has("203.0.113.10/32") && has("203.0.113.11/32"));
	assert_int_equal(count(said, "/bin/m"), 2);
	assert_int_equal(count(said, "/bin/gm"), 1);
	assert_true(step_of("two", RECORD_BEFORE_ENDED));
}

static void a_group_waits_no_longer_than_its_timeout(void **state)
{
	const char *said;

	(void)state;
	start(PAIR);
	await_master("one");
	await_master("two");
	fake_run_for(104 * NS_PER_MS);
	said = fake_traced();
	assert_true(has("203.0.113.10/32") && has("203.0.113.11/32"));
	assert_int_equal(count(said, "/bin/gm"), 1);
	assert_non_null(strstr(alarm_text(), "both: before_master has not ended"));
}

/* It was MASTER already and gets traffic, so there is nothing to prepare. */
static void a_member_that_comes_later_runs_nothing(void **state)
{
	(void)state;
	start(PAIR);
	await_master("two");
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(NS_PER_MS);
	fake_traced();
	assert_true(engine_fake_reload(engine, TRIO));
	await_master("three");
	assert_int_equal(count(fake_traced(), "/bin/before"), 0);
	fake_run_for(NS_PER_MS);
	assert_true(has("203.0.113.12/32"));
}

static void a_groups_next_mastership_runs_it_again(void **state)
{
	(void)state;
	start(PAIR);
	await_master("two");
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(NS_PER_MS);
	fake_set_link(2, false, false);
	fake_traced();
	fake_set_link(2, true, false);
	await_master("two");
	assert_int_equal(count(fake_traced(), "/bin/before"), 1);
}

/* The run of the previous claim goes on, but the traffic has left and returned since. */
static void a_groups_next_claim_does_not_wait_for_an_earlier_run(void **state)
{
	(void)state;
	start(PATIENT_PAIR);
	await_master("one");
	await_master("two");
	fake_set_link(2, false, false);
	assert_int_equal(named("two")->fsm.state, VRRP_FAULT);
	assert_null(strstr(fake_traced(), "/bin/gm"));
	fake_set_link(2, true, false);
	await_master("one");
	await_master("two");
	assert_int_equal(count(fake_traced(), "/bin/before"), 1);
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(NS_PER_MS);
	assert_false(has("203.0.113.10/32") || has("203.0.113.11/32"));
	ends_as("/bin/before", HEALTH_OK, 0);
	fake_run_for(NS_PER_MS);
	assert_true(has("203.0.113.10/32") && has("203.0.113.11/32"));
	assert_int_equal(count(fake_traced(), "/bin/gm"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(addresses_and_scripts_wait_for_it, end),
	    cmocka_unit_test_teardown(prefixes_wait_for_it, end),
	    cmocka_unit_test_teardown(prefixes_of_an_address_that_fails_are_not_announced, end),
	    cmocka_unit_test_teardown(
		an_address_goes_when_a_withdrawal_replaces_a_path_that_found_no_room, end),
	    cmocka_unit_test_teardown(it_waits_no_longer_than_the_timeout, end),
	    cmocka_unit_test_teardown(a_failure_goes_on_at_once, end),
	    cmocka_unit_test_teardown(a_full_runner_does_not_hold_it, end),
	    cmocka_unit_test_teardown(a_dead_runner_does_not_hold_it, end),
	    cmocka_unit_test_teardown(a_runner_that_dies_meanwhile_does_not_hold_it, end),
	    cmocka_unit_test_teardown(one_that_may_not_run_is_an_alarm, end),
	    cmocka_unit_test_teardown(a_fault_meanwhile_ends_the_claim, end),
	    cmocka_unit_test_teardown(an_earlier_run_is_not_taken_for_this_one, end),
	    cmocka_unit_test_teardown(the_old_master_serves_while_the_new_one_prepares, end),
	    cmocka_unit_test_teardown(a_reload_while_it_prepares_again_keeps_the_address, end),
	    cmocka_unit_test_teardown(
		a_path_that_found_no_room_is_tried_while_it_prepares_again, end),
	    cmocka_unit_test_teardown(
		a_claim_by_a_node_that_is_still_escalated_has_a_newer_epoch, end),
	    cmocka_unit_test_teardown(a_reload_while_it_prepares_adds_no_address, end),
	    cmocka_unit_test_teardown(without_it_the_old_master_leaves_at_once, end),
	    cmocka_unit_test_teardown(a_group_runs_it_once_for_all, end),
	    cmocka_unit_test_teardown(a_group_waits_no_longer_than_its_timeout, end),
	    cmocka_unit_test_teardown(a_member_that_comes_later_runs_nothing, end),
	    cmocka_unit_test_teardown(a_groups_next_mastership_runs_it_again, end),
	    cmocka_unit_test_teardown(a_groups_next_claim_does_not_wait_for_an_earlier_run, end),
	};

	log_init("test", true, LOG_LV_ERROR);
	return cmocka_run_group_tests_name("before_master", tests, NULL, NULL);
}
