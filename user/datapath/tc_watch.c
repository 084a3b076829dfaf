// SPDX-License-Identifier: BSD-2-Clause
/*
 * Receives notifications of removed TC filters and qdiscs (rtnetlink group RTNLGRP_TC), so that our
 * filters are attached again within milliseconds, before the deadline of a BACKUP passes. The file
 * owns its socket. After an overrun every interface is checked. The check also recognizes that the
 * interface itself has disappeared.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "datapath/internal.h"

#define BUFFER_SIZE  8192
#define READS_A_TURN 16 /* the rest is ready in the next turn */

struct dp_tc_watch {
	struct datapath *dp;
	struct mnl_socket *nl;
	struct loop_source source;
};

static int on_message(const struct nlmsghdr *nlh, void *ctx)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(nlh);
	struct datapath *dp = ctx;

	if ((nlh->nlmsg_type == RTM_DELTFILTER || nlh->nlmsg_type == RTM_DELQDISC) &&
	    mnl_nlmsg_get_payload_len(nlh) >= sizeof(*tc) && tc->tcm_ifindex > 0)
		dp_interfaces_verify(dp, (uint32_t)tc->tcm_ifindex);
	return MNL_CB_OK;
}

static void on_readable(struct loop_source *src, uint32_t ready)
{
	struct dp_tc_watch *watch = src->ctx;
	char buf[BUFFER_SIZE];
	ssize_t n = 0;

	(void)ready;
	for (int i = 0; i < READS_A_TURN; i++) {
		n = mnl_socket_recvfrom(watch->nl, buf, sizeof(buf));
		if (n <= 0)
			break;
		mnl_cb_run(buf, (size_t)n, 0, 0, on_message, watch->dp);
	}
	if (n < 0 && (errno == ENOBUFS || errno == ENOSPC)) /* lost, or larger than the buffer */
		dp_interfaces_verify_all(watch->dp);
}

struct dp_tc_watch *dp_tc_watch_create(struct datapath *dp)
{
	struct dp_tc_watch *watch = calloc(1, sizeof(*watch)); /* owner: dp */
	int err = 0, group = RTNLGRP_TC;

	if (!watch)
		return NULL;
	watch->dp = dp;
	watch->source.fd = -1;
	watch->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!watch->nl || mnl_socket_bind(watch->nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(watch->nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		err = -errno;
	if (!err) {
		watch->source = (struct loop_source){.fd = mnl_socket_get_fd(watch->nl),
						     .fn = on_readable,
						     .ctx = watch,
						     .name = "tc changes"};
		err = loop_add(dp->loop, &watch->source, EPOLLIN);
	}
	if (!err)
		return watch;
	dp_tc_watch_destroy(watch);
	errno = -err;
	return NULL;
}

void dp_tc_watch_destroy(struct dp_tc_watch *watch)
{
	if (!watch)
		return;
	if (watch->source.fd >= 0)
		loop_remove(watch->dp->loop, &watch->source);
	if (watch->nl)
		mnl_socket_close(watch->nl);
	free(watch);
}
