// SPDX-License-Identifier: BSD-2-Clause
/*
 * UPDATEs that we build, compared with octets written by hand.
 * Links: user/bgp/bgp_codec.c user/bgp/bgp_codec_announce.c user/bgp/bgp_codec_update.c
 * Links: user/core/addr.c
 */
#include <errno.h>

#include "bgp_session.h"

static const struct bgp_attrs linode = {
    .origin = BGP_ORIGIN_INCOMPLETE, .n_communities = 1, .communities = {0xfde80001}};
static const struct bgp_attrs rich = {
    .origin = BGP_ORIGIN_IGP,
    .has_med = 1,
    .med = 100,
    .local_pref = 200,
    .prepend = 2,
    .n_communities = 2,
    .communities = {0xfde80001, 0xffffff01},
    .n_large = 1,
    .large = {{65001, 2, 3}},
};

static const struct bgp_attrs twice = {
    .n_communities = 3,
    .communities = {0xfde80001, 0xfde80002, 0xfde80001},
    .n_large = 3,
    .large = {{65001, 2, 3}, {65001, 2, 3}, {65001, 2, 4}},
};

static const struct bgp_attrs elsewhere = {.next_hop4 = {.b = {[10] = 255, 255, 198, 51, 100, 7}},
					   .next_hop6 = {.b = {0x20, 0x01, 0x0d, 0xb8, [15] = 7}}};
static const struct bgp_attrs elsewhere6 = {.next_hop6 = {.b = {0x20, 0x01, 0x0d, 0xb8, [15] = 7}}};

/* Each message in the order: header, withdrawn, attributes, prefixes. */
static const struct {
	const char *what, *session;
	const struct bgp_attrs *attrs;
	const char *prefixes[3];
	const char *out;
} announce_rows[] = {
    {"IPv4 on IPv4",
     "41",
     &linode,
     {"203.0.113.57/32"},
     MARKER "0037 02 0000 001b 400101 02 400206 0201 0000fde9 400304 c000020b c00804 fde80001"
	    "20 cb007139"},
    {"OTC behind all others, RFC 9234",
     "41C",
     &linode,
     {"203.0.113.57/32"},
     MARKER "003e 02 0000 0022 400101 02 400206 0201 0000fde9 400304 c000020b c00804 fde80001"
	    "c02304 0000fde9 20 cb007139"},
    {"host bits are cleared",
     "41",
     &linode,
     {"203.0.113.255/25", "10.1.2.3/8", "0.0.0.0/0"},
     MARKER "003a 02 0000 001b 400101 02 400206 0201 0000fde9 400304 c000020b c00804 fde80001"
	    "19 cb007180 08 0a 00"},
    {"IPv4 on IPv6, RFC 8950",
     "612n",
     &linode,
     {"203.0.113.57/32"},
     MARKER "0049 02 0000 0032"
	    "900e 001a 0001 01 10" NH6 "00 20 cb007139"
	    "400101 02 400206 0201 0000fde9 c00804 fde80001"},
    {"IPv6 on IPv6",
     "62",
     &linode,
     {"2001:db8:57::/64", "2001:db8:57::1"},
     MARKER "005e 02 0000 0047"
	    "900e 002f 0002 01 10" NH6 "00 40 20010db800570000 80 20010db8005700000000000000000001"
	    "400101 02 400206 0201 0000fde9 c00804 fde80001"},
    {"all attributes on eBGP",
     "41",
     &rich,
     {"203.0.113.57/32"},
     MARKER
     "0059 02 0000 003d 400101 00 40020e 0203 0000fde9 0000fde9 0000fde9 400304 c000020b"
     "800404 00000064 c00808 fde80001ffffff01 c0200c 0000fde9 00000002 00000003 20 cb007139"},
    {"all attributes on iBGP",
     "4i1",
     &rich,
     {"203.0.113.57/32"},
     MARKER "0052 02 0000 0036 400101 00 400200 400304 c000020b 800404 00000064 400504 000000c8"
	    "c00808 fde80001ffffff01 c0200c 0000fde9 00000002 00000003 20 cb007139"},
    {"a LOCAL_PREF of 0 is one",
     "4i1",
     &linode,
     {"203.0.113.57/32"},
     MARKER "0038 02 0000 001c 400101 02 400200 400304 c000020b 400504 00000000 c00804 fde80001"
	    "20 cb007139"},
    {"what stands twice is sent once",
     "41",
     &twice,
     {"203.0.113.57/32"},
     MARKER
     "0056 02 0000 003a 400101 00 400206 0201 0000fde9 400304 c000020b c00808 fde80001fde80002"
     "c02018 0000fde9 00000002 00000003 0000fde9 00000002 00000004 20 cb007139"},
    {"another next hop",
     "41",
     &elsewhere,
     {"203.0.113.57/32"},
     MARKER "0030 02 0000 0014 400101 00 400206 0201 0000fde9 400304 c6336407 20 cb007139"},
    {"an IPv4 next hop on IPv6, which needs no RFC 8950",
     "612",
     &elsewhere,
     {"203.0.113.57/32"},
     MARKER "0030 02 0000 0014 400101 00 400206 0201 0000fde9 400304 c6336407 20 cb007139"},
    {"IPv6 on IPv4",
     "412",
     &elsewhere,
     {"2001:db8:57::/64"},
     MARKER "0046 02 0000 002f 900e 001e 0002 01 10 20010db8000000000000000000000007 00"
	    "40 20010db800570000 400101 00 400206 0201 0000fde9"},
    {"an IPv6 next hop for IPv4, RFC 8950",
     "612n",
     &elsewhere6,
     {"203.0.113.57/32"},
     MARKER "0042 02 0000 002b 900e 001a 0001 01 10 20010db8000000000000000000000007 00"
	    "20 cb007139 400101 00 400206 0201 0000fde9"},
    {"an old peer",
     "4o1",
     &linode,
     {"203.0.113.57/32"},
     MARKER "0035 02 0000 0019 400101 02 400204 0201 fde9 400304 c000020b c00804 fde80001"
	    "20 cb007139"},
    {"an old peer and a long AS",
     "4oL1",
     &rich,
     {"203.0.113.57/32"},
     MARKER "0064 02 0000 0048 400101 00 400208 0203 5ba05ba05ba0 400304 c000020b"
	    "800404 00000064 c00808 fde80001ffffff01"
	    "c0110e 0203 fa56ea01fa56ea01fa56ea01 c0200c 0000fde9 00000002 00000003 20 cb007139"},
};

static unsigned int read_prefixes(const char *const *text, struct ipprefix *out)
{
	unsigned int n = 0;

	for (; n < 3 && text[n]; n++)
		out[n] = prefix(text[n]);
	return n;
}

/* Builds row `i` into `buf`, which has room for `size` octets; *n of its prefixes are in it. */
static int build_row(size_t i, uint8_t *buf, size_t size, unsigned int *n)
{
	struct bgp_session s = session(announce_rows[i].session);
	struct ipprefix p[3];

	return bgp_announce_build(&s, announce_rows[i].attrs, p,
				  read_prefixes(announce_rows[i].prefixes, p), n, buf, size);
}

/* We must accept what we send. */
static void announcements_are_built_and_read_back(void **state)
{
	uint8_t buf[BGP_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < ROWS(announce_rows); i++) {
		struct bgp_session s = session(announce_rows[i].session);
		struct ipprefix p[3];
		struct bgp_update u;
		struct bgp_error err;
		unsigned int taken;
		int len = build_row(i, buf, sizeof(buf), &taken);

		printf("# %s\n", announce_rows[i].what);
		assert_hex(buf, len, announce_rows[i].out);
		assert_int_equal(taken, read_prefixes(announce_rows[i].prefixes, p));
		assert_int_equal(bgp_update_parse(&s, buf + BGP_HEADER_LEN,
						  (size_t)len - BGP_HEADER_LEN, &u, &err),
				 0);
		assert_int_equal(u.announced, taken);
		assert_int_equal(u.bad_attribute, 0);
		assert_int_equal(u.discarded, 0);
	}
}

static const struct {
	const char *what, *session;
	const char *prefixes[3];
	const char *out;
} withdraw_rows[] = {
    {"IPv4 on IPv4",
     "41",
     {"203.0.113.57/32", "198.51.100.0/24"},
     MARKER "0020 02 0009 20 cb007139 18 c63364 0000"},
    {"IPv4 on IPv6",
     "612n",
     {"203.0.113.57/32"},
     MARKER "0023 02 0000 000c 900f 0008 0001 01 20 cb007139"},
    {"IPv6 on IPv6",
     "62",
     {"2001:db8:57::/64"},
     MARKER "0027 02 0000 0010 900f 000c 0002 01 40 20010db800570000"},
    {"IPv6 on IPv4, announced with a next hop of its own",
     "412",
     {"2001:db8:57::/64"},
     MARKER "0027 02 0000 0010 900f 000c 0002 01 40 20010db800570000"},
    {"IPv4 on IPv6 without RFC 8950, the same",
     "61",
     {"203.0.113.57/32"},
     MARKER "001c 02 0005 20 cb007139 0000"},
};

static void withdrawals_are_built(void **state)
{
	uint8_t buf[BGP_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < ROWS(withdraw_rows); i++) {
		struct bgp_session s = session(withdraw_rows[i].session);
		struct ipprefix p[3];
		unsigned int taken, n = read_prefixes(withdraw_rows[i].prefixes, p);
		int len = bgp_withdraw_build(&s, p, n, &taken, buf, sizeof(buf));

		printf("# %s\n", withdraw_rows[i].what);
		assert_hex(buf, len, withdraw_rows[i].out);
		assert_int_equal(taken, n);
	}
}

static void what_a_session_cannot_carry_is_refused(void **state)
{
	static const struct {
		const char *session, *prefix;
		const struct bgp_attrs *attrs;
		enum bgp_encoding encoding;
		bool withdrawn; /* could have been announced, with another next hop */
	} rows[] = {
	    {"41", "203.0.113.57/32", &linode, BGP_ENCODING_CLASSIC, true},
	    /* the peer wants no IPv4 */
	    {"42", "203.0.113.57/32", &linode, BGP_ENCODING_NONE, false},
	    {"42", "203.0.113.57/32", &elsewhere, BGP_ENCODING_NONE, false},
	    /* no IPv6 next hop there */
	    {"412", "2001:db8::1", &linode, BGP_ENCODING_NONE, true},
	    {"412", "2001:db8::1", &elsewhere, BGP_ENCODING_MP_IPV6, true},
	    {"41", "2001:db8::1", &elsewhere, BGP_ENCODING_NONE, false},
	    /* no RFC 8950 */
	    {"61", "203.0.113.57/32", &linode, BGP_ENCODING_NONE, true},
	    {"61", "203.0.113.57/32", &elsewhere6, BGP_ENCODING_NONE, true},
	    {"61", "203.0.113.57/32", &elsewhere, BGP_ENCODING_CLASSIC, true},
	    {"61n", "203.0.113.57/32", &linode, BGP_ENCODING_MP_IPV4, true},
	    {"62n", "203.0.113.57/32", &linode, BGP_ENCODING_NONE, false},
	    {"61n", "2001:db8::1", &linode, BGP_ENCODING_NONE, false},
	    {"62", "2001:db8::1", &linode, BGP_ENCODING_MP_IPV6, true},
	};
	uint8_t buf[BGP_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bgp_session s = session(rows[i].session);
		struct ipprefix p = prefix(rows[i].prefix);
		unsigned int taken;
		int len;

		assert_int_equal(bgp_session_encoding(&s, rows[i].attrs, &p), rows[i].encoding);
		len = bgp_announce_build(&s, rows[i].attrs, &p, 1, &taken, buf, sizeof(buf));
		assert_int_equal(len == -EAFNOSUPPORT, rows[i].encoding == BGP_ENCODING_NONE);
		len = bgp_withdraw_build(&s, &p, 1, &taken, buf, sizeof(buf));
		assert_int_equal(len != -EAFNOSUPPORT, rows[i].withdrawn);
	}
}

static void attributes_that_count_too_much_are_refused(void **state)
{
	struct bgp_session s = session("41");
	struct ipprefix p = prefix("203.0.113.57/32"), bad = {.addr = p.addr, .len = 33};
	struct bgp_attrs a[3] = {rich, rich, rich};
	uint8_t buf[BGP_MESSAGE_MAX];
	unsigned int taken;

	(void)state;
	a[0].n_communities = BGP_MAX_COMMUNITIES + 1;
	a[1].n_large = BGP_MAX_LARGE_COMMUNITIES + 1;
	a[2].prepend = BGP_MAX_PREPEND + 1;
	for (int i = 0; i < 3; i++)
		assert_int_equal(bgp_announce_build(&s, &a[i], &p, 1, &taken, buf, sizeof(buf)),
				 -EINVAL);
	assert_int_equal(bgp_announce_build(&s, &rich, &bad, 1, &taken, buf, sizeof(buf)),
			 -EMSGSIZE);
}

#define MANY 3000

static void many_prefixes_fill_messages_to_the_last_octet(void **state)
{
	static const struct {
		const char *session;
		unsigned int per_message[2]; /* announced, withdrawn */
	} rows[] = {
	    {"41", {(4096 - 23 - 27) / 5, (4096 - 23) / 5}},
	    {"612n", {(4096 - 23 - 20 - 25) / 5, (4096 - 23 - 7) / 5}},
	};
	static struct ipprefix p[MANY];
	uint8_t buf[2 * BGP_MESSAGE_MAX];

	(void)state;
	for (unsigned int i = 0; i < MANY; i++) {
		p[i] = prefix("10.0.0.0/32");
		p[i].addr.b[14] = (uint8_t)(i >> 8);
		p[i].addr.b[15] = (uint8_t)i;
	}
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bgp_session s = session(rows[i].session);
		struct bgp_update u;
		struct bgp_error err;
		unsigned int taken;
		int len = bgp_announce_build(&s, &linode, p, MANY, &taken, buf, sizeof(buf));

		assert_in_range(len, 4092, 4096);
		assert_int_equal(taken, rows[i].per_message[0]);
		assert_int_equal(bgp_update_parse(&s, buf + 19, (size_t)len - 19, &u, &err), 0);
		assert_int_equal(u.announced, taken);
		len = bgp_withdraw_build(&s, p, MANY, &taken, buf, sizeof(buf));
		assert_in_range(len, 4092, 4096);
		assert_int_equal(taken, rows[i].per_message[1]);
		assert_int_equal(bgp_update_parse(&s, buf + 19, (size_t)len - 19, &u, &err), 0);
		assert_int_equal(u.withdrawn, taken);
	}
}

static void no_buffer_is_too_small_to_be_safe(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(announce_rows); i++) {
		struct bgp_session s = session(announce_rows[i].session);
		struct ipprefix p[3];
		unsigned int taken, n = read_prefixes(announce_rows[i].prefixes, p);

		for (size_t size = 0; size < 120; size++) {
			uint8_t *buf = malloc(size + 1);
			int len = build_row(i, buf, size, &taken);

			assert_true(len == -EMSGSIZE || (len > 0 && (size_t)len <= size));
			len = bgp_withdraw_build(&s, p, n, &taken, buf, size);
			assert_true(len == -EMSGSIZE || (len > 0 && (size_t)len <= size));
			free(buf);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(announcements_are_built_and_read_back),
	    cmocka_unit_test(withdrawals_are_built),
	    cmocka_unit_test(what_a_session_cannot_carry_is_refused),
	    cmocka_unit_test(attributes_that_count_too_much_are_refused),
	    cmocka_unit_test(many_prefixes_fill_messages_to_the_last_octet),
	    cmocka_unit_test(no_buffer_is_too_small_to_be_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
