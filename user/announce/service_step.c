// SPDX-License-Identifier: BSD-2-Clause
/*
 * Derives state and announce level of a bgp_service from its facts. The module owns nothing: all
 * memory is the caller's. Rejected: an event for each change of a fact. There are few facts, and
 * each step decides from all of them, so that no change can be missed.
 */
#include "announce/service_step.h"

/* A check that a reload adds is pending at first. A service that is UP or DOWN does not return to
 * INIT because of it. */
static enum service_state wanted_state(const struct service_fsm *fsm,
				       const struct service_facts *facts)
{
	bool held = fsm->state == SERVICE_INIT || fsm->state == SERVICE_DRAINED;

	if (facts->stopped)
		return SERVICE_STOP;
	if (facts->drained)
		return SERVICE_DRAINED;
	if (facts->pending && held)
		return SERVICE_INIT;
	return facts->bad ? SERVICE_DOWN : SERVICE_UP;
}

/* A healthy service is announced as LEAVING for `linger_ns`, so that traffic is served while the
 * routers change to other nodes. A failed service is withdrawn at once. */
static enum announce_level leave(const struct service_cfg *cfg, struct service_fsm *fsm,
				 const struct service_facts *facts, struct mono now)
{
	if (facts->bad || cfg->linger_ns <= 0)
		return ANNOUNCE_NONE;
	if (fsm->level == ANNOUNCE_HEALTHY) {
		fsm->withdraw_at = mono_add(now, cfg->linger_ns);
		return ANNOUNCE_LEAVING;
	}
	return fsm->level == ANNOUNCE_LEAVING && mono_before(now, fsm->withdraw_at)
		   ? ANNOUNCE_LEAVING
		   : ANNOUNCE_NONE;
}

static enum announce_level wanted_level(const struct service_cfg *cfg, struct service_fsm *fsm,
					const struct service_facts *facts, struct mono now)
{
	switch (fsm->state) {
	case SERVICE_UP:
		return ANNOUNCE_HEALTHY;
	case SERVICE_DOWN:
		return cfg->failed_announces ? ANNOUNCE_FAILED : ANNOUNCE_NONE;
	case SERVICE_DRAINED:
	case SERVICE_STOP:
		return leave(cfg, fsm, facts, now);
	case SERVICE_INIT:
	case SERVICE_STATES:
		break;
	}
	return ANNOUNCE_NONE;
}

uint32_t service_step(const struct service_cfg *cfg, struct service_fsm *fsm,
		      const struct service_facts *facts, struct mono now)
{
	enum service_state state = fsm->state;
	enum announce_level level = fsm->level;

	fsm->state = wanted_state(fsm, facts);
	fsm->level = wanted_level(cfg, fsm, facts, now);
	if (fsm->level != ANNOUNCE_LEAVING)
		fsm->withdraw_at = MONO_NEVER;
	return (fsm->state != state ? SERVICE_NEW_STATE : 0) |
	       (fsm->level != level ? SERVICE_NEW_LEVEL : 0);
}

const char *service_state_name(enum service_state state)
{
	static const char *const names[SERVICE_STATES] = {"INIT", "UP", "DOWN", "DRAINED", "STOP"};

	return (unsigned int)state < SERVICE_STATES ? names[state] : "?";
}
