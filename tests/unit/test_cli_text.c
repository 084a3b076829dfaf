// SPDX-License-Identifier: BSD-2-Clause
/*
 * How holdfastctl prints numbers and texts, and suggests words for mistyped ones.
 * Links: user/client/text.c user/core/nearest.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/text.h"
#include "core/nearest.h"

static void durations_have_two_units(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
	    {0, "0 s"},
	    {59, "59 s"},
	    {60, "1 min"},
	    {303, "5 min 3 s"},
	    {7500, "2 h 5 min"},
	    {7201, "2 h"},
	    {86400 * 3 + 4 * 3600 + 59, "3 d 4 h"},
	    {-5, "-5 s"},
	    {INT64_MAX, "106751991167300 d 15 h"},
	};
	char buf[TEXT_SHORT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(text_duration(rows[i].seconds, buf), rows[i].text);
}

static void counts_fit_six_columns(void **state)
{
	static const struct {
		uint64_t n;
		const char *text;
	} rows[] = {
	    {0, "0"},
	    {9999, "9999"},
	    {10000, "10.0k"},
	    {99949, "99.9k"},
	    {99950, "100k"},
	    {999499, "999k"},
	    {999500, "1.0M"},
	    {123456789, "123M"},
	    {5000000000, "5.0G"},
	    {UINT64_MAX, "18.4E"},
	};
	char buf[TEXT_SHORT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(text_count(rows[i].n, buf), rows[i].text);
		assert_true(strlen(buf) <= 6);
	}
}

static void control_characters_are_replaced_everywhere(void **state)
{
	json_object *obj =
	    json_tokener_parse("{\"a\":[\"x\\u001b[31m\",{\"b\":\"tab\\tDEL\\u007f\"}],"
			       "\"c\":\"C1\\u009bcaf\\u00e9\",\"n\":1,\"z\":null}");

	(void)state;
	text_make_printable(obj);
	assert_string_equal(json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN),
			    "{\"a\":[\"x?[31m\",{\"b\":\"tab?DEL?\"}],"
			    "\"c\":\"C1??caf\xc3\xa9\",\"n\":1,\"z\":null}");
	json_object_put(obj);
}

static void missing_and_mistyped_fields_read_as_nothing(void **state)
{
	json_object *obj = json_tokener_parse("{\"text\":1,\"list\":{\"a\":1},\"null\":null}");

	(void)state;
	assert_string_equal(json_text(obj, "text"), "");
	assert_string_equal(json_text(obj, "none"), "");
	assert_string_equal(json_text(NULL, "text"), "");
	assert_string_equal(json_text(json_get(obj, "null"), "text"), "");
	assert_int_equal(json_int(obj, "none"), 0);
	assert_int_equal(json_length(obj, "list"), 0);
	assert_null(json_at(obj, "list", 0));
	assert_string_equal(json_text_at(obj, "list", 0), "");
	assert_false(json_true(obj, "null"));
	json_object_put(obj);
}

static void distances_count_slips(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned int distance;
	} rows[] = {
	    {"", "", 0},
	    {"", "abc", 3},
	    {"status", "status", 0},
	    {"status", "statsu", 1}, /* swapped */
	    {"status", "stats", 1},
	    {"status", "sstatus", 1},
	    {"status", "stetus", 1},
	    {"kitten", "sitting", 3},
	    {"ab", "ba", 1},
	    {"abc", "xyz", 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(nearest_distance(rows[i].a, rows[i].b), rows[i].distance);
		assert_int_equal(nearest_distance(rows[i].b, rows[i].a), rows[i].distance);
	}
}

static void the_nearest_word_is_found_or_none(void **state)
{
	static const char *const known[] = {"status", "handover", "reload", "bgp"};
	static const struct {
		const char *word, *best;
	} rows[] = {
	    {"stats", "status"}, {"handovre", "handover"}, {"reolad", "reload"},
	    {"bpg", "bgp"},	 {"frobnicate", NULL},	   {"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nearest n = nearest_start(rows[i].word);

		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			nearest_offer(&n, known[k]);
		if (!rows[i].best)
			assert_null(n.best);
		else
			assert_string_equal(n.best, rows[i].best);
	}
}

static void long_words_are_compared_by_their_beginning(void **state)
{
	char a[200], b[200];

	(void)state;
	memset(a, 'a', sizeof(a) - 1);
	memset(b, 'b', sizeof(b) - 1);
	a[sizeof(a) - 1] = b[sizeof(b) - 1] = '\0';
	assert_int_equal(nearest_distance(a, b), NEAREST_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(durations_have_two_units),
	    cmocka_unit_test(counts_fit_six_columns),
	    cmocka_unit_test(control_characters_are_replaced_everywhere),
	    cmocka_unit_test(missing_and_mistyped_fields_read_as_nothing),
	    cmocka_unit_test(distances_count_slips),
	    cmocka_unit_test(the_nearest_word_is_found_or_none),
	    cmocka_unit_test(long_words_are_compared_by_their_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
