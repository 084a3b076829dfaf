/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a new configuration changes: each block of it and the one of the old that it continues. A
 * block has changed when its canonical print has, so that no keyword can be forgotten here.
 */
#ifndef HF_CONFIG_DIFF_H
#define HF_CONFIG_DIFF_H

#include <stdbool.h>

#include "config/config.h"

struct config_match {
	int was; /* index in the old configuration; -1: it is new */
	bool changed;
};

struct config_diff {
	/* In the order of the new configuration. An instance continues the one of its interface,
	 * family and VRID, whatever its name is; all others those of their names, a sync group else
	 * one that a member of it was in. */
	struct config_match *instances, *scripts, *files, *processes, *bgp, *groups;
	/* In the order of the old one: the index in the new, -1 if it is gone. */
	int *instance_now, *script_now, *file_now, *process_now, *bgp_now, *group_now;
	unsigned int added, changed, removed; /* instances */
	unsigned int groups_changed;	      /* sync groups: new, other or gone */
};

/* NULL with errno: no memory. Both configurations must outlive nothing but the call. */
struct config_diff *config_diff_create(const struct config *old, const struct config *new);
void config_diff_free(struct config_diff *diff); /* NULL is fine */

#endif
