// SPDX-License-Identifier: BSD-2-Clause
/*
 * Building adverts: whole packets worked out by hand, the checksum of every form verified the way a
 * receiver does it, and the fields that do not fit.
 * Links: user/vrrp/vrrp_codec.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp/vrrp_codec.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static struct ipaddr v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct ipaddr){{[10] = 0xff, [11] = 0xff, [12] = a, [13] = b, [14] = c, [15] = d}};
}

static struct ipaddr v6(uint16_t head, uint8_t last)
{
	return (struct ipaddr){{[0] = (uint8_t)(head >> 8), [1] = (uint8_t)head, [15] = last}};
}

/* 192.0.2.11 to 192.0.2.12, VRID 51: priority 150, the service address 203.0.113.57. */
static struct vrrp_advert advert_v2(void)
{
	return (struct vrrp_advert){.version = 2,
				    .vrid = 51,
				    .priority = 150,
				    .auth_type = VRRP_AUTH_PASS,
				    .auth_data = "secret",
				    .count = 1,
				    .interval_us = 1000000,
				    .source = v4(192, 0, 2, 11),
				    .destination = v4(192, 0, 2, 12),
				    .addresses = {v4(203, 0, 113, 57)}};
}

/* Version 3, a second address, one second in centiseconds. */
static struct vrrp_advert advert_v3(void)
{
	struct vrrp_advert adv = advert_v2();

	adv.version = 3;
	adv.count = 2;
	adv.addresses[1] = v4(203, 0, 113, 58);
	return adv;
}

static struct vrrp_advert advert_v6(void)
{
	return (struct vrrp_advert){.version = 3,
				    .vrid = 51,
				    .count = 1,
				    .checksum = HF_CSUM_PSEUDO,
				    .interval_us = 40950000,
				    .source = v6(0xfe80, 0x0b),
				    .destination = v6(0xff02, 0x12),
				    .addresses = {v6(0x2001, 0x57)}};
}

/* --- whole packets ---------------------------------------------------------------------------*/

static void assert_builds(const struct vrrp_advert *adv, const uint8_t *want, int len)
{
	uint8_t buf[VRRP_MAX_LEN];

	assert_int_equal(vrrp_advert_build(adv, buf, sizeof(buf)), len);
	assert_memory_equal(buf, want, (size_t)len);
}

/*
 * RFC 1071 by hand: 2133 + 9601 + 0101 + 0000 + cb00 + 7139 + 7365 + 6372 + 6574 + 0000 = 330b9,
 * folded 30bc, complement cf43.
 */
static void version_2_with_a_password(void **state)
{
	static const uint8_t want[] = {0x21, 0x33, 0x96, 0x01, 0x01, 0x01, 0xcf, 0x43, 0xcb, 0x00,
				       0x71, 0x39, 's',	 'e',  'c',  'r',  'e',	 't',  0,    0};
	struct vrrp_advert adv = advert_v2();

	(void)state;
	assert_builds(&adv, want, sizeof(want));
}

/* 2133 + 0001 + 00ff + 0000 = 2233; with c000 + 0201 + 4 zero words: e434, complement 1bcb. */
static void version_2_without_one_keeps_eight_zeros(void **state)
{
	static const uint8_t want[] = {0x21, 0x33, 0x00, 0x01, 0x00, 0xff, 0x1b, 0xcb, 0xc0, 0x00,
				       0x02, 0x01, 0,	 0,    0,    0,	   0,	 0,    0,    0};
	struct vrrp_advert adv = advert_v2();

	(void)state;
	adv.priority = VRRP_PRIO_STOP;
	adv.auth_type = VRRP_AUTH_NONE; /* what is left in auth_data must not leak */
	adv.interval_us = 255000000;
	adv.addresses[0] = v4(192, 0, 2, 1);
	assert_builds(&adv, want, sizeof(want));
}

/*
 * 3133 + 9602 + 0064 + 0000 + cb00 + 7139 + cb00 + 713a = 3400c, folded 400f, complement bff0. The
 * pseudo-header adds c000 + 020b + c000 + 020c + 0070 + 0010 = 18497: 4c4a3, c4a7, 3b58. To the
 * group it adds c000 + 020b + e000 + 0012 + 0070 + 0010 = 1a29d: 4e2a9, e2ad, 1d52.
 */
static void version_3_in_its_three_forms(void **state)
{
	static const struct {
		enum hf_checksum form;
		uint8_t hi, lo;
	} rows[] = {{HF_CSUM_PLAIN, 0xbf, 0xf0},
		    {HF_CSUM_PSEUDO, 0x3b, 0x58},
		    {HF_CSUM_PSEUDO_GROUP, 0x1d, 0x52}};
	uint8_t want[] = {0x31, 0x33, 0x96, 0x02, 0x00, 0x64, 0,    0,
			  0xcb, 0x00, 0x71, 0x39, 0xcb, 0x00, 0x71, 0x3a};
	struct vrrp_advert adv = advert_v3();

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		adv.checksum = (uint8_t)rows[i].form;
		want[6] = rows[i].hi;
		want[7] = rows[i].lo;
		assert_builds(&adv, want, sizeof(want));
	}
}

/*
 * 3133 + 0001 + 0fff + 0000 + 2001 + 0057 = 618b; fe80 + 000b + ff02 + 0012 + 0018 + 0070 = 1fe27;
 * together 25fb2, folded 5fb4, complement a04b.
 */
static void version_3_on_ipv6(void **state)
{
	static const uint8_t want[] = {0x31, 0x33, 0, 1, 0x0f, 0xff, 0xa0, 0x4b,
				       0x20, 0x01, 0, 0, 0,    0,    0,	   0,
				       0,    0,	   0, 0, 0,    0,    0,	   0x57};
	struct vrrp_advert adv = advert_v6();

	(void)state;
	assert_builds(&adv, want, sizeof(want));
	adv.destination = v6(0xfe80, 0x0c); /* unicast: the old form still counts the group */
	adv.checksum = HF_CSUM_PSEUDO_GROUP;
	assert_builds(&adv, want, sizeof(want));
}

/* --- as a receiver sees it -------------------------------------------------------------------*/

/* The one's complement sum of 16-bit words, carried around at once. */
static uint16_t add16(uint16_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i += 2) {
		uint32_t next = (uint32_t)sum + (uint32_t)(p[i] * 256 + p[i + 1]);

		sum = (uint16_t)(next > 0xffff ? next - 0xffff : next);
	}
	return sum;
}

/* The pseudo-header written out whole: RFC 9293 section 3.1 for IPv4, RFC 8200 section 8.1. */
static uint16_t pseudo_sum(const struct vrrp_advert *adv, struct ipaddr dst, int len)
{
	uint8_t head4[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 112, (uint8_t)(len >> 8), (uint8_t)len};
	uint8_t head6[40] = {[34] = (uint8_t)(len >> 8), [35] = (uint8_t)len, [39] = 112};

	if (ipaddr_is_v4(&dst)) {
		memcpy(head4, adv->source.b + 12, 4);
		memcpy(head4 + 4, dst.b + 12, 4);
		return add16(0, head4, sizeof(head4));
	}
	memcpy(head6, adv->source.b, 16);
	memcpy(head6 + 16, dst.b, 16);
	return add16(0, head6, sizeof(head6));
}

static uint16_t received_sum(const struct vrrp_advert *adv, const uint8_t *buf, int len)
{
	struct ipaddr group = ipaddr_is_v4(&adv->source) ? v4(224, 0, 0, 18) : v6(0xff02, 0x12);
	uint16_t sum = 0;

	if (adv->checksum == HF_CSUM_PSEUDO)
		sum = pseudo_sum(adv, adv->destination, len);
	if (adv->checksum == HF_CSUM_PSEUDO_GROUP)
		sum = pseudo_sum(adv, group, len);
	return add16(sum, buf, (size_t)len);
}

/* All counts and many values; xorshift, so that a failure repeats. */
static void every_checksum_sums_to_ffff(void **state)
{
	uint32_t r = 2463534242u;
	uint8_t buf[VRRP_MAX_LEN];

	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct vrrp_advert adv = i % 3 == 0   ? advert_v2()
					 : i % 3 == 1 ? advert_v3()
						      : advert_v6();
		int len, each = i % 3 == 2 ? 16 : 4, tail = i % 3 == 0 ? 8 : 0;

		adv.count = (uint8_t)(i / 3 % (VRRP_MAX_ADDRS + 1));
		for (int j = 0; j < adv.count; j++) {
			r ^= r << 13;
			r ^= r >> 17;
			r ^= r << 5;
			adv.addresses[j] = adv.addresses[0];
			memcpy(adv.addresses[j].b + 12, &r, 4);
		}
		adv.priority = (uint8_t)r;
		if (i % 3 == 1)
			adv.checksum = (uint8_t)(r >> 8) % 3;
		len = vrrp_advert_build(&adv, buf, sizeof(buf));
		assert_int_equal(len, VRRP_HDR_LEN + each * adv.count + tail);
		assert_int_equal(received_sum(&adv, buf, len), 0xffff);
		buf[i % len] ^= 0x10; /* a receiver would notice */
		assert_int_not_equal(received_sum(&adv, buf, len), 0xffff);
	}
}

/* --- what does not fit -----------------------------------------------------------------------*/

static void refused(void **state)
{
	static const struct {
		const char *why;
		int base; /* 2: version 2; 3: version 3; 6: on IPv6 */
		size_t offset;
		uint32_t value;
		bool wide; /* `value` is the interval, else one octet */
	} rows[] = {
#define OCTET(field) offsetof(struct vrrp_advert, field)
#define INTERVAL     offsetof(struct vrrp_advert, interval_us)
	    {"no such version", 2, OCTET(version), 1, false},
	    {"no such version", 3, OCTET(version), 4, false},
	    {"VRID 0 is reserved", 3, OCTET(vrid), 0, false},
	    {"more addresses than an advert may have", 3, OCTET(count), 21, false},
	    {"version 2 knows no pseudo-header", 2, OCTET(checksum), HF_CSUM_PSEUDO, false},
	    {"no such form", 3, OCTET(checksum), 3, false},
	    {"IPv6 has a pseudo-header always", 6, OCTET(checksum), HF_CSUM_PLAIN, false},
	    {"version 2 is IPv4", 6, OCTET(version), 2, false},
	    {"AH is not spoken", 2, OCTET(auth_type), 2, false},
	    {"no interval", 2, INTERVAL, 0, true},
	    {"no interval", 3, INTERVAL, 0, true},
	    {"half a second in version 2", 2, INTERVAL, 1500000, true},
	    {"over eight bits of seconds", 2, INTERVAL, 256000000, true},
	    {"half a centisecond", 3, INTERVAL, 1005000, true},
	    {"over twelve bits of centiseconds", 3, INTERVAL, 40960000, true},
	    {"the destination is of the other family", 3, OCTET(destination.b[0]), 1, false},
	    {"an address is of the other family", 3, OCTET(addresses[1].b[11]), 0, false},
	    {"all but the source are of the other family", 3, OCTET(source.b[3]), 1, false},
	};
	uint8_t buf[VRRP_MAX_LEN];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct vrrp_advert adv = rows[i].base == 2   ? advert_v2()
					 : rows[i].base == 3 ? advert_v3()
							     : advert_v6();

		if (rows[i].wide)
			adv.interval_us = rows[i].value;
		else
			((uint8_t *)&adv)[rows[i].offset] = (uint8_t)rows[i].value;
		if (vrrp_advert_build(&adv, buf, sizeof(buf)) != -EINVAL)
			fail_msg("built: %s", rows[i].why);
	}
}

static void limits_fit(void **state)
{
	struct vrrp_advert adv = advert_v3();
	uint8_t buf[VRRP_MAX_LEN];

	(void)state;
	adv.interval_us = 10000;
	assert_int_equal(vrrp_advert_build(&adv, buf, sizeof(buf)), 16);
	assert_int_equal(buf[5], 1);
	adv.interval_us = 40950000;
	assert_int_equal(vrrp_advert_build(&adv, buf, sizeof(buf)), 16);
	assert_int_equal(buf[4], 0x0f); /* the four reserved bits stay clear */
	adv = advert_v6();
	adv.count = VRRP_MAX_ADDRS;
	for (int i = 0; i < VRRP_MAX_ADDRS; i++)
		adv.addresses[i] = v6(0x2001, (uint8_t)i);
	assert_int_equal(vrrp_advert_build(&adv, buf, sizeof(buf)), VRRP_MAX_LEN);
}

/* The buffer is of exactly the size given, so that the sanitizers see an octet too many. */
static void a_short_buffer_is_not_overrun(void **state)
{
	struct vrrp_advert adv = advert_v2();

	(void)state;
	for (size_t size = 0; size <= 20; size++) {
		uint8_t *buf = malloc(size ? size : 1);

		assert_non_null(buf);
		assert_int_equal(vrrp_advert_build(&adv, buf, size), size < 20 ? -EMSGSIZE : 20);
		free(buf);
	}
}

/* Adverts of keepalived 2.4.3 with the key of octets 0 to 31, from 192.0.2.11 and 2001:db8::11. */
static void signed_adverts_are_keepaliveds(void **state)
{
	static const uint8_t v2_octets[] = {
	    0x21, 0x01, 0xc8, 0x01, 0x00, 0x01, 0xda, 0xc1, 0xcb, 0x00, 0x71, 0x39,
	    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x07, 0x00, 0x00,
	    0x6b, 0x0c, 0x6d, 0x80, 0xec, 0xb0, 0x00, 0x00, 0xf8, 0xaa, 0xda, 0x8b,
	    0x7e, 0x09, 0x24, 0x91, 0xf7, 0x99, 0xa1, 0x2a, 0xe6, 0x27, 0x9c, 0x3c};
	static const uint8_t v6_octets[] = {
	    0x31, 0x03, 0xc8, 0x01, 0x00, 0x64, 0x47, 0x2c, 0x20, 0x01, 0x0d, 0xb8, 0x00,
	    0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x57, 0x01, 0x07,
	    0x00, 0x00, 0x6b, 0x0c, 0x6d, 0x80, 0xed, 0x18, 0x00, 0x00, 0xc1, 0x60, 0x64,
	    0x72, 0x80, 0x0d, 0x9f, 0x7a, 0xda, 0x54, 0x4c, 0x7e, 0x04, 0x34, 0xfe, 0x10};
	const struct ipaddr virtual6 = {
	    {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x57}};
	struct vrrp_advert adv = advert_v2();
	uint8_t material[VRRP_AUTH_KEY_MIN_LEN], trailer[VRRP_TRAILER_LEN], buf[64];
	struct hmac_key key;

	(void)state;
	for (uint8_t i = 0; i < sizeof(material); i++)
		material[i] = i;
	hmac_key_init(&key, material, sizeof(material));
	adv.auth_type = VRRP_AUTH_NONE;
	adv.vrid = 1;
	adv.priority = 200;
	assert_int_equal(vrrp_advert_sign(&adv, &key, 7, 0x6b0c6d80ecb00000, trailer), 0);
	adv.trailer = trailer;
	assert_int_equal(vrrp_advert_build(&adv, buf, sizeof(buf)), sizeof(v2_octets));
	assert_memory_equal(buf, v2_octets, sizeof(v2_octets));
	assert_int_equal(vrrp_advert_build(&adv, buf, sizeof(v2_octets) - 1), -EMSGSIZE);
	adv = advert_v6();
	adv.vrid = 3;
	adv.priority = 200;
	adv.count = 1;
	adv.addresses[0] = virtual6;
	adv.source = (struct ipaddr){{0x20, 0x01, 0x0d, 0xb8, [15] = 0x11}};
	adv.destination = (struct ipaddr){{0x20, 0x01, 0x0d, 0xb8, [15] = 0x12}};
	adv.interval_us = 1000000;
	assert_int_equal(vrrp_advert_sign(&adv, &key, 7, 0x6b0c6d80ed180000, trailer), 0);
	adv.trailer = trailer;
	assert_int_equal(vrrp_advert_build(&adv, buf, sizeof(buf)), sizeof(v6_octets));
	assert_memory_equal(buf, v6_octets, sizeof(v6_octets));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(version_2_with_a_password),
	    cmocka_unit_test(version_2_without_one_keeps_eight_zeros),
	    cmocka_unit_test(version_3_in_its_three_forms),
	    cmocka_unit_test(version_3_on_ipv6),
	    cmocka_unit_test(every_checksum_sums_to_ffff),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(limits_fit),
	    cmocka_unit_test(a_short_buffer_is_not_overrun),
	    cmocka_unit_test(signed_adverts_are_keepaliveds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
