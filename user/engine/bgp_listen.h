/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections that neighbors dial. One listening socket a port and address family serves all
 * speakers of the daemon; there is none as long as no neighbor is listened for. Whoever else
 * connects is closed by a reset, before any BGP octet is read or sent.
 */
#ifndef HF_ENGINE_BGP_LISTEN_H
#define HF_ENGINE_BGP_LISTEN_H

#include "config/config.h"
#include "core/loop.h"

struct bgp_listener;

/* A neighbor that is listened for: part of its owner, zero when it is not. */
struct bgp_listening {
	const struct cfg_neighbor *cfg; /* address, port, source, password, TTL security */
	/* `fd`: a connection, which is now the owner's; or -errno: the port cannot be listened
	 * on, which is tried again. */
	void (*fn)(void *ctx, int fd);
	void *ctx;
	struct bgp_port *port; /* the rest is the listener's */
	struct bgp_listening *next;
};

struct bgp_listener *bgp_listener_create(struct loop *loop); /* NULL with errno */
/* Nobody may be listened for any more. NULL is fine. */
void bgp_listener_destroy(struct bgp_listener *l);

/* Of two for the same neighbor the later one is asked. `fn` may be called before this returns. */
void bgp_listener_add(struct bgp_listener *l, struct bgp_listening *who);
/* Fine for one that was not added. */
void bgp_listener_remove(struct bgp_listener *l, struct bgp_listening *who);

/* Connections of others that were closed. */
uint64_t bgp_listener_refused(const struct bgp_listener *l);

#endif
