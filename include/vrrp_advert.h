/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Decides whether the state machine may act on an advert: RFC 9568 section 7.1, RFC 3768 section
 * 7.1, and keepalived's additional checks. Compiled into the BPF programs, the raw mode of the
 * daemon and the unit tests, so that every path refuses the same packets.
 *
 * Cheap checks come first and the checksum last, so that a forged packet costs little. The caller
 * has found the instance by interface, family and VRID; nothing is looked up here.
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
	__u32 len; /* of the IP payload by the IP header, without the padding of the frame */
	__u8 ttl;  /* or hop limit */
};

/* The contents of an accepted advert, in host byte order. */
struct vrrp_heard {
	__u32 interval_us;
	__u8 priority;
	__u8 count;	    /* addresses */
	__u8 checksum_form; /* enum hf_checksum */
	__u8 has_trailer;   /* of auth_hmac; vrrp_verify.h checks it */
	__u8 list_differs;  /* its addresses are not those of `cfg`; see vrrp_list_differs() */
	__u16 len;	    /* of the message without the trailer, octets */
	__u32 list_sum;	    /* this and `first` are set if list_differs */
	struct ipaddr first;
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

/* Checks source, destination and TTL against the peers of this instance. Does not read the
 * message. */
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

/* Always compares all eight octets, so that the time does not depend on the password. */
VRRP_ADVERT_INLINE int vrrp_password_equal(const __u8 *a, const __u8 *b)
{
	__u8 differs = 0;

	for (int i = 0; i < VRRP_V2_AUTH_LEN; i++)
		differs |= a[i] ^ b[i];
	return !differs;
}

/* Version 2: checks the password, which is in the eight octets after the addresses, then the
 * interval. */
VRRP_ADVERT_INLINE enum hf_verdict_reason vrrp_check_v2(const __u8 *msg, const __u8 *end,
							const struct hf_inst_cfg *cfg,
							struct vrrp_heard *heard)
{
	__u64 at = VRRP_HDR_LEN + 4ull * heard->count;
	const __u8 *auth;

	VRRP_FORGET(at);
	if (at > VRRP_MAX_LEN) /* cannot happen; for the verifier, see VRRP_FORGET */
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

/* Version 3 adopts any interval of the master except 0, with which the deadline would pass at
 * once. */
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
 * Returns the form (enum hf_checksum) in which the checksum is right, or -1. `sum` is the sum of
 * the 16-bit words of the `len` octets. The sum over the sixteen octets of an address is right for
 * the pseudo-headers of both families: the octets ff ff of an IPv4-mapped address are zero in ones'
 * complement, and the words for length and protocol are the same.
 */
VRRP_ADVERT_INLINE int vrrp_checksum_form(__u32 sum, __u32 len, const struct vrrp_packet *pkt,
					  const struct hf_inst_cfg *cfg)
{
	const __u32 group = 0xe000 + 0x0012; /* VRRP_GROUP_V4 */
	__u32 pseudo = sum + vrrp_sum_address(&pkt->source) + VRRP_IPPROTO + len;

	if (cfg->version == 2)
		return vrrp_sum_is_good(sum) ? HF_CSUM_V2 : -1;
	if (vrrp_sum_is_good(pseudo + vrrp_sum_address(&pkt->destination)))
		return HF_CSUM_PSEUDO;
	if (cfg->family != 4)
		return -1;
	if (vrrp_sum_is_good(sum))
		return HF_CSUM_PLAIN;
	return vrrp_sum_is_good(pseudo + group) ? HF_CSUM_PSEUDO_GROUP : -1;
}

/*
 * The number of octets that the checksum covers. It covers the trailer only over IPv6, where the
 * sender's kernel computes the checksum (vrrp_auth.h).
 */
VRRP_ADVERT_INLINE __u32 vrrp_summed_len(const struct vrrp_packet *pkt,
					 const struct hf_inst_cfg *cfg,
					 const struct vrrp_heard *heard)
{
	return cfg->family == 4 ? heard->len : pkt->len;
}

/*
 * The sum of the 16-bit words of one part of a message: of the first `len` octets at `p`, at most
 * VRRP_PART_LEN. Returns -1 if they extend past `end`. The bound is tested for every word, because
 * the BPF verifier does not follow a comparison with a variable length.
 */
VRRP_ADVERT_INLINE int vrrp_sum_part(const __u8 *p, const __u8 *end, __u32 len)
{
	int sum = 0;

	VRRP_UNROLL(VRRP_PART_WORDS)
	for (__u32 at = 0; at < VRRP_PART_LEN && at < len; at += 4) {
		__u32 word;

		if (p + at + 4 > end)
			return -1;
		word = octets_word(p + at);
		sum += (int)((word >> 16) + (word & 0xffff));
	}
	return sum;
}

/*
 * The sum of the 16-bit words of the `len` octets at `msg`, or -1 if they extend past `end`. `len`
 * is a multiple of four and at most VRRP_MAX_LEN + VRRP_TRAILER_LEN. The BPF programs add the parts
 * themselves.
 */
VRRP_ADVERT_INLINE int vrrp_sum_message(const __u8 *msg, const __u8 *end, __u32 len)
{
	int sum = 0;

	for (__u32 at = 0; at < VRRP_MAX_LEN + VRRP_TRAILER_LEN && at < len; at += VRRP_PART_LEN) {
		int part = vrrp_sum_part(msg + at, end, len - at);

		if (part < 0)
			return -1;
		sum += part;
	}
	return sum;
}

/*
 * One term of the hash of an address list. The hash is the sum of the terms of all 32-bit words, so
 * it does not depend on the order of the addresses. Each term depends on the word and on its place
 * in the address. The hash need not resist an attacker, because a difference is only reported.
 */
VRRP_ADVERT_INLINE __u32 vrrp_list_word(const __u8 *p, __u32 place)
{
	__u32 word = octets_word(p) + place * 0x9e3779b9u;

	word = (word ^ word >> 16) * 0x85ebca6bu;
	word = (word ^ word >> 13) * 0xc2b2ae35u;
	return word ^ word >> 16;
}

/* The bits of a word's offset that are its place in its address. */
VRRP_ADVERT_INLINE __u32 vrrp_list_places(__u8 family)
{
	return family == 4 ? 0 : 12;
}

/* The terms of one part of an address list: of the first `len` octets at `p`, at most
 * VRRP_PART_LEN, all before `end`. `places`: vrrp_list_places(). */
VRRP_ADVERT_INLINE __u32 vrrp_list_part(const __u8 *p, const __u8 *end, __u32 len, __u32 places)
{
	__u32 sum = 0;

	VRRP_UNROLL(VRRP_PART_WORDS)
	for (__u32 at = 0; at < VRRP_PART_LEN && at < len; at += 4) {
		if (p + at + 4 > end) /* cannot happen; for the verifier */
			break;
		sum += vrrp_list_word(p + at, at & places);
	}
	return sum;
}

/* The hash of the `len` octets of addresses in the message at `msg`; `family` 4 or 6. 0 if they
 * extend past `end`. The BPF programs add the parts themselves. */
VRRP_ADVERT_INLINE __u32 vrrp_list_sum(const __u8 *msg, const __u8 *end, __u32 len, __u8 family)
{
	__u32 sum = 0;

	msg += VRRP_HDR_LEN;
	if (msg + len > end)
		return 0;
	for (__u32 at = 0; at < VRRP_MAX_LEN - VRRP_HDR_LEN && at < len; at += VRRP_PART_LEN)
		sum += vrrp_list_part(msg + at, end, len - at, vrrp_list_places(family));
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

/* Compares the address list of the message at `msg`, which has the hash `sum`, with that of `cfg`.
 * Sets list_differs, list_sum and first of `heard` if they differ. */
VRRP_ADVERT_INLINE void vrrp_heard_list(struct vrrp_heard *heard, const struct hf_inst_cfg *cfg,
					const __u8 *msg, const __u8 *end, __u32 sum)
{
	const __u8 *p = msg + VRRP_HDR_LEN;

	if (!vrrp_list_differs(cfg, heard->count, sum))
		return;
	heard->list_differs = 1;
	heard->list_sum = sum;
	if (heard->count == 0)
		return;
	if (cfg->family == 4 && p + 4 <= end)
		ipaddr_from_v4(&heard->first, p);
	else if (cfg->family == 6 && p + 16 <= end)
		__builtin_memcpy(&heard->first, p, 16);
}

/*
 * Must a mismatch of the address list be reported? Yes if it is the first one, or if the last one
 * at `last_ns` is more than four intervals and HF_LIST_QUIET_NS ago.
 */
VRRP_ADVERT_INLINE int vrrp_list_is_news(__u64 last_ns, __u64 now_ns, __u32 interval_us)
{
	__u64 quiet_ns = 4000ull * interval_us; /* four adverts */

	if (quiet_ns < HF_LIST_QUIET_NS)
		quiet_ns = HF_LIST_QUIET_NS;
	return last_ns == 0 || (__s64)(now_ns - last_ns) > (__s64)quiet_ns;
}

/* The first half of vrrp_advert_check(): everything except the checksum and the address list. Fills
 * priority, count, len, has_trailer and interval_us of `heard`. */
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
	len += vrrp_list_len(cfg->family, heard->count);
	if (cfg->version == 2)
		len += VRRP_V2_AUTH_LEN;
	heard->len = (__u16)len;
	heard->has_trailer = cfg->flags & HF_CFG_AUTH && pkt->len == len + VRRP_TRAILER_LEN;
	if (pkt->len != len && !heard->has_trailer)
		return HF_V_LENGTH;
	return cfg->version == 2 ? vrrp_check_v2(msg, end, cfg, heard) : vrrp_check_v3(msg, heard);
}

/* The second half: the checksum. `sum` is the result of vrrp_sum_message() for vrrp_summed_len()
 * octets. */
VRRP_ADVERT_INLINE enum hf_verdict_reason vrrp_advert_check_sum(int sum,
								const struct vrrp_packet *pkt,
								const struct hf_inst_cfg *cfg,
								struct vrrp_heard *heard)
{
	__u32 len = vrrp_summed_len(pkt, cfg, heard);
	int form = sum < 0 ? -1 : vrrp_checksum_form((__u32)sum, len, pkt, cfg);

	if (sum < 0)
		return HF_V_TRUNCATED;
	if (form < 0)
		return HF_V_CHECKSUM;
	heard->checksum_form = (__u8)form;
	return HF_V_ACCEPTED;
}

/*
 * Checks the VRRP message at `msg` against the instance `cfg`. Readable memory ends at `end`, which
 * may be before or after the end of the message. `peer` is the hf_peer entry of the source, or NULL
 * if it has none. `heard` is zeroed by the caller. Returns HF_V_ACCEPTED and fills `heard`, or
 * returns the reason to refuse the advert. The trailer is not checked here; see vrrp_verify.h. The
 * BPF programs call the two halves instead, so that the verifier does not follow the loop again for
 * every path through the first half.
 */
VRRP_ADVERT_INLINE enum hf_verdict_reason vrrp_advert_check(const __u8 *msg, const __u8 *end,
							    const struct vrrp_packet *pkt,
							    const struct hf_inst_cfg *cfg,
							    const struct hf_peer *peer,
							    struct vrrp_heard *heard)
{
	enum hf_verdict_reason reason = vrrp_advert_check_fields(msg, end, pkt, cfg, peer, heard);

	if (reason == HF_V_ACCEPTED)
		reason = vrrp_advert_check_sum(
		    vrrp_sum_message(msg, end, vrrp_summed_len(pkt, cfg, heard)), pkt, cfg, heard);
	if (reason != HF_V_ACCEPTED || !(cfg->flags & HF_CFG_CHECK_LIST))
		return reason;
	vrrp_heard_list(
	    heard, cfg, msg, end,
	    vrrp_list_sum(msg, end, vrrp_list_len(cfg->family, heard->count), cfg->family));
	return reason;
}

#endif
