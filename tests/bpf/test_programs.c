// SPDX-License-Identifier: BSD-2-Clause
/*
 * The programs by test runs: verdict, counters and recorded state for every reason to refuse an
 * advert, for each judgement of a valid advert, and for the traffic of shared addresses.
 * Links: user/datapath/ user/core/secret.c user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include "fixture.h"

#include <linux/bpf.h>

#define TC_UNSPEC (-1)
#define TC_SHOT	  2
#define TC_LEAST  34 /* Ethernet and IPv4 header */
#define TCP_FIN	  0x01
#define TCP_SYN	  0x02
#define TCP_RST	  0x04
#define TCP_ACK	  0x10

/* Runs one program on `f`. Checks the verdict, and that only `reason` (or none) was counted. */
static void expect_judged(const char *what, bool xdp, const struct frame *f, bool refused,
			  int reason)
{
	const struct bpf_program *prog =
	    xdp ? fx.dp->skel->progs.hf_xdp : fx.dp->skel->progs.hf_tc_in;
	int pass = xdp ? XDP_PASS : TC_UNSPEC, drop = xdp ? XDP_DROP : TC_SHOT;
	struct hf_verdict before[HF_V_MAX], after;

	for (int r = 0; r < HF_V_MAX; r++)
		before[r] = fixture_verdict((uint32_t)r);
	if (run_frame(prog, f, 1) != (refused ? drop : pass))
		fail_msg("%s: wrong verdict (%s)", what, xdp ? "xdp" : "tc");
	for (int r = 0; r < HF_V_MAX; r++) {
		after = fixture_verdict((uint32_t)r);
		if (after.packets - before[r].packets != (r == reason))
			fail_msg("%s: counted as %s", what, datapath_verdict_name((uint32_t)r));
		if (r == reason && after.bytes == before[r].bytes)
			fail_msg("%s: no bytes", what);
	}
}

static void expect_both(const char *what, const struct frame *f, bool refused, int reason)
{
	expect_judged(what, true, f, refused, reason);
	if (f->len >= TC_LEAST) /* the kernel makes no skb of less for a test run */
		expect_judged(what, false, f, refused, reason);
}

static void every_spoilt_advert_is_refused_and_counted(void **state)
{
	(void)state;
	fixture_open();
	for (size_t i = 0; i < N_ADVERT_CASES; i++) {
		const struct advert_case *c = &advert_cases[i];
		struct frame f = frame_advert(&c->advert);
		struct ipaddr source = test_addr(c->advert.src);
		struct hf_verdict verdict;
		uint64_t adverts;

		fixture_instance(c->instance, TEST_LO, VRRP_ROLE_BACKUP);
		adverts = datapath_state(fx.in[0])->adverts;
		expect_both(c->what, &f, c->reason != HF_V_ACCEPTED, c->reason);
		assert_int_equal(datapath_state(fx.in[0])->adverts - adverts,
				 c->reason == HF_V_ACCEPTED ? 2 : 0);
		if (c->reason == HF_V_ACCEPTED)
			continue;
		verdict = fixture_verdict(c->reason);
		assert_memory_equal(&verdict.last_source, &source, 16);
	}
}

/* Reasons outside the VRRP message. */
static void the_packet_decides_before_the_message(void **state)
{
	static const struct {
		const char *what;
		struct advert advert;
		bool refused;
		int reason; /* -1: none is counted */
	} rows[] = {
	    {"another VRID", {ADVERT_V3, .vrid = 6}, false, HF_V_UNKNOWN_VRID},
	    {"IPv6, where we are IPv4", {ADVERT_V6}, false, HF_V_UNKNOWN_VRID},
	    {"IPv4 options", {ADVERT_V3, .ip_options = 4}, true, HF_V_IP_OPTIONS},
	    {"most IPv4 options", {ADVERT_V3, .ip_options = 40}, true, HF_V_IP_OPTIONS},
	    {"options, another VRID",
	     {ADVERT_V3, .vrid = 6, .ip_options = 40},
	     false,
	     HF_V_UNKNOWN_VRID},
	    {"first fragment", {ADVERT_V3, .frag = 0x2000}, true, HF_V_FRAGMENT},
	    {"later fragment", {ADVERT_V3, .frag = 0x2001}, false, -1},
	    {"last fragment", {ADVERT_V3, .frag = 0x0002}, false, -1},
	    {"don't fragment", {ADVERT_V3, .frag = 0x4000}, false, HF_V_ACCEPTED},
	    {"too short for a VRID", {ADVERT_V3, .count = 0, .truncate = 7}, false, HF_V_TRUNCATED},
	    {"only a VRID", {ADVERT_V3, .count = 0, .truncate = 6}, true, HF_V_TRUNCATED},
	    {"no message", {ADVERT_V3, .count = 0, .truncate = 8}, false, HF_V_TRUNCATED},
	    {"half an IP header", {ADVERT_V3, .count = 0, .truncate = 18}, false, -1},
	    {"no IP header", {ADVERT_V3, .count = 0, .truncate = 28}, false, -1},
	    {"on a VLAN", {ADVERT_V3, .vlan = {7}}, false, -1},
	    {"on two", {ADVERT_V3, .vlan = {7, 8}}, false, -1},
	    {"priority tag", {ADVERT_V3, .vlan = {0xe000}}, false, HF_V_ACCEPTED},
	    {"spoilt, priority tag", {ADVERT_V3, .vlan = {0xe000}, .ttl = 1}, true, HF_V_TTL},
	};

	(void)state;
	fixture_open();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame f = frame_advert(&rows[i].advert);

		expect_both(rows[i].what, &f, rows[i].refused, rows[i].reason);
	}
}

static void an_instance_is_found_by_its_own_interface_only(void **state)
{
	(void)state;
	fixture_open();
	fixture_instance(UNICAST_V3, TEST_LO + 1, VRRP_ROLE_BACKUP);
	assert_int_equal(run_advert((struct advert){ADVERT_V3}), XDP_PASS);
	assert_int_equal(fixture_verdict(HF_V_UNKNOWN_VRID).packets, 1);
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	assert_int_equal(run_advert((struct advert){ADVERT_V3}), XDP_PASS);
	assert_int_equal(fixture_verdict(HF_V_ACCEPTED).packets, 1);
	assert_int_equal(datapath_remove_instance(fx.in[0]), 0);
	assert_int_equal(run_advert((struct advert){ADVERT_V3}), XDP_PASS);
	assert_int_equal(fixture_verdict(HF_V_UNKNOWN_VRID).packets, 2);
}

static void every_frame_cut_anywhere_passes_or_is_refused_without_effect(void **state)
{
	(void)state;
	fixture_open();
	for (size_t kind = 0; kind < sizeof(test_templates) / sizeof(test_templates[0]); kind++) {
		struct frame f = frame_advert(&test_templates[kind]);

		fixture_instance(kind, TEST_LO, VRRP_ROLE_BACKUP);
		for (f.len--; f.len >= 14; f.len--)
			run_xdp(&f);
		assert_int_equal(datapath_state(fx.in[0])->adverts, 0);
		assert_int_equal(fixture_verdict(HF_V_ACCEPTED).packets, 0);
	}
}

static void drain(void)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(loop_turn(fx.loop, 0), 0);
}

static void expect_event(unsigned int n, uint8_t judgement, uint8_t priority, const char *source)
{
	struct ipaddr a = test_addr(source);

	drain();
	assert_int_equal(fx.n_events, n);
	assert_int_equal(fx.events[n - 1].type, HF_EV_ADVERT);
	assert_int_equal(fx.events[n - 1].advert.judgement, judgement);
	assert_int_equal(fx.events[n - 1].advert.priority, priority);
	assert_int_equal(fx.events[n - 1].advert.count, 2);
	assert_memory_equal(&fx.events[n - 1].advert.source, &a, 16);
}

static void a_backup_records_its_master_and_wakes_for_news_only(void **state)
{
	const volatile struct hf_inst_state *st;
	struct ipaddr other = test_addr("192.0.2.14"), master;
	uint64_t deadline_ns;

	(void)state;
	fixture_open();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	assert_int_equal(datapath_set_peer(fx.in[0], &other, &test_peer), 0);
	st = datapath_state(fx.in[0]);
	run_advert((struct advert){ADVERT_V3});
	expect_event(1, VRRP_REFRESH, 200, "192.0.2.11");
	master = st->master;
	assert_memory_equal(&master, &fx.events[0].advert.source, 16);
	assert_int_equal(st->priority, 200);
	assert_int_equal(st->interval_us, 1000000);
	assert_int_equal(st->checksum_form, HF_CSUM_PSEUDO);
	assert_int_equal(st->deadline_ns - st->last_rx_ns, vrrp_down_ns(3, 100, 3, NS_PER_S));
	assert_true(st->last_rx_ns == fx.events[0].at_ns);

	deadline_ns = st->deadline_ns;
	run_advert((struct advert){ADVERT_V3, .form = HF_CSUM_PLAIN});
	drain();
	assert_int_equal(fx.n_events, 1); /* no news: the daemon is not woken */
	assert_true(st->deadline_ns > deadline_ns);
	assert_int_equal(st->checksum_form, HF_CSUM_PLAIN);
	/* It came at once instead of after a second: a sixteenth of that. */
	assert_in_range(st->jitter_ns, NS_PER_S / 32, NS_PER_S / 16);

	run_advert((struct advert){ADVERT_V3, .interval = 10}); /* the master's interval counts */
	expect_event(2, VRRP_REFRESH, 200, "192.0.2.11");
	assert_int_equal(st->deadline_ns - st->last_rx_ns, vrrp_down_ns(3, 100, 3, NS_PER_S / 10));
	run_advert((struct advert){ADVERT_V3, .interval = 10, .priority = 100});
	expect_event(3, VRRP_REFRESH, 100, "192.0.2.11");
	run_advert(
	    (struct advert){ADVERT_V3, .interval = 10, .priority = 100, .src = "192.0.2.14"});
	expect_event(4, VRRP_REFRESH, 100, "192.0.2.14");
	assert_int_equal(st->adverts, 5);
}

static void a_lesser_master_neither_refreshes_nor_wakes_who_preempts(void **state)
{
	const volatile struct hf_inst_state *st;
	uint64_t deadline_ns;

	(void)state;
	fixture_open();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	st = datapath_state(fx.in[0]);
	deadline_ns = st->deadline_ns;
	assert_int_equal(run_advert((struct advert){ADVERT_V3, .priority = 99}), XDP_PASS);
	drain();
	assert_int_equal(fx.n_events, 0);
	assert_int_equal(st->deadline_ns, deadline_ns);
	assert_int_equal(st->last_rx_ns, 0);
	assert_int_equal(st->adverts, 1);
	assert_int_equal(st->master.b[15], 11); /* our first advert as MASTER needs its form */
	assert_int_equal(st->checksum_form, HF_CSUM_PSEUDO);
	assert_int_equal(datapath_watch(fx.in[0], VRRP_ROLE_BACKUP, 100, false, NS_PER_S), 0);
	run_advert((struct advert){ADVERT_V3, .priority = 99}); /* nopreempt follows it */
	expect_event(1, VRRP_REFRESH, 99, "192.0.2.11");
}

static void a_resignation_leaves_the_skew_time_and_never_lengthens_the_wait(void **state)
{
	const volatile struct hf_inst_state *st;
	uint64_t deadline_ns;

	(void)state;
	fixture_open();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	st = datapath_state(fx.in[0]);
	run_advert((struct advert){ADVERT_V3});
	run_advert((struct advert){ADVERT_V3, .priority = 0});
	expect_event(2, VRRP_RESIGNED, 0, "192.0.2.11");
	assert_int_equal(st->deadline_ns - fx.events[1].at_ns, vrrp_skew_ns(3, 100, NS_PER_S));
	assert_true(st->last_rx_ns < fx.events[1].at_ns);
	deadline_ns = st->deadline_ns;
	run_advert((struct advert){ADVERT_V3, .priority = 0});
	assert_int_equal(st->deadline_ns, deadline_ns);
	run_advert((struct advert){ADVERT_V3, .interval = 1000}); /* counts as late */
	expect_event(3, VRRP_RESIGNED, 0, "192.0.2.11");
	assert_int_equal(st->deadline_ns, deadline_ns);
}

static void a_master_hears_of_every_rival(void **state)
{
	static const struct {
		uint8_t priority;
		const char *source;
		enum vrrp_judgement judgement;
	} rows[] = {
	    {99, "192.0.2.11", VRRP_RIVAL},	 {99, "192.0.2.11", VRRP_RIVAL},
	    {100, "192.0.2.11", VRRP_RIVAL},	 {100, "192.0.2.14", VRRP_STEP_DOWN},
	    {200, "192.0.2.11", VRRP_STEP_DOWN}, {0, "192.0.2.11", VRRP_RIVAL_RESIGNED},
	};
	struct ipaddr other = test_addr("192.0.2.14");
	const volatile struct hf_inst_state *st;

	(void)state;
	fixture_open();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_MASTER);
	assert_int_equal(datapath_set_peer(fx.in[0], &other, &test_peer), 0);
	st = datapath_state(fx.in[0]);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(run_advert((struct advert){ADVERT_V3, .priority = rows[i].priority,
							    .src = rows[i].source}),
				 XDP_PASS);
		expect_event(i + 1, (uint8_t)rows[i].judgement, rows[i].priority, rows[i].source);
		assert_true(st->last_rx_ns == fx.events[i].at_ns);
		assert_int_equal(st->priority, rows[i].priority);
		assert_int_equal(st->deadline_ns, 0);
	}
}

static void an_instance_that_is_off_notes_the_master_and_does_nothing(void **state)
{
	const volatile struct hf_inst_state *st;

	(void)state;
	fixture_open();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_OFF);
	st = datapath_state(fx.in[0]);
	assert_int_equal(run_advert((struct advert){ADVERT_V3, .form = HF_CSUM_PLAIN}), XDP_PASS);
	assert_int_equal(st->checksum_form, HF_CSUM_PLAIN);
	assert_int_equal(run_advert((struct advert){ADVERT_V3}), XDP_PASS);
	assert_int_equal(run_advert((struct advert){ADVERT_V3, .ttl = 1}), XDP_DROP);
	drain();
	assert_int_equal(fx.n_events, 0);
	assert_int_equal(fixture_verdict(HF_V_ACCEPTED).packets, 2);
	assert_int_equal(st->master.b[15], 11);
	assert_int_equal(st->checksum_form, HF_CSUM_PSEUDO);
}

static void a_new_generation_makes_the_same_master_news_and_old_events_stale(void **state)
{
	struct ipaddr master;

	(void)state;
	fixture_open();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	run_advert((struct advert){ADVERT_V3});
	assert_int_equal(datapath_watch(fx.in[0], VRRP_ROLE_BACKUP, 100, true, NS_PER_S), 0);
	drain();
	assert_int_equal(fx.n_events, 0); /* it was in the ring, of the generation before */
	master = datapath_state(fx.in[0])->master;
	assert_memory_equal(&master, &(struct ipaddr){{0}}, sizeof(master));
	run_advert((struct advert){ADVERT_V3});
	expect_event(1, VRRP_REFRESH, 200, "192.0.2.11");
}

static void a_full_ring_is_counted_and_a_flood_is_read_in_portions(void **state)
{
	struct frame f = frame_advert(&(struct advert){ADVERT_V3});
	const unsigned int fits = HF_EVENTS_BYTES / (sizeof(struct hf_event) + 8);

	(void)state;
	fixture_open();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_MASTER);
	run_frame(fx.dp->skel->progs.hf_xdp, &f, 5000);
	assert_in_range(datapath_state(fx.in[0])->events_lost, 5000 - fits, 5001 - fits);
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_in_range(fx.n_events, 1, DP_EVENTS_A_TURN); /* or what its slice of time holds */
	for (int i = 0; i < 5000 && fx.n_events < fits; i++)
		assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_int_equal(fx.n_events + datapath_state(fx.in[0])->events_lost, 5000);
}

static void a_peer_not_set_again_is_refused_from_the_next_turn_on(void **state)
{
	struct ipaddr old = test_addr("192.0.2.14");

	(void)state;
	fixture_open();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	assert_int_equal(datapath_set_peer(fx.in[0], &old, &test_peer), 0);
	drain();
	assert_int_equal(run_advert((struct advert){ADVERT_V3, .src = "192.0.2.14"}), XDP_PASS);
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	assert_int_equal(run_advert((struct advert){ADVERT_V3}), XDP_PASS);
	drain();
	assert_int_equal(run_advert((struct advert){ADVERT_V3, .src = "192.0.2.14"}), XDP_DROP);
	assert_int_equal(run_advert((struct advert){ADVERT_V3}), XDP_PASS);
}

static void own_adverts_are_seen_to_leave(void **state)
{
	static const struct {
		const char *what;
		struct advert advert;
		bool ours;
	} rows[] = {
	    {"ours", {ADVERT_V3, .src = "192.0.2.12", .dst = "192.0.2.11"}, true},
	    {"ours, resigning", {ADVERT_V3, .src = "192.0.2.12", .priority = 0}, true},
	    {"another daemon's", {ADVERT_V3, .src = "192.0.2.13"}, false},
	    {"another VRID's", {ADVERT_V3, .src = "192.0.2.12", .vrid = 77}, false},
	    {"on a VLAN inside", {ADVERT_V3, .src = "192.0.2.12", .vlan = {5}}, false},
	};
	const volatile struct hf_inst_state *st;
	uint64_t sent = 0;

	(void)state;
	fixture_open();
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_MASTER);
	st = datapath_state(fx.in[0]);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame f = frame_advert(&rows[i].advert);

		assert_int_equal(run_frame(fx.dp->skel->progs.hf_tc_out, &f, 1), TC_UNSPEC);
		sent += rows[i].ours;
		if (st->adverts_egressed != sent)
			fail_msg("%s: %llu counted", rows[i].what,
				 (unsigned long long)st->adverts_egressed);
	}
	assert_true(st->last_tx_ns > 0 && (int64_t)st->last_tx_ns <= loop_clock().ns);
	assert_int_equal(st->adverts, 0);
}

#define VIP  "203.0.113.57"
#define VIP6 "2001:db8::57"

/* Received by XDP and by TC, and sent with source and destination exchanged: all are counted. */
static void expect_counted(const char *what, struct traffic t, struct hf_traffic want)
{
	struct hf_traffic rx, tx;
	struct traffic back = t;
	struct frame in, out;
	uint32_t vip;
	struct ipaddr a = test_addr(t.dst);

	fixture_open();
	assert_int_equal(datapath_add_vip(fx.dp, &(struct ipaddr){{[15] = 57}}, &vip), 0);
	a = is_v4(t.dst) ? test_addr(VIP) : test_addr(VIP6);
	assert_int_equal(datapath_add_vip(fx.dp, &a, &vip), 0);
	back.src = t.dst;
	back.dst = t.src;
	in = frame_traffic(&t);
	out = frame_traffic(&back);
	assert_int_equal(run_xdp(&in), XDP_PASS);
	assert_int_equal(run_xdp(&out), XDP_PASS); /* from it, not to it */
	assert_int_equal(run_frame(fx.dp->skel->progs.hf_tc_out, &out, 1), TC_UNSPEC);
	assert_int_equal(run_frame(fx.dp->skel->progs.hf_tc_out, &in, 1), TC_UNSPEC);
	assert_int_equal(datapath_traffic(fx.dp, vip, &rx, &tx), 0);
	assert_true((rx.last_ns > 0) == (want.packets > 0) &&
		    (int64_t)rx.last_ns <= loop_clock().ns);
	assert_true((tx.last_ns > 0) == (want.packets > 0) &&
		    (int64_t)tx.last_ns <= loop_clock().ns);
	rx.last_ns = tx.last_ns = 0;
	if (memcmp(&rx, &want, sizeof(want)) != 0 || memcmp(&tx, &want, sizeof(want)) != 0)
		fail_msg("%s: counted otherwise", what);
	assert_int_equal(run_frame(fx.dp->skel->progs.hf_tc_in, &in, 1), TC_UNSPEC);
	assert_int_equal(datapath_traffic(fx.dp, vip, &rx, &tx), 0);
	assert_int_equal(rx.packets, 2 * want.packets);
	assert_int_equal(rx.bytes, 2 * want.bytes);
	fixture_close();
}

static void traffic_of_a_shared_address_is_counted_by_kind(void **state)
{
#define TO	  .src = "198.51.100.1", .dst = VIP
#define TO6	  .src = "2001:db8::1", .dst = VIP6
#define P(bytes_) .packets = 1, .bytes = (bytes_)
	static const struct {
		const char *what;
		struct traffic traffic;
		struct hf_traffic want;
	} rows[] = {
	    {"SYN", {TO, .protocol = 6, .tcp_flags = TCP_SYN}, {P(40), .tcp_syn = 1}},
	    {"SYN-ACK",
	     {TO, .protocol = 6, .tcp_flags = TCP_SYN | TCP_ACK},
	     {P(40), .tcp_syn_ack = 1}},
	    {"FIN",
	     {TO, .protocol = 6, .tcp_flags = TCP_FIN | TCP_ACK, .payload = 60},
	     {P(100), .tcp_fin = 1}},
	    {"RST", {TO, .protocol = 6, .tcp_flags = TCP_RST}, {P(40), .tcp_rst = 1}},
	    {"data", {TO, .protocol = 6, .tcp_flags = TCP_ACK, .payload = 1000}, {P(1040)}},
	    {"UDP", {TO, .protocol = 17, .payload = 4}, {P(32), .udp = 1}},
	    {"ICMP", {TO, .protocol = 1}, {P(28), .icmp = 1}},
	    {"ICMPv6's number in IPv4", {TO, .protocol = 58}, {P(28)}},
	    {"GRE", {TO, .protocol = 47}, {P(28)}},
	    {"first fragment", {TO, .protocol = 17, .frag = 0x2000}, {P(28), .fragments = 1}},
	    {"fragment that looks like SYN",
	     {TO, .protocol = 6, .frag = 0x0010, .tcp_flags = TCP_SYN},
	     {P(40), .fragments = 1}},
	    {"in a VLAN", {TO, .protocol = 17, .vlan = {7}}, {P(28), .udp = 1}},
	    {"in two", {TO, .protocol = 17, .vlan = {7, 8}}, {P(28), .udp = 1}},
	    {"IPv6 SYN", {TO6, .protocol = 6, .tcp_flags = TCP_SYN}, {P(60), .tcp_syn = 1}},
	    {"IPv6 UDP", {TO6, .protocol = 17}, {P(48), .udp = 1}},
	    {"ICMPv6", {TO6, .protocol = 58}, {P(48), .icmp = 1}},
	    {"IPv6 fragment", {TO6, .protocol = 44}, {P(48), .fragments = 1}},
	    {"another address",
	     {.src = "198.51.100.1", .dst = "203.0.113.58", .protocol = 17},
	     {.packets = 0}},
	    {"its last octet only",
	     {.src = "198.51.100.1", .dst = "203.0.112.57", .protocol = 17},
	     {.packets = 0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_counted(rows[i].what, rows[i].traffic, rows[i].want);
}

static void a_merged_packet_counts_as_many_as_it_stands_for(void **state)
{
	struct frame f = frame_traffic(&(struct traffic){TO, .protocol = 6, .payload = 1400});
	struct __sk_buff ctx = {.gso_segs = 3, .gso_size = 500};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = f.b, .data_size_in = f.len, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx));
	struct ipaddr a = test_addr(VIP);
	struct hf_traffic rx, tx;
	uint32_t vip;

	(void)state;
	fixture_open();
	assert_int_equal(datapath_add_vip(fx.dp, &a, &vip), 0);
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(fx.dp->skel->progs.hf_tc_in), &run),
			 0);
	assert_int_equal(datapath_traffic(fx.dp, vip, &rx, &tx), 0);
	assert_int_equal(rx.packets, 3);
	assert_int_equal(tx.packets, 0);
}

static void an_address_removed_counts_no_more_and_comes_back_at_zero(void **state)
{
	struct frame f = frame_traffic(&(struct traffic){TO, .protocol = 17});
	struct ipaddr a = test_addr(VIP), b = test_addr("203.0.113.58");
	struct hf_traffic rx, tx;
	uint32_t vip, again;

	(void)state;
	fixture_open();
	assert_int_equal(datapath_remove_vip(fx.dp, &a), -ENOENT);
	assert_int_equal(datapath_add_vip(fx.dp, &a, &vip), 0);
	assert_int_equal(datapath_add_vip(fx.dp, &b, &again), 0);
	assert_int_not_equal(vip, again);
	run_xdp(&f);
	assert_int_equal(datapath_remove_vip(fx.dp, &a), 0);
	run_xdp(&f);
	assert_int_equal(datapath_add_vip(fx.dp, &a, &again), 0);
	assert_int_equal(again, vip);
	assert_int_equal(datapath_add_vip(fx.dp, &a, &again), 0); /* twice is once */
	assert_int_equal(datapath_traffic(fx.dp, vip, &rx, &tx), 0);
	assert_int_equal(rx.packets, 0);
	run_xdp(&f);
	assert_int_equal(datapath_traffic(fx.dp, vip, &rx, &tx), 0);
	assert_int_equal(rx.packets, 1);
}

static void what_is_out_of_range_is_refused(void **state)
{
	struct ipaddr a = test_addr("192.0.2.11");
	struct hf_traffic rx, tx;
	struct hf_verdict v;

	(void)state;
	fixture_open();
	assert_int_equal(datapath_set_peer(fx.in[3], &a, &test_peer), -ENOENT);
	assert_int_equal(datapath_watch(fx.in[3], VRRP_ROLE_BACKUP, 1, true, 0), -ENOENT);
	assert_int_equal(datapath_remove_instance(fx.in[3]), -ENOENT);
	assert_int_equal(datapath_traffic(fx.dp, HF_MAX_VIPS, &rx, &tx), -ENOENT);
	assert_int_equal(datapath_verdict(fx.dp, HF_V_MAX, &v), -ENOENT);
	assert_string_equal(datapath_verdict_name(HF_V_MAX), "unknown");
	assert_int_equal(datapath_attach_interface(fx.dp, 12345), -ENODEV);
	for (uint32_t r = 0; r < HF_V_MAX; r++)
		assert_non_null(datapath_verdict_name(r));
}

/* The daemon waits at its start until the verifier has followed each program: some 20,000
 * instructions in 20 ms. Linux tells their number since 5.16; before, it is 0. */
#define VERIFIED_MAX 50000

static void the_verifier_follows_few_instructions(void **state)
{
	struct bpf_program *prog;

	(void)state;
	fixture_open();
	bpf_object__for_each_program(prog, fx.dp->skel->obj)
	{
		struct bpf_prog_info info = {0};
		__u32 len = sizeof(info);

		assert_int_equal(bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len), 0);
		if (info.verified_insns > VERIFIED_MAX)
			fail_msg("%s: the verifier follows %u instructions",
				 bpf_program__name(prog), info.verified_insns);
	}
}

#define CASE(name) cmocka_unit_test_teardown(name, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(every_spoilt_advert_is_refused_and_counted),
	    CASE(the_packet_decides_before_the_message),
	    CASE(an_instance_is_found_by_its_own_interface_only),
	    CASE(every_frame_cut_anywhere_passes_or_is_refused_without_effect),
	    CASE(a_backup_records_its_master_and_wakes_for_news_only),
	    CASE(a_lesser_master_neither_refreshes_nor_wakes_who_preempts),
	    CASE(a_resignation_leaves_the_skew_time_and_never_lengthens_the_wait),
	    CASE(a_master_hears_of_every_rival),
	    CASE(an_instance_that_is_off_notes_the_master_and_does_nothing),
	    CASE(a_new_generation_makes_the_same_master_news_and_old_events_stale),
	    CASE(a_full_ring_is_counted_and_a_flood_is_read_in_portions),
	    CASE(a_peer_not_set_again_is_refused_from_the_next_turn_on),
	    CASE(own_adverts_are_seen_to_leave),
	    CASE(traffic_of_a_shared_address_is_counted_by_kind),
	    CASE(a_merged_packet_counts_as_many_as_it_stands_for),
	    CASE(an_address_removed_counts_no_more_and_comes_back_at_zero),
	    CASE(what_is_out_of_range_is_refused),
	    CASE(the_verifier_follows_few_instructions),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
