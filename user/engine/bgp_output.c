// SPDX-License-Identifier: BSD-2-Clause
/*
 * What is sent to one neighbor. UPDATEs are built when the socket takes them, out of the rib's
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
static bool send_tx(struct bgp_neighbor *n)
{
	bool progress = false;

	while (n->tx_at < n->tx_len) {
		ssize_t sent = send(n->src.fd, n->tx + n->tx_at, n->tx_len - n->tx_at,
				    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent <= 0) /* full; or broken, and then epoll says so */
			return progress;
		n->tx_at += (size_t)sent;
		progress = true;
	}
	if (n->tx_has_update)
		n->sp->last_update = n->last_update = loop_clock();
	n->tx_has_update = false;
	n->tx_at = n->tx_len = 0;
	return progress;
}

/* Builds one UPDATE into the empty buffer. False: nothing is pending. */
static bool build_update(struct bgp_neighbor *n)
{
	struct bgp_batch *b = &n->sp->batch;
	const struct bgp_session *s = &n->fsm.session;
	char text[IPPREFIX_TEXT];
	unsigned int taken;
	int len;

	if (!bgp_rib_next(n->sp->rib, n->index, s, b))
		return false;
	len = b->attrs
		  ? bgp_announce_build(s, b->attrs, b->prefixes, b->n, &taken, n->tx, BGP_TX_SIZE)
		  : bgp_withdraw_build(s, b->prefixes, b->n, &taken, n->tx, BGP_TX_SIZE);
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
	n->tx_len = (size_t)len;
	n->tx_has_update = true;
	n->counters.updates_sent++;
	return true;
}

/* Tells the state machine how sending went: it watches for a peer that takes nothing. */
static void note_output(struct bgp_neighbor *n, bool progress)
{
	struct bgp_event ev = {.now = loop_now(n->sp->loop)};
	struct bgp_actions none;

	if (progress) {
		ev.type = BGP_EV_SENT;
		bgp_step(&n->step_cfg, &n->fsm, &ev, &none);
	}
	if (n->tx_len > 0) {
		ev.type = BGP_EV_BLOCKED;
		bgp_step(&n->step_cfg, &n->fsm, &ev, &none);
	}
	bgp_neighbor_arm(n);
}

void bgp_neighbor_flush(struct bgp_neighbor *n)
{
	bool progress = send_tx(n), more;

	for (int i = 0; i < FLUSH_MESSAGES && n->fsm.state == BGP_ESTABLISHED; i++) {
		if (n->tx_len > 0 || !build_update(n))
			break;
		progress |= send_tx(n);
	}
	more = n->tx_len > 0 ||
	       (n->fsm.state == BGP_ESTABLISHED && bgp_rib_is_pending(n->sp->rib, n->index));
	loop_modify(n->sp->loop, &n->src, EPOLLIN | (more ? EPOLLOUT : 0u));
	note_output(n, progress);
}

/* The room behind what waits in the buffer. */
static uint8_t *tx_room(struct bgp_neighbor *n, size_t *size)
{
	*size = BGP_TX_SIZE - n->tx_len;
	return n->tx + n->tx_len;
}

/* Sends the message of `len` octets that was built in tx_room(); < 0: it had no room, and is left
 * out. */
static void tx_push(struct bgp_neighbor *n, int len)
{
	if (len < 0)
		return;
	n->tx_len += (size_t)len;
	bgp_neighbor_flush(n);
}

void bgp_neighbor_send_open(struct bgp_neighbor *n, const struct bgp_open *open)
{
	size_t size;
	uint8_t *at = tx_room(n, &size);

	tx_push(n, bgp_open_build(open, at, size));
}

void bgp_neighbor_send_keepalive(struct bgp_neighbor *n)
{
	size_t size;
	uint8_t *at = tx_room(n, &size);

	if (n->tx_len == 0) /* else what waits will tell the peer as much */
		tx_push(n, bgp_keepalive_build(at, size));
}

void bgp_neighbor_send_notification(struct bgp_neighbor *n, const struct bgp_error *err)
{
	size_t size;
	uint8_t *at = tx_room(n, &size);

	bgp_neighbor_note_error(n, "sent NOTIFICATION %u/%u, %s", err->code, err->subcode,
				bgp_error_text(err->code, err->subcode));
	n->counters.notifications_sent++;
	tx_push(n, bgp_notification_build(err, at, size));
	n->farewell = n->tx_len == 0;
}
