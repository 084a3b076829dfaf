/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The difference of two configurations: for each new block the old block that it continues, and
 * whether it has changed. A block has changed if its text in config_dump() has changed, so no
 * keyword can be forgotten here.
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
	/*
	 * In the order of the new configuration. An instance continues the old one with the same
	 * interface, family and VRID; its name may change. All other blocks continue the old one of
	 * the same name. A sync group with a new name continues an old group that had one of its
	 * members.
	 */
	struct config_match *instances, *scripts, *files, *processes, *traffic, *bgp, *groups,
	    *services;
	/* In the order of the old configuration: the index in the new one, -1 if it is gone. */
	int *instance_now, *script_now, *file_now, *process_now, *traffic_now, *bgp_now, *group_now,
	    *service_now;
	unsigned int added, changed, removed; /* instances */
	/* The numbers of added, changed and removed sync groups, services, checks of all kinds,
	 * bfd_instances, BGP instances, and their neighbors. */
	unsigned int groups_changed, services_changed, checks_changed, bfds_changed, bgp_changed,
	    neighbors_changed;
	bool globals_changed; /* global_defs, or a keyword outside of all blocks */
};

/* Returns NULL with errno set if there is no memory. The result does not point into the
 * configurations. */
struct config_diff *config_diff_create(const struct config *old, const struct config *new);
void config_diff_free(struct config_diff *diff); /* NULL is fine */

#endif
