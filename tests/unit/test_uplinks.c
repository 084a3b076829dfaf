// SPDX-License-Identifier: BSD-2-Clause
/*
 * An instance with `interfaces`, in the whole engine with fakes: adverts, probes and reports leave
 * by each interface and count on each, and the loss of one moves nothing.
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
#include "log_lines.h"
#include "core/addr.h"
#include "engine/state.h"
#include "vrrp/vrrp_codec.h"

#define LO   1
#define ETH0 2
#define ETH1 3
#define ETH2 4

#define INSTANCE(name, vrid, where, more)                                                          \
	"vrrp_instance " name " {\nstate BACKUP\n" where "\nvirtual_router_id " vrid "\n"          \
	"version 3\npriority 100\nadvert_int 1\nunicast_src_ip 10.0.0.1\n"                         \
	"unicast_peer {\n10.0.0.2\n}\nvirtual_ipaddress {\n203.0.113." vrid "/32 dev lo\n}\n" more \
	"}\n"
#define BOTH  "interfaces eth0 eth1"
#define WEB   INSTANCE("web", "51", BOTH, "")
#define SBFD  "sbfd {\ninterval 0.002\nmultiplier 3\ngate 0.03\n}\n"
#define FIRST 4 * NS_PER_S /* longer than the first wait for a master */

static struct ipaddr self, peer;
static unsigned int adverts[ETH2 + 1], probes[ETH2 + 1], told[ETH2 + 1]; /* by interface */
static bool peer_answers;

static void on_send(void *ctx, const struct vrrp_socket_key *key, const struct ipaddr *to,
		    const uint8_t *msg, size_t len)
{
	(void)ctx;
	(void)msg;
	(void)len;
	assert_true(ipaddr_equal(to, &peer));
	assert_true(ipaddr_equal(&key->source, &self));
	assert_in_range(key->ifindex, 1, ETH2);
	adverts[key->ifindex]++;
}

static void on_probe(void *ctx, const struct ipaddr *to, const struct bfd_packet *pkt)
{
	(void)ctx;
	(void)pkt;
	assert_in_range(fake->probed_by, 1, ETH2);
	probes[fake->probed_by]++;
	if (peer_answers)
		fake_answer(to, BFD_UP);
}

static void on_told(void *ctx, const struct datagram_way *way, const uint8_t *data, size_t len)
{
	(void)ctx;
	(void)data;
	(void)len;
	assert_in_range(way->ifindex, 1, ETH2);
	told[way->ifindex]++;
}

static void forget_sent(void)
{
	memset(adverts, 0, sizeof(adverts));
	memset(probes, 0, sizeof(probes));
	memset(told, 0, sizeof(told));
}

static void begin(const char *text)
{
	ipaddr_parse(&self, "10.0.0.1");
	ipaddr_parse(&peer, "10.0.0.2");
	forget_sent();
	peer_answers = true;
	fake_init(&machine);
	fake->quiet = true;
	fake->send = on_send;
	fake->probe = on_probe;
	fake->datagram = on_told;
	fake_add_link(LO, "lo", true);
	fake_add_link(ETH0, "eth0", true);
	fake_add_link(ETH1, "eth1", true);
	fake_add_address(LO, "10.0.0.1/32", false);
	engine = engine_fake_start(text);
	fake_run_for(NS_PER_MS);
}

/* An advert of the peer arrives on an interface. */
static void hear_on(uint32_t ifindex)
{
	struct vrrp_advert adv = {.version = 3,
				  .vrid = 51,
				  .priority = 200,
				  .interval_us = 1000000,
				  .source = peer,
				  .destination = self,
				  .count = 1,
				  .checksum = HF_CSUM_PSEUDO};
	uint8_t msg[VRRP_MAX_LEN];
	int len;

	ipaddr_parse(&adv.addresses[0], "203.0.113.51");
	len = vrrp_advert_build(&adv, msg, sizeof(msg));
	assert_true(len > 0);
	fake_packet(ifindex, &peer, &self, msg, (size_t)len);
}

static uint32_t faults(void)
{
	return named("web")->event.faults;
}

/* The alarms called `name`. */
static unsigned int alarms(const char *name)
{
	struct status *st = engine_fake_status(engine);
	unsigned int n = 0;

	for (unsigned int i = 0; i < st->n_alarms; i++)
		n += strcmp(st->alarms[i].reason, name) == 0;
	status_free(st);
	return n;
}

/* What `status` says of the interface `i` of the instance. */
static const char *shown(unsigned int i)
{
	struct status *st = engine_fake_status(engine);
	const char *state;

	assert_true(i < st->instances[0].n_uplinks);
	state = st->instances[0].uplinks[i].state;
	status_free(st);
	return state;
}

static void adverts_leave_by_each_interface(void **state)
{
	(void)state;
	begin(WEB);
	assert_int_equal(state_of("web"), VRRP_BACKUP);
	fake_run_for(FIRST);
	assert_int_equal(state_of("web"), VRRP_MASTER);
	forget_sent();
	fake_run_for(10 * NS_PER_S);
	assert_int_equal(adverts[ETH0], 10);
	assert_int_equal(adverts[ETH1], 10);
	assert_string_equal(shown(0), "up");
	assert_string_equal(shown(1), "up");
}

static void an_advert_on_either_interface_is_life(void **state)
{
	(void)state;
	begin(WEB);
	for (int i = 0; i < 20; i++) {
		hear_on(i < 10 ? ETH0 : ETH1);
		fake_run_for(NS_PER_S);
		assert_int_equal(state_of("web"), VRRP_BACKUP);
	}
	assert_int_equal(fake_published(), 1);
	fake_run_for(FIRST);
	assert_int_equal(state_of("web"), VRRP_MASTER);
}

static void copies_of_an_advert_are_no_news(void **state)
{
	(void)state;
	begin(WEB);
	for (int i = 0; i < 10; i++) {
		hear_on(ETH0);
		fake_run_for(NS_PER_MS);
		hear_on(ETH1);
		fake_run_for(999 * NS_PER_MS);
	}
	assert_int_equal(state_of("web"), VRRP_BACKUP);
	assert_int_equal(named("web")->transitions, 1);
}

static void one_dead_interface_moves_nothing(void **state)
{
	uint64_t moves;

	(void)state;
	for (uint32_t dead = ETH0; dead <= ETH1; dead++) {
		uint32_t other = ETH0 + ETH1 - dead;

		begin(WEB);
		fake_run_for(FIRST);
		moves = named("web")->transitions;
		forget_sent();
		fake_set_link(dead, false, false);
		fake_run_for(10 * NS_PER_S);
		assert_int_equal(state_of("web"), VRRP_MASTER);
		assert_int_equal(faults(), 0);
		assert_int_equal(adverts[dead], 0);
		assert_int_equal(adverts[other], 10);
		assert_int_equal(alarms("uplink_down"), 1);
		assert_string_equal(shown(dead - ETH0), "down");
		fake_set_link(dead, true, false);
		fake_run_for(10 * NS_PER_S);
		assert_int_equal(adverts[dead], 10);
		assert_int_equal(alarms("uplink_down"), 0);
		assert_int_equal(named("web")->transitions, moves);
		engine_fake_free(engine);
	}
	engine = NULL;
}

static void the_loss_of_all_is_a_fault(void **state)
{
	(void)state;
	begin(WEB);
	fake_run_for(FIRST);
	fake_set_link(ETH1, false, false);
	fake_set_link(ETH0, false, false);
	assert_int_equal(state_of("web"), VRRP_FAULT);
	assert_int_equal(faults(), VRRP_FAULT_LINK);
	assert_int_equal(alarms("fault_link"), 1);
	assert_int_equal(alarms("uplink_down"), 0);
	fake_set_link(ETH1, true, false);
	assert_int_equal(state_of("web"), VRRP_BACKUP);
}

static void dont_track_primary_ignores_the_loss_of_all(void **state)
{
	(void)state;
	begin(INSTANCE("web", "51", BOTH, "dont_track_primary\n"));
	fake_run_for(FIRST);
	fake_set_link(ETH1, false, false);
	fake_set_link(ETH0, false, false);
	assert_int_equal(state_of("web"), VRRP_MASTER);
}

/* Each interface in turn is replaced by a new one of the same name. */
static void a_replaced_interface_is_used_again(void **state)
{
	uint64_t moves;
	uint32_t home;

	(void)state;
	begin(WEB);
	fake_run_for(FIRST);
	moves = named("web")->transitions;
	home = named("web")->ifindex;
	fake_set_link(ETH0, false, true);
	assert_string_equal(shown(0), "missing");
	fake_run_for(5 * NS_PER_S);
	fake_add_link(ETH2, "eth0", true);
	fake_set_link(ETH2, true, false);
	forget_sent();
	fake_run_for(10 * NS_PER_S);
	assert_int_equal(adverts[ETH2], 10);
	assert_int_equal(adverts[ETH1], 10);
	fake_set_link(ETH1, false, true);
	fake_run_for(NS_PER_S);
	assert_int_equal(named("web")->transitions, moves);
	assert_int_equal(named("web")->ifindex, home);
	fake_set_link(ETH2, false, true);
	assert_int_equal(state_of("web"), VRRP_FAULT);
	assert_int_equal(fake_published(), 0);
}

static void a_backup_hears_on_a_replaced_interface(void **state)
{
	(void)state;
	begin(WEB);
	hear_on(ETH0);
	fake_set_link(ETH0, false, true);
	fake_add_link(ETH2, "eth0", true);
	fake_set_link(ETH2, true, false);
	for (int i = 0; i < 10; i++) {
		hear_on(ETH2);
		fake_run_for(NS_PER_S);
		assert_int_equal(state_of("web"), VRRP_BACKUP);
	}
}

/* The data path cannot hear on it, so it does not count. */
static void an_unattached_interface_does_not_count(void **state)
{
	(void)state;
	fake_init(&machine);
	fake->quiet = true;
	fake->unattachable = ETH1;
	fake->attach_err = -EBUSY;
	fake_add_link(ETH0, "eth0", true);
	fake_add_link(ETH1, "eth1", true);
	engine = engine_fake_start(WEB);
	assert_int_equal(state_of("web"), VRRP_BACKUP);
	assert_string_equal(shown(1), "unattached");
	assert_int_equal(alarms("uplink_down"), 1);
	fake_set_link(ETH0, false, false);
	assert_int_equal(state_of("web"), VRRP_FAULT);
}

static void an_interface_that_sends_nothing_is_an_alarm(void **state)
{
	(void)state;
	begin(WEB);
	fake_run_for(FIRST);
	fake->send_err = -ENETUNREACH;
	fake_run_for(NS_PER_S);
	assert_int_equal(alarms("uplink_down"), 2);
	fake->send_err = 0;
	fake_run_for(NS_PER_S);
	assert_int_equal(alarms("uplink_down"), 0);
}

/* The others take each advert. It is one line when it begins, whatever the number of adverts. */
static void a_peer_that_is_not_reached_does_not_fill_the_log(void **state)
{
	struct ipaddr gone;

	(void)state;
	ipaddr_parse(&gone, "10.0.0.3");
	begin("vrrp_instance web {\n" BOTH "\nvirtual_router_id 51\nversion 3\nadvert_int 0.01\n"
	      "unicast_src_ip 10.0.0.1\nunicast_peer {\n10.0.0.3\n10.0.0.2\n}\n"
	      "virtual_ipaddress {\n203.0.113.51/32 dev lo\n}\n}\n");
	fake->send = NULL; /* it knows one peer */
	fake_run_for(FIRST);
	assert_int_equal(state_of("web"), VRRP_MASTER);
	log_lines_begin(LOG_LV_INFO);
	fake->unreachable = gone;
	fake_run_for(10 * NS_PER_S);
	log_lines_end();
	assert_int_equal(log_lines_with("adverts cannot be sent by eth0"), 1);
	assert_int_equal(alarms("uplink_down"), 2);
	fake->unreachable = (struct ipaddr){0};
	fake_run_for(NS_PER_S);
	assert_int_equal(alarms("uplink_down"), 0);
}

static void a_tracked_source_may_be_on_any_interface(void **state)
{
	(void)state;
	begin(INSTANCE("web", "51", BOTH, "track_src_ip\n"));
	assert_int_equal(state_of("web"), VRRP_BACKUP);
	fake_remove_address(LO, "10.0.0.1/32");
	assert_int_equal(state_of("web"), VRRP_FAULT);
	assert_int_equal(faults(), VRRP_FAULT_ADDRESS);
	fake_add_address(ETH1, "10.0.0.1/32", false);
	assert_int_equal(state_of("web"), VRRP_BACKUP);
}

static void a_source_that_comes_late_is_used(void **state)
{
	(void)state;
	fake_init(&machine);
	fake->quiet = true;
	fake_add_link(ETH0, "eth0", true);
	fake_add_link(ETH1, "eth1", true);
	engine = engine_fake_start(INSTANCE("web", "51", BOTH, "track_src_ip\n"));
	assert_int_equal(state_of("web"), VRRP_FAULT);
	fake_add_address(LO, "10.0.0.1/32", false);
	assert_int_equal(faults(), 0);
	assert_int_equal(state_of("web"), VRRP_BACKUP);
}

static void probes_leave_by_each_interface(void **state)
{
	(void)state;
	begin(INSTANCE("web", "51", BOTH, SBFD));
	assert_int_equal(fake_sbfd_uplinks(&peer), 1);
	hear_on(ETH1);
	fake_run_for(100 * NS_PER_MS);
	assert_int_equal(named("web")->tie.peer->prober.fsm.state, SBFD_UP);
	assert_in_range(probes[ETH0], 50, 51);
	assert_int_equal(probes[ETH0], probes[ETH1]);
	fake_set_link(ETH0, false, false);
	forget_sent();
	fake_run_for(100 * NS_PER_MS);
	assert_int_equal(probes[ETH0], 0);
	assert_in_range(probes[ETH1], 49, 51);
	assert_int_equal(named("web")->tie.peer->prober.fsm.state, SBFD_UP);
	peer_answers = false;
	fake_run_for(10 * NS_PER_MS);
	assert_int_equal(state_of("web"), VRRP_MASTER);
	assert_int_equal(named("web")->last_cause, VRRP_CAUSE_HOST_SILENT);
}

static void probes_follow_a_replaced_interface(void **state)
{
	(void)state;
	begin(INSTANCE("web", "51", BOTH, SBFD));
	hear_on(ETH1);
	fake_run_for(100 * NS_PER_MS);
	fake_set_link(ETH0, false, true);
	fake_add_link(ETH2, "eth0", true);
	fake_set_link(ETH2, true, false);
	forget_sent();
	fake_run_for(100 * NS_PER_MS);
	assert_int_equal(probes[ETH0], 0);
	assert_in_range(probes[ETH1], 49, 51);
	assert_int_equal(probes[ETH2], probes[ETH1]);
	assert_int_equal(named("web")->tie.peer->prober.fsm.state, SBFD_UP);
	assert_int_equal(state_of("web"), VRRP_BACKUP);
}

static void reports_leave_by_each_interface_and_count_on_each(void **state)
{
	struct peer_report_instance one;

	(void)state;
	begin(WEB);
	fake_run_for(FIRST);
	forget_sent();
	fake_run_for(10 * NS_PER_S);
	assert_in_range(told[ETH0], 10, 11);
	assert_int_equal(told[ETH1], told[ETH0]);
	for (uint32_t by = ETH0; by <= ETH1; by++) {
		reports_describe(named("web"), &one);
		one.state = PEER_BACKUP;
		one.ready = true;
		one.priority = (uint8_t)by;
		engine_fake_peer_says_on(by, "10.0.0.2", "10.0.0.1", &one);
		assert_int_equal(named("web")->reports.all[0].said.priority, by);
	}
}

static void a_reload_changes_them_in_place(void **state)
{
	uint64_t moves;

	(void)state;
	begin(INSTANCE("web", "51", "interface eth0", ""));
	fake_add_link(ETH2, "eth2", true);
	fake_set_link(ETH2, true, false);
	fake_run_for(FIRST);
	moves = named("web")->transitions;
	assert_true(engine_fake_reload(engine, WEB));
	forget_sent();
	fake_run_for(10 * NS_PER_S);
	assert_int_equal(adverts[ETH0], 10);
	assert_int_equal(adverts[ETH1], 10);
	assert_true(
	    engine_fake_reload(engine, INSTANCE("web", "51", "interfaces eth0 eth2 eth1", "")));
	forget_sent();
	fake_run_for(10 * NS_PER_S);
	assert_int_equal(adverts[ETH0] + adverts[ETH1] + adverts[ETH2], 30);
	assert_true(engine_fake_reload(engine, INSTANCE("web", "51", "interface eth0", "")));
	forget_sent();
	fake_run_for(10 * NS_PER_S);
	assert_int_equal(adverts[ETH0], 10);
	assert_int_equal(adverts[ETH1] + adverts[ETH2], 0);
	assert_int_equal(state_of("web"), VRRP_MASTER);
	assert_int_equal(named("web")->transitions, moves);
	fake_set_link(ETH0, false, false);
	assert_int_equal(state_of("web"), VRRP_FAULT);
}

/* The new one is reported first, because its number is lower. */
static void a_reload_may_add_one_that_is_down(void **state)
{
	uint64_t moves;

	(void)state;
	begin(INSTANCE("web", "51", "interface eth1", ""));
	fake_run_for(FIRST);
	moves = named("web")->transitions;
	fake_set_link(ETH0, false, false);
	assert_true(engine_fake_reload(engine, INSTANCE("web", "51", "interfaces eth1 eth0", "")));
	fake_run_for(NS_PER_S);
	assert_int_equal(state_of("web"), VRRP_MASTER);
	assert_int_equal(named("web")->transitions, moves);
	assert_string_equal(shown(0), "up");
	assert_string_equal(shown(1), "down");
}

/* While its source is missing, the addresses that others add are no news for it. */
static void other_addresses_do_not_fill_the_log(void **state)
{
	char text[32];

	(void)state;
	begin(INSTANCE("web", "51", BOTH, "track_src_ip\n"));
	fake_remove_address(LO, "10.0.0.1/32");
	log_lines_begin(LOG_LV_INFO);
	for (int i = 1; i <= 100; i++) {
		snprintf(text, sizeof(text), "198.51.100.%d/32", i);
		fake_add_address(LO, text, false);
	}
	log_lines_end();
	assert_int_equal(log_lines_with("cannot use"), 0);
	fake_add_address(LO, "10.0.0.1/32", false);
	assert_int_equal(faults(), 0);
}

/* Its program is missing on one of two: the master may be silent only here if the other is down. */
static void a_missing_program_does_not_make_a_master(void **state)
{
	(void)state;
	for (uint32_t deaf = ETH0; deaf <= ETH1; deaf++) {
		uint32_t other = ETH0 + ETH1 - deaf;

		begin(WEB);
		hear_on(deaf);
		fake->deaf = deaf;
		fake_run_for(FIRST);
		assert_int_equal(state_of("web"),
				 VRRP_MASTER); /* the other one hears nothing, too */
		engine_fake_free(engine);
		begin(WEB);
		fake_set_link(other, false, false);
		hear_on(deaf);
		fake->deaf = deaf;
		fake_run_for(FIRST);
		assert_int_equal(state_of("web"), VRRP_BACKUP);
		fake->deaf = 0;
		fake_run_for(FIRST);
		assert_int_equal(state_of("web"), VRRP_MASTER);
		engine_fake_free(engine);
	}
	engine = NULL;
}

/* More interfaces than instances. */
static void status_has_all_interfaces(void **state)
{
	struct status *st;

	(void)state;
	begin(WEB);
	st = engine_fake_status(engine);
	assert_int_equal(st->n_interfaces, 2);
	status_free(st);
}

/* The second instance begins when the first interface is a new one: both have the same peer. */
static void all_instances_of_the_interfaces_share_their_peers(void **state)
{
	(void)state;
	begin(WEB);
	fake_set_link(ETH0, false, true);
	fake_add_link(ETH2, "eth0", true);
	fake_set_link(ETH2, true, false);
	assert_true(engine_fake_reload(engine, WEB INSTANCE("api", "52", BOTH, "")));
	fake_run_for(NS_PER_S);
	assert_ptr_equal(named("web")->peers.all[0], named("api")->peers.all[0]);
}

#define CASE(f) cmocka_unit_test_teardown(f, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(adverts_leave_by_each_interface),
	    CASE(an_advert_on_either_interface_is_life),
	    CASE(copies_of_an_advert_are_no_news),
	    cmocka_unit_test(one_dead_interface_moves_nothing),
	    CASE(the_loss_of_all_is_a_fault),
	    CASE(dont_track_primary_ignores_the_loss_of_all),
	    CASE(a_replaced_interface_is_used_again),
	    CASE(a_backup_hears_on_a_replaced_interface),
	    CASE(an_unattached_interface_does_not_count),
	    CASE(an_interface_that_sends_nothing_is_an_alarm),
	    CASE(a_peer_that_is_not_reached_does_not_fill_the_log),
	    CASE(a_tracked_source_may_be_on_any_interface),
	    CASE(a_source_that_comes_late_is_used),
	    CASE(probes_leave_by_each_interface),
	    CASE(probes_follow_a_replaced_interface),
	    CASE(reports_leave_by_each_interface_and_count_on_each),
	    CASE(a_reload_changes_them_in_place),
	    CASE(a_reload_may_add_one_that_is_down),
	    CASE(other_addresses_do_not_fill_the_log),
	    cmocka_unit_test(a_missing_program_does_not_make_a_master),
	    CASE(status_has_all_interfaces),
	    CASE(all_instances_of_the_interfaces_share_their_peers),
	};

	return cmocka_run_group_tests_name("uplinks", tests, NULL, NULL);
}
