// SPDX-License-Identifier: BSD-2-Clause
/*
 * S-BFD between nodes: all of user/engine/ on a fake machine. The master's host answers probes or
 * does not. Adverts come once a second, probes are 2 ms x 3.
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
#include "engine/state.h"

#define LINK 2

#define SBFD "sbfd {\ninterval 0.002\nmultiplier 3\ngate 0.03\n}\n"
#define INSTANCE(name, vrid, peers, more)                                                          \
	"vrrp_instance " name " {\nstate BACKUP\ninterface fake0\nvirtual_router_id " vrid "\n"    \
	"version 3\npriority 100\nadvert_int 1\nunicast_src_ip 192.0.2.11\n"                       \
	"unicast_peer {\n" peers "}\nvirtual_ipaddress {\n203.0.113." vrid "/32 dev fake0\n}\n"    \
	"garp_master_delay 0\n" more "}\n"
#define B "192.0.2.12\n"
#define C "192.0.2.13\n"

static const char pair[] = INSTANCE("web", "51", B, SBFD);
static const char trio[] = INSTANCE("web", "51", B C, SBFD);
static const char plain[] = INSTANCE("web", "51", B, "");
static const char group[] = INSTANCE("web", "51", B, SBFD)
    INSTANCE("api", "52", B, SBFD) "vrrp_sync_group g {\ngroup {\nweb\napi\n}\n}\n";

static struct ipaddr peer_b;

/* How the host of 192.0.2.12 answers. */
static enum { ANSWERS, SAYS_DOWN, SILENT } host;
static unsigned int probes;
static struct bfd_packet last_probe;

static void on_probe(void *ctx, const struct ipaddr *to, const struct bfd_packet *pkt)
{
	(void)ctx;
	if (!ipaddr_equal(to, &peer_b))
		return;
	probes++;
	last_probe = *pkt;
	if (host != SILENT)
		fake_answer(to, host == ANSWERS ? BFD_UP : BFD_ADMIN_DOWN);
}

static void begin(const char *text)
{
	host = ANSWERS;
	probes = 0;
	ipaddr_parse(&peer_b, "192.0.2.12");
	fake_init(&machine);
	fake->quiet = true;
	fake->probe = on_probe;
	fake_add_link(LINK, "fake0", true);
	fake_add_address(LINK, "192.0.2.11/24", false);
	engine = engine_fake_start(text);
}

static void advert(uint8_t vrid, uint8_t priority)
{
	fake_advert(vrid, &peer_b, priority, 1000000);
}

static struct instance *web(void)
{
	return engine_fake_instance(engine, "web");
}

/* As a BACKUP whose master is watched by probes. */
static void begin_watched(const char *text)
{
	begin(text);
	advert(51, 200);
	fake_run_for(100 * NS_PER_MS);
	assert_int_equal(web()->tie.peer->prober.fsm.state, SBFD_UP);
}

static void a_backup_probes_its_master_and_says_that_it_is_ready(void **state)
{
	(void)state;
	begin(pair);
	fake_run_for(NS_PER_S);
	assert_int_equal(probes, 0); /* nobody is master */
	advert(51, 200);
	fake_run_for(100 * NS_PER_MS);
	assert_in_range(probes, 50, 51);
	assert_int_equal(last_probe.state, BFD_UP);
	assert_int_equal(last_probe.flags, BFD_FLAG_DEMAND);
	assert_int_equal(last_probe.your_discr, 0xc000020c); /* 192.0.2.12 */
	assert_int_equal(state_of("web"), VRRP_BACKUP);
}

static void three_unanswered_probes_make_a_master(void **state)
{
	(void)state;
	begin_watched(pair);
	host = SILENT;
	fake_run_for(5 * NS_PER_MS);
	assert_int_equal(state_of("web"), VRRP_BACKUP);
	fake_run_for(3 * NS_PER_MS);
	assert_int_equal(state_of("web"), VRRP_MASTER);
	assert_int_equal(web()->last_cause, VRRP_CAUSE_HOST_SILENT);
	probes = 0;
	fake_run_for(5 * NS_PER_S);
	assert_int_equal(probes, 0); /* a MASTER asks nobody */
}

static void a_host_that_says_down_is_relieved_at_once(void **state)
{
	(void)state;
	begin_watched(pair);
	host = SAYS_DOWN;
	fake_run_for(2 * NS_PER_MS);
	assert_int_equal(state_of("web"), VRRP_MASTER);
	assert_int_equal(web()->last_cause, VRRP_CAUSE_HOST_CLOSED);
}

static void a_host_that_never_answers_is_judged_by_adverts(void **state)
{
	const char *why;

	(void)state;
	begin(pair);
	host = SILENT;
	advert(51, 200);
	fake_run_for(3500 * NS_PER_MS);
	assert_int_equal(state_of("web"), VRRP_BACKUP);
	assert_in_range(probes, 3, 5); /* one a second */
	assert_false(prober_is_watching(web()->tie.peer, &why));
	assert_string_equal(why, "its host does not answer probes");
	fake_run_for(200 * NS_PER_MS);
	assert_int_equal(state_of("web"), VRRP_MASTER);
	assert_int_equal(web()->last_cause, VRRP_CAUSE_MASTER_DOWN);
}

static void an_advert_is_life_for_all_instances_of_the_host(void **state)
{
	(void)state;
	begin_watched(pair);
	host = SILENT;
	for (int i = 0; i < 100; i++) {
		fake_run_for(3 * NS_PER_MS);
		advert(51, 200);
		assert_int_equal(state_of("web"), VRRP_BACKUP);
	}
	fake_run_for(8 * NS_PER_MS);
	assert_int_equal(state_of("web"), VRRP_MASTER);
}

/* keepalived runs where Holdfast was killed: the remaining reflector does not know it. */
static void a_host_that_was_never_up_is_judged_by_adverts(void **state)
{
	(void)state;
	begin(pair);
	host = SAYS_DOWN;
	advert(51, 200);
	for (int i = 0; i < 10; i++) {
		fake_run_for(NS_PER_S);
		advert(51, 200);
		assert_int_equal(state_of("web"), VRRP_BACKUP);
	}
}

/* Its answers are lost repeatedly, its adverts are not: this causes one move a minute. */
static void a_master_that_was_taken_for_dead_is_not_again_at_once(void **state)
{
	(void)state;
	begin_watched(pair);
	for (int i = 0; i < 100; i++) {
		host = i % 2 ? ANSWERS : SILENT;
		fake_run_for(200 * NS_PER_MS);
		advert(51, 200);
	}
	assert_in_range(web()->transitions, 3, 4);
	assert_int_equal(state_of("web"), VRRP_BACKUP);
	host = ANSWERS;
	for (int i = 0; i < 61; i++) {
		fake_run_for(NS_PER_S);
		advert(51, 200);
	}
	host = SILENT;
	fake_run_for(9 * NS_PER_MS);
	assert_int_equal(state_of("web"), VRRP_MASTER);
}

/* (256 - 100) / 256 of 6 ms. An advert of the one that was quicker ends the wait. */
static void several_backups_take_over_in_order(void **state)
{
	struct ipaddr c;

	(void)state;
	begin_watched(trio);
	host = SAYS_DOWN;
	fake_run_for(3 * NS_PER_MS);
	assert_int_equal(state_of("web"), VRRP_BACKUP);
	fake_run_for(3 * NS_PER_MS);
	assert_int_equal(state_of("web"), VRRP_MASTER);
	assert_int_equal(web()->last_cause, VRRP_CAUSE_HOST_CLOSED);
	engine_fake_free(engine);

	begin_watched(trio);
	host = SAYS_DOWN;
	fake_run_for(3 * NS_PER_MS);
	ipaddr_parse(&c, "192.0.2.13");
	fake_advert(51, &c, 150, 1000000);
	fake_run_for(NS_PER_S);
	assert_int_equal(state_of("web"), VRRP_BACKUP);
}

static void a_group_takes_over_together(void **state)
{
	(void)state;
	begin(group);
	advert(51, 200);
	advert(52, 200);
	fake_run_for(100 * NS_PER_MS);
	assert_in_range(probes, 50, 52); /* one prober for both */
	host = SILENT;
	fake_run_for(9 * NS_PER_MS);
	assert_int_equal(state_of("web"), VRRP_MASTER);
	assert_int_equal(state_of("api"), VRRP_MASTER);
}

static void a_reload_begins_and_ends_the_probes(void **state)
{
	(void)state;
	begin(plain);
	advert(51, 200);
	fake_run_for(100 * NS_PER_MS);
	assert_int_equal(probes, 0);
	assert_false(mono_is_set(fake->alive));
	assert_true(engine_fake_reload(engine, pair));
	fake_run_for(100 * NS_PER_MS);
	assert_in_range(probes, 50, 52);
	assert_true(mono_is_set(fake->alive));
	assert_true(engine_fake_reload(engine, plain));
	probes = 0;
	fake_run_for(NS_PER_S);
	assert_int_equal(probes, 0);
	assert_false(mono_is_set(fake->alive));
	assert_null(web()->tie.peer);
}

static void a_reload_of_something_else_keeps_the_watch(void **state)
{
	struct peer *before;

	(void)state;
	begin_watched(pair);
	before = web()->tie.peer;
	assert_true(engine_fake_reload(
	    engine, INSTANCE("web", "51", B, SBFD "notify_master \"/bin/true\"\n")));
	assert_ptr_equal(web()->tie.peer, before);
	assert_int_equal(before->prober.fsm.state, SBFD_UP);
	assert_true(engine_fake_reload(engine, INSTANCE("web", "51", B C, SBFD)));
	assert_ptr_equal(web()->tie.peer, before);
	assert_int_equal(before->prober.fsm.state, SBFD_UP);
}

static void the_watch_ends_with_the_interface(void **state)
{
	(void)state;
	begin_watched(pair);
	fake_set_link(LINK, false, true);
	probes = 0;
	fake_run_for(NS_PER_S);
	assert_int_equal(probes, 0);
	assert_null(web()->tie.peer);
}

static void probes_that_do_not_leave_accuse_nobody(void **state)
{
	(void)state;
	begin_watched(pair);
	fake->send_err = -11;
	fake_run_for(NS_PER_S);
	assert_int_equal(state_of("web"), VRRP_BACKUP);
}

static void the_sign_of_life_is_shown_within_the_gate(void **state)
{
	(void)state;
	begin(pair);
	for (int i = 0; i < 1000; i++) {
		fake_run_for(NS_PER_MS);
		assert_in_range(mono_diff_ns(fake->now, fake->alive), 0, 8 * NS_PER_MS);
	}
}

/* Frozen for 100 ms. Its peers saw this by the gate, and one of them has become MASTER. */
static void a_master_that_was_absent_yields_to_who_took_over(void **state)
{
	(void)state;
	begin(pair);
	fake_run_for(5 * NS_PER_S);
	assert_int_equal(state_of("web"), VRRP_MASTER);
	fake->now = mono_add(fake->now, 50 * NS_PER_MS);
	advert(51, 90);
	assert_int_equal(state_of("web"), VRRP_BACKUP);
	assert_int_equal(web()->last_cause, VRRP_CAUSE_FENCED);
}

static void a_master_that_was_absent_and_not_replaced_goes_on(void **state)
{
	(void)state;
	begin(pair);
	fake_run_for(5 * NS_PER_S);
	fake->now = mono_add(fake->now, 50 * NS_PER_MS);
	fake_run_for(NS_PER_S);
	assert_int_equal(state_of("web"), VRRP_MASTER);
	assert_int_equal(web()->transitions, 2);
}

/* The fault of its only session. */
static void fault(bool on)
{
	inbox_fault(&web()->event, VRRP_FAULT_TRACK, on);
	fake_after_handler();
}

static void a_node_in_fault_says_so_once_a_second(void **state)
{
	(void)state;
	begin_watched(trio);
	fault(true);
	assert_int_equal(state_of("web"), VRRP_FAULT);
	assert_null(web()->tie.peer);
	probes = 0;
	fake_run_for(10 * NS_PER_S + NS_PER_MS);
	assert_in_range(probes, 10, 11);
	assert_int_equal(last_probe.state, BFD_DOWN);
	host = SILENT; /* it asks nobody, so nobody is found dead */
	fake_run_for(10 * NS_PER_S);
	assert_int_equal(engine->peers.first->prober.downs, 0);
	host = ANSWERS;
	fault(false);
	assert_int_equal(state_of("web"), VRRP_BACKUP);
	probes = 0;
	fake_run_for(2500 * NS_PER_MS);
	assert_int_equal(probes, 0);
	advert(51, 200);
	fake_run_for(100 * NS_PER_MS);
	assert_int_equal(last_probe.state, BFD_UP);
	assert_in_range(probes, 50, 52);
}

/* One session for all instances: a probe says that this node could take over one of them. */
static void one_fault_of_several_is_not_told(void **state)
{
	(void)state;
	begin(INSTANCE("web", "51", B, SBFD) INSTANCE("api", "52", B, SBFD));
	advert(51, 200);
	advert(52, 200);
	fake_run_for(100 * NS_PER_MS);
	fault(true);
	probes = 0;
	fake_run_for(100 * NS_PER_MS);
	assert_in_range(probes, 49, 51);
	assert_int_equal(last_probe.state, BFD_UP);
}

static void a_reload_in_fault_tells_the_new_peers(void **state)
{
	(void)state;
	begin(trio);
	fault(true);
	fake_run_for(NS_PER_S);
	assert_true(engine_fake_reload(engine, pair));
	fault(true);
	probes = 0;
	fake_run_for(3 * NS_PER_S);
	assert_in_range(probes, 3, 4);
	assert_true(engine_fake_reload(engine, plain));
	probes = 0;
	fake_run_for(3 * NS_PER_S);
	assert_int_equal(probes, 0);
	assert_int_equal(engine->peers.first->prober.tellers, 0);
}

static void a_master_without_a_ready_standby_is_an_alarm(void **state)
{
	(void)state;
	begin(pair);
	fake_run_for(10 * NS_PER_S);
	assert_int_equal(state_of("web"), VRRP_MASTER);
	assert_false(engine_fake_has_alarm(engine, "no_standby")); /* it may still come */
	fake_run_for(10 * NS_PER_S);
	assert_true(engine_fake_has_alarm(engine, "no_standby"));
	fake_probe(&peer_b, BFD_DOWN);
	assert_true(engine_fake_has_alarm(engine, "no_standby"));
	fake_probe(&peer_b, BFD_UP);
	assert_false(engine_fake_has_alarm(engine, "no_standby"));
	fake_run_for(11 * NS_PER_S);
	assert_true(engine_fake_has_alarm(engine, "no_standby"));
	assert_true(engine_fake_reload(engine, plain));
	assert_false(engine_fake_has_alarm(engine, "no_standby"));
}

/* --- a prober without a place in the data path or without a socket ----------------------------*/

/* Its source address comes from the interface, so that it can change. */
#define WITHOUT_SOURCE                                                                             \
	"vrrp_instance web {\nstate BACKUP\ninterface fake0\nvirtual_router_id 51\nversion 3\n"    \
	"priority 100\nadvert_int 1\nunicast_peer {\n" B "}\nvirtual_ipaddress {\n"                \
	"203.0.113.51/32 dev fake0\n}\n" SBFD "}\n"

static void a_socket_that_is_missing_ends_the_probes_until_there_is_one(void **state)
{
	struct peer *peer;
	const char *why;

	(void)state;
	begin_watched(WITHOUT_SOURCE);
	peer = web()->tie.peer;
	fake->sbfd_socket_err = -EMFILE;
	fake_add_address(LINK, "192.0.2.14/24", false);
	fake_remove_address(LINK, "192.0.2.11/24");
	probes = 0;
	for (int i = 0; i < 10; i++) {
		fake_run_for(100 * NS_PER_MS);
		advert(51, 200);
	}
	assert_int_equal(state_of("web"), VRRP_BACKUP);
	assert_int_equal(probes, 0);
	assert_ptr_equal(web()->tie.peer, peer);
	assert_false(prober_is_watching(peer, &why));
	assert_string_equal(why, "its probes and answers have no place in the data path");

	fake->sbfd_socket_err = 0;
	fake_add_address(LINK, "192.0.2.15/24", false);
	fake_remove_address(LINK, "192.0.2.14/24");
	fake_run_for(100 * NS_PER_MS);
	assert_ptr_equal(web()->tie.peer, peer);
	assert_true(prober_is_watching(peer, &why));
}

static void a_peer_without_a_socket_leaves_no_timer(void **state)
{
	unsigned int timers;

	(void)state;
	begin_watched(WITHOUT_SOURCE);
	timers = fake->n_timers;
	fake->sbfd_socket_err = -EMFILE;
	fake_add_address(LINK, "192.0.2.14/24", false);
	fake_remove_address(LINK, "192.0.2.11/24");
	assert_int_equal(web()->tie.peer->prober.timer.slot, 0);
	assert_int_equal(fake->n_timers, timers - 1);
}

/* One of two instances is in FAULT, the other one ends to be tied. */
static void a_peer_without_a_place_is_not_told_of_a_fault(void **state)
{
	(void)state;
	begin(plain);
	fake->sbfd_full = true;
	assert_true(engine_fake_reload(engine, INSTANCE("web", "51", B, SBFD)
						   INSTANCE("api", "52", B, SBFD)));
	advert(52, 200);
	fake_run_for(100 * NS_PER_MS);
	fault(true);
	assert_int_equal(state_of("web"), VRRP_FAULT);
	assert_int_equal(state_of("api"), VRRP_BACKUP);
	assert_non_null(named("api")->tie.peer);
	assert_int_equal(engine->peers.first->prober.tellers, 1);
	fake_run_for(10 * NS_PER_S);
	assert_int_equal(state_of("api"), VRRP_MASTER);
	assert_int_equal(engine->peers.first->prober.timer.slot, 0);
	assert_int_equal(probes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_backup_probes_its_master_and_says_that_it_is_ready, end),
	    cmocka_unit_test_teardown(three_unanswered_probes_make_a_master, end),
	    cmocka_unit_test_teardown(a_host_that_says_down_is_relieved_at_once, end),
	    cmocka_unit_test_teardown(a_host_that_never_answers_is_judged_by_adverts, end),
	    cmocka_unit_test_teardown(an_advert_is_life_for_all_instances_of_the_host, end),
	    cmocka_unit_test_teardown(a_host_that_was_never_up_is_judged_by_adverts, end),
	    cmocka_unit_test_teardown(a_master_that_was_taken_for_dead_is_not_again_at_once, end),
	    cmocka_unit_test_teardown(several_backups_take_over_in_order, end),
	    cmocka_unit_test_teardown(a_group_takes_over_together, end),
	    cmocka_unit_test_teardown(a_reload_begins_and_ends_the_probes, end),
	    cmocka_unit_test_teardown(a_reload_of_something_else_keeps_the_watch, end),
	    cmocka_unit_test_teardown(the_watch_ends_with_the_interface, end),
	    cmocka_unit_test_teardown(probes_that_do_not_leave_accuse_nobody, end),
	    cmocka_unit_test_teardown(the_sign_of_life_is_shown_within_the_gate, end),
	    cmocka_unit_test_teardown(a_master_that_was_absent_yields_to_who_took_over, end),
	    cmocka_unit_test_teardown(a_master_that_was_absent_and_not_replaced_goes_on, end),
	    cmocka_unit_test_teardown(a_node_in_fault_says_so_once_a_second, end),
	    cmocka_unit_test_teardown(one_fault_of_several_is_not_told, end),
	    cmocka_unit_test_teardown(a_reload_in_fault_tells_the_new_peers, end),
	    cmocka_unit_test_teardown(a_master_without_a_ready_standby_is_an_alarm, end),
	    cmocka_unit_test_teardown(a_socket_that_is_missing_ends_the_probes_until_there_is_one,
				      end),
	    cmocka_unit_test_teardown(a_peer_without_a_socket_leaves_no_timer, end),
	    cmocka_unit_test_teardown(a_peer_without_a_place_is_not_told_of_a_fault, end),
	};

	log_init("engine", true, LOG_LV_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
