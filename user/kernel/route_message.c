// SPDX-License-Identifier: BSD-2-Clause
/*
 * Builds and parses rtnetlink messages about routes and rules. The kernel compares each field of a
 * deletion with the route, the protocol (which marks the originator) among them. So a deletion
 * never removes another program's route.
 */
#include "kernel/route_message.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "core/addr.h"

/* --- building --- */

/* Adds the address in the length of its own family. */
static bool put_address(struct nlmsghdr *nlh, uint16_t attr, const struct ipaddr *a)
{
	size_t len = ipaddr_is_v4(a) ? 4 : 16;

	return mnl_attr_put_check(nlh, ROUTE_MESSAGE_MAX, attr, len, a->b + (16 - len));
}

static bool put_u32(struct nlmsghdr *nlh, uint16_t attr, uint32_t value)
{
	return mnl_attr_put_u32_check(nlh, ROUTE_MESSAGE_MAX, attr, value);
}

static bool put_one_hop(struct nlmsghdr *nlh, const struct net_hop *hop)
{
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);

	if (hop->onlink)
		rtm->rtm_flags |= RTNH_F_ONLINK;
	if (!ipaddr_is_unset(&hop->gateway) && !put_address(nlh, RTA_GATEWAY, &hop->gateway))
		return false;
	return hop->ifindex == 0 || put_u32(nlh, RTA_OIF, hop->ifindex);
}

/* Each next hop is a struct rtnexthop, whose length includes the attributes after it. */
static bool put_hops(struct nlmsghdr *nlh, const struct net_route *route)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, ROUTE_MESSAGE_MAX, RTA_MULTIPATH);

	for (unsigned int i = 0; nest && i < route->n_hops; i++) {
		const struct net_hop *hop = &route->hops[i];
		struct rtnexthop *rtnh = mnl_nlmsg_get_payload_tail(nlh);

		if (nlh->nlmsg_len + sizeof(*rtnh) > ROUTE_MESSAGE_MAX)
			return false;
		*rtnh = (struct rtnexthop){.rtnh_flags = hop->onlink ? RTNH_F_ONLINK : 0,
					   .rtnh_hops = (uint8_t)(hop->weight - 1),
					   .rtnh_ifindex = (int)hop->ifindex};
		nlh->nlmsg_len += (uint32_t)sizeof(*rtnh);
		if (!ipaddr_is_unset(&hop->gateway) &&
		    !put_address(nlh, RTA_GATEWAY, &hop->gateway))
			return false;
		rtnh->rtnh_len = (uint16_t)((char *)mnl_nlmsg_get_payload_tail(nlh) - (char *)rtnh);
	}
	if (nest)
		mnl_attr_nest_end(nlh, nest);
	return nest != NULL;
}

struct nlmsghdr *route_message_build(void *buf, uint16_t type, uint16_t flags,
				     const struct net_route *route)
{
	struct nlmsghdr *nlh;
	struct rtmsg *rtm;
	bool fits = true;

	memset(buf, 0, ROUTE_MESSAGE_MAX);
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = (uint8_t)ipaddr_family(&route->to.addr);
	rtm->rtm_dst_len = route->to.len;
	rtm->rtm_table = route->table < 256 ? (uint8_t)route->table : RT_TABLE_UNSPEC;
	rtm->rtm_protocol = route->proto;
	rtm->rtm_scope = route->scope;
	rtm->rtm_type = route->type;
	if (route->to.len > 0)
		fits = put_address(nlh, RTA_DST, &route->to.addr);
	fits = fits && put_u32(nlh, RTA_TABLE, route->table);
	if (route->metric)
		fits = fits && put_u32(nlh, RTA_PRIORITY, route->metric);
	if (!ipaddr_is_unset(&route->source))
		fits = fits && put_address(nlh, RTA_PREFSRC, &route->source);
	if (route->n_hops == 1)
		fits = fits && put_one_hop(nlh, &route->hops[0]);
	else if (route->n_hops > 1)
		fits = fits && put_hops(nlh, route);
	return fits ? nlh : NULL;
}

static bool put_rule_conditions(struct nlmsghdr *nlh, const struct net_rule *rule)
{
	if (rule->from.len > 0 && !put_address(nlh, FRA_SRC, &rule->from.addr))
		return false;
	if (rule->to.len > 0 && !put_address(nlh, FRA_DST, &rule->to.addr))
		return false;
	if (rule->iif[0] &&
	    !mnl_attr_put_strz_check(nlh, ROUTE_MESSAGE_MAX, FRA_IIFNAME, rule->iif))
		return false;
	if (rule->oif[0] &&
	    !mnl_attr_put_strz_check(nlh, ROUTE_MESSAGE_MAX, FRA_OIFNAME, rule->oif))
		return false;
	return !rule->given_mark ||
	       (put_u32(nlh, FRA_FWMARK, rule->mark) && put_u32(nlh, FRA_FWMASK, rule->mask));
}

struct nlmsghdr *rule_message_build(void *buf, uint16_t type, uint16_t flags,
				    const struct net_rule *rule)
{
	struct nlmsghdr *nlh;
	struct fib_rule_hdr *frh;
	bool fits;

	memset(buf, 0, ROUTE_MESSAGE_MAX);
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	frh = mnl_nlmsg_put_extra_header(nlh, sizeof(*frh));
	frh->family = (uint8_t)ipaddr_family(&rule->from.addr);
	frh->src_len = rule->from.len;
	frh->dst_len = rule->to.len;
	frh->action = rule->action;
	frh->flags = rule->invert ? FIB_RULE_INVERT : 0;
	frh->table = rule->table < 256 ? (uint8_t)rule->table : RT_TABLE_UNSPEC;
	fits = put_u32(nlh, FRA_PRIORITY, rule->priority) &&
	       mnl_attr_put_u8_check(nlh, ROUTE_MESSAGE_MAX, FRA_PROTOCOL, NET_ROUTE_PROTO) &&
	       put_rule_conditions(nlh, rule);
	if (rule->action == FR_ACT_TO_TBL)
		fits = fits && put_u32(nlh, FRA_TABLE, rule->table);
	return fits ? nlh : NULL;
}

/* --- parsing --- */

/* Reads the address of `family` (AF_*) from `attr`. False: the length is wrong. */
static bool get_address(const struct nlattr *attr, uint8_t family, struct ipaddr *a)
{
	uint16_t len = mnl_attr_get_payload_len(attr);

	if (family == AF_INET && len == 4)
		ipaddr_from_v4(a, mnl_attr_get_payload(attr));
	else if (family == AF_INET6 && len == 16)
		memcpy(a->b, mnl_attr_get_payload(attr), 16);
	else
		return false;
	return true;
}

/* 0.0.0.0/0 or ::/0. */
static struct ipprefix any_of(uint8_t family)
{
	struct ipprefix any = {0};

	if (family == AF_INET)
		ipaddr_from_v4(&any.addr, (const uint8_t[4]){0});
	return any;
}

struct route_reading {
	struct net_route *route;
	uint8_t family;
};

static int route_attr(const struct nlattr *attr, void *data)
{
	struct route_reading *r = data;

	switch (mnl_attr_get_type(attr)) {
	case RTA_DST:
		return get_address(attr, r->family, &r->route->to.addr) ? MNL_CB_OK : MNL_CB_ERROR;
	case RTA_TABLE:
		if (mnl_attr_get_payload_len(attr) == 4)
			r->route->table = mnl_attr_get_u32(attr);
		break;
	case RTA_PRIORITY:
		if (mnl_attr_get_payload_len(attr) == 4)
			r->route->metric = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

bool route_message_parse(const struct nlmsghdr *nlh, struct net_route *route)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct route_reading r = {.route = route};

	if ((nlh->nlmsg_type != RTM_NEWROUTE && nlh->nlmsg_type != RTM_DELROUTE) ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm) ||
	    (rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6) ||
	    rtm->rtm_dst_len > (rtm->rtm_family == AF_INET ? 32 : 128))
		return false;
	r.family = rtm->rtm_family;
	*route = (struct net_route){.to = any_of(r.family),
				    .table = rtm->rtm_table,
				    .type = rtm->rtm_type,
				    .scope = rtm->rtm_scope,
				    .proto = rtm->rtm_protocol};
	route->to.len = rtm->rtm_dst_len;
	return mnl_attr_parse(nlh, sizeof(*rtm), route_attr, &r) == MNL_CB_OK;
}

struct rule_reading {
	struct net_rule *rule;
	uint8_t *proto;
	uint8_t family;
	bool other; /* a condition that struct net_rule does not have */
};

static void get_name(const struct nlattr *attr, char name[IF_NAMESIZE])
{
	size_t len = strnlen(mnl_attr_get_str(attr), mnl_attr_get_payload_len(attr));

	if (len < IF_NAMESIZE)
		memcpy(name, mnl_attr_get_str(attr), len);
	name[len < IF_NAMESIZE ? len : 0] = '\0';
}

/* Reads a number of a rule. False: the attribute is no number. */
static bool rule_number(const struct nlattr *attr, struct net_rule *rule)
{
	uint32_t *to;

	switch (mnl_attr_get_type(attr)) {
	case FRA_PRIORITY:
		to = &rule->priority;
		break;
	case FRA_TABLE:
		to = &rule->table;
		break;
	case FRA_FWMARK:
		to = &rule->mark;
		rule->given_mark = true;
		break;
	case FRA_FWMASK:
		to = &rule->mask;
		rule->given_mark = true;
		break;
	default:
		return false;
	}
	if (mnl_attr_get_payload_len(attr) == 4)
		*to = mnl_attr_get_u32(attr);
	return true;
}

static int rule_attr(const struct nlattr *attr, void *data)
{
	struct rule_reading *r = data;

	if (rule_number(attr, r->rule))
		return MNL_CB_OK;
	switch (mnl_attr_get_type(attr)) {
	case FRA_SRC:
		return get_address(attr, r->family, &r->rule->from.addr) ? MNL_CB_OK : MNL_CB_ERROR;
	case FRA_DST:
		return get_address(attr, r->family, &r->rule->to.addr) ? MNL_CB_OK : MNL_CB_ERROR;
	case FRA_IIFNAME:
		get_name(attr, r->rule->iif);
		break;
	case FRA_OIFNAME:
		get_name(attr, r->rule->oif);
		break;
	case FRA_PROTOCOL:
		if (mnl_attr_get_payload_len(attr) == 1)
			*r->proto = mnl_attr_get_u8(attr);
		break;
	case FRA_SUPPRESS_PREFIXLEN: /* -1 means that it is not given */
		r->other |=
		    mnl_attr_get_payload_len(attr) != 4 || mnl_attr_get_u32(attr) != UINT32_MAX;
		break;
	case FRA_PAD:
		break;
	default:
		r->other = true;
	}
	return MNL_CB_OK;
}

bool rule_message_parse(const struct nlmsghdr *nlh, struct net_rule *rule, uint8_t *proto)
{
	const struct fib_rule_hdr *frh = mnl_nlmsg_get_payload(nlh);
	struct rule_reading r = {.rule = rule, .proto = proto};

	*proto = 0;
	if ((nlh->nlmsg_type != RTM_NEWRULE && nlh->nlmsg_type != RTM_DELRULE) ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*frh) ||
	    (frh->family != AF_INET && frh->family != AF_INET6))
		return false;
	r.family = frh->family;
	*rule = (struct net_rule){.from = any_of(r.family),
				  .to = any_of(r.family),
				  .action = frh->action,
				  .table = frh->table,
				  .invert = frh->flags & FIB_RULE_INVERT};
	rule->from.len = frh->src_len;
	rule->to.len = frh->dst_len;
	if (mnl_attr_parse(nlh, sizeof(*frh), rule_attr, &r) != MNL_CB_OK || r.other ||
	    frh->tos != 0)
		return false;
	if (rule->action != FR_ACT_TO_TBL)
		rule->table = 0;
	return true;
}
