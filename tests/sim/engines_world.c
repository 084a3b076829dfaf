// SPDX-License-Identifier: BSD-2-Clause
/* Nodes: how their daemons start, stop and die, and what their commands do; and time. */
#include <errno.h>
#include <string.h>

#include "engine/notify/notify.h"
#include "engines.h"

#define SESSION_NS (3 * NS_PER_S) /* a session comes up within this time after a boot */

struct world *the_world;

unsigned int world_index(const struct world *w, const struct node *node)
{
	return (unsigned int)(node - w->nodes);
}

struct fake *world_enter(struct world *w, struct node *node)
{
	the_world = w;
	fake = &node->machine;
	fake->now = w->now;
	fake->send_err = mono_before(w->now, node->mute) ? -ENOBUFS : 0;
	fake->address_err = mono_before(w->now, node->full) ? -ENOMEM : 0;
	fake->runner_is_full = mono_before(w->now, node->busy);
	return fake;
}

bool world_is_paused(const struct world *w, const struct node *node)
{
	return mono_before(w->now, node->paused) || mono_before(w->now, node->frozen);
}

/* --- commands ---------------------------------------------------------------------------------*/

static void end_later(struct world *w, struct node *node, uint32_t owner)
{
	struct event ev = {.at = mono_add(w->now, world_between(w, 0, 150 * NS_PER_MS)),
			   .kind = EVENT_DONE,
			   .node = world_index(w, node),
			   .boot = node->boots,
			   .owner = owner};

	world_push(w, &ev);
}

/* Most commands end soon, some after their timeout, some never. */
static void see_commands(struct world *w, struct node *node)
{
	for (; node->notified != fake->n_notified; node->notified++) {
		const struct fake_notify *one = &fake->notified[node->notified % FAKE_NOTIFIES];

		world_check_notice(w, node, one->word);
		if (!world_percent(w, 10))
			end_later(w, node, one->owner);
	}
}

static void hear_done(struct world *w, struct event *ev)
{
	struct runner_done done = {.owner = ev->owner, .duration_ns = NS_PER_MS};
	struct node *node = &w->nodes[ev->node];

	if (!node->engine || ev->boot != node->boots)
		return;
	if (world_is_paused(w, node)) {
		ev->at = mono_add(w->now, NS_PER_S / 10);
		world_push(w, ev);
		return;
	}
	done.outcome = world_percent(w, 20) ? HEALTH_EXIT : HEALTH_OK;
	world_enter(w, node);
	notify_done(node->engine, &done);
	fake_after_handler();
}

/* --- nodes ------------------------------------------------------------------------------------*/

static void on_removed(void *ctx, const struct ipprefix *prefix)
{
	world_check_removed(the_world, ctx, prefix->addr.b[15] - 1u);
}

static void on_after(void *ctx)
{
	world_note_lost(the_world, ctx);
	see_commands(the_world, ctx);
	world_check_node(the_world, ctx);
}

/* A daemon does not know what an earlier one, which was killed, had left of an instance that it
 * does not have: whoever removed the instance cleans up. */
static void clean_up(const struct node *node)
{
	unsigned int n = 0;

	for (unsigned int k = 0; k < fake->n_addresses; k++) {
		const struct fake_address *a = &fake->addresses[k];

		if (!a->ours || a->prefix.addr.b[15] != node->lacks)
			fake->addresses[n++] = *a;
	}
	fake->n_addresses = n;
}

void world_boot(struct world *w, unsigned int i)
{
	struct node *node = &w->nodes[i];
	char text[CONF_TEXT];

	if (node->engine)
		return;
	world_trace(w, (int)i, "boots");
	world_configure(w, i, text);
	node->stopping = node->drained = node->dead = node->hurried = false;
	node->boots++;
	memset(node->told, 0, sizeof(node->told));
	memset(node->notices, 0, sizeof(node->notices));
	memset(node->was, 0, sizeof(node->was));
	world_enter(w, node);
	world_connect(node);
	fake->route = world_on_route;
	fake->removed = on_removed;
	fake->links[0].up = !node->link_down;
	if (node->lacks)
		clean_up(node);
	wire_begin(w, node);
	node->engine = engine_fake_start(text);
	fake->check = on_after;
	fake->check_ctx = node;
	if (w->bfd)
		world_begin_bfd(w, i);
	for (unsigned int k = 0; k < w->n_spines; k++)
		world_try_session(w, i, k, world_between(w, NS_PER_MS, SESSION_NS));
}

/* The objects that a dead daemon leaves in the fakes must not act any more. */
static void silence(struct node *node)
{
	fake->send = NULL;
	fake->datagram = NULL;
	fake->route = NULL;
	fake->removed = NULL;
	fake->probe = NULL;
	fake->check = NULL;
	engine_fake_free(node->engine);
	node->engine = NULL;
	wire_end(node);
	node->notified = fake->n_notified;
	fake->n_timers = 0;
	fake->n_sockets = 0;
	fake->n_held = 0;
}

/* The addresses stay as they are. */
static void die(struct world *w, struct node *node)
{
	struct fake_address addresses[FAKE_ADDRESSES];
	unsigned int n;

	world_enter(w, node);
	n = fake->n_addresses;
	memcpy(addresses, fake->addresses, n * sizeof(addresses[0]));
	silence(node);
	memcpy(fake->addresses, addresses, n * sizeof(addresses[0]));
	fake->n_addresses = n;
}

void world_kill(struct world *w, unsigned int i)
{
	struct node *node = &w->nodes[i];

	if (!node->engine)
		return;
	world_trace(w, (int)i, "is killed");
	world_close_sessions(w, node); /* its kernel does it */
	die(w, node);
}

void world_kill_host(struct world *w, unsigned int i)
{
	struct node *node = &w->nodes[i];
	unsigned int n = 0;

	if (!node->engine)
		return;
	world_trace(w, (int)i, "its host dies");
	world_forget_sessions(w, node);
	die(w, node);
	node->dead = true;
	for (unsigned int k = 0; k < fake->n_addresses; k++) {
		if (!fake->addresses[k].ours)
			fake->addresses[n++] = fake->addresses[k];
	}
	fake->n_addresses = n;
}

void world_stop(struct world *w, unsigned int i)
{
	struct node *node = &w->nodes[i];

	world_trace(w, (int)i, "is stopped");
	world_enter(w, node);
	node->stopping = true;
	engine_fake_begin_stop(node->engine);
}

static void finish_stop(struct world *w, struct node *node)
{
	world_trace(w, (int)world_index(w, node), "has stopped");
	world_close_sessions(w, node);
	silence(node);
}

/* --- time -------------------------------------------------------------------------------------*/

static void dispatch(struct world *w, struct event *ev)
{
	switch (ev->kind) {
	case EVENT_PACKET:
	case EVENT_REPORT:
	case EVENT_PROBE:
	case EVENT_ANSWER:
		world_hear(w, ev);
		break;
	case EVENT_ROUTE:
	case EVENT_GONE:
	case EVENT_LOST:
	case EVENT_SESSION:
	case EVENT_KEEPALIVE:
	case EVENT_ASK:
	case EVENT_SEND_HOLD:
		world_hear_spine(w, ev);
		break;
	case EVENT_BOOT:
		world_boot(w, ev->node);
		break;
	case EVENT_BFD:
		world_speak_bfd(w, ev);
		break;
	case EVENT_DONE:
		hear_done(w, ev);
		break;
	}
}

static void turn(struct world *w, struct node *node)
{
	world_enter(w, node);
	fake_hold_events(false);
	fake_run(w->now);
	if (node->stopping && engine_fake_is_stopped(node->engine))
		finish_stop(w, node);
}

/* The time of an event on `node`: not before its pause ends. */
static struct mono next_of(const struct world *w, struct node *node)
{
	struct mono next,
	    until = mono_before(node->paused, node->frozen) ? node->frozen : node->paused;

	if (!node->engine)
		return MONO_NEVER;
	fake = &node->machine;
	next = fake->n_held > 0 ? w->now : fake_next();
	return mono_is_set(next) && mono_before(next, until) ? until : next;
}

/* The next event, of *who or (NULL) of the world. */
static struct mono next_event(struct world *w, struct node **who)
{
	struct mono next = world_next(w);

	*who = NULL;
	for (unsigned int i = 0; i < w->n_nodes; i++) {
		struct mono at = next_of(w, &w->nodes[i]);

		if (mono_is_set(at) && (!mono_is_set(next) || mono_before(at, next))) {
			next = at;
			*who = &w->nodes[i];
		}
	}
	return next;
}

void world_run(struct world *w, int64_t ns)
{
	struct mono until = mono_add(w->now, ns);
	struct node *who;
	struct event ev;

	while (!w->failure[0]) {
		struct mono next = next_event(w, &who);

		if (!mono_is_set(next) || mono_before(until, next))
			break;
		if (mono_before(w->now, next))
			w->now = next;
		if (who) {
			turn(w, who);
		} else {
			world_pop(w, &ev);
			dispatch(w, &ev);
		}
		world_check_moment(w);
	}
	w->now = until;
}
