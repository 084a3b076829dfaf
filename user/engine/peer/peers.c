// SPDX-License-Identifier: BSD-2-Clause
/*
 * The table of peers: a hash table with chains, and a list in the order of creation. Owns the
 * peers; each counts the sets that hold it. Rejected: a peer for each instance. Hundreds of
 * instances would probe one host hundreds of times, and could come to different results.
 */
#include "engine/peer/peers.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "config/config.h"
#include "core/addr.h"

/* FNV-1a. A keyed hash is not needed: addresses come from the configuration, or from the link in
 * limited number. */
static struct peer **bucket_of(struct peers *table, uint32_t ifindex, const struct ipaddr *address)
{
	uint32_t hash = (2166136261u ^ ifindex) * 16777619u;

	for (unsigned int i = 0; i < sizeof(address->b); i++)
		hash = (hash ^ address->b[i]) * 16777619u;
	return &table->buckets[hash % PEERS_BUCKETS];
}

/* The place of the pointer to the peer, or the place for a new one. */
static struct peer **place_of(struct peers *table, uint32_t ifindex, const struct ipaddr *address)
{
	struct peer **at = bucket_of(table, ifindex, address);

	while (*at && ((*at)->ifindex != ifindex || !ipaddr_equal(&(*at)->address, address)))
		at = &(*at)->next_in_bucket;
	return at;
}

struct peer *peers_find(const struct peers *table, uint32_t ifindex, const struct ipaddr *address)
{
	return *place_of((struct peers *)(uintptr_t)table, ifindex, address);
}

static void enlist(struct peers *table, struct peer *peer)
{
	peer->prev = table->last;
	if (table->last)
		table->last->next = peer;
	else
		table->first = peer;
	table->last = peer;
	table->n++;
}

static void delist(struct peers *table, struct peer *peer)
{
	if (peer->prev)
		peer->prev->next = peer->next;
	else
		table->first = peer->next;
	if (peer->next)
		peer->next->prev = peer->prev;
	else
		table->last = peer->prev;
	table->n--;
}

/* Takes a reference to the peer, which is created if it is new. NULL with errno: ENOMEM, ENOSPC. */
static struct peer *hold(struct peers *table, uint32_t ifindex, const struct ipaddr *address)
{
	struct peer **at = place_of(table, ifindex, address);

	if (!*at && table->n == PEERS_MAX) {
		errno = ENOSPC;
		return NULL;
	}
	if (!*at) {
		*at = calloc(1, sizeof(**at)); /* owner: the table */
		if (!*at)
			return NULL;
		(*at)->ifindex = ifindex;
		(*at)->address = *address;
		(*at)->node.shown_at = UINT_MAX; /* not in a status */
		enlist(table, *at);
	}
	(*at)->users++;
	return *at;
}

static void release(struct peers *table, struct peer *peer)
{
	if (--peer->users > 0)
		return;
	*place_of(table, peer->ifindex, &peer->address) = peer->next_in_bucket;
	delist(table, peer);
	free(peer);
}

static void release_all(struct peers *table, struct peer_set *set)
{
	for (unsigned int i = 0; i < set->n; i++)
		release(table, set->all[i]);
	free(set->all);
	*set = (struct peer_set){0};
}

/* Holds the new ones before it releases the old ones, so that a peer in both sets stays. */
int peer_set_fill(struct peers *table, struct peer_set *set, uint32_t ifindex,
		  const struct cfg_peer *cfg, unsigned int n)
{
	struct peer_set next = {0};
	int err = 0;

	if (n > 0) {
		next.all = calloc(n, sizeof(struct peer *)); /* owner: the set */
		if (!next.all)
			return -ENOMEM;
	}
	for (unsigned int i = 0; i < n && err != -ENOMEM; i++) {
		struct peer *peer = hold(table, ifindex, &cfg[i].address);

		if (peer)
			next.all[next.n++] = peer;
		else
			err = -errno;
	}
	if (err == -ENOMEM) {
		release_all(table, &next);
		return err;
	}
	release_all(table, set);
	*set = next;
	return err;
}
