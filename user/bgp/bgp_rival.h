/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose path for one of our prefixes a router tells us of. Routers tell their neighbors of the best
 * path they have: while another node announces our prefix too, and is preferred, that is its path.
 * Pure.
 */
#ifndef HF_BGP_RIVAL_H
#define HF_BGP_RIVAL_H

#include <stdbool.h>

#include "bgp/bgp_codec.h"

/* Who is who on the way of a path; what is ours comes back to us now and then, and is no rival. */
struct bgp_rival_context {
	const struct bgp_session *session; /* that the path came over */
	uint32_t router_id;		   /* ours */
	/* Is it an address of ours on any session, or of any router that we have a session with? */
	bool (*is_known)(const void *ctx, const struct ipaddr *address);
	const void *ctx;
	uint32_t remote_as;
};

/*
 * Is the path certainly another speaker's than ours? `ours`: how we announce the prefix, NULL if we
 * do not. What cannot be told apart, such as a path with the router's own next hop and the same AS
 * path as ours, is none.
 */
bool bgp_path_is_rival(const struct bgp_rival_context *c, const struct bgp_path *path,
		       const struct ipaddr *next_hop, const struct bgp_attrs *ours);

#endif
