// SPDX-License-Identifier: BSD-2-Clause
/*
 * The speaker with the test as the router, over TCP on the loopback interface.
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
#include <sys/mman.h>

#include "bgp_router.h"
#include "speaker/bgp_neighbor.h"

static void a_session_comes_up_and_an_update_leaves_in_the_same_call(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	assert_int_equal(status().hold_time_s, 90); /* as configured */
	establish(r);
	assert_false(taken(r));
	assert_false(mono_is_set(bgp_speaker_last_update(lab.sp)));
	assert_int_equal(announce(57, 9), 0);
	assert_true(taken(r)); /* no turn of the loop lies between */
	assert_hex(r->body, (int)r->body_len,
		   "0000 001b 400101 00 400206 0201 0000fde9 400304 7f000001 800404 00000009"
		   "20 0a000039");
	assert_true(mono_is_set(bgp_speaker_last_update(lab.sp)));
	assert_int_equal(announce(57, 9), 0); /* no news */
	assert_false(taken(r));
	assert_int_equal(withdraw(57), 0);
	assert_true(taken(r));
	assert_hex(r->body, (int)r->body_len, "0005 20 0a000039 0000");
	assert_int_equal(withdraw(57), -ENOENT);
	assert_string_equal(status().state, "Established");
	assert_int_equal(status().hold_time_s, 30); /* of the session */
	assert_int_equal(status().updates_sent, 2);
	assert_int_equal(lab.told, 1);
}

/* The timers of others use up what needs no reservation. */
static void a_session_has_timers_of_its_own(void **state)
{
	struct loop_timer *others = calloc(LOOP_BASE_TIMERS, sizeof(*others));
	struct mono never_here = mono_add(loop_clock(), 3600 * NS_PER_S);

	(void)state;
	assert_non_null(others);
	for (int i = 0; i < LOOP_BASE_TIMERS; i++) {
		others[i] = (struct loop_timer){.name = "other"};
		loop_arm(lab.loop, &others[i], never_here);
	}
	establish(&lab.r);
	assert_string_equal(status().state, "Established");
	for (int i = 0; i < LOOP_BASE_TIMERS; i++)
		loop_disarm(lab.loop, &others[i]);
	free(others);
}

/* The router speaks IPv4 alone, over IPv4. */
static void what_a_session_carries_is_told(void **state)
{
	(void)state;
	assert_int_equal(bgp_speaker_carries(lab.sp), 0);
	establish(&lab.r);
	assert_int_equal(bgp_speaker_carries(lab.sp), BGP_CARRIES_IPV4 | BGP_CARRIES_IPV4_BY);
}

static void what_cannot_be_is_refused(void **state)
{
	struct ipprefix p = numbered(1);
	struct bgp_attrs a = {.n_communities = BGP_MAX_COMMUNITIES + 1};

	(void)state;
	assert_int_equal(bgp_speaker_announce(lab.sp, &p, &a), -EINVAL);
	p.len = 33;
	assert_int_equal(bgp_speaker_announce(lab.sp, &p, &(struct bgp_attrs){0}), -EINVAL);
	for (unsigned int i = 0; i < BGP_MAX_PREFIXES; i++)
		assert_int_equal(announce(i, 1), 0);
	assert_int_equal(announce(BGP_MAX_PREFIXES, 1), -ENOSPC);
}

static void routes_announced_before_go_out_packed_when_a_session_stands(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	for (unsigned int i = 0; i < BGP_MAX_PREFIXES; i++)
		announce(i, 1 + i % 2);
	establish(r);
	while (status().prefixes_announced < BGP_MAX_PREFIXES ||
	       r->med[BGP_MAX_PREFIXES - 1] == 0) {
		UNTIL(taken(r));
		learn(r);
	}
	for (unsigned int i = 0; i < BGP_MAX_PREFIXES; i++)
		assert_int_equal(r->med[i], 1 + i % 2);
	assert_in_range(r->updates, 82, 84); /* 809 prefixes fill one */
}

static void ten_thousand_prefixes_share_updates_on_an_open_session(void **state)
{
	static struct ipprefix all[10000];
	struct bgp_attrs a = {.has_med = 1, .med = 9};
	struct router *r = &lab.r;

	(void)state;
	for (unsigned int i = 0; i < 10000; i++)
		all[i] = numbered(i);
	establish(r);
	assert_int_equal(bgp_speaker_announce_all(lab.sp, all, 10000, &a), 0);
	while (r->med[9999] == 0) {
		UNTIL(taken(r));
		learn(r);
	}
	assert_int_equal(r->updates, 13); /* 809 prefixes fill one */
	for (unsigned int i = 0; i < 10000; i++)
		assert_int_equal(r->med[i], 9);
	assert_int_equal(bgp_speaker_withdraw_all(lab.sp, all, 10000), 0);
	while (r->med[9999] != 0) {
		UNTIL(taken(r));
		learn(r);
	}
	assert_int_equal(r->updates, 13 + 13); /* 814 fill one */
	assert_int_equal(bgp_speaker_withdraw_all(lab.sp, all, 10000), -ENOENT);
	assert_int_equal(status().prefixes_announced, 0);
}

static void of_several_prefixes_the_good_ones_are_announced(void **state)
{
	struct ipprefix two[] = {numbered(1), numbered(2)};
	struct bgp_attrs a = {.has_med = 1, .med = 9};
	struct router *r = &lab.r;

	(void)state;
	two[0].len = 33;
	establish(r);
	assert_int_equal(bgp_speaker_announce_all(lab.sp, two, 2, &a), -EINVAL);
	assert_true(taken(r));
	learn(r);
	assert_int_equal(r->med[2], 9);
	assert_int_equal(r->med[1], 0);
}

#define DIFFERENT 4000 /* routes, each with attributes of its own */

/* The expected state after five rounds of announcements and one of withdrawals. */
static bool all_learnt(const struct router *r)
{
	for (unsigned int i = 0; i < DIFFERENT; i++) {
		if (r->med[i] != (i % 3 == 0 ? 0 : 50000 + i))
			return false;
	}
	return true;
}

static void a_router_that_does_not_read_holds_up_nothing_and_ends_up_right(void **state)
{
	struct router *r = &lab.r;
	struct mono began;

	(void)state;
	establish(r);
	began = loop_clock();
	for (uint32_t round = 1; round <= 5; round++) {
		for (unsigned int i = 0; i < DIFFERENT; i++)
			assert_int_equal(announce(i, round * 10000 + i), 0);
	}
	for (unsigned int i = 0; i < DIFFERENT; i += 3)
		assert_int_equal(withdraw(i), 0);
	assert_true(mono_diff_ns(loop_clock(), began) < DEADLINE_NS);
	assert_true(status().updates_sent < 5 * DIFFERENT); /* it did hold some back */
	while (!all_learnt(r)) {
		UNTIL(taken(r));
		learn(r);
	}
	assert_false(taken(r));
	assert_true(r->updates < 6 * DIFFERENT);
}

/* The send hold timer has passed, and TCP has room again: only this process was late. */
static void a_late_send_hold_timer_tries_tcp_first(void **state)
{
	struct bgp_conn *c;

	(void)state;
	establish(&lab.r);
	c = bgp_neighbor_session(lab.sp->neighbors[0]);
	c->tx_len = (size_t)bgp_keepalive_build(c->tx, sizeof(c->tx));
	bgp_conn_fsm(c)->send_hold_due = loop_clock();
	bgp_conn_arm(c);
	UNTIL(!mono_is_set(bgp_conn_fsm(c)->send_hold_due));
	assert_int_equal(lab.established, 1);
	expect(&lab.r, BGP_MSG_KEEPALIVE);
}

static void a_lost_session_is_dialled_again_and_told_all_again(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	establish(r);
	announce(57, 9);
	expect(r, BGP_MSG_UPDATE);
	close(r->fd);
	UNTIL(lab.established == 0);
	assert_string_equal(status().last_error, "connection lost: closed by peer");
	assert_int_equal(status().prefixes_announced, 0);
	establish(r);
	expect(r, BGP_MSG_UPDATE);
	learn(r);
	assert_int_equal(r->med[57], 9);
	assert_int_equal(lab.told, 3);
}

static void a_notification_ends_the_session_and_is_shown(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	establish(r);
	say(r, MARKER "0019 03 06 02 03 627965");
	UNTIL(lab.established == 0);
	assert_string_equal(status().last_error,
			    "received NOTIFICATION 6/2, Cease: Administrative Shutdown: \"bye\"");
	assert_int_equal(status().notifications_received, 1);
	assert_int_equal(status().hold_time_s, 90);
	UNTIL(at_eof(r));
}

static void garbage_is_answered_by_name(void **state)
{
	static const struct {
		const char *in, *notification;
	} rows[] = {
	    {"00000000 00000000 00000000 00000000 0013 04", "01 01"},
	    {MARKER "0012 04", "01 02 0012"},
	    {MARKER "0013 09", "01 03 09"},
	    {MARKER "0017 02 0000 0001", "03 01"},
	    {MARKER "001d 01 04 fde8 0009 c000020b 00", "05 03"},
	};
	struct router *r = &lab.r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		establish(r);
		say(r, rows[i].in);
		expect(r, BGP_MSG_NOTIFICATION);
		assert_hex(r->body, (int)r->body_len, rows[i].notification);
		UNTIL(at_eof(r));
		assert_int_equal(lab.established, 0);
		close(r->fd);
		r->fd = -1;
	}
}

static void an_open_of_another_as_is_refused(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	UNTIL(accepted(r));
	expect(r, BGP_MSG_OPEN);
	say(r, MARKER "001d 01 04 fdea 0009 c000020b 00");
	expect(r, BGP_MSG_NOTIFICATION);
	assert_hex(r->body, (int)r->body_len, "02 02");
	assert_int_equal(lab.told, 0);
	assert_string_equal(status().last_error,
			    "sent NOTIFICATION 2/2, OPEN Message Error: Bad Peer AS: it is AS "
			    "65002, remote_as is 65000");
}

static void messages_may_come_in_any_pieces(void **state)
{
	struct router *r = &lab.r;
	uint8_t octets[64];
	size_t len = unhex(KEEPALIVE MARKER "0017 05 0001 00 01", octets);

	(void)state;
	establish(r);
	announce(57, 9);
	expect(r, BGP_MSG_UPDATE);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(send(r->fd, octets + i, 1, MSG_NOSIGNAL), 1);
		loop_turn(lab.loop, NS_PER_MS);
	}
	expect(r, BGP_MSG_UPDATE); /* the refresh was understood */
	assert_int_equal(send(r->fd, octets, 30, MSG_NOSIGNAL), 30);
	for (int i = 0; i < 5; i++)
		loop_turn(lab.loop, NS_PER_MS);
	assert_int_equal(send(r->fd, octets + 30, len - 30, MSG_NOSIGNAL), len - 30);
	expect(r, BGP_MSG_UPDATE); /* half of it behind another message, half on its own */
	assert_int_equal(lab.established, 1);
}

/* Begins to store what is logged, in a file whose descriptor it returns. */
static int log_to_file(int *saved)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	*saved = dup(STDERR_FILENO);
	assert_true(fd >= 0 && *saved >= 0);
	dup2(fd, STDERR_FILENO);
	log_init("test", true, LOG_LV_WARN);
	return fd;
}

/* Ends it. Returns the number of lines that contain `what`. */
static unsigned int lines_logged(int fd, int saved, const char *what)
{
	static char text[1 << 16];
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
	unsigned int n = 0;

	dup2(saved, STDERR_FILENO);
	log_init("test", true, LOG_LV_ERROR);
	close(saved);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	for (const char *at = text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* One prefix of IPv4 and one of IPv6 are announced to a router that has opened the session with
 * `open`. It requests the routes of both families ten times. */
static unsigned int lines_of_ten_refreshes(const struct bgp_open *open)
{
	struct ipprefix p6 = {.len = 64};
	struct router *r = &lab.r;
	uint8_t buf[256];
	int len = bgp_open_build(open, buf, sizeof(buf)), saved, fd = log_to_file(&saved);

	UNTIL(accepted(r));
	expect(r, BGP_MSG_OPEN);
	assert_int_equal(send(r->fd, buf, (size_t)len, MSG_NOSIGNAL), len);
	say(r, KEEPALIVE);
	expect(r, BGP_MSG_KEEPALIVE);
	UNTIL(bgp_speaker_established(lab.sp) == 1);
	ipaddr_parse(&p6.addr, "2001:db8::");
	assert_int_equal(bgp_speaker_announce(lab.sp, &p6, &(struct bgp_attrs){0}), 0);
	announce(57, 9);
	expect(r, BGP_MSG_UPDATE);
	for (int i = 0; i < 10; i++) {
		say(r, MARKER "0017 05 0002 00 01" MARKER "0017 05 0001 00 01");
		expect(r, BGP_MSG_UPDATE);
	}
	return lines_logged(fd, saved, "127.0.0.1 does not get 2001:db8::/64");
}

static void a_refresh_of_a_family_that_was_not_negotiated_is_ignored(void **state)
{
	const struct bgp_open open = {.as = 65000,
				      .router_id = 0x7f000001,
				      .hold_time_s = 30,
				      .as4 = true,
				      .ipv4 = true,
				      .refresh = true};

	(void)state;
	assert_int_equal(lines_of_ten_refreshes(&open), 1);
}

/* The session carries IPv6, but there is no next hop. */
static void routes_that_cannot_be_sent_do_not_fill_the_log(void **state)
{
	const struct bgp_open open = {.as = 65000,
				      .router_id = 0x7f000001,
				      .hold_time_s = 30,
				      .as4 = true,
				      .ipv4 = true,
				      .ipv6 = true,
				      .refresh = true};

	(void)state;
	assert_int_equal(lines_of_ten_refreshes(&open), 3);
}

static void updates_are_counted_and_bad_ones_tolerated(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	establish(r);
	say(r, MARKER "002d 02 0000 0014 400101 00 400206 0201 0000fde8 400304 c0000201 08 0a");
	say(r, MARKER "002d 02 0000 0014 400101 07 400206 0201 0000fde8 400304 c0000201 08 0a");
	UNTIL(status().updates_received == 2);
	assert_int_equal(status().prefixes_received, 1);
	assert_int_equal(status().updates_malformed, 1);
	assert_int_equal(lab.established, 1);
}

static void shutdown_says_why_and_waits_for_the_peer(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	establish(r);
	say(r, KEEPALIVE); /* unread when the speaker closes: must not become a reset */
	bgp_speaker_shutdown(lab.sp, "maintenance");
	assert_int_equal(lab.established, 0);
	assert_true(taken(r));
	assert_int_equal(r->type, BGP_MSG_NOTIFICATION);
	assert_hex(r->body, (int)r->body_len, "06 02 0b 6d61696e74656e616e6365");
	assert_true(at_eof(r));
	assert_false(bgp_speaker_is_closed(lab.sp));
	say(r, KEEPALIVE);
	close(r->fd);
	r->fd = -1;
	UNTIL(bgp_speaker_is_closed(lab.sp));
	for (int i = 0; i < 50; i++)
		loop_turn(lab.loop, NS_PER_MS);
	assert_false(accepted(r)); /* and it stays away */
	assert_string_equal(status().state, "Idle");
}

static void a_cleared_session_is_reset_and_dialled_at_once(void **state)
{
	struct router *r = &lab.r;
	struct ipaddr other = lab.neighbor.address;

	(void)state;
	establish(r);
	announce(57, 9);
	expect(r, BGP_MSG_UPDATE);
	other.b[15] ^= 1;
	assert_int_equal(bgp_speaker_clear(lab.sp, &other), 0);
	assert_int_equal(lab.established, 1);
	assert_int_equal(bgp_speaker_clear(lab.sp, &lab.neighbor.address), 1);
	assert_int_equal(lab.established, 0);
	assert_true(taken(r));
	assert_int_equal(r->type, BGP_MSG_NOTIFICATION);
	assert_hex(r->body, (int)r->body_len,
		   "06 04 17 636c656172656420627920746865206f70657261746f72");
	assert_string_equal(status().state, "Connect");
	close(r->fd);
	establish(r);
	expect(r, BGP_MSG_UPDATE);
	assert_int_equal(bgp_speaker_clear(lab.sp, NULL), 1);
}

static void a_peer_that_does_not_close_is_closed(void **state)
{
	(void)state;
	establish(&lab.r);
	bgp_speaker_shutdown(lab.sp, NULL);
	assert_false(bgp_speaker_is_closed(lab.sp));
	UNTIL(bgp_speaker_is_closed(lab.sp));
}

static void a_router_that_is_away_is_found_when_it_is_back(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	UNTIL(accepted(r));
	close(r->listener);
	close(r->fd);
	UNTIL(strstr(status().last_error, "cannot connect: Connection refused"));
	assert_int_equal(lab.told, 0);
	listen_again(r, lab.neighbor.port);
	establish(r);
}

/* The callback is the place where a daemon announces. */
static void announce_from_callback(void *ctx, unsigned int established)
{
	on_sessions(ctx, established);
	if (established)
		announce(57, 9);
	else
		bgp_speaker_shutdown(lab.sp, NULL);
}

static void the_callback_may_announce_and_shut_down(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	bgp_speaker_destroy(lab.sp);
	lab.sp = bgp_speaker_create(lab.loop, &lab.cfg, 0x7f00000b, announce_from_callback, &lab);
	UNTIL(accepted(r)); /* the first speaker's */
	close(r->fd);
	establish(r);
	expect(r, BGP_MSG_UPDATE);
	say(r, MARKER "0015 03 06 04");
	UNTIL(lab.established == 0);
	UNTIL(bgp_speaker_is_closed(lab.sp));
	assert_string_equal(status().state, "Idle");
}

/* A configuration is never changed while the speaker has it, so each is a new one. */
static void reconfigure(struct cfg_bgp *cfg, struct cfg_neighbor *neighbors, unsigned int n)
{
	*cfg = lab.cfg;
	cfg->neighbors = neighbors;
	cfg->n_neighbors = n;
	assert_int_equal(bgp_speaker_reconfigure(lab.sp, cfg, 0x7f00000b), 0);
	assert_int_equal(bgp_speaker_neighbors(lab.sp), n);
}

static void a_new_configuration_leaves_other_sessions_alone(void **state)
{
	struct cfg_neighbor two[2] = {lab.neighbor, lab.neighbor};
	struct router *r = &lab.r;
	struct cfg_bgp cfg[4];

	(void)state;
	ipaddr_parse(&two[0].address, "127.0.0.2");
	establish(r);
	announce(57, 9);
	expect(r, BGP_MSG_UPDATE);
	reconfigure(&cfg[0], two, 2);
	UNTIL(strstr(status().last_error, "refused")); /* the new one, now the first */
	reconfigure(&cfg[1], &two[1], 1);
	assert_false(taken(r) || at_eof(r));
	assert_int_equal(lab.told, 1);
	assert_string_equal(status().state, "Established");
	assert_int_equal(status().prefixes_announced, 1);
	assert_int_equal(withdraw(57), 0);
	expect(r, BGP_MSG_UPDATE);
	lab.cfg.hold_time_s = 60; /* agreed on when a session is opened: it is opened anew */
	reconfigure(&cfg[2], two, 2);
	assert_int_equal(lab.established, 0);
	expect(r, BGP_MSG_NOTIFICATION);
	assert_hex(r->body, (int)r->body_len,
		   "06 04 1d 74686520636f6e66696775726174696f6e20686173206368616e676564");
	close(r->fd);
	establish(r);
	reconfigure(&cfg[3], two, 1);
	expect(r, BGP_MSG_NOTIFICATION);
	assert_hex(r->body, (int)r->body_len, "06 03");
	assert_int_equal(lab.established, 0);
}

#define SPEAKER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SPEAKER_TEST(a_session_comes_up_and_an_update_leaves_in_the_same_call),
	    SPEAKER_TEST(a_session_has_timers_of_its_own),
	    SPEAKER_TEST(what_a_session_carries_is_told),
	    SPEAKER_TEST(what_cannot_be_is_refused),
	    SPEAKER_TEST(routes_announced_before_go_out_packed_when_a_session_stands),
	    SPEAKER_TEST(ten_thousand_prefixes_share_updates_on_an_open_session),
	    SPEAKER_TEST(of_several_prefixes_the_good_ones_are_announced),
	    SPEAKER_TEST(a_router_that_does_not_read_holds_up_nothing_and_ends_up_right),
	    SPEAKER_TEST(a_late_send_hold_timer_tries_tcp_first),
	    SPEAKER_TEST(a_lost_session_is_dialled_again_and_told_all_again),
	    SPEAKER_TEST(a_notification_ends_the_session_and_is_shown),
	    SPEAKER_TEST(garbage_is_answered_by_name),
	    SPEAKER_TEST(an_open_of_another_as_is_refused),
	    SPEAKER_TEST(messages_may_come_in_any_pieces),
	    SPEAKER_TEST(a_refresh_of_a_family_that_was_not_negotiated_is_ignored),
	    SPEAKER_TEST(routes_that_cannot_be_sent_do_not_fill_the_log),
	    SPEAKER_TEST(updates_are_counted_and_bad_ones_tolerated),
	    SPEAKER_TEST(shutdown_says_why_and_waits_for_the_peer),
	    SPEAKER_TEST(a_cleared_session_is_reset_and_dialled_at_once),
	    SPEAKER_TEST(a_peer_that_does_not_close_is_closed),
	    SPEAKER_TEST(a_router_that_is_away_is_found_when_it_is_back),
	    SPEAKER_TEST(the_callback_may_announce_and_shut_down),
	    SPEAKER_TEST(a_new_configuration_leaves_other_sessions_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
