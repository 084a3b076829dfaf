/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides whether a path that a router sends for one of our prefixes is ours or another node's. A
 * router sends its best path. If another node announces the same prefix and is preferred, the path
 * is that node's. Pure.
 */
#ifndef HF_BGP_FOREIGN_H
#define HF_BGP_FOREIGN_H

#include <stdbool.h>

#include "bgp/bgp_codec.h"
#include "core/mono.h"

/* The addresses and numbers with which a path is compared. */
struct bgp_foreign_context {
	const struct bgp_session *session; /* the session that received the path */
	uint32_t router_id;		   /* ours, host byte order */
	/* Is `address` our own address on a session, or the address of a router in a session? */
	bool (*is_known)(const void *ctx, const struct ipaddr *address);
	const void *ctx;
	uint32_t remote_as;
};

/*
 * Does the path certainly come from another speaker? `ours`: our attributes of the prefix, NULL if
 * we do not announce it. Returns false if this cannot be decided, for example for a path with the
 * router's own next hop and the same AS path as ours.
 */
bool bgp_path_is_foreign(const struct bgp_foreign_context *c, const struct bgp_path *path,
			 const struct ipaddr *next_hop, const struct bgp_attrs *ours);

#endif
