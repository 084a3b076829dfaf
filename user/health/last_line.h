/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last line that a script printed, kept while its output streams by: the operator's first clue
 * to why a check fails. Pure: no I/O, no allocation, whatever the amount of output.
 */
#ifndef HF_LAST_LINE_H
#define HF_LAST_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "health/runner.h"

/* Zero-initialise. `text` is always a string. */
struct last_line {
	char text[RUNNER_DETAIL];
	size_t len;
	bool complete; /* its newline was seen: the next character begins a new line */
};

/*
 * Goes on with `len` octets of output. A line is cut at RUNNER_DETAIL - 1 octets, empty lines are
 * passed over, a carriage return ends a line too (progress bars). What is not printable ASCII
 * becomes '?', so that the text is safe in a log, on a terminal and in JSON.
 */
void last_line_put(struct last_line *line, const char *data, size_t len);

#endif
