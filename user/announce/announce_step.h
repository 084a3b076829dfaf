/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each prefix should look like at the routers now: the join of mastership and settling, as a
 * pure step. Design section 6: a takeover is announced *escalated*, so that it outranks the stale
 * path of a dead host at once, and *settles* when that path must be gone, so that the next taker
 * can escalate again.
 */
#ifndef HF_ANNOUNCE_STEP_H
#define HF_ANNOUNCE_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mono.h"

/* How a prefix stands at the routers; the names of `status`. */
enum announce_as { ANNOUNCE_NONE, ANNOUNCE_STANDBY, ANNOUNCE_SETTLED, ANNOUNCE_ESCALATED };

struct announce_cfg {
	bool standby;	   /* announce while not claimed, less preferred */
	int64_t settle_ns; /* escalated so long after a claim; 0: never escalated */
};

enum announce_event_type {
	ANNOUNCE_EV_START,   /* begin: standby where configured; nothing is announced before */
	ANNOUNCE_EV_CLAIM,   /* VRRP_ACT_CLAIM: escalated, also again while claimed */
	ANNOUNCE_EV_RELEASE, /* VRRP_ACT_RELEASE */
	ANNOUNCE_EV_TIMER,   /* announce_due() has come */
	ANNOUNCE_EV_FAULT,   /* not eligible: nothing, not even as a standby, until CLEARED */
	ANNOUNCE_EV_CLEARED,
	ANNOUNCE_EV_STOP, /* withdraw all, for good */
};

struct announce_fsm {
	enum announce_as as;
	bool claimed, faulty, started;
	struct mono settle_at; /* escalated: settle then */
};

/* Carries one event through; returns true if `fsm->as` changed and must be sent to the routers. */
bool announce_step(const struct announce_cfg *cfg, struct announce_fsm *fsm,
		   enum announce_event_type ev, struct mono now);

/* When ANNOUNCE_EV_TIMER is wanted; MONO_NEVER: not at all. */
struct mono announce_due(const struct announce_fsm *fsm);

const char *announce_as_name(enum announce_as as); /* "none", "standby", "settled", "escalated" */

#endif
