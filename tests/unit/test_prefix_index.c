// SPDX-License-Identifier: BSD-2-Clause
/*
 * The index of prefixes: it finds exactly the places of a prefix, and does not compare a prefix
 * with all others.
 *
 * Links: user/core/prefix_index.c user/core/addr.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/addr.h"
#include "core/prefix_index.h"

#define MANY 10000

static struct ipprefix number(uint32_t i, uint8_t len)
{
	struct ipprefix p = {.len = len};

	ipaddr_from_v4(&p.addr, (uint8_t[]){10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i});
	return p;
}

static void an_empty_index_has_nothing(void **state)
{
	struct ipprefix p = number(1, 32);
	struct prefix_index index;

	(void)state;
	assert_int_equal(prefix_index_init(&index, 0), 0);
	assert_int_equal(prefix_index_first(&index, &p), PREFIX_INDEX_NONE);
	prefix_index_free(&index);
	prefix_index_free(&index); /* a zeroed one */
}

/* In all walks together a prefix is compared with hardly any other one. */
static void each_is_found_among_few(void **state)
{
	static struct ipprefix all[MANY];
	struct prefix_index index;
	unsigned int looks = 0;

	(void)state;
	assert_int_equal(prefix_index_init(&index, MANY), 0);
	for (uint32_t i = 0; i < MANY; i++) {
		all[i] = number(i, 32);
		prefix_index_put(&index, &all[i], i);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t at = prefix_index_first(&index, &all[i]);

		for (looks++; at != PREFIX_INDEX_NONE && !ipprefix_equal(&all[at], &all[i]);
		     looks++)
			at = prefix_index_next(&index, at);
		assert_int_equal(at, i);
	}
	assert_true(looks < 5 * MANY);
	prefix_index_free(&index);
}

static void one_that_stands_twice_is_found_twice(void **state)
{
	struct ipprefix p = number(7, 24), longer = number(7, 25);
	struct prefix_index index;
	uint32_t at;

	(void)state;
	assert_int_equal(prefix_index_init(&index, 2), 0);
	prefix_index_put(&index, &p, 0);
	prefix_index_put(&index, &p, 1);
	at = prefix_index_first(&index, &p);
	assert_int_equal(at, 1);
	at = prefix_index_next(&index, at);
	assert_int_equal(at, 0);
	assert_int_equal(prefix_index_next(&index, at), PREFIX_INDEX_NONE);
	for (at = prefix_index_first(&index, &longer); at != PREFIX_INDEX_NONE;
	     at = prefix_index_next(&index, at))
		assert_true(at < 2); /* of the same bucket by chance: the caller compares */
	prefix_index_free(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_index_has_nothing),
	    cmocka_unit_test(each_is_found_among_few),
	    cmocka_unit_test(one_that_stands_twice_is_found_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
