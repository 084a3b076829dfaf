// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sends on one connection. UPDATEs are built from the rib's pending routes only when the socket has
 * room. So a neighbor that does not read needs no memory, and gets the present routes when it reads
 * again. The buffer contains the part of the last message that TCP has not accepted. Rejected: a
 * larger buffer of complete messages, which may be out of date when they are sent.
 */
#include "speaker/bgp_neighbor.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* UPDATEs built for one neighbor in one turn: 500 us in the worst case. */
#define FLUSH_MESSAGES 16

/* Gives the buffer to TCP. Returns true if TCP has accepted any octet. */
static bool send_tx(struct bgp_conn *c)
{
	struct bgp_neighbor *n = c->n;
	bool progress = false;

	while (c->tx_at < c->tx_len) {
		ssize_t sent = send(c->src.fd, c->tx + c->tx_at, c->tx_len - c->tx_at,
				    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent <= 0) /* TCP is full, or the connection has failed, which epoll reports */
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

/* The session cannot send the routes of `b`. A router that requests them again and again must not
 * fill the log. */
static void log_unsent(struct bgp_neighbor *n, const struct bgp_batch *b)
{
	char text[IPPREFIX_TEXT];
	uint32_t suppressed;

	if (log_allow(&n->unsent_limit, loop_now(n->sp->loop), &suppressed))
		log_warn("bgp %s: %s does not get %s and %u more prefixes: its session does not "
			 "carry the address family, or there is no next_hop of it%s",
			 n->sp->cfg->name, n->name, ipprefix_format(&b->prefixes[0], text),
			 b->n - 1, LOG_SUPPRESSED(suppressed));
}

/* Builds one UPDATE in the empty buffer. Returns false if no route is pending. */
static bool build_update(struct bgp_conn *c)
{
	struct bgp_neighbor *n = c->n;
	struct bgp_batch *b = &n->sp->batch;
	const struct bgp_session *s = &bgp_conn_fsm(c)->session;
	unsigned int taken;
	int len;

	if (!bgp_rib_next(n->sp->rib, n->index, s, b))
		return false;
	len = b->attrs
		  ? bgp_announce_build(s, b->attrs, b->prefixes, b->n, &taken, c->tx, BGP_TX_SIZE)
		  : bgp_withdraw_build(s, b->prefixes, b->n, &taken, c->tx, BGP_TX_SIZE);
	if (len < 0) {
		log_unsent(n, b);
		b->encoding = BGP_ENCODING_NONE;
		bgp_rib_sent(n->sp->rib, n->index, b, b->n);
		return true;
	}
	bgp_rib_sent(n->sp->rib, n->index, b, taken);
	c->tx_len = (size_t)len;
	c->tx_has_update = true;
	n->counters.updates_sent++;
	return true;
}

/* Tells the state machine whether TCP has accepted octets, for the send hold timer. */
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

void bgp_conn_flush_later(struct bgp_conn *c)
{
	loop_modify(c->n->sp->loop, &c->src, EPOLLIN | EPOLLOUT);
}

/* The free room at the end of the buffer. */
static uint8_t *tx_room(struct bgp_conn *c, size_t *size)
{
	*size = BGP_TX_SIZE - c->tx_len;
	return c->tx + c->tx_len;
}

/* Sends the message of `len` octets that was built in tx_room(). `len` < 0: there was no room, and
 * the message is dropped. */
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

	if (c->tx_len == 0) /* otherwise the queued message also restarts the peer's hold timer */
		tx_push(c, bgp_keepalive_build(at, size));
}

/* Is there nothing to record? A collision is no error, and the reason of BFD Down is recorded
 * already. */
static bool is_noted(const struct bgp_error *err)
{
	return err->code == BGP_ERR_CEASE &&
	       (err->subcode == BGP_CEASE_COLLISION || err->subcode == BGP_CEASE_BFD_DOWN);
}

static void note_sent(struct bgp_conn *c, const struct bgp_error *err)
{
	char why[64] = "";

	if (err->code == BGP_ERR_OPEN && err->subcode == BGP_OPEN_BAD_PEER_AS)
		snprintf(why, sizeof(why), ": it is AS %u, remote_as is %u", err->peer_as,
			 c->n->cfg->remote_as);
	else if (err->code == BGP_ERR_OPEN && err->subcode == BGP_OPEN_ROLE_MISMATCH)
		snprintf(why, sizeof(why), ": it is %s, we are %s", bgp_role_name(err->peer_role),
			 bgp_role_name(c->n->cfg->role));
	bgp_neighbor_note_error(c->n, "sent NOTIFICATION %u/%u, %s%s", err->code, err->subcode,
				bgp_error_text(err->code, err->subcode), why);
}

void bgp_conn_send_notification(struct bgp_conn *c, const struct bgp_error *err)
{
	size_t size;
	uint8_t *at = tx_room(c, &size);

	if (!is_noted(err))
		note_sent(c, err);
	c->n->counters.notifications_sent++;
	tx_push(c, bgp_notification_build(err, at, size));
	c->farewell = c->tx_len == 0;
}
