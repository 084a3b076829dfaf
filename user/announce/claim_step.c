// SPDX-License-Identifier: BSD-2-Clause
/*
 * Four phases and five events. An event for which the phase does not wait belongs to work that a
 * newer claim or release has replaced, so it is ignored. The module owns nothing.
 */
#include "announce/claim_step.h"

enum claim_action claim_step(struct claim_fsm *fsm, enum claim_event ev)
{
	switch (ev) {
	case CLAIM_EV_CLAIM:
		fsm->phase = CLAIM_PREPARING;
		return CLAIM_ACT_PREPARE;
	case CLAIM_EV_RELEASE:
		fsm->phase = CLAIM_WITHDRAWING;
		return CLAIM_ACT_WITHDRAW;
	case CLAIM_EV_PREPARED:
		if (fsm->phase != CLAIM_PREPARING)
			return CLAIM_ACT_NONE;
		fsm->phase = CLAIM_ADDING;
		fsm->holds = true;
		return CLAIM_ACT_ADD;
	case CLAIM_EV_ADDED:
		if (fsm->phase != CLAIM_ADDING)
			return CLAIM_ACT_NONE;
		fsm->phase = CLAIM_IDLE;
		return CLAIM_ACT_ANNOUNCE;
	case CLAIM_EV_ANNOUNCED:
		if (fsm->phase != CLAIM_WITHDRAWING)
			return CLAIM_ACT_NONE;
		fsm->phase = CLAIM_IDLE;
		fsm->holds = false;
		return CLAIM_ACT_REMOVE;
	}
	return CLAIM_ACT_NONE;
}
