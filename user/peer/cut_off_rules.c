// SPDX-License-Identifier: BSD-2-Clause
/*
 * Decides whether this node is cut off; see cut_off_rules.h. The module owns nothing. Rejected: to
 * always wait for the longest detection time, which would delay each takeover from a dead host.
 * Rejected: to judge only by the time of a router's last packet, which proves nothing if the packet
 * arrived before the link was cut.
 */
#include "peer/cut_off_rules.h"

#define RETRY_NS NS_PER_MS /* a session whose deadline has passed goes Down within this time */

static struct mono latest(struct mono a, struct mono b)
{
	return mono_before(a, b) ? b : a;
}

void cut_off_add(struct cut_off_routers *all, const struct cut_off_session *one, struct mono now)
{
	if (!one->up) {
		all->lost += mono_diff_ns(now, one->changed) <= CUT_OFF_HOLD_NS;
		return;
	}
	all->heard = latest(all->heard, one->heard);
	all->due = latest(all->due, mono_add(one->heard, one->detection_ns));
	if (all->up == 0 || one->pace_ns < all->pace_ns)
		all->pace_ns = one->pace_ns;
	all->up++;
}

enum cut_off cut_off_judge(const struct cut_off_routers *all, struct mono silent_since,
			   struct mono now, struct mono *until)
{
	struct mono limit = mono_add(all->heard, CUT_OFF_HOLD_NS);

	if (!mono_is_set(silent_since) || mono_before(now, silent_since))
		return CUT_OFF_NO;
	if (all->unwatched || all->up + all->lost == 0)
		return CUT_OFF_NO;
	if (all->up == 0)
		return CUT_OFF_YES;
	if (!mono_before(all->heard, silent_since) || all->pace_ns > CUT_OFF_PACE_NS ||
	    !mono_before(now, limit))
		return CUT_OFF_NO;
	*until = latest(mono_earliest(all->due, limit), mono_add(now, RETRY_NS));
	return CUT_OFF_WAIT;
}
