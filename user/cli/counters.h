/* SPDX-License-Identifier: BSD-2-Clause */
/* `holdfastctl counters --watch`: what the shared addresses' counters grow by a second. */
#ifndef HF_CLI_COUNTERS_H
#define HF_CLI_COUNTERS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/client.h"

/* On a terminal a screen until 'q'; else lines, or with `json` an object a line, until interrupted.
 */
enum cli_exit counters_watch(const struct client_target *target, bool json);
/* watch_frame_fn: the rates, in 80 columns. */
void counters_frame(FILE *f, json_object *now, json_object *before, double seconds, bool colour);

#endif
