// SPDX-License-Identifier: BSD-2-Clause
/*
 * Rise and fall. The module owns nothing: state and configuration are the caller's. Rejected:
 * keepalived's single counter from 0 to rise + fall - 1. It has the same effect, but is harder to
 * read in a status.
 */
#include "health/health_step.h"

void health_init(const struct health_cfg *cfg, struct health_fsm *fsm)
{
	*fsm = (struct health_fsm){.state = cfg->init_fail ? HEALTH_DOWN : HEALTH_UNKNOWN};
}

bool health_step(const struct health_cfg *cfg, struct health_fsm *fsm, enum health_outcome outcome)
{
	bool ok = outcome == HEALTH_OK;

	if (fsm->state != HEALTH_UNKNOWN) {
		if (ok == (fsm->state == HEALTH_UP)) {
			fsm->streak = 0;
			return false;
		}
		fsm->streak++;
		if (fsm->streak < (ok ? cfg->rise : cfg->fall))
			return false;
	}
	fsm->state = ok ? HEALTH_UP : HEALTH_DOWN;
	fsm->streak = 0;
	return true;
}

const char *health_state_name(enum health_state state)
{
	switch (state) {
	case HEALTH_UNKNOWN:
		return "UNKNOWN";
	case HEALTH_UP:
		return "UP";
	case HEALTH_DOWN:
		return "DOWN";
	}
	return "?";
}

const char *health_outcome_text(enum health_outcome outcome)
{
	switch (outcome) {
	case HEALTH_OK:
		return "success";
	case HEALTH_EXIT:
		return "exit status";
	case HEALTH_SIGNAL:
		return "signal";
	case HEALTH_TIMEOUT:
		return "timeout";
	case HEALTH_MISSING:
		return "missing or not executable";
	case HEALTH_SPAWN:
		return "could not be started";
	case HEALTH_CONNECT:
		return "connection failed";
	case HEALTH_ANSWER:
		return "wrong answer";
	case HEALTH_QUORUM:
		return "wrong number of processes";
	case HEALTH_TRAFFIC:
		return "connections fail";
	case HEALTH_OUTCOMES:
		break;
	}
	return "?";
}
