// SPDX-License-Identifier: BSD-2-Clause
/*
 * How the executor handles facts beyond the table of test_engine: links, addresses and sources that
 * appear and disappear, short-lived facts, sync groups, drains, the end.
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
#include "engine/group/sync_group.h"
#include "engine/instance/executor.h"
#include "engine/notify/notify.h"
#include "engine/state.h"
#include "engine/tracking/drain.h"
#include "engine/tracking/links.h"
#include "engine/tracking/tracking.h"

#define ROOT "global_defs {\n script_user root\n vrrp_notify_fifo /run/fifo\n}\n"
#define ON(dev, name, vrid, more)                                                                  \
	"vrrp_instance " name " {\n interface eth0\n virtual_router_id " #vrid "\n version 3\n"    \
	" priority 100\n advert_int 1\n garp_master_repeat 1\n virtual_ipaddress {\n "             \
	"203.0.113." #vrid "/32 dev " dev "\n }\n" more "}\n"
#define INSTANCE(name, vrid, more) ON("lo", name, vrid, more)
#define FABRIC                                                                                     \
	ROOT "bgp_instance fabric {\n local_as 65001\n router_id 1.1.1.1\n neighbor 192.0.2.9 {\n" \
	     " remote_as 65000\n }\n}\n"
#define ON_ETH9 "track_interface {\n eth9\n}\n"
#define PAIR(more_one, more_two, more_group)                                                       \
	ROOT INSTANCE("one", 10, more_one) INSTANCE(                                               \
	    "two", 11, more_two) "vrrp_sync_group both {\n group {\n one\n two\n }\n" more_group   \
				 "}\n"
#define TAKEOVER_NS (3900 * NS_PER_MS) /* three intervals, the skew, and the addresses */

static void start(const char *text)
{
	engine_fake_node(&machine);
	fake_add_link(9, "eth9", true);
	engine = engine_fake_start(text);
	fake_run_for(NS_PER_MS);
	fake_traced();
}

static uint32_t faults_of(const char *name)
{
	return named(name)->event.faults;
}

static void advert(uint8_t vrid, uint8_t priority)
{
	struct ipaddr source;

	ipaddr_parse(&source, "192.0.2.2");
	fake_advert(vrid, &source, priority, 1000000);
}

/* A link that is away for a moment, within one turn. */
static void flap(uint32_t ifindex, const char *name)
{
	struct netlink_link link = {.ifindex = ifindex};

	memcpy(link.name, name, strlen(name) + 1);
	for (int up = 0; up < 2; up++) {
		link.up = up;
		tracking_link(engine, &link);
		links_report(engine, &link);
	}
	fake_after_handler();
}

/* --- links and sources ------------------------------------------------------------------------*/

static void a_flap_within_a_turn_is_seen(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	flap(2, "eth0");
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	assert_int_equal(named("one")->transitions, 4); /* BACKUP, MASTER, FAULT, BACKUP */
	assert_int_equal(named("one")->event.raised, 0);
}

static void a_link_that_is_not_tracked_is_no_fault(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, "dont_track_primary\n"));
	fake_run_for(TAKEOVER_NS);
	fake_set_link(2, false, false);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	fake_set_link(2, false, true); /* but there has to be one */
	assert_int_equal(state_of("one"), VRRP_FAULT);
	assert_int_equal(fake_published(), 0);
}

static void another_interface_of_the_name_is_published_anew(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	fake_set_link(2, true, true);
	assert_int_equal(faults_of("one"), VRRP_FAULT_LINK);
	assert_int_equal(named("one")->ifindex, 0);
	fake_add_address(7, "192.0.2.77/24", false);
	fake_add_link(7, "eth0", false);
	fake_set_link(7, true, false);
	assert_int_equal(named("one")->ifindex, 7);
	assert_int_equal(named("one")->vcfg.address.b[15], 77);
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	fake_set_link(7, true, false); /* the same again */
	assert_int_equal(named("one")->transitions, 3);
	assert_int_equal(fake_published(), 1);
	fake_set_link(7, false, false);
	fake_set_link(7, true, false); /* its carrier alone */
	assert_int_equal(named("one")->ifindex, 7);
	assert_false(named("one")->event.link_lost);
}

static void a_missing_interface_is_a_fault_at_start(void **state)
{
	(void)state;
	fake_init(&machine);
	engine = engine_fake_start(ROOT INSTANCE("one", 10, ""));
	assert_int_equal(state_of("one"), VRRP_FAULT);
	assert_int_equal(faults_of("one"), VRRP_FAULT_LINK);
}

static void what_is_known_of_its_link_is_known_at_start(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	assert_int_equal(named("one")->transitions, 1);
}

static void without_a_source_address_it_waits_for_one(void **state)
{
	(void)state;
	fake_init(&machine);
	fake_add_link(2, "eth0", true);
	engine = engine_fake_start(ROOT INSTANCE("one", 10, ""));
	assert_int_equal(faults_of("one"), VRRP_FAULT_ADDRESS);
	fake_add_address(3, "192.0.2.7/24", false); /* of another interface */
	assert_int_equal(state_of("one"), VRRP_FAULT);
	fake_add_address(2, "192.0.2.1/24", false);
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	assert_int_equal(fake_published(), 1);
}

static void a_renumbered_master_goes_on(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	fake_run_for(TAKEOVER_NS);
	fake_add_address(2, "192.0.2.3/25", false);
	assert_int_equal(named("one")->vcfg.address.b[15], 1);
	fake_remove_address(2, "192.0.2.1/24");
	assert_int_equal(named("one")->vcfg.address.b[15], 3);
	assert_true(named("one")->socket >= 0);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	fake_remove_address(2, "192.0.2.3/25"); /* the last one */
	assert_int_equal(state_of("one"), VRRP_FAULT);
	assert_int_equal(faults_of("one"), VRRP_FAULT_ADDRESS);
}

static void a_configured_source_is_missed_only_if_it_is_tracked(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, "mcast_src_ip 192.0.2.1\n")
		  INSTANCE("two", 11, "mcast_src_ip 192.0.2.1\ntrack_src_ip\n"));
	fake_remove_address(2, "192.0.2.1/24");
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	assert_int_equal(state_of("two"), VRRP_FAULT);
	fake_add_address(2, "192.0.2.1/24", false);
	assert_int_equal(state_of("two"), VRRP_BACKUP);
}

/* --- adverts and priorities -------------------------------------------------------------------*/

static void two_adverts_in_one_turn_are_both_heard(void **state)
{
	struct hf_event ev = {.type = HF_EV_ADVERT, .advert = {.priority = 200}};
	struct instance *in;

	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	fake_run_for(TAKEOVER_NS);
	in = named("one");
	ev.advert.source = in->vcfg.address;
	ev.advert.source.b[15] = 9;
	instance_on_event(in, &ev);
	ev.advert.priority = 1; /* a lesser one behind the better one */
	instance_on_event(in, &ev);
	fake_after_handler();
	assert_int_equal(in->fsm.state, VRRP_BACKUP);
}

static void the_master_that_is_heard_is_known(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	fake_run_for(TAKEOVER_NS);
	advert(10, 200);
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	assert_int_equal(named("one")->fsm.master.b[15], 2);
	assert_int_equal(named("one")->fsm.master_priority, 200);
}

/* The fake adverts have the plain form. That of the master that it preempts is known before the first
 * advert as MASTER, because many routers refuse every other form. */
static void the_form_of_a_displaced_master_is_known_before_it_takes_over(void **state)
{
	struct ipaddr source;

	(void)state;
	ipaddr_parse(&source, "192.0.2.2");
	start(ROOT INSTANCE("one", 10, ""));
	assert_int_equal(named("one")->checksums.n, 0);
	advert(10, 50);
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_int_equal(checksum_for(&named("one")->checksums, &source, HF_CSUM_PSEUDO),
			 HF_CSUM_PLAIN);
}

static void an_owner_may_be_told_to_hear_nobody(void **state)
{
	struct hf_event ev = {.type = HF_EV_ADVERT, .advert = {.priority = 255}};

	(void)state;
	start(ROOT "vrrp_instance one {\n interface eth0\n virtual_router_id 10\n version 3\n"
		   "priority 255\nowner_ignore_adverts\nadvert_int 1\nvirtual_ipaddress {\n"
		   "203.0.113.10/32 dev lo\n}\n}\n");
	assert_int_equal(state_of("one"), VRRP_MASTER);
	memset(ev.advert.source.b, 255, sizeof(ev.advert.source.b)); /* the higher address */
	instance_on_event(named("one"), &ev);
	fake_after_handler();
	assert_int_equal(state_of("one"), VRRP_MASTER);
}

static void a_tracked_interface_moves_the_priority(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10,
			    "notify_priority_changes\ntrack_interface {\n eth9 weight 20\n}\n"));
	assert_int_equal(named("one")->fsm.priority, 120);
	fake_set_link(9, false, false);
	assert_string_equal(fake_traced(), "line INSTANCE \"one\" BACKUP_PRIORITY 100");
	fake_set_link(9, false, false);
	assert_string_equal(fake_traced(), "");
}

static void a_tracked_interface_is_named_as_the_fault(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, ON_ETH9));
	fake_set_link(9, false, false);
	assert_string_equal(named("one")->recording.before.detail, "tracked interface eth9");
}

static void a_priority_that_is_the_base_is_no_news_at_start(void **state)
{
	(void)state;
	fake_init(&machine);
	fake_add_link(2, "eth0", true);
	fake_add_address(2, "192.0.2.1/24", false);
	engine = engine_fake_start(ROOT INSTANCE("one", 10, "notify_priority_changes\n"));
	assert_null(strstr(fake_traced(), "PRIORITY"));
}

static void each_unicast_peer_is_published_and_sent_adverts(void **state)
{
	const char *said;

	(void)state;
	start(ROOT INSTANCE("one", 10, "unicast_peer {\n 192.0.2.2\n 192.0.2.3\n}\n"));
	assert_int_equal(fake_published_peers(), 2);
	fake_run_for(TAKEOVER_NS - 500 * NS_PER_MS);
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	fake_run_for(250 * NS_PER_MS);
	said = strstr(fake_traced(), "advert 100; advert 100");
	assert_non_null(said);
}

/* --- addresses --------------------------------------------------------------------------------*/

static void an_address_that_another_interface_loses_is_not_ours(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	fake_run_for(TAKEOVER_NS);
	fake_traced();
	fake_add_address(9, "203.0.113.10/32", false);
	fake_remove_address(9, "203.0.113.10/32");
	fake_add_address(1, "203.0.113.99/32", false);
	fake_remove_address(1, "203.0.113.99/32");
	fake_run_for(NS_PER_MS);
	assert_string_equal(fake_traced(), "");
}

static void what_was_there_before_is_not_removed(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	fake_add_address(1, "203.0.113.10/32", false);
	fake_run_for(TAKEOVER_NS);
	fake_set_link(2, false, false);
	fake_run_for(NS_PER_MS);
	assert_true(fake_has_address("203.0.113.10/32"));
}

static void what_a_dead_daemon_has_left_is_removed(void **state)
{
	(void)state;
	engine_fake_node(&machine);
	fake_add_address(1, "203.0.113.10/32", true);
	engine = engine_fake_start(ROOT INSTANCE("one", 10, ""));
	fake_run_for(NS_PER_MS);
	assert_false(fake_has_address("203.0.113.10/32"));
}

static void a_stop_takes_away_what_stays_on_every_node(void **state)
{
	(void)state;
	start(FABRIC INSTANCE("one", 10, "bgp_announce {\n}\n"));
	fake_run_for(NS_PER_MS);
	assert_true(fake_has_address("203.0.113.10/32"));
	engine_fake_begin_stop(engine);
	fake_run_for(NS_PER_MS);
	assert_false(fake_has_address("203.0.113.10/32"));
}

/* --- identity and start -----------------------------------------------------------------------*/

static void an_answer_for_one_that_is_gone_finds_nobody(void **state)
{
	struct runner_done done = {.outcome = HEALTH_OK, .superseded = true};
	struct instance *again;

	(void)state;
	start(ROOT INSTANCE("one", 10, ""));
	done.owner = 2 * named("one")->id;
	inbox_post(&named("one")->event, NEWS_STOP);
	instance_destroy(named("one"));
	assert_null(inbox_take(&engine->inbox));
	again = instance_create(engine, &engine->cfg->instances[0]);
	assert_int_equal(again->index, 0);
	notify_done(engine, &done);
	assert_int_equal(again->notify_superseded, 0);
	done.owner = 2 * again->id;
	notify_done(engine, &done);
	assert_int_equal(again->notify_superseded, 1);
}

static void a_delay_holds_those_back_that_a_reload_adds(void **state)
{
	const char delay[] = "global_defs {\n vrrp_startup_delay 60\n}\n" INSTANCE("one", 10, "");
	const char more[] = "global_defs {\n vrrp_startup_delay 60\n}\n" INSTANCE("one", 10, "")
	    INSTANCE("late", 11, "");

	(void)state;
	start(delay);
	assert_int_equal(state_of("one"), VRRP_INIT);
	assert_true(engine_fake_reload(engine, more));
	fake_run_for(NS_PER_S);
	assert_int_equal(state_of("late"), VRRP_INIT);
	fake_run_for(65 * NS_PER_S);
	assert_int_equal(state_of("late"), VRRP_MASTER);
}

static void what_was_running_is_run_again_by_a_new_runner(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, "notify_master /bin/m\n"));
	fake_run_for(TAKEOVER_NS);
	fake_traced();
	notify_runner_lost(engine);
	notify_repeat(engine);
	assert_non_null(strstr(fake_traced(), "notify "));
	notify_repeat(engine);
	assert_null(strstr(fake_traced(), "notify "));
}

/* --- sync groups ------------------------------------------------------------------------------*/

/* No state changes then. */
static void a_group_that_never_began_is_stopped_as_well(void **state)
{
	(void)state;
	start(
	    "global_defs {\n script_user root\n vrrp_startup_delay 60\n}\n" INSTANCE("one", 10, "")
		INSTANCE("two", 11, "") "vrrp_sync_group both {\n group {\n one\n two\n }\n"
					"notify_stop /bin/gs\n}\n");
	assert_int_equal(state_of("one"), VRRP_INIT);
	engine_fake_begin_stop(engine);
	assert_non_null(strstr(fake_traced(), "notify /bin/gs"));
}

/* No instance begins as BACKUP if its group's fault applies at once. */
static void no_member_begins_without_its_groups_faults(void **state)
{
	(void)state;
	fake_init(&machine);
	fake_add_link(2, "eth0", true);
	fake_add_link(9, "eth9", false);
	fake_add_link(1, "lo", true);
	fake_add_address(2, "192.0.2.1/24", false);
	engine = engine_fake_start(PAIR("", ON_ETH9, ""));
	assert_int_equal(faults_of("one"), VRRP_FAULT_GROUP);
	assert_int_equal(faults_of("two"), VRRP_FAULT_TRACK);
	assert_int_equal(named("one")->transitions, 1);
}

static void two_faults_are_each_others_and_cost_one_step(void **state)
{
	(void)state;
	start(PAIR("", "", ""));
	fake_set_link(2, false, false);
	assert_int_equal(faults_of("one"), VRRP_FAULT_LINK | VRRP_FAULT_GROUP);
	assert_int_equal(faults_of("two"), VRRP_FAULT_LINK | VRRP_FAULT_GROUP);
	assert_int_equal(named("one")->transitions, 2); /* BACKUP, FAULT */
}

static void a_flap_of_one_is_seen_by_the_others(void **state)
{
	(void)state;
	start(PAIR("", ON_ETH9, ""));
	fake_run_for(2 * TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	flap(9, "eth9");
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	assert_int_equal(state_of("two"), VRRP_BACKUP);
	assert_int_equal(faults_of("one"), 0);
}

/* It is in FAULT anyhow, so that its state does not change. */
static void a_flap_of_a_drained_member_leaves_nothing_behind(void **state)
{
	(void)state;
	start(PAIR("", ON_ETH9, ""));
	assert_true(engine_fake_request(engine, CONTROL_DRAIN, "one"));
	fake_after_handler();
	assert_int_equal(state_of("two"), VRRP_FAULT);
	flap(9, "eth9");
	assert_int_equal(faults_of("one"), VRRP_FAULT_DRAIN);
}

static void one_that_leaves_the_group_takes_its_fault_along(void **state)
{
	(void)state;
	start(PAIR("", ON_ETH9, ""));
	fake_set_link(9, false, false);
	assert_int_equal(state_of("one"), VRRP_FAULT);
	sync_group_leave(named("two"));
	fake_after_handler();
	assert_int_equal(faults_of("one"), 0);
	assert_int_equal(state_of("one"), VRRP_BACKUP);
}

static void a_group_says_once_that_it_has_stopped(void **state)
{
	const char *said;

	(void)state;
	start(PAIR("notify_backup /bin/b\n", "", "notify_stop /bin/gs\n"));
	engine_fake_begin_stop(engine);
	said = fake_traced();
	assert_non_null(strstr(said, "notify /bin/gs"));
	assert_null(strstr(said, "/bin/b"));
	inbox_group_news(&named("one")->event);
	fake_after_handler();
	assert_string_equal(fake_traced(), "");
}

static void a_master_of_a_group_that_stops_says_nothing_of_backup(void **state)
{
	const char *said;

	(void)state;
	start(PAIR("notify_backup /bin/b\n", "", "notify_stop /bin/gs\n"));
	fake_run_for(2 * TAKEOVER_NS);
	fake_traced();
	engine_fake_begin_stop(engine);
	said = fake_traced();
	assert_null(strstr(said, "/bin/b"));
	assert_null(strstr(said, "/bin/gs")); /* both are still served */
	advert(10, 90);
	fake_run_for(NS_PER_MS);
	assert_null(strstr(fake_traced(), "/bin/gs"));
	advert(11, 90);
	fake_run_for(NS_PER_MS);
	assert_non_null(strstr(fake_traced(), "notify /bin/gs"));
}

/* --- drains -----------------------------------------------------------------------------------*/

static void a_drain_is_the_whole_groups_and_ends(void **state)
{
	(void)state;
	start(PAIR("", "", ""));
	assert_true(engine_fake_request(engine, CONTROL_DRAIN, "one"));
	fake_after_handler();
	assert_int_equal(named("two")->drained_by, STATUS_DRAIN_OPERATOR);
	assert_int_equal(engine->drains.set.n, 2);
	assert_true(engine_fake_request(engine, CONTROL_UNDRAIN, "two"));
	fake_after_handler();
	assert_int_equal(engine->drains.set.n, 0);
	assert_int_equal(faults_of("one"), 0);
}

static void a_drain_that_does_not_fit_changes_nothing(void **state)
{
	struct drain_set *set;

	(void)state;
	start(PAIR("", "", ""));
	set = &engine->drains.set;
	for (set->n = 0; set->n < DRAIN_MAX_KEYS - 1; set->n++)
		set->keys[set->n] = (struct drain_key){.family = 6, .vrid = (uint8_t)set->n};
	assert_false(engine_fake_request(engine, CONTROL_DRAIN, "one"));
	fake_after_handler();
	assert_int_equal(set->n, DRAIN_MAX_KEYS - 1);
	assert_false(named("one")->ordered_out);
	assert_int_equal(faults_of("one"), 0);
	assert_int_equal(faults_of("two"), 0);
}

static void all_are_drained_and_one_is_taken_out_of_that(void **state)
{
	(void)state;
	start(ROOT INSTANCE("one", 10, "") INSTANCE("two", 11, ""));
	assert_true(engine_fake_request(engine, CONTROL_DRAIN, ""));
	fake_after_handler();
	assert_int_equal(state_of("one"), VRRP_FAULT);
	assert_true(engine_fake_request(engine, CONTROL_UNDRAIN, "one"));
	fake_after_handler();
	assert_false(engine->drains.set.all);
	assert_int_equal(engine->drains.set.n, 1);
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	assert_int_equal(state_of("two"), VRRP_FAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_flap_within_a_turn_is_seen, end),
	    cmocka_unit_test_teardown(a_link_that_is_not_tracked_is_no_fault, end),
	    cmocka_unit_test_teardown(another_interface_of_the_name_is_published_anew, end),
	    cmocka_unit_test_teardown(a_missing_interface_is_a_fault_at_start, end),
	    cmocka_unit_test_teardown(what_is_known_of_its_link_is_known_at_start, end),
	    cmocka_unit_test_teardown(without_a_source_address_it_waits_for_one, end),
	    cmocka_unit_test_teardown(a_renumbered_master_goes_on, end),
	    cmocka_unit_test_teardown(a_configured_source_is_missed_only_if_it_is_tracked, end),
	    cmocka_unit_test_teardown(two_adverts_in_one_turn_are_both_heard, end),
	    cmocka_unit_test_teardown(the_master_that_is_heard_is_known, end),
	    cmocka_unit_test_teardown(
		the_form_of_a_displaced_master_is_known_before_it_takes_over, end),
	    cmocka_unit_test_teardown(an_owner_may_be_told_to_hear_nobody, end),
	    cmocka_unit_test_teardown(a_tracked_interface_moves_the_priority, end),
	    cmocka_unit_test_teardown(a_tracked_interface_is_named_as_the_fault, end),
	    cmocka_unit_test_teardown(a_priority_that_is_the_base_is_no_news_at_start, end),
	    cmocka_unit_test_teardown(each_unicast_peer_is_published_and_sent_adverts, end),
	    cmocka_unit_test_teardown(an_address_that_another_interface_loses_is_not_ours, end),
	    cmocka_unit_test_teardown(what_was_there_before_is_not_removed, end),
	    cmocka_unit_test_teardown(what_a_dead_daemon_has_left_is_removed, end),
	    cmocka_unit_test_teardown(a_stop_takes_away_what_stays_on_every_node, end),
	    cmocka_unit_test_teardown(an_answer_for_one_that_is_gone_finds_nobody, end),
	    cmocka_unit_test_teardown(a_delay_holds_those_back_that_a_reload_adds, end),
	    cmocka_unit_test_teardown(what_was_running_is_run_again_by_a_new_runner, end),
	    cmocka_unit_test_teardown(a_group_that_never_began_is_stopped_as_well, end),
	    cmocka_unit_test_teardown(no_member_begins_without_its_groups_faults, end),
	    cmocka_unit_test_teardown(two_faults_are_each_others_and_cost_one_step, end),
	    cmocka_unit_test_teardown(a_flap_of_one_is_seen_by_the_others, end),
	    cmocka_unit_test_teardown(a_flap_of_a_drained_member_leaves_nothing_behind, end),
	    cmocka_unit_test_teardown(one_that_leaves_the_group_takes_its_fault_along, end),
	    cmocka_unit_test_teardown(a_group_says_once_that_it_has_stopped, end),
	    cmocka_unit_test_teardown(a_master_of_a_group_that_stops_says_nothing_of_backup, end),
	    cmocka_unit_test_teardown(a_drain_is_the_whole_groups_and_ends, end),
	    cmocka_unit_test_teardown(a_drain_that_does_not_fit_changes_nothing, end),
	    cmocka_unit_test_teardown(all_are_drained_and_one_is_taken_out_of_that, end),
	};

	log_init("test", true, LOG_LV_ERROR);
	return cmocka_run_group_tests_name("executor", tests, NULL, NULL);
}
