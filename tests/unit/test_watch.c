// SPDX-License-Identifier: BSD-2-Clause
/*
 * The screen of `holdfastctl watch`: limited to the terminal, rates of two answers, odd answers.
 * Links: user/cli/watch.c user/cli/watch_frame.c user/client/text.c user/client/client.c
 * Links: user/client/json_line.c
 * Links: user/core/json_read.c user/core/utf8.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/watch.h"
#include "drawn_frame.h"

static char *fit(const char *text, unsigned int columns, unsigned int rows)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	assert_non_null(f);
	watch_fit(f, text, columns, rows);
	fclose(f);
	return out;
}

static char *frame(const char *now, const char *before, double seconds, bool colour)
{
	return drawn_frame(watch_frame, now, before, seconds, colour);
}

#define K "\x1b[K"
#define J "\x1b[J"

static void lines_are_cut(void **state)
{
	static const struct {
		const char *text;
		unsigned int columns, rows;
		const char *want;
	} rows[] = {
	    {"", 10, 2, K J},
	    {"abc\n", 10, 3, K "abc\r\n" K J},
	    {"abcdef\nx\n", 3, 3, K "abc\r\n" K "x\r\n" K J},
	    {"a\nb\nc\n", 9, 2, K "a\r\n" K "b"},
	    {"\xc3\xa9\xc3\xa9z\n", 2, 2, K "\xc3\xa9\xc3\xa9\r\n" K J},
	    /* A colour uses no column, and ends even if its word is truncated. */
	    {"\x1b[31mabcd\x1b[0m\n", 2, 2, K "\x1b[31mab\x1b[0m\r\n" K J},
	    {"a\x1b[31", 5, 2, K "a\x1b[31" J},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *out = fit(rows[i].text, rows[i].columns, rows[i].rows);

		assert_string_equal(out, rows[i].want);
		free(out);
	}
}

static void more_lines_than_rows_are_scrolled(void **state)
{
	static const struct {
		const char *text;
		unsigned int rows, skip;
		const char *want, *more;
		unsigned int left;
	} rows[] = {
	    {"h\na\nb\n", 3, 0, "h\na\nb\n", "", 0},
	    {"h\na\nb\n", 3, 5, "h\na\nb\n", "", 0},
	    {"h\na\nb\nc\nd\n", 4, 0, "h\na\nb\n",
	     "-- 0 more above, 2 more below: up, down, space, b", 0},
	    {"h\na\nb\nc\nd\n", 4, 1, "h\nb\nc\n",
	     "-- 1 more above, 1 more below: up, down, space, b", 1},
	    {"h\na\nb\nc\nd\n", 4, 99, "h\nc\nd\n",
	     "-- 2 more above, 0 more below: up, down, space, b", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = strdup(rows[i].text), more[80];
		unsigned int skip = rows[i].skip;

		watch_scroll(text, rows[i].rows, &skip, more, sizeof(more));
		assert_string_equal(text, rows[i].want);
		assert_string_equal(more, rows[i].more);
		assert_int_equal(skip, rows[i].left);
		free(text);
	}
}

static void only_an_established_session_has_a_time(void **state)
{
	static const char json[] =
	    "{\"bgp\":[{\"neighbors\":["
	    "{\"address\":\"192.0.2.1\",\"state\":\"Established\",\"uptime_s\":7,"
	    "\"prefixes_announced\":4,\"last_error\":\"\"},"
	    "{\"address\":\"192.0.2.2\",\"state\":\"Active\",\"uptime_s\":0,"
	    "\"prefixes_announced\":0,\"last_error\":\"\"}]}]}";
	char *out = frame(json, NULL, 0, false);

	(void)state;
	assert_non_null(strstr(out, "192.0.2.1            Established  7 s          4 announced"));
	assert_non_null(strstr(out, "192.0.2.2            Active       -            0 announced"));
	free(out);
}

static void what_is_not_well_comes_first(void **state)
{
	static const char json[] = "{\"instances\":[{\"name\":\"good\",\"state\":\"MASTER\"},"
				   "{\"name\":\"broken\",\"state\":\"FAULT\"}],"
				   "\"checks\":[{\"name\":\"fine\",\"state\":\"UP\"},"
				   "{\"name\":\"failing\",\"state\":\"DOWN\"}]}";
	char *out = frame(json, NULL, 0, false);

	(void)state;
	assert_true(strstr(out, "broken") < strstr(out, "good"));
	assert_true(strstr(out, "failing") < strstr(out, "fine"));
	free(out);
}

/* Without XDP or TC nothing is counted, so a zero would be wrong. */
static void raw_counts_nothing(void **state)
{
	static const char json[] = "{\"datapath\":[{\"attach\":\"raw\"}],\"traffic\":[{\"address\":"
				   "\"203.0.113.57\",\"rx\":{\"packets\":0}}]}";
	char *out = frame(json, json, 1, false);

	(void)state;
	assert_null(strstr(out, "203.0.113.57"));
	free(out);
}

#define TRAFFIC(packets)                                                                           \
	"{\"traffic\":[{\"address\":\"203.0.113.57\",\"rx\":{\"packets\":" #packets "},"           \
	"\"tx\":{\"packets\":0}}]}"

static void rates_are_differences(void **state)
{
	static const struct {
		const char *now, *before;
		double seconds;
		const char *want;
	} rows[] = {
	    {TRAFFIC(300), TRAFFIC(100), 2, "203.0.113.57                     100       0"},
	    {TRAFFIC(300), NULL, 2, "203.0.113.57                       -       -"},
	    {TRAFFIC(300), TRAFFIC(100), 0, "203.0.113.57                       -       -"},
	    /* Another daemon counts from 0. */
	    {TRAFFIC(1), TRAFFIC(100), 1, "203.0.113.57                       -"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *out = frame(rows[i].now, rows[i].before, rows[i].seconds, false);

		if (!strstr(out, rows[i].want))
			fail_msg("row %zu: %s", i, out);
		free(out);
	}
}

static void colour_is_asked_for(void **state)
{
	static const char json[] = "{\"alarms\":[\"fire\"],\"instances\":[{\"name\":\"v\","
				   "\"state\":\"FAULT\",\"faults\":[\"link\"]}]}";
	char *with = frame(json, NULL, 0, true), *without = frame(json, NULL, 0, false);

	(void)state;
	assert_non_null(strstr(with, "\x1b[31mALARM\x1b[0m fire\n"));
	assert_non_null(strstr(with, "\x1b[31mFAULT \x1b[0m"));
	assert_null(strchr(without, '\x1b'));
	assert_non_null(strstr(without, "ALARM fire\n"));
	free(with);
	free(without);
}

static void odd_answers_are_shown(void **state)
{
	static const char *const odd[] = {
	    "{}",
	    "{\"instances\":7,\"bgp\":[1],\"checks\":[null],\"traffic\":[{}],\"alarms\":{}}",
	    "{\"instances\":[{\"last_transition\":{\"at\":\"soon\"},\"announced\":[3]}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		free(frame(odd[i], odd[i], 1, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_are_cut),
	    cmocka_unit_test(more_lines_than_rows_are_scrolled),
	    cmocka_unit_test(only_an_established_session_has_a_time),
	    cmocka_unit_test(what_is_not_well_comes_first),
	    cmocka_unit_test(raw_counts_nothing),
	    cmocka_unit_test(rates_are_differences),
	    cmocka_unit_test(colour_is_asked_for),
	    cmocka_unit_test(odd_answers_are_shown),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
