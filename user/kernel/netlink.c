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
#define DUMP_TRIES  3	  /* of a dump that changes interrupt */

struct netlink {
	struct loop *loop;
	struct mnl_socket *ask, *watch;
	struct loop_source source;
	netlink_link_fn fn;
	netlink_address_fn address_fn;
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

/* What a message of addresses says of one. */
struct seen_address {
	struct ipprefix prefix;
	uint32_t ifindex;
	uint8_t family, scope, proto;
	bool found;
};

static int address_attr(const struct nlattr *attr, void *data)
{
	struct seen_address *seen = data;
	uint16_t type = mnl_attr_get_type(attr), len = mnl_attr_get_payload_len(attr);

	/* On IPv4 IFA_LOCAL is ours and IFA_ADDRESS may be the far end of a point-to-point link. */
	if (seen->family == AF_INET && type == IFA_LOCAL && len == 4) {
		ipaddr_from_v4(&seen->prefix.addr, mnl_attr_get_payload(attr));
		seen->found = true;
	}
	if (seen->family == AF_INET6 && type == IFA_ADDRESS && len == 16) {
		memcpy(seen->prefix.addr.b, mnl_attr_get_payload(attr), 16);
		seen->found = true;
	}
	if (type == IFA_PROTO && len == 1)
		seen->proto = mnl_attr_get_u8(attr);
	return MNL_CB_OK;
}

static bool read_address(const struct nlmsghdr *nlh, struct seen_address *seen)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa))
		return false;
	*seen = (struct seen_address){.prefix.len = ifa->ifa_prefixlen,
				      .ifindex = ifa->ifa_index,
				      .family = ifa->ifa_family,
				      .scope = ifa->ifa_scope};
	mnl_attr_parse(nlh, sizeof(*ifa), address_attr, seen);
	return seen->found;
}

static int on_watched_message(const struct nlmsghdr *nlh, void *data)
{
	struct netlink *nl = data;
	struct seen_address seen;

	if ((nlh->nlmsg_type == RTM_DELADDR || nlh->nlmsg_type == RTM_NEWADDR) && nl->address_fn &&
	    read_address(nlh, &seen))
		nl->address_fn(nl->ctx, seen.ifindex, &seen.prefix, nlh->nlmsg_type == RTM_DELADDR);
	return on_link_change(nlh, data);
}

static void on_watch_ready(struct loop_source *src, uint32_t ready)
{
	struct netlink *nl = src->ctx;
	char buf[BUFFER_SIZE];
	ssize_t n;

	(void)ready;
	while ((n = mnl_socket_recvfrom(nl->watch, buf, sizeof(buf))) > 0)
		mnl_cb_run(buf, (size_t)n, 0, 0, on_watched_message, nl);
	if (n < 0 && errno == ENOBUFS) {
		nl->overruns++;
		log_warn("netlink: notifications were lost (overrun %llu), reading all anew",
			 (unsigned long long)nl->overruns);
		netlink_sync(nl);
		if (nl->address_fn)
			nl->address_fn(nl->ctx, 0, NULL, true);
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
	if (err == 0 && loop)
		err =
		    open_socket(&nl->watch, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
	if (err == 0 && loop) {
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

void netlink_watch_addresses(struct netlink *nl, netlink_address_fn fn)
{
	nl->address_fn = fn;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	if (nl->loop)
		loop_remove(nl->loop, &nl->source);
	if (nl->ask)
		mnl_socket_close(nl->ask);
	if (nl->watch)
		mnl_socket_close(nl->watch);
	free(nl);
}

/* Takes the mark of an interrupted dump off the messages; true if there was one. libmnl would break
 * off there and leave the rest in the socket, as answers to later questions. */
static bool take_interruption(char *buf, ssize_t n)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)(void *)buf;
	bool interrupted = false;
	int left = (int)n;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		interrupted = interrupted || (nlh->nlmsg_flags & NLM_F_DUMP_INTR);
		nlh->nlmsg_flags &= (uint16_t)~NLM_F_DUMP_INTR;
	}
	return interrupted;
}

/* Sends `nlh` and runs `cb` over the answer until its end. 0 or -errno, the kernel's own included;
 * -EINTR: something changed meanwhile, and not all of it may have been told. */
static int ask_kernel(struct netlink *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	unsigned int port = mnl_socket_get_portid(nl->ask);
	char buf[BUFFER_SIZE];
	int ret = MNL_CB_OK;
	bool interrupted = false;

	nlh->nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(nl->ask, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (ret > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(nl->ask, buf, sizeof(buf));

		if (n < 0)
			return -errno;
		interrupted = take_interruption(buf, n) || interrupted;
		ret = mnl_cb_run(buf, (size_t)n, nl->seq, port, cb, data);
	}
	if (ret < 0)
		return -errno;
	return interrupted ? -EINTR : 0;
}

/* The same, asked again when the answer was interrupted; what was told is told again. */
static int ask_whole(struct netlink *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	int err = -EINTR;

	for (int i = 0; i < DUMP_TRIES && err == -EINTR; i++)
		err = ask_kernel(nl, nlh, cb, data);
	return err == -EINTR ? 0 : err; /* it changes all the time, and each change is told */
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
	err = ask_whole(nl, nlh, on_link_listed, &list);
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

/* The head of a message about `prefix`, with its address: false if the buffer is too small. */
static bool begin_address(char *buf, size_t size, uint16_t type, uint16_t flags, uint32_t ifindex,
			  const struct ipprefix *prefix)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *ifa;
	size_t len;
	const uint8_t *octets = octets_of(&prefix->addr, &len);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = (uint8_t)ipaddr_family(&prefix->addr);
	ifa->ifa_prefixlen = prefix->len;
	ifa->ifa_index = ifindex;
	return mnl_attr_put_check(nlh, size, IFA_LOCAL, len, octets) &&
	       mnl_attr_put_check(nlh, size, IFA_ADDRESS, len, octets);
}

static bool put_options(struct nlmsghdr *nlh, size_t size,
			const struct netlink_address_options *options)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct ifa_cacheinfo lifetime = {.ifa_prefered = options->preferred_s,
					 .ifa_valid = UINT32_MAX};
	uint32_t flags = options->flags;
	size_t len;
	const uint8_t *broadcast = octets_of(&options->broadcast, &len);

	if (ifa->ifa_family == AF_INET6)
		flags |= IFA_F_NODAD; /* the old master may hold it still */
	if (flags && !mnl_attr_put_u32_check(nlh, size, IFA_FLAGS, flags))
		return false;
	if (!ipaddr_is_unset(&options->broadcast) &&
	    !mnl_attr_put_check(nlh, size, IFA_BROADCAST, len, broadcast))
		return false;
	return !options->limited ||
	       mnl_attr_put_check(nlh, size, IFA_CACHEINFO, sizeof(lifetime), &lifetime);
}

int netlink_address_add(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix,
			const char *label, uint8_t scope,
			const struct netlink_address_options *options)
{
	char buf[256] = {0};
	struct nlmsghdr *nlh = (struct nlmsghdr *)buf;
	bool fits = begin_address(buf, sizeof(buf), RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ifindex,
				  prefix);

	((struct ifaddrmsg *)mnl_nlmsg_get_payload(nlh))->ifa_scope = scope;
	fits = fits && mnl_attr_put_u8_check(nlh, sizeof(buf), IFA_PROTO, NETLINK_ADDRESS_PROTO) &&
	       put_options(nlh, sizeof(buf), options);
	if (label[0] != '\0')
		fits = fits && mnl_attr_put_strz_check(nlh, sizeof(buf), IFA_LABEL, label);
	return fits ? ask_kernel(nl, nlh, NULL, NULL) : -EMSGSIZE;
}

int netlink_address_remove(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix)
{
	char buf[256] = {0};

	if (!begin_address(buf, sizeof(buf), RTM_DELADDR, 0, ifindex, prefix))
		return -EMSGSIZE;
	return ask_kernel(nl, (struct nlmsghdr *)buf, NULL, NULL);
}

/* Goes through all addresses of `family` (AF_*). */
static int ask_addresses(struct netlink *nl, uint8_t family, mnl_cb_t cb, void *data)
{
	char buf[MNL_NLMSG_HDRLEN + sizeof(struct ifaddrmsg)] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *ifa;

	nlh->nlmsg_type = RTM_GETADDR;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = family;
	return ask_whole(nl, nlh, cb, data);
}

/* What of `want` is looked for, beside its interface. */
struct address_search {
	struct seen_address want, got;
	enum { BY_SCOPE, BY_PREFIX, BY_ADDRESS } by;
};

static bool is_wanted(const struct address_search *search, const struct seen_address *seen)
{
	const struct seen_address *want = &search->want;

	if (search->by == BY_SCOPE)
		return seen->scope == want->scope;
	return ipaddr_equal(&seen->prefix.addr, &want->prefix.addr) &&
	       (search->by == BY_ADDRESS || seen->prefix.len == want->prefix.len);
}

static int on_address_message(const struct nlmsghdr *nlh, void *data)
{
	struct address_search *search = data;
	const struct seen_address *want = &search->want;
	struct seen_address seen;

	if (search->got.found || nlh->nlmsg_type != RTM_NEWADDR || !read_address(nlh, &seen) ||
	    seen.ifindex != want->ifindex || seen.family != want->family)
		return MNL_CB_OK;
	if (is_wanted(search, &seen))
		search->got = seen;
	return MNL_CB_OK;
}

int netlink_address_is_ours(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix)
{
	struct address_search search = {.want = {.prefix = *prefix,
						 .ifindex = ifindex,
						 .family = (uint8_t)ipaddr_family(&prefix->addr)},
					.by = BY_PREFIX};
	int err = ask_addresses(nl, search.want.family, on_address_message, &search);

	if (err < 0)
		return err;
	return search.got.found && search.got.proto == NETLINK_ADDRESS_PROTO;
}

int netlink_has_address(struct netlink *nl, uint32_t ifindex, const struct ipaddr *address)
{
	struct address_search search = {.want = {.prefix = {.addr = *address},
						 .ifindex = ifindex,
						 .family = (uint8_t)ipaddr_family(address)},
					.by = BY_ADDRESS};
	int err = ask_addresses(nl, search.want.family, on_address_message, &search);

	return err < 0 ? err : search.got.found;
}

int netlink_first_address(struct netlink *nl, uint32_t ifindex, uint8_t family, struct ipaddr *out)
{
	struct address_search search = {
	    .want = {.ifindex = ifindex,
		     .family = family == 4 ? AF_INET : AF_INET6,
		     .scope = family == 4 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK}};
	int err = ask_addresses(nl, search.want.family, on_address_message, &search);

	if (err < 0)
		return err;
	if (!search.got.found)
		return -ENOENT;
	*out = search.got.prefix.addr;
	return 0;
}
