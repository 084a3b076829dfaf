/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the BGP speaker: what bgp_speaker.c (all neighbors), bgp_reload.c (which they are),
 * bgp_neighbor.c (one neighbor), bgp_conn.c (a connection to it), bgp_output.c (what is sent on
 * that) and bgp_received.c (what it tells us) share.
 */
#ifndef HF_ENGINE_BGP_NEIGHBOR_H
#define HF_ENGINE_BGP_NEIGHBOR_H

#include "bgp/bgp_peer_step.h"
#include "bgp/bgp_rib.h"
#include "bgp/bgp_rival.h"
#include "core/addr.h"
#include "core/log.h"
#include "engine/bgp_listen.h"
#include "engine/bgp_speaker.h"

/* Read in one turn; a router's full table comes in slices. */
#define BGP_RX_SIZE (4 * BGP_MESSAGE_MAX)
/* Places in the rib: a reload makes the new neighbors before it closes the old ones. */
#define BGP_RIB_PEERS (2 * CFG_MAX_NEIGHBORS)
/* One UPDATE, and a NOTIFICATION behind it. */
#define BGP_TX_SIZE (2 * BGP_MESSAGE_MAX)

/* A connection to a neighbor, or the place of one: socket, timers, buffers. */
struct bgp_conn {
	struct bgp_neighbor *n;
	enum bgp_way way;
	struct loop_source src; /* fd -1: no connection */
	struct loop_timer timer;
	struct loop_source drain; /* a connection we said farewell on, or fd -1 */
	struct loop_timer drain_timer;
	bool farewell;	      /* a NOTIFICATION was the last that we sent */
	bool tx_has_update;   /* counts as sent when the buffer is empty */
	size_t rx_len;	      /* octets of an unfinished message in rx */
	size_t tx_at, tx_len; /* what TCP has not taken yet */
	uint8_t rx[BGP_RX_SIZE], tx[BGP_TX_SIZE];
};

struct bgp_neighbor {
	struct bgp_speaker *sp;
	unsigned int index; /* in the rib; its own as long as it lives */
	const struct cfg_neighbor *cfg;
	char name[IPADDR_TEXT];
	struct bgp_cfg step_cfg;
	struct bgp_peer peer;
	struct bgp_conn *conns[BGP_WAYS]; /* NULL: not a way to this neighbor */
	struct bgp_listening listening;	  /* if it has the accepted way */
	struct mono last_update;	  /* when TCP had taken it */
	struct bgp_neighbor_status counters;
	struct log_limit limit, update_limit;
};

struct bgp_speaker {
	struct loop *loop;
	const struct cfg_bgp *cfg;
	uint32_t router_id;
	bgp_sessions_fn fn;
	bgp_rivals_fn rivals_fn; /* NULL: nobody asks */
	void *ctx;
	struct bgp_rib *rib;
	struct bgp_listener *listener; /* NULL: nobody is listened for */
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
/* From now on connections from it are accepted, if it is configured so and `sp` has a listener. */
void bgp_neighbor_listen(struct bgp_neighbor *n);
/*
 * Feeds `ev` (its time is filled in) of the connection `way` to the state machines and does what
 * they say. The owner is called last, when all is settled: it may well announce or shut down from
 * there.
 */
void bgp_neighbor_event(struct bgp_neighbor *n, enum bgp_way way, struct bgp_event *ev);
/*
 * Ends all that stands with Cease and `subcode`, until BGP_EV_START. An administrative shutdown or
 * reset carries `text` (RFC 9003; UTF-8, NULL: none).
 */
void bgp_neighbor_cease(struct bgp_neighbor *n, uint8_t subcode, const char *text);
/* The Established one, or NULL. */
struct bgp_conn *bgp_neighbor_session(const struct bgp_neighbor *n);
/* Keeps why a session ended, or did not begin, for log and status. */
void bgp_neighbor_note_error(struct bgp_neighbor *n, const char *fmt, ...) LOG_PRINTF(2, 3);

/* --- bgp_conn.c --- */

struct bgp_conn *bgp_conn_create(struct bgp_neighbor *n, enum bgp_way way);
void bgp_conn_destroy(struct bgp_conn *c); /* NULL is fine */
struct bgp_fsm *bgp_conn_fsm(struct bgp_conn *c);
/* Takes `fd` over and waits for `events`. 0 or -errno, `fd` then being closed. */
int bgp_conn_attach(struct bgp_conn *c, int fd, uint32_t events);
/* Takes what has arrived, or the connection's end. */
void bgp_conn_read(struct bgp_conn *c);
/* Ends the connection, if there is one, letting a NOTIFICATION arrive. */
void bgp_conn_close(struct bgp_conn *c);
bool bgp_conn_is_closed(const struct bgp_conn *c);
/* Arms the timer for what the state machine waits for. */
void bgp_conn_arm(struct bgp_conn *c);

/* --- bgp_received.c --- */

/* An UPDATE has come over the session `s`. */
void bgp_neighbor_heard(struct bgp_neighbor *n, const struct bgp_session *s,
			const struct bgp_update *u);

/* --- bgp_output.c --- */

/* Sends what waits: the rest of the buffer, then pending routes as far as TCP takes them. Needs a
 * connection. */
void bgp_conn_flush(struct bgp_conn *c);
void bgp_conn_send_open(struct bgp_conn *c, const struct bgp_open *open);
void bgp_conn_send_keepalive(struct bgp_conn *c);
void bgp_conn_send_notification(struct bgp_conn *c, const struct bgp_error *err);

#endif
