/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BGP state machine of one connection (RFC 4271 section 8) as a pure step: configuration, state
 * and one event in, actions out. It reads no clock, sends nothing and arms no timer. The executor
 * (user/speaker/bgp_neighbor.c) performs the actions in their order. A neighbor that also dials us
 * has two connections; see bgp_peer_step.h.
 *
 * Differences from the text of the RFC:
 *  - There is no Active state. In Idle the next attempt, ours or the peer's, is awaited.
 *  - The first attempt is made at once, the next one after connect_retry. If the peer does not
 * answer or refuses TCP, the time between attempts is BGP_RETRY_MAX_TCP_NS at most, so that a
 * router that comes back is found soon. If the peer refuses by NOTIFICATION, it is BGP_RETRY_MAX_NS
 * at most. A Cease from Established is not a refusal but a restart of the peer; it counts as a lost
 *    connection.
 *  - If a peer refuses the Capabilities parameter (NOTIFICATION 2/4), the next attempt offers no
 *    capability (RFC 5492 section 3). The attempt after that offers all capabilities again.
 *  - Roles (RFC 9234) concern only what we send: our routes have OTC if the RFC requires it.
 * Received routes are not used, so they are not checked for route leaks.
 *  - The wait for the peer's OPEN is BGP_OPEN_WAIT_NS, not four minutes. During this time nothing
 * is announced, and a new connection is more likely to succeed.
 *  - The send hold timer (RFC 9687) is twice the hold time, not eight minutes at least. A peer that
 *    has taken nothing for that time must have dropped our routes already.
 */
#ifndef HF_BGP_STEP_H
#define HF_BGP_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "bgp/bgp_codec.h"
#include "core/mono.h"

#define BGP_CONNECT_WAIT_NS  (4 * NS_PER_S) /* three SYNs; then a new attempt begins */
#define BGP_OPEN_WAIT_NS     (30 * NS_PER_S)
#define BGP_RETRY_MAX_TCP_NS (5 * NS_PER_S)
#define BGP_RETRY_MAX_NS     (60 * NS_PER_S)
#define BGP_STABLE_NS	     (30 * NS_PER_S)  /* a session of this duration resets the back-off */
#define BGP_SEND_HOLD_NS     (480 * NS_PER_S) /* RFC 9687; used if the hold time is 0 */

enum bgp_state { BGP_IDLE, BGP_CONNECT, BGP_OPEN_SENT, BGP_OPEN_CONFIRM, BGP_ESTABLISHED };

/* The configuration of a neighbor; only a reload changes it. */
struct bgp_cfg {
	uint32_t local_as, remote_as;
	uint32_t router_id;   /* host byte order, not 0 */
	uint16_t hold_time_s; /* 0 or >= 3 */
	int64_t connect_retry_ns;
	bool passive;	       /* only the peer dials */
	bool no_ipv4, no_ipv6; /* not in `families`: the family is not offered */
	uint8_t role;	       /* enum bgp_role: ours towards the peer */
	bool strict_role;      /* refuse a peer without a role capability */
};

enum bgp_event_type {
	BGP_EV_START,	  /* from now on keep a session up; an earlier back-off is reset */
	BGP_EV_STOP,	  /* end the session until START: `error` is the Cease to send */
	BGP_EV_CONNECTED, /* the TCP connection is established; `local` is our address on it */
	BGP_EV_CLOSED,	  /* it could not be opened, or the peer or the kernel has ended it */
	BGP_EV_OPEN,	  /* `open` */
	BGP_EV_KEEPALIVE,
	BGP_EV_UPDATE,	     /* a valid UPDATE, or a ROUTE-REFRESH */
	BGP_EV_NOTIFICATION, /* the peer ends the session, because of `error` */
	BGP_EV_ERROR,	     /* an invalid message; it is answered with `error` */
	BGP_EV_BLOCKED,	     /* TCP has not accepted all octets that must be sent */
	BGP_EV_SENT,	     /* TCP has accepted some octets */
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
	BGP_ACT_CONNECT,   /* open a TCP connection: CONNECTED or CLOSED follows */
	BGP_ACT_CLOSE,	   /* end it, but so that a NOTIFICATION still arrives */
	BGP_ACT_SEND_OPEN, /* `open` */
	BGP_ACT_SEND_KEEPALIVE,
	BGP_ACT_SEND_NOTIFICATION, /* `error`; CLOSE follows */
	BGP_ACT_ESTABLISHED,	   /* fsm->session is negotiated: send all routes */
	BGP_ACT_DOWN,		   /* no longer Established: the peer has none of our routes */
};

struct bgp_action {
	enum bgp_action_type type;
	struct bgp_open open;
	struct bgp_error error; /* `data` is that of the event, or a constant */
};

#define BGP_MAX_ACTIONS 4

struct bgp_actions {
	unsigned int n;
	struct bgp_action a[BGP_MAX_ACTIONS];
};

/* One connection's state. Zero-initialised is Idle, not started. */
struct bgp_fsm {
	enum bgp_state state;
	bool plain;	       /* offer no capabilities, because the peer refuses the parameter */
	bool incoming;	       /* the peer dials: CONNECTED comes in Idle; there are no retries */
	struct mono retry_due; /* Idle: when to dial; Connect: when to end the attempt */
	struct mono hold_due;  /* the hold timer; before the OPEN, the wait for it */
	struct mono keepalive_due;  /* when to send the next KEEPALIVE */
	struct mono send_hold_due;  /* the send hold timer (RFC 9687) */
	struct mono established;    /* when the session was Established; else MONO_NEVER */
	int64_t backoff_ns;	    /* the next wait in Idle */
	uint16_t hold_time_s;	    /* negotiated, from OpenConfirm on; 0: none */
	struct bgp_session session; /* negotiated, from OpenConfirm on */
};

/* Handles `ev` and fills `out`. Every event is allowed in every state. */
void bgp_step(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, const struct bgp_event *ev,
	      struct bgp_actions *out);

/* When to send BGP_EV_TIMER; MONO_NEVER: never. */
struct mono bgp_due(const struct bgp_fsm *fsm);

/* Changes to Idle; the next attempt is made after the back-off. */
void bgp_step_retry(const struct bgp_cfg *cfg, struct bgp_fsm *fsm, struct mono now);

/* Checks an OPEN against the configuration. Returns true if it is acceptable; else *err is the
 * NOTIFICATION. */
bool bgp_open_is_good(const struct bgp_cfg *cfg, const struct bgp_open *open,
		      struct bgp_error *err);

const char *bgp_state_name(enum bgp_state state); /* "Idle", ..., "Established" */

#endif
