// SPDX-License-Identifier: BSD-2-Clause
/*
 * Instances and S-BFD peers of several interfaces: one record, whichever interface a packet comes
 * from, also over a restart. Test runs see their frames on lo; the other interfaces are numbers.
 * Links: user/datapath/ user/bfd/bfd_codec.c user/core/secret.c
 * Links: user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include "sbfd_peers.h"

#define OTHER 4711
#define THIRD 4712

static const uint32_t lo[] = {TEST_LO}, other[] = {OTHER}, lo_and_third[] = {TEST_LO, THIRD};

static bool is_mapped(uint32_t ifindex, const struct datapath_instance *in)
{
	struct hf_inst_key key = {.ifindex = ifindex, .family = 4, .vrid = TEST_VRID};
	uint32_t number;

	return bpf_map_lookup_elem(bpf_map__fd(fx.dp->skel->maps.hf_inst_idx), &key, &number) ==
		   0 &&
	       number == dp_slot_number(in->slot);
}

static void set_on(uint32_t first, const uint32_t *more, unsigned int n)
{
	datapath_set_uplinks(fx.in[0], more, n);
	fixture_instance(UNICAST_V3, first, VRRP_ROLE_BACKUP);
}

static void an_advert_on_any_interface_moves_the_deadline(void **state)
{
	uint64_t before_ns;

	(void)state;
	fixture_open();
	set_on(OTHER, lo, 1);
	before_ns = datapath_state(fx.in[0])->deadline_ns;
	run_advert((struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.in[0])->adverts, 1);
	assert_true(datapath_state(fx.in[0])->deadline_ns > before_ns);
	assert_true(is_mapped(OTHER, fx.in[0]));
	datapath_remove_instance(fx.in[0]);
	run_advert((struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.in[0])->adverts, 1);
}

/* The record and the deadline stay while one interface stays. */
static void interfaces_come_and_go(void **state)
{
	const struct dp_slot *slot;
	uint64_t deadline_ns;

	(void)state;
	fixture_open();
	set_on(TEST_LO, other, 1);
	slot = fx.in[0]->slot;
	run_advert((struct advert){ADVERT_V3});
	deadline_ns = datapath_state(fx.in[0])->deadline_ns;
	set_on(OTHER, NULL, 0); /* lo is gone */
	assert_ptr_equal(fx.in[0]->slot, slot);
	assert_int_equal(datapath_state(fx.in[0])->adverts, 1);
	assert_in_range(datapath_state(fx.in[0])->deadline_ns, deadline_ns - NS_PER_S,
			deadline_ns + NS_PER_S);
	run_advert((struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.in[0])->adverts, 1);
	set_on(OTHER, lo_and_third, 2);
	run_advert((struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.in[0])->adverts, 2);
	assert_true(is_mapped(THIRD, fx.in[0]));
	set_on(THIRD + 1, NULL, 0); /* none of them */
	assert_int_equal(datapath_state(fx.in[0])->adverts, 0);
	assert_int_equal(fx.in[0]->slot->n_keys, 1);
}

static void an_interface_belongs_to_one_instance(void **state)
{
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);

	(void)state;
	fixture_open();
	set_on(OTHER, lo, 1);
	assert_int_equal(datapath_set_instance(fx.in[1], TEST_LO, &cfg), 0);
	assert_int_equal(datapath_remove_instance(fx.in[0]), -ENOENT);
	assert_true(is_mapped(TEST_LO, fx.in[1]));
	set_on(OTHER, lo, 1);
	assert_int_equal(datapath_remove_instance(fx.in[1]), -ENOENT);
	assert_true(is_mapped(TEST_LO, fx.in[0]));
}

static void a_restart_adopts_all_interfaces(void **state)
{
	(void)state;
	fixture_open_as((struct datapath_options){.keep = true});
	set_on(OTHER, lo_and_third, 2);
	run_advert((struct advert){ADVERT_V3});
	fixture_close();
	fixture_open();
	run_advert((struct advert){ADVERT_V3}); /* nobody has claimed it yet */
	set_on(THIRD, lo, 1);
	assert_int_equal(datapath_state(fx.in[0])->adverts, 2);
	assert_false(is_mapped(OTHER, fx.in[0]));
	assert_int_equal(loop_turn(fx.loop, 0), 0); /* sweeps */
	run_advert((struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.in[0])->adverts, 3);
}

/* Two slots of the daemon before are one now: the other is given up, with its keys. */
static void a_restart_joins_two_instances(void **state)
{
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);

	(void)state;
	fixture_open_as((struct datapath_options){.keep = true});
	set_on(OTHER, NULL, 0);
	assert_int_equal(datapath_set_instance(fx.in[1], TEST_LO, &cfg), 0);
	fixture_close();
	fixture_open();
	set_on(OTHER, lo, 1);
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_true(is_mapped(OTHER, fx.in[0]));
	assert_true(is_mapped(TEST_LO, fx.in[0]));
	run_advert((struct advert){ADVERT_V3});
	assert_int_equal(datapath_state(fx.in[0])->adverts, 1);
}

/* The interfaces of the daemon before fill the index, and all have been replaced. */
static void a_full_index_has_room_for_the_new_interfaces(void **state)
{
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);
	uint32_t seven[DATAPATH_MAX_UPLINKS - 1];

	(void)state;
	fixture_open_as((struct datapath_options){.keep = true});
	for (uint32_t i = 0; i < HF_MAX_INSTANCES / DATAPATH_MAX_UPLINKS; i++) {
		uint32_t first = THIRD + i * DATAPATH_MAX_UPLINKS;

		for (uint32_t k = 0; k < DATAPATH_MAX_UPLINKS - 1; k++)
			seven[k] = first + 1 + k;
		datapath_set_uplinks(fx.in[i], seven, DATAPATH_MAX_UPLINKS - 1);
		assert_int_equal(datapath_set_instance(fx.in[i], first, &cfg), 0);
	}
	fixture_close();
	fixture_open();
	set_on(OTHER, lo, 1);
	assert_true(is_mapped(OTHER, fx.in[0]));
	assert_true(is_mapped(TEST_LO, fx.in[0]));
}

/* --- S-BFD -----------------------------------------------------------------------------------*/

static void set_peer_on(uint32_t ifindex)
{
	struct ipaddr address = test_addr(PEER_V4);

	entries[0] = datapath_sbfd_create(fx.dp, ifindex, &address, on_news, NULL);
	assert_non_null(entries[0]);
}

static void answer_comes(void)
{
	struct datagram d = {ANSWER(PEER_V4, US_V4)};
	struct frame f = frame_of(&d);

	run(true, &f);
}

static bool is_answered(void)
{
	struct datagram d = {PROBE(PEER_V4, US_V4)};
	struct frame f = frame_of(&d);

	return run(true, &f) == XDP_TX;
}

static void a_peer_is_answered_on_each_interface(void **state)
{
	(void)state;
	fixture_open();
	datapath_sbfd_alive(fx.dp, loop_clock());
	set_peer_on(OTHER);
	assert_int_equal(datapath_sbfd_set_uplinks(entries[0], lo, 1), 0);
	publish(0, US_V4);
	assert_true(is_answered());
	answer_comes();
	assert_int_equal(datapath_sbfd_state(entries[0])->answers, 1);
	assert_int_equal(datapath_sbfd_set_uplinks(entries[0], other, 0), 0);
	assert_false(is_answered());
	assert_int_equal(datapath_sbfd_set_uplinks(entries[0], lo_and_third, 2), 0);
	assert_true(is_answered());
	answer_comes();
	assert_int_equal(datapath_sbfd_state(entries[0])->answers, 2);
	datapath_sbfd_destroy(entries[0]);
	assert_false(is_answered());
}

/* The new daemon may name another interface first. */
static void a_restart_adopts_a_peer_of_several_interfaces(void **state)
{
	(void)state;
	for (int swapped = 0; swapped < 2; swapped++) {
		fixture_open_as((struct datapath_options){.keep = true});
		set_peer_on(OTHER);
		assert_int_equal(datapath_sbfd_set_uplinks(entries[0], lo_and_third, 2), 0);
		publish(0, US_V4);
		answer_comes();
		fixture_close();
		fixture_open();
		datapath_sbfd_alive(fx.dp, loop_clock());
		set_peer_on(swapped ? TEST_LO : OTHER);
		assert_int_equal(datapath_sbfd_set_uplinks(entries[0], swapped ? other : lo, 1), 0);
		publish(0, US_V4);
		assert_int_equal(loop_turn(fx.loop, 0), 0); /* sweeps */
		assert_true(is_answered());
		assert_int_equal(datapath_sbfd_state(entries[0])->answers, 1);
		datapath_sbfd_destroy(entries[0]);
		fixture_close();
	}
}

/* Two peers of the daemon before are one now. */
static void a_restart_joins_two_entries(void **state)
{
	(void)state;
	fixture_open_as((struct datapath_options){.keep = true});
	set_peer_on(TEST_LO);
	publish(0, US_V4);
	set_peer_on(OTHER);
	publish(0, US_V4);
	fixture_close();
	fixture_open();
	datapath_sbfd_alive(fx.dp, loop_clock());
	set_peer_on(OTHER);
	assert_int_equal(datapath_sbfd_set_uplinks(entries[0], lo, 1), 0);
	publish(0, US_V4);
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_true(is_answered());
	answer_comes();
	assert_int_equal(datapath_sbfd_state(entries[0])->answers, 1);
}

/* One peer of the daemon before is two now: the second one has a record of its own. */
static void a_restart_splits_an_entry(void **state)
{
	(void)state;
	fixture_open_as((struct datapath_options){.keep = true});
	set_peer_on(OTHER);
	assert_int_equal(datapath_sbfd_set_uplinks(entries[0], lo, 1), 0);
	publish(0, US_V4);
	fixture_close();
	fixture_open();
	datapath_sbfd_alive(fx.dp, loop_clock());
	set_peer_on(OTHER);
	assert_int_equal(datapath_sbfd_set_uplinks(entries[0], NULL, 0), 0);
	publish(0, US_V4);
	set_peer_on(TEST_LO);
	publish(0, US_V4);
	assert_int_equal(loop_turn(fx.loop, 0), 0);
	assert_true(is_answered());
}

static bool is_indexed(uint32_t ifindex)
{
	struct hf_sbfd_key key = {.ifindex = ifindex, .address = test_addr(PEER_V4)};
	uint32_t slot;

	return bpf_map_lookup_elem(bpf_map__fd(fx.dp->skel->maps.hf_sbfd_idx), &key, &slot) == 0;
}

/* The first interface was replaced, by one of the others or by a new one. */
static void the_first_interface_may_be_another_one(void **state)
{
	uint32_t seven[DATAPATH_MAX_UPLINKS - 1];

	(void)state;
	for (unsigned int i = 0; i < DATAPATH_MAX_UPLINKS - 1; i++)
		seven[i] = THIRD + i;
	for (int known = 0; known < 2; known++) {
		fixture_open();
		datapath_sbfd_alive(fx.dp, loop_clock());
		set_peer_on(OTHER);
		assert_int_equal(datapath_sbfd_set_uplinks(entries[0], seven, 7), 0);
		publish(0, US_V4);
		assert_false(is_answered());
		if (known)
			assert_int_equal(datapath_sbfd_set_uplinks(entries[0], lo, 1), 0);
		assert_int_equal(datapath_sbfd_move(entries[0], TEST_LO), 0);
		assert_int_equal(datapath_sbfd_move(entries[0], TEST_LO), 0);
		assert_int_equal(datapath_sbfd_set_uplinks(entries[0], seven, 7), 0);
		assert_true(is_answered());
		assert_false(is_indexed(OTHER));
		assert_true(is_indexed(THIRD + 6));
		answer_comes();
		assert_int_equal(datapath_sbfd_state(entries[0])->answers, 1);
		datapath_sbfd_destroy(entries[0]);
		assert_false(is_indexed(TEST_LO));
		assert_false(is_indexed(THIRD + 6));
		fixture_close();
	}
}

static void the_first_interface_is_not_that_of_another_entry(void **state)
{
	(void)state;
	fixture_open();
	set_peer_on(TEST_LO);
	publish(0, US_V4);
	set_peer_on(OTHER);
	publish(0, US_V4);
	assert_int_equal(datapath_sbfd_move(entries[0], TEST_LO), -EEXIST);
	assert_true(is_indexed(OTHER));
}

/* Else packets of a peer that is not answered would count for the next one in its slot. */
static void a_peer_without_room_for_all_its_interfaces_has_none(void **state)
{
	struct hf_sbfd_key key = {.address = test_addr(PEER_V6)};
	uint32_t slot = HF_MAX_SBFD - 1;

	(void)state;
	fixture_open();
	for (uint32_t i = 0; i < HF_MAX_SBFD - 2; i++) {
		key.ifindex = THIRD + 1 + i;
		assert_int_equal(
		    bpf_map_update_elem(bpf_map__fd(fx.dp->skel->maps.hf_sbfd_idx), &key, &slot, 0),
		    0);
	}
	set_peer_on(OTHER);
	assert_int_equal(datapath_sbfd_set_uplinks(entries[0], lo_and_third, 2), 0);
	assert_true(datapath_sbfd_set(entries[0], &(struct hf_sbfd_cfg){0}) < 0);
	assert_false(is_indexed(OTHER));
	assert_false(is_indexed(TEST_LO));
	assert_false(is_indexed(THIRD));
	datapath_sbfd_destroy(entries[0]);
}

/* The peers of the daemon before have all places. */
static void a_full_table_has_room_for_a_new_peer(void **state)
{
	struct ipaddr address = test_addr("198.51.100.0");
	struct hf_sbfd_cfg cfg = {.min_ttl = 255};

	(void)state;
	fixture_open_as((struct datapath_options){.keep = true});
	for (uint32_t i = 0; i < HF_MAX_SBFD; i++) {
		struct datapath_sbfd *s;

		address.b[14] = (uint8_t)(i >> 8);
		address.b[15] = (uint8_t)i;
		s = datapath_sbfd_create(fx.dp, OTHER, &address, on_news, NULL);
		assert_non_null(s);
		assert_int_equal(datapath_sbfd_set(s, &cfg), 0);
	}
	assert_null(datapath_sbfd_create(fx.dp, THIRD, &address, on_news, NULL));
	fixture_close();
	fixture_open();
	datapath_sbfd_alive(fx.dp, loop_clock());
	set_peer_on(TEST_LO);
	publish(0, US_V4);
	assert_true(is_answered());
}

/* Its sockets are of one interface. */
static void the_raw_mode_refuses_several_interfaces(void **state)
{
	(void)state;
	fixture_open_as((struct datapath_options){.force_raw = true});
	set_peer_on(TEST_LO);
	assert_int_equal(datapath_sbfd_set_uplinks(entries[0], other, 1), -EOPNOTSUPP);
	assert_int_equal(datapath_sbfd_move(entries[0], OTHER), -EOPNOTSUPP);
	datapath_sbfd_destroy(entries[0]);
}

#define CASE(fn) cmocka_unit_test_teardown(fn, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(an_advert_on_any_interface_moves_the_deadline),
	    CASE(interfaces_come_and_go),
	    CASE(an_interface_belongs_to_one_instance),
	    CASE(a_restart_adopts_all_interfaces),
	    CASE(a_restart_joins_two_instances),
	    CASE(a_full_index_has_room_for_the_new_interfaces),
	    CASE(a_full_table_has_room_for_a_new_peer),
	    CASE(a_peer_is_answered_on_each_interface),
	    CASE(a_restart_adopts_a_peer_of_several_interfaces),
	    CASE(a_restart_joins_two_entries),
	    CASE(a_restart_splits_an_entry),
	    CASE(the_first_interface_may_be_another_one),
	    CASE(the_first_interface_is_not_that_of_another_entry),
	    CASE(a_peer_without_room_for_all_its_interfaces_has_none),
	    CASE(the_raw_mode_refuses_several_interfaces),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
