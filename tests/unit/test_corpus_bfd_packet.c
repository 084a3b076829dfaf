// SPDX-License-Identifier: BSD-2-Clause
/*
 * Octets as a BFD control packet: the inputs of the committed fuzzing corpus.
 *
 * Links: tests/fuzz/fuzz_bfd_packet.c user/bfd/bfd_codec.c
 */
#include "corpus.h"

static void the_corpus_breaks_nothing(void **state)
{
	(void)state;
	assert_true(run_corpus("tests/fuzz/corpus/bfd_packet") > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_corpus_breaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
