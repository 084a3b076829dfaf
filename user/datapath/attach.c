// SPDX-License-Identifier: BSD-2-Clause
/*
 * Attaches to one interface, and checks whether everything is still attached. The thread of
 * interface.c calls this. Ingress is native XDP with a pinned link. If the driver has no native
 * XDP, or another XDP program is attached (which is never displaced), ingress is TC. Egress is
 * always TC. An upgrade replaces the program inside the link or filter, so no packet is missed.
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
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>

#include "core/log.h"
#include "datapath/internal.h"
#include "datapath/skeleton.h"

#define LINK_PIN "xdp_%u"

/* Opens the link pinned at `path`. Returns -1 if it is not an XDP link on `ifindex`. */
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

struct scan {
	struct dp_attachment *found; /* owner: the scan */
	unsigned int n, max;
};

static struct dp_attachment *scan_entry(struct scan *scan, uint32_t ifindex)
{
	struct dp_attachment *grown, *att;

	for (unsigned int i = 0; i < scan->n; i++) {
		if (scan->found[i].ifindex == ifindex)
			return &scan->found[i];
	}
	if (scan->n == scan->max) {
		scan->max = scan->max ? 2 * scan->max : 16;
		grown = reallocarray(scan->found, scan->max, sizeof(*grown));
		if (!grown)
			return NULL;
		scan->found = grown;
	}
	att = &scan->found[scan->n++];
	*att = (struct dp_attachment){.ifindex = ifindex, .link_fd = -1};
	if (!if_indextoname(ifindex, att->name))
		snprintf(att->name, sizeof(att->name), "#%u", ifindex);
	return att;
}

/* Evaluates the name of one pin in `dir`; names of maps are ignored. 0 or -ENOMEM. */
static int pin_read(const char *dir, const char *name, struct scan *scan)
{
	static const char *const prefix[] = {"xdp_", "tc_in_", "tc_out_", "qdisc_"};
	struct dp_attachment *att;
	char path[DP_PATH], *rest;
	unsigned int kind = 0;

	while (kind < 4 && strncmp(name, prefix[kind], strlen(prefix[kind])) != 0)
		kind++;
	if (kind == 4 || dp_pin_path(path, dir, "%s", name))
		return 0;
	att = scan_entry(scan, (uint32_t)strtoul(name + strlen(prefix[kind]), &rest, 10));
	if (!att)
		return -ENOMEM;
	if (kind == 0 && att->link_fd < 0)
		att->link_fd = link_open(path, att->ifindex);
	else if (kind == 1 || kind == 2)
		dp_tc_parse_pin(att, kind == 1, rest);
	else if (kind == 3)
		att->own_qdisc = true;
	return 0;
}

int dp_attachments_scan(const char *dir, int (*fn)(void *ctx, const struct dp_attachment *att),
			void *ctx)
{
	DIR *d = opendir(dir);
	struct scan scan = {0};
	struct dirent *e;
	int err = 0;

	while (d && !err && (e = readdir(d)))
		err = pin_read(dir, e->d_name, &scan);
	if (d)
		closedir(d);
	for (unsigned int i = 0; i < scan.n; i++) {
		if (!err)
			err = fn(ctx, &scan.found[i]);
		if (err)
			dp_attachment_forget(&scan.found[i]);
	}
	free(scan.found);
	return err;
}

static void xdp_detach(const char *dir, struct dp_attachment *att)
{
	char path[DP_PATH];

	if (att->link_fd >= 0) {
		bpf_link_detach(att->link_fd); /* at once, even if the link has other users */
		close(att->link_fd);
		att->link_fd = -1;
	}
	if (dir[0] && dp_pin_path(path, dir, LINK_PIN, att->ifindex) == 0)
		unlink(path);
}

void dp_attachment_remove(const char *dir, struct dp_attachment *att)
{
	xdp_detach(dir, att);
	dp_tc_detach(dir, att, true);
	dp_tc_detach(dir, att, false);
	dp_tc_finish(dir, att);
	att->attach = DATAPATH_DETACHED;
}

void dp_attachment_forget(struct dp_attachment *att)
{
	if (att->link_fd >= 0)
		close(att->link_fd);
	att->link_fd = -1;
}

void dp_attachment_unpin(const char *dir, struct dp_attachment *att)
{
	xdp_detach(dir, att);
	dp_tc_unpin(dir, att);
	att->attach = DATAPATH_DETACHED;
}

void dp_reason_set(struct dp_attachment *att, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(att->reason, sizeof(att->reason), fmt, args);
	va_end(args);
}

/* The id of the XDP program on the interface, in any mode; 0: none. */
static uint32_t xdp_present(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);

	if (bpf_xdp_query((int)ifindex, 0, &q) < 0)
		return 0;
	return q.prog_id ? q.prog_id : q.drv_prog_id ? q.drv_prog_id : q.skb_prog_id;
}

static void reason_foreign(struct dp_attachment *att, uint32_t id)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0)
		bpf_obj_get_info_by_fd(fd, &info, &len);
	if (fd >= 0)
		close(fd);
	/* To read the name needs CAP_SYS_ADMIN, which the daemon has only while it starts. */
	dp_reason_set(att, "another XDP program is attached: %s%sid %u", info.name,
		      info.name[0] ? ", " : "", id);
}

static void reason_refused(struct dp_attachment *att, int err)
{
	if (err == -EOPNOTSUPP)
		dp_reason_set(att, "the driver has no native XDP, or not with these offloads");
	else if (err == -EINVAL || err == -E2BIG || err == -ERANGE)
		dp_reason_set(att, "the driver refuses native XDP (%s): is the MTU too large?",
			      strerror(-err));
	else
		dp_reason_set(att, "native XDP is refused: %s", strerror(-err));
}

/* Is the link still on its interface, with the program of this process? 1, 0 or -errno. */
static int xdp_holds(const struct datapath *dp, const struct dp_attachment *att)
{
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(att->link_fd, &info, &len) < 0)
		return -errno;
	return info.xdp.ifindex == att->ifindex && /* 0: it has been detached */
	       info.prog_id == dp_prog_id(bpf_program__fd(dp->skel->progs.hf_xdp));
}

bool dp_xdp_removed(const struct dp_attachment *att)
{
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);

	return att->attach == DATAPATH_XDP && att->link_fd >= 0 &&
	       bpf_obj_get_info_by_fd(att->link_fd, &info, &len) == 0 && info.xdp.ifindex == 0;
}

/* Returns 0 or -errno. On an error att->reason says why. */
static int xdp_attach(const struct datapath *dp, struct dp_attachment *att)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	int prog_fd = bpf_program__fd(dp->skel->progs.hf_xdp), fd;
	char path[DP_PATH];
	uint32_t foreign;

	if (att->link_fd >= 0 && bpf_link_update(att->link_fd, prog_fd, NULL) == 0)
		return 0;
	xdp_detach(dp->dir, att);
	foreign = xdp_present(att->ifindex);
	if (foreign) {
		reason_foreign(att, foreign);
		return -EBUSY;
	}
	fd = bpf_link_create(prog_fd, (int)att->ifindex, BPF_XDP, &opts);
	if (fd < 0) {
		int err = -errno;

		reason_refused(att, err);
		return err;
	}
	att->link_fd = fd;
	if (dp->dir[0] &&
	    (dp_pin_path(path, dp->dir, LINK_PIN, att->ifindex) || bpf_obj_pin(fd, path) < 0))
		log_warn("datapath: cannot pin the link of %s: %s", att->name, strerror(errno));
	return 0;
}

/* Is it one end of a pair of virtual interfaces? */
static bool is_veth(const char *name)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq ifr = {.ifr_data = (char *)&info};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool veth;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	veth = fd >= 0 && ioctl(fd, SIOCETHTOOL, &ifr) == 0 && strcmp(info.driver, "veth") == 0;
	if (fd >= 0)
		close(fd);
	return veth;
}

/* A packet that XDP sends back on a veth is lost if the other end has no NAPI. */
static bool must_avoid_xdp(const struct dp_attachment *att)
{
	return att->reflects && is_veth(att->name);
}

/* Attaches ingress in the first mode that works. 0 or -errno. */
static int ingress_attach(const struct datapath *dp, struct dp_attachment *att)
{
	int err;

	att->reason[0] = '\0';
	att->attach = DATAPATH_DETACHED;
	if (dp->opt.forbid_xdp) {
		dp_reason_set(att, "XDP is disabled by --datapath tc");
	} else if (must_avoid_xdp(att)) {
		dp_reason_set(att, "a veth, which may lose what XDP answers to S-BFD probes");
	} else if (xdp_attach(dp, att) == 0) {
		dp_tc_detach(dp->dir, att, true); /* otherwise packets would be counted twice */
		att->attach = DATAPATH_XDP;
		return 0;
	}
	err = dp_tc_prepare(dp->dir, att, bpf_program__fd(dp->skel->progs.hf_tc_in));
	if (!err)
		err = dp_tc_attach(dp->dir, att, true, bpf_program__fd(dp->skel->progs.hf_tc_in));
	if (err) {
		dp_reason_set(att, "XDP and TC are refused: %s", strerror(-err));
		return err;
	}
	xdp_detach(dp->dir, att);
	att->attach = DATAPATH_TC;
	return 0;
}

/* Is ingress still attached? 1, 0, or -errno: unknown. */
static int ingress_holds(const struct datapath *dp, const struct dp_attachment *att)
{
	if (att->attach == DATAPATH_XDP)
		return xdp_holds(dp, att);
	if (att->attach == DATAPATH_TC)
		return dp_tc_holds(att, true, bpf_program__fd(dp->skel->progs.hf_tc_in));
	return 0;
}

/* Attaches egress. 0 or -errno. */
static int egress_attach(const struct datapath *dp, struct dp_attachment *att)
{
	int prog_fd = bpf_program__fd(dp->skel->progs.hf_tc_out);
	int err = dp_tc_prepare(dp->dir, att, prog_fd);

	return err ? err : dp_tc_attach(dp->dir, att, false, prog_fd);
}

static int egress_holds(const struct datapath *dp, const struct dp_attachment *att)
{
	return dp_tc_holds(att, false, bpf_program__fd(dp->skel->progs.hf_tc_out));
}

void dp_bpf_attach(const struct datapath *dp, struct dp_attachment *att, struct dp_attempt *attempt)
{
	bool had_in = att->attach != DATAPATH_DETACHED, had_out = att->out.on && had_in, moves;
	int err;

	if (egress_holds(dp, att) == 0) {
		attempt->out_removed = had_out;
		err = egress_attach(dp, att);
		if (err && (had_out || !had_in)) /* logged once, not at each check */
			log_warn("datapath: %s: replies are not counted: %s", att->name,
				 strerror(-err));
	}
	moves = att->attach == DATAPATH_XDP && must_avoid_xdp(att);
	if (!moves && ingress_holds(dp, att) != 0)
		return;
	attempt->in_removed = had_in && !moves;
	attempt->err = ingress_attach(dp, att);
}
