/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * BFD sessions with routers and other peers (RFC 5880, 5881, 5883): receives their packets before a
 * socket does, records them, and watches the deadline of each session with a bpf_timer, as
 * timer.bpf.h does for adverts. Only the packets of bfd_watch_packet() are reported to the daemon,
 * whose state machine alone judges the session (user/bfd/bfd_step.c). include/bfd_rules.h and
 * bfd_watch.h define what is allowed and recorded.
 *
 * A packet that names one of our sessions is consumed or refused, so it never reaches a socket of
 * the daemon. A packet that names no session is counted. It is dropped if it was sent to an address
 * of ours, so that a flood wakes no process. Otherwise it passes, because this host may only
 * forward it. Packets that are not parsed here (a VLAN inside the interface, fragments, IPv4
 * options) pass too, and the daemon receives them from its socket.
 */
#ifndef HF_BFD_BPF_H
#define HF_BFD_BPF_H

#include "bfd_watch.h"
#include "maps.bpf.h"
#include "parsing.bpf.h"
#include "sbfd.bpf.h"
#include "timer.bpf.h"
#include "verdict.bpf.h"

/* Is this a UDP packet of BFD, and is there any session? Checks only the destination port. */
static __always_inline bool bfd_is_one(const struct packet *p)
{
	const __u8 *udp = p->l4;
	__u16 port;

	if (p->protocol != IPPROTO_UDP || p->fragment || p->vid)
		return false;
	if (udp + UDP_LEN > (const __u8 *)p->end)
		return false;
	port = get16(udp + 2);
	if (port != BFD_PORT_SINGLE_HOP && port != BFD_PORT_MULTIHOP)
		return false;
	return hf_bfd_sessions != 0 && !p->options;
}

static int bfd_timer_fired(void *map, __u32 *key, struct hf_timer *t)
{
	__u32 slot = *key;
	struct hf_bfd_cfg *cfg = bpf_map_lookup_elem(&hf_bfd_cfg, &slot);
	struct hf_bfd_state *st = bpf_map_lookup_elem(&hf_bfd_state, &slot);
	__u64 expired_ns = timer_take(t), now = bpf_ktime_get_ns();
	struct hf_event ev;

	if (!cfg || !st || t->generation != cfg->generation || cfg->watch_us == 0)
		return 0;
	if (deadline_has_passed(t, &st->deadline_ns, expired_ns, now)) {
		ev = bfd_watch_event(HF_EV_BFD_EXPIRED, slot, cfg, now);
		event_send_counted(&st->events_lost, &ev);
	}
	return 0;
}

static __always_inline long bfd_timer_arm(const struct hf_arm_args *args)
{
	__u32 slot = args->slot;
	struct hf_bfd_state *st = bpf_map_lookup_elem(&hf_bfd_state, &slot);
	__u64 now = bpf_ktime_get_ns();

	if (!st)
		return -ENOENT;
	__sync_lock_test_and_set(&st->deadline_ns, now + args->delay_ns);
	return hf_use_timer ? timer_arm(&hf_bfd_timer, bfd_timer_fired, args, now)
			    : HF_ARM_NO_TIMER;
}

/* Handles an accepted packet of the session in `slot`: records it and moves the deadline. */
static __always_inline void bfd_act(__u32 slot, const struct hf_bfd_cfg *cfg,
				    struct hf_bfd_state *st, const struct bfd_packet *pkt)
{
	__u64 now = bpf_ktime_get_ns();

	if (bfd_watch_packet(st, cfg, pkt, now)) {
		struct hf_event ev = bfd_watch_event(HF_EV_BFD, slot, cfg, now);

		ev.bfd.packet = *pkt;
		event_send_counted(&st->events_lost, &ev);
	}
	if (cfg->watch_us == 0)
		return;
	deadline_set(&hf_bfd_timer, slot, cfg->generation, &st->deadline_ns, now,
		     now + bfd_detection_ns(cfg->watch_us, pkt));
}

/* Finds the session that `pkt` names: by our discriminator, else by the addresses, for which this
 * function sets key->local. Returns BFD_ACCEPTED and its slot in `*slot`, or BFD_R_SOURCE. */
static __always_inline enum bfd_refusal bfd_find(const struct packet *p, struct hf_bfd_key *key,
						 const struct bfd_packet *pkt, __u32 *slot)
{
	const struct ipaddr any = {};
	__u32 *found;

	if (pkt->your_discr) {
		*slot = bfd_slot(pkt->your_discr);
		return BFD_ACCEPTED;
	}
	packet_address(p, PACKET_DESTINATION, &key->local);
	found = bpf_map_lookup_elem(&hf_bfd_idx, key);
	if (!found) {
		key->local = any;
		found = bpf_map_lookup_elem(&hf_bfd_idx, key);
	}
	if (!found)
		return BFD_R_SOURCE;
	*slot = *found;
	return BFD_ACCEPTED;
}

/* Sets `*taken` if the packet names one of our sessions. It then goes no further. */
static __always_inline enum bfd_refusal bfd_judge(const struct packet *p, struct hf_bfd_key *key,
						  bool *taken)
{
	const __u8 *udp = p->l4;
	__u16 len = get16(udp + 4);
	struct bfd_packet pkt = {};
	enum bfd_refusal refusal;
	struct hf_bfd_state *st;
	struct hf_bfd_cfg *cfg;
	__u32 slot = 0;

	if (len < UDP_LEN || len > p->payload_len)
		return BFD_R_TRUNCATED;
	refusal = bfd_packet_read(udp + UDP_LEN, p->end, len - UDP_LEN, &pkt);
	if (refusal == BFD_ACCEPTED)
		refusal = bfd_find(p, key, &pkt, &slot);
	if (refusal != BFD_ACCEPTED)
		return refusal;
	cfg = bpf_map_lookup_elem(&hf_bfd_cfg, &slot);
	st = bpf_map_lookup_elem(&hf_bfd_state, &slot);
	if (!cfg || !st || !cfg->our_discr || (pkt.your_discr && pkt.your_discr != cfg->our_discr))
		return BFD_R_YOUR_DISCR;
	*taken = true;
	refusal =
	    bfd_watch_check(cfg, address_equal(&key->peer, &cfg->peer), key->multihop, p->ttl);
	if (refusal == BFD_ACCEPTED)
		bfd_act(slot, cfg, st, &pkt);
	return refusal;
}

/* Was the packet sent to the source address of one of our sessions? This host then does not forward
 * it. */
static __always_inline bool bfd_is_to_us(const struct packet *p, struct hf_bfd_key *key)
{
	const struct ipaddr none = {};

	key->peer = none;
	key->multihop = 0;
	packet_address(p, PACKET_DESTINATION, &key->local);
	return bpf_map_lookup_elem(&hf_bfd_idx, key) != NULL;
}

/* Handles a packet for which bfd_is_one() is true. Returns true if the packet goes no further. */
static __always_inline bool bfd_receive(const struct packet *p)
{
	struct hf_bfd_key key = {};
	const __u8 *udp = p->l4;
	bool taken = false;

	key.multihop = get16(udp + 2) == BFD_PORT_MULTIHOP;
	packet_address(p, PACKET_SOURCE, &key.peer);
	verdict_count(p, &key.peer, HF_V_BFD + bfd_judge(p, &key, &taken));
	return taken || bfd_is_to_us(p, &key);
}

#endif
