// SPDX-License-Identifier: BSD-2-Clause
/*
 * The clsact qdisc of an interface and our filters in it, one each way. A filter has no owner in
 * the kernel, so it is ours only if the program in it is the one that we pinned beside its number;
 * a filter that fails this test is never replaced or removed. Rejected: tcx links, which libbpf 1.1
 * and Linux before 6.6 do not have.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "core/log.h"
#include "datapath/internal.h"

#define QDISC_PIN     "qdisc_%u"
#define NETLINK_BYTES 8192 /* of an answer: its first message is enough */

static struct dp_filter *filter_of(struct dp_interface *ifc, bool ingress)
{
	return ingress ? &ifc->in : &ifc->out;
}

static int filter_pin_path(char path[DP_PATH], const char *dir, const struct dp_interface *ifc,
			   bool ingress)
{
	const struct dp_filter *f = ingress ? &ifc->in : &ifc->out;

	if (!dir[0])
		return -ENOENT;
	return dp_pin_path(path, dir, "tc_%s_%u_%u_%u", ingress ? "in" : "out", ifc->ifindex,
			   f->priority, f->handle);
}

void dp_tc_parse_pin(struct dp_interface *ifc, bool ingress, const char *rest)
{
	struct dp_filter *f = filter_of(ifc, ingress);

	f->on = sscanf(rest, "_%u_%u", &f->priority, &f->handle) == 2;
}

static uint32_t prog_id(int fd)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 ? info.id : 0;
}

static uint32_t pinned_prog_id(const char *path)
{
	int fd = bpf_obj_get(path);
	uint32_t id = prog_id(fd);

	if (fd >= 0)
		close(fd);
	return id;
}

/* Is the filter that we remember still there, with our program in it? */
static bool filter_is_ours(const char *dir, struct dp_interface *ifc, bool ingress)
{
	const struct dp_filter *f = filter_of(ifc, ingress);
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifc->ifindex,
		    .attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .priority = f->priority, .handle = f->handle);
	char path[DP_PATH];

	if (!f->on || bpf_tc_query(&hook, &opts) < 0)
		return false;
	/* Without bpffs there is no pin to compare with: then this process attached it. */
	return filter_pin_path(path, dir, ifc, ingress) || pinned_prog_id(path) == opts.prog_id;
}

/* Filters in one direction of the clsact qdisc, ours and others': 0, 1 (there are some) or -errno.
 */
static int filters_left(uint32_t ifindex, uint32_t parent)
{
	char buf[NETLINK_BYTES];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	struct tcmsg *tc;
	int found = 0;
	ssize_t n = -1;

	if (!nl)
		return -errno;
	nlh->nlmsg_type = RTM_GETTFILTER;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	tc = mnl_nlmsg_put_extra_header(nlh, sizeof(*tc));
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = (int)ifindex;
	tc->tcm_parent = parent;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) >= 0)
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (n < 0)
		found = -errno;
	else if (mnl_nlmsg_ok(nlh, (int)n))
		found = nlh->nlmsg_type == RTM_NEWTFILTER;
	mnl_socket_close(nl);
	return found;
}

static void pin(const char *dir, const char *path, int prog_fd)
{
	if (!dir[0])
		return;
	unlink(path);
	if (bpf_obj_pin(prog_fd, path) < 0)
		log_warn("datapath: cannot pin %s: %s", path, strerror(errno));
}

int dp_tc_prepare(const char *dir, struct dp_interface *ifc, int prog_fd)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifc->ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	char path[DP_PATH] = "";
	int err = bpf_tc_hook_create(&hook);

	if (err)
		return err == -EEXIST ? 0 : err;
	ifc->own_qdisc = true;
	if (dir[0])
		err = dp_pin_path(path, dir, QDISC_PIN, ifc->ifindex);
	if (!err)
		pin(dir, path, prog_fd);
	return err;
}

int dp_tc_attach(const char *dir, struct dp_interface *ifc, bool ingress, int prog_fd)
{
	struct dp_filter *f = filter_of(ifc, ingress);
	bool replace = filter_is_ours(dir, ifc, ingress);
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifc->ifindex,
		    .attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog_fd,
		    .priority = replace ? f->priority : DP_TC_PRIORITY,
		    .handle = replace ? f->handle : 0, .flags = replace ? BPF_TC_F_REPLACE : 0);
	char path[DP_PATH];
	int err;

	if (f->on && !replace && filter_pin_path(path, dir, ifc, ingress) == 0)
		unlink(path);
	f->on = false;
	err = bpf_tc_attach(&hook, &opts);
	if (err)
		return err;
	*f = (struct dp_filter){.on = true, .priority = opts.priority, .handle = opts.handle};
	if (filter_pin_path(path, dir, ifc, ingress) == 0)
		pin(dir, path, prog_fd);
	return 0;
}

void dp_tc_detach(const char *dir, struct dp_interface *ifc, bool ingress)
{
	struct dp_filter *f = filter_of(ifc, ingress);
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifc->ifindex,
		    .attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .priority = f->priority, .handle = f->handle);
	char path[DP_PATH];

	if (!f->on)
		return;
	if (filter_is_ours(dir, ifc, ingress))
		bpf_tc_detach(&hook, &opts);
	if (filter_pin_path(path, dir, ifc, ingress) == 0)
		unlink(path);
	f->on = false;
}

void dp_tc_finish(const char *dir, struct dp_interface *ifc)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifc->ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	char path[DP_PATH];

	if (!ifc->own_qdisc)
		return;
	if (filters_left(ifc->ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)) == 0 &&
	    filters_left(ifc->ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)) == 0)
		bpf_tc_hook_destroy(&hook);
	if (dir[0] && dp_pin_path(path, dir, QDISC_PIN, ifc->ifindex) == 0)
		unlink(path);
	ifc->own_qdisc = false;
}
