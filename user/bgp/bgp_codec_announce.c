// SPDX-License-Identifier: BSD-2-Clause
/*
 * UPDATEs that we send: RFC 4271 section 4.3, RFC 4760, RFC 8950. No state.
 *
 * Attributes ascend by type, but MP_REACH_NLRI and MP_UNREACH_NLRI stand first, as RFC 7606 section
 * 5.1 demands: a receiver then finds the prefixes even behind an attribute it cannot read. So the
 * other attributes are built aside, and prefixes fill what they leave of the message. Rejected: one
 * UPDATE a prefix, which is simpler, but makes 4,000 messages of a full table.
 */
#include "bgp/bgp_codec.h"

#include <errno.h>

#define FLAGS_WELL_KNOWN BGP_ATTR_TRANSITIVE
#define FLAGS_OPTIONAL	 BGP_ATTR_OPTIONAL
#define FLAGS_TRANSITIVE (BGP_ATTR_OPTIONAL | BGP_ATTR_TRANSITIVE)
#define FLAGS_MP	 (BGP_ATTR_OPTIONAL | BGP_ATTR_EXTENDED)

#define AS_SEQUENCE	 2
/* ORIGIN 4, AS_PATH 73, NEXT_HOP, MED and LOCAL_PREF 7 each, communities 67, AS4_PATH 73, large 99.
 */
#define ATTRS_MAX 512

static bool is_set(const struct ipaddr *a)
{
	static const struct ipaddr unset;

	return ipaddr_cmp(a, &unset) != 0;
}

/* Of IPv4: by NEXT_HOP; NULL if there is none. */
static const struct ipaddr *next_hop4(const struct bgp_session *s, const struct bgp_attrs *a)
{
	if (is_set(&a->next_hop4))
		return &a->next_hop4;
	return ipaddr_is_v4(&s->next_hop) ? &s->next_hop : NULL;
}

/* Of IPv6: by MP_REACH_NLRI; NULL if there is none. */
static const struct ipaddr *next_hop6(const struct bgp_session *s, const struct bgp_attrs *a)
{
	if (is_set(&a->next_hop6))
		return &a->next_hop6;
	return ipaddr_is_v4(&s->next_hop) ? NULL : &s->next_hop;
}

/* A withdrawal needs no next hop: it goes the way that the announcement can have gone. */
static enum bgp_carrier withdrawal_carrier(const struct bgp_session *s, bool ipv4)
{
	if (ipv4)
		return !s->ipv4	     ? BGP_CARRY_NONE
		       : s->ipv4_nh6 ? BGP_CARRY_MP_IPV4
				     : BGP_CARRY_CLASSIC;
	return s->ipv6 ? BGP_CARRY_MP_IPV6 : BGP_CARRY_NONE;
}

enum bgp_carrier bgp_session_carrier(const struct bgp_session *s, const struct bgp_attrs *attrs,
				     const struct ipprefix *prefix)
{
	bool ipv4 = ipaddr_is_v4(&prefix->addr);

	if (!attrs)
		return withdrawal_carrier(s, ipv4);
	if (!ipv4)
		return s->ipv6 && next_hop6(s, attrs) ? BGP_CARRY_MP_IPV6 : BGP_CARRY_NONE;
	if (!s->ipv4)
		return BGP_CARRY_NONE;
	if (next_hop4(s, attrs))
		return BGP_CARRY_CLASSIC;
	return s->ipv4_nh6 ? BGP_CARRY_MP_IPV4 : BGP_CARRY_NONE;
}

static void put_attr(struct wr *w, uint8_t flags, uint8_t type, size_t len)
{
	wr_u8(w, flags);
	wr_u8(w, type);
	wr_u8(w, (uint8_t)len);
}

static void put_as_path(struct wr *w, const struct bgp_session *s, const struct bgp_attrs *a)
{
	uint32_t narrow = s->local_as > UINT16_MAX ? BGP_AS_TRANS : s->local_as;
	uint8_t count = s->ibgp ? 0 : (uint8_t)(1 + a->prepend);

	put_attr(w, FLAGS_WELL_KNOWN, BGP_ATTR_AS_PATH, count ? 2 + count * (s->as4 ? 4u : 2u) : 0);
	if (count == 0)
		return;
	wr_bytes(w, (uint8_t[]){AS_SEQUENCE, count}, 2);
	for (uint8_t i = 0; i < count; i++) {
		if (s->as4)
			wr_u32(w, s->local_as);
		else
			wr_u16(w, (uint16_t)narrow);
	}
}

/* Only where AS_PATH could not say it (RFC 6793 section 4.2.2). */
static void put_as4_path(struct wr *w, const struct bgp_session *s, const struct bgp_attrs *a)
{
	uint8_t count = (uint8_t)(1 + a->prepend);

	if (s->as4 || s->ibgp || s->local_as <= UINT16_MAX)
		return;
	put_attr(w, FLAGS_TRANSITIVE, BGP_ATTR_AS4_PATH, 2 + count * 4u);
	wr_bytes(w, (uint8_t[]){AS_SEQUENCE, count}, 2);
	for (uint8_t i = 0; i < count; i++)
		wr_u32(w, s->local_as);
}

static void put_u32_attr(struct wr *w, uint8_t flags, uint8_t type, uint32_t value)
{
	put_attr(w, flags, type, 4);
	wr_u32(w, value);
}

static void put_communities(struct wr *w, const struct bgp_attrs *a)
{
	if (a->n_communities == 0)
		return;
	put_attr(w, FLAGS_TRANSITIVE, BGP_ATTR_COMMUNITIES, a->n_communities * 4u);
	for (uint8_t i = 0; i < a->n_communities; i++)
		wr_u32(w, a->communities[i]);
}

static void put_large_communities(struct wr *w, const struct bgp_attrs *a)
{
	if (a->n_large == 0)
		return;
	put_attr(w, FLAGS_TRANSITIVE, BGP_ATTR_LARGE_COMMUNITIES, a->n_large * 12u);
	for (uint8_t i = 0; i < a->n_large; i++) {
		wr_u32(w, a->large[i].global);
		wr_u32(w, a->large[i].local1);
		wr_u32(w, a->large[i].local2);
	}
}

/* All attributes but MP_REACH_NLRI. */
static void put_attrs(struct wr *w, const struct bgp_session *s, const struct bgp_attrs *a,
		      enum bgp_carrier carrier)
{
	put_attr(w, FLAGS_WELL_KNOWN, BGP_ATTR_ORIGIN, 1);
	wr_u8(w, a->origin);
	put_as_path(w, s, a);
	if (carrier == BGP_CARRY_CLASSIC) {
		put_attr(w, FLAGS_WELL_KNOWN, BGP_ATTR_NEXT_HOP, 4);
		wr_bytes(w, next_hop4(s, a)->b + 12, 4);
	}
	if (a->has_med)
		put_u32_attr(w, FLAGS_OPTIONAL, BGP_ATTR_MED, a->med);
	if (s->ibgp)
		put_u32_attr(w, FLAGS_WELL_KNOWN, BGP_ATTR_LOCAL_PREF, a->local_pref);
	put_communities(w, a);
	put_as4_path(w, s, a);
	put_large_communities(w, a);
}

/* Prefixes as long as there is room and they are valid; the number of those written. */
static unsigned int put_prefixes(struct wr *w, const struct ipprefix *prefixes, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct ipprefix *p = &prefixes[i];
		bool v4 = ipaddr_is_v4(&p->addr);
		size_t octets = (p->len + 7u) / 8;
		uint8_t *to;

		if (w->error || (size_t)(w->end - w->p) < 1 + octets || p->len > (v4 ? 32 : 128))
			break;
		wr_u8(w, p->len);
		to = wr_reserve(w, octets);
		memcpy(to, v4 ? p->addr.b + 12 : p->addr.b, octets);
		if (p->len % 8)
			to[octets - 1] &= (uint8_t)(0xff << (8 - p->len % 8));
	}
	return i;
}

/* The same, with `reserve` octets of the message kept free for what follows. */
static unsigned int put_prefixes_before(struct wr *w, const struct ipprefix *prefixes,
					unsigned int n, size_t reserve)
{
	unsigned int put = 0;

	if ((size_t)(w->end - w->p) < reserve) {
		w->error = true;
		return 0;
	}
	w->end -= reserve;
	put = put_prefixes(w, prefixes, n);
	w->end += reserve;
	return put;
}

static uint8_t *put_mp_head(struct wr *w, uint8_t type, enum bgp_carrier carrier)
{
	uint8_t *len;

	wr_u8(w, FLAGS_MP);
	wr_u8(w, type);
	len = wr_reserve(w, 2);
	wr_u16(w, carrier == BGP_CARRY_MP_IPV4 ? BGP_AFI_IPV4 : BGP_AFI_IPV6);
	wr_u8(w, BGP_SAFI_UNICAST);
	return len;
}

static int update_end(struct wr *w, unsigned int taken)
{
	return taken == 0 ? -EMSGSIZE : bgp_message_end(w);
}

/* An announcement's body: the attributes `attrs` and the prefixes where `carrier` wants them;
 * `next_hop`: for MP_REACH_NLRI. */
static unsigned int put_announcement(struct wr *w, const struct ipaddr *next_hop,
				     enum bgp_carrier carrier, const struct wr *attrs,
				     const struct ipprefix *prefixes, unsigned int n)
{
	uint8_t *attrs_len, *mp_len;
	unsigned int taken;

	wr_u16(w, 0); /* no withdrawn routes */
	attrs_len = wr_reserve(w, 2);
	if (carrier == BGP_CARRY_CLASSIC) {
		wr_bytes(w, attrs->start, wr_len(attrs));
		wr_patch_len16(w, attrs_len);
		return put_prefixes(w, prefixes, n);
	}
	mp_len = put_mp_head(w, BGP_ATTR_MP_REACH, carrier);
	wr_u8(w, sizeof(next_hop->b));
	wr_bytes(w, next_hop->b, sizeof(next_hop->b));
	wr_u8(w, 0); /* reserved */
	taken = put_prefixes_before(w, prefixes, n, wr_len(attrs));
	wr_patch_len16(w, mp_len);
	wr_bytes(w, attrs->start, wr_len(attrs));
	wr_patch_len16(w, attrs_len);
	return taken;
}

int bgp_announce_build(const struct bgp_session *s, const struct bgp_attrs *attrs,
		       const struct ipprefix *prefixes, unsigned int n, unsigned int *taken,
		       uint8_t *buf, size_t size)
{
	enum bgp_carrier carrier = n ? bgp_session_carrier(s, attrs, prefixes) : BGP_CARRY_NONE;
	struct wr w = bgp_message_begin(BGP_MSG_UPDATE, buf, size);
	uint8_t attrs_buf[ATTRS_MAX];
	struct wr a = wr_init(attrs_buf, sizeof(attrs_buf));

	*taken = 0;
	if (carrier == BGP_CARRY_NONE)
		return -EAFNOSUPPORT;
	if (attrs->n_communities > BGP_MAX_COMMUNITIES ||
	    attrs->n_large > BGP_MAX_LARGE_COMMUNITIES || attrs->prepend > BGP_MAX_PREPEND)
		return -EINVAL;
	put_attrs(&a, s, attrs, carrier);
	*taken = put_announcement(&w, next_hop6(s, attrs), carrier, &a, prefixes, n);
	return update_end(&w, *taken);
}

int bgp_withdraw_build(const struct bgp_session *s, const struct ipprefix *prefixes, unsigned int n,
		       unsigned int *taken, uint8_t *buf, size_t size)
{
	enum bgp_carrier carrier = n ? bgp_session_carrier(s, NULL, prefixes) : BGP_CARRY_NONE;
	struct wr w = bgp_message_begin(BGP_MSG_UPDATE, buf, size);
	uint8_t *withdrawn_len = wr_reserve(&w, 2), *attrs_len, *mp_len;

	*taken = 0;
	if (carrier == BGP_CARRY_NONE)
		return -EAFNOSUPPORT;
	if (carrier == BGP_CARRY_CLASSIC) {
		*taken = put_prefixes_before(&w, prefixes, n, 2);
		wr_patch_len16(&w, withdrawn_len);
		wr_u16(&w, 0); /* no attributes */
		return update_end(&w, *taken);
	}
	wr_patch_len16(&w, withdrawn_len);
	attrs_len = wr_reserve(&w, 2);
	mp_len = put_mp_head(&w, BGP_ATTR_MP_UNREACH, carrier);
	*taken = put_prefixes(&w, prefixes, n);
	wr_patch_len16(&w, mp_len);
	wr_patch_len16(&w, attrs_len);
	return update_end(&w, *taken);
}
