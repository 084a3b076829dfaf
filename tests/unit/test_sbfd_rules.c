// SPDX-License-Identifier: BSD-2-Clause
/*
 * The rules of S-BFD: which probes a reflector answers and how, which answers an initiator accepts,
 * and when it declares a peer down.
 * Links: user/bfd/bfd_codec.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bfd/bfd_codec.h"
#include "sbfd_rules.h"

#define MS 1000000ull

static const struct bfd_packet probe = {.my_discr = 0xdeadbeef,
					.your_discr = 0xc000020b,
					.min_tx_us = 2000,
					.state = BFD_UP,
					.flags = BFD_FLAG_DEMAND,
					.multiplier = 3};
static const struct sbfd_datagram datagram = {
    .len = BFD_LEN, .source_port = 49152, .ttl = 255, .min_ttl = 255};

static void a_reflector_answers_probes_alone(void **state)
{
	static const struct {
		const char *what;
		uint16_t port;
		uint8_t ttl, flags, pkt_state;
		uint32_t discr; /* the reflector's */
		enum bfd_refusal refusal;
	} rows[] = {
	    {"a probe", 49152, 255, BFD_FLAG_DEMAND, BFD_UP, 0xc000020b, BFD_ACCEPTED},
	    {"who cannot take over", 1, 255, BFD_FLAG_DEMAND, BFD_DOWN, 0xc000020b, BFD_ACCEPTED},
	    {"a poll", 1, 255, BFD_FLAG_DEMAND | BFD_FLAG_POLL, BFD_UP, 0xc000020b, BFD_ACCEPTED},
	    {"a reflector", 7784, 255, BFD_FLAG_DEMAND, BFD_UP, 0xc000020b, BFD_R_REFLECTED},
	    {"a hop away", 49152, 254, BFD_FLAG_DEMAND, BFD_UP, 0xc000020b, BFD_R_TTL},
	    {"no demand", 49152, 255, 0, BFD_UP, 0xc000020b, BFD_R_NOT_DEMAND},
	    {"another's", 49152, 255, BFD_FLAG_DEMAND, BFD_UP, 0xc000020c, BFD_R_YOUR_DISCR},
	    {"Init", 49152, 255, BFD_FLAG_DEMAND, BFD_INIT, 0xc000020b, BFD_R_STATE},
	    {"AdminDown", 49152, 255, BFD_FLAG_DEMAND, BFD_ADMIN_DOWN, 0xc000020b, BFD_R_STATE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sbfd_datagram udp = datagram;
		struct bfd_packet pkt = probe;
		enum bfd_refusal refusal;

		udp.source_port = rows[i].port;
		udp.ttl = rows[i].ttl;
		pkt.flags = rows[i].flags;
		pkt.state = rows[i].pkt_state;
		refusal = sbfd_probe_check(&pkt, &udp, rows[i].discr);
		if (refusal != rows[i].refusal)
			fail_msg("%s: %s", rows[i].what, bfd_refusal_text(refusal));
	}
}

static void an_initiator_takes_its_reflectors_answers_alone(void **state)
{
	static const struct {
		const char *what;
		uint16_t port;
		uint8_t ttl, flags, pkt_state;
		uint32_t my, your; /* ours and the reflector's, as configured */
		enum bfd_refusal refusal;
	} rows[] = {
	    {"Up", 7784, 255, 0, BFD_UP, 1, 2, BFD_ACCEPTED},
	    {"AdminDown", 7784, 255, 0, BFD_ADMIN_DOWN, 1, 2, BFD_ACCEPTED},
	    {"final", 7784, 255, BFD_FLAG_FINAL, BFD_UP, 1, 2, BFD_ACCEPTED},
	    {"another port", 7783, 255, 0, BFD_UP, 1, 2, BFD_R_NOT_REFLECTED},
	    {"a hop away", 7784, 254, 0, BFD_UP, 1, 2, BFD_R_TTL},
	    {"another reflector", 7784, 255, 0, BFD_UP, 1, 3, BFD_R_MY_DISCR},
	    {"not ours", 7784, 255, 0, BFD_UP, 9, 2, BFD_R_YOUR_DISCR},
	    {"our probe, sent back", 7784, 255, BFD_FLAG_DEMAND, BFD_UP, 1, 2, BFD_R_NOT_REFLECTED},
	    {"Down", 7784, 255, 0, BFD_DOWN, 1, 2, BFD_R_STATE},
	    {"Init", 7784, 255, 0, BFD_INIT, 1, 2, BFD_R_STATE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sbfd_datagram udp = datagram;
		struct bfd_packet pkt = {.my_discr = 2, .your_discr = 1, .multiplier = 3};
		enum bfd_refusal refusal;

		udp.source_port = rows[i].port;
		udp.ttl = rows[i].ttl;
		pkt.flags = rows[i].flags;
		pkt.state = rows[i].pkt_state;
		refusal = sbfd_answer_check(&pkt, &udp, rows[i].my, rows[i].your);
		if (refusal != rows[i].refusal)
			fail_msg("%s: %s", rows[i].what, bfd_refusal_text(refusal));
	}
}

/* The result must be a valid answer, and no reflector may accept it as a probe. */
static void an_answer_is_taken_by_the_initiator_and_by_no_reflector(void **state)
{
	struct sbfd_datagram udp = {.len = BFD_LEN, .source_port = SBFD_PORT, .ttl = 255};
	struct bfd_packet asked = probe, pkt = {0};
	uint8_t msg[BFD_LEN];

	(void)state;
	asked.flags |= BFD_FLAG_POLL;
	asked.min_echo_rx_us = 70000;
	assert_int_equal(bfd_packet_build(&asked, msg, sizeof(msg)), BFD_LEN);
	sbfd_reflect(msg, BFD_UP);
	assert_int_equal(bfd_packet_read(msg, msg + BFD_LEN, BFD_LEN, &pkt), BFD_ACCEPTED);
	assert_int_equal(sbfd_answer_check(&pkt, &udp, probe.my_discr, probe.your_discr),
			 BFD_ACCEPTED);
	assert_int_equal(sbfd_probe_check(&pkt, &udp, pkt.your_discr), BFD_R_REFLECTED);
	udp.source_port = 1; /* even from another port */
	assert_int_equal(sbfd_probe_check(&pkt, &udp, pkt.your_discr), BFD_R_NOT_DEMAND);
	assert_int_equal(pkt.flags, BFD_FLAG_FINAL);
	assert_int_equal(pkt.min_tx_us, probe.min_tx_us);
	assert_int_equal(pkt.min_rx_us, SBFD_MIN_RX_US);
	assert_int_equal(pkt.min_echo_rx_us, 0);
	assert_int_equal(pkt.multiplier, probe.multiplier);
	assert_int_equal(pkt.diag, BFD_DIAG_NONE);
}

static void a_closed_gate_says_so(void **state)
{
	uint8_t msg[BFD_LEN];
	struct bfd_packet pkt = {0};

	(void)state;
	assert_int_equal(bfd_packet_build(&probe, msg, sizeof(msg)), BFD_LEN);
	sbfd_reflect(msg, BFD_ADMIN_DOWN);
	assert_int_equal(bfd_packet_read(msg, msg + BFD_LEN, BFD_LEN, &pkt), BFD_ACCEPTED);
	assert_int_equal(pkt.state, BFD_ADMIN_DOWN);
	assert_int_equal(pkt.diag, BFD_DIAG_ADMIN_DOWN);
	assert_int_equal(pkt.flags, 0);
}

/* --- checksums -------------------------------------------------------------------------------*/

/* The checksum of the UDP payload, and of what stands for the rest of the datagram. */
static uint16_t checksum(uint32_t rest, const uint8_t *msg)
{
	uint32_t sum = rest;

	for (int i = 0; i < BFD_LEN; i += 2)
		sum += (uint32_t)(msg[i] << 8 | msg[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	return sum ? (uint16_t)sum : 0xffff;
}

/* All possible sums of pseudo-headers and ports, compared with a new computation (RFC 1624). */
static void an_adjusted_checksum_is_that_of_the_answer(void **state)
{
	static const enum bfd_state states[] = {BFD_UP, BFD_ADMIN_DOWN};

	(void)state;
	for (uint32_t rest = 0; rest < 0x10000; rest++) {
		struct bfd_packet asked = probe;
		uint8_t msg[BFD_LEN], check[2];
		uint16_t right;

		asked.min_rx_us = rest * 2654435761u;
		asked.min_echo_rx_us = rest * 40503u;
		assert_int_equal(bfd_packet_build(&asked, msg, sizeof(msg)), BFD_LEN);
		right = checksum(rest, msg);
		check[0] = (uint8_t)(right >> 8);
		check[1] = (uint8_t)right;
		sbfd_adjust_udp(check, sbfd_reflect(msg, states[rest & 1]));
		right = checksum(rest, msg);
		if (check[0] << 8 != (right & 0xff00) || check[1] != (right & 0xff))
			fail_msg("rest %u: %02x%02x, not %04x", rest, check[0], check[1], right);
	}
}

static void no_checksum_stays_none(void **state)
{
	uint8_t check[2] = {0, 0};

	(void)state;
	sbfd_adjust_udp(check, 0x1234);
	assert_int_equal(check[0] | check[1], 0);
}

/* --- the gate --------------------------------------------------------------------------------*/

static void the_gate_follows_the_daemons_life(void **state)
{
	static const struct {
		const char *what;
		uint64_t alive_ns, gate_ns, now;
		enum bfd_state state;
	} rows[] = {
	    {"just now", 100 * MS, 30 * MS, 100 * MS, BFD_UP},
	    {"within the gate", 100 * MS, 30 * MS, 130 * MS, BFD_UP},
	    {"too long ago", 100 * MS, 30 * MS, 130 * MS + 1, BFD_ADMIN_DOWN},
	    {"stamped on another CPU meanwhile", 100 * MS + 5, 30 * MS, 100 * MS, BFD_UP},
	    {"closed by the supervisor", 0, 30 * MS, 10 * MS, BFD_ADMIN_DOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (sbfd_gate_state(rows[i].alive_ns, rows[i].gate_ns, rows[i].now) !=
		    rows[i].state)
			fail_msg("%s", rows[i].what);
	}
}

static void a_discriminator_is_never_zero(void **state)
{
	const uint8_t v4[] = {192, 0, 2, 11};
	struct ipaddr a = {{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

	(void)state;
	assert_int_equal(sbfd_discriminator(&a), 0xfe800001);
	ipaddr_from_v4(&a, v4);
	assert_int_equal(sbfd_discriminator(&a), 0xc000020b);
	a = (struct ipaddr){{0}};
	assert_int_equal(sbfd_discriminator(&a), 1);
}

/* --- the initiator ---------------------------------------------------------------------------*/

static void only_unanswered_probes_accuse(void **state)
{
	struct sbfd_probes p = {0};

	(void)state;
	assert_false(sbfd_peer_is_down(&p, 2, 2 * MS, 1000 * MS)); /* nothing was asked */
	sbfd_probe_sent(&p, 2, 10 * MS, 10 * MS);
	assert_false(
	    sbfd_peer_is_down(&p, 2, 2 * MS, 1000 * MS)); /* one probe: not scheduled since */
	sbfd_probe_sent(&p, 2, 1000 * MS, 1000 * MS);
	assert_false(sbfd_peer_is_down(&p, 2, 2 * MS, 1002 * MS - 1));
	assert_true(sbfd_peer_is_down(&p, 2, 2 * MS, 1002 * MS));
	sbfd_probe_sent(&p, 2, 1002 * MS, 1002 * MS); /* more probes do not delay the result */
	assert_true(sbfd_peer_is_down(&p, 2, 2 * MS, 1002 * MS));
}

static void a_sign_of_life_counts_from_the_first_unanswered_probe_on(void **state)
{
	static const struct {
		const char *what;
		uint64_t at_ns;
		int down;
	} rows[] = {
	    {"before the first probe", 10 * MS - 1, 1},
	    {"with it", 10 * MS, 0},
	    {"after the second", 13 * MS, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sbfd_probes p = {0};

		sbfd_probe_sent(&p, 2, 10 * MS, 10 * MS);
		sbfd_probe_sent(&p, 2, 12 * MS, 12 * MS);
		sbfd_probe_answered(&p, rows[i].at_ns);
		if (sbfd_peer_is_down(&p, 2, 2 * MS, 14 * MS) != rows[i].down)
			fail_msg("%s", rows[i].what);
	}
}

static void the_skew_orders_several_backups_and_delays_no_single_one(void **state)
{
	static const struct {
		uint8_t priority;
		uint32_t backups;
		uint64_t skew_ns;
	} rows[] = {
	    {100, 0, 0},     {100, 1, 0},     {100, 2, 3656250},
	    {254, 2, 46875}, {254, 7, 46875}, {1, 2, 5976562},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(sbfd_skew_ns(rows[i].priority, rows[i].backups, 3, 2 * MS),
				 rows[i].skew_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_reflector_answers_probes_alone),
	    cmocka_unit_test(an_initiator_takes_its_reflectors_answers_alone),
	    cmocka_unit_test(an_answer_is_taken_by_the_initiator_and_by_no_reflector),
	    cmocka_unit_test(a_closed_gate_says_so),
	    cmocka_unit_test(an_adjusted_checksum_is_that_of_the_answer),
	    cmocka_unit_test(no_checksum_stays_none),
	    cmocka_unit_test(the_gate_follows_the_daemons_life),
	    cmocka_unit_test(a_discriminator_is_never_zero),
	    cmocka_unit_test(only_unanswered_probes_accuse),
	    cmocka_unit_test(a_sign_of_life_counts_from_the_first_unanswered_probe_on),
	    cmocka_unit_test(the_skew_orders_several_backups_and_delays_no_single_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
