// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the programs count for the traffic checks, by test run: which segment is what, by port, and
 * only for addresses that have a check.
 * Links: user/datapath/ user/core/secret.c user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include "fixture.h"

#define TCP_FIN	  0x01
#define TCP_SYN	  0x02
#define TCP_RST	  0x04
#define TCP_ACK	  0x10
#define VIP	  "203.0.113.57"

#define SYN_TO	  .src = "198.51.100.1", .dst = VIP, .protocol = 6, .sport = 4000, .dport = 80
#define ANSWER_OF .src = VIP, .dst = "198.51.100.1", .protocol = 6, .sport = 80, .dport = 4000
#define OTHER_TO  .src = "198.51.100.1", .dst = VIP, .protocol = 6, .sport = 80, .dport = 81
#define OTHER_OF  .src = VIP, .dst = "198.51.100.1", .protocol = 6, .sport = 81, .dport = 80
#define FOREIGN	  .src = "198.51.100.1", .dst = "203.0.113.58", .protocol = 6, .dport = 80
#define SYN_ACK	  TCP_SYN | TCP_ACK
#define RST_ACK	  TCP_RST | TCP_ACK

static const struct conn_case {
	const char *what;
	bool out;
	struct traffic traffic;
	struct hf_conn want; /* of all ports */
	bool other_port;     /* and nothing of port 80 */
} cases[] = {
    {"SYN", false, {SYN_TO, .tcp_flags = TCP_SYN, .seq = 7}, {.syn = 1}, false},
    {"SYN with FIN opens nothing", false, {SYN_TO, .tcp_flags = TCP_SYN | TCP_FIN}, {0}, false},
    {"SYN with RST", false, {SYN_TO, .tcp_flags = TCP_SYN | TCP_RST}, {0}, false},
    {"SYN-ACK to it", false, {SYN_TO, .tcp_flags = SYN_ACK}, {0}, false},
    {"RST to it", false, {SYN_TO, .tcp_flags = RST_ACK}, {0}, false},
    {"data", false, {SYN_TO, .tcp_flags = TCP_ACK, .payload = 10}, {0}, false},
    {"SYN to another port", false, {OTHER_TO, .tcp_flags = TCP_SYN}, {.syn = 1}, true},
    {"SYN to another address", false, {FOREIGN, .tcp_flags = TCP_SYN}, {0}, false},
    {"SYN-ACK", true, {ANSWER_OF, .tcp_flags = SYN_ACK, .seq = 7}, {.syn_ack = 1}, false},
    {"SYN from it", true, {ANSWER_OF, .tcp_flags = TCP_SYN}, {0}, false},
    {"RST that answers a SYN", true, {ANSWER_OF, .tcp_flags = RST_ACK}, {.refused = 1}, false},
    {"RST of a connection", true, {ANSWER_OF, .tcp_flags = RST_ACK, .seq = 7}, {.reset = 1}, false},
    {"RST without ACK", true, {ANSWER_OF, .tcp_flags = TCP_RST, .seq = 7}, {0}, false},
    {"SYN-ACK of another port", true, {OTHER_OF, .tcp_flags = SYN_ACK}, {.syn_ack = 1}, true},
};

/* Counts it by the key of port 80 and by that of all ports, in by XDP and by TC. */
static void expect_conn(const struct conn_case *c)
{
	const struct bpf_program *out = fx.dp->skel->progs.hf_tc_out;
	const struct bpf_program *in[] = {fx.dp->skel->progs.hf_xdp, fx.dp->skel->progs.hf_tc_in};
	struct frame f = frame_traffic(&c->traffic);

	for (size_t way = 0; way < (c->out ? 1 : 2); way++) {
		struct hf_conn_key keys[2] = {{.port_be = htons(80)}, {.port_be = 0}};
		struct hf_conn one, all, none = {0};
		struct ipaddr a = test_addr(VIP);

		assert_int_equal(datapath_add_vip(fx.dp, &a, &keys[0].vip), 0);
		keys[1].vip = keys[0].vip;
		assert_int_equal(datapath_set_conns(fx.dp, NULL, 0), 0);
		assert_int_equal(datapath_set_conns(fx.dp, keys, 2), 0);
		run_frame(c->out ? out : in[way], &f, 1);
		assert_int_equal(datapath_conn(fx.dp, &keys[0], &one), 0);
		assert_int_equal(datapath_conn(fx.dp, &keys[1], &all), 0);
		if (memcmp(&all, &c->want, sizeof(all)) != 0 ||
		    memcmp(&one, c->other_port ? &none : &c->want, sizeof(one)) != 0)
			fail_msg("%s: counted otherwise", c->what);
	}
}

static void connections_are_counted_by_port(void **state)
{
	(void)state;
	fixture_open();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_conn(&cases[i]);
}

static void a_port_counted_goes_on_until_it_is_removed(void **state)
{
	struct frame f = frame_traffic(&(struct traffic){SYN_TO, .tcp_flags = TCP_SYN});
	struct hf_conn_key keys[2] = {{.port_be = htons(80)}, {.port_be = htons(81)}};
	static struct hf_conn_key many[HF_MAX_CONNS + 1];
	struct ipaddr a = test_addr(VIP);
	struct hf_conn n;

	(void)state;
	fixture_open();
	assert_int_equal(datapath_add_vip(fx.dp, &a, &keys[0].vip), 0);
	keys[1].vip = keys[0].vip;
	assert_int_equal(datapath_conn(fx.dp, &keys[0], &n), -ENOENT);
	assert_int_equal(datapath_set_conns(fx.dp, keys, 1), 0);
	run_xdp(&f);
	assert_int_equal(datapath_set_conns(fx.dp, keys, 2), 0);
	run_xdp(&f);
	assert_int_equal(datapath_conn(fx.dp, &keys[0], &n), 0);
	assert_int_equal(n.syn, 2);
	assert_int_equal(datapath_conn(fx.dp, &keys[1], &n), 0);
	assert_int_equal(n.syn, 0);
	assert_int_equal(datapath_set_conns(fx.dp, &keys[1], 1), 0);
	assert_int_equal(datapath_conn(fx.dp, &keys[0], &n), -ENOENT);
	for (unsigned int i = 0; i <= HF_MAX_CONNS; i++)
		many[i] = (struct hf_conn_key){.vip = keys[0].vip, .port_be = (__u16)(i + 1)};
	assert_int_equal(datapath_set_conns(fx.dp, many, HF_MAX_CONNS), 0);
	assert_int_equal(datapath_set_conns(fx.dp, many, HF_MAX_CONNS + 1), -ENOSPC);
	many[0].vip = HF_MAX_VIPS;
	assert_int_equal(datapath_set_conns(fx.dp, many, 1), -ENOENT);
}

static void an_address_without_ports_is_not_looked_up(void **state)
{
	struct frame f = frame_traffic(&(struct traffic){SYN_TO, .tcp_flags = TCP_SYN});
	struct hf_conn_key key = {.port_be = htons(80)};
	struct ipaddr a = test_addr(VIP);
	struct hf_conn n;

	(void)state;
	fixture_open();
	assert_int_equal(datapath_add_vip(fx.dp, &a, &key.vip), 0);
	assert_int_equal(datapath_set_conns(fx.dp, &key, 1), 0);
	fx.dp->skel->data->hf_vip_conns[key.vip / 64] = 0;
	run_xdp(&f);
	assert_int_equal(datapath_conn(fx.dp, &key, &n), 0);
	assert_int_equal(n.syn, 0);
}

static void what_an_earlier_daemon_counted_goes_on_or_goes(void **state)
{
	struct frame f = frame_traffic(&(struct traffic){SYN_TO, .tcp_flags = TCP_SYN});
	struct hf_conn_key keys[2] = {{.port_be = htons(80)}, {.port_be = htons(81)}};
	struct ipaddr a = test_addr(VIP);
	struct hf_conn n;

	(void)state;
	fixture_open_as((struct datapath_options){.keep = true});
	assert_int_equal(datapath_add_vip(fx.dp, &a, &keys[0].vip), 0);
	keys[1].vip = keys[0].vip;
	assert_int_equal(datapath_set_conns(fx.dp, keys, 2), 0);
	run_xdp(&f);
	fixture_close();
	fixture_open();
	assert_int_equal(datapath_add_vip(fx.dp, &a, &keys[0].vip), 0);
	assert_int_equal(datapath_set_conns(fx.dp, &keys[0], 1), 0);
	run_xdp(&f);
	assert_int_equal(datapath_conn(fx.dp, &keys[0], &n), 0);
	assert_int_equal(n.syn, 2);
	assert_int_equal(datapath_conn(fx.dp, &keys[1], &n), -ENOENT);
}

#define CASE(name) cmocka_unit_test_teardown(name, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(connections_are_counted_by_port),
	    CASE(a_port_counted_goes_on_until_it_is_removed),
	    CASE(an_address_without_ports_is_not_looked_up),
	    CASE(what_an_earlier_daemon_counted_goes_on_or_goes),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
