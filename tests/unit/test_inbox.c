// SPDX-License-Identifier: BSD-2-Clause
/*
 * The engine's inbox: the order of the instances, and which facts are kept.
 * Links: user/engine/inbox.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/inbox.h"

#define N 4

static struct inbox inbox;
static struct inbox_event ev[N];

static int begin(void **state)
{
	(void)state;
	inbox_init(&inbox);
	for (int i = 0; i < N; i++) {
		ev[i] = (struct inbox_event){0};
		inbox_join(&inbox, &ev[i]);
	}
	return 0;
}

static void instances_are_served_in_the_order_of_their_first_news(void **state)
{
	(void)state;
	inbox_post(&ev[2], NEWS_ANNOUNCED);
	inbox_post(&ev[0], NEWS_STOP);
	inbox_post(&ev[2], NEWS_YIELD);
	inbox_post(&ev[3], NEWS_YIELD);
	assert_false(inbox_is_empty(&inbox));
	assert_ptr_equal(inbox_take(&inbox), &ev[2]);
	assert_int_equal(ev[2].news, NEWS_ANNOUNCED | NEWS_YIELD);
	assert_ptr_equal(inbox_take(&inbox), &ev[0]);
	inbox_post(&ev[2], NEWS_SOURCE); /* again, behind the others */
	assert_ptr_equal(inbox_take(&inbox), &ev[3]);
	assert_ptr_equal(inbox_take(&inbox), &ev[2]);
	assert_null(inbox_take(&inbox));
	assert_true(inbox_is_empty(&inbox));
}

static void each_news_has_a_bit_of_its_own(void **state)
{
	static const uint32_t all[] = {
	    NEWS_LINK,	   NEWS_SOURCE,	 NEWS_ADDRESSES_READY, NEWS_ANNOUNCED,	 NEWS_FAULTS,
	    NEWS_PRIORITY, NEWS_YIELD,	 NEWS_GRANTED,	       NEWS_MASTER_DOWN, NEWS_ADVERT,
	    NEWS_STOP,	   NEWS_HOST,	 NEWS_ABSENT,	       NEWS_HANDOVER,	 NEWS_ROUTER,
	    NEWS_PREPARED, NEWS_PASS_ON, NEWS_PREEMPT,	       NEWS_PEERS};
	uint32_t seen = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_int_equal(seen & all[i], 0);
		seen |= all[i];
	}
}

static void one_that_leaves_is_not_served(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		inbox_post(&ev[i], NEWS_STOP);
	inbox_leave(&ev[1]);
	inbox_leave(&ev[3]); /* it is in no queue */
	assert_ptr_equal(inbox_take(&inbox), &ev[0]);
	inbox_leave(&ev[2]); /* the last one */
	assert_null(inbox_take(&inbox));
	inbox_post(&ev[1], NEWS_STOP);
	assert_ptr_equal(inbox_take(&inbox), &ev[1]);
	assert_null(inbox_take(&inbox));
}

static void a_fault_is_news_when_it_changes(void **state)
{
	(void)state;
	inbox_fault(&ev[0], VRRP_FAULT_LINK, false);
	assert_true(inbox_is_empty(&inbox));
	inbox_fault(&ev[0], VRRP_FAULT_LINK, true);
	assert_int_equal(ev[0].news, NEWS_FAULTS);
	assert_int_equal(ev[0].faults, VRRP_FAULT_LINK);
	assert_ptr_equal(inbox_take(&inbox), &ev[0]);
	inbox_fault(&ev[0], VRRP_FAULT_LINK, true);
	assert_null(inbox_take(&inbox));
}

static void a_fault_that_passes_before_it_is_seen_is_kept(void **state)
{
	(void)state;
	inbox_fault(&ev[0], VRRP_FAULT_LINK | VRRP_FAULT_TRACK, true);
	inbox_fault(&ev[0], VRRP_FAULT_LINK, false);
	assert_int_equal(ev[0].faults, VRRP_FAULT_TRACK);
	assert_int_equal(ev[0].raised, VRRP_FAULT_LINK | VRRP_FAULT_TRACK);
}

/* A group's own decision is no fact for the group. */
static void groups_are_judged_anew_by_faults_but_their_own(void **state)
{
	(void)state;
	inbox_fault(&ev[0], VRRP_FAULT_GROUP, true);
	assert_false(inbox.group_news);
	inbox_fault(&ev[0], VRRP_FAULT_SESSION | VRRP_FAULT_GROUP, true);
	assert_true(inbox.group_news);
	inbox_take(&inbox);
	assert_false(inbox_is_empty(&inbox)); /* the groups are still to be judged */
	inbox.group_news = false;
	assert_true(inbox_is_empty(&inbox));
	inbox_group_news(&ev[1]);
	assert_true(inbox.group_news);
}

static void pending_is_a_fault_until_all_has_come(void **state)
{
	(void)state;
	inbox_pending(&ev[0], PENDING_CHECKS, true);
	inbox_pending(&ev[0], PENDING_SESSION, true);
	inbox_pending(&ev[0], PENDING_CHECKS, false);
	assert_int_equal(ev[0].faults, VRRP_FAULT_PENDING);
	inbox_pending(&ev[0], PENDING_SESSION, false);
	assert_int_equal(ev[0].faults, 0);
}

static void a_priority_is_news_when_it_changes(void **state)
{
	(void)state;
	inbox_priority(&ev[0], 100);
	assert_ptr_equal(inbox_take(&inbox), &ev[0]);
	assert_int_equal(ev[0].news, NEWS_PRIORITY);
	inbox_priority(&ev[0], 100);
	assert_null(inbox_take(&inbox));
	inbox_priority(&ev[0], 90);
	assert_int_equal(ev[0].priority, 90);
	assert_ptr_equal(inbox_take(&inbox), &ev[0]);
}

/* The ifindex at three times; true if the interface was lost in between. */
static void an_interface_that_was_away_is_a_lost_one(void **state)
{
	static const struct {
		uint32_t ifindex[3];
		bool lost;
	} rows[] = {
	    {{7, 7, 7}, false}, /* its carrier alone */
	    {{0, 7, 7}, false}, /* it has come */
	    {{7, 0, 0}, true},	/* it has gone */
	    {{7, 0, 7}, true},	/* away between two looks */
	    {{7, 8, 8}, true},	/* another one of its name */
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(state);
		for (unsigned int k = 0; k < 3; k++)
			inbox_link(&ev[0], rows[i].ifindex[k], k == 2);
		assert_int_equal(ev[0].link_lost, rows[i].lost);
		assert_int_equal(ev[0].ifindex, rows[i].ifindex[2]);
		assert_true(ev[0].link_up);
		assert_int_equal(ev[0].news, NEWS_LINK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(instances_are_served_in_the_order_of_their_first_news, begin),
	    cmocka_unit_test_setup(each_news_has_a_bit_of_its_own, begin),
	    cmocka_unit_test_setup(one_that_leaves_is_not_served, begin),
	    cmocka_unit_test_setup(a_fault_is_news_when_it_changes, begin),
	    cmocka_unit_test_setup(a_fault_that_passes_before_it_is_seen_is_kept, begin),
	    cmocka_unit_test_setup(groups_are_judged_anew_by_faults_but_their_own, begin),
	    cmocka_unit_test_setup(pending_is_a_fault_until_all_has_come, begin),
	    cmocka_unit_test_setup(a_priority_is_news_when_it_changes, begin),
	    cmocka_unit_test_setup(an_interface_that_was_away_is_a_lost_one, begin),
	};

	return cmocka_run_group_tests_name("inbox", tests, NULL, NULL);
}
