// SPDX-License-Identifier: BSD-2-Clause
/*
 * The macvlan that a job creates, on a kernel that refuses one of its messages. This file is that
 * kernel: it has the parent, and at most one macvlan.
 *
 * Links: user/kernel/vmac_worker.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "kernel/address_worker.h"
#include "kernel/netlink_message.h"
#include "kernel/vmac_worker.h"

#define PARENT	2
#define MACVLAN 9

static bool exists, is_marked;
static unsigned int messages, refused; /* the number of the message that is refused; 0: none */

static bool has_attr(const struct nlmsghdr *nlh, uint16_t type)
{
	struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg))
	{
		if (mnl_attr_get_type(attr) == type)
			return true;
	}
	return false;
}

static const char *name_in(const struct nlmsghdr *nlh)
{
	struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg))
	{
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			return mnl_attr_get_str(attr);
	}
	return "";
}

static int tell_link(uint32_t ifindex, mnl_cb_t cb, void *data)
{
	_Alignas(struct nlmsghdr) char buf[256] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = RTM_NEWLINK;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = (int)ifindex;
	cb(nlh, data);
	return 0;
}

int netlink_ask(struct netlink *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	(void)nl;
	if (++messages == refused)
		return -EPERM;
	if (nlh->nlmsg_type == RTM_GETLINK && strcmp(name_in(nlh), "eth0") == 0)
		return tell_link(PARENT, cb, data);
	if (nlh->nlmsg_type == RTM_GETLINK)
		return exists ? tell_link(MACVLAN, cb, data) : -ENODEV;
	if (nlh->nlmsg_type == RTM_DELLINK)
		exists = false;
	else if (nlh->nlmsg_flags & NLM_F_CREATE)
		exists = true;
	else if (has_attr(nlh, IFLA_IFALIAS))
		is_marked = true;
	return 0;
}

struct netlink *address_worker_netlink(struct address_worker *worker)
{
	(void)worker;
	return NULL;
}

struct worker *address_worker_thread(struct address_worker *worker)
{
	(void)worker;
	return NULL;
}

void worker_give(struct worker *worker, struct worker_job *job)
{
	(void)worker;
	job->run(job);
}

static int make(unsigned int which)
{
	struct vmac_job job = {.op = VMAC_MAKE, .name = "hf-no-such", .parent = "eth0"};

	exists = is_marked = false;
	messages = 0;
	refused = which;
	vmac_worker_give(NULL, &job);
	return job.err;
}

static void a_macvlan_is_created_and_marked(void **state)
{
	(void)state;
	assert_int_equal(make(0), 0);
	assert_true(exists);
	assert_true(is_marked);
}

/* The answer to the message after the creation is needed to know which one it is. */
static void one_that_is_not_complete_is_removed(void **state)
{
	unsigned int all, created = 3;

	(void)state;
	make(0);
	all = messages;
	assert_true(all > created + 1);
	for (unsigned int which = 1; which <= all; which++) {
		assert_int_equal(make(which), -EPERM);
		if (which != created + 1)
			assert_false(exists);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_macvlan_is_created_and_marked),
	    cmocka_unit_test(one_that_is_not_complete_is_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
