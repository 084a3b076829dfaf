/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other nodes: one struct peer for each address on each interface, shared by all instances that
 * name it. Facts about a node are stored once, and work for it is done once.
 *
 * A peer lives as long as an instance holds it. Instances hold their peers in a peer_set, which
 * changes with the interface and with a reload: a peer that stays in the set stays the same.
 */
#ifndef HF_ENGINE_PEERS_H
#define HF_ENGINE_PEERS_H

#include <net/if.h>
#include <stdint.h>

#include "engine/peer/prober.h"
#include "engine/peer/reports.h"
#include "hf_abi.h"
#include "ipaddr.h"

#define PEERS_MAX     HF_MAX_SBFD /* the room of the data path */
#define PEERS_BUCKETS 1024

struct cfg_peer;

struct peer {
	struct peer *next_in_bucket;
	struct peer *next, *prev;    /* in the list of all, in the order of creation */
	uint32_t ifindex;	     /* of the interface where it is reached */
	char interface[IF_NAMESIZE]; /* the name of that interface */
	struct ipaddr address;
	unsigned int users;    /* sets that hold it */
	struct engine *engine; /* set by prober_use() */
	struct prober prober;
	struct peer_node node; /* what its reports say of the node */
};

struct peers {
	struct peer *first, *last;
	unsigned int n;
	struct peer *buckets[PEERS_BUCKETS];
};

/* The peers of one instance. All zero: none. */
struct peer_set {
	struct peer **all; /* owner: the set; the peers are the table's */
	unsigned int n;
};

/* Runs the statement for each peer. */
#define PEERS_EACH(table, peer) for ((peer) = (table)->first; (peer) != NULL; (peer) = (peer)->next)

/* The peer with `address` on `ifindex`; NULL: nobody holds it. */
struct peer *peers_find(const struct peers *table, uint32_t ifindex, const struct ipaddr *address);

/*
 * Makes `set` hold the peers of the `n` addresses in `cfg` on `ifindex`, in that order, and no
 * others. `n` 0 empties it. Returns 0; -ENOMEM: the set is unchanged; -ENOSPC: new peers beyond
 * PEERS_MAX are missing in the set.
 */
int peer_set_fill(struct peers *table, struct peer_set *set, uint32_t ifindex,
		  const struct cfg_peer *cfg, unsigned int n);

#endif
