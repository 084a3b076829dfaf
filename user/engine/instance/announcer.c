// SPDX-License-Identifier: BSD-2-Clause
/*
 * Executes announce_step() for each prefix by the BGP speaker, and sets the instances' session
 * fault by the number of Established sessions. Owns only the timers. Each change is a pass over the
 * prefixes, one slice in a turn, the first slice at once. So the adverts of other instances do not
 * wait for thousands of prefixes. A newer change begins a new pass.
 */
#include "engine/instance/announcer.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "announce/announce_attrs.h"
#include "core/addr.h"
#include "datapath/datapath.h"
#include "engine/instance/duplicates.h"
#include "engine/instance/executor.h"
#include "engine/instance/gathering.h"
#include "engine/instance/speakers.h"
#include "engine/service/service.h"
#include "engine/tracking/tracking.h"

/* The first slice is smaller, because its turn also has the rest of the takeover to do. */
#define FIRST_SLICE 100
/* A full speaker has room again when its neighbors have read the withdrawals. */
#define FULL_RETRY_NS (100 * NS_PER_MS)

static void on_settle(struct loop_timer *timer)
{
	announcer_event(timer->ctx, ANNOUNCE_EV_TIMER);
}

static void on_slice(struct loop_timer *timer);

static unsigned int needs(const struct cfg_announce *cfg)
{
	unsigned int v4 =
	    ipaddr_is_unset(&cfg->attrs.next_hop4) ? BGP_CARRIES_IPV4 : BGP_CARRIES_IPV4_BY;
	unsigned int v6 =
	    ipaddr_is_unset(&cfg->attrs.next_hop6) ? BGP_CARRIES_IPV6 : BGP_CARRIES_IPV6_BY;
	unsigned int all = 0;

	for (unsigned int i = 0; i < cfg->n_prefixes; i++)
		all |= ipaddr_is_v4(&cfg->prefixes[i].addr) ? v4 : v6;
	return all;
}

void announcer_init(struct instance *in)
{
	in->announcer = (struct announcer){
	    .cfg = {.standby = in->cfg->announce.standby, .settle_ns = in->cfg->announce.settle_ns},
	    .needs = needs(&in->cfg->announce),
	    .next = UINT_MAX,
	    .full_limit = LOG_LIMIT(1, 60 * NS_PER_S),
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
	return instance_speaker(in) && left(in) > 0;
}

static int tell_prefixes(struct instance *in, const struct ipprefix *prefixes, unsigned int n)
{
	const struct announcer *ann = &in->announcer;
	struct bgp_speaker *sp = instance_speaker(in)->sp;
	struct bgp_attrs attrs;

	if (ann->fsm.started && ann->to_watch)
		duplicates_watch(in, prefixes, n);
	else if (!ann->fsm.started)
		duplicates_unwatch(in, sp, prefixes, n);
	if (ann->fsm.level == ANNOUNCE_NONE) {
		if (ann->told)
			bgp_speaker_withdraw_all(sp, prefixes, n);
		return 0;
	}
	announce_attrs(&in->cfg->announce, ann->fsm.level, ann->epoch, &attrs);
	return bgp_speaker_announce_all(sp, prefixes, n, &attrs);
}

/* Announces or withdraws the next `n` prefixes of `in` by the present level. False: the speaker had
 * no room for all of them. */
static bool apply_slice(struct instance *in, unsigned int n)
{
	const struct cfg_announce *cfg = &in->cfg->announce;
	struct announcer *ann = &in->announcer;
	int err = tell_prefixes(in, cfg->prefixes + ann->next, n);

	if (err < 0 && log_allow(&ann->full_limit, loop_now(in->engine->loop), NULL))
		log_error("%s: cannot announce all of its %u prefixes%s: %s", in->cfg->name,
			  cfg->n_prefixes, err == -ENOSPC ? ", trying again" : "", strerror(-err));
	if (err == -ENOSPC)
		return false;
	ann->next += n;
	if (ann->next < cfg->n_prefixes)
		return true;
	ann->told = ann->fsm.level != ANNOUNCE_NONE;
	ann->to_watch = false;
	return true;
}

/* Applies up to `most` prefixes now. The slice timer continues in later turns. */
static void apply_more(struct instance *in, unsigned int most)
{
	struct loop *loop = in->engine->loop;
	struct loop_timer *timer = &in->announcer.slice_timer;
	bool has_room = true;

	if (announcer_is_busy(in))
		has_room = apply_slice(in, left(in) < most ? left(in) : most);
	if (announcer_is_busy(in))
		loop_arm(loop, timer, mono_add(loop_now(loop), has_room ? 0 : FULL_RETRY_NS));
	else
		loop_disarm(loop, timer);
}

static void on_slice(struct loop_timer *timer)
{
	struct instance *in = timer->ctx;

	apply_more(in, ANNOUNCER_SLICE);
	if (!announcer_is_busy(in))
		inbox_post(&in->event, NEWS_ANNOUNCED);
}

/* Begins a pass over all prefixes of `in` by the present level. It replaces an unfinished pass,
 * whose end may be awaited. */
static void apply(struct instance *in)
{
	bool replaces = announcer_is_busy(in);

	in->announcer.next = 0;
	in->announcer.told |= in->announcer.fsm.level != ANNOUNCE_NONE;
	apply_more(in, FIRST_SLICE);
	if (replaces && !announcer_is_busy(in))
		inbox_post(&in->event, NEWS_ANNOUNCED);
}

void announcer_end(struct instance *in)
{
	loop_disarm(in->engine->loop, &in->announcer.timer);
	loop_disarm(in->engine->loop, &in->announcer.slice_timer);
}

/* Learns the epochs of our own records, because the clock may have been set back since the last
 * transition, also before a restart. */
static void learn_from_records(struct instance *in)
{
	const struct record_ring *ring = in->engine->records;

	for (uint64_t number = record_oldest(ring); number <= ring->last; number++) {
		const struct record *rec = record_at(ring, number);

		if (rec)
			announcer_learn_epoch(&in->announcer, epoch_of_clock(rec->at_ms),
					      wall_clock_ms());
	}
}

/*
 * How an event is announced. A claim is usually announced as escalated, to outrank the path of a
 * master that may be dead. There is no such path if no master was ever heard and all peers report
 * that they announce nothing. The claim is then announced as settled at once, so that the next
 * taker can outrank it.
 */
static struct announce_cfg cfg_for(const struct instance *in, enum announce_event_type ev)
{
	const volatile struct hf_inst_state *seen = datapath_state(in->datapath);
	struct announce_cfg cfg = in->announcer.cfg;

	if (ev == ANNOUNCE_EV_CLAIM && seen->last_rx_ns == 0 && reports_show_no_path(in))
		cfg.settle_ns = 0;
	return cfg;
}

/* Is there something to tell the routers? A claim has a new epoch, also if the level stays: since
 * the earlier claim a successor may have announced and died, whose path must be outranked. */
static bool has_changed(struct instance *in, enum announce_event_type ev)
{
	struct announcer *ann = &in->announcer;
	struct announce_cfg cfg = cfg_for(in, ev);
	bool news = announce_step(&cfg, &ann->fsm, ev, loop_now(in->engine->loop));

	return news || (ev == ANNOUNCE_EV_CLAIM && ann->fsm.level != ANNOUNCE_NONE);
}

void announcer_event(struct instance *in, enum announce_event_type ev)
{
	struct announcer *ann = &in->announcer;
	struct loop *loop = in->engine->loop;
	struct mono began = loop_clock();

	if (!instance_speaker(in))
		return;
	ann->to_watch |= ev == ANNOUNCE_EV_START;
	if (ev == ANNOUNCE_EV_CLAIM) {
		ann->claimed_at = loop_now(loop);
		learn_from_records(in);
		ann->epoch = ann->known_epoch = epoch_next(ann->known_epoch, wall_clock_ms());
	}
	if (has_changed(in, ev)) {
		reports_change(in->engine);
		apply(in);
		recording_announced(&in->recording, instance_speaker(in)->sp, began,
				    (uint8_t)ann->fsm.level);
		log_with(LOG_LV_INFO,
			 LOG_FIELDS({"HF_INSTANCE", in->cfg->name},
				    {"HF_ANNOUNCED", announce_level_name(ann->fsm.level)}),
			 "%s: announced as %s", in->cfg->name, announce_level_name(ann->fsm.level));
	} else if (ev == ANNOUNCE_EV_START || ev == ANNOUNCE_EV_STOP) {
		apply(in); /* the watch begins or ends, or a reload has changed the prefixes */
	}
	if (mono_is_set(announce_due(&ann->fsm)))
		loop_arm(loop, &ann->timer, announce_due(&ann->fsm));
	else
		loop_disarm(loop, &ann->timer);
}

unsigned int announcer_lacks(const struct instance *in)
{
	const struct speaker *speaker = instance_speaker(in);

	return speaker ? in->announcer.needs & ~speaker->carries : 0;
}

/* Sets the faults of `in` by the sessions of its speaker. */
static void judge_sessions(struct instance *in, const struct speaker *speaker)
{
	bool carried = speaker->established > 0 && announcer_lacks(in) == 0;
	bool lacking = in->cfg->announce.require_session && !carried;
	/* At start the sessions are still being opened: wait in INIT instead of FAULT. */
	bool awaited = lacking && in->engine->sessions_awaited && !in->announcer.ever_carried;

	in->announcer.ever_carried |= carried;
	if (speaker->established > 0)
		inbox_fault(&in->event, VRRP_FAULT_CUT_OFF, false);
	inbox_fault(&in->event, VRRP_FAULT_SESSION, lacking && !awaited);
	inbox_pending(&in->event, PENDING_SESSION, awaited);
}

void announcer_rebind(struct instance *in)
{
	if (announcer_is_busy(in))
		in->announcer.next = 0;
	in->duplicate.seen = false;
}

void announcer_reconfigure(struct instance *in)
{
	struct announcer *ann = &in->announcer;
	struct speaker *speaker = instance_speaker(in);
	bool began = ann->fsm.started;

	if (!speaker) {
		announcer_end(in);
		announcer_init(in);
		inbox_post(&in->event, NEWS_ANNOUNCED); /* no speaker: nothing is left to send */
		inbox_pending(&in->event, PENDING_SESSION, false);
		inbox_fault(&in->event, VRRP_FAULT_SESSION, false);
		return;
	}
	ann->cfg = (struct announce_cfg){.standby = in->cfg->announce.standby,
					 .settle_ns = in->cfg->announce.settle_ns};
	ann->needs = needs(&in->cfg->announce);
	announcer_event(in, ANNOUNCE_EV_START); /* again: computes the level by the new settings */
	if (!began && in->fsm.state == VRRP_FAULT)
		announcer_event(in, ANNOUNCE_EV_FAULT);
	if (!began && in->fsm.claimed)
		announcer_event(in, ANNOUNCE_EV_CLAIM);
	if (!announcer_is_busy(in)) /* no pass remains that would post it */
		inbox_post(&in->event, NEWS_ANNOUNCED);
	judge_sessions(in, speaker);
}

void announcer_on_sessions(void *ctx, unsigned int established)
{
	struct speaker *speaker = ctx;
	struct service *svc;
	struct instance *in;

	gathering_count(speaker, established);
	speaker->carries = bgp_speaker_carries(speaker->sp);
	ENGINE_EACH_INSTANCE (speaker->engine, in) {
		if (instance_speaker(in) == speaker)
			judge_sessions(in, speaker);
		if (tracking_has_sessions(in))
			tracking_judge(in);
	}
	ENGINE_EACH_SERVICE (speaker->engine, svc) {
		if (svc->cfg->track.n_bgp > 0 || svc->cfg->track.n_bfds > 0)
			tracking_judge_service(svc);
	}
}
