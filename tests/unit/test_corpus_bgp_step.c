// SPDX-License-Identifier: BSD-2-Clause
/*
 * Events for a BGP neighbor: the inputs of the committed fuzzing corpus.
 *
 * Links: tests/fuzz/fuzz_bgp_step.c user/bgp/bgp_peer_step.c user/bgp/bgp_step.c
 */
#include "corpus.h"

static void the_corpus_breaks_nothing(void **state)
{
	(void)state;
	assert_true(run_corpus("tests/fuzz/corpus/bgp_step") > 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_corpus_breaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
