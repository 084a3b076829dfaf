// SPDX-License-Identifier: BSD-2-Clause
/*
 * The S-BFD initiator: when it probes, and the effect of silence and answers. 2 ms x 3.
 * Links: user/bfd/sbfd_step.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bfd/sbfd_step.h"

static struct sbfd_cfg cfg;
static struct sbfd_fsm fsm;
static struct sbfd_actions out;
static struct mono now, heard;

static void step(enum sbfd_event_type type, enum bfd_state state)
{
	struct sbfd_event ev = {.type = type,
				.now = now,
				.began = now,
				.heard = heard,
				.state = state,
				.could_take_over = true};

	sbfd_step(&cfg, &fsm, &ev, &out);
	assert_true(out.n <= SBFD_MAX_ACTIONS);
}

static void answer(enum bfd_state state)
{
	heard = now;
	step(SBFD_EV_ANSWER, state);
}

/* Runs the timer; its probe is sent. True if the peer is down. */
static bool tick(void)
{
	struct sbfd_actions said;
	bool down = false;

	now = sbfd_due(&fsm);
	step(SBFD_EV_TIMER, BFD_ADMIN_DOWN);
	said = out;
	for (unsigned int i = 0; i < said.n; i++) {
		down |= said.a[i].type == SBFD_ACT_DOWN;
		if (said.a[i].type == SBFD_ACT_SEND)
			step(SBFD_EV_SENT, BFD_ADMIN_DOWN);
	}
	return down;
}

static int started(void **state)
{
	(void)state;
	cfg = (struct sbfd_cfg){
	    .my_discr = 7, .your_discr = 9, .interval_ns = 2 * NS_PER_MS, .multiplier = 3};
	fsm = (struct sbfd_fsm){0};
	now = (struct mono){NS_PER_S};
	heard = MONO_NEVER;
	step(SBFD_EV_START, BFD_ADMIN_DOWN);
	return 0;
}

static int up(void **state)
{
	started(state);
	tick();
	answer(BFD_UP);
	assert_int_equal(fsm.state, SBFD_UP);
	return 0;
}

static void a_peer_that_never_answers_is_asked_slowly_and_never_down(void **state)
{
	(void)state;
	assert_int_equal(sbfd_due(&fsm).ns, now.ns); /* the first probe at once */
	for (int i = 0; i < 100; i++) {
		assert_false(tick());
		assert_int_equal(fsm.state, SBFD_UNHEARD);
		assert_int_equal(mono_diff_ns(sbfd_due(&fsm), now), SBFD_SLOW_NS);
	}
}

static void a_probe_says_what_the_reflector_must_know(void **state)
{
	const struct bfd_packet *pkt;

	(void)state;
	now = sbfd_due(&fsm);
	step(SBFD_EV_TIMER, BFD_ADMIN_DOWN);
	assert_int_equal(out.a[0].type, SBFD_ACT_SEND);
	pkt = &out.a[0].packet;
	assert_int_equal(pkt->my_discr, 7);
	assert_int_equal(pkt->your_discr, 9);
	assert_int_equal(pkt->flags, BFD_FLAG_DEMAND);
	assert_int_equal(pkt->state, BFD_UP);
	assert_int_equal(pkt->multiplier, 3);
	assert_int_equal(pkt->min_tx_us, 2000);
}

static void the_first_answer_quickens_the_probes(void **state)
{
	(void)state;
	tick();
	answer(BFD_UP);
	assert_int_equal(out.a[0].type, SBFD_ACT_UP);
	assert_int_equal(mono_diff_ns(sbfd_due(&fsm), now), 2 * NS_PER_MS);
	tick();
	answer(BFD_UP);
	assert_int_equal(out.n, 0);
}

static void three_unanswered_probes_are_enough(void **state)
{
	struct mono first;

	(void)state;
	assert_false(tick());
	first = now;
	assert_false(tick());
	assert_false(tick());
	assert_true(tick());
	assert_int_equal(mono_diff_ns(now, first), 6 * NS_PER_MS);
	assert_int_equal(fsm.state, SBFD_DOWN);
	assert_int_equal(mono_diff_ns(sbfd_due(&fsm), now), SBFD_SLOW_NS);
	assert_false(tick()); /* said once */
	answer(BFD_UP);
	assert_int_equal(out.a[0].type, SBFD_ACT_UP);
}

static void any_answer_in_time_is_enough(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_false(tick());
		if (i % 3 == 2) /* to the third probe alone */
			heard = now;
	}
}

/* An advert is recorded in `heard` too, even if it came while the initiator did not run. */
static void an_advert_is_a_sign_of_life(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		tick();
	heard = now;
	assert_false(tick());
}

static void an_initiator_that_slept_accuses_nobody(void **state)
{
	(void)state;
	tick();
	tick();
	for (int i = 0; i < 50; i++) {
		now = mono_add(now, NS_PER_S);
		fsm.probe_due = now; /* each of its timers is a second late */
		heard = i % 2 ? mono_add(now, -NS_PER_MS) : heard;
		assert_false(tick());
	}
}

static void probes_that_cannot_be_sent_accuse_nobody(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		now = sbfd_due(&fsm);
		step(SBFD_EV_TIMER, BFD_ADMIN_DOWN); /* without SBFD_EV_SENT */
		assert_int_equal(out.n, 1);
		assert_int_equal(out.a[0].type, SBFD_ACT_SEND);
	}
	assert_int_equal(fsm.state, SBFD_UP);
}

static void an_early_timer_neither_probes_nor_judges(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		tick();
	now = mono_add(sbfd_due(&fsm), -1);
	step(SBFD_EV_TIMER, BFD_ADMIN_DOWN);
	assert_int_equal(out.n, 0);
}

static void admin_down_is_told_at_once_and_once(void **state)
{
	(void)state;
	tick();
	answer(BFD_ADMIN_DOWN);
	assert_int_equal(out.a[0].type, SBFD_ACT_CLOSED);
	answer(BFD_ADMIN_DOWN);
	assert_int_equal(out.n, 0);
	for (int i = 0; i < 10; i++)
		assert_false(tick()); /* it was said already */
	answer(BFD_UP);
	assert_int_equal(out.a[0].type, SBFD_ACT_UP);
}

/* A reflector without its daemon says nothing about another daemon that advertises there. */
static void admin_down_of_a_peer_that_was_never_up_is_no_news(void **state)
{
	(void)state;
	tick();
	answer(BFD_ADMIN_DOWN);
	assert_int_equal(out.n, 0);
	assert_int_equal(fsm.state, SBFD_CLOSED);
	answer(BFD_UP);
	assert_int_equal(out.a[0].type, SBFD_ACT_UP);
	answer(BFD_ADMIN_DOWN);
	assert_int_equal(out.a[0].type, SBFD_ACT_CLOSED);
}

/* Unanswered probes of an earlier session must not count in the next one. */
static void a_peer_that_is_back_begins_anew(void **state)
{
	(void)state;
	tick();
	tick();
	answer(BFD_ADMIN_DOWN);
	answer(BFD_UP);
	assert_false(tick());
	assert_false(tick());
	assert_false(tick());
	assert_true(tick());
}

/* After a Down the peer is probed once more. Then one unanswered probe is sufficient. */
static void who_is_asked_once_more_is_down_after_one_probe(void **state)
{
	struct mono asked;

	(void)state;
	while (!tick())
		;
	now = asked = mono_add(now, 7 * NS_PER_MS);
	step(SBFD_EV_ASK, BFD_ADMIN_DOWN);
	assert_int_equal(sbfd_due(&fsm).ns, asked.ns);
	assert_false(tick());
	assert_true(tick());
	assert_int_equal(mono_diff_ns(now, asked), 2 * NS_PER_MS);
	assert_int_equal(fsm.state, SBFD_DOWN);
}

static void who_answers_when_asked_once_more_is_up(void **state)
{
	(void)state;
	while (!tick())
		;
	step(SBFD_EV_ASK, BFD_ADMIN_DOWN);
	tick();
	heard = now; /* in the state before the silence: no event */
	for (int i = 0; i < 3; i++)
		assert_false(tick());
	assert_int_equal(fsm.state, SBFD_UP);
	while (!tick()) /* and then it takes all probes again */
		assert_true(fsm.probes.unanswered <= 3);
	assert_true(mono_diff_ns(now, heard) >= 6 * NS_PER_MS);
}

static void nobody_else_is_asked_once_more(void **state)
{
	struct mono due;

	(void)state;
	tick();
	due = sbfd_due(&fsm);
	step(SBFD_EV_ASK, BFD_ADMIN_DOWN);
	assert_int_equal(sbfd_due(&fsm).ns, due.ns);
	answer(BFD_ADMIN_DOWN);
	step(SBFD_EV_ASK, BFD_ADMIN_DOWN);
	assert_int_equal(fsm.state, SBFD_CLOSED);
}

static void a_changed_configuration_begins_to_count_anew(void **state)
{
	(void)state;
	tick();
	tick();
	cfg.multiplier = 2;
	step(SBFD_EV_CONFIG, BFD_ADMIN_DOWN);
	assert_false(tick());
	assert_false(tick());
	assert_true(tick());
}

static void nothing_happens_before_the_start_and_after_the_stop(void **state)
{
	(void)state;
	step(SBFD_EV_STOP, BFD_ADMIN_DOWN);
	for (int type = SBFD_EV_STOP; type <= SBFD_EV_TIMER; type++) {
		step((enum sbfd_event_type)type, BFD_UP);
		assert_int_equal(out.n, 0);
		assert_int_equal(fsm.state, SBFD_OFF);
		assert_false(mono_is_set(sbfd_due(&fsm)));
	}
}

static void a_second_start_changes_nothing(void **state)
{
	struct sbfd_fsm before = fsm;

	(void)state;
	step(SBFD_EV_START, BFD_ADMIN_DOWN);
	assert_memory_equal(&before, &fsm, sizeof(fsm));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(a_peer_that_never_answers_is_asked_slowly_and_never_down,
				   started),
	    cmocka_unit_test_setup(a_probe_says_what_the_reflector_must_know, started),
	    cmocka_unit_test_setup(the_first_answer_quickens_the_probes, started),
	    cmocka_unit_test_setup(three_unanswered_probes_are_enough, up),
	    cmocka_unit_test_setup(any_answer_in_time_is_enough, up),
	    cmocka_unit_test_setup(an_advert_is_a_sign_of_life, up),
	    cmocka_unit_test_setup(an_initiator_that_slept_accuses_nobody, up),
	    cmocka_unit_test_setup(probes_that_cannot_be_sent_accuse_nobody, up),
	    cmocka_unit_test_setup(an_early_timer_neither_probes_nor_judges, up),
	    cmocka_unit_test_setup(admin_down_of_a_peer_that_was_never_up_is_no_news, started),
	    cmocka_unit_test_setup(admin_down_is_told_at_once_and_once, up),
	    cmocka_unit_test_setup(a_peer_that_is_back_begins_anew, up),
	    cmocka_unit_test_setup(who_is_asked_once_more_is_down_after_one_probe, up),
	    cmocka_unit_test_setup(who_answers_when_asked_once_more_is_up, up),
	    cmocka_unit_test_setup(nobody_else_is_asked_once_more, up),
	    cmocka_unit_test_setup(a_changed_configuration_begins_to_count_anew, up),
	    cmocka_unit_test_setup(nothing_happens_before_the_start_and_after_the_stop, started),
	    cmocka_unit_test_setup(a_second_start_changes_nothing, up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
