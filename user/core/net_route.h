/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routes and routing rules as the configuration writes them and the kernel has them. Types, scopes
 * and protocols are the kernel's numbers (linux/rtnetlink.h, linux/fib_rules.h). Pure.
 */
#ifndef HF_CORE_NET_ROUTE_H
#define HF_CORE_NET_ROUTE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipaddr.h"

/* Marks a route or rule as Holdfast's: VRRP's IP protocol, as for addresses. */
#define NET_ROUTE_PROTO 112
#define NET_ROUTE_HOPS	8 /* of one route */
#define NET_ROUTE_TEXT	128

/* One next hop. */
struct net_hop {
	struct ipaddr gateway; /* all zero: the destination is on the link */
	char dev[IF_NAMESIZE]; /* empty: the kernel finds it by the gateway */
	uint32_t ifindex;      /* of `dev`, for a message; 0: not looked up, or not given */
	uint8_t weight;	       /* 1 to 255: its share of a multipath route */
	bool onlink;	       /* the gateway is on the link, whatever the addresses say */
};

struct net_route {
	struct ipprefix to;
	struct ipaddr source; /* preferred source address; all zero: none */
	uint32_t table;	      /* RT_TABLE_* */
	uint32_t metric;      /* 0: the kernel's default */
	uint8_t type;	      /* RTN_* */
	uint8_t scope;	      /* RT_SCOPE_*; of IPv4 alone */
	uint8_t proto;	      /* RTPROT_*, or NET_ROUTE_PROTO */
	uint8_t n_hops;	      /* 0: of a type without any, such as RTN_BLACKHOLE */
	struct net_hop hops[NET_ROUTE_HOPS];
};

struct net_rule {
	struct ipprefix from, to;		 /* 0.0.0.0/0 or ::/0: any; both say the family */
	char iif[IF_NAMESIZE], oif[IF_NAMESIZE]; /* empty: any */
	bool invert;				 /* `not` */
	bool given_mark;
	uint32_t mark, mask; /* of `fwmark` */
	uint32_t table;	     /* of FR_ACT_TO_TBL */
	uint32_t priority;
	uint8_t action; /* FR_ACT_* */
};

bool net_route_equal(const struct net_route *a, const struct net_route *b);
bool net_rule_equal(const struct net_rule *a, const struct net_rule *b);
/* As `ip route` and `ip rule` write them, cut off if it is too long. Returns `buf`. */
const char *net_route_format(const struct net_route *route, char buf[NET_ROUTE_TEXT]);
const char *net_rule_format(const struct net_rule *rule, char buf[NET_ROUTE_TEXT]);
/* The word of RTN_* or FR_ACT_* ("blackhole"); "" for the ordinary one. */
const char *net_route_type_name(uint8_t type);
const char *net_rule_action_name(uint8_t action);

#endif
