// SPDX-License-Identifier: BSD-2-Clause
/*
 * Definitions and their uses. Owns the values; works on the caller's line buffers. Each use is
 * counted, because the substitution of `$A=$A` must end. Rejected: expanding a value when it is
 * defined, because keepalived's files may use a name before its definition.
 */
#include "config/defs.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "config/words.h"
#include "core/secret.h"

void defs_free(struct defs *d)
{
	for (int i = 0; i < d->n; i++) {
		free(d->def[i].name);
		secret_wipe(d->def[i].value, strlen(d->def[i].value));
		free(d->def[i].value);
	}
	d->n = 0;
}

size_t defs_name_length(const char *text)
{
	size_t n = 0;

	if (!isalpha((unsigned char)text[0]) && text[0] != '_')
		return 0;
	while (isalnum((unsigned char)text[n]) || text[n] == '_')
		n++;
	return n;
}

static int find(const struct defs *d, const char *name, size_t len)
{
	for (int i = 0; i < d->n; i++) {
		if (strlen(d->def[i].name) == len && memcmp(d->def[i].name, name, len) == 0)
			return i;
	}
	return -1;
}

const char *defs_define(struct defs *d, const char *name, const char *value)
{
	int i = find(d, name, strlen(name));
	char *copy, *copy_name;

	if (i < 0 && d->n == DEFS_MAX)
		return "too many definitions; remove some";
	copy = strdup(value);
	if (!copy)
		return "out of memory";
	if (i >= 0) {
		secret_wipe(d->def[i].value, strlen(d->def[i].value));
		free(d->def[i].value);
		d->def[i].value = copy;
		return NULL;
	}
	copy_name = strdup(name);
	if (!copy_name) {
		free(copy);
		return "out of memory";
	}
	d->def[d->n++] = (struct def){copy_name, copy};
	return NULL;
}

/*
 * True if the '$' at `s` begins a use of a definition. *len becomes the length of the use, *name
 * and *name_len its name. `$NAME` ends at a blank or the end of the line. Only a predefined name
 * may have an argument: `${_NAME ARGUMENT}`.
 */
static bool is_use(const char *s, size_t *len, const char **name, size_t *name_len)
{
	size_t brace = s[1] == '{' ? 1 : 0, n;
	const char *end;

	*name = s + 1 + brace;
	*name_len = n = defs_name_length(*name);
	if (n == 0)
		return false;
	end = *name + n;
	if (!brace) {
		*len = 1 + n;
		return !*end || words_is_blank(*end);
	}
	end = strchr(end, '}');
	*len = end ? (size_t)(end - s) + 1 : 0;
	return end && (**name == '_' || (*name)[n] == '}');
}

/* The directory of `file`, for ${_PWD}. */
static const char *directory(const char *file, char *buf)
{
	const char *slash = strrchr(file, '/');

	if (!slash)
		return ".";
	snprintf(buf, WORDS_LINE_MAX, "%.*s", slash == file ? 1 : (int)(slash - file), file);
	return buf;
}

/* ${_RANDOM [MIN [MAX]]}: a number from MIN (default 0) to MAX (default 32767). NULL if the
 * argument has another form or no random number is available. */
static const char *random_number(const char *arg, char *buf)
{
	int64_t limit[2] = {0, 32767};
	unsigned int drawn = 0;
	char *end;

	for (int i = 0; i < 2; i++) {
		arg += strspn(arg, " \t");
		if (!isdigit((unsigned char)*arg))
			break;
		limit[i] = strtol(arg, &end, 10);
		arg = end;
	}
	arg += strspn(arg, " \t");
	if (*arg != '}' || limit[0] > INT32_MAX || limit[1] > INT32_MAX)
		return NULL;
	if (limit[0] > limit[1]) /* keepalived accepts them in either order */
		limit[1] = limit[0];
	if (getrandom(&drawn, sizeof(drawn), 0) < 0)
		return NULL;
	snprintf(buf, WORDS_LINE_MAX, "%" PRId64,
		 limit[0] + (int64_t)drawn % (limit[1] - limit[0] + 1));
	return buf;
}

static bool is_name(const char *name, size_t len, const char *wanted)
{
	return strlen(wanted) == len && memcmp(name, wanted, len) == 0;
}

/* The value of a predefined name; NULL if there is no such name. It may be in `buf`. */
static const char *predefined(const struct defs *d, const char *file, const char *name, size_t len,
			      char *buf)
{
	static const struct {
		const char *name, *value;
	} fixed[] = {{"_HASH", "#"}, {"_BANG", "!"}};
	const char *arg = name + len, *end = strchr(arg, '}');

	for (int i = 0; i < 2; i++) {
		if (is_name(name, len, fixed[i].name))
			return fixed[i].value;
	}
	if (!end)
		return NULL;
	if (is_name(name, len, "_PWD"))
		return directory(file, buf);
	if (is_name(name, len, "_INSTANCE"))
		return d->id;
	if (is_name(name, len, "_RANDOM"))
		return random_number(arg, buf);
	if (!is_name(name, len, "_ENV"))
		return NULL;
	arg += strspn(arg, " \t");
	snprintf(buf, WORDS_LINE_MAX, "%.*s", (int)(end - arg), arg);
	arg = getenv(buf);
	return arg ? arg : "";
}

/* Replaces the `len` characters at text[at] by `value`. -EMSGSIZE if the line gets too long. */
static int replace(char *text, size_t at, size_t len, const char *value)
{
	size_t total = strlen(text), n = strlen(value);

	if (total - len + n >= WORDS_LINE_MAX)
		return -EMSGSIZE;
	memmove(text + at + n, text + at + len, total - at - len + 1);
	memcpy(text + at, value, n);
	return 0;
}

size_t defs_undefined(const char *text, const char **use)
{
	for (size_t i = 0; text[i]; i++) {
		size_t len, name_len;
		const char *name;

		*use = text + i;
		if (text[i] == '$' && text[i + 1] == '{' &&
		    is_use(text + i, &len, &name, &name_len))
			return len;
	}
	return 0;
}

const char *defs_substitute(const struct defs *d, const char *file, char *text, int *uses)
{
	char buf[WORDS_LINE_MAX];

	for (size_t i = 0; text[i];) {
		size_t len, name_len;
		const char *name, *value = NULL;
		int n;

		if (text[i] == '$' && is_use(text + i, &len, &name, &name_len)) {
			n = find(d, name, name_len);
			value = n >= 0 ? d->def[n].value : predefined(d, file, name, name_len, buf);
		}
		if (!value) {
			i++;
			continue;
		}
		if (++*uses > DEFS_MAX_USES)
			return "a definition that uses itself, or too many uses; split the line";
		if (replace(text, i, len, value) < 0)
			return "the line gets too long by its definitions; split it";
	}
	return NULL;
}

int defs_replace(char *text, const char *name, const char *value)
{
	for (size_t i = 0; text[i];) {
		size_t len, used_len;
		const char *used;

		if (text[i] != '$' || !is_use(text + i, &len, &used, &used_len) ||
		    used_len != strlen(name) || memcmp(used, name, used_len) != 0) {
			i++;
			continue;
		}
		if (replace(text, i, len, value) < 0)
			return -EMSGSIZE;
		i += strlen(value);
	}
	return 0;
}
