// SPDX-License-Identifier: BSD-2-Clause
/*
 * Builds the UPDATEs that we send: RFC 4271 section 4.3, RFC 4760, RFC 8950. No state.
 *
 * Attributes are in the order of their types. Only MP_REACH_NLRI and MP_UNREACH_NLRI come first, as
 * RFC 7606 section 5.1 requires: a receiver then finds the prefixes even if it cannot read a later
 * attribute. So the other attributes are built in a separate buffer, and the prefixes fill the rest
 * of the message. Rejected: one UPDATE for each prefix, which is simpler, but needs ten thousand
 * messages for ten thousand prefixes.
 */
#include "bgp/bgp_codec.h"

#include <errno.h>

#define FLAGS_WELL_KNOWN BGP_ATTR_TRANSITIVE
#define FLAGS_OPTIONAL	 BGP_ATTR_OPTIONAL
#define FLAGS_TRANSITIVE (BGP_ATTR_OPTIONAL | BGP_ATTR_TRANSITIVE)
#define FLAGS_MP	 (BGP_ATTR_OPTIONAL | BGP_ATTR_EXTENDED)

#define AS_SEQUENCE	 2
/* Octets: ORIGIN 4, AS_PATH 73, NEXT_HOP, MED and LOCAL_PREF 7 each, COMMUNITIES 67, AS4_PATH 73,
 * LARGE_COMMUNITIES 99, OTC 7. */
#define ATTRS_MAX 512

/* The next hop of IPv4 prefixes in NEXT_HOP; NULL: none. */
static const struct ipaddr *next_hop4(const struct bgp_session *s, const struct bgp_attrs *a)
{
	if (!ipaddr_is_unset(&a->next_hop4))
		return &a->next_hop4;
	return ipaddr_is_v4(&s->next_hop) ? &s->next_hop : NULL;
}

/* The next hop in MP_REACH_NLRI; NULL: none. */
static const struct ipaddr *next_hop6(const struct bgp_session *s, const struct bgp_attrs *a)
{
	if (!ipaddr_is_unset(&a->next_hop6))
		return &a->next_hop6;
	return ipaddr_is_v4(&s->next_hop) ? NULL : &s->next_hop;
}

/* A withdrawal has no next hop. It has the form that the announcement may have had. */
static enum bgp_encoding withdrawal_encoding(const struct bgp_session *s, bool ipv4)
{
	if (ipv4)
		return !s->ipv4	     ? BGP_ENCODING_NONE
		       : s->ipv4_nh6 ? BGP_ENCODING_MP_IPV4
				     : BGP_ENCODING_CLASSIC;
	return s->ipv6 ? BGP_ENCODING_MP_IPV6 : BGP_ENCODING_NONE;
}

enum bgp_encoding bgp_session_encoding(const struct bgp_session *s, const struct bgp_attrs *attrs,
				       const struct ipprefix *prefix)
{
	bool ipv4 = ipaddr_is_v4(&prefix->addr);

	if (!attrs)
		return withdrawal_encoding(s, ipv4);
	if (!ipv4)
		return s->ipv6 && next_hop6(s, attrs) ? BGP_ENCODING_MP_IPV6 : BGP_ENCODING_NONE;
	if (!s->ipv4)
		return BGP_ENCODING_NONE;
	if (next_hop4(s, attrs))
		return BGP_ENCODING_CLASSIC;
	return s->ipv4_nh6 ? BGP_ENCODING_MP_IPV4 : BGP_ENCODING_NONE;
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

/* Only needed if AS_PATH has AS_TRANS (RFC 6793 section 4.2.2). */
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

/* Is item `i` of `size` octets equal to one before it? */
static bool is_repeated(const void *items, size_t size, uint8_t i)
{
	const uint8_t *all = items;

	for (uint8_t k = 0; k < i; k++) {
		if (memcmp(all + k * size, all + i * size, size) == 0)
			return true;
	}
	return false;
}

static uint8_t count_distinct(const void *items, size_t size, uint8_t n)
{
	uint8_t distinct = 0;

	for (uint8_t i = 0; i < n; i++)
		distinct += !is_repeated(items, size, i);
	return distinct;
}

/* Each value is sent once. RFC 8092 section 3 forbids duplicates of large communities, and
 * duplicates of the others have no meaning. */
static void put_communities(struct wr *w, const struct bgp_attrs *a)
{
	uint8_t n = count_distinct(a->communities, sizeof(a->communities[0]), a->n_communities);

	if (n == 0)
		return;
	put_attr(w, FLAGS_TRANSITIVE, BGP_ATTR_COMMUNITIES, n * 4u);
	for (uint8_t i = 0; i < a->n_communities; i++) {
		if (!is_repeated(a->communities, sizeof(a->communities[0]), i))
			wr_u32(w, a->communities[i]);
	}
}

static void put_large_communities(struct wr *w, const struct bgp_attrs *a)
{
	uint8_t n = count_distinct(a->large, sizeof(a->large[0]), a->n_large);

	if (n == 0)
		return;
	put_attr(w, FLAGS_TRANSITIVE, BGP_ATTR_LARGE_COMMUNITIES, n * 12u);
	for (uint8_t i = 0; i < a->n_large; i++) {
		if (is_repeated(a->large, sizeof(a->large[0]), i))
			continue;
		wr_u32(w, a->large[i].global);
		wr_u32(w, a->large[i].local1);
		wr_u32(w, a->large[i].local2);
	}
}

/* All attributes except MP_REACH_NLRI. */
static void put_attrs(struct wr *w, const struct bgp_session *s, const struct bgp_attrs *a,
		      enum bgp_encoding encoding)
{
	put_attr(w, FLAGS_WELL_KNOWN, BGP_ATTR_ORIGIN, 1);
	wr_u8(w, a->origin);
	put_as_path(w, s, a);
	if (encoding == BGP_ENCODING_CLASSIC) {
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
	if (s->only_to_customer)
		put_u32_attr(w, FLAGS_TRANSITIVE, BGP_ATTR_ONLY_TO_CUSTOMER, s->local_as);
}

/* Writes prefixes until there is no room, or until an invalid one. Returns their number. */
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

/* The same, but keeps `reserve` octets of the message free. */
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

static uint8_t *put_mp_head(struct wr *w, uint8_t type, enum bgp_encoding encoding)
{
	uint8_t *len;

	wr_u8(w, FLAGS_MP);
	wr_u8(w, type);
	len = wr_reserve(w, 2);
	wr_u16(w, encoding == BGP_ENCODING_MP_IPV4 ? BGP_AFI_IPV4 : BGP_AFI_IPV6);
	wr_u8(w, BGP_SAFI_UNICAST);
	return len;
}

static int update_end(struct wr *w, unsigned int taken)
{
	return taken == 0 ? -EMSGSIZE : bgp_message_end(w);
}

/* Writes the body of an announcement: the attributes `attrs`, and the prefixes in the form
 * `encoding`. `next_hop` is for MP_REACH_NLRI. Returns the number of prefixes. */
static unsigned int put_announcement(struct wr *w, const struct ipaddr *next_hop,
				     enum bgp_encoding encoding, const struct wr *attrs,
				     const struct ipprefix *prefixes, unsigned int n)
{
	uint8_t *attrs_len, *mp_len;
	unsigned int taken;

	wr_u16(w, 0); /* no withdrawn routes */
	attrs_len = wr_reserve(w, 2);
	if (encoding == BGP_ENCODING_CLASSIC) {
		wr_bytes(w, attrs->start, wr_len(attrs));
		wr_patch_len16(w, attrs_len);
		return put_prefixes(w, prefixes, n);
	}
	mp_len = put_mp_head(w, BGP_ATTR_MP_REACH, encoding);
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
	enum bgp_encoding encoding =
	    n ? bgp_session_encoding(s, attrs, prefixes) : BGP_ENCODING_NONE;
	struct wr w = bgp_message_begin(BGP_MSG_UPDATE, buf, size);
	uint8_t attrs_buf[ATTRS_MAX];
	struct wr a = wr_init(attrs_buf, sizeof(attrs_buf));

	*taken = 0;
	if (encoding == BGP_ENCODING_NONE)
		return -EAFNOSUPPORT;
	if (attrs->n_communities > BGP_MAX_COMMUNITIES ||
	    attrs->n_large > BGP_MAX_LARGE_COMMUNITIES || attrs->prepend > BGP_MAX_PREPEND)
		return -EINVAL;
	put_attrs(&a, s, attrs, encoding);
	*taken = put_announcement(&w, next_hop6(s, attrs), encoding, &a, prefixes, n);
	return update_end(&w, *taken);
}

int bgp_withdraw_build(const struct bgp_session *s, const struct ipprefix *prefixes, unsigned int n,
		       unsigned int *taken, uint8_t *buf, size_t size)
{
	enum bgp_encoding encoding =
	    n ? bgp_session_encoding(s, NULL, prefixes) : BGP_ENCODING_NONE;
	struct wr w = bgp_message_begin(BGP_MSG_UPDATE, buf, size);
	uint8_t *withdrawn_len = wr_reserve(&w, 2), *attrs_len, *mp_len;

	*taken = 0;
	if (encoding == BGP_ENCODING_NONE)
		return -EAFNOSUPPORT;
	if (encoding == BGP_ENCODING_CLASSIC) {
		*taken = put_prefixes_before(&w, prefixes, n, 2);
		wr_patch_len16(&w, withdrawn_len);
		wr_u16(&w, 0); /* no attributes */
		return update_end(&w, *taken);
	}
	wr_patch_len16(&w, withdrawn_len);
	attrs_len = wr_reserve(&w, 2);
	mp_len = put_mp_head(&w, BGP_ATTR_MP_UNREACH, encoding);
	*taken = put_prefixes(&w, prefixes, n);
	wr_patch_len16(&w, mp_len);
	wr_patch_len16(&w, attrs_len);
	return update_end(&w, *taken);
}
