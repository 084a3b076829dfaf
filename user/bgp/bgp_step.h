/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BGP state machine of one connection (RFC 4271 section 8) as a pure step: configuration, state
 * and one event in, actions out. It reads no clock, sends nothing, arms nothing: the executor
 * (user/engine/bgp_neighbor.c) carries the actions out in their order. A neighbor that also dials
 * us has two of them; bgp_peer_step.h keeps them apart.
 *
 * Where it departs from the RFC's text:
 *  - There is no Active state: Idle is where the next attempt, ours or the peer's, is waited for.
 *  - The first attempt comes at once, the next after connect_retry. A peer that does not answer or
 *    refuses TCP is asked at least every BGP_RETRY_MAX_TCP_NS, so that a router that comes back is
 *    found soon; one that refuses by NOTIFICATION is left alone for up to BGP_RETRY_MAX_NS.
 *  - The wait for the peer's OPEN is BGP_OPEN_WAIT_NS, not four minutes: until then nothing is
 *    announced, and a new connection is the better bet.
 *  - The send hold timer (RFC 9687) is twice the hold time, not eight minutes: a peer that took
 *    nothing for so long has had to drop us already, and our withdrawals do not reach it.
 */
#ifndef HF_BGP_STEP_H
#define HF_BGP_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "bgp/bgp_codec.h"
#include "core/mono.h"

#define BGP_CONNECT_WAIT_NS  (4 * NS_PER_S) /* three SYNs; a fresh dial then starts over */
#define BGP_OPEN_WAIT_NS     (30 * NS_PER_S)
#define BGP_RETRY_MAX_TCP_NS (5 * NS_PER_S)
#define BGP_RETRY_MAX_NS     (60 * NS_PER_S)
#define BGP_STABLE_NS	     (30 * NS_PER_S)  /* a session that lived so long resets the back-off */
#define BGP_SEND_HOLD_NS     (480 * NS_PER_S) /* RFC 9687's, where the hold time is 0 */

enum bgp_state { BGP_IDLE, BGP_CONNECT, BGP_OPEN_SENT, BGP_OPEN_CONFIRM, BGP_ESTABLISHED };

/* What stays the same between reloads. */
struct bgp_cfg {
	uint32_t local_as, remote_as;
	uint32_t router_id;   /* host order, not 0 */
	uint16_t hold_time_s; /* 0 or >= 3 */
	int64_t connect_retry_ns;
	bool passive; /* the peer alone dials */
};

enum bgp_event_type {
	BGP_EV_START,	     /* keep a session up from now on; an earlier back-off is forgotten */
	BGP_EV_STOP,	     /* end it for good: `error` is the Cease to send */
	BGP_EV_CONNECTED,    /* the TCP connection stands; `local` is our address on it */
	BGP_EV_CLOSED,	     /* it could not be opened, or the peer or the kernel ended it */
	BGP_EV_OPEN,	     /* `open` */
	BGP_EV_KEEPALIVE,    /* */
	BGP_EV_UPDATE,	     /* a readable UPDATE, or a ROUTE-REFRESH */
	BGP_EV_NOTIFICATION, /* the peer ends the session */
	BGP_EV_ERROR,	     /* an unreadable message, to be answered with `error` */
	BGP_EV_BLOCKED,	     /* TCP did not take all that was to be sent */
	BGP_EV_SENT,	     /* TCP took something */
	BGP_EV_TIMER,	     /* bgp_due() has come */
};

struct bgp_event {
	enum bgp_event_type type;
	struct mono now;
	struct ipaddr local;
	struct bgp_open open;
	struct bgp_error error;
};

enum bgp_action_type {
	BGP_ACT_CONNECT,	   /* open a TCP connection: CONNECTED or CLOSED will follow */
	BGP_ACT_CLOSE,		   /* end it, letting what was sent arrive */
	BGP_ACT_SEND_OPEN,	   /* `open` */
	BGP_ACT_SEND_KEEPALIVE,	   /* */
	BGP_ACT_SEND_NOTIFICATION, /* `error`; CLOSE follows */
	BGP_ACT_ESTABLISHED,	   /* fsm->session is agreed: send all routes */
	BGP_ACT_DOWN,		   /* it was Established and is no longer: the peer forgets all */
};

struct bgp_action {
	enum bgp_action_type type;
	struct bgp_open open;
	struct bgp_error error; /* data as in the event, or constants */
};

#define BGP_MAX_ACTIONS 4

struct bgp_actions {
	unsigned int n;
	struct bgp_action a[BGP_MAX_ACTIONS];
};

/* One connection's state. Zero-initialised is Idle, not started. */
struct bgp_fsm {
	enum bgp_state state;
	bool incoming;		    /* the peer dials: CONNECTED comes in Idle, none is retried */
	struct mono retry_due;	    /* Idle: dial; Connect: give this attempt up */
	struct mono hold_due;	    /* the peer must have been heard by then */
	struct mono keepalive_due;  /* ours */
	struct mono send_hold_due;  /* TCP must have taken something by then */
	struct mono established;    /* since when, MONO_NEVER if it is not */
	int64_t backoff_ns;	    /* the next wait in Idle */
	uint16_t hold_time_s;	    /* negotiated, from OpenConfirm on; 0: none */
	struct bgp_session session; /* negotiated, from OpenConfirm on */
};

/* Carries `ev` through the state machine and fills `out`. No event in any state is an error. */
void bgp_step(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, const struct bgp_event *ev,
	      struct bgp_actions *out);

/* When the state machine wants BGP_EV_TIMER; MONO_NEVER: not at all. */
struct mono bgp_due(const struct bgp_fsm *fsm);

/* Idle, and dialled when the back-off is over. */
void bgp_step_retry(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, struct mono now);

/* What the codec cannot know about an OPEN; true if it is acceptable, else *err. */
bool bgp_open_is_good(const struct bgp_cfg *cfg, const struct bgp_open *open,
		      struct bgp_error *err);

const char *bgp_state_name(enum bgp_state state); /* "Idle", ..., "Established" */

#endif
