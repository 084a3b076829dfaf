/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * VRRP adverts: validated by include/vrrp_advert.h, judged by include/vrrp_rules.h, recorded here.
 * A valid advert always passes, so that a capture or another VRRP daemon on this host sees it too;
 * one that claims an instance of ours and is not valid is refused.
 */
#ifndef HF_ADVERT_BPF_H
#define HF_ADVERT_BPF_H

#include "maps.bpf.h"
#include "parsing.bpf.h"
#include "timer.bpf.h"
#include "vrrp_advert.h"
#include "vrrp_rules.h"

#define JITTER_SHIFT 4 /* RFC 3550 section 6.4.1: a gain of 1/16 */

static __always_inline void verdict_count(const struct packet *p, const struct ipaddr *source,
					  __u32 reason)
{
	struct hf_verdict *v = bpf_map_lookup_elem(&hf_verdict, &reason);

	if (!v)
		return;
	v->packets++;
	v->bytes += p->len;
	if (reason == HF_V_ACCEPTED)
		return;
	v->last_source = *source;
	v->last_ns = bpf_ktime_get_coarse_ns(); /* the exact one would cost a forger less than us */
}

/* The deviation of this arrival from the master's interval, smoothed into jitter_ns. */
static __always_inline void jitter_note(struct hf_inst_state *st, __u64 now, __u64 interval_ns)
{
	__s64 deviation = now - st->last_rx_ns - interval_ns;
	__s64 jitter = st->jitter_ns;

	if (deviation < 0)
		deviation = -deviation;
	/* Not a division: BPF has no signed one before 6.6. */
	st->jitter_ns = jitter + ((deviation - jitter) >> JITTER_SHIFT);
}

static __always_inline void state_note(struct hf_inst_state *st, const struct ipaddr *source,
				       const struct vrrp_heard *heard)
{
	st->master = *source;
	st->priority = heard->priority;
	st->interval_us = heard->interval_us;
	st->checksum_form = heard->checksum_form;
}

/* How long from now the master has after an advert judged REFRESH or RESIGNED. */
static __always_inline __u64 life_ns(const struct hf_inst_cfg *cfg, enum vrrp_judgement judgement,
				     const struct vrrp_heard *heard)
{
	/* In version 2 the two intervals are equal, or the advert would have been refused. */
	__u64 interval_ns = heard->interval_us * 1000ULL;

	if (judgement == VRRP_RESIGNED)
		return vrrp_skew_ns(cfg->version, cfg->priority, interval_ns);
	return vrrp_down_ns(cfg->version, cfg->priority, cfg->down_adverts, interval_ns);
}

/* The advert's addresses are not ours. True: the daemon is to be told. */
static __always_inline bool list_note(struct hf_inst_state *st, const struct ipaddr *source,
				      const struct vrrp_heard *heard, __u64 now)
{
	bool news = vrrp_list_is_news(st->list_differed_ns, now, heard->interval_us);

	st->lists_differed++;
	st->list_differed_ns = now;
	st->list_source = *source;
	st->list_count = heard->count;
	return news;
}

/* A valid advert for `slot`: moves the deadline, records, and tells the daemon what it must know.
 */
static __always_inline void advert_act(__u32 slot, const struct hf_inst_cfg *cfg,
				       struct hf_inst_state *st, const struct ipaddr *source,
				       const struct vrrp_heard *heard)
{
	struct vrrp_self self = {
	    .role = cfg->role,
	    .priority = cfg->priority,
	    .preempt = cfg->preempt,
	    .down_adverts = cfg->down_adverts,
	    .address = cfg->address,
	};
	struct hf_event ev = {
	    .slot = slot,
	    .generation = cfg->generation,
	    .interval_us = heard->interval_us,
	    .type = HF_EV_ADVERT,
	    .priority = heard->priority,
	    .count = heard->count,
	    .source = *source,
	};
	bool news = !vrrp_address_equal(&st->master, source) || st->priority != heard->priority ||
		    st->interval_us != heard->interval_us;
	enum vrrp_judgement judgement;
	__u64 now, deadline_ns;

	if (self.role == VRRP_ROLE_OFF)
		return;
	__sync_fetch_and_add(&st->adverts, 1);
	now = bpf_ktime_get_ns();
	ev.at_ns = now;
	if (heard->list_differs && list_note(st, source, heard, now)) {
		ev.type = HF_EV_LIST;
		event_send(st, &ev);
		ev.type = HF_EV_ADVERT;
	}
	judgement = vrrp_judge(&self, heard->priority, source);
	if (judgement == VRRP_IGNORE)
		return;
	if (judgement == VRRP_REFRESH && !news)
		jitter_note(st, now, heard->interval_us * 1000ULL);
	if (judgement != VRRP_RESIGNED)
		st->last_rx_ns = now;
	state_note(st, source, heard);
	if (judgement == VRRP_REFRESH || judgement == VRRP_RESIGNED) {
		deadline_ns = now + life_ns(cfg, judgement, heard);
		/* Leaving never lengthens the wait, however often it is said. */
		if (judgement == VRRP_REFRESH || (__s64)(deadline_ns - st->deadline_ns) < 0)
			deadline_set(slot, cfg->generation, st, now, deadline_ns);
	}
	if (!vrrp_wakes_user(judgement, news))
		return;
	ev.deadline_ns = st->deadline_ns;
	ev.judgement = judgement;
	event_send(st, &ev);
}

/*
 * Global functions, which the verifier checks once for all their callers: inlined, the loop in them
 * would be followed anew for every way that leads to it, close to the verifier's limit. They take
 * the context, as packet pointers cannot be handed over. -1 also for what no header could lead to.
 */
#define MESSAGE_MAX_OFFSET 128

__noinline int xdp_message_sum(struct xdp_md *ctx, __u32 offset, __u32 len)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	return offset > MESSAGE_MAX_OFFSET ? -1 : vrrp_sum_message(data + offset, end, len);
}

__noinline int skb_message_sum(struct __sk_buff *skb, __u32 offset, __u32 len)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	return offset > MESSAGE_MAX_OFFSET ? -1 : vrrp_sum_message(data + offset, end, len);
}

__noinline int xdp_list_sum(struct xdp_md *ctx, __u32 offset, __u32 len, __u32 family)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (offset > MESSAGE_MAX_OFFSET)
		return 0;
	return (int)vrrp_list_sum(data + offset, end, len, (__u8)family);
}

__noinline int skb_list_sum(struct __sk_buff *skb, __u32 offset, __u32 len, __u32 family)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (offset > MESSAGE_MAX_OFFSET)
		return 0;
	return (int)vrrp_list_sum(data + offset, end, len, (__u8)family);
}

static __always_inline bool list_differs(const struct packet *p, const struct hf_inst_cfg *cfg,
					 const struct vrrp_heard *heard)
{
	__u32 len = vrrp_list_len(cfg->family, heard->count);
	int sum = p->is_skb ? skb_list_sum(p->ctx, p->l4_offset, len, cfg->family)
			    : xdp_list_sum(p->ctx, p->l4_offset, len, cfg->family);

	return vrrp_list_differs(cfg, heard->count, (__u32)sum);
}

/* Validates what claims to be an advert for `slot`. */
static __always_inline enum hf_verdict_reason advert_check(const struct packet *p, __u32 slot,
							   const struct hf_inst_cfg *cfg,
							   const struct ipaddr *source,
							   struct vrrp_heard *heard)
{
	struct hf_peer_key key = {.slot = slot, .address = *source};
	struct vrrp_packet pkt = {.source = *source, .len = p->payload_len, .ttl = p->ttl};
	enum hf_verdict_reason reason;
	struct hf_peer *peer = NULL;
	int sum;

	if (p->options)
		return HF_V_IP_OPTIONS;
	if (p->fragment)
		return HF_V_FRAGMENT;
	packet_address(p, PACKET_DESTINATION, &pkt.destination);
	if (cfg->flags & HF_CFG_CHECK_SOURCE || !(cfg->flags & HF_CFG_MULTICAST))
		peer = bpf_map_lookup_elem(&hf_peer, &key);
	reason = vrrp_advert_check_fields(p->l4, p->end, &pkt, cfg, peer, heard);
	if (reason != HF_V_ACCEPTED)
		return reason;
	sum = p->is_skb ? skb_message_sum(p->ctx, p->l4_offset, pkt.len)
			: xdp_message_sum(p->ctx, p->l4_offset, pkt.len);
	reason = vrrp_advert_check_sum(sum, &pkt, cfg, heard);
	if (reason == HF_V_ACCEPTED && cfg->flags & HF_CFG_CHECK_LIST)
		heard->list_differs = list_differs(p, cfg, heard);
	return reason;
}

/*
 * Takes a packet of protocol 112. True: refuse it. What is on a VLAN inside this interface, or a
 * later fragment without a VRID, claims none of our instances.
 */
static __always_inline bool advert_receive(const struct packet *p)
{
	struct hf_inst_key key = {.ifindex = p->ifindex, .family = p->family};
	const __u8 *msg = p->l4;
	enum hf_verdict_reason reason;
	struct vrrp_heard heard = {};
	struct hf_inst_state *st;
	struct hf_inst_cfg *cfg;
	struct ipaddr source;
	__u32 *slot;

	if (p->vid || p->frag_off)
		return false;
	packet_address(p, PACKET_SOURCE, &source);
	if (msg + VRRP_OFF_VRID + 1 > (const __u8 *)p->end) {
		verdict_count(p, &source, HF_V_TRUNCATED);
		return false;
	}
	key.vrid = msg[VRRP_OFF_VRID];
	slot = bpf_map_lookup_elem(&hf_inst_idx, &key);
	if (!slot) {
		verdict_count(p, &source, HF_V_UNKNOWN_VRID);
		return false;
	}
	cfg = bpf_map_lookup_elem(&hf_inst_cfg, slot);
	st = bpf_map_lookup_elem(&hf_inst_state, slot);
	if (!cfg || !st)
		return false;
	reason = advert_check(p, *slot, cfg, &source, &heard);
	verdict_count(p, &source, reason);
	if (reason != HF_V_ACCEPTED)
		return true;
	advert_act(*slot, cfg, st, &source, &heard);
	return false;
}

/* Notes an advert of ours that leaves: one that was sent may still not get so far. */
static __always_inline void advert_sent(const struct packet *p)
{
	struct hf_inst_key key = {.ifindex = p->ifindex, .family = p->family};
	const __u8 *msg = p->l4;
	struct hf_inst_state *st;
	struct hf_inst_cfg *cfg;
	struct ipaddr source;
	__u32 *slot;

	if (p->vid || p->frag_off || msg + VRRP_OFF_VRID + 1 > (const __u8 *)p->end)
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
	__sync_fetch_and_add(&st->sent, 1);
	st->last_tx_ns = bpf_ktime_get_coarse_ns();
}

#endif
