// SPDX-License-Identifier: BSD-2-Clause
/*
 * A ring of the times of the last moves. The hold begins when the last `moves` moves are all within
 * the window. The module owns nothing. Rejected: a count that decays, which an operator cannot
 * compute.
 */
#include "vrrp/flap_step.h"

static bool moves_too_often(const struct flap_cfg *cfg, const struct flap_fsm *fsm, struct mono now)
{
	struct mono first;

	if (cfg->moves == 0 || fsm->n < cfg->moves)
		return false;
	first = fsm->at[(fsm->n - cfg->moves) % FLAP_MOVES_MAX];
	return mono_diff_ns(now, first) <= cfg->window_ns;
}

bool flap_counts(enum vrrp_state from, enum vrrp_state to, enum vrrp_cause cause)
{
	if ((from == VRRP_MASTER) == (to == VRRP_MASTER))
		return false;
	return cause != VRRP_CAUSE_START && cause != VRRP_CAUSE_STOP &&
	       cause != VRRP_CAUSE_HANDOVER && cause != VRRP_CAUSE_DRAIN;
}

bool flap_move(const struct flap_cfg *cfg, struct flap_fsm *fsm, struct mono now)
{
	bool held = fsm->held;

	fsm->at[fsm->n++ % FLAP_MOVES_MAX] = now;
	if (!held && !moves_too_often(cfg, fsm, now))
		return false;
	fsm->held = true;
	fsm->until = mono_add(now, cfg->window_ns);
	return !held;
}

bool flap_time(const struct flap_cfg *cfg, struct flap_fsm *fsm, struct mono now)
{
	if (!fsm->held || (cfg->moves > 0 && mono_before(now, fsm->until)))
		return false;
	fsm->held = false;
	return true;
}
