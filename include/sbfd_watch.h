/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Judges an S-BFD packet of a configured peer, and records it in struct hf_sbfd_state. The BPF
 * programs (bpf/sbfd.bpf.h) and the raw mode (user/datapath/raw_sbfd.c) compile this file, so both
 * answer, refuse and record the same packets. Pure functions on the memory of the caller. The
 * caller has found the peer's entry by the source address, and has checked that the packet was sent
 * to `cfg->address`.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC. Several CPUs may record at the same time. Counters are
 * atomic, and words are stored whole.
 */
#ifndef HF_SBFD_WATCH_H
#define HF_SBFD_WATCH_H

#include "hf_abi.h"
#include "sbfd_rules.h"

#define SBFD_INLINE static inline __attribute__((always_inline))

/*
 * Reads the UDP payload at `msg` into `pkt`; readable memory ends at `end`. `is_probe`: it is a
 * probe of the peer `cfg`; otherwise an answer to our probes. Returns BFD_ACCEPTED, or the reason
 * to refuse the packet.
 */
SBFD_INLINE enum bfd_refusal sbfd_judge(const __u8 *msg, const __u8 *end,
					const struct sbfd_datagram *udp,
					const struct hf_sbfd_cfg *cfg, int is_probe,
					struct bfd_packet *pkt)
{
	enum bfd_refusal refusal = bfd_packet_read(msg, end, udp->len, pkt);

	if (refusal != BFD_ACCEPTED)
		return refusal;
	return is_probe ? sbfd_probe_check(pkt, udp, cfg->our_discr)
			: sbfd_answer_check(pkt, udp, cfg->probe_discr, cfg->peer_discr);
}

/* Records an accepted answer. Returns 1 if the daemon must be told: the state in the answer has
 * changed, or the answer is the first of a generation. */
SBFD_INLINE int sbfd_note_answer(struct hf_sbfd_state *st, const struct hf_sbfd_cfg *cfg,
				 const struct bfd_packet *pkt, __u64 now_ns)
{
	int news = st->generation != cfg->generation || st->answer_state != pkt->state;

	st->generation = cfg->generation;
	st->answer_state = pkt->state;
	st->answer_ns = now_ns;
	__sync_fetch_and_add(&st->answers, 1);
	return news;
}

/* Records an accepted probe, which the caller answers. */
SBFD_INLINE void sbfd_note_probe(struct hf_sbfd_state *st, const struct bfd_packet *pkt,
				 __u64 now_ns)
{
	st->probe_state = pkt->state;
	st->probe_ns = now_ns;
	__sync_fetch_and_add(&st->probes, 1);
}

#endif
