/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Router advertisements (RFC 4861 section 4.2), with which two BGP speakers on one link find each
 * other. This module reports which router advertises on which interface, and sends advertisements
 * of this host. They have the lifetime 0, so no host uses this host as a router.
 */
#ifndef HF_ROUTER_ADVERT_H
#define HF_ROUTER_ADVERT_H

#include <stdint.h>

#include "core/loop.h"
#include "ipaddr.h"

/* Called in the loop: the router at `address`, a link-local one, has advertised on `ifindex`. */
typedef void (*router_advert_fn)(void *ctx, uint32_t ifindex, const struct ipaddr *address);

struct router_adverts;

/* Listens on all interfaces. NULL with errno: no IPv6. */
struct router_adverts *router_adverts_create(struct loop *loop, router_advert_fn fn, void *ctx);
void router_adverts_destroy(struct router_adverts *ra); /* NULL is fine */
/* Sends one advertisement on `ifindex` without waiting. 0 or -errno. */
int router_adverts_send(struct router_adverts *ra, uint32_t ifindex);

#endif
