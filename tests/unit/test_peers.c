// SPDX-License-Identifier: BSD-2-Clause
/*
 * The table of peers: which instances share a peer, lookups, and what stays when an instance's
 * peers change.
 * Links: user/engine/peer/peers.c user/core/addr.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "config/config.h"
#include "core/addr.h"
#include "engine/peer/peers.h"

#define ETH0 2
#define ETH1 3

static struct cfg_peer numbered(unsigned int n)
{
	return (struct cfg_peer){
	    .address = {.b = {[10] = 0xff, [11] = 0xff, 10, 0, (uint8_t)(n >> 8), (uint8_t)n}}};
}

static void instances_share_a_peer_of_their_interface(void **state)
{
	const struct cfg_peer both[] = {numbered(1), numbered(2)};
	struct peers table = {0};
	struct peer_set a = {0}, b = {0}, c = {0};

	(void)state;
	assert_int_equal(peer_set_fill(&table, &a, ETH0, both, 2), 0);
	assert_int_equal(peer_set_fill(&table, &b, ETH0, &both[1], 1), 0);
	assert_int_equal(peer_set_fill(&table, &c, ETH1, &both[1], 1), 0);
	assert_int_equal(table.n, 3);
	assert_ptr_equal(a.all[1], b.all[0]);
	assert_ptr_not_equal(b.all[0], c.all[0]);
	assert_ptr_equal(peers_find(&table, ETH0, &both[0].address), a.all[0]);
	assert_ptr_equal(peers_find(&table, ETH1, &both[1].address), c.all[0]);
	assert_null(peers_find(&table, ETH1, &both[0].address));

	peer_set_fill(&table, &a, 0, NULL, 0);
	assert_null(peers_find(&table, ETH0, &both[0].address));
	assert_ptr_equal(peers_find(&table, ETH0, &both[1].address), b.all[0]);
	peer_set_fill(&table, &b, 0, NULL, 0);
	peer_set_fill(&table, &c, 0, NULL, 0);
	assert_int_equal(table.n, 0);
	assert_null(table.first);
	assert_null(table.last);
}

static void a_peer_that_stays_in_the_set_stays_the_same(void **state)
{
	const struct cfg_peer before[] = {numbered(1), numbered(2)};
	const struct cfg_peer after[] = {numbered(3), numbered(2)};
	struct peers table = {0};
	struct peer_set set = {0};
	struct peer *kept, *peer;
	unsigned int n = 0;

	(void)state;
	peer_set_fill(&table, &set, ETH0, before, 2);
	kept = set.all[1];
	peer_set_fill(&table, &set, ETH0, after, 2);
	assert_ptr_equal(set.all[1], kept);
	assert_int_equal(kept->users, 1);
	assert_null(peers_find(&table, ETH0, &before[0].address));
	PEERS_EACH(&table, peer)
	n++;
	assert_int_equal(n, 2);
	assert_ptr_equal(table.first, kept);
	assert_ptr_equal(table.last, set.all[0]);
	peer_set_fill(&table, &set, 0, NULL, 0);
}

/* More peers than buckets, so that entries are also removed in the middle of chains. */
static void a_full_table_refuses_the_next_peer(void **state)
{
	static struct peer_set sets[PEERS_MAX];
	const struct cfg_peer more[] = {numbered(0), numbered(PEERS_MAX)};
	struct peers table = {0};
	struct peer_set last = {0};

	(void)state;
	for (unsigned int i = 0; i < PEERS_MAX; i++) {
		struct cfg_peer one = numbered(i);

		assert_int_equal(peer_set_fill(&table, &sets[i], ETH0, &one, 1), 0);
	}
	assert_int_equal(peer_set_fill(&table, &last, ETH0, more, 2), -ENOSPC);
	assert_int_equal(last.n, 1);
	for (unsigned int i = 0; i < PEERS_MAX; i += 2)
		peer_set_fill(&table, &sets[i], 0, NULL, 0);
	for (unsigned int i = 0; i < PEERS_MAX; i++) {
		struct cfg_peer one = numbered(i);
		struct peer *peer = peers_find(&table, ETH0, &one.address);

		assert_int_equal(peer != NULL, i % 2 == 1 || i == 0);
	}
	assert_int_equal(peer_set_fill(&table, &last, ETH0, more, 2), 0);
	for (unsigned int i = 0; i < PEERS_MAX; i++)
		peer_set_fill(&table, &sets[i], 0, NULL, 0);
	peer_set_fill(&table, &last, 0, NULL, 0);
	assert_int_equal(table.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(instances_share_a_peer_of_their_interface),
	    cmocka_unit_test(a_peer_that_stays_in_the_set_stays_the_same),
	    cmocka_unit_test(a_full_table_refuses_the_next_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
