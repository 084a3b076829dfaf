// SPDX-License-Identifier: BSD-2-Clause
/*
 * Measures the cost of a packet in hf_xdp by test runs: the smallest value of several rounds, in
 * nanoseconds above an empty program that returns XDP_PASS. Caches are hot and no driver works, so
 * it is a lower bound for comparisons. Run it as root: build/tests/bench/bench_packet
 * Links: user/datapath/ user/core/secret.c user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 * Links: user/bfd/bfd_codec.c
 */
#include "../bpf/sbfd_peers.h"
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

/* Prints the time of a program above that of the empty program, `base`, and their quotient. */
static void print_times(int ns, uint32_t base, const char *what)
{
	printf("# %4d ns  %s: %u times the empty program\n", ns - (int)base, what,
	       (uint32_t)ns / (base ? base : 1));
}

/* As libbpf loads hf_xdp, because a program may call only one with the same type of attachment. */
static int load(const struct bpf_insn *insns, size_t n)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_XDP);

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "bench", "GPL", insns, n, &opts);
}

static int empty_program(void)
{
	const struct bpf_insn pass[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
	    {.code = BPF_JMP | BPF_EXIT},
	};

	return load(pass, 2);
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

/* A vrrp_traffic_check looks only at SYN and RST segments of its addresses. */
static void checked_ports_cost(void **state)
{
	static const struct {
		const char *what;
		struct traffic traffic;
	} rows[] = {
	    {"ordinary packet, ports are checked",
	     {.src = "198.51.100.1", .dst = "203.0.113.9", .protocol = 6}},
	    {"ordinary IPv6 packet, ports are checked",
	     {.src = "2001:db8::1", .dst = "2001:db8::9", .protocol = 6}},
	    {"ordinary UDP packet, ports are checked",
	     {.src = "198.51.100.1", .dst = "203.0.113.9", .protocol = 17}},
	    {"to a shared address, ports are checked",
	     {.src = "198.51.100.1", .dst = "203.0.113.57", .protocol = 6, .tcp_flags = 16}},
	    {"SYN to a checked port",
	     {.src = "198.51.100.1",
	      .dst = "203.0.113.57",
	      .protocol = 6,
	      .dport = 80,
	      .tcp_flags = 2}},
	};
	struct hf_conn_key keys[2] = {{.port_be = htons(80)}, {.port_be = 0}};
	struct ipaddr vip = test_addr("203.0.113.57");
	struct frame f;
	uint32_t base;

	(void)state;
	fixture_open();
	assert_int_equal(datapath_add_vip(fx.dp, &vip, &keys[0].vip), 0);
	keys[1].vip = keys[0].vip;
	assert_int_equal(datapath_set_conns(fx.dp, keys, 2), 0);
	f = frame_traffic(&rows[0].traffic);
	base = cost_ns(empty_program(), &f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f = frame_traffic(&rows[i].traffic);
		printf("# %4d ns  %s\n",
		       (int)(cost_ns(bpf_program__fd(fx.dp->skel->progs.hf_xdp), &f) - base),
		       rows[i].what);
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
		print_times((int)ns, base, rows[i].what);
	}
}

/* --- S-BFD: a program that is answered in place --- */

#define MAX_INSNS 128

static void add_insn(struct bpf_insn *insns, size_t *n, struct bpf_insn insn)
{
	assert_true(*n < MAX_INSNS);
	insns[(*n)++] = insn;
}

/* Two instructions: the register gets a number of 64 bits, or (BPF_PSEUDO_MAP_FD) a map. */
static void add_load(struct bpf_insn *insns, size_t *n, uint8_t reg, uint8_t pseudo, uint64_t value)
{
	add_insn(insns, n,
		 (struct bpf_insn){.code = BPF_LD | BPF_DW | BPF_IMM,
				   .dst_reg = reg,
				   .src_reg = pseudo,
				   .imm = (int32_t)value});
	add_insn(insns, n, (struct bpf_insn){.imm = (int32_t)(value >> 32)});
}

/*
 * A program that writes `f` into its packet and then calls program 0 of `calls`. The kernel does
 * not restore a packet between the runs, and a second run would find the answer of the first.
 */
static int restoring_program(int calls, const struct frame *f)
{
	struct bpf_insn insns[MAX_INSNS];
	uint64_t octets;
	size_t n = 0, at = 0;

	add_insn(insns, &n, (struct bpf_insn){BPF_LDX | BPF_MEM | BPF_W, 2, 1, 0, 0});
	add_insn(insns, &n, (struct bpf_insn){BPF_LDX | BPF_MEM | BPF_W, 3, 1, 4, 0});
	add_insn(insns, &n, (struct bpf_insn){BPF_ALU64 | BPF_MOV | BPF_X, 4, 2, 0, 0});
	add_insn(insns, &n,
		 (struct bpf_insn){BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, (int32_t)f->len});
	add_insn(insns, &n, (struct bpf_insn){BPF_JMP | BPF_JLE | BPF_X, 4, 3, 2, 0});
	add_insn(insns, &n, (struct bpf_insn){BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_ABORTED});
	add_insn(insns, &n, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
	for (; at + sizeof(octets) <= f->len; at += sizeof(octets)) {
		memcpy(&octets, f->b + at, sizeof(octets));
		add_load(insns, &n, 5, 0, octets);
		add_insn(insns, &n,
			 (struct bpf_insn){BPF_STX | BPF_MEM | BPF_DW, 2, 5, (int16_t)at, 0});
	}
	for (; at < f->len; at++)
		add_insn(insns, &n,
			 (struct bpf_insn){BPF_ST | BPF_MEM | BPF_B, 2, 0, (int16_t)at, f->b[at]});
	add_load(insns, &n, 2, BPF_PSEUDO_MAP_FD, (uint32_t)calls);
	add_insn(insns, &n, (struct bpf_insn){BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0});
	add_insn(insns, &n, (struct bpf_insn){BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_tail_call});
	add_insn(insns, &n, (struct bpf_insn){BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_ABORTED});
	add_insn(insns, &n, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
	return load(insns, n);
}

/* The cost of the program on `f`, which it may change, above that of the empty one. */
static int cost_in_place(int prog_fd, int empty_fd, const struct frame *f)
{
	int calls = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "calls", 4, 4, 1, NULL), restore;
	uint32_t zero = 0, cost[2];

	assert_true(calls >= 0);
	restore = restoring_program(calls, f);
	assert_true(restore >= 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    bpf_map_update_elem(calls, &zero, i == 0 ? &empty_fd : &prog_fd, BPF_ANY), 0);
		cost[i] = cost_ns(restore, f);
	}
	close(restore);
	close(calls);
	return (int)(cost[1] - cost[0]);
}

static void an_sbfd_packet_costs(void **state)
{
	static const struct {
		const char *what;
		struct datagram d;
	} rows[] = {
	    {"S-BFD probe, answered", {PROBE(PEER_V4, US_V4)}},
	    {"S-BFD probe over IPv6, answered", {PROBE(PEER_V6, US_V6)}},
	    {"S-BFD answer, noted", {ANSWER(PEER_V4, US_V4)}},
	    {"S-BFD probe of a stranger", {PROBE("192.0.2.99", US_V4)}},
	};
	struct frame f;
	int prog, empty;

	(void)state;
	fixture_open();
	set_peer(0, US_V4, PEER_V4);
	set_peer(1, US_V6, PEER_V6);
	datapath_sbfd_alive(fx.dp, loop_clock());
	prog = bpf_program__fd(fx.dp->skel->progs.hf_xdp);
	empty = empty_program();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t base;

		f = frame_of(&rows[i].d);
		base = cost_ns(empty, &f);
		print_times((int)base + cost_in_place(prog, empty, &f), base, rows[i].what);
	}
	assert_true(datapath_sbfd_state(entries[0])->probes >= REPEAT);
	assert_true(datapath_sbfd_state(entries[1])->probes >= REPEAT);
	assert_true(datapath_sbfd_state(entries[0])->answers >= REPEAT);
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
	    cmocka_unit_test_teardown(checked_ports_cost, fixture_teardown),
	    cmocka_unit_test_teardown(a_trailer_costs, fixture_teardown),
	    cmocka_unit_test_teardown(an_sbfd_packet_costs, fixture_teardown),
	    cmocka_unit_test_teardown(a_bfd_packet_costs, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
