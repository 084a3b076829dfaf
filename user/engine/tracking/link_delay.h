/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interface_up_down_delays: a change of a link's state is reported only when it has lasted. One
 * object serves all links of the configuration, in the engine's loop.
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
	struct netlink_link told, heard; /* the reported state, the present state */
	bool known;			 /* `told` is set */
	struct loop_timer timer;	 /* armed: `heard` is reported when it fires */
};

struct link_delays {
	struct loop *loop;
	netlink_link_fn tell;
	void *ctx;
	struct link_delay one[CFG_MAX_LINK_DELAYS];
	unsigned int n;
};

/* Initialises `d` without delays. `tell` is called with `ctx` for each delayed change. */
void link_delays_init(struct link_delays *d, struct loop *loop, netlink_link_fn tell, void *ctx);
/*
 * Sets the delays of `cfg`. If they differ from the present ones, delayed changes are reported at
 * once, and true is returned: then all links must be reported again.
 */
bool link_delays_set(struct link_delays *d, const struct config *cfg);
/* Handles the present state of a link. True: it is delayed. False: the caller must report it. */
bool link_delays_hold(struct link_delays *d, const struct netlink_link *link);
/* Drops delayed changes, when the daemon ends. */
void link_delays_stop(struct link_delays *d);

#endif
