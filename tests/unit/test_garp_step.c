// SPDX-License-Identifier: BSD-2-Clause
/*
 * When announcements to a LAN are sent.
 *
 * Links: user/vrrp/garp_step.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vrrp/garp_step.h"

static const struct garp_cfg keepalived = {.master_delay_ns = 5 * NS_PER_S,
					   .master_refresh_ns = 60 * NS_PER_S,
					   .lower_prio_delay_ns = 3 * NS_PER_S,
					   .master_repeat = 5,
					   .master_refresh_repeat = 2,
					   .lower_prio_repeat = 4};

struct line {
	int64_t at_s;
	enum garp_event ev;
	uint32_t rounds; /* after it */
	int64_t due_s;	 /* after it; 0: never */
};

static void play(const struct garp_cfg *cfg, const struct line *lines, size_t n)
{
	struct garp_fsm fsm = {0};

	for (size_t i = 0; i < n; i++) {
		garp_step(cfg, &fsm, lines[i].ev, (struct mono){lines[i].at_s * NS_PER_S});
		if (fsm.rounds != lines[i].rounds || garp_due(&fsm).ns != lines[i].due_s * NS_PER_S)
			fail_msg("line %zu: %u rounds, due at %lld", i, fsm.rounds,
				 (long long)(garp_due(&fsm).ns / NS_PER_S));
	}
}

#define PLAY(cfg, lines) play(cfg, lines, sizeof(lines) / sizeof((lines)[0]))

static void a_master_tells_at_once_later_and_now_and_then(void **state)
{
	static const struct line lines[] = {
	    {100, GARP_EV_MASTER, 5, 105}, {100, GARP_EV_SENT, 4, 105},
	    {100, GARP_EV_SENT, 3, 105},   {100, GARP_EV_SENT, 2, 105},
	    {100, GARP_EV_SENT, 1, 105},   {100, GARP_EV_SENT, 0, 105},
	    {100, GARP_EV_SENT, 0, 105},   {104, GARP_EV_TIMER, 0, 105},
	    {105, GARP_EV_TIMER, 5, 160},  {160, GARP_EV_TIMER, 5, 220},
	    {220, GARP_EV_LEFT, 0, 0},	   {230, GARP_EV_TIMER, 0, 0},
	};

	(void)state;
	PLAY(&keepalived, lines);
}

static void refreshes_have_their_own_count(void **state)
{
	struct garp_cfg cfg = keepalived;
	static const struct line lines[] = {
	    {100, GARP_EV_MASTER, 1, 160},
	    {100, GARP_EV_SENT, 0, 160},
	    {160, GARP_EV_TIMER, 2, 220},
	};

	(void)state;
	cfg.master_delay_ns = 0;
	cfg.master_repeat = 1;
	PLAY(&cfg, lines);
}

static void a_rival_is_answered_without_a_storm(void **state)
{
	static const struct garp_cfg cfg = {
	    .lower_prio_delay_ns = 3 * NS_PER_S, .master_repeat = 1, .lower_prio_repeat = 4};
	static const struct line lines[] = {
	    {100, GARP_EV_MASTER, 1, 0}, {100, GARP_EV_SENT, 0, 0},    {101, GARP_EV_RIVAL, 4, 104},
	    {101, GARP_EV_SENT, 3, 104}, {102, GARP_EV_RIVAL, 4, 104}, {103, GARP_EV_RIVAL, 4, 104},
	    {104, GARP_EV_TIMER, 4, 0},	 {105, GARP_EV_RIVAL, 4, 108}, {106, GARP_EV_MASTER, 1, 0},
	};

	(void)state;
	PLAY(&cfg, lines);
}

static void all_of_it_can_be_turned_off(void **state)
{
	static const struct garp_cfg none = {0};
	static const struct line lines[] = {
	    {100, GARP_EV_MASTER, 0, 0},
	    {101, GARP_EV_RIVAL, 0, 0},
	    {102, GARP_EV_TIMER, 0, 0},
	};

	(void)state;
	PLAY(&none, lines);
}

static void other_knobs_move_the_next_refresh(void **state)
{
	static const struct line lines[] = {
	    {100, GARP_EV_MASTER, 5, 105},
	    {105, GARP_EV_TIMER, 5, 160},
	    {110, GARP_EV_CONFIG, 5, 170},
	};

	(void)state;
	PLAY(&keepalived, lines);
}

static void announcements_keep_their_distance(void **state)
{
	struct mono next = MONO_NEVER, second = {NS_PER_S};

	(void)state;
	assert_true(garp_may_send(&next, 0, second));
	assert_true(garp_may_send(&next, 0, second));
	assert_true(garp_may_send(&next, 100, second));
	assert_int_equal(next.ns, NS_PER_S + 100);
	assert_false(garp_may_send(&next, 100, second));
	assert_false(garp_may_send(&next, 100, (struct mono){NS_PER_S + 99}));
	assert_true(garp_may_send(&next, 100, (struct mono){NS_PER_S + 100}));
	/* Missed announcements are not repeated later. */
	assert_true(garp_may_send(&next, 100, (struct mono){2 * NS_PER_S}));
	assert_int_equal(next.ns, 2 * NS_PER_S + 100);
	assert_true(garp_may_send(&next, 0, second)); /* a reload has turned it off */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_master_tells_at_once_later_and_now_and_then),
	    cmocka_unit_test(refreshes_have_their_own_count),
	    cmocka_unit_test(a_rival_is_answered_without_a_storm),
	    cmocka_unit_test(other_knobs_move_the_next_refresh),
	    cmocka_unit_test(all_of_it_can_be_turned_off),
	    cmocka_unit_test(announcements_keep_their_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
