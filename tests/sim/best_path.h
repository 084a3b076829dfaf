/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a router chooses among the paths of several nodes, by RFC 4271 section 9.1.2.2: local
 * preference (by the community of an escalated path, as the platforms' routers do), AS path length,
 * origin, MED of one neighboring AS, then age or router id, because routers differ.
 */
#ifndef HF_BEST_PATH_H
#define HF_BEST_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "bgp/bgp_route.h"
#include "core/mono.h"

/* How one router decides what the RFCs leave open. */
struct chooser {
	bool missing_worst;  /* a path without a MED is the worst, not the best */
	bool oldest;	     /* before the lower router id */
	bool knows_shutdown; /* RFC 8326: 65535:0 gets the local preference 0 */
	uint32_t preferred;  /* a community that doubles the local preference; 0: none */
};

struct offer {
	const struct bgp_attrs *attrs;
	struct mono since;
};

/* `a` is better than `b`, which has the lower router id. */
bool best_path_is_better(const struct chooser *c, const struct offer *a, const struct offer *b);

#endif
