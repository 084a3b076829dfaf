// SPDX-License-Identifier: BSD-2-Clause
/* Passes an instance's transitions to flap_step(), and posts NEWS_PREEMPT when its result changes.
 * Owns the timer. */
#include "engine/instance/flap.h"

#include "core/log.h"
#include "engine/instance/speakers.h"
#include "engine/state.h"

static struct flap_cfg cfg_of(const struct instance *in)
{
	return (struct flap_cfg){in->cfg->flap_moves, in->cfg->flap_ns};
}

static void changed(struct instance *in)
{
	if (in->flap.held)
		log_warn("%s: its mastership moved %u times within %lld s: it does not preempt "
			 "until it has not moved for this time",
			 in->cfg->name, in->cfg->flap_moves,
			 (long long)(in->cfg->flap_ns / NS_PER_S));
	else
		log_info("%s: its mastership stays: it preempts again", in->cfg->name);
	inbox_post(&in->event, NEWS_PREEMPT);
}

static void arm(struct instance *in)
{
	if (in->flap.held)
		loop_arm(in->engine->loop, &in->flap_timer, in->flap.until);
	else
		loop_disarm(in->engine->loop, &in->flap_timer);
}

static void on_timer(struct loop_timer *timer)
{
	struct instance *in = timer->ctx;
	struct flap_cfg cfg = cfg_of(in);

	if (flap_time(&cfg, &in->flap, loop_now(in->engine->loop)))
		changed(in);
	arm(in);
}

void flap_init(struct instance *in)
{
	in->flap_timer = (struct loop_timer){.fn = on_timer, .ctx = in, .name = "flap_hold"};
}

void flap_end(struct instance *in)
{
	loop_disarm(in->engine->loop, &in->flap_timer);
}

void flap_note(struct instance *in, const struct vrrp_action *act)
{
	struct flap_cfg cfg = cfg_of(in);

	if (cfg.moves == 0 || !flap_counts(act->from, act->to, act->cause))
		return;
	if (flap_move(&cfg, &in->flap, loop_now(in->engine->loop)))
		changed(in);
	arm(in);
}

bool flap_permits(const struct instance *in)
{
	const struct speaker *speaker = instance_speaker(in);

	return in->cfg->preempt && !(in->flap.held && in->cfg->flap_moves > 0) &&
	       !(speaker && speaker->gathers);
}
