// SPDX-License-Identifier: BSD-2-Clause
/*
 * One BGP session's state machine: every state with every event, timers, back-off, negotiation.
 * Links: user/bgp/bgp_step.c user/core/addr.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bgp/bgp_step.h"
#include "core/addr.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))
#define S(n)	((n)*NS_PER_S)

static const struct bgp_cfg cfg = {.local_as = 65001,
				   .remote_as = 65000,
				   .router_id = 0xc000020b,
				   .hold_time_s = 9,
				   .connect_retry_ns = NS_PER_S};

static const struct bgp_open good_open = {
    .as = 65000, .router_id = 0xc0000201, .hold_time_s = 90, .as4 = true, .ipv4 = true};

/* A session and the clock it lives by. */
struct lab {
	struct bgp_cfg cfg;
	struct bgp_fsm fsm;
	struct mono now;
	struct bgp_actions acts;
};

static struct bgp_event event(const struct lab *l, enum bgp_event_type type)
{
	struct bgp_event ev = {.type = type, .now = l->now, .open = good_open};

	ipaddr_parse(&ev.local, "192.0.2.11");
	if (type == BGP_EV_STOP)
		ev.error = (struct bgp_error){.code = BGP_ERR_CEASE, .subcode = BGP_CEASE_SHUTDOWN};
	if (type == BGP_EV_ERROR)
		ev.error =
		    (struct bgp_error){.code = BGP_ERR_HEADER, .subcode = BGP_HEADER_BAD_TYPE};
	return ev;
}

static void feed(struct lab *l, enum bgp_event_type type)
{
	struct bgp_event ev = event(l, type);

	bgp_step(&l->cfg, &l->fsm, &ev, &l->acts);
}

/* The clock moves to the next due time, which must be `after_ns` from now. */
static void pass(struct lab *l, int64_t after_ns)
{
	assert_true(mono_is_set(bgp_due(&l->fsm)));
	assert_int_equal(mono_diff_ns(bgp_due(&l->fsm), l->now), after_ns);
	l->now = bgp_due(&l->fsm);
	feed(l, BGP_EV_TIMER);
}

/* The actions in short: C connect, X close, O open, K keepalive, N1/2 notification, E, D. */
static const char *acted(const struct lab *l)
{
	static char text[64];
	size_t n = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < l->acts.n; i++) {
		const struct bgp_action *a = &l->acts.a[i];

		text[n++] = "CXOKNED"[a->type];
		text[n] = '\0';
		if (a->type == BGP_ACT_SEND_NOTIFICATION) {
			text[n++] = (char)('0' + a->error.code);
			text[n++] = '/';
			text[n++] = (char)('0' + a->error.subcode);
			text[n] = '\0';
		}
	}
	return text;
}

static struct lab in_state(enum bgp_state state)
{
	static const enum bgp_event_type way[] = {BGP_EV_START, BGP_EV_CONNECTED, BGP_EV_OPEN,
						  BGP_EV_KEEPALIVE};
	struct lab l = {.cfg = cfg, .now = {S(1000)}};

	for (int i = 0; i < (int)state; i++)
		feed(&l, way[i]);
	assert_int_equal(l.fsm.state, state);
	return l;
}

/* What each state answers to each event, and where it goes. "": nothing. */
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
	feed(&l, BGP_EV_UPDATE); /* counts as a sign of life */
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
	feed(&l, BGP_EV_BLOCKED); /* does not start the time anew */
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

/* `event` ends one attempt after the other in `state`; the waits between them, in seconds. */
static const struct {
	const char *what;
	enum bgp_state state;
	enum bgp_event_type event;
	int64_t retry_s;
	int64_t waits_s[8];
} backoff_rows[] = {
    {"TCP refused", BGP_CONNECT, BGP_EV_CLOSED, 1, {1, 2, 4, 5, 5, 5, 5, 5}},
    {"NOTIFICATION instead of OPEN",
     BGP_OPEN_SENT,
     BGP_EV_NOTIFICATION,
     1,
     {1, 2, 4, 8, 16, 32, 60, 60}},
    {"an OPEN that we refuse", BGP_OPEN_SENT, BGP_EV_ERROR, 1, {1, 2, 4, 8, 16, 32, 60, 60}},
    {"closed instead of OPEN", BGP_OPEN_SENT, BGP_EV_CLOSED, 1, {1, 2, 4, 5, 5, 5, 5, 5}},
    {"ended as soon as Established",
     BGP_ESTABLISHED,
     BGP_EV_NOTIFICATION,
     1,
     {1, 2, 4, 8, 16, 32, 60, 60}},
    {"a long connect_retry", BGP_CONNECT, BGP_EV_CLOSED, 20, {20, 20, 20, 20, 20, 20, 20, 20}},
};

static void reach(struct lab *l, enum bgp_state state)
{
	static const enum bgp_event_type way[] = {
	    [BGP_CONNECT] = BGP_EV_CONNECTED,
	    [BGP_OPEN_SENT] = BGP_EV_OPEN,
	    [BGP_OPEN_CONFIRM] = BGP_EV_KEEPALIVE,
	};

	while (l->fsm.state < state)
		feed(l, way[l->fsm.state]);
}

static void refused_attempts_are_spaced_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(backoff_rows); i++) {
		struct lab l = in_state(BGP_CONNECT);

		l.cfg.connect_retry_ns = S(backoff_rows[i].retry_s);
		for (size_t n = 0; n < ROWS(backoff_rows[i].waits_s); n++) {
			int64_t wait_s;

			reach(&l, backoff_rows[i].state);
			feed(&l, backoff_rows[i].event);
			wait_s = mono_diff_ns(bgp_due(&l.fsm), l.now) / NS_PER_S;
			if (wait_s != backoff_rows[i].waits_s[n])
				fail_msg("%s: wait %zu is %lld s", backoff_rows[i].what, n,
					 (long long)wait_s);
			pass(&l, S(wait_s));
			assert_string_equal(acted(&l), "C");
		}
	}
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

static void a_session_that_lived_resets_the_back_off(void **state)
{
	struct lab l = in_state(BGP_CONNECT);

	(void)state;
	for (int i = 0; i < 5; i++) {
		reach(&l, BGP_OPEN_SENT);
		feed(&l, BGP_EV_NOTIFICATION);
		l.now = bgp_due(&l.fsm);
		feed(&l, BGP_EV_TIMER);
	}
	reach(&l, BGP_ESTABLISHED);
	l.now = mono_add(l.now, BGP_STABLE_NS);
	feed(&l, BGP_EV_NOTIFICATION);
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

/* Random events in random order: the actions must always tell a consistent story. */
/* The operator's clear. */
static void what_is_stopped_and_started_dials_at_once_and_waits_anew(void **state)
{
	struct lab l = in_state(BGP_CONNECT);

	(void)state;
	for (int i = 0; i < 6; i++) { /* the wait has grown */
		reach(&l, BGP_OPEN_SENT);
		feed(&l, BGP_EV_NOTIFICATION);
		l.now = bgp_due(&l.fsm);
		feed(&l, BGP_EV_TIMER);
	}
	assert_true(l.fsm.backoff_ns > l.cfg.connect_retry_ns);
	feed(&l, BGP_EV_STOP);
	assert_string_equal(acted(&l), "X");
	feed(&l, BGP_EV_START);
	assert_string_equal(acted(&l), "C");
	feed(&l, BGP_EV_CLOSED);
	assert_int_equal(mono_diff_ns(bgp_due(&l.fsm), l.now), l.cfg.connect_retry_ns);
}

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
	    cmocka_unit_test(the_session_is_what_both_offer),
	    cmocka_unit_test(hold_and_keepalive_times_are_negotiated),
	    cmocka_unit_test(a_silent_peer_is_dropped_when_the_hold_time_ends),
	    cmocka_unit_test(a_peer_that_never_sends_its_open_is_dropped),
	    cmocka_unit_test(a_peer_that_takes_nothing_is_dropped),
	    cmocka_unit_test(refused_attempts_are_spaced_out),
	    cmocka_unit_test(a_dial_without_an_answer_is_given_up),
	    cmocka_unit_test(a_session_that_lived_resets_the_back_off),
	    cmocka_unit_test(a_stopped_session_stays_down),
	    cmocka_unit_test(what_is_stopped_and_started_dials_at_once_and_waits_anew),
	    cmocka_unit_test(actions_are_consistent_whatever_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
