/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports the state of links to the instances on them. */
#ifndef HF_ENGINE_LINKS_H
#define HF_ENGINE_LINKS_H

#include "kernel/netlink.h"

struct engine;

/* Reports the present state of a link. */
void links_report(struct engine *engine, const struct netlink_link *link);
/* datapath_attached_fn; ctx is the engine. `err` 0: the instances of the interface can be published
 * now. Else they receive nothing, and get VRRP_FAULT_ADDRESS. */
void links_attached(void *ctx, uint32_t ifindex, int err);

#endif
