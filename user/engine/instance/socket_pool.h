/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sending sockets of all instances. Instances with the same interface, source address and TTL
 * share one. A socket stays at its place in the pool as long as it is open, and an instance holds
 * this place. Sockets without a user are closed by a sweep.
 */
#ifndef HF_ENGINE_SOCKET_POOL_H
#define HF_ENGINE_SOCKET_POOL_H

#include <stdbool.h>

#include "vrrp/vrrp_socket.h"

struct engine;

struct pooled_socket {
	struct vrrp_socket_key key;
	enum vrrp_socket_use use;
	bool in_use; /* for the sweep */
	int fd;	     /* negative: the place is free */
};

struct socket_pool {
	struct pooled_socket *all;
	unsigned int n; /* places that have been used, some of them may be free */
	unsigned int max;
	bool stale; /* an interface is gone: the next socket is opened after a sweep */
};

/* Allocates an empty pool of `max` places. 0 or -ENOMEM. */
int socket_pool_create(struct socket_pool *pool, unsigned int max);
/* Moves the sockets of `from`, which has fewer places and becomes empty, to the empty `pool`. */
void socket_pool_move(struct socket_pool *pool, struct socket_pool *from);
/* Closes all sockets and frees the pool's memory. */
void socket_pool_destroy(struct socket_pool *pool);
/* The place of the socket for `key` in engine->sockets. It is opened if there is none yet. Returns
 * the place or -errno; -ENOSPC: all places are in use. */
int socket_pool_open(struct engine *engine, const struct vrrp_socket_key *key,
		     enum vrrp_socket_use use);
/* Closes the sockets that no instance uses any more. */
void socket_pool_sweep(struct engine *engine);
/* Sends through the socket at `place`, like vrrp_socket_send(). */
int socket_pool_send(const struct socket_pool *pool, int place, const struct ipaddr *to,
		     const uint8_t *msg, size_t len);

#endif
