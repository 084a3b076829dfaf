/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The contract between the BPF programs and the daemon: map names, keys, values, events, limits.
 *
 * Maps are split by writer (see each comment), so that neither half overwrites what the other one
 * counts. All padding is explicit and every size asserted; a change of any of it raises
 * HF_ABI_VERSION, which is part of the pin directory: old and new maps never mix. Units stand in
 * the names, for `bpftool map dump` to show: _ns nanoseconds of CLOCK_MONOTONIC, _us microseconds.
 */
#ifndef HF_ABI_H
#define HF_ABI_H

#include "ipaddr.h"

#define HF_ABI_VERSION 4
#define HF_MAGIC       0x484f4c44u /* "HOLD" */

/* Map and program names: at most 15 characters, or the kernel truncates them. */
#define HF_MAP_META	  "hf_meta"
#define HF_MAP_INST_IDX	  "hf_inst_idx"
#define HF_MAP_INST_CFG	  "hf_inst_cfg"
#define HF_MAP_PEER	  "hf_peer"
#define HF_MAP_INST_STATE "hf_inst_state"
#define HF_MAP_TIMER	  "hf_timer"
#define HF_MAP_VIP_IDX	  "hf_vip_idx"
#define HF_MAP_VIP_RX	  "hf_vip_rx"
#define HF_MAP_VIP_TX	  "hf_vip_tx"
#define HF_MAP_VERDICT	  "hf_verdict"
#define HF_MAP_EVENTS	  "hf_events"

#define HF_MAX_INSTANCES  2048
#define HF_MAX_PEERS	  16384 /* eight a full set of instances */
#define HF_MAX_VIPS	  4096
#define HF_EVENTS_BYTES	  (256 * 1024) /* some 3,000 events: every instance changing at once */

/* hf_meta: 0 -> struct hf_meta. Written by the daemon, once. */
struct hf_meta {
	__u32 magic;
	__u32 abi_version;
	__u8 boot_id[16];
};

/* hf_inst_idx: struct hf_inst_key -> __u32 slot. Written by the daemon. */
struct hf_inst_key {
	__u32 ifindex;
	__u8 family; /* 4 or 6 */
	__u8 vrid;
	__u8 pad[2];
};

#define HF_CFG_MULTICAST    0x01 /* adverts come to the group, TTL or hop limit 255 demanded */
#define HF_CFG_CHECK_SOURCE 0x02 /* the source must be in hf_peer */
#define HF_CFG_CHECK_LIST   0x04 /* an advert's addresses are to be `list_count` and `list_sum` */

/* So long without an advert of other addresses is the end of it: the next one is told again. */
#define HF_LIST_QUIET_NS 3000000000ULL

/* hf_inst_cfg: slot -> struct hf_inst_cfg. Written by the daemon. */
struct hf_inst_cfg {
	__u32 generation; /* a timer or event of another generation is stale */
	__u8 role;	  /* enum vrrp_role */
	__u8 version;	  /* 2 or 3 */
	__u8 family;	  /* 4 or 6 */
	__u8 vrid;
	__u8 priority; /* effective, ours */
	__u8 preempt;
	__u8 down_adverts;
	__u8 auth_type; /* VRRP_AUTH_NONE or VRRP_AUTH_PASS (v2) */
	__u8 auth_data[8];
	__u32
	    interval_us; /* our own advert interval; in v2 an advert with another one is refused */
	__u32 flags;	 /* HF_CFG_* */
	struct ipaddr address; /* ours, the source of our adverts: breaks ties */
	__u32 list_sum;	       /* of our adverts' addresses: vrrp_list_sum() */
	__u8 list_count;
	__u8 pad[3];
};

/* hf_peer: struct hf_peer_key -> struct hf_peer: sources that may advertise. Written by the daemon.
 */
struct hf_peer_key {
	__u32 slot;
	struct ipaddr address;
};

struct hf_peer {
	__u8 min_ttl;
	__u8 max_ttl;
	__u8 pad[2];
};

/*
 * hf_inst_state: slot -> struct hf_inst_state, an mmapable array: the daemon reads it without a
 * system call. Written by the kernel half alone; fields are read singly, each is one aligned word.
 */
struct hf_inst_state {
	__u64 last_rx_ns;  /* last valid advert of the master we follow (BACKUP: it refreshed; or a
			      rival's) */
	__u64 deadline_ns; /* BACKUP: the master is down when this passes */
	__u64 down_ns;	   /* when the timer last found it down; 0: not in this generation */
	__u64 adverts;	   /* valid adverts received */
	__u64 jitter_ns;   /* smoothed deviation of the arrival from the interval (RFC 3550
			      section 6.4.1) */
	__u64 events_lost; /* ring buffer full */
	__u64 sent;	   /* our own adverts that left by the interface */
	__u64 last_tx_ns;  /* the last of them, to a jiffy */
	__u64 lists_differed;	   /* valid adverts whose addresses were not ours */
	__u64 list_differed_ns;	   /* the last of them; 0: none */
	struct ipaddr list_source; /* and whose it was */
	struct ipaddr master;	   /* source of the last advert judged; all zero: none yet */
	__u32 interval_us;	   /* that master's advert interval */
	__u32 generation;	   /* of hf_inst_cfg when the timer was last armed by the daemon */
	__u8 priority;		   /* that master's priority */
	__u8 checksum_form;	   /* enum hf_checksum, that master's */
	__u8 list_count;	   /* addresses in the last advert that did not have ours */
	__u8 pad[5];
};

/* The accepted forms of the checksum; v2 knows one. See vrrp_advert.h. */
enum hf_checksum {
	HF_CSUM_PLAIN = 0,  /* v2; v3 as RFC 9568 reads it: no pseudo-header on IPv4 */
	HF_CSUM_PSEUDO = 1, /* v3: pseudo-header with the packet's addresses (keepalived, IPv6) */
	HF_CSUM_PSEUDO_GROUP =
	    2, /* v3: pseudo-header with the multicast group (old keepalived, unicast) */
};

/* hf_vip_idx: struct ipaddr -> __u32 vip. Written by the daemon. */

/* hf_vip_rx, hf_vip_tx: vip -> struct hf_traffic, per CPU. Written by the kernel half. */
struct hf_traffic {
	__u64 packets;
	__u64 bytes; /* from the IP header on */
	__u64 tcp_syn;
	__u64 tcp_syn_ack;
	__u64 tcp_fin;
	__u64 tcp_rst;
	__u64 udp;
	__u64 icmp;
	__u64 fragments;
	__u64 last_ns; /* the last packet, to a jiffy */
};

/* Why an advert was refused, or how it was judged: the index of hf_verdict, per CPU. */
enum hf_verdict_reason {
	HF_V_ACCEPTED = 0,
	HF_V_UNKNOWN_VRID, /* not ours: passed on */
	HF_V_TRUNCATED,	   /* shorter than its own header says */
	HF_V_IP_OPTIONS,   /* IPv4 options: never part of an advert */
	HF_V_FRAGMENT,
	HF_V_TTL,
	HF_V_SOURCE,	 /* not an allowed peer */
	HF_V_OWN_SOURCE, /* our own address as source: an echo or a duplicate */
	HF_V_VERSION,
	HF_V_TYPE,
	HF_V_LENGTH, /* does not match its address count */
	HF_V_AUTH_TYPE,
	HF_V_PASSWORD,
	HF_V_INTERVAL, /* v2: not our interval */
	HF_V_CHECKSUM,
	HF_V_DESTINATION, /* multicast to a unicast instance or the reverse */
	HF_V_MAX
};

struct hf_verdict {
	__u64 packets;
	__u64 bytes;
	__u64 last_ns;		   /* the last one refused or passed on, to a jiffy */
	struct ipaddr last_source; /* and whose it was, on this CPU */
};

enum hf_event_type {
	HF_EV_MASTER_DOWN = 1, /* the deadline passed; `at_ns` is when the callback saw it */
	HF_EV_ADVERT = 2,      /* an advert that user space must see: see vrrp_wakes_user() */
	HF_EV_LIST = 3,	       /* its addresses are not ours: the first after HF_LIST_QUIET_NS */
};

/* hf_events: a record of the ring buffer, from the kernel half. */
struct hf_event {
	__u64 at_ns;	   /* stamped in the kernel */
	__u64 deadline_ns; /* MASTER_DOWN: the deadline that passed */
	__u32 slot;
	__u32 generation; /* of hf_inst_cfg; the daemon drops stale ones */
	__u32 interval_us;
	__u8 type;	/* enum hf_event_type */
	__u8 judgement; /* ADVERT: enum vrrp_judgement */
	__u8 priority;
	__u8 count; /* ADVERT, LIST: addresses in it */
	struct ipaddr source;
};

/*
 * Context of the hf_arm program: begins a new generation's watch over `slot` and starts its timer;
 * with `timer_only` the watch has begun already. Returns 0, -errno, or HF_ARM_NO_TIMER: all is set
 * but the timer, for which the kernel has no memory at this moment. (Since 6.18 it takes none that
 * it would have to wait for, and is refused now and then.)
 */
struct hf_arm_args {
	__u32 slot;
	__u32 generation;
	__u64 delay_ns; /* from now to the deadline */
	__u32 timer_only;
	__u32 pad;
};

#define HF_ARM_NO_TIMER 1

_Static_assert(sizeof(struct hf_meta) == 24, "ABI");
_Static_assert(sizeof(struct hf_inst_key) == 8, "ABI");
_Static_assert(sizeof(struct hf_inst_cfg) == 52, "ABI");
_Static_assert(sizeof(struct hf_peer_key) == 20, "ABI");
_Static_assert(sizeof(struct hf_peer) == 4, "ABI");
_Static_assert(sizeof(struct hf_inst_state) == 128, "ABI");
_Static_assert(sizeof(struct hf_traffic) == 80, "ABI");
_Static_assert(sizeof(struct hf_verdict) == 40, "ABI");
_Static_assert(sizeof(struct hf_event) == 48, "ABI");
_Static_assert(sizeof(struct hf_arm_args) == 24, "ABI");

#endif
