// SPDX-License-Identifier: BSD-2-Clause
/* The JSON of an instance's addresses, of the routes and rules that move with them, and of what is
 * announced. No state; called by the control thread. */
#include "control/addresses_json.h"

#include "control/json_put.h"
#include "core/addr.h"

unsigned int addresses_shown(unsigned int n)
{
	return n < STATUS_MAX_ANNOUNCED ? n : STATUS_MAX_ANNOUNCED;
}

/* Only where there are any. */
static void put_routes(json_object *obj, const struct status_instance *in)
{
	json_object *routes, *one;

	if (in->n_routes == 0)
		return;
	routes = json_put_array(obj, "virtual_routes");
	for (unsigned int i = 0; i < in->n_routes && i < STATUS_MAX_ROUTES; i++) {
		one = json_add_object(routes);
		json_put_text(one, "kind", in->routes[i].is_rule ? "rule" : "route");
		json_put_text(one, "text", in->routes[i].text);
		json_put_bool(one, "held", in->routes[i].held);
	}
	json_put_int(obj, "virtual_routes_total", in->n_routes);
}

void addresses_put(json_object *obj, const struct status_instance *in)
{
	json_object *addresses = json_put_array(obj, "virtual_addresses"), *announced, *one;
	char text[IPPREFIX_TEXT];

	for (unsigned int i = 0; i < addresses_shown(in->n_addresses); i++) {
		ipprefix_format(&in->addresses[i], text);
		json_add_value(addresses, json_object_new_string(text));
	}
	json_put_int(obj, "virtual_addresses_total", in->n_addresses);
	put_routes(obj, in);
	announced = json_put_array(obj, "announced");
	for (unsigned int i = 0; i < addresses_shown(in->n_announced); i++) {
		one = json_add_object(announced);
		json_put_text(one, "prefix", ipprefix_format(&in->announced[i].prefix, text));
		json_put_text(one, "as", announce_level_name(in->announced[i].level));
	}
	json_put_int(obj, "announced_total", in->n_announced);
	if (in->settles_in_ns >= 0)
		json_put_int(obj, "settles_in_ms", in->settles_in_ns / NS_PER_MS);
}
