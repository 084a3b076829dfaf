// SPDX-License-Identifier: BSD-2-Clause
/*
 * The data path without BPF: adverts that come over the loopback interface are refused and judged
 * as the programs would, and what waits in the socket counts before a deadline does.
 * Links: user/datapath/datapath.c user/datapath/load.c user/datapath/pins.c user/datapath/attach.c
 * Links: user/datapath/tc.c user/datapath/raw.c user/datapath/instance.c user/datapath/traffic.c
 * Links: user/datapath/verdict_name.c user/core/loop.c user/core/log.c user/core/addr.c
 */
#include "fixture.h"

#include <sys/socket.h>

#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36
#endif

/* The fixture's network namespace with both addresses on its loopback interface. */
static void start(void)
{
	fixture_open_as((struct datapath_options){.force_raw = true});
	RUN("ip", "link", "set", "lo", "up");
	RUN("ip", "address", "replace", "192.0.2.12/24", "dev", "lo");
	RUN("ip", "address", "replace", "2001:db8::12/64", "dev", "lo", "nodad");
	RUN("ip", "route", "replace", "local", "198.51.100.0/24", "dev", "lo");
}

/* Sends the IP packet of a frame as it is, but for what the kernel always fills in. */
static void transmit(const struct advert *a)
{
	bool v4 = is_v4(a->src);
	struct frame f = frame_advert(a);
	struct ipaddr to = test_addr(a->dst);
	struct sockaddr_in sin = {.sin_family = AF_INET};
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6};
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW), on = 1;
	ssize_t n;

	memcpy(&sin.sin_addr, to.b + 12, 4);
	memcpy(&sin6.sin6_addr, to.b, 16);
	assert_true(fd >= 0);
	if (!v4)
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof(on)), 0);
	n = sendto(fd, f.b + 14, f.len - 14, 0,
		   v4 ? (struct sockaddr *)&sin : (struct sockaddr *)&sin6,
		   v4 ? sizeof(sin) : sizeof(sin6));
	assert_int_equal(n, f.len - 14);
	close(fd);
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

/* Frames cut short are not the socket's to see, nor is multicast on this interface. */
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
	send_and_wait(&(struct advert){ADVERT_V3, .vrid = 77});
	assert_int_equal(fixture_verdict(HF_V_UNKNOWN_VRID).packets, 1);
	assert_int_equal(datapath_state(fx.dp, 0)->adverts, 0);
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
	assert_int_equal(fx.events[0].judgement, VRRP_REFRESH);
	for (int i = 0; i < 5; i++)
		send_and_wait(&steady);
	assert_int_equal(fx.n_events, 1);
	assert_int_equal(datapath_state(fx.dp, 0)->adverts, 6);
	transmit(&resigns);
	assert_true(fixture_wait(two_events, TEST_WAIT));
	assert_int_equal(fx.events[1].judgement, VRRP_RESIGNED);
	assert_true(fixture_wait(three_events, TEST_WAIT));
	assert_int_equal(fx.events[2].type, HF_EV_MASTER_DOWN);
	assert_int_equal(fx.events[2].deadline_ns - fx.events[1].at_ns,
			 vrrp_skew_ns(3, 100, NS_PER_S));
}

/* We stood still for longer than the master's life, while it spoke on. */
static void what_waits_in_the_socket_counts_before_the_deadline(void **state)
{
	const struct advert fast = {ADVERT_V3, .interval = 100};

	(void)state;
	start();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_OFF);
	assert_int_equal(datapath_watch(fx.dp, 0, VRRP_ROLE_BACKUP, 100, true, 50 * NS_PER_MS), 0);
	transmit(&fast);
	usleep(100000);
	assert_true(fixture_wait(one_event, TEST_WAIT));
	assert_int_equal(fx.events[0].type, HF_EV_ADVERT);
	assert_false(fixture_wait(two_events, 100 * NS_PER_MS));
}

/* A frozen MASTER that thaws must know of another one before it speaks. */
static void the_state_is_read_with_what_waits(void **state)
{
	const struct advert rival = {ADVERT_V3};

	(void)state;
	start();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_OFF);
	assert_int_equal(datapath_watch(fx.dp, 0, VRRP_ROLE_MASTER, 100, true, 0), 0);
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	transmit(&rival);
	assert_true(datapath_state(fx.dp, 0)->last_rx_ns > 0);
	assert_int_equal(fx.n_events, 0); /* never from within a reader */
	assert_true(fixture_wait(one_event, TEST_WAIT));
	assert_int_equal(fx.events[0].judgement, VRRP_STEP_DOWN);
}

static void what_was_pinned_goes_and_the_status_says_why(void **state)
{
	struct datapath_interface ifc;
	struct hf_traffic rx, tx;
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
	assert_string_equal(ifc.reason, "BPF is not wanted");
	assert_int_equal(datapath_add_vip(fx.dp, &a, &vip), 0);
	assert_int_equal(datapath_traffic(fx.dp, vip, &rx, &tx), 0);
	assert_int_equal(rx.packets + tx.packets, 0);
	assert_int_equal(datapath_remove_vip(fx.dp, &a), 0);
}

static void a_removed_instance_has_no_socket(void **state)
{
	(void)state;
	start();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	assert_int_equal(datapath_remove_instance(fx.dp, 0), 0);
	transmit(&(struct advert){ADVERT_V3});
	assert_int_equal(loop_turn(fx.loop, 20 * NS_PER_MS), 0);
	assert_int_equal(verdicts(), 0);
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	send_and_wait(&(struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.dp, 0)->adverts, 1);
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
	assert_int_equal(datapath_set_instance(fx.dp, 0, TEST_LO, &cfg), 0);
	assert_int_equal(datapath_set_peer(fx.dp, 0, &peer, &test_peer), 0);
	send_and_wait(&(struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.dp, 0)->lists_differed, 0);
	send_and_wait(&other);
	send_and_wait(&other);
	assert_true(fixture_wait(two_events, TEST_WAIT)); /* the first advert is the other one */
	assert_int_equal(fixture_events(HF_EV_LIST, &ev), 1);
	assert_int_equal(ev.count, 3);
	assert_int_equal(datapath_state(fx.dp, 0)->lists_differed, 2);
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
	    CASE(another_list_of_addresses_is_told_once_and_counted),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
