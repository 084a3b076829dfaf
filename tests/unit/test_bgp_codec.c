// SPDX-License-Identifier: BSD-2-Clause
/*
 * BGP's header, OPEN, NOTIFICATION and ROUTE-REFRESH, compared with octets written by hand.
 * Links: user/bgp/bgp_codec.c user/bgp/bgp_codec_open.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bgp/bgp_codec.h"
#include "bgp_hex.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* subcode 0: accepted. `data`: what the NOTIFICATION carries. */
static const struct {
	const char *what, *in;
	uint8_t subcode;
	const char *data;
} header_rows[] = {
    {"KEEPALIVE", MARKER "0013 04", 0, ""},
    {"OPEN of 29", MARKER "001d 01", 0, ""},
    {"UPDATE of 23", MARKER "0017 02", 0, ""},
    {"UPDATE of 4096", MARKER "1000 02", 0, ""},
    {"NOTIFICATION of 21", MARKER "0015 03", 0, ""},
    {"ROUTE-REFRESH", MARKER "0017 05", 0, ""},
    {"marker, first octet", "7fffffff ffffffff ffffffff ffffffff 0013 04", 1, ""},
    {"marker, last octet", "ffffffff ffffffff ffffffff fffffffe 0013 04", 1, ""},
    {"marker before length", "00000000 00000000 00000000 00000000 0000 09", 1, ""},
    {"length 0", MARKER "0000 04", 2, "0000"},
    {"length 18", MARKER "0012 04", 2, "0012"},
    {"length 4097", MARKER "1001 02", 2, "1001"},
    {"length 65535", MARKER "ffff 02", 2, "ffff"},
    {"OPEN of 28", MARKER "001c 01", 2, "001c"},
    {"UPDATE of 22", MARKER "0016 02", 2, "0016"},
    {"NOTIFICATION of 20", MARKER "0014 03", 2, "0014"},
    {"KEEPALIVE of 20", MARKER "0014 04", 2, "0014"},
    {"ROUTE-REFRESH of 22", MARKER "0016 05", 2, "0016"},
    {"ROUTE-REFRESH of 24", MARKER "0018 05", 2, "0018"},
    {"type 0", MARKER "0013 00", 3, "00"},
    {"type 6", MARKER "0017 06", 3, "06"},
    {"type 255", MARKER "0017 ff", 3, "ff"},
};

static void headers_are_judged_by_rfc_4271_section_6_1(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(header_rows); i++) {
		uint8_t buf[64];
		struct bgp_error err = {0};
		struct bgp_header h;
		size_t len = unhex(header_rows[i].in, buf);
		uint8_t *in = tight_copy(buf, len);

		assert_int_equal(len, BGP_HEADER_LEN);
		if (bgp_header_parse(in, &h, &err) == 0)
			err.subcode = 0;
		else
			assert_int_equal(err.code, BGP_ERR_HEADER);
		if (err.subcode != header_rows[i].subcode)
			fail_msg("%s: subcode %u", header_rows[i].what, err.subcode);
		assert_hex(err.data, err.data_len, header_rows[i].data);
		free(in);
	}
}

static void a_header_yields_type_and_length(void **state)
{
	uint8_t buf[64];
	struct bgp_header h;
	struct bgp_error err;

	(void)state;
	unhex(MARKER "0123 02", buf);
	assert_int_equal(bgp_header_parse(buf, &h, &err), 0);
	assert_int_equal(h.type, BGP_MSG_UPDATE);
	assert_int_equal(h.length, 0x123);
}

#define BODY_4_65001 "04 fde9 0009 c000020b " /* version, AS 65001, hold 9, 192.0.2.11 */

static const struct {
	const char *what;
	struct bgp_open open;
	const char *out;
} open_rows[] = {
    {"all capabilities",
     {.as = 65001,
      .router_id = 0xc000020b,
      .hold_time_s = 9,
      .as4 = true,
      .ipv4 = true,
      .ipv6 = true,
      .ipv4_nh6 = true,
      .refresh = true},
     MARKER "003b 01" BODY_4_65001 "1e 021c"
	    "0104 00010001 0104 00020001 0200 0506 0001 0001 0002 4104 0000fde9"},
    {"an AS of four octets",
     {.as = 4200000001, .router_id = 0xc000020b, .hold_time_s = 9, .as4 = true},
     MARKER "0025 01 04 5ba0 0009 c000020b 08 0206 4104 fa56ea01"},
    {"a role, RFC 9234",
     {.as = 65001, .router_id = 0xc000020b, .hold_time_s = 9, .role = BGP_ROLE_CUSTOMER},
     MARKER "0022 01" BODY_4_65001 "05 0203 0901 03"},
    {"none",
     {.as = 65001, .router_id = 0xc000020b, .hold_time_s = 9},
     MARKER "001d 01" BODY_4_65001 "00"},
};

static void an_open_is_built(void **state)
{
	uint8_t buf[BGP_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < ROWS(open_rows); i++) {
		int len = bgp_open_build(&open_rows[i].open, buf, sizeof(buf));

		assert_hex(buf, len, open_rows[i].out);
		for (int size = 0; size < len; size++) {
			uint8_t *small = malloc((size_t)size + 1);

			assert_int_equal(bgp_open_build(&open_rows[i].open, small, (size_t)size),
					 -EMSGSIZE);
			free(small);
		}
	}
}

/* subcode -1: accepted. Flags: 4 ipv4, 6 ipv6, a as4, n ipv4_nh6, r refresh. */
static const struct {
	const char *what, *in;
	int subcode;
	uint32_t as;
	const char *flags, *data;
} parse_rows[] = {
    {"no parameters: IPv4 is implied", BODY_4_65001 "00", -1, 65001, "4", ""},
    {"all in one parameter",
     BODY_4_65001 "1e 021c 0104 00010001 0104 00020001 0200 0506 0001 0001 0002 4104 0000fde9", -1,
     65001, "46anr", ""},
    {"one parameter each", BODY_4_65001 "16 0206 0104 00020001 0202 0200 0208 4104 00000064 ff00",
     -1, 100, "6ar", ""},
    {"AS_TRANS stands for the capability's AS", "04 5ba0 0009 c000020b 08 0206 4104 fa56ea01", -1,
     4200000001, "4a", ""},
    {"multicast is not unicast", BODY_4_65001 "08 0206 0104 00010002", -1, 65001, "", ""},
    {"an unknown capability is skipped", BODY_4_65001 "07 0205 4903 616263", -1, 65001, "4", ""},
    {"extended next hop for other families",
     BODY_4_65001 "10 020e 050c 0001 0002 0002 0001 0001 0001", -1, 65001, "4", ""},
    {"extended next hop behind another one",
     BODY_4_65001 "10 020e 050c 0001 0080 0002 0001 0001 0002", -1, 65001, "4n", ""},
    {"RFC 9072's long form", BODY_4_65001 "ff ff 0009 02 0006 0104 00020001", -1, 65001, "6", ""},
    {"RFC 9072: the short length is ignored", BODY_4_65001 "07 ff 0009 02 0006 0104 00020001", -1,
     65001, "6", ""},
    {"hold time 0", "04 fde9 0000 c000020b 00", -1, 65001, "4", ""},
    {"hold time 3", "04 fde9 0003 c000020b 00", -1, 65001, "4", ""},
    {"version 3", "03 fde9 0009 c000020b 00", 1, 0, "", "0004"},
    {"version 5", "05 fde9 0009 c000020b 00", 1, 0, "", "0004"},
    {"AS 0", "04 0000 0009 c000020b 00", 2, 0, "", ""},
    {"AS 0 in the capability", "04 fde9 0009 c000020b 08 0206 4104 00000000", 2, 0, "", ""},
    {"identifier 0", "04 fde9 0009 00000000 00", 3, 0, "", ""},
    {"parameter 1, authentication", BODY_4_65001 "03 0101 00", 4, 0, "", ""},
    {"parameter 254", BODY_4_65001 "02 fe00", 4, 0, "", ""},
    {"hold time 1", "04 fde9 0001 c000020b 00", 6, 0, "", ""},
    {"hold time 2", "04 fde9 0002 c000020b 00", 6, 0, "", ""},
    {"parameters longer than the message", BODY_4_65001 "09 0206 0104 00010001", 0, 0, "", ""},
    {"octets behind the parameters", BODY_4_65001 "08 0206 0104 00010001 00", 0, 0, "", ""},
    {"a parameter longer than all", BODY_4_65001 "08 0207 0104 00010001", 0, 0, "", ""},
    {"half a parameter head", BODY_4_65001 "09 0206 0104 00010001 02", 0, 0, "", ""},
    {"a capability longer than its parameter", BODY_4_65001 "08 0206 0105 00010001", 0, 0, "", ""},
    {"half a capability head", BODY_4_65001 "09 0207 0104 00010001 02", 0, 0, "", ""},
    {"multiprotocol of 3 octets", BODY_4_65001 "07 0205 0103 000100", 0, 0, "", ""},
    {"multiprotocol of 5 octets", BODY_4_65001 "09 0207 0105 0001000100", 0, 0, "", ""},
    {"refresh with a value", BODY_4_65001 "05 0203 0201 00", 0, 0, "", ""},
    {"extended next hop of 5 octets", BODY_4_65001 "09 0207 0505 0001000100", 0, 0, "", ""},
    {"4-octet AS of 2 octets", BODY_4_65001 "06 0204 4102 fde9", 0, 0, "", ""},
    {"RFC 9072 cut short", BODY_4_65001 "ff ff 000a 02 0006 0104 00020001", 0, 0, "", ""},
};

static bool flags_are(const struct bgp_open *o, const char *flags)
{
	return o->ipv4 == !!strchr(flags, '4') && o->ipv6 == !!strchr(flags, '6') &&
	       o->as4 == !!strchr(flags, 'a') && o->ipv4_nh6 == !!strchr(flags, 'n') &&
	       o->refresh == !!strchr(flags, 'r');
}

static void an_open_is_read_or_refused_by_rfc_4271_section_6_2(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(parse_rows); i++) {
		uint8_t buf[256];
		size_t len = unhex(parse_rows[i].in, buf);
		uint8_t *in = tight_copy(buf, len);
		struct bgp_error err = {0};
		struct bgp_open open;
		int got = bgp_open_parse(in, len, &open, &err) == 0 ? -1 : err.subcode;

		if (got != parse_rows[i].subcode)
			fail_msg("%s: subcode %d", parse_rows[i].what, got);
		if (got == -1) {
			assert_int_equal(open.as, parse_rows[i].as);
			assert_int_equal(open.router_id, 0xc000020b);
			if (!flags_are(&open, parse_rows[i].flags))
				fail_msg("%s: flags", parse_rows[i].what);
		} else {
			assert_int_equal(err.code, BGP_ERR_OPEN);
			assert_hex(err.data, err.data_len, parse_rows[i].data);
		}
		free(in);
	}
}

static void an_open_cut_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(parse_rows); i++) {
		uint8_t buf[256];
		size_t len = unhex(parse_rows[i].in, buf);
		struct bgp_error err;
		struct bgp_open open;

		for (size_t cut = 0; cut < len; cut++) {
			uint8_t *in = tight_copy(buf, cut);

			if (bgp_open_parse(in, cut, &open, &err) == 0 &&
			    parse_rows[i].subcode == -1)
				fail_msg("%s: cut to %zu", parse_rows[i].what, cut);
			free(in);
		}
	}
}

static void an_open_that_we_build_reads_back(void **state)
{
	struct bgp_open in = open_rows[0].open, out;
	uint8_t buf[BGP_MESSAGE_MAX];
	struct bgp_error err;
	int len = bgp_open_build(&in, buf, sizeof(buf));

	(void)state;
	assert_int_equal(
	    bgp_open_parse(buf + BGP_HEADER_LEN, (size_t)len - BGP_HEADER_LEN, &out, &err), 0);
	assert_true(flags_are(&out, "46anr"));
	assert_int_equal(out.as, in.as);
	assert_int_equal(out.hold_time_s, in.hold_time_s);
}

/* RFC 9234 section 4.2: an unassigned role, or two that differ, fits no other; the same twice does.
 */
static void roles_are_read(void **state)
{
	static const struct {
		const char *body; /* of the OPEN */
		uint8_t role;
	} rows[] = {
	    {BODY_4_65001 "00", BGP_ROLE_NONE},
	    {BODY_4_65001 "05 0203 0901 00", BGP_ROLE_PROVIDER},
	    {BODY_4_65001 "05 0203 0901 04", BGP_ROLE_PEER},
	    {BODY_4_65001 "05 0203 0901 05", BGP_ROLE_UNKNOWN},
	    {BODY_4_65001 "05 0203 0901 ff", BGP_ROLE_UNKNOWN},
	    {BODY_4_65001 "08 0206 0901 03 0901 03", BGP_ROLE_CUSTOMER},
	    {BODY_4_65001 "08 0206 0901 03 0901 00", BGP_ROLE_UNKNOWN},
	};
	uint8_t body[BGP_MESSAGE_MAX];
	struct bgp_error err;
	struct bgp_open open;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		size_t len = unhex(rows[i].body, body);

		assert_int_equal(bgp_open_parse(body, len, &open, &err), 0);
		assert_int_equal(open.role, rows[i].role);
	}
	assert_int_equal(
	    bgp_open_parse(body, unhex(BODY_4_65001 "06 0204 0902 0303", body), &open, &err),
	    -EBADMSG);
}

static void keepalive_and_notification_are_built(void **state)
{
	static const uint8_t length[] = {0x10, 0x01};
	struct bgp_error err = {.code = BGP_ERR_HEADER,
				.subcode = BGP_HEADER_BAD_LENGTH,
				.data_len = 2,
				.data = length};
	uint8_t buf[64];

	(void)state;
	assert_hex(buf, bgp_keepalive_build(buf, sizeof(buf)), MARKER "0013 04");
	assert_int_equal(bgp_keepalive_build(buf, 18), -EMSGSIZE);
	assert_hex(buf, bgp_notification_build(&err, buf, sizeof(buf)),
		   MARKER "0017 03 01 02 1001");
	err.data_len = 0;
	assert_hex(buf, bgp_notification_build(&err, buf, sizeof(buf)), MARKER "0015 03 01 02");
}

static void a_shutdown_text_is_cut_between_characters(void **state)
{
	uint8_t data[1 + BGP_SHUTDOWN_SENT];
	char text[BGP_SHUTDOWN_SENT + 3];

	(void)state;
	assert_hex(data, bgp_shutdown_build("bye", data), "03 627965");
	assert_hex(data, bgp_shutdown_build("", data), "00");
	assert_hex(data, bgp_shutdown_build(NULL, data), "00");
	memset(text, 'x', sizeof(text));
	text[BGP_SHUTDOWN_SENT] = '\0';
	assert_int_equal(bgp_shutdown_build(text, data), 1 + BGP_SHUTDOWN_SENT);
	memcpy(text + BGP_SHUTDOWN_SENT - 1, "\xc3\xa4", 3); /* its second octet is one too many */
	assert_int_equal(bgp_shutdown_build(text, data), BGP_SHUTDOWN_SENT);
	assert_int_equal(data[0], BGP_SHUTDOWN_SENT - 1);
	assert_int_equal(data[BGP_SHUTDOWN_SENT - 1], 'x');
}

static const struct {
	const char *what, *in;
	int code, subcode; /* code -1: refused */
	uint16_t data_len;
	const char *text;
} notification_rows[] = {
    {"hold timer", "04 00", 4, 0, 0, ""},
    {"shutdown with a text", "06 02 03 627965", 6, 2, 4, "bye"},
    {"reset with a text", "06 04 03 627965", 6, 4, 4, "bye"},
    {"shutdown without a text", "06 02", 6, 2, 0, ""},
    {"an empty text", "06 02 00", 6, 2, 1, ""},
    {"a text longer than its message", "06 02 04 627965", 6, 2, 4, ""},
    {"escape sequences and UTF-8 are made harmless", "06 02 06 1b5b32c3a40a", 6, 2, 7, "?[2???"},
    {"another Cease has no text", "06 03 03 627965", 6, 3, 4, ""},
    {"an unknown code", "ff ff 00", 255, 255, 1, ""},
    {"no subcode", "06", -1, 0, 0, ""},
    {"nothing", "", -1, 0, 0, ""},
};

static void a_notification_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(notification_rows); i++) {
		uint8_t buf[64];
		size_t len = unhex(notification_rows[i].in, buf);
		uint8_t *in = tight_copy(buf, len);
		struct bgp_error err;
		char text[BGP_SHUTDOWN_TEXT];
		int got = bgp_notification_parse(in, len, &err, text);

		if ((got == 0 ? err.code : -1) != notification_rows[i].code)
			fail_msg("%s: %d", notification_rows[i].what, got);
		if (got == 0) {
			assert_int_equal(err.subcode, notification_rows[i].subcode);
			assert_int_equal(err.data_len, notification_rows[i].data_len);
		}
		assert_string_equal(text, notification_rows[i].text);
		free(in);
	}
}

static void the_longest_shutdown_text_fits(void **state)
{
	uint8_t body[2 + 256] = {BGP_ERR_CEASE, BGP_CEASE_SHUTDOWN, 255};
	struct bgp_error err;
	char text[BGP_SHUTDOWN_TEXT];

	(void)state;
	memset(body + 3, 'y', 255);
	assert_int_equal(bgp_notification_parse(body, sizeof(body), &err, text), 0);
	assert_int_equal(strlen(text), 255);
}

static void a_route_refresh_is_read(void **state)
{
	uint8_t body[4];
	uint16_t afi;
	uint8_t safi;

	(void)state;
	unhex("0002 ff 01", body);
	bgp_refresh_parse(body, &afi, &safi);
	assert_int_equal(afi, BGP_AFI_IPV6);
	assert_int_equal(safi, BGP_SAFI_UNICAST);
}

static void every_error_has_a_text(void **state)
{
	(void)state;
	for (int code = 0; code < 256; code++) {
		for (int subcode = 0; subcode < 256; subcode++)
			assert_non_null(bgp_error_text((uint8_t)code, (uint8_t)subcode));
	}
	assert_string_equal(bgp_error_text(6, 2), "Cease: Administrative Shutdown");
	assert_string_equal(bgp_error_text(6, 99), "Cease");
	assert_string_equal(bgp_error_text(99, 0), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(headers_are_judged_by_rfc_4271_section_6_1),
	    cmocka_unit_test(a_header_yields_type_and_length),
	    cmocka_unit_test(an_open_is_built),
	    cmocka_unit_test(an_open_is_read_or_refused_by_rfc_4271_section_6_2),
	    cmocka_unit_test(an_open_cut_anywhere_is_refused),
	    cmocka_unit_test(an_open_that_we_build_reads_back),
	    cmocka_unit_test(roles_are_read),
	    cmocka_unit_test(keepalive_and_notification_are_built),
	    cmocka_unit_test(a_shutdown_text_is_cut_between_characters),
	    cmocka_unit_test(a_notification_is_read),
	    cmocka_unit_test(the_longest_shutdown_text_fits),
	    cmocka_unit_test(a_route_refresh_is_read),
	    cmocka_unit_test(every_error_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
