/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interface_up_down_delays: a change of a link is told only when it has lasted. One object for all
 * links of the configuration; it belongs to the engine's loop.
 */
#ifndef HF_LINK_DELAY_H
#define HF_LINK_DELAY_H

#include "config/config.h"
#include "core/loop.h"
#include "kernel/netlink.h"

/* One link that has delays. */
struct link_delay {
	struct link_delays *all;
	struct cfg_link_delay cfg;
	struct netlink_link told, heard; /* what the others know, what is so */
	bool known;			 /* `told` is set */
	struct loop_timer timer;	 /* armed: `heard` is to be told then */
};

struct link_delays {
	struct loop *loop;
	netlink_link_fn tell;
	void *ctx;
	struct link_delay one[CFG_MAX_LINK_DELAYS];
	unsigned int n;
};

/* `tell` gets what was held back, with `ctx`. No link has a delay yet. */
void link_delays_init(struct link_delays *d, struct loop *loop, netlink_link_fn tell, void *ctx);
/*
 * The delays are those of `cfg` from now on; what is held back is told at once. True if any differ:
 * links should be reported anew, so that it is known what they are now.
 */
bool link_delays_set(struct link_delays *d, const struct config *cfg);
/* `link` is so now: true if that is held back, false if the caller is to go by it. */
bool link_delays_hold(struct link_delays *d, const struct netlink_link *link);
/* Nothing is told any more. */
void link_delays_stop(struct link_delays *d);

#endif
