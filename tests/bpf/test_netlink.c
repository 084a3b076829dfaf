// SPDX-License-Identifier: BSD-2-Clause
/*
 * Addresses, links and the announcements to a LAN, with the real kernel, in a separate network
 * namespace. Needs root.
 *
 * Links: user/core/net_route.c
 * Links: user/kernel/ user/core/loop.c user/core/log.c user/core/addr.c user/core/worker.c
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
#include "netns.h"

struct seen {
	struct netlink_link last; /* of the interface called "lo" */
	unsigned int n;
	struct netlink_watch *watch; /* ask through it from within the callback */
};

static void on_link(void *ctx, const struct netlink_link *link)
{
	struct seen *seen = ctx;
	struct ipaddr found;

	if (strcmp(link->name, "lo") != 0)
		return;
	/* The callback about a link may query at once. */
	if (seen->watch)
		assert_int_equal(netlink_first_address(seen->watch, link->ifindex, 4, &found),
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

static void links_are_reported_at_first_and_when_they_change(void **state)
{
	struct loop *loop;
	struct netlink_watch *watch;
	struct seen seen = {0};

	(void)state;
	need_root();
	loop = loop_create();
	watch = netlink_watch_create(loop, on_link, NULL, &seen);
	assert_non_null(watch);
	seen.watch = watch;
	assert_int_equal(netlink_sync(watch), 0);
	seen.watch = NULL;
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
	netlink_watch_destroy(watch);
	loop_destroy(loop);
}

static const struct netlink_address_options plain;

static void addresses_are_added_found_and_removed(void **state)
{
	static const char *const texts[] = {"203.0.113.57/32", "2001:db8::57/128"};
	struct netlink_watch *watch;
	struct netlink *nl;
	struct loop *loop;
	struct seen seen = {0};

	(void)state;
	need_root();
	loop = loop_create();
	watch = netlink_watch_create(loop, on_link, NULL, &seen);
	nl = netlink_open();
	set_lo(true);
	for (int i = 0; i < 2; i++) {
		struct ipprefix p;

		assert_int_equal(ipprefix_parse(&p, texts[i]), 0);
		assert_int_equal(netlink_address_add(nl, 1, &p, "", RT_SCOPE_UNIVERSE, &plain), 0);
		assert_int_equal(netlink_address_add(nl, 1, &p, "", RT_SCOPE_UNIVERSE, &plain),
				 -EEXIST);
		TURN_WHILE(loop, !netlink_has_address(watch, 1, &p.addr));
		assert_true(netlink_has_address(watch, 1, &p.addr));
		assert_int_equal(netlink_address_remove(nl, 1, &p), 0);
		assert_int_equal(netlink_address_remove(nl, 1, &p), -EADDRNOTAVAIL);
		TURN_WHILE(loop, netlink_has_address(watch, 1, &p.addr));
		assert_false(netlink_has_address(watch, 1, &p.addr));
	}
	assert_int_equal(netlink_address_add(nl, 99, &(struct ipprefix){.len = 128}, "", 0, &plain),
			 -ENODEV);
	netlink_close(nl);
	netlink_watch_destroy(watch);
	loop_destroy(loop);
}

static void the_first_address_is_the_hosts_primary_one(void **state)
{
	struct netlink_watch *watch;
	struct ipaddr found, want;
	struct seen seen = {0};
	struct ipprefix ours;
	struct netlink *nl;
	struct loop *loop;

	(void)state;
	need_root();
	set_lo(true);
	nl = netlink_open();
	assert_int_equal(ipprefix_parse(&ours, "198.51.100.57/24"), 0);
	assert_int_equal(netlink_address_add(nl, 1, &ours, "", RT_SCOPE_UNIVERSE, &plain), 0);
	netlink_close(nl);
	ip("addr add 198.51.100.1/24 dev lo");
	ip("addr add 203.0.113.1/24 dev lo");
	loop = loop_create();
	watch = netlink_watch_create(loop, on_link, NULL, &seen);
	assert_int_equal(netlink_sync(watch), 0);
	ipaddr_parse(&want, "203.0.113.1"); /* the other one is secondary to ours */
	assert_int_equal(netlink_first_address(watch, 1, 4, &found), 0);
	assert_true(ipaddr_equal(&found, &want));
	assert_int_equal(netlink_first_address(watch, 1, 6, &found), -ENOENT);
	netlink_watch_destroy(watch);
	loop_destroy(loop);
	ip("addr flush dev lo");
}

/* The output of `ip` about lo's addresses. */
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
	struct netlink *nl;
	struct ipprefix p;

	(void)state;
	need_root();
	nl = netlink_open();
	set_lo(true);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(ipprefix_parse(&p, rows[i].prefix), 0);
		assert_int_equal(netlink_address_add(nl, 1, &p, "", 0, &rows[i].options), 0);
		check_ip(rows[i].want);
		assert_int_equal(netlink_address_remove(nl, 1, &p), 0);
	}
	netlink_close(nl);
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
	nl = netlink_open();
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
		TURN_WHILE(loop, done.n < MAX_DONE);
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

/* Those with one of Holdfast's marks are listed, each once and with its interface. */
static void addresses_with_a_mark_are_listed(void **state)
{
	static const char *const texts[] = {"203.0.113.57/32", "2001:db8::57/128"};
	static const uint8_t protos[] = {NETLINK_ADDRESS_PROTO, NETLINK_STATIC_PROTO};
	struct ipprefix want[2], got;
	unsigned int place = 0, seen[2] = {0};
	struct netlink_watch *watch;
	struct seen links = {0};
	struct netlink *nl;
	struct loop *loop;
	const char *device;

	(void)state;
	need_root();
	set_lo(true);
	ip("addr add 192.0.2.1/24 dev lo"); /* of the host */
	nl = netlink_open();
	if (!marks_are_kept(nl))
		skip();
	for (int i = 0; i < 2; i++) {
		struct netlink_address_options marked = {.proto = protos[i]};

		assert_int_equal(ipprefix_parse(&want[i], texts[i]), 0);
		assert_int_equal(
		    netlink_address_add(nl, 1, &want[i], "", RT_SCOPE_UNIVERSE, &marked), 0);
	}
	loop = loop_create();
	watch = netlink_watch_create(loop, on_link, NULL, &links);
	assert_int_equal(netlink_sync(watch), 0);
	while (netlink_next_ours(watch, &place, &got, &device)) {
		assert_string_equal(device, "lo");
		for (int i = 0; i < 2; i++)
			seen[i] += ipprefix_equal(&got, &want[i]);
		assert_true(ipprefix_equal(&got, &want[0]) || ipprefix_equal(&got, &want[1]));
	}
	assert_int_equal(seen[0], 1);
	assert_int_equal(seen[1], 1);
	assert_false(netlink_next_ours(watch, &place, &got, &device));
	netlink_watch_destroy(watch);
	loop_destroy(loop);
	netlink_close(nl);
	ip("addr flush dev lo");
}

struct removals {
	unsigned int n, appeared;
	struct ipprefix last;
	uint32_t ifindex;
	char gone[IF_NAMESIZE]; /* the last link */
};

static void on_address(void *ctx, uint32_t ifindex, const struct ipprefix *prefix, bool gone)
{
	struct removals *removals = ctx;

	removals->appeared += !gone;
	if (!gone)
		return;
	removals->n++;
	removals->ifindex = ifindex;
	removals->last = *prefix;
}

static void on_link_gone(void *ctx, const struct netlink_link *link)
{
	struct removals *removals = ctx;

	if (link->gone && strncmp(link->name, "veth", 4) != 0) /* not the other end */
		memcpy(removals->gone, link->name, sizeof(removals->gone));
}

static void removed_addresses_are_reported(void **state)
{
	static const char *const texts[] = {"203.0.113.57/32", "2001:db8::57/128"};
	struct removals removals = {0};
	struct netlink_watch *watch;
	struct netlink *nl;
	struct loop *loop;

	(void)state;
	need_root();
	set_lo(true);
	loop = loop_create();
	watch = netlink_watch_create(loop, on_link_gone, on_address, &removals);
	nl = netlink_open();
	for (unsigned int i = 0; i < 2; i++) {
		struct ipprefix p;

		assert_int_equal(ipprefix_parse(&p, texts[i]), 0);
		assert_int_equal(netlink_address_add(nl, 1, &p, "", RT_SCOPE_UNIVERSE, &plain), 0);
		assert_int_equal(netlink_address_remove(nl, 1, &p), 0);
		TURN_WHILE(loop, removals.n == i);
		assert_int_equal(removals.n, i + 1);
		assert_true(removals.appeared > 0); /* IPv6 tells it later, if ever */
		assert_int_equal(removals.ifindex, 1);
		assert_true(ipprefix_equal(&removals.last, &p));
	}
	netlink_close(nl);
	netlink_watch_destroy(watch);
	loop_destroy(loop);
}

#define FLOOD 16000 /* changes, four times what the socket holds */

/* Then the notification of what follows is lost. */
static void overrun(struct netlink *nl)
{
	struct ipprefix p;

	assert_int_equal(ipprefix_parse(&p, "198.51.100.9/32"), 0);
	for (int i = 0; i < FLOOD; i++) {
		assert_int_equal(netlink_address_add(nl, 1, &p, "", RT_SCOPE_UNIVERSE, &plain), 0);
		assert_int_equal(netlink_address_remove(nl, 1, &p), 0);
	}
}

static void what_went_in_an_overrun_is_gone(void **state)
{
	struct removals removals = {0};
	struct netlink_watch *watch;
	struct ipaddr lost, came;
	struct worker *worker;
	struct netlink *nl;
	struct loop *loop;

	(void)state;
	need_root();
	set_lo(true);
	ip("link add lost0 type veth");
	ip("addr add 203.0.113.70/32 dev lo");
	assert_int_equal(ipaddr_parse(&lost, "203.0.113.70"), 0);
	assert_int_equal(ipaddr_parse(&came, "203.0.113.71"), 0);
	loop = loop_create();
	worker = worker_create(loop, "test");
	watch = netlink_watch_create(loop, on_link_gone, on_address, &removals);
	nl = netlink_open();
	assert_int_equal(netlink_sync(watch), 0);
	netlink_watch_by(watch, worker);
	overrun(nl);
	ip("link del lost0");
	ip("addr del 203.0.113.70/32 dev lo");
	ip("addr add 203.0.113.71/32 dev lo");
	TURN_WHILE(loop,
		   strcmp(removals.gone, "lost0") != 0 || !netlink_has_address(watch, 1, &came));
	assert_string_equal(removals.gone, "lost0");
	assert_false(netlink_has_address(watch, 1, &lost));
	assert_true(netlink_has_address(watch, 1, &came));
	ip("addr del 203.0.113.71/32 dev lo");
	netlink_close(nl);
	worker_destroy(worker);
	netlink_watch_destroy(watch);
	loop_destroy(loop);
}

#define CAME	300
#define TELL_NS (LOOP_SLICE_NS / 5)

static void on_slow_address(void *ctx, uint32_t ifindex, const struct ipprefix *prefix, bool gone)
{
	struct mono end = mono_add(loop_clock(), TELL_NS);

	on_address(ctx, ifindex, prefix, gone);
	while (mono_before(loop_clock(), end))
		;
}

/* Each takes a fifth of a turn's slice; notifications have their own share of a turn. */
static void differences_are_told_a_slice_a_turn(void **state)
{
	struct removals removals = {0};
	struct netlink_watch *watch;
	struct ipprefix p;
	struct worker *worker;
	struct netlink *nl;
	struct loop *loop;
	unsigned int before = 0, most = 0;

	(void)state;
	need_root();
	set_lo(true);
	loop = loop_create();
	worker = worker_create(loop, "test");
	watch = netlink_watch_create(loop, on_link_gone, on_slow_address, &removals);
	nl = netlink_open();
	assert_int_equal(netlink_sync(watch), 0);
	netlink_watch_by(watch, worker);
	overrun(nl);
	assert_int_equal(ipprefix_parse(&p, "198.18.0.0/32"), 0);
	for (int i = 0; i < CAME; i++) {
		p.addr.b[2] = (uint8_t)(i / 256);
		p.addr.b[3] = (uint8_t)i;
		assert_int_equal(netlink_address_add(nl, 1, &p, "", RT_SCOPE_UNIVERSE, &plain), 0);
	}
	for (int k = 0; k < 20000 && !netlink_has_address(watch, 1, &p.addr); k++) {
		before = removals.appeared;
		loop_turn(loop, 10 * NS_PER_MS);
		if (removals.appeared - before > most)
			most = removals.appeared - before;
	}
	assert_true(netlink_has_address(watch, 1, &p.addr));
	assert_in_range(most, 1, 20);
	ip("addr flush dev lo to 198.18.0.0/16");
	netlink_close(nl);
	worker_destroy(worker);
	netlink_watch_destroy(watch);
	loop_destroy(loop);
}

/* The host's address was deleted and added again, while a shared one was present. */
static void the_hosts_address_outlives_a_shared_primary(void **state)
{
	struct ipprefix shared;
	struct netlink *nl;

	(void)state;
	need_root();
	set_lo(true);
	ip("link add host0 type veth");
	ip("link set host0 up");
	nl = netlink_open();
	assert_int_equal(ipprefix_parse(&shared, "192.0.2.57/24"), 0);
	assert_int_equal(netlink_address_add(nl, if_nametoindex("host0"), &shared, "", 0, &plain),
			 0);
	ip("addr add 192.0.2.11/24 dev host0 label host0:1");
	ip("addr add 192.0.2.12/24 dev host0");
	ip("addr show dev host0 | grep -q 'secondary host0:1'");
	assert_int_equal(netlink_address_remove(nl, if_nametoindex("host0"), &shared), 0);
	ip("addr show dev host0 | grep -q '192.0.2.11/24 .*scope global host0:1'");
	ip("addr show dev host0 | grep -q '192.0.2.12/24 .*scope global secondary host0'");
	ip("link del host0");
	netlink_close(nl);
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
	    cmocka_unit_test(addresses_with_a_mark_are_listed),
	    cmocka_unit_test(the_first_address_is_the_hosts_primary_one),
	    cmocka_unit_test(removed_addresses_are_reported),
	    cmocka_unit_test(what_went_in_an_overrun_is_gone),
	    cmocka_unit_test(differences_are_told_a_slice_a_turn),
	    cmocka_unit_test(the_hosts_address_outlives_a_shared_primary),
	    cmocka_unit_test(an_interface_without_ethernet_addresses_is_refused),
	};

	return cmocka_run_group_tests(tests, own_namespace, NULL);
}
