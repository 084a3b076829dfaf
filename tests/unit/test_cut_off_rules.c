// SPDX-License-Identifier: BSD-2-Clause
/*
 * Is the master dead, or this node cut off? Times are milliseconds; the master fell silent at 1000.
 * Links: user/peer/cut_off_rules.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "peer/cut_off_rules.h"

#define SILENT 1000
#define MAX    3

struct row {
	const char *why;
	struct {
		bool there, up;
		int changed, heard, pace, detection;
	} of[MAX];
	bool unwatched;
	int silent, now;
	enum cut_off wanted;
	int until; /* with WAIT */
};

#define UP(heard_, pace_, mult)                                                                    \
	{                                                                                          \
		.there = true, .up = true, .changed = 1, .heard = (heard_), .pace = (pace_),       \
		.detection = (pace_) * (mult)                                                      \
	}
#define DOWN(since)                                                                                \
	{                                                                                          \
		.there = true, .changed = (since)                                                  \
	}
#define NEVER_UP                                                                                   \
	{                                                                                          \
		.there = true                                                                      \
	}

static const struct row rows[] = {
    {"no router has BFD", {{0}}, false, SILENT, 1004, CUT_OFF_NO, 0},
    {"none was ever Up", {NEVER_UP}, false, SILENT, 1004, CUT_OFF_NO, 0},
    {"none has been Up for long", {DOWN(3)}, false, SILENT, 1004, CUT_OFF_NO, 0},
    {"the master is not silent", {DOWN(990)}, false, 0, 1004, CUT_OFF_NO, 0},
    {"the master is not silent yet", {DOWN(990)}, false, SILENT, 999, CUT_OFF_NO, 0},
    {"a router was heard since", {UP(1000, 10, 3)}, false, SILENT, 1004, CUT_OFF_NO, 0},
    {"one of two was heard since",
     {UP(999, 10, 3), UP(1001, 10, 3)},
     false,
     SILENT,
     1004,
     CUT_OFF_NO,
     0},
    {"the other one", {UP(1001, 10, 3), UP(999, 10, 3)}, false, SILENT, 1004, CUT_OFF_NO, 0},
    {"not heard since: wait for its detection",
     {UP(999, 10, 3)},
     false,
     SILENT,
     1004,
     CUT_OFF_WAIT,
     1029},
    {"... of the slowest one",
     {UP(999, 10, 3), UP(950, 50, 3)},
     false,
     SILENT,
     1004,
     CUT_OFF_WAIT,
     1100},
    {"its deadline has passed, its Down is not reported yet",
     {UP(999, 10, 3)},
     false,
     SILENT,
     1029,
     CUT_OFF_WAIT,
     1030},
    {"one is Down, the other undecided",
     {DOWN(1020), UP(999, 50, 3)},
     false,
     SILENT,
     1030,
     CUT_OFF_WAIT,
     1149},
    {"all went Down together with the master",
     {DOWN(1020), DOWN(1030)},
     false,
     SILENT,
     1030,
     CUT_OFF_YES,
     0},
    {"... a moment before it", {DOWN(995)}, false, SILENT, 1004, CUT_OFF_YES, 0},
    {"one is Down for long, the other now",
     {DOWN(1), DOWN(2030)},
     false,
     SILENT,
     2030,
     CUT_OFF_YES,
     0},
    {"a BGP session without BFD", {DOWN(1030)}, true, SILENT, 1030, CUT_OFF_NO, 0},
    {"... nor while BFD is Up", {UP(999, 10, 3)}, true, SILENT, 1004, CUT_OFF_NO, 0},
    {"a slow router is not waited for", {UP(999, 101, 3)}, false, SILENT, 1004, CUT_OFF_NO, 0},
    {"the slowest one that is waited for",
     {UP(999, 100, 3)},
     false,
     SILENT,
     1004,
     CUT_OFF_WAIT,
     1299},
    {"a quick one beside a slow one is",
     {UP(990, 300, 3), UP(999, 10, 3)},
     false,
     SILENT,
     1004,
     CUT_OFF_WAIT,
     1890},
    {"a wait is bounded", {UP(999, 100, 30)}, false, SILENT, 1004, CUT_OFF_WAIT, 1999},
    {"... and ends", {UP(999, 100, 30)}, false, SILENT, 1999, CUT_OFF_NO, 0},
};

static struct mono at(int ms)
{
	return (struct mono){ms * NS_PER_MS};
}

static void check(const struct row *row)
{
	struct cut_off_routers all = {.unwatched = row->unwatched};
	struct mono until = MONO_NEVER;
	enum cut_off got;

	for (int i = 0; i < MAX; i++) {
		struct cut_off_session one = {.up = row->of[i].up,
					      .changed = at(row->of[i].changed),
					      .heard = at(row->of[i].heard),
					      .pace_ns = row->of[i].pace * NS_PER_MS,
					      .detection_ns = row->of[i].detection * NS_PER_MS};

		if (row->of[i].there)
			cut_off_add(&all, &one, at(row->now));
	}
	got = cut_off_judge(&all, at(row->silent), at(row->now), &until);
	if (got != row->wanted || until.ns != at(row->until).ns)
		fail_msg("%s: %d, until %lld ms", row->why, got, (long long)(until.ns / NS_PER_MS));
}

static void each_case_is_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_case_is_judged)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
