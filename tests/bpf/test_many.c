// SPDX-License-Identifier: BSD-2-Clause
/*
 * A thousand interfaces: what a new one costs does not grow with their number, and no turn checks
 * all of them. The interfaces are only numbers, so attaching to them fails.
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_new_interface_costs_the_same_beside_many, fixture_teardown),
	    cmocka_unit_test_teardown(a_turn_checks_some_of_them, fixture_teardown),
	    cmocka_unit_test_teardown(a_new_address_takes_the_place_of_an_old_one,
				      fixture_teardown),
	};

	return cmocka_run_group_tests(tests, fixture_enter, NULL);
}
