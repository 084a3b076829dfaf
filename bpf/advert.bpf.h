/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Handles VRRP adverts: include/vrrp_advert.h and auth.bpf.h validate one, include/vrrp_rules.h
 * judges it, include/vrrp_watch.h records it. A valid advert always passes, so that a capture or
 * another VRRP daemon on this host sees it too. An invalid advert for one of our instances is
 * dropped.
 */
#ifndef HF_ADVERT_BPF_H
#define HF_ADVERT_BPF_H

#include "auth.bpf.h"
#include "maps.bpf.h"
#include "parsing.bpf.h"
#include "timer.bpf.h"
#include "verdict.bpf.h"
#include "vrrp_advert.h"
#include "vrrp_watch.h"

/*
 * The steps of an advert are global functions, which the verifier checks once each. If they were
 * inlined, it would follow each of them again for every way through the ones before: 400,000
 * instructions of the million that it allows, and half a second of each start. They take the
 * context and the offset of the message, because packet pointers cannot be arguments of a global
 * function. NULL is possible only for the verifier.
 *
 * A message is read in parts (VRRP_PART_WORDS), each by a call. The verifier follows a loop over
 * all words of the longest message 1,000 times; that took more than half of its time. Rejected:
 * bpf_loop(), which Linux 5.15 does not have.
 */

/* A valid advert for `slot`: moves the deadline, records the advert, and sends the daemon the
 * necessary events. 0. */
__noinline int advert_act(__u32 slot, const struct hf_inst_cfg *cfg, struct hf_inst_state *st,
			  const struct ipaddr *source, const struct vrrp_heard *heard)
{
	struct vrrp_watch_orders orders;
	struct hf_event ev;
	__u64 now;

	if (!cfg || !st || !source || !heard)
		return 0;
	now = bpf_ktime_get_ns();
	if (cfg->role == VRRP_ROLE_OFF) {
		vrrp_watch_note(st, source, heard, now);
		return 0;
	}
	vrrp_watch_advert(st, cfg, source, heard, now, &orders);
	if (orders.tell_list) {
		ev = vrrp_event_list(slot, cfg, source, heard, now);
		event_send(st, &ev);
	}
	if (orders.move_deadline)
		deadline_set(&hf_timer, slot, cfg->generation, &st->deadline_ns, now,
			     orders.deadline_ns);
	if (orders.tell_advert) {
		ev = vrrp_event_advert(slot, cfg, st, source, heard, orders.judgement, now);
		event_send(st, &ev);
	}
	return 0;
}

/* No part of a message begins later; the verifier must know it. */
#define PART_MAX_OFFSET (MESSAGE_MAX_OFFSET + VRRP_MAX_LEN + VRRP_TRAILER_LEN)

__noinline int xdp_sum_part(struct xdp_md *ctx, __u32 offset, __u32 len)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	return offset > PART_MAX_OFFSET ? -1 : vrrp_sum_part(data + offset, end, len);
}

__noinline int skb_sum_part(struct __sk_buff *skb, __u32 offset, __u32 len)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	return offset > PART_MAX_OFFSET ? -1 : vrrp_sum_part(data + offset, end, len);
}

/* vrrp_sum_message() of the `len` octets at `offset`. */
static __always_inline int message_sum(void *ctx, bool is_skb, __u32 offset, __u32 len)
{
	int sum = 0;

	for (__u32 at = 0; at < VRRP_MAX_LEN + VRRP_TRAILER_LEN && at < len; at += VRRP_PART_LEN) {
		int part = is_skb ? skb_sum_part(ctx, offset + at, len - at)
				  : xdp_sum_part(ctx, offset + at, len - at);

		if (part < 0)
			return -1;
		sum += part;
	}
	return sum;
}

__noinline int xdp_message_sum(struct xdp_md *ctx, __u32 offset, __u32 len)
{
	return message_sum(ctx, false, offset, len);
}

__noinline int skb_message_sum(struct __sk_buff *skb, __u32 offset, __u32 len)
{
	return message_sum(skb, true, offset, len);
}

__noinline int xdp_list_part(struct xdp_md *ctx, __u32 offset, __u32 len, __u32 places)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	return offset > PART_MAX_OFFSET ? 0 : (int)vrrp_list_part(data + offset, end, len, places);
}

__noinline int skb_list_part(struct __sk_buff *skb, __u32 offset, __u32 len, __u32 places)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	return offset > PART_MAX_OFFSET ? 0 : (int)vrrp_list_part(data + offset, end, len, places);
}

/* vrrp_list_sum() of the `len` octets of addresses at `offset`. */
static __always_inline __u32 list_sum(void *ctx, bool is_skb, __u32 offset, __u32 len, __u32 places)
{
	__u32 sum = 0;

	for (__u32 at = 0; at < VRRP_MAX_LEN - VRRP_HDR_LEN && at < len; at += VRRP_PART_LEN)
		sum += is_skb ? skb_list_part(ctx, offset + at, len - at, places)
			      : xdp_list_part(ctx, offset + at, len - at, places);
	return sum;
}

/* Compares the addresses of the message at `offset` with those of `cfg`. 0, or -1 for impossible
 * arguments. */
static __always_inline int list_check(void *ctx, bool is_skb, void *data, const void *end,
				      __u32 offset, const struct hf_inst_cfg *cfg,
				      struct vrrp_heard *heard)
{
	__u64 at = offset;
	const __u8 *msg;
	__u32 len, sum;

	VRRP_FORGET(at);
	if (at > MESSAGE_MAX_OFFSET)
		return -1;
	msg = data + at;
	VRRP_FORGET(msg);
	if (!cfg || !heard)
		return -1;
	len = vrrp_list_len(cfg->family, heard->count);
	sum = list_sum(ctx, is_skb, offset + VRRP_HDR_LEN, len, vrrp_list_places(cfg->family));
	vrrp_heard_list(heard, cfg, msg, end, sum);
	return 0;
}

__noinline int xdp_list_check(struct xdp_md *ctx, __u32 offset, const struct hf_inst_cfg *cfg,
			      struct vrrp_heard *heard)
{
	return list_check(ctx, false, (void *)(long)ctx->data, (void *)(long)ctx->data_end, offset,
			  cfg, heard);
}

__noinline int skb_list_check(struct __sk_buff *skb, __u32 offset, const struct hf_inst_cfg *cfg,
			      struct vrrp_heard *heard)
{
	return list_check(skb, true, (void *)(long)skb->data, (void *)(long)skb->data_end, offset,
			  cfg, heard);
}

static __always_inline struct hf_peer *peer_find(__u32 slot, const struct ipaddr *source)
{
	struct hf_peer_key key = {.slot = slot, .address = *source};

	return bpf_map_lookup_elem(&hf_peer, &key);
}

/* The message at `offset` of a packet that claims to be an advert for `slot`. */
struct message {
	void *ctx, *data;
	const void *end;
	bool is_skb;
	__u32 offset, slot;
};

/* Validates it, all but its trailer and its addresses. */
static __always_inline enum hf_verdict_reason
advert_check_message(const struct message *m, struct vrrp_packet *pkt, struct vrrp_heard *heard)
{
	__u32 slot = m->slot; /* so that `m`, with is_skb, is not in memory */
	const struct hf_inst_cfg *cfg = bpf_map_lookup_elem(&hf_inst_cfg, &slot);
	enum hf_verdict_reason reason;
	struct hf_peer *peer = NULL;
	__u64 at = m->offset;
	const __u8 *msg;
	__u32 len;
	int sum;

	VRRP_FORGET(at);
	if (!cfg || !pkt || !heard || at > MESSAGE_MAX_OFFSET)
		return HF_V_TRUNCATED; /* only the verifier considers it possible */
	msg = m->data + at;
	VRRP_FORGET(msg);
	if (cfg->flags & HF_CFG_CHECK_SOURCE || !(cfg->flags & HF_CFG_MULTICAST))
		peer = peer_find(slot, &pkt->source);
	reason = vrrp_advert_check_fields(msg, m->end, pkt, cfg, peer, heard);
	if (reason != HF_V_ACCEPTED)
		return reason;
	len = vrrp_summed_len(pkt, cfg, heard);
	sum = m->is_skb ? skb_message_sum(m->ctx, m->offset, len)
			: xdp_message_sum(m->ctx, m->offset, len);
	return vrrp_advert_check_sum(sum, pkt, cfg, heard);
}

__noinline int xdp_advert_check(struct xdp_md *ctx, __u32 offset, __u32 slot,
				struct vrrp_packet *pkt, struct vrrp_heard *heard)
{
	struct message m = {.ctx = ctx,
			    .data = (void *)(long)ctx->data,
			    .end = (void *)(long)ctx->data_end,
			    .offset = offset,
			    .slot = slot};

	return advert_check_message(&m, pkt, heard);
}

__noinline int skb_advert_check(struct __sk_buff *skb, __u32 offset, __u32 slot,
				struct vrrp_packet *pkt, struct vrrp_heard *heard)
{
	struct message m = {.ctx = skb,
			    .data = (void *)(long)skb->data,
			    .end = (void *)(long)skb->data_end,
			    .is_skb = true,
			    .offset = offset,
			    .slot = slot};

	return advert_check_message(&m, pkt, heard);
}

static __always_inline enum hf_verdict_reason advert_check(const struct packet *p, __u32 slot,
							   const struct hf_inst_cfg *cfg,
							   struct vrrp_packet *pkt,
							   struct vrrp_heard *heard)
{
	enum hf_verdict_reason reason;

	if (p->options)
		return HF_V_IP_OPTIONS;
	if (p->fragment)
		return HF_V_FRAGMENT;
	packet_address(p, PACKET_DESTINATION, &pkt->destination);
	reason = p->is_skb ? skb_advert_check(p->ctx, p->l4_offset, slot, pkt, heard)
			   : xdp_advert_check(p->ctx, p->l4_offset, slot, pkt, heard);
	if (reason == HF_V_ACCEPTED && cfg->flags & HF_CFG_AUTH)
		reason = auth_verify(p, slot, cfg, &pkt->source, heard);
	if (reason == HF_V_ACCEPTED && cfg->flags & HF_CFG_CHECK_LIST) {
		if (p->is_skb)
			skb_list_check(p->ctx, p->l4_offset, cfg, heard);
		else
			xdp_list_check(p->ctx, p->l4_offset, cfg, heard);
	}
	return reason;
}

/* Can this packet of IP protocol 112 be for one of our instances? A packet on a VLAN inside this
 * interface is not. A fragment other than the first one is not either, because it contains no
 * VRID. */
static __always_inline bool advert_may_be_ours(const struct packet *p)
{
	return !p->vid && !p->frag_off;
}

/* Handles a packet for which advert_may_be_ours() is true. Returns true if it must be dropped. */
static __always_inline bool advert_receive(const struct packet *p)
{
	struct hf_inst_key key = {.ifindex = p->ifindex, .family = p->family};
	struct vrrp_packet pkt = {.len = p->payload_len, .ttl = p->ttl};
	const __u8 *msg = p->l4;
	enum hf_verdict_reason reason;
	struct vrrp_heard heard = {};
	struct hf_inst_state *st;
	struct hf_inst_cfg *cfg;
	__u32 *slot;

	packet_address(p, PACKET_SOURCE, &pkt.source);
	if (msg + VRRP_OFF_VRID + 1 > (const __u8 *)p->end) {
		verdict_count(p, &pkt.source, HF_V_TRUNCATED);
		return false;
	}
	key.vrid = msg[VRRP_OFF_VRID];
	slot = bpf_map_lookup_elem(&hf_inst_idx, &key);
	if (!slot) {
		verdict_count(p, &pkt.source, HF_V_UNKNOWN_VRID);
		return false;
	}
	cfg = bpf_map_lookup_elem(&hf_inst_cfg, slot);
	st = bpf_map_lookup_elem(&hf_inst_state, slot);
	if (!cfg || !st)
		return false;
	reason = advert_check(p, *slot, cfg, &pkt, &heard);
	verdict_count(p, &pkt.source, reason);
	if (reason != HF_V_ACCEPTED)
		return true;
	advert_act(*slot, cfg, st, &pkt.source, &heard);
	return false;
}

/* Counts our own advert that leaves through the interface. The kernel may have dropped a sent
 * advert before this point, so the daemon cannot count it. */
static __always_inline void advert_egressed(const struct packet *p)
{
	struct hf_inst_key key = {.ifindex = p->ifindex, .family = p->family};
	const __u8 *msg = p->l4;
	struct hf_inst_state *st;
	struct hf_inst_cfg *cfg;
	struct ipaddr source;
	__u32 *slot;

	if (!advert_may_be_ours(p) || msg + VRRP_OFF_VRID + 1 > (const __u8 *)p->end)
		return;
	key.vrid = msg[VRRP_OFF_VRID];
	slot = bpf_map_lookup_elem(&hf_inst_idx, &key);
	if (!slot)
		return;
	cfg = bpf_map_lookup_elem(&hf_inst_cfg, slot);
	st = bpf_map_lookup_elem(&hf_inst_state, slot);
	packet_address(p, PACKET_SOURCE, &source);
	if (!cfg || !st || !vrrp_address_equal(&cfg->address, &source))
		return;
	__sync_fetch_and_add(&st->adverts_egressed, 1);
	st->last_tx_ns = bpf_ktime_get_coarse_ns();
}

#endif
