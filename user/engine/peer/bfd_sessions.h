/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All BFD sessions of the daemon, and the sockets that receive for them. The clients are told when
 * a session goes Up or Down. The peer's address, our address, and single hop or multihop identify a
 * session (cfg_bfd_same_session()). Blocks that ask for the same session share it.
 *
 * The sessions of a configuration are a set, which is allocated outside the loop. A reload replaces
 * the set; a session that is in both sets stays up.
 */
#ifndef HF_ENGINE_BFD_SESSIONS_H
#define HF_ENGINE_BFD_SESSIONS_H

#include "engine/peer/bfd_session.h"

struct bfd_sessions;

struct bfd_set {
	struct bfd_session **all; /* owner: the set, like the sessions */
	unsigned int n;
};

/* Allocates the sessions that `cfg` asks for. `cfg` must outlive them. Any thread may call it. 0 or
 * -ENOMEM. */
int bfd_set_create(const struct config *cfg, struct bfd_set *set);
/* Frees the sessions of `set`, which may be all zero. */
void bfd_set_free(struct bfd_set *set);

typedef void (*bfd_changed_fn)(void *ctx, const struct bfd_session *s);

/* Creates the table without sessions. `changed` is called when a session has become Up or is no
 * longer Up, `heard` when an awaited session has received a packet. The callbacks must not change
 * the sessions. NULL with errno. */
struct bfd_sessions *bfd_sessions_create(struct loop *loop, struct datapath *dp,
					 bfd_changed_fn changed, bfd_changed_fn heard, void *ctx);
/*
 * Puts `set` in force. What remains in `set` is for bfd_set_free(). A session that was in force
 * before is reconfigured and stays up. A session that is not in `set` sends AdminDown and ends.
 * Allocates nothing: the loop has room for the timers of CFG_MAX_BFD sessions.
 */
void bfd_sessions_replace(struct bfd_sessions *all, struct bfd_set *set);
/* Sends AdminDown to every peer, and repeats it slowly. */
void bfd_sessions_stop(struct bfd_sessions *all);
void bfd_sessions_destroy(struct bfd_sessions *all); /* NULL is allowed */

/* The set in force. */
const struct bfd_set *bfd_sessions_set(const struct bfd_sessions *all);
/* The session of the set in force that `cfg` asks for, or NULL. */
const struct bfd_session *bfd_sessions_find(const struct bfd_sessions *all,
					    const struct cfg_bfd *cfg);
/* The next packet of `s`, a session in force, is reported to `heard`, once. */
void bfd_sessions_await(struct bfd_sessions *all, const struct bfd_session *s);
/* Receives the packets that wait in the sockets. */
void bfd_sessions_receive(struct bfd_sessions *all);
/* The number of packets refused for `reason`, without those that the kernel half has counted. */
uint64_t bfd_sessions_refused(const struct bfd_sessions *all, enum bfd_refusal reason);
/* -errno of the first socket that cannot be opened; 0: all are open. */
int bfd_sessions_error(const struct bfd_sessions *all);

#endif
