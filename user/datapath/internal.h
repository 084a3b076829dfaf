/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the data path share; nobody else includes it.
 *
 * Adoption works by claims: datapath_open() takes over everything an earlier daemon left pinned as
 * "not claimed", each call that publishes or attaches claims its own, and what the loop's first
 * turn finds unclaimed is removed (dp_sweep). A reload's peers go the same way.
 */
#ifndef HF_DATAPATH_INTERNAL_H
#define HF_DATAPATH_INTERNAL_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "datapath/datapath.h"

#define DP_BPFFS	  "/sys/fs/bpf"
#define DP_PATH		  128 /* DP_BPFFS, a daemon's name, a pin's name */
#define DP_NAME_MAX	  63
#define DP_MAX_INTERFACES 64  /* far more than hosts have uplinks */
#define DP_EVENTS_A_TURN  64  /* at most; the rest is ready in the next turn */
#define DP_SWEEP_A_TURN	  128 /* deletions, a microsecond each */
#define DP_TC_PRIORITY	  1   /* before the filters of others, which decide next */

struct dp_filter { /* one of our programs in a clsact hook */
	bool on;
	uint32_t priority, handle;
};

struct dp_interface {
	uint32_t ifindex;
	bool claimed;
	enum datapath_attach attach;
	int link_fd; /* the XDP link, or -1 */
	struct dp_filter in, out;
	bool own_qdisc; /* clsact was created by us */
	char name[IF_NAMESIZE];
	char reason[96];
};

struct dp_raw; /* raw.c */

struct dp_peer {
	struct ipaddr address;
	struct hf_peer rules; /* where there is no kernel half to know them */
	bool claimed;
};

struct dp_slot {
	struct datapath *dp;
	struct hf_inst_cfg cfg; /* as last published */
	struct hf_inst_key key;
	bool indexed; /* hf_inst_idx leads from key to here */
	bool claimed;
	struct dp_peer *peers; /* owner: this slot */
	uint32_t n_peers, max_peers;
	bool timer_refused;	 /* the kernel had no memory for this one's bpf_timer */
	struct loop_timer timer; /* without bpf_timer: at the deadline, or before it */
	bool grace;
	uint64_t reported_ns; /* the deadline last reported as passed */
	uint64_t events_lost; /* of the state, when it was last looked at */
};

struct dp_vip {
	struct ipaddr address;
	bool used, claimed;
};

struct datapath {
	struct loop *loop;
	struct datapath_options opt;
	char name[DP_NAME_MAX + 1];
	char dir[DP_PATH];     /* of the pins; empty: there is no bpffs, nothing is pinned */
	struct holdfast *skel; /* NULL: BPF is refused, `raw` stands in */
	struct dp_raw *raw;
	char raw_reason[96];
	bool bpf_timer;
	const volatile struct hf_inst_state *state; /* hf_inst_state, mapped */
	struct ring_buffer *events;
	struct loop_source events_src;
	int events_left; /* in this turn ... */
	struct mono events_until; /* ... and at most until then */
	datapath_event_fn fn;
	void *ctx;
	struct dp_slot *slots; /* HF_MAX_INSTANCES */
	struct dp_vip *vips;   /* HF_MAX_VIPS */
	struct dp_interface interfaces[DP_MAX_INTERFACES];
	unsigned int n_interfaces;
	struct loop_timer sweep;
	unsigned int n_cpus; /* possible ones: a per-CPU value has so many parts */
};

/* pins.c: the directory and its lock */

/* Letters, digits, '-' and '_', as bpffs knows no dots; at most DP_NAME_MAX. */
bool dp_name_is_valid(const char *name);
/* Mounts bpffs if need be and makes the pin directory. 0 or -errno; dp->dir is empty on error. */
int dp_pins_prepare(struct datapath *dp);
/* Locks /sys/fs/bpf/<name> against another daemon's start or end. A descriptor or -errno. */
int dp_pins_lock(const char *name);
void dp_pins_unlock(int fd);
/* "<dir>/<name>" into `path`. -ENAMETOOLONG or 0. */
int dp_pin_path(char path[DP_PATH], const char *dir, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Detaches all that `dir` tells of, removes its pins and itself. 0 or -errno. */
int dp_pins_remove(const char *dir);
/* Does so with the directories of every ABI but `except` (NULL: none). Their number, or -errno. */
int dp_pins_remove_all(const char *name, const char *except);

/* load.c */

/* Loads the programs, on the pinned maps if they are usable. *adopted says so. 0 or -errno. */
int dp_load(struct datapath *dp, bool *adopted);
void dp_unload(struct datapath *dp);

/* attach.c */

/* Fills `ifs` with what the pins in `dir` say is attached, unclaimed; how many. */
unsigned int dp_interfaces_scan(const char *dir, struct dp_interface *ifs, unsigned int max);
/* Detaches and unpins; `dir` may be empty. */
void dp_interface_detach(const char *dir, struct dp_interface *ifc);
/* Forgets, but leaves attached. */
void dp_interface_forget(struct dp_interface *ifc);

/* tc.c */

/* Makes sure that there is a clsact qdisc; notes in `ifc` if it is ours. 0 or -errno. */
int dp_tc_prepare(const char *dir, struct dp_interface *ifc, int prog_fd);
/* Attaches, or puts another program into the filter that is there. 0 or -errno. */
int dp_tc_attach(const char *dir, struct dp_interface *ifc, bool ingress, int prog_fd);
void dp_tc_detach(const char *dir, struct dp_interface *ifc, bool ingress);
/* Removes the qdisc if it is ours and no filter is left in it. */
void dp_tc_finish(const char *dir, struct dp_interface *ifc);
/* The name of a filter's pin is all that is known of it after a restart. */
void dp_tc_parse_pin(struct dp_interface *ifc, bool ingress, const char *rest);

/* instance.c */

int dp_instances_adopt(struct datapath *dp);
/* Deletes at most *budget unclaimed things, counting it down. */
void dp_instances_sweep(struct datapath *dp, int *budget);
/* Without bpf_timer: the kernel has moved the deadline of `slot`. */
void dp_slot_deadline_moved(struct dp_slot *slot);
/* Tells of every master that is down and whose event was lost, as the ring was full. */
void dp_instances_recover(struct datapath *dp);
void dp_instances_free(struct datapath *dp);

/* traffic.c */

int dp_vips_adopt(struct datapath *dp);
void dp_vips_sweep(struct datapath *dp, int *budget);

/* raw.c: in the kernel half's stead */

int dp_raw_open(struct datapath *dp);
void dp_raw_close(struct datapath *dp);
/* Takes in what waits in the sockets, at most once a turn: before the state is read. */
void dp_raw_drain(struct dp_raw *raw);
/* Adverts of `key` are from now on for `slot`, whose state is emptied. 0 or -errno. */
int dp_raw_index(struct dp_raw *raw, const struct hf_inst_key *key, uint32_t slot);
void dp_raw_unindex(struct dp_raw *raw, const struct hf_inst_key *key);
bool dp_raw_find(const struct dp_raw *raw, const struct hf_inst_key *key, uint32_t *slot);
/* What the program hf_arm does. */
void dp_raw_arm(struct dp_raw *raw, uint32_t slot, uint32_t generation, uint64_t delay_ns);
/* For any thread: a count that is being written may be one behind. */
void dp_raw_verdict(const struct dp_raw *raw, uint32_t reason, struct hf_verdict *out);

/* datapath.c */

/* Removes what is unclaimed in the loop's next turn. */
void dp_sweep_soon(struct datapath *dp);

#endif
