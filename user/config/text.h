/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines of a configuration, as they read once comments, includes, conditions (@id), definitions
 * ($NAME=) and generators (~SEQ, ~LST) are dealt with. Files are opened by the caller's function,
 * so that tests and the fuzzer can feed text from memory.
 */
#ifndef HF_CONFIG_TEXT_H
#define HF_CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/words.h"

#define TEXT_MAX_DEPTH	 16	     /* includes within includes */
#define TEXT_MAX_FILES	 1024	     /* includes altogether */
#define TEXT_MAX_SIZE	 (16u << 20) /* of one file; 65,024 generated instances need no more */
#define TEXT_MAX_LINES	 262144 /* made by definitions and generators, against runaway nesting */
#define TEXT_MAX_PENDING 8192	/* of them waiting at one time */

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
	 * Calls conf_text_push() for each file that `pattern` names, in reverse order. 0, -ENOENT
	 * if there is none, or -errno. NULL: includes are refused.
	 */
	int (*include)(void *ctx, struct conf_text *t, const char *pattern);
	void (*complain)(void *ctx, bool error, const char *file, int line, const char *what);
	void *ctx;
};

/* `config_id`: what @id is compared with. NULL when out of memory. */
struct conf_text *conf_text_create(const struct text_hooks *hooks, const char *config_id);
void conf_text_destroy(struct conf_text *t);

/* The text in `data` (malloc'ed, taken over in any case) is read next. 0, -ELOOP, -EFBIG, -ENOMEM.
 */
int conf_text_push(struct conf_text *t, const char *name, char *data, size_t len);

/* The next line with something on it. False at the end, or when a limit ended it (complained of).
 */
bool conf_text_next(struct conf_text *t, struct text_line *out);

/* The file that the line at hand came from. */
const char *conf_text_file(const struct conf_text *t);

/* True if reading ended early: memory or a limit ran out. */
bool conf_text_failed(const struct conf_text *t);

#endif
