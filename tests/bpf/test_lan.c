// SPDX-License-Identifier: BSD-2-Clause
/*
 * The announcements of an address on a LAN, octet by octet, and the kernel's messages about links
 * and addresses, in a separate network namespace. Needs root.
 *
 * Links: user/core/net_route.c
 * Links: user/kernel/ user/core/loop.c user/core/log.c user/core/addr.c user/core/worker.c
 */
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "netns.h"

#include "core/addr.h"
#include "kernel/garp.h"
#include "kernel/netlink.h"

/* A pair of links; the frames that leave host0 arrive at the descriptor. */
static int listen_behind(uint32_t *ifindex)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd;

	ip("link add host0 type veth peer name peer0");
	ip("link set host0 address 02:00:00:00:00:57");
	ip("link set peer0 up");
	ip("link set host0 up");
	ip("-6 addr add fe80::57/64 dev host0 nodad");
	*ifindex = if_nametoindex("host0");
	at.sll_ifindex = (int)if_nametoindex("peer0");
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* The next frame with `octets` at `offset`. */
static void frame_with(int fd, size_t offset, const void *octets, size_t n, uint8_t frame[128])
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	do {
		assert_int_equal(poll(&pfd, 1, 10000), 1);
		memset(frame, 0, 128);
		assert_true(recv(fd, frame, 128, 0) > 0);
	} while (memcmp(frame + offset, octets, n) != 0);
}

static void the_lan_is_told_who_has_an_address(void **state)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 0x57}, all[] = {255, 255, 255, 255, 255, 255};
	static const uint8_t arp[] = {0, 1, 8, 0, 6, 4, 0, 1}, shared4[] = {203, 0, 113, 57};
	struct ipaddr v4, v6;
	uint8_t frame[128];
	struct garp garp;
	uint32_t ifindex;
	int fd;

	(void)state;
	need_root();
	fd = listen_behind(&ifindex);
	assert_int_equal(ipaddr_parse(&v4, "203.0.113.57"), 0);
	assert_int_equal(ipaddr_parse(&v6, "2001:db8::57"), 0);
	assert_int_equal(garp_open(&garp), 0);
	assert_int_equal(garp_send(&garp, ifindex, &v4), 0);
	frame_with(fd, 14, arp, sizeof(arp), frame);
	assert_memory_equal(frame, all, 6);
	assert_memory_equal(frame + 22, mac, 6);
	assert_memory_equal(frame + 28, shared4, 4); /* sender and target are the address */
	assert_memory_equal(frame + 38, shared4, 4);
	assert_int_equal(garp_send(&garp, ifindex, &v6), 0);
	frame_with(fd, 54, ((const uint8_t[]){136, 0}), 2, frame); /* a Neighbor Advertisement */
	assert_int_equal(frame[21], 255);			   /* hop limit: RFC 4861, 7.1.2 */
	assert_int_equal(frame[58], 0xa0); /* router, override; not solicited: RFC 9568, 6.4.1 */
	assert_memory_equal(frame + 62, v6.b, 16);
	assert_memory_equal(frame + 78, ((const uint8_t[]){2, 1}), 2);
	assert_memory_equal(frame + 80, mac, 6);
	garp_close(&garp);
	close(fd);
	ip("link del host0");
}

static void on_last_address(void *ctx, uint32_t ifindex, const struct ipprefix *prefix, bool gone)
{
	(void)ifindex;
	if (!gone)
		*(struct ipprefix *)ctx = *prefix;
}

static void on_no_link(void *ctx, const struct netlink_link *link)
{
	(void)ctx;
	(void)link;
}

static void on_a_point_to_point_link_the_near_end_is_ours(void **state)
{
	struct ipprefix last = {0}, near;
	struct netlink_watch *watch;
	struct loop *loop;

	(void)state;
	need_root();
	loop = loop_create();
	watch = netlink_watch_create(loop, on_no_link, on_last_address, &last);
	assert_non_null(watch);
	assert_int_equal(netlink_sync(watch), 0);
	assert_int_equal(ipprefix_parse(&near, "192.0.2.1/32"), 0);
	ip("addr add 192.0.2.1 peer 192.0.2.2/32 dev lo");
	for (int i = 0; i < 1000 && last.len == 0; i++)
		loop_turn(loop, 10 * NS_PER_MS);
	assert_true(ipaddr_equal(&last.addr, &near.addr));
	ip("addr del 192.0.2.1 peer 192.0.2.2/32 dev lo");
	netlink_watch_destroy(watch);
	loop_destroy(loop);
}

static void on_no_address(void *ctx, uint32_t ifindex, const struct ipprefix *prefix, bool gone)
{
	(void)ctx;
	(void)ifindex;
	(void)prefix;
	(void)gone;
}

static void on_named_link(void *ctx, const struct netlink_link *link)
{
	if (strcmp(link->name, "host0") == 0)
		*(struct netlink_link *)ctx = *link;
}

/* Set up without a carrier, as with its cable out. */
static void a_link_without_a_carrier_is_down(void **state)
{
	struct netlink_link host = {0};
	struct netlink_watch *watch;
	struct loop *loop;

	(void)state;
	need_root();
	loop = loop_create();
	watch = netlink_watch_create(loop, on_named_link, on_no_address, &host);
	assert_non_null(watch);
	assert_int_equal(netlink_sync(watch), 0);
	ip("link add host0 type veth peer name peer0");
	ip("link set host0 up");
	ip("link set host0 alias now"); /* the last message is one of a link that is set up */
	for (int i = 0; i < 20; i++)
		loop_turn(loop, 10 * NS_PER_MS);
	assert_int_not_equal(host.ifindex, 0);
	assert_false(host.up);
	ip("link set peer0 up");
	for (int i = 0; i < 1000 && !host.up; i++)
		loop_turn(loop, 10 * NS_PER_MS);
	assert_true(host.up);
	ip("link del host0");
	netlink_watch_destroy(watch);
	loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_lan_is_told_who_has_an_address),
	    cmocka_unit_test(on_a_point_to_point_link_the_near_end_is_ours),
	    cmocka_unit_test(a_link_without_a_carrier_is_down),
	};

	return cmocka_run_group_tests(tests, own_namespace, NULL);
}
