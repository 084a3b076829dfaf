/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a MASTER tells a LAN that the addresses are here, by keepalived's knobs: a burst at once,
 * one after a delay for who missed the first, then now and then. Pure: the executor asks how many
 * rounds are to be sent (a round is one announcement of each address) and arms one timer.
 */
#ifndef HF_GARP_STEP_H
#define HF_GARP_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mono.h"

struct garp_cfg {
	int64_t master_delay_ns;     /* garp_master_delay; 0: no second burst */
	int64_t master_refresh_ns;   /* garp_master_refresh; 0: never again */
	int64_t lower_prio_delay_ns; /* garp_lower_prio_delay; 0: no second burst */
	uint32_t master_repeat, master_refresh_repeat, lower_prio_repeat; /* rounds of each */
};

/* Zero-initialised: nothing is to be told. */
struct garp_fsm {
	uint32_t rounds; /* to be sent now, one after the other */
	struct mono delayed_at, refresh_at;
	uint32_t delayed_rounds;
};

enum garp_event {
	GARP_EV_MASTER, /* we are MASTER */
	GARP_EV_RIVAL,	/* and have heard a lesser one, who has told the LAN otherwise */
	GARP_EV_TIMER,	/* garp_due() has come */
	GARP_EV_SENT,	/* a round has been sent */
	GARP_EV_CONFIG, /* we are MASTER still, by other knobs */
	GARP_EV_LEFT,	/* we are MASTER no more: nothing is sent any longer */
};

void garp_step(const struct garp_cfg *cfg, struct garp_fsm *fsm, enum garp_event ev,
	       struct mono now);
/* May one announcement be sent, `interval_ns` after the one before? If so, *next is when the one
 * behind it may. 0: always. */
bool garp_may_send(struct mono *next, int64_t interval_ns, struct mono now);
/* When GARP_EV_TIMER is wanted; MONO_NEVER: not at all. */
struct mono garp_due(const struct garp_fsm *fsm);

#endif
