// SPDX-License-Identifier: BSD-2-Clause
/*
 * Stores the rounds to send now, the time of the second burst, and the time of the next refresh. An
 * event while rounds are waiting does not add rounds; it only sets their number to the full number
 * again. So a rival that advertises a hundred times a second does not cause a storm of
 * announcements.
 */
#include "vrrp/garp_step.h"

static void top_up(struct garp_fsm *fsm, uint32_t rounds)
{
	if (fsm->rounds < rounds)
		fsm->rounds = rounds;
}

static void burst(struct garp_fsm *fsm, uint32_t rounds, int64_t delay_ns, struct mono now)
{
	top_up(fsm, rounds);
	if (delay_ns == 0 || mono_is_set(fsm->delayed_at))
		return;
	fsm->delayed_at = mono_add(now, delay_ns);
	fsm->delayed_rounds = rounds;
}

static void refresh_later(const struct garp_cfg *cfg, struct garp_fsm *fsm, struct mono now)
{
	fsm->refresh_at =
	    cfg->master_refresh_ns ? mono_add(now, cfg->master_refresh_ns) : MONO_NEVER;
}

static void timer(const struct garp_cfg *cfg, struct garp_fsm *fsm, struct mono now)
{
	if (mono_is_due(fsm->delayed_at, now)) {
		fsm->delayed_at = MONO_NEVER;
		top_up(fsm, fsm->delayed_rounds);
	}
	if (mono_is_due(fsm->refresh_at, now)) {
		top_up(fsm, cfg->master_refresh_repeat);
		refresh_later(cfg, fsm, now);
	}
}

void garp_step(const struct garp_cfg *cfg, struct garp_fsm *fsm, enum garp_event ev,
	       struct mono now)
{
	switch (ev) {
	case GARP_EV_MASTER:
		*fsm = (struct garp_fsm){0};
		burst(fsm, cfg->master_repeat, cfg->master_delay_ns, now);
		refresh_later(cfg, fsm, now);
		break;
	case GARP_EV_RIVAL:
		burst(fsm, cfg->lower_prio_repeat, cfg->lower_prio_delay_ns, now);
		break;
	case GARP_EV_TIMER:
		timer(cfg, fsm, now);
		break;
	case GARP_EV_SENT:
		fsm->rounds -= fsm->rounds > 0;
		break;
	case GARP_EV_CONFIG:
		refresh_later(cfg, fsm, now);
		break;
	case GARP_EV_LEFT:
		*fsm = (struct garp_fsm){0};
		break;
	}
}

bool garp_may_send(struct mono *next, int64_t interval_ns, struct mono now)
{
	if (interval_ns == 0)
		return true;
	if (mono_is_set(*next) && mono_before(now, *next))
		return false;
	*next = mono_add(now, interval_ns);
	return true;
}

struct mono garp_due(const struct garp_fsm *fsm)
{
	return mono_earliest(fsm->delayed_at, fsm->refresh_at);
}
