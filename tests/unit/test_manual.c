// SPDX-License-Identifier: BSD-2-Clause
/*
 * Compares the manual of the configuration file with the parser's tables: its chapter of keywords
 * has the exact text of the tables, and every block of lines has its section. `--print` writes this
 * chapter; `make manual` puts it into the page. Rejected: a check that each keyword occurs, which
 * does not find a wrong default or range.
 *
 * Links: user/config/block_announce.c user/config/block_bgp.c user/config/block_bfd.c
 * Links: user/config/block_global.c
 * Links: user/config/platform.c user/config/block_group.c user/config/block_instance.c
 * Links: user/config/block_link.c user/config/block_lists.c user/config/block_check.c
 * Links: user/config/block_track.c
 * Links: user/config/block_takeover.c user/config/block_script.c user/config/complete.c
 * Links: user/config/complete_bgp.c user/config/neighbor_name.c user/config/complete_group.c
 * Links: user/config/config.c
 * Links: user/config/defs.c
 * Links: user/config/dump.c user/config/keywords.c user/config/parser.c user/config/set.c
 * Links: user/config/text.c
 * Links: user/config/value.c user/config/words.c user/core/addr.c user/config/complete_warn.c
 * Links: user/config/complete_datapath.c
 * Links: user/config/generator.c user/config/block_auth.c user/config/block_sbfd.c
 * Links: user/config/block_uplinks.c
 * Links: user/core/secret.c
 * Links: user/config/block_attributes.c user/core/prefix_index.c user/config/block_service.c
 * Links: user/config/complete_service.c user/config/block_traffic.c
 * Links: user/config/block_routes.c user/config/block_rule.c user/config/block_static.c
 * Links: user/config/block_vmac.c
 * Links: user/core/net_route.c
 */
// clang-format off: cmocka.h needs the four before it
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/keywords.h"
#include "core/mono.h"

#define PAGE	  "docs/man/holdfast.conf.5"
#define BEGIN	  ".\\\" Begin of what `make manual` writes.\n"
#define END	  ".\\\" End of what `make manual` writes.\n"
#define TEXT_MAX  2048
#define LINE_COLS 76 /* mandoc's lint wants input lines below 80 */

/* --- the chapter --- */

/* Prints a word of the tables for roff: without escapes, requests and quoting. */
static void print_word(FILE *f, const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (word[i] == '"')
			fputs("\\(dq", f);
		else if (word[i] == '\\')
			fputs("\\e", f);
		else
			fputc(word[i], f);
	}
}

/* Prints sentences, each from a line of its own and wrapped. */
static void print_text(FILE *f, const char *text)
{
	unsigned int column = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (column > 0 && column + 1 + len > LINE_COLS) {
			fputc('\n', f);
			column = 0;
		}
		if (column > 0)
			fputc(' ', f);
		if (column == 0 && (*text == '.' || *text == '\''))
			fputs("\\&", f);
		print_word(f, text, len);
		column += (unsigned int)len + 1;
		if (text[len - 1] == '.' && text[len])
			column = LINE_COLS;
		text += len + strspn(text + len, " ");
	}
	fputc('\n', f);
}

/* Nanoseconds as decimal seconds, without zeros at the end. */
static const char *seconds(int64_t ns, char text[32])
{
	snprintf(text, 32, "%" PRId64 ".%09" PRId64, ns / NS_PER_S, ns % NS_PER_S);
	for (char *end = text + strlen(text) - 1; *end == '0' || *end == '.'; end--) {
		bool point = *end == '.';

		*end = '\0';
		if (point)
			break;
	}
	return text;
}

/* Prints the range, or nothing. For a keyword with its own function the size of the limits shows
 * whether they are seconds or nanoseconds. */
static void describe_range(const struct keyword *kw, char *text, size_t size)
{
	bool custom_time = kw->type == KW_CUSTOM && kw->max >= NS_PER_S && kw->max != UINT32_MAX;
	char from[32], to[32];

	text[0] = '\0';
	if (kw->min == 0 && kw->max == 0)
		return;
	if (kw->type == KW_SECONDS || custom_time)
		snprintf(text, size, " %s to %s seconds.", seconds(kw->min, from),
			 seconds(kw->max, to));
	else
		snprintf(text, size, " %" PRId64 " to %" PRId64 ".", kw->min, kw->max);
}

static const char *argument(const struct keyword *kw)
{
	static const char *const by_type[] = {
	    [KW_FLAG] = "",
	    [KW_BOOL] = "[on|off]",
	    [KW_U8] = "N",
	    [KW_U32] = "N",
	    [KW_INT] = "N",
	    [KW_SECONDS] = "SECONDS",
	    [KW_WORD] = "WORD",
	    [KW_ADDRESS] = "ADDRESS",
	    [KW_WEIGHT] = "N [reverse]",
	    [KW_CUSTOM] = "...",
	    [KW_COMMAND] = "\"PATH ARGUMENTS\" [USER [GROUP]]",
	    [KW_ANY] = "...",
	    [KW_BLOCK] = "{ }",
	};

	return kw->argument ? kw->argument : by_type[kw->type];
}

static void print_keyword(FILE *f, const struct keyword *kw)
{
	const char *arg = argument(kw);
	char range[96], text[TEXT_MAX];
	int n;

	fputs(".It Ic ", f);
	print_word(f, kw->name, strlen(kw->name));
	if (arg[0]) {
		fputs(" Ar ", f);
		print_word(f, arg, strlen(arg));
	}
	fputc('\n', f);
	describe_range(kw, range, sizeof(range));
	n = snprintf(text, sizeof(text), "%c%s.%s", toupper((unsigned char)kw->help[0]),
		     kw->help + 1, range);
	if (kw->fallback)
		n += snprintf(text + n, sizeof(text) - (size_t)n, " Default: %s.", kw->fallback);
	if (kw->instead)
		n += snprintf(text + n, sizeof(text) - (size_t)n, " %s: %s.",
			      kw->effect == KW_ACTS ? "Note" : "Instead", kw->instead);
	if (kw->effect == KW_REFUSED_HERE)
		snprintf(text + n, sizeof(text) - (size_t)n,
			 " The instance is left out: it would be a second master, or run in a "
			 "weaker form.");
	print_text(f, text);
}

/* The keywords of `b` with that effect as a list headed by `intro`; nothing if there are none. */
static void print_list(FILE *f, const struct keyword_block *b, enum keyword_effect from,
		       enum keyword_effect to, const char *intro)
{
	bool open = false;

	for (unsigned int i = 0; i < b->n; i++) {
		const struct keyword *kw = &b->kw[i];

		if (kw->effect < from || kw->effect > to)
			continue;
		if (!open)
			fprintf(f, "%s.Bl -tag -width Ds\n", intro);
		open = true;
		print_keyword(f, kw);
	}
	if (open)
		fputs(".El\n", f);
}

static void print_block(FILE *f, const struct keyword_block *b)
{
	if (b == &block_top)
		fputs(".Ss Top level\n", f);
	else
		fprintf(f, ".Ss Block %s\n", b->name);
	print_list(f, b, KW_ACTS, KW_ACTS, "");
	print_list(f, b, KW_REFUSED, KW_REFUSED_HERE, ".Pp\nRefused:\n");
	print_list(f, b, KW_NO_EFFECT, KW_NO_EFFECT,
		   ".Pp\nRead and checked, but without effect; a warning says so:\n");
}

static void print_chapter(FILE *f)
{
	fputs(BEGIN, f);
	for (size_t i = 0; keyword_blocks[i]; i++) {
		if (keyword_blocks[i]->kw)
			print_block(f, keyword_blocks[i]);
	}
	fputs(END, f);
}

/* --- the tests --- */

static char *read_page(void)
{
	FILE *f = fopen(PAGE, "r");
	char *text = NULL;
	size_t size = 0;

	assert_non_null(f);
	assert_true(getdelim(&text, &size, '\0', f) > 0);
	fclose(f);
	return text;
}

static char *make_chapter(void)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	print_chapter(f);
	fclose(f);
	return text;
}

static void test_chapter_is_what_the_tables_say(void **state)
{
	char *page = read_page(), *chapter = make_chapter();
	const char *there = strstr(page, BEGIN);

	(void)state;
	assert_non_null(there);
	for (const char *want = chapter; *want;) {
		size_t line = strcspn(want, "\n") + 1;

		if (strncmp(there, want, line) != 0)
			fail_msg(PAGE ": run `make manual`; it should say: %.*s", (int)line, want);
		there += line;
		want += line;
	}
	free(chapter);
	free(page);
}

static void test_every_block_of_lines_has_its_section(void **state)
{
	char *page = read_page(), heading[96];

	(void)state;
	for (size_t i = 0; keyword_blocks[i]; i++) {
		if (keyword_blocks[i]->kw)
			continue;
		snprintf(heading, sizeof(heading), ".Ss Block %s\n", keyword_blocks[i]->name);
		if (!strstr(page, heading))
			fail_msg(PAGE " lacks: %s", heading);
	}
	free(page);
}

static void test_seconds(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {{0, "0"},
		     {10 * NS_PER_MS, "0.01"},
		     {NS_PER_S, "1"},
		     {300 * NS_PER_S, "300"},
		     {1500 * NS_PER_MS, "1.5"}};
	char text[32];

	(void)state;
	for (size_t i = 0; i < KW_COUNT(cases); i++)
		assert_string_equal(seconds(cases[i].ns, text), cases[i].text);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_chapter_is_what_the_tables_say),
	    cmocka_unit_test(test_every_block_of_lines_has_its_section),
	    cmocka_unit_test(test_seconds),
	};

	if (argc == 2 && strcmp(argv[1], "--print") == 0) {
		print_chapter(stdout);
		return 0;
	}
	return cmocka_run_group_tests_name("manual", tests, NULL, NULL);
}
