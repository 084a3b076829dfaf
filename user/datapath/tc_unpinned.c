// SPDX-License-Identifier: BSD-2-Clause
/*
 * Removes filters of Holdfast whose pins were deleted. Only the name of the program shows that such
 * a filter is Holdfast's. Only `holdfastd --detach` calls this. A filter whose program is pinned
 * under another daemon's name belongs to that daemon. A filter of a daemon without pins (it could
 * not mount bpffs) is removed too, and that daemon attaches it again.
 */
#include <dirent.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "core/log.h"
#include "datapath/internal.h"

#define FILTERS_MAX 64 /* of one interface and direction; more are not removed */
#define PINS_MAX    1024

struct filters {
	bool ingress;
	unsigned int n;
	struct {
		uint32_t priority, handle, prog_id;
	} found[FILTERS_MAX];
};

struct pinned {
	unsigned int n;
	uint32_t ids[PINS_MAX];
};

/* --- pinned programs --- */

static void note_pin(struct pinned *pinned, const char *dir, const char *name)
{
	char path[DP_PATH];
	int fd;

	if (strncmp(name, "tc_", 3) != 0 || pinned->n == PINS_MAX ||
	    dp_pin_path(path, dir, "%s", name))
		return;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return;
	pinned->ids[pinned->n++] = dp_prog_id(fd);
	close(fd);
}

/* Descends `depth` more levels of directories, and records the pins in the lowest ones. */
static void note_pins(struct pinned *pinned, const char *dir, int depth)
{
	DIR *d = opendir(dir);
	char path[DP_PATH];
	struct dirent *e;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (depth == 0)
			note_pin(pinned, dir, e->d_name);
		else if (dp_pin_path(path, dir, "%s", e->d_name) == 0)
			note_pins(pinned, path, depth - 1);
	}
	if (d)
		closedir(d);
}

static bool is_pinned(const struct pinned *pinned, uint32_t id)
{
	for (unsigned int i = 0; i < pinned->n; i++) {
		if (pinned->ids[i] == id)
			return true;
	}
	return false;
}

/* --- the filters of one direction --- */

static int option_attr(const struct nlattr *attr, void *data)
{
	const struct nlattr **options = data;

	if (mnl_attr_get_type(attr) <= TCA_BPF_MAX)
		options[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

struct kind_and_options {
	const char *kind;
	const struct nlattr *options;
};

static int filter_attr(const struct nlattr *attr, void *data)
{
	struct kind_and_options *f = data;

	if (mnl_attr_get_type(attr) == TCA_KIND &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
		f->kind = mnl_attr_get_str(attr);
	if (mnl_attr_get_type(attr) == TCA_OPTIONS)
		f->options = attr;
	return MNL_CB_OK;
}

/* The id of Holdfast's program in the filter, by the name that libbpf gives it ("hf_tc_in:[17]");
 * 0: another program. */
static uint32_t our_program(const struct nlmsghdr *nlh, bool ingress)
{
	const char *prefix = ingress ? "hf_tc_in:[" : "hf_tc_out:[";
	const struct nlattr *options[TCA_BPF_MAX + 1] = {NULL}, *name;
	struct kind_and_options f = {NULL, NULL};

	mnl_attr_parse(nlh, sizeof(struct tcmsg), filter_attr, &f);
	if (!f.kind || strcmp(f.kind, "bpf") != 0 || !f.options)
		return 0;
	mnl_attr_parse_nested(f.options, option_attr, options);
	name = options[TCA_BPF_NAME];
	if (!name || mnl_attr_validate(name, MNL_TYPE_NUL_STRING) < 0 ||
	    strncmp(mnl_attr_get_str(name), prefix, strlen(prefix)) != 0 || !options[TCA_BPF_ID] ||
	    mnl_attr_validate(options[TCA_BPF_ID], MNL_TYPE_U32) < 0)
		return 0;
	return mnl_attr_get_u32(options[TCA_BPF_ID]);
}

static int on_filter(const struct nlmsghdr *nlh, void *data)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(nlh);
	struct filters *filters = data;
	uint32_t id;

	if (nlh->nlmsg_type != RTM_NEWTFILTER || mnl_nlmsg_get_payload_len(nlh) < sizeof(*tc))
		return MNL_CB_OK;
	id = our_program(nlh, filters->ingress);
	if (id != 0 && filters->n < FILTERS_MAX) {
		filters->found[filters->n].priority = TC_H_MAJ(tc->tcm_info) >> 16;
		filters->found[filters->n].handle = tc->tcm_handle;
		filters->found[filters->n++].prog_id = id;
	}
	return MNL_CB_OK;
}

/* Removes the unpinned filters in one direction of `link`. Returns their number. */
static unsigned int remove_from(const struct if_nameindex *link, bool ingress,
				const struct pinned *pinned)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)link->if_index,
		    .attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	struct filters filters = {.ingress = ingress};
	unsigned int removed = 0;

	if (dp_tc_each_filter(link->if_index, ingress, on_filter, &filters) < 0)
		return 0;
	for (unsigned int i = 0; i < filters.n; i++) {
		LIBBPF_OPTS(bpf_tc_opts, opts, .priority = filters.found[i].priority,
			    .handle = filters.found[i].handle);

		if (!is_pinned(pinned, filters.found[i].prog_id) &&
		    bpf_tc_detach(&hook, &opts) == 0) {
			log_info("datapath: %s: removed a filter without a pin at %s",
				 link->if_name, ingress ? "ingress" : "egress");
			removed++;
		}
	}
	return removed;
}

int dp_tc_remove_unpinned(void)
{
	struct pinned *pinned = calloc(1, sizeof(*pinned)); /* owner: here */
	struct if_nameindex *links = if_nameindex();
	int removed = 0;

	if (!pinned || !links) {
		free(pinned);
		if_freenameindex(links);
		return -ENOMEM;
	}
	note_pins(pinned, DP_BPFFS, 2); /* DP_BPFFS/NAME/vABI/PIN */
	for (const struct if_nameindex *link = links; link->if_index != 0; link++) {
		removed += (int)remove_from(link, true, pinned);
		removed += (int)remove_from(link, false, pinned);
	}
	if_freenameindex(links);
	free(pinned);
	return removed;
}
