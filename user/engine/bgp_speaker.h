/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One BGP instance's executor: sockets, timers and buffers around the pure bgp_step(), and what
 * each neighbor has been told (its Adj-RIB-Out). Sessions are dialled at start, or the neighbor is
 * waited for, and kept up whether we announce anything or not: a takeover is one UPDATE on an open
 * session.
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

/* Told of every session that becomes or ceases to be Established; `established`: how many are now.
 * It may announce, withdraw and shut down, but not destroy the speaker. */
typedef void (*bgp_sessions_fn)(void *ctx, unsigned int established);

/*
 * Creates the speaker and starts dialling at once. `cfg` must outlive it. `router_id` is in host
 * order. NULL with errno on failure; a neighbor that cannot be reached is no failure.
 */
struct bgp_speaker *bgp_speaker_create(struct loop *loop, const struct cfg_bgp *cfg,
				       uint32_t router_id, bgp_sessions_fn fn, void *ctx);
/* From now on neighbors that the configuration has us listen for are let in. `l` must outlive the
 * speaker. */
void bgp_speaker_listen(struct bgp_speaker *sp, struct bgp_listener *l);
/*
 * `cfg` takes the place of the earlier configuration, which is not looked at afterwards. Neighbors
 * whose session it would open in the same way keep it; others are told Cease and closed; new ones
 * are dialled. A new AS, hold time or router id opens all of them anew. The routes stay as they
 * are. Not from within `fn`, which may be called. 0, or -ENOMEM with nothing changed.
 */
int bgp_speaker_reconfigure(struct bgp_speaker *sp, const struct cfg_bgp *cfg, uint32_t router_id);
uint32_t bgp_speaker_router_id(const struct bgp_speaker *sp);
/* Closes all at once, without a word. Not from within `fn`. NULL is fine. */
void bgp_speaker_destroy(struct bgp_speaker *sp);

/*
 * The route for `prefix` becomes `attrs` at every neighbor, by an implicit update where it
 * differed; it is written to the sockets before this returns where they take it, else as soon as
 * they do. 0 or -errno: -ENOSPC (more than BGP_MAX_PREFIXES), -EINVAL (an impossible prefix length
 * or more communities or prepends than there is room for).
 */
int bgp_speaker_announce(struct bgp_speaker *sp, const struct ipprefix *prefix,
			 const struct bgp_attrs *attrs);
/* The same for `n` prefixes, packed into as few UPDATEs as hold them. All are tried; the first
 * error is returned. */
int bgp_speaker_announce_all(struct bgp_speaker *sp, const struct ipprefix *prefixes,
			     unsigned int n, const struct bgp_attrs *attrs);
/* Takes the route back everywhere. 0, or -ENOENT if it was not announced. */
int bgp_speaker_withdraw(struct bgp_speaker *sp, const struct ipprefix *prefix);
int bgp_speaker_withdraw_all(struct bgp_speaker *sp, const struct ipprefix *prefixes,
			     unsigned int n);

/*
 * Rivals: prefixes of ours for which a neighbor has told us of another node's path. They are kept
 * for prefixes that are watched, announced or not; `owner` comes back with them. `fn` is called
 * with the speaker's `ctx` when a neighbor has its first one.
 */
typedef void (*bgp_rivals_fn)(void *ctx);
void bgp_speaker_on_rivals(struct bgp_speaker *sp, bgp_rivals_fn fn);
void bgp_speaker_watch(struct bgp_speaker *sp, const struct ipprefix *prefix, uint32_t owner);
void bgp_speaker_unwatch(struct bgp_speaker *sp, const struct ipprefix *prefix);
/* Fills `it` (zero-initialise it) with the next rival, *neighbor with one that has it. False: no
 * more. */
bool bgp_speaker_next_rival(const struct bgp_speaker *sp, struct bgp_rival *it,
			    struct ipaddr *neighbor);

/*
 * Writes out Cease/Administrative Shutdown (RFC 8203) with `reason` (UTF-8, at most 128 octets are
 * sent; NULL: none) to every session and closes them; no session is opened again. Withdraw first:
 * this call does not. Connections end when the peers have read it, at most a second later: run the
 * loop until bgp_speaker_is_closed() before bgp_speaker_destroy() to be sure that they have.
 */
void bgp_speaker_shutdown(struct bgp_speaker *sp, const char *reason);
/*
 * Ends the session with `neighbor` (NULL: with all) by Cease/Administrative Reset and dials anew at
 * once, however long it would still have waited. How many neighbors that were.
 */
unsigned int bgp_speaker_clear(struct bgp_speaker *sp, const struct ipaddr *neighbor);
bool bgp_speaker_is_closed(const struct bgp_speaker *sp);

unsigned int bgp_speaker_established(const struct bgp_speaker *sp);
/* When the last UPDATE was handed to TCP (loop_clock()), MONO_NEVER before the first. */
struct mono bgp_speaker_last_update(const struct bgp_speaker *sp);

/* A neighbor for `status`. Texts are copied: the snapshot outlives the session. */
struct bgp_neighbor_status {
	struct ipaddr address;
	char state[16]; /* "Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established" */
	uint32_t remote_as;
	uint32_t uptime_s;
	uint16_t hold_time_s; /* negotiated; configured while down */
	uint32_t prefixes_announced;
	uint32_t prefixes_received; /* parsed, counted, dropped */
	uint32_t rival_paths;	    /* our prefixes that it has another node's path for */
	uint64_t updates_sent, updates_received;
	uint64_t updates_malformed; /* received, and contained as RFC 7606 wants */
	uint64_t notifications_sent, notifications_received;
	char last_error[128]; /* empty: none yet */
};

/* When the last UPDATE to neighbor `index`, whose *address is filled in, was; MONO_NEVER: none. */
struct mono bgp_speaker_updated(const struct bgp_speaker *sp, unsigned int index,
				struct ipaddr *address);

unsigned int bgp_speaker_neighbors(const struct bgp_speaker *sp);
void bgp_speaker_status(const struct bgp_speaker *sp, unsigned int index,
			struct bgp_neighbor_status *out);

#endif
