// SPDX-License-Identifier: BSD-2-Clause
/*
 * The shared addresses of a configuration, each counted once, and the index that finds them.
 * Links: user/engine/status/counted_vips.c user/core/addr_index.c user/core/addr.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "core/addr.h"
#include "engine/status/counted_vips.h"

#define MANY 4096

static struct ipaddr numbered(uint32_t n)
{
	struct ipaddr a = {.b = {[10] = 0xff, [11] = 0xff}};

	a.b[13] = (uint8_t)(n >> 16);
	a.b[14] = (uint8_t)(n >> 8);
	a.b[15] = (uint8_t)n;
	return a;
}

static void each_address_is_found_by_its_number(void **state)
{
	struct addr_index index;
	struct ipaddr a, unknown = numbered(MANY);

	(void)state;
	assert_int_equal(addr_index_init(&index, MANY), 0);
	for (uint32_t i = 0; i < MANY; i++) {
		a = numbered(i);
		assert_int_equal(addr_index_find(&index, &a), ADDR_INDEX_NONE);
		addr_index_put(&index, &a, MANY - 1 - i);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		a = numbered(i);
		assert_int_equal(addr_index_find(&index, &a), MANY - 1 - i);
	}
	assert_int_equal(addr_index_find(&index, &unknown), ADDR_INDEX_NONE);
	addr_index_free(&index);
}

/* All are in one bucket. The first, a middle one and the last of its chain are removed. */
static void a_number_is_removed_wherever_it_is_in_its_chain(void **state)
{
	const uint32_t removed[] = {4, 2, 0};
	struct addr_index index;
	struct ipaddr a[5];

	(void)state;
	assert_int_equal(addr_index_init(&index, 5), 0);
	index.mask = 0;
	for (uint32_t i = 0; i < 5; i++) {
		a[i] = numbered(i);
		addr_index_put(&index, &a[i], i);
	}
	for (unsigned int n = 0; n < 3; n++) {
		addr_index_remove(&index, removed[n]);
		for (uint32_t i = 0; i < 5; i++) {
			bool gone = false;

			for (unsigned int k = 0; k <= n; k++)
				gone = gone || removed[k] == i;
			assert_int_equal(addr_index_find(&index, &a[i]),
					 gone ? ADDR_INDEX_NONE : i);
		}
	}
	addr_index_put(&index, &a[0], 2); /* a number is used again */
	assert_int_equal(addr_index_find(&index, &a[0]), 2);
	addr_index_free(&index);
}

static void an_index_for_nothing_finds_nothing(void **state)
{
	struct addr_index index;
	struct ipaddr a = numbered(0);

	(void)state;
	assert_int_equal(addr_index_init(&index, 0), 0);
	assert_int_equal(addr_index_find(&index, &a), ADDR_INDEX_NONE);
	addr_index_free(&index);
}

/* Held and announced, held by two, a network, the host length of the other family. */
static void an_address_is_counted_once_and_a_network_not_at_all(void **state)
{
	struct cfg_vip first[2] = {0}, second[1] = {0};
	struct ipprefix prefixes[5] = {0};
	struct cfg_instance instances[2] = {
	    {.vips = first, .n_vips = 2, .announce = {.prefixes = prefixes, .n_prefixes = 5}},
	    {.vips = second, .n_vips = 1}};
	struct config cfg = {.instances = instances, .n_instances = 2};
	const char *const expected[] = {"203.0.113.2/32", "203.0.113.1/32", "2001:db8::1/128"};
	struct counted_vips *vips;
	struct ipprefix p;

	(void)state;
	assert_int_equal(ipprefix_parse(&first[0].prefix, "203.0.113.2/24"), 0);
	assert_int_equal(ipprefix_parse(&first[1].prefix, "203.0.113.1"), 0);
	assert_int_equal(ipprefix_parse(&second[0].prefix, "203.0.113.2"), 0);
	assert_int_equal(ipprefix_parse(&prefixes[0], "203.0.113.1"), 0);
	assert_int_equal(ipprefix_parse(&prefixes[1], "203.0.113.0/24"), 0);
	assert_int_equal(ipprefix_parse(&prefixes[2], "2001:db8::1"), 0);
	assert_int_equal(ipprefix_parse(&prefixes[3], "2001:db8::/32"), 0);
	assert_int_equal(ipprefix_parse(&prefixes[4], "2001:db8::1"), 0);
	vips = counted_vips_create(&cfg);
	assert_non_null(vips);
	assert_int_equal(vips->n, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(ipprefix_parse(&p, expected[i]), 0);
		assert_true(ipaddr_equal(&vips->all[i].address, &p.addr));
		assert_int_equal(vips->all[i].vip, COUNTED_VIP_NONE);
		assert_ptr_equal(counted_vips_find(vips, &p.addr), &vips->all[i]);
	}
	assert_null(counted_vips_find(vips, &prefixes[1].addr));
	counted_vips_destroy(vips);
	counted_vips_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_address_is_found_by_its_number),
	    cmocka_unit_test(a_number_is_removed_wherever_it_is_in_its_chain),
	    cmocka_unit_test(an_index_for_nothing_finds_nothing),
	    cmocka_unit_test(an_address_is_counted_once_and_a_network_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
