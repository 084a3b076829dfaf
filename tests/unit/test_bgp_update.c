// SPDX-License-Identifier: BSD-2-Clause
/*
 * UPDATEs, built and read, against octets written by hand.
 * Links: user/bgp/bgp_codec.c user/bgp/bgp_codec_announce.c user/bgp/bgp_codec_update.c
 * Links: user/core/addr.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bgp/bgp_codec.h"
#include "bgp_hex.h"
#include "core/addr.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* Sessions: 4: over IPv4, 6: over IPv6; i: iBGP, o: an old peer without 4-octet AS, n: IPv4 with an
 * IPv6 next hop, 1 and 2: the address families, L: our AS needs four octets. */
static struct bgp_session session(const char *kind)
{
	struct bgp_session s = {.local_as = strchr(kind, 'L') ? 4200000001 : 65001,
				.as4 = !strchr(kind, 'o'),
				.ibgp = strchr(kind, 'i'),
				.ipv4 = strchr(kind, '1'),
				.ipv6 = strchr(kind, '2'),
				.ipv4_nh6 = strchr(kind, 'n')};

	ipaddr_parse(&s.next_hop, kind[0] == '4' ? "192.0.2.11" : "2001:db8::11");
	return s;
}

static struct ipprefix prefix(const char *text)
{
	struct ipprefix p;

	assert_int_equal(ipprefix_parse(&p, text), 0);
	return p;
}

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

static const struct bgp_attrs elsewhere = {.next_hop4 = {.b = {[10] = 255, 255, 198, 51, 100, 7}},
					   .next_hop6 = {.b = {0x20, 0x01, 0x0d, 0xb8, [15] = 7}}};
static const struct bgp_attrs elsewhere6 = {.next_hop6 = {.b = {0x20, 0x01, 0x0d, 0xb8, [15] = 7}}};

#define NH6 "20010db8 00000000 00000000 00000011"

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

static void announcements_are_built(void **state)
{
	uint8_t buf[BGP_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < ROWS(announce_rows); i++) {
		struct bgp_session s = session(announce_rows[i].session);
		struct ipprefix p[3];
		unsigned int taken, n = read_prefixes(announce_rows[i].prefixes, p);
		int len =
		    bgp_announce_build(&s, announce_rows[i].attrs, p, n, &taken, buf, sizeof(buf));

		printf("# %s\n", announce_rows[i].what);
		assert_hex(buf, len, announce_rows[i].out);
		assert_int_equal(taken, n);
	}
}

/* What we send must be what we would accept. */
static void announcements_read_back(void **state)
{
	uint8_t buf[BGP_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < ROWS(announce_rows); i++) {
		struct bgp_session s = session(announce_rows[i].session);
		struct ipprefix p[3];
		unsigned int taken, n = read_prefixes(announce_rows[i].prefixes, p);
		int len =
		    bgp_announce_build(&s, announce_rows[i].attrs, p, n, &taken, buf, sizeof(buf));
		struct bgp_update u;
		struct bgp_error err;

		assert_int_equal(bgp_update_parse(&s, buf + BGP_HEADER_LEN,
						  (size_t)len - BGP_HEADER_LEN, &u, &err),
				 0);
		assert_int_equal(u.announced, n);
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
		enum bgp_carrier carrier;
		bool withdrawn; /* could have been announced, with another next hop */
	} rows[] = {
	    {"41", "203.0.113.57/32", &linode, BGP_CARRY_CLASSIC, true},
	    /* the peer wants no IPv4 */
	    {"42", "203.0.113.57/32", &linode, BGP_CARRY_NONE, false},
	    {"42", "203.0.113.57/32", &elsewhere, BGP_CARRY_NONE, false},
	    /* no IPv6 next hop there */
	    {"412", "2001:db8::1", &linode, BGP_CARRY_NONE, true},
	    {"412", "2001:db8::1", &elsewhere, BGP_CARRY_MP_IPV6, true},
	    {"41", "2001:db8::1", &elsewhere, BGP_CARRY_NONE, false},
	    /* no RFC 8950 */
	    {"61", "203.0.113.57/32", &linode, BGP_CARRY_NONE, true},
	    {"61", "203.0.113.57/32", &elsewhere6, BGP_CARRY_NONE, true},
	    {"61", "203.0.113.57/32", &elsewhere, BGP_CARRY_CLASSIC, true},
	    {"61n", "203.0.113.57/32", &linode, BGP_CARRY_MP_IPV4, true},
	    {"62n", "203.0.113.57/32", &linode, BGP_CARRY_NONE, false},
	    {"61n", "2001:db8::1", &linode, BGP_CARRY_NONE, false},
	    {"62", "2001:db8::1", &linode, BGP_CARRY_MP_IPV6, true},
	};
	uint8_t buf[BGP_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bgp_session s = session(rows[i].session);
		struct ipprefix p = prefix(rows[i].prefix);
		unsigned int taken;
		int len;

		assert_int_equal(bgp_session_carrier(&s, rows[i].attrs, &p), rows[i].carrier);
		len = bgp_announce_build(&s, rows[i].attrs, &p, 1, &taken, buf, sizeof(buf));
		assert_int_equal(len == -EAFNOSUPPORT, rows[i].carrier == BGP_CARRY_NONE);
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
			int len =
			    bgp_announce_build(&s, announce_rows[i].attrs, p, n, &taken, buf, size);

			assert_true(len == -EMSGSIZE || (len > 0 && (size_t)len <= size));
			len = bgp_withdraw_build(&s, p, n, &taken, buf, size);
			assert_true(len == -EMSGSIZE || (len > 0 && (size_t)len <= size));
			free(buf);
		}
	}
}

/* ORIGIN, AS_PATH, NEXT_HOP: 20 octets; without the last: 13. */
#define GOOD  "400101 00 400206 0201 0000fde8 400304 c0000201 "
#define NO_NH "400101 00 400206 0201 0000fde8 "
#define MP6   "800e 1e 0002 01 10" NH6 "00 40 20010db800570000 "

/* err: "" or the NOTIFICATION's subcode and data; treat: w as withdraw, d discarded, e End-of-RIB
 */
static const struct {
	const char *what, *session, *in;
	unsigned int announced, withdrawn;
	uint8_t bad;
	const char *treat, *err;
} read_rows[] = {
    {"End-of-RIB, IPv4", "41", "0000 0000", 0, 0, 0, "e", ""},
    {"End-of-RIB, IPv6", "62", "0000 0006 800f 03 0002 01", 0, 0, 0, "e", ""},
    {"announce", "41", "0000 0014" GOOD "20 cb007139 00 08 0a", 3, 0, 0, "", ""},
    {"withdraw", "41", "0008 20 cb007139 10 0a01 0000", 0, 2, 0, "", ""},
    {"both", "41", "0005 20 cb007139 0014" GOOD "08 0a", 1, 1, 0, "", ""},
    {"IPv6", "62", "0000 002e" NO_NH MP6, 1, 0, 0, "", ""},
    {"IPv6 withdrawn", "62", "0000 000f 800f 0c 0002 01 40 20010db800570000", 0, 1, 0, "", ""},
    {"IPv6 not agreed on", "61", "0000 002e" NO_NH MP6, 0, 0, 0, "", ""},
    {"an unknown family", "62", "0000 0015" NO_NH "800e 05 4004 47 00 00", 0, 0, 0, "", ""},
    {"IPv4 with an IPv6 next hop", "61n", "0000 0027" NO_NH "800e 17 0001 01 10" NH6 "00 08 0a", 1,
     0, 0, "", ""},
    {"an unknown optional attribute", "41", "0000 0017" GOOD "c0f000 08 0a", 1, 0, 0, "", ""},
    {"a repeated attribute counts once", "41", "0000 0018" GOOD "400101 07 08 0a", 1, 0, 0, "", ""},
    {"AS_PATH and no more AS than two octets", "4o1",
     "0000 0012 400101 00 400204 0201 fde8 400304 c0000201 08 0a", 1, 0, 0, "", ""},
    {"an empty AS_PATH", "4i1", "0000 000e 400101 00 400200 400304 c0000201 08 0a", 1, 0, 0, "",
     ""},
    {"two octets of attribute length", "41",
     "0000 0015 5001 0001 00 400206 0201 0000fde8 400304 c0000201 08 0a", 1, 0, 0, "", ""},

    {"no attribute length", "41", "0000", 0, 0, 0, "", "1"},
    {"withdrawn longer than the message", "41", "0003 0000", 0, 0, 0, "", "1"},
    {"attributes longer than the message", "41", "0000 0001", 0, 0, 0, "", "1"},
    {"withdrawn prefix of 33 bits", "41", "0006 21 cb00713900 0000", 0, 0, 0, "", "10"},
    {"withdrawn prefix cut short", "41", "0004 20 cb0071 0000", 0, 0, 0, "", "10"},
    {"announced prefix of 33 bits", "41", "0000 0014" GOOD "21 cb00713900", 0, 0, 0, "", "10"},
    {"announced prefix cut short", "41", "0000 0014" GOOD "20 cb0071", 0, 0, 0, "", "10"},
    {"MP_REACH_NLRI twice", "62", "0000 004f" NO_NH MP6 MP6, 0, 0, 0, "", "1"},
    {"MP_UNREACH_NLRI twice", "62", "0000 000c 800f 03 0002 01 800f 03 0002 01", 0, 0, 0, "", "1"},
    {"MP_REACH_NLRI without a next hop length", "62", "0000 0006 800e 03 0002 01", 0, 0, 0, "",
     "9 800e03000201"},
    {"MP_REACH_NLRI, next hop too long", "62", "0000 0008 800e 05 0002 01 10 20", 0, 0, 0, "",
     "9 800e050002011020"},
    {"MP_REACH_NLRI, IPv6 next hop of 4 octets", "62", "0000 000c 800e 09 0002 01 04 c0000201 00",
     0, 0, 0, "", "9 800e0900020104c000020100"},
    {"MP_REACH_NLRI, prefix of 129 bits", "62", "0000 0019 800e 16 0002 01 10" NH6 "00 81", 0, 0, 0,
     "", "9 800e16000201 10" NH6 "0081"},
    {"MP_UNREACH_NLRI of 2 octets", "62", "0000 0005 800f 02 0002", 0, 0, 0, "", "9 800f020002"},
    {"MP_UNREACH_NLRI, prefix cut short", "62", "0000 0008 800f 05 0002 01 40 20", 0, 0, 0, "",
     "9 800f050002014020"},

    {"an attribute longer than the attributes", "41", "0000 0017" GOOD "c00804 08 0a", 0, 1, 8, "w",
     ""},
    {"half an attribute head", "41", "0000 0015" GOOD "c0 08 0a", 0, 1, 0, "w", ""},
    {"an unknown well-known attribute", "41", "0000 0017" GOOD "40f000 08 0a", 0, 1, 0xf0, "w", ""},
    {"no ORIGIN", "41", "0000 0010 400206 0201 0000fde8 400304 c0000201 08 0a", 0, 1, 1, "w", ""},
    {"no AS_PATH", "41", "0000 000b 400101 00 400304 c0000201 08 0a", 0, 1, 2, "w", ""},
    {"no NEXT_HOP", "41", "0000 000d" NO_NH "08 0a", 0, 1, 3, "w", ""},
    {"ORIGIN 3", "41", "0000 0014 400101 03 400206 0201 0000fde8 400304 c0000201 08 0a", 0, 1, 1,
     "w", ""},
    {"ORIGIN of 2 octets", "41", "0000 0015 400102 0000 400206 0201 0000fde8 400304 c0000201 08 0a",
     0, 1, 1, "w", ""},
    {"AS_PATH with a set of confederations", "41",
     "0000 0014 400101 00 400206 0401 0000fde8 400304 c0000201 08 0a", 0, 1, 2, "w", ""},
    {"AS_PATH with an empty segment", "41", "0000 0010 400101 00 400202 0200 400304 c0000201 08 0a",
     0, 1, 2, "w", ""},
    {"AS_PATH longer than itself", "41",
     "0000 0014 400101 00 400206 0202 0000fde8 400304 c0000201 08 0a", 0, 1, 2, "w", ""},
    {"NEXT_HOP of 3 octets", "41", "0000 0013" NO_NH "400303 c00002 08 0a", 0, 1, 3, "w", ""},
    {"MED of 3 octets", "41", "0000 001a" GOOD "800403 000000 08 0a", 0, 1, 4, "w", ""},
    {"LOCAL_PREF of 3 octets inside", "4i1", "0000 001a" GOOD "400503 000000 08 0a", 0, 1, 5, "w",
     ""},
    {"LOCAL_PREF from outside", "41", "0000 001a" GOOD "400503 000000 08 0a", 1, 0, 0, "d", ""},
    {"ATOMIC_AGGREGATE of 1 octet", "41", "0000 0018" GOOD "400601 00 08 0a", 1, 0, 6, "d", ""},
    {"AGGREGATOR of 6 octets", "41", "0000 001d" GOOD "c00706 fde8c0000201 08 0a", 1, 0, 7, "d",
     ""},
    {"AGGREGATOR of 6 octets from an old peer", "4oi1",
     "0000 0017 400101 00 400200 400304 c0000201 c00706 fde8c0000201 08 0a", 1, 0, 0, "", ""},
    {"COMMUNITIES of 5 octets", "41", "0000 001c" GOOD "c00805 fde8000100 08 0a", 0, 1, 8, "w", ""},
    {"no COMMUNITIES in it", "41", "0000 0017" GOOD "c00800 08 0a", 0, 1, 8, "w", ""},
    {"ORIGINATOR_ID of 3 octets inside", "4i1", "0000 001a" GOOD "800903 000000 08 0a", 0, 1, 9,
     "w", ""},
    {"CLUSTER_LIST of 5 octets inside", "4i1", "0000 001c" GOOD "800a05 0000000000 08 0a", 0, 1, 10,
     "w", ""},
    {"CLUSTER_LIST from outside", "41", "0000 001c" GOOD "800a05 0000000000 08 0a", 1, 0, 0, "d",
     ""},
    {"extended communities of 7 octets", "41", "0000 001e" GOOD "c01007 00000000000000 08 0a", 0, 1,
     16, "w", ""},
    {"AS4_PATH with an empty segment", "41", "0000 0019" GOOD "c01102 0200 08 0a", 1, 0, 17, "d",
     ""},
    {"AS4_AGGREGATOR of 6 octets", "41", "0000 001d" GOOD "c01206 fde8c0000201 08 0a", 1, 0, 18,
     "d", ""},
    {"large community of 8 octets", "41", "0000 001f" GOOD "c02008 0000000000000000 08 0a", 0, 1,
     32, "w", ""},
    {"treated as withdrawn, both kinds of prefix", "612n",
     "0000 0038 400101 03"
     "400206 0201 0000fde8 400304 c0000201" MP6 "c00800 08 0a",
     0, 2, 1, "w", ""},
};

static void check_read(size_t i, const struct bgp_update *u)
{
	const char *treat = read_rows[i].treat;

	if (u->announced != read_rows[i].announced || u->withdrawn != read_rows[i].withdrawn ||
	    u->bad_attribute != read_rows[i].bad || u->as_withdraw != !!strchr(treat, 'w') ||
	    (u->discarded > 0) != !!strchr(treat, 'd') || u->end_of_rib != !!strchr(treat, 'e'))
		fail_msg("%s: announced %u, withdrawn %u, bad %u, as_withdraw %d, discarded %u, "
			 "end_of_rib %d",
			 read_rows[i].what, u->announced, u->withdrawn, u->bad_attribute,
			 u->as_withdraw, u->discarded, u->end_of_rib);
}

static void updates_are_read_as_rfc_7606_wants(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(read_rows); i++) {
		struct bgp_session s = session(read_rows[i].session);
		uint8_t buf[256];
		size_t len = unhex(read_rows[i].in, buf);
		uint8_t *in = tight_copy(buf, len);
		struct bgp_error err = {0};
		struct bgp_update u;
		char *data;
		int got = bgp_update_parse(&s, in, len, &u, &err);

		if ((got < 0) != !!read_rows[i].err[0])
			fail_msg("%s: %d, %u/%u", read_rows[i].what, got, err.code, err.subcode);
		if (got == 0) {
			check_read(i, &u);
		} else {
			assert_int_equal(err.code, BGP_ERR_UPDATE);
			if (err.subcode != strtoul(read_rows[i].err, &data, 10))
				fail_msg("%s: subcode %u", read_rows[i].what, err.subcode);
			assert_hex(err.data, err.data_len, data);
		}
		free(in);
	}
}

/* The Optional and Transitive bits of each known attribute, inverted one at a time. */
static void each_attribute_with_wrong_flags_makes_its_routes_withdrawn(void **state)
{
	static const char *const attrs[] = {"400101 00",
					    "400206 0201 0000fde8",
					    "400304 c0000201",
					    "800404 00000000",
					    "400504 00000000",
					    "400600",
					    "c00708 0000fde8 c0000201",
					    "c00804 fde80001",
					    "800904 c0000201",
					    "800a04 c0000201",
					    "800f03 0001 02",
					    "c01008 0000000000000000",
					    "c01106 0201 0000fde8",
					    "c01208 0000fde8 c0000201",
					    "c0200c 000000000000000000000000"};
	struct bgp_session s = session("4i1");

	(void)state;
	for (size_t i = 0; i < ROWS(attrs); i++) {
		for (unsigned int flip = 0; flip <= 0xc0; flip += 0x40) {
			uint8_t body[128] = {0};
			size_t n = unhex(attrs[i], body + 4);
			struct bgp_update u;
			struct bgp_error err;

			body[4] ^= (uint8_t)flip;
			n += unhex(GOOD, body + 4 + n); /* a repeated one is skipped */
			body[3] = (uint8_t)n;
			n += unhex("08 0a", body + 4 + n);
			assert_int_equal(bgp_update_parse(&s, body, 4 + n, &u, &err), 0);
			if (u.announced != (flip ? 0 : 1) || u.withdrawn != (flip ? 1 : 0))
				fail_msg("attribute %u, flags ^ %02x", body[5], flip);
			if (flip)
				assert_int_equal(u.bad_attribute, body[5]);
		}
	}
}

/* No octet behind the cut may be read; a cut inside the fields always ends the session. */
static void an_update_cut_anywhere_is_safe(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(read_rows); i++) {
		struct bgp_session s = session(read_rows[i].session);
		uint8_t buf[256];
		size_t len = unhex(read_rows[i].in, buf);
		size_t fields = len >= 4u + buf[1] ? 4u + buf[1] + buf[3 + buf[1]] : 0;

		for (size_t cut = 0; cut < len; cut++) {
			uint8_t *in = tight_copy(buf, cut);
			struct bgp_update u;
			struct bgp_error err;

			if (bgp_update_parse(&s, in, cut, &u, &err) == 0 && cut < fields)
				fail_msg("%s: cut to %zu", read_rows[i].what, cut);
			free(in);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(announcements_are_built),
	    cmocka_unit_test(announcements_read_back),
	    cmocka_unit_test(withdrawals_are_built),
	    cmocka_unit_test(what_a_session_cannot_carry_is_refused),
	    cmocka_unit_test(attributes_that_count_too_much_are_refused),
	    cmocka_unit_test(many_prefixes_fill_messages_to_the_last_octet),
	    cmocka_unit_test(no_buffer_is_too_small_to_be_safe),
	    cmocka_unit_test(updates_are_read_as_rfc_7606_wants),
	    cmocka_unit_test(each_attribute_with_wrong_flags_makes_its_routes_withdrawn),
	    cmocka_unit_test(an_update_cut_anywhere_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
