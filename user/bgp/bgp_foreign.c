// SPDX-License-Identifier: BSD-2-Clause
/*
 * Distinguishes another node's path from our own path, which a router may send back to us. The
 * module owns nothing. A path counts as foreign only if it cannot be ours: after a false alarm
 * about two announcing nodes, an operator might stop the good one. If the MED contains our present
 * epoch, the path is ours, because an epoch belongs to one takeover. Another MED proves nothing.
 *
 * Rejected: to compare communities, because routers may change them. Rejected: to treat a next hop
 * as ours if it changes right after our own announcement. Two nodes that start at the same time
 * would then look like one.
 */
#include "bgp/bgp_foreign.h"

/* A next hop that is neither ours nor that of a known router belongs to another node. */
static bool is_strange(const struct bgp_foreign_context *c, const struct ipaddr *next_hop,
		       const struct bgp_attrs *ours)
{
	if (ipaddr_is_unset(next_hop) || c->is_known(c->ctx, next_hop))
		return false;
	return !ours || (ipaddr_cmp(next_hop, &ours->next_hop4) != 0 &&
			 ipaddr_cmp(next_hop, &ours->next_hop6) != 0);
}

bool bgp_path_is_foreign(const struct bgp_foreign_context *c, const struct bgp_path *path,
			 const struct ipaddr *next_hop, const struct bgp_attrs *ours)
{
	const struct bgp_session *s = c->session;

	if (path->originator)
		return path->originator != c->router_id;
	if (ours && ours->has_med && path->has_med && path->med == ours->med && ours->epoch)
		return false;
	if (is_strange(c, next_hop, ours))
		return true;
	if (s->ibgp) /* our own path is empty there */
		return path->last_as != 0 && path->last_as != s->local_as;
	/* The first AS is neither ours nor the router's. (A router may replace our AS by its own.)
	 */
	if (path->last_as != s->local_as && path->last_as != c->remote_as && path->last_as != 0 &&
	    path->last_as != BGP_AS_TRANS)
		return true;
	/* Routers prepend to the path, so its end is unchanged. */
	return ours && path->own_as > 0 && path->own_as != 1u + ours->prepend;
}
