// SPDX-License-Identifier: BSD-2-Clause
/*
 * Many interfaces, in the whole engine with fakes: an instance with as many as it may have, one of
 * which is replaced.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_case.h"
#include "core/addr.h"
#include "engine/state.h"

#define LO    1
#define FIRST 10 /* interface */

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(eight_interfaces_are_probed_after_each_was_replaced, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
