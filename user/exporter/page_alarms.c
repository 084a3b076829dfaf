// SPDX-License-Identifier: BSD-2-Clause
/*
 * Finds the section of an alarm in docs/alarms.md, which is compiled into the program. In a heading
 * a word in capital letters stands for a name or a number. Pure.
 *
 * The section is split into paragraphs, so that its lines wrap at the width of the screen.
 * Rejected: a library that renders Markdown, because docs/alarms.md uses only the few marks that
 * are removed here.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/page.h"

#define HEADING	    "\n### "
#define PATTERN_MAX 512

static const char alarms[] = {
#include "exporter/alarms.md.h"
    , '\0'};

/* Converts a heading to a pattern of fnmatch(3): "INSTANCE is in FAULT" becomes "* is in *". */
static bool make_pattern(const char *heading, size_t len, char pattern[PATTERN_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 2 < PATTERN_MAX; i++) {
		if (isupper((unsigned char)heading[i])) {
			while (i + 1 < len && isupper((unsigned char)heading[i + 1]))
				i++;
			pattern[n++] = '*';
		} else {
			/* '?' matches any character, so it replaces special ones. */
			pattern[n++] = strchr("*[\\", heading[i]) ? '?' : heading[i];
		}
	}
	pattern[n] = '\0';
	return n > 0;
}

char *page_alarm_help(const char *text)
{
	const char *at = strstr(alarms, HEADING), *body, *end;
	char pattern[PATTERN_MAX];
	size_t len;

	for (; at; at = strstr(at, HEADING)) {
		at += strlen(HEADING);
		len = strcspn(at, "\n");
		if (!make_pattern(at, len, pattern) || fnmatch(pattern, text, 0) != 0)
			continue;
		body = at + len + strspn(at + len, "\n");
		end = strstr(body, HEADING);
		return end ? strndup(body, (size_t)(end - body)) : strdup(body);
	}
	return NULL;
}

/* --- paragraphs --- */

/* A paragraph that is being read. */
struct block {
	json_object *list;
	const char *kind;
	char *text;
	size_t len;
	FILE *f; /* NULL: none is being read */
};

static void end_block(struct block *b)
{
	json_object *one;

	if (!b->f)
		return;
	fclose(b->f);
	b->f = NULL;
	one = json_object_new_object();
	json_object_object_add(one, "kind", json_object_new_string(b->kind));
	json_object_object_add(one, "text", json_object_new_string(b->text ? b->text : ""));
	json_object_array_add(b->list, one);
	free(b->text);
	b->text = NULL;
}

/* Writes `len` octets without the marks of Markdown: `code`, *emphasis*, [text](address). */
static void put_plain(FILE *f, const char *text, size_t len)
{
	bool code = false;

	for (size_t i = 0; i < len; i++) {
		const char *end = NULL;

		if (text[i] == '`') {
			code = !code;
			continue;
		}
		if (!code && text[i] == ']' && i + 1 < len && text[i + 1] == '(')
			end = memchr(text + i, ')', len - i);
		if (end)
			i = (size_t)(end - text);
		else if (code || (text[i] != '*' && text[i] != '['))
			putc(text[i], f);
	}
}

/* Adds a line to the present paragraph, or begins one of that kind. */
static void put_line(struct block *b, const char *kind, const char *line, size_t len)
{
	if (b->f) {
		putc(' ', b->f);
	} else {
		b->kind = kind;
		b->f = open_memstream(&b->text, &b->len);
	}
	if (b->f)
		put_plain(b->f, line, len);
}

/* Makes an item "first cell: second cell" of the row of a table. */
static void put_row(struct block *b, const char *line, size_t len)
{
	bool first = true;

	end_block(b);
	for (const char *end = line + len, *at = line + 1; at < end;) {
		const char *bar = memchr(at, '|', (size_t)(end - at));
		size_t n = (size_t)((bar ? bar : end) - at);

		while (n > 0 && at[n - 1] == ' ')
			n--;
		for (; n > 0 && *at == ' '; n--)
			at++;
		put_line(b, "item", at, n);
		if (first && b->f && n > 0 && at[n - 1] != '?')
			putc(':', b->f);
		first = false;
		at = (bar ? bar : end) + 1;
	}
	end_block(b);
}

static bool begins(const char *line, size_t len, const char *with)
{
	return len >= strlen(with) && strncmp(line, with, strlen(with)) == 0;
}

/* `next` is the text after the line. A line before "|--" is the heading of a table, which is left
 * out. */
static void take_line(struct block *b, const char *line, size_t len, const char *next)
{
	if (len == 0)
		end_block(b);
	else if (begins(line, len, "|--") || (*line == '|' && strncmp(next, "|--", 3) == 0))
		end_block(b);
	else if (*line == '|')
		put_row(b, line, len);
	else if (begins(line, len, "- ")) {
		end_block(b);
		put_line(b, "item", line + 2, len - 2);
	} else {
		len -= strspn(line, " ");
		put_line(b, "text", line + strspn(line, " "), len);
	}
}

json_object *page_alarm_blocks(const char *text)
{
	struct block b = {.list = json_object_new_array()};
	char *help = page_alarm_help(text);

	for (const char *at = help; at && *at;) {
		size_t len = strcspn(at, "\n");
		const char *next = at + len + (at[len] == '\n');

		take_line(&b, at, len, next);
		at = next;
	}
	end_block(&b);
	free(help);
	return b.list;
}
