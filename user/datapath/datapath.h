/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel half as the daemon sees it: loads and pins the programs and maps, attaches them to
 * interfaces, publishes instances, reads what the kernel recorded, and hands on its events.
 *
 * How an interface is attached (native XDP, TC ingress, raw socket) and what wakes us when a master
 * is down (bpf_timer, timerfd) differ in latency, never in behaviour; callers cannot tell but by
 * asking.
 */
#ifndef HF_DATAPATH_H
#define HF_DATAPATH_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/loop.h"
#include "hf_abi.h"

struct datapath;

/* Called in the loop for each event whose generation is still that of its instance. */
typedef void (*datapath_event_fn)(void *ctx, const struct hf_event *ev);

enum datapath_attach { DATAPATH_DETACHED, DATAPATH_XDP, DATAPATH_TC, DATAPATH_RAW };

struct datapath_options {
	const char *name; /* pins under /sys/fs/bpf/<name>/v<ABI>/ */
	bool forbid_xdp;  /* start the ladder at TC: tests, and the operator's choice */
	bool force_raw;	  /* as if the kernel refused BPF altogether: likewise */
	bool keep; /* leave links and maps pinned when closed, for the next daemon to adopt */
	bool force_timerfd; /* as if the kernel refused bpf_timer */
};

/*
 * Opens the data path: mounts bpffs if it is missing, adopts the pins of an earlier daemon or loads
 * anew. NULL with errno, and the reason logged.
 */
struct datapath *datapath_open(struct loop *loop, const struct datapath_options *opt,
			       datapath_event_fn fn, void *ctx);
/* Closes; without opt.keep everything is detached and unpinned. NULL is fine. */
void datapath_close(struct datapath *dp);
/* Detaches and unpins what a daemon called `name` left. 0, or -ENOENT if there was nothing, or
 * -errno. */
int datapath_detach_all(const char *name);

/* Attaches ingress and egress on `ifindex`, once per interface; more calls are no-ops. 0 or -errno.
 */
int datapath_attach_interface(struct datapath *dp, uint32_t ifindex);
/* Detaches from `ifindex` in the loop's next turn, unless it is attached again until then. */
void datapath_release_interface(struct datapath *dp, uint32_t ifindex);

/*
 * Publishes or republishes instance `slot`. The peers replace the earlier ones: those that are not
 * set again until the loop's next turn are removed then. `cfg->generation` is set by this module
 * and raised each time; a BACKUP goes on waiting for what is left of its deadline. What the kernel
 * has recorded stays as long as interface, family and VRID do. Fill and publish before attaching:
 * the first packet then finds all. 0 or -errno.
 */
int datapath_set_instance(struct datapath *dp, uint32_t slot, uint32_t ifindex,
			  const struct hf_inst_cfg *cfg);
int datapath_set_peer(struct datapath *dp, uint32_t slot, const struct ipaddr *address,
		      const struct hf_peer *peer);
int datapath_remove_instance(struct datapath *dp, uint32_t slot);

/*
 * The role, priority and preemption of `slot` change (VRRP_ACT_WATCH): a new generation begins and,
 * for a BACKUP, the master is down in `delay_ns` unless it is heard. One map update and one program
 * run.
 */
int datapath_watch(struct datapath *dp, uint32_t slot, uint8_t role, uint8_t priority, bool preempt,
		   int64_t delay_ns);

/* What the kernel has recorded of `slot`; mapped memory, changing under the reader. Never NULL for
 * slot < max. */
const volatile struct hf_inst_state *datapath_state(const struct datapath *dp, uint32_t slot);

/* Counts traffic to and from `address` from now on; *vip is its index for datapath_traffic(). 0 or
 * -errno. */
int datapath_add_vip(struct datapath *dp, const struct ipaddr *address, uint32_t *vip);
/* Counts it no more. 0, or -ENOENT if it was not counted. */
int datapath_remove_vip(struct datapath *dp, const struct ipaddr *address);
/* Sums over the CPUs. 0 or -errno. */
int datapath_traffic(struct datapath *dp, uint32_t vip, struct hf_traffic *rx,
		     struct hf_traffic *tx);
/* Sums over the CPUs for one enum hf_verdict_reason; who was last, of all CPUs. 0 or -errno. */
int datapath_verdict(struct datapath *dp, uint32_t reason, struct hf_verdict *out);
const char *datapath_verdict_name(uint32_t reason); /* "checksum", "source", ... */

struct datapath_interface {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
	enum datapath_attach attach;
	bool bpf_timer;	 /* else timerfd */
	char reason[96]; /* why not the better rung; empty on the first */
};

/* Are adverts that leave by `ifindex` counted (hf_inst_state.sent)? */
bool datapath_sees_egress(const struct datapath *dp, uint32_t ifindex);
unsigned int datapath_interfaces(const struct datapath *dp);
void datapath_interface_status(const struct datapath *dp, unsigned int index,
			       struct datapath_interface *out);

#endif
