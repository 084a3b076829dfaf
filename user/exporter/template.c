// SPDX-License-Identifier: BSD-2-Clause
/*
 * Reads the text of the page once, with one call for each section. The text is part of the program.
 * The values are not trusted: names, the output of a script, the text of a neighbor. Rejected: to
 * print HTML from C, because each call would have to escape; a template library, because Debian has
 * none for C.
 */
#include "exporter/template.h"

#include <stdbool.h>
#include <string.h>

#define NAME_MAX_LEN 32

/* The present object, and those that contain it. */
struct scope {
	json_object *obj;
	const struct scope *around;
};

struct tag {
	char kind; /* '#', '^', '/', or 0: a value */
	char name[NAME_MAX_LEN];
	const char *begin, *end; /* of the tag, with its braces */
};

void template_escape(FILE *f, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '&')
			fputs("&amp;", f);
		else if (c == '<')
			fputs("&lt;", f);
		else if (c == '>')
			fputs("&gt;", f);
		else if (c == '"')
			fputs("&quot;", f);
		else if (c == '\'')
			fputs("&#39;", f);
		else
			putc(c < 0x20 && c != '\n' && c != '\t' ? '?' : c, f);
	}
}

/* Finds the next tag before `end`. False: there is none. */
static bool next_tag(const char *text, const char *end, struct tag *tag)
{
	const char *name, *close;
	size_t len;

	tag->begin = memmem(text, (size_t)(end - text), "{{", 2);
	close = tag->begin ? memmem(tag->begin, (size_t)(end - tag->begin), "}}", 2) : NULL;
	if (!close)
		return false;
	name = tag->begin + 2;
	tag->kind = '\0';
	if (*name == '#' || *name == '^' || *name == '/')
		tag->kind = *name++;
	len = (size_t)(close - name);
	if (len >= sizeof(tag->name))
		len = sizeof(tag->name) - 1;
	memcpy(tag->name, name, len);
	tag->name[len] = '\0';
	tag->end = close + 2;
	return true;
}

/* Finds the tag that closes the section `open`. False: it is missing. */
static bool closing_tag(const struct tag *open, const char *end, struct tag *tag)
{
	const char *at = open->end;
	unsigned int depth = 1;

	while (next_tag(at, end, tag)) {
		at = tag->end;
		if (strcmp(tag->name, open->name) != 0 || tag->kind == '\0')
			continue;
		depth += tag->kind == '/' ? -1u : 1u;
		if (depth == 0)
			return true;
	}
	return false;
}

static json_object *look_up(const struct scope *scope, const char *name)
{
	json_object *value = NULL;

	if (strcmp(name, ".") == 0)
		return scope->obj;
	for (; scope; scope = scope->around) {
		if (json_object_is_type(scope->obj, json_type_object) &&
		    json_object_object_get_ex(scope->obj, name, &value))
			return value;
	}
	return NULL;
}

static bool is_there(json_object *value)
{
	if (json_object_is_type(value, json_type_array))
		return json_object_array_length(value) > 0;
	if (json_object_is_type(value, json_type_string))
		return json_object_get_string_len(value) > 0;
	return value && json_object_get_boolean(value);
}

static void write_range(FILE *f, const char *text, const char *end, const struct scope *scope);

static void write_section(FILE *f, const struct tag *open, const struct tag *close,
			  const struct scope *scope)
{
	json_object *value = look_up(scope, open->name);

	if (open->kind == '^') {
		if (!is_there(value))
			write_range(f, open->end, close->begin, scope);
		return;
	}
	if (!is_there(value))
		return;
	if (!json_object_is_type(value, json_type_array)) {
		write_range(f, open->end, close->begin, &(struct scope){value, scope});
		return;
	}
	for (size_t i = 0; i < json_object_array_length(value); i++)
		write_range(f, open->end, close->begin,
			    &(struct scope){json_object_array_get_idx(value, i), scope});
}

static void write_range(FILE *f, const char *text, const char *end, const struct scope *scope)
{
	struct tag tag, close;
	json_object *value;

	while (next_tag(text, end, &tag)) {
		fwrite(text, 1, (size_t)(tag.begin - text), f);
		text = tag.end;
		if (tag.kind == '\0') {
			value = look_up(scope, tag.name);
			template_escape(f, value ? json_object_get_string(value) : "");
		} else if (closing_tag(&tag, end, &close)) {
			write_section(f, &tag, &close, scope);
			text = close.end;
		}
	}
	fwrite(text, 1, (size_t)(end - text), f);
}

void template_write(FILE *f, const char *text, json_object *root)
{
	write_range(f, text, text + strlen(text), &(struct scope){root, NULL});
}
