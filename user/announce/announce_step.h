/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The present announce level of the prefixes of an instance, as a pure step. A takeover is
 * announced *escalated*, so that the routers prefer it at once to the stale path of a dead host. It
 * becomes *settled* when the stale path must be gone, so that the next node that takes over can
 * escalate again.
 */
#ifndef HF_ANNOUNCE_STEP_H
#define HF_ANNOUNCE_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mono.h"

/* The announce level of a prefix: how good its path is at the routers. `status` shows these names.
 */
enum announce_level {
	ANNOUNCE_NONE,
	ANNOUNCE_STANDBY,
	ANNOUNCE_SETTLED,
	ANNOUNCE_ESCALATED,
	ANNOUNCE_LEAVING, /* the node leaves: routers choose any other node that announces */
	ANNOUNCE_HEALTHY, /* only bgp_service: as good as the paths of the other healthy nodes */
	ANNOUNCE_FAILED,  /* only bgp_service: worse than those, by `when_failed` */
};

struct announce_cfg {
	bool standby;	   /* announce a less preferred path while not claimed */
	int64_t settle_ns; /* how long a path is escalated after a claim; 0: not at all */
};

enum announce_event_type {
	ANNOUNCE_EV_START,   /* begin; before this event nothing is announced */
	ANNOUNCE_EV_CLAIM,   /* VRRP_ACT_CLAIM: escalate, also while already claimed */
	ANNOUNCE_EV_LEAVE,   /* a successor has been heard while still claimed */
	ANNOUNCE_EV_RELEASE, /* VRRP_ACT_RELEASE */
	ANNOUNCE_EV_TIMER,   /* the time of announce_due() has come */
	ANNOUNCE_EV_FAULT, /* not eligible: announce nothing, also no standby path, until CLEARED */
	ANNOUNCE_EV_CLEARED,
	ANNOUNCE_EV_STOP, /* withdraw everything; only START begins again */
};

struct announce_fsm {
	enum announce_level level;
	bool claimed, leaving, faulty, started;
	struct mono settle_at; /* escalated: when to settle; else MONO_NEVER */
};

/* Handles one event. Returns true if `fsm->level` has changed, so that the routers must be told. */
bool announce_step(const struct announce_cfg *cfg, struct announce_fsm *fsm,
		   enum announce_event_type ev, struct mono now);

/* When to send ANNOUNCE_EV_TIMER; MONO_NEVER: never. */
struct mono announce_due(const struct announce_fsm *fsm);

const char *announce_level_name(enum announce_level level); /* "none", "standby", "settled", ... */

#endif
