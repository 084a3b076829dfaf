// SPDX-License-Identifier: BSD-2-Clause
/*
 * One BGP session's state machine: every state with every event, timers, back-off, negotiation.
 * Links: user/bgp/bgp_step.c user/core/addr.c
 */
#include "bgp_step_lab.h"

/* The actions and the next state for each state and event. "": nothing. */
static const struct {
	enum bgp_event_type event;
	struct {
		const char *acts;
		enum bgp_state to;
	} in[BGP_ESTABLISHED + 1]; /* Idle, Connect, OpenSent, OpenConfirm, Established */
} table[] = {
    {BGP_EV_START,
     {{"C", BGP_CONNECT},
      {"", BGP_CONNECT},
      {"", BGP_OPEN_SENT},
      {"", BGP_OPEN_CONFIRM},
      {"", BGP_ESTABLISHED}}},
    {BGP_EV_STOP,
     {{"", BGP_IDLE},
      {"X", BGP_IDLE},
      {"N6/2X", BGP_IDLE},
      {"N6/2X", BGP_IDLE},
      {"N6/2XD", BGP_IDLE}}},
    {BGP_EV_CONNECTED,
     {{"", BGP_IDLE},
      {"O", BGP_OPEN_SENT},
      {"", BGP_OPEN_SENT},
      {"", BGP_OPEN_CONFIRM},
      {"", BGP_ESTABLISHED}}},
    {BGP_EV_CLOSED,
     {{"", BGP_IDLE}, {"X", BGP_IDLE}, {"X", BGP_IDLE}, {"X", BGP_IDLE}, {"XD", BGP_IDLE}}},
    {BGP_EV_OPEN,
     {{"", BGP_IDLE},
      {"", BGP_CONNECT},
      {"K", BGP_OPEN_CONFIRM},
      {"N5/2X", BGP_IDLE},
      {"N5/3XD", BGP_IDLE}}},
    {BGP_EV_KEEPALIVE,
     {{"", BGP_IDLE},
      {"", BGP_CONNECT},
      {"N5/1X", BGP_IDLE},
      {"E", BGP_ESTABLISHED},
      {"", BGP_ESTABLISHED}}},
    {BGP_EV_UPDATE,
     {{"", BGP_IDLE},
      {"", BGP_CONNECT},
      {"N5/1X", BGP_IDLE},
      {"N5/2X", BGP_IDLE},
      {"", BGP_ESTABLISHED}}},
    {BGP_EV_NOTIFICATION,
     {{"", BGP_IDLE}, {"", BGP_CONNECT}, {"X", BGP_IDLE}, {"X", BGP_IDLE}, {"XD", BGP_IDLE}}},
    {BGP_EV_ERROR,
     {{"", BGP_IDLE},
      {"", BGP_CONNECT},
      {"N1/3X", BGP_IDLE},
      {"N1/3X", BGP_IDLE},
      {"N1/3XD", BGP_IDLE}}},
    {BGP_EV_BLOCKED,
     {{"", BGP_IDLE},
      {"", BGP_CONNECT},
      {"", BGP_OPEN_SENT},
      {"", BGP_OPEN_CONFIRM},
      {"", BGP_ESTABLISHED}}},
    {BGP_EV_SENT,
     {{"", BGP_IDLE},
      {"", BGP_CONNECT},
      {"", BGP_OPEN_SENT},
      {"", BGP_OPEN_CONFIRM},
      {"", BGP_ESTABLISHED}}},
    /* Too early: nothing is due. */
    {BGP_EV_TIMER,
     {{"", BGP_IDLE},
      {"", BGP_CONNECT},
      {"", BGP_OPEN_SENT},
      {"", BGP_OPEN_CONFIRM},
      {"", BGP_ESTABLISHED}}},
};

static void every_state_answers_every_event(void **state)
{
	(void)state;
	assert_int_equal(ROWS(table), BGP_EV_TIMER + 1);
	for (size_t i = 0; i < ROWS(table); i++) {
		for (int from = BGP_IDLE; from <= BGP_ESTABLISHED; from++) {
			struct lab l = in_state((enum bgp_state)from);

			feed(&l, table[i].event);
			if (strcmp(acted(&l), table[i].in[from].acts) != 0 ||
			    l.fsm.state != table[i].in[from].to)
				fail_msg("event %u in %s: \"%s\", then %s", table[i].event,
					 bgp_state_name((enum bgp_state)from), acted(&l),
					 bgp_state_name(l.fsm.state));
			if (l.fsm.state == BGP_IDLE && from != BGP_IDLE)
				assert_int_equal(mono_is_set(bgp_due(&l.fsm)),
						 table[i].event != BGP_EV_STOP);
		}
	}
}

static void our_open_says_what_we_can(void **state)
{
	static const char *const local[] = {"192.0.2.11", "2001:db8::11"};

	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		struct lab l = in_state(BGP_CONNECT);
		struct bgp_event ev = event(&l, BGP_EV_CONNECTED);
		const struct bgp_open *o = &l.acts.a[0].open;

		ipaddr_parse(&ev.local, local[v6]);
		bgp_step(&l.cfg, &l.fsm, &ev, &l.acts);
		assert_string_equal(acted(&l), "O");
		assert_int_equal(o->as, 65001);
		assert_int_equal(o->router_id, 0xc000020b);
		assert_int_equal(o->hold_time_s, 9);
		assert_true(o->as4 && o->ipv4 && o->ipv6 && o->refresh);
		assert_int_equal(o->ipv4_nh6, v6); /* means nothing on IPv4 */
	}
}

static const struct {
	const char *what;
	uint32_t as, router_id;
	bool ipv4, ipv6, ibgp;
	const char *acts;
} open_rows[] = {
    {"good", 65000, 0xc0000201, true, true, false, "K"},
    {"another AS", 65002, 0xc0000201, true, true, false, "N2/2X"},
    {"our identifier, another AS", 65000, 0xc000020b, true, true, false, "K"},
    {"our identifier and AS", 65001, 0xc000020b, true, true, true, "N2/3X"},
    {"our AS", 65001, 0xc0000201, true, true, true, "K"},
    {"IPv6 alone", 65000, 0xc0000201, false, true, false, "K"},
    {"no family of ours", 65000, 0xc0000201, false, false, false, "N2/7X"},
};

static void an_open_is_held_against_the_configuration(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(open_rows); i++) {
		struct lab l = in_state(BGP_OPEN_SENT);
		struct bgp_event ev = event(&l, BGP_EV_OPEN);

		if (open_rows[i].ibgp)
			l.cfg.remote_as = l.cfg.local_as;
		ev.open.as = open_rows[i].as;
		ev.open.router_id = open_rows[i].router_id;
		ev.open.ipv4 = open_rows[i].ipv4;
		ev.open.ipv6 = open_rows[i].ipv6;
		bgp_step(&l.cfg, &l.fsm, &ev, &l.acts);
		if (strcmp(acted(&l), open_rows[i].acts) != 0)
			fail_msg("%s: %s", open_rows[i].what, acted(&l));
		if (l.fsm.state == BGP_OPEN_CONFIRM)
			assert_int_equal(l.fsm.session.ibgp, open_rows[i].ibgp);
	}
}

/* RFC 9234 section 4.2: which pairs stand, and section 5: who gets OTC. */
static void roles_fit_or_there_is_no_session(void **state)
{
	static const uint8_t fits[BGP_ROLE_UNKNOWN + 1] = {
	    [BGP_ROLE_PROVIDER] = BGP_ROLE_CUSTOMER, [BGP_ROLE_RS] = BGP_ROLE_RS_CLIENT,
	    [BGP_ROLE_RS_CLIENT] = BGP_ROLE_RS,	     [BGP_ROLE_CUSTOMER] = BGP_ROLE_PROVIDER,
	    [BGP_ROLE_PEER] = BGP_ROLE_PEER,
	};
	static const bool otc[BGP_ROLE_UNKNOWN] = {
	    [BGP_ROLE_PROVIDER] = true, [BGP_ROLE_RS] = true, [BGP_ROLE_PEER] = true};

	(void)state;
	for (uint8_t ours = BGP_ROLE_NONE; ours < BGP_ROLE_UNKNOWN; ours++) {
		for (uint8_t peer = BGP_ROLE_NONE; peer <= BGP_ROLE_UNKNOWN; peer++) {
			for (int strict = 0; strict < 2; strict++) {
				struct lab l = in_state(BGP_OPEN_SENT);
				struct bgp_event ev = event(&l, BGP_EV_OPEN);
				bool good = ours == BGP_ROLE_NONE ||
					    (peer == BGP_ROLE_NONE ? !strict : peer == fits[ours]);

				l.cfg.role = ours;
				l.cfg.strict_role = strict;
				ev.open.role = peer;
				bgp_step(&l.cfg, &l.fsm, &ev, &l.acts);
				assert_string_equal(acted(&l), good ? "K" : "N2/11X");
				if (good)
					assert_int_equal(l.fsm.session.only_to_customer, otc[ours]);
				else
					assert_int_equal(l.acts.a[0].error.peer_role, peer);
			}
		}
	}
}

static void the_session_is_what_both_offer(void **state)
{
	static const char *const local[] = {"192.0.2.11", "2001:db8::11"};

	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		struct lab l = in_state(BGP_CONNECT);
		struct bgp_event ev = event(&l, BGP_EV_CONNECTED);
		const struct bgp_session *s = &l.fsm.session;
		char text[IPADDR_TEXT];

		ipaddr_parse(&ev.local, local[v6]);
		bgp_step(&l.cfg, &l.fsm, &ev, &l.acts);
		ev = event(&l, BGP_EV_OPEN);
		ev.open.ipv4_nh6 = true;
		bgp_step(&l.cfg, &l.fsm, &ev, &l.acts);
		assert_int_equal(l.fsm.state, BGP_OPEN_CONFIRM);
		assert_true(s->as4 && s->ipv4 && !s->ipv6 && !s->ibgp && !s->refresh);
		assert_int_equal(s->ipv4_nh6, v6);
		assert_int_equal(s->local_as, 65001);
		assert_string_equal(ipaddr_format(&s->next_hop, text), local[v6]);
	}
}

static void hold_and_keepalive_times_are_negotiated(void **state)
{
	static const struct {
		uint16_t ours, theirs, hold_s;
		int64_t keepalive_ns;
	} rows[] = {
	    {9, 90, 9, S(3)},	      {90, 9, 9, S(3)}, {3, 3, 3, S(1)},
	    {10, 240, 10, S(10) / 3}, {9, 0, 0, 0},	{0, 9, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct lab l = in_state(BGP_OPEN_SENT);
		struct bgp_event ev = event(&l, BGP_EV_OPEN);

		l.cfg.hold_time_s = rows[i].ours;
		ev.open.hold_time_s = rows[i].theirs;
		bgp_step(&l.cfg, &l.fsm, &ev, &l.acts);
		assert_int_equal(l.fsm.hold_time_s, rows[i].hold_s);
		/* A peer without a hold time must still confirm. */
		assert_true(mono_is_set(l.fsm.hold_due));
		feed(&l, BGP_EV_KEEPALIVE);
		assert_int_equal(l.fsm.state, BGP_ESTABLISHED);
		assert_int_equal(mono_is_set(bgp_due(&l.fsm)), rows[i].hold_s > 0);
		for (int n = 0; n < 2 && rows[i].hold_s; n++) {
			pass(&l, rows[i].keepalive_ns);
			assert_string_equal(acted(&l), "K");
		}
	}
}

static void a_silent_peer_is_dropped_when_the_hold_time_ends(void **state)
{
	struct lab l = in_state(BGP_ESTABLISHED);

	(void)state;
	l.now = mono_add(l.now, S(2));
	feed(&l, BGP_EV_UPDATE); /* restarts the hold timer */
	pass(&l, S(1));
	pass(&l, S(3));
	pass(&l, S(3));
	assert_string_equal(acted(&l), "K");
	pass(&l, S(2));
	assert_string_equal(acted(&l), "N4/0XD");
	pass(&l, S(1));
	assert_string_equal(acted(&l), "C");
}

static void a_peer_that_never_sends_its_open_is_dropped(void **state)
{
	struct lab l = in_state(BGP_OPEN_SENT);

	(void)state;
	pass(&l, BGP_OPEN_WAIT_NS);
	assert_string_equal(acted(&l), "N4/0X");
}

static void a_peer_that_takes_nothing_is_dropped(void **state)
{
	struct lab l = in_state(BGP_ESTABLISHED);

	(void)state;
	feed(&l, BGP_EV_BLOCKED);
	l.now = mono_add(l.now, S(1));
	feed(&l, BGP_EV_BLOCKED); /* does not restart the timer */
	assert_int_equal(mono_diff_ns(l.fsm.send_hold_due, l.now), S(17));
	feed(&l, BGP_EV_SENT);
	assert_false(mono_is_set(l.fsm.send_hold_due));
	feed(&l, BGP_EV_BLOCKED);
	while (mono_before(l.now, l.fsm.send_hold_due)) { /* it does send keepalives */
		feed(&l, BGP_EV_KEEPALIVE);
		l.now = bgp_due(&l.fsm);
		if (mono_before(l.now, l.fsm.send_hold_due))
			feed(&l, BGP_EV_TIMER);
	}
	feed(&l, BGP_EV_TIMER);
	assert_string_equal(acted(&l), "N8/0XD");
}

static void a_dial_without_an_answer_is_given_up(void **state)
{
	struct lab l = in_state(BGP_CONNECT);

	(void)state;
	pass(&l, BGP_CONNECT_WAIT_NS);
	assert_string_equal(acted(&l), "X");
	pass(&l, S(1));
	assert_string_equal(acted(&l), "C");
}

static void a_stopped_session_stays_down(void **state)
{
	(void)state;
	for (int from = BGP_IDLE; from <= BGP_ESTABLISHED; from++) {
		struct lab l = in_state((enum bgp_state)from);

		feed(&l, BGP_EV_STOP);
		assert_false(mono_is_set(bgp_due(&l.fsm)));
		for (int ev = BGP_EV_STOP; ev <= BGP_EV_TIMER; ev++) {
			l.now = mono_add(l.now, S(1000));
			feed(&l, (enum bgp_event_type)ev);
			assert_int_equal(l.acts.n, 0);
		}
	}
}

/* Random events in random order: the actions must always be consistent. */
static void actions_are_consistent_whatever_comes(void **state)
{
	unsigned int seed = 4271;
	struct lab l = {.cfg = cfg, .now = {S(1)}};
	bool open = false, up = false;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		l.now = mono_add(l.now, rand_r(&seed) % S(2));
		feed(&l, (enum bgp_event_type)(rand_r(&seed) % (BGP_EV_TIMER + 1)));
		assert_true(l.acts.n <= BGP_MAX_ACTIONS);
		for (unsigned int a = 0; a < l.acts.n; a++) {
			enum bgp_action_type type = l.acts.a[a].type;

			assert_int_equal(open, type != BGP_ACT_CONNECT && type != BGP_ACT_DOWN);
			if (type == BGP_ACT_CONNECT || type == BGP_ACT_CLOSE)
				open = type == BGP_ACT_CONNECT;
			if (type == BGP_ACT_ESTABLISHED || type == BGP_ACT_DOWN) {
				assert_int_equal(up, type == BGP_ACT_DOWN);
				up = !up;
			}
		}
		assert_int_equal(up, l.fsm.state == BGP_ESTABLISHED);
		assert_int_equal(open, l.fsm.state != BGP_IDLE);
		assert_int_equal(mono_is_set(l.fsm.established), up);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_state_answers_every_event),
	    cmocka_unit_test(our_open_says_what_we_can),
	    cmocka_unit_test(an_open_is_held_against_the_configuration),
	    cmocka_unit_test(roles_fit_or_there_is_no_session),
	    cmocka_unit_test(the_session_is_what_both_offer),
	    cmocka_unit_test(hold_and_keepalive_times_are_negotiated),
	    cmocka_unit_test(a_silent_peer_is_dropped_when_the_hold_time_ends),
	    cmocka_unit_test(a_peer_that_never_sends_its_open_is_dropped),
	    cmocka_unit_test(a_peer_that_takes_nothing_is_dropped),
	    cmocka_unit_test(a_dial_without_an_answer_is_given_up),
	    cmocka_unit_test(a_stopped_session_stays_down),
	    cmocka_unit_test(actions_are_consistent_whatever_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
