// SPDX-License-Identifier: BSD-2-Clause
/*
 * Shared addresses and what is counted of them, and why adverts were refused. This file owns
 * hf_vip_idx and the 256-bit filter before it; the counters are the kernel half's, and are read
 * with one system call each for all CPUs. Reading them is safe in any thread: nothing is shared.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "datapath/internal.h"
#include "datapath/skeleton.h"

static struct dp_vip *vip_find(struct datapath *dp, const struct ipaddr *address)
{
	for (uint32_t i = 0; i < HF_MAX_VIPS; i++) {
		if (dp->vips[i].used &&
		    memcmp(&dp->vips[i].address, address, sizeof(*address)) == 0)
			return &dp->vips[i];
	}
	return NULL;
}

static struct dp_vip *vip_unused(struct datapath *dp)
{
	for (uint32_t i = 0; i < HF_MAX_VIPS; i++) {
		if (!dp->vips[i].used)
			return &dp->vips[i];
	}
	return NULL;
}

/* The filter anew from all that is used: it never lacks a bit that is set now and stays set. */
static void filter_write(struct datapath *dp)
{
	__u64 filter[4] = {0};

	if (dp->raw)
		return;
	for (uint32_t i = 0; i < HF_MAX_VIPS; i++) {
		uint8_t last = dp->vips[i].address.b[15];

		if (dp->vips[i].used)
			filter[last >> 6] |= 1ULL << (last & 63);
	}
	for (int i = 0; i < 4; i++)
		*(volatile __u64 *)&dp->skel->data->hf_vip_filter[i] = filter[i];
}

static int counters_clear(struct datapath *dp, uint32_t vip)
{
	void *zeros; /* owner: here */
	int err;

	if (dp->raw)
		return 0;
	zeros = calloc(dp->n_cpus, sizeof(struct hf_traffic));
	if (!zeros)
		return -ENOMEM;
	err = bpf_map_update_elem(bpf_map__fd(dp->skel->maps.hf_vip_rx), &vip, zeros, BPF_ANY);
	if (!err)
		err = bpf_map_update_elem(bpf_map__fd(dp->skel->maps.hf_vip_tx), &vip, zeros,
					  BPF_ANY);
	free(zeros);
	return err;
}

int datapath_add_vip(struct datapath *dp, const struct ipaddr *address, uint32_t *vip)
{
	struct dp_vip *v = vip_find(dp, address);
	int err;

	if (!v) {
		v = vip_unused(dp);
		if (!v)
			return -ENOSPC;
		*vip = (uint32_t)(v - dp->vips);
		err = counters_clear(dp, *vip);
		if (!err && !dp->raw)
			err = bpf_map_update_elem(bpf_map__fd(dp->skel->maps.hf_vip_idx), address,
						  vip, BPF_ANY);
		if (err)
			return err;
		*v = (struct dp_vip){.address = *address, .used = true};
	}
	v->claimed = true;
	*vip = (uint32_t)(v - dp->vips);
	filter_write(dp);
	return 0;
}

static void vip_drop(struct datapath *dp, struct dp_vip *v)
{
	if (!dp->raw)
		bpf_map_delete_elem(bpf_map__fd(dp->skel->maps.hf_vip_idx), &v->address);
	*v = (struct dp_vip){.used = false};
}

int datapath_remove_vip(struct datapath *dp, const struct ipaddr *address)
{
	struct dp_vip *v = vip_find(dp, address);

	if (!v)
		return -ENOENT;
	vip_drop(dp, v);
	filter_write(dp);
	return 0;
}

int dp_vips_adopt(struct datapath *dp)
{
	int fd = dp->raw ? -1 : bpf_map__fd(dp->skel->maps.hf_vip_idx);
	struct ipaddr key, *prev = NULL;
	uint32_t vip;

	dp->vips = calloc(HF_MAX_VIPS, sizeof(*dp->vips)); /* owner: dp */
	if (!dp->vips)
		return -ENOMEM;
	while (fd >= 0 && bpf_map_get_next_key(fd, prev, &key) == 0) {
		if (bpf_map_lookup_elem(fd, &key, &vip) == 0 && vip < HF_MAX_VIPS)
			dp->vips[vip] = (struct dp_vip){.address = key, .used = true};
		prev = &key;
	}
	return 0;
}

void dp_vips_sweep(struct datapath *dp, int *budget)
{
	for (uint32_t i = 0; i<HF_MAX_VIPS && * budget> 0; i++) {
		if (dp->vips[i].used && !dp->vips[i].claimed) {
			vip_drop(dp, &dp->vips[i]);
			(*budget)--;
		}
	}
	filter_write(dp);
}

/* The value of `key`, one part of `size` octets a CPU, to be freed; NULL with errno. */
static void *percpu_read(struct datapath *dp, const struct bpf_map *map, uint32_t key, size_t size)
{
	void *cpus = calloc(dp->n_cpus, size); /* owner: the caller */

	if (cpus && bpf_map_lookup_elem(bpf_map__fd(map), &key, cpus) < 0) {
		free(cpus);
		return NULL;
	}
	return cpus;
}

static int traffic_sum(struct datapath *dp, const struct bpf_map *map, uint32_t vip,
		       struct hf_traffic *out)
{
	struct hf_traffic *cpu = percpu_read(dp, map, vip, sizeof(*cpu));

	*out = (struct hf_traffic){0};
	if (!cpu)
		return -errno;
	for (unsigned int i = 0; i < dp->n_cpus; i++) {
		out->packets += cpu[i].packets;
		out->bytes += cpu[i].bytes;
		out->tcp_syn += cpu[i].tcp_syn;
		out->tcp_syn_ack += cpu[i].tcp_syn_ack;
		out->tcp_fin += cpu[i].tcp_fin;
		out->tcp_rst += cpu[i].tcp_rst;
		out->udp += cpu[i].udp;
		out->icmp += cpu[i].icmp;
		out->fragments += cpu[i].fragments;
		if (cpu[i].last_ns > out->last_ns)
			out->last_ns = cpu[i].last_ns;
	}
	free(cpu);
	return 0;
}

int datapath_traffic(struct datapath *dp, uint32_t vip, struct hf_traffic *rx,
		     struct hf_traffic *tx)
{
	int err;

	*rx = *tx = (struct hf_traffic){0};
	if (dp->raw)
		return vip < HF_MAX_VIPS ? 0 : -ENOENT;
	err = traffic_sum(dp, dp->skel->maps.hf_vip_rx, vip, rx);
	return err ? err : traffic_sum(dp, dp->skel->maps.hf_vip_tx, vip, tx);
}

int datapath_verdict(struct datapath *dp, uint32_t reason, struct hf_verdict *out)
{
	struct hf_verdict *cpu;

	if (reason >= HF_V_MAX)
		return -ENOENT;
	if (dp->raw) {
		dp_raw_verdict(dp->raw, reason, out);
		return 0;
	}
	cpu = percpu_read(dp, dp->skel->maps.hf_verdict, reason, sizeof(*cpu));
	*out = (struct hf_verdict){0};
	if (!cpu)
		return -errno;
	for (unsigned int i = 0; i < dp->n_cpus; i++) {
		out->packets += cpu[i].packets;
		out->bytes += cpu[i].bytes;
		if (cpu[i].last_ns > out->last_ns) {
			out->last_ns = cpu[i].last_ns;
			out->last_source = cpu[i].last_source;
		}
	}
	free(cpu);
	return 0;
}
