// SPDX-License-Identifier: BSD-2-Clause
/*
 * Keeps the last line of a stream, in constant memory. It owns nothing. Rejected: to keep a ring of
 * the last kilobytes and to search it at the end. It needs more memory, and it may lose the
 * beginning of a long last line, which usually names the fault.
 */
#include "runner/last_line.h"

static char printable(char c)
{
	if (c == '\t')
		return ' ';
	return c >= ' ' && c <= '~' ? c : '?';
}

void last_line_put(struct last_line *line, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n' || data[i] == '\r') {
			line->complete = true;
			continue;
		}
		if (line->complete) {
			line->complete = false;
			line->len = 0;
			line->text[0] = '\0';
		}
		if (line->len < sizeof(line->text) - 1) {
			line->text[line->len++] = printable(data[i]);
			line->text[line->len] = '\0';
		}
	}
}
