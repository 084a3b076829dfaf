// SPDX-License-Identifier: BSD-2-Clause
/*
 * When a BGP session connects again, and what it offers then.
 * Links: user/bgp/bgp_step.c user/core/addr.c
 */
#include "bgp_step_lab.h"

/* Opens a connection. Returns what we offer on it. */
static struct bgp_open offered(struct lab *l)
{
	while (l->fsm.state != BGP_CONNECT) {
		l->now = bgp_due(&l->fsm);
		feed(l, BGP_EV_TIMER);
	}
	feed(l, BGP_EV_CONNECTED);
	assert_string_equal(acted(l), "O");
	return l->acts.a[0].open;
}

/* RFC 5492 section 3. */
static void a_peer_that_refuses_capabilities_is_offered_none(void **state)
{
	struct lab l = in_state(BGP_CONNECT);
	struct bgp_event ev;
	struct bgp_open o;

	(void)state;
	assert_true(offered(&l).as4);
	ev = event(&l, BGP_EV_NOTIFICATION);
	ev.error = (struct bgp_error){.code = BGP_ERR_OPEN, .subcode = BGP_OPEN_BAD_PARAMETER};
	bgp_step(&l.cfg, &l.fsm, &ev, &l.acts);
	o = offered(&l);
	assert_false(o.as4 || o.ipv4 || o.ipv6 || o.ipv4_nh6 || o.refresh);
	feed(&l, BGP_EV_OPEN); /* as before: what we did not offer does not count */
	assert_true(l.fsm.session.ipv4);
	assert_false(l.fsm.session.as4 || l.fsm.session.ipv6 || l.fsm.session.refresh);
	feed(&l, BGP_EV_KEEPALIVE);
	assert_int_equal(l.fsm.state, BGP_ESTABLISHED);
	feed(&l, BGP_EV_CLOSED); /* it may have been upgraded */
	assert_true(offered(&l).as4);
	bgp_step(&l.cfg, &l.fsm, &ev, &l.acts);
	assert_false(offered(&l).as4);
	bgp_step(&l.cfg, &l.fsm, &ev,
		 &l.acts); /* also refused without it, so that was not the reason */
	assert_true(offered(&l).as4);
}

static void families_that_are_not_configured_are_not_offered(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		struct lab l = in_state(BGP_CONNECT);
		struct bgp_event ev;
		struct bgp_open o;

		l.cfg.no_ipv4 = v6;
		l.cfg.no_ipv6 = !v6;
		o = offered(&l);
		assert_int_equal(o.ipv4, !v6);
		assert_int_equal(o.ipv6, v6);
		ev = event(&l, BGP_EV_OPEN);
		ev.open.ipv4 = v6; /* the peer has the other one alone */
		ev.open.ipv6 = !v6;
		bgp_step(&l.cfg, &l.fsm, &ev, &l.acts);
		assert_string_equal(acted(&l), "N2/7X");
		assert_int_equal(l.acts.a[0].error.data_len, 6);
		assert_int_equal(l.acts.a[0].error.data[3], v6 ? BGP_AFI_IPV6 : BGP_AFI_IPV4);
		offered(&l);
		ev.now = l.now;
		ev.open.ipv4 = ev.open.ipv6 = true;
		bgp_step(&l.cfg, &l.fsm, &ev, &l.acts);
		assert_int_equal(l.fsm.session.ipv4, !v6);
		assert_int_equal(l.fsm.session.ipv6, v6);
	}
}

/* `event` ends one attempt after the other in `state`; the waits between them, in seconds. */
static const struct {
	const char *what;
	enum bgp_state state;
	enum bgp_event_type event;
	int64_t retry_s;
	int64_t waits_s[8];
	uint8_t code; /* of the NOTIFICATION */
} backoff_rows[] = {
    {"TCP refused", BGP_CONNECT, BGP_EV_CLOSED, 1, {1, 2, 4, 5, 5, 5, 5, 5}, 0},
    {"NOTIFICATION instead of OPEN",
     BGP_OPEN_SENT,
     BGP_EV_NOTIFICATION,
     1,
     {1, 2, 4, 8, 16, 32, 60, 60},
     0},
    {"an OPEN that we refuse", BGP_OPEN_SENT, BGP_EV_ERROR, 1, {1, 2, 4, 8, 16, 32, 60, 60}, 0},
    {"closed instead of OPEN", BGP_OPEN_SENT, BGP_EV_CLOSED, 1, {1, 2, 4, 5, 5, 5, 5, 5}, 0},
    {"ended as soon as Established",
     BGP_ESTABLISHED,
     BGP_EV_NOTIFICATION,
     1,
     {1, 2, 4, 8, 16, 32, 60, 60},
     0},
    {"the router restarts its sessions",
     BGP_ESTABLISHED,
     BGP_EV_NOTIFICATION,
     1,
     {1, 2, 4, 5, 5, 5, 5, 5},
     BGP_ERR_CEASE},
    {"a Cease instead of OPEN",
     BGP_OPEN_SENT,
     BGP_EV_NOTIFICATION,
     1,
     {1, 2, 4, 8, 16, 32, 60, 60},
     BGP_ERR_CEASE},
    {"a long connect_retry", BGP_CONNECT, BGP_EV_CLOSED, 20, {20, 20, 20, 20, 20, 20, 20, 20}, 0},
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
			struct bgp_event ev;
			int64_t wait_s;

			reach(&l, backoff_rows[i].state);
			ev = event(&l, backoff_rows[i].event);
			if (backoff_rows[i].code)
				ev.error = (struct bgp_error){.code = backoff_rows[i].code};
			bgp_step(&l.cfg, &l.fsm, &ev, &l.acts);
			wait_s = mono_diff_ns(bgp_due(&l.fsm), l.now) / NS_PER_S;
			if (wait_s != backoff_rows[i].waits_s[n])
				fail_msg("%s: wait %zu is %lld s", backoff_rows[i].what, n,
					 (long long)wait_s);
			pass(&l, S(wait_s));
			assert_string_equal(acted(&l), "C");
		}
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_peer_that_refuses_capabilities_is_offered_none),
	    cmocka_unit_test(families_that_are_not_configured_are_not_offered),
	    cmocka_unit_test(refused_attempts_are_spaced_out),
	    cmocka_unit_test(a_session_that_lived_resets_the_back_off),
	    cmocka_unit_test(what_is_stopped_and_started_dials_at_once_and_waits_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
