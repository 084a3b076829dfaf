/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Watches a BFD session (RFC 5880): which packets belong to it, how a packet changes struct
 * hf_bfd_state, and when the daemon must see it. The BPF programs (bpf/bfd.bpf.h) compile this
 * file, and so does the fake kernel half in the daemon's tests. The file makes no decision about
 * the session; the state machine does (user/bfd/bfd_step.c). Pure functions on the memory of the
 * caller, who has the clock, the timer and the ring buffer.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC. Several CPUs may work on one state at the same time.
 * Counters are atomic, and words are stored whole. `seen` changes only when a packet is reported.
 * If two CPUs write `seen` at the same time and mix two packets, the next packet differs from it
 * and is reported.
 */
#ifndef HF_BFD_WATCH_H
#define HF_BFD_WATCH_H

#include "hf_abi.h"
#include "rx_gap.h"

/*
 * Limits the packets that a session reports to the daemon: BFD_TELL_BURST at once, then one every
 * BFD_TELL_GAP_NS. Without a limit, forged packets of a peer that differ from each other could keep
 * the daemon busy and the ring full. A genuine peer rarely changes its packets twice in a second.
 */
#define BFD_TELL_BURST	32
#define BFD_TELL_GAP_NS 5000000

/* The slot that a discriminator of ours names. */
BFD_INLINE __u32 bfd_slot(__u32 our_discr)
{
	return our_discr & (HF_MAX_BFD - 1);
}

/*
 * Does the session `cfg` accept a packet that names it by our discriminator or by its addresses?
 * `same_source`: the packet comes from the session's peer.
 */
BFD_INLINE enum bfd_refusal bfd_watch_check(const struct hf_bfd_cfg *cfg, int same_source,
					    int multihop, __u8 ttl)
{
	if (!same_source || cfg->multihop != multihop)
		return BFD_R_SOURCE;
	return ttl < cfg->min_ttl ? BFD_R_TTL : BFD_ACCEPTED;
}

/* May the session report a packet now? If so, this uses up one token. */
BFD_INLINE int bfd_watch_token(struct hf_bfd_state *st, __u64 now_ns)
{
	__u64 due_ns = st->tell_due_ns;

	if ((__s64)(due_ns - now_ns) < 0)
		due_ns = now_ns;
	if (due_ns - now_ns > (BFD_TELL_BURST - 1) * (__u64)BFD_TELL_GAP_NS)
		return 0;
	st->tell_due_ns = due_ns + BFD_TELL_GAP_NS;
	return 1;
}

/*
 * Records a packet of the session. Returns 1 if the packet must be reported to the daemon: it
 * differs from `seen`, it is the first of a generation, or the session has no deadline that it
 * would renew. A packet that the limit does not allow to be reported does not become `seen`. So the
 * next packet is reported if it still differs.
 */
BFD_INLINE int bfd_watch_packet(struct hf_bfd_state *st, const struct hf_bfd_cfg *cfg,
				const struct bfd_packet *pkt, __u64 now_ns)
{
	int news =
	    st->generation != cfg->generation || cfg->watch_us == 0 || bfd_is_news(&st->seen, pkt);
	__u32 gap_us = rx_gap_us(st->last_rx_ns, now_ns);

	if (cfg->state == BFD_UP && st->last_rx_ns != 0 && gap_us > st->worst_gap_us)
		st->worst_gap_us = gap_us;
	st->last_rx_ns = now_ns;
	__sync_fetch_and_add(&st->packets, 1);
	if (!news || !bfd_watch_token(st, now_ns))
		return 0;
	st->seen = *pkt;
	st->generation = cfg->generation;
	return 1;
}

BFD_INLINE struct hf_event bfd_watch_event(enum hf_event_type type, __u32 slot,
					   const struct hf_bfd_cfg *cfg, __u64 now_ns)
{
	struct hf_event ev = {
	    .at_ns = now_ns, .type = type, .slot = slot, .generation = cfg->generation};

	ev.bfd.our_discr = cfg->our_discr;
	return ev;
}

#endif
