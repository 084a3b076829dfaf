// SPDX-License-Identifier: BSD-2-Clause
/*
 * S-BFD in the programs by test runs: which probes are answered and with which octets, the gate,
 * which answers are recorded, and which packets are refused for which reason. XDP and TC, IPv4 and
 * IPv6.
 * Links: user/datapath/ user/bfd/bfd_codec.c user/core/secret.c
 * Links: user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include "sbfd_peers.h"

#define TC_REDIRECT 7

static void open_peers(void)
{
	fixture_open();
	news = 0;
	set_peer(0, US_V4, PEER_V4);
	set_peer(1, US_V6, PEER_V6);
	datapath_sbfd_alive(fx.dp, loop_clock());
}

/* --- answered probes -------------------------------------------------------------------------*/

static struct frame answer_of(const struct datagram *d, enum bfd_state state)
{
	struct datagram a = answer_to(d, state);
	struct frame f = frame_of(&a);
	uint8_t mac[6];

	memcpy(mac, f.b, 6);
	memcpy(f.b, f.b + 6, 6);
	memcpy(f.b + 6, mac, 6);
	return f;
}

static void expect_answer(const char *what, const struct datagram *d, enum bfd_state state)
{
	struct frame right = answer_of(d, state);

	for (int xdp = 0; xdp < 2; xdp++) {
		struct frame f = frame_of(d);

		if (run(xdp, &f) != (xdp ? XDP_TX : TC_REDIRECT))
			fail_msg("%s: not answered (%s)", what, xdp ? "xdp" : "tc");
		if (f.len != right.len)
			fail_msg("%s: %u octets", what, f.len);
		for (uint32_t i = 0; i < f.len; i++) {
			if (f.b[i] != right.b[i])
				fail_msg("%s (%s): octet %u is %02x, not %02x", what,
					 xdp ? "xdp" : "tc", i, f.b[i], right.b[i]);
		}
	}
}

static void a_probe_comes_back_as_its_answer(void **state)
{
	struct datagram rows[] = {
	    {PROBE(PEER_V4, US_V4)},
	    {PROBE(PEER_V6, US_V6)},
	    {PROBE(PEER_V4, US_V4), .no_checksum = true},
	    {PROBE(PEER_V4, US_V4), .vlan = {0xe000}},
	    {PROBE(PEER_V6, US_V6), .vlan = {0xe000}},
	};

	(void)state;
	open_peers();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char what[32];

		snprintf(what, sizeof(what), "row %zu", i);
		expect_answer(what, &rows[i], BFD_UP);
		rows[i].bfd.flags |= BFD_FLAG_POLL;
		rows[i].bfd.min_echo_rx_us = 123456;
		rows[i].bfd.min_rx_us = UINT32_MAX;
		expect_answer(what, &rows[i], BFD_UP);
	}
}

/* Every possible checksum must be correct. */
static void the_checksum_is_right_for_any_probe(void **state)
{
	struct datagram v4 = {PROBE(PEER_V4, US_V4)}, v6 = {PROBE(PEER_V6, US_V6)};

	(void)state;
	open_peers();
	for (uint32_t i = 0; i < 2000; i++) {
		v4.bfd.my_discr = v6.bfd.my_discr = 1 + i * 2654435761u;
		v4.bfd.min_rx_us = v6.bfd.min_rx_us = i * 40503u;
		v4.sport = v6.sport = (uint16_t)(1024 + i);
		datapath_sbfd_alive(fx.dp, loop_clock());
		expect_answer("IPv4", &v4, BFD_UP);
		expect_answer("IPv6", &v6, BFD_UP);
	}
}

static void the_gate_decides_what_is_answered(void **state)
{
	struct datagram d = {PROBE(PEER_V4, US_V4)};

	(void)state;
	open_peers();
	expect_answer("alive", &d, BFD_UP);
	datapath_sbfd_alive(fx.dp, mono_add(loop_clock(), -GATE_NS - 1));
	expect_answer("hangs", &d, BFD_ADMIN_DOWN);
	datapath_sbfd_alive(fx.dp, loop_clock());
	expect_answer("back", &d, BFD_UP);
	datapath_sbfd_close_gate(fx.dp);
	expect_answer("closed", &d, BFD_ADMIN_DOWN);
}

/* A node that could not take over is answered too, and its statement is recorded. */
static void what_a_probe_says_is_noted(void **state)
{
	struct datagram d = {PROBE(PEER_V6, US_V6)};
	const volatile struct hf_sbfd_state *st;

	(void)state;
	open_peers();
	st = datapath_sbfd_state(entries[1]);
	assert_true(st->probe_ns == 0);
	expect_answer("eligible", &d, BFD_UP);
	assert_int_equal(st->probe_state, BFD_UP);
	assert_int_equal(st->probes, 2);
	assert_true((int64_t)st->probe_ns - loop_clock().ns <= 0);
	d.bfd.state = BFD_DOWN;
	expect_answer("not eligible", &d, BFD_UP);
	assert_int_equal(st->probe_state, BFD_DOWN);
	assert_true(st->answer_ns == 0);
	assert_true(datapath_sbfd_state(entries[0])->probe_ns == 0);
}

/* --- refused packets -------------------------------------------------------------------------*/

/* `reason` is of enum bfd_refusal, or -1: nothing is counted. */
static void expect_refused(const char *what, const struct datagram *d, bool dropped, int reason)
{
	for (int xdp = 0; xdp < 2; xdp++) {
		struct frame f = frame_of(d), before = f;
		uint64_t counts[HF_V_MAX];
		int verdict;

		for (uint32_t r = 0; r < HF_V_MAX; r++)
			counts[r] = fixture_verdict(r).packets;
		verdict = run(xdp, &f);
		if (verdict != (dropped ? (xdp ? XDP_DROP : TC_SHOT) : xdp ? XDP_PASS : TC_UNSPEC))
			fail_msg("%s: verdict %d", what, verdict);
		assert_memory_equal(f.b, before.b, before.len);
		for (uint32_t r = 0; r < HF_V_MAX; r++) {
			bool counted = fixture_verdict(r).packets != counts[r];

			if (counted != (reason >= 0 && r == HF_V_BFD + (uint32_t)reason))
				fail_msg("%s: counted as %s", what, datapath_verdict_name(r));
		}
	}
}

static void every_spoilt_packet_is_refused_and_counted(void **state)
{
	static const struct {
		const char *what;
		struct datagram d;
		bool dropped;
		int reason;
	} rows[] = {
	    {"a stranger's probe", {PROBE("192.0.2.13", US_V4)}, false, BFD_R_SOURCE},
	    {"a stranger's answer", {ANSWER("192.0.2.13", US_V4)}, false, -1},
	    {"to another address", {PROBE(PEER_V4, "192.0.2.14")}, false, -1},
	    {"to a group", {PROBE(PEER_V4, "224.0.0.18")}, false, -1},
	    {"a fragment", {PROBE(PEER_V4, US_V4), .frag = 0x2000}, false, -1},
	    {"IPv4 options", {PROBE(PEER_V4, US_V4), .ip_options = 4}, false, -1},
	    {"on a VLAN", {PROBE(PEER_V4, US_V4), .vlan = {7}}, false, -1},
	    {"a hop away", {PROBE(PEER_V4, US_V4), .ttl = 254}, true, BFD_R_TTL},
	    {"a hop away, IPv6", {PROBE(PEER_V6, US_V6), .ttl = 254}, true, BFD_R_TTL},
	    {"cut off", {PROBE(PEER_V4, US_V4), .cut = 1}, true, BFD_R_TRUNCATED},
	    {"from a reflector", {PROBE(PEER_V4, US_V4), .sport = 7784}, true, BFD_R_REFLECTED},
	    {"an answer a hop away", {ANSWER(PEER_V4, US_V4), .ttl = 64}, true, BFD_R_TTL},
	    {"an answer to another port", {ANSWER(PEER_V4, US_V4), .dport = 9}, false, -1},
	};

	(void)state;
	open_peers();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_refused(rows[i].what, &rows[i].d, rows[i].dropped, rows[i].reason);
	assert_true(datapath_sbfd_state(entries[0])->probe_ns == 0);
	assert_true(datapath_sbfd_state(entries[0])->answer_ns == 0);
}

static void every_spoilt_message_is_refused_and_counted(void **state)
{
	static const struct {
		const char *what;
		uint32_t my, your;
		enum bfd_state state;
		uint8_t flags;
		bool answer;
		enum bfd_refusal reason;
	} rows[] = {
	    {"no demand", 1, OUR_DISCR, BFD_UP, 0, false, BFD_R_NOT_DEMAND},
	    {"not ours", 1, OUR_DISCR + 1, BFD_UP, BFD_FLAG_DEMAND, false, BFD_R_YOUR_DISCR},
	    {"Init", 1, OUR_DISCR, BFD_INIT, BFD_FLAG_DEMAND, false, BFD_R_STATE},
	    {"not the peer's", 1, PROBE_DISCR, BFD_UP, 0, true, BFD_R_MY_DISCR},
	    {"of no probe", PEER_DISCR, PROBE_DISCR + 1, BFD_UP, 0, true, BFD_R_YOUR_DISCR},
	    {"Down", PEER_DISCR, PROBE_DISCR, BFD_DOWN, 0, true, BFD_R_STATE},
	    {"a probe's", PEER_DISCR, PROBE_DISCR, BFD_UP, BFD_FLAG_DEMAND, true,
	     BFD_R_NOT_REFLECTED},
	};

	(void)state;
	open_peers();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct datagram d = {PROBE(PEER_V4, US_V4)};

		if (rows[i].answer)
			d = (struct datagram){ANSWER(PEER_V4, US_V4)};
		d.bfd.my_discr = rows[i].my;
		d.bfd.your_discr = rows[i].your;
		d.bfd.state = (uint8_t)rows[i].state;
		d.bfd.flags = rows[i].flags;
		expect_refused(rows[i].what, &d, true, (int)rows[i].reason);
	}
}

/* A probe for one reflector is not answered by another one. */
static void reflectors_do_not_play_tennis(void **state)
{
	struct datagram d = {PROBE(PEER_V4, US_V4)};
	struct datagram back = {PROBE(PEER_V4, US_V4), .sport = SBFD_PORT};

	(void)state;
	open_peers();
	expect_answer("a probe", &d, BFD_UP);
	back.bfd.flags = 0; /* as it left us */
	expect_refused("its answer", &back, true, BFD_R_REFLECTED);
}

/* --- answers to us ---------------------------------------------------------------------------*/

static void run_answer(enum bfd_state state)
{
	struct datagram d = {ANSWER(PEER_V4, US_V4)};
	struct frame f;

	d.bfd.state = (uint8_t)state;
	f = frame_of(&d);
	assert_int_equal(run(true, &f), XDP_DROP);
}

static void an_answer_is_noted_and_told_when_it_is_news(void **state)
{
	const volatile struct hf_sbfd_state *st;
	uint64_t first_ns;

	(void)state;
	open_peers();
	st = datapath_sbfd_state(entries[0]);
	run_answer(BFD_UP);
	assert_true(fixture_wait(news_came, TEST_WAIT));
	first_ns = st->answer_ns;
	run_answer(BFD_UP);
	run_answer(BFD_UP);
	assert_int_equal(st->answers, 3);
	assert_int_equal(st->answer_state, BFD_UP);
	assert_true(st->answer_ns > first_ns);
	run_answer(BFD_ADMIN_DOWN);
	news = 0;
	assert_true(fixture_wait(news_came, TEST_WAIT));
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_int_equal(news, 1); /* the two in between were none */
	assert_int_equal(st->answer_state, BFD_ADMIN_DOWN);

	publish(0, US_V4); /* a new generation: the first answer is reported */
	news = 0;
	run_answer(BFD_ADMIN_DOWN);
	run_answer(BFD_ADMIN_DOWN);
	assert_true(fixture_wait(news_came, TEST_WAIT));
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_int_equal(news, 1);
}

static void an_entry_that_is_gone_is_not_answered(void **state)
{
	struct datagram d = {PROBE(PEER_V4, US_V4)};

	(void)state;
	open_peers();
	datapath_sbfd_destroy(entries[0]);
	expect_refused("gone", &d, false, BFD_R_SOURCE);
	set_peer(0, US_V4, PEER_V4);
	expect_answer("there again", &d, BFD_UP);
	assert_int_equal(datapath_sbfd_state(entries[0])->probes, 2);
}

/* By multicast nobody is configured: whoever is on the link is answered, who has an entry by that.
 */
static void anybody_on_the_link_may_be_answered(void **state)
{
	static const struct datagram probes[] = {
	    {PROBE("192.0.2.77", US_V4)},
	    {PROBE("2001:db8::77", US_V6)},
	};
	static const struct hf_sbfd_cfg asks_nobody = {.min_ttl = 255, .our_discr = OUR_DISCR};
	struct datagram far = probes[0], answer = {ANSWER("192.0.2.77", US_V4)};
	struct hf_sbfd_cfg cfg = asks_nobody;

	(void)state;
	open_peers();
	expect_refused("nobody yet", &probes[0], false, BFD_R_SOURCE);
	set_peer(0, US_V4, "0.0.0.0");
	set_peer(1, US_V6, "::");
	expect_answer("IPv4", &probes[0], BFD_UP);
	expect_answer("IPv6", &probes[1], BFD_UP);
	assert_true(datapath_sbfd_state(entries[0])->probes >= 1);
	assert_true(datapath_sbfd_state(entries[1])->probes >= 1);
	far.ttl = 254;
	expect_refused("from further away", &far, true, BFD_R_TTL);
	cfg.address = test_addr(US_V4);
	assert_int_equal(datapath_sbfd_set(entries[0], &cfg), 0);
	expect_refused("an answer to no probe of ours", &answer, false, -1);
}

static void a_peer_has_one_entry(void **state)
{
	struct ipaddr peer = test_addr(PEER_V4);

	(void)state;
	open_peers();
	assert_null(datapath_sbfd_create(fx.dp, TEST_LO, &peer, on_news, NULL));
	assert_int_equal(errno, EEXIST);
}

/* A restart must not look like a death. Entries that the new daemon does not use are removed. */
static void a_restart_keeps_the_entries_that_are_made_again(void **state)
{
	struct datagram v4 = {PROBE(PEER_V4, US_V4)}, v6 = {PROBE(PEER_V6, US_V6)};

	(void)state;
	fixture_open_as((struct datapath_options){.keep = true});
	news = 0;
	set_peer(0, US_V4, PEER_V4);
	set_peer(1, US_V6, PEER_V6);
	datapath_sbfd_alive(fx.dp, loop_clock());
	run_answer(BFD_UP);
	fixture_close();
	fixture_open();
	expect_answer("whose gate closed behind the old daemon", &v4, BFD_ADMIN_DOWN);
	set_peer(0, US_V4, PEER_V4);
	assert_int_equal(datapath_sbfd_state(entries[0])->answers, 1);
	assert_int_equal(loop_turn(fx.loop, 0), 0); /* sweeps */
	datapath_sbfd_alive(fx.dp, loop_clock());
	expect_answer("made again", &v4, BFD_UP);
	expect_refused("not made again", &v6, false, BFD_R_SOURCE);
}

#define CASE(fn) cmocka_unit_test_teardown(fn, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_probe_comes_back_as_its_answer),
	    CASE(the_checksum_is_right_for_any_probe),
	    CASE(the_gate_decides_what_is_answered),
	    CASE(what_a_probe_says_is_noted),
	    CASE(every_spoilt_packet_is_refused_and_counted),
	    CASE(every_spoilt_message_is_refused_and_counted),
	    CASE(reflectors_do_not_play_tennis),
	    CASE(an_answer_is_noted_and_told_when_it_is_news),
	    CASE(an_entry_that_is_gone_is_not_answered),
	    CASE(anybody_on_the_link_may_be_answered),
	    CASE(a_peer_has_one_entry),
	    CASE(a_restart_keeps_the_entries_that_are_made_again),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
