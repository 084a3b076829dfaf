// SPDX-License-Identifier: BSD-2-Clause
/*
 * The effect of BFD on a BGP session. The test is the router, over TCP on the loopback interface.
 *
 * Links: user/speaker/bgp_speaker.c user/speaker/bgp_neighbor.c user/config/neighbor_name.c
 * Links: user/speaker/bgp_output.c
 * Links: user/speaker/bgp_reload.c user/speaker/bgp_conn.c user/speaker/bgp_listen.c
 * Links: user/bgp/bgp_peer_step.c
 * Links: user/speaker/bgp_socket.c user/bgp/bgp_rib.c user/bgp/bgp_step.c user/bgp/bgp_codec.c
 * Links: user/bgp/bgp_codec_open.c user/bgp/bgp_codec_announce.c user/bgp/bgp_codec_update.c
 * Links: user/speaker/bgp_received.c user/bgp/bgp_foreign.c
 * Links: user/core/loop.c user/core/log.c user/core/addr.c
 */
#include "bgp_router.h"

/* A configuration with BFD; the one before it stays, as the speaker wants it. */
static void configure(bool strict)
{
	static struct cfg_neighbor neighbor;
	static struct cfg_bgp cfg;

	neighbor = lab.neighbor;
	neighbor.bfd =
	    (struct cfg_bfd){.given = true, .strict = strict, .peer = lab.neighbor.address};
	cfg = lab.cfg;
	cfg.neighbors = &neighbor;
	assert_int_equal(bgp_speaker_reconfigure(lab.sp, &cfg, 0x7f00000b), 0);
}

static void bfd(enum bgp_bfd state)
{
	const struct cfg_bfd session = {.given = true, .peer = lab.neighbor.address};

	bgp_speaker_bfd(lab.sp, &session, state, "control detection time expired");
}

static void down_ends_the_session_in_the_same_call(void **state)
{
	struct router *r = &lab.r;
	struct ipaddr lost;

	(void)state;
	configure(false);
	establish(r);
	bfd(BGP_BFD_UP);
	assert_false(bgp_speaker_lost_by_bfd(lab.sp, &lost));
	bfd(BGP_BFD_DOWN);
	assert_int_equal(lab.established, 0);
	assert_true(bgp_speaker_lost_by_bfd(lab.sp, &lost));
	assert_int_equal(ipaddr_cmp(&lost, &lab.neighbor.address), 0);
	assert_string_equal(status().last_error,
			    "BFD with 127.0.0.1 went down: control detection time expired");
	expect(r, BGP_MSG_NOTIFICATION);
	assert_hex(r->body, (int)r->body_len, "06 0a");
	close(r->fd);
	establish(r); /* BFD may have gone alone: it is dialled again */
	assert_true(bgp_speaker_lost_by_bfd(lab.sp, &lost));
	close(r->fd);
	UNTIL(lab.established == 0);
	assert_false(bgp_speaker_lost_by_bfd(lab.sp, &lost)); /* this time it was not BFD */
}

static void what_was_not_up_takes_nothing_down(void **state)
{
	(void)state;
	configure(false);
	establish(&lab.r);
	bfd(BGP_BFD_DOWN);
	assert_int_equal(lab.established, 1);
	bfd(BGP_BFD_UP);
	bfd(BGP_BFD_UNKNOWN); /* the router has switched it off */
	bfd(BGP_BFD_DOWN);
	assert_int_equal(lab.established, 1);
}

static void another_neighbors_bfd_is_nothing_to_it(void **state)
{
	struct cfg_bfd other = {.given = true, .multihop = true, .peer = lab.neighbor.address};

	(void)state;
	configure(false);
	establish(&lab.r);
	bfd(BGP_BFD_UP);
	bgp_speaker_bfd(lab.sp, &other, BGP_BFD_UP, "");
	bgp_speaker_bfd(lab.sp, &other, BGP_BFD_DOWN, "");
	assert_int_equal(lab.established, 1);
}

static void strict_waits_for_up(void **state)
{
	struct router *r = &lab.r;
	struct cfg_bgp none = lab.cfg;

	(void)state;
	none.n_neighbors = 0; /* forgets the session that the setup has begun */
	UNTIL(accepted(r));
	assert_int_equal(bgp_speaker_reconfigure(lab.sp, &none, 0x7f00000b), 0);
	close(r->fd);
	configure(true);
	assert_string_equal(status().state, "Idle");
	assert_string_equal(status().last_error, "it waits until BFD is Up (strict)");
	assert_int_equal(bgp_speaker_clear(lab.sp, NULL), 1); /* not even by the operator */
	assert_string_equal(status().state, "Idle");
	bfd(BGP_BFD_UP);
	assert_string_not_equal(status().state, "Idle");
	establish(r);
	bfd(BGP_BFD_DOWN);
	expect(r, BGP_MSG_NOTIFICATION);
	assert_hex(r->body, (int)r->body_len, "06 0a");
	assert_string_equal(status().state, "Idle");
	close(r->fd);
	configure(false); /* it need not wait any more */
	establish(r);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(down_ends_the_session_in_the_same_call),
	    CASE(what_was_not_up_takes_nothing_down),
	    CASE(another_neighbors_bfd_is_nothing_to_it),
	    CASE(strict_waits_for_up),
	};

	return cmocka_run_group_tests_name("bgp_bfd", tests, NULL, NULL);
}
