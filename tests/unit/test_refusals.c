// SPDX-License-Identifier: BSD-2-Clause
/*
 * The log lines about refused adverts: the first at once, then seldom, and at the end all are
 * counted.
 * Links: user/engine/observe/refusals.c user/datapath/verdict_name.c user/core/log.c
 * Links: user/core/addr.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/addr.h"
#include "engine/observe/refusals.h"

/* The data path of these tests: the counters of one reason, which another thread reads. */
static struct hf_verdict counted;
static uint32_t counted_reason;

int datapath_verdict(struct datapath *dp, uint32_t reason, struct hf_verdict *out)
{
	(void)dp;
	*out = (struct hf_verdict){0};
	if (reason == __atomic_load_n(&counted_reason, __ATOMIC_ACQUIRE))
		*out = counted;
	return 0;
}

struct mono loop_clock(void)
{
	return (struct mono){NS_PER_S};
}

static void a_flood_is_told_at_once_then_seldom_and_in_full(void **state)
{
	struct refusal_count c = {.told = 5, .limit = LOG_LIMIT(2, 10 * NS_PER_S)};
	static const struct {
		int at_s;
		uint64_t seen, want;
	} rows[] = {
	    {1, 5, 0},		   /* told before we came */
	    {2, 7, 2},		   /* the first second of it */
	    {3, 1000007, 1000000}, /* the burst's second line */
	    {4, 2000007, 0},
	    {5, 3000007, 0},
	    {12, 4000007, 3000000}, /* and all that was kept back */
	    {13, 4000007, 0},	    /* it has ended */
	    {14, 4000008, 0},	    /* one more: told when a line is due */
	    {30, 4000008, 1},
	    {31, 4000008, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    refusal_due(&c, rows[i].seen, (struct mono){rows[i].at_s * NS_PER_S}),
		    rows[i].want);
}

static void what_passes_is_no_refusal(void **state)
{
	unsigned int n = 0;

	(void)state;
	for (uint32_t reason = 0; reason < HF_V_MAX; reason++)
		n += refusal_is_one(reason);
	assert_int_equal(n, HF_V_MAX - 3);
	assert_false(refusal_is_one(HF_V_ACCEPTED));
	assert_false(refusal_is_one(HF_V_UNKNOWN_VRID));
	assert_false(refusal_is_one(HF_V_BFD + BFD_ACCEPTED));
	assert_true(refusal_is_one(HF_V_BFD + BFD_R_TTL));
	assert_true(refusal_is_one(HF_V_CHECKSUM));
}

static void the_thread_says_how_many_why_and_who(void **state)
{
	struct refusals *r;
	char line[256] = "";
	int fds[2], saved = dup(STDERR_FILENO);

	(void)state;
	counted_reason = HF_V_MAX;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(refusals_start(NULL, &r), 0);
	counted.packets = 41;
	ipaddr_parse(&counted.last_source, "192.0.2.99");
	dup2(fds[1], STDERR_FILENO);
	log_init("test", true, LOG_LV_INFO);
	__atomic_store_n(&counted_reason, HF_V_TTL, __ATOMIC_RELEASE);
	assert_true(read(fds[0], line, sizeof(line) - 1) > 0);
	dup2(saved, STDERR_FILENO);
	refusals_stop(r);
	if (!strstr(line, "refused 41 adverts (ttl), the last one from 192.0.2.99"))
		fail_msg("it says: %s", line);
	close(saved);
	close(fds[0]);
	close(fds[1]);
}

/* Adverts that passed before the logging was switched on are not logged later. */
static void what_is_not_ours_is_told_if_wished(void **state)
{
	struct refusals *r;
	char line[256] = "";
	int fds[2], saved = dup(STDERR_FILENO);

	(void)state;
	counted.packets = 7;
	ipaddr_parse(&counted.last_source, "192.0.2.98");
	counted_reason = HF_V_UNKNOWN_VRID;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(refusals_start(NULL, &r), 0);
	dup2(fds[1], STDERR_FILENO);
	log_init("test", true, LOG_LV_INFO);
	refusals_tell_unknown(r, true);
	__atomic_store_n(&counted.packets, 9, __ATOMIC_RELEASE);
	assert_true(read(fds[0], line, sizeof(line) - 1) > 0);
	dup2(saved, STDERR_FILENO);
	refusals_stop(r);
	if (!strstr(line, "heard 2 adverts of virtual routers that are not ours, the last one from "
			  "192.0.2.98"))
		fail_msg("it says: %s", line);
	close(saved);
	close(fds[0]);
	close(fds[1]);
}

static void stopping_what_never_ran_is_fine(void **state)
{
	(void)state;
	refusals_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_flood_is_told_at_once_then_seldom_and_in_full),
	    cmocka_unit_test(what_passes_is_no_refusal),
	    cmocka_unit_test(the_thread_says_how_many_why_and_who),
	    cmocka_unit_test(what_is_not_ours_is_told_if_wished),
	    cmocka_unit_test(stopping_what_never_ran_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
