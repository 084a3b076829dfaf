// SPDX-License-Identifier: BSD-2-Clause
/*
 * An instance and the sessions of its speaker in the real engine: which sessions count for it, and
 * what the routers show about its path.
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
#include "engine/state.h"

#define ANNOUNCES(more)                                                                            \
	"global_defs {\n script_user root\n}\nbgp_instance fabric {\n local_as 65001\n"            \
	" router_id 1.1.1.1\n neighbor 192.0.2.9 {\n remote_as 65000\n }\n}\n"                     \
	"vrrp_instance one {\n interface eth0\n virtual_router_id 10\n version 3\n"                \
	" priority 100\n advert_int 1\n garp_master_repeat 1\n virtual_ipaddress {\n"              \
	" 203.0.113.10/32 dev lo\n }\n bgp_announce {\n" more "}\n}\n"
#define TAKEOVER_NS (3900 * NS_PER_MS) /* three intervals, the skew, and the addresses */

static void start(const char *text)
{
	engine_begin(text);
}

#define PAIRED                                                                                     \
	"global_defs {\n script_user root\n}\nbgp_instance fabric {\n local_as 65001\n"            \
	" router_id 1.1.1.1\n neighbor 192.0.2.9 {\n remote_as 65000\n }\n}\n"                     \
	"vrrp_instance one {\n interface eth0\n virtual_router_id 10\n version 3\n"                \
	" priority 100\n advert_int 1\n unicast_src_ip 192.0.2.1\n unicast_peer {\n 192.0.2.2\n"   \
	" }\n virtual_ipaddress {\n 203.0.113.10/32 dev lo\n }\n bgp_announce {\n }\n}\n"

static struct instance *one(void)
{
	return engine_fake_instance(engine, "one");
}

static void a_session_counts_only_if_it_carries_the_prefix(void **state)
{
	(void)state;
	start(ANNOUNCES(""));
	machine.carries = BGP_CARRIES_IPV6 | BGP_CARRIES_IPV6_BY;
	fake_sessions("fabric", 1);
	fake_run_for(6 * NS_PER_S); /* the grace of the start is over */
	assert_int_equal(one()->fsm.state, VRRP_FAULT);
	assert_true(engine_fake_has_alarm(
	    engine, "one is in FAULT: no BGP session carries its IPv4 prefixes"));
	machine.carries |= BGP_CARRIES_IPV4;
	fake_sessions("fabric", 2);
	assert_int_equal(one()->fsm.state, VRRP_BACKUP);
	machine.carries = BGP_CARRIES_IPV4_BY; /* of a next hop that it does not have */
	fake_sessions("fabric", 1);
	assert_int_equal(one()->fsm.state, VRRP_FAULT);
	machine.carries = 0;
}

static void a_configured_next_hop_makes_other_sessions_carry_it(void **state)
{
	(void)state;
	start(ANNOUNCES("next_hop 192.0.2.1\n"));
	machine.carries = BGP_CARRIES_IPV4_BY;
	fake_sessions("fabric", 1);
	assert_int_equal(one()->fsm.state, VRRP_BACKUP);
	machine.carries = 0;
}

static void without_require_session_a_master_that_is_not_carried_is_an_alarm(void **state)
{
	(void)state;
	start(ANNOUNCES("require_session off\n"));
	machine.carries = BGP_CARRIES_IPV6;
	fake_sessions("fabric", 1);
	fake_run_for(TAKEOVER_NS);
	assert_true(engine_fake_has_alarm(
	    engine, "one is MASTER, but no BGP session carries its IPv4 prefixes: they are "
		    "not announced"));
	machine.carries = 0;
}

/* --- several routers --- */

#define TWO_ROUTERS                                                                                \
	"global_defs {\n script_user root\n}\nbgp_instance fabric {\n local_as 65001\n"            \
	" router_id 1.1.1.1\n neighbor 192.0.2.8 {\n remote_as 65000\n }\n"                        \
	" neighbor 192.0.2.9 {\n remote_as 65000\n }\n}\n"                                         \
	"vrrp_instance one {\n interface eth0\n virtual_router_id 10\n version 3\n"                \
	" priority 100\n advert_int 1\n virtual_ipaddress {\n 203.0.113.10/32 dev lo\n }\n"        \
	" bgp_announce {\n }\n}\n"

#define ANOTHER                                                                                    \
	"vrrp_instance two {\n interface eth0\n virtual_router_id 11\n version 3\n"                \
	" priority 100\n advert_int 1\n virtual_ipaddress {\n 203.0.113.11/32 dev lo\n }\n"        \
	" bgp_announce {\n }\n}\n"

/* For this time a MASTER of lower priority is heard, if `serves`. */
static void runs_beside(bool serves, int seconds)
{
	struct ipaddr source;

	ipaddr_parse(&source, "192.0.2.2");
	for (int i = 0; i < seconds; i++) {
		for (uint8_t vrid = 10; serves && vrid <= 11; vrid++)
			fake_advert(vrid, &source, 50, 1000000);
		fake_run_for(NS_PER_S);
	}
}

static void a_preemption_waits_for_the_other_routers(void **state)
{
	(void)state;
	start(TWO_ROUTERS);
	fake_session("fabric", 0, true);
	runs_beside(true, 4); /* longer than three adverts and the skew */
	assert_int_equal(one()->fsm.state, VRRP_BACKUP);
	fake_session("fabric", 1, true);
	runs_beside(true, 4);
	assert_int_equal(one()->fsm.state, VRRP_MASTER);
}

static void it_does_not_wait_for_ever(void **state)
{
	(void)state;
	start(TWO_ROUTERS);
	fake_session("fabric", 1, true);
	runs_beside(true, 9);
	assert_int_equal(one()->fsm.state, VRRP_MASTER);
}

static void a_dead_master_is_replaced_without_the_other_routers(void **state)
{
	(void)state;
	start(TWO_ROUTERS);
	fake_session("fabric", 0, true);
	runs_beside(false, 4);
	assert_int_equal(one()->fsm.state, VRRP_MASTER);
}

/* It had all sessions, lost them with its link, and gets them back one after the other. */
static void sessions_that_come_back_are_awaited_too(void **state)
{
	(void)state;
	start(TWO_ROUTERS);
	fake_sessions("fabric", 2);
	runs_beside(true, 4);
	assert_int_equal(one()->fsm.state, VRRP_MASTER);
	fake_sessions("fabric", 0);
	runs_beside(true, 2);
	assert_int_equal(one()->fsm.state, VRRP_FAULT);
	fake_session("fabric", 1, true);
	runs_beside(true, 4);
	assert_int_equal(one()->fsm.state, VRRP_BACKUP);
	fake_session("fabric", 0, true);
	runs_beside(true, 4);
	assert_int_equal(one()->fsm.state, VRRP_MASTER);
}

static void a_new_instance_waits_for_them_too(void **state)
{
	char text[4096];

	(void)state;
	start(TWO_ROUTERS);
	fake_session("fabric", 0, true);
	snprintf(text, sizeof(text), "%s%s", TWO_ROUTERS, ANOTHER);
	assert_true(engine_fake_reload(engine, text));
	runs_beside(true, 4);
	assert_int_equal(engine_fake_instance(engine, "two")->fsm.state, VRRP_BACKUP);
	fake_session("fabric", 1, true);
	runs_beside(true, 4);
	assert_int_equal(engine_fake_instance(engine, "two")->fsm.state, VRRP_MASTER);
}

/* The reload comes when the turn has handled the news for the first instance alone. */
static void a_reload_does_not_lose_the_end_of_the_wait(void **state)
{
	char text[4096];

	(void)state;
	snprintf(text, sizeof(text), "%s%s", TWO_ROUTERS, ANOTHER);
	start(text);
	fake_session("fabric", 0, true);
	runs_beside(true, 4);
	machine.clock_step_ns = NS_PER_S;
	fake_session("fabric", 1, true);
	assert_true(engine_fake_reload(engine, text));
	machine.clock_step_ns = 0;
	runs_beside(true, 8);
	assert_int_equal(one()->fsm.state, VRRP_MASTER);
	assert_int_equal(engine_fake_instance(engine, "two")->fsm.state, VRRP_MASTER);
}

#define MANY	  30
#define MANY_TEXT 16384

/* Many instances, each with `more`. */
static const char *many(const char *more)
{
	static char text[MANY_TEXT];
	size_t len;

	len = (size_t)snprintf(text, sizeof(text),
			       "bgp_instance fabric {\n local_as 65001\n router_id 1.1.1.1\n"
			       " neighbor 192.0.2.9 {\n remote_as 65000\n }\n}\n");
	for (int i = 1; i <= MANY; i++)
		len += (size_t)snprintf(
		    text + len, sizeof(text) - len,
		    "vrrp_instance i%d {\n interface eth0\n virtual_router_id %d\n version 3\n"
		    " priority 100\n advert_int 1\n virtual_ipaddress {\n 203.0.113.%d/32 dev lo\n "
		    "}\n%s}\n",
		    i, i, i, more);
	assert_true(len < sizeof(text));
	return text;
}

/* A reload takes several turns; in between an instance has its new configuration, and its fault. */
static void a_status_while_a_reload_ends_bgp_announce_is_answered(void **state)
{
	(void)state;
	start(many("bgp_announce {\n}\n"));
	fake_run_for(6 * NS_PER_S);
	assert_int_equal(engine_fake_instance(engine, "i30")->fsm.state, VRRP_FAULT);
	assert_true(engine_fake_reload(engine, many("")));
	assert_non_null(engine->reload);
	assert_int_equal(engine_fake_instance(engine, "i30")->cfg->announce.bgp, -1);
	assert_int_equal(engine_fake_instance(engine, "i30")->fsm.state, VRRP_FAULT);
	assert_false(
	    engine_fake_has_alarm(engine, "no such alarm")); /* it does not end the daemon */
	fake_run_for(NS_PER_MS);
	assert_null(engine->reload);
	assert_int_equal(engine_fake_instance(engine, "i30")->fsm.state, VRRP_BACKUP);
}

/* A dead host's path that the router still prefers, seconds after our claim. */
static void a_router_that_has_not_taken_our_path_is_an_alarm(void **state)
{
	const char not_taken[] =
	    "one is MASTER, but 192.0.2.9 prefers another node's path for 203.0.113.10/32 to ours";
	const char two[] = "one is MASTER, but another node announces 203.0.113.10/32 too: "
			   "192.0.2.9 has its path";

	(void)state;
	start(ANNOUNCES("settle_time 10\n"));
	fake_sessions("fabric", 1);
	fake_foreign_path("fabric", "203.0.113.10/32", one()->id);
	fake_run_for(TAKEOVER_NS);
	assert_int_equal(one()->fsm.state, VRRP_MASTER);
	fake_run_for(2 * NS_PER_S);
	assert_false(engine_fake_has_alarm(engine, not_taken)); /* a router takes a while */
	fake_run_for(3 * NS_PER_S);
	assert_true(engine_fake_has_alarm(engine, not_taken) &&
		    !engine_fake_has_alarm(engine, two));
	fake_run_for(8 * NS_PER_S); /* settled */
	assert_true(engine_fake_has_alarm(engine, two) &&
		    !engine_fake_has_alarm(engine, not_taken));
	machine.has_foreign = false;
	fake_run_for(2 * NS_PER_S);
	assert_false(engine_fake_has_alarm(engine, two));
}

#define TEST(f) cmocka_unit_test_teardown(f, end)

/* Another node says so of the virtual router. */
static void peer_says(uint8_t peer_state, uint8_t announced)
{
	struct peer_report_instance said;

	reports_describe(one(), &said);
	said.state = peer_state;
	said.announced = announced;
	engine_fake_peer_says("192.0.2.2", "192.0.2.1", &said);
}

/* The takeover must outrank every path that may exist. If there is none, it settles at once,
 * because otherwise it could not be outranked for a whole hold time. */
static void a_first_mastership_that_outranks_nobody_settles_at_once(void **state)
{
	static const struct {
		const char *why;
		bool reports, hears_master;
		uint8_t state, announced;
		enum announce_level level;
	} rows[] = {
	    {"nobody announces", true, false, PEER_BACKUP, PEER_ANNOUNCES_NOTHING,
	     ANNOUNCE_SETTLED},
	    {"the peer is in FAULT and announces nothing", true, false, PEER_FAULT,
	     PEER_ANNOUNCES_NOTHING, ANNOUNCE_SETTLED},
	    {"the peer announces itself as a standby", true, false, PEER_BACKUP,
	     PEER_ANNOUNCES_STANDBY, ANNOUNCE_ESCALATED},
	    {"the peer's path has settled", true, false, PEER_BACKUP, PEER_ANNOUNCES_SETTLED,
	     ANNOUNCE_ESCALATED},
	    {"the peer is MASTER, and its first UPDATE is on its way", true, false, PEER_MASTER,
	     PEER_ANNOUNCES_NOTHING, ANNOUNCE_ESCALATED},
	    {"a master was heard, whose path the router may still have", true, true, PEER_BACKUP,
	     PEER_ANNOUNCES_NOTHING, ANNOUNCE_ESCALATED},
	    {"of the peer nothing is known", false, false, 0, 0, ANNOUNCE_ESCALATED},
	};
	struct ipaddr source;

	(void)state;
	ipaddr_parse(&source, "192.0.2.2");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].why);
		start(PAIRED);
		fake_sessions("fabric", 1);
		if (rows[i].hears_master)
			fake_advert(10, &source, 200, 1000000);
		while (one()->fsm.state != VRRP_MASTER) {
			if (rows[i].reports)
				peer_says(rows[i].state, rows[i].announced);
			fake_run_for(100 * NS_PER_MS);
		}
		assert_int_equal(one()->announcer.fsm.level, rows[i].level);
		end(NULL);
	}
}

/* What it reported is too old: it may have become MASTER since. */
static void a_report_that_is_too_old_is_none(void **state)
{
	(void)state;
	start(PAIRED);
	fake_sessions("fabric", 1);
	peer_says(PEER_BACKUP, PEER_ANNOUNCES_NOTHING);
	while (one()->fsm.state != VRRP_MASTER)
		fake_run_for(100 * NS_PER_MS);
	assert_int_equal(one()->announcer.fsm.level, ANNOUNCE_ESCALATED);
}

/* The speakers are told the kernel's default routes, if a neighbor is a gateway. */
static void gateways_are_told_to_the_speakers(void **state)
{
	static const char text[] =
	    "bgp_instance fabric {\n local_as 65001\n router_id 1.1.1.1\n neighbor gateway {\n"
	    " remote_as 65000\n }\n}\nbgp_service s {\n prefix 203.0.113.1/32\n}\n";
	static const char without[] =
	    "bgp_instance fabric {\n local_as 65001\n router_id 1.1.1.1\n neighbor 192.0.2.9 {\n"
	    " remote_as 65000\n }\n}\nbgp_service s {\n prefix 203.0.113.1/32\n}\n";
	const char *said;

	(void)state;
	start(text);
	assert_non_null(machine.gateways);
	ipaddr_parse(&machine.gateway[GATEWAY_IPV4].address, "192.0.2.254");
	machine.gateway[GATEWAY_IPV4].ifindex = 2;
	fake_traced();
	fake_set_link(2, true, false); /* the kernel says nothing of IPv4's routes then */
	said = fake_traced();
	assert_non_null(strstr(said, "gateway of fabric: 192.0.2.254 on 2"));
	assert_non_null(strstr(said, "gateway6 of fabric: :: on 0"));
	assert_true(engine_fake_reload(engine, without));
	assert_null(machine.gateways);
	assert_true(engine_fake_reload(engine, text));
	assert_non_null(machine.gateways);
}

/* Router advertisements are heard, and ours sent, while a neighbor is named by its interface. */
static void a_router_that_advertises_itself_is_told_to_the_speakers(void **state)
{
	static const char text[] =
	    "bgp_instance fabric {\n local_as 65001\n router_id 1.1.1.1\n neighbor interface lo {\n"
	    " remote_as 65000\n }\n}\nbgp_service s {\n prefix 203.0.113.1/32\n}\n";
	static const char without[] =
	    "bgp_instance fabric {\n local_as 65001\n router_id 1.1.1.1\n neighbor 192.0.2.9 {\n"
	    " remote_as 65000\n }\n}\nbgp_service s {\n prefix 203.0.113.1/32\n}\n";
	struct ipaddr router;
	const char *said;

	(void)state;
	start(text);
	assert_non_null(machine.router_adverts);
	ipaddr_parse(&router, "fe80::1");
	fake_run_for(NS_PER_MS);
	assert_non_null(strstr(fake_traced(), "router advert on 1"));
	fake_router_advert(1, &router);
	said = fake_traced();
	assert_non_null(strstr(said, "lo of fabric: fe80::1 on 1"));
	assert_non_null(strstr(said, "router advert on 1")); /* it learns of us at once */
	fake_router_advert(7, &router);			     /* of another interface */
	assert_null(strstr(fake_traced(), "of fabric"));
	fake_run_for(9 * NS_PER_S);
	assert_null(strstr(fake_traced(), "router advert on 1"));
	fake_run_for(NS_PER_S);
	assert_non_null(strstr(fake_traced(), "router advert on 1"));
	fake_set_link(2, true, false);
	fake_run_for(NS_PER_S);
	assert_non_null(strstr(fake_traced(), "router advert on 1"));
	assert_true(engine_fake_reload(engine, without));
	assert_null(machine.router_adverts);
	assert_true(engine_fake_reload(engine, text));
	assert_non_null(machine.router_adverts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_session_counts_only_if_it_carries_the_prefix),
	    TEST(a_configured_next_hop_makes_other_sessions_carry_it),
	    TEST(without_require_session_a_master_that_is_not_carried_is_an_alarm),
	    TEST(a_preemption_waits_for_the_other_routers),
	    TEST(it_does_not_wait_for_ever),
	    TEST(a_dead_master_is_replaced_without_the_other_routers),
	    TEST(sessions_that_come_back_are_awaited_too),
	    TEST(a_new_instance_waits_for_them_too),
	    TEST(a_reload_does_not_lose_the_end_of_the_wait),
	    TEST(a_status_while_a_reload_ends_bgp_announce_is_answered),
	    TEST(a_router_that_has_not_taken_our_path_is_an_alarm),
	    cmocka_unit_test(a_first_mastership_that_outranks_nobody_settles_at_once),
	    TEST(a_report_that_is_too_old_is_none),
	    TEST(gateways_are_told_to_the_speakers),
	    TEST(a_router_that_advertises_itself_is_told_to_the_speakers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
