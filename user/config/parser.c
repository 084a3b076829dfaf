// SPDX-License-Identifier: BSD-2-Clause
/*
 * Parses the lines of a text by the tables of keywords.h: finds the keyword of each line, opens and
 * closes blocks, and skips an unknown keyword together with its block. Owns the counts of errors
 * and warnings. Only the line with an error is ignored, so that one typing mistake does not take a
 * whole node out of service; the verdict reports it. Rejected: a generated grammar (bison), whose
 * error recovery is much coarser.
 */
#include "config/parser.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/value.h"
#include "core/printable.h"

/* --- errors and warnings --- */

/* `line` 0: the message is about the whole file, and is shown even above the limit. */
static void parser_report(struct parser *p, bool error, const char *file, int line,
			  const char *what)
{
	unsigned int *shown = error ? &p->reports : &p->warnings_shown;
	const char *kind = error ? "" : "warning: ";
	char text[1024];
	int n;

	if (!p->report || (++*shown > PARSER_MAX_REPORTS + 1 && line > 0))
		return;
	if (*shown > PARSER_MAX_REPORTS && line > 0) {
		line = 0;
		what =
		    error ? "further complaints are not shown" : "further warnings are not shown";
	}
	n = line > 0 ? snprintf(text, sizeof(text), "%s:%d: %s%s", file, line, kind, what)
		     : snprintf(text, sizeof(text), "%s: %s%s", file, kind, what);
	if (n < 0)
		return;
	printable_make(text, '?');
	p->report(p->ctx, text);
}

static void parser_vreport(struct parser *p, bool error, const char *file, int line,
			   const char *fmt, va_list ap)
{
	char what[800];

	vsnprintf(what, sizeof(what), fmt, ap);
	p->errors += error;
	parser_report(p, error, file, line, what);
}

#define REPORT(p, error, file, line, fmt)                                                          \
	do {                                                                                       \
		va_list ap;                                                                        \
		va_start(ap, fmt);                                                                 \
		parser_vreport(p, error, file, line, fmt, ap);                                     \
		va_end(ap);                                                                        \
	} while (0)

void parser_error(struct parser *p, const char *fmt, ...)
{
	REPORT(p, true, p->stmt.file, p->stmt.line, fmt);
}

void parser_warn(struct parser *p, const char *fmt, ...)
{
	REPORT(p, false, p->stmt.file, p->stmt.line, fmt);
}

void parser_error_at(struct parser *p, const char *file, int line, const char *fmt, ...)
{
	REPORT(p, true, file, line, fmt);
}

void parser_warn_at(struct parser *p, const char *file, int line, const char *fmt, ...)
{
	REPORT(p, false, file, line, fmt);
}

/* --- items: statements and braces --- */

/* Splits the next line that is not empty into p->words. False at the end of the text. */
static bool next_line(struct parser *p)
{
	struct text_line line;

	while (conf_text_next(p->text, &line)) {
		const char *wrong = words_split(line.text, &p->words);

		p->at_file = line.file;
		p->at_line = line.line;
		p->at_cut = line.cut;
		p->next = 0;
		snprintf(p->line, sizeof(p->line), "%s", line.text);
		if (!wrong)
			return true;
		parser_error_at(p, line.file, line.line, "%s", wrong);
	}
	p->words.n = 0;
	p->next = 0;
	p->failed |= conf_text_failed(p->text);
	return false;
}

static enum parser_item peek(struct parser *p)
{
	static const enum parser_item items[] = {
	    [WORD_TEXT] = ITEM_STMT, [WORD_OPEN] = ITEM_OPEN, [WORD_CLOSE] = ITEM_CLOSE};

	while (p->next >= p->words.n) {
		if (p->failed || !next_line(p))
			return ITEM_END;
	}
	return items[p->words.word[p->next].kind];
}

/* The braces of the present file. NULL: no memory. */
static struct file_braces *braces_here(struct parser *p)
{
	struct file_braces *b;

	for (unsigned int i = 0; i < p->n_braces; i++) {
		unsigned int at = (p->last_braces + i) % p->n_braces;

		if (p->braces[at].file == p->at_file) {
			p->last_braces = at;
			return &p->braces[at];
		}
	}
	p->last_braces = p->n_braces;
	b = parser_append(p, &p->braces, &p->n_braces, sizeof(*b), TEXT_MAX_FILES, "files");
	if (b)
		b->file = p->at_file;
	return b;
}

static void count_brace(struct parser *p, enum parser_item item)
{
	struct file_braces *b = braces_here(p);

	if (!b || b->odd)
		return;
	if (b->depth == 0)
		b->line = p->at_line;
	b->depth += item == ITEM_OPEN ? 1 : -1;
	b->odd = b->depth < 0;
}

const struct file_braces *parser_odd_file(const struct parser *p)
{
	for (unsigned int i = 0; i < p->n_braces; i++) {
		if (p->braces[i].odd || p->braces[i].depth > 0)
			return &p->braces[i];
	}
	return NULL;
}

/* Steps to the next item; a statement is then in p->stmt. */
static enum parser_item next_item(struct parser *p)
{
	enum parser_item item = peek(p);
	struct stmt *s = &p->stmt;
	size_t from, to;

	if (item != ITEM_STMT) {
		if (item != ITEM_END)
			count_brace(p, item);
		p->next += item != ITEM_END;
		return item;
	}
	from = to = p->words.word[p->next].end;
	*s = (struct stmt){.file = p->at_file, .line = p->at_line, .cut = p->at_cut};
	for (; p->next < p->words.n && p->words.word[p->next].kind == WORD_TEXT; p->next++) {
		if (p->words.word[p->next].odd)
			s->odd |= 1u << (s->n < 31 ? s->n : 31);
		s->word[s->n++] = p->words.word[p->next].text;
		to = p->words.word[p->next].end;
	}
	memcpy(p->rest, p->line + from, to - from);
	p->rest[to - from] = '\0';
	s->rest = p->rest;
	return ITEM_STMT;
}

/* Reports once that the text ends within blocks, of which `name` is the innermost. */
static void text_ended(struct parser *p, const char *name)
{
	if (!p->ended)
		parser_error_at(p, p->at_file, p->at_line,
				"the text ends within %s; add the missing '}'", name);
	p->ended = p->unbalanced = true;
}

/* Skips a block whose brace has been read. */
static void skip_block(struct parser *p)
{
	for (unsigned int depth = 1; depth > 0;) {
		switch (next_item(p)) {
		case ITEM_OPEN:
			depth++;
			break;
		case ITEM_CLOSE:
			depth--;
			break;
		case ITEM_END:
			text_ended(p, "a block that is skipped");
			return;
		case ITEM_STMT:
			break;
		}
	}
}

/* Skips a block that follows. If none follows, p->stmt is unchanged. */
static void skip_any_block(struct parser *p)
{
	if (peek(p) == ITEM_OPEN) {
		next_item(p);
		skip_block(p);
	}
}

/* --- keywords --- */

/* Reports that a keyword has no effect; no message for `off`. True if it is refused. */
static bool tell_effect(struct parser *p, const struct keyword *kw)
{
	const char *instead = kw->instead ? kw->instead : "";
	const char *sep = kw->instead ? "; " : "";
	bool on;

	if (kw->effect == KW_ACTS)
		return false;
	if (kw->type == KW_BOOL && p->stmt.n > 1 && value_bool(p->stmt.word[1], &on) == 0 && !on)
		return false;
	if (kw->effect == KW_NO_EFFECT) {
		parser_warn(p, "'%s' is accepted but has no effect%s%s", p->stmt.word[0], sep,
			    instead);
		return false;
	}
	parser_error(p, "'%s' is not supported%s%s", p->stmt.word[0], sep, instead);
	return true;
}

void parser_refuse(struct parser *p)
{
	if (p->in_service)
		return; /* any error leaves out a bgp_service (service_close()) */
	if (p->in_group && p->n_group_drafts > 0)
		p->group_drafts[p->n_group_drafts - 1].refused = true;
	else if (!p->in_group && p->n_drafts > 0)
		p->drafts[p->n_drafts - 1].refused = true;
}

void guard_instance(struct parser *p, void *inner)
{
	(void)inner;
	parser_refuse(p);
}

void guard_name(struct parser *p, void *inner)
{
	if (!inner)
		parser_refuse(p);
}

void guard_all(struct parser *p, void *inner)
{
	(void)inner;
	p->refuse_all = true;
}

static void run_block(struct parser *p, const struct keyword_block *b, void *target, bool top);

/* Reads the block of `kw`, whose statement has been read. */
static void enter_block(struct parser *p, const struct keyword *kw, void *target)
{
	void *inner = kw->open ? kw->open(p, kw, target) : target;
	unsigned int before = p->errors;

	if (peek(p) == ITEM_OPEN)
		next_item(p);
	else
		parser_error(p, "'%s' needs a block; write '{' after it", kw->name);
	if (!inner) {
		skip_block(p);
		return;
	}
	run_block(p, kw->block, inner, false);
	if (kw->close)
		kw->close(p, inner);
	if (kw->guard && p->errors > before)
		kw->guard(p, inner);
}

static void unknown(struct parser *p, const struct keyword_block *b)
{
	const struct keyword *nearest = NULL;
	const char *name = p->stmt.word[0];

	if (p->reports <= PARSER_MAX_REPORTS)
		nearest = keyword_nearest(b, name);
	else
		p->refuse_all = true; /* no later check sees the intended keyword */
	if (nearest)
		parser_error(p, "unknown keyword '%s' in %s; did you mean '%s'?", name, b->name,
			     nearest->name);
	else
		parser_error(p, "unknown keyword '%s' in %s; remove it", name, b->name);
	if (nearest && nearest->guard)
		nearest->guard(p, NULL);
	skip_any_block(p);
}

static void run_keyword(struct parser *p, const struct keyword_block *b, void *target)
{
	const struct keyword *kw = keyword_find(b, p->stmt.word[0]);

	if (!kw) {
		unknown(p, b);
		return;
	}
	if (p->stmt.cut && kw->type != KW_ANY)
		parser_warn(p,
			    "of the last word only the first %zu characters are read: '#' and "
			    "'!' begin a comment even within a word; put it in double quotes",
			    strlen(p->stmt.word[p->stmt.n - 1]));
	if (tell_effect(p, kw)) {
		if (kw->effect == KW_REFUSED_HERE)
			parser_refuse(p);
		if (kw->guard)
			kw->guard(p, NULL);
		skip_any_block(p);
		return;
	}
	if (kw->type == KW_BLOCK) {
		enter_block(p, kw, target);
		return;
	}
	if (kw->set)
		kw->set(p, kw, target);
	else
		parser_set(p, kw, target);
	if (kw->type == KW_ANY) {
		skip_any_block(p);
	} else if (peek(p) == ITEM_OPEN) {
		parser_error(p, "'%s' has no block; remove it", kw->name);
		skip_any_block(p);
	}
}

static void run_block(struct parser *p, const struct keyword_block *b, void *target, bool top)
{
	for (;;) {
		switch (next_item(p)) {
		case ITEM_END:
			if (!top)
				text_ended(p, b->name);
			return;
		case ITEM_CLOSE:
			if (!top)
				return;
			parser_error_at(p, p->at_file, p->at_line,
					"'}' without a block; remove it");
			p->unbalanced = true;
			break;
		case ITEM_OPEN:
			parser_error_at(p, p->at_file, p->at_line,
					"'{' without a keyword; remove it and its block");
			skip_block(p);
			break;
		case ITEM_STMT:
			if (b->line)
				b->line(p, target);
			else
				run_keyword(p, b, target);
			break;
		}
	}
}

void parser_run(struct parser *p)
{
	p->stmt.file = p->at_file = "";
	run_block(p, &block_top, p->cfg, true);
	p->failed |= conf_text_failed(p->text);
}
