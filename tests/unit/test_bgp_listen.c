// SPDX-License-Identifier: BSD-2-Clause
/*
 * A neighbor that connects to us: the router of bgp_router.h opens the connection. Over TCP on the
 * loopback interface.
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
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>

#include "bgp_router.h"
#include "speaker/bgp_listen.h"

struct listen_lab {
	struct bgp_listener *listener;
	struct bgp_speaker *other;
	struct cfg_neighbor neighbors[2];
	struct cfg_bgp cfg;
};

static struct listen_lab ll;

/* A port without a listener, which the kernel gives to no other socket. */
static uint16_t free_port(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	uint16_t port = (uint16_t)(20000 + getpid() % 10000);
	int fd, ret;

	do {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		sin.sin_port = htons(++port);
		ret = bind(fd, (struct sockaddr *)&sin, sizeof(sin));
		close(fd);
	} while (ret < 0 && port < 32000);
	assert_int_equal(ret, 0);
	return port;
}

/* The speaker of `setup` again, with a neighbor that is listened for. `dials`: to the router's
 * port, once; the speaker's own is another one, as both are on one host. */
static void start(bool dials, const char *password)
{
	UNTIL(accepted(&lab.r)); /* the first speaker's */
	close(lab.r.fd);
	bgp_speaker_destroy(lab.sp);
	ll = (struct listen_lab){.listener = bgp_listener_create(lab.loop), .cfg = lab.cfg};
	ll.neighbors[0] = lab.neighbor;
	ll.neighbors[0].passive = !dials;
	ll.neighbors[0].listen = dials;
	ll.neighbors[0].password = (char *)(uintptr_t)password;
	ll.cfg.neighbors = ll.neighbors;
	lab.sp = bgp_speaker_create(lab.loop, &ll.cfg, 0x7f00000b, on_sessions, &lab);
	assert_non_null(lab.sp);
	ll.neighbors[0].port = free_port();
	bgp_speaker_listen(lab.sp, ll.listener);
}

static int end(void **state)
{
	teardown(state);
	bgp_speaker_destroy(ll.other);
	bgp_listener_destroy(ll.listener);
	return 0;
}

/* Connects from `from` to the speaker's port, with that TTL; the descriptor, or -errno. */
static int connect_with(const char *from, const char *password, int ttl)
{
	struct sockaddr_in sin = {.sin_family = AF_INET}, to = sin;
	struct tcp_md5sig sig = {.tcpm_keylen = (uint16_t)(password ? strlen(password) : 0)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct timeval patience = {.tv_usec = 300000};

	inet_pton(AF_INET, from, &sin.sin_addr);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 10);
	to.sin_port = htons(ll.neighbors[0].port);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	if (password) {
		memcpy(&sig.tcpm_addr, &to, sizeof(to));
		memcpy(sig.tcpm_key, password, sig.tcpm_keylen);
		assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof(sig)), 0);
	}
	setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -errno;
}

static int connect_from(const char *from, const char *password)
{
	return connect_with(from, password, 64);
}

static void dial(struct router *r)
{
	r->len = 0;
	r->fd = connect_from("127.0.0.1", NULL);
	assert_true(r->fd >= 0);
}

static void redial(struct router *r)
{
	close(r->fd);
	dial(r);
}

static void answer(struct router *r)
{
	expect(r, BGP_MSG_OPEN);
	say_open(r);
	say(r, KEEPALIVE);
	expect(r, BGP_MSG_KEEPALIVE);
	UNTIL(bgp_speaker_established(lab.sp) == 1);
}

static void a_passive_neighbor_is_waited_for_and_told(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	start(false, NULL);
	assert_string_equal(status().state, "Active");
	announce(57, 9);
	dial(r);
	answer(r);
	expect(r, BGP_MSG_UPDATE);
	assert_hex(r->body, (int)r->body_len,
		   "0000 001b 400101 00 400206 0201 0000fde9 400304 7f00000b 800404 00000009"
		   "20 0a000039");
	assert_string_equal(status().state, "Established");
	close(r->fd);
	UNTIL(lab.established == 0);
	assert_string_equal(status().state, "Active");
	dial(r);
	answer(r);
	expect(r, BGP_MSG_UPDATE);
	bgp_speaker_shutdown(lab.sp, NULL);
	expect(r, BGP_MSG_NOTIFICATION);
	assert_hex(r->body, (int)r->body_len, "06 02 00");
	redial(r);
	UNTIL(at_eof(r)); /* no connection is accepted any more */
	assert_string_equal(status().state, "Idle");
}

static bool is_reset(int fd)
{
	char octet;

	return recv(fd, &octet, 1, MSG_DONTWAIT) < 0 && errno == ECONNRESET;
}

static void strangers_are_reset_before_any_octet(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	start(false, NULL);
	for (unsigned int i = 1; i <= 20; i++) {
		int fd = connect_from("127.0.0.66", NULL);

		assert_true(fd >= 0);
		UNTIL(is_reset(fd));
		assert_int_equal(bgp_listener_refused(ll.listener), i);
		close(fd);
	}
	assert_string_equal(status().state, "Active");
	dial(r);
	answer(r);
}

static void another_source_than_ours_is_refused(void **state)
{
	struct cfg_neighbor changed;
	struct cfg_bgp cfg;
	int fd;

	(void)state;
	start(false, NULL);
	changed = ll.neighbors[0];
	ipaddr_parse(&changed.source, "127.0.0.12"); /* the router dials 127.0.0.11 */
	cfg = ll.cfg;
	cfg.neighbors = &changed;
	assert_int_equal(bgp_speaker_reconfigure(lab.sp, &cfg, 0x7f00000b), 0);
	fd = connect_from("127.0.0.1", NULL);
	assert_true(fd >= 0);
	UNTIL(is_reset(fd));
	close(fd);
	assert_int_equal(bgp_listener_refused(ll.listener), 1);
}

static void without_anybody_to_listen_for_no_port_is_open(void **state)
{
	struct cfg_neighbor changed;
	struct cfg_bgp cfg;

	(void)state;
	start(false, NULL);
	changed = ll.neighbors[0];
	changed.passive = false;
	cfg = ll.cfg;
	cfg.neighbors = &changed;
	assert_int_equal(bgp_speaker_reconfigure(lab.sp, &cfg, 0x7f00000b), 0);
	assert_int_equal(connect_from("127.0.0.1", NULL), -ECONNREFUSED);
}

static void a_password_is_asked_for(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	start(false, "sesame");
	assert_int_equal(connect_from("127.0.0.1", NULL), -EINPROGRESS); /* no answer */
	r->fd = connect_from("127.0.0.1", "sesame");
	assert_true(r->fd >= 0);
	answer(r);
}

static bool password_is_set(void)
{
	struct bgp_neighbor_status s;

	bgp_speaker_status(lab.sp, 0, &s);
	return s.password_error == 0;
}

/* The kernel takes no password of 81 octets, as it takes none when its memory for them is full. */
static void without_its_password_nobody_is_let_in(void **state)
{
	static const char too_long[] =
	    "123456789012345678901234567890123456789012345678901234567890"
	    "123456789012345678901";
	struct router *r = &lab.r;
	struct bgp_neighbor_status s;
	uint64_t before;

	(void)state;
	start(false, too_long);
	bgp_speaker_status(lab.sp, 0, &s);
	assert_int_equal(s.password_error, -EKEYREJECTED);
	before = bgp_listener_refused(ll.listener);
	dial(r); /* without a signature */
	UNTIL(bgp_listener_refused(ll.listener) == before + 1);
	assert_int_equal(lab.established, 0);
	ll.neighbors[0].password = (char *)(uintptr_t) "sesame"; /* there is room again */
	UNTIL(password_is_set());
	close(r->fd);
	r->fd = connect_from("127.0.0.1", "sesame");
	assert_true(r->fd >= 0);
	answer(r);
}

static void a_distant_router_is_not_heard(void **state)
{
	struct cfg_neighbor changed;
	struct router *r = &lab.r;
	struct cfg_bgp cfg;

	(void)state;
	start(false, NULL);
	changed = ll.neighbors[0];
	changed.ttl_security = 2;
	cfg = ll.cfg;
	cfg.neighbors = &changed;
	assert_int_equal(bgp_speaker_reconfigure(lab.sp, &cfg, 0x7f00000b), 0);
	assert_int_equal(connect_with("127.0.0.1", NULL, 253), -EINPROGRESS); /* no answer */
	r->fd = connect_with("127.0.0.1", NULL, 254);
	assert_true(r->fd >= 0);
	answer(r);
}

/* The speaker's identifier is 127.0.0.11, the router's 127.0.0.1: the speaker's dial stays. */
static void of_two_connections_one_stays(void **state)
{
	struct router *r = &lab.r, theirs = {.fd = -1};

	(void)state;
	start(true, NULL);
	dial(&theirs);
	expect(&theirs, BGP_MSG_OPEN);
	UNTIL(accepted(r));
	expect(r, BGP_MSG_OPEN);
	say_open(&theirs);
	expect(&theirs, BGP_MSG_KEEPALIVE);
	say_open(r);
	expect(&theirs, BGP_MSG_NOTIFICATION);
	assert_hex(theirs.body, (int)theirs.body_len, "06 07");
	UNTIL(at_eof(&theirs));
	expect(r, BGP_MSG_KEEPALIVE);
	say(r, KEEPALIVE);
	UNTIL(lab.established == 1);
	redial(&theirs); /* beside a session */
	expect(&theirs, BGP_MSG_OPEN);
	say_open(&theirs);
	expect(&theirs, BGP_MSG_NOTIFICATION);
	assert_hex(theirs.body, (int)theirs.body_len, "06 07");
	close(theirs.fd);
	assert_int_equal(lab.told, 1);
	assert_string_equal(status().last_error, ""); /* a collision is no error */
}

static void a_connection_left_over_makes_way(void **state)
{
	struct router *r = &lab.r, first = {.fd = -1};

	(void)state;
	start(false, NULL);
	dial(&first);
	expect(&first, BGP_MSG_OPEN); /* and the router is away, and back */
	dial(r);
	UNTIL(at_eof(&first));
	answer(r);
	redial(&first); /* but not the one with the session */
	UNTIL(at_eof(&first));
	close(first.fd);
	assert_int_equal(lab.established, 1);
}

/* Its end and its new dial are seen in one turn, the dial first. */
static void a_router_that_restarts_is_let_in_at_once(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	start(false, NULL);
	for (int i = 0; i < 10; i++) {
		dial(r);
		answer(r);
		say(r, KEEPALIVE);
		close(r->fd);
	}
	assert_int_equal(lab.told, 2 * 10 - 1);
}

static void a_taken_port_is_tried_again(void **state)
{
	struct router *r = &lab.r;

	(void)state;
	start(false, NULL);
	bgp_speaker_destroy(lab.sp);
	close(r->listener);
	listen_again(r, ll.neighbors[0].port); /* the other program */
	log_init("test", true, LOG_LV_ERROR - 1);
	lab.sp = bgp_speaker_create(lab.loop, &ll.cfg, 0x7f00000b, on_sessions, &lab);
	bgp_speaker_listen(lab.sp, ll.listener);
	assert_non_null(strstr(status().last_error, "Address already in use"));
	close(r->listener);
	r->listener = -1;
	UNTIL((r->fd = connect_from("127.0.0.1", NULL)) >= 0);
	answer(r);
}

/* The connection waits in the backlog, and would wake the loop again at once. */
static void without_descriptors_it_sleeps_and_tries_again(void **state)
{
	struct router *r = &lab.r;
	struct rlimit limit, none;
	struct mono began;

	(void)state;
	start(false, NULL);
	dial(r);
	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	loop_turn(lab.loop, NS_PER_MS);
	began = loop_clock();
	for (int i = 0; i < 20; i++)
		loop_turn(lab.loop, 2 * NS_PER_MS);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(mono_diff_ns(loop_clock(), began) > 20 * NS_PER_MS);
	assert_string_equal(status().state, "Active");
	answer(r);
}

/* Two speakers and one port; and the two ends are both ours. */
static void two_speakers_share_a_port_and_meet(void **state)
{
	struct cfg_neighbor back;
	struct cfg_bgp cfg;

	(void)state;
	start(true, NULL);
	back = ll.neighbors[0];
	ipaddr_parse(&back.address, "127.0.0.11");
	ipaddr_parse(&back.source, "127.0.0.1");
	back.remote_as = 65001;
	cfg = (struct cfg_bgp){.name = ll.cfg.name,
			       .local_as = 65000,
			       .hold_time_s = 9,
			       .connect_retry_ns = 30 * NS_PER_MS,
			       .neighbors = &back,
			       .n_neighbors = 1};
	bgp_speaker_destroy(lab.sp);
	ipaddr_parse(&ll.neighbors[0].source, "127.0.0.11");
	lab.sp = bgp_speaker_create(lab.loop, &ll.cfg, 0x7f00000b, on_sessions, &lab);
	bgp_speaker_listen(lab.sp, ll.listener);
	ll.other = bgp_speaker_create(lab.loop, &cfg, 0x7f000001, NULL, NULL);
	bgp_speaker_listen(ll.other, ll.listener);
	UNTIL(bgp_speaker_established(lab.sp) == 1 && bgp_speaker_established(ll.other) == 1);
	for (int i = 0; i < 100; i++)
		loop_turn(lab.loop, NS_PER_MS);
	assert_int_equal(bgp_speaker_established(lab.sp), 1);
	assert_int_equal(bgp_speaker_established(ll.other), 1);
	assert_int_equal(bgp_listener_refused(ll.listener), 0);
	bgp_speaker_destroy(ll.other);
	ll.other = NULL;
}

#define LISTEN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    LISTEN_TEST(a_passive_neighbor_is_waited_for_and_told),
	    LISTEN_TEST(strangers_are_reset_before_any_octet),
	    LISTEN_TEST(another_source_than_ours_is_refused),
	    LISTEN_TEST(without_anybody_to_listen_for_no_port_is_open),
	    LISTEN_TEST(a_password_is_asked_for),
	    LISTEN_TEST(without_its_password_nobody_is_let_in),
	    LISTEN_TEST(a_distant_router_is_not_heard),
	    LISTEN_TEST(of_two_connections_one_stays),
	    LISTEN_TEST(a_connection_left_over_makes_way),
	    LISTEN_TEST(a_router_that_restarts_is_let_in_at_once),
	    LISTEN_TEST(a_taken_port_is_tried_again),
	    LISTEN_TEST(without_descriptors_it_sleeps_and_tries_again),
	    LISTEN_TEST(two_speakers_share_a_port_and_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
