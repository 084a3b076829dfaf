/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long a BACKUP waits, in nanoseconds, for vrrp_step.c alone: with the arguments of its step.
 */
#ifndef HF_VRRP_WAIT_H
#define HF_VRRP_WAIT_H

#include "vrrp/vrrp_step.h"

/* The arguments of one step. */
struct step {
	const struct vrrp_cfg *cfg;
	struct vrrp_fsm *fsm;
	const struct vrrp_event *ev;
	struct vrrp_actions *out;
};

/* How long a BACKUP of `priority` waits after the master's last advert. */
static inline int64_t down_ns(const struct step *s, uint8_t priority)
{
	return (int64_t)vrrp_down_ns(s->cfg->version, priority, s->cfg->down_adverts,
				     (uint64_t)s->fsm->master_interval_ns);
}

/* Moves the present deadline by the change of the down time (`old_down_ns` was the old one), as
 * keepalived does. So a priority that changes often can neither postpone nor cause a takeover. */
static inline int64_t shifted_delay_ns(const struct step *s, int64_t old_down_ns)
{
	int64_t down = down_ns(s, s->fsm->priority), delay;

	if (!mono_is_set(s->ev->deadline))
		return down;
	delay = mono_diff_ns(s->ev->deadline, s->ev->now) + down - old_down_ns;
	return delay > 0 ? delay : 0;
}

/* What is left of the linger of a node that leaves and has heard a successor; otherwise 0. */
static inline int64_t linger_left_ns(const struct step *s)
{
	int64_t left_ns = mono_diff_ns(s->fsm->linger_until, s->ev->now);

	return ipaddr_is_unset(&s->fsm->master) || left_ns < 0 ? 0 : left_ns;
}

/* What is left of the skew time after the priority 0 of this event. */
static inline int64_t resigned_delay_ns(const struct step *s)
{
	int64_t skew_ns =
	    (int64_t)vrrp_skew_ns(s->cfg->version, s->fsm->priority, (uint64_t)s->ev->interval_ns);
	int64_t delay_ns = skew_ns - mono_diff_ns(s->ev->now, s->ev->arrived);

	return delay_ns > 0 ? delay_ns : 0;
}

#endif
