/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The maps, one by one: key -> value, writer and reason for the size are told in include/hf_abi.h.
 * All but the two of global data are pinned by name, and outlive the daemon.
 */
#ifndef HF_MAPS_BPF_H
#define HF_MAPS_BPF_H

#include "kernel.bpf.h"

#include "hf_abi.h"

/* False where bpf_timer is refused: the verifier then never looks at the code that uses it. */
const volatile bool hf_use_timer = true;

/*
 * One bit for each last octet that a shared address has: most packets are done with one load,
 * without a hash lookup. The daemon sets bits through its mapping of .data.
 */
__u64 hf_vip_filter[4] SEC(".data") = {};

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
 * The timers stand alone because a map with one in it cannot be mapped into memory, and because
 * writing to an element from user space would cancel its timer.
 */
struct hf_timer {
	struct bpf_timer timer; /* first: elsewhere it is refused without CAP_PERFMON */
	__u64 expires_ns;	/* what it is programmed for; 0: not armed */
	__u32 generation;	/* of hf_inst_cfg when hf_arm ran */
	__u32 grace;		/* the short grace of this expiry has been given */
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

/* Per CPU: no atomics. In and out are apart, as a CPU may enter the one from within the other. */
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
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HF_V_MAX);
	__type(key, __u32);
	__type(value, struct hf_verdict);
} hf_verdict SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, HF_EVENTS_BYTES);
} hf_events SEC(".maps");

#endif
