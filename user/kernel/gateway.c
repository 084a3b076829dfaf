// SPDX-License-Identifier: BSD-2-Clause
/*
 * Default routes by rtnetlink. The file owns the socket for notifications, the thread and its job.
 * A filter in the kernel passes only messages about default routes, so that a full table of routes
 * on this host wakes no process. Of several default routes of the main table, over interfaces that
 * are up, the one with the lowest metric is used. Of several next hops the first one is used.
 *
 * Rejected: asking for the route to some address, which a more specific route may hide.
 */
#include "kernel/gateway.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "core/worker.h"
#include "kernel/netlink.h"
#include "kernel/netlink_message.h"

#define TRIES	     3			/* of a dump that a change interrupts */
#define SETTLE_NS    (20 * NS_PER_MS)	/* several changes within this time need one dump */
#define DST_LEN_AT   (NLMSG_HDRLEN + 1) /* rtm_dst_len */
#define RETRY_NS     (200 * NS_PER_MS)
#define READS_A_TURN 8

struct gateways {
	struct loop *loop;
	gateway_fn fn;
	void *ctx;
	struct mnl_socket *socket;
	struct loop_source source;
	struct loop_timer timer;
	struct worker *worker;
	struct worker_job job;
	bool looking, again;
	int err;				/* of the last dump; the thread's while `looking` */
	struct gateway found[GATEWAY_FAMILIES]; /* likewise */
};

/* --- in the thread --- */

/* The best route of a dump until now. */
struct search {
	struct gateway best;
	uint32_t metric;
};

static void set_address(struct ipaddr *to, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);

	if (len == 4)
		ipaddr_from_v4(to, mnl_attr_get_payload(attr));
	else if (len == sizeof(to->b))
		memcpy(to->b, mnl_attr_get_payload(attr), len);
}

/* Reads the first of several next hops, if it is up. */
static void read_multipath(const struct nlattr *several, struct gateway *g)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(several);
	const struct nlattr *attr;
	size_t size = mnl_attr_get_payload_len(several);

	if (size < sizeof(*hop) || hop->rtnh_len < sizeof(*hop) || hop->rtnh_len > size ||
	    hop->rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN))
		return;
	g->ifindex = (uint32_t)hop->rtnh_ifindex;
	mnl_attr_for_each_payload((const void *)(hop + 1), hop->rtnh_len - sizeof(*hop))
	{
		if (mnl_attr_get_type(attr) == RTA_GATEWAY)
			set_address(&g->address, attr);
	}
}

static int on_route(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct search *s = data;
	struct gateway g = {0};
	uint32_t metric = 0, table;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm) ||
	    rtm->rtm_dst_len != 0 || rtm->rtm_type != RTN_UNICAST ||
	    rtm->rtm_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN | RTM_F_CLONED))
		return MNL_CB_OK;
	table = rtm->rtm_table;
	mnl_attr_for_each(attr, nlh, sizeof(*rtm))
	{
		size_t len = mnl_attr_get_payload_len(attr);

		switch (mnl_attr_get_type(attr)) {
		case RTA_GATEWAY:
			set_address(&g.address, attr);
			break;
		case RTA_MULTIPATH:
			read_multipath(attr, &g);
			break;
		case RTA_OIF:
			g.ifindex = len >= 4 ? mnl_attr_get_u32(attr) : 0;
			break;
		case RTA_PRIORITY:
			metric = len >= 4 ? mnl_attr_get_u32(attr) : 0;
			break;
		case RTA_TABLE:
			table = len >= 4 ? mnl_attr_get_u32(attr) : table;
			break;
		}
	}
	if (table != RT_TABLE_MAIN || g.ifindex == 0 ||
	    memcmp(&g.address, &(struct ipaddr){0}, sizeof(g.address)) == 0)
		return MNL_CB_OK; /* a route without a next hop has no gateway */
	if (s->best.ifindex != 0 && metric >= s->metric)
		return MNL_CB_OK;
	s->best = g;
	s->metric = metric;
	return MNL_CB_OK;
}

static int dump(struct netlink *nl, uint8_t family, struct gateway *found)
{
	char buf[256] = {0};
	int err = -EINTR;

	for (int i = 0; i < TRIES && err == -EINTR; i++) {
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
		struct search s = {0};
		struct rtmsg *rtm;

		nlh->nlmsg_type = RTM_GETROUTE;
		nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
		rtm->rtm_family = family;
		err = netlink_ask(nl, nlh, on_route, &s);
		if (err == 0)
			*found = s.best;
	}
	return err;
}

/* Reads the routes of both families. A family that cannot be read keeps its last result. */
static void run(struct worker_job *job)
{
	struct gateways *g = (struct gateways *)((char *)job - offsetof(struct gateways, job));
	struct netlink *nl = netlink_open();
	int err;

	g->err = nl ? dump(nl, AF_INET, &g->found[GATEWAY_IPV4]) : -errno;
	err = nl ? dump(nl, AF_INET6, &g->found[GATEWAY_IPV6]) : 0;
	if (g->err == 0)
		g->err = err;
	netlink_close(nl);
}

/* --- in the loop --- */

static void on_done(struct worker_job *job)
{
	struct gateways *g = (struct gateways *)((char *)job - offsetof(struct gateways, job));

	g->looking = false;
	if (g->again)
		gateways_look(g);
	else if (g->err < 0) /* for example because of too many changes */
		loop_arm(g->loop, &g->timer, mono_add(loop_now(g->loop), RETRY_NS));
	g->fn(g->ctx, g->found);
}

static void on_settled(struct loop_timer *timer)
{
	struct gateways *g = timer->ctx;

	if (g->looking) {
		g->again = true;
		return;
	}
	g->looking = true;
	g->again = false;
	g->job = (struct worker_job){.run = run, .done = on_done};
	worker_give(g->worker, &g->job);
}

void gateways_look(struct gateways *g)
{
	loop_arm(g->loop, &g->timer, mono_add(loop_now(g->loop), SETTLE_NS));
}

/* The contents of a notification do not matter, so an overrun is handled in the same way. */
static void on_notice(struct loop_source *src, uint32_t ready)
{
	struct gateways *g = src->ctx;
	char buf[NETLINK_BUFFER];

	(void)ready;
	for (int i = 0; i < READS_A_TURN; i++) {
		if (recv(src->fd, buf, sizeof(buf), MSG_DONTWAIT) < 0 && errno != ENOBUFS)
			break;
	}
	gateways_look(g);
}

/* Sets a socket filter that passes only messages with rtm_dst_len 0. */
static int set_filter(int fd)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, DST_LEN_AT),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0 ? -errno : 0;
}

static int listen_for_routes(struct gateways *g)
{
	int err;

	g->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!g->socket)
		return -errno;
	g->source = (struct loop_source){.fd = mnl_socket_get_fd(g->socket),
					 .fn = on_notice,
					 .ctx = g,
					 .name = "default routes"};
	err = set_filter(g->source.fd); /* before a message can arrive */
	if (err == 0 && mnl_socket_bind(g->socket, RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
					MNL_SOCKET_AUTOPID) < 0)
		err = -errno;
	return err < 0 ? err : loop_add(g->loop, &g->source, EPOLLIN);
}

struct gateways *gateways_create(struct loop *loop, gateway_fn fn, void *ctx)
{
	struct gateways *g = calloc(1, sizeof(*g)); /* owner: the caller */
	int err;

	if (!g)
		return NULL;
	*g = (struct gateways){.loop = loop, .fn = fn, .ctx = ctx, .source.fd = -1};
	g->timer = (struct loop_timer){.fn = on_settled, .ctx = g, .name = "default routes"};
	g->worker = worker_create(loop, "routes");
	err = g->worker ? listen_for_routes(g) : -errno;
	if (err == 0) {
		loop_arm(loop, &g->timer, loop_now(loop));
		return g;
	}
	gateways_destroy(g);
	errno = -err;
	return NULL;
}

void gateways_destroy(struct gateways *g)
{
	if (!g)
		return;
	loop_disarm(g->loop, &g->timer);
	worker_destroy(g->worker);
	if (g->socket) {
		loop_remove(g->loop, &g->source);
		mnl_socket_close(g->socket);
	}
	free(g);
}
