/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Reads a BFD control packet, and defines the rules of reception that need no session state: RFC
 * 5880 section 6.8.6 up to the session lookup, the detection time of section 6.8.4, and which
 * packets the daemon must see. Compiled into the BPF programs, the daemon and the tests, so that
 * all of them refuse the same packets. The caller checks port, TTL and peer, and looks up the
 * discriminator.
 *
 * The UDP checksum is not checked here. A virtual device may leave the checksum of a frame to its
 * receiver, so a wrong checksum in XDP proves nothing. The discriminators must match anyway.
 */
#ifndef HF_BFD_RULES_H
#define HF_BFD_RULES_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#include "bfd_wire.h"
#include "octets.h"

#define BFD_INLINE static inline __attribute__((always_inline))

/* The fields of a control packet, in host byte order. */
struct bfd_packet {
	__u32 my_discr, your_discr; /* of its sender, of its receiver */
	__u32 min_tx_us, min_rx_us, min_echo_rx_us;
	__u8 state; /* enum bfd_state */
	__u8 diag;  /* enum bfd_diag, or a code unknown to it */
	__u8 flags; /* BFD_FLAG_* */
	__u8 multiplier;
};

BFD_INLINE __u32 bfd_get32(const __u8 *p)
{
	return octets_word(p);
}

/*
 * Reads the packet at `msg`. `len` is the length of the UDP payload by the UDP header; readable
 * memory ends at `end`. Returns BFD_ACCEPTED and fills `pkt`, or the reason to discard the packet.
 * A length field above BFD_LEN is accepted if it is at most `len`; the additional octets are not
 * read.
 */
BFD_INLINE enum bfd_refusal bfd_packet_read(const __u8 *msg, const __u8 *end, __u32 len,
					    struct bfd_packet *pkt)
{
	if (len < BFD_LEN || msg + BFD_LEN > end || msg[BFD_OFF_LENGTH] > len)
		return BFD_R_TRUNCATED;
	if (msg[BFD_OFF_VERS_DIAG] >> 5 != BFD_VERSION)
		return BFD_R_VERSION;
	if (msg[BFD_OFF_LENGTH] < BFD_LEN)
		return BFD_R_LENGTH;
	pkt->diag = msg[BFD_OFF_VERS_DIAG] & 0x1f;
	pkt->state = msg[BFD_OFF_STATE_FLAGS] >> 6;
	pkt->flags = msg[BFD_OFF_STATE_FLAGS] & BFD_FLAGS;
	pkt->multiplier = msg[BFD_OFF_MULTIPLIER];
	pkt->my_discr = bfd_get32(msg + BFD_OFF_MY_DISCR);
	pkt->your_discr = bfd_get32(msg + BFD_OFF_YOUR_DISCR);
	pkt->min_tx_us = bfd_get32(msg + BFD_OFF_MIN_TX);
	pkt->min_rx_us = bfd_get32(msg + BFD_OFF_MIN_RX);
	pkt->min_echo_rx_us = bfd_get32(msg + BFD_OFF_MIN_ECHO_RX);
	if (pkt->flags & BFD_FLAG_AUTH)
		return BFD_R_AUTH;
	if (pkt->multiplier == 0)
		return BFD_R_MULTIPLIER;
	if (pkt->flags & BFD_FLAG_MULTIPOINT)
		return BFD_R_MULTIPOINT;
	if (pkt->my_discr == 0)
		return BFD_R_MY_DISCR;
	if (pkt->your_discr == 0 && pkt->state > BFD_DOWN)
		return BFD_R_YOUR_DISCR;
	return BFD_ACCEPTED;
}

/*
 * Detection time in asynchronous mode (RFC 5880 section 6.8.4), nanoseconds: the peer is down if no
 * packet comes for this time after `pkt`. `min_rx_us` is our own Required Min RX Interval.
 */
BFD_INLINE __u64 bfd_detection_ns(__u32 min_rx_us, const struct bfd_packet *pkt)
{
	__u64 interval_us = pkt->min_tx_us > min_rx_us ? pkt->min_tx_us : min_rx_us;

	return pkt->multiplier * interval_us * 1000;
}

/*
 * Must the daemon see `pkt`? `seen` is the last packet that it saw. A Poll asks for an answer, and
 * a Final ends our own Poll Sequence. Any other packet that equals `seen` only renews the deadline.
 */
BFD_INLINE int bfd_is_news(const struct bfd_packet *seen, const struct bfd_packet *pkt)
{
	if ((pkt->flags & (BFD_FLAG_POLL | BFD_FLAG_FINAL)) || pkt->flags != seen->flags)
		return 1;
	return pkt->my_discr != seen->my_discr || pkt->your_discr != seen->your_discr ||
	       pkt->min_tx_us != seen->min_tx_us || pkt->min_rx_us != seen->min_rx_us ||
	       pkt->state != seen->state || pkt->diag != seen->diag ||
	       pkt->multiplier != seen->multiplier;
}

#endif
