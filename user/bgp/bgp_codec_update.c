// SPDX-License-Identifier: BSD-2-Clause
/*
 * Parses the UPDATEs that we receive, checks them and counts their prefixes. No state.
 *
 * Errors are handled by RFC 7606: the session is reset only if the message cannot be parsed any
 * more. An unknown attribute without the Optional bit is treated like an attribute with wrong flags
 * (RFC 7606 section 3 c). RFC 4271 would reset the session, but the session carries our
 * announcements, and we would drop the route anyway. An UPDATE with a malformed attribute and no
 * reachable prefix resets the session (RFC 7606 section 5.2). In such an UPDATE some prefixes may
 * not have been found, and other nodes' paths for our own prefixes must be known. Rejected: to skip
 * UPDATEs without parsing them. The operator should know of a peer that sends malformed ones.
 */
#include "bgp/bgp_codec.h"

#include <errno.h>
#include <string.h>

/* AS_PATH segment types (RFC 4271 section 4.3 b, RFC 5065 section 3). */
enum { AS_SET = 1, AS_SEQUENCE = 2, AS_CONFED_SEQUENCE = 3, AS_CONFED_SET = 4 };

enum length_rule { ANY, EXACTLY, MULTIPLE /* but not 0 */ };
enum treatment { AS_WITHDRAW, DISCARD };

/* The rules for an attribute, and the treatment of a malformed one. */
static const struct attr_rule {
	uint8_t flags; /* BGP_ATTR_OPTIONAL, BGP_ATTR_TRANSITIVE */
	uint8_t length_rule;
	uint8_t length;
	uint8_t malformed;  /* enum treatment */
	bool internal_only; /* from an external peer it is ignored */
} attr_rules[BGP_ATTR_MAX] = {
    [BGP_ATTR_ORIGIN] = {0x40, EXACTLY, 1, AS_WITHDRAW, false},
    [BGP_ATTR_AS_PATH] = {0x40, ANY, 0, AS_WITHDRAW, false},
    [BGP_ATTR_NEXT_HOP] = {0x40, EXACTLY, 4, AS_WITHDRAW, false},
    [BGP_ATTR_MED] = {0x80, EXACTLY, 4, AS_WITHDRAW, false},
    [BGP_ATTR_LOCAL_PREF] = {0x40, EXACTLY, 4, AS_WITHDRAW, true},
    [BGP_ATTR_ATOMIC_AGGREGATE] = {0x40, EXACTLY, 0, DISCARD, false},
    [BGP_ATTR_AGGREGATOR] = {0xc0, ANY, 0, DISCARD, false}, /* its length depends on the session */
    [BGP_ATTR_COMMUNITIES] = {0xc0, MULTIPLE, 4, AS_WITHDRAW, false},
    [BGP_ATTR_ORIGINATOR_ID] = {0x80, EXACTLY, 4, AS_WITHDRAW, true},
    [BGP_ATTR_CLUSTER_LIST] = {0x80, MULTIPLE, 4, AS_WITHDRAW, true},
    [BGP_ATTR_MP_REACH] = {0x80, ANY, 0, AS_WITHDRAW, false},
    [BGP_ATTR_MP_UNREACH] = {0x80, ANY, 0, AS_WITHDRAW, false},
    [BGP_ATTR_EXTENDED_COMMUNITIES] = {0xc0, MULTIPLE, 8, AS_WITHDRAW, false},
    [BGP_ATTR_AS4_PATH] = {0xc0, ANY, 0, DISCARD, false},
    [BGP_ATTR_AS4_AGGREGATOR] = {0xc0, EXACTLY, 8, DISCARD, false},
    [BGP_ATTR_LARGE_COMMUNITIES] = {0xc0, MULTIPLE, 12, AS_WITHDRAW, false},
    [BGP_ATTR_ONLY_TO_CUSTOMER] = {0xc0, EXACTLY, 4, AS_WITHDRAW, false},
};

/* One attribute of the message. */
struct attr {
	uint8_t flags, type;
	const uint8_t *start; /* of its flags */
	struct rd value;
};

struct walk {
	const struct bgp_session *s;
	struct bgp_update *out;
	struct bgp_error *err;
	uint32_t seen[256 / 32]; /* attribute types */
	uint32_t mp_announced;	 /* prefixes in MP_REACH_NLRI */
	bool others;		 /* attributes besides MP_UNREACH_NLRI */
};

static int update_error(struct bgp_error *err, uint8_t subcode)
{
	*err = (struct bgp_error){.code = BGP_ERR_UPDATE, .subcode = subcode};
	return -EBADMSG;
}

static int mp_error(struct walk *k, const struct attr *a)
{
	*k->err = (struct bgp_error){.code = BGP_ERR_UPDATE,
				     .subcode = BGP_UPDATE_OPTIONAL_ATTRIBUTE,
				     .data_len = (uint16_t)(a->value.end - a->start),
				     .data = a->start};
	return -EBADMSG;
}

static void note_bad(struct walk *k, uint8_t type, enum treatment treatment)
{
	if (k->out->bad_attribute == 0)
		k->out->bad_attribute = type;
	if (treatment == AS_WITHDRAW)
		k->out->as_withdraw = true;
	else if (k->out->discarded < UINT8_MAX)
		k->out->discarded++;
}

static bool seen(const struct walk *k, uint8_t type)
{
	return k->seen[type / 32] >> type % 32 & 1;
}

/* The number of prefixes in `r`, of at most `max_bits` bits each, or -EBADMSG. */
static int count_prefixes(struct rd r, uint8_t max_bits)
{
	int n = 0;

	for (; rd_left(&r) > 0; n++) {
		uint8_t bits = rd_u8(&r);

		if (bits > max_bits || !rd_bytes(&r, (bits + 7u) / 8))
			return -EBADMSG;
	}
	return n;
}

static bool is_confederation_segment(uint8_t type)
{
	return type == AS_CONFED_SEQUENCE || type == AS_CONFED_SET;
}

/*
 * RFC 4271 section 4.3 b and 5.1.2, RFC 7606 section 7.2: the path consists of complete, known,
 * non-empty segments, without AS 0 (RFC 7607 section 2). Only a member of our own confederation
 * sends confederation segments (RFC 5065 section 5).
 */
static bool as_path_is_good(struct rd r, bool as4, bool confederation)
{
	while (rd_left(&r) > 0) {
		uint8_t type = rd_u8(&r), count = rd_u8(&r);
		bool known = type == AS_SET || type == AS_SEQUENCE ||
			     (confederation && is_confederation_segment(type));

		if (!known || count == 0)
			return false;
		for (; count > 0; count--) {
			if ((as4 ? rd_u32(&r) : rd_u16(&r)) == 0) /* also if it is too short */
				return false;
		}
	}
	return true;
}

/* Records the end of a valid AS path. An AS in a set does not count as the local AS. Confederation
 * segments are skipped. */
static void note_as_path(struct walk *k, struct rd r)
{
	struct bgp_path *path = &k->out->path;
	unsigned int own = 0;

	while (rd_left(&r) > 0) {
		uint8_t type = rd_u8(&r);

		for (uint8_t n = rd_u8(&r); n > 0; n--) {
			uint32_t as = k->s->as4 ? rd_u32(&r) : rd_u16(&r);

			if (is_confederation_segment(type))
				continue;
			path->last_as = as;
			own = type == AS_SEQUENCE && as == k->s->local_as ? own + 1 : 0;
		}
	}
	path->own_as = own;
}

/* A link-local address is not recorded, because it does not identify a node. */
static void note_next_hop(struct rd r, struct ipaddr *out)
{
	size_t len = rd_left(&r);
	const uint8_t *b = rd_bytes(&r, len == 4 ? 4 : 16);

	if (len == 4)
		ipaddr_from_v4(out, b);
	else if (!(b[0] == 0xfe && (b[1] & 0xc0) == 0x80))
		memcpy(out->b, b, sizeof(out->b));
}

static void note_path(struct walk *k, const struct attr *a)
{
	struct rd r = a->value;

	switch (a->type) {
	case BGP_ATTR_AS_PATH:
		note_as_path(k, r);
		break;
	case BGP_ATTR_NEXT_HOP:
		note_next_hop(r, &k->out->path.next_hop);
		break;
	case BGP_ATTR_MED:
		k->out->path.has_med = true;
		k->out->path.med = rd_u32(&r);
		break;
	case BGP_ATTR_COMMUNITIES:
		k->out->path.communities = r;
		break;
	case BGP_ATTR_ORIGINATOR_ID:
		k->out->path.originator = rd_u32(&r);
		break;
	default:
		break;
	}
}

static bool length_is_good(const struct attr_rule *rule, size_t len)
{
	if (rule->length_rule == EXACTLY)
		return len == rule->length;
	return rule->length_rule == ANY || (len > 0 && len % rule->length == 0);
}

/* The AS of an aggregator must not be 0 (RFC 7607 section 2). */
static bool aggregator_is_good(struct rd r, bool as4)
{
	return rd_left(&r) == (as4 ? 8 : 6) && (as4 ? rd_u32(&r) : rd_u16(&r)) != 0;
}

/* Checks the value of an attribute whose length is valid. */
static bool value_is_good(const struct walk *k, const struct attr *a)
{
	switch (a->type) {
	case BGP_ATTR_ORIGIN:
		return a->value.p[0] <= BGP_ORIGIN_INCOMPLETE;
	case BGP_ATTR_AS_PATH:
		return as_path_is_good(a->value, k->s->as4, k->s->ibgp);
	case BGP_ATTR_AS4_PATH: /* confederation segments in it are skipped (RFC 6793 section 3) */
		return as_path_is_good(a->value, true, true);
	case BGP_ATTR_AGGREGATOR:
		return aggregator_is_good(a->value, k->s->as4);
	case BGP_ATTR_AS4_AGGREGATOR:
		return aggregator_is_good(a->value, true);
	default:
		return true;
	}
}

/* The longest prefix of a family, in bits; 0 if the session does not carry the family. */
static uint8_t family_bits(const struct walk *k, uint16_t afi, uint8_t safi)
{
	if (safi != BGP_SAFI_UNICAST)
		return 0;
	if (afi == BGP_AFI_IPV4)
		return k->s->ipv4 ? 32 : 0;
	return afi == BGP_AFI_IPV6 && k->s->ipv6 ? 128 : 0;
}

/* RFC 4760 section 3, RFC 8950 section 3: one IPv4 address, one IPv6 address, or a global and a
 * link-local IPv6 address. */
static bool next_hop_is_good(uint16_t afi, uint8_t len)
{
	return len == 16 || len == 32 || (afi == BGP_AFI_IPV4 && len == 4);
}

static int walk_mp_reach(struct walk *k, const struct attr *a)
{
	struct rd r = a->value;
	uint16_t afi = rd_u16(&r);
	uint8_t bits = family_bits(k, afi, rd_u8(&r)), next_hop_len = rd_u8(&r);
	struct rd next_hop = rd_sub(&r, next_hop_len);
	int n;

	rd_u8(&r); /* reserved */
	if (r.error)
		return mp_error(k, a);
	if (bits == 0)
		return 0; /* a family that was not negotiated is skipped */
	n = count_prefixes(r, bits);
	if (n < 0 || !next_hop_is_good(afi, next_hop_len))
		return mp_error(k, a);
	k->mp_announced = (uint32_t)n;
	k->out->reach[1] = (struct bgp_nlri){r, afi == BGP_AFI_IPV4};
	note_next_hop(next_hop, &k->out->path.mp_next_hop);
	return 0;
}

static int walk_mp_unreach(struct walk *k, const struct attr *a)
{
	struct rd r = a->value;
	uint16_t afi = rd_u16(&r);
	uint8_t bits = family_bits(k, afi, rd_u8(&r));
	int n = 0;

	if (r.error)
		return mp_error(k, a);
	if (bits > 0)
		n = count_prefixes(r, bits);
	if (n < 0)
		return mp_error(k, a);
	k->out->withdrawn += (uint32_t)n;
	if (bits > 0)
		k->out->unreach[1] = (struct bgp_nlri){r, afi == BGP_AFI_IPV4};
	k->out->end_of_rib = rd_left(&r) == 0;
	return 0;
}

static void walk_known(struct walk *k, const struct attr *a, const struct attr_rule *rule)
{
	if (rule->internal_only && !k->s->ibgp) {
		if (k->out->discarded < UINT8_MAX)
			k->out->discarded++;
		return;
	}
	if (!length_is_good(rule, rd_left(&a->value)) || !value_is_good(k, a))
		note_bad(k, a->type, (enum treatment)rule->malformed);
	else
		note_path(k, a);
}

static int walk_attr(struct walk *k, const struct attr *a)
{
	bool mp = a->type == BGP_ATTR_MP_REACH || a->type == BGP_ATTR_MP_UNREACH;
	const struct attr_rule *rule = a->type < BGP_ATTR_MAX ? &attr_rules[a->type] : NULL;

	if (seen(k, a->type)) /* RFC 7606 section 3 g: the first one counts */
		return mp ? update_error(k->err, BGP_UPDATE_MALFORMED_ATTRIBUTES) : 0;
	k->seen[a->type / 32] |= UINT32_C(1) << a->type % 32;
	if (!rule || rule->flags == 0) { /* unknown */
		if (!(a->flags & BGP_ATTR_OPTIONAL))
			note_bad(k, a->type, AS_WITHDRAW);
		return 0;
	}
	if ((a->flags & (BGP_ATTR_OPTIONAL | BGP_ATTR_TRANSITIVE)) != rule->flags)
		note_bad(k, a->type, AS_WITHDRAW);
	if (a->type == BGP_ATTR_MP_REACH)
		return walk_mp_reach(k, a);
	if (a->type == BGP_ATTR_MP_UNREACH)
		return walk_mp_unreach(k, a);
	walk_known(k, a, rule);
	return 0;
}

static int walk_attrs(struct walk *k, struct rd r)
{
	while (rd_left(&r) > 0) {
		struct attr a = {.start = r.p};
		int err;

		a.flags = rd_u8(&r);
		a.type = rd_u8(&r);
		k->others |= r.error || a.type != BGP_ATTR_MP_UNREACH;
		a.value = rd_sub(&r, a.flags & BGP_ATTR_EXTENDED ? rd_u16(&r) : rd_u8(&r));
		if (r.error) { /* RFC 7606 section 4: the prefixes can still be found */
			note_bad(k, a.type, AS_WITHDRAW);
			return 0;
		}
		err = walk_attr(k, &a);
		if (err < 0)
			return err;
	}
	return 0;
}

/* RFC 4271 section 5: the attributes that announced prefixes must have. */
static void check_mandatory(struct walk *k, bool classic)
{
	if (!seen(k, BGP_ATTR_ORIGIN))
		note_bad(k, BGP_ATTR_ORIGIN, AS_WITHDRAW);
	if (!seen(k, BGP_ATTR_AS_PATH))
		note_bad(k, BGP_ATTR_AS_PATH, AS_WITHDRAW);
	if (classic && !seen(k, BGP_ATTR_NEXT_HOP))
		note_bad(k, BGP_ATTR_NEXT_HOP, AS_WITHDRAW);
}

/* RFC 7606 section 5.2: a malformed attribute, attributes other than MP_UNREACH_NLRI, and no
 * reachable prefix. An MP_REACH_NLRI of a family that was not negotiated counts as reachable. */
static bool may_hide_prefixes(const struct walk *k, int n_announced)
{
	return k->out->as_withdraw && k->others && n_announced == 0 && !seen(k, BGP_ATTR_MP_REACH);
}

bool bgp_nlri_next(struct bgp_nlri *nlri, struct ipprefix *prefix)
{
	uint8_t octets[16] = {0}, bits;
	const uint8_t *from;

	if (rd_left(&nlri->r) == 0)
		return false;
	bits = rd_u8(&nlri->r);
	from = rd_bytes(&nlri->r, (bits + 7u) / 8);
	if (!from || bits > (nlri->ipv4 ? 32 : 128))
		return false;
	memcpy(octets, from, (bits + 7u) / 8);
	*prefix = (struct ipprefix){.len = bits};
	if (nlri->ipv4)
		ipaddr_from_v4(&prefix->addr, octets);
	else
		memcpy(prefix->addr.b, octets, sizeof(octets));
	return true;
}

int bgp_update_parse(const struct bgp_session *s, const uint8_t *body, size_t len,
		     struct bgp_update *out, struct bgp_error *err)
{
	struct rd r = rd_init(body, len);
	struct rd withdrawn = rd_sub(&r, rd_u16(&r)), attrs = rd_sub(&r, rd_u16(&r));
	struct walk k = {.s = s, .out = out, .err = err};
	int n_withdrawn = count_prefixes(withdrawn, 32), n_announced = count_prefixes(r, 32);

	*out = (struct bgp_update){.reach = {{r, true}}, .unreach = {{withdrawn, true}}};
	if (r.error)
		return update_error(err, BGP_UPDATE_MALFORMED_ATTRIBUTES);
	if (n_withdrawn < 0 || n_announced < 0)
		return update_error(err, BGP_UPDATE_BAD_NETWORK);
	if (walk_attrs(&k, attrs) < 0)
		return -EBADMSG;
	out->announced = (uint32_t)n_announced + k.mp_announced;
	out->withdrawn += (uint32_t)n_withdrawn;
	out->end_of_rib = len == 4 || (out->end_of_rib && out->announced + out->withdrawn == 0);
	if (may_hide_prefixes(&k, n_announced))
		return update_error(err, BGP_UPDATE_MALFORMED_ATTRIBUTES);
	if (out->announced > 0)
		check_mandatory(&k, n_announced > 0);
	if (out->as_withdraw) {
		out->withdrawn += out->announced;
		out->announced = 0;
	}
	return 0;
}
