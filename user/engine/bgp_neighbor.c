// SPDX-License-Identifier: BSD-2-Clause
/*
 * The executor of one neighbor: carries out what bgp_peer_step() answers, and keeps log and status.
 * It owns the connections, one for each way to the neighbor that the configuration allows. The
 * other half, where events come from, is bgp_conn.c. Rejected: connections that come and go in
 * memory: nothing is allocated while it runs.
 */
#include "engine/bgp_neighbor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "engine/bgp_socket.h"

/* Of a connection that may have ended: enough for what its socket holds. */
#define LAST_READS 4

void bgp_neighbor_note_error(struct bgp_neighbor *n, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(n->counters.last_error, sizeof(n->counters.last_error), fmt, args);
	va_end(args);
}

struct bgp_conn *bgp_neighbor_session(const struct bgp_neighbor *n)
{
	enum bgp_way way = bgp_peer_foremost(&n->peer);

	return n->peer.conn[way].state == BGP_ESTABLISHED ? n->conns[way] : NULL;
}

static bool is_ibgp(const struct bgp_neighbor *n)
{
	return n->step_cfg.remote_as == n->step_cfg.local_as;
}

/* --- the state machine's actions --- */

static void session_up(struct bgp_conn *c)
{
	struct bgp_neighbor *n = c->n;
	const struct bgp_fsm *fsm = bgp_conn_fsm(c);
	const struct bgp_session *s = &fsm->session;

	n->sp->established++;
	n->counters.prefixes_received = 0;
	bgp_socket_set_timeout(c->src.fd, fsm->hold_time_s);
	log_with(LOG_LV_INFO,
		 LOG_FIELDS({"HF_BGP", n->sp->cfg->name}, {"HF_NEIGHBOR", n->name},
			    {"HF_STATE", "Established"}),
		 "bgp %s: %s (AS %u) is Established%s, hold time %u s,%s%s%s", n->sp->cfg->name,
		 n->name, n->cfg->remote_as, c->way == BGP_ACCEPTED ? " by its own dialling" : "",
		 fsm->hold_time_s, s->ipv4 ? " IPv4" : "", s->ipv6 ? " IPv6" : "",
		 s->ipv4_nh6 ? " IPv4-by-IPv6" : "");
	bgp_rib_peer_up(n->sp->rib, n->index);
	bgp_conn_flush(c);
}

static void session_down(struct bgp_neighbor *n)
{
	n->sp->established--;
	bgp_rib_peer_down(n->sp->rib, n->index);
	log_with(LOG_LV_WARN,
		 LOG_FIELDS({"HF_BGP", n->sp->cfg->name}, {"HF_NEIGHBOR", n->name},
			    {"HF_STATE", "Idle"}, {"HF_DETAIL", n->counters.last_error}),
		 "bgp %s: %s (AS %u) is no longer Established: %s", n->sp->cfg->name, n->name,
		 n->cfg->remote_as, n->counters.last_error);
}

/* 0, or -errno if it is known at once that there is no way to the peer. */
static int dial(struct bgp_conn *c)
{
	int fd = bgp_socket_dial(c->n->cfg, is_ibgp(c->n), c->n->step_cfg.hold_time_s);

	return fd < 0 ? fd : bgp_conn_attach(c, fd, EPOLLOUT);
}

/* 0, or -errno of a dial. */
static int do_action(struct bgp_conn *c, const struct bgp_action *a)
{
	switch (a->type) {
	case BGP_ACT_CONNECT:
		return dial(c);
	case BGP_ACT_CLOSE:
		bgp_conn_close(c);
		break;
	case BGP_ACT_SEND_OPEN:
		bgp_conn_send_open(c, &a->open);
		break;
	case BGP_ACT_SEND_KEEPALIVE:
		bgp_conn_send_keepalive(c);
		break;
	case BGP_ACT_SEND_NOTIFICATION:
		bgp_conn_send_notification(c, &a->error);
		break;
	case BGP_ACT_ESTABLISHED:
		session_up(c);
		break;
	case BGP_ACT_DOWN:
		session_down(c->n);
		break;
	}
	return 0;
}

/* A connection that ended before it was Established, unless the other one serves. */
static bool has_failed(const struct bgp_neighbor *n, enum bgp_way way, enum bgp_state from)
{
	return n->peer.conn[way].state == BGP_IDLE && from != BGP_IDLE && from != BGP_ESTABLISHED &&
	       n->peer.conn[bgp_peer_foremost(&n->peer)].state < BGP_OPEN_CONFIRM;
}

/* One event through the state machines. 0, or -errno of a dial among the actions. */
static int step(struct bgp_neighbor *n, enum bgp_way way, const struct bgp_event *ev)
{
	enum bgp_state from = n->peer.conn[way].state;
	struct bgp_peer_actions acts;
	uint32_t suppressed;
	int err = 0;

	bgp_peer_step(&n->step_cfg, &n->peer, way, ev, &acts);
	for (unsigned int i = 0; i < acts.n; i++) {
		int ret = do_action(n->conns[acts.a[i].way], &acts.a[i].act);

		err = ret < 0 ? ret : err;
	}
	if (has_failed(n, way, from) && ev->type != BGP_EV_STOP &&
	    log_allow(&n->limit, ev->now, &suppressed))
		log_with(LOG_LV_INFO,
			 LOG_FIELDS({"HF_BGP", n->sp->cfg->name}, {"HF_NEIGHBOR", n->name},
				    {"HF_DETAIL", n->counters.last_error}),
			 "bgp %s: no session with %s: %s (%u such lines suppressed)",
			 n->sp->cfg->name, n->name, n->counters.last_error, suppressed);
	return err;
}

void bgp_neighbor_event(struct bgp_neighbor *n, enum bgp_way way, struct bgp_event *ev)
{
	struct bgp_speaker *sp = n->sp;
	unsigned int established = sp->established;
	int err;

	ev->now = loop_now(sp->loop);
	err = step(n, way, ev);
	if (err < 0) {
		bgp_neighbor_note_error(n, "cannot connect: %s", strerror(-err));
		*ev = (struct bgp_event){.type = BGP_EV_CLOSED, .now = ev->now};
		step(n, BGP_DIALLED, ev);
	}
	for (way = BGP_DIALLED; way < BGP_WAYS; way++) {
		if (n->conns[way])
			bgp_conn_arm(n->conns[way]);
	}
	if (sp->established != established && sp->fn)
		sp->fn(sp->ctx, sp->established);
}

void bgp_neighbor_cease(struct bgp_neighbor *n, uint8_t subcode, const char *text)
{
	uint8_t data[1 + BGP_SHUTDOWN_SENT];
	struct bgp_event ev = {.type = BGP_EV_STOP,
			       .error = {.code = BGP_ERR_CEASE, .subcode = subcode}};

	if (subcode == BGP_CEASE_SHUTDOWN || subcode == BGP_CEASE_RESET) {
		ev.error.data = data;
		ev.error.data_len = bgp_shutdown_build(text, data);
	}
	bgp_neighbor_event(n, BGP_DIALLED, &ev);
}

/* --- connections that the neighbor dials --- */

/* A peer that dials once more has given up the connection before, unless that is agreed on. Its end
 * may wait in the socket: a router that restarts is let in at once. */
static void drop_left_over(struct bgp_neighbor *n)
{
	struct bgp_event ev = {.type = BGP_EV_CLOSED};

	for (int i = 0; i < LAST_READS && n->conns[BGP_ACCEPTED]->src.fd >= 0; i++)
		bgp_conn_read(n->conns[BGP_ACCEPTED]);
	if (n->peer.conn[BGP_ACCEPTED].state != BGP_OPEN_SENT)
		return;
	bgp_neighbor_note_error(n, "it has dialled once more");
	bgp_neighbor_event(n, BGP_ACCEPTED, &ev);
}

static void accept_connection(struct bgp_neighbor *n, int fd)
{
	struct bgp_event ev = {.type = BGP_EV_CONNECTED};
	int err;

	drop_left_over(n);
	if (!bgp_peer_accepts(&n->peer)) {
		close(fd);
		return;
	}
	err = bgp_socket_adopt(fd, n->cfg, is_ibgp(n), n->step_cfg.hold_time_s);
	if (err == 0)
		err = bgp_socket_local(fd, &ev.local);
	if (err < 0)
		close(fd);
	else
		err = bgp_conn_attach(n->conns[BGP_ACCEPTED], fd, EPOLLIN);
	if (err < 0)
		bgp_neighbor_note_error(n, "cannot accept its connection: %s", strerror(-err));
	else
		bgp_neighbor_event(n, BGP_ACCEPTED, &ev);
}

static void on_incoming(void *ctx, int fd)
{
	struct bgp_neighbor *n = ctx;

	if (fd >= 0)
		accept_connection(n, fd);
	else
		bgp_neighbor_note_error(n, "cannot listen on port %u: %s", n->cfg->port,
					strerror(-fd));
}

void bgp_neighbor_listen(struct bgp_neighbor *n)
{
	if (!n->conns[BGP_ACCEPTED] || !n->sp->listener)
		return;
	n->listening = (struct bgp_listening){.cfg = n->cfg, .fn = on_incoming, .ctx = n};
	bgp_listener_add(n->sp->listener, &n->listening);
}

static int create_conns(struct bgp_neighbor *n)
{
	if (!n->cfg->passive)
		n->conns[BGP_DIALLED] = bgp_conn_create(n, BGP_DIALLED);
	if (n->cfg->passive || n->cfg->listen)
		n->conns[BGP_ACCEPTED] = bgp_conn_create(n, BGP_ACCEPTED);
	if ((!n->cfg->passive && !n->conns[BGP_DIALLED]) ||
	    ((n->cfg->passive || n->cfg->listen) && !n->conns[BGP_ACCEPTED]))
		return -ENOMEM;
	return 0;
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
				       .connect_retry_ns = sp->cfg->connect_retry_ns,
				       .passive = cfg->passive};
	n->limit = (struct log_limit)LOG_LIMIT(3, 60 * NS_PER_S);
	n->update_limit = (struct log_limit)LOG_LIMIT(3, 60 * NS_PER_S);
	if (create_conns(n) == 0)
		return n;
	bgp_neighbor_destroy(n);
	errno = ENOMEM;
	return NULL;
}

void bgp_neighbor_destroy(struct bgp_neighbor *n)
{
	if (!n)
		return;
	if (n->sp->listener)
		bgp_listener_remove(n->sp->listener, &n->listening);
	bgp_conn_destroy(n->conns[BGP_DIALLED]);
	bgp_conn_destroy(n->conns[BGP_ACCEPTED]);
	free(n);
}
