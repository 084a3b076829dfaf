// SPDX-License-Identifier: BSD-2-Clause
/*
 * Troubles, and orders of operators at bad moments. Each lasts for a random time. `clean` is the
 * time since when no trouble affects adverts and the nodes that send them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines.h"

#define DAY_MS INT64_C(86400000)

void world_disturb(struct world *w, struct mono until)
{
	if (mono_before(w->clean, until))
		w->clean = until;
}

static int64_t a_while(struct world *w)
{
	return world_between(w, NS_PER_MS, 6 * w->advert_ns);
}

static struct mono for_a_while(struct world *w)
{
	struct mono until = mono_add(w->now, a_while(w));

	world_disturb(w, until);
	return until;
}

static void boot_later(struct world *w, unsigned int i, int64_t least_ns)
{
	struct event ev = {
	    .at = mono_add(w->now, least_ns + a_while(w)), .kind = EVENT_BOOT, .node = i};

	world_push(w, &ev);
	if (mono_before(w->back, ev.at))
		w->back = ev.at;
}

/* --- a node -----------------------------------------------------------------------------------*/

static void kill_daemon(struct world *w, unsigned int i)
{
	world_kill(w, i);
	boot_later(w, i, NS_PER_S);
}

static void crash(struct world *w, unsigned int i)
{
	world_kill_host(w, i);
	boot_later(w, i, NS_PER_S);
}

static void stop_daemon(struct world *w, unsigned int i)
{
	world_stop(w, i);
	boot_later(w, i, 12 * NS_PER_S);
}

static void forget(struct node *node)
{
	memset(node->knows, 0, sizeof(node->knows));
}

static void pause_daemon(struct world *w, unsigned int i)
{
	world_trace(w, (int)i, "is paused");
	w->nodes[i].paused = for_a_while(w);
	forget(&w->nodes[i]);
}

static void freeze_host(struct world *w, unsigned int i)
{
	world_trace(w, (int)i, "is frozen");
	w->nodes[i].frozen = for_a_while(w);
	world_disturb(w, mono_add(w->nodes[i].frozen, NS_PER_MS)); /* what waits has been heard */
	forget(&w->nodes[i]);
}

static void set_clock(struct world *w, unsigned int i)
{
	int64_t step_ms = world_between(w, -DAY_MS, DAY_MS);

	world_trace(w, (int)i, "its clock is set by %lld ms", (long long)step_ms);
	w->nodes[i].machine.wall_ahead_ms += step_ms;
}

static void flip_link(struct world *w, unsigned int i)
{
	struct node *node = &w->nodes[i];

	node->link_down = !node->link_down;
	world_trace(w, (int)i, "link %s", node->link_down ? "down" : "up");
	world_disturb(w, w->now);
	world_enter(w, node);
	fake_set_link(LINK, !node->link_down, false);
}

/* --- its kernel and its runner ----------------------------------------------------------------*/

static void refuse_sends(struct world *w, unsigned int i)
{
	world_trace(w, (int)i, "its kernel sends nothing");
	w->nodes[i].mute = for_a_while(w);
	forget(&w->nodes[i]);
}

static void refuse_addresses(struct world *w, unsigned int i)
{
	world_trace(w, (int)i, "its kernel takes no address");
	w->nodes[i].full = for_a_while(w);
	w->addresses_failed = true;
}

static void refuse_prefixes(struct world *w, unsigned int i)
{
	world_trace(w, (int)i, "its speaker has no room");
	w->nodes[i].machine.speaker_full = (unsigned int)world_between(w, 1, 20);
}

static void refuse_messages(struct world *w, unsigned int i)
{
	world_trace(w, (int)i, "its runner takes no message");
	w->nodes[i].busy = mono_add(w->now, a_while(w));
	w->nodes[i].hurried = true;
}

/* --- the network ------------------------------------------------------------------------------*/

static void cut(struct world *w, unsigned int from, unsigned int to, struct mono until)
{
	world_trace(w, (int)from, "adverts to %u are lost", to);
	w->cut[from][to] = until;
}

static void cut_adverts(struct world *w, unsigned int i)
{
	unsigned int to = (i + 1 + (unsigned int)world_random(w, w->n_nodes - 1)) % w->n_nodes;
	struct mono until = for_a_while(w);

	cut(w, i, to, until);
	if (world_percent(w, 50))
		cut(w, to, i, until);
}

static void partition(struct world *w, unsigned int node)
{
	uint64_t side = world_random(w, UINT64_C(1) << w->n_nodes);
	struct mono until = for_a_while(w);

	(void)node;
	for (unsigned int i = 0; i < w->n_nodes; i++) {
		for (unsigned int k = 0; k < w->n_nodes; k++) {
			if ((side >> i & 1) != (side >> k & 1))
				cut(w, i, k, until);
		}
	}
}

static void isolate(struct world *w, unsigned int i)
{
	world_isolate(w, i, a_while(w));
}

static void lose_packets(struct world *w, unsigned int i)
{
	(void)i;
	world_trace(w, -1, "packets get lost");
	w->lossy = for_a_while(w);
}

static void delay_packets(struct world *w, unsigned int i)
{
	(void)i;
	world_trace(w, -1, "packets are late and overtake each other");
	w->slow = for_a_while(w);
	world_disturb(w, mono_add(w->slow, 2 * w->advert_ns));
}

static void attack(struct world *w, unsigned int i)
{
	(void)i;
	world_trace(w, -1, "somebody attacks");
	world_attack(w);
}

/* --- spines -----------------------------------------------------------------------------------*/

static unsigned int any_spine(struct world *w)
{
	return (unsigned int)world_random(w, w->n_spines);
}

static void lose_session(struct world *w, unsigned int i)
{
	unsigned int spine = any_spine(w);

	world_lose_session(w, i, spine, a_while(w));
}

static void cut_spine(struct world *w, unsigned int i)
{
	unsigned int spine = any_spine(w);

	world_trace(w, (int)i, "is cut off from spine %u", spine);
	w->nodes[i].sessions[spine].cut = mono_add(w->now, a_while(w));
	forget(&w->nodes[i]);
}

static void restart_spine(struct world *w, unsigned int i)
{
	unsigned int spine = any_spine(w);

	(void)i;
	world_restart_spine(w, spine, a_while(w));
}

static void spine_refuses(struct world *w, unsigned int i)
{
	unsigned int spine = any_spine(w);

	(void)i;
	world_trace(w, -1, "spine %u refuses new sessions", spine);
	w->spines[spine].refuses = mono_add(w->now, a_while(w));
}

/* Up to twice the time after which the node must end the session. */
static void stop_reading(struct world *w, unsigned int i)
{
	unsigned int spine = any_spine(w);

	window_shut(w, i, spine, world_between(w, NS_PER_MS, 4 * HOLD_S * NS_PER_S));
}

static void ask_again(struct world *w, unsigned int i)
{
	unsigned int spine = any_spine(w);

	window_ask(w, i, spine);
}

/* --- operators --------------------------------------------------------------------------------*/

static void drain_or_undrain(struct world *w, unsigned int i)
{
	struct node *node = &w->nodes[i];

	node->drained = !node->drained;
	world_trace(w, (int)i, "%s", node->drained ? "drained" : "undrained");
	world_enter(w, node);
	engine_fake_order(node->engine, node->drained ? CONTROL_DRAIN : CONTROL_UNDRAIN, "",
			  node->drained && !w->planned && world_percent(w, 50));
}

static void hand_over(struct world *w, unsigned int i)
{
	unsigned int router = (unsigned int)world_random(w, w->n_routers) + 1;
	char name[16];

	if (w->nodes[i].lacks == router)
		return;
	snprintf(name, sizeof(name), "v%u", router);
	world_trace(w, (int)i, "handover of %s", name);
	world_enter(w, &w->nodes[i]);
	engine_fake_request(w->nodes[i].engine, CONTROL_HANDOVER, name);
	world_trace(w, (int)i, "%s", fake->answer);
}

/* False: refused. */
static bool reload(struct world *w, unsigned int i)
{
	struct node *node = &w->nodes[i];
	char text[CONF_TEXT];

	world_trace(w, (int)i, "reload: priority %d%s, lacks %u%s", node->priority,
		    node->reversed ? ", reversed" : "", node->lacks,
		    node->without_sbfd ? ", without sbfd" : "");
	world_disturb(w, mono_add(w->now, w->advert_ns));
	forget(node);
	world_configure(w, i, text);
	world_enter(w, node);
	return engine_fake_reload(node->engine, text);
}

static void change_priority(struct world *w, unsigned int i)
{
	int before = w->nodes[i].priority;

	w->nodes[i].priority = (int)world_between(w, 1, 254);
	if (!reload(w, i))
		w->nodes[i].priority = before;
}

static void reverse(struct world *w, unsigned int i)
{
	w->nodes[i].reversed = !w->nodes[i].reversed;
	if (!reload(w, i))
		w->nodes[i].reversed = !w->nodes[i].reversed;
}

/* Removes an instance, or adds the one that was removed. */
static void remove_or_add(struct world *w, unsigned int i)
{
	unsigned int before = w->nodes[i].lacks;

	w->nodes[i].lacks = before ? 0 : (unsigned int)world_random(w, w->n_routers) + 1;
	if (w->n_routers == 1 || !reload(w, i))
		w->nodes[i].lacks = before;
}

static void change_sbfd(struct world *w, unsigned int i)
{
	w->nodes[i].without_sbfd = !w->nodes[i].without_sbfd;
	if (!w->sbfd || !reload(w, i))
		w->nodes[i].without_sbfd = !w->nodes[i].without_sbfd;
}

/* --- all of them ------------------------------------------------------------------------------*/

static const struct {
	const char *name;
	void (*cause)(struct world *w, unsigned int node);
} troubles[TROUBLE_MAX] = {
    [TROUBLE_KILL] = {"kill", kill_daemon},
    [TROUBLE_CRASH] = {"crash", crash},
    [TROUBLE_STOP] = {"stop", stop_daemon},
    [TROUBLE_PAUSE] = {"pause", pause_daemon},
    [TROUBLE_FREEZE] = {"freeze", freeze_host},
    [TROUBLE_CUT] = {"cut", cut_adverts},
    [TROUBLE_PARTITION] = {"partition", partition},
    [TROUBLE_LINK] = {"link", flip_link},
    [TROUBLE_ISOLATE] = {"isolate", isolate},
    [TROUBLE_LOSS] = {"loss", lose_packets},
    [TROUBLE_DELAY] = {"delay", delay_packets},
    [TROUBLE_CLOCK] = {"clock", set_clock},
    [TROUBLE_SESSION] = {"session", lose_session},
    [TROUBLE_SPINE_CUT] = {"spine cut", cut_spine},
    [TROUBLE_SPINE_RESTART] = {"spine restart", restart_spine},
    [TROUBLE_SPINE_REFUSES] = {"spine refuses", spine_refuses},
    [TROUBLE_SHUT] = {"spine reads nothing", stop_reading},
    [TROUBLE_ASK] = {"route refresh", ask_again},
    [TROUBLE_ATTACK] = {"attack", attack},
    [TROUBLE_HANDOVER] = {"handover", hand_over},
    [TROUBLE_DRAIN] = {"drain", drain_or_undrain},
    [TROUBLE_PRIORITY] = {"priority", change_priority},
    [TROUBLE_REVERSE] = {"reverse", reverse},
    [TROUBLE_REMOVE] = {"remove", remove_or_add},
    [TROUBLE_SBFD] = {"sbfd", change_sbfd},
    [TROUBLE_SENDS] = {"no sends", refuse_sends},
    [TROUBLE_ADDRESSES] = {"no addresses", refuse_addresses},
    [TROUBLE_SPEAKER] = {"full speaker", refuse_prefixes},
    [TROUBLE_RUNNER] = {"full runner", refuse_messages},
};

const char *trouble_name(enum trouble_kind kind)
{
	return troubles[kind].name;
}

void world_trouble(struct world *w, const struct trouble *t)
{
	unsigned int node = t->node % w->n_nodes;
	uint64_t chance = w->chance;

	if (!w->nodes[node].engine || w->nodes[node].stopping)
		return;
	w->chance = t->chance;
	troubles[t->kind].cause(w, node);
	w->chance = chance;
}

/* --- their end --------------------------------------------------------------------------------*/

static void heal_node(struct world *w, unsigned int i)
{
	struct node *node = &w->nodes[i];

	node->paused = node->frozen = node->isolated = MONO_NEVER;
	node->mute = node->full = node->busy = MONO_NEVER;
	node->machine.speaker_full = 0;
	for (unsigned int k = 0; k < w->n_spines; k++)
		node->sessions[k].cut = node->sessions[k].shut = MONO_NEVER;
	for (unsigned int k = 0; k < w->n_nodes; k++)
		w->cut[i][k] = MONO_NEVER;
	if (node->engine && !node->stopping) {
		if (node->link_down)
			flip_link(w, i);
		if (node->drained)
			drain_or_undrain(w, i);
		if (node->lacks)
			remove_or_add(w, i);
	}
	if (!node->engine) {
		node->drained = false;
		node->lacks = 0;
	}
	node->link_down = false;
}

void world_heal(struct world *w)
{
	world_trace(w, -1, "all troubles end");
	w->lossy = w->slow = MONO_NEVER;
	for (unsigned int k = 0; k < w->n_spines; k++)
		w->spines[k].refuses = MONO_NEVER;
	for (unsigned int i = 0; i < w->n_nodes; i++)
		heal_node(w, i);
	w->clean = mono_add(w->now, 2 * w->advert_ns);
}
