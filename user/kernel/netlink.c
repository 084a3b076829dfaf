// SPDX-License-Identifier: BSD-2-Clause
/*
 * Requests to rtnetlink and changes of addresses: one socket for one thread, which waits for each
 * answer. Rejected: one socket for requests and notifications, because their messages would mix.
 */
#include "kernel/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "core/addr.h"
#include "core/log.h"
#include "kernel/netlink_message.h"

#define DUMP_TRIES 3 /* repetitions of a dump that a change interrupts */

struct netlink {
	struct mnl_socket *ask;
	uint32_t seq;
	bool unread; /* the last answer was not read to its end */
};

struct netlink *netlink_open(void)
{
	struct netlink *nl = calloc(1, sizeof(*nl)); /* owner: the caller */
	int err;

	if (!nl)
		return NULL;
	nl->seq = (uint32_t)time(NULL);
	nl->ask = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (nl->ask && mnl_socket_bind(nl->ask, 0, MNL_SOCKET_AUTOPID) == 0)
		return nl;
	err = errno;
	netlink_close(nl);
	errno = err;
	return NULL;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	if (nl->ask)
		mnl_socket_close(nl->ask);
	free(nl);
}

/* Clears the flag of an interrupted dump in the messages. Returns true if it was set. With the flag
 * libmnl would stop and leave the rest in the socket, where a later request would read it. */
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

/* Reads the rest of an answer. Each request after it would otherwise get the answer of the one
 * before, and the kernel would begin no other dump. */
static void drop_unread(struct netlink *nl)
{
	char buf[NETLINK_BUFFER];
	ssize_t n;

	do
		n = recv(mnl_socket_get_fd(nl->ask), buf, sizeof(buf), MSG_DONTWAIT);
	while (n >= 0 || errno == ENOBUFS || errno == EINTR);
}

int netlink_ask(struct netlink *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	unsigned int port = mnl_socket_get_portid(nl->ask);
	char buf[NETLINK_BUFFER];
	int ret = MNL_CB_OK;
	bool interrupted = false;

	if (nl->unread)
		drop_unread(nl);
	nl->unread = true;
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
	nl->unread = false;
	return interrupted ? -EINTR : 0;
}

void netlink_filter_dumps(struct netlink *nl, bool on)
{
	/* A kernel without this option lists more entries, and the callback skips them. */
	(void)mnl_socket_setsockopt(nl->ask, NETLINK_GET_STRICT_CHK, &(int){on}, sizeof(int));
}

/* The same, but repeats an interrupted dump. Entries are then reported again. */
static int ask_whole(struct netlink *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	int err = -EINTR;

	for (int i = 0; i < DUMP_TRIES && err == -EINTR; i++)
		err = netlink_ask(nl, nlh, cb, data);
	return err == -EINTR ? 0 : err; /* notifications report what changes during the dump */
}

/* --- reading everything --- */

static int on_link_listed(const struct nlmsghdr *nlh, void *data)
{
	struct netlink_link link;

	return netlink_message_link(nlh, &link) && net_table_set_link(data, &link) < 0
		   ? MNL_CB_ERROR
		   : MNL_CB_OK;
}

static int on_address_listed(const struct nlmsghdr *nlh, void *data)
{
	struct net_address address;

	return netlink_message_address(nlh, &address) && net_table_set_address(data, &address) < 0
		   ? MNL_CB_ERROR
		   : MNL_CB_OK;
}

static int ask_links(struct netlink *nl, struct net_table *table)
{
	char buf[MNL_NLMSG_HDRLEN + sizeof(struct ifinfomsg)] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	return ask_whole(nl, nlh, on_link_listed, table);
}

/* Runs `cb` over all addresses of `family` (AF_*). */
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

int netlink_read(struct netlink *nl, struct net_table *table)
{
	int err = ask_links(nl, table);

	return err ? err : ask_addresses(nl, AF_UNSPEC, on_address_listed, table);
}

/* --- one address --- */

/* The octets of `a` in its own family, and their number. */
static const uint8_t *octets_of(const struct ipaddr *a, size_t *len)
{
	*len = ipaddr_is_v4(a) ? 4 : 16;
	return a->b + (16 - *len);
}

/* Begins a message about `prefix`, with its address. Returns false if the buffer is too small. */
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
		flags |= IFA_F_NODAD; /* the old master may still have it */
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
	uint8_t proto = options->proto ? options->proto : NETLINK_ADDRESS_PROTO;
	bool fits = begin_address(buf, sizeof(buf), RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ifindex,
				  prefix);

	((struct ifaddrmsg *)mnl_nlmsg_get_payload(nlh))->ifa_scope = scope;
	fits = fits && mnl_attr_put_u8_check(nlh, sizeof(buf), IFA_PROTO, proto) &&
	       put_options(nlh, sizeof(buf), options);
	if (label[0] != '\0')
		fits = fits && mnl_attr_put_strz_check(nlh, sizeof(buf), IFA_LABEL, label);
	return fits ? netlink_ask(nl, nlh, NULL, NULL) : -EMSGSIZE;
}

struct address_search {
	struct net_address want, got;
	bool found;
};

static int on_address_message(const struct nlmsghdr *nlh, void *data)
{
	struct address_search *search = data;
	struct net_address seen;

	if (!search->found && netlink_message_address(nlh, &seen) &&
	    seen.ifindex == search->want.ifindex &&
	    ipprefix_equal(&seen.prefix, &search->want.prefix)) {
		search->got = seen;
		search->found = true;
	}
	return MNL_CB_OK;
}

int netlink_address_is_ours(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix)
{
	struct address_search search = {.want = {.prefix = *prefix, .ifindex = ifindex}};
	int err =
	    ask_addresses(nl, (uint8_t)ipaddr_family(&prefix->addr), on_address_message, &search);

	if (err < 0)
		return err;
	return search.found && (search.got.proto == NETLINK_ADDRESS_PROTO ||
				search.got.proto == NETLINK_STATIC_PROTO);
}

/* --- removing one --- */

static int remove_one(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix)
{
	char buf[256] = {0};

	if (!begin_address(buf, sizeof(buf), RTM_DELADDR, 0, ifindex, prefix))
		return -EMSGSIZE;
	return netlink_ask(nl, (struct nlmsghdr *)buf, NULL, NULL);
}

#define SECONDARIES_MAX 32 /* secondary addresses of one subnet that are added again */
#define MESSAGE_MAX	256

/* The secondary addresses that the kernel may remove with a primary one, as messages of the
 * kernel. */
struct secondaries {
	uint32_t ifindex;
	struct ipprefix primary;
	bool is_primary;
	unsigned int n;
	_Alignas(struct nlmsghdr) char messages[SECONDARIES_MAX][MESSAGE_MAX];
};

static bool same_subnet(const struct ipprefix *a, const struct ipprefix *b)
{
	unsigned int bits = 96u + a->len;

	if (a->len != b->len || memcmp(a->addr.b, b->addr.b, bits / 8) != 0)
		return false;
	return bits % 8 == 0 || (a->addr.b[bits / 8] ^ b->addr.b[bits / 8]) >> (8 - bits % 8) == 0;
}

static int on_secondary(const struct nlmsghdr *nlh, void *data)
{
	struct secondaries *s = data;
	struct net_address seen;

	if (!netlink_message_address(nlh, &seen) || seen.ifindex != s->ifindex ||
	    !same_subnet(&seen.prefix, &s->primary))
		return MNL_CB_OK;
	if (ipaddr_equal(&seen.prefix.addr, &s->primary.addr))
		s->is_primary = !(seen.flags & IFA_F_SECONDARY);
	else if (seen.flags & IFA_F_SECONDARY && s->n < SECONDARIES_MAX &&
		 nlh->nlmsg_len <= MESSAGE_MAX)
		memcpy(s->messages[s->n++], nlh, nlh->nlmsg_len);
	return MNL_CB_OK;
}

static void put_back(struct netlink *nl, struct secondaries *s)
{
	char text[IPADDR_TEXT];
	struct net_address was;

	for (unsigned int i = 0; i < s->n; i++) {
		struct nlmsghdr *nlh = (struct nlmsghdr *)(void *)s->messages[i];
		int err;

		nlh->nlmsg_type = RTM_NEWADDR;
		nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
		nlh->nlmsg_pid = 0;
		err = netlink_ask(nl, nlh, NULL, NULL); /* -EEXIST: it was promoted */
		if (err != -EEXIST && netlink_message_address(nlh, &was))
			log_warn("the kernel removed %s, a secondary address of a removed one: %s",
				 ipaddr_format(&was.prefix.addr, text),
				 err ? strerror(-err) : "added again");
	}
}

int netlink_address_remove(struct netlink *nl, uint32_t ifindex, const struct ipprefix *prefix)
{
	struct secondaries *s;
	int err;

	if (!ipaddr_is_v4(&prefix->addr) || prefix->len == 32)
		return remove_one(nl, ifindex, prefix);
	s = calloc(1, sizeof(*s)); /* owner: here */
	if (s) {
		s->ifindex = ifindex;
		s->primary = *prefix;
	}
	/* The address must go even if the others are not known: the new master has it. */
	if (!s || ask_addresses(nl, AF_INET, on_secondary, s) < 0)
		log_warn("the secondary addresses of a removed one are not known: if the kernel "
			 "removes them too, they are not added again");
	err = remove_one(nl, ifindex, prefix);
	if (err == 0 && s && s->is_primary)
		put_back(nl, s);
	free(s);
	return err;
}
