// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The kernel half. hf_xdp handles incoming packets, and hf_tc_in does the same where XDP cannot be
 * attached. hf_tc_out handles outgoing packets. The daemon calls hf_arm to start the timer of an
 * instance, and hf_bfd_arm to start the timer of a BFD session.
 *
 * Ordinary traffic must stay cheap. A packet that is not to or from a shared address costs a parse
 * and the test of one bit; no clock is read. An unexpected packet passes. Rejected: generic XDP,
 * which is slower than TC and sees the same packets.
 */
#include "kernel.bpf.h"

#include "advert.bpf.h"
#include "bfd.bpf.h"
#include "maps.bpf.h"
#include "parsing.bpf.h"
#include "sbfd.bpf.h"
#include "timer.bpf.h"
#include "traffic.bpf.h"

/* Not a verdict: the next filter decides, and without one the packet passes. */
#define TC_ACT_UNSPEC (-1)
#define TC_ACT_SHOT   2

/* Octets of an skb that must be linear: up to the flags of TCP after two tags and an IPv6 header.
 */
#define LINEAR_HEADERS 76
/* The same for an advert: the whole message, also after IPv4 options. */
#define LINEAR_ADVERT (14 + 4 * VLAN_MAX_DEPTH + 60 + VRRP_MAX_LEN + VRRP_TRAILER_LEN)
/* The same for BFD and S-BFD packets, which have no IPv4 options. */
#define LINEAR_BFD (14 + 4 * VLAN_MAX_DEPTH + 40 + UDP_LEN + BFD_LEN)

/*
 * Adverts, S-BFD and BFD have a global function each. The verifier checks it once, and not again
 * for every path that leads to it. Its variables are not on the stack of the program, so ordinary
 * packets do not pay for them. `l3_offset` and `family` are those of the packet, which is on no
 * VLAN inside the interface.
 *
 * Together with the functions that verify an advert, down to SHA-256, the stack must stay within
 * 512 octets, where the frame of each function is rounded up to 32. Linux 6.1 refuses a larger one.
 */
static __always_inline bool xdp_parse(struct packet *p, struct xdp_md *ctx, __u32 l3_offset,
				      __u32 family)
{
	*p = (struct packet){.ctx = ctx, .ifindex = ctx->ingress_ifindex, .segs = 1};
	return packet_parse_ip(p, (void *)(long)ctx->data, (void *)(long)ctx->data_end, l3_offset,
			       family);
}

/* Returns the XDP verdict. */
__noinline int xdp_advert(struct xdp_md *ctx, __u32 l3_offset, __u32 family)
{
	struct packet p;

	return xdp_parse(&p, ctx, l3_offset, family) && advert_receive(&p) ? XDP_DROP : XDP_PASS;
}

/*
 * Handles an S-BFD packet and returns its XDP verdict. The answer to a probe leaves through the
 * transmit queue of this CPU. No other part of this host sees the probe.
 */
__noinline int xdp_sbfd(struct xdp_md *ctx, __u32 l3_offset, __u32 family)
{
	enum bfd_state gate = BFD_ADMIN_DOWN;
	enum sbfd_fate fate;
	struct packet p;
	__u32 diff;

	if (!xdp_parse(&p, ctx, l3_offset, family) || !sbfd_is_one(&p))
		return XDP_PASS;
	fate = sbfd_receive(&p, &gate);
	if (fate != SBFD_ANSWER)
		return fate == SBFD_PASS ? XDP_PASS : XDP_DROP;
	if (!sbfd_turn(&p, (void *)(long)ctx->data, gate, &diff))
		return XDP_DROP;
	sbfd_adjust_udp((__u8 *)p.l4 + UDP_OFF_CHECKSUM, diff);
	return XDP_TX;
}

/* Returns the XDP verdict. */
__noinline int xdp_bfd(struct xdp_md *ctx, __u32 l3_offset, __u32 family)
{
	struct packet p;

	if (!xdp_parse(&p, ctx, l3_offset, family) || !bfd_is_one(&p))
		return XDP_PASS;
	return bfd_receive(&p) ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int hf_xdp(struct xdp_md *ctx)
{
	struct packet p = {.ctx = ctx, .ifindex = ctx->ingress_ifindex, .segs = 1};

	if (!packet_parse(&p, (void *)(long)ctx->data, (void *)(long)ctx->data_end))
		return XDP_PASS;
	if (p.protocol == VRRP_IPPROTO)
		return advert_may_be_ours(&p) ? xdp_advert(ctx, p.l3_offset, p.family) : XDP_PASS;
	if (sbfd_is_one(&p))
		return xdp_sbfd(ctx, p.l3_offset, p.family);
	if (bfd_is_one(&p))
		return xdp_bfd(ctx, p.l3_offset, p.family);
	traffic_count(&p, PACKET_DESTINATION, &hf_vip_rx);
	return XDP_PASS;
}

/* Makes at least `need` octets of an skb (or all) linear, and sets what packet_parse() does not. */
static __always_inline bool skb_prepare(struct packet *p, struct __sk_buff *skb, __u32 need)
{
	if (need > skb->len)
		need = skb->len;
	if ((void *)(long)skb->data + need > (void *)(long)skb->data_end &&
	    bpf_skb_pull_data(skb, need))
		return false;
	p->ctx = skb;
	p->is_skb = true;
	p->ifindex = skb->ifindex;
	p->segs = skb->gso_segs > 1 ? skb->gso_segs : 1;
	return true;
}

static __always_inline bool skb_parse(struct packet *p, struct __sk_buff *skb)
{
	if (!skb_prepare(p, skb, LINEAR_HEADERS) ||
	    !packet_parse(p, (void *)(long)skb->data, (void *)(long)skb->data_end))
		return false;
	if (skb->vlan_present)
		p->vid |= skb->vlan_tci & VLAN_VID_MASK;
	return true;
}

/* Parses an skb again, in a function like those of XDP. */
static __always_inline bool skb_parse_ip(struct packet *p, struct __sk_buff *skb, __u32 need,
					 __u32 l3_offset, __u32 family)
{
	return skb_prepare(p, skb, need) &&
	       packet_parse_ip(p, (void *)(long)skb->data, (void *)(long)skb->data_end, l3_offset,
			       family);
}

/* Returns the TC verdict. */
__noinline int skb_advert(struct __sk_buff *skb, __u32 l3_offset, __u32 family)
{
	struct packet p;

	if (!skb_parse_ip(&p, skb, LINEAR_ADVERT, l3_offset, family))
		return TC_ACT_UNSPEC;
	return advert_receive(&p) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

/*
 * Handles an S-BFD packet like xdp_sbfd() and returns its TC verdict. Only the helper
 * bpf_l4_csum_replace() knows whether a device still has to complete the checksum of the skb. In
 * that case the field covers only the pseudo-header, which is the same for an answer and its probe.
 */
__noinline int skb_sbfd(struct __sk_buff *skb, __u32 l3_offset, __u32 family)
{
	enum bfd_state gate = BFD_ADMIN_DOWN;
	enum sbfd_fate fate;
	struct packet p;
	__u32 diff;

	if (!skb_parse_ip(&p, skb, LINEAR_BFD, l3_offset, family) || !sbfd_is_one(&p))
		return TC_ACT_UNSPEC;
	fate = sbfd_receive(&p, &gate);
	if (fate != SBFD_ANSWER)
		return fate == SBFD_PASS ? TC_ACT_UNSPEC : TC_ACT_SHOT;
	if (!sbfd_turn(&p, (void *)(long)skb->data, gate, &diff))
		return TC_ACT_SHOT;
	bpf_l4_csum_replace(skb, p.l4_offset + UDP_OFF_CHECKSUM, 0, bpf_htons(sbfd_fold(diff)),
			    BPF_F_MARK_MANGLED_0);
	return (int)bpf_redirect(skb->ifindex, 0);
}

/* Returns the TC verdict. */
__noinline int skb_bfd(struct __sk_buff *skb, __u32 l3_offset, __u32 family)
{
	struct packet p;

	if (!skb_parse_ip(&p, skb, LINEAR_BFD, l3_offset, family) || !bfd_is_one(&p))
		return TC_ACT_UNSPEC;
	return bfd_receive(&p) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("tc")
int hf_tc_in(struct __sk_buff *skb)
{
	struct packet p;

	if (!skb_parse(&p, skb))
		return TC_ACT_UNSPEC;
	if (p.protocol == VRRP_IPPROTO)
		return advert_may_be_ours(&p) ? skb_advert(skb, p.l3_offset, p.family)
					      : TC_ACT_UNSPEC;
	if (sbfd_is_one(&p))
		return skb_sbfd(skb, p.l3_offset, p.family);
	if (bfd_is_one(&p))
		return skb_bfd(skb, p.l3_offset, p.family);
	traffic_count(&p, PACKET_DESTINATION, &hf_vip_rx);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int hf_tc_out(struct __sk_buff *skb)
{
	struct packet p;

	if (!skb_parse(&p, skb))
		return TC_ACT_UNSPEC;
	if (p.protocol == VRRP_IPPROTO)
		advert_egressed(&p);
	else
		traffic_count(&p, PACKET_SOURCE, &hf_vip_tx);
	return TC_ACT_UNSPEC;
}

SEC("syscall")
int hf_arm(struct hf_arm_args *args)
{
	return master_timer_arm(args);
}

SEC("syscall")
int hf_bfd_arm(struct hf_arm_args *args)
{
	return bfd_timer_arm(args);
}

char hf_license[] SEC("license") = "Dual BSD/GPL";
