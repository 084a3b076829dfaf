// SPDX-License-Identifier: BSD-2-Clause
/*
 * Handovers and drains until their end: who took over and after how long, or why this node serves
 * on. The whole engine with fakes.
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
#include "engine/state.h"

#define ROOT "global_defs {\n script_user root\n}\n"
#define INSTANCE(name, vrid)                                                                       \
	"vrrp_instance " name " {\n interface eth0\n virtual_router_id " #vrid "\n version 3\n"    \
	" priority 100\n advert_int 1\n virtual_ipaddress {\n 203.0.113." #vrid "/32 dev lo\n }\n" \
	"}\n"
#define TWO	    ROOT INSTANCE("one", 10) INSTANCE("two", 11)
#define GROUP	    TWO "vrrp_sync_group both {\n group {\n one\n two\n }\n}\n"
#define TAKEOVER_NS (3900 * NS_PER_MS) /* three intervals, the skew, and the addresses */
#define DOWN_NS	    (4600 * NS_PER_MS) /* how long a leaver waits for a successor */

/* An engine that is MASTER of all that `text` configures. */
static void start(const char *text)
{
	engine_fake_node(&machine);
	engine = engine_fake_start(text);
	fake_run_for(2 * TAKEOVER_NS);
	machine.answer[0] = '\0';
}

static void advert(uint8_t vrid, const char *from)
{
	struct ipaddr source;

	ipaddr_parse(&source, from);
	fake_advert(vrid, &source, 90, 1000000);
	fake_after_handler();
	fake_run_for(NS_PER_MS); /* without BGP there is nothing to linger for */
}

static void assert_answer(const char *text)
{
	if (strcmp(machine.answer, text) != 0)
		print_error("answer: %s\n", machine.answer);
	assert_string_equal(machine.answer, text);
}

/* --- handover ---------------------------------------------------------------------------------*/

static void the_taker_is_named(void **state)
{
	(void)state;
	start(TWO);
	assert_true(engine_fake_request(engine, CONTROL_HANDOVER, "one"));
	assert_answer("");
	assert_true(fake_has_address("203.0.113.10/32")); /* served until another node is heard */
	fake_run_for(8 * NS_PER_MS);
	assert_answer("");
	advert(10, "192.0.2.12");
	assert_answer("done: 192.0.2.12 took over after 8.0 ms");
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	assert_int_equal(state_of("two"), VRRP_MASTER);
	fake_run_for(NS_PER_MS);
	assert_false(fake_has_address("203.0.113.10/32"));
}

static void where_nobody_takes_over_nothing_changes(void **state)
{
	(void)state;
	start(TWO);
	assert_true(engine_fake_request(engine, CONTROL_HANDOVER, "one"));
	fake_run_for(DOWN_NS);
	assert_answer("refused: no other node took over one within 4500 ms: this node is MASTER as "
		      "before, and has served all the time");
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_true(fake_has_address("203.0.113.10/32"));
	assert_null(strstr(fake_traced(), "remove 203.0.113.10"));
}

static void who_moves_already_is_not_asked_again(void **state)
{
	(void)state;
	start(TWO);
	assert_true(engine_fake_request(engine, CONTROL_HANDOVER, "one"));
	assert_false(engine_fake_request(engine, CONTROL_HANDOVER, "one"));
	assert_answer("refused: one is BACKUP here; its master is unknown: hand over there");
	assert_false(engine_fake_request(engine, CONTROL_DRAIN, ""));
	assert_answer("refused: one is being handed over already: await its outcome");
	assert_true(engine_fake_request(engine, CONTROL_HANDOVER, "two"));
	advert(11, "192.0.2.12");
	assert_non_null(strstr(machine.answer, "192.0.2.12 took over"));
	advert(10, "192.0.2.12");
	assert_null(named("one")->move.of);
}

static void a_fault_before_a_successor_is_heard_is_told(void **state)
{
	(void)state;
	start(TWO);
	assert_true(engine_fake_request(engine, CONTROL_HANDOVER, "one"));
	fake_set_link(2, false, false);
	assert_answer(
	    "refused: one is FAULT now, before another node was heard: holdfastctl status");
}

static void a_reload_that_removes_it_ends_the_order(void **state)
{
	(void)state;
	start(TWO);
	assert_true(engine_fake_request(engine, CONTROL_HANDOVER, "one"));
	assert_true(engine_fake_reload(engine, ROOT INSTANCE("two", 11)));
	fake_run_for(DOWN_NS);
	assert_non_null(strstr(machine.answer, "refused: one is INIT now, before another node"));
	assert_null(named("one"));
}

/* --- drain ------------------------------------------------------------------------------------*/

static void a_drain_waits_for_a_successor(void **state)
{
	(void)state;
	start(TWO);
	assert_true(engine_fake_request(engine, CONTROL_DRAIN, "one"));
	assert_answer("");
	assert_int_equal(engine->drains.set.n, 0);
	fake_run_for(20 * NS_PER_MS);
	advert(10, "192.0.2.12");
	assert_answer("done: 192.0.2.12 took over after 20 ms. one is drained. ");
	assert_int_equal(state_of("one"), VRRP_FAULT);
	assert_int_equal(named("one")->drained_by, STATUS_DRAIN_OPERATOR);
}

static void without_one_it_is_not_drained(void **state)
{
	(void)state;
	start(TWO);
	assert_true(engine_fake_request(engine, CONTROL_DRAIN, "one"));
	fake_run_for(DOWN_NS);
	assert_non_null(strstr(machine.answer, "refused: no other node took over one"));
	assert_non_null(strstr(machine.answer, "Nothing is drained; --force takes the outage"));
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_int_equal(engine->drains.set.n, 0);
	assert_int_equal(named("one")->drained_by, 0);
}

static void forced_it_is_drained_all_the_same(void **state)
{
	(void)state;
	start(TWO);
	assert_true(engine_fake_order(engine, CONTROL_DRAIN, "one", true));
	assert_non_null(strstr(machine.answer, "done: one is being drained: this node serves until "
					       "another one is heard"));
	fake_run_for(DOWN_NS);
	assert_int_equal(state_of("one"), VRRP_FAULT);
	assert_false(fake_has_address("203.0.113.10/32"));
}

static void who_is_not_master_is_drained_at_once(void **state)
{
	(void)state;
	engine_fake_node(&machine);
	engine = engine_fake_start(TWO);
	assert_true(engine_fake_request(engine, CONTROL_DRAIN, ""));
	assert_answer("done: all 2 instances are drained. ");
}

#define ONE	ROOT INSTANCE("one", 10)
#define SERVICE                                                                                    \
	"bgp_instance fabric {\n local_as 65001\n router_id 1.1.1.1\n neighbor 192.0.2.9 {\n"      \
	" remote_as 65000\n }\n}\nbgp_service store {\nprefix 203.0.113.60/32\n}\n"

/* `drain` and `undrain` of all, where there are few. */
static void the_answer_counts_what_there_is(void **state)
{
	static const struct {
		const char *text, *drained, *undrained;
	} rows[] = {
	    {ONE, "done: 1 instance is drained. ", "done: 1 instance takes part again"},
	    {SERVICE, "done: 1 service is drained. ", "done: 1 service takes part again"},
	    {ONE SERVICE, "done: 1 instance and 1 service are drained. ",
	     "done: 1 instance and 1 service take part again"},
	    {TWO SERVICE, "done: all 2 instances and 1 service are drained. ",
	     "done: all 2 instances and 1 service take part again"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		engine_fake_node(&machine);
		engine = engine_fake_start(rows[i].text);
		assert_true(engine_fake_request(engine, CONTROL_DRAIN, ""));
		assert_answer(rows[i].drained);
		assert_true(engine_fake_request(engine, CONTROL_UNDRAIN, ""));
		assert_answer(rows[i].undrained);
		if (i + 1 < sizeof(rows) / sizeof(rows[0]))
			engine_fake_free(engine);
	}
}

static void all_are_drained_with_one_answer(void **state)
{
	(void)state;
	start(TWO);
	assert_true(engine_fake_request(engine, CONTROL_DRAIN, ""));
	fake_run_for(8 * NS_PER_MS);
	advert(10, "192.0.2.12");
	assert_answer("");
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	advert(11, "192.0.2.13");
	assert_answer("done: 192.0.2.12 took over 1 instance, 192.0.2.13 took over 1 instance, "
		      "the last one after 9.0 ms. all 2 instances are drained. ");
	assert_int_equal(state_of("one"), VRRP_FAULT);
	assert_int_equal(state_of("two"), VRRP_FAULT);
	assert_true(engine->drains.set.all);
}

/* All or none: an instance that has moved stays there, with this node as its standby. */
static void one_without_a_successor_keeps_all_undrained(void **state)
{
	(void)state;
	start(TWO);
	assert_true(engine_fake_request(engine, CONTROL_DRAIN, ""));
	advert(10, "192.0.2.12");
	for (int i = 0; i < 5; i++) {
		fake_run_for(NS_PER_S);
		advert(10, "192.0.2.12");
	}
	assert_non_null(strstr(machine.answer, "refused: no other node took over two within"));
	assert_non_null(strstr(machine.answer, "But 192.0.2.12 took over after"));
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	assert_int_equal(state_of("two"), VRRP_MASTER);
	assert_false(engine->drains.set.all);
}

/* --- sync groups ------------------------------------------------------------------------------*/

static void a_group_moves_as_one(void **state)
{
	(void)state;
	start(GROUP);
	assert_int_equal(state_of("two"), VRRP_MASTER);
	assert_true(engine_fake_request(engine, CONTROL_HANDOVER, "two"));
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	advert(11, "192.0.2.12");
	assert_answer("");
	advert(10, "192.0.2.12");
	assert_non_null(strstr(machine.answer, "done: 192.0.2.12 took over 2 instances, the last"));
}

static void a_group_that_nobody_takes_is_master_again(void **state)
{
	(void)state;
	start(GROUP);
	assert_true(engine_fake_request(engine, CONTROL_DRAIN, "one"));
	fake_run_for(2 * DOWN_NS);
	assert_non_null(strstr(machine.answer, "refused: no other node took over"));
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_int_equal(state_of("two"), VRRP_MASTER);
	assert_int_equal(engine->drains.set.n, 0);
}

#define TEST(fn) cmocka_unit_test_teardown(fn, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_taker_is_named),
	    TEST(where_nobody_takes_over_nothing_changes),
	    TEST(who_moves_already_is_not_asked_again),
	    TEST(a_fault_before_a_successor_is_heard_is_told),
	    TEST(a_reload_that_removes_it_ends_the_order),
	    TEST(a_drain_waits_for_a_successor),
	    TEST(without_one_it_is_not_drained),
	    TEST(forced_it_is_drained_all_the_same),
	    TEST(who_is_not_master_is_drained_at_once),
	    TEST(the_answer_counts_what_there_is),
	    TEST(all_are_drained_with_one_answer),
	    TEST(one_without_a_successor_keeps_all_undrained),
	    TEST(a_group_moves_as_one),
	    TEST(a_group_that_nobody_takes_is_master_again),
	};

	log_init("test", true, LOG_LV_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
