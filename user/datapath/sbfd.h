/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's interface to S-BFD in the kernel half: the peers that it answers, its records of
 * them, and the gate, which makes its answers depend on whether the daemon runs. This module sends
 * no probes. Only for the loop's thread.
 *
 * In the raw mode this module itself answers and receives, with sockets, while the daemon runs.
 */
#ifndef HF_DATAPATH_SBFD_H
#define HF_DATAPATH_SBFD_H

#include "datapath/datapath.h"

struct datapath_sbfd;

/* Called in the loop when the state in the answers of `owner`'s peer has changed. */
typedef void (*datapath_sbfd_fn)(void *owner);

/*
 * Makes the kernel half answer probes of `peer` on `ifindex`, and record the peer's answers to our
 * probes, as soon as datapath_sbfd_set() is called. `peer` 0.0.0.0 or ::: all senders without an
 * entry. There is one entry for each peer and interface. The entry of an earlier daemon is taken
 * over. NULL with errno: EEXIST, or ENOSPC beyond HF_MAX_SBFD.
 */
struct datapath_sbfd *datapath_sbfd_create(struct datapath *dp, uint32_t ifindex,
					   const struct ipaddr *peer, datapath_sbfd_fn fn,
					   void *owner);
/*
 * Makes the kernel half do the same on the `n` interfaces `ifindexes`, at most
 * DATAPATH_MAX_UPLINKS - 1, beside that of datapath_sbfd_create(), and on no others. All share one
 * record: an answer that arrives on any of them counts. 0, -EOPNOTSUPP in the raw mode if `n` > 0,
 * or -errno.
 */
int datapath_sbfd_set_uplinks(struct datapath_sbfd *s, const uint32_t *ifindexes, unsigned int n);
/*
 * From now on `ifindex` is the interface of datapath_sbfd_create(), because that one does not exist
 * any more; the record stays. Call datapath_sbfd_set_uplinks() next. 0, -EEXIST or -errno. In the
 * raw mode -EOPNOTSUPP.
 */
int datapath_sbfd_move(struct datapath_sbfd *s, uint32_t ifindex);
/* Stops answering and recording the peer. NULL is fine. */
void datapath_sbfd_destroy(struct datapath_sbfd *s);

/* Publishes `cfg` and sets its generation. Before that nothing is answered. 0 or -errno; in the raw
 * mode -EADDRINUSE if another program has port 7784. */
int datapath_sbfd_set(struct datapath_sbfd *s, const struct hf_sbfd_cfg *cfg);
/* Says which socket sends the probes: `fd`, which must stay open until the next call; -1: none. The
 * raw mode reads the answers from it; the BPF mode ignores it. 0 or -errno. */
int datapath_sbfd_listen(struct datapath_sbfd *s, int fd);

/* The kernel half's record: mapped memory that changes while it is read; each number can be read
 * alone.
 */
const volatile struct hf_sbfd_state *datapath_sbfd_state(struct datapath_sbfd *s);

/* A sign of life of the daemon: opens the gate for the gate_ns of each peer. No system call. */
void datapath_sbfd_alive(struct datapath *dp, struct mono now);
/* Closes the gate: from now on the answers are AdminDown. */
void datapath_sbfd_close_gate(struct datapath *dp);
/* The descriptor of the gate's map, for the supervisor; -1 if there is none. This module owns it.
 */
int datapath_sbfd_gate_fd(const struct datapath *dp);

#endif
