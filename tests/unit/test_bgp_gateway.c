// SPDX-License-Identifier: BSD-2-Clause
/*
 * A neighbor that is this host's present gateway, or the router that sends router advertisements on
 * an interface. The test is the router, over TCP on the loopback interface.
 *
 * Links: user/speaker/bgp_speaker.c user/speaker/bgp_neighbor.c user/speaker/bgp_output.c
 * Links: user/config/neighbor_name.c
 * Links: user/speaker/bgp_reload.c user/speaker/bgp_conn.c user/speaker/bgp_listen.c
 * Links: user/bgp/bgp_peer_step.c
 * Links: user/speaker/bgp_socket.c user/bgp/bgp_rib.c user/bgp/bgp_step.c user/bgp/bgp_codec.c
 * Links: user/bgp/bgp_codec_open.c user/bgp/bgp_codec_announce.c user/bgp/bgp_codec_update.c
 * Links: user/speaker/bgp_received.c user/bgp/bgp_foreign.c
 * Links: user/core/loop.c user/core/log.c user/core/addr.c
 */
#include "bgp_router.h"

/* A configuration whose neighbor is the gateway. */
static void configure(enum cfg_neighbor_kind kind)
{
	static struct cfg_neighbor
	    neighbors[2]; /* the one before it stays, as the speaker wants it */
	static struct cfg_bgp cfgs[2];
	static unsigned int at;
	struct cfg_neighbor *n = &neighbors[at ^= 1];

	*n = lab.neighbor;
	n->kind = kind;
	n->address = (struct ipaddr){0};
	cfgs[at] = lab.cfg;
	cfgs[at].neighbors = n;
	assert_int_equal(bgp_speaker_reconfigure(lab.sp, &cfgs[at], 0x7f00000b), 0);
}

/* The fixture's own neighbor has been dialled already. */
static void begin_with(enum cfg_neighbor_kind kind)
{
	UNTIL(accepted(&lab.r));
	configure(kind);
	close(lab.r.fd);
	lab.r.fd = -1;
}

static void gateway(bool ipv6, const char *text)
{
	struct ipaddr address = {0};

	if (text)
		ipaddr_parse(&address, text);
	bgp_speaker_gateway(lab.sp, ipv6, &address, 1);
}

static void it_is_dialled_when_it_is_known(void **state)
{
	struct bgp_neighbor_status now;

	(void)state;
	begin_with(NEIGHBOR_GATEWAY4);
	assert_string_equal(status().state, "Idle");
	assert_string_equal(status().last_error, "there is no default route by a gateway");
	now = status();
	assert_true(ipaddr_is_unset(&now.address));
	assert_string_equal(status().name, "gateway");
	gateway(false, "127.0.0.1");
	now = status();
	assert_int_equal(ipaddr_cmp(&now.address, &lab.neighbor.address), 0);
	establish(&lab.r);
	gateway(false, "127.0.0.1"); /* no news */
	gateway(true, "::1");	     /* of the other family */
	assert_int_equal(lab.established, 1);
}

static void another_one_ends_the_session(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	begin_with(NEIGHBOR_GATEWAY4);
	gateway(false, "127.0.0.1");
	establish(r);
	gateway(false, "127.0.0.2"); /* nobody is there */
	assert_int_equal(lab.established, 0);
	expect(r, BGP_MSG_NOTIFICATION);
	assert_int_equal(r->body[0] << 8 | r->body[1], 6 << 8 | BGP_CEASE_RESET);
	close(r->fd);
	gateway(false, "127.0.0.1");
	establish(r);
}

static void none_at_all_ends_it_until_there_is_one(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	begin_with(NEIGHBOR_GATEWAY4);
	gateway(false, "127.0.0.1");
	establish(r);
	gateway(false, NULL);
	assert_int_equal(lab.established, 0);
	assert_string_equal(status().state, "Idle");
	expect(r, BGP_MSG_NOTIFICATION);
	close(r->fd);
	gateway(false, "127.0.0.1");
	establish(r);
}

static void a_reload_knows_it(void **state)
{
	(void)state;
	gateway(false, "127.0.0.1"); /* before anybody asks for it */
	establish(&lab.r);	     /* the neighbor of the fixture, by its address */
	configure(NEIGHBOR_GATEWAY4);
	assert_int_equal(lab.established, 0);
	expect(&lab.r, BGP_MSG_NOTIFICATION);
	close(lab.r.fd);
	establish(&lab.r);
	assert_string_equal(status().name, "gateway");
	configure(NEIGHBOR_GATEWAY4);
	assert_int_equal(lab.established, 1);
	configure(NEIGHBOR_GATEWAY6);
	assert_int_equal(lab.established, 0);
}

/* --- the router that advertises itself on an interface -----------------------------------------*/

static bool found(const char *interface, const char *text)
{
	struct ipaddr address;

	ipaddr_parse(&address, text);
	return bgp_speaker_found(lab.sp, interface, &address, 1);
}

static void begin_unnumbered(void)
{
	memcpy(lab.neighbor.interface, "lo", sizeof("lo"));
	begin_with(NEIGHBOR_INTERFACE);
}

static void who_advertises_itself_is_dialled(void **state)
{
	(void)state;
	begin_unnumbered();
	assert_string_equal(status().state, "Idle");
	assert_string_equal(status().name, "interface lo");
	assert_string_equal(status().last_error, "no router has advertised itself there");
	assert_false(found("eth0", "127.0.0.1"));
	assert_string_equal(status().state, "Idle");
	assert_true(found("lo", "127.0.0.1"));
	assert_false(found("lo", "127.0.0.1")); /* no news */
	establish(&lab.r);
}

/* Another host advertises itself on the link. */
static void a_session_is_kept(void **state)
{
	struct bgp_neighbor_status now;

	(void)state;
	begin_unnumbered();
	assert_true(found("lo", "127.0.0.1"));
	establish(&lab.r);
	assert_false(found("lo", "127.0.0.2"));
	configure(NEIGHBOR_INTERFACE); /* a reload without a change */
	assert_int_equal(lab.established, 1);
	now = status();
	assert_int_equal(ipaddr_cmp(&now.address, &lab.neighbor.address), 0);
}

static void another_router_takes_the_place_of_one_that_does_not_answer(void **state)
{
	(void)state;
	begin_unnumbered();
	assert_true(found("lo", "127.0.0.2"));	/* nobody is there */
	assert_false(found("lo", "127.0.0.1")); /* the other one has a second */
	assert_string_not_equal(status().state, "Established");
	UNTIL(found("lo", "127.0.0.1"));
	establish(&lab.r);
}

/* The new session begins without waiting for the next advertisement. */
static void a_reload_that_changes_the_session_keeps_the_router(void **state)
{
	(void)state;
	begin_unnumbered();
	assert_true(found("lo", "127.0.0.1"));
	establish(&lab.r);
	lab.neighbor.multihop = 5;
	configure(NEIGHBOR_INTERFACE);
	assert_int_equal(lab.established, 0);
	expect(&lab.r, BGP_MSG_NOTIFICATION);
	close(lab.r.fd);
	establish(&lab.r);
}

#define GATEWAY_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    GATEWAY_TEST(it_is_dialled_when_it_is_known),
	    GATEWAY_TEST(another_one_ends_the_session),
	    GATEWAY_TEST(none_at_all_ends_it_until_there_is_one),
	    GATEWAY_TEST(a_reload_knows_it),
	    GATEWAY_TEST(who_advertises_itself_is_dialled),
	    GATEWAY_TEST(a_session_is_kept),
	    GATEWAY_TEST(a_reload_that_changes_the_session_keeps_the_router),
	    GATEWAY_TEST(another_router_takes_the_place_of_one_that_does_not_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
