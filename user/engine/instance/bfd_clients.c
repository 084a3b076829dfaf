// SPDX-License-Identifier: BSD-2-Clause
/*
 * Passes the state of BFD sessions to the BGP neighbors with a `bfd` block and to the instances
 * that track them. Owns nothing. The state AdminDown says nothing about the path, so it does not
 * reset a BGP session (RFC 5882 section 3.2). For track_bfd it counts as not Up, as in keepalived.
 */
#include "engine/instance/bfd_clients.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/instance/cut_off.h"
#include "engine/instance/speakers.h"
#include "engine/peer/bfd_sessions.h"
#include "engine/tracking/tracking.h"

static enum bgp_bfd said(const struct bfd_session *s)
{
	if (bfd_session_is_up(s))
		return BGP_BFD_UP;
	return bfd_session_is_admin_down(s) ? BGP_BFD_UNKNOWN : BGP_BFD_DOWN;
}

static enum health_state health_of(const struct bfd_session *s)
{
	if (bfd_session_is_up(s))
		return HEALTH_UP;
	return mono_is_set(s->changed) ? HEALTH_DOWN : HEALTH_UNKNOWN;
}

static void on_changed(void *ctx, const struct bfd_session *s)
{
	struct engine *engine = ctx;

	for (unsigned int i = 0; i < engine->cfg->n_bfds; i++) {
		if (cfg_bfd_same_session(&engine->cfg->bfds[i], s->cfg))
			tracking_bfd(engine, i, health_of(s));
	}
	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++)
		bgp_speaker_bfd(engine->speakers[i]->sp, s->cfg, said(s), s->why);
	cut_off_on_change(engine, s);
}

static void on_heard(void *ctx, const struct bfd_session *s)
{
	cut_off_on_heard(ctx, s);
}

/* Tells the neighbors which sessions are Up already: a new neighbor may use an existing session. */
static void tell_neighbors(struct engine *engine, unsigned int bgp)
{
	const struct cfg_bgp *cfg = &engine->cfg->bgp[bgp];

	for (unsigned int i = 0; i < cfg->n_neighbors; i++) {
		const struct cfg_bfd *bfd = &cfg->neighbors[i].bfd;
		const struct bfd_session *s =
		    bfd->given ? bfd_sessions_find(engine->bfd, bfd) : NULL;

		if (s && bfd_session_is_up(s))
			bgp_speaker_bfd(engine->speakers[bgp]->sp, bfd, BGP_BFD_UP, "");
	}
}

/* Reads the states of all bfd_instances. True if one has never been Up. */
static bool learn_states(struct engine *engine)
{
	bool unknown = false;

	for (unsigned int i = 0; i < engine->cfg->n_bfds; i++) {
		const struct bfd_session *s = bfd_sessions_find(engine->bfd, &engine->cfg->bfds[i]);

		engine->bfd_states[i] = s ? health_of(s) : HEALTH_DOWN;
		unknown |= engine->bfd_states[i] == HEALTH_UNKNOWN;
	}
	return unknown;
}

void bfd_clients_replace(struct engine *engine, struct bfd_set *set)
{
	struct instance *in;

	bfd_sessions_replace(engine->bfd, set);
	ENGINE_EACH_INSTANCE (engine, in) /* the session that showed the cut may be gone */
		inbox_fault(&in->event, VRRP_FAULT_CUT_OFF, false);
	if (learn_states(engine))
		speakers_await_sessions(engine);
	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++)
		tell_neighbors(engine, i);
}

enum health_state *bfd_clients_states(const struct config *cfg)
{
	return calloc(cfg->n_bfds + 1, sizeof(enum health_state)); /* owner: the engine */
}

int bfd_clients_start(struct engine *engine)
{
	struct bfd_set set;
	int err = bfd_set_create(engine->cfg, &set);

	if (err < 0)
		return err;
	engine->bfd_states = bfd_clients_states(engine->cfg);
	engine->bfd = bfd_sessions_create(engine->loop, engine->dp, on_changed, on_heard, engine);
	if (engine->bfd && engine->bfd_states) {
		bfd_sessions_replace(engine->bfd, &set);
		learn_states(engine);
	}
	bfd_set_free(&set);
	return engine->bfd && engine->bfd_states ? 0 : -ENOMEM;
}
