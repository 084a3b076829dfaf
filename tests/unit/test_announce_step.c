// SPDX-License-Identifier: BSD-2-Clause
/*
 * The announcement of a prefix: tables of events, each with the expected result.
 * Links: user/announce/announce_step.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "announce/announce_step.h"

#define SETTLE_S 30

struct line {
	int64_t at_s;
	enum announce_event_type ev;
	enum announce_level level;
	bool changed;
	int64_t due_s; /* 0: MONO_NEVER */
};

struct script {
	const char *why;
	struct announce_cfg cfg;
	struct line lines[12]; /* up to the first at 0 */
};

#define COLD                                                                                       \
	{                                                                                          \
		.standby = false, .settle_ns = SETTLE_S * NS_PER_S                                 \
	}
#define WARM                                                                                       \
	{                                                                                          \
		.standby = true, .settle_ns = SETTLE_S * NS_PER_S                                  \
	}
#define PLAIN                                                                                      \
	{                                                                                          \
		.standby = false, .settle_ns = 0                                                   \
	}

#define START	ANNOUNCE_EV_START
#define CLAIM	ANNOUNCE_EV_CLAIM
#define LEAVE	ANNOUNCE_EV_LEAVE
#define RELEASE ANNOUNCE_EV_RELEASE
#define TIMER	ANNOUNCE_EV_TIMER
#define FAULT	ANNOUNCE_EV_FAULT
#define CLEARED ANNOUNCE_EV_CLEARED
#define STOP	ANNOUNCE_EV_STOP
#define NONE	ANNOUNCE_NONE
#define STANDBY ANNOUNCE_STANDBY
#define SETTLED ANNOUNCE_SETTLED
#define ESC	ANNOUNCE_ESCALATED
#define LEAVING ANNOUNCE_LEAVING

static const struct script scripts[] = {
    {"a leaving node is the last choice until it withdraws, and is escalated when it must serve on",
     COLD,
     {{1, START, NONE, false, 0},
      {2, LEAVE, NONE, false, 0},
      {10, CLAIM, ESC, true, 40},
      {20, LEAVE, LEAVING, true, 0},
      {21, LEAVE, LEAVING, false, 0},
      {22, CLAIM, ESC, true, 52},
      {23, LEAVE, LEAVING, true, 0},
      {24, RELEASE, NONE, true, 0},
      {25, CLAIM, ESC, true, 55}}},
    {"a takeover escalates, settles without a gap, and goes with the claim",
     COLD,
     {{1, START, NONE, false, 0},
      {10, CLAIM, ESC, true, 40},
      {39, TIMER, ESC, false, 40},
      {40, TIMER, SETTLED, true, 0},
      {41, TIMER, SETTLED, false, 0},
      {50, RELEASE, NONE, true, 0},
      {51, RELEASE, NONE, false, 0}}},
    {"a warm standby announces itself while it claims nothing",
     WARM,
     {{1, START, STANDBY, true, 0},
      {10, CLAIM, ESC, true, 40},
      {20, RELEASE, STANDBY, true, 0}, /* before it settled: the timer is cleared */
      {40, TIMER, STANDBY, false, 0}}},
    {"MASTER again while still claimed escalates again",
     COLD,
     {{1, START, NONE, false, 0},
      {10, CLAIM, ESC, true, 40},
      {20, CLAIM, ESC, false, 50}, /* no change to tell, but settled later */
      {50, TIMER, SETTLED, true, 0},
      {60, CLAIM, ESC, true, 90}}},
    {"no settle time: settled from the first",
     PLAIN,
     {{1, START, NONE, false, 0}, {10, CLAIM, SETTLED, true, 0}, {20, RELEASE, NONE, true, 0}}},
    {"a faulty node is not even a standby",
     WARM,
     {{1, START, STANDBY, true, 0},
      {2, FAULT, NONE, true, 0},
      {3, FAULT, NONE, false, 0},
      {4, CLEARED, STANDBY, true, 0},
      {5, CLEARED, STANDBY, false, 0}}},
    {"a fault silences a claim, too, should it come before its RELEASE",
     WARM,
     {{1, START, STANDBY, true, 0},
      {10, CLAIM, ESC, true, 40},
      {20, FAULT, NONE, true, 40},
      {21, RELEASE, NONE, false, 0},
      {22, CLEARED, STANDBY, true, 0}}},
    {"a fault from before START counts, and nothing is announced before START",
     WARM,
     {{1, FAULT, NONE, false, 0},
      {2, CLAIM, NONE, false, 32},
      {3, RELEASE, NONE, false, 0},
      {4, START, NONE, false, 0},
      {5, CLEARED, STANDBY, true, 0}}},
    {"STOP withdraws all, and nothing brings it back",
     WARM,
     {{1, START, STANDBY, true, 0},
      {10, CLAIM, ESC, true, 40},
      {20, STOP, NONE, true, 0},
      {30, RELEASE, NONE, false, 0},
      {31, CLEARED, NONE, false, 0},
      {32, CLAIM, NONE, false, 62},
      {62, TIMER, NONE, false, 0}}},
    {"STOP takes a standby's route, too",
     WARM,
     {{1, START, STANDBY, true, 0}, {2, STOP, NONE, true, 0}, {3, STOP, NONE, false, 0}}},
};

static void every_script(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct announce_fsm fsm = {0};

		for (const struct line *l = scripts[i].lines; l->at_s; l++) {
			struct mono now = {l->at_s * NS_PER_S};
			bool changed = announce_step(&scripts[i].cfg, &fsm, l->ev, now);

			if (fsm.level != l->level || changed != l->changed ||
			    announce_due(&fsm).ns != l->due_s * NS_PER_S)
				fail_msg("%s: at %d s %s, changed %d, due %d s", scripts[i].why,
					 (int)l->at_s, announce_level_name(fsm.level), changed,
					 (int)(announce_due(&fsm).ns / NS_PER_S));
		}
	}
}

/* Every sequence of six events: only a claim is preferred, and only a healthy, started one. */
static void every_sequence(void **state)
{
	static const struct announce_cfg cfg = WARM;

	(void)state;
	for (int code = 0; code < 7 * 7 * 7 * 7 * 7 * 7; code++) {
		struct announce_fsm fsm = {0};
		enum announce_level told = NONE;

		for (int i = 0, rest = code; i < 6; i++, rest /= 7) {
			if (announce_step(&cfg, &fsm, (enum announce_event_type)(rest % 7),
					  (struct mono){(1 + i * 16) * NS_PER_S}))
				told = fsm.level;
			assert_int_equal(told, fsm.level);
			assert_true(fsm.level <= STANDBY || fsm.claimed);
			assert_true(fsm.level == NONE || (fsm.started && !fsm.faulty));
			assert_true(fsm.level != ESC || mono_is_set(announce_due(&fsm)));
			assert_true(rest % 7 != STOP || fsm.level == NONE);
		}
	}
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(announce_level_name(NONE), "none");
	assert_string_equal(announce_level_name(STANDBY), "standby");
	assert_string_equal(announce_level_name(SETTLED), "settled");
	assert_string_equal(announce_level_name(ESC), "escalated");
	assert_string_equal(announce_level_name(LEAVING), "leaving");
	assert_string_equal(announce_level_name(ANNOUNCE_HEALTHY), "healthy");
	assert_string_equal(announce_level_name(ANNOUNCE_FAILED), "failed");
	assert_string_equal(announce_level_name((enum announce_level)7), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_script),
	    cmocka_unit_test(every_sequence),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
