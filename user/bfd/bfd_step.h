/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One BFD session in asynchronous mode (RFC 5880 section 6.8) as a pure step: configuration, state
 * and one event in, actions out. It reads no clock, sends nothing and draws no random number: the
 * executor performs the actions in their order and supplies the jitter.
 *
 * The step does not store the deadline. The kernel half renews it with each packet, and wakes the
 * daemon only for certain packets (bfd_is_news()). BFD_ACT_WATCH contains the parameters of the
 * deadline, and BFD_EV_EXPIRED says that it has passed.
 *
 * Not implemented: the echo function, which our packets announce as not available, and demand mode
 * on our side. The demand mode of the peer is honoured. bfd_packet_read() refuses authentication.
 */
#ifndef HF_BFD_STEP_H
#define HF_BFD_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "bfd_rules.h"
#include "core/mono.h"

#define BFD_SLOW_TX_US 1000000 /* RFC 5880 section 6.8.3: least interval while not Up */

/* The configuration of a session; only a reload changes it. */
struct bfd_cfg {
	uint32_t discr;	     /* ours; not 0, and unique on this host */
	uint32_t min_tx_us;  /* Desired Min TX Interval while Up; not 0 */
	uint32_t min_rx_us;  /* Required Min RX Interval; not 0, as the deadline needs packets */
	uint32_t slow_tx_us; /* while not Up, if it is more than BFD_SLOW_TX_US */
	uint8_t multiplier;  /* not 0 */
	bool passive;	     /* send nothing before the peer has been heard */
};

enum bfd_event_type {
	BFD_EV_START,	/* enable the session */
	BFD_EV_STOP,	/* disable it: the peer is told AdminDown */
	BFD_EV_CONFIG,	/* `cfg` has changed */
	BFD_EV_PACKET,	/* `packet` arrived; its Your Discriminator is ours or 0 */
	BFD_EV_EXPIRED, /* the deadline of BFD_ACT_WATCH passed */
	BFD_EV_TIMER,	/* bfd_due() has come */
};

struct bfd_event {
	enum bfd_event_type type;
	struct mono now;
	uint8_t jitter; /* random: selects the next interval within its allowed range */
	struct bfd_packet packet;
};

enum bfd_action_type {
	BFD_ACT_SEND,  /* `packet`, now */
	BFD_ACT_WATCH, /* from now on the deadline is bfd_detection_ns(min_rx_us, packet) after the
			  last packet; min_rx_us 0: there is no deadline */
	BFD_ACT_UP,    /* the session is Up */
	BFD_ACT_DOWN,  /* the session is no longer Up: `diag` says why */
};

struct bfd_action {
	enum bfd_action_type type;
	struct bfd_packet packet;
	uint32_t min_rx_us;
	uint8_t diag;
};

#define BFD_MAX_ACTIONS 4 /* UP or DOWN, WATCH, the Final, the packet with the new state */

struct bfd_actions {
	unsigned int n;
	struct bfd_action a[BFD_MAX_ACTIONS];
};

/* The state of one session; all zero is AdminDown. The comments give the names of RFC 5880. */
struct bfd_fsm {
	uint8_t state;		/* bfd.SessionState: enum bfd_state */
	uint8_t diag;		/* bfd.LocalDiag */
	uint8_t remote_state;	/* bfd.RemoteSessionState */
	uint8_t remote_diag;	/* the peer's, as last received */
	uint8_t remote_mult;	/* the peer's, as last received; 0: not heard */
	bool remote_demand;	/* bfd.RemoteDemandMode */
	bool polling;		/* a Poll Sequence runs: our packets have P until a Final arrives */
	bool polled;		/* P was sent since our values changed: a Final may confirm them */
	uint32_t remote_discr;	/* bfd.RemoteDiscr; 0: not heard within a detection time */
	uint32_t remote_min_rx; /* bfd.RemoteMinRxInterval, us; 0: it wants no periodic packets */
	uint32_t remote_min_tx; /* Desired Min TX Interval of the peer, us */
	uint32_t min_tx_us;	/* bfd.DesiredMinTxInterval, as in our packets */
	uint32_t min_rx_us;	/* bfd.RequiredMinRxInterval, as in our packets */
	uint32_t tx_us;	     /* in force; less than min_tx_us until the peer has confirmed that */
	uint32_t rx_us;	     /* in force; more than min_rx_us until the peer has confirmed that */
	uint32_t watched_us; /* of the last BFD_ACT_WATCH */
	struct mono tx_due;  /* the next periodic packet; MONO_NEVER: none */
};

/* Handles `ev` and fills `out`. Every event is allowed in every state. */
void bfd_step(const struct bfd_cfg *cfg, struct bfd_fsm *fsm, const struct bfd_event *ev,
	      struct bfd_actions *out);

/* When to send BFD_EV_TIMER; MONO_NEVER: never. */
struct mono bfd_due(const struct bfd_fsm *fsm);

/* The negotiated interval of our packets without jitter, nanoseconds; 0: none are sent. */
int64_t bfd_tx_interval_ns(const struct bfd_fsm *fsm);

#endif
