// SPDX-License-Identifier: BSD-2-Clause
/*
 * The state machine of a BFD session: the table of RFC 5880 section 6.8.6, the negotiation of
 * timers, polls, jitter, and the times of packets.
 * Links: user/bfd/bfd_step.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bfd/bfd_step.h"

#define OURS   7
#define THEIRS 9

static struct bfd_cfg cfg;
static struct bfd_fsm fsm;
static struct bfd_actions out;
static struct mono now;
static uint8_t jitter;

static void step(enum bfd_event_type type, struct bfd_packet pkt)
{
	struct bfd_event ev = {.type = type, .now = now, .jitter = jitter, .packet = pkt};

	bfd_step(&cfg, &fsm, &ev, &out);
	assert_true(out.n <= BFD_MAX_ACTIONS);
}

static void event(enum bfd_event_type type)
{
	step(type, (struct bfd_packet){0});
}

/* A packet of the peer: 20 ms x 5. */
static struct bfd_packet theirs(enum bfd_state state, uint8_t flags)
{
	return (struct bfd_packet){.my_discr = THEIRS,
				   .your_discr = OURS,
				   .min_tx_us = 20000,
				   .min_rx_us = 20000,
				   .state = (uint8_t)state,
				   .flags = flags,
				   .multiplier = 5};
}

static void hear(enum bfd_state state, uint8_t flags)
{
	step(BFD_EV_PACKET, theirs(state, flags));
}

/* The n-th action of a type, or NULL. */
static const struct bfd_action *action(enum bfd_action_type type, unsigned int nth)
{
	for (unsigned int i = 0; i < out.n; i++) {
		if (out.a[i].type == type && nth-- == 0)
			return &out.a[i];
	}
	return NULL;
}

/* A started session of 10 ms x 3 that has heard nothing. */
static int fresh(void **state)
{
	(void)state;
	cfg = (struct bfd_cfg){
	    .discr = OURS, .min_tx_us = 10000, .min_rx_us = 10000, .multiplier = 3};
	fsm = (struct bfd_fsm){0};
	now = (struct mono){NS_PER_S};
	jitter = 255; /* no reduction */
	event(BFD_EV_START);
	return 0;
}

/* The same, Up, and the poll that this takes is over. */
static int up(void **state)
{
	fresh(state);
	hear(BFD_DOWN, 0);
	hear(BFD_INIT, 0);
	hear(BFD_UP, BFD_FLAG_FINAL);
	assert_int_equal(fsm.state, BFD_UP);
	assert_false(fsm.polling);
	return 0;
}

/* --- states ----------------------------------------------------------------------------------*/

static void the_states_follow_the_rfcs_table(void **state)
{
	static const struct {
		enum bfd_state from, heard, to;
		enum bfd_diag diag;
	} rows[] = {
	    {BFD_DOWN, BFD_ADMIN_DOWN, BFD_DOWN, BFD_DIAG_NONE},
	    {BFD_DOWN, BFD_DOWN, BFD_INIT, BFD_DIAG_NONE},
	    {BFD_DOWN, BFD_INIT, BFD_UP, BFD_DIAG_NONE},
	    {BFD_DOWN, BFD_UP, BFD_DOWN, BFD_DIAG_NONE},
	    {BFD_INIT, BFD_ADMIN_DOWN, BFD_DOWN, BFD_DIAG_NEIGHBOR_DOWN},
	    {BFD_INIT, BFD_DOWN, BFD_INIT, BFD_DIAG_NONE},
	    {BFD_INIT, BFD_INIT, BFD_UP, BFD_DIAG_NONE},
	    {BFD_INIT, BFD_UP, BFD_UP, BFD_DIAG_NONE},
	    {BFD_UP, BFD_ADMIN_DOWN, BFD_DOWN, BFD_DIAG_NEIGHBOR_DOWN},
	    {BFD_UP, BFD_DOWN, BFD_DOWN, BFD_DIAG_NEIGHBOR_DOWN},
	    {BFD_UP, BFD_INIT, BFD_UP, BFD_DIAG_NONE},
	    {BFD_UP, BFD_UP, BFD_UP, BFD_DIAG_NONE},
	    {BFD_ADMIN_DOWN, BFD_DOWN, BFD_ADMIN_DOWN, BFD_DIAG_NONE},
	    {BFD_ADMIN_DOWN, BFD_INIT, BFD_ADMIN_DOWN, BFD_DIAG_NONE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool rises, falls;

		fresh(state);
		fsm.state = (uint8_t)rows[i].from;
		hear(rows[i].heard, 0);
		rises = rows[i].to == BFD_UP && rows[i].from != BFD_UP;
		falls = rows[i].from == BFD_UP && rows[i].to != BFD_UP;
		if (fsm.state != rows[i].to || fsm.diag != rows[i].diag)
			fail_msg("row %zu: state %u, diagnostic %u", i, fsm.state, fsm.diag);
		if ((action(BFD_ACT_UP, 0) != NULL) != rises ||
		    (action(BFD_ACT_DOWN, 0) != NULL) != falls)
			fail_msg("row %zu: its action", i);
		/* A new state is sent at once. */
		if ((action(BFD_ACT_SEND, 0) != NULL) != (rows[i].from != rows[i].to))
			fail_msg("row %zu: what is sent", i);
	}
}

static void silence_ends_a_session(void **state)
{
	(void)state;
	event(BFD_EV_EXPIRED);
	assert_int_equal(fsm.state, BFD_DOWN);
	assert_int_equal(action(BFD_ACT_DOWN, 0)->diag, BFD_DIAG_EXPIRED);
	assert_int_equal(action(BFD_ACT_WATCH, 0)->min_rx_us, 0);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.state, BFD_DOWN);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.diag, BFD_DIAG_EXPIRED);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.your_discr, 0);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.min_tx_us, BFD_SLOW_TX_US);
	event(BFD_EV_EXPIRED); /* a stale one */
	assert_int_equal(out.n, 0);
}

static void silence_while_down_forgets_the_peer(void **state)
{
	fresh(state);
	hear(BFD_UP, 0); /* it has not noticed yet */
	assert_int_equal(fsm.state, BFD_DOWN);
	assert_int_equal(action(BFD_ACT_WATCH, 0)->min_rx_us, 10000);
	event(BFD_EV_EXPIRED);
	assert_int_equal(fsm.remote_discr, 0);
	assert_int_equal(fsm.diag, BFD_DIAG_NONE);
}

/* A peer that asked for no packets and then died must be able to come back. */
static void a_forgotten_peer_is_spoken_to_again(void **state)
{
	struct bfd_packet pkt = theirs(BFD_UP, 0);

	(void)state;
	pkt.min_rx_us = 0;
	step(BFD_EV_PACKET, pkt);
	assert_false(mono_is_set(bfd_due(&fsm)));
	event(BFD_EV_EXPIRED);
	assert_true(mono_is_set(bfd_due(&fsm)));
}

static void a_stop_tells_the_peer_and_goes_on_telling(void **state)
{
	(void)state;
	event(BFD_EV_STOP);
	assert_int_equal(fsm.state, BFD_ADMIN_DOWN);
	assert_int_equal(action(BFD_ACT_DOWN, 0)->diag, BFD_DIAG_ADMIN_DOWN);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.state, BFD_ADMIN_DOWN);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.your_discr, THEIRS);
	assert_int_equal(action(BFD_ACT_WATCH, 0)->min_rx_us, 0);
	now = bfd_due(&fsm);
	event(BFD_EV_TIMER);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.diag, BFD_DIAG_ADMIN_DOWN);
	hear(BFD_UP, BFD_FLAG_POLL); /* discarded, section 6.8.6 */
	assert_int_equal(out.n, 0);
	event(BFD_EV_EXPIRED);
	assert_int_equal(fsm.state, BFD_ADMIN_DOWN);
	event(BFD_EV_START);
	assert_int_equal(fsm.state, BFD_DOWN);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.your_discr, 0);
}

static void a_session_not_started_says_nothing(void **state)
{
	(void)state;
	fsm = (struct bfd_fsm){0};
	cfg = (struct bfd_cfg){.discr = OURS, .min_tx_us = 1, .min_rx_us = 1, .multiplier = 3};
	for (int type = BFD_EV_STOP; type <= BFD_EV_TIMER; type++) {
		step((enum bfd_event_type)type, theirs(BFD_DOWN, BFD_FLAG_POLL));
		assert_int_equal(out.n, 0);
		assert_false(mono_is_set(bfd_due(&fsm)));
	}
}

static void a_packet_to_another_session_changes_nothing(void **state)
{
	struct bfd_packet pkt = theirs(BFD_DOWN, BFD_FLAG_POLL);

	(void)state;
	pkt.your_discr = OURS + 1;
	step(BFD_EV_PACKET, pkt);
	assert_int_equal(out.n, 0);
	assert_int_equal(fsm.state, BFD_UP);
}

/* --- transmission ----------------------------------------------------------------------------*/

static void who_is_passive_waits_for_the_first_word(void **state)
{
	(void)state;
	cfg.passive = true;
	fsm = (struct bfd_fsm){0};
	event(BFD_EV_START);
	assert_int_equal(out.n, 0);
	assert_false(mono_is_set(bfd_due(&fsm)));
	hear(BFD_DOWN, 0);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.state, BFD_INIT);
	assert_true(mono_is_set(bfd_due(&fsm)));
	event(BFD_EV_EXPIRED);
	assert_null(action(BFD_ACT_SEND, 0));
	assert_false(mono_is_set(bfd_due(&fsm)));
}

static void not_up_means_one_packet_a_second(void **state)
{
	fresh(state);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.min_tx_us, BFD_SLOW_TX_US);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.min_rx_us, 10000);
	assert_int_equal(mono_diff_ns(bfd_due(&fsm), now), NS_PER_S);
	now = mono_add(now, NS_PER_S - 1);
	event(BFD_EV_TIMER);
	assert_int_equal(out.n, 0);
	now = mono_add(now, 1);
	event(BFD_EV_TIMER);
	assert_int_equal(out.n, 1);
	cfg.min_tx_us = 2 * BFD_SLOW_TX_US; /* who wants to be slower is */
	event(BFD_EV_CONFIG);
	assert_int_equal(fsm.min_tx_us, 2 * BFD_SLOW_TX_US);
}

static void jitter_shortens_the_interval_by_a_quarter_at_most(void **state)
{
	static const struct {
		uint8_t multiplier, jitter;
		int64_t percent;
	} rows[] = {{3, 0, 75}, {3, 255, 100}, {1, 0, 75}, {1, 255, 90}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		up(state);
		cfg.multiplier = rows[i].multiplier;
		jitter = rows[i].jitter;
		now = bfd_due(&fsm);
		event(BFD_EV_TIMER);
		assert_int_equal(mono_diff_ns(bfd_due(&fsm), now),
				 20 * NS_PER_MS * rows[i].percent / 100);
	}
}

static void the_interval_is_the_slower_of_both(void **state)
{
	struct bfd_packet pkt = theirs(BFD_UP, 0);

	(void)state;
	assert_int_equal(bfd_tx_interval_ns(&fsm), 20 * NS_PER_MS);
	pkt.min_rx_us = 5000;
	step(BFD_EV_PACKET, pkt);
	assert_int_equal(bfd_tx_interval_ns(&fsm), 10 * NS_PER_MS);
	assert_int_equal(mono_diff_ns(bfd_due(&fsm), now), 10 * NS_PER_MS); /* at once */
	pkt.min_rx_us = 0;
	step(BFD_EV_PACKET, pkt);
	assert_int_equal(bfd_tx_interval_ns(&fsm), 0);
	assert_false(mono_is_set(bfd_due(&fsm)));
}

static void a_peer_in_demand_mode_is_left_in_peace_but_polled(void **state)
{
	(void)state;
	hear(BFD_UP, BFD_FLAG_DEMAND);
	assert_false(mono_is_set(bfd_due(&fsm)));
	cfg.min_rx_us = 5000;
	event(BFD_EV_CONFIG);
	assert_true(mono_is_set(bfd_due(&fsm)));
	now = bfd_due(&fsm);
	event(BFD_EV_TIMER);
	hear(BFD_UP, BFD_FLAG_DEMAND | BFD_FLAG_FINAL);
	assert_false(mono_is_set(bfd_due(&fsm)));
	hear(BFD_DOWN, BFD_FLAG_DEMAND); /* demand holds while both are Up */
	assert_true(mono_is_set(bfd_due(&fsm)));
}

/* --- polls -----------------------------------------------------------------------------------*/

static void a_poll_is_answered_at_once_beside_the_timer(void **state)
{
	struct mono due;

	(void)state;
	due = bfd_due(&fsm);
	now = mono_add(now, NS_PER_MS);
	hear(BFD_UP, BFD_FLAG_POLL);
	assert_int_equal(out.n, 1);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.flags, BFD_FLAG_FINAL);
	assert_int_equal(bfd_due(&fsm).ns, due.ns);
}

/* Our own poll continues. Its P must not be in the answer. */
static void the_first_packet_in_up_polls_and_a_final_beside_it_does_not(void **state)
{
	fresh(state);
	hear(BFD_DOWN, 0);
	hear(BFD_INIT, BFD_FLAG_POLL);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.flags, BFD_FLAG_FINAL);
	assert_int_equal(action(BFD_ACT_SEND, 1)->packet.flags, BFD_FLAG_POLL);
	assert_int_equal(action(BFD_ACT_SEND, 1)->packet.min_tx_us, 10000);
	now = bfd_due(&fsm);
	event(BFD_EV_TIMER);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.flags, BFD_FLAG_POLL);
	hear(BFD_UP, BFD_FLAG_FINAL);
	now = bfd_due(&fsm);
	event(BFD_EV_TIMER);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.flags, 0);
}

static void sending_less_often_waits_for_the_peers_consent(void **state)
{
	(void)state;
	cfg.min_tx_us = 50000;
	event(BFD_EV_CONFIG);
	assert_int_equal(fsm.min_tx_us, 50000);
	assert_int_equal(bfd_tx_interval_ns(&fsm), 20 * NS_PER_MS);
	now = bfd_due(&fsm);
	event(BFD_EV_TIMER);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.min_tx_us, 50000);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.flags, BFD_FLAG_POLL);
	assert_int_equal(bfd_tx_interval_ns(&fsm), 20 * NS_PER_MS);
	hear(BFD_UP, 0); /* no consent yet */
	assert_int_equal(bfd_tx_interval_ns(&fsm), 20 * NS_PER_MS);
	hear(BFD_UP, BFD_FLAG_FINAL);
	assert_int_equal(bfd_tx_interval_ns(&fsm), 50 * NS_PER_MS);
}

static void sending_more_often_does_not_wait(void **state)
{
	struct bfd_packet pkt = theirs(BFD_UP, 0);

	(void)state;
	pkt.min_rx_us = 1;
	step(BFD_EV_PACKET, pkt);
	cfg.min_tx_us = 5000;
	event(BFD_EV_CONFIG);
	assert_int_equal(bfd_tx_interval_ns(&fsm), 5 * NS_PER_MS);
	assert_int_equal(mono_diff_ns(bfd_due(&fsm), now), 5 * NS_PER_MS);
}

static void expecting_packets_sooner_waits_for_the_peers_consent(void **state)
{
	(void)state;
	cfg.min_rx_us = 5000;
	event(BFD_EV_CONFIG);
	assert_null(action(BFD_ACT_WATCH, 0));
	assert_int_equal(fsm.min_rx_us, 5000);
	now = bfd_due(&fsm);
	event(BFD_EV_TIMER);
	hear(BFD_UP, BFD_FLAG_FINAL);
	assert_int_equal(action(BFD_ACT_WATCH, 0)->min_rx_us, 5000);
}

static void expecting_packets_later_does_not_wait(void **state)
{
	(void)state;
	cfg.min_rx_us = 50000;
	event(BFD_EV_CONFIG);
	assert_int_equal(action(BFD_ACT_WATCH, 0)->min_rx_us, 50000);
}

static void a_change_during_a_poll_is_polled_for_again(void **state)
{
	(void)state;
	cfg.min_tx_us = 50000;
	event(BFD_EV_CONFIG);
	now = bfd_due(&fsm);
	event(BFD_EV_TIMER);
	cfg.min_tx_us = 60000;
	event(BFD_EV_CONFIG);
	hear(BFD_UP, BFD_FLAG_FINAL); /* which answers the 50 ms */
	assert_true(fsm.polling);
	assert_int_equal(bfd_tx_interval_ns(&fsm), 20 * NS_PER_MS);
	now = bfd_due(&fsm);
	event(BFD_EV_TIMER);
	hear(BFD_UP, BFD_FLAG_FINAL);
	assert_false(fsm.polling);
	assert_int_equal(bfd_tx_interval_ns(&fsm), 60 * NS_PER_MS);
}

static void a_final_nobody_asked_for_changes_nothing(void **state)
{
	struct bfd_fsm before = fsm;

	(void)state;
	hear(BFD_UP, BFD_FLAG_FINAL);
	assert_int_equal(out.n, 0);
	assert_memory_equal(&before, &fsm, sizeof(fsm));
}

static void what_does_not_change_is_not_polled_for(void **state)
{
	(void)state;
	event(BFD_EV_CONFIG);
	assert_int_equal(out.n, 0);
	assert_false(fsm.polling);
}

static void a_session_that_ends_takes_its_poll_along(void **state)
{
	(void)state;
	cfg.min_tx_us = 50000;
	event(BFD_EV_CONFIG);
	hear(BFD_DOWN, 0);
	assert_int_equal(action(BFD_ACT_DOWN, 0)->diag, BFD_DIAG_NEIGHBOR_DOWN);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.flags, 0);
	assert_false(fsm.polling);
}

static void a_multiplier_is_told_with_the_next_packet(void **state)
{
	(void)state;
	cfg.multiplier = 4;
	event(BFD_EV_CONFIG);
	assert_int_equal(out.n, 0);
	now = bfd_due(&fsm);
	event(BFD_EV_TIMER);
	assert_int_equal(action(BFD_ACT_SEND, 0)->packet.multiplier, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_states_follow_the_rfcs_table),
	    cmocka_unit_test_setup(silence_ends_a_session, up),
	    cmocka_unit_test(silence_while_down_forgets_the_peer),
	    cmocka_unit_test_setup(a_forgotten_peer_is_spoken_to_again, up),
	    cmocka_unit_test_setup(a_stop_tells_the_peer_and_goes_on_telling, up),
	    cmocka_unit_test(a_session_not_started_says_nothing),
	    cmocka_unit_test_setup(a_packet_to_another_session_changes_nothing, up),
	    cmocka_unit_test_setup(who_is_passive_waits_for_the_first_word, fresh),
	    cmocka_unit_test(not_up_means_one_packet_a_second),
	    cmocka_unit_test(jitter_shortens_the_interval_by_a_quarter_at_most),
	    cmocka_unit_test_setup(the_interval_is_the_slower_of_both, up),
	    cmocka_unit_test_setup(a_peer_in_demand_mode_is_left_in_peace_but_polled, up),
	    cmocka_unit_test_setup(a_poll_is_answered_at_once_beside_the_timer, up),
	    cmocka_unit_test(the_first_packet_in_up_polls_and_a_final_beside_it_does_not),
	    cmocka_unit_test_setup(sending_less_often_waits_for_the_peers_consent, up),
	    cmocka_unit_test_setup(sending_more_often_does_not_wait, up),
	    cmocka_unit_test_setup(expecting_packets_sooner_waits_for_the_peers_consent, up),
	    cmocka_unit_test_setup(expecting_packets_later_does_not_wait, up),
	    cmocka_unit_test_setup(a_change_during_a_poll_is_polled_for_again, up),
	    cmocka_unit_test_setup(a_final_nobody_asked_for_changes_nothing, up),
	    cmocka_unit_test_setup(what_does_not_change_is_not_polled_for, up),
	    cmocka_unit_test_setup(a_session_that_ends_takes_its_poll_along, up),
	    cmocka_unit_test_setup(a_multiplier_is_told_with_the_next_packet, up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
