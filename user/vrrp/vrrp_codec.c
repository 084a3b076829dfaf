// SPDX-License-Identifier: BSD-2-Clause
/*
 * Builds adverts. The module owns nothing. It refuses everything that the wire format cannot
 * express: an interval that is not a multiple of the step, an address of the other family, a
 * checksum form that the version does not have. Rejected: to round such values. A peer that
 * compares them (as in version 2) would refuse the adverts, and the cause would be hard to find.
 */
#include "vrrp/vrrp_codec.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "core/bytes.h"

#define V2_STEP_US   1000000u /* RFC 3768 section 5.3.7: seconds, eight bits */
#define V2_MAX_STEPS 255u
#define V3_STEP_US   10000u /* RFC 9568 section 5.2.7: centiseconds, twelve bits */
#define V3_MAX_STEPS 4095u
#define V4_OFFSET    12 /* of the four octets in an IPv4-mapped address */

static const struct ipaddr group_v4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 224, 0, 0, 18}};
static const struct ipaddr group_v6 = {{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12}};

/* The octets of `a` on the wire, and their number. */
static const uint8_t *wire_address(const struct ipaddr *a, size_t *len)
{
	bool v4 = ipaddr_is_v4(a);

	*len = v4 ? 4 : 16;
	return a->b + (v4 ? V4_OFFSET : 0);
}

static bool one_family(const struct vrrp_advert *adv)
{
	int v4 = ipaddr_is_v4(&adv->source);

	if (ipaddr_is_v4(&adv->destination) != v4)
		return false;
	for (unsigned int i = 0; i < adv->count; i++) {
		if (ipaddr_is_v4(&adv->addresses[i]) != v4)
			return false;
	}
	return true;
}

static bool interval_fits(uint32_t interval_us, uint32_t step_us, uint32_t max_steps)
{
	return interval_us > 0 && interval_us % step_us == 0 && interval_us / step_us <= max_steps;
}

static bool fits_version(const struct vrrp_advert *adv)
{
	bool v4 = ipaddr_is_v4(&adv->source);

	if (adv->version == 2)
		return v4 && adv->checksum == HF_CSUM_PLAIN && adv->auth_type <= VRRP_AUTH_PASS &&
		       interval_fits(adv->interval_us, V2_STEP_US, V2_MAX_STEPS);
	if (adv->version != 3 || adv->checksum > HF_CSUM_PSEUDO_GROUP)
		return false;
	/* IPv6 always has the pseudo-header: RFC 9568 section 5.2.8. */
	return (v4 || adv->checksum != HF_CSUM_PLAIN) &&
	       interval_fits(adv->interval_us, V3_STEP_US, V3_MAX_STEPS);
}

/* --- the checksum of RFC 1071 ------------------------------------------------------------------*/

/* Adds an even number of octets, at most VRRP_MAX_LEN: 32 bits cannot overflow. */
static uint32_t sum_octets(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum;
}

/*
 * RFC 8200 section 8.1. The pseudo-header of IPv4 differs only in the order and width of its last
 * fields, which does not change the sum while the length is below 65536.
 */
static uint32_t sum_pseudo_header(const struct ipaddr *src, const struct ipaddr *dst, size_t len)
{
	uint32_t sum = VRRP_IPPROTO + (uint32_t)len;
	const uint8_t *octets;
	size_t n;

	octets = wire_address(src, &n);
	sum = sum_octets(sum, octets, n);
	octets = wire_address(dst, &n);
	return sum_octets(sum, octets, n);
}

static uint16_t checksum(const struct vrrp_advert *adv, const uint8_t *message, size_t len)
{
	const struct ipaddr *group = ipaddr_is_v4(&adv->source) ? &group_v4 : &group_v6;
	uint32_t sum = sum_octets(0, message, len);

	if (adv->checksum == HF_CSUM_PSEUDO)
		sum += sum_pseudo_header(&adv->source, &adv->destination, len);
	if (adv->checksum == HF_CSUM_PSEUDO_GROUP)
		sum += sum_pseudo_header(&adv->source, group, len);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* --- the message -------------------------------------------------------------------------------*/

/* The two octets before the checksum: authentication and seconds, or centiseconds. */
static void put_interval(struct wr *w, const struct vrrp_advert *adv)
{
	if (adv->version == 2) {
		wr_u8(w, adv->auth_type);
		wr_u8(w, (uint8_t)(adv->interval_us / V2_STEP_US));
	} else {
		wr_u16(w, (uint16_t)(adv->interval_us / V3_STEP_US));
	}
}

static void put_addresses(struct wr *w, const struct vrrp_advert *adv)
{
	for (unsigned int i = 0; i < adv->count; i++) {
		size_t len;
		const uint8_t *octets = wire_address(&adv->addresses[i], &len);

		wr_bytes(w, octets, len);
	}
}

/* Without a password the field is zero: RFC 3768 section 5.3.10 keeps it for old peers. */
static void put_auth_data(struct wr *w, const struct vrrp_advert *adv)
{
	static const uint8_t none[VRRP_V2_AUTH_LEN];

	if (adv->version == 2)
		wr_bytes(w, adv->auth_type == VRRP_AUTH_PASS ? adv->auth_data : none,
			 VRRP_V2_AUTH_LEN);
}

/* Writes the message without the trailer, with a checksum of zero. Returns its length or -errno. */
static int build_message(const struct vrrp_advert *adv, uint8_t *buf, size_t size)
{
	struct wr w = wr_init(buf, size);

	if (adv->vrid == 0 || !one_family(adv) || !fits_version(adv))
		return -EINVAL;
	wr_u8(&w, (uint8_t)(adv->version << 4 | VRRP_TYPE_ADVERT));
	wr_u8(&w, adv->vrid);
	wr_u8(&w, adv->priority);
	wr_u8(&w, adv->count);
	put_interval(&w, adv);
	wr_u16(&w, 0);
	put_addresses(&w, adv);
	put_auth_data(&w, adv);
	return w.error ? -EMSGSIZE : (int)wr_len(&w);
}

int vrrp_advert_build(const struct vrrp_advert *adv, uint8_t *buf, size_t size)
{
	int message = build_message(adv, buf, size);
	size_t len = message < 0 ? 0 : (size_t)message, summed = len;
	uint16_t sum;

	if (message < 0)
		return message;
	if (adv->trailer) {
		if (size - len < VRRP_TRAILER_LEN)
			return -EMSGSIZE;
		memcpy(buf + len, adv->trailer, VRRP_TRAILER_LEN);
		len += VRRP_TRAILER_LEN;
	}
	if (!ipaddr_is_v4(&adv->source))
		summed = len; /* the trailer too: vrrp_auth.h */
	sum = checksum(adv, buf, summed);
	buf[VRRP_OFF_CHECKSUM] = (uint8_t)(sum >> 8);
	buf[VRRP_OFF_CHECKSUM + 1] = (uint8_t)sum;
	return (int)len;
}

int vrrp_advert_sign(const struct vrrp_advert *adv, const struct hmac_key *key, uint8_t key_id,
		     uint64_t sequence, uint8_t trailer[VRRP_TRAILER_LEN])
{
	uint8_t buf[VRRP_MAX_LEN + VRRP_TRAILER_LEN];
	int len = build_message(adv, buf, VRRP_MAX_LEN);

	if (len < 0)
		return len;
	if (vrrp_auth_sign(key, key_id, sequence, ipaddr_is_v4(&adv->source) ? 4 : 6, &adv->source,
			   buf, (uint32_t)len))
		return -EINVAL;
	memcpy(trailer, buf + len, VRRP_TRAILER_LEN);
	return 0;
}
