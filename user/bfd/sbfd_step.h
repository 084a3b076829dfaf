/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The S-BFD initiator for one peer (RFC 7880 section 7.3) as a pure step: when to probe, and what
 * an answer or a missing answer means. It reads no clock and sends nothing.
 *
 * The kernel half receives the answers and records the time of the last one. So the timer event
 * contains the time of the latest sign of life. Only an answer whose state has changed is an event
 * of its own. include/sbfd_rules.h defines when a peer is down.
 *
 * A peer that has not answered Up yet is probed once a second, and is never reported as down or
 * closed. It may be a node that cannot reflect (keepalived, an older Holdfast), or a host whose
 * reflector still runs after its daemon has ended, while another daemon advertises. For such a peer
 * only the adverts decide.
 */
#ifndef HF_SBFD_STEP_H
#define HF_SBFD_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mono.h"
#include "sbfd_rules.h"

#define SBFD_SLOW_NS NS_PER_S /* between probes to a peer that does not answer Up */

enum sbfd_state {
	SBFD_OFF,     /* not probed */
	SBFD_UNHEARD, /* probed slowly; no answer since SBFD_EV_START */
	SBFD_UP,      /* it answers Up: probed at the configured interval */
	SBFD_CLOSED,  /* it answers AdminDown: its daemon is dead, hangs or has left */
	SBFD_DOWN,    /* it answered Up, but does not answer any more */
};

/* The configuration of one peer; only a reload changes it. */
struct sbfd_cfg {
	uint32_t my_discr;   /* of our probes to this peer; not 0 */
	uint32_t your_discr; /* of the peer's reflector; not 0 */
	int64_t interval_ns; /* 1 ms to 1 s */
	uint8_t multiplier;  /* 2 to 255 */
};

enum sbfd_event_type {
	SBFD_EV_START,	/* start to probe this peer */
	SBFD_EV_STOP,	/* stop probing it */
	SBFD_EV_CONFIG, /* `cfg` has changed */
	SBFD_EV_SENT,	/* the probe of the last SBFD_ACT_SEND was sent between `began` and `now` */
	SBFD_EV_ANSWER, /* an answer with the state `state` has arrived */
	SBFD_EV_ASK,	/* probe a peer in SBFD_DOWN once more; that one probe decides again */
	SBFD_EV_TIMER,	/* sbfd_due() has come; the last sign of life was at `heard` */
};

struct sbfd_event {
	enum sbfd_event_type type;
	struct mono now;
	struct mono began;    /* SENT */
	struct mono heard;    /* TIMER: answers of SBFD_EV_ANSWER included; MONO_NEVER: none */
	enum bfd_state state; /* ANSWER: BFD_UP or BFD_ADMIN_DOWN */
	bool could_take_over; /* TIMER: this node could take over; the probe says so */
};

enum sbfd_action_type {
	SBFD_ACT_SEND,	 /* a probe: `packet` */
	SBFD_ACT_UP,	 /* the peer answers Up, and did not before */
	SBFD_ACT_CLOSED, /* the peer answers AdminDown, and answered Up before */
	SBFD_ACT_DOWN,	 /* the peer answered Up, but not the last `multiplier` probes */
};

struct sbfd_action {
	enum sbfd_action_type type;
	struct bfd_packet packet;
};

#define SBFD_MAX_ACTIONS 2

struct sbfd_actions {
	unsigned int n;
	struct sbfd_action a[SBFD_MAX_ACTIONS];
};

/* The state of one session; all zero is SBFD_OFF. */
struct sbfd_fsm {
	enum sbfd_state state;
	struct sbfd_probes probes;
	struct mono probe_due; /* MONO_NEVER only in SBFD_OFF */
};

/* Builds a probe, whose state says whether its sender could take over. */
struct bfd_packet sbfd_probe(const struct sbfd_cfg *cfg, bool could_take_over);

/* Handles `ev` and fills `out`. Every event is allowed in every state. */
void sbfd_step(const struct sbfd_cfg *cfg, struct sbfd_fsm *fsm, const struct sbfd_event *ev,
	       struct sbfd_actions *out);

/* When to send SBFD_EV_TIMER; MONO_NEVER: never. */
struct mono sbfd_due(const struct sbfd_fsm *fsm);

#endif
