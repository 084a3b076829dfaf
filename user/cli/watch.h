/* SPDX-License-Identifier: BSD-2-Clause */
/* `holdfastctl watch`: the status as a screen that keeps itself up to date. */
#ifndef HF_CLI_WATCH_H
#define HF_CLI_WATCH_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/client.h"

/* Writes one screen's lines, as watch_frame() does. */
typedef void (*watch_frame_fn)(FILE *f, json_object *now, json_object *before, double seconds,
			       bool colour);

/* Shows until 'q' or a signal; gives the terminal back as it was. CLI_USAGE: there is none. */
enum cli_exit watch_screen(const struct client_target *target, watch_frame_fn frame);

/*
 * One screen's lines, of any length and number. `before` is the status of `seconds` ago, for rates;
 * NULL: there are none yet. Texts must be printable.
 */
void watch_frame(FILE *f, json_object *now, json_object *before, double seconds, bool colour);
/* Writes `text` cut to the screen's columns and rows, each line cleared before. */
void watch_fit(FILE *f, const char *text, unsigned int columns, unsigned int rows);

#endif
