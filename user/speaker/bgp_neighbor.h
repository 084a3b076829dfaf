/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the BGP speaker: shared by bgp_speaker.c (all neighbors), bgp_reload.c (the list of
 * neighbors), bgp_neighbor.c (one neighbor), bgp_conn.c (a connection), bgp_output.c (sending) and
 * bgp_received.c (received routes).
 */
#ifndef HF_ENGINE_BGP_NEIGHBOR_H
#define HF_ENGINE_BGP_NEIGHBOR_H

#include "bgp/bgp_peer_step.h"
#include "bgp/bgp_rib.h"
#include "bgp/bgp_foreign.h"
#include "core/addr.h"
#include "core/log.h"
#include "speaker/bgp_listen.h"
#include "speaker/bgp_socket.h"
#include "speaker/bgp_speaker.h"

/* Octets of the receive buffer. */
#define BGP_RX_SIZE (4 * BGP_MESSAGE_MAX)
/* Places in the rib: a reload creates the new neighbors before it closes the old ones. */
#define BGP_RIB_PEERS (2 * CFG_MAX_NEIGHBORS)
/* Octets of the send buffer: one UPDATE, and a NOTIFICATION after it. */
#define BGP_TX_SIZE (2 * BGP_MESSAGE_MAX)

/* A present or possible connection to a neighbor: socket, timers, buffers. */
struct bgp_conn {
	struct bgp_neighbor *n;
	enum bgp_direction dir;
	struct loop_source src; /* fd -1: no connection */
	struct loop_timer timer;
	struct loop_source drain; /* an old connection that waits for the peer to close; or fd -1 */
	struct loop_timer drain_timer;
	bool farewell;		 /* TCP has accepted a NOTIFICATION, our last message */
	bool refresh4, refresh6; /* ROUTE-REFRESH received, but not answered yet */
	bool tx_has_update;	 /* the buffer has an UPDATE; it counts as sent when it is empty */
	size_t rx_len;		 /* octets of an incomplete message in rx */
	size_t tx_at, tx_len;	 /* tx[tx_at..tx_len) has not been accepted by TCP yet */
	uint8_t rx[BGP_RX_SIZE], tx[BGP_TX_SIZE];
};

struct bgp_neighbor {
	struct bgp_speaker *sp;
	unsigned int index; /* in the rib; it never changes */
	const struct cfg_neighbor *cfg;
	char name[CFG_NEIGHBOR_TEXT];
	struct bgp_place at;	/* the address that is dialled */
	struct mono trial_ends; /* until then another router does not replace the one found last */
	struct bgp_cfg step_cfg;
	struct bgp_peer peer;
	struct bgp_conn *conns[BGP_DIRECTIONS]; /* NULL: no connections in this direction */
	struct bgp_listening listening;		/* if it may dial us */
	struct mono last_update;		/* when TCP had accepted the last UPDATE */
	enum bgp_bfd bfd;			/* the last state of its BFD session */
	bool bfd_died;				/* set while BFD ends the BGP session */
	struct bgp_neighbor_status counters;
	struct log_limit limit, update_limit, unsent_limit;
};

struct bgp_speaker {
	struct loop *loop;
	const struct cfg_bgp *cfg;
	uint32_t router_id;
	bgp_sessions_fn fn;
	bgp_foreign_fn foreign_fn;	   /* may be NULL */
	bgp_foreign_med_fn foreign_med_fn; /* may be NULL */
	void *ctx;
	struct bgp_rib *rib;
	struct bgp_listener *listener; /* NULL: no neighbor may connect */
	unsigned int established;
	struct ipaddr
	    bfd_lost; /* if BFD ended the last session that ended: its neighbor; else unset */
	struct mono last_update;
	struct bgp_batch batch;	      /* scratch */
	struct bgp_place gateways[2]; /* of IPv4 and of IPv6 */
	unsigned int n_neighbors;
	struct bgp_neighbor *neighbors[CFG_MAX_NEIGHBORS]; /* in the order of the configuration */
};

/* --- bgp_neighbor.c --- */

/* Creates a neighbor, which is Idle until BGP_EV_START. `sp` already has its configuration and
 * router id. NULL with errno. */
struct bgp_neighbor *bgp_neighbor_create(struct bgp_speaker *sp, unsigned int index,
					 const struct cfg_neighbor *cfg);
/* Starts to dial the neighbor, or to wait for its connection. With `strict` this happens only if
 * BFD is Up. */
void bgp_neighbor_start(struct bgp_neighbor *n);
/* Call it when the gateways of `sp` may have changed. If the address of the neighbor has changed,
 * its session ends and the new address is dialled. */
void bgp_neighbor_replace(struct bgp_neighbor *n);
/* A router has advertised itself on the neighbor's interface. It is dialled, unless there is a
 * session or another router was found less than a second ago. Returns true if another router than
 * before is dialled. */
bool bgp_neighbor_found(struct bgp_neighbor *n, const struct bgp_place *at);
/* See bgp_speaker_bfd(). */
void bgp_neighbor_bfd(struct bgp_neighbor *n, enum bgp_bfd state, const char *why);
/* Closes all connections without a NOTIFICATION, and without a call of the owner. NULL is fine. */
void bgp_neighbor_destroy(struct bgp_neighbor *n);
/* From now on accepts connections from the neighbor, if this is configured and `sp` has a
 * listener. */
void bgp_neighbor_listen(struct bgp_neighbor *n);
/*
 * Handles `ev`, whose time this function sets, of the connection `dir` and performs the actions.
 * The owner is called last, when everything is complete, so it may announce or shut down in its
 * function.
 */
void bgp_neighbor_event(struct bgp_neighbor *n, enum bgp_direction dir, struct bgp_event *ev);
/*
 * Ends all connections by Cease with `subcode`, until BGP_EV_START. An Administrative Shutdown or
 * Reset contains `text` (RFC 9003; UTF-8, NULL: none).
 */
void bgp_neighbor_cease(struct bgp_neighbor *n, uint8_t subcode, const char *text);
/* The Established connection, or NULL. */
struct bgp_conn *bgp_neighbor_session(const struct bgp_neighbor *n);
/* Stores why a session has ended, or has not begun, for log and status. */
void bgp_neighbor_note_error(struct bgp_neighbor *n, const char *fmt, ...) LOG_PRINTF(2, 3);

/* --- bgp_conn.c --- */

struct bgp_conn *bgp_conn_create(struct bgp_neighbor *n, enum bgp_direction dir);
void bgp_conn_destroy(struct bgp_conn *c); /* NULL is fine */
struct bgp_fsm *bgp_conn_fsm(struct bgp_conn *c);
/* Takes ownership of `fd` and waits for `events`. 0 or -errno; on an error `fd` is closed. */
int bgp_conn_attach(struct bgp_conn *c, int fd, uint32_t events);
/* Reads and handles received octets, or the end of the connection. */
void bgp_conn_read(struct bgp_conn *c);
/* Ends the connection, if there is one, so that a NOTIFICATION still arrives. */
void bgp_conn_close(struct bgp_conn *c);
bool bgp_conn_is_closed(const struct bgp_conn *c);
/* Arms the timer for bgp_due(). */
void bgp_conn_arm(struct bgp_conn *c);

/* --- bgp_received.c --- */

/* Handles an UPDATE that was received in the session `s`. */
void bgp_neighbor_heard(struct bgp_neighbor *n, const struct bgp_session *s,
			const struct bgp_update *u);

/* --- bgp_output.c --- */

/* Sends the rest of the buffer, then pending routes as far as TCP accepts them. Needs a
 * connection. */
void bgp_conn_flush(struct bgp_conn *c);
/* The same in a later turn. */
void bgp_conn_flush_later(struct bgp_conn *c);
void bgp_conn_send_open(struct bgp_conn *c, const struct bgp_open *open);
void bgp_conn_send_keepalive(struct bgp_conn *c);
void bgp_conn_send_notification(struct bgp_conn *c, const struct bgp_error *err);

#endif
