/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Parses a frame into the properties of its IP packet that the programs need. Numbers are in host
 * byte order. */
#ifndef HF_PARSING_BPF_H
#define HF_PARSING_BPF_H

#include "kernel.bpf.h"

#include "ipaddr.h"
#include "vrrp_wire.h"

#define ETH_P_IP	 0x0800
#define ETH_P_IPV6	 0x86dd
#define ETH_P_8021Q	 0x8100
#define ETH_P_8021AD	 0x88a8

#define VLAN_MAX_DEPTH	 2 /* 802.1ad: a provider's tag and the customer's */
#define VLAN_VID_MASK	 0x0fff
#define L3_MAX_OFFSET	 (14 + 4 * VLAN_MAX_DEPTH)

#define IPPROTO_ICMP	 1
#define IPPROTO_TCP	 6
#define IPPROTO_UDP	 17
#define IPPROTO_FRAGMENT 44 /* IPv6 extension header */
#define IPPROTO_ICMPV6	 58

#define IP_OFFMASK	 0x1fff
#define IP_MF		 0x2000

struct packet {
	void *l3, *l4, *end; /* the fixed IP header at l3 is readable; the rest up to `end` needs a
			      * bounds check */
	void *ctx;	     /* of the program: struct __sk_buff, or struct xdp_md */
	bool is_skb;
	__u32 l3_offset, l4_offset; /* in the frame */
	__u32 ifindex;
	__u32 segs;	   /* packets on the wire (GSO, GRO) */
	__u32 len;	   /* octets from the IP header on, by the IP header */
	__u32 payload_len; /* after the IP header and its options */
	__u16 vid;	/* not 0: on a VLAN inside the interface; the value has no other meaning */
	__u16 frag_off; /* not 0: a later fragment, which has no transport header */
	__u8 family;	/* 4 or 6 */
	__u8 protocol;
	__u8 ttl;     /* or hop limit */
	bool options; /* IPv4 */
	bool fragment;
};

static __always_inline bool packet_parse_ipv4(struct packet *p)
{
	struct iphdr *ip = p->l3;
	__u32 header_len;
	__u16 frag;

	if ((void *)(ip + 1) > p->end || ip->version != 4 || ip->ihl < 5)
		return false;
	header_len = ip->ihl * 4;
	frag = bpf_ntohs(ip->frag_off);
	p->len = bpf_ntohs(ip->tot_len);
	if (p->len < header_len)
		return false;
	p->payload_len = p->len - header_len;
	p->l4 = p->l3 + header_len;
	p->l4_offset = p->l3_offset + header_len;
	p->family = 4;
	p->protocol = ip->protocol;
	p->ttl = ip->ttl;
	p->options = header_len > sizeof(*ip);
	p->fragment = frag & (IP_MF | IP_OFFMASK);
	p->frag_off = frag & IP_OFFMASK;
	return true;
}

/* Data after an extension header is not parsed: no advert has one. */
static __always_inline bool packet_parse_ipv6(struct packet *p)
{
	struct ipv6hdr *ip = p->l3;

	if ((void *)(ip + 1) > p->end || ip->version != 6)
		return false;
	p->payload_len = bpf_ntohs(ip->payload_len);
	p->len = p->payload_len + sizeof(*ip);
	p->l4 = ip + 1;
	p->l4_offset = p->l3_offset + sizeof(*ip);
	p->family = 6;
	p->protocol = ip->nexthdr;
	p->ttl = ip->hop_limit;
	p->options = false;
	p->fragment = ip->nexthdr == IPPROTO_FRAGMENT;
	p->frag_off = 0;
	return true;
}

/* Fills `p` from a frame, except the members that the caller knows (ctx, is_skb, ifindex, segs).
 * False: not IP, or too short. */
static __always_inline bool packet_parse(struct packet *p, void *data, void *end)
{
	struct ethhdr *eth = data;
	__be16 ethertype;

	p->l3_offset = sizeof(*eth);
	p->l3 = eth + 1;
	p->end = end;
	p->vid = 0;
	if (p->l3 > end)
		return false;
	ethertype = eth->h_proto;
#pragma unroll
	for (int i = 0; i < VLAN_MAX_DEPTH; i++) {
		struct vlan_hdr *vlan = p->l3;

		if (ethertype != bpf_htons(ETH_P_8021Q) && ethertype != bpf_htons(ETH_P_8021AD))
			break;
		if ((void *)(vlan + 1) > end)
			return false;
		p->vid |= vlan->h_vlan_TCI & bpf_htons(VLAN_VID_MASK);
		ethertype = vlan->h_vlan_encapsulated_proto;
		p->l3 = vlan + 1;
		p->l3_offset += sizeof(*vlan);
	}
	if (ethertype == bpf_htons(ETH_P_IP))
		return packet_parse_ipv4(p);
	if (ethertype == bpf_htons(ETH_P_IPV6))
		return packet_parse_ipv6(p);
	return false;
}

/*
 * Parses the IP packet at `l3_offset` of a frame. For global functions to which a program passes
 * what packet_parse() has found: the verifier then follows one offset, and not one for each number
 * of tags. The packet is on no VLAN inside the interface.
 */
static __always_inline bool packet_parse_ip(struct packet *p, void *data, void *end,
					    __u32 l3_offset, __u32 family)
{
	__u64 at = l3_offset;
	__u32 known; /* for the verifier, which does not relate a second test of `family` to the
			first */

	VRRP_FORGET(data); /* the pointer itself, of whose half clang would make a number */
	VRRP_FORGET(at);
	if (at > L3_MAX_OFFSET)
		return false;
	p->l3 = data + at;
	VRRP_FORGET(p->l3);
	p->l3_offset = l3_offset;
	p->end = end;
	p->vid = 0;
	if (family == 4) {
		if (!packet_parse_ipv4(p))
			return false;
		known = 4;
		VRRP_FORGET(known);
	} else {
		if (!packet_parse_ipv6(p))
			return false;
		known = 6;
		VRRP_FORGET(known);
	}
	p->family = known;
	return true;
}

enum packet_side { PACKET_SOURCE, PACKET_DESTINATION };

/* The sixteen or four octets of an address in the IP header, which packet_parse() has checked. */
static __always_inline const __u8 *packet_address_at(const struct packet *p, enum packet_side side)
{
	if (p->family == 4)
		return p->l3 + (side == PACKET_SOURCE ? 12 : 16);
	return p->l3 + (side == PACKET_SOURCE ? 8 : 24);
}

static __always_inline __u8 packet_last_octet(const struct packet *p, enum packet_side side)
{
	return packet_address_at(p, side)[p->family == 4 ? 3 : 15];
}

static __always_inline void packet_address(const struct packet *p, enum packet_side side,
					   struct ipaddr *out)
{
	const __u32 *at = (const __u32 *)packet_address_at(p, side);
	__u32 *word = (__u32 *)out->b;

	if (p->family == 4) {
		word[0] = word[1] = 0;
		word[2] = bpf_htonl(0xffff);
		word[3] = at[0];
	} else {
		for (int i = 0; i < 4; i++)
			word[i] = at[i];
	}
}

#endif
