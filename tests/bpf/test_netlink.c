// SPDX-License-Identifier: BSD-2-Clause
/*
 * Addresses, links and the announcements to a LAN, against the kernel, in a network namespace of
 * the test's own. Needs root.
 *
 * Links: user/kernel/netlink.c user/kernel/garp.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/addr.h"
#include "kernel/garp.h"
#include "kernel/netlink.h"

struct seen {
	struct netlink_link last; /* of the interface called "lo" */
	unsigned int n;
	struct netlink *nl; /* ask through it from within the callback */
};

static void on_link(void *ctx, const struct netlink_link *link)
{
	struct seen *seen = ctx;
	struct ipaddr found;

	if (strcmp(link->name, "lo") != 0)
		return;
	/* Whoever is told of a link may ask the kernel at once. */
	if (seen->nl)
		assert_int_equal(netlink_first_address(seen->nl, link->ifindex, 4, &found),
				 -ENOENT);
	seen->last = *link;
	seen->n++;
}

static void set_lo(bool up)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = up ? IFF_UP : 0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
	close(fd);
}

static int own_namespace(void **state)
{
	(void)state;
	if (geteuid() == 0 && unshare(CLONE_NEWNET) < 0)
		return -1;
	return 0;
}

static void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

static void links_are_reported_at_first_and_when_they_change(void **state)
{
	struct loop *loop;
	struct netlink *nl;
	struct seen seen = {0};

	(void)state;
	need_root();
	loop = loop_create();
	nl = netlink_open(loop, on_link, &seen);
	assert_non_null(nl);
	seen.nl = nl;
	assert_int_equal(netlink_sync(nl), 0);
	seen.nl = NULL;
	assert_int_equal(seen.n, 1);
	assert_false(seen.last.up);
	set_lo(true);
	for (int i = 0; i < 100 && !seen.last.up; i++)
		loop_turn(loop, 10 * NS_PER_MS);
	assert_true(seen.last.up);
	set_lo(false);
	for (int i = 0; i < 100 && seen.last.up; i++)
		loop_turn(loop, 10 * NS_PER_MS);
	assert_false(seen.last.up);
	netlink_close(nl);
	loop_destroy(loop);
}

static void addresses_are_added_found_and_removed(void **state)
{
	static const char *const texts[] = {"203.0.113.57/32", "2001:db8::57/128"};
	struct loop *loop;
	struct netlink *nl;
	struct seen seen = {0};
	struct ipaddr found;

	(void)state;
	need_root();
	loop = loop_create();
	nl = netlink_open(loop, on_link, &seen);
	set_lo(true);
	for (int i = 0; i < 2; i++) {
		struct ipprefix p;

		assert_int_equal(ipprefix_parse(&p, texts[i]), 0);
		assert_int_equal(netlink_address_add(nl, 1, &p, "", RT_SCOPE_UNIVERSE), 0);
		assert_int_equal(netlink_address_add(nl, 1, &p, "", RT_SCOPE_UNIVERSE), -EEXIST);
		if (i == 0) {
			assert_int_equal(netlink_first_address(nl, 1, 4, &found), 0);
			assert_true(ipaddr_equal(&found, &p.addr));
		}
		assert_int_equal(netlink_address_remove(nl, 1, &p), 0);
		assert_int_equal(netlink_address_remove(nl, 1, &p), -EADDRNOTAVAIL);
	}
	assert_int_equal(netlink_first_address(nl, 1, 4, &found), -ENOENT);
	assert_int_equal(netlink_address_add(nl, 99, &(struct ipprefix){.len = 128}, "", 0),
			 -ENODEV);
	netlink_close(nl);
	loop_destroy(loop);
}

static void an_interface_without_ethernet_addresses_is_refused(void **state)
{
	struct ipaddr v4;

	(void)state;
	need_root();
	assert_int_equal(ipaddr_parse(&v4, "203.0.113.57"), 0);
	assert_int_equal(garp_send(99, &v4), -ENODEV);
	assert_int_equal(garp_send(1, &v4), -EOPNOTSUPP); /* lo */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(links_are_reported_at_first_and_when_they_change),
	    cmocka_unit_test(addresses_are_added_found_and_removed),
	    cmocka_unit_test(an_interface_without_ethernet_addresses_is_refused),
	};

	return cmocka_run_group_tests(tests, own_namespace, NULL);
}
