/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Definitions: `$NAME=VALUE`, used as `$NAME` before a blank or the end, or as `${NAME}` anywhere.
 * A use is replaced when its line is used, not when it is defined. An undefined name is left
 * unchanged, because passwords and scripts may contain a '$'.
 */
#ifndef HF_CONFIG_DEFS_H
#define HF_CONFIG_DEFS_H

#include <stddef.h>

#define DEFS_MAX      4096
#define DEFS_MAX_USES 64 /* in one line, including those in values */

struct defs {
	struct def {
		char *name, *value; /* lines of the value are separated by '\n' */
	} def[DEFS_MAX];
	int n;
	const char *id; /* ${_INSTANCE}: the identifier that @ID is compared with; not owned */
};

void defs_free(struct defs *d);

/* The length of the definition's name at the start of `text`; 0: no name. */
size_t defs_name_length(const char *text);

/* Adds a definition, or replaces the one of that name. Returns NULL or an error text. */
const char *defs_define(struct defs *d, const char *name, const char *value);

/*
 * Replaces every use in `text` (WORDS_LINE_MAX octets), also in inserted values, and increments
 * *uses for each. `file` is the file being read, for ${_PWD}. Returns NULL or an error text; after
 * an error `text` is invalid.
 */
const char *defs_substitute(const struct defs *d, const char *file, char *text, int *uses);

/*
 * Finds the first `${NAME}` in `text` after the substitution, which is a use of an undefined name.
 * Sets *use to its place and returns its length. 0: none.
 */
size_t defs_undefined(const char *text, const char **use);

/* Replaces every use of `name`; uses in the inserted value are not replaced. 0, or -EMSGSIZE if the
 * line gets too long. */
int defs_replace(char *text, const char *name, const char *value);

#endif
