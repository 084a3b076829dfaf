/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines of a configuration, after processing of comments, includes, conditions (@id),
 * definitions ($NAME=) and generators (~SEQ, ~LST). A function of the caller opens the files, so
 * that tests and the fuzzer can supply text from memory.
 */
#ifndef HF_CONFIG_TEXT_H
#define HF_CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/words.h"

#define TEXT_MAX_DEPTH	 16	     /* includes within includes */
#define TEXT_MAX_FILES	 1024	     /* files altogether */
#define TEXT_MAX_NAMES	 100000	     /* in directories that the includes search */
#define TEXT_MAX_SIZE	 (64u << 20) /* octets of all files; enough for 65,024 instances */
#define TEXT_WHY	 512	     /* octets of a reason */
#define TEXT_MAX_LINES	 262144	     /* from definitions and generators; stops endless nesting */
#define TEXT_MAX_PENDING 8192	     /* of these, lines that wait at one time */

struct conf_text;

/* One finished line; valid until the next call. */
struct text_line {
	const char *file;
	int line;
	const char *text;
	bool cut; /* a comment began in the middle of a word */
};

struct text_hooks {
	/*
	 * Calls conf_text_push() for each file that `pattern` names, in reverse order. Returns 0,
	 * or -errno with the reason in `why`: there is no such file, or a file cannot be read. If
	 * `include` is NULL, includes are refused.
	 */
	int (*include)(void *ctx, struct conf_text *t, const char *pattern, char why[TEXT_WHY]);
	/* Called for each error (`error` is true) or warning about `line` of `file`. */
	void (*report)(void *ctx, bool error, const char *file, int line, const char *what);
	void *ctx;
};

/* `config_id` is compared with the @id of conditions. Returns NULL if there is no memory. */
struct conf_text *conf_text_create(const struct text_hooks *hooks, const char *config_id);
void conf_text_destroy(struct conf_text *t);

/*
 * Makes `data` (`len` octets, from malloc()) the text that is read next. It takes `data` over, also
 * on error. 0, or -errno: -EMFILE too many files, -EFBIG too much text altogether, -ENOMEM.
 */
int conf_text_push(struct conf_text *t, const char *name, char *data, size_t len);

/* The name of the `n`th text that has been pushed. NULL: there are no more. */
const char *conf_text_name(const struct conf_text *t, int n);

/* How many more files may be pushed. */
int conf_text_room(const struct conf_text *t);

/* The next line that is not empty. False at the end, or after an error if a limit was reached. */
bool conf_text_next(struct conf_text *t, struct text_line *out);

/* The file of the present line. */
const char *conf_text_file(const struct conf_text *t);

/* True if reading ended early: there was no memory, or a limit was reached. */
bool conf_text_failed(const struct conf_text *t);

#endif
