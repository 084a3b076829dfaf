// SPDX-License-Identifier: BSD-2-Clause
/*
 * The rules of both halves: how an advert is judged, and when a silent master is down.
 * Links:
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vrrp_rules.h"

#define OFF    VRRP_ROLE_OFF
#define BACKUP VRRP_ROLE_BACKUP
#define MASTER VRRP_ROLE_MASTER

/* We are 192.0.2.12 with priority 100. */
static void each_advert_is_judged_by_role_priority_and_address(void **state)
{
	static const struct {
		const char *what;
		enum vrrp_role role;
		int preempt;
		__u8 priority, last_octet; /* the advert's, and of its source */
		enum vrrp_judgement judgement;
	} rows[] = {
	    {"off, better", OFF, 1, 200, 11, VRRP_IGNORE},
	    {"off, resigning", OFF, 1, 0, 11, VRRP_IGNORE},
	    {"backup, better", BACKUP, 1, 101, 11, VRRP_REFRESH},
	    {"backup, equal, lower address", BACKUP, 1, 100, 11, VRRP_REFRESH},
	    {"backup, equal, higher address", BACKUP, 1, 100, 13, VRRP_REFRESH},
	    {"backup, lesser, preempt", BACKUP, 1, 99, 13, VRRP_IGNORE},
	    {"backup, lesser, nopreempt", BACKUP, 0, 99, 11, VRRP_REFRESH},
	    {"backup, least, nopreempt", BACKUP, 0, 1, 11, VRRP_REFRESH},
	    {"backup, resigning, preempt", BACKUP, 1, 0, 11, VRRP_RESIGNED},
	    {"backup, resigning, nopreempt", BACKUP, 0, 0, 11, VRRP_RESIGNED},
	    {"backup, owner", BACKUP, 1, 255, 11, VRRP_REFRESH},
	    {"master, better", MASTER, 1, 101, 11, VRRP_STEP_DOWN},
	    {"master, better, nopreempt", MASTER, 0, 101, 11, VRRP_STEP_DOWN},
	    {"master, equal, higher address", MASTER, 1, 100, 13, VRRP_STEP_DOWN},
	    {"master, equal, our address", MASTER, 1, 100, 12, VRRP_RIVAL},
	    {"master, equal, lower address", MASTER, 1, 100, 11, VRRP_RIVAL},
	    {"master, lesser, higher address", MASTER, 1, 99, 13, VRRP_RIVAL},
	    {"master, resigning", MASTER, 1, 0, 13, VRRP_RIVAL_RESIGNED},
	};
	const __u8 v4[] = {192, 0, 2, 12};
	struct vrrp_self self = {.priority = 100, .down_adverts = 3};

	(void)state;
	ipaddr_from_v4(&self.address, v4);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ipaddr source = self.address;

		source.b[15] = rows[i].last_octet;
		self.role = rows[i].role;
		self.preempt = (__u8)rows[i].preempt;
		if (vrrp_judge(&self, rows[i].priority, &source) != rows[i].judgement)
			fail_msg("%s: not judgement %d", rows[i].what, (int)rows[i].judgement);
	}
}

static void the_daemon_wakes_for_news_and_for_what_asks_for_an_answer(void **state)
{
	static const struct {
		enum vrrp_judgement judgement;
		int without, with; /* news */
	} rows[] = {
	    {VRRP_IGNORE, 0, 0},    {VRRP_REFRESH, 0, 1}, {VRRP_RESIGNED, 1, 1},
	    {VRRP_STEP_DOWN, 1, 1}, {VRRP_RIVAL, 1, 1},	  {VRRP_RIVAL_RESIGNED, 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(vrrp_wakes_user(rows[i].judgement, 0), rows[i].without);
		assert_int_equal(vrrp_wakes_user(rows[i].judgement, 1), rows[i].with);
	}
}

static void the_master_is_down_after_the_time_of_its_version(void **state)
{
	static const struct {
		__u8 version, priority, down_adverts;
		__u64 interval_ns, skew_ns, down_ns;
	} rows[] = {
	    /* version 2: skew in parts of a second, whatever the interval */
	    {2, 100, 3, 1000000000, 609375000, 3609375000},
	    {2, 100, 3, 5000000000, 609375000, 15609375000},
	    {2, 254, 3, 1000000000, 7812500, 3007812500},
	    /* version 3: in parts of the interval */
	    {3, 100, 3, 1000000000, 609375000, 3609375000},
	    {3, 100, 3, 10000000, 6093750, 36093750},
	    {3, 255, 2, 10000000, 39062, 20039062},
	    {3, 1, 3, 40950000000, 40790039062, 163640039062},
	    {3, 100, 100, 40950000000, 24953906250, 4119953906250},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    vrrp_skew_ns(rows[i].version, rows[i].priority, rows[i].interval_ns),
		    rows[i].skew_ns);
		assert_int_equal(vrrp_down_ns(rows[i].version, rows[i].priority,
					      rows[i].down_adverts, rows[i].interval_ns),
				 rows[i].down_ns);
	}
}

static void addresses_compare_as_numbers(void **state)
{
	static const struct {
		struct ipaddr a, b;
		int sign;
	} rows[] = {
	    {{{[15] = 1}}, {{[15] = 1}}, 0},
	    {{{[15] = 1}}, {{[15] = 200}}, -1},
	    {{{[12] = 200}}, {{[12] = 100, [15] = 255}}, 1},
	    {{{[0] = 0xfe, [15] = 1}}, {{[0] = 0xfe, [15] = 2}}, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int c = ipaddr_cmp(&rows[i].a, &rows[i].b);

		assert_int_equal((c > 0) - (c < 0), rows[i].sign);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_advert_is_judged_by_role_priority_and_address),
	    cmocka_unit_test(the_daemon_wakes_for_news_and_for_what_asks_for_an_answer),
	    cmocka_unit_test(the_master_is_down_after_the_time_of_its_version),
	    cmocka_unit_test(addresses_compare_as_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
