// SPDX-License-Identifier: BSD-2-Clause
/*
 * A change of a link is reported after its delay. New and removed links are reported at once.
 *
 * Links: user/engine/tracking/link_delay.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/tracking/link_delay.h"

static struct mono now;
static struct link_delays delays;
static char told[256];

/* The loop of these tests: a timer is armed or not, and the test runs it. */
void loop_arm(struct loop *loop, struct loop_timer *timer, struct mono due)
{
	(void)loop;
	timer->slot = 1;
	timer->due = due;
}

void loop_disarm(struct loop *loop, struct loop_timer *timer)
{
	(void)loop;
	timer->slot = 0;
}

struct mono loop_now(const struct loop *loop)
{
	(void)loop;
	return now;
}

static void tell(void *ctx, const struct netlink_link *link)
{
	(void)ctx;
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s%s ", link->name,
		 link->gone ? " gone"
		 : link->up ? " up"
			    : " down");
}

/* Sets the state of the link. Returns the reports. */
static const char *hear(const char *name, uint32_t ifindex, bool up, bool gone)
{
	struct netlink_link link = {.ifindex = ifindex, .up = up, .gone = gone};

	told[0] = '\0';
	snprintf(link.name, sizeof(link.name), "%s", name);
	if (!link_delays_hold(&delays, &link))
		tell(NULL, &link);
	return told;
}

/* Lets time pass. Returns the reports. */
static const char *wait_ms(int64_t ms)
{
	told[0] = '\0';
	now = mono_add(now, ms * NS_PER_MS);
	for (unsigned int n = 0; n < delays.n; n++) {
		struct loop_timer *timer = &delays.one[n].timer;

		if (timer->slot == 0 || mono_before(now, timer->due))
			continue;
		timer->slot = 0;
		timer->fn(timer);
	}
	return told;
}

static struct cfg_link_delay lines[] = {
    {.interface = "eth0", .down_ns = 500 * NS_PER_MS, .up_ns = 200 * NS_PER_MS},
    {.interface = "eth1", .up_ns = 200 * NS_PER_MS},
};
static const struct config both = {.link_delays = lines, .n_link_delays = 2}, none;

static int set_up(void **state)
{
	(void)state;
	now = (struct mono){NS_PER_S};
	link_delays_init(&delays, NULL, tell, NULL);
	assert_true(link_delays_set(&delays, &both));
	assert_string_equal(hear("eth0", 2, true, false), "eth0 up ");
	assert_string_equal(hear("eth1", 3, true, false), "eth1 up ");
	return 0;
}

static void a_change_that_lasts_is_told(void **state)
{
	(void)state;
	assert_string_equal(hear("eth0", 2, false, false), "");
	assert_string_equal(wait_ms(400), "");
	assert_string_equal(hear("eth0", 2, false, false),
			    ""); /* repeated: counts from the first */
	assert_string_equal(wait_ms(100), "eth0 down ");
	assert_string_equal(hear("eth0", 2, true, false), "");
	assert_string_equal(wait_ms(199), "");
	assert_string_equal(wait_ms(1), "eth0 up ");
}

static void a_change_that_is_undone_is_not(void **state)
{
	(void)state;
	assert_string_equal(hear("eth0", 2, false, false), "");
	assert_string_equal(wait_ms(499), "");
	assert_string_equal(hear("eth0", 2, true, false), "eth0 up "); /* no news to anybody */
	assert_string_equal(wait_ms(5000), "");
}

static void what_has_no_delay_is_told_at_once(void **state)
{
	(void)state;
	assert_string_equal(hear("eth1", 3, false, false), "eth1 down ");
	assert_string_equal(hear("eth1", 3, true, false), "");
	assert_string_equal(wait_ms(200), "eth1 up ");
	assert_string_equal(hear("eth2", 4, false, false), "eth2 down ");
}

static void an_interface_that_goes_or_is_another_is_told_at_once(void **state)
{
	(void)state;
	assert_string_equal(hear("eth0", 2, false, false), "");
	assert_string_equal(hear("eth0", 2, false, true), "eth0 gone ");
	assert_string_equal(wait_ms(5000), "");
	assert_string_equal(hear("eth0", 9, false, false), "eth0 down "); /* nothing known of it */
	assert_string_equal(hear("eth0", 10, true, false), "eth0 up ");
}

static void other_delays_tell_what_was_held(void **state)
{
	(void)state;
	assert_false(link_delays_set(&delays, &both));
	hear("eth0", 2, false, false);
	assert_true(link_delays_set(&delays, &none));
	assert_string_equal(told, "eth0 down ");
	assert_string_equal(hear("eth0", 2, true, false), "eth0 up ");
	assert_true(link_delays_set(&delays, &both));
	assert_string_equal(hear("eth0", 2, true, false), "eth0 up "); /* known from now on */
	assert_string_equal(hear("eth0", 2, false, false), "");
	link_delays_stop(&delays);
	assert_string_equal(wait_ms(5000), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(a_change_that_lasts_is_told, set_up),
	    cmocka_unit_test_setup(a_change_that_is_undone_is_not, set_up),
	    cmocka_unit_test_setup(what_has_no_delay_is_told_at_once, set_up),
	    cmocka_unit_test_setup(an_interface_that_goes_or_is_another_is_told_at_once, set_up),
	    cmocka_unit_test_setup(other_delays_tell_what_was_held, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
