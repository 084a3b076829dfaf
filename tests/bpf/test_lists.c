// SPDX-License-Identifier: BSD-2-Clause
/*
 * An advert whose list of addresses is not that of the instance, by test runs of the programs.
 *
 * Links: user/datapath/ user/core/secret.c user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include "fixture.h"

#include <linux/bpf.h>

static void drain(void)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(loop_turn(fx.loop, 0), 0);
}

static void expect_list(enum test_instance kind, uint8_t count)
{
	struct hf_inst_cfg cfg = test_instance_cfg(kind);
	struct ipaddr peer = test_addr(test_templates[kind].src);

	test_expect_list(&cfg, count);
	assert_int_equal(datapath_set_instance(fx.in[0], TEST_LO, &cfg), 0);
	assert_int_equal(datapath_set_peer(fx.in[0], &peer, &test_peer), 0);
}

static void another_list_of_addresses_is_told_once_and_counted(void **state)
{
	static const enum test_instance kinds[] = {UNICAST_V2, UNICAST_V3, UNICAST_V6};
	const volatile struct hf_inst_state *st;
	struct ipaddr source, wanted = test_addr("192.0.2.11");
	struct hf_event ev;

	(void)state;
	fixture_open();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct frame f = frame_advert(&test_templates[kinds[i]]);

		expect_list(kinds[i], test_templates[kinds[i]].count);
		assert_int_equal(run_xdp(&f), XDP_PASS);
		st = datapath_state(fx.in[0]);
		assert_true(st->adverts > 0);
		assert_int_equal(st->vip_list_mismatch, 0);
	}
	expect_list(UNICAST_V3, 3);
	st = datapath_state(fx.in[0]);
	for (int i = 0; i < 3; i++)
		assert_int_equal(run_advert((struct advert){ADVERT_V3}), XDP_PASS);
	drain();
	assert_int_equal(st->vip_list_mismatch, 3);
	assert_int_equal(st->list_count, 2);
	source = st->list_source;
	assert_memory_equal(&source, &wanted, 16);
	assert_int_equal(fixture_events(HF_EV_LIST, &ev), 1);
	assert_int_equal(ev.list.count, 2);
	assert_memory_equal(&ev.list.source, &wanted, 16);
	wanted = test_addr("192.193.194.195");
	assert_memory_equal(&ev.list.first, &wanted, 16);
	assert_true(ev.list.sum != 0);
	/* It counts all the same. */
	assert_true(st->deadline_ns > st->list_mismatch_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(another_list_of_addresses_is_told_once_and_counted,
				      fixture_teardown),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
