// SPDX-License-Identifier: BSD-2-Clause
/*
 * A sweep marks the places that instances hold and closes the others. Its cost grows with the sum
 * of instances and sockets. Rejected: counting the users of each socket. Then each of the ways in
 * which an instance forgets a socket would have to lower the number.
 */
#include "engine/instance/socket_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/addr.h"
#include "engine/instance/instance.h"
#include "engine/state.h"

int socket_pool_create(struct socket_pool *pool, unsigned int max)
{
	*pool = (struct socket_pool){.max = max};
	pool->all = calloc(max + 1, sizeof(*pool->all));
	return pool->all ? 0 : -ENOMEM;
}

void socket_pool_move(struct socket_pool *pool, struct socket_pool *from)
{
	memcpy(pool->all, from->all, from->n * sizeof(*pool->all));
	pool->n = from->n;
	pool->stale = from->stale;
	from->n = 0;
}

void socket_pool_destroy(struct socket_pool *pool)
{
	for (unsigned int i = 0; i < pool->n; i++) {
		if (pool->all[i].fd >= 0)
			close(pool->all[i].fd);
	}
	free(pool->all);
	*pool = (struct socket_pool){0};
}

static void mark(struct socket_pool *pool, int place)
{
	if (place >= 0)
		pool->all[place].in_use = true;
}

void socket_pool_sweep(struct engine *engine)
{
	struct socket_pool *pool = &engine->sockets;
	struct instance *in;

	for (unsigned int i = 0; i < pool->n; i++)
		pool->all[i].in_use = false;
	ENGINE_EACH_INSTANCE (engine, in) {
		mark(pool, in->socket);
		mark(pool, in->group_socket);
		for (unsigned int i = 0; i < in->uplinks.n; i++)
			mark(pool, in->uplinks.all[i].socket);
	}
	for (unsigned int i = 0; i < pool->n; i++) {
		if (pool->all[i].fd < 0 || pool->all[i].in_use)
			continue;
		close(pool->all[i].fd);
		pool->all[i].fd = -1;
	}
	pool->stale = false;
}

/* Rejected: memcmp(), because padding between the members is not initialised. */
static bool same_key(const struct vrrp_socket_key *a, const struct vrrp_socket_key *b)
{
	return a->ifindex == b->ifindex && a->ttl == b->ttl &&
	       strncmp(a->interface, b->interface, sizeof(a->interface)) == 0 &&
	       ipaddr_equal(&a->source, &b->source);
}

static int find(const struct socket_pool *pool, const struct vrrp_socket_key *key,
		enum vrrp_socket_use use)
{
	for (unsigned int i = 0; i < pool->n; i++) {
		const struct pooled_socket *have = &pool->all[i];

		if (have->fd >= 0 && have->use == use && same_key(&have->key, key))
			return (int)i;
	}
	return -ENOENT;
}

/* A place without a socket; -ENOSPC: none. */
static int free_place(struct socket_pool *pool)
{
	for (unsigned int i = 0; i < pool->n; i++) {
		if (pool->all[i].fd < 0)
			return (int)i;
	}
	return pool->n < pool->max ? (int)pool->n++ : -ENOSPC;
}

int socket_pool_open(struct engine *engine, const struct vrrp_socket_key *key,
		     enum vrrp_socket_use use)
{
	struct socket_pool *pool = &engine->sockets;
	int place, fd;

	if (pool->stale) /* a new interface with an old number needs a new socket */
		socket_pool_sweep(engine);
	place = find(pool, key, use);
	if (place >= 0)
		return place;
	place = free_place(pool);
	if (place < 0) {
		socket_pool_sweep(engine);
		place = free_place(pool);
	}
	if (place < 0)
		return place;
	fd = vrrp_socket_open(key, use);
	pool->all[place] = (struct pooled_socket){.key = *key, .use = use, .fd = fd};
	return fd < 0 ? fd : place;
}

int socket_pool_send(const struct socket_pool *pool, int place, const struct ipaddr *to,
		     const uint8_t *msg, size_t len)
{
	return vrrp_socket_send(pool->all[place].fd, to, msg, len);
}
