// SPDX-License-Identifier: BSD-2-Clause
/*
 * The copy of links and addresses: compared with a plain list after thousands of random changes,
 * and which address is the first.
 * Links: user/kernel/net_table.c user/core/addr.c
 */
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/addr.h"
#include "kernel/net_table.h"

#define IFINDEXES 3
#define ADDRESSES 200
#define CHANGES	  20000

static struct net_address address(uint32_t ifindex, const char *text)
{
	struct net_address a = {.ifindex = ifindex};

	assert_int_equal(ipprefix_parse(&a.prefix, text), 0);
	return a;
}

static struct net_address numbered(uint32_t ifindex, unsigned int n)
{
	struct net_address a = address(ifindex, "10.0.0.0/24");

	a.prefix.addr.b[14] = (uint8_t)(n >> 8);
	a.prefix.addr.b[15] = (uint8_t)n;
	return a;
}

static void it_is_as_a_plain_list_after_any_changes(void **state)
{
	static bool is[IFINDEXES][ADDRESSES];
	struct net_table table = {0};
	unsigned int n = 0;

	(void)state;
	srand(1);
	for (unsigned int i = 0; i < CHANGES; i++) {
		uint32_t link = (uint32_t)rand() % IFINDEXES;
		unsigned int which = (unsigned int)rand() % ADDRESSES;
		struct net_address a = numbered(link + 1, which);
		bool *known = &is[link][which];

		if (rand() % 2) {
			assert_int_equal(net_table_set_address(&table, &a), !*known);
			n += !*known;
			*known = true;
		} else {
			assert_int_equal(net_table_remove_address(&table, a.ifindex, &a.prefix),
					 *known);
			n -= *known;
			*known = false;
		}
		assert_int_equal(table.n_addresses, n);
	}
	for (uint32_t link = 0; link < IFINDEXES; link++) {
		for (unsigned int which = 0; which < ADDRESSES; which++) {
			struct net_address a = numbered(link + 1, which);

			assert_int_equal(net_table_has(&table, link + 1, &a.prefix.addr),
					 is[link][which]);
		}
	}
	net_table_clear(&table);
}

static void a_link_takes_its_addresses_along(void **state)
{
	struct net_address here = address(1, "192.0.2.1/24"), there = address(2, "192.0.2.1/24");
	struct net_table table = {0};

	(void)state;
	net_table_set_link(&table, &(struct netlink_link){.ifindex = 1, .name = "eth0"});
	net_table_set_link(&table, &(struct netlink_link){.ifindex = 1, .name = "wan0"});
	assert_int_equal(table.n_links, 1);
	assert_string_equal(net_table_link(&table, 1)->name, "wan0");
	net_table_set_address(&table, &here);
	net_table_set_address(&table, &there);
	assert_true(net_table_remove_link(&table, 1));
	assert_false(net_table_remove_link(&table, 1));
	assert_false(net_table_has(&table, 1, &here.prefix.addr));
	assert_true(net_table_has(&table, 2, &there.prefix.addr));
	net_table_clear(&table);
}

/* The same address on two links: a change of one does not affect the other. */
static void a_links_address_is_its_own(void **state)
{
	struct net_address here = address(1, "192.0.2.1/24"), there = address(2, "192.0.2.1/24");
	struct net_address other = address(2, "192.0.2.2/24");
	struct net_table table = {0};

	(void)state;
	net_table_set_link(&table, &(struct netlink_link){.ifindex = 1, .name = "eth0"});
	net_table_set_address(&table, &there);
	assert_null(net_table_find(&table, 1, &here.prefix));
	for (uint32_t i = 100; i < 130; i++) { /* some share a bucket with a link that lacks it */
		struct net_address far = address(i, "192.0.2.1/24");

		net_table_set_address(&table, &far);
	}
	for (uint32_t i = 200; i < 264; i++)
		assert_null(net_table_find(&table, i, &here.prefix));
	for (uint32_t i = 100; i < 130; i++)
		assert_true(net_table_remove_address(&table, i, &here.prefix));
	net_table_set_address(&table, &here);
	net_table_set_address(&table, &other);
	here.flags = IFA_F_DADFAILED;
	here.proto = 112;
	assert_int_equal(net_table_set_address(&table, &here), 0);
	assert_int_equal(net_table_find(&table, 1, &here.prefix)->flags, IFA_F_DADFAILED);
	assert_int_equal(net_table_find(&table, 1, &here.prefix)->proto, 112);
	assert_int_equal(net_table_find(&table, 2, &there.prefix)->flags, 0);
	assert_true(net_table_remove_link(&table, 1));
	assert_int_equal(table.n_addresses, 2);
	assert_non_null(net_table_find(&table, 2, &there.prefix));
	assert_non_null(net_table_find(&table, 2, &other.prefix));
	net_table_clear(&table);
}

static void the_older_of_two_addresses_is_first(void **state)
{
	struct net_address old = address(1, "192.0.2.1/24"), young = address(1, "192.0.2.2/24");
	struct net_address gone = address(1, "192.0.2.3/24");
	struct net_table table = {0};

	(void)state;
	/* The last one replaces the removed one, so that the newer one is first. */
	net_table_set_address(&table, &gone);
	net_table_set_address(&table, &old);
	net_table_set_address(&table, &young);
	assert_true(net_table_remove_address(&table, 1, &gone.prefix));
	assert_true(
	    ipaddr_equal(&net_table_first(&table, 1, 4, 112)->prefix.addr, &old.prefix.addr));
	net_table_clear(&table);
}

static void the_first_address_is_the_first_that_is_usable(void **state)
{
	static const struct {
		const char *text;
		uint32_t ifindex, flags;
		uint8_t scope, proto;
	} rows[] = {
	    {"192.0.2.9/24", 2, 0, RT_SCOPE_UNIVERSE, 0},		 /* elsewhere */
	    {"169.254.0.1/16", 1, 0, RT_SCOPE_LINK, 0},			 /* not global */
	    {"192.0.2.57/24", 1, 0, RT_SCOPE_UNIVERSE, 112},		 /* a shared one */
	    {"192.0.2.10/24", 1, IFA_F_SECONDARY, RT_SCOPE_UNIVERSE, 0}, /* only then */
	    {"fe80::1/64", 1, IFA_F_DADFAILED, RT_SCOPE_LINK, 0},	 /* a duplicate */
	    {"2001:db8::1/64", 1, 0, RT_SCOPE_UNIVERSE, 0},
	    {"fe80::2/64", 1, 0, RT_SCOPE_LINK, 0},
	    {"198.51.100.1/24", 1, 0, RT_SCOPE_UNIVERSE, 0},
	};
	struct net_address v4 = address(1, "198.51.100.1/24"), v6 = address(1, "fe80::2/64");
	struct net_address secondary = address(1, "192.0.2.10/24");
	struct net_table table = {0};

	(void)state;
	assert_null(net_table_first(&table, 1, 4, 112));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_address a = address(rows[i].ifindex, rows[i].text);

		a.flags = rows[i].flags;
		a.scope = rows[i].scope;
		a.proto = rows[i].proto;
		assert_int_equal(net_table_set_address(&table, &a), 1);
	}
	assert_true(ipprefix_equal(&net_table_first(&table, 1, 4, 112)->prefix, &v4.prefix));
	assert_true(ipprefix_equal(&net_table_first(&table, 1, 6, 112)->prefix, &v6.prefix));
	net_table_remove_address(&table, 1, &v4.prefix);
	assert_true(ipprefix_equal(&net_table_first(&table, 1, 4, 112)->prefix, &secondary.prefix));
	net_table_clear(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_is_as_a_plain_list_after_any_changes),
	    cmocka_unit_test(a_link_takes_its_addresses_along),
	    cmocka_unit_test(a_links_address_is_its_own),
	    cmocka_unit_test(the_older_of_two_addresses_is_first),
	    cmocka_unit_test(the_first_address_is_the_first_that_is_usable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
