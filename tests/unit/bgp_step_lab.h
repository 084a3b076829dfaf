/* SPDX-License-Identifier: BSD-2-Clause */
/* The state machine of one session, and its clock. */
#ifndef TEST_BGP_STEP_LAB_H
#define TEST_BGP_STEP_LAB_H

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

/* A session and its clock. */
struct lab {
	struct bgp_cfg cfg;
	struct bgp_fsm fsm;
	struct mono now;
	struct bgp_actions acts;
};

static inline struct bgp_event event(const struct lab *l, enum bgp_event_type type)
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

static inline void feed(struct lab *l, enum bgp_event_type type)
{
	struct bgp_event ev = event(l, type);

	bgp_step(&l->cfg, &l->fsm, &ev, &l->acts);
}

/* The clock moves to the next due time, which must be `after_ns` from now. */
static inline void pass(struct lab *l, int64_t after_ns)
{
	assert_true(mono_is_set(bgp_due(&l->fsm)));
	assert_int_equal(mono_diff_ns(bgp_due(&l->fsm), l->now), after_ns);
	l->now = bgp_due(&l->fsm);
	feed(l, BGP_EV_TIMER);
}

/* The actions in short: C connect, X close, O open, K keepalive, N1/2 notification, E, D. */
static inline const char *acted(const struct lab *l)
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
			if (a->error.subcode >= 10)
				text[n++] = (char)('0' + a->error.subcode / 10);
			text[n++] = (char)('0' + a->error.subcode % 10);
			text[n] = '\0';
		}
	}
	return text;
}

static inline struct lab in_state(enum bgp_state state)
{
	static const enum bgp_event_type way[] = {BGP_EV_START, BGP_EV_CONNECTED, BGP_EV_OPEN,
						  BGP_EV_KEEPALIVE};
	struct lab l = {.cfg = cfg, .now = {S(1000)}};

	for (int i = 0; i < (int)state; i++)
		feed(&l, way[i]);
	assert_int_equal(l.fsm.state, state);
	return l;
}

#endif
