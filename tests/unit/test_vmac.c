// SPDX-License-Identifier: BSD-2-Clause
/*
 * use_vmac in the real engine: the macvlan exists from the start, is up before the addresses and
 * the first advert of a MASTER, is down after its addresses, and goes at the end.
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
#include "engine/instance/vmac.h"
#include "engine/state.h"

#define INSTANCE(name, vrid, more)                                                                 \
	"vrrp_instance " name " {\n interface eth0\n virtual_router_id " #vrid "\n version 3\n"    \
	" priority 100\n advert_int 1\n garp_master_repeat 1\n virtual_ipaddress {\n "             \
	"203.0.113." #vrid "\n }\n" more "}\n"
#define ONE	    INSTANCE("one", 10, "use_vmac\n")
#define TAKEOVER_NS (3900 * NS_PER_MS)

static void start(const char *text)
{
	engine_fake_node(&machine);
	engine = engine_fake_start(text);
	fake_run_for(NS_PER_MS);
}

static const struct pooled_socket *socket_at(int place)
{
	assert_true(place >= 0 && (unsigned int)place < engine->sockets.n);
	return &engine->sockets.all[place];
}

static void become_master(const char *text)
{
	start(text);
	fake_traced();
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
}

static void advert(uint8_t priority)
{
	struct ipaddr source;

	ipaddr_parse(&source, "192.0.2.2");
	fake_advert(10, &source, priority, 1000000);
}

/* The words, "; " between them, stand in the trace in this order. */
static void assert_in_order(const char *words[], size_t n)
{
	const char *trace = fake_traced(), *at = trace;

	for (size_t i = 0; i < n; i++) {
		at = strstr(at, words[i]);
		if (!at) {
			fail_msg("'%s' (%zu) not in its place in: %s", words[i], i, trace);
			return;
		}
		at += strlen(words[i]);
	}
}
#define ASSERT_IN_ORDER(...)                                                                       \
	assert_in_order((const char *[]){__VA_ARGS__},                                             \
			sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *))

static const struct fake_link *macvlan(void)
{
	for (unsigned int i = 0; i < fake->n_links; i++) {
		if (strcmp(fake->links[i].name, "vrrp.10") == 0)
			return &fake->links[i];
	}
	return NULL;
}

static void it_is_made_at_the_start(void **state)
{
	(void)state;
	start(ONE);
	assert_non_null(macvlan());
	assert_false(macvlan()->up);
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	assert_int_equal(named("one")->transitions,
			 1); /* no FAULT before, which a script would see */
	assert_int_equal(named("one")->vmac->job.mac[5], 10);
	ASSERT_IN_ORDER("make vrrp.10");
}

static void it_comes_up_before_addresses_and_adverts(void **state)
{
	(void)state;
	become_master(ONE);
	ASSERT_IN_ORDER("up vrrp.10", "add 203.0.113.10/32 vrrp.10", "garp 203.0.113.10");
	assert_true(macvlan()->up);
}

/* The socket sends nothing while the macvlan is down. */
static void the_first_advert_waits_for_it(void **state)
{
	(void)state;
	start(ONE);
	machine.address_ns = 100 * NS_PER_MS;
	fake_traced();
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	ASSERT_IN_ORDER("up vrrp.10", "advert 100", "add 203.0.113.10/32");
	assert_int_equal(named("one")->adverts_sent, 1);
	assert_string_equal(socket_at(named("one")->socket)->key.interface, "vrrp.10");
	assert_string_equal(socket_at(named("one")->group_socket)->key.interface, "eth0");
}

/* Joining a group waits for the RTNL lock, which the making of other macvlans holds. */
static void only_the_interface_joins_the_group(void **state)
{
	(void)state;
	start(ONE INSTANCE("two", 20, "use_vmac\n"));
	assert_int_equal(socket_at(named("one")->socket)->use, VRRP_SOCKET_SENDER);
	assert_int_equal(socket_at(named("two")->socket)->use, VRRP_SOCKET_SENDER);
	assert_int_equal(socket_at(named("one")->group_socket)->use, VRRP_SOCKET_MEMBER);
	assert_int_equal(named("one")->group_socket, named("two")->group_socket);
}

/* A raw socket hears another node's adverts from the virtual MAC address only on the macvlan. */
static void in_the_raw_mode_the_macvlan_joins_it_too(void **state)
{
	(void)state;
	engine_fake_node(&machine);
	machine.raw = true;
	engine = engine_fake_start(ONE);
	fake_run_for(NS_PER_MS);
	assert_int_equal(socket_at(named("one")->socket)->use, VRRP_SOCKET_MEMBER);
}

static unsigned int open_sockets(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < engine->sockets.n; i++)
		n += engine->sockets.all[i].fd >= 0;
	return n;
}

/* Else each lost instance would cost a walk over all instances. */
static void sockets_of_a_lost_interface_are_closed_by_one_sweep(void **state)
{
	int group;

	(void)state;
	start(ONE INSTANCE("two", 20, "use_vmac\n"));
	assert_int_equal(open_sockets(), 3);
	group = socket_at(named("one")->group_socket)->fd;
	fake_set_link(2, false, true);
	fake_run_for(NS_PER_MS);
	assert_int_equal(open_sockets(), 3); /* not yet */
	assert_true(named("one")->socket < 0 && named("two")->group_socket < 0);
	fake_add_link(2, "eth0", true); /* the old number */
	fake_add_address(2, "192.0.2.1/24", false);
	fake_set_link(2, true, false);
	fake_run_for(NS_PER_S);
	assert_int_equal(open_sockets(), 3);
	assert_int_not_equal(socket_at(named("one")->group_socket)->fd, group);
}

static void with_xmit_base_it_does_not(void **state)
{
	(void)state;
	start(INSTANCE("one", 10, "use_vmac\nvmac_xmit_base\n"));
	machine.address_ns = 100 * NS_PER_MS;
	fake_traced();
	fake_run_for(TAKEOVER_NS);
	ASSERT_IN_ORDER("advert 100", "up vrrp.10", "add 203.0.113.10/32");
	assert_string_equal(socket_at(named("one")->socket)->key.interface, "eth0");
	assert_int_equal(named("one")->group_socket, -1);
}

static void it_goes_down_after_the_addresses(void **state)
{
	(void)state;
	become_master(ONE);
	fake_traced();
	advert(200);
	fake_run_for(NS_PER_MS);
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	ASSERT_IN_ORDER("remove 203.0.113.10/32", "down vrrp.10");
	assert_false(macvlan()->up);
}

/* A priority 0 is still sent through it; then it goes. */
static void it_is_removed_at_the_end(void **state)
{
	(void)state;
	become_master(ONE);
	fake_traced();
	engine_fake_stop(engine);
	ASSERT_IN_ORDER("advert 0", "remove 203.0.113.10/32", "down vrrp.10");
	engine_fake_free(engine);
	ASSERT_IN_ORDER("unmake vrrp.10");
	assert_null(macvlan());
	start(ONE); /* for the teardown */
}

/* The release is still under way: the macvlan comes up again after it, and the LAN is told then. */
static void a_claim_follows_a_release_at_once(void **state)
{
	(void)state;
	become_master(ONE);
	machine.address_ns = 400 * NS_PER_MS;
	advert(200);
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	advert(0);
	fake_run_for(650 * NS_PER_MS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	fake_traced();
	fake_run_for(3 * NS_PER_S);
	assert_true(macvlan()->up);
	assert_true(fake_has_address("203.0.113.10/32"));
	ASSERT_IN_ORDER("up vrrp.10", "advert 100", "garp 203.0.113.10");
}

/* Then nothing waits any more: the next MASTER starts with an advert of its own. */
static void a_release_forgets_the_advert(void **state)
{
	(void)state;
	start(ONE);
	machine.address_ns = 200 * NS_PER_MS;
	fake_run_for(3700 * NS_PER_MS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	fake_traced();
	advert(200);
	fake_run_for(2 * NS_PER_S);
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	assert_null(strstr(fake_traced(), "advert"));
	assert_false(macvlan()->up);
	assert_false(fake_has_address("203.0.113.10/32"));
}

static void expect_alarm(const char *text)
{
	struct status *st = engine_fake_status(engine);
	bool found = false;

	for (unsigned int i = 0; i < st->n_alarms; i++)
		found |= strcmp(st->alarms[i].text, text) == 0;
	status_free(st);
	if (!found)
		fail_msg("no alarm says: %s", text);
}

static void without_it_there_is_a_fault_until_the_retry(void **state)
{
	(void)state;
	engine_fake_node(&machine);
	machine.vmac_err = -EEXIST;
	engine = engine_fake_start(ONE);
	fake_run_for(NS_PER_S);
	assert_int_equal(state_of("one"), VRRP_FAULT);
	assert_int_equal(named("one")->event.faults, VRRP_FAULT_ADDRESS);
	expect_alarm("one is in FAULT: its macvlan vrrp.10 cannot be made or set up: another "
		     "interface has this name");
	machine.vmac_err = 0;
	fake_run_for(10 * NS_PER_S);
	assert_int_not_equal(state_of("one"), VRRP_FAULT);
	assert_int_equal(named("one")->event.faults, 0);
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
}

/* Nothing is tried while it waits for the retry, and a MASTER that cannot set it up is none. */
static void one_that_cannot_come_up_is_a_fault(void **state)
{
	(void)state;
	start(ONE);
	machine.vmac_up_err = -EBUSY;
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_FAULT);
	assert_false(fake_has_address("203.0.113.10/32"));
	machine.vmac_up_err = 0;
	fake_run_for(10 * NS_PER_S + TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_true(macvlan()->up);
}

static void a_lost_one_is_made_again(void **state)
{
	(void)state;
	become_master(ONE);
	fake_traced();
	fake_set_link(macvlan()->ifindex, false, true);
	assert_int_equal(state_of("one"), VRRP_FAULT);
	fake_run_for(NS_PER_MS);
	assert_non_null(macvlan());
	assert_int_equal(state_of("one"), VRRP_BACKUP);
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_true(macvlan()->up);
	assert_int_equal(socket_at(named("one")->socket)->key.ifindex, macvlan()->ifindex);
}

/* Its addresses, whose device has its name, could not be added to it. */
static void a_renamed_one_is_made_again(void **state)
{
	uint32_t before;

	(void)state;
	become_master(ONE);
	before = macvlan()->ifindex;
	for (unsigned int i = 0; i < fake->n_links; i++) {
		if (fake->links[i].ifindex == before)
			snprintf(fake->links[i].name, IF_NAMESIZE, "other");
	}
	fake_traced();
	fake_set_link(before, true, false);
	assert_int_equal(state_of("one"), VRRP_FAULT);
	fake_run_for(NS_PER_MS);
	ASSERT_IN_ORDER("unmake vrrp.10");
	expect_alarm("one is in FAULT: its macvlan vrrp.10 cannot be made or set up: somebody has "
		     "renamed it");
	fake_run_for(10 * NS_PER_S); /* until the retry */
	assert_non_null(macvlan());
	assert_int_not_equal(macvlan()->ifindex, before);
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_true(macvlan()->up);
	assert_true(fake_has_address("203.0.113.10/32"));
}

/* Only the instance has another name. */
static void a_reload_that_renames_the_instance_keeps_it(void **state)
{
	uint32_t before;

	(void)state;
	become_master(ONE);
	before = macvlan()->ifindex;
	assert_true(engine_fake_reload(engine, INSTANCE("uno", 10, "use_vmac\n")));
	fake_run_for(NS_PER_S);
	assert_int_equal(macvlan()->ifindex, before);
	assert_string_equal(named("uno")->vmac->name, "uno");
}

static void one_that_is_set_down_comes_up_again(void **state)
{
	(void)state;
	become_master(ONE);
	fake_set_link(macvlan()->ifindex, false, false);
	fake_run_for(NS_PER_MS);
	assert_true(macvlan()->up);
	assert_int_equal(state_of("one"), VRRP_MASTER);
}

static void it_goes_and_comes_with_the_interface(void **state)
{
	(void)state;
	become_master(ONE);
	fake_set_link(2, false, true);
	fake_run_for(NS_PER_MS);
	assert_null(macvlan());
	assert_int_equal(state_of("one"), VRRP_FAULT);
	fake_add_link(7, "eth0", true);
	fake_add_address(7, "192.0.2.1/24", false);
	fake_set_link(7, true, false);
	fake_run_for(NS_PER_MS);
	assert_non_null(macvlan());
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
}

/* Another macvlan is another instance: the old one is released first. */
static void a_reload_replaces_it(void **state)
{
	(void)state;
	become_master(ONE);
	assert_true(engine_fake_reload(engine, INSTANCE("one", 10, "use_vmac other\n")));
	fake_run_for(10 * NS_PER_S);
	assert_null(macvlan());
	assert_string_equal(named("one")->vmac->job.name, "other");
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_true(engine_fake_reload(engine, INSTANCE("one", 10, "")));
	fake_run_for(10 * NS_PER_S);
	assert_null(named("one")->vmac);
	assert_null(engine->vmacs);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_true(engine_fake_reload(engine, ONE));
	fake_run_for(10 * NS_PER_S);
	assert_true(macvlan()->up);
}

/* The old one, with another address, goes before the new one of the same name is made. */
static void a_reload_may_keep_its_name(void **state)
{
	(void)state;
	become_master(INSTANCE("one", 10, "use_vmac vrrp.10\n"));
	machine.address_ns = 100 * NS_PER_MS;
	fake_traced();
	assert_true(engine_fake_reload(engine, INSTANCE("one", 11, "use_vmac vrrp.10\n")));
	fake_run_for(10 * NS_PER_S);
	ASSERT_IN_ORDER("unmake vrrp.10", "make vrrp.10", "up vrrp.10", "add 203.0.113.11/32");
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_int_equal(named("one")->transitions, 2); /* BACKUP, MASTER */
	assert_true(macvlan()->up);
}

/* The interface gets another name, and its own one again, while the macvlan is being removed. */
static void an_interface_may_be_back_at_once(void **state)
{
	(void)state;
	start(ONE);
	machine.address_ns = 100 * NS_PER_MS;
	snprintf(fake->links[1].name, IF_NAMESIZE, "other");
	fake_set_link(2, true, false);
	assert_int_equal(state_of("one"), VRRP_FAULT);
	snprintf(fake->links[1].name, IF_NAMESIZE, "eth0");
	fake_set_link(2, true, false);
	assert_int_equal(state_of("one"), VRRP_FAULT);
	fake_run_for(10 * NS_PER_S);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_int_equal(socket_at(named("one")->socket)->key.ifindex, macvlan()->ifindex);
}

/* Its removal is found by a job before it is reported. */
static void one_that_is_gone_is_made_again(void **state)
{
	(void)state;
	start(ONE);
	for (unsigned int i = 0; i < fake->n_links; i++) {
		if (strcmp(fake->links[i].name, "vrrp.10") == 0)
			fake->links[i] = fake->links[--fake->n_links];
	}
	assert_null(macvlan());
	fake_run_for(20 * NS_PER_S + 3 * TAKEOVER_NS); /* an address is tried again meanwhile */
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_true(macvlan()->up);
	assert_int_equal(socket_at(named("one")->socket)->key.ifindex, macvlan()->ifindex);
}

/* A reload removes the instance while its macvlan is being set up, which fails. */
static void one_that_fails_is_removed_too(void **state)
{
	(void)state;
	start(ONE);
	machine.address_ns = 100 * NS_PER_MS;
	machine.vmac_up_err = -EBUSY;
	fake_run_for(3700 * NS_PER_MS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_true(named("one")->vmac->busy);
	assert_true(engine_fake_reload(engine, INSTANCE("two", 12, "")));
	fake_run_for(10 * NS_PER_S);
	assert_null(named("one"));
	assert_null(engine->vmacs);
	assert_null(macvlan());
}

/* A thread may have done a job before the loop goes on. */
static void a_fast_thread_changes_nothing(void **state)
{
	(void)state;
	engine_fake_node(&machine);
	machine.eager = true;
	engine = engine_fake_start(ONE);
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_true(macvlan()->up);
	ASSERT_IN_ORDER("make vrrp.10", "up vrrp.10", "add 203.0.113.10/32", "advert 100");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(it_is_made_at_the_start, end),
	    cmocka_unit_test_teardown(it_comes_up_before_addresses_and_adverts, end),
	    cmocka_unit_test_teardown(the_first_advert_waits_for_it, end),
	    cmocka_unit_test_teardown(with_xmit_base_it_does_not, end),
	    cmocka_unit_test_teardown(only_the_interface_joins_the_group, end),
	    cmocka_unit_test_teardown(in_the_raw_mode_the_macvlan_joins_it_too, end),
	    cmocka_unit_test_teardown(sockets_of_a_lost_interface_are_closed_by_one_sweep, end),
	    cmocka_unit_test_teardown(it_goes_down_after_the_addresses, end),
	    cmocka_unit_test_teardown(it_is_removed_at_the_end, end),
	    cmocka_unit_test_teardown(a_claim_follows_a_release_at_once, end),
	    cmocka_unit_test_teardown(a_release_forgets_the_advert, end),
	    cmocka_unit_test_teardown(without_it_there_is_a_fault_until_the_retry, end),
	    cmocka_unit_test_teardown(one_that_cannot_come_up_is_a_fault, end),
	    cmocka_unit_test_teardown(a_lost_one_is_made_again, end),
	    cmocka_unit_test_teardown(a_renamed_one_is_made_again, end),
	    cmocka_unit_test_teardown(a_reload_that_renames_the_instance_keeps_it, end),
	    cmocka_unit_test_teardown(one_that_is_set_down_comes_up_again, end),
	    cmocka_unit_test_teardown(it_goes_and_comes_with_the_interface, end),
	    cmocka_unit_test_teardown(a_reload_replaces_it, end),
	    cmocka_unit_test_teardown(a_reload_may_keep_its_name, end),
	    cmocka_unit_test_teardown(an_interface_may_be_back_at_once, end),
	    cmocka_unit_test_teardown(one_that_is_gone_is_made_again, end),
	    cmocka_unit_test_teardown(one_that_fails_is_removed_too, end),
	    cmocka_unit_test_teardown(a_fast_thread_changes_nothing, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
