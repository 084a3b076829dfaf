/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Counts the packets to and from shared addresses. Counting never decides what becomes of a packet.
 */
#ifndef HF_TRAFFIC_BPF_H
#define HF_TRAFFIC_BPF_H

#include "maps.bpf.h"
#include "parsing.bpf.h"

#define TCP_OFF_FLAGS 13
#define TCP_FIN	      0x01
#define TCP_SYN	      0x02
#define TCP_RST	      0x04
#define TCP_ACK	      0x10

static __always_inline void traffic_count_tcp(struct hf_traffic *t, const struct packet *p)
{
	const __u8 *tcp = p->l4;
	__u8 flags;

	if (tcp + TCP_OFF_FLAGS + 1 > (const __u8 *)p->end)
		return;
	flags = tcp[TCP_OFF_FLAGS];
	if (flags & TCP_SYN) {
		if (flags & TCP_ACK)
			t->tcp_syn_ack++;
		else
			t->tcp_syn++;
	}
	if (flags & TCP_FIN)
		t->tcp_fin++;
	if (flags & TCP_RST)
		t->tcp_rst++;
}

/* Counts `p` in `counters` if its address on `side` is shared. Most packets end at the filter. */
static __always_inline void traffic_count(const struct packet *p, enum packet_side side,
					  void *counters)
{
	__u8 last = packet_last_octet(p, side);
	struct hf_traffic *t;
	struct ipaddr addr;
	__u32 *vip;

	if (!(hf_vip_filter[last >> 6] >> (last & 63) & 1))
		return;
	packet_address(p, side, &addr);
	vip = bpf_map_lookup_elem(&hf_vip_idx, &addr);
	if (!vip)
		return;
	t = bpf_map_lookup_elem(counters, vip);
	if (!t)
		return;
	t->packets += p->segs;
	t->bytes += p->len;
	t->last_ns = bpf_ktime_get_coarse_ns(); /* the exact clock costs more than all the rest */
	if (p->fragment)
		t->fragments++;
	else if (p->protocol == IPPROTO_TCP)
		traffic_count_tcp(t, p);
	else if (p->protocol == IPPROTO_UDP)
		t->udp += p->segs;
	else if (p->protocol == (p->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		t->icmp++;
}

#endif
