// SPDX-License-Identifier: BSD-2-Clause
/*
 * The executor of one neighbor: performs the actions of bgp_peer_step(), and maintains log and
 * status. It owns the connections, one for each direction that the configuration allows. bgp_conn.c
 * produces the events. Rejected: to allocate a connection when it is needed, because nothing is
 * allocated while the daemon runs.
 */
#include "speaker/bgp_neighbor.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "speaker/bgp_socket.h"

#define LAST_READS 16 /* of a connection that may have ended: enough for the socket's buffer */
#define TRIAL_NS   NS_PER_S

void bgp_neighbor_note_error(struct bgp_neighbor *n, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(n->counters.last_error, sizeof(n->counters.last_error), fmt, args);
	va_end(args);
}

struct bgp_conn *bgp_neighbor_session(const struct bgp_neighbor *n)
{
	enum bgp_direction dir = bgp_peer_foremost(&n->peer);

	return n->peer.conn[dir].state == BGP_ESTABLISHED ? n->conns[dir] : NULL;
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
		 n->name, n->cfg->remote_as, c->dir == BGP_INCOMING ? " (it has connected)" : "",
		 fsm->hold_time_s, s->ipv4 ? " IPv4" : "", s->ipv6 ? " IPv6" : "",
		 s->ipv4_nh6 ? " IPv4-by-IPv6" : "");
	bgp_rib_peer_up(n->sp->rib, n->index);
	bgp_conn_flush(c);
}

static void session_down(struct bgp_neighbor *n)
{
	n->sp->established--;
	n->sp->bfd_lost = n->bfd_died ? n->at.address : (struct ipaddr){0};
	bgp_rib_peer_down(n->sp->rib, n->index);
	log_with(LOG_LV_WARN,
		 LOG_FIELDS({"HF_BGP", n->sp->cfg->name}, {"HF_NEIGHBOR", n->name},
			    {"HF_STATE", "Idle"}, {"HF_DETAIL", n->counters.last_error}),
		 "bgp %s: %s (AS %u) is no longer Established: %s", n->sp->cfg->name, n->name,
		 n->cfg->remote_as, n->counters.last_error);
}

/* Begins to connect. Returns 0, or -errno if it fails at once, for example without a route. */
static int dial(struct bgp_conn *c)
{
	struct bgp_neighbor *n = c->n;
	int fd;

	/* The interface may be new, or another one of the same name. */
	if (n->cfg->kind == NEIGHBOR_ADDRESS && n->cfg->interface[0]) {
		n->at.ifindex = if_nametoindex(n->cfg->interface);
		if (n->at.ifindex == 0)
			return -ENODEV;
	}
	fd = bgp_socket_dial(n->cfg, &n->at, is_ibgp(n), n->step_cfg.hold_time_s);

	return fd < 0 ? fd : bgp_conn_attach(c, fd, EPOLLOUT);
}

/* Performs one action. Returns 0, or -errno of a dial. */
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

/* Has the connection `dir` ended before it was Established, while the other one is not in use? */
static bool has_failed(const struct bgp_neighbor *n, enum bgp_direction dir, enum bgp_state from)
{
	return n->peer.conn[dir].state == BGP_IDLE && from != BGP_IDLE && from != BGP_ESTABLISHED &&
	       n->peer.conn[bgp_peer_foremost(&n->peer)].state < BGP_OPEN_CONFIRM;
}

/* Handles one event and performs the actions. Returns 0, or -errno of a dial among them. */
static int step(struct bgp_neighbor *n, enum bgp_direction dir, const struct bgp_event *ev)
{
	enum bgp_state from = n->peer.conn[dir].state;
	struct bgp_peer_actions acts;
	uint32_t suppressed;
	int err = 0;

	bgp_peer_step(&n->step_cfg, &n->peer, dir, ev, &acts);
	for (unsigned int i = 0; i < acts.n; i++) {
		int ret = do_action(n->conns[acts.a[i].dir], &acts.a[i].act);

		err = ret < 0 ? ret : err;
	}
	if (has_failed(n, dir, from) && ev->type != BGP_EV_STOP &&
	    log_allow(&n->limit, ev->now, &suppressed))
		log_with(LOG_LV_INFO,
			 LOG_FIELDS({"HF_BGP", n->sp->cfg->name}, {"HF_NEIGHBOR", n->name},
				    {"HF_DETAIL", n->counters.last_error}),
			 "bgp %s: no session with %s: %s%s", n->sp->cfg->name, n->name,
			 n->counters.last_error, LOG_SUPPRESSED(suppressed));
	return err;
}

void bgp_neighbor_event(struct bgp_neighbor *n, enum bgp_direction dir, struct bgp_event *ev)
{
	struct bgp_speaker *sp = n->sp;
	unsigned int established = sp->established;
	int err;

	ev->now = loop_now(sp->loop);
	err = step(n, dir, ev);
	if (err < 0) {
		bgp_neighbor_note_error(n, "cannot connect: %s", strerror(-err));
		*ev = (struct bgp_event){.type = BGP_EV_CLOSED, .now = ev->now};
		step(n, BGP_OUTGOING, ev);
	}
	for (dir = BGP_OUTGOING; dir < BGP_DIRECTIONS; dir++) {
		if (n->conns[dir])
			bgp_conn_arm(n->conns[dir]);
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
	bgp_neighbor_event(n, BGP_OUTGOING, &ev);
}

/* --- BFD --- */

static bool waits_for_bfd(const struct bgp_neighbor *n)
{
	return n->cfg->bfd.given && n->cfg->bfd.strict && n->bfd != BGP_BFD_UP;
}

void bgp_neighbor_start(struct bgp_neighbor *n)
{
	struct bgp_event ev = {.type = BGP_EV_START};

	if (ipaddr_is_unset(&n->at.address))
		bgp_neighbor_note_error(n, n->cfg->kind == NEIGHBOR_INTERFACE
					       ? "no router has advertised itself there"
					       : "there is no default route by a gateway");
	else if (waits_for_bfd(n))
		bgp_neighbor_note_error(n, "it waits until BFD is Up (strict)");
	else
		bgp_neighbor_event(n, BGP_OUTGOING, &ev);
}

/* --- gateways --- */

static struct bgp_place place_of(const struct bgp_neighbor *n)
{
	switch (n->cfg->kind) {
	case NEIGHBOR_GATEWAY4:
		return n->sp->gateways[0];
	case NEIGHBOR_GATEWAY6:
		return n->sp->gateways[1];
	case NEIGHBOR_INTERFACE:
		return n->at; /* bgp_neighbor_found() */
	case NEIGHBOR_ADDRESS:
		break;
	}
	return (struct bgp_place){.address = n->cfg->address};
}

void bgp_neighbor_replace(struct bgp_neighbor *n)
{
	struct bgp_place at = place_of(n);
	char text[IPADDR_TEXT];

	if (n->cfg->kind == NEIGHBOR_ADDRESS ||
	    (ipaddr_equal(&at.address, &n->at.address) && at.ifindex == n->at.ifindex))
		return;
	if (ipaddr_is_unset(&at.address))
		log_warn("bgp %s: %s: there is no such address any more", n->sp->cfg->name,
			 n->name);
	else
		log_info("bgp %s: %s is %s", n->sp->cfg->name, n->name,
			 ipaddr_format(&at.address, text));
	bgp_neighbor_note_error(n, "the default route has another gateway");
	if (n->peer.started) /* Reset, not De-configured: it may become the gateway again */
		bgp_neighbor_cease(n, BGP_CEASE_RESET, "the default route has another gateway");
	n->at = at;
	bgp_neighbor_start(n);
}

bool bgp_neighbor_found(struct bgp_neighbor *n, const struct bgp_place *at)
{
	struct mono now = loop_now(n->sp->loop);
	char text[IPADDR_TEXT];

	if (bgp_neighbor_session(n) || mono_before(now, n->trial_ends) ||
	    (ipaddr_equal(&at->address, &n->at.address) && at->ifindex == n->at.ifindex))
		return false;
	n->trial_ends = mono_add(now, TRIAL_NS);
	log_info("bgp %s: %s: %s advertises itself", n->sp->cfg->name, n->name,
		 ipaddr_format(&at->address, text));
	if (n->peer.started)
		bgp_neighbor_cease(n, BGP_CEASE_RESET, "another router advertises itself");
	n->at = *at;
	bgp_neighbor_start(n);
	return true;
}

/* Ends the session of a neighbor that is not strict. It is dialled again after connect_retry,
 * because only BFD may have failed. */
static void end_by_bfd(struct bgp_neighbor *n)
{
	for (enum bgp_direction dir = BGP_OUTGOING; dir < BGP_DIRECTIONS; dir++) {
		struct bgp_event ev = {
		    .type = BGP_EV_ERROR,
		    .error = {.code = BGP_ERR_CEASE, .subcode = BGP_CEASE_BFD_DOWN}};

		if (n->conns[dir])
			bgp_neighbor_event(n, dir, &ev);
	}
}

void bgp_neighbor_bfd(struct bgp_neighbor *n, enum bgp_bfd state, const char *why)
{
	enum bgp_bfd was = n->bfd;

	n->bfd = state;
	if (state == was || state == BGP_BFD_UNKNOWN)
		return;
	if (state == BGP_BFD_UP) {
		if (!bgp_neighbor_session(n))
			bgp_neighbor_start(n);
		return;
	}
	if (was != BGP_BFD_UP)
		return;
	bgp_neighbor_note_error(n, "BFD with %s went down: %s", n->name, why);
	n->bfd_died = true;
	if (n->cfg->bfd.strict)
		bgp_neighbor_cease(n, BGP_CEASE_BFD_DOWN, NULL);
	else
		end_by_bfd(n);
	n->bfd_died = false;
}

/* --- connections that the neighbor dials --- */

/* A peer that connects again has ended its earlier connection, unless that one is a session. The
 * end of an earlier session may still be queued in its socket. It is read first, so that a router
 * that has restarted is accepted at once. */
static void drop_left_over(struct bgp_neighbor *n)
{
	struct bgp_event ev = {.type = BGP_EV_CLOSED};

	for (int i = 0; i < LAST_READS && n->conns[BGP_INCOMING]->src.fd >= 0; i++)
		bgp_conn_read(n->conns[BGP_INCOMING]);
	if (n->peer.conn[BGP_INCOMING].state != BGP_OPEN_SENT)
		return;
	bgp_neighbor_note_error(n, "it has connected again");
	bgp_neighbor_event(n, BGP_INCOMING, &ev);
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
		err = bgp_conn_attach(n->conns[BGP_INCOMING], fd, EPOLLIN);
	if (err < 0)
		bgp_neighbor_note_error(n, "cannot accept its connection: %s", strerror(-err));
	else
		bgp_neighbor_event(n, BGP_INCOMING, &ev);
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
	if (!n->conns[BGP_INCOMING] || !n->sp->listener)
		return;
	n->listening = (struct bgp_listening){.cfg = n->cfg, .fn = on_incoming, .ctx = n};
	bgp_listener_add(n->sp->listener, &n->listening);
}

static int create_conns(struct bgp_neighbor *n)
{
	if (!n->cfg->passive)
		n->conns[BGP_OUTGOING] = bgp_conn_create(n, BGP_OUTGOING);
	if (n->cfg->passive || n->cfg->listen)
		n->conns[BGP_INCOMING] = bgp_conn_create(n, BGP_INCOMING);
	if ((!n->cfg->passive && !n->conns[BGP_OUTGOING]) ||
	    ((n->cfg->passive || n->cfg->listen) && !n->conns[BGP_INCOMING]))
		return -ENOMEM;
	return 0;
}

struct bgp_neighbor *bgp_neighbor_create(struct bgp_speaker *sp, unsigned int index,
					 const struct cfg_neighbor *cfg)
{
	struct bgp_neighbor *n = calloc(1, sizeof(*n)); /* owner: sp->neighbors */
	char name[CFG_NEIGHBOR_TEXT];

	if (!n)
		return NULL;
	n->sp = sp;
	n->index = index;
	n->cfg = cfg;
	snprintf(n->name, sizeof(n->name), "%s", cfg_neighbor_name(cfg, name));
	n->at = place_of(n);
	n->step_cfg = (struct bgp_cfg){.local_as = sp->cfg->local_as,
				       .remote_as = cfg->remote_as,
				       .router_id = sp->router_id,
				       .hold_time_s = sp->cfg->hold_time_s,
				       .connect_retry_ns = sp->cfg->connect_retry_ns,
				       .passive = cfg->passive,
				       .no_ipv4 = cfg->no_ipv4,
				       .no_ipv6 = cfg->no_ipv6,
				       .role = cfg->role,
				       .strict_role = cfg->strict_role};
	n->limit = (struct log_limit)LOG_LIMIT(3, 60 * NS_PER_S);
	n->update_limit = (struct log_limit)LOG_LIMIT(3, 60 * NS_PER_S);
	n->unsent_limit = (struct log_limit)LOG_LIMIT(3, 60 * NS_PER_S);
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
	bgp_conn_destroy(n->conns[BGP_OUTGOING]);
	bgp_conn_destroy(n->conns[BGP_INCOMING]);
	free(n);
}
