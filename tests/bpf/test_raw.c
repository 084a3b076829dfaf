// SPDX-License-Identifier: BSD-2-Clause
/*
 * The data path without BPF: adverts on the loopback interface are refused and judged as by the
 * programs. Adverts that wait in the socket are read before a deadline is reported.
 * Links: user/datapath/ user/core/secret.c user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include <sys/resource.h>

#include "datapath/raw.h"
#include "raw_ip.h"

#define ETHERNET_HEADER 14

static void start(void)
{
	fixture_open_as((struct datapath_options){.force_raw = true});
	raw_ip_addresses();
}

static void transmit(const struct advert *a)
{
	struct frame f = frame_advert(a);

	raw_ip_send(&f, a->dst);
}

static uint64_t verdicts(void)
{
	uint64_t n = 0;

	for (uint32_t r = 0; r < HF_V_MAX; r++)
		n += fixture_verdict(r).packets;
	return n;
}

static uint64_t verdicts_wanted;

static bool judged(void)
{
	return verdicts() >= verdicts_wanted;
}

static void send_and_wait(const struct advert *a)
{
	verdicts_wanted = verdicts() + 1;
	transmit(a);
	assert_true(fixture_wait(judged, TEST_WAIT));
}

/* The socket receives no truncated frames, and no multicast on this interface. */
static bool comes_over_loopback(const struct advert_case *c)
{
	return c->instance != MULTICAST_V3 && c->instance != MULTICAST_V6 && !c->advert.truncate &&
	       !c->advert.padding && c->advert.extra != -9 && c->reason != HF_V_DESTINATION;
}

static void what_the_programs_refuse_is_refused_here(void **state)
{
	unsigned int n = 0;

	(void)state;
	start();
	for (size_t i = 0; i < N_ADVERT_CASES; i++) {
		const struct advert_case *c = &advert_cases[i];
		struct ipaddr source = test_addr(c->advert.src);
		struct frame f = frame_advert(&c->advert);
		struct hf_verdict before, after;

		if (!comes_over_loopback(c))
			continue;
		fixture_instance(c->instance, TEST_LO, VRRP_ROLE_BACKUP);
		before = fixture_verdict(c->reason);
		send_and_wait(&c->advert);
		after = fixture_verdict(c->reason);
		if (after.packets != before.packets + 1)
			fail_msg("%s: not counted as %s", c->what,
				 datapath_verdict_name(c->reason));
		if (after.bytes != before.bytes + f.len - ETHERNET_HEADER)
			fail_msg("%s: %u octets are counted as %u", c->what,
				 f.len - ETHERNET_HEADER,
				 (unsigned int)(after.bytes - before.bytes));
		if (c->reason != HF_V_ACCEPTED)
			assert_memory_equal(&after.last_source, &source, 16);
		n++;
	}
	assert_true(n > 30);
}

static void options_and_foreign_vrids_are_not_taken(void **state)
{
	(void)state;
	start();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	send_and_wait(&(struct advert){ADVERT_V3, .ip_options = 4});
	assert_int_equal(fixture_verdict(HF_V_IP_OPTIONS).packets, 1);
	assert_int_equal(fixture_verdict(HF_V_IP_OPTIONS).bytes, 24 + 8 + 2 * 4);
	send_and_wait(&(struct advert){ADVERT_V3, .vrid = 77});
	assert_int_equal(fixture_verdict(HF_V_UNKNOWN_VRID).packets, 1);
	assert_int_equal(datapath_state(fx.in[0])->adverts, 0);
}

static bool one_event(void)
{
	return fx.n_events >= 1;
}

static bool two_events(void)
{
	return fx.n_events >= 2;
}

static bool three_events(void)
{
	return fx.n_events >= 3;
}

static void news_are_told_and_a_steady_master_is_not(void **state)
{
	const struct advert steady = {ADVERT_V3}, resigns = {ADVERT_V3, .priority = 0};

	(void)state;
	start();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	transmit(&steady);
	assert_true(fixture_wait(one_event, TEST_WAIT));
	assert_int_equal(fx.events[0].advert.judgement, VRRP_REFRESH);
	for (int i = 0; i < 5; i++)
		send_and_wait(&steady);
	assert_int_equal(fx.n_events, 1);
	assert_int_equal(datapath_state(fx.in[0])->adverts, 6);
	transmit(&resigns);
	assert_true(fixture_wait(two_events, TEST_WAIT));
	assert_int_equal(fx.events[1].advert.judgement, VRRP_RESIGNED);
	assert_true(fixture_wait(three_events, TEST_WAIT));
	assert_int_equal(fx.events[2].type, HF_EV_MASTER_DOWN);
	assert_int_equal(fx.events[2].master_down.deadline_ns - fx.events[1].at_ns,
			 vrrp_skew_ns(3, 100, NS_PER_S));
}

/* We stood still for longer than the down time, while the master sent adverts. */
static void what_waits_in_the_socket_counts_before_the_deadline(void **state)
{
	const struct advert fast = {ADVERT_V3, .interval = 100};

	(void)state;
	start();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_OFF);
	assert_int_equal(datapath_watch(fx.in[0], VRRP_ROLE_BACKUP, 100, true, 50 * NS_PER_MS), 0);
	transmit(&fast);
	usleep(100000);
	assert_true(fixture_wait(one_event, TEST_WAIT));
	assert_int_equal(fx.events[0].type, HF_EV_ADVERT);
	assert_false(fixture_wait(two_events, 100 * NS_PER_MS));
}

/* A frozen MASTER that thaws must know another MASTER before it sends. */
static void the_state_is_read_with_what_waits(void **state)
{
	const struct advert rival = {ADVERT_V3};

	(void)state;
	start();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_OFF);
	assert_int_equal(datapath_watch(fx.in[0], VRRP_ROLE_MASTER, 100, true, 0), 0);
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	transmit(&rival);
	assert_true(datapath_state(fx.in[0])->last_rx_ns > 0);
	assert_int_equal(fx.n_events, 0); /* never from within a reader */
	assert_true(fixture_wait(one_event, TEST_WAIT));
	assert_int_equal(fx.events[0].advert.judgement, VRRP_STEP_DOWN);
}

static void what_was_pinned_goes_and_the_status_says_why(void **state)
{
	struct datapath_interface ifc;
	struct hf_traffic rx, tx;
	struct hf_conn conn;
	struct ipaddr a = test_addr("203.0.113.57");
	char path[DP_PATH];
	uint32_t vip;

	(void)state;
	fixture_open_as((struct datapath_options){.keep = true});
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	snprintf(path, sizeof(path), "%.100s/hf_meta", fx.dp->dir);
	fixture_close();
	assert_int_equal(access(path, F_OK), 0);
	start();
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(datapath_attach_interface(fx.dp, TEST_LO), 0);
	datapath_interface_status(fx.dp, 0, &ifc);
	assert_int_equal(ifc.attach, DATAPATH_RAW);
	assert_false(ifc.bpf_timer);
	assert_string_equal(ifc.reason, "BPF is disabled by --datapath raw");
	assert_int_equal(datapath_add_vip(fx.dp, &a, &vip), 0);
	assert_int_equal(datapath_traffic(fx.dp, vip, &rx, &tx), 0);
	assert_int_equal(rx.packets + tx.packets, 0);
	assert_int_equal(datapath_set_conns(fx.dp, &(struct hf_conn_key){.vip = vip}, 1),
			 -EOPNOTSUPP);
	assert_int_equal(datapath_conn(fx.dp, &(struct hf_conn_key){.vip = vip}, &conn), -ENOENT);
	assert_int_equal(datapath_set_conns(fx.dp, NULL, 0), 0);
	assert_int_equal(datapath_remove_vip(fx.dp, &a), 0);
}

static void a_removed_instance_has_no_socket(void **state)
{
	(void)state;
	start();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	assert_int_equal(datapath_remove_instance(fx.in[0]), 0);
	transmit(&(struct advert){ADVERT_V3});
	assert_int_equal(loop_turn(fx.loop, 20 * NS_PER_MS), 0);
	assert_int_equal(verdicts(), 0);
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	send_and_wait(&(struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.in[0])->adverts, 1);
}

/* No descriptor was left for its socket. A master that cannot be heard is not down. */
static void an_instance_that_hears_nothing_reports_nothing(void **state)
{
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);
	struct rlimit limit, none;

	(void)state;
	start();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){0, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(datapath_set_instance(fx.in[0], TEST_LO, &cfg), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(datapath_watch(fx.in[0], VRRP_ROLE_BACKUP, 100, true, NS_PER_MS), 0);
	cfg.vrid = TEST_VRID + 1;
	assert_int_equal(datapath_set_instance(fx.in[1], TEST_LO, &cfg), 0);
	assert_int_equal(datapath_watch(fx.in[1], VRRP_ROLE_BACKUP, 100, true, 50 * NS_PER_MS), 0);
	assert_true(fixture_wait(one_event, TEST_WAIT));
	assert_int_equal(fx.events[0].type, HF_EV_MASTER_DOWN);
	assert_int_equal(fx.events[0].slot, dp_slot_number(fx.in[1]->slot));
}

/* Events that nobody wants any more fill the queue. */
static void a_new_master_whose_event_was_lost_is_told_all_the_same(void **state)
{
	const struct advert master = {ADVERT_V3};

	(void)state;
	start();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	for (fx.dp->raw->n_events = 0; fx.dp->raw->n_events < RAW_EVENTS;)
		fx.dp->raw->events[fx.dp->raw->n_events++] = (struct hf_event){0};
	loop_arm(fx.loop, &fx.dp->raw->deliver, mono_add(loop_clock(), 3600 * NS_PER_S));
	send_and_wait(&master);
	assert_int_equal(datapath_state(fx.in[0])->events_lost, 1);
	assert_int_equal(fx.n_events, 0);
	loop_arm(fx.loop, &fx.dp->raw->deliver, loop_clock());
	assert_true(fixture_wait(one_event, TEST_WAIT));
	assert_int_equal(fx.events[0].type, HF_EV_ADVERT);
	assert_int_equal(fx.events[0].advert.priority, 200);
	assert_int_equal(fx.events[0].advert.interval_us, 1000000);
	assert_int_equal(fx.events[0].advert.judgement, VRRP_REFRESH);
	send_and_wait(&master);
	assert_int_equal(fx.n_events, 1);
}

/* Else the next full queue would look like a loss of this instance, or hide one. */
static void a_new_record_has_lost_no_events(void **state)
{
	const struct advert master = {ADVERT_V3};

	(void)state;
	start();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	fx.dp->raw->n_events = RAW_EVENTS;
	send_and_wait(&master);
	fx.dp->raw->n_events = 0;
	assert_int_equal(datapath_state(fx.in[0])->events_lost, 1);
	assert_int_equal(datapath_remove_instance(fx.in[0]), 0);
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	assert_int_equal(datapath_state(fx.in[0])->events_lost, 0);
	assert_int_equal(fx.in[0]->slot->events_lost, 0);
}

/* The removal of the peers takes several turns, and the master resigns meanwhile. */
static void the_timer_of_a_destroyed_instance_tells_nobody(void **state)
{
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);
	struct ipaddr peer = test_addr("192.0.2.11"), many = test_addr("198.51.100.0");

	(void)state;
	start();
	cfg.vrid = TEST_VRID + 1;
	assert_int_equal(datapath_set_instance(fx.in[1], TEST_LO, &cfg), 0);
	for (unsigned int i = 0; i < 10 * DP_SWEEP_A_TURN; i++) {
		many.b[14] = (uint8_t)(i >> 8);
		many.b[15] = (uint8_t)i;
		assert_int_equal(datapath_set_peer(fx.in[1], &many, &test_peer), 0);
	}
	cfg.vrid = TEST_VRID;
	cfg.priority = 254;
	assert_int_equal(datapath_set_instance(fx.in[0], TEST_LO, &cfg), 0);
	assert_int_equal(datapath_set_peer(fx.in[0], &peer, &test_peer), 0);
	assert_true(dp_slot_number(fx.in[1]->slot) < dp_slot_number(fx.in[0]->slot));
	transmit(&(struct advert){ADVERT_V3, .priority = 0, .interval = 1});
	for (int i = 0; i < 2; i++) {
		datapath_destroy_instance(fx.in[i]);
		fx.in[i] = NULL;
	}
	for (int i = 0; i < 20; i++) {
		assert_int_equal(loop_turn(fx.loop, 0), 0);
		usleep(5000); /* longer than the skew time */
	}
	assert_int_equal(fx.n_events, 0);
	assert_int_equal(fixture_verdict(HF_V_ACCEPTED).packets, 1);
}

static void another_list_of_addresses_is_told_once_and_counted(void **state)
{
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);
	const struct advert other = {ADVERT_V3, .count = 3};
	struct ipaddr peer = test_addr("192.0.2.11");
	struct hf_event ev;

	(void)state;
	start();
	test_expect_list(&cfg, 2);
	assert_int_equal(datapath_set_instance(fx.in[0], TEST_LO, &cfg), 0);
	assert_int_equal(datapath_set_peer(fx.in[0], &peer, &test_peer), 0);
	send_and_wait(&(struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.in[0])->vip_list_mismatch, 0);
	send_and_wait(&other);
	send_and_wait(&other);
	assert_true(fixture_wait(two_events, TEST_WAIT)); /* the first advert is the other one */
	assert_int_equal(fixture_events(HF_EV_LIST, &ev), 1);
	assert_int_equal(ev.list.count, 3);
	assert_int_equal(datapath_state(fx.in[0])->vip_list_mismatch, 2);
}

#define CASE(name) cmocka_unit_test_teardown(name, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(what_the_programs_refuse_is_refused_here),
	    CASE(options_and_foreign_vrids_are_not_taken),
	    CASE(news_are_told_and_a_steady_master_is_not),
	    CASE(what_waits_in_the_socket_counts_before_the_deadline),
	    CASE(the_state_is_read_with_what_waits),
	    CASE(what_was_pinned_goes_and_the_status_says_why),
	    CASE(a_removed_instance_has_no_socket),
	    CASE(an_instance_that_hears_nothing_reports_nothing),
	    CASE(a_new_master_whose_event_was_lost_is_told_all_the_same),
	    CASE(a_new_record_has_lost_no_events),
	    CASE(the_timer_of_a_destroyed_instance_tells_nobody),
	    CASE(another_list_of_addresses_is_told_once_and_counted),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
