// SPDX-License-Identifier: BSD-2-Clause
/*
 * What is sent on one connection. UPDATEs are built when the socket takes them, out of the rib's
 * pending routes: a neighbor that does not read costs no memory, and gets the routes as they are
 * when it reads again. The buffer holds what TCP did not take of the last message. Rejected: a
 * larger buffer of ready messages, which are out of date when they leave.
 */
#include "engine/bgp_neighbor.h"

#include <sys/epoll.h>
#include <sys/socket.h>

/* UPDATEs built for one neighbor in one turn: some 500 us at worst. */
#define FLUSH_MESSAGES 16

/* Hands to TCP what it takes. True if it took anything. */
static bool send_tx(struct bgp_conn *c)
{
	struct bgp_neighbor *n = c->n;
	bool progress = false;

	while (c->tx_at < c->tx_len) {
		ssize_t sent = send(c->src.fd, c->tx + c->tx_at, c->tx_len - c->tx_at,
				    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent <= 0) /* full; or broken, and then epoll says so */
			return progress;
		c->tx_at += (size_t)sent;
		progress = true;
	}
	if (c->tx_has_update)
		n->sp->last_update = n->last_update = loop_clock();
	c->tx_has_update = false;
	c->tx_at = c->tx_len = 0;
	return progress;
}

/* Builds one UPDATE into the empty buffer. False: nothing is pending. */
static bool build_update(struct bgp_conn *c)
{
	struct bgp_neighbor *n = c->n;
	struct bgp_batch *b = &n->sp->batch;
	const struct bgp_session *s = &bgp_conn_fsm(c)->session;
	char text[IPPREFIX_TEXT];
	unsigned int taken;
	int len;

	if (!bgp_rib_next(n->sp->rib, n->index, s, b))
		return false;
	len = b->attrs
		  ? bgp_announce_build(s, b->attrs, b->prefixes, b->n, &taken, c->tx, BGP_TX_SIZE)
		  : bgp_withdraw_build(s, b->prefixes, b->n, &taken, c->tx, BGP_TX_SIZE);
	if (len < 0) {
		log_warn("bgp %s: %s cannot be told of %s and %u more: its session does not carry "
			 "the address family, or lacks a next_hop of it",
			 n->sp->cfg->name, n->name, ipprefix_format(&b->prefixes[0], text),
			 b->n - 1);
		b->carrier = BGP_CARRY_NONE;
		bgp_rib_sent(n->sp->rib, n->index, b, b->n);
		return true;
	}
	bgp_rib_sent(n->sp->rib, n->index, b, taken);
	c->tx_len = (size_t)len;
	c->tx_has_update = true;
	n->counters.updates_sent++;
	return true;
}

/* Tells the state machine how sending went: it watches for a peer that takes nothing. */
static void note_output(struct bgp_conn *c, bool progress)
{
	struct bgp_event ev = {.now = loop_now(c->n->sp->loop)};
	const struct bgp_cfg *cfg = &c->n->step_cfg;
	struct bgp_actions none;

	if (progress) {
		ev.type = BGP_EV_SENT;
		bgp_step(cfg, bgp_conn_fsm(c), &ev, &none);
	}
	if (c->tx_len > 0) {
		ev.type = BGP_EV_BLOCKED;
		bgp_step(cfg, bgp_conn_fsm(c), &ev, &none);
	}
	bgp_conn_arm(c);
}

void bgp_conn_flush(struct bgp_conn *c)
{
	const struct bgp_fsm *fsm = bgp_conn_fsm(c);
	bool progress = send_tx(c), more;

	for (int i = 0; i < FLUSH_MESSAGES && fsm->state == BGP_ESTABLISHED; i++) {
		if (c->tx_len > 0 || !build_update(c))
			break;
		progress |= send_tx(c);
	}
	more = c->tx_len > 0 ||
	       (fsm->state == BGP_ESTABLISHED && bgp_rib_is_pending(c->n->sp->rib, c->n->index));
	loop_modify(c->n->sp->loop, &c->src, EPOLLIN | (more ? EPOLLOUT : 0u));
	note_output(c, progress);
}

/* The room behind what waits in the buffer. */
static uint8_t *tx_room(struct bgp_conn *c, size_t *size)
{
	*size = BGP_TX_SIZE - c->tx_len;
	return c->tx + c->tx_len;
}

/* Sends the message of `len` octets that was built in tx_room(); < 0: it had no room, and is left
 * out. */
static void tx_push(struct bgp_conn *c, int len)
{
	if (len < 0)
		return;
	c->tx_len += (size_t)len;
	bgp_conn_flush(c);
}

void bgp_conn_send_open(struct bgp_conn *c, const struct bgp_open *open)
{
	size_t size;
	uint8_t *at = tx_room(c, &size);

	tx_push(c, bgp_open_build(open, at, size));
}

void bgp_conn_send_keepalive(struct bgp_conn *c)
{
	size_t size;
	uint8_t *at = tx_room(c, &size);

	if (c->tx_len == 0) /* else what waits will tell the peer as much */
		tx_push(c, bgp_keepalive_build(at, size));
}

void bgp_conn_send_notification(struct bgp_conn *c, const struct bgp_error *err)
{
	size_t size;
	uint8_t *at = tx_room(c, &size);

	if (err->code != BGP_ERR_CEASE || err->subcode != BGP_CEASE_COLLISION)
		bgp_neighbor_note_error(c->n, "sent NOTIFICATION %u/%u, %s", err->code,
					err->subcode, bgp_error_text(err->code, err->subcode));
	c->n->counters.notifications_sent++;
	tx_push(c, bgp_notification_build(err, at, size));
	c->farewell = c->tx_len == 0;
}
