// SPDX-License-Identifier: BSD-2-Clause
/*
 * BFD sessions in the programs by test runs: which packets are accepted, recorded and reported,
 * which are refused for which reason, and when a deadline is reported. XDP and TC, IPv4 and IPv6,
 * single hop and multihop.
 * Links: user/datapath/ user/bfd/bfd_codec.c user/core/secret.c
 * Links: user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include "bfd_frame.h"
#include "bfd_watch.h"
#include "datapath/bfd.h"

#define US_V4	 "192.0.2.12"
#define PEER_V4	 "192.0.2.11"
#define US_V6	 "2001:db8::12"
#define PEER_V6	 "2001:db8::11"
#define FAR	 "198.51.100.7"
#define RX_US	 20000 /* our Required Min RX Interval */
#define TOLD_MAX 8192

/* Their slots are 1, 2 and 3. */
enum { DISCR_V4 = 0xabc00001, DISCR_V6 = 0xabc00002, DISCR_FAR = 0xabc00003, PEER_DISCR = 77 };

#define SAYS(d)                                                                                    \
	.sport = 46864, .bfd = {.my_discr = PEER_DISCR,                                            \
				.your_discr = d,                                                   \
				.min_tx_us = 10000,                                                \
				.min_rx_us = 10000,                                                \
				.state = BFD_UP,                                                   \
				.multiplier = 3}
#define NEAR .src = PEER_V4, .dst = US_V4, .dport = BFD_PORT_SINGLE_HOP, .ttl = 255, SAYS(DISCR_V4)
#define NEAR_V6                                                                                    \
	.src = PEER_V6, .dst = US_V6, .dport = BFD_PORT_SINGLE_HOP, .ttl = 255, SAYS(DISCR_V6)
#define DISTANT .src = FAR, .dst = US_V4, .dport = BFD_PORT_MULTIHOP, .ttl = 60, SAYS(DISCR_FAR)

static struct datapath_bfd *near, *near_v6, *distant;
static struct hf_event told[TOLD_MAX];
static unsigned int n_told;

static void on_told(void *owner, const struct hf_event *ev)
{
	(void)owner;
	if (n_told < TOLD_MAX)
		told[n_told++] = *ev;
}

static bool something_told(void)
{
	return n_told > 0;
}

static struct datapath_bfd *session(const char *peer, const char *local, uint32_t discr,
				    bool multihop)
{
	const struct datapath_bfd_session what = {.peer = test_addr(peer),
						  .local = local ? test_addr(local)
								 : (struct ipaddr){{0}},
						  .our_discr = discr,
						  .multihop = multihop};

	return datapath_bfd_create(fx.dp, &what, on_told, NULL);
}

static void watch(struct datapath_bfd *s, uint32_t rx_us, enum bfd_state state)
{
	const struct datapath_bfd_watch what = {
	    .watch_us = rx_us, .state = (uint8_t)state, .min_ttl = s == distant ? 50 : 255};

	assert_int_equal(datapath_bfd_set(s, &what), 0);
}

static void open_sessions(void)
{
	fixture_open();
	n_told = 0;
	near = session(PEER_V4, NULL, DISCR_V4, false);
	near_v6 = session(PEER_V6, US_V6, DISCR_V6, false);
	distant = session(FAR, NULL, DISCR_FAR, true);
	assert_true(near && near_v6 && distant);
	watch(near, RX_US, BFD_UP);
	watch(near_v6, RX_US, BFD_UP);
	watch(distant, RX_US, BFD_UP);
}

static int send_to(bool xdp, const struct datagram *d)
{
	struct frame f = frame_of(d);

	return run(xdp, &f);
}

static void take_from(bool xdp, const struct datagram *d)
{
	if (send_to(xdp, d) != (xdp ? XDP_DROP : TC_SHOT))
		fail_msg("%s: a packet from %s is not taken", xdp ? "xdp" : "tc", d->src);
}

static void take(const struct datagram *d)
{
	take_from(true, d);
}

/* Delivers the events of the ring. */
static unsigned int events(void)
{
	n_told = 0;
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	return n_told;
}

/* --- accepted packets ------------------------------------------------------------------------*/

static void a_packet_is_noted_and_told_when_it_is_news(void **state)
{
	struct datagram rows[] = {{NEAR}, {NEAR_V6}, {DISTANT}};
	const struct datapath_bfd *all[3];

	(void)state;
	for (int xdp = 0; xdp < 2; xdp++) {
		open_sessions();
		memcpy(all, (const void *[]){near, near_v6, distant}, sizeof(all));
		for (int i = 0; i < 3; i++) {
			const volatile struct hf_bfd_state *st = datapath_bfd_state(all[i]);
			struct datagram *d = &rows[i];

			take_from(xdp, d);
			assert_int_equal(events(), 1);
			assert_int_equal(told[0].type, HF_EV_BFD);
			assert_memory_equal(&told[0].bfd.packet, &d->bfd, sizeof(d->bfd));
			assert_true(loop_clock().ns - (int64_t)st->last_rx_ns < TEST_WAIT);
			for (int k = 0; k < 5; k++)
				take_from(xdp, d);
			assert_int_equal(events(), 0);
			assert_int_equal(st->packets, 6);
			assert_int_equal(st->seen.state, BFD_UP);
			d->bfd.state = BFD_DOWN;
			take_from(xdp, d);
			assert_int_equal(events(), 1);
			assert_int_equal(told[0].bfd.packet.state, BFD_DOWN);
			assert_int_equal(st->seen.state, BFD_DOWN);
			d->bfd.state = BFD_UP;
		}
		assert_int_equal(fixture_verdict(HF_V_BFD + BFD_ACCEPTED).packets, 21);
		fixture_close();
		datapath_detach_all(fx.name);
	}
	open_sessions();
}

/* Each packet needs an answer, or has new content. */
static void what_is_news(void **state)
{
	struct datagram d = {NEAR};

	(void)state;
	open_sessions();
	take(&d);
	assert_int_equal(events(), 1);
	d.bfd.flags = BFD_FLAG_POLL;
	take(&d);
	take(&d);
	assert_int_equal(events(), 2);
	d.bfd.flags = BFD_FLAG_FINAL;
	take(&d);
	assert_int_equal(events(), 1);
	d.bfd.flags = 0;
	d.bfd.min_tx_us++;
	take(&d);
	assert_int_equal(events(), 1);
	d.bfd.multiplier++;
	take(&d);
	assert_int_equal(events(), 1);
	watch(near, RX_US, BFD_UP); /* a new generation: the next packet is reported */
	take(&d);
	take(&d);
	assert_int_equal(events(), 1);
	watch(near, 0, BFD_DOWN); /* without a deadline each packet is reported */
	take(&d);
	take(&d);
	assert_int_equal(events(), 2);
}

/* RFC 5881 section 3: a peer's first packets name no session. */
static void a_packet_without_our_discriminator_finds_its_session_by_addresses(void **state)
{
	struct datagram d = {NEAR}, v6 = {NEAR_V6}, far = {DISTANT};

	(void)state;
	open_sessions();
	d.bfd.your_discr = v6.bfd.your_discr = far.bfd.your_discr = 0;
	d.bfd.state = v6.bfd.state = far.bfd.state = BFD_DOWN;
	take(&d);
	d.dst = "192.0.2.99"; /* any address of ours */
	take(&d);
	assert_int_equal(datapath_bfd_state(near)->packets, 2);
	take(&v6);
	assert_int_equal(datapath_bfd_state(near_v6)->packets, 1);
	v6.dst = "2001:db8::99"; /* that session has one address of ours */
	assert_int_equal(send_to(true, &v6), XDP_PASS);
	take(&far);
	assert_int_equal(datapath_bfd_state(distant)->packets, 1);
	far.dport = BFD_PORT_SINGLE_HOP;
	assert_int_equal(send_to(true, &far), XDP_PASS);
	assert_int_equal(fixture_verdict(HF_V_BFD + BFD_R_SOURCE).packets, 2);
}

static void the_worst_gap_is_measured_while_up(void **state)
{
	struct datagram d = {NEAR};

	(void)state;
	open_sessions();
	watch(near, RX_US, BFD_INIT);
	take(&d);
	usleep(5000);
	take(&d);
	assert_int_equal(datapath_bfd_state(near)->worst_gap_us, 0);
	watch(near, RX_US, BFD_UP);
	usleep(5000);
	take(&d);
	assert_in_range(datapath_bfd_state(near)->worst_gap_us, 5000, TEST_WAIT / NS_PER_US);
}

/* --- refused packets -------------------------------------------------------------------------*/

/* `reason` is of enum bfd_refusal, or -1: nothing is counted. */
static void expect_refused(const char *what, const struct frame *frame, bool dropped, int reason)
{
	for (int xdp = 0; xdp < 2; xdp++) {
		struct frame f = *frame;
		uint64_t counts[HF_V_MAX];
		int verdict;

		for (uint32_t r = 0; r < HF_V_MAX; r++)
			counts[r] = fixture_verdict(r).packets;
		verdict = run(xdp, &f);
		if (verdict != (dropped ? (xdp ? XDP_DROP : TC_SHOT) : xdp ? XDP_PASS : TC_UNSPEC))
			fail_msg("%s: verdict %d (%s)", what, verdict, xdp ? "xdp" : "tc");
		for (uint32_t r = 0; r < HF_V_MAX; r++) {
			bool counted = fixture_verdict(r).packets != counts[r];

			if (counted != (reason >= 0 && r == HF_V_BFD + (uint32_t)reason))
				fail_msg("%s: counted as %s", what, datapath_verdict_name(r));
		}
	}
}

static void nothing_was_noted(void)
{
	assert_int_equal(events(), 0);
	assert_int_equal(datapath_bfd_state(near)->packets, 0);
	assert_int_equal(datapath_bfd_state(near_v6)->packets, 0);
	assert_int_equal(datapath_bfd_state(distant)->packets, 0);
}

static void every_spoilt_packet_is_refused_and_counted(void **state)
{
	static const struct {
		const char *what;
		struct datagram d;
		bool dropped;
		int reason;
	} rows[] = {
	    {"a hop away", {NEAR, .ttl = 254}, true, BFD_R_TTL},
	    {"a hop away, IPv6", {NEAR_V6, .ttl = 254}, true, BFD_R_TTL},
	    {"too many hops away", {DISTANT, .ttl = 49}, true, BFD_R_TTL},
	    {"from another host", {NEAR, .src = "192.0.2.13"}, true, BFD_R_SOURCE},
	    {"by the other port", {NEAR, .dport = BFD_PORT_MULTIHOP}, true, BFD_R_SOURCE},
	    {"of no session", {NEAR, .bfd.your_discr = 5}, false, BFD_R_YOUR_DISCR},
	    {"of another one's slot", {NEAR, .bfd.your_discr = 1}, false, BFD_R_YOUR_DISCR},
	    {"a stranger's first",
	     {NEAR, .src = "192.0.2.13", .bfd.your_discr = 0, .bfd.state = BFD_DOWN},
	     false,
	     BFD_R_SOURCE},
	    {"cut off", {NEAR, .cut = 1}, false, BFD_R_TRUNCATED},
	    {"of no session, to us", {NEAR_V6, .bfd.your_discr = 5}, true, BFD_R_YOUR_DISCR},
	    {"a stranger's first, to us",
	     {NEAR_V6, .src = "2001:db8::13", .bfd.your_discr = 0, .bfd.state = BFD_DOWN},
	     true,
	     BFD_R_SOURCE},
	    {"cut off, to us", {NEAR_V6, .cut = 1}, true, BFD_R_TRUNCATED},
	    {"a fragment", {NEAR, .frag = 0x2000}, false, -1},
	    {"IPv4 options", {NEAR, .ip_options = 4}, false, -1},
	    {"on a VLAN", {NEAR, .vlan = {7}}, false, -1},
	    {"to another port", {NEAR, .dport = 3785}, false, -1},
	};

	(void)state;
	open_sessions();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame f = frame_of(&rows[i].d);

		expect_refused(rows[i].what, &f, rows[i].dropped, rows[i].reason);
	}
	nothing_was_noted();
}

static void every_spoilt_message_is_refused_and_counted(void **state)
{
	static const struct {
		const char *what;
		uint8_t at, value; /* of the message */
		enum bfd_refusal reason;
	} rows[] = {
	    {"version 0", BFD_OFF_VERS_DIAG, 0, BFD_R_VERSION},
	    {"version 2", BFD_OFF_VERS_DIAG, 2 << 5, BFD_R_VERSION},
	    {"too short", BFD_OFF_LENGTH, 23, BFD_R_LENGTH},
	    {"longer than it is", BFD_OFF_LENGTH, 25, BFD_R_TRUNCATED},
	    {"signed", BFD_OFF_STATE_FLAGS, BFD_UP << 6 | BFD_FLAG_AUTH, BFD_R_AUTH},
	    {"multipoint", BFD_OFF_STATE_FLAGS, BFD_UP << 6 | BFD_FLAG_MULTIPOINT,
	     BFD_R_MULTIPOINT},
	    {"multiplier 0", BFD_OFF_MULTIPLIER, 0, BFD_R_MULTIPLIER},
	    {"no discriminator", BFD_OFF_MY_DISCR + 3, 0, BFD_R_MY_DISCR},
	};
	const struct datagram good = {NEAR};

	(void)state;
	open_sessions();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame f = frame_of(&good);

		f.b[f.len - BFD_LEN + rows[i].at] = rows[i].value;
		expect_refused(rows[i].what, &f, false, (int)rows[i].reason);
	}
	nothing_was_noted();
}

/* Another daemon on this host may do BFD. */
static void without_a_session_bfd_is_ordinary_traffic(void **state)
{
	const struct datagram d = {NEAR}, v6 = {NEAR_V6};
	struct frame f = frame_of(&d);

	(void)state;
	fixture_open();
	expect_refused("before the first", &f, false, -1);
	fixture_close();
	open_sessions();
	datapath_bfd_destroy(near);
	expect_refused("gone", &f, false, BFD_R_YOUR_DISCR);
	take(&v6);
	datapath_bfd_destroy(near_v6);
	datapath_bfd_destroy(distant);
	expect_refused("after the last", &f, false, -1);
}

/* --- the deadline ----------------------------------------------------------------------------*/

static bool expired_told(void)
{
	return n_told > 0 && told[n_told - 1].type == HF_EV_BFD_EXPIRED;
}

/* open_sessions() for a case about the kernel's timer. */
static void open_timed_sessions(void)
{
	if (!has_bpf_timer())
		skip();
	open_sessions();
}

/* 10 ms x 25 of the peer against 20 ms of ours: 500 ms. */
static void a_packet_moves_the_deadline_without_a_word(void **state)
{
	struct datagram d = {NEAR};
	const volatile struct hf_bfd_state *st;
	struct mono end;

	(void)state;
	open_timed_sessions();
	st = datapath_bfd_state(near);
	d.bfd.multiplier = 25;
	take(&d);
	assert_int_equal(events(), 1);
	assert_int_equal(datapath_bfd_arm(near, 200 * NS_PER_MS), 0);
	for (end = mono_add(loop_clock(), 600 * NS_PER_MS); mono_before(loop_clock(), end);) {
		take(&d);
		assert_int_equal(events(), 0);
		usleep(1000);
	}
	assert_int_equal(st->deadline_ns, st->last_rx_ns + 500 * NS_PER_MS);
	n_told = 0;
	assert_true(fixture_wait(expired_told, TEST_WAIT));
	assert_int_equal(n_told, 1);
	assert_int_equal(told[0].bfd.our_discr, DISCR_V4);
	assert_true(told[0].at_ns >= st->deadline_ns);
	n_told = 0; /* another packet starts it again */
	take(&d);
	assert_true(fixture_wait(expired_told, TEST_WAIT));
	assert_true(told[0].at_ns >= st->deadline_ns);
}

static void a_deadline_that_comes_nearer_is_kept(void **state)
{
	struct datagram d = {NEAR};
	struct mono began;

	(void)state;
	open_timed_sessions();
	d.bfd.min_tx_us = 60000000; /* 3 minutes */
	take(&d);
	assert_int_equal(datapath_bfd_arm(near, 180 * NS_PER_S), 0);
	d.bfd.min_tx_us = 10000;
	began = loop_clock();
	take(&d);
	assert_true(fixture_wait(expired_told, TEST_WAIT));
	assert_true(mono_diff_ns(loop_clock(), began) >= 60 * NS_PER_MS);
}

static void what_is_no_longer_watched_does_not_expire(void **state)
{
	(void)state;
	open_timed_sessions();
	assert_int_equal(datapath_bfd_arm(near, 10 * NS_PER_MS), 0);
	watch(near, RX_US, BFD_UP); /* a new generation, whose timer is not armed */
	assert_int_equal(datapath_bfd_arm(near_v6, 10 * NS_PER_MS), 0);
	watch(near_v6, 0, BFD_DOWN);
	assert_int_equal(datapath_bfd_arm(distant, 10 * NS_PER_MS), 0);
	datapath_bfd_destroy(distant);
	assert_false(fixture_wait(something_told, 100 * NS_PER_MS));
	assert_int_equal(datapath_bfd_arm(near, 0), 0);
	assert_true(fixture_wait(expired_told, TEST_WAIT));
}

static void without_bpf_timer_the_caller_is_told_so(void **state)
{
	struct datagram d = {NEAR};

	(void)state;
	fixture_open_as((struct datapath_options){.force_timerfd = true});
	n_told = 0;
	near = session(PEER_V4, NULL, DISCR_V4, false);
	watch(near, RX_US, BFD_UP);
	assert_int_equal(datapath_bfd_arm(near, 10 * NS_PER_MS), HF_ARM_NO_TIMER);
	take(&d);
	assert_int_equal(events(), 1);
	assert_int_equal(datapath_bfd_state(near)->deadline_ns,
			 datapath_bfd_state(near)->last_rx_ns + 60 * NS_PER_MS);
}

/* --- the table -------------------------------------------------------------------------------*/

static void a_slot_has_one_session(void **state)
{
	(void)state;
	open_sessions();
	assert_null(session("192.0.2.13", NULL, DISCR_V4 ^ 0x80000000, false));
	assert_int_equal(errno, EEXIST);
	datapath_bfd_destroy(near);
	near = session("192.0.2.13", NULL, DISCR_V4 ^ 0x80000000, false);
	assert_non_null(near);
	assert_int_equal(datapath_bfd_state(near)->packets, 0);
}

/* The sessions ended with the earlier daemon. */
static void a_restart_forgets_the_sessions(void **state)
{
	struct datagram d = {NEAR};
	struct frame f = frame_of(&d);

	(void)state;
	fixture_open_as((struct datapath_options){.keep = true});
	near = session(PEER_V4, NULL, DISCR_V4, false);
	watch(near, RX_US, BFD_UP);
	assert_int_equal(datapath_bfd_arm(near, 50 * NS_PER_MS),
			 has_bpf_timer() ? 0 : HF_ARM_NO_TIMER);
	take(&d);
	fixture_close();
	fixture_open();
	n_told = 0;
	distant = session(FAR, NULL, DISCR_FAR, true);
	expect_refused("of the earlier daemon", &f, false, BFD_R_YOUR_DISCR);
	d.bfd.your_discr = 0;
	d.bfd.state = BFD_DOWN;
	f = frame_of(&d);
	expect_refused("of the earlier daemon, by address", &f, false, BFD_R_SOURCE);
	assert_false(fixture_wait(expired_told, 100 * NS_PER_MS));
	near = session(PEER_V4, NULL, DISCR_V4, false);
	take(&d);
	assert_int_equal(datapath_bfd_state(near)->packets, 1);
}

/* Packets to this address are no longer only for us. */
static void an_address_is_ours_as_long_as_a_session_has_it(void **state)
{
	const struct datagram stranger = {NEAR_V6, .bfd.your_discr = 5};
	struct datapath_bfd *second;

	(void)state;
	open_sessions();
	second = session("2001:db8::13", US_V6, 0xabc00009, false);
	assert_non_null(second);
	datapath_bfd_destroy(near_v6);
	assert_int_equal(send_to(true, &stranger), XDP_DROP);
	datapath_bfd_destroy(second);
	assert_int_equal(send_to(true, &stranger), XDP_PASS);
}

static void raw_mode_has_no_sessions(void **state)
{
	(void)state;
	fixture_open_as((struct datapath_options){.force_raw = true});
	assert_null(session(PEER_V4, NULL, DISCR_V4, false));
	assert_int_equal(errno, ENOTSUP);
	assert_false(datapath_bfd_hears(fx.dp, TEST_LO));
}

/* A forger changes something in each packet. The final state is reported. */
static void a_flood_of_news_is_told_in_part(void **state)
{
	struct datagram d = {NEAR};
	unsigned int n = 0;
	struct mono began;
	int64_t took_ns;

	(void)state;
	open_sessions();
	began = loop_clock();
	for (int i = 0; i < 1000; i++) {
		d.bfd.state = i % 2 ? BFD_UP : BFD_DOWN;
		take(&d);
	}
	took_ns = mono_diff_ns(loop_clock(), began);
	while (events() > 0)
		n += n_told;
	assert_in_range(n, BFD_TELL_BURST, BFD_TELL_BURST + 1 + took_ns / BFD_TELL_GAP_NS);
	usleep(2 * BFD_TELL_GAP_NS / NS_PER_US);
	d.bfd.state = datapath_bfd_state(near)->seen.state == BFD_UP ? BFD_DOWN : BFD_UP;
	take(&d);
	assert_int_equal(events(), 1);
	assert_int_equal(told[0].bfd.packet.state, d.bfd.state);
}

#define FLOODERS 200 /* BFD_TELL_BURST events each fill the ring */

static void fill_ring(void)
{
	struct datagram d = {NEAR, .bfd.flags = BFD_FLAG_POLL};

	for (uint32_t i = 0; i < FLOODERS; i++) {
		d.bfd.your_discr = 0xabc00100 + i;
		assert_non_null(session(PEER_V4, "192.0.2.12", d.bfd.your_discr, false));
		for (int k = 0; k < BFD_TELL_BURST; k++)
			take(&d);
	}
}

static void what_a_full_ring_lost_is_told_later(void **state)
{
	struct datagram other = {NEAR_V6};

	(void)state;
	open_sessions();
	fill_ring();
	take(&other);
	assert_int_equal(datapath_bfd_state(near_v6)->events_lost, 1);
	for (int i = 0; i < 200; i++)
		assert_int_equal(loop_turn(fx.loop, 0), 0);
	n_told = 0;
	take(&other); /* what the kernel half has seen already */
	assert_true(fixture_wait(something_told, TEST_WAIT));
	assert_int_equal(told[0].bfd.our_discr, DISCR_V6);
}

#define CASE(fn) cmocka_unit_test_teardown(fn, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_packet_is_noted_and_told_when_it_is_news),
	    CASE(what_is_news),
	    CASE(a_packet_without_our_discriminator_finds_its_session_by_addresses),
	    CASE(the_worst_gap_is_measured_while_up),
	    CASE(every_spoilt_packet_is_refused_and_counted),
	    CASE(every_spoilt_message_is_refused_and_counted),
	    CASE(without_a_session_bfd_is_ordinary_traffic),
	    CASE(a_packet_moves_the_deadline_without_a_word),
	    CASE(a_deadline_that_comes_nearer_is_kept),
	    CASE(what_is_no_longer_watched_does_not_expire),
	    CASE(without_bpf_timer_the_caller_is_told_so),
	    CASE(a_slot_has_one_session),
	    CASE(a_restart_forgets_the_sessions),
	    CASE(an_address_is_ours_as_long_as_a_session_has_it),
	    CASE(raw_mode_has_no_sessions),
	    CASE(a_flood_of_news_is_told_in_part),
	    CASE(what_a_full_ring_lost_is_told_later),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
