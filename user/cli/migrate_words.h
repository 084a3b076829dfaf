/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads other programs' configurations for `migrate`: files of limited size, and words with shell
 * quotes. */
#ifndef HF_CLI_MIGRATE_WORDS_H
#define HF_CLI_MIGRATE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define MIG_MAX_FILE  (1024 * 1024) /* octets of one file */
#define MIG_MAX_WORDS 512	    /* of one command line or statement */
#define MIG_MAX_CHARS 65536	    /* of all words of one */

/* The words of one command line or statement. free() releases it. */
struct mig_words {
	unsigned int n;
	bool cut; /* some words did not fit */
	size_t used;
	char *word[MIG_MAX_WORDS];
	char buf[MIG_MAX_CHARS];
};

/*
 * The text of the regular file `path`, with a NUL after its *len octets, from malloc(). NULL with
 * errno: EFBIG if it is longer than MIG_MAX_FILE, EISDIR, EINVAL if it is no regular file or
 * contains a NUL, or the kernel's.
 */
char *mig_read_file(const char *path, size_t *len);

/*
 * Splits `text` at blanks and newlines. '...', "..." and backslashes work as in a POSIX shell;
 * nothing else is special. False: a quote is not closed, or the words do not fit.
 */
bool mig_split(const char *text, struct mig_words *out);

/*
 * Reads the next statement of exabgp's language at *at, which it advances. Returns the `;`, `{` or
 * `}` that ends the statement, or '\0' at the end of the text, where `out` may have words. `#`
 * begins a comment; brackets and commas are blanks.
 */
char mig_statement(const char **at, struct mig_words *out);

#endif
