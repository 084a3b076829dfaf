// SPDX-License-Identifier: BSD-2-Clause
/*
 * The status and the records as JSON without memory: for each failing allocation there is the whole
 * answer or none, and the process continues. The test has its own malloc() and similar functions.
 *
 * Links: user/control/peers_json.c user/bfd/bfd_codec.c
 * Links: user/peer/peer_report_rules.c user/control/reports_json.c
 * Links: user/control/takeover_json.c
 * Links: user/control/status.c user/control/status_json.c user/core/utf8.c user/core/addr.c
 * Links: user/control/check_json.c user/control/addresses_json.c
 * Links: user/control/bfd_json.c
 * Links: user/control/json_put.c user/control/record_json.c user/record/record.c
 * Links: tests/unit/status_sample.c tests/unit/record_sample.c user/vrrp/vrrp_step.c
 * Links: user/vrrp/vrrp_names.c user/announce/announce_step.c user/health/health_step.c
 * Links: user/datapath/verdict_name.c
 * Links: user/announce/service_step.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/record_json.h"
#include "control/status.h"
#include "record_sample.h"
#include "status_sample.h"

#ifdef __SANITIZE_ADDRESS__ /* it has a malloc() of its own */

static void memory_ends(void **state)
{
	(void)state;
	skip();
}

#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

static long allocations_left = -1; /* -1: no end */

static bool fails(void)
{
	if (allocations_left < 0)
		return false;
	if (allocations_left == 0)
		return true;
	allocations_left--;
	return false;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

static struct status *st;
static struct record_ring ring;

static char *status_text(void)
{
	return status_to_json(st);
}

static char *records_text(void)
{
	return records_to_json(&ring, 0);
}

/* Lets all allocations from the n-th on fail. Returns the number of allocations. */
static long try_all(char *(*build)(void))
{
	char *whole = build(), *text = NULL;
	long n;

	assert_non_null(whole);
	for (n = 0; !text; n++) {
		allocations_left = n;
		text = build();
		allocations_left = -1;
	}
	assert_string_equal(text, whole);
	free(text);
	text = build(); /* the failures have no lasting effect */
	assert_non_null(text);
	assert_string_equal(text, whole);
	free(text);
	free(whole);
	return n;
}

static void memory_ends(void **state)
{
	(void)state;
	st = status_sample();
	st->instances[1].auth_mode = "enforce"; /* the first one has refused an advert */
	record_sample(&ring);
	assert_true(try_all(status_text) > 100);
	assert_true(try_all(records_text) > 20);
	status_free(st);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(memory_ends)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
