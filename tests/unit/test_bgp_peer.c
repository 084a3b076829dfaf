// SPDX-License-Identifier: BSD-2-Clause
/*
 * One neighbor with two connections: which side may connect, and which connection is kept if both
 * are open (RFC 4271 section 6.8, RFC 6286 section 2.3).
 *
 * Links: user/bgp/bgp_peer_step.c user/bgp/bgp_step.c user/core/addr.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bgp/bgp_peer_step.h"
#include "core/addr.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))
#define S(n)	((n)*NS_PER_S)
#define LOW	0xc0000201 /* identifiers around ours */
#define OURS	0xc000020b
#define HIGH	0xc0000263

/* A neighbor and its clock. */
struct lab {
	struct bgp_cfg cfg;
	struct bgp_peer peer;
	struct mono now;
	uint32_t peer_id;
	struct bgp_peer_actions acts;
};

static struct lab fresh(void)
{
	return (struct lab){.cfg = {.local_as = 65001,
				    .remote_as = 65000,
				    .router_id = OURS,
				    .hold_time_s = 9,
				    .connect_retry_ns = NS_PER_S},
			    .now = {S(1000)},
			    .peer_id = LOW};
}

static void feed(struct lab *l, enum bgp_direction dir, enum bgp_event_type type)
{
	struct bgp_event ev = {.type = type,
			       .now = l->now,
			       .open = {.as = l->cfg.remote_as,
					.router_id = l->peer_id,
					.hold_time_s = 90,
					.ipv4 = true},
			       .error = {.code = BGP_ERR_CEASE, .subcode = BGP_CEASE_SHUTDOWN}};

	ipaddr_parse(&ev.local, "192.0.2.11");
	bgp_peer_step(&l->cfg, &l->peer, dir, &ev, &l->acts);
}

/* The events by one letter each: S start, H stop (halt), C connected, O open, K keepalive, X
 * closed, N notification, T the timer when it is due. Lower case on the dialled connection, upper
 * case on the accepted one. */
static void feed_all(struct lab *l, const char *events)
{
	static const char letters[] = "shcxokuneB.t";

	for (; *events; events++) {
		bool dialled = *events >= 'a';
		const char *at = strchr(letters, *events | 0x20);
		enum bgp_direction dir = dialled ? BGP_OUTGOING : BGP_INCOMING;

		assert_non_null(at);
		if (*at == 't')
			l->now = bgp_due(&l->peer.conn[dir]);
		feed(l, dir, (enum bgp_event_type)(at - letters));
	}
}

/* The last event's actions, dialled in lower case: c connect, x close, o open, k keepalive, n1/2
 * notification, e Established, d down. */
static const char *acted(const struct lab *l)
{
	static char text[64];
	size_t n = 0;

	for (unsigned int i = 0; i < l->acts.n; i++) {
		const struct bgp_action *a = &l->acts.a[i].act;
		bool dialled = l->acts.a[i].dir == BGP_OUTGOING;

		text[n++] = (dialled ? "cxokned" : "CXOKNED")[a->type];
		if (a->type == BGP_ACT_SEND_NOTIFICATION) {
			text[n++] = (char)('0' + a->error.code);
			text[n++] = '/';
			text[n++] = (char)('0' + a->error.subcode);
		}
	}
	text[n] = '\0';
	return text;
}

/* What has happened, the last event's actions, and the states after it: dialled, accepted. */
static const struct {
	const char *what, *events, *acts;
	enum bgp_state dialled, accepted;
	uint32_t peer_id;
	bool passive;
} rows[] = {
    {"a start dials", "s", "c", BGP_CONNECT, BGP_IDLE, LOW, false},
    {"a passive one waits", "s", "", BGP_IDLE, BGP_IDLE, LOW, true},
    {"a passive one is let in", "sC", "O", BGP_IDLE, BGP_OPEN_SENT, LOW, true},
    {"a passive one's session", "sCOK", "E", BGP_IDLE, BGP_ESTABLISHED, LOW, true},
    {"a passive one is not dialled again", "sCOKX", "XD", BGP_IDLE, BGP_IDLE, LOW, true},
    {"a passive one comes again", "sCOKXC", "O", BGP_IDLE, BGP_OPEN_SENT, LOW, true},
    {"a passive one that refuses us", "sCN", "X", BGP_IDLE, BGP_IDLE, LOW, true},
    {"a passive one, ended", "sCOKh", "N6/2XD", BGP_IDLE, BGP_IDLE, LOW, true},
    {"nobody is let in before the start", "C", "", BGP_IDLE, BGP_IDLE, LOW, true},
    {"nobody is let in after the end", "shC", "", BGP_IDLE, BGP_IDLE, LOW, true},

    {"both dial", "sCc", "o", BGP_OPEN_SENT, BGP_OPEN_SENT, LOW, false},
    {"its OPEN comes while we dial", "sCO", "Kx", BGP_IDLE, BGP_OPEN_CONFIRM, LOW, false},
    {"while we wait to dial", "sxCO", "K", BGP_IDLE, BGP_OPEN_CONFIRM, LOW, false},
    {"one OPEN of two has come, on ours", "sCco", "k", BGP_OPEN_CONFIRM, BGP_OPEN_SENT, LOW, false},
    {"and on its own", "sCcO", "K", BGP_OPEN_SENT, BGP_OPEN_CONFIRM, LOW, false},

    {"collision, we are higher, ours was first", "sCcoO", "N6/7X", BGP_OPEN_CONFIRM, BGP_IDLE, LOW,
     false},
    {"collision, we are higher, its was first", "sCcOo", "N6/7Xk", BGP_OPEN_CONFIRM, BGP_IDLE, LOW,
     false},
    {"collision, it is higher, ours was first", "sCcoO", "n6/7xK", BGP_IDLE, BGP_OPEN_CONFIRM, HIGH,
     false},
    {"collision, it is higher, its was first", "sCcOo", "n6/7x", BGP_IDLE, BGP_OPEN_CONFIRM, HIGH,
     false},
    {"equal identifiers, our AS is higher", "sCcOo", "N6/7Xk", BGP_OPEN_CONFIRM, BGP_IDLE, OURS,
     false},
    {"a session stands, ours", "sCcokO", "N6/7X", BGP_ESTABLISHED, BGP_IDLE, HIGH, false},
    {"a session stands, its own", "sCcOKo", "n6/7x", BGP_IDLE, BGP_ESTABLISHED, LOW, false},
    {"the winner is Established", "sCcOoXk", "e", BGP_ESTABLISHED, BGP_IDLE, LOW, false},

    {"it dials beside a session of ours", "scokC", "O", BGP_ESTABLISHED, BGP_OPEN_SENT, LOW, false},
    {"and is silent", "scokCT", "N4/0X", BGP_ESTABLISHED, BGP_IDLE, LOW, false},
    {"and leaves", "scokCX", "X", BGP_ESTABLISHED, BGP_IDLE, LOW, false},
    {"our dial beside its session is refused", "sCcOKx", "x", BGP_IDLE, BGP_ESTABLISHED, LOW,
     false},
    {"its session is lost: we dial again", "sCOKXt", "c", BGP_CONNECT, BGP_IDLE, LOW, false},
    {"a start with its session there", "sCOKs", "", BGP_IDLE, BGP_ESTABLISHED, LOW, false},
    {"cleared, we dial at once", "sCOKhs", "c", BGP_CONNECT, BGP_IDLE, LOW, false},
    {"cleared, a passive one may come", "sCOKhsC", "O", BGP_IDLE, BGP_OPEN_SENT, LOW, true},
    {"the end of both", "sCch", "n6/2xN6/2X", BGP_IDLE, BGP_IDLE, LOW, false},
    {"the end of its session", "sCOKh", "N6/2XD", BGP_IDLE, BGP_IDLE, LOW, false},
};

static void two_connections_become_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct lab l = fresh();

		l.cfg.passive = rows[i].passive;
		l.peer_id = rows[i].peer_id;
		feed_all(&l, rows[i].events);
		if (strcmp(acted(&l), rows[i].acts) != 0 ||
		    l.peer.conn[BGP_OUTGOING].state != rows[i].dialled ||
		    l.peer.conn[BGP_INCOMING].state != rows[i].accepted)
			fail_msg("%s: \"%s\", then %s and %s", rows[i].what, acted(&l),
				 bgp_state_name(l.peer.conn[BGP_OUTGOING].state),
				 bgp_state_name(l.peer.conn[BGP_INCOMING].state));
	}
}

static void an_open_that_is_bad_loses_no_session(void **state)
{
	struct lab l = fresh();

	(void)state;
	feed_all(&l, "sCco");
	l.cfg.remote_as = 65009; /* the next OPEN is not this AS's */
	l.peer_id = HIGH;
	l.cfg.local_as = 65009; /* iBGP with our own identifier */
	l.cfg.router_id = HIGH;
	feed_all(&l, "O");
	assert_string_equal(acted(&l), "N2/3X");
	assert_int_equal(l.peer.conn[BGP_OUTGOING].state, BGP_OPEN_CONFIRM);
}

/* Both ends see the same two connections in their own order, and must keep the same one. */
static void both_ends_keep_the_same_one(void **state)
{
	static const char *const orders[] = {"oO", "Oo"};

	(void)state;
	for (int higher = 0; higher < 2; higher++) {
		for (size_t a = 0; a < 2; a++) {
			for (size_t b = 0; b < 2; b++) {
				struct lab l = fresh(), r = fresh();

				l.cfg.router_id = r.peer_id = higher ? HIGH : LOW;
				r.cfg.router_id = l.peer_id = higher ? LOW : HIGH;
				r.cfg.local_as = l.cfg.remote_as;
				r.cfg.remote_as = l.cfg.local_as;
				feed_all(&l, "sCc");
				feed_all(&l, orders[a]);
				feed_all(&r, "sCc");
				feed_all(&r, orders[b]);
				assert_int_equal(l.peer.conn[BGP_OUTGOING].state,
						 r.peer.conn[BGP_INCOMING].state);
				assert_int_equal(l.peer.conn[BGP_INCOMING].state,
						 r.peer.conn[BGP_OUTGOING].state);
				assert_int_equal(l.peer.conn[BGP_OUTGOING].state,
						 higher ? BGP_OPEN_CONFIRM : BGP_IDLE);
			}
		}
	}
}

static void states_have_their_names(void **state)
{
	struct lab l = fresh();

	(void)state;
	l.cfg.passive = true;
	assert_string_equal(bgp_peer_state_name(&l.cfg, &l.peer), "Idle");
	feed_all(&l, "s");
	assert_string_equal(bgp_peer_state_name(&l.cfg, &l.peer), "Active");
	assert_true(bgp_peer_accepts(&l.peer));
	feed_all(&l, "CO");
	assert_string_equal(bgp_peer_state_name(&l.cfg, &l.peer), "OpenConfirm");
	assert_false(bgp_peer_accepts(&l.peer));
	l = fresh();
	feed_all(&l, "sxC");
	assert_string_equal(bgp_peer_state_name(&l.cfg, &l.peer), "OpenSent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_connections_become_one),
	    cmocka_unit_test(an_open_that_is_bad_loses_no_session),
	    cmocka_unit_test(both_ends_keep_the_same_one),
	    cmocka_unit_test(states_have_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
