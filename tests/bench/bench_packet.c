// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a packet costs in hf_xdp, by test run: the least of several rounds, in nanoseconds above an
 * empty program that returns XDP_PASS. Caches are hot and no driver works: a lower bound, good for
 * comparing. Run as root: build/tests/bench/bench_packet
 * Links: user/datapath/datapath.c user/datapath/load.c user/datapath/pins.c user/datapath/attach.c
 * Links: user/datapath/tc.c user/datapath/raw.c user/datapath/instance.c user/datapath/traffic.c
 * Links: user/datapath/verdict_name.c
 * Links: user/core/loop.c user/core/log.c user/core/addr.c
 */
#include "../bpf/fixture.h"

#include <linux/bpf.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(packets_cost, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
