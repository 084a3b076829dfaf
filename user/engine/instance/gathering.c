// SPDX-License-Identifier: BSD-2-Clause
/*
 * The sessions of a speaker come one after the other, at a start and after the node was cut off.
 * While some of them are missing, this file lets the instances of the speaker not preempt. Owns the
 * timer. Rejected: to wait in INIT or FAULT until all sessions are Established, because then a node
 * with one dead router could not replace a dead master either.
 */
#include "engine/instance/gathering.h"

#include "engine/instance/speakers.h"

/* For this time after its first session a speaker awaits the others. */
#define GATHER_NS (5 * NS_PER_S)

/* A node that preempts makes the old master withdraw. A router without a session with this node
 * would then have no path. So the preemption waits for the other sessions; a takeover from a dead
 * master does not. */
static void set_gathering(struct speaker *speaker, bool on)
{
	struct engine *engine = speaker->engine;
	struct instance *in;

	if (speaker->gathers == on)
		return;
	speaker->gathers = on;
	if (on)
		loop_arm(engine->loop, &speaker->gather_timer,
			 mono_add(loop_now(engine->loop), GATHER_NS));
	else
		loop_disarm(engine->loop, &speaker->gather_timer);
	ENGINE_EACH_INSTANCE (engine, in) {
		if (instance_speaker(in) == speaker)
			inbox_post(&in->event, NEWS_PREEMPT);
	}
}

static void on_timer(struct loop_timer *timer)
{
	set_gathering(timer->ctx, false);
}

void gathering_init(struct speaker *speaker)
{
	speaker->gather_timer =
	    (struct loop_timer){.fn = on_timer, .ctx = speaker, .name = "other sessions"};
}

void gathering_end(struct speaker *speaker)
{
	loop_disarm(speaker->engine->loop, &speaker->gather_timer);
}

void gathering_count(struct speaker *speaker, unsigned int established)
{
	bool first = speaker->established == 0 && established > 0;
	bool some = established > 0 && established < speaker->cfg->n_neighbors;

	speaker->established = established;
	if (first && some)
		set_gathering(speaker, true);
	else if (!some)
		set_gathering(speaker, false);
}
