// SPDX-License-Identifier: BSD-2-Clause
/*
 * The rules of vrrp_traffic_check: which window is bad, when the verdict comes, and how long it
 * holds.
 * Links: user/health/traffic_rules.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "health/traffic_words.h"

#define WINDOW (500 * NS_PER_MS)
#define TICK   (WINDOW / TRAFFIC_TICKS)

static const struct traffic_cfg usual = {
    .window_ns = WINDOW, .min_syn = 10, .answered_below = 20, .rst_above = 80};

static void a_window_is_judged_by_its_counts(void **state)
{
	static const struct {
		const char *why;
		struct traffic_count n;
		enum traffic_verdict want;
		const char *words;
	} rows[] = {
	    {"nothing came", {0}, TRAFFIC_NONE, "0 of 0 SYN answered in 0.5 s"},
	    {"too little came", {.syn = 9}, TRAFFIC_NONE, "0 of 9 SYN answered in 0.5 s"},
	    {"answers of what came before",
	     {.answered = 50},
	     TRAFFIC_NONE,
	     "50 of 0 SYN answered in 0.5 s"},
	    {"just enough",
	     {.syn = 10, .answered = 10},
	     TRAFFIC_GOOD,
	     "10 of 10 SYN answered in 0.5 s"},
	    {"hung",
	     {.syn = 120, .answered = 3},
	     TRAFFIC_UNANSWERED,
	     "3 of 120 SYN answered in 0.5 s"},
	    {"the limit is still good",
	     {.syn = 100, .answered = 20},
	     TRAFFIC_GOOD,
	     "20 of 100 SYN answered in 0.5 s"},
	    {"one less is not",
	     {.syn = 100, .answered = 19},
	     TRAFFIC_UNANSWERED,
	     "19 of 100 SYN answered in 0.5 s"},
	    {"more answers than SYN: repeated ones",
	     {.syn = 10, .answered = 30},
	     TRAFFIC_GOOD,
	     "30 of 10 SYN answered in 0.5 s"},
	    {"nobody listens",
	     {.syn = 120, .refused = 120},
	     TRAFFIC_REFUSED,
	     "120 of 120 SYN refused in 0.5 s"},
	    {"half of what is unanswered is refused",
	     {.syn = 120, .refused = 60},
	     TRAFFIC_UNANSWERED,
	     "0 of 120 SYN answered in 0.5 s"},
	    {"a port of two is dead",
	     {.syn = 100, .answered = 50, .refused = 50},
	     TRAFFIC_GOOD,
	     "50 of 100 SYN answered in 0.5 s"},
	    {"every connection is reset",
	     {.syn = 100, .answered = 100, .reset = 100},
	     TRAFFIC_RESETS,
	     "100 RST to 100 SYN in 0.5 s"},
	    {"so many RST are allowed",
	     {.syn = 100, .answered = 100, .reset = 80},
	     TRAFFIC_GOOD,
	     "100 of 100 SYN answered in 0.5 s"},
	    {"one more is not",
	     {.syn = 100, .answered = 100, .reset = 71, .refused = 10},
	     TRAFFIC_RESETS,
	     "81 RST to 100 SYN in 0.5 s"},
	};
	char words[TRAFFIC_WORDS];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum traffic_verdict got = traffic_judge(&usual, &rows[i].n);

		if (got != rows[i].want)
			fail_msg("%s: %d", rows[i].why, got);
		assert_string_equal(traffic_words(&usual, got, &rows[i].n, words), rows[i].words);
	}
}

static void a_limit_of_zero_is_none(void **state)
{
	const struct traffic_cfg no_rst = {.min_syn = 1, .answered_below = 20};
	const struct traffic_cfg no_answers = {.min_syn = 1, .rst_above = 80};
	const struct traffic_cfg no_least = {.answered_below = 20};

	(void)state;
	assert_int_equal(
	    traffic_judge(&no_rst, &(struct traffic_count){.syn = 1, .answered = 1, .reset = 99}),
	    TRAFFIC_GOOD);
	assert_int_equal(traffic_judge(&no_answers, &(struct traffic_count){.syn = 100}),
			 TRAFFIC_GOOD);
	assert_int_equal(traffic_judge(&no_least, &(struct traffic_count){0}), TRAFFIC_NONE);
}

/* A service and who looks at it. */
struct story {
	struct traffic_cfg cfg;
	struct traffic_fsm fsm;
	struct traffic_count total;
	struct mono now;
	enum traffic_verdict verdict;
};

static struct story begin(void)
{
	return (struct story){.cfg = usual, .now = {NS_PER_S}};
}

/* One tick with so many SYN, of which so many are answered. True: the state has changed. */
static bool tick(struct story *s, unsigned int syn, unsigned int answered)
{
	s->now = mono_add(s->now, TICK);
	s->total.syn += syn;
	s->total.answered += answered;
	return traffic_look(&s->cfg, &s->fsm, s->now, &s->total, &s->verdict);
}

/* Ticks until the state changes, at most `max`: how many. */
static unsigned int ticks_to_change(struct story *s, unsigned int syn, unsigned int answered,
				    unsigned int max)
{
	unsigned int n = 1;

	while (n <= max && !tick(s, syn, answered))
		n++;
	return n;
}

static void a_hung_service_is_bad_within_its_window(void **state)
{
	struct story s = begin();

	(void)state;
	assert_int_equal(ticks_to_change(&s, 50, 50, 100), TRAFFIC_TICKS + 1); /* a whole window */
	assert_int_equal(s.fsm.state, HEALTH_UP);
	assert_int_equal(ticks_to_change(&s, 50, 50, 100), 101);
	assert_int_equal(ticks_to_change(&s, 50, 0, 100), 17); /* 3 of 20 ticks answered: 15 % */
	assert_int_equal(s.fsm.state, HEALTH_DOWN);
	assert_int_equal(s.verdict, TRAFFIC_UNANSWERED);
	assert_int_equal(s.fsm.window.syn, 1000);
	assert_int_equal(s.fsm.window.answered, 150);
}

static void nothing_is_judged_before_a_window_is_whole(void **state)
{
	struct story s = begin();

	(void)state;
	for (int i = 0; i < TRAFFIC_TICKS; i++)
		assert_false(tick(&s, 50, 0));
	assert_int_equal(s.fsm.state, HEALTH_UNKNOWN);
	assert_true(tick(&s, 50, 0));
	assert_int_equal(s.fsm.state, HEALTH_DOWN);
	traffic_pause(&s.fsm); /* as after a takeover: the first window begins anew */
	for (int i = 0; i < TRAFFIC_TICKS; i++)
		assert_false(tick(&s, 50, 50));
	assert_true(tick(&s, 50, 50));
	assert_int_equal(s.fsm.state, HEALTH_UP);
}

static void the_last_verdict_holds_while_nothing_comes(void **state)
{
	struct story s = begin();

	(void)state;
	ticks_to_change(&s, 50, 50, 100);
	ticks_to_change(&s, 50, 0, 100);
	assert_int_equal(s.fsm.state, HEALTH_DOWN);
	/* Without SYN only answers to what came before are counted. */
	assert_int_equal(ticks_to_change(&s, 0, 0, 10000), 10001);
	assert_int_equal(s.fsm.state, HEALTH_DOWN);
	assert_int_equal(s.verdict, TRAFFIC_NONE);
	assert_true(ticks_to_change(&s, 50, 50, 100) <= 10); /* and then quickly */
	assert_int_equal(s.fsm.state, HEALTH_UP);
	assert_int_equal(ticks_to_change(&s, 0, 0, 10000), 10001);
	assert_int_equal(s.fsm.state, HEALTH_UP);
}

static void a_bad_verdict_is_forgotten_where_that_is_wanted(void **state)
{
	struct story s = begin();

	(void)state;
	s.cfg.forget_ns = 2 * NS_PER_S;
	ticks_to_change(&s, 50, 0, 100);
	assert_int_equal(s.fsm.state, HEALTH_DOWN);
	for (int i = 0; i < 200; i++) /* while it is judged it is not forgotten */
		assert_false(tick(&s, 50, 0));
	assert_true(ticks_to_change(&s, 0, 0, 1000) >= 2 * NS_PER_S / TICK);
	assert_int_equal(s.fsm.state, HEALTH_UNKNOWN);
	assert_int_equal(s.verdict, TRAFFIC_NONE);
	ticks_to_change(&s, 50, 50, 100);
	assert_int_equal(s.fsm.state, HEALTH_UP);
	assert_int_equal(ticks_to_change(&s, 0, 0, 10000), 10001); /* a good one holds */
}

/* A thread that gets no CPU looks seldom: its window is longer, the verdict the same. */
static void late_looks_judge_what_came_since(void **state)
{
	struct story s = begin();

	(void)state;
	tick(&s, 50, 50);
	s.now = mono_add(s.now, 3 * NS_PER_S);
	assert_true(tick(&s, 5000, 4000));
	assert_int_equal(s.fsm.state, HEALTH_UP);
	s.now = mono_add(s.now, 3 * NS_PER_S);
	assert_true(tick(&s, 5000, 3));
	assert_int_equal(s.fsm.window.answered, 3);
}

static void early_looks_lose_no_window(void **state)
{
	struct story s = begin();

	(void)state;
	for (int i = 0; i < 400; i++) {
		s.now = mono_add(s.now, TICK / 7);
		s.total.syn += 10;
		traffic_look(&s.cfg, &s.fsm, s.now, &s.total, &s.verdict);
	}
	assert_int_equal(s.fsm.state, HEALTH_DOWN);
}

/* The counters were made anew: a difference below zero is nothing, not 2^64. */
static void counters_that_go_back_count_nothing(void **state)
{
	struct story s = begin();

	(void)state;
	ticks_to_change(&s, 50, 50, 100);
	s.total = (struct traffic_count){0};
	for (int i = 0; i < 50; i++)
		assert_false(tick(&s, 0, 0));
	assert_int_equal(s.fsm.state, HEALTH_UP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_window_is_judged_by_its_counts),
	    cmocka_unit_test(a_limit_of_zero_is_none),
	    cmocka_unit_test(a_hung_service_is_bad_within_its_window),
	    cmocka_unit_test(nothing_is_judged_before_a_window_is_whole),
	    cmocka_unit_test(the_last_verdict_holds_while_nothing_comes),
	    cmocka_unit_test(a_bad_verdict_is_forgotten_where_that_is_wanted),
	    cmocka_unit_test(late_looks_judge_what_came_since),
	    cmocka_unit_test(early_looks_lose_no_window),
	    cmocka_unit_test(counters_that_go_back_count_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
