// SPDX-License-Identifier: BSD-2-Clause
/*
 * Lines of JSON, valid and hostile, with non-ASCII characters at every place where a run of them
 * begins or ends.
 * Links: user/core/json_read.c user/core/utf8.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/json_read.h"
#include "core/utf8.h"

#define DEPTH	4

#define TEXT(s) s, sizeof(s) - 1

static void good_lines_are_read(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *key, *value;
	} rows[] = {
	    {TEXT("{\"a\":\"b\"}"), "a", "b"},
	    {TEXT(" {\"a\" : \"b\" } \t\r\n"), "a", "b"},
	    {TEXT("{\"a\":\"caf\xc3\xa9\"}"), "a", "caf\xc3\xa9"},
	    {TEXT("{\"\xc3\xa9\":\"\xc3\xa9x\xc3\xa9\"}"), "\xc3\xa9", "\xc3\xa9x\xc3\xa9"},
	    {TEXT("{\"a\":\"\xe2\x82\xac\\u00e9\xf0\x9f\x99\x82\\n\"}"), "a",
	     "\xe2\x82\xac\xc3\xa9\xf0\x9f\x99\x82\n"},
	    {TEXT("{\"a\":\"b\",\"c\":[{\"d\":1}]}"), "a", "b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *why = "nothing said";
		json_object *obj = json_read_object(rows[i].text, rows[i].len, DEPTH, &why);
		json_object *member = json_object_object_get(obj, rows[i].key);

		if (!obj)
			fail_msg("%s: %s", rows[i].text, why);
		assert_null(why);
		assert_string_equal(json_object_get_string(member), rows[i].value);
		json_object_put(obj);
	}
}

static void bad_lines_are_refused_with_the_reason(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *why; /* part of it; "" where the words are json-c's */
	} rows[] = {
	    {TEXT(""), "empty"},
	    {TEXT(" "), "too early"},
	    {TEXT("{\"a\":\"b\""), "too early"},
	    {TEXT("{\"a\":\"\xc3\xa9"), "too early"},
	    {TEXT("{\"a\":\"\xc3\xa9\",}"), ""},
	    {TEXT("{\"a\":[\"\xc3\xa9\",]}"), ""},
	    {TEXT("{\"\xc3\xa9\":1/* a comment */}"), ""},
	    {TEXT("{\"a\":'\xc3\xa9'}"), ""},
	    {TEXT("{\xc3\xa9}"), ""},
	    {TEXT("{\"a\":\xc3\xa9}"), ""},
	    {TEXT("{\"a\":tru\xc3\xa9}"), ""},
	    {TEXT("{\"a\":1\xc3\xa9}"), ""},
	    {TEXT("\xc3\xa9{\"a\":1}"), ""},
	    {TEXT("\xef\xbb\xbf{\"a\":1}"), ""}, /* a byte order mark, RFC 8259 section 8.1 */
	    {TEXT("{\"a\":1}\xc3\xa9"), "follows"},
	    {TEXT("{\"a\":1}{}"), ""},
	    {TEXT("{\"a\":1}\0{}"), "NUL"},
	    {TEXT("{\"a\":\"\0\"}"), "NUL"},
	    {TEXT("{\"a\":\"\xc3\"}"), "no UTF-8"},
	    {TEXT("{\"a\":\"\xed\xa0\x80\"}"), "no UTF-8"},
	    {TEXT("{\"a\":\"\xe0\x80\xaf\"}"), "no UTF-8"},	/* overlong, of three */
	    {TEXT("{\"a\":\"\xf0\x80\x80\xaf\"}"), "no UTF-8"}, /* and of four */
	    {TEXT("{\"a\":\"\xc0\xaf\"}"), "no UTF-8"},
	    {TEXT("{\"a\":\"\xf4\x90\x80\x80\"}"), "no UTF-8"}, /* beyond U+10FFFF */
	    {TEXT("{\"a\":1}\xe2\x82"), "no UTF-8"},
	    {TEXT("[\"\xc3\xa9\"]"), "another value"},
	    {TEXT("\"\xc3\xa9\""), "another value"},
	    {TEXT("null "), "another value"},
	    {TEXT("{\"a\":{\"\xc3\xa9\":{\"c\":{\"d\":1}}}}"), "nesting"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *why = NULL;
		json_object *obj = json_read_object(rows[i].text, rows[i].len, DEPTH, &why);

		if (obj || !why || !strstr(why, rows[i].why))
			fail_msg("row %zu, %s: %s", i, rows[i].text, why ? why : "read");
	}
}

/* The octets after a text would complete it. They are not read. */
static void a_character_that_is_cut_is_none(void **state)
{
	char out[] = {0, 0, 'Z', 'Z'};

	(void)state;
	assert_int_equal(utf8_clean(out, "\xe2\x82\xac", 2), 2);
	assert_memory_equal(out, "??ZZ", 4);
	assert_true(utf8_is_valid("\xe2\x82\xac", 3));
	assert_false(utf8_is_valid("\xe2\x82\xac", 2));
	assert_false(utf8_is_valid("\xc3\xa9", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_lines_are_read),
	    cmocka_unit_test(bad_lines_are_refused_with_the_reason),
	    cmocka_unit_test(a_character_that_is_cut_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
