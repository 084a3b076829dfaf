/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of one line: comments, quotes, braces, escapes. Pure: no file, no log; the only memory
 * is the caller's buffers.
 */
#ifndef HF_CONFIG_WORDS_H
#define HF_CONFIG_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define WORDS_LINE_MAX 4096 /* one line, also after substitution; keepalived stops at 1024 */
#define WORDS_MAX      128  /* words and braces of one line */

enum word_kind { WORD_TEXT, WORD_OPEN, WORD_CLOSE };

struct word {
	enum word_kind kind;
	char *text;	   /* WORD_TEXT: without its double quotes */
	size_t start, end; /* where it stands in the line */
	bool odd; /* a command's word: holds escaped quotes, which then stand in `text`, or ends in
		     \ */
};

struct words {
	struct word word[WORDS_MAX];
	unsigned int n;
	size_t used;
	char buf[WORDS_LINE_MAX * 2]; /* the texts, each ending in NUL */
};

/*
 * Cuts the comment off `line`, in place: `#` and `!` start one anywhere outside double quotes,
 * unless a backslash stands before. Returns true if it began in the middle of a word.
 */
bool words_cut_comment(char *line);

/* Splits `line` at blanks and at braces outside double quotes. NULL, or what is wrong with it. */
const char *words_split(const char *line, struct words *out);

/*
 * Splits a command at blanks, where '...' and "..." group, also within a word, and \a \b \E \f \n
 * \r \t \v, \nnn (octal), \xXX and \cC stand for one character; any other character after a
 * backslash stands for itself. keepalived reads a line so, and the first word of it, the command,
 * once more. NULL, or what is wrong.
 */
const char *words_split_command(const char *text, struct words *out);

/* Cuts blanks off both ends, in place. */
void words_trim(char *text);

/* True if `c` separates words. */
bool words_is_blank(char c);

#endif
