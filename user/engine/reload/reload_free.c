// SPDX-License-Identifier: BSD-2-Clause
/* Frees a configuration that was prepared and not used, or was replaced. */
#include <stdlib.h>

#include "engine/instance/routes.h"
#include "engine/reload/reload.h"
#include "engine/tracking/traffic_watch.h"

void reload_free(struct reload *r)
{
	if (!r)
		return;
	for (unsigned int i = 0; r->instances && i < r->n_instances; i++) {
		free(r->instances[i].addresses);
		routes_free(r->instances[i].routes);
		free(r->instances[i].links);
		free(r->instances[i].gone.prefixes);
	}
	free(r->instances);
	for (unsigned int i = 0; r->service_parts && i < r->n_services; i++) {
		free(r->service_parts[i].links);
		free(r->service_parts[i].gone.prefixes);
	}
	free(r->service_parts);
	free(r->services);
	check_registry_free(&r->checks);
	traffic_watch_destroy(r->traffic); /* its thread has had time to end */
	sync_groups_free(r->groups, r->n_groups);
	fifos_free(r->fifos);
	free(r->speakers);
	bfd_set_free(&r->bfd);
	free(r->bfd_states);
	socket_pool_destroy(&r->sockets);
	free(r->static_addresses);
	routes_free(r->static_routes);
	counted_vips_destroy(r->vips);
	free(r->gone_vips);
	config_diff_free(r->diff);
	if (!r->cfg_is_used)
		config_free(r->cfg);
	free(r);
}
