// SPDX-License-Identifier: BSD-2-Clause
/*
 * The listening sockets, and the neighbors that may connect. The file owns a socket for each port
 * and family, which has the passwords and the TTL limit of all these neighbors. Rejected: a socket
 * bound to the `source` of each neighbor. It cannot be opened before the address exists, and not in
 * addition to a socket for all addresses.
 */
#include "speaker/bgp_listen.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/addr.h"
#include "core/log.h"
#include "speaker/bgp_socket.h"

#define ACCEPTS	 8	  /* connections accepted in one turn; some 200 us */
#define RETRY_NS NS_PER_S /* if another program uses the port, or without free descriptors */

/* A listening socket, as long as it has members. */
struct bgp_port {
	struct bgp_listener *l;
	int family;
	uint16_t number;
	struct loop_source src; /* fd -1: it could not be opened yet */
	struct loop_timer retry;
	struct log_limit limit;
	struct bgp_listening *members; /* the latest one first */
	struct bgp_port *next;
};

struct bgp_listener {
	struct loop *loop;
	struct bgp_port *ports;
	uint64_t refused;
	struct log_limit limit;
};

struct bgp_listener *bgp_listener_create(struct loop *loop)
{
	struct bgp_listener *l = calloc(1, sizeof(*l)); /* owner: the caller */

	if (!l)
		return NULL;
	l->loop = loop;
	l->limit = (struct log_limit)LOG_LIMIT(3, 60 * NS_PER_S);
	return l;
}

void bgp_listener_destroy(struct bgp_listener *l)
{
	free(l);
}

uint64_t bgp_listener_refused(const struct bgp_listener *l)
{
	return l->refused;
}

/* --- one connection --- */

/* Resets the connection, so that no TCP state remains here. */
static void refuse(struct bgp_port *p, int fd, const struct ipaddr *peer, const char *why)
{
	struct linger none = {.l_onoff = 1};
	char text[IPADDR_TEXT];
	uint32_t suppressed;

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(fd);
	p->l->refused++;
	if (log_allow(&p->l->limit, loop_now(p->l->loop), &suppressed))
		log_warn("bgp: %s has been refused on port %u: %s%s", ipaddr_format(peer, text),
			 p->number, why, LOG_SUPPRESSED(suppressed));
}

/* Does the connection come from this neighbor? With a link-local address the interface must match.
 */
static bool is_from(const struct cfg_neighbor *cfg, const struct ipaddr *peer, uint32_t scope)
{
	return ipaddr_equal(&cfg->address, peer) &&
	       (!cfg->interface[0] || if_nametoindex(cfg->interface) == scope);
}

static struct bgp_listening *find_member(const struct bgp_port *p, const struct ipaddr *peer,
					 uint32_t scope, const struct ipaddr *local)
{
	for (struct bgp_listening *who = p->members; who; who = who->next) {
		const struct cfg_neighbor *cfg = who->cfg;

		if (is_from(cfg, peer, scope) &&
		    (ipaddr_is_unset(&cfg->source) || ipaddr_equal(&cfg->source, local)))
			return who;
	}
	return NULL;
}

static void admit(struct bgp_port *p, int fd, const struct sockaddr_storage *from)
{
	struct ipaddr peer = {0}, local = {0};
	struct bgp_listening *who = NULL;
	uint32_t scope =
	    from->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)from)->sin6_scope_id : 0;

	if (ipaddr_from_sockaddr(&peer, NULL, from) == 0 && bgp_socket_local(fd, &local) == 0)
		who = find_member(p, &peer, scope, &local);
	if (!who)
		refuse(p, fd, &peer, "it is not a neighbor that may connect");
	else if (who->key_error < 0) /* the kernel would accept it without a signature */
		refuse(p, fd, &peer, "its password could not be set on the socket");
	else
		who->fn(who->ctx, fd);
}

/* --- one port --- */

static void port_close(struct bgp_port *p)
{
	if (p->src.fd < 0)
		return;
	loop_remove(p->l->loop, &p->src);
	close(p->src.fd);
	p->src.fd = -1;
}

static void on_incoming(struct loop_source *src, uint32_t ready)
{
	struct bgp_port *p = src->ctx;

	(void)ready;
	for (int i = 0; i < ACCEPTS && p->src.fd >= 0; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		int fd = accept4(p->src.fd, (struct sockaddr *)&from, &len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			admit(p, fd, &from);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			loop_modify(p->l->loop, &p->src, 0); /* else it would be ready at once */
			loop_arm(p->l->loop, &p->retry, mono_add(loop_now(p->l->loop), RETRY_NS));
		}
		return;
	}
}

/* The TTL limit applies to every connection on the socket, so it is the smallest limit of all
 * neighbors. */
static void set_min_ttl(struct bgp_port *p)
{
	int least = p->members ? bgp_socket_min_ttl(p->members->cfg) : 0;

	for (const struct bgp_listening *who = p->members; who; who = who->next) {
		int ttl = bgp_socket_min_ttl(who->cfg);

		least = ttl < least ? ttl : least;
	}
	bgp_socket_listen_min_ttl(p->src.fd, p->family, least);
}

/* The kernel stores passwords in the option memory of the socket (net.core.optmem_max), which may
 * be exhausted. A neighbor whose password could not be set is refused, and setting it is tried
 * again. */
static void set_passwords(struct bgp_port *p)
{
	bool failed = false;

	for (struct bgp_listening *who = p->members; who; who = who->next) {
		who->key_error = bgp_socket_listen_password(p->src.fd, who->cfg, true);
		failed |= who->key_error < 0;
	}
	if (failed)
		loop_arm(p->l->loop, &p->retry, mono_add(loop_now(p->l->loop), RETRY_NS));
}

static void port_open(struct bgp_port *p)
{
	int fd = bgp_socket_bind(p->family, p->number), err = fd < 0 ? fd : 0;

	if (err == 0) {
		p->src.fd = fd;
		set_passwords(p); /* before the kernel accepts a connection */
		set_min_ttl(p);
		err = bgp_socket_listen(fd);
	}
	if (err == 0)
		err = loop_add(p->l->loop, &p->src, EPOLLIN);
	if (err == 0)
		return;
	if (log_allow(&p->limit, loop_now(p->l->loop), NULL))
		log_error("bgp: cannot listen on port %u (IPv%d), trying again: %s%s", p->number,
			  p->family == AF_INET ? 4 : 6, strerror(-err),
			  err == -EACCES ? "; restart holdfastd: it dropped CAP_NET_BIND_SERVICE, "
					   "because no neighbor could connect at its start"
					 : "");
	if (fd >= 0)
		close(fd);
	p->src.fd = -1;
	for (struct bgp_listening *who = p->members; who; who = who->next)
		who->fn(who->ctx, err);
	loop_arm(p->l->loop, &p->retry, mono_add(loop_now(p->l->loop), RETRY_NS));
}

static void on_retry(struct loop_timer *timer)
{
	struct bgp_port *p = timer->ctx;

	if (p->src.fd < 0) {
		port_open(p);
		return;
	}
	loop_modify(p->l->loop, &p->src, EPOLLIN);
	on_incoming(&p->src, EPOLLIN); /* first refuse connections without a signature */
	set_passwords(p);
}

static struct bgp_port *port_create(struct bgp_listener *l, int family, uint16_t number)
{
	struct bgp_port *p = calloc(1, sizeof(*p)); /* owner: l->ports */

	if (!p)
		return NULL;
	p->l = l;
	p->family = family;
	p->number = number;
	p->src = (struct loop_source){
	    .fd = -1, .fn = on_incoming, .ctx = p, .name = "bgp listener", .bulk = true};
	p->limit = (struct log_limit)LOG_LIMIT(1, 600 * NS_PER_S);
	p->retry = (struct loop_timer){.fn = on_retry, .ctx = p, .name = "bgp listener retry"};
	p->next = l->ports;
	l->ports = p;
	return p;
}

static void port_destroy(struct bgp_port *p)
{
	struct bgp_port **at = &p->l->ports;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	loop_disarm(p->l->loop, &p->retry);
	port_close(p);
	free(p);
}

static struct bgp_port *find_port(const struct bgp_listener *l, int family, uint16_t number)
{
	struct bgp_port *p = l->ports;

	while (p && (p->family != family || p->number != number))
		p = p->next;
	return p;
}

/* --- the neighbors that may connect --- */

void bgp_listener_add(struct bgp_listener *l, struct bgp_listening *who)
{
	int family = ipaddr_family(&who->cfg->address);
	struct bgp_port *p = find_port(l, family, who->cfg->port);
	bool is_new = !p;

	if (is_new)
		p = port_create(l, family, who->cfg->port);
	if (!p) {
		who->fn(who->ctx, -ENOMEM);
		return;
	}
	who->port = p;
	who->next = p->members;
	p->members = who;
	if (is_new) {
		port_open(p);
	} else if (p->src.fd >= 0) {
		set_passwords(p);
		set_min_ttl(p);
	}
}

void bgp_listener_remove(struct bgp_listener *l, struct bgp_listening *who)
{
	struct bgp_port *p = who->port;
	struct bgp_listening **at;

	(void)l;
	if (!p)
		return;
	at = &p->members;
	while (*at != who)
		at = &(*at)->next;
	*at = who->next;
	who->port = NULL;
	who->key_error = 0;
	if (!p->members) {
		port_destroy(p);
	} else if (p->src.fd >= 0) {
		bgp_socket_listen_password(p->src.fd, who->cfg, false);
		set_passwords(p); /* another speaker may have the same neighbor */
		set_min_ttl(p);
	}
}
