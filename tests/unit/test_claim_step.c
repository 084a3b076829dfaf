// SPDX-License-Identifier: BSD-2-Clause
/*
 * before_master runs before the addresses, addresses come before the announcement, and the
 * withdrawal comes before the removal of addresses. Every sequence of up to six events is checked
 * against these rules, and some sequences are written out.
 *
 * Links: user/announce/claim_step.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "announce/claim_step.h"

#define EVENTS	5
#define LONGEST 6

struct row {
	const char *why;
	enum claim_event events[LONGEST];
	unsigned int n;
	enum claim_action last;
};

static const struct row rows[] = {
    {"a claim prepares first", {CLAIM_EV_CLAIM}, 1, CLAIM_ACT_PREPARE},
    {"then it adds", {CLAIM_EV_CLAIM, CLAIM_EV_PREPARED}, 2, CLAIM_ACT_ADD},
    {"once", {CLAIM_EV_CLAIM, CLAIM_EV_PREPARED, CLAIM_EV_PREPARED}, 3, CLAIM_ACT_NONE},
    {"then it announces",
     {CLAIM_EV_CLAIM, CLAIM_EV_PREPARED, CLAIM_EV_ADDED},
     3,
     CLAIM_ACT_ANNOUNCE},
    {"once",
     {CLAIM_EV_CLAIM, CLAIM_EV_PREPARED, CLAIM_EV_ADDED, CLAIM_EV_ADDED},
     4,
     CLAIM_ACT_NONE},
    {"addresses that were there already do not end the preparation",
     {CLAIM_EV_CLAIM, CLAIM_EV_ADDED},
     2,
     CLAIM_ACT_NONE},
    {"a release withdraws first", {CLAIM_EV_RELEASE}, 1, CLAIM_ACT_WITHDRAW},
    {"then it removes", {CLAIM_EV_RELEASE, CLAIM_EV_ANNOUNCED}, 2, CLAIM_ACT_REMOVE},
    {"once", {CLAIM_EV_RELEASE, CLAIM_EV_ANNOUNCED, CLAIM_EV_ANNOUNCED}, 3, CLAIM_ACT_NONE},
    {"a released claim announces nothing",
     {CLAIM_EV_CLAIM, CLAIM_EV_PREPARED, CLAIM_EV_RELEASE, CLAIM_EV_ADDED},
     4,
     CLAIM_ACT_NONE},
    {"a released claim that was prepared too late adds nothing",
     {CLAIM_EV_CLAIM, CLAIM_EV_RELEASE, CLAIM_EV_PREPARED},
     3,
     CLAIM_ACT_NONE},
    {"a claimed release removes nothing",
     {CLAIM_EV_RELEASE, CLAIM_EV_CLAIM, CLAIM_EV_ANNOUNCED},
     3,
     CLAIM_ACT_NONE},
    {"a claim while claimed prepares again",
     {CLAIM_EV_CLAIM, CLAIM_EV_PREPARED, CLAIM_EV_ADDED, CLAIM_EV_CLAIM},
     4,
     CLAIM_ACT_PREPARE},
    {"and announces again",
     {CLAIM_EV_CLAIM, CLAIM_EV_PREPARED, CLAIM_EV_CLAIM, CLAIM_EV_PREPARED, CLAIM_EV_ADDED},
     5,
     CLAIM_ACT_ANNOUNCE},
    {"what others change moves nothing", {CLAIM_EV_ADDED}, 1, CLAIM_ACT_NONE},
    {"what a reload announces moves nothing", {CLAIM_EV_ANNOUNCED}, 1, CLAIM_ACT_NONE},
    {"the end of a command moves nothing", {CLAIM_EV_PREPARED}, 1, CLAIM_ACT_NONE},
};

static void every_row_is_answered(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct claim_fsm fsm = {0};
		enum claim_action act = CLAIM_ACT_NONE;

		print_message("# %s\n", rows[i].why);
		for (unsigned int k = 0; k < rows[i].n; k++)
			act = claim_step(&fsm, rows[i].events[k]);
		assert_int_equal(act, rows[i].last);
	}
}

/* The state of the world in one sequence: the addresses, and the reports since the last claim or
 * release. */
struct world {
	bool addresses, claimed, prepared, added, told;
};

static void obey(struct world *w, enum claim_event ev, enum claim_action act)
{
	if (ev == CLAIM_EV_CLAIM || ev == CLAIM_EV_RELEASE)
		*w = (struct world){.addresses = w->addresses, .claimed = ev == CLAIM_EV_CLAIM};
	w->added |= ev == CLAIM_EV_ADDED && w->prepared;
	w->prepared |= ev == CLAIM_EV_PREPARED;
	w->told |= ev == CLAIM_EV_ANNOUNCED;
	if (act == CLAIM_ACT_ANNOUNCE)
		assert_true(w->claimed && w->added);
	if (act == CLAIM_ACT_REMOVE)
		assert_true(!w->claimed && w->told);
	if (act == CLAIM_ACT_ADD)
		assert_true(w->claimed && w->prepared);
	if (act == CLAIM_ACT_ADD || act == CLAIM_ACT_REMOVE)
		w->addresses = act == CLAIM_ACT_ADD;
	if (act == CLAIM_ACT_PREPARE || act == CLAIM_ACT_WITHDRAW)
		assert_int_equal(w->claimed, act == CLAIM_ACT_PREPARE);
}

static void every_sequence_keeps_the_order(void **state)
{
	unsigned int sequences = 1;

	(void)state;
	for (unsigned int i = 0; i < LONGEST; i++)
		sequences *= EVENTS;
	for (unsigned int s = 0; s < sequences; s++) {
		struct claim_fsm fsm = {0};
		struct world w = {0};
		unsigned int rest = s;

		for (unsigned int i = 0; i < LONGEST; i++, rest /= EVENTS) {
			enum claim_event ev = rest % EVENTS;

			obey(&w, ev, claim_step(&fsm, ev));
			assert_int_equal(fsm.holds, w.addresses);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_is_answered),
	    cmocka_unit_test(every_sequence_keeps_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
