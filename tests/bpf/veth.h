/* SPDX-License-Identifier: BSD-2-Clause */
/* A veth pair for attachments, queries of what is attached, and frames over the pair. */
#ifndef TEST_VETH_H
#define TEST_VETH_H

#include "fixture.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define VIP "203.0.113.57"

static uint32_t ours, theirs; /* the two ends */

static inline int veth_setup(void **state)
{
	(void)state;
	if (!fx.ready)
		return 0;
	assert_int_equal(RUN("ip", "link", "add", "hf0", "type", "veth", "peer", "name", "hf1"), 0);
	assert_int_equal(RUN("ip", "link", "set", "hf0", "up"), 0);
	assert_int_equal(RUN("ip", "link", "set", "hf1", "up"), 0);
	ours = if_nametoindex("hf0");
	theirs = if_nametoindex("hf1");
	return 0;
}

static inline int veth_teardown(void **state)
{
	fixture_teardown(state);
	if (fx.ready)
		RUN("ip", "link", "del", "hf0");
	return 0;
}

static inline void send_frame(const struct frame *f)
{
	struct sockaddr_ll to = {
	    .sll_family = AF_PACKET, .sll_ifindex = (int)theirs, .sll_halen = ETH_ALEN};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(sendto(fd, f->b, f->len, 0, (struct sockaddr *)&to, sizeof(to)), f->len);
	close(fd);
}

static inline void send_advert(struct advert a)
{
	struct frame f = frame_advert(&a);

	send_frame(&f);
}

static inline struct datapath_interface status(void)
{
	struct datapath_interface ifc;

	assert_int_equal(datapath_interfaces(fx.dp), 1);
	datapath_interface_status(fx.dp, 0, &ifc);
	return ifc;
}

static inline uint32_t xdp_id(void)
{
	uint32_t id = 0;

	assert_int_equal(bpf_xdp_query_id((int)ours, 0, &id), 0);
	return id;
}

static inline bool has_clsact(void)
{
	return RUN("sh", "-c", "tc qdisc show dev hf0 | grep -q clsact") == 0;
}

static inline bool has_filter(const char *direction, const char *program)
{
	return RUN("sh", "-c", "tc filter show dev hf0 \"$1\" | grep -q \"$2\"", "sh", direction,
		   program) == 0;
}

static inline bool has_pins(void)
{
	char path[DP_PATH];
	struct stat st;

	snprintf(path, sizeof(path), DP_BPFFS "/%s", fx.name);
	return stat(path, &st) == 0;
}

static inline uint64_t accepted(void)
{
	return fixture_verdict(HF_V_ACCEPTED).packets;
}

static inline bool one_accepted(void)
{
	return accepted() == 1;
}

static inline bool two_accepted(void)
{
	return accepted() == 2;
}

static inline void attach_all(struct datapath_options opt)
{
	struct ipaddr a = test_addr(VIP);
	uint32_t vip;

	fixture_open_as(opt);
	assert_int_equal(datapath_add_vip(fx.dp, &a, &vip), 0);
	fixture_instance(UNICAST_V3, ours, VRRP_ROLE_BACKUP);
	assert_int_equal(datapath_attach_interface(fx.dp, ours), 0);
	assert_int_equal(datapath_attach_interface(fx.dp, ours), 0); /* once */
}

static inline uint64_t received(void)
{
	struct ipaddr a = test_addr(VIP);
	struct hf_traffic rx, tx;
	uint32_t vip;

	assert_int_equal(datapath_add_vip(fx.dp, &a, &vip), 0);
	assert_int_equal(datapath_traffic(fx.dp, vip, &rx, &tx), 0);
	return rx.packets;
}

static inline uint64_t sent(void)
{
	struct ipaddr a = test_addr(VIP);
	struct hf_traffic rx, tx;
	uint32_t vip;

	assert_int_equal(datapath_add_vip(fx.dp, &a, &vip), 0);
	assert_int_equal(datapath_traffic(fx.dp, vip, &rx, &tx), 0);
	return tx.packets;
}

static inline bool one_each_way(void)
{
	return received() == 1 && sent() == 1;
}

/* Packets over the pair are judged and counted once. */
static inline void expect_working(void)
{
	struct frame to = frame_traffic(
	    &(struct traffic){.src = "198.51.100.1", .dst = VIP, .protocol = 6, .tcp_flags = 2});
	struct frame from = frame_traffic(
	    &(struct traffic){.src = VIP, .dst = "198.51.100.1", .protocol = 6, .tcp_flags = 18});
	uint32_t peer = theirs;

	send_advert((struct advert){ADVERT_V3});
	assert_true(fixture_wait(one_accepted, TEST_WAIT));
	send_frame(&to);
	theirs = ours;
	send_frame(&from);
	theirs = peer;
	assert_true(fixture_wait(one_each_way, TEST_WAIT));
	send_advert((struct advert){ADVERT_V3, .ttl = 1});
	send_advert((struct advert){ADVERT_V3});
	assert_true(fixture_wait(two_accepted, TEST_WAIT));
	assert_int_equal(fixture_verdict(HF_V_TTL).packets, 1);
	assert_int_equal(datapath_state(fx.in[0])->adverts, 2);
}

static inline void expect_nothing_left(void)
{
	assert_int_equal(xdp_id(), 0);
	assert_false(has_clsact());
	assert_false(has_pins());
}

static inline int pass_program(enum bpf_prog_type type)
{
	const struct bpf_insn pass[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(type, "foreign", "GPL", pass, 2, NULL);

	assert_true(fd >= 0);
	return fd;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, veth_setup, veth_teardown)

#endif
