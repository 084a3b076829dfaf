// SPDX-License-Identifier: BSD-2-Clause
/*
 * The BPF mode: the daemon's side of the maps. The file owns the mapping of hf_inst_state and the
 * reader of hf_events. It writes hf_inst_idx, hf_inst_cfg, hf_peer, hf_vip_idx, and the 256-bit
 * filter for the addresses in hf_vip_idx. The kernel half owns the counters. Each counter is read
 * with one system call for all CPUs, which is safe in any thread, because nothing is shared.
 *
 * Events only wake the daemon; the mapped state is authoritative. So the daemon still finds a dead
 * or a new master after a full ring buffer or a record of an earlier generation. Rejected: to poll
 * the state, because the cost grows with the precision.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "datapath/internal.h"
#include "datapath/skeleton.h"

#define STATE_BYTES (HF_MAX_INSTANCES * sizeof(struct hf_inst_state))

_Static_assert(STATE_BYTES % 4096 == 0, "the kernel maps whole pages");

/* --- events and states --- */

static int on_event(void *ctx, void *data, size_t size)
{
	struct datapath *dp = ctx;
	struct hf_event ev;

	if (size >= sizeof(ev)) {
		memcpy(&ev, data, sizeof(ev));
		if (ev.type == HF_EV_SBFD) {
			dp_sbfd_deliver(dp, &ev);
		} else if (ev.type == HF_EV_BFD || ev.type == HF_EV_BFD_EXPIRED) {
			dp_bfd_deliver(dp, &ev);
		} else if (dp_slot_wants(dp, &ev)) {
			dp_slot_deadline_moved(&dp->slots[ev.slot]);
			dp_slot_deliver(dp, &ev);
		}
	}
	/* A flood, or a thousand masters that are down at the same time, must not make the turn
	 * long. The remaining events make the descriptor ready again. */
	dp->events_left--;
	if (!mono_before(loop_clock(), dp->events_until))
		dp->events_left = 0;
	return dp->events_left > 0 ? 0 : -EAGAIN;
}

static void on_events_ready(struct loop_source *src, uint32_t ready)
{
	struct datapath *dp = src->ctx;

	(void)ready;
	dp->events_left = DP_EVENTS_A_TURN;
	dp->events_until = mono_add(loop_clock(), LOOP_SLICE_NS);
	ring_buffer__consume(dp->events);
	/* An event is lost only if the ring buffer is full. After that at least one turn reaches
	 * its limit here. */
	if (dp->events_left == 0) {
		dp_slots_recover(dp);
		dp_bfd_recover(dp);
	}
}

static int events_open(struct datapath *dp)
{
	int err;

	dp->events = ring_buffer__new(MAP_FD(dp, hf_events), on_event, dp, NULL);
	if (!dp->events)
		return -errno;
	dp->events_src = (struct loop_source){.fd = ring_buffer__epoll_fd(dp->events),
					      .fn = on_events_ready,
					      .ctx = dp,
					      .name = "kernel events"};
	err = loop_add(dp->loop, &dp->events_src, EPOLLIN);
	if (err)
		dp->events_src.fd = -1;
	return err;
}

int dp_maps_open(struct datapath *dp)
{
	void *at = mmap(NULL, STATE_BYTES, PROT_READ, MAP_SHARED, MAP_FD(dp, hf_inst_state), 0);
	int err;

	if (at == MAP_FAILED)
		return -errno;
	dp->state = at;
	err = dp_clock_open(dp);
	return err ? err : events_open(dp);
}

static void maps_close(struct datapath *dp)
{
	dp_clock_close(dp);
	if (dp->events) {
		loop_remove(dp->loop, &dp->events_src);
		ring_buffer__free(dp->events);
		dp->events = NULL;
	}
	if (dp->state)
		munmap((void *)(uintptr_t)dp->state, STATE_BYTES);
	dp->state = NULL;
}

static void maps_refresh(struct datapath *dp)
{
	(void)dp; /* it is mapped memory */
}

/* --- instances and peers --- */

static int maps_index(struct datapath *dp, const struct hf_inst_key *key, uint32_t number,
		      bool anew)
{
	static const struct hf_inst_state nothing;
	int err = 0;

	if (anew) /* the slot has no index entry yet, so the kernel half does not write its state */
		err = bpf_map_update_elem(MAP_FD(dp, hf_inst_state), &number, &nothing, BPF_ANY);

	return err ? err : bpf_map_update_elem(MAP_FD(dp, hf_inst_idx), key, &number, BPF_ANY);
}

static void maps_unindex(struct datapath *dp, const struct hf_inst_key *key)
{
	bpf_map_delete_elem(MAP_FD(dp, hf_inst_idx), key);
}

static bool maps_find(struct datapath *dp, const struct hf_inst_key *key, uint32_t *number)
{
	return bpf_map_lookup_elem(MAP_FD(dp, hf_inst_idx), key, number) == 0;
}

static int maps_publish(struct dp_slot *slot)
{
	uint32_t number = dp_slot_number(slot);

	return bpf_map_update_elem(MAP_FD(slot->dp, hf_inst_cfg), &number, &slot->cfg, BPF_ANY);
}

static int maps_arm(struct datapath *dp, struct hf_arm_args *args)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = args, .ctx_size_in = sizeof(*args));
	int err = bpf_prog_test_run_opts(bpf_program__fd(dp->skel->progs.hf_arm), &run);

	return err ? err : (int)run.retval;
}

static struct hf_peer_key peer_key(const struct dp_slot *slot, const struct dp_peer *peer)
{
	return (struct hf_peer_key){.slot = dp_slot_number(slot), .address = peer->address};
}

static int maps_set_peer(struct dp_slot *slot, const struct dp_peer *peer)
{
	struct hf_peer_key key = peer_key(slot, peer);

	return bpf_map_update_elem(MAP_FD(slot->dp, hf_peer), &key, &peer->rules, BPF_ANY);
}

static void maps_delete_peer(struct dp_slot *slot, const struct dp_peer *peer)
{
	struct hf_peer_key key = peer_key(slot, peer);

	bpf_map_delete_elem(MAP_FD(slot->dp, hf_peer), &key);
}

/* --- shared addresses --- */

static int maps_add_vip(struct datapath *dp, const struct ipaddr *address, uint32_t vip)
{
	void *zeros = calloc(dp->n_cpus, sizeof(struct hf_traffic)); /* owner: here */
	int err;

	if (!zeros)
		return -ENOMEM;
	err = bpf_map_update_elem(MAP_FD(dp, hf_vip_rx), &vip, zeros, BPF_ANY);
	if (!err)
		err = bpf_map_update_elem(MAP_FD(dp, hf_vip_tx), &vip, zeros, BPF_ANY);
	if (!err)
		err = bpf_map_update_elem(MAP_FD(dp, hf_vip_idx), address, &vip, BPF_ANY);
	free(zeros);
	return err;
}

static void maps_delete_vip(struct datapath *dp, const struct ipaddr *address)
{
	bpf_map_delete_elem(MAP_FD(dp, hf_vip_idx), address);
}

static void maps_set_filter(struct datapath *dp, const uint64_t filter[4])
{
	for (int i = 0; i < 4; i++)
		*(volatile __u64 *)&dp->skel->data->hf_vip_filter[i] = filter[i];
}

/* --- connections --- */

static int maps_add_conn(struct datapath *dp, const struct hf_conn_key *key)
{
	void *zeros = calloc(dp->n_cpus, sizeof(struct hf_conn)); /* owner: here */
	int err;

	if (!zeros)
		return -ENOMEM;
	err = bpf_map_update_elem(MAP_FD(dp, hf_conn), key, zeros, BPF_ANY);
	free(zeros);
	return err;
}

static void maps_delete_conn(struct datapath *dp, const struct hf_conn_key *key)
{
	bpf_map_delete_elem(MAP_FD(dp, hf_conn), key);
}

static void maps_set_conns(struct datapath *dp, const uint64_t vips[HF_MAX_VIPS / 64])
{
	for (int i = 0; i < HF_MAX_VIPS / 64; i++)
		*(volatile __u64 *)&dp->skel->data->hf_vip_conns[i] = vips[i];
}

static int maps_conn(struct datapath *dp, const struct hf_conn_key *key, struct hf_conn *out)
{
	struct hf_conn *cpu = calloc(dp->n_cpus, sizeof(*cpu)); /* owner: here */
	int err = cpu ? bpf_map_lookup_elem(MAP_FD(dp, hf_conn), key, cpu) : -ENOMEM;

	for (unsigned int i = 0; err == 0 && i < dp->n_cpus; i++) {
		out->syn += cpu[i].syn;
		out->syn_ack += cpu[i].syn_ack;
		out->refused += cpu[i].refused;
		out->reset += cpu[i].reset;
	}
	free(cpu);
	return err;
}

static void conns_adopt(struct datapath *dp)
{
	struct hf_conn_key key, *prev = NULL;

	while (dp->n_conns < HF_MAX_CONNS &&
	       bpf_map_get_next_key(MAP_FD(dp, hf_conn), prev, &key) == 0) {
		dp->conns[dp->n_conns++] = key;
		prev = &key;
	}
}

/* --- counters --- */

/* Reads the value of `key`: one part of `size` octets for each CPU. The caller frees it. NULL with
 * errno. */
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

static int maps_traffic(struct datapath *dp, uint32_t vip, struct hf_traffic *rx,
			struct hf_traffic *tx)
{
	int err = traffic_sum(dp, dp->skel->maps.hf_vip_rx, vip, rx);

	return err ? err : traffic_sum(dp, dp->skel->maps.hf_vip_tx, vip, tx);
}

static int maps_verdict(struct datapath *dp, uint32_t reason, struct hf_verdict *out)
{
	struct hf_verdict *cpu = percpu_read(dp, dp->skel->maps.hf_verdict, reason, sizeof(*cpu));

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

/* --- adoption --- */

static int peers_adopt(struct datapath *dp)
{
	struct hf_peer_key key, *prev = NULL;
	int err = 0;

	while (!err && bpf_map_get_next_key(MAP_FD(dp, hf_peer), prev, &key) == 0) {
		if (key.slot < HF_MAX_INSTANCES)
			err = dp_slot_adopt_peer(&dp->slots[key.slot], &key.address);
		prev = &key;
	}
	return err;
}

static void keys_adopt(struct datapath *dp)
{
	struct hf_auth_key_id key, *prev = NULL;

	while (bpf_map_get_next_key(MAP_FD(dp, hf_auth_key), prev, &key) == 0) {
		if (key.slot < HF_MAX_INSTANCES)
			dp_auth_adopt_key(&dp->slots[key.slot], key.key_id);
		prev = &key;
	}
}

static int slots_adopt(struct datapath *dp)
{
	struct hf_inst_key key, *prev = NULL;
	uint32_t number;

	for (uint32_t i = 0; i < HF_MAX_INSTANCES; i++) {
		if (bpf_map_lookup_elem(MAP_FD(dp, hf_inst_cfg), &i, &dp->slots[i].cfg) < 0)
			return -errno;
	}
	while (bpf_map_get_next_key(MAP_FD(dp, hf_inst_idx), prev, &key) == 0) {
		if (maps_find(dp, &key, &number) && number < HF_MAX_INSTANCES)
			dp_slot_adopt_key(&dp->slots[number], &key);
		prev = &key;
	}
	keys_adopt(dp);
	return peers_adopt(dp);
}

static void vips_adopt(struct datapath *dp)
{
	int fd = MAP_FD(dp, hf_vip_idx);
	struct ipaddr key, *prev = NULL;
	uint32_t vip;

	while (bpf_map_get_next_key(fd, prev, &key) == 0) {
		if (bpf_map_lookup_elem(fd, &key, &vip) == 0 && vip < HF_MAX_VIPS &&
		    addr_index_find(&dp->vip_index, &key) == ADDR_INDEX_NONE)
			dp_vip_take(dp, &key, vip);
		prev = &key;
	}
}

static int maps_adopt(struct datapath *dp)
{
	vips_adopt(dp);
	conns_adopt(dp);
	return slots_adopt(dp);
}

static void maps_detach(const struct datapath *dp, struct dp_attachment *att)
{
	dp_attachment_remove(dp->dir, att);
}

const struct dp_mode dp_mode_bpf = {
    .close = maps_close,
    .adopt = maps_adopt,
    .index = maps_index,
    .unindex = maps_unindex,
    .find = maps_find,
    .publish = maps_publish,
    .arm = maps_arm,
    .set_peer = maps_set_peer,
    .delete_peer = maps_delete_peer,
    .make_auth = dp_bpf_make_auth,
    .delete_auth = dp_bpf_delete_auth,
    .set_key = dp_bpf_set_key,
    .delete_key = dp_bpf_delete_key,
    .auth_state = dp_bpf_auth_state,
    .refresh = maps_refresh,
    .attach = dp_bpf_attach,
    .detach = maps_detach,
    .add_vip = maps_add_vip,
    .delete_vip = maps_delete_vip,
    .set_filter = maps_set_filter,
    .add_conn = maps_add_conn,
    .delete_conn = maps_delete_conn,
    .set_conns = maps_set_conns,
    .conn = maps_conn,
    .traffic = maps_traffic,
    .verdict = maps_verdict,
};
