/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a MASTER announces its addresses on a LAN, with keepalived's options: a burst at once, a
 * second burst after a delay for hosts that missed the first, then refreshes. Pure: the executor
 * asks how many rounds to send (a round is one announcement of each address) and arms one timer.
 */
#ifndef HF_GARP_STEP_H
#define HF_GARP_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mono.h"

struct garp_cfg {
	int64_t master_delay_ns;     /* garp_master_delay; 0: no second burst */
	int64_t master_refresh_ns;   /* garp_master_refresh; 0: no refreshes */
	int64_t lower_prio_delay_ns; /* garp_lower_prio_delay; 0: no second burst */
	uint32_t master_repeat, master_refresh_repeat, lower_prio_repeat; /* rounds */
};

/* Zero-initialised: nothing to send. */
struct garp_fsm {
	uint32_t rounds;		    /* to send now, one after the other */
	struct mono delayed_at, refresh_at; /* second burst, next refresh; MONO_NEVER: none */
	uint32_t delayed_rounds;	    /* of the second burst */
};

enum garp_event {
	GARP_EV_MASTER, /* we are MASTER */
	GARP_EV_RIVAL,	/* as MASTER we have heard a rival, which has announced the addresses too */
	GARP_EV_TIMER,	/* garp_due() has come */
	GARP_EV_SENT,	/* a round has been sent */
	GARP_EV_CONFIG, /* we are still MASTER, with changed options */
	GARP_EV_LEFT,	/* we are no longer MASTER: send nothing */
};

void garp_step(const struct garp_cfg *cfg, struct garp_fsm *fsm, enum garp_event ev,
	       struct mono now);
/* May an announcement be sent now, if announcements are at least `interval_ns` apart (0: no limit)?
 * If so, *next becomes the earliest time of the next one. */
bool garp_may_send(struct mono *next, int64_t interval_ns, struct mono now);
/* When to send GARP_EV_TIMER; MONO_NEVER: never. */
struct mono garp_due(const struct garp_fsm *fsm);

#endif
