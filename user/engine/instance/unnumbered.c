// SPDX-License-Identifier: BSD-2-Clause
/*
 * Passes Router Advertisements (RFC 4861) to the BGP speakers: a router that advertises on the
 * interface of an unnumbered neighbor is that neighbor. We advertise there too, so that the router
 * learns of us, as FRR's `neighbor eth0 interface` does. Owns the socket and the timer.
 */
#include "engine/instance/unnumbered.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "core/log.h"
#include "engine/instance/speakers.h"
#include "engine/state.h"
#include "kernel/router_advert.h"

#define PERIOD_NS (10 * NS_PER_S)   /* FRR's period for such a neighbor */
#define SETTLE_NS (200 * NS_PER_MS) /* until a link that came up has a link-local address */

/* Calls `fn`, if not NULL, for each unnumbered neighbor, and returns their number. */
static unsigned int each(struct engine *engine,
			 void (*fn)(struct engine *engine, unsigned int bgp,
				    const struct cfg_neighbor *n, void *arg),
			 void *arg)
{
	const struct config *cfg = engine->cfg;
	unsigned int found = 0;

	for (unsigned int i = 0; i < cfg->n_bgp; i++) {
		for (unsigned int k = 0; k < cfg->bgp[i].n_neighbors; k++) {
			const struct cfg_neighbor *n = &cfg->bgp[i].neighbors[k];

			if (n->kind != NEIGHBOR_INTERFACE)
				continue;
			found++;
			if (fn)
				fn(engine, i, n, arg);
		}
	}
	return found;
}

static void send_one(struct engine *engine, unsigned int bgp, const struct cfg_neighbor *n,
		     void *arg)
{
	uint32_t ifindex = if_nametoindex(n->interface);

	(void)bgp;
	(void)arg;
	if (ifindex != 0) /* the next period repeats a failed one */
		router_adverts_send(engine->unnumbered.adverts, ifindex);
}

static void on_timer(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;

	each(engine, send_one, NULL);
	loop_arm(engine->loop, timer, mono_add(loop_now(engine->loop), PERIOD_NS));
}

struct heard_router {
	uint32_t ifindex;
	const struct ipaddr *address;
	bool news;
};

static void tell_one(struct engine *engine, unsigned int bgp, const struct cfg_neighbor *n,
		     void *arg)
{
	struct heard_router *heard = arg;

	if (if_nametoindex(n->interface) == heard->ifindex)
		heard->news |= bgp_speaker_found(engine->speakers[bgp]->sp, n->interface,
						 heard->address, heard->ifindex);
}

/* router_advert_fn; ctx is the engine. A new router gets our advertisement at once. */
static void on_heard(void *ctx, uint32_t ifindex, const struct ipaddr *address)
{
	struct engine *engine = ctx;
	struct heard_router heard = {ifindex, address, false};

	if (engine->stopping)
		return;
	each(engine, tell_one, &heard);
	if (heard.news)
		router_adverts_send(engine->unnumbered.adverts, ifindex);
}

void unnumbered_configure(struct engine *engine)
{
	struct unnumbered *u = &engine->unnumbered;

	if (each(engine, NULL, NULL) == 0) {
		unnumbered_close(engine);
		return;
	}
	if (!u->adverts) {
		u->timer =
		    (struct loop_timer){.fn = on_timer, .ctx = engine, .name = "router adverts"};
		u->adverts = router_adverts_create(engine->loop, on_heard, engine);
	}
	if (u->adverts)
		loop_arm(engine->loop, &u->timer, loop_now(engine->loop));
	else
		log_error(
		    "router advertisements cannot be heard, so neighbors named by an interface "
		    "are not dialled: %s",
		    strerror(errno));
}

void unnumbered_close(struct engine *engine)
{
	struct unnumbered *u = &engine->unnumbered;

	if (!u->adverts)
		return;
	loop_disarm(engine->loop, &u->timer);
	router_adverts_destroy(u->adverts);
	u->adverts = NULL;
}

void unnumbered_on_network(struct engine *engine)
{
	struct mono due = mono_add(loop_now(engine->loop), SETTLE_NS);

	if (engine->unnumbered.adverts && mono_before(due, engine->unnumbered.timer.due))
		loop_arm(engine->loop, &engine->unnumbered.timer, due);
}
