// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tells another node's path from ours, which a router may send back to us. Owns nothing. Only what
 * cannot be ours counts: a false alarm about two announcers would have people stop the good one.
 * Rejected: to compare communities and MED, which routers change as they like.
 */
#include "bgp/bgp_rival.h"

static bool is_set(const struct ipaddr *a)
{
	static const struct ipaddr unset;

	return ipaddr_cmp(a, &unset) != 0;
}

/* A next hop that is neither ours nor a router's is another node's. */
static bool is_strange(const struct bgp_rival_context *c, const struct ipaddr *next_hop,
		       const struct bgp_attrs *ours)
{
	if (!is_set(next_hop) || c->is_known(c->ctx, next_hop))
		return false;
	return !ours || (ipaddr_cmp(next_hop, &ours->next_hop4) != 0 &&
			 ipaddr_cmp(next_hop, &ours->next_hop6) != 0);
}

bool bgp_path_is_rival(const struct bgp_rival_context *c, const struct bgp_path *path,
		       const struct ipaddr *next_hop, const struct bgp_attrs *ours)
{
	const struct bgp_session *s = c->session;

	if (path->originator)
		return path->originator != c->router_id;
	if (is_strange(c, next_hop, ours))
		return true;
	if (s->ibgp) /* our own path is empty there */
		return path->last_as != 0 && path->last_as != s->local_as;
	/* Begun by an AS that is neither ours nor the router's, which may have put its own instead.
	 */
	if (path->last_as != s->local_as && path->last_as != c->remote_as && path->last_as != 0 &&
	    path->last_as != BGP_AS_TRANS)
		return true;
	/* Routers add to a path's front: its end is as it was announced. */
	return ours && path->own_as > 0 && path->own_as != 1u + ours->prepend;
}
