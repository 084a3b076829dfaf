// SPDX-License-Identifier: BSD-2-Clause
/*
 * The rules of a sync group, fact by fact. Each row reports facts of three members A, B and C to a
 * new group, with a step at each '|' of the text, and has the expected result of the last step.
 *
 * Facts: "A>M" A is MASTER now (I, B, M, F), "A+" A has a fault, "A-" none, "A~" a fault that is
 * not shared, "A?" its master is down, "A!" its master was heard after all, "A^" A leaves the
 * group.
 *
 * Links: user/vrrp/group_step.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp/group_step.h"

#define MEMBERS 3

struct row {
	const char *why, *facts;
	const char *want;   /* "y": yield, "f": faults, "r": ready, a letter: the state to tell */
	const char *shared; /* who has VRRP_FAULT_GROUP by the end */
};

static const struct row rows[] = {
    {"all INIT says nothing", "", "", ""},
    {"not all are BACKUP yet", "A>B B>B", "", ""},
    {"all BACKUP is told", "A>B B>B C>B", "B", ""},
    {"it is told once", "A>B B>B C>B|A>M A>B", "y", ""},
    {"some MASTER is nothing", "A>B B>B C>B|A>M", "", ""},
    {"all MASTER is told", "A>M B>M C>M", "M", ""},
    {"one FAULT is the group's", "A>M B>M C>F", "F", ""},
    {"FAULT, then BACKUP again, is told again", "A>B B>B C>B|C>F|C>B", "B", ""},
    {"one without a master waits", "A>B B>B C>B|A?", "", ""},
    {"two without a master wait", "A>B B>B C>B|A? B?", "", ""},
    {"all without a master are ready", "A>B B>B C>B|A? B? C?", "r", ""},
    {"the last one beside masters is ready", "A>M B>M C>B|C?", "r", ""},
    {"all MASTER wait for nothing", "A>M B>M C>M|", "", ""},
    {"a wish counts once", "A>B B>B C>B|A? A? B?", "", ""},
    {"a master heard after all ends the wish", "A>B B>B C>B|A? B? A! C?", "", ""},
    {"a new wish counts again", "A>B B>B C>B|A? B? A! C? A?", "r", ""},
    {"a change of state ends the wish", "A>B B>B C>B|A? B? A>F A>B C?", "", ""},
    {"who leaves the group is not waited for", "A>B B>B C>B|A? B? C^|", "r", ""},
    {"who leaves takes its wish along", "A>B B>B C>B|A? B? A^|", "", ""},
    {"leaving MASTER makes the others yield", "A>M B>M C>M|A>B", "y", ""},
    {"when nobody is left to yield, grants end all the same", "A>M B>B C>B|A>B", "yB", ""},
    {"the others yield once", "A>M B>M C>M|A>B|C>M", "", ""},
    {"a fault of a MASTER is no yield", "A>M B>M C>M|A>F", "F", ""},
    {"one fault is shared by the others", "A+", "f", "BC"},
    {"a second fault is shared by the first too", "A+|B+", "f", "ABC"},
    {"a third one is no news", "A+ B+|C+", "", "ABC"},
    {"back to two is no news", "A+ B+ C+|C-", "", "ABC"},
    {"back to one", "A+ B+|B-", "f", "BC"},
    {"back to none", "A+|A-", "f", ""},
    {"the fault moves within one step", "A+|A- B+", "f", "AC"},
    {"the same fault again is no news", "A+|A+", "", "BC"},
    {"PENDING, DRAIN and GROUP are not shared", "|A~", "", ""},
    {"who leaves takes its fault along", "A+|A^", "f", ""},
    {"leaving twice is leaving once", "A^ A^|B>M C>M", "M", ""},
};

struct bench {
	struct group_fsm group;
	struct group_member members[MEMBERS];
	struct group_orders orders;
	bool ready;
};

static enum vrrp_state state_of(char c)
{
	return c == 'M' ? VRRP_MASTER : c == 'B' ? VRRP_BACKUP : c == 'F' ? VRRP_FAULT : VRRP_INIT;
}

static void report(struct bench *b, const char *fact)
{
	static int64_t now = NS_PER_S;
	struct group_member *member = &b->members[fact[0] - 'A'];

	now += NS_PER_MS;
	switch (fact[1]) {
	case '>':
		group_member_moved(&b->group, member, state_of(fact[2]));
		break;
	case '+':
		group_member_faults(&b->group, member, VRRP_FAULT_LINK | VRRP_FAULT_GROUP);
		break;
	case '-':
		group_member_faults(&b->group, member, VRRP_FAULT_GROUP);
		break;
	case '~':
		group_member_faults(&b->group, member,
				    VRRP_FAULT_PENDING | VRRP_FAULT_DRAIN | VRRP_FAULT_GROUP);
		break;
	case '?':
		b->ready = group_member_down(&b->group, member, (struct mono){now});
		group_member_heard(&b->group, member, (struct mono){now});
		group_member_heard(&b->group, member, MONO_NEVER);
		break;
	case '!':
		group_member_heard(&b->group, member, (struct mono){now});
		break;
	default:
		assert_int_equal(fact[1], '^');
		group_member_leave(&b->group, member);
	}
}

static void run(struct bench *b, const char *facts)
{
	for (const char *p = facts; *p; p++) {
		if (*p == '|')
			group_step(&b->group, &b->orders);
		else if (*p >= 'A' && *p < 'A' + MEMBERS &&
			 (p == facts || p[-1] == ' ' || p[-1] == '|'))
			report(b, p);
	}
	group_step(&b->group, &b->orders);
}

static void check_orders(const struct bench *b, const struct row *row)
{
	static const char letters[] = {
	    [VRRP_BACKUP] = 'B', [VRRP_MASTER] = 'M', [VRRP_FAULT] = 'F'};
	enum vrrp_state state = b->orders.state;

	assert_int_equal(b->orders.yield, strchr(row->want, 'y') != NULL);
	assert_int_equal(b->orders.faults, strchr(row->want, 'f') != NULL);
	assert_int_equal(group_is_ready(&b->group), strchr(row->want, 'r') != NULL);
	if (state != VRRP_INIT)
		assert_non_null(strchr(row->want, letters[state]));
	else
		assert_null(strpbrk(row->want, "BMF"));
	for (int i = 0; i < MEMBERS; i++) {
		if (b->members[i].joined)
			assert_int_equal(group_member_fault(&b->group, &b->members[i]),
					 strchr(row->shared, 'A' + i) != NULL);
	}
}

static void every_row_is_answered(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b = {0};

		print_message("# %s\n", rows[i].why);
		for (int k = 0; k < MEMBERS; k++)
			group_member_join(&b.group, &b.members[k], VRRP_INIT, 0);
		group_step(&b.group, &b.orders);
		run(&b, rows[i].facts);
		check_orders(&b, &rows[i]);
	}
}

static void joining_shares_what_is_there(void **state)
{
	struct bench b = {0};

	(void)state;
	group_member_join(&b.group, &b.members[0], VRRP_FAULT, VRRP_FAULT_TRACK);
	group_step(&b.group, &b.orders);
	assert_true(b.orders.faults);
	assert_int_equal(b.orders.state, VRRP_FAULT);
	assert_false(group_member_fault(&b.group, &b.members[0]));
	group_member_join(&b.group, &b.members[1], VRRP_BACKUP, 0);
	group_step(&b.group, &b.orders);
	assert_true(b.orders.faults);
	assert_true(group_member_fault(&b.group, &b.members[1]));
}

static void who_is_unready_can_be_named(void **state)
{
	struct bench b = {0};

	(void)state;
	for (int k = 0; k < MEMBERS; k++)
		group_member_join(&b.group, &b.members[k], VRRP_BACKUP, 0);
	assert_false(group_member_down(&b.group, &b.members[0], (struct mono){NS_PER_S}));
	group_member_moved(&b.group, &b.members[1], VRRP_MASTER);
	assert_false(group_member_is_unready(&b.members[0]));
	assert_false(group_member_is_unready(&b.members[1]));
	assert_true(group_member_is_unready(&b.members[2]));
	assert_true(group_member_down(&b.group, &b.members[2], (struct mono){NS_PER_S}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_is_answered),
	    cmocka_unit_test(joining_shares_what_is_there),
	    cmocka_unit_test(who_is_unready_can_be_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
