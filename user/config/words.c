// SPDX-License-Identifier: BSD-2-Clause
/*
 * Splits a line into words as keepalived does, whose rules are unusual: comment characters and
 * braces have their meaning also in the middle of a word, only double quotes protect them, plain
 * words have no escapes, and commands are unescaped twice. Rejected: a grammar of the whole file,
 * because the language consists of lines, and an error must affect only one line.
 */
#include "config/words.h"

#include <string.h>

bool words_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void words_trim(char *text)
{
	size_t from = strspn(text, " \t"), len = strlen(text + from);

	while (len > 0 && words_is_blank(text[from + len - 1]))
		len--;
	memmove(text, text + from, len);
	text[len] = '\0';
}

/* Steps over one character within double quotes, or over a quote. Updates *quoted. Returns the
 * index of the next character. */
static size_t step(const char *line, size_t i, bool *quoted)
{
	if (*quoted && line[i] == '\\' && line[i + 1])
		return i + 2;
	if (line[i] == '"')
		*quoted = !*quoted;
	return i + 1;
}

bool words_cut_comment(char *line)
{
	bool quoted = false;
	size_t i = 0, to = 0;

	while (line[i]) {
		size_t next;

		if (!quoted && line[i] == '\\' && (line[i + 1] == '#' || line[i + 1] == '!')) {
			line[to++] = line[i + 1];
			i += 2;
			continue;
		}
		if (!quoted && (line[i] == '#' || line[i] == '!'))
			break;
		next = step(line, i, &quoted);
		while (i < next)
			line[to++] = line[i++];
	}
	quoted = line[i] && to > 0 && !words_is_blank(line[to - 1]);
	line[to] = '\0';
	return quoted;
}

/* A new word that begins at `start`, or NULL when there are too many. */
static struct word *add_word(struct words *w, enum word_kind kind, size_t start)
{
	struct word *new;

	if (w->n == WORDS_MAX)
		return NULL;
	new = &w->word[w->n++];
	*new = (struct word){.kind = kind, .text = w->buf + w->used, .start = start};
	return new;
}

/* Adds a character to the buffer. All words and their NULs fit, because the buffer is twice as long
 * as the longest line. */
static void put(struct words *w, char c)
{
	if (w->used < sizeof(w->buf) - 1)
		w->buf[w->used++] = c;
	w->buf[w->used] = '\0';
}

static void end_word(struct words *w, struct word *word, size_t end)
{
	word->end = end;
	word->odd |= w->used > 0 && w->buf[w->used - 1] == '\\';
	put(w, '\0');
}

static bool ends_plain_word(char c)
{
	return !c || words_is_blank(c) || c == '{' || c == '}';
}

/* Adds the plain word at line[i]; no character within "..." is special. Returns the index of its
 * end, 0 on error. */
static size_t split_plain(const char *line, size_t i, struct words *out)
{
	struct word *w = add_word(out, WORD_TEXT, i);

	if (!w)
		return 0;
	while (!ends_plain_word(line[i])) {
		if (line[i] != '"') {
			put(out, line[i++]);
			continue;
		}
		for (i++; line[i] && line[i] != '"'; i++)
			put(out, line[i]);
		if (!line[i++])
			return 0;
	}
	end_word(out, w, i);
	return i;
}

/* For command lines: returns the index of the end of a word whose quotes may contain escaped
 * quotes. */
static size_t skip_word(const char *line, size_t i)
{
	bool quoted = false;

	while (line[i] && (quoted || !ends_plain_word(line[i])))
		i = step(line, i, &quoted);
	return quoted ? 0 : i;
}

static bool holds_escaped_quote(const char *from, const char *to)
{
	for (; from + 1 < to; from++) {
		if (from[0] == '\\' && from[1] == '"')
			return true;
	}
	return false;
}

/* Adds the word at line[i]. A word with an escaped quote belongs to a command: it is kept
 * unchanged, and parser_command() splits it again. */
static size_t split_word(const char *line, size_t i, struct words *out)
{
	size_t end = skip_word(line, i);
	struct word *w;

	if (!end || !holds_escaped_quote(line + i, line + end))
		return end ? split_plain(line, i, out) : 0;
	w = add_word(out, WORD_TEXT, i);
	if (!w)
		return 0;
	w->odd = true;
	for (; i < end; i++)
		put(out, line[i]);
	end_word(out, w, end);
	return end;
}

const char *words_split(const char *line, struct words *out)
{
	size_t i = 0;

	out->n = 0;
	out->used = 0;
	while (line[i]) {
		if (words_is_blank(line[i])) {
			i++;
		} else if (line[i] == '{' || line[i] == '}') {
			struct word *w = add_word(out, line[i] == '{' ? WORD_OPEN : WORD_CLOSE, i);

			if (!w)
				return "too many words; split the line";
			end_word(out, w, ++i);
		} else {
			i = split_word(line, i, out);
			if (!i)
				return out->n == WORDS_MAX ? "too many words; split the line"
							   : "unmatched quote; add the missing \"";
		}
	}
	return NULL;
}

static int digit(char c, int base)
{
	int d = c >= '0' && c <= '9'   ? c - '0'
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10
				       : 99;

	return d < base ? d : -1;
}

/* Reads up to `max` digits of `base` at text[*i]. */
static char number(const char *text, size_t *i, int base, int max)
{
	int value = 0;

	for (; max > 0 && digit(text[*i], base) >= 0; max--)
		value = value * base + digit(text[(*i)++], base);
	return (char)value;
}

/* Reads the escape whose backslash is before text[*i]. Returns its character. */
static char escape(const char *text, size_t *i)
{
	static const char names[] = "abEfnrtv", values[] = "\a\b\033\f\n\r\t\v";
	const char *at;
	char c = text[*i];

	if (digit(c, 8) >= 0)
		return number(text, i, 8, 3);
	(*i)++;
	if (c == 'x' && digit(text[*i], 16) >= 0)
		return number(text, i, 16, 2);
	if (c == 'c' && text[*i])
		return (char)(text[(*i)++] & 0x1f);
	at = strchr(names, c);
	return at ? values[at - names] : c;
}

/* Adds the command word at text[*i]. Returns NULL or an error text. */
static const char *command_word(const char *text, size_t *i, struct words *out)
{
	struct word *w = add_word(out, WORD_TEXT, *i);
	char quote = '\0';

	if (!w)
		return "too many words in a command";
	while (text[*i] && (quote || !words_is_blank(text[*i]))) {
		char c = text[(*i)++];

		if (quote ? c == quote : c == '"' || c == '\'') {
			quote = quote ? '\0' : c;
			continue;
		}
		if (c == '\\' && text[*i])
			c = escape(text, i);
		if (!c)
			return "a command cannot hold the character NUL";
		put(out, c);
	}
	end_word(out, w, *i);
	return quote ? "missing terminating quote" : NULL;
}

const char *words_split_command(const char *text, struct words *out)
{
	size_t i = 0;

	out->n = 0;
	out->used = 0;
	while (text[i]) {
		const char *error = NULL;

		if (words_is_blank(text[i]))
			i++;
		else
			error = command_word(text, &i, out);
		if (error)
			return error;
	}
	return NULL;
}
