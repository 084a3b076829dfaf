/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The routes to announce. For each neighbor it records which routes have been sent and which must
 * still be sent (its Adj-RIB-Out, RFC 4271 section 3.2). A slow neighbor needs three bits for each
 * route, even if the route changes often meanwhile. No I/O, and no allocation after
 * bgp_rib_create().
 */
#ifndef HF_BGP_RIB_H
#define HF_BGP_RIB_H

#include <stdbool.h>

#include "bgp/bgp_codec.h"
#include "core/mono.h"

struct bgp_rib;

/* With room for `n_peers` neighbors, numbered from 0. NULL with errno. */
struct bgp_rib *bgp_rib_create(unsigned int n_peers);
void bgp_rib_destroy(struct bgp_rib *rib); /* NULL is fine */

/* Sets the attributes of the route for `prefix` to `attrs`; host bits of `prefix` are cleared.
 * Returns 1 if the route has changed; 0 if it has not; -ENOSPC; or -EINVAL for a prefix longer than
 * its address. */
int bgp_rib_announce(struct bgp_rib *rib, const struct ipprefix *prefix,
		     const struct bgp_attrs *attrs);
/* Removes the route for `prefix`. Returns 0, or -ENOENT if there was none. */
int bgp_rib_withdraw(struct bgp_rib *rib, const struct ipprefix *prefix);

/* `peer` has a new session and has no route: all routes must be sent. */
void bgp_rib_peer_up(struct bgp_rib *rib, unsigned int peer);
/* The session of `peer` has ended: the peer has no route, and none is sent. */
void bgp_rib_peer_down(struct bgp_rib *rib, unsigned int peer);
/* `peer` requests all routes of one family again (RFC 2918). */
void bgp_rib_refresh(struct bgp_rib *rib, unsigned int peer, bool ipv4);

/* The largest number of /8 withdrawals in a message: (4096 - 23) / 2. */
#define BGP_BATCH_MAX 2036

/* Routes for one UPDATE. `attrs` is NULL for a withdrawal. A route that the session cannot carry
 * with its present attributes is first withdrawn, if the neighbor has it, and then skipped. */
struct bgp_batch {
	const struct bgp_attrs *attrs;
	enum bgp_encoding encoding; /* BGP_ENCODING_NONE: not carried by the session; skip them */
	unsigned int n;
	struct ipprefix prefixes[BGP_BATCH_MAX];
	uint16_t slots[BGP_BATCH_MAX];
};

/* Collects the next routes for `peer`, whose session is `s`. Returns false if none is pending. */
bool bgp_rib_next(const struct bgp_rib *rib, unsigned int peer, const struct bgp_session *s,
		  struct bgp_batch *batch);
/* The first `taken` routes of `batch` have been sent to `peer`, or skipped. The routes must not
 * change between bgp_rib_next() and this call. */
void bgp_rib_sent(struct bgp_rib *rib, unsigned int peer, const struct bgp_batch *batch,
		  unsigned int taken);

bool bgp_rib_is_pending(const struct bgp_rib *rib, unsigned int peer);
/* The number of routes that `peer` has: announced to it, and not withdrawn. */
unsigned int bgp_rib_advertised(const struct bgp_rib *rib, unsigned int peer);

/* --- foreign paths: paths of other nodes for our prefixes --- */

/*
 * Starts to record foreign paths for `prefix`, which belongs to `owner`. The prefix need not be
 * announced. Watched and announced prefixes share one limit. Returns 0, -ENOSPC or -EINVAL.
 */
int bgp_rib_watch(struct bgp_rib *rib, const struct ipprefix *prefix, uint32_t owner);
void bgp_rib_unwatch(struct bgp_rib *rib, const struct ipprefix *prefix);

/* Is `prefix` watched? *ours becomes the attributes of its announcement, NULL: it is not announced.
 * *owner becomes its owner. */
bool bgp_rib_is_watched(const struct bgp_rib *rib, const struct ipprefix *prefix,
			const struct bgp_attrs **ours, uint32_t *owner);
/* Records whether `peer` has another node's path for `prefix` at `now`. Ignored if `prefix` is not
 * watched or `peer` has no session. */
void bgp_rib_heard(struct bgp_rib *rib, unsigned int peer, const struct ipprefix *prefix,
		   bool foreign, struct mono now);
/* The number of prefixes for which `peer` has another node's path. */
unsigned int bgp_rib_foreign(const struct bgp_rib *rib, unsigned int peer);

struct bgp_foreign {
	struct ipprefix prefix;
	uint32_t owner;
	struct mono since; /* since then at least one neighbor has had such a path */
	unsigned int peer; /* one of these neighbors; its number in the rib */
	unsigned int next; /* position of the walk; 0 at first */
};

/* Fills `it` with the next prefix that has a foreign path. False: no more. */
bool bgp_rib_next_foreign(const struct bgp_rib *rib, struct bgp_foreign *it);

#endif
