/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gateways of this host: the next hop of the default route of each family, and a callback when
 * it may have changed. A dump of routes waits for the kernel and may be long, so it is a job of a
 * thread. The loop only receives the notification that a default route has changed.
 */
#ifndef HF_GATEWAY_H
#define HF_GATEWAY_H

#include <stdint.h>

#include "core/loop.h"
#include "ipaddr.h"

/* The next hop of the default route of one family. */
struct gateway {
	struct ipaddr address; /* all zero: there is none */
	uint32_t ifindex;
};

enum gateway_family { GATEWAY_IPV4, GATEWAY_IPV6, GATEWAY_FAMILIES };

/* Called in the loop after each dump of the routes, also if nothing has changed. */
typedef void (*gateway_fn)(void *ctx, const struct gateway found[GATEWAY_FAMILIES]);

struct gateways;

/* Begins to listen, and starts the first dump. NULL with errno. */
struct gateways *gateways_create(struct loop *loop, gateway_fn fn, void *ctx);
void gateways_destroy(struct gateways *g); /* NULL is fine */
/* Starts another dump. Call it when a link or an address has changed, because the kernel then
 * removes IPv4 routes without a notification. */
void gateways_look(struct gateways *g);

#endif
