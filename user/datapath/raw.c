// SPDX-License-Identifier: BSD-2-Clause
/*
 * The raw mode: without BPF this process does the work of the kernel half with raw sockets. The
 * file owns the states and the verdicts. It checks, judges and records with the same functions as
 * the BPF programs. It cannot drop a forged advert for other receivers, count traffic, watch the
 * master while the daemon is stopped, or refuse fragments, which the kernel has already
 * reassembled.
 *
 * While the daemon is stopped, adverts wait in the sockets. So the sockets are read before a state
 * is read (raw_refresh). The events are delivered later by the loop, never within such a read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/raw.h"
#include "vrrp_watch.h"

/* --- one advert --- */

void raw_count(struct dp_raw *raw, uint32_t reason, const struct ipaddr *source, uint64_t bytes,
	       struct mono now)
{
	struct hf_verdict *v = &raw->verdicts[reason];

	__atomic_store_n(&v->packets, v->packets + 1, __ATOMIC_RELAXED);
	v->bytes += bytes;
	if (reason == HF_V_ACCEPTED || reason == HF_V_BFD + BFD_ACCEPTED)
		return;
	v->last_source = *source;
	v->last_ns = (uint64_t)now.ns;
}

static void verdict_count(struct dp_raw *raw, const struct raw_packet *p,
			  enum hf_verdict_reason reason, struct mono now)
{
	raw_count(raw, reason, &p->ip.source, p->headers + p->ip.len, now);
}

static void event_queue(struct dp_raw *raw, struct hf_inst_state *st, const struct hf_event *ev)
{
	if (raw->n_events == RAW_EVENTS) {
		st->events_lost++;
		raw->events_lost = true;
		return;
	}
	raw->events[raw->n_events++] = *ev;
	if (raw->deliver.slot == 0)
		loop_arm(raw->dp->loop, &raw->deliver, loop_now(raw->dp->loop));
}

static void advert_act(struct dp_raw *raw, uint16_t number, const struct ipaddr *source,
		       const struct vrrp_heard *heard, struct mono now)
{
	struct dp_slot *slot = &raw->dp->slots[number];
	struct hf_inst_state *st = &raw->states[number];
	const struct hf_inst_cfg *cfg = &slot->cfg;
	uint64_t now_ns = (uint64_t)now.ns;
	struct vrrp_watch_orders orders;
	struct hf_event ev;

	if (cfg->role == VRRP_ROLE_OFF) {
		vrrp_watch_note(st, source, heard, now_ns);
		return;
	}
	vrrp_watch_advert(st, cfg, source, heard, now_ns, &orders);
	if (orders.tell_list) {
		ev = vrrp_event_list(number, cfg, source, heard, now_ns);
		event_queue(raw, st, &ev);
	}
	if (orders.move_deadline) {
		st->deadline_ns = orders.deadline_ns;
		dp_slot_deadline_moved(slot);
	}
	if (orders.tell_advert) {
		ev = vrrp_event_advert(number, cfg, st, source, heard, orders.judgement, now_ns);
		event_queue(raw, st, &ev);
	}
}

static const struct hf_peer *peer_of(const struct dp_slot *slot, const struct ipaddr *source)
{
	for (uint32_t i = 0; i < slot->n_peers; i++) {
		if (vrrp_address_equal(&slot->peers[i].address, source))
			return &slot->peers[i].rules;
	}
	return NULL;
}

void raw_receive(struct raw_lan *lan, const struct raw_packet *p, struct mono now)
{
	struct dp_raw *raw = lan->raw;
	enum hf_verdict_reason reason = HF_V_IP_OPTIONS;
	struct vrrp_heard heard = {0};
	const struct hf_peer *peer = NULL;
	struct dp_slot *slot;
	uint16_t number;

	if (p->msg + VRRP_OFF_VRID >= p->end) {
		verdict_count(raw, p, HF_V_TRUNCATED, now);
		return;
	}
	number = lan->slots[p->msg[VRRP_OFF_VRID]];
	if (number == RAW_NO_SLOT) {
		verdict_count(raw, p, HF_V_UNKNOWN_VRID, now);
		return;
	}
	slot = &raw->dp->slots[number];
	if (slot->cfg.flags & HF_CFG_CHECK_SOURCE || !(slot->cfg.flags & HF_CFG_MULTICAST))
		peer = peer_of(slot, &p->ip.source);
	if (!p->options)
		reason = vrrp_advert_check(p->msg, p->end, &p->ip, &slot->cfg, peer, &heard);
	if (reason == HF_V_ACCEPTED && slot->cfg.flags & HF_CFG_AUTH)
		reason = dp_raw_verify(slot, &raw->states[number], &p->ip.source, p->msg, p->end,
				       &heard, now);
	verdict_count(raw, p, reason, now);
	if (reason == HF_V_ACCEPTED)
		advert_act(raw, number, &p->ip.source, &heard, now);
}

/* Delivers the events in a turn of its own, because a callback may read the state again. */
static void deliver(struct loop_timer *timer)
{
	struct dp_raw *raw = timer->ctx;

	for (unsigned int i = 0; i < raw->n_events; i++) {
		struct hf_event ev = raw->events[i];

		if (dp_slot_wants(raw->dp, &ev))
			dp_slot_deliver(raw->dp, &ev);
	}
	raw->n_events = 0;
	if (raw->events_lost) {
		raw->events_lost = false;
		dp_slots_recover(raw->dp);
	}
}

/* Reads the sockets, at most once in a turn. */
static void raw_refresh(struct datapath *dp)
{
	struct dp_raw *raw = dp->raw;
	struct mono now = loop_now(dp->loop);

	if (raw->drained.ns == now.ns)
		return;
	raw->drained = now;
	for (unsigned int i = 0; i < raw->n_lans; i++)
		raw_lan_drain(raw->lans[i]);
}

/* --- instances --- */

static int lan_find(const struct dp_raw *raw, const struct hf_inst_key *key)
{
	for (unsigned int i = 0; i < raw->n_lans; i++) {
		if (raw->lans[i]->ifindex == key->ifindex && raw->lans[i]->family == key->family)
			return (int)i;
	}
	return -1;
}

static int raw_index(struct datapath *dp, const struct hf_inst_key *key, uint32_t number, bool anew)
{
	struct dp_raw *raw = dp->raw;
	int at = lan_find(raw, key);
	struct raw_lan *lan = at >= 0 ? raw->lans[at] : raw_lan_create(raw, key);

	if (!lan)
		return -errno;
	lan->n_slots += lan->slots[key->vrid] == RAW_NO_SLOT;
	lan->slots[key->vrid] = (uint16_t)number;
	if (anew)
		raw->states[number] = (struct hf_inst_state){0};
	return 0;
}

static bool raw_find(struct datapath *dp, const struct hf_inst_key *key, uint32_t *number)
{
	int at = lan_find(dp->raw, key);

	if (at < 0 || dp->raw->lans[at]->slots[key->vrid] == RAW_NO_SLOT)
		return false;
	*number = dp->raw->lans[at]->slots[key->vrid];
	return true;
}

static void raw_unindex(struct datapath *dp, const struct hf_inst_key *key)
{
	struct dp_raw *raw = dp->raw;
	int at = lan_find(raw, key);
	uint32_t number;

	if (!raw_find(dp, key, &number))
		return;
	raw->lans[at]->slots[key->vrid] = RAW_NO_SLOT;
	if (--raw->lans[at]->n_slots == 0)
		raw_lan_destroy(raw, (unsigned int)at);
}

static int raw_publish(struct dp_slot *slot)
{
	(void)slot; /* the configuration is used in place */
	return 0;
}

static int raw_arm(struct datapath *dp, struct hf_arm_args *args)
{
	struct hf_inst_state *st = &dp->raw->states[args->slot];

	vrrp_watch_begin(st, args->generation);
	st->deadline_ns = (uint64_t)loop_clock().ns + args->delay_ns;
	return 0;
}

static int raw_set_peer(struct dp_slot *slot, const struct dp_peer *peer)
{
	(void)slot; /* the list of peers is used in place */
	(void)peer;
	return 0;
}

static void raw_delete_peer(struct dp_slot *slot, const struct dp_peer *peer)
{
	(void)slot;
	(void)peer;
}

/* --- interfaces and counts --- */

static void raw_attach(const struct datapath *dp, struct dp_attachment *att,
		       struct dp_attempt *attempt)
{
	(void)attempt; /* the sockets are created and removed with the instances */
	att->attach = DATAPATH_RAW;
	dp_reason_set(att, "%s", dp->raw_reason);
}

static void raw_detach(const struct datapath *dp, struct dp_attachment *att)
{
	(void)dp;
	att->attach = DATAPATH_DETACHED;
}

static int raw_add_vip(struct datapath *dp, const struct ipaddr *address, uint32_t vip)
{
	(void)dp; /* traffic cannot be counted */
	(void)address;
	(void)vip;
	return 0;
}

static void raw_delete_vip(struct datapath *dp, const struct ipaddr *address)
{
	(void)dp;
	(void)address;
}

static void raw_set_filter(struct datapath *dp, const uint64_t filter[4])
{
	(void)dp;
	(void)filter;
}

static int raw_traffic(struct datapath *dp, uint32_t vip, struct hf_traffic *rx,
		       struct hf_traffic *tx)
{
	(void)dp;
	(void)vip;
	(void)rx;
	(void)tx;
	return 0;
}

static int raw_add_conn(struct datapath *dp, const struct hf_conn_key *key)
{
	(void)dp;
	(void)key;
	return -EOPNOTSUPP;
}

static void raw_delete_conn(struct datapath *dp, const struct hf_conn_key *key)
{
	(void)dp;
	(void)key;
}

static void raw_set_conns(struct datapath *dp, const uint64_t vips[HF_MAX_VIPS / 64])
{
	(void)dp;
	(void)vips;
}

static int raw_conn(struct datapath *dp, const struct hf_conn_key *key, struct hf_conn *out)
{
	(void)dp;
	(void)key;
	(void)out;
	return -ENOENT;
}

/* Called from any thread; a counter that is being written may be one too small. */
static int raw_verdict(struct datapath *dp, uint32_t reason, struct hf_verdict *out)
{
	*out = dp->raw->verdicts[reason];
	return 0;
}

/* --- opening and closing --- */

static int raw_adopt(struct datapath *dp)
{
	(void)dp; /* nothing outlives the daemon */
	return 0;
}

int dp_raw_open(struct datapath *dp)
{
	struct dp_raw *raw = calloc(1, sizeof(*raw)); /* owner: dp */

	if (!raw)
		return -ENOMEM;
	dp->raw = raw;
	raw->dp = dp;
	raw->deliver = (struct loop_timer){.fn = deliver, .ctx = raw, .name = "raw events"};
	raw->states = calloc(HF_MAX_INSTANCES, sizeof(*raw->states)); /* owner: raw */
	dp->state = raw->states;
	return raw->states ? 0 : -ENOMEM;
}

static void raw_close(struct datapath *dp)
{
	if (!dp->raw)
		return;
	loop_disarm(dp->loop, &dp->raw->deliver);
	while (dp->raw->n_lans > 0)
		raw_lan_destroy(dp->raw, 0);
	free(dp->raw->lans);
	free(dp->raw->states);
	free(dp->raw);
	dp->raw = NULL;
	dp->state = NULL;
}

const struct dp_mode dp_mode_raw = {
    .close = raw_close,
    .adopt = raw_adopt,
    .index = raw_index,
    .hears_macvlans = true,
    .unindex = raw_unindex,
    .find = raw_find,
    .publish = raw_publish,
    .arm = raw_arm,
    .set_peer = raw_set_peer,
    .delete_peer = raw_delete_peer,
    .make_auth = dp_raw_make_auth,
    .delete_auth = dp_raw_delete_auth,
    .set_key = dp_raw_set_key,
    .delete_key = dp_raw_delete_key,
    .auth_state = dp_raw_auth_state,
    .refresh = raw_refresh,
    .attach = raw_attach,
    .detach = raw_detach,
    .add_vip = raw_add_vip,
    .delete_vip = raw_delete_vip,
    .set_filter = raw_set_filter,
    .add_conn = raw_add_conn,
    .delete_conn = raw_delete_conn,
    .set_conns = raw_set_conns,
    .conn = raw_conn,
    .traffic = raw_traffic,
    .verdict = raw_verdict,
};
