/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * S-BFD between nodes (RFC 7880, RFC 7881): the rules of the initiator, which probes, and of the
 * reflector, which answers. The kernel half reflects with these functions, and the daemon probes
 * with them. If the kernel refuses BPF, the daemon reflects with the same functions. Pure
 * arithmetic on memory.
 *
 * The initiator counts unanswered probes. It does not measure the time without an answer. An
 * initiator that was not scheduled has sent no probe, so it declares no peer down. Times are
 * nanoseconds of one clock and are compared by their signed difference.
 */
#ifndef HF_SBFD_RULES_H
#define HF_SBFD_RULES_H

#include "bfd_rules.h"
#include "ipaddr.h"

/* Required Min RX Interval in answers, microseconds: the shortest interval that may be
 * configured. */
#define SBFD_MIN_RX_US 1000

/* The properties of the UDP datagram that the rules need. */
struct sbfd_datagram {
	__u32 len;	   /* of the UDP payload, by the UDP header */
	__u16 source_port; /* host order */
	__u8 ttl;	   /* or hop limit */
	__u8 min_ttl;	   /* of this peer: 255 for a neighbour on the link */
};

/* --- initiator -------------------------------------------------------------------------------*/

/* The probes sent since the last sign of life. All zero: none yet. */
struct sbfd_probes {
	__u64 first_ns;	  /* when the sending of the first unanswered probe began */
	__u64 judged_ns;  /* when the sending of the probe that reached the multiplier ended */
	__u32 unanswered; /* their number, at most the multiplier */
};

/*
 * A probe was sent: the sending began at `began_ns` and ended at `now`. An answer may have arrived
 * in between. A probe that could not be sent proves nothing; do not call this function for it.
 */
BFD_INLINE void sbfd_probe_sent(struct sbfd_probes *p, __u8 multiplier, __u64 began_ns, __u64 now)
{
	if (p->unanswered == 0)
		p->first_ns = began_ns;
	if (p->unanswered < multiplier && ++p->unanswered == multiplier)
		p->judged_ns = now;
}

/*
 * The peer gave a sign of life at `at_ns`: an answer, or a valid advert. A sign older than the
 * first unanswered probe says nothing about that probe.
 */
BFD_INLINE void sbfd_probe_answered(struct sbfd_probes *p, __u64 at_ns)
{
	if ((__s64)(at_ns - p->first_ns) >= 0)
		p->unanswered = 0;
}

/* Is the peer down: are `multiplier` probes unanswered, and has the interval passed since the last
 * one? */
BFD_INLINE int sbfd_peer_is_down(const struct sbfd_probes *p, __u8 multiplier, __u64 interval_ns,
				 __u64 now)
{
	return p->unanswered >= multiplier && (__s64)(now - p->judged_ns - interval_ns) >= 0;
}

/*
 * The additional time, in nanoseconds, that a BACKUP of `priority` waits before it takes over. It
 * keeps several BACKUPs from taking over at the same time; a lower priority waits longer. A single
 * BACKUP does not wait.
 */
BFD_INLINE __u64 sbfd_skew_ns(__u8 priority, __u32 backups, __u8 multiplier, __u64 interval_ns)
{
	if (backups < 2)
		return 0;
	return (256 - (__u64)priority) * multiplier * interval_ns / 256;
}

/* Is this an answer of the reflector with discriminator `your_discr` to our probes with
 * discriminator `my_discr`? */
BFD_INLINE enum bfd_refusal sbfd_answer_check(const struct bfd_packet *pkt,
					      const struct sbfd_datagram *udp, __u32 my_discr,
					      __u32 your_discr)
{
	if (udp->source_port != SBFD_PORT)
		return BFD_R_NOT_REFLECTED;
	if (udp->ttl < udp->min_ttl)
		return BFD_R_TTL;
	if (pkt->my_discr != your_discr)
		return BFD_R_MY_DISCR;
	if (pkt->your_discr != my_discr)
		return BFD_R_YOUR_DISCR;
	if (pkt->flags & BFD_FLAG_DEMAND)
		return BFD_R_NOT_REFLECTED;
	if (pkt->state != BFD_UP && pkt->state != BFD_ADMIN_DOWN)
		return BFD_R_STATE;
	return BFD_ACCEPTED;
}

/* --- reflector -------------------------------------------------------------------------------*/

/*
 * A node's default discriminator: its IPv4 address as a number, or the exclusive OR of the four
 * words of its IPv6 address. Never 0, which RFC 5880 section 6.8.1 forbids.
 */
BFD_INLINE __u32 sbfd_discriminator(const struct ipaddr *a)
{
	__u32 id = bfd_get32(a->b + 12);

	if (!ipaddr_is_v4(a))
		id ^= bfd_get32(a->b) ^ bfd_get32(a->b + 4) ^ bfd_get32(a->b + 8);
	return id ? id : 1;
}

/*
 * May this probe be answered (RFC 7880 section 7.2.1)? `discr` is the reflector's discriminator. A
 * packet of a reflector has source port 7784 and a clear D bit. It is refused; otherwise two
 * reflectors would answer each other for ever. The state in a probe is Up if its sender could take
 * over, else Down.
 */
BFD_INLINE enum bfd_refusal sbfd_probe_check(const struct bfd_packet *pkt,
					     const struct sbfd_datagram *udp, __u32 discr)
{
	if (udp->source_port == SBFD_PORT)
		return BFD_R_REFLECTED;
	if (udp->ttl < udp->min_ttl)
		return BFD_R_TTL;
	if (!(pkt->flags & BFD_FLAG_DEMAND))
		return BFD_R_NOT_DEMAND;
	if (pkt->your_discr != discr)
		return BFD_R_YOUR_DISCR;
	if (pkt->state != BFD_UP && pkt->state != BFD_DOWN)
		return BFD_R_STATE;
	return BFD_ACCEPTED;
}

/*
 * The gate: the state that the reflector answers, Up or AdminDown. The answer is Up only while the
 * daemon's last sign of life `alive_ns` is at most `gate_ns` old. When the daemon dies, the
 * supervisor writes 0, which closes the gate at once. `alive_ns` may be later than `now`, if the
 * daemon wrote it after the caller read the clock; that counts as alive.
 */
BFD_INLINE enum bfd_state sbfd_gate_state(__u64 alive_ns, __u64 gate_ns, __u64 now)
{
	if (alive_ns == 0)
		return BFD_ADMIN_DOWN;
	return (__s64)(now - alive_ns - gate_ns) <= 0 ? BFD_UP : BFD_ADMIN_DOWN;
}

/*
 * Stores `value` in the 16-bit word at `p` and adds the change of the ones' complement sum to
 * `*diff`: m' + ~m of RFC 1624 section 3.
 */
BFD_INLINE void sbfd_put_word(__u8 *p, __u16 value, __u32 *diff)
{
	*diff += (__u16) ~(p[0] << 8 | p[1]) + (__u32)value;
	p[0] = (__u8)(value >> 8);
	p[1] = (__u8)value;
}

BFD_INLINE __u16 sbfd_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)((sum & 0xffff) + (sum >> 16));
}

/*
 * Turns the accepted probe at `msg`, BFD_LEN writable octets, into its answer with the state
 * `state` (RFC 7880 section 7.2.2). The discriminators are exchanged, P becomes F, and D is
 * cleared. Multiplier and Desired Min TX Interval stay. Returns the change of the ones' complement
 * sum, for sbfd_adjust_udp(). The exchange of the discriminators does not change the sum.
 */
BFD_INLINE __u32 sbfd_reflect(__u8 *msg, enum bfd_state state)
{
	__u8 final = msg[BFD_OFF_STATE_FLAGS] & BFD_FLAG_POLL ? BFD_FLAG_FINAL : 0;
	__u8 diag = state == BFD_ADMIN_DOWN ? BFD_DIAG_ADMIN_DOWN : BFD_DIAG_NONE;
	__u32 diff = 0, discr;

	sbfd_put_word(msg, (__u16)((BFD_VERSION << 5 | diag) << 8 | ((__u32)state << 6 | final)),
		      &diff);
	__builtin_memcpy(&discr, msg + BFD_OFF_MY_DISCR, sizeof(discr));
	__builtin_memcpy(msg + BFD_OFF_MY_DISCR, msg + BFD_OFF_YOUR_DISCR, sizeof(discr));
	__builtin_memcpy(msg + BFD_OFF_YOUR_DISCR, &discr, sizeof(discr));
	sbfd_put_word(msg + BFD_OFF_MIN_RX, SBFD_MIN_RX_US >> 16, &diff);
	sbfd_put_word(msg + BFD_OFF_MIN_RX + 2, SBFD_MIN_RX_US & 0xffff, &diff);
	sbfd_put_word(msg + BFD_OFF_MIN_ECHO_RX, 0, &diff);
	sbfd_put_word(msg + BFD_OFF_MIN_ECHO_RX + 2, 0, &diff);
	return diff;
}

/* The checksum after the change `diff` of the sum: HC' = ~(~HC + ~m + m'), equation 3 of RFC 1624.
 */
BFD_INLINE __u16 sbfd_new_checksum(__u16 old, __u32 diff)
{
	return (__u16)~sbfd_fold((__u16)~old + (__u32)sbfd_fold(diff));
}

/*
 * Adjusts the UDP checksum at `p` by a change of the sum. On IPv4 a checksum of 0 means "no
 * checksum" and stays 0; a result of 0 is sent as ffff (RFC 768).
 */
BFD_INLINE void sbfd_adjust_udp(__u8 *p, __u32 diff)
{
	__u16 old = (__u16)(p[0] << 8 | p[1]), sum = sbfd_new_checksum(old, diff);

	if (old == 0)
		return;
	if (sum == 0)
		sum = 0xffff;
	p[0] = (__u8)(sum >> 8);
	p[1] = (__u8)sum;
}

#endif
