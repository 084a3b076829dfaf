// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The kernel half. hf_xdp sees what comes in, hf_tc_in does the same where XDP cannot be attached,
 * hf_tc_out sees what goes out, hf_arm starts an instance's timer for the daemon.
 *
 * Ordinary traffic has the right of way: it costs a parse and one test of a bit, reads no clock,
 * and whatever is unexpected passes. Rejected: generic XDP, which is slower than TC and sees no
 * more.
 */
#include "kernel.bpf.h"

#include "advert.bpf.h"
#include "maps.bpf.h"
#include "parsing.bpf.h"
#include "timer.bpf.h"
#include "traffic.bpf.h"

/* Not a verdict: the next filter decides, and without one the packet passes. */
#define TC_ACT_UNSPEC (-1)
#define TC_ACT_SHOT   2

/* Octets that must be linear: up to TCP's flags behind two tags and an IPv6 header ... */
#define LINEAR_HEADERS 76
/* ... and of an advert all of it, behind IPv4 options or not. */
#define LINEAR_ADVERT (14 + 4 * VLAN_MAX_DEPTH + 60 + VRRP_MAX_LEN)

SEC("xdp")
int hf_xdp(struct xdp_md *ctx)
{
	struct packet p = {.ctx = ctx, .ifindex = ctx->ingress_ifindex, .segs = 1};

	if (!packet_parse(&p, (void *)(long)ctx->data, (void *)(long)ctx->data_end))
		return XDP_PASS;
	if (p.protocol == VRRP_IPPROTO)
		return advert_receive(&p) ? XDP_DROP : XDP_PASS;
	traffic_count(&p, PACKET_DESTINATION, &hf_vip_rx);
	return XDP_PASS;
}

/* Parses an skb of which at least `need` octets, or all, are made linear first. */
static __always_inline bool skb_parse(struct packet *p, struct __sk_buff *skb, __u32 need)
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
	if (!packet_parse(p, (void *)(long)skb->data, (void *)(long)skb->data_end))
		return false;
	if (skb->vlan_present)
		p->vid |= skb->vlan_tci & VLAN_VID_MASK;
	return true;
}

SEC("tc")
int hf_tc_in(struct __sk_buff *skb)
{
	struct packet p;

	if (!skb_parse(&p, skb, LINEAR_HEADERS))
		return TC_ACT_UNSPEC;
	if (p.protocol != VRRP_IPPROTO) {
		traffic_count(&p, PACKET_DESTINATION, &hf_vip_rx);
		return TC_ACT_UNSPEC;
	}
	if (!skb_parse(&p, skb, LINEAR_ADVERT))
		return TC_ACT_UNSPEC;
	return advert_receive(&p) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("tc")
int hf_tc_out(struct __sk_buff *skb)
{
	struct packet p;

	if (!skb_parse(&p, skb, LINEAR_HEADERS))
		return TC_ACT_UNSPEC;
	if (p.protocol == VRRP_IPPROTO)
		advert_sent(&p);
	else
		traffic_count(&p, PACKET_SOURCE, &hf_vip_tx);
	return TC_ACT_UNSPEC;
}

SEC("syscall")
int hf_arm(struct hf_arm_args *args)
{
	return timer_arm(args);
}

char hf_license[] SEC("license") = "Dual BSD/GPL";
