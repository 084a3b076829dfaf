/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports removed routes and rules in the loop. It keeps no copy of the tables: a caller adds the
 * route again, and the kernel answers if it is still there. A filter in the kernel passes only
 * removals of routes with the requested protocols, because a router's table may change thousands of
 * times a second.
 *
 * Linux sends no notification for IPv4 routes that it removes with a link or an address
 * (fib_sync_down_dev() and fib_sync_down_addr()). So the caller also watches links and addresses
 * (netlink.h).
 */
#ifndef HF_ROUTE_WATCH_H
#define HF_ROUTE_WATCH_H

#include <stdint.h>

#include "core/loop.h"
#include "core/net_route.h"

#define ROUTE_WATCH_PROTOS 16 /* different protocols that can be requested */

struct route_watch;

/* Called in the loop: a route to the destination of `route` was removed. NULL: a rule was removed,
 * or notifications were lost. */
typedef void (*route_gone_fn)(void *ctx, const struct net_route *route);

/* Starts to listen. NULL with errno. */
struct route_watch *route_watch_create(struct loop *loop, route_gone_fn fn, void *ctx);
void route_watch_destroy(struct route_watch *watch); /* NULL is fine */
/* From now on removals of routes are reported only if they have one of these protocols; with more
 * than ROUTE_WATCH_PROTOS all are reported. Removals of rules are always reported. 0 or -errno. */
int route_watch_filter(struct route_watch *watch, const uint8_t *protos, unsigned int n);

#endif
