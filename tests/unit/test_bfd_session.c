// SPDX-License-Identifier: BSD-2-Clause
/*
 * BFD sessions with fake sockets and a clock that the test moves. The test is the peer.
 * test_bfd_step.c tests the state machine of RFC 5880.
 *
 * Links: user/engine/peer/bfd_session.c user/engine/peer/bfd_sessions.c user/bfd/bfd_step.c
 * Links: user/bfd/bfd_codec.c user/core/addr.c user/core/log.c
 * Links: tests/fakes/fake.c tests/fakes/loop_fake.c tests/fakes/bfd_fake.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bfd/bfd_codec.h"
#include "engine/peer/bfd_sessions.h"
#include "../fakes/fake.h"

#define PEER_DISCR 77

static struct fake machine;

static struct lab {
	struct loop *loop;
	struct bfd_sessions *all;
	struct cfg_neighbor neighbors[12];
	unsigned int
	    n_neighbors; /* of all configurations: an old one is there until it is replaced */
	struct cfg_bgp bgp;
	struct config cfg;
	char told[256];			 /* what `changed` was called with */
	struct bfd_packet sent, last[4]; /* the last packet, and the last to each peer */
	uint16_t port;
	unsigned int n_sent;
} lab;

static void on_sent(const struct ipaddr *peer, uint16_t port, const uint8_t *msg, size_t len)
{
	assert_int_equal(bfd_packet_read(msg, msg + len, (uint32_t)len, &lab.sent), BFD_ACCEPTED);
	lab.last[peer->b[15] & 3] = lab.sent;
	lab.port = port;
	lab.n_sent++;
}

static void on_changed(void *ctx, const struct bfd_session *s)
{
	size_t at = strlen(lab.told);

	(void)ctx;
	snprintf(lab.told + at, sizeof(lab.told) - at, "%s %s%s; ", s->name,
		 bfd_session_is_up(s)		? "up"
		 : bfd_session_is_admin_down(s) ? "switched off: "
						: "down: ",
		 bfd_session_is_up(s) ? "" : s->why);
}

static const char *told(void)
{
	static char text[256];

	memcpy(text, lab.told, sizeof(text));
	lab.told[0] = '\0';
	return text;
}

static struct ipaddr address(const char *text)
{
	struct ipaddr a;

	assert_int_equal(ipaddr_parse(&a, text), 0);
	return a;
}

/* A neighbor with BFD at 10 ms x 3. */
static struct cfg_neighbor *neighbor(const char *peer, bool multihop)
{
	struct cfg_neighbor *n = &lab.neighbors[lab.n_neighbors++];

	lab.bgp.n_neighbors++;
	*n = (struct cfg_neighbor){.address = address(peer)};
	n->bfd = (struct cfg_bfd){.given = true,
				  .peer = n->address,
				  .min_tx_ns = 10 * NS_PER_MS,
				  .min_rx_ns = 10 * NS_PER_MS,
				  .multiplier = 3,
				  .multihop = multihop,
				  .ttl = 255,
				  .min_ttl = multihop ? 0 : 255};
	return n;
}

static void replace(void)
{
	struct bfd_set set;

	lab.bgp.neighbors = lab.neighbors + lab.n_neighbors - lab.bgp.n_neighbors;
	lab.cfg = (struct config){.bgp = &lab.bgp, .n_bgp = 1};
	assert_int_equal(bfd_set_create(&lab.cfg, &set), 0);
	bfd_sessions_replace(lab.all, &set);
	bfd_set_free(&set);
}

static int setup(void **state)
{
	(void)state;
	lab = (struct lab){0};
	fake_init(&machine);
	machine.bfd_sent = on_sent;
	fake = &machine;
	lab.loop = loop_create();
	lab.all = bfd_sessions_create(lab.loop, NULL, on_changed, NULL, &lab);
	return lab.all ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	bfd_sessions_destroy(lab.all);
	assert_false(mono_is_set(fake_next())); /* no timer is left behind */
	loop_destroy(lab.loop);
	return 0;
}

static struct bfd_packet saying(enum bfd_state state, uint32_t your_discr)
{
	return (struct bfd_packet){.my_discr = PEER_DISCR,
				   .your_discr = your_discr,
				   .min_tx_us = 10000,
				   .min_rx_us = 10000,
				   .state = (uint8_t)state,
				   .multiplier = 3};
}

/* Puts it into the socket of `port`, still unread. */
static void put(const char *from, uint8_t ttl, uint16_t port, const struct bfd_packet *pkt)
{
	struct bfd_datagram d = {.from = address(from), .ttl = ttl, .len = BFD_LEN};

	assert_int_equal(bfd_packet_build(pkt, d.data, sizeof(d.data)), BFD_LEN);
	fake_bfd_put(&d, port);
}

/* The loop finds the sockets readable. */
static void read_sockets(void)
{
	for (unsigned int i = 0; i < fake->n_sources; i++)
		fake->sources[i]->fn(fake->sources[i], 1);
}

/* It comes by an interface with the kernel half, if there is one. */
static void hear(const char *from, const struct bfd_packet *pkt)
{
	struct bfd_datagram d = {.from = address(from), .ttl = 255, .len = BFD_LEN};

	assert_int_equal(bfd_packet_build(pkt, d.data, sizeof(d.data)), BFD_LEN);
	if (fake->bfd_kernel && fake_bfd_kernel(&d, BFD_PORT_SINGLE_HOP))
		return;
	fake_bfd_put(&d, BFD_PORT_SINGLE_HOP);
	read_sockets();
}

static const struct bfd_session *session(unsigned int i)
{
	return bfd_sessions_set(lab.all)->all[i];
}

static void bring_up(const char *peer)
{
	struct bfd_packet pkt = saying(BFD_DOWN, 0);

	hear(peer, &pkt);
	pkt = saying(BFD_INIT, lab.sent.my_discr);
	hear(peer, &pkt);
	pkt = saying(BFD_UP, lab.sent.my_discr);
	pkt.flags = BFD_FLAG_FINAL; /* it has seen our interval */
	hear(peer, &pkt);
	assert_int_equal(lab.sent.state, BFD_UP);
}

static void a_session_comes_up_and_silence_takes_it_down(void **state)
{
	struct mono heard;

	(void)state;
	neighbor("192.0.2.1", false);
	replace();
	assert_int_equal(lab.port, BFD_PORT_SINGLE_HOP);
	assert_int_equal(lab.sent.state, BFD_DOWN);
	bring_up("192.0.2.1");
	assert_string_equal(told(), "192.0.2.1 up; ");
	assert_int_equal(bfd_session_detection_ns(session(0)), 30 * NS_PER_MS);
	heard = fake->now;
	fake_run(mono_add(heard, 30 * NS_PER_MS - 1));
	assert_string_equal(told(), "");
	assert_true(lab.n_sent > 3); /* every 7.5 to 10 ms */
	fake_run(mono_add(heard, 30 * NS_PER_MS));
	assert_string_equal(told(), "192.0.2.1 down: control detection time expired; ");
	assert_int_equal(lab.sent.state, BFD_DOWN);
	assert_int_equal(lab.sent.diag, BFD_DIAG_EXPIRED);
	assert_int_equal(session(0)->downs, 1);
}

static void packets_move_the_deadline_without_a_timer(void **state)
{
	struct bfd_packet pkt;

	(void)state;
	neighbor("192.0.2.1", false);
	replace();
	bring_up("192.0.2.1");
	told();
	pkt = saying(BFD_UP, lab.sent.my_discr);
	for (int i = 0; i < 20; i++) {
		fake_run_for(20 * NS_PER_MS);
		hear("192.0.2.1", &pkt);
	}
	assert_string_equal(told(), "");
	assert_int_equal(bfd_session_worst_gap_us(session(0)), 20000);
	assert_int_equal(bfd_session_packets(session(0)), 23);
	fake_run_for(30 * NS_PER_MS);
	assert_string_equal(told(), "192.0.2.1 down: control detection time expired; ");
}

static void a_late_loop_takes_no_peer_for_dead(void **state)
{
	struct bfd_packet pkt;

	(void)state;
	neighbor("192.0.2.1", false);
	replace();
	bring_up("192.0.2.1");
	told();
	pkt = saying(BFD_UP, lab.sent.my_discr);
	/* The loop sleeps while packets wait in the socket. */
	put("192.0.2.1", 255, BFD_PORT_SINGLE_HOP, &pkt);
	fake->now = mono_add(fake->now, NS_PER_S);
	fake_run(fake->now);
	assert_string_equal(told(), "");
	assert_true(bfd_session_is_up(session(0)));
}

static void what_is_no_packet_of_a_session_is_refused_by_reason(void **state)
{
	struct bfd_packet pkt;
	uint32_t discr;

	(void)state;
	neighbor("192.0.2.1", false);
	neighbor("192.0.2.2", true);
	replace();
	bring_up("192.0.2.1");
	told();
	discr = lab.last[1].my_discr;
	pkt = saying(BFD_DOWN, discr); /* each would take it down */
	put("192.0.2.1", 254, BFD_PORT_SINGLE_HOP, &pkt);
	put("192.0.2.1", 255, BFD_PORT_MULTIHOP, &pkt);
	put("192.0.2.9", 255, BFD_PORT_SINGLE_HOP, &pkt);
	pkt.your_discr = 0;
	put("192.0.2.9", 255, BFD_PORT_SINGLE_HOP, &pkt);
	pkt.your_discr = discr ^ 0x80000000;
	put("192.0.2.1", 255, BFD_PORT_SINGLE_HOP, &pkt);
	read_sockets();
	assert_int_equal(bfd_sessions_refused(lab.all, BFD_R_TTL), 1);
	assert_int_equal(bfd_sessions_refused(lab.all, BFD_R_SOURCE), 3);
	assert_int_equal(bfd_sessions_refused(lab.all, BFD_R_YOUR_DISCR), 1);
	assert_string_equal(told(), "");
	pkt = saying(BFD_DOWN, 0);
	put("192.0.2.2", 3, BFD_PORT_MULTIHOP, &pkt); /* any distance */
	read_sockets();
	assert_int_equal(session(1)->fsm.state, BFD_INIT);
}

static void what_the_peer_says_of_its_end_is_told_apart(void **state)
{
	struct bfd_packet pkt;

	(void)state;
	neighbor("192.0.2.1", false);
	replace();
	bring_up("192.0.2.1");
	told();
	pkt = saying(BFD_DOWN, lab.sent.my_discr);
	pkt.diag = BFD_DIAG_EXPIRED;
	hear("192.0.2.1", &pkt);
	assert_string_equal(
	    told(), "192.0.2.1 down: the peer signals Down: control detection time expired; ");
	bring_up("192.0.2.1");
	told();
	pkt = saying(BFD_ADMIN_DOWN, lab.sent.my_discr);
	hear("192.0.2.1", &pkt);
	assert_string_equal(told(), "192.0.2.1 switched off: the peer has switched it off; ");
	fake_run_for(NS_PER_S); /* it sends no more packets, and its last one counts */
	assert_int_equal(session(0)->fsm.remote_state, BFD_DOWN);
	assert_true(bfd_session_is_admin_down(session(0)));
}

static void a_reload_keeps_what_is_the_same_session(void **state)
{
	uint32_t discr;

	(void)state;
	neighbor("192.0.2.1", false);
	neighbor("192.0.2.2", false);
	replace();
	bring_up("192.0.2.2");
	told();
	discr = lab.last[2].my_discr;
	lab.bgp.n_neighbors = 0;
	neighbor("192.0.2.2", false)->bfd.min_tx_ns = 20 * NS_PER_MS;
	neighbor("192.0.2.3", false);
	replace();
	assert_int_equal(bfd_sessions_set(lab.all)->n, 2);
	assert_string_equal(told(), "");
	assert_int_equal(lab.last[1].state, BFD_ADMIN_DOWN); /* the one that is gone */
	assert_int_equal(lab.last[3].state, BFD_DOWN);	     /* the new one */
	assert_true(bfd_session_is_up(session(0)));
	fake_run_for(20 * NS_PER_MS);
	assert_int_equal(lab.last[2].my_discr, discr);
	assert_int_equal(lab.last[2].min_tx_us, 20000);
	assert_true(lab.last[2].flags & BFD_FLAG_POLL);
	lab.bgp.n_neighbors = 0;
	replace();
	assert_int_equal(lab.last[2].state, BFD_ADMIN_DOWN);
	assert_int_equal(lab.last[3].state, BFD_ADMIN_DOWN);
	assert_int_equal(fake->n_sources, 0);
}

static void two_who_ask_for_one_session_share_it(void **state)
{
	(void)state;
	neighbor("192.0.2.1", false);
	neighbor("192.0.2.1", false)->bfd.source = address("192.0.2.11");
	neighbor("192.0.2.1", true);
	replace();
	assert_int_equal(bfd_sessions_set(lab.all)->n, 2);
	assert_ptr_equal(bfd_sessions_find(lab.all, &lab.neighbors[1].bfd), session(0));
	assert_ptr_equal(bfd_sessions_find(lab.all, &lab.neighbors[2].bfd), session(1));
}

static void a_port_that_another_daemon_has_is_tried_again(void **state)
{
	(void)state;
	neighbor("2001:db8::1", false);
	fake->bfd_err = -EADDRINUSE;
	replace();
	assert_int_equal(bfd_sessions_error(lab.all), -EADDRINUSE);
	assert_int_equal(session(0)->send_error, -EADDRINUSE);
	assert_int_equal(session(0)->packets_sent, 0);
	fake->bfd_err = 0;
	fake_run_for(NS_PER_S);
	assert_int_equal(bfd_sessions_error(lab.all), 0);
	assert_int_equal(session(0)->send_error, 0);
	assert_true(session(0)->packets_sent > 0);
	bring_up("2001:db8::1");
	assert_string_equal(told(), "2001:db8::1 up; ");
}

static void a_stop_tells_admin_down_and_nobody_else(void **state)
{
	(void)state;
	neighbor("192.0.2.1", false);
	replace();
	bring_up("192.0.2.1");
	told();
	bfd_sessions_stop(lab.all);
	assert_int_equal(lab.sent.state, BFD_ADMIN_DOWN);
	assert_int_equal(lab.sent.diag, BFD_DIAG_ADMIN_DOWN);
	assert_string_equal(told(), "");
	lab.n_sent = 0;
	fake_run_for(3 * NS_PER_S);
	assert_in_range(lab.n_sent, 2, 4); /* again, in case it was lost, at the slow rate */
}

/* --- with the kernel half ---------------------------------------------------------------------*/

static int setup_kernel(void **state)
{
	int err = setup(state);

	fake->bfd_kernel = true;
	return err;
}

static int setup_kernel_without_timer(void **state)
{
	int err = setup_kernel(state);

	fake->bfd_no_timer = true;
	return err;
}

static void the_kernel_half_tells_news_alone(void **state)
{
	unsigned int events;
	struct bfd_packet pkt;

	(void)state;
	neighbor("192.0.2.1", false);
	replace();
	bring_up("192.0.2.1");
	pkt = saying(BFD_UP, lab.sent.my_discr);
	hear("192.0.2.1", &pkt); /* without the F of the last one */
	events = fake->bfd_events;
	for (int i = 0; i < 100; i++) {
		fake_run_for(10 * NS_PER_MS);
		hear("192.0.2.1", &pkt);
	}
	/* Its timer is set for the interval that was agreed last, and moves itself. */
	assert_int_equal(fake->bfd_events, events);
	assert_int_equal(session(0)->packets_received, 0);
	assert_int_equal(bfd_session_packets(session(0)), 104);
	pkt.flags = BFD_FLAG_POLL;
	lab.n_sent = 0;
	hear("192.0.2.1", &pkt);
	assert_int_equal(fake->bfd_events, events + 1);
	assert_int_equal(lab.n_sent, 1);
	assert_int_equal(lab.sent.flags, BFD_FLAG_FINAL);
}

/* The packets move to an interface without the kernel half, and back. */
static void what_a_socket_heard_makes_the_next_packet_news_to_the_kernel_half(void **state)
{
	struct bfd_packet up, slow;
	unsigned int events;

	(void)state;
	neighbor("192.0.2.1", false);
	replace();
	bring_up("192.0.2.1");
	up = saying(BFD_UP, lab.sent.my_discr);
	hear("192.0.2.1", &up);
	slow = up;
	slow.min_rx_us = 500000; /* neither our state nor the deadline changes by it */
	put("192.0.2.1", 255, BFD_PORT_SINGLE_HOP, &slow);
	read_sockets();
	assert_int_equal(bfd_tx_interval_ns(&session(0)->fsm), 500 * NS_PER_MS);
	events = fake->bfd_events;
	hear("192.0.2.1", &up); /* what the kernel half heard last */
	assert_int_equal(fake->bfd_events, events + 1);
	assert_int_equal(bfd_tx_interval_ns(&session(0)->fsm), 10 * NS_PER_MS);
	hear("192.0.2.1", &up);
	assert_int_equal(fake->bfd_events, events + 1);
}

static void packets_to_a_socket_keep_a_session_up_whose_deadline_the_kernel_half_has(void **state)
{
	struct bfd_packet pkt;

	(void)state;
	neighbor("192.0.2.1", false);
	replace();
	bring_up("192.0.2.1");
	told();
	pkt = saying(BFD_UP, lab.sent.my_discr);
	for (int i = 0; i < 20; i++) {
		fake_run_for(20 * NS_PER_MS);
		put("192.0.2.1", 255, BFD_PORT_SINGLE_HOP, &pkt);
		read_sockets();
	}
	assert_string_equal(told(), "");
	fake_run_for(30 * NS_PER_MS - 1);
	assert_string_equal(told(), "");
	fake_run_for(1);
	assert_string_equal(told(), "192.0.2.1 down: control detection time expired; ");
}

/* It counted and passed them: a socket has them, too. */
static void what_the_kernel_half_has_counted_is_not_counted_again(void **state)
{
	struct bfd_packet pkt = saying(BFD_DOWN, 0);

	(void)state;
	neighbor("192.0.2.1", false);
	replace();
	put("192.0.2.9", 255, BFD_PORT_SINGLE_HOP, &pkt);
	read_sockets();
	assert_int_equal(bfd_sessions_refused(lab.all, BFD_R_SOURCE), 0);
}

/* A session whose deadline comes nearer by our own configuration, with no packet in between. */
static void a_shorter_interval_is_watched_at_once(void **state)
{
	struct bfd_packet pkt;

	(void)state;
	neighbor("192.0.2.1", false)->bfd.min_rx_ns = NS_PER_S;
	replace();
	bring_up("192.0.2.1");
	told();
	assert_int_equal(bfd_session_detection_ns(session(0)), 3 * NS_PER_S);
	lab.bgp.n_neighbors = 0;
	neighbor("192.0.2.1", false);
	replace();
	fake_run_for(10 * NS_PER_MS); /* the poll */
	pkt = saying(BFD_UP, lab.sent.my_discr);
	pkt.flags = BFD_FLAG_FINAL;
	hear("192.0.2.1", &pkt);
	assert_int_equal(bfd_session_detection_ns(session(0)), 30 * NS_PER_MS);
	fake_run_for(30 * NS_PER_MS);
	assert_string_equal(told(), "192.0.2.1 down: control detection time expired; ");
}

int main(void)
{
#define KERNEL(name)                                                                               \
	cmocka_unit_test_setup_teardown(name, setup_kernel, teardown),                             \
	    cmocka_unit_test_setup_teardown(name, setup_kernel_without_timer, teardown)
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(a_session_comes_up_and_silence_takes_it_down),
	    CASE(packets_move_the_deadline_without_a_timer),
	    CASE(a_late_loop_takes_no_peer_for_dead),
	    CASE(what_is_no_packet_of_a_session_is_refused_by_reason),
	    CASE(what_the_peer_says_of_its_end_is_told_apart),
	    CASE(a_reload_keeps_what_is_the_same_session),
	    CASE(two_who_ask_for_one_session_share_it),
	    CASE(a_port_that_another_daemon_has_is_tried_again),
	    CASE(a_stop_tells_admin_down_and_nobody_else),
	    CASE(a_shorter_interval_is_watched_at_once),
	    KERNEL(a_session_comes_up_and_silence_takes_it_down),
	    KERNEL(packets_move_the_deadline_without_a_timer),
	    KERNEL(a_late_loop_takes_no_peer_for_dead),
	    KERNEL(what_the_peer_says_of_its_end_is_told_apart),
	    KERNEL(a_reload_keeps_what_is_the_same_session),
	    KERNEL(a_port_that_another_daemon_has_is_tried_again),
	    KERNEL(a_stop_tells_admin_down_and_nobody_else),
	    KERNEL(a_shorter_interval_is_watched_at_once),
	    KERNEL(the_kernel_half_tells_news_alone),
	    KERNEL(what_a_socket_heard_makes_the_next_packet_news_to_the_kernel_half),
	    KERNEL(packets_to_a_socket_keep_a_session_up_whose_deadline_the_kernel_half_has),
	    KERNEL(what_the_kernel_half_has_counted_is_not_counted_again),
	};

	return cmocka_run_group_tests_name("bfd_session", tests, NULL, NULL);
}
