/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shared addresses whose traffic the data path counts: the virtual addresses of the instances,
 * the addresses that they announce as host prefixes, and those of traffic checks.
 */
#ifndef HF_ENGINE_COUNTED_VIPS_H
#define HF_ENGINE_COUNTED_VIPS_H

#include "core/addr_index.h"

struct config;

#define COUNTED_VIP_NONE UINT32_MAX /* not counted yet, or refused by the data path */

struct counted_vip {
	struct ipaddr address;
	uint32_t vip; /* the data path's index, or COUNTED_VIP_NONE */
};

struct counted_vips {
	struct counted_vip *all; /* in the order of the configuration, each address once */
	unsigned int n;
	struct addr_index index; /* of `all` */
};

/* Lists the addresses of `cfg`; none is counted yet. NULL: no memory. */
struct counted_vips *counted_vips_create(const struct config *cfg);
/* `vips` may be NULL. */
void counted_vips_destroy(struct counted_vips *vips);
/* The entry of `address`, or NULL. */
const struct counted_vip *counted_vips_find(const struct counted_vips *vips,
					    const struct ipaddr *address);

#endif
