/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's interface to the kernel half: loads and pins the programs and maps, attaches them to
 * interfaces, publishes instances, reads the kernel's records, and delivers its events.
 *
 * The ways to attach (native XDP, TC ingress, raw socket) and to detect a dead master (bpf_timer,
 * loop timer) differ in latency, but not in behaviour; callers see no difference unless they ask.
 * The slot of an instance in the maps is private to this module: callers have a handle. All
 * functions are for the loop's thread, except datapath_traffic(), datapath_conn() and
 * datapath_verdict().
 */
#ifndef HF_DATAPATH_H
#define HF_DATAPATH_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/loop.h"
#include "hf_abi.h"

#define DATAPATH_MAX_UPLINKS 8 /* interfaces of one instance */

struct datapath;
struct datapath_instance;

/*
 * Called in the loop for each event whose generation is still that of its instance, and for each
 * advert of priority 0 that was judged in an earlier one; `owner` is what
 * datapath_create_instance() was given.
 */
typedef void (*datapath_event_fn)(void *owner, const struct hf_event *ev);

enum datapath_attach { DATAPATH_DETACHED, DATAPATH_XDP, DATAPATH_TC, DATAPATH_RAW };

struct datapath_options {
	const char *name; /* pins under /sys/fs/bpf/<name>/v<ABI>/ */
	bool forbid_xdp;  /* no XDP: for tests, or by the operator's choice */
	bool force_raw;	  /* raw mode, as if the kernel refused BPF: for the same purposes */
	bool keep; /* datapath_close() leaves links and maps pinned, for the next daemon to adopt */
	bool force_timerfd; /* loop timer, as if the kernel refused bpf_timer */
};

/* Is this a valid name of a daemon? The name is part of paths below /run and on bpffs, which
 * accepts no dots: 1 to 31 letters, digits, '-' and '_'. */
bool datapath_name_is_valid(const char *name);

/*
 * Opens the data path: mounts bpffs if it is missing, and adopts the pins of an earlier daemon or
 * loads the programs anew. NULL with errno; the reason has been logged.
 */
struct datapath *datapath_open(struct loop *loop, const struct datapath_options *opt,
			       datapath_event_fn fn);
/* Closes the data path. Without opt.keep everything is detached and unpinned. NULL is fine. */
void datapath_close(struct datapath *dp);
/* Detaches and unpins everything that a daemon called `name` left, and removes filters of Holdfast
 * whose pins were deleted. 0, or -ENOENT if there was nothing, or -errno. */
int datapath_detach_all(const char *name);

/*
 * Called in the loop when the result for `ifindex` has changed. `err` is 0 if the interface has
 * been attached, also after a failure; -errno if it cannot be attached, or not any more.
 */
typedef void (*datapath_attached_fn)(void *ctx, uint32_t ifindex, int err);

/*
 * Starts a thread that attaches and detaches, because both wait for the kernel's RTNL lock and for
 * drivers. The thread also attaches removed programs again. It notices a removal at once (TC) or
 * within half a second (XDP). Call this function when the loop begins to run. 0 or -errno.
 */
int datapath_start_worker(struct datapath *dp, datapath_attached_fn fn, void *ctx);
/* Puts that thread into the real-time class, at `priority` of SCHED_RR. 0 or -errno. */
int datapath_set_worker_priority(struct datapath *dp, int priority);

/*
 * Attaches ingress and egress on `ifindex`, once per interface; further calls return the result. 0,
 * -EINPROGRESS if the thread is working on it (datapath_attached_fn follows), -ENODEV if there is
 * no such interface, or -errno of ingress.
 */
int datapath_attach_interface(struct datapath *dp, uint32_t ifindex);
/*
 * Says that S-BFD probes must be answered on `ifindex`. Call this function before the interface is
 * attached, or as soon as this is known. From then on a veth is attached by TC: a packet that XDP
 * sends back on a veth is lost if the other end has no NAPI, and this cannot be detected. 0,
 * -ENODEV or -ENOMEM.
 */
int datapath_reflect(struct datapath *dp, uint32_t ifindex);
/* Was the program of `ifindex` missing just now, so that a master may have been silent only here? A
 * program that is still missing is attached again. */
bool datapath_was_deaf(struct datapath *dp, uint32_t ifindex);
/* Detaches from `ifindex` in the loop's next turn, unless it is attached again before that. */
void datapath_release_interface(struct datapath *dp, uint32_t ifindex);

/*
 * A handle for a virtual router. No advert is judged for it until it is set. NULL with errno
 * (ENOMEM).
 */
struct datapath_instance *datapath_create_instance(struct datapath *dp, void *owner);
/* Frees the handle, and removes everything that was published for it. NULL is fine. */
void datapath_destroy_instance(struct datapath_instance *in);

/*
 * Publishes or republishes `in` as the virtual router `cfg->family`, `cfg->vrid` of `ifindex`. It
 * replaces another instance that is published as the same virtual router. This module sets the
 * generation of the published configuration and increments it each time. A BACKUP keeps its
 * deadline. The kernel half's record, also that of an earlier daemon, is kept if family, VRID and
 * at least one interface stay the same. The caller must set the peers again; peers that have not
 * been set before the loop's next turn are removed then. Set the instance before its interface is
 * attached, so that the first packet finds everything. 0, -ENOSPC beyond HF_MAX_INSTANCES, or
 * -errno of the map.
 */
int datapath_set_instance(struct datapath_instance *in, uint32_t ifindex,
			  const struct hf_inst_cfg *cfg);
/*
 * Sets the interfaces, besides that of datapath_set_instance(), on which adverts of the same
 * virtual router belong to `in`. `n` is at most DATAPATH_MAX_UPLINKS - 1. The next
 * datapath_set_instance() applies them. All interfaces share one record and one deadline. Each uses
 * one of the HF_MAX_INSTANCES entries of the index.
 */
void datapath_set_uplinks(struct datapath_instance *in, const uint32_t *ifindexes, unsigned int n);
/*
 * Accepts adverts for `in` from `address`, with a TTL or hop limit within the bounds of `peer`.
 * Another call replaces the bounds. 0, -ENOENT if `in` is not set, -ENOMEM, or -errno of the map:
 * -E2BIG if it has HF_MAX_PEERS entries already.
 */
int datapath_set_peer(struct datapath_instance *in, const struct ipaddr *address,
		      const struct hf_peer *peer);
/*
 * Sets the macvlan of the instance's interface; `ifindex` 0: there is none. Another node's adverts
 * with the same virtual MAC address have the macvlan's own address as their source. The kernel
 * gives such frames to the macvlan, and not to a raw socket on the interface. So the raw mode
 * receives adverts on the macvlan, too. The kernel half sees the frames before the macvlan does.
 * Call this function after datapath_set_instance(). 0 or -errno.
 */
int datapath_hear_on(struct datapath_instance *in, uint32_t ifindex);
/* True if adverts are read by raw sockets on all interfaces, and not by the kernel half. */
bool datapath_is_raw(const struct datapath *dp);
/* Stops judging adverts for `in` and sending its events; the handle stays valid. 0, or -ENOENT if
 * it is not set. */
int datapath_remove_instance(struct datapath_instance *in);

/* A key of auth_hmac. */
struct datapath_key {
	uint8_t id; /* 1..255 */
	const struct hmac_key *key;
};

/*
 * Sets the keys, at most HF_MAX_KEYS, for the next datapath_set_instance() of `in`; `keys` must
 * stay valid until then. The keys are stored before the instance is published, and its old keys are
 * removed in the loop's next turn. `n` is 0 without auth_hmac.
 */
void datapath_set_keys(struct datapath_instance *in, const struct datapath_key *keys,
		       unsigned int n);
/* Reads the counts of verified and refused adverts of `in`, with one system call. 0, -ENOENT
 * without auth_hmac, or -errno. */
int datapath_auth_state(const struct datapath_instance *in, struct hf_auth_state *out);

/*
 * Changes the role (enum vrrp_role), priority and preemption of `in` (VRRP_ACT_WATCH). A new
 * generation begins. For a BACKUP the deadline is `delay_ns` nanoseconds from now; a negative value
 * counts as 0. Costs one map update and one program run. 0, -ENOENT if `in` is not set, or -errno
 * of the kernel.
 */
int datapath_watch(struct datapath_instance *in, uint8_t role, uint8_t priority, bool preempt,
		   int64_t delay_ns);

/*
 * The kernel half's record of `in`: mapped memory that changes while it is read. Numbers can be
 * read directly, addresses with vrrp_watch_address(). All zero before the instance is set for the
 * first time. Do not store the pointer, because datapath_set_instance() may change it. Never NULL.
 */
const volatile struct hf_inst_state *datapath_state(const struct datapath_instance *in);

/* Starts to count traffic to and from `address`; *vip is its index for datapath_traffic(). 0,
 * -ENOSPC beyond HF_MAX_VIPS, or -errno. */
int datapath_add_vip(struct datapath *dp, const struct ipaddr *address, uint32_t *vip);
/* Stops counting. 0, or -ENOENT if it was not counted. */
int datapath_remove_vip(struct datapath *dp, const struct ipaddr *address);
/* Sums over the CPUs: packets, octets from the IP header on. 0, -ENOENT if there is no such index,
 * or -errno. For any thread. */
int datapath_traffic(struct datapath *dp, uint32_t vip, struct hf_traffic *rx,
		     struct hf_traffic *tx);
/*
 * Replaces the set of ports whose connections are counted by the `n` keys at `keys`. The `vip` of
 * each key comes from datapath_add_vip(). A key that is counted already keeps its counts. A new key
 * begins at zero, or at the counts that an earlier daemon left. 0, -ENOSPC beyond HF_MAX_CONNS,
 * -EOPNOTSUPP in the raw mode, or -errno of the map.
 */
int datapath_set_conns(struct datapath *dp, const struct hf_conn_key *keys, unsigned int n);
/* Sums over the CPUs. 0, -ENOENT if the key is not counted, or -errno. For any thread. */
int datapath_conn(struct datapath *dp, const struct hf_conn_key *key, struct hf_conn *out);
/* Sums over the CPUs for one enum hf_verdict_reason; the last source is the latest one of all CPUs.
 * 0, -ENOENT if there is no such reason, or -errno. For any thread. */
int datapath_verdict(struct datapath *dp, uint32_t reason, struct hf_verdict *out);
const char *datapath_verdict_name(uint32_t reason); /* "checksum", "source", ... */

struct datapath_interface {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
	enum datapath_attach attach;
	bool bpf_timer;	 /* else a loop timer */
	char reason[96]; /* why a better mode is not used; empty for native XDP */
};

/* Are adverts that leave through `ifindex` counted (hf_inst_state.adverts_egressed)? */
bool datapath_sees_egress(const struct datapath *dp, uint32_t ifindex);
unsigned int datapath_interfaces(const struct datapath *dp);
void datapath_interface_status(const struct datapath *dp, unsigned int index,
			       struct datapath_interface *out);

#endif
