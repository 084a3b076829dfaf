/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Is this advert one that the state machine may act on? RFC 9568 section 7.1, RFC 3768 section 7.1,
 * and what keepalived does beyond them. Compiled into the BPF programs, the daemon's raw-socket
 * fallback and the unit tests, so that every path refuses the same packets.
 *
 * What is cheap is checked first and the checksum last: a forger pays more than we do. The caller
 * has found the instance by interface, family and VRID; here nothing is looked up.
 */
#ifndef HF_VRRP_ADVERT_H
#define HF_VRRP_ADVERT_H

#include "hf_abi.h"
#include "ipaddr.h"
#include "vrrp_wire.h"

#define VRRP_ADVERT_INLINE static inline __attribute__((always_inline))

/* The IP packet around a VRRP message. */
struct vrrp_packet {
	struct ipaddr source, destination;
	__u32 len; /* of the IP payload by the IP header: padding of the frame is not part of it */
	__u8 ttl;  /* or hop limit */
};

/* What an accepted advert says. */
struct vrrp_heard {
	__u32 interval_us;
	__u8 priority;
	__u8 count;	    /* addresses */
	__u8 checksum_form; /* enum hf_checksum */
	__u8 list_differs;  /* its addresses are not those of `cfg`; by vrrp_list_differs() */
};

VRRP_ADVERT_INLINE int vrrp_address_equal(const struct ipaddr *a, const struct ipaddr *b)
{
	__u32 x[4], y[4];

	__builtin_memcpy(x, a, sizeof(x));
	__builtin_memcpy(y, b, sizeof(y));
	return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3])) == 0;
}

VRRP_ADVERT_INLINE int vrrp_is_multicast(const struct ipaddr *a, __u8 family)
{
	return family == 4 ? (a->b[12] & 0xf0) == 0xe0 : a->b[0] == 0xff;
}

/* The source, the destination and the TTL are what this instance's peers use: no message needed. */
VRRP_ADVERT_INLINE enum hf_verdict_reason vrrp_check_addresses(const struct vrrp_packet *pkt,
							       const struct hf_inst_cfg *cfg,
							       const struct hf_peer *peer)
{
	int multicast = (cfg->flags & HF_CFG_MULTICAST) != 0;

	if (vrrp_is_multicast(&pkt->destination, cfg->family) != multicast)
		return HF_V_DESTINATION;
	if (multicast && pkt->ttl != VRRP_TTL)
		return HF_V_TTL;
	if (vrrp_address_equal(&pkt->source, &cfg->address))
		return HF_V_OWN_SOURCE;
	if (!peer)
		return cfg->flags & HF_CFG_CHECK_SOURCE ? HF_V_SOURCE : HF_V_ACCEPTED;
	if (!multicast && (pkt->ttl < peer->min_ttl || pkt->ttl > peer->max_ttl))
		return HF_V_TTL;
	return HF_V_ACCEPTED;
}

/* All eight octets are always compared: the time taken tells nothing about the password. */
VRRP_ADVERT_INLINE int vrrp_password_equal(const __u8 *a, const __u8 *b)
{
	__u8 differs = 0;

	for (int i = 0; i < VRRP_V2_AUTH_LEN; i++)
		differs |= a[i] ^ b[i];
	return !differs;
}

/*
 * Has the compiler forget what it knows of `v`: the test of a bound that it would leave out stands,
 * for the verifier, which has lost sight of that bound when the value comes back from the stack.
 */
#define VRRP_FORGET(v) __asm__ volatile("" : "+r"(v))

/* Version 2: the password, eight octets behind the addresses, then the interval. */
VRRP_ADVERT_INLINE enum hf_verdict_reason vrrp_check_v2(const __u8 *msg, const __u8 *end,
							const struct hf_inst_cfg *cfg,
							struct vrrp_heard *heard)
{
	__u64 at = VRRP_HDR_LEN + 4ull * heard->count;
	const __u8 *auth;

	VRRP_FORGET(at);
	if (at > VRRP_MAX_LEN)
		return HF_V_LENGTH;
	auth = msg + at;
	if (auth + VRRP_V2_AUTH_LEN > end)
		return HF_V_TRUNCATED;
	if (msg[VRRP_OFF_AUTH_TYPE] != cfg->auth_type)
		return HF_V_AUTH_TYPE;
	if (cfg->auth_type == VRRP_AUTH_PASS && !vrrp_password_equal(auth, cfg->auth_data))
		return HF_V_PASSWORD;
	heard->interval_us = msg[VRRP_OFF_INTERVAL_S] * 1000000u;
	return heard->interval_us == cfg->interval_us ? HF_V_ACCEPTED : HF_V_INTERVAL;
}

/* Version 3 follows the master's interval, whatever it is; zero would be a deadline of now. */
VRRP_ADVERT_INLINE enum hf_verdict_reason vrrp_check_v3(const __u8 *msg, struct vrrp_heard *heard)
{
	__u32 cs = (msg[VRRP_OFF_INTERVAL_CS] & 0x0fu) << 8 | msg[VRRP_OFF_INTERVAL_CS + 1];

	heard->interval_us = cs * 10000u;
	return cs ? HF_V_ACCEPTED : HF_V_INTERVAL;
}

/* Ones' complement sum of an address's 16-bit words. */
VRRP_ADVERT_INLINE __u32 vrrp_sum_address(const struct ipaddr *a)
{
	__u32 sum = 0;

	for (int i = 0; i < 16; i += 2)
		sum += (__u32)a->b[i] << 8 | a->b[i + 1];
	return sum;
}

VRRP_ADVERT_INLINE int vrrp_sum_is_good(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/*
 * Finds the form in which the checksum of a message with 16-bit sum `sum` is right, or -1. One sum
 * over the sixteen octets serves both families' pseudo-headers: the ff:ff of an IPv4-mapped address
 * is the ones' complement zero, and the length and protocol words are the same.
 */
VRRP_ADVERT_INLINE int vrrp_checksum_form(__u32 sum, const struct vrrp_packet *pkt,
					  const struct hf_inst_cfg *cfg)
{
	const __u32 group = 0xe000 + 0x0012; /* VRRP_GROUP_V4 */
	__u32 pseudo = sum + vrrp_sum_address(&pkt->source) + VRRP_IPPROTO + pkt->len;

	if (cfg->version == 2)
		return vrrp_sum_is_good(sum) ? HF_CSUM_PLAIN : -1;
	if (vrrp_sum_is_good(pseudo + vrrp_sum_address(&pkt->destination)))
		return HF_CSUM_PSEUDO;
	if (cfg->family != 4)
		return -1;
	if (vrrp_sum_is_good(sum))
		return HF_CSUM_PLAIN;
	return vrrp_sum_is_good(pseudo + group) ? HF_CSUM_PSEUDO_GROUP : -1;
}

/*
 * The sum of the `len` octets at `msg`, a multiple of four and at most VRRP_MAX_LEN, or -1 if they
 * run past `end`. The bound is tested for every word: the BPF verifier does not follow a comparison
 * of a variable length.
 */
VRRP_ADVERT_INLINE int vrrp_sum_message(const __u8 *msg, const __u8 *end, __u32 len)
{
	int sum = 0;

	for (__u32 at = 0; at < VRRP_MAX_LEN && at < len; at += 4) {
		const __u8 *p = msg + at;

		if (p + 4 > end)
			return -1;
		sum += (p[0] << 8 | p[1]) + (p[2] << 8 | p[3]);
	}
	return sum;
}

/*
 * What two lists of addresses are compared by, whatever their order: the sum of their 32-bit words,
 * each well mixed with its place in the address, so that neither a word more nor another one goes
 * unnoticed. A difference is reported, no more: nothing needs to withstand one made on purpose.
 */
VRRP_ADVERT_INLINE __u32 vrrp_list_word(const __u8 *p, __u32 place)
{
	__u32 word = ((__u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]) + place * 0x9e3779b9u;

	word = (word ^ word >> 16) * 0x85ebca6bu;
	word = (word ^ word >> 13) * 0xc2b2ae35u;
	return word ^ word >> 16;
}

/* Of the `len` octets of addresses in the message at `msg`; `family` 4 or 6. */
VRRP_ADVERT_INLINE __u32 vrrp_list_sum(const __u8 *msg, const __u8 *end, __u32 len, __u8 family)
{
	__u32 sum = 0;

	for (__u32 at = 0; at < VRRP_MAX_LEN - VRRP_HDR_LEN && at < len; at += 4) {
		const __u8 *p = msg + VRRP_HDR_LEN + at;

		if (p + 4 > end)
			return 0;
		sum += vrrp_list_word(p, family == 4 ? 0 : at & 12);
	}
	return sum;
}

VRRP_ADVERT_INLINE __u32 vrrp_list_len(__u8 family, __u8 count)
{
	return count * (family == 4 ? 4u : 16u);
}

VRRP_ADVERT_INLINE int vrrp_list_differs(const struct hf_inst_cfg *cfg, __u8 count, __u32 sum)
{
	return cfg->list_count != count || cfg->list_sum != sum;
}

/* Is this the first advert in a while whose addresses are not ours? */
VRRP_ADVERT_INLINE int vrrp_list_is_news(__u64 last_ns, __u64 now_ns, __u32 interval_us)
{
	__u64 quiet_ns = 4000ull * interval_us; /* four adverts */

	if (quiet_ns < HF_LIST_QUIET_NS)
		quiet_ns = HF_LIST_QUIET_NS;
	return last_ns == 0 || (__s64)(now_ns - last_ns) > (__s64)quiet_ns;
}

/* The first half of vrrp_advert_check(): all but the checksum. Fills all of `heard` but its form.
 */
VRRP_ADVERT_INLINE enum hf_verdict_reason vrrp_advert_check_fields(const __u8 *msg, const __u8 *end,
								   const struct vrrp_packet *pkt,
								   const struct hf_inst_cfg *cfg,
								   const struct hf_peer *peer,
								   struct vrrp_heard *heard)
{
	enum hf_verdict_reason reason = vrrp_check_addresses(pkt, cfg, peer);
	__u32 len = VRRP_HDR_LEN;

	if (reason != HF_V_ACCEPTED)
		return reason;
	if (pkt->len < VRRP_HDR_LEN || msg + VRRP_HDR_LEN > end)
		return HF_V_TRUNCATED;
	if (msg[VRRP_OFF_VERS_TYPE] >> 4 != cfg->version)
		return HF_V_VERSION;
	if ((msg[VRRP_OFF_VERS_TYPE] & 0x0f) != VRRP_TYPE_ADVERT)
		return HF_V_TYPE;
	heard->priority = msg[VRRP_OFF_PRIORITY];
	heard->count = msg[VRRP_OFF_COUNT];
	if (heard->count > VRRP_MAX_ADDRS)
		return HF_V_LENGTH;
	len += vrrp_list_len(cfg->family, heard->count);
	if (cfg->version == 2)
		len += VRRP_V2_AUTH_LEN;
	if (pkt->len != len)
		return HF_V_LENGTH;
	return cfg->version == 2 ? vrrp_check_v2(msg, end, cfg, heard) : vrrp_check_v3(msg, heard);
}

/* The second half: `sum` is that of the message, by vrrp_sum_message(). */
VRRP_ADVERT_INLINE enum hf_verdict_reason vrrp_advert_check_sum(int sum,
								const struct vrrp_packet *pkt,
								const struct hf_inst_cfg *cfg,
								struct vrrp_heard *heard)
{
	int form = sum < 0 ? -1 : vrrp_checksum_form((__u32)sum, pkt, cfg);

	if (sum < 0)
		return HF_V_TRUNCATED;
	if (form < 0)
		return HF_V_CHECKSUM;
	heard->checksum_form = (__u8)form;
	return HF_V_ACCEPTED;
}

/*
 * Checks the VRRP message at `msg` against the instance `cfg`; readable memory ends at `end`, which
 * may lie before or behind the message's. `peer` is the hf_peer entry of the source, NULL if it has
 * none. Returns HF_V_ACCEPTED and fills `heard`, or the reason for refusing it. The BPF programs
 * call the halves, as the verifier must not meet the loop once for every way through the first.
 */
VRRP_ADVERT_INLINE enum hf_verdict_reason vrrp_advert_check(const __u8 *msg, const __u8 *end,
							    const struct vrrp_packet *pkt,
							    const struct hf_inst_cfg *cfg,
							    const struct hf_peer *peer,
							    struct vrrp_heard *heard)
{
	enum hf_verdict_reason reason = vrrp_advert_check_fields(msg, end, pkt, cfg, peer, heard);

	if (reason == HF_V_ACCEPTED)
		reason =
		    vrrp_advert_check_sum(vrrp_sum_message(msg, end, pkt->len), pkt, cfg, heard);
	if (reason != HF_V_ACCEPTED || !(cfg->flags & HF_CFG_CHECK_LIST))
		return reason;
	heard->list_differs = (__u8)vrrp_list_differs(
	    cfg, heard->count,
	    vrrp_list_sum(msg, end, vrrp_list_len(cfg->family, heard->count), cfg->family));
	return reason;
}

#endif
