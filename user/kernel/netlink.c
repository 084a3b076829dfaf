// SPDX-License-Identifier: BSD-2-Clause
/*
 * rtnetlink by libmnl: one socket asks and waits for the kernel's answer, one listens for what
 * changes and is drained by the loop. Owns both sockets. An overrun of the listener loses messages,
 * so everything is read anew at once. Rejected: one socket for both, where answers and
 * notifications interleave.
 */
#include "kernel/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "core/addr.h"
#include "core/log.h"

#define BUFFER_SIZE 32768 /* what the kernel fills in one dump message; MNL_SOCKET_DUMP_SIZE */

struct netlink {
	struct loop *loop;
	struct mnl_socket *ask, *watch;
	struct loop_source source;
	netlink_link_fn fn;
	void *ctx;
	uint32_t seq;
	uint64_t overruns;
};

static int open_socket(struct mnl_socket **sock, unsigned int groups)
{
	*sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | (groups ? SOCK_NONBLOCK : 0));
	if (!*sock)
		return -errno;
	if (mnl_socket_bind(*sock, groups, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	return 0;
}

static int link_attr(const struct nlattr *attr, void *data)
{
	struct netlink_link *link = data;

	if (mnl_attr_get_type(attr) == IFLA_IFNAME &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0) {
		size_t len = strnlen(mnl_attr_get_str(attr), sizeof(link->name) - 1);

		memcpy(link->name, mnl_attr_get_str(attr), len);
		link->name[len] = '\0';
	}
	return MNL_CB_OK;
}

static bool parse_link(const struct nlmsghdr *nlh, struct netlink_link *link)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	*link = (struct netlink_link){0};
	if (nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK)
		return false;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi) || ifi->ifi_family != AF_UNSPEC)
		return false; /* a bridge port's message (AF_BRIDGE) says nothing of the link itself
			       */
	link->ifindex = (uint32_t)ifi->ifi_index;
	link->up = (ifi->ifi_flags & IFF_UP) && (ifi->ifi_flags & IFF_RUNNING);
	link->gone = nlh->nlmsg_type == RTM_DELLINK;
	mnl_attr_parse(nlh, sizeof(*ifi), link_attr, link);
	return true;
}

static int on_link_change(const struct nlmsghdr *nlh, void *data)
{
	struct netlink *nl = data;
	struct netlink_link link;

	if (parse_link(nlh, &link))
		nl->fn(nl->ctx, &link);
	return MNL_CB_OK;
}

/* The links of one dump; they are told when it has ended, for whoever is told may ask the kernel
 * too. */
struct link_list {
	struct netlink_link *links;
	unsigned int n;
};

static int on_link_listed(const struct nlmsghdr *nlh, void *data)
{
	struct link_list *list = data;
	struct netlink_link link, *grown;

	if (!parse_link(nlh, &link))
		return MNL_CB_OK;
	grown = reallocarray(list->links, list->n + 1, sizeof(link));
	if (!grown)
		return MNL_CB_ERROR;
	list->links = grown;
	list->links[list->n++] = link;
	return MNL_CB_OK;
}

static void on_watch_ready(struct loop_source *src, uint32_t ready)
{
	struct netlink *nl = src->ctx;
	char buf[BUFFER_SIZE];
	ssize_t n;

	(void)ready;
	while ((n = mnl_socket_recvfrom(nl->watch, buf, sizeof(buf))) > 0)
		mnl_cb_run(buf, (size_t)n, 0, 0, on_link_change, nl);
	if (n < 0 && errno == ENOBUFS) {
		nl->overruns++;
		log_warn("netlink: notifications were lost (overrun %llu), reading all links anew",
			 (unsigned long long)nl->overruns);
		netlink_sync(nl);
	}
}

struct netlink *netlink_open(struct loop *loop, netlink_link_fn fn, void *ctx)
{
	struct netlink *nl = calloc(1, sizeof(*nl)); /* owner: the engine */
	int err;

	if (!nl)
		return NULL;
	nl->loop = loop;
	nl->fn = fn;
	nl->ctx = ctx;
	nl->seq = (uint32_t)time(NULL);
	nl->source.fd = -1;
	err = open_socket(&nl->ask, 0);
	if (err == 0)
		err = open_socket(&nl->watch, RTMGRP_LINK);
	if (err == 0) {
		nl->source = (struct loop_source){.fd = mnl_socket_get_fd(nl->watch),
						  .fn = on_watch_ready,
						  .ctx = nl,
						  .name = "netlink"};
		err = loop_add(loop, &nl->source, EPOLLIN);
	}
	if (err == 0)
		return nl;
	netlink_close(nl);
	errno = -err;
	return NULL;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	loop_remove(nl->loop, &nl->source);
	if (nl->ask)
		mnl_socket_close(nl->ask);
	if (nl->watch)
		mnl_socket_close(nl->watch);
	free(nl);
}

/* Sends `nlh` and runs `cb` over the answer until its end. 0 or -errno, the kernel's own included.
 */
static int ask_kernel(struct netlink *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	unsigned int port = mnl_socket_get_portid(nl->ask);
	char buf[BUFFER_SIZE];
	int ret = MNL_CB_OK;

	nlh->nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(nl->ask, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (ret > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(nl->ask, buf, sizeof(buf));

		if (n < 0)
			return -errno;
		ret = mnl_cb_run(buf, (size_t)n, nl->seq, port, cb, data);
	}
	return ret < 0 ? -errno : 0;
}

int netlink_sync(struct netlink *nl)
{
	char buf[MNL_NLMSG_HDRLEN + sizeof(struct ifinfomsg)] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct link_list list = {0};
	int err;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	err = ask_kernel(nl, nlh, on_link_listed, &list);
	for (unsigned int i = 0; i < list.n && err == 0; i++)
		nl->fn(nl->ctx, &list.links[i]);
	free(list.links);
	return err;
}

/* The octets of `a` in its own family, and how many. */
static const uint8_t *octets_of(const struct ipaddr *a, size_t *len)
{
	*len = ipaddr_is_v4(a) ? 4 : 16;
	return a->b + (16 - *len);
}

static int change_address(struct netlink *nl, uint16_t type, uint16_t flags, uint32_t ifindex,
			  const struct ipprefix *prefix, const char *label, uint8_t scope)
{
	char buf[256] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *ifa;
	size_t len;
	const uint8_t *octets = octets_of(&prefix->addr, &len);
	bool fits;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = (uint8_t)ipaddr_family(&prefix->addr);
	ifa->ifa_prefixlen = prefix->len;
	ifa->ifa_index = ifindex;
	ifa->ifa_scope = scope;
	if (ifa->ifa_family == AF_INET6)
		ifa->ifa_flags = IFA_F_NODAD; /* the old master may hold it still */
	fits = mnl_attr_put_check(nlh, sizeof(buf), IFA_LOCAL, len, octets) &&
	       mnl_attr_put_check(nlh, sizeof(buf), IFA_ADDRESS, len, octets);
	if (label[0] != '\0')
		fits = fits && mnl_attr_put_strz_check(nlh, sizeof(buf), IFA_LABEL, label);
	if (!fits)
		return -EMSGSIZE;
	return ask_kernel(nl, nlh, NULL, NULL);
}

int netlink_address_add(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix,
			const char *label, uint8_t scope)
{
	return change_address(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ifindex, prefix, label,
			      scope);
}

int netlink_address_remove(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix)
{
	return change_address(nl, RTM_DELADDR, 0, ifindex, prefix, "", 0);
}

struct first_address {
	uint32_t ifindex;
	uint8_t family, scope;
	bool found;
	struct ipaddr address;
};

static int address_attr(const struct nlattr *attr, void *data)
{
	struct first_address *first = data;
	uint16_t type = mnl_attr_get_type(attr);

	/* On IPv4 IFA_LOCAL is ours and IFA_ADDRESS may be the far end of a point-to-point link. */
	if (first->family == AF_INET && type == IFA_LOCAL && mnl_attr_get_payload_len(attr) == 4) {
		ipaddr_from_v4(&first->address, mnl_attr_get_payload(attr));
		first->found = true;
	}
	if (first->family == AF_INET6 && type == IFA_ADDRESS &&
	    mnl_attr_get_payload_len(attr) == 16) {
		memcpy(first->address.b, mnl_attr_get_payload(attr), 16);
		first->found = true;
	}
	return MNL_CB_OK;
}

static int on_address_message(const struct nlmsghdr *nlh, void *data)
{
	struct first_address *first = data;
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa))
		return MNL_CB_OK;
	if (first->found || ifa->ifa_index != first->ifindex || ifa->ifa_family != first->family ||
	    ifa->ifa_scope != first->scope)
		return MNL_CB_OK;
	mnl_attr_parse(nlh, sizeof(*ifa), address_attr, first);
	return MNL_CB_OK;
}

int netlink_first_address(struct netlink *nl, uint32_t ifindex, uint8_t family, struct ipaddr *out)
{
	char buf[MNL_NLMSG_HDRLEN + sizeof(struct ifaddrmsg)] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct first_address first = {.ifindex = ifindex,
				      .family = family == 4 ? AF_INET : AF_INET6,
				      .scope = family == 4 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK};
	struct ifaddrmsg *ifa;
	int err;

	nlh->nlmsg_type = RTM_GETADDR;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = first.family;
	err = ask_kernel(nl, nlh, on_address_message, &first);
	if (err < 0)
		return err;
	if (!first.found)
		return -ENOENT;
	*out = first.address;
	return 0;
}
