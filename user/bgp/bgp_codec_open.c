// SPDX-License-Identifier: BSD-2-Clause
/*
 * The OPEN message and its capabilities (RFC 4271 section 4.2, RFC 5492). No state. Unknown
 * capabilities, and those that do not concern a speaker that only announces, are skipped (RFC 5492
 * section 3). Rejected: to store all capabilities for `status`. Only those that decide what can be
 * sent are of interest.
 */
#include "bgp/bgp_codec.h"

#include <errno.h>

#define PARAM_CAPABILITIES 2
#define PARAM_EXTENDED	   255 /* RFC 9072: lengths of two octets follow */

enum {
	CAP_MULTIPROTOCOL = 1,
	CAP_ROUTE_REFRESH = 2,
	CAP_EXTENDED_NEXT_HOP = 5,
	CAP_ROLE = 9, /* RFC 9234 section 4.1 */
	CAP_AS4 = 65,
};

static void put_multiprotocol(struct wr *w, uint16_t afi)
{
	wr_u8(w, CAP_MULTIPROTOCOL);
	wr_u8(w, 4);
	wr_u16(w, afi);
	wr_u8(w, 0);
	wr_u8(w, BGP_SAFI_UNICAST);
}

static void put_capabilities(struct wr *w, const struct bgp_open *open)
{
	if (open->ipv4)
		put_multiprotocol(w, BGP_AFI_IPV4);
	if (open->ipv6)
		put_multiprotocol(w, BGP_AFI_IPV6);
	if (open->refresh)
		wr_bytes(w, (uint8_t[]){CAP_ROUTE_REFRESH, 0}, 2);
	if (open->ipv4_nh6) {
		wr_bytes(w, (uint8_t[]){CAP_EXTENDED_NEXT_HOP, 6}, 2);
		wr_u16(w, BGP_AFI_IPV4);
		wr_u16(w, BGP_SAFI_UNICAST);
		wr_u16(w, BGP_AFI_IPV6);
	}
	if (open->role != BGP_ROLE_NONE)
		wr_bytes(w, (uint8_t[]){CAP_ROLE, 1, (uint8_t)(open->role - 1)}, 3);
	if (open->as4) {
		wr_bytes(w, (uint8_t[]){CAP_AS4, 4}, 2);
		wr_u32(w, open->as);
	}
}

int bgp_open_build(const struct bgp_open *open, uint8_t *buf, size_t size)
{
	struct wr w = bgp_message_begin(BGP_MSG_OPEN, buf, size);
	uint8_t caps[64]; /* 31 octets with all capabilities */
	struct wr c = wr_init(caps, sizeof(caps));

	put_capabilities(&c, open);
	wr_u8(&w, BGP_VERSION);
	wr_u16(&w, open->as > UINT16_MAX ? BGP_AS_TRANS : (uint16_t)open->as);
	wr_u16(&w, open->hold_time_s);
	wr_u32(&w, open->router_id);
	if (wr_len(&c) == 0) {
		wr_u8(&w, 0);
		return bgp_message_end(&w);
	}
	wr_u8(&w, (uint8_t)(2 + wr_len(&c)));
	wr_u8(&w, PARAM_CAPABILITIES);
	wr_u8(&w, (uint8_t)wr_len(&c));
	wr_bytes(&w, caps, wr_len(&c));
	return bgp_message_end(&w);
}

static int open_error(struct bgp_error *err, uint8_t subcode)
{
	*err = (struct bgp_error){.code = BGP_ERR_OPEN, .subcode = subcode};
	return -EBADMSG;
}

/* Contents of the capabilities that replace those of the fixed part. */
struct offer {
	bool multiprotocol;
	uint32_t as;
};

static void get_multiprotocol(struct rd *r, struct bgp_open *open, struct offer *offer)
{
	uint16_t afi = rd_u16(r);

	rd_u8(r); /* reserved */
	offer->multiprotocol = true;
	if (rd_u8(r) != BGP_SAFI_UNICAST)
		return;
	open->ipv4 |= afi == BGP_AFI_IPV4;
	open->ipv6 |= afi == BGP_AFI_IPV6;
}

static void get_extended_next_hop(struct rd *r, struct bgp_open *open)
{
	while (rd_left(r) > 0 && !r->error) {
		uint16_t afi = rd_u16(r), safi = rd_u16(r), next_hop_afi = rd_u16(r);

		if (afi == BGP_AFI_IPV4 && safi == BGP_SAFI_UNICAST && next_hop_afi == BGP_AFI_IPV6)
			open->ipv4_nh6 = true;
	}
}

/* Two different roles count as an unknown role (RFC 9234 section 4.2). */
static void get_role(struct rd *r, struct bgp_open *open)
{
	uint8_t value = rd_u8(r);
	uint8_t role = value + 1 < BGP_ROLE_UNKNOWN ? (uint8_t)(value + 1) : BGP_ROLE_UNKNOWN;

	open->role = open->role == BGP_ROLE_NONE || open->role == role ? role : BGP_ROLE_UNKNOWN;
}

static int get_capability(uint8_t code, struct rd r, struct bgp_open *open, struct offer *offer)
{
	switch (code) {
	case CAP_MULTIPROTOCOL:
		get_multiprotocol(&r, open, offer);
		break;
	case CAP_ROUTE_REFRESH:
		open->refresh = true;
		break;
	case CAP_EXTENDED_NEXT_HOP:
		get_extended_next_hop(&r, open);
		break;
	case CAP_ROLE:
		get_role(&r, open);
		break;
	case CAP_AS4:
		open->as4 = true;
		offer->as = rd_u32(&r);
		break;
	default:
		return 0;
	}
	return r.error || rd_left(&r) > 0 ? -EBADMSG : 0;
}

static int get_capabilities(struct rd r, struct bgp_open *open, struct offer *offer)
{
	while (rd_left(&r) > 0) {
		uint8_t code = rd_u8(&r), len = rd_u8(&r);
		struct rd value = rd_sub(&r, len);

		if (r.error || get_capability(code, value, open, offer) < 0)
			return -EBADMSG;
	}
	return 0;
}

/* Returns a reader of the parameters. Sets `*extended` if their lengths have two octets (RFC 9072).
 */
static struct rd open_parameters(struct rd *r, bool *extended)
{
	uint8_t len = rd_u8(r);
	struct rd probe = *r;

	*extended = len != 0 && rd_u8(&probe) == PARAM_EXTENDED;
	if (!*extended)
		return rd_sub(r, len);
	*r = probe;
	return rd_sub(r, rd_u16(r));
}

static int get_parameters(struct rd *r, struct bgp_open *open, struct offer *offer,
			  struct bgp_error *err)
{
	bool extended;
	struct rd params = open_parameters(r, &extended);

	if (r->error || rd_left(r) > 0)
		return open_error(err, BGP_OPEN_UNSPECIFIC);
	while (rd_left(&params) > 0) {
		uint8_t type = rd_u8(&params);
		size_t len = extended ? rd_u16(&params) : rd_u8(&params);
		struct rd value = rd_sub(&params, len);

		if (params.error)
			return open_error(err, BGP_OPEN_UNSPECIFIC);
		if (type != PARAM_CAPABILITIES)
			return open_error(err, BGP_OPEN_BAD_PARAMETER);
		if (get_capabilities(value, open, offer) < 0)
			return open_error(err, BGP_OPEN_UNSPECIFIC);
	}
	return 0;
}

int bgp_open_parse(const uint8_t *body, size_t len, struct bgp_open *open, struct bgp_error *err)
{
	static const uint8_t our_version[] = {0, BGP_VERSION};
	struct rd r = rd_init(body, len);
	struct offer offer = {false, 0};
	uint8_t version = rd_u8(&r);

	*open = (struct bgp_open){.as = rd_u16(&r)};
	open->hold_time_s = rd_u16(&r);
	open->router_id = rd_u32(&r);
	if (version != BGP_VERSION && !r.error) {
		*err = (struct bgp_error){.code = BGP_ERR_OPEN,
					  .subcode = BGP_OPEN_BAD_VERSION,
					  .data_len = 2,
					  .data = our_version};
		return -EBADMSG;
	}
	if (get_parameters(&r, open, &offer, err) < 0)
		return -EBADMSG;
	if (!offer.multiprotocol)
		open->ipv4 = true;
	if (open->as4)
		open->as = offer.as;
	if (open->as == 0)
		return open_error(err, BGP_OPEN_BAD_PEER_AS);
	if (open->router_id == 0)
		return open_error(err, BGP_OPEN_BAD_IDENTIFIER);
	if (open->hold_time_s == 1 || open->hold_time_s == 2)
		return open_error(err, BGP_OPEN_BAD_HOLD_TIME);
	return 0;
}
