// SPDX-License-Identifier: BSD-2-Clause
/*
 * Messages of rtnetlink about routes and rules: each attribute where the kernel looks for it, what
 * is built reads back, and what is cut off, foreign or of no use is refused. And the text of both.
 *
 * Links: user/kernel/route_message.c user/core/net_route.c user/core/addr.c
 */
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "core/addr.h"
#include "kernel/route_message.h"

static _Alignas(struct nlmsghdr) char buf[ROUTE_MESSAGE_MAX];

static struct ipprefix net(const char *text)
{
	struct ipprefix p;

	assert_int_equal(ipprefix_parse(&p, text), 0);
	return p;
}

static struct ipaddr address(const char *text)
{
	return net(text).addr;
}

static struct net_route route_to(const char *to)
{
	return (struct net_route){
	    .to = net(to), .table = RT_TABLE_MAIN, .type = RTN_UNICAST, .proto = NET_ROUTE_PROTO};
}

static struct net_route route_via(const char *to, const char *gateway, uint32_t ifindex)
{
	struct net_route r = route_to(to);

	r.n_hops = 1;
	r.hops[0] = (struct net_hop){
	    .gateway = address(gateway), .dev = "eth0", .ifindex = ifindex, .weight = 1};
	return r;
}

/* The attribute of that type, or NULL. */
static const struct nlattr *attr_of(const struct nlmsghdr *nlh, size_t head, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, head)
	{
		if (mnl_attr_get_type(attr) == type)
			return attr;
	}
	return NULL;
}

static uint32_t u32_of(const struct nlmsghdr *nlh, size_t head, uint16_t type)
{
	const struct nlattr *attr = attr_of(nlh, head, type);

	assert_non_null(attr);
	assert_int_equal(mnl_attr_get_payload_len(attr), 4);
	return mnl_attr_get_u32(attr);
}

static void a_route_has_what_the_kernel_looks_for(void **state)
{
	struct net_route r = route_via("10.1.0.0/16", "192.0.2.1", 7);
	const struct nlattr *attr;
	const struct rtmsg *rtm;
	struct nlmsghdr *nlh;

	(void)state;
	r.table = 1000;
	r.metric = 50;
	r.source = address("192.0.2.50");
	r.hops[0].onlink = true;
	nlh = route_message_build(buf, RTM_NEWROUTE, NLM_F_CREATE, &r);
	assert_non_null(nlh);
	assert_int_equal(nlh->nlmsg_type, RTM_NEWROUTE);
	assert_int_equal(nlh->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE);
	rtm = mnl_nlmsg_get_payload(nlh);
	assert_int_equal(rtm->rtm_family, AF_INET);
	assert_int_equal(rtm->rtm_dst_len, 16);
	assert_int_equal(rtm->rtm_table, RT_TABLE_UNSPEC); /* it has more than eight bits */
	assert_int_equal(rtm->rtm_protocol, 112);
	assert_int_equal(rtm->rtm_scope, RT_SCOPE_UNIVERSE);
	assert_int_equal(rtm->rtm_type, RTN_UNICAST);
	assert_int_equal(rtm->rtm_flags, RTNH_F_ONLINK);
	attr = attr_of(nlh, sizeof(*rtm), RTA_DST);
	assert_int_equal(mnl_attr_get_payload_len(attr), 4);
	assert_memory_equal(mnl_attr_get_payload(attr), ((uint8_t[]){10, 1, 0, 0}), 4);
	attr = attr_of(nlh, sizeof(*rtm), RTA_GATEWAY);
	assert_memory_equal(mnl_attr_get_payload(attr), ((uint8_t[]){192, 0, 2, 1}), 4);
	attr = attr_of(nlh, sizeof(*rtm), RTA_PREFSRC);
	assert_memory_equal(mnl_attr_get_payload(attr), ((uint8_t[]){192, 0, 2, 50}), 4);
	assert_int_equal(u32_of(nlh, sizeof(*rtm), RTA_OIF), 7);
	assert_int_equal(u32_of(nlh, sizeof(*rtm), RTA_TABLE), 1000);
	assert_int_equal(u32_of(nlh, sizeof(*rtm), RTA_PRIORITY), 50);
}

static void a_default_route_has_no_destination_and_a_blackhole_no_hop(void **state)
{
	struct net_route r = route_via("::/0", "fe80::1", 3);
	struct nlmsghdr *nlh = route_message_build(buf, RTM_DELROUTE, 0, &r);
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);

	(void)state;
	assert_int_equal(nlh->nlmsg_type, RTM_DELROUTE);
	assert_int_equal(rtm->rtm_family, AF_INET6);
	assert_int_equal(rtm->rtm_dst_len, 0);
	assert_int_equal(rtm->rtm_table, RT_TABLE_MAIN);
	assert_null(attr_of(nlh, sizeof(*rtm), RTA_DST));
	assert_null(attr_of(nlh, sizeof(*rtm), RTA_PRIORITY));
	assert_int_equal(mnl_attr_get_payload_len(attr_of(nlh, sizeof(*rtm), RTA_GATEWAY)), 16);
	r = route_to("10.0.0.0/8");
	r.type = RTN_BLACKHOLE;
	nlh = route_message_build(buf, RTM_NEWROUTE, 0, &r);
	rtm = mnl_nlmsg_get_payload(nlh);
	assert_int_equal(rtm->rtm_type, RTN_BLACKHOLE);
	assert_null(attr_of(nlh, sizeof(*rtm), RTA_GATEWAY));
	assert_null(attr_of(nlh, sizeof(*rtm), RTA_OIF));
}

static void next_hops_follow_each_other(void **state)
{
	struct net_route r = route_to("2001:db8::/32");
	const struct rtnexthop *hop;
	const struct nlattr *attr;
	struct nlmsghdr *nlh;

	(void)state;
	r.n_hops = NET_ROUTE_HOPS;
	for (unsigned int i = 0; i < NET_ROUTE_HOPS; i++)
		r.hops[i] = (struct net_hop){.gateway = address("fe80::1"),
					     .ifindex = 10 + i,
					     .weight = (uint8_t)(i + 1),
					     .onlink = i == 1};
	nlh = route_message_build(buf, RTM_NEWROUTE, 0, &r);
	assert_non_null(nlh); /* the most that there are fit */
	attr = attr_of(nlh, sizeof(struct rtmsg), RTA_MULTIPATH);
	hop = mnl_attr_get_payload(attr);
	for (int i = 0, left = mnl_attr_get_payload_len(attr); i < NET_ROUTE_HOPS; i++) {
		assert_true(RTNH_OK(hop, left));
		assert_int_equal(hop->rtnh_ifindex, 10 + i);
		assert_int_equal(hop->rtnh_hops, i); /* one less than the weight */
		assert_int_equal(hop->rtnh_flags, i == 1 ? RTNH_F_ONLINK : 0);
		assert_int_equal(hop->rtnh_len, sizeof(*hop) + 4 + 16);
		left -= RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
		assert_true(left >= 0);
	}
}

static void a_route_reads_back(void **state)
{
	struct net_route r = route_via("10.1.0.0/16", "192.0.2.1", 7), read;
	struct nlmsghdr *nlh;

	(void)state;
	r.table = 1000;
	r.metric = 50;
	nlh = route_message_build(buf, RTM_DELROUTE, 0, &r);
	assert_true(route_message_parse(nlh, &read));
	assert_true(ipprefix_equal(&read.to, &r.to));
	assert_int_equal(read.table, 1000);
	assert_int_equal(read.metric, 50);
	assert_int_equal(read.proto, NET_ROUTE_PROTO);
	assert_int_equal(read.n_hops, 0);
	r = route_via("::/0", "fe80::1", 3);
	nlh = route_message_build(buf, RTM_NEWROUTE, 0, &r);
	assert_true(route_message_parse(nlh, &read));
	assert_true(ipprefix_equal(&read.to, &r.to));
	assert_int_equal(read.table, RT_TABLE_MAIN);
}

static void what_is_no_route_is_refused(void **state)
{
	struct net_route r = route_via("10.1.0.0/16", "192.0.2.1", 7), read;
	struct nlmsghdr *nlh = route_message_build(buf, RTM_DELROUTE, 0, &r);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);

	(void)state;
	nlh->nlmsg_type = RTM_NEWADDR;
	assert_false(route_message_parse(nlh, &read));
	nlh->nlmsg_type = RTM_DELROUTE;
	rtm->rtm_family = AF_UNSPEC;
	assert_false(route_message_parse(nlh, &read));
	rtm->rtm_family = AF_INET6; /* its address has four octets */
	assert_false(route_message_parse(nlh, &read));
	rtm->rtm_family = AF_INET;
	rtm->rtm_dst_len = 33;
	assert_false(route_message_parse(nlh, &read));
	rtm->rtm_dst_len = 16;
	assert_true(route_message_parse(nlh, &read));
	nlh->nlmsg_len = MNL_NLMSG_HDRLEN + 4; /* cut off */
	assert_false(route_message_parse(nlh, &read));
}

static struct net_rule rule_from(const char *from, const char *to)
{
	return (struct net_rule){.from = net(from),
				 .to = net(to),
				 .table = 100,
				 .priority = 50,
				 .action = FR_ACT_TO_TBL};
}

static void a_rule_reads_back_with_all_its_conditions(void **state)
{
	struct net_rule r = rule_from("192.0.2.0/24", "10.0.0.0/8"), read;
	struct nlmsghdr *nlh;
	uint8_t proto = 0;

	(void)state;
	r.invert = r.given_mark = true;
	r.mark = 0x10;
	r.mask = 0xff;
	r.table = 1000;
	memcpy(r.iif, "eth0", 5);
	memcpy(r.oif, "fifteen-letters", 16);
	nlh = rule_message_build(buf, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, &r);
	assert_non_null(nlh);
	assert_int_equal(u32_of(nlh, sizeof(struct fib_rule_hdr), FRA_PRIORITY), 50);
	assert_int_equal(u32_of(nlh, sizeof(struct fib_rule_hdr), FRA_TABLE), 1000);
	assert_true(rule_message_parse(nlh, &read, &proto));
	assert_true(net_rule_equal(&read, &r));
	assert_int_equal(proto, NET_ROUTE_PROTO);
	r = rule_from("::/0", "2001:db8::/32");
	r.action = FR_ACT_PROHIBIT;
	r.table = 0;
	nlh = rule_message_build(buf, RTM_DELRULE, 0, &r);
	assert_null(attr_of(nlh, sizeof(struct fib_rule_hdr), FRA_TABLE));
	assert_null(attr_of(nlh, sizeof(struct fib_rule_hdr), FRA_SRC));
	assert_true(rule_message_parse(nlh, &read, &proto));
	assert_true(net_rule_equal(&read, &r));
}

static void a_rule_of_others_kind_is_none_of_ours(void **state)
{
	struct net_rule r = rule_from("192.0.2.0/24", "0.0.0.0/0"), read;
	struct nlmsghdr *nlh = rule_message_build(buf, RTM_NEWRULE, 0, &r);
	struct fib_rule_hdr *frh = mnl_nlmsg_get_payload(nlh);
	uint8_t proto;

	(void)state;
	frh->tos = 4;
	assert_false(rule_message_parse(nlh, &read, &proto));
	frh->tos = 0;
	mnl_attr_put_u32(nlh, FRA_SUPPRESS_PREFIXLEN, UINT32_MAX); /* the kernel's "none" */
	assert_true(rule_message_parse(nlh, &read, &proto));
	mnl_attr_put_u8(nlh, FRA_IP_PROTO, 6);
	assert_false(rule_message_parse(nlh, &read, &proto));
	nlh->nlmsg_len = MNL_NLMSG_HDRLEN + 4;
	assert_false(rule_message_parse(nlh, &read, &proto));
}

static void they_are_told_as_ip_route_writes_them(void **state)
{
	char text[NET_ROUTE_TEXT];
	struct net_route r = route_via("10.1.0.0/16", "192.0.2.1", 7);
	struct net_rule rule = rule_from("192.0.2.0/24", "0.0.0.0/0");

	(void)state;
	assert_string_equal(net_route_format(&r, text), "10.1.0.0/16 via 192.0.2.1 dev eth0");
	r = route_via("::/0", "fe80::1", 0);
	r.table = 100;
	r.metric = 5;
	assert_string_equal(net_route_format(&r, text),
			    "inet6 default via fe80::1 dev eth0 table 100 metric 5");
	r = route_to("10.9.0.0/16");
	r.type = RTN_BLACKHOLE;
	assert_string_equal(net_route_format(&r, text), "blackhole 10.9.0.0/16");
	r = route_via("10.1.0.0/16", "192.0.2.1", 7);
	for (r.n_hops = 1; r.n_hops < NET_ROUTE_HOPS; r.n_hops++)
		r.hops[r.n_hops] = r.hops[0];
	assert_int_equal(strlen(net_route_format(&r, text)), NET_ROUTE_TEXT - 1); /* cut off */
	assert_string_equal(net_rule_format(&rule, text), "50: from 192.0.2.0/24 table 100");
	rule = rule_from("::/0", "::/0");
	rule.invert = rule.given_mark = true;
	rule.mark = 5;
	rule.mask = UINT32_MAX;
	assert_string_equal(net_rule_format(&rule, text),
			    "50: inet6 not from all fwmark 0x5/0xffffffff table 100");
}

static void each_field_tells_two_routes_apart(void **state)
{
	const struct net_route r = route_via("10.1.0.0/16", "192.0.2.1", 7);
	struct net_route o[] = {r, r, r, r, r, r, r, r, r, r, r};
	const unsigned int same = 10;

	(void)state;
	o[0].to.len = 17;
	o[1].source = address("192.0.2.1");
	o[2].table = 1;
	o[3].metric = 1;
	o[4].type = RTN_BLACKHOLE;
	o[5].scope = RT_SCOPE_LINK;
	o[6].proto = 4;
	o[7].n_hops = 0;
	o[8].hops[0].dev[3] = '1';
	o[9].hops[0].onlink = true;
	o[same].hops[0].ifindex = 99; /* it is looked up anew for each message */
	for (unsigned int i = 0; i < same; i++)
		assert_false(net_route_equal(&r, &o[i]));
	assert_true(net_route_equal(&r, &o[same]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_route_has_what_the_kernel_looks_for),
	    cmocka_unit_test(a_default_route_has_no_destination_and_a_blackhole_no_hop),
	    cmocka_unit_test(next_hops_follow_each_other),
	    cmocka_unit_test(a_route_reads_back),
	    cmocka_unit_test(what_is_no_route_is_refused),
	    cmocka_unit_test(a_rule_reads_back_with_all_its_conditions),
	    cmocka_unit_test(a_rule_of_others_kind_is_none_of_ours),
	    cmocka_unit_test(they_are_told_as_ip_route_writes_them),
	    cmocka_unit_test(each_field_tells_two_routes_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
