// SPDX-License-Identifier: BSD-2-Clause
/*
 * The checksum form of adverts to a peer.
 *
 * Links: user/vrrp/checksum_memory.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "hf_abi.h"
#include "vrrp/checksum_memory.h"

static struct ipaddr peer(uint8_t last)
{
	return (struct ipaddr){{[10] = 0xff, [11] = 0xff, [12] = 192, [15] = last}};
}

static bool note(struct checksum_memory *m, uint8_t last, uint8_t form)
{
	struct ipaddr a = peer(last);

	return checksum_note(m, &a, form);
}

static uint8_t form_for(const struct checksum_memory *m, uint8_t last)
{
	struct ipaddr a = peer(last);

	return checksum_for(m, &a, HF_CSUM_PSEUDO);
}

static void each_peer_is_answered_in_its_own_form(void **state)
{
	struct checksum_memory m = {0};

	(void)state;
	assert_int_equal(form_for(&m, 1), HF_CSUM_PSEUDO);
	assert_int_equal(checksum_for(&m, NULL, HF_CSUM_PLAIN), HF_CSUM_PLAIN);
	assert_true(note(&m, 1, HF_CSUM_PLAIN));
	assert_false(note(&m, 1, HF_CSUM_PLAIN));
	assert_true(note(&m, 2, HF_CSUM_PSEUDO_GROUP));
	assert_int_equal(form_for(&m, 1), HF_CSUM_PLAIN);
	assert_int_equal(form_for(&m, 2), HF_CSUM_PSEUDO_GROUP);
	assert_int_equal(form_for(&m, 3), HF_CSUM_PSEUDO);
	assert_true(note(&m, 1, HF_CSUM_PSEUDO)); /* its configuration has changed */
	assert_int_equal(form_for(&m, 1), HF_CSUM_PSEUDO);
	assert_int_equal(form_for(&m, 2), HF_CSUM_PSEUDO_GROUP);
}

static void the_group_hears_the_form_heard_last(void **state)
{
	struct checksum_memory m = {0};

	(void)state;
	note(&m, 1, HF_CSUM_PLAIN);
	note(&m, 2, HF_CSUM_PSEUDO);
	assert_int_equal(checksum_for(&m, NULL, HF_CSUM_PSEUDO_GROUP), HF_CSUM_PSEUDO);
	note(&m, 1, HF_CSUM_PLAIN);
	assert_int_equal(checksum_for(&m, NULL, HF_CSUM_PSEUDO_GROUP), HF_CSUM_PLAIN);
}

static void of_too_many_the_longest_silent_is_forgotten(void **state)
{
	struct checksum_memory m = {0};

	(void)state;
	for (uint8_t i = 1; i <= CHECKSUM_PEERS; i++)
		note(&m, i, HF_CSUM_PLAIN);
	note(&m, 1, HF_CSUM_PLAIN);
	note(&m, 100, HF_CSUM_PLAIN);
	assert_int_equal(m.n, CHECKSUM_PEERS);
	assert_int_equal(form_for(&m, 1), HF_CSUM_PLAIN);
	assert_int_equal(form_for(&m, 2), HF_CSUM_PSEUDO);
	assert_int_equal(form_for(&m, 3), HF_CSUM_PLAIN);
	assert_int_equal(form_for(&m, 100), HF_CSUM_PLAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_peer_is_answered_in_its_own_form),
	    cmocka_unit_test(the_group_hears_the_form_heard_last),
	    cmocka_unit_test(of_too_many_the_longest_silent_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
