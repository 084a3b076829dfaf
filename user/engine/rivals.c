// SPDX-License-Identifier: BSD-2-Clause
/*
 * Two nodes announce: we are MASTER and announce, and a router tells us of another node's path.
 * While one takes over from the other that is as it should be, so it counts only once our path has
 * settled, by when a dead host's is gone, and has lasted RIVAL_GRACE_NS. Owns a timer a speaker,
 * which runs while there are rivals: on a BACKUP the MASTER's path is one, and means nothing.
 */
#include "core/addr.h"
#include "engine/engine_state.h"

#define RIVAL_GRACE_NS (3 * NS_PER_S)
#define RIVAL_CHECK_NS NS_PER_S

static void note(struct instance *in, const struct bgp_rival *it, const struct ipaddr *neighbor)
{
	char prefix[IPPREFIX_TEXT], address[IPADDR_TEXT];

	in->rival.checked = loop_now(in->engine->loop);
	if (in->rival.on)
		return;
	in->rival.on = true;
	in->rival.prefix = it->prefix;
	in->rival.neighbor = *neighbor;
	log_warn("%s: two nodes announce %s: %s has another node's path too", in->cfg->name,
		 ipprefix_format(&it->prefix, prefix), ipaddr_format(neighbor, address));
}

static void on_check(struct loop_timer *timer)
{
	struct speaker *speaker = timer->ctx;
	struct engine *engine = speaker->engine;
	struct mono now = loop_now(engine->loop);
	struct bgp_rival it = {0};
	struct ipaddr neighbor;
	struct instance *in;
	bool any = false;

	while (bgp_speaker_next_rival(speaker->sp, &it, &neighbor)) {
		any = true;
		in = it.owner < HF_MAX_INSTANCES ? engine->instances[it.owner] : NULL;
		if (in && announcer_speaker(in) == speaker && in->fsm.state == VRRP_MASTER &&
		    in->announcer.fsm.as == ANNOUNCE_SETTLED &&
		    mono_diff_ns(now, it.since) >= RIVAL_GRACE_NS)
			note(in, &it, &neighbor);
	}
	ENGINE_EACH_INSTANCE (engine, in) {
		if (!in->rival.on || announcer_speaker(in) != speaker ||
		    in->rival.checked.ns == now.ns)
			continue;
		in->rival.on = false;
		log_info("%s: no other node announces its prefixes any more", in->cfg->name);
	}
	if (any)
		loop_arm(engine->loop, &speaker->rival_timer, mono_add(now, RIVAL_CHECK_NS));
}

static void on_first(void *ctx)
{
	struct speaker *speaker = ctx;
	struct loop *loop = speaker->engine->loop;

	loop_arm(loop, &speaker->rival_timer, mono_add(loop_now(loop), RIVAL_CHECK_NS));
}

void rivals_begin(struct speaker *speaker)
{
	speaker->rival_timer =
	    (struct loop_timer){.fn = on_check, .ctx = speaker, .name = "rival check"};
	bgp_speaker_on_rivals(speaker->sp, on_first);
}

void rivals_end(struct speaker *speaker)
{
	loop_disarm(speaker->engine->loop, &speaker->rival_timer);
}

void rivals_watch(struct instance *in)
{
	const struct cfg_announce *cfg = &in->cfg->announce;

	for (unsigned int i = 0; i < cfg->n_prefixes; i++)
		bgp_speaker_watch(announcer_speaker(in)->sp, &cfg->prefixes[i], in->slot);
}

void rivals_unwatch(struct instance *in)
{
	const struct cfg_announce *cfg = &in->cfg->announce;

	in->rival.on = false;
	for (unsigned int i = 0; i < cfg->n_prefixes; i++)
		bgp_speaker_unwatch(announcer_speaker(in)->sp, &cfg->prefixes[i]);
}
