// SPDX-License-Identifier: BSD-2-Clause
/*
 * Links that appear, change and go, told to the instances on them. It owns a short queue of what is
 * still to be told: hundreds of instances take tens of milliseconds to publish, which is several
 * adverts of the instances on other interfaces, so they are told a quarter of a millisecond a turn.
 * Of a few instances all are told at once.
 *
 * Rejected: looking up each instance's link when its turn comes. A link that was away meanwhile
 * would not be noticed.
 */
#include "engine/links.h"

#include <string.h>

#include "engine/engine_state.h"

static void lose_interface(struct instance *in)
{
	instance_fault(in, VRRP_FAULT_LINK, true);
	instance_unprepare(in);
}

static bool concerns(const struct instance *in, const struct netlink_link *link)
{
	return in->ifindex == link->ifindex || strcmp(in->cfg->interface, link->name) == 0;
}

/* The interface may be a new one of the old name, or the old one under a new name. */
static void tell(struct instance *in, const struct netlink_link *link)
{
	bool named = strcmp(in->cfg->interface, link->name) == 0;
	bool ours = in->ifindex == link->ifindex;

	if (in->ifindex != 0 && (ours ? !named || link->gone : named && !link->gone))
		lose_interface(in);
	if (!named || link->gone)
		return;
	in->link_up = link->up;
	instance_prepare(in, link->ifindex);
	instance_link(in);
}

/* Tells of the first in the queue; false if `until` came before the last instance was told. */
static bool tell_first(struct engine *engine, struct mono until)
{
	struct links *links = &engine->links;

	while (links->next_slot < engine->n_slots) {
		struct instance *in = engine->instances[links->next_slot++];

		if (!in || !concerns(in, &links->queue[0]))
			continue;
		tell(in, &links->queue[0]);
		if (mono_is_set(until) && !mono_before(loop_clock(), until))
			return false;
	}
	links->next_slot = 0;
	memmove(&links->queue[0], &links->queue[1], --links->n * sizeof(links->queue[0]));
	return true;
}

static void tell_slice(struct engine *engine)
{
	struct mono until = mono_add(loop_clock(), LOOP_SLICE_NS);

	while (engine->links.n > 0) {
		if (tell_first(engine, until))
			continue;
		loop_arm(engine->loop, &engine->links.timer, loop_now(engine->loop));
		return;
	}
}

static void on_timer(struct loop_timer *timer)
{
	tell_slice(timer->ctx);
}

void links_init(struct engine *engine)
{
	engine->links.timer = (struct loop_timer){.fn = on_timer, .ctx = engine, .name = "links"};
}

void links_flush(struct engine *engine)
{
	loop_disarm(engine->loop, &engine->links.timer);
	while (engine->links.n > 0)
		tell_first(engine, MONO_NEVER);
}

static bool is_wanted(struct engine *engine, const struct netlink_link *link)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (concerns(in, link))
			return true;
	}
	return false;
}

void links_report(struct engine *engine, const struct netlink_link *link)
{
	struct links *links = &engine->links;

	if (links->n == LINKS_QUEUE)
		links_flush(engine);
	/* The ones before it may yet give an instance this link. */
	if (links->n == 0 && !is_wanted(engine, link))
		return;
	links->queue[links->n++] = *link;
	if (links->n == 1)
		tell_slice(engine);
}
