// SPDX-License-Identifier: BSD-2-Clause
/*
 * BFD control packets: which are accepted, which are refused and why, and which are built.
 * Links: user/bfd/bfd_codec.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bfd/bfd_codec.h"

/* As BIRD 2.0.12 sends it: Up, 10 ms x 3, no echo. */
static const uint8_t from_bird[BFD_LEN] = {0x20, 0xc0, 3,    24,   0x12, 0x34, 0x56, 0x78,
					   0x9a, 0xbc, 0xde, 0xf0, 0,	 0,    0x27, 0x10,
					   0,	 0,    0x27, 0x10, 0,	 0,    0,    0};

static void every_field_is_read(void **state)
{
	struct bfd_packet pkt;

	(void)state;
	assert_int_equal(bfd_packet_read(from_bird, from_bird + BFD_LEN, BFD_LEN, &pkt),
			 BFD_ACCEPTED);
	assert_int_equal(pkt.my_discr, 0x12345678);
	assert_int_equal(pkt.your_discr, 0x9abcdef0);
	assert_int_equal(pkt.min_tx_us, 10000);
	assert_int_equal(pkt.min_rx_us, 10000);
	assert_int_equal(pkt.min_echo_rx_us, 0);
	assert_int_equal(pkt.state, BFD_UP);
	assert_int_equal(pkt.diag, BFD_DIAG_NONE);
	assert_int_equal(pkt.flags, 0);
	assert_int_equal(pkt.multiplier, 3);
}

/* The packet above with one changed octet. */
static void what_rfc_5880_discards_is_refused_by_its_reason(void **state)
{
	static const struct {
		const char *what;
		int at;
		uint8_t octet;
		uint32_t len;
		enum bfd_refusal refusal;
	} rows[] = {
	    {"as it is", 0, 0x20, 24, BFD_ACCEPTED},
	    {"one octet short", 0, 0x20, 23, BFD_R_TRUNCATED},
	    {"nothing", 0, 0x20, 0, BFD_R_TRUNCATED},
	    {"a length field beyond the packet", BFD_OFF_LENGTH, 25, 24, BFD_R_TRUNCATED},
	    {"a length field within a longer packet", BFD_OFF_LENGTH, 25, 30, BFD_ACCEPTED},
	    {"a length field below the header", BFD_OFF_LENGTH, 23, 24, BFD_R_LENGTH},
	    {"version 0", BFD_OFF_VERS_DIAG, 0x00, 24, BFD_R_VERSION},
	    {"version 2", BFD_OFF_VERS_DIAG, 0x40, 24, BFD_R_VERSION},
	    {"an unknown diagnostic", BFD_OFF_VERS_DIAG, 0x3f, 24, BFD_ACCEPTED},
	    {"authentication", BFD_OFF_STATE_FLAGS, 0xc4, 24, BFD_R_AUTH},
	    {"multiplier 0", BFD_OFF_MULTIPLIER, 0, 24, BFD_R_MULTIPLIER},
	    {"multipoint", BFD_OFF_STATE_FLAGS, 0xc1, 24, BFD_R_MULTIPOINT},
	    {"control plane independent", BFD_OFF_STATE_FLAGS, 0xc8, 24, BFD_ACCEPTED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t msg[32] = {0};
		struct bfd_packet pkt;
		enum bfd_refusal refusal;

		memcpy(msg, from_bird, sizeof(from_bird));
		msg[rows[i].at] = rows[i].octet;
		refusal = bfd_packet_read(msg, msg + rows[i].len, rows[i].len, &pkt);
		if (refusal != rows[i].refusal)
			fail_msg("%s: %s", rows[i].what, bfd_refusal_text(refusal));
	}
}

static void discriminators_are_there_when_they_must_be(void **state)
{
	static const struct {
		const char *what;
		uint32_t my, your;
		enum bfd_state state;
		enum bfd_refusal refusal;
	} rows[] = {
	    {"nobody's", 0, 7, BFD_UP, BFD_R_MY_DISCR},
	    {"to nobody, AdminDown", 7, 0, BFD_ADMIN_DOWN, BFD_ACCEPTED},
	    {"to nobody, Down", 7, 0, BFD_DOWN, BFD_ACCEPTED},
	    {"to nobody, Init", 7, 0, BFD_INIT, BFD_R_YOUR_DISCR},
	    {"to nobody, Up", 7, 0, BFD_UP, BFD_R_YOUR_DISCR},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t msg[BFD_LEN];
		struct bfd_packet pkt;

		memcpy(msg, from_bird, sizeof(msg));
		msg[BFD_OFF_STATE_FLAGS] = (uint8_t)(rows[i].state << 6);
		memset(msg + BFD_OFF_MY_DISCR, 0, 8);
		msg[BFD_OFF_MY_DISCR + 3] = (uint8_t)rows[i].my;
		msg[BFD_OFF_YOUR_DISCR + 3] = (uint8_t)rows[i].your;
		if (bfd_packet_read(msg, msg + BFD_LEN, BFD_LEN, &pkt) != rows[i].refusal)
			fail_msg("%s", rows[i].what);
	}
}

/* The memory ends before the length that the UDP header tells. */
static void nothing_is_read_beyond_the_readable_memory(void **state)
{
	struct bfd_packet pkt;

	(void)state;
	assert_int_equal(bfd_packet_read(from_bird, from_bird + BFD_LEN - 1, BFD_LEN, &pkt),
			 BFD_R_TRUNCATED);
}

static void what_is_built_is_read_back(void **state)
{
	const struct bfd_packet pkt = {.my_discr = 0x12345678,
				       .your_discr = 0x9abcdef0,
				       .min_tx_us = 10000,
				       .min_rx_us = 10000,
				       .state = BFD_UP,
				       .multiplier = 3};
	uint8_t buf[BFD_LEN];

	(void)state;
	assert_int_equal(bfd_packet_build(&pkt, buf, sizeof(buf)), BFD_LEN);
	assert_memory_equal(buf, from_bird, BFD_LEN);
	assert_int_equal(bfd_packet_build(&pkt, buf, BFD_LEN - 1), -EMSGSIZE);
}

static void what_a_receiver_must_discard_is_not_built(void **state)
{
	static const struct {
		const char *what;
		struct bfd_packet pkt;
		int result;
	} rows[] = {
	    {"good", {.my_discr = 1, .state = BFD_DOWN, .multiplier = 3}, BFD_LEN},
	    {"no discriminator", {.state = BFD_DOWN, .multiplier = 3}, -EINVAL},
	    {"no multiplier", {.my_discr = 1, .state = BFD_DOWN}, -EINVAL},
	    {"Up to nobody", {.my_discr = 1, .state = BFD_UP, .multiplier = 3}, -EINVAL},
	    {"no state", {.my_discr = 1, .state = 4, .multiplier = 3}, -EINVAL},
	    {"no diagnostic", {.my_discr = 1, .state = 1, .diag = 32, .multiplier = 3}, -EINVAL},
	    {"authenticated",
	     {.my_discr = 1, .state = 1, .flags = BFD_FLAG_AUTH, .multiplier = 3},
	     -EINVAL},
	    {"poll and final",
	     {.my_discr = 1, .state = 1, .flags = BFD_FLAG_POLL | BFD_FLAG_FINAL, .multiplier = 3},
	     -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t buf[BFD_LEN];

		if (bfd_packet_build(&rows[i].pkt, buf, sizeof(buf)) != rows[i].result)
			fail_msg("%s", rows[i].what);
	}
}

static void everything_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < BFD_R_MAX; i++)
		assert_non_null(bfd_refusal_text((enum bfd_refusal)i));
	for (int i = 0; i < 32; i++)
		assert_non_null(bfd_diag_text((uint8_t)i));
	assert_string_equal(bfd_refusal_text(BFD_R_MAX), "unknown");
	assert_string_equal(bfd_diag_text(9), "reserved diagnostic");
	assert_string_equal(bfd_state_name(BFD_ADMIN_DOWN), "AdminDown");
	assert_string_equal(bfd_state_name(BFD_UP), "Up");
	assert_string_equal(bfd_state_name((enum bfd_state)4), "unknown");
}

/* RFC 5880 section 6.8.4. */
static void the_detection_time_is_by_the_slower_of_both(void **state)
{
	static const struct {
		uint32_t min_rx_us, min_tx_us;
		uint8_t multiplier;
		uint64_t detection_ns;
	} rows[] = {
	    {10000, 10000, 3, 30000000},
	    {50000, 10000, 3, 150000000},
	    {10000, 50000, 5, 250000000},
	    {1000000, 0, 3, 3000000000},
	    {1, UINT32_MAX, 255, UINT64_C(1095216660225000)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bfd_packet pkt = {.min_tx_us = rows[i].min_tx_us,
					 .multiplier = rows[i].multiplier};

		assert_true(bfd_detection_ns(rows[i].min_rx_us, &pkt) == rows[i].detection_ns);
	}
}

static void a_packet_that_only_repeats_is_no_news(void **state)
{
	static const struct bfd_packet seen = {.my_discr = 1,
					       .your_discr = 2,
					       .min_tx_us = 3,
					       .min_rx_us = 4,
					       .state = BFD_UP,
					       .diag = 0,
					       .multiplier = 3};
	struct bfd_packet pkt;

	(void)state;
#define IS_NEWS(field, value) (pkt = seen, pkt.field = (value), bfd_is_news(&seen, &pkt))
	assert_false(IS_NEWS(multiplier, 3));
	assert_false(IS_NEWS(min_echo_rx_us, 50000)); /* nothing of ours follows from it */
	assert_true(IS_NEWS(my_discr, 9));
	assert_true(IS_NEWS(your_discr, 9));
	assert_true(IS_NEWS(min_tx_us, 9));
	assert_true(IS_NEWS(min_rx_us, 9));
	assert_true(IS_NEWS(state, BFD_DOWN));
	assert_true(IS_NEWS(diag, 1));
	assert_true(IS_NEWS(multiplier, 4));
	assert_true(IS_NEWS(flags, BFD_FLAG_DEMAND));
	assert_true(IS_NEWS(flags, BFD_FLAG_FINAL));
	pkt = seen;
	pkt.flags = BFD_FLAG_POLL; /* each Poll is to be answered, also when it is repeated */
	assert_true(bfd_is_news(&pkt, &pkt));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_field_is_read),
	    cmocka_unit_test(what_rfc_5880_discards_is_refused_by_its_reason),
	    cmocka_unit_test(discriminators_are_there_when_they_must_be),
	    cmocka_unit_test(nothing_is_read_beyond_the_readable_memory),
	    cmocka_unit_test(what_is_built_is_read_back),
	    cmocka_unit_test(what_a_receiver_must_discard_is_not_built),
	    cmocka_unit_test(everything_has_a_name),
	    cmocka_unit_test(the_detection_time_is_by_the_slower_of_both),
	    cmocka_unit_test(a_packet_that_only_repeats_is_no_news),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
