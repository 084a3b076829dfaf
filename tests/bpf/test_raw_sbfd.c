// SPDX-License-Identifier: BSD-2-Clause
/*
 * S-BFD without BPF, on the loopback interface: probes are answered and refused as by the programs,
 * and answers to our probes are recorded. Packets that wait in the socket are read before a state.
 * Links: user/datapath/ user/bfd/bfd_codec.c user/core/secret.c
 * Links: user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include "raw_ip.h"
#include "sbfd_peers.h"

#include "bfd/bfd_socket.h"
#include "bfd/sbfd_socket.h"
#include "core/addr.h"

#define PEERS_PORT 49152 /* that probes come from: PROBE() */

static int theirs[2] = {-1, -1}; /* the sockets that answers come to, IPv4 and IPv6 */
static int ours = -1;		 /* that our probes leave by */
static struct bfd_datagram got;

static void close_all(void)
{
	for (int i = 0; i < 2; i++) {
		if (theirs[i] >= 0)
			close(theirs[i]);
		theirs[i] = -1;
	}
	if (ours >= 0)
		close(ours);
	ours = -1;
}

static int teardown(void **state)
{
	int err = fixture_teardown(state);

	close_all();
	return err;
}

static void open_data_path(void)
{
	fixture_open_as((struct datapath_options){.force_raw = true});
	raw_ip_addresses();
	news = 0;
}

static void open_peers_of(const char *peer_v4, const char *peer_v6)
{
	open_data_path();
	set_peer(0, US_V4, peer_v4);
	set_peer(1, US_V6, peer_v6);
	theirs[0] = bfd_socket_listen(AF_INET, PEERS_PORT);
	theirs[1] = bfd_socket_listen(AF_INET6, PEERS_PORT);
	assert_true(theirs[0] >= 0 && theirs[1] >= 0);
	datapath_sbfd_alive(fx.dp, loop_clock());
}

static void open_peers(void)
{
	open_peers_of(PEER_V4, PEER_V6);
}

static void transmit(const struct datagram *d)
{
	struct frame f = frame_of(d);

	raw_ip_send(&f, d->dst);
}

/* --- probes ----------------------------------------------------------------------------------*/

static bool answered(void)
{
	struct bfd_datagram burst[BFD_SOCKET_BURST];

	for (int i = 0; i < 2; i++) {
		if (bfd_socket_receive(theirs[i], burst) == 1) {
			got = burst[0];
			return true;
		}
	}
	return got.len > 0;
}

static void expect_answer(const char *what, const struct datagram *d, enum bfd_state state)
{
	struct datagram a = answer_to(d, state);
	struct ipaddr us = test_addr(d->dst);
	uint8_t right[BFD_LEN];

	assert_int_equal(bfd_packet_build(&a.bfd, right, sizeof(right)), BFD_LEN);
	got.len = 0;
	transmit(d);
	if (!fixture_wait(answered, TEST_WAIT))
		fail_msg("%s: not answered", what);
	assert_int_equal(got.len, BFD_LEN);
	assert_memory_equal(got.data, right, BFD_LEN);
	assert_int_equal(got.from_port, SBFD_PORT);
	assert_int_equal(got.ttl, 255);
	assert_true(ipaddr_equal(&got.from, &us));
}

static void a_probe_comes_back_as_its_answer(void **state)
{
	struct datagram rows[] = {{PROBE(PEER_V4, US_V4)}, {PROBE(PEER_V6, US_V6)}};

	(void)state;
	open_peers();
	for (int i = 0; i < 2; i++) {
		expect_answer(rows[i].src, &rows[i], BFD_UP);
		rows[i].bfd.flags |= BFD_FLAG_POLL;
		rows[i].bfd.min_echo_rx_us = 123456;
		rows[i].bfd.min_rx_us = UINT32_MAX;
		rows[i].bfd.state = BFD_DOWN;
		expect_answer(rows[i].src, &rows[i], BFD_UP);
		assert_int_equal(datapath_sbfd_state(entries[i])->probes, 2);
		assert_int_equal(datapath_sbfd_state(entries[i])->probe_state, BFD_DOWN);
	}
	assert_int_equal(fixture_verdict(HF_V_BFD + BFD_ACCEPTED).packets, 4);
}

static void the_gate_decides_what_is_answered(void **state)
{
	struct datagram d = {PROBE(PEER_V4, US_V4)};

	(void)state;
	open_peers();
	expect_answer("alive", &d, BFD_UP);
	datapath_sbfd_alive(fx.dp, mono_add(loop_clock(), -GATE_NS - 1));
	expect_answer("hung", &d, BFD_ADMIN_DOWN);
	datapath_sbfd_alive(fx.dp, loop_clock());
	expect_answer("back", &d, BFD_UP);
	datapath_sbfd_close_gate(fx.dp);
	expect_answer("closed", &d, BFD_ADMIN_DOWN);
}

static void count_verdicts(uint64_t counts[HF_V_MAX])
{
	for (uint32_t r = 0; r < HF_V_MAX; r++)
		counts[r] = fixture_verdict(r).packets;
}

/* One packet was refused for `reason`, of enum bfd_refusal; -1: none was. */
static void expect_counted(const char *what, const uint64_t before[HF_V_MAX], int reason)
{
	for (uint32_t r = HF_V_BFD + 1; r < HF_V_MAX; r++) {
		if (fixture_verdict(r).packets - before[r] != (r == HF_V_BFD + (uint32_t)reason))
			fail_msg("%s: counted as %s", what, datapath_verdict_name(r));
	}
}

/* A valid probe follows: exactly one answer must come, to this probe. */
static void expect_refused(const char *what, const struct datagram *d, int reason)
{
	struct datagram good = {PROBE(PEER_V4, US_V4)};
	uint64_t before[HF_V_MAX];

	count_verdicts(before);
	transmit(d);
	good.bfd.my_discr = 4711;
	expect_answer(what, &good, BFD_UP);
	expect_counted(what, before, reason);
	if (fixture_verdict(HF_V_BFD).packets != before[HF_V_BFD] + 1)
		fail_msg("%s: accepted", what);
}

static void what_the_programs_refuse_is_refused_here(void **state)
{
	struct datagram rows[] = {
	    {PROBE("192.0.2.13", US_V4)},
	    {PROBE(PEER_V4, US_V4), .ttl = 254},
	    {PROBE(PEER_V6, US_V6), .ttl = 254},
	    {PROBE(PEER_V4, US_V4), .sport = SBFD_PORT},
	    {PROBE(PEER_V4, "192.0.2.14")}, /* another address of this host */
	    {PROBE(PEER_V4, US_V4), .bfd.flags = 0},
	    {PROBE(PEER_V4, US_V4), .bfd.your_discr = OUR_DISCR + 1},
	    {PROBE(PEER_V4, US_V4), .bfd.state = BFD_INIT},
	};
	static const int reasons[] = {BFD_R_SOURCE,	BFD_R_TTL,  BFD_R_TTL,
				      BFD_R_REFLECTED,	-1,	    BFD_R_NOT_DEMAND,
				      BFD_R_YOUR_DISCR, BFD_R_STATE};
	struct ipaddr stranger = test_addr("192.0.2.13");
	struct hf_verdict refused;

	(void)state;
	open_peers();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char what[32];

		snprintf(what, sizeof(what), "row %zu", i);
		expect_refused(what, &rows[i], reasons[i]);
	}
	refused = fixture_verdict(HF_V_BFD + BFD_R_SOURCE);
	assert_memory_equal(&refused.last_source, &stranger, 16);
}

/* By multicast no peer is configured: the peers of the other cases are on the link. */
static void anybody_on_the_link_may_be_answered(void **state)
{
	struct datagram v4 = {PROBE(PEER_V4, US_V4)}, v6 = {PROBE(PEER_V6, US_V6)}, far = v4;

	(void)state;
	open_peers_of("0.0.0.0", "::");
	expect_answer("IPv4", &v4, BFD_UP);
	expect_answer("IPv6", &v6, BFD_UP);
	far.ttl = 254;
	expect_refused("from further away", &far, BFD_R_TTL);
}

static void an_entry_that_is_gone_is_not_answered(void **state)
{
	struct datagram d = {PROBE(PEER_V6, US_V6)};
	int fd;

	(void)state;
	open_peers();
	datapath_sbfd_destroy(entries[0]);
	expect_answer("the other one", &d, BFD_UP);
	datapath_sbfd_destroy(entries[1]);
	for (int i = 0; i < 2; i++) { /* the ports are free */
		fd = bfd_socket_listen(i ? AF_INET6 : AF_INET, SBFD_PORT);
		assert_true(fd >= 0);
		close(fd);
	}
	set_peer(1, US_V6, PEER_V6);
	expect_answer("there again", &d, BFD_UP);
	assert_int_equal(datapath_sbfd_state(entries[1])->probes, 1);
}

static void a_port_that_another_program_has_is_told(void **state)
{
	struct ipaddr peer = test_addr(PEER_V4);
	struct hf_sbfd_cfg cfg = {.gate_ns = GATE_NS, .address = test_addr(US_V4)};
	struct datapath_sbfd *s;

	(void)state;
	open_data_path();
	theirs[0] = bfd_socket_listen(AF_INET, SBFD_PORT);
	assert_true(theirs[0] >= 0);
	s = datapath_sbfd_create(fx.dp, TEST_LO, &peer, on_news, NULL);
	assert_int_equal(datapath_sbfd_set(s, &cfg), -EADDRINUSE);
	close_all();
	assert_int_equal(datapath_sbfd_set(s, &cfg), 0);
}

/* --- answers to us ---------------------------------------------------------------------------*/

/* Lets entry 0 listen to the answers to probes that leave by `ours`. */
static uint16_t open_initiator(void)
{
	struct ipaddr us = test_addr(US_V4);
	uint16_t port;

	open_peers();
	ours = sbfd_socket_open("lo", TEST_LO, &us, &port);
	assert_true(ours >= 0);
	assert_int_equal(datapath_sbfd_listen(entries[0], ours), 0);
	return port;
}

static void send_answer(uint16_t port, enum bfd_state state)
{
	struct datagram d = {ANSWER(PEER_V4, US_V4)};

	d.dport = port;
	d.bfd.state = (uint8_t)state;
	transmit(&d);
}

static void an_answer_is_noted_and_told_when_it_is_news(void **state)
{
	const volatile struct hf_sbfd_state *st;
	uint16_t port;

	(void)state;
	port = open_initiator();
	for (int i = 0; i < 3; i++)
		send_answer(port, BFD_UP);
	st = datapath_sbfd_state(entries[0]); /* reads the waiting packets, but reports nothing */
	assert_int_equal(st->answers, 3);
	assert_true(st->answer_ns > 0);
	assert_int_equal(news, 0);
	assert_true(fixture_wait(news_came, TEST_WAIT));
	send_answer(port, BFD_UP);
	send_answer(port, BFD_ADMIN_DOWN);
	news = 0;
	assert_true(fixture_wait(news_came, TEST_WAIT));
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_int_equal(news, 1);
	assert_int_equal(st->answers, 5);
	assert_int_equal(st->answer_state, BFD_ADMIN_DOWN);
	publish(0, US_V4); /* a new generation: the first answer is reported */
	news = 0;
	send_answer(port, BFD_ADMIN_DOWN);
	assert_true(fixture_wait(news_came, TEST_WAIT));
}

static void a_forged_answer_is_refused(void **state)
{
	struct datagram rows[] = {
	    {ANSWER(PEER_V4, US_V4), .ttl = 254},
	    {ANSWER(PEER_V4, US_V4), .bfd.my_discr = PEER_DISCR + 1},
	    {ANSWER(PEER_V4, US_V4), .bfd.your_discr = PROBE_DISCR + 1},
	    {ANSWER(PEER_V4, US_V4), .bfd.state = BFD_DOWN},
	    {ANSWER(PEER_V4, US_V4), .bfd.flags = BFD_FLAG_DEMAND},
	    {ANSWER(PEER_V4, US_V4), .sport = 7785},
	    {ANSWER("192.0.2.13", US_V4)},
	};
	static const int reasons[] = {
	    BFD_R_TTL, BFD_R_MY_DISCR, BFD_R_YOUR_DISCR, BFD_R_STATE, BFD_R_NOT_REFLECTED, -1, -1};
	uint16_t port;

	(void)state;
	port = open_initiator();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t before[HF_V_MAX];

		count_verdicts(before);
		rows[i].dport = port;
		transmit(&rows[i]);
		assert_int_equal(loop_turn(fx.loop, 20 * NS_PER_MS), 0);
		expect_counted("forged", before, reasons[i]);
		assert_int_equal(fixture_verdict(HF_V_BFD).packets, before[HF_V_BFD]);
		assert_int_equal(datapath_sbfd_state(entries[0])->answers, 0);
	}
}

#define CASE(fn) cmocka_unit_test_teardown(fn, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_probe_comes_back_as_its_answer),
	    CASE(the_gate_decides_what_is_answered),
	    CASE(what_the_programs_refuse_is_refused_here),
	    CASE(anybody_on_the_link_may_be_answered),
	    CASE(an_entry_that_is_gone_is_not_answered),
	    CASE(a_port_that_another_program_has_is_told),
	    CASE(an_answer_is_noted_and_told_when_it_is_news),
	    CASE(a_forged_answer_is_refused),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
