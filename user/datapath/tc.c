// SPDX-License-Identifier: BSD-2-Clause
/*
 * The clsact qdisc of an interface and our filters in it, one for each direction. A filter has no
 * owner in the kernel. So a filter is ours only if its program is the one that we pinned under the
 * filter's priority and handle. A filter that fails this test is never replaced or removed.
 * Rejected: tcx links, which libbpf 1.1 and Linux before 6.6 do not have.
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
#define NETLINK_BYTES 32768 /* the largest message of a dump */

static struct dp_filter *filter_of(struct dp_attachment *att, bool ingress)
{
	return ingress ? &att->in : &att->out;
}

static int filter_pin_path(char path[DP_PATH], const char *dir, const struct dp_attachment *att,
			   bool ingress)
{
	const struct dp_filter *f = ingress ? &att->in : &att->out;

	if (!dir[0])
		return -ENOENT;
	return dp_pin_path(path, dir, "tc_%s_%u_%u_%u", ingress ? "in" : "out", att->ifindex,
			   f->priority, f->handle);
}

void dp_tc_parse_pin(struct dp_attachment *att, bool ingress, const char *rest)
{
	struct dp_filter *f = filter_of(att, ingress);

	f->on = sscanf(rest, "_%u_%u", &f->priority, &f->handle) == 2;
}

uint32_t dp_prog_id(int fd)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 ? info.id : 0;
}

static uint32_t pinned_prog_id(const char *path)
{
	int fd = bpf_obj_get(path);
	uint32_t id = dp_prog_id(fd);

	if (fd >= 0)
		close(fd);
	return id;
}

/* Does our filter still exist, with our program in it? */
static bool filter_is_ours(const char *dir, struct dp_attachment *att, bool ingress)
{
	const struct dp_filter *f = filter_of(att, ingress);
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)att->ifindex,
		    .attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .priority = f->priority, .handle = f->handle);
	char path[DP_PATH];

	if (!f->on || bpf_tc_query(&hook, &opts) < 0)
		return false;
	/* Without bpffs there are no pins; then this process has attached the filter. */
	return filter_pin_path(path, dir, att, ingress) || pinned_prog_id(path) == opts.prog_id;
}

int dp_tc_each_filter(uint32_t ifindex, bool ingress, mnl_cb_t cb, void *data)
{
	char buf[NETLINK_BYTES];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	int ret = MNL_CB_OK, err = 0;
	struct tcmsg *tc;

	if (!nl)
		return -errno;
	nlh->nlmsg_type = RTM_GETTFILTER;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	tc = mnl_nlmsg_put_extra_header(nlh, sizeof(*tc));
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = (int)ifindex;
	tc->tcm_parent = TC_H_MAKE(TC_H_CLSACT, ingress ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		err = -errno;
	while (!err && ret > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(nl, buf, sizeof(buf));

		ret = n < 0 ? MNL_CB_ERROR : mnl_cb_run(buf, (size_t)n, 0, 0, cb, data);
	}
	if (!err && ret < 0)
		err = -errno;
	mnl_socket_close(nl);
	return err;
}

static int on_any_filter(const struct nlmsghdr *nlh, void *data)
{
	if (nlh->nlmsg_type != RTM_NEWTFILTER)
		return MNL_CB_OK;
	*(bool *)data = true;
	return MNL_CB_STOP;
}

/* Is there certainly no filter, neither ours nor of others? */
static bool is_empty(uint32_t ifindex, bool ingress)
{
	bool found = false;

	return dp_tc_each_filter(ifindex, ingress, on_any_filter, &found) == 0 && !found;
}

static void pin(const char *dir, const char *path, int prog_fd)
{
	if (!dir[0])
		return;
	unlink(path);
	if (bpf_obj_pin(prog_fd, path) < 0)
		log_warn("datapath: cannot pin %s: %s", path, strerror(errno));
}

static void filter_unpin(const char *dir, struct dp_attachment *att, bool ingress)
{
	struct dp_filter *f = filter_of(att, ingress);
	char path[DP_PATH];

	if (f->on && filter_pin_path(path, dir, att, ingress) == 0)
		unlink(path);
	f->on = false;
}

int dp_tc_prepare(const char *dir, struct dp_attachment *att, int prog_fd)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)att->ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	char path[DP_PATH] = "";
	int err = bpf_tc_hook_create(&hook);

	if (err)
		return err == -EEXIST ? 0 : err;
	att->own_qdisc = true;
	if (dir[0])
		err = dp_pin_path(path, dir, QDISC_PIN, att->ifindex);
	if (!err)
		pin(dir, path, prog_fd);
	return err;
}

int dp_tc_attach(const char *dir, struct dp_attachment *att, bool ingress, int prog_fd)
{
	struct dp_filter *f = filter_of(att, ingress);
	bool replace = filter_is_ours(dir, att, ingress);
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)att->ifindex,
		    .attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog_fd,
		    .priority = replace ? f->priority : DP_TC_PRIORITY,
		    .handle = replace ? f->handle : 0, .flags = replace ? BPF_TC_F_REPLACE : 0);
	char path[DP_PATH];
	int err;

	if (!replace)
		filter_unpin(dir, att, ingress);
	err = bpf_tc_attach(&hook, &opts);
	if (err) {
		f->on = false;
		return err;
	}
	*f = (struct dp_filter){.on = true, .priority = opts.priority, .handle = opts.handle};
	if (filter_pin_path(path, dir, att, ingress) == 0)
		pin(dir, path, prog_fd);
	return 0;
}

int dp_tc_holds(const struct dp_attachment *att, bool ingress, int prog_fd)
{
	const struct dp_filter *f = ingress ? &att->in : &att->out;
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)att->ifindex,
		    .attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .priority = f->priority, .handle = f->handle);
	int err;

	if (!f->on)
		return 0;
	err = bpf_tc_query(&hook, &opts);
	if (err == -ENOENT || err == -EINVAL || err == -ENODEV) /* no filter, no qdisc, no link */
		return 0;
	return err ? err : opts.prog_id == dp_prog_id(prog_fd);
}

void dp_tc_detach(const char *dir, struct dp_attachment *att, bool ingress)
{
	struct dp_filter *f = filter_of(att, ingress);
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)att->ifindex,
		    .attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .priority = f->priority, .handle = f->handle);

	if (!f->on)
		return;
	if (filter_is_ours(dir, att, ingress))
		bpf_tc_detach(&hook, &opts);
	filter_unpin(dir, att, ingress);
}

static void qdisc_unpin(const char *dir, struct dp_attachment *att)
{
	char path[DP_PATH];

	if (dir[0] && dp_pin_path(path, dir, QDISC_PIN, att->ifindex) == 0)
		unlink(path);
	att->own_qdisc = false;
}

void dp_tc_unpin(const char *dir, struct dp_attachment *att)
{
	filter_unpin(dir, att, true);
	filter_unpin(dir, att, false);
	if (att->own_qdisc)
		qdisc_unpin(dir, att);
}

void dp_tc_finish(const char *dir, struct dp_attachment *att)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)att->ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	if (!att->own_qdisc)
		return;
	if (is_empty(att->ifindex, true) && is_empty(att->ifindex, false))
		bpf_tc_hook_destroy(&hook);
	qdisc_unpin(dir, att);
}
