// SPDX-License-Identifier: BSD-2-Clause
/*
 * Owns the texts being read, and the lines that these have made and that wait for
 * their turn. A line that makes others (a definition of several lines, a generator) is replaced by
 * them in place, so that they are treated like lines of the file. Every loop is bounded by a limit
 * of text.h: a file may come from a template, and `$A=$A` must not hang a reload. Rejected:
 * expanding the whole file to one buffer first, which loses the line numbers.
 */
#include "config/text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/defs.h"
#include "config/value.h"

struct source { /* a file or a memory text, open */
	const char *name;
	char *data;
	size_t len, pos;
	int line;
};

#define MAX_PARTS 512 /* of one ~LST: more than a line of addresses holds */

struct pending { /* a line that waits, or a generator of lines */
	char *text;
	const char *file;
	int line, uses;
	char *var; /* generator: what counts */
	int64_t next, step;
	unsigned int left;
	bool hex, cut;
};

struct conf_text {
	struct text_hooks hooks;
	char *id;
	struct source source[TEXT_MAX_DEPTH];
	int depth;
	char *names[TEXT_MAX_FILES]; /* of every file so far: lines point to them */
	int n_names;
	struct defs defs;
	struct pending *pending; /* room for `room`; the last one comes first */
	int n_pending, room;
	int made;
	bool failed;
	const char *file; /* where the line at hand came from */
	int line, uses;
	bool cut, from_file;
	char text[WORDS_LINE_MAX], spare[WORDS_LINE_MAX];
};

__attribute__((format(printf, 3, 4))) static void complain(struct conf_text *t, bool error,
							   const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	t->hooks.complain(t->hooks.ctx, error, t->file, t->line, what);
}

static void fail(struct conf_text *t, const char *what)
{
	if (!t->failed)
		complain(t, true, "%s; nothing after this line is read", what);
	t->failed = true;
}

struct conf_text *conf_text_create(const struct text_hooks *hooks, const char *config_id)
{
	struct conf_text *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->hooks = *hooks;
	t->file = "";
	t->id = strdup(config_id);
	t->defs.id = t->id;
	if (!t->id) {
		free(t);
		return NULL;
	}
	return t;
}

static void drop_pending(struct conf_text *t)
{
	struct pending *p = &t->pending[--t->n_pending];

	free(p->text);
	free(p->var);
}

void conf_text_destroy(struct conf_text *t)
{
	if (!t)
		return;
	while (t->depth > 0)
		free(t->source[--t->depth].data);
	while (t->n_pending > 0)
		drop_pending(t);
	free(t->pending);
	defs_free(&t->defs);
	for (int i = 0; i < t->n_names; i++)
		free(t->names[i]);
	free(t->id);
	free(t);
}

int conf_text_push(struct conf_text *t, const char *name, char *data, size_t len)
{
	char *kept;

	if (t->depth == TEXT_MAX_DEPTH || t->n_names == TEXT_MAX_FILES || len > TEXT_MAX_SIZE) {
		free(data);
		return len > TEXT_MAX_SIZE ? -EFBIG : -ELOOP;
	}
	kept = strdup(name);
	if (!kept) {
		free(data);
		return -ENOMEM;
	}
	t->names[t->n_names++] = kept;
	t->source[t->depth++] = (struct source){.name = kept, .data = data, .len = len};
	return 0;
}

const char *conf_text_file(const struct conf_text *t)
{
	return t->file;
}

bool conf_text_failed(const struct conf_text *t)
{
	return t->failed;
}

/* Copies a raw line of the file into t->text; false (and a complaint) if it cannot be a line. */
static bool take_line(struct conf_text *t, const char *at, size_t len)
{
	while (len > 0 && at[len - 1] == '\r')
		len--;
	if (len >= sizeof(t->text)) {
		complain(t, true, "line longer than %zu characters; split it", sizeof(t->text) - 1);
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)at[i] < ' ' && at[i] != '\t') {
			complain(t, true, "control character 0x%02x in the line; remove it",
				 (unsigned char)at[i]);
			return false;
		}
	}
	memcpy(t->text, at, len);
	t->text[len] = '\0';
	t->cut = words_cut_comment(t->text);
	return true;
}

/* The next line of the files, its comment cut off, in t->text. */
static bool read_line(struct conf_text *t)
{
	while (t->depth > 0) {
		struct source *s = &t->source[t->depth - 1];
		const char *at = s->data + s->pos, *end;
		size_t len = s->len - s->pos;

		if (len == 0) {
			free(s->data);
			t->depth--;
			continue;
		}
		end = memchr(at, '\n', len);
		if (end)
			len = (size_t)(end - at);
		s->pos += len + (end ? 1 : 0);
		t->file = s->name;
		t->line = ++s->line;
		t->uses = 0;
		if (take_line(t, at, len))
			return true;
	}
	return false;
}

/* --- lines in waiting --- */

static struct pending *add_pending(struct conf_text *t, const char *text, size_t len)
{
	struct pending *p;

	if (t->n_pending == TEXT_MAX_PENDING || ++t->made > TEXT_MAX_LINES) {
		fail(t, "definitions and generators make too many lines");
		return NULL;
	}
	if (t->n_pending == t->room) {
		int room = t->room ? 2 * t->room : 16;

		p = realloc(t->pending, (size_t)room * sizeof(*p));
		if (!p) {
			fail(t, "out of memory");
			return NULL;
		}
		t->pending = p;
		t->room = room;
	}
	p = &t->pending[t->n_pending];
	*p = (struct pending){.file = t->file, .line = t->line, .uses = t->uses, .cut = t->cut};
	p->text = strndup(text, len);
	if (!p->text) {
		fail(t, "out of memory");
		return NULL;
	}
	t->n_pending++;
	return p;
}

/* Makes each line of t->text (separated by '\n') a pending one, the first to come out first. */
static void add_lines(struct conf_text *t)
{
	size_t end = strlen(t->text), from;

	for (; !t->failed; end = from - 1) {
		for (from = end; from > 0 && t->text[from - 1] != '\n'; from--)
			;
		add_pending(t, t->text + from, end - from);
		if (from == 0)
			break;
	}
}

/* --- definitions, conditions, generators, includes --- */

/* Cuts a trailing '\' off; true if there was one: the next line belongs to this one. */
static bool cut_continuation(char *text)
{
	size_t len;

	words_trim(text);
	len = strlen(text);
	if (len == 0 || text[len - 1] != '\\')
		return false;
	text[len - 1] = '\0';
	words_trim(text);
	return true;
}

/* The next raw line: a pending one, else one of the files. */
static bool raw_line(struct conf_text *t);

/*
 * t->text is `$NAME=VALUE`: collects the further lines of a value whose lines end in '\' and
 * defines. The name and the value so far move to t->spare, since reading on overwrites t->text.
 */
static void take_definition(struct conf_text *t, size_t name_len)
{
	char name[WORDS_LINE_MAX];
	const char *wrong;
	bool more, lost = false;
	size_t used;

	snprintf(name, sizeof(name), "%.*s", (int)name_len, t->text + 1);
	memmove(t->text, t->text + name_len + 2, strlen(t->text + name_len + 2) + 1);
	more = cut_continuation(t->text);
	used = (size_t)snprintf(t->spare, sizeof(t->spare), "%s", t->text);
	while (more && raw_line(t)) {
		size_t len;

		more = cut_continuation(t->text);
		len = strlen(t->text);
		if (len == 0)
			continue;
		if (used + len + 2 > sizeof(t->spare)) {
			lost = true;
			continue;
		}
		if (used > 0)
			t->spare[used++] = '\n';
		memcpy(t->spare + used, t->text, len + 1);
		used += len;
	}
	wrong =
	    lost ? "longer than a line may be; split it" : defs_define(&t->defs, name, t->spare);
	if (wrong)
		complain(t, true, "definition of %s: %s", name, wrong);
}

/* t->text begins with '@': strips the condition, or empties the line if it does not hold. */
static void apply_condition(struct conf_text *t)
{
	bool negated = t->text[1] == '^', equal;
	const char *id = t->text + 1 + negated;
	size_t len = strcspn(id, " \t"), rest = len + 1 + negated;

	equal = strlen(t->id) == len && memcmp(t->id, id, len) == 0;
	if (len == 0)
		complain(t, true, "@ without an identifier; write @ID or @^ID");
	if (len == 0 || equal == negated)
		t->text[0] = '\0';
	else
		memmove(t->text, t->text + rest, strlen(t->text + rest) + 1);
	words_trim(t->text);
}

/* Splits "a,b,c" of a generator at its commas; blanks around a part go. The number, or 0 if too
 * many. */
static int split_list(char *list, char *part[MAX_PARTS])
{
	int n = 0;

	for (char *next = list; next; n++) {
		char *at = next;

		next = strchr(at, ',');
		if (next)
			*next++ = '\0';
		if (n == MAX_PARTS)
			return 0;
		words_trim(at);
		part[n] = at;
	}
	return n;
}

/* `rest` with `value` for each use of `var`, a pending line. */
static void add_generated(struct conf_text *t, const char *rest, const char *var, const char *value)
{
	char text[WORDS_LINE_MAX];

	snprintf(text, sizeof(text), "%s", rest);
	if (defs_replace(text, var, value) < 0)
		complain(t, true, "line of a generator gets too long; split it");
	else
		add_pending(t, text, strlen(text));
}

/* ~SEQ(var[,start[,step]],end): start and step are 1 unless given. 0 or -EINVAL. */
static int start_sequence(struct conf_text *t, char *part[], int n, bool hex, const char *rest)
{
	int64_t v[3] = {1, 1, 1}; /* start, step, end */
	static const int place[5][3] = {{0}, {0}, {2}, {0, 2}, {0, 1, 2}};
	struct pending *p;

	if (n < 2 || n > 4)
		return -EINVAL;
	for (int i = 1; i < n; i++) {
		if (value_int(part[i], INT_MIN, INT_MAX, &v[place[n][i - 1]]) < 0)
			return -EINVAL;
	}
	if (n == 3 && v[2] < v[0])
		v[1] = -1;
	if (v[1] == 0 || (v[2] != v[0] && (v[2] < v[0]) != (v[1] < 0)))
		return -EINVAL;
	if ((v[2] - v[0]) / v[1] >= TEXT_MAX_LINES)
		return -EINVAL;
	p = add_pending(t, rest, strlen(rest));
	if (!p)
		return 0;
	p->next = v[0];
	p->step = v[1];
	p->left = (unsigned int)((v[2] - v[0]) / v[1]) + 1;
	p->hex = hex;
	p->var = strdup(part[0]);
	if (!p->var) {
		t->n_pending--;
		free(p->text);
		fail(t, "out of memory");
	}
	return 0;
}

/* t->text begins with '~': ~SEQ, ~SEQx or ~LST. Its lines come next. */
static void start_generator(struct conf_text *t)
{
	char *part[MAX_PARTS];
	char *open = strchr(t->text, '('), *close = open ? strchr(open, ')') : NULL;
	bool seq, hex, good = false;
	int n;

	memcpy(t->spare, t->text, sizeof(t->spare));
	if (close) {
		char *list = t->spare + (open - t->text) + 1, *rest = close + 1;

		t->spare[close - t->text] = '\0';
		*open = '\0';
		n = split_list(list, part);
		hex = strcmp(t->text, "~SEQx") == 0;
		seq = hex || strcmp(t->text, "~SEQ") == 0;
		if (n == 0 || !*part[0] || defs_name_length(part[0]) != strlen(part[0]))
			good = false;
		else if (seq)
			good = start_sequence(t, part, n, hex, rest) == 0;
		else if (strcmp(t->text, "~LST") == 0 && n > 1) {
			for (good = true; n > 1 && !t->failed; n--)
				add_generated(t, rest, part[0], part[n - 1]);
		}
	}
	if (!good)
		complain(t, true,
			 "not a generator; write ~SEQ(NAME,START,STEP,END) LINE or "
			 "~LST(NAME,VALUE,...) LINE");
	t->text[0] = '\0';
}

/* t->text is an include line if it begins so; before conditions and definitions, as in keepalived.
 */
static bool take_include(struct conf_text *t)
{
	static const char *const words[] = {"include",	"includer", "includem",
					    "includew", "includeb", "includea"};
	size_t len = strcspn(t->text, " \t");
	unsigned int i = 0;
	char *pattern = t->text + len;
	int rc;

	while (i < 6 && (strlen(words[i]) != len || memcmp(words[i], t->text, len) != 0))
		i++;
	if (i == 6)
		return false;
	words_trim(pattern);
	len = strlen(pattern);
	if (len > 1 && pattern[0] == '"' && pattern[len - 1] == '"') {
		pattern[len - 1] = '\0';
		pattern++;
	}
	rc = !*pattern		? -EINVAL
	     : t->hooks.include ? t->hooks.include(t->hooks.ctx, t, pattern)
				: -EPERM;
	if (rc == -ENOENT)
		complain(t, i > 0, "no file named %s to include", pattern);
	else if (rc < 0)
		complain(t, true, "cannot include '%s': %s", pattern, strerror(-rc));
	return true;
}

/* The pending line on top, or the next of the generator there, into t->text. */
static void pop_pending(struct conf_text *t)
{
	struct pending *p = &t->pending[t->n_pending - 1], one;
	char value[24];

	t->file = p->file;
	t->line = p->line;
	t->uses = p->uses;
	t->cut = p->cut;
	t->text[0] = '\0';
	if (!p->var) {
		snprintf(t->text, sizeof(t->text), "%s", p->text);
		drop_pending(t);
		return;
	}
	one = *p;
	snprintf(value, sizeof(value), one.hex ? "%" PRIx64 : "%" PRId64, one.next);
	p->next += p->step;
	if (--p->left > 0) {
		add_generated(t, one.text, one.var, value);
		return;
	}
	t->n_pending--;
	add_generated(t, one.text, one.var, value);
	free(one.text);
	free(one.var);
}

static bool raw_line(struct conf_text *t)
{
	t->from_file = t->n_pending == 0;
	if (t->failed)
		return false;
	if (!t->from_file) {
		pop_pending(t);
		return !t->failed;
	}
	return read_line(t);
}

/* The length of the name if `text` is `$NAME=VALUE`, else 0. */
static size_t is_definition(const char *text)
{
	size_t n = text[0] == '$' ? defs_name_length(text + 1) : 0;

	return n > 0 && text[1 + n] == '=' ? n : 0;
}

/* What is left of a condition, or what a definition brought, may be any kind of line again. */
static void read_again(struct conf_text *t)
{
	if (t->text[0])
		add_pending(t, t->text, strlen(t->text));
}

/* keepalived leaves such a use as it stands, without a word. */
static void warn_undefined(struct conf_text *t)
{
	const char *use;
	size_t len = defs_undefined(t->text, &use);

	if (len > 0)
		complain(t, false,
			 "nothing defines %.*s, which stays as it is; write $NAME=VALUE above",
			 (int)(len < 64 ? len : 64), use);
}

/* Is t->text a finished line? If not it has been used up, and the lines that it made are pending.
 */
static bool finish_line(struct conf_text *t)
{
	size_t name_len = is_definition(t->text);
	const char *wrong;

	if (t->text[0] == '@') {
		apply_condition(t);
		read_again(t);
		return false;
	}
	if (name_len > 0) {
		take_definition(t, name_len);
		return false;
	}
	wrong = defs_substitute(&t->defs, t->file, t->text, &t->uses);
	words_trim(t->text);
	if (!wrong && t->text[0] != '~' && t->text[0] != '@' && !strchr(t->text, '\n') &&
	    !is_definition(t->text)) {
		warn_undefined(t);
		return t->text[0] != '\0';
	}
	if (wrong)
		complain(t, true, "%s", wrong);
	else if (strchr(t->text, '\n'))
		add_lines(t);
	else if (t->text[0] == '~')
		start_generator(t);
	else
		read_again(t);
	return false;
}

bool conf_text_next(struct conf_text *t, struct text_line *out)
{
	while (raw_line(t)) {
		words_trim(t->text);
		if (t->from_file && take_include(t))
			continue;
		if (!finish_line(t) || t->failed)
			continue;
		*out = (struct text_line){
		    .file = t->file, .line = t->line, .text = t->text, .cut = t->cut};
		return true;
	}
	return false;
}
