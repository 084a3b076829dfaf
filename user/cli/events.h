/* SPDX-License-Identifier: BSD-2-Clause */
/* `holdfastctl events` and `explain`: the flight recorder's records as people read them. */
#ifndef HF_CLI_EVENTS_H
#define HF_CLI_EVENTS_H

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/client.h"

struct events_options {
	struct client_target target;
	bool json, follow;
	const char *number; /* explain: of the event; NULL: the last one */
	const char *svg;    /* explain: the file to write the picture to; NULL: no picture */
};

enum cli_exit events_run(const struct events_options *opt);
enum cli_exit explain_run(const struct events_options *opt);

/* --- the parts of explain; `event` is one of the answer's, its texts printable --- */
#define EXPLAIN_TEXT 160
/* A step in words, without its time; returns `buf`. */
const char *explain_step(json_object *step, char buf[EXPLAIN_TEXT]);
/* "-36.090 ms", " 0", "+0.060 ms", "+30.001 s"; returns `buf`. */
const char *explain_time(int64_t us, char buf[32]);
/* The steps in the order of their times: indices, at most `max`; returns how many. */
size_t explain_order(json_object *event, size_t order[], size_t max);
/* The story as text, on stdout. */
void explain_show(json_object *event);
/* The picture: a self-contained SVG. 0, or -EIO. */
int explain_draw(json_object *event, FILE *to);

#endif
