// SPDX-License-Identifier: BSD-2-Clause
/*
 * Each socket that a failover depends on sends network control: the octet of CS6, and priority 6 for
 * the queueing disciplines. With IP_TOS the kernel changes the priority, so both are read back.
 * Links: user/vrrp/vrrp_socket.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 * Links: user/speaker/bgp_socket.c user/kernel/datagrams.c user/core/addr.c user/core/loop.c
 * Links: user/core/log.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bfd/bfd_socket.h"
#include "bfd/sbfd_socket.h"
#include "core/addr.h"
#include "core/traffic_class.h"
#include "kernel/datagrams.h"
#include "speaker/bgp_socket.h"
#include "vrrp/vrrp_socket.h"

#define LOOPBACK_INDEX 1
#define REPORT_PORT    47784 /* of these tests alone */

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static void assert_is_control(int fd, int family)
{
	assert_true(fd >= 0);
	assert_int_equal(option(fd, SOL_SOCKET, SO_PRIORITY), 6);
	assert_int_equal(family == AF_INET ? option(fd, IPPROTO_IP, IP_TOS)
					   : option(fd, IPPROTO_IPV6, IPV6_TCLASS),
			 0xc0);
}

static const int families[] = {AF_INET, AF_INET6};
static const char *const addresses[] = {"127.0.0.1", "::1"};

static struct ipaddr loopback(int i)
{
	struct ipaddr addr;

	assert_int_equal(ipaddr_parse(&addr, addresses[i]), 0);
	return addr;
}

static void adverts_are_control(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	for (int i = 0; i < 2; i++) {
		struct vrrp_socket_key key = {
		    .ifindex = LOOPBACK_INDEX, .interface = "lo", .source = loopback(i), .ttl = 255};
		int fd = vrrp_socket_open(&key, VRRP_SOCKET_UNICAST);

		assert_is_control(fd, families[i]);
		close(fd);
	}
}

static void probes_are_control(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct ipaddr source = loopback(i);
		uint16_t port = 0;
		int fd = sbfd_socket_open("lo", LOOPBACK_INDEX, &source, &port);

		assert_is_control(fd, families[i]);
		close(fd);
	}
}

static void bfd_is_control(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct ipaddr peer = loopback(i);
		int fd = bfd_socket_open(&peer, &peer, 255, 7);

		assert_is_control(fd, families[i]);
		close(fd);
	}
}

static void bgp_is_control(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct cfg_neighbor cfg = {.port = 1};
		struct bgp_place at = {.address = loopback(i)};
		int fd = bgp_socket_dial(&cfg, &at, false, 0);

		assert_is_control(fd, families[i]);
		close(fd);
	}
}

static void ignore(void *ctx, const struct datagram_way *way, const uint8_t *data, size_t len)
{
	(void)ctx;
	(void)way;
	(void)data;
	(void)len;
}

/* One socket for both families. It gets the lowest free descriptor. */
static void reports_are_control(void **state)
{
	struct loop *loop = loop_create();
	struct datagrams *reports;
	int fd = dup(STDERR_FILENO);

	(void)state;
	close(fd);
	reports = datagrams_create(loop, REPORT_PORT, ignore, NULL);
	assert_non_null(reports);
	assert_is_control(fd, AF_INET);
	assert_is_control(fd, AF_INET6);
	datagrams_destroy(reports);
	loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(adverts_are_control), cmocka_unit_test(probes_are_control),
	    cmocka_unit_test(bfd_is_control),	   cmocka_unit_test(bgp_is_control),
	    cmocka_unit_test(reports_are_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
