/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * S-BFD between nodes (RFC 7880, RFC 7881): answers the probes of configured peers in the softirq
 * that received them, so that an answer waits for no process. It also records the answers to our
 * own probes. include/sbfd_rules.h and sbfd_watch.h define which packets are allowed, the contents
 * of an answer, and what is recorded.
 *
 * Probes of unknown senders pass, because they may be for another reflector on this host. Where
 * instances advertise by multicast, an entry with the address 0.0.0.0 or :: answers every sender on
 * the link. An invalid packet of a peer is dropped. The answers depend on no state of the sender;
 * the recorded state is for the daemon to read.
 */
#ifndef HF_SBFD_BPF_H
#define HF_SBFD_BPF_H

#include "maps.bpf.h"
#include "parsing.bpf.h"
#include "sbfd_watch.h"
#include "timer.bpf.h"
#include "verdict.bpf.h"

#define UDP_LEN		 8
#define UDP_OFF_CHECKSUM 6
#define IP_OFF_TTL	 8
#define IP_OFF_CHECKSUM	 10
#define IPV6_OFF_HOPS	 7
/* For bpf_l4_csum_replace(): 0 stays 0, and a result of 0 becomes ffff. vmlinux.h has no macros. */
#define BPF_F_MARK_MANGLED_0 (1ULL << 5)
#define ETH_ADDR_LEN	     6

/* What happens to a packet. */
enum sbfd_fate {
	SBFD_PASS,   /* not ours */
	SBFD_DROP,   /* refused, or an answer that was recorded */
	SBFD_ANSWER, /* a probe: sbfd_turn() turns it into the answer, which is sent back */
};

static __always_inline __u16 get16(const __u8 *p)
{
	return bpf_ntohs(*(const __be16 *)p);
}

/* Is this a UDP packet of S-BFD? Checks only its ports. */
static __always_inline bool sbfd_is_one(const struct packet *p)
{
	const __u8 *udp = p->l4;

	if (p->protocol != IPPROTO_UDP || p->fragment || p->vid)
		return false;
	if (udp + UDP_LEN > (const __u8 *)p->end)
		return false;
	return get16(udp) == SBFD_PORT || get16(udp + 2) == SBFD_PORT;
}

static __always_inline bool address_equal(const struct ipaddr *x, const struct ipaddr *y)
{
	__u64 a[2], b[2];

	__builtin_memcpy(a, x, sizeof(a));
	__builtin_memcpy(b, y, sizeof(b));
	return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

static __always_inline bool is_to(const struct packet *p, const struct ipaddr *address)
{
	struct ipaddr destination;

	packet_address(p, PACKET_DESTINATION, &destination);
	return address_equal(&destination, address);
}

/* Records a valid answer. It wakes the daemon only if sbfd_note_answer() says so. */
static __always_inline void answer_note(__u32 slot, const struct hf_sbfd_cfg *cfg,
					struct hf_sbfd_state *st, const struct bfd_packet *pkt,
					__u64 now)
{
	if (sbfd_note_answer(st, cfg, pkt, now)) {
		struct hf_event ev = {
		    .at_ns = now, .type = HF_EV_SBFD, .slot = slot, .generation = cfg->generation};

		event_send_counted(&st->events_lost, &ev);
	}
}

/* Judges and records a packet of the peer in `slot`. With BFD_ACCEPTED it sets `*fate` and `*now`,
 * because a second look at the clock would be a quarter of the cost of an answer. */
static __always_inline enum bfd_refusal sbfd_check(const struct packet *p, __u32 slot,
						   const struct hf_sbfd_cfg *cfg,
						   struct hf_sbfd_state *st, enum sbfd_fate *fate,
						   __u64 *now)
{
	const __u8 *udp = p->l4;
	struct sbfd_datagram dgram = {.ttl = p->ttl, .min_ttl = cfg->min_ttl};
	bool is_probe = get16(udp + 2) == SBFD_PORT;
	struct bfd_packet pkt = {};
	enum bfd_refusal refusal;
	__u16 len = get16(udp + 4);

	if (len < UDP_LEN || len > p->payload_len)
		return BFD_R_TRUNCATED;
	dgram.len = len - UDP_LEN;
	dgram.source_port = get16(udp);
	refusal = sbfd_judge(udp + UDP_LEN, p->end, &dgram, cfg, is_probe, &pkt);
	if (refusal != BFD_ACCEPTED)
		return refusal;
	*fate = is_probe ? SBFD_ANSWER : SBFD_DROP;
	*now = bpf_ktime_get_ns();
	if (is_probe)
		sbfd_note_probe(st, &pkt, *now);
	else
		answer_note(slot, cfg, st, &pkt, *now);
	return BFD_ACCEPTED;
}

/* Finds the entry of the sender, else the entry for all senders: 0.0.0.0 or ::. Sets key->address
 * to the source address. */
static __always_inline __u32 *entry_of(const struct packet *p, struct hf_sbfd_key *key)
{
	__u32 *slot;

	packet_address(p, PACKET_SOURCE, &key->address);
	slot = bpf_map_lookup_elem(&hf_sbfd_idx, key);
	if (slot)
		return slot;
	if (p->family == 4)
		__builtin_memset(key->address.b + 12, 0, 4);
	else
		__builtin_memset(key->address.b, 0, sizeof(key->address.b));
	slot = bpf_map_lookup_elem(&hf_sbfd_idx, key);
	packet_address(p, PACKET_SOURCE, &key->address); /* for the counters */
	return slot;
}

/* Handles a packet for which sbfd_is_one() is true. With SBFD_ANSWER `*gate` is the state of the
 * answer. */
static __always_inline enum sbfd_fate sbfd_receive(const struct packet *p, enum bfd_state *gate)
{
	struct hf_sbfd_key key = {.ifindex = p->ifindex};
	const __u8 *udp = p->l4;
	enum sbfd_fate fate = SBFD_DROP;
	const struct hf_sbfd_gate *g;
	struct hf_sbfd_state *st;
	struct hf_sbfd_cfg *cfg;
	enum bfd_refusal refusal;
	__u32 zero = 0, *slot;
	__u64 now = 0;

	slot = entry_of(p, &key);
	if (!slot) {
		if (get16(udp + 2) == SBFD_PORT)
			verdict_count(p, &key.address, HF_V_BFD + BFD_R_SOURCE);
		return SBFD_PASS;
	}
	cfg = bpf_map_lookup_elem(&hf_sbfd_cfg, slot);
	st = bpf_map_lookup_elem(&hf_sbfd_state, slot);
	g = bpf_map_lookup_elem(&hf_sbfd_gate, &zero);
	if (!cfg || !st || !g || p->options || !is_to(p, &cfg->address))
		return SBFD_PASS;
	if (get16(udp + 2) != SBFD_PORT && get16(udp + 2) != cfg->probe_port)
		return SBFD_PASS; /* an answer to another initiator of this host */
	refusal = sbfd_check(p, *slot, cfg, st, &fate, &now);
	verdict_count(p, &key.address, HF_V_BFD + refusal);
	if (fate == SBFD_ANSWER)
		*gate = sbfd_gate_state(*(volatile __u64 *)&g->alive_ns, cfg->gate_ns, now);
	return fate;
}

/* Exchanges `len` octets, an even number, at even addresses. */
static __always_inline void swap(__u8 *a, __u8 *b, int len)
{
	__u16 *x = (__u16 *)a, *y = (__u16 *)b;

	for (int i = 0; i < len / 2; i++) {
		__u16 t = x[i];

		x[i] = y[i];
		y[i] = t;
	}
}

/* Turns the IP header into that of the answer: exchanges the addresses and sets the TTL to 255. */
static __always_inline void ip_turn(const struct packet *p)
{
	__u8 *ip = p->l3;
	__u32 diff = 0;
	__u16 sum;

	if (p->family == 6) {
		ip[IPV6_OFF_HOPS] = BFD_TTL;
		swap(ip + 8, ip + 24, 16);
		return;
	}
	sbfd_put_word(ip + IP_OFF_TTL, BFD_TTL << 8 | IPPROTO_UDP, &diff);
	sum = sbfd_new_checksum(get16(ip + IP_OFF_CHECKSUM), diff);
	ip[IP_OFF_CHECKSUM] = sum >> 8;
	ip[IP_OFF_CHECKSUM + 1] = sum & 0xff;
	swap(ip + 12, ip + 16, 4);
}

/*
 * Turns the probe in the frame of `p` at `data` into its answer with the state `state`, except for
 * the UDP checksum: `*diff` is the change of its sum. Returns false if the frame is too short,
 * which cannot happen but which the verifier considers possible.
 */
static __always_inline bool sbfd_turn(const struct packet *p, __u8 *data, enum bfd_state state,
				      __u32 *diff)
{
	__u8 *udp = p->l4;

	if (data + 2 * ETH_ADDR_LEN > (__u8 *)p->end || udp + UDP_LEN + BFD_LEN > (__u8 *)p->end)
		return false;
	swap(data, data + ETH_ADDR_LEN, ETH_ADDR_LEN);
	ip_turn(p);
	swap(udp, udp + 2, 2);
	*diff = sbfd_reflect(udp + UDP_LEN, state);
	return true;
}

#endif
