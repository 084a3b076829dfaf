// SPDX-License-Identifier: BSD-2-Clause
/*
 * A thousand interfaces: what a new one costs does not grow with their number, and no turn checks
 * all of them. The interfaces are only numbers, so attaching to them fails. As many peers as there
 * is room for: they can be replaced.
 * Links: user/datapath/ user/core/secret.c user/core/worker.c user/core/loop.c user/core/log.c
 * Links: user/core/addr.c user/core/addr_index.c user/bfd/bfd_socket.c user/bfd/sbfd_socket.c
 */
#include <net/if.h>

#include "fixture.h"

#define FIRST 10000
#define MANY  1000

static unsigned int asked[MANY]; /* for the name of each; the thread asks too */

/* In place of the C library's. */
char *if_indextoname(unsigned int ifindex, char name[IF_NAMESIZE])
{
	if (ifindex < FIRST || ifindex >= FIRST + MANY) {
		errno = ENXIO;
		return NULL;
	}
	__atomic_add_fetch(&asked[ifindex - FIRST], 1, __ATOMIC_RELAXED);
	snprintf(name, IF_NAMESIZE, "vlan%u", ifindex);
	return name;
}

static unsigned int all_asked(void)
{
	unsigned int n = 0;

	for (int i = 0; i < MANY; i++)
		n += __atomic_exchange_n(&asked[i], 0, __ATOMIC_RELAXED);
	return n;
}

static void a_new_interface_costs_the_same_beside_many(void **state)
{
	(void)state;
	fixture_open_as((struct datapath_options){.force_raw = true});
	all_asked();
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(datapath_attach_interface(fx.dp, FIRST + i), 0);
	assert_int_equal(datapath_interfaces(fx.dp), MANY);
	assert_in_range(all_asked(), MANY, 8 * MANY);
}

static unsigned int n_busy(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < fx.dp->n_interfaces; i++)
		n += fx.dp->interfaces[i]->busy;
	return n;
}

static bool none_is_busy(void)
{
	return n_busy() == 0;
}

static bool each_was_asked(void)
{
	for (int i = 0; i < MANY; i++) {
		if (__atomic_load_n(&asked[i], __ATOMIC_RELAXED) == 0)
			return false;
	}
	return true;
}

static void on_attached(void *ctx, uint32_t ifindex, int err)
{
	(void)ctx;
	(void)ifindex;
	assert_true(err < 0);
}

static void a_turn_checks_some_of_them(void **state)
{
	(void)state;
	fixture_open();
	assert_int_equal(datapath_start_worker(fx.dp, on_attached, NULL), 0);
	loop_disarm(fx.loop, &fx.dp->verify);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(datapath_attach_interface(fx.dp, FIRST + i), -EINPROGRESS);
	assert_true(fixture_wait(none_is_busy, 20 * NS_PER_S));
	all_asked();
	fx.dp->verify.fn(&fx.dp->verify);
	assert_in_range(n_busy(), 1, 100);
	assert_true(fixture_wait(each_was_asked, 20 * NS_PER_S)); /* in the next turns */
}

/* --- peers ----------------------------------------------------------------------------------*/

#define PEERS 64 /* of each instance */

static void set_peers(uint32_t instance, uint8_t net)
{
	struct hf_inst_cfg cfg = test_instance_cfg(UNICAST_V3);
	struct ipaddr peer = test_addr("198.51.100.0");

	assert_int_equal(datapath_set_instance(fx.in[instance], FIRST + instance, &cfg), 0);
	peer.b[14] = net;
	for (uint8_t i = 0; i < PEERS; i++) {
		peer.b[15] = i;
		assert_int_equal(datapath_set_peer(fx.in[instance], &peer, &test_peer), 0);
	}
}

/* As a reload does; the old ones are removed some at a time, in later turns. */
static void all_peers_may_be_replaced_at_once(void **state)
{
	struct hf_peer_key key, *prev = NULL;
	unsigned int n = 0;
	int fd;

	(void)state;
	fixture_open();
	fd = bpf_map__fd(fx.dp->skel->maps.hf_peer);
	for (uint8_t net = 0; net < 2; net++) {
		for (uint32_t i = 0; i < HF_MAX_PEERS / PEERS; i++)
			set_peers(i, net);
	}
	while (bpf_map_get_next_key(fd, prev, &key) == 0) {
		n += key.address.b[14] == 1;
		prev = &key;
	}
	assert_int_equal(n, HF_MAX_PEERS);
}

/* --- addresses ------------------------------------------------------------------------------*/

/* The daemon before counted the traffic of as many as there is room for. */
static void a_new_address_takes_the_place_of_an_old_one(void **state)
{
	struct ipaddr address = test_addr("198.51.0.0");
	uint32_t vip;

	(void)state;
	fixture_open_as((struct datapath_options){.keep = true});
	for (uint32_t i = 0; i < HF_MAX_VIPS; i++) {
		address.b[14] = (uint8_t)(i >> 8);
		address.b[15] = (uint8_t)i;
		assert_int_equal(datapath_add_vip(fx.dp, &address, &vip), 0);
	}
	address = test_addr("203.0.113.57");
	assert_int_equal(datapath_add_vip(fx.dp, &address, &vip), -ENOSPC);
	fixture_close();
	fixture_open();
	assert_int_equal(datapath_add_vip(fx.dp, &address, &vip), 0);
	assert_true(vip < HF_MAX_VIPS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_new_interface_costs_the_same_beside_many, fixture_teardown),
	    cmocka_unit_test_teardown(a_turn_checks_some_of_them, fixture_teardown),
	    cmocka_unit_test_teardown(all_peers_may_be_replaced_at_once, fixture_teardown),
	    cmocka_unit_test_teardown(a_new_address_takes_the_place_of_an_old_one,
				      fixture_teardown),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
