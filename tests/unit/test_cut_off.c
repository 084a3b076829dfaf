// SPDX-License-Identifier: BSD-2-Clause
/*
 * A BACKUP whose link is cut does not take over. All of user/engine/ runs on a fake machine, with a
 * router with BFD at 10 ms x 3 and a master whose host answers probes at 2 ms x 3.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_case.h"
#include "bfd/bfd_codec.h"
#include "core/addr.h"
#include "core/log.h"
#include "engine/instance/instance.h"
#include "engine/peer/bfd_sessions.h"
#include "engine/state.h"

#define LINK		 2
#define MASTER_SILENT_NS (8 * NS_PER_MS) /* three probes, and what is left of one */
#define PACE_NS		 (9 * NS_PER_MS) /* between two packets of the router */
#define TURN_NS		 (NS_PER_MS / 2)
#define WORDS		 "cut off: no router's BFD session and no peer answers"
#define DETECTION_MS	 30

#define SBFD		 "sbfd {\ninterval 0.002\nmultiplier 3\ngate 0.03\n}\n"
#define BFD		 "bfd {\ninterval 0.01\nmultiplier 3\n}\n"
#define ROUTER(address, bfd)                                                                       \
	"neighbor " address " {\nremote_as 65000\nsource 192.0.2.11\n" bfd "}\n"
#define FABRIC(neighbors)                                                                          \
	"bgp_instance fabric {\nlocal_as 65001\nrouter_id 192.0.2.11\nhold_time 9\n" neighbors "}" \
	"\n"
#define INSTANCE(name, vrid, interval, more)                                                       \
	"vrrp_instance " name " {\nstate BACKUP\ninterface fake0\nvirtual_router_id " vrid "\n"    \
	"version 3\npriority 100\nadvert_int " interval "\nunicast_src_ip 192.0.2.11\n"            \
	"unicast_peer {\n192.0.2.12\n}\nvirtual_ipaddress {\n203.0.113." vrid "/32 dev fake0\n}\n" \
	"garp_master_delay 0\nbgp_announce {\ninstance fabric\n}\n" more "}\n"
#define ONE_ROUTER FABRIC(ROUTER("192.0.2.1", BFD))

static const char pair[] = ONE_ROUTER INSTANCE("web", "51", "1", SBFD);
static const char adverts[] = ONE_ROUTER INSTANCE("web", "51", "0.01", "");
static const char no_bfd[] = FABRIC(ROUTER("192.0.2.1", "")) INSTANCE("web", "51", "1", SBFD);
static const char half[] =
    FABRIC(ROUTER("192.0.2.1", BFD) ROUTER("192.0.2.2", "")) INSTANCE("web", "51", "1", SBFD);
static const char lone[] =
    ONE_ROUTER "vrrp_instance web {\nstate BACKUP\ninterface fake0\nvirtual_router_id 51\n"
	       "version 3\npriority 100\nadvert_int 1\nunicast_src_ip 192.0.2.11\n"
	       "unicast_peer {\n192.0.2.12\n}\nvirtual_ipaddress {\n203.0.113.51/32 dev fake0\n}\n"
	       "bgp_announce {\ninstance fabric\nrequire_session off\n}\n" SBFD "}\n";
static const char group[] = ONE_ROUTER INSTANCE("web", "51", "1", SBFD)
    INSTANCE("api", "52", "1", SBFD) "vrrp_sync_group g {\ngroup {\nweb\napi\n}\n}\n";

static struct ipaddr master, router, self;
static bool by_kernel; /* the kernel half receives BFD, and tells only news */

/* What of the others reaches this node, and it them. */
static bool master_lives, router_lives, router_says_down;
static int64_t advert_ns;	 /* 0: it sends none */
static unsigned int n_vrids = 2; /* from 51 on: the master sends for them */
static int64_t pace_ns;		 /* of the router */
static struct mono router_due, master_due;
static uint32_t our_discr;

static void on_probe(void *ctx, const struct ipaddr *to, const struct bfd_packet *pkt)
{
	(void)ctx;
	(void)pkt;
	if (master_lives && ipaddr_equal(to, &master))
		fake_answer(to, BFD_UP);
}

static void on_bfd(const struct ipaddr *peer, uint16_t port, const uint8_t *msg, size_t len)
{
	struct bfd_packet pkt;

	(void)peer;
	(void)port;
	if (bfd_packet_read(msg, msg + len, (uint32_t)len, &pkt) != BFD_ACCEPTED)
		abort();
	our_discr = pkt.my_discr;
}

/* One packet of the router, which follows our state at once. */
static void speak_bfd(void)
{
	const struct bfd_set *set = bfd_sessions_set(engine->bfd);
	struct bfd_datagram d = {.from = router, .to = self, .len = BFD_LEN, .ttl = 255};
	struct bfd_packet pkt = {.my_discr = 77,
				 .min_tx_us =
				     (uint32_t)(pace_ns > PACE_NS ? pace_ns / NS_PER_US : 10000),
				 .min_rx_us = 10000,
				 .multiplier = 3,
				 .state = BFD_DOWN};

	if (set->n == 0)
		return;
	if (set->all[0]->fsm.state == BFD_INIT || set->all[0]->fsm.state == BFD_UP) {
		pkt.state = router_says_down ? BFD_DOWN : BFD_UP;
		pkt.your_discr = our_discr;
	}
	if (bfd_packet_build(&pkt, d.data, sizeof(d.data)) < 0)
		abort();
	if (!fake->bfd_kernel || !fake_bfd_kernel(&d, BFD_PORT_SINGLE_HOP)) {
		fake_bfd_put(&d, BFD_PORT_SINGLE_HOP);
		bfd_sessions_receive(engine->bfd);
	}
	fake_after_handler();
}

static void run_for(int64_t ns)
{
	struct mono end = mono_add(fake->now, ns);

	while (mono_before(fake->now, end)) {
		if (router_lives && !mono_before(fake->now, router_due)) {
			speak_bfd();
			router_due = mono_add(fake->now, pace_ns);
		}
		if (master_lives && advert_ns > 0 && !mono_before(fake->now, master_due)) {
			for (uint8_t i = 0; i < n_vrids; i++)
				fake_advert((uint8_t)(51 + i), &master, 200,
					    (uint32_t)(advert_ns / NS_PER_US));
			master_due = mono_add(fake->now, advert_ns);
		}
		fake_run_for(TURN_NS);
	}
}

static struct instance *web(void)
{
	return engine_fake_instance(engine, "web");
}

static void check(enum vrrp_state state, unsigned int transitions)
{
	assert_int_equal(web()->fsm.state, state);
	assert_int_equal(web()->transitions, transitions);
}

static const char *detail(void)
{
	return record_find(engine->records, web()->recording.number)->detail;
}

/* As a BACKUP whose master and router are heard. The link is cut, or mended, between two packets
 * of the router: `phase_ns` after the last one. */
static void begin(const char *text, int64_t interval_ns, int64_t phase_ns)
{
	ipaddr_parse(&master, "192.0.2.12");
	ipaddr_parse(&router, "192.0.2.1");
	ipaddr_parse(&self, "192.0.2.11");
	fake_init(&machine);
	fake->quiet = true;
	fake->probe = on_probe;
	fake->bfd_sent = on_bfd;
	fake->bfd_kernel = by_kernel;
	fake_add_link(LINK, "fake0", true);
	fake_add_address(LINK, "192.0.2.11/24", false);
	pace_ns = strcmp(text, adverts) == 0 ? 40 * NS_PER_MS : PACE_NS;
	engine = engine_fake_start(text);
	fake_sessions("fabric", strcmp(text, half) == 0 ? 2 : 1);
	master_lives = router_lives = true;
	router_says_down = false;
	advert_ns = interval_ns;
	master_due = router_due = fake->now;
	run_for(8 * NS_PER_S);
	check(VRRP_BACKUP, 1);
	run_for(mono_diff_ns(router_due, fake->now) + TURN_NS); /* the router has just spoken */
	run_for(phase_ns);
}

static void cut(void)
{
	master_lives = router_lives = false;
}

static void mend(void)
{
	master_lives = router_lives = true;
}

static void a_backup_that_is_cut_off_goes_to_fault_and_comes_back(void **state)
{
	(void)state;
	begin(pair, NS_PER_S, 0);
	cut();
	run_for(10 * NS_PER_MS); /* probes have told by now */
	check(VRRP_BACKUP, 1);
	run_for(DETECTION_MS * NS_PER_MS);
	check(VRRP_FAULT, 2);
	assert_string_equal(detail(), WORDS);
	run_for(10 * NS_PER_S);
	check(VRRP_FAULT, 2);
	mend();
	run_for(3 * NS_PER_S);
	check(VRRP_FAULT, 2); /* BFD is Up; BGP is not Established */
	assert_int_equal(web()->event.faults, VRRP_FAULT_SESSION);
	fake_sessions("fabric", 1);
	run_for(10 * NS_PER_S);
	check(VRRP_BACKUP, 3);
	assert_int_equal(web()->tie.peer->prober.fsm.state,
			 SBFD_UP); /* and its probes are trusted */
	assert_false(mono_is_set(web()->tie.peer->prober.distrusted_until));
}

/* The cut may come at any time between two packets of the router. */
static void a_dead_host_is_replaced_at_the_routers_next_word(void **state)
{
	int64_t worst_ns = 0;

	(void)state;
	for (int64_t phase = 0; phase < PACE_NS; phase += TURN_NS) {
		struct mono died;

		begin(pair, NS_PER_S, phase);
		died = fake->now;
		master_lives = false;
		while (web()->fsm.state != VRRP_MASTER) {
			run_for(TURN_NS);
			assert_true(mono_diff_ns(fake->now, died) < 30 * NS_PER_MS);
		}
		if (mono_diff_ns(fake->now, died) > worst_ns)
			worst_ns = mono_diff_ns(fake->now, died);
		assert_int_equal(web()->last_cause, VRRP_CAUSE_HOST_SILENT);
		check(VRRP_MASTER, 2);
		assert_int_equal(web()->tie.peer == NULL, true);
		engine_fake_free(engine);
	}
	/* 3 probes of 2 ms and what is left of one; the router's pace; one more probe. */
	assert_true(worst_ns <= MASTER_SILENT_NS + PACE_NS + 2 * NS_PER_MS);
	begin(pair, NS_PER_S, 0);
}

/* What is heard in time costs nothing. */
static void a_router_that_spoke_in_time_does_not_delay(void **state)
{
	(void)state;
	begin(pair, NS_PER_S, 4 * NS_PER_MS); /* it speaks 5 ms later */
	master_lives = false;
	run_for(8500 * NS_PER_US);
	check(VRRP_MASTER, 2);
}

static void a_link_that_is_cut_for_a_moment_moves_nothing(void **state)
{
	(void)state;
	for (int ms = 7; ms < DETECTION_MS - 9; ms++) {
		begin(pair, NS_PER_S, 0);
		cut();
		run_for(ms * NS_PER_MS);
		mend();
		run_for(5 * NS_PER_S);
		check(VRRP_BACKUP, 1);
		assert_int_equal(web()->tie.peer->prober.fsm.state, SBFD_UP);
		engine_fake_free(engine);
	}
	begin(pair, NS_PER_S, 0);
}

/* The router hears this node too late, though the link is back. */
static void a_router_that_has_lost_it_is_no_reason_to_distrust_probes(void **state)
{
	(void)state;
	begin(pair, NS_PER_S, 0);
	cut();
	run_for(20 * NS_PER_MS);
	check(VRRP_BACKUP, 1);
	mend();
	run_for(PACE_NS);
	check(VRRP_BACKUP, 1);
	router_says_down = true;
	run_for(PACE_NS);
	check(VRRP_FAULT, 2);
	router_says_down = false;
	run_for(3 * NS_PER_S);
	fake_sessions("fabric", 1);
	run_for(5 * NS_PER_S);
	check(VRRP_BACKUP, 3);
	assert_int_equal(web()->tie.peer->prober.fsm.state, SBFD_UP);
	assert_false(mono_is_set(web()->tie.peer->prober.distrusted_until));
}

static void by_adverts_alone_it_is_the_same(void **state)
{
	(void)state;
	for (int64_t phase = 0; phase < 40 * NS_PER_MS; phase += 2 * NS_PER_MS) {
		begin(adverts, 10 * NS_PER_MS, phase);
		cut();
		run_for(130 * NS_PER_MS);
		check(VRRP_FAULT, 2);
		assert_string_equal(detail(), WORDS);
		mend();
		fake_sessions("fabric", 1);
		run_for(5 * NS_PER_S + phase);
		check(VRRP_BACKUP, 3);
		master_lives = false; /* 36 ms; the router's pace; an interval */
		run_for(87 * NS_PER_MS);
		check(VRRP_MASTER, 4);
		assert_int_equal(web()->last_cause, VRRP_CAUSE_MASTER_DOWN);
		engine_fake_free(engine);
	}
	begin(adverts, 10 * NS_PER_MS, 0);
	cut();
	run_for(60 * NS_PER_MS);
	mend();
	run_for(5 * NS_PER_S);
	check(VRRP_BACKUP, 1);
}

static void without_bfd_it_is_as_ever(void **state)
{
	(void)state;
	begin(no_bfd, NS_PER_S, 0);
	cut();
	run_for(9 * NS_PER_MS);
	check(VRRP_MASTER, 2);
}

static void a_router_without_bfd_leaves_it_open(void **state)
{
	(void)state;
	begin(half, NS_PER_S, 0);
	cut();
	run_for(9 * NS_PER_MS);
	check(VRRP_MASTER, 2);
}

/* No session is required, so this is the only fault. The first router ends it. */
static void it_is_a_fault_of_its_own(void **state)
{
	(void)state;
	begin(lone, NS_PER_S, 0);
	cut();
	run_for(50 * NS_PER_MS);
	check(VRRP_FAULT, 2);
	assert_int_equal(web()->event.faults, VRRP_FAULT_CUT_OFF);
	run_for(10 * NS_PER_S);
	check(VRRP_FAULT, 2);
	mend();
	run_for(10 * NS_PER_S);
	check(VRRP_BACKUP, 3);
}

/* ... as does a reload, which may have taken the router's BFD away. */
static void a_reload_ends_it(void **state)
{
	(void)state;
	begin(lone, NS_PER_S, 0);
	cut();
	run_for(50 * NS_PER_MS);
	check(VRRP_FAULT, 2);
	assert_true(engine_fake_reload(engine, no_bfd));
	assert_false(web()->event.faults & VRRP_FAULT_CUT_OFF);
}

static void a_group_is_cut_off_together(void **state)
{
	(void)state;
	begin(group, NS_PER_S, 0);
	cut();
	run_for(100 * NS_PER_MS);
	check(VRRP_FAULT, 2);
	assert_int_equal(engine_fake_instance(engine, "api")->fsm.state, VRRP_FAULT);
	mend();
	fake_sessions("fabric", 1);
	run_for(10 * NS_PER_S);
	check(VRRP_BACKUP, 3);
	master_lives = false;
	run_for(20 * NS_PER_MS);
	check(VRRP_MASTER, 4);
	assert_int_equal(engine_fake_instance(engine, "api")->fsm.state, VRRP_MASTER);
}

static void one_look_at_a_router_serves_all_instances(void **state)
{
	static char text[100 * 400];
	int used = snprintf(text, sizeof(text), ONE_ROUTER INSTANCE("web", "51", "1", ""));
	uint64_t reads;

	(void)state;
	for (int vrid = 52; vrid < 151; vrid++)
		used += snprintf(text + used, sizeof(text) - (size_t)used,
				 INSTANCE("v%d", "%d", "1", ""), vrid, vrid, vrid);
	n_vrids = 100;
	begin(text, NS_PER_S, 0);
	reads = fake->n_bfd_reads;
	router_lives = false;
	run_for(2 * DETECTION_MS * NS_PER_MS);
	assert_int_equal(bfd_sessions_set(engine->bfd)->all[0]->fsm.state, BFD_DOWN);
	assert_true(fake->n_bfd_reads - reads < 50);
	n_vrids = 2;
}

static void a_master_whose_host_answers_is_not_silent(void **state)
{
	(void)state;
	begin(pair, NS_PER_S, 0);
	router_lives = false;
	master_lives = false;
	run_for(3 * NS_PER_MS);
	master_lives = true;	  /* it has not answered two probes */
	run_for(700 * NS_PER_MS); /* BFD is Down, its session is lost */
	check(VRRP_FAULT, 2);
	assert_string_not_equal(detail(), WORDS);
	engine_fake_free(engine);

	begin(pair, NS_PER_S, 0);
	cut();
	run_for(MASTER_SILENT_NS + NS_PER_MS);
	fake_answer(&master, BFD_UP); /* to a probe of the time before */
	run_for(700 * NS_PER_MS);
	check(VRRP_FAULT, 2);
	assert_string_not_equal(detail(), WORDS);
}

static void a_planned_leave_of_the_master_does_not_wait(void **state)
{
	(void)state;
	begin(pair, NS_PER_S, 0);
	fake_advert(51, &master, 0, 1000000);
	advert_ns = 0;
	run_for(605 * NS_PER_MS); /* the skew is (256 - 100) / 256 s */
	check(VRRP_BACKUP, 1);
	run_for(5 * NS_PER_MS);
	check(VRRP_MASTER, 2);
	assert_int_equal(web()->last_cause, VRRP_CAUSE_MASTER_RESIGNED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_backup_that_is_cut_off_goes_to_fault_and_comes_back, end),
	    cmocka_unit_test_teardown(a_dead_host_is_replaced_at_the_routers_next_word, end),
	    cmocka_unit_test_teardown(a_router_that_spoke_in_time_does_not_delay, end),
	    cmocka_unit_test_teardown(a_link_that_is_cut_for_a_moment_moves_nothing, end),
	    cmocka_unit_test_teardown(a_router_that_has_lost_it_is_no_reason_to_distrust_probes,
				      end),
	    cmocka_unit_test_teardown(by_adverts_alone_it_is_the_same, end),
	    cmocka_unit_test_teardown(without_bfd_it_is_as_ever, end),
	    cmocka_unit_test_teardown(a_router_without_bfd_leaves_it_open, end),
	    cmocka_unit_test_teardown(it_is_a_fault_of_its_own, end),
	    cmocka_unit_test_teardown(a_reload_ends_it, end),
	    cmocka_unit_test_teardown(a_group_is_cut_off_together, end),
	    cmocka_unit_test_teardown(one_look_at_a_router_serves_all_instances, end),
	    cmocka_unit_test_teardown(a_master_whose_host_answers_is_not_silent, end),
	    cmocka_unit_test_teardown(a_planned_leave_of_the_master_does_not_wait, end),
	};

	log_init("engine", true, LOG_LV_ERROR);
	if (cmocka_run_group_tests_name("BFD by sockets", tests, NULL, NULL) != 0)
		return 1;
	by_kernel = true;
	return cmocka_run_group_tests_name("BFD by the kernel half", tests, NULL, NULL);
}
