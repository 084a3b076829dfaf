// SPDX-License-Identifier: BSD-2-Clause
/* Passes the kernel's default routes to the BGP speakers. Owns the watch. */
#include "engine/instance/gateways.h"

#include <errno.h>
#include <string.h>

#include "core/log.h"
#include "engine/instance/speakers.h"
#include "engine/state.h"
#include "kernel/gateway.h"

static bool is_wanted(const struct config *cfg)
{
	for (unsigned int i = 0; i < cfg->n_bgp; i++) {
		for (unsigned int k = 0; k < cfg->bgp[i].n_neighbors; k++) {
			if (cfg->bgp[i].neighbors[k].kind == NEIGHBOR_GATEWAY4 ||
			    cfg->bgp[i].neighbors[k].kind == NEIGHBOR_GATEWAY6)
				return true;
		}
	}
	return false;
}

/* gateway_fn; ctx is the engine. */
static void on_found(void *ctx, const struct gateway found[GATEWAY_FAMILIES])
{
	struct engine *engine = ctx;

	if (engine->stopping) /* no new session is opened */
		return;
	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++) {
		struct bgp_speaker *sp = engine->speakers[i]->sp;

		for (int ipv6 = 0; ipv6 < GATEWAY_FAMILIES; ipv6++)
			bgp_speaker_gateway(sp, ipv6, &found[ipv6].address, found[ipv6].ifindex);
	}
}

void gateways_configure(struct engine *engine)
{
	if (!is_wanted(engine->cfg)) {
		gateways_close(engine);
		return;
	}
	if (engine->gateways) {
		gateways_look(engine->gateways); /* a new speaker does not know the gateway yet */
		return;
	}
	engine->gateways = gateways_create(engine->loop, on_found, engine);
	if (!engine->gateways)
		log_error(
		    "the default routes cannot be watched, so neighbors that are gateways are "
		    "not dialled: %s",
		    strerror(errno));
}

void gateways_close(struct engine *engine)
{
	gateways_destroy(engine->gateways);
	engine->gateways = NULL;
}

void gateways_on_network(struct engine *engine)
{
	if (engine->gateways)
		gateways_look(engine->gateways);
}
