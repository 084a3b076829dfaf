// SPDX-License-Identifier: BSD-2-Clause
/*
 * A rollout: the first prefixes at once, the others in later turns, each once and in order. A newer
 * rollout replaces an unfinished one, with its own attributes.
 *
 * Links: tests/fakes/fake.c tests/fakes/loop_fake.c tests/fakes/speaker_fake.c
 * Links: user/speaker/bgp_rollout.c user/core/addr.c user/core/log.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../fakes/fake.h"
#include "core/addr.h"
#include "speaker/bgp_rollout.h"

#define N	10000
#define AT_ONCE 100 /* in the first turn */

static struct fake machine;
static struct bgp_speaker *speaker;
static struct bgp_rollout rollout;
static struct ipprefix prefixes[N];
static unsigned int told[N], withdrawn[N], last, done;
static uint32_t med;
static bool withdraw;

static void plan(void *ctx, struct bgp_rollout_plan *out)
{
	assert_ptr_equal(ctx, &rollout);
	out->name = "test";
	out->sp = speaker;
	out->prefixes = prefixes;
	out->withdraw = withdraw;
	out->attrs.med = med;
}

static void on_done(void *ctx)
{
	assert_ptr_equal(ctx, &rollout);
	done++;
}

static void on_route(void *ctx, const struct ipprefix *prefix, const struct bgp_attrs *attrs)
{
	unsigned int i = prefix->addr.b[14] * 100u + prefix->addr.b[15];

	(void)ctx;
	assert_true(i < N);
	last = i;
	told[i] += attrs != NULL;
	withdrawn[i] += attrs == NULL;
	if (attrs)
		assert_int_equal(attrs->med, med);
}

static void on_sessions(void *ctx, unsigned int established)
{
	(void)ctx;
	(void)established;
}

static int set_up(void **state)
{
	static char name[] = "fabric";
	static const struct cfg_bgp cfg = {.name = name};

	(void)state;
	fake_init(&machine);
	fake->quiet = true;
	fake->route = on_route;
	fake->loop = loop_create();
	speaker = bgp_speaker_create(fake->loop, &cfg, 1, on_sessions, NULL);
	for (unsigned int i = 0; i < N; i++) {
		ipprefix_parse(&prefixes[i], "10.0.0.0/32");
		prefixes[i].addr.b[14] = (uint8_t)(i / 100);
		prefixes[i].addr.b[15] = (uint8_t)(i % 100);
		told[i] = withdrawn[i] = 0;
	}
	med = 1;
	withdraw = false;
	done = 0;
	bgp_rollout_init(&rollout, fake->loop, plan, on_done, &rollout);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bgp_rollout_end(&rollout);
	bgp_speaker_destroy(speaker);
	loop_destroy(fake->loop);
	return 0;
}

static void expect_each_once(const unsigned int counts[], unsigned int n)
{
	for (unsigned int i = 0; i < N; i++)
		assert_int_equal(counts[i], i < n);
}

static void few_are_told_at_once(void **state)
{
	(void)state;
	bgp_rollout_begin(&rollout, AT_ONCE);
	expect_each_once(told, AT_ONCE);
	assert_false(bgp_rollout_is_busy(&rollout));
	fake_run_for(NS_PER_S);
	assert_int_equal(done, 0); /* there was nothing to wait for */
}

static void many_are_told_in_turns(void **state)
{
	(void)state;
	bgp_rollout_begin(&rollout, N);
	expect_each_once(told, AT_ONCE);
	assert_true(bgp_rollout_is_busy(&rollout));
	fake_run_for(NS_PER_S);
	expect_each_once(told, N);
	assert_int_equal(last, N - 1);
	assert_false(bgp_rollout_is_busy(&rollout));
	assert_int_equal(done, 1);
}

static void a_newer_one_replaces_an_unfinished_one(void **state)
{
	(void)state;
	bgp_rollout_begin(&rollout, N);
	withdraw = true;
	bgp_rollout_begin(&rollout, N);
	fake_run_for(NS_PER_S);
	expect_each_once(told, AT_ONCE);
	expect_each_once(withdrawn, N);
	assert_int_equal(done, 1);
}

/* Also the first ones, which have been told before: their place may be another now. */
static void after_a_reload_it_begins_again(void **state)
{
	(void)state;
	bgp_rollout_restart(&rollout, N); /* there is nothing to begin again */
	fake_run_for(NS_PER_S);
	expect_each_once(told, 0);
	bgp_rollout_begin(&rollout, N);
	bgp_rollout_restart(&rollout, N - 1);
	expect_each_once(told, AT_ONCE);
	fake_run_for(NS_PER_S);
	for (unsigned int i = 0; i < N; i++)
		assert_int_equal(told[i], i < AT_ONCE ? 2 : i < N - 1);
	assert_int_equal(done, 1);
}

static void a_full_speaker_is_asked_again(void **state)
{
	(void)state;
	fake->speaker_full = 1;
	bgp_rollout_begin(&rollout, AT_ONCE);
	assert_true(bgp_rollout_is_busy(&rollout));
	fake_run_for(NS_PER_S);
	expect_each_once(told, AT_ONCE);
	assert_false(bgp_rollout_is_busy(&rollout));
	assert_int_equal(done, 1);
}

static void nothing_is_told_after_the_end(void **state)
{
	(void)state;
	bgp_rollout_begin(&rollout, N);
	bgp_rollout_end(&rollout);
	fake_run_for(NS_PER_S);
	expect_each_once(told, AT_ONCE);
	assert_false(bgp_rollout_is_busy(&rollout));
	assert_int_equal(done, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(few_are_told_at_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(many_are_told_in_turns, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_newer_one_replaces_an_unfinished_one, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(after_a_reload_it_begins_again, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_full_speaker_is_asked_again, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(nothing_is_told_after_the_end, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
