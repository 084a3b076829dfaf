// SPDX-License-Identifier: BSD-2-Clause
/*
 * Ten thousand prefixes or addresses in another order: the time to read and compare the lists grows
 * with their length, not with its square. The test measures CPU time, so that other processes do
 * not count.
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
#include "engine/instance/addresses.h"

#define N	  10000
#define ADDRESSES 4000 /* of an instance: CFG_MAX_VIPS is a little more */
#define TIMES	  5
#define ROOM	  (1 << 20)
/* Comparing all pairs takes 80 to 150 ms, the index takes 0.3 to 8 ms. Sanitizers make both slower.
 */
#ifdef __SANITIZE_ADDRESS__
#define BOUND_NS (400 * NS_PER_MS)
#else
#define BOUND_NS (40 * NS_PER_MS)
#endif

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* The number of an element in an order that `step` shuffles. */
static unsigned int number(unsigned int k, unsigned int step, unsigned int n)
{
	return (unsigned int)((uint64_t)k * step % n);
}

static void report(void *ctx, const char *line)
{
	(void)ctx;
	print_message("# %s\n", line);
}

static char *put_all(char *text, size_t len, unsigned int n, unsigned int step, const char *before)
{
	for (unsigned int k = 0; k < n; k++) {
		unsigned int i = number(k, step, n);

		len += (size_t)snprintf(text + len, ROOM - len, "%s10.%u.%u.%u/32\n", before,
					i >> 16, i >> 8 & 255, i & 255);
	}
	return text + len;
}

/* A service with all of them, in that order. */
static char *service_text(unsigned int step)
{
	char *text = malloc(ROOM), *end_at;
	int len;

	assert_non_null(text);
	len =
	    snprintf(text, ROOM,
		     "bgp_instance fabric {\nlocal_as 65001\nrouter_id 1.1.1.1\nneighbor 192.0.2.9 "
		     "{\nremote_as 65000\n}\n}\nbgp_service s {\n");
	end_at = put_all(text, (size_t)len, N, step, "prefix ");
	snprintf(end_at, 8, "}\n");
	return text;
}

/* An instance that holds all of them. */
static char *instance_text(unsigned int step)
{
	char *text = malloc(ROOM), *end_at;
	int len;

	assert_non_null(text);
	len = snprintf(text, ROOM,
		       "vrrp_instance one {\ninterface eth0\nvirtual_router_id 10\nversion 3\n"
		       "virtual_ipaddress {\n203.0.113.1/32\n}\nvirtual_ipaddress_excluded {\n");
	end_at = put_all(text, (size_t)len, ADDRESSES, step, "");
	snprintf(end_at, 16, "}\n}\n");
	return text;
}

static struct config *parse(char *text)
{
	struct config *cfg = NULL;

	config_parse_text("test", text, strlen(text), NULL, report, NULL, &cfg);
	assert_non_null(cfg);
	free(text);
	return cfg;
}

static void a_service_is_read(void **state)
{
	char *text = service_text(7919);
	struct config *cfg;
	int64_t began, took;

	(void)state;
	began = cpu_ns();
	cfg = parse(text);
	took = cpu_ns() - began;
	print_message("# %.1f ms\n", (double)took / NS_PER_MS);
	assert_int_equal(cfg->services[0].announce.n_prefixes, N);
	assert_true(took < BOUND_NS);
	config_free(cfg);
}

static void an_instances_addresses_are_compared(void **state)
{
	struct config *next = parse(instance_text(7919));
	char *text = instance_text(1);
	struct address_set *set;
	int64_t began, took;

	(void)state;
	engine_begin(text);
	free(text);
	set = addresses_create(engine, &next->instances[0]);
	assert_non_null(set);
	began = cpu_ns();
	for (int i = 0; i < TIMES; i++)
		addresses_drop_gone(named("one")->addresses, &next->instances[0]);
	addresses_hand_over(named("one")->addresses, set);
	named("one")->addresses = set;
	took = cpu_ns() - began;
	print_message("# %.1f ms\n", (double)took / NS_PER_MS);
	assert_true(took < BOUND_NS);
	end(NULL);
	config_free(next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_service_is_read),
	    cmocka_unit_test(an_instances_addresses_are_compared),
	};

	log_init("test", true, LOG_LV_ERROR);
	return cmocka_run_group_tests_name("shuffled", tests, NULL, NULL);
}
