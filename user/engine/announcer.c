// SPDX-License-Identifier: BSD-2-Clause
/*
 * Joins mastership with the BGP speaker: carries announce_step() out, prefix by prefix, and turns
 * the number of Established sessions into the instances' session fault. Owns nothing but the
 * timers. Many prefixes are told a slice a turn, the first one at once, so that no advert of
 * another instance waits behind them.
 */
#include <limits.h>
#include <string.h>
#include <time.h>

#include "announce/announce_attrs.h"
#include "core/addr.h"
#include "engine/engine_state.h"

/* Prefixes in one turn: those of a full UPDATE (4,096 octets, with the attributes of most), half a
 * millisecond with a session or two. The first turn has the whole takeover to do besides. */
#define SLICE	    800
#define FIRST_SLICE 100

struct speaker *announcer_speaker(const struct instance *in)
{
	return in->cfg->announce.bgp < 0 ? NULL : in->engine->speakers[in->cfg->announce.bgp];
}

static void on_settle(struct loop_timer *timer)
{
	announcer_event(timer->ctx, ANNOUNCE_EV_TIMER);
}

static void on_slice(struct loop_timer *timer);

void announcer_init(struct instance *in)
{
	in->announcer = (struct announcer){
	    .cfg = {.standby = in->cfg->announce.standby, .settle_ns = in->cfg->announce.settle_ns},
	    .next = UINT_MAX,
	    .timer = {.fn = on_settle, .ctx = in, .name = "settle"},
	    .slice_timer = {.fn = on_slice, .ctx = in, .name = "announce"},
	};
}

static unsigned int left(const struct instance *in)
{
	unsigned int n = in->cfg->announce.n_prefixes;

	return in->announcer.next < n ? n - in->announcer.next : 0;
}

bool announcer_is_busy(const struct instance *in)
{
	return announcer_speaker(in) && left(in) > 0;
}

/* Brings the next `n` prefixes of `in` to their standing at the routers. */
static void apply_slice(struct instance *in, unsigned int n)
{
	const struct cfg_announce *cfg = &in->cfg->announce;
	const struct ipprefix *prefixes = cfg->prefixes + in->announcer.next;
	struct bgp_speaker *sp = announcer_speaker(in)->sp;
	enum announce_as as = in->announcer.fsm.as;
	struct bgp_attrs attrs;
	int err;

	in->announcer.next += n;
	if (as == ANNOUNCE_NONE) {
		bgp_speaker_withdraw_all(sp, prefixes, n);
		return;
	}
	announce_attrs(cfg, as, in->announcer.claimed_at_s, &attrs);
	err = bgp_speaker_announce_all(sp, prefixes, n, &attrs);
	if (err < 0)
		log_error("%s: cannot announce all of its %u prefixes: %s", in->cfg->name,
			  cfg->n_prefixes, strerror(-err));
}

/* The next `most` of them; the rest in the turns that follow. */
static void apply_more(struct instance *in, unsigned int most)
{
	struct loop *loop = in->engine->loop;
	struct loop_timer *timer = &in->announcer.slice_timer;

	if (left(in) > 0)
		apply_slice(in, left(in) < most ? left(in) : most);
	if (left(in) > 0)
		loop_arm(loop, timer, loop_now(loop));
	else
		loop_disarm(loop, timer);
}

static void on_slice(struct loop_timer *timer)
{
	struct instance *in = timer->ctx;

	apply_more(in, SLICE);
	if (!announcer_is_busy(in))
		instance_announced(in);
}

/* Brings every prefix of `in` to its standing at the routers; what was begun before is overtaken.
 */
static void apply(struct instance *in)
{
	in->announcer.next = 0;
	apply_more(in, FIRST_SLICE);
}

/* All that is left, in this turn. */
static void finish(struct instance *in)
{
	if (!announcer_is_busy(in))
		return;
	apply_slice(in, left(in));
	apply_more(in, SLICE);
	instance_announced(in);
}

void announcer_end(struct instance *in)
{
	loop_disarm(in->engine->loop, &in->announcer.timer);
	loop_disarm(in->engine->loop, &in->announcer.slice_timer);
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
	if (ev == ANNOUNCE_EV_STOP)
		finish(in);
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
	finish(in);
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
		announcer_end(in);
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
