// SPDX-License-Identifier: BSD-2-Clause
/*
 * The executor of one BGP session. It owns the socket, two timers and the receive buffer. What
 * happens is decided by bgp_step(); here its actions are carried out, and its events are made of
 * what socket and timer say. Rejected: a thread a neighbor, which would put a lock and a wake-up
 * between a takeover and its UPDATE.
 */
#include "engine/bgp_neighbor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/bgp_socket.h"

/* After our NOTIFICATION the peer has so long to close: closing with its octets unread would send
 * a reset, which may overtake the NOTIFICATION (RFC 1122 section 4.2.2.13). */
#define DRAIN_NS NS_PER_S

static void neighbor_event_type(struct bgp_neighbor *n, enum bgp_event_type type)
{
	struct bgp_event ev = {.type = type};

	bgp_neighbor_event(n, &ev);
}

void bgp_neighbor_note_error(struct bgp_neighbor *n, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(n->counters.last_error, sizeof(n->counters.last_error), fmt, args);
	va_end(args);
}

void bgp_neighbor_arm(struct bgp_neighbor *n)
{
	struct mono due = bgp_due(&n->fsm);

	if (mono_is_set(due))
		loop_arm(n->sp->loop, &n->timer, due);
	else
		loop_disarm(n->sp->loop, &n->timer);
}

/* --- connections --- */

static void drain_end(struct bgp_neighbor *n)
{
	char scratch[BGP_MESSAGE_MAX];

	if (n->drain.fd < 0)
		return;
	loop_disarm(n->sp->loop, &n->drain_timer);
	loop_remove(n->sp->loop, &n->drain);
	while (recv(n->drain.fd, scratch, sizeof(scratch), MSG_DONTWAIT) > 0)
		; /* at most the socket's buffer: its peer is not given a new window */
	close(n->drain.fd);
	n->drain.fd = -1;
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

/* Half-closes the connection and leaves it to the peer to close it. */
static void drain_begin(struct bgp_neighbor *n, int fd)
{
	drain_end(n);
	n->drain.fd = fd;
	shutdown(fd, SHUT_WR);
	if (loop_add(n->sp->loop, &n->drain, EPOLLIN) < 0)
		drain_end(n);
	else
		loop_arm(n->sp->loop, &n->drain_timer, mono_add(loop_clock(), DRAIN_NS));
}

static void neighbor_close(struct bgp_neighbor *n)
{
	int fd = n->src.fd;

	if (fd < 0)
		return;
	loop_remove(n->sp->loop, &n->src);
	n->src.fd = -1;
	if (n->farewell)
		drain_begin(n, fd);
	else
		close(fd);
	n->farewell = n->tx_has_update = false;
	n->rx_len = n->tx_at = n->tx_len = 0;
}

/* 0, or -errno if it is known at once that there is no way to the peer. */
static int neighbor_dial(struct bgp_neighbor *n)
{
	bool ibgp = n->step_cfg.remote_as == n->step_cfg.local_as;
	int fd = bgp_socket_dial(n->cfg, ibgp, n->step_cfg.hold_time_s), err;

	if (fd < 0)
		return fd;
	n->src.fd = fd;
	err = loop_add(n->sp->loop, &n->src, EPOLLOUT);
	if (err < 0) {
		close(fd);
		n->src.fd = -1;
	}
	return err;
}

/* --- the state machine's actions --- */

static void session_up(struct bgp_neighbor *n)
{
	const struct bgp_session *s = &n->fsm.session;

	n->sp->established++;
	n->counters.prefixes_received = 0;
	bgp_socket_set_timeout(n->src.fd, n->fsm.hold_time_s);
	log_info("bgp %s: %s (AS %u) is Established, hold time %u s,%s%s%s", n->sp->cfg->name,
		 n->name, n->cfg->remote_as, n->fsm.hold_time_s, s->ipv4 ? " IPv4" : "",
		 s->ipv6 ? " IPv6" : "", s->ipv4_nh6 ? " IPv4-by-IPv6" : "");
	bgp_rib_peer_up(n->sp->rib, n->index);
	bgp_neighbor_flush(n);
}

static void session_down(struct bgp_neighbor *n)
{
	n->sp->established--;
	bgp_rib_peer_down(n->sp->rib, n->index);
	log_warn("bgp %s: %s (AS %u) is no longer Established: %s", n->sp->cfg->name, n->name,
		 n->cfg->remote_as, n->counters.last_error);
}

/* 0, or -errno of a dial. */
static int do_action(struct bgp_neighbor *n, const struct bgp_action *a)
{
	switch (a->type) {
	case BGP_ACT_CONNECT:
		return neighbor_dial(n);
	case BGP_ACT_CLOSE:
		neighbor_close(n);
		break;
	case BGP_ACT_SEND_OPEN:
		bgp_neighbor_send_open(n, &a->open);
		break;
	case BGP_ACT_SEND_KEEPALIVE:
		bgp_neighbor_send_keepalive(n);
		break;
	case BGP_ACT_SEND_NOTIFICATION:
		bgp_neighbor_send_notification(n, &a->error);
		break;
	case BGP_ACT_ESTABLISHED:
		session_up(n);
		break;
	case BGP_ACT_DOWN:
		session_down(n);
		break;
	}
	return 0;
}

/* One event through the state machine. 0, or -errno of a dial among the actions. */
static int step(struct bgp_neighbor *n, const struct bgp_event *ev)
{
	enum bgp_state from = n->fsm.state;
	struct bgp_actions acts;
	uint32_t suppressed;
	int err = 0;

	bgp_step(&n->step_cfg, &n->fsm, ev, &acts);
	for (unsigned int i = 0; i < acts.n; i++)
		err = do_action(n, &acts.a[i]);
	if (n->fsm.state == BGP_IDLE && from != BGP_IDLE && from != BGP_ESTABLISHED &&
	    ev->type != BGP_EV_STOP && log_allow(&n->limit, ev->now, &suppressed))
		log_info("bgp %s: no session with %s: %s (%u such lines suppressed)",
			 n->sp->cfg->name, n->name, n->counters.last_error, suppressed);
	return err;
}

void bgp_neighbor_event(struct bgp_neighbor *n, struct bgp_event *ev)
{
	struct bgp_speaker *sp = n->sp;
	unsigned int established = sp->established;
	int err;

	ev->now = loop_now(sp->loop);
	err = step(n, ev);
	if (err < 0) {
		bgp_neighbor_note_error(n, "cannot connect: %s", strerror(-err));
		*ev = (struct bgp_event){.type = BGP_EV_CLOSED, .now = ev->now};
		step(n, ev);
	}
	bgp_neighbor_arm(n);
	if (sp->established != established && sp->fn)
		sp->fn(sp->ctx, sp->established);
}

/* --- receiving --- */

static void receive_notification(struct bgp_neighbor *n, const uint8_t *body, size_t len)
{
	char text[BGP_SHUTDOWN_TEXT];
	struct bgp_error err;

	bgp_notification_parse(body, len, &err, text);
	n->counters.notifications_received++;
	bgp_neighbor_note_error(n, "received NOTIFICATION %u/%u, %s%s%.60s%s", err.code,
				err.subcode, bgp_error_text(err.code, err.subcode),
				*text ? ": \"" : "", text, *text ? "\"" : "");
	neighbor_event_type(n, BGP_EV_NOTIFICATION);
}

static void receive_open(struct bgp_neighbor *n, const uint8_t *body, size_t len)
{
	struct bgp_event ev = {.type = BGP_EV_OPEN};

	if (bgp_open_parse(body, len, &ev.open, &ev.error) < 0)
		ev.type = BGP_EV_ERROR;
	bgp_neighbor_event(n, &ev);
}

static void receive_update(struct bgp_neighbor *n, const uint8_t *body, size_t len)
{
	struct bgp_event ev = {.type = BGP_EV_UPDATE};
	struct bgp_update u = {0};
	uint32_t suppressed;

	/* Before a session is agreed on, nobody knows how to read it; the state machine objects. */
	if (n->fsm.state == BGP_ESTABLISHED &&
	    bgp_update_parse(&n->fsm.session, body, len, &u, &ev.error) < 0)
		ev.type = BGP_EV_ERROR;
	n->counters.updates_received++;
	n->counters.prefixes_received += u.announced;
	if (u.as_withdraw || u.bad_attribute) {
		n->counters.updates_malformed++;
		if (log_allow(&n->update_limit, loop_now(n->sp->loop), &suppressed))
			log_warn("bgp %s: %s sent an UPDATE with a bad attribute %u (%u such lines "
				 "suppressed)",
				 n->sp->cfg->name, n->name, u.bad_attribute, suppressed);
	}
	bgp_neighbor_event(n, &ev);
}

static void receive_refresh(struct bgp_neighbor *n, const uint8_t *body)
{
	uint16_t afi;
	uint8_t safi;

	bgp_refresh_parse(body, &afi, &safi);
	if (n->fsm.state == BGP_ESTABLISHED && safi == BGP_SAFI_UNICAST &&
	    (afi == BGP_AFI_IPV4 || afi == BGP_AFI_IPV6)) {
		bgp_rib_refresh(n->sp->rib, n->index, afi == BGP_AFI_IPV4);
		bgp_neighbor_flush(n);
	}
	neighbor_event_type(n, BGP_EV_UPDATE);
}

static void receive_message(struct bgp_neighbor *n, uint8_t type, const uint8_t *body, size_t len)
{
	switch (type) {
	case BGP_MSG_OPEN:
		receive_open(n, body, len);
		break;
	case BGP_MSG_UPDATE:
		receive_update(n, body, len);
		break;
	case BGP_MSG_NOTIFICATION:
		receive_notification(n, body, len);
		break;
	case BGP_MSG_KEEPALIVE:
		neighbor_event_type(n, BGP_EV_KEEPALIVE);
		break;
	case BGP_MSG_ROUTE_REFRESH:
		receive_refresh(n, body);
		break;
	}
}

/* All whole messages in the buffer; stops when one of them ended the connection. */
static void receive_messages(struct bgp_neighbor *n)
{
	size_t len = n->rx_len, at = 0;

	while (n->src.fd >= 0 && len - at >= BGP_HEADER_LEN) {
		struct bgp_event ev = {.type = BGP_EV_ERROR};
		const uint8_t *msg = n->rx + at;
		struct bgp_header h;

		if (bgp_header_parse(msg, &h, &ev.error) < 0) {
			bgp_neighbor_event(n, &ev);
			return;
		}
		if (h.length > len - at)
			break;
		receive_message(n, h.type, msg + BGP_HEADER_LEN, h.length - BGP_HEADER_LEN);
		at += h.length;
	}
	if (n->src.fd < 0)
		return;
	memmove(n->rx, n->rx + at, len - at);
	n->rx_len = len - at;
}

static void neighbor_read(struct bgp_neighbor *n)
{
	ssize_t got = recv(n->src.fd, n->rx + n->rx_len, BGP_RX_SIZE - n->rx_len, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		bgp_neighbor_note_error(n, "connection lost: %s",
					got < 0 ? strerror(errno) : "closed by peer");
		neighbor_event_type(n, BGP_EV_CLOSED);
		return;
	}
	n->rx_len += (size_t)got;
	receive_messages(n);
}

static void on_dialled(struct bgp_neighbor *n)
{
	struct bgp_event ev = {.type = BGP_EV_CONNECTED};
	int err = bgp_socket_result(n->src.fd);

	if (err == 0)
		err = bgp_socket_local(n->src.fd, &ev.local);
	if (err < 0) {
		bgp_neighbor_note_error(n, "cannot connect: %s", strerror(-err));
		ev.type = BGP_EV_CLOSED;
	}
	bgp_neighbor_event(n, &ev);
}

static void on_ready(struct loop_source *src, uint32_t ready)
{
	struct bgp_neighbor *n = src->ctx;

	if (n->fsm.state == BGP_CONNECT) {
		on_dialled(n);
		return;
	}
	if (ready & (EPOLLIN | EPOLLHUP | EPOLLERR))
		neighbor_read(n);
	if (n->src.fd >= 0 && (ready & EPOLLOUT))
		bgp_neighbor_flush(n);
}

/* If we were held up ourselves, the peer's sign of life may wait in the socket: it is read before
 * the peer is called dead. */
static void on_timer(struct loop_timer *timer)
{
	struct bgp_neighbor *n = timer->ctx;

	if (n->fsm.state == BGP_CONNECT)
		bgp_neighbor_note_error(n, "cannot connect: no answer");
	else if (n->src.fd >= 0 && n->fsm.hold_due.ns == timer->due.ns)
		neighbor_read(n);
	neighbor_event_type(n, BGP_EV_TIMER);
}

struct bgp_neighbor *bgp_neighbor_create(struct bgp_speaker *sp, unsigned int index,
					 const struct cfg_neighbor *cfg)
{
	struct bgp_neighbor *n = calloc(1, sizeof(*n)); /* owner: sp->neighbors */

	if (!n)
		return NULL;
	n->sp = sp;
	n->index = index;
	n->cfg = cfg;
	ipaddr_format(&cfg->address, n->name);
	n->step_cfg = (struct bgp_cfg){.local_as = sp->cfg->local_as,
				       .remote_as = cfg->remote_as,
				       .router_id = sp->router_id,
				       .hold_time_s = sp->cfg->hold_time_s,
				       .connect_retry_ns = sp->cfg->connect_retry_ns};
	n->src = (struct loop_source){.fd = -1, .fn = on_ready, .ctx = n, .name = "bgp session"};
	n->timer = (struct loop_timer){.fn = on_timer, .ctx = n, .name = "bgp timer"};
	n->drain = (struct loop_source){.fd = -1, .fn = on_drain, .ctx = n, .name = "bgp drain"};
	n->drain_timer =
	    (struct loop_timer){.fn = on_drain_timer, .ctx = n, .name = "bgp drain timer"};
	n->limit = (struct log_limit)LOG_LIMIT(3, 60 * NS_PER_S);
	n->update_limit = (struct log_limit)LOG_LIMIT(3, 60 * NS_PER_S);
	return n;
}

void bgp_neighbor_destroy(struct bgp_neighbor *n)
{
	if (!n)
		return;
	loop_disarm(n->sp->loop, &n->timer);
	neighbor_close(n);
	drain_end(n);
	free(n);
}
