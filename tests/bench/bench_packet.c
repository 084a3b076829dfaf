// SPDX-License-Identifier: BSD-2-Clause
/*
 * Measures the cost of a packet in hf_xdp by test runs: the smallest value of several rounds, in
 * nanoseconds above an empty program that returns XDP_PASS. Caches are hot and no driver works, so
 * it is a lower bound for comparisons. Run it as root: build/tests/bench/bench_packet
 * Links: user/datapath/ user/core/secret.c user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 * Links: user/bfd/bfd_codec.c
 */
#include "../bpf/bfd_frame.h"
#include "datapath/bfd.h"

#include <linux/bpf.h>
#include <time.h>

#define REPEAT 500000
#define ROUNDS 15

static uint32_t cost_ns(int prog_fd, const struct frame *f)
{
	uint32_t least = UINT32_MAX;

	for (int i = 0; i < ROUNDS; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = f->b, .data_size_in = f->len,
			    .repeat = REPEAT);

		if (bpf_prog_test_run_opts(prog_fd, &run) == 0 && run.duration < least)
			least = run.duration;
	}
	return least;
}

static int empty_program(void)
{
	const struct bpf_insn pass[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
	    {.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "empty", "GPL", pass, 2, NULL);
}

static void packets_cost(void **state)
{
	static const struct {
		const char *what;
		struct traffic traffic;
	} traffic[] = {
	    {"ordinary packet", {.src = "198.51.100.1", .dst = "203.0.113.9", .protocol = 6}},
	    {"ordinary IPv6 packet", {.src = "2001:db8::1", .dst = "2001:db8::9", .protocol = 6}},
	    {"ordinary UDP packet", {.src = "198.51.100.1", .dst = "203.0.113.9", .protocol = 17}},
	    {"last octet of a shared address, not it",
	     {.src = "198.51.100.1", .dst = "203.0.112.57", .protocol = 6}},
	    {"to a shared address", {.src = "198.51.100.1", .dst = "203.0.113.57", .protocol = 6}},
	};
	static const struct {
		const char *what;
		struct advert advert;
	} adverts[] = {
	    {"valid advert", {ADVERT_V3}},
	    {"valid advert, twenty addresses", {ADVERT_V3, .count = 20}},
	    {"valid advert, 255 addresses", {ADVERT_V3, .count = 255}},
	    {"another VRID", {ADVERT_V3, .vrid = 77}},
	    {"forged: source", {ADVERT_V3, .src = "192.0.2.99"}},
	    {"forged: TTL", {ADVERT_V3, .ttl = 3}},
	    {"forged: checksum", {ADVERT_V3}},
	};
	struct ipaddr vip = test_addr("203.0.113.57");
	struct frame f;
	uint32_t index, base;
	int prog_fd;

	(void)state;
	fixture_open();
	prog_fd = bpf_program__fd(fx.dp->skel->progs.hf_xdp);
	assert_int_equal(datapath_add_vip(fx.dp, &vip, &index), 0);
	fixture_instance(UNICAST_V3, TEST_LO, VRRP_ROLE_BACKUP);
	f = frame_traffic(&traffic[0].traffic);
	base = cost_ns(empty_program(), &f);
	printf("# %4u ns  an empty program; the rest is above it\n", base);
	for (size_t i = 0; i < sizeof(traffic) / sizeof(traffic[0]); i++) {
		f = frame_traffic(&traffic[i].traffic);
		printf("# %4d ns  %s\n", (int)(cost_ns(prog_fd, &f) - base), traffic[i].what);
	}
	for (size_t i = 0; i < sizeof(adverts) / sizeof(adverts[0]); i++) {
		f = frame_advert(&adverts[i].advert);
		if (i == sizeof(adverts) / sizeof(adverts[0]) - 1)
			f.b[f.len - 1] ^= 1;
		printf("# %4d ns  %s\n", (int)(cost_ns(prog_fd, &f) - base), adverts[i].what);
	}
}

/* An advert of an unknown master is verified each time. Its HMAC is wrong, so it stays unknown. */
static void a_trailer_costs(void **state)
{
	static const struct {
		const char *what;
		uint8_t count;
		uint64_t sequence_s;
	} rows[] = {
	    {"signed, verified, HMAC wrong", 1, 0},
	    {"signed, verified, HMAC wrong, twenty addresses", 20, 0},
	    {"signed, stale", 1, 3600},
	};
	uint8_t material[VRRP_AUTH_KEY_MIN_LEN] = {1};
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);
	struct hmac_key key, other;
	const struct datapath_key keys[] = {{1, &key}};
	struct ipaddr peer = test_addr(test_templates[UNICAST_V3].src);
	struct advert a = {ADVERT_V3, .key = &other, .key_id = 1};
	uint32_t base;
	struct frame f;

	(void)state;
	fixture_open();
	hmac_key_init(&key, material, sizeof(material));
	material[0] = 2;
	hmac_key_init(&other, material, sizeof(material));
	cfg.flags |= HF_CFG_AUTH | HF_CFG_AUTH_ENFORCE;
	cfg.time_window_s = VRRP_AUTH_WINDOW_MAX_S;
	datapath_set_keys(fx.in[0], keys, 1);
	assert_int_equal(datapath_set_instance(fx.in[0], TEST_LO, &cfg), 0);
	assert_int_equal(datapath_set_peer(fx.in[0], &peer, &test_peer), 0);
	f = frame_advert(&a);
	base = cost_ns(empty_program(), &f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t ns;

		a.count = rows[i].count;
		a.sequence = ((uint64_t)time(NULL) - rows[i].sequence_s) << 32;
		f = frame_advert(&a);
		ns = cost_ns(bpf_program__fd(fx.dp->skel->progs.hf_xdp), &f);
		printf("# %4d ns  %s: %u times the empty program\n", (int)(ns - base), rows[i].what,
		       ns / (base ? base : 1));
	}
}

static void on_bfd(void *owner, const struct hf_event *ev)
{
	(void)owner;
	(void)ev;
}

/* Packets of a session that is Up, which move its deadline, and refused packets. */
static void a_bfd_packet_costs(void **state)
{
	const struct datapath_bfd_session session = {.peer = test_addr("192.0.2.11"),
						     .our_discr = 4711};
	const struct datapath_bfd_watch watch = {
	    .watch_us = 10000000, .state = BFD_UP, .min_ttl = 255};
	struct datagram d = {.src = "192.0.2.11",
			     .dst = "192.0.2.12",
			     .dport = BFD_PORT_SINGLE_HOP,
			     .ttl = 255,
			     .bfd = {.my_discr = 1,
				     .your_discr = 4711,
				     .min_tx_us = 10000,
				     .state = BFD_UP,
				     .multiplier = 3}};
	struct datapath_bfd *s;
	struct frame f = frame_of(&d);
	uint32_t base;
	int prog;

	(void)state;
	fixture_open();
	base = cost_ns(empty_program(), &f);
	prog = bpf_program__fd(fx.dp->skel->progs.hf_xdp);
	printf("# %4d ns  BFD packet, no session\n", (int)(cost_ns(prog, &f) - base));
	s = datapath_bfd_create(fx.dp, &session, on_bfd, NULL);
	assert_non_null(s);
	assert_int_equal(datapath_bfd_set(s, &watch), 0);
	assert_int_equal(datapath_bfd_arm(s, 30 * NS_PER_S), 0);
	printf("# %4d ns  BFD packet, nothing new\n", (int)(cost_ns(prog, &f) - base));
	d.ttl = 64;
	f = frame_of(&d);
	printf("# %4d ns  BFD packet, forged: TTL\n", (int)(cost_ns(prog, &f) - base));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(packets_cost, fixture_teardown),
	    cmocka_unit_test_teardown(a_trailer_costs, fixture_teardown),
	    cmocka_unit_test_teardown(a_bfd_packet_costs, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
