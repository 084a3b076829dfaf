// SPDX-License-Identifier: BSD-2-Clause
/*
 * Owns the texts being read, and the generated lines that are still to be read. A line that
 * generates others (a use of a definition with several lines, a generator) is replaced by them, and
 * they are treated like lines of the file. Every loop is bounded by a limit of text.h: a file may
 * come from a template, and `$A=$A` must not hang a reload. Rejected: expanding the whole file into
 * one buffer first, because the line numbers would be lost.
 */
#include "config/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/defs.h"
#include "config/generator.h"
#include "config/value.h"
#include "core/secret.h"

struct source { /* a file or a memory text, open */
	const char *name;
	char *data;
	size_t len, pos;
	int line, level; /* `level`: the depth of includes; 0 is the first file */
};

struct pending { /* a line that is still to be read, or a generator of lines */
	char *text;
	const char *file;
	int line, uses, level;
	int open; /* the number of sources when it was generated; later ones are read before it */
	struct generator *generator;
	bool cut;
};

struct conf_text {
	struct text_hooks hooks;
	char *id;
	struct source source[TEXT_MAX_FILES]; /* to be read: the last one first */
	int open;			      /* their number */
	char *names[TEXT_MAX_FILES]; /* of all files so far; kept, because lines point to them */
	int n_names;
	size_t size; /* octets of all files so far */
	struct defs defs;
	struct pending *pending; /* to be read: the last one first; room for `room` */
	int n_pending, room;
	int made;
	bool failed;
	const char *file; /* the place of the present line */
	int line, uses, level;
	bool cut;
	char text[WORDS_LINE_MAX], spare[WORDS_LINE_MAX];
};

__attribute__((format(printf, 3, 4))) static void text_report(struct conf_text *t, bool error,
							      const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	t->hooks.report(t->hooks.ctx, error, t->file, t->line, what);
}

static void fail(struct conf_text *t, const char *what)
{
	if (!t->failed)
		text_report(t, true, "%s; nothing after this line is read", what);
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

/* Frees the last source. Its text is overwritten first, because it may contain an auth_hmac key. */
static void drop_source(struct conf_text *t)
{
	struct source *s = &t->source[--t->open];

	secret_wipe(s->data, s->len);
	free(s->data);
}

static void drop_pending(struct conf_text *t)
{
	struct pending *p = &t->pending[--t->n_pending];

	secret_wipe(p->text, strlen(p->text));
	free(p->text);
	generator_destroy(p->generator);
}

void conf_text_destroy(struct conf_text *t)
{
	if (!t)
		return;
	while (t->open > 0)
		drop_source(t);
	while (t->n_pending > 0)
		drop_pending(t);
	free(t->pending);
	defs_free(&t->defs);
	for (int i = 0; i < t->n_names; i++)
		free(t->names[i]);
	free(t->id);
	secret_wipe(t, sizeof(*t));
	free(t);
}

int conf_text_push(struct conf_text *t, const char *name, char *data, size_t len)
{
	char *kept;

	if (t->n_names == TEXT_MAX_FILES || len > TEXT_MAX_SIZE - t->size) {
		free(data);
		return t->n_names == TEXT_MAX_FILES ? -EMFILE : -EFBIG;
	}
	kept = strdup(name);
	if (!kept) {
		free(data);
		return -ENOMEM;
	}
	t->names[t->n_names++] = kept;
	t->size += len;
	t->source[t->open++] = (struct source){
	    .name = kept, .data = data, .len = len, .level = t->n_names == 1 ? 0 : t->level + 1};
	return 0;
}

const char *conf_text_name(const struct conf_text *t, int n)
{
	return n < t->n_names ? t->names[n] : NULL;
}

int conf_text_room(const struct conf_text *t)
{
	return TEXT_MAX_FILES - t->n_names;
}

const char *conf_text_file(const struct conf_text *t)
{
	return t->file;
}

bool conf_text_failed(const struct conf_text *t)
{
	return t->failed;
}

/* Copies a raw line of the file to t->text. False after an error if it is no valid line. */
static bool take_line(struct conf_text *t, const char *at, size_t len)
{
	while (len > 0 && at[len - 1] == '\r')
		len--;
	if (len >= sizeof(t->text)) {
		text_report(t, true, "line longer than %zu characters; split it",
			    sizeof(t->text) - 1);
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)at[i] < ' ' && at[i] != '\t') {
			text_report(t, true, "control character 0x%02x in the line; remove it",
				    (unsigned char)at[i]);
			return false;
		}
	}
	memcpy(t->text, at, len);
	t->text[len] = '\0';
	t->cut = words_cut_comment(t->text);
	return true;
}

/* Reads the next line of the last source to t->text and cuts off its comment. False if it is no
 * valid line. */
static bool read_line(struct conf_text *t)
{
	struct source *s = &t->source[t->open - 1];
	const char *at = s->data + s->pos, *end = memchr(at, '\n', s->len - s->pos);
	size_t len = end ? (size_t)(end - at) : s->len - s->pos;

	s->pos += len + (end ? 1 : 0);
	t->file = s->name;
	t->line = ++s->line;
	t->level = s->level;
	t->uses = 0;
	return take_line(t, at, len);
}

/* Closes sources that have been read to their end. */
static void close_read(struct conf_text *t)
{
	while (t->open > 0 && t->source[t->open - 1].pos == t->source[t->open - 1].len)
		drop_source(t);
}

/* --- pending lines --- */

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
	*p = (struct pending){.file = t->file,
			      .line = t->line,
			      .uses = t->uses,
			      .level = t->level,
			      .open = t->open,
			      .cut = t->cut};
	p->text = strndup(text, len);
	if (!p->text) {
		fail(t, "out of memory");
		return NULL;
	}
	t->n_pending++;
	return p;
}

/* Makes each line of t->text (separated by '\n') a pending line. The first one is read first. */
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

/* Removes a trailing '\'. True if there was one: the next line continues this one. */
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

/* Reads the next raw line to t->text: a pending line, else a line of a file. */
static bool raw_line(struct conf_text *t);

/*
 * t->text is `$NAME=VALUE`. Reads the further lines of the value while lines end in '\', and stores
 * the definition. The name and the value so far are kept in t->spare, because reading the next line
 * overwrites t->text.
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
		text_report(t, true, "definition of %s: %s", name, wrong);
}

/* t->text begins with '@'. Removes the condition, or empties the line if the condition is false. */
static void apply_condition(struct conf_text *t)
{
	bool negated = t->text[1] == '^', equal;
	const char *id = t->text + 1 + negated;
	size_t len = strcspn(id, " \t"), rest = len + 1 + negated;

	equal = strlen(t->id) == len && memcmp(t->id, id, len) == 0;
	if (len == 0)
		text_report(t, true, "@ without an identifier; write @ID or @^ID");
	if (len == 0 || equal == negated)
		t->text[0] = '\0';
	else
		memmove(t->text, t->text + rest, strlen(t->text + rest) + 1);
	words_trim(t->text);
}

/*
 * t->text begins with '~'. The generator repeats the whole text after it, also a definition of
 * several lines. The generated texts are read next.
 */
static void start_generator(struct conf_text *t)
{
	struct generator *g = generator_create(t->text);
	struct pending *p;

	if (!g) {
		text_report(
		    t, true,
		    "not a generator; write ~SEQ(NAME,START,STEP,END) LINE, "
		    "~LST(NAME,VALUE,...) LINE or ~LST({NAME,NAME},{VALUE,VALUE},...) LINE");
		return;
	}
	p = add_pending(t, "", 0);
	if (p)
		p->generator = g;
	else
		generator_destroy(g);
}

/* True if t->text is an include line. Its files are then pushed. */
static bool take_include(struct conf_text *t)
{
	static const char *const words[] = {"include",	"includer", "includem",
					    "includew", "includeb", "includea"};
	char pattern[WORDS_LINE_MAX], why[TEXT_WHY] = "";
	size_t len = strcspn(t->text, " \t");
	unsigned int i = 0;

	while (i < 6 && (strlen(words[i]) != len || memcmp(words[i], t->text, len) != 0))
		i++;
	if (i == 6)
		return false;
	snprintf(pattern, sizeof(pattern), "%s", t->text + len);
	words_trim(pattern);
	len = strlen(pattern);
	if (len > 1 && pattern[0] == '"' && pattern[len - 1] == '"') {
		pattern[len - 1] = '\0';
		memmove(pattern, pattern + 1, len - 1);
	}
	if (!*pattern)
		text_report(t, true, "include needs the name of a file; add it");
	else if (!t->hooks.include)
		text_report(t, true, "cannot include '%s' here; write its lines instead", pattern);
	else if (t->level == TEXT_MAX_DEPTH)
		text_report(
		    t, true,
		    "'%s' is not included: %d includes within includes; does a file include "
		    "itself?",
		    pattern, TEXT_MAX_DEPTH);
	else if (t->hooks.include(t->hooks.ctx, t, pattern, why) < 0)
		text_report(t, true, "%s", why);
	return true;
}

/* Adds the next text of the generator on top as pending lines. After the last text the generator is
 * freed. */
static void generate(struct conf_text *t)
{
	struct generator *g = t->pending[t->n_pending - 1].generator;
	bool too_long;

	if (generator_next(g, t->text, &too_long)) {
		if (t->text[0] == '~')
			add_pending(t, t->text, strlen(t->text));
		else
			add_lines(t);
		t->text[0] = '\0';
		return;
	}
	t->text[0] = '\0';
	if (too_long)
		text_report(t, true, "line of a generator gets too long; split it");
	drop_pending(t);
}

/* Moves the pending line on top to t->text. If a generator is on top, it makes further pending
 * lines, and t->text becomes empty. */
static void pop_pending(struct conf_text *t)
{
	struct pending *p = &t->pending[t->n_pending - 1];

	t->file = p->file;
	t->line = p->line;
	t->uses = p->uses;
	t->level = p->level;
	t->cut = p->cut;
	if (p->generator) {
		generate(t);
		return;
	}
	snprintf(t->text, sizeof(t->text), "%s", p->text);
	drop_pending(t);
}

static bool raw_line(struct conf_text *t)
{
	while (!t->failed) {
		close_read(t);
		if (t->n_pending > 0 && t->pending[t->n_pending - 1].open >= t->open) {
			pop_pending(t);
			return !t->failed;
		}
		if (t->open == 0)
			return false;
		if (read_line(t))
			return true;
	}
	return false;
}

/* The length of NAME if `text` is `$NAME=VALUE`, else 0. */
static size_t is_definition(const char *text)
{
	size_t n = text[0] == '$' ? defs_name_length(text + 1) : 0;

	return n > 0 && text[1 + n] == '=' ? n : 0;
}

/* Reads t->text again as a line: the rest of a condition and the value of a definition may be any
 * kind of line. */
static void read_again(struct conf_text *t)
{
	if (t->text[0])
		add_pending(t, t->text, strlen(t->text));
}

/* Warns of a use of an undefined name. It is left unchanged, as in keepalived, which does not warn.
 */
static void warn_undefined(struct conf_text *t)
{
	const char *use;
	size_t len = defs_undefined(t->text, &use);

	if (len > 0)
		text_report(t, false,
			    "nothing defines %.*s, which stays as it is; write $NAME=VALUE above",
			    (int)(len < 64 ? len : 64), use);
}

/* Processes t->text. True if it is a finished line. Else the line is no longer needed, and the
 * lines that it made are pending. */
static bool finish_line(struct conf_text *t)
{
	size_t name_len = is_definition(t->text);
	bool generator = t->text[0] == '~';
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
	if (wrong)
		text_report(t, true, "%s", wrong);
	else if (generator)
		start_generator(t);
	else if (strchr(t->text, '\n'))
		add_lines(t);
	else if (t->text[0] == '~' || t->text[0] == '@' || is_definition(t->text))
		read_again(t);
	else if (t->text[0] && !take_include(t)) {
		warn_undefined(t);
		return true;
	}
	return false;
}

bool conf_text_next(struct conf_text *t, struct text_line *out)
{
	while (raw_line(t)) {
		words_trim(t->text);
		if (!finish_line(t) || t->failed)
			continue;
		*out = (struct text_line){
		    .file = t->file, .line = t->line, .text = t->text, .cut = t->cut};
		return true;
	}
	return false;
}
