// SPDX-License-Identifier: BSD-2-Clause
/*
 * IPv6 extension headers: RFC 9568 does not allow them. So both programs do not treat an advert
 * after one as an advert: it passes, is not counted and has no effect.
 *
 * Links: user/datapath/ user/core/secret.c user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include "fixture.h"

#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#define IPV6_AT	  14
#define LENGTH_AT (IPV6_AT + 5) /* the low octet of the payload's length */
#define NEXT_AT	  (IPV6_AT + 6)
#define L4_AT	  (IPV6_AT + 40)
#define EXT_LEN	  8

/* An advert with an extension header of this number, if it is one, before VRRP. */
static struct frame frame_behind(int number)
{
	struct frame f = frame_advert(&(struct advert){ADVERT_V6});

	if (number < 0)
		return f;
	memmove(f.b + L4_AT + EXT_LEN, f.b + L4_AT, f.len - L4_AT);
	memset(f.b + L4_AT, 0, EXT_LEN);
	f.b[L4_AT] = f.b[NEXT_AT];
	if (number != IPPROTO_FRAGMENT) { /* PadN over the other four */
		f.b[L4_AT + 2] = 1;
		f.b[L4_AT + 3] = 4;
	}
	f.b[NEXT_AT] = (uint8_t)number;
	f.b[LENGTH_AT] = (uint8_t)(f.b[LENGTH_AT] + EXT_LEN);
	f.len += EXT_LEN;
	return f;
}

static uint64_t all_verdicts(void)
{
	uint64_t n = 0;

	for (uint32_t reason = 0; reason < HF_V_MAX; reason++)
		n += fixture_verdict(reason).packets;
	return n;
}

static void no_advert_is_behind_an_extension_header(void **state)
{
	static const int numbers[] = {IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT,
				      IPPROTO_DSTOPTS, IPPROTO_AH,	-1};

	(void)state;
	fixture_open();
	fixture_instance(UNICAST_V6, TEST_LO, VRRP_ROLE_BACKUP);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct frame f = frame_behind(numbers[i]);
		bool plain = numbers[i] < 0; /* the last one, to show that the frame is good */

		assert_int_equal(run_frame(fx.dp->skel->progs.hf_xdp, &f, 1), XDP_PASS);
		assert_int_equal(run_frame(fx.dp->skel->progs.hf_tc_in, &f, 1), TC_ACT_UNSPEC);
		assert_int_equal(all_verdicts(), plain ? 2 : 0);
		assert_int_equal(datapath_state(fx.in[0])->adverts, plain ? 2 : 0);
		assert_int_equal(datapath_state(fx.in[0])->last_rx_ns != 0, plain);
	}
}

#define CASE(name) cmocka_unit_test_teardown(name, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(no_advert_is_behind_an_extension_header),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
