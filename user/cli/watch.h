/* SPDX-License-Identifier: BSD-2-Clause */
/* `holdfastctl watch`: the status as a screen that refreshes itself. */
#ifndef HF_CLI_WATCH_H
#define HF_CLI_WATCH_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "client/client.h"

/* Writes the lines of one screen, like watch_frame(). */
typedef void (*watch_frame_fn)(FILE *f, json_object *now, json_object *before, double seconds,
			       bool colour);

/* Shows the screen until 'q' or a signal; restores the terminal. CLI_USAGE: there is no
 * terminal. */
enum cli_exit watch_screen(const struct client_target *target, watch_frame_fn frame);

/*
 * Writes the lines of one screen, of any length and number. `before` is the status of `seconds`
 * ago, for rates; NULL: no rates yet. Texts must be printable.
 */
void watch_frame(FILE *f, json_object *now, json_object *before, double seconds, bool colour);
/*
 * Reduces `text` to its first line and as many of the other lines, from line *skip on, as fit into
 * `rows`. If lines are left out, `more` gets a text for the last row that says how many, else "".
 * *skip is limited to the possible range.
 */
void watch_scroll(char *text, unsigned int rows, unsigned int *skip, char *more, size_t size);
/* Writes `text`, cut to `columns` and `rows`. Each line of the screen is cleared before. */
void watch_fit(FILE *f, const char *text, unsigned int columns, unsigned int rows);

#endif
