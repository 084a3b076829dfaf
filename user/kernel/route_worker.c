// SPDX-License-Identifier: BSD-2-Clause
/*
 * Adds and removes routes and rules by rtnetlink. The kernel puts an added route before routes of
 * other programs to the same destination (keepalived's default, `ip route prepend`). Only routes
 * and rules with our mark are removed or replaced.
 */
#include "kernel/route_worker.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <sys/socket.h>

#include "core/addr.h"
#include "kernel/address_worker.h"
#include "kernel/netlink.h"
#include "kernel/netlink_message.h"
#include "kernel/route_message.h"

static struct route_job *job_of(struct worker_job *work)
{
	return (struct route_job *)((char *)work - offsetof(struct route_job, work));
}

/* --- in the thread --- */

/* 0; -ENODEV: an interface is missing; or another -errno, which says nothing about the
 * interfaces. */
static int find_interfaces(struct net_route *route)
{
	for (unsigned int i = 0; i < route->n_hops; i++) {
		struct net_hop *hop = &route->hops[i];

		if (!hop->dev[0])
			continue;
		errno = 0;
		hop->ifindex = if_nametoindex(hop->dev);
		if (hop->ifindex == 0)
			return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno
										     : -ENODEV;
	}
	return 0;
}

static int ask(const struct route_job *job, uint16_t type, uint16_t flags)
{
	_Alignas(struct nlmsghdr) char buf[ROUTE_MESSAGE_MAX];
	struct nlmsghdr *nlh = job->is_rule ? rule_message_build(buf, type, flags, &job->rule)
					    : route_message_build(buf, type, flags, &job->route);

	return nlh ? netlink_ask(job->nl, nlh, NULL, NULL) : -EMSGSIZE;
}

struct search {
	const struct route_job *job;
	bool found;
};

static int on_listed(const struct nlmsghdr *nlh, void *data)
{
	struct search *search = data;
	const struct net_route *want = &search->job->route;
	struct net_route route;
	struct net_rule rule;
	uint8_t proto;

	if (search->job->is_rule)
		search->found |= rule_message_parse(nlh, &rule, &proto) &&
				 proto == NET_ROUTE_PROTO &&
				 net_rule_equal(&rule, &search->job->rule);
	else
		search->found |= route_message_parse(nlh, &route) && route.proto == want->proto &&
				 route.table == want->table &&
				 ipprefix_equal(&route.to, &want->to) &&
				 (want->metric == 0 || route.metric == want->metric);
	return MNL_CB_OK;
}

/* 1 if a route or rule like that of the job exists with our mark, else 0; or -errno. There are few
 * rules. Of the routes the kernel lists only those with our mark, because there may be a million
 * others. */
static int is_ours(const struct route_job *job)
{
	char buf[MNL_NLMSG_HDRLEN + sizeof(struct rtmsg)] = {0};
	struct search search = {.job = job};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm;
	int err;

	nlh->nlmsg_type = job->is_rule ? RTM_GETRULE : RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm)); /* that of rules is as long */
	rtm->rtm_family =
	    (uint8_t)ipaddr_family(job->is_rule ? &job->rule.from.addr : &job->route.to.addr);
	if (!job->is_rule)
		rtm->rtm_protocol = job->route.proto;
	netlink_filter_dumps(job->nl, true);
	err = netlink_ask(job->nl, nlh, on_listed, &search);
	netlink_filter_dumps(job->nl, false);
	return err < 0 && err != -EINTR ? err : search.found;
}

/* For an IPv4 route the kernel says EEXIST only if the protocol is equal, too, so the existing
 * route is ours. For IPv6 routes and for rules it does not compare the protocol. */
static int add(struct route_job *job)
{
	bool of_others = !job->is_rule && job->route.proto != NET_ROUTE_PROTO;
	int err = ask(job, job->is_rule ? RTM_NEWRULE : RTM_NEWROUTE,
		      job->is_rule ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_CREATE);

	if (err != -EEXIST || of_others)
		return err;
	if (job->is_rule || !ipaddr_is_v4(&job->route.to.addr))
		job->was_there = is_ours(job) == 1;
	else
		job->was_there = true;
	/* If one of several IPv6 next hops exists, the kernel refuses the whole message. */
	if (job->was_there && !job->is_rule && job->route.n_hops > 1 &&
	    !ipaddr_is_v4(&job->route.to.addr))
		return ask(job, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
	return job->was_there ? 0 : err;
}

static void run(struct worker_job *work)
{
	struct route_job *job = job_of(work);

	job->was_there = false;
	job->err = job->is_rule ? 0 : find_interfaces(&job->route);
	if (job->err == 0 && job->op == ROUTE_ADD)
		job->err = add(job);
	else if (job->err == 0)
		job->err = ask(job, job->is_rule ? RTM_DELRULE : RTM_DELROUTE, 0);
}

/* --- in the loop --- */

static void done(struct worker_job *work)
{
	struct route_job *job = job_of(work);

	job->done(job);
}

void route_worker_give(struct address_worker *worker, struct route_job *job)
{
	job->nl = address_worker_netlink(worker);
	job->work = (struct worker_job){.run = run, .done = done};
	worker_give(address_worker_thread(worker), &job->work);
}
