/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The executor of one BGP instance: sockets, timers and buffers for the pure bgp_step(), and the
 * Adj-RIB-Out of each neighbor. At start the sessions are dialled, or the neighbors' connections
 * are awaited. Sessions stay up also while nothing is announced. So a takeover is one UPDATE in an
 * open session.
 */
#ifndef HF_ENGINE_BGP_SPEAKER_H
#define HF_ENGINE_BGP_SPEAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/bgp_rib.h"
#include "config/config.h"
#include "core/loop.h"

struct bgp_listener;
struct bgp_speaker;

/* Called when a session becomes Established, or is no longer Established. `established` is the
 * present number of Established sessions. The function may announce, withdraw and shut down, but
 * not destroy the speaker. */
typedef void (*bgp_sessions_fn)(void *ctx, unsigned int established);

/*
 * Creates the speaker and starts to dial at once. `cfg` must outlive it. `router_id` is in host
 * byte order. NULL with errno on failure; a neighbor that cannot be reached is no failure.
 */
struct bgp_speaker *bgp_speaker_create(struct loop *loop, const struct cfg_bgp *cfg,
				       uint32_t router_id, bgp_sessions_fn fn, void *ctx);
/* From now on accepts connections from the neighbors for which this is configured. `l` must outlive
 * the speaker. */
void bgp_speaker_listen(struct bgp_speaker *sp, struct bgp_listener *l);
/*
 * Replaces the configuration by `cfg`; the old one is not used afterwards. A session continues if
 * `cfg` would open it in the same way. All other sessions end with Cease, and new neighbors are
 * dialled. A new AS, hold time or router id ends all sessions. The routes do not change. `fn` may
 * be called; do not call this function from within `fn`. 0, or -ENOMEM with nothing changed.
 */
int bgp_speaker_reconfigure(struct bgp_speaker *sp, const struct cfg_bgp *cfg, uint32_t router_id);
uint32_t bgp_speaker_router_id(const struct bgp_speaker *sp);
/* Closes all sessions at once, without a NOTIFICATION. Do not call it from within `fn`. NULL is
 * fine. */
void bgp_speaker_destroy(struct bgp_speaker *sp);

/*
 * Announces `prefix` with `attrs` to every neighbor, or updates it if it is announced already. The
 * UPDATE is written to the sockets before this returns, or as soon as a socket has room. 0 or
 * -errno: -ENOSPC (more than BGP_MAX_PREFIXES prefixes, or too many different sets of attributes),
 * -EINVAL (an invalid prefix length, or too many communities or prepends).
 */
int bgp_speaker_announce(struct bgp_speaker *sp, const struct ipprefix *prefix,
			 const struct bgp_attrs *attrs);
/* The same for `n` prefixes, in as few UPDATEs as possible. All are tried; the first error is
 * returned. */
int bgp_speaker_announce_all(struct bgp_speaker *sp, const struct ipprefix *prefixes,
			     unsigned int n, const struct bgp_attrs *attrs);
/* Withdraws the route from every neighbor. 0, or -ENOENT if it was not announced. */
int bgp_speaker_withdraw(struct bgp_speaker *sp, const struct ipprefix *prefix);
int bgp_speaker_withdraw_all(struct bgp_speaker *sp, const struct ipprefix *prefixes,
			     unsigned int n);

/*
 * Foreign paths: paths of other nodes, sent by a neighbor, for our prefixes. They are recorded for
 * watched prefixes, announced or not, with the `owner` of the prefix. `fn` is called with the
 * speaker's `ctx` when a neighbor has its first foreign path.
 */
typedef void (*bgp_foreign_fn)(void *ctx);
void bgp_speaker_on_foreign(struct bgp_speaker *sp, bgp_foreign_fn fn);
/* `fn` is called with the MED of each foreign path, and with the owner of the prefix. */
typedef void (*bgp_foreign_med_fn)(void *ctx, uint32_t owner, uint32_t med);
void bgp_speaker_on_foreign_med(struct bgp_speaker *sp, bgp_foreign_med_fn fn);
void bgp_speaker_watch(struct bgp_speaker *sp, const struct ipprefix *prefix, uint32_t owner);
void bgp_speaker_unwatch(struct bgp_speaker *sp, const struct ipprefix *prefix);
/* Fills `it` (zero-initialise it) with the next foreign path, and *neighbor with a neighbor that
 * has it. False: no more. */
bool bgp_speaker_next_foreign(const struct bgp_speaker *sp, struct bgp_foreign *it,
			      struct ipaddr *neighbor);

/* The state of a BFD session, for BGP. */
enum bgp_bfd {
	BGP_BFD_UNKNOWN, /* not Up yet, or AdminDown at the neighbor: it has no effect */
	BGP_BFD_DOWN,	 /* it was Up and is Down */
	BGP_BFD_UP,
};
/*
 * Reports the state of the BFD session `bfd`. When it has gone Down, the BGP session of each
 * neighbor that uses it ends at once by Cease/BFD Down (RFC 9384). When it is Up, the neighbor is
 * dialled at once; a `strict` neighbor is not dialled before. `why` is for log and status. A
 * repeated report of the same state has no effect.
 */
void bgp_speaker_bfd(struct bgp_speaker *sp, const struct cfg_bfd *bfd, enum bgp_bfd state,
		     const char *why);
/* Reports the next hop of the default route of a family and its interface; all zero: there is none.
 * From now on `neighbor gateway` is dialled at that address. */
void bgp_speaker_gateway(struct bgp_speaker *sp, bool ipv6, const struct ipaddr *address,
			 uint32_t ifindex);
/* Reports that a router at `address` advertises itself on `interface`, which has the index
 * `ifindex`. The neighbor of that interface is dialled at that address, unless it has a session.
 * Returns true if this has changed the address of a neighbor. */
bool bgp_speaker_found(struct bgp_speaker *sp, const char *interface, const struct ipaddr *address,
		       uint32_t ifindex);
/* Was the last session that ended, ended by BFD? *neighbor is then its address. */
bool bgp_speaker_lost_by_bfd(const struct bgp_speaker *sp, struct ipaddr *neighbor);

/*
 * Ends every session by Cease/Administrative Shutdown (RFC 9003) with `reason` (UTF-8, at most 128
 * octets are sent; NULL: none). No session is opened again. This function withdraws nothing;
 * withdraw before. A connection ends when the peer has read the Cease, or after a second. To make
 * sure that the peers can read it, run the loop until bgp_speaker_is_closed(), then call
 * bgp_speaker_destroy().
 */
void bgp_speaker_shutdown(struct bgp_speaker *sp, const char *reason);
/*
 * Ends the session with `neighbor` (NULL: with all) by Cease/Administrative Reset, and dials again
 * at once, without the back-off. Returns the number of neighbors.
 */
unsigned int bgp_speaker_clear(struct bgp_speaker *sp, const struct ipaddr *neighbor);
bool bgp_speaker_is_closed(const struct bgp_speaker *sp);

unsigned int bgp_speaker_established(const struct bgp_speaker *sp);

/* What at least one Established session can carry: prefixes of a family, with our address on the
 * session as next hop, or with a configured next hop of their family. */
enum bgp_carries {
	BGP_CARRIES_IPV4 = 1 << 0,
	BGP_CARRIES_IPV6 = 1 << 1,
	BGP_CARRIES_IPV4_BY = 1 << 2, /* with next_hop4 */
	BGP_CARRIES_IPV6_BY = 1 << 3, /* with next_hop6 */
};
/* The present bits of enum bgp_carries. */
unsigned int bgp_speaker_carries(const struct bgp_speaker *sp);
/* When the last UPDATE was handed to TCP (loop_clock()), MONO_NEVER before the first. */
struct mono bgp_speaker_last_update(const struct bgp_speaker *sp);

/* A neighbor, for `status`. Texts are copied, because the snapshot may outlive the session. */
struct bgp_neighbor_status {
	struct ipaddr address;	      /* all zero: not known now */
	char name[CFG_NEIGHBOR_TEXT]; /* its name in the configuration */
	char state[16]; /* "Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established" */
	uint32_t remote_as;
	uint32_t uptime_s;
	uint16_t hold_time_s; /* of the session while it is Established; else as configured */
	uint32_t prefixes_announced;
	uint32_t prefixes_received; /* parsed, counted, dropped */
	uint32_t rival_paths;	    /* our prefixes for which it has another node's path */
	uint64_t updates_sent, updates_received;
	uint64_t updates_malformed; /* received, and handled by RFC 7606 */
	uint64_t notifications_sent, notifications_received;
	int password_error;   /* -errno: its password is not set on the listening socket */
	char last_error[128]; /* empty: none yet */
};

/* When the last UPDATE was sent to the neighbor `index`, whose address is stored in *address;
 * MONO_NEVER: none. */
struct mono bgp_speaker_updated(const struct bgp_speaker *sp, unsigned int index,
				struct ipaddr *address);

unsigned int bgp_speaker_neighbors(const struct bgp_speaker *sp);
void bgp_speaker_status(const struct bgp_speaker *sp, unsigned int index,
			struct bgp_neighbor_status *out);

#endif
