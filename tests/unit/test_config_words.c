// SPDX-License-Identifier: BSD-2-Clause
/*
 * The configuration language's smallest parts: words and values.
 *
 * Links: user/config/words.c user/config/value.c user/core/addr.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/value.h"
#include "config/words.h"
#include "core/addr.h"
#include "core/mono.h"

static void comments_begin_anywhere_but_in_double_quotes(void **state)
{
	static const struct {
		const char *line, *left;
		bool cut;
	} rows[] = {
	    {"a b", "a b", false},
	    {"a # b", "a ", false},
	    {"! b", "", false},
	    {"auth_pass se!cret", "auth_pass se", true},
	    {"auth_pass \"se!c#t\" # x", "auth_pass \"se!c#t\" ", false},
	    {"a '#'", "a '", true},
	    {"a\\#b\\!c", "a#b!c", false},
	    {"\"a\\\"#b\"#c", "\"a\\\"#b\"", true},
	    {"\"open # not a comment", "\"open # not a comment", false},
	    {"", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[64];

		snprintf(line, sizeof(line), "%s", rows[i].line);
		assert_int_equal(words_cut_comment(line), rows[i].cut);
		assert_string_equal(line, rows[i].left);
	}
}

/* The words joined by '|'; braces as themselves. */
static void join(const struct words *w, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned int i = 0; i < w->n; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? "|" : "",
					 w->word[i].kind == WORD_TEXT	? w->word[i].text
					 : w->word[i].kind == WORD_OPEN ? "{"
									: "}");
}

static void lines_split_at_blanks_and_braces(void **state)
{
	static const struct {
		const char *line, *words; /* NULL: an error */
	} rows[] = {
	    {"a b\tc", "a|b|c"},
	    {"vrrp_instance A{", "vrrp_instance|A|{"},
	    {"virtual_ipaddress {10.0.0.1}", "virtual_ipaddress|{|10.0.0.1|}"},
	    {"} }", "}|}"},
	    {"auth_pass \"a } b\"", "auth_pass|a } b"},
	    {"auth_pass a}b", "auth_pass|a|}|b"},
	    {"a\"b c\"d", "ab cd"},
	    {"x \"\"", "x|"},
	    {"x \"abc", NULL},
	    {"x \"ab\\\"", NULL},
	    {"", ""},
	};
	static struct words w;
	char got[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *wrong = words_split(rows[i].line, &w);

		assert_int_equal(wrong == NULL, rows[i].words != NULL);
		if (wrong)
			continue;
		join(&w, got, sizeof(got));
		assert_string_equal(got, rows[i].words);
	}
}

static void commands_split_with_quotes_and_escapes(void **state)
{
	static const struct {
		const char *text, *words; /* NULL: an error */
	} rows[] = {
	    {"/x a b", "/x|a|b"},
	    {"/x 'a b' \"c d\"", "/x|a b|c d"},
	    {"/x a'b c'd", "/x|ab cd"},
	    {"/x ''", "/x|"},
	    {"/\\x74\\162ue \\e\\\\", "/true|e\\"},
	    {"a\\ b", "a b"},
	    {"'a\\'b'", "a'b"},
	    {"\\tx\\cA", "\tx\001"},
	    {"'open", NULL},
	    {"a\\000b", NULL},
	};
	static struct words w;
	char got[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *wrong = words_split_command(rows[i].text, &w);

		assert_int_equal(wrong == NULL, rows[i].words != NULL);
		if (wrong)
			continue;
		join(&w, got, sizeof(got));
		assert_string_equal(got, rows[i].words);
	}
}

static void too_many_words_are_an_error(void **state)
{
	static struct words w;
	char line[WORDS_LINE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(line) - 1; i++)
		line[i] = i % 2 ? ' ' : 'a';
	line[sizeof(line) - 1] = '\0';
	assert_non_null(words_split(line, &w));
	assert_non_null(words_split_command(line, &w));
	memset(line, '{', sizeof(line) - 1);
	assert_non_null(words_split(line, &w));
}

static void values_are_read_exactly_or_refused(void **state)
{
	static const struct {
		const char *text;
		int rc;
		int64_t value;
	} ints[] = {{"0", -ERANGE, 0},	{"1", 0, 1},	     {"+5", 0, 5},
		    {"255", 0, 255},	{"256", -ERANGE, 0}, {"0x10", -EINVAL, 0},
		    {"", -EINVAL, 0},	{"-", -EINVAL, 0},   {"1.5", -EINVAL, 0},
		    {"-1", -ERANGE, 0}, {" 1", -EINVAL, 0},  {"99999999999999999999", -ERANGE, 0}};
	static const struct {
		const char *text;
		int rc;
		int64_t ns;
	} seconds[] = {{"1", 0, NS_PER_S},
		       {".5", 0, NS_PER_S / 2},
		       {"5.", 0, 5 * NS_PER_S},
		       {"0.000000001", 0, 1},
		       {"0.0000000001", -EINVAL, 0},
		       {"10.000000001", -ERANGE, 0},
		       {"1e0", -EINVAL, 0},
		       {".", -EINVAL, 0},
		       {"", -EINVAL, 0},
		       {"-1", -ERANGE, 0},
		       {"999999999999999999", -ERANGE, 0}};
	uint32_t c, large[3];
	int64_t v;

	(void)state;
	for (size_t i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
		v = ints[i].value;
		assert_int_equal(value_int(ints[i].text, 1, 255, &v), ints[i].rc);
		assert_int_equal(v, ints[i].value);
	}
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		v = seconds[i].ns;
		assert_int_equal(value_seconds(seconds[i].text, 1, 10 * NS_PER_S, &v),
				 seconds[i].rc);
		assert_int_equal(v, seconds[i].ns);
	}
	assert_int_equal(value_community("65000:100", &c), 0);
	assert_int_equal(c, 0xfde80064);
	assert_int_equal(value_community("65536:1", &c), -EINVAL);
	assert_int_equal(value_community("1:2:3", &c), -EINVAL);
	assert_int_equal(value_community("no_export", &c), 0);
	assert_int_equal(c, 0xffffff01);
	assert_int_equal(value_large_community("4294967295:0:1", large), 0);
	assert_int_equal(value_large_community("4294967296:0:1", large), -EINVAL);
	assert_int_equal(value_large_community("1:2", large), -EINVAL);
}

static void a_switch_has_two_positions(void **state)
{
	bool on = true;

	(void)state;
	assert_int_equal(value_bool("off", &on), 0);
	assert_false(on);
	assert_int_equal(value_bool("yes", &on), 0);
	assert_true(on);
	assert_int_equal(value_bool("maybe", &on), -EINVAL);
	assert_int_equal(value_bool("", &on), -EINVAL);
	assert_int_equal(value_bool("ON", &on), -EINVAL);
	assert_true(on);
}

static void a_prefix_has_no_bit_of_a_host(void **state)
{
	static const struct {
		const char *text;
		bool clean;
	} rows[] = {
	    {"192.0.2.0/24", true},    {"192.0.2.1/24", false},	  {"192.0.2.128/25", true},
	    {"192.0.2.128/24", false}, {"192.0.2.1/32", true},	  {"0.0.0.0/0", true},
	    {"2001:db8::/32", true},   {"2001:db8::1/32", false}, {"2001:db8::1/128", true}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ipprefix p;

		assert_int_equal(ipprefix_parse(&p, rows[i].text), 0);
		assert_int_equal(value_prefix_is_clean(&p), rows[i].clean);
	}
}

static void a_quote_has_an_end(void **state)
{
	struct words w;

	(void)state;
	assert_null(words_split("a \"b c\" d", &w));
	assert_int_equal(w.n, 3);
	assert_non_null(words_split("a \"b c", &w));
	assert_non_null(words_split("a b\"c", &w));
}

static void words_have_a_distance(void **state)
{
	(void)state;
	assert_int_equal(value_distance("priority", "priority", 9), 0);
	assert_int_equal(value_distance("priorty", "priority", 9), 1);
	assert_int_equal(value_distance("raise", "rise", 9), 1);
	assert_int_equal(value_distance("", "abc", 9), 3);
	assert_int_equal(value_distance("abcdef", "uvwxyz", 4), 4);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(comments_begin_anywhere_but_in_double_quotes),
	    cmocka_unit_test(lines_split_at_blanks_and_braces),
	    cmocka_unit_test(commands_split_with_quotes_and_escapes),
	    cmocka_unit_test(too_many_words_are_an_error),
	    cmocka_unit_test(values_are_read_exactly_or_refused),
	    cmocka_unit_test(a_switch_has_two_positions),
	    cmocka_unit_test(a_prefix_has_no_bit_of_a_host),
	    cmocka_unit_test(a_quote_has_an_end),
	    cmocka_unit_test(words_have_a_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
