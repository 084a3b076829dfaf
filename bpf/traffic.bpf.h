/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Counts the packets to and from shared addresses. Counting never changes the verdict on a packet.
 */
#ifndef HF_TRAFFIC_BPF_H
#define HF_TRAFFIC_BPF_H

#include "maps.bpf.h"
#include "parsing.bpf.h"

#define TCP_OFF_SEQ   4
#define TCP_OFF_FLAGS 13
#define TCP_FIN	      0x01
#define TCP_SYN	      0x02
#define TCP_RST	      0x04
#define TCP_ACK	      0x10

enum conn_event { CONN_NONE, CONN_SYN, CONN_SYN_ACK, CONN_REFUSED, CONN_RESET };

static __always_inline void conn_add(__u32 vip, __u16 port_be, enum conn_event event)
{
	struct hf_conn_key key = {.vip = vip, .port_be = port_be};
	struct hf_conn *conn = bpf_map_lookup_elem(&hf_conn, &key);

	if (!conn)
		return;
	if (event == CONN_SYN)
		conn->syn++;
	else if (event == CONN_SYN_ACK)
		conn->syn_ack++;
	else if (event == CONN_REFUSED)
		conn->refused++;
	else
		conn->reset++;
}

/* A global function: the key is not on the stack of the programs, and the verifier checks it once.
 */
__noinline int conn_count(__u32 vip, __u32 port_be, __u32 event)
{
	conn_add(vip, (__u16)port_be, event);
	conn_add(vip, 0, event);
	return 0;
}

/* What the segment at `tcp`, whose header is readable up to its flags, means for a check. */
static __always_inline enum conn_event conn_event_of(const __u8 *tcp, __u8 flags,
						     enum packet_side side)
{
	flags &= TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK;
	if (side == PACKET_DESTINATION)
		return flags == TCP_SYN ? CONN_SYN : CONN_NONE;
	if (flags == (TCP_SYN | TCP_ACK))
		return CONN_SYN_ACK;
	if ((flags & (TCP_RST | TCP_ACK)) != (TCP_RST | TCP_ACK))
		return CONN_NONE;
	return *(const __u32 *)(tcp + TCP_OFF_SEQ) == 0 ? CONN_REFUSED : CONN_RESET;
}

static __always_inline void conn_look(__u32 vip, const __u8 *tcp, __u8 flags, enum packet_side side)
{
	enum conn_event event;

	if (!(hf_vip_conns[vip / 64 % (HF_MAX_VIPS / 64)] >> vip % 64 & 1))
		return;
	event = conn_event_of(tcp, flags, side);
	if (event != CONN_NONE) /* in a packet to us our port is the destination */
		conn_count(vip, ((const __u16 *)tcp)[side == PACKET_DESTINATION], event);
}

static __always_inline void traffic_count_tcp(struct hf_traffic *t, const struct packet *p,
					      enum packet_side side, __u32 vip)
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
	if (flags & (TCP_SYN | TCP_RST))
		conn_look(vip, tcp, flags, side);
}

/* Counts `p` in `counters`, hf_vip_rx or hf_vip_tx, if its address on `side` is shared. The filter
 * excludes most other packets without a lookup. */
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
	t->last_ns = bpf_ktime_get_coarse_ns(); /* the exact clock costs more than the rest of this
						 * function */
	if (p->fragment)
		t->fragments++;
	else if (p->protocol == IPPROTO_TCP)
		traffic_count_tcp(t, p, side, *vip);
	else if (p->protocol == IPPROTO_UDP)
		t->udp += p->segs;
	else if (p->protocol == (p->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		t->icmp++;
}

#endif
