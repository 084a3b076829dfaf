// SPDX-License-Identifier: BSD-2-Clause
/*
 * The socket for removals of routes and rules, with a filter in classic BPF. Rejected: using the
 * socket of links and addresses (netlink_watch.c), because after an overrun by routes that module
 * would read everything again.
 */
#include "kernel/route_watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "kernel/netlink_message.h"
#include "kernel/route_message.h"

#define READS_A_TURN 8 /* messages; the rest is read in the next turn */

struct route_watch {
	struct loop *loop;
	struct mnl_socket *socket;
	struct loop_source source;
	route_gone_fn fn;
	void *ctx;
};

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	struct route_watch *watch = data;
	struct net_route route;

	if (nlh->nlmsg_type == RTM_DELRULE)
		watch->fn(watch->ctx, NULL);
	else if (nlh->nlmsg_type == RTM_DELROUTE && route_message_parse(nlh, &route))
		watch->fn(watch->ctx, &route);
	return MNL_CB_OK;
}

static void on_readable(struct loop_source *src, uint32_t ready)
{
	struct route_watch *watch = src->ctx;
	char buf[NETLINK_BUFFER];
	ssize_t n = 0;

	(void)ready;
	for (int i = 0; i < READS_A_TURN; i++) {
		n = mnl_socket_recvfrom(watch->socket, buf, sizeof(buf));
		if (n <= 0)
			break;
		mnl_cb_run(buf, (size_t)n, 0, 0, on_message, watch);
	}
	if (n < 0 && (errno == ENOBUFS || errno == ENOSPC)) /* lost, or longer than the buffer */
		watch->fn(watch->ctx, NULL);
}

/* The type is in host byte order, but BPF loads it as network byte order, so it is compared with
 * htons(). Each notification is a message of its own. A jump counts the instructions up to the last
 * two, which drop and accept. */
int route_watch_filter(struct route_watch *watch, const uint8_t *protos, unsigned int n)
{
	struct sock_filter code[ROUTE_WATCH_PROTOS + 6];
	unsigned int len = 0, any = n > ROUTE_WATCH_PROTOS, checks = any ? 0 : n;
	uint32_t type_at = offsetof(struct nlmsghdr, nlmsg_type);
	uint32_t proto_at = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol);
	struct sock_fprog program = {.filter = code};
	uint8_t to_accept = (uint8_t)(checks + 2 + !any);

	code[len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_H | BPF_ABS, type_at);
	code[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELRULE),
						   to_accept, 0);
	code[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE),
						   any ? 1 : 0, any ? 0 : (uint8_t)(checks + 1));
	if (!any)
		code[len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, proto_at);
	for (unsigned int i = 0; i < checks; i++)
		code[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, protos[i],
							   (uint8_t)(checks - i), 0);
	code[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	code[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	program.len = (unsigned short)len;
	if (setsockopt(mnl_socket_get_fd(watch->socket), SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)) < 0)
		return -errno;
	return 0;
}

static int open_socket(struct route_watch *watch)
{
	static const int groups[] = {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,
				     RTNLGRP_IPV6_RULE};

	watch->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!watch->socket || route_watch_filter(watch, (const uint8_t[]){0}, 0) < 0 ||
	    mnl_socket_bind(watch->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	for (unsigned int i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (mnl_socket_setsockopt(watch->socket, NETLINK_ADD_MEMBERSHIP, (int[]){groups[i]},
					  sizeof(int)) < 0)
			return -errno;
	}
	watch->source = (struct loop_source){.fd = mnl_socket_get_fd(watch->socket),
					     .fn = on_readable,
					     .ctx = watch,
					     .name = "routes"};
	return loop_add(watch->loop, &watch->source, EPOLLIN);
}

struct route_watch *route_watch_create(struct loop *loop, route_gone_fn fn, void *ctx)
{
	struct route_watch *watch = calloc(1, sizeof(*watch)); /* owner: the engine */
	int err;

	if (!watch)
		return NULL;
	*watch = (struct route_watch){.loop = loop, .fn = fn, .ctx = ctx, .source.fd = -1};
	err = open_socket(watch);
	if (err == 0)
		return watch;
	route_watch_destroy(watch);
	errno = -err;
	return NULL;
}

void route_watch_destroy(struct route_watch *watch)
{
	if (!watch)
		return;
	loop_remove(watch->loop, &watch->source);
	if (watch->socket)
		mnl_socket_close(watch->socket);
	free(watch);
}
