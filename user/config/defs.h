/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Definitions: `$NAME=VALUE`, used as `$NAME` before a blank or the end, or as `${NAME}` anywhere.
 * They are replaced when a line is used, not when it is defined, and a name that is not defined
 * stays as it is: passwords and scripts may hold a '$'.
 */
#ifndef HF_CONFIG_DEFS_H
#define HF_CONFIG_DEFS_H

#include <stddef.h>

#define DEFS_MAX      4096
#define DEFS_MAX_USES 64 /* in one line, those that others bring included */

struct defs {
	struct def {
		char *name, *value; /* lines of the value are separated by '\n' */
	} def[DEFS_MAX];
	int n;
	const char *id; /* ${_INSTANCE}: the identifier that @ID is compared with; not owned */
};

void defs_free(struct defs *d);

/* The length of the name that `text` begins with, 0 if none. */
size_t defs_name_length(const char *text);

/* Adds a definition or replaces the one of that name. NULL, or what is wrong. */
const char *defs_define(struct defs *d, const char *name, const char *value);

/*
 * Replaces every use in `text` (WORDS_LINE_MAX octets), also in what that brings; *uses counts on.
 * `file` is the one being read, for ${_PWD}. NULL, or what is wrong; the text is then of no use.
 */
const char *defs_substitute(const struct defs *d, const char *file, char *text, int *uses);

/*
 * The first use, in braces, of a name that nothing defines in `text`, which has been substituted:
 * its length, and where at *use. 0: there is none.
 */
size_t defs_undefined(const char *text, const char **use);

/* Replaces every use of `name` alone, once. 0, or -EMSGSIZE. */
int defs_replace(char *text, const char *name, const char *value);

#endif
