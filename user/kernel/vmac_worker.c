// SPDX-License-Identifier: BSD-2-Clause
/*
 * Creates, changes and removes macvlan interfaces by rtnetlink.
 *
 * The macvlan is private, as keepalived's is: the instances of one host do not reach each other
 * through it. It has no address of its own, and takes none from a router. arp_ignore 1 of the
 * macvlan and its parent makes the kernel answer an ARP request only with the MAC address of the
 * interface that has the requested address. arp_announce 2 of the parent keeps a shared address out
 * of the parent's own ARP requests, from which a neighbor would learn the wrong MAC address.
 * rp_filter is 2, because the way back to a client may lead through the parent; the kernel uses the
 * greater one of this and of conf.all.rp_filter, so the latter need not change.
 *
 * Rejected: writing these settings to /proc/sys, which a service manager may have made read-only.
 * Only the setting that refuses router advertisements has no message of rtnetlink.
 */
#include "kernel/vmac_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/address_worker.h"
#include "kernel/netlink.h"
#include "kernel/netlink_message.h"

#define MESSAGE_MAX 512
#define ALIAS	    "holdfast" /* the mark */

static struct vmac_job *job_of(struct worker_job *work)
{
	return (struct vmac_job *)((char *)work - offsetof(struct vmac_job, work));
}

/* --- reading the present state --- */

/* What the kernel says of an interface. */
struct found {
	uint32_t ifindex, parent, vrf;
	uint32_t mode; /* of a macvlan */
	uint32_t arp_ignore, arp_announce;
	uint8_t mac[VMAC_LEN];
	bool is_macvlan, is_marked, up, in_vrf;
};

static int on_macvlan_attr(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == IFLA_MACVLAN_MODE &&
	    mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
		((struct found *)data)->mode = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static bool is_text(const struct nlattr *attr, const char *text)
{
	return mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0 &&
	       strcmp(mnl_attr_get_str(attr), text) == 0;
}

static int on_info_attr(const struct nlattr *attr, void *data)
{
	struct found *found = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_INFO_KIND:
		found->is_macvlan = is_text(attr, "macvlan");
		break;
	case IFLA_INFO_DATA: /* the kind comes before it */
		if (found->is_macvlan)
			mnl_attr_parse_nested(attr, on_macvlan_attr, found);
		break;
	case IFLA_INFO_SLAVE_KIND:
		found->in_vrf = is_text(attr, "vrf");
		break;
	}
	return MNL_CB_OK;
}

/* IFLA_INET_CONF is an array of 32-bit numbers; IPV4_DEVCONF_* count from 1. */
static uint32_t inet_setting(const struct nlattr *attr, size_t id)
{
	size_t at = (id - 1) * sizeof(uint32_t);
	uint32_t value = 0;

	if (mnl_attr_get_payload_len(attr) >= at + sizeof(value))
		memcpy(&value, (const char *)mnl_attr_get_payload(attr) + at, sizeof(value));
	return value;
}

static int on_inet_attr(const struct nlattr *attr, void *data)
{
	struct found *found = data;

	if (mnl_attr_get_type(attr) != IFLA_INET_CONF)
		return MNL_CB_OK;
	found->arp_ignore = inet_setting(attr, IPV4_DEVCONF_ARP_IGNORE);
	found->arp_announce = inet_setting(attr, IPV4_DEVCONF_ARP_ANNOUNCE);
	return MNL_CB_OK;
}

static int on_family_attr(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == AF_INET)
		mnl_attr_parse_nested(attr, on_inet_attr, data);
	return MNL_CB_OK;
}

static int on_link_attr(const struct nlattr *attr, void *data)
{
	struct found *found = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_LINK:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			found->parent = mnl_attr_get_u32(attr);
		break;
	case IFLA_MASTER:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			found->vrf = mnl_attr_get_u32(attr);
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attr) == VMAC_LEN)
			memcpy(found->mac, mnl_attr_get_payload(attr), VMAC_LEN);
		break;
	case IFLA_IFALIAS:
		found->is_marked = is_text(attr, ALIAS);
		break;
	case IFLA_LINKINFO:
		mnl_attr_parse_nested(attr, on_info_attr, found);
		break;
	case IFLA_AF_SPEC:
		mnl_attr_parse_nested(attr, on_family_attr, found);
		break;
	}
	return MNL_CB_OK;
}

static int on_link(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct found *found = data;

	if (nlh->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return MNL_CB_OK;
	found->ifindex = (uint32_t)ifi->ifi_index;
	found->up = ifi->ifi_flags & IFF_UP;
	mnl_attr_parse(nlh, sizeof(*ifi), on_link_attr, found);
	return MNL_CB_OK;
}

/* Begins a message about the interface `ifindex`, 0: none yet. */
static struct nlmsghdr *begin(void *buf, uint16_t type, uint16_t flags, uint32_t ifindex)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = (int)ifindex;
	return nlh;
}

/* Finds an interface by its index, or (0) by its name. 0, -ENODEV or another -errno. */
static int find(struct netlink *nl, uint32_t ifindex, const char *name, struct found *found)
{
	_Alignas(struct nlmsghdr) char buf[MESSAGE_MAX] = {0};
	struct nlmsghdr *nlh = begin(buf, RTM_GETLINK, 0, ifindex);

	*found = (struct found){0};
	if (ifindex == 0 && !mnl_attr_put_strz_check(nlh, sizeof(buf), IFLA_IFNAME, name))
		return -EMSGSIZE;
	return netlink_ask(nl, nlh, on_link, found);
}

/* --- the settings --- */

static int set_up(struct netlink *nl, uint32_t ifindex, bool up)
{
	_Alignas(struct nlmsghdr) char buf[MESSAGE_MAX] = {0};
	struct nlmsghdr *nlh = begin(buf, RTM_NEWLINK, 0, ifindex);
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = up ? IFF_UP : 0;
	return netlink_ask(nl, nlh, NULL, NULL);
}

static int create(const struct vmac_job *job, const struct found *parent)
{
	_Alignas(struct nlmsghdr) char buf[MESSAGE_MAX] = {0};
	struct nlmsghdr *nlh = begin(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	struct nlattr *info, *data;
	bool fits = mnl_attr_put_strz_check(nlh, sizeof(buf), IFLA_IFNAME, job->name) &&
		    mnl_attr_put_u32_check(nlh, sizeof(buf), IFLA_LINK, parent->ifindex) &&
		    mnl_attr_put_check(nlh, sizeof(buf), IFLA_ADDRESS, VMAC_LEN, job->mac);

	if (parent->in_vrf) /* else its addresses would be in another table than the parent's */
		fits = fits && mnl_attr_put_u32_check(nlh, sizeof(buf), IFLA_MASTER, parent->vrf);
	info = fits ? mnl_attr_nest_start_check(nlh, sizeof(buf), IFLA_LINKINFO) : NULL;
	fits = info && mnl_attr_put_strz_check(nlh, sizeof(buf), IFLA_INFO_KIND, "macvlan");
	data = fits ? mnl_attr_nest_start_check(nlh, sizeof(buf), IFLA_INFO_DATA) : NULL;
	if (!data ||
	    !mnl_attr_put_u32_check(nlh, sizeof(buf), IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE))
		return -EMSGSIZE;
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return netlink_ask(job->nl, nlh, NULL, NULL);
}

struct setting {
	uint16_t id; /* IPV4_DEVCONF_* */
	uint32_t value;
};

static int set_inet(struct netlink *nl, uint32_t ifindex, const struct setting *s, size_t n)
{
	_Alignas(struct nlmsghdr) char buf[MESSAGE_MAX] = {0};
	struct nlmsghdr *nlh = begin(buf, RTM_NEWLINK, 0, ifindex);
	struct nlattr *spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	struct nlattr *inet = mnl_attr_nest_start(nlh, AF_INET);
	struct nlattr *conf = mnl_attr_nest_start(nlh, IFLA_INET_CONF);

	for (size_t i = 0; i < n; i++) {
		if (!mnl_attr_put_u32_check(nlh, sizeof(buf), s[i].id, s[i].value))
			return -EMSGSIZE;
	}
	mnl_attr_nest_end(nlh, conf);
	mnl_attr_nest_end(nlh, inet);
	mnl_attr_nest_end(nlh, spec);
	return netlink_ask(nl, nlh, NULL, NULL);
}

/* Without a link-local address of its own, the macvlan sends nothing by itself when it comes up. */
static int set_inet6(struct netlink *nl, uint32_t ifindex)
{
	_Alignas(struct nlmsghdr) char buf[MESSAGE_MAX] = {0};
	struct nlmsghdr *nlh = begin(buf, RTM_NEWLINK, 0, ifindex);
	struct nlattr *spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	struct nlattr *inet6 = mnl_attr_nest_start(nlh, AF_INET6);
	int err;

	mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(nlh, inet6);
	mnl_attr_nest_end(nlh, spec);
	err = netlink_ask(nl, nlh, NULL, NULL);
	return err == -EAFNOSUPPORT ? 0 : err; /* the kernel, or this host, has no IPv6 */
}

/* 0 or -errno. */
static int refuse_router_adverts(const char *name)
{
	char path[64 + IF_NAMESIZE];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_ra", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno; /* no IPv6 */
	if (write(fd, "0", 1) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int mark(struct netlink *nl, uint32_t ifindex)
{
	_Alignas(struct nlmsghdr) char buf[MESSAGE_MAX] = {0};
	struct nlmsghdr *nlh = begin(buf, RTM_NEWLINK, 0, ifindex);

	mnl_attr_put_strz(nlh, IFLA_IFALIAS, ALIAS);
	return netlink_ask(nl, nlh, NULL, NULL);
}

static int configure(struct vmac_job *job, const struct found *parent)
{
	static const struct setting own[] = {{IPV4_DEVCONF_RP_FILTER, 2},
					     {IPV4_DEVCONF_ARP_IGNORE, 1},
					     {IPV4_DEVCONF_ACCEPT_LOCAL, 1},
					     {IPV4_DEVCONF_PROMOTE_SECONDARIES, 1}};
	const struct setting of_parent[] = {
	    {IPV4_DEVCONF_ARP_IGNORE, parent->arp_ignore ? parent->arp_ignore : 1},
	    {IPV4_DEVCONF_ARP_ANNOUNCE, 2}};
	int err = set_inet(job->nl, job->ifindex, own, sizeof(own) / sizeof(own[0]));

	if (err == 0)
		err = set_inet6(job->nl, job->ifindex);
	if (err == 0 && (parent->arp_ignore == 0 || parent->arp_announce < 2))
		err = set_inet(job->nl, parent->ifindex, of_parent,
			       sizeof(of_parent) / sizeof(of_parent[0]));
	job->ra_err = refuse_router_adverts(job->name);
	return err;
}

static bool is_wanted(const struct vmac_job *job, const struct found *there, uint32_t parent)
{
	return there->is_macvlan && there->mode == MACVLAN_MODE_PRIVATE &&
	       there->parent == parent && memcmp(there->mac, job->mac, VMAC_LEN) == 0;
}

/* --- the jobs, in the thread --- */

static int delete (struct netlink *nl, uint32_t ifindex)
{
	_Alignas(struct nlmsghdr) char buf[MESSAGE_MAX] = {0};

	return netlink_ask(nl, begin(buf, RTM_DELLINK, 0, ifindex), NULL, NULL);
}

static int make(struct vmac_job *job)
{
	struct found parent, there = {0};
	int err = find(job->nl, 0, job->parent, &parent);

	if (err == 0)
		err = find(job->nl, 0, job->name, &there);
	job->was_there = err == 0;
	if (err == 0 && !is_wanted(job, &there, parent.ifindex))
		return -EEXIST;
	if (err == -ENODEV && parent.ifindex != 0) {
		err = create(job, &parent);
		if (err == 0)
			err = find(job->nl, 0, job->name, &there);
		if (err == 0)
			err = mark(job->nl, there.ifindex);
	}
	job->ifindex = there.ifindex;
	if (err == 0 && there.up)
		err = set_up(job->nl, there.ifindex, false);
	if (err == 0)
		err = configure(job, &parent);
	if (err < 0 && !job->was_there && there.ifindex != 0)
		delete (job->nl, there.ifindex); /* nobody would know that it is ours */
	return err;
}

/* By the index, because somebody may have renamed it. */
static int take_away(const struct vmac_job *job)
{
	struct found there;
	int err = find(job->nl, job->ifindex, job->name, &there);

	if (err < 0)
		return err;
	if (!there.is_marked || !there.is_macvlan) {
		if (there.is_macvlan && there.ifindex == job->ifindex)
			set_up(job->nl, there.ifindex, false);
		return -EPERM;
	}
	return delete (job->nl, there.ifindex);
}

static void run(struct worker_job *work)
{
	struct vmac_job *job = job_of(work);

	switch (job->op) {
	case VMAC_MAKE:
		job->err = make(job);
		break;
	case VMAC_UP:
	case VMAC_DOWN:
		job->err = set_up(job->nl, job->ifindex, job->op == VMAC_UP);
		break;
	case VMAC_REMOVE:
		job->err = take_away(job);
		break;
	}
}

/* --- in the loop --- */

static void done(struct worker_job *work)
{
	struct vmac_job *job = job_of(work);

	job->done(job);
}

void vmac_worker_give(struct address_worker *worker, struct vmac_job *job)
{
	job->nl = address_worker_netlink(worker);
	job->work = (struct worker_job){.run = run, .done = done};
	worker_give(address_worker_thread(worker), &job->work);
}
