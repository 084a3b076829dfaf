// SPDX-License-Identifier: BSD-2-Clause
/*
 * Owns a copy of the generator's line; its pointers refer to this copy. Rejected: generating all
 * texts at once, because three nested sequences can be millions of lines before a limit applies.
 */
#include "config/generator.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/defs.h"
#include "config/value.h"

#define MAX_NAMES 8   /* variables of one ~LST */
#define MAX_PARTS 512 /* of one list; a line of addresses has fewer */

struct generator {
	char *line;	       /* a copy, split into the parts below */
	char *name[MAX_NAMES]; /* the variables */
	unsigned int n_names;
	const char *rest; /* the text */
	unsigned int left;
	bool hex, list;
	int64_t next, step;	/* of a sequence */
	char *value[MAX_PARTS]; /* of a list: rows of n_names values */
	unsigned int row;
};

/* Splits `list`, in place, at its commas outside braces, and removes the blanks around each part.
 * Returns the number of parts, 0 if there are too many. */
static unsigned int split(char *list, char *part[], unsigned int max)
{
	unsigned int n = 0, depth = 0;
	char *from = list;

	for (char *at = list;; at++) {
		bool end = !*at;

		depth += *at == '{';
		depth -= *at == '}' && depth > 0;
		if (!end && (*at != ',' || depth > 0))
			continue;
		if (n == max)
			return 0;
		*at = '\0';
		words_trim(from);
		part[n++] = from;
		from = at + 1;
		if (end)
			return n;
	}
}

/* Splits the text within the braces of `{A,B}` as split() does. `A` without braces is one part. */
static unsigned int split_group(char *group, char *part[], unsigned int max)
{
	size_t len = strlen(group);

	if (group[0] == '{' && group[len - 1] == '}') {
		group[len - 1] = '\0';
		group++;
	}
	return split(group, part, max);
}

static bool are_names(char *const name[], unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (!*name[i] || defs_name_length(name[i]) != strlen(name[i]))
			return false;
	}
	return n > 0;
}

/* Reads a decimal number, or a hexadecimal one after 0x. False if `text` is no number. */
static bool read_number(const char *text, int64_t *out)
{
	bool negative = *text == '-';
	const char *digits = text + (negative || *text == '+');
	uint64_t value = 0;

	if (digits[0] != '0' || (digits[1] | 0x20) != 'x')
		return value_int(text, INT_MIN, INT_MAX, out) == 0;
	if (strspn(digits + 2, "0123456789abcdefABCDEF") != strlen(digits + 2) || !digits[2] ||
	    strlen(digits + 2) > 8)
		return false;
	value = strtoull(digits + 2, NULL, 16);
	*out = negative ? -(int64_t)value : (int64_t)value;
	return true;
}

/* Reads [START,[STEP,]]END from part[1] on. part[0] is the variable. False if it is invalid. */
static bool set_sequence(struct generator *g, char *const part[], unsigned int n)
{
	static const int place[5][3] = {{0}, {0}, {2}, {0, 2}, {0, 1, 2}};
	int64_t v[3] = {1, 1, 1}; /* start, step, end */

	if (n < 2 || n > 4)
		return false;
	for (unsigned int i = 1; i < n; i++) {
		if (!read_number(part[i], &v[place[n][i - 1]]))
			return false;
	}
	if (n == 2 && v[2] < 0)
		v[0] = -1;
	if (n < 4 && v[2] < v[0])
		v[1] = -1;
	if (v[1] == 0 || (v[2] != v[0] && (v[2] < v[0]) != (v[1] < 0)) ||
	    (v[2] - v[0]) / v[1] >= GENERATOR_MAX_TIMES)
		return false;
	g->next = v[0];
	g->step = v[1];
	g->left = (unsigned int)((v[2] - v[0]) / v[1]) + 1;
	return true;
}

/* Reads the rows of values from part[1] on. part[0] is the variables. False if it is invalid. */
static bool set_list(struct generator *g, char *const part[], unsigned int n)
{
	if ((n - 1) * g->n_names > MAX_PARTS)
		return false;
	for (unsigned int i = 1; i < n; i++) {
		char **row = &g->value[(i - 1) * g->n_names];

		if (g->n_names == 1)
			row[0] = part[i];
		else if (split_group(part[i], row, g->n_names) != g->n_names)
			return false;
	}
	g->list = true;
	g->left = n - 1;
	return n > 1;
}

static bool set(struct generator *g)
{
	char *open = strchr(g->line, '('), *close = open ? strchr(open, ')') : NULL;
	char *part[MAX_PARTS];
	unsigned int n;

	if (!close)
		return false;
	*open = *close = '\0';
	g->rest = close + 1;
	g->hex = strcmp(g->line, "~SEQx") == 0;
	n = split(open + 1, part, MAX_PARTS);
	if (n == 0)
		return false;
	g->n_names = split_group(part[0], g->name, MAX_NAMES);
	if (!are_names(g->name, g->n_names))
		return false;
	if (strcmp(g->line, "~LST") == 0)
		return set_list(g, part, n);
	return (g->hex || strcmp(g->line, "~SEQ") == 0) && g->n_names == 1 &&
	       set_sequence(g, part, n);
}

struct generator *generator_create(const char *text)
{
	struct generator *g = calloc(1, sizeof(*g)); /* owner: the caller */

	if (!g)
		return NULL;
	g->line = strdup(text);
	if (g->line && set(g))
		return g;
	generator_destroy(g);
	return NULL;
}

void generator_destroy(struct generator *g)
{
	if (!g)
		return;
	free(g->line);
	free(g);
}

bool generator_next(struct generator *g, char text[WORDS_LINE_MAX], bool *too_long)
{
	char number[24];

	*too_long = false;
	if (g->left == 0)
		return false;
	g->left--;
	snprintf(text, WORDS_LINE_MAX, "%s", g->rest);
	snprintf(number, sizeof(number), g->hex ? "%" PRIx64 : "%" PRId64, g->next);
	for (unsigned int i = 0; i < g->n_names; i++) {
		const char *value = g->list ? g->value[g->row * g->n_names + i] : number;

		*too_long |= defs_replace(text, g->name[i], value) < 0;
	}
	g->row++;
	g->next += g->step;
	words_trim(text);
	return !*too_long;
}
