// SPDX-License-Identifier: BSD-2-Clause
/*
 * The addresses, routes and rules of the node itself. They are sets like those of an instance, and
 * are claimed as long as the daemon runs. What a dead daemon has left is not purged first, because
 * it must be present anyway.
 */
#include "engine/instance/statics.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/instance/addresses.h"
#include "engine/instance/routes.h"
#include "engine/state.h"

int statics_create(struct engine *engine)
{
	engine->static_addresses = addresses_create(engine, &engine->cfg->statics);
	engine->static_routes = routes_create(engine, &engine->cfg->statics);
	if (!engine->static_addresses || !engine->static_routes)
		return -ENOMEM;
	addresses_make_static(engine->static_addresses);
	return 0;
}

void statics_start(struct engine *engine)
{
	addresses_claim(engine->static_addresses, true);
	routes_claim(engine->static_routes, true);
}

void statics_drop(struct engine *engine)
{
	if (engine->static_routes)
		routes_claim(engine->static_routes, false);
	if (engine->static_addresses)
		addresses_drop(engine->static_addresses);
}

void statics_free(struct engine *engine)
{
	routes_free(engine->static_routes);
	free(engine->static_addresses);
	engine->static_routes = NULL;
	engine->static_addresses = NULL;
}

void statics_replace(struct engine *engine, struct address_set **addresses,
		     struct route_set **routes)
{
	routes_drop_gone(engine->static_routes, &engine->cfg->statics);
	addresses_drop_gone(engine->static_addresses, &engine->cfg->statics);
	addresses_make_static(*addresses);
	addresses_hand_over(engine->static_addresses, *addresses);
	engine->static_addresses = *addresses;
	*addresses = NULL;
	routes_hand_over(engine->static_routes, *routes);
	engine->static_routes = *routes;
	*routes = NULL;
	addresses_settle(engine->static_addresses, true);
	routes_claim(engine->static_routes, true);
}
