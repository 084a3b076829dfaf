// SPDX-License-Identifier: BSD-2-Clause
/*
 * Compares and prints routes and rules. The comparison is field by field, because the padding
 * between the fields is undefined. The printed text is for the operator; the parser reads that of
 * config_dump().
 */
#include "core/net_route.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/addr.h"

static bool hop_equal(const struct net_hop *a, const struct net_hop *b)
{
	return ipaddr_equal(&a->gateway, &b->gateway) && strcmp(a->dev, b->dev) == 0 &&
	       a->weight == b->weight && a->onlink == b->onlink;
}

bool net_route_equal(const struct net_route *a, const struct net_route *b)
{
	if (!ipprefix_equal(&a->to, &b->to) || !ipaddr_equal(&a->source, &b->source) ||
	    a->table != b->table || a->metric != b->metric || a->type != b->type ||
	    a->scope != b->scope || a->proto != b->proto || a->n_hops != b->n_hops)
		return false;
	for (unsigned int i = 0; i < a->n_hops; i++) {
		if (!hop_equal(&a->hops[i], &b->hops[i]))
			return false;
	}
	return true;
}

bool net_rule_equal(const struct net_rule *a, const struct net_rule *b)
{
	return ipprefix_equal(&a->from, &b->from) && ipprefix_equal(&a->to, &b->to) &&
	       strcmp(a->iif, b->iif) == 0 && strcmp(a->oif, b->oif) == 0 &&
	       a->invert == b->invert && a->given_mark == b->given_mark && a->mark == b->mark &&
	       a->mask == b->mask && a->table == b->table && a->priority == b->priority &&
	       a->action == b->action;
}

/* --- text --- */

struct text {
	char *buf;
	size_t used;
};

/* Appends a word; a blank comes before all but the first. */
static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *t, const char *fmt, ...)
{
	size_t room = NET_ROUTE_TEXT - t->used;
	va_list ap;
	int n;

	if (t->used > 0 && room > 1) {
		t->buf[t->used++] = ' ';
		room--;
	}
	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->used, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->used += (size_t)n < room ? (size_t)n : room - 1;
}

static void put_hop(struct text *t, const struct net_hop *hop, bool one_of_many)
{
	char text[IPADDR_TEXT];

	if (one_of_many)
		put(t, "nexthop");
	if (!ipaddr_is_unset(&hop->gateway))
		put(t, "via %s", ipaddr_format(&hop->gateway, text));
	if (hop->dev[0])
		put(t, "dev %s", hop->dev);
	if (one_of_many)
		put(t, "weight %u", hop->weight);
	if (hop->onlink)
		put(t, "onlink");
}

static bool is_any(const struct ipprefix *p)
{
	return p->len == 0;
}

const char *net_route_format(const struct net_route *route, char buf[NET_ROUTE_TEXT])
{
	struct text t = {.buf = buf};
	char text[IPPREFIX_TEXT];

	buf[0] = '\0';
	if (net_route_type_name(route->type)[0])
		put(&t, "%s", net_route_type_name(route->type));
	if (is_any(&route->to))
		put(&t, ipaddr_is_v4(&route->to.addr) ? "default" : "inet6 default");
	else
		put(&t, "%s", ipprefix_format(&route->to, text));
	for (unsigned int i = 0; i < route->n_hops; i++)
		put_hop(&t, &route->hops[i], route->n_hops > 1);
	if (!ipaddr_is_unset(&route->source))
		put(&t, "src %s", ipaddr_format(&route->source, text));
	if (route->table != RT_TABLE_MAIN)
		put(&t, "table %u", route->table);
	if (route->metric)
		put(&t, "metric %u", route->metric);
	return buf;
}

const char *net_rule_format(const struct net_rule *rule, char buf[NET_ROUTE_TEXT])
{
	struct text t = {.buf = buf};
	char text[IPPREFIX_TEXT];

	buf[0] = '\0';
	put(&t, "%u:", rule->priority);
	if (!ipaddr_is_v4(&rule->from.addr) && is_any(&rule->from) && is_any(&rule->to))
		put(&t, "inet6");
	if (rule->invert)
		put(&t, "not");
	put(&t, "from %s", is_any(&rule->from) ? "all" : ipprefix_format(&rule->from, text));
	if (!is_any(&rule->to))
		put(&t, "to %s", ipprefix_format(&rule->to, text));
	if (rule->iif[0])
		put(&t, "iif %s", rule->iif);
	if (rule->oif[0])
		put(&t, "oif %s", rule->oif);
	if (rule->given_mark)
		put(&t, "fwmark 0x%x/0x%x", rule->mark, rule->mask);
	if (rule->action == FR_ACT_TO_TBL)
		put(&t, "table %u", rule->table);
	else
		put(&t, "%s", net_rule_action_name(rule->action));
	return buf;
}

const char *net_route_type_name(uint8_t type)
{
	switch (type) {
	case RTN_BLACKHOLE:
		return "blackhole";
	case RTN_UNREACHABLE:
		return "unreachable";
	case RTN_PROHIBIT:
		return "prohibit";
	case RTN_THROW:
		return "throw";
	}
	return "";
}

const char *net_rule_action_name(uint8_t action)
{
	switch (action) {
	case FR_ACT_BLACKHOLE:
		return "blackhole";
	case FR_ACT_UNREACHABLE:
		return "unreachable";
	case FR_ACT_PROHIBIT:
		return "prohibit";
	}
	return "";
}
