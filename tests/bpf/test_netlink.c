// SPDX-License-Identifier: BSD-2-Clause
/*
 * Addresses, links and the announcements to a LAN, against the kernel, in a network namespace of
 * the test's own. Needs root.
 *
 * Links: user/kernel/netlink.c user/kernel/garp.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/kernel/address_worker.c
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/addr.h"
#include "kernel/address_worker.h"
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

static const struct netlink_address_options plain;

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
		assert_int_equal(netlink_address_add(nl, 1, &p, "", RT_SCOPE_UNIVERSE, &plain), 0);
		assert_int_equal(netlink_address_add(nl, 1, &p, "", RT_SCOPE_UNIVERSE, &plain), -EEXIST);
		if (i == 0) {
			assert_int_equal(netlink_first_address(nl, 1, 4, &found), 0);
			assert_true(ipaddr_equal(&found, &p.addr));
		}
		assert_int_equal(netlink_address_remove(nl, 1, &p), 0);
		assert_int_equal(netlink_address_remove(nl, 1, &p), -EADDRNOTAVAIL);
	}
	assert_int_equal(netlink_first_address(nl, 1, 4, &found), -ENOENT);
	assert_int_equal(netlink_address_add(nl, 99, &(struct ipprefix){.len = 128}, "", 0, &plain),
			 -ENODEV);
	netlink_close(nl);
	loop_destroy(loop);
}

/* What `ip` says of lo's addresses. */
static void check_ip(const char *want)
{
	char text[4096] = "";
	FILE *f = popen("ip -o addr show dev lo", "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	pclose(f);
	if (!strstr(text, want))
		fail_msg("%s is not in: %s", want, text);
}

static void options_reach_the_kernel(void **state)
{
	static const struct {
		const char *prefix;
		struct netlink_address_options options;
		const char *want;
	} rows[] = {
	    {"203.0.113.57/24", {.flags = IFA_F_NOPREFIXROUTE}, "scope global noprefixroute lo"},
	    {"203.0.113.57/24",
	     {.broadcast = {{[10] = 0xff, [11] = 0xff, 203, 0, 113, 255}}},
	     "203.0.113.57/24 brd 203.0.113.255 "},
	    {"2001:db8::57/128", {.limited = true}, "deprecated"},
	    {"2001:db8::57/128", {.limited = true, .preferred_s = 3600}, "preferred_lft 3600sec"},
	    {"2001:db8::57/128", {0}, "valid_lft forever preferred_lft forever"},
	};
	struct loop *loop;
	struct netlink *nl;
	struct seen seen = {0};
	struct ipprefix p;

	(void)state;
	need_root();
	loop = loop_create();
	nl = netlink_open(loop, on_link, &seen);
	set_lo(true);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(ipprefix_parse(&p, rows[i].prefix), 0);
		assert_int_equal(netlink_address_add(nl, 1, &p, "", 0, &rows[i].options), 0);
		check_ip(rows[i].want);
		assert_int_equal(netlink_address_remove(nl, 1, &p), 0);
	}
	netlink_close(nl);
	loop_destroy(loop);
}

#define MAX_DONE 8

struct done {
	struct address_job *jobs[MAX_DONE];
	unsigned int n;
};

static void on_done(void *ctx, struct address_job *job)
{
	struct done *done = ctx;

	done->jobs[done->n++] = job;
}

static struct address_job job_of(enum address_op op, const char *dev, const char *prefix)
{
	struct address_job job = {.op = op};

	snprintf(job.dev, sizeof(job.dev), "%s", dev);
	assert_int_equal(ipprefix_parse(&job.prefix, prefix), 0);
	return job;
}

/* Before Linux 5.18 marks are not kept. */
static bool marks_are_kept(struct netlink *nl)
{
	struct ipprefix p;
	bool kept;

	assert_int_equal(ipprefix_parse(&p, "203.0.113.99/32"), 0);
	assert_int_equal(netlink_address_add(nl, 1, &p, "", RT_SCOPE_UNIVERSE, &plain), 0);
	kept = netlink_address_is_ours(nl, 1, &p) == 1;
	assert_int_equal(netlink_address_remove(nl, 1, &p), 0);
	return kept;
}

static void the_worker_does_its_jobs_in_order(void **state)
{
	struct {
		enum address_op op;
		const char *dev;
		int err;
		bool was_there;
	} want[MAX_DONE] = {
	    {ADDRESS_PURGE, "lo", -ENOENT, false},
	    {ADDRESS_ADD, "lo", 0, false},
	    {ADDRESS_ADD, "lo", 0, true},
	    {ADDRESS_PURGE, "lo", 0, false},
	    {ADDRESS_REMOVE, "lo", -EADDRNOTAVAIL, false},
	    {ADDRESS_ADD, "none", -ENODEV, false},
	    {ADDRESS_ADD, "lo", 0, false},
	    {ADDRESS_REMOVE, "lo", 0, false},
	};
	static const char *const prefixes[] = {"203.0.113.58/32", "2001:db8::58/128"};
	struct address_worker *worker;
	struct netlink *nl;
	struct loop *loop;

	(void)state;
	need_root();
	set_lo(true);
	nl = netlink_open(NULL, NULL, NULL);
	if (!marks_are_kept(nl))
		skip();
	netlink_close(nl);
	for (int family = 0; family < 2; family++) {
		struct address_job jobs[MAX_DONE];
		struct done done = {.n = 0};

		loop = loop_create();
		worker = address_worker_create(loop, on_done, &done);
		assert_non_null(worker);
		for (unsigned int i = 0; i < MAX_DONE; i++) {
			jobs[i] = job_of(want[i].op, want[i].dev, prefixes[family]);
			address_worker_give(worker, &jobs[i]);
		}
		for (int i = 0; i < 500 && done.n < MAX_DONE; i++)
			loop_turn(loop, 10 * NS_PER_MS);
		assert_int_equal(done.n, MAX_DONE);
		for (unsigned int i = 0; i < MAX_DONE; i++) {
			assert_ptr_equal(done.jobs[i], &jobs[i]);
			assert_int_equal(jobs[i].err, want[i].err);
			if (want[i].op == ADDRESS_ADD)
				assert_int_equal(jobs[i].was_there, want[i].was_there);
		}
		address_worker_destroy(worker);
		loop_destroy(loop);
	}
}

struct removals {
	unsigned int n, appeared, overruns;
	struct ipprefix last;
	uint32_t ifindex;
};

static void on_removed(void *ctx, uint32_t ifindex, const struct ipprefix *prefix, bool gone)
{
	struct removals *removals = ctx;

	removals->appeared += !gone;
	if (!gone)
		return;
	removals->n++;
	removals->ifindex = ifindex;
	if (prefix)
		removals->last = *prefix;
	else
		removals->overruns++;
}

static void ignore_link(void *ctx, const struct netlink_link *link)
{
	(void)ctx;
	(void)link;
}

static void removed_addresses_are_reported(void **state)
{
	static const char *const texts[] = {"203.0.113.57/32", "2001:db8::57/128"};
	struct removals removals = {0};
	struct netlink *nl;
	struct loop *loop;

	(void)state;
	need_root();
	set_lo(true);
	loop = loop_create();
	nl = netlink_open(loop, ignore_link, &removals);
	netlink_watch_addresses(nl, on_removed);
	for (unsigned int i = 0; i < 2; i++) {
		struct ipprefix p;

		assert_int_equal(ipprefix_parse(&p, texts[i]), 0);
		assert_int_equal(netlink_address_add(nl, 1, &p, "", RT_SCOPE_UNIVERSE, &plain), 0);
		assert_int_equal(netlink_address_remove(nl, 1, &p), 0);
		for (int k = 0; k < 100 && removals.n == i; k++)
			loop_turn(loop, 10 * NS_PER_MS);
		assert_int_equal(removals.n, i + 1);
		assert_true(removals.appeared > 0); /* IPv6 tells it later, if ever */
		assert_int_equal(removals.ifindex, 1);
		assert_int_equal(removals.last.len, p.len);
		assert_true(ipaddr_equal(&removals.last.addr, &p.addr));
	}
	assert_int_equal(removals.overruns, 0);
	netlink_close(nl);
	loop_destroy(loop);
}

static void an_interface_without_ethernet_addresses_is_refused(void **state)
{
	struct ipaddr v4;
	struct garp garp;

	(void)state;
	need_root();
	assert_int_equal(ipaddr_parse(&v4, "203.0.113.57"), 0);
	assert_int_equal(garp_open(&garp), 0);
	assert_int_equal(garp_send(&garp, 99, &v4), -ENODEV);
	assert_int_equal(garp_send(&garp, 1, &v4), -EOPNOTSUPP); /* lo */
	garp_close(&garp);
	assert_int_equal(garp_send(&garp, 1, &v4), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(links_are_reported_at_first_and_when_they_change),
	    cmocka_unit_test(addresses_are_added_found_and_removed),
	    cmocka_unit_test(options_reach_the_kernel),
	    cmocka_unit_test(the_worker_does_its_jobs_in_order),
	    cmocka_unit_test(removed_addresses_are_reported),
	    cmocka_unit_test(an_interface_without_ethernet_addresses_is_refused),
	};

	return cmocka_run_group_tests(tests, own_namespace, NULL);
}
