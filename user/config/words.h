/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Splits one line into words: comments, quotes, braces, escapes. Pure: it uses only the caller's
 * buffers, no file and no log.
 */
#ifndef HF_CONFIG_WORDS_H
#define HF_CONFIG_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define WORDS_LINE_MAX 4096 /* one line, also after substitution; keepalived's limit is 1024 */
#define WORDS_MAX      128  /* words and braces of one line */

enum word_kind { WORD_TEXT, WORD_OPEN, WORD_CLOSE };

struct word {
	enum word_kind kind;
	char *text;	   /* WORD_TEXT: without its double quotes */
	size_t start, end; /* its place in the line */
	bool odd; /* only allowed in a command: it has escaped quotes, which are kept in `text`,
		   * or ends in \ */
};

struct words {
	struct word word[WORDS_MAX];
	unsigned int n;
	size_t used;
	char buf[WORDS_LINE_MAX * 2]; /* the texts, each ending in NUL */
};

/*
 * Cuts the comment off `line`, in place. `#` and `!` start a comment anywhere outside double
 * quotes, except after a backslash. Returns true if the comment began in the middle of a word.
 */
bool words_cut_comment(char *line);

/* Splits `line` at blanks and at braces outside double quotes. Returns NULL or an error text. */
const char *words_split(const char *line, struct words *out);

/*
 * Splits a command at blanks. '...' and "..." group characters, also within a word. \a \b \E \f \n
 * \r \t \v, \nnn (octal), \xXX and \cC stand for one character; any other character after a
 * backslash stands for itself. keepalived splits a line in this way, and then splits the first
 * word, the command, once more. Returns NULL or an error text.
 */
const char *words_split_command(const char *text, struct words *out);

/* Cuts blanks off both ends, in place. */
void words_trim(char *text);

/* True if `c` separates words. */
bool words_is_blank(char c);

#endif
