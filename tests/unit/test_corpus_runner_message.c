// SPDX-License-Identifier: BSD-2-Clause
/*
 * Octets as a message between engine and runner: the inputs of the committed fuzzing corpus, with
 * every type of message.
 *
 * Links: tests/fuzz/fuzz_runner_message.c user/runner/runner_codec.c
 */
#include "corpus.h"

static void the_corpus_breaks_nothing(void **state)
{
	(void)state;
	assert_true(run_corpus("tests/fuzz/corpus/runner_message") > 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_corpus_breaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
