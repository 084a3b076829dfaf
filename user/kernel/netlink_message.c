// SPDX-License-Identifier: BSD-2-Clause
/* Parses rtnetlink messages about links and addresses. Checks the sizes and ignores unknown
 * attributes. */
#include "kernel/netlink_message.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

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

bool netlink_message_link(const struct nlmsghdr *nlh, struct netlink_link *link)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	*link = (struct netlink_link){0};
	if (nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK)
		return false;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi) || ifi->ifi_family != AF_UNSPEC)
		return false; /* AF_BRIDGE: about a bridge port, not about the link itself */
	link->ifindex = (uint32_t)ifi->ifi_index;
	link->up = (ifi->ifi_flags & IFF_UP) && (ifi->ifi_flags & IFF_RUNNING);
	link->gone = nlh->nlmsg_type == RTM_DELLINK;
	mnl_attr_parse(nlh, sizeof(*ifi), link_attr, link);
	return true;
}

struct reading {
	struct net_address *address;
	uint8_t family;
	bool found;
};

static int address_attr(const struct nlattr *attr, void *data)
{
	struct reading *r = data;
	uint16_t type = mnl_attr_get_type(attr), len = mnl_attr_get_payload_len(attr);

	/* On IPv4 IFA_LOCAL is our address, and IFA_ADDRESS may be the far end of a point-to-point
	 * link. */
	if (r->family == AF_INET && type == IFA_LOCAL && len == 4) {
		ipaddr_from_v4(&r->address->prefix.addr, mnl_attr_get_payload(attr));
		r->found = true;
	}
	if (r->family == AF_INET6 && type == IFA_ADDRESS && len == 16) {
		memcpy(r->address->prefix.addr.b, mnl_attr_get_payload(attr), 16);
		r->found = true;
	}
	if (type == IFA_FLAGS && len == 4)
		r->address->flags = mnl_attr_get_u32(attr);
	if (type == IFA_PROTO && len == 1)
		r->address->proto = mnl_attr_get_u8(attr);
	return MNL_CB_OK;
}

bool netlink_message_address(const struct nlmsghdr *nlh, struct net_address *address)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct reading r = {.address = address};

	if ((nlh->nlmsg_type != RTM_NEWADDR && nlh->nlmsg_type != RTM_DELADDR) ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa))
		return false;
	*address = (struct net_address){.prefix.len = ifa->ifa_prefixlen,
					.ifindex = ifa->ifa_index,
					.flags = ifa->ifa_flags,
					.scope = ifa->ifa_scope};
	r.family = ifa->ifa_family;
	mnl_attr_parse(nlh, sizeof(*ifa), address_attr, &r);
	return r.found;
}
