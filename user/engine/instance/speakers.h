/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's BGP speakers, one for each bgp_instance. */
#ifndef HF_ENGINE_SPEAKERS_H
#define HF_ENGINE_SPEAKERS_H

#include "engine/instance/instance.h"
#include "engine/state.h"
#include "speaker/bgp_speaker.h"

struct speaker {
	struct engine *engine;
	const struct cfg_bgp *cfg;
	struct bgp_speaker *sp;
	unsigned int established;
	unsigned int carries; /* enum bgp_carries */
	bool gathers;	      /* some of its sessions are Established, and the others may follow */
	struct loop_timer gather_timer;
	struct loop_timer duplicate_timer;
	struct bgp_foreign duplicate_next; /* where the present pass of duplicates.c continues */
	struct mono duplicate_pass;	   /* when that pass began; MONO_NEVER: no pass */
};

/* The speaker that announces for `in`, or NULL when it has no bgp_announce block. */
static inline struct speaker *instance_speaker(const struct instance *in)
{
	return in->cfg->announce.bgp < 0 ? NULL : in->engine->speakers[in->cfg->announce.bgp];
}

/* Creates the listener, and a speaker for each bgp_instance of engine->cfg. 0 or -errno. */
int speakers_start(struct engine *engine);
/* Creates the speaker for bgp_instance `index` of `cfg`, which begins to connect. NULL with errno;
 * the reason is logged. */
struct speaker *speaker_create(struct engine *engine, const struct config *cfg, unsigned int index);
/* Closes the sessions with `why` as shutdown communication (NULL: none). `speaker` may be NULL. */
void speaker_destroy(struct speaker *speaker, const char *why);
/* True if every neighbor has received our NOTIFICATION. */
bool speakers_are_closed(const struct engine *engine);
/* For the next 5 s a session that was never Established is pending, and no fault. */
void speakers_await_sessions(struct engine *engine);
/* Applies the states of the sessions to all instances. */
void speakers_judge(struct engine *engine);

#endif
