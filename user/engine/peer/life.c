// SPDX-License-Identifier: BSD-2-Clause
/*
 * A timer of the loop gives the sign of life, because it must prove that the loop runs. Rejected: a
 * stamp in each turn, because an idle loop has no turns. Rejected: a thread, because it would
 * continue while the loop hangs.
 */
#include "engine/peer/life.h"

#include "core/log.h"
#include "datapath/sbfd.h"
#include "engine/instance/instance.h"
#include "engine/state.h"

#define SIGNS_A_GATE 4 /* three may be late before the gate closes */

static int64_t shortest_gate_ns(const struct config *cfg)
{
	int64_t shortest = 0;

	for (unsigned int i = 0; i < cfg->n_instances; i++) {
		const struct cfg_sbfd *sbfd = &cfg->instances[i].sbfd;

		if (sbfd->on && (shortest == 0 || sbfd->gate_ns < shortest))
			shortest = sbfd->gate_ns;
	}
	return shortest;
}

struct mono life_absent_since(const struct engine *engine)
{
	const struct life *life = &engine->life;

	if (life->gate_ns == 0 || !mono_is_set(life->shown) ||
	    mono_diff_ns(loop_now(engine->loop), life->shown) <= life->gate_ns)
		return MONO_NEVER;
	return life->shown;
}

/* Tells each MASTER. Its state machine decides what follows. */
static void tell_absence(struct engine *engine, struct mono since)
{
	struct instance *in;

	log_warn("no sign of life for %.1f ms, the gate is %.1f ms: peers that probe this node may "
		 "have taken over",
		 (double)mono_diff_ns(loop_now(engine->loop), since) / (double)NS_PER_MS,
		 (double)engine->life.gate_ns / (double)NS_PER_MS);
	ENGINE_EACH_INSTANCE (engine, in) {
		if (!in->cfg->sbfd.on || in->fsm.state != VRRP_MASTER)
			continue;
		in->event.absent_since = since;
		inbox_post(&in->event, NEWS_ABSENT);
	}
}

static void on_timer(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;
	struct life *life = &engine->life;
	struct mono since = life_absent_since(engine);

	if (mono_is_set(since))
		tell_absence(engine, since);
	life->shown = loop_now(engine->loop);
	datapath_sbfd_alive(engine->dp, life->shown);
	loop_arm(engine->loop, timer, mono_add(life->shown, life->gate_ns / SIGNS_A_GATE));
}

void life_judge(struct engine *engine)
{
	struct life *life = &engine->life;

	life->gate_ns = shortest_gate_ns(engine->cfg);
	if (life->gate_ns == 0) {
		loop_disarm(engine->loop, &life->timer);
		datapath_sbfd_close_gate(engine->dp);
		life->shown = MONO_NEVER;
		return;
	}
	life->timer = (struct loop_timer){
	    .fn = on_timer, .ctx = engine, .name = "sign of life", .slot = life->timer.slot};
	loop_arm(engine->loop, &life->timer, loop_now(engine->loop));
}
