// SPDX-License-Identifier: BSD-2-Clause
/*
 * The watch over a BFD session, as both halves compile it: the gaps between its packets. Links:
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bfd_watch.h"

#define MS     1000000ULL
#define NOW_NS (5000 * MS)

static void the_longest_gap_is_kept_while_up(void **state)
{
	struct hf_bfd_cfg cfg = {.state = BFD_INIT, .watch_us = 10000};
	struct bfd_packet pkt = {.state = BFD_UP, .multiplier = 3};
	struct hf_bfd_state st = {0};

	(void)state;
	bfd_watch_packet(&st, &cfg, &pkt, NOW_NS);
	bfd_watch_packet(&st, &cfg, &pkt, NOW_NS + 500 * MS);
	assert_int_equal(st.worst_gap_us, 0);
	cfg.state = BFD_UP;
	bfd_watch_packet(&st, &cfg, &pkt, NOW_NS + 510 * MS);
	bfd_watch_packet(&st, &cfg, &pkt, NOW_NS + 515 * MS);
	assert_int_equal(st.worst_gap_us, 10000);
}

/* Two CPUs receive at the same time: the one that read the clock first records last. */
static void a_packet_recorded_late_is_no_gap(void **state)
{
	struct hf_bfd_cfg cfg = {.state = BFD_UP, .watch_us = 10000};
	struct bfd_packet pkt = {.state = BFD_UP, .multiplier = 3};
	struct hf_bfd_state st = {0};

	(void)state;
	bfd_watch_packet(&st, &cfg, &pkt, NOW_NS);
	bfd_watch_packet(&st, &cfg, &pkt, NOW_NS + 10 * MS);
	bfd_watch_packet(&st, &cfg, &pkt, NOW_NS + 10 * MS - 1);
	assert_int_equal(st.worst_gap_us, 10000);
	assert_int_equal(st.packets, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_longest_gap_is_kept_while_up),
	    cmocka_unit_test(a_packet_recorded_late_is_no_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
