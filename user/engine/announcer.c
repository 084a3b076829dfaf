// SPDX-License-Identifier: BSD-2-Clause
/*
 * Joins mastership with the BGP speaker: carries announce_step() out, prefix by prefix, and turns
 * the number of Established sessions into the instances' session fault. Owns nothing but the timer.
 */
#include <string.h>
#include <time.h>

#include "announce/announce_attrs.h"
#include "core/addr.h"
#include "engine/engine_state.h"

struct speaker *announcer_speaker(const struct instance *in)
{
	return in->cfg->announce.bgp < 0 ? NULL : in->engine->speakers[in->cfg->announce.bgp];
}

static void on_settle(struct loop_timer *timer)
{
	announcer_event(timer->ctx, ANNOUNCE_EV_TIMER);
}

void announcer_init(struct instance *in)
{
	in->announcer = (struct announcer){
	    .cfg = {.standby = in->cfg->announce.standby, .settle_ns = in->cfg->announce.settle_ns},
	    .timer = {.fn = on_settle, .ctx = in, .name = "settle"},
	};
}

/* Brings every prefix of `in` to its standing at the routers. */
static void apply(struct instance *in)
{
	const struct cfg_announce *cfg = &in->cfg->announce;
	struct bgp_speaker *sp = announcer_speaker(in)->sp;
	enum announce_as as = in->announcer.fsm.as;
	struct bgp_attrs attrs;
	int err;

	if (as == ANNOUNCE_NONE) {
		bgp_speaker_withdraw_all(sp, cfg->prefixes, cfg->n_prefixes);
		return;
	}
	announce_attrs(cfg, as, in->announcer.claimed_at_s, &attrs);
	err = bgp_speaker_announce_all(sp, cfg->prefixes, cfg->n_prefixes, &attrs);
	if (err < 0)
		log_error("%s: cannot announce all of its %u prefixes: %s", in->cfg->name,
			  cfg->n_prefixes, strerror(-err));
}

void announcer_event(struct instance *in, enum announce_event_type ev)
{
	struct announcer *ann = &in->announcer;
	struct loop *loop = in->engine->loop;
	struct mono began;

	if (!announcer_speaker(in))
		return;
	if (ev == ANNOUNCE_EV_START)
		rivals_watch(in);
	else if (ev == ANNOUNCE_EV_STOP)
		rivals_unwatch(in);
	if (ev == ANNOUNCE_EV_CLAIM)
		ann->claimed_at_s = engine_wall_ms() / 1000;
	if (announce_step(&ann->cfg, &ann->fsm, ev, loop_now(loop))) {
		began = loop_clock();
		apply(in);
		recording_announced(in, began, (uint8_t)ann->fsm.as);
		log_with(LOG_LV_INFO,
			 LOG_FIELDS({"HF_INSTANCE", in->cfg->name},
				    {"HF_ANNOUNCED", announce_as_name(ann->fsm.as)}),
			 "%s: announced as %s", in->cfg->name, announce_as_name(ann->fsm.as));
	}
	if (mono_is_set(announce_due(&ann->fsm)))
		loop_arm(loop, &ann->timer, announce_due(&ann->fsm));
	else
		loop_disarm(loop, &ann->timer);
}

/* What the speaker's sessions mean for one instance that announces through it. */
static void judge_sessions(struct instance *in, const struct speaker *speaker)
{
	bool lacking = in->cfg->announce.require_session && speaker->established == 0;
	/* At start a session is still being opened: wait in INIT rather than tell everybody FAULT.
	 */
	bool awaited = lacking && in->engine->sessions_awaited && !speaker->ever_established;

	if (lacking && !awaited)
		instance_fault(in, VRRP_FAULT_SESSION, true);
	instance_pending(in, PENDING_SESSION, awaited);
	if (!lacking)
		instance_fault(in, VRRP_FAULT_SESSION, false);
}

static bool announces(const struct cfg_announce *cfg, unsigned int likely,
		      const struct ipprefix *prefix)
{
	if (likely < cfg->n_prefixes && ipprefix_equal(&cfg->prefixes[likely], prefix))
		return true;
	for (unsigned int i = 0; i < cfg->n_prefixes; i++) {
		if (ipprefix_equal(&cfg->prefixes[i], prefix))
			return true;
	}
	return false;
}

void announcer_drop_gone(struct instance *in, const struct cfg_announce *next, bool same_speaker)
{
	const struct cfg_announce *cfg = &in->cfg->announce;
	struct speaker *speaker = announcer_speaker(in);

	if (!speaker)
		return;
	rivals_unwatch(in); /* what stays is watched again when the new configuration is in force */
	for (unsigned int i = 0; in->announcer.fsm.as != ANNOUNCE_NONE && i < cfg->n_prefixes;
	     i++) {
		if (!same_speaker || !announces(next, i, &cfg->prefixes[i]))
			bgp_speaker_withdraw(speaker->sp, &cfg->prefixes[i]);
	}
}

void announcer_reconfigure(struct instance *in)
{
	struct announcer *ann = &in->announcer;
	struct speaker *speaker = announcer_speaker(in);
	bool began = ann->fsm.started;

	if (!speaker) {
		loop_disarm(in->engine->loop, &ann->timer);
		announcer_init(in);
		instance_pending(in, PENDING_SESSION, false);
		instance_fault(in, VRRP_FAULT_SESSION, false);
		return;
	}
	ann->cfg = (struct announce_cfg){.standby = in->cfg->announce.standby,
					 .settle_ns = in->cfg->announce.settle_ns};
	announcer_event(in, ANNOUNCE_EV_START); /* again: what is wanted is worked out anew */
	if (!began && in->fsm.state == VRRP_FAULT)
		announcer_event(in, ANNOUNCE_EV_FAULT);
	if (!began && in->fsm.claimed)
		announcer_event(in, ANNOUNCE_EV_CLAIM);
	if (ann->fsm.as != ANNOUNCE_NONE)
		apply(in); /* other prefixes or attributes; what is as it was is no news */
	judge_sessions(in, speaker);
}

void announcer_on_sessions(void *ctx, unsigned int established)
{
	struct speaker *speaker = ctx;
	struct instance *in;

	speaker->established = established;
	if (established > 0)
		speaker->ever_established = true;
	ENGINE_EACH_INSTANCE (speaker->engine, in) {
		if (announcer_speaker(in) == speaker)
			judge_sessions(in, speaker);
		if (checks_track_sessions(in))
			checks_apply(in);
	}
}
