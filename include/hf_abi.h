/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The contract between the BPF programs and the daemon: map names, keys, values, events, limits.
 *
 * Each map has one writer (see its comment), so that neither half overwrites what the other one
 * counts. All padding is explicit and every size is asserted. Any change raises HF_ABI_VERSION,
 * which is part of the pin directory, so old and new maps never mix. Numbers are in host byte
 * order, addresses in network byte order. The names contain the units, so that `bpftool map dump`
 * shows them: _ns is nanoseconds of CLOCK_MONOTONIC, _us is microseconds, _s is seconds.
 */
#ifndef HF_ABI_H
#define HF_ABI_H

#include "bfd_rules.h"
#include "ipaddr.h"
#include "vrrp_auth.h"

#define HF_ABI_VERSION 11
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
#define HF_MAP_CONN	  "hf_conn"
#define HF_MAP_VERDICT	  "hf_verdict"
#define HF_MAP_EVENTS	  "hf_events"
#define HF_MAP_SBFD_IDX	  "hf_sbfd_idx"
#define HF_MAP_SBFD_CFG	  "hf_sbfd_cfg"
#define HF_MAP_SBFD_STATE "hf_sbfd_state"
#define HF_MAP_SBFD_GATE  "hf_sbfd_gate"
#define HF_MAP_BFD_IDX	  "hf_bfd_idx"
#define HF_MAP_BFD_CFG	  "hf_bfd_cfg"
#define HF_MAP_BFD_STATE  "hf_bfd_state"
#define HF_MAP_BFD_TIMER  "hf_bfd_timer"
#define HF_MAP_AUTH_KEY	  "hf_auth_key"
#define HF_MAP_AUTH_STATE "hf_auth_state"

#define HF_MAX_INSTANCES  2048
#define HF_MAX_PEERS	  16384 /* eight for each instance */
#define HF_MAX_VIPS	  4096
#define HF_MAX_CONNS	  1024 /* ports of shared addresses that are checked by their traffic */
#define HF_MAX_SBFD	  1024 /* S-BFD peers: one entry for each peer and interface */
#define HF_MAX_BFD	  2048 /* BFD sessions; a power of two: see hf_bfd_cfg */
#define HF_MAX_KEYS	  8    /* for each instance; a change of keys needs two at the same time */
#define HF_MAX_AUTH_KEYS  (HF_MAX_INSTANCES * HF_MAX_KEYS)
#define HF_EVENTS_BYTES	  (256 * 1024) /* 3,640 events of 72 octets: more than one an instance */

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

#define HF_CFG_MULTICAST    0x01 /* adverts go to the group; TTL or hop limit must be 255 */
#define HF_CFG_CHECK_SOURCE 0x02 /* the source must be in hf_peer */
#define HF_CFG_CHECK_LIST   0x04 /* compare an advert's addresses: list_count, list_sum */
#define HF_CFG_AUTH	    0x08 /* auth_hmac: verify the trailer */
#define HF_CFG_AUTH_ENFORCE 0x10 /* auth_hmac: refuse an advert without one */

/* After this quiet time the next advert with other addresses is reported again. */
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
	__u32 interval_us;     /* our advert interval; v2 refuses an advert with a different one */
	__u32 flags;	       /* HF_CFG_* */
	struct ipaddr address; /* ours, the source of our adverts: breaks ties */
	__u32 list_sum;	       /* of our adverts' addresses: vrrp_list_sum() */
	__u8 list_count;
	__u8 pad;
	__u16 time_window_s; /* auth_hmac: allowed difference of the clocks; 0: anti_replay
				monotonic */
	__u32 digest_gap_ns; /* auth_hmac: vrrp_digest_gap_ns() */
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
 * hf_auth_key: struct hf_auth_key_id -> struct hmac_key. Written by the daemon. Uses memory only
 * for its entries.
 */
struct hf_auth_key_id {
	__u32 slot;
	__u8 key_id;
	__u8 pad[3];
};

/*
 * hf_auth_state: slot -> struct hf_auth_state, only for instances with auth_hmac. The daemon
 * creates an entry of zeros and removes it. The kernel half writes everything else, and holds the
 * lock when it changes marks.
 */
struct hf_auth_state {
#ifdef __bpf__
	struct bpf_spin_lock lock;
#else
	__u32 lock;
#endif
	__u8 refused_reason; /* enum hf_verdict_reason of the last advert refused by its trailer */
	__u8 refused_key_id;
	__u8 pad[2];
	__u64 digest_due_ns;	      /* vrrp_digest_token() */
	__u64 verified;		      /* adverts with a good HMAC */
	__u64 refused;		      /* adverts refused because of their trailer or its absence */
	__u64 refused_ns;	      /* the last of them; 0: none */
	__u64 without_trailer;	      /* adverts accepted without a trailer */
	__u64 without_trailer_ns;     /* the last of them; 0: none */
	struct ipaddr refused_source; /* who sent these */
	struct ipaddr without_trailer_source;
	struct vrrp_marks marks;
};

/*
 * hf_inst_state: slot -> struct hf_inst_state, an mmapable array: the daemon reads it without a
 * system call. Written by the kernel half alone, on several CPUs at the same time. Each number is
 * one aligned word and can be read alone. An address is several words. A writer increments
 * address_begun before it changes an address, and address_done after the change.
 * vrrp_watch_address() compares both and so reads a consistent address.
 */
struct hf_inst_state {
	__u64 last_rx_ns;  /* last valid advert. BACKUP: of the master that we follow, priority 0
			      excepted. MASTER: of any other master */
	__u64 deadline_ns; /* BACKUP: the master is down when this passes */
	__u64 down_ns;	 /* when the timer last found the master down; 0: not in this generation */
	__u64 adverts;	 /* valid adverts received */
	__u64 jitter_ns; /* smoothed deviation of the arrival from the interval (RFC 3550
			    section 6.4.1) */
	__u64 adverts_egressed;	   /* our own adverts that left through the interface */
	__u64 last_tx_ns;	   /* the last of them, exact to a jiffy */
	__u64 list_mismatch_ns;	   /* the last advert whose address list was not ours; 0: none */
	__u64 resigned_ns;	   /* the last advert of priority 0, in any role; 0: none */
	__u32 vip_list_mismatch;   /* valid adverts whose address list was not ours */
	__u32 events_lost;	   /* the ring buffer was full */
	__u32 address_begun;	   /* changes of list_source and master: begun ... */
	__u32 address_done;	   /* ... and completed */
	struct ipaddr list_source; /* who sent the last such advert */
	struct ipaddr master;	   /* source of the last advert judged; all zero: none yet */
	struct ipaddr resigned;	   /* who sent the advert of resigned_ns; the kernel half's own */
	__u32 interval_us;	   /* that master's advert interval */
	__u32 generation;	   /* of hf_inst_cfg when the timer was last armed by the daemon */
	__u8 priority;		   /* that master's priority */
	__u8 checksum_form;	   /* enum hf_checksum, that master's */
	__u8 list_count;	   /* number of addresses in the last advert whose list differed */
	__u8 pad;
	__u32 worst_gap_us; /* longest time between two adverts of that master, as BACKUP */
};

/* The accepted forms of the checksum. See vrrp_advert.h. */
enum hf_checksum {
	HF_CSUM_PLAIN = 0,  /* v2 as sent; v3 as RFC 9568 reads it: no pseudo-header on IPv4 */
	HF_CSUM_PSEUDO = 1, /* v3: pseudo-header with the packet's addresses (keepalived, IPv6) */
	HF_CSUM_PSEUDO_GROUP =
	    2,		/* v3: pseudo-header with the multicast group (old keepalived, unicast) */
	HF_CSUM_V2 = 3, /* v2 as received: says nothing about the sender's form in v3 */
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
	__u64 last_ns; /* the last packet, exact to a jiffy */
};

/*
 * hf_conn: struct hf_conn_key -> struct hf_conn, per CPU. The daemon creates an entry of zeros and
 * removes it; the kernel half counts. The program for incoming packets writes `syn`, that for
 * outgoing packets the other counts, so one program may interrupt the other. The kernel half looks
 * only for addresses whose bit the daemon has set in hf_vip_conns.
 */
struct hf_conn_key {
	__u32 vip;
	__u16 port_be; /* of the shared address; 0: all of them together */
	__u8 pad[2];
};

struct hf_conn {
	__u64 syn;     /* to it, without FIN and RST, with which it opens no connection */
	__u64 syn_ack; /* from it */
	/* RST that answer a SYN: with ACK and sequence number 0 (RFC 9293 section 3.10.7.1). */
	__u64 refused;
	/* Other RST with ACK, of connections that this host knew. A RST without ACK is not counted.
	 * It answers a segment of an unknown connection, and there are many of them after a
	 * takeover. */
	__u64 reset;
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
	HF_V_DESTINATION,  /* multicast to a unicast instance or the reverse */
	HF_V_HMAC_MISSING, /* no trailer, and auth_hmac's mode is enforce */
	HF_V_HMAC_MALFORMED,
	HF_V_HMAC_STALE, /* its clock is further away than time_window */
	HF_V_HMAC_UNKNOWN_KEY,
	HF_V_HMAC_REPLAYED,
	HF_V_HMAC_OVER_BUDGET, /* not verified: see VRRP_DIGEST_FACTOR */
	HF_V_HMAC_WRONG,
	HF_V_BFD, /* BFD and S-BFD packets from here on: HF_V_BFD + enum bfd_refusal */
	HF_V_MAX = HF_V_BFD + BFD_R_MAX
};

struct hf_verdict {
	__u64 packets;
	__u64 bytes;
	__u64 last_ns;		   /* the last one refused or passed on, exact to a jiffy */
	struct ipaddr last_source; /* its source, on this CPU */
};

enum hf_event_type {
	HF_EV_MASTER_DOWN = 1, /* the deadline passed; `at_ns` is when the callback saw it */
	HF_EV_ADVERT = 2,      /* an advert that the daemon must see: see vrrp_wakes_user() */
	HF_EV_LIST = 3,	       /* the first advert with other addresses after HF_LIST_QUIET_NS */
	HF_EV_SBFD = 4, /* the state in a peer's answer has changed, or the answer is the first of a
			   generation: see hf_sbfd_state */
	HF_EV_BFD = 5,	/* a packet of a BFD session that the daemon must see: bfd_is_news() */
	HF_EV_BFD_EXPIRED = 6, /* the deadline of a BFD session passed */
};

/* BACKUP: the master has sent no advert until the deadline. */
struct hf_ev_master_down {
	__u64 deadline_ns;    /* the deadline that passed */
	struct ipaddr source; /* the master; all zero: none was heard in this generation */
	__u32 interval_us;    /* the master's */
	__u8 priority;	      /* the master's */
	__u8 pad[3];
};

struct hf_ev_advert {
	__u64 deadline_ns; /* after this advert */
	struct ipaddr source;
	__u32 interval_us;
	__u8 priority;
	__u8 count;	/* addresses in it */
	__u8 judgement; /* enum vrrp_judgement */
	__u8 pad;
};

struct hf_ev_list {
	struct ipaddr source;
	struct ipaddr first; /* first address in the advert; all zero: it has none */
	__u32 sum;	     /* of all its addresses: vrrp_list_sum() */
	__u8 count;
	__u8 pad[3];
};

struct hf_ev_bfd {
	__u32 our_discr;	  /* the session's; another one in the slot: the event is stale */
	struct bfd_packet packet; /* all zero: HF_EV_BFD_EXPIRED */
};

/*
 * hf_events: a record of the ring buffer, from the kernel half. All types have the same head. The
 * type says which member of the union is used, and to which map `slot` and `generation` belong:
 * hf_sbfd_cfg for HF_EV_SBFD, which uses no member; hf_bfd_cfg for HF_EV_BFD and HF_EV_BFD_EXPIRED;
 * and hf_inst_cfg for all others. The daemon drops records of an old generation. There are two
 * exceptions, because the sender may not repeat them: an advert of priority 0, and HF_EV_BFD, which
 * stays valid as long as the session exists.
 */
struct hf_event {
	__u64 at_ns; /* set in the kernel */
	__u32 type;  /* enum hf_event_type */
	__u32 slot;
	__u32 generation;
	__u32 pad;
	union {
		struct hf_ev_master_down master_down;
		struct hf_ev_advert advert;
		struct hf_ev_list list;
		struct hf_ev_bfd bfd;
	};
};

/*
 * Context of the hf_arm program, which begins a new generation in `slot` and starts its timer. With
 * `timer_only` it only starts the timer. Also the context of hf_bfd_arm, which sets the deadline of
 * the BFD session in `slot` and starts its timer (`timer_only` is not used). Both return 0, -errno,
 * or HF_ARM_NO_TIMER: everything is set except the timer, because the kernel has no memory for it
 * at this moment. (Since 6.18 the kernel does not wait for memory here, so the allocation can
 * fail.) hf_bfd_arm also returns HF_ARM_NO_TIMER where bpf_timer is not used at all.
 */
struct hf_arm_args {
	__u32 slot;
	__u32 generation;
	__u64 delay_ns; /* from now to the deadline */
	__u32 timer_only;
	__u32 pad;
};

#define HF_ARM_NO_TIMER 1

/* hf_sbfd_idx: struct hf_sbfd_key -> __u32 slot of the maps below. Written by the daemon. */
struct hf_sbfd_key {
	__u32 ifindex;
	struct ipaddr address; /* of the peer; 0.0.0.0 or ::, all peers without an own entry */
};

/* hf_sbfd_cfg: slot -> struct hf_sbfd_cfg. Written by the daemon. */
struct hf_sbfd_cfg {
	__u64 gate_ns;	       /* the answer is Up until this time after alive_ns, then AdminDown */
	struct ipaddr address; /* ours: destination of probes and answers */
	__u32 generation;      /* an event of another one is stale */
	__u32 our_discr;       /* our reflector's discriminator */
	__u32 peer_discr;      /* the peer's reflector's */
	__u32 probe_discr;     /* of our probes; 0: we send none */
	__u16 probe_port;      /* source port of our probes, host order */
	__u8 min_ttl;	       /* of the peer's packets */
	__u8 pad[5];
};

/* hf_sbfd_state: slot -> struct hf_sbfd_state, an mmapable array. Written by the kernel half. */
struct hf_sbfd_state {
	__u64 answer_ns; /* the last answer to our probes; 0: none */
	__u64 answers;
	__u64 probe_ns; /* the last probe of the peer, which was answered; 0: none */
	__u64 probes;
	__u8 answer_state; /* enum bfd_state in the last answer: the peer's gate */
	__u8 probe_state;  /* enum bfd_state: Up when the peer could take over */
	__u8 pad[2];
	__u32 events_lost; /* the ring buffer was full */
	__u32 generation;  /* of hf_sbfd_cfg when the last answer came */
	__u32 pad2;
};

/*
 * hf_sbfd_gate: 0 -> struct hf_sbfd_gate, an mmapable array. Written by the daemon, which renews
 * the gate regularly, and by its supervisor, which closes it when the daemon has died.
 */
struct hf_sbfd_gate {
	__u64 alive_ns; /* the daemon's last sign of life; 0: closed */
};

/*
 * hf_bfd_idx: struct hf_bfd_key -> __u32 slot of the maps below. Written by the daemon. It finds
 * the session of a packet whose Your Discriminator is 0. In all other packets Your Discriminator is
 * ours, and its low bits are the slot. A key with a peer of all zeros says that `local` is an
 * address of ours.
 */
struct hf_bfd_key {
	struct ipaddr peer;
	struct ipaddr local; /* ours; all zero: any */
	__u8 multihop;	     /* 1: RFC 5883, port 4784 */
	__u8 pad[3];
};

/* hf_bfd_cfg: slot -> struct hf_bfd_cfg. Written by the daemon. */
struct hf_bfd_cfg {
	struct ipaddr peer;
	__u32 generation; /* its first packet is reported; a timer of another one is stale */
	__u32 our_discr;  /* % HF_MAX_BFD is the slot; 0: no session */
	__u32 watch_us;	  /* Required Min RX Interval in force; 0: no deadline, all are reported */
	__u8 multihop;
	__u8 min_ttl; /* of the peer's packets */
	__u8 state;   /* enum bfd_state: ours */
	__u8 pad;
};

/* hf_bfd_state: slot -> struct hf_bfd_state, an mmapable array. Written by the kernel half. */
struct hf_bfd_state {
	__u64 last_rx_ns;  /* the last packet of the session; 0: none */
	__u64 deadline_ns; /* the peer is down when this passes; 0: not set yet */
	__u64 packets;
	__u64 tell_due_ns;	/* bfd_watch_token() */
	struct bfd_packet seen; /* the last packet reported to the daemon */
	__u32 generation;	/* of hf_bfd_cfg when it was reported */
	__u32 worst_gap_us;	/* longest time between two packets while Up */
	__u32 events_lost;	/* the ring buffer was full */
	__u32 pad;
};

_Static_assert(sizeof(struct hf_meta) == 24, "ABI");
_Static_assert(sizeof(struct hf_inst_key) == 8, "ABI");
_Static_assert(sizeof(struct hf_inst_cfg) == 56, "ABI");
_Static_assert(sizeof(struct hf_peer_key) == 20, "ABI");
_Static_assert(sizeof(struct hf_peer) == 4, "ABI");
_Static_assert(sizeof(struct hf_auth_key_id) == 8, "ABI");
_Static_assert(sizeof(struct hmac_key) == 64, "ABI");
_Static_assert(sizeof(struct hf_auth_state) == 88 + VRRP_MARKS * 32, "ABI");
_Static_assert(sizeof(struct hf_inst_state) == 152, "ABI");
_Static_assert(sizeof(struct hf_traffic) == 80, "ABI");
_Static_assert(sizeof(struct hf_conn_key) == 8, "ABI");
_Static_assert(sizeof(struct hf_conn) == 32, "ABI");
_Static_assert(sizeof(struct hf_verdict) == 40, "ABI");
_Static_assert(sizeof(struct hf_ev_master_down) == 32, "ABI");
_Static_assert(sizeof(struct hf_ev_advert) == 32, "ABI");
_Static_assert(sizeof(struct hf_ev_list) == 40, "ABI");
_Static_assert(sizeof(struct hf_event) == 64, "ABI");
_Static_assert(sizeof(struct hf_arm_args) == 24, "ABI");
_Static_assert(sizeof(struct hf_sbfd_key) == 20, "ABI");
_Static_assert(sizeof(struct hf_sbfd_cfg) == 48, "ABI");
_Static_assert(sizeof(struct hf_sbfd_state) == 48, "ABI");
_Static_assert(sizeof(struct hf_sbfd_gate) == 8, "ABI");
_Static_assert(sizeof(struct bfd_packet) == 24, "ABI");
_Static_assert(sizeof(struct hf_ev_bfd) == 28, "ABI");
_Static_assert(sizeof(struct hf_bfd_key) == 36, "ABI");
_Static_assert(sizeof(struct hf_bfd_cfg) == 32, "ABI");
_Static_assert(sizeof(struct hf_bfd_state) == 72, "ABI");

#endif
