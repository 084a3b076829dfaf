// SPDX-License-Identifier: BSD-2-Clause
/*
 * A request to the kernel that fails does no harm to the next ones, an address is removed without a
 * list of the others, and what could not be listed is listed later. In a separate network
 * namespace. Needs root.
 *
 * Links: user/core/net_route.c
 * Links: user/kernel/ user/core/loop.c user/core/log.c user/core/addr.c user/core/worker.c
 */
#include <dlfcn.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

#include "netns.h"

#include "core/addr.h"
#include "core/log.h"
#include "kernel/netlink.h"
#include "kernel/netlink_message.h"

#define ADDRESSES 1000 /* a dump of them has several parts */
#define TRIES	  10   /* at once, of netlink_watch.c */
#define FLOOD	  16000

#define ALL	  (-1)

static atomic_int refusing; /* requests of this type fail; 0: none */
static atomic_uint refused;

/* In place of libmnl's. */
ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *req, size_t size)
{
	ssize_t (*real)(const struct mnl_socket *, const void *, size_t);
	void *found = dlsym(RTLD_NEXT, "mnl_socket_sendto");

	if (refusing == ALL || refusing == ((const struct nlmsghdr *)req)->nlmsg_type) {
		refused++;
		errno = ENOBUFS;
		return -1;
	}
	memcpy(&real, &found, sizeof(real));
	return real(nl, req, size);
}

static struct ipprefix numbered(unsigned int n)
{
	struct ipprefix p;

	assert_int_equal(ipprefix_parse(&p, "198.18.0.0/32"), 0);
	p.addr.b[14] = (uint8_t)(n >> 8);
	p.addr.b[15] = (uint8_t)n;
	return p;
}

static void add(struct netlink *nl, unsigned int n)
{
	static const struct netlink_address_options plain;
	struct ipprefix p = numbered(n);

	assert_int_equal(netlink_address_add(nl, 1, &p, "", RT_SCOPE_UNIVERSE, &plain), 0);
}

static int on_no_memory(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	(void)data;
	errno = ENOMEM;
	return MNL_CB_ERROR;
}

static int list_without_memory(struct netlink *nl)
{
	char buf[MNL_NLMSG_HDRLEN + sizeof(struct ifaddrmsg)] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = RTM_GETADDR;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifaddrmsg));
	return netlink_ask(nl, nlh, on_no_memory, NULL);
}

/* What was not read of the first answer is no answer to the next request. */
static void a_failed_listing_does_not_spoil_the_next_requests(void **state)
{
	struct net_table table = {0};
	struct netlink *nl;

	(void)state;
	need_root();
	ip("link set lo up");
	nl = netlink_open();
	assert_non_null(nl);
	for (unsigned int i = 0; i < ADDRESSES; i++)
		add(nl, i);
	assert_int_equal(list_without_memory(nl), -ENOMEM);
	add(nl, ADDRESSES);
	assert_int_equal(list_without_memory(nl), -ENOMEM);
	assert_int_equal(netlink_read(nl, &table), 0);
	assert_true(table.n_addresses > ADDRESSES);
	net_table_clear(&table);
	netlink_close(nl);
	ip("addr flush dev lo");
}

/* A shared address must not stay on a BACKUP because the others cannot be listed. */
static void an_address_goes_even_if_the_others_are_not_known(void **state)
{
	static const struct netlink_address_options plain;
	struct ipprefix shared;
	struct netlink *nl;

	(void)state;
	need_root();
	ip("link set lo up");
	nl = netlink_open();
	assert_int_equal(ipprefix_parse(&shared, "203.0.113.57/24"), 0);
	assert_int_equal(netlink_address_add(nl, 1, &shared, "", RT_SCOPE_UNIVERSE, &plain), 0);
	refusing = RTM_GETADDR;
	assert_int_equal(netlink_address_remove(nl, 1, &shared), 0);
	refusing = 0;
	assert_int_equal(netlink_address_remove(nl, 1, &shared), -EADDRNOTAVAIL);
	netlink_close(nl);
}

static void on_link(void *ctx, const struct netlink_link *link)
{
	(void)ctx;
	(void)link;
}

/* Notifications are lost, and for a while the kernel does not list the addresses. */
static void what_could_not_be_listed_is_listed_later(void **state)
{
	struct netlink_watch *watch;
	struct ipprefix lost = numbered(1), came = numbered(2);
	struct worker *worker;
	struct netlink *nl;
	struct loop *loop;

	(void)state;
	need_root();
	log_init("test", true, LOG_LV_ERROR);
	ip("link set lo up");
	nl = netlink_open();
	add(nl, 1);
	loop = loop_create();
	worker = worker_create(loop, "test");
	watch = netlink_watch_create(loop, on_link, NULL, NULL);
	assert_int_equal(netlink_sync(watch), 0);
	netlink_watch_by(watch, worker);
	for (unsigned int i = 0; i < FLOOD; i++) {
		struct ipprefix p = numbered(3);

		add(nl, 3);
		assert_int_equal(netlink_address_remove(nl, 1, &p), 0);
	}
	assert_int_equal(netlink_address_remove(nl, 1, &lost), 0);
	add(nl, 2);
	refusing = ALL;
	TURN_WHILE(loop, refused < TRIES);
	assert_true(refused >= TRIES);
	refusing = 0;
	TURN_WHILE(loop, !netlink_has_address(watch, 1, &came.addr));
	assert_true(netlink_has_address(watch, 1, &came.addr));
	assert_false(netlink_has_address(watch, 1, &lost.addr));
	netlink_close(nl);
	worker_destroy(worker);
	netlink_watch_destroy(watch);
	loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_failed_listing_does_not_spoil_the_next_requests),
	    cmocka_unit_test(an_address_goes_even_if_the_others_are_not_known),
	    cmocka_unit_test(what_could_not_be_listed_is_listed_later),
	};

	return cmocka_run_group_tests(tests, own_namespace, NULL);
}
