// SPDX-License-Identifier: BSD-2-Clause
/*
 * Instances and peers as the kernel half sees them, and the watch over their masters. This file
 * owns hf_inst_idx, hf_inst_cfg and hf_peer, and keeps a copy of what it wrote: a change is then
 * one update, without reading back.
 *
 * Where the kernel refuses bpf_timer, a loop timer for each BACKUP does what the timer's callback
 * does (bpf/timer.bpf.h): it looks at deadline_ns in the mapped state and re-arms itself for what
 * is left. The kernel half remains the one writer of the deadline. Where it refuses one timer for
 * lack of memory, the loop's stands in until a later try succeeds.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "core/log.h"
#include "datapath/internal.h"
#include "datapath/skeleton.h"
#include "vrrp_rules.h"

#define GRACE_NS (2 * NS_PER_MS) /* as TIMER_GRACE_NS in bpf/timer.bpf.h */

static uint32_t slot_number(const struct dp_slot *slot)
{
	return (uint32_t)(slot - slot->dp->slots);
}

static struct dp_slot *slot_get(struct datapath *dp, uint32_t slot)
{
	return slot < HF_MAX_INSTANCES ? &dp->slots[slot] : NULL;
}

const volatile struct hf_inst_state *datapath_state(const struct datapath *dp, uint32_t slot)
{
	if (dp->raw)
		dp_raw_drain(dp->raw);
	return slot < HF_MAX_INSTANCES ? &dp->state[slot] : NULL;
}

/* --- peers --- */

static struct hf_peer_key peer_key(const struct dp_slot *slot, const struct ipaddr *address)
{
	return (struct hf_peer_key){.slot = slot_number(slot), .address = *address};
}

/* Remembers the peer, in room made at configuration time. 0 or -ENOMEM. */
static int peer_remember(struct dp_slot *slot, const struct ipaddr *address, bool claimed)
{
	for (uint32_t i = 0; i < slot->n_peers; i++) {
		if (memcmp(&slot->peers[i].address, address, sizeof(*address)) == 0) {
			slot->peers[i].claimed |= claimed;
			return 0;
		}
	}
	if (slot->n_peers == slot->max_peers) {
		uint32_t max = slot->max_peers ? 2 * slot->max_peers : 4;
		struct dp_peer *grown = realloc(slot->peers, max * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		slot->peers = grown;
		slot->max_peers = max;
	}
	slot->peers[slot->n_peers++] = (struct dp_peer){.address = *address, .claimed = claimed};
	return 0;
}

static void peers_disclaim(struct dp_slot *slot)
{
	for (uint32_t i = 0; i < slot->n_peers; i++)
		slot->peers[i].claimed = false;
	if (slot->n_peers > 0)
		dp_sweep_soon(slot->dp);
}

static void peers_sweep(struct dp_slot *slot, int *budget)
{
	int fd = slot->dp->raw ? -1 : bpf_map__fd(slot->dp->skel->maps.hf_peer);

	for (uint32_t i = 0; i<slot->n_peers && * budget> 0; i++) {
		struct hf_peer_key key = peer_key(slot, &slot->peers[i].address);

		if (slot->peers[i].claimed)
			continue;
		if (fd >= 0)
			bpf_map_delete_elem(fd, &key);
		slot->peers[i--] = slot->peers[--slot->n_peers];
		(*budget)--;
	}
}

static int peer_rules(struct dp_slot *slot, const struct ipaddr *address,
		      const struct hf_peer *rules)
{
	for (uint32_t i = 0; i < slot->n_peers; i++) {
		if (memcmp(&slot->peers[i].address, address, sizeof(*address)) == 0)
			slot->peers[i].rules = *rules;
	}
	return 0;
}

int datapath_set_peer(struct datapath *dp, uint32_t slot, const struct ipaddr *address,
		      const struct hf_peer *peer)
{
	struct dp_slot *s = slot_get(dp, slot);
	struct hf_peer_key key;
	int err;

	if (!s || !s->claimed)
		return -ENOENT;
	err = peer_remember(s, address, true);
	if (err)
		return err;
	if (dp->raw)
		return peer_rules(s, address, peer);
	key = peer_key(s, address);
	return bpf_map_update_elem(bpf_map__fd(dp->skel->maps.hf_peer), &key, peer, BPF_ANY);
}

/* --- the watch --- */

static bool slot_watching(const struct dp_slot *slot)
{
	return slot->indexed && slot->cfg.role == VRRP_ROLE_BACKUP;
}

static bool slot_by_loop(const struct dp_slot *slot)
{
	return !slot->dp->bpf_timer || slot->timer_refused;
}

void dp_slot_deadline_moved(struct dp_slot *slot)
{
	struct datapath *dp = slot->dp;
	struct mono due = {(int64_t)dp->state[slot_number(slot)].deadline_ns};

	if (slot_by_loop(slot) && slot_watching(slot) &&
	    (slot->timer.slot == 0 || mono_before(due, slot->timer.due)))
		loop_arm(dp->loop, &slot->timer, due);
}

static void slot_report_down(struct dp_slot *slot, uint64_t deadline_ns, struct mono now)
{
	struct datapath *dp = slot->dp;
	const volatile struct hf_inst_state *st = &dp->state[slot_number(slot)];
	struct hf_event ev = {
	    .at_ns = (uint64_t)now.ns,
	    .deadline_ns = deadline_ns,
	    .slot = slot_number(slot),
	    .generation = slot->cfg.generation,
	    .interval_us = st->interval_us,
	    .type = HF_EV_MASTER_DOWN,
	    .priority = st->priority,
	    .source = st->master,
	};

	slot->reported_ns = deadline_ns;
	dp->fn(dp->ctx, &ev);
}

/* 0, HF_ARM_NO_TIMER or -errno. */
static int run_arm(struct datapath *dp, struct hf_arm_args *args)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = args, .ctx_size_in = sizeof(*args));
	int err = bpf_prog_test_run_opts(bpf_program__fd(dp->skel->progs.hf_arm), &run);

	return err ? err : (int)run.retval;
}

/* Waits for what is left until the deadline, by the kernel's timer if that is to be had by now. */
static void slot_wait(struct dp_slot *slot, uint64_t deadline_ns, struct mono now)
{
	struct hf_arm_args args = {
	    .slot = slot_number(slot),
	    .generation = slot->cfg.generation,
	    .delay_ns = deadline_ns - (uint64_t)now.ns,
	    .timer_only = true,
	};

	if (slot->timer_refused)
		slot->timer_refused = run_arm(slot->dp, &args) != 0;
	if (slot_by_loop(slot))
		loop_arm(slot->dp->loop, &slot->timer, (struct mono){(int64_t)deadline_ns});
}

static void slot_timer_fired(struct loop_timer *timer)
{
	struct dp_slot *slot = timer->ctx;
	struct datapath *dp = slot->dp;
	const volatile struct hf_inst_state *st = &dp->state[slot_number(slot)];
	struct mono now = loop_clock();
	int64_t late_ns = mono_diff_ns(now, timer->due);
	uint32_t generation = slot->cfg.generation;
	uint64_t deadline_ns;
	bool passed;

	if (!slot_watching(slot) || st->generation != generation)
		return;
	if (dp->raw)
		dp_raw_drain(dp->raw);
	deadline_ns = st->deadline_ns;
	passed = (int64_t)(deadline_ns - (uint64_t)now.ns) <= 0;
	if (passed && !slot->grace && late_ns > GRACE_NS) {
		slot->grace = true;
		loop_arm(dp->loop, timer, mono_add(now, GRACE_NS));
		return;
	}
	slot->grace = false;
	if (!passed) {
		slot_wait(slot, deadline_ns, now);
		return;
	}
	if (deadline_ns != slot->reported_ns)
		slot_report_down(slot, deadline_ns, now);
	/* Nobody took over, as an advert came in the last moment: look again after such a time. */
	if (slot->cfg.generation == generation && timer->slot == 0)
		loop_arm(dp->loop, timer,
			 mono_add(now, (int64_t)vrrp_down_ns(slot->cfg.version, slot->cfg.priority,
							     slot->cfg.down_adverts,
							     slot->cfg.interval_us * 1000ULL)));
}

void dp_instances_recover(struct datapath *dp)
{
	struct mono now = loop_clock();
	uint64_t deadline_ns;

	for (uint32_t i = 0; i < HF_MAX_INSTANCES; i++) {
		struct dp_slot *slot = &dp->slots[i];
		uint64_t lost = dp->state[i].events_lost;

		if (!slot->claimed || lost == slot->events_lost)
			continue;
		slot->events_lost = lost;
		deadline_ns = dp->state[i].deadline_ns;
		if (slot_watching(slot) && deadline_ns != slot->reported_ns &&
		    (int64_t)(deadline_ns - (uint64_t)now.ns) <= 0)
			slot_report_down(slot, deadline_ns, now);
	}
}

/* Starts the wait of the generation just published. 0 or -errno. */
static int slot_arm(struct dp_slot *slot, int64_t delay_ns)
{
	struct datapath *dp = slot->dp;
	struct hf_arm_args args = {
	    .slot = slot_number(slot),
	    .generation = slot->cfg.generation,
	    .delay_ns = delay_ns > 0 ? (uint64_t)delay_ns : 0,
	};
	int err = 0;

	if (dp->raw)
		dp_raw_arm(dp->raw, args.slot, args.generation, args.delay_ns);
	else
		err = run_arm(dp, &args);
	if (err < 0)
		return err;
	slot->timer_refused = err == HF_ARM_NO_TIMER;
	slot->grace = false;
	slot->reported_ns = 0;
	loop_disarm(dp->loop, &slot->timer);
	dp_slot_deadline_moved(slot);
	return 0;
}

static int slot_publish(struct dp_slot *slot)
{
	uint32_t key = slot_number(slot);

	slot->cfg.generation++;
	if (slot->dp->raw)
		return 0;
	return bpf_map_update_elem(bpf_map__fd(slot->dp->skel->maps.hf_inst_cfg), &key, &slot->cfg,
				   BPF_ANY);
}

int datapath_watch(struct datapath *dp, uint32_t slot, uint8_t role, uint8_t priority, bool preempt,
		   int64_t delay_ns)
{
	struct dp_slot *s = slot_get(dp, slot);
	int err;

	if (!s || !s->claimed)
		return -ENOENT;
	s->cfg.role = role;
	s->cfg.priority = priority;
	s->cfg.preempt = preempt;
	err = slot_publish(s);
	if (err)
		return err;
	if (role == VRRP_ROLE_BACKUP)
		return slot_arm(s, delay_ns);
	loop_disarm(dp->loop, &s->timer);
	return 0;
}

/* --- instances --- */

/* Takes `slot` out of the index; its timers and events are stale from now on. */
static void slot_unindex(struct dp_slot *slot)
{
	if (!slot->indexed)
		return;
	if (slot->dp->raw)
		dp_raw_unindex(slot->dp->raw, &slot->key);
	else
		bpf_map_delete_elem(bpf_map__fd(slot->dp->skel->maps.hf_inst_idx), &slot->key);
	slot->indexed = false;
	slot->cfg.role = VRRP_ROLE_OFF;
	slot_publish(slot);
	loop_disarm(slot->dp->loop, &slot->timer);
}

/* The slot that `key` leads to now. */
static bool index_find(struct datapath *dp, const struct hf_inst_key *key, uint32_t *slot)
{
	if (dp->raw)
		return dp_raw_find(dp->raw, key, slot);
	return bpf_map_lookup_elem(bpf_map__fd(dp->skel->maps.hf_inst_idx), key, slot) == 0 &&
	       *slot < HF_MAX_INSTANCES;
}

/* Leads `key` to slot `number`, with an empty state: out of the index it has no other writer. */
static int index_write(struct datapath *dp, const struct hf_inst_key *key, uint32_t number)
{
	static const struct hf_inst_state nothing;
	int err;

	if (dp->raw)
		return dp_raw_index(dp->raw, key, number);
	err = bpf_map_update_elem(bpf_map__fd(dp->skel->maps.hf_inst_state), &number, &nothing,
				  BPF_ANY);
	if (err)
		return err;
	return bpf_map_update_elem(bpf_map__fd(dp->skel->maps.hf_inst_idx), key, &number, BPF_ANY);
}

/* Makes `key` lead to `slot` alone, with an empty state if it did not before. */
static int slot_index(struct dp_slot *slot, const struct hf_inst_key *key)
{
	uint32_t number = slot_number(slot), other;
	int err;

	if (slot->indexed && memcmp(&slot->key, key, sizeof(*key)) == 0)
		return 0;
	slot_unindex(slot);
	if (index_find(slot->dp, key, &other))
		slot_unindex(&slot->dp->slots[other]);
	err = index_write(slot->dp, key, number);
	if (err)
		return err;
	slot->key = *key;
	slot->indexed = true;
	return 0;
}

int datapath_set_instance(struct datapath *dp, uint32_t slot, uint32_t ifindex,
			  const struct hf_inst_cfg *cfg)
{
	struct hf_inst_key key = {.ifindex = ifindex, .family = cfg->family, .vrid = cfg->vrid};
	struct dp_slot *s = slot_get(dp, slot);
	bool was_watching;
	uint32_t generation;
	int64_t left_ns;
	int err;

	if (!s)
		return -EINVAL;
	was_watching = s->claimed && slot_watching(s) && memcmp(&s->key, &key, sizeof(key)) == 0;
	left_ns = (int64_t)(dp->state[slot].deadline_ns - (uint64_t)loop_clock().ns);
	if (!was_watching)
		left_ns = (int64_t)vrrp_down_ns(cfg->version, cfg->priority, cfg->down_adverts,
						cfg->interval_us * 1000ULL);
	if (!s->claimed)
		s->events_lost = dp->state[slot].events_lost;
	s->claimed = true;
	peers_disclaim(s);
	if (!s->indexed || memcmp(&s->key, &key, sizeof(key)) != 0)
		slot_unindex(s);
	generation = s->cfg.generation;
	s->cfg = *cfg;
	s->cfg.generation = generation;
	err = slot_publish(s);
	if (!err)
		err = slot_index(s, &key);
	if (!err && cfg->role == VRRP_ROLE_BACKUP)
		err = slot_arm(s, left_ns);
	return err;
}

int datapath_remove_instance(struct datapath *dp, uint32_t slot)
{
	struct dp_slot *s = slot_get(dp, slot);

	if (!s || !s->claimed)
		return -ENOENT;
	slot_unindex(s);
	s->claimed = false;
	peers_disclaim(s);
	return 0;
}

/* --- adoption --- */

static int peers_adopt(struct datapath *dp)
{
	int fd = bpf_map__fd(dp->skel->maps.hf_peer), err = 0;
	struct hf_peer_key key, *prev = NULL;

	while (!err && bpf_map_get_next_key(fd, prev, &key) == 0) {
		if (key.slot < HF_MAX_INSTANCES)
			err = peer_remember(&dp->slots[key.slot], &key.address, false);
		prev = &key;
	}
	return err;
}

/* What an earlier daemon published. 0 or -errno. */
static int slots_adopt(struct datapath *dp)
{
	int idx_fd = bpf_map__fd(dp->skel->maps.hf_inst_idx);
	int cfg_fd = bpf_map__fd(dp->skel->maps.hf_inst_cfg);
	struct hf_inst_key key, *prev = NULL;
	uint32_t slot;

	for (uint32_t i = 0; i < HF_MAX_INSTANCES; i++) {
		if (bpf_map_lookup_elem(cfg_fd, &i, &dp->slots[i].cfg) < 0)
			return -errno;
	}
	while (bpf_map_get_next_key(idx_fd, prev, &key) == 0) {
		if (bpf_map_lookup_elem(idx_fd, &key, &slot) == 0 && slot < HF_MAX_INSTANCES) {
			dp->slots[slot].key = key;
			dp->slots[slot].indexed = true;
		}
		prev = &key;
	}
	return peers_adopt(dp);
}

int dp_instances_adopt(struct datapath *dp)
{
	dp->slots = calloc(HF_MAX_INSTANCES, sizeof(*dp->slots)); /* owner: dp */
	if (!dp->slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < HF_MAX_INSTANCES; i++) {
		struct dp_slot *s = &dp->slots[i];

		s->dp = dp;
		s->timer =
		    (struct loop_timer){.fn = slot_timer_fired, .ctx = s, .name = "master down"};
	}
	return dp->raw ? 0 : slots_adopt(dp);
}

void dp_instances_sweep(struct datapath *dp, int *budget)
{
	for (uint32_t i = 0; i<HF_MAX_INSTANCES && * budget> 0; i++) {
		struct dp_slot *s = &dp->slots[i];

		if (!s->claimed && s->indexed) {
			slot_unindex(s);
			(*budget)--;
		}
		peers_sweep(s, budget);
	}
}

void dp_instances_free(struct datapath *dp)
{
	for (uint32_t i = 0; dp->slots && i < HF_MAX_INSTANCES; i++) {
		loop_disarm(dp->loop, &dp->slots[i].timer);
		free(dp->slots[i].peers);
	}
	free(dp->slots);
	dp->slots = NULL;
}
