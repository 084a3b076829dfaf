// SPDX-License-Identifier: BSD-2-Clause
/*
 * The neighbor table by rtnetlink: a job sends a request to the kernel and reads its answer. Each
 * request has its own socket, because there are only two requests after a takeover. Rejected: our
 * own ARP and echo requests, because the kernel can send them itself; and to count all packets from
 * the master in XDP, which costs a lookup for every packet.
 */
#include "kernel/neighbor.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <string.h>

#include "core/addr.h"
#include "core/mono.h"
#include "kernel/netlink.h"
#include "kernel/netlink_message.h"

#define TICK_NS (NS_PER_S / 100) /* the kernel's USER_HZ */

/* --- in the thread --- */

/* Calls netlink_ask() with a new socket. */
static int ask_once(struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	struct netlink *nl = netlink_open();
	int err;

	if (!nl)
		return -errno;
	err = netlink_ask(nl, nlh, cb, data);
	netlink_close(nl);
	return err;
}

static struct nlmsghdr *put_question(char *buf, size_t size, uint16_t type, uint16_t flags,
				     struct ndmsg ndm, const struct ipaddr *address)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	size_t len = ipaddr_is_v4(address) ? 4 : 16;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	ndm.ndm_family = (uint8_t)ipaddr_family(address);
	*(struct ndmsg *)mnl_nlmsg_put_extra_header(nlh, sizeof(ndm)) = ndm;
	mnl_attr_put_check(nlh, size, NDA_DST, len, address->b + (16 - len));
	return nlh;
}

static int probe(const struct neighbor_job *job)
{
	struct ndmsg ndm = {.ndm_ifindex = (int)job->ifindex, .ndm_state = NUD_PROBE};
	char buf[256] = {0};
	int err =
	    ask_once(put_question(buf, sizeof(buf), RTM_NEWNEIGH, NLM_F_ACK, ndm, &job->address),
		     NULL, NULL);

	if (err != -ENOENT || !job->create)
		return err;
	ndm.ndm_state = NUD_NONE;
	ndm.ndm_flags = NTF_USE;
	memset(buf, 0, sizeof(buf));
	return ask_once(put_question(buf, sizeof(buf), RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE, ndm,
				     &job->address),
			NULL, NULL);
}

static int on_neighbor(const struct nlmsghdr *nlh, void *data)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	const struct nda_cacheinfo *cache;
	struct neighbor *out = data;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ndm))
		return MNL_CB_STOP; /* no more follows */
	out->failed = ndm->ndm_state & (NUD_FAILED | NUD_INCOMPLETE);
	mnl_attr_for_each(attr, nlh, sizeof(*ndm))
	{
		if (mnl_attr_get_type(attr) != NDA_CACHEINFO ||
		    mnl_attr_get_payload_len(attr) < sizeof(*cache))
			continue;
		cache = mnl_attr_get_payload(attr);
		out->confirmed =
		    ndm->ndm_state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE);
		out->confirmed_ns = cache->ndm_confirmed * TICK_NS;
	}
	return MNL_CB_STOP;
}

static int read_entry(struct neighbor_job *job)
{
	struct ndmsg ndm = {.ndm_ifindex = (int)job->ifindex};
	char buf[256] = {0};

	job->found = (struct neighbor){.at = loop_clock()};
	return ask_once(put_question(buf, sizeof(buf), RTM_GETNEIGH, 0, ndm, &job->address),
			on_neighbor, &job->found);
}

static struct neighbor_job *job_of(struct worker_job *work)
{
	return (struct neighbor_job *)((char *)work - offsetof(struct neighbor_job, work));
}

static void run(struct worker_job *work)
{
	struct neighbor_job *job = job_of(work);

	job->err = job->op == NEIGHBOR_PROBE ? probe(job) : read_entry(job);
}

/* --- in the loop --- */

static void done(struct worker_job *work)
{
	struct neighbor_job *job = job_of(work);

	job->done(job);
}

struct worker *neighbor_worker_create(struct loop *loop)
{
	return worker_create(loop, "neighbors");
}

void neighbor_worker_destroy(struct worker *worker)
{
	worker_destroy(worker);
}

void neighbor_worker_give(struct worker *worker, struct neighbor_job *job)
{
	job->work = (struct worker_job){.run = run, .done = done};
	worker_give(worker, &job->work);
}
