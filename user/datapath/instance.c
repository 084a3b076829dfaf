// SPDX-License-Identifier: BSD-2-Clause
/*
 * Instances, their slots in the maps, their peers, and the watch over their masters. The file owns
 * the handles and the slots. A slot has a copy of the published data, so that a change needs one
 * update and no reading. The functions of the mode are called through struct dp_mode.
 *
 * An instance gets its slot when it is set for the first time. If an earlier daemon had published
 * the same virtual router, it is that slot, so that the record continues; otherwise it is a free
 * one. A slot is free again when its last peer has been removed, so that no instance inherits the
 * peers of another one.
 *
 * If the kernel refuses bpf_timer, a loop timer for each BACKUP does the same as the timer's
 * callback (bpf/timer.bpf.h, include/vrrp_watch.h): it reads deadline_ns in the mapped state and
 * re-arms itself for the remaining time. The kernel half remains the only writer of the deadline.
 * If the kernel lacks memory for one timer, the loop timer replaces it until a later attempt
 * succeeds.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"
#include "datapath/internal.h"
#include "vrrp_watch.h"

uint32_t dp_slot_number(const struct dp_slot *slot)
{
	return (uint32_t)(slot - slot->dp->slots);
}

const volatile struct hf_inst_state *datapath_state(const struct datapath_instance *in)
{
	static const struct hf_inst_state nothing;

	if (!in || !in->slot)
		return &nothing;
	in->dp->mode->refresh(in->dp);
	return &in->dp->state[dp_slot_number(in->slot)];
}

/* --- peers --- */

static struct dp_peer *peer_find(const struct dp_slot *slot, const struct ipaddr *address)
{
	for (uint32_t i = 0; i < slot->n_peers; i++) {
		if (memcmp(&slot->peers[i].address, address, sizeof(*address)) == 0)
			return &slot->peers[i];
	}
	return NULL;
}

/* Adds an unclaimed entry. NULL: no memory. */
static struct dp_peer *peer_add(struct dp_slot *slot, const struct ipaddr *address)
{
	if (slot->n_peers == slot->max_peers) {
		uint32_t max = slot->max_peers ? 2 * slot->max_peers : 4;
		struct dp_peer *grown = realloc(slot->peers, max * sizeof(*grown));

		if (!grown)
			return NULL;
		slot->peers = grown;
		slot->max_peers = max;
	}
	slot->peers[slot->n_peers] = (struct dp_peer){.address = *address};
	return &slot->peers[slot->n_peers++];
}

int dp_slot_adopt_peer(struct dp_slot *slot, const struct ipaddr *address)
{
	return peer_add(slot, address) ? 0 : -ENOMEM;
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
	for (uint32_t i = 0; i<slot->n_peers && * budget> 0; i++) {
		if (slot->peers[i].claimed)
			continue;
		slot->dp->mode->delete_peer(slot, &slot->peers[i]);
		slot->peers[i--] = slot->peers[--slot->n_peers];
		(*budget)--;
	}
}

int datapath_set_peer(struct datapath_instance *in, const struct ipaddr *address,
		      const struct hf_peer *peer)
{
	struct dp_peer *p;
	int budget = INT32_MAX, err;

	if (!in->set)
		return -ENOENT;
	p = peer_find(in->slot, address);
	if (!p)
		p = peer_add(in->slot, address);
	if (!p)
		return -ENOMEM;
	p->rules = *peer;
	p->claimed = true;
	err = in->dp->mode->set_peer(in->slot, p);
	if (err != -E2BIG)
		return err;
	/* Removed peers take the room until the sweep, which may move `p`. */
	dp_slots_sweep(in->dp, &budget);
	return in->dp->mode->set_peer(in->slot, peer_find(in->slot, address));
}

/* --- the watch --- */

/* A slot whose instance was destroyed stays indexed until the sweep, and watches no more. */
static bool slot_watching(const struct dp_slot *slot)
{
	return slot->instance && slot->n_keys > 0 && slot->cfg.role == VRRP_ROLE_BACKUP;
}

/* Does a loop timer watch this slot, and not a bpf_timer? */
static bool slot_by_loop(const struct dp_slot *slot)
{
	return !slot->dp->bpf_timer || slot->timer_refused;
}

void dp_slot_deadline_moved(struct dp_slot *slot)
{
	struct datapath *dp = slot->dp;
	struct mono due = {(int64_t)dp->state[dp_slot_number(slot)].deadline_ns};

	if (slot_by_loop(slot) && slot_watching(slot) &&
	    (slot->timer.slot == 0 || mono_before(due, slot->timer.due)))
		loop_arm(dp->loop, &slot->timer, due);
}

/* A new watch may begin while the event of a priority 0 is on its way to the daemon. The sender has
 * resigned in the new generation, too. */
bool dp_slot_wants(const struct datapath *dp, const struct hf_event *ev)
{
	const struct dp_slot *slot = ev->slot < HF_MAX_INSTANCES ? &dp->slots[ev->slot] : NULL;

	if (!slot || !slot->instance)
		return false;
	if (slot->cfg.generation == ev->generation)
		return true;
	return ev->type == HF_EV_ADVERT && ev->advert.priority == VRRP_PRIO_STOP &&
	       (int32_t)(ev->generation - slot->first_generation) >= 0;
}

/* Makes an event from what the state records of the master that a BACKUP follows. The number of
 * addresses is unknown and becomes 0. False: no such master is known. */
static bool slot_master_event(const struct dp_slot *slot, struct mono now, struct hf_event *ev)
{
	uint32_t number = dp_slot_number(slot);
	const volatile struct hf_inst_state *st = &slot->dp->state[number];
	const struct ipaddr none = {{0}};

	*ev = vrrp_event(HF_EV_ADVERT, number, &slot->cfg, (uint64_t)now.ns);
	if (!slot_watching(slot) || st->generation != slot->cfg.generation ||
	    st->interval_us == 0 || /* displaced, not followed */
	    !vrrp_watch_address(st, &st->master, &ev->advert.source) ||
	    ipaddr_equal(&ev->advert.source, &none))
		return false;
	ev->advert.deadline_ns = st->deadline_ns;
	ev->advert.interval_us = st->interval_us;
	ev->advert.priority = st->priority;
	ev->advert.judgement = ev->advert.priority == VRRP_PRIO_STOP ? VRRP_RESIGNED : VRRP_REFRESH;
	return true;
}

void dp_slot_deliver(struct datapath *dp, const struct hf_event *ev)
{
	const struct dp_slot *slot = &dp->slots[ev->slot];
	struct hf_event newer;

	if (ev->type == HF_EV_ADVERT && ev->at_ns < slot->recovered_ns &&
	    slot_master_event(slot, loop_clock(), &newer))
		ev = &newer;
	dp->fn(slot->instance->owner, ev);
}

static void slot_report_down(struct dp_slot *slot, uint64_t deadline_ns, struct mono now)
{
	struct datapath *dp = slot->dp;
	uint32_t number = dp_slot_number(slot);
	struct hf_event ev = vrrp_event_master_down(number, &slot->cfg, &dp->state[number],
						    deadline_ns, (uint64_t)now.ns);

	slot->reported_ns = deadline_ns;
	dp_slot_deliver(dp, &ev);
}

/* Waits for `left_ns`, with a bpf_timer if the kernel has memory for it now, else with the loop
 * timer. */
static void slot_wait(struct dp_slot *slot, int64_t left_ns, struct mono now)
{
	struct hf_arm_args args = {
	    .slot = dp_slot_number(slot),
	    .generation = slot->cfg.generation,
	    .delay_ns = (uint64_t)left_ns,
	    .timer_only = true,
	};

	if (slot->timer_refused)
		slot->timer_refused = slot->dp->mode->arm(slot->dp, &args) != 0;
	if (slot_by_loop(slot))
		loop_arm(slot->dp->loop, &slot->timer, mono_add(now, left_ns));
}

static void slot_timer_fired(struct loop_timer *timer)
{
	struct dp_slot *slot = timer->ctx;
	struct datapath *dp = slot->dp;
	const volatile struct hf_inst_state *st = &dp->state[dp_slot_number(slot)];
	struct mono now = loop_clock();
	uint32_t generation = slot->cfg.generation;
	uint64_t deadline_ns;
	int64_t left_ns;

	if (!slot_watching(slot) || st->generation != generation)
		return;
	dp->mode->refresh(dp);
	deadline_ns = st->deadline_ns;
	left_ns = vrrp_watch_left_ns(deadline_ns, (uint64_t)timer->due.ns, (uint64_t)now.ns,
				     &slot->grace);
	if (left_ns > 0) {
		slot_wait(slot, left_ns, now);
		return;
	}
	if (deadline_ns != slot->reported_ns)
		slot_report_down(slot, deadline_ns, now);
	/* If an advert arrived at the last moment, no takeover followed: check again later. */
	if (slot->cfg.generation == generation && timer->slot == 0)
		loop_arm(dp->loop, timer,
			 mono_add(now, (int64_t)vrrp_down_ns(slot->cfg.version, slot->cfg.priority,
							     slot->cfg.down_adverts,
							     slot->cfg.interval_us * 1000ULL)));
}

/* An event of `slot` was lost. Only the first advert of a master is news, so the daemon would never
 * know that master. */
static void slot_recover(struct dp_slot *slot)
{
	struct mono now = loop_clock(); /* later than all events that are counted as lost */
	uint64_t deadline_ns = slot->dp->state[dp_slot_number(slot)].deadline_ns;
	struct hf_event ev;

	slot->recovered_ns = (uint64_t)now.ns;
	if (slot_watching(slot) && deadline_ns != slot->reported_ns &&
	    (int64_t)(deadline_ns - (uint64_t)now.ns) <= 0)
		slot_report_down(slot, deadline_ns, now);
	else if (slot_master_event(slot, now, &ev))
		dp_slot_deliver(slot->dp, &ev);
}

void dp_slots_recover(struct datapath *dp)
{
	for (uint32_t i = 0; i < HF_MAX_INSTANCES; i++) {
		struct dp_slot *slot = &dp->slots[i];
		uint32_t lost = dp->state[i].events_lost;

		if (!slot->instance || lost == slot->events_lost)
			continue;
		slot->events_lost = lost;
		slot_recover(slot);
	}
}

/* Sets the deadline of the new generation and starts its timer. 0 or -errno. */
static int slot_arm(struct dp_slot *slot, int64_t delay_ns)
{
	struct datapath *dp = slot->dp;
	struct hf_arm_args args = {
	    .slot = dp_slot_number(slot),
	    .generation = slot->cfg.generation,
	    .delay_ns = delay_ns > 0 ? (uint64_t)delay_ns : 0,
	};
	int err = dp->mode->arm(dp, &args);

	if (err < 0)
		return err;
	slot->timer_refused = err == HF_ARM_NO_TIMER;
	slot->grace = 0;
	slot->reported_ns = 0;
	loop_disarm(dp->loop, &slot->timer);
	dp_slot_deadline_moved(slot);
	return 0;
}

static int slot_publish(struct dp_slot *slot)
{
	slot->cfg.generation++;
	return slot->dp->mode->publish(slot);
}

int datapath_watch(struct datapath_instance *in, uint8_t role, uint8_t priority, bool preempt,
		   int64_t delay_ns)
{
	struct dp_slot *slot = in->slot;
	int err;

	if (!in->set)
		return -ENOENT;
	slot->cfg.role = role;
	slot->cfg.priority = priority;
	slot->cfg.preempt = preempt;
	err = slot_publish(slot);
	if (err)
		return err;
	if (role == VRRP_ROLE_BACKUP)
		return slot_arm(slot, delay_ns);
	loop_disarm(in->dp->loop, &slot->timer);
	return 0;
}

/* --- slots --- */

/* 0 or -errno. */
static int slot_hear_on(struct dp_slot *slot, uint32_t ifindex)
{
	const struct dp_mode *mode = slot->dp->mode;
	struct hf_inst_key key = slot->keys[0];
	int err = 0;

	if (slot->also == ifindex || !mode->hears_macvlans)
		return 0;
	key.ifindex = slot->also;
	if (slot->also != 0)
		mode->unindex(slot->dp, &key);
	key.ifindex = ifindex;
	if (ifindex != 0)
		err = mode->index(slot->dp, &key, dp_slot_number(slot), false);
	slot->also = err == 0 ? ifindex : 0;
	return err;
}

/* Removes `slot` from the index. Its timers and events are stale from then on. */
static void slot_unindex(struct dp_slot *slot)
{
	if (slot->n_keys == 0)
		return;
	slot_hear_on(slot, 0);
	dp_slot_forget_keys(slot);
	slot->cfg.role = VRRP_ROLE_OFF;
	slot_publish(slot);
	loop_disarm(slot->dp->loop, &slot->timer);
}

static void slot_free(struct dp_slot *slot)
{
	struct datapath *dp = slot->dp;

	if (slot->free || slot->instance || slot->n_keys > 0 || slot->n_peers > 0 ||
	    !dp_auth_is_clear(slot))
		return;
	slot->free = true;
	dp->free_slots[dp->n_free_slots++] = (uint16_t)dp_slot_number(slot);
}

static struct dp_slot *slot_take_free(struct datapath *dp)
{
	struct dp_slot *slot;
	int budget = INT32_MAX;

	if (dp->n_free_slots == 0)
		dp_slots_sweep(dp, &budget);
	if (dp->n_free_slots == 0)
		return NULL;
	slot = &dp->slots[dp->free_slots[--dp->n_free_slots]];
	slot->free = false;
	return slot;
}

/* Takes `key` away from the slot that it is mapped to, unless that is the one of `in`. Returns that
 * slot if no instance has it, because it has the record of an earlier daemon; else NULL. */
static struct dp_slot *slot_leave(struct datapath_instance *in, const struct hf_inst_key *key)
{
	struct dp_slot *there;
	uint32_t number;

	if (!in->dp->mode->find(in->dp, key, &number) || number >= HF_MAX_INSTANCES)
		return NULL;
	there = &in->dp->slots[number];
	if (there == in->slot || there->free) /* free: the index contradicts the adopted entries */
		return NULL;
	if (!there->instance)
		return there;
	slot_unindex(there);
	there->instance->set = false;
	return NULL;
}

/* Chooses a slot for `router` of `in`, and takes its keys away from all others. NULL: there is
 * none. */
static struct dp_slot *slot_choose(struct datapath_instance *in, const struct dp_router *router)
{
	struct dp_slot *left = NULL, *mine = in->slot;
	bool continues = mine && dp_slot_is_router(mine, router);

	for (uint32_t i = 0; i < router->n; i++) {
		struct dp_slot *there = slot_leave(in, &router->keys[i]);

		if (there && !continues && !left)
			left = there;
		else if (there && there != left)
			slot_unindex(there);
	}
	if (continues)
		return mine;
	if (mine)
		slot_unindex(mine);
	if (left && mine) {
		peers_disclaim(mine);
		mine->instance = NULL;
		dp_sweep_soon(in->dp);
	}
	return left ? left : mine ? mine : slot_take_free(in->dp);
}

/* --- instances --- */

struct datapath_instance *datapath_create_instance(struct datapath *dp, void *owner)
{
	struct datapath_instance *in = calloc(1, sizeof(*in)); /* owner: the caller */

	if (!in)
		return NULL;
	in->dp = dp;
	in->owner = owner;
	return in;
}

void datapath_destroy_instance(struct datapath_instance *in)
{
	if (!in)
		return;
	if (in->slot) {
		loop_disarm(in->dp->loop, &in->slot->timer);
		peers_disclaim(in->slot);
		in->slot->instance = NULL;
		dp_sweep_soon(in->dp);
	}
	free(in);
}

/* The time until the deadline of a BACKUP that is published again, or published first. */
static int64_t wait_left_ns(const struct datapath_instance *in, const struct dp_router *router,
			    const struct hf_inst_cfg *cfg)
{
	const struct dp_slot *slot = in->slot;

	if (in->set && slot_watching(slot) && dp_slot_is_router(slot, router))
		return (int64_t)(in->dp->state[dp_slot_number(slot)].deadline_ns -
				 (uint64_t)loop_clock().ns);
	return (int64_t)vrrp_down_ns(cfg->version, cfg->priority, cfg->down_adverts,
				     cfg->interval_us * 1000ULL);
}

void datapath_set_uplinks(struct datapath_instance *in, const uint32_t *ifindexes, unsigned int n)
{
	in->n_uplinks = n < DATAPATH_MAX_UPLINKS ? n : DATAPATH_MAX_UPLINKS - 1;
	for (unsigned int i = 0; i < in->n_uplinks; i++)
		in->uplinks[i] = ifindexes[i];
}

/* If the index is full, the entries that an earlier daemon left are removed at once. */
static int slot_index(struct dp_slot *slot, const struct dp_router *router)
{
	int budget = INT32_MAX, err = dp_slot_index(slot, router);

	if (err != -E2BIG)
		return err;
	dp_slots_sweep(slot->dp, &budget);
	return dp_slot_index(slot, router);
}

int datapath_set_instance(struct datapath_instance *in, uint32_t ifindex,
			  const struct hf_inst_cfg *cfg)
{
	struct dp_router router = dp_router_of(in, ifindex, cfg);
	int64_t left_ns = wait_left_ns(in, &router, cfg);
	struct dp_slot *slot = slot_choose(in, &router);
	uint32_t generation;
	bool continues;
	int err;

	if (!slot)
		return -ENOSPC;
	continues = in->set && in->slot == slot && slot->n_keys > 0;
	if (!continues)
		slot->first_generation = slot->cfg.generation + 1;
	if (!dp_slot_is_router(slot, &router)) /* its state will be cleared */
		slot->events_lost = 0;
	else if (!in->set)
		slot->events_lost = in->dp->state[dp_slot_number(slot)].events_lost;
	in->slot = slot;
	in->set = true;
	slot->instance = in;
	peers_disclaim(slot);
	generation = slot->cfg.generation;
	slot->cfg = *cfg;
	slot->cfg.generation = generation;
	err = dp_auth_publish(slot, in);
	if (!err)
		err = slot_publish(slot);
	if (!err)
		err = slot_index(slot, &router);
	if (!err && cfg->role == VRRP_ROLE_BACKUP)
		err = slot_arm(slot, left_ns);
	return err;
}

int datapath_hear_on(struct datapath_instance *in, uint32_t ifindex)
{
	return in->set ? slot_hear_on(in->slot, ifindex) : -ENOENT;
}

int datapath_remove_instance(struct datapath_instance *in)
{
	if (!in->set)
		return -ENOENT;
	slot_unindex(in->slot);
	in->set = false;
	peers_disclaim(in->slot);
	dp_sweep_soon(in->dp);
	return 0;
}

/* --- all slots --- */

int dp_slots_create(struct datapath *dp)
{
	dp->slots = calloc(HF_MAX_INSTANCES, sizeof(*dp->slots));	    /* owner: dp */
	dp->free_slots = calloc(HF_MAX_INSTANCES, sizeof(*dp->free_slots)); /* owner: dp */
	if (!dp->slots || !dp->free_slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < HF_MAX_INSTANCES; i++) {
		struct dp_slot *slot = &dp->slots[i];

		slot->dp = dp;
		slot->timer =
		    (struct loop_timer){.fn = slot_timer_fired, .ctx = slot, .name = "master down"};
	}
	return 0;
}

void dp_slots_list_free(struct datapath *dp)
{
	/* The lowest number is used first, which makes the maps easier to read. */
	for (uint32_t i = HF_MAX_INSTANCES; i-- > 0;)
		slot_free(&dp->slots[i]);
}

void dp_slots_sweep(struct datapath *dp, int *budget)
{
	for (uint32_t i = 0; i<HF_MAX_INSTANCES && * budget> 0; i++) {
		struct dp_slot *slot = &dp->slots[i];

		if (!slot->instance && slot->n_keys > 0) {
			slot_unindex(slot);
			(*budget)--;
		}
		peers_sweep(slot, budget);
		dp_auth_sweep(slot, budget);
		slot_free(slot);
	}
}

void dp_slots_destroy(struct datapath *dp)
{
	for (uint32_t i = 0; dp->slots && i < HF_MAX_INSTANCES; i++) {
		loop_disarm(dp->loop, &dp->slots[i].timer);
		free(dp->slots[i].peers);
		if (dp->slots[i].raw_auth)
			dp_raw_delete_auth(&dp->slots[i]);
	}
	free(dp->slots);
	free(dp->free_slots);
	dp->slots = NULL;
	dp->free_slots = NULL;
}
