// SPDX-License-Identifier: BSD-2-Clause
/*
 * Attaching to interfaces. The ladder of ingress: native XDP by a pinned link; where the driver has
 * none, or another XDP program is there (it is never displaced), TC. Egress is always TC. An
 * upgrade swaps the program inside the link or filter, so that no packet goes unseen.
 *
 * Rejected: generic XDP (slower than TC, after the skb is made) and the libxdp dispatcher, which
 * would rewrite another program's attachment.
 */
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_link.h>

#include "core/log.h"
#include "datapath/internal.h"
#include "datapath/skeleton.h"

#define LINK_PIN "xdp_%u"

/* The link pinned at `path` if it holds an XDP program on `ifindex`, else -1. */
static int link_open(const char *path, uint32_t ifindex)
{
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);
	int fd = bpf_obj_get(path);

	if (fd < 0)
		return -1;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) == 0 && info.type == BPF_LINK_TYPE_XDP &&
	    info.xdp.ifindex == ifindex)
		return fd;
	close(fd);
	return -1;
}

static struct dp_interface *interface_find(struct dp_interface *ifs, unsigned int n,
					   uint32_t ifindex)
{
	for (unsigned int i = 0; i < n; i++) {
		if (ifs[i].ifindex == ifindex)
			return &ifs[i];
	}
	return NULL;
}

static struct dp_interface *interface_add(struct dp_interface *ifs, unsigned int *n,
					  unsigned int max, uint32_t ifindex)
{
	struct dp_interface *ifc;

	if (*n == max)
		return NULL;
	ifc = &ifs[(*n)++];
	*ifc = (struct dp_interface){.ifindex = ifindex, .link_fd = -1};
	if (!if_indextoname(ifindex, ifc->name))
		snprintf(ifc->name, sizeof(ifc->name), "#%u", ifindex);
	return ifc;
}

/* What the name of one pin says; maps say nothing. */
static void pin_read(const char *dir, const char *name, struct dp_interface *ifs, unsigned int *n,
		     unsigned int max)
{
	static const char *const prefix[] = {"xdp_", "tc_in_", "tc_out_", "qdisc_"};
	struct dp_interface *ifc;
	char path[DP_PATH], *rest;
	unsigned int kind = 0;
	uint32_t ifindex;

	while (kind < 4 && strncmp(name, prefix[kind], strlen(prefix[kind])) != 0)
		kind++;
	if (kind == 4 || dp_pin_path(path, dir, "%s", name))
		return;
	ifindex = (uint32_t)strtoul(name + strlen(prefix[kind]), &rest, 10);
	ifc = interface_find(ifs, *n, ifindex);
	if (!ifc)
		ifc = interface_add(ifs, n, max, ifindex);
	if (!ifc)
		return;
	if (kind == 0 && ifc->link_fd < 0)
		ifc->link_fd = link_open(path, ifindex);
	else if (kind == 1 || kind == 2)
		dp_tc_parse_pin(ifc, kind == 1, rest);
	else if (kind == 3)
		ifc->own_qdisc = true;
}

unsigned int dp_interfaces_scan(const char *dir, struct dp_interface *ifs, unsigned int max)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	unsigned int n = 0;

	while (d && (e = readdir(d)))
		pin_read(dir, e->d_name, ifs, &n, max);
	if (d)
		closedir(d);
	return n;
}

static void xdp_detach(const char *dir, struct dp_interface *ifc)
{
	char path[DP_PATH];

	if (ifc->link_fd >= 0) {
		bpf_link_detach(ifc->link_fd); /* at once, whoever else holds the link */
		close(ifc->link_fd);
		ifc->link_fd = -1;
	}
	if (dir[0] && dp_pin_path(path, dir, LINK_PIN, ifc->ifindex) == 0)
		unlink(path);
}

void dp_interface_detach(const char *dir, struct dp_interface *ifc)
{
	xdp_detach(dir, ifc);
	dp_tc_detach(dir, ifc, true);
	dp_tc_detach(dir, ifc, false);
	dp_tc_finish(dir, ifc);
	ifc->attach = DATAPATH_DETACHED;
}

void dp_interface_forget(struct dp_interface *ifc)
{
	if (ifc->link_fd >= 0)
		close(ifc->link_fd);
	ifc->link_fd = -1;
}

static void reason_set(struct dp_interface *ifc, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void reason_set(struct dp_interface *ifc, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(ifc->reason, sizeof(ifc->reason), fmt, args);
	va_end(args);
}

/* The id of the XDP program on the interface, in whatever mode; 0: none. */
static uint32_t xdp_present(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);

	if (bpf_xdp_query((int)ifindex, 0, &q) < 0)
		return 0;
	return q.prog_id ? q.prog_id : q.drv_prog_id ? q.drv_prog_id : q.skb_prog_id;
}

static void reason_foreign(struct dp_interface *ifc, uint32_t id)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0)
		bpf_obj_get_info_by_fd(fd, &info, &len);
	if (fd >= 0)
		close(fd);
	/* The name is for CAP_SYS_ADMIN only, which the daemon has while it starts. */
	reason_set(ifc, "another XDP program is attached: %s%sid %u", info.name,
		   info.name[0] ? ", " : "", id);
}

static void reason_refused(struct dp_interface *ifc, int err)
{
	if (err == -EOPNOTSUPP)
		reason_set(ifc, "the driver has no native XDP, or not with these offloads");
	else if (err == -EINVAL || err == -E2BIG || err == -ERANGE)
		reason_set(ifc, "the driver refuses native XDP (%s): is the MTU too large?",
			   strerror(-err));
	else
		reason_set(ifc, "native XDP is refused: %s", strerror(-err));
}

/* 0 or -errno, and then ifc->reason says why. */
static int xdp_attach(struct datapath *dp, struct dp_interface *ifc)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	int prog_fd = bpf_program__fd(dp->skel->progs.hf_xdp), fd;
	char path[DP_PATH];
	uint32_t foreign;

	if (ifc->link_fd >= 0 && bpf_link_update(ifc->link_fd, prog_fd, NULL) == 0)
		return 0;
	xdp_detach(dp->dir, ifc);
	foreign = xdp_present(ifc->ifindex);
	if (foreign) {
		reason_foreign(ifc, foreign);
		return -EBUSY;
	}
	fd = bpf_link_create(prog_fd, (int)ifc->ifindex, BPF_XDP, &opts);
	if (fd < 0) {
		int err = -errno;

		reason_refused(ifc, err);
		return err;
	}
	ifc->link_fd = fd;
	if (dp->dir[0] &&
	    (dp_pin_path(path, dp->dir, LINK_PIN, ifc->ifindex) || bpf_obj_pin(fd, path) < 0))
		log_warn("datapath: cannot pin the link of %s: %s", ifc->name, strerror(errno));
	return 0;
}

/* Ingress by the ladder's first rung that holds. 0 or -errno. */
static int ingress_attach(struct datapath *dp, struct dp_interface *ifc)
{
	int err;

	ifc->reason[0] = '\0';
	if (dp->opt.forbid_xdp) {
		reason_set(ifc, "XDP is not wanted");
	} else if (xdp_attach(dp, ifc) == 0) {
		dp_tc_detach(dp->dir, ifc, true); /* an earlier daemon's, or packets count twice */
		ifc->attach = DATAPATH_XDP;
		return 0;
	}
	err = dp_tc_attach(dp->dir, ifc, true, bpf_program__fd(dp->skel->progs.hf_tc_in));
	if (err)
		return err;
	xdp_detach(dp->dir, ifc);
	ifc->attach = DATAPATH_TC;
	return 0;
}

/* Makes room by forgetting interfaces that are gone; their attachments went with them. */
static void interfaces_prune(struct datapath *dp)
{
	char name[IF_NAMESIZE];

	for (unsigned int i = 0; i < dp->n_interfaces; i++) {
		if (if_indextoname(dp->interfaces[i].ifindex, name))
			continue;
		dp_interface_detach(dp->dir, &dp->interfaces[i]);
		dp->interfaces[i--] = dp->interfaces[--dp->n_interfaces];
	}
}

/* Both directions. 0 or -errno of ingress, without which there is nothing to judge. */
static int kernel_attach(struct datapath *dp, struct dp_interface *ifc)
{
	int out_fd = bpf_program__fd(dp->skel->progs.hf_tc_out), err;

	err = dp_tc_prepare(dp->dir, ifc, out_fd);
	if (!err)
		err = dp_tc_attach(dp->dir, ifc, false, out_fd);
	if (err)
		log_warn("datapath: %s: replies are not counted: %s", ifc->name, strerror(-err));
	err = ingress_attach(dp, ifc);
	if (err)
		reason_set(ifc, "XDP and TC are refused: %s", strerror(-err));
	log_line(ifc->reason[0] ? LOG_LV_WARN : LOG_LV_INFO, "datapath: %s: %s%s%s", ifc->name,
		 err			       ? "not attached"
		 : ifc->attach == DATAPATH_XDP ? "native XDP"
					       : "TC",
		 ifc->reason[0] ? ": " : "", ifc->reason);
	return err;
}

int datapath_attach_interface(struct datapath *dp, uint32_t ifindex)
{
	struct dp_interface *ifc;
	char name[IF_NAMESIZE];

	if (!if_indextoname(ifindex, name))
		return -ENODEV;
	interfaces_prune(dp);
	ifc = interface_find(dp->interfaces, dp->n_interfaces, ifindex);
	if (!ifc)
		ifc = interface_add(dp->interfaces, &dp->n_interfaces, DP_MAX_INTERFACES, ifindex);
	if (!ifc)
		return -ENOSPC;
	if (ifc->claimed && ifc->attach != DATAPATH_DETACHED)
		return 0;
	ifc->claimed = true;
	if (dp->raw) {
		ifc->attach = DATAPATH_RAW;
		reason_set(ifc, "%s", dp->raw_reason);
		return 0;
	}
	return kernel_attach(dp, ifc);
}

void datapath_release_interface(struct datapath *dp, uint32_t ifindex)
{
	struct dp_interface *ifc = interface_find(dp->interfaces, dp->n_interfaces, ifindex);

	if (!ifc)
		return;
	ifc->claimed = false;
	dp_sweep_soon(dp);
}

bool datapath_sees_egress(const struct datapath *dp, uint32_t ifindex)
{
	for (unsigned int i = 0; i < dp->n_interfaces; i++) {
		if (dp->interfaces[i].ifindex == ifindex)
			return dp->interfaces[i].claimed && dp->interfaces[i].out.on;
	}
	return false;
}

unsigned int datapath_interfaces(const struct datapath *dp)
{
	return dp->n_interfaces;
}

void datapath_interface_status(const struct datapath *dp, unsigned int index,
			       struct datapath_interface *out)
{
	const struct dp_interface *ifc = &dp->interfaces[index];

	*out = (struct datapath_interface){
	    .ifindex = ifc->ifindex, .attach = ifc->attach, .bpf_timer = dp->bpf_timer};
	memcpy(out->name, ifc->name, sizeof(out->name));
	memcpy(out->reason, ifc->reason, sizeof(out->reason));
}
