// SPDX-License-Identifier: BSD-2-Clause
/*
 * Announcing: the facts (started, faulty, claimed, when to settle) are kept apart, and what they
 * amount to is decided in one place, wanted(). It owns nothing: all memory is the caller's.
 *
 * A second CLAIM without a RELEASE escalates again: the vrrp step gives it on every way to MASTER.
 * Rejected: transitions between the four looks, where each new fact would double the table.
 */
#include "announce/announce_step.h"

/* A faulty node announces nothing, whatever it claims: not even as a standby. */
static enum announce_as wanted(const struct announce_cfg *cfg, const struct announce_fsm *fsm)
{
	if (!fsm->started || fsm->faulty)
		return ANNOUNCE_NONE;
	if (fsm->claimed)
		return mono_is_set(fsm->settle_at) ? ANNOUNCE_ESCALATED : ANNOUNCE_SETTLED;
	return cfg->standby ? ANNOUNCE_STANDBY : ANNOUNCE_NONE;
}

bool announce_step(const struct announce_cfg *cfg, struct announce_fsm *fsm,
		   enum announce_event_type ev, struct mono now)
{
	enum announce_as before = fsm->as;

	switch (ev) {
	case ANNOUNCE_EV_START:
		fsm->started = true;
		break;
	case ANNOUNCE_EV_CLAIM:
		fsm->claimed = true;
		fsm->settle_at = cfg->settle_ns > 0 ? mono_add(now, cfg->settle_ns) : MONO_NEVER;
		break;
	case ANNOUNCE_EV_RELEASE:
		fsm->claimed = false;
		fsm->settle_at = MONO_NEVER;
		break;
	case ANNOUNCE_EV_TIMER:
		if (!mono_before(now, fsm->settle_at))
			fsm->settle_at = MONO_NEVER;
		break;
	case ANNOUNCE_EV_FAULT:
		fsm->faulty = true;
		break;
	case ANNOUNCE_EV_CLEARED:
		fsm->faulty = false;
		break;
	case ANNOUNCE_EV_STOP:
		*fsm = (struct announce_fsm){.as = before};
		break;
	}
	fsm->as = wanted(cfg, fsm);
	return fsm->as != before;
}

struct mono announce_due(const struct announce_fsm *fsm)
{
	return fsm->settle_at;
}

const char *announce_as_name(enum announce_as as)
{
	static const char *const names[] = {"none", "standby", "settled", "escalated"};

	return (unsigned int)as < sizeof(names) / sizeof(names[0]) ? names[as] : "?";
}
