// SPDX-License-Identifier: BSD-2-Clause
/*
 * Gives cut_off_judge() its facts: when the master fell silent, and the states of the BFD sessions
 * with the neighbors to which the instance announces. Nothing is polled: each session receives a
 * packet or goes Down, and reports either. Owns nothing.
 */
#include "engine/instance/cut_off.h"

#include "core/log.h"
#include "datapath/datapath.h"
#include "engine/instance/instance.h"
#include "engine/instance/speakers.h"
#include "engine/peer/bfd_sessions.h"
#include "engine/state.h"
#include "peer/cut_off_rules.h"

/* --- facts ------------------------------------------------------------------------------------*/

/* Calls `fn` with `ctx` for each BFD session with a router of this bgp_instance. */
static void each_router(const struct engine *engine, int at,
			void (*fn)(void *ctx, const struct bfd_session *s), void *ctx)
{
	const struct cfg_bgp *bgp = &engine->cfg->bgp[at];

	for (unsigned int i = 0; i < bgp->n_neighbors; i++) {
		const struct cfg_bfd *bfd = &bgp->neighbors[i].bfd;
		const struct bfd_session *s =
		    bfd->given ? bfd_sessions_find(engine->bfd, bfd) : NULL;

		if (s)
			fn(ctx, s);
	}
}

struct survey {
	struct cut_off_routers routers;
	struct mono now;
};

static void add_router(void *ctx, const struct bfd_session *s)
{
	struct survey *survey = ctx;
	int64_t detection_ns = bfd_session_detection_ns(s);
	struct cut_off_session one = {
	    .up = bfd_session_is_up(s),
	    /* AdminDown says nothing about the path. */
	    .changed = bfd_session_is_admin_down(s) ? MONO_NEVER : s->changed,
	    .heard = bfd_session_last_packet(s),
	    .pace_ns = detection_ns / (s->seen.multiplier ? s->seen.multiplier : 1),
	    .detection_ns = detection_ns,
	};

	cut_off_add(&survey->routers, &one, survey->now);
}

/* The same for all instances that announce to them. */
static struct cut_off_routers survey_routers(const struct engine *engine, int bgp)
{
	struct survey survey = {.now = loop_now(engine->loop)};

	each_router(engine, bgp, add_router, &survey);
	survey.routers.unwatched = engine->speakers[bgp]->established > survey.routers.up;
	return survey.routers;
}

/* One advert interval after the last advert, or after the instance entered its state. */
static struct mono silent_by_adverts(const struct instance *in)
{
	struct mono last = {(int64_t)datapath_state(in->datapath)->last_rx_ns};

	if (mono_before(last, in->changed_at))
		last = in->changed_at;
	return mono_add(last, in->fsm.master_interval_ns);
}

/* Since when the master has been silent; MONO_NEVER: it is not. */
static struct mono silent_since(const struct instance *in)
{
	if (in->tie.peer && prober_has_heard(in->tie.peer))
		return prober_silent_since(in->tie.peer);
	return silent_by_adverts(in);
}

/* --- the verdict ------------------------------------------------------------------------------*/

static void declare(struct instance *in)
{
	in->wait = (struct cut_off_wait){0};
	if (in->tie.peer)
		prober_absolve(
		    in->tie.peer); /* the silence is not the fault of the master's host */
	inbox_fault(&in->event, VRRP_FAULT_CUT_OFF, true);
}

static void await_router(void *ctx, const struct bfd_session *s)
{
	bfd_sessions_await(ctx, s);
}

static void begin_wait(struct instance *in, struct mono until)
{
	if (!in->wait.awaits)
		log_info("%s: its master is silent, and no router was heard since: waits for a "
			 "router's BFD, %.1f ms at most",
			 in->cfg->name,
			 (double)mono_diff_ns(until, loop_now(in->engine->loop)) /
			     (double)NS_PER_MS);
	in->wait.awaits = true;
	each_router(in->engine, in->cfg->announce.bgp, await_router, in->engine->bfd);
}

/* False if `in` is leaving or still serves: then there is no takeover to hold. */
static bool could_take_over(const struct instance *in)
{
	return in->fsm.state == VRRP_BACKUP && in->fsm.leaving == VRRP_STAY && !in->fsm.claimed &&
	       in->cfg->announce.bgp >= 0;
}

static bool holds(struct instance *in, struct mono since, struct mono *until)
{
	struct engine *engine = in->engine;
	struct cut_off_routers routers;
	enum cut_off verdict;

	if (!could_take_over(in))
		return false;
	bfd_sessions_receive(engine->bfd); /* packets that wait in a socket count as heard */
	routers = survey_routers(engine, in->cfg->announce.bgp);
	verdict = cut_off_judge(&routers, since, loop_now(engine->loop), until);
	if (verdict == CUT_OFF_WAIT)
		begin_wait(in, *until);
	else if (verdict == CUT_OFF_YES)
		declare(in);
	else
		in->wait = (struct cut_off_wait){0};
	return verdict != CUT_OFF_NO;
}

bool cut_off_holds(struct instance *in, struct mono *until)
{
	bool held = holds(in, silent_since(in), until);

	in->wait.by_adverts = held && in->wait.awaits;
	return held;
}

bool cut_off_holds_probed(struct instance *in)
{
	struct mono until;

	return in->tie.peer && holds(in, prober_silent_since(in->tie.peer), &until);
}

void cut_off_resume(struct instance *in, struct mono *deadline)
{
	if (in->tie.peer)
		prober_ask(in->tie.peer);
	if (in->wait.by_adverts)
		*deadline = mono_add(loop_now(in->engine->loop), in->fsm.master_interval_ns);
	in->wait = (struct cut_off_wait){0};
}

void cut_off_forget(struct instance *in)
{
	in->wait = (struct cut_off_wait){0};
}

/* --- events of the sessions -------------------------------------------------------------------*/

static bool has_router(const struct cfg_bgp *bgp, const struct bfd_session *s)
{
	for (unsigned int i = 0; i < bgp->n_neighbors; i++) {
		if (bgp->neighbors[i].bfd.given &&
		    cfg_bfd_same_session(&bgp->neighbors[i].bfd, s->cfg))
			return true;
	}
	return false;
}

/* Calls `fn` for each instance that announces to the peer of `s`. Its routers are surveyed once for
 * all instances, and not thousands of times in a turn. */
static void each_instance(struct engine *engine, const struct bfd_session *s,
			  void (*fn)(struct instance *in, const struct bfd_session *s,
				     const struct cut_off_routers *routers))
{
	struct instance *in;

	for (int i = 0; i < (int)engine->cfg->n_bgp; i++) {
		struct cut_off_routers routers;

		if (!has_router(&engine->cfg->bgp[i], s))
			continue;
		routers = survey_routers(engine, i);
		ENGINE_EACH_INSTANCE (engine, in) {
			if (in->cfg->announce.bgp == i)
				fn(in, s, &routers);
		}
	}
}

static void change(struct instance *in, const struct bfd_session *s,
		   const struct cut_off_routers *routers)
{
	struct mono until;

	if (bfd_session_is_up(s))
		inbox_fault(&in->event, VRRP_FAULT_CUT_OFF, false);
	else if (could_take_over(in) &&
		 cut_off_judge(routers, silent_since(in), loop_now(in->engine->loop), &until) ==
		     CUT_OFF_YES)
		declare(in);
}

void cut_off_on_change(struct engine *engine, const struct bfd_session *s)
{
	each_instance(engine, s, change);
}

static void hear(struct instance *in, const struct bfd_session *s,
		 const struct cut_off_routers *routers)
{
	(void)s;
	(void)routers;
	if (in->wait.awaits)
		inbox_post(&in->event, NEWS_ROUTER);
}

void cut_off_on_heard(struct engine *engine, const struct bfd_session *s)
{
	each_instance(engine, s, hear);
}
