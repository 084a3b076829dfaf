// SPDX-License-Identifier: BSD-2-Clause
/*
 * One connection to a neighbor: turns received messages into events, and ends the connection so
 * that a NOTIFICATION arrives. It owns the socket, two timers and the buffers. bgp_peer_step()
 * decides what to do. Rejected: a thread for each neighbor, which would put a lock and a wake-up
 * between a takeover and its UPDATE.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "speaker/bgp_neighbor.h"
#include "speaker/bgp_socket.h"

/* The time that the peer has to close the connection after our NOTIFICATION. If we closed it while
 * octets of the peer are unread, the kernel would send a reset, and the peer might lose the
 * NOTIFICATION (RFC 1122 section 4.2.2.13). */
#define DRAIN_NS NS_PER_S
/* Octets of one read. In the worst case these are 800 of our prefixes in paths of another node,
 * which take a quarter of a millisecond. */
#define READ_MAX BGP_MESSAGE_MAX
/* Limit of reads at the end: twice the size of the socket's buffer, if the peer keeps sending. */
#define DRAIN_READS 32
#define CONN_TIMERS 2 /* timer, drain_timer */

struct bgp_fsm *bgp_conn_fsm(struct bgp_conn *c)
{
	return &c->n->peer.conn[c->dir];
}

static void conn_event(struct bgp_conn *c, struct bgp_event *ev)
{
	bgp_neighbor_event(c->n, c->dir, ev);
}

static void conn_event_type(struct bgp_conn *c, enum bgp_event_type type)
{
	struct bgp_event ev = {.type = type};

	conn_event(c, &ev);
}

void bgp_conn_arm(struct bgp_conn *c)
{
	struct mono due = bgp_due(bgp_conn_fsm(c));

	if (mono_is_set(due))
		loop_arm(c->n->sp->loop, &c->timer, due);
	else
		loop_disarm(c->n->sp->loop, &c->timer);
}

/* --- the end of a connection --- */

static void drain_end(struct bgp_conn *c)
{
	char scratch[BGP_MESSAGE_MAX];

	if (c->drain.fd < 0)
		return;
	loop_disarm(c->n->sp->loop, &c->drain_timer);
	loop_remove(c->n->sp->loop, &c->drain);
	for (int i = 0; i < DRAIN_READS; i++) {
		if (recv(c->drain.fd, scratch, sizeof(scratch), MSG_DONTWAIT) <= 0)
			break;
	}
	close(c->drain.fd);
	c->drain.fd = -1;
}

static void on_drain(struct loop_source *src, uint32_t ready)
{
	char scratch[BGP_MESSAGE_MAX];
	ssize_t got = recv(src->fd, scratch, sizeof(scratch), MSG_DONTWAIT);

	(void)ready;
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		drain_end(src->ctx);
}

static void on_drain_timer(struct loop_timer *timer)
{
	drain_end(timer->ctx);
}

/* Half-closes the connection, and waits until the peer closes it. */
static void drain_begin(struct bgp_conn *c, int fd)
{
	drain_end(c);
	c->drain.fd = fd;
	shutdown(fd, SHUT_WR);
	if (loop_add(c->n->sp->loop, &c->drain, EPOLLIN) < 0)
		drain_end(c);
	else
		loop_arm(c->n->sp->loop, &c->drain_timer, mono_add(loop_clock(), DRAIN_NS));
}

void bgp_conn_close(struct bgp_conn *c)
{
	int fd = c->src.fd;

	if (fd < 0)
		return;
	loop_remove(c->n->sp->loop, &c->src);
	c->src.fd = -1;
	if (c->farewell)
		drain_begin(c, fd);
	else
		close(fd);
	c->farewell = c->tx_has_update = c->refresh4 = c->refresh6 = false;
	c->rx_len = c->tx_at = c->tx_len = 0;
}

/* --- receiving --- */

static void receive_notification(struct bgp_conn *c, const uint8_t *body, size_t len)
{
	struct bgp_event ev = {.type = BGP_EV_NOTIFICATION};
	char text[BGP_SHUTDOWN_TEXT];

	bgp_notification_parse(body, len, &ev.error, text);
	c->n->counters.notifications_received++;
	bgp_neighbor_note_error(c->n, "received NOTIFICATION %u/%u, %s%s%.60s%s", ev.error.code,
				ev.error.subcode, bgp_error_text(ev.error.code, ev.error.subcode),
				*text ? ": \"" : "", text, *text ? "\"" : "");
	conn_event(c, &ev);
}

static void receive_open(struct bgp_conn *c, const uint8_t *body, size_t len)
{
	struct bgp_event ev = {.type = BGP_EV_OPEN};

	if (bgp_open_parse(body, len, &ev.open, &ev.error) < 0)
		ev.type = BGP_EV_ERROR;
	conn_event(c, &ev);
}

static void receive_update(struct bgp_conn *c, const uint8_t *body, size_t len)
{
	struct bgp_event ev = {.type = BGP_EV_UPDATE};
	struct bgp_update u = {0};
	uint32_t suppressed;

	/* Before a session is negotiated, its format is unknown; the state machine reports the
	 * error. */
	if (bgp_conn_fsm(c)->state == BGP_ESTABLISHED &&
	    bgp_update_parse(&bgp_conn_fsm(c)->session, body, len, &u, &ev.error) < 0)
		ev.type = BGP_EV_ERROR;
	c->n->counters.updates_received++;
	c->n->counters.prefixes_received += u.announced;
	if (u.as_withdraw || u.bad_attribute) {
		c->n->counters.updates_malformed++;
		if (log_allow(&c->n->update_limit, loop_now(c->n->sp->loop), &suppressed))
			log_warn("bgp %s: %s sent an UPDATE with a bad attribute %u%s",
				 c->n->sp->cfg->name, c->n->name, u.bad_attribute,
				 LOG_SUPPRESSED(suppressed));
	}
	if (bgp_conn_fsm(c)->state == BGP_ESTABLISHED && ev.type == BGP_EV_UPDATE)
		bgp_neighbor_heard(c->n, &bgp_conn_fsm(c)->session, &u);
	conn_event(c, &ev);
}

/* RFC 2918 section 4: a request for a family that was not negotiated is ignored. */
static void receive_refresh(struct bgp_conn *c, const uint8_t *body)
{
	const struct bgp_session *s = &bgp_conn_fsm(c)->session;
	uint16_t afi;
	uint8_t safi;

	bgp_refresh_parse(body, &afi, &safi);
	if (safi == BGP_SAFI_UNICAST) {
		c->refresh4 |= s->ipv4 && afi == BGP_AFI_IPV4;
		c->refresh6 |= s->ipv6 && afi == BGP_AFI_IPV6;
	}
	conn_event_type(c, BGP_EV_UPDATE);
}

static void receive_message(struct bgp_conn *c, uint8_t type, const uint8_t *body, size_t len)
{
	switch (type) {
	case BGP_MSG_OPEN:
		receive_open(c, body, len);
		break;
	case BGP_MSG_UPDATE:
		receive_update(c, body, len);
		break;
	case BGP_MSG_NOTIFICATION:
		receive_notification(c, body, len);
		break;
	case BGP_MSG_KEEPALIVE:
		conn_event_type(c, BGP_EV_KEEPALIVE);
		break;
	case BGP_MSG_ROUTE_REFRESH:
		receive_refresh(c, body);
		break;
	}
}

/* Handles all complete messages in the buffer, until one of them ends the connection. */
static void receive_messages(struct bgp_conn *c)
{
	size_t len = c->rx_len, at = 0;

	while (c->src.fd >= 0 && len - at >= BGP_HEADER_LEN) {
		struct bgp_event ev = {.type = BGP_EV_ERROR};
		const uint8_t *msg = c->rx + at;
		struct bgp_header h;

		if (bgp_header_parse(msg, &h, &ev.error) < 0) {
			conn_event(c, &ev);
			return;
		}
		if (h.length > len - at)
			break;
		receive_message(c, h.type, msg + BGP_HEADER_LEN, h.length - BGP_HEADER_LEN);
		at += h.length;
	}
	if (c->src.fd < 0)
		return;
	memmove(c->rx, c->rx + at, len - at);
	c->rx_len = len - at;
}

/* Sends the requested routes once, even if several requests have been read. */
static void send_refreshed(struct bgp_conn *c)
{
	struct bgp_rib *rib = c->n->sp->rib;

	if (c->refresh4)
		bgp_rib_refresh(rib, c->n->index, true);
	if (c->refresh6)
		bgp_rib_refresh(rib, c->n->index, false);
	c->refresh4 = c->refresh6 = false;
	if (c->tx_len == 0 && bgp_rib_is_pending(rib, c->n->index))
		bgp_conn_flush(c);
}

void bgp_conn_read(struct bgp_conn *c)
{
	size_t room = BGP_RX_SIZE - c->rx_len;
	ssize_t got =
	    recv(c->src.fd, c->rx + c->rx_len, room < READ_MAX ? room : READ_MAX, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		bgp_neighbor_note_error(c->n, "connection lost: %s",
					got < 0 ? strerror(errno) : "closed by peer");
		conn_event_type(c, BGP_EV_CLOSED);
		return;
	}
	c->rx_len += (size_t)got;
	receive_messages(c);
	if (bgp_conn_fsm(c)->state == BGP_ESTABLISHED)
		send_refreshed(c);
}

static void on_dialled(struct bgp_conn *c)
{
	struct bgp_event ev = {.type = BGP_EV_CONNECTED};
	int err = bgp_socket_result(c->src.fd);

	if (err == 0)
		err = bgp_socket_local(c->src.fd, &ev.local);
	if (err < 0) {
		bgp_neighbor_note_error(c->n, "cannot connect: %s", strerror(-err));
		ev.type = BGP_EV_CLOSED;
	}
	conn_event(c, &ev);
}

static void on_ready(struct loop_source *src, uint32_t ready)
{
	struct bgp_conn *c = src->ctx;

	if (bgp_conn_fsm(c)->state == BGP_CONNECT) {
		on_dialled(c);
		return;
	}
	if (ready & (EPOLLIN | EPOLLHUP | EPOLLERR))
		bgp_conn_read(c);
	if (c->src.fd >= 0 && (ready & EPOLLOUT))
		bgp_conn_flush(c);
}

/* If this process was late, a KEEPALIVE of the peer may be queued in the socket, and TCP may have
 * room again. Both are tried before the hold timer or the send hold timer expires. */
static void on_timer(struct loop_timer *timer)
{
	struct bgp_conn *c = timer->ctx;

	if (bgp_conn_fsm(c)->state == BGP_CONNECT)
		bgp_neighbor_note_error(c->n, "cannot connect: no answer");
	else if (c->src.fd >= 0 && bgp_conn_fsm(c)->hold_due.ns == timer->due.ns)
		bgp_conn_read(c);
	else if (c->src.fd >= 0 && bgp_conn_fsm(c)->send_hold_due.ns == timer->due.ns)
		bgp_conn_flush(c);
	conn_event_type(c, BGP_EV_TIMER);
}

int bgp_conn_attach(struct bgp_conn *c, int fd, uint32_t events)
{
	int err;

	c->src.fd = fd;
	err = loop_add(c->n->sp->loop, &c->src, events);
	if (err < 0) {
		close(fd);
		c->src.fd = -1;
	}
	return err;
}

bool bgp_conn_is_closed(const struct bgp_conn *c)
{
	return c->src.fd < 0 && c->drain.fd < 0;
}

struct bgp_conn *bgp_conn_create(struct bgp_neighbor *n, enum bgp_direction dir)
{
	struct bgp_conn *c = calloc(1, sizeof(*c)); /* owner: n->conns */

	if (!c || loop_reserve(n->sp->loop, CONN_TIMERS) < 0) {
		free(c);
		return NULL;
	}
	c->n = n;
	c->dir = dir;
	c->src = (struct loop_source){
	    .fd = -1, .fn = on_ready, .ctx = c, .name = "bgp session", .bulk = true};
	c->timer = (struct loop_timer){.fn = on_timer, .ctx = c, .name = "bgp timer"};
	c->drain = (struct loop_source){
	    .fd = -1, .fn = on_drain, .ctx = c, .name = "bgp drain", .bulk = true};
	c->drain_timer =
	    (struct loop_timer){.fn = on_drain_timer, .ctx = c, .name = "bgp drain timer"};
	return c;
}

void bgp_conn_destroy(struct bgp_conn *c)
{
	if (!c)
		return;
	loop_disarm(c->n->sp->loop, &c->timer);
	bgp_conn_close(c);
	drain_end(c);
	loop_reserve(c->n->sp->loop, -CONN_TIMERS);
	free(c);
}
