/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections that neighbors dial. One listening socket for each port and address family serves all
 * speakers of the daemon. There is none if no neighbor may connect. A connection from any other
 * address is reset before any BGP octet is read or sent.
 */
#ifndef HF_ENGINE_BGP_LISTEN_H
#define HF_ENGINE_BGP_LISTEN_H

#include "config/config.h"
#include "core/loop.h"

struct bgp_listener;

/* A neighbor that may connect. Part of its owner; all zero: it may not. */
struct bgp_listening {
	const struct cfg_neighbor *cfg; /* address, port, source, password, TTL security */
	/* `fd`: a connection, which belongs to the owner from then on; or -errno: the socket cannot
	 * listen on the port; this is tried again. */
	void (*fn)(void *ctx, int fd);
	void *ctx;
	struct bgp_port *port; /* this and the members below belong to the listener */
	int key_error;	       /* -errno: its password could not be set; it may not connect */
	struct bgp_listening *next;
};

struct bgp_listener *bgp_listener_create(struct loop *loop); /* NULL with errno */
/* All neighbors must have been removed. NULL is fine. */
void bgp_listener_destroy(struct bgp_listener *l);

/* Allows `who` to connect. If the same neighbor is added twice, the later one gets the connections.
 * `fn` may be called before this returns. */
void bgp_listener_add(struct bgp_listener *l, struct bgp_listening *who);
/* `who` need not have been added. */
void bgp_listener_remove(struct bgp_listener *l, struct bgp_listening *who);

/* The number of connections that were reset. */
uint64_t bgp_listener_refused(const struct bgp_listener *l);

#endif
