/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by raw.c (judges adverts), raw_socket.c (receives them) and raw_sbfd.c. */
#ifndef HF_DATAPATH_RAW_H
#define HF_DATAPATH_RAW_H

#include "datapath/internal.h"
#include "vrrp_advert.h"

#define RAW_EVENTS  1024 /* limit of queued events; lost ones are counted */
#define RAW_A_DRAIN 256	 /* packets read from a socket in one turn: some 200 us */
#define RAW_NO_SLOT UINT16_MAX

struct raw_lan { /* one interface, one family */
	struct loop_source src;
	struct dp_raw *raw;
	uint32_t ifindex;
	uint8_t family;
	unsigned int n_slots;
	uint16_t slots[256]; /* by VRID */
};

struct dp_raw {
	struct datapath *dp;
	struct hf_inst_state *states; /* HF_MAX_INSTANCES */
	struct hf_verdict verdicts[HF_V_MAX];
	struct raw_lan **lans;
	unsigned int n_lans, max_lans;
	struct hf_event events[RAW_EVENTS];
	unsigned int n_events;
	bool events_lost; /* since the last delivery */
	struct loop_timer deliver;
	struct mono drained; /* the turn in which the sockets were last read */
};

/* A received packet. */
struct raw_packet {
	const uint8_t *msg, *end;
	struct vrrp_packet ip;
	uint32_t headers; /* octets of the IP header and the extension headers */
	bool options;
};

/* raw.c */
void raw_receive(struct raw_lan *lan, const struct raw_packet *p, struct mono now);
/* Counts a packet from `source` with `bytes` octets. */
void raw_count(struct dp_raw *raw, uint32_t reason, const struct ipaddr *source, uint64_t bytes,
	       struct mono now);

/* raw_socket.c */

/* Creates a LAN, and adds its socket to the loop. NULL with errno. */
struct raw_lan *raw_lan_create(struct dp_raw *raw, const struct hf_inst_key *key);
void raw_lan_destroy(struct dp_raw *raw, unsigned int index);
/* Reads the queued packets, at most RAW_A_DRAIN. */
void raw_lan_drain(struct raw_lan *lan);

#endif
