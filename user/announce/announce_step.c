// SPDX-License-Identifier: BSD-2-Clause
/*
 * The facts (started, faulty, leaving, claimed, when to settle) are stored separately. Only
 * wanted() derives the level from them. The module owns nothing: all memory is the caller's.
 *
 * A second CLAIM without a RELEASE escalates again. The VRRP step sends CLAIM with every transition
 * to MASTER. Rejected: a table of transitions between the levels, because each new fact would
 * double the table.
 */
#include "announce/announce_step.h"

/* A faulty node announces nothing, not even as a standby. */
static enum announce_level wanted(const struct announce_cfg *cfg, const struct announce_fsm *fsm)
{
	if (!fsm->started || fsm->faulty)
		return ANNOUNCE_NONE;
	if (fsm->leaving)
		return ANNOUNCE_LEAVING;
	if (fsm->claimed)
		return mono_is_set(fsm->settle_at) ? ANNOUNCE_ESCALATED : ANNOUNCE_SETTLED;
	return cfg->standby ? ANNOUNCE_STANDBY : ANNOUNCE_NONE;
}

bool announce_step(const struct announce_cfg *cfg, struct announce_fsm *fsm,
		   enum announce_event_type ev, struct mono now)
{
	enum announce_level before = fsm->level;

	switch (ev) {
	case ANNOUNCE_EV_START:
		fsm->started = true;
		break;
	case ANNOUNCE_EV_CLAIM:
		fsm->claimed = true;
		fsm->leaving = false;
		fsm->settle_at = cfg->settle_ns > 0 ? mono_add(now, cfg->settle_ns) : MONO_NEVER;
		break;
	case ANNOUNCE_EV_LEAVE:
		fsm->leaving = fsm->claimed;
		fsm->settle_at = MONO_NEVER;
		break;
	case ANNOUNCE_EV_RELEASE:
		fsm->claimed = fsm->leaving = false;
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
		*fsm = (struct announce_fsm){.level = before};
		break;
	}
	fsm->level = wanted(cfg, fsm);
	return fsm->level != before;
}

struct mono announce_due(const struct announce_fsm *fsm)
{
	return fsm->settle_at;
}

const char *announce_level_name(enum announce_level level)
{
	static const char *const names[] = {"none",    "standby", "settled", "escalated",
					    "leaving", "healthy", "failed"};

	return (unsigned int)level < sizeof(names) / sizeof(names[0]) ? names[level] : "?";
}
