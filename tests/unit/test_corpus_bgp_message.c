// SPDX-License-Identifier: BSD-2-Clause
/*
 * Octets as a BGP message: the inputs of the committed fuzzing corpus.
 *
 * Links: tests/fuzz/fuzz_bgp_message.c user/bgp/bgp_codec.c user/bgp/bgp_codec_open.c
 * Links: user/bgp/bgp_codec_update.c
 */
#include "corpus.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* The target's mutator asks for it; nothing is mutated here. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
	(void)data;
	return size < max_size ? size : max_size;
}

static void the_corpus_breaks_nothing(void **state)
{
	(void)state;
	assert_true(run_corpus("tests/fuzz/corpus/bgp_message") > 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_corpus_breaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
