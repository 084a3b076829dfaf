/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The maps. include/hf_abi.h says key -> value, writer and reason for the size of each. All maps
 * are pinned by name and outlive the daemon, except those of global data (.data, .rodata).
 */
#ifndef HF_MAPS_BPF_H
#define HF_MAPS_BPF_H

#include "kernel.bpf.h"

#include "hf_abi.h"

/* False where the kernel refuses bpf_timer: the verifier then skips the code that uses it. */
const volatile bool hf_use_timer = true;

/*
 * One bit for each value of the last octet of a shared address. For most packets the test of this
 * bit is enough, without a hash lookup. The daemon sets the bits through its mapping of .data.
 */
__u64 hf_vip_filter[4] SEC(".data") = {};

/* One bit for each number of a shared address that has entries in hf_conn. */
__u64 hf_vip_conns[HF_MAX_VIPS / 64] SEC(".data") = {};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hf_meta);
} hf_meta SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HF_MAX_INSTANCES);
	__type(key, struct hf_inst_key);
	__type(value, __u32);
} hf_inst_idx SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HF_MAX_INSTANCES);
	__type(key, __u32);
	__type(value, struct hf_inst_cfg);
} hf_inst_cfg SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HF_MAX_PEERS);
	__type(key, struct hf_peer_key);
	__type(value, struct hf_peer);
} hf_peer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, HF_MAX_INSTANCES);
	__type(key, __u32);
	__type(value, struct hf_inst_state);
} hf_inst_state SEC(".maps");

/*
 * The timers have their own map, because a map with a timer cannot be mapped into memory, and
 * because writing to an element from user space would cancel its timer.
 */
struct hf_timer {
	struct bpf_timer timer; /* first: elsewhere it is refused without CAP_PERFMON */
	__u64 expires_ns;	/* CLOCK_MONOTONIC; 0: not armed */
	__u32 generation;	/* of hf_inst_cfg or hf_bfd_cfg when it was armed */
	__u32 grace;		/* 1: this deadline has had its extra wait, VRRP_GRACE_NS */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HF_MAX_INSTANCES);
	__type(key, __u32);
	__type(value, struct hf_timer);
} hf_timer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HF_MAX_VIPS);
	__type(key, struct ipaddr);
	__type(value, __u32);
} hf_vip_idx SEC(".maps");

/* Per CPU, without atomics. Incoming and outgoing packets have separate maps, because one program
 * may interrupt the other on the same CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HF_MAX_VIPS);
	__type(key, __u32);
	__type(value, struct hf_traffic);
} hf_vip_rx SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HF_MAX_VIPS);
	__type(key, __u32);
	__type(value, struct hf_traffic);
} hf_vip_tx SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, HF_MAX_CONNS);
	__type(key, struct hf_conn_key);
	__type(value, struct hf_conn);
} hf_conn SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HF_V_MAX);
	__type(key, __u32);
	__type(value, struct hf_verdict);
} hf_verdict SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HF_MAX_SBFD);
	__type(key, struct hf_sbfd_key);
	__type(value, __u32);
} hf_sbfd_idx SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HF_MAX_SBFD);
	__type(key, __u32);
	__type(value, struct hf_sbfd_cfg);
} hf_sbfd_cfg SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, HF_MAX_SBFD);
	__type(key, __u32);
	__type(value, struct hf_sbfd_state);
} hf_sbfd_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hf_sbfd_gate);
} hf_sbfd_gate SEC(".maps");

/* The number of BFD sessions. While it is 0, BFD packets are ordinary traffic, because another
 * daemon on this host may use the ports. The daemon sets it through its mapping of .data. */
__u32 hf_bfd_sessions SEC(".data") = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * HF_MAX_BFD);
	__type(key, struct hf_bfd_key);
	__type(value, __u32);
} hf_bfd_idx SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HF_MAX_BFD);
	__type(key, __u32);
	__type(value, struct hf_bfd_cfg);
} hf_bfd_cfg SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, HF_MAX_BFD);
	__type(key, __u32);
	__type(value, struct hf_bfd_state);
} hf_bfd_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HF_MAX_BFD);
	__type(key, __u32);
	__type(value, struct hf_timer);
} hf_bfd_timer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, HF_EVENTS_BYTES);
} hf_events SEC(".maps");

#endif
