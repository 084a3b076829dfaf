// SPDX-License-Identifier: BSD-2-Clause
/*
 * The BGP routers ("spines"). UPDATEs use TCP: they arrive in order, and are lost only with their
 * session. A spine that hears nothing of a node for the hold time, or for the detection time of
 * BFD, ends the session; the node learns that when it runs and is reached again. A spine that
 * restarts forgets all paths. A spine that refuses accepts no new session for a time.
 */
#include <string.h>

#include "engine/instance/instance.h"
#include "engines.h"

#define SPEAKER "fabric"

bool world_reaches_spine(const struct world *w, const struct node *node, unsigned int spine)
{
	return !world_is_silent(w, node) && !mono_before(w->now, node->sessions[spine].cut);
}

void world_send_to_spine(struct world *w, struct node *node, struct event *ev)
{
	struct session *s = &node->sessions[ev->spine];
	struct mono reached = mono_before(node->isolated, s->cut) ? s->cut : node->isolated;

	ev->at = mono_add(mono_before(w->now, reached) ? reached : w->now,
			  world_between(w, 20 * NS_PER_US, NS_PER_MS));
	if (!mono_before(s->in_flight, ev->at))
		ev->at = mono_add(s->in_flight, 1);
	s->in_flight = ev->at;
	ev->node = world_index(w, node);
	ev->session = s->number;
	world_push(w, ev);
}

void world_on_route(void *ctx, const struct ipprefix *prefix, const struct bgp_attrs *attrs)
{
	struct world *w = the_world;
	struct node *node = ctx;
	unsigned int router = prefix->addr.b[15] - 1u;
	struct instance *in = node->engine ? world_instance(node, router) : NULL;
	struct told told = {.level = ANNOUNCE_NONE};

	if (attrs) /* a daemon that starts announces a standby at most */
		told = (struct told){in ? in->announcer.fsm.level : ANNOUNCE_STANDBY, *attrs};
	world_trace(w, (int)world_index(w, node), "route of %u: %s", router + 1,
		    announce_level_name(told.level));
	world_check_route(w, node, router, told.level);
	node->told[router] = told;
	wire_route(w, node, prefix, attrs);
}

/* --- sessions ---------------------------------------------------------------------------------*/

/* How often a spine looks for signs of life, and how long it misses them. */
static int64_t look_ns(const struct world *w)
{
	return w->bfd ? NS_PER_S / 5 : HOLD_S * NS_PER_S / 3;
}

static int64_t patience_ns(const struct world *w)
{
	return w->bfd ? 8 * NS_PER_S / 10 : HOLD_S * NS_PER_S;
}

void world_try_session(struct world *w, unsigned int node, unsigned int spine, int64_t after_ns)
{
	struct event ev = {
	    .at = mono_add(w->now, after_ns), .kind = EVENT_SESSION, .node = node, .spine = spine};

	world_push(w, &ev);
}

static void try_again(struct world *w, unsigned int node, unsigned int spine)
{
	world_try_session(w, node, spine, world_between(w, NS_PER_S, 3 * NS_PER_S));
}

static void look_later(struct world *w, unsigned int node, unsigned int spine)
{
	struct event ev = {.at = mono_add(w->now, look_ns(w)),
			   .kind = EVENT_KEEPALIVE,
			   .node = node,
			   .spine = spine,
			   .session = w->nodes[node].sessions[spine].number};

	world_push(w, &ev);
}

static void drop_paths(struct world *w, unsigned int node, unsigned int spine)
{
	memset(w->spines[spine].paths[node], 0, sizeof(w->spines[spine].paths[node]));
	for (unsigned int r = 0; r < w->n_routers; r++)
		world_choose(w, spine, r);
}

/* As the node sees it. */
static void forget_session(struct world *w, struct node *node, unsigned int spine)
{
	node->sessions[spine].established = false;
	wire_close(w, node, spine);
}

static void open_session(struct world *w, unsigned int i, unsigned int k)
{
	struct node *node = &w->nodes[i];
	struct session *s = &node->sessions[k];

	if (!node->engine || node->stopping || s->established)
		return;
	if (!world_reaches_spine(w, node, k) || world_is_paused(w, node) ||
	    mono_before(w->now, w->spines[k].refuses) || window_is_shut(w, s)) {
		try_again(w, i, k);
		return;
	}
	/* The OPEN of a new session ends the old session and removes its paths. */
	drop_paths(w, i, k);
	s->number++;
	s->known = s->established = true;
	s->unread = 0;
	s->blocked = s->asked = MONO_NEVER;
	s->heard = w->now;
	s->in_flight = w->now;
	look_later(w, i, k);
	world_trace(w, (int)i, "session with spine %u Established", k);
	wire_open(w, node, k);
	wire_flush(w, node, k);
	world_enter(w, node);
	fake_session(SPEAKER, k, true);
}

/* The node has seen the end of its session. */
static void end_at_node(struct world *w, struct node *node, unsigned int spine)
{
	forget_session(w, node, spine);
	try_again(w, world_index(w, node), spine);
	world_enter(w, node);
	if (fake_has_session(SPEAKER, spine))
		fake_session(SPEAKER, spine, false);
}

void world_lose_session(struct world *w, unsigned int i, unsigned int k, int64_t ns)
{
	struct node *node = &w->nodes[i];
	struct event gone = {.kind = EVENT_GONE, .spine = k};

	if (!node->engine || !node->sessions[k].established)
		return;
	world_trace(w, (int)i, "session with spine %u lost", k);
	forget_session(w, node, k);
	world_send_to_spine(w, node, &gone);
	world_try_session(w, i, k, ns);
	world_enter(w, node);
	fake_session(SPEAKER, k, false);
}

void world_end_session(struct world *w, struct node *node, unsigned int spine)
{
	struct event gone = {.kind = EVENT_GONE, .spine = spine};

	world_send_to_spine(w, node, &gone);
	end_at_node(w, node, spine);
}

void world_close_sessions(struct world *w, struct node *node)
{
	for (unsigned int k = 0; k < w->n_spines; k++) {
		struct event gone = {.kind = EVENT_GONE, .spine = k};

		if (node->sessions[k].established)
			world_send_to_spine(w, node, &gone);
		forget_session(w, node, k);
	}
}

void world_forget_sessions(struct world *w, struct node *node)
{
	for (unsigned int k = 0; k < w->n_spines; k++)
		forget_session(w, node, k);
}

void world_note_lost(struct world *w, struct node *node)
{
	for (unsigned int k = 0; k < w->n_spines && w->bfd; k++) {
		struct event gone = {.kind = EVENT_GONE, .spine = k};

		if (!node->sessions[k].established || fake_has_session(SPEAKER, k))
			continue;
		world_trace(w, (int)world_index(w, node), "session with spine %u lost by BFD", k);
		forget_session(w, node, k);
		world_send_to_spine(w, node, &gone);
		try_again(w, world_index(w, node), k);
	}
}

/* The spine ends a session. The node learns it when it is reached, or by its own timer. */
static void end_at_spine(struct world *w, unsigned int i, unsigned int k, const char *why)
{
	struct session *s = &w->nodes[i].sessions[k];
	struct event ev = {.at = mono_add(w->now, NS_PER_MS),
			   .kind = EVENT_LOST,
			   .node = i,
			   .spine = k,
			   .session = s->number,
			   .until = mono_add(w->now, look_ns(w))};

	if (!s->known)
		return;
	world_trace(w, -1, "spine %u ends the session with %u: %s", k, i, why);
	s->known = false;
	drop_paths(w, i, k);
	world_push(w, &ev);
}

void world_restart_spine(struct world *w, unsigned int k, int64_t ns)
{
	w->spines[k].refuses = mono_add(w->now, ns);
	for (unsigned int i = 0; i < w->n_nodes; i++) {
		w->nodes[i].sessions[k].shut = MONO_NEVER;
		end_at_spine(w, i, k, "it restarts");
	}
}

static void look(struct world *w, const struct event *ev)
{
	struct node *node = &w->nodes[ev->node];
	struct session *s = &node->sessions[ev->spine];
	bool speaks;

	if (!s->known || s->number != ev->session)
		return;
	speaks =
	    node->engine && world_reaches_spine(w, node, ev->spine) && !world_is_paused(w, node);
	if (speaks || (window_is_shut(w, s) && !w->bfd))
		s->heard = w->now;
	if (speaks)
		window_tend(w, node, ev->spine);
	if (mono_diff_ns(w->now, s->heard) >= patience_ns(w))
		end_at_spine(w, ev->node, ev->spine, "it is silent");
	else
		look_later(w, ev->node, ev->spine);
}

static void hear_lost(struct world *w, struct event ev)
{
	struct node *node = &w->nodes[ev.node];
	struct session *s = &node->sessions[ev.spine];

	if (!node->engine || !s->established || s->number != ev.session)
		return;
	if (world_is_paused(w, node) ||
	    (!world_reaches_spine(w, node, ev.spine) && mono_before(w->now, ev.until))) {
		ev.at = mono_add(w->now, NS_PER_S / 10);
		world_push(w, &ev);
		return;
	}
	world_trace(w, (int)ev.node, "learns that spine %u has ended the session", ev.spine);
	end_at_node(w, node, ev.spine);
}

/* --- paths ------------------------------------------------------------------------------------*/

int world_choice(const struct world *w, unsigned int spine, unsigned int router)
{
	return (int)w->spines[spine].best[router] - 1;
}

/* The rules ask for the choice after every event, and few events change a path. */
void world_choose(struct world *w, unsigned int spine, unsigned int router)
{
	struct spine *sp = &w->spines[spine];
	const struct path *best = NULL;

	sp->best[router] = 0;
	for (unsigned int i = 0; i < w->n_nodes; i++) {
		const struct path *p = &sp->paths[i][router];
		struct offer one = {&p->attrs, p->since};

		if (p->level == ANNOUNCE_NONE)
			continue;
		if (best && !best_path_is_better(&sp->chooser, &one,
						 &(struct offer){&best->attrs, best->since}))
			continue;
		best = p;
		sp->best[router] = i + 1;
	}
}

static void hear_route(struct world *w, const struct event *ev)
{
	const struct session *s = &w->nodes[ev->node].sessions[ev->spine];

	if (!s->known || ev->session != s->number)
		return;
	wire_hear(w, ev);
	window_read(w, &w->nodes[ev->node], ev->spine);
	wire_check(w, &w->nodes[ev->node], ev->spine);
	for (unsigned int r = 0; r < w->n_routers; r++)
		world_trace(w, -1, "spine %u: %u goes to %d", ev->spine, r + 1,
			    world_choice(w, ev->spine, r));
}

static void hear_gone(struct world *w, const struct event *ev)
{
	struct session *s = &w->nodes[ev->node].sessions[ev->spine];

	if (!s->known || ev->session != s->number)
		return;
	s->known = false;
	drop_paths(w, ev->node, ev->spine);
	world_trace(w, -1, "spine %u: the session with %u is gone", ev->spine, ev->node);
}

/* What has come keeps its order while it waits, and what is sent later comes after it. */
static void read_later(struct world *w, struct event *ev)
{
	struct session *s = &w->nodes[ev->node].sessions[ev->spine];

	ev->at = mono_add(w->now, NS_PER_S / 10);
	if (s->number == ev->session && mono_before(s->in_flight, ev->at))
		s->in_flight = ev->at;
	world_push(w, ev);
}

void world_hear_spine(struct world *w, struct event *ev)
{
	bool for_reader = ev->kind == EVENT_ROUTE || ev->kind == EVENT_GONE;

	if (for_reader && window_is_shut(w, &w->nodes[ev->node].sessions[ev->spine])) {
		read_later(w, ev);
		return;
	}
	switch (ev->kind) {
	case EVENT_ROUTE:
		hear_route(w, ev);
		break;
	case EVENT_GONE:
		hear_gone(w, ev);
		break;
	case EVENT_LOST:
		hear_lost(w, *ev);
		break;
	case EVENT_KEEPALIVE:
		look(w, ev);
		break;
	case EVENT_ASK:
		window_hear_ask(w, ev);
		break;
	case EVENT_SEND_HOLD:
		window_hear_hold(w, ev);
		break;
	default:
		open_session(w, ev->node, ev->spine);
		break;
	}
}
