// SPDX-License-Identifier: BSD-2-Clause
/*
 * RFC 4271 section 6, error by error: the octets that the peer gets for each or, if RFC 7606 keeps
 * the session, the treatment of the UPDATE. Hold timers (6.5) are in test_bgp_step.c, collisions
 * (6.8) in test_bgp_peer.c.
 *
 * Links: user/speaker/bgp_speaker.c user/speaker/bgp_neighbor.c user/config/neighbor_name.c
 * Links: user/speaker/bgp_output.c
 * Links: user/speaker/bgp_reload.c user/speaker/bgp_conn.c user/speaker/bgp_listen.c
 * Links: user/bgp/bgp_peer_step.c user/speaker/bgp_socket.c user/bgp/bgp_rib.c
 * Links: user/bgp/bgp_step.c user/bgp/bgp_codec.c user/bgp/bgp_codec_open.c
 * Links: user/bgp/bgp_codec_announce.c user/bgp/bgp_codec_update.c
 * Links: user/speaker/bgp_received.c user/bgp/bgp_foreign.c
 * Links: user/core/loop.c user/core/log.c user/core/addr.c
 */
#include "bgp_router.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* A peer's OPEN without and with parameters, and where its fields are. */
#define OPEN(version, as, hold, id) MARKER "001d 01" version as hold id "00"
#define GOOD_OPEN		    OPEN("04", "fde8", "001e", "7f000001")
#define OPEN_AND(len, parameters)   MARKER len "01 04 fde8 001e 7f000001" parameters
#define REFRESH			    MARKER "0017 05 0001 00 01"
#define END_OF_RIB		    MARKER "0017 02 0000 0000"

enum reached { OPEN_SENT, OPEN_CONFIRM, ESTABLISHED };

/* The peer's message in that state; the body of the NOTIFICATION, "" if it gets none. */
static const struct {
	const char *section, *what;
	enum reached in;
	const char *said, *notification;
} rows[] = {
    {"6.1", "marker", ESTABLISHED, "fffffffe ffffffff ffffffff ffffffff 0013 04", "01 01"},
    {"6.1", "marker, all zero", OPEN_SENT, "00000000 00000000 00000000 00000000 001d 01", "01 01"},
    {"6.1", "shorter than a header", ESTABLISHED, MARKER "0012 04", "01 02 0012"},
    {"6.1", "longer than 4096", ESTABLISHED, MARKER "1001 02", "01 02 1001"},
    {"6.1", "short OPEN", OPEN_SENT, MARKER "001c 01", "01 02 001c"},
    {"6.1", "short UPDATE", ESTABLISHED, MARKER "0016 02", "01 02 0016"},
    {"6.1", "short NOTIFICATION", ESTABLISHED, MARKER "0014 03", "01 02 0014"},
    {"6.1", "long KEEPALIVE", ESTABLISHED, MARKER "0014 04 00", "01 02 0014"},
    {"6.1", "short ROUTE-REFRESH", ESTABLISHED, MARKER "0016 05", "01 02 0016"},
    {"6.1", "type 0", ESTABLISHED, MARKER "0013 00", "01 03 00"},
    {"6.1", "type 6", OPEN_CONFIRM, MARKER "0013 06", "01 03 06"},
    {"6.1", "type 255", OPEN_SENT, MARKER "0013 ff", "01 03 ff"},

    {"6.2", "version 3", OPEN_SENT, OPEN("03", "fde8", "001e", "7f000001"), "02 01 0004"},
    {"6.2", "version 5", OPEN_SENT, OPEN("05", "fde8", "001e", "7f000001"), "02 01 0004"},
    {"6.2", "another AS", OPEN_SENT, OPEN("04", "fde9", "001e", "7f000001"), "02 02"},
    {"6.2", "AS 0", OPEN_SENT, OPEN("04", "0000", "001e", "7f000001"), "02 02"},
    {"6.2", "identifier 0", OPEN_SENT, OPEN("04", "fde8", "001e", "00000000"), "02 03"},
    {"6.2", "a parameter of old", OPEN_SENT, OPEN_AND("0020", "03 01 01 00"), "02 04"},
    {"6.2", "an unknown parameter", OPEN_SENT, OPEN_AND("0020", "03 fe 01 00"), "02 04"},
    {"6.2", "hold time 1", OPEN_SENT, OPEN("04", "fde8", "0001", "7f000001"), "02 06"},
    {"6.2", "hold time 2", OPEN_SENT, OPEN("04", "fde8", "0002", "7f000001"), "02 06"},
    {"6.2", "parameter past the end", OPEN_SENT, OPEN_AND("0020", "03 02 02 01"), "02 00"},
    {"6.2", "parameters past the end", OPEN_SENT, OPEN_AND("001f", "03 02 00"), "02 00"},
    {"6.2", "octets behind them", OPEN_SENT, OPEN_AND("0020", "02 02 00 00"), "02 00"},
    {"6.2", "capability past the end", OPEN_SENT, OPEN_AND("0021", "04 02 02 41 04"), "02 00"},
    {"RFC 5492 3", "no family of ours", OPEN_SENT, OPEN_AND("0025", "08 02 06 0104 0019 00 41"),
     "02 07 0104 0001 00 01 0104 0002 00 01"},

    {"6.3", "withdrawn past the end", ESTABLISHED, MARKER "0017 02 0001 0000", "03 01"},
    {"6.3", "attributes past the end", ESTABLISHED, MARKER "0017 02 0000 0001", "03 01"},
    {"RFC 7606 3 g", "two MP_UNREACH_NLRI", ESTABLISHED,
     MARKER "0023 02 0000 000c 800f03 000101 800f03 000101", "03 01"},
    {"RFC 7606 7.11", "MP_REACH_NLRI without a next hop", ESTABLISHED,
     MARKER "001d 02 0000 0006 800e03 000101", "03 09 800e03 000101"},
    {"RFC 7606 7.11", "MP_REACH_NLRI, a next hop of five octets", ESTABLISHED,
     MARKER "0024 02 0000 000d 800e0a 0001 01 05 c000020100 00",
     "03 09 800e0a 0001 01 05 c000020100 00"},
    {"RFC 7606 7.12", "MP_UNREACH_NLRI without a family", ESTABLISHED,
     MARKER "001b 02 0000 0004 800f01 00", "03 09 800f01 00"},
    {"6.3", "MP_UNREACH_NLRI, prefix of 33 bits", ESTABLISHED,
     MARKER "001e 02 0000 0007 800f04 000101 21", "03 09 800f04 000101 21"},
    {"6.3", "withdrawn prefix of 33 bits", ESTABLISHED, MARKER "0018 02 0001 21 0000", "03 0a"},
    {"6.3", "withdrawn prefix past its end", ESTABLISHED, MARKER "0019 02 0002 180a 0000", "03 0a"},
    {"6.3", "prefix of 33 bits", ESTABLISHED, MARKER "001d 02 0000 0000 21 0a0a0a0a0a", "03 0a"},
    {"6.3", "prefix past the end", ESTABLISHED, MARKER "0019 02 0000 0000 18 0a", "03 0a"},

    {"6.4", "a NOTIFICATION with an unknown code", ESTABLISHED, MARKER "0015 03 63 63", ""},
    {"6.4", "a Cease with a broken text", ESTABLISHED, MARKER "0016 03 06 02 ff", ""},
    {"6.4", "a NOTIFICATION before any OPEN", OPEN_SENT, MARKER "0015 03 02 02", ""},

    {"6.6", "KEEPALIVE in OpenSent", OPEN_SENT, KEEPALIVE, "05 01"},
    {"6.6", "UPDATE in OpenSent", OPEN_SENT, END_OF_RIB, "05 01"},
    {"6.6", "ROUTE-REFRESH in OpenSent", OPEN_SENT, REFRESH, "05 01"},
    {"6.6", "OPEN in OpenConfirm", OPEN_CONFIRM, GOOD_OPEN, "05 02"},
    {"6.6", "UPDATE in OpenConfirm", OPEN_CONFIRM, END_OF_RIB, "05 02"},
    {"6.6", "ROUTE-REFRESH in OpenConfirm", OPEN_CONFIRM, REFRESH, "05 02"},
    {"6.6", "OPEN in Established", ESTABLISHED, GOOD_OPEN, "05 03"},
};

static void reach(struct router *r, enum reached in)
{
	if (in == ESTABLISHED) {
		establish(r);
		return;
	}
	UNTIL(accepted(r));
	expect(r, BGP_MSG_OPEN);
	if (in == OPEN_SENT)
		return;
	say_open(r);
	expect(r, BGP_MSG_KEEPALIVE);
}

static void each_error_gets_its_notification(void **state)
{
	struct router *r = &lab.r;

	for (size_t i = 0; i < ROWS(rows); i++) {
		setup(state); /* a speaker without back-off from the row before */
		reach(r, rows[i].in);
		say(r, rows[i].said);
		print_message("# %s: %s\n", rows[i].section, rows[i].what);
		if (*rows[i].notification) {
			expect(r, BGP_MSG_NOTIFICATION);
			assert_hex(r->body, (int)r->body_len, rows[i].notification);
		}
		UNTIL(at_eof(r));
		assert_int_equal(lab.established, 0);
		assert_int_equal(status().notifications_sent, *rows[i].notification != '\0');
		teardown(state);
	}
}

/* An UPDATE of 10.0.0.0/8 with these attributes; RFC 4271's error, by subcode, that is contained.
 */
static const struct {
	const char *section, *what, *attrs;
	enum { SKIPPED, DISCARDED, WITHDRAWN } treated;
} contained[] = {
    {"6.3 (1)", "an attribute twice", "400101 00 400101 00 400206 0201 0000fde8 400304 c0000201",
     SKIPPED},
    {"6.3 (1)", "an attribute past the end", "400101 00 400206 0201 0000fde8 400308 c0000201",
     WITHDRAWN},
    {"6.3 (2)", "an unknown well-known one",
     "400101 00 400206 0201 0000fde8 400304 c0000201 406300", WITHDRAWN},
    {"6.3 (3)", "no ORIGIN", "400206 0201 0000fde8 400304 c0000201", WITHDRAWN},
    {"6.3 (3)", "no AS_PATH", "400101 00 400304 c0000201", WITHDRAWN},
    {"6.3 (3)", "no NEXT_HOP", "400101 00 400206 0201 0000fde8", WITHDRAWN},
    {"6.3 (4)", "ORIGIN as an optional one", "c00101 00 400206 0201 0000fde8 400304 c0000201",
     WITHDRAWN},
    {"6.3 (4)", "MED as a well-known one",
     "400101 00 400206 0201 0000fde8 400304 c0000201 400404 00000001", WITHDRAWN},
    {"6.3 (5)", "ORIGIN of two octets", "400102 0000 400206 0201 0000fde8 400304 c0000201",
     WITHDRAWN},
    {"6.3 (5)", "MED of three octets",
     "400101 00 400206 0201 0000fde8 400304 c0000201 800403 000001", WITHDRAWN},
    {"6.3 (6)", "ORIGIN 3", "400101 03 400206 0201 0000fde8 400304 c0000201", WITHDRAWN},
    {"6.3 (8)", "NEXT_HOP of three octets", "400101 00 400206 0201 0000fde8 400303 c00002",
     WITHDRAWN},
    {"6.3 (9)", "COMMUNITIES of five octets",
     "400101 00 400206 0201 0000fde8 400304 c0000201 c00805 0000000000", WITHDRAWN},
    {"6.3 (9)", "AGGREGATOR of six octets",
     "400101 00 400206 0201 0000fde8 400304 c0000201 c00706 fde8c0000201", DISCARDED},
    {"6.3 (11)", "AS_PATH with a segment type 3", "400101 00 400206 0301 0000fde8 400304 c0000201",
     WITHDRAWN},
    {"6.3 (11)", "AS_PATH that ends in a segment", "400101 00 400205 0201 0000fd 400304 c0000201",
     WITHDRAWN},
    {"6.3 (11)", "AS_PATH with an empty segment", "400101 00 400202 0200 400304 c0000201",
     WITHDRAWN},
};

static void say_update(struct router *r, const char *attrs)
{
	uint8_t octets[256], msg[BGP_MESSAGE_MAX];
	size_t len = unhex(attrs, octets);
	struct wr w = bgp_message_begin(BGP_MSG_UPDATE, msg, sizeof(msg));
	int whole;

	wr_u16(&w, 0);
	wr_u16(&w, (uint16_t)len);
	wr_bytes(&w, octets, len);
	wr_bytes(&w, (uint8_t[]){8, 10}, 2);
	whole = bgp_message_end(&w);
	assert_int_equal(send(r->fd, msg, (size_t)whole, MSG_NOSIGNAL), whole);
}

static void errors_in_attributes_are_contained(void **state)
{
	struct router *r = &lab.r;
	unsigned int good = 0, bad = 0;

	setup(state);
	establish(r);
	for (size_t i = 0; i < ROWS(contained); i++) {
		print_message("# %s: %s\n", contained[i].section, contained[i].what);
		say_update(r, contained[i].attrs);
		UNTIL(status().updates_received == i + 1);
		bad += contained[i].treated != SKIPPED;
		good += contained[i].treated != WITHDRAWN;
		assert_int_equal(status().updates_malformed, bad);
		assert_int_equal(status().prefixes_received, good);
	}
	assert_int_equal(lab.established, 1);
	assert_int_equal(status().notifications_sent, 0);
	assert_false(taken(r));
	teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_error_gets_its_notification),
	    cmocka_unit_test(errors_in_attributes_are_contained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
