// SPDX-License-Identifier: BSD-2-Clause
/*
 * In strict mode json-c 0.18 (Debian 13) treats a char as signed, so that it refuses every octet
 * above 0x7f as a control character. Without strict mode it accepts comments, a comma after the
 * last member, and more. So the text is parsed in runs: ASCII octets in strict mode, all other
 * octets without it. Octets above 0x7f are only valid within a string, in either mode.
 *
 * Rejected: to replace these characters by \u escapes, which needs a second copy of the text.
 */
#include "core/json_read.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "core/utf8.h"

/* The length of the longest run at `text`, at least one octet, that is all ASCII or all not ASCII.
 */
static size_t run_length(const char *text, size_t len, bool *ascii)
{
	size_t n = 1;

	*ascii = !(text[0] & 0x80);
	while (n < len && *ascii == !(text[n] & 0x80))
		n++;
	return n;
}

/* Parses the value at the start of `text`. *at becomes its end, or where the tokener stopped. */
static json_object *parse_runs(json_tokener *tok, const char *text, size_t len, size_t *at)
{
	json_object *root = NULL;
	bool ascii;

	do {
		size_t n = run_length(text + *at, len - *at, &ascii);

		json_tokener_set_flags(tok, ascii ? JSON_TOKENER_STRICT : 0);
		root = json_tokener_parse_ex(tok, text + *at, (int)n);
		*at += json_tokener_get_parse_end(tok);
	} while (*at < len && json_tokener_get_error(tok) == json_tokener_continue);
	return root;
}

static const char *error_text(json_tokener *tok, const json_object *root, bool whole)
{
	enum json_tokener_error error = json_tokener_get_error(tok);

	if (error == json_tokener_continue)
		return "it ends too early";
	if (error != json_tokener_success)
		return json_tokener_error_desc(error);
	if (!json_object_is_type(root, json_type_object))
		return "it is another value";
	return whole ? NULL : "something follows it";
}

static const char *octets_text(const char *text, size_t len)
{
	if (len == 0)
		return "it is empty";
	if (len > INT_MAX)
		return "it is too long";
	if (memchr(text, '\0', len)) /* json-c would take it for the end */
		return "it holds a NUL octet";
	return utf8_is_valid(text, len) ? NULL : "it is no UTF-8";
}

json_object *json_read_object(const char *text, size_t len, int depth, const char **why)
{
	json_tokener *tok = NULL;
	json_object *root;
	size_t at = 0;

	*why = octets_text(text, len);
	if (*why)
		return NULL;
	tok = json_tokener_new_ex(depth);
	if (!tok) {
		*why = "out of memory";
		return NULL;
	}
	root = parse_runs(tok, text, len, &at);
	*why = error_text(tok, root, at == len);
	json_tokener_free(tok);
	if (!*why)
		return root;
	json_object_put(root);
	return NULL;
}
