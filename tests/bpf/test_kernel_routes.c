// SPDX-License-Identifier: BSD-2-Clause
/*
 * Routes and rules against the kernel, in a network namespace of the test's own: what is ours and
 * what others have is told apart, and only removals that are asked for are heard. Needs root.
 *
 * Links: user/core/net_route.c
 * Links: user/kernel/ user/core/loop.c user/core/log.c user/core/addr.c user/core/worker.c
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "core/addr.h"
#include "kernel/address_worker.h"
#include "kernel/route_watch.h"
#include "kernel/route_worker.h"
#include "netns.h"

#define PROTO_STATIC 4

static struct loop *loop;
static struct address_worker *worker;
static unsigned int n_done;
static unsigned int n_gone, n_rules_gone;
static struct net_route last_gone;

static void on_address_done(void *ctx, struct address_job *job)
{
	(void)ctx;
	(void)job;
}

static void on_done(struct route_job *job)
{
	(void)job;
	n_done++;
}

static void on_gone(void *ctx, const struct net_route *route)
{
	(void)ctx;
	n_rules_gone += !route;
	n_gone += route != NULL;
	if (route)
		last_gone = *route;
}

static int begin(void **state)
{
	if (own_namespace(state) < 0)
		return -1;
	if (geteuid() != 0)
		return 0;
	ip("link set lo up");
	ip("link add eth0 type veth peer name eth1");
	ip("link set eth0 up");
	ip("link set eth1 up");
	ip("addr add 192.0.2.1/24 dev eth0");
	ip("addr add 2001:db8::1/64 dev eth0 nodad");
	n_gone = n_rules_gone = 0;
	loop = loop_create();
	worker = address_worker_create(loop, on_address_done, NULL);
	return loop && worker ? 0 : -1;
}

static int finish(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return 0;
	address_worker_destroy(worker);
	loop_destroy(loop);
	return 0;
}

/* The job's result. */
static int perform(struct route_job *job, enum route_op op)
{
	n_done = 0;
	job->op = op;
	job->done = on_done;
	route_worker_give(worker, job);
	TURN_WHILE(loop, n_done == 0);
	assert_int_equal(n_done, 1);
	return job->err;
}

static struct route_job route(const char *to, const char *gateway, uint8_t proto)
{
	struct route_job job = {.route = {.table = RT_TABLE_MAIN,
					  .type = gateway ? RTN_UNICAST : RTN_BLACKHOLE,
					  .proto = proto,
					  .n_hops = gateway ? 1 : 0}};

	assert_int_equal(ipprefix_parse(&job.route.to, to), 0);
	if (gateway)
		assert_int_equal(ipaddr_parse(&job.route.hops[0].gateway, gateway), 0);
	job.route.hops[0].weight = 1;
	return job;
}

static struct route_job rule(const char *from, uint32_t priority)
{
	struct route_job job = {
	    .is_rule = true, .rule = {.table = 100, .priority = priority, .action = FR_ACT_TO_TBL}};

	assert_int_equal(ipprefix_parse(&job.rule.from, from), 0);
	assert_int_equal(
	    ipprefix_parse(&job.rule.to, ipaddr_is_v4(&job.rule.from.addr) ? "0.0.0.0/0" : "::/0"),
	    0);
	return job;
}

static void what_is_ours_is_known_again(void **state)
{
	struct route_job jobs[] = {route("10.1.0.0/16", "192.0.2.9", NET_ROUTE_PROTO),
				   route("10.2.0.0/16", NULL, NET_ROUTE_PROTO),
				   route("2001:db8:1::/48", "2001:db8::9", NET_ROUTE_PROTO),
				   route("2001:db8:2::/48", NULL, NET_ROUTE_PROTO),
				   rule("10.1.0.0/16", 50),
				   rule("2001:db8::/32", 50)};

	(void)state;
	need_root();
	for (unsigned int i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		int gone = jobs[i].is_rule ? -ENOENT : -ESRCH;

		assert_int_equal(perform(&jobs[i], ROUTE_REMOVE), gone);
		assert_int_equal(perform(&jobs[i], ROUTE_ADD), 0);
		assert_false(jobs[i].was_there);
		assert_int_equal(perform(&jobs[i], ROUTE_ADD), 0);
		assert_true(jobs[i].was_there);
		assert_int_equal(perform(&jobs[i], ROUTE_REMOVE), 0);
		assert_int_equal(perform(&jobs[i], ROUTE_REMOVE), gone);
	}
}

/* IPv4 and rules keep both beside each other; of two equal IPv6 routes there is one. */
static void what_others_have_is_left_alone(void **state)
{
	struct route_job ours = route("10.1.0.0/16", "192.0.2.9", NET_ROUTE_PROTO);
	struct route_job theirs = route("10.1.0.0/16", "192.0.2.9", PROTO_STATIC);
	struct route_job ours6 = route("2001:db8:1::/48", "2001:db8::9", NET_ROUTE_PROTO);
	struct route_job theirs6 = route("2001:db8:1::/48", "2001:db8::9", PROTO_STATIC);
	struct route_job one = rule("10.1.0.0/16", 50);

	(void)state;
	need_root();
	assert_int_equal(perform(&theirs, ROUTE_ADD), 0);
	assert_int_equal(perform(&ours, ROUTE_ADD), 0);
	assert_false(ours.was_there);
	assert_int_equal(perform(&ours, ROUTE_REMOVE), 0);
	assert_int_equal(perform(&ours, ROUTE_REMOVE), -ESRCH);
	assert_int_equal(perform(&theirs, ROUTE_ADD), -EEXIST);
	assert_int_equal(perform(&theirs6, ROUTE_ADD), 0);
	assert_int_equal(perform(&ours6, ROUTE_ADD), -EEXIST);
	assert_false(ours6.was_there);
	assert_int_equal(perform(&ours6, ROUTE_REMOVE), -ESRCH);
	assert_int_equal(perform(&theirs6, ROUTE_REMOVE), 0);
	ip("rule add from 10.1.0.0/16 table 100 priority 50 protocol 4");
	assert_int_equal(perform(&one, ROUTE_REMOVE), -ENOENT);
	assert_int_equal(perform(&one, ROUTE_ADD), 0);
	assert_false(one.was_there);
	assert_int_equal(perform(&one, ROUTE_REMOVE), 0);
	ip("rule del from 10.1.0.0/16 table 100 priority 50 protocol 4");
}

static struct route_job two_hops(const char *to, const char *first, const char *second)
{
	struct route_job job = route(to, first, NET_ROUTE_PROTO);

	job.route.n_hops = 2;
	job.route.hops[1] = job.route.hops[0];
	assert_int_equal(ipaddr_parse(&job.route.hops[1].gateway, second), 0);
	job.route.hops[1].weight = 2;
	for (unsigned int i = 0; i < 2; i++)
		memcpy(job.route.hops[i].dev, "eth0", 5);
	return job;
}

static void several_next_hops_are_one_route(void **state)
{
	struct route_job v4 = two_hops("10.3.0.0/16", "192.0.2.8", "192.0.2.9");
	struct route_job v6 = two_hops("2001:db8:3::/48", "2001:db8::8", "2001:db8::9");

	(void)state;
	need_root();
	assert_int_equal(perform(&v4, ROUTE_ADD), 0);
	assert_int_equal(perform(&v4, ROUTE_ADD), 0);
	assert_true(v4.was_there);
	assert_int_equal(perform(&v4, ROUTE_REMOVE), 0);
	assert_int_equal(perform(&v4, ROUTE_REMOVE), -ESRCH);
	assert_int_equal(perform(&v6, ROUTE_ADD), 0);
	ip("-6 route del 2001:db8:3::/48 via 2001:db8::8 dev eth0");
	assert_int_equal(perform(&v6, ROUTE_ADD), 0); /* whole again */
	ip("-6 route del 2001:db8:3::/48 via 2001:db8::8 dev eth0");
	ip("-6 route del 2001:db8:3::/48 via 2001:db8::9 dev eth0");
}

static void what_cannot_be_added_says_why(void **state)
{
	struct route_job far = route("10.1.0.0/16", "172.16.0.1", NET_ROUTE_PROTO);
	struct route_job none = route("10.1.0.0/16", "192.0.2.9", NET_ROUTE_PROTO);
	struct route_job source = route("10.1.0.0/16", "192.0.2.9", NET_ROUTE_PROTO);

	(void)state;
	need_root();
	assert_int_equal(perform(&far, ROUTE_ADD), -ENETUNREACH);
	memcpy(none.route.hops[0].dev, "none", 5);
	assert_int_equal(perform(&none, ROUTE_ADD), -ENODEV);
	assert_int_equal(ipaddr_parse(&source.route.source, "192.0.2.77"), 0);
	assert_int_equal(perform(&source, ROUTE_ADD), -EINVAL);
}

static void wait_for_gone(unsigned int routes, unsigned int rules)
{
	TURN_WHILE(loop, n_gone < routes || n_rules_gone < rules);
	assert_int_equal(n_gone, routes);
	assert_int_equal(n_rules_gone, rules);
}

static void only_removals_of_the_protocols_are_heard(void **state)
{
	static const uint8_t ours[] = {NET_ROUTE_PROTO, 33};
	struct route_watch *watch;
	uint8_t many[ROUTE_WATCH_PROTOS + 1];

	(void)state;
	need_root();
	watch = route_watch_create(loop, on_gone, NULL);
	assert_non_null(watch);
	assert_int_equal(route_watch_filter(watch, ours, 2), 0);
	ip("route add blackhole 10.1.0.0/16 proto static");
	ip("route del blackhole 10.1.0.0/16 proto static");
	ip("route add blackhole 10.2.0.0/16 proto 33 table 100");
	ip("route del blackhole 10.2.0.0/16 proto 33 table 100");
	wait_for_gone(1, 0);
	assert_int_equal(last_gone.table, 100);
	assert_int_equal(last_gone.to.addr.b[13], 2);
	ip("-6 route add blackhole 2001:db8:9::/48 proto 112");
	ip("-6 route del blackhole 2001:db8:9::/48 proto 112");
	ip("rule add from 10.1.0.0/16 table 100 priority 50");
	ip("rule del from 10.1.0.0/16 table 100 priority 50");
	ip("-6 rule add from 2001:db8::/32 table 100 priority 50");
	ip("-6 rule del from 2001:db8::/32 table 100 priority 50");
	wait_for_gone(2, 2);
	memset(many, 33, sizeof(many)); /* more than the filter holds: it passes all */
	assert_int_equal(route_watch_filter(watch, many, sizeof(many)), 0);
	ip("route add blackhole 10.1.0.0/16 proto static");
	ip("route del blackhole 10.1.0.0/16 proto static");
	wait_for_gone(3, 2);
	route_watch_destroy(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_is_ours_is_known_again, begin, finish),
	    cmocka_unit_test_setup_teardown(what_others_have_is_left_alone, begin, finish),
	    cmocka_unit_test_setup_teardown(several_next_hops_are_one_route, begin, finish),
	    cmocka_unit_test_setup_teardown(what_cannot_be_added_says_why, begin, finish),
	    cmocka_unit_test_setup_teardown(only_removals_of_the_protocols_are_heard, begin,
					    finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
