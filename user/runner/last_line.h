/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last line that a script printed. It usually tells the operator why a check fails. Pure: no
 * I/O, no allocation, constant memory for any amount of output.
 */
#ifndef HF_LAST_LINE_H
#define HF_LAST_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "runner/runner.h"

/* Zero-initialise. `text` is always a string. */
struct last_line {
	char text[RUNNER_DETAIL];
	size_t len;
	bool complete; /* its newline was read; the next character begins a new line */
};

/*
 * Takes `len` more octets of output. A line is cut at RUNNER_DETAIL - 1 octets. Empty lines are
 * skipped. A carriage return ends a line too, because progress bars use it. A tab becomes a space,
 * and any other octet that is not printable ASCII becomes '?'. So the text is safe in a log, on a
 * terminal and in JSON.
 */
void last_line_put(struct last_line *line, const char *data, size_t len);

#endif
