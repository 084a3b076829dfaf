// SPDX-License-Identifier: BSD-2-Clause
/*
 * Many interfaces, in the whole engine with fakes: an instance with as many as it may have, one of
 * which is replaced, and what a stranger's report costs beside hundreds of instances.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "engine_case.h"
#include "core/addr.h"
#include "engine/peer/reports.h"
#include "engine/state.h"

#define LO    1
#define FIRST 10 /* interface */
#define VRIDS 255

static struct ipaddr self, peer;

/* The names of `n` interfaces from `from` on. */
static void print_interfaces(FILE *f, unsigned int from, unsigned int n)
{
	fprintf(f, "interfaces");
	for (unsigned int i = 0; i < n; i++)
		fprintf(f, " e%u", from + i);
	fprintf(f, "\n");
}

static void print_instance(FILE *f, const char *name, unsigned int vrid, unsigned int from,
			   unsigned int n, const char *more)
{
	fprintf(f, "vrrp_instance %s {\n", name);
	print_interfaces(f, from, n);
	fprintf(f,
		"virtual_router_id %u\nversion 3\npriority 100\nadvert_int 1\n"
		"unicast_src_ip 10.0.0.1\nunicast_peer {\n10.0.0.2\n}\nno_virtual_ipaddress\n%s}\n",
		vrid, more);
}

static void begin(const char *text, unsigned int n_links)
{
	char name[IF_NAMESIZE];

	ipaddr_parse(&self, "10.0.0.1");
	ipaddr_parse(&peer, "10.0.0.2");
	fake_init(&machine);
	fake->quiet = true;
	fake_add_link(LO, "lo", true);
	for (unsigned int i = 0; i < n_links; i++) {
		snprintf(name, sizeof(name), "e%u", i);
		fake_add_link(FIRST + i, name, true);
	}
	fake_add_address(LO, "10.0.0.1/32", false);
	engine = engine_fake_start(text);
	fake_run_for(NS_PER_MS);
}

/* --- probes ---------------------------------------------------------------------------------*/

static const struct prober *prober(void)
{
	assert_int_equal(named("web")->peers.n, 1);
	return &named("web")->peers.all[0]->prober;
}

/* The data path has room for the eight present interfaces, but not for a former one beside them. */
static void eight_interfaces_are_probed_after_each_was_replaced(void **state)
{
	char *text, name[IF_NAMESIZE];
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	print_instance(f, "web", 51, 0, CFG_MAX_UPLINKS, "sbfd {\n}\n");
	fclose(f);
	begin(text, CFG_MAX_UPLINKS);
	assert_int_equal(prober()->n_ways, CFG_MAX_UPLINKS);
	for (unsigned int i = 0; i < CFG_MAX_UPLINKS; i++) {
		snprintf(name, sizeof(name), "e%u", i);
		fake_set_link(FIRST + i, false, true);
		fake_run_for(NS_PER_MS);
		fake_add_link(FIRST + CFG_MAX_UPLINKS + i, name, true);
		fake_set_link(FIRST + CFG_MAX_UPLINKS + i, true, false);
		fake_run_for(NS_PER_MS);
		assert_non_null(prober()->entry);
		assert_int_equal(prober()->n_ways, CFG_MAX_UPLINKS);
		assert_int_equal(fake_sbfd_uplinks(&peer), CFG_MAX_UPLINKS - 1);
	}
	free(text);
}

/* --- reports --------------------------------------------------------------------------------*/

/* The CPU time of a thousand datagrams of a stranger. */
static int64_t strangers_ns(void)
{
	struct datagram_way way = {.ifindex = 5000, .own = self, .ttl = 64};
	struct timespec a, b;

	ipaddr_parse(&way.other, "198.51.100.66");
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	for (int i = 0; i < 1000; i++)
		report_receive(engine, &way, (const uint8_t *)"?", 1);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	return (b.tv_sec - a.tv_sec) * NS_PER_S + b.tv_nsec - a.tv_nsec;
}

/* The least of several. */
static int64_t stranger_cost_ns(unsigned int pairs, unsigned int vrids)
{
	int64_t least = INT64_MAX;
	char *text, name[16];
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (unsigned int i = 0; i < pairs * vrids; i++) {
		snprintf(name, sizeof(name), "i%u", i);
		print_instance(f, name, i % vrids + 1, i / vrids * 2, 2, "");
	}
	fclose(f);
	begin(text, pairs * 2);
	strangers_ns(); /* the first builds the index */
	for (int i = 0; i < 20; i++) {
		int64_t ns = strangers_ns();

		least = ns < least ? ns : least;
	}
	assert_true(engine->reports.refused[REPORT_STRANGER] >= 20000);
	engine_fake_free(engine);
	free(text);
	return least;
}

static void a_strangers_report_costs_the_same_beside_many_instances(void **state)
{
	int64_t alone = stranger_cost_ns(1, 1), among = stranger_cost_ns(3, VRIDS);

	(void)state;
	if (among > 5 * alone)
		fail_msg("%lld ns instead of %lld", (long long)among, (long long)alone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(eight_interfaces_are_probed_after_each_was_replaced, end),
	    cmocka_unit_test(a_strangers_report_costs_the_same_beside_many_instances),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
