/* SPDX-License-Identifier: BSD-2-Clause */
/* `holdfastctl counters --watch`: the growth per second of the shared addresses' counters. */
#ifndef HF_CLI_COUNTERS_H
#define HF_CLI_COUNTERS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "client/client.h"

/* On a terminal shows a screen until 'q' is pressed. Else prints lines, or with `json` one object a
 * line, until the daemon or the reader has ended. */
enum cli_exit counters_watch(const struct client_target *target, bool json);
/* watch_frame_fn: writes the rates in 80 columns. */
void counters_frame(FILE *f, json_object *now, json_object *before, double seconds, bool colour);

#endif
