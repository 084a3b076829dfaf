// SPDX-License-Identifier: BSD-2-Clause
/*
 * Creates the BGP speakers: one for each bgp_instance, with its configured or derived router id.
 * Owns them, and the listener that they share.
 */
#include "engine/instance/speakers.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>

#include "core/addr.h"
#include "engine/instance/announcer.h"
#include "engine/instance/duplicates.h"
#include "engine/instance/gathering.h"
#include "engine/tracking/tracking.h"
#include "kernel/netlink.h"
#include "speaker/bgp_listen.h"

/* For this time after the start a missing session is no fault. */
#define SESSION_GRACE_NS (5 * NS_PER_S)

static uint32_t address_id(const struct ipaddr *a)
{
	return (uint32_t)a->b[12] << 24 | (uint32_t)a->b[13] << 16 | (uint32_t)a->b[14] << 8 |
	       a->b[15];
}

/* The first IPv4 `source` of a neighbor as router id; 0: none. It serves a speaker that only
 * services use. */
static uint32_t source_id(const struct cfg_bgp *bgp)
{
	for (unsigned int i = 0; i < bgp->n_neighbors; i++) {
		const struct ipaddr *a = &bgp->neighbors[i].source;

		if (ipaddr_is_v4(a) && !ipaddr_is_unset(a))
			return address_id(a);
	}
	return 0;
}

/* The configured router_id, else the first global IPv4 address of the interface of an instance that
 * announces by `bgp`, else the source of a session. 0: none. Host byte order. */
static uint32_t router_id(struct engine *engine, const struct config *cfg, unsigned int bgp)
{
	struct ipaddr a;

	if (cfg->bgp[bgp].router_id != 0)
		return cfg->bgp[bgp].router_id;
	for (unsigned int i = 0; i < cfg->n_instances; i++) {
		uint32_t ifindex = cfg->instances[i].announce.bgp != (int)bgp
				       ? 0
				       : if_nametoindex(cfg->instances[i].interface);

		if (ifindex != 0 && netlink_first_address(engine->nl, ifindex, 4, &a) == 0)
			return address_id(&a);
	}
	return source_id(&cfg->bgp[bgp]);
}

struct speaker *speaker_create(struct engine *engine, const struct config *config,
			       unsigned int index)
{
	const struct cfg_bgp *cfg = &config->bgp[index];
	uint32_t id = router_id(engine, config, index);
	struct speaker *speaker;

	if (id == 0) {
		log_error("bgp_instance %s: no router_id is given, and neither its interfaces nor "
			  "its sources have an IPv4 address: write router_id",
			  cfg->name);
		errno = EADDRNOTAVAIL;
		return NULL;
	}
	speaker = calloc(1, sizeof(*speaker)); /* owner: engine->speakers */
	if (!speaker)
		return NULL;
	speaker->engine = engine;
	speaker->cfg = cfg;
	gathering_init(speaker);
	speaker->sp = bgp_speaker_create(engine->loop, cfg, id, announcer_on_sessions, speaker);
	if (!speaker->sp) {
		free(speaker);
		return NULL;
	}
	duplicates_begin(speaker);
	bgp_speaker_listen(speaker->sp, engine->listener);
	return speaker;
}

void speaker_destroy(struct speaker *speaker, const char *why)
{
	if (!speaker)
		return;
	duplicates_end(speaker);
	gathering_end(speaker);
	bgp_speaker_shutdown(speaker->sp, why);
	bgp_speaker_destroy(speaker->sp);
	free(speaker);
}

void speakers_judge(struct engine *engine)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (tracking_has_sessions(in))
			tracking_judge(in);
	}
	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++)
		announcer_on_sessions(engine->speakers[i], engine->speakers[i]->established);
}

static void on_session_grace(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;

	engine->sessions_awaited = false;
	speakers_judge(engine);
}

int speakers_start(struct engine *engine)
{
	engine->session_grace =
	    (struct loop_timer){.fn = on_session_grace, .ctx = engine, .name = "session grace"};
	engine->listener = bgp_listener_create(engine->loop);
	if (!engine->listener)
		return -errno;
	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++) {
		engine->speakers[i] = speaker_create(engine, engine->cfg, i);
		if (!engine->speakers[i])
			return -errno;
	}
	return 0;
}

bool speakers_are_closed(const struct engine *engine)
{
	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++) {
		if (!bgp_speaker_is_closed(engine->speakers[i]->sp))
			return false;
	}
	return true;
}

void speakers_await_sessions(struct engine *engine)
{
	engine->sessions_awaited = true;
	loop_arm(engine->loop, &engine->session_grace,
		 mono_add(loop_now(engine->loop), SESSION_GRACE_NS));
}
