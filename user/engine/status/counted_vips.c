// SPDX-License-Identifier: BSD-2-Clause
/*
 * Lists the shared addresses of a configuration, for the start and for a reload. An address that is
 * both added and announced, or that two instances have, is listed once.
 */
#include "engine/status/counted_vips.h"

#include <stdlib.h>

#include "config/config.h"

static void add(struct counted_vips *vips, const struct ipaddr *address)
{
	if (addr_index_find(&vips->index, address) != ADDR_INDEX_NONE)
		return;
	addr_index_put(&vips->index, address, vips->n);
	vips->all[vips->n++] = (struct counted_vip){*address, COUNTED_VIP_NONE};
}

static void add_instance(struct counted_vips *vips, const struct cfg_instance *cfg)
{
	for (unsigned int i = 0; i < cfg->n_vips; i++)
		add(vips, &cfg->vips[i].prefix.addr);
	for (unsigned int i = 0; i < cfg->announce.n_prefixes; i++) {
		const struct ipprefix *p = &cfg->announce.prefixes[i];

		if (p->len == (ipaddr_is_v4(&p->addr) ? 32 : 128))
			add(vips, &p->addr);
	}
}

static void add_checked(struct counted_vips *vips, const struct cfg_traffic *cfg)
{
	for (unsigned int i = 0; i < cfg->n_addresses; i++)
		add(vips, &cfg->addresses[i]);
}

struct counted_vips *counted_vips_create(const struct config *cfg)
{
	struct counted_vips *vips = calloc(1, sizeof(*vips)); /* owner: the caller */
	unsigned int max = 0;

	if (!vips)
		return NULL;
	for (unsigned int i = 0; i < cfg->n_instances; i++)
		max += cfg->instances[i].n_vips + cfg->instances[i].announce.n_prefixes;
	for (unsigned int i = 0; i < cfg->n_traffic; i++)
		max += cfg->traffic[i].n_addresses;
	vips->all = calloc(max + 1, sizeof(*vips->all)); /* owner: vips */
	if (!vips->all || addr_index_init(&vips->index, max) < 0) {
		counted_vips_destroy(vips);
		return NULL;
	}
	for (unsigned int i = 0; i < cfg->n_instances; i++)
		add_instance(vips, &cfg->instances[i]);
	for (unsigned int i = 0; i < cfg->n_traffic; i++)
		add_checked(vips, &cfg->traffic[i]);
	return vips;
}

void counted_vips_destroy(struct counted_vips *vips)
{
	if (!vips)
		return;
	addr_index_free(&vips->index);
	free(vips->all);
	free(vips);
}

const struct counted_vip *counted_vips_find(const struct counted_vips *vips,
					    const struct ipaddr *address)
{
	uint32_t at = addr_index_find(&vips->index, address);

	return at == ADDR_INDEX_NONE ? NULL : &vips->all[at];
}
