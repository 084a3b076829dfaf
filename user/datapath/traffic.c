// SPDX-License-Identifier: BSD-2-Clause
/*
 * The shared addresses whose traffic is counted, and the functions that read all counts. The file
 * owns the numbers of the addresses, and records which addresses are claimed. The cost to add or
 * remove an address does not depend on their number.
 */
#include <errno.h>

#include "datapath/internal.h"

static uint32_t vip_unused(struct datapath *dp)
{
	while (dp->vip_unused < HF_MAX_VIPS && dp->vips[dp->vip_unused].used)
		dp->vip_unused++;
	return dp->vip_unused;
}

static void vip_forget(struct datapath *dp, uint32_t vip)
{
	uint8_t last = dp->vips[vip].address.b[15];

	addr_index_remove(&dp->vip_index, vip);
	if (--dp->vip_octets[last] == 0)
		dp->vip_filter[last >> 6] &= ~(1ULL << (last & 63));
	dp->vips[vip] = (struct dp_vip){.used = false};
	if (vip < dp->vip_unused)
		dp->vip_unused = vip;
}

void dp_vip_take(struct datapath *dp, const struct ipaddr *address, uint32_t vip)
{
	uint8_t last = address->b[15];

	if (dp->vips[vip].used) /* only if another program has written to the index map */
		vip_forget(dp, vip);
	dp->vips[vip] = (struct dp_vip){.address = *address, .used = true};
	addr_index_put(&dp->vip_index, address, vip);
	dp->vip_octets[last]++;
	dp->vip_filter[last >> 6] |= 1ULL << (last & 63);
}

/* The least number that is not used; HF_MAX_VIPS: none. Addresses of an earlier daemon that nobody
 * has claimed make room. */
static uint32_t vip_choose(struct datapath *dp)
{
	if (vip_unused(dp) == HF_MAX_VIPS)
		dp_vips_sweep(dp, &(int){INT32_MAX});
	return vip_unused(dp);
}

int datapath_add_vip(struct datapath *dp, const struct ipaddr *address, uint32_t *vip)
{
	uint32_t number = addr_index_find(&dp->vip_index, address);
	int err;

	if (number == ADDR_INDEX_NONE) {
		number = vip_choose(dp);
		if (number == HF_MAX_VIPS)
			return -ENOSPC;
		err = dp->mode->add_vip(dp, address, number);
		if (err)
			return err;
		dp_vip_take(dp, address, number);
	}
	dp->vips[number].claimed = true;
	*vip = number;
	dp->mode->set_filter(dp, dp->vip_filter);
	return 0;
}

static void vip_drop(struct datapath *dp, uint32_t vip)
{
	dp->mode->delete_vip(dp, &dp->vips[vip].address);
	vip_forget(dp, vip);
}

int datapath_remove_vip(struct datapath *dp, const struct ipaddr *address)
{
	uint32_t number = addr_index_find(&dp->vip_index, address);

	if (number == ADDR_INDEX_NONE)
		return -ENOENT;
	vip_drop(dp, number);
	dp->mode->set_filter(dp, dp->vip_filter);
	return 0;
}

void dp_vips_sweep(struct datapath *dp, int *budget)
{
	for (uint32_t i = 0; i<HF_MAX_VIPS && * budget> 0; i++) {
		if (dp->vips[i].used && !dp->vips[i].claimed) {
			vip_drop(dp, i);
			(*budget)--;
		}
	}
	dp->mode->set_filter(dp, dp->vip_filter);
}

int datapath_traffic(struct datapath *dp, uint32_t vip, struct hf_traffic *rx,
		     struct hf_traffic *tx)
{
	*rx = *tx = (struct hf_traffic){0};
	return vip < HF_MAX_VIPS ? dp->mode->traffic(dp, vip, rx, tx) : -ENOENT;
}

static bool conn_is_in(const struct hf_conn_key *key, const struct hf_conn_key *keys,
		       unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (keys[i].vip == key->vip && keys[i].port_be == key->port_be)
			return true;
	}
	return false;
}

static int conn_add(struct datapath *dp, const struct hf_conn_key *key)
{
	int err;

	if (key->vip >= HF_MAX_VIPS || dp->n_conns == HF_MAX_CONNS)
		return key->vip >= HF_MAX_VIPS ? -ENOENT : -ENOSPC;
	if (conn_is_in(key, dp->conns, dp->n_conns))
		return 0;
	err = dp->mode->add_conn(dp, key);
	if (!err)
		dp->conns[dp->n_conns++] = *key;
	return err;
}

int datapath_set_conns(struct datapath *dp, const struct hf_conn_key *keys, unsigned int n)
{
	uint64_t vips[HF_MAX_VIPS / 64] = {0};
	unsigned int kept = 0;
	int err = 0;

	for (unsigned int i = 0; i < dp->n_conns; i++) {
		if (conn_is_in(&dp->conns[i], keys, n))
			dp->conns[kept++] = dp->conns[i];
		else
			dp->mode->delete_conn(dp, &dp->conns[i]);
	}
	dp->n_conns = kept;
	for (unsigned int i = 0; i < n && err == 0; i++)
		err = conn_add(dp, &keys[i]);
	for (unsigned int i = 0; i < dp->n_conns; i++)
		vips[dp->conns[i].vip / 64] |= 1ULL << dp->conns[i].vip % 64;
	dp->mode->set_conns(dp, vips);
	return err;
}

int datapath_conn(struct datapath *dp, const struct hf_conn_key *key, struct hf_conn *out)
{
	*out = (struct hf_conn){0};
	return dp->mode->conn(dp, key, out);
}

int datapath_verdict(struct datapath *dp, uint32_t reason, struct hf_verdict *out)
{
	*out = (struct hf_verdict){0};
	return reason < HF_V_MAX ? dp->mode->verdict(dp, reason, out) : -ENOENT;
}
