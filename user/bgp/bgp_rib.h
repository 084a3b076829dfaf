/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the neighbors are to be told: the routes as they should be, and for each neighbor which of
 * them it has been told and which are still to be sent (its Adj-RIB-Out, RFC 4271 section 3.2). A
 * slow neighbor costs two bits a route, however often the route changes meanwhile. No I/O, and no
 * allocation after bgp_rib_create().
 */
#ifndef HF_BGP_RIB_H
#define HF_BGP_RIB_H

#include <stdbool.h>

#include "bgp/bgp_codec.h"
#include "core/mono.h"

/* Of all announcements of one speaker: a large edge's ten thousand, in whole words of the bit sets.
 */
#define BGP_MAX_PREFIXES 10240

struct bgp_rib;

/* With room for `n_peers` neighbors, numbered from 0. NULL with errno. */
struct bgp_rib *bgp_rib_create(unsigned int n_peers);
void bgp_rib_destroy(struct bgp_rib *rib); /* NULL is fine */

/* The route for `prefix` is to be `attrs`. Host bits of `prefix` are cleared. 1 if that is news, 0
 * if not, -ENOSPC, or -EINVAL for a prefix longer than its address. */
int bgp_rib_announce(struct bgp_rib *rib, const struct ipprefix *prefix,
		     const struct bgp_attrs *attrs);
/* There is to be no route for `prefix`. 0, or -ENOENT if there was none. */
int bgp_rib_withdraw(struct bgp_rib *rib, const struct ipprefix *prefix);

/* `peer` has a session from now on and knows no route: all are to be sent. */
void bgp_rib_peer_up(struct bgp_rib *rib, unsigned int peer);
/* `peer` has forgotten all; nothing is to be sent. */
void bgp_rib_peer_down(struct bgp_rib *rib, unsigned int peer);
/* `peer` asks for all routes of one family once more (RFC 2918). */
void bgp_rib_refresh(struct bgp_rib *rib, unsigned int peer, bool ipv4);

/* As many /8 withdrawals as a message could hold: (4096 - 23) / 2. */
#define BGP_BATCH_MAX 2036

/* Routes that go into one UPDATE: `attrs` is NULL for a withdrawal. */
struct bgp_batch {
	const struct bgp_attrs *attrs;
	enum bgp_carrier carrier; /* BGP_CARRY_NONE: `peer` cannot be told; skip them */
	unsigned int n;
	struct ipprefix prefixes[BGP_BATCH_MAX];
	uint16_t slots[BGP_BATCH_MAX];
};

/* Gathers what is to be sent to `peer` next, over its session `s`. False: nothing. */
bool bgp_rib_next(const struct bgp_rib *rib, unsigned int peer, const struct bgp_session *s,
		  struct bgp_batch *batch);
/* The first `taken` routes of `batch` have been sent to `peer`, or skipped. No change of the routes
 * may lie between the two calls. */
void bgp_rib_sent(struct bgp_rib *rib, unsigned int peer, const struct bgp_batch *batch,
		  unsigned int taken);

bool bgp_rib_is_pending(const struct bgp_rib *rib, unsigned int peer);
/* How many routes `peer` has been told and not been told otherwise. */
unsigned int bgp_rib_told(const struct bgp_rib *rib, unsigned int peer);

/* --- rivals: what the neighbors say of our prefixes --- */

/*
 * From now on rivals of `prefix`, which belongs to `owner`, are kept, whether it is announced or
 * not. Prefixes that are watched take room from those that are announced. 0, -ENOSPC or -EINVAL.
 */
int bgp_rib_watch(struct bgp_rib *rib, const struct ipprefix *prefix, uint32_t owner);
void bgp_rib_unwatch(struct bgp_rib *rib, const struct ipprefix *prefix);

/* Is `prefix` one that is watched? *ours is how it is announced, NULL: not at all. */
bool bgp_rib_is_watched(const struct bgp_rib *rib, const struct ipprefix *prefix,
			const struct bgp_attrs **ours);
/* `peer` has a path for `prefix`, which is watched: another node's, or not (any more). */
void bgp_rib_heard(struct bgp_rib *rib, unsigned int peer, const struct ipprefix *prefix,
		   bool rival, struct mono now);
/* How many prefixes `peer` has another node's path for. */
unsigned int bgp_rib_rivals(const struct bgp_rib *rib, unsigned int peer);

struct bgp_rival {
	struct ipprefix prefix;
	uint32_t owner;
	struct mono since; /* `peer`, or another one, has had such a path */
	unsigned int peer; /* one that has it; its number in the rib */
	unsigned int next; /* where to go on; 0 at first */
};

/* Fills `it` with the next prefix that has a rival. False: no more. */
bool bgp_rib_next_rival(const struct bgp_rib *rib, struct bgp_rival *it);

#endif
