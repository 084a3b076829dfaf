/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the BGP speaker: what bgp_speaker.c (all neighbors), bgp_reload.c (which they are),
 * bgp_neighbor.c (one neighbor's events) and bgp_output.c (what is sent to it) share.
 */
#ifndef HF_ENGINE_BGP_NEIGHBOR_H
#define HF_ENGINE_BGP_NEIGHBOR_H

#include "bgp/bgp_rib.h"
#include "bgp/bgp_step.h"
#include "core/addr.h"
#include "core/log.h"
#include "engine/bgp_speaker.h"

/* Read in one turn; a router's full table comes in slices. */
#define BGP_RX_SIZE (4 * BGP_MESSAGE_MAX)
/* Places in the rib: a reload makes the new neighbors before it closes the old ones. */
#define BGP_RIB_PEERS (2 * CFG_MAX_NEIGHBORS)
/* One UPDATE, and a NOTIFICATION behind it. */
#define BGP_TX_SIZE (2 * BGP_MESSAGE_MAX)

/* One neighbor's session: connection, timers, buffers. */
struct bgp_neighbor {
	struct bgp_speaker *sp;
	unsigned int index; /* in the rib; its own as long as it lives */
	const struct cfg_neighbor *cfg;
	char name[IPADDR_TEXT];
	struct bgp_cfg step_cfg;
	struct bgp_fsm fsm;
	struct loop_source src; /* fd -1: no connection */
	struct loop_timer timer;
	struct loop_source drain; /* a connection we said farewell on, or fd -1 */
	struct loop_timer drain_timer;
	bool farewell;		 /* a NOTIFICATION was the last that we sent */
	bool tx_has_update;	 /* counts as sent when the buffer is empty */
	struct mono last_update; /* when that was */
	size_t rx_len;		 /* octets of an unfinished message in rx */
	size_t tx_at, tx_len;	 /* what TCP has not taken yet */
	struct bgp_neighbor_status counters;
	struct log_limit limit, update_limit;
	uint8_t rx[BGP_RX_SIZE], tx[BGP_TX_SIZE];
};

struct bgp_speaker {
	struct loop *loop;
	const struct cfg_bgp *cfg;
	uint32_t router_id;
	bgp_sessions_fn fn;
	void *ctx;
	struct bgp_rib *rib;
	unsigned int established;
	struct mono last_update;
	struct bgp_batch batch; /* scratch */
	unsigned int n_neighbors;
	struct bgp_neighbor *neighbors[CFG_MAX_NEIGHBORS]; /* in the order of the configuration */
};

/* --- bgp_neighbor.c --- */

/* Idle until BGP_EV_START; `sp` has its configuration and router id already. NULL with errno. */
struct bgp_neighbor *bgp_neighbor_create(struct bgp_speaker *sp, unsigned int index,
					 const struct cfg_neighbor *cfg);
/* Closes all it has open. Nothing is said to the peer or the owner. NULL is fine. */
void bgp_neighbor_destroy(struct bgp_neighbor *n);
/*
 * Feeds `ev` (its time is filled in) to the state machine and does what it says. The owner is
 * called last, when all is settled: it may well announce or shut down from there.
 */
void bgp_neighbor_event(struct bgp_neighbor *n, struct bgp_event *ev);
/* Arms the timer for what the state machine waits for. */
void bgp_neighbor_arm(struct bgp_neighbor *n);
/* Keeps why a session ended, or did not begin, for log and status. */
void bgp_neighbor_note_error(struct bgp_neighbor *n, const char *fmt, ...) LOG_PRINTF(2, 3);

/* --- bgp_output.c --- */

/* Sends what waits: the rest of the buffer, then pending routes as far as TCP takes them. Needs a
 * connection. */
void bgp_neighbor_flush(struct bgp_neighbor *n);
void bgp_neighbor_send_open(struct bgp_neighbor *n, const struct bgp_open *open);
void bgp_neighbor_send_keepalive(struct bgp_neighbor *n);
void bgp_neighbor_send_notification(struct bgp_neighbor *n, const struct bgp_error *err);

#endif
