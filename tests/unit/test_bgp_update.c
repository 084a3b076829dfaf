// SPDX-License-Identifier: BSD-2-Clause
/*
 * UPDATEs that we read, octet by octet, by RFC 7606.
 * Links: user/bgp/bgp_codec.c user/bgp/bgp_codec_update.c user/core/addr.c
 */
#include "bgp_session.h"

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
    {"AS_PATH with segments of our confederation", "4i1",
     "0000 0020 400101 00 400212 0301 0000fdf2 0401 0000fdf3 0201 0000fde8 400304 c0000201 08 0a",
     1, 0, 0, "", ""},
    {"AS 0 in AS_PATH", "41",
     "0000 0018 400101 00 40020a 0202 0000fde8 00000000 400304 c0000201 08 0a", 0, 1, 2, "w", ""},
    {"AS 0 in AS_PATH of an old peer", "4o1",
     "0000 0014 400101 00 400206 0202 fde8 0000 400304 c0000201 08 0a", 0, 1, 2, "w", ""},
    {"AS 0 in AS4_PATH", "41", "0000 001d" GOOD "c01106 0201 00000000 08 0a", 1, 0, 17, "d", ""},
    {"a confederation's segment in AS4_PATH", "41", "0000 001d" GOOD "c01106 0301 0000fde8 08 0a",
     1, 0, 0, "", ""},
    {"AS 0 in AGGREGATOR", "41", "0000 001f" GOOD "c00708 00000000 c0000201 08 0a", 1, 0, 7, "d",
     ""},
    {"AS 0 in AS4_AGGREGATOR", "41", "0000 001f" GOOD "c01208 00000000 c0000201 08 0a", 1, 0, 18,
     "d", ""},
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
    {"a bad attribute and no prefix, RFC 7606 section 5.2", "41", "0000 0004 400101 03", 0, 0, 0,
     "", "1"},
    {"the same beside withdrawn ones", "41", "0002 08 0a 0004 400101 03", 0, 0, 0, "", "1"},
    {"half an attribute and no prefix", "41", "0000 0001 40", 0, 0, 0, "", "1"},
    {"an attribute to discard and no prefix", "41", "0000 0004 400601 00", 0, 0, 6, "d", ""},
    {"a bad attribute and prefixes of another family", "41", "0000 002e" NO_NH MP6, 0, 0, 0, "",
     ""},
    {"MP_UNREACH_NLRI alone with wrong flags", "62",
     "0000 000f c00f 0c 0002 01 40 20010db800570000", 0, 1, 15, "w", ""},
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

/* No octet after the cut may be read. A cut inside the fields always ends the session. */
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
	    cmocka_unit_test(updates_are_read_as_rfc_7606_wants),
	    cmocka_unit_test(each_attribute_with_wrong_flags_makes_its_routes_withdrawn),
	    cmocka_unit_test(an_update_cut_anywhere_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
